/** Vector helpers of the collision stage, on v128 in locals and on contact records. */
import { abs4, add, and, andnot, cross1, div, dot3, ge, ld, lt, mul, nmad, sel, splat, sqrt4, st, sub, V, zero } from '../../math/v4'
import { CON_FRAME } from '../types'

/** below this length a vector has no direction (mjMINVAL) */
export const MINLEN: f32 = 1e-15

/** unit vector along another; (1, 0, 0) where it has no length (mju_normalize3) */
export function normalize3(out: usize, x: v128, y: v128, z: v128): void {
  const len = sqrt4(dot3(x, y, z, x, y, z))
  const tiny = lt(len, splat(MINLEN))
  const scale = div(splat(1), sel(tiny, splat(1), len))
  st(out, sel(tiny, splat(1), mul(x, scale)))
  st(out + V, sel(tiny, zero(), mul(y, scale)))
  st(out + 2 * V, sel(tiny, zero(), mul(z, scale)))
}

/**
 * Complete the frame of a contact record, whose normal is a unit vector: the first tangent as hinted (or along y, or z
 * where the normal is near y) and made orthogonal, then the second.
 *   source  MuJoCo engine_util_spatial.c, mju_makeFrame
 */
export function makeFrame(record: usize): void {
  const F = record + CON_FRAME
  const x0 = ld(F), x1 = ld(F + V), x2 = ld(F + 2 * V)
  let y0 = ld(F + 3 * V), y1 = ld(F + 4 * V), y2 = ld(F + 5 * V)
  const given = ge(dot3(y0, y1, y2, y0, y1, y2), splat(0.25))
  const flat = lt(abs4(x1), splat(0.5)), one = splat(1)
  y0 = and(given, y0)
  y1 = sel(given, y1, and(flat, one))
  y2 = sel(given, y2, andnot(one, flat))
  const along = dot3(x0, x1, x2, y0, y1, y2)
  y0 = nmad(along, x0, y0); y1 = nmad(along, x1, y1); y2 = nmad(along, x2, y2)
  const len = sqrt4(dot3(y0, y1, y2, y0, y1, y2))
  // a hint along the normal has no direction: x, as mju_normalize3
  const tiny = lt(len, splat(MINLEN))
  const scale = div(one, sel(tiny, one, len))
  y0 = sel(tiny, one, mul(scale, y0)); y1 = mul(scale, y1); y2 = mul(scale, y2)
  st(F + 3 * V, y0); st(F + 4 * V, y1); st(F + 5 * V, y2)
  st(F + 6 * V, cross1(x1, y2, x2, y1))
  st(F + 7 * V, cross1(x2, y0, x0, y2))
  st(F + 8 * V, cross1(x0, y1, x1, y0))
}

/** normal and hint of a record */
// @ts-ignore: decorator
@inline export function setAxes(record: usize, n0: v128, n1: v128, n2: v128, t0: v128, t1: v128, t2: v128): void {
  const F = record + CON_FRAME
  st(F, n0); st(F + V, n1); st(F + 2 * V, n2)
  st(F + 3 * V, t0); st(F + 4 * V, t1); st(F + 5 * V, t2)
}

/** squared distance of two points */
// @ts-ignore: decorator
@inline export function distance2(a0: v128, a1: v128, a2: v128, b0: v128, b1: v128, b2: v128): v128 {
  const d0 = sub(a0, b0), d1 = sub(a1, b1), d2 = sub(a2, b2)
  return add(add(mul(d0, d0), mul(d1, d1)), mul(d2, d2))
}
