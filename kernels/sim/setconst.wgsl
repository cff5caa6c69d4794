// import { normalize4, quat2Mat, rotDiag } from '../math/spatial'
// import { i32at, ld, ld3, ldmat3, par, par3, par4, parmat3, setpar, st } from '../math/v4'
// import { constraintConstants } from './constraint'
// import { fluidConstants } from './fluid'
// import { geomConstants } from './geoms'
// import { copyM, crb, factorI, solveLD } from './inertia'
// import { comPos, kinematics } from './kinematics'
// import { tendon, tendonArmature, tendonConstants } from './tendon'
// import { siteConstants, transmission } from './transmission'
// import { at2, DOF_STRIDE, JNT_BALL, JNT_FREE, LC_E, LC_INERT, LC_POS, LC_SIGN, LC_STRIDE, LNK_P, LNK_R, LNK_STRIDE } from './types'
// import { MINVAL, TRN_JOINTINPARENT } from './types'

fn setpar3(p: i32, x: vec3f) {
  setpar(p, x.x);
  setpar(p + 1, x.y);
  setpar(p + 2, x.z);
}
/** rotation, then position */
fn setparPose(p: i32, a: mat3x3f, x: vec3f) {
  let rows = transpose(a);
  setpar3(p, rows[0]);
  setpar3(p + 3, rows[1]);
  setpar3(p + 6, rows[2]);
  setpar3(p + 9, x);
}
fn addpar(p: i32, x: f32) { setpar(p, par(p) + x); }

/** rotation whose third column is the unit vector a (Duff et al. 2017, Building an orthonormal basis, revisited) */
fn basis(a: vec3f) -> mat3x3f {
  let s = select(-1.0, 1.0, a.z >= 0.0);
  let k = -1.0 / (s + a.z);
  let b = a.x * a.y * k;
  return mat3x3f(
    s * k * (a.x * a.x) + 1.0, s * b, -(s * a.x),
    b, k * (a.y * a.y) + s, -a.y,
    a.x, a.y, a.z,
  );
}

/**
 * Constants that follow from local model fields: link frames, lumped inertias, armature and drag of dofs, subtree masses.
 *   model   body_* jnt_* dof_armature dof_damping actuator_armature actuator_damping (*)
 *   out     lnk_const, body_frame, body_com, lnk_gravcomp, grp_static, dof_inertia, dof_drag, body_subtreemass (*)
 */
