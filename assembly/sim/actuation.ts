import { exp4 } from '../math/exp'
import { sincos } from '../math/trig'
import {
  abs4, add, and, clip, div, ge, gt, ld, le, mad, max4, min4, mul, ne, neg, nmad, not, or, sel, splat, st, sub, V,
} from '../math/v4'
import * as f from '../shared/fields'
import { historyRead } from './delay'
import { wrapPeriod } from './transmission'
import {
  at, BIAS_AFFINE, BIAS_DCMOTOR, DSBL_ACTUATION, DSBL_CLAMPCTRL, DYN_DCMOTOR, DYN_FILTER, DYN_FILTEREXACT, DYN_INTEGRATOR,
  DYN_PID, GAIN_AFFINE, GAIN_DCMOTOR, GAIN_PID, i32at, INPUT_FF, INPUT_POS, INPUT_VEL, INPUT_VOLTAGE, MINVAL, TRN_TENDON,
} from './types'

/** friction level of the LuGre model at a velocity (mj_lugreStribeck) */
function lugreStribeck(velocity: v128, biasprm: usize): v128 {
  const ratio = div(velocity, max4(splat(MINVAL), ld(biasprm + 5 * V)))
  const fc = ld(biasprm + 3 * V)
  return mad(sub(ld(biasprm + 4 * V), fc), exp4(neg(mul(ratio, ratio))), fc)
}

/** control voltage of a dcmotor: on-board PID in torque space, supply limit, raw voltage (dcmotorVoltage) */
function dcmotorVoltage(u: usize, spec: i32, length: v128, velocity: v128, integral: v128, gainprm: usize): v128 {
  let voltage = splat(0)
  let adr: usize = 0
  let pos = splat(0), vel = splat(0), ff = splat(0)
  if (spec & INPUT_POS) { pos = ld(u); adr += V }
  if (spec & INPUT_VEL) { vel = ld(u + adr); adr += V }
  if (spec & INPUT_FF) { ff = ld(u + adr); adr += V }
  if (spec & (INPUT_POS | INPUT_VEL | INPUT_FF)) {
    const kp = ld(gainprm + 4 * V), ki = ld(gainprm + 5 * V), kd = ld(gainprm + 6 * V), vmax = ld(gainprm + 7 * V)
    const torque = add(mad(ki, integral, mad(kd, sub(vel, velocity), mul(kp, sub(pos, length)))), ff)
    const K = ld(gainprm + V)
    voltage = mad(K, velocity, mul(div(ld(gainprm), K), torque))
    voltage = sel(gt(vmax, splat(0)), clip(voltage, neg(vmax), vmax), voltage)
  }
  return spec & INPUT_VOLTAGE ? add(voltage, ld(u + adr)) : voltage
}

/** setpoint representative nearest the length on a circle of the given period; period 0 leaves it (wrapSetpoint) */
// @ts-ignore: decorator
@inline export function wrapSetpoint(u: v128, length: v128, period: v128): v128 {
  const on = gt(period, splat(0))
  const turns = f32x4.nearest(div(sub(u, length), sel(on, period, splat(1))))
  return sub(u, and(on, mul(period, turns)))
}

/** effective setpoint under a slew limit; act_dot of the previous setpoint goes to out (slewLimit) */
function slewLimit(u: v128, prev: v128, rate: v128, dt: v128, period: v128, out: usize): v128 {
  const step = mul(rate, dt)
  const eff = clip(wrapSetpoint(u, prev, period), sub(prev, step), add(prev, step))
  st(out, div(sub(eff, prev), dt))
  return eff
}

/** derivative of an integral of error, held beyond its clamp (anti-windup) */
// @ts-ignore: decorator
@inline function windup(err: v128, z: v128, zmax: v128): v128 {
  const on = gt(zmax, splat(0))
  let e = sel(and(on, ge(z, zmax)), min4(err, splat(0)), err)
  e = sel(and(on, le(z, neg(zmax))), max4(e, splat(0)), e)
  return e
}

/**
 * Activation one timestep later (mj_nextActivation).
 *   adr      index into act, one of actuator i's
 *   act_dot  time-derivative to advance it with
 */
