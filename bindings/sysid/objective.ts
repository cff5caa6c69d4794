import { ParameterError } from '../errors.js'
import { STATUS } from '../fields.js'
import type { Model } from '../model/model.js'
import type { ParameterSpace } from '../model/parameters.js'
import type { Recording } from '../recording/recording.js'
import { initialActivation } from './activation.js'
import { noiseLevel, resolveFilter } from './filter.js'
import { buildGrid, type Grid } from './grid.js'
import { type Layout, layOut, type ObjectiveChannel, recordWidth, type SeriesInfo, sensorDelays } from './layout.js'
import {
  cutSegments,
  type InitialOptions,
  type InitialStates,
  initialStates,
  moveState,
  type Segment,
  type WindowOptions,
} from './segments.js'

/** What the objective needs of an engine's Batch. */
export interface ReplayBatch {
  readonly nworld: number
  set(field: string, values: ArrayLike<number>): void
  get(field: string): Promise<Float32Array>
  reset(): void
  replay(options: {
    inputs: Float32Array
    channels: string[]
    interpolation: ('linear' | 'hold')[]
    nset: number
    rows: number
    inputOf: Int32Array
    start: Int32Array
    T: number
    nstep: number
    length: Int32Array
    record: string[]
  }): Promise<Record<string, Float32Array>>
  [Symbol.dispose](): void
}

export type BatchFactory = (
  model: Model,
  options: { nworld: number; workers?: number; seed?: number },
) => Promise<ReplayBatch>

export interface ObjectiveOptions extends WindowOptions, InitialOptions {
  /** factor of every channel's residuals, by channel name; default the channel's own `weight`, else 1 */
  weights?: Readonly<Record<string, number>>
  /** Huber threshold in scaled units: residuals beyond this many s_j count linearly; absent: squares */
  huber?: number
  /** s_j of channels, by output path, from another objective: held-out recordings are scored on the scale of the fit */
  scales?: ReadonlyMap<string, number>
  workers?: number
  seed?: number
  /** candidates evaluated in one batch; fewer where memory asks for it. Default 16 */
  candidates?: number
}

/** Cost of a candidate whose simulation left the finite numbers: above every honest cost, higher the more was lost. */
const DIVERGED = 1e30
/** what a batch and its recorded rows may take */
const MEMORY = 768 * 1024 * 1024

/**
 * The misfit between a model and recordings as a function of the parameters, many candidates at once: candidates times
 * segments are worlds, replayed inside the engine in one call.
 *
 * Cost (algorithms §2.1): L(θ) = Σ_j w_j² / Σ_j w_j² · mean_t ρ((ŷ_j(t; θ) - y_j(t)) / s_j), over measured channels j.
 * s_j is the standard deviation of the measured signal, so that channels weigh alike whatever their unit or length: the
 * scaling of MuJoCo's toolbox (|y|₂/√2 a column), but about the signal's mean. ρ is the square, or Huber's function.
 */
export class Objective {
  readonly model: Model
  readonly space: ParameterSpace
  readonly grid: Grid
  readonly segments: readonly Segment[]
  readonly initial: InitialStates
  readonly channels: readonly ObjectiveChannel[]
  readonly series: readonly SeriesInfo[]
  /** number of residuals */
  readonly nresidual: number
  /** Huber threshold of every weighted residual; undefined for squares */
  readonly thresholds: Float64Array | undefined
  /** measurement noise of every channel as the filter sees it, in weighted residuals */
  readonly noise: Float64Array
  /** candidates one batch holds */
  readonly capacity: number
  /** candidates evaluated so far */
  evaluations = 0
  /** candidates among them that left the finite numbers */
  diverged = 0

  private readonly batch: ReplayBatch
  /** per residual: place of its row in a world's recorded rows, distance to the next row, measured value, time */
  private readonly place: Int32Array
  private readonly between: Float64Array
  private readonly measured: Float64Array
  private readonly time: Float64Array
  private readonly ports: readonly { field: string; size: number }[]
  private readonly T: number
  private readonly huber: number
  // worlds: segment-major, so that neighbours in a block simulate the same stretch
  private readonly inputOf: Int32Array
  private readonly start: Int32Array
  private readonly length: Int32Array
  private readonly qpos: Float32Array
  private readonly qvel: Float32Array
  private readonly act: Float32Array
  private readonly scatter = new Map<string, Float64Array>()

