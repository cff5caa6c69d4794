import { quat2Vel } from '../../math/rotation'
import { copy, normalize4 } from '../../math/spatial'
import { add, and, andnot, div, dot3, ld, lt, max4, mul, neg, sel, splat, sqrt4, st, sub, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { jointLimitForce, tendonLimitForce } from '../contact-force'
import { at, DSBL_CONSTRAINT, DSBL_LIMIT, i32at, JNT_BALL, MINVAL, TRN_TENDON } from '../types'
import {
  SENS_ACTUATORFRC, SENS_ACTUATORPOS, SENS_ACTUATORVEL, SENS_BALLANGVEL, SENS_BALLQUAT, SENS_JOINTACTFRC, SENS_JOINTLIMITFRC,
  SENS_JOINTLIMITPOS, SENS_JOINTLIMITVEL, SENS_JOINTPOS, SENS_JOINTVEL, SENS_TENDONACTFRC, SENS_TENDONLIMITFRC,
  SENS_TENDONLIMITPOS, SENS_TENDONLIMITVEL, SENS_TENDONPOS, SENS_TENDONVEL,
} from './enums'

// @ts-ignore: decorator
@inline function limitsOff(m: usize): bool {
  return (load<i32>(f.opt_disableflags(m)) & (DSBL_LIMIT | DSBL_CONSTRAINT)) != 0
}

/**
 * What the first constraint row of a limited scalar sees: distance to the limit less the margin, or its velocity.
 * The lower limit comes first; 0 where the scalar is within both.
 */
function limitRow(value: v128, velocity: v128, range: usize, margin: v128, wantVelocity: bool): v128 {
  const lower = sub(sub(value, ld(range)), margin), upper = sub(sub(ld(range + V), value), margin)
  const atLower = lt(lower, splat(0)), atUpper = andnot(lt(upper, splat(0)), atLower)
  if (wantVelocity) return sel(atLower, velocity, and(atUpper, neg(velocity)))
  return sel(atLower, lower, and(atUpper, upper))
}

/** the same for a joint of any type that can have limits */
function jointLimit(m: usize, p: usize, d: usize, s: usize, j: i32, wantVelocity: bool): v128 {
  if (limitsOff(m) || !i32at(f.jnt_limited(m), j)) return splat(0)
  const range = f.jnt_range(m, p) + 2 * V * <usize>j, margin = ld(at(f.jnt_margin(m, p), j))
  const q = at(f.qpos(m, d), i32at(f.jnt_qposadr(m), j)), v = at(f.qvel(m, d), i32at(f.jnt_dofadr(m), j))
  if (i32at(f.jnt_type(m), j) != JNT_BALL) return limitRow(ld(q), ld(v), range, margin, wantVelocity)

  // a ball is limited in its angle
  const tmp = f.sens_tmp(m, s)
  normalize4(tmp, q)
  quat2Vel(tmp + 4 * V, tmp, splat(1))
  const x = ld(tmp + 4 * V), y = ld(tmp + 5 * V), z = ld(tmp + 6 * V)
  const angle = sqrt4(dot3(x, y, z, x, y, z))
  const violation = sub(sub(max4(ld(range), ld(range + V)), angle), margin)
  const has = lt(violation, splat(0))
  if (!wantVelocity) return and(has, violation)
  const still = lt(angle, splat(MINVAL))
  const inv = div(splat(-1), sel(still, splat(1), angle))
  const along = mul(inv, dot3(x, y, z, ld(v), ld(v + V), ld(v + 2 * V)))
  return and(has, sel(still, neg(ld(v)), along))
}

function tendonLimit(m: usize, p: usize, s: usize, t: i32, wantVelocity: bool): v128 {
  if (limitsOff(m) || !i32at(f.tendon_limited(m), t)) return splat(0)
  return limitRow(ld(at(f.ten_length(m, s), t)), ld(at(f.ten_velocity(m, s), t)), f.tendon_range(m, p) + 2 * V * <usize>t, ld(at(f.tendon_margin(m, p), t)), wantVelocity)
}

/** sum of the forces of all actuators on a tendon */
function tendonActuatorForce(m: usize, d: usize, t: i32): v128 {
  let sum = splat(0)
  const n = f.nactuator(m)
  for (let a = 0; a < n; a++) {
    if (i32at(f.actuator_trntype(m), a) != TRN_TENDON || i32at(f.actuator_trnid(m), 2 * a) != t) continue
    sum = add(sum, ld(at(f.actuator_force(m, d), i32at(f.actuator_outadr(m), a))))
  }
  return sum
}

/**
 * Sensors of joints, tendons and actuators, their limits included.
 *   in      qpos, qvel, ten_length, ten_velocity, actuator_length, actuator_velocity, actuator_force, qfrc_actuator, efc
 *   out     (dim)
 *   source  MuJoCo engine_sensor.c, mj_computeSensorPos, mj_computeSensorVel, mj_computeSensorAcc
 */
export function jointSensor(m: usize, p: usize, d: usize, s: usize, i: i32, type: i32, out: usize): void {
  const id = i32at(f.sensor_objid(m), i)
  const dim = i32at(f.sensor_dim(m), i)
  if (type == SENS_JOINTPOS) st(out, ld(at(f.qpos(m, d), i32at(f.jnt_qposadr(m), id))))
  else if (type == SENS_JOINTVEL) st(out, ld(at(f.qvel(m, d), i32at(f.jnt_dofadr(m), id))))
  else if (type == SENS_TENDONPOS) st(out, ld(at(f.ten_length(m, s), id)))
  else if (type == SENS_TENDONVEL) st(out, ld(at(f.ten_velocity(m, s), id)))
  else if (type == SENS_ACTUATORPOS) copy(out, at(f.actuator_length(m, s), i32at(f.actuator_outadr(m), id)), dim)
  else if (type == SENS_ACTUATORVEL) copy(out, at(f.actuator_velocity(m, s), i32at(f.actuator_outadr(m), id)), dim)
  else if (type == SENS_ACTUATORFRC) copy(out, at(f.actuator_force(m, d), i32at(f.actuator_outadr(m), id)), dim)
  else if (type == SENS_JOINTACTFRC) st(out, ld(at(f.qfrc_actuator(m, d), i32at(f.jnt_dofadr(m), id))))
  else if (type == SENS_TENDONACTFRC) st(out, tendonActuatorForce(m, d, id))
  else if (type == SENS_BALLQUAT) normalize4(out, at(f.qpos(m, d), i32at(f.jnt_qposadr(m), id)))
  else if (type == SENS_BALLANGVEL) copy(out, at(f.qvel(m, d), i32at(f.jnt_dofadr(m), id)), 3)
  else if (type == SENS_JOINTLIMITPOS || type == SENS_JOINTLIMITVEL) st(out, jointLimit(m, p, d, s, id, type == SENS_JOINTLIMITVEL))
  else if (type == SENS_TENDONLIMITPOS || type == SENS_TENDONLIMITVEL) st(out, tendonLimit(m, p, s, id, type == SENS_TENDONLIMITVEL))
  else if (type == SENS_JOINTLIMITFRC) st(out, jointLimitForce(m, s, id))
  else if (type == SENS_TENDONLIMITFRC) st(out, tendonLimitForce(m, p, s, id))
}
