import { GEOM } from '../model/enums.js'
import type { RolloutGeom, TrainRollout } from './train-data.js'

/** s: half the time over which the camera's path is averaged (twice), so that it does not bob with every step */
const STEADY = 0.4
/** share of the frames whose geoms all are within the view */
const IN_VIEW = 0.95
/** a camera that stands still is kept as long as it need be no more than so many times as far away as one that follows */
const STAND = 1.5
/** height over width of what moves below which it is looked at from above: a swimmer is at 0.11, an ant at 0.41 */
const FLAT = 0.25

export type View = 'side' | 'above'

/** How a rollout is looked at. */
export interface Aim {
  /** (frames, 3), m: the point looked at */
  readonly target: Float64Array
  /** m to all sides of the target, and up and down, that must be seen; above 0 */
  readonly wide: number
  readonly high: number
  readonly view: View
}

/** half of the box around a geom in world axes, m, from its own half sizes */
function halfExtent({ xmat }: TrainRollout, at: number, { type, size }: RolloutGeom): number[] {
  const [a, b, c] = [size[0], size[1], size[2]]
  const own =
    type === GEOM.SPHERE
      ? [a, a, a]
      : type === GEOM.CAPSULE
        ? [a, a, a + b]
        : type === GEOM.CYLINDER
          ? [a, a, b]
          : [a, b, c]
  return [0, 1, 2].map(k =>
    Math.hypot(xmat[9 * at + 3 * k] * own[0], xmat[9 * at + 3 * k + 1] * own[1], xmat[9 * at + 3 * k + 2] * own[2]),
  )
}

/** (n, 3) averaged over `half` rows to both sides, fewer at the ends */
function average(rows: Float64Array, half: number): Float64Array {
  const n = rows.length / 3
  const out = new Float64Array(rows.length)
  for (let k = 0; k < 3; k++) {
    // running sum of the window [begin, end)
    let [begin, end, sum] = [0, 0, 0]
    for (let i = 0; i < n; i++) {
      while (end < Math.min(n, i + half + 1)) sum += rows[3 * end++ + k]
      while (begin < i - half) sum -= rows[3 * begin++ + k]
      out[3 * i + k] = sum / (end - begin)
    }
  }
  return out
}

/** How far all of the geoms are from a target in most of the frames, to the sides and up and down; and how far on average. */
function spread(
  rollout: TrainRollout,
  shown: readonly number[],
  stride: number,
  target: Float64Array,
): { wide: number; high: number; flat: boolean } {
  const { geoms, xpos } = rollout
  const frames = target.length / 3
  const [sides, up] = [new Float64Array(frames), new Float64Array(frames)]
  let [squareSides, squareUp] = [0, 0]
  for (let i = 0; i < frames; i++)
    for (const g of shown) {
      const at = i * stride * geoms.length + g
      const [x, y, z] = [0, 1, 2].map(k => xpos[3 * at + k] - target[3 * i + k])
      const [a, b, c] = halfExtent(rollout, at, geoms[g])
      sides[i] = Math.max(sides[i], Math.hypot(x, y) + Math.hypot(a, b))
      up[i] = Math.max(up[i], Math.abs(z) + c)
      squareSides += x * x + y * y + a * a + b * b
      squareUp += z * z + c * c
    }
  const most = (values: Float64Array): number => values.sort()[Math.floor(IN_VIEW * (frames - 1))]
  return { wide: most(sides), high: most(up), flat: squareUp < FLAT * FLAT * squareSides }
}

/**
 * Where to look: at the middle of the geoms, along a path without jolts; from where it all can be seen. When what
 * moves stays about one place, as an arm does, the camera stands still.
 *
 * @param shown numbers of the geoms to look at, at least one
 * @param frames number of frames, every `stride`-th of the rollout
 */
export function aim(
  rollout: TrainRollout,
  shown: readonly number[],
  { frames, stride }: { frames: number; stride: number },
): Aim {
  const { geoms, xpos, dt } = rollout
  let target: Float64Array = new Float64Array(3 * frames)
  for (let i = 0; i < frames; i++)
    for (const g of shown)
      for (let k = 0; k < 3; k++) target[3 * i + k] += xpos[3 * (i * stride * geoms.length + g) + k] / shown.length
  const half = Math.round(STEADY / (dt * stride))
  for (let pass = 0; pass < 2; pass++) target = average(target, half)
  const moving = spread(rollout, shown, stride, target)

  // the middle of the path's box, for all frames
  const middle = [0, 1, 2].map(k => {
    const along = target.filter((_, i) => i % 3 === k).sort()
    return (along[0] + along[frames - 1]) / 2
  })
  const place = target.map((_, i) => middle[i % 3])
  const still = spread(rollout, shown, stride, place)
  const stands = still.wide <= STAND * moving.wide && still.high <= STAND * moving.high
  const { wide, high } = stands ? still : moving
  const least = 0.1 * Math.max(wide, high) || 1
  return {
    target: stands ? place : target,
    wide: Math.max(wide, least),
    high: Math.max(high, least),
    view: moving.flat ? 'above' : 'side',
  }
}
