import { exp } from '../math/index.js'
import { BIAS, DYN, GAIN, INPUT, TRN } from '../model/enums.js'
import type { Model } from '../model/model.js'
import type { Grid } from './grid.js'
import type { Segment } from './segments.js'

/** Fields an activation's start may depend on; `values` (n, size) holds candidates, absent: the model's own. */
export type FieldRows = ReadonlyMap<string, Float64Array>

/**
 * Activations at the start of every segment for one candidate: a filter has followed the recorded command since the
 * recording began (from steady state at its first sample), an integrator starts where its actuator makes no force, a slew
 * limiter at its command. Integrals, currents, temperatures and bristles start at 0.
 *
 * @param fields (n, size) arrays of the candidate's own field values; `row` picks one
 * @param act (nsegment, na), written
 */
export function initialActivation(
  model: Model,
  grid: Grid,
  segments: readonly Segment[],
  qpos: Float64Array,
  fields: FieldRows,
  rowOf: (trial: number) => number,
  act: Float64Array,
): void {
  const { field: f, na, nq } = model
  act.fill(0)
  for (let i = 0; i < model.nactuator; i++) {
    const adr = f.actuator_actadr[i]
    if (adr < 0) continue
    const type = f.actuator_dyntype[i]
    const ctrl = f.actuator_ctrladr[i]
    const column = grid.columns.findIndex(c => c.kind === 'ctrl' && c.index === ctrl)
    for (let s = 0; s < segments.length; s++) {
      const { trial, start } = segments[s]
      const row = rowOf(trial)
      const value = (name: string, k: number): number => {
        const own = fields.get(name)
        const table = model.field[name]
        return own === undefined ? table[k] : own[row * table.length + k]
      }
      let a = 0
      if (type === DYN.FILTER || type === DYN.FILTEREXACT) {
        a = filtered(model, grid, i, column, trial, start, value)
      } else if (type === DYN.INTEGRATOR) {
        a = forceless(model, i, qpos.subarray(s * nq, (s + 1) * nq), value)
      } else if (
        (type === DYN.PID && value('actuator_dynprm', 10 * i + 1) > 0) ||
        (type === DYN.DCMOTOR && value('actuator_dynprm', 10 * i + 7) > 0)
      ) {
        // slot 0 is the slew limiter of the position command
        if ((f.actuator_ctrlspec[i] & INPUT.VOLTAGE) === 0) a = command(model, grid, column, ctrl, trial, start)
      }
      if (f.actuator_actlimited[i] !== 0 && type !== DYN.DCMOTOR) {
        a = Math.min(f.actuator_actrange[2 * i + 1], Math.max(f.actuator_actrange[2 * i], a))
      }
      act[s * na + adr] = a
    }
  }
}

type FieldValue = (name: string, k: number) => number

/** Command of an actuator at a row, clamped as the simulation clamps it; 0 when no channel drives it. */
function command(model: Model, grid: Grid, column: number, ctrl: number, trial: number, row: number): number {
  if (column < 0) return 0
  const ncolumn = grid.columns.length
  const u = grid.inputs[(trial * grid.rows + Math.max(0, row)) * ncolumn + column]
  const f = model.field
  if (f.actuator_ctrllimited[ctrl] === 0) return u
  return Math.min(f.actuator_ctrlrange[2 * ctrl + 1], Math.max(f.actuator_ctrlrange[2 * ctrl], u))
}

/** First-order lag driven by the recorded, delayed command from the start of the recording to the segment. */
function filtered(
  model: Model,
  grid: Grid,
  actuator: number,
  column: number,
  trial: number,
  start: number,
  value: FieldValue,
): number {
  const ctrl = model.field.actuator_ctrladr[actuator]
  const tau = Math.max(1e-6, value('actuator_dynprm', 10 * actuator))
  const delay = Math.max(0, value('actuator_delay', actuator)) / grid.period
  // 30 time constants forget any start
  const from = Math.max(0, start - Math.ceil((30 * tau) / grid.period))
  const keep = exp(-grid.period / tau)
  const at = (row: number): number => {
    const k = Math.floor(row)
    const u = command(model, grid, column, ctrl, trial, k)
    return row === k ? u : u + (row - k) * (command(model, grid, column, ctrl, trial, k + 1) - u)
  }
  let a = at(Math.max(0, from - delay))
  for (let row = from; row < start; row++) {
    const u = at(Math.max(0, row - delay))
    a = u + keep * (a - u)
  }
  return a
}

/** Activation at which gain * act + bias = 0 for an affine actuator on a joint: an integrated position servo stands still. */
function forceless(model: Model, actuator: number, qpos: Float64Array, value: FieldValue): number {
  const f = model.field
  if (f.actuator_biastype[actuator] !== BIAS.AFFINE || f.actuator_gaintype[actuator] !== GAIN.FIXED) return 0
  if (f.actuator_trntype[actuator] !== TRN.JOINT) return 0
  const gain = value('actuator_gainprm', 10 * actuator)
  if (gain === 0) return 0
  const adr = f.jnt_qposadr[f.actuator_trnid[2 * actuator]]
  const length = value('actuator_gear', 6 * f.actuator_outadr[actuator]) * qpos[adr]
  return -(value('actuator_biasprm', 10 * actuator) + value('actuator_biasprm', 10 * actuator + 1) * length) / gain
}
