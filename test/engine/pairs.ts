/** Poses of two geoms for the tests of the narrow phase, and what MuJoCo finds there. */
import type { MainModule } from '@mujoco/mujoco'
import type { Oracle } from '../support/oracle.js'

export interface Contact {
  readonly dist: number
  readonly pos: readonly number[]
  readonly normal: readonly number[]
}

/** sphere, capsule, ellipsoid, cylinder, box as mjtGeom numbers them */
export const GEOM = { sphere: 2, capsule: 3, ellipsoid: 4, cylinder: 5, box: 6 } as const
export type GeomName = keyof typeof GEOM

export interface Pose {
  /** world poses of the two geoms, rounded to single precision: position 3, quaternion 4 each */
  readonly qpos: Float64Array
  readonly kind: string
}

/** deterministic numbers in [0, 1) (mulberry32) */
export function generator(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const normal = (random: () => number): number => {
  let s = -6
  for (let i = 0; i < 12; i++) s += random()
  return s
}

function unit(random: () => number, n: number): number[] {
  const v = Array.from({ length: n }, () => normal(random))
  const norm = Math.sqrt(v.reduce((a, x) => a + x * x, 0))
  return v.map(x => x / norm)
}

/** sizes of a geom about 0.1 m large */
export function randomSize(type: GeomName, random: () => number): number[] {
  const u = () => Math.fround(0.05 + 0.1 * random())
  if (type === 'sphere') return [u()]
  if (type === 'capsule' || type === 'cylinder') return [u(), u()]
  return [u(), u(), u()]
}

const HALF = Math.SQRT1_2
/** rotations of the cube about one axis */
const QUARTERS = [
  [1, 0, 0, 0],
  [HALF, HALF, 0, 0],
  [HALF, 0, HALF, 0],
  [HALF, 0, 0, HALF],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
]

/** half extent along the world's z of a geom turned by a quarter */
function extent(type: GeomName, size: readonly number[], quat: readonly number[]): number {
  const swap = quat[1] !== 0 && quat[0] !== 0 ? 1 : quat[2] !== 0 && quat[0] !== 0 ? 0 : 2
  if (type === 'sphere') return size[0]
  if (type === 'capsule') return swap === 2 ? size[0] + size[1] : size[0]
  if (type === 'cylinder') return swap === 2 ? size[1] : size[0]
  return size[swap]
}

/**
 * Random poses of two geoms: far to deep, then upright stacks (with and without a small turn) and turned about one axis.
 */
export function randomPoses(
  types: readonly [GeomName, GeomName],
  sizes: readonly [number[], number[]],
  random: () => number,
  n: number,
): Pose[] {
  const poses: Pose[] = []
  for (let k = 0; k < n; k++) {
    const kind = k % 4 === 0 ? 'stack' : k % 4 === 1 ? 'nearly' : 'random'
    const p = unit(random, 3).map(x => 0.3 * x)
    const q1 = kind === 'random' ? unit(random, 4) : QUARTERS[Math.floor(random() * 6)]
    let q2 = kind === 'random' ? unit(random, 4) : QUARTERS[Math.floor(random() * 6)]
    let shift: number[]
    if (kind === 'random') {
      const reach =
        Math.sqrt(sizes[0].reduce((a, x) => a + x * x, 0)) + Math.sqrt(sizes[1].reduce((a, x) => a + x * x, 0))
      const r = reach * (0.15 + random())
      shift = unit(random, 3).map(x => r * x)
    } else {
      const gap = (random() - 0.8) * 0.01
      const height = extent(types[0], sizes[0], q1) + extent(types[1], sizes[1], q2)
      shift = [0.1 * (random() - 0.5), 0.1 * (random() - 0.5), (random() < 0.5 ? 1 : -1) * (height + gap)]
      if (kind === 'nearly') {
        const axis = unit(random, 3)
        const angle = 0.5 * random() * random() * random()
        const s = Math.sin(angle)
        const t = [Math.cos(angle), s * axis[0], s * axis[1], s * axis[2]]
        q2 = [
          t[0] * q2[0] - t[1] * q2[1] - t[2] * q2[2] - t[3] * q2[3],
          t[0] * q2[1] + t[1] * q2[0] + t[2] * q2[3] - t[3] * q2[2],
          t[0] * q2[2] - t[1] * q2[3] + t[2] * q2[0] + t[3] * q2[1],
          t[0] * q2[3] + t[1] * q2[2] - t[2] * q2[1] + t[3] * q2[0],
        ]
      }
    }
    const qpos = Float64Array.from([...p, ...q1, ...p.map((x, i) => x + shift[i]), ...q2], Math.fround)
    poses.push({ qpos, kind })
  }
  return poses
}

export const pairXml = (
  types: readonly [GeomName, GeomName],
  sizes: readonly [number[], number[]],
  margin: number,
): string => `<mujoco><option gravity="0 0 0"/><worldbody>
<body><freejoint/><geom type="${types[0]}" size="${sizes[0].join(' ')}" margin="${margin}"/></body>
<body><freejoint/><geom type="${types[1]}" size="${sizes[1].join(' ')}" margin="${margin}"/></body>
</worldbody></mujoco>`

/** MuJoCo's contacts of a pose, and its geom poses: rotation 9, position 3, twice */
export function expected(mj: MainModule, oracle: Oracle, pose: Pose): { contacts: Contact[]; geoms: number[] } {
  oracle.write('qpos', pose.qpos)
  mj.mj_kinematics(oracle.model, oracle.data)
  mj.mj_comPos(oracle.model, oracle.data)
  mj.mj_collision(oracle.model, oracle.data)
  const xmat = oracle.get('geom_xmat')
  const xpos = oracle.get('geom_xpos')
  const geoms = [...xmat.subarray(0, 9), ...xpos.subarray(0, 3), ...xmat.subarray(9), ...xpos.subarray(3)]
  const contacts: Contact[] = []
  const list = oracle.data.contact
  for (let i = 0; i < oracle.data.ncon; i++) {
    const c = list.get(i)!
    contacts.push({ dist: c.dist, pos: [...c.pos], normal: [...c.frame.slice(0, 3)] })
    c.delete()
  }
  return { contacts, geoms }
}
