/**
 * Whole episodes of a block: observation, policy, commands, timesteps, reward, without returning to the host. A lane whose
 * episode ends takes the next one of the list at once. An episode is a function of the record and its own row alone, so
 * results do not depend on lanes, blocks or threads.
 */
import { normals4 } from '../math/philox'
import { abs4, add, and, clip, ge, ld, mad, mul, ne, not, or, sel, splat, st, sub, V, zero } from '../math/v4'
import * as f from '../shared/fields'
import * as P from '../shared/program'
import { rne } from '../sim/bias'
import { forward, step } from '../sim/forward'
import { frames } from '../sim/frames'
import { geomFrames } from '../sim/geoms'
import { comPos, kinematics } from '../sim/kinematics'
import { setConst } from '../sim/setconst'
import { at, i32at } from '../sim/types'
import { contactForces } from './contact'
import { runSegment, words } from './expression'
import { makeMember } from './member'
import { network, networkBuffer } from './network'

/** a hold interval shorter than this part of a timestep is rounding */
const SLIVER: f32 = 1e-4

// Work memory of a block, in quantities: first what each lane is about, then registers, slots, ring, policy, sums.
/** env and generation of each lane (random-number words), then its episode (-1: none), member, row of parameters */
const W_WHO: usize = 0
const W_EPISODE: usize = 2 * V
/** control steps so far, return and what its sum lost to rounding */
const W_LENGTH: usize = 3 * V
const W_RETURN: usize = 4 * V
const W_LOST: usize = 5 * V
const W_TMP: usize = 6 * V
const W_REGS: usize = 38 * V

// @ts-ignore: decorator
@inline function slotsOf(r: usize, w: usize): usize { return w + W_REGS + V * <usize>P.nreg(r) }
// @ts-ignore: decorator
@inline function ringOf(r: usize, w: usize): usize { return slotsOf(r, w) + V * <usize>P.nslot(r) }
// @ts-ignore: decorator
@inline function termsOf(r: usize, w: usize): usize { return ringOf(r, w) + V * <usize>(P.nring(r) * P.ncommand(r)) }
/** x (nobs), sums of it and of its square about the mean (2 nobs) */
// @ts-ignore: decorator
@inline function obsOf(r: usize, w: usize): usize { return termsOf(r, w) + V * <usize>(P.nterm(r) + P.nmetric(r)) }
// @ts-ignore: decorator
@inline function memoryOf(r: usize, w: usize): usize { return obsOf(r, w) + 3 * V * <usize>P.nobs(r) }
// @ts-ignore: decorator
@inline function bufferOf(r: usize, w: usize): usize { return memoryOf(r, w) + V * <usize>P.nmemory(r) }
// @ts-ignore: decorator
@inline function wideOf(r: usize, w: usize): usize { return bufferOf(r, w) + V * <usize>networkBuffer(r) }

/** bytes of work memory of a block */
export function workBytes(r: usize): usize {
  return wideOf(r, 0) + (P.perturb(r) == P.PERTURB_NONE ? 0 : V * <usize>P.nwide(r))
}

/** the lanes whose bit of mask is set */
// @ts-ignore: decorator
@inline function laneMask(bits: i32): v128 {
  return i32x4.ne(v128.and(i32x4.splat(bits), i32x4(1, 2, 4, 8)), i32x4.splat(0))
}

/** poses and velocities of the present state that a program reads */
function poses(m: usize, p: usize, d: usize, s: usize, needs: i32): void {
  if (needs & (P.TASK_NEED_VELOCITY | P.TASK_NEED_GEOMS)) kinematics(m, p, d, s)
  if (needs & P.TASK_NEED_VELOCITY) {
    comPos(m, p, s)
    rne(m, p, d, s)
  }
  if (needs & P.TASK_NEED_GEOMS) geomFrames(m, p, s, true)
  if (needs & P.TASK_NEED_FRAMES) frames(m, p, d, s)
}

/**
 * Episodes of one block until the list is empty.
 *   r       rollout record (bindings/program.ts)
 *   w       work memory of the block
 *   spare   a block of state to work in
 */
