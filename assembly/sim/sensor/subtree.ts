import { mulMatTVec3, mulMatVec3, normalize4, quat2Mat } from '../../math/spatial'
import { subQuat } from '../../math/rotation'
import { add, cross1, div, dot3, ge, gt, ld, lt, mad, max4, mul, nmad, or, sel, splat, sqrt4, st, sub, V } from '../../math/v4'
import * as f from '../../shared/fields'
import { at, at2, i32at, DSBL_GRAVITY, DSBL_SPRING, JNT_BALL, JNT_FREE, MINVAL, OBJ_BODY } from '../types'
import { SENS_E_KINETIC, SENS_E_POTENTIAL, SENS_SUBTREECOM, SENS_SUBTREELINVEL } from './enums'
import { objectPos, objectPose, pointVelocity, POSE, POSE_P, sensorTmp, subtreeEnd } from './object'

/** centre of mass of the subtree of body b: out (3) (subtree_com) */
export function subtreeCom(m: usize, p: usize, d: usize, s: usize, b: i32, out: usize): void {
  const point = sensorTmp(m, s) + 60 * V
  const end = subtreeEnd(m, b)
  objectPos(m, p, s, OBJ_BODY, b, point)
  const own = ld(at(f.body_mass(m, p), b))
  // without mass, the body's own inertial frame
  const o0 = ld(point), o1 = ld(point + V), o2 = ld(point + 2 * V)
  let x = mul(own, o0), y = mul(own, o1), z = mul(own, o2)
  for (let k = b + 1; k < end; k++) {
    const mass = ld(at(f.body_mass(m, p), k))
    objectPos(m, p, s, OBJ_BODY, k, point)
    x = mad(mass, ld(point), x); y = mad(mass, ld(point + V), y); z = mad(mass, ld(point + 2 * V), z)
  }
  const mass = ld(at(f.body_subtreemass(m, p), b))
  const massive = ge(mass, splat(MINVAL))
  const inv = div(splat(1), sel(massive, mass, splat(1)))
  st(out, sel(massive, mul(x, inv), o0))
  st(out + V, sel(massive, mul(y, inv), o1))
  st(out + 2 * V, sel(massive, mul(z, inv), o2))
}

/**
 * Velocity of the centre of mass of the subtree of body b, or its angular momentum about that centre: out (3).
 *   in      lnk cvel, grp_com
 *   source  MuJoCo engine_core_smooth.c, mj_subtreeVel; the recursion over bodies is a sum over the subtree here
 */
function subtreeMotion(m: usize, p: usize, d: usize, s: usize, b: i32, momentum: bool, out: usize): void {
  const tmp = sensorTmp(m, s), frame = tmp, vel = tmp + POSE, spin = vel + 6 * V, com = spin + 3 * V, mean = com + 3 * V
  const end = subtreeEnd(m, b)

  // mean velocity
  let l0 = splat(0), l1 = splat(0), l2 = splat(0)
  for (let k = b; k < end; k++) {
    const mass = ld(at(f.body_mass(m, p), k))
    objectPos(m, p, s, OBJ_BODY, k, frame)
    pointVelocity(m, s, k, frame, vel)
    l0 = mad(mass, ld(vel + 3 * V), l0); l1 = mad(mass, ld(vel + 4 * V), l1); l2 = mad(mass, ld(vel + 5 * V), l2)
  }
  const inv = div(splat(1), max4(splat(MINVAL), ld(at(f.body_subtreemass(m, p), b))))
  st(mean, mul(l0, inv)); st(mean + V, mul(l1, inv)); st(mean + 2 * V, mul(l2, inv))
  if (!momentum) {
    for (let i: usize = 0; i < 3; i++) st(out + V * i, ld(mean + V * i))
    return
  }

  // spin of every body, and the momentum of its centre about the common one
  subtreeCom(m, p, d, s, b, com)
  let n0 = splat(0), n1 = splat(0), n2 = splat(0)
  for (let k = b; k < end; k++) {
    objectPose(m, p, s, OBJ_BODY, k, frame)
    pointVelocity(m, s, k, frame + POSE_P, vel)
    mulMatTVec3(spin, frame, vel)
    const inertia = f.body_inertia(m, p) + 3 * V * <usize>k
    for (let i: usize = 0; i < 3; i++) st(spin + V * i, mul(ld(inertia + V * i), ld(spin + V * i)))
    mulMatVec3(vel, frame, spin)
    const mass = ld(at(f.body_mass(m, p), k))
    const x = sub(ld(frame + POSE_P), ld(com)), y = sub(ld(frame + POSE_P + V), ld(com + V)), z = sub(ld(frame + POSE_P + 2 * V), ld(com + 2 * V))
    const u = mul(mass, sub(ld(vel + 3 * V), ld(mean))), v = mul(mass, sub(ld(vel + 4 * V), ld(mean + V))), w = mul(mass, sub(ld(vel + 5 * V), ld(mean + 2 * V)))
    n0 = add(n0, add(ld(vel), cross1(y, w, z, v)))
    n1 = add(n1, add(ld(vel + V), cross1(z, u, x, w)))
    n2 = add(n2, add(ld(vel + 2 * V), cross1(x, v, y, u)))
  }
  st(out, n0); st(out + V, n1); st(out + 2 * V, n2)
}

