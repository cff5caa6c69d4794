import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { layOut, topology } from '../../bindings/engine/layout.js'
import { defineTask, Interpreter } from '../../bindings/task/index.js'
import { walkerModel } from './models.js'

test('a control step goes through its segments', async () => {
  const task = defineTask({
    name: 'reach',
    model: await walkerModel(),
    frameSkip: 4,
    episodeLength: 100,
    define(s) {
      const hip = s.jointPos('hip')
      const goal = s.variable('goal', { reset: s.uniform(0.5, 1), unit: 'rad' })
      return {
        observation: { hip, goal, last: s.lastActions },
        action: { kind: 'custom', size: 2, command: a => [a[0].mul(2), a[1]] },
        reward: { reach: hip.sub(goal).square().neg(), smooth: s.action(0).sub(s.lastAction(0)).abs().neg() },
        terminated: hip.gt(0.9),
        reset: { qpos: { hip: 0.25 } },
      }
    },
  })
  const model = await task.load()
  const layout = layOut(topology(model, new Set()).sizes)
  const compiled = task.compile(model, layout)
  assert.equal(compiled.names.observation, ['hip', 'goal', 'last[0]', 'last[1]'])
  assert.equal(compiled.units.terms, ['rad^2', '1'])

  const world = new Interpreter(compiled.program, model, layout)
  world.begin()
  world.init()
  const [hip, goal, last] = world.observe()
  assert.is(hip, 0.25)
  assert.ok(goal > 0.5 && goal < 1)
  assert.is(last, 0)
  assert.equal([...world.control(world.act([0.25, 3]))], [0.5, 1])
  const qpos = world.get('qpos')
  qpos[7] = 1
  world.set('qpos', qpos)
  world.dynamics()
  const { terms, terminated } = world.reward()
  assert.ok(Math.abs(terms[0] + (1 - goal) ** 2) < 1e-6)
  assert.is(terms[1], -0.25)
  assert.is(terminated, true)
  world.update()
  assert.equal([...world.observe()].slice(0, 4), [1, goal, 0.25, 1])
})

test.run()
