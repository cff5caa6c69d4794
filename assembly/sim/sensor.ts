import { copy, mulMatTVec3, mulQuat, negQuat, quat2Mat, rotVecQuat } from '../math/spatial'
import { add, clip, div, gt, ld, min4, neg, sel, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { historyInsert, historyRead } from './delay'
import {
  at, DSBL_SENSOR, i32at, OBJ_GEOM, OBJ_SITE, OBJ_XBODY, SENS_ACTUATORFRC, SENS_FRAMEPOS, SENS_JOINTPOS,
  SENS_JOINTVEL,
} from './types'

/** pose of a body, body's inertial frame, geom or site: position to out (3), quaternion to out + 3 (get_xpos_xmat, get_xquat) */
function objectPose(m: usize, p: usize, s: usize, type: i32, id: i32, out: usize): void {
  const body = <usize>(type == OBJ_GEOM ? i32at(f.geom_bodyid(m), id) : type == OBJ_SITE ? i32at(f.site_bodyid(m), id) : id)
  const X = f.xpos(m, s) + 3 * V * body, Q = f.xquat(m, s) + 4 * V * body
  if (type == OBJ_XBODY) {
    copy(out, X, 3)
    copy(out + 3 * V, Q, 4)
    return
  }
  const o = <usize>id
  const pos = type == OBJ_GEOM ? f.geom_pos(m, p) + 3 * V * o : type == OBJ_SITE ? f.site_pos(m, p) + 3 * V * o : f.body_ipos(m, p) + 3 * V * o
  const quat = type == OBJ_GEOM ? f.geom_quat(m, p) + 4 * V * o : type == OBJ_SITE ? f.site_quat(m, p) + 4 * V * o : f.body_iquat(m, p) + 4 * V * o
  rotVecQuat(out, pos, Q)
  for (let i: usize = 0; i < 3; i++) st(out + V * i, add(ld(X + V * i), ld(out + V * i)))
  mulQuat(out + 3 * V, Q, quat)
}

/** reading of sensor i now, without delay; out (dim) (mj_computeSensor) */
function computeSensor(m: usize, p: usize, d: usize, s: usize, i: i32, out: usize): void {
  const type = i32at(f.sensor_type(m), i), id = i32at(f.sensor_objid(m), i)
  if (type == SENS_JOINTPOS) st(out, ld(at(f.qpos(m, d), i32at(f.jnt_qposadr(m), id))))
  else if (type == SENS_JOINTVEL) st(out, ld(at(f.qvel(m, d), i32at(f.jnt_dofadr(m), id))))
  else if (type == SENS_ACTUATORFRC) st(out, ld(at(f.actuator_force(m, d), id)))
  else {
    const tmp = f.tmp(m, s) + 24 * V, ref = tmp + 7 * V, mat = tmp + 14 * V
    objectPose(m, p, s, i32at(f.sensor_objtype(m), i), id, tmp)
    const refid = i32at(f.sensor_refid(m), i)
    if (refid >= 0) {
      objectPose(m, p, s, i32at(f.sensor_reftype(m), i), refid, ref)
      for (let k: usize = 0; k < 3; k++) st(tmp + V * k, sub(ld(tmp + V * k), ld(ref + V * k)))
      quat2Mat(mat, ref + 3 * V)
      mulMatTVec3(mat + 9 * V, mat, tmp)
      copy(tmp, mat + 9 * V, 3)
      negQuat(ref + 3 * V, ref + 3 * V)
      mulQuat(tmp + 3 * V, ref + 3 * V, tmp + 3 * V)
    }
    if (type == SENS_FRAMEPOS) copy(out, tmp, 3)
    else copy(out, tmp + 3 * V, 4)
  }

  // cutoff: both sides of a real quantity, the upper side of a positive one, nothing else
  const cutoff = ld(at(f.sensor_cutoff(m, p), i))
  const kind = i32at(f.sensor_datatype(m), i)
  if (kind > 1 || !v128.any_true(gt(cutoff, splat(0)))) return
  const dim = i32at(f.sensor_dim(m), i)
  for (let k = 0; k < dim; k++) {
    const x = ld(at(out, k))
    st(at(out, k), sel(gt(cutoff, splat(0)), kind == 0 ? clip(x, neg(cutoff), cutoff) : min4(x, cutoff), x))
  }
}

/**
 * All sensors of the block; a delayed one reads its history.
 *   model   sensor_* (*)
 *   in      state, actuator_force, xpos xquat (for frame sensors), history
 *   out     sensordata (nsensordata)
 *   source  MuJoCo engine_sensor.c, mj_sensorPos, mj_sensorVel, mj_sensorAcc
 */
export function sensors(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.nsensor(m)
  if (n == 0 || load<i32>(f.opt_disableflags(m)) & DSBL_SENSOR) return
  const data = f.sensordata(m, d), hist = f.sensor_history(m), histadr = f.sensor_historyadr(m)
  for (let i = 0; i < n; i++) {
    const out = at(data, i32at(f.sensor_adr(m), i))
    const nsample = i32at(hist, 2 * i)
    computeSensor(m, p, d, s, i, out)
    if (nsample == 0) continue
    const delay = ld(at(f.sensor_delay(m, p), i))
    const on = gt(delay, splat(0))
    if (!v128.any_true(on)) continue
    const buf = at(f.history(m, d), i32at(histadr, i))
    const age = div(delay, ld(f.opt_timestep(m, p)))
    const dim = i32at(f.sensor_dim(m), i)
    for (let k = 0; k < dim; k++) {
      st(at(out, k), sel(on, historyRead(buf, nsample, dim, k, age, i32at(hist, 2 * i + 1)), ld(at(out, k))))
    }
  }
}

/** Push the present readings and controls into their histories: the end of a step (mj_advance). */
export function advanceHistory(m: usize, p: usize, d: usize, s: usize): void {
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
    computeSensor(m, p, d, s, i, historyInsert(at(history, i32at(f.sensor_historyadr(m), i)), nsample, i32at(f.sensor_dim(m), i)))
  }
}

/** does some sensor look at a frame */
export function needFrames(m: usize): bool {
  const n = f.nsensor(m)
  for (let i = 0; i < n; i++) if (i32at(f.sensor_type(m), i) >= SENS_FRAMEPOS) return true
  return false
}
