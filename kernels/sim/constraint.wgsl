// import { quat2Vel } from '../math/rotation'
// import { normalize4 } from '../math/spatial'
// import { i32at, ld, ld3, ld4, par, setpar, st, sti } from '../math/v4'
// import { ncon } from './collision/driver'
// import { C_DIM, dimAt, makeContacts, sizeOf } from './contact'
// import { equalityDiagonal, makeEqualities } from './equality'
// import { addFriction, addRow, ctcEnd, impedance, nefc, parRowConst, parSolimp, parSolref, putJ, RC_STRIDE, rowConstants } from './row'
// import { setparRowConst, Solimp } from './row'
// import { CONE_ELLIPTIC, CNSTR_FRICTION_DOF, CNSTR_FRICTION_TENDON, CNSTR_LIMIT_JOINT, CNSTR_LIMIT_TENDON, DSBL_CONSTRAINT } from './types'
// import { DSBL_EQUALITY, DSBL_FRICTIONLOSS, DSBL_LIMIT, EFC_D, EFC_STRIDE, JNT_BALL, MINVAL } from './types'

/** Constants of all rows a model can have, once dof_invweight0 is known. */
fn constraintConstants() {
  for (var j = 0; j < f_njnt; j++) {
    let diag = par(f_dof_invweight0 + i32at(f_jnt_dofadr, j));
    setparRowConst(f_limit_const + RC_STRIDE * j, rowConstants(parSolref(f_jnt_solref + 2 * j), parSolimp(f_jnt_solimp + 5 * j), diag));
  }
  for (var i = 0; i < f_neq; i++) {
    let diag = equalityDiagonal(i, 0);
    setparRowConst(f_eq_const + RC_STRIDE * i, rowConstants(parSolref(f_eq_solref + 2 * i), parSolimp(f_eq_solimp + 5 * i), diag));
  }
  for (var i = 0; i < f_nv; i++) {
    frictionConstants(parSolref(f_dof_solref + 2 * i), parSolimp(f_dof_solimp + 5 * i), par(f_dof_invweight0 + i), f_friction_const + 3 * i);
  }
  for (var i = 0; i < f_ntendon; i++) {
    let diag = par(f_tendon_invweight0 + i);
    frictionConstants(parSolref(f_tendon_solref_fri + 2 * i), parSolimp(f_tendon_solimp_fri + 5 * i), diag, f_ten_friction_const + 3 * i);
    let c = rowConstants(parSolref(f_tendon_solref_lim + 2 * i), parSolimp(f_tendon_solimp_lim + 5 * i), diag);
    setparRowConst(f_ten_limit_const + RC_STRIDE * i, c);
  }
}

/** D, R and damping of a row of friction loss */
fn frictionConstants(solref: vec2f, solimp: Solimp, diag: f32, out: i32) {
  let c = rowConstants(solref, solimp, diag);
  let imp = impedance(c, 0.0);
  let R = max(MINVAL, (1.0 - imp) * diag / imp);
  setpar(out, 1.0 / R);
  setpar(out + 1, R);
  setpar(out + 2, c.B);
}

/** number of dofs, J qvel, J qacc_warmstart */
struct TendonRow { nnz: i32, vel: f32, acc: f32 }

/** Jacobian of tendon i, times a side, as the row under construction; out: J qvel, J qacc_warmstart */
fn tendonRow(i: i32, side: f32) -> TendonRow {
  let n = i32at(f_ten_rownnz, i);
  let adr = i32at(f_ten_rowadr, i);
  var vel = 0.0;
  var acc = 0.0;
  for (var k = 0; k < n; k++) {
    let dof = i32at(f_ten_colind, adr + k);
    let x = side * par(f_ten_J + adr + k);
    putJ(k, dof, x);
    vel += x * ld(f_qvel + dof);
    acc += x * ld(f_qacc_warmstart + dof);
  }
  return TendonRow(n, vel, acc);
}

/**
 * All constraint rows, in MuJoCo's order: equality, friction, limit, contact.
 *   model   eq_* dof_frictionloss dof_sol* jnt_range jnt_margin jnt_sol* dof_invweight0 (*)
 *   in      qpos, qvel
 *   out     efc, efc_J, efc_colind; returns whether there is one, by world
 *   source  MuJoCo engine_core_constraint.c, mj_makeConstraint
 */
