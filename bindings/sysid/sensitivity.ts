import { adaptSteps, finite, jacobian } from './differences.js'
import type { Objective } from './objective.js'
import type { InitialUncertainty, StatisticsInput } from './statistics.js'
import { Whitener } from './whiten.js'

/** Steps may be adapted so often before the last Jacobian is taken as it is. */
const ROUNDS = 4
/** The last derivatives are taken once more with steps this many times as wide. */
const WIDER = 4

/**
 * Everything `fitStatistics` needs at a point: residuals and their derivatives by batched central differences, to the
 * parameters and to the initial states.
 *
 * @param z (p) normalised coordinates of the optimum
 * @param step (p) half-widths that fit each coordinate, from Gauss–Newton; default 1e-3 of the range
 * @param shift (nsegment, k) the fit was of whitened residuals about initial states moved by this; absent: plain
 */
export async function sensitivities(
  objective: Objective,
  z: Float64Array,
  step: Float64Array | undefined,
  shift: Float64Array | undefined,
): Promise<StatisticsInput> {
  const { space } = objective
  const p = space.nparam
  const lower = new Float64Array(p).fill(-1)
  const upper = new Float64Array(p).fill(1)
  const range = new Float64Array(p).fill(2)
  const theta = space.denormalize(z)
  const marginal = shift && (await MarginalResiduals.at(objective, theta, shift))
  const evaluate = (points: Float64Array, count: number): Promise<Float64Array> => {
    const rows = space.denormalize(points)
    return marginal ? marginal.evaluate(rows, count) : objective.residuals(rows, count)
  }
  const residuals = await evaluate(z, 1)

  // steps at which neither rounding nor curvature shows
  let width: Float64Array = step === undefined ? range.map(w => 1e-3 * w) : Float64Array.from(step)
  let columns = await jacobian(evaluate, z, residuals, width, lower, upper)
  for (let round = 1; round < ROUNDS; round++) {
    const next = adaptSteps(width, columns, range, 100 * objective.resolution)
    if (next.every((w, j) => w === width[j])) break
    width = next
    columns = await jacobian(evaluate, z, residuals, width, lower, upper)
  }
  // how much the derivatives change with the step: a model that jumps (stiction, stops) has none to speak of
  const wider = await jacobian(
    evaluate,
    z,
    residuals,
    width.map(w => WIDER * w),
    lower,
    upper,
  )
  const error = wider.columns.map((d, i) => d - columns.columns[i])
  objective.moveStart()
  const rounding = columns.change.map(change => (change > 0 ? objective.resolution / change : 1))
  const common = {
    columns: columns.columns,
    error,
    residuals,
    series: objective.series,
    nchannel: objective.channels.length,
    rounding,
  }
  if (marginal) return common
  // plain least squares: the states' error widens the intervals, and does not count as noise a second time
  const initial = await initialUncertainty(objective, theta)
  if (initial === undefined) return { ...common, huber: objective.thresholds }
  const noise = objective.thresholds
    ? undefined
    : openWhitener(objective, initial, residuals).apply(Float64Array.from(residuals), 1)
  return { ...common, huber: objective.thresholds, initial, noise }
}

/**
 * Residuals with the error of the measured initial states integrated out, linearised about states moved by `shift`:
 * W (r(θ; x0 + shift) - X shift). See Whitener.
 */
export class MarginalResiduals {
  readonly whitener: Whitener
  private readonly objective: Objective
  private readonly offset: Float64Array

  private constructor(objective: Objective, whitener: Whitener, offset: Float64Array) {
    this.objective = objective
    this.whitener = whitener
    this.offset = offset
  }

