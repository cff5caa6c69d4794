// import { i32at, ld, ldmask, par, st, stmask } from '../math/v4'
// import { fwdActuation } from './actuation'
// import { rne } from './bias'
// import { solCG } from './cg'
// import { collision, overflow } from './collision/driver'
// import { countRows, makeConstraint } from './constraint'
// import { frames } from './frames'
// import { geomFrames } from './geoms'
// import { coriolis } from './implicit'
// import { copyM, crb, factorSolve } from './inertia'
// import { advance, implicitAcceleration, integratePos, sane } from './integrate'
// import { comPos, kinematics } from './kinematics'
// import { passive } from './passive'
// import { solPGS } from './pgs'
// import { planarForces } from './planar'
// import { needAcceleration, sensors } from './sensor'
// import { needsSmooth, solNewton, startPoint } from './solve'
// import { tendon, tendonArmature } from './tendon'
// import { transmission } from './transmission'
// import { DSBL_CONSTRAINT, INT_IMPLICIT, INT_RK4, SOL_CG, SOL_PGS } from './types'
// import { applyXfrc } from './wrench'

/** where tmp keeps between stages whether the world has constraint rows */
const HAS: i32 = 61;

/**
 * Quantities that are not kept, recomputed from the snapshot of the last forward or step; state and results stay as
 * they are. qfrc_actuator is the kept one: activations have moved on since.
 */
fn derive() {
  swapSnapshot();
  inertiaAndBias();
  passive();
  transmission();
  sumSmooth();
  smoothAcceleration();
  if (f_planar != 0) {
    // motion of the links in space, which the recursion in the plane has not
    kinematics();
    comPos();
    rne();
  }
  geomFrames(true);
  frames();
  swapSnapshot();
}

/** contact records of the last forward or step, made again in scratch; the world fields stay as they are */
fn contacts() {
  let kept = ld(f_ncon);
  swapSnapshot();
  kinematics();
  geomFrames(false);
  collision(true);
  swapSnapshot();
  st(f_ncon, kept);
}

/** exchange the state with the snapshot */
fn swapSnapshot() {
  for (var i = 0; i < f_nq; i++) { swap(f_qpos + i, f_qpos_prev + i); }
  for (var i = 0; i < f_nv; i++) { swap(f_qvel + i, f_qvel_prev + i); }
}

fn swap(a: i32, b: i32) {
  let x = ld(a);
  st(a, ld(b));
  st(b, x);
}

/** qfrc_smooth = qfrc_passive - qfrc_bias + qfrc_applied + qfrc_actuator, and xfrc_applied in joint space */
fn sumSmooth() {
  for (var i = 0; i < f_nv; i++) {
    st(f_qfrc_smooth + i, ld(f_qfrc_passive + i) - ld(f_qfrc_bias + i) + ld(f_qfrc_applied + i) + ld(f_qfrc_actuator + i));
  }
  if (f_xfrc != 0) {
    applyXfrc(f_qfrc_smooth);
  }
}

/** poses, M, biases, tendons */
fn inertiaAndBias() {
  if (f_planar != 0) {
    planarForces();
  } else {
    kinematics();
    comPos();
    rne();
    if (f_nlu > 0) {
      coriolis();
    }
    crb();
  }
  if (f_ntendon > 0) {
    tendon();
  }
  if (f_tenarmature != 0) {
    tendonArmature();
  }
}

/** M, biases and all smooth forces of the present state */
fn smoothForces(substep: f32) {
  inertiaAndBias();
  passive();
  // usesTransmission
  if (f_nsimple < f_nactuator || f_opt_integrator >= INT_IMPLICIT) {
    transmission();
  }
  fwdActuation(substep);
  sumSmooth();
}

/** qacc_smooth = M^-1 qfrc_smooth (mj_fwdAcceleration) */
fn smoothAcceleration() {
  copyM(f_qM, f_qH);
  for (var i = 0; i < f_nv; i++) { st(f_qacc_smooth + i, ld(f_qfrc_smooth + i)); }
  factorSolve(f_nv, f_qH, f_qacc_smooth, f_M_rownnz, f_M_rowadr, f_M_colind);
}

/**
 * Collisions, constraint rows, constraint forces; qacc of the worlds that have rows.
 *   returns their mask. Worlds that have more contacts than room are marked, and get no further.
 * gpu  whole: acceleration follows
 */
fn constrain(whole: bool) -> bool {
  findContacts();
  let has = makeRows();
  startRows(has, whole);
  solveRows(has);
  return has;
}

/** the first part of constrain: contacts; a world without room for them is no longer living */
fn findContacts() {
  if (f_ncand > 0) {
    let alive = living();
    geomFrames(false);
    collision(alive);
    if (alive && overflow()) { mark(f_STATUS_CONTACTS); }
  }
}

