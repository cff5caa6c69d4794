import { add, cross1, div, dot3, ld, mad, mul, nmad, splat, st, V } from '../math/v4'
import * as f from '../shared/fields'
import { at, at2, i32at, LC_INERT, LC_STRIDE, LNK_STRIDE } from './types'

// 6 x 7 augmented matrix at tmp
// @ts-ignore: decorator
@inline function a6(tmp: usize, i: i32, j: i32): usize { return tmp + V * <usize>(7 * i + j) }

/**
 * Accelerations that implicitfast gives bodies floating alone: (M - h D + h B) x = qfrc_smooth + qfrc_constraint, with
 * the derivative B of the bias that the symmetric solve leaves out; 6 x 6, unsymmetric.
 *   in      lnk R, qvel; qM: M - h D, not yet factored; qacc_int: the right-hand side
 *   out     sol_x at the dofs of these bodies
 *   source  MuJoCo engine_derivative.c, mjd_freeMhat. In the body frame the bias is w x I w about the joint and
 *           w x (w x h) in translation, so B follows from the lumped inertia alone.
 */
export function freeBodies(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.njnt(m), nv = f.nv(m)
  const flags = f.lnk_flags(m), H = f.qM(m, s), out = f.sol_x(m, s), A = f.tmp(m, s)
  const h = ld(f.opt_timestep(m, p))
  for (let j = 0; j < n; j++) {
    if (!(i32at(flags, j) & f.LINK_STANDALONE)) continue
    const dof = i32at(f.jnt_dofadr(m), j)

    // M - h D, right-hand side
    for (let i = 0; i < 6; i++) {
      for (let k = 0; k < 6; k++) st(a6(A, i, k), ld(i >= k ? at2(H, nv, dof + i, dof + k) : at2(H, nv, dof + k, dof + i)))
      st(a6(A, i, 6), ld(at(f.qacc_int(m, s), dof + i)))
    }

    // h B: columns of rotation, one unit direction e of angular velocity at a time
    const I = f.lnk_const(m, p) + LC_STRIDE * <usize>j + LC_INERT, R = f.lnk(m, s) + LNK_STRIDE * <usize>j
    const w = at(f.qvel(m, d), dof + 3)
    const w0 = ld(w), w1 = ld(w + V), w2 = ld(w + 2 * V)
    const xx = ld(I), yy = ld(I + V), zz = ld(I + 2 * V), xy = ld(I + 3 * V), xz = ld(I + 4 * V), yz = ld(I + 5 * V)
    const h0 = ld(I + 6 * V), h1 = ld(I + 7 * V), h2 = ld(I + 8 * V)
    const l0 = dot3(xx, xy, xz, w0, w1, w2), l1 = dot3(xy, yy, yz, w0, w1, w2), l2 = dot3(xz, yz, zz, w0, w1, w2)
    const u0 = cross1(w1, h2, w2, h1), u1 = cross1(w2, h0, w0, h2), u2 = cross1(w0, h1, w1, h0)
    for (let c = 0; c < 3; c++) {
      const e0 = splat(c == 0 ? 1 : 0), e1 = splat(c == 1 ? 1 : 0), e2 = splat(c == 2 ? 1 : 0)
      // torque: e x I w + w x I e
      const k0 = c == 0 ? xx : c == 1 ? xy : xz, k1 = c == 0 ? xy : c == 1 ? yy : yz, k2 = c == 0 ? xz : c == 1 ? yz : zz
      st(a6(A, 3, 3 + c), mad(h, add(cross1(e1, l2, e2, l1), cross1(w1, k2, w2, k1)), ld(a6(A, 3, 3 + c))))
      st(a6(A, 4, 3 + c), mad(h, add(cross1(e2, l0, e0, l2), cross1(w2, k0, w0, k2)), ld(a6(A, 4, 3 + c))))
      st(a6(A, 5, 3 + c), mad(h, add(cross1(e0, l1, e1, l0), cross1(w0, k1, w1, k0)), ld(a6(A, 5, 3 + c))))
      // force: e x (w x h) + w x (e x h), turned into the world
      const g0 = cross1(e1, h2, e2, h1), g1 = cross1(e2, h0, e0, h2), g2 = cross1(e0, h1, e1, h0)
      const b0 = add(cross1(e1, u2, e2, u1), cross1(w1, g2, w2, g1))
      const b1 = add(cross1(e2, u0, e0, u2), cross1(w2, g0, w0, g2))
      const b2 = add(cross1(e0, u1, e1, u0), cross1(w0, g1, w1, g0))
      for (let i = 0; i < 3; i++) {
        const r = R + 3 * V * <usize>i
        st(a6(A, i, 3 + c), mad(h, dot3(ld(r), ld(r + V), ld(r + 2 * V), b0, b1, b2), ld(a6(A, i, 3 + c))))
      }
    }

    // elimination without pivots: M dominates h B at any timestep that is stable
    for (let k = 0; k < 6; k++) {
      const inv = div(splat(1), ld(a6(A, k, k)))
      for (let i = k + 1; i < 6; i++) {
        const l = mul(ld(a6(A, i, k)), inv)
        for (let c = k + 1; c < 7; c++) st(a6(A, i, c), nmad(l, ld(a6(A, k, c)), ld(a6(A, i, c))))
      }
    }
    for (let k = 5; k >= 0; k--) {
      let x = ld(a6(A, k, 6))
      for (let c = k + 1; c < 6; c++) x = nmad(ld(a6(A, k, c)), ld(at(out, dof + c)), x)
      st(at(out, dof + k), div(x, ld(a6(A, k, k))))
    }
  }
}

/** the answers of freeBodies take the place of the symmetric solve's */
export function placeFreeBodies(m: usize, s: usize): void {
  const n = f.njnt(m), flags = f.lnk_flags(m), x = f.qacc_int(m, s), from = f.sol_x(m, s)
  for (let j = 0; j < n; j++) {
    if (!(i32at(flags, j) & f.LINK_STANDALONE)) continue
    const dof = i32at(f.jnt_dofadr(m), j)
    for (let i = 0; i < 6; i++) st(at(x, dof + i), ld(at(from, dof + i)))
  }
}
