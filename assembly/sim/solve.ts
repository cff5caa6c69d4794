import { abs4, add, and, andnot, div, ge, gt, ld, le, lt, mad, max4, mul, ne, neg, nmad, not, or, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { coneHessian, curved, force, product, residual, zoneAt } from './cone'
import { arefOf, C_COL, C_DIM, C_J, C_NNZ, C_ZONE, forceOf, jarOf, jpOf, sizeOf, trialZoneOf } from './contact'
import { hessianPattern, makeHessian, patternAdr, patternCol, patternNnz } from './hessian'
import { factorSolve, mulM, solveLD } from './inertia'
import { evaluate, lineSearch } from './linesearch'
import { ctcEnd, nefc } from './row'
import {
  at, CNSTR_EQUALITY, CONE_ELLIPTIC, DSBL_WARMSTART, EFC_AREF, EFC_D, EFC_FORCE, EFC_JAR, EFC_JP, EFC_LOSS, EFC_QUAD, EFC_R, EFC_ROWADR, EFC_ROWNNZ, EFC_STRIDE,
  EFC_TYPE, i32at, isFriction, MINVAL, SOL_NEWTON, SOL_PGS,
} from './types'

/** rounding of J qacc - aref, in units of its terms: a row this close to a zone's edge may lie on either side */
const EDGE: f32 = 1e-6

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
  if (isFriction(type)) return sub(abs4(jar), mul(ld(e + EFC_R), ld(e + EFC_LOSS)))
  return type == CNSTR_EQUALITY ? splat(-1) : jar
}

/** zones of scalar rows at their residuals */
// @ts-ignore: decorator
@inline function rowZones(m: usize, s: usize): void {
  for (let e = f.efc(m, s), end = rowsEnd(m, s); e < end; e += EFC_STRIDE) {
    st(e + EFC_QUAD, lt(edgeDistance(e, load<i32>(e, EFC_TYPE), ld(e + EFC_JAR)), splat(0)))
  }
}

/** zones of all rows at their residuals (mj_constraintUpdate) */
export function updateZones(m: usize, s: usize, elliptic: bool): void {
  rowZones(m, s)
  contactZones(m, s, elliptic)
}

/** zones of the contacts alone: scalar rows are made with theirs */
// @ts-ignore: decorator
@inline function contactZones(m: usize, s: usize, elliptic: bool): void {
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) st(e + C_ZONE, zoneAt(e, jarOf(e, load<i32>(e, C_DIM)), elliptic))
}

/**
 * J p of all rows. Near the minimum p is smaller than the rounding of the residuals, so that a difference of two of
 * them would be noise, which the line search takes for a valley.
 */
export function rowSteps(m: usize, s: usize, p: usize): void {
  const J = f.efc_J(m, s), col = f.efc_colind(m, s)
  for (let e = f.efc(m, s), end = rowsEnd(m, s); e < end; e += EFC_STRIDE) {
    const a = load<i32>(e, EFC_ROWADR), stop = a + load<i32>(e, EFC_ROWNNZ)
    let sum = splat(0)
    for (let k = a; k < stop; k++) sum = mad(ld(at(J, k)), ld(at(p, i32at(col, k))), sum)
    st(e + EFC_JP, sum)
  }
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) product(e, J, col, p, jpOf(e, load<i32>(e, C_DIM)))
}

/**
 * Residuals at x, kept beside the old ones; returns whether x is not yet the minimum: a row has left the zone it is marked
 * with, beyond rounding, or a cone's cost is no quadratic.
 */
