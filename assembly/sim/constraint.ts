import { pow4 } from '../math/exp'
import { quat2Vel } from '../math/rotation'
import { normalize4 } from '../math/spatial'
import { abs4, add, and, clip, div, dot3, eq, gt, ld, le, lt, mad, max4, min4, mul, ne, neg, nmad, or, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import {
  at, CNSTR_EQUALITY, CNSTR_FRICTION_DOF, CNSTR_LIMIT_JOINT, DSBL_CONSTRAINT, DSBL_EQUALITY, DSBL_FRICTIONLOSS, DSBL_LIMIT,
  DSBL_REFSAFE, EFC_AREF, EFC_D, EFC_JAR, EFC_LOSS, EFC_QUAD, EFC_R, EFC_ROWADR, EFC_ROWNNZ, EFC_STRIDE, EFC_TYPE, i32at, JNT_BALL, MAXIMP, MINIMP, MINVAL,
} from './types'

/** A row of the Jacobian under construction: where the next one goes. Lives in tmp[60..63] as integers. */
// @ts-ignore: decorator
@inline function cursor(m: usize, s: usize): usize { return f.tmp(m, s) + 60 * V }
// @ts-ignore: decorator
@inline export function nefc(m: usize, s: usize): i32 { return load<i32>(cursor(m, s)) }

// solver constants of a row (limit_const, eq_const): what does not change from step to step
const RC_STRIDE: usize = 10 * V
const RC_B: usize = 0
const RC_K: usize = V
const RC_DMIN: usize = 2 * V
const RC_RISE: usize = 3 * V
const RC_INVWIDTH: usize = 4 * V
const RC_MID: usize = 5 * V
const RC_INVMID: usize = 6 * V
const RC_INVREST: usize = 7 * V
const RC_POWER: usize = 8 * V
const RC_DIAG: usize = 9 * V

/**
 * Constants of a row from solref, solimp and the inverse inertia it works against (getsolparam, mj_makeImpedance).
 *   out   damping B, stiffness K, impedance curve: dmin, rise, 1 / width, midpoint and its slopes' scales, power; diagonal
 */
function rowConstants(m: usize, p: usize, solref: usize, solimp: usize, diag: v128, out: usize): void {
  const lo = splat(MINIMP), hi = splat(MAXIMP), one = splat(1)
  const dmin = clip(ld(solimp), lo, hi), dmax = clip(ld(solimp + V), lo, hi)
  const width = max4(splat(0), ld(solimp + 2 * V))
  const mid = clip(ld(solimp + 3 * V), lo, hi), power = max4(one, ld(solimp + 4 * V))

  // reference: standard (timeconst, dampratio) or direct (-stiffness, -damping); mixed signs mean the default
  let t = ld(solref), z = ld(solref + V)
  const mixed = v128.xor(gt(t, splat(0)), gt(z, splat(0)))
  t = sel(mixed, splat(0.02), t)
  z = sel(mixed, one, z)
  const standard = gt(t, splat(0))
  if (!(load<i32>(f.opt_disableflags(m)) & DSBL_REFSAFE)) t = sel(standard, max4(t, mul(splat(2), ld(f.opt_timestep(m, p)))), t)
  const dt = mul(dmax, sel(standard, t, one))
  const dtz = mul(dt, sel(standard, z, one))
  st(out + RC_B, sel(standard, div(splat(2), dt), neg(div(z, dmax))))
  st(out + RC_K, sel(standard, div(one, max4(splat(MINVAL), mul(dtz, dtz))), neg(div(t, mul(dmax, dmax)))))

  // a curve without width is flat at its mean
  const wide = gt(width, splat(MINVAL))
  st(out + RC_DMIN, sel(wide, dmin, mul(splat(0.5), add(dmin, dmax))))
  st(out + RC_RISE, and(wide, sub(dmax, dmin)))
  st(out + RC_INVWIDTH, div(one, sel(wide, width, one)))
  st(out + RC_MID, mid)
  const p1 = sub(power, one)
  st(out + RC_INVMID, div(one, sel(eq(p1, splat(0)), one, pow4(mid, p1))))
  st(out + RC_INVREST, div(one, sel(eq(p1, splat(0)), one, pow4(sub(one, mid), p1))))
  // the power 2 of the default must not pass through logarithms
  const square = eq(power, splat(2))
  st(out + RC_INVMID, sel(square, div(one, mid), ld(out + RC_INVMID)))
  st(out + RC_INVREST, sel(square, div(one, sub(one, mid)), ld(out + RC_INVREST)))
  st(out + RC_POWER, power)
  st(out + RC_DIAG, diag)
}

/** impedance d(r) at a violation pos - margin (getimpedance) */
// @ts-ignore: decorator
@inline function impedance(c: usize, violation: v128): v128 {
  const one = splat(1)
  const x = min4(abs4(mul(violation, ld(c + RC_INVWIDTH))), one)
  const power = ld(c + RC_POWER)
  const low = le(x, ld(c + RC_MID))
  const arg = sel(low, x, sub(one, x))
  const scale = sel(low, ld(c + RC_INVMID), ld(c + RC_INVREST))
  let y = mul(arg, arg)
  if (!i32x4.all_true(eq(power, splat(2)))) y = sel(eq(power, splat(2)), y, sel(eq(power, one), arg, pow4(arg, power)))
  y = mul(y, scale)
  return mad(ld(c + RC_RISE), sel(low, y, sub(one, y)), ld(c + RC_DMIN))
}

/** address of the next row's record; its Jacobian is what the caller has put from the cursor on */
// @ts-ignore: decorator
@inline function beginRow(m: usize, s: usize, type: i32, nnz: i32): usize {
  const c = cursor(m, s)
  const r = load<i32>(c), adr = load<i32>(c, 4)
  const e = f.efc(m, s) + EFC_STRIDE * <usize>r
  store<i32>(e, type, EFC_TYPE)
  store<i32>(e, nnz, EFC_ROWNNZ)
  store<i32>(e, adr, EFC_ROWADR)
  store<i32>(c, r + 1)
  store<i32>(c, adr + nnz, 4)
  return e
}

/**
 * Append one row: its regularizer and reference acceleration (mj_makeImpedance, mj_referenceConstraint).
 * The caller has written efc_J and efc_colind from the cursor on.
 *   has   mask: worlds that have the row
 *   vel   J qvel
 *   acc   J qacc_warmstart: the solver begins there, so the row's residual and zone are those of it
 */
function addRow(m: usize, s: usize, type: i32, nnz: i32, has: v128, violation: v128, vel: v128, acc: v128, c: usize): void {
  const e = beginRow(m, s, type, nnz)
  const imp = impedance(c, violation)
  // R = (1 - d) / d * diagonal; its lower bound is that of MuJoCo
  const D = div(imp, max4(splat(MINVAL), mul(sub(splat(1), imp), ld(c + RC_DIAG))))
  st(e + EFC_D, and(has, D))
  const aref = and(has, neg(mad(mul(ld(c + RC_K), imp), violation, mul(ld(c + RC_B), vel))))
  st(e + EFC_AREF, aref)
  const jar = sub(acc, aref)
  st(e + EFC_JAR, jar)
  st(e + EFC_QUAD, type == CNSTR_EQUALITY ? i32x4.splat(-1) : lt(jar, splat(0)))
}

// @ts-ignore: decorator
@inline function putJ(m: usize, s: usize, k: i32, dof: i32, value: v128): void {
  const a = load<i32>(cursor(m, s), 4) + k
  store<i32>(f.efc_colind(m, s) + 4 * <usize>a, dof)
  st(at(f.efc_J(m, s), a), value)
}

/** Constants of all rows a model can have, once dof_invweight0 is known. */
export function constraintConstants(m: usize, p: usize, s: usize): void {
  const invweight = f.dof_invweight0(m, p), dadr = f.jnt_dofadr(m)
  const nj = f.njnt(m), nv = f.nv(m), ne = f.neq(m)
  for (let j = 0; j < nj; j++) {
    rowConstants(m, p, f.jnt_solref(m, p) + 2 * V * <usize>j, f.jnt_solimp(m, p) + 5 * V * <usize>j, ld(at(invweight, i32at(dadr, j))),
      f.limit_const(m, p) + RC_STRIDE * <usize>j)
  }
  for (let i = 0; i < ne; i++) {
    let diag = ld(at(invweight, i32at(dadr, i32at(f.eq_obj1id(m), i))))
    const other = i32at(f.eq_obj2id(m), i)
    if (other >= 0) diag = add(diag, ld(at(invweight, i32at(dadr, other))))
    rowConstants(m, p, f.eq_solref(m, p) + 2 * V * <usize>i, f.eq_solimp(m, p) + 5 * V * <usize>i, diag, f.eq_const(m, p) + RC_STRIDE * <usize>i)
  }
  for (let i = 0; i < nv; i++) {
    const out = f.friction_const(m, p) + 3 * V * <usize>i
    const tmp = f.tmp(m, s)
    rowConstants(m, p, f.dof_solref(m, p) + 2 * V * <usize>i, f.dof_solimp(m, p) + 5 * V * <usize>i, ld(at(invweight, i)), tmp)
    const imp = impedance(tmp, splat(0))
    const R = max4(splat(MINVAL), div(mul(sub(splat(1), imp), ld(tmp + RC_DIAG)), imp))
    st(out, div(splat(1), R))
    st(out + V, R)
    st(out + 2 * V, ld(tmp + RC_B))
  }
}

/**
 * All constraint rows that some world of the block has, in MuJoCo's order: equality, friction, limit.
 *   model   eq_* dof_frictionloss dof_sol* jnt_range jnt_margin jnt_sol* dof_invweight0 (*)
 *   in      qpos, qvel
 *   out     efc, efc_J, efc_colind; returns the mask of worlds with at least one row
 *   source  MuJoCo engine_core_constraint.c, mj_makeConstraint
 */
export function makeConstraint(m: usize, p: usize, d: usize, s: usize): v128 {
  const c = cursor(m, s)
  store<i32>(c, 0)
  store<i32>(c, 0, 4)
  const disable = load<i32>(f.opt_disableflags(m))
  let some = i32x4.splat(0)
  if (disable & DSBL_CONSTRAINT) return some
  const qpos = f.qpos(m, d), qvel = f.qvel(m, d), qpos0 = f.qpos0(m, p)
  const qadr = f.jnt_qposadr(m), dadr = f.jnt_dofadr(m), tmp = f.tmp(m, s)
  const warm = f.qacc_warmstart(m, d)
  const zero = splat(0), all = i32x4.splat(-1)

  // equality between two joints, or one joint and a constant
  const neq = disable & DSBL_EQUALITY ? 0 : f.neq(m)
  for (let i = 0; i < neq; i++) {
    if (!i32at(f.eq_active0(m), i)) continue
    const j1 = i32at(f.eq_obj1id(m), i), j2 = i32at(f.eq_obj2id(m), i)
    const data = f.eq_data(m, p) + 11 * V * <usize>i
    const q1 = i32at(qadr, j1), v1 = i32at(dadr, j1)
    let pos = sub(sub(ld(at(qpos, q1)), ld(at(qpos0, q1))), ld(data))
    let vel = ld(at(qvel, v1)), acc = ld(at(warm, v1))
    putJ(m, s, 0, v1, splat(1))
    let nnz = 1
    if (j2 >= 0) {
      const q2 = i32at(qadr, j2), v2 = i32at(dadr, j2)
      const x = sub(ld(at(qpos, q2)), ld(at(qpos0, q2)))
      const c1 = ld(data + V), c2 = ld(data + 2 * V), c3 = ld(data + 3 * V), c4 = ld(data + 4 * V)
      pos = nmad(x, mad(x, mad(x, mad(x, c4, c3), c2), c1), pos)
      const slope = mad(x, mad(x, mad(x, mul(splat(4), c4), mul(splat(3), c3)), mul(splat(2), c2)), c1)
      putJ(m, s, 1, v2, neg(slope))
      nnz = 2
      vel = nmad(slope, ld(at(qvel, v2)), vel)
      acc = nmad(slope, ld(at(warm, v2)), acc)
    }
    addRow(m, s, CNSTR_EQUALITY, nnz, all, pos, vel, acc, f.eq_const(m, p) + RC_STRIDE * <usize>i)
    some = all
  }

  // friction loss: no position, so everything but the velocity is constant
  const nf = disable & DSBL_FRICTIONLOSS ? 0 : f.nfriction(m)
  for (let k = 0; k < nf; k++) {
    const i = i32at(f.friction_dof(m), k)
    const loss = ld(at(f.dof_frictionloss(m, p), i))
    const has = ne(loss, zero)
    if (!v128.any_true(has)) continue
    putJ(m, s, 0, i, splat(1))
    const e = beginRow(m, s, CNSTR_FRICTION_DOF, 1)
    const c = f.friction_const(m, p) + 3 * V * <usize>i
    st(e + EFC_D, and(has, ld(c)))
    st(e + EFC_R, ld(c + V))
    st(e + EFC_LOSS, loss)
    const aref = and(has, neg(mul(ld(c + 2 * V), ld(at(qvel, i)))))
    st(e + EFC_AREF, aref)
    const jar = sub(ld(at(warm, i)), aref)
    st(e + EFC_JAR, jar)
    st(e + EFC_QUAD, lt(abs4(jar), mul(ld(c + V), loss)))
    some = or(some, has)
  }

  // joint limits
  const nl = disable & DSBL_LIMIT ? 0 : f.nlimit(m)
  for (let k = 0; k < nl; k++) {
    const j = i32at(f.limit_jnt(m), k)
    const range = f.jnt_range(m, p) + 2 * V * <usize>j
    const margin = ld(at(f.jnt_margin(m, p), j))
    const q = at(qpos, i32at(qadr, j)), dof = i32at(dadr, j)
    const c = f.limit_const(m, p) + RC_STRIDE * <usize>j

    if (i32at(f.jnt_type(m), j) == JNT_BALL) {
      // angle of the rotation, about its own axis
      normalize4(tmp, q)
      quat2Vel(tmp + 4 * V, tmp, splat(1))
      const x = ld(tmp + 4 * V), y = ld(tmp + 5 * V), z = ld(tmp + 6 * V)
      const angle = sqrt4(dot3(x, y, z, x, y, z))
      const dist = sub(max4(ld(range), ld(range + V)), angle)
      const has = lt(dist, margin)
      if (!v128.any_true(has)) continue
      const still = lt(angle, splat(MINVAL))
      const inv = div(splat(-1), sel(still, splat(1), angle))
      const j0 = sel(still, splat(-1), mul(x, inv)), j1 = mul(y, inv), j2 = mul(z, inv)
      putJ(m, s, 0, dof, j0)
      putJ(m, s, 1, dof + 1, j1)
      putJ(m, s, 2, dof + 2, j2)
      const vel = dot3(j0, j1, j2, ld(at(qvel, dof)), ld(at(qvel, dof + 1)), ld(at(qvel, dof + 2)))
      const acc = dot3(j0, j1, j2, ld(at(warm, dof)), ld(at(warm, dof + 1)), ld(at(warm, dof + 2)))
      addRow(m, s, CNSTR_LIMIT_JOINT, 3, has, sub(dist, margin), vel, acc, c)
      some = or(some, has)
      continue
    }

    const value = ld(q), vel = ld(at(qvel, dof)), acc = ld(at(warm, dof))
    const lower = sub(sub(value, ld(range)), margin), upper = sub(sub(ld(range + V), value), margin)
    const atLower = lt(lower, zero), atUpper = lt(upper, zero)
    const either = or(atLower, atUpper)
    if (!v128.any_true(either)) continue
    some = or(some, either)
    if (!v128.any_true(and(atLower, atUpper))) {
      // no world touches both ends: one row, whose sign differs by world
      const side = sel(atUpper, splat(-1), splat(1))
      putJ(m, s, 0, dof, side)
      addRow(m, s, CNSTR_LIMIT_JOINT, 1, either, sel(atUpper, upper, lower), mul(side, vel), mul(side, acc), c)
      continue
    }
    putJ(m, s, 0, dof, splat(1))
    addRow(m, s, CNSTR_LIMIT_JOINT, 1, atLower, lower, vel, acc, c)
    putJ(m, s, 0, dof, splat(-1))
    addRow(m, s, CNSTR_LIMIT_JOINT, 1, atUpper, upper, neg(vel), neg(acc), c)
  }
  return some
}