/** the second part of constrain: rows; returns whether the world has some */
fn makeRows() -> bool {
  // rows of a world that stands still are counted too
  let some = makeConstraint();
  return living() && some;
}

/**
 * The third part of constrain: where the solver begins. qacc_smooth is made here for acceleration in worlds without rows
 * too, because compilers copy it to every place that calls it.
 */
fn startRows(has: bool, whole: bool) {
  if (select(whole, needsSmooth(), has)) { smoothAcceleration(); }
  if (mayHaveRows()) {
    if (has) { startPoint(); }
  }
}

/** no solver where the model can have no rows: it is most of a step's text */
fn mayHaveRows() -> bool {
  return (f_opt_disableflags & DSBL_CONSTRAINT) == 0 && f_neq + f_nfriction + f_nlimit + f_ntendon + f_ncand > 0;
}

/** the last part of constrain: forces and, where there are rows, qacc */
fn solveRows(has: bool) {
  if (mayHaveRows()) {
    if (has) {
      var over = false;
      if (f_opt_solver == SOL_PGS) {
        over = solPGS();
      } else if (f_opt_solver == SOL_CG) {
        over = solCG();
      } else {
        over = solNewton();
      }
      if (over) { mark(f_STATUS_SOLVER); }
    }
  }
  if (!has) {
    for (var i = 0; i < f_nv; i++) { st(f_qfrc_constraint + i, 0.0); }
    st(f_solver_niter, 0.0);
  }
}

/** set a status bit; bits are kept as integers of a float */
fn mark(bit: i32) { st(f_status, f32(i32(ld(f_status)) | bit)); }

/** worlds that have not diverged, and had room for their contacts */
fn living() -> bool { return (i32(ld(f_status)) & (f_STATUS_BADSTATE | f_STATUS_CONTACTS)) == 0; }

/** keep the state that derived quantities belong to */
fn snapshot() {
  for (var i = 0; i < f_nq; i++) { st(f_qpos_prev + i, ld(f_qpos + i)); }
  for (var i = 0; i < f_nv; i++) { st(f_qvel_prev + i, ld(f_qvel + i)); }
}

/** qacc of every world: the solver's where there are rows, M^-1 qfrc_smooth in the others */
fn acceleration(has: bool) {
  if (has) { return; }
  // constrain has left qacc_smooth
  for (var i = 0; i < f_nv; i++) { st(f_qacc + i, ld(f_qacc_smooth + i)); }
}

/**
 * Everything mj_forward computes: accelerations, forces, sensors.
 *   source  MuJoCo engine_forward.c, mj_forward
 */
fn forward() {
  snapshot();
  smoothForces(0.0);
  acceleration(constrain(true));
  countRows();
  stmask(f_constrained, true);
  if (!sane(f_qacc)) { mark(f_STATUS_BADSTATE); }
  sensors(living());
}

/**
 * One timestep (mj_step).
 *   last   somebody may look at derived quantities afterwards: keep the state they belong to
 *   full   qacc of worlds without constraint rows now; otherwise it is derived when asked for
 */
fn step(last: bool, full: bool) {
  if (f_opt_integrator == INT_RK4) {
    rungeKutta(last);
  } else {
    if (last) { snapshot(); }
    smoothForces(0.0);
    let whole = full || needAcceleration();
    let has = constrain(whole);
    complete(has, last, whole);
    integrate(has);
  }
}

/** the part of step between constraint forces and integration: what is asked for */
fn complete(has: bool, last: bool, whole: bool) {
  if (whole) { acceleration(has); }
  if (last) { countRows(); }
  if (last) { stmask(f_constrained, whole || has); }
}

/** the part of step from the sensors on */
fn integrate(has: bool) {
  if (f_nsensor > 0) {
    sensors(living());
  }
  implicitAcceleration(has);
  let ok = sane(f_qacc_int);
  let alive = living() && ok;
  if (!ok) { mark(f_STATUS_BADSTATE); }
  advance(f_act_dot, f_qacc_int, -1, alive);
  if (alive) {
    let x = select(f_qacc_int, f_qacc, has);
    for (var i = 0; i < f_nv; i++) { st(f_qacc_warmstart + i, ld(x + i)); }
  }
}

/**
 * One classical Runge-Kutta step of order 4 (mj_RungeKutta): four forwards, positions composed on the manifold.
 */
fn rungeKutta(last: bool) {
  rungeBegin(last);
  for (var k = 0; k < 4; k++) {
    rungeState(k);
    smoothForces(rungeTime(k));
    acceleration(constrain(true));
    rungeSum(k, last);
  }
  rungeEnd();
}

