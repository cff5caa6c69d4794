// import { ld3, ldmat3, par, par3 } from '../../math/v4'
// import { CON_STRIDE, GEOM_POS } from '../types'
// import { axisOf, MINLEN, setAxes } from './frame'
// import { put, spheres } from './primitive'

// Closed forms of cylinders, ellipsoids and boxes against planes and spheres; arguments and results as in primitive.wgsl.
//   source  MuJoCo engine_collision_primitive.c, engine_collision_box.c, engine_collision_convex.c (mjc_PlaneConvex)

/** squared sine of a tilt that has no direction (mjMINVAL squared) */
const MINTILT2: f32 = 1e-30;
const SQRT3_2: f32 = 0.8660254037844386;

/**
 * plane : cylinder. The lowest point of the disk nearer to the plane, the point above it on the other disk, and two
 * more on the near disk that make a triangle with the first.
 */
fn planeCylinder(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let n = axisOf(A);
  let x = ld3(B + GEOM_POS);
  let height = dot(x - ld3(A + GEOM_POS), n);
  let radius = par(sb);
  let half = par(sb + 1);
  // the axis towards the plane
  let R = ldmat3(B);
  let along = dot(n, R[2]);
  let a = select(R[2], -R[2], along > 0.0);
  let rise = -half * abs(along);

  // from the axis to the lowest point of the rim: a x (a x n), which keeps the digits of a small tilt
  var v = cross(a, cross(a, n));
  let tilt2 = dot(v, v);
  if (tilt2 >= MINTILT2) { v = v * (radius / sqrt(tilt2)); } else { v = radius * R[0]; }
  let drop = dot(v, n);

  let dist1 = height + rise + drop;
  if (!(dist1 <= margin)) { return 0; }
  let h = half * a;
  put(out, dist1, (-0.5 * dist1) * n + (x + v + h));
  setAxes(out, n, vec3f());

  let dist2 = height - rise + drop;
  let second = dist2 <= margin;
  let dist3 = height + rise - 0.5 * drop;
  let third = dist3 <= margin;
  var count = 1;
  if (second) {
    put(out + CON_STRIDE, dist2, (-0.5 * dist2) * n + (x + v - h));
    setAxes(out + CON_STRIDE, n, vec3f());
    count = 2;
  }
  if (!third) { return count; }
  // sideways: v x a, of length radius sqrt(3) / 2
  let w = SQRT3_2 * cross(v, a);
  let m = (-0.5 * dist3) * n + (x + h - 0.5 * v);

  // where there is no second point, the triangle's follow at once
  let record = out + CON_STRIDE * count;
  put(record, dist3, m + w);
  setAxes(record, n, vec3f());
  put(record + CON_STRIDE, dist3, m - w);
  setAxes(record + CON_STRIDE, n, vec3f());
  return count + 2;
}

/** plane : ellipsoid, its lowest point */
fn planeEllipsoid(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let n = axisOf(A);
  let x = ld3(B + GEOM_POS);
  let height = dot(x - ld3(A + GEOM_POS), n);
  // the normal in the axes of the ellipsoid, scaled by its sizes; the support point is against it
  let l = par3(sb);
  let R = ldmat3(B);
  let e = l * (transpose(R) * n);
  let depth = sqrt(dot(e, e));
  let dist = height - depth;
  if (!(dist <= margin)) { return 0; }
  let p = (-1.0 / depth) * l * e;
  put(out, dist, (-0.5 * dist) * n + (x + R * p));
  setAxes(out, n, vec3f());
  return 1;
}

/** sphere : cylinder, against the side, a cap or the rim, whichever is nearest */
fn sphereCylinder(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let x = ld3(A + GEOM_POS);
  let q = ld3(B + GEOM_POS);
  let a = axisOf(B);
  let radius1 = par(sa);
  let radius2 = par(sb);
  let half = par(sb + 1);
  let d = x - q;
  let along = dot(a, d);
  let size = abs(along);
  let o = d - along * a;
  let off2 = dot(o, o);
  let off = sqrt(off2);

  // a centre inside the cylinder belongs to the nearer surface
  let within = size < half;
  let over = off2 < radius2 * radius2;
  let nearCap = half - size < radius2 - off;
  let side = within && (!over || !nearCap);
  let cap = over && !side;
  let sign1 = select(-1.0, 1.0, along > 0.0);

  if (!cap) {
    // side: the nearest point of the axis, with the cylinder's radius; rim: the point itself
    let t = select(sign1 * half, along, side);
    let k = select(radius2 / select(1.0, off, off > 0.0), 0.0, side);
    return select(0, 1, spheres(x, radius1, q + (t * a + k * o), select(0.0, radius2, side), A, B, margin, out));
  }
  let above = size - half;
  if (!(above <= margin + radius1)) { return 0; }
  let dist = above - radius1;
  let shift = sign1 * (-radius1 - 0.5 * dist);
  put(out, dist, shift * a + x);
  setAxes(out, -sign1 * a, vec3f());
  return 1;
}

/** sphere : box, against the nearest point of the box; a centre inside it leaves through the nearest face */
fn sphereBox(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let R = ldmat3(B);
  let q = ld3(B + GEOM_POS);
  let radius = par(sa);
  let l = par3(sb);
  let c = transpose(R) * (ld3(A + GEOM_POS) - q);
  let e = clamp(c, -l, l);
  let t = e - c;
  let gap = sqrt(dot(t, t));
  if (!(gap - radius <= margin)) { return 0; }

  var n: vec3f;
  var p: vec3f;
  var dist = gap;
  if (gap > MINLEN) {
    // outside: from the sphere's centre to the nearest point; midway between the surfaces
    n = (1.0 / gap) * t;
    p = 0.5 * (e + (radius * n + c));
  } else {
    // inside: the first of the nearest faces, low side before high
    let s = select(vec3f(-1.0), vec3f(1.0), l - c >= l + c);
    let f = l - abs(c);
    let first = f.x <= f.y && f.x <= f.z;
    let next = !first && f.y <= f.z;
    let depth = select(select(f.z, f.y, next), f.x, first);
    n = vec3f(select(0.0, s.x, first), select(0.0, s.y, next), select(s.z, 0.0, first || next));
    p = (0.5 * (radius - depth)) * n + c;
    dist = -depth;
  }
  put(out, dist - radius, q + R * p);
  setAxes(out, R * n, vec3f());
  return 1;
}