  /**
   * Moves the objective's initial states; whoever calls moves them back.
   * @param shift (nsegment, k); absent: the filter's own states
   * @returns undefined when the states are exact or nothing can be said at theta
   */
  static async at(
    objective: Objective,
    theta: Float64Array,
    shift: Float64Array | undefined,
  ): Promise<MarginalResiduals | undefined> {
    objective.moveStart(shift)
    const residuals = await objective.residuals(theta, 1)
    if (!finite(residuals, 0, residuals.length)) return undefined
    const initial = await initialUncertainty(objective, theta)
    if (initial === undefined) return undefined
    const N = residuals.length
    const k = initial.columns.length / N
    const offset = new Float64Array(N)
    if (shift !== undefined) {
      initial.segments.forEach(({ begin, end }, s) => {
        for (let q = 0; q < k; q++) {
          const d = shift[s * k + q]
          for (let i = begin; i < end; i++) offset[i] += d * initial.columns[q * N + i]
        }
      })
    }
    for (let i = 0; i < N; i++) residuals[i] -= offset[i]
    return new MarginalResiduals(objective, openWhitener(objective, initial, residuals), offset)
  }

  /** (count, N) at rows of theta, natural units. */
  async evaluate(theta: Float64Array, count: number): Promise<Float64Array> {
    const rows = await this.objective.residuals(theta, count)
    const N = this.offset.length
    for (let k = 0; k < count; k++) for (let i = 0; i < N; i++) rows[k * N + i] -= this.offset[i]
    return this.whitener.apply(rows, count)
  }
}

function openWhitener(objective: Objective, initial: InitialUncertainty, residuals: Float64Array): Whitener {
  const floor = objective.resolution / Math.sqrt(objective.nresidual)
  return new Whitener(initial, objective.series, objective.channels.length, residuals, floor)
}

/** Derivatives to the measured initial states and how uncertain those are; undefined when they are exact. */
async function initialUncertainty(objective: Objective, theta: Float64Array): Promise<InitialUncertainty | undefined> {
  const { initial, segments, nresidual, series } = objective
  const c = initial.coordinates.length
  if (c === 0) return undefined

  // steps of about the uncertainty itself
  const step = new Float64Array(2 * c)
  for (let s = 0; s < segments.length; s++) {
    for (let j = 0; j < c; j++) {
      const at = (s * c + j) * 3
      step[2 * j] = Math.max(step[2 * j], Math.sqrt(initial.covariance[at]))
      step[2 * j + 1] = Math.max(step[2 * j + 1], Math.sqrt(initial.covariance[at + 2]))
    }
  }
  if (step.every(w => w === 0)) return undefined
  const k = 2 * c
  const shifts = new Float64Array(2 * k * k)
  for (let j = 0; j < k; j++) {
    // rounding of float32 states asks for no less than this
    step[j] = Math.max(step[j], 1e-3)
    shifts[2 * j * k + j] = -step[j]
    shifts[(2 * j + 1) * k + j] = step[j]
  }
  const values = await objective.shifted(theta, shifts, 2 * k)
  const columns = new Float64Array(k * nresidual)
  for (let j = 0; j < k; j++) {
    for (let i = 0; i < nresidual; i++) {
      const d = (values[(2 * j + 1) * nresidual + i] - values[2 * j * nresidual + i]) / (2 * step[j])
      // a start that diverges when moved says nothing about this residual
      columns[j * nresidual + i] = Number.isFinite(d) ? d : 0
    }
  }

  // residual ranges and covariance blocks of the segments
  const ranges = segments.map((_, s) => {
    const own = series.filter(x => x.segment === s)
    return { begin: own.length === 0 ? 0 : own[0].begin, end: own.length === 0 ? 0 : own[own.length - 1].end }
  })
  const covariance = new Float64Array(segments.length * k * k)
  for (let s = 0; s < segments.length; s++) {
    for (let j = 0; j < c; j++) {
      const at = (s * c + j) * 3
      const block = s * k * k
      covariance[block + 2 * j * k + 2 * j] = initial.covariance[at]
      covariance[block + 2 * j * k + 2 * j + 1] = initial.covariance[at + 1]
      covariance[block + (2 * j + 1) * k + 2 * j] = initial.covariance[at + 1]
      covariance[block + (2 * j + 1) * k + 2 * j + 1] = initial.covariance[at + 2]
    }
  }
  return { columns, segments: ranges, covariance }
}
