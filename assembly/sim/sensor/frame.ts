import { copy, mulMatTVec3, mulQuat, negQuat } from '../../math/spatial'
import { add, cross1, ld, splat, st, sub, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { i32at, OBJ_SITE } from '../types'
import {
  SENS_ACCELEROMETER, SENS_FRAMEANGACC, SENS_FRAMELINACC, SENS_FRAMELINVEL, SENS_FRAMEPOS, SENS_FRAMEQUAT, SENS_FRAMEXAXIS,
  SENS_FRAMEZAXIS, SENS_GYRO, SENS_MAGNETOMETER, SENS_VELOCIMETER,
} from './enums'
import { objectBody, objectPose, objectQuat, pointAcceleration, pointVelocity, POSE, POSE_P, sensorTmp } from './object'

/** quaternion of an object, in a reference frame when there is one; out (4) */
function frameQuat(m: usize, p: usize, d: usize, s: usize, i: i32, out: usize): void {
  objectQuat(m, p, d, s, i32at(f.sensor_objtype(m), i), i32at(f.sensor_objid(m), i), out)
  const refid = i32at(f.sensor_refid(m), i)
  if (refid < 0) return
  const ref = sensorTmp(m, s)
  objectQuat(m, p, d, s, i32at(f.sensor_reftype(m), i), refid, ref)
  negQuat(ref, ref)
  mulQuat(out, ref, out)
}

/** position or an axis of an object's frame, in a reference frame when there is one; out (3) */
function framePlace(m: usize, p: usize, d: usize, s: usize, i: i32, type: i32, out: usize): void {
  const frame = sensorTmp(m, s), ref = frame + POSE, x = ref + POSE
  objectPose(m, p, s, i32at(f.sensor_objtype(m), i), i32at(f.sensor_objid(m), i), frame)
  const refid = i32at(f.sensor_refid(m), i)
  if (refid >= 0) objectPose(m, p, s, i32at(f.sensor_reftype(m), i), refid, ref)
  for (let k: usize = 0; k < 3; k++) {
    if (type == SENS_FRAMEPOS) {
      const pos = ld(frame + POSE_P + V * k)
      st(x + V * k, refid >= 0 ? sub(pos, ld(ref + POSE_P + V * k)) : pos)
    } else st(x + V * k, ld(frame + V * (3 * k + <usize>(type - SENS_FRAMEXAXIS))))
  }
  if (refid >= 0) mulMatTVec3(out, ref, x)
  else copy(out, x, 3)
}

/** velocity of an object's frame; seen from a reference frame that moves itself when there is one; out (3) */
function frameVelocity(m: usize, p: usize, d: usize, s: usize, i: i32, linear: bool, out: usize): void {
  const frame = sensorTmp(m, s), ref = frame + POSE, vel = ref + POSE, refVel = vel + 6 * V
  const type = i32at(f.sensor_objtype(m), i), id = i32at(f.sensor_objid(m), i)
  objectPose(m, p, s, type, id, frame)
  pointVelocity(m, s, objectBody(m, type, id), frame + POSE_P, vel)
  const part: usize = linear ? 3 * V : 0
  const refid = i32at(f.sensor_refid(m), i)
  if (refid < 0) {
    copy(out, vel + part, 3)
    return
  }
  const reftype = i32at(f.sensor_reftype(m), i)
  objectPose(m, p, s, reftype, refid, ref)
  pointVelocity(m, s, objectBody(m, reftype, refid), ref + POSE_P, refVel)
  for (let k: usize = 0; k < 6; k++) st(vel + V * k, sub(ld(vel + V * k), ld(refVel + V * k)))
  // what a turning reference sees of the distance: r x w
  const r0 = sub(ld(frame + POSE_P), ld(ref + POSE_P)), r1 = sub(ld(frame + POSE_P + V), ld(ref + POSE_P + V))
  const r2 = sub(ld(frame + POSE_P + 2 * V), ld(ref + POSE_P + 2 * V))
  const w0 = ld(refVel), w1 = ld(refVel + V), w2 = ld(refVel + 2 * V)
  st(vel + 3 * V, add(ld(vel + 3 * V), cross1(r1, w2, r2, w1)))
  st(vel + 4 * V, add(ld(vel + 4 * V), cross1(r2, w0, r0, w2)))
  st(vel + 5 * V, add(ld(vel + 5 * V), cross1(r0, w1, r1, w0)))
  mulMatTVec3(out, ref, vel + part)
}

/** acceleration of an object's frame in world axes, gravity seen as an upward one; 0 when nothing moves it; out (3) */
function frameAcceleration(m: usize, p: usize, d: usize, s: usize, type: i32, id: i32, linear: bool, local: bool, out: usize): void {
  const frame = sensorTmp(m, s), acc = frame + POSE
  const link = i32at(f.body_lnk(m), objectBody(m, type, id))
  if (link < 0) {
    for (let k: usize = 0; k < 3; k++) st(out + V * k, splat(0))
    return
  }
  objectPose(m, p, s, type, id, frame)
  pointAcceleration(m, s, link, frame + POSE_P, acc)
  const part = linear ? acc + 3 * V : acc
  if (local) mulMatTVec3(out, frame, part)
  else copy(out, part, 3)
}

/** field or motion of a site in the site's own frame; out (3) */
function siteMotion(m: usize, p: usize, d: usize, s: usize, type: i32, site: i32, out: usize): void {
  if (type == SENS_ACCELEROMETER) {
    frameAcceleration(m, p, d, s, OBJ_SITE, site, true, true, out)
    return
  }
  const frame = sensorTmp(m, s), vel = frame + POSE
  objectPose(m, p, s, OBJ_SITE, site, frame)
  if (type == SENS_MAGNETOMETER) {
    mulMatTVec3(out, frame, f.opt_magnetic(m, p))
    return
  }
  pointVelocity(m, s, objectBody(m, OBJ_SITE, site), frame + POSE_P, vel)
  mulMatTVec3(out, frame, type == SENS_VELOCIMETER ? vel + 3 * V : vel)
}

/**
 * Sensors of a frame's place and motion: those of a site that an inertial unit has, and frame* of any object.
 *   in      lnk, sens_acc, grp_com
 *   out     (3), framequat (4)
 *   source  MuJoCo engine_sensor.c, mj_computeSensorPos, mj_computeSensorVel, mj_computeSensorAcc
 */
export function frameSensor(m: usize, p: usize, d: usize, s: usize, i: i32, type: i32, out: usize): void {
  const objtype = i32at(f.sensor_objtype(m), i), id = i32at(f.sensor_objid(m), i)
  if (type == SENS_ACCELEROMETER || type == SENS_VELOCIMETER || type == SENS_GYRO || type == SENS_MAGNETOMETER) siteMotion(m, p, d, s, type, id, out)
  else if (type == SENS_FRAMEQUAT) frameQuat(m, p, d, s, i, out)
  else if (type == SENS_FRAMEPOS || (type >= SENS_FRAMEXAXIS && type <= SENS_FRAMEZAXIS)) framePlace(m, p, d, s, i, type, out)
  else if (type == SENS_FRAMELINACC || type == SENS_FRAMEANGACC) frameAcceleration(m, p, d, s, objtype, id, type == SENS_FRAMELINACC, false, out)
  else frameVelocity(m, p, d, s, i, type == SENS_FRAMELINVEL, out)
}
