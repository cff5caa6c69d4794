// import { ld, ldi, st, par, i32at } from '../math/v4'
// import { dot6, ldSpatial, mulInertVec } from '../math/spatial'
// import { at2, DOF_STRIDE, LNK_CINERT, LNK_STRIDE } from './types'

/** added to the address of a pattern (nnz, adr, col) that is this world's own, in W: the model's patterns are in M */
const IN_W: i32 = 0x40000000;

/** number i of a pattern, the model's or (address marked by IN_W) this world's own */
fn pattern(p: i32, i: i32) -> i32 {
  if (f_nvH > 0 || f_fluid > 0) {
    if (p >= IN_W) { return ldi(p - IN_W + i); }
  }
  return i32at(p, i);
}

/**
 * Composite inertias and the joint-space inertia matrix.
 *   model   dof_inertia (*)
 *   in      dofs cdof
 *   in-out  lnk cinert: becomes the composite inertia (MuJoCo's crb); rne has read it before
 *   out     qM (nv, nv), lower triangle, entries of ancestors only      kg, kg*m, kg*m^2
 *   source  Featherstone 2008, table 6.2; MuJoCo engine_core_smooth.c, mj_crb
 */
fn crb() {
  // leaves to root
  for (var j = f_njnt - 1; j > 0; j--) {
    let parent = i32at(f_lnk_parent, j);
    if (parent < 0) { continue; }
    let source = f_lnk + LNK_STRIDE * j + LNK_CINERT;
    let to = f_lnk + LNK_STRIDE * parent + LNK_CINERT;
    for (var i = 0; i < 10; i++) { st(to + i, ld(to + i) + ld(source + i)); }
  }

  // M(i, j) = cdof_j . crb_i cdof_i for every ancestor j of i
  for (var i = 0; i < f_nv; i++) {
    let D = ldSpatial(f_dofs + DOF_STRIDE * i);
    let force = mulInertVec(f_lnk + LNK_STRIDE * i32at(f_dof_jntid, i) + LNK_CINERT, D);
    let row = at2(f_qM, f_nv, i, 0);
    st(row + i, par(f_dof_inertia + i) + dot6(D, force));
    var a = i32at(f_M_rowadr, i);
    let end = a + i32at(f_M_rownnz, i);
    for (; a < end; a++) {
      let j = i32at(f_M_colind, a);
      st(row + j, dot6(ldSpatial(f_dofs + DOF_STRIDE * j), force));
    }
  }
}

/**
 * Factor H = L' D L in place, rows from last to first, so that a tree fills in nothing.
 *   in-out  H (nv, nv), lower triangle: L below, D on the diagonal
 *   out     dinv (nv) = 1 / D
 *   nnz, adr, col: off-diagonal pattern of each row, columns descending, closed under elimination
 *   source  Featherstone 2008, table 6.3; MuJoCo engine_core_smooth.c, mj_factorI
 */
fn factorI(nv: i32, H: i32, dinv: i32, nnz: i32, adr: i32, col: i32) {
  for (var k = nv - 1; k >= 0; k--) {
    let row = at2(H, nv, k, 0);
    let inv = 1.0 / ld(row + k);
    st(dinv + k, inv);
    let begin = pattern(adr, k);
    let end = begin + pattern(nnz, k);
    for (var a = begin; a < end; a++) {
      let i = pattern(col, a);
      let l = ld(row + i) * inv;
      let to = at2(H, nv, i, 0);
      for (var b = a; b < end; b++) {
        let j = pattern(col, b);
        st(to + j, ld(to + j) - l * ld(row + j));
      }
      st(row + i, l);
    }
  }
}

/** up to so many dofs factorSolve leaves no factor */
const SMALL: i32 = 2;

/** factorSolve of one or two dofs, the same operations without the loops: half of all robots on a desk are this small */
fn smallSolve(nv: i32, H: i32, x: i32, coupled: i32) {
  if (nv == 1) {
    st(x, ld(x) * (1.0 / ld(H)));
    return;
  }
  let h10 = ld(H + 2);
  let x1 = ld(x + 1);
  let inv1 = 1.0 / ld(H + 3);
  if (coupled == 0) {
    st(x, ld(x) * (1.0 / ld(H)));
    st(x + 1, x1 * inv1);
    return;
  }
  let l = h10 * inv1;
  let x0 = (ld(x) - l * x1) * (1.0 / (ld(H) - l * h10));
  st(x, x0);
  st(x + 1, x1 * inv1 - l * x0);
}

/** to -= l row over the columns listed from a on */
fn eliminate1(to: i32, l: f32, row: i32, a: i32, end: i32) {
  for (var b = a; b < end; b++) {
    let j = pattern(b, 0);
    st(to + j, ld(to + j) - l * ld(row + j));
  }
}

/**
 * Two pivots at once: rows k and k - 1 have the same columns below k - 1, so that every other row is read and written once
 * for both.
 *   cols, n   columns of row k - 1
 * gpu  two: false: row k alone, with columns of its own, goes the same way; its partner is itself with factors of 0
 */
