// import { ld3, ldmat3, par, par3, st, st3, stmask } from '../../math/v4'
// import { CON_DIST, CON_HAS, CON_POS, CON_STRIDE, GEOM_POS } from '../types'
// import { axisOf, MINLEN, normalize3, setAxes } from './frame'

// Closed forms between planes, spheres, capsules and boxes.
//
// All pair functions share one signature:
//   A, B     poses of geom 1 and geom 2: rotation 9, position 3
//   sa, sb   their geom_size (3), among the parameters
//   margin   contacts are reported up to this distance (margin + gap)
//   out      first contact record: CON_HAS, CON_DIST, CON_POS, CON_FRAME rows 0 and 1 (a hint, or zeros) are written
// and return how many records they wrote.
//   source   MuJoCo engine_collision_primitive.c

/** squared sine of the angle below which single precision cannot tell two axes from parallel ones */
const PARALLEL: f32 = 1.6e-13;
/** MuJoCo's bound on the determinant of the lines of two capsules (mjMINVAL) */
const MINDET: f32 = 1e-15;

/** one record: that it is had, distance, position */
fn put(out: i32, dist: f32, x: vec3f) {
  stmask(out + CON_HAS, true);
  st(out + CON_DIST, dist);
  st3(out + CON_POS, x);
}

/** plane : sphere */
fn planeSphere(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let n = axisOf(A);
  let x = ld3(B + GEOM_POS);
  let height = dot(x - ld3(A + GEOM_POS), n);
  let radius = par(sb);
  if (!(height <= margin + radius)) { return 0; }
  let dist = height - radius;
  let shift = -radius - 0.5 * dist;
  put(out, dist, shift * n + x);
  setAxes(out, n, vec3f());
  return 1;
}

/** plane : capsule, both ends; the first tangent follows the capsule */
fn planeCapsule(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let n = axisOf(A);
  let a = axisOf(B);
  let x = ld3(B + GEOM_POS);
  let height = dot(x - ld3(A + GEOM_POS), n);
  let radius = par(sb);
  let s = par(sb + 1) * a;
  let rise = par(sb + 1) * dot(a, n);
  let limit = margin + radius;
  let up = height + rise;
  let down = height - rise;
  let has1 = up <= limit;
  let has2 = down <= limit;
  if (!(has1 || has2)) { return 0; }

  // where only the second end touches, it comes first
  let dist1 = select(down, up, has1) - radius;
  let shift1 = -radius - 0.5 * dist1;
  let e = x - s;
  put(out, dist1, shift1 * n + select(e, x + s, has1));
  setAxes(out, n, a);
  if (!(has1 && has2)) { return 1; }
  let dist2 = down - radius;
  let shift2 = -radius - 0.5 * dist2;
  put(out + CON_STRIDE, dist2, shift2 * n + e);
  setAxes(out + CON_STRIDE, n, a);
  return 2;
}

/** plane : box, at most the first four corners of the side that faces the plane */
fn planeBox(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let normal = axisOf(A);
  let x = ld3(B + GEOM_POS);
  let height = dot(x - ld3(A + GEOM_POS), normal);
  let l = par3(sb);
  let R = ldmat3(B);
  let u = l.x * R[0];
  let v = l.y * R[1];
  let w = l.z * R[2];
  let ru = dot(u, normal);
  let rv = dot(v, normal);
  let rw = dot(w, normal);

  var n = 0;
  for (var i = 0; i < 8; i++) {
    let p = (i & 1) != 0;
    let q = (i & 2) != 0;
    let r = (i & 4) != 0;
    let rise = select(-ru, ru, p) + select(-rv, rv, q) + select(-rw, rw, r);
    let dist = height + rise;
    if (!(dist <= margin && rise <= 0.0 && n < 4)) { continue; }
    let shift = -0.5 * dist;
    let corner = x + (select(-u, u, p) + select(-v, v, q) + select(-w, w, r));
    let record = out + CON_STRIDE * n;
    put(record, dist, shift * normal + corner);
    setAxes(record, normal, vec3f());
    n++;
  }
  return n;
}

