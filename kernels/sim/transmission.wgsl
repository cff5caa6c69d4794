// import { quat2Vel, subQuat } from '../math/rotation'
// import { mulQuat, negQuat, normalize4, quat2Mat, rotVecQuat } from '../math/spatial'
// import { i32at, ld, ld3, ld4, ldmat3, par, par3, par4, parmat3, setpar, st, st3 } from '../math/v4'
// import { frames } from './frames'
// import { bodyBase } from './mocap'
// import { BIAS_AFFINE, DYN_INTEGRATOR, GAIN_FIXED, GAIN_PID, INT_IMPLICIT, JNT_BALL, JNT_FREE, JNT_SLIDE, LC_SIGN, LC_STRIDE } from './types'
// import { LNK_P, LNK_R, LNK_STRIDE, TRN_JOINT, TRN_JOINTINPARENT, TRN_SITE, TRN_TENDON } from './types'

/** frames of sites in the link of their body, site_frame (nsite, 12), from site_pos, site_quat, body_frame */
fn siteConstants() {
  for (var i = 0; i < f_nsite; i++) {
    let F = f_site_frame + 12 * i;
    let body = f_body_frame + 12 * i32at(f_site_bodyid, i);
    let base = parmat3(body);
    let rot = base * quat2Mat(normalize4(par4(f_site_quat + 4 * i)));
    let pos = base * par3(f_site_pos + 3 * i) + par3(body + LNK_P);
    for (var k = 0; k < 9; k++) { setpar(F + k, rot[k % 3][k / 3]); }
    for (var k = 0; k < 3; k++) { setpar(F + LNK_P + k, pos[k]); }
  }
}

struct SitePose { rot: mat3x3f, pos: vec3f }

/** pose of a site in the world: rotation 9, position 3 */
fn sitePose(site: i32) -> SitePose {
  let F = f_site_frame + 12 * site;
  let base = bodyBase(i32at(f_site_bodyid, site));
  if (base == 0) { return SitePose(parmat3(F), par3(F + LNK_P)); }
  let R = ldmat3(base);
  return SitePose(R * parmat3(F), R * par3(F + LNK_P) + ld3(base + LNK_P));
}

/** orientation of a site as MuJoCo's transmission composes it: site_quat before xquat */
fn siteQuat(site: i32) -> vec4f { return mulQuat(par4(f_site_quat + 4 * site), ld4(f_xquat + 4 * i32at(f_site_bodyid, site))); }

/**
 * Moment of a wrench at a site over the dofs that move it, less those of the reference site: force and torque are the
 * gear in the axes of the reference site, or of the site where there is none. Length 0 without a reference.
 */
fn siteTransmission(i: i32, gear: i32) {
  let site = i32at(f_actuator_trnid, 2 * i);
  let other = i32at(f_actuator_trnid, 2 * i + 1);
  let S = sitePose(site);
  var R = S;
  var length = 0.0;
  if (f_refsites != 0) {
    if (other >= 0) {
      R = sitePose(other);
      length = dot(transpose(R.rot) * (S.pos - R.pos), par3(gear));
      length += dot(subQuat(siteQuat(site), siteQuat(other)), par3(gear + 3));
    }
  }
  st(f_actuator_length + i, length);
  let force = R.rot * par3(gear);
  let torque = R.rot * par3(gear + 3);

  let begin = i32at(f_act_rowadr, i);
  let end = begin + i32at(f_act_rownnz, i);
  for (var k = begin; k < end; k++) {
    let dof = i32at(f_act_colind, k);
    let j = i32at(f_dof_jntid, dof);
    let side = i32at(f_act_side, k);
    let kind = i32at(f_jnt_type, j);
    let L = f_lnk + LNK_STRIDE * j;
    let out = f_moment + k;
    var sign = f32(side);
    var c = dof - i32at(f_jnt_dofadr, j);
    if (kind == JNT_FREE && c < 3) {
      st(out, sign * force[c]);
      continue;
    }
    if (kind > JNT_BALL) {
      c = i32at(f_lnk_axis, j);
      sign = sign * par(f_lnk_const + LC_STRIDE * j + LC_SIGN);
    } else if (kind == JNT_FREE) { c -= 3; }
    let column = L + LNK_R + c;
    let a = vec3f(ld(column), ld(column + 3), ld(column + 6));
    if (kind == JNT_SLIDE) {
      st(out, sign * dot(a, force));
      continue;
    }
    let r = select(R.pos, S.pos, side > 0) - ld3(L + LNK_P);
    st(out, sign * dot(a, torque + cross(r, force)));
  }
}

