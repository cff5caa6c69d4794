import { add, and, clip, div, gt, ld, lt, mad, max4, min4, mul, neg, or, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { chain, pointJacobian } from './jacobian'
import { impedance, nJ, RC_B, RC_K, RC_STRIDE, reference, rowConstants, markCoupled } from './row'
import {
  at, CON_CAND, CON_DIM, CON_DIST, CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_POS, CON_STRIDE, CONE_ELLIPTIC, i32at, MINMU, MINVAL,
} from './types'

/**
 * Contacts as the solver sees them. A contact of dimension dim has dim base rows: the normal, then tangents, spin, roll.
 * Both cones are functions of the base residual: an elliptic one directly, a pyramid through its edges
 * jar_0 +- friction_j jar_j, so that 2 (dim - 1) edges cost dim rows of J.
 *   integers   dim, nonzeros, start of the rows in efc_J, start of the columns in efc_colind; size of the record, con
 *   quantities has (mask), D of the normal or of an edge, mu of the regularized cone, zone, friction (dim - 1),
 *              then dim each: aref, jar, J p, force; zone at the trial point
 */
export const C_DIM: usize = 0
export const C_NNZ: usize = 4
export const C_J: usize = 8
export const C_COL: usize = 12
export const C_SIZE: usize = 16
export const C_CON: usize = 20
export const C_CROSS: usize = 24
export const C_HAS: usize = 2 * V
export const C_D: usize = 3 * V
export const C_MU: usize = 4 * V
export const C_ZONE: usize = 5 * V
export const C_FRI: usize = 6 * V

/** record of a contact of a dimension, in quantities */
// @ts-ignore: decorator
@inline function contactSize(dim: i32): usize { return V * <usize>(6 + 5 * dim) }
// @ts-ignore: decorator
@inline export function arefOf(e: usize, dim: i32): usize { return e + C_FRI + V * <usize>(dim - 1) }
// @ts-ignore: decorator
@inline export function jarOf(e: usize, dim: i32): usize { return e + C_FRI + V * <usize>(2 * dim - 1) }
// @ts-ignore: decorator
@inline export function jpOf(e: usize, dim: i32): usize { return e + C_FRI + V * <usize>(3 * dim - 1) }
// @ts-ignore: decorator
@inline export function forceOf(e: usize, dim: i32): usize { return e + C_FRI + V * <usize>(4 * dim - 1) }
// @ts-ignore: decorator
@inline export function trialZoneOf(e: usize, dim: i32): usize { return e + C_FRI + V * <usize>(5 * dim - 1) }
// @ts-ignore: decorator
@inline export function sizeOf(e: usize): usize { return <usize>load<u32>(e, C_SIZE) }

// what contactParameters finds
const PAR_SOLREF: usize = 0
const PAR_FRICREF: usize = 2 * V
const PAR_SOLIMP: usize = 4 * V
const PAR_FRICTION: usize = 9 * V
const PAR_MARGIN: usize = 14 * V
const PAR_SIZE: usize = 16 * V

/** parameters of a contact from its geoms or its pair (mj_contactParam); margin as getMargin */
function contactParameters(m: usize, p: usize, con: usize, out: usize): void {
  const pair = i32at(f.cand(m) + 16 * <usize>load<i32>(con, CON_CAND), 2)
  if (pair >= 0) {
    const i = <usize>pair
    for (let k: usize = 0; k < 2; k++) {
      st(out + PAR_SOLREF + V * k, ld(f.pair_solref(m, p) + V * (2 * i + k)))
      st(out + PAR_FRICREF + V * k, ld(f.pair_solreffriction(m, p) + V * (2 * i + k)))
    }
    for (let k: usize = 0; k < 5; k++) {
      st(out + PAR_SOLIMP + V * k, ld(f.pair_solimp(m, p) + V * (5 * i + k)))
      st(out + PAR_FRICTION + V * k, max4(splat(MINMU), ld(f.pair_friction(m, p) + V * (5 * i + k))))
    }
    st(out + PAR_MARGIN, ld(at(f.pair_margin(m, p), pair)))
    return
  }
  const a = load<i32>(con, CON_GEOM1), b = load<i32>(con, CON_GEOM2)
  const ref1 = f.geom_solref(m, p) + 2 * V * <usize>a, ref2 = f.geom_solref(m, p) + 2 * V * <usize>b
  const imp1 = f.geom_solimp(m, p) + 5 * V * <usize>a, imp2 = f.geom_solimp(m, p) + 5 * V * <usize>b
  const fri1 = f.geom_friction(m, p) + 3 * V * <usize>a, fri2 = f.geom_friction(m, p) + 3 * V * <usize>b
  const first = i32at(f.geom_priority(m), a) - i32at(f.geom_priority(m), b)
  let slide: v128, spin: v128, roll: v128
  if (first != 0) {
    const ref = first > 0 ? ref1 : ref2, imp = first > 0 ? imp1 : imp2, fri = first > 0 ? fri1 : fri2
    for (let k: usize = 0; k < 2; k++) st(out + PAR_SOLREF + V * k, ld(ref + V * k))
    for (let k: usize = 0; k < 5; k++) st(out + PAR_SOLIMP + V * k, ld(imp + V * k))
    slide = ld(fri); spin = ld(fri + V); roll = ld(fri + 2 * V)
  } else {
    const tiny = splat(MINVAL), one = splat(1)
    const m1 = ld(at(f.geom_solmix(m, p), a)), m2 = ld(at(f.geom_solmix(m, p), b))
    const no1 = lt(m1, tiny), no2 = lt(m2, tiny)
    let mix = div(m1, sel(or(no1, no2), one, add(m1, m2)))
    mix = sel(no1, sel(no2, splat(0.5), splat(0)), sel(no2, one, mix))
    const rest = sub(one, mix)
    const standard = and(gt(ld(ref1), splat(0)), gt(ld(ref2), splat(0)))
    for (let k: usize = 0; k < 2; k++) {
      const x = ld(ref1 + V * k), y = ld(ref2 + V * k)
      st(out + PAR_SOLREF + V * k, sel(standard, mad(mix, x, mul(rest, y)), min4(x, y)))
    }
    for (let k: usize = 0; k < 5; k++) st(out + PAR_SOLIMP + V * k, mad(mix, ld(imp1 + V * k), mul(rest, ld(imp2 + V * k))))
    slide = max4(ld(fri1), ld(fri2)); spin = max4(ld(fri1 + V), ld(fri2 + V)); roll = max4(ld(fri1 + 2 * V), ld(fri2 + 2 * V))
  }
  const least = splat(MINMU)
  st(out + PAR_FRICREF, splat(0))
  st(out + PAR_FRICREF + V, splat(0))
  slide = max4(least, slide); roll = max4(least, roll)
  st(out + PAR_FRICTION, slide)
  st(out + PAR_FRICTION + V, slide)
  st(out + PAR_FRICTION + 2 * V, max4(least, spin))
  st(out + PAR_FRICTION + 3 * V, roll)
  st(out + PAR_FRICTION + 4 * V, roll)
  st(out + PAR_MARGIN, add(ld(at(f.geom_margin(m, p), a)), ld(at(f.geom_margin(m, p), b))))
}

/**
 * Constraint rows of all contacts closer than their margin.
 *   model   geom_* pair_* body_invweight0 opt_impratio (*)
 *   in      con, lnk, qvel, qacc_warmstart
 *   out     ctc; residuals at qacc_warmstart
 *   returns whether there is one, by world
 *   source  MuJoCo engine_core_constraint.c, mj_instantiateContact, mj_diagApprox, mj_makeImpedance, mj_referenceConstraint
 */
export function makeContacts(m: usize, p: usize, d: usize, s: usize, ncon: i32): v128 {
  const cursor = f.cursor(m, s), J = f.efc_J(m, s), col = f.efc_colind(m, s), par = f.cone(m, s)
  const qvel = f.qvel(m, d), warm = f.qacc_warmstart(m, d), bodies = f.geom_bodyid(m), invweight = f.body_invweight0(m, p)
  const elliptic = load<i32>(f.opt_cone(m)) == CONE_ELLIPTIC
  const impratio = max4(splat(MINVAL), ld(f.opt_impratio(m, p)))
  const one = splat(1), zero = splat(0)
  let some = i32x4.splat(0)
  let e = f.ctc(m, s)
  let body1 = -1, body2 = -1, nnz = 0, cols = 0, cross = 0
  let end = f.con(m, s) + CON_STRIDE * <usize>ncon

  for (let con = f.con(m, s); con < end; con += CON_STRIDE) {
    contactParameters(m, p, con, par)
    const margin = ld(par + PAR_MARGIN)
    const dist = ld(con + CON_DIST)
    const has = and(ld(con + CON_HAS), lt(dist, margin))
    if (!v128.any_true(has)) continue
    const b1 = i32at(bodies, load<i32>(con, CON_GEOM1)), b2 = i32at(bodies, load<i32>(con, CON_GEOM2))
    const dim = load<i32>(con, CON_DIM)
    if (b1 != body1 || b2 != body2) {
      // contacts of the same bodies share their columns
      cols = nJ(m, s)
      nnz = chain(m, b1, b2, col + 4 * <usize>cols, f.Hs_sign(m, s))
      cross = nnz < 0 ? 1 : 0
      nnz = abs<i32>(nnz)
      body1 = b1
      body2 = b2
    }
    if (nnz == 0) continue
    if (cross) markCoupled(m, s)
    const adr = nJ(m, s)
    store<i32>(cursor, adr + dim * nnz, 4)
    store<i32>(e, dim, C_DIM)
    store<i32>(e, nnz, C_NNZ)
    store<i32>(e, adr, C_J)
    store<i32>(e, cols, C_COL)
    store<i32>(e, <i32>contactSize(dim), C_SIZE)
    store<i32>(e, <i32>con, C_CON)
    store<i32>(e, cross, C_CROSS)
    st(e + C_HAS, has)
    pointJacobian(m, p, s, con + CON_POS, con + CON_FRAME, dim, nnz, col + 4 * <usize>cols, f.Hs_sign(m, s), has, at(J, adr))

    // impedance and regularization
    const c = par + PAR_SIZE
    const tran = add(ld(invweight + 2 * V * <usize>b1), ld(invweight + 2 * V * <usize>b2))
    const fri = ld(par + PAR_FRICTION)
    const pyramid = dim > 1 && !elliptic
    const diag = pyramid ? mul(tran, mad(fri, fri, one)) : tran
    rowConstants(m, p, par + PAR_SOLREF, par + PAR_SOLIMP, diag, c)
    const violation = sub(dist, margin)
    const imp = impedance(c, violation)
    const R = max4(splat(MINVAL), div(mul(sub(one, imp), diag), imp))
    const mu2 = div(mul(fri, fri), impratio)
    st(e + C_MU, sqrt4(mu2))
    st(e + C_D, and(has, div(one, pyramid ? mul(mul(splat(2), mu2), R) : R)))
    for (let k = 1; k < dim; k++) st(e + C_FRI + V * <usize>(k - 1), ld(par + PAR_FRICTION + V * <usize>(k - 1)))

    // reference acceleration; elliptic friction may have its own damping
    const B = ld(c + RC_B)
    let Bt = B
    if (elliptic && dim > 1) {
      const r0 = ld(par + PAR_FRICREF), r1 = ld(par + PAR_FRICREF + V)
      const own = gt(mul(r0, r1), zero)
      if (v128.any_true(own)) {
        reference(m, p, r0, r1, clip(ld(par + PAR_SOLIMP + V), splat(0.0001), splat(0.9999)), c + RC_STRIDE)
        Bt = sel(own, ld(c + RC_STRIDE), B)
      }
    }
    const spring = mul(mul(ld(c + RC_K), imp), violation)
    const aref = arefOf(e, dim), jar = jarOf(e, dim)
    for (let r = 0; r < dim; r++) {
      let vel = zero, acc = zero
      const row = at(J, adr + r * nnz)
      for (let k = 0; k < nnz; k++) {
        const x = ld(at(row, k))
        const i = i32at(col, cols + k)
        vel = mad(x, ld(at(qvel, i)), vel)
        acc = mad(x, ld(at(warm, i)), acc)
      }
      const ref = and(has, neg(r == 0 ? mad(B, vel, spring) : mul(Bt, vel)))
      st(at(aref, r), ref)
      st(at(jar, r), sub(acc, ref))
    }
    some = or(some, has)
    e += contactSize(dim)
  }
  store<u32>(cursor, <u32>e, 12)
  return some
}