/**
 * Two spheres at p and q; a and b: rotations whose z axes give the normal where the centres coincide.
 * Writes a record where there is a contact, and returns whether there is.
 */
fn spheres(p: vec3f, r1: f32, q: vec3f, r2: f32, a: i32, b: i32, margin: f32, out: i32) -> bool {
  let d = q - p;
  let dd = dot(d, d);
  let reach = margin + r1 + r2;
  if (!(dd <= reach * reach)) { return false; }
  let len = sqrt(dd);
  var n: vec3f;
  if (len < MINLEN) { n = normalize3(cross(axisOf(a), axisOf(b))); } else { n = d * (1.0 / len); }
  let dist = len - r1 - r2;
  let shift = 0.5 * dist + r1;
  put(out, dist, shift * n + p);
  setAxes(out, n, vec3f());
  return true;
}

/** sphere : sphere */
fn sphereSphere(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  return select(0, 1, spheres(ld3(A + GEOM_POS), par(sa), ld3(B + GEOM_POS), par(sb), A, B, margin, out));
}

/** sphere : capsule, the sphere against the nearest point of the segment */
fn sphereCapsule(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let x = ld3(A + GEOM_POS);
  let c = ld3(B + GEOM_POS);
  let a = axisOf(B);
  let half = par(sb + 1);
  let t = clamp(dot(a, x - c), -half, half);
  return select(0, 1, spheres(x, par(sa), t * a + c, par(sb), A, B, margin, out));
}

/**
 * capsule : capsule. One contact between the nearest points of the segments; up to two where the axes are parallel.
 * The nearest points of the lines come from the cross product of the unit axes, which keeps its digits at small angles.
 */
fn capsuleCapsule(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let p = ld3(A + GEOM_POS);
  let q = ld3(B + GEOM_POS);
  let a = axisOf(A);
  let b = axisOf(B);
  let h1 = par(sa + 1);
  let h2 = par(sb + 1);
  let d = q - p;
  let da = dot(d, a);
  let db = dot(d, b);
  let ab = dot(a, b);

  // the common normal of the lines; its squared length is the squared sine of their angle
  let n = cross(a, b);
  let nn = dot(n, n);
  let hh = h1 * h2;
  if (nn < PARALLEL || hh * hh * nn < MINDET) { return parallelCapsules(A, sa, B, sb, margin, out); }
  let inv = 1.0 / nn;
  // signed lengths along the axes: ((q - p) x b) n / nn and ((q - p) x a) n / nn
  var s = inv * dot(cross(d, b), n);
  var t = inv * dot(cross(d, a), n);
  // beyond an end of the first segment: its end, and the point of the second line nearest to that
  let out1 = abs(s) > h1;
  s = clamp(s, -h1, h1);
  t = select(t, ab * s - db, out1);
  let out2 = abs(t) > h2;
  t = clamp(t, -h2, h2);
  s = select(s, clamp(ab * t + da, -h1, h1), out2);
  return select(0, 1, spheres(s * a + p, par(sa), t * b + q, par(sb), A, B, margin, out));
}

/** parallel capsules: each end against the other segment, until there are two contacts */
fn parallelCapsules(A: i32, sa: i32, B: i32, sb: i32, margin: f32, out: i32) -> i32 {
  let p = ld3(A + GEOM_POS);
  let q = ld3(B + GEOM_POS);
  let a = axisOf(A);
  let b = axisOf(B);
  let r1 = par(sa);
  let r2 = par(sb);
  let h1 = par(sa + 1);
  let h2 = par(sb + 1);
  let d = q - p;
  let da = dot(d, a);
  let db = dot(d, b);
  let ab = dot(a, b);

  var n = 0;
  for (var k = 0; k < 4 && n < 2; k++) {
    var s: f32;
    var t: f32;
    if (k < 2) {
      s = select(-h1, h1, k == 0);
      t = clamp(ab * s - db, -h2, h2);
    } else {
      t = select(-h2, h2, k == 2);
      s = clamp(ab * t + da, -h1, h1);
    }
    if (spheres(s * a + p, r1, t * b + q, r2, A, B, margin, out + CON_STRIDE * n)) { n++; }
  }
  return n;
}
