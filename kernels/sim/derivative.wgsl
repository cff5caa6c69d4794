// import { i32at, ld, st } from '../math/v4'
// import { fluidDerivative } from './fluid'
// import { addOuter } from './outer'
// import { dampingDerivative } from './passive'
// import { tendonDampingDerivative } from './tendon'
// import { at2, DSBL_ACTUATION, DSBL_DAMPER, DSBL_SPRING } from './types'

/** H += h diag(B), B the damping of dofs and of the actuators on their joint */
fn addDamping(h: f32, H: i32) {
  for (var i = 0; i < f_nv; i++) {
    let e = at2(H, f_nv, i, i);
    st(e, h * dampingDerivative(i) + ld(e));
  }
}

/**
 * H -= h d(qfrc_actuator + qfrc_passive) / d qvel, symmetric, on the pattern of M.
 *   in      qvel, act_dvel, moment, ten_velocity; lnk R p cvel for the medium
 *   in-out  H (nv, nv), lower triangle
 *   source  MuJoCo engine_derivative.c, mjd_actuator_vel, mjd_passive_vel
 */
fn smoothDerivative(h: f32, H: i32) {
  if ((f_opt_disableflags & DSBL_DAMPER) == 0) {
    addDamping(h, H);
    if (f_tenforce != 0) {
      tendonDampingDerivative(h, H);
    }
  }
  if (f_fluid != 0 && (f_opt_disableflags & (DSBL_SPRING | DSBL_DAMPER)) != (DSBL_SPRING | DSBL_DAMPER)) {
    fluidDerivative(h, H);
  }
  if (f_nactuator > 0 && (f_opt_disableflags & DSBL_ACTUATION) == 0) {
    for (var a = 0; a < f_nactuator; a++) {
      let adr = i32at(f_act_rowadr, a);
      addOuter(H, i32at(f_act_rownnz, a), f_act_colind + adr, f_moment + adr, -(h * ld(f_act_dvel + a)));
    }
  }
}
