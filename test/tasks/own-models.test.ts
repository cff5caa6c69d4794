/** Our own models do what their headers say, in MuJoCo and in our engine. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { ACROBOT } from '../../bindings/tasks/models/acrobot.js'
import { CARTPOLE } from '../../bindings/tasks/models/cartpole.js'
import { PEG_SWING } from '../../bindings/tasks/models/peg-swing.js'
import { PENDULUM_SERVO } from '../../bindings/tasks/models/pendulum-servo.js'
import { PUCK } from '../../bindings/tasks/models/puck.js'
import { QUADRUPED } from '../../bindings/tasks/models/quadruped.js'
import { type Oracle, openOracle, rng } from '../support/oracle.js'

const MODELS = {
  cartpole: CARTPOLE,
  acrobot: ACROBOT,
  'pendulum servo': PENDULUM_SERVO,
  puck: PUCK,
  'peg swing': PEG_SWING,
  quadruped: QUADRUPED,
}

/** rad or m after 50 timesteps in single precision; the worst measured is 2e-5, of the peg on its cord */
const DRIFT = 1e-4

/** what holds the robot, moved by up to a tenth of the range to either side; without a keyframe, a push */
function someControls(oracle: Oracle, hold: readonly number[], random: () => number): number[] {
  const range = oracle.get('actuator_ctrlrange')
  const push = oracle.get('nkey')[0] > 0 ? 0 : 0.2
  return hold.map((c, i) => c + (push + 0.2 * (random() - 0.5)) * (range[2 * i + 1] - range[2 * i]))
}

for (const [name, xml] of Object.entries(MODELS)) {
  test(`${name}: 50 timesteps under random controls as in MuJoCo`, async () => {
    const [oracle, model] = [await openOracle(xml), await loadModel(xml)]
    const batch = await createBatch(model, { nworld: 4, backend: 'wasm', workers: 1, seed: 0 })
    const key = model.nkey > 0 ? 0 : undefined
    oracle.reset(key)
    batch.reset({ keyframe: key })
    const hold = [...oracle.get('ctrl')]
    const random = rng(3)
    for (let t = 0; t < 10; t++) {
      const ctrl = Float32Array.from(someControls(oracle, hold, random.next))
      batch.set('ctrl', ctrl)
      await batch.step(5)
      oracle.write('ctrl', ctrl).step(5)
    }
    const qpos = await batch.get('qpos')
    const expected = oracle.get('qpos')
    for (const [i, q] of expected.entries()) {
      assert.ok(Math.abs(q - qpos[i]) < DRIFT, `qpos[${i}]: ${qpos[i]}, MuJoCo ${q}`)
    }
    assert.ok(
      expected.some((q, i) => Math.abs(q - model.field.qpos0[i]) > 0.01),
      'nothing moved',
    )
    batch[Symbol.dispose]()
    oracle.dispose()
  })
}

test('quadruped: weighs 15 kg, and no inertia of it is larger than its mass can have', async () => {
  const oracle = await openOracle(QUADRUPED)
  assert.is(Math.round(oracle.get('body_subtreemass')[1]), 15)
  const inertia = oracle.get('body_inertia')
  for (let b = 1; b < oracle.get('nbody')[0]; b++) {
    const [x, y, z] = inertia.slice(3 * b, 3 * b + 3)
    assert.ok(x > 0 && y > 0 && z > 0 && x + y >= z && y + z >= x && z + x >= y, `body ${b}`)
  }
  const limits = [...oracle.get('actuator_forcerange')].filter((_, i) => i % 2 === 1)
  assert.equal(limits, Array.from({ length: 4 }, () => [23.7, 23.7, 45.4]).flat())
  oracle.dispose()
})

test('quadruped: stands still at its home pose for 10 s', async () => {
  const oracle = await openOracle(QUADRUPED)
  oracle.reset(0)
  const home = oracle.get('qpos')
  // it falls 1 mm at first, then rests
  oracle.step(400)
  const settled = oracle.get('qpos')
  for (let step = 400; step < 2000; step += 100) {
    oracle.step(100)
    assert.is(oracle.get('ncon')[0], 4, `four feet on the floor after ${step + 100} timesteps`)
  }
  const end = oracle.get('qpos')
  for (let i = 0; i < 3; i++) assert.ok(Math.abs(end[i] - home[i]) < 0.003, `moved along axis ${i}: ${end[i]} m`)
  for (let i = 3; i < end.length; i++) assert.ok(Math.abs(end[i] - home[i]) < 0.005, `qpos[${i}]: ${end[i]}`)
  for (let i = 0; i < end.length; i++) assert.ok(Math.abs(end[i] - settled[i]) < 0.001, `qpos[${i}] creeps`)
  oracle.dispose()
})

