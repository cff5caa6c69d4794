// import { i32at, ld, par3, st, st3 } from '../math/v4'
// import { crossMotion, dot6, ldSpatial, mulInertVec, Spatial, stSpatial } from '../math/spatial'
// import { DOF_CDOF, DOF_CDOFDOT, DOF_STRIDE, DSBL_GRAVITY, JNT_BALL, JNT_FREE, LNK_CACC, LNK_CFRC, LNK_CINERT, LNK_CVEL, LNK_STRIDE } from './types'

/**
 * Spatial velocities of links, time-derivatives of the motion axes, and the Coriolis, centrifugal and gravitational
 * forces: recursive Newton-Euler without joint accelerations, everything about the com of the tree.
 *   model   opt_gravity (*)
 *   in      lnk cinert, dofs cdof, qvel (nworld, nv)
 *   out     lnk cvel (6), dofs cdof_dot (6), qfrc_bias (nv)      N or N*m
 *   source  Featherstone 2008, table 5.1; MuJoCo engine_core_smooth.c, mj_comVel and mj_rne (flg_acc 0)
 */
fn rne() {
  let none = Spatial(vec3f(0.0), vec3f(0.0));
  let weightless = (f_opt_disableflags & DSBL_GRAVITY) != 0;
  let g = select(-par3(f_opt_gravity), vec3f(0.0), weightless);

  // velocities w, v and accelerations a outward; force on each link: I a + v x* I v
  for (var j = 0; j < f_njnt; j++) {
    let L = f_lnk + LNK_STRIDE * j;
    let parent = i32at(f_lnk_parent, j);
    var a = Spatial(vec3f(0.0), g);
    var v = none;
    if (parent >= 0) {
      let P = f_lnk + LNK_STRIDE * parent;
      a = ldSpatial(P + LNK_CACC);
      v = ldSpatial(P + LNK_CVEL);
    }
    let kind = i32at(f_jnt_type, j);
    let dof = i32at(f_jnt_dofadr, j);
    let num = select(select(3, 6, kind == JNT_FREE), 1, kind > JNT_BALL);
    // the axes of a ball, and those of the rotations of a free joint, turn together: with the velocity before any of them
    var c = v;
    for (var i = 0; i < num; i++) {
      let D = f_dofs + DOF_STRIDE * (dof + i);
      let qd = ld(f_qvel + dof + i);
      let x = ldSpatial(D + DOF_CDOF);
      if (f_JNT_FREE > 0 && kind == JNT_FREE && i < 3) {
        // translations of a free joint have constant axes
        stSpatial(D + DOF_CDOFDOT, none);
        v.lin = v.lin + qd * x.lin;
        c.lin = v.lin;
        continue;
      }
      if (parent < 0 && num == 1) {
        // on a fixed base the axis stands still
        stSpatial(D + DOF_CDOFDOT, none);
        v = Spatial(qd * x.rot, qd * x.lin);
        continue;
      }
      let z = crossMotion(c, x);
      stSpatial(D + DOF_CDOFDOT, z);
      a.rot = a.rot + qd * z.rot;
      a.lin = a.lin + qd * z.lin;
      v.rot = v.rot + qd * x.rot;
      v.lin = v.lin + qd * x.lin;
    }
    stSpatial(L + LNK_CACC, a);
    stSpatial(L + LNK_CVEL, v);
    if ((i32at(f_lnk_flags, j) & f_LINK_MASSLESS) != 0) {
      stSpatial(L + LNK_CFRC, none);
      continue;
    }

    // momentum
    let momentum = mulInertVec(L + LNK_CINERT, v);
    let force = mulInertVec(L + LNK_CINERT, a);
    st3(L + LNK_CFRC, force.rot + (cross(v.rot, momentum.rot) + cross(v.lin, momentum.lin)));
    st3(L + LNK_CFRC + 3, force.lin + cross(v.rot, momentum.lin));
  }

  // forces inward
  for (var j = f_njnt - 1; j > 0; j--) {
    let parent = i32at(f_lnk_parent, j);
    if (parent < 0) { continue; }
    let source = f_lnk + LNK_STRIDE * j + LNK_CFRC;
    let to = f_lnk + LNK_STRIDE * parent + LNK_CFRC;
    for (var i = 0; i < 6; i++) { st(to + i, ld(to + i) + ld(source + i)); }
  }
  for (var i = 0; i < f_nv; i++) {
    st(f_qfrc_bias + i, dot6(ldSpatial(f_dofs + DOF_STRIDE * i + DOF_CDOF), ldSpatial(f_lnk + LNK_STRIDE * i32at(f_dof_jntid, i) + LNK_CFRC)));
  }
}
