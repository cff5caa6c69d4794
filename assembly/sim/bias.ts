import { addCrossForce, addToScl, crossMotion, dot6, mulInertVec } from '../math/spatial'
import { add, ld, neg, splat, st, V, zero } from '../math/v4'
import * as f from '../shared/fields'
import {
  at, DOF_CDOF, DOF_CDOFDOT, DOF_STRIDE, DSBL_GRAVITY, i32at, JNT_FREE, LNK_CACC, LNK_CFRC, LNK_CINERT, LNK_CVEL, LNK_STRIDE,
} from './types'

/**
 * Spatial velocities of links about the com of their tree, and time-derivatives of the motion axes.
 *   in      dofs cdof, qvel (nworld, nv)
 *   out     lnk cvel (6), dofs cdof_dot (6)
 *   source  MuJoCo engine_core_smooth.c, mj_comVel
 */
export function comVel(m: usize, d: usize, s: usize): void {
  const n = f.njnt(m)
  const lnk = f.lnk(m, s), dofs = f.dofs(m, s), qvel = f.qvel(m, d)
  const parents = f.lnk_parent(m), types = f.jnt_type(m), dadr = f.jnt_dofadr(m)

  for (let j = 0; j < n; j++) {
    const W = lnk + LNK_STRIDE * <usize>j + LNK_CVEL
    const parent = i32at(parents, j)
    if (parent < 0) for (let i: usize = 0; i < 6; i++) st(W + V * i, zero())
    else {
      const P = lnk + LNK_STRIDE * <usize>parent + LNK_CVEL
      for (let i: usize = 0; i < 6; i++) st(W + V * i, ld(P + V * i))
    }

    const type = i32at(types, j)
    let dof = i32at(dadr, j)
    let D = dofs + DOF_STRIDE * <usize>dof
    if (type >= 2) {
      if (parent < 0) for (let i: usize = 0; i < 6; i++) st(D + DOF_CDOFDOT + V * i, zero())
      else crossMotion(D + DOF_CDOFDOT, W, D + DOF_CDOF)
      addToScl(W, D + DOF_CDOF, ld(at(qvel, dof)), 6)
      continue
    }

    // translations of a free joint have constant axes
    if (type == JNT_FREE) {
      for (let i = 0; i < 3; i++) {
        for (let e: usize = 0; e < 6; e++) st(D + DOF_CDOFDOT + V * e, zero())
        addToScl(W, D + DOF_CDOF, ld(at(qvel, dof)), 6)
        D += DOF_STRIDE
        dof++
      }
    }
    // the three rotations turn together: all derivatives before any velocity
    for (let i: usize = 0; i < 3; i++) crossMotion(D + DOF_STRIDE * i + DOF_CDOFDOT, W, D + DOF_STRIDE * i + DOF_CDOF)
    for (let i = 0; i < 3; i++) addToScl(W, D + DOF_STRIDE * <usize>i + DOF_CDOF, ld(at(qvel, dof + i)), 6)
  }
}

/**
 * Coriolis, centrifugal and gravitational forces: recursive Newton-Euler without joint accelerations.
 *   model   opt_gravity (*)
 *   in      lnk cinert cvel, dofs cdof cdof_dot, qvel
 *   out     qfrc_bias (nv)      N or N*m
 *   source  Featherstone 2008, table 5.1; MuJoCo engine_core_smooth.c, mj_rne (flg_acc 0)
 */
export function rne(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.njnt(m), nv = f.nv(m)
  const lnk = f.lnk(m, s), dofs = f.dofs(m, s), qvel = f.qvel(m, d), bias = f.qfrc_bias(m, s), tmp = f.tmp(m, s)
  const parents = f.lnk_parent(m), types = f.jnt_type(m), dadr = f.jnt_dofadr(m), dofjnt = f.dof_jntid(m)
  const g = f.opt_gravity(m, p)
  const weightless = (load<i32>(f.opt_disableflags(m)) & DSBL_GRAVITY) != 0
  const g0 = weightless ? splat(0) : neg(ld(g)), g1 = weightless ? splat(0) : neg(ld(g + V)), g2 = weightless ? splat(0) : neg(ld(g + 2 * V))

  // accelerations outward, forces on each link
  for (let j = 0; j < n; j++) {
    const L = lnk + LNK_STRIDE * <usize>j
    const A = L + LNK_CACC
    const parent = i32at(parents, j)
    if (parent < 0) {
      st(A, zero()); st(A + V, zero()); st(A + 2 * V, zero())
      st(A + 3 * V, g0); st(A + 4 * V, g1); st(A + 5 * V, g2)
    } else {
      const P = lnk + LNK_STRIDE * <usize>parent + LNK_CACC
      for (let i: usize = 0; i < 6; i++) st(A + V * i, ld(P + V * i))
    }
    const type = i32at(types, j)
    let dof = i32at(dadr, j)
    const num = type >= 2 ? 1 : type == JNT_FREE ? 6 : 3
    if (parent >= 0 || num > 1) {
      for (let i = 0; i < num; i++) addToScl(A, dofs + DOF_STRIDE * <usize>(dof + i) + DOF_CDOFDOT, ld(at(qvel, dof + i)), 6)
    }

    const F = L + LNK_CFRC
    mulInertVec(F, L + LNK_CINERT, A)
    mulInertVec(tmp, L + LNK_CINERT, L + LNK_CVEL)
    addCrossForce(F, L + LNK_CVEL, tmp)
  }

  // forces inward
  for (let j = n - 1; j > 0; j--) {
    const parent = i32at(parents, j)
    if (parent < 0) continue
    const from = lnk + LNK_STRIDE * <usize>j + LNK_CFRC
    const to = lnk + LNK_STRIDE * <usize>parent + LNK_CFRC
    for (let i: usize = 0; i < 6; i++) st(to + V * i, add(ld(to + V * i), ld(from + V * i)))
  }
  for (let i = 0; i < nv; i++) {
    st(at(bias, i), dot6(dofs + DOF_STRIDE * <usize>i + DOF_CDOF, lnk + LNK_STRIDE * <usize>i32at(dofjnt, i) + LNK_CFRC))
  }
}