  private constructor(init: {
    model: Model
    space: ParameterSpace
    grid: Grid
    segments: readonly Segment[]
    initial: InitialStates
    layout: Layout
    options: ObjectiveOptions
    batch: ReplayBatch
    capacity: number
  }) {
    const { model, grid, segments, initial, layout, options, capacity } = init
    this.model = model
    this.space = init.space
    this.grid = grid
    this.segments = segments
    this.initial = initial
    this.batch = init.batch
    this.capacity = capacity
    this.channels = layout.channels
    this.series = layout.series
    this.nresidual = layout.measured.length
    this.place = layout.place
    this.between = layout.between
    this.measured = layout.measured
    this.time = layout.time
    this.ports = layout.ports
    this.noise = Float64Array.from(layout.channels, (_, c) => this.noiseOf(c, options))
    this.T = segments.reduce((most, s) => Math.max(most, s.rows), 0)
    this.huber = options.huber ?? 0
    if (this.huber > 0) {
      this.thresholds = new Float64Array(this.nresidual)
      for (const s of this.series) {
        const t = s.factor * this.channels[s.channel].scale * this.huber
        this.thresholds.fill(t > 0 ? t : Number.MIN_VALUE, s.begin, s.end)
      }
    }
    const nworld = capacity * segments.length
    this.inputOf = new Int32Array(nworld)
    this.start = new Int32Array(nworld)
    this.length = new Int32Array(nworld)
    this.qpos = new Float32Array(nworld * model.nq)
    this.qvel = new Float32Array(nworld * model.nv)
    this.act = new Float32Array(nworld * model.na)
    for (let w = 0; w < nworld; w++) {
      const s = Math.floor(w / capacity)
      this.inputOf[w] = segments[s].trial
      this.start[w] = segments[s].start
    }
    this.moveStart()
  }

  /**
   * Resolves channels, cuts segments, filters initial states and opens one batch of worlds.
   *
   * @param createBatch the engine's, or a stand-in in tests
   * @throws {RecordingError} a channel that maps to nothing, a recording shorter than one window
   * @throws {ParameterError} options that make no sense; a space that changes the timestep
   */
  static async create(
    model: Model,
    recordings: readonly Recording[],
    space: ParameterSpace,
    options: ObjectiveOptions,
    createBatch: BatchFactory,
  ): Promise<Objective> {
    if (options.huber !== undefined && !(options.huber > 0))
      throw new ParameterError('HUBER', `huber: ${options.huber} is not a positive number`)
    const grid = buildGrid(model, recordings)
    const segments = cutSegments(grid, options)
    const initial = initialStates(model, grid, segments, options)
    const layout = layOut(grid, segments, options, sensorDelays(model, space, grid))
    const T = segments.reduce((most, s) => Math.max(most, s.rows), 0)
    const width = recordWidth(layout.ports)
    const bytes = segments.length * (T * width * 8 + 4096)
    const capacity = Math.max(1, Math.min(options.candidates ?? 16, Math.floor(MEMORY / bytes)))
    const batch = await createBatch(model, {
      nworld: capacity * segments.length,
      workers: options.workers,
      seed: options.seed ?? 0,
    })
    return new Objective({ model, space, grid, segments, initial, layout, options, batch, capacity })
  }

  /**
   * Moves the initial state of every segment away from the filtered one, until called again without an argument.
   * @param shift (nsegment, 2 ncoordinate) added to position and velocity of every coordinate
   */
  moveStart(shift?: Float64Array): void {
    const { model, segments, initial, capacity } = this
    const k = 2 * initial.coordinates.length
    for (let s = 0; s < segments.length; s++) {
      const q = Float64Array.from(initial.qpos.subarray(s * model.nq, (s + 1) * model.nq))
      const v = Float64Array.from(initial.qvel.subarray(s * model.nv, (s + 1) * model.nv))
      if (shift !== undefined) {
        initial.coordinates.forEach((coordinate, j) => {
          moveState(q, v, 0, 0, coordinate, shift[s * k + 2 * j], shift[s * k + 2 * j + 1])
        })
      }
      for (let c = 0; c < capacity; c++) {
        this.qpos.set(q, (s * capacity + c) * model.nq)
        this.qvel.set(v, (s * capacity + c) * model.nv)
      }
    }
  }

