import { ParameterError, RecordingError } from '../errors.js'
import { JOINT } from '../model/enums.js'
import type { Model } from '../model/model.js'
import { type Filtered, type FilterSpec, type FilterUsed, type Local, openFilter } from './filter.js'
import type { Grid, Trial } from './grid.js'
import { couplings } from './ports.js'

/** A stretch of a recording that is simulated from a measured state. */
export interface Segment {
  readonly trial: number
  /** first row */
  readonly start: number
  /** rows simulated, the first is the initial state */
  readonly rows: number
  /** s, time stamp of the first row */
  readonly time: number
}

export interface WindowOptions {
  /** s; absent: one segment a recording */
  window?: number
  /** s between the starts of windows; default the window itself */
  stride?: number
}

/**
 * Cuts recordings into windows, or leaves each whole.
 *
 * @throws {ParameterError} WINDOW on a window or stride that is no positive time, or less than one step
 * @throws {RecordingError} RECORDING_SHORT when a recording is shorter than one window
 */
export function cutSegments(grid: Grid, options: WindowOptions): Segment[] {
  const { window, stride = options.window } = options
  if (window === undefined) {
    return grid.trials.map((trial, t) => ({ trial: t, start: 0, rows: trial.rows, time: trial.recording.start }))
  }
  if (!(window > 0 && Number.isFinite(window)))
    throw new ParameterError('WINDOW', `window: ${window} s is not a positive time`)
  if (!(stride !== undefined && stride > 0 && Number.isFinite(stride)))
    throw new ParameterError('WINDOW', `stride: ${stride} s is not a positive time`)
  for (const [name, length] of Object.entries({ window, stride })) {
    if (length < (1 - 1e-9) * grid.period)
      throw new ParameterError('WINDOW', `${name}: ${length} s is less than one step of the grid, ${grid.period} s`)
  }
  const rows = Math.max(1, Math.round(window / grid.period)) + 1
  const step = Math.max(1, Math.round(stride / grid.period))
  const segments: Segment[] = []
  grid.trials.forEach((trial, t) => {
    if (trial.rows < rows) {
      const span = trial.recording.end - trial.recording.start
      throw new RecordingError('RECORDING_SHORT', `it lasts ${span} s, less than one window of ${window} s`, {
        place: trial.recording.name,
      })
    }
    for (let start = 0; start + rows <= trial.rows; start += step) {
      segments.push({ trial: t, start, rows, time: trial.recording.start + start * grid.period })
    }
  })
  return segments
}

export interface InitialOptions {
  filter?: FilterSpec
  /** where velocities come from: the slope of the measured positions (default), or the measured velocity channel */
  velocity?: 'filter' | 'channel'
}

/** A joint coordinate whose start comes from a measurement, with the noise that came along. */
export interface InitialCoordinate {
  /** address of the position; of the whole quaternion for a turn */
  readonly qpos: number
  readonly dof: number
  /** a turn of a ball or free joint about this axis of its body; absent: a scalar */
  readonly axis?: 0 | 1 | 2
}

/**
 * Moves one state along a coordinate, in place: q ⊗ (cos(angle/2), axis sin(angle/2)) for a turn, whose angle is so small
 * that a normalised (1, axis angle/2) does for it.
 *
 * @param position m or rad added
 * @param velocity m/s or rad/s added
 * @param q where the state's positions begin, v where its velocities do
 */
export function moveState(
  qpos: Float64Array | Float32Array,
  qvel: Float64Array | Float32Array,
  q: number,
  v: number,
  coordinate: InitialCoordinate,
  position: number,
  velocity: number,
): void {
  const at = q + coordinate.qpos
  qvel[v + coordinate.dof] += velocity
  if (coordinate.axis === undefined) {
    qpos[at] += position
    return
  }
  const half = 0.5 * position
  const shrink = 1 / Math.sqrt(1 + half * half)
  const t = [0, 0, 0]
  t[coordinate.axis] = half
  const [w, x, y, z] = [qpos[at], qpos[at + 1], qpos[at + 2], qpos[at + 3]]
  qpos[at] = shrink * (w - x * t[0] - y * t[1] - z * t[2])
  qpos[at + 1] = shrink * (x + w * t[0] + y * t[2] - z * t[1])
  qpos[at + 2] = shrink * (y + w * t[1] + z * t[0] - x * t[2])
  qpos[at + 3] = shrink * (z + w * t[2] + x * t[1] - y * t[0])
}

