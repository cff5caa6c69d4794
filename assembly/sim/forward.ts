import { add, and, ld, mad, mul, or, sel, splat, st } from '../math/v4'
import * as f from '../shared/fields'
import { fwdActuation } from './actuation'
import { rne } from './bias'
import { collision, overflow } from './collision/driver'
import { countRows, makeConstraint } from './constraint'
import { frames } from './frames'
import { geomFrames } from './geoms'
import { coriolis } from './implicit'
import { copyM, crb, factorSolve } from './inertia'
import { advance, implicitAcceleration, integratePos, sane } from './integrate'
import { comPos, kinematics } from './kinematics'
import { passive } from './passive'
import { planarForces } from './planar'
import { needAcceleration, sensors } from './sensor'
import { solCG } from './cg'
import { solPGS } from './pgs'
import { needsSmooth, solNewton, startPoint } from './solve'
import { at, INT_RK4, SOL_CG, SOL_PGS } from './types'
import { tendon, tendonArmature } from './tendon'
import { transmission, usesTransmission } from './transmission'
import { applyXfrc } from './wrench'

/**
 * Quantities that are not kept, recomputed from the snapshot of the last forward or step; state and results stay as
 * they are. qfrc_actuator is the kept one: activations have moved on since.
 */
export function derive(m: usize, p: usize, d: usize, s: usize): void {
  swapSnapshot(m, d)
  inertiaAndBias(m, p, d, s)
  passive(m, p, d, s)
  transmission(m, p, d, s)
  sumSmooth(m, p, d, s)
  smoothAcceleration(m, s)
  if (f.planar(m)) {
    // motion of the links in space, which the recursion in the plane has not
    kinematics(m, p, d, s)
    comPos(m, p, s)
    rne(m, p, d, s)
  }
  geomFrames(m, p, s, true)
  frames(m, p, d, s)
  swapSnapshot(m, d)
}

/** contact records of the last forward or step, made again in scratch; the world fields stay as they are */
export function contacts(m: usize, p: usize, d: usize, s: usize): void {
  const kept = ld(f.ncon(m, d))
  swapSnapshot(m, d)
  kinematics(m, p, d, s)
  geomFrames(m, p, s, false)
  collision(m, p, d, s, i32x4.splat(-1))
  swapSnapshot(m, d)
  st(f.ncon(m, d), kept)
}

/** exchange the state with the snapshot */
export function swapSnapshot(m: usize, d: usize): void {
  const q = f.nq(m), v = f.nv(m)
  for (let i = 0; i < q; i++) swap(at(f.qpos(m, d), i), at(f.qpos_prev(m, d), i))
  for (let i = 0; i < v; i++) swap(at(f.qvel(m, d), i), at(f.qvel_prev(m, d), i))
}

// @ts-ignore: decorator
@inline export function swap(a: usize, b: usize): void {
  const x = ld(a)
  st(a, ld(b))
  st(b, x)
}

/** qfrc_smooth = qfrc_passive - qfrc_bias + qfrc_applied + qfrc_actuator, and xfrc_applied in joint space */
function sumSmooth(m: usize, p: usize, d: usize, s: usize): void {
  const nv = f.nv(m)
  const out = f.qfrc_smooth(m, s), bias = f.qfrc_bias(m, s), pas = f.qfrc_passive(m, s)
  const applied = f.qfrc_applied(m, d), act = f.qfrc_actuator(m, d)
  for (let i = 0; i < nv; i++) {
    st(at(out, i), add(add(f32x4.sub(ld(at(pas, i)), ld(at(bias, i))), ld(at(applied, i))), ld(at(act, i))))
  }
  if (f.xfrc(m)) applyXfrc(m, p, d, s, out)
}

/** poses, M, biases, tendons */
export function inertiaAndBias(m: usize, p: usize, d: usize, s: usize): void {
  if (f.planar(m)) planarForces(m, p, d, s)
  else {
    kinematics(m, p, d, s)
    comPos(m, p, s)
    rne(m, p, d, s)
    if (f.nlu(m) > 0) coriolis(m, s)
    crb(m, p, s)
  }
  if (f.ntendon(m) > 0) tendon(m, p, d, s)
  if (f.tenarmature(m)) tendonArmature(m, p, s)
}

/** M, biases and all smooth forces of the present state */
export function smoothForces(m: usize, p: usize, d: usize, s: usize, substep: f32): void {
  inertiaAndBias(m, p, d, s)
  passive(m, p, d, s)
  if (usesTransmission(m)) transmission(m, p, d, s)
  fwdActuation(m, p, d, s, substep)
  sumSmooth(m, p, d, s)
}