/** part of the timestep at which stage k of Runge-Kutta looks */
fn rungeTime(k: i32) -> f32 { return select(select(0.5, 1.0, k == 3), 0.0, k == 0); }

/** the part of rungeKutta before its stages: the state they start from */
fn rungeBegin(last: bool) {
  if (last) { snapshot(); }
  stmask(f_constrained, true);

  for (var i = 0; i < f_nq; i++) { st(f_rk_qpos + i, ld(f_qpos + i)); }
  for (var i = 0; i < f_nv; i++) { st(f_rk_qvel + i, ld(f_qvel + i)); }
  for (var i = 0; i < f_na; i++) { st(f_rk_act + i, ld(f_act + i)); }
  for (var i = 0; i < f_nv; i++) { st(f_rk_warm + i, ld(f_qacc_warmstart + i)); }
}

/** state of stage k of rungeKutta */
fn rungeState(k: i32) {
  if (k == 0) { return; }
  // state at c h with the derivatives of the stage before
  let ch = rungeTime(k) * par(f_opt_timestep);
  for (var i = 0; i < f_nq; i++) { st(f_qpos + i, ld(f_rk_qpos + i)); }
  integratePos(f_qpos, f_qvel, ch, true);
  for (var i = 0; i < f_nv; i++) { st(f_qvel + i, ch * ld(f_qacc + i) + ld(f_rk_qvel + i)); }
  for (var i = 0; i < f_na; i++) { st(f_act + i, ch * ld(f_act_dot + i) + ld(f_rk_act + i)); }
}

/** what rungeKutta keeps of its stage k */
fn rungeSum(k: i32, last: bool) {
  let w = select(1.0 / 3.0, 1.0 / 6.0, k == 0 || k == 3);
  if (last && k == 0) { countRows(); }
  // the next stage's solver starts from this one's answer
  for (var i = 0; i < f_nv; i++) { st(f_qacc_warmstart + i, ld(f_qacc + i)); }
  if (f_nsensor > 0) {
    if (k == 0) { sensors(living()); }
  }
  for (var i = 0; i < f_nv; i++) {
    st(f_rk_dx + i, w * ld(f_qvel + i) + select(ld(f_rk_dx + i), 0.0, k == 0));
    st(f_rk_dv + i, w * ld(f_qacc + i) + select(ld(f_rk_dv + i), 0.0, k == 0));
  }
  for (var i = 0; i < f_na; i++) { st(f_rk_da + i, w * ld(f_act_dot + i) + select(ld(f_rk_da + i), 0.0, k == 0)); }
}

/** the part of rungeKutta after its stages: the step itself */
fn rungeEnd() {
  for (var i = 0; i < f_nq; i++) { st(f_qpos + i, ld(f_rk_qpos + i)); }
  for (var i = 0; i < f_nv; i++) { st(f_qvel + i, ld(f_rk_qvel + i)); }
  for (var i = 0; i < f_na; i++) { st(f_act + i, ld(f_rk_act + i)); }
  let ok = sane(f_rk_dv);
  let alive = living() && ok;
  if (!ok) { mark(f_STATUS_BADSTATE); }
  advance(f_rk_da, f_rk_dv, f_rk_dx, alive);
  if (!alive) {
    for (var i = 0; i < f_nv; i++) { st(f_qacc_warmstart + i, ld(f_rk_warm + i)); }
  }
}

// The step in parts, each a dispatch of its own over all worlds. Whatever passes from one to the next stands in memory.
// Runge-Kutta goes through them four times; k says which time it is.

/** step before constraints: poses, M, all smooth forces */
fn smoothStage(k: i32, last: bool) {
  if (f_opt_integrator == INT_RK4) {
    if (k == 0) { rungeBegin(last); }
    rungeState(k);
    smoothForces(rungeTime(k));
  } else {
    if (last) { snapshot(); }
    smoothForces(0.0);
  }
}

/** contacts of the step */
fn collideStage() { findContacts(); }

/** constraint rows of the step, and what the solver starts from */
fn constraintStage() {
  let has = makeRows();
  startRows(has, f_opt_integrator == INT_RK4 || needAcceleration());
  stmask(f_tmp + HAS, has);
}

/** constraint forces of the step, and the accelerations that are asked for */
fn solveStage(last: bool) {
  let has = ldmask(f_tmp + HAS);
  solveRows(has);
  if (f_opt_integrator == INT_RK4) {
    acceleration(has);
  } else {
    complete(has, last, needAcceleration());
  }
}

/** sensors and integration */
fn advanceStage(k: i32, last: bool) {
  if (f_opt_integrator == INT_RK4) {
    rungeSum(k, last);
    if (k == 3) { rungeEnd(); }
  } else {
    integrate(ldmask(f_tmp + HAS));
  }
}
