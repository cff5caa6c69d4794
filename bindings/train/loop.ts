/** Generation after generation: ask, evaluate, tell. Nothing here touches files. */
import type { FrozenNormalizer } from '../engine/rollout.js'
import type { Population, Strategy } from '../es/strategy.js'
import type { Normalizer } from '../policy/index.js'
import { PERTURB } from '../program.js'
import { type Evaluator, partition, type RangeJob, type Run } from './evaluator.js'
import { failedBy, judge } from './judge.js'
import { type Limits, type Pace, paced, reached, type Stopped, timeLeft } from './limits.js'
import { type Merged, mergeRanges } from './merge.js'
import type { Generation, Progress } from './metrics.js'
import type { Best, RunState } from './state.js'

/** What a run consists of. */
export interface LoopParts {
  readonly run: Run
  readonly strategy: Strategy
  readonly evaluator: Evaluator
  /** as it is before the first generation */
  readonly normalizer: Normalizer
  /** members of a range; it decides how sums of observations are rounded */
  readonly rangeSize: number
  /** the mean policy is evaluated every so many generations, over so many episodes; `range` of them go together */
  readonly evaluation: { readonly every: number; readonly episodes: number; readonly range?: number }
  readonly limits: Limits
  readonly signal?: AbortSignal
}

/** Episodes of an evaluation that go to a worker together unless said otherwise: a block of worlds. */
const EVALUATION_RANGE = 4

/** An evaluation: Generation says what these are. */
type Evaluated = Required<Pick<Generation, 'evalReturn' | 'evalStd' | 'evalFailed'>>

export class Loop {
  #generation = 0
  #steps = 0
  #seconds = 0
  #failed = 0
  #failedTerms: Record<string, number> = {}
  #normalizer: Normalizer
  #best: Best | undefined
  #pace: Pace | undefined

  /** @param state to go on from; the strategy is put there too */
  constructor(
    readonly parts: LoopParts,
    state?: RunState,
  ) {
    this.#normalizer = parts.normalizer
    if (state === undefined) return
    parts.strategy.restore(state.strategy)
    this.#generation = state.generation
    this.#steps = state.steps
    this.#seconds = state.seconds
    this.#failed = state.failed
    this.#failedTerms = { ...state.failedTerms }
    this.#normalizer = state.normalizer
    this.#best = state.best
  }

  get generation(): number {
    return this.#generation
  }

  get best(): Best | undefined {
    return this.#best
  }

