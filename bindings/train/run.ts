/** Training a policy on a task: the pieces put together. */
import { EsKernel } from '../engine/es-kernel.js'
import { checkBackend, openRollout, type TaskText } from '../engine/rollout.js'
import { CheckpointError, TaskError } from '../errors.js'
import { type Method, type MethodOptions, makeStrategy } from '../es/index.js'
import { inNode, nodeModule } from '../host.js'
import { nearestHint } from '../model/glob.js'
import type { Model } from '../model/model.js'
import { saveModel } from '../model/save.js'
import { initialTheta, makeNetwork, Normalizer, Policy, parseSpec } from '../policy/index.js'
import type { Network } from '../program.js'
import type { CompiledTask, Task } from '../task/index.js'
import { inputsOf } from '../task/rollout.js'
import { distributionOf, evaluateRange, layoutName, type RolloutProblem } from './evaluate-range.js'
import { type Evaluator, LocalEvaluator, type Run } from './evaluator.js'
import { fingerprint, sha256 } from './hash.js'
import type { KeepOptions } from './keep.js'
import { checkLimits, type Limits } from './limits.js'
import { loadTask, referenceOf } from './load-task.js'
import type { Progress } from './metrics.js'
import { checkWorkers, MAX_WORKERS, PoolEvaluator } from './pool.js'
import { type CompleteSettings, completeSettings, count, defaultRange, type TrainSettings } from './settings.js'
import type { RunConfig } from './state.js'
import { type Outcome, type Scored, Training, type TrainingParts } from './training.js'

export interface TrainOptions extends TrainSettings, Limits, KeepOptions {
  /** default task.load() */
  readonly model?: Model
  /** parameters to start from, of the same architecture; default initialTheta */
  readonly start?: Policy
  /**
   * worker threads, each with an engine of its own; 0: this thread. Results do not depend on it. Default: one a core. Worlds on
   * 'webgpu' have none
   */
  readonly workers?: number
  /** who evaluates instead; disposed of at the end */
  readonly evaluator?: Evaluator
  /** when it rises the run ends, with the generation before */
  readonly signal?: AbortSignal
  /** words that loadTask turns into the task, for `resume`; default its name in the library */
  readonly reference?: string
  /** after every generation */
  onProgress?(progress: Progress): void
  /** something went otherwise than hoped, in words */
  onWarning?(words: string): void
}

/** every option; a name that is none of them is a slip of the pen */
const OPTIONS: Readonly<Record<keyof TrainOptions, true>> = {
  policy: true,
  backend: true,
  method: true,
  methodOptions: true,
  seed: true,
  episodes: true,
  common: true,
  normalizer: true,
  evaluation: true,
  episodeLength: true,
  actionNoise: true,
  randomize: true,
  inputs: true,
  weights: true,
  rangeSize: true,
  generations: true,
  steps: true,
  seconds: true,
  target: true,
  folder: true,
  resume: true,
  checkpoint: true,
  checkpointEvery: true,
  onCheckpoint: true,
  hook: true,
  model: true,
  start: true,
  workers: true,
  evaluator: true,
  signal: true,
  reference: true,
  onProgress: true,
  onWarning: true,
}

/** @throws {TaskError} SETTING naming an option there is not, and those near it */
function checkNames(options: TrainOptions): void {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(OPTIONS, name))
      throw new TaskError('SETTING', `there is no such option${nearestHint(name, Object.keys(OPTIONS))}`, {
        place: name,
      })
}

/** What came of a run. */
export interface TrainResult extends Outcome {
  /** the best of all evaluations */
  readonly policy: Policy
  /** the policy as it is at the end */
  readonly lastPolicy: Policy
  readonly task: CompiledTask
  readonly config: RunConfig
}

/**
 * Trains a policy on a task. Nothing happens before the result is iterated over or finish() is called:
 *
 * ```ts
 * const run = train(hopper, { policy: 'linear', method: 'ars', generations: 100 })
 * for await (const { generation, evalReturn } of run) console.log(generation, evalReturn)
 * const { policy } = await run.finish()
 * ```
 *
 * The same settings give the same bits on any machine, with any number of workers, interrupted or not; on 'webgpu', on the same
 * adapter and driver.
 *
 * @param options at least one of generations, steps, seconds, target; default target: the task's `solved`
 * @throws from next() and finish(): {BackendError} WORKERS where they do not apply; {DeviceLostError}; {TaskError} SETTING, LIMIT, ES_METHOD, POLICY_SPEC, what Task.compile throws;
 *   {ParameterError} ES_OPTION, SPEC; and what Training.next throws
 */
export function train(task: Task, options: TrainOptions = {}): Training<TrainResult> {
  return new Training(() => prepare(task, options))
}

