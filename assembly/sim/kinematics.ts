import { normalize4, quat2Mat } from '../math/spatial'
import { sincos } from '../math/trig'
import { add, cross1, div, dot3, ld, mad, mul, nmad, sel, splat, st, sub, V, zero } from '../math/v4'
import * as f from '../shared/fields'
import { mocapBase, mocapFrames } from './mocap'
import {
  at, DOF_CDOF, DOF_STRIDE, i32at, JNT_BALL, JNT_FREE, JNT_HINGE, LC_INERT, LC_POS, LC_SIGN, LC_STRIDE,
  LNK_CINERT, LNK_P, LNK_R, LNK_STRIDE,
} from './types'

/**
 * Frames of all links: orientation R (9, row-major) and anchor position p (3) in the world.
 *   model   lnk_const (*), lnk_parent, lnk_axis, jnt_type     m
 *   in      qpos (nworld, nq)                                 m or rad
 *   out     lnk R, p
 *   source  MuJoCo engine_core_smooth.c, mj_kinematics, with the frames at joint anchors
 */
export function kinematics(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.njnt(m)
  const lnk = f.lnk(m, s), cons = f.lnk_const(m, p), qpos = f.qpos(m, d), qpos0 = f.qpos0(m, p), tmp = f.tmp(m, s)
  const parents = f.lnk_parent(m), types = f.jnt_type(m), axes = f.lnk_axis(m), flags = f.lnk_flags(m), qadr = f.jnt_qposadr(m)
  const movable = f.nmocap(m) > 0
  if (movable) mocapFrames(m, d, s)

  for (let j = 0; j < n; j++) {
    const L = lnk + LNK_STRIDE * <usize>j
    const C = cons + LC_STRIDE * <usize>j
    const parent = i32at(parents, j)
    const flag = i32at(flags, j)
    const type = i32at(types, j)
    const q = at(qpos, i32at(qadr, j))

    // free: the pose is the coordinates
    if (type == JNT_FREE) {
      normalize4(tmp, q + 3 * V)
      quat2Mat(L + LNK_R, tmp)
      st(L + LNK_P, ld(q))
      st(L + LNK_P + V, ld(q + V))
      st(L + LNK_P + 2 * V, ld(q + 2 * V))
      continue
    }

    // frame before the joint moves: R = R_parent E, p = p_parent + R_parent r
    let r0: v128, r1: v128, r2: v128, r3: v128, r4: v128, r5: v128, r6: v128, r7: v128, r8: v128
    let p0: v128, p1: v128, p2: v128
    const P = parent >= 0 ? lnk + LNK_STRIDE * <usize>parent : movable ? mocapBase(m, s, i32at(f.jnt_bodyid(m), j)) : 0
    if (!P) {
      r0 = ld(C); r1 = ld(C + V); r2 = ld(C + 2 * V); r3 = ld(C + 3 * V); r4 = ld(C + 4 * V); r5 = ld(C + 5 * V)
      r6 = ld(C + 6 * V); r7 = ld(C + 7 * V); r8 = ld(C + 8 * V)
      p0 = ld(C + LC_POS); p1 = ld(C + LC_POS + V); p2 = ld(C + LC_POS + 2 * V)
    } else {
      const a0 = ld(P), a1 = ld(P + V), a2 = ld(P + 2 * V), a3 = ld(P + 3 * V), a4 = ld(P + 4 * V), a5 = ld(P + 5 * V)
      const a6 = ld(P + 6 * V), a7 = ld(P + 7 * V), a8 = ld(P + 8 * V)
      p0 = ld(P + LNK_P); p1 = ld(P + LNK_P + V); p2 = ld(P + LNK_P + 2 * V)
      if (!(flag & f.LINK_SAMEPOS)) {
        const x = ld(C + LC_POS), y = ld(C + LC_POS + V), z = ld(C + LC_POS + 2 * V)
        p0 = add(p0, dot3(a0, a1, a2, x, y, z))
        p1 = add(p1, dot3(a3, a4, a5, x, y, z))
        p2 = add(p2, dot3(a6, a7, a8, x, y, z))
      }
      if (flag & f.LINK_SAMEROT) {
        r0 = a0; r1 = a1; r2 = a2; r3 = a3; r4 = a4; r5 = a5; r6 = a6; r7 = a7; r8 = a8
      } else {
        let b0 = ld(C), b1 = ld(C + 3 * V), b2 = ld(C + 6 * V)
        r0 = dot3(a0, a1, a2, b0, b1, b2); r3 = dot3(a3, a4, a5, b0, b1, b2); r6 = dot3(a6, a7, a8, b0, b1, b2)
        b0 = ld(C + V); b1 = ld(C + 4 * V); b2 = ld(C + 7 * V)
        r1 = dot3(a0, a1, a2, b0, b1, b2); r4 = dot3(a3, a4, a5, b0, b1, b2); r7 = dot3(a6, a7, a8, b0, b1, b2)
        b0 = ld(C + 2 * V); b1 = ld(C + 5 * V); b2 = ld(C + 8 * V)
        r2 = dot3(a0, a1, a2, b0, b1, b2); r5 = dot3(a3, a4, a5, b0, b1, b2); r8 = dot3(a6, a7, a8, b0, b1, b2)
      }
    }

    if (type == JNT_HINGE) {
      // turn about column k: the other two columns mix
      const angle = mul(ld(C + LC_SIGN), sub(ld(q), ld(at(qpos0, i32at(qadr, j)))))
      sincos(angle, tmp)
      const sn = ld(tmp), cs = ld(tmp + V)
      const k = i32at(axes, j)
      if (k == 0) {
        let t = r1; r1 = mad(cs, t, mul(sn, r2)); r2 = nmad(sn, t, mul(cs, r2))
        t = r4; r4 = mad(cs, t, mul(sn, r5)); r5 = nmad(sn, t, mul(cs, r5))
        t = r7; r7 = mad(cs, t, mul(sn, r8)); r8 = nmad(sn, t, mul(cs, r8))
      } else if (k == 1) {
        let t = r2; r2 = mad(cs, t, mul(sn, r0)); r0 = nmad(sn, t, mul(cs, r0))
        t = r5; r5 = mad(cs, t, mul(sn, r3)); r3 = nmad(sn, t, mul(cs, r3))
        t = r8; r8 = mad(cs, t, mul(sn, r6)); r6 = nmad(sn, t, mul(cs, r6))
      } else {
        let t = r0; r0 = mad(cs, t, mul(sn, r1)); r1 = nmad(sn, t, mul(cs, r1))
        t = r3; r3 = mad(cs, t, mul(sn, r4)); r4 = nmad(sn, t, mul(cs, r4))
        t = r6; r6 = mad(cs, t, mul(sn, r7)); r7 = nmad(sn, t, mul(cs, r7))
      }
    } else if (type == JNT_BALL) {
      // R = R qpos
      normalize4(tmp, q)
      const B = tmp + 4 * V
      quat2Mat(B, tmp)
      let b0 = ld(B), b1 = ld(B + 3 * V), b2 = ld(B + 6 * V)
      const n0 = dot3(r0, r1, r2, b0, b1, b2), n3 = dot3(r3, r4, r5, b0, b1, b2), n6 = dot3(r6, r7, r8, b0, b1, b2)
      b0 = ld(B + V); b1 = ld(B + 4 * V); b2 = ld(B + 7 * V)
      const n1 = dot3(r0, r1, r2, b0, b1, b2), n4 = dot3(r3, r4, r5, b0, b1, b2), n7 = dot3(r6, r7, r8, b0, b1, b2)
      b0 = ld(B + 2 * V); b1 = ld(B + 5 * V); b2 = ld(B + 8 * V)
      r2 = dot3(r0, r1, r2, b0, b1, b2); r5 = dot3(r3, r4, r5, b0, b1, b2); r8 = dot3(r6, r7, r8, b0, b1, b2)
      r0 = n0; r1 = n1; r3 = n3; r4 = n4; r6 = n6; r7 = n7
    } else {
      // slide along column k
      const t = mul(ld(C + LC_SIGN), sub(ld(q), ld(at(qpos0, i32at(qadr, j)))))
      const k = i32at(axes, j)
      p0 = mad(t, k == 0 ? r0 : k == 1 ? r1 : r2, p0)
      p1 = mad(t, k == 0 ? r3 : k == 1 ? r4 : r5, p1)
      p2 = mad(t, k == 0 ? r6 : k == 1 ? r7 : r8, p2)
    }

    st(L, r0); st(L + V, r1); st(L + 2 * V, r2); st(L + 3 * V, r3); st(L + 4 * V, r4); st(L + 5 * V, r5)
    st(L + 6 * V, r6); st(L + 7 * V, r7); st(L + 8 * V, r8)
    st(L + LNK_P, p0); st(L + LNK_P + V, p1); st(L + LNK_P + 2 * V, p2)
  }
}

