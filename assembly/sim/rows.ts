import { ld, st } from '../math/v4'
import * as f from '../shared/fields'
import { collision } from './collision/driver'
import { makeConstraint } from './constraint'
import { derive, swap, swapSnapshot } from './forward'
import { geomFrames } from './geoms'
import { rowForces, updateZones } from './solve'
import { at, CONE_ELLIPTIC } from './types'

/**
 * Constraint rows and contacts of the last forward or step, made again in scratch, with their forces at the acceleration
 * that was found; state and results stay as they are.
 *   in    qpos_prev, qvel_prev, qacc
 *   out   con, ctc, efc, efc_J
 */
export function constraintRows(m: usize, p: usize, d: usize, s: usize): void {
  const elliptic = load<i32>(f.opt_cone(m)) == CONE_ELLIPTIC
  derive(m, p, d, s)
  swapSnapshot(m, d)
  if (f.ncand(m) > 0) {
    const ncon = ld(f.ncon(m, d))
    geomFrames(m, p, s, false)
    collision(m, p, d, s, i32x4.splat(-1))
    st(f.ncon(m, d), ncon)
  }
  // rows are made with their residuals at the warm start: for once that is the acceleration found
  swapWarmstart(m, d)
  makeConstraint(m, p, d, s)
  swapWarmstart(m, d)
  updateZones(m, s, elliptic)

  const nv = f.nv(m), qfrc = f.qfrc_constraint(m, d), kept = f.sol_Mx(m, s)
  for (let i = 0; i < nv; i++) st(at(kept, i), ld(at(qfrc, i)))
  rowForces(m, d, s, elliptic)
  for (let i = 0; i < nv; i++) st(at(qfrc, i), ld(at(kept, i)))
  swapSnapshot(m, d)
}

/** exchange qacc and qacc_warmstart */
function swapWarmstart(m: usize, d: usize): void {
  const nv = f.nv(m), x = f.qacc(m, d), warm = f.qacc_warmstart(m, d)
  for (let i = 0; i < nv; i++) swap(at(x, i), at(warm, i))
}
