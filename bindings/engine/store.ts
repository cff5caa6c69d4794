/** What a batch keeps in linear memory: header with integer tables, parameters, state, and scratch of each thread. */
import { modelFields } from '../fields.js'
import { seedWords } from '../math/index.js'
import { GEOM } from '../model/enums.js'
import type { Model } from '../model/model.js'
import type { Backend, Image } from './backend.js'
import { derivedAddress } from './derived.js'
import { writeHeader } from './header.js'
import { frameFlags, type Layout, layOut, topology, V } from './layout.js'
import type { ReplayOptions } from './replay.js'
import type { ScratchView } from './scratch-view.js'
import { alignHistories, restart } from './wasm/blocks.js'
import { FORWARD, SET_CONST, STEP } from './wasm/control.js'
import type { Engine } from './wasm/engine.js'

/** model fields the engine's constants follow from: those of mj_setConst, and those it takes apart ahead of the step */
export const CONSTANTS_FROM: ReadonlySet<string> = new Set(
  (
    'body_pos body_quat body_ipos body_iquat body_mass body_inertia jnt_pos jnt_axis qpos0 dof_armature dof_damping ' +
    'dof_dampingpoly actuator_gear actuator_armature actuator_damping actuator_dampingpoly geom_pos geom_quat ' +
    'geom_rbound geom_margin geom_gap ' +
    'site_pos site_quat wrap_prm tendon_armature tendon_damping tendon_dampingpoly tendon_solref_lim tendon_solimp_lim ' +
    'tendon_solref_fri tendon_solimp_fri tendon_stiffness tendon_stiffnesspoly eq_data body_gravcomp opt_density opt_viscosity ' +
    'jnt_stiffness jnt_stiffnesspoly jnt_solref jnt_solimp dof_solref dof_solimp eq_solref eq_solimp opt_timestep'
  ).split(' '),
)
/** sizes that say what no world needs: they follow the model fields written, and stand in the header */
export const SHORTCUTS = ['planar', 'springs', 'gravcomp', 'fluid', 'tenarmature', 'tenforce'] as const
export const FRAMES_FROM: ReadonlySet<string> = new Set(['body_pos', 'body_quat', 'jnt_pos', 'jnt_axis'])

/** Everything that a batch's future and its results depend on, as bytes. */
export interface Bytes extends Image {
  readonly header: Uint8Array
  readonly parameters: Uint8Array
  readonly state: Uint8Array
  readonly perWorld: boolean
  readonly varied: readonly string[]
  readonly stale: boolean
  readonly xfrc: boolean
}

export class Store implements Backend {
  readonly name = 'wasm'
  readonly nblock: number
  readonly layout: Layout
  /** model fields written since the Model's defaults */
  readonly varied = new Set<string>()
  readonly m: number
  readonly d: number
  #p: number
  /** parameters differ by world */
  #perWorld = false
  #stale = true
  /** kernels write parameters too: shortcuts may not be read off their values */
  #open = false
  /** Cartesian forces were applied: the recursion in the plane leaves out what they need */
  #xfrc = false
  /** somebody reads what the recursion in the plane leaves out */
  #spatial = false
  readonly #scratch: number[] = []
  readonly #scratchBytes: number

  /** @throws {BackendError} OUT_OF_MEMORY */
  constructor(
    readonly engine: Engine,
    readonly model: Model,
    readonly nworld: number,
    workers: number,
    readonly nconmax: number | undefined,
  ) {
    this.nblock = Math.ceil(nworld / 4)
    const { sizes, tables } = topology(model, this.varied, nconmax)
    this.layout = layOut(sizes)
    const { mbytes, pbytes, dbytes, sbytes } = this.layout
    this.#scratchBytes = sbytes + dbytes
    // all or nothing: what was got before the memory ran out goes back
    const taken: [address: number, bytes: number][] = []
    const take = (bytes: number): number => {
      const address = engine.arena.alloc(bytes)
      taken.push([address, bytes])
      return address
    }
    try {
      this.m = take(mbytes)
      this.#p = take(pbytes)
      this.d = take(dbytes * this.nblock)
      for (let i = 0; i < workers; i++) this.#scratch.push(take(this.#scratchBytes))
    } catch (error) {
      for (const [address, bytes] of taken) engine.arena.release(address, bytes)
      throw error
    }

    writeHeader(engine.memory, this.m, this.layout, model, tables)
    this.#writeHeaderWords()
    for (const field of modelFields) {
      const at = field.perWorld ? this.layout.p.get(field.name) : undefined
      if (at !== undefined) this.#fill(this.#p + at, model.field[field.name] as ArrayLike<number>)
    }
    this.#frictionDofs()
    this.constants()
  }

  /** views follow the memory, which may have grown */
  get f32(): Float32Array {
    return new Float32Array(this.engine.memory.buffer)
  }

