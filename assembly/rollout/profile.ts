import * as f from '../shared/fields'
import { rne } from '../sim/bias'
import { collision } from '../sim/collision/driver'
import { makeConstraint } from '../sim/constraint'
import { constrain, living, smoothForces, step } from '../sim/forward'
import { geomFrames } from '../sim/geoms'
import { crb } from '../sim/inertia'
import { comPos, kinematics } from '../sim/kinematics'
import { planarForces } from '../sim/planar'
import { sensors } from '../sim/sensor'

// where a prefix ends; bindings/cli/check-profile.ts has the same order
// 1: kinematics
const BIAS: i32 = 2
const INERTIA: i32 = 3
const FORCES: i32 = 4
const COLLISION: i32 = 5
const ROWS: i32 = 6
const SOLVER: i32 = 7
const SENSORS: i32 = 8

/**
 * A step up to and including a stage, nrep times from the same state, which stays as it is: the times of two prefixes differ
 * by a stage. Stage 0 only copies the state, stages from 9 are the whole step.
 */
export function profileBlock(m: usize, p: usize, d: usize, s: usize, spare: usize, stage: i32, nrep: i32): void {
  // spare: a block of state to work in
  const bytes = <usize>f.dstride(m)
  for (let k = 0; k < nrep; k++) {
    memory.copy(spare, d, bytes)
    if (stage > SENSORS) step(m, p, spare, s, false, false)
    else if (stage > 0) prefix(m, p, spare, s, stage)
  }
}

function prefix(m: usize, p: usize, d: usize, s: usize, stage: i32): void {
  if (stage < FORCES) {
    dynamics(m, p, d, s, stage)
    return
  }
  smoothForces(m, p, d, s, 0)
  if (stage == COLLISION || stage == ROWS) {
    if (f.ncand(m) > 0) {
      geomFrames(m, p, s, false)
      collision(m, p, d, s, living(m, d))
    }
    if (stage == ROWS) makeConstraint(m, p, d, s)
  }
  if (stage < SOLVER) return
  constrain(m, p, d, s)
  if (stage < SENSORS || f.nsensor(m) == 0) return
  sensors(m, p, d, s, living(m, d))
}

/** the beginning of smoothForces; a planar model's stages are one */
function dynamics(m: usize, p: usize, d: usize, s: usize, stage: i32): void {
  if (f.planar(m)) {
    planarForces(m, p, d, s)
    return
  }
  kinematics(m, p, d, s)
  comPos(m, p, s)
  if (stage >= BIAS) rne(m, p, d, s)
  if (stage >= INERTIA) crb(m, p, s)
}
