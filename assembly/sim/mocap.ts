import { normalize4, quat2Mat } from '../math/spatial'
import { ld, st, V } from '../math/v4'
import * as f from '../shared/fields'
import { i32at, LNK_P, LNK_STRIDE } from './types'

/**
 * Poses of the mocap bodies, laid out like a link's: rotation 9, position 3.
 *   in      mocap_pos (nmocap, 3), mocap_quat (nmocap, 4)
 *   out     mocap (nmocap, 12)
 *   source  MuJoCo engine_core_smooth.c, mj_kinematics1
 */
export function mocapFrames(m: usize, d: usize, s: usize): void {
  const n = f.nmocap(m), tmp = f.tmp(m, s)
  for (let i = 0; i < n; i++) {
    const F = f.mocap(m, s) + 12 * V * <usize>i, pos = f.mocap_pos(m, d) + 3 * V * <usize>i
    normalize4(tmp, f.mocap_quat(m, d) + 4 * V * <usize>i)
    quat2Mat(F, tmp)
    for (let k: usize = 0; k < 3; k++) st(F + LNK_P + V * k, ld(pos + V * k))
  }
}

/** pose of the mocap body at the root of a body's tree; 0: the tree stands in the world */
// @ts-ignore: decorator
@inline export function mocapBase(m: usize, s: usize, body: i32): usize {
  if (f.nmocap(m) == 0) return 0
  const id = i32at(f.body_mocapid(m), i32at(f.body_rootid(m), body))
  return id < 0 ? 0 : f.mocap(m, s) + 12 * V * <usize>id
}

/** pose (rotation 9, position 3) of what body_frame of a body refers to: its link or its mocap body; 0: the world */
// @ts-ignore: decorator
@inline export function bodyBase(m: usize, s: usize, body: i32): usize {
  const link = i32at(f.body_lnk(m), body)
  return link >= 0 ? f.lnk(m, s) + LNK_STRIDE * <usize>link : mocapBase(m, s, body)
}
