// import { ld, ld3, ldmat3, par3, st, st3 } from '../../math/v4'
// import { DSBL_MULTICCD, GEOM_POS } from '../types'
// import { CAPSULE, CCD_MAXITERATIONS, CYLINDER, ELLIPSOID, FAR, FOUND, FOUND_STRIDE, LINE, Object, POINT, SPHERE, ccd } from './ccd/layout'
// import { epa } from './ccd/epa'
// import { gjk } from './ccd/gjk'
// import { manifold } from './ccd/manifold'
// import { contact } from './lane'

// Pairs of smooth and flat convex shapes without a closed form: ellipsoids, cylinders, with each other and the rest.
//
// The CPU works in double precision, this in single (as MuJoCo Warp does): coordinates relative to the centre of geom 1,
// in a unit of length of the size of both geoms, so that a coordinate is rounded by 6e-8 of that size. Measured against
// the CPU, in shares of the geoms' size: contacts of flat faces within 3e-7; otherwise depths within 3e-6 for 9 in 10 and
// 1e-4 for all but ties, normals within 3e-3 for 9 in 10 and 3e-2 for 99 in 100 (most of that is the tolerance of 1e-6 m,
// whose square root is what round shapes show). Objects that overlap by less than 1e-5 may be taken as apart. The contacts
// of turned shapes (DISTINCT) are counted differently in some worlds: points of round shapes are known to
// sqrt(6e-8) only, and some lie at the limit.

/** slack of the separation test against the rounding of single precision, times the distance of the centres */
const SLACK: f32 = 1e-6;
// more contacts of flat pairs: both are turned by +-1e-3 rad about the tangents (mjc_Convex)
const SIN: f32 = 9.999998333333417e-4;
const VERSINE: f32 = 4.999999583333347e-7;
/** contacts are distinct beyond this share of the smaller bounding radius */
const DISTINCT: f32 = 1e-3;
/** smallest tolerance, in units: some roundings of a coordinate */
const FINEST: f32 = 1e-6;

/**
 * gjk may stop this far from the origin (units) because the simplex is flat and has no more digits: with no plane between
 * the objects, they touch
 */
const STALLED: f32 = 1e-4;

/** half extent of a shape along the unit vector (x, y, z) */
fn extent(rot: mat3x3f, s: vec3f, shape: i32, n: vec3f) -> f32 {
  if (shape == SPHERE) { return s.x; }
  let l = n * rot;
  if (shape == CAPSULE) { return s.y * abs(l.z) + s.x; }
  if (shape == CYLINDER) { return s.x * sqrt(dot(l.xy, l.xy)) + s.y * abs(l.z); }
  let e = s * l;
  if (shape == ELLIPSOID) { return sqrt(dot(e, e)); }
  return abs(e.x) + abs(e.y) + abs(e.z);
}

/** the two as they stand in memory: rotations, half sizes, shapes, margin, from centre 1 to centre 2 */
struct Pair { rotA: mat3x3f, rotB: mat3x3f, sizeA: vec3f, sizeB: vec3f, shapeA: i32, shapeB: i32, margin: f32, d: vec3f }

/** worlds in which the planes across the unit vector n do not separate the two, whose centres are d apart */
fn overlap(pair: Pair, n: vec3f) -> bool {
  let reach = extent(pair.rotA, pair.sizeA, pair.shapeA, n) + extent(pair.rotB, pair.sizeB, pair.shapeB, n) + pair.margin;
  return !(abs(dot(pair.d, n)) * (1.0 - SLACK) > reach);
}

/**
 * Worlds in which the two may be within the margin: not separated along the line of centres, the axes of a box, the axis
 * of a cylinder.
 */
fn mayTouch(pair: Pair) -> bool {
  let inv = 1.0 / max(sqrt(dot(pair.d, pair.d)), 1e-10);
  // the line of centres, the axis of a cylinder first, then the axes of the second
  for (var k = -2; k < 3; k++) {
    if (k == -1 && pair.shapeA != CYLINDER) { continue; }
    if (k >= 0 && (pair.shapeB < CYLINDER || (pair.shapeB == CYLINDER && k < 2))) { continue; }
    var n = pair.d * inv;
    if (k == -1) { n = pair.rotA[2]; }
    else if (k >= 0) { n = pair.rotB[k]; }
    if (!overlap(pair, n)) { return false; }
  }
  return true;
}

