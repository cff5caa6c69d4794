// import { ld, ldi, ldmask, ldu, st, stmask, stu } from '../math/v4'
// import { coneHessian, curved, force, product, residual, zoneAt } from './cone'
// import { arefOf, C_COL, C_DIM, C_J, C_NNZ, C_ZONE, dimAt, forceOf, jarOf, jpOf, sizeOf, trialZoneOf } from './contact'
// import { hessianPattern, makeHessian, patternAdr, patternCol, patternNnz } from './hessian'
// import { factorSolve, mulM, solveLD } from './inertia'
// import { evaluate, lineSearch } from './linesearch'
// import { ctcEnd, nefc } from './row'
// import { CNSTR_EQUALITY, CONE_ELLIPTIC, DSBL_WARMSTART, EFC_AREF, EFC_D, EFC_FORCE, EFC_JAR, EFC_JP, EFC_LOSS, EFC_QUAD } from './types'
// import { EFC_R, EFC_ROWADR, EFC_ROWNNZ, EFC_STRIDE, EFC_TYPE, isFriction, MINVAL, SOL_NEWTON, SOL_PGS } from './types'

/** rounding of J qacc - aref, in units of its terms: a row this close to a zone's edge may lie on either side */
const EDGE: f32 = 1e-6;

/** end of the rows' records */
fn rowsEnd() -> i32 { return f_efc + EFC_STRIDE * nefc(); }

struct RowResidual { jar: f32, size: f32 }

/** J x - aref of the row at e, its magnitude before cancellation in size; J, col: efc_J and efc_colind */
fn rowResidual(e: i32, J: i32, col: i32, x: i32) -> RowResidual {
  let aref = ld(e + EFC_AREF);
  let a = ldi(e + EFC_ROWADR);
  let end = a + ldi(e + EFC_ROWNNZ);
  var jar = -aref;
  var sum = abs(aref);
  for (var k = a; k < end; k++) {
    let t = ld(J + k) * ld(x + ldi(col + k));
    jar += t;
    sum += abs(t);
  }
  return RowResidual(jar, sum);
}

/** distance of a residual to the edge of its row's quadratic zone, negative inside; equality has no edge */
fn edgeDistance(e: i32, kind: i32, jar: f32) -> f32 {
  if (isFriction(kind)) { return abs(jar) - ld(e + EFC_R) * ld(e + EFC_LOSS); }
  return select(jar, -1.0, kind == CNSTR_EQUALITY);
}

/** zones of scalar rows at their residuals */
fn rowZones() {
  let end = rowsEnd();
  for (var e = f_efc; e < end; e += EFC_STRIDE) {
    stmask(e + EFC_QUAD, edgeDistance(e, ldi(e + EFC_TYPE), ld(e + EFC_JAR)) < 0.0);
  }
}

/** zones of all rows at their residuals (mj_constraintUpdate) */
fn updateZones() {
  rowZones();
  contactZones();
}

/** zones of the contacts alone: scalar rows are made with theirs */
fn contactZones() {
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) { stu(e + C_ZONE, zoneAt(e, jarOf(e, dimAt(e + C_DIM)))); }
  }
}

/**
 * J p of all rows. Near the minimum p is smaller than the rounding of the residuals, so that a difference of two of
 * them would be noise, which the line search takes for a valley.
 */
fn rowSteps(p: i32) {
  let rows = rowsEnd();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let a = ldi(e + EFC_ROWADR);
    let stop = a + ldi(e + EFC_ROWNNZ);
    var sum = 0.0;
    for (var k = a; k < stop; k++) { sum += ld(f_efc_J + k) * ld(p + ldi(f_efc_colind + k)); }
    st(e + EFC_JP, sum);
  }
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) { product(e, f_efc_J, f_efc_colind, p, jpOf(e, dimAt(e + C_DIM))); }
  }
}

/**
 * Residuals at x, kept beside the old ones; returns whether x is not yet the minimum: a row has left the zone it is marked
 * with, beyond rounding, or a cone's cost is no quadratic.
 */
