import { ParameterError } from '../errors.js'
import { differentiate, medianPeriod, smooth } from '../recording/filter.js'
import type { Channel } from '../recording/recording.js'
import { cholesky, choleskySolve } from './linear.js'

/** The zero-phase filter that gives positions and velocities at the start of a segment. */
export interface FilterSpec {
  /**
   * 'savitzky-golay': local least-squares polynomial (default); 'butterworth': forward and backward;
   * 'difference': the samples themselves and their central differences
   */
  kind?: 'savitzky-golay' | 'butterworth' | 'difference'
  /** degree of the polynomial, default 2; order of the Butterworth filter, default 2 */
  order?: number
  /** window of the polynomial in seconds; default the longer of 50 ms and 7 sample periods of the channel */
  width?: number
  /** of the Butterworth filter, Hz; default 10 */
  cutoff?: number
}

/** The filter as it was used on one channel; stands in the result beside every score. */
export type FilterUsed =
  | { readonly kind: 'savitzky-golay'; readonly order: number; readonly width: number }
  | { readonly kind: 'butterworth'; readonly order: number; readonly cutoff: number }
  | { readonly kind: 'difference' }

/** A filtered value with its slope, and how much a unit of white measurement noise shows in both. */
export interface Local {
  readonly value: number
  /** per second */
  readonly slope: number
  /** variance of value, covariance, variance of slope, for measurement noise of variance 1 */
  readonly gains: readonly [vv: number, vs: number, ss: number]
}

/** One channel, filtered. */
export interface Filtered {
  readonly used: FilterUsed
  /** standard deviation of the measurement noise as the filter sees it, in the channel's unit */
  readonly noise: number
  /** s, any time within the channel */
  at(time: number): Local
}

/** 2π, for the noise gain of a Butterworth filter */
const TURN = 6.283185307179586

/**
 * Opens a filter on a channel.
 *
 * @throws {ParameterError} FILTER on a kind, width, order or cutoff that makes no sense
 * @throws {RecordingError} when the channel is too short for a Butterworth filter
 */
export function openFilter(channel: Channel, spec: FilterSpec | undefined): Filtered {
  const used = resolveFilter(spec, channel.time)
  const noise = noiseLevel(channel, used)
  if (used.kind === 'savitzky-golay') return { used, noise, at: time => localPolynomial(channel, time, used) }
  if (used.kind === 'difference') return { used, noise, at: time => interpolated(channel.time, channel.values, time) }
  const values = smooth(channel, used).values
  const slopes = differentiate(channel, used)
  // white noise through a low-pass of this bandwidth, forward and backward
  const band = Math.min(1, 2 * used.cutoff * medianPeriod(channel.time))
  const rate = TURN * used.cutoff
  const gains = [band, 0, (band * rate * rate) / 3] as const
  const at = (time: number): Local => ({
    value: interpolated(channel.time, values, time).value,
    slope: interpolated(channel.time, slopes, time).value,
    gains,
  })
  return { used, noise, at }
}

/** Fills in defaults for a channel. @throws {ParameterError} FILTER on what makes no sense */
export function resolveFilter(spec: FilterSpec | undefined, time: Float64Array): FilterUsed {
  const kind = spec?.kind ?? 'savitzky-golay'
  if (kind === 'difference') return { kind }
  if (kind === 'savitzky-golay') {
    const order = spec?.order ?? 2
    const width = spec?.width ?? Math.max(0.05, 7 * (time.length < 2 ? 0 : medianPeriod(time)))
    checkOrder(order)
    if (!(width > 0 && width < 1e6))
      throw new ParameterError('FILTER', `filter: width ${width} s is not a positive time`)
    return { kind, order, width }
  }
  if (kind === 'butterworth') {
    const order = spec?.order ?? 2
    const cutoff = spec?.cutoff ?? 10
    checkOrder(order)
    if (!(cutoff > 0 && Number.isFinite(cutoff)))
      throw new ParameterError('FILTER', `filter: cutoff ${cutoff} Hz is not a positive frequency`)
    return { kind, order, cutoff }
  }
  throw new ParameterError(
    'FILTER',
    `filter: kind '${String(kind)}' is not known; use 'savitzky-golay', 'butterworth' or 'difference'`,
  )
}

function checkOrder(order: number): void {
  if (!Number.isInteger(order) || order < 1 || order > 7)
    throw new ParameterError('FILTER', `filter: order ${order} is not a whole number from 1 to 7`)
}

type Polynomial = Extract<FilterUsed, { kind: 'savitzky-golay' }>

/**
 * Value and slope of a channel at any time: least-squares polynomial over the window about it (Savitzky and Golay 1964,
 * for any spacing of samples). At the ends of the recording the window moves inwards and the polynomial is evaluated off
 * its centre, as `savgol_filter(mode='interp')` does.
 */
