import { add, any, gt, ld, lt, mad, mul, neg, nmad, or, sel, splat, st, sub, abs4, V } from '../math/v4'
import * as f from '../shared/fields'
import { addOuter } from './outer'
import { polyForce } from './passive'
import { at, DSBL_DAMPER, DSBL_SPRING, i32at, TRN_TENDON } from './types'

/**
 * Constants of fixed tendons: their Jacobian, and inertia and damping with those of the actuators on them.
 *   model   wrap_prm tendon_armature tendon_damping tendon_dampingpoly actuator_armature actuator_damping actuator_dampingpoly actuator_gear (*)
 *   out     ten_J (nten_J), ten_inertia (ntendon), ten_drag (ntendon, 3)
 *   source  MuJoCo engine_core_smooth.c, mj_tendon; engine_core_util.c, mj_actuatorArmature, mj_actuatorDamping
 */
export function tendonConstants(m: usize, p: usize): void {
  const n = f.ntendon(m), J = f.ten_J(m, p), col = f.ten_colind(m), dadr = f.jnt_dofadr(m), wraps = f.wrap_objid(m)
  for (let t = 0; t < n; t++) {
    const begin = i32at(f.ten_rowadr(m), t), end = begin + i32at(f.ten_rownnz(m), t)
    for (let k = begin; k < end; k++) st(at(J, k), splat(0))
    const first = i32at(f.tendon_adr(m), t), last = first + i32at(f.tendon_num(m), t)
    for (let w = first; w < last; w++) {
      const dof = i32at(dadr, i32at(wraps, w))
      for (let k = begin; k < end; k++) if (i32at(col, k) == dof) st(at(J, k), add(ld(at(J, k)), ld(at(f.wrap_prm(m, p), w))))
    }
    const drag = f.ten_drag(m, p) + 3 * V * <usize>t, poly = f.tendon_dampingpoly(m, p) + 2 * V * <usize>t
    st(at(f.ten_inertia(m, p), t), ld(at(f.tendon_armature(m, p), t)))
    st(drag, ld(at(f.tendon_damping(m, p), t)))
    st(drag + V, ld(poly))
    st(drag + 2 * V, ld(poly + V))
  }
  for (let a = 0, na = f.nactuator(m); a < na; a++) {
    if (i32at(f.actuator_trntype(m), a) != TRN_TENDON) continue
    const t = i32at(f.actuator_trnid(m), 2 * a)
    const gear = ld(f.actuator_gear(m, p) + 6 * V * <usize>a)
    const gear2 = mul(gear, gear)
    const inertia = at(f.ten_inertia(m, p), t), drag = f.ten_drag(m, p) + 3 * V * <usize>t, poly = f.actuator_dampingpoly(m, p) + 2 * V * <usize>a
    st(inertia, mad(gear2, ld(at(f.actuator_armature(m, p), a)), ld(inertia)))
    st(drag, mad(gear2, ld(at(f.actuator_damping(m, p), a)), ld(drag)))
    st(drag + V, mad(gear2, ld(poly), ld(drag + V)))
    st(drag + 2 * V, mad(gear2, ld(poly + V), ld(drag + 2 * V)))
  }
}

/**
 * Lengths and velocities of fixed tendons.
 *   model   wrap_prm, ten_J (*)
 *   in      qpos, qvel
 *   out     ten_length, ten_velocity (ntendon)      m or rad, m/s or rad/s
 *   source  MuJoCo engine_core_smooth.c, mj_tendon; engine_forward.c, mj_fwdVelocity
 */
export function tendon(m: usize, p: usize, d: usize, s: usize): void {
  const n = f.ntendon(m), qpos = f.qpos(m, d), qvel = f.qvel(m, d), J = f.ten_J(m, p), col = f.ten_colind(m), prm = f.wrap_prm(m, p)
  const wraps = f.wrap_objid(m), qadr = f.jnt_qposadr(m)
  for (let t = 0; t < n; t++) {
    let length = splat(0), velocity = splat(0)
    const first = i32at(f.tendon_adr(m), t), last = first + i32at(f.tendon_num(m), t)
    for (let w = first; w < last; w++) length = mad(ld(at(prm, w)), ld(at(qpos, i32at(qadr, i32at(wraps, w)))), length)
    const begin = i32at(f.ten_rowadr(m), t), end = begin + i32at(f.ten_rownnz(m), t)
    for (let k = begin; k < end; k++) velocity = mad(ld(at(J, k)), ld(at(qvel, i32at(col, k))), velocity)
    st(at(f.ten_length(m, s), t), length)
    st(at(f.ten_velocity(m, s), t), velocity)
  }
}

