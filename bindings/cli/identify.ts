import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createBatch } from '../engine/index.js'
import { RecordingError, UsageError } from '../errors.js'
import { loadModel } from '../model/load.js'
import type { Model } from '../model/model.js'
import { ParameterSpace } from '../model/parameters.js'
import { saveModel } from '../model/save.js'
import { parseSpace } from '../model/spec.js'
import type { Recording, RecordingMap } from '../recording/index.js'
import { readMap, readRecording } from '../recording/read.js'
import { renderReport } from '../report/report.js'
import { type FilterSpec, type IdentifyOptions, type IdentifyResult, identify } from '../sysid/index.js'
import { parseParams, readText } from './input.js'
import { INTERRUPTED, interruptible } from './interrupt.js'
import { Failure, type Io, packageManifest, toJson } from './io.js'
import { openOutput, writeFiles } from './output.js'
import { modelPatch } from './patch.js'
import { openProgress } from './progress.js'
import { type Job, reportOf, summary } from './summary.js'
import { quoted } from './words.js'

export interface IdentifyCommandOptions {
  readonly space: string
  readonly map?: string
  readonly holdout?: readonly string[]
  readonly params?: string
  readonly method: 'cma-es' | 'gauss-newton' | 'both'
  readonly window?: number
  readonly stride?: number
  readonly filter?: FilterSpec
  readonly restarts?: 'ipop' | 'bipop'
  readonly weight?: Readonly<Record<string, number>>
  readonly huber?: number
  readonly initial?: 'uncertain' | 'exact'
  readonly seed: number
  readonly workers?: number
  readonly evaluations?: number
  readonly popsize?: number
  readonly resume?: string
  readonly out?: string
  readonly json?: boolean
}

const STATE = 'state.json'

async function readAll(
  files: readonly string[],
  map: RecordingMap | undefined,
  taken: Set<string>,
): Promise<Recording[]> {
  const recordings: Recording[] = []
  for (const file of files) {
    const recording = await readRecording(file, { map })
    if (taken.has(recording.name)) {
      throw new RecordingError(
        'RECORDING_TWICE',
        `two recordings are called '${recording.name}': rename one, so that results can tell them apart`,
        {
          place: file,
        },
      )
    }
    taken.add(recording.name)
    recordings.push(recording)
  }
  return recordings
}

/** What mj_setConst derives; the model keeps it, so the engine computes it anew for the identified one. */
const DERIVED = [
  'body_subtreemass',
  'body_invweight0',
  'dof_invweight0',
  'dof_M0',
  'actuator_length0',
  'actuator_acc0',
] as const

/** The model with the found values, whole: derived constants included. */
async function identified(space: ParameterSpace, theta: Float64Array, recording: Recording): Promise<Model> {
  // without constants that only recordings supply there is no model but that of one recording
  const model = space.apply(theta, space.needs.length > 0 ? recording : undefined)
  using batch = await createBatch(space.model, { nworld: 1 })
  for (const name of space.touched) batch.set(name, model.field[name])
  const field: Record<string, Float64Array | Int32Array> = { ...model.field }
  for (const name of DERIVED) if (field[name].length > 0) field[name] = Float64Array.from(await batch.get(name))
  return { ...model, field }
}

/** Everything --out holds. */
async function resultFiles(
  job: Job,
  space: ParameterSpace,
  result: IdentifyResult,
  folder: string,
): Promise<Map<string, string | Uint8Array>> {
  const model = await identified(space, result.theta, job.recordings[0])
  const patch = {
    model: job.file,
    note: 'SI units and radians. Inertial values replace what MuJoCo inferred from geoms; actuator attributes are those of `general`.',
    changes: modelPatch(job.model, model),
  }
  const facts = { simcrank: job.version, date: job.date, command: job.command, model: job.file }
  return new Map<string, string | Uint8Array>([
    [join(folder, 'report.html'), renderReport(reportOf(job, result))],
    [join(folder, 'result.json'), toJson({ ...facts, ...result.toJSON() })],
    [
      join(folder, 'parameters.json'),
      toJson(Object.fromEntries(space.names.map((name, j) => [name, result.theta[j]]))),
    ],
    [join(folder, 'patch.json'), toJson(patch)],
    [join(folder, 'model.simcrank'), saveModel(model)],
  ])
}