function unsettled(m: usize, s: usize, x: usize, elliptic: bool): v128 {
  const tmp = f.tmp(m, s), J = f.efc_J(m, s), col = f.efc_colind(m, s)
  let left = i32x4.splat(0)
  for (let e = f.efc(m, s), end = rowsEnd(m, s); e < end; e += EFC_STRIDE) {
    const jar = rowResidual(e, J, col, x, tmp)
    st(e + EFC_JP, jar)
    const type = load<i32>(e, EFC_TYPE)
    if (type == CNSTR_EQUALITY) continue
    const was = ld(e + EFC_QUAD)
    const edge = edgeDistance(e, type, jar)
    let moved = v128.xor(was, lt(edge, splat(0)))
    // friction may cross from one linear zone to the other
    if (isFriction(type)) moved = or(moved, andnot(lt(mul(jar, ld(e + EFC_JAR)), splat(0)), was))
    moved = and(moved, gt(abs4(edge), mul(splat(EDGE), ld(tmp))))
    left = or(left, and(moved, ne(ld(e + EFC_D), splat(0))))
  }
  const end = ctcEnd(m, s)
  if (f.ctc(m, s) == end) return left
  let size = splat(0)
  for (let i = 0, nv = f.nv(m); i < nv; i++) size = max4(size, abs4(ld(at(x, i))))
  for (let e = f.ctc(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM), jp = jpOf(e, dim)
    residual(e, J, col, x, jp)
    const was = ld(e + C_ZONE)
    const zone = zoneAt(e, jp, elliptic)
    st(trialZoneOf(e, dim), zone)
    let moved = i32x4.ne(zone, was)
    if (elliptic && dim > 1) moved = or(moved, curved(e))
    else if (v128.any_true(moved)) {
      // the same with every edge's residual moved by its rounding, to either side
      const slack = mul(splat(EDGE), add(size, abs4(ld(arefOf(e, dim)))))
      const n = ld(jp)
      st(jp, add(n, slack))
      const up = zoneAt(e, jp, elliptic)
      st(jp, sub(n, slack))
      const down = zoneAt(e, jp, elliptic)
      st(jp, n)
      // bits that are sure: on even when moved up, off even when moved down
      moved = i32x4.ne(or(andnot(up, was), andnot(was, down)), i32x4.splat(0))
    }
    left = or(left, moved)
  }
  return left
}

/** force of every row from its zone and residual; qfrc_constraint = J' force */
export function rowForces(m: usize, d: usize, s: usize, elliptic: bool): void {
  for (let e = f.efc(m, s), end = rowsEnd(m, s); e < end; e += EFC_STRIDE) {
    const jar = ld(e + EFC_JAR), quad = ld(e + EFC_QUAD)
    let force = and(quad, neg(mul(ld(e + EFC_D), jar)))
    if (isFriction(load<i32>(e, EFC_TYPE))) {
      const loss = ld(e + EFC_LOSS)
      force = sel(quad, force, sel(gt(jar, splat(0)), neg(loss), loss))
    }
    st(e + EFC_FORCE, force)
  }
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) force(e, elliptic, forceOf(e, load<i32>(e, C_DIM)))
  addForces(m, d, s)
}

/** qfrc_constraint = J' force */
export function addForces(m: usize, d: usize, s: usize): void {
  const nv = f.nv(m)
  const qfrc = f.qfrc_constraint(m, d), J = f.efc_J(m, s), col = f.efc_colind(m, s)
  for (let i = 0; i < nv; i++) st(at(qfrc, i), splat(0))
  for (let e = f.efc(m, s), end = rowsEnd(m, s); e < end; e += EFC_STRIDE) {
    const force = ld(e + EFC_FORCE)
    const begin = load<i32>(e, EFC_ROWADR), stop = begin + load<i32>(e, EFC_ROWNNZ)
    for (let a = begin; a < stop; a++) {
      const o = at(qfrc, i32at(col, a))
      st(o, mad(ld(at(J, a)), force, ld(o)))
    }
  }
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM)
    addForce(dim, load<i32>(e, C_NNZ), at(J, load<i32>(e, C_J)), col + 4 * <usize>load<i32>(e, C_COL), forceOf(e, dim), qfrc)
  }
}

