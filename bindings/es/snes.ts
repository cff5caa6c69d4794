/**
 * Separable natural evolution strategy: a normal distribution with a deviation for each parameter, moved along the natural gradient.
 *
 *   u_k = max(0, ln(lambda/2 + 1) - ln k) / sum - 1/lambda for the k-th best
 *   mu += muLr sigma sum u z,   sigma *= exp(sigmaLr/2 sum u (z^2 - 1)),   sigmaLr = (3 + ln d) / (5 sqrt(d))
 *
 * Source: Wierstra et al. 2014, "Natural evolution strategies" (JMLR 15), table 1 and algorithm 6.
 */

import { exp, log } from '../math/index.js'
import { PERTURB } from '../program.js'
import { MAX_POPSIZE, notNegative, positive, whole } from './check.js'
import { defaultPopsize } from './constants.js'
import { copyInto } from './optimizer.js'
import { isFlat, utilities } from './shaping.js'
import { BaseStrategy, type Population, type StrategyOptions, type StrategyState } from './strategy.js'
import { reason, type StopReason } from './termination.js'

export interface SNESOptions extends StrategyOptions {
  /** members a generation; default 4 + floor(3 ln d), which is the least that is useful */
  readonly popsize?: number
  /** first standard deviation of every parameter; default 0.1 */
  readonly sigma?: number
  /** learning rate of the mean; default 1 */
  readonly muLr?: number
  /** learning rate of the deviations; default (3 + ln d) / (5 sqrt(d)) */
  readonly sigmaLr?: number
}

const NAME = 'snes'
/** a deviation below this no longer moves a parameter of size 1 in single precision */
const SIGMA_MIN = 1e-8

/** The utilities by rank, best first; their sum is 0 up to rounding. */
export function snesUtilities(lambda: number): Float64Array {
  const u = Float64Array.from({ length: lambda }, (_, k) => Math.max(0, log(lambda / 2 + 1) - log(k + 1)))
  let sum = 0
  for (const v of u) sum += v
  return u.map(v => v / sum - 1 / lambda)
}

/** SNES. Equal members share the average of their utilities; when all are equal nothing changes. */
export class SNES extends BaseStrategy {
  private readonly muLr: number
  private readonly sigmaLr: number
  private readonly byRank: Float64Array
  private readonly sigma: Float64Array

  /** @throws {ParameterError} ES_OPTION when an option makes no sense */
  constructor(options: SNESOptions) {
    const n = Math.max(1, options.mean.length)
    super(NAME, options, whole(`${NAME}.popsize`, options.popsize ?? defaultPopsize(n), 2, MAX_POPSIZE))
    this.sigma = new Float64Array(n).fill(positive(`${NAME}.sigma`, options.sigma ?? 0.1))
    this.muLr = positive(`${NAME}.muLr`, options.muLr ?? 1)
    this.sigmaLr = notNegative(`${NAME}.sigmaLr`, options.sigmaLr ?? (3 + log(n)) / (5 * Math.sqrt(n)))
    this.byRank = snesUtilities(this.popsize)
  }

  /** Standard deviation of each parameter (dimension). A copy. */
  get sigmas(): Float64Array {
    return this.sigma.slice()
  }

  protected sample(): Population {
    return { ...this.head(PERTURB.INDEPENDENT), sigma: 0, sigmas: Float32Array.from(this.sigma) }
  }

  protected learn(fitness: Float64Array): void {
    if (isFlat(fitness)) return
    const { theta, sigma, muLr, sigmaLr, seed, generation, dimension: nparam } = this
    const u = Float32Array.from(utilities(fitness, this.byRank))
    const { first, second } = this.kernel.gradient(u, { seed, generation, nparam }, u)
    let sum = 0
    for (const v of u) sum += v
    for (let i = 0; i < nparam; i++) theta[i] += muLr * sigma[i] * first[i]
    if (second === undefined) return
    for (let i = 0; i < nparam; i++) sigma[i] *= exp((sigmaLr / 2) * (second[i] - sum))
  }

  protected override judge(): StopReason | undefined {
    let largest = 0
    for (const s of this.sigma) largest = Math.max(largest, s)
    if (largest < SIGMA_MIN) return reason('tolx', `the largest deviation ${largest} is below ${SIGMA_MIN}`)
    if (!this.sigma.every(Number.isFinite)) return reason('diverged', 'a deviation left the range of numbers')
    return undefined
  }

  protected inner(): Pick<StrategyState, 'numbers' | 'arrays'> {
    return { numbers: {}, arrays: { sigma: this.sigma.slice() } }
  }

  protected restoreInner(state: StrategyState): void {
    copyInto(this.sigma, state.arrays, 'sigma')
  }
}
