// import { exp4 } from '../math/exp'
// import { sincos } from '../math/trig'
// import { i32at, ld, par, st } from '../math/v4'
// import { historyRead } from './delay'
// import { wrapPeriod } from './transmission'
// import { BIAS_AFFINE, BIAS_DCMOTOR, DSBL_ACTUATION, DSBL_CLAMPCTRL, DYN_DCMOTOR, DYN_FILTER, DYN_FILTEREXACT, DYN_INTEGRATOR } from './types'
// import { DYN_PID, GAIN_AFFINE, GAIN_DCMOTOR, GAIN_PID, INPUT_FF, INPUT_POS, INPUT_VEL, INPUT_VOLTAGE, MINVAL, TRN_TENDON } from './types'

/** x between lo and hi; NaN stays, so that a bad control is found out */
fn clip(x: f32, lo: f32, hi: f32) -> f32 {
  let y = select(x, hi, hi < x);
  return select(y, lo, y < lo);
}

/** friction level of the LuGre model at a velocity (mj_lugreStribeck) */
fn lugreStribeck(velocity: f32, biasprm: i32) -> f32 {
  let ratio = velocity / max(MINVAL, par(biasprm + 5));
  let fc = par(biasprm + 3);
  return (par(biasprm + 4) - fc) * exp4(-(ratio * ratio)) + fc;
}

/** control voltage of a dcmotor: on-board PID in torque space, supply limit, raw voltage (dcmotorVoltage) */
fn dcmotorVoltage(u: i32, spec: i32, length: f32, velocity: f32, integral: f32, gainprm: i32) -> f32 {
  var voltage = 0.0;
  var adr = 0;
  var pos = 0.0;
  var vel = 0.0;
  var ff = 0.0;
  if ((spec & INPUT_POS) != 0) { pos = ld(u); adr++; }
  if ((spec & INPUT_VEL) != 0) { vel = ld(u + adr); adr++; }
  if ((spec & INPUT_FF) != 0) { ff = ld(u + adr); adr++; }
  if ((spec & (INPUT_POS | INPUT_VEL | INPUT_FF)) != 0) {
    let kp = par(gainprm + 4);
    let ki = par(gainprm + 5);
    let kd = par(gainprm + 6);
    let vmax = par(gainprm + 7);
    let torque = ki * integral + (kd * (vel - velocity) + kp * (pos - length)) + ff;
    let K = par(gainprm + 1);
    voltage = K * velocity + par(gainprm) / K * torque;
    if (vmax > 0.0) { voltage = clip(voltage, -vmax, vmax); }
  }
  if ((spec & INPUT_VOLTAGE) != 0) { voltage += ld(u + adr); }
  return voltage;
}

/** setpoint representative nearest the length on a circle of the given period; period 0 leaves it (wrapSetpoint) */
fn wrapSetpoint(u: f32, length: f32, period: f32) -> f32 {
  if (period <= 0.0) { return u; }
  return u - period * round((u - length) / period);
}

/** effective setpoint under a slew limit; act_dot of the previous setpoint goes to out (slewLimit) */
fn slewLimit(u: f32, prev: f32, rate: f32, dt: f32, period: f32, out: i32) -> f32 {
  let most = rate * dt;
  let eff = clip(wrapSetpoint(u, prev, period), prev - most, prev + most);
  st(out, (eff - prev) / dt);
  return eff;
}

/** derivative of an integral of error, held beyond its clamp (anti-windup) */
fn windup(err: f32, z: f32, zmax: f32) -> f32 {
  let on = zmax > 0.0;
  var e = err;
  if (on && z >= zmax) { e = min(err, 0.0); }
  if (on && z <= -zmax) { e = max(e, 0.0); }
  return e;
}

/**
 * Activation one timestep later (mj_nextActivation).
 *   adr      index into act, one of actuator i's
 *   act_dot  time-derivative to advance it with
 */
