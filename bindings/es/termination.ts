/**
 * When a run is over: the criteria of pycma 4, any of which ends it.
 */
import { median } from './boundary.js'

/** Why a run ended. */
export type StopCode =
  | 'ftarget'
  | 'maxevaluations'
  | 'maxiter'
  | 'tolfun'
  | 'tolfunhist'
  | 'tolx'
  | 'tolfacupx'
  | 'condition'
  | 'noeffectcoord'
  | 'noeffectaxis'
  | 'flatfitness'
  | 'stagnation'
  | 'xstagnation'
  | 'nan'
  | 'diverged'
  | 'restarts'

export interface StopReason {
  readonly code: StopCode
  /** a sentence with the figures that decided */
  readonly message: string
}

/** Limits; n is the dimension, lambda the population size. 0 switches a tolerance off. */
export interface TerminationOptions {
  /** generations; default 100 + 150 (n+3)^2 / sqrt(lambda) */
  maxiter?: number
  /** evaluations; default none */
  maxEvaluations?: number
  /** stop at this fitness or below; default none */
  ftarget?: number
  /** range of the population's fitness and of the recent best ones; default 1e-11. Raise it to the noise of a simulator fit. */
  tolfun?: number
  /** range of the recent best fitness alone; default 1e-12 */
  tolfunhist?: number
  /** standard deviation of every coordinate; default 1e-11 */
  tolx?: number
  /** growth of a standard deviation over its first value: the first was far too small; default 1e3 */
  tolfacupx?: number
  /** condition number of C; default 1e14 */
  conditionMax?: number
  /** generations without better medians; default 100 + 100 n^1.5 / lambda */
  tolstagnation?: number
  /** movement of the mean over 20 + g/10 generations; default 1e-9 */
  tolxstagnation?: number
}

/** What the criteria look at after a generation. */
export interface RunState {
  readonly generation: number
  readonly evaluations: number
  readonly bestFitness: number
  /** of the latest improvement */
  readonly bestEvaluations: number
  /** fitness of the generation, ascending, NaN last (lambda) */
  readonly sorted: Float64Array
  readonly sigma: number
  /** genotype mean (n) */
  readonly mean: Float64Array
  /** variances of C (n) and of the first C */
  readonly variances: Float64Array
  readonly startStd: Float64Array
  /** scale of each coordinate (n) */
  readonly scale: Float64Array
  readonly pc: Float64Array
  /** square roots of the eigenvalues of C, ascending unless diagonal */
  readonly axisLengths: Float64Array
  /** eigenvectors in rows (n, n); undefined for a diagonal C */
  readonly axes: Float64Array | undefined
}

/** Serialisable part of Termination. */
export interface TerminationState {
  recent: number[]
  best: number[]
  medians: number[]
  flat: number
  anchor: Float64Array
  anchorGeneration: number
}

const SAMPLE_EVERY = 5
const MAX_SAMPLES = 20000

/** Keeps the histories and judges them. */
export class Termination {
  readonly limits: Required<TerminationOptions>
  private readonly n: number
  private readonly lambda: number
  // best fitness of the last 10 + 30 n / lambda generations, newest last
  private recent: number[] = []
  // best and median fitness of every fifth generation, newest last
  private best: number[] = []
  private medians: number[] = []
  private flat = 0
  // where the mean last made a move, and when
  private anchor: Float64Array
  private anchorGeneration = 0

  constructor(n: number, lambda: number, mean: Float64Array, options: TerminationOptions) {
    this.n = n
    this.lambda = lambda
    this.anchor = Float64Array.from(mean)
    this.limits = {
      maxiter: options.maxiter ?? defaultMaxiter(n, lambda),
      maxEvaluations: options.maxEvaluations ?? Number.POSITIVE_INFINITY,
      ftarget: options.ftarget ?? Number.NEGATIVE_INFINITY,
      tolfun: options.tolfun ?? 1e-11,
      tolfunhist: options.tolfunhist ?? 1e-12,
      tolx: options.tolx ?? 1e-11,
      tolfacupx: options.tolfacupx ?? 1e3,
      conditionMax: options.conditionMax ?? 1e14,
      tolstagnation: options.tolstagnation ?? Math.floor(100 + (100 * n * Math.sqrt(n)) / lambda),
      tolxstagnation: options.tolxstagnation ?? 1e-9,
    }
  }

  /** Record a generation and say whether it is the last. */
  update(s: RunState): StopReason | undefined {
    this.record(s)
    return this.budget(s) ?? this.fitnessReason(s) ?? this.stepReason(s) ?? this.numericReason(s)
  }

  private record(s: RunState): void {
    const { n, lambda } = this
    this.recent.push(s.sorted[0])
    if (this.recent.length > 10 + (30 * n) / lambda) this.recent.shift()
    if (s.generation % SAMPLE_EVERY === 0) {
      const h = lambda >> 1
      this.best.push(s.sorted[0])
      this.medians.push(lambda % 2 === 1 ? s.sorted[h] : (s.sorted[h - 1] + s.sorted[h]) / 2)
      if (this.best.length > MAX_SAMPLES) {
        this.best.shift()
        this.medians.shift()
      }
    }
    // equal to the last digit; NaN is not
    this.flat = s.sorted[0] === s.sorted[Math.floor(0.75 * lambda)] ? this.flat + 1 : 0
    // the longer the mean has hardly moved, the more it must move to count
    const age = (s.generation - this.anchorGeneration) / (20 + 0.1 * s.generation)
    const threshold = this.limits.tolxstagnation * Math.sqrt(Math.max(1, age))
    let moved = 0
    for (let i = 0; i < n; i++) {
      const d = s.scale[i] * (s.mean[i] - this.anchor[i])
      moved += d * d
    }
    if (!(Math.sqrt(moved) <= threshold)) {
      this.anchor.set(s.mean)
      this.anchorGeneration = s.generation
    }
  }