test('quadruped: catches itself after a push', async () => {
  const oracle = await openOracle(QUADRUPED)
  oracle.reset(0)
  const qvel = oracle.get('qvel')
  qvel[1] = 0.3
  oracle.write('qvel', qvel).step(600)
  assert.ok(oracle.get('qpos')[2] > 0.27)
  assert.ok(Math.abs(oracle.get('qpos')[3]) > 0.999)
  oracle.dispose()
})

test('acrobot: upright, its tip is at the target', async () => {
  const oracle = await openOracle(ACROBOT)
  const [x, y, z] = oracle.forward().get('site_xpos')
  const site = oracle.get('site_xpos')
  assert.equal([x, y, z], [0, 0, 4])
  for (let i = 0; i < 3; i++) assert.ok(Math.abs(site[3 + i] - site[i]) < 1e-12)
  oracle.dispose()
})

test('pendulum servo: holds a level arm 5 degrees low', async () => {
  const oracle = await openOracle(PENDULUM_SERVO)
  oracle.write('ctrl', [Math.PI / 2]).step(1000)
  const sag = ((Math.PI / 2 - oracle.get('qpos')[0]) * 180) / Math.PI
  assert.ok(sag > 4 && sag < 6, `${sag} degrees`)
  oracle.dispose()
})

test('puck: slides to rest by friction, as far as Coulomb says', async () => {
  const oracle = await openOracle(PUCK)
  oracle.step(100)
  const qvel = oracle.get('qvel')
  qvel[3] = 0.8
  oracle.write('qvel', qvel).step(400)
  // v^2 / (2 mu g)
  const expected = 0.64 / (2 * 0.3 * 9.81)
  const puck = oracle.get('qpos')
  assert.ok(Math.abs(puck[3] - expected) < 0.1 * expected, `slid ${puck[3]} m, expected ${expected}`)
  assert.ok(Math.abs(puck[0]) < 1e-9, 'the paddle stayed')
  oracle.dispose()
})

test('puck: the paddle pushes it', async () => {
  const oracle = await openOracle(PUCK)
  oracle.write('ctrl', [0.5, 0]).step(200)
  const [x, , puck] = oracle.get('qpos')
  // paddle's centre x - 0.3, 8 cm behind the puck's
  assert.ok(puck > 0.1 && Math.abs(puck - (x - 0.3) - 0.08) < 0.03, `paddle ${x - 0.3}, puck ${puck}`)
  oracle.dispose()
})

test('peg swing: at home the cord hangs, and the socket is beyond the reach of a hanging peg', async () => {
  const oracle = await openOracle(PEG_SWING)
  oracle.reset(0).step(500)
  for (const cord of oracle.get('qpos').slice(3)) assert.ok(Math.abs(cord) < 0.01)
  const names = (await loadModel(PEG_SWING)).names.site
  const site = (name: string): Float64Array =>
    oracle
      .get('site_xpos')
      .slice(3 * names.indexOf(name))
      .slice(0, 3)
  assert.ok(Math.abs(site('tip')[2] - (site('wrist')[2] - 0.34)) < 1e-3)
  assert.ok(site('socket')[0] > 0.3 + 0.25 + 0.15)
  oracle.dispose()
})

test('peg swing: a peg laid into the socket stays there', async () => {
  const oracle = await openOracle(PEG_SWING)
  oracle.reset(0)
  // wrist 0.34 m up the socket's axis, cord and peg along it
  const [shoulder, elbow] = [-0.247, 0.732]
  oracle.write('qpos', [shoulder, elbow, -Math.PI / 4 - shoulder - elbow, 0, 0, 0]).write('ctrl', [-0.267, 0.727])
  oracle.step(1000)
  const names = (await loadModel(PEG_SWING)).names.site
  const at = (name: string): number[] => {
    const i = 3 * names.indexOf(name)
    return [...oracle.get('site_xpos').slice(i, i + 3)]
  }
  const [tip, socket] = [at('tip'), at('socket')]
  const distance = Math.hypot(tip[0] - socket[0], tip[2] - socket[2])
  assert.ok(distance < 0.02, `the tip is ${distance} m from the bottom`)
  oracle.dispose()
})

test.run()
