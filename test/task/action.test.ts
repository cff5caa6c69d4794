/** From actions to controls. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import type { Model } from '../../bindings/model/model.js'
import { type ActionMap, type CompiledTask, defineTask, type Scope } from '../../bindings/task/index.js'
import { inKernel } from './kernel.js'
import { walkerModel } from './models.js'
import { compileOn, worldOf } from './support.js'

let model: Model

test.before(async () => {
  model = await walkerModel()
})

const taskOf = (action: ActionMap | ((s: Scope) => ActionMap)): CompiledTask =>
  compileOn(model, s => ({ action: typeof action === 'function' ? action(s) : action }))

/** commands, then controls of a state */
function controls(
  compiled: CompiledTask,
  action: readonly number[],
  state: { qpos?: number[]; qvel?: number[] } = {},
): number[] {
  const world = worldOf(compiled, model)
  const qpos = world.get('qpos')
  const qvel = world.get('qvel')
  qpos.set(state.qpos ?? [], 7)
  qvel.set(state.qvel ?? [], 6)
  world.set('qpos', qpos)
  world.set('qvel', qvel)
  world.begin()
  world.init()
  world.observe()
  return [...world.control(world.act(action))]
}

const near = (found: readonly number[], expected: readonly number[]) => {
  assert.is(found.length, expected.length)
  for (const [i, x] of expected.entries()) assert.ok(Math.abs(found[i] - x) < 1e-5, `${found}, expected ${expected}`)
}

test('torque: [-1, 1] becomes the control range, and is clipped to it', () => {
  const compiled = taskOf({ kind: 'torque', actuators: ['hip'] })
  // -1 to 3
  near(controls(compiled, [0]), [1, 0])
  near(controls(compiled, [1]), [3, 0])
  near(controls(compiled, [-5]), [-1, 0])
  assert.equal([...compiled.program.control], [compiled.program.delayed, -1])
  assert.is(compiled.nact, 1)
  assert.equal(compiled.names.action, ['hip'])
})

test('torque: a scale of one or several numbers', () => {
  near(controls(taskOf({ kind: 'torque', scale: 4 }), [0.5, -0.25]), [2, -1])
  near(controls(taskOf({ kind: 'torque', scale: [4, 8] }), [0.5, -2]), [2, -8])
  near(controls(taskOf({ kind: 'torque', scale: [4, 8], clip: false }), [0.5, -2]), [2, -16])
  near(
    controls(
      taskOf(s => ({ kind: 'torque', scale: s.param('body/torso/mass'), clip: [-2, 2] })),
      [1, 3],
    ),
    [3, 6],
  )
})

test('actions in an order of their own', () => {
  const compiled = taskOf({ kind: 'torque', scale: [1, 2], actuators: ['ankle', 'hip'] })
  near(controls(compiled, [0.5, -0.25]), [-0.5, 0.5])
  assert.equal(compiled.names.action, ['ankle', 'hip'])
})

test('position: offsets from a pose', () => {
  // the pose of a keyframe is in joint positions; the hip's motor has a gear of 2
  near(controls(taskOf({ kind: 'position', pose: 'home', scale: 0.5 }), [1, -1]), [0.8 + 0.5, -0.05 - 0.5])
  near(controls(taskOf({ kind: 'position', pose: [0.1, 0.2], scale: [1, 2] }), [0.5, 0.5]), [0.6, 1.2])
  // control range of the hip, none of the ankle
  near(controls(taskOf({ kind: 'position', pose: [0, 0], scale: 10, limit: true }), [1, 1]), [3, 10])
})

test('pd: torque from the state before every timestep, over the gear, within the control range', () => {
  const compiled = taskOf({ kind: 'pd', pose: 'home', scale: 0.5, kp: [20, 100], kd: [1, 2] })
  const state = { qpos: [0.3, 0.1], qvel: [0.4, -0.5] }
  const hip = (20 * (0.4 + 0.5 * 0.2 - 0.3) - 0.4) / 2
  near(controls(compiled, [0.2, -1], state), [hip, 100 * (-0.05 - 0.5 - 0.1) + 2 * 0.5])
  near(controls(compiled, [1, 0], state), [3, 100 * (-0.05 - 0.1) + 2 * 0.5])
  assert.equal(compiled.program.command.length, 2)
})

