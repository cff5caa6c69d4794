// import { lane, nlane } from '../math/v4'
// import { rne } from '../sim/bias'
// import { collision } from '../sim/collision/driver'
// import { makeConstraint } from '../sim/constraint'
// import { constrain, living, smoothForces, step } from '../sim/forward'
// import { geomFrames } from '../sim/geoms'
// import { crb } from '../sim/inertia'
// import { comPos, kinematics } from '../sim/kinematics'
// import { planarForces } from '../sim/planar'
// import { sensors } from '../sim/sensor'

// where a prefix ends; bindings/cli/check-profile.ts has the same order
// 1: kinematics
const BIAS: i32 = 2;
const INERTIA: i32 = 3;
const FORCES: i32 = 4;
const COLLISION: i32 = 5;
const ROWS: i32 = 6;
const SOLVER: i32 = 7;
const SENSORS: i32 = 8;

/**
 * A step up to and including a stage, nrep times from the same state, which stays as it is: the times of two prefixes differ
 * by a stage. Stage 0 only copies the state, stages from 9 are the whole step.
 */
fn profileBlock(stage: i32, nrep: i32) {
  // the state is kept in E
  for (var i = 0; i < f_dsize; i++) { E[i * nlane + lane] = W[i * nlane + lane]; }
  for (var k = 0; k < nrep; k++) {
    if (stage > SENSORS) {
      step(false, false);
    } else if (stage > 0) {
      prefix(stage);
    }
    for (var i = 0; i < f_dsize; i++) { W[i * nlane + lane] = E[i * nlane + lane]; }
  }
}

fn prefix(stage: i32) {
  if (stage < FORCES) {
    dynamics(stage);
    return;
  }
  smoothForces(0.0);
  if (stage == COLLISION || stage == ROWS) {
    if (f_ncand > 0) {
      geomFrames(false);
      collision(living());
    }
    if (stage == ROWS) { makeConstraint(); }
  }
  if (stage < SOLVER) { return; }
  constrain(false);
  if (f_nsensor > 0) {
    if (stage >= SENSORS) { sensors(living()); }
  }
}

/** the beginning of smoothForces; a planar model's stages are one */
fn dynamics(stage: i32) {
  if (f_planar != 0) {
    planarForces();
  } else {
    kinematics();
    comPos();
    if (stage >= BIAS) { rne(); }
    if (stage >= INERTIA) { crb(); }
  }
}