export function rolloutBlock(m: usize, p: usize, d: usize, s: usize, spare: usize, r: usize, w: usize): void {
  const regs = w + W_REGS, slots = slotsOf(r, w), tmp = w + W_TMP
  const needs = P.needs(r), T = P.T(r), frameskip = P.frameskip(r)
  const nterm = P.nterm(r), nmetric = P.nmetric(r), terms = termsOf(r, w)
  memory.fill(w, 0, P.workbytes(r))
  for (let i = 0; i < P.nconst(r); i++) st(at(regs, i), v128.load32_splat(<usize>P.consts(r) + 4 * <usize>i))

  let idle = 15, fresh = begin(m, p, d, s, spare, r, w, 15)
  idle &= ~fresh
  while (idle != 15) {
    // observation, then the action of the policy
    runSegment(r, P.SEGMENT_OBSERVE, d, p, s, regs, slots, w + W_WHO, laneMask(15), tmp)
    track(r, d, w, P.TRACK_OBSERVE, idle)
    track(r, d, w, P.TRACK_STATE, idle)
    act(r, w, slots, tmp)
    runSegment(r, P.SEGMENT_ACT, d, p, s, regs, slots, w + W_WHO, laneMask(15), tmp)

    // timesteps
    if (P.nring(r) > 0) push(r, w, slots)
    else for (let i = 0; i < P.ncommand(r); i++) st(at(regs, P.delayedreg(r) + i), ld(at(regs, i32at(<usize>P.commandreg(r), i))))
    for (let k = 0; k < frameskip; k++) {
      if (P.nring(r) > 0) pull(m, p, r, w, slots, k)
      runSegment(r, P.SEGMENT_SUBSTEP, d, p, s, regs, slots, w + W_WHO, laneMask(15), tmp)
      for (let i = 0; i < f.nu(m); i++) {
        const from = i32at(<usize>P.controlreg(r), i)
        st(at(f.ctrl(m, d), i), from >= 0 ? ld(at(regs, from)) : zero())
      }
      step(m, p, d, s, false, k + 1 == frameskip && (needs & P.TASK_NEED_ACCELERATION) != 0)
    }

    // reward
    runSegment(r, P.SEGMENT_DYNAMICS, d, p, s, regs, slots, w + W_WHO, laneMask(15), tmp)
    // before the poses of the new state take the place of those the contacts were found in
    if (needs & P.TASK_NEED_CONTACT_FORCES) contactForces(m, s, laneMask(15), tmp)
    poses(m, p, d, s, needs)
    runSegment(r, P.SEGMENT_REWARD, d, p, s, regs, slots, w + W_WHO, laneMask(15), tmp)
    let reward = zero()
    for (let i = 0; i < nterm; i++) {
      const x = ld(at(regs, i32at(<usize>P.termreg(r), i)))
      reward = add(reward, x)
      st(at(terms, i), add(ld(at(terms, i)), x))
    }
    for (let i = 0; i < nmetric; i++) {
      const sum = at(terms, nterm + i)
      st(sum, add(ld(sum), ld(at(regs, i32at(<usize>P.metricreg(r), i)))))
    }
    track(r, d, w, P.TRACK_REWARD, idle)
    accumulate(w, reward)

    // ends
    const length = add(ld(w + W_LENGTH), splat(1))
    st(w + W_LENGTH, length)
    let ended = ge(length, splat(<f32>T))
    const over = P.donereg(r) < 0 ? zero() : ne(ld(at(regs, P.donereg(r))), zero())
    const bad = not(f32x4.lt(abs4(reward), splat(Infinity)))
    const status = i32x4.trunc_sat_f32x4_s(ld(f.status(m, d)))
    const lost = i32x4.ne(and(status, i32x4.splat(f.STATUS_BADSTATE)), i32x4.splat(0))
    const crowded = i32x4.ne(and(status, i32x4.splat(f.STATUS_CONTACTS)), i32x4.splat(0))
    ended = or(or(ended, over), or(bad, or(lost, crowded)))
    const done = i32x4.bitmask(ended) & ~idle
    if (done) {
      for (let lane = 0; lane < 4; lane++) {
        if (!((done >> lane) & 1)) continue
        finish(r, w, lane, T, i32x4.bitmask(over), i32x4.bitmask(bad), i32x4.bitmask(lost), i32x4.bitmask(crowded))
      }
    }
    runSegment(r, P.SEGMENT_UPDATE, d, p, s, regs, slots, w + W_WHO, laneMask(15 & ~done), tmp)
    st(slots, add(ld(slots), splat(1)))
    if (done) {
      fresh = begin(m, p, d, s, spare, r, w, done)
      idle |= done & ~fresh
    }
  }
}

