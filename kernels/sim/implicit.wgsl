// import { crossMotion, dot6, ldSpatial, mulInertVec, Spatial, stSpatial } from '../math/spatial'
// import { cross1, i32at, ld, ld3, ldmat3, st } from '../math/v4'
// import { DOF_CDOFDOT, DOF_STRIDE, JNT_FREE, LNK_CINERT, LNK_CVEL, LNK_STRIDE } from './types'

// lnk_coriolis: matrix 9, linear momentum 3
const STRIDE: i32 = 12;

/**
 * How the force that moves a link changes with its velocity v = (w, u), at rest acceleration: x x* (I v) + v x* (I x) -
 * I (v x x) for a change x = (a, b). It does not depend on b:
 *   torque 2 (w x (J - tr J / 2) a + (h . u) a - u (h . a)),  force 2 a x l,  l = m u - h x w
 *   in      lnk cinert (of each link alone: before crb), cvel
 *   out     lnk_coriolis (njnt, 12): of each link and all beyond it
 *   source  the operator of mjd_rne_vel (MuJoCo engine_derivative.c), in closed form; Echeandia and Wensing 2021
 */
fn coriolis() {
  for (var j = 0; j < f_njnt; j++) {
    let L = f_lnk + LNK_STRIDE * j;
    let I = L + LNK_CINERT;
    let K = f_lnk_coriolis + STRIDE * j;
    let w = ld3(L + LNK_CVEL);
    let u = ld3(L + LNK_CVEL + 3);
    let d = ld3(I);
    let o = ld3(I + 3);
    let h = ld3(I + 6);
    let mass = ld(I + 9);
    let half = 0.5 * (d.x + (d.y + d.z));
    let xx = d.x - half; let yy = d.y - half; let zz = d.z - half;
    let xy = o.x; let xz = o.y; let yz = o.z;
    let hu = dot(h, u);
    st(K, 2.0 * (cross1(w.y, xz, w.z, xy) + hu - u.x * h.x));
    st(K + 1, 2.0 * (cross1(w.y, yz, w.z, yy) - u.x * h.y));
    st(K + 2, 2.0 * (cross1(w.y, zz, w.z, yz) - u.x * h.z));
    st(K + 3, 2.0 * (cross1(w.z, xx, w.x, xz) - u.y * h.x));
    st(K + 4, 2.0 * (cross1(w.z, xy, w.x, yz) + hu - u.y * h.y));
    st(K + 5, 2.0 * (cross1(w.z, xz, w.x, zz) - u.y * h.z));
    st(K + 6, 2.0 * (cross1(w.x, xy, w.y, xx) - u.z * h.x));
    st(K + 7, 2.0 * (cross1(w.x, yy, w.y, xy) - u.z * h.y));
    st(K + 8, 2.0 * (cross1(w.x, yz, w.y, xz) + hu - u.z * h.z));
    let l = mass * u - cross(h, w);
    st(K + 9, l.x);
    st(K + 10, l.y);
    st(K + 11, l.z);
  }
  for (var j = f_njnt - 1; j > 0; j--) {
    let parent = i32at(f_lnk_parent, j);
    if (parent < 0) { continue; }
    let source = f_lnk_coriolis + STRIDE * j;
    let to = f_lnk_coriolis + STRIDE * parent;
    for (var i = 0; i < STRIDE; i++) { st(to + i, ld(to + i) + ld(source + i)); }
  }
}

/**
 * Add h d qfrc_bias / d qvel to A at dofs [first, first + n), whose trees lie inside.
 *   in      lnk_coriolis, lnk cinert (composite) cvel, dofs
 *   in-out  A (n, n)
 *   source  MuJoCo engine_derivative.c, mjd_rne_vel. Of two dofs the composite beyond the outer one counts; the velocity
 *           that a dof adds turns the axes after it, the acceleration it adds is cdof_dot + cvel x cdof of its own link
 */