export function nextActivation(m: usize, p: usize, d: usize, s: usize, i: i32, adr: i32, act_dot: v128): v128 {
  const act = ld(at(f.act(m, d), adr))
  const h = ld(f.opt_timestep(m, p))
  const dyn = i32at(f.actuator_dyntype(m), i)
  const dynprm = f.actuator_dynprm(m, p) + 10 * V * <usize>i
  let next = mad(act_dot, h, act)

  if (dyn == DYN_FILTEREXACT) {
    const tau = max4(splat(MINVAL), ld(dynprm))
    next = mad(mul(act_dot, tau), sub(splat(1), exp4(neg(div(h, tau)))), act)
  } else if (dyn == DYN_DCMOTOR) {
    const slots = f.act_slot(m) + 20 * <usize>i
    if (adr == i32at(slots, 4)) {
      const te = max4(splat(MINVAL), ld(dynprm))
      next = mad(mul(act_dot, te), sub(splat(1), exp4(neg(div(h, te)))), act)
    } else if (adr == i32at(slots, 3)) {
      // bristle: z(h) = exp(a h) z + (exp(a h) - 1) / a v
      const v = ld(at(f.actuator_velocity(m, s), i))
      const g = lugreStribeck(v, f.actuator_biasprm(m, p) + 10 * V * <usize>i)
      const a = neg(div(mul(ld(dynprm + 5 * V), abs4(v)), max4(splat(MINVAL), g)))
      const e = exp4(mul(a, h))
      const moving = gt(abs4(mul(a, h)), splat(1e-4))
      // below 1e-4 the difference exp - 1 has no digits left: second-order series
      const input = sel(moving, div(sub(e, splat(1)), sel(moving, a, splat(1))), mad(mul(splat(0.5), mul(h, h)), a, h))
      next = mad(e, act, mul(input, v))
    } else if (adr == i32at(slots, 1)) {
      const imax = ld(dynprm + 8 * V)
      next = sel(gt(imax, splat(0)), clip(next, neg(imax), imax), next)
    }
  }
  if (dyn != DYN_DCMOTOR && i32at(f.actuator_actlimited(m), i)) {
    const range = f.actuator_actrange(m, p) + 2 * V * <usize>i
    next = clip(next, ld(range), ld(range + V))
  }
  return next
}

/**
 * Forces of the actuators that are nothing but clip(gain * clip(ctrl) + affine bias) on a slide or hinge: motors,
 * position and velocity servos, dampers. The same formulas as in fwdActuation, without its cases.
 */
function simpleActuators(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.nactuator(m)
  const simple = f.act_simple(m), trnid = f.actuator_trnid(m), dadr = f.jnt_dofadr(m), qadr = f.jnt_qposadr(m), uadrs = f.actuator_ctrladr(m)
  const ctrl = f.ctrl(m, d), qpos = f.qpos(m, d), qvel = f.qvel(m, d), qfrc = f.qfrc_actuator(m, d), forces = f.actuator_force(m, d)
  const gears = f.actuator_gear(m, p), gains = f.actuator_gainprm(m, p), biases = f.actuator_biasprm(m, p), enables = f.actuator_enable(m, d)
  const climited = f.actuator_ctrllimited(m), cranges = f.actuator_ctrlrange(m, p)
  const flimited = f.actuator_forcelimited(m), franges = f.actuator_forcerange(m, p)
  const clamp = !(load<i32>(f.opt_disableflags(m)) & DSBL_CLAMPCTRL)
  const dvel = f.act_dvel(m, s)

  for (let i = 0; i < n; i++) {
    if (!i32at(simple, i)) continue
    const j = i32at(trnid, 2 * i), dof = i32at(dadr, j), a = i32at(uadrs, i)
    const gear = ld(gears + 6 * V * <usize>i)
    let u = ld(at(ctrl, a))
    if (clamp && i32at(climited, a)) u = clip(u, ld(cranges + 2 * V * <usize>a), ld(cranges + 2 * V * <usize>a + V))
    let force = mul(ld(gains + 10 * V * <usize>i), u)
    let slope = splat(0)
    if (i32at(simple, i) > 1) {
      const b = biases + 10 * V * <usize>i
      slope = ld(b + 2 * V)
      const length = mul(gear, ld(at(qpos, i32at(qadr, j)))), velocity = mul(gear, ld(at(qvel, dof)))
      force = add(force, mad(slope, velocity, mad(ld(b + V), length, ld(b))))
    }
    if (i32at(flimited, i)) {
      const lo = ld(franges + 2 * V * <usize>i), hi = ld(franges + 2 * V * <usize>i + V)
      force = clip(force, lo, hi)
      slope = and(not(or(le(force, lo), ge(force, hi))), slope)
    }
    const enable = ld(at(enables, i))
    force = mul(force, enable)
    st(at(forces, i), force)
    st(at(dvel, i), mul(slope, enable))
    st(at(qfrc, dof), mad(gear, force, ld(at(qfrc, dof))))
  }
}

