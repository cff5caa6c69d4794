// import { atan2, sincos } from './trig'
// import { mulQuat, negQuat } from './spatial'

/** axis-angle vector of a unit quaternion over dt (mju_quat2Vel); |out| <= pi / dt */
fn quat2Vel(q: vec4f, dt: f32) -> vec3f {
  let v = q.yzw;
  let sinHalf = sqrt(dot(v, v));
  var speed = 2.0 * atan2(sinHalf, q.x);
  // the short way round
  if (speed > 3.14159265358979) { speed = speed - 6.28318530717959; }
  // no rotation: axis (1, 0, 0) in MuJoCo, times an angle of 0
  let k = speed / dt / select(sinHalf, 1.0, sinHalf < 1e-15);
  return v * k;
}

/** quaternion of a rotation by angle (rad) about a unit axis (mju_axisAngle2Quat) */
fn axisAngle2Quat(axis: vec3f, angle: f32) -> vec4f {
  let t = sincos(0.5 * angle);
  return vec4f(t.cos, axis * t.sin);
}

/** q exp(h w), w in the local frame (mju_quatIntegrate); q must be unit */
fn quatIntegrate(q: vec4f, w: vec3f, h: f32) -> vec4f {
  let norm = sqrt(dot(w, w));
  let still = norm < 1e-15;
  let axis = w * (1.0 / select(norm, 1.0, still));
  return mulQuat(q, axisAngle2Quat(axis, select(norm * h, 0.0, still)));
}

/** log(qb^-1 qa) in the frame of b (mju_subQuat) */
fn subQuat(qa: vec4f, qb: vec4f) -> vec3f { return quat2Vel(mulQuat(negQuat(qb), qa), 1.0); }
