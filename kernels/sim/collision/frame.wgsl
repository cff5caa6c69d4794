// import { ld, ld3, st3 } from '../../math/v4'
// import { CON_FRAME } from '../types'

// Vector helpers of the collision stage, on values and on contact records.

/** below this length a vector has no direction (mjMINVAL) */
const MINLEN: f32 = 1e-15;

/** unit vector along another; (1, 0, 0) where it has no length (mju_normalize3) */
fn normalize3(v: vec3f) -> vec3f {
  let len = sqrt(dot(v, v));
  if (len < MINLEN) { return vec3f(1.0, 0.0, 0.0); }
  return v * (1.0 / len);
}

/**
 * Complete the frame of a contact record, whose normal is a unit vector: the first tangent as hinted (or along y, or z
 * where the normal is near y) and made orthogonal, then the second.
 *   source  MuJoCo engine_util_spatial.c, mju_makeFrame
 */
fn makeFrame(record: i32) {
  let F = record + CON_FRAME;
  let x = ld3(F);
  var y = ld3(F + 3);
  if (!(dot(y, y) >= 0.25)) {
    let flat1 = abs(x.y) < 0.5;
    y = vec3f(0.0, select(0.0, 1.0, flat1), select(1.0, 0.0, flat1));
  }
  y = y - dot(x, y) * x;
  // a hint along the normal has no direction: x, as mju_normalize3
  y = normalize3(y);
  st3(F + 3, y);
  st3(F + 6, cross(x, y));
}

/** normal and hint of a record */
fn setAxes(record: i32, n: vec3f, t: vec3f) {
  st3(record + CON_FRAME, n);
  st3(record + CON_FRAME + 3, t);
}

/** squared distance of two points */
fn distance2(a: vec3f, b: vec3f) -> f32 {
  let d = a - b;
  return dot(d, d);
}

/** the z axis of the pose at G */
fn axisOf(G: i32) -> vec3f { return vec3f(ld(G + 2), ld(G + 5), ld(G + 8)); }
