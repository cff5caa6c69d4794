// import { ld3, ldi, st, st3, sti } from '../../../math/v4'
// import { CYLINDER, FEATURE1, FEATURE2, FOUND, FOUND_STRIDE, MANIFOLD, MINVAL, Object, ROUNDING, VERT1, VERT2, ccd, vertex } from './layout'
// import { corner } from './polytope'

// Contacts of two flat faces, or of an edge lying in a face, for boxes and cylinders (a cap is a polygon of 16 corners):
// the one is clipped against the other.

/** faces are parallel beyond this cosine; an edge lies in a face below this one (about 5 degrees) */
const FACETOL: f32 = 0.996;
const EDGETOL: f32 = 0.0888;
const MAXCON: i32 = 4;
/** quadrangles whose areas differ by less than this share are as large: the first one stays, whatever the rounding */
const TIE: f32 = 1e-5;
const SIDES: i32 = 16;
/** a polygon of 16 corners cut by 16 lines has 32; rounding may leave a few more */
const MAXCORNER: i32 = 46;
const COS1: f32 = 0.923879532511287;
const COS2: f32 = 0.707106781186548;
const COS3: f32 = 0.38268343236509;

// memory of one object: normals of its faces 3 and their numbers, points of the object in the simplex 3 and their
// features, the face or edge that touches
const SIDE1: i32 = MANIFOLD;
const SIDE2: i32 = MANIFOLD + 72;
const NORMALS: i32 = 0;
const FACEID: i32 = 9;
const POINTS: i32 = 12;
const FEATURES: i32 = 21;
const OUTLINE: i32 = 24;
/** far ends of edges 3 */
const ENDS: i32 = MANIFOLD + 144;
/** clipped polygon and the one it is made from */
const POLYGON: i32 = MANIFOLD + 153;
const CLIPPED: i32 = MANIFOLD + 297;

/** address of the clipped polygon, the numbers of its corners that stay, and how many they are */
struct Clip { polygon: i32, kept: vec4i, n: i32 }

/** out = R (x, y, z) */
fn rotate(obj: Object, x: vec3f) -> vec3f { return obj.mat * x; }

/** out = R (x, y, z) + p */
fn toWorld(obj: Object, x: vec3f) -> vec3f { return rotate(obj, x) + obj.pos; }

fn copy3(to: i32, origin: i32) { st3(to, ld3(origin)); }

/** the vector made unit; along x when it has no length */
fn unit(v: vec3f) -> vec3f {
  let norm = sqrt(dot(v, v));
  if (norm < MINVAL) { return vec3f(1.0, 0.0, 0.0); }
  return v / norm;
}

/** points and features of one object (offset: VERT, feature: FEATURE) on the face f; returns how many features differ */
fn collect(side: i32, f: i32, offset: i32, feature: i32) -> i32 {
  for (var k = 0; k < 3; k++) {
    let v = vertex(corner(f, k));
    copy3(side + POINTS + 3 * k, v + offset);
    sti(side + FEATURES + k, ldi(v + feature));
  }
  let a = ldi(side + FEATURES);
  let b = ldi(side + FEATURES + 1);
  let d = ldi(side + FEATURES + 2);
  if (a != b) { return select(3, 2, d == a || d == b); }
  if (a == d) { return 1; }
  sti(side + FEATURES + 1, d);
  copy3(side + POINTS + 3, side + POINTS + 6);
  return 2;
}

/** face number 2 k (upper) or 2 k + 1 (lower) of a box, as entry n of the list */
fn addFace(side: i32, obj: Object, n: i32, axis: i32, sign: f32) {
  st3(side + NORMALS + 3 * n, sign * obj.mat[axis]);
  sti(side + FACEID + n, 2 * axis + select(1, 0, sign > 0.0));
}

/** the face of a box that looks along the direction from a to b; returns 1, or 0 when none does closely */
fn faceAlong(side: i32, obj: Object, a: vec3f, b: vec3f) -> i32 {
  let x = b - a;
  let norm = max(sqrt(dot(x, x)), MINVAL);
  for (var axis = 0; axis < 3; axis++) {
    let along = dot(obj.mat[axis], x) / norm;
    if (abs(along) <= FACETOL) { continue; }
    addFace(side, obj, 0, axis, select(-1.0, 1.0, along > 0.0));
    return 1;
  }
  return 0;
}

/**
 * Faces of an object that hold all its points in the simplex; of a box, failing that, the one that looks from `from` to
 * `to`. Returns their number.
 */
