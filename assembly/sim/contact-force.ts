/** What constraints do, as sensors ask for it: by contact, joint, tendon, equality instead of by row. */
import { add, and, ld, lt, ne, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { ncon as detected } from './collision/driver'
import { C_CON, C_DIM, C_HAS, forceOf, sizeOf } from './contact'
import { lastDof } from './jacobian'
import { ctcEnd, nefc } from './row'
import {
  at, CNSTR_LIMIT_JOINT, CNSTR_LIMIT_TENDON, CON_STRIDE, EFC_D, EFC_FORCE, EFC_ROWADR, EFC_STRIDE, EFC_TYPE,
  EQ_JOINT, EQ_WELD, i32at, OBJ_SITE,
} from './types'

/** word of a contact's record (con) in which contactRows leaves the address of the solver's record; 0: it has none */
const CON_ROWS: usize = 15 * V

/** contacts that were found */
export function ncon(m: usize, s: usize): i32 {
  return f.ncand(m) == 0 ? 0 : detected(m, s)
}

/** let contactForce find what belongs to each contact */
export function contactRows(m: usize, s: usize): void {
  const n = ncon(m, s)
  if (n == 0) return
  for (let k = 0; k < n; k++) store<u32>(f.con(m, s) + CON_STRIDE * <usize>k, 0, CON_ROWS)
  for (let e = f.ctc(m, s), end = ctcEnd(m, s); e < end; e += sizeOf(e)) store<u32>(<usize>load<u32>(e, C_CON), <u32>e, CON_ROWS)
}

/**
 * Force (3) and torque (3) of contact record k in the contact's frame; 0 where it is not active.
 *   in      ctc, contactRows
 *   source  MuJoCo engine_core_util.c, mj_contactForce; a pyramid's edges are already summed to its axes
 */
export function contactForce(m: usize, s: usize, k: i32, out: usize): void {
  for (let i: usize = 0; i < 6; i++) st(out + V * i, splat(0))
  const e = <usize>load<u32>(f.con(m, s) + CON_STRIDE * <usize>k, CON_ROWS)
  if (e == 0) return
  const dim = load<i32>(e, C_DIM), has = ld(e + C_HAS)
  for (let r = 0; r < dim; r++) st(at(out, r), and(has, ld(at(forceOf(e, dim), r))))
}

/** force of one row; 0 where the world does not have it */
// @ts-ignore: decorator
@inline function rowForce(m: usize, s: usize, r: i32): v128 {
  const e = f.efc(m, s) + EFC_STRIDE * <usize>r
  return and(ne(ld(e + EFC_D), splat(0)), ld(e + EFC_FORCE))
}

// @ts-ignore: decorator
@inline function rowType(m: usize, s: usize, r: i32): i32 { return load<i32>(f.efc(m, s) + EFC_STRIDE * <usize>r, EFC_TYPE) }

/** force of the limit of joint j: of its one row that is active */
export function jointLimitForce(m: usize, s: usize, j: i32): v128 {
  const n = nefc(m, s)
  let force = splat(0)
  for (let r = 0; r < n; r++) {
    if (rowType(m, s, r) != CNSTR_LIMIT_JOINT) continue
    const dof = i32at(f.efc_colind(m, s), load<i32>(f.efc(m, s) + EFC_STRIDE * <usize>r, EFC_ROWADR))
    if (i32at(f.dof_jntid(m), dof) == j) force = add(force, rowForce(m, s, r))
  }
  return force
}

/** force of the limit of tendon t; rows stand in the order of tendons, lower end first, if some world is beyond it */
export function tendonLimitForce(m: usize, p: usize, s: usize, t: i32): v128 {
  const n = nefc(m, s)
  let r = 0, force = splat(0)
  while (r < n && rowType(m, s, r) != CNSTR_LIMIT_TENDON) r++
  for (let i = 0; i <= t && r < n; i++) {
    if (!i32at(f.tendon_limited(m), i)) continue
    const range = f.tendon_range(m, p) + 2 * V * <usize>i, margin = ld(at(f.tendon_margin(m, p), i)), value = ld(at(f.ten_length(m, s), i))
    for (let end = 0; end < 2; end++) {
      const violation = sub(end == 0 ? sub(value, ld(range)) : sub(ld(range + V), value), margin)
      if (!v128.any_true(lt(violation, splat(0)))) continue
      if (i == t) force = add(force, rowForce(m, s, r))
      r++
    }
  }
  return force
}

/** body of one side of a connect or weld */
// @ts-ignore: decorator
@inline function sideBody(m: usize, e: i32, id: i32): i32 {
  return i32at(f.eq_objtype(m), e) == OBJ_SITE ? i32at(f.site_bodyid(m), id) : id
}

/** rows of equality e: none where no world has it, or where nothing moves */
function equalityRows(m: usize, d: usize, e: i32): i32 {
  if (!v128.any_true(ne(ld(at(f.eq_active(m, d), e)), splat(0)))) return 0
  const type = i32at(f.eq_type(m), e)
  if (type == EQ_JOINT) return 1
  const moves = lastDof(m, sideBody(m, e, i32at(f.eq_obj1id(m), e))) >= 0 || lastDof(m, sideBody(m, e, i32at(f.eq_obj2id(m), e))) >= 0
  return !moves ? 0 : type == EQ_WELD ? 6 : 3
}

/** forces of the rows of connect or weld e: 3 in world axes, on its first object; then those of a weld's rotation, else 0 */
export function equalityForce(m: usize, d: usize, s: usize, e: i32, out: usize): void {
  for (let i: usize = 0; i < 6; i++) st(out + V * i, splat(0))
  let r = 0
  for (let i = 0; i < e; i++) r += equalityRows(m, d, i)
  const n = equalityRows(m, d, e)
  for (let k = 0; k < n; k++) st(at(out, k), rowForce(m, s, r + k))
}
