import { pow4 } from '../math/exp'
import { quat2Vel } from '../math/rotation'
import { normalize4 } from '../math/spatial'
import { abs4, add, and, clip, div, dot3, eq, ge, gt, ld, le, lt, mad, max4, mul, ne, neg, nmad, or, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import {
  at, CNSTR_EQUALITY, CNSTR_FRICTION_DOF, CNSTR_LIMIT_JOINT, DSBL_CONSTRAINT, DSBL_EQUALITY, DSBL_FRICTIONLOSS, DSBL_LIMIT,
  DSBL_REFSAFE, i32at, JNT_BALL, MAXIMP, MINIMP, MINVAL,
} from './types'

/** A row of the Jacobian under construction: where the next one goes. Lives in tmp[60..63] as integers. */
// @ts-ignore: decorator
@inline function cursor(m: usize, s: usize): usize { return f.tmp(m, s) + 60 * V }
// @ts-ignore: decorator
@inline export function nefc(m: usize, s: usize): i32 { return load<i32>(cursor(m, s)) }

/** b^(p) for the two exponents MuJoCo's default needs, the general power for the rest */
function power(x: v128, p: v128): v128 {
  const two = eq(p, splat(2)), one = eq(p, splat(1))
  if (i32x4.all_true(or(one, two))) return sel(two, mul(x, x), x)
  return pow4(x, p)
}

/** impedance d(r) of a constraint (getimpedance); solimp is clamped as getsolparam does */
function impedance(solimp: usize, pos: v128, margin: v128): v128 {
  const lo = splat(MINIMP), hi = splat(MAXIMP)
  const dmin = clip(ld(solimp), lo, hi), dmax = clip(ld(solimp + V), lo, hi)
  const width = max4(splat(0), ld(solimp + 2 * V))
  const mid = clip(ld(solimp + 3 * V), lo, hi), p = max4(splat(1), ld(solimp + 4 * V))

  const wide = gt(width, splat(MINVAL))
  const x = abs4(div(sub(pos, margin), sel(wide, width, splat(1))))
  // a x^p below the midpoint, mirrored above
  const p1 = sub(p, splat(1))
  const low = le(x, mid)
  const base = sel(low, mid, sub(splat(1), mid))
  const arg = sel(low, x, sub(splat(1), x))
  let y = div(power(arg, p), sel(eq(p1, splat(0)), splat(1), power(base, p1)))
  y = sel(low, y, sub(splat(1), y))
  y = sel(eq(p, splat(1)), x, y)
  y = clip(y, splat(0), splat(1))
  y = sel(ge(x, splat(1)), splat(1), sel(le(x, splat(0)), splat(0), y))
  const d = mad(y, sub(dmax, dmin), dmin)
  return sel(and(wide, ne(dmin, dmax)), d, mul(splat(0.5), add(dmin, dmax)))
}

/**
 * Append one row: its regularizer, reference acceleration and bookkeeping (mj_makeImpedance, mj_referenceConstraint).
 * The caller has written efc_J and efc_colind from the cursor on.
 *   has      mask: worlds that have the row
 *   vel      J qvel
 *   friction K = 0
 */
function addRow(m: usize, p: usize, s: usize, type: i32, nnz: i32, has: v128, pos: v128, margin: v128, vel: v128, diag: v128,
  solref: usize, solimp: usize, floss: v128): void {
  const c = cursor(m, s)
  const r = load<i32>(c), adr = load<i32>(c, 4)
  store<i32>(f.efc_type(m, s) + 4 * <usize>r, type)
  store<i32>(f.efc_rownnz(m, s) + 4 * <usize>r, nnz)
  store<i32>(f.efc_rowadr(m, s) + 4 * <usize>r, adr)
  store<i32>(c, r + 1)
  store<i32>(c, adr + nnz, 4)

  const imp = impedance(solimp, pos, margin)
  const R = max4(splat(MINVAL), div(mul(sub(splat(1), imp), diag), imp))
  st(at(f.efc_R(m, s), r), R)
  st(at(f.efc_D(m, s), r), and(has, div(splat(1), R)))
  st(at(f.efc_frictionloss(m, s), r), and(has, floss))

  // reference: standard (timeconst, dampratio) or direct (-stiffness, -damping); mixed signs mean the default
  let t = ld(solref), z = ld(solref + V)
  const mixed = v128.xor(gt(t, splat(0)), gt(z, splat(0)))
  t = sel(mixed, splat(0.02), t)
  z = sel(mixed, splat(1), z)
  const standard = gt(t, splat(0))
  if (!(load<i32>(f.opt_disableflags(m)) & DSBL_REFSAFE)) t = sel(standard, max4(t, mul(splat(2), ld(f.opt_timestep(m, p)))), t)
  const dmax = clip(ld(solimp + V), splat(MINIMP), splat(MAXIMP))
  const dt = mul(dmax, sel(standard, t, splat(1)))
  const dtz = mul(dt, sel(standard, z, splat(1)))
  const B = sel(standard, div(splat(2), dt), neg(div(z, dmax)))
  let aref = neg(mul(B, vel))
  if (type != CNSTR_FRICTION_DOF) {
    const K = sel(standard, div(splat(1), max4(splat(MINVAL), mul(dtz, dtz))), neg(div(t, mul(dmax, dmax))))
    aref = nmad(mul(K, imp), sub(pos, margin), aref)
  }
  st(at(f.efc_aref(m, s), r), and(has, aref))
}

// @ts-ignore: decorator
@inline function putJ(m: usize, s: usize, k: i32, dof: i32, value: v128): void {
  const a = load<i32>(cursor(m, s), 4) + k
  store<i32>(f.efc_colind(m, s) + 4 * <usize>a, dof)
  st(at(f.efc_J(m, s), a), value)
}

/**
 * All constraint rows that some world of the block has, in MuJoCo's order: equality, friction, limit.
 *   model   eq_* dof_frictionloss dof_sol* jnt_range jnt_margin jnt_sol* dof_invweight0 (*)
 *   in      qpos, qvel
 *   out     efc_*; returns the mask of worlds with at least one row
 *   source  MuJoCo engine_core_constraint.c, mj_makeConstraint
 */
export function makeConstraint(m: usize, p: usize, d: usize, s: usize): v128 {
  const c = cursor(m, s)
  store<i32>(c, 0)
  store<i32>(c, 0, 4)
  const disable = load<i32>(f.opt_disableflags(m))
  let some = i32x4.splat(0)
  if (disable & DSBL_CONSTRAINT) return some
  const qpos = f.qpos(m, d), qvel = f.qvel(m, d), qpos0 = f.qpos0(m, p), invweight = f.dof_invweight0(m, p)
  const qadr = f.jnt_qposadr(m), dadr = f.jnt_dofadr(m), tmp = f.tmp(m, s)
  const zero = splat(0), all = i32x4.splat(-1)

  // equality between two joints, or one joint and a constant
  const neq = disable & DSBL_EQUALITY ? 0 : f.neq(m)
  for (let i = 0; i < neq; i++) {
    if (!i32at(f.eq_active0(m), i)) continue
    const j1 = i32at(f.eq_obj1id(m), i), j2 = i32at(f.eq_obj2id(m), i)
    const data = f.eq_data(m, p) + 11 * V * <usize>i
    const q1 = i32at(qadr, j1), v1 = i32at(dadr, j1)
    let pos = sub(sub(ld(at(qpos, q1)), ld(at(qpos0, q1))), ld(data))
    let vel = ld(at(qvel, v1)), diag = ld(at(invweight, v1))
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
      diag = add(diag, ld(at(invweight, v2)))
    }
    addRow(m, p, s, CNSTR_EQUALITY, nnz, all, pos, zero, vel, diag, f.eq_solref(m, p) + 2 * V * <usize>i, f.eq_solimp(m, p) + 5 * V * <usize>i, zero)
    some = all
  }

  // friction loss
  const nf = disable & DSBL_FRICTIONLOSS ? 0 : f.nfriction(m)
  for (let k = 0; k < nf; k++) {
    const i = i32at(f.friction_dof(m), k)
    const loss = ld(at(f.dof_frictionloss(m, p), i))
    const has = ne(loss, zero)
    if (!v128.any_true(has)) continue
    putJ(m, s, 0, i, splat(1))
    addRow(m, p, s, CNSTR_FRICTION_DOF, 1, has, zero, zero, ld(at(qvel, i)), ld(at(invweight, i)),
      f.dof_solref(m, p) + 2 * V * <usize>i, f.dof_solimp(m, p) + 5 * V * <usize>i, loss)
    some = or(some, has)
  }

  // joint limits
  const nl = disable & DSBL_LIMIT ? 0 : f.nlimit(m)
  for (let k = 0; k < nl; k++) {
    const j = i32at(f.limit_jnt(m), k)
    const range = f.jnt_range(m, p) + 2 * V * <usize>j
    const margin = ld(at(f.jnt_margin(m, p), j))
    const q = at(qpos, i32at(qadr, j)), dof = i32at(dadr, j)
    const solref = f.jnt_solref(m, p) + 2 * V * <usize>j, solimp = f.jnt_solimp(m, p) + 5 * V * <usize>j
    const diag = ld(at(invweight, dof))

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
      addRow(m, p, s, CNSTR_LIMIT_JOINT, 3, has, dist, margin, vel, diag, solref, solimp, zero)
      some = or(some, has)
      continue
    }

    const value = ld(q), vel = ld(at(qvel, dof))
    const lower = sub(value, ld(range)), upper = sub(ld(range + V), value)
    let has = lt(lower, margin)
    if (v128.any_true(has)) {
      putJ(m, s, 0, dof, splat(1))
      addRow(m, p, s, CNSTR_LIMIT_JOINT, 1, has, lower, margin, vel, diag, solref, solimp, zero)
      some = or(some, has)
    }
    has = lt(upper, margin)
    if (v128.any_true(has)) {
      putJ(m, s, 0, dof, splat(-1))
      addRow(m, p, s, CNSTR_LIMIT_JOINT, 1, has, upper, margin, neg(vel), diag, solref, solimp, zero)
      some = or(some, has)
    }
  }
  return some
}
