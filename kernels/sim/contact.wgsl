// import { ld, ld3, ldi, ldmask, ldmat3, par, i32at, st, st3, sti, stmask } from '../math/v4'
// import { chain, pointJacobian } from './jacobian'
// import { impedance, markCoupled, nJ, parSolimp, parSolref, reference, rowConstants, Solimp } from './row'
// import { CON_CAND, CON_DIM, CON_DIST, CON_FRAME, CON_GEOM1, CON_GEOM2, CON_HAS, CON_POS, CON_STRIDE, CONE_ELLIPTIC } from './types'
// import { MAXIMP, MINIMP, MINMU, MINVAL } from './types'

/**
 * Contacts as the solver sees them. A contact of dimension dim has dim base rows: the normal, then tangents, spin, roll.
 * Both cones are functions of the base residual: an elliptic one directly, a pyramid through its edges
 * jar_0 +- friction_j jar_j, so that 2 (dim - 1) edges cost dim rows of J.
 *   integers   dim, nonzeros, start of the rows in efc_J, start of the columns in efc_colind; size of the record, con
 *   quantities has (mask), D of the normal or of an edge, mu of the regularized cone, zone, friction (dim - 1),
 *              then dim each: aref, jar, J p, force; zone at the trial point
 */
const C_DIM: i32 = 0;
const C_NNZ: i32 = 1;
const C_J: i32 = 2;
const C_COL: i32 = 3;
const C_SIZE: i32 = 4;
const C_CON: i32 = 5;
const C_CROSS: i32 = 6;
const C_HAS: i32 = 7;
const C_D: i32 = 8;
const C_MU: i32 = 9;
const C_ZONE: i32 = 10;
const C_FRI: i32 = 11;

/** record of a contact of a dimension, in quantities */
fn contactSize(dim: i32) -> i32 { return 11 + 5 * dim; }
fn arefOf(e: i32, dim: i32) -> i32 { return e + C_FRI + dim - 1; }
fn jarOf(e: i32, dim: i32) -> i32 { return e + C_FRI + 2 * dim - 1; }
fn jpOf(e: i32, dim: i32) -> i32 { return e + C_FRI + 3 * dim - 1; }
fn forceOf(e: i32, dim: i32) -> i32 { return e + C_FRI + 4 * dim - 1; }
fn trialZoneOf(e: i32, dim: i32) -> i32 { return e + C_FRI + 5 * dim - 1; }
fn sizeOf(e: i32) -> i32 {
  if (f_condim > 0) { return contactSize(f_condim); } else { return ldi(e + C_SIZE); }
}
/** dimension of a contact, which stands at p; in most models all have the same, and loops over its rows go away */
fn dimAt(p: i32) -> i32 {
  if (f_condim > 0) { return f_condim; } else { return ldi(p); }
}

/** what contactParameters finds; friction: two slides, spin, two rolls */
struct ContactPar { solref: vec2f, fricref: vec2f, solimp: Solimp, slide: vec2f, spin: f32, roll: vec2f, margin: f32 }

/** parameters of a contact from its geoms or its pair (mj_contactParam); margin as getMargin */
fn contactParameters(con: i32) -> ContactPar {
  var out: ContactPar;
  if (f_npair > 0) {
    let i = i32at(f_cand, 4 * ldi(con + CON_CAND) + 2);
    if (i >= 0) {
      let fri = f_pair_friction + 5 * i;
      out.solref = parSolref(f_pair_solref + 2 * i);
      out.fricref = parSolref(f_pair_solreffriction + 2 * i);
      out.solimp = parSolimp(f_pair_solimp + 5 * i);
      out.slide = vec2f(max(MINMU, par(fri)), max(MINMU, par(fri + 1)));
      out.spin = max(MINMU, par(fri + 2));
      out.roll = vec2f(max(MINMU, par(fri + 3)), max(MINMU, par(fri + 4)));
      out.margin = par(f_pair_margin + i);
      return out;
    }
  }
  let a = ldi(con + CON_GEOM1);
  let b = ldi(con + CON_GEOM2);
  let fri1 = f_geom_friction + 3 * a;
  let fri2 = f_geom_friction + 3 * b;
  let first = i32at(f_geom_priority, a) - i32at(f_geom_priority, b);
  var slide: f32;
  var spin: f32;
  var roll: f32;
  if (first != 0) {
    let g = select(b, a, first > 0);
    let fri = f_geom_friction + 3 * g;
    out.solref = parSolref(f_geom_solref + 2 * g);
    out.solimp = parSolimp(f_geom_solimp + 5 * g);
    slide = par(fri);
    spin = par(fri + 1);
    roll = par(fri + 2);
  } else {
    let m1 = par(f_geom_solmix + a);
    let m2 = par(f_geom_solmix + b);
    let no1 = m1 < MINVAL;
    let no2 = m2 < MINVAL;
    var share = m1 / select(m1 + m2, 1.0, no1 || no2);
    share = select(select(share, 1.0, no2), select(0.0, 0.5, no2), no1);
    let rest = 1.0 - share;
    let ref1 = parSolref(f_geom_solref + 2 * a);
    let ref2 = parSolref(f_geom_solref + 2 * b);
    let standard = ref1.x > 0.0 && ref2.x > 0.0;
    out.solref = select(min(ref1, ref2), share * ref1 + rest * ref2, standard);
    let imp1 = parSolimp(f_geom_solimp + 5 * a);
    let imp2 = parSolimp(f_geom_solimp + 5 * b);
    out.solimp = Solimp(share * imp1.d + rest * imp2.d, share * imp1.power + rest * imp2.power);
    slide = max(par(fri1), par(fri2));
    spin = max(par(fri1 + 1), par(fri2 + 1));
    roll = max(par(fri1 + 2), par(fri2 + 2));
  }
  out.fricref = vec2f(0.0);
  slide = max(MINMU, slide);
  roll = max(MINMU, roll);
  out.slide = vec2f(slide);
  out.spin = max(MINMU, spin);
  out.roll = vec2f(roll);
  out.margin = par(f_geom_margin + a) + par(f_geom_margin + b);
  return out;
}

