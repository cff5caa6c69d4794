// import { i32at, lane, ld, notfinite, par, setpar, st } from '../math/v4'
// import { normals4 } from '../math/philox'
// import { asked, lde, ldei, setResult, ste, stei, tab, tabi } from '../shared/buffers'
// import { rne } from '../sim/bias'
// import { forward, step } from '../sim/forward'
// import { frames } from '../sim/frames'
// import { geomFrames } from '../sim/geoms'
// import { comPos, kinematics } from '../sim/kinematics'
// import { setConst } from '../sim/setconst'
// import { contactForces } from './contact'
// import { words } from './expression'
// import { makeMember } from './member'
// import { networkBuffer } from './network'
// import { network } from './policy'
// import { ACTION, actSegment, COMMAND, CONTROL, DELAYED, dynamicsSegment, initSegment, METRIC, NIO, OBSERVATION, observeSegment } from './task'
// import { resetSegment, rewardSegment, substepSegment, TERM, TERMINATED, updateSegment } from './task'

// Whole episodes of a world: observation, policy, commands, timesteps, reward, without returning to the host. World w takes
// episodes w, w + nworld and so on. An episode is a function of the record and its own row alone, so results do not depend on
// how many worlds there are or how the steps are cut into dispatches.

/** a hold interval shorter than this part of a timestep is rounding */
const SLIVER: f32 = 1e-4;

// Work memory of a world, in quantities: first what it is about, then what the task reads and writes, slots, ring, policy, sums.
/** env and generation (random-number words), then the episode (-1: none), and the next one */
const W_WHO: i32 = 0;
const W_EPISODE: i32 = 2;
const W_NEXT: i32 = 3;
/** control steps so far, return and what its sum lost to rounding */
const W_LENGTH: i32 = 4;
const W_RETURN: i32 = 5;
const W_LOST: i32 = 6;
const W_IO: i32 = 7;

fn slotsOf() -> i32 { return W_IO + NIO; }
fn ringOf() -> i32 { return slotsOf() + r_nslot; }
fn termsOf() -> i32 { return ringOf() + r_nring * r_ncommand; }
/** x (nobs), sums of it and of its square about the mean (2 nobs) */
fn obsOf() -> i32 { return termsOf() + r_nterm + r_nmetric; }
fn memoryOf() -> i32 { return obsOf() + 3 * r_nobs; }
fn bufferOf() -> i32 { return memoryOf() + r_nmemory; }
fn wideOf() -> i32 { return bufferOf() + networkBuffer(); }

/** poses and velocities of the present state that a program reads */
fn poses() {
  if ((r_needs & (TASK_NEED_VELOCITY | TASK_NEED_GEOMS)) != 0) {
    kinematics();
  }
  if ((r_needs & TASK_NEED_VELOCITY) != 0) {
    comPos();
    rne();
  }
  if ((r_needs & TASK_NEED_GEOMS) != 0) {
    geomFrames(true);
  }
  if ((r_needs & TASK_NEED_FRAMES) != 0) {
    frames();
  }
}

/** no episode is running, none has been finished */
fn start() {
  stei(W_EPISODE, -1);
  stei(W_NEXT, lane);
  O[asked(R_next) + lane] = 0u;
}

/** at most n control steps of the episode; a world without one stands still */
fn rolloutSteps(n: i32) {
  for (var k = 0; k < n && ldei(W_EPISODE) >= 0; k++) {
    beforeSteps();
    if (r_frameskip > 0) {
      for (var substep = 0; substep < r_frameskip; substep++) {
        beforeStep(substep);
        let full = (r_needs & TASK_NEED_ACCELERATION) != 0 && substep + 1 == r_frameskip;
        step(false, full);
      }
    }
    afterSteps();
  }
}

/** the part of a control step before its timesteps: observation, policy, commands */
fn beforeSteps() {
  if (ldei(W_EPISODE) < 0) { return; }
  // observation, then the action of the policy
  observeSegment();
  track(TRACK_OBSERVE);
  track(TRACK_STATE);
  act();
  actSegment();
  if (r_nring > 0) {
    push();
  } else {
    for (var i = 0; i < r_ncommand; i++) { ste(W_IO + DELAYED + i, lde(W_IO + COMMAND + i)); }
  }
}

/** the part of a control step before its timestep k */
fn beforeStep(k: i32) {
  if (ldei(W_EPISODE) < 0) { return; }
  if (r_nring > 0) {
    pull(k);
  }
  substepSegment();
  for (var i = 0; i < f_nu; i++) { st(f_ctrl + i, lde(W_IO + CONTROL + i)); }
}

