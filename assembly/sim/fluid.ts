import { mulMat3, mulMatTVec3, mulMatVec3, normalize4, quat2Mat } from '../math/spatial'
import { abs4, add, and, cross1, div, dot3, gt, ge, ld, mad, max4, mul, neg, nmad, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { lastDof } from './jacobian'
import { addOuter } from './outer'
import { at, i32at, JNT_BALL, JNT_FREE, JNT_SLIDE, LC_SIGN, LC_STRIDE, LNK_CVEL, LNK_P, LNK_R, LNK_STRIDE, MINVAL } from './types'
import { addWrench, clearWrenches, projectWrenches } from './wrench'

// fluid_const (CONSTANT_FIELDS): inertial frame in the link 9, equivalent box 3, mass is enough to count (mask)
const STRIDE: usize = 13 * V
const BOX: usize = 9 * V
const HAS: usize = 12 * V

const PI: f32 = 3.14159265358979

/**
 * Inertial frames of bodies in their links and boxes of the same inertia.
 *   model   body_inertia body_mass body_iquat body_frame (*)
 *   out     fluid_const (nbody, 13)
 *   source  MuJoCo engine_passive.c, mj_inertiaBoxFluidModel
 */
export function fluidConstants(m: usize, p: usize, s: usize): void {
  if (!f.fluid(m)) return
  const tmp = f.tmp(m, s), rot = tmp + 4 * V
  for (let b = 1, n = f.nbody(m); b < n; b++) {
    const C = f.fluid_const(m, p) + STRIDE * <usize>b, inertia = f.body_inertia(m, p) + 3 * V * <usize>b
    normalize4(tmp, f.body_iquat(m, p) + 4 * V * <usize>b)
    quat2Mat(rot, tmp)
    mulMat3(C, f.body_frame(m, p) + 12 * V * <usize>b, rot)
    const mass = ld(at(f.body_mass(m, p), b)), x = ld(inertia), y = ld(inertia + V), z = ld(inertia + 2 * V)
    const has = ge(mass, splat(MINVAL))
    const k = div(splat(6), sel(has, mass, splat(1)))
    const least = splat(MINVAL)
    st(C + BOX, sqrt4(mul(max4(least, sub(add(y, z), x)), k)))
    st(C + BOX + V, sqrt4(mul(max4(least, sub(add(x, z), y)), k)))
    st(C + BOX + 2 * V, sqrt4(mul(max4(least, sub(add(x, y), z)), k)))
    st(C + HAS, has)
  }
}

/**
 * Velocity of a body's com relative to the medium, in its inertial frame.
 *   out     inertial frame in the world 9, angular velocity 3, linear velocity 3
 */
function localVelocity(m: usize, p: usize, s: usize, body: i32, out: usize): void {
  const link = <usize>i32at(f.body_lnk(m), body), tmp = f.tmp(m, s) + 48 * V
  const L = f.lnk(m, s) + LNK_STRIDE * link, W = L + LNK_CVEL, G = f.grp_com(m, s) + 4 * V * <usize>i32at(f.lnk_group(m), <i32>link)
  mulMat3(out, L, f.fluid_const(m, p) + STRIDE * <usize>body)
  mulMatTVec3(out + 9 * V, out, W)
  // at the com of the body, less the wind
  mulMatVec3(tmp, L, f.body_com(m, p) + 3 * V * <usize>body)
  const r0 = sub(add(ld(tmp), ld(L + LNK_P)), ld(G)), r1 = sub(add(ld(tmp + V), ld(L + LNK_P + V)), ld(G + V))
  const r2 = sub(add(ld(tmp + 2 * V), ld(L + LNK_P + 2 * V)), ld(G + 2 * V))
  const w0 = ld(W), w1 = ld(W + V), w2 = ld(W + 2 * V), wind = f.opt_wind(m, p)
  st(tmp, sub(add(ld(W + 3 * V), cross1(w1, r2, w2, r1)), ld(wind)))
  st(tmp + V, sub(add(ld(W + 4 * V), cross1(w2, r0, w0, r2)), ld(wind + V)))
  st(tmp + 2 * V, sub(add(ld(W + 5 * V), cross1(w0, r1, w1, r0)), ld(wind + 2 * V)))
  mulMatTVec3(out + 12 * V, out, tmp)
}

/**
 * Drag of each component of the velocity: force = -(linear + quadratic |v|) v.
 *   box     sides 3
 *   out     linear: rotation, translation; quadratic: rotation 3, translation 3
 */
function dragCoefficients(m: usize, p: usize, box: usize, out: usize): void {
  const zero = splat(0)
  const viscosity = max4(zero, ld(f.opt_viscosity(m, p))), density = max4(zero, ld(f.opt_density(m, p)))
  const x = ld(box), y = ld(box + V), z = ld(box + 2 * V)
  const diam = mul(splat(1.0 / 3.0), add(add(x, y), z))
  const pull = mul(mul(splat(PI), diam), viscosity)
  st(out, mul(mul(pull, diam), diam))
  st(out + V, mul(splat(3), pull))
  const x4 = mul(mul(x, x), mul(x, x)), y4 = mul(mul(y, y), mul(y, y)), z4 = mul(mul(z, z), mul(z, z))
  const turn = mul(splat(1.0 / 64.0), density), push = mul(splat(0.5), density)
  st(out + 2 * V, mul(mul(turn, x), add(y4, z4)))
  st(out + 3 * V, mul(mul(turn, y), add(x4, z4)))
  st(out + 4 * V, mul(mul(turn, z), add(x4, y4)))
  st(out + 5 * V, mul(push, mul(y, z)))
  st(out + 6 * V, mul(push, mul(x, z)))
  st(out + 7 * V, mul(push, mul(x, y)))
}

/**
 * Forces of the medium on bodies, each taken for a box of its inertia.
 *   model   opt_density opt_viscosity opt_wind fluid_const body_com (*)
 *   in      lnk R p cvel, grp_com
 *   in-out  qfrc (nv)
 *   source  MuJoCo engine_passive.c, mj_inertiaBoxFluidModel
 */
export function fluidForces(m: usize, p: usize, s: usize, qfrc: usize): void {
  const tmp = f.tmp(m, s), v = tmp + 9 * V, drag = tmp + 16 * V, force = tmp + 24 * V
  clearWrenches(m, s)
  for (let b = 1, n = f.nbody(m); b < n; b++) {
    if (i32at(f.body_lnk(m), b) < 0) continue
    const C = f.fluid_const(m, p) + STRIDE * <usize>b, has = ld(C + HAS)
    localVelocity(m, p, s, b, tmp)
    dragCoefficients(m, p, C + BOX, drag)
    for (let k = 0; k < 6; k++) {
      const x = ld(at(v, k))
      const b1 = ld(at(drag, k < 3 ? 0 : 1)), b2 = ld(at(drag, 2 + k))
      st(at(force, k), and(has, mul(neg(x), mad(b2, abs4(x), b1))))
    }
    mulMatVec3(force + 6 * V, tmp, force)
    mulMatVec3(force + 9 * V, tmp, force + 3 * V)
    addWrench(m, p, s, b, force + 9 * V, force + 6 * V)
  }
  projectWrenches(m, p, s, qfrc)
}

/** Jacobian of a body's com in the inertial frame at R: 6 rows (rotation, translation) over the dofs that move it; returns their number */
function localJacobian(m: usize, p: usize, s: usize, body: i32, R: usize, cols: usize, out: usize): i32 {
  const nv = f.nv(m), tmp = f.tmp(m, s) + 48 * V
  const own = f.lnk(m, s) + LNK_STRIDE * <usize>i32at(f.body_lnk(m), body)
  mulMatVec3(tmp, own, f.body_com(m, p) + 3 * V * <usize>body)
  const x0 = add(ld(tmp), ld(own + LNK_P)), x1 = add(ld(tmp + V), ld(own + LNK_P + V)), x2 = add(ld(tmp + 2 * V), ld(own + LNK_P + 2 * V))
  const turn = tmp, push = tmp + 3 * V
  let n = 0
  for (let i = lastDof(m, body); i >= 0; i = i32at(f.dof_parentid(m), i)) {
    const j = i32at(f.dof_jntid(m), i), type = i32at(f.jnt_type(m), j), L = f.lnk(m, s) + LNK_STRIDE * <usize>j
    let c = i - i32at(f.jnt_dofadr(m), j)
    let sign = splat(1)
    if (type > JNT_BALL) {
      c = i32at(f.lnk_axis(m), j)
      sign = ld(f.lnk_const(m, p) + LC_STRIDE * <usize>j + LC_SIGN)
    }
    const slides = type == JNT_SLIDE || (type == JNT_FREE && c < 3)
    if (type == JNT_FREE && slides) {
      for (let k = 0; k < 3; k++) st(at(push, k), splat(k == c ? 1 : 0))
    } else {
      const a = at(L + LNK_R, type == JNT_FREE ? c - 3 : c)
      const a0 = mul(sign, ld(a)), a1 = mul(sign, ld(a + 3 * V)), a2 = mul(sign, ld(a + 6 * V))
      if (slides) {
        st(push, a0); st(push + V, a1); st(push + 2 * V, a2)
      } else {
        const r0 = sub(x0, ld(L + LNK_P)), r1 = sub(x1, ld(L + LNK_P + V)), r2 = sub(x2, ld(L + LNK_P + 2 * V))
        st(turn, a0); st(turn + V, a1); st(turn + 2 * V, a2)
        st(push, cross1(a1, r2, a2, r1)); st(push + V, cross1(a2, r0, a0, r2)); st(push + 2 * V, cross1(a0, r1, a1, r0))
      }
    }
    if (slides) for (let k = 0; k < 3; k++) st(at(turn, k), splat(0))
    for (let r = 0; r < 3; r++) {
      const q = at(R, r)
      st(at(out, r * nv + n), dot3(ld(q), ld(q + 3 * V), ld(q + 6 * V), ld(turn), ld(turn + V), ld(turn + 2 * V)))
      st(at(out, (3 + r) * nv + n), dot3(ld(q), ld(q + 3 * V), ld(q + 6 * V), ld(push), ld(push + V), ld(push + 2 * V)))
    }
    store<i32>(cols + 4 * <usize>n, i)
    n++
  }
  return n
}

/**
 * H -= h d(fluid forces) / d qvel (mjd_inertiaBoxFluid).
 *   in      as fluidForces
 *   in-out  H (nv, nv), lower triangle
 */
export function fluidDerivative(m: usize, p: usize, s: usize, h: v128, H: usize): void {
  const nv = f.nv(m), tmp = f.tmp(m, s), v = tmp + 9 * V, drag = tmp + 16 * V, J = f.fluid_J(m, s), cols = f.fluid_col(m, s)
  for (let b = 1, n = f.nbody(m); b < n; b++) {
    if (i32at(f.body_lnk(m), b) < 0) continue
    const C = f.fluid_const(m, p) + STRIDE * <usize>b, has = ld(C + HAS)
    localVelocity(m, p, s, b, tmp)
    dragCoefficients(m, p, C + BOX, drag)
    const nnz = localJacobian(m, p, s, b, tmp, cols, J)
    for (let k = 0; k < 6; k++) {
      const slope = mad(mul(splat(2), ld(at(drag, 2 + k))), abs4(ld(at(v, k))), ld(at(drag, k < 3 ? 0 : 1)))
      addOuter(m, s, H, nnz, cols, at(J, k * nv), and(has, mul(h, slope)))
    }
  }
}
