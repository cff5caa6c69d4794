/**
 * CMA-ES and separable CMA-ES (cmaes.ts) as strategies on policies: their candidates travel as rows, in single precision.
 *
 * Source: Hansen 2016 (arXiv 1604.00772); Ros & Hansen 2008 for the diagonal covariance.
 */
import { CheckpointError, ParameterError, SizeError } from '../errors.js'
import { PERTURB } from '../program.js'
import { MAX_POPSIZE, positive, refuse, rowsFit, start, whole } from './check.js'
import { CMAES } from './cmaes.js'
import type { ConstantsOptions } from './constants.js'
import { decode, encode } from './json.js'
import { copyInto, stored } from './optimizer.js'
import { type SavedState, STATE_FORMAT, STATE_VERSION } from './options.js'
import { checkState, type Population, type Strategy, type StrategyOptions, type StrategyState } from './strategy.js'
import type { StopReason, TerminationOptions } from './termination.js'

export interface CMAStrategyOptions extends StrategyOptions, TerminationOptions, ConstantsOptions {
  /** members a generation; default 4 + floor(3 ln d) */
  readonly popsize?: number
  /** first standard deviation; default 0.1 */
  readonly sigma?: number
  /** one variance a parameter instead of a whole covariance; default false */
  readonly diagonal?: boolean
}

const VERSION = 1
/** a covariance of this many parameters takes 128 MiB, its decomposition minutes */
const MAX_DIMENSION = 4096

/** CMA-ES behind the interface of the other strategies. */
export class CMAStrategy implements Strategy {
  readonly method: 'cma-es' | 'sep-cma-es'
  readonly dimension: number
  readonly popsize: number
  readonly normalizes = true
  private readonly seed: number
  private es: CMAES
  private asked = false

  /** @throws {ParameterError} ES_OPTION or CMA_* when an option makes no sense */
  constructor(options: CMAStrategyOptions) {
    this.method = options.diagonal === true ? 'sep-cma-es' : 'cma-es'
    const mean = start(`${this.method}.mean`, options.mean)
    if (options.diagonal !== true && mean.length > MAX_DIMENSION)
      refuse(
        `${this.method}.mean`,
        `${mean.length} parameters`,
        `at most ${MAX_DIMENSION}: 'sep-cma-es' keeps one variance a parameter`,
      )
    this.seed = options.seed ?? 0
    if (options.popsize !== undefined) {
      whole(`${this.method}.popsize`, options.popsize, 2, MAX_POPSIZE)
      rowsFit(this.method, options.popsize, mean.length)
    }
    const sigma = positive(`${this.method}.sigma`, options.sigma ?? 0.1)
    const { kernel: _, ...rest } = options
    this.es = new CMAES({ ...rest, mean, sigma })
    this.dimension = this.es.dimension
    this.popsize = this.es.popsize
  }

  get generation(): number {
    return this.es.generation
  }

  get mean(): Float32Array {
    return Float32Array.from(this.es.mean)
  }

  ask(): Population {
    if (this.asked)
      throw new ParameterError(
        'ES_ORDER',
        `${this.method}: ask: tell the fitness of generation ${this.generation} first`,
      )
    this.asked = true
    const { popsize, seed, generation, es } = this
    const members = Float32Array.from(es.ask())
    return { popsize, perturb: PERTURB.ROWS, theta: this.mean, sigma: es.sigma, members, seed, generation }
  }

  tell(fitness: ArrayLike<number>): void {
    const { popsize } = this
    if (!this.asked) throw new ParameterError('ES_ORDER', `${this.method}: tell: ask for a population first`)
    if (fitness.length !== popsize)
      throw new SizeError(
        'ES_FITNESS',
        `${this.method}: tell: got ${fitness.length} fitness values, expected popsize = ${popsize}`,
      )
    // CMAES ranks NaN last and leaves it out
    this.es.tell(Float64Array.from(fitness, f => (Number.isFinite(f) ? f : Number.NaN)))
    this.asked = false
  }

  stop(): StopReason | undefined {
    return this.es.stop()
  }

  /** The matrices as arrays, the rest as JSON in UTF-8. */
  save(): StrategyState {
    const { method, dimension, popsize, generation } = this
    const { C, V, D, ...rest } = this.es.snapshot()
    return {
      method,
      version: VERSION,
      numbers: { dimension, popsize, generation, axes: V === null ? 0 : 1 },
      arrays: {
        rest: new TextEncoder().encode(encode(rest)),
        C: C.slice(),
        D: D.slice(),
        ...(V !== null && { V: V.slice() }),
      },
    }
  }

  restore(state: StrategyState): void {
    const { method, dimension: n, popsize } = this
    checkState(state, method, VERSION, n, popsize)
    const size = method === 'cma-es' ? n * n : n
    const C = new Float64Array(size)
    const D = new Float64Array(n)
    copyInto(C, state.arrays, 'C')
    copyInto(D, state.arrays, 'D')
    let V: Float64Array | null = null
    if (stored(state.numbers, 'axes') === 1) {
      V = new Float64Array(size)
      copyInto(V, state.arrays, 'V')
    }
    const { rest } = state.arrays
    if (!(rest instanceof Uint8Array))
      throw new CheckpointError('STRATEGY_STATE', `saved state of ${method}: its text is missing`)
    const saved = readRest(new TextDecoder().decode(rest), method)
    if (saved.m?.length !== n || saved.generation !== state.numbers.generation)
      throw new CheckpointError('STRATEGY_STATE', `saved state of ${method}: its text is of another run`)
    this.es = CMAES.resume({ ...saved, C, D, V })
    this.asked = false
  }
}

function readRest(text: string, method: string): SavedState {
  try {
    return decode<SavedState>(text, STATE_FORMAT, STATE_VERSION)
  } catch (cause) {
    throw new CheckpointError('STRATEGY_STATE', `saved state of ${method}: its text is damaged`, { cause })
  }
}
