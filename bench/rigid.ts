/**
 * A scene as the game engines need it: rigid bodies, joints and motors, taken from the model MuJoCo compiled, so that all
 * sides have the same masses, sizes, poses, friction, timestep and gravity. Only what the peers' scenes contain is known.
 */
import type { Oracle } from '../test/support/oracle.js'
import type { Side } from './scenes.js'

export type Vector = readonly [x: number, y: number, z: number]
/** w, x, y, z */
export type Quaternion = readonly [w: number, x: number, y: number, z: number]

export interface Rigid {
  readonly name: string
  /** m */
  readonly position: Vector
  /** kg */
  readonly mass: number
  readonly friction: number
  /** box: half sizes; sphere: radius; capsule: radius, half length of its cylinder, which lies along z of the shape */
  readonly shape: { readonly kind: 'box' | 'sphere' | 'capsule'; readonly size: readonly number[] }
  /** place of the shape in the body */
  readonly offset: Vector
  readonly turn: Quaternion
}

export interface Joint {
  readonly kind: 'slide' | 'hinge'
  /** index into bodies; -1: the world */
  readonly parent: number
  readonly child: number
  /** in the world, at the start */
  readonly anchor: Vector
  readonly axis: Vector
  /** m or rad */
  readonly limits?: readonly [number, number]
}

export interface RigidScene {
  readonly timestep: number
  readonly gravity: Vector
  /** a ground plane z = 0 */
  readonly plane: boolean
  readonly bodies: readonly Rigid[]
  readonly joints: readonly Joint[]
  readonly motors: readonly { readonly joint: number; readonly gear: number }[]
  /** may bodies touch the plane, and each other */
  readonly touches: { readonly plane: boolean; readonly bodies: boolean }
}

/** One peer with its one world. */
export interface Peer extends Side {
  readonly bodies: number
  /** position of a body, m */
  position(body: number): Vector
  /** contact points of the step just made, as the solver sees them */
  contacts(): number
}

const GEOM = ['plane', 'hfield', 'sphere', 'capsule', 'ellipsoid', 'cylinder', 'box'] as const
const JOINT = ['free', 'ball', 'slide', 'hinge'] as const

/** Reads a scene out of a compiled model. Bodies of more than one geom, and turned bodies, are errors: no scene has them. */
export function rigidScene(oracle: Oracle): RigidScene {
  oracle.reset().forward()
  const get = (field: string, size: number, i: number): number[] =>
    Array.from(oracle.get(field).subarray(i * size, (i + 1) * size))
  const one = (field: string, i: number): number => oracle.get(field)[i]
  const vector = (field: string, i: number): Vector => get(field, 3, i) as unknown as Vector
  const geoms = oracle.get('geom_type').length
  const touch = (a: number, b: number): boolean =>
    ((one('geom_contype', a) & one('geom_conaffinity', b)) | (one('geom_contype', b) & one('geom_conaffinity', a))) !==
    0

  let plane = -1
  const bodies: Rigid[] = []
  const geomOf: number[] = []
  for (let g = 0; g < geoms; g++) {
    const body = one('geom_bodyid', g)
    const kind = GEOM[one('geom_type', g)]
    if (body === 0 && kind === 'plane') {
      plane = g
      continue
    }
    if (body !== bodies.length + 1) throw new Error(`geom ${g}: one geom a body, in their order, is what the peers get`)
    if (get('xquat', 4, body)[0] !== 1) throw new Error(`body ${body} is turned at the start`)
    if (kind !== 'box' && kind !== 'sphere' && kind !== 'capsule') throw new Error(`geom ${g} is a ${kind}`)
    const size = get('geom_size', 3, g)
    bodies.push({
      name: `body ${body}`,
      position: vector('xpos', body),
      mass: one('body_mass', body),
      friction: one('geom_friction', 3 * g),
      shape: { kind, size: kind === 'box' ? size : size.slice(0, kind === 'sphere' ? 1 : 2) },
      offset: vector('geom_pos', g),
      turn: get('geom_quat', 4, g) as unknown as Quaternion,
    })
    geomOf.push(g)
  }

  const joints: Joint[] = []
  const jointIndex = new Map<number, number>()
  oracle.get('jnt_type').forEach((type, j) => {
    const kind = JOINT[type]
    if (kind === 'free') return
    if (kind === 'ball') throw new Error(`joint ${j} is a ball joint`)
    const body = one('jnt_bodyid', j)
    jointIndex.set(j, joints.length)
    joints.push({
      kind,
      parent: one('body_parentid', body) - 1,
      child: body - 1,
      anchor: vector('xanchor', j),
      axis: vector('xaxis', j),
      ...(one('jnt_limited', j) !== 0 && { limits: get('jnt_range', 2, j) as unknown as [number, number] }),
    })
  })
  return {
    timestep: oracle.model.opt.timestep,
    gravity: Array.from(oracle.get('opt_gravity')) as unknown as Vector,
    plane: plane >= 0,
    bodies,
    joints,
    motors: Array.from({ length: oracle.nu }, (_, i) => ({
      joint: jointIndex.get(one('actuator_trnid', 2 * i)) as number,
      gear: one('actuator_gear', 6 * i),
    })),
    touches: {
      plane: plane >= 0 && geomOf.some(g => touch(g, plane)),
      bodies: geomOf.some((a, i) => geomOf.slice(i + 1).some(b => touch(a, b))),
    },
  }
}

/** v turned by q */
export function turned([w, x, y, z]: Quaternion, [a, b, c]: Vector): Vector {
  // t = 2 u x v, v + w t + u x t
  const [s, t, r] = [2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)]
  return [a + w * s + y * r - z * t, b + w * t + z * s - x * r, c + w * r + x * t - y * s]
}

/** p q */
export function product(p: Quaternion, q: Quaternion): Quaternion {
  return [
    p[0] * q[0] - p[1] * q[1] - p[2] * q[2] - p[3] * q[3],
    p[0] * q[1] + p[1] * q[0] + p[2] * q[3] - p[3] * q[2],
    p[0] * q[2] - p[1] * q[3] + p[2] * q[0] + p[3] * q[1],
    p[0] * q[3] + p[1] * q[2] - p[2] * q[1] + p[3] * q[0],
  ]
}

/** turns a shape along y, as the peers build capsules, to one along z */
export const Y_TO_Z: Quaternion = [Math.SQRT1_2, Math.SQRT1_2, 0, 0]

/**
 * Forces and torques of the motors on every body, in the world: forces of a slide through the centres, torques of a hinge.
 *
 * @param orientation of a body now
 * @param wrench (bodies, 6) is overwritten: force, torque
 */
export function motorWrenches(
  scene: RigidScene,
  ctrl: ArrayLike<number>,
  orientation: (body: number) => Quaternion,
  wrench: Float64Array,
): void {
  wrench.fill(0)
  scene.motors.forEach(({ joint, gear }, i) => {
    const { kind, parent, child, axis } = scene.joints[joint]
    const now = turned(orientation(child), axis)
    const at = kind === 'slide' ? 0 : 3
    for (let k = 0; k < 3; k++) {
      const value = gear * ctrl[i] * now[k]
      wrench[6 * child + at + k] += value
      if (parent >= 0) wrench[6 * parent + at + k] -= value
    }
  })
}
