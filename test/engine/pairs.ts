/** Scenes of two free geoms and poses for them: far to deep, upright on each other, and turned a little. */
import type { rng } from '../support/oracle.js'

export type Random = ReturnType<typeof rng>
export type Shape = 'sphere' | 'capsule' | 'ellipsoid' | 'cylinder' | 'box'
export type Kind = 'random' | 'stack' | 'nearly'

export interface Pose {
  /** stack: rotations by quarter turns, one geom on the other; nearly: the same, turned a little */
  readonly kind: Kind
  /** position 3 and quaternion 4 of each geom, in single precision */
  readonly qpos: Float64Array
}

export interface Pair {
  readonly shapes: readonly [Shape, Shape]
  readonly sizes: readonly [number[], number[]]
}

/** a unit vector of n components */
function unit(random: Random, n: number): number[] {
  const v = Array.from({ length: n }, () => random.normal())
  const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0))
  return v.map(x => x / norm)
}

/** sizes of a shape, 5 to 15 cm, in single precision */
function randomSize(shape: Shape, random: Random): number[] {
  const count = shape === 'sphere' ? 1 : shape === 'capsule' || shape === 'cylinder' ? 2 : 3
  return Array.from({ length: count }, () => Math.fround(random.uniform(0.05, 0.15)))
}

/** two shapes of random sizes */
export const randomPair = (shapes: readonly [Shape, Shape], random: Random): Pair => ({
  shapes,
  sizes: [randomSize(shapes[0], random), randomSize(shapes[1], random)],
})

export function pairXml({ shapes, sizes }: Pair, margin: number, option = ''): string {
  const body = (k: 0 | 1) =>
    `<body><freejoint/><geom type="${shapes[k]}" size="${sizes[k].join(' ')}" margin="${margin}"/></body>`
  return `<mujoco><option gravity="0 0 0" ${option}/><worldbody>${body(0)}${body(1)}</worldbody></mujoco>`
}

const HALF = Math.SQRT1_2
/** quarter and half turns, and the local axis that they turn upright */
const TURNS: readonly { quat: readonly number[]; up: 0 | 1 | 2 }[] = [
  { quat: [1, 0, 0, 0], up: 2 },
  { quat: [HALF, HALF, 0, 0], up: 1 },
  { quat: [HALF, 0, HALF, 0], up: 0 },
  { quat: [HALF, 0, 0, HALF], up: 2 },
  { quat: [0, 1, 0, 0], up: 2 },
]

/** half height of a shape with this axis upright */
function height(shape: Shape, size: readonly number[], up: 0 | 1 | 2): number {
  if (shape === 'capsule') return up === 2 ? size[0] + size[1] : size[0]
  if (shape === 'cylinder') return up === 2 ? size[1] : size[0]
  return shape === 'sphere' ? size[0] : size[up]
}

function product(a: readonly number[], b: readonly number[]): number[] {
  return [
    a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
    a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
    a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
    a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
  ]
}

function pose({ shapes, sizes }: Pair, kind: Kind, random: Random): Pose {
  const origin = unit(random, 3).map(x => 0.3 * x)
  let quats: readonly (readonly number[])[]
  let shift: number[]
  if (kind === 'random') {
    quats = [unit(random, 4), unit(random, 4)]
    const norm = (v: readonly number[]) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0))
    const reach = (norm(sizes[0]) + norm(sizes[1])) * random.uniform(0.15, 1.15)
    shift = unit(random, 3).map(x => reach * x)
  } else {
    const turns = [TURNS[Math.floor(5 * random.next())], TURNS[Math.floor(5 * random.next())]]
    const up = height(shapes[0], sizes[0], turns[0].up) + height(shapes[1], sizes[1], turns[1].up)
    const side = random.next() < 0.5 ? 1 : -1
    shift = [random.uniform(-0.05, 0.05), random.uniform(-0.05, 0.05), side * (up + random.uniform(-8e-3, 2e-3))]
    // up to half a radian, mostly little
    const angle = kind === 'nearly' ? random.next() * random.next() * random.next() * 0.25 : 0
    const tilt = [Math.sqrt(1 - angle * angle), ...unit(random, 3).map(x => angle * x)]
    quats = [turns[0].quat, product(tilt, turns[1].quat)]
  }
  const second = origin.map((x, i) => x + shift[i])
  return { kind, qpos: Float64Array.from([...origin, ...quats[0], ...second, ...quats[1]], Math.fround) }
}

/** n poses: half random, a quarter of each of the others */
export function randomPoses(pair: Pair, random: Random, n: number): Pose[] {
  const kinds: readonly Kind[] = ['stack', 'nearly', 'random', 'random']
  return Array.from({ length: n }, (_, k) => pose(pair, kinds[k % 4], random))
}
