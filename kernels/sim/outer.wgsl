// import { ld, st, par, i32at } from '../math/v4'
// import { pattern } from './inertia'
// import { at2 } from './types'

/** added to the address of a row J that is among the parameters, in P; col has its own mark, IN_W of sim/inertia.wgsl */
const IN_P: i32 = 0x40000000;

/** number k of a row */
fn entry(J: i32, k: i32) -> f32 {
  if (f_ntendon > 0) {
    if (J >= IN_P) { return par(J - IN_P + k); }
  }
  return ld(J + k);
}

/**
 * H += scale J' J on the pattern of M (nv, nv), lower triangle: pairs of dofs of which none is the other's ancestor are
 * left out, as in MuJoCo's qDeriv.
 *   nnz, col, J: one sparse row
 *   source  MuJoCo engine_derivative.c, addJTBJSparse
 */
fn addOuter(H: i32, nnz: i32, col: i32, J: i32, scale: f32) {
  if (nnz == 1) {
    let i = pattern(col, 0);
    let x = entry(J, 0);
    let o = at2(H, f_nv, i, i);
    st(o, ld(o) + scale * x * x);
    return;
  }
  for (var i = 0; i < f_nv; i++) { st(f_dense + i, 0.0); }
  for (var k = 0; k < nnz; k++) { st(f_dense + pattern(col, k), entry(J, k)); }
  for (var k = 0; k < nnz; k++) {
    let i = pattern(col, k);
    let y = entry(J, k);
    let x = scale * y;
    let row = at2(H, f_nv, i, 0);
    st(row + i, ld(row + i) + x * y);
    var a = i32at(f_M_rowadr, i);
    let end = a + i32at(f_M_rownnz, i);
    for (; a < end; a++) {
      let j = i32at(f_M_colind, a);
      st(row + j, ld(row + j) + x * ld(f_dense + j));
    }
  }
}
