import { copy } from '../math/spatial'
import { clip, div, gt, ld, mad, min4, neg, sel, splat, st, V } from '../math/v4'
import * as f from '../shared/fields'
import { rne } from './bias'
import { contactRows } from './contact-force'
import { historyInsert, historyRead } from './delay'
import { comPos } from './kinematics'
import { contactSensor, touch } from './sensor/contact'
import {
  SENS_CLOCK, SENS_CONTACT, SENS_E_KINETIC, SENS_E_POTENTIAL, SENS_FORCE, SENS_INSIDESITE, SENS_JOINTPOS, SENS_RANGEFINDER,
  SENS_SUBTREEANGMOM, SENS_SUBTREECOM, SENS_TENDONLIMITFRC, SENS_TORQUE, SENS_TOUCH,
} from './sensor/enums'
import { frameSensor } from './sensor/frame'
import { intervalInsert, intervalRead, intervals } from './sensor/interval'
import { jointSensor } from './sensor/joint'
import { addNoise } from './sensor/noise'
import { geomPoses, insideSite, rangefinder } from './sensor/range'
import { subtreeSensor } from './sensor/subtree'
import { wrenchSensor } from './sensor/wrench'
import { transmission, usesTransmission } from './transmission'
import { at, DOF_CDOF, DOF_STRIDE, DSBL_SENSOR, i32at, JNT_BALL, JNT_FREE } from './types'

/** does some sensor need qacc of every world */
// @ts-ignore: decorator
@inline export function needAcceleration(m: usize): bool { return (f.sensorneeds(m) & f.NEED_ACCELERATION) != 0 }

/**
 * What joint accelerations add to the accelerations of links: rne has them without.
 *   in      dofs cdof, qacc
 *   out     sens_acc (njnt, 6)      rad/s^2, m/s^2 about the com of the tree
 *   source  MuJoCo engine_core_smooth.c, mj_rnePostConstraint: the term cdof * qacc of cacc
 */
function linkAccelerations(m: usize, d: usize, s: usize): void {
  const n = f.njnt(m), out = f.sens_acc(m, s), qacc = f.qacc(m, d)
  for (let j = 0; j < n; j++) {
    const A = out + 6 * V * <usize>j
    const parent = i32at(f.lnk_parent(m), j), type = i32at(f.jnt_type(m), j), dof = i32at(f.jnt_dofadr(m), j)
    const num = type == JNT_FREE ? 6 : type == JNT_BALL ? 3 : 1
    for (let e: usize = 0; e < 6; e++) {
      let a = parent < 0 ? splat(0) : ld(out + 6 * V * <usize>parent + V * e)
      for (let i = 0; i < num; i++) a = mad(ld(f.dofs(m, s) + DOF_STRIDE * <usize>(dof + i) + DOF_CDOF + V * e), ld(at(qacc, dof + i)), a)
      st(A + V * e, a)
    }
  }
}

/** what sensors need and the step has left out */
function prepare(m: usize, p: usize, d: usize, s: usize): void {
  const needs = f.sensorneeds(m)
  if (f.planar(m) && needs & f.NEED_VELOCITY) {
    comPos(m, p, s)
    rne(m, p, d, s)
  }
  if (needs & f.NEED_ACCELERATION) linkAccelerations(m, d, s)
  if (needs & f.NEED_TRANSMISSION && !usesTransmission(m)) transmission(m, p, d, s)
  if (needs & f.NEED_GEOMS) geomPoses(m, p, s)
  if (needs & f.NEED_CONTACTS) contactRows(m, s)
}

/** reading of sensor i now, without delay; out (dim) (mj_computeSensor) */
function computeSensor(m: usize, p: usize, d: usize, s: usize, i: i32, out: usize): void {
  const type = i32at(f.sensor_type(m), i)
  if (type >= SENS_JOINTPOS && type <= SENS_TENDONLIMITFRC) jointSensor(m, p, d, s, i, type, out)
  else if (type == SENS_TOUCH) touch(m, p, s, i, out)
  else if (type == SENS_CONTACT) contactSensor(m, p, s, i, out)
  else if (type == SENS_FORCE || type == SENS_TORQUE) wrenchSensor(m, p, d, s, i, type, out)
  else if (type == SENS_RANGEFINDER) rangefinder(m, p, s, i, out)
  else if (type == SENS_INSIDESITE) insideSite(m, p, s, i, out)
  else if (type == SENS_CLOCK) st(out, ld(f.time(m, d)))
  else if ((type >= SENS_SUBTREECOM && type <= SENS_SUBTREEANGMOM) || type == SENS_E_POTENTIAL || type == SENS_E_KINETIC) subtreeSensor(m, p, d, s, i, type, out)
  else frameSensor(m, p, d, s, i, type, out)
  // contact slots hold quantities of several kinds
  if (type == SENS_CONTACT) return
  if (f.sensornoise(m)) addNoise(m, p, d, i, out, f.sens_tmp(m, s))
  applyCutoff(m, p, i, out)
}

