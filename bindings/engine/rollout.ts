/** Episodes inside the engine: what is asked of a rollout, on either backend. */
import { BackendError, SizeError } from '../errors.js'
import type { Model } from '../model/model.js'
import type { Network, Program } from '../program.js'
import { checkContacts } from './candidates.js'
import type { Layout } from './layout.js'
import { Engine } from './wasm/engine.js'
import { WasmRollout } from './wasm/rollout.js'

/** How the members of a rollout differ (bindings/es/strategy.ts makes them). */
export interface Members {
  /** PERTURB */
  readonly perturb: number
  /** (nparam) */
  readonly theta: Float32Array
  readonly sigma?: number
  /** (nparam) in place of sigma */
  readonly sigmas?: Float32Array
  /** (nmember, nparam), of ROWS */
  readonly members?: Float32Array
  /** of the perturbations */
  readonly seed?: number
  readonly generation?: number
  readonly rank?: number
}

/** What a rollout of one task needs besides its program. */
export interface RolloutSettings {
  /** timesteps of a control step; 0: no physics */
  readonly frameSkip: number
  /** control steps an episode lasts at most */
  readonly T: number
  /** delay of every command, s; default: as delayOf says */
  readonly delay?: number
  /** actuator whose actuator_delay applies to each command, -1: none (ncommand); default none */
  readonly delayOf?: Int32Array
  /** seed of everything random in an episode */
  readonly seed: number
  /** standard deviation of noise on every action */
  readonly actionNoise?: number
}

/** Observations the policy sees: (x - center) scale within [-clip, clip]. */
export interface FrozenNormalizer {
  readonly center: Float32Array
  readonly scale: Float32Array
  /** 0 or infinity: not clipped */
  readonly clip: number
}

/** What is recorded of every control step. */
export interface Track {
  /** TRACK */
  readonly kind: number
  /** register, or byte offset in a block of state */
  readonly index: number
}

export interface Episodes {
  /** (n, 4): member, env, generation, row of `parameters` or -1: the model's own; env and generation choose the random numbers */
  readonly rows: Int32Array
  /** (n, ninput) */
  readonly inputs?: Float32Array
  /** model fields (nrow, size), as ParameterSpace.fields gives them */
  readonly parameters?: ReadonlyMap<string, Float64Array>
}

export interface RolloutResult {
  /** (n) */
  readonly returns: Float32Array
  readonly lengths: Int32Array
  /** END bits */
  readonly ends: Int32Array
  /** sums over the episode, (n, nterm) and (n, nmetric) */
  readonly terms: Float32Array
  readonly metrics: Float32Array
  /** sums of observations, then of their squares, about the mean of the normaliser (n, 2, nobs) */
  readonly observations: Float32Array | undefined
  /** (n, T, ntrack); beyond an episode's length 0 */
  readonly tracks: Float32Array | undefined
}

/** A task's segments as text that takes the place of kernels/rollout/task.wgsl. */
export interface TaskText {
  readonly text: string
  /** place in `io` of the first number of each name: ACTION, OBSERVATION, TERM, … */
  readonly places: Readonly<Record<string, number>>
  /** numbers of `io` */
  readonly nio: number
}

/** What a GPU compiles in place of the program's code; made when it is asked for. */
export interface RolloutTexts {
  task(): TaskText
  /** in place of kernels/rollout/policy.wgsl. @param perturb PERTURB */
  policy(network: Network, perturb: number, rank: number): string
}

export interface RunOptions {
  readonly normalizer?: FrozenNormalizer
  /** sums of observations are wanted */
  readonly collect?: boolean
  readonly tracks?: readonly Track[]
}

/**
 * Episodes of one model and task. Create with openRollout, load a program, run; dispose when done.
 */
export interface Rollout {
  readonly backend: 'wasm' | 'webgpu'
  readonly model: Model
  /** what programs are compiled for, whatever the backend */
  readonly layout: Layout
  /**
   * Take a task's program, compiled for this rollout's layout, and the architecture of its policy; once.
   *
   * @param texts needed on 'webgpu'
   * @throws {TaskError} LOADED; @throws {SizeError} POLICY_SIZE, SIZE
   */
  load(program: Program, network: Network, settings: RolloutSettings, texts?: RolloutTexts): void
  /** Byte offset of element e of a state or result field in a block: what a STATE track names. */
  stateOffset(field: string, e: number): number
  /**
   * Run every episode of a list. An episode is a function of its row, the members and the settings alone.
   *
   * @throws {SizeError} when a length does not fit; @throws {BackendError} OUT_OF_MEMORY
   * @throws {DeviceLostError} when the GPU went away; the next run opens it again
   * @throws {TaskError} PARAMETERS for a field that was not announced; DELAY when delays differ by episode that no command has;
   *   TRACK for a register that a GPU does not keep
   */
  run(episodes: Episodes, members: Members, options?: RunOptions): Promise<RolloutResult>
  /** Give the memory back. */
  [Symbol.dispose](): void
}

export interface RolloutOptions {
  /** where the worlds live; default 'wasm'. Bits differ between the two */
  readonly backend?: 'wasm' | 'webgpu'
  /** of 'wasm': threads, the caller's among them; default 1. Results do not depend on it. */
  readonly workers?: number
  /** of 'webgpu': worlds side by side; default as many as episodes, within the adapter's limits. Results do not depend on it. */
  readonly nworld?: number
  /** of 'webgpu': control steps are one kernel, or several; default by their size @internal */
  readonly fused?: boolean
  /** model fields that differ by episode */
  readonly varied?: Iterable<string>
  /** state that episodes begin with; default qpos0 at rest */
  readonly keyframe?: number | string
  /** contacts a world has room for; default from the model */
  readonly nconmax?: number
}

/** @throws {BackendError} BACKEND, or WORKERS where threads were asked for and there are none */
export function checkBackend(backend: string, workers: number | undefined): void {
  if (backend !== 'wasm' && backend !== 'webgpu')
    throw new BackendError('BACKEND', `backend: got '${backend}', expected 'wasm' or 'webgpu'`)
  if (backend === 'webgpu' && workers !== undefined && workers > 0)
    throw new BackendError('WORKERS', `workers: got ${workers}, but worlds on 'webgpu' have no threads; leave it out`)
}

/**
 * Memory and threads for episodes of a model.
 *
 * @throws {SizeError} WORKERS, NWORLD, NCONMAX; @throws {ParameterError} KEYFRAME
 * @throws {BackendError} BACKEND, WORKERS, WASM_MISSING, OUT_OF_MEMORY, NO_THREADS; with 'webgpu' WEBGPU_MISSING, NO_ADAPTER, NO_DEVICE
 */
export async function openRollout(model: Model, options: RolloutOptions = {}): Promise<Rollout> {
  const { backend = 'wasm', workers = 1, nworld } = options
  checkBackend(backend, options.workers)
  if (!Number.isInteger(workers) || workers < 1)
    throw new SizeError('WORKERS', `workers: got ${workers}, expected a positive integer`)
  if (nworld !== undefined && !(Number.isInteger(nworld) && nworld >= 1))
    throw new SizeError('NWORLD', `nworld: got ${nworld}, expected a positive integer`)
  checkContacts(options.nconmax)
  if (backend === 'webgpu') {
    const { GpuRollout } = await import('./webgpu/rollout.js')
    return GpuRollout.open(model, options)
  }
  const engine = await Engine.open()
  await engine.ensure(workers)
  return new WasmRollout(engine, model, workers, options)
}
