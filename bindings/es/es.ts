/**
 * Evolution strategy with an optimiser: a gradient estimate from shaped fitness, weight decay, and Adam, momentum or ClipUp.
 *
 *   g = sum_i (u+_i - u-_i) z_i / (2n),   theta += OPT(g - weightDecay theta)
 *
 * Source: Salimans et al. 2017, "Evolution strategies as a scalable alternative to reinforcement learning" (arXiv 1703.03864), and
 * their evolution-strategies-starter; Sarkar et al. 2025 (EGGROLL, arXiv 2511.16652) for low-rank perturbations.
 */

import type { Network } from '../program.js'
import { MAX_POPSIZE, notNegative, oneOf, populationSize, refuse, rowsFit, whole } from './check.js'
import {
  directionCount,
  ESTIMATORS,
  type Estimator,
  explicitDirections,
  isExplicit,
  isPaired,
  samplePopulation,
  scaledGradient,
} from './estimator.js'
import { type Matrix, matricesOf, type NoiseKey } from './noise-kernel.js'
import { defaultSpeed, makeOptimizer, type Optimizer, type OptimizerOptions } from './optimizer.js'
import { NORMS, type Norms } from './orthogonal.js'
import { checkSchedule, type Schedule, scheduled } from './schedule.js'
import { isFlat, rawReturns, SHAPINGS, type Shaping, zScores } from './shaping.js'
import { BaseStrategy, defaultMembers, type Population, type StrategyOptions, type StrategyState } from './strategy.js'

export interface OpenESOptions extends StrategyOptions {
  /** members a generation, even where they come in pairs; 'forward' counts theta itself; default 8 ceil((4 + 3 ln d) / 2) */
  readonly popsize?: number
  /** pairs a generation, instead of popsize */
  readonly npair?: number
  /** standard deviation of perturbations; default 0.02 */
  readonly sigma?: Schedule
  /** default 'antithetic' */
  readonly estimator?: Estimator
  /** lengths of orthogonal directions; default 'chi' */
  readonly norms?: Norms
  /** default 'ranks' */
  readonly shaping?: Shaping
  /** default Adam with lr 0.01; ClipUp's maxSpeed defaults to sigma sqrt(d) / 15 */
  readonly optimizer?: OptimizerOptions
  /** pull towards 0, taken from the gradient before the optimiser; default 0.005 */
  readonly weightDecay?: number
  /** rank of the matrices' perturbations; default none: full noise. With 'antithetic' only */
  readonly rank?: number
  /** with rank: the network whose parameters these are */
  readonly network?: Network
}

const NAME = 'openai-es'

/**
 * ```ts
 * const es = new OpenES({ mean: theta, sigma: 0.02, seed: 1 })
 * for (let g = 0; g < 100; g++) es.tell(evaluate(es.ask()))
 * ```
 *
 * The gradient carries no 1/sigma: the optimiser's learning rate absorbs it. A generation whose members are all equal changes
 * nothing at all.
 */
export class OpenES extends BaseStrategy {
  private readonly estimator: Estimator
  private readonly norms: Norms
  private readonly shaping: Shaping
  private readonly sigma: Schedule
  private readonly weightDecay: number
  private readonly rank: number | undefined
  private readonly matrices: readonly Matrix[] = []
  private readonly optimizer: Optimizer
  /** directions of the generation asked, where they are rows */
  private directions: Float32Array | undefined

  /** @throws {ParameterError} ES_OPTION when an option makes no sense */
  constructor(options: OpenESOptions) {
    const estimator = oneOf(`${NAME}.estimator`, options.estimator ?? 'antithetic', ESTIMATORS)
    super(NAME, options, members(estimator, options))
    const n = this.dimension
    if (isExplicit(estimator)) rowsFit(NAME, this.popsize, n)
    this.estimator = estimator
    this.norms = oneOf(`${NAME}.norms`, options.norms ?? 'chi', NORMS)
    this.shaping = oneOf(`${NAME}.shaping`, options.shaping ?? 'ranks', SHAPINGS)
    this.sigma = checkSchedule(`${NAME}.sigma`, options.sigma ?? 0.02)
    this.weightDecay = notNegative(`${NAME}.weightDecay`, options.weightDecay ?? 0.005)
    const { rank, network } = options
    if (rank !== undefined) {
      whole(`${NAME}.rank`, rank, 1)
      if (estimator !== 'antithetic') refuse(`${NAME}.rank`, rank, "none: low rank needs the estimator 'antithetic'")
      if (network === undefined) refuse(`${NAME}.network`, 'none', 'the network, since rank is given')
      if (network.nparam !== n) refuse(`${NAME}.network`, `${network.nparam} parameters`, `mean.length = ${n}`)
      this.matrices = matricesOf(network)
    }
    this.rank = rank
    const speed = defaultSpeed(scheduled(this.sigma, 0), n)
    this.optimizer = makeOptimizer(n, options.optimizer ?? { kind: 'adam' }, speed, `${NAME}.optimizer`)
  }

  private key(): NoiseKey {
    const { seed, generation, dimension: nparam, rank, matrices } = this
    return rank === undefined ? { seed, generation, nparam } : { seed, generation, nparam, rank, matrices }
  }

  protected sample(): Population {
    const { estimator, popsize } = this
    const key = this.key()
    this.directions = explicitDirections(estimator, key, directionCount(estimator, popsize), this.norms)
    const sigma = scheduled(this.sigma, this.generation)
    return samplePopulation(estimator, popsize, this.mean, sigma, key, this.directions)
  }

  protected learn(fitness: Float64Array): void {
    if (isFlat(fitness)) return
    const { theta, weightDecay } = this
    const g = scaledGradient(this.estimator, this.shape(fitness), this.key(), this.directions, this.kernel)
    for (let i = 0; i < g.length; i++) g[i] -= weightDecay * theta[i]
    const step = new Float64Array(g.length)
    this.optimizer.step(g, this.generation, step)
    for (let i = 0; i < g.length; i++) theta[i] += step[i]
  }

  private shape(fitness: Float64Array): ArrayLike<number> {
    if (this.shaping === 'ranks') return this.kernel.ranks(fitness)
    return this.shaping === 'raw' ? rawReturns(fitness) : zScores(fitness)
  }

  protected inner(): Pick<StrategyState, 'numbers' | 'arrays'> {
    return this.optimizer.state()
  }

  protected restoreInner(state: StrategyState): void {
    this.optimizer.restore(state)
  }
}

/** Members a generation of an estimator. */
function members(estimator: Estimator, options: OpenESOptions): number {
  const fallback = defaultMembers(options.mean.length)
  if (isPaired(estimator)) return populationSize(NAME, options, fallback)
  if (options.npair !== undefined)
    refuse(`${NAME}.npair`, options.npair, `popsize instead: members of '${estimator}' do not come in pairs`)
  return whole(`${NAME}.popsize`, options.popsize ?? fallback, 2, MAX_POPSIZE)
}