fn makeConstraint() -> bool {
  sti(f_cursor, 0);
  sti(f_cursor + 1, 0);
  sti(f_cursor + 3, f_ctc);
  sti(f_cursor + 4, 0);
  var some = false;
  if ((f_opt_disableflags & DSBL_CONSTRAINT) == 0) {
    if ((f_opt_disableflags & DSBL_EQUALITY) == 0 && f_neq > 0) {
      some = makeEqualities();
    }

    // friction loss of dofs, then of tendons
    if ((f_opt_disableflags & DSBL_FRICTIONLOSS) == 0 && f_nfriction > 0) {
      for (var k = 0; k < f_nfriction; k++) {
        let i = i32at(f_friction_dof, k);
        let loss = par(f_dof_frictionloss + i);
        if (loss == 0.0) { continue; }
        putJ(0, i, 1.0);
        addFriction(CNSTR_FRICTION_DOF, 1, loss, ld(f_qvel + i), ld(f_qacc_warmstart + i), f_friction_const + 3 * i);
        some = true;
      }
    }
    if ((f_opt_disableflags & DSBL_FRICTIONLOSS) == 0 && f_ntendon > 0) {
      for (var i = 0; i < f_ntendon; i++) {
        let loss = par(f_tendon_frictionloss + i);
        if (!(loss > 0.0)) { continue; }
        let row = tendonRow(i, 1.0);
        addFriction(CNSTR_FRICTION_TENDON, row.nnz, loss, row.vel, row.acc, f_ten_friction_const + 3 * i);
        some = true;
      }
    }

    // joint limits
    if ((f_opt_disableflags & DSBL_LIMIT) == 0 && f_nlimit > 0) {
      for (var k = 0; k < f_nlimit; k++) {
        let j = i32at(f_limit_jnt, k);
        let lo = par(f_jnt_range + 2 * j);
        let hi = par(f_jnt_range + 2 * j + 1);
        let margin = par(f_jnt_margin + j);
        let q = f_qpos + i32at(f_jnt_qposadr, j);
        let dof = i32at(f_jnt_dofadr, j);
        let c = f_limit_const + RC_STRIDE * j;

        if (f_JNT_BALL > 0 && i32at(f_jnt_type, j) == JNT_BALL) {
          // angle of the rotation, about its own axis
          let x = quat2Vel(normalize4(ld4(q)), 1.0);
          let angle = sqrt(dot(x, x));
          let dist = max(lo, hi) - angle;
          if (!(dist < margin)) { continue; }
          let still = angle < MINVAL;
          let inv = -1.0 / select(angle, 1.0, still);
          let J = vec3f(select(x.x * inv, -1.0, still), x.y * inv, x.z * inv);
          putJ(0, dof, J.x);
          putJ(1, dof + 1, J.y);
          putJ(2, dof + 2, J.z);
          let vel = dot(J, ld3(f_qvel + dof));
          let acc = dot(J, ld3(f_qacc_warmstart + dof));
          addRow(CNSTR_LIMIT_JOINT, 3, dist - margin, vel, acc, parRowConst(c));
          some = true;
          continue;
        }

        let value = ld(q);
        let lower = value - lo - margin;
        let upper = hi - value - margin;
        let atLower = lower < 0.0;
        let atUpper = upper < 0.0;
        if (!(atLower || atUpper)) { continue; }
        some = true;
        let vel = ld(f_qvel + dof);
        let acc = ld(f_qacc_warmstart + dof);
        if (atLower) {
          putJ(0, dof, 1.0);
          addRow(CNSTR_LIMIT_JOINT, 1, lower, vel, acc, parRowConst(c));
        }
        if (atUpper) {
          putJ(0, dof, -1.0);
          addRow(CNSTR_LIMIT_JOINT, 1, upper, -vel, -acc, parRowConst(c));
        }
      }
    }

    // tendon limits
    if ((f_opt_disableflags & DSBL_LIMIT) == 0 && f_ntendon > 0) {
      for (var i = 0; i < f_ntendon; i++) {
        if (i32at(f_tendon_limited, i) == 0) { continue; }
        let margin = par(f_tendon_margin + i);
        let value = ld(f_ten_length + i);
        for (var end = 0; end < 2; end++) {
          let violation = select(par(f_tendon_range + 2 * i + 1) - value, value - par(f_tendon_range + 2 * i), end == 0) - margin;
          if (!(violation < 0.0)) { continue; }
          let row = tendonRow(i, select(-1.0, 1.0, end == 0));
          addRow(CNSTR_LIMIT_TENDON, row.nnz, violation, row.vel, row.acc, parRowConst(f_ten_limit_const + RC_STRIDE * i));
          some = true;
        }
      }
    }

    if (f_ncand > 0) {
      let n = ncon();
      if (n > 0) { some = makeContacts(n) || some; }
    }
  }
  return some;
}

/** nefc: number of rows of every world, a pyramid's edges counted one by one as MuJoCo does */
fn countRows() {
  var n = 0;
  let last = f_efc + EFC_STRIDE * nefc();
  for (var e = f_efc; e < last; e += EFC_STRIDE) {
    if (ld(e + EFC_D) != 0.0) { n++; }
  }
  let end = ctcEnd();
  for (var e = f_ctc; e < end; e += sizeOf(e)) {
    let dim = dimAt(e + C_DIM);
    n += select(2 * (dim - 1), dim, dim == 1 || f_opt_cone == CONE_ELLIPTIC);
  }
  st(f_nefc, f32(n));
}
