/** Episodes on the GPU: buffers, the record that kernels/rollout/episode.wgsl reads, and dispatches cut short. */
import { BackendError, TaskError } from '../../errors.js'
import { fieldSize, snapshotFields, worldFields } from '../../fields.js'
import { normalTable, seedWords } from '../../math/index.js'
import type { Model } from '../../model/model.js'
import { LAYER_WORDS, type Network, OUT, type Program, ROLLOUT, TASK_NEED, TRACK } from '../../program.js'
import {
  bits,
  checkLengths,
  checkProgram,
  type PlaceOf,
  parameterPlaces,
  parameterTable,
  resultOf,
  ringRows,
  startsFromParameters,
  variedFields,
} from '../episodes.js'
import { type Layout, topology, V } from '../layout.js'
import { reset } from '../reset.js'
import type {
  Episodes,
  FrozenNormalizer,
  Members,
  Rollout,
  RolloutOptions,
  RolloutResult,
  RolloutSettings,
  RolloutTexts,
  RunOptions,
  TaskText,
  Track,
} from '../rollout.js'
import { SHORTCUTS, Store } from '../store.js'
import { Engine } from '../wasm/engine.js'
import { type Buffers, type CallWords, GpuEngine, type Kernel, type Part, WORKGROUP } from './engine.js'
import { headerTable, headerWords, parameterWords } from './host.js'
import { type GpuLayout, layOutGpu, modelConstants, modelWords } from './layout.js'
import type { Constants, Typed } from './link.js'
import { bytesInWords } from './needs.js'
import { Pace } from './pace.js'
import { programConstants, type RolloutBuild, rolloutConstants, rolloutWork } from './program.js'
import { stagesOf, stepIsSmall } from './stages.js'
import { Table } from './table.js'

/** words of O before the first result: address 0 is nowhere */
const FIRST_OUT = 4
/** parts of an episode after which worlds whose episodes ended early take others */
const REFILLS = 16

interface Loaded {
  readonly program: Program
  readonly network: Network
  readonly settings: RolloutSettings
  readonly texts: RolloutTexts
  readonly task: TaskText
  /** the part of T that stays, and where its tables are */
  readonly words: Uint32Array<ArrayBuffer>
  readonly at: RolloutBuild['at']
  /** the rollout record stands here; what differs by run follows it */
  readonly record: number
  /** parameters that differ by episode */
  readonly nvalue: number
}

/** Kernels for one way of perturbing. */
interface Built {
  readonly start: Kernel
  readonly begin: Kernel
  /** control steps in one kernel, or all that one control step consists of */
  readonly steps: Kernel | readonly Part[]
  readonly beginning: Pace
  readonly playing: Pace
}

/** Buffers on one device, for so many worlds. */
interface Room {
  readonly nlane: number
  readonly work: number
  readonly buffers: Buffers
  group: GPUBindGroup | undefined
  /** T holds the part that stays */
  filled: boolean
}

/** Rollouts on the GPU: a world takes an episode, and the next one when that has ended. */
export class GpuRollout implements Rollout {
  readonly backend = 'webgpu'
  readonly layout: Layout
  /** the same model with one world on the CPU: constants and first states come from there */
  readonly #host: Store
  readonly #gpu: GpuLayout
  readonly #varied: ReadonlySet<string>
  readonly #fromParameters: boolean
  readonly #template: Uint32Array<ArrayBuffer>
  readonly #nconmax: number | undefined
  readonly #nworld: number | undefined
  readonly #fused: boolean | undefined
  #engine: GpuEngine
  #loaded: Loaded | undefined
  /** kernels by what they are compiled for */
  readonly #built = new Map<string, Promise<Built>>()
  #room: Room | undefined
  /** rows of the ring of commands: it only grows, so that kernels are not compiled for every longest delay */
  #nring = 0
  /** runs one after the other: they share the buffers */
  #turn: Promise<unknown> = Promise.resolve()
  #disposed = false