/**
 * Goes on with the run of a folder. Settings are those it began with; limits too, unless others are given.
 *
 * @param task default: found again by the words the run began with
 * @throws {CheckpointError} CHECKPOINT_NONE when the folder holds no run; what train throws
 */
export function resume(
  folder: string,
  options: Omit<TrainOptions, keyof TrainSettings> & { readonly task?: Task } = {},
): Training<TrainResult> {
  return new Training(async () => {
    const { task, ...rest } = options
    const config = await configOf(folder)
    if (config === undefined)
      throw new CheckpointError('CHECKPOINT_NONE', 'there is no run in this folder', { place: folder })
    const reference = config.reference as string | undefined
    if (task === undefined && reference === undefined)
      throw new TaskError(
        'TASK_UNKNOWN',
        `the run's task '${config.task.name}' is in no library: give it as option 'task'`,
        {
          place: folder,
        },
      )
    const limits = (['generations', 'steps', 'seconds', 'target'] as const).some(name => rest[name] !== undefined)
      ? {}
      : (config.limits as Limits)
    return prepare(task ?? (await loadTask(reference as string)), {
      reference,
      ...settingsIn(config),
      ...limits,
      ...rest,
      folder,
      resume: true,
    })
  })
}

/** The configuration of the run in a folder; undefined when there is none. @throws {CheckpointError} as loadLatest */
export async function configOf(folder: string): Promise<RunConfig | undefined> {
  const { loadLatest, readConfig } = await import('./folder.js')
  return (await loadLatest(folder))?.config ?? readConfig(folder)
}

/** What a run was set to: where it began, `start`, is a policy nobody needs once it is on its way. */
export function settingsIn({ settings }: RunConfig): TrainSettings {
  // the others follow from these and the task
  const { start: _, popsize: __, nparam: ___, ...rest } = settings
  return rest as TrainSettings
}

/** What else of a problem decides the bits, by its parts, so that a difference can be named; the rest is in the settings. */
function partsOf(problem: RolloutProblem): Readonly<Record<string, unknown>> {
  const { frameSkip, evaluationLength, keyframe, delay, delayOf } = problem
  return plain({
    frameSkip,
    evaluationLength,
    keyframe,
    delay,
    delayOf: delayOf && fingerprint(delayOf),
  })
}

/** Gradient sums of so many terms are worth the other threads. */
const MANY_TERMS = 4_000_000

async function prepare(task: Task, options: TrainOptions): Promise<TrainingParts<TrainResult>> {
  checkNames(options)
  if (options.checkpointEvery !== undefined) count('checkpointEvery', options.checkpointEvery)
  if (options.backend !== undefined) checkBackend(options.backend, options.workers)
  const workers = checkWorkers(options.workers ?? Math.min(cores(), MAX_WORKERS), 0)
  const model = options.model ?? (await task.load())
  const { compiled, layout } = await compile(task, model, options)
  const settings = completeSettings(options, {
    episodeLength: task.episodeLength,
    actionNoise: compiled.actionNoise,
    terms: compiled.names.terms,
  })
  const network = makeNetwork(parseSpec(settings.policy), compiled.nobs, compiled.nact)
  const theta = startOf(network, settings.seed, options.start)
  const small = makeStrategy(settings.method, strategyOptions(settings, network, theta))
  const threads = network.nparam * small.popsize < MANY_TERMS || typeof SharedArrayBuffer === 'undefined' ? 1 : workers
  const gpu = settings.backend === 'webgpu' ? await webgpu(compiled) : undefined
  // before there is anything to give back
  const limits = limitsOf(options, task)
  const inputs = inputsOf(compiled, 1, settings.inputs)
  const bytes = saveModel(model, { xml: false })
  const reference = options.reference ?? (await referenceOf(task))
  const kernel = await EsKernel.open(Math.max(1, threads))
  const strategy = makeStrategy(settings.method, { ...strategyOptions(settings, network, theta), kernel })
  const together = gpu === undefined ? defaultRange(strategy.popsize, settings.episodes) : strategy.popsize
  const rangeSize = settings.rangeSize ?? together
  const rule = settings.normalizer ?? (strategy.normalizes ? (settings.method === 'ars' ? 'ars' : 'floor') : 'none')

  const { program, delay, names } = compiled
  const problem: RolloutProblem = {
    model: bytes,
    program,
    layout,
    network,
    frameSkip: compiled.frameSkip,
    episodeLength: settings.episodeLength,
    evaluationLength: task.episodeLength,
    ...(task.options.keyframe !== undefined && { keyframe: task.options.keyframe }),
    delay: delay.seconds,
    delayOf: delay.of,
    inputs,
    actionNoise: settings.actionNoise,
    randomize: settings.randomize,
    webgpu: gpu?.text,
  }
  const { episodes, seed, common } = settings
  const weights = settings.weights && names.terms.map(name => settings.weights?.[name] ?? 1)
  const rest = {
    nobs: rule === 'none' ? 0 : compiled.nobs,
    terms: names.terms,
    ...(weights && { weights }),
    episodes,
    seed,
    common,
    problem,
  }
  const config = plain({
    format: 'simcrank-run',
    task: {
      name: task.name,
      program: fingerprint(program),
      terms: names.terms,
      nobs: compiled.nobs,
      nact: compiled.nact,
      network: fingerprint(network),
      ...partsOf(problem),
      inputs: fingerprint(inputsOf(compiled, 1)),
    },
    model: { name: model.name, hash: sha256(bytes) },
    settings: plain({
      ...settings,
      normalizer: rule,
      popsize: strategy.popsize,
      rangeSize,
      nparam: network.nparam,
      start: options.start && fingerprint([theta, statisticsOf(options.start)]),
    }),
    limits,
    reference,
    adapter: gpu?.adapter,
  }) as RunConfig
  const policyOf = ({ theta, normalizer, generation, evalReturn = Number.NaN }: Scored): Policy =>
    new Policy({
      network,
      theta,
      normalizer,
      observation: names.observation,
      action: names.action,
      meta: {
        task: task.name,
        controlPeriod: compiled.dt,
        observationUnits: compiled.units.observation,
        notes: plain({
          method: settings.method,
          seed,
          generation,
          evalReturn: Number.isFinite(evalReturn) ? evalReturn : undefined,
        }),
      },
    })
  return {
    run: { id: fingerprint(rest), ...rest } satisfies Run,
    strategy,
    evaluator:
      options.evaluator ??
      (workers === 0 || gpu !== undefined ? new LocalEvaluator(evaluateRange) : new PoolEvaluator({ workers })),
    normalizer:
      options.start === undefined
        ? Normalizer.empty(compiled.nobs, rule)
        : new Normalizer(rule, options.start.normalizer),
    rangeSize,
    evaluation: { ...settings.evaluation, ...(gpu && { range: settings.evaluation.episodes }) },
    limits,
    signal: options.signal,
    config,
    keep: options,
    onProgress: options.onProgress,
    onWarning: options.onWarning,
    dispose: () => kernel.dispose(),
    conclude: outcome => ({
      ...outcome,
      policy: policyOf(outcome.best),
      lastPolicy: policyOf(outcome.last),
      task: compiled,
      config,
    }),
  }
}

