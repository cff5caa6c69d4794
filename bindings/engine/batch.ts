import { BackendError, ParameterError, SizeError } from '../errors.js'
import { derivedFields, type Field, fieldSize, modelFields, STATUS, worldFields } from '../fields.js'
import type { Model } from '../model/model.js'
import type { ContactSource } from './contacts.js'
import { derivedAddress } from './derived.js'
import { writeHeader } from './header.js'
import { frameFlags, type Layout, layOut, topology } from './layout.js'
import { type ReplayOptions, replay } from './replay.js'
import { FORWARD, SET_CONST, STEP } from './wasm/control.js'
import { Engine } from './wasm/engine.js'

export interface BatchOptions {
  /** number of worlds, at least 1 */
  readonly nworld: number
  /** where the worlds live; default 'wasm' */
  readonly backend?: 'wasm'
  /** threads, the caller's among them; default 1. Results do not depend on it. */
  readonly workers?: number
  /** seed of everything random; default 0 */
  readonly seed?: number
}

/** model fields the engine's constants follow from: those of mj_setConst, and those it takes apart ahead of the step */
const CONSTANTS_FROM = new Set(
  (
    'body_pos body_quat body_ipos body_iquat body_mass body_inertia geom_pos geom_quat geom_rbound geom_margin geom_gap jnt_pos jnt_axis qpos0 dof_armature dof_damping ' +
    'dof_dampingpoly actuator_gear actuator_armature actuator_damping actuator_dampingpoly ' +
    'jnt_stiffness jnt_stiffnesspoly jnt_solref jnt_solimp dof_solref dof_solimp eq_solref eq_solimp opt_timestep'
  ).split(' '),
)
const FRAMES_FROM = new Set(['body_pos', 'body_quat', 'jnt_pos', 'jnt_axis'])

const fieldOf = new Map<string, Field>([...modelFields, ...worldFields, ...derivedFields].map(f => [f.name, f]))
const isWorld = new Set(worldFields.map(f => f.name))
const isDerived = new Set(derivedFields.map(f => f.name))
/** results of a step, and constants that follow from other fields: mj_setConst would overwrite them */
const isComputed = new Set([
  ...isDerived,
  ...'qacc act_dot actuator_force qfrc_actuator qfrc_constraint sensordata solver_niter status'.split(' '),
  ...'body_subtreemass body_invweight0 dof_invweight0 dof_M0 actuator_length0 actuator_acc0'.split(' '),
])

/**
 * Many worlds of one Model, stepped together (mjData times nworld). Create with createBatch, dispose when done.
 */
export class Batch {
  readonly model: Model
  readonly nworld: number
  readonly workers: number
  readonly seed: number

  readonly #engine: Engine
  readonly #layout: Layout
  readonly #nblock: number
  readonly #m: number
  #p: number
  readonly #d: number
  readonly #scratch: number[] = []
  readonly #scratchBytes: number
  /** parameters differ by world */
  #perWorld = false
  /** model fields written since the Model's defaults */
  readonly #varied = new Set<string>()
  #stale = true
  #disposed = false

  /** @internal */
  constructor(engine: Engine, model: Model, nworld: number, workers: number, seed: number) {
    this.model = model
    this.nworld = nworld
    this.workers = workers
    this.seed = seed
    this.#engine = engine
    this.#nblock = Math.ceil(nworld / 4)
    const { sizes, tables } = topology(model, this.#varied)
    this.#layout = layOut(sizes)
    const { mbytes, pbytes, dbytes, sbytes } = this.#layout
    this.#scratchBytes = sbytes + dbytes
    // all or nothing: what was got before the memory ran out goes back
    const taken: [address: number, bytes: number][] = []
    const take = (bytes: number): number => {
      const address = engine.arena.alloc(bytes)
      taken.push([address, bytes])
      return address
    }
    try {
      this.#m = take(mbytes)
      this.#p = take(pbytes)
      this.#d = take(dbytes * this.#nblock)
      for (let i = 0; i < workers; i++) this.#scratch.push(take(this.#scratchBytes))
    } catch (error) {
      for (const [address, bytes] of taken) engine.arena.release(address, bytes)
      throw error
    }

    writeHeader(engine.memory, this.#m, this.#layout, model, tables)
    this.#writeHeaderWords()
    for (const field of modelFields) {
      const at = field.perWorld ? this.#layout.p.get(field.name) : undefined
      if (at !== undefined) this.#fill(this.#p + at, model.field[field.name] as ArrayLike<number>)
    }
    this.#frictionDofs()
    this.#constants()
    this.reset()
  }

  /** views follow the memory, which may have grown */
  get #f32(): Float32Array {
    return new Float32Array(this.#engine.memory.buffer)
  }

  #alive(): void {
    if (this.#disposed) throw new BackendError('DISPOSED', 'this batch has been disposed')
  }

  #writeHeaderWords(): void {
    const { pbytes, dbytes } = this.#layout
    writeHeader.words(this.#engine.memory, this.#m, {
      pstride: this.#perWorld ? pbytes : 0,
      dstride: dbytes,
      pbase: this.#p,
      dbase: this.#d,
      nblock: this.#nblock,
      lanes: 4,
    })
  }