fn nextActivation(i: i32, adr: i32, act_dot: f32) -> f32 {
  let act = ld(f_act + adr);
  let h = par(f_opt_timestep);
  let dyn = i32at(f_actuator_dyntype, i);
  let dynprm = f_actuator_dynprm + 10 * i;
  var next = act_dot * h + act;

  if (dyn == DYN_FILTEREXACT) {
    let tau = max(MINVAL, par(dynprm));
    next = act_dot * tau * (1.0 - exp4(-(h / tau))) + act;
  } else if (dyn == DYN_DCMOTOR) {
    let slots = f_act_slot + 5 * i;
    if (adr == i32at(slots, 4)) {
      let te = max(MINVAL, par(dynprm));
      next = act_dot * te * (1.0 - exp4(-(h / te))) + act;
    } else if (adr == i32at(slots, 3)) {
      // bristle: z(h) = exp(a h) z + (exp(a h) - 1) / a v
      let v = ld(f_actuator_velocity + i);
      let g = lugreStribeck(v, f_actuator_biasprm + 10 * i);
      let a = -(par(dynprm + 5) * abs(v) / max(MINVAL, g));
      let e = exp4(a * h);
      // below 1e-4 the difference exp - 1 has no digits left: second-order series
      var input = 0.5 * (h * h) * a + h;
      if (abs(a * h) > 1e-4) { input = (e - 1.0) / a; }
      next = e * act + input * v;
    } else if (adr == i32at(slots, 1)) {
      let imax = par(dynprm + 8);
      if (imax > 0.0) { next = clip(next, -imax, imax); }
    }
  }
  if (dyn != DYN_DCMOTOR && i32at(f_actuator_actlimited, i) != 0) {
    let range = f_actuator_actrange + 2 * i;
    next = clip(next, par(range), par(range + 1));
  }
  return next;
}

/**
 * Forces of the actuators that are nothing but clip(gain * clip(ctrl) + affine bias) on a slide or hinge: motors,
 * position and velocity servos, dampers. The same formulas as in fwdActuation, without its cases.
 */
fn simpleActuators() {
  for (var i = 0; i < f_nactuator; i++) {
    let simple = i32at(f_act_simple, i);
    if (simple == 0) { continue; }
    let j = i32at(f_actuator_trnid, 2 * i);
    let dof = i32at(f_jnt_dofadr, j);
    let a = i32at(f_actuator_ctrladr, i);
    let gear = par(f_actuator_gear + 6 * i);
    var u = ld(f_ctrl + a);
    if ((f_opt_disableflags & DSBL_CLAMPCTRL) == 0) {
      if (i32at(f_actuator_ctrllimited, a) != 0) { u = clip(u, par(f_actuator_ctrlrange + 2 * a), par(f_actuator_ctrlrange + 2 * a + 1)); }
    }
    var force = par(f_actuator_gainprm + 10 * i) * u;
    var slope = 0.0;
    if (simple > 1) {
      let b = f_actuator_biasprm + 10 * i;
      slope = par(b + 2);
      let length = gear * ld(f_qpos + i32at(f_jnt_qposadr, j));
      let velocity = gear * ld(f_qvel + dof);
      force = force + (slope * velocity + (par(b + 1) * length + par(b)));
    }
    if (i32at(f_actuator_forcelimited, i) != 0) {
      let lo = par(f_actuator_forcerange + 2 * i);
      let hi = par(f_actuator_forcerange + 2 * i + 1);
      force = clip(force, lo, hi);
      if (force <= lo || force >= hi) { slope = 0.0; }
    }
    let on = ld(f_actuator_enable + i);
    force = force * on;
    st(f_actuator_force + i, force);
    st(f_act_dvel + i, slope * on);
    st(f_qfrc_actuator + dof, gear * force + ld(f_qfrc_actuator + dof));
  }
}

/**
 * Controls, activations and state to forces.
 *   model   actuator_* (*), jnt_actfrcrange (*)
 *   in      ctrl, act, actuator_length, actuator_velocity, moment, history; substep: fraction of the timestep gone (RK4)
 *   out     act_dot (na), actuator_force (nout), qfrc_actuator (nv), act_dvel (nactuator)
 *   source  MuJoCo engine_forward.c, mj_fwdActuation; engine_derivative.c, mjd_actuator_vel
 */
