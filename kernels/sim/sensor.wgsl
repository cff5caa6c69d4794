// import { ld, st, par, i32at } from '../math/v4'
// import { rne } from './bias'
// import { contactRows } from './contact-force'
// import { historyInsert, historyRead } from './delay'
// import { comPos } from './kinematics'
// import { contactSensor, touch } from './sensor/contact'
// import { SENS_CLOCK, SENS_CONTACT, SENS_E_KINETIC, SENS_E_POTENTIAL, SENS_FORCE, SENS_INSIDESITE, SENS_JOINTPOS } from './sensor/enums'
// import { SENS_RANGEFINDER, SENS_SUBTREEANGMOM, SENS_SUBTREECOM, SENS_TENDONLIMITFRC, SENS_TORQUE, SENS_TOUCH } from './sensor/enums'
// import { frameSensor } from './sensor/frame'
// import { intervalInsert, intervalRead, intervals } from './sensor/interval'
// import { jointSensor } from './sensor/joint'
// import { addNoise } from './sensor/noise'
// import { geomPoses, insideSite, rangefinder } from './sensor/range'
// import { subtreeSensor } from './sensor/subtree'
// import { wrenchSensor } from './sensor/wrench'
// import { transmission, usesTransmission } from './transmission'
// import { DOF_CDOF, DOF_STRIDE, DSBL_SENSOR, JNT_BALL, JNT_FREE } from './types'

/** does some sensor need qacc of every world */
fn needAcceleration() -> bool { return (f_sensorneeds & f_NEED_ACCELERATION) != 0; }

/**
 * What joint accelerations add to the accelerations of links: rne has them without.
 *   in      dofs cdof, qacc
 *   out     sens_acc (njnt, 6)      rad/s^2, m/s^2 about the com of the tree
 *   source  MuJoCo engine_core_smooth.c, mj_rnePostConstraint: the term cdof * qacc of cacc
 */
fn linkAccelerations() {
  let n = f_njnt;
  for (var j = 0; j < n; j++) {
    let A = f_sens_acc + 6 * j;
    let parent = i32at(f_lnk_parent, j);
    let kind = i32at(f_jnt_type, j);
    let dof = i32at(f_jnt_dofadr, j);
    let num = select(select(1, 3, kind == JNT_BALL), 6, kind == JNT_FREE);
    for (var e = 0; e < 6; e++) {
      var a = 0.0;
      if (parent >= 0) { a = ld(f_sens_acc + 6 * parent + e); }
      for (var i = 0; i < num; i++) { a = ld(f_dofs + DOF_STRIDE * (dof + i) + DOF_CDOF + e) * ld(f_qacc + dof + i) + a; }
      st(A + e, a);
    }
  }
}

/** what sensors need and the step has left out */
fn prepare() {
  if (f_planar != 0 && (f_sensorneeds & f_NEED_VELOCITY) != 0) {
    comPos();
    rne();
  }
  if ((f_sensorneeds & f_NEED_ACCELERATION) != 0) { linkAccelerations(); }
  if ((f_sensorneeds & f_NEED_TRANSMISSION) != 0) {
    if (!usesTransmission()) { transmission(); }
  }
  if ((f_sensorneeds & f_NEED_GEOMS) != 0) { geomPoses(); }
  if ((f_sensorneeds & f_NEED_CONTACTS) != 0) { contactRows(); }
}

/** reading of sensor i now, without delay; out (dim) (mj_computeSensor) */
fn computeSensor(i: i32, out: i32) {
  let kind = i32at(f_sensor_type, i);
  if (f_SENSOR_9 + f_SENSOR_10 + f_SENSOR_11 + f_SENSOR_12 + f_SENSOR_13 + f_SENSOR_14 + f_SENSOR_15 + f_SENSOR_16 + f_SENSOR_17 + f_SENSOR_18 + f_SENSOR_19 + f_SENSOR_20 + f_SENSOR_21 + f_SENSOR_22 + f_SENSOR_23 + f_SENSOR_24 + f_SENSOR_25 > 0) {
    if (kind >= SENS_JOINTPOS && kind <= SENS_TENDONLIMITFRC) { jointSensor(i, kind, out); }
  }
  if (f_SENSOR_0 > 0) {
    if (kind == SENS_TOUCH) { touch(i, out); }
  }
  if (f_SENSOR_42 > 0) {
    // contact slots hold quantities of several kinds
    if (kind == SENS_CONTACT) {
      contactSensor(i, out);
      return;
    }
  }
  if (f_SENSOR_4 + f_SENSOR_5 > 0) {
    if (kind == SENS_FORCE || kind == SENS_TORQUE) { wrenchSensor(i, kind, out); }
  }
  if (f_SENSOR_7 > 0) {
    if (kind == SENS_RANGEFINDER) { rangefinder(i, out); }
  }
  if (f_SENSOR_38 > 0) {
    if (kind == SENS_INSIDESITE) { insideSite(i, out); }
  }
  if (f_SENSOR_45 > 0) {
    if (kind == SENS_CLOCK) { st(out, ld(f_time)); }
  }
  if (f_SENSOR_35 + f_SENSOR_36 + f_SENSOR_37 + f_SENSOR_43 + f_SENSOR_44 > 0) {
    if ((kind >= SENS_SUBTREECOM && kind <= SENS_SUBTREEANGMOM) || kind == SENS_E_POTENTIAL || kind == SENS_E_KINETIC) { subtreeSensor(i, kind, out); }
  }
  if (f_SENSOR_1 + f_SENSOR_2 + f_SENSOR_3 + f_SENSOR_6 + f_SENSOR_26 + f_SENSOR_27 + f_SENSOR_28 + f_SENSOR_29 + f_SENSOR_30 + f_SENSOR_31 + f_SENSOR_32 + f_SENSOR_33 + f_SENSOR_34 > 0) {
    frameSensor(i, kind, out);
  }
  if (f_sensornoise > 0) { addNoise(i, out); }
  applyCutoff(i, out);
}