/** The program, for the layout that rollouts of this model have; what is random about the physics is checked too. */
async function compile(
  task: Task,
  model: Model,
  { randomize }: TrainSettings,
): Promise<{ compiled: CompiledTask; layout: string }> {
  const varied = randomize && distributionOf(randomize, model).space.touched
  using rollout = await openRollout(model, { keyframe: task.options.keyframe, varied })
  return { compiled: task.compile(model, rollout.layout), layout: layoutName(rollout) }
}

/** The task's text for a GPU, and the name of the one there is. @throws {BackendError} WEBGPU_MISSING, NO_ADAPTER, NO_DEVICE */
async function webgpu(compiled: CompiledTask): Promise<{ text: TaskText; adapter: string }> {
  const { GpuEngine } = await import('../engine/webgpu/engine.js')
  const { textsOf } = await import('../task/kernel.js')
  const { adapter } = await GpuEngine.open()
  return { text: textsOf(compiled).task(), adapter: adapter.description }
}

function limitsOf({ generations, steps, seconds, target }: Limits, task: Task): Limits {
  const limits = plain({ generations, steps, seconds, target }) as Limits
  if (Object.keys(limits).length === 0) {
    if (task.solved === undefined)
      throw new TaskError(
        'LIMIT',
        `task '${task.name}' does not say when it is solved: give generations, steps, seconds or a target`,
      )
    return { target: task.solved }
  }
  checkLimits(limits)
  return limits
}

function startOf(network: Network, seed: number, start: Policy | undefined): Float32Array {
  if (start === undefined) return initialTheta(network, seed)
  if (fingerprint(start.network) !== fingerprint(network))
    throw new TaskError('SETTING', 'start: its architecture is not the one of this run', { place: 'start' })
  return start.theta
}

const statisticsOf = ({ normalizer: { rule, count, mean, m2 } }: Policy): unknown => ({ rule, count, mean, m2 })

function strategyOptions(
  { methodOptions, seed }: CompleteSettings,
  network: Network,
  mean: Float32Array,
): MethodOptions[Method] {
  return { ...methodOptions, mean, seed, ...(methodOptions.rank !== undefined && { network }) } as MethodOptions[Method]
}

/** What is not undefined. */
function plain(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

function cores(): number {
  if (inNode) return nodeModule('node:os').availableParallelism()
  return Math.max(1, globalThis.navigator?.hardwareConcurrency ?? 1)
}
