import { ParameterError, RecordingError } from '../errors.js'
import { nearestHint } from '../model/glob.js'
import type { Model } from '../model/model.js'
import type { ParameterSpace } from '../model/parameters.js'
import { firstAtOrAfter } from './filter.js'
import type { Grid } from './grid.js'
import type { Segment } from './segments.js'
import type { Series } from './statistics.js'

/** One measured channel over all recordings. */
export interface ObjectiveChannel {
  /** name in the first recording that has it */
  readonly name: string
  /** output path, in one spelling */
  readonly path: string
  readonly unit: string
  readonly weight: number
  /** s_j, SI: standard deviation of the measured signal over all recordings */
  readonly scale: number
  readonly samples: number
  /** float32 rounding of the simulated output as it shows after a rollout, SI */
  readonly rounding: number
}

/** Measured and simulated samples of one channel in one segment. */
export interface SeriesInfo extends Series {
  readonly trial: number
  readonly segment: number
  /** weighted residual = factor * (simulated - measured) */
  readonly factor: number
}

/** Rounding of float32 outputs after a rollout: of the signal's spread, and of its size. */
const ROUNDING_SPREAD = 3e-6
const ROUNDING_SIZE = 2.4e-7

/** Where measured samples are found in recorded rows. */
export interface Layout {
  readonly channels: ObjectiveChannel[]
  readonly series: SeriesInfo[]
  /** field and row width of every channel */
  readonly ports: { field: string; size: number }[]
  readonly place: Int32Array
  readonly between: Float64Array
  readonly measured: Float64Array
  readonly time: Float64Array
}

/** Scalars recorded a row. */
export function recordWidth(ports: readonly { field: string; size: number }[]): number {
  const widths = new Map(ports.map(port => [port.field, port.size]))
  let sum = 0
  for (const width of widths.values()) sum += width
  return sum
}

/** Longest delay of every sensor within the space: the readings of a segment's first moments do not exist yet. */
export function sensorDelays(model: Model, space: ParameterSpace, grid: Grid): Float64Array {
  const delays = Float64Array.from(model.field.sensor_delay)
  for (const theta of [space.lower, space.upper]) {
    for (const { recording } of grid.trials) {
      const fields = space.fields(theta, [recording])
      if (fields.has('opt_timestep')) {
        throw new ParameterError(
          'TIMESTEP',
          'option/timestep cannot be identified: rows of a recording are counted in timesteps',
        )
      }
      const own = fields.get('sensor_delay')
      if (own !== undefined) for (let i = 0; i < delays.length; i++) delays[i] = Math.max(delays[i], own[i])
    }
  }
  return delays
}

