import { RecordingError } from '../errors.js'
import type { Model } from '../model/model.js'
import { medianPeriod } from '../recording/filter.js'
import type { Channel, Interpolation, Recording } from '../recording/recording.js'
import { firstAtOrAfter } from './filter.js'
import { checkUnit, type InputPort, inputPort, type OutputPort, outputPort } from './ports.js'

/** A measured channel of one recording and where the world has it. */
export interface Measured {
  readonly channel: Channel
  readonly port: OutputPort
}

/** A driving channel of one recording and what it feeds. */
export interface Driving {
  readonly channel: Channel
  readonly port: InputPort
}

/** One recording, resolved against the model. */
export interface Trial {
  readonly recording: Recording
  readonly measured: readonly Measured[]
  readonly driving: readonly Driving[]
  /** rows of the grid it spans */
  readonly rows: number
}

/** All recordings on one row grid. */
export interface Grid {
  readonly trials: readonly Trial[]
  readonly timestep: number
  /** timesteps a row */
  readonly nstep: number
  /** s, nstep * timestep */
  readonly period: number
  /** rows of the longest recording */
  readonly rows: number
  readonly columns: readonly InputPort[]
  readonly interpolation: readonly Interpolation[]
  /** (ntrial, rows, ncolumn) */
  readonly inputs: Float32Array
}

/** Time stamps within this fraction of a timestep of a row count as on it. */
const ON_GRID = 0.1

/**
 * Puts recordings on a common row grid: as many timesteps a row as every driving and measured time stamp allows (the log's
 * period when it is regular and a multiple of the timestep), one timestep a row otherwise. Measurements are not resampled.
 *
 * @throws {RecordingError} when a channel names nothing in the model, two channels feed one input, one input is 'hold' in
 *   one recording and 'linear' in another, or nothing is measured
 */
export function buildGrid(model: Model, recordings: readonly Recording[]): Grid {
  if (recordings.length === 0) throw new RecordingError('NO_RECORDING', 'there is no recording to fit')
  const timestep = model.field.opt_timestep[0]
  const resolved = recordings.map(recording => resolve(model, recording))
  const nstep = stepsPerRow(resolved, timestep)
  const period = nstep * timestep
  const trials = resolved.map(trial => {
    const span = trial.recording.end - trial.recording.start
    return { ...trial, rows: Math.ceil(span / period - 1e-6) + 1 }
  })
  for (const trial of trials) {
    if (!(trial.recording.end - trial.recording.start >= timestep)) {
      const span = trial.recording.end - trial.recording.start
      throw new RecordingError(
        'RECORDING_SHORT',
        `its channels share ${span} s, less than one timestep (${timestep} s)`,
        {
          place: trial.recording.name,
        },
      )
    }
  }
  const rows = trials.reduce((most, trial) => Math.max(most, trial.rows), 0)

  // one column for every input that some recording drives
  const columns: InputPort[] = []
  const interpolation: Interpolation[] = []
  for (const trial of trials) {
    for (const { channel, port } of trial.driving) {
      const known = columns.findIndex(c => c.path === port.path)
      if (known < 0) {
        columns.push(port)
        interpolation.push(channel.interpolation)
      } else if (interpolation[known] !== channel.interpolation) {
        throw new RecordingError(
          'INTERPOLATION_MIXED',
          `it is '${channel.interpolation}' here and '${interpolation[known]}' in another recording: map it the same way everywhere`,
          { place: `${trial.recording.name}, channel '${channel.name}'` },
        )
      }
    }
  }
  const inputs = new Float32Array(trials.length * rows * columns.length)
  trials.forEach((trial, r) => {
    fillInputs(inputs, r * rows * columns.length, trial, columns, rows, period)
  })
  return { trials, timestep, nstep, period, rows, columns, interpolation, inputs }
}

