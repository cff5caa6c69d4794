import { copy, mulMatTVec3, mulMatVec3, mulQuat, negQuat } from '../../math/spatial'
import { add, and, cross1, ld, mul, neg, splat, st, sub, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { contactForce, equalityForce, ncon } from '../contact-force'
import {
  at, i32at, CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_POS, CON_STRIDE, DSBL_CONSTRAINT, DSBL_EQUALITY, DSBL_GRAVITY,
  EQ_CONNECT, EQ_WELD, OBJ_BODY, OBJ_SITE, OBJ_XBODY,
} from '../types'
import { SENS_FORCE } from './enums'
import { bodyPose, objectBody, objectPos, objectPose, objectQuat, pointAcceleration, pointVelocity, POSE, POSE_P, sensorTmp, subtreeEnd } from './object'
import { subtreeCom } from './subtree'

/** sum (force 3, torque 3 about a point) += force f at another point */
// @ts-ignore: decorator
@inline function addForce(sum: usize, about: usize, where: usize, f0: v128, f1: v128, f2: v128): void {
  const x = sub(ld(where), ld(about)), y = sub(ld(where + V), ld(about + V)), z = sub(ld(where + 2 * V), ld(about + 2 * V))
  st(sum, add(ld(sum), f0)); st(sum + V, add(ld(sum + V), f1)); st(sum + 2 * V, add(ld(sum + 2 * V), f2))
  st(sum + 3 * V, add(ld(sum + 3 * V), cross1(y, f2, z, f1)))
  st(sum + 4 * V, add(ld(sum + 4 * V), cross1(z, f0, x, f2)))
  st(sum + 5 * V, add(ld(sum + 5 * V), cross1(x, f1, y, f0)))
}

// @ts-ignore: decorator
@inline function addTorque(sum: usize, n0: v128, n1: v128, n2: v128): void {
  st(sum + 3 * V, add(ld(sum + 3 * V), n0)); st(sum + 4 * V, add(ld(sum + 4 * V), n1)); st(sum + 5 * V, add(ld(sum + 5 * V), n2))
}

/** what the motion of body b takes, gravity included: m a at its centre, I alpha + w x I w */
function addInertial(m: usize, p: usize, s: usize, b: i32, sum: usize, about: usize): void {
  const tmp = sensorTmp(m, s) + 20 * V, frame = tmp, acc = tmp + POSE, vel = acc + 6 * V, x = vel + 6 * V, y = x + 3 * V
  const link = i32at(f.body_lnk(m), b), mass = ld(at(f.body_mass(m, p), b))
  objectPose(m, p, s, OBJ_BODY, b, frame)
  if (link < 0) {
    if (load<i32>(f.opt_disableflags(m)) & DSBL_GRAVITY) return
    const g = f.opt_gravity(m, p)
    addForce(sum, about, frame + POSE_P, neg(mul(mass, ld(g))), neg(mul(mass, ld(g + V))), neg(mul(mass, ld(g + 2 * V))))
    return
  }
  pointAcceleration(m, s, link, frame + POSE_P, acc)
  addForce(sum, about, frame + POSE_P, mul(mass, ld(acc + 3 * V)), mul(mass, ld(acc + 4 * V)), mul(mass, ld(acc + 5 * V)))

  // rotation in the axes of the inertia
  const inertia = f.body_inertia(m, p) + 3 * V * <usize>b
  const i0 = ld(inertia), i1 = ld(inertia + V), i2 = ld(inertia + 2 * V)
  pointVelocity(m, s, b, frame + POSE_P, vel)
  mulMatTVec3(x, frame, acc)
  mulMatTVec3(y, frame, vel)
  const w0 = ld(y), w1 = ld(y + V), w2 = ld(y + 2 * V)
  st(x, add(mul(i0, ld(x)), cross1(w1, mul(i2, w2), w2, mul(i1, w1))))
  st(x + V, add(mul(i1, ld(x + V)), cross1(w2, mul(i0, w0), w0, mul(i2, w2))))
  st(x + 2 * V, add(mul(i2, ld(x + 2 * V)), cross1(w0, mul(i1, w1), w1, mul(i0, w0))))
  mulMatVec3(y, frame, x)
  addTorque(sum, ld(y), ld(y + V), ld(y + 2 * V))
}

/** less what contacts do to the bodies [b, end) */
function addContacts(m: usize, s: usize, b: i32, end: i32, sum: usize, about: usize): void {
  const tmp = sensorTmp(m, s) + 20 * V, force = tmp + 6 * V, torque = tmp + 9 * V
  const n = ncon(m, s)
  for (let k = 0; k < n; k++) {
    const C = f.con(m, s) + CON_STRIDE * <usize>k
    const body1 = i32at(f.geom_bodyid(m), load<i32>(C, CON_GEOM1)), body2 = i32at(f.geom_bodyid(m), load<i32>(C, CON_GEOM2))
    const in1 = body1 >= b && body1 < end, in2 = body2 >= b && body2 < end
    // a force within the subtree cancels
    if (in1 == in2) continue
    contactForce(m, s, k, tmp)
    mulMatTVec3(force, C + CON_FRAME, tmp)
    mulMatTVec3(torque, C + CON_FRAME, tmp + 3 * V)
    // the contact pushes the second body along the normal
    const has = ld(C + CON_HAS)
    for (let i: usize = 0; i < 3; i++) {
      st(force + V * i, and(has, in2 ? neg(ld(force + V * i)) : ld(force + V * i)))
      st(torque + V * i, and(has, in2 ? neg(ld(torque + V * i)) : ld(torque + V * i)))
    }
    addForce(sum, about, C + CON_POS, ld(force), ld(force + V), ld(force + 2 * V))
    addTorque(sum, ld(torque), ld(torque + V), ld(torque + 2 * V))
  }
}

/** where connect or weld e takes hold of its object (0 or 1): out (3) */
function anchor(m: usize, p: usize, s: usize, e: i32, side: i32, out: usize): void {
  const id = i32at(side == 0 ? f.eq_obj1id(m) : f.eq_obj2id(m), e)
  if (i32at(f.eq_objtype(m), e) != OBJ_BODY) {
    objectPos(m, p, s, OBJ_SITE, id, out)
    return
  }
  const weld = i32at(f.eq_type(m), e) == EQ_WELD
  const local = f.eq_data(m, p) + 11 * V * <usize>e + ((side == 1) != weld ? 3 * V : 0)
  const frame = sensorTmp(m, s) + 40 * V
  bodyPose(m, p, s, id, frame)
  mulMatVec3(out, frame, local)
  for (let i: usize = 0; i < 3; i++) st(out + V * i, add(ld(out + V * i), ld(frame + POSE_P + V * i)))
}

/**
 * Torque of weld e on its first object, from the forces of its rows of rotation: the error is the vector part of
 * conj(q2) q1, times the torque scale, and a turn w of the first object changes it by that of conj(q2) w q1 / 2.
 *   in-out  torque (3): forces of the rows; then N*m in world axes
 */
function weldTorque(m: usize, p: usize, d: usize, s: usize, e: i32, torque: usize): void {
  const tmp = sensorTmp(m, s) + 40 * V, q1 = tmp, q2 = tmp + 4 * V, x = tmp + 8 * V
  const id1 = i32at(f.eq_obj1id(m), e), id2 = i32at(f.eq_obj2id(m), e)
  const data = f.eq_data(m, p) + 11 * V * <usize>e
  const type = i32at(f.eq_objtype(m), e) == OBJ_SITE ? OBJ_SITE : OBJ_XBODY
  objectQuat(m, p, d, s, type, id1, q1)
  objectQuat(m, p, d, s, type, id2, q2)
  if (type == OBJ_XBODY) mulQuat(q1, q1, data + 6 * V)
  negQuat(q1, q1)
  st(x, splat(0))
  copy(x + V, torque, 3)
  mulQuat(x, q2, x)
  mulQuat(x, x, q1)
  const scale = mul(splat(0.5), ld(data + 10 * V))
  for (let k: usize = 0; k < 3; k++) st(torque + V * k, mul(scale, ld(x + V * (k + 1))))
}

/** less what connect and weld constraints do to the bodies [b, end) */
function addEqualities(m: usize, p: usize, d: usize, s: usize, b: i32, end: i32, sum: usize, about: usize): void {
  if (load<i32>(f.opt_disableflags(m)) & (DSBL_CONSTRAINT | DSBL_EQUALITY)) return
  const n = f.neq(m), force = sensorTmp(m, s) + 20 * V, where = force + 6 * V
  for (let e = 0; e < n; e++) {
    const type = i32at(f.eq_type(m), e)
    if (type != EQ_CONNECT && type != EQ_WELD) continue
    const objtype = i32at(f.eq_objtype(m), e)
    for (let side = 0; side < 2; side++) {
      const body = objectBody(m, objtype, i32at(side == 0 ? f.eq_obj1id(m) : f.eq_obj2id(m), e))
      if (body < b || body >= end) continue
      equalityForce(m, d, s, e, force)
      if (type == EQ_WELD) weldTorque(m, p, d, s, e, force + 3 * V)
      anchor(m, p, s, e, side, where)
      // external forces are taken off: the first object is pushed, the second pushed back
      for (let i: usize = 0; i < 6; i++) st(force + V * i, side == 0 ? neg(ld(force + V * i)) : ld(force + V * i))
      addForce(sum, about, where, ld(force), ld(force + V), ld(force + 2 * V))
      addTorque(sum, ld(force + 3 * V), ld(force + 4 * V), ld(force + 5 * V))
    }
  }
}

/** less the forces applied from outside to body b */
function addApplied(m: usize, p: usize, d: usize, s: usize, b: i32, sum: usize, about: usize): void {
  const x = f.xfrc_applied(m, d) + 6 * V * <usize>b, where = sensorTmp(m, s) + 20 * V
  let bits = ld(x)
  for (let i: usize = 1; i < 6; i++) bits = v128.or(bits, ld(x + V * i))
  if (!v128.any_true(bits)) return
  objectPos(m, p, s, OBJ_BODY, b, where)
  addForce(sum, about, where, neg(ld(x)), neg(ld(x + V)), neg(ld(x + 2 * V)))
  addTorque(sum, neg(ld(x + 3 * V)), neg(ld(x + 4 * V)), neg(ld(x + 5 * V)))
}

/** what the bodies [b, end) take, less the forces on them from outside, about a point; sum (6) is begun anew */
function subtreeWrench(m: usize, p: usize, d: usize, s: usize, b: i32, end: i32, sum: usize, about: usize): void {
  for (let k: usize = 0; k < 6; k++) st(sum + V * k, splat(0))
  for (let k = b; k < end; k++) {
    addInertial(m, p, s, k, sum, about)
    addApplied(m, p, d, s, k, sum, about)
  }
  addContacts(m, s, b, end, sum, about)
  addEqualities(m, p, d, s, b, end, sum, about)
}

/**
 * The same of the whole world: MuJoCo adds the torques of the trees as they stand, each about the centre of mass of its
 * tree, and goes on as if all were about that of the world.
 *   in      about (3): the point; the CPU overwrites it
 */
function worldWrench(m: usize, p: usize, d: usize, s: usize, sum: usize, about: usize): void {
  const total = about + 3 * V, point = total + 6 * V
  copy(point, about, 3)
  for (let k: usize = 0; k < 6; k++) st(total + V * k, splat(0))
  for (let b = 1, n = subtreeEnd(m, 0); b < n;) {
    const end = subtreeEnd(m, b)
    subtreeCom(m, p, s, b, about)
    subtreeWrench(m, p, d, s, b, end, sum, about)
    for (let k: usize = 0; k < 6; k++) st(total + V * k, add(ld(total + V * k), ld(sum + V * k)))
    b = end
  }
  subtreeCom(m, p, s, 0, about)
  for (let k: usize = 0; k < 3; k++) {
    st(sum + V * k, splat(0))
    st(sum + V * (k + 3), ld(total + V * (k + 3)))
  }
  addForce(sum, point, about, ld(total), ld(total + V), ld(total + 2 * V))
}

/**
 * Force or torque between a site's body and its parent, in the site's frame: what the motion of the body's subtree
 * takes, less the forces on it from outside.
 *   in      lnk, sens_acc, con, efc, xfrc_applied
 *   out     (3)      N or N*m
 *   source  MuJoCo engine_core_smooth.c, mj_rnePostConstraint: cfrc_int, summed about the site
 */
export function wrenchSensor(m: usize, p: usize, d: usize, s: usize, i: i32, type: i32, out: usize): void {
  const site = i32at(f.sensor_objid(m), i), b = objectBody(m, OBJ_SITE, site)
  const sum = sensorTmp(m, s), about = sum + 6 * V
  objectPos(m, p, s, OBJ_SITE, site, about)
  if (b == 0) worldWrench(m, p, d, s, sum, about)
  else subtreeWrench(m, p, d, s, b, subtreeEnd(m, b), sum, about)
  const frame = sensorTmp(m, s) + 20 * V
  objectPose(m, p, s, OBJ_SITE, site, frame)
  copy(frame + POSE, type == SENS_FORCE ? sum : sum + 3 * V, 3)
  mulMatTVec3(out, frame, frame + POSE)
}
