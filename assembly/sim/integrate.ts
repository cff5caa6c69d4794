import { quatIntegrate } from '../math/rotation'
import { normalize4 } from '../math/spatial'
import { abs4, add, and, ld, mad, ne, or, sel, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { nextActivation, wrapSetpoint } from './actuation'
import { addDamping, smoothDerivative } from './derivative'
import { freeBodies, placeFreeBodies, solveUnsymmetric } from './implicit'
import { factorSolve } from './inertia'
import { advanceHistory } from './sensor'
import { wrapPeriod } from './transmission'
import { at, DSBL_ACTUATION, DSBL_DAMPER, DSBL_EULERDAMP, DYN_INTEGRATOR, i32at, INT_IMPLICIT, INT_IMPLICITFAST, JNT_FREE } from './types'

/** a coordinate, velocity or acceleration beyond this has diverged (mjMAXVAL) */
const MAXVAL: f32 = 1e10

/**
 * The acceleration a step applies: (M + h B) x = qfrc_smooth + qfrc_constraint, B minus the derivative of damping (Euler),
 * of all velocity-dependent smooth forces but the bias (implicitfast; of bodies floating alone with it), of all (implicit).
 * Where nothing is implicit, in worlds without damping too, it is qacc.
 *   has     mask: worlds whose qacc is the solver's
 *   in-out  qM: nobody needs it after the step, so it is changed and factored where it is
 *   in      qfrc_smooth, qfrc_constraint, qvel, act_dvel, moment, lnk_coriolis
 *   out     qacc_int (nv)
 *   source  MuJoCo engine_forward.c, mj_EulerSkip, mj_implicitSkip
 */
export function implicitAcceleration(m: usize, p: usize, d: usize, s: usize, has: v128): void {
  const nv = f.nv(m)
  const H = f.qM(m, s), x = f.qacc_int(m, s)
  const smooth = f.qfrc_smooth(m, s), constraint = f.qfrc_constraint(m, d)
  const h = ld(f.opt_timestep(m, p))
  const disable = load<i32>(f.opt_disableflags(m)), integrator = load<i32>(f.opt_integrator(m))

  let explicit = i32x4.splat(0)
  if (integrator < INT_IMPLICIT) {
    explicit = disable & (DSBL_DAMPER | DSBL_EULERDAMP) ? i32x4.splat(-1) : undamped(m, p)
    if (i32x4.all_true(explicit)) {
      const qacc = f.qacc(m, d)
      if (!i32x4.all_true(has)) {
        for (let i = 0; i < nv; i++) st(at(x, i), ld(at(smooth, i)))
        factorSolve(nv, H, x, f.M_rownnz(m), f.M_rowadr(m), f.M_colind(m))
      }
      for (let i = 0; i < nv; i++) st(at(x, i), sel(has, ld(at(qacc, i)), ld(at(x, i))))
      return
    }
    addDamping(m, p, d, h, H)
  } else smoothDerivative(m, p, d, s, h, H)

  for (let i = 0; i < nv; i++) st(at(x, i), add(ld(at(smooth, i)), ld(at(constraint, i))))
  if (integrator == INT_IMPLICIT) {
    solveUnsymmetric(m, s, 0, nv, h, H, x)
    return
  }
  const alone = integrator == INT_IMPLICITFAST && f.nlu(m) > 0
  if (alone) freeBodies(m, s, h, H, x)
  factorSolve(nv, H, x, f.M_rownnz(m), f.M_rowadr(m), f.M_colind(m))
  if (alone) placeFreeBodies(m, s, x)
  // a solver that stopped early leaves forces that are not M qacc: the acceleration is its answer
  const given = and(has, explicit)
  if (!v128.any_true(given)) return
  const qacc = f.qacc(m, d)
  for (let i = 0; i < nv; i++) st(at(x, i), sel(given, ld(at(qacc, i)), ld(at(x, i))))
}

/** worlds none of whose dofs is damped: Euler has nothing to do implicitly */
function undamped(m: usize, p: usize): v128 {
  const drag = f.dof_drag(m, p), n = 3 * f.nv(m)
  let some = i32x4.splat(0)
  for (let i = 0; i < n; i++) some = or(some, ne(ld(at(drag, i)), splat(0)))
  return v128.not(some)
}

/** qpos moved by qvel over h, on the manifold of unit quaternions (mj_integratePos) */
export function integratePos(m: usize, s: usize, qpos: usize, qvel: usize, h: v128, alive: v128): void {
  const n = f.njnt(m), tmp = f.tmp(m, s)
  const types = f.jnt_type(m), qadr = f.jnt_qposadr(m), dadr = f.jnt_dofadr(m)
  for (let j = 0; j < n; j++) {
    const type = i32at(types, j)
    let q = at(qpos, i32at(qadr, j)), v = at(qvel, i32at(dadr, j))
    if (type >= 2) {
      st(q, sel(alive, mad(h, ld(v), ld(q)), ld(q)))
      continue
    }
    if (type == JNT_FREE) {
      for (let i: usize = 0; i < 3; i++) st(q + V * i, sel(alive, mad(h, ld(v + V * i), ld(q + V * i)), ld(q + V * i)))
      q += 3 * V
      v += 3 * V
    }
    // MuJoCo normalizes before and after; a drift of rounding size is all that comes in
    normalize4(tmp + 16 * V, q)
    quatIntegrate(tmp + 16 * V, v, h, tmp)
    normalize4(tmp + 16 * V, tmp + 16 * V)
    for (let i: usize = 0; i < 4; i++) st(q + V * i, sel(alive, ld(tmp + 16 * V + V * i), ld(q + V * i)))
  }
}

/** mask of worlds whose state and acceleration are finite and small enough (mj_checkPos, mj_checkVel, mj_checkAcc) */
export function sane(m: usize, d: usize, qacc: usize): v128 {
  const nv = f.nv(m), nq = f.nq(m)
  // NaN must not lose a comparison: any NaN makes the sum NaN
  let size = splat(0)
  if (f.scalar(m)) {
    for (let i = 0; i < nv; i++) size = add(size, add(abs4(ld(at(f.qpos(m, d), i))), add(abs4(ld(at(f.qvel(m, d), i))), abs4(ld(at(qacc, i))))))
    return f32x4.le(size, splat(MAXVAL))
  }
  for (let i = 0; i < nq; i++) size = add(size, abs4(ld(at(f.qpos(m, d), i))))
  for (let i = 0; i < nv; i++) size = add(size, add(abs4(ld(at(f.qvel(m, d), i))), abs4(ld(at(qacc, i)))))
  return f32x4.le(size, splat(MAXVAL))
}

/** velocities, then positions of joints of any type */
function advanceJoints(m: usize, d: usize, s: usize, qacc: usize, qvel: usize, h: v128, alive: v128): void {
  const nv = f.nv(m), v = f.qvel(m, d)
  for (let i = 0; i < nv; i++) {
    const vi = ld(at(v, i))
    st(at(v, i), sel(alive, mad(h, ld(at(qacc, i)), vi), vi))
  }
  integratePos(m, s, f.qpos(m, d), qvel ? qvel : v, h, alive)
}

/**
 * Advance activations, velocities, positions and time; worlds outside `alive` stand still.
 *   act_dot, qacc, qvel  derivatives to apply; no qvel: the new velocity (semi-implicit)
 *   source  MuJoCo engine_forward.c, mj_advance
 */
export function advance(m: usize, p: usize, d: usize, s: usize, act_dot: usize, qacc: usize, qvel: usize, alive: v128): void {
  const nv = f.nv(m)
  const h = ld(f.opt_timestep(m, p))
  advanceHistory(m, p, d, s, alive)

  if (f.na(m) > 0 && !(load<i32>(f.opt_disableflags(m)) & DSBL_ACTUATION)) {
    const act = f.act(m, d), n = f.nactuator(m)
    for (let i = 0; i < n; i++) {
      const first = i32at(f.actuator_actadr(m), i), num = i32at(f.actuator_actnum(m), i)
      const on = and(alive, ne(ld(at(f.actuator_enable(m, d), i)), splat(0)))
      for (let a = first; a < first + num; a++) {
        st(at(act, a), sel(on, nextActivation(m, p, d, s, i, a, ld(at(act_dot, a))), ld(at(act, a))))
      }
      // a setpoint on a circle stays the representative nearest the length
      if (i32at(f.actuator_dyntype(m), i) == DYN_INTEGRATOR) {
        const a = at(act, first + num - 1)
        st(a, sel(on, wrapSetpoint(ld(a), ld(at(f.actuator_length(m, s), i)), wrapPeriod(m, p, i)), ld(a)))
      }
    }
  }

  const v = f.qvel(m, d)
  if (!qvel && f.scalar(m)) {
    // slides and hinges only: a coordinate and its velocity share their index
    const q = f.qpos(m, d)
    const step = and(alive, h)
    for (let i = 0; i < nv; i++) {
      const vi = mad(step, and(alive, ld(at(qacc, i))), ld(at(v, i)))
      st(at(v, i), vi)
      st(at(q, i), mad(step, vi, ld(at(q, i))))
    }
  } else {
    advanceJoints(m, d, s, qacc, qvel, h, alive)
  }

  // time by compensated summation: a million steps of 1 ms still end at 1000 s
  const time = f.time(m, d), carry = f.time_carry(m, d)
  const y = sub(and(alive, h), ld(carry))
  const t = add(ld(time), y)
  st(carry, sub(sub(t, ld(time)), y))
  st(time, t)
}