/** Channels of a recording with their ports. */
function resolve(model: Model, recording: Recording): Omit<Trial, 'rows'> {
  const measured: Measured[] = []
  const driving: Driving[] = []
  for (const channel of recording.channels) {
    const place = `${recording.name}, channel '${channel.name}'`
    if (channel.measures !== undefined) {
      const port = outputPort(model, channel.measures, place)
      checkUnit(port, channel, place)
      measured.push({ channel, port })
    }
    if (channel.drives === undefined) continue
    const port = inputPort(model, channel.drives, place)
    const other = driving.find(d => d.port.path === port.path)
    if (other)
      throw new RecordingError('INPUT_TWICE', `'${other.channel.name}' drives '${channel.drives}' too`, { place })
    if (port.kind === 'supply' && channel.unit !== '1' && channel.unit !== '') {
      throw new RecordingError(
        'SUPPLY_UNIT',
        `'${channel.drives}' is the supply voltage over the nominal one, and the channel is in '${channel.unit}': scale it by 1/nominal in the mapping, unit '1'`,
        { place },
      )
    }
    driving.push({ channel, port })
  }
  if (measured.length === 0) {
    throw new RecordingError(
      'NOTHING_MEASURED',
      'no channel measures anything in the model: name a column \'joint/NAME/qpos\', or map one with "measures"',
      { place: recording.name },
    )
  }
  return { recording, measured, driving }
}

/** The most timesteps a row can have such that every time stamp lies on a row. */
function stepsPerRow(trials: readonly Omit<Trial, 'rows'>[], timestep: number): number {
  const used = trials.flatMap(trial =>
    [...trial.measured, ...trial.driving].map(({ channel }) => ({ time: channel.time, start: trial.recording.start })),
  )
  const shortest = used.reduce(
    (least, { time }) => (time.length < 2 ? least : Math.min(least, medianPeriod(time))),
    Number.POSITIVE_INFINITY,
  )
  const most = Number.isFinite(shortest) ? Math.max(1, Math.round(shortest / timestep)) : 1
  for (let nstep = most; nstep > 1; nstep--) {
    if (used.every(({ time, start }) => onGrid(time, start, nstep * timestep, ON_GRID * timestep))) return nstep
  }
  return 1
}

function onGrid(time: Float64Array, start: number, period: number, slack: number): boolean {
  for (let i = 0; i < time.length; i++) {
    const t = time[i] - start
    if (Math.abs(t - Math.round(t / period) * period) > slack) return false
  }
  return true
}

/** Value of an input no channel drives. */
export function idleInput(port: InputPort): number {
  return port.kind === 'enable' || port.kind === 'supply' ? 1 : 0
}

function fillInputs(
  inputs: Float32Array,
  offset: number,
  trial: Trial,
  columns: readonly InputPort[],
  rows: number,
  period: number,
): void {
  const ncolumn = columns.length
  for (let c = 0; c < ncolumn; c++) {
    const driving = trial.driving.find(d => d.port.path === columns[c].path)
    const out = new Float64Array(rows)
    if (driving === undefined) out.fill(idleInput(columns[c]))
    else if (driving.channel.interpolation === 'hold') heldMeans(driving.channel, trial.recording.start, period, out)
    else linearValues(driving.channel, trial.recording.start, period, out)
    const binary = columns[c].kind === 'enable'
    for (let k = 0; k < rows; k++) inputs[offset + k * ncolumn + c] = binary ? Math.round(out[k]) : out[k]
  }
}

/** Mean of a held signal over every row: a change within a row counts from its time stamp on. */
function heldMeans(channel: Channel, start: number, period: number, out: Float64Array): void {
  const { time, values } = channel
  const n = time.length
  let i = Math.max(0, firstAtOrAfter(time, start + 1e-9 * period) - 1)
  for (let k = 0; k < out.length; k++) {
    const from = start + k * period
    const to = from + period
    while (i + 1 < n && time[i + 1] <= from + 1e-9 * period) i++
    let sum = 0
    let at = from
    let j = i
    while (j + 1 < n && time[j + 1] < to - 1e-9 * period) {
      sum += values[j] * (time[j + 1] - at)
      at = time[j + 1]
      j++
    }
    out[k] = j === i ? values[i] : (sum + values[j] * (to - at)) / period
  }
}

/** Linear interpolation at the rows; the first and last value go on outside. */
function linearValues(channel: Channel, start: number, period: number, out: Float64Array): void {
  const { time, values } = channel
  const n = time.length
  let i = 0
  for (let k = 0; k < out.length; k++) {
    const t = start + k * period
    while (i + 1 < n && time[i + 1] <= t) i++
    if (i + 1 >= n || t <= time[i]) out[k] = values[i]
    else out[k] = values[i] + ((t - time[i]) / (time[i + 1] - time[i])) * (values[i + 1] - values[i])
  }
}
