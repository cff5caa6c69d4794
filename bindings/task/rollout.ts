/** A policy on a task: whole episodes inside the engine, with what is wanted of them. */
import { type Members, openRollout, type Rollout, type RolloutResult, type Track } from '../engine/rollout.js'
import { ParameterError, SizeError, TaskError } from '../errors.js'
import { fieldSize, worldFields } from '../fields.js'
import type { ParameterDistribution } from '../model/distribution.js'
import { nearestHint } from '../model/glob.js'
import type { Model } from '../model/model.js'
import type { Policy } from '../policy/index.js'
import { END, MAX_EPISODE, PERTURB, TRACK } from '../program.js'
import { textsOf } from './kernel.js'
import type { CompiledTask, Task } from './task.js'

/** Generation word of episodes that are looked at rather than learned from: none that training reaches. */
export const EVALUATION = -1
/** First row of the distribution that such episodes draw: behind all that training reaches. */
export const EVALUATION_ROW = 4503599627370496

export interface TaskRolloutOptions {
  /** default 16 */
  readonly episodes?: number
  /** of everything random: episode i is the same function of it however many there are; default 0 */
  readonly seed?: number
  /** where the worlds live; default 'wasm'. Bits differ between the two */
  readonly backend?: 'wasm' | 'webgpu'
  /** threads of 'wasm'; results do not depend on it. Default 1 */
  readonly workers?: number
  /** physics of the worlds, a draw for each episode; default the model's own */
  readonly distribution?: ParameterDistribution
  /** default task.load(); a distribution's space must be of the same one */
  readonly model?: Model
  /** numbers given to the episodes from outside (s.input), (episodes, n) or (n) for all of them, by name; default the task's */
  readonly inputs?: Readonly<Record<string, ArrayLike<number>>>
  /** control steps after which an episode is cut off; default the task's */
  readonly episodeLength?: number
  /** with the task's noise on actions; default false */
  readonly actionNoise?: boolean
  /**
   * what is wanted of every control step: 'observation' (nobs) and any state or result field as they are before the action,
   * 'action' (nact), 'reward' (nterm)
   */
  readonly record?: readonly string[]
  /** contacts a world has room for; default from the model */
  readonly nconmax?: number
}

export interface TaskRollout {
  readonly task: CompiledTask
  readonly episodes: number
  /** (episodes), sum of the reward */
  readonly returns: Float64Array
  /** (episodes), control steps */
  readonly lengths: Int32Array
  /** (episodes), END bits: why each ended */
  readonly ends: Int32Array
  /** sum over the episode of each reward term (episodes) */
  readonly terms: Readonly<Record<string, Float64Array>>
  /** mean over the episode of each metric (episodes) */
  readonly metrics: Readonly<Record<string, Float64Array>>
  /** drawn parameters (episodes, nparam); empty without a distribution */
  readonly parameters: Float64Array
  /** what was recorded, (episodes, episodeLength, size); behind an episode's end NaN */
  readonly record: Readonly<Record<string, Float32Array>>
}

/**
 * Run a policy through whole episodes of a task.
 *
 * @throws {TaskError} REWARD_NOT_FINITE naming the term; what Task.compile throws
 * @throws {BackendError} as openRollout does; {DeviceLostError}
 * @throws {SizeError} EPISODES, SIZE, POLICY_SIZE, NCONMAX; @throws {ParameterError} FIELD_UNKNOWN for something that cannot be
 *   recorded, MODEL for a distribution over another model
 */
export async function rollout(task: Task, policy: Policy, options: TaskRolloutOptions = {}): Promise<TaskRollout> {
  const { episodes = 16, seed = 0, backend, workers, distribution, nconmax } = options
  if (!Number.isInteger(episodes) || episodes < 1)
    throw new SizeError('EPISODES', `episodes: got ${episodes}, expected a positive integer`)
  const T = options.episodeLength ?? task.episodeLength
  if (!Number.isInteger(T) || T < 1 || T > MAX_EPISODE)
    throw new SizeError('EPISODES', `episodeLength: got ${T}, expected a whole number from 1 to ${MAX_EPISODE}`)
  const model = options.model ?? distribution?.space.model ?? (await task.load())
  if (distribution) sameModel(distribution, model)
  const varied = distribution?.space.touched
  const { keyframe } = task.options
  const engine = await openRollout(model, { backend, workers, varied, keyframe, nconmax })
  try {
    return await run(engine, task, policy, { ...options, episodes, seed, model, T })
  } finally {
    engine[Symbol.dispose]()
  }
}

/** @throws {ParameterError} MODEL when the space of a distribution is of a model with other fields or names */
export function sameModel({ space }: ParameterDistribution, model: Model): void {
  const other = space.model
  if (other === model) return
  const lengths = Object.keys(model.field).every(name => other.field[name]?.length === model.field[name].length)
  if (!lengths || JSON.stringify(other.names) !== JSON.stringify(model.names))
    throw new ParameterError(
      'MODEL',
      `distribution: its space is of model '${other.name}', the episodes are of '${model.name}', which has other parts`,
    )
}

interface Chosen extends TaskRolloutOptions {
  readonly episodes: number
  readonly seed: number
  readonly model: Model
  readonly T: number
}

