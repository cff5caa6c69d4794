/**
 * What a run asks of those who simulate: the returns of some members of a population. A pure function of plain data, so that
 * threads of this process, or machines behind a job queue, give the same bits, and a question can be put twice.
 */
import type { FrozenNormalizer } from '../engine/rollout.js'
import { turn } from '../engine/turn.js'
import type { Population } from '../es/strategy.js'

/** What all ranges of a run have in common. Plain data; whoever evaluates needs nothing else. */
export interface Run {
  /** fingerprint of the rest: who has seen it knows what it may keep */
  readonly id: string
  /** numbers a policy observes; 0: statistics of observations are not wanted */
  readonly nobs: number
  /** names of the reward terms */
  readonly terms: readonly string[]
  /** what each term counts in training; default 1 */
  readonly weights?: readonly number[]
  /** episodes of each member in a generation */
  readonly episodes: number
  /** of everything random in the episodes */
  readonly seed: number
  /** who meets the same episodes (common random numbers): members 2i and 2i + 1, the whole population, or nobody */
  readonly common: 'pair' | 'population' | 'none'
  /** what the evaluation needs beyond that: model, program, network … */
  readonly problem: unknown
}

/** Members [begin, end) of a population, to be evaluated. */
export interface RangeJob {
  readonly run: Run
  /** 1, 2 … */
  readonly generation: number
  /**
   * train: as the strategy wants it. evaluate: member i is episode i of a fixed set, the same in every generation, one episode
   * each, without action noise and statistics.
   */
  readonly purpose: 'train' | 'evaluate'
  readonly population: Population
  readonly normalizer?: FrozenNormalizer
  readonly begin: number
  readonly end: number
}

/** What came out, member by member. */
export interface RangeAnswer {
  readonly begin: number
  readonly end: number
  /** mean return of the episodes, its terms weighted in training; higher is better (end - begin) */
  readonly returns: Float64Array
  /** environment steps: control steps of all episodes of the member (end - begin) */
  readonly steps: Float64Array
  /** END bits of all episodes, or-ed (end - begin) */
  readonly ends: Int32Array
  /** bit j: reward term j was not finite in an episode; bit 31 stands for all terms from 31 on (end - begin) */
  readonly badTerms: Int32Array
  /** sums over all observations of the range, about the frozen mean (or 0) */
  readonly obs?: ObservationSums
}

export interface ObservationSums {
  readonly count: number
  /** (nobs) */
  readonly sum: Float64Array
  /** (nobs) */
  readonly sumsq: Float64Array
}

export type EvaluateRange = (job: RangeJob) => RangeAnswer | Promise<RangeAnswer>

/** Whoever evaluates ranges. */
export interface Evaluator {
  /** workers that went away and were replaced, their ranges given to others */
  readonly lost: number
  /**
   * @param signal when it rises, the promise is rejected with its reason, and the work is not begun, or its answer dropped
   * @throws what the evaluation throws; BackendError WORKER_LOST when range after range kills its worker
   */
  evaluate(job: RangeJob, signal?: AbortSignal): Promise<RangeAnswer>
  dispose(): void
}

/** Evaluates in the calling thread, one range after the other. */
export class LocalEvaluator implements Evaluator {
  readonly lost = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(private readonly evaluateRange: EvaluateRange) {}

  evaluate(job: RangeJob, signal?: AbortSignal): Promise<RangeAnswer> {
    const answer = this.#last.then(async () => {
      // ranges may be computed without leaving this thread: signals and timers get their turn
      await turn()
      signal?.throwIfAborted()
      return this.evaluateRange(job)
    })
    this.#last = answer.catch(() => {})
    return answer
  }

  dispose(): void {}
}

/**
 * Cuts a population into ranges: a fixed partition, for sums over a range must not depend on who evaluates.
 *
 * @param size members of a range; the last may be smaller
 */
export function partition(popsize: number, size: number): { readonly begin: number; readonly end: number }[] {
  const ranges: { begin: number; end: number }[] = []
  for (let begin = 0; begin < popsize; begin += size) ranges.push({ begin, end: Math.min(popsize, begin + size) })
  return ranges
}
