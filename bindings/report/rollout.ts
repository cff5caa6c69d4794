import { SizeError } from '../errors.js'
import { GEOM } from '../model/enums.js'
import { matToQuat } from '../model/inertia.js'
import type { Model } from '../model/model.js'
import { aim, type View } from './camera.js'
import type { RolloutGeom, TrainRollout } from './train-data.js'

/** bytes of poses in a page before frames are left out; the page draws what lies between */
const POSE_BYTES = 1_000_000
/** numbers per geom and frame: position 3, quaternion 4 */
const WIDTH = 7
/** largest int16 */
const FULL = 32767
/** m: a geom that never leaves its place by more does not move */
const STILL = 1e-6
/** One geom as the page has it. */
interface PackedGeom {
  readonly type: number
  readonly size: readonly number[]
  readonly rgba: readonly number[]
  /** position 3 and quaternion 4 of a geom that stays where it is */
  readonly pose?: readonly number[]
}

/** A rollout as the page has it; base64 of little-endian numbers. */
export interface PackedRollout {
  readonly dt: number
  readonly nframe: number
  readonly geoms: readonly PackedGeom[]
  /** int16 (nframe, geoms without pose, 7): offset from the target in units of `scale`, quaternion in 1/32767 */
  readonly poses: string
  /** m */
  readonly scale: number
  /** float32 (nframe, 3), where the camera looks, m */
  readonly target: string
  /** float32 (nframe) each */
  readonly reward: string
  readonly returnSoFar: string
  /** m about the target, to the sides and up and down: what the camera must see */
  readonly wide: number
  readonly high: number
  readonly view: View
}

export interface Packed {
  readonly rollout: PackedRollout
  /** frames given, frames of those that are finite, and every how many of these is in the page */
  readonly given: number
  readonly finite: number
  readonly stride: number
}

/** The geoms of a model as a rollout shows them: materials resolved (a geom's own colour counts without one). */
export function rolloutGeoms(model: Model): RolloutGeom[] {
  const { geom_type, geom_size, geom_matid, geom_rgba, mat_rgba } = model.field
  return Array.from({ length: model.ngeom }, (_, g) => {
    const [colour, at] = geom_matid[g] >= 0 ? [mat_rgba, 4 * geom_matid[g]] : [geom_rgba, 4 * g]
    return {
      type: geom_type[g],
      size: Array.from(geom_size.subarray(3 * g, 3 * g + 3)),
      rgba: Array.from(colour.subarray(at, at + 4)),
      name: model.names.geom[g],
    }
  })
}

function base64(values: Float32Array | Int16Array): string {
  const width = values.BYTES_PER_ELEMENT
  const bytes = Buffer.alloc(values.length * width)
  for (const [i, value] of values.entries())
    if (width === 2) bytes.writeInt16LE(value, 2 * i)
    else bytes.writeFloatLE(value, 4 * i)
  return bytes.toString('base64')
}

const digits = (x: number): number => Number(x.toPrecision(6))

/** lengths that do not fit the number of frames and geoms */
function check({ nframe, geoms, dt, ...rollout }: TrainRollout): void {
  const sizes = { xpos: 3 * geoms.length, xmat: 9 * geoms.length, reward: 1, returnSoFar: 1 } as const
  for (const [name, width] of Object.entries(sizes)) {
    const { length } = rollout[name as keyof typeof sizes]
    if (length !== nframe * width)
      throw new SizeError(
        'SIZE',
        `rollout.${name}: got length ${length}, expected nframe * ${width} = ${nframe * width}`,
      )
  }
  if (!(dt > 0 && Number.isFinite(dt))) throw new SizeError('SIZE', `rollout.dt: got ${dt}, expected seconds`)
}

/** number of frames before the first that has a pose that is no number */
function finiteFrames({ nframe, geoms, xpos, xmat }: TrainRollout): number {
  for (let i = 0; i < nframe; i++) {
    for (let k = 3 * geoms.length * i; k < 3 * geoms.length * (i + 1); k++) if (!Number.isFinite(xpos[k])) return i
    for (let k = 9 * geoms.length * i; k < 9 * geoms.length * (i + 1); k++) if (!Number.isFinite(xmat[k])) return i
  }
  return nframe
}