/** an object from a record of one world */
fn setObject(shape: i32, rot: mat3x3f, size: vec3f, pos: vec3f, margin: f32) -> Object {
  // orthonormal again: which corners of a cap become contacts must not hang on rounding
  let z = rot[2] * (1.0 / sqrt(dot(rot[2], rot[2])));
  // of a sphere and a capsule only the z axis is there: any other two will do
  var x = rot[0];
  if (shape <= CAPSULE) { x = select(vec3f(0.0, 1.0, 0.0), vec3f(1.0, 0.0, 0.0), abs(z.x) < 0.5); }
  x -= dot(x, z) * z;
  x *= 1.0 / sqrt(dot(x, x));
  return Object(shape, size, pos, mat3x3f(x, cross(z, x), z), margin);
}

/** first guess of the witness points: the centres */
fn startAtCentres() {
  ccd.spent = 0;
  ccd.x1 = ccd.obj1.pos;
  ccd.x2 = ccd.obj2.pos;
}

/** what is left of an object, and what was taken from it */
struct Shrunk { obj: Object, taken: f32 }

/** shrink a sphere to its centre and a capsule to its axis; returns what was taken away, half the margin included */
fn shrink(obj: Object) -> Shrunk {
  if (obj.shape != SPHERE && obj.shape != CAPSULE) { return Shrunk(obj, 0.0); }
  let left = Object(select(LINE, POINT, obj.shape == SPHERE), obj.size, obj.pos, obj.mat, 0.0);
  return Shrunk(left, obj.size.x + 0.5 * obj.margin);
}

/** Penetration of the objects as they are: the face of the polytope where it is, 0 if there is none. */
fn deepest() -> i32 {
  // gjk without a cutoff was the last; its calls stand in one place (penetration)
  if (!(ccd.dist <= max(ccd.tolerance, STALLED))) { return 0; }
  if (ccd.nsimplex < 2 || ccd.separated) { return 0; }
  let f = epa();
  return select(0, f, f != 0 && ccd.dist < 0.0);
}

/** result of penetration where the objects overlap, but not so far that there is a polytope */
const SHALLOW: i32 = -1;

/**
 * Do the objects, each grown by half the margin, overlap? Then DIST < 0 and X1, X2 are the witness points.
 *   source  MuJoCo engine_collision_gjk.c, mjc_ccd
 */
fn penetration() -> i32 {
  let obj1 = ccd.obj1;
  let obj2 = ccd.obj2;
  let small1 = shrink(obj1);
  let small2 = shrink(obj2);
  let taken = small1.taken + small2.taken;
  // the shrunk objects first, then as they are
  for (var whole = taken == 0.0; ; whole = true) {
    if (!whole) {
      ccd.obj1 = small1.obj;
      ccd.obj2 = small2.obj;
    }
    startAtCentres();
    gjk(select(taken, 0.0, whole));
    if (whole) { break; }
    ccd.obj1 = obj1;
    ccd.obj2 = obj2;
    let dist = ccd.dist;
    // shallow: the witness points move out by the radii
    if (dist > ccd.tolerance) {
      if (dist == FAR || dist >= taken) { return 0; }
      let x = ccd.x2 - ccd.x1;
      let n = x * (1.0 / sqrt(dot(x, x)));
      ccd.x1 += small1.taken * n;
      ccd.x2 -= small2.taken * n;
      ccd.normal = n;
      ccd.dist = dist - taken;
      return SHALLOW;
    }
  }
  return deepest();
}

/** contact n of FOUND from the witness points */
fn found(n: i32, margin: f32) {
  let f = f_ccd + FOUND + FOUND_STRIDE * n;
  st(f, margin + ccd.dist);
  st3(f + 1, 0.5 * (ccd.x1 + ccd.x2));
  st3(f + 4, ccd.normal);
}

/** turn the object about the point at o and the unit axis (x, y, z) by the angle whose sine is s */
fn turn(obj: Object, o: vec3f, axis: vec3f, s: f32) -> Object {
  // the columns of the rotation, then the position relative to o
  var x = array<vec3f, 4>(obj.mat[0], obj.mat[1], obj.mat[2], obj.pos - o);
  for (var k = 0; k < 4; k++) {
    // Rodrigues
    let c = cross(axis, x[k]);
    x[k] += s * c + VERSINE * cross(axis, c);
  }
  return Object(obj.shape, obj.size, x[3] + o, mat3x3f(x[0], x[1], x[2]), obj.margin);
}

fn boundingRadius(shape: i32, s: vec3f) -> f32 {
  if (shape == CAPSULE) { return s.x + s.y; }
  if (shape == CYLINDER) { return sqrt(dot(s.xy, s.xy)); }
  return sqrt(dot(s, s));
}

