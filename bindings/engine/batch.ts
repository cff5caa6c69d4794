import { BackendError, ParameterError, SizeError } from '../errors.js'
import { fieldSize, STATUS } from '../fields.js'
import { seedWords } from '../math/index.js'
import type { Model } from '../model/model.js'
import { checkValues, findField, isDerivedField, isWorldField, writableField } from './access.js'
import type { Backend } from './backend.js'
import { checkContacts } from './candidates.js'
import type { ReplayOptions } from './replay.js'
import { type ResetOptions, reset } from './reset.js'
import type { ConstraintRows, ContactForce } from './rows.js'
import type { ScratchView } from './scratch-view.js'
import type { StatePart, StateSpec } from './state.js'
import {
  getState,
  restoreSnapshot,
  type Snapshot,
  setState,
  stateParts,
  takeSnapshot,
  writeWorldField,
} from './state.js'
import { Store } from './store.js'
import { Engine } from './wasm/engine.js'
import { maskList, type Worlds, worldList } from './worlds.js'

export interface BatchOptions {
  /** number of worlds, at least 1 */
  readonly nworld: number
  /** where the worlds live; default 'wasm' */
  readonly backend?: 'wasm' | 'webgpu'
  /** threads, the caller's among them; default 1. Results do not depend on it. */
  readonly workers?: number
  /** seed of everything random; default 0 */
  readonly seed?: number
  /**
   * contacts a world has room for; default from the model. A world that needs more stands still with the CONTACTS bit in
   * `status`, and its `ncon` says how many it needs
   */
  readonly nconmax?: number
  /**
   * add to every reading the normal noise that the model declares (`sensor_noise`, which MuJoCo never applies): a function
   * of seed, world, number of resets, step and component. Default false
   */
  readonly sensorNoise?: boolean
}

/**
 * Many worlds of one Model, stepped together (mjData times nworld). Create with createBatch, dispose when done.
 */
export class Batch {
  readonly model: Model
  readonly nworld: number

  readonly #store: Backend
  /** resets of each world so far: they choose its random numbers */
  readonly #resets: Uint32Array
  #seed: number
  #disposed = false

  /** @internal */
  constructor(
    store: Backend,
    readonly workers: number,
    seed: number,
    sensorNoise = false,
  ) {
    this.model = store.model
    this.nworld = store.nworld
    this.#seed = seed
    this.#store = store
    if (sensorNoise) store.makeNoise(seed)
    this.#resets = new Uint32Array(store.nworld)
    reset(store, undefined, {}, new Uint32Array(store.nworld), seed)
  }

  /** where the worlds live */
  get backend(): 'wasm' | 'webgpu' {
    return this.#store.name
  }

  #alive(): Backend {
    if (this.#disposed) throw new BackendError('DISPOSED', 'this batch has been disposed')
    return this.#store
  }

  /** Seed of everything random. */
  get seed(): number {
    return this.#seed
  }

  /** Contacts a world has room for. */
  get nconmax(): number {
    return this.#store.layout.sizes.nconmax
  }

