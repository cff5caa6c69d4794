/** A run from its first generation, or from a checkpoint, to its end: what the caller iterates over. */
import type { Normalizer } from '../policy/index.js'
import { Keeper, type KeepOptions } from './keep.js'
import type { Stopped } from './limits.js'
import { Loop, type LoopParts } from './loop.js'
import type { Generation, Progress } from './metrics.js'
import type { RunConfig, RunState } from './state.js'

/** @typeParam R what the end of the run is turned into */
export interface TrainingParts<R = Outcome> extends LoopParts {
  readonly config: RunConfig
  readonly keep: KeepOptions
  onProgress?(progress: Progress): void
  /** something went otherwise than hoped, in words */
  onWarning?(words: string): void
  conclude(outcome: Outcome): R
  /** after the evaluator's */
  dispose?(): void
}

/** Parameters of a policy, what it sees observations through, and how it did. */
export interface Scored {
  readonly generation: number
  readonly theta: Float32Array
  readonly normalizer: Normalizer
  /** mean return over the evaluation episodes; undefined when it was not evaluated */
  readonly evalReturn?: number
  /** standard deviation of its episodes (n - 1) */
  readonly evalStd?: number
  /** its episodes that failed; then the others are NaN */
  readonly evalFailed?: number
}

/** How a run ended. */
export interface Outcome {
  readonly stopped: Stopped
  readonly state: RunState
  /** at the end */
  readonly last: Scored
  /** of the best of all evaluations, that of the last policy included; without any, the last policy */
  readonly best: Scored
  /** generations whose metrics are known, earlier processes' included */
  readonly history: readonly Generation[]
  /** workers of this process that died and were replaced */
  readonly lost: number
  readonly warnings: readonly string[]
}

interface Opened<R> {
  readonly parts: TrainingParts<R>
  readonly loop: Loop
  readonly keeper: Keeper
}

const RUNNING: Stopped = { code: 'running', message: 'it goes on' }
const ABORTED: Stopped = { code: 'aborted', message: 'stopped from outside' }

/**
 * A run that advances as it is iterated over:
 *
 * ```ts
 * for await (const { generation, meanReturn } of training) console.log(generation, meanReturn)
 * const { best } = await training.finish()
 * ```
 *
 * finish() alone does the iterating too. Leaving the loop early ends the run in good order.
 */
export class Training<R = Outcome> implements AsyncIterable<Progress> {
  #opening: Promise<Opened<R>> | undefined
  /** calls one after the other, whoever makes them */
  #turn: Promise<unknown> = Promise.resolve()
  #stopped: Stopped | undefined
  #outcome: { readonly value: R } | undefined
  #failed: { readonly error: unknown } | undefined
  /** reward terms that were warned of, '' for worlds that diverged, 'evaluation' for evaluations */
  readonly #warned = new Set<string>()

  /** @param prepare called when the run begins */
  constructor(private readonly prepare: () => TrainingParts<R> | Promise<TrainingParts<R>>) {}

