/**
 * What every strategy on policies has in common: one ask, tell, stop; populations that travel as a few numbers; exact checkpoints.
 */
import { CheckpointError, ParameterError, SizeError } from '../errors.js'
import { seedWords } from '../math/index.js'
import { PERTURB } from '../program.js'
import { start } from './check.js'
import { defaultPopsize } from './constants.js'
import { direction, type Matrix, type NoiseKernel, PlainKernel } from './noise-kernel.js'
import { copyInto, stored } from './optimizer.js'
import { reason, type StopReason } from './termination.js'

/** One generation: enough to make any member of it anywhere. Plain data, structured-cloneable. */
export interface Population {
  readonly popsize: number
  /** how members differ: PERTURB of program.ts */
  readonly perturb: number
  /** centre (nparam); members given as rows do not need it */
  readonly theta: Float32Array
  /** standard deviation of every parameter; 0 where `sigmas` stands */
  readonly sigma: number
  /** standard deviation of each parameter (nparam) */
  readonly sigmas?: Float32Array
  /** the members themselves (popsize, nparam), for PERTURB.ROWS; whoever evaluates a part may be given the rows of that part alone */
  readonly members?: Float32Array
  /** member of the first row; default 0 */
  readonly firstRow?: number
  /** Philox key, and the generation in its counter */
  readonly seed: number
  readonly generation: number
  /** rank of the matrices' perturbations, for PERTURB.LOWRANK */
  readonly rank?: number
  /** with rank: the matrices of theta */
  readonly matrices?: readonly Matrix[]
}

/**
 * State of a strategy between two generations, as plain numbers and typed arrays. Restored into a strategy made with the same
 * options it continues with the same bits.
 */
export interface StrategyState {
  /** name of the method */
  readonly method: string
  readonly version: number
  readonly numbers: Readonly<Record<string, number>>
  readonly arrays: Readonly<Record<string, Float64Array | Uint8Array>>
}

/** An optimiser of policy parameters. Fitness is lower-is-better; every number is a function of options, seed and fitness. */
export interface Strategy {
  /** name as makeStrategy takes it */
  readonly method: string
  readonly dimension: number
  /** members a generation */
  readonly popsize: number
  /** generations told */
  readonly generation: number
  /** the policy to evaluate and to report (dimension). A copy. */
  readonly mean: Float32Array
  /** whether observations are to be normalised by running statistics (ARS V1 wants them raw) */
  readonly normalizes: boolean
  /**
   * The members to evaluate.
   *
   * @throws {ParameterError} ES_ORDER when the last ones are not told yet
   */
  ask(): Population
  /**
   * Fitness of the members asked, in their order. What is not finite ranks worst.
   *
   * @param fitness (popsize), lower is better
   * @throws {ParameterError} ES_ORDER without a preceding ask
   * @throws {SizeError} ES_FITNESS when the length is not popsize
   */
  tell(fitness: ArrayLike<number>): void
  /** Why the run is over; undefined while it is not. Telling more generations stays possible. */
  stop(): StopReason | undefined
  /** State between generations; an ask that is not told is asked again after restore. */
  save(): StrategyState
  /**
   * Continue where save() was called.
   *
   * @throws {CheckpointError} STRATEGY_STATE when the state is of another method, version, dimension or population
   */
  restore(state: StrategyState): void
}

/** Options all strategies share. */
export interface StrategyOptions {
  /** start of the parameters; its length is the dimension */
  readonly mean: ArrayLike<number>
  /** whole number of up to 53 bits; default 0 */
  readonly seed?: number
  /** where directions are summed and ranks taken; default in plain TypeScript */
  readonly kernel?: NoiseKernel
}

const VERSION = 1

/** Order of calls, checks and checkpoints; subclasses sample and learn. */
export abstract class BaseStrategy implements Strategy {
  readonly method: string
  readonly dimension: number
  readonly popsize: number
  readonly normalizes: boolean = true
  protected readonly seed: number
  protected readonly kernel: NoiseKernel
  /** the parameters, in double precision so that small steps add up */
  protected readonly theta: Float64Array
  private told = 0
  private asked = false
  /** nothing of the last generation was finite */
  private failed = false

  constructor(method: string, options: StrategyOptions, popsize: number) {
    this.method = method
    this.theta = start(`${method}.mean`, options.mean)
    this.dimension = this.theta.length
    this.popsize = popsize
    this.seed = options.seed ?? 0
    seedWords(this.seed)
    this.kernel = options.kernel ?? new PlainKernel()
  }

  get generation(): number {
    return this.told
  }

  get mean(): Float32Array {
    return Float32Array.from(this.theta)
  }

  ask(): Population {
    if (this.asked)
      throw new ParameterError('ES_ORDER', `${this.method}: ask: tell the fitness of generation ${this.told} first`)
    const population = this.sample()
    this.asked = true
    return population
  }

  tell(fitness: ArrayLike<number>): void {
    const { popsize } = this
    if (!this.asked) throw new ParameterError('ES_ORDER', `${this.method}: tell: ask for a population first`)
    if (fitness.length !== popsize)
      throw new SizeError(
        'ES_FITNESS',
        `${this.method}: tell: got ${fitness.length} fitness values, expected popsize = ${popsize}`,
      )
    const values = Float64Array.from(fitness)
    this.failed = !values.some(Number.isFinite)
    this.learn(values)
    this.asked = false
    this.told++
  }

