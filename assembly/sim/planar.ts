import { sincos } from '../math/trig'
import { add, cross1, ld, mad, mul, neg, nmad, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { mocapFrames } from './mocap'
import { at, at2, DSBL_GRAVITY, i32at, JNT_HINGE, LC_INERT, LC_POS, LC_SIGN, LC_STRIDE, LNK_P, LNK_R, LNK_STRIDE } from './types'

// the plane's record of a link, behind its pose
const PL_C: usize = 12 * V   // cos, sin of the link's angle
const PL_W: usize = 14 * V   // angular velocity
const PL_A: usize = 15 * V   // acceleration of the anchor without joint accelerations
const PL_D: usize = 17 * V   // anchor minus parent's anchor
const PL_H: usize = 19 * V   // first moment of the composite about the anchor
const PL_M: usize = 21 * V   // its mass
const PL_I: usize = 22 * V   // its inertia about the anchor
const PL_F: usize = 23 * V   // force that the composite's motion takes
const PL_N: usize = 25 * V   // moment about the anchor
const PL_X: usize = 26 * V   // direction of a slide
const PL_T: usize = 28 * V   // angle of the link

/**
 * M and qfrc_bias of trees that move in a coordinate plane (all hinges along one axis, all slides across it): kinematics,
 * comPos, crb, comVel and rne with what is structurally zero left out. Cart-poles, pendulums, hoppers are such trees.
 *   model   lnk_const (*), opt_gravity (*), dof_inertia (*)
 *   in      qpos, qvel
 *   out     qM, qfrc_bias
 *   source  Newton-Euler and composite bodies of Featherstone 2008, chapters 5 and 6, in two dimensions
 */
export function planarForces(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.njnt(m)
  const lnk = f.lnk(m, s), cons = f.lnk_const(m, p), qpos = f.qpos(m, d), qvel = f.qvel(m, d), qpos0 = f.qpos0(m, p), tmp = f.tmp(m, s)
  const parents = f.lnk_parent(m), types = f.jnt_type(m), axes = f.lnk_axis(m), flags = f.lnk_flags(m)
  const qM = f.qM(m, s), bias = f.qfrc_bias(m, s), extra = f.dof_inertia(m, p)

  // in-plane axes u, v follow the normal
  const normal = f.planar(m) - 1
  const u = <usize>((normal + 1) % 3), v = <usize>((normal + 2) % 3)
  const Inn = LC_INERT + V * <usize>normal, hu = LC_INERT + V * (6 + u), hv = LC_INERT + V * (6 + v), mass = LC_INERT + 9 * V
  const g = f.opt_gravity(m, p)
  const weightless = (load<i32>(f.opt_disableflags(m)) & DSBL_GRAVITY) != 0
  const gu = weightless ? splat(0) : neg(ld(g + V * u)), gv = weightless ? splat(0) : neg(ld(g + V * v))

  const posed = f.ncand(m) > 0 || (f.sensorneeds(m) & f.NEED_FRAMES) != 0
  if (posed && f.nmocap(m) > 0) mocapFrames(m, d, s)

  // outward: poses, velocities, accelerations, then what each link's own motion takes
  for (let j = 0; j < n; j++) {
    const L = lnk + LNK_STRIDE * <usize>j, K = cons + LC_STRIDE * <usize>j
    const parent = i32at(parents, j)
    let c: v128, sn: v128, w: v128, au: v128, av: v128, du: v128, dv: v128, angle: v128
    const ru = ld(K + LC_POS + V * u), rv = ld(K + LC_POS + V * v)
    if (parent < 0) {
      c = splat(1); sn = splat(0); w = splat(0); angle = splat(0)
      au = gu; av = gv
      du = ru; dv = rv
    } else {
      const Q = lnk + LNK_STRIDE * <usize>parent
      c = ld(Q + PL_C); sn = ld(Q + PL_C + V); w = ld(Q + PL_W); angle = ld(Q + PL_T)
      au = ld(Q + PL_A); av = ld(Q + PL_A + V)
      if (i32at(flags, j) & f.LINK_SAMEPOS) {
        du = splat(0); dv = splat(0)
      } else {
        du = cross1(c, ru, sn, rv)
        dv = mad(sn, ru, mul(c, rv))
        const ww = mul(w, w)
        au = nmad(ww, du, au)
        av = nmad(ww, dv, av)
      }
    }
    const sign = ld(K + LC_SIGN)
    const q = mul(sign, sub(ld(at(qpos, j)), ld(at(qpos0, j)))), qd = mul(sign, ld(at(qvel, j)))
    if (i32at(types, j) == JNT_HINGE) {
      angle = add(angle, q)
      sincos(angle, tmp)
      sn = ld(tmp); c = ld(tmp + V)
      w = add(w, qd)
    } else {
      const first = <usize>i32at(axes, j) == u
      const xu = first ? c : neg(sn), xv = first ? sn : c
      const ww = mul(mul(w, w), q), w2 = mul(mul(splat(2), w), qd)
      du = mad(xu, q, du)
      dv = mad(xv, q, dv)
      au = sub(nmad(ww, xu, au), mul(w2, xv))
      av = add(nmad(ww, xv, av), mul(w2, xu))
      st(L + PL_X, mul(sign, xu))
      st(L + PL_X + V, mul(sign, xv))
    }
    st(L + PL_C, c); st(L + PL_C + V, sn); st(L + PL_T, angle)
    if (posed) {
      // the pose, for geometry
      st(L + LNK_R + V * (4 * <usize>normal), splat(1))
      st(L + LNK_R + V * (3 * <usize>normal + u), splat(0)); st(L + LNK_R + V * (3 * <usize>normal + v), splat(0))
      st(L + LNK_R + V * (3 * u + <usize>normal), splat(0)); st(L + LNK_R + V * (3 * v + <usize>normal), splat(0))
      st(L + LNK_R + 4 * V * u, c); st(L + LNK_R + 4 * V * v, c)
      st(L + LNK_R + V * (3 * u + v), neg(sn)); st(L + LNK_R + V * (3 * v + u), sn)
      const P = lnk + LNK_STRIDE * <usize>max<i32>(parent, 0) + LNK_P, o = L + LNK_P
      const n0 = V * <usize>normal
      st(o + V * u, parent < 0 ? du : add(du, ld(P + V * u)))
      st(o + V * v, parent < 0 ? dv : add(dv, ld(P + V * v)))
      st(o + n0, parent < 0 ? ld(K + LC_POS + n0) : add(ld(K + LC_POS + n0), ld(P + n0)))
    }
    st(L + PL_W, w)
    st(L + PL_A, au); st(L + PL_A + V, av)
    st(L + PL_D, du); st(L + PL_D + V, dv)

    const lu = ld(K + hu), lv = ld(K + hv), mj = ld(K + mass)
    const h0 = cross1(c, lu, sn, lv), h1 = mad(sn, lu, mul(c, lv)), ww = mul(w, w)
    st(L + PL_H, h0); st(L + PL_H + V, h1)
    st(L + PL_M, mj)
    st(L + PL_I, ld(K + Inn))
    st(L + PL_F, nmad(ww, h0, mul(mj, au)))
    st(L + PL_F + V, nmad(ww, h1, mul(mj, av)))
    st(L + PL_N, cross1(h0, av, h1, au))
  }

  // inward: bias and inertia of the joint from the composite below it, then the composite moves to the parent
  for (let j = n - 1; j >= 0; j--) {
    const L = lnk + LNK_STRIDE * <usize>j
    const sign = ld(cons + LC_STRIDE * <usize>j + LC_SIGN)
    const h0 = ld(L + PL_H), h1 = ld(L + PL_H + V), mc = ld(L + PL_M), f0 = ld(L + PL_F), f1 = ld(L + PL_F + V)
    // momentum of the composite per unit of joint velocity: p linear, l about the anchor
    let p0: v128, p1: v128, l: v128
    if (i32at(types, j) == JNT_HINGE) {
      st(at(bias, j), mul(sign, ld(L + PL_N)))
      l = ld(L + PL_I)
      st(at2(qM, n, j, j), add(ld(at(extra, j)), l))
      p0 = neg(mul(sign, h1)); p1 = mul(sign, h0); l = mul(sign, l)
    } else {
      const x0 = ld(L + PL_X), x1 = ld(L + PL_X + V)
      st(at(bias, j), mad(x0, f0, mul(x1, f1)))
      st(at2(qM, n, j, j), add(ld(at(extra, j)), mc))
      p0 = mul(mc, x0); p1 = mul(mc, x1); l = cross1(h0, x1, h1, x0)
    }

    const parent = i32at(parents, j)
    if (parent < 0) continue
    let B = L
    for (let k = parent; k >= 0; k = i32at(parents, k)) {
      l = add(l, cross1(ld(B + PL_D), p1, ld(B + PL_D + V), p0))
      B = lnk + LNK_STRIDE * <usize>k
      st(at2(qM, n, j, k), i32at(types, k) == JNT_HINGE
        ? mul(ld(cons + LC_STRIDE * <usize>k + LC_SIGN), l)
        : mad(ld(B + PL_X), p0, mul(ld(B + PL_X + V), p1)))
    }

    const Q = lnk + LNK_STRIDE * <usize>parent
    const d0 = ld(L + PL_D), d1 = ld(L + PL_D + V)
    const md0 = mul(mc, d0), md1 = mul(mc, d1)
    st(Q + PL_M, add(ld(Q + PL_M), mc))
    st(Q + PL_H, add(ld(Q + PL_H), add(h0, md0)))
    st(Q + PL_H + V, add(ld(Q + PL_H + V), add(h1, md1)))
    const e0 = mad(splat(2), h0, md0), e1 = mad(splat(2), h1, md1)
    st(Q + PL_I, add(add(ld(Q + PL_I), ld(L + PL_I)), mad(d0, e0, mul(d1, e1))))
    st(Q + PL_F, add(ld(Q + PL_F), f0))
    st(Q + PL_F + V, add(ld(Q + PL_F + V), f1))
    st(Q + PL_N, add(ld(Q + PL_N), add(ld(L + PL_N), cross1(d0, f1, d1, f0))))
  }
}
