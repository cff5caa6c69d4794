/** Episodes on the CPU engine: what assembly/rollout/episode.ts reads and writes, laid out in linear memory. */
import { TaskError } from '../../errors.js'
import { seedWords } from '../../math/index.js'
import type { Model } from '../../model/model.js'
import {
  LAYER_WORDS,
  memorySize,
  type Network,
  OUT,
  type Program,
  ROLLOUT,
  SEGMENTS,
  TASK_NEED,
} from '../../program.js'
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
  wideSize,
} from '../episodes.js'
import { historyBuffers } from '../histories.js'
import type { Layout } from '../layout.js'
import { normalsAt } from '../normals.js'
import { reset } from '../reset.js'
import type {
  Episodes,
  Members,
  Rollout,
  RolloutOptions,
  RolloutResult,
  RolloutSettings,
  RunOptions,
} from '../rollout.js'
import { Store } from '../store.js'
import { ROLLOUT as COMMAND } from './control.js'
import type { Engine } from './engine.js'

const wordOf = new Map(ROLLOUT.map((name, i) => [name as string, i]))

/** Rollouts on the CPU engine: every thread takes episodes, four to a block. */
export class WasmRollout implements Rollout {
  readonly backend = 'wasm'
  readonly layout: Layout
  readonly #store: Store
  readonly #template: number
  readonly #shared: Int32Array
  readonly #varied: ReadonlySet<string>
  readonly #fromParameters: boolean
  readonly #fixed: [address: number, bytes: number][] = []
  #loaded: { program: Program; network: Network; settings: RolloutSettings; words: Int32Array } | undefined
  #disposed = false

