// import { mulQuat, negQuat } from '../math/spatial'
// import { i32at, ld, ld3, ld4, ldi, ldmat3, par, par3, par4, st, sti } from '../math/v4'
// import { frames } from './frames'
// import { lastDof, pointJacobian } from './jacobian'
// import { beginRow, impedance, nJ, parRowConst, putJ, RC_STRIDE, setRow } from './row'
// import { CNSTR_EQUALITY, DSBL_GRAVITY, EFC_AREF, EFC_JAR, EQ_JOINT, EQ_WELD, LNK_CACC, LNK_CVEL, LNK_STRIDE, OBJ_SITE } from './types'

/** body of side 1 or 2 of a connect or weld */
fn sideBody(i: i32, side: i32) -> i32 {
  let id = i32at(select(f_eq_obj2id, f_eq_obj1id, side == 0), i);
  if (i32at(f_eq_objtype, i) == OBJ_SITE) { return i32at(f_site_bodyid, id); }
  return id;
}

/** inverse inertia that a row of equality i works against; half 1: rotations of a weld (mj_diagApprox) */
fn equalityDiagonal(i: i32, half: i32) -> f32 {
  if (f_EQ_JOINT > 0 && i32at(f_eq_type, i) == EQ_JOINT) {
    let diag = par(f_dof_invweight0 + i32at(f_jnt_dofadr, i32at(f_eq_obj1id, i)));
    let other = i32at(f_eq_obj2id, i);
    if (other >= 0) { return diag + par(f_dof_invweight0 + i32at(f_jnt_dofadr, other)); }
    return diag;
  }
  return par(f_body_invweight0 + 2 * sideBody(i, 0) + half) + par(f_body_invweight0 + 2 * sideBody(i, 1) + half);
}

/** two joints, or one joint and a constant */
fn jointRow(i: i32) {
  let j1 = i32at(f_eq_obj1id, i);
  let j2 = i32at(f_eq_obj2id, i);
  let data = f_eq_data + 11 * i;
  let q1 = i32at(f_jnt_qposadr, j1);
  let v1 = i32at(f_jnt_dofadr, j1);
  var pos = ld(f_qpos + q1) - par(f_qpos0 + q1) - par(data);
  var vel = ld(f_qvel + v1);
  var acc = ld(f_qacc_warmstart + v1);
  putJ(0, v1, 1.0);
  var nnz = 1;
  if (j2 >= 0) {
    let q2 = i32at(f_jnt_qposadr, j2);
    let v2 = i32at(f_jnt_dofadr, j2);
    let x = ld(f_qpos + q2) - par(f_qpos0 + q2);
    let c1 = par(data + 1);
    let c2 = par(data + 2);
    let c3 = par(data + 3);
    let c4 = par(data + 4);
    pos -= x * (x * (x * (x * c4 + c3) + c2) + c1);
    let slope = x * (x * (x * (4.0 * c4) + 3.0 * c3) + 2.0 * c2) + c1;
    putJ(1, v2, -slope);
    nnz = 2;
    vel -= slope * ld(f_qvel + v2);
    acc -= slope * ld(f_qacc_warmstart + v2);
  }
  let c = parRowConst(f_eq_const + RC_STRIDE * i);
  setRow(beginRow(CNSTR_EQUALITY, nnz), CNSTR_EQUALITY, impedance(c, pos), equalityDiagonal(i, 0), pos, vel, acc, c);
}

/** what connect and weld know of a side: acceleration of the anchor without joint accelerations, angular, angular velocity */
struct Side { acc: vec3f, ang: vec3f, w: vec3f }

/**
 * Motion of the point x of a body that its velocity alone makes (mj_jacDot times qvel), from the spatial velocity and
 * acceleration about the com of its tree.
 *   out   point acceleration 3, angular acceleration 3, angular velocity 3
 */
fn velocityProduct(body: i32, x: vec3f) -> Side {
  let link = i32at(f_body_lnk, body);
  if (link < 0) { return Side(vec3f(0.0), vec3f(0.0), vec3f(0.0)); }
  let L = f_lnk + LNK_STRIDE * link;
  let r = x - ld3(f_grp_com + 4 * i32at(f_lnk_group, link));
  let w = ld3(L + LNK_CVEL);
  let a = ld3(L + LNK_CACC);
  // velocity of the point
  let u = ld3(L + LNK_CVEL + 3) + cross(w, r);
  // the recursion began with minus gravity
  var lin = ld3(L + LNK_CACC + 3);
  if ((f_opt_disableflags & DSBL_GRAVITY) == 0) {
    lin += par3(f_opt_gravity);
  }
  return Side(lin + (cross(a, r) + cross(w, u)), a, w);
}

/** vector part of a (0, v) b, times scale */
fn sandwich(a: vec4f, v: vec3f, b: vec4f, scale: f32) -> vec3f {
  return scale * mulQuat(mulQuat(a, vec4f(0.0, v)), b).yzw;
}

/** time-derivative of a unit quaternion turning with w in the world: (0, w) q / 2 */
fn derivQuat(q: vec4f, w: vec3f) -> vec4f { return mulQuat(vec4f(0.0, 0.5 * w), q); }

/** dofs that move one of two bodies or both, descending; sides (2, n): 1 where they move that body */
fn unionChain(body1: i32, body2: i32, cols: i32, side1: i32, side2: i32) -> i32 {
  var i = lastDof(body1);
  var k = lastDof(body2);
  var n = 0;
  while (i >= 0 || k >= 0) {
    let top = max(i, k);
    let one = i == top;
    let two = k == top;
    sti(cols + n, top);
    sti(side1 + n, select(0, 1, one));
    sti(side2 + n, select(0, 1, two));
    let above = i32at(f_dof_parentid, top);
    if (one) { i = above; }
    if (two) { k = above; }
    n++;
  }
  return n;
}

