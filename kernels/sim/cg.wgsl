// import { ld, st } from '../math/v4'
// import { copyM, factorI, mulM, solveLD } from './inertia'
// import { lineSearch } from './linesearch'
// import { gaussPart, moveResiduals, rowForces, rowSteps, updateZones } from './solve'
// import { MINVAL } from './types'

fn inner(n: i32, a: i32, b: i32) -> f32 {
  var sum = 0.0;
  for (var i = 0; i < n; i++) { sum += ld(a + i) * ld(b + i); }
  return sum;
}

/**
 * Constrained acceleration by nonlinear conjugate gradients, preconditioned with M, with exact line search.
 *   in-out  as solNewton
 *   returns whether a world ran out of iterations
 *   source  MuJoCo engine_solver.c, mj_solCG; Hager, Zhang, A new conjugate gradient method with guaranteed descent (2005)
 */
fn solCG() -> bool {
  let nv = f_nv;
  let L = f_qH;
  let dinv = f_qHDiagInv;
  let nnz = f_M_rownnz;
  let adr = f_M_rowadr;
  let col = f_M_colind;
  let x = f_qacc;
  let p = f_sol_x;
  let Mx = f_sol_Mx;
  let grad = f_cg_grad;
  let Mgrad = f_cg_Mgrad;
  let search = f_cg_search;
  let dgrad = f_cg_dgrad;
  let dMgrad = f_cg_dMgrad;
  copyM(f_qM, L);
  factorI(nv, L, dinv, nnz, adr, col);

  let invscale = f_stat_meaninertia * f32(max(1, f_nv));
  let tolerance = f_opt_tolerance * invscale;
  let lstol = f_opt_ls_tolerance * tolerance;
  var searching = true;
  var niter = 0.0;
  for (var it = 0; it <= f_opt_iterations; it++) {
    // gradient M x - qfrc_smooth - J' force, and its change since the last point
    rowForces();
    mulM(f_qM, Mx, x);
    for (var i = 0; i < nv; i++) {
      let g = ld(Mx + i) - ld(f_qfrc_smooth + i) - ld(f_qfrc_constraint + i);
      st(dgrad + i, g - ld(grad + i));
      st(grad + i, g);
      st(dMgrad + i, g);
    }
    solveLD(nv, L, dinv, dMgrad, nnz, adr, col);
    for (var i = 0; i < nv; i++) {
      let g = ld(dMgrad + i);
      st(dMgrad + i, g - ld(Mgrad + i));
      st(Mgrad + i, g);
    }
    let norm = sqrt(inner(nv, grad, grad));
    searching = searching && norm > tolerance;
    if (it == f_opt_iterations || !searching) { break; }

    // conjugate direction, held off the gradient's orthogonal; steepest descent first and where conjugacy is lost
    var beta = 0.0;
    if (it > 0) {
      let dy = inner(nv, search, dgrad);
      if (dy > MINVAL) {
        let hz = (inner(nv, dgrad, Mgrad) - 2.0 * (inner(nv, dgrad, dMgrad) / dy) * inner(nv, search, grad)) / dy;
        let least = -1.0 / max(MINVAL, sqrt(inner(nv, search, search)) * min(0.01, norm));
        beta = max(least, hz);
      }
    }
    var length = 0.0;
    for (var i = 0; i < nv; i++) {
      let q = beta * ld(search + i) - ld(Mgrad + i);
      st(search + i, q);
      st(p + i, q);
      length += q * q;
    }
    searching = length > MINVAL * MINVAL;
    if (!searching) { break; }
    rowSteps(p);
    let gauss = gaussPart(x);
    let found = lineSearch(gauss.g, gauss.h, lstol * sqrt(length), false);
    for (var i = 0; i < nv; i++) { st(x + i, found.alpha * ld(p + i) + ld(x + i)); }
    moveResiduals(found.alpha);
    updateZones();
    niter += 1.0;
    searching = !(found.improvement < tolerance);
  }
  st(f_solver_niter, niter);
  return searching;
}
