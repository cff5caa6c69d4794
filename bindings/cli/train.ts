import { join } from 'node:path'
import { SimcrankError, UsageError } from '../errors.js'
import type { Method } from '../es/index.js'
import type { ParameterDistribution } from '../model/distribution.js'
import type { Model } from '../model/model.js'
import type { ParameterSpace } from '../model/parameters.js'
import { generatePolicy, savePolicy } from '../policy/index.js'
import { trainReport } from '../report/train-report.js'
import { type Evaluation, evaluate } from '../task/evaluate.js'
import type { Task } from '../task/index.js'
import type { Limits } from '../train/limits.js'
import { recommended } from '../train/recommended.js'
import { configOf, settingsIn, type TrainResult, train } from '../train/run.js'
import type { PlainMethodOptions, TrainSettings } from '../train/settings.js'
import { plainEvaluation } from './evaluate.js'
import { INTERRUPTED, interruptible } from './interrupt.js'
import { Failure, type Io, packageManifest, toJson } from './io.js'
import { openOutput, writeFiles } from './output.js'
import { printable } from './table.js'
import { asUsage, distributionIn, readPolicyFile, readRandomize, taskOf, workersOf } from './train-input.js'
import { openTrainProgress } from './train-progress.js'
import { episodeOf, trainReportData } from './train-report-data.js'
import { trainSummary } from './train-summary.js'
import { quoted } from './words.js'

export interface TrainCommandOptions {
  readonly randomize?: string
  readonly method?: Method
  readonly methodOptions?: Readonly<Record<string, unknown>>
  readonly policy?: string
  readonly weights?: Readonly<Record<string, number>>
  readonly start?: string
  readonly backend?: 'wasm' | 'webgpu'
  readonly workers?: number
  readonly seed?: number
  readonly episodes?: number
  readonly evaluateEvery?: number
  readonly evaluateEpisodes?: number
  readonly generations?: number
  readonly steps?: number
  readonly seconds?: number
  readonly target?: number
  readonly checkpointEvery?: number
  readonly out?: string
  readonly resume?: boolean
  readonly json?: boolean
}

/** What was asked for, as the outputs name it. */
export interface TrainJob {
  readonly task: Task
  readonly model: Model
  /** the command as it could be typed again */
  readonly command: string
  readonly version: string
  /** when the command began, ISO 8601 */
  readonly date: string
  /** undefined: on a GPU */
  readonly workers: number | undefined
  /** what of the physics is drawn anew, if anything */
  readonly space: ParameterSpace | undefined
}

/** Episodes by which the policy is judged at the end … */
const JUDGED = 100
/** … and their seed: the episodes of the run chose this policy, others judge it. */
const judgingSeed = ({ config }: TrainResult): number => (config.settings.seed as number) + 1

const backendOf = ({ config }: TrainResult): 'wasm' | 'webgpu' =>
  (config.settings.backend as 'webgpu' | undefined) ?? 'wasm'

/** What of some values is there. */
function given<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
}

/** Settings to begin with: those that are known to work for this task; how to learn is not among them where the user chooses that. */
export function known({ method, methodOptions, policy }: TrainCommandOptions, task: string): TrainSettings {
  const settings = recommended(task) ?? {}
  if (method === undefined && methodOptions === undefined && policy === undefined) return settings
  // they fit each other, and none of them a stranger
  const { method: _, methodOptions: __, policy: ___, normalizer: ____, ...rest } = settings
  return rest
}

/** Settings of the command line, over those a run began with. */
export async function settingsOf(options: TrainCommandOptions, stored: TrainSettings): Promise<TrainSettings> {
  const { policy, method, backend, seed, episodes } = options
  const randomize = options.randomize === undefined ? undefined : await readRandomize(options.randomize)
  return {
    ...stored,
    ...given({ policy, method, backend, seed, episodes, randomize }),
    methodOptions: { ...stored.methodOptions, ...options.methodOptions } as PlainMethodOptions,
    ...(options.weights && { weights: { ...stored.weights, ...options.weights } }),
    evaluation: {
      ...stored.evaluation,
      ...given({ every: options.evaluateEvery, episodes: options.evaluateEpisodes }),
    },
  }
}

/**
 * `simcrank train TASK`: a policy, what it was trained with and how it does.
 *
 * @param argv the command's words, for the report and the advice how to resume
 * @throws {UsageError} for options that make no sense; {BackendError} where there is no GPU; {CheckpointError} for a folder that
 *   holds another run, or a damaged one
 * @throws {Failure} 130 when interrupted, after writing what there is
 */