/** qfrc += J' force of one contact */
// @ts-ignore: decorator
@inline function addForce(dim: i32, nnz: i32, J: usize, col: usize, force: usize, qfrc: usize): void {
  const step = V * <usize>nnz
  for (let k: usize = 0, c = col; k < step; k += V, c += 4) {
    const o = qfrc + V * <usize>load<i32>(c)
    let sum = ld(o)
    for (let r = 0; r < dim; r++) sum = mad(ld(J + step * <usize>r + k), ld(at(force, r)), sum)
    st(o, sum)
  }
}

/** jar = jar + alpha J p */
export function moveResiduals(m: usize, s: usize, alpha: v128, mask: v128): void {
  const step = and(mask, alpha)
  for (let e = f.efc(m, s), end = rowsEnd(m, s); e < end; e += EFC_STRIDE) st(e + EFC_JAR, mad(step, ld(e + EFC_JP), ld(e + EFC_JAR)))
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM), jar = jarOf(e, dim), jp = jpOf(e, dim)
    for (let r = 0; r < dim; r++) st(at(jar, r), mad(step, ld(at(jp, r)), ld(at(jar, r))))
  }
}

/** residuals and zones of contacts from the trial point; scalar rows keep their zones */
function takeResiduals(m: usize, s: usize, mask: v128): void {
  for (let e = f.efc(m, s), end = rowsEnd(m, s); e < end; e += EFC_STRIDE) st(e + EFC_JAR, sel(mask, ld(e + EFC_JP), ld(e + EFC_JAR)))
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM), jar = jarOf(e, dim), jp = jpOf(e, dim)
    st(e + C_ZONE, sel(mask, ld(trialZoneOf(e, dim)), ld(e + C_ZONE)))
    for (let r = 0; r < dim; r++) st(at(jar, r), sel(mask, ld(at(jp, r)), ld(at(jar, r))))
  }
}

/** steps taken whole before the first search: from zone to zone they mostly arrive, and a step costs less without */
const FULL_STEPS: i32 = 6
/** with so few iterations the answer depends on where they begin */
const FEW: i32 = 8

/** does the solver begin at qacc_smooth, or look whether it is better than the warm start */
export function needsSmooth(m: usize): bool {
  return load<i32>(f.opt_iterations(m)) <= FEW || load<i32>(f.opt_solver(m)) != SOL_NEWTON || (load<i32>(f.opt_disableflags(m)) & DSBL_WARMSTART) != 0
}

/** difference of the cost between x and x + p, p in sol_x, J p in the rows; out: Gauss part g, h */
export function gaussPart(m: usize, s: usize, x: usize): void {
  const nv = f.nv(m), qM = f.qM(m, s), p = f.sol_x(m, s), Mx = f.sol_Mx(m, s), smooth = f.qfrc_smooth(m, s), tmp = f.tmp(m, s)
  let g = splat(0), h = splat(0)
  // p' (M x - f): the difference first, its terms cancel
  mulM(m, qM, Mx, x)
  for (let i = 0; i < nv; i++) g = mad(ld(at(p, i)), sub(ld(at(Mx, i)), ld(at(smooth, i))), g)
  mulM(m, qM, Mx, p)
  for (let i = 0; i < nv; i++) h = mad(ld(at(p, i)), ld(at(Mx, i)), h)
  // returned in tmp[42], tmp[43]
  st(tmp + 42 * V, g)
  st(tmp + 43 * V, h)
}

/**
 * Where the solver begins: the warm start, or qacc_smooth where its cost is lower (mj_fwdConstraint, warmstart). With
 * Newton's usual many iterations both lead to the same minimum, and nobody asks.
 *   in   rows with residuals at qacc_warmstart; out: qacc, residuals and zones there
 */
