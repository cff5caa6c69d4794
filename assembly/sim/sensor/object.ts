import { axisAngle2Quat } from '../../math/rotation'
import { copy, mulMat3, mulMatVec3, mulQuat, normalize4, quat2Mat } from '../../math/spatial'
import { add, cross1, ld, splat, st, sub, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { bodyBase } from '../mocap'
import { at, i32at, JNT_BALL, JNT_FREE, JNT_SLIDE, LNK_CACC, LNK_CVEL, LNK_STRIDE, OBJ_GEOM, OBJ_SITE, OBJ_XBODY } from '../types'

/** quantities of a pose: rotation 9 row-major, position 3 */
export const POSE: usize = 12 * V
export const POSE_P: usize = 9 * V

/** scratch of sensors: [0, 64) for the readings of one sensor, [64, 128) for the functions of this file */
// @ts-ignore: decorator
@inline export function sensorTmp(m: usize, s: usize): usize { return f.sens_tmp(m, s) }
// @ts-ignore: decorator
@inline function ownTmp(m: usize, s: usize): usize { return f.sens_tmp(m, s) + 64 * V }

/** id of the body an object belongs to */
export function objectBody(m: usize, type: i32, id: i32): i32 {
  return type == OBJ_GEOM ? i32at(f.geom_bodyid(m), id) : type == OBJ_SITE ? i32at(f.site_bodyid(m), id) : id
}

/** one past the last body of the subtree of b: bodies stand depth first */
export function subtreeEnd(m: usize, b: i32): i32 {
  const n = f.nbody(m)
  let end = b + 1
  while (end < n && i32at(f.body_parentid(m), end) >= b) end++
  return end
}

/** out = pose a followed by pose b in it; out may not overlap the arguments */
function compose(out: usize, a: usize, b: usize): void {
  mulMat3(out, a, b)
  mulMatVec3(out + POSE_P, a, b + POSE_P)
  for (let i: usize = 0; i < 3; i++) st(out + POSE_P + V * i, add(ld(out + POSE_P + V * i), ld(a + POSE_P + V * i)))
}

/**
 * Pose of a body frame in the world.
 *   in   lnk R, p; mocap
 *   out  rotation 9, position 3
 */
export function bodyPose(m: usize, p: usize, s: usize, b: i32, out: usize): void {
  const local = f.body_frame(m, p) + POSE * <usize>b, base = bodyBase(m, s, b)
  if (base) compose(out, base, local)
  else copy(out, local, 12)
}

/** where a body's inertial frame, a geom or a site sits in its body: position, or with `quat` the orientation */
function localFrame(m: usize, p: usize, type: i32, id: i32, quat: bool): usize {
  const o = <usize>id
  if (quat) return type == OBJ_GEOM ? f.geom_quat(m, p) + 4 * V * o : type == OBJ_SITE ? f.site_quat(m, p) + 4 * V * o : f.body_iquat(m, p) + 4 * V * o
  return type == OBJ_GEOM ? f.geom_pos(m, p) + 3 * V * o : type == OBJ_SITE ? f.site_pos(m, p) + 3 * V * o : f.body_ipos(m, p) + 3 * V * o
}

/**
 * Pose of a body (xbody), body's inertial frame (body), geom or site in the world.
 *   out     rotation 9, position 3
 *   source  MuJoCo engine_sensor.c, get_xpos_xmat
 */
export function objectPose(m: usize, p: usize, s: usize, type: i32, id: i32, out: usize): void {
  const b = objectBody(m, type, id)
  if (type == OBJ_XBODY) {
    bodyPose(m, p, s, b, out)
    return
  }
  const frame = ownTmp(m, s) + 32 * V, local = frame + POSE
  bodyPose(m, p, s, b, frame)
  quat2Mat(local, localFrame(m, p, type, id, true))
  copy(local + POSE_P, localFrame(m, p, type, id, false), 3)
  compose(out, frame, local)
}

/** position only of what objectPose places; out (3) */
export function objectPos(m: usize, p: usize, s: usize, type: i32, id: i32, out: usize): void {
  const frame = ownTmp(m, s) + 32 * V
  bodyPose(m, p, s, objectBody(m, type, id), frame)
  if (type == OBJ_XBODY) {
    copy(out, frame + POSE_P, 3)
    return
  }
  mulMatVec3(out, frame, localFrame(m, p, type, id, false))
  for (let i: usize = 0; i < 3; i++) st(out + V * i, add(ld(out + V * i), ld(frame + POSE_P + V * i)))
}

/** orientation of body b in its parent: out (4) */
function jointsQuat(m: usize, p: usize, d: usize, s: usize, b: i32, out: usize): void {
  const tmp = ownTmp(m, s), rot = tmp + 4 * V
  const first = i32at(f.body_jntadr(m), b), num = i32at(f.body_jntnum(m), b)
  const mocap = i32at(f.body_mocapid(m), b)
  if (mocap >= 0) {
    normalize4(out, f.mocap_quat(m, d) + 4 * V * <usize>mocap)
    return
  }
  copy(out, f.body_quat(m, p) + 4 * V * <usize>b, 4)
  for (let j = first; j < first + num; j++) {
    const type = i32at(f.jnt_type(m), j), adr = i32at(f.jnt_qposadr(m), j)
    const q = at(f.qpos(m, d), adr)
    if (type == JNT_FREE) {
      normalize4(out, q + 3 * V)
      continue
    }
    if (type == JNT_SLIDE) continue
    if (type == JNT_BALL) normalize4(rot, q)
    else axisAngle2Quat(rot, f.jnt_axis(m, p) + 3 * V * <usize>j, sub(ld(q), ld(at(f.qpos0(m, p), adr))), tmp)
    mulQuat(out, out, rot)
  }
}

/**
 * Orientation of an object as a quaternion with MuJoCo's sign: the product of the quaternions on the way from the world.
 *   out     quaternion 4
 *   source  MuJoCo engine_sensor.c, get_xquat
 */
export function objectQuat(m: usize, p: usize, d: usize, s: usize, type: i32, id: i32, out: usize): void {
  const step = ownTmp(m, s) + 16 * V
  st(out, splat(1))
  for (let i: usize = 1; i < 4; i++) st(out + V * i, splat(0))
  for (let b = objectBody(m, type, id); b > 0; b = i32at(f.body_parentid(m), b)) {
    jointsQuat(m, p, d, s, b, step)
    mulQuat(out, step, out)
  }
  normalize4(out, out)
  if (type != OBJ_XBODY) mulQuat(out, out, localFrame(m, p, type, id, true))
}

/** vector from the com of the tree of link j to a point: out (3) */
// @ts-ignore: decorator
@inline function arm(m: usize, s: usize, link: i32, point: usize, out: usize): void {
  const com = f.grp_com(m, s) + 4 * V * <usize>i32at(f.lnk_group(m), link)
  for (let i: usize = 0; i < 3; i++) st(out + V * i, sub(ld(point + V * i), ld(com + V * i)))
}

/** out = spatial vector x (angular 3, linear 3 at the com) seen at r from the com: linear part + angular x r */
// @ts-ignore: decorator
@inline function shifted(out: usize, x: usize, r: usize): void {
  const w0 = ld(x), w1 = ld(x + V), w2 = ld(x + 2 * V)
  const r0 = ld(r), r1 = ld(r + V), r2 = ld(r + 2 * V)
  st(out, w0); st(out + V, w1); st(out + 2 * V, w2)
  st(out + 3 * V, add(ld(x + 3 * V), cross1(w1, r2, w2, r1)))
  st(out + 4 * V, add(ld(x + 4 * V), cross1(w2, r0, w0, r2)))
  st(out + 5 * V, add(ld(x + 5 * V), cross1(w0, r1, w1, r0)))
}

/**
 * Velocity of a point that moves with a body, in world axes.
 *   in      lnk cvel, grp_com
 *   out     angular 3, linear 3; 0 when nothing moves the body
 *   source  MuJoCo engine_core_util.c, mj_objectVelocity
 */
export function pointVelocity(m: usize, s: usize, b: i32, point: usize, out: usize): void {
  const link = i32at(f.body_lnk(m), b)
  if (link < 0) {
    for (let i: usize = 0; i < 6; i++) st(out + V * i, splat(0))
    return
  }
  const r = ownTmp(m, s)
  arm(m, s, link, point, r)
  shifted(out, f.lnk(m, s) + LNK_STRIDE * <usize>link + LNK_CVEL, r)
}

/**
 * Acceleration of a point that moves with a link, less gravity, in world axes.
 *   in      lnk cvel cacc, sens_acc, grp_com
 *   out     angular 3, linear 3
 *   source  MuJoCo engine_core_util.c, mj_objectAcceleration
 */
export function pointAcceleration(m: usize, s: usize, link: i32, point: usize, out: usize): void {
  const r = ownTmp(m, s), a = r + 3 * V, v = r + 9 * V
  const L = f.lnk(m, s) + LNK_STRIDE * <usize>link, more = f.sens_acc(m, s) + 6 * V * <usize>link
  arm(m, s, link, point, r)
  for (let i: usize = 0; i < 6; i++) st(a + V * i, add(ld(L + LNK_CACC + V * i), ld(more + V * i)))
  shifted(out, a, r)
  shifted(v, L + LNK_CVEL, r)
  // the point turns with the body: w x v
  const w0 = ld(v), w1 = ld(v + V), w2 = ld(v + 2 * V), v0 = ld(v + 3 * V), v1 = ld(v + 4 * V), v2 = ld(v + 5 * V)
  st(out + 3 * V, add(ld(out + 3 * V), cross1(w1, v2, w2, v1)))
  st(out + 4 * V, add(ld(out + 4 * V), cross1(w2, v0, w0, v2)))
  st(out + 5 * V, add(ld(out + 5 * V), cross1(w0, v1, w1, v0)))
}