  private constructor(
    engine: GpuEngine,
    cpu: Engine,
    readonly model: Model,
    { varied, keyframe, nconmax, nworld, fused }: RolloutOptions,
  ) {
    this.#engine = engine
    this.#nconmax = nconmax
    this.#nworld = nworld
    this.#fused = fused
    this.#varied = variedFields(varied)
    this.#fromParameters = startsFromParameters(this.#varied, keyframe)
    this.#host = new Store(cpu, model, 1, 1, nconmax)
    this.layout = this.#host.layout
    try {
      if (this.#varied.size > 0) this.#host.open(this.#varied)
      reset(this.#host, undefined, { keyframe }, new Uint32Array(1), 0)
      this.#gpu = layOutGpu(topology(model, new Set(), nconmax, 1).sizes)
      this.#template = this.#stateWords()
    } catch (error) {
      this.#host.release()
      throw error
    }
  }

  /** @throws {ParameterError} KEYFRAME; @throws {BackendError} WEBGPU_MISSING, NO_ADAPTER, NO_DEVICE, WASM_MISSING, OUT_OF_MEMORY */
  static async open(model: Model, options: RolloutOptions): Promise<GpuRollout> {
    return new GpuRollout(await GpuEngine.open(), await Engine.open(), model, options)
  }

  /** the state that episodes begin with */
  #stateWords(): Uint32Array<ArrayBuffer> {
    const { w, dsize, sizes } = this.#gpu
    const out = new Float32Array(dsize)
    for (const field of [...worldFields, ...snapshotFields])
      out.set(this.#host.readWorld(field.name, fieldSize(field, sizes)), w.get(field.name) as number)
    return new Uint32Array(out.buffer)
  }

  readonly #placeOf: PlaceOf = (field, e) => {
    const at = this.#gpu.p.get(field)
    return at === undefined ? undefined : at + e
  }

  load(program: Program, network: Network, settings: RolloutSettings, texts?: RolloutTexts): void {
    if (this.#loaded) throw new TaskError('LOADED', 'a rollout takes one program')
    checkProgram(this.model, program, network)
    if (!texts)
      throw new TaskError('TEXTS', "a rollout on 'webgpu' needs the texts of the task and the policy (textsOf)")
    // torques of contacts are about the centres of mass of the timestep
    if (program.needs & TASK_NEED.CONTACT_FORCES) this.#host.spatial()
    const places = parameterPlaces(this.model, this.#varied, this.#placeOf)
    const table = new Table()
    const at = {
      delayof: table.put(settings.delayOf ?? new Int32Array(program.command.length).fill(-1)),
      template: table.put(this.#template),
      valueof: table.put(places),
      network: table.put(
        Int32Array.from(network.layers.flatMap(layer => LAYER_WORDS.map(word => Number(layer[word])))),
      ),
      normals: table.put(normalTable()),
    }
    const { words } = table
    // the rest differs by run, at places that do not
    const theta = words.length
    const mean = theta + network.nparam
    const scale = mean + network.nobs
    const record = scale + network.nobs
    this.#loaded = {
      ...{ program, network, settings, texts, words, record },
      task: texts.task(),
      at: { ...at, theta, mean, scale },
      nvalue: places.length,
    }
  }

  stateOffset(field: string, e: number): number {
    return (this.layout.d.get(field) as number) + V * e
  }

  run(episodes: Episodes, members: Members, options: RunOptions = {}): Promise<RolloutResult> {
    const result = this.#turn.then(() => this.#run(episodes, members, options))
    this.#turn = result.catch(() => {})
    return result
  }

  /** @throws {TaskError} NOT_LOADED */
  #alive(): Loaded {
    if (!this.#loaded || this.#disposed)
      throw new TaskError('NOT_LOADED', 'a rollout needs a program, and must not be disposed')
    return this.#loaded
  }

  async #run(episodes: Episodes, members: Members, options: RunOptions): Promise<RolloutResult> {
    const loaded = this.#alive()
    const { program, network, settings } = loaded
    const { normalizer, collect = false, tracks = [] } = options
    checkLengths(network, program, episodes, members, normalizer)
    const n = episodes.rows.length / 4
    const table = parameterTable(this.model, this.#varied, this.#placeOf, loaded, episodes)
    const needed = ringRows(this.model, settings, episodes.parameters)
    // room in steps of two: a ring of another length is another kernel
    if (needed > this.#nring) this.#nring = Math.max(1, this.#nring)
    while (this.#nring < needed) this.#nring *= 2
    const listed = tracks.flatMap(track => [track.kind, this.#trackPlace(track, loaded)])

    // nothing of an earlier run is needed: a GPU that went away is opened again
    if (this.#engine.lost) this.#forget(await GpuEngine.open())
    const engine = this.#engine
    engine.check()
    const build = this.#buildOf(loaded, members, normalizer)
    const room = await this.#makeRoom(n, rolloutWork(build, loaded.task.nio))
    const built = await this.#kernels(loaded, build)
    const { nlane } = room

    const nout = OUT.FIRST + program.terms.length + program.metrics.length
    const out = FIRST_OUT + nlane
    const obsums = out + n * nout
    const trackout = obsums + (collect ? 2 * n * network.nobs : 0)
    const osize = trackout + n * settings.T * tracks.length
    const words = this.#runWords(loaded, members, normalizer, {
      nepisode: n,
      out,
      obsums: collect ? obsums : 0,
      trackout: tracks.length > 0 ? trackout : 0,
      ntrack: tracks.length,
      ...{ table, listed, inputs: episodes.inputs },
    })
    this.#hold(room, 'T', loaded.words.length + words.length, `the members and parameters of ${n} episodes`)
    this.#hold(room, 'O', osize, `the results of ${n} episodes`)
    if (!room.filled) engine.write(room.buffers.T, 0, loaded.words)
    room.filled = true
    engine.write(room.buffers.T, loaded.words.length, words)
    engine.clear(room.buffers.O, osize)

    await this.#play(built, room, n, loaded)
    const results = await engine.read(room.buffers.O, out, osize - out)
    const f32 = new Float32Array(results.buffer)
    return resultOf(f32, n, program, {
      observations: collect ? f32.slice(obsums - out, trackout - out) : undefined,
      tracks: tracks.length > 0 ? f32.slice(trackout - out) : undefined,
    })
  }

  /** theta, normaliser, record, and the tables that the record points to: T from where the fixed part ends */
  #runWords(
    loaded: Loaded,
    members: Members,
    normalizer: FrozenNormalizer | undefined,
    run: {
      readonly nepisode: number
      readonly out: number
      readonly obsums: number
      readonly ntrack: number
      readonly trackout: number
      readonly table: { readonly values: Float32Array; readonly rows: Int32Array }
      readonly listed: readonly number[]
      readonly inputs: Float32Array | undefined
    },
  ): Uint32Array<ArrayBuffer> {
    const { network, program, settings, at, record } = loaded
    const { theta, mean, scale } = at
    const begin = loaded.words.length
    const words = new Uint32Array(record + ROLLOUT.length - begin)
    const f32 = new Float32Array(words.buffer)
    if (members.theta.length === network.nparam) f32.set(members.theta, theta - begin)
    if (normalizer) {
      f32.set(normalizer.center, mean - begin)
      f32.set(normalizer.scale, scale - begin)
    }
    const rest = new Table(record + ROLLOUT.length)
    const put = (values: Float32Array | Int32Array | undefined): number => (values ? rest.put(values) : 0)
    const [seedlo, seedhi] = seedWords(settings.seed)
    const [thetalo, thetahi] = seedWords(members.seed ?? 0)
    const { nepisode, out, obsums, ntrack, trackout } = run
    const asked: Partial<Record<(typeof ROLLOUT)[number], number>> = {
      ...{ nepisode, seedlo, seedhi, thetalo, thetahi, out, obsums, ntrack, trackout },
      next: FIRST_OUT,
      episodes: put(run.table.rows),
      inputs: program.ninput > 0 ? put(run.inputs) : 0,
      values: put(run.table.values),
      sigma: bits(members.sigma ?? 0),
      sigmas: put(members.sigmas),
      members: put(members.members),
      generation: members.generation ?? 0,
      track: put(Int32Array.from(run.listed)),
    }
    ROLLOUT.forEach((name, i) => {
      words[record - begin + i] = asked[name] ?? 0
    })
    const behind = rest.words
    const all = new Uint32Array(words.length + behind.length)
    all.set(words)
    all.set(behind, words.length)
    return all
  }

  /** Where the kernels have what a track names. @throws {TaskError} TRACK */
  #trackPlace({ kind, index }: Track, { program, task }: Loaded): number {
    if (kind === TRACK.STATE) {
      const [name, at] = [...this.layout.d].filter(([, at]) => at <= index).sort((a, b) => b[1] - a[1])[0]
      return (this.#gpu.w.get(name) as number) + (index - at) / V
    }
    const place = (name: string, k: number): number | undefined => (k < 0 ? undefined : task.places[name] + k)
    const within = (first: number, count: number): number =>
      index >= first && index < first + count ? index - first : -1
    const found =
      kind === TRACK.OBSERVE
        ? place('OBSERVATION', program.observation.indexOf(index))
        : (place('ACTION', within(program.action, program.nact)) ??
          place('TERM', program.terms.indexOf(index)) ??
          place('METRIC', program.metrics.indexOf(index)) ??
          place('COMMAND', program.command.indexOf(index)) ??
          place('DELAYED', within(program.delayed, program.command.length)))
    if (found === undefined)
      throw new TaskError(
        'TRACK',
        `a GPU keeps no register ${index}: record observations, actions, commands, terms, metrics or the state`,
      )
    return found
  }

  // ---------------------------------------------------------------- kernels and buffers

  /** what is compiled or kept on a device that is gone */
  #forget(engine: GpuEngine): void {
    this.#engine = engine
    this.#built.clear()
    this.#room = undefined
  }

  /** What the kernels of a run are compiled for. */
  #buildOf(loaded: Loaded, { perturb, rank = 0 }: Members, normalizer: FrozenNormalizer | undefined): RolloutBuild {
    const { program, network, settings, nvalue } = loaded
    const clip = normalizer && Number.isFinite(normalizer.clip) ? normalizer.clip : 0
    const at = normalizer ? loaded.at : { ...loaded.at, mean: 0, scale: 0 }
    const [nring, fromParameters] = [this.#nring, this.#fromParameters]
    return { program, network, settings, perturb, rank, nring, clip, nvalue, fromParameters, at }
  }

  #kernels(loaded: Loaded, build: RolloutBuild): Promise<Built> {
    const { perturb, rank, nring, clip, at } = build
    const key = [perturb, rank, nring, clip, at.mean].join()
    let known = this.#built.get(key)
    if (!known) {
      known = this.#compile(loaded, build)
      this.#built.set(key, known)
      known.catch(() => this.#built.delete(key))
    }
    return known
  }

  async #compile({ task, texts }: Loaded, build: RolloutBuild): Promise<Built> {
    const host = this.#host
    host.constants()
    const gpu = this.#gpu
    const sizes = { ...gpu.sizes, ...headerWords(host, [...SHORTCUTS, 'nfriction', 'xfrc']) }
    const constants = new Map<string, number | Typed>([
      ...modelConstants(this.model, topology(this.model, this.#varied, this.#nconmax, 1), { ...gpu, sizes }),
      ...programConstants(),
      ...rolloutConstants(build),
      ['f_sensornoise', 0],
      ['f_dsize', gpu.dsize],
    ])
    const own = [
      { path: 'rollout/task', text: task.text },
      { path: 'rollout/policy', text: texts.policy(build.network, build.perturb, build.rank) },
    ]
    const engine = this.#engine
    const kernel = (name: string) => engine.kernel({ path: 'rollout/entry', name }, constants, own)
    const { needs } = build.program
    // stages leave out what only the last timestep of a control step has
    const fused =
      build.settings.frameSkip === 0 || (needs & TASK_NEED.ACCELERATION) !== 0 || stepIsSmall(engine, constants)
    const [start, begin, steps] = await Promise.all([
      kernel('rolloutStart'),
      kernel('rolloutBegin'),
      (this.#fused ?? fused) ? kernel('rolloutSteps') : this.#parts(kernel, constants, build.settings.frameSkip),
    ])
    return { start, begin, steps, beginning: new Pace(engine), playing: new Pace(engine) }
  }

  /** A control step, dispatch by dispatch. */
  async #parts(
    kernel: (name: string) => Promise<Kernel>,
    constants: Constants,
    frameSkip: number,
  ): Promise<readonly Part[]> {
    const stage = (name: string) => this.#engine.kernel({ path: 'index', name }, constants)
    const [[command, control, reward], { stages }] = await Promise.all([
      Promise.all(['rolloutCommand', 'rolloutControl', 'rolloutReward'].map(kernel)),
      stagesOf(stage, this.model, this.#gpu.sizes.ncand > 0),
    ])
    const part = (kernel: Kernel, words: CallWords = {}): Part => ({ kernel, words })
    const parts = [part(command)]
    for (let a1 = 0; a1 < frameSkip; a1++) {
      parts.push(part(control, { a1 }))
      // 2: timesteps follow, so that nothing is kept for those who look
      for (const { kernel, a0 } of stages) parts.push(part(kernel, { a0, nstep: 2 }))
    }
    return [...parts, part(reward)]
  }

  /** Worlds for n episodes: those there are when they suffice, else as many as episodes, or as fit. */
  async #makeRoom(n: number, work: number): Promise<Room> {
    const wanted = align(this.#nworld ?? n)
    const old = this.#room
    const most = this.#mostWorlds(Math.max(work, old?.work ?? 0))
    if (this.#nworld !== undefined && align(this.#nworld) > most)
      throw new BackendError(
        'OUT_OF_MEMORY',
        `${this.#nworld} worlds: a buffer of '${this.#engine.adapter.description}' has room for ${most}; ask for fewer, or a smaller nconmax`,
      )
    if (old && old.work >= work && (old.nlane >= wanted || old.nlane >= most)) return old
    for (let nlane = Math.max(WORKGROUP, Math.min(wanted, most)); ; nlane = align(nlane / 2)) {
      this.#drop()
      try {
        const room = await this.#allocate(nlane, Math.max(work, old?.work ?? 0))
        await this.#engine.finished()
        this.#room = room
        return room
      } catch (error) {
        // fewer worlds do as well, where nobody asked for so many
        const fewer = (error as { code?: string }).code === 'OUT_OF_MEMORY' && this.#nworld === undefined
        if (!fewer || nlane <= WORKGROUP) throw error
      }
    }
  }

  /** worlds that the longest of their buffers has room for */
  #mostWorlds(work: number): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#engine.adapter.limits
    const words = Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4
    const each = Math.max(this.#gpu.wsize, work, this.#varied.size > 0 ? this.#gpu.psize : 0, 1)
    return Math.floor(words / each / WORKGROUP) * WORKGROUP
  }

  async #allocate(nlane: number, work: number): Promise<Room> {
    const engine = this.#engine
    const { wsize, psize, msize, p } = this.#gpu
    const perWorld = this.#varied.size > 0
    const taken: GPUBuffer[] = []
    const take = (words: number, what: string): GPUBuffer => {
      const buffer = engine.buffer(4 * words, what)
      taken.push(buffer)
      return buffer
    }
    const host = this.#host
    host.constants()
    try {
      const buffers = {
        M: take(msize, 'the model'),
        P: take(psize * (perWorld ? nlane : 1), `the physical parameters of ${nlane} worlds`),
        W: take(wsize * nlane, `the state of ${nlane} worlds (${bytesInWords(4 * wsize)} each)`),
        T: take(psize, 'a table'),
        E: take(work * nlane, `the policies and sums of ${nlane} worlds`),
        O: take(4, 'results'),
      }
      const { tables, sizes } = topology(this.model, this.#varied, this.#nconmax, 1)
      const words = modelWords(this.model, { tables, sizes }, this.#gpu)
      for (const name of ['friction_dof', 'lnk_flags'])
        words.set(headerTable(host, name), this.#gpu.m.get(name) as number)
      engine.write(buffers.M, 0, words)
      const shared = parameterWords(host, p)
      if (!perWorld) engine.write(buffers.P, 0, shared)
      else {
        engine.write(buffers.T, 0, shared)
        const spread = await engine.kernel({ path: 'transfer', name: 'spread' }, new Map())
        engine.dispatch(spread, engine.bind(buffers), { npar: nlane, a1: psize }, psize * nlane)
      }
      return { nlane, work, buffers, group: undefined, filled: false }
    } catch (error) {
      for (const buffer of taken) buffer.destroy()
      throw error
    }
  }

  /** Have a buffer hold so many words; a new one is empty. */
  #hold(room: Room, name: 'T' | 'O', words: number, what: string): void {
    const buffers = room.buffers as Record<'T' | 'O', GPUBuffer>
    if (buffers[name].size >= 4 * words) return
    const buffer = this.#engine.buffer(4 * words, what)
    buffers[name].destroy()
    buffers[name] = buffer
    room.group = undefined
    if (name === 'T') room.filled = false
  }

  #drop(): void {
    for (const buffer of Object.values(this.#room?.buffers ?? {})) buffer.destroy()
    this.#room = undefined
  }

  // ---------------------------------------------------------------- dispatches

  /** Play all episodes to their ends. @throws {DeviceLostError} */
  async #play(
    { start, begin, steps, beginning, playing }: Built,
    room: Room,
    n: number,
    { settings: { T }, record }: Loaded,
  ): Promise<void> {
    const engine = this.#engine
    const { nlane, buffers } = room
    room.group ??= engine.bind(buffers)
    const { group } = room
    const active = Math.min(n, this.#nworld ?? nlane, nlane)
    const call: CallWords = { nworld: active, nlane, npar: this.#varied.size > 0 ? nlane : 1, a0: record }
    const play = (nstep: number) => (first: number, count: number) => {
      if ('pipeline' in steps) engine.dispatch(steps, group, { ...call, first, count, nstep }, count)
      else engine.dispatchAll(steps, group, { ...call, first }, count, nstep)
    }
    engine.dispatch(start, group, { ...call, count: active }, active)

    // worlds go on to other episodes where there are more of them than worlds
    const most = n > active ? Math.ceil(T / REFILLS) : T
    const bound = Math.ceil(n / active) * (T + most)
    let done = 0
    // a wait that tells something
    const count = async (): Promise<void> => {
      done = sum(await engine.read(buffers.O, FIRST_OUT, active))
      this.#alive()
    }
    playing.restart()
    beginning.restart()
    for (let played = 0; ; ) {
      if (played === 0 || n > active) {
        const all = (first: number, count: number) => engine.dispatch(begin, group, { ...call, first, count }, count)
        await beginning.sweep(all, active, 1)
      }
      const k = Math.min(most, playing.steps(active))
      await playing.sweep(play(k), active, k, count)
      if (done === n) return
      played += k
      if (played > bound)
        throw new BackendError('ROLLOUT', `${n - done} of ${n} episodes did not end on '${engine.adapter.description}'`)
    }
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#drop()
    this.#host.release()
    // freed memory comes back when the queue has turned once more
    if (!this.#engine.lost) this.#engine.device.queue.submit([])
  }
}

const align = (n: number): number => Math.ceil(n / WORKGROUP) * WORKGROUP

function sum(words: Uint32Array): number {
  let total = 0
  for (const x of words) total += x
  return total
}
