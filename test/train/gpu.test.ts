/** Training whose episodes run on the GPU. */
import '../kernels/swiftshader.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defineTask } from '../../bindings/task/index.js'
import { resume, type TrainOptions, train } from '../../bindings/train/run.js'
import { refusal } from '../support/refuse.js'
import { bitsOf, Folder, metricsOf } from './folder.js'

const CART = `<mujoco model="cart"><option timestep="0.02"><flag contact="disable"/></option><worldbody>
  <body name="cart"><joint name="slide" type="slide" axis="1 0 0" damping="0.5"/><geom size=".1" mass="1"/>
  <body name="pole"><joint name="hinge" axis="0 1 0" damping="0.01"/><geom type="capsule" fromto="0 0 0 0 0 .6" size=".02" mass=".2"/>
  </body></body></worldbody><actuator><motor joint="slide" gear="10" ctrlrange="-1 1"/></actuator></mujoco>`

const balance = defineTask({
  name: 'balance',
  model: CART,
  frameSkip: 1,
  episodeLength: 60,
  define: s => ({
    observation: { qpos: s.qpos, qvel: s.qvel },
    action: { kind: 'torque' },
    reward: { upright: s.jointPos('hinge').cos() },
    terminated: { fell: s.jointPos('hinge').abs().gt(0.5) },
    reset: { qpos: s.initial.qpos.map(q => q.add(s.uniform(-0.2, 0.2))) },
  }),
})

/** without physics: the action is to be what is seen */
const echo = defineTask({
  name: 'echo',
  frameSkip: 0,
  episodeLength: 20,
  define: s => {
    const goal = s.variable('goal', { reset: s.uniform(-1, 1), every: 0.05, unit: '' })
    return {
      observation: { goal },
      action: { kind: 'custom', size: 1, command: () => [], noise: 0.01 },
      reward: { near: s.action(0).sub(goal).square().neg() },
    }
  },
})

const OPTIONS: TrainOptions = {
  policy: 'linear',
  backend: 'webgpu',
  methodOptions: { popsize: 24, sigma: 0.3, optimizer: { kind: 'adam', lr: 0.2 } },
  evaluation: { every: 4, episodes: 6 },
  seed: 5,
}

test('a pole learns to stand; the first generation is that of the CPU', async () => {
  const physics = { space: { parameters: [{ path: 'body/pole/mass', min: 0.1, max: 0.4 }] } }
  const options = { ...OPTIONS, randomize: physics, episodes: 2 }
  const ours = await train(balance, { ...options, generations: 12 }).finish()
  const theirs = await train(balance, { ...options, backend: 'wasm', workers: 0, generations: 1 }).finish()
  const [a, b] = [ours.history[0], theirs.history[0]]
  for (const name of ['meanReturn', 'bestReturn', 'stdReturn'] as const)
    assert.ok(Math.abs(a[name] - b[name]) < 1e-4 * Math.abs(b[name]), `${name}: ${a[name]}, on the CPU ${b[name]}`)
  assert.is(a.steps, b.steps)
  const last = ours.history[11]
  assert.ok(last.meanReturn > 1.5 * a.meanReturn, `from ${a.meanReturn} to ${last.meanReturn}`)
  assert.is(ours.config.settings.backend, 'webgpu')
  assert.type(ours.config.adapter, 'string')
})

test('interrupted or not, the same bits; and never on another backend', async () => {
  using whole = new Folder()
  using parts = new Folder()
  const options = { ...OPTIONS, checkpointEvery: 3 }
  await train(echo, { ...options, generations: 9, folder: whole.path }).finish()
  await train(echo, { ...options, generations: 4, folder: parts.path }).finish()
  await resume(parts.path, { task: echo, generations: 9 }).finish()
  const file = 'checkpoint-000009.bin'
  assert.equal(bitsOf(parts.at(file)), bitsOf(whole.at(file)))
  assert.equal(metricsOf(parts.at('metrics.jsonl')), metricsOf(whole.at('metrics.jsonl')))

  const other = train(echo, { ...options, backend: 'wasm', generations: 12, folder: whole.path, resume: true })
  assert.match((await refusal(other.finish(), 'CHECKPOINT_SETTINGS')).message, /settings\.backend is "webgpu" there/)
})

test('threads are refused, and a backend that is none', async () => {
  const message = (await refusal(train(echo, { ...OPTIONS, workers: 2, generations: 1 }).finish(), 'WORKERS')).message
  assert.match(message, /'webgpu' have no threads/)
  const none = { ...OPTIONS, backend: 'cuda' as 'wasm', generations: 1 }
  await refusal(train(echo, none).finish(), 'BACKEND')
})

test.run()
