/**
 * Sensors that sample at intervals of their own. Their history has MuJoCo's times, and worlds insert when each is due.
 *
 *   layout   [ticks so far, cursor, n times, n * dim values]; the newest sample stays at the cursor, the others move.
 *            MuJoCo keeps the time of the last tick in the first place; a count does not gather rounding.
 *   source   MuJoCo engine_sensor.c, compute_or_read_sensor; engine_forward.c, mj_advance; engine_util_misc.c, mju_history*
 */
import { ld, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { at, i32at } from '../types'

/** a tick that falls on a timestep is due there, whatever the rounding of the two: part of a timestep, and of the time */
const SLACK_STEP: f64 = 1e-3
const SLACK_TIME: f64 = 2e-7

// @ts-ignore: decorator
@inline function lane(a: usize): f64 { return <f64>load<f32>(a) }

/** the worlds in which sensor i has an interval */
export function intervals(m: usize, p: usize, i: i32): v128 {
  if (i32at(f.sensor_history(m), 2 * i) == 0) return f32x4.splat(0)
  return f32x4.gt(ld(f.sensor_interval(m, p) + 2 * V * <usize>i), f32x4.splat(0))
}

/** time of the step */
// @ts-ignore: decorator
@inline function now(m: usize, d: usize, l: usize): f64 { return lane(f.time(m, d) + l) - lane(f.time_carry(m, d) + l) }

/** time at which the tick before the next one was due */
function lastTick(m: usize, p: usize, i: i32, ticks: f64, l: usize): f64 {
  const interval = f.sensor_interval(m, p) + 2 * V * <usize>i + l
  const period = lane(interval), phase = lane(interval + V)
  return (phase == 0 ? -period : phase) + ticks * period
}

// @ts-ignore: decorator
@inline function slack(m: usize, p: usize, t: f64, l: usize): f64 { return SLACK_STEP * lane(f.opt_timestep(m, p) + l) + SLACK_TIME * abs(t) }

/** is a new sample due */
function due(m: usize, p: usize, d: usize, i: i32, buf: usize, l: usize): bool {
  const period = lane(f.sensor_interval(m, p) + 2 * V * <usize>i + l), t = now(m, d, l)
  return lastTick(m, p, i, lane(buf + l), l) + period <= t + slack(m, p, t, l)
}

/** place in the ring of sample k, oldest first */
// @ts-ignore: decorator
@inline function slot(buf: usize, n: i32, k: i32): i32 { return (<i32>load<f32>(buf + V) + 1 + k) % n }

/** component e of sample k of a world, and its time */
// @ts-ignore: decorator
@inline function sample(buf: usize, n: i32, dim: i32, k: i32, e: i32): usize { return at(buf, 2 + n + slot(buf, n, k) * dim + e) }
// @ts-ignore: decorator
@inline function timeOf(buf: usize, n: i32, k: i32): usize { return at(buf, 2 + slot(buf, n, k)) }

/** sample at time t (mju_historyRead): 0 holds the last one, 1 is linear, 2 a cubic through finite differences */
function readAt(buf: usize, n: i32, dim: i32, t: f64, interp: i32, eps: f64, l: usize, out: usize): void {
  let i = 0
  while (i < n && lane(timeOf(buf, n, i) + l) < t - eps) i++
  // outside the samples, and on one of them
  const near = i < n ? i : n - 1
  const exact = i == 0 || i == n || abs(t - lane(timeOf(buf, n, i) + l)) <= eps
  if (exact || interp == 0) {
    const k = exact ? near : i - 1
    for (let e = 0; e < dim; e++) store<f32>(at(out, e) + l, load<f32>(sample(buf, n, dim, k, e) + l))
    return
  }
  const t0 = lane(timeOf(buf, n, i - 1) + l), t1 = lane(timeOf(buf, n, i) + l), dt = t1 - t0
  const a = (t - t0) / dt, a2 = a * a, a3 = a2 * a
  for (let e = 0; e < dim; e++) {
    const x0 = lane(sample(buf, n, dim, i - 1, e) + l), x1 = lane(sample(buf, n, dim, i, e) + l)
    let x = x0 + a * (x1 - x0)
    if (interp == 2) {
      const m0 = i > 1 ? (x1 - lane(sample(buf, n, dim, i - 2, e) + l)) / (t1 - lane(timeOf(buf, n, i - 2) + l)) : 0
      const m1 = i < n - 1 ? (lane(sample(buf, n, dim, i + 1, e) + l) - x0) / (lane(timeOf(buf, n, i + 1) + l) - t0) : 0
      x = (2 * a3 - 3 * a2 + 1) * x0 + (a3 - 2 * a2 + a) * dt * m0 + (3 * a2 - 2 * a3) * x1 + (a3 - a2) * dt * m1
    }
    store<f32>(at(out, e) + l, <f32>x)
  }
}

/**
 * What a sensor with an interval shows: a delayed sample, the last one, or when a new one is due the present reading.
 *   in      fresh (dim): the present reading
 *   out     (dim) of the worlds in which the sensor has an interval; of others nothing that counts
 */
export function intervalRead(m: usize, p: usize, d: usize, i: i32, buf: usize, fresh: usize, out: usize): void {
  const n = i32at(f.sensor_history(m), 2 * i), interp = i32at(f.sensor_history(m), 2 * i + 1), dim = i32at(f.sensor_dim(m), i)
  for (let l: usize = 0; l < 16; l += 4) {
    const delay = lane(at(f.sensor_delay(m, p), i) + l), t = now(m, d, l)
    if (!(delay > 0) && due(m, p, d, i, buf, l)) {
      for (let e = 0; e < dim; e++) store<f32>(at(out, e) + l, load<f32>(at(fresh, e) + l))
    } else readAt(buf, n, dim, t - max<f64>(delay, 0), interp, slack(m, p, t, l), l, out)
  }
}

/** times before the first tick, on the grid of timesteps: where the zeros of an empty history stand (mj_resetData) */
function begin(m: usize, p: usize, i: i32, buf: usize, n: i32, l: usize): void {
  const h = lane(f.opt_timestep(m, p) + l), period = lane(f.sensor_interval(m, p) + 2 * V * <usize>i + l)
  for (let k = 0; k < n; k++) {
    const t = lastTick(m, p, i, 0, l) - <f64>(n - 1 - k) * period
    store<f32>(timeOf(buf, n, k) + l, <f32>(ceil(t / h - SLACK_STEP) * h))
  }
}

/**
 * Take the present reading in the worlds where it is due (mju_historyInsert): where there is no interval, in every step. The
 * cursor stays, because four worlds share it on the CPU, and samples move.
 */
export function intervalInsert(m: usize, p: usize, d: usize, i: i32, buf: usize, fresh: usize, alive: v128, tmp: usize): void {
  const n = i32at(f.sensor_history(m), 2 * i), dim = i32at(f.sensor_dim(m), i)
  v128.store(tmp, alive)
  for (let l: usize = 0; l < 16; l += 4) {
    const spaced = lane(f.sensor_interval(m, p) + 2 * V * <usize>i + l) > 0
    if (spaced) {
      if (!load<i32>(tmp + l) || !due(m, p, d, i, buf, l)) continue
      const ticks = load<f32>(buf + l)
      if (ticks == 0) begin(m, p, i, buf, n, l)
      store<f32>(buf + l, ticks + 1)
    }
    for (let k = 0; k < n - 1; k++) {
      store<f32>(timeOf(buf, n, k) + l, load<f32>(timeOf(buf, n, k + 1) + l))
      for (let e = 0; e < dim; e++) store<f32>(sample(buf, n, dim, k, e) + l, load<f32>(sample(buf, n, dim, k + 1, e) + l))
    }
    store<f32>(timeOf(buf, n, n - 1) + l, <f32>now(m, d, l))
    for (let e = 0; e < dim; e++) store<f32>(sample(buf, n, dim, n - 1, e) + l, load<f32>(at(fresh, e) + l))
  }
}
