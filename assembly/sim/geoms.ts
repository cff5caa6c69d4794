import { copy, mulMat3, mulMatVec3, normalize4, quat2Mat } from '../math/spatial'
import { add, dot3, ld, st, V } from '../math/v4'
import * as f from '../shared/fields'
import { bodyBase } from './mocap'
import { at, GEOM_PLANE, GEOM_POS, GEOM_SPHERE, GEOM_STRIDE, i32at, LNK_P, GEOM_CAPSULE } from './types'

/**
 * Constants of geoms: the frame in the link of the geom's body, and how far from its centre contacts reach.
 *   model   geom_pos geom_quat geom_rbound geom_margin geom_gap (*), body_frame (*)
 *   out     geom_frame (ngeom, 12), geom_reach (ngeom)
 */
export function geomConstants(m: usize, p: usize, s: usize): void {
  const tmp = f.tmp(m, s), quat = tmp, rot = tmp + 4 * V
  for (let g = 0, n = f.ngeom(m); g < n; g++) {
    const F = f.geom_frame(m, p) + GEOM_STRIDE * <usize>g
    const body = f.body_frame(m, p) + GEOM_STRIDE * <usize>i32at(f.geom_bodyid(m), g)
    normalize4(quat, f.geom_quat(m, p) + 4 * V * <usize>g)
    quat2Mat(rot, quat)
    mulMat3(F, body, rot)
    mulMatVec3(F + GEOM_POS, body, f.geom_pos(m, p) + 3 * V * <usize>g)
    for (let i: usize = 0; i < 3 * V; i += V) st(F + GEOM_POS + i, add(ld(F + GEOM_POS + i), ld(body + GEOM_POS + i)))
    st(at(f.geom_reach(m, p), g), add(ld(at(f.geom_rbound(m, p), g)), add(ld(at(f.geom_margin(m, p), g)), ld(at(f.geom_gap(m, p), g)))))
  }
}

/**
 * Poses of all geoms in the world.
 *   model   geom_frame (*), geom_bodyid, geom_type
 *   in      lnk R, p; mocap
 *   out     geoms: rotation 9, position 3. Of planes, spheres and capsules only the z axis is turned unless all is asked for
 *   source  MuJoCo engine_core_smooth.c, mj_kinematics
 */
export function geomFrames(m: usize, p: usize, s: usize, full: bool): void {
  const n = f.ngeom(m), frames = f.geom_frame(m, p), geoms = f.geoms(m, s)
  const bodies = f.geom_bodyid(m), types = f.geom_type(m)
  for (let g = 0; g < n; g++) {
    const F = frames + GEOM_STRIDE * <usize>g, G = geoms + GEOM_STRIDE * <usize>g
    const L = bodyBase(m, s, i32at(bodies, g))
    if (!L) {
      copy(G, F, 12)
      continue
    }
    const r0 = ld(L), r1 = ld(L + V), r2 = ld(L + 2 * V), r3 = ld(L + 3 * V), r4 = ld(L + 4 * V), r5 = ld(L + 5 * V)
    const r6 = ld(L + 6 * V), r7 = ld(L + 7 * V), r8 = ld(L + 8 * V)
    let x = ld(F + GEOM_POS), y = ld(F + GEOM_POS + V), z = ld(F + GEOM_POS + 2 * V)
    st(G + GEOM_POS, add(ld(L + LNK_P), dot3(r0, r1, r2, x, y, z)))
    st(G + GEOM_POS + V, add(ld(L + LNK_P + V), dot3(r3, r4, r5, x, y, z)))
    st(G + GEOM_POS + 2 * V, add(ld(L + LNK_P + 2 * V), dot3(r6, r7, r8, x, y, z)))
    const type = i32at(types, g)
    const round = type == GEOM_PLANE || type == GEOM_SPHERE || type == GEOM_CAPSULE
    for (let c: usize = round && !full ? 2 : 0; c < 3; c++) {
      x = ld(F + V * c); y = ld(F + 3 * V + V * c); z = ld(F + 6 * V + V * c)
      st(G + V * c, dot3(r0, r1, r2, x, y, z))
      st(G + 3 * V + V * c, dot3(r3, r4, r5, x, y, z))
      st(G + 6 * V + V * c, dot3(r6, r7, r8, x, y, z))
    }
  }
}