/** connect (3 rows) or weld (6): anchors of two bodies or sites; needs frames */
fn bodyRows(i: i32) {
  let weld = i32at(f_eq_type, i) == EQ_WELD;
  let sites = i32at(f_eq_objtype, i) == OBJ_SITE;
  let size = select(3, 6, weld);
  let data = f_eq_data + 11 * i;
  let b1 = sideBody(i, 0);
  let b2 = sideBody(i, 1);
  let id1 = i32at(f_eq_obj1id, i);
  let id2 = i32at(f_eq_obj2id, i);

  // anchors
  let local1 = par3(select(data + select(0, 3, weld), f_site_pos + 3 * id1, sites));
  let local2 = par3(select(data + select(3, 0, weld), f_site_pos + 3 * id2, sites));
  let x1 = ldmat3(f_xmat + 9 * b1) * local1 + ld3(f_xpos + 3 * b1);
  let x2 = ldmat3(f_xmat + 9 * b2) * local2 + ld3(f_xpos + 3 * b2);
  let one = velocityProduct(b1, x1);
  let two = velocityProduct(b2, x2);
  let pos = x1 - x2;
  let jdotv = one.acc - two.acc;
  var turn = vec3f(0.0);
  var turndot = vec3f(0.0);
  let eye = mat3x3f(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0);

  // Jacobian: side 1 less side 2
  let adr = nJ();
  let cols = f_efc_colind + adr;
  let J = f_efc_J + adr;
  let nnz = unionChain(b1, b2, cols, f_Hs_sign, f_Hs_sign + f_nv);
  if (nnz == 0) { return; }
  pointJacobian(x1, eye, size, nnz, cols, f_Hs_sign, true, J);
  pointJacobian(x2, eye, size, nnz, cols, f_Hs_sign + f_nv, true, f_ctc_W);
  for (var k = 0; k < size * nnz; k++) { st(J + k, ld(J + k) - ld(f_ctc_W + k)); }

  if (f_EQ_WELD > 0 && weld) {
    // orientation error: vector part of conj(q2) q1 relpose; its derivative maps a difference of angular velocities
    let scale = par(data + 10);
    let half = 0.5 * scale;
    var q1 = ld4(f_xquat + 4 * b1);
    var q2 = ld4(f_xquat + 4 * b2);
    if (sites) {
      q1 = mulQuat(q1, par4(f_site_quat + 4 * id1));
      q2 = mulQuat(q2, par4(f_site_quat + 4 * id2));
    } else {
      q1 = mulQuat(q1, par4(data + 6));
    }
    let conj = negQuat(q2);
    turn = scale * mulQuat(conj, q1).yzw;

    // columns of the map: images of the axes
    let map = mat3x3f(sandwich(conj, eye[0], q1, half), sandwich(conj, eye[1], q1, half), sandwich(conj, eye[2], q1, half));
    for (var k = 0; k < nnz; k++) {
      let c = J + 3 * nnz + k;
      let t = map * vec3f(ld(c), ld(c + nnz), ld(c + 2 * nnz));
      st(c, t.x);
      st(c + nnz, t.y);
      st(c + 2 * nnz, t.z);
    }
    // derivative of the map along the motion, by the product rule
    let dw = one.w - two.w;
    turndot = map * (one.ang - two.ang);
    turndot += sandwich(negQuat(derivQuat(q2, two.w)), dw, q1, half);
    turndot += sandwich(conj, dw, derivQuat(q1, one.w), half);
  }

  // all rows share the impedance of the whole error
  let c = parRowConst(f_eq_const + RC_STRIDE * i);
  let imp = impedance(c, sqrt(dot(pos, pos) + dot(turn, turn)));
  for (var r = 0; r < size; r++) {
    var vel = 0.0;
    var acc = 0.0;
    let row = J + r * nnz;
    for (var k = 0; k < nnz; k++) {
      let dof = ldi(cols + k);
      let x = ld(row + k);
      if (r > 0) { sti(cols + r * nnz + k, dof); }
      vel += x * ld(f_qvel + dof);
      acc += x * ld(f_qacc_warmstart + dof);
    }
    let half = select(0, 1, r >= 3);
    let axis = r - 3 * half;
    let error = select(pos, turn, r >= 3)[axis];
    let extra = select(jdotv, turndot, r >= 3)[axis];
    let e = beginRow(CNSTR_EQUALITY, nnz);
    setRow(e, CNSTR_EQUALITY, imp, equalityDiagonal(i, half), error, vel, acc, c);
    st(e + EFC_AREF, ld(e + EFC_AREF) - extra);
    st(e + EFC_JAR, ld(e + EFC_JAR) + extra);
  }
}

/**
 * Rows of all active equality constraints.
 *   model   eq_* (*)
 *   in      qpos, qvel, eq_active, lnk (for connect and weld: R p cvel cacc, grp_com)
 *   out     efc, efc_J, efc_colind; returns whether there is one, by world
 *   source  MuJoCo engine_core_constraint.c, mj_instantiateEquality, mj_Jdotv
 */
fn makeEqualities() -> bool {
  var some = false;
  var framed = false;
  for (var i = 0; i < f_neq; i++) {
    if (ld(f_eq_active + i) == 0.0) { continue; }
    some = true;
    if (f_EQ_JOINT > 0 && i32at(f_eq_type, i) == EQ_JOINT) {
      jointRow(i);
      continue;
    }
    if (f_EQ_CONNECT + f_EQ_WELD > 0) {
      if (!framed) { frames(); }
      framed = true;
      bodyRows(i);
    }
  }
  return some;
}
