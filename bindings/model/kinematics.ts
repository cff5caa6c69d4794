import { SizeError } from '../errors.js'
import { cos, sin } from '../math/index.js'
import { JOINT } from './enums.js'
import { quatToMat } from './inertia.js'
import type { Model } from './model.js'

/** a quaternion shorter than this has no direction and counts as the unit one (MuJoCo's mjMINVAL) */
const SHORTEST = 1e-15

/** Frames of the bodies in one pose, one after the other. */
interface Frames {
  /** (nbody, 3), m */
  readonly xpos: Float64Array
  /** (nbody, 4), w x y z */
  readonly xquat: Float64Array
}

/** out[at …] = the four numbers at `from` of q, made a unit quaternion (mju_normalize4) */
function unit(q: ArrayLike<number>, from: number, out: Float64Array, at: number): void {
  const [w, x, y, z] = [q[from], q[from + 1], q[from + 2], q[from + 3]]
  const norm = Math.sqrt(w * w + x * x + y * y + z * z)
  const short = norm < SHORTEST
  out[at] = short ? 1 : w / norm
  out[at + 1] = short ? 0 : x / norm
  out[at + 2] = short ? 0 : y / norm
  out[at + 3] = short ? 0 : z / norm
}

/** out[at …] = a b; out may be one of them (mju_mulQuat) */
function multiply(a: Float64Array, i: number, b: ArrayLike<number>, j: number, out: Float64Array, at: number): void {
  const [aw, ax, ay, az] = [a[i], a[i + 1], a[i + 2], a[i + 3]]
  const [bw, bx, by, bz] = [b[j], b[j + 1], b[j + 2], b[j + 3]]
  out[at] = aw * bw - ax * bx - ay * by - az * bz
  out[at + 1] = aw * bx + ax * bw + ay * bz - az * by
  out[at + 2] = aw * by - ax * bz + ay * bw + az * bx
  out[at + 3] = aw * bz + ax * by - ay * bx + az * bw
}

/** out = p + scale * (the vector at `from` of v, turned by the unit quaternion at i of q) (mju_rotVecQuat) */
function offset(
  p: ArrayLike<number>,
  scale: number,
  q: Float64Array,
  i: number,
  v: ArrayLike<number>,
  from: number,
  out: Float64Array,
): void {
  const [w, x, y, z] = [q[i], q[i + 1], q[i + 2], q[i + 3]]
  const [a, b, c] = [v[from], v[from + 1], v[from + 2]]
  // t = w v + u x v; turned = v + 2 u x t
  const tx = w * a + y * c - z * b
  const ty = w * b + z * a - x * c
  const tz = w * c + x * b - y * a
  out[0] = p[0] + scale * (a + 2 * (y * tz - z * ty))
  out[1] = p[1] + scale * (b + 2 * (z * tx - x * tz))
  out[2] = p[2] + scale * (c + 2 * (x * ty - y * tx))
}

/** Frames of all bodies in the pose at `from` of qpos; a parent stands before its children. */
function bodyFrames(model: Model, qpos: ArrayLike<number>, from: number, { xpos, xquat }: Frames): void {
  const { body_parentid, body_pos, body_quat, body_jntnum, body_jntadr } = model.field
  const { jnt_type, jnt_qposadr, jnt_pos, jnt_axis, qpos0 } = model.field
  const turn = new Float64Array(4)
  const anchor = new Float64Array(3)
  xpos.fill(0, 0, 3)
  xquat.set([1, 0, 0, 0])
  for (let b = 1; b < model.nbody; b++) {
    const position = xpos.subarray(3 * b, 3 * b + 3)
    const first = body_jntadr[b]
    if (body_jntnum[b] === 1 && jnt_type[first] === JOINT.FREE) {
      // a free body is where its qpos says
      const at = from + jnt_qposadr[first]
      for (let k = 0; k < 3; k++) position[k] = qpos[at + k]
      unit(qpos, at + 3, xquat, 4 * b)
      continue
    }
    // fixed offset from the parent
    const parent = body_parentid[b]
    offset(xpos.subarray(3 * parent), 1, xquat, 4 * parent, body_pos, 3 * b, position)
    multiply(xquat, 4 * parent, body_quat, 4 * b, xquat, 4 * b)
    // joints, in order, each in the frame that the ones before it left
    for (let j = first; j < first + body_jntnum[b]; j++) {
      const at = jnt_qposadr[j]
      if (jnt_type[j] === JOINT.SLIDE) {
        offset(position, qpos[from + at] - qpos0[at], xquat, 4 * b, jnt_axis, 3 * j, position)
        continue
      }
      offset(position, 1, xquat, 4 * b, jnt_pos, 3 * j, anchor)
      if (jnt_type[j] === JOINT.BALL) unit(qpos, from + at, turn, 0)
      else {
        const half = 0.5 * (qpos[from + at] - qpos0[at])
        const s = sin(half)
        turn.set([cos(half), s * jnt_axis[3 * j], s * jnt_axis[3 * j + 1], s * jnt_axis[3 * j + 2]])
      }
      multiply(xquat, 4 * b, turn, 0, xquat, 4 * b)
      // the joint's anchor stays where it was
      offset(anchor, -1, xquat, 4 * b, jnt_pos, 3 * j, position)
    }
    unit(xquat, 4 * b, xquat, 4 * b)
  }
}

/**
 * Where the geoms of a model are in every pose of a trajectory: forward kinematics in double precision (mj_kinematics),
 * for pictures and reports, without an engine. Quaternions in qpos need not be of length one. A mocap body stays where
 * the model puts it.
 *
 * @param qpos (nframe, nq), m and rad
 * @returns geom_xpos (nframe, ngeom, 3) in m, geom_xmat (nframe, ngeom, 9) row-major
 * @throws {SizeError} when the length of qpos is no multiple of nq
 */
export function geomPoses(model: Model, qpos: ArrayLike<number>): { xpos: Float64Array; xmat: Float64Array } {
  const { nq, nbody, ngeom } = model
  const { geom_bodyid, geom_pos, geom_quat } = model.field
  const nframe = nq === 0 ? 0 : qpos.length / nq
  if (!Number.isInteger(nframe) || (nq === 0 && qpos.length > 0))
    throw new SizeError('SIZE', `qpos: got length ${qpos.length}, expected a multiple of nq = ${nq}`)
  const xpos = new Float64Array(nframe * ngeom * 3)
  const xmat = new Float64Array(nframe * ngeom * 9)
  const frames = { xpos: new Float64Array(3 * nbody), xquat: new Float64Array(4 * nbody) }
  const quat = new Float64Array(4)
  for (let frame = 0; frame < nframe; frame++) {
    bodyFrames(model, qpos, frame * nq, frames)
    for (let g = 0; g < ngeom; g++) {
      const at = frame * ngeom + g
      const b = geom_bodyid[g]
      const position = xpos.subarray(3 * at, 3 * at + 3)
      offset(frames.xpos.subarray(3 * b), 1, frames.xquat, 4 * b, geom_pos, 3 * g, position)
      multiply(frames.xquat, 4 * b, geom_quat, 4 * g, quat, 0)
      xmat.set(quatToMat(quat), 9 * at)
    }
  }
  return { xpos, xmat }
}
