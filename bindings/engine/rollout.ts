/** Episodes inside the engine: what assembly/rollout/episode.ts reads and writes, laid out in linear memory. */
import { SizeError, TaskError } from '../errors.js'
import { seedWords } from '../math/index.js'
import type { Model } from '../model/model.js'
import {
  LAYER,
  LAYER_WORDS,
  memorySize,
  type Network,
  OUT,
  PERTURB,
  type Program,
  ROLLOUT,
  SEGMENTS,
  TASK_NEED,
} from '../program.js'
import { checkContacts } from './candidates.js'
import { historyBuffers } from './histories.js'
import type { Layout } from './layout.js'
import { normalsAt } from './normals.js'
import { reset } from './reset.js'
import { boundingRadii, Store } from './store.js'
import { ROLLOUT as COMMAND } from './wasm/control.js'
import { Engine } from './wasm/engine.js'

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

const wordOf = new Map(ROLLOUT.map((name, i) => [name as string, i]))
/** Numbers of a member that differ by world: parameters, or factors and vectors of a perturbation of low rank. */
export function wideSize(network: Network, perturb: number, rank: number): number {
  if (perturb === PERTURB.NONE) return 0
  if (perturb !== PERTURB.LOWRANK) return network.nparam
  let n = 0
  for (const { kind, nin, nout, bias } of network.layers) {
    const gates = kind === LAYER.DENSE ? 1 : kind === LAYER.GRU ? 3 : 4
    n += (gates * nout + nin) * rank
    if (kind === LAYER.DENSE) n += bias ? nout : 0
    else n += (gates * nout + nout) * rank + (kind === LAYER.GRU ? 4 : gates) * nout
  }
  return n
}

/**
 * Episodes of one model and task. Create with openRollout, load a program, run; dispose when done.
 */
