/**
 * Running statistics of observations, and what the kernels subtract and multiply by.
 *
 * Statistics are merged in double precision, in a fixed order, once per generation; within a generation mean and scale are
 * frozen, so that both members of a pair see through the same filter.
 *
 *   x^ = clip((x - mean) / sqrt(max(var, 1e-2)), -5, 5)      rule 'floor' (Salimans et al. 2017, their code)
 *   x^ = (x - mean) / std, 0 where std < 1e-7                 rule 'ars' (Mania et al. 2018)
 *   x^ = x                                                    rule 'none'
 */
import type { FrozenNormalizer } from '../engine/rollout.js'
import { SizeError, TaskError } from '../errors.js'

export const NORMALIZER_RULES = ['floor', 'ars', 'none'] as const
export type NormalizerRule = (typeof NORMALIZER_RULES)[number]

/** A variance below this is noise of a channel that hardly moves: divided by it, noise would fill the range. */
const VARIANCE_FLOOR = 1e-2
/** Normalised observations beyond this are outliers. */
const CLIP = 5
/** A deviation below this is a constant: ARS divides by infinity. */
const ARS_CONSTANT = 1e-7

/** Statistics of observations (nobs). */
export interface Statistics {
  /** observations seen */
  readonly count: number
  readonly mean: Float64Array
  /** sum of squared deviations from the mean */
  readonly m2: Float64Array
}

/** Immutable: merging gives another one. */
export class Normalizer implements Statistics {
  readonly rule: NormalizerRule
  readonly nobs: number
  readonly count: number
  readonly mean: Float64Array
  readonly m2: Float64Array
  /** mean as the kernels take it (nobs); 0 before anything was seen */
  readonly center: Float32Array
  /** reciprocal of the deviation as the kernels take it (nobs); 1 before anything was seen */
  readonly scale: Float32Array
  /** bound of what comes out; Infinity where the rule has none */
  readonly clip: number

  /**
   * @throws {SizeError} NORMALIZER_SIZE when mean and m2 differ in length
   * @throws {TaskError} NORMALIZER_VALUE for a count, mean or m2 that statistics cannot have
   */
  constructor(rule: NormalizerRule, { count, mean, m2 }: Statistics) {
    if (mean.length !== m2.length)
      throw new SizeError('NORMALIZER_SIZE', `m2: got length ${m2.length}, expected that of mean, ${mean.length}`)
    if (!NORMALIZER_RULES.includes(rule))
      throw new TaskError('NORMALIZER_VALUE', `normalizer: no rule '${rule}'; known: ${NORMALIZER_RULES.join(', ')}`)
    if (!(count >= 0 && Number.isFinite(count)))
      throw new TaskError('NORMALIZER_VALUE', `normalizer: got count ${count}, expected a finite number >= 0`)
    const wrong = mean.findIndex((x, i) => !Number.isFinite(Math.fround(x)) || !(m2[i] >= 0 && Number.isFinite(m2[i])))
    if (wrong >= 0)
      throw new TaskError(
        'NORMALIZER_VALUE',
        `normalizer: observation ${wrong} has mean ${mean[wrong]} and m2 ${m2[wrong]}, expected finite ones, m2 >= 0`,
      )
    this.rule = rule
    this.nobs = mean.length
    this.count = count
    this.mean = Float64Array.from(mean)
    this.m2 = Float64Array.from(m2)
    const used = rule !== 'none' && count > 0
    this.clip = rule === 'floor' ? CLIP : Number.POSITIVE_INFINITY
    this.center = used ? Float32Array.from(mean) : new Float32Array(mean.length)
    this.scale = Float32Array.from(m2, sum => (used ? scaleOf(rule, sum / count) : 1))
  }

  /** One that has seen nothing: it passes observations on, clipped where the rule clips. */
  static empty(nobs: number, rule: NormalizerRule = 'floor'): Normalizer {
    return new Normalizer(rule, { count: 0, mean: new Float64Array(nobs), m2: new Float64Array(nobs) })
  }

  /**
   * With the statistics of other observations (Chan, Golub & LeVeque 1979, eq. 2.1). The order of merging shows in the
   * last bits: merge ranges of a population in ascending order.
   */
  merge(other: Statistics): Normalizer {
    if (other.mean.length !== this.nobs || other.m2.length !== this.nobs)
      throw new SizeError('NORMALIZER_SIZE', `merge: got ${other.mean.length} observations, expected ${this.nobs}`)
    if (other.count === 0) return this
    if (this.count === 0) return new Normalizer(this.rule, other)
    const count = this.count + other.count
    const mean = new Float64Array(this.nobs)
    const m2 = new Float64Array(this.nobs)
    for (let i = 0; i < this.nobs; i++) {
      const delta = other.mean[i] - this.mean[i]
      mean[i] = this.mean[i] + delta * (other.count / count)
      m2[i] = this.m2[i] + other.m2[i] + delta * delta * this.count * (other.count / count)
    }
    return new Normalizer(this.rule, { count, mean, m2 })
  }

  /**
   * With observations of which the kernel kept sums about a frozen mean.
   *
   * @param center the frozen mean (nobs): this.center of the normaliser the rollouts ran with
   * @param count observations summed
   * @param sum sums of x - center (nobs)
   * @param sumsq sums of (x - center)^2 (nobs)
   * @throws {TaskError} NORMALIZER_VALUE when a sum is not finite: leave diverged episodes out
   */
  mergeSums(center: ArrayLike<number>, count: number, sum: ArrayLike<number>, sumsq: ArrayLike<number>): Normalizer {
    return count === 0 ? this : this.merge(statisticsOf(center, count, sum, sumsq))
  }

  /** What a rollout takes, the same for a whole generation. */
  frozen(): FrozenNormalizer {
    return { center: this.center, scale: this.scale, clip: Number.isFinite(this.clip) ? this.clip : 0 }
  }

  /**
   * Normalised observations as the kernels make them, every operation rounded to single precision.
   *
   * @param x (n, nobs) from `at`
   * @param out (nobs)
   */
  apply(x: ArrayLike<number>, out: Float32Array, at = 0): void {
    const { center, scale, clip, nobs } = this
    for (let i = 0; i < nobs; i++) {
      const y = Math.fround(Math.fround(Math.fround(x[at + i]) - center[i]) * scale[i])
      out[i] = Math.min(Math.max(y, -clip), clip)
    }
  }
}

/** Statistics from sums about a center. */
function statisticsOf(
  center: ArrayLike<number>,
  count: number,
  sum: ArrayLike<number>,
  sumsq: ArrayLike<number>,
): Statistics {
  const nobs = center.length
  if (sum.length !== nobs || sumsq.length !== nobs)
    throw new SizeError('NORMALIZER_SIZE', `sums: got lengths ${sum.length} and ${sumsq.length}, expected ${nobs}`)
  const mean = new Float64Array(nobs)
  const m2 = new Float64Array(nobs)
  for (let i = 0; i < nobs; i++) {
    mean[i] = center[i] + sum[i] / count
    // rounding may take a constant channel below 0; NaN stays and is refused
    m2[i] = Math.max(0, sumsq[i] - sum[i] * (sum[i] / count))
  }
  return { count, mean, m2 }
}

function scaleOf(rule: NormalizerRule, variance: number): number {
  if (rule === 'floor') return 1 / Math.sqrt(Math.max(variance, VARIANCE_FLOOR))
  const std = Math.sqrt(variance)
  return std < ARS_CONSTANT ? 0 : 1 / std
}