/** the part of a control step after its timesteps: reward, and whether the episode ends */
fn afterSteps() {
  if (ldei(W_EPISODE) < 0) { return; }
  dynamicsSegment();
  // before the poses of the new state take the place of those the contacts were found in
  if ((r_needs & TASK_NEED_CONTACT_FORCES) != 0) {
    contactForces();
  }
  poses();
  rewardSegment();
  var sum = 0.0;
  let terms = termsOf();
  for (var i = 0; i < r_nterm; i++) {
    let x = lde(W_IO + TERM + i);
    sum += x;
    ste(terms + i, lde(terms + i) + x);
  }
  for (var i = 0; i < r_nmetric; i++) {
    let to = terms + r_nterm + i;
    ste(to, lde(to) + lde(W_IO + METRIC + i));
  }
  track(TRACK_REWARD);
  accumulate(sum);

  // ends
  let length = lde(W_LENGTH) + 1.0;
  ste(W_LENGTH, length);
  let over = lde(W_IO + TERMINATED) != 0.0;
  let bad = notfinite(sum);
  let status = i32(ld(f_status));
  let lost = (status & f_STATUS_BADSTATE) != 0;
  let crowded = (status & f_STATUS_CONTACTS) != 0;
  if (length >= f32(r_T) || over || bad || lost || crowded) {
    finish(over, bad, lost, crowded);
  } else {
    updateSegment();
    ste(slotsOf(), lde(slotsOf()) + 1.0);
  }
}

/** the return so far, with what its rounding lost (Kahan) */
fn accumulate(reward: f32) {
  let sum = lde(W_RETURN);
  let y = reward - lde(W_LOST);
  let t = sum + y;
  ste(W_LOST, (t - sum) - y);
  ste(W_RETURN, t);
}

/** A world without an episode takes the next one, if there is one. */
fn begin() {
  if (ldei(W_EPISODE) >= 0) { return; }
  let e = ldei(W_NEXT);
  if (e >= asked(R_nepisode)) {
    st(f_status, f32(f_STATUS_BADSTATE));
    return;
  }
  stei(W_EPISODE, e);
  stei(W_NEXT, e + i32(call.nworld));
  let row = asked(R_episodes) + 4 * e;
  stei(W_WHO, tabi(row + 1));
  stei(W_WHO + 1, tabi(row + 2));
  clear(W_LENGTH, 3);
  clear(slotsOf(), r_nslot);
  clear(termsOf(), r_nterm + r_nmetric);
  clear(obsOf(), 3 * r_nobs);
  clear(memoryOf(), r_nmemory);
  for (var i = 0; i < r_ninput; i++) { ste(slotsOf() + 1 + i, tab(asked(R_inputs) + e * r_ninput + i)); }
  makeMember(tabi(row), wideOf());
  // constants are made in the world's own state: before the first state is put there
  if (r_nvalue > 0) {
    let values = tabi(row + 3);
    if (values >= 0) {
      scatter(values);
      setConst();
    }
  }
  startState();
  if (r_fromparams > 0) {
    startFromParameters();
  }
  resetSegment();
  // results of the last timestep that an episode has not had yet are those of its first state
  if ((r_needs & TASK_NEED_RESULTS) != 0) {
    forward();
    if ((r_needs & TASK_NEED_CONTACT_FORCES) != 0) {
      contactForces();
    }
  }
  poses();
  initSegment();
}

fn clear(first: i32, n: i32) {
  for (var i = 0; i < n; i++) { ste(first + i, 0.0); }
}

/** physical parameters of a row of the table */
fn scatter(row: i32) {
  let values = asked(R_values) + row * r_nvalue;
  for (var i = 0; i < r_nvalue; i++) { setpar(tabi(r_valueof + i), tab(values + i)); }
}

/** the template's state */
fn startState() {
  for (var i = 0; i < f_dsize; i++) { W[i * i32(call.nlane) + lane] = T[r_template + i]; }
}

/** reference positions, and poses of mocap bodies, where they differ by world */
fn startFromParameters() {
  for (var i = 0; i < f_nq; i++) { st(f_qpos + i, par(f_qpos0 + i)); }
  for (var b = 0; b < f_nbody; b++) {
    let id = i32at(f_body_mocapid, b);
    if (id < 0) { continue; }
    for (var k = 0; k < 3; k++) { st(f_mocap_pos + 3 * id + k, par(f_body_pos + 3 * b + k)); }
    for (var k = 0; k < 4; k++) { st(f_mocap_quat + 4 * id + k, par(f_body_quat + 4 * b + k)); }
  }
}

