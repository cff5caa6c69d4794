// import { mulQuat, negQuat, Spatial } from '../../math/spatial'
// import { st3, st4, par3, i32at } from '../../math/v4'
// import { OBJ_SITE } from '../types'
// import { SENS_ACCELEROMETER, SENS_FRAMEANGACC, SENS_FRAMEANGVEL, SENS_FRAMELINACC, SENS_FRAMELINVEL, SENS_FRAMEPOS, SENS_FRAMEQUAT } from './enums'
// import { SENS_FRAMEXAXIS, SENS_FRAMEZAXIS, SENS_GYRO, SENS_MAGNETOMETER, SENS_VELOCIMETER } from './enums'
// import { objectBody, objectPose, objectQuat, pointAcceleration, pointVelocity, Pose } from './object'

/** quaternion of an object, in a reference frame when there is one; out (4) */
fn frameQuat(i: i32) -> vec4f {
  let out = objectQuat(i32at(f_sensor_objtype, i), i32at(f_sensor_objid, i));
  let refid = i32at(f_sensor_refid, i);
  if (f_SENSOR_REF > 0 && refid >= 0) { return mulQuat(negQuat(objectQuat(i32at(f_sensor_reftype, i), refid)), out); }
  return out;
}

// the pose of a sensor's object is a parameter here: compilers copy objectPose to every place that calls it

/** position or an axis of an object's frame, in a reference frame when there is one; out (3) */
fn framePlace(i: i32, kind: i32, frame: Pose) -> vec3f {
  let refid = i32at(f_sensor_refid, i);
  var x = frame.pos;
  if (kind != SENS_FRAMEPOS) { x = frame.rot[kind - SENS_FRAMEXAXIS]; }
  if (f_SENSOR_REF > 0 && refid >= 0) {
    let base = objectPose(i32at(f_sensor_reftype, i), refid);
    if (kind == SENS_FRAMEPOS) { x = x - base.pos; }
    return x * base.rot;
  }
  return x;
}

/** velocity of an object's frame; seen from a reference frame that moves itself when there is one; out (3) */
fn frameVelocity(i: i32, linear: bool, frame: Pose) -> vec3f {
  let kind = i32at(f_sensor_objtype, i);
  let id = i32at(f_sensor_objid, i);
  let point = frame.pos;
  var vel = pointVelocity(objectBody(kind, id), point);
  let refid = i32at(f_sensor_refid, i);
  if (f_SENSOR_REF > 0 && refid >= 0) {
    let reftype = i32at(f_sensor_reftype, i);
    let base = objectPose(reftype, refid);
    let refVel = pointVelocity(objectBody(reftype, refid), base.pos);
    vel = Spatial(vel.rot - refVel.rot, vel.lin - refVel.lin);
    // what a turning reference sees of the distance: r x w
    vel.lin = vel.lin + cross(point - base.pos, refVel.rot);
    return select(vel.rot, vel.lin, linear) * base.rot;
  }
  return select(vel.rot, vel.lin, linear);
}

/** acceleration of an object's frame in world axes, gravity seen as an upward one; 0 when nothing moves it; out (3) */
fn frameAcceleration(kind: i32, id: i32, linear: bool, local: bool, frame: Pose) -> vec3f {
  let link = i32at(f_body_lnk, objectBody(kind, id));
  if (link < 0) { return vec3f(); }
  let acc = pointAcceleration(link, frame.pos);
  let part = select(acc.rot, acc.lin, linear);
  if (local) { return part * frame.rot; }
  return part;
}

/** field or motion of a site in the site's own frame; out (3) */
fn siteMotion(kind: i32, site: i32, frame: Pose) -> vec3f {
  if (f_SENSOR_1 > 0 && kind == SENS_ACCELEROMETER) { return frameAcceleration(OBJ_SITE, site, true, true, frame); }
  if (f_SENSOR_6 > 0 && kind == SENS_MAGNETOMETER) { return par3(f_opt_magnetic) * frame.rot; }
  let vel = pointVelocity(objectBody(OBJ_SITE, site), frame.pos);
  return select(vel.rot, vel.lin, kind == SENS_VELOCIMETER) * frame.rot;
}

/**
 * Sensors of a frame's place and motion: those of a site that an inertial unit has, and frame* of any object.
 *   in      lnk, sens_acc, grp_com
 *   out     (3), framequat (4)
 *   source  MuJoCo engine_sensor.c, mj_computeSensorPos, mj_computeSensorVel, mj_computeSensorAcc
 */
fn frameSensor(i: i32, kind: i32, out: i32) {
  let objtype = i32at(f_sensor_objtype, i);
  let id = i32at(f_sensor_objid, i);
  if (f_SENSOR_27 > 0 && kind == SENS_FRAMEQUAT) {
    st4(out, frameQuat(i));
    return;
  }
  let frame = objectPose(objtype, id);
  if (f_SENSOR_1 + f_SENSOR_2 + f_SENSOR_3 + f_SENSOR_6 > 0) {
    if (kind == SENS_ACCELEROMETER || kind == SENS_VELOCIMETER || kind == SENS_GYRO || kind == SENS_MAGNETOMETER) {
      st3(out, siteMotion(kind, id, frame));
      return;
    }
  }
  if (f_SENSOR_26 + f_SENSOR_28 + f_SENSOR_29 + f_SENSOR_30 > 0) {
    if (kind == SENS_FRAMEPOS || (kind >= SENS_FRAMEXAXIS && kind <= SENS_FRAMEZAXIS)) {
      st3(out, framePlace(i, kind, frame));
      return;
    }
  }
  if (f_SENSOR_33 + f_SENSOR_34 > 0) {
    if (kind == SENS_FRAMELINACC || kind == SENS_FRAMEANGACC) {
      st3(out, frameAcceleration(objtype, id, kind == SENS_FRAMELINACC, false, frame));
      return;
    }
  }
  if (f_SENSOR_31 + f_SENSOR_32 > 0) {
    if (kind == SENS_FRAMELINVEL || kind == SENS_FRAMEANGVEL) {
      st3(out, frameVelocity(i, kind == SENS_FRAMELINVEL, frame));
    }
  }
}