  /** |rounding|₂ of the whole residual vector, weighted: what float32 leaves undetermined. */
  get resolution(): number {
    let sum = 0
    for (const s of this.series) {
      const step = s.factor * this.channels[s.channel].rounding
      sum += (s.end - s.begin) * step * step
    }
    return Math.sqrt(sum)
  }

  /** s_j by output path, for held-out recordings. */
  get scales(): Map<string, number> {
    return new Map(this.channels.map(c => [c.path, c.scale]))
  }

  /**
   * Cost of candidates.
   * @param theta (count, nparam) natural units
   * @returns (count); a candidate that diverged has a finite cost above all others
   */
  async cost(theta: Float64Array, count: number): Promise<Float64Array> {
    const costs = new Float64Array(count)
    await this.evaluate(theta, count, (out, size, from, n) =>
      this.sumCosts(out, size, n, costs.subarray(from, from + n)),
    )
    return costs
  }

  /**
   * Weighted residuals of candidates: factor * (simulated - measured).
   * @returns (count, nresidual); rows of a candidate that diverged hold NaN
   */
  async residuals(theta: Float64Array, count: number): Promise<Float64Array> {
    const rows = new Float64Array(count * this.nresidual)
    await this.evaluate(theta, count, (out, size, from, n, lost) => {
      this.fillResiduals(out, size, n, rows.subarray(from * this.nresidual), true)
      for (let c = 0; c < n; c++)
        if (lost[c]) rows.fill(Number.NaN, (from + c) * this.nresidual, (from + c + 1) * this.nresidual)
    })
    return rows
  }

  /** Simulated minus measured, natural units, (count, nresidual); NaN where a world diverged. */
  async differences(theta: Float64Array, count: number): Promise<Float64Array> {
    const rows = new Float64Array(count * this.nresidual)
    await this.evaluate(theta, count, (out, size, from, n) =>
      this.fillResiduals(out, size, n, rows.subarray(from * this.nresidual), false),
    )
    return rows
  }

  /**
   * Weighted residuals with every segment's initial state moved along its coordinates: row 2c moves position c of all
   * segments by `step`, row 2c + 1 velocity c. One candidate, all segments at once.
   *
   * @param shifts (count, 2 ncoordinate) what to add to position and velocity of every coordinate
   */
  async shifted(theta: Float64Array, shifts: Float64Array, count: number): Promise<Float64Array> {
    const k = 2 * this.initial.coordinates.length
    const p = this.space.nparam
    const rows = new Float64Array(count * this.nresidual)
    for (let from = 0; from < count; from += this.capacity) {
      const n = Math.min(this.capacity, count - from)
      const repeated = new Float64Array(n * p)
      for (let c = 0; c < n; c++) repeated.set(theta.subarray(0, p), c * p)
      const qpos = Float32Array.from(this.qpos)
      const qvel = Float32Array.from(this.qvel)
      for (let s = 0; s < this.segments.length; s++) {
        for (let c = 0; c < n; c++) {
          const w = s * this.capacity + c
          const own = shifts.subarray((from + c) * k, (from + c + 1) * k)
          this.initial.coordinates.forEach((coordinate, j) => {
            moveState(qpos, qvel, w * this.model.nq, w * this.model.nv, coordinate, own[2 * j], own[2 * j + 1])
          })
        }
      }
      const { out, size } = await this.simulate(repeated, n, qpos, qvel)
      this.fillResiduals(out, size, n, rows.subarray(from * this.nresidual), true)
    }
    return rows
  }

  /** Costs from `differences`; a candidate that diverged has a finite cost above all others. */
  costOf(differences: Float64Array, count: number): Float64Array {
    const costs = new Float64Array(count)
    for (let k = 0; k < count; k++) {
      let bad = 0
      for (const s of this.series) {
        const scale = this.channels[s.channel].scale
        const part = s.factor * scale
        let sum = 0
        for (let i = s.begin; i < s.end; i++) {
          const e = Math.abs(differences[k * this.nresidual + i] / scale)
          sum += this.huber > 0 && e > this.huber ? 2 * this.huber * e - this.huber * this.huber : e * e
        }
        if (part === 0) continue
        if (sum * 0 === 0) costs[k] += part * part * sum
        else bad += s.end - s.begin
      }
      if (bad > 0) costs[k] = DIVERGED * (1 + bad / this.nresidual)
    }
    return costs
  }

