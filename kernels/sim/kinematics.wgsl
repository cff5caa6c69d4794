// import { i32at, ld, ld3, ld4, ldmat3, par, par3, parmat3, st, st3, stmat3 } from '../math/v4'
// import { normalize4, quat2Mat, Spatial, stSpatial } from '../math/spatial'
// import { sincos } from '../math/trig'
// import { mocapBase, mocapFrames } from './mocap'
// import { DOF_CDOF, DOF_STRIDE, JNT_BALL, JNT_FREE, JNT_HINGE, LC_E, LC_INERT, LC_POS, LC_SIGN, LC_STRIDE, LNK_CINERT, LNK_P, LNK_R, LNK_STRIDE } from './types'

/**
 * Frames of all links: orientation R (9, row-major) and anchor position p (3) in the world.
 *   model   lnk_const (*), lnk_parent, lnk_axis, jnt_type     m
 *   in      qpos (nworld, nq)                                 m or rad
 *   out     lnk R, p
 *   source  MuJoCo engine_core_smooth.c, mj_kinematics, with the frames at joint anchors
 */
fn kinematics() {
  if (f_nmocap > 0) { mocapFrames(); }

  for (var j = 0; j < f_njnt; j++) {
    let L = f_lnk + LNK_STRIDE * j;
    let C = f_lnk_const + LC_STRIDE * j;
    let parent = i32at(f_lnk_parent, j);
    let flags = i32at(f_lnk_flags, j);
    let kind = i32at(f_jnt_type, j);
    let adr = i32at(f_jnt_qposadr, j);
    let q = f_qpos + adr;

    // free: the pose is the coordinates
    if (f_JNT_FREE > 0 && kind == JNT_FREE) {
      stmat3(L + LNK_R, quat2Mat(normalize4(ld4(q + 3))));
      st3(L + LNK_P, ld3(q));
      continue;
    }

    // frame before the joint moves: R = R_parent E, p = p_parent + R_parent r
    var R: mat3x3f;
    var p: vec3f;
    var base = 0;
    if (parent >= 0) { base = f_lnk + LNK_STRIDE * parent; } else { base = mocapBase(i32at(f_jnt_bodyid, j)); }
    if (base == 0) {
      R = parmat3(C + LC_E);
      p = par3(C + LC_POS);
    } else {
      R = ldmat3(base + LNK_R);
      p = ld3(base + LNK_P);
      if ((flags & f_LINK_SAMEPOS) == 0) { p = p + R * par3(C + LC_POS); }
      if ((flags & f_LINK_SAMEROT) == 0) { R = R * parmat3(C + LC_E); }
    }

    if (kind == JNT_HINGE) {
      // turn about column k: the other two columns mix
      let t = sincos(par(C + LC_SIGN) * (ld(q) - par(f_qpos0 + adr)));
      let k = i32at(f_lnk_axis, j);
      if (k == 0) {
        R = mat3x3f(R[0], t.cos * R[1] + t.sin * R[2], t.cos * R[2] - t.sin * R[1]);
      } else if (k == 1) {
        R = mat3x3f(t.cos * R[0] - t.sin * R[2], R[1], t.cos * R[2] + t.sin * R[0]);
      } else {
        R = mat3x3f(t.cos * R[0] + t.sin * R[1], t.cos * R[1] - t.sin * R[0], R[2]);
      }
    } else if (f_JNT_BALL > 0 && kind == JNT_BALL) {
      // R = R qpos
      R = R * quat2Mat(normalize4(ld4(q)));
    } else if (f_JNT_SLIDE > 0) {
      // slide along column k
      let t = par(C + LC_SIGN) * (ld(q) - par(f_qpos0 + adr));
      let k = i32at(f_lnk_axis, j);
      p = p + t * select(select(R[2], R[1], k == 1), R[0], k == 0);
    }

    stmat3(L + LNK_R, R);
    st3(L + LNK_P, p);
  }
}

/**
 * Centre of mass of every kinematic tree, inertia of every link about it, motion axes of all dofs.
 *   model   lnk_const (*), grp_static (*)
 *   in      lnk R, p
 *   out     grp_com (ngroup, 4): com, mass; lnk cinert; dofs cdof (6: rotation, translation)
 *   source  MuJoCo engine_core_smooth.c, mj_comPos
 */