fn unsettled(x: i32) -> bool {
  let J = f_efc_J;
  let col = f_efc_colind;
  var left = false;
  let rows = rowsEnd();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let r = rowResidual(e, J, col, x);
    let jar = r.jar;
    st(e + EFC_JP, jar);
    let kind = ldi(e + EFC_TYPE);
    if (kind == CNSTR_EQUALITY) { continue; }
    let was = ldmask(e + EFC_QUAD);
    let edge = edgeDistance(e, kind, jar);
    var moved = was != (edge < 0.0);
    // friction may cross from one linear zone to the other
    if (isFriction(kind)) { moved = moved || (jar * ld(e + EFC_JAR) < 0.0 && !was); }
    moved = moved && abs(edge) > EDGE * r.size;
    left = left || (moved && ld(e + EFC_D) != 0.0);
  }
  let end = ctcEnd();
  if (f_ctc == end) { return left; }
  var size = 0.0;
  for (var i = 0; i < f_nv; i++) { size = max(size, abs(ld(x + i))); }
  if (f_nctc > 0) {
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      let jp = jpOf(e, dim);
      residual(e, J, col, x, jp);
      let was = ldu(e + C_ZONE);
      let zone = zoneAt(e, jp);
      stu(trialZoneOf(e, dim), zone);
      var moved = zone != was;
      if (f_opt_cone == CONE_ELLIPTIC && dim > 1) { moved = moved || curved(e); }
      else if (moved) {
        // the same with every edge's residual moved by its rounding, to either side
        let slack = EDGE * (size + abs(ld(arefOf(e, dim))));
        let n = ld(jp);
        st(jp, n + slack);
        let up = zoneAt(e, jp);
        st(jp, n - slack);
        let down = zoneAt(e, jp);
        st(jp, n);
        // bits that are sure: on even when moved up, off even when moved down
        moved = ((up & ~was) | (was & ~down)) != 0u;
      }
      left = left || moved;
    }
  }
  return left;
}

/** force of every row from its zone and residual; qfrc_constraint = J' force */
fn rowForces() {
  let rows = rowsEnd();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let jar = ld(e + EFC_JAR);
    let quad = ldmask(e + EFC_QUAD);
    var push = select(0.0, -(ld(e + EFC_D) * jar), quad);
    if (isFriction(ldi(e + EFC_TYPE))) {
      let loss = ld(e + EFC_LOSS);
      push = select(select(loss, -loss, jar > 0.0), push, quad);
    }
    st(e + EFC_FORCE, push);
  }
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) { force(e, forceOf(e, dimAt(e + C_DIM))); }
  }
  addForces();
}

/** qfrc_constraint = J' force */
fn addForces() {
  for (var i = 0; i < f_nv; i++) { st(f_qfrc_constraint + i, 0.0); }
  let rows = rowsEnd();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let push = ld(e + EFC_FORCE);
    let begin = ldi(e + EFC_ROWADR);
    let stop = begin + ldi(e + EFC_ROWNNZ);
    for (var a = begin; a < stop; a++) {
      let o = f_qfrc_constraint + ldi(f_efc_colind + a);
      st(o, ld(f_efc_J + a) * push + ld(o));
    }
  }
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      addForce(dim, ldi(e + C_NNZ), f_efc_J + ldi(e + C_J), f_efc_colind + ldi(e + C_COL), forceOf(e, dim), f_qfrc_constraint);
    }
  }
}

/** qfrc += J' force of one contact */
fn addForce(dim: i32, nnz: i32, J: i32, col: i32, push: i32, qfrc: i32) {
  for (var k = 0; k < nnz; k++) {
    let o = qfrc + ldi(col + k);
    var sum = ld(o);
    for (var r = 0; r < dim; r++) { sum += ld(J + nnz * r + k) * ld(push + r); }
    st(o, sum);
  }
}

