/**
 * Sensors that sample at intervals of their own. Their history has MuJoCo's times, and worlds insert when each is due.
 *
 *   layout   [ticks so far, cursor, n times, n * dim values]; the newest sample stays at the cursor, the others move.
 *            MuJoCo keeps the time of the last tick in the first place; a count does not gather rounding.
 *   source   MuJoCo engine_sensor.c, compute_or_read_sensor; engine_forward.c, mj_advance; engine_util_misc.c, mju_history*
 */

// import { ld, st, par, i32at } from '../../math/v4'

/**
 * a tick that falls on a timestep is due there, whatever the rounding of the two: part of a timestep, and of the time.
 * The CPU takes 2e-7 of the time, for the rounding of timestep and interval; here products and sums of times are single
 * precision too, and round by a unit in the last place (6e-8) each: ticks * period, + phase, + period, the time itself
 */
const SLACK_STEP: f32 = 1e-3;
const SLACK_TIME: f32 = 5e-7;

/** the worlds in which sensor i has an interval */
fn intervals(i: i32) -> bool {
  if (i32at(f_sensor_history, 2 * i) == 0) { return false; }
  return par(f_sensor_interval + 2 * i) > 0.0;
}

/** time of the step */
fn now() -> f32 { return ld(f_time) - ld(f_time_carry); }

/** time at which the tick before the next one was due */
fn lastTick(i: i32, ticks: f32) -> f32 {
  let interval = f_sensor_interval + 2 * i;
  let period = par(interval);
  let phase = par(interval + 1);
  return select(phase, -period, phase == 0.0) + ticks * period;
}

fn slack(t: f32) -> f32 { return SLACK_STEP * par(f_opt_timestep) + SLACK_TIME * abs(t); }

/** is a new sample due */
fn due(i: i32, buf: i32) -> bool {
  let period = par(f_sensor_interval + 2 * i);
  let t = now();
  return lastTick(i, ld(buf)) + period <= t + slack(t);
}

/** place in the ring of sample k, oldest first */
fn slot(buf: i32, n: i32, k: i32) -> i32 { return (i32(ld(buf + 1)) + 1 + k) % n; }

/** component e of sample k of a world, and its time */
fn sample(buf: i32, n: i32, dim: i32, k: i32, e: i32) -> i32 { return buf + 2 + n + slot(buf, n, k) * dim + e; }
fn timeOf(buf: i32, n: i32, k: i32) -> i32 { return buf + 2 + slot(buf, n, k); }

/** sample at time t (mju_historyRead): 0 holds the last one, 1 is linear, 2 a cubic through finite differences */
fn readAt(buf: i32, n: i32, dim: i32, t: f32, interp: i32, eps: f32, out: i32) {
  var i = 0;
  // time of sample i, and of the one before
  var t1 = 0.0;
  var t0 = 0.0;
  while (i < n) {
    t1 = ld(timeOf(buf, n, i));
    if (!(t1 < t - eps)) { break; }
    t0 = t1;
    i++;
  }
  // outside the samples, and on one of them
  let near = min(i, n - 1);
  let exact = i == 0 || i == n || abs(t - t1) <= eps;
  if (exact || interp == 0) {
    let k = select(i - 1, near, exact);
    for (var e = 0; e < dim; e++) { st(out + e, ld(sample(buf, n, dim, k, e))); }
    return;
  }
  let dt = t1 - t0;
  let a = (t - t0) / dt;
  let a2 = a * a;
  let a3 = a2 * a;
  for (var e = 0; e < dim; e++) {
    let x0 = ld(sample(buf, n, dim, i - 1, e));
    let x1 = ld(sample(buf, n, dim, i, e));
    var x = x0 + a * (x1 - x0);
    if (interp == 2) {
      var m0 = 0.0;
      if (i > 1) { m0 = (x1 - ld(sample(buf, n, dim, i - 2, e))) / (t1 - ld(timeOf(buf, n, i - 2))); }
      var m1 = 0.0;
      if (i < n - 1) { m1 = (ld(sample(buf, n, dim, i + 1, e)) - x0) / (ld(timeOf(buf, n, i + 1)) - t0); }
      x = (2.0 * a3 - 3.0 * a2 + 1.0) * x0 + (a3 - 2.0 * a2 + a) * dt * m0 + (3.0 * a2 - 2.0 * a3) * x1 + (a3 - a2) * dt * m1;
    }
    st(out + e, x);
  }
}

/**
 * What a sensor with an interval shows: a delayed sample, the last one, or when a new one is due the present reading.
 *   in      fresh (dim): the present reading
 *   out     (dim) of the worlds in which the sensor has an interval; of others nothing that counts
 */
fn intervalRead(i: i32, buf: i32, fresh: i32, out: i32) {
  let n = i32at(f_sensor_history, 2 * i);
  let interp = i32at(f_sensor_history, 2 * i + 1);
  let dim = i32at(f_sensor_dim, i);
  let delay = par(f_sensor_delay + i);
  let t = now();
  if (!(delay > 0.0) && due(i, buf)) {
    for (var e = 0; e < dim; e++) { st(out + e, ld(fresh + e)); }
  } else {
    readAt(buf, n, dim, t - max(delay, 0.0), interp, slack(t), out);
  }
}

/** times before the first tick, on the grid of timesteps: where the zeros of an empty history stand (mj_resetData) */
fn begin(i: i32, buf: i32, n: i32) {
  let h = par(f_opt_timestep);
  let period = par(f_sensor_interval + 2 * i);
  for (var k = 0; k < n; k++) {
    let t = lastTick(i, 0.0) - f32(n - 1 - k) * period;
    st(timeOf(buf, n, k), ceil(t / h - SLACK_STEP) * h);
  }
}

/**
 * Take the present reading in the worlds where it is due (mju_historyInsert): where there is no interval, in every step. The
 * cursor stays, because four worlds share it on the CPU, and samples move.
 */
fn intervalInsert(i: i32, buf: i32, fresh: i32, alive: bool) {
  let n = i32at(f_sensor_history, 2 * i);
  let dim = i32at(f_sensor_dim, i);
  let spaced = par(f_sensor_interval + 2 * i) > 0.0;
  if (spaced) {
    if (!alive || !due(i, buf)) { return; }
    let ticks = ld(buf);
    if (ticks == 0.0) { begin(i, buf, n); }
    st(buf, ticks + 1.0);
  }
  for (var k = 0; k < n - 1; k++) {
    st(timeOf(buf, n, k), ld(timeOf(buf, n, k + 1)));
    for (var e = 0; e < dim; e++) { st(sample(buf, n, dim, k, e), ld(sample(buf, n, dim, k + 1, e))); }
  }
  st(timeOf(buf, n, n - 1), now());
  for (var e = 0; e < dim; e++) { st(sample(buf, n, dim, n - 1, e), ld(fresh + e)); }
}