fn pivot2(H: i32, stride: i32, x: i32, row: i32, k: i32, cols: i32, n: i32, two: bool) {
  let next = row - select(0, stride, two);
  let inv1 = 1.0 / ld(row + k);
  let x1 = ld(x + k);
  var inv2 = 0.0;
  var x2 = 0.0;
  let end = cols + n;
  if (two) {
    let h = ld(row + k - 1);
    let l = h * inv1;
    eliminate1(next, l, row, cols, end);
    st(row + k - 1, l);
    let D2 = ld(next + k - 1) - l * h;
    st(next + k - 1, D2);
    inv2 = 1.0 / D2;
    x2 = ld(x + k - 1) - l * x1;
    st(x + k - 1, x2 * inv2);
  }
  for (var a = cols; a < end; a++) {
    let i = pattern(a, 0);
    let l1 = ld(row + i) * inv1;
    let l2 = ld(next + i) * inv2;
    let to = H + stride * i;
    for (var b = a; b < end; b++) {
      let j = pattern(b, 0);
      st(to + j, ld(to + j) - l1 * ld(row + j) - l2 * ld(next + j));
    }
    st(next + i, l2);
    st(row + i, l1);
    st(x + i, ld(x + i) - l1 * x1 - l2 * x2);
  }
  st(x + k, x1 * inv1);
}

/**
 * Solve H x = b, factoring H on the way: factorI and solveLD in one pass over the rows. Runs of two or three rows that
 * share their columns, as the dofs of a limb do, are eliminated together.
 *   in-out  H as in factorI, D on its diagonal (not for SMALL systems); x (nv): b, then the solution
 */
fn factorSolve(nv: i32, H: i32, x: i32, nnz: i32, adr: i32, col: i32) {
  if (f_nv == 0) { return; }
  if (f_nv <= SMALL) { smallSolve(nv, H, x, pattern(nnz, nv - 1)); }
  if (f_nv > SMALL) {
    var k = nv - 1;
    while (k >= 0) {
      let row = H + nv * k;
      let n = pattern(nnz, k);
      // n columns are all of row k - 1's and k - 1 itself where row k - 1 has n - 1 of them
      let two = n > 0 && pattern(nnz, k - 1) == n - 1 && pattern(col, pattern(adr, k)) == k - 1;
      let more = select(0, 1, two);
      pivot2(H, nv, x, row, k, col + pattern(adr, k - more), n - more, two);
      k -= 1 + more;
    }
    for (var i = 0; i < nv; i++) {
      let n = pattern(nnz, i);
      if (n == 0) { continue; }
      let row = H + nv * i;
      var xi = ld(x + i);
      var a = col + pattern(adr, i);
      let end = a + n;
      for (; a < end; a++) {
        let j = pattern(a, 0);
        xi = xi - ld(row + j) * ld(x + j);
      }
      st(x + i, xi);
    }
  }
}

/**
 * Solve L' D L x = b in place.
 *   in      H, dinv as factorI leaves them
 *   in-out  x (nv)
 *   source  MuJoCo engine_core_smooth.c, mj_solveLD
 */
fn solveLD(nv: i32, H: i32, dinv: i32, x: i32, nnz: i32, adr: i32, col: i32) {
  for (var k = nv - 1; k >= 0; k--) {
    let xk = ld(x + k);
    // right-hand sides of single rows are 0 off their limb
    if (xk == 0.0) { continue; }
    let row = at2(H, nv, k, 0);
    let begin = pattern(adr, k);
    let end = begin + pattern(nnz, k);
    for (var a = begin; a < end; a++) {
      let i = pattern(col, a);
      st(x + i, ld(x + i) - ld(row + i) * xk);
    }
  }
  for (var k = 0; k < nv; k++) {
    let row = at2(H, nv, k, 0);
    var xk = ld(x + k) * ld(dinv + k);
    let begin = pattern(adr, k);
    let end = begin + pattern(nnz, k);
    for (var a = begin; a < end; a++) {
      let i = pattern(col, a);
      xk = xk - ld(row + i) * ld(x + i);
    }
    st(x + k, xk);
  }
}

/** out = M x, M symmetric with the pattern of M (mj_mulM) */
fn mulM(qM: i32, out: i32, x: i32) {
  for (var i = 0; i < f_nv; i++) { st(out + i, ld(at2(qM, f_nv, i, i)) * ld(x + i)); }
  for (var i = 0; i < f_nv; i++) {
    let xi = ld(x + i);
    var sum = ld(out + i);
    let begin = i32at(f_M_rowadr, i);
    let end = begin + i32at(f_M_rownnz, i);
    for (var k = begin; k < end; k++) {
      let j = i32at(f_M_colind, k);
      let mij = ld(at2(qM, f_nv, i, j));
      sum = sum + mij * ld(x + j);
      st(out + j, ld(out + j) + mij * xi);
    }
    st(out + i, sum);
  }
}

/** H = M */
fn copyM(qM: i32, H: i32) {
  for (var i = 0; i < f_nv; i++) {
    let row = at2(qM, f_nv, i, 0);
    let to = at2(H, f_nv, i, 0);
    st(to + i, ld(row + i));
    var a = i32at(f_M_rowadr, i);
    let end = a + i32at(f_M_rownnz, i);
    for (; a < end; a++) {
      let j = i32at(f_M_colind, a);
      st(to + j, ld(row + j));
    }
  }
}