test('custom: commands and controls of one kind or another', () => {
  const compiled = taskOf(s => ({
    kind: 'custom',
    size: 3,
    command: a => [a.sum()],
    control: delayed => [delayed[0].mul(2), delayed[0].sub(s.jointPos('ankle').unitless())],
  }))
  near(controls(compiled, [0.5, 0.25, 3], { qpos: [0, 0.5] }), [3.5, 1.25])
  assert.is(compiled.nact, 3)
  assert.equal(compiled.names.action, ['action[0]', 'action[1]', 'action[2]'])
  assert.is(compiled.program.command.length, 1)
})

test('without a substep the delayed commands are the controls', () => {
  const { program } = taskOf({ kind: 'position', pose: 'home', scale: 0.5 })
  assert.equal([...program.control], [program.delayed, program.delayed + 1])
  assert.is(program.segments.substep[1] - program.segments.substep[0], 0)
})

test('what the kernel is told of delay and noise', () => {
  const plain = taskOf({ kind: 'torque', scale: 1 })
  assert.equal([plain.delay.seconds, [...plain.delay.of], plain.actionNoise], [undefined, [0, 1], 0])
  const none = taskOf({ kind: 'torque', scale: 1, delay: 0 })
  assert.equal([none.delay.seconds, [...none.delay.of]], [0, [-1, -1]])
  const direct = taskOf({ kind: 'custom', size: 2 })
  assert.equal([direct.delay.seconds, [...direct.delay.of]], [undefined, [0, 1]])
  const made = taskOf({ kind: 'custom', size: 2, control: delayed => delayed })
  assert.equal([made.delay.seconds, [...made.delay.of]], [0, [-1, -1]])
  const fixed = taskOf({ kind: 'torque', scale: 1, delay: 0.012, noise: 0.1 })
  assert.equal([fixed.delay.seconds, [...fixed.delay.of], fixed.actionNoise], [0.012, [-1, -1], 0.1])
  const own = taskOf({ kind: 'torque', scale: 1, delay: 'actuator_delay', actuators: ['ankle', 'hip'] })
  assert.equal([own.delay.seconds, [...own.delay.of]], [undefined, [1, 0]])
})

test('in the kernel, pd holds before every timestep what it holds by hand', async () => {
  const [frameSkip, T, kp, kd] = [4, 6, 30, 0.5]
  const pose = [0.2, 0]
  const task = defineTask({
    name: 'pd',
    model,
    frameSkip,
    episodeLength: T,
    define: s => ({
      observation: { hip: s.jointPos('hip'), ankle: s.jointPos('ankle') },
      action: { kind: 'pd', pose, scale: 0.5, kp, kd, actuators: ['hip', 'ankle'] },
      reward: { hip: s.jointPos('hip').unitless(), ctrl: s.ctrl[0] },
    }),
  })
  const theta = () => Float32Array.of(0.3, -2, 0.1, 0.5)
  const run = await inKernel(task, model, { episodes: 1, seed: 0, theta })
  const batch = await createBatch(model, { nworld: 1 })
  const [gear, low, high] = [2, -1, 3]
  for (const [t, action] of run.episodes[0].actions.entries()) {
    const ctrl = [0, 0]
    for (let k = 0; k < frameSkip; k++) {
      const qpos = await batch.get('qpos')
      const qvel = await batch.get('qvel')
      for (let i = 0; i < 2; i++) {
        const target = pose[i] + 0.5 * Math.min(Math.max(action[i], -1), 1)
        const torque = kp * (target - qpos[7 + i]) - kd * qvel[6 + i]
        ctrl[i] = i === 0 ? Math.min(Math.max(torque / gear, low), high) : torque
      }
      batch.set('ctrl', ctrl)
      await batch.step()
    }
    const [hip] = (await batch.get('qpos')).subarray(7)
    near([...run.episodes[0].terms[t]], [hip, ctrl[0]])
  }
  batch.dispose()
})

test.run()