/** the return so far, with what its rounding lost (Kahan) */
function accumulate(w: usize, reward: v128): void {
  const sum = ld(w + W_RETURN), y = sub(reward, ld(w + W_LOST)), t = add(sum, y)
  st(w + W_LOST, sub(sub(t, sum), y))
  st(w + W_RETURN, t)
}

/** A world without an episode takes the next one, if there is one. */
function begin(m: usize, p: usize, d: usize, s: usize, spare: usize, r: usize, w: usize, free: i32): i32 {
  // lanes of `free`; returns those that got an episode, others stand still
  const regs = w + W_REGS, slots = slotsOf(r, w), tmp = w + W_TMP
  let fresh = 0, changed = false
  for (let lane = 0; lane < 4; lane++) {
    if (!((free >> lane) & 1)) continue
    const o: usize = 4 * <usize>lane
    const e = atomic.add<i32>(r + P.NEXT_AT, 1)
    if (e >= P.nepisode(r)) {
      store<i32>(w + W_EPISODE + o, -1)
      store<f32>(f.status(m, d) + o, <f32>f.STATUS_BADSTATE)
      continue
    }
    fresh |= 1 << lane
    const row = <usize>P.episodes(r) + 16 * <usize>e
    store<i32>(w + W_EPISODE + o, e)
    store<i32>(w + W_WHO + o, load<i32>(row, 4))
    store<i32>(w + W_WHO + V + o, load<i32>(row, 8))
    clearLane(w + W_LENGTH, 3, o)
    clearLane(slots, P.nslot(r), o)
    clearLane(termsOf(r, w), P.nterm(r) + P.nmetric(r), o)
    clearLane(obsOf(r, w), 3 * P.nobs(r), o)
    clearLane(memoryOf(r, w), P.nmemory(r), o)
    for (let i = 0; i < P.ninput(r); i++) {
      store<f32>(slots + V * <usize>(1 + i) + o, load<f32>(<usize>P.inputs(r) + 4 * <usize>(e * P.ninput(r) + i)))
    }
    makeMember(r, load<i32>(row), lane, wideOf(r, w), tmp)
    const values = load<i32>(row, 12)
    if (values >= 0) {
      scatter(r, p, values, o)
      changed = true
    }
    startState(r, d, o)
  }
  if (changed) setConst(m, p, spare, s)
  if (!fresh) return 0
  if (P.fromparams(r)) startFromParameters(m, p, d, laneMask(fresh))
  const mask = laneMask(fresh), needs = P.needs(r)
  runSegment(r, P.SEGMENT_RESET, d, p, s, regs, slots, w + W_WHO, mask, tmp)
  // results of the last timestep that an episode has not had yet are those of its first state
  if (needs & P.TASK_NEED_RESULTS) {
    memory.copy(spare, d, P.dbytes(r))
    forward(m, p, spare, s)
    for (let a: usize = 0, end = <usize>P.dbytes(r); a < end; a += V) st(d + a, sel(mask, ld(spare + a), ld(d + a)))
    if (needs & P.TASK_NEED_CONTACT_FORCES) contactForces(m, s, mask, tmp)
  }
  poses(m, p, d, s, needs)
  runSegment(r, P.SEGMENT_INIT, d, p, s, regs, slots, w + W_WHO, mask, tmp)
  return fresh
}

// @ts-ignore: decorator
@inline function clearLane(from: usize, n: i32, o: usize): void {
  for (let i = 0; i < n; i++) store<f32>(from + V * <usize>i + o, 0)
}

/** physical parameters of a row of the table */
function scatter(r: usize, p: usize, row: i32, o: usize): void {
  const n = P.nvalue(r), places = <usize>P.valueof(r), values = <usize>P.values(r) + 4 * <usize>(row * n)
  for (let i = 0; i < n; i++) store<f32>(p + <usize>i32at(places, i) + o, load<f32>(values + 4 * <usize>i))
}

