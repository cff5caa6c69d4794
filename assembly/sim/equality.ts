import { mulMatVec3, mulQuat, negQuat } from '../math/spatial'
import { add, and, cross1, ld, mad, mul, ne, neg, nmad, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { frames } from './frames'
import { lastDof, pointJacobian } from './jacobian'
import { beginRow, impedance, nJ, putJ, RC_STRIDE, setRow } from './row'
import {
  at, CNSTR_EQUALITY, DSBL_GRAVITY, EFC_AREF, EFC_JAR, EQ_JOINT, EQ_WELD, i32at, LNK_CACC, LNK_CVEL, LNK_STRIDE, OBJ_SITE,
} from './types'

/** body of side 1 or 2 of a connect or weld */
// @ts-ignore: decorator
@inline function sideBody(m: usize, i: i32, side: i32): i32 {
  const id = i32at(side == 0 ? f.eq_obj1id(m) : f.eq_obj2id(m), i)
  return i32at(f.eq_objtype(m), i) == OBJ_SITE ? i32at(f.site_bodyid(m), id) : id
}

/** inverse inertia that a row of equality i works against; half 1: rotations of a weld (mj_diagApprox) */
export function equalityDiagonal(m: usize, p: usize, i: i32, half: usize): v128 {
  if (i32at(f.eq_type(m), i) == EQ_JOINT) {
    const invweight = f.dof_invweight0(m, p), dadr = f.jnt_dofadr(m)
    const diag = ld(at(invweight, i32at(dadr, i32at(f.eq_obj1id(m), i))))
    const other = i32at(f.eq_obj2id(m), i)
    return other >= 0 ? add(diag, ld(at(invweight, i32at(dadr, other)))) : diag
  }
  const w = f.body_invweight0(m, p)
  return add(ld(w + V * (2 * <usize>sideBody(m, i, 0) + half)), ld(w + V * (2 * <usize>sideBody(m, i, 1) + half)))
}

/** two joints, or one joint and a constant */
function jointRow(m: usize, p: usize, d: usize, s: usize, i: i32, has: v128): void {
  const qpos = f.qpos(m, d), qvel = f.qvel(m, d), qpos0 = f.qpos0(m, p), warm = f.qacc_warmstart(m, d)
  const qadr = f.jnt_qposadr(m), dadr = f.jnt_dofadr(m)
  const j1 = i32at(f.eq_obj1id(m), i), j2 = i32at(f.eq_obj2id(m), i)
  const data = f.eq_data(m, p) + 11 * V * <usize>i
  const q1 = i32at(qadr, j1), v1 = i32at(dadr, j1)
  let pos = sub(sub(ld(at(qpos, q1)), ld(at(qpos0, q1))), ld(data))
  let vel = ld(at(qvel, v1)), acc = ld(at(warm, v1))
  putJ(m, s, 0, v1, and(has, splat(1)))
  let nnz = 1
  if (j2 >= 0) {
    const q2 = i32at(qadr, j2), v2 = i32at(dadr, j2)
    const x = sub(ld(at(qpos, q2)), ld(at(qpos0, q2)))
    const c1 = ld(data + V), c2 = ld(data + 2 * V), c3 = ld(data + 3 * V), c4 = ld(data + 4 * V)
    pos = nmad(x, mad(x, mad(x, mad(x, c4, c3), c2), c1), pos)
    const slope = mad(x, mad(x, mad(x, mul(splat(4), c4), mul(splat(3), c3)), mul(splat(2), c2)), c1)
    putJ(m, s, 1, v2, and(has, neg(slope)))
    nnz = 2
    vel = nmad(slope, ld(at(qvel, v2)), vel)
    acc = nmad(slope, ld(at(warm, v2)), acc)
  }
  const c = f.eq_const(m, p) + RC_STRIDE * <usize>i
  const e = beginRow(m, s, CNSTR_EQUALITY, nnz)
  setRow(e, CNSTR_EQUALITY, has, impedance(c, pos), equalityDiagonal(m, p, i, 0), pos, and(has, vel), and(has, acc), c)
}

/** what connect and weld know of a side: anchor 3, acceleration of the anchor without joint accelerations 3, angular 3, w 3 */
const SIDE: usize = 12 * V

/**
 * Motion of the point x of a body that its velocity alone makes (mj_jacDot times qvel), from the spatial velocity and
 * acceleration about the com of its tree.
 *   out   point acceleration 3, angular acceleration 3, angular velocity 3
 */
function velocityProduct(m: usize, p: usize, s: usize, body: i32, x: usize, out: usize): void {
  const link = i32at(f.body_lnk(m), body)
  if (link < 0) {
    for (let k: usize = 0; k < 9; k++) st(out + V * k, splat(0))
    return
  }
  const L = f.lnk(m, s) + LNK_STRIDE * <usize>link
  const com = f.grp_com(m, s) + 4 * V * <usize>i32at(f.lnk_group(m), link)
  const r0 = sub(ld(x), ld(com)), r1 = sub(ld(x + V), ld(com + V)), r2 = sub(ld(x + 2 * V), ld(com + 2 * V))
  const w0 = ld(L + LNK_CVEL), w1 = ld(L + LNK_CVEL + V), w2 = ld(L + LNK_CVEL + 2 * V)
  const a0 = ld(L + LNK_CACC), a1 = ld(L + LNK_CACC + V), a2 = ld(L + LNK_CACC + 2 * V)
  // velocity of the point
  const u0 = add(ld(L + LNK_CVEL + 3 * V), cross1(w1, r2, w2, r1))
  const u1 = add(ld(L + LNK_CVEL + 4 * V), cross1(w2, r0, w0, r2))
  const u2 = add(ld(L + LNK_CVEL + 5 * V), cross1(w0, r1, w1, r0))
  // the recursion began with minus gravity
  const g = f.opt_gravity(m, p), weight = splat(load<i32>(f.opt_disableflags(m)) & DSBL_GRAVITY ? 0 : 1)
  st(out, add(mad(weight, ld(g), ld(L + LNK_CACC + 3 * V)), add(cross1(a1, r2, a2, r1), cross1(w1, u2, w2, u1))))
  st(out + V, add(mad(weight, ld(g + V), ld(L + LNK_CACC + 4 * V)), add(cross1(a2, r0, a0, r2), cross1(w2, u0, w0, u2))))
  st(out + 2 * V, add(mad(weight, ld(g + 2 * V), ld(L + LNK_CACC + 5 * V)), add(cross1(a0, r1, a1, r0), cross1(w0, u1, w1, u0))))
  st(out + 3 * V, a0); st(out + 4 * V, a1); st(out + 5 * V, a2)
  st(out + 6 * V, w0); st(out + 7 * V, w1); st(out + 8 * V, w2)
}

/** vector part of a (0, v) b, times scale */
function sandwich(out: usize, a: usize, v: usize, b: usize, scale: v128, tmp: usize): void {
  // tmp: 8 quantities
  st(tmp, splat(0))
  for (let k: usize = 0; k < 3; k++) st(tmp + V * (k + 1), ld(v + V * k))
  mulQuat(tmp + 4 * V, a, tmp)
  mulQuat(tmp, tmp + 4 * V, b)
  for (let k: usize = 0; k < 3; k++) st(out + V * k, mul(scale, ld(tmp + V * (k + 1))))
}

/** time-derivative of a unit quaternion turning with w in the world: (0, w) q / 2 */
function derivQuat(out: usize, q: usize, w: usize, tmp: usize): void {
  // tmp: 4 quantities
  st(tmp, splat(0))
  for (let k: usize = 0; k < 3; k++) st(tmp + V * (k + 1), mul(splat(0.5), ld(w + V * k)))
  mulQuat(out, tmp, q)
}

/** dofs that move one of two bodies or both, descending; sides (2, n): 1 where they move that body */
function unionChain(m: usize, body1: i32, body2: i32, cols: usize, side1: usize, side2: usize): i32 {
  const parent = f.dof_parentid(m)
  let i = lastDof(m, body1), k = lastDof(m, body2)
  let n: usize = 0
  while (i >= 0 || k >= 0) {
    const top = max<i32>(i, k)
    store<i32>(cols + 4 * n, top)
    store<i32>(side1 + 4 * n, i == top ? 1 : 0)
    store<i32>(side2 + 4 * n, k == top ? 1 : 0)
    if (i == top) i = i32at(parent, i)
    if (k == top) k = i32at(parent, k)
    n++
  }
  return <i32>n
}

/** connect (3 rows) or weld (6): anchors of two bodies or sites; needs frames */
function bodyRows(m: usize, p: usize, d: usize, s: usize, i: i32, has: v128): void {
  const weld = i32at(f.eq_type(m), i) == EQ_WELD, sites = i32at(f.eq_objtype(m), i) == OBJ_SITE
  const size = weld ? 6 : 3
  const data = f.eq_data(m, p) + 11 * V * <usize>i
  const qvel = f.qvel(m, d), warm = f.qacc_warmstart(m, d)
  const b1 = sideBody(m, i, 0), b2 = sideBody(m, i, 1)
  const w = f.cone(m, s)
  const one = w, two = w + SIDE, pos = w + 2 * SIDE, jdotv = pos + 6 * V, eye = jdotv + 6 * V, map = eye + 9 * V

  // anchors
  for (let k = 0; k < 2; k++) {
    const body = k == 0 ? b1 : b2, x = k == 0 ? one : two
    const local = sites
      ? f.site_pos(m, p) + 3 * V * <usize>i32at(k == 0 ? f.eq_obj1id(m) : f.eq_obj2id(m), i)
      : data + 3 * V * <usize>(weld ? 1 - k : k)
    mulMatVec3(x, f.xmat(m, s) + 9 * V * <usize>body, local)
    for (let r: usize = 0; r < 3; r++) st(x + V * r, add(ld(x + V * r), ld(f.xpos(m, s) + V * (3 * <usize>body + r))))
    velocityProduct(m, p, s, body, x, x + 3 * V)
  }
  for (let r: usize = 0; r < 3; r++) {
    st(pos + V * r, sub(ld(one + V * r), ld(two + V * r)))
    st(jdotv + V * r, sub(ld(one + V * (3 + r)), ld(two + V * (3 + r))))
  }
  for (let r: usize = 0; r < 9; r++) st(eye + V * r, splat(r % 4 == 0 ? 1 : 0))

  // Jacobian: side 1 less side 2
  const adr = nJ(m, s), cols = f.efc_colind(m, s) + 4 * <usize>adr, J = at(f.efc_J(m, s), adr)
  const side1 = f.Hs_sign(m, s), side2 = side1 + 4 * <usize>f.nv(m)
  const nnz = unionChain(m, b1, b2, cols, side1, side2)
  if (nnz == 0) return
  const other = f.ctc_W(m, s)
  pointJacobian(m, p, s, one, eye, size, nnz, cols, side1, has, J)
  pointJacobian(m, p, s, two, eye, size, nnz, cols, side2, has, other)
  for (let k = 0; k < size * nnz; k++) st(at(J, k), sub(ld(at(J, k)), ld(at(other, k))))

  if (weld) {
    // orientation error: vector part of conj(q2) q1 relpose; its derivative maps a difference of angular velocities
    const scale = ld(data + 10 * V), half = mul(splat(0.5), scale)
    const tmp = f.tmp(m, s)
    const q1 = tmp, q2 = tmp + 4 * V, conj = tmp + 8 * V, qdot = tmp + 12 * V, x = tmp + 16 * V, y = tmp + 24 * V, t = tmp + 28 * V
    if (sites) {
      mulQuat(q1, f.xquat(m, s) + 4 * V * <usize>b1, f.site_quat(m, p) + 4 * V * <usize>i32at(f.eq_obj1id(m), i))
      mulQuat(q2, f.xquat(m, s) + 4 * V * <usize>b2, f.site_quat(m, p) + 4 * V * <usize>i32at(f.eq_obj2id(m), i))
    } else {
      mulQuat(q1, f.xquat(m, s) + 4 * V * <usize>b1, data + 6 * V)
      for (let k: usize = 0; k < 4; k++) st(q2 + V * k, ld(f.xquat(m, s) + V * (4 * <usize>b2 + k)))
    }
    negQuat(conj, q2)
    mulQuat(y, conj, q1)
    for (let k: usize = 0; k < 3; k++) st(pos + V * (3 + k), mul(scale, ld(y + V * (k + 1))))

    // columns of the map: images of the axes
    for (let k: usize = 0; k < 3; k++) {
      sandwich(y, conj, eye + 3 * V * k, q1, half, x)
      for (let r: usize = 0; r < 3; r++) st(map + V * (3 * r + k), ld(y + V * r))
    }
    const step = V * <usize>nnz
    for (let k: usize = 0; k < step; k += V) {
      const c = J + 3 * step + k
      st(y, ld(c)); st(y + V, ld(c + step)); st(y + 2 * V, ld(c + 2 * step))
      mulMatVec3(t, map, y)
      st(c, ld(t)); st(c + step, ld(t + V)); st(c + 2 * step, ld(t + 2 * V))
    }
    // derivative of the map along the motion, by the product rule
    const dw = eye
    for (let r: usize = 0; r < 3; r++) {
      st(y + V * r, sub(ld(one + V * (6 + r)), ld(two + V * (6 + r))))
      st(dw + V * r, sub(ld(one + V * (9 + r)), ld(two + V * (9 + r))))
    }
    mulMatVec3(jdotv + 3 * V, map, y)
    derivQuat(qdot, q2, two + 9 * V, x)
    negQuat(qdot, qdot)
    sandwich(y, qdot, dw, q1, half, x)
    for (let r: usize = 3; r < 6; r++) st(jdotv + V * r, add(ld(jdotv + V * r), ld(y + V * (r - 3))))
    derivQuat(qdot, q1, one + 9 * V, x)
    sandwich(y, conj, dw, qdot, half, x)
    for (let r: usize = 3; r < 6; r++) st(jdotv + V * r, add(ld(jdotv + V * r), ld(y + V * (r - 3))))
  }

  // all rows share the impedance of the whole error
  let sum = splat(0)
  for (let r = 0; r < size; r++) sum = mad(ld(at(pos, r)), ld(at(pos, r)), sum)
  const c = f.eq_const(m, p) + RC_STRIDE * <usize>i
  const imp = impedance(c, sqrt4(sum))
  for (let r = 0; r < size; r++) {
    let vel = splat(0), acc = splat(0)
    const row = at(J, r * nnz)
    for (let k = 0; k < nnz; k++) {
      const dof = i32at(cols, k), x = ld(at(row, k))
      if (r > 0) store<i32>(cols + 4 * <usize>(r * nnz + k), dof)
      vel = mad(x, ld(at(qvel, dof)), vel)
      acc = mad(x, ld(at(warm, dof)), acc)
    }
    const e = beginRow(m, s, CNSTR_EQUALITY, nnz)
    setRow(e, CNSTR_EQUALITY, has, imp, equalityDiagonal(m, p, i, r < 3 ? 0 : 1), ld(at(pos, r)), vel, acc, c)
    const extra = and(has, ld(at(jdotv, r)))
    st(e + EFC_AREF, sub(ld(e + EFC_AREF), extra))
    st(e + EFC_JAR, add(ld(e + EFC_JAR), extra))
  }
}

/**
 * Rows of all active equality constraints.
 *   model   eq_* (*)
 *   in      qpos, qvel, eq_active, lnk (for connect and weld: R p cvel cacc, grp_com)
 *   out     efc, efc_J, efc_colind; returns whether there is one, by world
 *   source  MuJoCo engine_core_constraint.c, mj_instantiateEquality, mj_Jdotv
 */
export function makeEqualities(m: usize, p: usize, d: usize, s: usize): v128 {
  const n = f.neq(m), active = f.eq_active(m, d)
  let some = i32x4.splat(0), framed = false
  for (let i = 0; i < n; i++) {
    const has = ne(ld(at(active, i)), splat(0))
    if (!v128.any_true(has)) continue
    some = v128.or(some, has)
    if (i32at(f.eq_type(m), i) == EQ_JOINT) {
      jointRow(m, p, d, s, i, has)
      continue
    }
    if (!framed) frames(m, p, d, s)
    framed = true
    bodyRows(m, p, d, s, i, has)
  }
  return some
}