fn findFaces(side: i32, obj: Object, dim: i32, origin: vec3f, to: vec3f) -> i32 {
  let v = ldi(side + FEATURES);
  if (obj.shape == CYLINDER) {
    if (dim != 1) { return 0; }
    st3(side + NORMALS, rotate(obj, vec3f(0.0, 0.0, select(1.0, -1.0, v != 0))));
    sti(side + FACEID, v);
    return 1;
  }
  // bits that all corners share, set or clear
  let w = ldi(side + FEATURES + 1);
  let u = ldi(side + FEATURES + 2);
  var same = 7;
  if (dim > 1) { same &= ~(v ^ w); }
  if (dim > 2) { same &= ~(v ^ u); }
  var n = 0;
  for (var axis = 0; axis < 3; axis++) {
    let bit = 1 << u32(axis);
    if ((same & bit) == 0) { continue; }
    addFace(side, obj, n, axis, select(-1.0, 1.0, (v & bit) != 0));
    n++;
  }
  if (n == 4 - dim) { return n; }
  return faceAlong(side, obj, origin, to);
}

/** Edges of an object at its points in the simplex: directions in NORMALS, far ends in ENDS. Returns their number. */
fn findEdges(side: i32, obj: Object, dim: i32) -> i32 {
  let point = ld3(side + POINTS);
  let normals = side + NORMALS;
  let ends = f_ccd + ENDS;
  let v = ldi(side + FEATURES);
  let size = obj.size;
  if (obj.shape == CYLINDER) {
    // along the wall, to the other cap
    let normal = rotate(obj, vec3f(0.0, 0.0, select(-1.0, 1.0, v != 0)));
    st3(normals, normal);
    st3(ends, point + 2.0 * size.y * normal);
    return 1;
  }
  if (dim == 2) {
    let end = ld3(side + POINTS + 3);
    st3(ends, end);
    st3(normals, unit(end - point));
    return 1;
  }
  // to the three corners next to this one
  let x = vec3f(select(-size.x, size.x, (v & 1) != 0), select(-size.y, size.y, (v & 2) != 0), select(-size.z, size.z, (v & 4) != 0));
  for (var k = 0; k < 3; k++) {
    let end = toWorld(obj, select(x, -x, vec3<bool>(k == 0, k == 1, k == 2)));
    st3(ends + 3 * k, end);
    st3(normals + 3 * k, unit(end - point));
  }
  return 3;
}

/** cosine of k 16ths of a turn */
fn cosine(turn: i32) -> f32 {
  let k = turn & 15;
  let half = select(k, 16 - k, k > 8);
  let quarter = select(half, 8 - half, half > 4);
  var x = 0.0;
  if (quarter == 0) { x = 1.0; }
  else if (quarter == 1) { x = COS1; }
  else if (quarter == 2) { x = COS2; }
  else if (quarter == 3) { x = COS3; }
  return select(x, -x, half > 4);
}

/** corners of a face, in OUTLINE; returns their number */
fn outline(side: i32, obj: Object, id: i32) -> i32 {
  let out = side + OUTLINE;
  let size = obj.size;
  if (obj.shape == CYLINDER) {
    let sign = select(1.0, -1.0, id != 0);
    for (var k = 0; k < SIDES; k++) {
      st3(out + 3 * k, toWorld(obj, vec3f(cosine(k) * size.x, -cosine(k - 4) * size.x * sign, sign * size.y)));
    }
    return SIDES;
  }
  // clockwise seen from outside, from the corner that MuJoCo begins with
  let axis = id >> 1u;
  let upper = (id & 1) == 0;
  for (var k = 0; k < 4; k++) {
    // signs of the two coordinates in the face
    var a: f32;
    var b: f32;
    var x: vec3f;
    if (axis == 0) {
      // y, z
      a = select(-1.0, 1.0, k < 2);
      b = select(-1.0, 1.0, k == 0 || k == 3);
      if (!upper) { b = -b; }
      x = vec3f(select(-1.0, 1.0, upper), a, b);
    } else if (axis == 1) {
      // x, z
      a = select(1.0, -1.0, k == 0 || k == 3);
      b = select(1.0, -1.0, k < 2);
      if (!upper) { b = -b; }
      x = vec3f(a, select(-1.0, 1.0, upper), b);
    } else {
      // x, y
      a = select(1.0, -1.0, k == 0 || k == 3);
      if (!upper) { a = -a; }
      b = select(-1.0, 1.0, k < 2);
      x = vec3f(a, b, select(-1.0, 1.0, upper));
    }
    st3(out + 3 * k, toWorld(obj, x * size));
  }
  return 4;
}