/** energy of a spring at displacement x: its force is x (linear + poly0 x + poly1 x^2) (mju_polyPotential) */
// @ts-ignore: decorator
@inline function springEnergy(linear: v128, poly: usize, x: v128): v128 {
  const quartic = mad(mul(splat(0.25), ld(poly + V)), x, mul(splat(1.0 / 3.0), ld(poly)))
  return mul(mul(x, x), mad(quartic, x, mul(splat(0.5), linear)))
}

/** energy of a joint's springs */
function jointEnergy(m: usize, p: usize, d: usize, s: usize, j: i32): v128 {
  const k = ld(at(f.jnt_stiffness(m, p), j)), poly = f.jnt_stiffnesspoly(m, p) + 2 * V * <usize>j
  const type = i32at(f.jnt_type(m), j), adr = i32at(f.jnt_qposadr(m), j)
  let q = at(f.qpos(m, d), adr), q0 = at(f.qpos_spring(m, p), adr)
  if (type > JNT_BALL) return springEnergy(k, poly, sub(ld(q), ld(q0)))
  let energy = splat(0)
  if (type == JNT_FREE) {
    const x = sub(ld(q), ld(q0)), y = sub(ld(q + V), ld(q0 + V)), z = sub(ld(q + 2 * V), ld(q0 + 2 * V))
    energy = springEnergy(k, poly, sqrt4(dot3(x, y, z, x, y, z)))
    q += 3 * V
    q0 += 3 * V
  }
  const tmp = sensorTmp(m, s)
  normalize4(tmp, q)
  subQuat(tmp + 4 * V, tmp, q0, tmp + 8 * V)
  const x = ld(tmp + 4 * V), y = ld(tmp + 5 * V), z = ld(tmp + 6 * V)
  return add(energy, springEnergy(k, poly, sqrt4(dot3(x, y, z, x, y, z))))
}

/** energy of gravity and springs (mj_energyPos) */
function potentialEnergy(m: usize, p: usize, d: usize, s: usize): v128 {
  const disable = load<i32>(f.opt_disableflags(m))
  let energy = splat(0)
  if (!(disable & DSBL_GRAVITY)) {
    const g = f.opt_gravity(m, p), point = sensorTmp(m, s), n = f.nbody(m)
    for (let b = 1; b < n; b++) {
      objectPos(m, p, s, OBJ_BODY, b, point)
      const height = dot3(ld(g), ld(g + V), ld(g + 2 * V), ld(point), ld(point + V), ld(point + 2 * V))
      energy = nmad(ld(at(f.body_mass(m, p), b)), height, energy)
    }
  }
  if (disable & DSBL_SPRING) return energy
  const nj = f.njnt(m), nt = f.ntendon(m)
  if (f.springs(m)) for (let j = 0; j < nj; j++) energy = add(energy, jointEnergy(m, p, d, s, j))
  for (let t = 0; t < nt; t++) {
    const length = ld(at(f.ten_length(m, s), t)), rest = f.tendon_lengthspring(m, p) + 2 * V * <usize>t
    const over = gt(length, ld(rest + V)), under = lt(length, ld(rest))
    const x = v128.and(or(over, under), sub(length, sel(over, ld(rest + V), ld(rest))))
    energy = add(energy, springEnergy(ld(at(f.tendon_stiffness(m, p), t)), f.tendon_stiffnesspoly(m, p) + 2 * V * <usize>t, x))
  }
  return energy
}

/** qvel' M qvel / 2 (mj_energyVel) */
function kineticEnergy(m: usize, d: usize, s: usize): v128 {
  const nv = f.nv(m), qM = f.qM(m, s), qvel = f.qvel(m, d)
  const nnz = f.M_rownnz(m), adr = f.M_rowadr(m), col = f.M_colind(m)
  let energy = splat(0)
  for (let i = 0; i < nv; i++) {
    const v = ld(at(qvel, i))
    let row = mul(splat(0.5), mul(ld(at2(qM, nv, i, i)), v))
    const from = i32at(adr, i), to = from + i32at(nnz, i)
    for (let e = from; e < to; e++) {
      const k = i32at(col, e)
      row = mad(ld(at2(qM, nv, i, k)), ld(at(qvel, k)), row)
    }
    energy = mad(row, v, energy)
  }
  return energy
}

/**
 * Sensors of a subtree as a whole, and of all bodies' energy.
 *   out     (3), energy (1)      m, m/s, kg m^2/s, J
 *   source  MuJoCo engine_sensor.c, mj_computeSensorPos, mj_computeSensorVel
 */
export function subtreeSensor(m: usize, p: usize, d: usize, s: usize, i: i32, type: i32, out: usize): void {
  const id = i32at(f.sensor_objid(m), i)
  if (type == SENS_E_POTENTIAL) st(out, potentialEnergy(m, p, d, s))
  else if (type == SENS_E_KINETIC) st(out, kineticEnergy(m, d, s))
  else if (type == SENS_SUBTREECOM) subtreeCom(m, p, d, s, id, out)
  else subtreeMotion(m, p, d, s, id, type != SENS_SUBTREELINVEL, out)
}