/** gear of a ball or free joint: a wrench in the frame of the joint, or of its parent */
fn jointTransmission(i: i32, gear: i32) {
  let j = i32at(f_actuator_trnid, 2 * i);
  let moment = f_moment + i32at(f_act_rowadr, i);
  let turn = select(0, 3, i32at(f_jnt_type, j) == JNT_FREE);
  let quat = normalize4(ld4(f_qpos + i32at(f_jnt_qposadr, j) + turn));
  var axis = par3(gear + turn);
  if (i32at(f_actuator_trntype, i) != TRN_JOINT) { axis = rotVecQuat(axis, negQuat(quat)); }
  st3(moment + turn, axis);
  if (turn > 0) {
    st3(moment, par3(gear));
    st(f_actuator_length + i, 0.0);
    return;
  }
  st(f_actuator_length + i, dot(quat2Vel(quat, 1.0), axis));
}

/**
 * Actuator lengths, velocities and moments: sparse rows over the dofs that the joint, tendon or site moves with.
 *   model   actuator_gear (*), ten_J, site_frame (*)
 *   in      qpos, qvel; ten_length for tendons; lnk R p for sites
 *   out     actuator_length, actuator_velocity (nout), moment (nmoment)
 *   source  MuJoCo engine_core_smooth.c, mj_transmission
 */
fn transmission() {
  if (f_refsites != 0) {
    frames();
  }

  for (var i = 0; i < f_nactuator; i++) {
    let id = i32at(f_actuator_trnid, 2 * i);
    let trn = i32at(f_actuator_trntype, i);
    let gear = f_actuator_gear + 6 * i;
    let adr = i32at(f_act_rowadr, i);
    // what the id is of decides what may be looked up with it
    var scalar = false;
    if (trn <= TRN_JOINTINPARENT) { scalar = i32at(f_jnt_type, id) > JNT_BALL; }
    if (scalar) {
      let g = par(gear);
      st(f_moment + adr, g);
      st(f_actuator_length + i, g * ld(f_qpos + i32at(f_jnt_qposadr, id)));
      st(f_actuator_velocity + i, g * ld(f_qvel + i32at(f_act_colind, adr)));
      continue;
    }
    let nnz = i32at(f_act_rownnz, i);
    if (trn == TRN_TENDON) {
      let g = par(gear);
      let J = f_ten_J + i32at(f_ten_rowadr, id);
      st(f_actuator_length + i, g * ld(f_ten_length + id));
      for (var k = 0; k < nnz; k++) { st(f_moment + adr + k, g * par(J + k)); }
    } else if (trn == TRN_SITE) {
      siteTransmission(i, gear);
    } else {
      jointTransmission(i, gear);
    }

    var sum = 0.0;
    for (var k = adr; k < adr + nnz; k++) { sum += ld(f_moment + k) * ld(f_qvel + i32at(f_act_colind, k)); }
    st(f_actuator_velocity + i, sum);
  }
}

/** does a step read lengths and moments? Simple actuators do without, unless their derivative is asked for */
fn usesTransmission() -> bool { return f_nsimple < f_nactuator || f_opt_integrator >= INT_IMPLICIT; }

/** length of the gear's rotational part times 2 pi */
fn fullTurn(gear: i32) -> f32 {
  let x = par3(gear);
  return 6.28318530717959 * sqrt(dot(x, x));
}

/** period of a rotational servo transmission, 0 for all others (wrapPeriod) */
fn wrapPeriod(i: i32) -> f32 {
  let id = i32at(f_actuator_trnid, 2 * i);
  let trn = i32at(f_actuator_trntype, i);
  let gear = f_actuator_gear + 6 * i;
  var period = 0.0;
  if (trn == TRN_SITE) {
    if (i32at(f_actuator_trnid, 2 * i + 1) < 0) { return 0.0; }
    // purely rotational
    if (all(par3(gear) == vec3f())) { period = fullTurn(gear + 3); }
  } else {
    if (trn > TRN_JOINTINPARENT) { return 0.0; }
    if (i32at(f_jnt_type, id) != JNT_BALL) { return 0.0; }
    period = fullTurn(gear);
  }
  if (i32at(f_actuator_gaintype, i) == GAIN_PID) { return period; }
  let dyn = i32at(f_actuator_dyntype, i);
  if (i32at(f_actuator_gaintype, i) != GAIN_FIXED || i32at(f_actuator_biastype, i) != BIAS_AFFINE || dyn > DYN_INTEGRATOR) { return 0.0; }
  let gain = par(f_actuator_gainprm + 10 * i);
  let kp = par(f_actuator_biasprm + 10 * i + 1);
  return select(0.0, period, gain == -kp);
}
