// What constraints do, as sensors ask for it: by contact, joint, tendon, equality instead of by row.

// import { i32at, ld, ld3, ldi, par, sti } from '../math/v4'
// import { ncon as detected } from './collision/driver'
// import { C_CON, C_DIM, dimAt, forceOf, sizeOf } from './contact'
// import { lastDof } from './jacobian'
// import { ctcEnd, nefc } from './row'
// import { CNSTR_LIMIT_JOINT, CNSTR_LIMIT_TENDON, CON_CAND, CON_STRIDE, EFC_D, EFC_FORCE, EFC_ROWADR, EFC_STRIDE, EFC_TYPE } from './types'
// import { EQ_JOINT, EQ_WELD, OBJ_SITE } from './types'

// word of a contact's record (con) in which contactRows leaves the address of the solver's record; 0: it has none.
// The row of cand stood there, which nobody reads after makeContacts
const CON_ROWS: i32 = CON_CAND;

struct Wrench { force: vec3f, torque: vec3f }

/** contacts that were found */
fn ncon() -> i32 {
  if (f_ncand == 0) {
    return 0;
  } else {
    return detected();
  }
}

/** let contactForce find what belongs to each contact */
fn contactRows() {
  let n = ncon();
  if (n == 0) { return; }
  for (var k = 0; k < n; k++) { sti(f_con + CON_STRIDE * k + CON_ROWS, 0); }
  let end = ctcEnd();
  for (var e = f_ctc; e < end; e += sizeOf(e)) { sti(ldi(e + C_CON) + CON_ROWS, e); }
}

/**
 * Force (3) and torque (3) of contact record k in the contact's frame; 0 where it is not active.
 *   in      ctc, contactRows
 *   source  MuJoCo engine_core_util.c, mj_contactForce; a pyramid's edges are already summed to its axes
 */
fn contactForce(k: i32) -> Wrench {
  var out = Wrench(vec3f(0.0), vec3f(0.0));
  let e = ldi(f_con + CON_STRIDE * k + CON_ROWS);
  if (e == 0) { return out; }
  let dim = dimAt(e + C_DIM);
  let a = forceOf(e, dim);
  out.force.x = ld(a);
  if (dim > 1) { out.force = ld3(a); }
  if (dim > 3) { out.torque.x = ld(a + 3); }
  if (dim > 4) { out.torque = ld3(a + 3); }
  return out;
}

/** force of one row; 0 where the world does not have it */
fn rowForce(r: i32) -> f32 {
  let e = f_efc + EFC_STRIDE * r;
  return select(0.0, ld(e + EFC_FORCE), ld(e + EFC_D) != 0.0);
}

fn rowType(r: i32) -> i32 { return ldi(f_efc + EFC_STRIDE * r + EFC_TYPE); }

/** force of the limit of joint j: of its one row that is active */
fn jointLimitForce(j: i32) -> f32 {
  let n = nefc();
  var force = 0.0;
  for (var r = 0; r < n; r++) {
    if (rowType(r) != CNSTR_LIMIT_JOINT) { continue; }
    let dof = ldi(f_efc_colind + ldi(f_efc + EFC_STRIDE * r + EFC_ROWADR));
    if (i32at(f_dof_jntid, dof) == j) { force += rowForce(r); }
  }
  return force;
}

/** force of the limit of tendon t; rows stand in the order of tendons, lower end first, if some world is beyond it */
fn tendonLimitForce(t: i32) -> f32 {
  let n = nefc();
  var r = 0;
  var force = 0.0;
  while (r < n && rowType(r) != CNSTR_LIMIT_TENDON) { r++; }
  for (var i = 0; i <= t && r < n; i++) {
    if (i32at(f_tendon_limited, i) == 0) { continue; }
    let lo = par(f_tendon_range + 2 * i);
    let hi = par(f_tendon_range + 2 * i + 1);
    let margin = par(f_tendon_margin + i);
    let value = ld(f_ten_length + i);
    for (var end = 0; end < 2; end++) {
      let violation = select(hi - value, value - lo, end == 0) - margin;
      if (!(violation < 0.0)) { continue; }
      if (i == t) { force += rowForce(r); }
      r++;
    }
  }
  return force;
}

/** body of one side of a connect or weld */
fn sideBody(e: i32, id: i32) -> i32 {
  if (i32at(f_eq_objtype, e) == OBJ_SITE) { return i32at(f_site_bodyid, id); }
  return id;
}

/** rows of equality e: none where no world has it, or where nothing moves */
fn equalityRows(e: i32) -> i32 {
  if (ld(f_eq_active + e) == 0.0) { return 0; }
  let kind = i32at(f_eq_type, e);
  if (kind == EQ_JOINT) { return 1; }
  let moves = lastDof(sideBody(e, i32at(f_eq_obj1id, e))) >= 0 || lastDof(sideBody(e, i32at(f_eq_obj2id, e))) >= 0;
  return select(0, select(3, 6, kind == EQ_WELD), moves);
}

/** forces of the rows of connect or weld e: 3 in world axes, on its first object; then those of a weld's rotation, else 0 */
fn equalityForce(e: i32) -> Wrench {
  var out = Wrench(vec3f(0.0), vec3f(0.0));
  var r = 0;
  for (var i = 0; i < e; i++) { r += equalityRows(i); }
  let n = equalityRows(e);
  if (n == 0) { return out; }
  out.force.x = rowForce(r);
  if (n >= 3) {
    out.force.y = rowForce(r + 1);
    out.force.z = rowForce(r + 2);
  }
  if (n == 6) { out.torque = vec3f(rowForce(r + 3), rowForce(r + 4), rowForce(r + 5)); }
  return out;
}
