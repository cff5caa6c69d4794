/** Tendons, actuators and rotations, in the interpreter against MuJoCo; a world without anything in it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { modelFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import { emptyModel } from '../../bindings/task/index.js'
import { openOracle, rng } from '../support/oracle.js'
import { walkerModel } from './models.js'
import { compileOn, observed, worldOf } from './support.js'

const TENDONS = `<mujoco><worldbody>
  <body><joint name="a" axis="0 1 0"/><geom size=".1"/>
    <body pos="0 0 -.3"><joint name="b" axis="0 1 0"/><geom size=".1"/>
      <body pos="0 0 -.3"><joint name="ball" type="ball"/><geom size=".1"/></body></body></body>
  </worldbody>
  <tendon><fixed name="both"><joint joint="a" coef="2"/><joint joint="b" coef="-.5"/></fixed></tendon>
  <actuator>
    <motor name="pull" tendon="both" gear="3"/>
    <motor name="turn" joint="b" gear="-2"/>
    <motor name="twist" joint="ball" gear="1 0 0 0 0 0"/>
  </actuator></mujoco>`

test('lengths and velocities of tendons and actuators', async () => {
  const model = await loadModel(TENDONS)
  const compiled = compileOn(model, s => {
    const [pull, turn] = [s.actuator('pull'), s.actuator('turn')]
    return {
      observation: {
        tendon: [s.tendon('both').length, s.tendon('both').velocity],
        length: [pull.length, turn.length],
        velocity: [pull.velocity, turn.velocity],
        ball: s.joint('ball').qpos,
        w: s.joint('ball').qpos.at(0),
      },
    }
  })
  const oracle = await openOracle(TENDONS)
  const random = rng(3)
  const world = worldOf(compiled, model)
  for (let k = 0; k < 20; k++) {
    const qpos = [random.normal(), random.normal(), 1, 0, 0, 0]
    const qvel = Array.from({ length: 5 }, () => random.normal())
    world.set('qpos', qpos)
    world.set('qvel', qvel)
    oracle.reset().write('qpos', qpos).write('qvel', qvel).forward()
    const expected = [
      ...oracle.get('ten_length'),
      ...oracle.get('ten_velocity'),
      ...oracle.get('actuator_length').subarray(0, 2),
      ...oracle.get('actuator_velocity').subarray(0, 2),
      ...[1, 0, 0, 0, 1],
    ]
    const found = world.observe()
    assert.is(found.length, expected.length)
    for (const [i, x] of expected.entries())
      assert.ok(Math.abs(found[i] - x) < 1e-5, `${compiled.names.observation[i]}`)
  }
  oracle.dispose()
  assert.throws(
    () => compileOn(model, s => ({ reward: { x: s.actuator('twist').length } })),
    /^reward\.x: actuator 'twist': length is known of actuators on hinges, slides and fixed tendons only$/,
  )
})

test('vectors in the axes of a body and back', async () => {
  const model = await walkerModel()
  const compiled = compileOn(model, s => {
    const torso = s.body('torso')
    const { xquat } = torso
    const v = s.qvel.slice(0, 3)
    const local = torso.toLocal(v)
    return {
      observation: {
        v,
        back: torso.toWorld(local),
        long: local.norm().sub(v.norm()),
        q: [xquat.w, xquat.x, xquat.y, xquat.z],
      },
    }
  })
  const batch = await createBatch(model, { nworld: 1 })
  const quat = [0.5, -0.5, 0.1, 0.7].map(x => x)
  const length = Math.hypot(...quat)
  const qpos = [0, 0, 1, ...quat.map(x => x / length), 0, 0]
  batch.set('qpos', qpos)
  await batch.forward()
  const world = worldOf(compiled, model)
  for (const field of ['xmat', 'xquat']) world.set(field, await batch.get(field))
  world.set('qvel', [1, 2, -3, 0, 0, 0, 0, 0])
  const seen = observed(compiled, world)
  for (const [k, x] of [1, 2, -3].entries()) assert.ok(Math.abs(seen[`back[${k}]`] - x) < 1e-5)
  assert.ok(Math.abs(seen.long) < 1e-5)
  for (const k of [0, 1, 2, 3]) assert.ok(Math.abs(seen[`q[${k}]`] - qpos[3 + k]) < 1e-5)
  batch.dispose()
})

test('the empty model has every field, and a batch of it can be made', async () => {
  const model = emptyModel(0.02)
  for (const { name } of modelFields) assert.ok(name in model.field, name)
  assert.is(model.field.opt_timestep[0], 0.02)
  const batch = await createBatch(model, { nworld: 5 })
  await batch.step(3)
  assert.equal([...(await batch.get('status'))], [0, 0, 0, 0, 0])
  assert.ok(Math.abs((await batch.get('time'))[0] - 0.06) < 1e-6)
  batch.dispose()
  assert.throws(() => emptyModel(0), 'timestep: got 0')
})

test.run()
