import { add, any, cross1, dot3, ld, mad, mul, neg, or, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { at, i32at, JNT_FREE, JNT_HINGE, JNT_SLIDE, LC_SIGN, LC_STRIDE, LNK_P, LNK_R, LNK_STRIDE } from './types'

// a wrench: torque about the anchor of its link, then force
const FORCE: usize = 3 * V

/** no force on any link */
export function clearWrenches(m: usize, s: usize): void {
  const end = f.wrench(m, s) + 6 * V * <usize>f.njnt(m)
  for (let w = f.wrench(m, s); w < end; w += V) st(w, splat(0))
}

/** add a force (3) and a torque (3) at the com of a body that moves, world axes */
export function addWrench(m: usize, p: usize, s: usize, body: i32, force: usize, torque: usize): void {
  const link = <usize>i32at(f.body_lnk(m), body)
  const R = f.lnk(m, s) + LNK_STRIDE * link + LNK_R, c = f.body_com(m, p) + 3 * V * <usize>body, W = f.wrench(m, s) + 6 * V * link
  const x = ld(c), y = ld(c + V), z = ld(c + 2 * V)
  const r0 = dot3(ld(R), ld(R + V), ld(R + 2 * V), x, y, z)
  const r1 = dot3(ld(R + 3 * V), ld(R + 4 * V), ld(R + 5 * V), x, y, z)
  const r2 = dot3(ld(R + 6 * V), ld(R + 7 * V), ld(R + 8 * V), x, y, z)
  const f0 = ld(force), f1 = ld(force + V), f2 = ld(force + 2 * V)
  st(W, add(ld(W), add(ld(torque), cross1(r1, f2, r2, f1))))
  st(W + V, add(ld(W + V), add(ld(torque + V), cross1(r2, f0, r0, f2))))
  st(W + 2 * V, add(ld(W + 2 * V), add(ld(torque + 2 * V), cross1(r0, f1, r1, f0))))
  st(W + FORCE, add(ld(W + FORCE), f0))
  st(W + FORCE + V, add(ld(W + FORCE + V), f1))
  st(W + FORCE + 2 * V, add(ld(W + FORCE + 2 * V), f2))
}

/**
 * Joint forces of the wrenches on all links: each joint carries what acts on the links beyond it.
 *   in      lnk R, p
 *   in-out  wrench (njnt, 6): becomes that of everything beyond; qfrc (nv): added to
 *   source  MuJoCo engine_support.c, mj_applyFT, for all bodies in one pass inward
 */
export function projectWrenches(m: usize, p: usize, s: usize, qfrc: usize): void {
  const lnk = f.lnk(m, s), wrench = f.wrench(m, s), cons = f.lnk_const(m, p)
  const parents = f.lnk_parent(m), types = f.jnt_type(m), axes = f.lnk_axis(m), dadr = f.jnt_dofadr(m)
  for (let j = f.njnt(m) - 1; j >= 0; j--) {
    const L = lnk + LNK_STRIDE * <usize>j, W = wrench + 6 * V * <usize>j
    const t0 = ld(W), t1 = ld(W + V), t2 = ld(W + 2 * V), f0 = ld(W + FORCE), f1 = ld(W + FORCE + V), f2 = ld(W + FORCE + 2 * V)
    const type = i32at(types, j)
    let out = at(qfrc, i32at(dadr, j))
    if (type == JNT_HINGE || type == JNT_SLIDE) {
      const a = L + V * <usize>i32at(axes, j)
      const along = type == JNT_HINGE ? dot3(ld(a), ld(a + 3 * V), ld(a + 6 * V), t0, t1, t2) : dot3(ld(a), ld(a + 3 * V), ld(a + 6 * V), f0, f1, f2)
      st(out, mad(ld(cons + LC_STRIDE * <usize>j + LC_SIGN), along, ld(out)))
    } else {
      if (type == JNT_FREE) {
        st(out, add(ld(out), f0))
        st(out + V, add(ld(out + V), f1))
        st(out + 2 * V, add(ld(out + 2 * V), f2))
        out += 3 * V
      }
      for (let k: usize = 0; k < 3 * V; k += V) {
        const a = L + k
        st(out + k, add(ld(out + k), dot3(ld(a), ld(a + 3 * V), ld(a + 6 * V), t0, t1, t2)))
      }
    }
    const parent = i32at(parents, j)
    if (parent < 0) continue
    const P = lnk + LNK_STRIDE * <usize>parent, Q = wrench + 6 * V * <usize>parent
    const r0 = sub(ld(L + LNK_P), ld(P + LNK_P)), r1 = sub(ld(L + LNK_P + V), ld(P + LNK_P + V)), r2 = sub(ld(L + LNK_P + 2 * V), ld(P + LNK_P + 2 * V))
    st(Q, add(ld(Q), add(t0, cross1(r1, f2, r2, f1))))
    st(Q + V, add(ld(Q + V), add(t1, cross1(r2, f0, r0, f2))))
    st(Q + 2 * V, add(ld(Q + 2 * V), add(t2, cross1(r0, f1, r1, f0))))
    st(Q + FORCE, add(ld(Q + FORCE), f0))
    st(Q + FORCE + V, add(ld(Q + FORCE + V), f1))
    st(Q + FORCE + 2 * V, add(ld(Q + FORCE + 2 * V), f2))
  }
}

/**
 * Applied Cartesian forces into joint space.
 *   in      lnk R, p; xfrc_applied (nbody, 6): force, torque at the com of each body, world axes
 *   in-out  qfrc (nv)
 *   source  MuJoCo engine_support.c, mj_xfrcAccumulate
 */
export function applyXfrc(m: usize, p: usize, d: usize, s: usize, qfrc: usize): void {
  const n = f.nbody(m), lnks = f.body_lnk(m)
  let some = false
  for (let b = 1; b < n; b++) {
    if (i32at(lnks, b) < 0) continue
    const x = f.xfrc_applied(m, d) + 6 * V * <usize>b
    const bits = or(or(or(ld(x), ld(x + V)), or(ld(x + 2 * V), ld(x + 3 * V))), or(ld(x + 4 * V), ld(x + 5 * V)))
    if (!any(bits)) continue
    if (!some) clearWrenches(m, s)
    some = true
    addWrench(m, p, s, b, x, x + 3 * V)
  }
  if (some) projectWrenches(m, p, s, qfrc)
}

/**
 * Gravity compensation: what carries part of the weight of bodies.
 *   model   opt_gravity, lnk_gravcomp (*)
 *   in      lnk R, p
 *   out     qfrc_gravcomp (nv)
 *   source  MuJoCo engine_passive.c, mj_gravcomp
 */
export function gravcomp(m: usize, p: usize, s: usize): void {
  const n = f.njnt(m), nv = f.nv(m), out = f.qfrc_gravcomp(m, s), g = f.opt_gravity(m, p)
  const g0 = neg(ld(g)), g1 = neg(ld(g + V)), g2 = neg(ld(g + 2 * V))
  for (let i = 0; i < nv; i++) st(at(out, i), splat(0))
  for (let j = 0; j < n; j++) {
    const R = f.lnk(m, s) + LNK_STRIDE * <usize>j + LNK_R, c = f.lnk_gravcomp(m, p) + 4 * V * <usize>j, W = f.wrench(m, s) + 6 * V * <usize>j
    const x = ld(c), y = ld(c + V), z = ld(c + 2 * V), mass = ld(c + 3 * V)
    const h0 = dot3(ld(R), ld(R + V), ld(R + 2 * V), x, y, z)
    const h1 = dot3(ld(R + 3 * V), ld(R + 4 * V), ld(R + 5 * V), x, y, z)
    const h2 = dot3(ld(R + 6 * V), ld(R + 7 * V), ld(R + 8 * V), x, y, z)
    st(W, cross1(h1, g2, h2, g1))
    st(W + V, cross1(h2, g0, h0, g2))
    st(W + 2 * V, cross1(h0, g1, h1, g0))
    st(W + FORCE, mul(mass, g0))
    st(W + FORCE + V, mul(mass, g1))
    st(W + FORCE + 2 * V, mul(mass, g2))
  }
  projectWrenches(m, p, s, out)
}