/**
 * Inertia of tendons, on the pattern of M: what it couples across branches is left out, as MuJoCo has it. The Jacobian of
 * a fixed tendon is constant, so there is no bias force with it (mj_tendonBias).
 *   in-out  qM
 *   source  MuJoCo engine_core_smooth.c, mj_tendonArmature
 */
export function tendonArmature(m: usize, p: usize, s: usize): void {
  for (let t = 0, n = f.ntendon(m); t < n; t++) {
    const inertia = ld(at(f.ten_inertia(m, p), t))
    const adr = i32at(f.ten_rowadr(m), t)
    addOuter(m, s, f.qM(m, s), i32at(f.ten_rownnz(m), t), f.ten_colind(m) + 4 * <usize>adr, at(f.ten_J(m, p), adr), inertia)
  }
}

/**
 * Springs and dampers of tendons.
 *   model   tendon_stiffness tendon_stiffnesspoly tendon_lengthspring ten_drag ten_J (*)
 *   in      ten_length, ten_velocity
 *   in-out  qfrc (nv)
 *   source  MuJoCo engine_passive.c, mj_springdamper
 */
export function tendonSpringDamper(m: usize, p: usize, s: usize, qfrc: usize): void {
  const disable = load<i32>(f.opt_disableflags(m)), zero = splat(0)
  const J = f.ten_J(m, p), col = f.ten_colind(m)
  for (let t = 0, n = f.ntendon(m); t < n; t++) {
    let force = zero
    if (!(disable & DSBL_SPRING)) {
      // slack between the two lengths
      const range = f.tendon_lengthspring(m, p) + 2 * V * <usize>t
      const length = ld(at(f.ten_length(m, s), t)), lower = ld(range), upper = ld(range + V)
      const x = sel(gt(length, upper), sub(length, upper), sel(lt(length, lower), sub(length, lower), zero))
      force = neg(mul(x, polyForce(ld(at(f.tendon_stiffness(m, p), t)), f.tendon_stiffnesspoly(m, p) + 2 * V * <usize>t, x)))
    }
    if (!(disable & DSBL_DAMPER)) {
      const v = ld(at(f.ten_velocity(m, s), t)), drag = f.ten_drag(m, p) + 3 * V * <usize>t
      force = nmad(v, polyForce(ld(drag), drag + V, abs4(v)), force)
    }
    const begin = i32at(f.ten_rowadr(m), t), end = begin + i32at(f.ten_rownnz(m), t)
    for (let k = begin; k < end; k++) {
      const o = at(qfrc, i32at(col, k))
      st(o, mad(ld(at(J, k)), force, ld(o)))
    }
  }
}

/** add timestep times d(damping force)/dv of tendons, with its sign changed, to H (mjd_passive_vel) */
export function tendonDampingDerivative(m: usize, p: usize, s: usize, h: v128, H: usize): void {
  for (let t = 0, n = f.ntendon(m); t < n; t++) {
    const b = f.ten_drag(m, p) + 3 * V * <usize>t
    if (!any(or(ld(b), or(ld(b + V), ld(b + 2 * V))))) continue
    const v = abs4(ld(at(f.ten_velocity(m, s), t)))
    const slope = add(ld(b), mul(v, mad(mul(splat(3), ld(b + 2 * V)), v, mul(splat(2), ld(b + V)))))
    const adr = i32at(f.ten_rowadr(m), t)
    addOuter(m, s, H, i32at(f.ten_rownnz(m), t), f.ten_colind(m) + 4 * <usize>adr, at(f.ten_J(m, p), adr), mul(h, slope))
  }
}
