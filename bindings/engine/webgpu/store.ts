/** The worlds of one batch on the GPU. */
import { BackendError } from '../../errors.js'
import { seedWords } from '../../math/index.js'
import type { Model } from '../../model/model.js'
import type { Backend, Image } from '../backend.js'
import { derivedAddress } from '../derived.js'
import { historyBuffers } from '../histories.js'
import { type Topology, topology } from '../layout.js'
import { planReplay, type ReplayOptions } from '../replay.js'
import { boundingRadii, CONSTANTS_FROM, FRAMES_FROM, SHORTCUTS, Store } from '../store.js'
import { Engine } from '../wasm/engine.js'
import { ColumnView } from './column-view.js'
import { type Buffers, type CallWords, GpuEngine, type Kernel, type Timestep } from './engine.js'
import { headerTable, headerWords, parameterWords } from './host.js'
import { type GpuLayout, layOutGpu, modelConstants, modelWords } from './layout.js'
import type { Constants, Typed } from './link.js'
import { gpuNeeds, smaller } from './needs.js'
import { stagesOf, stepIsSmall } from './stages.js'

/** values that one write may hand over, in words */
const MAX_UPLOAD = 1 << 24

type Transfer = Readonly<Record<'scatter' | 'clearWorlds' | 'gatherWorld' | 'spread', Kernel>>
type Mutable = { -readonly [name in keyof Buffers]: Buffers[name] }

interface GpuImage extends Image {
  readonly state: GPUBuffer
  readonly parameters: GPUBuffer
  readonly host: Image
  readonly perWorld: boolean
  readonly written: ReadonlyMap<string, Float32Array>
  readonly varied: readonly string[]
  readonly noise: Noise | undefined
}

/** words of the seed of the sensors' noise */
interface Noise {
  readonly seedlo: number
  readonly seedhi: number
}

interface Attached {
  readonly engine: GpuEngine
  readonly group: GPUBindGroup
  readonly constants: Constants
  readonly call: CallWords
  /** first words of O, which has room for a world's quantities */
  results(words: number): Promise<Uint32Array<ArrayBuffer>>
}

export class GpuStore implements Backend {
  readonly name = 'webgpu'
  readonly layout: GpuLayout
  readonly varied = new Set<string>()
  /**
   * The same model with one world on the CPU: constants that all worlds share come from there, and what the model fields
   * written so far make unnecessary.
   */
  readonly #host: Store
  readonly #topology: Topology
  #engine: GpuEngine
  #buffers: Mutable
  #group: GPUBindGroup | undefined
  /** model fields that differ by world, (nworld, size) */
  readonly #written = new Map<string, Float32Array>()
  #perWorld = false
  #stale = true
  /** steps and the like that are not done */
  #working = 0
  #constants: Map<string, number | Typed> | undefined
  /** what makes a timestep, and the constants it was made with */
  #made: { readonly constants: object; readonly step: Promise<Kernel | Timestep> } | undefined
  #noise: Noise | undefined
  #transfer: Transfer
  #released = false

  private constructor(
    engine: GpuEngine,
    host: Store,
    readonly model: Model,
    readonly nworld: number,
    readonly nconmax: number | undefined,
    transfer: Transfer,
    readonly fused: boolean | undefined,
  ) {
    this.#engine = engine
    this.#host = host
    this.#transfer = transfer
    this.#topology = topology(model, this.varied, nconmax, 1)
    this.layout = layOutGpu(this.#topology.sizes)
    this.#buffers = this.#allocate()
  }

  /**
   * @param fused a timestep is one kernel, or one a stage; left out: by its size
   * @throws {BackendError} WEBGPU_MISSING, NO_ADAPTER, NO_DEVICE, OUT_OF_MEMORY
   */
  static async open(model: Model, nworld: number, nconmax: number | undefined, fused?: boolean): Promise<GpuStore> {
    const engine = await GpuEngine.open()
    const transfer = await transferKernels(engine)
    const host = new Store(await Engine.open(), model, 1, 1, nconmax)
    try {
      const store = new GpuStore(engine, host, model, nworld, nconmax, transfer, fused)
      await engine.finished()
      return store
    } catch (error) {
      host.release()
      throw error
    }
  }

  #allocate(): Mutable {
    const { layout, nworld } = this
    const engine = this.#engine
    const taken: GPUBuffer[] = []
    const take = (words: number, what: string, remedy?: () => string): GPUBuffer => {
      const buffer = engine.buffer(4 * words, what, remedy)
      taken.push(buffer)
      return buffer
    }
    try {
      return {
        M: take(layout.msize, 'the model'),
        P: take(layout.psize, 'the physical parameters'),
        W: take(
          layout.wsize * nworld,
          `the state of ${nworld} worlds (${(layout.wsize / 256).toFixed(1)} KiB each)`,
          () => smaller(this.model, gpuNeeds(this.model, nworld, this.nconmax), engine.adapter.limits),
        ),
        T: take(1024, 'an upload'),
        E: take(4, 'work memory'),
        O: take(layout.wsize, 'a download'),
      }
    } catch (error) {
      for (const buffer of taken) buffer.destroy()
      throw error
    }
  }