fn localConstants() {
  let eye = mat3x3f(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0);
  let none = vec3f(0.0);

  for (var j = 0; j < f_njnt; j++) {
    for (var k = 0; k < 11; k++) { setpar(f_lnk_const + LC_STRIDE * j + LC_INERT + k, 0.0); }
  }
  for (var i = 0; i < 4 * f_ngroup; i++) { setpar(f_grp_static + i, 0.0); }
  for (var i = 0; i < 4 * f_njnt; i++) { setpar(f_lnk_gravcomp + i, 0.0); }
  setpar3(f_body_com, none);
  setparPose(f_body_frame, eye, none);

  for (var b = 1; b < f_nbody; b++) {
    let parent = f_body_frame + 12 * i32at(f_body_parentid, b);
    // X: body frame in the link of the parent; rotation, position
    let base = parmat3(parent);
    var X = base * quat2Mat(normalize4(par4(f_body_quat + 4 * b)));
    var x = base * par3(f_body_pos + 3 * b) + par3(parent + 9);
    // everything on a mocap body stands in its frame
    if (i32at(f_body_mocapid, b) >= 0) {
      X = eye;
      x = none;
    }

    let jnt = i32at(f_body_jntadr, b);
    let num = i32at(f_body_jntnum, b);
    for (var j = jnt; j < jnt + num; j++) {
      let C = f_lnk_const + LC_STRIDE * j;
      let kind = i32at(f_jnt_type, j);
      let axis = par3(f_jnt_axis + 3 * j);
      // A: link frame in the body frame. An axis along a coordinate of the parent's frame keeps that frame
      let aligned = (i32at(f_lnk_flags, j) & f_LINK_ALIGNED) != 0;
      var A = eye;
      setpar(C + LC_SIGN, 1.0);
      if (aligned) {
        A = transpose(X);
        let along = dot(A[i32at(f_lnk_axis, j)], axis);
        setpar(C + LC_SIGN, select(-1.0, 1.0, along >= 0.0));
      } else if (kind > JNT_BALL) {
        A = basis(axis);
      }
      if (kind == JNT_FREE) {
        setparPose(C, A, none);
        X = eye;
        x = none;
        continue;
      }
      let anchor = par3(f_jnt_pos + 3 * j);
      var E = eye;
      if (!aligned) { E = X * A; }
      setparPose(C + LC_E, E, X * anchor + x);
      // body frame in this link: A', -A' anchor
      X = transpose(A);
      x = -(X * anchor);
    }
    setparPose(f_body_frame + 12 * b, X, x);

    // lump the body's inertia: about the link's origin, in the link's axes
    let mb = par(f_body_mass + b);
    let c = X * par3(f_body_ipos + 3 * b) + x;
    setpar3(f_body_com + 3 * b, c);
    let link = i32at(f_body_lnk, b);
    if (link < 0) {
      let g = i32at(f_body_group, b);
      if (g < 0) { continue; }
      let G = f_grp_static + 4 * g;
      setpar3(G, mb * c + par3(G));
      addpar(G + 3, mb);
      continue;
    }
    let carried = f_lnk_gravcomp + 4 * link;
    let weight = mb * par(f_body_gravcomp + b);
    setpar3(carried, weight * c + par3(carried));
    addpar(carried + 3, weight);
    let Y = X * quat2Mat(normalize4(par4(f_body_iquat + 4 * b)));
    let inert = rotDiag(Y, par3(f_body_inertia + 3 * b));
    let I = f_lnk_const + LC_STRIDE * link + LC_INERT;
    let cc = c * c;
    addpar(I, mb * (cc.y + cc.z) + inert.diag.x);
    addpar(I + 1, mb * (cc.x + cc.z) + inert.diag.y);
    addpar(I + 2, mb * (cc.x + cc.y) + inert.diag.z);
    addpar(I + 3, inert.off.x - mb * c.x * c.y);
    addpar(I + 4, inert.off.y - mb * c.x * c.z);
    addpar(I + 5, inert.off.z - mb * c.y * c.z);
    setpar3(I + 6, mb * c + par3(I + 6));
    addpar(I + 9, mb);
  }

  for (var b = 0; b < f_nbody; b++) { setpar(f_body_subtreemass + b, par(f_body_mass + b)); }
  for (var b = f_nbody - 1; b > 0; b--) {
    addpar(f_body_subtreemass + i32at(f_body_parentid, b), par(f_body_subtreemass + b));
  }

  // armature and damping of dofs, plus those of the actuators on their joint
  for (var i = 0; i < f_nv; i++) {
    setpar(f_dof_inertia + i, par(f_dof_armature + i));
    let b = f_dof_drag + 3 * i;
    setpar(b, par(f_dof_damping + i));
    setpar(b + 1, par(f_dof_dampingpoly + 2 * i));
    setpar(b + 2, par(f_dof_dampingpoly + 2 * i + 1));
  }
  for (var a = 0; a < f_nactuator; a++) {
    if (i32at(f_actuator_trntype, a) > TRN_JOINTINPARENT) { continue; }
    let j = i32at(f_actuator_trnid, 2 * a);
    let gear = par(f_actuator_gear + 6 * a);
    let gear2 = gear * gear;
    let kind = i32at(f_jnt_type, j);
    let begin = i32at(f_jnt_dofadr, j);
    let end = begin + select(select(1, 3, kind == JNT_BALL), 6, kind == JNT_FREE);
    for (var i = begin; i < end; i++) {
      addpar(f_dof_inertia + i, gear2 * par(f_actuator_armature + a));
      let b = f_dof_drag + 3 * i;
      let poly = f_actuator_dampingpoly + 2 * a;
      addpar(b, gear2 * par(f_actuator_damping + a));
      addpar(b + 1, gear2 * par(poly));
      addpar(b + 2, gear2 * par(poly + 1));
    }
  }
}

/**
 * Constants that follow from the inertia matrix at qpos0.
 *   in      qpos, which is qpos0
 *   out     dof_M0, dof_invweight0, body_invweight0, tendon_length0, tendon_invweight0, actuator_length0, actuator_acc0 (*)
 *   source  MuJoCo engine_setconst.c, set0
 */