/** Does a geom leave its place or turn within the first frames? */
function moves({ geoms, xpos, xmat }: TrainRollout, geom: number, frames: number): boolean {
  const ngeom = geoms.length
  const far = (values: ArrayLike<number>, width: number, bound: number): boolean => {
    for (let i = 1; i < frames; i++)
      for (let k = 0; k < width; k++)
        if (Math.abs(values[width * (i * ngeom + geom) + k] - values[width * geom + k]) > bound) return true
    return false
  }
  return far(xpos, 3, STILL) || far(xmat, 9, STILL)
}

const matrix = ({ xmat }: TrainRollout, at: number): number[] => Array.from({ length: 9 }, (_, k) => xmat[9 * at + k])

/**
 * A rollout made small for a page: geoms that stay are told once, the others by int16 positions about the camera's
 * target (error below 1/65534 of the farthest) and int16 quaternions, at so many frames that the poses keep within 1 MB.
 *
 * @returns undefined when no frame is finite or nothing is there to draw
 * @throws {SizeError} when lengths do not fit together
 */
export function packRollout(rollout: TrainRollout): Packed | undefined {
  check(rollout)
  const { geoms, nframe, dt, xpos } = rollout
  const ngeom = geoms.length
  const finite = finiteFrames(rollout)
  const drawn = [...geoms.keys()].filter(g => geoms[g].rgba[3] !== 0 && geoms[g].type !== GEOM.HFIELD)
  if (finite === 0 || drawn.length === 0) return undefined
  const moving = drawn.filter(g => moves(rollout, g, finite))
  const stride = Math.max(1, Math.ceil((finite * moving.length * WIDTH * 2) / POSE_BYTES))
  const frames = Math.ceil(finite / stride)

  const solid = drawn.filter(g => geoms[g].type !== GEOM.PLANE)
  const { target, wide, high, view } = aim(rollout, moving.length > 0 ? moving : solid.length > 0 ? solid : drawn, {
    frames,
    stride,
  })
  const offset = (i: number, g: number, k: number): number => xpos[3 * (i * stride * ngeom + g) + k] - target[3 * i + k]
  let largest = 0
  for (let i = 0; i < frames; i++)
    for (const g of moving) for (let k = 0; k < 3; k++) largest = Math.max(largest, Math.abs(offset(i, g, k)))
  const scale = largest > 0 ? largest / FULL : 1

  const poses = new Int16Array(frames * moving.length * WIDTH)
  for (const [m, g] of moving.entries()) {
    let last: Float64Array | undefined
    for (let i = 0; i < frames; i++) {
      const at = WIDTH * (i * moving.length + m)
      for (let k = 0; k < 3; k++) poses[at + k] = Math.round(offset(i, g, k) / scale)
      const quat = matToQuat(matrix(rollout, i * stride * ngeom + g))
      // of the two quaternions of a rotation the one near the frame before, so that the page can go between them
      const sign = last !== undefined && quat.reduce((sum, q, k) => sum + q * (last as Float64Array)[k], 0) < 0 ? -1 : 1
      last = quat.map(q => sign * q)
      for (let k = 0; k < 4; k++) poses[at + 3 + k] = Math.round(FULL * last[k])
    }
  }
  const every = (values: ArrayLike<number>): Float32Array =>
    Float32Array.from({ length: frames }, (_, i) => values[i * stride])
  const packed = geoms.flatMap((geom, g) => {
    if (!drawn.includes(g)) return []
    const pose = moving.includes(g)
      ? undefined
      : [xpos[3 * g], xpos[3 * g + 1], xpos[3 * g + 2], ...matToQuat(matrix(rollout, g))].map(digits)
    return [{ type: geom.type, size: Array.from(geom.size, digits), rgba: Array.from(geom.rgba, digits), pose }]
  })
  return {
    given: nframe,
    finite,
    stride,
    rollout: {
      dt: dt * stride,
      nframe: frames,
      geoms: packed,
      poses: base64(poses),
      scale,
      target: base64(Float32Array.from(target)),
      reward: base64(every(rollout.reward)),
      returnSoFar: base64(every(rollout.returnSoFar)),
      wide,
      high,
      view,
    },
  }
}
