/** Goals in the place of "forward": what is drawn, observed, given and rewarded. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Interpreter, Task } from '../../bindings/task/index.js'
import {
  ant,
  antWith,
  halfCheetah,
  halfCheetahWith,
  swimmer,
  swimmerForwardBackward,
  swimmerWith,
  tasks,
} from '../../bindings/tasks/index.js'
import { interpreted, near } from './support.js'

/** forward reward of a displacement (x, y) over one control step */
function forward(world: Interpreter, dt: number, [x, y]: readonly number[], terms: readonly string[]): number {
  world.init()
  world.observe()
  const qpos = world.get('qpos')
  qpos[0] += x * dt
  qpos[1] += y * dt
  world.set('qpos', qpos)
  world.dynamics()
  return world.reward().terms[terms.indexOf('forward')]
}

interface Case {
  readonly task: Task
  readonly base: Task
  readonly size: number
  /** goals are in here; two-valued ones are the ends */
  readonly range: readonly [number, number]
  /** goal of what is observed */
  goal(observed: Float32Array): number
  expected(goal: number, x: number, y: number): number
}

const single = { size: 1, goal: (observed: Float32Array) => observed[0] }
const sign = {
  ...single,
  range: [-1, 1] as const,
  expected: (goal: number, x: number) => goal * x,
}
const speed = { ...single, expected: (goal: number, x: number) => -Math.abs(x - goal) }
const CASES: Record<string, Case> = {
  'ant-direction': {
    task: tasks['ant-direction'](),
    base: ant,
    size: 2,
    range: [0, 2 * Math.PI],
    goal: ([c, s]) => (Math.atan2(s, c) + 2 * Math.PI) % (2 * Math.PI),
    expected: (goal, x, y) => x * Math.cos(goal) + y * Math.sin(goal),
  },
  'ant-velocity': { task: tasks['ant-velocity'](), base: ant, range: [0, 3], ...speed },
  'ant-forward-backward': { task: tasks['ant-forward-backward'](), base: ant, ...sign },
  'half-cheetah-velocity': { task: tasks['half-cheetah-velocity'](), base: halfCheetah, range: [0, 2], ...speed },
  'half-cheetah-forward-backward': { task: tasks['half-cheetah-forward-backward'](), base: halfCheetah, ...sign },
  'swimmer-forward-backward': { task: swimmerForwardBackward, base: swimmer, ...sign },
}

for (const [name, { task, base, size, range, goal, expected }] of Object.entries(CASES)) {
  test(`every episode draws, observes and rewards its goal: ${name}`, async () => {
    assert.is(task.name, name)
    assert.is(task.episodeLength, 200)
    assert.is(task.solved, undefined)
    const { compiled, world } = await interpreted(task)
    const { nobs, names } = (await interpreted(base)).compiled
    assert.is(compiled.nobs, nobs + size)
    assert.equal(compiled.names.terms, names.terms)
    const goals: number[] = []
    for (let env = 0; env < 200; env++) {
      world.chance = { seed: 5, env, generation: 0 }
      world.begin()
      world.init()
      const drawn = goal(world.observe().subarray(nobs))
      goals.push(drawn)
      // the cheetah and the swimmer have something else, or y, in qpos[1]
      const [x, y] = [0.7 * Math.sin(env), task.name.startsWith('ant') ? Math.cos(env) : 0]
      near([forward(world, compiled.dt, [x, y], names.terms)], [expected(drawn, x, y)], 1e-4, `reward ${env}`)
    }
    const [low, high] = range
    assert.ok(goals.every(g => g >= low && g <= high))
    if (goal === single.goal && low === -1) assert.ok(goals.every(g => g === 1 || g === -1))
    const middle = goals.filter(g => g < (low + high) / 2).length
    assert.ok(middle > 70 && middle < 130, `${middle} of 200 in the lower half`)
    assert.ok(Math.max(...goals) > high - 0.05 * (high - low) && Math.min(...goals) < low + 0.05 * (high - low))
  })
}

const GIVEN: [name: string, task: Task, goal: number, expected: number, otherwise: number][] = [
  ['ant-direction-given', antWith({ goal: 'direction', given: true }), Math.PI / 2, 0.2, 0.5],
  ['ant-velocity-given', antWith({ goal: 'velocity', given: true }), 2, -1.5, -1],
  ['half-cheetah-forward-backward-given', halfCheetahWith({ goal: 'forward-backward', given: true }), -1, -0.5, 0.5],
  ['swimmer-direction-given', swimmerWith({ goal: 'direction', given: true }), Math.PI, -0.5, 0.5],
]
for (const [name, task, goal, expected, otherwise] of GIVEN) {
  test(`a given goal is an input and is not observed: ${name}`, async () => {
    assert.is(task.name, name)
    const { compiled, world } = await interpreted(task)
    assert.is(
      compiled.nobs,
      (await interpreted(tasks[name.replace(/-(direction|velocity|forward).*/, '')]())).compiled.nobs,
    )
    assert.is(compiled.inputs.length, 1)
    assert.is(compiled.inputs[0].name, 'goal')
    const [x, y] = [0.5, name.startsWith('half') ? 0 : 0.2]
    for (const [input, reward] of [
      [goal, expected],
      [compiled.inputs[0].default[0], otherwise],
    ]) {
      world.set('qpos', (await interpreted(task)).world.get('qpos'))
      world.begin([input])
      near([forward(world, compiled.dt, [x, y], compiled.names.terms)], [reward], 1e-4, `goal ${input}`)
    }
  })
}

test('the registry calls every task by its name', async () => {
  for (const [name, make] of Object.entries(tasks)) assert.is(make().name, name)
})

test.run()