fn fwdActuation(substep: f32) {
  for (var i = 0; i < f_nv; i++) { st(f_qfrc_actuator + i, 0.0); }
  if (f_nactuator > 0 && (f_opt_disableflags & DSBL_ACTUATION) != 0) {
    for (var i = 0; i < f_nactuator; i++) { st(f_actuator_force + i, 0.0); }
  }
  if (f_nactuator > 0 && (f_opt_disableflags & DSBL_ACTUATION) == 0) {
    if (f_nsimple > 0) {
      simpleActuators();
    }
    if (f_nsimple < f_nactuator) {
      localControls(substep);
      for (var i = 0; i < f_nactuator; i++) {
        if (i32at(f_act_simple, i) == 0) { actuatorForce(i); }
      }
      if (f_tenactlimited != 0) {
        limitTendonForces();
      }
      for (var i = 0; i < f_nactuator; i++) {
        if (i32at(f_act_simple, i) == 0) { shaftForce(i); }
      }
    }
    jointForces();
  }
}

/** part of fwdActuation: what the actuators take for ctrl */
fn localControls(substep: f32) {
  // local controls: delayed, then clamped
  for (var i = 0; i < f_nu; i++) { st(f_u + i, ld(f_ctrl + i)); }
  if (f_nhistory > 0) {
    for (var i = 0; i < f_nactuator; i++) {
      let nsample = i32at(f_actuator_history, 2 * i);
      if (nsample == 0) { continue; }
      let delay = par(f_actuator_delay + i);
      if (delay <= 0.0) { continue; }
      let age = delay / par(f_opt_timestep) - substep;
      let buf = f_history + i32at(f_actuator_historyadr, i);
      st(f_u + i32at(f_actuator_ctrladr, i), historyRead(buf, nsample, 1, 0, age, i32at(f_actuator_history, 2 * i + 1)));
    }
  }
  if ((f_opt_disableflags & DSBL_CLAMPCTRL) == 0) {
    for (var i = 0; i < f_nu; i++) {
      if (i32at(f_actuator_ctrllimited, i) == 0) { continue; }
      let r = f_actuator_ctrlrange + 2 * i;
      st(f_u + i, clip(ld(f_u + i), par(r), par(r + 1)));
    }
  }
}

