import { add, cross1, div, dot3, ld, mad, mul, nmad, splat, st, sub, V } from '../math/v4'
import { crossMotion, dot6, mulInertVec } from '../math/spatial'
import * as f from '../shared/fields'
import { at, DOF_CDOFDOT, DOF_STRIDE, i32at, JNT_FREE, LNK_CINERT, LNK_CVEL, LNK_STRIDE } from './types'

// lnk_coriolis: matrix 9, linear momentum 3
const STRIDE: usize = 12 * V

/**
 * How the force that moves a link changes with its velocity v = (w, u), at rest acceleration: x x* (I v) + v x* (I x) -
 * I (v x x) for a change x = (a, b). It does not depend on b:
 *   torque 2 (w x (J - tr J / 2) a + (h . u) a - u (h . a)),  force 2 a x l,  l = m u - h x w
 *   in      lnk cinert (of each link alone: before crb), cvel
 *   out     lnk_coriolis (njnt, 12): of each link and all beyond it
 *   source  the operator of mjd_rne_vel (MuJoCo engine_derivative.c), in closed form; Echeandia and Wensing 2021
 */
export function coriolis(m: usize, s: usize): void {
  const n = f.njnt(m), two = splat(2)
  for (let j = 0; j < n; j++) {
    const L = f.lnk(m, s) + LNK_STRIDE * <usize>j, I = L + LNK_CINERT, W = L + LNK_CVEL, K = f.lnk_coriolis(m, s) + STRIDE * <usize>j
    const w0 = ld(W), w1 = ld(W + V), w2 = ld(W + 2 * V), u0 = ld(W + 3 * V), u1 = ld(W + 4 * V), u2 = ld(W + 5 * V)
    const h0 = ld(I + 6 * V), h1 = ld(I + 7 * V), h2 = ld(I + 8 * V), mass = ld(I + 9 * V)
    const half = mul(splat(0.5), add(ld(I), add(ld(I + V), ld(I + 2 * V))))
    const xx = sub(ld(I), half), yy = sub(ld(I + V), half), zz = sub(ld(I + 2 * V), half)
    const xy = ld(I + 3 * V), xz = ld(I + 4 * V), yz = ld(I + 5 * V)
    const hu = dot3(h0, h1, h2, u0, u1, u2)
    st(K, mul(two, sub(add(cross1(w1, xz, w2, xy), hu), mul(u0, h0))))
    st(K + V, mul(two, nmad(u0, h1, cross1(w1, yz, w2, yy))))
    st(K + 2 * V, mul(two, nmad(u0, h2, cross1(w1, zz, w2, yz))))
    st(K + 3 * V, mul(two, nmad(u1, h0, cross1(w2, xx, w0, xz))))
    st(K + 4 * V, mul(two, sub(add(cross1(w2, xy, w0, yz), hu), mul(u1, h1))))
    st(K + 5 * V, mul(two, nmad(u1, h2, cross1(w2, xz, w0, zz))))
    st(K + 6 * V, mul(two, nmad(u2, h0, cross1(w0, xy, w1, xx))))
    st(K + 7 * V, mul(two, nmad(u2, h1, cross1(w0, yy, w1, xy))))
    st(K + 8 * V, mul(two, sub(add(cross1(w0, yz, w1, xz), hu), mul(u2, h2))))
    st(K + 9 * V, sub(mul(mass, u0), cross1(h1, w2, h2, w1)))
    st(K + 10 * V, sub(mul(mass, u1), cross1(h2, w0, h0, w2)))
    st(K + 11 * V, sub(mul(mass, u2), cross1(h0, w1, h1, w0)))
  }
  for (let j = n - 1; j > 0; j--) {
    const parent = i32at(f.lnk_parent(m), j)
    if (parent < 0) continue
    const from = f.lnk_coriolis(m, s) + STRIDE * <usize>j, to = f.lnk_coriolis(m, s) + STRIDE * <usize>parent
    for (let i: usize = 0; i < STRIDE; i += V) st(to + i, add(ld(to + i), ld(from + i)))
  }
}

