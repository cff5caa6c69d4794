/** A run from its first generation, or from a checkpoint, to its end: what the caller iterates over. */
import type { Normalizer } from '../policy/index.js'
import { Keeper, type KeepOptions } from './keep.js'
import type { Stopped } from './limits.js'
import { Loop, type LoopParts } from './loop.js'
import type { Generation, Progress } from './metrics.js'
import type { RunConfig, RunState } from './state.js'

export interface TrainingParts extends LoopParts {
  readonly config: RunConfig
  readonly keep: KeepOptions
  onProgress?(progress: Progress): void
  /** something went otherwise than hoped, in words */
  onWarning?(words: string): void
}

/** Parameters of a policy, what it sees observations through, and how it did. */
export interface Scored {
  readonly generation: number
  readonly theta: Float32Array
  readonly normalizer: Normalizer
  /** mean return over the evaluation episodes; undefined when it was not evaluated */
  readonly evalReturn?: number
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

interface Opened {
  readonly parts: TrainingParts
  readonly loop: Loop
  readonly keeper: Keeper
}

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
export class Training implements AsyncIterable<Progress> {
  #opening: Promise<Opened> | undefined
  /** calls one after the other, whoever makes them */
  #turn: Promise<unknown> = Promise.resolve()
  #stopped: Stopped | undefined
  #outcome: Outcome | undefined
  #failed: { readonly error: unknown } | undefined
  /** reward terms that were warned of, and '' for worlds that diverged */
  readonly #warned = new Set<string>()

  /** @param prepare called when the run begins */
  constructor(private readonly prepare: () => TrainingParts | Promise<TrainingParts>) {}

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

  /** Runs what is left, and says how the run ended. @throws as next() */
  async finish(): Promise<Outcome> {
    while ((await this.next()) !== undefined);
    return this.#outcome as Outcome
  }

  /** Ends the run after the present generation, which is kept. @throws as next() */
  async stop(): Promise<Outcome> {
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
        this.#outcome = await this.#end()
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

  async #open(): Promise<Opened> {
    const parts = await this.prepare()
    try {
      const keeper = await Keeper.open(parts.config, parts.keep)
      for (const words of keeper.warnings) parts.onWarning?.(words)
      return { parts, loop: new Loop(parts, keeper.state), keeper }
    } catch (error) {
      parts.evaluator.dispose()
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
  #warn({ generation, failed, failedTerms }: Progress, parts: TrainingParts): void {
    if (failed === 0) return
    for (const term of failedTerms.length > 0 ? failedTerms : ['']) {
      if (this.#warned.has(term)) continue
      this.#warned.add(term)
      const what = term === '' ? 'the world of a member diverged' : `reward term '${term}' was not finite in a member`
      parts.onWarning?.(`generation ${generation}: ${what}, which ranks worst (${failed} of ${parts.strategy.popsize})`)
    }
  }

  async #end(): Promise<Outcome> {
    const { loop, keeper, parts } = await (this.#opening as Promise<Opened>)
    const stopped = this.#stopped as Stopped
    const { state } = loop
    await keeper.checkpoint(state)
    const { generation } = state
    // what the checkpoint holds does not depend on where a run was interrupted: this evaluation is no part of it
    const known = keeper.history.at(-1)
    let evalReturn = known?.generation === generation ? known.evalReturn : undefined
    if (evalReturn === undefined && stopped.code !== 'aborted') evalReturn = await loop.evaluate()
    const last: Scored = { generation, ...loop.last, ...(evalReturn !== undefined && { evalReturn }) }
    const best: Scored =
      state.best === undefined || (evalReturn !== undefined && evalReturn > state.best.evalReturn) ? last : state.best
    const lost = parts.evaluator.lost
    await this.#close()
    const warnings = [...keeper.warnings, ...failures(state)]
    if (lost > 0) warnings.push(`${lost} worker threads died and were replaced`)
    return { stopped, state, last, best, history: keeper.history, lost, warnings }
  }

  async #close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined)
    opened?.parts.evaluator.dispose()
    await opened?.keeper.close()
  }
}

/** What failed in a run, in words. */
function failures({ failed, failedTerms }: RunState): string[] {
  if (failed === 0) return []
  const list = Object.entries(failedTerms).map(([term, n]) => `reward term '${term}' was not finite in ${n}`)
  const words = list.length === 0 ? '' : `; ${list.join(', ')}`
  return [`${failed} members failed over the run and ranked worst${words}`]
}