/** part of fwdActuation: one actuator that is not simple, its force before the clamp */
fn actuatorForce(i: i32) {
  let h = par(f_opt_timestep);
  let dyn = i32at(f_actuator_dyntype, i);
  let gaintype = i32at(f_actuator_gaintype, i);
  let biastype = i32at(f_actuator_biastype, i);
  let dynprm = f_actuator_dynprm + 10 * i;
  let gainprm = f_actuator_gainprm + 10 * i;
  let biasprm = f_actuator_biasprm + 10 * i;
  let ua = f_u + i32at(f_actuator_ctrladr, i);
  let unum = i32at(f_actuator_ctrlnum, i);
  let spec = i32at(f_actuator_ctrlspec, i);
  let length = ld(f_actuator_length + i);
  let velocity = ld(f_actuator_velocity + i);
  let adr = i32at(f_actuator_actadr, i);
  let num = i32at(f_actuator_actnum, i);
  let last = adr + num - 1;
  let on = ld(f_actuator_enable + i);
  let slots = f_act_slot + 5 * i;
  var resistance = par(gainprm);
  var period = 0.0;
  if (gaintype == GAIN_PID || biastype == BIAS_AFFINE) { period = wrapPeriod(i); }

  // activation dynamics
  if (dyn == DYN_INTEGRATOR) {
    for (var j = 0; j < unum; j++) { st(f_act_dot + last - unum + 1 + j, ld(ua + j)); }
  } else if (dyn == DYN_FILTER || dyn == DYN_FILTEREXACT) {
    st(f_act_dot + last, (ld(ua) - ld(f_act + last)) / max(MINVAL, par(dynprm)));
  } else if (dyn == DYN_PID) {
    let slew = i32at(slots, 0);
    let integral = i32at(slots, 1);
    if (slew >= 0) { st(ua, slewLimit(ld(ua), ld(f_act + slew), par(dynprm + 1), h, period, f_act_dot + slew)); }
    if (integral >= 0) {
      let err = wrapSetpoint(ld(ua) - length, 0.0, period);
      st(f_act_dot + integral, windup(err, ld(f_act + integral), par(dynprm)));
    }
  }
  var voltage = 0.0;
  if (gaintype == GAIN_DCMOTOR) {
    let slew = i32at(slots, 0);
    let integral = i32at(slots, 1);
    let temperature = i32at(slots, 2);
    let bristle = i32at(slots, 3);
    let current = i32at(slots, 4);
    let K = par(gainprm + 1);
    var z = 0.0;
    if (slew >= 0) { st(ua, slewLimit(ld(ua), ld(f_act + slew), par(dynprm + 7), h, 0.0, f_act_dot + slew)); }
    if (integral >= 0) {
      z = ld(f_act + integral);
      st(f_act_dot + integral, windup(ld(ua) - length, z, par(dynprm + 8)));
    }
    if (unum > 0) { voltage = ld(f_actuator_supply + i) * dcmotorVoltage(ua, spec, length, velocity, z, gainprm); }
    if (temperature >= 0) {
      // R rises with temperature; the loss heats, the case cools
      let T = ld(f_act + temperature);
      let rt = par(dynprm + 2);
      resistance = resistance * (par(gainprm + 2) * (T + par(dynprm + 4) - par(gainprm + 3)) + 1.0);
      var amps = (voltage - K * velocity) / resistance;
      if (current >= 0) { amps = ld(f_act + current); }
      st(f_act_dot + temperature, (resistance * (amps * amps) - T / rt) / par(dynprm + 3));
    }
    if (bristle >= 0) {
      let g = lugreStribeck(velocity, biasprm);
      let a = -(par(dynprm + 5) * abs(velocity) / max(MINVAL, g));
      st(f_act_dot + bristle, a * ld(f_act + bristle) + velocity);
    }
    if (current >= 0) {
      let dimax = par(dynprm + 1);
      var rate = ((voltage - K * velocity) / resistance - ld(f_act + current)) / par(dynprm);
      if (dimax > 0.0) { rate = clip(rate, -dimax, dimax); }
      st(f_act_dot + current, rate);
    }
  }
  // an actuator that is off holds its activation
  if (on == 0.0) {
    for (var j = adr; j <= last; j++) {
      if (j >= 0) { st(f_act_dot + j, 0.0); }
    }
  }

  // gain
  var force = 0.0;
  var bias_vel = 0.0;
  var gain = par(gainprm);
  var gain_vel = 0.0;
  if (gaintype == GAIN_AFFINE) {
    gain_vel = par(gainprm + 2);
    gain = gain_vel * velocity + (par(gainprm + 1) * length + gain);
  }
  let stateful = gaintype == GAIN_DCMOTOR && i32at(slots, 4) >= 0;
  if (gaintype == GAIN_DCMOTOR) {
    gain = par(gainprm + 1);
    if (!stateful) { gain = gain / max(MINVAL, resistance); }
  }

  // force = gain * (control or activation)
  if (gaintype == GAIN_PID) {
    var a = 0;
    var pos = 0.0;
    var vel = 0.0;
    var ff = 0.0;
    if ((spec & INPUT_POS) != 0) { pos = wrapSetpoint(ld(ua), length, period); a++; }
    if ((spec & INPUT_VEL) != 0) { vel = ld(ua + a); a++; }
    if ((spec & INPUT_FF) != 0) { ff = ld(ua + a); }
    force = ff - par(biasprm + 1) * pos - par(biasprm + 2) * vel;
    let integral = i32at(slots, 1);
    if (integral >= 0) {
      var z = ld(f_act + integral);
      if (i32at(f_actuator_actearly, i) != 0) { z = nextActivation(i, integral, ld(f_act_dot + integral)); }
      force = gain * z + force;
    }
  } else if (num == 0 || (gaintype == GAIN_DCMOTOR && !stateful)) {
    var input = voltage;
    if (gaintype != GAIN_DCMOTOR) {
      input = 0.0;
      if (unum > 0) { input = wrapSetpoint(ld(ua), length, period); }
    }
    force = gain * input;
    if (gaintype == GAIN_AFFINE) { bias_vel = gain_vel * ld(f_ctrl + i32at(f_actuator_ctrladr, i)); }
  } else {
    var x = ld(f_act + last);
    if (i32at(f_actuator_actearly, i) != 0) { x = nextActivation(i, last, ld(f_act_dot + last)); }
    if (gaintype == GAIN_AFFINE) { bias_vel = gain_vel * x; }
    x = wrapSetpoint(x, length, period);
    force = gain * x;
  }

  // bias
  if (biastype == BIAS_AFFINE) {
    force = force + (par(biasprm + 2) * velocity + (par(biasprm + 1) * length + par(biasprm)));
    bias_vel = bias_vel + par(biasprm + 2);
  } else if (biastype == BIAS_DCMOTOR) {
    let K = par(gainprm + 1);
    let R = max(MINVAL, resistance);
    var dV = 0.0;
    if ((spec & (INPUT_POS | INPUT_VEL | INPUT_FF)) != 0) { dV = K - par(gainprm + 6) * (R / K); }
    if (stateful) {
      let te = par(dynprm);
      bias_vel = bias_vel + K * (dV - K) * (1.0 - exp4(-(h / te))) / R;
    } else {
      force = force - gain * K * velocity;
      bias_vel = bias_vel + K * (dV - K) / R;
    }
    if (i32at(slots, 3) >= 0) { bias_vel = bias_vel - par(dynprm + 6); }
  }

  st(f_actuator_force + i, force);
  st(f_act_dvel + i, bias_vel);
}