/** qacc_smooth = M^-1 qfrc_smooth (mj_fwdAcceleration) */
function smoothAcceleration(m: usize, s: usize): void {
  const nv = f.nv(m)
  const H = f.qH(m, s), x = f.qacc_smooth(m, s)
  copyM(m, f.qM(m, s), H)
  for (let i = 0; i < nv; i++) st(at(x, i), ld(at(f.qfrc_smooth(m, s), i)))
  factorSolve(nv, H, x, f.M_rownnz(m), f.M_rowadr(m), f.M_colind(m))
}

/**
 * Collisions, constraint rows, constraint forces; qacc of the worlds that have rows.
 *   returns their mask. Worlds that have more contacts than room are marked, and get no further.
 */
export function constrain(m: usize, p: usize, d: usize, s: usize): v128 {
  const nv = f.nv(m)
  let alive = living(m, d)
  if (f.ncand(m) > 0) {
    geomFrames(m, p, s, false)
    collision(m, p, d, s, alive)
    const over = and(alive, overflow(m, d))
    if (v128.any_true(over)) {
      mark(m, d, over, f.STATUS_CONTACTS)
      alive = v128.andnot(alive, over)
    }
  }
  const has = and(alive, makeConstraint(m, p, d, s))
  if (v128.any_true(has)) {
    if (needsSmooth(m)) smoothAcceleration(m, s)
    startPoint(m, d, s)
    const solver = load<i32>(f.opt_solver(m))
    const over = solver == SOL_PGS ? solPGS(m, d, s, has) : solver == SOL_CG ? solCG(m, d, s, has) : solNewton(m, d, s, has)
    if (v128.any_true(over)) mark(m, d, over, f.STATUS_SOLVER)
  } else {
    const qfrc = f.qfrc_constraint(m, d)
    for (let i = 0; i < nv; i++) st(at(qfrc, i), splat(0))
    st(f.solver_niter(m, d), splat(0))
  }
  return has
}

/** set a status bit; bits are kept as integers of a float */
function mark(m: usize, d: usize, mask: v128, bit: i32): void {
  const p = f.status(m, d)
  const old = i32x4.trunc_sat_f32x4_s(ld(p))
  st(p, f32x4.convert_i32x4_s(or(old, and(mask, i32x4.splat(bit)))))
}

/** worlds that have not diverged, and had room for their contacts */
// @ts-ignore: decorator
@inline export function living(m: usize, d: usize): v128 {
  const bits = i32x4.trunc_sat_f32x4_s(ld(f.status(m, d)))
  return i32x4.eq(and(bits, i32x4.splat(f.STATUS_BADSTATE | f.STATUS_CONTACTS)), i32x4.splat(0))
}

/** keep the state that derived quantities belong to */
function snapshot(m: usize, d: usize): void {
  const q = f.nq(m), v = f.nv(m)
  for (let i = 0; i < q; i++) st(at(f.qpos_prev(m, d), i), ld(at(f.qpos(m, d), i)))
  for (let i = 0; i < v; i++) st(at(f.qvel_prev(m, d), i), ld(at(f.qvel(m, d), i)))
}

/** qacc of every world: the solver's where there are rows, M^-1 qfrc_smooth in the others */
function acceleration(m: usize, d: usize, s: usize, has: v128): void {
  if (i32x4.all_true(has)) return
  smoothAcceleration(m, s)
  const nv = f.nv(m), qacc = f.qacc(m, d), x = f.qacc_smooth(m, s)
  for (let i = 0; i < nv; i++) st(at(qacc, i), sel(has, ld(at(qacc, i)), ld(at(x, i))))
}

/**
 * Everything mj_forward computes: accelerations, forces, sensors.
 *   source  MuJoCo engine_forward.c, mj_forward
 */
export function forward(m: usize, p: usize, d: usize, s: usize): void {
  snapshot(m, d)
  smoothForces(m, p, d, s, 0)
  acceleration(m, d, s, constrain(m, p, d, s))
  countRows(m, d, s)
  st(f.constrained(m, d), i32x4.splat(-1))
  const ok = sane(m, d, f.qacc(m, d))
  if (!i32x4.all_true(ok)) mark(m, d, v128.not(ok), f.STATUS_BADSTATE)
  sensors(m, p, d, s, living(m, d))
}

/**
 * One timestep (mj_step).
 *   last   somebody may look at derived quantities afterwards: keep the state they belong to
 *   full   qacc of worlds without constraint rows now; otherwise it is derived when asked for
 */
