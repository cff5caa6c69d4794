import { RecordingError } from '../errors.js'
import { suggestion } from './nearest.js'
import { checkTarget } from './targets.js'
import { isSI, parseUnit } from './units.js'

/** How values go on between samples. */
export type Interpolation = 'linear' | 'hold'

/** Time-stamped values of one quantity. Each channel has its own time: rates may differ. */
export interface Channel {
  readonly name: string
  /** SI: 'rad', 'rad/s', 'N*m', 'V', 'A', '1' …; '' when the log does not say, the values are then taken as SI */
  readonly unit: string
  /** s, strictly increasing, finite */
  readonly time: Float64Array
  /** finite, as many as time */
  readonly values: Float64Array
  readonly interpolation: Interpolation
  /** model input this channel feeds: 'actuator/elbow/ctrl', 'actuator/elbow/enable', 'joint/elbow/qfrc_applied' … */
  readonly drives?: string
  /** model output it observes: 'joint/elbow/qpos', 'sensor/imu/0', 'actuator/elbow/force' … */
  readonly measures?: string
  /** weight in a fit; default 1 */
  readonly weight?: number
}

export interface RecordingInit {
  readonly name: string
  /** the arrays are taken over, not copied: do not write to them afterwards */
  readonly channels: readonly Channel[]
  readonly constants?: Readonly<Record<string, number>>
  readonly warnings?: readonly string[]
}

/** A stretch of a recording, s. */
export interface Segment {
  readonly start: number
  readonly end: number
}

/** Times this close to the ends, relative to the span, count as the ends: sums of periods round. */
const ROUNDING = 1e-9

/**
 * A robot's log: channels with names and SI units, and constants (kp, payload, supply voltage …). Immutable.
 */
export class Recording {
  readonly name: string
  readonly channels: readonly Channel[]
  readonly constants: Readonly<Record<string, number>>
  /** what was odd about the log: gaps, dropped samples, messages recovered from a cut file … */
  readonly warnings: readonly string[]
  /** s; from the last channel's first sample … */
  readonly start: number
  /** … to the first end of a linear channel; a held channel goes on with its last value */
  readonly end: number

  /** @throws {RecordingError} when names repeat, times do not increase, values are not finite, or nothing overlaps */
  constructor(init: RecordingInit) {
    this.name = init.name
    this.channels = Object.freeze(init.channels.map(c => checkChannel(c, init.name)))
    this.constants = Object.freeze(checkConstants(init.constants ?? {}, init.name))
    this.warnings = Object.freeze([...(init.warnings ?? [])])
    if (this.channels.length === 0)
      throw new RecordingError('RECORDING_EMPTY', 'a recording needs at least one channel', { place: init.name })
    const names = new Set<string>()
    for (const { name } of this.channels) {
      if (names.has(name))
        throw new RecordingError('RECORDING_CHANNEL', `two channels are named '${name}'`, { place: init.name })
      names.add(name)
    }
    const last = (c: Channel) => c.time[c.time.length - 1]
    const linear = this.channels.filter(c => c.interpolation === 'linear')
    const latest = this.channels.reduce((a, b) => (b.time[0] > a.time[0] ? b : a))
    this.start = latest.time[0]
    this.end =
      linear.length > 0
        ? linear.reduce((t, c) => Math.min(t, last(c)), Infinity)
        : this.channels.reduce((t, c) => Math.max(t, last(c)), -Infinity)
    if (this.end < this.start) {
      const first = linear.reduce((a, b) => (last(b) < last(a) ? b : a))
      throw new RecordingError(
        'RECORDING_OVERLAP',
        `channel '${first.name}' ends at ${last(first)} s, before '${latest.name}' begins at ${this.start} s: their clocks differ; give time.origin or shift in the mapping`,
        { place: init.name },
      )
    }
  }

  /** @throws {RecordingError} RECORDING_CHANNEL when there is none; names the nearest */
  channel(name: string): Channel {
    const found = this.channels.find(c => c.name === name)
    if (found !== undefined) return found
    throw new RecordingError(
      'RECORDING_CHANNEL',
      `no channel '${name}'${suggestion(
        name,
        this.channels.map(c => c.name),
      )}`,
      { place: this.name },
    )
  }

  /** A copy with some parts exchanged. Channels of the same name are replaced, others added. */
  with(changes: Partial<RecordingInit>): Recording {
    const changed = new Map((changes.channels ?? []).map(c => [c.name, c]))
    const kept = this.channels.map(c => {
      const replacement = changed.get(c.name)
      changed.delete(c.name)
      return replacement ?? c
    })
    return new Recording({
      name: changes.name ?? this.name,
      channels: [...kept, ...changed.values()],
      constants: { ...this.constants, ...changes.constants },
      warnings: changes.warnings ?? this.warnings,
    })
  }

  /**
   * Values of a channel at given times, by its interpolation.
   *
   * @param times s, any order (increasing is fastest)
   * @returns as many values, in the channel's unit
   * @throws {RecordingError} RECORDING_SPAN for a time outside the channel's samples; a held channel goes on after its last
   */
  sample(channel: string, times: Float64Array): Float64Array {
    return sampleChannel(this.channel(channel), times, this.name)
  }

