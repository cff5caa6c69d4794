import { add, ceil4, clip, eq, ge, ld, le, mul, sel, splat, st, sub, V } from '../math/v4'

/**
 * History buffers: the last n samples of a signal, one a timestep (MuJoCo engine_util_misc.c, mju_history*).
 * Samples are one timestep apart, so times are not stored: after the step at time t is complete the newest sample is
 * that of t, and x timesteps before the current time t + timestep lies sample x (1 = newest, n = oldest).
 *
 *   layout   [unused, cursor, n unused, n * dim values], as long as MuJoCo's
 */

/** value of the sample `age` steps back (1..n), component e; 0 for any other age */
function pick(buf: usize, n: i32, dim: i32, e: i32, age: v128): v128 {
  const values = buf + V * <usize>(2 + n)
  const cursor = <i32>f32x4.extract_lane(ld(buf + V), 0)
  let out = splat(0)
  for (let j = 1; j <= n; j++) {
    let slot = cursor + 1 - j
    if (slot < 0) slot += n
    out = sel(eq(age, splat(<f32>j)), ld(values + V * <usize>(slot * dim + e)), out)
  }
  return out
}

/**
 * Signal x timesteps ago (mju_historyRead): 0 holds the last sample not newer, 1 interpolates linearly, 2 by cubic
 * Hermite splines with finite-difference slopes. Outside the buffer the nearest sample holds.
 */
export function historyRead(buf: usize, n: i32, dim: i32, e: i32, x: v128, interp: i32): v128 {
  // within 1e-4 of a sample is that sample: delays are products of a timestep more often than not
  const near = f32x4.nearest(x)
  const age = clip(sel(le(f32x4.abs(sub(x, near)), splat(1e-4)), near, x), splat(1), splat(<f32>n))
  const lo = ceil4(age)
  const vlo = pick(buf, n, dim, e, lo)
  if (interp == 0) return vlo
  const exact = eq(lo, age)
  const hi = sub(lo, splat(1))
  const vhi = pick(buf, n, dim, e, hi)
  const a = sub(lo, age)
  if (interp == 1) return sel(exact, vlo, add(vlo, mul(a, sub(vhi, vlo))))

  const prev = pick(buf, n, dim, e, add(lo, splat(1)))
  const next = pick(buf, n, dim, e, sub(hi, splat(1)))
  const mlo = sel(ge(lo, splat(<f32>n)), splat(0), mul(splat(0.5), sub(vhi, prev)))
  const mhi = sel(le(hi, splat(1)), splat(0), mul(splat(0.5), sub(next, vlo)))
  const a2 = mul(a, a), a3 = mul(a2, a)
  const h01 = sub(mul(splat(3), a2), mul(splat(2), a3))
  const h10 = add(sub(a3, mul(splat(2), a2)), a)
  const h11 = sub(a3, a2)
  const cubic = add(add(mul(sub(splat(1), h01), vlo), mul(h10, mlo)), add(mul(h01, vhi), mul(h11, mhi)))
  return sel(exact, vlo, cubic)
}

/** Address of the slot that takes the newest sample; the cursor moves (mju_historyInsert). */
export function historyInsert(buf: usize, n: i32, dim: i32): usize {
  let cursor = <i32>f32x4.extract_lane(ld(buf + V), 0) + 1
  if (cursor >= n) cursor = 0
  st(buf + V, splat(<f32>cursor))
  return buf + V * <usize>(2 + n + cursor * dim)
}