/** cutoff: both sides of a real quantity, the upper side of a positive one, nothing else (apply_cutoff) */
function applyCutoff(m: usize, p: usize, i: i32, out: usize): void {
  const cutoff = ld(at(f.sensor_cutoff(m, p), i))
  const kind = i32at(f.sensor_datatype(m), i)
  const on = gt(cutoff, splat(0))
  if (kind > 1 || !v128.any_true(on)) return
  const dim = i32at(f.sensor_dim(m), i)
  for (let k = 0; k < dim; k++) {
    const x = ld(at(out, k))
    st(at(out, k), sel(on, kind == 0 ? clip(x, neg(cutoff), cutoff) : min4(x, cutoff), x))
  }
}

/**
 * All sensors of a world; a delayed one reads its history.
 *   model   sensor_* (*)
 *   in      state, actuator_force, lnk, con, efc, qacc where needAcceleration says so, history; alive: worlds that go on
 *   out     sensordata (nsensordata) of those worlds; sens_now (nsensordata): the readings without delay
 *   source  MuJoCo engine_sensor.c, mj_sensorPos, mj_sensorVel, mj_sensorAcc
 */
export function sensors(m: usize, p: usize, d: usize, s: usize, alive: v128): void {
  const n = f.nsensor(m), off = (load<i32>(f.opt_disableflags(m)) & DSBL_SENSOR) != 0
  // histories go on when sensors are off
  if (n == 0 || (off && f.nhistory(m) == 0)) return
  prepare(m, p, d, s)
  const data = f.sensordata(m, d), hist = f.sensor_history(m)
  for (let i = 0; i < n; i++) {
    const adr = i32at(f.sensor_adr(m), i), nsample = i32at(hist, 2 * i), dim = i32at(f.sensor_dim(m), i)
    const now = at(f.sens_now(m, s), adr), out = at(data, adr)
    if (off && nsample == 0) continue
    computeSensor(m, p, d, s, i, now)
    if (off) continue
    const delay = ld(at(f.sensor_delay(m, p), i)), late = gt(delay, splat(0))
    const buf = at(f.history(m, d), i32at(f.sensor_historyadr(m), i))
    const spaced = intervals(m, p, i), some = v128.any_true(spaced)
    const shown = at(f.sens_shown(m, s), adr)
    if (some) intervalRead(m, p, d, i, buf, now, shown)
    const held = nsample > 0 && v128.any_true(late), age = div(delay, ld(f.opt_timestep(m, p)))
    for (let k = 0; k < dim; k++) {
      let x = ld(at(now, k))
      if (held) x = sel(late, historyRead(buf, nsample, dim, k, age, i32at(hist, 2 * i + 1)), x)
      if (some) x = sel(spaced, ld(at(shown, k)), x)
      st(at(out, k), sel(alive, x, ld(at(out, k))))
    }
  }
}

/**
 * Push the controls and the readings of this step into their histories: the end of a step (mj_advance). With RK4, MuJoCo
 * pushes readings made of its first and last stage; here they are always those of the step's beginning.
 */
export function advanceHistory(m: usize, p: usize, d: usize, s: usize, alive: v128): void {
  if (f.nhistory(m) == 0) return
  const history = f.history(m, d), n = f.nactuator(m), ns = f.nsensor(m)
  for (let i = 0; i < n; i++) {
    const nsample = i32at(f.actuator_history(m), 2 * i)
    if (nsample == 0) continue
    st(historyInsert(at(history, i32at(f.actuator_historyadr(m), i)), nsample, 1), ld(at(f.ctrl(m, d), i32at(f.actuator_ctrladr(m), i))))
  }
  for (let i = 0; i < ns; i++) {
    const nsample = i32at(f.sensor_history(m), 2 * i)
    if (nsample == 0) continue
    const now = at(f.sens_now(m, s), i32at(f.sensor_adr(m), i)), dim = i32at(f.sensor_dim(m), i)
    const buf = at(history, i32at(f.sensor_historyadr(m), i))
    if (v128.any_true(intervals(m, p, i))) intervalInsert(m, p, d, i, buf, now, alive, f.sens_tmp(m, s))
    else copy(historyInsert(buf, nsample, dim), now, dim)
  }
}
