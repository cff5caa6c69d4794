import { and, cross1, dot3, ld, mul, splat, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { at, i32at, JNT_BALL, JNT_FREE, JNT_HINGE, LC_SIGN, LC_STRIDE, LNK_P, LNK_R, LNK_STRIDE } from './types'

/** last dof a body moves with; -1: it stands still */
// @ts-ignore: decorator
@inline export function lastDof(m: usize, body: i32): i32 {
  const link = i32at(f.body_lnk(m), body)
  if (link < 0) return -1
  const type = i32at(f.jnt_type(m), link)
  return i32at(f.jnt_dofadr(m), link) + (type == JNT_FREE ? 5 : type == JNT_BALL ? 2 : 0)
}

/**
 * Dofs that move one of two bodies and not the other, descending (mj_mergeChain with flg_skipcommon).
 *   cols   out: their indices;  signs: out: -1 for dofs of body 1, +1 for body 2
 *   returns their number; negative where both bodies have some
 */
export function chain(m: usize, body1: i32, body2: i32, cols: usize, signs: usize): i32 {
  const parent = f.dof_parentid(m)
  let i = lastDof(m, body1), k = lastDof(m, body2)
  let n: usize = 0, first: usize = 0
  while (i != k) {
    if (i > k) {
      store<i32>(cols + 4 * n, i)
      store<i32>(signs + 4 * n, -1)
      i = i32at(parent, i)
      first++
    } else {
      store<i32>(cols + 4 * n, k)
      store<i32>(signs + 4 * n, 1)
      k = i32at(parent, k)
    }
    n++
  }
  return first > 0 && first < n ? -<i32>n : <i32>n
}

/**
 * Jacobian of the motion of a point of body 2 relative to body 1, in a frame.
 *   pos    point (3); frame (9): rows are the directions
 *   cols, signs  as chain leaves them
 *   has    where it does not hold, the entries are 0, whatever pos and frame are
 *   out    (dim, nnz): 1 to 3 translations along the frame's rows, then rotations about them
 *   source MuJoCo engine_core_constraint.c, mj_contactJacobian; axes and anchors are those of the links
 */
export function pointJacobian(
  m: usize, p: usize, s: usize, pos: usize, frame: usize, dim: i32, nnz: i32, cols: usize, signs: usize, has: v128, out: usize,
): void {
  const lnk = f.lnk(m, s), cons = f.lnk_const(m, p), joints = f.dof_jntid(m), types = f.jnt_type(m), dadr = f.jnt_dofadr(m), axes = f.lnk_axis(m)
  const x0 = ld(pos), x1 = ld(pos + V), x2 = ld(pos + 2 * V)
  const row = V * <usize>nnz
  const trans = min<i32>(dim, 3)
  for (let k = 0; k < nnz; k++) {
    const i = i32at(cols, k), j = i32at(joints, i)
    const L = lnk + LNK_STRIDE * <usize>j
    const type = i32at(types, j)
    const o = out + V * <usize>k
    const side = splat(<f32>i32at(signs, k))
    // axis of the dof (a), and the motion it gives the point (u)
    let a0: v128, a1: v128, a2: v128
    let u0: v128, u1: v128, u2: v128
    let turns = true
    let column: usize
    let sign = side
    if (type > JNT_BALL) {
      column = V * <usize>i32at(axes, j)
      sign = mul(side, ld(cons + LC_STRIDE * <usize>j + LC_SIGN))
      turns = type == JNT_HINGE
    } else {
      const c = i - i32at(dadr, j)
      if (type == JNT_FREE && c < 3) {
        for (let r = 0; r < trans; r++) st(o + row * <usize>r, and(has, mul(side, ld(frame + V * <usize>(3 * r + c)))))
        for (let r = 3; r < dim; r++) st(o + row * <usize>r, splat(0))
        continue
      }
      column = V * <usize>(type == JNT_FREE ? c - 3 : c)
    }
    const R = L + LNK_R + column
    a0 = mul(sign, ld(R)); a1 = mul(sign, ld(R + 3 * V)); a2 = mul(sign, ld(R + 6 * V))
    if (turns) {
      const d0 = sub(x0, ld(L + LNK_P)), d1 = sub(x1, ld(L + LNK_P + V)), d2 = sub(x2, ld(L + LNK_P + 2 * V))
      u0 = cross1(a1, d2, a2, d1); u1 = cross1(a2, d0, a0, d2); u2 = cross1(a0, d1, a1, d0)
    } else {
      u0 = a0; u1 = a1; u2 = a2
    }
    for (let r = 0; r < trans; r++) {
      const F = frame + 3 * V * <usize>r
      st(o + row * <usize>r, and(has, dot3(ld(F), ld(F + V), ld(F + 2 * V), u0, u1, u2)))
    }
    for (let r = 3; r < dim; r++) {
      const F = frame + 3 * V * <usize>(r - 3)
      st(o + row * <usize>r, turns ? and(has, dot3(ld(F), ld(F + V), ld(F + 2 * V), a0, a1, a2)) : splat(0))
    }
  }
}
