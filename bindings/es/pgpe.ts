/**
 * Policy gradients with parameter-based exploration: a normal distribution over parameters, its mean and every deviation learned.
 *
 *   a = (u+ - u-)/2,  s = (u+ + u-)/2 - mean u,  e = sigma z                      u: centered ranks
 *   g_mu = mean(a e),  g_sigma = mean(s (e^2 - sigma^2) / sigma)
 *   mu += OPT(g_mu),   sigma = clamp(sigma + sigmaLr g_sigma, (1 - maxChange) sigma, (1 + maxChange) sigma)
 *
 * Source: Sehnke et al. 2010 (Neural Networks 23), symmetric sampling; Toklu, Liskowski & Srivastava 2020, "ClipUp"
 * (arXiv 2008.02387), with pgpelib's limit of a deviation's change.
 */

import { PERTURB } from '../program.js'
import { fraction, notNegative, populationSize, positive } from './check.js'
import { copyInto, defaultSpeed, makeOptimizer, type Optimizer, type OptimizerOptions } from './optimizer.js'
import { isFlat } from './shaping.js'
import { BaseStrategy, defaultMembers, type Population, type StrategyOptions, type StrategyState } from './strategy.js'
import { reason, type StopReason } from './termination.js'

export interface PGPEOptions extends StrategyOptions {
  /** members a generation, even; default 8 ceil((4 + 3 ln d) / 2) */
  readonly popsize?: number
  /** pairs a generation, instead of popsize */
  readonly npair?: number
  /** first standard deviation of every parameter; default 0.03 */
  readonly sigma?: number
  /** learning rate of the deviations; default 0.1, 0: they stay */
  readonly sigmaLr?: number
  /** largest relative change of a deviation in one generation; default 0.2 */
  readonly maxChange?: number
  /** default ClipUp; its maxSpeed defaults to sigma sqrt(d) / 15, the paper's ratio */
  readonly optimizer?: OptimizerOptions
  /** pull of mu towards 0, taken from the gradient before the optimiser; default 0 */
  readonly weightDecay?: number
}

const NAME = 'pgpe'
/** a deviation below this no longer moves a parameter of size 1 in single precision */
const SIGMA_MIN = 1e-8

/** PGPE with symmetric sampling, ranks, and ClipUp or Adam. A generation whose members are all equal changes nothing at all. */
export class PGPE extends BaseStrategy {
  private readonly sigmaLr: number
  private readonly maxChange: number
  private readonly weightDecay: number
  private readonly optimizer: Optimizer
  private readonly sigma: Float64Array

  /** @throws {ParameterError} ES_OPTION when an option makes no sense */
  constructor(options: PGPEOptions) {
    super(NAME, options, populationSize(NAME, options, defaultMembers(options.mean.length)))
    const n = this.dimension
    const sigma = positive(`${NAME}.sigma`, options.sigma ?? 0.03)
    this.sigma = new Float64Array(n).fill(sigma)
    this.sigmaLr = notNegative(`${NAME}.sigmaLr`, options.sigmaLr ?? 0.1)
    this.maxChange = fraction(`${NAME}.maxChange`, options.maxChange ?? 0.2)
    this.weightDecay = notNegative(`${NAME}.weightDecay`, options.weightDecay ?? 0)
    const speed = defaultSpeed(sigma, n)
    this.optimizer = makeOptimizer(n, options.optimizer ?? { kind: 'clipup' }, speed, `${NAME}.optimizer`)
  }

  /** Standard deviation of each parameter (dimension). A copy. */
  get sigmas(): Float64Array {
    return this.sigma.slice()
  }

  protected sample(): Population {
    return { ...this.head(PERTURB.ANTITHETIC), sigma: 0, sigmas: Float32Array.from(this.sigma) }
  }

  protected learn(fitness: Float64Array): void {
    if (isFlat(fitness)) return
    const { theta, sigma, sigmaLr, maxChange, weightDecay, seed, generation, dimension: nparam } = this
    const npair = fitness.length / 2
    const u = this.kernel.ranks(fitness)
    let mean = 0
    for (const v of u) mean += v
    mean /= u.length
    const a = new Float32Array(npair)
    const s = new Float32Array(npair)
    let sum = 0
    for (let p = 0; p < npair; p++) {
      a[p] = (u[2 * p] - u[2 * p + 1]) / 2
      s[p] = (u[2 * p] + u[2 * p + 1]) / 2 - mean
      sum += s[p]
    }
    const { first, second } = this.kernel.gradient(a, { seed, generation, nparam }, s)
    // centre
    const g = new Float64Array(nparam)
    for (let i = 0; i < nparam; i++) g[i] = (sigma[i] * first[i]) / npair - weightDecay * theta[i]
    const step = new Float64Array(nparam)
    this.optimizer.step(g, generation, step)
    for (let i = 0; i < nparam; i++) theta[i] += step[i]
    // deviations: (e^2 - sigma^2) / sigma = sigma (z^2 - 1)
    if (second === undefined || sigmaLr === 0) return
    for (let i = 0; i < nparam; i++) {
      const old = sigma[i]
      const moved = old + (sigmaLr * old * (second[i] - sum)) / npair
      sigma[i] = Math.min(Math.max(moved, (1 - maxChange) * old), (1 + maxChange) * old)
    }
  }

  protected override judge(): StopReason | undefined {
    let largest = 0
    for (const s of this.sigma) largest = Math.max(largest, s)
    if (largest < SIGMA_MIN) return reason('tolx', `the largest deviation ${largest} is below ${SIGMA_MIN}`)
    return undefined
  }

  protected inner(): Pick<StrategyState, 'numbers' | 'arrays'> {
    const { numbers, arrays } = this.optimizer.state()
    return { numbers, arrays: { sigma: this.sigma.slice(), ...arrays } }
  }

  protected restoreInner(state: StrategyState): void {
    copyInto(this.sigma, state.arrays, 'sigma')
    this.optimizer.restore(state)
  }
}