  private budget(s: RunState): StopReason | undefined {
    const { ftarget, maxEvaluations, maxiter } = this.limits
    if (s.bestFitness <= ftarget) return reason('ftarget', `fitness ${s.bestFitness} reached the target ${ftarget}`)
    if (s.evaluations >= maxEvaluations)
      return reason('maxevaluations', `${s.evaluations} evaluations of ${maxEvaluations}`)
    if (s.generation >= maxiter) return reason('maxiter', `${s.generation} generations of ${maxiter}`)
    return undefined
  }

  private fitnessReason(s: RunState): StopReason | undefined {
    const { tolfun, tolfunhist, tolstagnation } = this.limits
    const { n, lambda, recent } = this
    const history = range(recent)
    const population = s.sorted[lambda - 1] - s.sorted[0]
    if (population < tolfun && history < tolfun)
      return reason('tolfun', `fitness range ${population} and its recent best's ${history} are below tolfun ${tolfun}`)
    if (recent.length > 9 && history < tolfunhist)
      return reason(
        'tolfunhist',
        `range ${history} of the best of ${recent.length} generations is below tolfunhist ${tolfunhist}`,
      )
    if (this.flat > 1)
      return reason(
        'flatfitness',
        `three quarters of the population share fitness ${s.sorted[0]}, ${this.flat} generations long`,
      )
    if (tolstagnation > 0) {
      const samples = this.best.length
      const l = Math.floor(Math.max(tolstagnation / (2 * SAMPLE_EVERY), samples / 10))
      const sinceBest = (s.evaluations - s.bestEvaluations) / lambda
      if (
        s.generation > n * (5 + 100 / lambda) &&
        samples > 100 &&
        2 * l < samples &&
        sinceBest > tolstagnation / 2 &&
        median(this.medians.slice(-l)) >= median(this.medians.slice(-2 * l, -l)) &&
        median(this.best.slice(-l)) >= median(this.best.slice(-2 * l, -l))
      )
        return reason(
          'stagnation',
          `medians of best and median fitness did not improve over ${2 * l * SAMPLE_EVERY} generations`,
        )
    }
    return undefined
  }

  private stepReason(s: RunState): StopReason | undefined {
    const { tolx, tolfacupx, tolxstagnation } = this.limits
    const { n } = this
    let largest = 0
    for (let i = 0; i < n; i++) {
      const std = s.sigma * s.scale[i] * Math.sqrt(s.variances[i])
      if (tolfacupx > 0 && std > tolfacupx * s.startStd[i])
        return reason(
          'tolfacupx',
          `standard deviation of coordinate ${i} grew from ${s.startStd[i]} to ${std}: start with a larger sigma`,
        )
      largest = Math.max(largest, std, s.sigma * s.scale[i] * Math.abs(s.pc[i]))
    }
    if (largest < tolx) return reason('tolx', `steps of every coordinate (largest ${largest}) are below tolx ${tolx}`)
    const still = s.generation - this.anchorGeneration
    if (tolxstagnation > 0 && still > 20 + 0.1 * s.generation)
      return reason('xstagnation', `the mean moved less than ${tolxstagnation} in ${still} generations`)
    return undefined
  }

  private numericReason(s: RunState): StopReason | undefined {
    const { conditionMax } = this.limits
    const { n } = this
    for (let i = 0; i < n; i++) {
      if (s.mean[i] === s.mean[i] + 0.2 * s.sigma * Math.sqrt(s.variances[i]))
        return reason('noeffectcoord', `a fifth of a standard deviation does not change coordinate ${i} of the mean`)
    }
    // one axis a generation, in turn
    const axis = s.generation % n
    if (s.axes !== undefined) {
      const length = 0.1 * s.sigma * s.axisLengths[axis]
      let effect = false
      for (let i = 0; i < n && !effect; i++) effect = s.mean[i] !== s.mean[i] + length * s.axes[axis * n + i]
      if (!effect)
        return reason('noeffectaxis', `a tenth of a standard deviation along axis ${axis} does not change the mean`)
    }
    let shortest = Number.POSITIVE_INFINITY
    let longest = 0
    for (const d of s.axisLengths) {
      shortest = Math.min(shortest, d)
      longest = Math.max(longest, d)
    }
    const condition = (longest / shortest) * (longest / shortest)
    if (conditionMax > 0 && condition > conditionMax)
      return reason('condition', `condition number ${condition} of C is above ${conditionMax}`)
    return undefined
  }

  state(): TerminationState {
    const { recent, best, medians, flat, anchor, anchorGeneration } = this
    return { recent, best, medians, flat, anchor, anchorGeneration }
  }

  restore(state: TerminationState): void {
    this.recent = [...state.recent]
    this.best = [...state.best]
    this.medians = [...state.medians]
    this.flat = state.flat
    this.anchor = Float64Array.from(state.anchor)
    this.anchorGeneration = state.anchorGeneration
  }
}

/** Default limit of generations. */
export function defaultMaxiter(n: number, lambda: number): number {
  return Math.floor(100 + (150 * (n + 3) * (n + 3)) / Math.sqrt(lambda))
}

export function reason(code: StopCode, message: string): StopReason {
  return { code, message }
}

function range(values: readonly number[]): number {
  let lo = Number.POSITIVE_INFINITY
  let hi = Number.NEGATIVE_INFINITY
  for (const v of values) {
    lo = Math.min(lo, v)
    hi = Math.max(hi, v)
  }
  return hi - lo
}
