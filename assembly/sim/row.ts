/** What all constraint rows share: the cursor of their storage, and the constants of reference and impedance. */
import { pow4 } from '../math/exp'
import { abs4, add, and, clip, div, eq, gt, ld, le, lt, mad, max4, min4, mul, ne, neg, sel, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import {
  at, CNSTR_EQUALITY, DSBL_REFSAFE, EFC_AREF, EFC_D, EFC_JAR, EFC_LOSS, EFC_QUAD, EFC_R, EFC_ROWADR, EFC_ROWNNZ, EFC_STRIDE, EFC_TYPE, MAXIMP,
  MINIMP, MINVAL,
} from './types'

// cursor (SCRATCH_FIELDS)
// @ts-ignore: decorator
@inline export function nefc(m: usize, s: usize): i32 { return load<i32>(f.cursor(m, s)) }
/** entries of efc_J and efc_colind in use */
// @ts-ignore: decorator
@inline export function nJ(m: usize, s: usize): i32 { return load<i32>(f.cursor(m, s), 4) }
/** end of the contact records of the solver */
// @ts-ignore: decorator
@inline export function ctcEnd(m: usize, s: usize): usize { return <usize>load<u32>(f.cursor(m, s), 12) }
/** some row couples dofs that are not ancestors of one another */
// @ts-ignore: decorator
@inline export function coupled(m: usize, s: usize): bool { return load<i32>(f.cursor(m, s), 16) != 0 }
// @ts-ignore: decorator
@inline export function markCoupled(m: usize, s: usize): void { store<i32>(f.cursor(m, s), 1, 16) }

// solver constants of a row (limit_const, eq_const, tendon): what does not change from step to step
export const RC_STRIDE: usize = 10 * V
export const RC_B: usize = 0
export const RC_K: usize = V
const RC_DMIN: usize = 2 * V
const RC_RISE: usize = 3 * V
const RC_INVWIDTH: usize = 4 * V
const RC_MID: usize = 5 * V
const RC_INVMID: usize = 6 * V
const RC_INVREST: usize = 7 * V
const RC_POWER: usize = 8 * V
export const RC_DIAG: usize = 9 * V

/** damping B and stiffness K of a reference (timeconst, dampratio) or (-stiffness, -damping) (mj_makeImpedance) */
// @ts-ignore: decorator
@inline export function reference(m: usize, p: usize, ref0: v128, ref1: v128, dmax: v128, out: usize): void {
  const one = splat(1)
  // mixed signs mean the default
  const mixed = v128.xor(gt(ref0, splat(0)), gt(ref1, splat(0)))
  let t = sel(mixed, splat(0.02), ref0)
  const z = sel(mixed, one, ref1)
  const standard = gt(t, splat(0))
  if (!(load<i32>(f.opt_disableflags(m)) & DSBL_REFSAFE)) t = sel(standard, max4(t, mul(splat(2), ld(f.opt_timestep(m, p)))), t)
  const dt = mul(dmax, sel(standard, t, one))
  const dtz = mul(dt, sel(standard, z, one))
  st(out + RC_B, sel(standard, div(splat(2), dt), neg(div(z, dmax))))
  st(out + RC_K, sel(standard, div(one, max4(splat(MINVAL), mul(dtz, dtz))), neg(div(t, mul(dmax, dmax)))))
}

/**
 * Constants of a row from solref, solimp and the inverse inertia it works against (getsolparam, mj_makeImpedance).
 *   out   damping B, stiffness K, impedance curve: dmin, rise, 1 / width, midpoint and its slopes' scales, power; diagonal
 */
export function rowConstants(m: usize, p: usize, solref: usize, solimp: usize, diag: v128, out: usize): void {
  const lo = splat(MINIMP), hi = splat(MAXIMP), one = splat(1)
  const dmin = clip(ld(solimp), lo, hi), dmax = clip(ld(solimp + V), lo, hi)
  const width = max4(splat(0), ld(solimp + 2 * V))
  const mid = clip(ld(solimp + 3 * V), lo, hi), power = max4(one, ld(solimp + 4 * V))
  reference(m, p, ld(solref), ld(solref + V), dmax, out)

  // a curve without width is flat at its mean
  const wide = gt(width, splat(MINVAL))
  st(out + RC_DMIN, sel(wide, dmin, mul(splat(0.5), add(dmin, dmax))))
  st(out + RC_RISE, and(wide, sub(dmax, dmin)))
  st(out + RC_INVWIDTH, div(one, sel(wide, width, one)))
  st(out + RC_MID, mid)
  st(out + RC_POWER, power)
  st(out + RC_DIAG, diag)
  // the power 2 of the default must not pass through logarithms
  const square = eq(power, splat(2))
  const invmid = div(one, mid), invrest = div(one, sub(one, mid))
  if (i32x4.all_true(square)) {
    st(out + RC_INVMID, invmid)
    st(out + RC_INVREST, invrest)
    return
  }
  const p1 = sub(power, one)
  const curved = ne(p1, splat(0))
  st(out + RC_INVMID, sel(square, invmid, div(one, sel(curved, pow4(mid, p1), one))))
  st(out + RC_INVREST, sel(square, invrest, div(one, sel(curved, pow4(sub(one, mid), p1), one))))
}

/** impedance d(r) at a violation pos - margin (getimpedance) */
// @ts-ignore: decorator
@inline export function impedance(c: usize, violation: v128): v128 {
  const one = splat(1)
  const x = min4(abs4(mul(violation, ld(c + RC_INVWIDTH))), one)
  const power = ld(c + RC_POWER)
  const low = le(x, ld(c + RC_MID))
  const arg = sel(low, x, sub(one, x))
  const scale = sel(low, ld(c + RC_INVMID), ld(c + RC_INVREST))
  let y = mul(arg, arg)
  if (!i32x4.all_true(eq(power, splat(2)))) y = sel(eq(power, splat(2)), y, sel(eq(power, one), arg, pow4(arg, power)))
  y = mul(y, scale)
  return mad(ld(c + RC_RISE), sel(low, y, sub(one, y)), ld(c + RC_DMIN))
}

/** address of the next row's record; its Jacobian is what the caller has put from the cursor on */
// @ts-ignore: decorator
@inline export function beginRow(m: usize, s: usize, type: i32, nnz: i32): usize {
  const c = f.cursor(m, s)
  const r = load<i32>(c), adr = load<i32>(c, 4)
  const e = f.efc(m, s) + EFC_STRIDE * <usize>r
  store<i32>(e, type, EFC_TYPE)
  store<i32>(e, nnz, EFC_ROWNNZ)
  store<i32>(e, adr, EFC_ROWADR)
  store<i32>(c, r + 1)
  store<i32>(c, adr + nnz, 4)
  return e
}

/** entry k of the row under construction */
// @ts-ignore: decorator
@inline export function putJ(m: usize, s: usize, k: i32, dof: i32, value: v128): void {
  const a = nJ(m, s) + k
  store<i32>(f.efc_colind(m, s) + 4 * <usize>a, dof)
  st(at(f.efc_J(m, s), a), value)
}

/**
 * Regularizer and reference acceleration of a row that is an equality or an inequality (mj_makeImpedance,
 * mj_referenceConstraint).
 *   imp   impedance;  diag: inverse inertia it works against;  pos: violation
 *   vel   J qvel;  acc: J qacc_warmstart, where the solver begins
 */
// @ts-ignore: decorator
@inline export function setRow(e: usize, type: i32, has: v128, imp: v128, diag: v128, pos: v128, vel: v128, acc: v128, c: usize): void {
  // has: mask of the worlds that have the row
  // R = (1 - d) / d * diagonal; its lower bound is that of MuJoCo
  const D = div(imp, max4(splat(MINVAL), mul(sub(splat(1), imp), diag)))
  st(e + EFC_D, and(has, D))
  const aref = and(has, neg(mad(mul(ld(c + RC_K), imp), pos, mul(ld(c + RC_B), vel))))
  st(e + EFC_AREF, aref)
  const jar = sub(acc, aref)
  st(e + EFC_JAR, jar)
  st(e + EFC_QUAD, type == CNSTR_EQUALITY ? i32x4.splat(-1) : lt(jar, splat(0)))
}

/** append one row of constants c with its own violation */
export function addRow(m: usize, s: usize, type: i32, nnz: i32, has: v128, violation: v128, vel: v128, acc: v128, c: usize): void {
  setRow(beginRow(m, s, type, nnz), type, has, impedance(c, violation), ld(c + RC_DIAG), violation, vel, acc, c)
}

/**
 * Append one row of friction loss: no position, so everything but the velocity is constant.
 *   c   D, R, B
 */
export function addFriction(m: usize, s: usize, type: i32, nnz: i32, has: v128, loss: v128, vel: v128, acc: v128, c: usize): void {
  const e = beginRow(m, s, type, nnz)
  st(e + EFC_D, and(has, ld(c)))
  st(e + EFC_R, ld(c + V))
  st(e + EFC_LOSS, and(has, loss))
  const aref = and(has, neg(mul(ld(c + 2 * V), vel)))
  st(e + EFC_AREF, aref)
  const jar = sub(acc, aref)
  st(e + EFC_JAR, jar)
  st(e + EFC_QUAD, lt(abs4(jar), mul(ld(c + V), loss)))
}