/** total force of the actuators on a tendon into its range, each in proportion */
fn limitTendonForces() {
  for (var t = 0; t < f_ntendon; t++) {
    if (i32at(f_tendon_actfrclimited, t) == 0) { continue; }
    var total = 0.0;
    for (var i = 0; i < f_nactuator; i++) {
      if (i32at(f_actuator_trntype, i) == TRN_TENDON && i32at(f_actuator_trnid, 2 * i) == t) {
        total = ld(f_actuator_force + i) * ld(f_actuator_enable + i) + total;
      }
    }
    let range = f_tendon_actfrcrange + 2 * t;
    let clipped = clip(total, par(range), par(range + 1));
    if (clipped == total || total == 0.0) { continue; }
    let scale = clipped / total;
    for (var i = 0; i < f_nactuator; i++) {
      if (i32at(f_actuator_trntype, i) == TRN_TENDON && i32at(f_actuator_trnid, 2 * i) == t) {
        st(f_actuator_force + i, scale * ld(f_actuator_force + i));
      }
    }
  }
}

/** clamp of one actuator's force, then what acts on the shaft of a motor beyond the clamp, then into joint space */
fn shaftForce(i: i32) {
  let on = ld(f_actuator_enable + i);
  var force = ld(f_actuator_force + i);
  var lo = 0.0;
  var hi = 0.0;
  let limited = i32at(f_actuator_forcelimited, i) != 0;
  if (limited) {
    let range = f_actuator_forcerange + 2 * i;
    lo = par(range);
    hi = par(range + 1);
    force = clip(force, lo, hi);
  }
  if (i32at(f_actuator_biastype, i) == BIAS_DCMOTOR) {
    let biasprm = f_actuator_biasprm + 10 * i;
    let dynprm = f_actuator_dynprm + 10 * i;
    let A = par(biasprm);
    if (A != 0.0) { force = A * sincos(par(biasprm + 1) * ld(f_actuator_length + i) + par(biasprm + 2)).sin + force; }
    let bristle = i32at(f_act_slot + 5 * i, 3);
    if (bristle >= 0) {
      force = force - (par(dynprm + 5) * ld(f_act + bristle) + par(dynprm + 6) * ld(f_act_dot + bristle));
    }
  }
  let free = !limited || (force > lo && force < hi);
  force = force * on;
  let dvel = f_act_dvel + i;
  st(f_actuator_force + i, force);
  st(dvel, select(0.0, ld(dvel) * on, free));

  // qfrc_actuator = moment' force
  let begin = i32at(f_act_rowadr, i);
  let end = begin + i32at(f_act_rownnz, i);
  for (var k = begin; k < end; k++) {
    let o = f_qfrc_actuator + i32at(f_act_colind, k);
    st(o, ld(f_moment + k) * force + ld(o));
  }
}

/** gravity compensation that actuators carry; clamp of the total actuator force on a joint */
fn jointForces() {
  if (f_gravcomp != 0) {
    for (var i = 0; i < f_nv; i++) {
      if (i32at(f_jnt_actgravcomp, i32at(f_dof_jntid, i)) != 0) { st(f_qfrc_actuator + i, ld(f_qfrc_actuator + i) + ld(f_qfrc_gravcomp + i)); }
    }
  }
  for (var j = 0; j < f_njnt; j++) {
    if (i32at(f_jnt_actfrclimited, j) == 0) { continue; }
    let range = f_jnt_actfrcrange + 2 * j;
    let o = f_qfrc_actuator + i32at(f_jnt_dofadr, j);
    st(o, clip(ld(o), par(range), par(range + 1)));
  }
}