export function startPoint(m: usize, d: usize, s: usize): void {
  const nv = f.nv(m), x = f.qacc(m, d), warm = f.qacc_warmstart(m, d), a = f.qacc_smooth(m, s), p = f.sol_x(m, s), tmp = f.tmp(m, s)
  const elliptic = load<i32>(f.opt_cone(m)) == CONE_ELLIPTIC
  for (let i = 0; i < nv; i++) st(at(x, i), ld(at(warm, i)))
  // the dual solver looks at forces instead
  if (needsSmooth(m) && load<i32>(f.opt_solver(m)) != SOL_PGS) {
    for (let i = 0; i < nv; i++) st(at(p, i), sub(ld(at(a, i)), ld(at(x, i))))
    rowSteps(m, s, p)
    gaussPart(m, s, x)
    evaluate(m, s, splat(1), ld(tmp + 42 * V), ld(tmp + 43 * V), elliptic, tmp + 8 * V)
    let better = lt(ld(tmp + 11 * V), splat(0))
    if (load<i32>(f.opt_disableflags(m)) & DSBL_WARMSTART) better = i32x4.splat(-1)
    for (let i = 0; i < nv; i++) st(at(x, i), sel(better, ld(at(a, i)), ld(at(x, i))))
    moveResiduals(m, s, splat(1), better)
    updateZones(m, s, elliptic)
  } else contactZones(m, s, elliptic)
}

/**
 * One step of iterative refinement of next, the solution that factorSolve left. The Hessian adds stiff rows to light
 * inertia, which loses the light one's digits; here the forces of the rows are formed before they are added, and are small
 * at the solution. One of few iterations ends on this direction, and no later one mends it.
 *   in      H as factorSolve leaves it, x = qacc with its residuals and zones
 *   in-out  next (nv);  overwrites J p and the forces of all rows, qfrc_constraint, sol_Mx
 *   source  Wilkinson, Rounding errors in algebraic processes (1963)
 */
function refine(m: usize, d: usize, s: usize, H: usize, next: usize, elliptic: bool): void {
  const nv = f.nv(m), x = f.qacc(m, d), r = f.sol_Mx(m, s), dinv = f.qHDiagInv(m, s), C = f.cone(m, s)
  for (let i = 0; i < nv; i++) st(at(r, i), sub(ld(at(next, i)), ld(at(x, i))))
  rowSteps(m, s, r)
  // forces of the quadratic model at next
  for (let e = f.efc(m, s), end = rowsEnd(m, s); e < end; e += EFC_STRIDE) {
    const jar = ld(e + EFC_JAR), quad = ld(e + EFC_QUAD)
    let force = and(quad, neg(mul(ld(e + EFC_D), add(jar, ld(e + EFC_JP)))))
    if (isFriction(load<i32>(e, EFC_TYPE))) {
      const loss = ld(e + EFC_LOSS)
      force = sel(quad, force, sel(gt(jar, splat(0)), neg(loss), loss))
    }
    st(e + EFC_FORCE, force)
  }
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM), jp = jpOf(e, dim), out = forceOf(e, dim)
    force(e, elliptic, out)
    coneHessian(e, elliptic, C)
    for (let i = 0; i < dim; i++) {
      let sum = ld(at(out, i))
      for (let k = 0; k < dim; k++) sum = nmad(ld(at(C, i * dim + k)), ld(at(jp, k)), sum)
      st(at(out, i), sum)
    }
  }
  addForces(m, d, s)
  mulM(m, f.qM(m, s), r, next)
  const smooth = f.qfrc_smooth(m, s), qfrc = f.qfrc_constraint(m, d)
  for (let i = 0; i < nv; i++) {
    st(at(r, i), add(sub(ld(at(smooth, i)), ld(at(r, i))), ld(at(qfrc, i))))
    st(at(dinv, i), div(splat(1), ld(at(H, i * nv + i))))
  }
  solveLD(nv, H, dinv, r, patternNnz(m, s), patternAdr(m, s), patternCol(m, s))
  for (let i = 0; i < nv; i++) st(at(next, i), add(ld(at(next, i)), ld(at(r, i))))
}

