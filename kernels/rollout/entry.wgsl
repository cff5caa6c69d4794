/** Entry points of episodes and replays: one invocation a world. */
// import { enter } from '../index'
// import { afterSteps, beforeStep, beforeSteps, begin, rolloutSteps as stepsOfWorld, start } from './episode'
// import { profileBlock } from './profile'
// import { replayBlock } from './replay'

// Episodes: call.a0 of T is the rollout record. rolloutStart once, then rolloutBegin and rolloutSteps in turn, until the sum of
// the episodes that worlds have finished (O at R_next, one word a world) is their number. In place of rolloutSteps, a control
// step may be cut into rolloutCommand, frameskip times rolloutControl and a timestep, rolloutReward.

/** worlds are free */
@compute @workgroup_size(64)
fn rolloutStart(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  start();
}

/** worlds without an episode take their next ones */
@compute @workgroup_size(64)
fn rolloutBegin(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  begin();
}

/** at most call.nstep control steps of each world's episode */
@compute @workgroup_size(64)
fn rolloutSteps(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  stepsOfWorld(i32(call.nstep));
}

/** observation, policy, commands */
@compute @workgroup_size(64)
fn rolloutCommand(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  beforeSteps();
}

/** controls of timestep call.a1 of a control step */
@compute @workgroup_size(64)
fn rolloutControl(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  beforeStep(i32(call.a1));
}

/** reward, and results of episodes that end */
@compute @workgroup_size(64)
fn rolloutReward(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  afterSteps();
}

/** recorded inputs, rows call.a1 to call.a2; call.a0 of T is the replay record */
@compute @workgroup_size(64)
fn replay(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  replayBlock(i32(call.a1), i32(call.a2));
}

/** the step up to stage call.a1, call.a2 times from the same state */
@compute @workgroup_size(64)
fn profile(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  profileBlock(i32(call.a1), i32(call.a2));
}