  /** The policy as it is now. */
  get last(): { theta: Float32Array; normalizer: Normalizer } {
    return { theta: this.parts.strategy.mean, normalizer: this.#normalizer }
  }

  /** Between two generations. */
  get state(): RunState {
    return {
      generation: this.#generation,
      steps: this.#steps,
      normalizer: this.#normalizer,
      strategy: this.parts.strategy.save(),
      ...(this.#best && { best: this.#best }),
      failed: this.#failed,
      failedTerms: this.#failedTerms,
      seconds: this.#seconds,
    }
  }

  /** Wall-clock time spent on the run outside step(). */
  spend(seconds: number): void {
    this.#seconds += seconds
  }

  /** Why there is no next generation. */
  stopped(): Stopped | undefined {
    const { signal, limits, strategy } = this.parts
    if (signal?.aborted) return { code: 'aborted', message: 'stopped from outside' }
    const reason = strategy.stop()
    return (
      reached(limits, {
        generation: this.#generation,
        steps: this.#steps,
        seconds: this.#seconds,
        bestEval: this.#best?.evalReturn,
      }) ??
      (reason && { code: 'strategy', message: `${strategy.method}: ${reason.message}` })
    )
  }

  /**
   * One generation. When the signal cuts it short, state is what it was before; after another error the run is over.
   *
   * @throws what the evaluator throws; the signal's reason; {TaskError} TASK_FAILED
   */
  async step(): Promise<Progress> {
    const { run, strategy, evaluator, rangeSize, evaluation, limits, signal } = this.parts
    // clock: speed and time left, for people; the limit in seconds
    const begin = performance.now()
    const generation = this.#generation + 1
    const normalizer = this.#normalizer
    const population = strategy.ask()
    const merged = await this.#evaluate(population, 'train', rangeSize, signal)
    const judged = judge(merged, run.terms, generation)
    strategy.tell(judged.fitness)
    const { obs } = merged
    if (obs !== undefined) this.#normalizer = normalizer.mergeSums(normalizer.center, obs.count, obs.sum, obs.sumsq)
    const steps = merged.steps.reduce((a, b) => a + b, 0)
    this.#generation = generation
    this.#steps += steps
    this.#failed += judged.failed
    for (const [term, n] of judged.failedTerms) this.#failedTerms[term] = (this.#failedTerms[term] ?? 0) + n
    // clock: speed, for people
    const trained = (performance.now() - begin) / 1000

    const score = generation % evaluation.every === 0 ? await this.evaluate() : undefined
    // not a number is never better
    if (score !== undefined && score.evalReturn > (this.#best?.evalReturn ?? Number.NEGATIVE_INFINITY)) {
      const { evalReturn, evalStd } = score
      this.#best = { generation, evalReturn, evalStd, ...this.last }
    }

    // clock: as above
    const spent = (performance.now() - begin) / 1000
    this.#seconds += spent
    this.#pace = paced(this.#pace, { seconds: spent, steps })
    const bestEval = this.#best?.evalReturn
    const it: Generation = {
      generation,
      bestReturn: judged.bestReturn,
      meanReturn: judged.meanReturn,
      stdReturn: judged.stdReturn,
      ...score,
      ...(bestEval !== undefined && { bestEval }),
      steps: this.#steps,
      sigma: sigmaOf(population),
      failed: judged.failed,
      failedTerms: [...judged.failedTerms.keys()],
      seconds: this.#seconds,
      stepsPerSecond: steps / trained,
    }
    return { ...it, timeLeft: timeLeft(limits, { ...it, seconds: this.#seconds }, this.#pace), lost: evaluator.lost }
  }

  /**
   * Return of the policy as it is now over the evaluation episodes, which are always the same: mean and standard deviation, NaN
   * when one of them failed: what a broken world returned says nothing, and such a policy is none to keep. A
   * signal does not cut it short: a generation is done with its evaluation or not at all.
   */
  async evaluate(): Promise<Evaluated> {
    const { strategy, evaluation } = this.parts
    const popsize = evaluation.episodes
    const { theta } = this.last
    const population: Population = {
      popsize,
      perturb: PERTURB.NONE,
      theta,
      sigma: 0,
      seed: 0,
      generation: strategy.generation,
    }
    const { returns, ends } = await this.#evaluate(population, 'evaluate', evaluation.range ?? EVALUATION_RANGE)
    const evalFailed = returns.reduce((n, x, i) => n + (failedBy(ends[i]) || !Number.isFinite(x) ? 1 : 0), 0)
    if (evalFailed > 0) return { evalReturn: Number.NaN, evalStd: Number.NaN, evalFailed }
    const evalReturn = returns.reduce((a, b) => a + b, 0) / popsize
    let squares = 0
    for (const x of returns) squares += (x - evalReturn) * (x - evalReturn)
    return { evalReturn, evalStd: popsize > 1 ? Math.sqrt(squares / (popsize - 1)) : 0, evalFailed }
  }

  async #evaluate(
    population: Population,
    purpose: RangeJob['purpose'],
    size: number,
    signal?: AbortSignal,
  ): Promise<Merged> {
    const { run, evaluator } = this.parts
    const { popsize } = population
    const head = { run, generation: this.#generation + 1, purpose, population, normalizer: this.#frozen() }
    // when one range fails, the others need not be done; a signal each, as hosts warn of many listeners at one
    const ranges = partition(popsize, size).map(range => ({ range, rest: new AbortController() }))
    const giveUp = (reason: unknown): void => {
      for (const { rest } of ranges) rest.abort(reason)
    }
    const abort = (): void => giveUp(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    try {
      const answers = await Promise.all(
        ranges.map(({ range, rest }) => evaluator.evaluate({ ...head, ...range }, rest.signal)),
      )
      return mergeRanges(popsize, purpose === 'train' ? run.nobs : 0, answers)
    } catch (error) {
      giveUp(error)
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** What observations go through in this generation. */
  #frozen(): FrozenNormalizer | undefined {
    const { rule, center, scale, clip } = this.#normalizer
    return rule === 'none' ? undefined : { center, scale, clip }
  }
}

/** Standard deviation of a population's parameters, one number for people. */
function sigmaOf({ sigma, sigmas }: Population): number {
  if (sigmas === undefined) return sigma
  let squares = 0
  for (const s of sigmas) squares += s * s
  return Math.sqrt(squares / sigmas.length)
}