/**
 * Add h d qfrc_bias / d qvel to A at dofs [first, first + n), whose trees lie inside.
 *   in      lnk_coriolis, lnk cinert (composite) cvel, dofs
 *   in-out  A (n, n)
 *   source  MuJoCo engine_derivative.c, mjd_rne_vel. Of two dofs the composite beyond the outer one counts; the velocity
 *           that a dof adds turns the axes after it, the acceleration it adds is cdof_dot + cvel x cdof of its own link
 */
function biasDerivative(m: usize, s: usize, first: i32, n: i32, h: v128, A: usize): void {
  const dofs = f.dofs(m, s), tmp = f.tmp(m, s), shifts = f.bias_shift(m, s), dofjnt = f.dof_jntid(m)
  const force = tmp, gain = tmp + 6 * V, momentum = tmp + 9 * V
  const two = splat(2)
  for (let i = first; i < first + n; i++) {
    const j = i32at(dofjnt, i), D = dofs + DOF_STRIDE * <usize>i, X = shifts + 6 * V * <usize>i
    const L = f.lnk(m, s) + LNK_STRIDE * <usize>j, K = f.lnk_coriolis(m, s) + STRIDE * <usize>j
    if (i32at(f.jnt_type(m), j) == JNT_FREE && i - i32at(f.jnt_dofadr(m), j) < 3) {
      // a translation of the whole tree turns nothing
      for (let e = 0; e < 6; e++) st(at(X, e), splat(0))
    } else {
      crossMotion(X, L + LNK_CVEL, D)
      for (let e = 0; e < 6; e++) st(at(X, e), add(ld(at(X, e)), ld(at(D + DOF_CDOFDOT, e))))
    }
    // row i over the dofs inward of it: momentum . X + gain . rotation
    const a0 = ld(D), a1 = ld(D + V), a2 = ld(D + 2 * V), b0 = ld(D + 3 * V), b1 = ld(D + 4 * V), b2 = ld(D + 5 * V)
    const l0 = ld(K + 9 * V), l1 = ld(K + 10 * V), l2 = ld(K + 11 * V)
    mulInertVec(momentum, L + LNK_CINERT, D)
    st(gain, mad(two, cross1(l1, b2, l2, b1), dot3(ld(K), ld(K + 3 * V), ld(K + 6 * V), a0, a1, a2)))
    st(gain + V, mad(two, cross1(l2, b0, l0, b2), dot3(ld(K + V), ld(K + 4 * V), ld(K + 7 * V), a0, a1, a2)))
    st(gain + 2 * V, mad(two, cross1(l0, b1, l1, b0), dot3(ld(K + 2 * V), ld(K + 5 * V), ld(K + 8 * V), a0, a1, a2)))
    // column i: the change of force
    mulInertVec(force, L + LNK_CINERT, X)
    st(force, add(ld(force), dot3(ld(K), ld(K + V), ld(K + 2 * V), a0, a1, a2)))
    st(force + V, add(ld(force + V), dot3(ld(K + 3 * V), ld(K + 4 * V), ld(K + 5 * V), a0, a1, a2)))
    st(force + 2 * V, add(ld(force + 2 * V), dot3(ld(K + 6 * V), ld(K + 7 * V), ld(K + 8 * V), a0, a1, a2)))
    st(force + 3 * V, mad(two, cross1(a1, l2, a2, l1), ld(force + 3 * V)))
    st(force + 4 * V, mad(two, cross1(a2, l0, a0, l2), ld(force + 4 * V)))
    st(force + 5 * V, mad(two, cross1(a0, l1, a1, l0), ld(force + 5 * V)))

    const row = i - first
    const diagonal = A + V * <usize>(row * n + row)
    st(diagonal, mad(h, dot6(D, force), ld(diagonal)))
    let a = f.M_colind(m) + 4 * <usize>i32at(f.M_rowadr(m), i)
    const end = a + 4 * <usize>i32at(f.M_rownnz(m), i)
    for (; a < end; a += 4) {
      const k = load<i32>(a), E = dofs + DOF_STRIDE * <usize>k
      const inner = A + V * <usize>(row * n + k - first), outer = A + V * <usize>((k - first) * n + row)
      const slope = add(dot6(momentum, shifts + 6 * V * <usize>k), dot3(ld(gain), ld(gain + V), ld(gain + 2 * V), ld(E), ld(E + V), ld(E + 2 * V)))
      st(inner, mad(h, slope, ld(inner)))
      st(outer, mad(h, dot6(E, force), ld(outer)))
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
export function solveUnsymmetric(m: usize, s: usize, first: i32, n: i32, h: v128, H: usize, x: usize): void {
  const A = f.qLU(m, s), nv = f.nv(m), rownnz = f.M_rownnz(m), rowadr = f.M_rowadr(m), cols = f.M_colind(m)
  for (let i = 0; i < n; i++) {
    const row = H + V * <usize>((first + i) * nv + first)
    st(A + V * <usize>(i * n + i), ld(at(row, i)))
    let a = cols + 4 * <usize>i32at(rowadr, first + i)
    const end = a + 4 * <usize>i32at(rownnz, first + i)
    for (; a < end; a += 4) {
      const k = load<i32>(a) - first
      st(A + V * <usize>(i * n + k), ld(at(row, k)))
      st(A + V * <usize>(k * n + i), ld(at(row, k)))
    }
  }
  biasDerivative(m, s, first, n, h, A)

  for (let k = n - 1; k >= 0; k--) {
    const row = A + V * <usize>(k * n)
    const inv = div(splat(1), ld(at(row, k)))
    const begin = cols + 4 * <usize>i32at(rowadr, first + k), end = begin + 4 * <usize>i32at(rownnz, first + k)
    for (let a = begin; a < end; a += 4) {
      const i = load<i32>(a) - first
      const to = A + V * <usize>(i * n)
      const l = mul(ld(at(to, k)), inv)
      for (let b = begin; b < end; b += 4) {
        const j = load<i32>(b) - first
        st(at(to, j), nmad(l, ld(at(row, j)), ld(at(to, j))))
      }
      st(at(x, i), nmad(l, ld(at(x, k)), ld(at(x, i))))
    }
  }
  for (let k = 0; k < n; k++) {
    const row = A + V * <usize>(k * n)
    let sum = ld(at(x, k))
    let a = cols + 4 * <usize>i32at(rowadr, first + k)
    const end = a + 4 * <usize>i32at(rownnz, first + k)
    for (; a < end; a += 4) sum = nmad(ld(at(row, load<i32>(a) - first)), ld(at(x, load<i32>(a) - first)), sum)
    st(at(x, k), div(sum, ld(at(row, k))))
  }
}

/**
 * Accelerations that implicitfast gives bodies floating alone: with the derivative of the bias, which it leaves out of
 * all others (mjd_freeMhat).
 *   in      H: M - h D, not yet factored; rhs: qfrc_smooth + qfrc_constraint
 *   out     sol_x at the dofs of these bodies
 */
export function freeBodies(m: usize, s: usize, h: v128, H: usize, rhs: usize): void {
  const n = f.njnt(m)
  for (let j = 0; j < n; j++) {
    if (!(i32at(f.lnk_flags(m), j) & f.LINK_STANDALONE)) continue
    const dof = i32at(f.jnt_dofadr(m), j), x = at(f.sol_x(m, s), dof)
    for (let i = 0; i < 6; i++) st(at(x, i), ld(at(rhs, dof + i)))
    solveUnsymmetric(m, s, dof, 6, h, H, x)
  }
}

/** the answers of freeBodies take the place of the symmetric solve's */
export function placeFreeBodies(m: usize, s: usize, x: usize): void {
  const n = f.njnt(m), flags = f.lnk_flags(m), from = f.sol_x(m, s)
  for (let j = 0; j < n; j++) {
    if (!(i32at(flags, j) & f.LINK_STANDALONE)) continue
    const dof = i32at(f.jnt_dofadr(m), j)
    for (let i = dof; i < dof + 6; i++) st(at(x, i), ld(at(from, i)))
  }
}
