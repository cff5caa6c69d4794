import { ld, mad, mul, neg, st } from '../math/v4'
import * as f from '../shared/fields'
import { fluidDerivative } from './fluid'
import { addOuter } from './outer'
import { dampingDerivative } from './passive'
import { tendonDampingDerivative } from './tendon'
import { at, at2, DSBL_ACTUATION, DSBL_DAMPER, DSBL_SPRING, i32at } from './types'

/** H += h diag(B), B the damping of dofs and of the actuators on their joint */
export function addDamping(m: usize, p: usize, d: usize, h: v128, H: usize): void {
  const nv = f.nv(m)
  for (let i = 0; i < nv; i++) {
    const e = at2(H, nv, i, i)
    st(e, mad(h, dampingDerivative(m, p, d, i), ld(e)))
  }
}

/**
 * H -= h d(qfrc_actuator + qfrc_passive) / d qvel, symmetric, on the pattern of M.
 *   in      qvel, act_dvel, moment, ten_velocity; lnk R p cvel for the medium
 *   in-out  H (nv, nv), lower triangle
 *   source  MuJoCo engine_derivative.c, mjd_actuator_vel, mjd_passive_vel
 */
export function smoothDerivative(m: usize, p: usize, d: usize, s: usize, h: v128, H: usize): void {
  const disable = load<i32>(f.opt_disableflags(m))
  if (!(disable & DSBL_DAMPER)) {
    addDamping(m, p, d, h, H)
    if (f.tenforce(m)) tendonDampingDerivative(m, p, s, h, H)
  }
  const off = DSBL_SPRING | DSBL_DAMPER
  if (f.fluid(m) && (disable & off) != off) fluidDerivative(m, p, s, h, H)
  const n = disable & DSBL_ACTUATION ? 0 : f.nactuator(m)
  for (let a = 0; a < n; a++) {
    const adr = i32at(f.act_rowadr(m), a)
    addOuter(m, s, H, i32at(f.act_rownnz(m), a), f.act_colind(m) + 4 * <usize>adr, at(f.moment(m, s), adr), neg(mul(h, ld(at(f.act_dvel(m, s), a)))))
  }
}