  get #bindings(): GPUBindGroup {
    this.#group ??= this.#engine.bind(this.#buffers)
    return this.#group
  }

  get #npar(): number {
    return this.#perWorld ? this.nworld : 1
  }

  #call(): CallWords {
    const { seedlo = 0, seedhi = 0 } = this.#noise ?? {}
    return { nworld: this.nworld, nlane: this.nworld, npar: this.#npar, seedlo, seedhi }
  }

  /** constants of the kernels, by what was written so far */
  #compiled(): Map<string, number | Typed> {
    if (this.#constants) return this.#constants
    const header = headerWords(this.#host, [...SHORTCUTS, 'nfriction', 'xfrc'])
    const sizes = { ...this.layout.sizes, ...header, nfriction: this.#friction().length }
    const constants = modelConstants(this.model, this.#topology, { ...this.layout, sizes })
    constants.set('f_sensornoise', this.#noise ? 1 : 0)
    this.#constants = constants
    return constants
  }

  #kernel(name: string): Promise<Kernel> {
    return this.#engine.kernel({ path: 'index', name }, this.#compiled())
  }

  /** what makes a timestep: a kernel, or several one after the other */
  #timestep(): Promise<Kernel | Timestep> {
    const constants = this.#compiled()
    if (this.#made?.constants !== constants) {
      const step = this.#makeTimestep()
      this.#made = { constants, step }
      step.catch(() => {
        this.#made = undefined
      })
    }
    return this.#made.step
  }

  async #makeTimestep(): Promise<Kernel | Timestep> {
    const constants = this.#compiled()
    const kernel = (name: string) => this.#engine.kernel({ path: 'index', name }, constants)
    if (this.fused ?? stepIsSmall(this.#engine, constants)) return kernel('step')
    return stagesOf(kernel, this.model, this.layout.sizes.ncand > 0)
  }

  /** What a kernel of one's own needs to run on these worlds as they are now. @internal */
  async attach(): Promise<Attached> {
    await this.#ready()
    return {
      engine: this.#engine,
      group: this.#bindings,
      constants: this.#compiled(),
      call: this.#call(),
      results: words => this.#engine.read(this.#buffers.O, 0, words),
    }
  }

  // ---------------------------------------------------------------- writes

  /** values into T and from there to their places */
  #scatter(
    at: number,
    size: number,
    values: ArrayLike<number>,
    each: boolean,
    worlds: Int32Array | undefined,
    parameters: boolean,
  ): void {
    const rows = worlds?.length ?? this.nworld
    // what one upload takes; a row of its own for every world is cut by worlds
    const most = each ? Math.max(1, Math.floor(MAX_UPLOAD / (size + 1))) : rows
    for (let first = 0; first < rows; first += most) {
      const count = Math.min(most, rows - first)
      const list = worlds?.subarray(first, first + count) ?? (count < rows ? range(first, count) : undefined)
      const head = list?.length ?? 0
      const words = new Uint32Array(head + (each ? count * size : size))
      if (list) words.set(list)
      const f32 = new Float32Array(words.buffer, 4 * head)
      if (each) for (let i = 0; i < count * size; i++) f32[i] = values[first * size + i]
      else for (let i = 0; i < size; i++) f32[i] = values[i]
      this.#upload(words)
      const call = { a0: at, a1: size, a2: Number(each), a3: Number(list !== undefined), a4: Number(parameters), count }
      this.#engine.dispatch(this.#transfer.scatter, this.#bindings, { ...this.#call(), ...call }, count * size)
    }
  }

  #upload(words: Uint32Array<ArrayBuffer>): void {
    const { T } = this.#buffers
    if (T.size < words.byteLength) {
      T.destroy()
      this.#buffers.T = this.#engine.buffer(2 * words.byteLength, 'an upload')
      this.#group = undefined
    }
    this.#engine.write(this.#buffers.T, 0, words)
  }

  writeWorld(name: string, values: ArrayLike<number>, size: number, each: boolean, worlds?: Int32Array): void {
    this.#idle()
    if (size === 0 || worlds?.length === 0) return
    if (name === 'xfrc_applied') {
      const force = Array.prototype.find.call(values, x => x !== 0)
      if (force !== undefined && headerWords(this.#host, ['xfrc']).xfrc === 0) {
        this.#host.writeWorld(name, new Float32Array(size).fill(force), size, false)
        this.#constants = undefined
      }
    }
    this.#scatter(this.layout.w.get(name) as number, size, values, each, worlds, false)
  }

  writeModel(name: string, values: ArrayLike<number>, size: number, each: boolean, worlds?: Int32Array): void {
    this.#idle()
    const own = (each || worlds !== undefined) && this.nworld > 1
    if (own && !this.#perWorld) this.#spread()
    if (this.#perWorld) {
      this.#keep(name, values, size, each, worlds)
      this.#scatter(this.layout.p.get(name) as number, size, values, each, worlds, true)
    } else this.#host.writeModel(name, values, size, false)
    this.varied.add(name)
    this.#constants = undefined
    if (CONSTANTS_FROM.has(name) || !this.#perWorld) this.#stale = true
    // kernels are made for how many dofs have friction; the table says which
    if (name === 'dof_frictionloss')
      this.#engine.write(
        this.#buffers.M,
        this.layout.m.get('friction_dof') as number,
        Int32Array.from(this.#friction()),
      )
    if (name === 'geom_size')
      this.writeModel('geom_rbound', boundingRadii(this.model, values), this.model.ngeom, each, worlds)
  }

  /** what the host knows of a field that differs by world */
  #keep(name: string, values: ArrayLike<number>, size: number, each: boolean, worlds?: Int32Array): void {
    let kept = this.#written.get(name)
    if (!kept) {
      kept = this.parameter(name, size)
      this.#written.set(name, kept)
    }
    const rows = worlds?.length ?? this.nworld
    for (let i = 0; i < rows; i++) {
      const w = worlds === undefined ? i : worlds[i]
      for (let e = 0; e < size; e++) kept[w * size + e] = values[each ? i * size + e : e]
    }
  }

  /** give every world its own parameters */
  #spread(): void {
    // what all of them had so far
    this.#shareParameters()
    const { psize } = this.layout
    const shared = parameterWords(this.#host, this.layout.p)
    const P = this.#engine.buffer(4 * psize * this.nworld, `parameters of ${this.nworld} worlds`)
    this.#buffers.P.destroy()
    this.#buffers.P = P
    this.#group = undefined
    this.#perWorld = true
    this.#upload(shared)
    this.#engine.dispatch(this.#transfer.spread, this.#bindings, { ...this.#call(), a1: psize }, psize * this.nworld)
  }

  written(): void {}

  parameter(name: string, size: number, worlds?: Int32Array): Float32Array {
    const kept = this.#written.get(name)
    const rows = worlds?.length ?? this.nworld
    const out = new Float32Array(rows * size)
    const shared = kept ? undefined : this.#host.parameter(name, size)
    for (let i = 0; i < rows; i++) {
      const w = worlds === undefined ? i : worlds[i]
      out.set(shared ?? (kept as Float32Array).subarray(w * size, (w + 1) * size), i * size)
    }
    return out
  }

  restart(worlds: Int32Array | undefined): void {
    this.#idle()
    const { model, layout, nworld } = this
    if (worlds === undefined) this.#engine.clear(this.#buffers.W, layout.dsize * nworld)
    else {
      this.#upload(Uint32Array.from(worlds))
      const call = { ...this.#call(), a1: layout.dsize, count: worlds.length }
      this.#engine.dispatch(this.#transfer.clearWorlds, this.#bindings, call, worlds.length * layout.dsize)
    }
    const ones = new Float32Array(model.nactuator).fill(1)
    const initial = (field: string, parameter: string, first: number, n: number, at = 0): void => {
      const size = (model.field[parameter] as Float64Array).length
      const kept = this.#written.get(parameter)
      const from = kept ? this.parameter(parameter, size, worlds) : this.#host.parameter(parameter, size)
      const rows = from.length / size
      const values = new Float32Array(rows * n)
      for (let i = 0; i < rows; i++) values.set(from.subarray(i * size + first, i * size + first + n), i * n)
      this.#scatter((layout.w.get(field) as number) + at, n, values, kept !== undefined, worlds, false)
    }
    if (model.nq > 0) initial('qpos', 'qpos0', 0, model.nq)
    for (let b = 0; b < model.nbody; b++) {
      const id = model.field.body_mocapid[b]
      if (id < 0) continue
      initial('mocap_pos', 'body_pos', 3 * b, 3, 3 * id)
      initial('mocap_quat', 'body_quat', 4 * b, 4, 4 * id)
    }
    for (const name of ['actuator_enable', 'actuator_supply'])
      this.writeWorld(name, ones, model.nactuator, false, worlds)
    this.writeWorld('eq_active', model.field.eq_active0, model.neq, false, worlds)
    const history = layout.w.get('history') as number
    for (const { adr, nsample } of historyBuffers(model))
      this.#scatter(history + adr + 1, 1, [nsample - 1], false, worlds, false)
  }

  makeNoise(seed: number): void {
    const [seedlo, seedhi] = seedWords(seed)
    this.#noise = { seedlo, seedhi }
    this.#constants = undefined
  }

  // ---------------------------------------------------------------- constants

  /** dofs whose friction loss is not 0 in every world */
  #friction(): number[] {
    const { nv } = this.model
    const loss = this.#written.get('dof_frictionloss') ?? this.#host.parameter('dof_frictionloss', nv)
    const found: number[] = []
    for (let i = 0; i < nv; i++) {
      for (let k = i; k < loss.length; k += nv) {
        if (loss[k] === 0) continue
        found.push(i)
        break
      }
    }
    return found
  }

  /** parameters and constants of the host's one world */
  #shareParameters(): void {
    this.#host.constants()
    this.#engine.write(this.#buffers.P, 0, parameterWords(this.#host, this.layout.p))
  }

  /** Recompute what follows from the model fields that were written. */
  async #ready(): Promise<void> {
    this.#alive()
    if (!this.#stale) return
    this.#stale = false
    try {
      for (const name of this.varied) this.#host.varied.add(name)
      const { tables, sizes } = topology(this.model, this.varied, this.nconmax, 1)
      const words = modelWords(this.model, { tables, sizes }, this.layout)
      const put = (name: string, values: ArrayLike<number>) => words.set(values, this.layout.m.get(name) as number)
      put('friction_dof', this.#friction())
      this.#host.touch()
      if (!this.#perWorld) {
        this.#shareParameters()
        put('lnk_flags', headerTable(this.#host, 'lnk_flags'))
        this.#engine.write(this.#buffers.M, 0, words)
        return
      }
      this.#host.constants()
      // frames that are the same in all worlds are the host's
      if (![...FRAMES_FROM].some(name => this.#written.has(name)))
        put('lnk_flags', headerTable(this.#host, 'lnk_flags'))
      this.#engine.write(this.#buffers.M, 0, words)
      const kernel = await this.#kernel('setConst')
      await this.#keepingState(() => this.#engine.run(kernel, this.#bindings, this.#call(), this.nworld, 1))
    } catch (error) {
      this.#stale = true
      throw error
    }
  }

  /** the kernel that makes constants works where a world's state is */
  async #keepingState(act: () => Promise<void>): Promise<void> {
    const words = this.layout.dsize * this.nworld
    const kept = this.#engine.buffer(4 * words, 'the state kept')
    try {
      this.#engine.copy(this.#buffers.W, kept, words)
      await act()
      this.#engine.copy(kept, this.#buffers.W, words)
    } finally {
      kept.destroy()
    }
  }

  // ---------------------------------------------------------------- steps and reads

  #alive(): void {
    if (this.#released) throw new BackendError('DISPOSED', 'this batch has been disposed')
    this.#engine.check()
  }

  #run(name: string, nstep: number): Promise<void> {
    return this.#atWork(() => this.#kernel(name), nstep)
  }

  step(nstep: number): Promise<void> {
    return this.#atWork(() => this.#timestep(), nstep)
  }

  /** dispatches are made little by little: what is written before the last of them would come in between */
  async #atWork(made: () => Promise<Kernel | Timestep>, nstep: number): Promise<void> {
    this.#working++
    try {
      await this.#ready()
      await this.#engine.run(await made(), this.#bindings, this.#call(), this.nworld, nstep)
    } finally {
      this.#working--
    }
  }

  /** @throws {BackendError} BUSY */
  #idle(): void {
    if (this.#working > 0)
      throw new BackendError(
        'BUSY',
        'steps of this batch are under way on the GPU: await them before you write or copy',
      )
  }

  forward(): Promise<void> {
    return this.#run('forward', 1)
  }

  /** (n) quantities from an address of W on, of every world: (nworld, n) */
  async #read(at: number, n: number): Promise<Float32Array> {
    this.#alive()
    const words = await this.#engine.read(this.#buffers.W, at * this.nworld, n * this.nworld)
    return transpose(new Float32Array(words.buffer), n, this.nworld)
  }

  readWorld(name: string, size: number): Promise<Float32Array> {
    return this.#read(this.layout.w.get(name) as number, size)
  }

  readModel(name: string, size: number): Promise<Float32Array> | undefined {
    const at = this.layout.p.get(name)
    return at === undefined ? undefined : this.#readConstant(at, size)
  }

  async #readConstant(at: number, size: number): Promise<Float32Array> {
    await this.#ready()
    const npar = this.#npar
    const words = await this.#engine.read(this.#buffers.P, at * npar, size * npar)
    const values = transpose(new Float32Array(words.buffer), size, npar)
    if (this.#perWorld) return values
    const out = new Float32Array(size * this.nworld)
    for (let w = 0; w < this.nworld; w++) out.set(values, w * size)
    return out
  }

  async derive(name: string, size: number): Promise<Float32Array> {
    await this.#run('derive', 1)
    const address = derivedAddress(name, this.model, this.layout.w, 1)
    const { nworld } = this
    let [first, end] = [Number.POSITIVE_INFINITY, 0]
    for (let e = 0; e < size; e++) {
      const a = address(e)
      if (a < 0) continue
      first = Math.min(first, a)
      end = Math.max(end, a + 1)
    }
    const out = new Float32Array(size * nworld)
    if (end === 0) return out
    const words = await this.#engine.read(this.#buffers.W, first * nworld, (end - first) * nworld)
    const values = new Float32Array(words.buffer)
    for (let e = 0; e < size; e++) {
      const a = address(e)
      if (a < 0) continue
      for (let w = 0; w < nworld; w++) out[w * size + e] = values[(a - first) * nworld + w]
    }
    return out
  }

  async constrained(): Promise<Uint8Array> {
    const at = this.layout.w.get('constrained') as number
    const words = await this.#engine.read(this.#buffers.W, at * this.nworld, this.nworld)
    return Uint8Array.from(words, x => Number(x !== 0))
  }

  async look(world: number): Promise<ColumnView> {
    await this.#ready()
    const kernel = await this.#kernel('rows')
    this.#engine.dispatch(kernel, this.#bindings, { ...this.#call(), first: world, count: 1, nstep: 1 }, 1)
    const { wsize } = this.layout
    const call = { ...this.#call(), first: world, a1: wsize }
    this.#engine.dispatch(this.#transfer.gatherWorld, this.#bindings, call, wsize)
    return new ColumnView(this.layout, await this.#engine.read(this.#buffers.O, 0, wsize))
  }

  async replay(options: ReplayOptions): Promise<Record<string, Float32Array>> {
    const { replayOnGpu } = await import('./replay.js')
    const plan = planReplay(this.model, this.nworld, this.layout.sizes, options)
    await this.#ready()
    const kernel = await this.#engine.kernel({ path: 'rollout/entry', name: 'replay' }, this.#compiled())
    return replayOnGpu(this.#engine, kernel, this.#buffers, this.#call(), this.layout, plan, options.inputs)
  }

  // ---------------------------------------------------------------- snapshots and the end

  async recover(): Promise<void> {
    const engine = await GpuEngine.open()
    this.#transfer = await transferKernels(engine)
    this.#engine = engine
    this.#group = undefined
    this.#made = undefined
    this.#buffers = this.#allocate()
    this.#stale = true
    if (!this.#perWorld) return
    this.#spread()
    for (const [name, values] of this.#written)
      this.#scatter(this.layout.p.get(name) as number, values.length / this.nworld, values, true, undefined, true)
    await engine.finished()
  }

  image(): GpuImage {
    this.#idle()
    this.#alive()
    const { layout, nworld } = this
    const engine = this.#engine
    const [nstate, nparam] = [layout.dsize * nworld, layout.psize * this.#npar]
    const state = engine.buffer(4 * nstate, 'a snapshot')
    const parameters = engine.buffer(4 * nparam, 'a snapshot')
    engine.copy(this.#buffers.W, state, nstate)
    engine.copy(this.#buffers.P, parameters, nparam)
    return {
      backend: this.name,
      bytes: 4 * (nstate + nparam),
      state,
      parameters,
      host: this.#host.image(),
      perWorld: this.#perWorld,
      written: new Map([...this.#written].map(([name, values]) => [name, values.slice()])),
      varied: [...this.varied],
      noise: this.#noise,
      release: () => {
        state.destroy()
        parameters.destroy()
      },
    }
  }

  adopt(taken: Image): void {
    this.#idle()
    this.#alive()
    const image = taken as GpuImage
    const { layout, nworld } = this
    const engine = this.#engine
    const nparam = layout.psize * (image.perWorld ? nworld : 1)
    if (image.perWorld !== this.#perWorld) {
      const P = engine.buffer(4 * nparam, `parameters of ${nworld} worlds`)
      this.#buffers.P.destroy()
      this.#buffers.P = P
      this.#group = undefined
      this.#perWorld = image.perWorld
    }
    engine.copy(image.state, this.#buffers.W, layout.dsize * nworld)
    engine.copy(image.parameters, this.#buffers.P, nparam)
    this.#host.adopt(image.host)
    this.#written.clear()
    for (const [name, values] of image.written) this.#written.set(name, values.slice())
    this.varied.clear()
    for (const name of image.varied) this.varied.add(name)
    this.#noise = image.noise
    this.#constants = undefined
    // tables of the model follow from what was written
    this.#stale = true
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    for (const buffer of Object.values(this.#buffers)) buffer.destroy()
    this.#host.release()
    // freed memory comes back when the queue has turned once more
    if (!this.#engine.lost) this.#engine.device.queue.submit([])
  }
}

async function transferKernels(engine: GpuEngine): Promise<Transfer> {
  const names = ['scatter', 'clearWorlds', 'gatherWorld', 'spread'] as const
  const kernels = await Promise.all(names.map(name => engine.kernel({ path: 'transfer', name }, new Map())))
  return Object.fromEntries(names.map((name, i) => [name, kernels[i]])) as Transfer
}

const range = (first: number, count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => first + i)

/** (n, nworld) as (nworld, n) */
function transpose(values: Float32Array, n: number, nworld: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let e = 0, from = 0; e < n; e++) for (let w = 0; w < nworld; w++) out[w * n + e] = values[from++]
  return out
}
