import { abs4, add, and, andnot, div, ge, gt, ld, le, lt, mad, mul, ne, neg, or, sel, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { nefc } from './constraint'
import { copyM, factorSolve, mulM } from './inertia'
import {
  at, at2, CNSTR_EQUALITY, CNSTR_FRICTION_DOF, EFC_AREF, EFC_D, EFC_FORCE, EFC_JAR, EFC_JP, EFC_LOSS, EFC_QUAD, EFC_R, EFC_ROWADR,
  EFC_ROWNNZ, EFC_STRIDE, EFC_TYPE, i32at,
} from './types'

/** rounding of J qacc - aref, in units of its terms: a row this close to a zone's edge may lie on either side */
const EDGE: f32 = 1e-6
/** line search steps; each halves the bracket or lands on the kink it looks for */
const LS_ITERATIONS: i32 = 24

/** end of the rows' records */
// @ts-ignore: decorator
@inline function rowsEnd(m: usize, s: usize): usize { return f.efc(m, s) + EFC_STRIDE * <usize>nefc(m, s) }

/** J x - aref of the row at e, its magnitude before cancellation in size; J, col: efc_J and efc_colind */
// @ts-ignore: decorator
@inline function rowResidual(e: usize, J: usize, col: usize, x: usize, size: usize): v128 {
  const aref = ld(e + EFC_AREF)
  const a = load<i32>(e, EFC_ROWADR), end = a + load<i32>(e, EFC_ROWNNZ)
  let jar = neg(aref), sum = abs4(aref)
  for (let k = a; k < end; k++) {
    const t = mul(ld(at(J, k)), ld(at(x, i32at(col, k))))
    jar = add(jar, t)
    sum = add(sum, abs4(t))
  }
  st(size, sum)
  return jar
}

/** distance of a residual to the edge of its row's quadratic zone, negative inside; equality has no edge */
// @ts-ignore: decorator
@inline function edgeDistance(e: usize, type: i32, jar: v128): v128 {
  if (type == CNSTR_FRICTION_DOF) return sub(abs4(jar), mul(ld(e + EFC_R), ld(e + EFC_LOSS)))
  return type == CNSTR_EQUALITY ? splat(-1) : jar
}

/** residuals at x and the zones of all rows (mj_constraintUpdate), in the worlds of a mask */
function rowZones(m: usize, s: usize, x: usize, mask: v128): void {
  const tmp = f.tmp(m, s), J = f.efc_J(m, s), col = f.efc_colind(m, s), end = rowsEnd(m, s)
  for (let e = f.efc(m, s); e < end; e += EFC_STRIDE) {
    const jar = rowResidual(e, J, col, x, tmp)
    st(e + EFC_JAR, sel(mask, jar, ld(e + EFC_JAR)))
    st(e + EFC_QUAD, sel(mask, lt(edgeDistance(e, load<i32>(e, EFC_TYPE), jar), splat(0)), ld(e + EFC_QUAD)))
  }
}

/** residuals at x, kept beside the old ones; mask of worlds in which a row has left the zone it is marked with, beyond rounding */
function zonesLeft(m: usize, s: usize, x: usize): v128 {
  const tmp = f.tmp(m, s), J = f.efc_J(m, s), col = f.efc_colind(m, s), end = rowsEnd(m, s)
  let left = i32x4.splat(0)
  for (let e = f.efc(m, s); e < end; e += EFC_STRIDE) {
    const jar = rowResidual(e, J, col, x, tmp)
    st(e + EFC_JP, jar)
    const type = load<i32>(e, EFC_TYPE)
    if (type == CNSTR_EQUALITY) continue
    const was = ld(e + EFC_QUAD)
    const edge = edgeDistance(e, type, jar)
    let moved = v128.xor(was, lt(edge, splat(0)))
    // friction may cross from one linear zone to the other
    if (type == CNSTR_FRICTION_DOF) moved = or(moved, andnot(lt(mul(jar, ld(e + EFC_JAR)), splat(0)), was))
    moved = and(moved, gt(abs4(edge), mul(splat(EDGE), ld(tmp))))
    left = or(left, and(moved, ne(ld(e + EFC_D), splat(0))))
  }
  return left
}

/** force of every row from its zone and residual; qfrc_constraint = J' force */
function rowForces(m: usize, d: usize, s: usize): void {
  const nv = f.nv(m), end = rowsEnd(m, s)
  const qfrc = f.qfrc_constraint(m, d), J = f.efc_J(m, s), col = f.efc_colind(m, s)
  for (let i = 0; i < nv; i++) st(at(qfrc, i), splat(0))
  for (let e = f.efc(m, s); e < end; e += EFC_STRIDE) {
    const jar = ld(e + EFC_JAR), quad = ld(e + EFC_QUAD)
    let force = and(quad, neg(mul(ld(e + EFC_D), jar)))
    if (load<i32>(e, EFC_TYPE) == CNSTR_FRICTION_DOF) {
      const loss = ld(e + EFC_LOSS)
      force = sel(quad, force, sel(gt(jar, splat(0)), neg(loss), loss))
    }
    st(e + EFC_FORCE, force)
    const begin = load<i32>(e, EFC_ROWADR), stop = begin + load<i32>(e, EFC_ROWNNZ)
    for (let a = begin; a < stop; a++) {
      const o = at(qfrc, i32at(col, a))
      st(o, mad(ld(at(J, a)), force, ld(o)))
    }
  }
}

/**
 * Derivative of the cost along x + alpha p at alpha (in sol_*), with its slope (PrimalEval).
 *   g, h   Gauss part: g + alpha h
 *   out    tmp[0] derivative, tmp[1] slope
 */
function lineDerivative(m: usize, s: usize, alpha: v128, g: v128, h: v128): void {
  const end = rowsEnd(m, s)
  let d1 = mad(alpha, h, g), d2 = h
  for (let e = f.efc(m, s); e < end; e += EFC_STRIDE) {
    const Jp = ld(e + EFC_JP), D = ld(e + EFC_D)
    const jar = mad(alpha, Jp, ld(e + EFC_JAR))
    const type = load<i32>(e, EFC_TYPE)
    if (type == CNSTR_FRICTION_DOF) {
      const loss = ld(e + EFC_LOSS)
      const quad = lt(abs4(jar), mul(ld(e + EFC_R), loss))
      d1 = mad(Jp, sel(quad, mul(D, jar), sel(gt(jar, splat(0)), loss, neg(loss))), d1)
      d2 = add(d2, and(quad, mul(D, mul(Jp, Jp))))
    } else {
      const on = type == CNSTR_EQUALITY ? i32x4.splat(-1) : lt(jar, splat(0))
      d1 = add(d1, and(on, mul(mul(D, jar), Jp)))
      d2 = add(d2, and(on, mul(D, mul(Jp, Jp))))
    }
  }
  const tmp = f.tmp(m, s)
  st(tmp, d1)
  st(tmp + V, d2)
}

/** root of the piecewise linear, increasing derivative of the cost along p: safeguarded Newton from alpha = 1 */
function lineSearch(m: usize, s: usize, g: v128, h: v128): v128 {
  const tmp = f.tmp(m, s)
  lineDerivative(m, s, splat(0), g, h)
  const tol = mul(splat(1e-6), abs4(ld(tmp)))
  let lo = splat(0), hi = splat(Infinity), alpha = splat(1)
  for (let it = 0; it < LS_ITERATIONS; it++) {
    lineDerivative(m, s, alpha, g, h)
    const d1 = ld(tmp), d2 = ld(tmp + V)
    const done = le(abs4(d1), tol)
    if (i32x4.all_true(done)) break
    const below = lt(d1, splat(0))
    lo = sel(below, alpha, lo)
    hi = sel(below, hi, alpha)
    let next = sub(alpha, div(d1, sel(gt(d2, splat(0)), d2, splat(1))))
    const bounded = lt(hi, splat(Infinity))
    const out = or(le(next, lo), ge(next, hi))
    next = sel(out, sel(bounded, mul(splat(0.5), add(lo, hi)), mul(splat(2), alpha)), next)
    alpha = sel(done, alpha, next)
  }
  return alpha
}

/**
 * Constrained acceleration: minimum of 1/2 |x - qacc_smooth|_M^2 + s(J x - aref), a convex, piecewise quadratic function.
 * Newton with exact line search; once the zones of all rows stay, the step is exact and the world is done.
 *   in      qM, qfrc_smooth, qacc_warmstart, efc with residuals and zones at it; has: worlds with at least one row
 *   out     qacc, qfrc_constraint of the worlds in has (0 in the others), solver_niter
 *   returns mask of worlds that ran out of iterations
 *   source  MuJoCo engine_solver.c, mj_solNewton; Todorov, Convex and analytically-invertible dynamics (ICRA 2014)
 */
export function solNewton(m: usize, d: usize, s: usize, has: v128): v128 {
  const nv = f.nv(m)
  const qM = f.qM(m, s), H = f.qH(m, s)
  const nnz = f.H_rownnz(m), adr = f.H_rowadr(m), col = f.H_colind(m)
  const x = f.qacc(m, d), next = f.sol_x(m, s), smooth = f.qfrc_smooth(m, s), Mx = f.sol_Mx(m, s)
  const rows = f.efc(m, s), end = rowsEnd(m, s), rcol = f.efc_colind(m, s), J = f.efc_J(m, s)
  const coupled = f.neq(m) > 0
  const warm = f.qacc_warmstart(m, d)
  for (let i = 0; i < nv; i++) st(at(x, i), ld(at(warm, i)))

  let active = has
  let niter = splat(0)
  const iterations = load<i32>(f.opt_iterations(m))
  for (let it = 0; it < iterations; it++) {
    // H = M + J' D J over the quadratic rows; right-hand side of H x = qfrc_smooth + J' (D aref, or friction)
    copyM(m, qM, H, coupled)
    for (let i = 0; i < nv; i++) st(at(next, i), ld(at(smooth, i)))
    for (let e = rows; e < end; e += EFC_STRIDE) {
      const quad = ld(e + EFC_QUAD)
      const D = and(quad, ld(e + EFC_D))
      let push = mul(D, ld(e + EFC_AREF))
      if (load<i32>(e, EFC_TYPE) == CNSTR_FRICTION_DOF) {
        const loss = ld(e + EFC_LOSS)
        push = sel(quad, push, sel(gt(ld(e + EFC_JAR), splat(0)), neg(loss), loss))
      }
      const begin = load<i32>(e, EFC_ROWADR), stop = begin + load<i32>(e, EFC_ROWNNZ)
      if (stop == begin + 1) {
        // one joint: a diagonal entry
        const i = i32at(rcol, begin)
        const Ji = ld(at(J, begin))
        st(at(next, i), mad(Ji, push, ld(at(next, i))))
        const o = at2(H, nv, i, i)
        st(o, mad(mul(D, Ji), Ji, ld(o)))
        continue
      }
      for (let a = begin; a < stop; a++) {
        const i = i32at(rcol, a)
        const Ja = ld(at(J, a))
        st(at(next, i), mad(Ja, push, ld(at(next, i))))
        const DJ = mul(D, Ja)
        for (let b = begin; b < stop; b++) {
          const k = i32at(rcol, b)
          if (k > i) continue
          const o = at2(H, nv, i, k)
          st(o, mad(DJ, ld(at(J, b)), ld(o)))
        }
      }
    }
    factorSolve(nv, H, next, nnz, adr, col)
    niter = add(niter, and(active, splat(1)))

    // worlds whose rows all kept their zones are at the minimum; each takes its step whole, whatever its neighbours do
    const moved = and(active, zonesLeft(m, s, next))
    const arrived = andnot(active, moved)
    for (let i = 0; i < nv; i++) st(at(x, i), sel(arrived, ld(at(next, i)), ld(at(x, i))))
    for (let e = rows; e < end; e += EFC_STRIDE) st(e + EFC_JAR, sel(arrived, ld(e + EFC_JP), ld(e + EFC_JAR)))
    active = moved
    if (!v128.any_true(moved)) break

    // the others search along p = next - x; J p is the difference of the two residuals
    let g = splat(0), h = splat(0)
    for (let e = rows; e < end; e += EFC_STRIDE) st(e + EFC_JP, sub(ld(e + EFC_JP), ld(e + EFC_JAR)))
    for (let i = 0; i < nv; i++) st(at(next, i), sub(ld(at(next, i)), ld(at(x, i))))
    mulM(m, qM, Mx, x)
    for (let i = 0; i < nv; i++) g = mad(ld(at(next, i)), sub(ld(at(Mx, i)), ld(at(smooth, i))), g)
    mulM(m, qM, Mx, next)
    for (let i = 0; i < nv; i++) h = mad(ld(at(next, i)), ld(at(Mx, i)), h)
    const alpha = lineSearch(m, s, g, h)
    for (let i = 0; i < nv; i++) {
      const xi = ld(at(x, i))
      st(at(x, i), sel(active, mad(alpha, ld(at(next, i)), xi), xi))
    }
    rowZones(m, s, x, active)
  }
  rowForces(m, d, s)
  st(f.solver_niter(m, d), niter)
  return active
}