/**
 * Constraint rows of all contacts closer than their margin.
 *   model   geom_* pair_* body_invweight0 opt_impratio (*)
 *   in      con, lnk, qvel, qacc_warmstart
 *   out     ctc; residuals at qacc_warmstart
 *   returns whether there is one, by world
 *   source  MuJoCo engine_core_constraint.c, mj_instantiateContact, mj_diagApprox, mj_makeImpedance, mj_referenceConstraint
 */
fn makeContacts(ncon: i32) -> bool {
  let elliptic = f_opt_cone == CONE_ELLIPTIC;
  let impratio = max(MINVAL, par(f_opt_impratio));
  var some = false;
  var e = f_ctc;
  var body1 = -1;
  var body2 = -1;
  var nnz = 0;
  var cols = 0;
  var crossing = 0;
  let end = f_con + CON_STRIDE * ncon;

  for (var con = f_con; con < end; con += CON_STRIDE) {
    let own = contactParameters(con);
    let margin = own.margin;
    let dist = ld(con + CON_DIST);
    if (!(ldmask(con + CON_HAS) && dist < margin)) { continue; }
    let b1 = i32at(f_geom_bodyid, ldi(con + CON_GEOM1));
    let b2 = i32at(f_geom_bodyid, ldi(con + CON_GEOM2));
    let dim = dimAt(con + CON_DIM);
    if (b1 != body1 || b2 != body2) {
      // contacts of the same bodies share their columns
      cols = nJ();
      nnz = chain(b1, b2, f_efc_colind + cols, f_Hs_sign);
      crossing = select(0, 1, nnz < 0);
      nnz = abs(nnz);
      body1 = b1;
      body2 = b2;
    }
    if (nnz == 0) { continue; }
    if (crossing != 0) { markCoupled(); }
    let adr = nJ();
    sti(f_cursor + 1, adr + dim * nnz);
    sti(e + C_DIM, dim);
    sti(e + C_NNZ, nnz);
    sti(e + C_J, adr);
    sti(e + C_COL, cols);
    sti(e + C_SIZE, contactSize(dim));
    sti(e + C_CON, con);
    sti(e + C_CROSS, crossing);
    stmask(e + C_HAS, true);
    pointJacobian(ld3(con + CON_POS), ldmat3(con + CON_FRAME), dim, nnz, f_efc_colind + cols, f_Hs_sign, true, f_efc_J + adr);

    // impedance and regularization
    let tran = par(f_body_invweight0 + 2 * b1) + par(f_body_invweight0 + 2 * b2);
    let fri = own.slide.x;
    let pyramid = dim > 1 && !elliptic;
    let diag = select(tran, tran * (fri * fri + 1.0), pyramid);
    let c = rowConstants(own.solref, own.solimp, diag);
    let violation = dist - margin;
    let imp = impedance(c, violation);
    let R = max(MINVAL, (1.0 - imp) * diag / imp);
    let mu2 = fri * fri / impratio;
    st(e + C_MU, sqrt(mu2));
    st(e + C_D, 1.0 / select(R, 2.0 * mu2 * R, pyramid));
    if (dim > 1) {
      st(e + C_FRI, own.slide.x);
      st(e + C_FRI + 1, own.slide.y);
    }
    if (dim > 3) { st(e + C_FRI + 2, own.spin); }
    if (dim > 4) {
      st(e + C_FRI + 3, own.roll.x);
      st(e + C_FRI + 4, own.roll.y);
    }

    // reference acceleration; elliptic friction may have its own damping
    let B = c.B;
    var Bt = B;
    if (f_opt_cone == CONE_ELLIPTIC) {
      let r0 = own.fricref.x;
      let r1 = own.fricref.y;
      if (dim > 1 && r0 * r1 > 0.0) { Bt = reference(r0, r1, clamp(own.solimp.d.y, MINIMP, MAXIMP)).x; }
    }
    let spring = c.K * imp * violation;
    let aref = arefOf(e, dim);
    let jar = jarOf(e, dim);
    var r = 0;
    if (dim >= 3) {
      // normal and tangents at once: what they are multiplied with is read once
      var vel = vec3f(0.0);
      var acc = vec3f(0.0);
      for (var k = 0; k < nnz; k++) {
        let row = f_efc_J + adr + k;
        let x = vec3f(ld(row), ld(row + nnz), ld(row + 2 * nnz));
        let i = ldi(f_efc_colind + cols + k);
        vel += x * ld(f_qvel + i);
        acc += x * ld(f_qacc_warmstart + i);
      }
      let want = -vec3f(B * vel.x + spring, Bt * vel.y, Bt * vel.z);
      st3(aref, want);
      st3(jar, acc - want);
      r = 3;
    }
    for (; r < dim; r++) {
      var vel = 0.0;
      var acc = 0.0;
      let row = f_efc_J + adr + r * nnz;
      for (var k = 0; k < nnz; k++) {
        let x = ld(row + k);
        let i = ldi(f_efc_colind + cols + k);
        vel += x * ld(f_qvel + i);
        acc += x * ld(f_qacc_warmstart + i);
      }
      let wanted = -select(Bt * vel, B * vel + spring, r == 0);
      st(aref + r, wanted);
      st(jar + r, acc - wanted);
    }
    some = true;
    e += contactSize(dim);
  }
  sti(f_cursor + 3, e);
  return some;
}
