// import { i32at, ld, par, setpar, st } from '../math/v4'
// import { addOuter, IN_P } from './outer'
// import { polyForce } from './passive'
// import { DSBL_DAMPER, DSBL_SPRING, TRN_TENDON } from './types'

/**
 * Constants of fixed tendons: their Jacobian, and inertia and damping with those of the actuators on them.
 *   model   wrap_prm tendon_armature tendon_damping tendon_dampingpoly actuator_armature actuator_damping actuator_dampingpoly actuator_gear (*)
 *   out     ten_J (nten_J), ten_inertia (ntendon), ten_drag (ntendon, 3)
 *   source  MuJoCo engine_core_smooth.c, mj_tendon; engine_core_util.c, mj_actuatorArmature, mj_actuatorDamping
 */
fn tendonConstants() {
  for (var t = 0; t < f_ntendon; t++) {
    let begin = i32at(f_ten_rowadr, t);
    let end = begin + i32at(f_ten_rownnz, t);
    for (var k = begin; k < end; k++) { setpar(f_ten_J + k, 0.0); }
    let first = i32at(f_tendon_adr, t);
    let last = first + i32at(f_tendon_num, t);
    for (var w = first; w < last; w++) {
      let dof = i32at(f_jnt_dofadr, i32at(f_wrap_objid, w));
      for (var k = begin; k < end; k++) {
        if (i32at(f_ten_colind, k) == dof) { setpar(f_ten_J + k, par(f_ten_J + k) + par(f_wrap_prm + w)); }
      }
    }
    let drag = f_ten_drag + 3 * t;
    let poly = f_tendon_dampingpoly + 2 * t;
    setpar(f_ten_inertia + t, par(f_tendon_armature + t));
    setpar(drag, par(f_tendon_damping + t));
    setpar(drag + 1, par(poly));
    setpar(drag + 2, par(poly + 1));
  }
  for (var a = 0; a < f_nactuator; a++) {
    if (i32at(f_actuator_trntype, a) != TRN_TENDON) { continue; }
    let t = i32at(f_actuator_trnid, 2 * a);
    let gear = par(f_actuator_gear + 6 * a);
    let gear2 = gear * gear;
    let inertia = f_ten_inertia + t;
    let drag = f_ten_drag + 3 * t;
    let poly = f_actuator_dampingpoly + 2 * a;
    setpar(inertia, gear2 * par(f_actuator_armature + a) + par(inertia));
    setpar(drag, gear2 * par(f_actuator_damping + a) + par(drag));
    setpar(drag + 1, gear2 * par(poly) + par(drag + 1));
    setpar(drag + 2, gear2 * par(poly + 1) + par(drag + 2));
  }
}

/**
 * Lengths and velocities of fixed tendons.
 *   model   wrap_prm, ten_J (*)
 *   in      qpos, qvel
 *   out     ten_length, ten_velocity (ntendon)      m or rad, m/s or rad/s
 *   source  MuJoCo engine_core_smooth.c, mj_tendon; engine_forward.c, mj_fwdVelocity
 */
fn tendon() {
  for (var t = 0; t < f_ntendon; t++) {
    var length = 0.0;
    var velocity = 0.0;
    let first = i32at(f_tendon_adr, t);
    let last = first + i32at(f_tendon_num, t);
    for (var w = first; w < last; w++) { length += par(f_wrap_prm + w) * ld(f_qpos + i32at(f_jnt_qposadr, i32at(f_wrap_objid, w))); }
    let begin = i32at(f_ten_rowadr, t);
    let end = begin + i32at(f_ten_rownnz, t);
    for (var k = begin; k < end; k++) { velocity += par(f_ten_J + k) * ld(f_qvel + i32at(f_ten_colind, k)); }
    st(f_ten_length + t, length);
    st(f_ten_velocity + t, velocity);
  }
}

/**
 * Inertia of tendons, on the pattern of M: what it couples across branches is left out, as MuJoCo has it. The Jacobian of
 * a fixed tendon is constant, so there is no bias force with it (mj_tendonBias).
 *   in-out  qM
 *   source  MuJoCo engine_core_smooth.c, mj_tendonArmature
 */
fn tendonArmature() {
  for (var t = 0; t < f_ntendon; t++) {
    let adr = i32at(f_ten_rowadr, t);
    addOuter(f_qM, i32at(f_ten_rownnz, t), f_ten_colind + adr, IN_P + f_ten_J + adr, par(f_ten_inertia + t));
  }
}

/**
 * Springs and dampers of tendons.
 *   model   tendon_stiffness tendon_stiffnesspoly tendon_lengthspring ten_drag ten_J (*)
 *   in      ten_length, ten_velocity
 *   in-out  qfrc (nv)
 *   source  MuJoCo engine_passive.c, mj_springdamper
 */
fn tendonSpringDamper(qfrc: i32) {
  for (var t = 0; t < f_ntendon; t++) {
    var force = 0.0;
    if ((f_opt_disableflags & DSBL_SPRING) == 0) {
      // slack between the two lengths
      let range = f_tendon_lengthspring + 2 * t;
      let length = ld(f_ten_length + t);
      let lower = par(range);
      let upper = par(range + 1);
      let x = select(select(0.0, length - lower, length < lower), length - upper, length > upper);
      force = -(x * polyForce(par(f_tendon_stiffness + t), f_tendon_stiffnesspoly + 2 * t, x));
    }
    if ((f_opt_disableflags & DSBL_DAMPER) == 0) {
      let v = ld(f_ten_velocity + t);
      let drag = f_ten_drag + 3 * t;
      force -= v * polyForce(par(drag), drag + 1, abs(v));
    }
    let begin = i32at(f_ten_rowadr, t);
    let end = begin + i32at(f_ten_rownnz, t);
    for (var k = begin; k < end; k++) {
      let o = qfrc + i32at(f_ten_colind, k);
      st(o, par(f_ten_J + k) * force + ld(o));
    }
  }
}

/** add timestep times d(damping force)/dv of tendons, with its sign changed, to H (mjd_passive_vel) */
fn tendonDampingDerivative(h: f32, H: i32) {
  for (var t = 0; t < f_ntendon; t++) {
    let b = f_ten_drag + 3 * t;
    if (par(b) == 0.0 && par(b + 1) == 0.0 && par(b + 2) == 0.0) { continue; }
    let v = abs(ld(f_ten_velocity + t));
    let slope = par(b) + v * (3.0 * par(b + 2) * v + 2.0 * par(b + 1));
    let adr = i32at(f_ten_rowadr, t);
    addOuter(H, i32at(f_ten_rownnz, t), f_ten_colind + adr, IN_P + f_ten_J + adr, h * slope);
  }
}
