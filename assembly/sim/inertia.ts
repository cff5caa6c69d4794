import { mulInertVec } from '../math/spatial'
import { add, div, dot3, ld, mul, nmad, splat, st, V } from '../math/v4'
import * as f from '../shared/fields'
import { at, at2, DOF_STRIDE, i32at, LNK_CINERT, LNK_STRIDE } from './types'

/**
 * Composite inertias and the joint-space inertia matrix.
 *   model   dof_inertia (*)
 *   in      dofs cdof
 *   in-out  lnk cinert: becomes the composite inertia (MuJoCo's crb); rne has read it before
 *   out     qM (nv, nv), lower triangle, entries of ancestors only      kg, kg*m, kg*m^2
 *   source  Featherstone 2008, table 6.2; MuJoCo engine_core_smooth.c, mj_crb
 */
export function crb(m: usize, p: usize, s: usize): void {
  const n = f.njnt(m), nv = f.nv(m)
  const lnk = f.lnk(m, s), dofs = f.dofs(m, s), qM = f.qM(m, s), extra = f.dof_inertia(m, p), tmp = f.tmp(m, s)
  const parents = f.lnk_parent(m), dofjnt = f.dof_jntid(m), nnz = f.M_rownnz(m), adr = f.M_rowadr(m), col = f.M_colind(m)

  // leaves to root
  for (let j = n - 1; j > 0; j--) {
    const parent = i32at(parents, j)
    if (parent < 0) continue
    const from = lnk + LNK_STRIDE * <usize>j + LNK_CINERT
    const to = lnk + LNK_STRIDE * <usize>parent + LNK_CINERT
    for (let i: usize = 0; i < 10; i++) st(to + V * i, add(ld(to + V * i), ld(from + V * i)))
  }

  // M(i, j) = cdof_j . crb_i cdof_i for every ancestor j of i
  for (let i = 0; i < nv; i++) {
    const D = dofs + DOF_STRIDE * <usize>i
    mulInertVec(tmp, lnk + LNK_STRIDE * <usize>i32at(dofjnt, i) + LNK_CINERT, D)
    const f0 = ld(tmp), f1 = ld(tmp + V), f2 = ld(tmp + 2 * V), f3 = ld(tmp + 3 * V), f4 = ld(tmp + 4 * V), f5 = ld(tmp + 5 * V)
    const row = at2(qM, nv, i, 0)
    st(at(row, i), add(ld(at(extra, i)),
      add(dot3(ld(D), ld(D + V), ld(D + 2 * V), f0, f1, f2), dot3(ld(D + 3 * V), ld(D + 4 * V), ld(D + 5 * V), f3, f4, f5))))
    let a = col + 4 * <usize>i32at(adr, i)
    const end = a + 4 * <usize>i32at(nnz, i)
    for (; a < end; a += 4) {
      const j = <usize>load<i32>(a)
      const E = dofs + DOF_STRIDE * j
      st(row + V * j,
        add(dot3(ld(E), ld(E + V), ld(E + 2 * V), f0, f1, f2), dot3(ld(E + 3 * V), ld(E + 4 * V), ld(E + 5 * V), f3, f4, f5)))
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
export function factorI(nv: i32, H: usize, dinv: usize, nnz: usize, adr: usize, col: usize): void {
  for (let k = nv - 1; k >= 0; k--) {
    const row = at2(H, nv, k, 0)
    const inv = div(splat(1), ld(at(row, k)))
    st(at(dinv, k), inv)
    const begin = i32at(adr, k), end = begin + i32at(nnz, k)
    for (let a = begin; a < end; a++) {
      const i = i32at(col, a)
      const l = mul(ld(at(row, i)), inv)
      const to = at2(H, nv, i, 0)
      for (let b = a; b < end; b++) {
        const j = i32at(col, b)
        st(at(to, j), nmad(l, ld(at(row, j)), ld(at(to, j))))
      }
      st(at(row, i), l)
    }
  }
}

/** factorSolve of one or two dofs, the same operations without the loops: half of all robots on a desk are this small */
// @ts-ignore: decorator
@inline function smallSolve(nv: i32, H: usize, x: usize, coupled: i32): void {
  const one = splat(1)
  if (nv == 1) {
    st(x, mul(ld(x), div(one, ld(H))))
    return
  }
  const h10 = ld(H + 2 * V), x1 = ld(x + V)
  const inv1 = div(one, ld(H + 3 * V))
  if (!coupled) {
    st(x, mul(ld(x), div(one, ld(H))))
    st(x + V, mul(x1, inv1))
    return
  }
  const l = mul(h10, inv1)
  const x0 = mul(nmad(l, x1, ld(x)), div(one, nmad(l, h10, ld(H))))
  st(x, x0)
  st(x + V, nmad(l, x0, mul(x1, inv1)))
}

/**
 * Solve H x = b, factoring H on the way: factorI and solveLD in one pass over the rows.
 *   in-out  H as in factorI, x (nv): b, then the solution
 */
export function factorSolve(nv: i32, H: usize, x: usize, nnz: usize, adr: usize, col: usize): void {
  if (nv == 0) return
  if (nv <= 2) {
    smallSolve(nv, H, x, i32at(nnz, nv - 1))
    return
  }
  const stride = V * <usize>nv
  let row = H + stride * <usize>(nv - 1)
  for (let k = nv - 1; k >= 0; k--, row -= stride) {
    const inv = div(splat(1), ld(at(row, k)))
    const xk = ld(at(x, k))
    let a = col + 4 * <usize>i32at(adr, k)
    const n = i32at(nnz, k)
    const end = a + 4 * <usize>n
    if (n > 0 && load<i32>(a) == n - 1) {
      // a chain: the columns are 0 .. n - 1, and no index need be looked up
      let to = H + stride * <usize>(n - 1)
      for (let i = V * <usize>(n - 1); <isize>i >= 0; i -= V, to -= stride) {
        const l = mul(ld(row + i), inv)
        let j: usize = 0
        for (; j + V <= i; j += 2 * V) {
          st(to + j, nmad(l, ld(row + j), ld(to + j)))
          st(to + j + V, nmad(l, ld(row + j + V), ld(to + j + V)))
        }
        if (j <= i) st(to + j, nmad(l, ld(row + j), ld(to + j)))
        st(row + i, l)
        st(x + i, nmad(l, xk, ld(x + i)))
      }
    } else {
      for (; a < end; a += 4) {
        const i = <usize>load<i32>(a)
        const l = mul(ld(row + V * i), inv)
        const to = H + stride * i
        for (let b = a; b < end; b += 4) {
          const j = V * <usize>load<i32>(b)
          st(to + j, nmad(l, ld(row + j), ld(to + j)))
        }
        st(row + V * i, l)
        st(x + V * i, nmad(l, xk, ld(x + V * i)))
      }
    }
    st(at(x, k), mul(xk, inv))
  }
  row = H
  for (let k = 0; k < nv; k++, row += stride) {
    let xk = ld(at(x, k))
    let a = col + 4 * <usize>i32at(adr, k)
    const n = i32at(nnz, k)
    const end = a + 4 * <usize>n
    for (; a < end; a += 4) {
      const i = V * <usize>load<i32>(a)
      xk = nmad(ld(row + i), ld(x + i), xk)
    }
    st(at(x, k), xk)
  }
}

/**
 * Solve L' D L x = b in place.
 *   in      H, dinv as factorI leaves them
 *   in-out  x (nv)
 *   source  MuJoCo engine_core_smooth.c, mj_solveLD
 */
export function solveLD(nv: i32, H: usize, dinv: usize, x: usize, nnz: usize, adr: usize, col: usize): void {
  for (let k = nv - 1; k >= 0; k--) {
    const xk = ld(at(x, k))
    const row = at2(H, nv, k, 0)
    const begin = i32at(adr, k), end = begin + i32at(nnz, k)
    for (let a = begin; a < end; a++) {
      const i = i32at(col, a)
      st(at(x, i), nmad(ld(at(row, i)), xk, ld(at(x, i))))
    }
  }
  for (let k = 0; k < nv; k++) {
    const row = at2(H, nv, k, 0)
    let xk = mul(ld(at(x, k)), ld(at(dinv, k)))
    const begin = i32at(adr, k), end = begin + i32at(nnz, k)
    for (let a = begin; a < end; a++) {
      const i = i32at(col, a)
      xk = nmad(ld(at(row, i)), ld(at(x, i)), xk)
    }
    st(at(x, k), xk)
  }
}

/** out = M x, M symmetric with the pattern of M (mj_mulM) */
export function mulM(m: usize, qM: usize, out: usize, x: usize): void {
  const nv = f.nv(m)
  const nnz = f.M_rownnz(m), adr = f.M_rowadr(m), col = f.M_colind(m)
  for (let i = 0; i < nv; i++) st(at(out, i), mul(ld(at2(qM, nv, i, i)), ld(at(x, i))))
  for (let i = 0; i < nv; i++) {
    const xi = ld(at(x, i))
    let sum = ld(at(out, i))
    const begin = i32at(adr, i), end = begin + i32at(nnz, i)
    for (let k = begin; k < end; k++) {
      const j = i32at(col, k)
      const mij = ld(at2(qM, nv, i, j))
      sum = add(sum, mul(mij, ld(at(x, j))))
      st(at(out, j), add(ld(at(out, j)), mul(mij, xi)))
    }
    st(at(out, i), sum)
  }
}

/** H = M */
export function copyM(m: usize, qM: usize, H: usize): void {
  const nv = f.nv(m)
  const nnz = f.M_rownnz(m), adr = f.M_rowadr(m), col = f.M_colind(m)
  const stride = V * <usize>nv
  let from = qM, to = H
  for (let i = 0; i < nv; i++, from += stride, to += stride) {
    st(at(to, i), ld(at(from, i)))
    let a = col + 4 * <usize>i32at(adr, i)
    const end = a + 4 * <usize>i32at(nnz, i)
    for (; a < end; a += 4) {
      const j = V * <usize>load<i32>(a)
      st(to + j, ld(from + j))
    }
  }
}
