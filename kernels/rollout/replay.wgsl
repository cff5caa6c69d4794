// import { lane, ld, par, st } from '../math/v4'
// import { asked, tab, tabi } from '../shared/buffers'
// import { forward, step } from '../sim/forward'
// import { INT_RK4 } from '../sim/types'

// The replay record: i32 words at call.a0 of T, in the order of bindings/engine/replay.ts; addresses are of T, those of
// records of O, what a record takes of W.
const R_NWORLD: i32 = 0;
const R_ROWS: i32 = 1;
const R_T: i32 = 2;
const R_NSTEP: i32 = 3;
const R_NINPUT: i32 = 4;
const R_NRECORD: i32 = 5;
const R_OUTPUTS: i32 = 6;
const R_INPUTS: i32 = 7;
const R_INPUTOF: i32 = 8;
const R_START: i32 = 9;
const R_LENGTH: i32 = 10;
const R_COLUMNS: i32 = 11;
const R_RECORDS: i32 = 12;
const R_QACC: i32 = 13;

// a column: kind, index of the target, actuator whose delay applies (-1: none), hold
const COLUMN: i32 = 4;
const KIND_CTRL: i32 = 0;
const KIND_ENABLE: i32 = 1;
const KIND_SUPPLY: i32 = 2;
// a record: address of the field, size, address of the output, 1 when it is a result of forward rather than state
const RECORD: i32 = 4;

/** a hold interval shorter than this part of a timestep is rounding */
const SLIVER: f32 = 1e-4;
/** NaN by its bits */
const NOTHING: u32 = 0x7fc00000u;

/**
 * Write this timestep's inputs: column c of each world's own table, at row start + t + k / nstep less the delay. A linear
 * column is interpolated; a held one is averaged over the timestep, so that the motion is continuous in the delay.
 */
fn applyInputs(t: i32, k: i32) {
  let ninput = asked(R_NINPUT);
  let rows = asked(R_ROWS);
  let nstep = asked(R_NSTEP);
  let inv = 1.0 / f32(nstep);

  for (var c = 0; c < ninput; c++) {
    let col = asked(R_COLUMNS) + COLUMN * c;
    let kind = tabi(col);
    let delayed = tabi(col + 2);
    var base = f_qfrc_applied;
    if (kind == KIND_CTRL) { base = f_ctrl; }
    if (kind == KIND_ENABLE) { base = f_actuator_enable; }
    if (kind == KIND_SUPPLY) { base = f_actuator_supply; }

    var x = f32(k);
    if (delayed >= 0) { x -= par(f_actuator_delay + delayed) / par(f_opt_timestep); }
    x *= inv;
    let whole = floor(x);
    let part = x - whole;
    let row = tabi(asked(R_START) + lane) + t + i32(whole);
    let table = asked(R_INPUTS) + tabi(asked(R_INPUTOF) + lane) * rows * ninput + c;
    let a = tab(table + clamp(row, 0, rows - 1) * ninput);
    let b = tab(table + clamp(row + 1, 0, rows - 1) * ninput);
    var weight = part;
    if (tabi(col + 3) != 0) {
      weight = (part + inv - 1.0) * f32(nstep);
      if (weight < SLIVER) { weight = 0.0; }
    }
    st(base + tabi(col + 1), a + weight * (b - a));
  }
}

/** copy the recorded fields of one kind to row t of every world's output; rows a world does not want are NaN */
fn record(t: i32, outputs: i32) {
  let wanted = t < tabi(asked(R_LENGTH) + lane);
  for (var i = 0; i < asked(R_NRECORD); i++) {
    let rec = asked(R_RECORDS) + RECORD * i;
    if (tabi(rec + 3) != outputs) { continue; }
    let first = tabi(rec);
    let size = tabi(rec + 1);
    let o = tabi(rec + 2) + (lane * asked(R_T) + t) * size;
    for (var e = 0; e < size; e++) { O[o + e] = select(NOTHING, bitcast<u32>(ld(first + e)), wanted); }
  }
}

/**
 * Drive worlds through T rows of recorded inputs, nstep timesteps between rows, without leaving the engine. State fields are
 * those at the row; results (sensors, forces, accelerations) are those of mj_forward there.
 */
fn replayBlock(begin: i32, end: i32) {
  // rows [begin, end): a dispatch is a part of the way
  let T_ = asked(R_T);
  let nstep = asked(R_NSTEP);
  let outputs = asked(R_OUTPUTS) != 0;
  let qacc = asked(R_QACC) != 0;

  // rows the world wants
  let longest = max(1, tabi(asked(R_LENGTH) + lane));

  for (var t = begin; t < min(end, T_); t++) {
    record(t, 0);
    if (t >= longest - 1) {
      if (t == longest - 1 && outputs) {
        applyInputs(t, 0);
        forward();
      }
      record(t, 1);
      continue;
    }
    for (var k = 0; k < nstep; k++) {
      applyInputs(t, k);
      if (f_opt_integrator == INT_RK4) {
        if (k == 0 && outputs) {
          forward();
          record(t, 1);
        }
      }
      step(k == nstep - 1, k == 0 && qacc);
      if (f_opt_integrator != INT_RK4) {
        if (k == 0 && outputs) { record(t, 1); }
      }
    }
  }
}