/** Clip the polygon of n corners at `from` by the plane through a and b along the normal; returns how many are left. */
fn clipSide(origin: i32, into: i32, n: i32, a: vec3f, b: vec3f, normal: vec3f) -> i32 {
  let plane = unit(cross(b - a, normal));
  var count = 0;
  if (n == 0) { return 0; }
  var p = ld3(origin);
  var dp = dot(p - a, plane);
  for (var i = 0; i < n && count < MAXCORNER; i++) {
    let q = ld3(select(origin + 3 * (i + 1), origin, i == n - 1));
    let dq = dot(q - a, plane);
    let inP = dp > -ROUNDING;
    let inQ = dq > -ROUNDING;
    if (inP != inQ) {
      let x = q - p;
      let along = dot(plane, x);
      if (along != 0.0) {
        let t = -dp / along;
        if (t >= 0.0 && t <= 1.0) {
          st3(into + 3 * count, p + t * x);
          count++;
        }
      }
    }
    if (inQ) {
      st3(into + 3 * count, q);
      count++;
    }
    p = q;
    dp = dq;
  }
  return count;
}

/** twice the area of a quadrangle with these corners of the polygon */
fn area(p: i32, a: i32, b: i32, e: i32, d: i32) -> f32 {
  let n = cross(ld3(p + 3 * a) - ld3(p + 3 * e), ld3(p + 3 * b) - ld3(p + 3 * d));
  return sqrt(dot(n, n));
}

/** KEPT = the four corners of the largest quadrangle in a convex polygon, by rotating its corners one after the other */
fn largestQuad(p: i32, n: i32) -> vec4i {
  var kept = vec4i(0, 1, 2, 3);
  // corners b, e, d behind a
  var x = kept;
  var best = area(p, 0, 1, 2, 3);
  for (var a = 0; a < n; a++) {
    x.x = a;
    // while one gets larger: the last corner moves on, then the third, then the second, and so again. One place for the
    // area: compilers copy what is called. `moving` is the corner to try, 3, 2, 1.
    var moving = 3;
    // never more often than corners go round
    for (var turn = 0; turn < 8 * MAXCORNER; turn++) {
      var y = x;
      y[moving] = select(x[moving] + 1, 0, x[moving] == n - 1);
      let size = area(p, y.x, y.y, y.z, y.w);
      if (size > best * (1.0 + TIE)) {
        x = y;
        best = size;
        if (moving == 3) { moving = 2; }
        continue;
      }
      // this one stays
      if (moving == 3) { break; }
      moving--;
      if (moving == 0) {
        moving = 3;
        kept = x;
      }
    }
    if (x.y == a) {
      x.y = select(x.y + 1, 0, x.y == n - 1);
      if (x.z == x.y) {
        x.z = select(x.z + 1, 0, x.z == n - 1);
        if (x.w == x.z) { x.w = select(x.w + 1, 0, x.w == n - 1); }
      }
    }
  }
  return kept;
}

/** KEPT = the two corners of a polygon that are farthest apart */
fn farthestTwo(p: i32, n: i32) -> vec4i {
  var best = 0.0;
  var kept = vec4i(0, 1, 2, 3);
  for (var i = 0; i < n; i++) {
    for (var j = i + 1; j < n; j++) {
      let x = ld3(p + 3 * j) - ld3(p + 3 * i);
      let d2 = dot(x, x);
      if (d2 <= best * (1.0 + TIE)) { continue; }
      best = d2;
      kept = vec4i(i, j, 2, 3);
    }
  }
  return kept;
}

/**
 * The face at `clipper` (n1 corners, outward normal) clips the face or edge at `clipped` (n2 corners); what lies below it
 * is left in the polygon at RESULT, with the numbers of the corners that become contacts in KEPT. Returns how many.
 */
fn clip(clipper: i32, n1: i32, clipped: i32, n2: i32, normal: vec3f) -> Clip {
  var origin = f_ccd + POLYGON;
  var into = f_ccd + CLIPPED;
  for (var i = 0; i < n2; i++) { copy3(origin + 3 * i, clipped + 3 * i); }
  var n = n2;
  for (var i = 0; i < n1; i++) {
    n = clipSide(origin, into, n, ld3(clipper + 3 * i), ld3(select(clipper + 3 * (i + 1), clipper, i == n1 - 1)), normal);
    let swap = origin;
    origin = into;
    into = swap;
  }
  // what is below the face
  var count = 0;
  let first = ld3(clipper);
  for (var i = 0; i < n; i++) {
    let p = ld3(origin + 3 * i);
    if (dot(p - first, normal) > 0.0) { continue; }
    st3(origin + 3 * count, p);
    count++;
  }
  if (count > MAXCON) { return Clip(origin, largestQuad(origin, count), MAXCON); }
  if (n2 == 2 && count > 2) { return Clip(origin, farthestTwo(origin, count), 2); }
  return Clip(origin, vec4i(0, 1, 2, 3), count);
}