  /** Measured values and time stamps (s) of a range of residuals. */
  samples(begin: number, end: number): { time: Float64Array; measured: Float64Array } {
    return { time: this.time.slice(begin, end), measured: this.measured.slice(begin, end) }
  }

  [Symbol.dispose](): void {
    this.batch[Symbol.dispose]()
  }

  /** Root mean square over recordings, weighted as residuals are. */
  private noiseOf(channel: number, options: ObjectiveOptions): number {
    let squares = 0
    let samples = 0
    this.grid.trials.forEach((trial, t) => {
      const own = trial.measured.find(m => m.port.path === this.channels[channel].path)
      const series = this.series.find(s => s.trial === t && s.channel === channel)
      if (own === undefined || series === undefined) return
      const level = series.factor * noiseLevel(own.channel, resolveFilter(options.filter, own.channel.time))
      squares += own.channel.time.length * level * level
      samples += own.channel.time.length
    })
    return samples === 0 ? 0 : Math.sqrt(squares / samples)
  }

  /** Runs candidates through the batch, as many at a time as it holds. */
  private async evaluate(
    theta: Float64Array,
    count: number,
    take: (out: readonly Float32Array[], size: readonly number[], from: number, n: number, lost: Uint8Array) => void,
  ): Promise<void> {
    const p = this.space.nparam
    for (let from = 0; from < count; from += this.capacity) {
      const n = Math.min(this.capacity, count - from)
      const { out, size, lost } = await this.simulate(theta.subarray(from * p, (from + n) * p), n, this.qpos, this.qvel)
      take(out, size, from, n, lost)
    }
  }

  /** One replay of n candidates on all segments. */
  private async simulate(
    theta: Float64Array,
    n: number,
    qpos: Float32Array,
    qvel: Float32Array,
  ): Promise<{ out: readonly Float32Array[]; size: readonly number[]; lost: Uint8Array }> {
    const { batch, capacity, segments, grid } = this
    const ntrial = grid.trials.length

    // rows of whole model fields: candidate-major within a recording
    const rows = new Float64Array(ntrial * n * this.space.nparam)
    const infos = new Array<Recording>(ntrial * n)
    for (let t = 0; t < ntrial; t++) {
      rows.set(theta, t * n * this.space.nparam)
      infos.fill(grid.trials[t].recording, t * n, (t + 1) * n)
    }
    const fields = this.space.fields(rows, infos)

    batch.reset()
    for (const [name, values] of fields) batch.set(name, this.spread(name, values, n))
    batch.set('qpos', qpos)
    batch.set('qvel', qvel)
    if (this.model.na > 0) batch.set('act', this.activations(fields, n))

    // worlds beyond the candidates of this round stay at their first row
    for (let s = 0; s < segments.length; s++) {
      for (let c = 0; c < capacity; c++) this.length[s * capacity + c] = c < n ? segments[s].rows : 1
    }
    const record = [...new Set(this.ports.map(port => port.field))]
    const recorded = await batch.replay({
      inputs: grid.inputs,
      channels: grid.columns.map(c => c.path),
      interpolation: [...grid.interpolation],
      nset: ntrial,
      rows: grid.rows,
      inputOf: this.inputOf,
      start: this.start,
      T: this.T,
      nstep: grid.nstep,
      length: this.length,
      record,
    })
    const status = await batch.get('status')

    const lost = new Uint8Array(n)
    for (let s = 0; s < segments.length; s++) {
      for (let c = 0; c < n; c++) if ((status[s * capacity + c] & STATUS.BADSTATE) !== 0) lost[c] = 1
    }
    const out = this.ports.map(port => recorded[port.field])
    const size = this.ports.map(port => port.size)
    // a stop within a row may leave finite rows behind: mark the world itself
    for (let s = 0; s < segments.length; s++) {
      for (let c = 0; c < n; c++) {
        if ((status[s * capacity + c] & STATUS.BADSTATE) === 0) continue
        const w = s * capacity + c
        const last = segments[s].rows - 1
        for (let k = 0; k < out.length; k++)
          out[k].fill(Number.NaN, (w * this.T + last) * size[k], (w * this.T + last + 1) * size[k])
      }
    }
    this.evaluations += n
    for (let c = 0; c < n; c++) this.diverged += lost[c]
    return { out, size, lost }
  }