fn comPos() {
  // first moments of the trees; h = R h_local + m p is kept in cinert
  for (var g = 0; g < 4 * f_ngroup; g++) { st(f_grp_com + g, par(f_grp_static + g)); }
  if (f_nmocap > 0) {
    // what is fixed to a mocap body moves with it
    for (var g = 0; g < f_ngroup; g++) {
      let F = mocapBase(i32at(f_grp_root, g));
      let G = f_grp_com + 4 * g;
      if (F == 0) { continue; }
      st3(G, ldmat3(F) * ld3(G) + ld(G + 3) * ld3(F + LNK_P));
    }
  }
  for (var j = 0; j < f_njnt; j++) {
    if ((i32at(f_lnk_flags, j) & f_LINK_MASSLESS) != 0) { continue; }
    let L = f_lnk + LNK_STRIDE * j;
    let I = f_lnk_const + LC_STRIDE * j + LC_INERT;
    let G = f_grp_com + 4 * i32at(f_lnk_group, j);
    let mass = par(I + 9);
    let h = ldmat3(L + LNK_R) * par3(I + 6);
    st3(L + LNK_CINERT + 6, h);
    st3(G, ld3(G) + (mass * ld3(L + LNK_P) + h));
    st(G + 3, ld(G + 3) + mass);
  }
  for (var g = 0; g < f_ngroup; g++) {
    let G = f_grp_com + 4 * g;
    let mass = ld(G + 3);
    st3(G, ld3(G) * (1.0 / select(1.0, mass, mass > 0.0)));
  }

  for (var j = 0; j < f_njnt; j++) {
    let L = f_lnk + LNK_STRIDE * j;
    let R = ldmat3(L + LNK_R);
    let c = ld3(L + LNK_P) - ld3(f_grp_com + 4 * i32at(f_lnk_group, j));
    let o = L + LNK_CINERT;

    if ((i32at(f_lnk_flags, j) & f_LINK_MASSLESS) != 0) {
      for (var i = 0; i < 10; i++) { st(o + i, 0.0); }
    } else {
      // rotate the inertia about the anchor: W = R I, then W R'
      let I = f_lnk_const + LC_STRIDE * j + LC_INERT;
      let d = par3(I);
      let off = par3(I + 3);
      let rows = transpose(R);
      // columns: rows of W
      let w = mat3x3f(d.x, off.x, off.y, off.x, d.y, off.z, off.y, off.z, d.z) * rows;
      let i = vec3f(dot(w[0], rows[0]), dot(w[1], rows[1]), dot(w[2], rows[2]));
      let k = vec3f(dot(w[0], rows[1]), dot(w[0], rows[2]), dot(w[1], rows[2]));

      // move it from the anchor to the com of the tree: e = h + m c / 2 makes both products one
      let mass = par(I + 9);
      let h = ld3(o + 6);
      let mc = mass * c;
      let e = 0.5 * mc + h;
      let t = 2.0 * (c * e);
      st3(o, i + (t.yxx + t.zzy));
      st3(o + 3, k - (c.xxy * e.yzz + c.yzz * e.xxy));
      st3(o + 6, h + mc);
      st(o + 9, mass);
    }

    // motion axes: a rotation about an axis through the anchor moves the com point by c x axis
    let kind = i32at(f_jnt_type, j);
    var D = f_dofs + DOF_STRIDE * i32at(f_jnt_dofadr, j) + DOF_CDOF;
    if (f_JNT_FREE + f_JNT_BALL == 0 || kind > JNT_BALL) {
      let k = i32at(f_lnk_axis, j);
      let a = par(f_lnk_const + LC_STRIDE * j + LC_SIGN) * select(select(R[2], R[1], k == 1), R[0], k == 0);
      if (f_JNT_SLIDE == 0 || kind == JNT_HINGE) {
        stSpatial(D, Spatial(a, cross(c, a)));
      } else {
        stSpatial(D, Spatial(vec3f(0.0), a));
      }
    } else {
      if (f_JNT_FREE > 0 && kind == JNT_FREE) {
        for (var i = 0; i < 3; i++) {
          for (var e = 0; e < 6; e++) { st(D + e, select(0.0, 1.0, e == 3 + i)); }
          D += DOF_STRIDE;
        }
      }
      for (var i = 0; i < 3; i++) {
        let a = R[i];
        stSpatial(D, Spatial(a, cross(c, a)));
        D += DOF_STRIDE;
      }
    }
  }
}
