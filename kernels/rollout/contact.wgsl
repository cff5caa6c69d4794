// import { i32at, ld3, ldi, ldmask, ldmat3, st, st3 } from '../math/v4'
// import { contactForce, contactRows, ncon } from '../sim/contact-force'
// import { CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_POS, CON_STRIDE } from '../sim/types'

/**
 * What the contacts of the last timestep do to each body, about the centre of mass of its tree as it was then.
 *   in      con, ctc and grp_com as the last timestep leaves them
 *   out     cfrc_ext (nbody, 6): torque, force; the world body's is 0
 *   source  MuJoCo engine_core_smooth.c, mj_rnePostConstraint, without applied forces and equalities
 */
fn contactForces() {
  for (var i = 0; i < 6 * f_nbody; i++) { st(f_cfrc_ext + i, 0.0); }
  contactRows();
  let n = ncon();
  for (var k = 0; k < n; k++) {
    let C = f_con + CON_STRIDE * k;
    if (!ldmask(C + CON_HAS)) { continue; }
    let local = contactForce(k);
    let frame = ldmat3(C + CON_FRAME);
    let force = local.force * frame;
    let torque = local.torque * frame;
    let place = ld3(C + CON_POS);
    // the contact pushes the second body along the normal
    addWrench(i32at(f_geom_bodyid, ldi(C + CON_GEOM1)), place, -force, -torque);
    addWrench(i32at(f_geom_bodyid, ldi(C + CON_GEOM2)), place, force, torque);
  }
}

fn addWrench(body: i32, place: vec3f, force: vec3f, torque: vec3f) {
  let group = i32at(f_body_group, body);
  if (group < 0) { return; }
  let sum = f_cfrc_ext + 6 * body;
  let arm = place - ld3(f_grp_com + 4 * group);
  st3(sum, ld3(sum) + (torque + cross(arm, force)));
  st3(sum + 3, ld3(sum + 3) + force);
}
