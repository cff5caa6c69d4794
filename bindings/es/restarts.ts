/**
 * Restarted CMA-ES for multimodal fitness.
 *
 * IPOP: Auger & Hansen 2005 (CEC), the population doubles at every restart. BIPOP: Hansen 2009 (GECCO workshop on BBOB), runs of
 * small populations are interleaved as long as they have used less budget than the large ones.
 */
import { ParameterError } from '../errors.js'
import { Philox, philox, pow, STREAM, seedWords } from '../math/index.js'
import { checkBounds } from './boundary.js'
import { type Best, CMAES } from './cmaes.js'
import { decode, encode } from './json.js'
import { type CMAESOptions, copyOptions } from './options.js'
import { defaultMaxiter, reason, type StopReason } from './termination.js'

/** Options of a restarted run: those of every single run (maxEvaluations: of all together), and when to end it all. */
export interface RestartsOptions extends CMAESOptions {
  /** default 'bipop' */
  strategy?: 'ipop' | 'bipop'
  /** restarts with a doubled population; default 9. Small runs of BIPOP do not count. */
  restarts?: number
  /** where restarts begin, uniformly; default the bounds, or mean +- 3 sigma std where a coordinate lacks one */
  region?: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> }
}

export type Regime = 'large' | 'small'

/** What a finished run did. */
export interface RunRecord {
  readonly popsize: number
  readonly sigma: number
  /** large: with a doubled population; small: the first run and BIPOP's runs between */
  readonly regime: Regime
  readonly evaluations: number
  readonly fitness: number
  readonly reason: StopReason
}

const FORMAT = 'simcrank-restarts'
const VERSION = 1
const DEFAULT_RESTARTS = 9
/** reach of the default region, in first standard deviations */
const REACH = 3

interface SavedRestarts {
  format: string
  version: number
  options: RestartsOptions
  runs: RunRecord[]
  large: number
  regime: Regime
  runSigma: number
  budgets: { large: number; small: number }
  evaluations: number
  generation: number
  bestX: Float64Array
  bestFitness: number
  stopped: StopReason | null
  es: string
}

/** Runs of CMA-ES one after the other, behind the same ask, tell and stop. */
export class Restarts {
  readonly dimension: number
  /** generations and evaluations of all runs */
  generation = 0
  evaluations = 0
  /** the runs that ended */
  readonly runs: RunRecord[] = []

  private readonly options: RestartsOptions
  private readonly random: Philox
  private readonly region: { lower: Float64Array; upper: Float64Array }
  private es: CMAES
  // doubled populations so far, and the evaluations either regime has used
  private large = 0
  private regime: Regime = 'small'
  private runSigma: number
  private budgets = { large: 0, small: 0 }
  private bestX: Float64Array
  private bestFitness = Number.POSITIVE_INFINITY
  private stopped: StopReason | undefined

  /** @throws {ParameterError | SizeError} as CMAES does, and when the region is empty or leaves the bounds */
  constructor(options: RestartsOptions) {
    const { region } = options
    this.options = {
      ...copyOptions(options),
      ...(region && { region: { lower: Float64Array.from(region.lower), upper: Float64Array.from(region.upper) } }),
    }
    this.random = new Philox(options.seed ?? 0, STREAM.restart)
    this.runSigma = options.sigma
    this.es = new CMAES(this.runOptions(options.mean, options.sigma, options.popsize, options.maxiter))
    this.dimension = this.es.dimension
    this.region = makeRegion(this.dimension, options)
    this.bestX = Float64Array.from(options.mean)
  }

  /** Candidates of the next ask. */
  get popsize(): number {
    return this.es.popsize
  }

  /** Mean of the current run (n). */
  get mean(): Float64Array {
    return this.es.mean
  }

  /** Step size of the current run. */
  get sigma(): number {
    return this.es.sigma
  }

  /** Best candidate of all runs. */
  get best(): Best {
    return { x: Float64Array.from(this.bestX), fitness: this.bestFitness }
  }

  /** C of the current run (n, n). */
  covariance(): Float64Array {
    return this.es.covariance()
  }

  /** Standard deviations of the current run (n). */
  stds(): Float64Array {
    return this.es.stds()
  }

  /** Why everything is over; the end of a single run is in `runs`. */
  stop(): StopReason | undefined {
    return this.stopped
  }

  /** Candidates to evaluate (popsize, n); popsize changes from run to run. */
  ask(): Float64Array {
    return this.es.ask()
  }

  /** Fitness of the last ask (popsize), as CMAES.tell. A run that ends here makes room for the next. */
  tell(fitness: ArrayLike<number>): void {
    const { es } = this
    es.tell(fitness)
    this.generation++
    this.evaluations += es.popsize
    this.budgets[this.regime] += es.popsize
    const { x, fitness: f } = es.best
    if (f < this.bestFitness) {
      this.bestFitness = f
      this.bestX = x
    }
    const ended = es.stop()
    this.stopped = this.final(ended)
    if (ended === undefined) return
    this.runs.push({
      popsize: es.popsize,
      sigma: this.runSigma,
      regime: this.regime,
      evaluations: es.evaluations,
      fitness: f,
      reason: ended,
    })
    if (this.stopped === undefined) this.stopped = this.next(ended)
  }

