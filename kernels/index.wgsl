/** The entry points of the engine on a GPU: one invocation a world. */
// import { lane, nlane, npar, plane } from './math/v4'
// import { advanceStage as advanceWorld, collideStage as collideWorld, constraintStage as constrainWorld } from './sim/forward'
// import { contacts as contactsOfWorld, derive as deriveWorld, forward as forwardWorld, step as stepWorld } from './sim/forward'
// import { smoothStage as smoothWorld, solveStage as solveWorld } from './sim/forward'
// import { constraintRows } from './sim/rows'
// import { setConst as setConstWorld } from './sim/setconst'

/** find this invocation's world, if it has one */
fn enter(id: vec3u) -> bool {
  let world = call.first + id.x;
  lane = i32(world);
  nlane = i32(call.nlane);
  npar = i32(call.npar);
  plane = select(0, lane, call.npar > 1u);
  return id.x < call.count;
}

/** nstep timesteps of the worlds */
@compute @workgroup_size(64)
fn step(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  for (var k = 0u; k < call.nstep; k++) { stepWorld(k + 1u == call.nstep, false); }
}

/** mj_forward of the worlds */
@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  forwardWorld();
}

/** derived constants of the worlds' parameters; their state is overwritten */
@compute @workgroup_size(64)
fn setConst(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  setConstWorld();
}

/** fields that are not kept, left in scratch */
@compute @workgroup_size(64)
fn derive(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  deriveWorld();
}

/** contacts, left in scratch */
@compute @workgroup_size(64)
fn collide(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  contactsOfWorld();
}

/** contacts and constraint rows with their forces, left in scratch */
@compute @workgroup_size(64)
fn rows(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  constraintRows();
}

// One timestep in parts. call.nstep: timesteps to go, this one counted; call.a0: stage of Runge-Kutta, 0 .. 3, 0 for all
// other integrators.

/** the first part: all forces but those of constraints */
@compute @workgroup_size(64)
fn smoothStage(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  smoothWorld(i32(call.a0), call.nstep == 1u);
}

/** the second part: contacts */
@compute @workgroup_size(64)
fn collideStage(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  collideWorld();
}

/** the third part: constraint rows */
@compute @workgroup_size(64)
fn constraintStage(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  constrainWorld();
}

/** the fourth part: constraint forces */
@compute @workgroup_size(64)
fn solveStage(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  solveWorld(call.nstep == 1u);
}

/** the last part: sensors, integration */
@compute @workgroup_size(64)
fn advanceStage(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  advanceWorld(i32(call.a0), call.nstep == 1u);
}
