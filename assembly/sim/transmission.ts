import { quat2Vel, subQuat } from '../math/rotation'
import { copy, mulMat3, mulMatTVec3, mulMatVec3, mulQuat, negQuat, normalize4, quat2Mat, rotVecQuat } from '../math/spatial'
import { add, and, cross1, dot3, eq, ld, mad, mul, neg, or, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { frames } from './frames'
import { bodyBase } from './mocap'
import {
  at, BIAS_AFFINE, DYN_INTEGRATOR, GAIN_FIXED, GAIN_PID, i32at, INT_IMPLICIT, JNT_BALL, JNT_FREE, JNT_SLIDE, LC_SIGN, LC_STRIDE, LNK_P, LNK_R,
  LNK_STRIDE, TRN_JOINT, TRN_JOINTINPARENT, TRN_SITE, TRN_TENDON,
} from './types'

/** frames of sites in the link of their body, site_frame (nsite, 12), from site_pos, site_quat, body_frame */
export function siteConstants(m: usize, p: usize, s: usize): void {
  const tmp = f.tmp(m, s), rot = tmp + 4 * V
  for (let i = 0, n = f.nsite(m); i < n; i++) {
    const F = f.site_frame(m, p) + 12 * V * <usize>i, body = f.body_frame(m, p) + 12 * V * <usize>i32at(f.site_bodyid(m), i)
    normalize4(tmp, f.site_quat(m, p) + 4 * V * <usize>i)
    quat2Mat(rot, tmp)
    mulMat3(F, body, rot)
    mulMatVec3(F + LNK_P, body, f.site_pos(m, p) + 3 * V * <usize>i)
    for (let k: usize = 0; k < 3; k++) st(F + LNK_P + V * k, add(ld(F + LNK_P + V * k), ld(body + LNK_P + V * k)))
  }
}

/** pose of a site in the world: rotation 9, position 3 */
function sitePose(m: usize, p: usize, s: usize, site: i32, out: usize): void {
  const F = f.site_frame(m, p) + 12 * V * <usize>site, base = bodyBase(m, s, i32at(f.site_bodyid(m), site))
  if (!base) {
    copy(out, F, 12)
    return
  }
  mulMat3(out, base, F)
  mulMatVec3(out + LNK_P, base, F + LNK_P)
  for (let k: usize = 0; k < 3; k++) st(out + LNK_P + V * k, add(ld(out + LNK_P + V * k), ld(base + LNK_P + V * k)))
}

/** orientation of a site as MuJoCo's transmission composes it: site_quat before xquat */
function siteQuat(m: usize, p: usize, s: usize, site: i32, out: usize): void {
  mulQuat(out, f.site_quat(m, p) + 4 * V * <usize>site, f.xquat(m, s) + 4 * V * <usize>i32at(f.site_bodyid(m), site))
}

/**
 * Moment of a wrench at a site over the dofs that move it, less those of the reference site: force and torque are the
 * gear in the axes of the reference site, or of the site where there is none. Length 0 without a reference.
 */
function siteTransmission(m: usize, p: usize, s: usize, i: i32, gear: usize): void {
  const site = i32at(f.actuator_trnid(m), 2 * i), ref = i32at(f.actuator_trnid(m), 2 * i + 1)
  const tmp = f.tmp(m, s), S = tmp, R = tmp + 12 * V, F = ref < 0 ? S : R, w = tmp + 24 * V, t = tmp + 30 * V
  sitePose(m, p, s, site, S)
  let length = splat(0)
  if (ref >= 0) {
    sitePose(m, p, s, ref, R)
    for (let k: usize = 0; k < 3; k++) st(t + V * k, sub(ld(S + LNK_P + V * k), ld(R + LNK_P + V * k)))
    mulMatTVec3(t + 3 * V, R, t)
    length = dot3(ld(t + 3 * V), ld(t + 4 * V), ld(t + 5 * V), ld(gear), ld(gear + V), ld(gear + 2 * V))
    siteQuat(m, p, s, site, t)
    siteQuat(m, p, s, ref, t + 4 * V)
    subQuat(t + 8 * V, t, t + 4 * V, t + 12 * V)
    length = add(length, dot3(ld(t + 8 * V), ld(t + 9 * V), ld(t + 10 * V), ld(gear + 3 * V), ld(gear + 4 * V), ld(gear + 5 * V)))
  }
  st(at(f.actuator_length(m, s), i), length)
  mulMatVec3(w, F, gear)
  mulMatVec3(w + 3 * V, F, gear + 3 * V)
  const f0 = ld(w), f1 = ld(w + V), f2 = ld(w + 2 * V), t0 = ld(w + 3 * V), t1 = ld(w + 4 * V), t2 = ld(w + 5 * V)

  const begin = i32at(f.act_rowadr(m), i), end = begin + i32at(f.act_rownnz(m), i)
  for (let k = begin; k < end; k++) {
    const dof = i32at(f.act_colind(m), k), j = i32at(f.dof_jntid(m), dof), side = i32at(f.act_side(m), k), type = i32at(f.jnt_type(m), j)
    const L = f.lnk(m, s) + LNK_STRIDE * <usize>j, out = at(f.moment(m, s), k)
    let sign = splat(<f32>side)
    let c = dof - i32at(f.jnt_dofadr(m), j)
    if (type == JNT_FREE && c < 3) {
      st(out, mul(sign, ld(at(w, c))))
      continue
    }
    if (type > JNT_BALL) {
      c = i32at(f.lnk_axis(m), j)
      sign = mul(sign, ld(f.lnk_const(m, p) + LC_STRIDE * <usize>j + LC_SIGN))
    } else if (type == JNT_FREE) c -= 3
    const a = at(L + LNK_R, c)
    if (type == JNT_SLIDE) {
      st(out, mul(sign, dot3(ld(a), ld(a + 3 * V), ld(a + 6 * V), f0, f1, f2)))
      continue
    }
    const x = (side > 0 ? S : R) + LNK_P, o = L + LNK_P
    const r0 = sub(ld(x), ld(o)), r1 = sub(ld(x + V), ld(o + V)), r2 = sub(ld(x + 2 * V), ld(o + 2 * V))
    st(out, mul(sign, dot3(ld(a), ld(a + 3 * V), ld(a + 6 * V),
      add(t0, cross1(r1, f2, r2, f1)), add(t1, cross1(r2, f0, r0, f2)), add(t2, cross1(r0, f1, r1, f0)))))
  }
}

/** gear of a ball or free joint: a wrench in the frame of the joint, or of its parent */
function jointTransmission(m: usize, p: usize, d: usize, s: usize, i: i32, gear: usize): void {
  const j = i32at(f.actuator_trnid(m), 2 * i), tmp = f.tmp(m, s)
  const moment = at(f.moment(m, s), i32at(f.act_rowadr(m), i)), q = at(f.qpos(m, d), i32at(f.jnt_qposadr(m), j))
  const turn: usize = i32at(f.jnt_type(m), j) == JNT_FREE ? 3 : 0
  const axis = moment + V * turn
  normalize4(tmp, q + V * turn)
  if (i32at(f.actuator_trntype(m), i) == TRN_JOINT) copy(axis, gear + V * turn, 3)
  else {
    negQuat(tmp + 4 * V, tmp)
    rotVecQuat(axis, gear + V * turn, tmp + 4 * V)
  }
  if (turn) {
    copy(moment, gear, 3)
    st(at(f.actuator_length(m, s), i), splat(0))
    return
  }
  quat2Vel(tmp + 8 * V, tmp, splat(1))
  st(at(f.actuator_length(m, s), i), dot3(ld(tmp + 8 * V), ld(tmp + 9 * V), ld(tmp + 10 * V), ld(axis), ld(axis + V), ld(axis + 2 * V)))
}

/**
 * Actuator lengths, velocities and moments: sparse rows over the dofs that the joint, tendon or site moves with.
 *   model   actuator_gear (*), ten_J, site_frame (*)
 *   in      qpos, qvel; ten_length for tendons; lnk R p for sites
 *   out     actuator_length, actuator_velocity (nout), moment (nmoment)
 *   source  MuJoCo engine_core_smooth.c, mj_transmission
 */
export function transmission(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.nactuator(m)
  const gears = f.actuator_gear(m, p), length = f.actuator_length(m, s), velocity = f.actuator_velocity(m, s), moments = f.moment(m, s)
  const qpos = f.qpos(m, d), qvel = f.qvel(m, d), cols = f.act_colind(m), rowadr = f.act_rowadr(m), rownnz = f.act_rownnz(m)
  const trnid = f.actuator_trnid(m), trns = f.actuator_trntype(m), types = f.jnt_type(m), qadr = f.jnt_qposadr(m)
  if (f.refsites(m)) frames(m, p, d, s)

  for (let i = 0; i < n; i++) {
    const id = i32at(trnid, 2 * i), trn = i32at(trns, i)
    const gear = gears + 6 * V * <usize>i
    const adr = i32at(rowadr, i)
    if (trn <= TRN_JOINTINPARENT && i32at(types, id) > JNT_BALL) {
      const g = ld(gear)
      st(at(moments, adr), g)
      st(at(length, i), mul(g, ld(at(qpos, i32at(qadr, id)))))
      st(at(velocity, i), mul(g, ld(at(qvel, i32at(cols, adr)))))
      continue
    }
    const nnz = i32at(rownnz, i)
    if (trn == TRN_TENDON) {
      const g = ld(gear), J = at(f.ten_J(m, p), i32at(f.ten_rowadr(m), id))
      st(at(length, i), mul(g, ld(at(f.ten_length(m, s), id))))
      for (let k = 0; k < nnz; k++) st(at(moments, adr + k), mul(g, ld(at(J, k))))
    } else if (trn == TRN_SITE) siteTransmission(m, p, s, i, gear)
    else jointTransmission(m, p, d, s, i, gear)

    let sum = splat(0)
    for (let k = adr; k < adr + nnz; k++) sum = mad(ld(at(moments, k)), ld(at(qvel, i32at(cols, k))), sum)
    st(at(velocity, i), sum)
  }
}

/** does a step read lengths and moments? Simple actuators do without, unless their derivative is asked for */
// @ts-ignore: decorator
@inline export function usesTransmission(m: usize): bool {
  return f.nsimple(m) < f.nactuator(m) || load<i32>(f.opt_integrator(m)) >= INT_IMPLICIT
}

/** length of the gear's rotational part times 2 pi */
// @ts-ignore: decorator
@inline function fullTurn(gear: usize): v128 {
  const x = ld(gear), y = ld(gear + V), z = ld(gear + 2 * V)
  return mul(splat(6.28318530717959), sqrt4(dot3(x, y, z, x, y, z)))
}

/** period of a rotational servo transmission, 0 for all others (wrapPeriod) */
export function wrapPeriod(m: usize, p: usize, i: i32): v128 {
  const id = i32at(f.actuator_trnid(m), 2 * i), trn = i32at(f.actuator_trntype(m), i)
  const gear = f.actuator_gear(m, p) + 6 * V * <usize>i
  const zero = splat(0)
  let period = zero
  if (trn == TRN_SITE && i32at(f.actuator_trnid(m), 2 * i + 1) >= 0) {
    // purely rotational
    period = and(eq(or(ld(gear), or(ld(gear + V), ld(gear + 2 * V))), zero), fullTurn(gear + 3 * V))
  } else if (trn <= TRN_JOINTINPARENT && i32at(f.jnt_type(m), id) == JNT_BALL) period = fullTurn(gear)
  else return zero
  if (i32at(f.actuator_gaintype(m), i) == GAIN_PID) return period
  const dyn = i32at(f.actuator_dyntype(m), i)
  if (i32at(f.actuator_gaintype(m), i) != GAIN_FIXED || i32at(f.actuator_biastype(m), i) != BIAS_AFFINE || dyn > DYN_INTEGRATOR) return zero
  const gain = ld(f.actuator_gainprm(m, p) + 10 * V * <usize>i)
  const kp = ld(f.actuator_biasprm(m, p) + 10 * V * <usize>i + V)
  return and(eq(gain, neg(kp)), period)
}