  /** (ntrial * n, size) field rows -> (nworld, size), every segment with the rows of its recording. */
  private spread(name: string, values: Float64Array, n: number): Float64Array {
    const { capacity, segments, grid } = this
    const size = values.length / (grid.trials.length * n)
    if (n === capacity && segments.length === grid.trials.length) return values
    let all = this.scatter.get(name)
    if (all === undefined) {
      all = new Float64Array(capacity * segments.length * size)
      this.scatter.set(name, all)
      const table = this.model.field[name]
      for (let w = 0; w < capacity * segments.length; w++) all.set(table, w * size)
    }
    for (let s = 0; s < segments.length; s++) {
      const from = segments[s].trial * n * size
      all.set(values.subarray(from, from + n * size), s * capacity * size)
    }
    return all
  }

  private activations(fields: Map<string, Float64Array>, n: number): Float32Array {
    const { na } = this.model
    const one = new Float64Array(this.segments.length * na)
    for (let c = 0; c < n; c++) {
      initialActivation(this.model, this.grid, this.segments, this.initial.qpos, fields, trial => trial * n + c, one)
      for (let s = 0; s < this.segments.length; s++) {
        this.act.set(one.subarray(s * na, (s + 1) * na), (s * this.capacity + c) * na)
      }
    }
    return this.act
  }

  /** Costs of n candidates from recorded rows: Σ ρ over all series, no allocation per sample. */
  private sumCosts(out: readonly Float32Array[], size: readonly number[], n: number, costs: Float64Array): void {
    const { place, between, measured, capacity, T, huber } = this
    costs.fill(0)
    const bad = new Float64Array(n)
    for (const series of this.series) {
      const { begin, end, channel, segment } = series
      const rows = out[channel]
      const step = size[channel]
      // squares of the scaled residual times a = (factor s_j)²
      const scale = 1 / this.channels[channel].scale
      const part = series.factor / scale
      const weight = part * part
      if (weight === 0) continue
      for (let c = 0; c < n; c++) {
        const base = (segment * capacity + c) * T * step
        let sum = 0
        if (huber > 0) {
          for (let i = begin; i < end; i++) {
            const at = base + place[i]
            const b = between[i]
            let y = rows[at]
            if (b !== 0) y += b * (rows[at + step] - y)
            const e = Math.abs((y - measured[i]) * scale)
            sum += e <= huber ? e * e : 2 * huber * e - huber * huber
          }
        } else {
          for (let i = begin; i < end; i++) {
            const at = base + place[i]
            const b = between[i]
            let y = rows[at]
            if (b !== 0) y += b * (rows[at + step] - y)
            const e = (y - measured[i]) * scale
            sum += e * e
          }
        }
        if (sum * 0 === 0) costs[c] += weight * sum
        else bad[c] += end - begin
      }
    }
    for (let c = 0; c < n; c++) if (bad[c] > 0) costs[c] = DIVERGED * (1 + bad[c] / this.nresidual)
  }

  private fillResiduals(
    out: readonly Float32Array[],
    size: readonly number[],
    n: number,
    rows: Float64Array,
    weighted: boolean,
  ): void {
    const { place, between, measured, capacity, T, nresidual } = this
    for (const series of this.series) {
      const { begin, end, channel, segment } = series
      const values = out[channel]
      const step = size[channel]
      const factor = weighted ? series.factor : 1
      for (let c = 0; c < n; c++) {
        const base = (segment * capacity + c) * T * step
        const to = c * nresidual
        for (let i = begin; i < end; i++) {
          const at = base + place[i]
          const b = between[i]
          let y = values[at]
          if (b !== 0) y += b * (values[at + step] - y)
          rows[to + i] = factor * (y - measured[i])
        }
      }
    }
  }
}

/** True for the cost of a candidate that left the finite numbers. */
export function isDiverged(cost: number): boolean {
  return !(cost < DIVERGED)
}
