import { axisAngle2Quat } from '../math/rotation'
import { copy, mulQuat, normalize4, quat2Mat, rotVecQuat } from '../math/spatial'
import { add, ld, mad, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { at, i32at, JNT_BALL, JNT_FREE, JNT_SLIDE } from './types'

/** out = pos + v rotated by quat */
function placed(out: usize, pos: usize, v: usize, quat: usize, tmp: usize): void {
  rotVecQuat(tmp, v, quat)
  st(out, add(ld(pos), ld(tmp)))
  st(out + V, add(ld(pos + V), ld(tmp + V)))
  st(out + 2 * V, add(ld(pos + 2 * V), ld(tmp + 2 * V)))
}

/**
 * Poses of all bodies and joints as MuJoCo reports them, by quaternions, so that signs agree. The step itself uses the
 * links of kinematics; this runs for frame sensors and for fields that are asked for.
 *   model   body_pos body_quat body_ipos jnt_pos jnt_axis qpos0 (*)
 *   in      qpos, mocap_pos, mocap_quat
 *   out     xpos xquat xmat xipos (nbody), xanchor xaxis (njnt)
 *   source  MuJoCo engine_core_smooth.c, mj_kinematics
 */
export function frames(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.nbody(m)
  const xpos = f.xpos(m, s), xquat = f.xquat(m, s), xmat = f.xmat(m, s), xipos = f.xipos(m, s), anchors = f.xanchor(m, s), axes = f.xaxis(m, s)
  const pos0 = f.body_pos(m, p), quat0 = f.body_quat(m, p), ipos = f.body_ipos(m, p)
  const jpos = f.jnt_pos(m, p), jaxis = f.jnt_axis(m, p), qpos = f.qpos(m, d), qpos0 = f.qpos0(m, p)
  const tmp = f.tmp(m, s), rot = tmp + 20 * V

  for (let b = 0; b < n; b++) {
    const X = xpos + 3 * V * <usize>b, Q = xquat + 4 * V * <usize>b
    if (b == 0) {
      for (let i: usize = 0; i < 3; i++) st(X + V * i, splat(0))
      for (let i: usize = 0; i < 4; i++) st(Q + V * i, splat(i == 0 ? 1 : 0))
    } else {
      const parent = <usize>i32at(f.body_parentid(m), b)
      const jnt = i32at(f.body_jntadr(m), b), num = i32at(f.body_jntnum(m), b)
      if (num == 1 && i32at(f.jnt_type(m), jnt) == JNT_FREE) {
        const q = at(qpos, i32at(f.jnt_qposadr(m), jnt))
        copy(X, q, 3)
        normalize4(Q, q + 3 * V)
        copy(anchors + 3 * V * <usize>jnt, X, 3)
        copy(axes + 3 * V * <usize>jnt, jaxis + 3 * V * <usize>jnt, 3)
      } else {
        const mocap = i32at(f.body_mocapid(m), b)
        if (mocap >= 0) {
          copy(X, f.mocap_pos(m, d) + 3 * V * <usize>mocap, 3)
          normalize4(Q, f.mocap_quat(m, d) + 4 * V * <usize>mocap)
        } else {
          placed(X, xpos + 3 * V * parent, pos0 + 3 * V * <usize>b, xquat + 4 * V * parent, tmp)
          mulQuat(Q, xquat + 4 * V * parent, quat0 + 4 * V * <usize>b)
        }
        for (let j = jnt; j < jnt + num; j++) {
          const a = anchors + 3 * V * <usize>j, x = axes + 3 * V * <usize>j
          const type = i32at(f.jnt_type(m), j)
          const adr = i32at(f.jnt_qposadr(m), j), q = at(qpos, adr)
          placed(a, X, jpos + 3 * V * <usize>j, Q, tmp)
          rotVecQuat(x, jaxis + 3 * V * <usize>j, Q)
          if (type == JNT_SLIDE) {
            const t = sub(ld(q), ld(at(qpos0, adr)))
            for (let i: usize = 0; i < 3; i++) st(X + V * i, mad(t, ld(x + V * i), ld(X + V * i)))
            continue
          }
          if (type == JNT_BALL) normalize4(rot, q)
          else axisAngle2Quat(rot, jaxis + 3 * V * <usize>j, sub(ld(q), ld(at(qpos0, adr))), tmp)
          mulQuat(Q, Q, rot)
          // the anchor stays where it is
          rotVecQuat(tmp, jpos + 3 * V * <usize>j, Q)
          for (let i: usize = 0; i < 3; i++) st(X + V * i, sub(ld(a + V * i), ld(tmp + V * i)))
        }
      }
      normalize4(Q, Q)
    }
    quat2Mat(xmat + 9 * V * <usize>b, Q)
    placed(xipos + 3 * V * <usize>b, X, ipos + 3 * V * <usize>b, Q, tmp)
  }
}