/** Where every measured sample is found among recorded rows, and what it weighs. */
export function layOut(
  grid: Grid,
  segments: readonly Segment[],
  options: { weights?: Readonly<Record<string, number>>; scales?: ReadonlyMap<string, number> },
  delays: Float64Array,
): Layout {
  // channels of all recordings, by what they measure
  const paths: string[] = []
  const names: string[] = []
  for (const trial of grid.trials) {
    for (const { channel, port } of trial.measured) {
      if (trial.measured.some(m => m.port.path === port.path && m.channel !== channel)) {
        throw new RecordingError('OUTPUT_TWICE', `two channels measure '${channel.measures}'`, {
          place: `${trial.recording.name}, channel '${channel.name}'`,
        })
      }
      if (!paths.includes(port.path)) {
        paths.push(port.path)
        names.push(channel.name)
      }
    }
  }
  const known = grid.trials.flatMap(trial => trial.measured.map(m => m.channel.name))
  for (const name of Object.keys(options.weights ?? {})) {
    if (!known.includes(name))
      throw new ParameterError('WEIGHT', `weights: no measured channel is called '${name}'${nearestHint(name, known)}`)
  }

  // samples of every segment
  const place: number[] = []
  const between: number[] = []
  const measured: number[] = []
  const time: number[] = []
  const runs: (Omit<SeriesInfo, 'factor'> & { weight: number })[] = []
  segments.forEach((segment, s) => {
    const trial = grid.trials[segment.trial]
    const end = segment.time + (segment.rows - 1) * grid.period
    for (const { channel, port } of trial.measured) {
      const begin = measured.length
      const from = segment.time + (port.sensor === undefined ? 0 : delays[port.sensor])
      for (let i = firstAtOrAfter(channel.time, from + 1e-6 * grid.period); i < channel.time.length; i++) {
        if (channel.time[i] > end + 1e-6 * grid.period) break
        const row = (channel.time[i] - segment.time) / grid.period
        // a hair off a row is on it
        const near = Math.round(row)
        const on = Math.abs(row - near) < 1e-5 || Math.floor(row) >= segment.rows - 1
        place.push((on ? Math.min(near, segment.rows - 1) : Math.floor(row)) * port.size + port.column)
        between.push(on ? 0 : row - Math.floor(row))
        measured.push(channel.values[i])
        time.push(channel.time[i])
      }
      const weight = options.weights?.[channel.name] ?? channel.weight ?? 1
      if (!(weight >= 0 && Number.isFinite(weight))) {
        throw new ParameterError('WEIGHT', `weight of channel '${channel.name}': ${weight} is not a number from 0`)
      }
      if (measured.length > begin)
        runs.push({
          channel: paths.indexOf(port.path),
          begin,
          end: measured.length,
          trial: segment.trial,
          segment: s,
          weight,
        })
    }
  })
  if (measured.length === 0) throw new RecordingError('NOTHING_MEASURED', 'no measured sample lies within the segments')

  // s_j: standard deviation of each signal over all recordings
  const scaleOf = paths.map(
    (path, c) =>
      options.scales?.get(path) ??
      signalScale(
        measured,
        runs.filter(r => r.channel === c),
      ),
  )
  const count = paths.map((_, c) => runs.filter(r => r.channel === c).reduce((sum, r) => sum + r.end - r.begin, 0))
  const weightOf = paths.map((_, c) =>
    runs.filter(r => r.channel === c).reduce((most, r) => Math.max(most, r.weight), 0),
  )
  const total = weightOf.reduce((sum, w) => sum + w * w, 0)
  if (!(total > 0)) throw new ParameterError('WEIGHT', 'every measured channel has weight 0')
  const sizeOf = paths.map((_, c) => {
    let largest = 0
    for (const run of runs) {
      if (run.channel === c)
        for (let i = run.begin; i < run.end; i++) largest = Math.max(largest, Math.abs(measured[i]))
    }
    return largest
  })
  const channels = paths.map((path, c) => {
    const first = grid.trials.flatMap(t => t.measured).find(m => m.port.path === path)
    // a log that names no unit is taken as SI, and the joint knows which
    const unit = first?.channel.unit || first?.port.unit || '1'
    return {
      name: names[c],
      path,
      unit,
      weight: weightOf[c],
      scale: scaleOf[c],
      samples: count[c],
      rounding: Math.max(ROUNDING_SPREAD * scaleOf[c], ROUNDING_SIZE * sizeOf[c]),
    }
  })
  const series = runs.map(({ weight, ...run }) => ({
    ...run,
    factor: (weight / scaleOf[run.channel]) * Math.sqrt(1 / (total * count[run.channel])),
  }))
  const portOf = paths.map(path => {
    const port = grid.trials.flatMap(t => t.measured).find(m => m.port.path === path)?.port
    return { field: port?.field ?? 'qpos', size: port?.size ?? 1 }
  })
  return {
    channels,
    series,
    ports: portOf,
    place: Int32Array.from(place),
    between: Float64Array.from(between),
    measured: Float64Array.from(measured),
    time: Float64Array.from(time),
  }
}

/** Standard deviation of a signal; of a constant one its size, or 1. */
function signalScale(values: readonly number[], runs: readonly { begin: number; end: number }[]): number {
  let n = 0
  let sum = 0
  for (const run of runs) {
    for (let i = run.begin; i < run.end; i++) sum += values[i]
    n += run.end - run.begin
  }
  if (n === 0) return 1
  const mean = sum / n
  let squares = 0
  for (const run of runs) for (let i = run.begin; i < run.end; i++) squares += (values[i] - mean) * (values[i] - mean)
  const std = Math.sqrt(squares / n)
  if (std > 1e-9 * Math.abs(mean)) return std
  return Math.abs(mean) > 0 ? Math.abs(mean) : 1
}