/** Where the state of an interrupted run goes: --out, or a new file in the current folder. */
function statePath(out: string | undefined): string {
  if (out !== undefined) return join(out, STATE)
  let file = `simcrank-${STATE}`
  for (let n = 2; existsSync(file); n++) file = `simcrank-state-${n}.json`
  return file
}

/** The command that goes on from a state. */
function resumeCommand(argv: readonly string[], state: string): string {
  const words = [...argv]
  for (
    let at = words.findIndex(word => /^--resume(=|$)/.test(word));
    at >= 0;
    at = words.findIndex(word => /^--resume(=|$)/.test(word))
  ) {
    words.splice(at, words[at] === '--resume' ? 2 : 1)
  }
  return quoted(['simcrank', ...words, '--resume', state])
}

/**
 * `simcrank identify MODEL RECORDING… --space FILE`: fits, or scores the values of --params, and says what came out.
 *
 * @param argv the command's words, for the report and the advice how to resume
 * @throws {Failure} 130 when interrupted, after writing what there is
 */
export async function identifyCommand(
  io: Io,
  file: string,
  files: readonly string[],
  options: IdentifyCommandOptions,
  argv: readonly string[],
): Promise<void> {
  if (options.params !== undefined && options.resume !== undefined) {
    throw new UsageError(
      'USAGE',
      '--params scores without fitting, so there is nothing to --resume: give one of the two',
    )
  }
  const spec = parseSpace(await readText(options.space), options.space)
  const resume = options.resume === undefined ? undefined : await readText(options.resume)
  const map = options.map === undefined ? undefined : await readMap(options.map)
  const model = await loadModel(file)
  const space = ParameterSpace.from(model, spec)
  const theta =
    options.params === undefined ? undefined : parseParams(await readText(options.params), space, options.params)
  const names = new Set<string>()
  const recordings = await readAll(files, map, names)
  const holdout = await readAll(options.holdout ?? [], map, names)
  // those of the fitted ones come back among the result's warnings
  for (const it of holdout) for (const text of it.warnings) io.err(`${it.name}: ${text}\n`)
  // before the work, not after it
  if (options.out !== undefined) await openOutput(options.out)

  const progress = openProgress(io)
  let firstProgress: number | undefined
  const settings: IdentifyOptions = {
    method: options.method,
    window: options.window,
    stride: options.stride,
    restarts: options.restarts === undefined ? undefined : { kind: options.restarts },
    filter: options.filter,
    weights: options.weight,
    huber: options.huber,
    initial: options.initial,
    holdout,
    seed: options.seed,
    workers: options.workers ?? availableParallelism(),
    maxEvaluations: options.evaluations,
    popsize: options.popsize,
    theta,
    resume,
  }
  const { value: result, interrupted } = await interruptible(
    io,
    'stopping; again to stop at once without saving',
    async signal => {
      try {
        return await identify(model, recordings, space, {
          ...settings,
          signal,
          onProgress: it => {
            firstProgress ??= performance.now() / 1000
            progress.update(it)
          },
        })
      } finally {
        progress.stop()
      }
    },
  )

  const job: Job = {
    file,
    model,
    recordings,
    holdout,
    command: quoted(['simcrank', ...argv]),
    version: packageManifest().version,
    date: new Date().toISOString(),
  }
  const written =
    options.out === undefined
      ? new Map<string, string | Uint8Array>()
      : await resultFiles(job, space, result, options.out)
  const state = statePath(options.out)
  if (interrupted) written.set(state, result.state)
  try {
    await writeFiles(written)
  } catch (error) {
    // what was found is worth more than the files
    if (options.json !== true) io.out(summary(job, result))
    throw error
  }
  if (options.json === true) {
    const json = result.toJSON()
    io.out(toJson({ ...json, interrupted, timings: { ...json.timings, firstProgress }, files: [...written.keys()] }))
  } else {
    io.out(summary(job, result))
    if (written.size > 0) io.out(`\nwrote ${[...written.keys()].join(', ')}\n`)
  }
  if (interrupted) {
    io.err(`interrupted: the values above are the best so far. To go on:\n  ${resumeCommand(argv, state)}\n`)
    throw new Failure(INTERRUPTED)
  }
}