/** the template's state */
function startState(r: usize, d: usize, o: usize): void {
  // words that the worlds of a block share (cursors of histories) stay
  const from = <usize>P.template(r), n = P.nshared(r), shared = <usize>P.shared(r)
  let next = 0
  for (let a: usize = 0, end = <usize>P.dbytes(r); a < end; a += V) {
    if (next < n && <usize>i32at(shared, next) == a) {
      next++
      continue
    }
    store<f32>(d + a + o, load<f32>(from + a + o))
  }
}

/** reference positions, and poses of mocap bodies, where they differ by world */
function startFromParameters(m: usize, p: usize, d: usize, mask: v128): void {
  for (let i = 0; i < f.nq(m); i++) {
    const to = at(f.qpos(m, d), i)
    st(to, sel(mask, ld(at(f.qpos0(m, p), i)), ld(to)))
  }
  for (let b = 0; b < f.nbody(m); b++) {
    const id = i32at(f.body_mocapid(m), b)
    if (id < 0) continue
    for (let k = 0; k < 3; k++) {
      const to = at(f.mocap_pos(m, d), 3 * id + k)
      st(to, sel(mask, ld(at(f.body_pos(m, p), 3 * b + k)), ld(to)))
    }
    for (let k = 0; k < 4; k++) {
      const to = at(f.mocap_quat(m, d), 4 * id + k)
      st(to, sel(mask, ld(at(f.body_quat(m, p), 4 * b + k)), ld(to)))
    }
  }
}

/** normalised observation, network, noise: action. Sums of observations about the mean are kept on the way. */
function act(r: usize, w: usize, slots: usize, tmp: usize): void {
  const regs = w + W_REGS, n = P.nobs(r), nact = P.nact(r)
  const x = obsOf(r, w), sums = x + V * <usize>n, squares = sums + V * <usize>n
  const mean = <usize>P.mean(r), scale = <usize>P.scale(r), limit = reinterpret<f32>(P.clip(r))
  const hi = splat(limit), lo = splat(-limit), keep = P.obsums(r) != 0
  for (let i = 0; i < n; i++) {
    let v = ld(at(regs, i32at(<usize>P.obsreg(r), i)))
    const o: usize = V * <usize>i
    if (mean) v = sub(v, v128.load32_splat(mean + 4 * <usize>i))
    if (keep) {
      st(sums + o, add(ld(sums + o), v))
      st(squares + o, mad(v, v, ld(squares + o)))
    }
    if (mean) {
      v = mul(v, v128.load32_splat(scale + 4 * <usize>i))
      if (limit > 0) v = clip(v, lo, hi)
    }
    st(x + o, v)
  }
  const action = network(r, x, wideOf(r, w), memoryOf(r, w), bufferOf(r, w))
  const to = regs + V * <usize>P.actionreg(r), noise = reinterpret<f32>(P.actionnoise(r))
  for (let i = 0; i < nact; i++) st(at(to, i), ld(at(action, i)))
  if (noise == 0) return
  for (let i = 0; i < nact; i += 4) {
    words(r, i >> 2, P.STREAM_ACTION, slots, w + W_WHO, tmp)
    normals4(tmp, tmp + 4 * V)
    for (let k = i; k < min(nact, i + 4); k++) st(at(to, k), mad(splat(noise), ld(at(tmp, k - i)), ld(at(to, k))))
  }
}

/** row of the ring that holds the commands of a control step */
// @ts-ignore: decorator
@inline function ringRow(r: usize, w: usize, t: i32): usize {
  const n = P.nring(r)
  return ringOf(r, w) + V * <usize>((t % n) * P.ncommand(r))
}

/** commands of this control step into the ring; worlds stand at steps of their own */
function push(r: usize, w: usize, slots: usize): void {
  const n = P.ncommand(r), regs = w + W_REGS
  for (let lane = 0; lane < 4; lane++) {
    const o: usize = 4 * <usize>lane
    const row = ringRow(r, w, <i32>load<f32>(slots + o)) + o
    for (let i = 0; i < n; i++) store<f32>(row + V * <usize>i, load<f32>(at(regs, i32at(<usize>P.commandreg(r), i)) + o))
  }
}