export class Rollout {
  readonly layout: Layout
  readonly #store: Store
  readonly #template: number
  readonly #shared: Int32Array
  readonly #varied: ReadonlySet<string>
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
    const { varied = [], keyframe, nconmax } = options
    this.#store = new Store(engine, model, 4 * workers, workers, nconmax)
    this.layout = this.#store.layout
    this.#varied = new Set(varied)
    if (this.#varied.has('geom_size')) this.#varied = new Set([...varied, 'geom_rbound'])
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
    this.#fromParameters =
      keyframe === undefined &&
      (this.#varied.has('qpos0') || this.#varied.has('body_pos') || this.#varied.has('body_quat'))
  }

  readonly #fromParameters: boolean

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

  /** Take a task's program, compiled for this rollout's layout, and the architecture of its policy; once. */
  load(program: Program, network: Network, settings: RolloutSettings): void {
    if (this.#loaded) throw new TaskError('LOADED', 'a rollout takes one program')
    if (network.nobs !== program.observation.length || network.nact !== program.nact)
      throw new SizeError(
        'POLICY_SIZE',
        `policy: it maps ${network.nobs} observations to ${network.nact} actions, the task has ` +
          `${program.observation.length} and ${program.nact}`,
      )
    if (program.control.length !== this.model.nu)
      throw new SizeError('SIZE', `program: it has ${program.control.length} controls, the model nu = ${this.model.nu}`)
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

  /** Byte offset of element e of a state or result field in a block: what a STATE track names. */
  stateOffset(field: string, e: number): number {
    return (this.layout.d.get(field) as number) + 16 * e
  }

  /**
   * Run every episode of a list.
   *
   * @param options.collect sums of observations are wanted
   * @throws {SizeError} when a length does not fit; @throws {BackendError} OUT_OF_MEMORY
   * @throws {TaskError} PARAMETERS for a field that was not announced; DELAY when delays differ by episode that no command has
   */
  run(
    episodes: Episodes,
    members: Members,
    options: {
      readonly normalizer?: FrozenNormalizer
      readonly collect?: boolean
      readonly tracks?: readonly Track[]
    } = {},
  ): RolloutResult {
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
      const table = this.#parameterTable(episodes)
      set('episodes', write(table.rows))
      set('nvalue', table.places.length)
      if (table.places.length > 0) {
        set('valueof', write(table.places))
        set('values', write(table.values))
      }
      set('nring', this.#ringRows(loaded.settings, episodes.parameters))
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
      const column = (k: number) => Float32Array.from({ length: n }, (_, i) => rows[i * nout + k])
      const block = (first: number, size: number) => {
        const values = new Float32Array(n * size)
        for (let i = 0; i < n; i++) values.set(rows.subarray(i * nout + first, i * nout + first + size), i * size)
        return values
      }
      return {
        returns: column(OUT.RETURN),
        lengths: Int32Array.from(column(OUT.LENGTH)),
        ends: Int32Array.from(column(OUT.END)),
        terms: block(OUT.FIRST, program.terms.length),
        metrics: block(OUT.FIRST + program.terms.length, program.metrics.length),
        observations: obsums === 0 ? undefined : f32.slice(obsums / 4, obsums / 4 + 2 * n * network.nobs),
        tracks: trackout === 0 ? undefined : f32.slice(trackout / 4, (trackout + trackBytes) / 4),
      }
    } finally {
      for (const [address, bytes] of taken) arena.release(address, bytes)
    }
  }

  /**
   * Places in p and values of the parameters of every row, and the rows of the list with a row of the table each. Every field
   * that may differ by episode stands in it, so that nothing of an earlier episode stays; the last row is the model's own.
   *
   * @throws {TaskError} PARAMETERS for a field not opened, DELAY; @throws {SizeError} SIZE
   */
  #parameterTable({ rows, parameters = new Map() }: Episodes): {
    places: Int32Array
    values: Float32Array
    rows: Int32Array
  } {
    const sizes = parameters.get('geom_size')
    const given = sizes ? new Map([...parameters, ['geom_rbound', boundingRadii(this.model, sizes)]]) : parameters
    for (const name of given.keys())
      if (!this.#varied.has(name) || !this.layout.p.has(name))
        throw new TaskError('PARAMETERS', `parameters: '${name}' was not announced when the rollout was opened`)
    this.#refuseDelays(parameters.get('actuator_delay'))
    const places: number[] = []
    let nrow = given.size === 0 ? 0 : -1
    const columns: { values: Float64Array | undefined; own: Float64Array; size: number }[] = []
    for (const name of this.#varied) {
      const at = this.layout.p.get(name)
      const own = this.model.field[name] as Float64Array
      const size = own.length
      if (at === undefined || size === 0) continue
      const values = given.get(name)
      if (values !== undefined) {
        const found = values.length / size
        if (!Number.isInteger(found) || (nrow >= 0 && found !== nrow))
          throw new SizeError(
            'SIZE',
            `parameters: ${name} has length ${values.length}, expected ${nrow >= 0 ? nrow : 'rows'} * ${size}`,
          )
        nrow = found
      }
      for (let e = 0; e < size; e++) places.push(at + 16 * e)
      columns.push({ values, own, size })
    }
    const table = new Float32Array((nrow + 1) * places.length)
    for (let i = 0, o = 0; i <= nrow; i++)
      for (const { values, own, size } of columns) {
        table.set(i < nrow && values ? values.subarray(i * size, (i + 1) * size) : own, o)
        o += size
      }
    const n = rows.length / 4
    const each = rows.slice()
    for (let i = 0; i < n; i++) {
      const row = rows[4 * i + 3]
      if (row >= nrow || row < -1)
        throw new SizeError('SIZE', `parameters: got ${nrow} rows, an episode asks for ${row}`)
      if (row === -1 && places.length > 0) each[4 * i + 3] = nrow
    }
    return { places: Int32Array.from(places), values: table, rows: each }
  }

  /** Delays that differ by episode, of actuators without history whose commands are not delayed by them, would do nothing. */
  #refuseDelays(delays: Float64Array | undefined): void {
    const { program, settings } = this.#loaded as { program: Program; settings: RolloutSettings }
    if (delays === undefined) return
    const { field, nactuator, names } = this.model
    const int = (name: string) => field[name] as Int32Array
    const own = field.actuator_delay as Float64Array
    for (let a = 0; a < nactuator; a++) {
      if (int('actuator_history')[2 * a] > 0) continue
      if (!settings.delay && settings.delayOf?.includes(a)) continue
      const adr = int('actuator_ctrladr')[a]
      const moved = program.control.subarray(adr, adr + int('actuator_ctrlnum')[a]).some(register => register >= 0)
      let differs = false
      for (let i = a; i < delays.length && !differs; i += nactuator) differs = delays[i] !== own[a]
      if (moved && differs)
        throw new TaskError(
          'DELAY',
          `parameters: actuator_delay of actuator '${names.actuator[a] || a}' differs by episode, but the action has a ` +
            "delay of its own or commands that are not controls: say delay: 'actuator_delay', or give the actuator a history " +
            '(nsample)',
          { place: 'action' },
        )
    }
  }

  /** rows of the ring of commands: enough for the longest delay of any episode; 0 when nothing is delayed */
  #ringRows(settings: RolloutSettings, parameters: ReadonlyMap<string, Float64Array> | undefined): number {
    const { nactuator, field } = this.model
    const { delay = 0, delayOf = new Int32Array(0) } = settings
    const delays = parameters?.get('actuator_delay') ?? (field.actuator_delay as Float64Array)
    const steps = parameters?.get('opt_timestep') ?? (field.opt_timestep as Float64Array)
    let shortest = Number.POSITIVE_INFINITY
    for (const h of steps) shortest = Math.min(shortest, h)
    let longest = delay
    if (delay === 0)
      for (let i = 0; i < delays.length; i++)
        if (delayOf.includes(i % nactuator)) longest = Math.max(longest, delays[i])
    return longest === 0 ? 0 : Math.ceil(longest / (shortest * settings.frameSkip)) + 2
  }

  /** Give the memory back. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    for (const [address, bytes] of this.#fixed) this.engine.arena.release(address, bytes)
    this.#store.release()
  }
}

const f32 = new Float32Array(1)
/** the word of a single-precision number */
function bits(x: number): number {
  f32[0] = x
  return new Int32Array(f32.buffer)[0]
}

function checkLengths(
  network: Network,
  program: Program,
  { rows, inputs }: Episodes,
  members: Members,
  normalizer: FrozenNormalizer | undefined,
): void {
  const expect = (name: string, got: number, expected: number) => {
    if (got !== expected) throw new SizeError('SIZE', `${name}: got length ${got}, expected ${expected}`)
  }
  if (rows.length === 0 || rows.length % 4 !== 0)
    throw new SizeError('SIZE', `episodes: got ${rows.length} numbers, expected four an episode`)
  const n = rows.length / 4
  if (members.perturb !== PERTURB.ROWS) expect('theta', members.theta.length, network.nparam)
  if (members.sigmas) expect('sigmas', members.sigmas.length, network.nparam)
  if (members.perturb === PERTURB.ROWS) {
    const have = (members.members?.length ?? 0) / network.nparam
    for (let i = 0; i < n; i++)
      if (rows[4 * i] >= have)
        throw new SizeError('SIZE', `members: got ${have} rows, an episode asks for ${rows[4 * i]}`)
  }
  if (program.ninput > 0) expect('inputs', inputs?.length ?? 0, n * program.ninput)
  if (normalizer) {
    expect('center', normalizer.center.length, network.nobs)
    expect('scale', normalizer.scale.length, network.nobs)
  }
}

export interface RolloutOptions {
  /** threads, the caller's among them; default 1. Results do not depend on it. */
  readonly workers?: number
  /** model fields that differ by episode */
  readonly varied?: Iterable<string>
  /** state that episodes begin with; default qpos0 at rest */
  readonly keyframe?: number | string
  /** contacts a world has room for; default from the model */
  readonly nconmax?: number
}

/**
 * Memory and threads for episodes of a model.
 *
 * @throws {SizeError} WORKERS, NCONMAX; @throws {ParameterError} KEYFRAME
 * @throws {BackendError} WASM_MISSING, OUT_OF_MEMORY, NO_THREADS
 */
export async function openRollout(model: Model, options: RolloutOptions = {}): Promise<Rollout> {
  const { workers = 1 } = options
  if (!Number.isInteger(workers) || workers < 1)
    throw new SizeError('WORKERS', `workers: got ${workers}, expected a positive integer`)
  checkContacts(options.nconmax)
  const engine = await Engine.open()
  await engine.ensure(workers)
  return new Rollout(engine, model, workers, options)
}
