/**
 * Augmented random search: plain returns of the best directions, scaled by their spread.
 *
 *   theta += stepSize / (b sigmaR) sum over the b kept pairs of (r+ - r-) z
 *
 * Source: Mania, Guy & Recht 2018, "Simple random search provides a competitive approach to reinforcement learning"
 * (arXiv 1803.07055), algorithm 2.
 */

import { PERTURB } from '../program.js'
import { oneOf, populationSize, positive, whole } from './check.js'
import { checkSchedule, type Schedule, scheduled } from './schedule.js'
import { finiteFitness } from './shaping.js'
import { BaseStrategy, defaultMembers, type Population, type StrategyOptions, type StrategyState } from './strategy.js'

export interface ARSOptions extends StrategyOptions {
  /** members a generation, even; default 8 ceil((4 + 3 ln d) / 2) */
  readonly popsize?: number
  /** pairs a generation (the paper's N), instead of popsize */
  readonly npair?: number
  /** pairs that count (the paper's b); default half of npair, at least 1 */
  readonly top?: number
  /** standard deviation of perturbations (the paper's nu); default 0.03 */
  readonly sigma?: number
  /** the paper's alpha; default 0.02 */
  readonly stepSize?: Schedule
  /** 'v1' acts on raw observations, 'v2' on normalised ones; default 'v2' */
  readonly version?: 'v1' | 'v2'
}

const NAME = 'ars'

/** Augmented random search, V1 and V2, -t when top is below npair. Normalising observations is the trainer's: see `normalizes`. */
export class ARS extends BaseStrategy {
  override readonly normalizes: boolean
  readonly top: number
  private readonly sigma: number
  private readonly stepSize: Schedule

  /** @throws {ParameterError} ES_OPTION when an option makes no sense */
  constructor(options: ARSOptions) {
    super(NAME, options, populationSize(NAME, options, defaultMembers(options.mean.length)))
    const npair = this.popsize / 2
    this.normalizes = oneOf(`${NAME}.version`, options.version ?? 'v2', ['v1', 'v2']) === 'v2'
    this.top = whole(`${NAME}.top`, options.top ?? Math.max(1, npair >> 1), 1, npair)
    this.sigma = positive(`${NAME}.sigma`, options.sigma ?? 0.03)
    this.stepSize = checkSchedule(`${NAME}.stepSize`, options.stepSize ?? 0.02)
  }

  protected sample(): Population {
    return { ...this.head(PERTURB.ANTITHETIC), sigma: this.sigma }
  }

  protected learn(fitness: Float64Array): void {
    const f = finiteFitness(fitness)
    if (f === undefined) return
    const { top, theta, seed, generation, dimension: nparam } = this
    const npair = f.length / 2
    // the pairs with the best member, equal ones as they come
    const order = new Int32Array(npair)
    const best = new Float64Array(npair)
    for (let p = 0; p < npair; p++) {
      order[p] = p
      best[p] = Math.min(f[2 * p], f[2 * p + 1])
    }
    order.sort((a, b) => best[a] - best[b] || a - b)
    const kept = order.subarray(0, top).sort()
    // population standard deviation of the kept returns
    let mean = 0
    for (const p of kept) mean += f[2 * p] + f[2 * p + 1]
    mean /= 2 * top
    let variance = 0
    for (const p of kept) {
      const plus = f[2 * p] - mean
      const minus = f[2 * p + 1] - mean
      variance += plus * plus + minus * minus
    }
    const deviation = Math.sqrt(variance / (2 * top))
    if (!(deviation > 0 && deviation < Number.POSITIVE_INFINITY)) return
    const weights = new Float32Array(npair)
    for (const p of kept) weights[p] = (f[2 * p + 1] - f[2 * p]) / deviation
    const { first } = this.kernel.gradient(weights, { seed, generation, nparam })
    const factor = scheduled(this.stepSize, generation) / top
    for (let i = 0; i < nparam; i++) theta[i] += factor * first[i]
  }

  protected inner(): Pick<StrategyState, 'numbers' | 'arrays'> {
    return { numbers: {}, arrays: {} }
  }

  protected restoreInner(): void {}
}