  /**
   * The part between two times, stamps unchanged. Measured channels keep the samples they have; channels that only
   * drive, and held ones, also get a sample at the cuts, so that the input in between is the same.
   *
   * @throws {RecordingError} RECORDING_SPAN when a channel has nothing between t0 and t1
   */
  slice(t0: number, t1: number): Recording {
    if (!(t0 < t1))
      throw new RecordingError('RECORDING_SPAN', `slice from ${t0} to ${t1} s: the end must come after the start`, {
        place: this.name,
      })
    const cache = new Map<Float64Array, Float64Array>()
    const channels = this.channels.map(c => sliceChannel(c, t0, t1, this.name, cache))
    return new Recording({ name: this.name, channels, constants: this.constants, warnings: this.warnings })
  }

  /**
   * Every channel on one uniform grid start + k * period (s) over the shared span, by its interpolation.
   * No filter is applied first: smooth before going to a much longer period.
   *
   * @throws {RecordingError} RECORDING_SPAN when the span is outside the recording or holds less than one period
   */
  resample(period: number, span: Partial<Segment> = {}): Recording {
    const time = uniformGrid(span.start ?? this.start, span.end ?? this.end, period, this.name)
    const channels = this.channels.map(c => ({ ...c, time, values: sampleChannel(c, time, this.name) }))
    return new Recording({ name: this.name, channels, constants: this.constants, warnings: this.warnings })
  }

  /**
   * Windows of equal length within the shared span.
   *
   * @param window s
   * @param options stride: from one start to the next, s (default: window); all: if a rest stays over, add a window that
   * ends with the recording; maxGap: leave out windows in which a linear channel has a hole longer than this, s
   * @throws {RecordingError} RECORDING_SHORT when the recording is shorter than one window
   */
  segments(window: number, options: { stride?: number; all?: boolean; maxGap?: number } = {}): Segment[] {
    const stride = options.stride ?? window
    const span = this.end - this.start
    if (!(window > 0 && stride > 0 && Number.isFinite(window))) {
      throw new RecordingError(
        'RECORDING_SPAN',
        `segments: window ${window} s and stride ${stride} s must be positive`,
        { place: this.name },
      )
    }
    const slack = ROUNDING * Math.max(span, window)
    if (window > span + slack) {
      throw new RecordingError(
        'RECORDING_SHORT',
        `the recording is ${span} s long, shorter than one window of ${window} s`,
        { place: this.name },
      )
    }
    const count = Math.floor((span - window + slack) / stride) + 1
    const cut = (start: number): Segment => ({ start, end: Math.min(start + window, this.end) })
    const segments = Array.from({ length: count }, (_, k) => cut(this.start + k * stride))
    if (options.all && segments[count - 1].end < this.end - slack)
      segments.push(cut(Math.max(this.start, this.end - window)))
    const { maxGap } = options
    if (maxGap === undefined) return segments
    const holes = this.holes(maxGap)
    return segments.filter(s => !holes.some(h => h.start < s.end && h.end > s.start))
  }

  /** A copy in which the given channels' stamps are moved by so many seconds: a clock offset taken out. */
  shift(seconds: Readonly<Record<string, number>>): Recording {
    const channels = Object.entries(seconds).map(([name, s]) => {
      const channel = this.channel(name)
      return { ...channel, time: channel.time.map(t => t + s) }
    })
    return this.with({ channels })
  }

  /** Stretches longer than `longest` (s) without a sample of some linear channel. */
  holes(longest: number): Segment[] {
    const found: Segment[] = []
    for (const time of new Set(this.channels.filter(c => c.interpolation === 'linear').map(c => c.time))) {
      for (let i = 1; i < time.length; i++)
        if (time[i] - time[i - 1] > longest) found.push({ start: time[i - 1], end: time[i] })
    }
    return found
  }
}

function checkConstants(constants: Readonly<Record<string, number>>, place: string): Record<string, number> {
  for (const [name, value] of Object.entries(constants)) {
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new RecordingError('RECORDING_CONSTANT', `constant '${name}' is ${value}, not a finite number`, { place })
    }
  }
  return Object.fromEntries(Object.entries(constants))
}

