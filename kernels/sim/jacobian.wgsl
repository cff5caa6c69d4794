// import { ld, ldi, sti, st, ld3, par, i32at } from '../math/v4'
// import { JNT_BALL, JNT_FREE, JNT_HINGE, LC_SIGN, LC_STRIDE, LNK_P, LNK_R, LNK_STRIDE } from './types'

/** last dof a body moves with; -1: it stands still */
fn lastDof(body: i32) -> i32 {
  let link = i32at(f_body_lnk, body);
  if (link < 0) { return -1; }
  let kind = i32at(f_jnt_type, link);
  return i32at(f_jnt_dofadr, link) + select(select(0, 2, kind == JNT_BALL), 5, kind == JNT_FREE);
}

/**
 * Dofs that move one of two bodies and not the other, descending (mj_mergeChain with flg_skipcommon).
 *   cols   out: their indices;  signs: out: -1 for dofs of body 1, +1 for body 2
 *   returns their number; negative where both bodies have some
 */
fn chain(body1: i32, body2: i32, cols: i32, signs: i32) -> i32 {
  var i = lastDof(body1);
  var k = lastDof(body2);
  var n = 0;
  var first = 0;
  while (i != k) {
    if (i > k) {
      sti(cols + n, i);
      sti(signs + n, -1);
      i = i32at(f_dof_parentid, i);
      first++;
    } else {
      sti(cols + n, k);
      sti(signs + n, 1);
      k = i32at(f_dof_parentid, k);
    }
    n++;
  }
  return select(n, -n, first > 0 && first < n);
}

/**
 * Jacobian of the motion of a point of body 2 relative to body 1, in a frame.
 *   pos    point (3); frame (9): rows are the directions
 *   cols, signs  as chain leaves them
 *   has    where it does not hold, the entries are 0, whatever pos and frame are
 *   out    (dim, nnz): 1 to 3 translations along the frame's rows, then rotations about them
 *   source MuJoCo engine_core_constraint.c, mj_contactJacobian; axes and anchors are those of the links
 */
fn pointJacobian(pos: vec3f, frame: mat3x3f, dim: i32, nnz: i32, cols: i32, signs: i32, has: bool, out: i32) {
  let trans = min(dim, 3);
  for (var k = 0; k < nnz; k++) {
    let i = ldi(cols + k);
    let j = i32at(f_dof_jntid, i);
    let L = f_lnk + LNK_STRIDE * j;
    let kind = i32at(f_jnt_type, j);
    let o = out + k;
    let side = f32(ldi(signs + k));
    // axis of the dof (a), and the motion it gives the point (u)
    var turns = true;
    var column: i32;
    var sign = side;
    if (f_JNT_FREE + f_JNT_BALL == 0 || kind > JNT_BALL) {
      column = i32at(f_lnk_axis, j);
      sign = side * par(f_lnk_const + LC_STRIDE * j + LC_SIGN);
      turns = kind == JNT_HINGE;
    } else {
      let c = i - i32at(f_jnt_dofadr, j);
      if (f_JNT_FREE > 0 && kind == JNT_FREE && c < 3) {
        let u = side * frame[c];
        for (var r = 0; r < trans; r++) { st(o + nnz * r, select(0.0, u[r], has)); }
        for (var r = 3; r < dim; r++) { st(o + nnz * r, 0.0); }
        continue;
      }
      column = select(c, c - 3, kind == JNT_FREE);
    }
    let R = L + LNK_R + column;
    let a = sign * vec3f(ld(R), ld(R + 3), ld(R + 6));
    var u = a;
    if (turns) { u = cross(a, pos - ld3(L + LNK_P)); }
    // along the rows of the frame
    let along = frame * u;
    for (var r = 0; r < trans; r++) { st(o + nnz * r, select(0.0, along[r], has)); }
    if (dim > 3) {
      let about = frame * a;
      for (var r = 3; r < dim; r++) { st(o + nnz * r, select(0.0, about[r - 3], has && turns)); }
    }
  }
}