/** is contact n of FOUND farther than limit from all before it? */
fn isDistinct(n: i32, limit: f32) -> bool {
  let p = ld3(f_ccd + FOUND + FOUND_STRIDE * n + 1);
  for (var i = 0; i < n; i++) {
    let x = p - ld3(f_ccd + FOUND + FOUND_STRIDE * i + 1);
    if (sqrt(dot(x, x)) <= limit) { return false; }
  }
  return true;
}

/**
 * Contacts of one world, left in FOUND: the deepest, and for flat shapes those of the common part of two
 * faces, or those that show when both are turned a little.
 *   source  MuJoCo engine_collision_convex.c, mjc_Convex
 */
fn convexLane(one: Object, two: Object, multi: bool) -> i32 {
  let margin = one.margin;
  // faces without a margin: their common part at once
  let faces = multi && margin <= 0.0 && one.shape == CYLINDER && two.shape >= CYLINDER;
  let limit = DISTINCT * min(boundingRadius(one.shape, one.size), boundingRadius(two.shape, two.size));
  let first = f_ccd + FOUND;
  var centre: vec3f;
  var normal: vec3f;
  var t: vec3f;
  var n = 0;
  // as they are (-1), then turned four ways; all in one place, because compilers copy what is called
  for (var k = -1; k < 4; k++) {
    ccd.obj1 = one;
    ccd.obj2 = two;
    if (k >= 0) {
      // the second tangent
      if (k == 2) { t = cross(normal, t); }
      let s = select(SIN, -SIN, (k & 1) == 0);
      ccd.obj1 = turn(one, centre, t, s);
      ccd.obj2 = turn(two, centre, t, -s);
    }
    let f = penetration();
    if (f == 0) {
      if (k < 0) { return 0; }
      continue;
    }
    found(n, margin);
    if (k >= 0) {
      if (isDistinct(n, limit)) {
        // as deep as the first
        st(first + FOUND_STRIDE * n, ld(first));
        n++;
      }
      continue;
    }
    n = 1;
    if (faces) {
      let count = manifold(f);
      return select(max(count, 0), 1, count == 0);
    }
    if (!multi) { return 1; }
    centre = ld3(first + 1);
    normal = ld3(first + 4);
    // tangents as mju_makeFrame has them: the part of y (or z) across the normal
    let upright = normal.y < 0.5 && normal.y > -0.5;
    let along = select(normal.z, normal.y, upright);
    t = select(vec3f(0.0, 0.0, 1.0), vec3f(0.0, 1.0, 0.0), upright) - along * normal;
    t = t / sqrt(dot(t, t));
  }
  return n;
}

/**
 * Two convex shapes (mjtGeom type1 <= type2): up to 5 contacts. A, sa, B, sb, margin, out: see collision/driver.ts.
 * Iterations and tolerance: opt_ccd_*; more than one contact for flat shapes, unless DSBL_MULTICCD.
 *   source  MuJoCo engine_collision_convex.c, mjc_Convex
 */
fn convexConvex(A: i32, sa: i32, type1: i32, B: i32, sb: i32, type2: i32, margin: f32, out: i32) -> i32 {
  let centre = ld3(A + GEOM_POS);
  let pair = Pair(ldmat3(A), ldmat3(B), par3(sa), par3(sb), type1, type2, margin, ld3(B + GEOM_POS) - centre);
  if (!mayTouch(pair)) { return 0; }
  // a power of two, so that nothing is rounded
  let reach = boundingRadius(type1, pair.sizeA) + boundingRadius(type2, pair.sizeB);
  let unit = bitcast<f32>(bitcast<u32>(max(reach, 1e-10)) & 0x7f800000u);
  let scale = 1.0 / unit;
  ccd.limit = min(f_opt_ccd_iterations, CCD_MAXITERATIONS);
  ccd.tolerance = max(f_opt_ccd_tolerance * scale, FINEST);
  let multi = (f_opt_disableflags & DSBL_MULTICCD) == 0 && type1 != SPHERE && type1 != ELLIPSOID && type2 != ELLIPSOID;
  let n = convexLane(
    setObject(type1, pair.rotA, pair.sizeA * scale, vec3f(), margin * scale),
    setObject(type2, pair.rotB, pair.sizeB * scale, pair.d * scale, margin * scale),
    multi,
  );
  for (var k = 0; k < n; k++) {
    let f = f_ccd + FOUND + FOUND_STRIDE * k;
    contact(out, k, ld(f) * unit, ld3(f + 1) * unit + centre, ld3(f + 4));
  }
  return n;
}