/** the first face of object 1 (n1 of them) parallel to one of object 2: 4 i + j, or -1 */
fn parallelFaces(n1: i32, n2: i32) -> i32 {
  for (var i = 0; i < n1; i++) {
    let normal = ld3(f_ccd + SIDE1 + NORMALS + 3 * i);
    for (var j = 0; j < n2; j++) {
      if (dot(normal, ld3(f_ccd + SIDE2 + NORMALS + 3 * j)) < -FACETOL) { return 4 * i + j; }
    }
  }
  return -1;
}

/** the first of nf faces that looks from a to b and holds one of ne edges: 4 * edge + face, or -1 */
fn edgeInFace(edges: i32, ne: i32, facesOf: i32, nf: i32, a: vec3f, b: vec3f) -> i32 {
  for (var i = 0; i < nf; i++) {
    let normal = ld3(facesOf + NORMALS + 3 * i);
    if (dot(normal, b - a) <= MINVAL) { continue; }
    for (var j = 0; j < ne; j++) {
      if (abs(dot(ld3(edges + NORMALS + 3 * j), normal)) < EDGETOL) { return 4 * j + i; }
    }
  }
  return -1;
}

/** the edge that begins at the first point of a side and ends at end k, as an outline */
fn edgeOutline(side: i32, k: i32) {
  copy3(side + OUTLINE, side + POINTS);
  copy3(side + OUTLINE + 3, f_ccd + ENDS + 3 * k);
}

/**
 * The kept corners as contacts (FOUND) on the face through p: from the corner the other point lies its depth along
 * sign * direction. flip: the corner belongs to object 1. Returns their number, 0 when there is none, -1 when none is deep.
 */
fn emit(c: Clip, p: vec3f, normal: vec3f, direction: vec3f, sign: f32, flip: bool) -> i32 {
  var deep = false;
  for (var k = 0; k < c.n; k++) {
    let v = ld3(c.polygon + 3 * c.kept[k]);
    let dist = dot(v - p, normal);
    let way = -sign * abs(dist);
    let out = f_ccd + FOUND + FOUND_STRIDE * k;
    deep = deep || dist < 0.0;
    st(out, dist);
    st3(out + 1, v + 0.5 * way * direction);
    // along `way`, which may be 0 here
    st3(out + 4, unit(select(-sign, sign, flip) * direction));
  }
  return select(-1, c.n, c.n == 0 || deep);
}

/**
 * All contacts where faces, or a face and an edge, lie on each other, from the face of the polytope (`epa`), in FOUND.
 * Returns their number; 0: the one contact of `epa` is all; -1: none after all.
 *   source  MuJoCo engine_collision_gjk.c, multicontact
 */
fn manifold(f: i32) -> i32 {
  let one = f_ccd + SIDE1;
  let two = f_ccd + SIDE2;
  let dim1 = collect(one, f, VERT1, FEATURE1);
  let dim2 = collect(two, f, VERT2, FEATURE2);
  var n1 = findFaces(one, ccd.obj1, dim1, ccd.x2, ccd.x1);
  var n2 = findFaces(two, ccd.obj2, dim2, ccd.x1, ccd.x2);
  let both = parallelFaces(n1, n2);
  // which object's face clips, the entry of that face, and what it clips: a face of object 2, or an edge of the other
  var first = true;
  var entry = both >> 2u;
  if (both < 0) {
    var held: i32;
    if (dim1 < 3 && dim1 <= dim2) {
      // an edge of object 1 in a face of object 2
      n1 = findEdges(one, ccd.obj1, dim1);
      held = edgeInFace(one, n1, two, n2, ccd.x1, ccd.x2);
      first = false;
    } else {
      if (dim2 == 3) { return 0; }
      n2 = findEdges(two, ccd.obj2, dim2);
      held = edgeInFace(two, n2, one, n1, ccd.x2, ccd.x1);
    }
    if (held < 0) { return 0; }
    edgeOutline(select(one, two, first), held >> 2u);
    entry = held & 3;
  }
  let clipper = select(two, one, first);
  let clipped = select(one, two, first);
  var obj = ccd.obj1;
  if (!first) { obj = ccd.obj2; }
  let normal = ld3(clipper + NORMALS + 3 * entry);
  let corners = outline(clipper, obj, ldi(clipper + FACEID + entry));
  var direction = normal;
  var sign = -1.0;
  var others = 2;
  if (both >= 0) {
    direction = ld3(two + NORMALS + 3 * (both & 3));
    sign = 1.0;
    others = outline(two, ccd.obj2, ldi(two + FACEID + (both & 3)));
  }
  let left = clip(clipper + OUTLINE, corners, clipped + OUTLINE, others, normal);
  let n = emit(left, ld3(clipper + OUTLINE), normal, direction, sign, !first);
  // the edge is not over the face: MuJoCo 3.14 then turns the normal of the one contact around
  if (n == 0 && !first) {
    let turned = f_ccd + FOUND + 4;
    st3(turned, -ld3(turned));
  }
  return n;
}
