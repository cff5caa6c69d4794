import { add, and, andnot, div, gt, ld, lt, mad, max4, min4, mul, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { copyM, factorI, mulM, solveLD } from './inertia'
import { lineSearch } from './linesearch'
import { gaussPart, moveResiduals, rowForces, rowSteps, updateZones } from './solve'
import { at, CONE_ELLIPTIC, MINVAL } from './types'

// @ts-ignore: decorator
@inline function inner(n: i32, a: usize, b: usize): v128 {
  let sum = splat(0)
  for (let i = 0; i < n; i++) sum = mad(ld(at(a, i)), ld(at(b, i)), sum)
  return sum
}

/**
 * Constrained acceleration by nonlinear conjugate gradients, preconditioned with M, with exact line search.
 *   in-out  as solNewton
 *   returns whether a world ran out of iterations
 *   source  MuJoCo engine_solver.c, mj_solCG; Hager, Zhang, A new conjugate gradient method with guaranteed descent (2005)
 */
export function solCG(m: usize, d: usize, s: usize, has: v128): v128 {
  const nv = f.nv(m)
  const elliptic = load<i32>(f.opt_cone(m)) == CONE_ELLIPTIC
  const L = f.qH(m, s), dinv = f.qHDiagInv(m, s), tmp = f.tmp(m, s)
  const nnz = f.M_rownnz(m), adr = f.M_rowadr(m), col = f.M_colind(m)
  const x = f.qacc(m, d), p = f.sol_x(m, s), Mx = f.sol_Mx(m, s), smooth = f.qfrc_smooth(m, s), force = f.qfrc_constraint(m, d)
  const grad = f.cg_grad(m, s), Mgrad = f.cg_Mgrad(m, s), search = f.cg_search(m, s), dgrad = f.cg_dgrad(m, s), dMgrad = f.cg_dMgrad(m, s)
  copyM(m, f.qM(m, s), L)
  factorI(nv, L, dinv, nnz, adr, col)

  const invscale = splat(load<f32>(f.stat_meaninertia(m)) * <f32>max<i32>(1, nv))
  const tolerance = mul(splat(load<f32>(f.opt_tolerance(m))), invscale)
  const lstol = mul(splat(load<f32>(f.opt_ls_tolerance(m))), tolerance)
  const iterations = load<i32>(f.opt_iterations(m))
  let active = has, niter = splat(0)
  for (let it = 0; it <= iterations; it++) {
    // gradient M x - qfrc_smooth - J' force, and its change since the last point
    rowForces(m, d, s, elliptic)
    mulM(m, f.qM(m, s), Mx, x)
    for (let i = 0; i < nv; i++) {
      const g = sub(sub(ld(at(Mx, i)), ld(at(smooth, i))), ld(at(force, i)))
      st(at(dgrad, i), sub(g, ld(at(grad, i))))
      st(at(grad, i), g)
      st(at(dMgrad, i), g)
    }
    solveLD(nv, L, dinv, dMgrad, nnz, adr, col)
    for (let i = 0; i < nv; i++) {
      const g = ld(at(dMgrad, i))
      st(at(dMgrad, i), sub(g, ld(at(Mgrad, i))))
      st(at(Mgrad, i), g)
    }
    const norm = sqrt4(inner(nv, grad, grad))
    active = and(active, gt(norm, tolerance))
    if (it == iterations || !v128.any_true(active)) break

    // conjugate direction, held off the gradient's orthogonal; steepest descent first and where conjugacy is lost
    let beta = splat(0)
    if (it > 0) {
      const dy = inner(nv, search, dgrad), kept = gt(dy, splat(MINVAL)), by = sel(kept, dy, splat(1))
      const hz = div(sub(inner(nv, dgrad, Mgrad), mul(mul(splat(2), div(inner(nv, dgrad, dMgrad), by)), inner(nv, search, grad))), by)
      const floor = div(splat(-1), max4(splat(MINVAL), mul(sqrt4(inner(nv, search, search)), min4(splat(0.01), norm))))
      beta = and(kept, max4(floor, hz))
    }
    let length = splat(0)
    for (let i = 0; i < nv; i++) {
      const q = sub(mul(beta, ld(at(search, i))), ld(at(Mgrad, i)))
      st(at(search, i), q)
      st(at(p, i), q)
      length = mad(q, q, length)
    }
    active = and(active, gt(length, splat(MINVAL * MINVAL)))
    rowSteps(m, s, p)
    gaussPart(m, s, x)
    const alpha = and(active, lineSearch(m, s, ld(tmp + 42 * V), ld(tmp + 43 * V), mul(lstol, sqrt4(length)), active, elliptic, false))
    for (let i = 0; i < nv; i++) st(at(x, i), mad(alpha, ld(at(p, i)), ld(at(x, i))))
    moveResiduals(m, s, alpha, active)
    updateZones(m, s, elliptic)
    niter = add(niter, and(active, splat(1)))
    const improvement = ld(tmp + 40 * V)
    active = andnot(active, lt(improvement, tolerance))
  }
  st(f.solver_niter(m, d), niter)
  return active
}