function checkChannel(channel: Channel, recording: string): Channel {
  const { time, values } = channel
  const place = `${recording}, channel '${channel.name}'`
  if (time.length !== values.length) {
    throw new RecordingError('RECORDING_SIZE', `${time.length} times and ${values.length} values`, { place })
  }
  if (time.length === 0) throw new RecordingError('RECORDING_EMPTY', 'no samples', { place })
  for (let i = 0; i < time.length; i++) {
    if (!Number.isFinite(time[i]))
      throw new RecordingError('RECORDING_NAN', `time of sample ${i} is ${time[i]}`, { place })
    if (!Number.isFinite(values[i]))
      throw new RecordingError('RECORDING_NAN', `value of sample ${i} is ${values[i]}`, { place })
    if (i > 0 && time[i] <= time[i - 1]) {
      throw new RecordingError(
        'RECORDING_CLOCK',
        `time does not increase: sample ${i - 1} at ${time[i - 1]} s, sample ${i} at ${time[i]} s`,
        { place },
      )
    }
  }
  if (channel.weight !== undefined && !(channel.weight >= 0 && Number.isFinite(channel.weight))) {
    throw new RecordingError('RECORDING_WEIGHT', `weight ${channel.weight} is not a number from 0 up`, { place })
  }
  const unit = channel.unit === '' ? undefined : parseUnit(channel.unit, place)
  if (unit !== undefined && !isSI(unit)) {
    throw new RecordingError(
      'RECORDING_UNIT',
      `unit '${channel.unit}' is not SI: convert the values to ${unit.symbol}`,
      { place },
    )
  }
  if (channel.drives !== undefined) checkTarget(channel.drives, 'drives', unit, place)
  if (channel.measures !== undefined) checkTarget(channel.measures, 'measures', unit, place)
  return Object.freeze({ ...channel, unit: unit?.symbol ?? '' })
}

/** start, start + period … up to end; the end counts when it is missed by rounding only. */
export function uniformGrid(start: number, end: number, period: number, place: string): Float64Array {
  if (!(period > 0 && end > start && Number.isFinite(end - start))) {
    throw new RecordingError('RECORDING_SPAN', `no grid of period ${period} s from ${start} to ${end} s`, { place })
  }
  const count = Math.floor(((end - start) / period) * (1 + ROUNDING)) + 1
  if (count < 2)
    throw new RecordingError('RECORDING_SPAN', `a period of ${period} s is longer than the span ${start} to ${end} s`, {
      place,
    })
  const time = new Float64Array(count)
  for (let k = 0; k < count; k++) time[k] = start + k * period
  if (time[count - 1] > end) time[count - 1] = end
  return time
}

/** Index of the last stamp <= t, -1 before the first. */
export function indexAt(time: Float64Array, t: number): number {
  let low = 0
  let high = time.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (time[middle] <= t) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** See Recording.sample. */
export function sampleChannel(channel: Channel, times: Float64Array, place: string): Float64Array {
  const { time, values } = channel
  const last = time.length - 1
  const hold = channel.interpolation === 'hold'
  const slack = ROUNDING * Math.max(time[last] - time[0], Math.abs(time[last]), Math.abs(time[0]))
  const out = new Float64Array(times.length)
  let i = 0
  for (let k = 0; k < times.length; k++) {
    const t = times[k]
    if (!(t >= time[0] - slack && (hold || t <= time[last] + slack))) {
      throw new RecordingError(
        'RECORDING_SPAN',
        `no value at ${t} s: channel '${channel.name}' has samples from ${time[0]} to ${time[last]} s`,
        { place },
      )
    }
    if (t < time[i]) i = Math.max(0, indexAt(time, t))
    else if (i < last && t >= time[i + 1]) i = i + 1 < last && t < time[i + 2] ? i + 1 : indexAt(time, t)
    if (hold || i === last || t <= time[i]) out[k] = values[i]
    else out[k] = values[i] + ((t - time[i]) / (time[i + 1] - time[i])) * (values[i + 1] - values[i])
  }
  return out
}

function sliceChannel(
  channel: Channel,
  t0: number,
  t1: number,
  place: string,
  cache: Map<Float64Array, Float64Array>,
): Channel {
  const { time, values } = channel
  const from = indexAt(time, t0) + (time[indexAt(time, t0)] === t0 ? 0 : 1)
  const to = indexAt(time, t1) + 1
  const hold = channel.interpolation === 'hold'
  const pad = hold || (channel.drives !== undefined && channel.measures === undefined)
  const before = pad && from > 0 && (from === time.length ? hold : time[from] > t0)
  const after = pad && !hold && to < time.length && to > 0 && time[to - 1] < t1
  if (to <= from && !before) {
    throw new RecordingError(
      'RECORDING_SPAN',
      `channel '${channel.name}' has no samples from ${t0} to ${t1} s: it spans ${time[0]} to ${time[time.length - 1]} s`,
      {
        place,
      },
    )
  }
  if (!before && !after) {
    const cut = cache.get(time) ?? time.slice(from, to)
    cache.set(time, cut)
    return { ...channel, time: cut, values: values.slice(from, to) }
  }
  const ends = Float64Array.from([...(before ? [t0] : []), ...(after ? [t1] : [])])
  const at = sampleChannel(channel, ends, place)
  const join = (edges: Float64Array, inner: Float64Array) => {
    const out = new Float64Array(edges.length + inner.length)
    if (before) out[0] = edges[0]
    out.set(inner, before ? 1 : 0)
    if (after) out[out.length - 1] = edges[edges.length - 1]
    return out
  }
  const inner = Math.max(from, to)
  return { ...channel, time: join(ends, time.slice(from, inner)), values: join(at, values.slice(from, inner)) }
}