  /** Number of values of a field in one world. */
  size(name: string): number {
    return fieldSize(findField(name), this.#store.layout.sizes)
  }

  /**
   * Write a state, an input or a per-world model field. Constants that follow from a model field follow before the next
   * step, as mj_setConst would have them; geom_rbound follows geom_size at once.
   *
   * @param name MuJoCo's name of the field
   * @param values (nworld, size) world-major, or (size) for every world; finite. With `worlds`: (worlds, size), in the
   *   order of the list, or (size) for each of them
   * @param options.worlds which worlds are written, a mask or a list; default all
   * @throws {SizeError} SIZE when the length fits neither; WORLDS
   * @throws {ParameterError} FIELD_UNKNOWN, FIELD_READONLY, NOT_FINITE, TIMESTEP
   */
  set(name: string, values: ArrayLike<number>, options: { readonly worlds?: Worlds } = {}): void {
    const store = this.#alive()
    const field = writableField(name)
    const list = worldList(options.worlds, this.nworld)
    const each = checkValues(field, values, store.layout, list?.length ?? this.nworld, list)
    const size = fieldSize(field, store.layout.sizes)
    if (size === 0 || list?.length === 0) return
    if (isWorldField(name)) writeWorldField(store, name, values, size, each, list)
    else store.writeModel(name, values, size, each, list)
  }

  /** nothing is asked for that a plain step would leave out */
  #ready(): Backend {
    const store = this.#alive()
    const { nactuator } = this.model
    const history = this.model.field.actuator_history as Int32Array
    if (!store.varied.has('actuator_delay')) return store
    const delay = store.parameter('actuator_delay', nactuator)
    for (let i = 0; i < delay.length; i++) {
      const a = i % nactuator
      if (delay[i] > 0 && history[2 * a] === 0)
        throw new ParameterError(
          'DELAY_NO_HISTORY',
          'a delay needs a history buffer in step(): give the actuator nsample in the model, or use replay()',
          { place: `actuator ${this.model.names.actuator[a] || a}` },
        )
    }
    return store
  }

  /**
   * Advance every world by nstep timesteps, ctrl held constant (mj_step).
   *
   * @param nstep number of steps, at least 1
   * @throws {SizeError} NSTEP when nstep is not a positive integer
   * @throws {ParameterError} DELAY_NO_HISTORY
   */
  async step(nstep = 1): Promise<void> {
    if (!Number.isInteger(nstep) || nstep < 1)
      throw new SizeError('NSTEP', `nstep: got ${nstep}, expected a positive integer`)
    await this.#ready().step(nstep)
  }

  /** Compute accelerations, forces and sensors of the present state without moving (mj_forward). */
  async forward(): Promise<void> {
    await this.#ready().forward()
  }

  /**
   * Read a field: state, inputs, results of the last forward or step, per-world model fields with their constants.
   *
   * @returns (nworld, size) world-major
   * @throws {ParameterError} FIELD_UNKNOWN, FIELD_HOST
   */
  async get(name: string): Promise<Float32Array> {
    const store = this.#alive()
    const size = fieldSize(findField(name), store.layout.sizes)
    if (name === 'qacc') return this.#qacc(size)
    if (isWorldField(name)) return store.readWorld(name, size)
    if (isDerivedField(name)) return store.derive(name, size)
    const values = await store.readModel(name, size)
    if (values === undefined)
      throw new ParameterError('FIELD_HOST', `${name} is the same for all worlds: read it from model.field`)
    return values
  }

