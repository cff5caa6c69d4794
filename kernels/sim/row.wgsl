// What all constraint rows share: the cursor of their storage, and the constants of reference and impedance.

// import { pow4 } from '../math/exp'
// import { ld, ldi, par, setpar, st, sti, stmask } from '../math/v4'
// import { CNSTR_EQUALITY, DSBL_REFSAFE, EFC_AREF, EFC_D, EFC_JAR, EFC_LOSS, EFC_QUAD, EFC_R, EFC_ROWADR, EFC_ROWNNZ } from './types'
// import { EFC_STRIDE, EFC_TYPE, MAXIMP, MINIMP, MINVAL } from './types'

// cursor (SCRATCH_FIELDS)
fn nefc() -> i32 { return ldi(f_cursor); }
/** entries of efc_J and efc_colind in use */
fn nJ() -> i32 { return ldi(f_cursor + 1); }
/** end of the contact records of the solver */
fn ctcEnd() -> i32 { return ldi(f_cursor + 3); }
/** some row couples dofs that are not ancestors of one another */
fn coupled() -> bool { return ldi(f_cursor + 4) != 0; }
fn markCoupled() { sti(f_cursor + 4, 1); }

// solver constants of a row (limit_const, eq_const, tendon): what does not change from step to step
const RC_STRIDE: i32 = 10;
const RC_B: i32 = 0;
const RC_K: i32 = 1;
const RC_DMIN: i32 = 2;
const RC_RISE: i32 = 3;
const RC_INVWIDTH: i32 = 4;
const RC_MID: i32 = 5;
const RC_INVMID: i32 = 6;
const RC_INVREST: i32 = 7;
const RC_POWER: i32 = 8;
const RC_DIAG: i32 = 9;

/** the same as a value: those of a contact are never stored */
struct RowConst {
  B: f32, K: f32, dmin: f32, rise: f32, invwidth: f32, mid: f32, invmid: f32, invrest: f32, power: f32, diag: f32,
}

/** constants of a row at p */
fn parRowConst(p: i32) -> RowConst {
  return RowConst(
    par(p + RC_B), par(p + RC_K), par(p + RC_DMIN), par(p + RC_RISE), par(p + RC_INVWIDTH), par(p + RC_MID), par(p + RC_INVMID),
    par(p + RC_INVREST), par(p + RC_POWER), par(p + RC_DIAG),
  );
}
fn setparRowConst(p: i32, c: RowConst) {
  setpar(p + RC_B, c.B);
  setpar(p + RC_K, c.K);
  setpar(p + RC_DMIN, c.dmin);
  setpar(p + RC_RISE, c.rise);
  setpar(p + RC_INVWIDTH, c.invwidth);
  setpar(p + RC_MID, c.mid);
  setpar(p + RC_INVMID, c.invmid);
  setpar(p + RC_INVREST, c.invrest);
  setpar(p + RC_POWER, c.power);
  setpar(p + RC_DIAG, c.diag);
}

/** solimp: dmin, dmax, width, midpoint; power */
struct Solimp { d: vec4f, power: f32 }
/** solimp at p */
fn parSolimp(p: i32) -> Solimp { return Solimp(vec4f(par(p), par(p + 1), par(p + 2), par(p + 3)), par(p + 4)); }
/** solref at p */
fn parSolref(p: i32) -> vec2f { return vec2f(par(p), par(p + 1)); }

/** damping B and stiffness K of a reference (timeconst, dampratio) or (-stiffness, -damping) (mj_makeImpedance) */
fn reference(ref0: f32, ref1: f32, dmax: f32) -> vec2f {
  // mixed signs mean the default
  let mixed = (ref0 > 0.0) != (ref1 > 0.0);
  var t = select(ref0, 0.02, mixed);
  let z = select(ref1, 1.0, mixed);
  let standard = t > 0.0;
  if ((f_opt_disableflags & DSBL_REFSAFE) == 0) {
    t = select(t, max(t, 2.0 * par(f_opt_timestep)), standard);
  }
  let dt = dmax * select(1.0, t, standard);
  let dtz = dt * select(1.0, z, standard);
  return vec2f(
    select(-(z / dmax), 2.0 / dt, standard),
    select(-(t / (dmax * dmax)), 1.0 / max(MINVAL, dtz * dtz), standard),
  );
}

/**
 * Constants of a row from solref, solimp and the inverse inertia it works against (getsolparam, mj_makeImpedance).
 *   out   damping B, stiffness K, impedance curve: dmin, rise, 1 / width, midpoint and its slopes' scales, power; diagonal
 */