fn biasDerivative(first: i32, n: i32, h: f32, A: i32) {
  for (var i = first; i < first + n; i++) {
    let j = i32at(f_dof_jntid, i);
    let D = ldSpatial(f_dofs + DOF_STRIDE * i);
    let L = f_lnk + LNK_STRIDE * j;
    let K = f_lnk_coriolis + STRIDE * j;
    // a translation of the whole tree turns nothing
    var X = Spatial(vec3f(), vec3f());
    if (i32at(f_jnt_type, j) != JNT_FREE || i - i32at(f_jnt_dofadr, j) >= 3) {
      let turned = crossMotion(ldSpatial(L + LNK_CVEL), D);
      let dotted = ldSpatial(f_dofs + DOF_STRIDE * i + DOF_CDOFDOT);
      X = Spatial(turned.rot + dotted.rot, turned.lin + dotted.lin);
    }
    stSpatial(f_bias_shift + 6 * i, X);
    // row i over the dofs inward of it: momentum . X + gain . rotation
    let C = ldmat3(K);
    let l = ld3(K + 9);
    let momentum = mulInertVec(L + LNK_CINERT, D);
    let gain = 2.0 * cross(l, D.lin) + transpose(C) * D.rot;
    // column i: the change of force
    let plain = mulInertVec(L + LNK_CINERT, X);
    let force = Spatial(plain.rot + C * D.rot, 2.0 * cross(D.rot, l) + plain.lin);

    let row = i - first;
    let diagonal = A + row * n + row;
    st(diagonal, h * dot6(D, force) + ld(diagonal));
    var a = i32at(f_M_rowadr, i);
    let end = a + i32at(f_M_rownnz, i);
    for (; a < end; a++) {
      let k = i32at(f_M_colind, a);
      let E = ldSpatial(f_dofs + DOF_STRIDE * k);
      let inner = A + row * n + k - first;
      let outer = A + (k - first) * n + row;
      let slope = dot6(momentum, ldSpatial(f_bias_shift + 6 * k)) + dot(gain, E.rot);
      st(inner, h * slope + ld(inner));
      st(outer, h * dot6(E, force) + ld(outer));
    }
  }
}

/**
 * x = (H + h d qfrc_bias / d qvel)^-1 x over dofs [first, first + n), whose trees lie inside: elimination from the leaves
 * inward fills in nothing, without pivots, since M dominates at any timestep that is stable.
 *   in      H (nv, nv), lower triangle; what biasDerivative takes
 *   in-out  x (n)
 *   source  MuJoCo engine_util_sparse.c, mju_factorLUSparse, mju_solveLUSparse
 */
fn solveUnsymmetric(first: i32, n: i32, h: f32, H: i32, x: i32) {
  let A = f_qLU;
  for (var i = 0; i < n; i++) {
    let row = H + (first + i) * f_nv + first;
    st(A + i * n + i, ld(row + i));
    var a = i32at(f_M_rowadr, first + i);
    let end = a + i32at(f_M_rownnz, first + i);
    for (; a < end; a++) {
      let k = i32at(f_M_colind, a) - first;
      let e = ld(row + k);
      st(A + i * n + k, e);
      st(A + k * n + i, e);
    }
  }
  biasDerivative(first, n, h, A);

  for (var k = n - 1; k >= 0; k--) {
    let row = A + k * n;
    let inv = 1.0 / ld(row + k);
    let begin = i32at(f_M_rowadr, first + k);
    let end = begin + i32at(f_M_rownnz, first + k);
    for (var a = begin; a < end; a++) {
      let i = i32at(f_M_colind, a) - first;
      let to = A + i * n;
      let l = ld(to + k) * inv;
      for (var b = begin; b < end; b++) {
        let j = i32at(f_M_colind, b) - first;
        st(to + j, ld(to + j) - l * ld(row + j));
      }
      st(x + i, ld(x + i) - l * ld(x + k));
    }
  }
  for (var k = 0; k < n; k++) {
    let row = A + k * n;
    var sum = ld(x + k);
    var a = i32at(f_M_rowadr, first + k);
    let end = a + i32at(f_M_rownnz, first + k);
    for (; a < end; a++) {
      let j = i32at(f_M_colind, a) - first;
      sum -= ld(row + j) * ld(x + j);
    }
    st(x + k, sum / ld(row + k));
  }
}

/**
 * Accelerations that implicitfast gives bodies floating alone: with the derivative of the bias, which it leaves out of
 * all others (mjd_freeMhat).
 *   in      H: M - h D, not yet factored; rhs: qfrc_smooth + qfrc_constraint
 *   out     sol_x at the dofs of these bodies
 */
fn freeBodies(h: f32, H: i32, rhs: i32) {
  for (var j = 0; j < f_njnt; j++) {
    if ((i32at(f_lnk_flags, j) & f_LINK_STANDALONE) == 0) { continue; }
    let dof = i32at(f_jnt_dofadr, j);
    let x = f_sol_x + dof;
    for (var i = 0; i < 6; i++) { st(x + i, ld(rhs + dof + i)); }
    solveUnsymmetric(dof, 6, h, H, x);
  }
}

/** the answers of freeBodies take the place of the symmetric solve's */
fn placeFreeBodies(x: i32) {
  for (var j = 0; j < f_njnt; j++) {
    if ((i32at(f_lnk_flags, j) & f_LINK_STANDALONE) == 0) { continue; }
    let dof = i32at(f_jnt_dofadr, j);
    for (var i = dof; i < dof + 6; i++) { st(x + i, ld(f_sol_x + i)); }
  }
}