  /** one value for all four lanes of a block */
  #fill(address: number, values: ArrayLike<number>): void {
    const f32 = this.#f32
    for (let e = 0, a = address / 4; e < values.length; e++, a += 4) f32.fill(values[e], a, a + 4)
  }

  #field(name: string): Field {
    const field = fieldOf.get(name)
    if (!field) throw new ParameterError('FIELD_UNKNOWN', `there is no field '${name}'; fields have MuJoCo's names`)
    return field
  }

  /** Number of values of a field in one world. */
  size(name: string): number {
    return fieldSize(this.#field(name), this.#layout.sizes)
  }

  /**
   * Write a state, an input or a per-world model field. Constants that follow from a model field follow before the next
   * step, as mj_setConst would have them.
   *
   * @param name MuJoCo's name of the field
   * @param values (nworld, size) world-major, or (size) for every world; finite
   * @throws {SizeError} SIZE when the length fits neither
   * @throws {ParameterError} FIELD_UNKNOWN, FIELD_READONLY, NOT_FINITE
   */
  set(name: string, values: ArrayLike<number>): void {
    this.#alive()
    const field = this.#field(name)
    const size = fieldSize(field, this.#layout.sizes)
    if (field.perWorld && !this.#layout.p.has(name))
      throw new ParameterError('FIELD_UNUSED', `${name} has no effect in this version of the engine`)
    if (isComputed.has(name) || !(isWorld.has(name) || field.perWorld))
      throw new ParameterError(
        'FIELD_READONLY',
        `${name} cannot be written: it is ${isComputed.has(name) ? 'computed' : 'the same for all worlds'}`,
      )
    const each = values.length === this.nworld * size
    if (!each && values.length !== size)
      throw new SizeError(
        'SIZE',
        `${name}: got length ${values.length}, expected nworld * size = ${this.nworld} * ${size}, or ${size}`,
      )
    // x * 0 is 0 for every x that is finite in the engine's precision; only a sum that is not needs a closer look
    let odd = 0
    for (let i = 0; i < values.length; i++) odd += Math.fround(values[i]) * 0
    if (odd !== 0) {
      const i = Array.prototype.findIndex.call(values, x => !Number.isFinite(Math.fround(x)))
      const place = each ? `world ${Math.floor(i / size)}, element ${i % size}` : `element ${i}`
      throw new ParameterError('NOT_FINITE', `${name}: ${values[i]} is not a finite number in single precision`, {
        place,
      })
    }
    if (size === 0) return

    if (name === 'opt_timestep') {
      const i = Array.prototype.findIndex.call(values, x => !(x > 0))
      if (i >= 0)
        throw new ParameterError('TIMESTEP', `opt_timestep: ${values[i]} is not a positive time`, {
          place: `world ${i}`,
        })
    }

    if (isWorld.has(name)) {
      this.#write(this.#d + (this.#layout.d.get(name) as number), this.#layout.dbytes, values, size, each)
      return
    }
    if (each && this.nworld > 1 && !this.#perWorld) this.#spread()
    const at = this.#p + (this.#layout.p.get(name) as number)
    if (this.#perWorld) this.#write(at, this.#layout.pbytes, values, size, each)
    else this.#fill(at, values)
    this.#varied.add(name)
    if (CONSTANTS_FROM.has(name)) this.#stale = true
    if (name === 'dof_frictionloss') this.#frictionDofs()
  }

  /** give every block its own parameters */
  #spread(): void {
    const { pbytes } = this.#layout
    const p = this.#engine.arena.alloc(pbytes * this.#nblock)
    const bytes = new Uint8Array(this.#engine.memory.buffer)
    for (let b = 0; b < this.#nblock; b++) bytes.copyWithin(p + b * pbytes, this.#p, this.#p + pbytes)
    this.#engine.arena.release(this.#p, pbytes)
    this.#p = p
    this.#perWorld = true
    this.#writeHeaderWords()
  }

  /** world-major values into blocks; worlds that only fill up the last block repeat the last one */
  #write(address: number, stride: number, values: ArrayLike<number>, size: number, each: boolean): void {
    const f32 = this.#f32
    const last = this.nworld - 1
    const base = address / 4
    const words = stride / 4
    for (let b = 0, w = 0; b < this.#nblock; b++) {
      for (let lane = 0; lane < 4; lane++, w++) {
        let from = each ? Math.min(w, last) * size : 0
        for (let a = base + b * words + lane, n = size; n > 0; n--, a += 4) f32[a] = values[from++]
      }
    }
  }

  #read(address: number, stride: number, size: number): Float32Array {
    const f32 = this.#f32
    const out = new Float32Array(this.nworld * size)
    for (let w = 0; w < this.nworld; w++) {
      const base = (address + (w >> 2) * stride) / 4 + (w & 3)
      for (let e = 0, a = base; e < size; e++, a += 4) out[w * size + e] = f32[a]
    }
    return out
  }

  /** dofs whose friction loss is not 0 in every world become constraint candidates */
  #frictionDofs(): void {
    const { nv } = this.model
    const at = this.#layout.p.get('dof_frictionloss') as number
    const f32 = this.#f32
    const found: number[] = []
    for (let i = 0; i < nv; i++) {
      let some = false
      for (let b = 0; b < (this.#perWorld ? this.#nblock : 1) && !some; b++) {
        const a = (this.#p + at + b * this.#layout.pbytes) / 4 + 4 * i
        for (let lane = 0; lane < 4; lane++) some ||= f32[a + lane] !== 0
      }
      if (some) found.push(i)
    }
    new Int32Array(this.#engine.memory.buffer, this.#m + (this.#layout.m.get('friction_dof') as number), nv).set(found)
    writeHeader.words(this.#engine.memory, this.#m, { nfriction: found.length })
  }

  /** recompute what follows from the model fields, in every parameter block */
  #constants(): void {
    if (!this.#stale) return
    const { m, p, pbytes } = this.#layout
    const i32 = new Int32Array(this.#engine.memory.buffer)
    const flagsAt = (this.#m + (m.get('lnk_flags') as number)) / 4
    const { tables: table, sizes } = topology(this.model, this.#varied)
    const flags = table.get('lnk_flags') as Int32Array
    i32.set(flags, flagsAt)
    i32.set(table.get('lnk_axis') as Int32Array, (this.#m + (m.get('lnk_axis') as number)) / 4)

    this.#run(SET_CONST, 0, this.#perWorld ? this.#nblock : 1)
    // shortcuts that hold in all worlds
    const { njnt } = this.model
    const f32 = this.#f32
    const row = new Float32Array(24 * njnt)
    const shared = !this.#perWorld || ![...this.#varied].some(f => FRAMES_FROM.has(f))
    let same: Int32Array | undefined
    for (let b = 0; b < (shared ? 1 : this.#nblock); b++) {
      for (let lane = 0; lane < (shared ? 1 : 4); lane++) {
        const base = (this.#p + b * pbytes + (p.get('lnk_const') as number)) / 4 + lane
        for (let e = 0; e < row.length; e++) row[e] = f32[base + 4 * e]
        const here = frameFlags(this.model, row)
        same = same === undefined ? here : same.map((x, j) => x & here[j])
      }
    }
    if (same) for (let j = 0; j < njnt; j++) i32[flagsAt + j] = flags[j] | same[j]
    writeHeader.words(this.#engine.memory, this.#m, { planar: sizes.planar, springs: sizes.springs })
    this.#stale = false
  }

  #run(command: number, argument: number, nblock: number): void {
    this.#engine.run({
      command,
      model: this.#m,
      argument,
      nblock,
      scratch: this.#scratch,
      spare: this.#layout.sbytes,
    })
  }

  /** constants up to date, and nothing asked for that a plain step would leave out */
  #ready(): void {
    this.#alive()
    this.#constants()
    const { nactuator } = this.model
    const history = this.model.field.actuator_history as Int32Array
    if (!this.#varied.has('actuator_delay')) return
    const delay = this.#read(
      this.#p + (this.#layout.p.get('actuator_delay') as number),
      this.#perWorld ? this.#layout.pbytes : 0,
      nactuator,
    )
    for (let i = 0; i < delay.length; i++) {
      const a = i % nactuator
      if (delay[i] > 0 && history[2 * a] === 0)
        throw new ParameterError(
          'DELAY_NO_HISTORY',
          'a delay needs a history buffer in step(): give the actuator nsample in the model, or use replay()',
          { place: `actuator ${this.model.names.actuator[a] || a}` },
        )
    }
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
    this.#ready()
    this.#run(STEP, nstep, this.#nblock)
  }

  /** Compute accelerations, forces and sensors of the present state without moving (mj_forward). */
  async forward(): Promise<void> {
    this.#ready()
    this.#run(FORWARD, 0, this.#nblock)
  }

  /**
   * Read a field: state, inputs, results of the last forward or step, per-world model fields with their constants.
   *
   * @returns (nworld, size) world-major
   * @throws {ParameterError} FIELD_UNKNOWN, FIELD_HOST
   */
  async get(name: string): Promise<Float32Array> {
    this.#alive()
    const field = this.#field(name)
    const size = fieldSize(field, this.#layout.sizes)
    if (name === 'qacc') return this.#qacc(size)
    if (isWorld.has(name)) return this.#read(this.#d + (this.#layout.d.get(name) as number), this.#layout.dbytes, size)
    if (isDerived.has(name)) return this.#derive(name, size)
    this.#constants()
    const at = this.#layout.p.get(name)
    if (at === undefined)
      throw new ParameterError('FIELD_HOST', `${name} is the same for all worlds: read it from model.field`)
    return this.#read(this.#p + at, this.#perWorld ? this.#layout.pbytes : 0, size)
  }

  /** the solver's acceleration where a world had constraints in the last step, M^-1 qfrc_smooth where it had none */
  #qacc(size: number): Float32Array {
    const { d, dbytes } = this.#layout
    const out = this.#read(this.#d + (d.get('qacc') as number), dbytes, size)
    const words = new Int32Array(this.#engine.memory.buffer)
    const mask = (this.#d + (d.get('constrained') as number)) / 4
    const free = (w: number) => words[mask + ((w >> 2) * dbytes) / 4 + (w & 3)] === 0
    let smooth: Float32Array | undefined
    for (let w = 0; w < this.nworld; w++) {
      if (!free(w)) continue
      smooth ??= this.#derive('qacc_smooth', size)
      out.set(smooth.subarray(w * size, (w + 1) * size), w * size)
    }
    return out
  }

  /** recompute a quantity that is not kept, block by block */
  #derive(name: string, size: number): Float32Array {
    this.#constants()
    const out = new Float32Array(this.nworld * size)
    const address = derivedAddress(name, this.model, this.#layout)
    const base = this.#scratch[0]
    for (let b = 0; b < this.#nblock; b++) {
      this.#engine.exports.derive(this.#m, base, b)
      const f32 = this.#f32
      for (let lane = 0; lane < 4 && 4 * b + lane < this.nworld; lane++) {
        const o = (4 * b + lane) * size
        for (let e = 0; e < size; e++) {
          const a = address(e)
          out[o + e] = a < 0 ? 0 : f32[(base + a) / 4 + lane]
        }
      }
    }
    return out
  }

  /**
   * Put worlds back to qpos0 at rest: time, activations, controls, histories and status cleared (mj_resetData).
   *
   * @param mask (nworld) nonzero: reset this world; default all
   * @throws {SizeError} SIZE when the mask has another length
   */
  reset(mask?: ArrayLike<number>): void {
    this.#alive()
    if (mask && mask.length !== this.nworld)
      throw new SizeError('SIZE', `mask: got length ${mask.length}, expected nworld = ${this.nworld}`)
    const { d, dbytes, p, pbytes, sizes } = this.#layout
    const f32 = this.#f32
    const { nq, nactuator, nsensor } = this.model
    const qpos = (d.get('qpos') as number) / 4
    const qpos0 = (this.#p + (p.get('qpos0') as number)) / 4
    const ones = ['actuator_enable', 'actuator_supply'].map(n => (d.get(n) as number) / 4)
    const history = (d.get('history') as number) / 4
    const words = dbytes / 4
    const cursors: [at: number, value: number][] = []
    for (const [kind, n] of [
      ['actuator', nactuator],
      ['sensor', nsensor],
    ] as const) {
      for (let i = 0; i < n; i++) {
        const nsample = (this.model.field[`${kind}_history`] as Int32Array)[2 * i]
        if (nsample > 0) cursors.push([(this.model.field[`${kind}_historyadr`] as Int32Array)[i] + 1, nsample - 1])
      }
    }
    for (let b = 0; b < this.#nblock; b++) {
      const base = (this.#d + b * dbytes) / 4
      if (!mask) f32.fill(0, base, base + words)
      for (let lane = 0; lane < 4; lane++) {
        const w = Math.min(4 * b + lane, this.nworld - 1)
        if (mask) {
          if (!mask[w]) continue
          for (let a = base + lane; a < base + words; a += 4) f32[a] = 0
        }
        const from = qpos0 + (this.#perWorld ? (b * pbytes) / 4 : 0) + lane
        for (let e = 0; e < nq; e++) f32[base + qpos + 4 * e + lane] = f32[from + 4 * e]
        for (const one of ones) for (let e = 0; e < sizes.nactuator; e++) f32[base + one + 4 * e + lane] = 1
        for (const [at, value] of cursors) f32[base + history + 4 * at + lane] = value
      }
    }
  }

  /**
   * Drive every world through recorded inputs, inside the engine.
   *
   * @returns each recorded field as (nworld, T, size)
   * @throws {SizeError} REPLAY_* when shapes do not fit
   */
  async replay(options: ReplayOptions): Promise<Record<string, Float32Array>> {
    this.#alive()
    this.#constants()
    return replay(
      {
        model: this.model,
        nworld: this.nworld,
        layout: this.#layout,
        arena: this.#engine.arena,
        memory: this.#engine.memory,
        run: (command, argument) => this.#run(command, argument, this.#nblock),
      },
      options,
    )
  }

  /**
   * Run the step of every block up to a stage, nrep times each, on this thread; no state changes (rollout/profile.ts).
   *
   * @internal
   */
  profile(stage: number, nrep: number): void {
    this.#ready()
    const s = this.#scratch[0]
    this.#engine.exports.profile(this.#m, s, s + this.#layout.sbytes, 0, this.#nblock, stage, nrep)
  }

  /** Worlds that stopped or were solved inexactly, in words; empty when all is well. */
  async report(): Promise<string[]> {
    const status = await this.get('status')
    const out: string[] = []
    for (let w = 0; w < this.nworld; w++) {
      if (status[w] & STATUS.BADSTATE)
        out.push(`world ${w} diverged and stands still; reset it, or use a smaller timestep or softer parameters`)
      if (status[w] & STATUS.SOLVER)
        out.push(`world ${w}: the constraint solver ran out of iterations; raise opt_iterations`)
    }
    return out
  }

  /** what contactsOf reads from @internal */
  get contactSource(): ContactSource {
    this.#ready()
    const { memory, exports } = this.#engine
    return { memory, exports, layout: this.#layout, m: this.#m, scratch: this.#scratch[0] }
  }

  /** Give the memory back. Further calls throw. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    const { mbytes, pbytes, dbytes } = this.#layout
    const { arena } = this.#engine
    arena.release(this.#m, mbytes)
    arena.release(this.#p, this.#perWorld ? pbytes * this.#nblock : pbytes)
    arena.release(this.#d, dbytes * this.#nblock)
    for (const s of this.#scratch) arena.release(s, this.#scratchBytes)
  }

  /** same as disposing */
  dispose(): void {
    this[Symbol.dispose]()
  }
}

/**
 * Many worlds of one model.
 *
 * @throws {SizeError} NWORLD, WORKERS when they are not positive integers
 * @throws {BackendError} WASM_MISSING, OUT_OF_MEMORY, NO_THREADS
 */
export async function createBatch(model: Model, options: BatchOptions): Promise<Batch> {
  const { nworld, backend = 'wasm', workers = 1, seed = 0 } = options
  if (!Number.isInteger(nworld) || nworld < 1)
    throw new SizeError('NWORLD', `nworld: got ${nworld}, expected a positive integer`)
  if (!Number.isInteger(workers) || workers < 1)
    throw new SizeError('WORKERS', `workers: got ${workers}, expected a positive integer`)
  if (backend !== 'wasm')
    throw new BackendError('BACKEND', `backend: got '${String(backend)}', this version has 'wasm'`)
  const engine = await Engine.open()
  await engine.ensure(workers)
  return new Batch(engine, model, nworld, workers, seed)
}
