/**
 * A problem that needs no simulator: the return of a member is how near its parameters are to a hidden point, plus noise of its
 * episodes, and it "observes" numbers that depend on its parameters. As a module of a worker it can die where a test wants.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { TaskError } from '../../bindings/errors.js'
import { makeStrategy } from '../../bindings/es/method.js'
import { materialise } from '../../bindings/es/strategy.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { Normalizer } from '../../bindings/policy/index.js'
import { END } from '../../bindings/program.js'
import type { EvaluateRange, Evaluator, RangeJob, Run } from '../../bindings/train/evaluator.js'
import { LocalEvaluator } from '../../bindings/train/evaluator.js'
import { fingerprint } from '../../bindings/train/hash.js'
import type { KeepOptions } from '../../bindings/train/keep.js'
import type { Limits } from '../../bindings/train/limits.js'
import type { Progress } from '../../bindings/train/metrics.js'
import type { RunConfig } from '../../bindings/train/state.js'
import { Training, type TrainingParts } from '../../bindings/train/training.js'

export const NPARAM = 24
export const NOBS = 3

/** What is wrong with the problem, for tests of that. */
export interface Trouble {
  /** where: a generation and a member of the range; purpose 'train' */
  readonly generation: number
  readonly member: number
  /**
   * exit: the worker ends. exit-once: it ends when this file is not there yet, and makes it. throw: a typed error. crash: an
   * error nobody expects. nan: the member's (or from `member` on every member's) reward is NaN. slow: takes 300 ms.
   * bad-evaluation: episode `member` of the evaluation after that generation diverges, with a return that looks good
   */
  readonly kind: 'exit' | 'exit-once' | 'throw' | 'crash' | 'nan' | 'all-nan' | 'diverge' | 'slow' | 'bad-evaluation'
  readonly file?: string
}

export interface QuadraticProblem {
  readonly target: Float32Array
  readonly trouble: readonly Trouble[]
}

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function meet(trouble: Trouble): Promise<void> {
  const die = async (): Promise<void> => {
    if (isMainThread) throw new Error('this test wants a worker to die, and there is none')
    process.exit(7)
  }
  if (trouble.kind === 'exit') await die()
  if (trouble.kind === 'exit-once' && !existsSync(trouble.file as string)) {
    writeFileSync(trouble.file as string, '')
    await die()
  }
  if (trouble.kind === 'throw') throw new TaskError('BROKEN', 'is not what it seems', { place: 'reward.near' })
  if (trouble.kind === 'crash') (undefined as unknown as { x(): void }).x()
  if (trouble.kind === 'slow') await sleep(300)
}

/** Return of member m: -sum (x - target)^2 + noise of its episodes; a pure function of the job, but for the troubles. */
export const evaluateRange: EvaluateRange = async (job: RangeJob) => {
  const { run, population, begin, end, generation, purpose, normalizer } = job
  const { target, trouble } = run.problem as QuadraticProblem
  const here = trouble.filter(t => purpose === 'train' && t.generation === generation)
  for (const it of here) if (it.member >= begin && it.member < end) await meet(it)
  const noise = new Philox(run.seed, STREAM.reset)
  const count = end - begin
  const answer = {
    begin,
    end,
    returns: new Float64Array(count),
    steps: new Float64Array(count),
    ends: new Int32Array(count).fill(END.TRUNCATED),
    badTerms: new Int32Array(count),
    obs: { count: 0, sum: new Float64Array(NOBS), sumsq: new Float64Array(NOBS) },
  }
  for (let i = 0; i < count; i++) {
    const member = begin + i
    const theta = materialise(population, member)
    let distance = 0
    for (let j = 0; j < theta.length; j++) distance += (theta[j] - target[j]) * (theta[j] - target[j])
    const each = purpose === 'train' ? run.episodes : 1
    for (let e = 0; e < each; e++) {
      const env = purpose === 'train' ? (member >> 1) * each + e : member
      const word = purpose === 'train' ? generation : 0xffffffff
      // what is seen depends on what was seen before, as in life
      const seen = normalizer === undefined ? 0 : normalizer.center[0] * normalizer.scale[0]
      answer.returns[i] += (-distance + 0.1 * noise.normal(0, env, word) + 0.01 * seen) / each
      answer.steps[i] += 10 + (member % 3)
      for (let j = 0; j < NOBS; j++) {
        const x = theta[j] + noise.normal(1 + j, env, word) - (normalizer?.center[j] ?? 0)
        answer.obs.sum[j] += x
        answer.obs.sumsq[j] += x * x
      }
      answer.obs.count++
    }
    for (const { kind, member: which } of here) {
      if ((kind === 'nan' && which === member) || kind === 'all-nan') {
        answer.returns[i] = Number.NaN
        answer.ends[i] = END.REWARD
        answer.badTerms[i] = 2
      }
      if (kind === 'diverge' && which === member) answer.ends[i] = END.STATE
    }
    const evaluated = trouble.find(t => t.kind === 'bad-evaluation' && t.generation === generation - 1)
    if (purpose === 'evaluate' && evaluated?.member === member) {
      answer.returns[i] = 1000
      answer.ends[i] = END.STATE
    }
  }
  return answer
}

export interface QuadraticOptions extends Limits {
  readonly evaluator?: Evaluator
  readonly trouble?: readonly Trouble[]
  readonly method?: 'openai-es' | 'cma-es' | 'pgpe' | 'snes' | 'ars'
  readonly seed?: number
  readonly episodes?: number
  readonly keep?: KeepOptions
  readonly signal?: AbortSignal
  readonly config?: Partial<RunConfig>
  readonly rangeSize?: number
  onProgress?(it: Progress): void
  onWarning?(words: string): void
}

/** Everything a run of the problem consists of. */
export function quadraticParts(options: QuadraticOptions): TrainingParts {
  const { seed = 1, method = 'openai-es', episodes = 2, trouble = [], rangeSize = 4 } = options
  const { generations, steps, seconds, target } = options
  const problem: QuadraticProblem = {
    target: Float32Array.from({ length: NPARAM }, (_, j) => 0.3 * Math.sin(j)),
    trouble,
  }
  const rest = { nobs: NOBS, terms: ['near', 'noise'], episodes, seed, common: 'pair' as const, problem }
  const run: Run = { id: fingerprint(rest), ...rest }
  const mean = new Float32Array(NPARAM)
  return {
    run,
    strategy: makeStrategy(method, { mean, seed, popsize: 24, sigma: 0.1 }),
    evaluator: options.evaluator ?? new LocalEvaluator(evaluateRange),
    normalizer: Normalizer.empty(NOBS),
    rangeSize,
    evaluation: { every: 5, episodes: 6 },
    limits: { generations, steps, seconds, target },
    signal: options.signal,
    config: {
      task: { name: 'quadratic', terms: ['near', 'noise'] },
      model: { name: 'none', hash: '0' },
      settings: { seed, method, episodes, rangeSize },
      ...options.config,
    },
    keep: options.keep ?? {},
    onProgress: options.onProgress,
    onWarning: options.onWarning,
    conclude: outcome => outcome,
  }
}

export const quadratic = (options: QuadraticOptions): Training => new Training(() => quadraticParts(options))

/** This module, for a pool. */
export const MODULE = import.meta.url