  /** @internal */
  constructor(
    readonly engine: Engine,
    readonly model: Model,
    readonly workers: number,
    options: RolloutOptions,
  ) {
    const { varied, keyframe, nconmax } = options
    this.#store = new Store(engine, model, 4 * workers, workers, nconmax)
    this.layout = this.#store.layout
    this.#varied = variedFields(varied)
    const { dbytes } = this.layout
    try {
      if (this.#varied.size > 0) this.#store.open(this.#varied)
      reset(this.#store, undefined, { keyframe }, new Uint32Array(4 * workers), 0)
      this.#template = this.#keep(dbytes)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
    const bytes = new Uint8Array(engine.memory.buffer)
    bytes.copyWithin(this.#template, this.#store.d, this.#store.d + dbytes)
    const history = this.layout.d.get('history') as number
    this.#shared = Int32Array.from(
      historyBuffers(model)
        .map(({ adr }) => history + 16 * (adr + 1))
        .sort((a, b) => a - b),
    )
    this.#fromParameters = startsFromParameters(this.#varied, keyframe)
  }

  #keep(bytes: number): number {
    const address = this.engine.arena.alloc(bytes)
    this.#fixed.push([address, bytes])
    return address
  }

  #keepWords(values: ArrayLike<number>, float = false): number {
    const address = this.#keep(4 * Math.max(1, values.length))
    if (float) new Float32Array(this.engine.memory.buffer).set(values, address / 4)
    else new Int32Array(this.engine.memory.buffer).set(values, address / 4)
    return address
  }

  load(program: Program, network: Network, settings: RolloutSettings): void {
    if (this.#loaded) throw new TaskError('LOADED', 'a rollout takes one program')
    checkProgram(this.model, program, network)
    // torques of contacts are about the centres of mass of the timestep
    if (program.needs & TASK_NEED.CONTACT_FORCES) this.#store.spatial()
    const words = new Int32Array(ROLLOUT.length)
    const [seedlo, seedhi] = seedWords(settings.seed)
    const set = (entries: Readonly<Partial<Record<(typeof ROLLOUT)[number], number>>>) => {
      for (const [name, value] of Object.entries(entries)) words[wordOf.get(name) as number] = value
    }
    const ncommand = program.command.length
    set({
      T: settings.T,
      frameskip: settings.frameSkip,
      nobs: network.nobs,
      nact: network.nact,
      nterm: program.terms.length,
      nmetric: program.metrics.length,
      ncommand,
      nslot: program.nslot,
      ninput: program.ninput,
      nreg: program.nreg,
      nconst: program.consts.length,
      needs: program.needs,
      seedlo,
      seedhi,
      actionreg: program.action,
      delayedreg: program.delayed,
      donereg: program.terminated,
      code: this.#keepWords(program.code),
      segments: this.#keepWords(SEGMENTS.flatMap(name => [...program.segments[name]])),
      consts: this.#keepWords(program.consts, true),
      obsreg: this.#keepWords(program.observation),
      commandreg: this.#keepWords(program.command),
      controlreg: this.#keepWords(program.control),
      termreg: this.#keepWords(program.terms),
      metricreg: this.#keepWords(program.metrics),
      delayof: this.#keepWords(settings.delayOf ?? new Int32Array(ncommand).fill(-1)),
      template: this.#template,
      nshared: this.#shared.length,
      shared: this.#keepWords(this.#shared),
      network: this.#keepWords(network.layers.flatMap(layer => LAYER_WORDS.map(word => Number(layer[word])))),
      nlayer: network.layers.length,
      nparam: network.nparam,
      nmemory: memorySize(network),
      normals: normalsAt(this.engine),
      nout: OUT.FIRST + program.terms.length + program.metrics.length,
      dbytes: this.layout.dbytes,
      fromparams: this.#fromParameters ? 1 : 0,
    })
    if (settings.delay) words[wordOf.get('delay') as number] = bits(settings.delay)
    if (settings.actionNoise) words[wordOf.get('actionnoise') as number] = bits(settings.actionNoise)
    this.#loaded = { program, network, settings, words }
  }

  stateOffset(field: string, e: number): number {
    return (this.layout.d.get(field) as number) + 16 * e
  }

  readonly #placeOf: PlaceOf = (field, e) => {
    const at = this.layout.p.get(field)
    return at === undefined ? undefined : at + 16 * e
  }

  async run(episodes: Episodes, members: Members, options: RunOptions = {}): Promise<RolloutResult> {
    const loaded = this.#loaded
    if (!loaded || this.#disposed)
      throw new TaskError('NOT_LOADED', 'a rollout needs a program, and must not be disposed')
    const { program, network } = loaded
    const { arena, memory } = this.engine
    const n = episodes.rows.length / 4
    checkLengths(network, program, episodes, members, options.normalizer)
    const words = loaded.words.slice()
    const taken: [number, number][] = []
    const take = (bytes: number): number => {
      const size = Math.max(bytes, 4)
      const address = arena.alloc(size)
      taken.push([address, size])
      return address
    }
    const write = (values: Float32Array | Int32Array): number => {
      const address = take(4 * values.length)
      if (values instanceof Float32Array) new Float32Array(memory.buffer).set(values, address / 4)
      else new Int32Array(memory.buffer).set(values, address / 4)
      return address
    }
    const set = (name: (typeof ROLLOUT)[number], value: number) => {
      words[wordOf.get(name) as number] = value
    }
    try {
      set('nepisode', n)
      set('next', 0)
      if (program.ninput > 0) set('inputs', write(episodes.inputs as Float32Array))
      const table = parameterTable(this.model, this.#varied, this.#placeOf, loaded, episodes)
      const places = parameterPlaces(this.model, this.#varied, this.#placeOf)
      set('episodes', write(table.rows))
      set('nvalue', places.length)
      if (places.length > 0) {
        set('valueof', write(places))
        set('values', write(table.values))
      }
      set('nring', ringRows(this.model, loaded.settings, episodes.parameters))
      const { perturb, rank = 0, sigma = 0, seed = 0 } = members
      const nwide = wideSize(network, perturb, rank)
      const [lo, hi] = seedWords(seed)
      set('theta', write(members.theta))
      set('sigma', bits(sigma))
      if (members.sigmas) set('sigmas', write(members.sigmas))
      set('perturb', perturb)
      if (members.members) set('members', write(members.members))
      set('thetalo', lo)
      set('thetahi', hi)
      set('generation', members.generation ?? 0)
      set('rank', rank)
      set('nwide', nwide)
      if (options.normalizer) {
        set('mean', write(options.normalizer.center))
        set('scale', write(options.normalizer.scale))
        set('clip', bits(options.normalizer.clip))
      }
      const nout = words[wordOf.get('nout') as number]
      const out = take(4 * n * nout)
      set('out', out)
      const obsums = options.collect ? take(8 * n * network.nobs) : 0
      set('obsums', obsums)
      const tracks = options.tracks ?? []
      const trackBytes = 4 * n * loaded.settings.T * tracks.length
      const trackout = tracks.length > 0 ? take(trackBytes) : 0
      set('ntrack', tracks.length)
      if (tracks.length > 0) {
        set('track', write(Int32Array.from(tracks.flatMap(t => [t.kind, t.index]))))
        set('trackout', trackout)
      }
      const r = take(4 * words.length)
      const writeRecord = () => new Int32Array(memory.buffer).set(words, r / 4)
      writeRecord()
      const workbytes = Math.ceil(this.engine.exports.rolloutWork(r) / 64) * 64
      set('workbytes', workbytes)
      set('work', take(workbytes * this.workers))
      writeRecord()
      this.#store.run(COMMAND, r, this.workers)

      const f32 = new Float32Array(memory.buffer)
      const rows = f32.subarray(out / 4, out / 4 + n * nout)
      return resultOf(rows, n, program, {
        observations: obsums === 0 ? undefined : f32.slice(obsums / 4, obsums / 4 + 2 * n * network.nobs),
        tracks: trackout === 0 ? undefined : f32.slice(trackout / 4, (trackout + trackBytes) / 4),
      })
    } finally {
      for (const [address, bytes] of taken) arena.release(address, bytes)
    }
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    for (const [address, bytes] of this.#fixed) this.engine.arena.release(address, bytes)
    this.#store.release()
  }
}
