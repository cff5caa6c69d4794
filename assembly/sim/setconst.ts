import { copy, mulMat3, mulMatVec3, quat2Mat, normalize4, rotDiag } from '../math/spatial'
import { add, cross1, div, dot3, ge, ld, mad, max4, mul, neg, nmad, sel, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { constraintConstants } from './constraint'
import { fluidConstants } from './fluid'
import { geomConstants } from './geoms'
import { copyM, crb, factorI, solveLD } from './inertia'
import { comPos, kinematics } from './kinematics'
import { tendon, tendonArmature, tendonConstants } from './tendon'
import { siteConstants, transmission } from './transmission'
import { at, at2, DOF_STRIDE, i32at, JNT_BALL, JNT_FREE, LC_E, LC_INERT, LC_POS, LC_SIGN, LC_STRIDE, LNK_STRIDE, MINVAL, TRN_JOINTINPARENT } from './types'

/** rotation whose third column is the unit vector a (Duff et al. 2017, Building an orthonormal basis, revisited) */
function basis(out: usize, a: usize): void {
  const x = ld(a), y = ld(a + V), z = ld(a + 2 * V)
  const one = splat(1)
  const sign = sel(ge(z, splat(0)), one, splat(-1))
  const k = div(splat(-1), add(sign, z))
  const b = mul(mul(x, y), k)
  st(out, mad(mul(sign, k), mul(x, x), one)); st(out + V, b); st(out + 2 * V, x)
  st(out + 3 * V, mul(sign, b)); st(out + 4 * V, mad(k, mul(y, y), sign)); st(out + 5 * V, y)
  st(out + 6 * V, neg(mul(sign, x))); st(out + 7 * V, neg(y)); st(out + 8 * V, z)
}

/**
 * Constants that follow from local model fields: link frames, lumped inertias, armature and drag of dofs, subtree masses.
 *   model   body_* jnt_* dof_armature dof_damping actuator_armature actuator_damping (*)
 *   out     lnk_const, body_frame, body_com, lnk_gravcomp, grp_static, dof_inertia, dof_drag, body_subtreemass (*)
 */
function localConstants(m: usize, p: usize, s: usize): void {
  const n = f.nbody(m), nj = f.njnt(m)
  const cons = f.lnk_const(m, p), pose = f.body_frame(m, p), fixed = f.grp_static(m, p), tmp = f.tmp(m, s)
  const X = tmp, A = tmp + 12 * V, Y = tmp + 21 * V, quat = tmp + 33 * V, vec = tmp + 40 * V, inert = tmp + 46 * V
  const mass = f.body_mass(m, p), subtree = f.body_subtreemass(m, p)
  const lnkOf = f.body_lnk(m), groupOf = f.body_group(m)

  for (let i = 0; i < nj; i++) for (let k: usize = 0; k < 11; k++) st(cons + LC_STRIDE * <usize>i + LC_INERT + V * k, splat(0))
  for (let i = 0; i < 4 * f.ngroup(m); i++) st(at(fixed, i), splat(0))
  for (let i = 0; i < 4 * nj; i++) st(at(f.lnk_gravcomp(m, p), i), splat(0))
  for (let i = 0; i < 3; i++) st(at(f.body_com(m, p), i), splat(0))
  for (let i: usize = 0; i < 12; i++) st(pose + V * i, splat(i == 0 || i == 4 || i == 8 ? 1 : 0))

  for (let b = 1; b < n; b++) {
    const parent = pose + 12 * V * <usize>i32at(f.body_parentid(m), b)
    // X: body frame in the link of the parent; rotation 9, position 3
    normalize4(quat, f.body_quat(m, p) + 4 * V * <usize>b)
    quat2Mat(A, quat)
    mulMat3(X, parent, A)
    mulMatVec3(X + 9 * V, parent, f.body_pos(m, p) + 3 * V * <usize>b)
    for (let i: usize = 9; i < 12; i++) st(X + V * i, add(ld(X + V * i), ld(parent + V * i)))
    // everything on a mocap body stands in its frame
    if (i32at(f.body_mocapid(m), b) >= 0) for (let i: usize = 0; i < 12; i++) st(X + V * i, splat(i == 0 || i == 4 || i == 8 ? 1 : 0))

    const jnt = i32at(f.body_jntadr(m), b), num = i32at(f.body_jntnum(m), b)
    for (let j = jnt; j < jnt + num; j++) {
      const C = cons + LC_STRIDE * <usize>j
      const type = i32at(f.jnt_type(m), j), k = <usize>i32at(f.lnk_axis(m), j)
      const axis = f.jnt_axis(m, p) + 3 * V * <usize>j
      // A: link frame in the body frame. An axis along a coordinate of the parent's frame keeps that frame
      const aligned = (i32at(f.lnk_flags(m), j) & f.LINK_ALIGNED) != 0
      for (let i: usize = 0; i < 9; i++) st(A + V * i, splat(i == 0 || i == 4 || i == 8 ? 1 : 0))
      st(C + LC_SIGN, splat(1))
      if (aligned) {
        for (let r: usize = 0; r < 3; r++) for (let c: usize = 0; c < 3; c++) st(A + V * (3 * r + c), ld(X + V * (3 * c + r)))
        const along = dot3(ld(X + 3 * V * k), ld(X + 3 * V * k + V), ld(X + 3 * V * k + 2 * V), ld(axis), ld(axis + V), ld(axis + 2 * V))
        st(C + LC_SIGN, sel(ge(along, splat(0)), splat(1), splat(-1)))
      } else if (type > JNT_BALL) basis(A, axis)
      if (type == JNT_FREE) {
        for (let i: usize = 0; i < 9; i++) st(C + V * i, ld(A + V * i))
        for (let i: usize = 0; i < 3; i++) st(C + LC_POS + V * i, splat(0))
        for (let i: usize = 0; i < 12; i++) st(X + V * i, splat(i == 0 || i == 4 || i == 8 ? 1 : 0))
        continue
      }
      const anchor = f.jnt_pos(m, p) + 3 * V * <usize>j
      if (aligned) for (let i: usize = 0; i < 9; i++) st(C + V * i, splat(i == 0 || i == 4 || i == 8 ? 1 : 0))
      else mulMat3(C + LC_E, X, A)
      mulMatVec3(C + LC_POS, X, anchor)
      for (let i: usize = 0; i < 3; i++) st(C + LC_POS + V * i, add(ld(C + LC_POS + V * i), ld(X + 9 * V + V * i)))
      // body frame in this link: A', -A' anchor
      for (let r: usize = 0; r < 3; r++) {
        for (let c: usize = 0; c < 3; c++) st(X + V * (3 * r + c), ld(A + V * (3 * c + r)))
        st(X + V * (9 + r), neg(dot3(ld(A + V * r), ld(A + V * (3 + r)), ld(A + V * (6 + r)), ld(anchor), ld(anchor + V), ld(anchor + 2 * V))))
      }
    }
    const frame = pose + 12 * V * <usize>b
    copy(frame, X, 12)

    // lump the body's inertia: about the link's origin, in the link's axes
    const mb = ld(at(mass, b))
    mulMatVec3(vec, X, f.body_ipos(m, p) + 3 * V * <usize>b)
    for (let i: usize = 0; i < 3; i++) st(vec + V * i, add(ld(vec + V * i), ld(X + V * (9 + i))))
    const c0 = ld(vec), c1 = ld(vec + V), c2 = ld(vec + 2 * V)
    copy(f.body_com(m, p) + 3 * V * <usize>b, vec, 3)
    const link = i32at(lnkOf, b)
    if (link < 0) {
      const g = i32at(groupOf, b)
      if (g < 0) continue
      const G = fixed + 4 * V * <usize>g
      st(G, mad(mb, c0, ld(G)))
      st(G + V, mad(mb, c1, ld(G + V)))
      st(G + 2 * V, mad(mb, c2, ld(G + 2 * V)))
      st(G + 3 * V, add(mb, ld(G + 3 * V)))
      continue
    }
    const carried = f.lnk_gravcomp(m, p) + 4 * V * <usize>link, weight = mul(mb, ld(at(f.body_gravcomp(m, p), b)))
    st(carried, mad(weight, c0, ld(carried)))
    st(carried + V, mad(weight, c1, ld(carried + V)))
    st(carried + 2 * V, mad(weight, c2, ld(carried + 2 * V)))
    st(carried + 3 * V, add(weight, ld(carried + 3 * V)))
    normalize4(quat, f.body_iquat(m, p) + 4 * V * <usize>b)
    quat2Mat(A, quat)
    mulMat3(Y, X, A)
    rotDiag(inert, Y, f.body_inertia(m, p) + 3 * V * <usize>b)
    const I = cons + LC_STRIDE * <usize>link + LC_INERT
    const cc0 = mul(c0, c0), cc1 = mul(c1, c1), cc2 = mul(c2, c2)
    st(I, add(ld(I), mad(mb, add(cc1, cc2), ld(inert))))
    st(I + V, add(ld(I + V), mad(mb, add(cc0, cc2), ld(inert + V))))
    st(I + 2 * V, add(ld(I + 2 * V), mad(mb, add(cc0, cc1), ld(inert + 2 * V))))
    st(I + 3 * V, add(ld(I + 3 * V), nmad(mul(mb, c0), c1, ld(inert + 3 * V))))
    st(I + 4 * V, add(ld(I + 4 * V), nmad(mul(mb, c0), c2, ld(inert + 4 * V))))
    st(I + 5 * V, add(ld(I + 5 * V), nmad(mul(mb, c1), c2, ld(inert + 5 * V))))
    st(I + 6 * V, mad(mb, c0, ld(I + 6 * V)))
    st(I + 7 * V, mad(mb, c1, ld(I + 7 * V)))
    st(I + 8 * V, mad(mb, c2, ld(I + 8 * V)))
    st(I + 9 * V, add(mb, ld(I + 9 * V)))
  }

  for (let b = 0; b < n; b++) st(at(subtree, b), ld(at(mass, b)))
  for (let b = n - 1; b > 0; b--) {
    const up = at(subtree, i32at(f.body_parentid(m), b))
    st(up, add(ld(up), ld(at(subtree, b))))
  }

  // armature and damping of dofs, plus those of the actuators on their joint
  const nv = f.nv(m), inertia = f.dof_inertia(m, p), drag = f.dof_drag(m, p)
  for (let i = 0; i < nv; i++) {
    st(at(inertia, i), ld(at(f.dof_armature(m, p), i)))
    const b = drag + 3 * V * <usize>i
    st(b, ld(at(f.dof_damping(m, p), i)))
    st(b + V, ld(f.dof_dampingpoly(m, p) + 2 * V * <usize>i))
    st(b + 2 * V, ld(f.dof_dampingpoly(m, p) + 2 * V * <usize>i + V))
  }
  const na = f.nactuator(m)
  for (let a = 0; a < na; a++) {
    if (i32at(f.actuator_trntype(m), a) > TRN_JOINTINPARENT) continue
    const j = i32at(f.actuator_trnid(m), 2 * a)
    const gear = ld(f.actuator_gear(m, p) + 6 * V * <usize>a)
    const gear2 = mul(gear, gear)
    const type = i32at(f.jnt_type(m), j)
    const num = type == JNT_FREE ? 6 : type == JNT_BALL ? 3 : 1
    for (let i = i32at(f.jnt_dofadr(m), j), end = i + num; i < end; i++) {
      st(at(inertia, i), mad(gear2, ld(at(f.actuator_armature(m, p), a)), ld(at(inertia, i))))
      const b = drag + 3 * V * <usize>i
      const poly = f.actuator_dampingpoly(m, p) + 2 * V * <usize>a
      st(b, mad(gear2, ld(at(f.actuator_damping(m, p), a)), ld(b)))
      st(b + V, mad(gear2, ld(poly), ld(b + V)))
      st(b + 2 * V, mad(gear2, ld(poly + V), ld(b + 2 * V)))
    }
  }
}

/**
 * Constants that follow from the inertia matrix at qpos0.
 *   in      qpos, which is qpos0
 *   out     dof_M0, dof_invweight0, body_invweight0, tendon_length0, tendon_invweight0, actuator_length0, actuator_acc0 (*)
 *   source  MuJoCo engine_setconst.c, set0
 */
function referenceConstants(m: usize, p: usize, d: usize, s: usize): void {
  const nv = f.nv(m), nj = f.njnt(m), n = f.nbody(m)
  kinematics(m, p, d, s)
  comPos(m, p, s)
  crb(m, p, s)
  // M0 is that of links and joints alone
  for (let i = 0; i < nv; i++) st(at(f.dof_M0(m, p), i), ld(at2(f.qM(m, s), nv, i, i)))
  tendon(m, p, d, s)
  if (f.tenarmature(m)) tendonArmature(m, p, s)
  const H = f.qH(m, s), dinv = f.qHDiagInv(m, s), x = f.qacc_smooth(m, s), qM = f.qM(m, s)
  const nnz = f.M_rownnz(m), adr = f.M_rowadr(m), col = f.M_colind(m)
  copyM(m, qM, H)
  factorI(nv, H, dinv, nnz, adr, col)

  // diagonal of M^-1, averaged over the dofs of a ball and over each half of a free joint
  const inv = f.dof_invweight0(m, p)
  for (let i = 0; i < nv; i++) {
    for (let k = 0; k < nv; k++) st(at(x, k), splat(k == i ? 1 : 0))
    solveLD(nv, H, dinv, x, nnz, adr, col)
    st(at(inv, i), ld(at(x, i)))
  }
  for (let j = 0; j < nj; j++) {
    const type = i32at(f.jnt_type(m), j)
    const body = i32at(f.jnt_bodyid(m), j)
    // MuJoCo leaves the armature out where a body only slides
    if (i32at(f.body_simple(m), body) == 2) st(at(inv, i32at(f.jnt_dofadr(m), j)), div(splat(1), max4(splat(MINVAL), ld(at(f.body_mass(m, p), body)))))
    if (type > JNT_BALL) continue
    let i = i32at(f.jnt_dofadr(m), j)
    for (let half = type == JNT_FREE ? 0 : 1; half < 2; half++, i += 3) {
      const mean = mul(splat(1.0 / 3.0), add(add(ld(at(inv, i)), ld(at(inv, i + 1))), ld(at(inv, i + 2))))
      for (let k = 0; k < 3; k++) st(at(inv, i + k), mean)
    }
  }

  // mean inverse inertia of bodies: trace of J M^-1 J' at the com of the body
  const dofs = f.dofs(m, s), out = f.body_invweight0(m, p), com = f.grp_com(m, s), tmp = f.tmp(m, s)
  for (let b = 0; b < n; b++) {
    const o = out + 2 * V * <usize>b
    st(o, splat(0))
    st(o + V, splat(0))
    const link = i32at(f.body_lnk(m), b)
    if (link < 0) continue
    if (i32at(f.body_simple(m), b) == 2) {
      st(o, div(splat(1), max4(splat(MINVAL), ld(at(f.body_mass(m, p), b)))))
      continue
    }
    // offset of the body's com from the com of the tree
    const L = f.lnk(m, s) + LNK_STRIDE * <usize>link, G = com + 4 * V * <usize>i32at(f.lnk_group(m), link)
    mulMatVec3(tmp + 3 * V, L, f.body_com(m, p) + 3 * V * <usize>b)
    const r0 = sub(add(ld(tmp + 3 * V), ld(L + 9 * V)), ld(G))
    const r1 = sub(add(ld(tmp + 4 * V), ld(L + 10 * V)), ld(G + V))
    const r2 = sub(add(ld(tmp + 5 * V), ld(L + 11 * V)), ld(G + 2 * V))
    let tran = splat(0), rot = splat(0)
    const last = i32at(f.jnt_dofadr(m), link) + (i32at(f.jnt_type(m), link) == JNT_FREE ? 5 : i32at(f.jnt_type(m), link) == JNT_BALL ? 2 : 0)
    for (let axis = 0; axis < 6; axis++) {
      for (let k = 0; k < nv; k++) st(at(x, k), splat(0))
      for (let k = last; k >= 0; k = i32at(f.dof_parentid(m), k)) st(at(x, k), jacobian(dofs + DOF_STRIDE * <usize>k, axis, r0, r1, r2))
      solveLD(nv, H, dinv, x, nnz, adr, col)
      let sum = splat(0)
      for (let k = last; k >= 0; k = i32at(f.dof_parentid(m), k)) {
        sum = mad(jacobian(dofs + DOF_STRIDE * <usize>k, axis, r0, r1, r2), ld(at(x, k)), sum)
      }
      if (axis < 3) tran = add(tran, sum)
      else rot = add(rot, sum)
    }
    st(o, mul(tran, splat(1.0 / 3.0)))
    st(o + V, mul(rot, splat(1.0 / 3.0)))
  }

  // tendons
  for (let t = 0, nt = f.ntendon(m); t < nt; t++) {
    st(at(f.tendon_length0(m, p), t), ld(at(f.ten_length(m, s), t)))
    const begin = i32at(f.ten_rowadr(m), t), end = begin + i32at(f.ten_rownnz(m), t)
    for (let k = 0; k < nv; k++) st(at(x, k), splat(0))
    for (let k = begin; k < end; k++) st(at(x, i32at(f.ten_colind(m), k)), ld(at(f.ten_J(m, p), k)))
    solveLD(nv, H, dinv, x, nnz, adr, col)
    let sum = splat(0)
    for (let k = begin; k < end; k++) sum = mad(ld(at(f.ten_J(m, p), k)), ld(at(x, i32at(f.ten_colind(m), k))), sum)
    st(at(f.tendon_invweight0(m, p), t), sum)
  }

  // actuators: length at the reference, size of the acceleration a unit force makes
  const na = f.nactuator(m)
  transmission(m, p, d, s)
  for (let a = 0; a < na; a++) {
    st(at(f.actuator_length0(m, p), a), ld(at(f.actuator_length(m, s), a)))
    const begin = i32at(f.act_rowadr(m), a), end = begin + i32at(f.act_rownnz(m), a)
    for (let k = 0; k < nv; k++) st(at(x, k), splat(0))
    for (let k = begin; k < end; k++) st(at(x, i32at(f.act_colind(m), k)), ld(at(f.moment(m, s), k)))
    solveLD(nv, H, dinv, x, nnz, adr, col)
    let sum = splat(0)
    for (let k = 0; k < nv; k++) sum = mad(ld(at(x, k)), ld(at(x, k)), sum)
    st(at(f.actuator_acc0(m, p), a), f32x4.sqrt(sum))
  }
}

/** component of the Jacobian (translation 0..2, rotation 3..5) of a point r from the com, for one dof */
// @ts-ignore: decorator
@inline function jacobian(cdof: usize, axis: i32, r0: v128, r1: v128, r2: v128): v128 {
  const w0 = ld(cdof), w1 = ld(cdof + V), w2 = ld(cdof + 2 * V)
  if (axis == 0) return add(ld(cdof + 3 * V), cross1(w1, r2, w2, r1))
  if (axis == 1) return add(ld(cdof + 4 * V), cross1(w2, r0, w0, r2))
  if (axis == 2) return add(ld(cdof + 5 * V), cross1(w0, r1, w1, r0))
  return axis == 3 ? w0 : axis == 4 ? w1 : w2
}

/** All derived constants (mj_setConst), from fields that may differ by world; the state is overwritten. */
export function setConst(m: usize, p: usize, d: usize, s: usize): void {
  localConstants(m, p, s)
  geomConstants(m, p, s)
  siteConstants(m, p, s)
  fluidConstants(m, p, s)
  tendonConstants(m, p)
  const nq = f.nq(m), nv = f.nv(m)
  for (let i = 0; i < nq; i++) st(at(f.qpos(m, d), i), ld(at(f.qpos0(m, p), i)))
  for (let i = 0; i < nv; i++) st(at(f.qvel(m, d), i), splat(0))
  for (let b = 1, n = f.nbody(m); b < n; b++) {
    const mocap = <usize>i32at(f.body_mocapid(m), b)
    if (<isize>mocap < 0) continue
    copy(f.mocap_pos(m, d) + 3 * V * mocap, f.body_pos(m, p) + 3 * V * <usize>b, 3)
    copy(f.mocap_quat(m, d) + 4 * V * mocap, f.body_quat(m, p) + 4 * V * <usize>b, 4)
  }
  referenceConstants(m, p, d, s)
  constraintConstants(m, p, s)
}
