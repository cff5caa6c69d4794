/** Rotations and angles: what needs trigonometry. */
import { atan2, sincos } from './trig'
import { add, div, gt, ld, lt, mul, sel, splat, sqrt4, st, sub, V } from './v4'
import { mulQuat } from './spatial'

/** axis-angle vector of a unit quaternion over dt (mju_quat2Vel); |out| <= pi / dt */
export function quat2Vel(out: usize, q: usize, dt: v128): void {
  const x = ld(q + V), y = ld(q + 2 * V), z = ld(q + 3 * V)
  const sinHalf = sqrt4(add(add(mul(x, x), mul(y, y)), mul(z, z)))
  let speed = mul(splat(2), atan2(sinHalf, ld(q)))
  // the short way round
  speed = sel(gt(speed, splat(3.14159265358979)), sub(speed, splat(6.28318530717959)), speed)
  // no rotation: axis (1, 0, 0) in MuJoCo, times an angle of 0
  const none = lt(sinHalf, splat(1e-15))
  const k = div(div(speed, dt), sel(none, splat(1), sinHalf))
  st(out, mul(x, k))
  st(out + V, mul(y, k))
  st(out + 2 * V, mul(z, k))
}

/**
 * quaternion of a rotation by angle (rad) about a unit axis (mju_axisAngle2Quat)
 *   cpu  tmp: 2 quantities
 */
export function axisAngle2Quat(out: usize, axis: usize, angle: v128, tmp: usize): void {
  sincos(mul(splat(0.5), angle), tmp)
  const s = ld(tmp)
  st(out, ld(tmp + V))
  st(out + V, mul(ld(axis), s))
  st(out + 2 * V, mul(ld(axis + V), s))
  st(out + 3 * V, mul(ld(axis + 2 * V), s))
}

/**
 * q exp(h w), w in the local frame (mju_quatIntegrate); q must be unit
 *   cpu  tmp: 10 quantities
 */
export function quatIntegrate(q: usize, w: usize, h: v128, tmp: usize): void {
  const w0 = ld(w), w1 = ld(w + V), w2 = ld(w + 2 * V)
  const norm = sqrt4(add(add(mul(w0, w0), mul(w1, w1)), mul(w2, w2)))
  const still = lt(norm, splat(1e-15))
  const inv = div(splat(1), sel(still, splat(1), norm))
  const axis = tmp + 2 * V
  st(axis, mul(w0, inv))
  st(axis + V, mul(w1, inv))
  st(axis + 2 * V, mul(w2, inv))
  const rot = tmp + 5 * V
  axisAngle2Quat(rot, axis, sel(still, splat(0), mul(norm, h)), tmp)
  mulQuat(q, q, rot)
}

/**
 * log(qb^-1 qa) in the frame of b (mju_subQuat)
 *   cpu  tmp: 8 quantities
 */
export function subQuat(out: usize, qa: usize, qb: usize, tmp: usize): void {
  const rel = tmp
  const conj = tmp + 4 * V
  st(conj, ld(qb))
  st(conj + V, f32x4.neg(ld(qb + V)))
  st(conj + 2 * V, f32x4.neg(ld(qb + 2 * V)))
  st(conj + 3 * V, f32x4.neg(ld(qb + 3 * V)))
  mulQuat(rel, conj, qa)
  quat2Vel(out, rel, splat(1))
}
