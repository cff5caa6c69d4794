import { RecordingError } from '../errors.js'
import { centralDifference, medianPeriod } from './filter.js'
import { type Channel, sampleChannel, uniformGrid } from './recording.js'

export interface DelayOptions {
  /** s, grid on which the two are compared; default: the shorter of their median periods */
  readonly period?: number
  /** s, range of delays looked at; default -max … 0.5 */
  readonly min?: number
  readonly max?: number
  /**
   * how often each is differentiated first; default 1 and 1, for signals of one kind (position command and position).
   * For a torque command and a velocity: 0 and 1.
   */
  readonly commandDerivative?: 0 | 1
  readonly responseDerivative?: 0 | 1
}

export interface DelayEstimate {
  /** s the response comes after the command */
  readonly delay: number
  /** correlation coefficient at the peak, up to 1 */
  readonly correlation: number
  /** s, of the grid */
  readonly period: number
}

/**
 * Delay between two channels, or the offset between the clocks that stamped them: peak of the normalised
 * cross-correlation of command and response (or their derivatives), a parabola through the three points around it
 * giving parts of a period. Take a clock offset out by recording.shift({ [response.name]: -delay }).
 *
 * @throws {RecordingError} DELAY_SIGNAL when one does not move or they overlap too little; DELAY_EDGE when the
 * correlation has no peak inside the range
 */
export function estimateDelay(command: Channel, response: Channel, options: DelayOptions = {}): DelayEstimate {
  const place = `'${command.name}' and '${response.name}'`
  const period = options.period ?? Math.min(medianPeriod(command.time), medianPeriod(response.time))
  const max = options.max ?? 0.5
  const min = options.min ?? -max
  const start = Math.max(command.time[0], response.time[0])
  const end = Math.min(command.time[command.time.length - 1], response.time[response.time.length - 1])
  if (!(max > min && period > 0))
    throw new RecordingError('DELAY_SIGNAL', `no delays between ${min} and ${max} s in steps of ${period} s`, { place })
  if (!(end - start > 2 * Math.max(Math.abs(min), Math.abs(max)))) {
    throw new RecordingError(
      'DELAY_SIGNAL',
      `they overlap for ${Math.max(0, end - start)} s, too short for delays from ${min} to ${max} s: give min and max`,
      { place },
    )
  }
  const grid = uniformGrid(start, end, period, place)
  const prepare = (channel: Channel, derivative: 0 | 1) => {
    const values = sampleChannel(channel, grid, channel.name)
    return derivative === 1 ? centralDifference(grid, values) : values
  }
  const x = prepare(command, options.commandDerivative ?? 1)
  const y = prepare(response, options.responseDerivative ?? 1)
  const first = Math.floor(min / period)
  const last = Math.ceil(max / period)
  const correlation = Float64Array.from({ length: last - first + 1 }, (_, i) => correlationAt(x, y, first + i))
  let peak = 0
  for (let i = 1; i < correlation.length; i++) if (correlation[i] > correlation[peak]) peak = i
  if (!(correlation[peak] > 0)) {
    throw new RecordingError(
      'DELAY_SIGNAL',
      'they do not move together: one is constant, or its sign is turned round',
      { place },
    )
  }
  if (peak === 0 || peak === correlation.length - 1) {
    throw new RecordingError(
      'DELAY_EDGE',
      `the correlation still grows at ${(first + peak) * period} s: widen min and max`,
      { place },
    )
  }
  const [before, at, after] = [correlation[peak - 1], correlation[peak], correlation[peak + 1]]
  const bend = before - 2 * at + after
  const part = bend < 0 ? (0.5 * (before - after)) / bend : 0
  return { delay: (first + peak + part) * period, correlation: at, period }
}

/** Correlation coefficient of x[k] and y[k + lag] over the k both have; 0 when one is constant there. */
function correlationAt(x: Float64Array, y: Float64Array, lag: number): number {
  const from = Math.max(0, -lag)
  const to = Math.min(x.length, y.length - lag)
  const n = to - from
  let mx = 0
  let my = 0
  for (let k = from; k < to; k++) {
    mx += x[k]
    my += y[k + lag]
  }
  mx /= n
  my /= n
  let xx = 0
  let yy = 0
  let xy = 0
  for (let k = from; k < to; k++) {
    const dx = x[k] - mx
    const dy = y[k + lag] - my
    xx += dx * dx
    yy += dy * dy
    xy += dx * dy
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0
}