fn rowConstants(solref: vec2f, solimp: Solimp, diag: f32) -> RowConst {
  let dmin = clamp(solimp.d.x, MINIMP, MAXIMP);
  let dmax = clamp(solimp.d.y, MINIMP, MAXIMP);
  let width = max(0.0, solimp.d.z);
  let mid = clamp(solimp.d.w, MINIMP, MAXIMP);
  let power = max(1.0, solimp.power);
  let BK = reference(solref.x, solref.y, dmax);

  // a curve without width is flat at its mean
  let wide = width > MINVAL;
  var c: RowConst;
  c.B = BK.x;
  c.K = BK.y;
  c.dmin = select(0.5 * (dmin + dmax), dmin, wide);
  c.rise = select(0.0, dmax - dmin, wide);
  c.invwidth = 1.0 / select(1.0, width, wide);
  c.mid = mid;
  c.power = power;
  c.diag = diag;
  // the power 2 of the default must not pass through logarithms
  if (power == 2.0) {
    c.invmid = 1.0 / mid;
    c.invrest = 1.0 / (1.0 - mid);
    return c;
  }
  let p1 = power - 1.0;
  c.invmid = 1.0;
  c.invrest = 1.0;
  if (p1 != 0.0) {
    c.invmid = 1.0 / pow4(mid, p1);
    c.invrest = 1.0 / pow4(1.0 - mid, p1);
  }
  return c;
}

/** impedance d(r) at a violation pos - margin (getimpedance) */
fn impedance(c: RowConst, violation: f32) -> f32 {
  let x = min(abs(violation * c.invwidth), 1.0);
  let low = x <= c.mid;
  let arg = select(1.0 - x, x, low);
  var y = arg * arg;
  if (c.power == 1.0) {
    y = arg;
  } else if (c.power != 2.0) {
    y = pow4(arg, c.power);
  }
  y = y * select(c.invrest, c.invmid, low);
  return c.rise * select(1.0 - y, y, low) + c.dmin;
}

/** address of the next row's record; its Jacobian is what the caller has put from the cursor on */
fn beginRow(kind: i32, nnz: i32) -> i32 {
  let r = ldi(f_cursor);
  let adr = ldi(f_cursor + 1);
  let e = f_efc + EFC_STRIDE * r;
  sti(e + EFC_TYPE, kind);
  sti(e + EFC_ROWNNZ, nnz);
  sti(e + EFC_ROWADR, adr);
  sti(f_cursor, r + 1);
  sti(f_cursor + 1, adr + nnz);
  return e;
}

/** entry k of the row under construction */
fn putJ(k: i32, dof: i32, value: f32) {
  let a = nJ() + k;
  sti(f_efc_colind + a, dof);
  st(f_efc_J + a, value);
}

/**
 * Regularizer and reference acceleration of a row that is an equality or an inequality (mj_makeImpedance,
 * mj_referenceConstraint).
 *   imp   impedance;  diag: inverse inertia it works against;  pos: violation
 *   vel   J qvel;  acc: J qacc_warmstart, where the solver begins
 */
fn setRow(e: i32, kind: i32, imp: f32, diag: f32, pos: f32, vel: f32, acc: f32, c: RowConst) {
  // R = (1 - d) / d * diagonal; its lower bound is that of MuJoCo
  let D = imp / max(MINVAL, (1.0 - imp) * diag);
  st(e + EFC_D, D);
  let aref = -(c.K * imp * pos + c.B * vel);
  st(e + EFC_AREF, aref);
  let jar = acc - aref;
  st(e + EFC_JAR, jar);
  stmask(e + EFC_QUAD, kind == CNSTR_EQUALITY || jar < 0.0);
}

/** append one row of constants c with its own violation */
fn addRow(kind: i32, nnz: i32, violation: f32, vel: f32, acc: f32, c: RowConst) {
  setRow(beginRow(kind, nnz), kind, impedance(c, violation), c.diag, violation, vel, acc, c);
}

/**
 * Append one row of friction loss: no position, so everything but the velocity is constant.
 *   c   D, R, B
 */
fn addFriction(kind: i32, nnz: i32, loss: f32, vel: f32, acc: f32, c: i32) {
  let e = beginRow(kind, nnz);
  let R = par(c + 1);
  st(e + EFC_D, par(c));
  st(e + EFC_R, R);
  st(e + EFC_LOSS, loss);
  let aref = -(par(c + 2) * vel);
  st(e + EFC_AREF, aref);
  let jar = acc - aref;
  st(e + EFC_JAR, jar);
  stmask(e + EFC_QUAD, abs(jar) < R * loss);
}