/** normalised observation, network, noise: action. Sums of observations about the mean are kept on the way. */
fn act() {
  let x = obsOf();
  let sums = x + r_nobs;
  let squares = sums + r_nobs;
  let keep = asked(R_obsums) != 0;
  for (var i = 0; i < r_nobs; i++) {
    var v = lde(W_IO + OBSERVATION + i);
    if (r_mean != 0) {
      v -= tab(r_mean + i);
    }
    if (keep) {
      ste(sums + i, lde(sums + i) + v);
      ste(squares + i, v * v + lde(squares + i));
    }
    if (r_mean != 0) {
      v *= tab(r_scale + i);
      if (r_clip > 0.0) { v = max(min(v, r_clip), -r_clip); }
    }
    ste(x + i, v);
  }
  let action = network(x, wideOf(), memoryOf(), bufferOf());
  let to = W_IO + ACTION;
  for (var i = 0; i < r_nact; i++) { ste(to + i, lde(action + i)); }
  if (r_actionnoise == 0.0) { return; }
  for (var i = 0; i < r_nact; i += 4) {
    let z = normals4(words(u32(i >> 2u), u32(STREAM_ACTION)));
    for (var k = i; k < min(r_nact, i + 4); k++) { ste(to + k, r_actionnoise * z[k - i] + lde(to + k)); }
  }
}

/** row of the ring that holds the commands of a control step */
fn ringRow(t: i32) -> i32 { return ringOf() + (t % r_nring) * r_ncommand; }

/** commands of this control step into the ring; worlds stand at steps of their own */
fn push() {
  let row = ringRow(i32(lde(slotsOf())));
  for (var i = 0; i < r_ncommand; i++) { ste(row + i, lde(W_IO + COMMAND + i)); }
}

/**
 * Delayed commands of timestep k of this control step. A command is held until the next; one that changes within a
 * timestep is averaged over it, so that the motion is continuous in the delay (as in rollout/replay.ts). Before the first
 * command stands the first.
 */
fn pull(k: i32) {
  let frameskip = f32(r_frameskip);
  let inv = 1.0 / frameskip;
  let oldest = r_nring - 1;
  let t = i32(lde(slotsOf()));
  for (var i = 0; i < r_ncommand; i++) {
    let actuator = tabi(r_delayof + i);
    var delay = r_delay;
    if (r_delay <= 0.0 && actuator >= 0) { delay = par(f_actuator_delay + actuator); }
    var x = f32(k);
    if (delay > 0.0) { x -= delay / par(f_opt_timestep); }
    x *= inv;
    let whole = floor(x);
    let part = x - whole;
    let row = t + max(i32(whole), -oldest);
    let next = min(max(row + 1, 0), t);
    var weight = (part + inv - 1.0) * frameskip;
    if (weight < SLIVER) { weight = 0.0; }
    let a = lde(ringRow(max(row, 0)) + i);
    let b = lde(ringRow(next) + i);
    ste(W_IO + DELAYED + i, a + weight * (b - a));
  }
}

/** what is wanted of every step of an episode */
fn track(kind: i32) {
  let n = asked(R_ntrack);
  if (n == 0) { return; }
  let list = asked(R_track);
  let e = ldei(W_EPISODE);
  let t = i32(lde(W_LENGTH));
  for (var i = 0; i < n; i++) {
    if (tabi(list + 2 * i) != kind) { continue; }
    let index = tabi(list + 2 * i + 1);
    var x: f32;
    if (kind == TRACK_STATE) { x = ld(index); } else { x = lde(W_IO + index); }
    setResult(asked(R_trackout) + (e * r_T + t) * n + i, x);
  }
}

/** the results of an episode */
fn finish(over: bool, bad: bool, lost: bool, crowded: bool) {
  let e = ldei(W_EPISODE);
  let out = asked(R_out) + e * r_nout;
  let length = lde(W_LENGTH);
  var end = 0;
  if (over) { end |= END_TERMINATED; }
  if (i32(length) >= r_T) { end |= END_TRUNCATED; }
  if (bad) { end |= END_REWARD; }
  if (lost) { end |= END_STATE; }
  if (crowded) { end |= END_CONTACTS; }
  setResult(out + OUT_RETURN, lde(W_RETURN));
  setResult(out + OUT_LENGTH, length);
  setResult(out + OUT_END, f32(end));
  let terms = termsOf();
  for (var i = 0; i < r_nterm + r_nmetric; i++) { setResult(out + OUT_FIRST + i, lde(terms + i)); }
  let obsums = asked(R_obsums);
  if (obsums != 0) {
    let sums = obsOf() + r_nobs;
    for (var i = 0; i < 2 * r_nobs; i++) { setResult(obsums + 2 * e * r_nobs + i, lde(sums + i)); }
  }
  // the world is free; how many episodes it has finished is for the host
  stei(W_EPISODE, -1);
  O[asked(R_next) + lane] += 1u;
}