  get i32(): Int32Array {
    return new Int32Array(this.engine.memory.buffer)
  }

  /** parameters of the first block, and bytes from one block's to the next: 0 while all worlds share them */
  get p(): number {
    return this.#p
  }

  get pstride(): number {
    return this.#perWorld ? this.layout.pbytes : 0
  }

  /** scratch of the calling thread */
  get scratch(): number {
    return this.#scratch[0]
  }

  #writeHeaderWords(): void {
    writeHeader.words(this.engine.memory, this.m, {
      pstride: this.pstride,
      dstride: this.layout.dbytes,
      pbase: this.#p,
      dbase: this.d,
      nblock: this.nblock,
      lanes: 4,
    })
  }

  /** Have the sensors add their noise from now on. */
  makeNoise(seed: number): void {
    const [seedlo, seedhi] = seedWords(seed)
    writeHeader.words(this.engine.memory, this.m, { sensornoise: 1, seedlo, seedhi })
  }

  /** one value for all four lanes of a block */
  #fill(address: number, values: ArrayLike<number>): void {
    const f32 = this.f32
    for (let e = 0, a = address / 4; e < values.length; e++, a += 4) f32.fill(values[e], a, a + 4)
  }

  /**
   * Write a world field.
   *
   * @param each values are (worlds, size) rather than (size) for all of them
   */
  writeWorld(name: string, values: ArrayLike<number>, size: number, each: boolean, worlds?: Int32Array): void {
    if (name === 'xfrc_applied' && !this.#xfrc && Array.prototype.some.call(values, x => x !== 0)) {
      this.#xfrc = true
      writeHeader.words(this.engine.memory, this.m, { xfrc: 1, planar: 0 })
    }
    this.#write(this.d + (this.layout.d.get(name) as number), this.layout.dbytes, values, size, each, worlds)
  }

  /** Write a per-world model field; what follows from it follows before the next step. */
  writeModel(name: string, values: ArrayLike<number>, size: number, each: boolean, worlds?: Int32Array): void {
    if ((each || worlds !== undefined) && this.nworld > 1 && !this.#perWorld) this.#spread()
    const at = this.#p + (this.layout.p.get(name) as number)
    if (this.#perWorld) this.#write(at, this.layout.pbytes, values, size, each, worlds)
    else this.#fill(at, values)
    this.varied.add(name)
    if (CONSTANTS_FROM.has(name)) this.#stale = true
    if (name === 'dof_frictionloss') this.#frictionDofs()
    if (name === 'geom_size')
      this.writeModel('geom_rbound', boundingRadii(this.model, values), this.model.ngeom, each, worlds)
  }

  /** Let kernels write these model fields: what depends on them holds for any value from now on. */
  open(fields: Iterable<string>): void {
    if (!this.#perWorld) this.#spread()
    for (const name of fields) this.varied.add(name)
    this.#open = true
    this.#stale = true
    this.#frictionDofs()
    this.constants()
  }

  /** Have every timestep compute the centres of mass of the trees, which the recursion in the plane does without. */
  spatial(): void {
    this.#spatial = true
    writeHeader.words(this.engine.memory, this.m, { planar: 0 })
  }

  /** give every block its own parameters */
  #spread(): void {
    const { pbytes } = this.layout
    const p = this.engine.arena.alloc(pbytes * this.nblock)
    const bytes = new Uint8Array(this.engine.memory.buffer)
    for (let b = 0; b < this.nblock; b++) bytes.copyWithin(p + b * pbytes, this.#p, this.#p + pbytes)
    this.engine.arena.release(this.#p, pbytes)
    this.#p = p
    this.#perWorld = true
    this.#writeHeaderWords()
  }

  /** world-major values into blocks; worlds that only fill up the last block repeat the last one */
  #write(
    address: number,
    stride: number,
    values: ArrayLike<number>,
    size: number,
    each: boolean,
    worlds?: Int32Array,
  ): void {
    const f32 = this.f32
    const last = this.nworld - 1
    if (worlds === undefined) {
      // the way of every control period: no calls
      const base = address / 4
      const words = stride / 4
      for (let b = 0, w = 0; b < this.nblock; b++) {
        for (let lane = 0; lane < 4; lane++, w++) {
          let from = each ? Math.min(w, last) * size : 0
          for (let a = base + b * words + lane, n = size; n > 0; n--, a += 4) f32[a] = values[from++]
        }
      }
      return
    }
    const put = (w: number, from: number): void => {
      let a = (address + (w >> 2) * stride) / 4 + (w & 3)
      for (let n = size; n > 0; n--, a += 4) f32[a] = values[from++]
    }
    for (let i = 0; i < worlds.length; i++) {
      const end = worlds[i] === last ? 4 * this.nblock : worlds[i] + 1
      for (let w = worlds[i]; w < end; w++) put(w, each ? i * size : 0)
    }
  }

  /** A world field, (nworld, size). */
  readWorld(name: string, size: number): Float32Array {
    return this.#read(this.d + (this.layout.d.get(name) as number), this.layout.dbytes, size)
  }

  /** A per-world model field, (nworld, size), or of the listed worlds (worlds, size). */
  parameter(name: string, size: number, worlds?: Int32Array): Float32Array {
    return this.#read(this.#p + (this.layout.p.get(name) as number), this.pstride, size, worlds)
  }

  /** A per-world model field or constant, (nworld, size); undefined: the same for all worlds. */
  readModel(name: string, size: number): Float32Array | undefined {
    this.constants()
    return this.layout.p.has(name) ? this.parameter(name, size) : undefined
  }

  written(name: string): void {
    if (name === 'history') alignHistories(this)
  }

  /** recompute a quantity that is not kept, block by block */
  derive(name: string, size: number): Float32Array {
    this.constants()
    const out = new Float32Array(this.nworld * size)
    const address = derivedAddress(name, this.model, this.layout.s, V)
    for (let b = 0; b < this.nblock; b++) {
      this.engine.exports.derive(this.m, this.scratch, b)
      const { f32 } = this
      for (let lane = 0; lane < 4 && 4 * b + lane < this.nworld; lane++) {
        const o = (4 * b + lane) * size
        for (let e = 0; e < size; e++) {
          const a = address(e)
          out[o + e] = a < 0 ? 0 : f32[(this.scratch + a) / 4 + lane]
        }
      }
    }
    return out
  }

  constrained(): Uint8Array {
    const { d, dbytes } = this.layout
    const words = this.i32
    const mask = (this.d + (d.get('constrained') as number)) / 4
    return Uint8Array.from({ length: this.nworld }, (_, w) =>
      Number(words[mask + ((w >> 2) * dbytes) / 4 + (w & 3)] !== 0),
    )
  }

  async look(world: number): Promise<ScratchView> {
    const { BlockView } = await import('./wasm/block-view.js')
    this.constants()
    this.engine.exports.rows(this.m, this.scratch, world >> 2)
    return new BlockView({ memory: this.engine.memory, layout: this.layout, scratch: this.scratch }, world & 3)
  }

  /** nothing here goes away */
  async recover(): Promise<void> {}

  restart(worlds: Int32Array | undefined): void {
    restart(this, worlds)
  }

  step(nstep: number): void {
    this.constants()
    this.run(STEP, nstep)
  }

  forward(): void {
    this.constants()
    this.run(FORWARD, 0)
  }

  async replay(options: ReplayOptions): Promise<Record<string, Float32Array>> {
    const { replay } = await import('./replay.js')
    this.constants()
    const { model, nworld, layout, engine } = this
    return replay(
      {
        model,
        nworld,
        layout,
        arena: engine.arena,
        memory: engine.memory,
        run: (command, argument) => this.run(command, argument),
      },
      options,
    )
  }

  #read(address: number, stride: number, size: number, worlds?: Int32Array): Float32Array {
    const f32 = this.f32
    const rows = worlds?.length ?? this.nworld
    const out = new Float32Array(rows * size)
    for (let i = 0; i < rows; i++) {
      const w = worlds === undefined ? i : worlds[i]
      const base = (address + (w >> 2) * stride) / 4 + (w & 3)
      for (let e = 0, a = base; e < size; e++, a += 4) out[i * size + e] = f32[a]
    }
    return out
  }

  /** dofs whose friction loss is not 0 in every world become constraint candidates */
  #frictionDofs(): void {
    const { nv } = this.model
    const at = this.layout.p.get('dof_frictionloss') as number
    const f32 = this.f32
    const found: number[] = []
    for (let i = 0; i < nv; i++) {
      let some = this.#open && this.varied.has('dof_frictionloss')
      for (let b = 0; b < (this.#perWorld ? this.nblock : 1) && !some; b++) {
        const a = (this.#p + at + b * this.layout.pbytes) / 4 + 4 * i
        for (let lane = 0; lane < 4; lane++) some ||= f32[a + lane] !== 0
      }
      if (some) found.push(i)
    }
    new Int32Array(this.engine.memory.buffer, this.m + (this.layout.m.get('friction_dof') as number), nv).set(found)
    writeHeader.words(this.engine.memory, this.m, { nfriction: found.length })
  }

  /** Recompute what follows from the model fields, in every parameter block, when one was written. */
  constants(): void {
    if (!this.#stale) return
    const { m, p, pbytes } = this.layout
    const i32 = this.i32
    const flagsAt = (this.m + (m.get('lnk_flags') as number)) / 4
    const { tables: table, sizes } = topology(this.model, this.varied, this.nconmax)
    const flags = table.get('lnk_flags') as Int32Array
    i32.set(flags, flagsAt)
    i32.set(table.get('lnk_axis') as Int32Array, (this.m + (m.get('lnk_axis') as number)) / 4)

    // the constants are made by the shortcuts
    const shortcuts = Object.fromEntries(SHORTCUTS.map(name => [name, sizes[name]]))
    const spatial = this.#xfrc || this.#spatial
    writeHeader.words(this.engine.memory, this.m, spatial ? { ...shortcuts, planar: 0 } : shortcuts)

    this.run(SET_CONST, 0, this.#perWorld ? this.nblock : 1)
    // frames that hold in all worlds
    const { njnt } = this.model
    const f32 = this.f32
    const row = new Float32Array(24 * njnt)
    const shared = !this.#perWorld || ![...this.varied].some(f => FRAMES_FROM.has(f))
    let same: Int32Array | undefined
    const readable = shared || !this.#open ? (shared ? 1 : this.nblock) : 0
    for (let b = 0; b < readable; b++) {
      for (let lane = 0; lane < (shared ? 1 : 4); lane++) {
        const base = (this.#p + b * pbytes + (p.get('lnk_const') as number)) / 4 + lane
        for (let e = 0; e < row.length; e++) row[e] = f32[base + 4 * e]
        const here = frameFlags(this.model, row)
        same = same === undefined ? here : same.map((x, j) => x & here[j])
      }
    }
    if (same) for (let j = 0; j < njnt; j++) i32[flagsAt + j] = flags[j] | same[j]
    this.#stale = false
  }

  /** Have the constants made again before they are used next. */
  touch(): void {
    this.#stale = true
  }

  /** Run a command of the engine over blocks; default those of the state. */
  run(command: number, argument: number, nblock = this.nblock): void {
    this.engine.run({
      command,
      model: this.m,
      argument,
      nblock,
      scratch: this.#scratch,
      spare: this.layout.sbytes,
    })
  }

  #bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.engine.memory.buffer, address, length)
  }

  /** A copy of everything. */
  image(): Bytes {
    const { mbytes, pbytes, dbytes } = this.layout
    const image = {
      header: this.#bytes(this.m, mbytes).slice(),
      parameters: this.#bytes(this.#p, this.#perWorld ? pbytes * this.nblock : pbytes).slice(),
      state: this.#bytes(this.d, dbytes * this.nblock).slice(),
      perWorld: this.#perWorld,
      varied: [...this.varied],
      stale: this.#stale,
      xfrc: this.#xfrc,
    }
    const bytes = image.header.length + image.parameters.length + image.state.length
    return { ...image, backend: this.name, bytes, release: () => {} }
  }

  /** Put back what image() took of a batch of the same model, nworld and nconmax. */
  adopt(taken: Image): void {
    const image = taken as Bytes
    const { pbytes } = this.layout
    if (image.perWorld && !this.#perWorld) this.#spread()
    if (!image.perWorld && this.#perWorld) {
      this.engine.arena.release(this.#p, pbytes * this.nblock)
      this.#p = this.engine.arena.alloc(pbytes)
      this.#perWorld = false
    }
    this.#bytes(this.m, image.header.length).set(image.header)
    this.#bytes(this.#p, image.parameters.length).set(image.parameters)
    this.#bytes(this.d, image.state.length).set(image.state)
    this.varied.clear()
    for (const name of image.varied) this.varied.add(name)
    this.#stale = image.stale
    this.#xfrc = image.xfrc
    // addresses are this batch's own
    this.#writeHeaderWords()
  }

  /** Give the memory back. */
  release(): void {
    const { mbytes, pbytes, dbytes } = this.layout
    const { arena } = this.engine
    arena.release(this.m, mbytes)
    arena.release(this.#p, this.#perWorld ? pbytes * this.nblock : pbytes)
    arena.release(this.d, dbytes * this.nblock)
    for (const s of this.#scratch) arena.release(s, this.#scratchBytes)
  }
}

/** Bounding radius of every geom from its size, as MuJoCo's compiler has it; sizes (rows, ngeom, 3). */
export function boundingRadii(model: Model, sizes: ArrayLike<number>): Float64Array {
  const type = model.field.geom_type
  const own = model.field.geom_rbound
  return Float64Array.from({ length: sizes.length / 3 }, (_, i) => {
    const g = i % model.ngeom
    const [x, y, z] = [sizes[3 * i], sizes[3 * i + 1], sizes[3 * i + 2]]
    switch (type[g]) {
      case GEOM.SPHERE:
        return x
      case GEOM.CAPSULE:
        return x + y
      case GEOM.CYLINDER:
        return Math.sqrt(x * x + y * y)
      case GEOM.ELLIPSOID:
        return Math.max(x, y, z)
      case GEOM.BOX:
        return Math.sqrt(x * x + y * y + z * z)
      default:
        return own[g]
    }
  })
}
