// import { i32at, ld, ld3, ld4, par, par3, par4, st3, st4, stmat3 } from '../math/v4'
// import { axisAngle2Quat } from '../math/rotation'
// import { mulQuat, normalize4, quat2Mat, rotVecQuat } from '../math/spatial'
// import { JNT_BALL, JNT_FREE, JNT_SLIDE } from './types'

/** out = pos + v rotated by quat */
fn placed(pos: vec3f, v: vec3f, quat: vec4f) -> vec3f { return pos + rotVecQuat(v, quat); }

/**
 * Poses of all bodies and joints as MuJoCo reports them, by quaternions, so that signs agree. The step itself uses the
 * links of kinematics; this runs for frame sensors and for fields that are asked for.
 *   model   body_pos body_quat body_ipos jnt_pos jnt_axis qpos0 (*)
 *   in      qpos, mocap_pos, mocap_quat
 *   out     xpos xquat xmat xipos (nbody), xanchor xaxis (njnt)
 *   source  MuJoCo engine_core_smooth.c, mj_kinematics
 */
fn frames() {
  for (var b = 0; b < f_nbody; b++) {
    var X = vec3f(0.0);
    var Q = vec4f(1.0, 0.0, 0.0, 0.0);
    if (b > 0) {
      let parent = i32at(f_body_parentid, b);
      let jnt = i32at(f_body_jntadr, b);
      let num = i32at(f_body_jntnum, b);
      if (f_JNT_FREE > 0 && num == 1 && i32at(f_jnt_type, jnt) == JNT_FREE) {
        let q = f_qpos + i32at(f_jnt_qposadr, jnt);
        X = ld3(q);
        Q = normalize4(ld4(q + 3));
        st3(f_xanchor + 3 * jnt, X);
        st3(f_xaxis + 3 * jnt, par3(f_jnt_axis + 3 * jnt));
      } else {
        let mocap = i32at(f_body_mocapid, b);
        if (mocap >= 0) {
          X = ld3(f_mocap_pos + 3 * mocap);
          Q = normalize4(ld4(f_mocap_quat + 4 * mocap));
        } else {
          let above = ld4(f_xquat + 4 * parent);
          X = placed(ld3(f_xpos + 3 * parent), par3(f_body_pos + 3 * b), above);
          Q = mulQuat(above, par4(f_body_quat + 4 * b));
        }
        for (var j = jnt; j < jnt + num; j++) {
          let kind = i32at(f_jnt_type, j);
          let adr = i32at(f_jnt_qposadr, j);
          let local = par3(f_jnt_pos + 3 * j);
          let axis = par3(f_jnt_axis + 3 * j);
          let a = placed(X, local, Q);
          let x = rotVecQuat(axis, Q);
          st3(f_xanchor + 3 * j, a);
          st3(f_xaxis + 3 * j, x);
          if (f_JNT_SLIDE > 0 && kind == JNT_SLIDE) {
            X = X + (ld(f_qpos + adr) - par(f_qpos0 + adr)) * x;
            continue;
          }
          var rot: vec4f;
          if (f_JNT_BALL > 0 && kind == JNT_BALL) { rot = normalize4(ld4(f_qpos + adr)); } else { rot = axisAngle2Quat(axis, ld(f_qpos + adr) - par(f_qpos0 + adr)); }
          Q = mulQuat(Q, rot);
          // the anchor stays where it is
          X = a - rotVecQuat(local, Q);
        }
      }
      Q = normalize4(Q);
    }
    st3(f_xpos + 3 * b, X);
    st4(f_xquat + 4 * b, Q);
    stmat3(f_xmat + 9 * b, quat2Mat(Q));
    st3(f_xipos + 3 * b, placed(X, par3(f_body_ipos + 3 * b), Q));
  }
}
