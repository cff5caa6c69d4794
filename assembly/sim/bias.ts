import { dot6 } from '../math/spatial'
import { add, cross1, dot3, ld, mad, mul, neg, splat, st, sub, V, zero } from '../math/v4'
import * as f from '../shared/fields'
import {
  at, DOF_CDOF, DOF_CDOFDOT, DOF_STRIDE, DSBL_GRAVITY, i32at, JNT_FREE, LNK_CACC, LNK_CFRC, LNK_CINERT, LNK_CVEL, LNK_STRIDE,
} from './types'

/**
 * Spatial velocities of links, time-derivatives of the motion axes, and the Coriolis, centrifugal and gravitational
 * forces: recursive Newton-Euler without joint accelerations, everything about the com of the tree.
 *   model   opt_gravity (*)
 *   in      lnk cinert, dofs cdof, qvel (nworld, nv)
 *   out     lnk cvel (6), dofs cdof_dot (6), qfrc_bias (nv)      N or N*m
 *   source  Featherstone 2008, table 5.1; MuJoCo engine_core_smooth.c, mj_comVel and mj_rne (flg_acc 0)
 */
export function rne(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.njnt(m), nv = f.nv(m)
  const lnk = f.lnk(m, s), dofs = f.dofs(m, s), qvel = f.qvel(m, d), bias = f.qfrc_bias(m, s)
  const parents = f.lnk_parent(m), types = f.jnt_type(m), dadr = f.jnt_dofadr(m), dofjnt = f.dof_jntid(m), flags = f.lnk_flags(m)
  const g = f.opt_gravity(m, p)
  const weightless = (load<i32>(f.opt_disableflags(m)) & DSBL_GRAVITY) != 0
  const g0 = weightless ? splat(0) : neg(ld(g)), g1 = weightless ? splat(0) : neg(ld(g + V)), g2 = weightless ? splat(0) : neg(ld(g + 2 * V))

  // velocities w, v and accelerations a outward; force on each link: I a + v x* I v
  for (let j = 0; j < n; j++) {
    const L = lnk + LNK_STRIDE * <usize>j
    const parent = i32at(parents, j)
    let a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, a5: v128
    let w0: v128, w1: v128, w2: v128, v0: v128, v1: v128, v2: v128
    if (parent < 0) {
      a0 = zero(); a1 = a0; a2 = a0; a3 = g0; a4 = g1; a5 = g2
      w0 = a0; w1 = a0; w2 = a0; v0 = a0; v1 = a0; v2 = a0
    } else {
      const P = lnk + LNK_STRIDE * <usize>parent
      a0 = ld(P + LNK_CACC); a1 = ld(P + LNK_CACC + V); a2 = ld(P + LNK_CACC + 2 * V)
      a3 = ld(P + LNK_CACC + 3 * V); a4 = ld(P + LNK_CACC + 4 * V); a5 = ld(P + LNK_CACC + 5 * V)
      w0 = ld(P + LNK_CVEL); w1 = ld(P + LNK_CVEL + V); w2 = ld(P + LNK_CVEL + 2 * V)
      v0 = ld(P + LNK_CVEL + 3 * V); v1 = ld(P + LNK_CVEL + 4 * V); v2 = ld(P + LNK_CVEL + 5 * V)
    }
    const type = i32at(types, j)
    const dof = i32at(dadr, j)
    const num = type >= 2 ? 1 : type == JNT_FREE ? 6 : 3
    // the axes of a ball, and those of the rotations of a free joint, turn together: with the velocity before any of them
    let c0 = w0, c1 = w1, c2 = w2, u0 = v0, u1 = v1, u2 = v2
    for (let i = 0; i < num; i++) {
      const X = dofs + DOF_STRIDE * <usize>(dof + i)
      const qd = ld(at(qvel, dof + i))
      const x0 = ld(X), x1 = ld(X + V), x2 = ld(X + 2 * V), y0 = ld(X + 3 * V), y1 = ld(X + 4 * V), y2 = ld(X + 5 * V)
      if (type == JNT_FREE && i < 3) {
        // translations of a free joint have constant axes
        for (let e: usize = 0; e < 6; e++) st(X + DOF_CDOFDOT + V * e, zero())
        v0 = mad(qd, y0, v0); v1 = mad(qd, y1, v1); v2 = mad(qd, y2, v2)
        u0 = v0; u1 = v1; u2 = v2
        continue
      }
      if (parent < 0 && num == 1) {
        // on a fixed base the axis stands still
        for (let e: usize = 0; e < 6; e++) st(X + DOF_CDOFDOT + V * e, zero())
        w0 = mul(qd, x0); w1 = mul(qd, x1); w2 = mul(qd, x2)
        v0 = mul(qd, y0); v1 = mul(qd, y1); v2 = mul(qd, y2)
        continue
      }
      const z0 = cross1(c1, x2, c2, x1), z1 = cross1(c2, x0, c0, x2), z2 = cross1(c0, x1, c1, x0)
      const z3 = add(cross1(c1, y2, c2, y1), cross1(u1, x2, u2, x1))
      const z4 = add(cross1(c2, y0, c0, y2), cross1(u2, x0, u0, x2))
      const z5 = add(cross1(c0, y1, c1, y0), cross1(u0, x1, u1, x0))
      const Z = X + DOF_CDOFDOT
      st(Z, z0); st(Z + V, z1); st(Z + 2 * V, z2); st(Z + 3 * V, z3); st(Z + 4 * V, z4); st(Z + 5 * V, z5)
      a0 = mad(qd, z0, a0); a1 = mad(qd, z1, a1); a2 = mad(qd, z2, a2)
      a3 = mad(qd, z3, a3); a4 = mad(qd, z4, a4); a5 = mad(qd, z5, a5)
      w0 = mad(qd, x0, w0); w1 = mad(qd, x1, w1); w2 = mad(qd, x2, w2)
      v0 = mad(qd, y0, v0); v1 = mad(qd, y1, v1); v2 = mad(qd, y2, v2)
    }
    const A = L + LNK_CACC, F = L + LNK_CFRC, W = L + LNK_CVEL
    st(A, a0); st(A + V, a1); st(A + 2 * V, a2); st(A + 3 * V, a3); st(A + 4 * V, a4); st(A + 5 * V, a5)
    st(W, w0); st(W + V, w1); st(W + 2 * V, w2); st(W + 3 * V, v0); st(W + 4 * V, v1); st(W + 5 * V, v2)
    if (i32at(flags, j) & f.LINK_MASSLESS) {
      for (let i: usize = 0; i < 6; i++) st(F + V * i, zero())
      continue
    }

    const I = L + LNK_CINERT
    const ixx = ld(I), iyy = ld(I + V), izz = ld(I + 2 * V), ixy = ld(I + 3 * V), ixz = ld(I + 4 * V), iyz = ld(I + 5 * V)
    const h0 = ld(I + 6 * V), h1 = ld(I + 7 * V), h2 = ld(I + 8 * V), mass = ld(I + 9 * V)
    // momentum
    const n0 = add(dot3(ixx, ixy, ixz, w0, w1, w2), cross1(h1, v2, h2, v1))
    const n1 = add(dot3(ixy, iyy, iyz, w0, w1, w2), cross1(h2, v0, h0, v2))
    const n2 = add(dot3(ixz, iyz, izz, w0, w1, w2), cross1(h0, v1, h1, v0))
    const l0 = sub(mul(mass, v0), cross1(h1, w2, h2, w1))
    const l1 = sub(mul(mass, v1), cross1(h2, w0, h0, w2))
    const l2 = sub(mul(mass, v2), cross1(h0, w1, h1, w0))
    st(F, add(add(dot3(ixx, ixy, ixz, a0, a1, a2), cross1(h1, a5, h2, a4)), add(cross1(w1, n2, w2, n1), cross1(v1, l2, v2, l1))))
    st(F + V, add(add(dot3(ixy, iyy, iyz, a0, a1, a2), cross1(h2, a3, h0, a5)), add(cross1(w2, n0, w0, n2), cross1(v2, l0, v0, l2))))
    st(F + 2 * V, add(add(dot3(ixz, iyz, izz, a0, a1, a2), cross1(h0, a4, h1, a3)), add(cross1(w0, n1, w1, n0), cross1(v0, l1, v1, l0))))
    st(F + 3 * V, add(sub(mul(mass, a3), cross1(h1, a2, h2, a1)), cross1(w1, l2, w2, l1)))
    st(F + 4 * V, add(sub(mul(mass, a4), cross1(h2, a0, h0, a2)), cross1(w2, l0, w0, l2)))
    st(F + 5 * V, add(sub(mul(mass, a5), cross1(h0, a1, h1, a0)), cross1(w0, l1, w1, l0)))
  }

  // forces inward
  for (let j = n - 1; j > 0; j--) {
    const parent = i32at(parents, j)
    if (parent < 0) continue
    const from = lnk + LNK_STRIDE * <usize>j + LNK_CFRC
    const to = lnk + LNK_STRIDE * <usize>parent + LNK_CFRC
    for (let i: usize = 0; i < 6; i++) st(to + V * i, add(ld(to + V * i), ld(from + V * i)))
  }
  for (let i = 0; i < nv; i++) {
    st(at(bias, i), dot6(dofs + DOF_STRIDE * <usize>i + DOF_CDOF, lnk + LNK_STRIDE * <usize>i32at(dofjnt, i) + LNK_CFRC))
  }
}