/**
 * Controls, activations and state to forces.
 *   model   actuator_* (*), jnt_actfrcrange (*)
 *   in      ctrl, act, actuator_length, actuator_velocity, moment, history; substep: fraction of the timestep gone (RK4)
 *   out     act_dot (na), actuator_force (nout), qfrc_actuator (nv), act_dvel (nactuator)
 *   source  MuJoCo engine_forward.c, mj_fwdActuation; engine_derivative.c, mjd_actuator_vel
 */
export function fwdActuation(m: usize, p: usize, d: usize, s: usize, substep: f32): void {
  const n = f.nactuator(m), nv = f.nv(m), nu = f.nu(m)
  const qfrc = f.qfrc_actuator(m, d), forces = f.actuator_force(m, d)
  const disable = load<i32>(f.opt_disableflags(m))
  for (let i = 0; i < nv; i++) st(at(qfrc, i), splat(0))
  if (n == 0) return
  if (disable & DSBL_ACTUATION) {
    for (let i = 0; i < n; i++) st(at(forces, i), splat(0))
    return
  }

  const ctrl = f.ctrl(m, d), u = f.u(m, s), act = f.act(m, d), act_dot = f.act_dot(m, d)
  const lengths = f.actuator_length(m, s), velocities = f.actuator_velocity(m, s), dvel = f.act_dvel(m, s)
  const dynprms = f.actuator_dynprm(m, p), gainprms = f.actuator_gainprm(m, p), biasprms = f.actuator_biasprm(m, p)
  const uadrs = f.actuator_ctrladr(m), unums = f.actuator_ctrlnum(m), hist = f.actuator_history(m), histadr = f.actuator_historyadr(m)
  const actadrs = f.actuator_actadr(m), actnums = f.actuator_actnum(m), specs = f.actuator_ctrlspec(m)
  const dyns = f.actuator_dyntype(m), gains = f.actuator_gaintype(m), biases = f.actuator_biastype(m), early = f.actuator_actearly(m)
  const enables = f.actuator_enable(m, d), supplies = f.actuator_supply(m, d)
  const h = ld(f.opt_timestep(m, p))
  const zero = splat(0)

  simpleActuators(m, p, d, s)
  if (f.nsimple(m) == n) {
    jointForces(m, p, d, s)
    return
  }

  // local controls: delayed, then clamped
  for (let i = 0; i < nu; i++) st(at(u, i), ld(at(ctrl, i)))
  for (let i = 0; i < n; i++) {
    const nsample = i32at(hist, 2 * i)
    if (nsample == 0) continue
    const delay = ld(at(f.actuator_delay(m, p), i))
    const on = gt(delay, zero)
    if (!v128.any_true(on)) continue
    const a = at(u, i32at(uadrs, i))
    const age = sub(div(delay, h), splat(substep))
    st(a, sel(on, historyRead(at(f.history(m, d), i32at(histadr, i)), nsample, 1, 0, age, i32at(hist, 2 * i + 1)), ld(a)))
  }
  if (!(disable & DSBL_CLAMPCTRL)) {
    const limited = f.actuator_ctrllimited(m), ranges = f.actuator_ctrlrange(m, p)
    for (let i = 0; i < nu; i++) {
      if (!i32at(limited, i)) continue
      const r = ranges + 2 * V * <usize>i
      st(at(u, i), clip(ld(at(u, i)), ld(r), ld(r + V)))
    }
  }

  const simple = f.act_simple(m)
  for (let i = 0; i < n; i++) {
    if (i32at(simple, i)) continue
    const dyn = i32at(dyns, i), gaintype = i32at(gains, i), biastype = i32at(biases, i)
    const dynprm = dynprms + 10 * V * <usize>i, gainprm = gainprms + 10 * V * <usize>i, biasprm = biasprms + 10 * V * <usize>i
    const ua = at(u, i32at(uadrs, i)), unum = i32at(unums, i), spec = i32at(specs, i)
    const length = ld(at(lengths, i)), velocity = ld(at(velocities, i))
    const adr = i32at(actadrs, i), num = i32at(actnums, i), last = adr + num - 1
    const enable = ld(at(enables, i))
    const slots = f.act_slot(m) + 20 * <usize>i
    let resistance = ld(gainprm)
    let period = zero
    if (gaintype == GAIN_PID || biastype == BIAS_AFFINE) period = wrapPeriod(m, p, i)

    // activation dynamics
    if (dyn == DYN_INTEGRATOR) {
      for (let j = 0; j < unum; j++) st(at(act_dot, last - unum + 1 + j), ld(ua + V * <usize>j))
    } else if (dyn == DYN_FILTER || dyn == DYN_FILTEREXACT) {
      st(at(act_dot, last), div(sub(ld(ua), ld(at(act, last))), max4(splat(MINVAL), ld(dynprm))))
    } else if (dyn == DYN_PID) {
      const slew = i32at(slots, 0), integral = i32at(slots, 1)
      if (slew >= 0) st(ua, slewLimit(ld(ua), ld(at(act, slew)), ld(dynprm + V), h, period, at(act_dot, slew)))
      if (integral >= 0) {
        let err = sub(ld(ua), length)
        err = wrapSetpoint(err, zero, period)
        st(at(act_dot, integral), windup(err, ld(at(act, integral)), ld(dynprm)))
      }
    }
    let voltage = zero
    if (gaintype == GAIN_DCMOTOR) {
      const slew = i32at(slots, 0), integral = i32at(slots, 1), temperature = i32at(slots, 2), bristle = i32at(slots, 3), current = i32at(slots, 4)
      const K = ld(gainprm + V)
      let z = zero
      if (slew >= 0) st(ua, slewLimit(ld(ua), ld(at(act, slew)), ld(dynprm + 7 * V), h, zero, at(act_dot, slew)))
      if (integral >= 0) {
        z = ld(at(act, integral))
        st(at(act_dot, integral), windup(sub(ld(ua), length), z, ld(dynprm + 8 * V)))
      }
      voltage = unum > 0 ? mul(ld(at(supplies, i)), dcmotorVoltage(ua, spec, length, velocity, z, gainprm)) : zero
      if (temperature >= 0) {
        // R rises with temperature; the loss heats, the case cools
        const T = ld(at(act, temperature)), rt = ld(dynprm + 2 * V)
        resistance = mul(resistance, mad(ld(gainprm + 2 * V), sub(add(T, ld(dynprm + 4 * V)), ld(gainprm + 3 * V)), splat(1)))
        const amps = current >= 0 ? ld(at(act, current)) : div(nmad(K, velocity, voltage), resistance)
        st(at(act_dot, temperature), div(sub(mul(resistance, mul(amps, amps)), div(T, rt)), ld(dynprm + 3 * V)))
      }
      if (bristle >= 0) {
        const g = lugreStribeck(velocity, biasprm)
        const a = neg(div(mul(ld(dynprm + 5 * V), abs4(velocity)), max4(splat(MINVAL), g)))
        st(at(act_dot, bristle), mad(a, ld(at(act, bristle)), velocity))
      }
      if (current >= 0) {
        const dimax = ld(dynprm + V)
        let rate = div(sub(div(nmad(K, velocity, voltage), resistance), ld(at(act, current))), ld(dynprm))
        rate = sel(gt(dimax, zero), clip(rate, neg(dimax), dimax), rate)
        st(at(act_dot, current), rate)
      }
    }
    // an actuator that is off holds its activation
    for (let j = adr; j <= last; j++) if (j >= 0) st(at(act_dot, j), and(ne(enable, zero), ld(at(act_dot, j))))

    // gain
    let force = zero, bias_vel = zero, gain = ld(gainprm), gain_vel = zero
    if (gaintype == GAIN_AFFINE) {
      gain_vel = ld(gainprm + 2 * V)
      gain = mad(gain_vel, velocity, mad(ld(gainprm + V), length, gain))
    }
    const stateful = gaintype == GAIN_DCMOTOR && i32at(slots, 4) >= 0
    if (gaintype == GAIN_DCMOTOR) gain = stateful ? ld(gainprm + V) : div(ld(gainprm + V), max4(splat(MINVAL), resistance))

    // force = gain * (control or activation)
    if (gaintype == GAIN_PID) {
      let a: usize = 0
      let pos = zero, vel = zero, ff = zero
      if (spec & INPUT_POS) { pos = wrapSetpoint(ld(ua), length, period); a += V }
      if (spec & INPUT_VEL) { vel = ld(ua + a); a += V }
      if (spec & INPUT_FF) ff = ld(ua + a)
      force = sub(sub(ff, mul(ld(biasprm + V), pos)), mul(ld(biasprm + 2 * V), vel))
      const integral = i32at(slots, 1)
      if (integral >= 0) {
        const z = i32at(early, i) ? nextActivation(m, p, d, s, i, integral, ld(at(act_dot, integral))) : ld(at(act, integral))
        force = mad(gain, z, force)
      }
    } else if (num == 0 || (gaintype == GAIN_DCMOTOR && !stateful)) {
      const input = gaintype == GAIN_DCMOTOR ? voltage : unum > 0 ? wrapSetpoint(ld(ua), length, period) : zero
      force = mul(gain, input)
      if (gaintype == GAIN_AFFINE) bias_vel = mul(gain_vel, ld(at(ctrl, i32at(uadrs, i))))
    } else {
      let x = i32at(early, i) ? nextActivation(m, p, d, s, i, last, ld(at(act_dot, last))) : ld(at(act, last))
      if (gaintype == GAIN_AFFINE) bias_vel = mul(gain_vel, x)
      x = wrapSetpoint(x, length, period)
      force = mul(gain, x)
    }

    // bias
    if (biastype == BIAS_AFFINE) {
      force = add(force, mad(ld(biasprm + 2 * V), velocity, mad(ld(biasprm + V), length, ld(biasprm))))
      bias_vel = add(bias_vel, ld(biasprm + 2 * V))
    } else if (biastype == BIAS_DCMOTOR) {
      const K = ld(gainprm + V), R = max4(splat(MINVAL), resistance)
      let dV = zero
      if (spec & (INPUT_POS | INPUT_VEL | INPUT_FF)) dV = sub(K, mul(ld(gainprm + 6 * V), div(R, K)))
      if (stateful) {
        const te = ld(dynprm)
        bias_vel = add(bias_vel, div(mul(mul(K, sub(dV, K)), sub(splat(1), exp4(neg(div(h, te))))), R))
      } else {
        force = nmad(mul(gain, K), velocity, force)
        bias_vel = add(bias_vel, div(mul(K, sub(dV, K)), R))
      }
      if (i32at(slots, 3) >= 0) bias_vel = sub(bias_vel, ld(dynprm + 6 * V))
    }

    st(at(forces, i), force)
    st(at(dvel, i), bias_vel)
  }
  if (f.tenactlimited(m)) limitTendonForces(m, p, d)
  for (let i = 0; i < n; i++) if (!i32at(simple, i)) shaftForce(m, p, d, s, i)
  jointForces(m, p, d, s)
}