  /** the solver's acceleration where a world had constraints in the last step, M^-1 qfrc_smooth where it had none */
  async #qacc(size: number): Promise<Float32Array> {
    const store = this.#store
    const out = await store.readWorld('qacc', size)
    const constrained = await store.constrained()
    if (constrained.every(x => x !== 0)) return out
    const smooth = await store.derive('qacc_smooth', size)
    for (let w = 0; w < this.nworld; w++) {
      if (constrained[w] === 0) out.set(smooth.subarray(w * size, (w + 1) * size), w * size)
    }
    return out
  }

  /**
   * Put worlds back to qpos0 at rest: time, activations, controls, applied forces, histories and status cleared,
   * eq_active as eq_active0, mocap bodies where the model has them (mj_resetData). With a keyframe, its time, qpos, qvel,
   * act, ctrl and mocap poses (mj_resetDataKeyframe). With a distribution, a draw on top: its random numbers follow from
   * seed, world and how often this world was reset before, and from nothing else.
   *
   * @param options a mask (nworld), nonzero: reset this world; or options; default all worlds
   * @throws {SizeError} SIZE when the mask or a list has another length; WORLDS
   * @throws {ParameterError} KEYFRAME, NOISE, NOT_FINITE, and what set() throws of a parameter
   */
  reset(options: ArrayLike<number> | ResetOptions = {}): void {
    const store = this.#alive()
    const masked = 'length' in options
    const list = masked ? maskList(options, this.nworld) : worldList(options.worlds, this.nworld)
    const chosen: ResetOptions = masked ? {} : options
    const { seed = this.seed } = chosen
    seedWords(seed)
    reset(store, list, chosen, this.#resets, seed)
  }

  /**
   * Numbers of one world in a state array of this spec (mj_stateSize).
   *
   * @throws {ParameterError} STATE_SPEC
   */
  stateSize(spec: StateSpec = 'ALL'): number {
    return stateParts(spec, this.#store.layout.sizes).nstate
  }

  /** Where each field stands in a state array of this spec. @throws {ParameterError} STATE_SPEC */
  stateLayout(spec: StateSpec = 'ALL'): readonly StatePart[] {
    return stateParts(spec, this.#store.layout.sizes).parts
  }

  /**
   * The state of every world (mj_getState): fields in the order of their bits in STATE, as stateLayout() lists them.
   * In single precision; for the very bits, rounding of the clock included, take a snapshot.
   *
   * @param spec which parts; default ALL: MuJoCo's INTEGRATION and then actuator_enable, actuator_supply
   * @returns (nworld, stateSize) world-major
   * @throws {ParameterError} STATE_SPEC
   */
  async getState(spec: StateSpec = 'ALL'): Promise<Float32Array> {
    return getState(this.#alive(), spec)
  }

  /**
   * Write what getState gave (mj_setState). A world whose status made it stand still does so until it is reset.
   *
   * @param state (nworld, stateSize), or (stateSize) for every world; with `worlds` (worlds, stateSize)
   * @param options.spec default ALL
   * @param options.worlds which worlds are written; default all
   * @throws {SizeError} SIZE when the length fits neither; WORLDS
   * @throws {ParameterError} STATE_SPEC, NOT_FINITE
   */
  setState(state: ArrayLike<number>, options: { readonly spec?: StateSpec; readonly worlds?: Worlds } = {}): void {
    const store = this.#alive()
    setState(store, state, options.spec ?? 'ALL', worldList(options.worlds, this.nworld))
  }

  /** A copy of everything: states, results, model fields, status, seed and counters of random numbers. */
  snapshot(): Snapshot {
    return takeSnapshot(this.#alive(), this.#resets, this.#seed)
  }

  /**
   * Go back to a snapshot of this batch or another of the same model, nworld and nconmax, bit for bit.
   *
   * @throws {SizeError} SNAPSHOT when it is of another model or size
   */
  restore(snapshot: Snapshot): void {
    restoreSnapshot(this.#alive(), snapshot, this.#resets)
    this.#seed = snapshot.seed
  }

  /**
   * Drive every world through recorded inputs, inside the engine.
   *
   * @returns each recorded field as (nworld, T, size)
   * @throws {SizeError} REPLAY_* when shapes do not fit
   */
  async replay(options: ReplayOptions): Promise<Record<string, Float32Array>> {
    return this.#alive().replay(options)
  }

  /**
   * Run the step of every block up to a stage, nrep times each, on this thread; no state changes (rollout/profile.ts).
   *
   * @internal
   */
  profile(stage: number, nrep: number): void {
    const { engine, m, scratch, layout, nblock } = this.wasmStore
    engine.exports.profile(m, scratch, scratch + layout.sbytes, 0, nblock, stage, nrep)
  }

  /** the CPU engine's store, its constants up to date @internal */
  get wasmStore(): Store {
    const store = this.#ready()
    if (!(store instanceof Store)) throw new BackendError('BACKEND', `this batch is on '${store.name}'`)
    store.constants()
    return store
  }

  /** Worlds that stopped or were solved inexactly, in words; empty when all is well. */
  async report(): Promise<string[]> {
    const [status, ncon] = [await this.get('status'), await this.get('ncon')]
    const out: string[] = []
    for (let w = 0; w < this.nworld; w++) {
      if (status[w] & STATUS.BADSTATE)
        out.push(`world ${w} diverged and stands still; reset it, or use a smaller timestep or softer parameters`)
      if (status[w] & STATUS.SOLVER)
        out.push(`world ${w}: the constraint solver ran out of iterations; raise opt_iterations`)
      if (status[w] & STATUS.CONTACTS)
        out.push(
          `world ${w} has ${ncon[w]} contacts, more than nconmax = ${this.nconmax}, and stands still; ` +
            `create the batch with nconmax: ${ncon[w]} or more, or reset it`,
        )
    }
    return out
  }

  /**
   * Contacts of one world in the state of the last forward or step, in MuJoCo's order, with their forces. They are made
   * again for this call; of RK4's four stages they are the first's, so call forward() before it where forces matter.
   *
   * @throws {SizeError} WORLDS when there is no such world
   */
  async contacts(world: number): Promise<ContactForce[]> {
    const { contactForces } = await import('./rows.js')
    return contactForces(await this.#look(world), this.model)
  }

  /**
   * Constraint rows of one world in the state of the last forward or step, in MuJoCo's order (mjData's efc_*), made again
   * for this call as contacts() does.
   *
   * @throws {SizeError} WORLDS when there is no such world
   */
  async rows(world: number): Promise<ConstraintRows> {
    const { constraintRows } = await import('./rows.js')
    return constraintRows(await this.#look(world), this.model)
  }

  async #look(world: number): Promise<ScratchView> {
    if (!Number.isInteger(world) || world < 0 || world >= this.nworld)
      throw new SizeError('WORLDS', `world: got ${world}, expected a whole number below nworld = ${this.nworld}`)
    return this.#ready().look(world)
  }

  /**
   * After a DeviceLostError: open the GPU again. Model fields and counts of resets are as they were, every world is at qpos0
   * at rest. On 'wasm' nothing can be lost, and nothing happens.
   *
   * @throws {BackendError} NO_ADAPTER, NO_DEVICE, OUT_OF_MEMORY when the GPU is still away
   */
  async recover(): Promise<void> {
    const store = this.#alive()
    if (store.name === 'wasm') return
    await store.recover()
    reset(store, undefined, {}, this.#resets, this.#seed)
  }

  /** Give the memory back. Further calls throw. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#store.release()
  }

  /** same as disposing */
  dispose(): void {
    this[Symbol.dispose]()
  }
}

/**
 * Many worlds of one model.
 *
 * @throws {SizeError} NWORLD, WORKERS, NCONMAX, SEED when they are not whole numbers in their range
 * @throws {BackendError} WASM_MISSING, WASM_REFUSED, OUT_OF_MEMORY, NO_THREADS, WORKER_START; with 'webgpu' WEBGPU_MISSING, NO_ADAPTER, NO_DEVICE
 */
export async function createBatch(model: Model, options: BatchOptions): Promise<Batch> {
  const { nworld, backend = 'wasm', workers = 1, seed = 0, nconmax, sensorNoise = false } = options
  if (!Number.isInteger(nworld) || nworld < 1)
    throw new SizeError('NWORLD', `nworld: got ${nworld}, expected a positive integer`)
  if (!Number.isInteger(workers) || workers < 1)
    throw new SizeError('WORKERS', `workers: got ${workers}, expected a positive integer`)
  checkContacts(nconmax)
  if (backend !== 'wasm' && backend !== 'webgpu')
    throw new BackendError('BACKEND', `backend: got '${String(backend)}', expected 'wasm' or 'webgpu'`)
  seedWords(seed)
  if (backend === 'webgpu') {
    const { GpuStore } = await import('./webgpu/store.js')
    return new Batch(await GpuStore.open(model, nworld, nconmax), 1, seed, sensorNoise)
  }
  const engine = await Engine.open()
  await engine.ensure(workers)
  return new Batch(new Store(engine, model, nworld, workers, nconmax), workers, seed, sensorNoise)
}
