import { abs4, add, and, andnot, div, ge, gt, ld, le, lt, mad, mul, ne, neg, or, sel, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { nefc } from './constraint'
import { copyM, factorSolve, mulM } from './inertia'
import { at, at2, CNSTR_EQUALITY, CNSTR_FRICTION_DOF, i32at } from './types'

/** rounding of J qacc - aref, in units of its terms: a row this close to a zone's edge may lie on either side */
const EDGE: f32 = 1e-6
/** line search steps; each halves the bracket or lands on the kink it looks for */
const LS_ITERATIONS: i32 = 24

/** J x - aref of a row, its magnitude before cancellation in tmp */
// @ts-ignore: decorator
@inline function rowResidual(m: usize, s: usize, r: i32, x: usize, size: usize): v128 {
  const aref = ld(at(f.efc_aref(m, s), r))
  const a = i32at(f.efc_rowadr(m, s), r), end = a + i32at(f.efc_rownnz(m, s), r)
  const J = f.efc_J(m, s), col = f.efc_colind(m, s)
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
@inline function edgeDistance(m: usize, s: usize, r: i32, type: i32, jar: v128): v128 {
  if (type == CNSTR_FRICTION_DOF) return sub(abs4(jar), mul(ld(at(f.efc_R(m, s), r)), ld(at(f.efc_frictionloss(m, s), r))))
  return type == CNSTR_EQUALITY ? splat(-1) : jar
}

/** efc_jar at x and the zones of all rows (mj_constraintUpdate), in the worlds of a mask */
function rowZones(m: usize, s: usize, x: usize, mask: v128): void {
  const n = nefc(m, s), tmp = f.tmp(m, s), jars = f.efc_jar(m, s), quads = f.efc_quad(m, s)
  for (let r = 0; r < n; r++) {
    const jar = rowResidual(m, s, r, x, tmp)
    st(at(jars, r), sel(mask, jar, ld(at(jars, r))))
    st(at(quads, r), sel(mask, lt(edgeDistance(m, s, r, i32at(f.efc_type(m, s), r), jar), splat(0)), ld(at(quads, r))))
  }
}

/** efc_jar at x into `out`; mask of worlds in which a row has left the zone it is marked with, beyond rounding */
function zonesLeft(m: usize, s: usize, x: usize, out: usize): v128 {
  const n = nefc(m, s), tmp = f.tmp(m, s)
  let left = i32x4.splat(0)
  for (let r = 0; r < n; r++) {
    const jar = rowResidual(m, s, r, x, tmp)
    st(at(out, r), jar)
    const type = i32at(f.efc_type(m, s), r)
    if (type == CNSTR_EQUALITY) continue
    const was = ld(at(f.efc_quad(m, s), r))
    const edge = edgeDistance(m, s, r, type, jar)
    let moved = v128.xor(was, lt(edge, splat(0)))
    // friction may cross from one linear zone to the other
    if (type == CNSTR_FRICTION_DOF) moved = or(moved, andnot(lt(mul(jar, ld(at(f.efc_jar(m, s), r))), splat(0)), was))
    moved = and(moved, gt(abs4(edge), mul(splat(EDGE), ld(tmp))))
    left = or(left, and(moved, ne(ld(at(f.efc_D(m, s), r)), splat(0))))
  }
  return left
}

/** efc_force of the rows from their zones and residuals; qfrc_constraint = J' efc_force */
function rowForces(m: usize, d: usize, s: usize): void {
  const n = nefc(m, s), nv = f.nv(m), jars = f.efc_jar(m, s)
  const qfrc = f.qfrc_constraint(m, d), J = f.efc_J(m, s), col = f.efc_colind(m, s)
  for (let i = 0; i < nv; i++) st(at(qfrc, i), splat(0))
  for (let r = 0; r < n; r++) {
    const jar = ld(at(jars, r)), quad = ld(at(f.efc_quad(m, s), r))
    let force = and(quad, neg(mul(ld(at(f.efc_D(m, s), r)), jar)))
    if (i32at(f.efc_type(m, s), r) == CNSTR_FRICTION_DOF) {
      const loss = ld(at(f.efc_frictionloss(m, s), r))
      force = sel(quad, force, sel(gt(jar, splat(0)), neg(loss), loss))
    }
    st(at(f.efc_force(m, s), r), force)
    const begin = i32at(f.efc_rowadr(m, s), r), end = begin + i32at(f.efc_rownnz(m, s), r)
    for (let a = begin; a < end; a++) {
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
  const n = nefc(m, s)
  let d1 = mad(alpha, h, g), d2 = h
  for (let r = 0; r < n; r++) {
    const Jp = ld(at(f.efc_Jp(m, s), r)), D = ld(at(f.efc_D(m, s), r))
    const jar = mad(alpha, Jp, ld(at(f.efc_jar(m, s), r)))
    const type = i32at(f.efc_type(m, s), r)
    if (type == CNSTR_FRICTION_DOF) {
      const loss = ld(at(f.efc_frictionloss(m, s), r))
      const quad = lt(abs4(jar), mul(ld(at(f.efc_R(m, s), r)), loss))
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
 *   in      qM, qfrc_smooth, qacc_warmstart, efc_* with residuals and zones at it; has: worlds with at least one row
 *   out     qacc, qfrc_constraint of the worlds in has (0 in the others), solver_niter
 *   returns mask of worlds that ran out of iterations
 *   source  MuJoCo engine_solver.c, mj_solNewton; Todorov, Convex and analytically-invertible dynamics (ICRA 2014)
 */
export function solNewton(m: usize, d: usize, s: usize, has: v128): v128 {
  const nv = f.nv(m), n = nefc(m, s)
  const qM = f.qM(m, s), H = f.qH(m, s)
  const nnz = f.H_rownnz(m), adr = f.H_rowadr(m), col = f.H_colind(m)
  const x = f.qacc(m, d), next = f.sol_x(m, s), smooth = f.qfrc_smooth(m, s), Mx = f.sol_Mx(m, s)
  const rnnz = f.efc_rownnz(m, s), radr = f.efc_rowadr(m, s), rcol = f.efc_colind(m, s), J = f.efc_J(m, s)
  const coupled = f.neq(m) > 0
  const warm = f.qacc_warmstart(m, d)
  for (let i = 0; i < nv; i++) st(at(x, i), ld(at(warm, i)))
  const jars = f.efc_jar(m, s), fresh = f.efc_Jp(m, s)

  let active = has
  let niter = splat(0)
  const iterations = load<i32>(f.opt_iterations(m))
  for (let it = 0; it < iterations; it++) {
    // H = M + J' D J over the quadratic rows; right-hand side of H x = qfrc_smooth + J' (D aref, or friction)
    copyM(m, qM, H, coupled)
    for (let i = 0; i < nv; i++) st(at(next, i), ld(at(smooth, i)))
    for (let r = 0; r < n; r++) {
      const quad = ld(at(f.efc_quad(m, s), r))
      const D = and(quad, ld(at(f.efc_D(m, s), r)))
      let push = mul(D, ld(at(f.efc_aref(m, s), r)))
      if (i32at(f.efc_type(m, s), r) == CNSTR_FRICTION_DOF) {
        const loss = ld(at(f.efc_frictionloss(m, s), r))
        push = sel(quad, push, sel(gt(ld(at(f.efc_jar(m, s), r)), splat(0)), neg(loss), loss))
      }
      const begin = i32at(radr, r), end = begin + i32at(rnnz, r)
      if (end == begin + 1) {
        // one joint: a diagonal entry
        const i = i32at(rcol, begin)
        const Ji = ld(at(J, begin))
        st(at(next, i), mad(Ji, push, ld(at(next, i))))
        const e = at2(H, nv, i, i)
        st(e, mad(mul(D, Ji), Ji, ld(e)))
        continue
      }
      for (let a = begin; a < end; a++) {
        const i = i32at(rcol, a)
        const Ja = ld(at(J, a))
        st(at(next, i), mad(Ja, push, ld(at(next, i))))
        const DJ = mul(D, Ja)
        for (let b = begin; b < end; b++) {
          const k = i32at(rcol, b)
          if (k > i) continue
          const e = at2(H, nv, i, k)
          st(e, mad(DJ, ld(at(J, b)), ld(e)))
        }
      }
    }
    factorSolve(nv, H, next, nnz, adr, col)
    niter = add(niter, and(active, splat(1)))

    // worlds whose rows all kept their zones are at the minimum; each takes its step whole, whatever its neighbours do
    const moved = and(active, zonesLeft(m, s, next, fresh))
    const arrived = andnot(active, moved)
    for (let i = 0; i < nv; i++) st(at(x, i), sel(arrived, ld(at(next, i)), ld(at(x, i))))
    for (let r = 0; r < n; r++) st(at(jars, r), sel(arrived, ld(at(fresh, r)), ld(at(jars, r))))
    active = moved
    if (!v128.any_true(moved)) break

    // the others search along p = next - x; Jp is the difference of the two residuals
    let g = splat(0), h = splat(0)
    for (let r = 0; r < n; r++) st(at(fresh, r), sub(ld(at(fresh, r)), ld(at(jars, r))))
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
