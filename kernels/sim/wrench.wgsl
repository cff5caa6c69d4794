// import { i32at, ld, ld3, ldmat3, ldu, par, par3, st, st3 } from '../math/v4'
// import { JNT_FREE, JNT_HINGE, JNT_SLIDE, LC_SIGN, LC_STRIDE, LNK_P, LNK_R, LNK_STRIDE } from './types'

// a wrench: torque about the anchor of its link, then force
const FORCE: i32 = 3;

/** no force on any link */
fn clearWrenches() {
  for (var w = 0; w < 6 * f_njnt; w++) { st(f_wrench + w, 0.0); }
}

/** add a force (3) and a torque (3) at the com of a body that moves, world axes */
fn addWrench(body: i32, force: vec3f, torque: vec3f) {
  let link = i32at(f_body_lnk, body);
  let w = f_wrench + 6 * link;
  let r = ldmat3(f_lnk + LNK_STRIDE * link + LNK_R) * par3(f_body_com + 3 * body);
  st3(w, ld3(w) + (torque + cross(r, force)));
  st3(w + FORCE, ld3(w + FORCE) + force);
}

/**
 * Joint forces of the wrenches on all links: each joint carries what acts on the links beyond it.
 *   in      lnk R, p
 *   in-out  wrench (njnt, 6): becomes that of everything beyond; qfrc (nv): added to
 *   source  MuJoCo engine_support.c, mj_applyFT, for all bodies in one pass inward
 */
fn projectWrenches(qfrc: i32) {
  for (var j = f_njnt - 1; j >= 0; j--) {
    let L = f_lnk + LNK_STRIDE * j;
    let w = f_wrench + 6 * j;
    let t = ld3(w);
    let force = ld3(w + FORCE);
    let kind = i32at(f_jnt_type, j);
    var out = qfrc + i32at(f_jnt_dofadr, j);
    if (f_JNT_FREE + f_JNT_BALL == 0 || kind == JNT_HINGE || kind == JNT_SLIDE) {
      let a = L + LNK_R + i32at(f_lnk_axis, j);
      let along = dot(vec3f(ld(a), ld(a + 3), ld(a + 6)), select(force, t, kind == JNT_HINGE));
      st(out, ld(out) + par(f_lnk_const + LC_STRIDE * j + LC_SIGN) * along);
    } else {
      if (f_JNT_FREE > 0 && kind == JNT_FREE) {
        st3(out, ld3(out) + force);
        out += 3;
      }
      st3(out, ld3(out) + t * ldmat3(L + LNK_R));
    }
    let parent = i32at(f_lnk_parent, j);
    if (parent < 0) { continue; }
    let q = f_wrench + 6 * parent;
    let r = ld3(L + LNK_P) - ld3(f_lnk + LNK_STRIDE * parent + LNK_P);
    st3(q, ld3(q) + (t + cross(r, force)));
    st3(q + FORCE, ld3(q + FORCE) + force);
  }
}

/**
 * Applied Cartesian forces into joint space.
 *   in      lnk R, p; xfrc_applied (nbody, 6): force, torque at the com of each body, world axes
 *   in-out  qfrc (nv)
 *   source  MuJoCo engine_support.c, mj_xfrcAccumulate
 */
fn applyXfrc(qfrc: i32) {
  var some = false;
  for (var b = 1; b < f_nbody; b++) {
    if (i32at(f_body_lnk, b) < 0) { continue; }
    let x = f_xfrc_applied + 6 * b;
    let bits = ldu(x) | ldu(x + 1) | ldu(x + 2) | ldu(x + 3) | ldu(x + 4) | ldu(x + 5);
    if (bits == 0u) { continue; }
    if (!some) { clearWrenches(); }
    some = true;
    addWrench(b, ld3(x), ld3(x + 3));
  }
  if (some) { projectWrenches(qfrc); }
}

/**
 * Gravity compensation: what carries part of the weight of bodies.
 *   model   opt_gravity, lnk_gravcomp (*)
 *   in      lnk R, p
 *   out     qfrc_gravcomp (nv)
 *   source  MuJoCo engine_passive.c, mj_gravcomp
 */
fn gravcomp() {
  let g = -par3(f_opt_gravity);
  for (var i = 0; i < f_nv; i++) { st(f_qfrc_gravcomp + i, 0.0); }
  for (var j = 0; j < f_njnt; j++) {
    let c = f_lnk_gravcomp + 4 * j;
    let w = f_wrench + 6 * j;
    let h = ldmat3(f_lnk + LNK_STRIDE * j + LNK_R) * par3(c);
    st3(w, cross(h, g));
    st3(w + FORCE, par(c + 3) * g);
  }
  projectWrenches(f_qfrc_gravcomp);
}
