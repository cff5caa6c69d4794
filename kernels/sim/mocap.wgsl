// import { i32at, ld3, ld4, st3, stmat3 } from '../math/v4'
// import { normalize4, quat2Mat } from '../math/spatial'
// import { LNK_P, LNK_STRIDE } from './types'

/**
 * Poses of the mocap bodies, laid out like a link's: rotation 9, position 3.
 *   in      mocap_pos (nmocap, 3), mocap_quat (nmocap, 4)
 *   out     mocap (nmocap, 12)
 *   source  MuJoCo engine_core_smooth.c, mj_kinematics1
 */
fn mocapFrames() {
  for (var i = 0; i < f_nmocap; i++) {
    let F = f_mocap + 12 * i;
    stmat3(F, quat2Mat(normalize4(ld4(f_mocap_quat + 4 * i))));
    st3(F + LNK_P, ld3(f_mocap_pos + 3 * i));
  }
}

/** pose of the mocap body at the root of a body's tree; 0: the tree stands in the world */
fn mocapBase(body: i32) -> i32 {
  if (f_nmocap > 0) {
    let id = i32at(f_body_mocapid, i32at(f_body_rootid, body));
    if (id >= 0) { return f_mocap + 12 * id; }
  }
  return 0;
}

/** pose (rotation 9, position 3) of what body_frame of a body refers to: its link or its mocap body; 0: the world */
fn bodyBase(body: i32) -> i32 {
  let link = i32at(f_body_lnk, body);
  if (link >= 0) { return f_lnk + LNK_STRIDE * link; }
  return mocapBase(body);
}
