/**
 * Uncertainty handling: measures how much noise changes the ranking, and answers with more evaluations and a larger step.
 *
 * Source: Hansen, Niederberger, Guzzella & Koumoutsakos 2009 (IEEE TEC 13), with pycma 4's settings. In simulation, common random
 * numbers and a larger population are cheaper and usually better.
 */
import { SizeError } from '../errors.js'
import { Philox, STREAM } from '../math/index.js'
import { decode, encode } from './json.js'

/** Options of a NoiseHandler. */
export interface NoiseOptions {
  dimension: number
  popsize: number
  /** most evaluations a candidate's fitness may average; default 1 */
  maxEvaluations?: number
  /** candidates evaluated again a generation; default 2 + popsize/20, the fraction by chance */
  reevaluations?: number
  seed?: number
}

const FORMAT = 'simcrank-noise'
const VERSION = 1
/** smoothing of the measure */
const SMOOTHING = 0.3
/** the accepted rank change is this percentile of a random one (theta / 2 = 1/4) */
const PERCENTILE = 0.25

interface SavedNoise {
  format: string
  version: number
  options: NoiseOptions
  level: number
  wanted: number
}

/**
 * ```ts
 * const x = es.ask()
 * const f = evaluate(x)                                    // each the mean of noise.evaluations rollouts
 * const members = noise.select(f, es.generation)
 * const again = evaluate(es.resample(members, noise.epsilon))
 * es.tell(f)
 * es.scaleSigma(noise.update(f, members, again))
 * ```
 */
export class NoiseHandler {
  /** displacement of repeated candidates, in random steps: enough to see a different noise, too little to matter */
  readonly epsilon = 1e-7
  /** smoothed rank change beyond what is acceptable; above 0 there is too much noise */
  level = 0
  private readonly options: NoiseOptions
  private readonly factor: number
  private wanted = 1

  constructor(options: NoiseOptions) {
    this.options = { ...options }
    this.factor = 1 + 2 / (options.dimension + 10)
  }

  /** How many evaluations a candidate's fitness should average in the next generation. */
  get evaluations(): number {
    return Math.floor(this.wanted)
  }

  /** Candidates to evaluate again: half the first ones, half the best of the rest. */
  select(fitness: ArrayLike<number>, generation: number): Int32Array {
    const { popsize, reevaluations = 2 + popsize / 20, seed = 0 } = this.options
    if (fitness.length !== popsize)
      throw new SizeError(
        'NOISE_FITNESS',
        `select: got ${fitness.length} fitness values, expected popsize = ${popsize}`,
      )
    const u = new Philox(seed, STREAM.reevaluation).uniform(0, 0xffffffff, generation)
    const whole = Math.floor(reevaluations)
    const count = Math.min(popsize, whole + (reevaluations - whole > u ? 1 : 0))
    const first = count - (count >> 1)
    const rest = Int32Array.from({ length: popsize - first }, (_, i) => first + i)
    rest.sort((a, b) => compare(fitness[a], fitness[b]) || a - b)
    return Int32Array.from({ length: count }, (_, i) => (i < first ? i : rest[i - first]))
  }

  /**
   * Take in the second fitness of the selected candidates.
   *
   * @param again (members.length)
   * @returns factor for the step size: 1, or a little more when there is too much noise
   */
  update(fitness: ArrayLike<number>, members: Int32Array, again: ArrayLike<number>): number {
    const { popsize, maxEvaluations = 1 } = this.options
    if (again.length !== members.length)
      throw new SizeError('NOISE_FITNESS', `update: got ${again.length} fitness values, expected ${members.length}`)
    if (members.length === 0) return 1
    // ranks in the joint list of first and second values
    const joint = new Float64Array(2 * popsize)
    for (let i = 0; i < popsize; i++) {
      joint[i] = fitness[i]
      joint[popsize + i] = fitness[i]
    }
    for (let j = 0; j < members.length; j++) joint[popsize + members[j]] = again[j]
    const order = Int32Array.from(joint.keys()).sort((a, b) => compare(joint[a], joint[b]) || a - b)
    const rank = new Int32Array(2 * popsize)
    for (let r = 0; r < order.length; r++) rank[order[r]] = r
    let sum = 0
    for (const i of members) {
      const before = rank[i]
      const after = rank[popsize + i]
      const change = Math.max(0, Math.abs(before - after) - 1)
      const limit = (this.limit(before - (before > after ? 1 : 0)) + this.limit(after - (after > before ? 1 : 0))) / 2
      sum += change - Math.max(1, limit)
    }
    this.level += SMOOTHING * (sum / members.length - this.level)
    if (this.level > 0) {
      this.wanted = Math.min(this.wanted * this.factor, maxEvaluations)
      return this.factor
    }
    this.wanted = Math.max(this.wanted / Math.sqrt(Math.sqrt(this.factor)), 1)
    return 1
  }

  /** Percentile of |r - rank| when r is drawn from the 2 popsize - 1 ranks of the others. */
  private limit(rank: number): number {
    const count = 2 * this.options.popsize - 1
    const distance = Float64Array.from({ length: count }, (_, r) => Math.abs(r - rank)).sort()
    const at = PERCENTILE * (count - 1)
    const i = Math.floor(at)
    return distance[i] + (at - i) * (distance[Math.min(i + 1, count - 1)] - distance[i])
  }

  /** State as JSON, like CMAES.save. */
  save(): string {
    const { options, level, wanted } = this
    return encode({ format: FORMAT, version: VERSION, options, level, wanted } satisfies SavedNoise)
  }

  /** A handler as save() left it. */
  static load(text: string): NoiseHandler {
    const s = decode<SavedNoise>(text, FORMAT, VERSION)
    const handler = new NoiseHandler(s.options)
    handler.level = s.level
    handler.wanted = s.wanted
    return handler
  }
}

/** NaN last. */
function compare(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}