export function step(m: usize, p: usize, d: usize, s: usize, last: bool, full: bool): void {
  if (load<i32>(f.opt_integrator(m)) == INT_RK4) {
    rungeKutta(m, p, d, s, last)
    return
  }
  const nv = f.nv(m)
  if (last) snapshot(m, d)
  smoothForces(m, p, d, s, 0)
  const has = constrain(m, p, d, s)
  const whole = full || needAcceleration(m)
  if (whole) acceleration(m, d, s, has)
  if (last) countRows(m, d, s)
  if (last) st(f.constrained(m, d), whole ? i32x4.splat(-1) : has)
  if (f.nsensor(m) > 0) sensors(m, p, d, s, living(m, d))

  implicitAcceleration(m, p, d, s, has)
  const x = f.qacc_int(m, s), warm = f.qacc_warmstart(m, d), qacc = f.qacc(m, d)
  const ok = sane(m, d, x)
  const alive = and(living(m, d), ok)
  if (!i32x4.all_true(ok)) mark(m, d, v128.not(ok), f.STATUS_BADSTATE)
  advance(m, p, d, s, f.act_dot(m, d), x, 0, alive)
  for (let i = 0; i < nv; i++) st(at(warm, i), sel(alive, sel(has, ld(at(qacc, i)), ld(at(x, i))), ld(at(warm, i))))
}

/**
 * One classical Runge-Kutta step of order 4 (mj_RungeKutta): four forwards, positions composed on the manifold.
 */
function rungeKutta(m: usize, p: usize, d: usize, s: usize, last: bool): void {
  const nq = f.nq(m), nv = f.nv(m), na = f.na(m)
  const qpos = f.qpos(m, d), qvel = f.qvel(m, d), act = f.act(m, d), qacc = f.qacc(m, d), act_dot = f.act_dot(m, d)
  const q0 = f.rk_qpos(m, s), v0 = f.rk_qvel(m, s), a0 = f.rk_act(m, s), w0 = f.rk_warm(m, s)
  const warm = f.qacc_warmstart(m, d)
  const dx = f.rk_dx(m, s), dv = f.rk_dv(m, s), da = f.rk_da(m, s)
  const h = ld(f.opt_timestep(m, p))
  const all = i32x4.splat(-1)
  if (last) snapshot(m, d)
  st(f.constrained(m, d), i32x4.splat(-1))

  for (let i = 0; i < nq; i++) st(at(q0, i), ld(at(qpos, i)))
  for (let i = 0; i < nv; i++) st(at(v0, i), ld(at(qvel, i)))
  for (let i = 0; i < na; i++) st(at(a0, i), ld(at(act, i)))
  for (let i = 0; i < nv; i++) st(at(w0, i), ld(at(warm, i)))

  for (let k = 0; k < 4; k++) {
    const c: f32 = k == 0 ? 0 : k == 3 ? 1 : 0.5
    const weight: f32 = k == 0 || k == 3 ? 1.0 / 6.0 : 1.0 / 3.0
    if (k > 0) {
      // state at c h with the derivatives of the stage before
      const ch = mul(splat(c), h)
      for (let i = 0; i < nq; i++) st(at(qpos, i), ld(at(q0, i)))
      integratePos(m, s, qpos, qvel, ch, all)
      for (let i = 0; i < nv; i++) st(at(qvel, i), mad(ch, ld(at(qacc, i)), ld(at(v0, i))))
      for (let i = 0; i < na; i++) st(at(act, i), mad(ch, ld(at(act_dot, i)), ld(at(a0, i))))
    }
    smoothForces(m, p, d, s, c)
    acceleration(m, d, s, constrain(m, p, d, s))
    if (last && k == 0) countRows(m, d, s)
    // the next stage's solver starts from this one's answer
    for (let i = 0; i < nv; i++) st(at(warm, i), ld(at(qacc, i)))
    if (k == 0 && f.nsensor(m) > 0) sensors(m, p, d, s, living(m, d))
    const w = splat(weight)
    for (let i = 0; i < nv; i++) {
      st(at(dx, i), k == 0 ? mul(w, ld(at(qvel, i))) : mad(w, ld(at(qvel, i)), ld(at(dx, i))))
      st(at(dv, i), k == 0 ? mul(w, ld(at(qacc, i))) : mad(w, ld(at(qacc, i)), ld(at(dv, i))))
    }
    for (let i = 0; i < na; i++) st(at(da, i), k == 0 ? mul(w, ld(at(act_dot, i))) : mad(w, ld(at(act_dot, i)), ld(at(da, i))))
  }

  for (let i = 0; i < nq; i++) st(at(qpos, i), ld(at(q0, i)))
  for (let i = 0; i < nv; i++) st(at(qvel, i), ld(at(v0, i)))
  for (let i = 0; i < na; i++) st(at(act, i), ld(at(a0, i)))
  const ok = sane(m, d, dv)
  const alive = and(living(m, d), ok)
  if (!i32x4.all_true(ok)) mark(m, d, v128.not(ok), f.STATUS_BADSTATE)
  advance(m, p, d, s, da, dv, dx, alive)
  for (let i = 0; i < nv; i++) st(at(warm, i), sel(alive, ld(at(warm, i)), ld(at(w0, i))))
}