async function run(engine: Rollout, task: Task, policy: Policy, options: Chosen): Promise<TaskRollout> {
  const { episodes, seed, model, T, distribution, record = [], actionNoise = false } = options
  const compiled = task.compile(model, engine.layout)
  const { frameSkip, delay } = compiled
  const noise = actionNoise ? compiled.actionNoise : 0
  engine.load(
    compiled.program,
    policy.network,
    { frameSkip, T, delay: delay.seconds, delayOf: delay.of, seed, actionNoise: noise },
    textsOf(compiled),
  )
  const parameters = distribution?.sample(episodes, seed, EVALUATION_ROW) ?? new Float64Array(0)
  const rows = Int32Array.from(
    { length: 4 * episodes },
    (_, k) => [0, k >> 2, EVALUATION, distribution ? k >> 2 : -1][k & 3],
  )
  const members: Members = { perturb: PERTURB.NONE, theta: policy.theta }
  const recorded = record.map(name => columnsOf(name, compiled, engine))
  const result = await engine.run(
    { rows, inputs: inputsOf(compiled, episodes, options.inputs), parameters: distribution?.space.fields(parameters) },
    members,
    { normalizer: policy.normalizer.frozen(), tracks: recorded.flatMap(r => r.tracks) },
  )
  refuseNaN(compiled, result)
  const { names } = compiled
  const column = (values: Float32Array, n: number, k: number, scale: (i: number) => number) =>
    Float64Array.from({ length: episodes }, (_, i) => values[i * n + k] * scale(i))
  const byName = (list: readonly string[], values: Float32Array, scale: (i: number) => number) =>
    Object.fromEntries(list.map((name, k) => [name, column(values, list.length, k, scale)]))
  return {
    task: compiled,
    episodes,
    returns: Float64Array.from(result.returns),
    lengths: result.lengths,
    ends: result.ends,
    terms: byName(names.terms, result.terms, () => 1),
    metrics: byName(names.metrics, result.metrics, i => 1 / result.lengths[i]),
    parameters,
    record: spread(recorded, result, T),
  }
}

/** Inputs of all episodes, in the order of the program. @throws {TaskError} NAME_UNKNOWN; @throws {SizeError} SIZE */
export function inputsOf(
  task: CompiledTask,
  episodes: number,
  given: Readonly<Record<string, ArrayLike<number>>> = {},
): Float32Array | undefined {
  const { inputs } = task
  const known = inputs.map(input => input.name)
  for (const name of Object.keys(given))
    if (!known.includes(name))
      throw new TaskError('NAME_UNKNOWN', `the task has no input '${name}'${nearestHint(name, known)}`, {
        place: 'inputs',
      })
  const ninput = task.program.ninput
  if (ninput === 0) return undefined
  const out = new Float32Array(episodes * ninput)
  let at = 0
  for (const { name, size, default: value } of inputs) {
    const values = given[name]
    if (values && values.length !== size && values.length !== episodes * size)
      throw new SizeError(
        'SIZE',
        `inputs.${name}: got length ${values.length}, expected ${size} or ${episodes} * ${size}`,
      )
    for (let i = 0; i < episodes; i++)
      for (let k = 0; k < size; k++)
        out[i * ninput + at + k] = values === undefined ? value[k] : values[values.length === size ? k : i * size + k]
    at += size
  }
  return out
}

interface Recorded {
  readonly name: string
  readonly tracks: readonly Track[]
}

/** Where the numbers of a recorded quantity are found at every control step. */
function columnsOf(name: string, { program, nact }: CompiledTask, engine: Rollout): Recorded {
  if (name === 'observation')
    return { name, tracks: Array.from(program.observation, index => ({ kind: TRACK.OBSERVE, index })) }
  if (name === 'action')
    return { name, tracks: Array.from({ length: nact }, (_, i) => ({ kind: TRACK.REWARD, index: program.action + i })) }
  if (name === 'reward') return { name, tracks: Array.from(program.terms, index => ({ kind: TRACK.REWARD, index })) }
  const field = worldFields.find(f => f.name === name)
  if (field === undefined)
    throw new ParameterError(
      'FIELD_UNKNOWN',
      `record: '${name}' is neither observation, action nor reward, nor a state or result field`,
    )
  const size = fieldSize(field, engine.layout.sizes)
  return {
    name,
    tracks: Array.from({ length: size }, (_, e) => ({ kind: TRACK.STATE, index: engine.stateOffset(name, e) })),
  }
}

/** Tracks apart by quantity. */
function spread(
  recorded: readonly Recorded[],
  { tracks, lengths }: RolloutResult,
  T: number,
): Record<string, Float32Array> {
  const ntrack = recorded.reduce((n, r) => n + r.tracks.length, 0)
  let at = 0
  return Object.fromEntries(
    recorded.map(({ name, tracks: columns }) => {
      const size = columns.length
      const out = new Float32Array(lengths.length * T * size).fill(Number.NaN)
      for (let i = 0; i < lengths.length; i++)
        for (let t = 0; t < lengths[i]; t++)
          for (let k = 0; k < size; k++)
            out[(i * T + t) * size + k] = (tracks as Float32Array)[(i * T + t) * ntrack + at + k]
      at += size
      return [name, out]
    }),
  )
}

/** @throws {TaskError} REWARD_NOT_FINITE */
function refuseNaN({ names }: CompiledTask, { ends, terms, lengths }: RolloutResult): void {
  const i = ends.findIndex(end => (end & END.REWARD) !== 0 && (end & (END.STATE | END.CONTACTS)) === 0)
  if (i < 0) return
  const n = names.terms.length
  const k = names.terms.findIndex((_, j) => !Number.isFinite(terms[i * n + j]))
  throw new TaskError(
    'REWARD_NOT_FINITE',
    `is ${terms[i * n + Math.max(k, 0)]} in episode ${i}, at control step ${lengths[i] - 1}`,
    { place: `reward.${names.terms[Math.max(k, 0)]}` },
  )
}