  private final(ended: StopReason | undefined): StopReason | undefined {
    const { maxEvaluations = Number.POSITIVE_INFINITY } = this.options
    if (ended?.code === 'ftarget') return ended
    if (this.evaluations >= maxEvaluations)
      return reason('maxevaluations', `${this.evaluations} evaluations of ${maxEvaluations}`)
    return undefined
  }

  /** Start the next run, or say that there is none. */
  private next(ended: StopReason): StopReason | undefined {
    const { options, budgets, random } = this
    const { strategy = 'bipop', restarts = DEFAULT_RESTARTS } = options
    const first = this.runs[0].popsize
    const run = this.runs.length
    let popsize: number
    let sigma = options.sigma
    let maxiter = options.maxiter
    if (strategy === 'bipop' && budgets.small < budgets.large) {
      this.regime = 'small'
      // lambda_0 r^(u^2) with r = 2^large, and a smaller step
      const u = random.uniform(0, run, 1)
      popsize = Math.max(3, Math.floor(first * pow(2, this.large * u * u)))
      sigma *= pow(10, -2 * random.uniform(1, run, 1))
      const cap = Math.max(1, Math.floor((0.5 * budgets.large) / popsize))
      maxiter = Math.min(cap, maxiter ?? defaultMaxiter(this.dimension, popsize))
    } else {
      if (this.large >= restarts)
        return reason(
          'restarts',
          `${run} runs, ${this.large} with a doubled population; the last ended: ${ended.message}`,
        )
      this.regime = 'large'
      this.large++
      popsize = first * pow(2, this.large)
    }
    const start = new Float64Array(this.dimension)
    random.fillUniform(start, run, 0)
    for (let i = 0; i < start.length; i++) {
      const { lower, upper } = this.region
      start[i] = Math.min(Math.max(lower[i] + start[i] * (upper[i] - lower[i]), lower[i]), upper[i])
    }
    this.runSigma = sigma
    this.es = new CMAES(this.runOptions(start, sigma, popsize, maxiter))
    return undefined
  }

  /** Options of run number `runs.length`, with a seed of its own. */
  private runOptions(mean: ArrayLike<number>, sigma: number, popsize: number | undefined, maxiter: number | undefined) {
    const { strategy: _s, restarts: _r, region: _g, maxEvaluations: _m, ...rest } = this.options
    const run = this.runs.length
    let seed = this.options.seed ?? 0
    if (run > 0) {
      const [lo, hi] = seedWords(seed)
      const words = new Uint32Array(4)
      philox(0, run, 2, STREAM.restart, lo, hi, words)
      seed = words[0] * 2097152 + (words[1] >>> 11)
    }
    return { ...rest, mean, sigma, popsize, maxiter, seed } satisfies CMAESOptions
  }

  /** Everything needed to go on, as CMAES.save. */
  save(): string {
    const state: SavedRestarts = {
      format: FORMAT,
      version: VERSION,
      options: this.options,
      runs: this.runs,
      large: this.large,
      regime: this.regime,
      runSigma: this.runSigma,
      budgets: this.budgets,
      evaluations: this.evaluations,
      generation: this.generation,
      bestX: this.bestX,
      bestFitness: this.bestFitness,
      stopped: this.stopped ?? null,
      es: this.es.save(),
    }
    return encode(state)
  }

  /** A restarted run as save() left it. */
  static load(text: string): Restarts {
    const s = decode<SavedRestarts>(text, FORMAT, VERSION)
    const r = new Restarts(s.options)
    r.runs.push(...s.runs)
    r.large = s.large
    r.regime = s.regime
    r.runSigma = s.runSigma
    r.budgets = s.budgets
    r.evaluations = s.evaluations
    r.generation = s.generation
    r.bestX = s.bestX
    r.bestFitness = s.bestFitness
    r.stopped = s.stopped ?? undefined
    r.es = CMAES.load(s.es)
    return r
  }
}

function makeRegion(n: number, options: RestartsOptions): { lower: Float64Array; upper: Float64Array } {
  const { mean, sigma, std, bounds, region } = options
  if (region !== undefined) {
    const checked = checkBounds(n, region)
    for (let i = 0; i < n; i++) {
      if (!(checked.lower[i] > Number.NEGATIVE_INFINITY && checked.upper[i] < Number.POSITIVE_INFINITY))
        throw new ParameterError('REGION', `region of coordinate ${i}: must be finite`)
      if (bounds !== undefined && (checked.lower[i] < bounds.lower[i] || checked.upper[i] > bounds.upper[i]))
        throw new ParameterError('REGION', `region of coordinate ${i} leaves the bounds`)
    }
    return checked
  }
  const lower = new Float64Array(n)
  const upper = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const reach = REACH * sigma * (std?.[i] ?? 1)
    const l = bounds?.lower[i] ?? Number.NEGATIVE_INFINITY
    const u = bounds?.upper[i] ?? Number.POSITIVE_INFINITY
    const box = Number.isFinite(l) && Number.isFinite(u)
    lower[i] = box ? l : Math.max(l, mean[i] - reach)
    upper[i] = box ? u : Math.min(u, mean[i] + reach)
  }
  return { lower, upper }
}