export function localPolynomial(channel: Pick<Channel, 'time' | 'values'>, at: number, filter: Polynomial): Local {
  const { time, values } = channel
  const n = time.length
  if (n < 3) return interpolated(time, values, at)

  // window of the stated width, shifted inwards at the ends, with enough samples for the polynomial
  const span = Math.min(filter.width, time[n - 1] - time[0])
  const centre = Math.min(time[n - 1] - 0.5 * span, Math.max(time[0] + 0.5 * span, at))
  let first = firstAtOrAfter(time, centre - 0.5 * span - 1e-9 * span)
  let last = firstAtOrAfter(time, centre + 0.5 * span + 1e-9 * span) - 1
  const order = Math.min(filter.order, n - 1)
  while (last - first < order && (first > 0 || last < n - 1)) {
    const left = first > 0 ? at - time[first - 1] : Number.POSITIVE_INFINITY
    const right = last < n - 1 ? time[last + 1] - at : Number.POSITIVE_INFINITY
    if (left <= right) first--
    else last++
  }

  // normal equations in times scaled to [-1, 1] about `at`
  const scale = Math.max(Math.abs(time[first] - at), Math.abs(time[last] - at))
  const m = order + 1
  const normal = new Float64Array(m * m)
  const powers = new Float64Array(m)
  for (let i = first; i <= last; i++) {
    fillPowers(powers, (time[i] - at) / scale)
    for (let a = 0; a < m; a++) for (let b = 0; b < m; b++) normal[a * m + b] += powers[a] * powers[b]
  }
  const inverse = Float64Array.from(normal)
  if (!cholesky(inverse, m)) return interpolated(time, values, at)
  const toValue = new Float64Array(m)
  const toSlope = new Float64Array(m)
  toValue[0] = 1
  toSlope[1] = 1
  choleskySolve(inverse, m, toValue)
  choleskySolve(inverse, m, toSlope)

  // a sample's weight in the value is its polynomial row times these
  let value = 0
  let slope = 0
  const base = values[first]
  for (let i = first; i <= last; i++) {
    fillPowers(powers, (time[i] - at) / scale)
    let v = 0
    let s = 0
    for (let a = 0; a < m; a++) {
      v += powers[a] * toValue[a]
      s += powers[a] * toSlope[a]
    }
    value += v * (values[i] - base)
    slope += s * (values[i] - base)
  }
  return {
    value: base + value,
    slope: slope / scale,
    gains: [toValue[0], toValue[1] / scale, toSlope[1] / (scale * scale)],
  }
}

/**
 * Standard deviation of a channel's measurement noise: what the filter leaves over, corrected for what it swallows.
 * Quantisation counts as noise. Looks at no more than about 2000 samples.
 */
export function noiseLevel(channel: Pick<Channel, 'time' | 'values'>, filter: FilterUsed): number {
  const n = channel.time.length
  if (n < 5) return 0
  const used: Polynomial =
    filter.kind === 'savitzky-golay'
      ? filter
      : { kind: 'savitzky-golay', order: 3, width: Math.max(0.05, 7 * medianPeriod(channel.time)) }
  const stride = Math.max(1, Math.floor(n / 2000))
  let squares = 0
  let freedom = 0
  for (let i = 0; i < n; i += stride) {
    const local = localPolynomial(channel, channel.time[i], used)
    const left = channel.values[i] - local.value
    squares += left * left
    freedom += Math.max(0, 1 - local.gains[0])
  }
  return freedom > 0 ? Math.sqrt(squares / freedom) : 0
}

/** Linear interpolation and the slope over the neighbours on both sides. */
export function interpolated(time: Float64Array, values: Float64Array, at: number): Local {
  const n = time.length
  if (n === 1) return { value: values[0], slope: 0, gains: [1, 0, 0] }
  const next = Math.min(n - 1, Math.max(1, firstAtOrAfter(time, at)))
  const t = Math.min(1, Math.max(0, (at - time[next - 1]) / (time[next] - time[next - 1])))
  const value = values[next - 1] + t * (values[next] - values[next - 1])
  // on a sample the central difference, between samples the slope there
  const a = t === 1 ? next - 1 : Math.max(0, next - (t === 0 ? 2 : 1))
  const b = t === 1 ? Math.min(n - 1, next + 1) : next
  const width = time[b] - time[a]
  return { value, slope: (values[b] - values[a]) / width, gains: [1, 0, 2 / (width * width)] }
}

function fillPowers(powers: Float64Array, t: number): void {
  let p = 1
  for (let a = 0; a < powers.length; a++) {
    powers[a] = p
    p *= t
  }
}

/** Index of the first time >= t; the length when there is none. */
export function firstAtOrAfter(time: Float64Array, t: number): number {
  let low = 0
  let high = time.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (time[middle] < t) low = middle + 1
    else high = middle
  }
  return low
}
