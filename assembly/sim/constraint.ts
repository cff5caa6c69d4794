import { quat2Vel } from '../math/rotation'
import { normalize4 } from '../math/spatial'
import { add, and, div, dot3, gt, ld, lt, mad, max4, mul, ne, neg, or, sel, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { C_DIM, C_HAS, makeContacts, sizeOf } from './contact'
import { ncon } from './collision/driver'
import { equalityDiagonal, makeEqualities } from './equality'
import { addFriction, addRow, ctcEnd, impedance, nefc, putJ, RC_B, RC_STRIDE, rowConstants } from './row'
import {
  at, CONE_ELLIPTIC, CNSTR_FRICTION_DOF, CNSTR_FRICTION_TENDON, CNSTR_LIMIT_JOINT, CNSTR_LIMIT_TENDON, DSBL_CONSTRAINT, DSBL_EQUALITY, DSBL_FRICTIONLOSS,
  DSBL_LIMIT, EFC_D, EFC_STRIDE, i32at, JNT_BALL, MINVAL,
} from './types'

/** Constants of all rows a model can have, once dof_invweight0 is known. */
export function constraintConstants(m: usize, p: usize, s: usize): void {
  const invweight = f.dof_invweight0(m, p), dadr = f.jnt_dofadr(m)
  const nj = f.njnt(m), nv = f.nv(m), ne = f.neq(m)
  for (let j = 0; j < nj; j++) {
    rowConstants(m, p, f.jnt_solref(m, p) + 2 * V * <usize>j, f.jnt_solimp(m, p) + 5 * V * <usize>j, ld(at(invweight, i32at(dadr, j))),
      f.limit_const(m, p) + RC_STRIDE * <usize>j)
  }
  for (let i = 0; i < ne; i++) {
    rowConstants(m, p, f.eq_solref(m, p) + 2 * V * <usize>i, f.eq_solimp(m, p) + 5 * V * <usize>i, equalityDiagonal(m, p, i, 0),
      f.eq_const(m, p) + RC_STRIDE * <usize>i)
  }
  for (let i = 0; i < nv; i++) {
    frictionConstants(m, p, s, f.dof_solref(m, p) + 2 * V * <usize>i, f.dof_solimp(m, p) + 5 * V * <usize>i, ld(at(invweight, i)),
      f.friction_const(m, p) + 3 * V * <usize>i)
  }
  for (let i = 0; i < f.ntendon(m); i++) {
    const t = <usize>i, diag = ld(at(f.tendon_invweight0(m, p), i))
    frictionConstants(m, p, s, f.tendon_solref_fri(m, p) + 2 * V * t, f.tendon_solimp_fri(m, p) + 5 * V * t, diag, f.ten_friction_const(m, p) + 3 * V * t)
    rowConstants(m, p, f.tendon_solref_lim(m, p) + 2 * V * t, f.tendon_solimp_lim(m, p) + 5 * V * t, diag, f.ten_limit_const(m, p) + RC_STRIDE * t)
  }
}

/** D, R and damping of a row of friction loss */
function frictionConstants(m: usize, p: usize, s: usize, solref: usize, solimp: usize, diag: v128, out: usize): void {
  const tmp = f.tmp(m, s)
  rowConstants(m, p, solref, solimp, diag, tmp)
  const imp = impedance(tmp, splat(0))
  const R = max4(splat(MINVAL), div(mul(sub(splat(1), imp), diag), imp))
  st(out, div(splat(1), R))
  st(out + V, R)
  st(out + 2 * V, ld(tmp + RC_B))
}

/** Jacobian of tendon i, times a side, as the row under construction; out: J qvel, J qacc_warmstart */
function tendonRow(m: usize, p: usize, d: usize, s: usize, i: i32, side: v128, out: usize): i32 {
  const n = i32at(f.ten_rownnz(m), i), adr = i32at(f.ten_rowadr(m), i)
  const col = f.ten_colind(m), J = f.ten_J(m, p), qvel = f.qvel(m, d), warm = f.qacc_warmstart(m, d)
  let vel = splat(0), acc = splat(0)
  for (let k = 0; k < n; k++) {
    const dof = i32at(col, adr + k), x = mul(side, ld(at(J, adr + k)))
    putJ(m, s, k, dof, x)
    vel = mad(x, ld(at(qvel, dof)), vel)
    acc = mad(x, ld(at(warm, dof)), acc)
  }
  st(out, vel)
  st(out + V, acc)
  return n
}

/**
 * All constraint rows, in MuJoCo's order: equality, friction, limit, contact.
 *   model   eq_* dof_frictionloss dof_sol* jnt_range jnt_margin jnt_sol* dof_invweight0 (*)
 *   in      qpos, qvel
 *   out     efc, efc_J, efc_colind; returns whether there is one, by world
 *   source  MuJoCo engine_core_constraint.c, mj_makeConstraint
 */
export function makeConstraint(m: usize, p: usize, d: usize, s: usize): v128 {
  const cursor = f.cursor(m, s)
  store<i32>(cursor, 0)
  store<i32>(cursor, 0, 4)
  store<u32>(cursor, <u32>f.ctc(m, s), 12)
  store<i32>(cursor, 0, 16)
  const disable = load<i32>(f.opt_disableflags(m))
  let some = i32x4.splat(0)
  if (disable & DSBL_CONSTRAINT) return some
  const qpos = f.qpos(m, d), qvel = f.qvel(m, d), qpos0 = f.qpos0(m, p)
  const qadr = f.jnt_qposadr(m), dadr = f.jnt_dofadr(m), tmp = f.tmp(m, s)
  const warm = f.qacc_warmstart(m, d)
  const zero = splat(0)

  if (!(disable & DSBL_EQUALITY) && f.neq(m) > 0) some = makeEqualities(m, p, d, s)

  // friction loss of dofs, then of tendons
  const nf = disable & DSBL_FRICTIONLOSS ? 0 : f.nfriction(m)
  for (let k = 0; k < nf; k++) {
    const i = i32at(f.friction_dof(m), k)
    const loss = ld(at(f.dof_frictionloss(m, p), i))
    const has = ne(loss, zero)
    if (!v128.any_true(has)) continue
    putJ(m, s, 0, i, splat(1))
    addFriction(m, s, CNSTR_FRICTION_DOF, 1, has, loss, ld(at(qvel, i)), ld(at(warm, i)), f.friction_const(m, p) + 3 * V * <usize>i)
    some = or(some, has)
  }
  const nt = f.ntendon(m)
  for (let i = 0; i < (disable & DSBL_FRICTIONLOSS ? 0 : nt); i++) {
    const loss = ld(at(f.tendon_frictionloss(m, p), i))
    const has = gt(loss, zero)
    if (!v128.any_true(has)) continue
    const nnz = tendonRow(m, p, d, s, i, splat(1), tmp)
    addFriction(m, s, CNSTR_FRICTION_TENDON, nnz, has, loss, ld(tmp), ld(tmp + V), f.ten_friction_const(m, p) + 3 * V * <usize>i)
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

  // tendon limits
  for (let i = 0; i < (disable & DSBL_LIMIT ? 0 : nt); i++) {
    if (!i32at(f.tendon_limited(m), i)) continue
    const range = f.tendon_range(m, p) + 2 * V * <usize>i
    const margin = ld(at(f.tendon_margin(m, p), i)), value = ld(at(f.ten_length(m, s), i))
    const c = f.ten_limit_const(m, p) + RC_STRIDE * <usize>i
    for (let end = 0; end < 2; end++) {
      const violation = sub(end == 0 ? sub(value, ld(range)) : sub(ld(range + V), value), margin)
      const has = lt(violation, zero)
      if (!v128.any_true(has)) continue
      const nnz = tendonRow(m, p, d, s, i, splat(end == 0 ? 1 : -1), tmp)
      addRow(m, s, CNSTR_LIMIT_TENDON, nnz, has, violation, ld(tmp), ld(tmp + V), c)
      some = or(some, has)
    }
  }

  if (f.ncand(m) > 0 && ncon(m, s) > 0) some = or(some, makeContacts(m, p, d, s, ncon(m, s)))
  return some
}

/** nefc: number of rows of every world, a pyramid's edges counted one by one as MuJoCo does */
export function countRows(m: usize, d: usize, s: usize): void {
  const one = splat(1), elliptic = load<i32>(f.opt_cone(m)) == CONE_ELLIPTIC
  let n = splat(0)
  for (let e = f.efc(m, s), end = e + EFC_STRIDE * <usize>nefc(m, s); e < end; e += EFC_STRIDE) n = add(n, and(ne(ld(e + EFC_D), splat(0)), one))
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) {
    const dim = load<i32>(e, C_DIM)
    const rows = dim == 1 || elliptic ? dim : 2 * (dim - 1)
    n = add(n, and(ld(e + C_HAS), splat(<f32>rows)))
  }
  st(f.nefc(m, d), n)
}
