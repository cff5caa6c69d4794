import { and, gt, ld, mad, mul, neg, sel, splat, st, V } from '../math/v4'
import * as f from '../shared/fields'
import { coneHessian } from './cone'
import { C_COL, C_CROSS, C_DIM, C_J, C_NNZ, C_ZONE, sizeOf } from './contact'
import { copyM } from './inertia'
import { coupled, ctcEnd, nefc } from './row'
import { at, at2, EFC_AREF, EFC_D, EFC_JAR, EFC_LOSS, EFC_QUAD, EFC_ROWADR, EFC_ROWNNZ, EFC_STRIDE, EFC_TYPE, i32at, isFriction } from './types'

/**
 * Pattern of the Hessian's factor where contacts couple branches of a tree or two trees: row k holds the columns below k
 * that elimination from the last dof down fills (Davis 2006, Direct Methods for Sparse Linear Systems, 4.1). Worlds that
 * share their contact records share it; without such contacts the model's own pattern holds.
 */
export function hessianPattern(m: usize, s: usize): void {
  if (!coupled(m, s)) return
  const nv = f.nv(m), bits = f.Hs_bits(m, s), col = f.efc_colind(m, s)
  const words = (nv + 31) >> 5
  const stride: usize = 4 * <usize>words
  memory.copy(bits, f.H_bits(m), stride * <usize>nv)
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    if (!load<i32>(e, C_CROSS)) continue
    // columns descend: the first one's row takes the others, elimination passes them on
    const c = col + 4 * <usize>load<i32>(e, C_COL), n = load<i32>(e, C_NNZ)
    const row = bits + stride * <usize>i32at(c, 0)
    for (let k = 1; k < n; k++) {
      const i = i32at(c, k)
      const w = row + 4 * <usize>(i >> 5)
      store<u32>(w, load<u32>(w) | (1 << (i & 31)))
    }
  }
  const nnz = f.Hs_rownnz(m, s), adr = f.Hs_rowadr(m, s), out = f.Hs_colind(m, s)
  let n = 0
  for (let k = nv - 1; k >= 0; k--) {
    const row = bits + stride * <usize>k
    const begin = n
    for (let w = words - 1; w >= 0; w--) {
      let x = load<u32>(row + 4 * <usize>w)
      while (x) {
        const b = 31 - clz<u32>(x)
        x ^= <u32>1 << b
        store<i32>(out + 4 * <usize>n, 32 * w + <i32>b)
        n++
      }
    }
    store<i32>(nnz + 4 * <usize>k, n - begin)
    store<i32>(adr + 4 * <usize>k, begin)
    if (n > begin) {
      // fill: the rest of this row, in the row of its highest column
      const top = i32at(out, begin)
      const to = bits + stride * <usize>top
      for (let w = 0; w < words; w++) {
        const a = to + 4 * <usize>w
        store<u32>(a, load<u32>(a) | load<u32>(row + 4 * <usize>w))
      }
      const w = to + 4 * <usize>(top >> 5)
      store<u32>(w, load<u32>(w) & ~(<u32>1 << (top & 31)))
    }
  }
}

// the pattern in force
// @ts-ignore: decorator
@inline export function patternNnz(m: usize, s: usize): usize { return coupled(m, s) ? f.Hs_rownnz(m, s) : f.H_rownnz(m) }
// @ts-ignore: decorator
@inline export function patternAdr(m: usize, s: usize): usize { return coupled(m, s) ? f.Hs_rowadr(m, s) : f.H_rowadr(m) }
// @ts-ignore: decorator
@inline export function patternCol(m: usize, s: usize): usize { return coupled(m, s) ? f.Hs_colind(m, s) : f.H_colind(m) }

/** H = M on the pattern in force: what it has beyond M's becomes 0 */
function copyInertia(m: usize, s: usize, H: usize): void {
  const nv = f.nv(m), qM = f.qM(m, s)
  const stride = V * <usize>nv
  if (coupled(m, s) || f.nHnz(m) > f.nMnz(m)) {
    const nnz = patternNnz(m, s), adr = patternAdr(m, s), col = patternCol(m, s)
    for (let i = 0; i < nv; i++) {
      const row = H + stride * <usize>i
      let a = col + 4 * <usize>i32at(adr, i)
      const end = a + 4 * <usize>i32at(nnz, i)
      for (; a < end; a += 4) st(row + V * <usize>load<i32>(a), splat(0))
    }
  }
  copyM(m, qM, H)
}

