// import { ld, st } from '../math/v4'

/**
 * History buffers: the last n samples of a signal, one a timestep (MuJoCo engine_util_misc.c, mju_history*).
 * Samples are one timestep apart, so times are not stored: after the step at time t is complete the newest sample is
 * that of t, and x timesteps before the current time t + timestep lies sample x (1 = newest, n = oldest).
 *
 *   layout   [unused, cursor, n unused, n * dim values], as long as MuJoCo's
 */

/** value of the sample `age` steps back (1..n), component e; 0 for any other age */
fn pick(buf: i32, n: i32, dim: i32, e: i32, age: f32) -> f32 {
  let j = i32(age);
  if (j < 1 || j > n) { return 0.0; }
  var slot = i32(ld(buf + 1)) + 1 - j;
  if (slot < 0) { slot += n; }
  return ld(buf + 2 + n + slot * dim + e);
}

/**
 * Signal x timesteps ago (mju_historyRead): 0 holds the last sample not newer, 1 interpolates linearly, 2 by cubic
 * Hermite splines with finite-difference slopes. Outside the buffer the nearest sample holds.
 */
fn historyRead(buf: i32, n: i32, dim: i32, e: i32, x: f32, interp: i32) -> f32 {
  // within 1e-4 of a sample is that sample: delays are products of a timestep more often than not
  let near = round(x);
  let age = clamp(select(x, near, abs(x - near) <= 1e-4), 1.0, f32(n));
  let lo = ceil(age);
  let vlo = pick(buf, n, dim, e, lo);
  if (interp == 0 || lo == age) { return vlo; }
  let hi = lo - 1.0;
  let vhi = pick(buf, n, dim, e, hi);
  let a = lo - age;
  if (interp == 1) { return vlo + a * (vhi - vlo); }

  let prev = pick(buf, n, dim, e, lo + 1.0);
  let next = pick(buf, n, dim, e, hi - 1.0);
  let mlo = select(0.5 * (vhi - prev), 0.0, lo >= f32(n));
  let mhi = select(0.5 * (next - vlo), 0.0, hi <= 1.0);
  let a2 = a * a;
  let a3 = a2 * a;
  let h01 = 3.0 * a2 - 2.0 * a3;
  let h10 = a3 - 2.0 * a2 + a;
  let h11 = a3 - a2;
  return (1.0 - h01) * vlo + h10 * mlo + (h01 * vhi + h11 * mhi);
}

/** Address of the slot that takes the newest sample; the cursor moves (mju_historyInsert). */
fn historyInsert(buf: i32, n: i32, dim: i32) -> i32 {
  var cursor = i32(ld(buf + 1)) + 1;
  if (cursor >= n) { cursor = 0; }
  st(buf + 1, f32(cursor));
  return buf + 2 + n + cursor * dim;
}
