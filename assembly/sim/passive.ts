import { subQuat } from '../math/rotation'
import { normalize4 } from '../math/spatial'
import { abs4, add, dot3, ld, mad, mul, neg, splat, sqrt4, st, sub, V } from '../math/v4'
import * as f from '../shared/fields'
import { fluidForces } from './fluid'
import { at, DSBL_DAMPER, DSBL_GRAVITY, DSBL_SPRING, i32at, JNT_FREE } from './types'
import { tendonSpringDamper } from './tendon'
import { gravcomp } from './wrench'

/** linear + poly0 x + poly1 x^2 */
// @ts-ignore: decorator
@inline export function polyForce(linear: v128, poly: usize, x: v128): v128 {
  return add(linear, mul(x, mad(ld(poly + V), x, ld(poly))))
}

/** joint springs and dampers (mj_springdamper) */
function springDamper(m: usize, p: usize, d: usize, s: usize): void {
  const nv = f.nv(m), n = f.njnt(m)
  const out = f.qfrc_passive(m, s), qvel = f.qvel(m, d), qpos = f.qpos(m, d)
  const disable = load<i32>(f.opt_disableflags(m))

  // dampers: -v (b + b1 |v| + b2 v^2)
  if (disable & DSBL_DAMPER) {
    for (let i = 0; i < nv; i++) st(at(out, i), splat(0))
  } else {
    const drag = f.dof_drag(m, p)
    for (let i = 0; i < nv; i++) {
      const v = ld(at(qvel, i))
      const b = drag + 3 * V * <usize>i
      st(at(out, i), mul(neg(v), polyForce(ld(b), b + V, abs4(v))))
    }
  }
  if (disable & DSBL_SPRING || !f.springs(m)) return

  const stiffness = f.jnt_stiffness(m, p), poly = f.jnt_stiffnesspoly(m, p), spring = f.qpos_spring(m, p), tmp = f.tmp(m, s)
  const types = f.jnt_type(m), qadr = f.jnt_qposadr(m), dadr = f.jnt_dofadr(m)
  for (let j = 0; j < n; j++) {
    const k = ld(at(stiffness, j))
    const k12 = poly + 2 * V * <usize>j
    if (!v128.any_true(f32x4.ne(v128.or(k, v128.or(ld(k12), ld(k12 + V))), splat(0)))) continue
    const type = i32at(types, j)
    let q = at(qpos, i32at(qadr, j)), q0 = at(spring, i32at(qadr, j)), o = at(out, i32at(dadr, j))

    if (type >= 2) {
      const x = sub(ld(q), ld(q0))
      st(o, sub(ld(o), mul(x, polyForce(k, k12, x))))
      continue
    }
    if (type == JNT_FREE) {
      const x = sub(ld(q), ld(q0)), y = sub(ld(q + V), ld(q0 + V)), z = sub(ld(q + 2 * V), ld(q0 + 2 * V))
      const force = polyForce(k, k12, sqrt4(dot3(x, y, z, x, y, z)))
      st(o, sub(ld(o), mul(x, force)))
      st(o + V, sub(ld(o + V), mul(y, force)))
      st(o + 2 * V, sub(ld(o + 2 * V), mul(z, force)))
      q += 3 * V
      q0 += 3 * V
      o += 3 * V
    }
    // orientation: the rotation vector from the spring's pose
    normalize4(tmp, q)
    subQuat(tmp + 4 * V, tmp, q0, tmp + 8 * V)
    const x = ld(tmp + 4 * V), y = ld(tmp + 5 * V), z = ld(tmp + 6 * V)
    const torque = polyForce(k, k12, sqrt4(dot3(x, y, z, x, y, z)))
    st(o, sub(ld(o), mul(x, torque)))
    st(o + V, sub(ld(o + V), mul(y, torque)))
    st(o + 2 * V, sub(ld(o + 2 * V), mul(z, torque)))
  }
}

/**
 * All passive forces: springs, dampers, tendons, the medium, gravity compensation that no actuator carries.
 *   model   jnt_stiffness jnt_stiffnesspoly qpos_spring dof_drag lnk_gravcomp opt_density opt_viscosity opt_wind (*), jnt_actgravcomp
 *   in      qpos, qvel, ten_length, ten_velocity, lnk R p cvel
 *   out     qfrc_passive, qfrc_gravcomp (nv)      N or N*m
 *   source  MuJoCo engine_passive.c, mj_passive
 */
export function passive(m: usize, p: usize, d: usize, s: usize): void {
  const out = f.qfrc_passive(m, s)
  springDamper(m, p, d, s)
  if (f.tenforce(m)) tendonSpringDamper(m, p, s, out)
  // with springs and dampers off MuJoCo leaves out the rest too
  const disable = load<i32>(f.opt_disableflags(m)), off = DSBL_SPRING | DSBL_DAMPER
  const none = (disable & off) == off
  if (f.fluid(m) && !none) fluidForces(m, p, s, out)
  if (!f.gravcomp(m)) return
  const lift = f.qfrc_gravcomp(m, s)
  if (disable & DSBL_GRAVITY || none) {
    for (let i = 0, n = f.nv(m); i < n; i++) st(at(lift, i), splat(0))
    return
  }
  gravcomp(m, p, s)
  const dofjnt = f.dof_jntid(m)
  for (let i = 0, n = f.nv(m); i < n; i++) {
    if (!i32at(f.jnt_actgravcomp(m), i32at(dofjnt, i))) st(at(out, i), add(ld(at(out, i)), ld(at(lift, i))))
  }
}

/** d(damping force)/dv with its sign changed: b + 2 b1 |v| + 3 b2 v^2 (mjd_xPolyForce) */
export function dampingDerivative(m: usize, p: usize, d: usize, i: i32): v128 {
  const b = f.dof_drag(m, p) + 3 * V * <usize>i
  const v = abs4(ld(at(f.qvel(m, d), i)))
  return add(ld(b), mul(v, mad(mul(splat(3), ld(b + 2 * V)), v, mul(splat(2), ld(b + V)))))
}
