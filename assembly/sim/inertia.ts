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

/** to -= l row over the columns listed from a on */
// @ts-ignore: decorator
@inline function eliminate1(to: usize, l: v128, row: usize, a: usize, end: usize): void {
  for (; a < end; a += 4) {
    const j = V * <usize>load<i32>(a)
    st(to + j, nmad(l, ld(row + j), ld(to + j)))
  }
}

/** one pivot: row k leaves the rows of its columns */
// @ts-ignore: decorator
@inline function pivot1(H: usize, stride: usize, x: usize, row: usize, k: i32, cols: usize, n: i32): void {
  const inv = div(splat(1), ld(at(row, k))), xk = ld(at(x, k))
  const end = cols + 4 * <usize>n
  for (let a = cols; a < end; a += 4) {
    const i = <usize>load<i32>(a)
    const l = mul(ld(row + V * i), inv)
    eliminate1(H + stride * i, l, row, a, end)
    st(row + V * i, l)
    st(x + V * i, nmad(l, xk, ld(x + V * i)))
  }
  st(at(x, k), mul(xk, inv))
}

/**
 * Two pivots at once: rows k and k - 1 have the same columns below k - 1, so that every other row is read and written once
 * for both.
 *   cols, n   columns of row k - 1
 */
// @ts-ignore: decorator
@inline function pivot2(H: usize, stride: usize, x: usize, row: usize, k: i32, cols: usize, n: i32): void {
  const one = splat(1), next = row - stride
  const inv1 = div(one, ld(at(row, k))), x1 = ld(at(x, k))
  const h = ld(at(row, k - 1)), l = mul(h, inv1)
  const end = cols + 4 * <usize>n
  eliminate1(next, l, row, cols, end)
  st(at(row, k - 1), l)
  const d2 = nmad(l, h, ld(at(next, k - 1)))
  st(at(next, k - 1), d2)
  const inv2 = div(one, d2), x2 = nmad(l, x1, ld(at(x, k - 1)))
  for (let a = cols; a < end; a += 4) {
    const i = V * <usize>load<i32>(a)
    const l1 = mul(ld(row + i), inv1), l2 = mul(ld(next + i), inv2)
    const to = H + stride * (i / V)
    for (let b = a; b < end; b += 4) {
      const j = V * <usize>load<i32>(b)
      st(to + j, nmad(l2, ld(next + j), nmad(l1, ld(row + j), ld(to + j))))
    }
    st(row + i, l1)
    st(next + i, l2)
    st(x + i, nmad(l2, x2, nmad(l1, x1, ld(x + i))))
  }
  st(at(x, k), mul(x1, inv1))
  st(at(x, k - 1), mul(x2, inv2))
}

/** three pivots at once; cols, n: columns of row k - 2 */
// @ts-ignore: decorator
@inline function pivot3(H: usize, stride: usize, x: usize, row: usize, k: i32, cols: usize, n: i32): void {
  const one = splat(1), r2 = row - stride, r3 = r2 - stride
  const end = cols + 4 * <usize>n
  const inv1 = div(one, ld(at(row, k))), x1 = ld(at(x, k))
  const h2 = ld(at(row, k - 1)), h3 = ld(at(row, k - 2))
  const l2 = mul(h2, inv1), l3 = mul(h3, inv1)
  st(at(row, k - 1), l2)
  st(at(row, k - 2), l3)
  const d2 = nmad(l2, h2, ld(at(r2, k - 1)))
  st(at(r2, k - 1), d2)
  const inv2 = div(one, d2), x2 = nmad(l2, x1, ld(at(x, k - 1)))
  const g = nmad(l2, h3, ld(at(r2, k - 2))), m3 = mul(g, inv2)
  st(at(r2, k - 2), m3)
  const d3 = nmad(m3, g, nmad(l3, h3, ld(at(r3, k - 2))))
  st(at(r3, k - 2), d3)
  const inv3 = div(one, d3), x3 = nmad(m3, x2, nmad(l3, x1, ld(at(x, k - 2))))
  for (let a = cols; a < end; a += 4) {
    const j = V * <usize>load<i32>(a)
    const p = ld(row + j)
    const q = nmad(l2, p, ld(r2 + j))
    st(r2 + j, q)
    st(r3 + j, nmad(m3, q, nmad(l3, p, ld(r3 + j))))
  }
  for (let a = cols; a < end; a += 4) {
    const i = V * <usize>load<i32>(a)
    const a1 = mul(ld(row + i), inv1), a2 = mul(ld(r2 + i), inv2), a3 = mul(ld(r3 + i), inv3)
    const to = H + stride * (i / V)
    for (let b = a; b < end; b += 4) {
      const j = V * <usize>load<i32>(b)
      st(to + j, nmad(a3, ld(r3 + j), nmad(a2, ld(r2 + j), nmad(a1, ld(row + j), ld(to + j)))))
    }
    st(row + i, a1)
    st(r2 + i, a2)
    st(r3 + i, a3)
    st(x + i, nmad(a3, x3, nmad(a2, x2, nmad(a1, x1, ld(x + i)))))
  }
  st(at(x, k), mul(x1, inv1))
  st(at(x, k - 1), mul(x2, inv2))
  st(at(x, k - 2), mul(x3, inv3))
}

/**
 * Solve H x = b, factoring H on the way: factorI and solveLD in one pass over the rows. Runs of two or three rows that
 * share their columns, as the dofs of a limb do, are eliminated together.
 *   in-out  H as in factorI, x (nv): b, then the solution
 */
export function factorSolve(nv: i32, H: usize, x: usize, nnz: usize, adr: usize, col: usize): void {
  if (nv == 0) return
  if (nv <= 2) {
    smallSolve(nv, H, x, i32at(nnz, nv - 1))
    return
  }
  const stride = V * <usize>nv
  let k = nv - 1
  while (k >= 0) {
    const row = H + stride * <usize>k
    const n = i32at(nnz, k)
    // n columns are all of row k - 1's and k - 1 itself where row k - 1 has n - 1 of them
    if (n > 0 && i32at(nnz, k - 1) == n - 1 && i32at(col, i32at(adr, k)) == k - 1) {
      if (n > 1 && i32at(nnz, k - 2) == n - 2 && i32at(col, i32at(adr, k - 1)) == k - 2) {
        pivot3(H, stride, x, row, k, col + 4 * <usize>i32at(adr, k - 2), n - 2)
        k -= 3
      } else {
        pivot2(H, stride, x, row, k, col + 4 * <usize>i32at(adr, k - 1), n - 1)
        k -= 2
      }
    } else {
      pivot1(H, stride, x, row, k, col + 4 * <usize>i32at(adr, k), n)
      k--
    }
  }
  let row = H
  for (let i = 0; i < nv; i++, row += stride) {
    const n = i32at(nnz, i)
    if (n == 0) continue
    let xi = ld(at(x, i))
    let a = col + 4 * <usize>i32at(adr, i)
    const end = a + 4 * <usize>n
    for (; a < end; a += 4) {
      const j = V * <usize>load<i32>(a)
      xi = nmad(ld(row + j), ld(x + j), xi)
    }
    st(at(x, i), xi)
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