/** scalar rows: H += J' D J, b += J' (D aref, or the friction force) */
function addRows(m: usize, s: usize, H: usize, b: usize): void {
  const nv = f.nv(m), rcol = f.efc_colind(m, s), J = f.efc_J(m, s)
  const rows = f.efc(m, s), end = rows + EFC_STRIDE * <usize>nefc(m, s)
  for (let e = rows; e < end; e += EFC_STRIDE) {
    const quad = ld(e + EFC_QUAD)
    const D = and(quad, ld(e + EFC_D))
    let push = mul(D, ld(e + EFC_AREF))
    if (isFriction(load<i32>(e, EFC_TYPE))) {
      const loss = ld(e + EFC_LOSS)
      push = sel(quad, push, sel(gt(ld(e + EFC_JAR), splat(0)), neg(loss), loss))
    } else if (!v128.any_true(quad)) continue
    const begin = load<i32>(e, EFC_ROWADR), stop = begin + load<i32>(e, EFC_ROWNNZ)
    if (stop == begin + 1) {
      // one joint: a diagonal entry
      const i = i32at(rcol, begin)
      const Ji = ld(at(J, begin))
      st(at(b, i), mad(Ji, push, ld(at(b, i))))
      const o = at2(H, nv, i, i)
      st(o, mad(mul(D, Ji), Ji, ld(o)))
      continue
    }
    for (let a = begin; a < stop; a++) {
      const i = i32at(rcol, a)
      const Ja = ld(at(J, a))
      st(at(b, i), mad(Ja, push, ld(at(b, i))))
      const DJ = mul(D, Ja)
      for (let k = begin; k < stop; k++) {
        const j = i32at(rcol, k)
        if (j > i) continue
        const o = at2(H, nv, i, j)
        st(o, mad(DJ, ld(at(J, k)), ld(o)))
      }
    }
  }
}

/** H += J' W of three rows over the columns col, lower triangle */
function rank3(H: usize, stride: usize, J: usize, W: usize, step: usize, col: usize): void {
  // two rows of H at a time: W is read once for both
  let a: usize = 0, ca = col
  for (; a + V < step; a += 2 * V, ca += 8) {
    const x = ld(J + a), y = ld(J + step + a), z = ld(J + 2 * step + a)
    const x2 = ld(J + a + V), y2 = ld(J + step + a + V), z2 = ld(J + 2 * step + a + V)
    const row = H + stride * <usize>load<i32>(ca), row2 = H + stride * <usize>load<i32>(ca, 4)
    const o = row + V * <usize>load<i32>(ca)
    st(o, mad(z, ld(W + 2 * step + a), mad(y, ld(W + step + a), mad(x, ld(W + a), ld(o)))))
    for (let k = a + V, c = ca + 4; k < step; k += V, c += 4) {
      const i = V * <usize>load<i32>(c)
      const w0 = ld(W + k), w1 = ld(W + step + k), w2 = ld(W + 2 * step + k)
      st(row + i, mad(z, w2, mad(y, w1, mad(x, w0, ld(row + i)))))
      st(row2 + i, mad(z2, w2, mad(y2, w1, mad(x2, w0, ld(row2 + i)))))
    }
  }
  if (a < step) {
    const i = <usize>load<i32>(ca)
    const o = H + stride * i + V * i
    st(o, mad(ld(J + 2 * step + a), ld(W + 2 * step + a), mad(ld(J + step + a), ld(W + step + a), mad(ld(J + a), ld(W + a), ld(o)))))
  }
}

/** H += J' W of one row */
function rank1(H: usize, stride: usize, J: usize, W: usize, step: usize, col: usize): void {
  for (let a: usize = 0, ca = col; a < step; a += V, ca += 4) {
    const x = ld(J + a), row = H + stride * <usize>load<i32>(ca)
    for (let k = a, c = ca; k < step; k += V, c += 4) {
      const o = row + V * <usize>load<i32>(c)
      st(o, mad(x, ld(W + k), ld(o)))
    }
  }
}