  stop(): StopReason | undefined {
    if (this.failed) return reason('nan', `no fitness of generation ${this.told - 1} is finite`)
    if (!this.theta.every(v => Math.abs(v) <= MAX_FLOAT32))
      return reason('diverged', 'a parameter left the range of single precision')
    return this.judge()
  }

  save(): StrategyState {
    const { method, dimension, popsize, told, failed, theta } = this
    const { numbers, arrays } = this.inner()
    return {
      method,
      version: VERSION,
      numbers: { dimension, popsize, generation: told, failed: failed ? 1 : 0, ...numbers },
      arrays: { theta: theta.slice(), ...arrays },
    }
  }

  restore(state: StrategyState): void {
    checkState(state, this.method, VERSION, this.dimension, this.popsize)
    const before = this.save()
    try {
      this.load(state)
    } catch (error) {
      // all or nothing
      this.load(before)
      throw error
    }
    this.asked = false
  }

  private load(state: StrategyState): void {
    copyInto(this.theta, state.arrays, 'theta')
    this.restoreInner(state)
    this.told = stored(state.numbers, 'generation')
    this.failed = stored(state.numbers, 'failed') === 1
  }

  /** What every population of pairs has. */
  protected head(perturb: number): Pick<Population, 'popsize' | 'perturb' | 'theta' | 'seed' | 'generation'> {
    return { popsize: this.popsize, perturb, theta: this.mean, seed: this.seed, generation: this.told }
  }

  /** The present generation; a function of the state. */
  protected abstract sample(): Population
  /** Change the state by the fitness of the generation sampled last. */
  protected abstract learn(fitness: Float64Array): void
  /** Reasons of a strategy's own. */
  protected judge(): StopReason | undefined {
    return undefined
  }
  /** State beyond theta. */
  protected abstract inner(): Pick<StrategyState, 'numbers' | 'arrays'>
  protected abstract restoreInner(state: StrategyState): void
}

const MAX_FLOAT32 = 3.4028234663852886e38

/**
 * Check that a state is one of this method and size.
 *
 * @throws {CheckpointError} STRATEGY_STATE
 */
export function checkState(
  state: StrategyState,
  method: string,
  version: number,
  dimension: number,
  popsize: number,
): void {
  const { numbers } = state
  if (state.method !== method || state.version !== version)
    throw new CheckpointError(
      'STRATEGY_STATE',
      `saved state: got method ${state.method} version ${state.version}, expected ${method} version ${version}`,
    )
  if (numbers.dimension !== dimension || numbers.popsize !== popsize)
    throw new CheckpointError(
      'STRATEGY_STATE',
      `saved state of ${method}: got ${numbers.dimension} parameters and popsize ${numbers.popsize}, expected ${dimension} and ${popsize}`,
    )
}

/**
 * Rows of members [begin, end) of a population of rows (end - begin, nparam), not copied.
 *
 * @throws {SizeError} POPULATION_ROWS when they are not all there
 */
export function rowsOf(population: Population, nparam: number, begin: number, end: number): Float32Array {
  const { popsize, members, firstRow } = population
  if (firstRow === undefined && members?.length !== popsize * nparam)
    throw new SizeError(
      'POPULATION_ROWS',
      `members: got length ${members?.length}, expected popsize * nparam = ${popsize} * ${nparam}`,
    )
  const first = firstRow ?? 0
  const rows = members?.subarray((begin - first) * nparam, (end - first) * nparam)
  if (rows === undefined || begin < first || rows.length !== (end - begin) * nparam)
    throw new SizeError(
      'POPULATION_ROWS',
      `members: got ${(members?.length ?? 0) / nparam} rows from member ${first} on, expected those of ${begin} to ${end - 1}`,
    )
  return rows
}

/**
 * Parameters of one member: theta + (sign sigma) z, each operation rounded to single precision, which is bit for bit what the
 * kernels use. A low-rank member has the same perturbation up to rounding: kernels never form its matrices.
 *
 * @returns (nparam)
 * @throws {SizeError} POPULATION_MEMBER when there is no such member
 */
export function materialise(population: Population, member: number): Float32Array {
  const { popsize, perturb, theta, sigma, sigmas, seed, generation, rank, matrices } = population
  if (!(Number.isInteger(member) && member >= 0 && member < popsize))
    throw new SizeError('POPULATION_MEMBER', `member: got ${member}, expected 0 to popsize - 1 = ${popsize - 1}`)
  const nparam = theta.length
  if (perturb === PERTURB.NONE) return theta.slice()
  if (perturb === PERTURB.ROWS) {
    return rowsOf(population, nparam, member, member + 1).slice()
  }
  const independent = perturb === PERTURB.INDEPENDENT
  const pair = independent ? member : member >> 1
  const sign = independent || (member & 1) === 0 ? 1 : -1
  const lowRank = perturb === PERTURB.LOWRANK ? { rank, matrices } : {}
  const x = new Float32Array(nparam)
  direction({ seed, generation, nparam, ...lowRank }, pair, x)
  const s = Math.fround(sigma)
  for (let j = 0; j < nparam; j++) x[j] = theta[j] + Math.fround(sign * (sigmas === undefined ? s : sigmas[j]) * x[j])
  return x
}

/** Default population of a gradient estimate in n dimensions: four times CMA-ES's, a multiple of eight. */
export function defaultMembers(n: number): number {
  return 8 * Math.ceil(defaultPopsize(Math.max(1, n)) / 2)
}