/** total force of the actuators on a tendon into its range, each in proportion */
function limitTendonForces(m: usize, p: usize, d: usize): void {
  const n = f.nactuator(m), nt = f.ntendon(m), forces = f.actuator_force(m, d), trns = f.actuator_trntype(m), ids = f.actuator_trnid(m)
  for (let t = 0; t < nt; t++) {
    if (!i32at(f.tendon_actfrclimited(m), t)) continue
    let total = splat(0)
    for (let i = 0; i < n; i++) {
      if (i32at(trns, i) == TRN_TENDON && i32at(ids, 2 * i) == t) total = mad(ld(at(forces, i)), ld(at(f.actuator_enable(m, d), i)), total)
    }
    const range = f.tendon_actfrcrange(m, p) + 2 * V * <usize>t
    const out = ne(clip(total, ld(range), ld(range + V)), total), some = ne(total, splat(0))
    const scale = sel(and(out, some), div(clip(total, ld(range), ld(range + V)), sel(some, total, splat(1))), splat(1))
    for (let i = 0; i < n; i++) {
      if (i32at(trns, i) == TRN_TENDON && i32at(ids, 2 * i) == t) st(at(forces, i), mul(scale, ld(at(forces, i))))
    }
  }
}

/** clamp of one actuator's force, then what acts on the shaft of a motor beyond the clamp, then into joint space */
function shaftForce(m: usize, p: usize, d: usize, s: usize, i: i32): void {
  const qfrc = f.qfrc_actuator(m, d), zero = splat(0)
  const enable = ld(at(f.actuator_enable(m, d), i))
  let force = ld(at(f.actuator_force(m, d), i))
  let free = i32x4.splat(-1)
  let lo = zero, hi = zero
  const limited = i32at(f.actuator_forcelimited(m), i)
  if (limited) {
    const range = f.actuator_forcerange(m, p) + 2 * V * <usize>i
    lo = ld(range); hi = ld(range + V)
    force = clip(force, lo, hi)
  }
  if (i32at(f.actuator_biastype(m), i) == BIAS_DCMOTOR) {
    const biasprm = f.actuator_biasprm(m, p) + 10 * V * <usize>i, dynprm = f.actuator_dynprm(m, p) + 10 * V * <usize>i
    const A = ld(biasprm)
    if (v128.any_true(ne(A, zero))) {
      const tmp = f.tmp(m, s)
      sincos(mad(ld(biasprm + V), ld(at(f.actuator_length(m, s), i)), ld(biasprm + 2 * V)), tmp)
      force = mad(A, ld(tmp), force)
    }
    const bristle = i32at(f.act_slot(m) + 20 * <usize>i, 3)
    if (bristle >= 0) {
      force = sub(force, mad(ld(dynprm + 5 * V), ld(at(f.act(m, d), bristle)), mul(ld(dynprm + 6 * V), ld(at(f.act_dot(m, d), bristle)))))
    }
  }
  if (limited) free = not(or(le(force, lo), ge(force, hi)))
  force = mul(force, enable)
  const dvel = at(f.act_dvel(m, s), i)
  st(at(f.actuator_force(m, d), i), force)
  st(dvel, and(free, mul(ld(dvel), enable)))

  // qfrc_actuator = moment' force
  const cols = f.act_colind(m), moment = f.moment(m, s)
  const begin = i32at(f.act_rowadr(m), i), end = begin + i32at(f.act_rownnz(m), i)
  for (let k = begin; k < end; k++) {
    const o = at(qfrc, i32at(cols, k))
    st(o, mad(ld(at(moment, k)), force, ld(o)))
  }
}

/** gravity compensation that actuators carry; clamp of the total actuator force on a joint */
function jointForces(m: usize, p: usize, d: usize, s: usize): void {
  const njnt = f.njnt(m), frclimited = f.jnt_actfrclimited(m), qfrc = f.qfrc_actuator(m, d)
  if (f.gravcomp(m)) {
    const nv = f.nv(m), lift = f.qfrc_gravcomp(m, s), dofjnt = f.dof_jntid(m)
    for (let i = 0; i < nv; i++) if (i32at(f.jnt_actgravcomp(m), i32at(dofjnt, i))) st(at(qfrc, i), add(ld(at(qfrc, i)), ld(at(lift, i))))
  }
  for (let j = 0; j < njnt; j++) {
    if (!i32at(frclimited, j)) continue
    const range = f.jnt_actfrcrange(m, p) + 2 * V * <usize>j
    const o = at(qfrc, i32at(f.jnt_dofadr(m), j))
    st(o, clip(ld(o), ld(range), ld(range + V)))
  }
}
