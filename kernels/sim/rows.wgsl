// import { ld, st } from '../math/v4'
// import { collision } from './collision/driver'
// import { makeConstraint } from './constraint'
// import { derive, swap, swapSnapshot } from './forward'
// import { geomFrames } from './geoms'
// import { rowForces, updateZones } from './solve'

/**
 * Constraint rows and contacts of the last forward or step, made again in scratch, with their forces at the acceleration
 * that was found; state and results stay as they are.
 *   in    qpos_prev, qvel_prev, qacc
 *   out   con, ctc, efc, efc_J
 */
fn constraintRows() {
  derive();
  swapSnapshot();
  if (f_ncand > 0) {
    let ncon = ld(f_ncon);
    geomFrames(false);
    collision(true);
    st(f_ncon, ncon);
  }
  // rows are made with their residuals at the warm start: for once that is the acceleration found
  swapWarmstart();
  makeConstraint();
  swapWarmstart();
  updateZones();

  for (var i = 0; i < f_nv; i++) { st(f_sol_Mx + i, ld(f_qfrc_constraint + i)); }
  rowForces();
  for (var i = 0; i < f_nv; i++) { st(f_qfrc_constraint + i, ld(f_sol_Mx + i)); }
  swapSnapshot();
}

/** exchange qacc and qacc_warmstart */
fn swapWarmstart() {
  for (var i = 0; i < f_nv; i++) { swap(f_qacc + i, f_qacc_warmstart + i); }
}
