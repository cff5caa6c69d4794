import type { Model } from '../model/model.js'
import type { ParameterSpace } from '../model/parameters.js'
import type { Recording } from '../recording/recording.js'
import { finite } from './differences.js'
import { gaussNewton } from './gauss-newton.js'
import { type BatchFactory, Objective, type ObjectiveOptions } from './objective.js'

/** The first windows last so long (s), or so many sample periods of the slowest measured channel. */
const FIRST = 0.25
const FIRST_SAMPLES = 16
/** Each round's windows are so many times longer. */
const GROWTH = 3

/** Window lengths (s) to fit before whole recordings. */
export function curriculumWindows(recordings: readonly Recording[]): number[] {
  let shortest = Number.POSITIVE_INFINITY
  let slowest = 0
  for (const recording of recordings) {
    const span = recording.end - recording.start
    shortest = Math.min(shortest, span)
    for (const channel of recording.channels) {
      if (channel.measures !== undefined) slowest = Math.max(slowest, span / Math.max(1, channel.time.length - 1))
    }
  }
  const windows: number[] = []
  for (let w = Math.max(FIRST, FIRST_SAMPLES * slowest); w < 0.6 * shortest; w *= GROWTH) windows.push(w)
  return windows
}

/**
 * A start for Gauss–Newton on whole recordings: fits short windows first, whose misfit is nearly quadratic because errors
 * have no time to grow or slip a period, then longer ones from there (algorithms §2.1, curriculum). Coarse: a few iterations each.
 *
 * @param z (p) normalised start
 * @returns points worth comparing, the start first, as rows (count, p), and evaluations spent
 */
export async function curriculum(
  model: Model,
  recordings: readonly Recording[],
  space: ParameterSpace,
  z: Float64Array,
  options: ObjectiveOptions,
  factory: BatchFactory,
  signal: AbortSignal | undefined,
): Promise<{ points: Float64Array; count: number; evaluations: number; diverged: number }> {
  const p = z.length
  const rows = [z]
  let evaluations = 0
  let diverged = 0
  for (const window of curriculumWindows(recordings)) {
    if (signal?.aborted) break
    using objective = await Objective.create(
      model,
      recordings,
      space,
      { ...options, window, stride: undefined },
      factory,
    )
    const evaluate = (points: Float64Array, count: number): Promise<Float64Array> =>
      objective.residuals(space.denormalize(points), count)
    const start = rows[rows.length - 1]
    if (finite(await evaluate(start, 1), 0, objective.nresidual)) {
      const result = await gaussNewton(evaluate, {
        start,
        lower: new Float64Array(p).fill(-1),
        upper: new Float64Array(p).fill(1),
        huber: objective.thresholds,
        resolution: objective.resolution / Math.sqrt(objective.nresidual),
        ftol: 1e-3,
        maxIterations: 12,
        signal,
      })
      rows.push(result.x)
    }
    evaluations += objective.evaluations
    diverged += objective.diverged
  }
  const points = new Float64Array(rows.length * p)
  rows.forEach((row, k) => {
    points.set(row, k * p)
  })
  return { points, count: rows.length, evaluations, diverged }
}
