// import { quatIntegrate } from '../math/rotation'
// import { normalize4 } from '../math/spatial'
// import { i32at, ld, ld3, ld4, notfinite, par, st, st4 } from '../math/v4'
// import { nextActivation, wrapSetpoint } from './actuation'
// import { addDamping, smoothDerivative } from './derivative'
// import { freeBodies, placeFreeBodies, solveUnsymmetric } from './implicit'
// import { factorSolve } from './inertia'
// import { advanceHistory } from './sensor'
// import { wrapPeriod } from './transmission'
// import { DSBL_ACTUATION, DSBL_DAMPER, DSBL_EULERDAMP, DYN_INTEGRATOR, INT_IMPLICIT, INT_IMPLICITFAST, INT_RK4, JNT_FREE } from './types'

/** a coordinate, velocity or acceleration beyond this has diverged (mjMAXVAL) */
const MAXVAL: f32 = 1e10;

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
fn implicitAcceleration(has: bool) {
  let H = f_qM;
  let x = f_qacc_int;
  let h = par(f_opt_timestep);

  if (f_opt_integrator < INT_IMPLICIT) {
    var plain = true;
    if ((f_opt_disableflags & (DSBL_DAMPER | DSBL_EULERDAMP)) == 0) {
      plain = undamped();
    }
    if (plain) {
      if (has) {
        for (var i = 0; i < f_nv; i++) { st(x + i, ld(f_qacc + i)); }
      } else {
        for (var i = 0; i < f_nv; i++) { st(x + i, ld(f_qfrc_smooth + i)); }
        factorSolve(f_nv, H, x, f_M_rownnz, f_M_rowadr, f_M_colind);
      }
      return;
    }
    addDamping(h, H);
  } else {
    smoothDerivative(h, H);
  }

  for (var i = 0; i < f_nv; i++) { st(x + i, ld(f_qfrc_smooth + i) + ld(f_qfrc_constraint + i)); }
  if (f_opt_integrator == INT_IMPLICIT) {
    solveUnsymmetric(0, f_nv, h, H, x);
  } else {
    if (f_opt_integrator == INT_IMPLICITFAST && f_nlu > 0) {
      freeBodies(h, H, x);
    }
    factorSolve(f_nv, H, x, f_M_rownnz, f_M_rowadr, f_M_colind);
    if (f_opt_integrator == INT_IMPLICITFAST && f_nlu > 0) {
      placeFreeBodies(x);
    }
  }
}

/** worlds none of whose dofs is damped: Euler has nothing to do implicitly */
fn undamped() -> bool {
  for (var i = 0; i < 3 * f_nv; i++) {
    if (par(f_dof_drag + i) != 0.0) { return false; }
  }
  return true;
}

/** qpos moved by qvel over h, on the manifold of unit quaternions (mj_integratePos) */
fn integratePos(qpos: i32, qvel: i32, h: f32, alive: bool) {
  if (!alive) { return; }
  for (var j = 0; j < f_njnt; j++) {
    let kind = i32at(f_jnt_type, j);
    var q = qpos + i32at(f_jnt_qposadr, j);
    var v = qvel + i32at(f_jnt_dofadr, j);
    if (f_JNT_FREE + f_JNT_BALL == 0 || kind >= 2) {
      st(q, h * ld(v) + ld(q));
      continue;
    }
    if (f_JNT_FREE > 0 && kind == JNT_FREE) {
      for (var i = 0; i < 3; i++) { st(q + i, h * ld(v + i) + ld(q + i)); }
      q += 3;
      v += 3;
    }
    // MuJoCo normalizes before and after; a drift of rounding size is all that comes in
    st4(q, normalize4(quatIntegrate(normalize4(ld4(q)), ld3(v), h)));
  }
}

/** mask of worlds whose state and acceleration are finite and small enough (mj_checkPos, mj_checkVel, mj_checkAcc) */
fn sane(qacc: i32) -> bool {
  // NaN must not lose a comparison: any NaN makes the sum NaN
  var size = 0.0;
  if (f_scalar != 0) {
    for (var i = 0; i < f_nv; i++) { size += abs(ld(f_qpos + i)) + (abs(ld(f_qvel + i)) + abs(ld(qacc + i))); }
  } else {
    for (var i = 0; i < f_nq; i++) { size += abs(ld(f_qpos + i)); }
    for (var i = 0; i < f_nv; i++) { size += abs(ld(f_qvel + i)) + abs(ld(qacc + i)); }
  }
  return !notfinite(size) && size <= MAXVAL;
}

/** velocities, then positions of joints of any type */
fn advanceJoints(qacc: i32, qvel: i32, h: f32, alive: bool) {
  if (!alive) { return; }
  for (var i = 0; i < f_nv; i++) { st(f_qvel + i, h * ld(qacc + i) + ld(f_qvel + i)); }
  integratePos(f_qpos, select(f_qvel, qvel, qvel >= 0), h, alive);
}

/**
 * Advance activations, velocities, positions and time; worlds outside `alive` stand still.
 *   act_dot, qacc, qvel  derivatives to apply; no qvel: the new velocity (semi-implicit)
 *   source  MuJoCo engine_forward.c, mj_advance
 */
fn advance(act_dot: i32, qacc: i32, qvel: i32, alive: bool) {
  let h = par(f_opt_timestep);
  advanceHistory(alive);

  if (f_na > 0 && (f_opt_disableflags & DSBL_ACTUATION) == 0) {
    for (var i = 0; i < f_nactuator; i++) {
      let first = i32at(f_actuator_actadr, i);
      let num = i32at(f_actuator_actnum, i);
      if (!alive || ld(f_actuator_enable + i) == 0.0) { continue; }
      for (var a = first; a < first + num; a++) { st(f_act + a, nextActivation(i, a, ld(act_dot + a))); }
      // a setpoint on a circle stays the representative nearest the length
      if (i32at(f_actuator_dyntype, i) == DYN_INTEGRATOR) {
        let a = f_act + first + num - 1;
        st(a, wrapSetpoint(ld(a), ld(f_actuator_length + i), wrapPeriod(i)));
      }
    }
  }

  // Runge-Kutta alone gives qvel
  if (f_scalar != 0 && f_opt_integrator != INT_RK4) {
    // slides and hinges only: a coordinate and its velocity share their index
    if (alive) {
      for (var i = 0; i < f_nv; i++) {
        let vi = h * ld(qacc + i) + ld(f_qvel + i);
        st(f_qvel + i, vi);
        st(f_qpos + i, h * vi + ld(f_qpos + i));
      }
    }
  } else {
    advanceJoints(qacc, qvel, h, alive);
  }

  // time by compensated summation: a million steps of 1 ms still end at 1000 s
  let y = select(0.0, h, alive) - ld(f_time_carry);
  let t = ld(f_time) + y;
  st(f_time_carry, opaque(t - ld(f_time)) - y);
  st(f_time, t);
}

/** x, in a way that no compiler looks through: of (t - time) - y it may otherwise make 0 */
fn opaque(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ (call.nlane >> 31u)); }