export async function trainCommand(
  io: Io,
  words: string,
  options: TrainCommandOptions,
  argv: readonly string[],
): Promise<void> {
  const { out } = options
  if (options.resume === true && out === undefined)
    throw new UsageError('USAGE', '--resume goes on with the run of a folder: give --out DIR')
  const date = new Date().toISOString()
  const task = await taskOf(words)
  const stored = options.resume === true ? await configOf(out as string) : undefined
  const settings = await settingsOf(options, stored === undefined ? known(options, task.name) : settingsIn(stored))
  const { backend = 'wasm' } = settings
  const workers = await workersOf(backend, options.workers)
  const { generations, steps, seconds, target } = options
  const asked = given({ generations, steps, seconds, target })
  const limits: Limits = Object.keys(asked).length > 0 ? asked : ((stored?.limits ?? {}) as Limits)
  const start = options.start === undefined ? undefined : await readPolicyFile(options.start)
  const model = await task.load()
  // before the work, not after it
  const distribution = distributionIn(options.randomize, settings.randomize, model)
  if (out !== undefined) await openOutput(out)

  const progress = openTrainProgress(io, limits, options.json === true)
  const { value: result, interrupted } = await interruptible(
    io,
    'stopping after what is being computed; again to stop at once',
    async signal => {
      const run = train(task, {
        ...settings,
        ...limits,
        model,
        start,
        workers,
        folder: out,
        resume: options.resume,
        checkpointEvery: options.checkpointEvery,
        reference: words,
        signal,
        onProgress: it => progress.update(it),
        onWarning: text => {
          progress.stop()
          io.err(`warning: ${printable(text)}\n`)
        },
      })
      try {
        return await asUsage(() => run.finish())
      } finally {
        progress.stop()
      }
    },
  )

  const job: TrainJob = {
    task,
    model,
    command: quoted(['simcrank', ...argv]),
    version: packageManifest().version,
    date,
    workers,
    space: distribution?.space,
  }
  const warnings = [...result.warnings]
  const judging = { model, episodes: JUDGED, seed: judgingSeed(result), backend, workers, distribution }
  const judged = await evaluate(result.policy, task, judging).catch((error: unknown): undefined => {
    if (!(error instanceof SimcrankError)) throw error
    warnings.push(`the policy could not be evaluated: ${error.message}`)
  })
  const outcome = { ...result, warnings }
  const files =
    out === undefined ? new Map<string, string | Uint8Array>() : await filesOf(out, job, outcome, judged, distribution)
  try {
    await writeFiles(files)
  } catch (error) {
    // what was learned is worth more than the files
    if (options.json !== true) io.out(trainSummary(job, outcome, judged))
    throw error
  }
  const names =
    out === undefined ? [] : [...files.keys(), ...['config.json', 'metrics.jsonl'].map(name => join(out, name))]
  if (options.json === true) io.out(toJson({ ...jsonOf(job, outcome, judged), interrupted, files: names }))
  else {
    io.out(trainSummary(job, outcome, judged))
    io.out(out === undefined ? '\nnothing was written: --out DIR keeps the policy\n' : `\nwrote ${names.join(', ')}\n`)
  }
  if (interrupted) {
    const again = argv.includes('--resume') ? argv : [...argv, '--resume']
    const how = out === undefined ? '' : `. To go on:\n  ${quoted(['simcrank', ...again])}`
    io.err(`interrupted${how}\n`)
    throw new Failure(INTERRUPTED)
  }
}

/** What --out holds besides what the run keeps there itself. */
async function filesOf(
  folder: string,
  job: TrainJob,
  result: TrainResult,
  judged: Evaluation | undefined,
  distribution: ParameterDistribution | undefined,
): Promise<Map<string, string | Uint8Array>> {
  const { policy } = result
  const { task, model } = job
  // one episode to look at, the first of those it was judged by
  const shown =
    judged &&
    (await episodeOf(task, policy, { model, distribution, backend: backendOf(result), seed: judgingSeed(result) }))
  return new Map<string, string | Uint8Array>([
    [join(folder, 'policy.safetensors'), savePolicy(policy)],
    [join(folder, 'policy.ts'), generatePolicy(policy)],
    [join(folder, 'report.html'), trainReport(trainReportData(job, result, judged, shown))],
  ])
}

function jsonOf(job: TrainJob, result: TrainResult, judged: Evaluation | undefined): Record<string, unknown> {
  const { stopped, state, best, last, config, warnings, lost } = result
  return {
    simcrank: job.version,
    date: job.date,
    command: job.command,
    ...config,
    stopped,
    generations: state.generation,
    steps: state.steps,
    seconds: state.seconds,
    lost,
    best: { generation: best.generation, evalReturn: best.evalReturn },
    last: { generation: last.generation, evalReturn: last.evalReturn },
    evaluation: judged && plainEvaluation(judged),
    warnings,
  }
}