/** W = C J and b += J' push for a contact of dim rows; a pyramid's C has its first row, first column and diagonal only */
// @ts-ignore: decorator
@inline function weigh(dim: i32, arrow: bool, C: usize, J: usize, W: usize, step: usize, col: usize, b: usize): void {
  const push = at(C, dim * dim)
  for (let k: usize = 0, c = col; k < step; k += V, c += 4) {
    const o = b + V * <usize>load<i32>(c)
    const n = ld(J + k)
    let sum = mad(ld(push), n, ld(o)), first = mul(ld(C), n)
    if (arrow) {
      for (let r = 1; r < dim; r++) {
        const x = ld(J + step * <usize>r + k), c0 = ld(at(C, r))
        first = mad(c0, x, first)
        sum = mad(ld(at(push, r)), x, sum)
        st(W + step * <usize>r + k, mad(ld(at(C, r * dim + r)), x, mul(c0, n)))
      }
      st(W + k, first)
    } else {
      for (let r = 1; r < dim; r++) sum = mad(ld(at(push, r)), ld(J + step * <usize>r + k), sum)
      for (let r = 0; r < dim; r++) {
        let w = mul(ld(at(C, r * dim)), n)
        for (let q = 1; q < dim; q++) w = mad(ld(at(C, r * dim + q)), ld(J + step * <usize>q + k), w)
        st(W + step * <usize>r + k, w)
      }
    }
    st(o, sum)
  }
}

/** the same for the three rows of a common contact */
function weigh3(C: usize, J: usize, W: usize, step: usize, col: usize, b: usize): void {
  const c00 = ld(C), c01 = ld(C + V), c02 = ld(C + 2 * V), c11 = ld(C + 4 * V), c22 = ld(C + 8 * V)
  const p0 = ld(C + 9 * V), p1 = ld(C + 10 * V), p2 = ld(C + 11 * V)
  for (let k: usize = 0, c = col; k < step; k += V, c += 4) {
    const o = b + V * <usize>load<i32>(c)
    const x = ld(J + k), y = ld(J + step + k), z = ld(J + 2 * step + k)
    st(W + k, mad(c02, z, mad(c01, y, mul(c00, x))))
    st(W + step + k, mad(c11, y, mul(c01, x)))
    st(W + 2 * step + k, mad(c22, z, mul(c02, x)))
    st(o, mad(p2, z, mad(p1, y, mad(p0, x, ld(o)))))
  }
}

/** contacts: H += J' C J, b += J' C aref */
function addContacts(m: usize, s: usize, H: usize, b: usize, elliptic: bool): void {
  const nv = f.nv(m), colind = f.efc_colind(m, s), Jall = f.efc_J(m, s), C = f.cone(m, s), W = f.ctc_W(m, s)
  const stride = V * <usize>nv
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    if (!v128.any_true(ld(e + C_ZONE))) continue
    const dim = load<i32>(e, C_DIM), nnz = load<i32>(e, C_NNZ)
    const J = at(Jall, load<i32>(e, C_J)), col = colind + 4 * <usize>load<i32>(e, C_COL)
    const step = V * <usize>nnz
    coneHessian(e, elliptic, C)
    if (dim == 3 && !elliptic) weigh3(C, J, W, step, col, b)
    else weigh(dim, !elliptic, C, J, W, step, col, b)
    if (dim == 1) {
      rank1(H, stride, J, W, step, col)
      continue
    }
    rank3(H, stride, J, W, step, col)
    if (dim == 4) rank1(H, stride, J + 3 * step, W + 3 * step, step, col)
    else if (dim == 6) rank3(H, stride, J + 3 * step, W + 3 * step, step, col)
  }
}

/**
 * Hessian of the cost at the present zones, and the right-hand side of H x = b whose solution is the minimum of the
 * quadratic model: H = M + J' C J, b = qfrc_smooth + J' C aref.
 *   out   H (nv, nv) lower triangle on the pattern in force; b (nv)
 */
export function makeHessian(m: usize, s: usize, H: usize, b: usize, elliptic: bool): void {
  const nv = f.nv(m), smooth = f.qfrc_smooth(m, s)
  copyInertia(m, s, H)
  for (let i = 0; i < nv; i++) st(at(b, i), ld(at(smooth, i)))
  addRows(m, s, H, b)
  addContacts(m, s, H, b, elliptic)
}
