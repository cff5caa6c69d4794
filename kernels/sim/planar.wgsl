// import { cross1, i32at, ld, par, st } from '../math/v4'
// import { sincos } from '../math/trig'
// import { mocapFrames } from './mocap'
// import { at2, DSBL_GRAVITY, JNT_HINGE, LC_INERT, LC_POS, LC_SIGN, LC_STRIDE, LNK_P, LNK_R, LNK_STRIDE } from './types'

// the plane's record of a link, behind its pose
const PL_C: i32 = 12;   // cos, sin of the link's angle
const PL_W: i32 = 14;   // angular velocity
const PL_A: i32 = 15;   // acceleration of the anchor without joint accelerations
const PL_D: i32 = 17;   // anchor minus parent's anchor
const PL_H: i32 = 19;   // first moment of the composite about the anchor
const PL_M: i32 = 21;   // its mass
const PL_I: i32 = 22;   // its inertia about the anchor
const PL_F: i32 = 23;   // force that the composite's motion takes
const PL_N: i32 = 25;   // moment about the anchor
const PL_X: i32 = 26;   // direction of a slide
const PL_T: i32 = 28;   // angle of the link

/**
 * M and qfrc_bias of trees that move in a coordinate plane (all hinges along one axis, all slides across it): kinematics,
 * comPos, crb, comVel and rne with what is structurally zero left out. Cart-poles, pendulums, hoppers are such trees.
 *   model   lnk_const (*), opt_gravity (*), dof_inertia (*)
 *   in      qpos, qvel
 *   out     qM, qfrc_bias
 *   source  Newton-Euler and composite bodies of Featherstone 2008, chapters 5 and 6, in two dimensions
 */