/** jar = jar + alpha J p */
fn moveResiduals(alpha: f32) {
  let rows = rowsEnd();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) { st(e + EFC_JAR, alpha * ld(e + EFC_JP) + ld(e + EFC_JAR)); }
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      let jar = jarOf(e, dim);
      let jp = jpOf(e, dim);
      for (var r = 0; r < dim; r++) { st(jar + r, alpha * ld(jp + r) + ld(jar + r)); }
    }
  }
}

/** residuals and zones of contacts from the trial point; scalar rows keep their zones */
fn takeResiduals() {
  let rows = rowsEnd();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) { st(e + EFC_JAR, ld(e + EFC_JP)); }
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      let jar = jarOf(e, dim);
      let jp = jpOf(e, dim);
      stu(e + C_ZONE, ldu(trialZoneOf(e, dim)));
      for (var r = 0; r < dim; r++) { st(jar + r, ld(jp + r)); }
    }
  }
}

/** steps taken whole before the first search: from zone to zone they mostly arrive, and a step costs less without */
const FULL_STEPS: i32 = 6;
/** with so few iterations the answer depends on where they begin */
const FEW: i32 = 8;

/** does the solver begin at qacc_smooth, or look whether it is better than the warm start */
fn needsSmooth() -> bool {
  return f_opt_iterations <= FEW || f_opt_solver != SOL_NEWTON || (f_opt_disableflags & DSBL_WARMSTART) != 0;
}

struct Gauss { g: f32, h: f32 }

/** difference of the cost between x and x + p, p in sol_x, J p in the rows; out: Gauss part g, h */
fn gaussPart(x: i32) -> Gauss {
  let p = f_sol_x;
  let Mx = f_sol_Mx;
  var out = Gauss(0.0, 0.0);
  for (var k = 0; k < 2; k++) {
    // p' (M x - f): the difference first, its terms cancel; then p' M p
    mulM(f_qM, Mx, select(p, x, k == 0));
    var sum = 0.0;
    for (var i = 0; i < f_nv; i++) { sum += ld(p + i) * (ld(Mx + i) - select(0.0, ld(f_qfrc_smooth + i), k == 0)); }
    if (k == 0) { out.g = sum; } else { out.h = sum; }
  }
  return out;
}

/**
 * Where the solver begins: the warm start, or qacc_smooth where its cost is lower (mj_fwdConstraint, warmstart). With
 * Newton's usual many iterations both lead to the same minimum, and nobody asks.
 *   in   rows with residuals at qacc_warmstart; out: qacc, residuals and zones there
 */
fn startPoint() {
  let x = f_qacc;
  let p = f_sol_x;
  for (var i = 0; i < f_nv; i++) { st(x + i, ld(f_qacc_warmstart + i)); }
  // the dual solver looks at forces instead
  if (needsSmooth() && f_opt_solver != SOL_PGS) {
    for (var i = 0; i < f_nv; i++) { st(p + i, ld(f_qacc_smooth + i) - ld(x + i)); }
    rowSteps(p);
    let gauss = gaussPart(x);
    var better = evaluate(1.0, gauss.g, gauss.h).w < 0.0;
    if ((f_opt_disableflags & DSBL_WARMSTART) != 0) {
      better = true;
    }
    if (better) {
      for (var i = 0; i < f_nv; i++) { st(x + i, ld(f_qacc_smooth + i)); }
      moveResiduals(1.0);
    }
    updateZones();
  } else { contactZones(); }
}

/**
 * One step of iterative refinement of next, the solution that factorSolve left. The Hessian adds stiff rows to light
 * inertia, which loses the light one's digits; here the forces of the rows are formed before they are added, and are small
 * at the solution. One of few iterations ends on this direction, and no later one mends it.
 *   in      H as factorSolve leaves it, x = qacc with its residuals and zones
 *   in-out  next (nv);  overwrites J p and the forces of all rows, qfrc_constraint, sol_Mx
 *   source  Wilkinson, Rounding errors in algebraic processes (1963)
 */