/** Initial states of all segments. */
export interface InitialStates {
  /** (nsegment, nq) */
  readonly qpos: Float64Array
  /** (nsegment, nv) */
  readonly qvel: Float64Array
  /** measured coordinates of joints; each has two uncertain numbers, position and velocity */
  readonly coordinates: readonly InitialCoordinate[]
  /** (nsegment, ncoordinate, 3) variance of position, covariance, variance of velocity */
  readonly covariance: Float64Array
  /** how it was done, one a measured channel: stands beside every score */
  readonly filters: readonly InitialFilter[]
}

export interface InitialFilter {
  readonly recording: string
  readonly channel: string
  readonly filter: FilterUsed
  /** standard deviation of the measurement noise as the filter sees it, SI */
  readonly noise: number
}

/**
 * State at the start of every segment: positions and velocities by the filter from the measured channels, joints that are
 * not measured at qpos0 and at rest, or where a joint equality puts them.
 * The filter looks at the whole recording, so a window's start uses samples on both sides.
 */
export function initialStates(
  model: Model,
  grid: Grid,
  segments: readonly Segment[],
  options: InitialOptions,
): InitialStates {
  const { nq, nv } = model
  const filters: InitialFilter[] = []
  const sources = grid.trials.map(trial => stateSources(trial, options.filter, filters))
  const coordinates = measuredCoordinates(model, sources)
  const qpos = new Float64Array(segments.length * nq)
  const qvel = new Float64Array(segments.length * nv)
  const covariance = new Float64Array(segments.length * coordinates.length * 3)
  const coupled = couplings(model)

  segments.forEach((segment, s) => {
    const { positions, velocities } = sources[segment.trial]
    const q = qpos.subarray(s * nq, (s + 1) * nq)
    const v = qvel.subarray(s * nv, (s + 1) * nv)
    q.set(model.field.qpos0)
    const slopes = new Map<number, Local>()
    for (const [adr, source] of positions) {
      const local = source.at(segment.time)
      q[adr] = local.value
      slopes.set(adr, local)
    }
    fillVelocities(model, q, v, slopes)
    for (const [dof, source] of velocities) {
      const measured = slopesOfDof(model, dof, slopes)
      if (options.velocity === 'channel' || measured === undefined) v[dof] = source.at(segment.time).value
    }

    // noise of the start, coordinate by coordinate
    coordinates.forEach(({ qpos: adr, dof, axis }, c) => {
      const at = (s * coordinates.length + c) * 3
      const source = positions.get(adr)
      const local = slopes.get(adr)
      if (source === undefined || local === undefined) return
      let power = source.noise * source.noise
      if (axis !== undefined) {
        // a turn is twice the quaternion's own change across it: 2 conj(q) dq
        const parts = [0, 1, 2, 3].map(k => positions.get(adr + k)?.noise)
        if (parts.some(noise => noise === undefined)) return
        power = (parts as number[]).reduce((sum, noise) => sum + noise * noise, 0)
      }
      for (let k = 0; k < 3; k++) covariance[at + k] = power * local.gains[k]
      const own = velocities.get(dof)
      if (options.velocity === 'channel' && own !== undefined) {
        covariance[at + 1] = 0
        covariance[at + 2] = own.noise * own.noise * own.at(segment.time).gains[0]
      }
    })

    // joints held by an equality start on it
    for (const { qpos1, dof1, qpos2, dof2, poly } of coupled) {
      const known1 = positions.has(qpos1)
      const known2 = positions.has(qpos2)
      const linear = poly[2] === 0 && poly[3] === 0 && poly[4] === 0
      const zero1 = model.field.qpos0[qpos1]
      const zero2 = model.field.qpos0[qpos2]
      if (!known1 && known2) {
        const x = q[qpos2] - zero2
        q[qpos1] = zero1 + poly[0] + x * (poly[1] + x * (poly[2] + x * (poly[3] + x * poly[4])))
        v[dof1] = v[dof2] * (poly[1] + x * (2 * poly[2] + x * (3 * poly[3] + x * 4 * poly[4])))
      } else if (known1 && !known2 && linear && poly[1] !== 0) {
        q[qpos2] = zero2 + (q[qpos1] - zero1 - poly[0]) / poly[1]
        v[dof2] = v[dof1] / poly[1]
      }
    }
  })
  return { qpos, qvel, coordinates, covariance, filters }
}