/**
 * Delayed commands of timestep k of this control step. A command is held until the next; one that changes within a
 * timestep is averaged over it, so that the motion is continuous in the delay (as in rollout/replay.ts). Before the first
 * command stands the first.
 */
function pull(m: usize, p: usize, r: usize, w: usize, slots: usize, k: i32): void {
  const n = P.ncommand(r), regs = w + W_REGS, frameskip = <f32>P.frameskip(r), oldest = P.nring(r) - 1
  const inv: f32 = 1 / frameskip, same = reinterpret<f32>(P.delay(r))
  for (let i = 0; i < n; i++) {
    const actuator = i32at(<usize>P.delayof(r), i)
    for (let lane = 0; lane < 4; lane++) {
      const o: usize = 4 * <usize>lane, t = <i32>load<f32>(slots + o)
      let x: f32 = <f32>k
      const delay = same > 0 ? same : actuator >= 0 ? load<f32>(at(f.actuator_delay(m, p), actuator) + o) : 0
      if (delay > 0) x -= delay / load<f32>(f.opt_timestep(m, p) + o)
      x *= inv
      const whole = floor(x), part = x - whole
      let row = t + max(<i32>whole, -oldest), next = row + 1
      if (row < 0) row = 0
      if (next < 0) next = 0
      if (next > t) next = t
      let weight = (part + inv - 1) * frameskip
      if (weight < SLIVER) weight = 0
      const a = load<f32>(ringRow(r, w, row) + V * <usize>i + o), b = load<f32>(ringRow(r, w, next) + V * <usize>i + o)
      store<f32>(at(regs, P.delayedreg(r) + i) + o, a + weight * (b - a))
    }
  }
}

/** what is wanted of every step of an episode */
function track(r: usize, d: usize, w: usize, kind: i32, idle: i32): void {
  const n = P.ntrack(r)
  if (n == 0) return
  const list = <usize>P.track(r), regs = w + W_REGS
  for (let i = 0; i < n; i++) {
    if (i32at(list, 2 * i) != kind) continue
    const index = i32at(list, 2 * i + 1)
    const from = kind == P.TRACK_STATE ? d + <usize>index : at(regs, index)
    for (let lane = 0; lane < 4; lane++) {
      if ((idle >> lane) & 1) continue
      const o: usize = 4 * <usize>lane, e = load<i32>(w + W_EPISODE + o), t = <i32>load<f32>(w + W_LENGTH + o)
      store<f32>(<usize>P.trackout(r) + 4 * <usize>((e * P.T(r) + t) * n + i), load<f32>(from + o))
    }
  }
}

/** the results of an episode */
function finish(r: usize, w: usize, lane: i32, T: i32, over: i32, bad: i32, lost: i32, crowded: i32): void {
  const o: usize = 4 * <usize>lane, e = load<i32>(w + W_EPISODE + o), nout = P.nout(r)
  const out = <usize>P.out(r) + 4 * <usize>(e * nout)
  const length = load<f32>(w + W_LENGTH + o)
  let end = 0
  if ((over >> lane) & 1) end |= P.END_TERMINATED
  if (<i32>length >= T) end |= P.END_TRUNCATED
  if ((bad >> lane) & 1) end |= P.END_REWARD
  if ((lost >> lane) & 1) end |= P.END_STATE
  if ((crowded >> lane) & 1) end |= P.END_CONTACTS
  store<f32>(out + 4 * <usize>P.OUT_RETURN, load<f32>(w + W_RETURN + o))
  store<f32>(out + 4 * <usize>P.OUT_LENGTH, length)
  store<f32>(out + 4 * <usize>P.OUT_END, <f32>end)
  const n = P.nterm(r) + P.nmetric(r), terms = termsOf(r, w)
  for (let i = 0; i < n; i++) store<f32>(out + 4 * <usize>(P.OUT_FIRST + i), load<f32>(at(terms, i) + o))
  if (!P.obsums(r)) return
  const nobs = P.nobs(r), sums = obsOf(r, w) + V * <usize>nobs, to = <usize>P.obsums(r) + 8 * <usize>(e * nobs)
  for (let i = 0; i < 2 * nobs; i++) store<f32>(to + 4 * <usize>i, load<f32>(at(sums, i) + o))
}
