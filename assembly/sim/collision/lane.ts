/** One world of a block in scalar code: reads a lane as f64, writes a lane, opens contact records. */
import { zero, st, V } from '../../math/v4'
import { CON_DIST, CON_FRAME, CON_HAS, CON_POS, CON_STRIDE } from '../types'

/** quantity i at p; the address already points at the lane (p + 4 * lane) */
// @ts-ignore: decorator
@inline export function get(p: usize, i: i32): f64 { return <f64>load<f32>(p + V * <usize>i) }
// @ts-ignore: decorator
@inline export function put(p: usize, i: i32, x: f64): void { store<f32>(p + V * <usize>i, <f32>x) }

/**
 * Records [from, to) of out as a world may use them without having them: not had, numbers finite.
 * Lanes are then filled by `contact`, which leaves the tangent at zero.
 */
export function openRecords(out: usize, from: i32, to: i32): void {
  for (let k = from; k < to; k++) {
    const r = out + CON_STRIDE * <usize>k
    for (let i: usize = CON_HAS; i < CON_FRAME + 6 * V; i += V) st(r + i, zero())
  }
}

/** Contact k of a world: signed distance, position, normal from geom 1 to geom 2; no hint for the tangent. */
export function contact(
  out: usize, k: i32, lane: usize, dist: f64, x: f64, y: f64, z: f64, nx: f64, ny: f64, nz: f64,
): void {
  const r = out + CON_STRIDE * <usize>k + lane
  store<i32>(r + CON_HAS, -1)
  put(r + CON_DIST, 0, dist)
  put(r + CON_POS, 0, x)
  put(r + CON_POS, 1, y)
  put(r + CON_POS, 2, z)
  put(r + CON_FRAME, 0, nx)
  put(r + CON_FRAME, 1, ny)
  put(r + CON_FRAME, 2, nz)
}
