// import { FAR, MINVAL, det3 } from './layout'

// The point of a simplex closest to the origin, in barycentric coordinates (Montanari, Petrinic and Barbieri 2017,
// Improving the GJK algorithm for faster and more reliable distance queries between convex objects).

/** a point, and whether there is one */
struct Projection { at: vec3f, exists: bool }

/** out = projection of the origin on the plane of v1, v2, v3; returns false when they lie on a line */
fn projectOrigin(v1: vec3f, v2: vec3f, v3: vec3f) -> Projection {
  let none = Projection(vec3f(), false);
  let a = v2 - v1;
  let b = v3 - v2;
  // the normal from the edges at v2, v1, v3 in turn, until one is well conditioned
  var n = cross(b, a);
  var nn = dot(n, n);
  var nv = dot(n, v2);
  if (nn == 0.0) { return none; }
  if (nv == 0.0 || nn <= MINVAL) {
    let c = v3 - v1;
    n = cross(a, c);
    nn = dot(n, n);
    nv = dot(n, v1);
    if (nn == 0.0) { return none; }
    if (nv == 0.0 || nn <= MINVAL) {
      n = cross(c, b);
      nn = dot(n, n);
      nv = dot(n, v3);
      if (nn == 0.0) { return none; }
    }
  }
  return Projection(n * (nv / nn), true);
}

/** twice the area of a triangle in the plane */
fn area2(a: vec2f, b: vec2f, c: vec2f) -> f32 {
  let u = b - a;
  let v = c - a;
  return u.x * v.y - u.y * v.x;
}

/**
 * lambda (3) = affine coordinates of p, a point of the plane of the triangle, in the coordinate plane where the
 * triangle is largest; all 0 when the triangle has no area
 */
fn affine(v1: vec3f, v2: vec3f, v3: vec3f, p: vec3f) -> vec3f {
  // from differences: of small triangles far from the origin, products of coordinates would leave no digits
  let a = v2 - v1;
  let b = v3 - v1;
  let m1 = a.y * b.z - a.z * b.y;
  let m2 = a.x * b.z - a.z * b.x;
  let m3 = a.x * b.y - a.y * b.x;
  var area = m1;
  var s1 = v1.yz;
  var s2 = v2.yz;
  var s3 = v3.yz;
  var q = p.yz;
  if (abs(m1) < abs(m2) || abs(m1) < abs(m3)) {
    let second = abs(m2) >= abs(m3);
    area = select(m3, m2, second);
    s1 = select(v1.xy, v1.xz, second);
    s2 = select(v2.xy, v2.xz, second);
    s3 = select(v3.xy, v3.xz, second);
    q = select(p.xy, p.xz, second);
  }
  if (area == 0.0) { return vec3f(); }
  return vec3f(area2(q, s2, s3), area2(q, s3, s1), area2(q, s1, s2)) / area;
}

/** lambda (2) of the segment s1 s2; its second end when the projection falls outside */
fn segment(s1: vec3f, s2: vec3f) -> vec2f {
  let d = s2 - s1;
  let length2 = dot(d, d);
  if (length2 == 0.0) { return vec2f(0.0, 1.0); }
  let t = dot(s2, d) / length2;
  return select(vec2f(0.0, 1.0), vec2f(t, 1.0 - t), t > 0.0 && t < 1.0);
}

/** squared distance from the origin to l0 s1 + l1 s2 (+ l2 s3) */
fn distance2(l: vec3f, s1: vec3f, s2: vec3f, s3: vec3f) -> f32 {
  let x = l.x * s1 + l.y * s2 + l.z * s3;
  return dot(x, x);
}

/** lambda (3) of the triangle */
fn triangle(s1: vec3f, s2: vec3f, s3: vec3f) -> vec3f {
  let p = projectOrigin(s1, s2, s3);
  if (!p.exists) { return vec3f(segment(s1, s2), 0.0); }
  var lambda = affine(s1, s2, s3, p.at);
  let out = lambda <= vec3f();
  if (!any(out)) { return lambda; }

  // the closest of the edges that the origin lies beyond
  var nearest = FAR;
  if (out.x) {
    lambda = vec3f(0.0, segment(s2, s3));
    nearest = distance2(lambda, s1, s2, s3);
  }
  if (out.y) {
    let edge = segment(s1, s3);
    let l = vec3f(edge.x, 0.0, edge.y);
    let d = distance2(l, s1, s2, s3);
    if (d < nearest) {
      nearest = d;
      lambda = l;
    }
  }
  if (out.z) {
    let l = vec3f(segment(s1, s2), 0.0);
    if (distance2(l, s1, s2, s3) < nearest) { lambda = l; }
  }
  return lambda;
}

/** lambda (4) of the tetrahedron */
fn tetrahedron(s1: vec3f, s2: vec3f, s3: vec3f, s4: vec3f) -> vec4f {
  // volumes of the tetrahedra that the origin makes with the faces
  let c = vec4f(-det3(s2, s3, s4), det3(s1, s3, s4), -det3(s1, s2, s4), det3(s1, s2, s3));
  let det = c.x + c.y + c.z + c.w;
  let out = c * det <= vec4f();
  if (!any(out)) { return c / det; }
  var lambda = vec4f(1.0, 0.0, 0.0, 0.0);
  var best = FAR;
  // the face without corner `skip`; one place in the code for all, because compilers copy what is called
  for (var skip = 0; skip < 4; skip++) {
    if (!out[skip]) { continue; }
    let a = select(s1, s2, skip == 0);
    let b = select(s2, s3, skip <= 1);
    let d = select(s3, s4, skip <= 2);
    let l = triangle(a, b, d);
    let d2 = distance2(l, a, b, d);
    if (d2 >= best) { continue; }
    best = d2;
    if (skip == 0) { lambda = vec4f(0.0, l); }
    else if (skip == 1) { lambda = vec4f(l.x, 0.0, l.yz); }
    else if (skip == 2) { lambda = vec4f(l.xy, 0.0, l.z); }
    else { lambda = vec4f(l, 0.0); }
  }
  return lambda;
}

/** lambda (4) = barycentric coordinates of the point closest to the origin; 0 beyond the n corners s1 … */
fn subdistance(n: i32, s1: vec3f, s2: vec3f, s3: vec3f, s4: vec3f) -> vec4f {
  if (n == 4) { return tetrahedron(s1, s2, s3, s4); }
  if (n == 3) { return vec4f(triangle(s1, s2, s3), 0.0); }
  if (n == 2) { return vec4f(segment(s1, s2), 0.0, 0.0); }
  return vec4f(1.0, 0.0, 0.0, 0.0);
}