fn refine(H: i32, next: i32) {
  let x = f_qacc;
  let r = f_sol_Mx;
  let dinv = f_qHDiagInv;
  let C = f_cone;
  for (var i = 0; i < f_nv; i++) { st(r + i, ld(next + i) - ld(x + i)); }
  rowSteps(r);
  // forces of the quadratic model at next
  let rows = rowsEnd();
  for (var e = f_efc; e < rows; e += EFC_STRIDE) {
    let jar = ld(e + EFC_JAR);
    let quad = ldmask(e + EFC_QUAD);
    var push = select(0.0, -(ld(e + EFC_D) * (jar + ld(e + EFC_JP))), quad);
    if (isFriction(ldi(e + EFC_TYPE))) {
      let loss = ld(e + EFC_LOSS);
      push = select(select(loss, -loss, jar > 0.0), push, quad);
    }
    st(e + EFC_FORCE, push);
  }
  if (f_nctc > 0) {
    let end = ctcEnd();
    for (var e = f_ctc; e < end; e += sizeOf(e)) {
      let dim = dimAt(e + C_DIM);
      let jp = jpOf(e, dim);
      let out = forceOf(e, dim);
      force(e, out);
      coneHessian(e, C);
      for (var i = 0; i < dim; i++) {
        var sum = ld(out + i);
        for (var k = 0; k < dim; k++) { sum -= ld(C + i * dim + k) * ld(jp + k); }
        st(out + i, sum);
      }
    }
  }
  addForces();
  mulM(f_qM, r, next);
  for (var i = 0; i < f_nv; i++) {
    st(r + i, ld(f_qfrc_smooth + i) - ld(r + i) + ld(f_qfrc_constraint + i));
    st(dinv + i, 1.0 / ld(H + i * f_nv + i));
  }
  solveLD(f_nv, H, dinv, r, patternNnz(), patternAdr(), patternCol());
  for (var i = 0; i < f_nv; i++) { st(next + i, ld(next + i) + ld(r + i)); }
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
fn solNewton() -> bool {
  let H = f_qH;
  let x = f_qacc;
  let next = f_sol_x;
  if (f_nvH > 0) {
    hessianPattern();
  }
  let nnz = patternNnz();
  let adr = patternAdr();
  let col = patternCol();
  let invscale = f_stat_meaninertia * f32(max(1, f_nv));
  let tolerance = f_opt_tolerance * invscale;
  let lstol = f_opt_ls_tolerance * tolerance;

  var searching = true;
  var niter = 0.0;
  for (var it = 0; it < f_opt_iterations; it++) {
    makeHessian(H, next);
    factorSolve(f_nv, H, next, nnz, adr, col);
    // one or two dofs are solved without leaving factors
    if (f_opt_iterations <= FEW && f_nv > 2) {
      refine(H, next);
    }
    niter += 1.0;

    // a world whose rows all kept their zones is at the minimum, and takes its step whole
    searching = unsettled(next);
    if (!searching || (f_opt_cone != CONE_ELLIPTIC && f_opt_iterations > FEW && it < FULL_STEPS)) {
      for (var i = 0; i < f_nv; i++) { st(x + i, ld(next + i)); }
      takeResiduals();
      if (!searching) { break; }
      rowZones();
      continue;
    }

    // else it searches along p = next - x
    var norm = 0.0;
    for (var i = 0; i < f_nv; i++) {
      let p = ld(next + i) - ld(x + i);
      st(next + i, p);
      norm += p * p;
    }
    // at a cone's minimum to the last bit: nowhere to search
    searching = norm > MINVAL * MINVAL;
    if (!searching) { break; }
    rowSteps(next);
    let gauss = gaussPart(x);
    let search = lineSearch(gauss.g, gauss.h, lstol * sqrt(norm), f_opt_iterations > FEW);
    for (var i = 0; i < f_nv; i++) { st(x + i, search.alpha * ld(next + i) + ld(x + i)); }
    moveResiduals(search.alpha);
    updateZones();
    // the model's decrement, or the search's: less than the tolerance can be gained
    searching = search.improvement > tolerance && -search.slope > tolerance + tolerance;
    if (!searching) { break; }
  }
  rowForces();
  st(f_solver_niter, niter);
  return searching;
}