/**
 * Centre of mass of every kinematic tree, inertia of every link about it, motion axes of all dofs.
 *   model   lnk_const (*), grp_static (*)
 *   in      lnk R, p
 *   out     grp_com (ngroup, 4): com, mass; lnk cinert; dofs cdof (6: rotation, translation)
 *   source  MuJoCo engine_core_smooth.c, mj_comPos
 */
export function comPos(m: usize, p: usize, s: usize): void {
  const n = f.njnt(m), ng = f.ngroup(m)
  const lnk = f.lnk(m, s), cons = f.lnk_const(m, p), com = f.grp_com(m, s), fixed = f.grp_static(m, p)
  const flags = f.lnk_flags(m), groups = f.lnk_group(m), types = f.jnt_type(m), axes = f.lnk_axis(m), dadr = f.jnt_dofadr(m)
  const dofs = f.dofs(m, s)

  // first moments of the trees; h = R h_local + m p is kept in cinert
  for (let g = 0; g < 4 * ng; g++) st(at(com, g), ld(at(fixed, g)))
  if (f.nmocap(m) > 0) {
    // what is fixed to a mocap body moves with it
    for (let g = 0; g < ng; g++) {
      const F = mocapBase(m, s, i32at(f.grp_root(m), g)), G = com + 4 * V * <usize>g
      if (!F) continue
      const x = ld(G), y = ld(G + V), z = ld(G + 2 * V), mass = ld(G + 3 * V)
      for (let i: usize = 0; i < 3; i++) {
        const r = F + 3 * V * i
        st(G + V * i, mad(mass, ld(F + LNK_P + V * i), dot3(ld(r), ld(r + V), ld(r + 2 * V), x, y, z)))
      }
    }
  }
  for (let j = 0; j < n; j++) {
    if (i32at(flags, j) & f.LINK_MASSLESS) continue
    const L = lnk + LNK_STRIDE * <usize>j
    const I = cons + LC_STRIDE * <usize>j + LC_INERT
    const G = com + 4 * V * <usize>i32at(groups, j)
    const x = ld(I + 6 * V), y = ld(I + 7 * V), z = ld(I + 8 * V), mass = ld(I + 9 * V)
    const h0 = dot3(ld(L), ld(L + V), ld(L + 2 * V), x, y, z)
    const h1 = dot3(ld(L + 3 * V), ld(L + 4 * V), ld(L + 5 * V), x, y, z)
    const h2 = dot3(ld(L + 6 * V), ld(L + 7 * V), ld(L + 8 * V), x, y, z)
    st(L + LNK_CINERT + 6 * V, h0)
    st(L + LNK_CINERT + 7 * V, h1)
    st(L + LNK_CINERT + 8 * V, h2)
    st(G, add(ld(G), mad(mass, ld(L + LNK_P), h0)))
    st(G + V, add(ld(G + V), mad(mass, ld(L + LNK_P + V), h1)))
    st(G + 2 * V, add(ld(G + 2 * V), mad(mass, ld(L + LNK_P + 2 * V), h2)))
    st(G + 3 * V, add(ld(G + 3 * V), mass))
  }
  for (let g = 0; g < ng; g++) {
    const G = com + 4 * V * <usize>g
    const mass = ld(G + 3 * V)
    const inv = div(splat(1), sel(f32x4.gt(mass, zero()), mass, splat(1)))
    st(G, mul(ld(G), inv))
    st(G + V, mul(ld(G + V), inv))
    st(G + 2 * V, mul(ld(G + 2 * V), inv))
  }

  for (let j = 0; j < n; j++) {
    const L = lnk + LNK_STRIDE * <usize>j
    const G = com + 4 * V * <usize>i32at(groups, j)
    const c0 = sub(ld(L + LNK_P), ld(G)), c1 = sub(ld(L + LNK_P + V), ld(G + V)), c2 = sub(ld(L + LNK_P + 2 * V), ld(G + 2 * V))
    const o = L + LNK_CINERT

    if (i32at(flags, j) & f.LINK_MASSLESS) {
      for (let i = 0; i < 10; i++) st(at(o, i), zero())
    } else {
      // rotate the inertia about the anchor: W = R I, then W R'
      const I = cons + LC_STRIDE * <usize>j + LC_INERT
      const xx = ld(I), yy = ld(I + V), zz = ld(I + 2 * V), xy = ld(I + 3 * V), xz = ld(I + 4 * V), yz = ld(I + 5 * V)
      const r0 = ld(L), r1 = ld(L + V), r2 = ld(L + 2 * V), r3 = ld(L + 3 * V), r4 = ld(L + 4 * V), r5 = ld(L + 5 * V)
      const r6 = ld(L + 6 * V), r7 = ld(L + 7 * V), r8 = ld(L + 8 * V)
      let w0 = dot3(r0, r1, r2, xx, xy, xz), w1 = dot3(r0, r1, r2, xy, yy, yz), w2 = dot3(r0, r1, r2, xz, yz, zz)
      const i0 = dot3(w0, w1, w2, r0, r1, r2), i3 = dot3(w0, w1, w2, r3, r4, r5), i4 = dot3(w0, w1, w2, r6, r7, r8)
      w0 = dot3(r3, r4, r5, xx, xy, xz); w1 = dot3(r3, r4, r5, xy, yy, yz); w2 = dot3(r3, r4, r5, xz, yz, zz)
      const i1 = dot3(w0, w1, w2, r3, r4, r5), i5 = dot3(w0, w1, w2, r6, r7, r8)
      w0 = dot3(r6, r7, r8, xx, xy, xz); w1 = dot3(r6, r7, r8, xy, yy, yz); w2 = dot3(r6, r7, r8, xz, yz, zz)
      const i2 = dot3(w0, w1, w2, r6, r7, r8)

      // move it from the anchor to the com of the tree: e = h + m c / 2 makes both products one
      const mass = ld(I + 9 * V)
      const h0 = ld(o + 6 * V), h1 = ld(o + 7 * V), h2 = ld(o + 8 * V)
      const mc0 = mul(mass, c0), mc1 = mul(mass, c1), mc2 = mul(mass, c2)
      const e0 = mad(splat(0.5), mc0, h0), e1 = mad(splat(0.5), mc1, h1), e2 = mad(splat(0.5), mc2, h2)
      const x2 = mul(splat(2), mul(c0, e0)), y2 = mul(splat(2), mul(c1, e1)), z2 = mul(splat(2), mul(c2, e2))
      st(o, add(i0, add(y2, z2)))
      st(o + V, add(i1, add(x2, z2)))
      st(o + 2 * V, add(i2, add(x2, y2)))
      st(o + 3 * V, sub(i3, mad(c0, e1, mul(c1, e0))))
      st(o + 4 * V, sub(i4, mad(c0, e2, mul(c2, e0))))
      st(o + 5 * V, sub(i5, mad(c1, e2, mul(c2, e1))))
      st(o + 6 * V, add(h0, mc0))
      st(o + 7 * V, add(h1, mc1))
      st(o + 8 * V, add(h2, mc2))
      st(o + 9 * V, mass)
    }

    // motion axes: a rotation about an axis through the anchor moves the com point by c x axis
    const type = i32at(types, j)
    let D = dofs + DOF_STRIDE * <usize>i32at(dadr, j) + DOF_CDOF
    if (type >= 2) {
      const k = <usize>i32at(axes, j)
      const sign = ld(cons + LC_STRIDE * <usize>j + LC_SIGN)
      const a0 = mul(sign, ld(L + V * k)), a1 = mul(sign, ld(L + 3 * V + V * k)), a2 = mul(sign, ld(L + 6 * V + V * k))
      if (type == JNT_HINGE) {
        st(D, a0); st(D + V, a1); st(D + 2 * V, a2)
        st(D + 3 * V, cross1(c1, a2, c2, a1)); st(D + 4 * V, cross1(c2, a0, c0, a2)); st(D + 5 * V, cross1(c0, a1, c1, a0))
      } else {
        st(D, zero()); st(D + V, zero()); st(D + 2 * V, zero())
        st(D + 3 * V, a0); st(D + 4 * V, a1); st(D + 5 * V, a2)
      }
    } else {
      if (type == JNT_FREE) {
        for (let i = 0; i < 3; i++) {
          for (let e = 0; e < 6; e++) st(at(D, e), splat(e == 3 + i ? 1 : 0))
          D += DOF_STRIDE
        }
      }
      for (let i: usize = 0; i < 3; i++) {
        const a0 = ld(L + V * i), a1 = ld(L + 3 * V + V * i), a2 = ld(L + 6 * V + V * i)
        st(D, a0); st(D + V, a1); st(D + 2 * V, a2)
        st(D + 3 * V, cross1(c1, a2, c2, a1)); st(D + 4 * V, cross1(c2, a0, c0, a2)); st(D + 5 * V, cross1(c0, a1, c1, a0))
        D += DOF_STRIDE
      }
    }
  }
}