  /**
   * The next generation; undefined when the run is over.
   *
   * @throws {TaskError} TASK_FAILED when every member fails; {CheckpointError} when a checkpoint cannot be read, written or is
   *   of another run; {BackendError} when workers die again and again; from then on always
   */
  next(): Promise<Progress | undefined> {
    const result = this.#turn.then(() => this.#next())
    this.#turn = result.catch(() => {})
    return result
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Progress, void, void> {
    try {
      for (let it = await this.next(); it !== undefined; it = await this.next()) yield it
    } finally {
      if (this.#failed === undefined) await this.stop()
    }
  }

  /**
   * What finish() would give if the run ended after its last generation, less an evaluation of its own; the run goes on. For
   * pages that show the policy while it learns.
   *
   * @throws as next()
   */
  peek(): Promise<R> {
    const result = this.#turn.then(() => this.#peek())
    this.#turn = result.catch(() => {})
    return result
  }

  /** Runs what is left, and says how the run ended. @throws as next() */
  async finish(): Promise<R> {
    while ((await this.next()) !== undefined);
    return (this.#outcome as { value: R }).value
  }

  /** Ends the run after the present generation, which is kept. @throws as next() */
  async stop(): Promise<R> {
    this.#stopped ??= ABORTED
    return this.finish()
  }

  async #next(): Promise<Progress | undefined> {
    if (this.#failed !== undefined) throw this.#failed.error
    if (this.#outcome !== undefined) return undefined
    try {
      this.#opening ??= this.#open()
      const { parts, loop, keeper } = await this.#opening
      this.#stopped ??= loop.stopped()
      const it = this.#stopped === undefined ? await this.#generation(loop) : undefined
      if (it === undefined) {
        this.#outcome = { value: await this.#end() }
        return undefined
      }
      // clock: what keeping costs belongs to the run's time
      const begin = performance.now()
      await keeper.generation(it, () => loop.state)
      // clock: as above
      loop.spend((performance.now() - begin) / 1000)
      this.#warn(it, parts)
      parts.onProgress?.(it)
      return it
    } catch (error) {
      this.#failed = { error }
      await this.#close()
      throw error
    }
  }

  async #peek(): Promise<R> {
    if (this.#failed !== undefined) throw this.#failed.error
    if (this.#outcome !== undefined) return this.#outcome.value
    try {
      this.#opening ??= this.#open()
      const opened = await this.#opening
      return outcomeOf(opened, RUNNING, scoreOf(opened))
    } catch (error) {
      this.#failed = { error }
      throw error
    }
  }

  async #open(): Promise<Opened<R>> {
    const parts = await this.prepare()
    try {
      const keeper = await Keeper.open(parts.config, parts.keep)
      for (const words of keeper.warnings) parts.onWarning?.(words)
      return { parts, loop: new Loop(parts, keeper.state), keeper }
    } catch (error) {
      dispose(parts)
      throw error
    }
  }

  /** A generation; undefined when the signal cut it short. */
  async #generation(loop: Loop): Promise<Progress | undefined> {
    try {
      return await loop.step()
    } catch (error) {
      if (loop.parts.signal?.aborted !== true) throw error
      this.#stopped = ABORTED
      return undefined
    }
  }

  /** Says what failed when it fails for the first time. */
  #warn({ generation, failed, failedTerms, evalFailed = 0 }: Progress, parts: TrainingParts<R>): void {
    if (evalFailed > 0 && !this.#warned.has('evaluation')) {
      this.#warned.add('evaluation')
      const { episodes } = parts.evaluation
      parts.onWarning?.(
        `generation ${generation}: ${evalFailed} of ${episodes} evaluation episodes failed: it counts for nothing`,
      )
    }
    if (failed === 0) return
    for (const term of failedTerms.length > 0 ? failedTerms : ['']) {
      if (this.#warned.has(term)) continue
      this.#warned.add(term)
      const what =
        term === ''
          ? 'the world of a member diverged, or an observation was not finite'
          : `reward term '${term}' was not finite in a member`
      parts.onWarning?.(`generation ${generation}: ${what}: it ranks worst (${failed} of ${parts.strategy.popsize})`)
    }
  }

  async #end(): Promise<R> {
    const opened = await (this.#opening as Promise<Opened<R>>)
    const { loop, keeper } = opened
    const stopped = this.#stopped as Stopped
    await keeper.checkpoint(loop.state)
    // what the checkpoint holds does not depend on where a run was interrupted: this evaluation is no part of it
    const score = scoreOf(opened) ?? (stopped.code === 'aborted' ? undefined : await loop.evaluate())
    await this.#close()
    return outcomeOf(opened, stopped, score)
  }

  async #close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined)
    if (opened === undefined) return
    dispose(opened.parts)
    await opened.keeper.close()
  }
}

type Score = Pick<Scored, 'evalReturn' | 'evalStd' | 'evalFailed'>

/** How the last generation's policy did, if it was evaluated. */
function scoreOf<R>({ loop, keeper }: Opened<R>): Score | undefined {
  const known = keeper.history.at(-1)
  if (known?.generation !== loop.generation || known.evalReturn === undefined) return undefined
  return { evalReturn: known.evalReturn, evalStd: known.evalStd, evalFailed: known.evalFailed }
}

function outcomeOf<R>({ loop, keeper, parts }: Opened<R>, stopped: Stopped, score: Score | undefined): R {
  const { state } = loop
  const last: Scored = { generation: state.generation, ...loop.last, ...score }
  const { best: before } = state
  const better = before === undefined || (last.evalReturn ?? Number.NEGATIVE_INFINITY) > before.evalReturn
  const best: Scored = better ? last : before
  const { lost } = parts.evaluator
  const warnings = [...keeper.warnings, ...failures(state)]
  const broken = keeper.history.filter(it => (it.evalFailed ?? 0) > 0).length
  if (broken > 0) warnings.push(`${broken} evaluations had episodes that failed and count for nothing`)
  if ((best.evalFailed ?? 0) > 0) warnings.push('no evaluation was sound: the policy is that of the end')
  if (lost > 0) warnings.push(`${lost} worker threads died and were replaced`)
  return parts.conclude({ stopped, state, last, best, history: [...keeper.history], lost, warnings })
}

function dispose<R>(parts: TrainingParts<R>): void {
  parts.evaluator.dispose()
  parts.dispose?.()
}

/** What failed in a run, in words. */
function failures({ failed, failedTerms }: RunState): string[] {
  if (failed === 0) return []
  const list = Object.entries(failedTerms).map(([term, n]) => `reward term '${term}' was not finite in ${n}`)
  const words = list.length === 0 ? '' : `; ${list.join(', ')}`
  return [`${failed} members failed over the run and ranked worst${words}`]
}
