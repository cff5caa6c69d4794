import * as f from '../shared/fields'
import { forward, step } from '../sim/forward'
import { at, i32at, INT_RK4 } from '../sim/types'

// The replay record: i32 words at r. bindings/engine/replay.ts writes the same order.
const R_NWORLD: usize = 0
const R_ROWS: usize = 4
const R_T: usize = 8
const R_NSTEP: usize = 12
const R_NINPUT: usize = 16
const R_NRECORD: usize = 20
const R_OUTPUTS: usize = 24
const R_INPUTS: usize = 28
const R_INPUTOF: usize = 32
const R_START: usize = 36
const R_LENGTH: usize = 40
const R_COLUMNS: usize = 44
const R_RECORDS: usize = 48
const R_QACC: usize = 52

// a column: kind, index of the target, actuator whose delay applies (-1: none), hold
const COLUMN: usize = 16
const KIND_CTRL: i32 = 0
const KIND_ENABLE: i32 = 1
const KIND_SUPPLY: i32 = 2
// a record: byte offset in the block, size, address of the output, 1 when it is a result of forward rather than state
const RECORD: usize = 16

/** a hold interval shorter than this part of a timestep is rounding */
const SLIVER: f32 = 1e-4

/**
 * Write this timestep's inputs: column c of each world's own table, at row start + t + k / nstep less the delay. A linear
 * column is interpolated; a held one is averaged over the timestep, so that the motion is continuous in the delay.
 */
function applyInputs(m: usize, p: usize, d: usize, r: usize, block: i32, t: i32, k: i32): void {
  const ninput = load<i32>(r, R_NINPUT), rows = load<i32>(r, R_ROWS), nstep = load<i32>(r, R_NSTEP), nworld = load<i32>(r, R_NWORLD)
  const inputs = load<usize>(r, R_INPUTS), sets = load<usize>(r, R_INPUTOF), starts = load<usize>(r, R_START), columns = load<usize>(r, R_COLUMNS)
  const inv: f32 = 1 / <f32>nstep

  for (let c = 0; c < ninput; c++) {
    const col = columns + COLUMN * <usize>c
    const kind = load<i32>(col), index = load<i32>(col, 4), delayed = load<i32>(col, 8), hold = load<i32>(col, 12)
    const base = kind == KIND_CTRL ? f.ctrl(m, d) : kind == KIND_ENABLE ? f.actuator_enable(m, d) : kind == KIND_SUPPLY ? f.actuator_supply(m, d) : f.qfrc_applied(m, d)
    const target = at(base, index)

    for (let lane = 0; lane < 4; lane++) {
      // padding worlds repeat the last real one
      let w = 4 * block + lane
      if (w >= nworld) w = nworld - 1
      let x: f32 = <f32>k
      if (delayed >= 0) {
        x -= load<f32>(at(f.actuator_delay(m, p), delayed) + 4 * <usize>lane) / load<f32>(f.opt_timestep(m, p) + 4 * <usize>lane)
      }
      x *= inv
      const whole = floor(x)
      const part = x - whole
      let row = i32at(starts, w) + t + <i32>whole
      const table = inputs + 4 * <usize>(i32at(sets, w) * rows * ninput + c)
      let next = row + 1
      if (row < 0) row = 0
      if (next < 0) next = 0
      if (row > rows - 1) row = rows - 1
      if (next > rows - 1) next = rows - 1
      const a = load<f32>(table + 4 * <usize>(row * ninput)), b = load<f32>(table + 4 * <usize>(next * ninput))
      let weight: f32 = part
      if (hold) {
        weight = (part + inv - 1) * <f32>nstep
        if (weight < SLIVER) weight = 0
      }
      store<f32>(target + 4 * <usize>lane, a + weight * (b - a))
    }
  }
}

/** copy the recorded fields of one kind to row t of every world's output; rows a world does not want are NaN */
function record(r: usize, d: usize, block: i32, t: i32, outputs: i32): void {
  const n = load<i32>(r, R_NRECORD), nworld = load<i32>(r, R_NWORLD), T = load<i32>(r, R_T)
  const records = load<usize>(r, R_RECORDS), lengths = load<usize>(r, R_LENGTH)
  for (let i = 0; i < n; i++) {
    const rec = records + RECORD * <usize>i
    if (load<i32>(rec, 12) != outputs) continue
    const from = d + <usize>load<u32>(rec), size = load<i32>(rec, 4), out = load<usize>(rec, 8)
    for (let lane = 0; lane < 4; lane++) {
      const w = 4 * block + lane
      if (w >= nworld) break
      const wanted = t < i32at(lengths, w)
      const o = out + 4 * (<usize>(w * T + t) * <usize>size)
      for (let e = 0; e < size; e++) {
        store<f32>(o + 4 * <usize>e, wanted ? load<f32>(at(from, e) + 4 * <usize>lane) : <f32>NaN)
      }
    }
  }
}

/**
 * Drive worlds through T rows of recorded inputs, nstep timesteps between rows, without leaving the engine. State fields are
 * those at the row; results (sensors, forces, accelerations) are those of mj_forward there.
 */
export function replayBlock(m: usize, p: usize, d: usize, s: usize, r: usize, block: i32): void {
  const T = load<i32>(r, R_T), nstep = load<i32>(r, R_NSTEP), nworld = load<i32>(r, R_NWORLD)
  const outputs = load<i32>(r, R_OUTPUTS) != 0, qacc = load<i32>(r, R_QACC) != 0
  const rk4 = load<i32>(f.opt_integrator(m)) == INT_RK4
  const lengths = load<usize>(r, R_LENGTH)

  // rows any of the four worlds wants
  let longest = 1
  for (let lane = 0; lane < 4; lane++) {
    const w = 4 * block + lane
    if (w < nworld) longest = max(longest, i32at(lengths, w))
  }

  for (let t = 0; t < T; t++) {
    record(r, d, block, t, 0)
    if (t >= longest - 1) {
      if (t == longest - 1 && outputs) {
        applyInputs(m, p, d, r, block, t, 0)
        forward(m, p, d, s)
      }
      record(r, d, block, t, 1)
      continue
    }
    for (let k = 0; k < nstep; k++) {
      applyInputs(m, p, d, r, block, t, k)
      if (k == 0 && outputs && rk4) {
        forward(m, p, d, s)
        record(r, d, block, t, 1)
      }
      step(m, p, d, s, k == nstep - 1, k == 0 && qacc)
      if (k == 0 && outputs && !rk4) record(r, d, block, t, 1)
    }
  }
}
