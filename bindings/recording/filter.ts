import { RecordingError } from '../errors.js'
import { butterworth, filtfilt } from './butterworth.js'
import { type Channel, type Recording, sampleChannel, uniformGrid } from './recording.js'
import { savitzkyGolay } from './savitzky-golay.js'
import { parseTarget } from './targets.js'
import { perSecond } from './units.js'

/**
 * A smoothing or differentiating filter, stated in full.
 * - savitzky-golay: local polynomials of degree `order` in windows of `width` s
 * - butterworth: zero phase (forward and backward) of `order`, `cutoff` Hz (gain 1/2 there); derivatives by central
 *   differences of the filtered values
 * - difference: no smoothing; derivatives by central differences
 */
export type FilterSpec =
  | { readonly kind: 'savitzky-golay'; readonly order: number; readonly width: number }
  | { readonly kind: 'butterworth'; readonly order: number; readonly cutoff: number }
  | { readonly kind: 'difference' }

/** The filter in words, for reports: `savitzky-golay, order 2, width 0.05 s`. */
export function describeFilter(filter: FilterSpec): string {
  if (filter.kind === 'savitzky-golay') return `savitzky-golay, order ${filter.order}, width ${filter.width} s`
  if (filter.kind === 'butterworth') return `butterworth, order ${filter.order}, cutoff ${filter.cutoff} Hz, zero phase`
  return 'central difference'
}

/** Median of the sampling periods, s; the upper one of two. */
export function medianPeriod(time: Float64Array): number {
  if (time.length < 2) throw new RecordingError('FILTER_SHORT', 'a single sample has no sampling period')
  const periods = Float64Array.from({ length: time.length - 1 }, (_, i) => time[i + 1] - time[i]).sort()
  return periods[periods.length >> 1]
}

/**
 * First derivative by the parabola through each sample and its neighbours (exact for parabolas, any stamps); at the ends
 * the parabola of the first or last three. Two samples give their slope.
 */
export function centralDifference(time: Float64Array, values: Float64Array): Float64Array {
  const n = time.length
  if (n < 2) throw new RecordingError('FILTER_SHORT', 'a single sample has no derivative')
  const out = new Float64Array(n)
  const slope = (i: number) => (values[i + 1] - values[i]) / (time[i + 1] - time[i])
  for (let i = 0; i < n; i++) {
    if (n === 2) out[i] = slope(0)
    else {
      const k = Math.min(Math.max(i, 1), n - 2) // middle of the three
      const left = slope(k - 1)
      const curvature = (slope(k) - left) / (time[k + 1] - time[k - 1])
      out[i] = left + curvature * (2 * time[i] - time[k - 1] - time[k])
    }
  }
  return out
}

/** Filters on the uniform grid nearest to the stamps (median period) and goes back to them, both ways linearly. */
function zeroPhase(channel: Channel, order: number, cutoff: number): Float64Array {
  const { time } = channel
  const span = time[time.length - 1] - time[0]
  const period = span / Math.max(1, Math.round(span / medianPeriod(time)))
  const grid = uniformGrid(time[0], time[time.length - 1], period, channel.name)
  const linear: Channel = { ...channel, interpolation: 'linear' }
  const values = filtfilt(butterworth(order, cutoff, 1 / period), sampleChannel(linear, grid, channel.name))
  return sampleChannel({ ...linear, time: grid, values }, time, channel.name)
}

interface Filtered {
  readonly values: Float64Array
  readonly widened: number
}

function apply(channel: Channel, filter: FilterSpec, derivative: 0 | 1): Filtered {
  const { time, values } = channel
  try {
    if (filter.kind === 'savitzky-golay') return savitzkyGolay(time, values, { ...filter, derivative })
    const smooth = filter.kind === 'butterworth' ? zeroPhase(channel, filter.order, filter.cutoff) : values
    return { values: derivative === 0 ? smooth : centralDifference(time, smooth), widened: 0 }
  } catch (error) {
    if (!(error instanceof RecordingError) || error.place !== undefined) throw error
    throw new RecordingError(error.code, error.message, { place: `channel '${channel.name}'`, cause: error })
  }
}

/** The channel smoothed at its own stamps. @throws {RecordingError} FILTER_OPTIONS, FILTER_SHORT */
export function smooth(channel: Channel, filter: FilterSpec): Channel {
  return { ...channel, values: apply(channel, filter, 0).values }
}

/** Time derivative of a channel at its own stamps, unit/s. @throws {RecordingError} FILTER_OPTIONS, FILTER_SHORT */
export function differentiate(channel: Channel, filter: FilterSpec): Float64Array {
  return apply(channel, filter, 1).values
}

export interface DeriveOptions {
  /** the channel to differentiate */
  readonly from: string
  readonly filter: FilterSpec
  /** name of the new channel; default: what it measures, or `${from} rate` */
  readonly name?: string
  /** default: 'joint/x/qvel' when `from` measures 'joint/x/qpos', qacc for qvel */
  readonly measures?: string
  readonly weight?: number
}

/**
 * The recording with one more channel, the time derivative of another.
 *
 * @throws {RecordingError} RECORDING_CHANNEL, FILTER_OPTIONS, FILTER_SHORT
 */
export function deriveVelocity(recording: Recording, options: DeriveOptions): Recording {
  const from = recording.channel(options.from)
  const { values, widened } = apply(from, options.filter, 1)
  const measures = options.measures ?? rateOf(from.measures)
  const name = options.name ?? measures ?? `${from.name} rate`
  const channel: Channel = {
    name,
    unit: perSecond(from.unit),
    time: from.time,
    values,
    interpolation: 'linear',
    ...(measures !== undefined && { measures }),
    ...(options.weight !== undefined && { weight: options.weight }),
  }
  const warning = `channel '${name}': at ${widened} of ${values.length} samples the window of ${describeFilter(options.filter)} held too few neighbours; the nearest were taken`
  return recording.with({
    channels: [channel],
    warnings: widened > 0 ? [...recording.warnings, warning] : recording.warnings,
  })
}

function rateOf(measures: string | undefined): string | undefined {
  const target = measures === undefined ? undefined : parseTarget(measures)
  if (target?.kind !== 'joint' || target.component !== undefined) return undefined
  const next = { qpos: 'qvel', qvel: 'qacc' }[target.field]
  return next === undefined ? undefined : `joint/${target.name}/${next}`
}
