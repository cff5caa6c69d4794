// import { quat2Vel } from '../../math/rotation'
// import { normalize4 } from '../../math/spatial'
// import { ld, ld3, ld4, st, st3, st4, par, i32at } from '../../math/v4'
// import { jointLimitForce, tendonLimitForce } from '../contact-force'
// import { DSBL_CONSTRAINT, DSBL_LIMIT, JNT_BALL, MINVAL, TRN_TENDON } from '../types'
// import { SENS_ACTUATORFRC, SENS_ACTUATORPOS, SENS_ACTUATORVEL, SENS_BALLANGVEL, SENS_BALLQUAT, SENS_JOINTACTFRC } from './enums'
// import { SENS_JOINTLIMITFRC, SENS_JOINTLIMITPOS, SENS_JOINTLIMITVEL, SENS_JOINTPOS, SENS_JOINTVEL, SENS_TENDONACTFRC } from './enums'
// import { SENS_TENDONLIMITFRC, SENS_TENDONLIMITPOS, SENS_TENDONLIMITVEL, SENS_TENDONPOS, SENS_TENDONVEL } from './enums'

fn limitsOff() -> bool { return (f_opt_disableflags & (DSBL_LIMIT | DSBL_CONSTRAINT)) != 0; }

/**
 * What the first constraint row of a limited scalar sees: distance to the limit less the margin, or its velocity.
 * The lower limit comes first; 0 where the scalar is within both.
 */
fn limitRow(value: f32, velocity: f32, range: i32, margin: f32, wantVelocity: bool) -> f32 {
  let lower = value - par(range) - margin;
  let upper = par(range + 1) - value - margin;
  let atLower = lower < 0.0;
  let atUpper = upper < 0.0 && !atLower;
  if (wantVelocity) { return select(select(0.0, -velocity, atUpper), velocity, atLower); }
  return select(select(0.0, upper, atUpper), lower, atLower);
}

/** the same for a joint of any type that can have limits */
fn jointLimit(j: i32, wantVelocity: bool) -> f32 {
  if (limitsOff() || i32at(f_jnt_limited, j) == 0) { return 0.0; }
  let range = f_jnt_range + 2 * j;
  let margin = par(f_jnt_margin + j);
  let q = f_qpos + i32at(f_jnt_qposadr, j);
  let v = f_qvel + i32at(f_jnt_dofadr, j);
  if (i32at(f_jnt_type, j) != JNT_BALL) { return limitRow(ld(q), ld(v), range, margin, wantVelocity); }

  // a ball is limited in its angle
  let turn = quat2Vel(normalize4(ld4(q)), 1.0);
  let angle = sqrt(dot(turn, turn));
  let violation = max(par(range), par(range + 1)) - angle - margin;
  if (!(violation < 0.0)) { return 0.0; }
  if (!wantVelocity) { return violation; }
  if (angle < MINVAL) { return -ld(v); }
  return -1.0 / angle * dot(turn, ld3(v));
}

fn tendonLimit(t: i32, wantVelocity: bool) -> f32 {
  if (limitsOff() || i32at(f_tendon_limited, t) == 0) { return 0.0; }
  return limitRow(ld(f_ten_length + t), ld(f_ten_velocity + t), f_tendon_range + 2 * t, par(f_tendon_margin + t), wantVelocity);
}

/** sum of the forces of all actuators on a tendon */
fn tendonActuatorForce(t: i32) -> f32 {
  var sum = 0.0;
  let n = f_nactuator;
  for (var a = 0; a < n; a++) {
    if (i32at(f_actuator_trntype, a) != TRN_TENDON || i32at(f_actuator_trnid, 2 * a) != t) { continue; }
    sum = sum + ld(f_actuator_force + i32at(f_actuator_outadr, a));
  }
  return sum;
}

/**
 * Sensors of joints, tendons and actuators, their limits included.
 *   in      qpos, qvel, ten_length, ten_velocity, actuator_length, actuator_velocity, actuator_force, qfrc_actuator, efc
 *   out     (dim)
 *   source  MuJoCo engine_sensor.c, mj_computeSensorPos, mj_computeSensorVel, mj_computeSensorAcc
 */
fn jointSensor(i: i32, kind: i32, out: i32) {
  let id = i32at(f_sensor_objid, i);
  if (f_SENSOR_9 > 0) {
    if (kind == SENS_JOINTPOS) { st(out, ld(f_qpos + i32at(f_jnt_qposadr, id))); }
  }
  if (f_SENSOR_10 > 0) {
    if (kind == SENS_JOINTVEL) { st(out, ld(f_qvel + i32at(f_jnt_dofadr, id))); }
  }
  if (f_SENSOR_11 > 0) {
    if (kind == SENS_TENDONPOS) { st(out, ld(f_ten_length + id)); }
  }
  if (f_SENSOR_12 > 0) {
    if (kind == SENS_TENDONVEL) { st(out, ld(f_ten_velocity + id)); }
  }
  if (f_SENSOR_13 + f_SENSOR_14 + f_SENSOR_15 > 0) {
    if (kind == SENS_ACTUATORPOS || kind == SENS_ACTUATORVEL || kind == SENS_ACTUATORFRC) {
      let dim = i32at(f_sensor_dim, i);
      var source = f_actuator_force;
      if (kind == SENS_ACTUATORPOS) { source = f_actuator_length; }
      if (kind == SENS_ACTUATORVEL) { source = f_actuator_velocity; }
      source = source + i32at(f_actuator_outadr, id);
      for (var k = 0; k < dim; k++) { st(out + k, ld(source + k)); }
    }
  }
  if (f_SENSOR_16 > 0) {
    if (kind == SENS_JOINTACTFRC) { st(out, ld(f_qfrc_actuator + i32at(f_jnt_dofadr, id))); }
  }
  if (f_SENSOR_17 > 0) {
    if (kind == SENS_TENDONACTFRC) { st(out, tendonActuatorForce(id)); }
  }
  if (f_SENSOR_18 > 0) {
    if (kind == SENS_BALLQUAT) { st4(out, normalize4(ld4(f_qpos + i32at(f_jnt_qposadr, id)))); }
  }
  if (f_SENSOR_19 > 0) {
    if (kind == SENS_BALLANGVEL) { st3(out, ld3(f_qvel + i32at(f_jnt_dofadr, id))); }
  }
  if (f_SENSOR_20 + f_SENSOR_21 > 0) {
    if (kind == SENS_JOINTLIMITPOS || kind == SENS_JOINTLIMITVEL) { st(out, jointLimit(id, kind == SENS_JOINTLIMITVEL)); }
  }
  if (f_SENSOR_23 + f_SENSOR_24 > 0) {
    if (kind == SENS_TENDONLIMITPOS || kind == SENS_TENDONLIMITVEL) { st(out, tendonLimit(id, kind == SENS_TENDONLIMITVEL)); }
  }
  if (f_SENSOR_22 > 0) {
    if (kind == SENS_JOINTLIMITFRC) { st(out, jointLimitForce(id)); }
  }
  if (f_SENSOR_25 > 0) {
    if (kind == SENS_TENDONLIMITFRC) { st(out, tendonLimitForce(id)); }
  }
}
