import { ld, mad, mul, splat, st, V } from '../math/v4'
import * as f from '../shared/fields'
import { at, at2, i32at } from './types'

/**
 * H += scale J' J on the pattern of M (nv, nv), lower triangle: pairs of dofs of which none is the other's ancestor are
 * left out, as in MuJoCo's qDeriv.
 *   nnz, col, J: one sparse row
 *   source  MuJoCo engine_derivative.c, addJTBJSparse
 */
export function addOuter(m: usize, s: usize, H: usize, nnz: i32, col: usize, J: usize, scale: v128): void {
  const nv = f.nv(m), rownnz = f.M_rownnz(m), rowadr = f.M_rowadr(m)
  if (nnz == 1) {
    const i = i32at(col, 0), x = ld(J), o = at2(H, nv, i, i)
    st(o, mad(mul(scale, x), x, ld(o)))
    return
  }
  const dense = f.dense(m, s)
  for (let i = 0; i < nv; i++) st(at(dense, i), splat(0))
  for (let k = 0; k < nnz; k++) st(at(dense, i32at(col, k)), ld(at(J, k)))
  for (let k = 0; k < nnz; k++) {
    const i = i32at(col, k), x = mul(scale, ld(at(J, k)))
    const row = at2(H, nv, i, 0)
    st(at(row, i), mad(x, ld(at(J, k)), ld(at(row, i))))
    let a = f.M_colind(m) + 4 * <usize>i32at(rowadr, i)
    const end = a + 4 * <usize>i32at(rownnz, i)
    for (; a < end; a += 4) {
      const j = V * <usize>load<i32>(a)
      st(row + j, mad(x, ld(dense + j), ld(row + j)))
    }
  }
}