fn referenceConstants() {
  kinematics();
  comPos();
  crb();
  // M0 is that of links and joints alone
  for (var i = 0; i < f_nv; i++) { setpar(f_dof_M0 + i, ld(at2(f_qM, f_nv, i, i))); }
  tendon();
  if (f_tenarmature != 0) {
    tendonArmature();
  }
  let H = f_qH;
  let dinv = f_qHDiagInv;
  let x = f_qacc_smooth;
  copyM(f_qM, H);
  factorI(f_nv, H, dinv, f_M_rownnz, f_M_rowadr, f_M_colind);

  // diagonal of M^-1, averaged over the dofs of a ball and over each half of a free joint
  let inv = f_dof_invweight0;
  for (var i = 0; i < f_nv; i++) {
    for (var k = 0; k < f_nv; k++) { st(x + k, select(0.0, 1.0, k == i)); }
    solveLD(f_nv, H, dinv, x, f_M_rownnz, f_M_rowadr, f_M_colind);
    setpar(inv + i, ld(x + i));
  }
  for (var j = 0; j < f_njnt; j++) {
    let kind = i32at(f_jnt_type, j);
    let body = i32at(f_jnt_bodyid, j);
    // MuJoCo leaves the armature out where a body only slides
    if (i32at(f_body_simple, body) == 2) {
      setpar(inv + i32at(f_jnt_dofadr, j), 1.0 / max(MINVAL, par(f_body_mass + body)));
    }
    if (kind > JNT_BALL) { continue; }
    var i = i32at(f_jnt_dofadr, j);
    for (var half = select(1, 0, kind == JNT_FREE); half < 2; half++) {
      let mean = (par(inv + i) + par(inv + i + 1) + par(inv + i + 2)) * (1.0 / 3.0);
      setpar3(inv + i, vec3f(mean));
      i += 3;
    }
  }

  // mean inverse inertia of bodies: trace of J M^-1 J' at the com of the body
  for (var b = 0; b < f_nbody; b++) {
    let o = f_body_invweight0 + 2 * b;
    setpar(o, 0.0);
    setpar(o + 1, 0.0);
    let link = i32at(f_body_lnk, b);
    if (link < 0) { continue; }
    if (i32at(f_body_simple, b) == 2) {
      setpar(o, 1.0 / max(MINVAL, par(f_body_mass + b)));
      continue;
    }
    // offset of the body's com from the com of the tree
    let L = f_lnk + LNK_STRIDE * link;
    let com = ld3(f_grp_com + 4 * i32at(f_lnk_group, link));
    let r = ldmat3(L + LNK_R) * par3(f_body_com + 3 * b) + ld3(L + LNK_P) - com;
    var tran = 0.0;
    var rot = 0.0;
    let kind = i32at(f_jnt_type, link);
    let last = i32at(f_jnt_dofadr, link) + select(select(0, 2, kind == JNT_BALL), 5, kind == JNT_FREE);
    for (var axis = 0; axis < 6; axis++) {
      for (var k = 0; k < f_nv; k++) { st(x + k, 0.0); }
      for (var k = last; k >= 0; k = i32at(f_dof_parentid, k)) { st(x + k, jacobian(f_dofs + DOF_STRIDE * k, axis, r)); }
      solveLD(f_nv, H, dinv, x, f_M_rownnz, f_M_rowadr, f_M_colind);
      var sum = 0.0;
      for (var k = last; k >= 0; k = i32at(f_dof_parentid, k)) { sum += jacobian(f_dofs + DOF_STRIDE * k, axis, r) * ld(x + k); }
      if (axis < 3) { tran += sum; } else { rot += sum; }
    }
    setpar(o, tran * (1.0 / 3.0));
    setpar(o + 1, rot * (1.0 / 3.0));
  }

  // tendons
  for (var t = 0; t < f_ntendon; t++) {
    setpar(f_tendon_length0 + t, ld(f_ten_length + t));
    let begin = i32at(f_ten_rowadr, t);
    let end = begin + i32at(f_ten_rownnz, t);
    for (var k = 0; k < f_nv; k++) { st(x + k, 0.0); }
    for (var k = begin; k < end; k++) { st(x + i32at(f_ten_colind, k), par(f_ten_J + k)); }
    solveLD(f_nv, H, dinv, x, f_M_rownnz, f_M_rowadr, f_M_colind);
    var sum = 0.0;
    for (var k = begin; k < end; k++) { sum += par(f_ten_J + k) * ld(x + i32at(f_ten_colind, k)); }
    setpar(f_tendon_invweight0 + t, sum);
  }

  // actuators: length at the reference, size of the acceleration a unit force makes
  transmission();
  for (var a = 0; a < f_nactuator; a++) {
    setpar(f_actuator_length0 + a, ld(f_actuator_length + a));
    let begin = i32at(f_act_rowadr, a);
    let end = begin + i32at(f_act_rownnz, a);
    for (var k = 0; k < f_nv; k++) { st(x + k, 0.0); }
    for (var k = begin; k < end; k++) { st(x + i32at(f_act_colind, k), ld(f_moment + k)); }
    solveLD(f_nv, H, dinv, x, f_M_rownnz, f_M_rowadr, f_M_colind);
    var sum = 0.0;
    for (var k = 0; k < f_nv; k++) { sum += ld(x + k) * ld(x + k); }
    setpar(f_actuator_acc0 + a, sqrt(sum));
  }
}

/** component of the Jacobian (translation 0..2, rotation 3..5) of a point r from the com, for one dof */
fn jacobian(cdof: i32, axis: i32, r: vec3f) -> f32 {
  let w = ld3(cdof);
  if (axis >= 3) { return w[axis - 3]; }
  return (ld3(cdof + 3) + cross(w, r))[axis];
}

/** All derived constants (mj_setConst), from fields that may differ by world; the state is overwritten. */
fn setConst() {
  localConstants();
  geomConstants();
  siteConstants();
  fluidConstants();
  tendonConstants();
  for (var i = 0; i < f_nq; i++) { st(f_qpos + i, par(f_qpos0 + i)); }
  for (var i = 0; i < f_nv; i++) { st(f_qvel + i, 0.0); }
  for (var b = 1; b < f_nbody; b++) {
    let mocap = i32at(f_body_mocapid, b);
    if (mocap < 0) { continue; }
    for (var i = 0; i < 3; i++) { st(f_mocap_pos + 3 * mocap + i, par(f_body_pos + 3 * b + i)); }
    for (var i = 0; i < 4; i++) { st(f_mocap_quat + 4 * mocap + i, par(f_body_quat + 4 * b + i)); }
  }
  referenceConstants();
  constraintConstants();
}