/** The channels of a trial that observe a joint coordinate; a joint channel goes before a sensor. */
function stateSources(
  trial: Trial,
  spec: FilterSpec | undefined,
  filters: InitialFilter[],
): { positions: Map<number, Filtered>; velocities: Map<number, Filtered> } {
  const positions = new Map<number, Filtered>()
  const velocities = new Map<number, Filtered>()
  const ordered = [...trial.measured].sort(
    (a, b) => Number(a.port.sensor !== undefined) - Number(b.port.sensor !== undefined),
  )
  for (const { channel, port } of ordered) {
    if (port.state === undefined) continue
    const known = port.state.kind === 'qpos' ? positions : velocities
    if (known.has(port.state.adr)) continue
    const source = openFilter(channel, spec)
    known.set(port.state.adr, source)
    filters.push({ recording: trial.recording.name, channel: channel.name, filter: source.used, noise: source.noise })
  }
  return { positions, velocities }
}

/** Coordinates that some trial measures: hinges and slides, what a free joint's body moves, turns with a whole quaternion. */
function measuredCoordinates(
  model: Model,
  sources: readonly { positions: Map<number, Filtered> }[],
): InitialCoordinate[] {
  const known = (adr: number): boolean => sources.some(source => source.positions.has(adr))
  const found: InitialCoordinate[] = []
  for (let j = 0; j < model.njnt; j++) {
    const type = model.field.jnt_type[j]
    const qpos = model.field.jnt_qposadr[j]
    const dof = model.field.jnt_dofadr[j]
    const scalars = type === JOINT.FREE ? 3 : type === JOINT.BALL ? 0 : 1
    for (let k = 0; k < scalars; k++) if (known(qpos + k)) found.push({ qpos: qpos + k, dof: dof + k })
    if (scalars === 1 || ![0, 1, 2, 3].every(k => known(qpos + scalars + k))) continue
    for (const axis of [0, 1, 2] as const) found.push({ qpos: qpos + scalars, dof: dof + scalars + axis, axis })
  }
  return found
}

/** Slope of the position that belongs to a dof, when it was measured. */
function slopesOfDof(model: Model, dof: number, slopes: Map<number, Local>): Local | undefined {
  const joint = model.field.dof_jntid[dof]
  const type = model.field.jnt_type[joint]
  const first = model.field.jnt_qposadr[joint]
  const within = dof - model.field.jnt_dofadr[joint]
  if (type === JOINT.HINGE || type === JOINT.SLIDE) return slopes.get(first)
  if (type === JOINT.FREE && within < 3) return slopes.get(first + within)
  // angular velocity needs the whole quaternion
  return slopes.get(type === JOINT.FREE ? first + 3 : first)
}

/** Velocities from the slopes of positions; a quaternion's through omega = 2 conj(q) dq/dt, in the body frame. */
function fillVelocities(model: Model, q: Float64Array, v: Float64Array, slopes: Map<number, Local>): void {
  const f = model.field
  for (let j = 0; j < model.njnt; j++) {
    const type = f.jnt_type[j]
    const adr = f.jnt_qposadr[j]
    const dof = f.jnt_dofadr[j]
    if (type === JOINT.HINGE || type === JOINT.SLIDE) {
      v[dof] = slopes.get(adr)?.slope ?? 0
      continue
    }
    if (type === JOINT.FREE) for (let k = 0; k < 3; k++) v[dof + k] = slopes.get(adr + k)?.slope ?? 0
    const quat = type === JOINT.FREE ? adr + 3 : adr
    const spin = type === JOINT.FREE ? dof + 3 : dof
    const rates = [0, 1, 2, 3].map(k => slopes.get(quat + k)?.slope)
    if (rates.some(rate => rate === undefined)) continue
    const [dw, dx, dy, dz] = rates as number[]
    let norm = 0
    for (let k = 0; k < 4; k++) norm += q[quat + k] * q[quat + k]
    norm = Math.sqrt(norm)
    if (!(norm > 0.1))
      throw new RecordingError('QUATERNION', `the measured orientation of joint ${j} has length ${norm}, expected 1`)
    for (let k = 0; k < 4; k++) q[quat + k] /= norm
    const [w, x, y, z] = [q[quat], q[quat + 1], q[quat + 2], q[quat + 3]]
    v[spin] = (2 * (w * dx - x * dw - y * dz + z * dy)) / norm
    v[spin + 1] = (2 * (w * dy + x * dz - y * dw - z * dx)) / norm
    v[spin + 2] = (2 * (w * dz - x * dy + y * dx - z * dw)) / norm
  }
}