/**
 * Constrained acceleration: minimum of 1/2 |x - qacc_smooth|_M^2 + s(J x - aref), convex, and piecewise quadratic but for
 * elliptic cones. Newton with exact line search. Where the zones of all rows stay and are quadratic the step is exact and
 * the world is done; the others are done when the cost can fall by no more than opt_tolerance.
 *   in      qM, qfrc_smooth; rows, at least one, with residuals and zones at x = qacc
 *   in-out  qacc
 *   out     qfrc_constraint, solver_niter
 *   returns whether a world ran out of iterations
 *   source  MuJoCo engine_solver.c, mj_solNewton; Todorov, Convex and analytically-invertible dynamics (ICRA 2014)
 */
export function solNewton(m: usize, d: usize, s: usize, has: v128): v128 {
  const nv = f.nv(m)
  const H = f.qH(m, s)
  const elliptic = load<i32>(f.opt_cone(m)) == CONE_ELLIPTIC
  const x = f.qacc(m, d), next = f.sol_x(m, s)
  const tmp = f.tmp(m, s)
  hessianPattern(m, s)
  const nnz = patternNnz(m, s), adr = patternAdr(m, s), col = patternCol(m, s)
  const invscale = splat(load<f32>(f.stat_meaninertia(m)) * <f32>max<i32>(1, nv))
  const tolerance = mul(splat(load<f32>(f.opt_tolerance(m))), invscale)
  const lstol = mul(splat(load<f32>(f.opt_ls_tolerance(m))), tolerance)

  // has: worlds with at least one row; qfrc_constraint and solver_niter of the others become 0
  let active = has
  let niter = splat(0)
  const iterations = load<i32>(f.opt_iterations(m))
  for (let it = 0; it < iterations; it++) {
    makeHessian(m, s, H, next, elliptic)
    factorSolve(nv, H, next, nnz, adr, col)
    // one or two dofs are solved without leaving factors
    if (iterations <= FEW && nv > 2) refine(m, d, s, H, next, elliptic)
    niter = add(niter, and(active, splat(1)))

    // worlds whose rows all kept their zones are at the minimum; each takes its step whole, whatever its neighbours do
    const moved = and(active, unsettled(m, s, next, elliptic))
    const arrived = andnot(active, moved)
    for (let i = 0; i < nv; i++) st(at(x, i), sel(arrived, ld(at(next, i)), ld(at(x, i))))
    if (v128.any_true(arrived)) takeResiduals(m, s, arrived)
    active = moved
    if (!v128.any_true(moved)) break

    if (!elliptic && iterations > FEW && it < FULL_STEPS) {
      for (let i = 0; i < nv; i++) st(at(x, i), sel(moved, ld(at(next, i)), ld(at(x, i))))
      takeResiduals(m, s, moved)
      rowZones(m, s)
      continue
    }

    // the others search along p = next - x
    let norm = splat(0)
    for (let i = 0; i < nv; i++) {
      const p = sub(ld(at(next, i)), ld(at(x, i)))
      st(at(next, i), p)
      norm = mad(p, p, norm)
    }
    // at a cone's minimum to the last bit: nowhere to search
    active = and(active, gt(norm, splat(MINVAL * MINVAL)))
    if (!v128.any_true(active)) break
    rowSteps(m, s, next)
    gaussPart(m, s, x)
    const alpha = lineSearch(m, s, ld(tmp + 42 * V), ld(tmp + 43 * V), mul(lstol, sqrt4(norm)), active, elliptic, iterations > FEW)
    const step = and(active, alpha)
    for (let i = 0; i < nv; i++) st(at(x, i), mad(step, ld(at(next, i)), ld(at(x, i))))
    moveResiduals(m, s, alpha, active)
    updateZones(m, s, elliptic)
    // the model's decrement, or the search's: less than the tolerance can be gained
    const improvement = ld(tmp + 40 * V), slope = ld(tmp + 41 * V)
    active = and(active, and(gt(improvement, tolerance), gt(neg(slope), add(tolerance, tolerance))))
    if (!v128.any_true(active)) break
  }
  rowForces(m, d, s, elliptic)
  st(f.solver_niter(m, d), niter)
  return active
}