fn planarForces() {
  // in-plane axes u, v follow the normal
  let normal = f_planar - 1;
  let u = (normal + 1) % 3;
  let v = (normal + 2) % 3;
  let Inn = LC_INERT + normal;
  let hu = LC_INERT + 6 + u;
  let hv = LC_INERT + 6 + v;
  let mass = LC_INERT + 9;
  let weightless = (f_opt_disableflags & DSBL_GRAVITY) != 0;
  let gu = select(-par(f_opt_gravity + u), 0.0, weightless);
  let gv = select(-par(f_opt_gravity + v), 0.0, weightless);

  if (f_nmocap > 0 && (f_ncand > 0 || (f_sensorneeds & f_NEED_FRAMES) != 0)) { mocapFrames(); }

  // outward: poses, velocities, accelerations, then what each link's own motion takes
  for (var j = 0; j < f_njnt; j++) {
    let L = f_lnk + LNK_STRIDE * j;
    let K = f_lnk_const + LC_STRIDE * j;
    let parent = i32at(f_lnk_parent, j);
    var c = 1.0;
    var sn = 0.0;
    var w = 0.0;
    var angle = 0.0;
    var au = gu;
    var av = gv;
    let ru = par(K + LC_POS + u);
    let rv = par(K + LC_POS + v);
    var du = ru;
    var dv = rv;
    if (parent >= 0) {
      let Q = f_lnk + LNK_STRIDE * parent;
      c = ld(Q + PL_C);
      sn = ld(Q + PL_C + 1);
      w = ld(Q + PL_W);
      angle = ld(Q + PL_T);
      au = ld(Q + PL_A);
      av = ld(Q + PL_A + 1);
      if ((i32at(f_lnk_flags, j) & f_LINK_SAMEPOS) != 0) {
        du = 0.0;
        dv = 0.0;
      } else {
        du = cross1(c, ru, sn, rv);
        dv = sn * ru + c * rv;
        let ww = w * w;
        au = au - ww * du;
        av = av - ww * dv;
      }
    }
    let sign = par(K + LC_SIGN);
    let q = sign * (ld(f_qpos + j) - par(f_qpos0 + j));
    let qd = sign * ld(f_qvel + j);
    if (i32at(f_jnt_type, j) == JNT_HINGE) {
      angle = angle + q;
      let t = sincos(angle);
      sn = t.sin;
      c = t.cos;
      w = w + qd;
    } else {
      let first = i32at(f_lnk_axis, j) == u;
      let xu = select(-sn, c, first);
      let xv = select(c, sn, first);
      let ww = w * w * q;
      let w2 = 2.0 * w * qd;
      du = xu * q + du;
      dv = xv * q + dv;
      au = au - ww * xu - w2 * xv;
      av = av - ww * xv + w2 * xu;
      st(L + PL_X, sign * xu);
      st(L + PL_X + 1, sign * xv);
    }
    st(L + PL_C, c);
    st(L + PL_C + 1, sn);
    st(L + PL_T, angle);
    if (f_ncand > 0 || (f_sensorneeds & f_NEED_FRAMES) != 0) {
      // the pose, for geometry
      st(L + LNK_R + 4 * normal, 1.0);
      st(L + LNK_R + 3 * normal + u, 0.0);
      st(L + LNK_R + 3 * normal + v, 0.0);
      st(L + LNK_R + 3 * u + normal, 0.0);
      st(L + LNK_R + 3 * v + normal, 0.0);
      st(L + LNK_R + 4 * u, c);
      st(L + LNK_R + 4 * v, c);
      st(L + LNK_R + 3 * u + v, -sn);
      st(L + LNK_R + 3 * v + u, sn);
      let P = f_lnk + LNK_STRIDE * max(parent, 0) + LNK_P;
      let o = L + LNK_P;
      var pu = du;
      var pv = dv;
      var pn = par(K + LC_POS + normal);
      if (parent >= 0) {
        pu = pu + ld(P + u);
        pv = pv + ld(P + v);
        pn = pn + ld(P + normal);
      }
      st(o + u, pu);
      st(o + v, pv);
      st(o + normal, pn);
    }
    st(L + PL_W, w);
    st(L + PL_A, au);
    st(L + PL_A + 1, av);
    st(L + PL_D, du);
    st(L + PL_D + 1, dv);

    let lu = par(K + hu);
    let lv = par(K + hv);
    let mj = par(K + mass);
    let h0 = cross1(c, lu, sn, lv);
    let h1 = sn * lu + c * lv;
    let ww = w * w;
    st(L + PL_H, h0);
    st(L + PL_H + 1, h1);
    st(L + PL_M, mj);
    st(L + PL_I, par(K + Inn));
    st(L + PL_F, mj * au - ww * h0);
    st(L + PL_F + 1, mj * av - ww * h1);
    st(L + PL_N, cross1(h0, av, h1, au));
  }

  // inward: bias and inertia of the joint from the composite below it, then the composite moves to the parent
  for (var j = f_njnt - 1; j >= 0; j--) {
    let L = f_lnk + LNK_STRIDE * j;
    let sign = par(f_lnk_const + LC_STRIDE * j + LC_SIGN);
    let h0 = ld(L + PL_H);
    let h1 = ld(L + PL_H + 1);
    let mc = ld(L + PL_M);
    let f0 = ld(L + PL_F);
    let f1 = ld(L + PL_F + 1);
    // momentum of the composite per unit of joint velocity: p linear, l about the anchor
    var p0: f32;
    var p1: f32;
    var l: f32;
    if (i32at(f_jnt_type, j) == JNT_HINGE) {
      st(f_qfrc_bias + j, sign * ld(L + PL_N));
      l = ld(L + PL_I);
      st(at2(f_qM, f_njnt, j, j), par(f_dof_inertia + j) + l);
      p0 = -(sign * h1);
      p1 = sign * h0;
      l = sign * l;
    } else {
      let x0 = ld(L + PL_X);
      let x1 = ld(L + PL_X + 1);
      st(f_qfrc_bias + j, x0 * f0 + x1 * f1);
      st(at2(f_qM, f_njnt, j, j), par(f_dof_inertia + j) + mc);
      p0 = mc * x0;
      p1 = mc * x1;
      l = cross1(h0, x1, h1, x0);
    }

    let parent = i32at(f_lnk_parent, j);
    if (parent < 0) { continue; }
    var B = L;
    for (var k = parent; k >= 0; k = i32at(f_lnk_parent, k)) {
      l = l + cross1(ld(B + PL_D), p1, ld(B + PL_D + 1), p0);
      B = f_lnk + LNK_STRIDE * k;
      if (i32at(f_jnt_type, k) == JNT_HINGE) {
        st(at2(f_qM, f_njnt, j, k), par(f_lnk_const + LC_STRIDE * k + LC_SIGN) * l);
      } else {
        st(at2(f_qM, f_njnt, j, k), ld(B + PL_X) * p0 + ld(B + PL_X + 1) * p1);
      }
    }

    let Q = f_lnk + LNK_STRIDE * parent;
    let d0 = ld(L + PL_D);
    let d1 = ld(L + PL_D + 1);
    let md0 = mc * d0;
    let md1 = mc * d1;
    st(Q + PL_M, ld(Q + PL_M) + mc);
    st(Q + PL_H, ld(Q + PL_H) + (h0 + md0));
    st(Q + PL_H + 1, ld(Q + PL_H + 1) + (h1 + md1));
    let e0 = 2.0 * h0 + md0;
    let e1 = 2.0 * h1 + md1;
    st(Q + PL_I, ld(Q + PL_I) + ld(L + PL_I) + (d0 * e0 + d1 * e1));
    st(Q + PL_F, ld(Q + PL_F) + f0);
    st(Q + PL_F + 1, ld(Q + PL_F + 1) + f1);
    st(Q + PL_N, ld(Q + PL_N) + (ld(L + PL_N) + cross1(d0, f1, d1, f0)));
  }
}