/** cutoff: both sides of a real quantity, the upper side of a positive one, nothing else (apply_cutoff) */
fn applyCutoff(i: i32, out: i32) {
  let cutoff = par(f_sensor_cutoff + i);
  let kind = i32at(f_sensor_datatype, i);
  if (kind > 1 || !(cutoff > 0.0)) { return; }
  let dim = i32at(f_sensor_dim, i);
  for (var k = 0; k < dim; k++) {
    let x = ld(out + k);
    st(out + k, select(min(x, cutoff), clamp(x, -cutoff, cutoff), kind == 0));
  }
}

/**
 * All sensors of a world; a delayed one reads its history.
 *   model   sensor_* (*)
 *   in      state, actuator_force, lnk, con, efc, qacc where needAcceleration says so, history; alive: worlds that go on
 *   out     sensordata (nsensordata) of those worlds; sens_now (nsensordata): the readings without delay
 *   source  MuJoCo engine_sensor.c, mj_sensorPos, mj_sensorVel, mj_sensorAcc
 */
fn sensors(alive: bool) {
  let off = (f_opt_disableflags & DSBL_SENSOR) != 0;
  // histories go on when sensors are off
  if (f_nsensor > 0 && ((f_opt_disableflags & DSBL_SENSOR) == 0 || f_nhistory > 0)) {
    prepare();
    for (var i = 0; i < f_nsensor; i++) {
      let adr = i32at(f_sensor_adr, i);
      let nsample = i32at(f_sensor_history, 2 * i);
      let dim = i32at(f_sensor_dim, i);
      let now = f_sens_now + adr;
      let out = f_sensordata + adr;
      if (off && nsample == 0) { continue; }
      computeSensor(i, now);
      if (off || !alive) { continue; }
      if (f_nhistory > 0) {
        if (intervals(i)) {
          let shown = f_sens_shown + adr;
          intervalRead(i, f_history + i32at(f_sensor_historyadr, i), now, shown);
          for (var k = 0; k < dim; k++) { st(out + k, ld(shown + k)); }
          continue;
        }
        let delay = par(f_sensor_delay + i);
        if (nsample > 0 && delay > 0.0) {
          let buf = f_history + i32at(f_sensor_historyadr, i);
          let age = delay / par(f_opt_timestep);
          for (var k = 0; k < dim; k++) { st(out + k, historyRead(buf, nsample, dim, k, age, i32at(f_sensor_history, 2 * i + 1))); }
          continue;
        }
      }
      for (var k = 0; k < dim; k++) { st(out + k, ld(now + k)); }
    }
  }
}

/**
 * Push the controls and the readings of this step into their histories: the end of a step (mj_advance). With RK4, MuJoCo
 * pushes readings made of its first and last stage; here they are always those of the step's beginning.
 */
fn advanceHistory(alive: bool) {
  if (f_nhistory > 0) {
    for (var i = 0; i < f_nactuator; i++) {
      let nsample = i32at(f_actuator_history, 2 * i);
      if (nsample == 0) { continue; }
      st(historyInsert(f_history + i32at(f_actuator_historyadr, i), nsample, 1), ld(f_ctrl + i32at(f_actuator_ctrladr, i)));
    }
    if (f_nsensor > 0) {
      for (var i = 0; i < f_nsensor; i++) {
        let nsample = i32at(f_sensor_history, 2 * i);
        if (nsample == 0) { continue; }
        let now = f_sens_now + i32at(f_sensor_adr, i);
        let dim = i32at(f_sensor_dim, i);
        let buf = f_history + i32at(f_sensor_historyadr, i);
        if (intervals(i)) { intervalInsert(i, buf, now, alive); }
        else {
          let place = historyInsert(buf, nsample, dim);
          for (var k = 0; k < dim; k++) { st(place + k, ld(now + k)); }
        }
      }
    }
  }
}
