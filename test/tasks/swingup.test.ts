/** The tasks without physics against their equations, written again in double precision. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cartpoleBiasWith } from '../../bindings/tasks/cartpole-bias.js'
import {
  fourCornersWith,
  navigation2dWith,
  rotatedPointSparseWith,
  rotatedPointWith,
} from '../../bindings/tasks/points.js'
import { swingupEasy, swingupHard } from '../../bindings/tasks/swingup.js'
import { rng } from '../support/oracle.js'
import { MujocoTask } from './mujoco-task.js'

type State = readonly number[]

/** x'' and theta'' of algorithms-learning.md 1.8, M = 1, m = 0.5, l = 0.6, g = 9.82, b = 0.1 */
function swingupStep([x, v, theta, w]: State, action: number): State {
  const [s, c] = [Math.sin(theta), Math.cos(theta)]
  const u = 10 * Math.min(1, Math.max(-1, action))
  const xx = (-2 * 0.5 * 0.6 * w * w * s + 3 * 0.5 * 9.82 * s * c + 4 * u - 4 * 0.1 * v) / (4 - 3 * 0.5 * c * c)
  const tt = (-3 * 0.5 * 0.6 * w * w * s * c + 6 * 9.82 * s + 6 * (u - 0.1 * v) * c) / (4 * 0.6 - 3 * 0.5 * 0.6 * c * c)
  return [x + 0.01 * v, v + 0.01 * xx, theta + 0.01 * w, w + 0.01 * tt]
}
const swingupReward = ([x, , theta]: State): number => ((Math.cos(theta) + 1) / 2) * Math.cos((Math.PI * x) / 4.8)
const swingupObserved = ([x, v, theta, w]: State): State => [x, v, Math.cos(theta), Math.sin(theta), w]

/** single precision against double, relative to 1 or the number: a step's rounding, grown by 100 steps of dynamics */
const TOLERANCE = 1e-4

function near(got: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.is(got.length, expected.length, what)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(got[i] - expected[i]) / Math.max(1, Math.abs(expected[i]))
    assert.ok(error < TOLERANCE, `${what}[${i}]: got ${got[i]}, expected ${expected[i]}`)
  }
}

for (const task of [swingupEasy, swingupHard]) {
  test(`${task.name}: 100 steps of 20 episodes are those of the equations, reward and end included`, async () => {
    const world = await MujocoTask.open(task)
    const random = rng(7)
    let ends = 0
    for (let env = 0; env < 20; env++) {
      const first = world.reset({ env })
      let state: State = [first[0], first[1], Math.atan2(first[3], first[2]), first[4]]
      near(first, swingupObserved(state), 'first observation')
      for (let t = 0; t < 100; t++) {
        // beyond the clip now and then
        const action = random.uniform(-1.5, 1.5)
        const step = world.step([action])
        state = swingupStep(state, action)
        near(step.observation, swingupObserved(state), `observation ${t}`)
        near([step.reward], [swingupReward(state)], `reward ${t}`)
        const lost = Math.abs(state[0]) > 2.4
        if (Math.abs(Math.abs(state[0]) - 2.4) > 1e-3) assert.is(step.terminated, lost, `end ${t} at x = ${state[0]}`)
        if (!lost) continue
        ends++
        break
      }
    }
    // starts with 10 m/s do not stay on the rail
    if (task === swingupHard) assert.ok(ends > 5 && ends < 20, `${ends} of 20 episodes ended`)
  })
}

test('swing-up starts: easy N(., 0.2^2) hanging, hard uniform in its box', async () => {
  const n = 2000
  for (const [task, centre, scale] of [
    [swingupEasy, Math.PI, [0.2, 0.2, 0.2, 0.2]],
    // standard deviations of uniform numbers: half width / sqrt 3
    [swingupHard, Math.PI, [2.4, 10, Math.PI / 2, 10].map(h => h / Math.sqrt(3))],
  ] as const) {
    const world = await MujocoTask.open(task)
    const starts = Array.from({ length: n }, (_, env) => {
      const [x, v, c, s, w] = world.reset({ env })
      // the angle from hanging
      return [x, v, Math.atan2(-s, -c), w]
    })
    assert.ok(centre === Math.PI)
    for (let k = 0; k < 4; k++) {
      const values = starts.map(row => row[k])
      const mean = values.reduce((sum, x) => sum + x, 0) / n
      const std = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n)
      // four standard errors
      assert.ok(Math.abs(mean) < (4 * scale[k]) / Math.sqrt(n), `${task.name} mean ${k}: ${mean}`)
      assert.ok(Math.abs(std - scale[k]) < 0.08 * scale[k], `${task.name} deviation ${k}: ${std}, expected ${scale[k]}`)
    }
    if (task === swingupHard) assert.ok(Math.max(...starts.map(row => Math.abs(row[2]))) < Math.PI / 2)
  }
})

test('cartpole-bias: the equations of CartPole, the bias in the observation only', async () => {
  const bias = 0.1
  const world = await MujocoTask.open(cartpoleBiasWith({ given: true }))
  const observed = world.reset({ env: 3, inputs: [bias] })
  let [x, v, angle, w] = [observed[0], observed[1], observed[2] - bias, observed[3]]
  assert.ok([x, v, angle, w].every(q => Math.abs(q) <= 0.05 + 1e-6))
  const random = rng(4)
  for (let t = 0; ; t++) {
    const force = random.uniform(-3, 5)
    const step = world.step([force])
    const [s, c] = [Math.sin(angle), Math.cos(angle)]
    const temp = (force + 0.05 * w * w * s) / 1.1
    const turn = (9.8 * s - c * temp) / (0.5 * (4 / 3 - (0.1 * c * c) / 1.1))
    const along = temp - (0.05 * turn * c) / 1.1
    ;[x, v, angle, w] = [x + 0.02 * v, v + 0.02 * along, angle + 0.02 * w, w + 0.02 * turn]
    near(step.observation, [x, v, angle + bias, w], `observation ${t}`)
    const lost = Math.abs(x) >= 2.4 || Math.abs(angle) >= (12 * Math.PI) / 180
    assert.is(step.terminated, lost)
    assert.is(step.reward, lost ? 0 : 1)
    if (lost) break
    assert.ok(t < 499, 'it never fell')
  }
})

test('nav-2d: clipped steps within the square, minus the square of the distance, ends within 0.1', async () => {
  const world = await MujocoTask.open(navigation2dWith({ given: true }))
  near(world.reset({ inputs: [0.75, -0.5] }), [0, 0], 'start')
  let [x, y] = [0, 0]
  for (let t = 0; t < 20; t++) {
    const step = world.step([0.3, -0.08])
    ;[x, y] = [Math.min(1, x + 0.1), Math.max(-1, y - 0.08)]
    const square = (x - 0.75) ** 2 + (y + 0.5) ** 2
    near(step.observation, [x, y], 'position')
    near([step.reward], [-square], 'reward')
    assert.is(step.terminated, square <= 0.01)
    if (step.terminated) {
      assert.is(t, 6)
      return
    }
  }
  assert.unreachable('the goal was not found')
})

test('nav-2d: goals fill the square, and an episode without inputs draws its own', async () => {
  const world = await MujocoTask.open(navigation2dWith())
  const rewards = Array.from({ length: 400 }, (_, env) => {
    world.reset({ env })
    return world.step([0, 0]).reward
  })
  // E |g|^2 = 2/3 for the square, deviation sqrt(8/45)
  const mean = rewards.reduce((sum, r) => sum + r, 0) / rewards.length
  assert.ok(Math.abs(mean + 2 / 3) < 4 * Math.sqrt(8 / 45 / 400), `${mean}`)
})

test('four-corners: -4 until 2 from the goal, four corners equally often', async () => {
  const world = await MujocoTask.open(fourCornersWith({ given: true }))
  world.reset({ inputs: [2, -2] })
  for (let t = 1; t <= 20; t++) {
    const step = world.step([1, -1])
    const square = 2 * (2 - 0.1 * t) ** 2
    near([step.reward], [-4 + Math.max(0, 4 - square)], `reward ${t}`)
    assert.not(step.terminated)
  }
  const drawn = await MujocoTask.open(fourCornersWith())
  const counts = new Map<string, number>()
  for (let env = 0; env < 400; env++) {
    drawn.reset({ env })
    // 18 steps towards each corner tell which it is
    const found = [-1, 1]
      .flatMap(x => [-1, 1].map(y => [x, y]))
      .filter(([x, y]) => {
        drawn.reset({ env })
        let reward = 0
        for (let t = 0; t < 18; t++) reward = drawn.step([x, y]).reward
        return reward > -4
      })
    assert.is(found.length, 1)
    counts.set(`${found[0]}`, (counts.get(`${found[0]}`) ?? 0) + 1)
  }
  assert.is(counts.size, 4)
  for (const n of counts.values()) assert.ok(n > 65 && n < 135, `${[...counts]}`)
})

test('rotated point: steps of any length, turned; minus the distance, or minus 1', async () => {
  const angle = 2.5
  const world = await MujocoTask.open(rotatedPointWith({ given: true }))
  world.reset({ inputs: [angle] })
  const step = world.step([1.3, 0.4])
  const at = [1.3 * Math.cos(angle) - 0.4 * Math.sin(angle), 1.3 * Math.sin(angle) + 0.4 * Math.cos(angle)]
  near(step.observation, at, 'position')
  near([step.reward], [-Math.hypot(at[0] - 1, at[1])], 'reward')
  // back to (1, 0) in one step, by the inverse turn
  const [dx, dy] = [1 - at[0], -at[1]]
  const back = [dx * Math.cos(angle) + dy * Math.sin(angle), -dx * Math.sin(angle) + dy * Math.cos(angle)]
  assert.ok(world.step(back).terminated)
  const sparse = await MujocoTask.open(rotatedPointSparseWith({ given: true }))
  sparse.reset({ inputs: [0] })
  assert.equal(
    [sparse.step([0.5, 0]), sparse.step([0.45, 0])].map(s => [s.reward, s.terminated]),
    [
      [-1, false],
      [-1, true],
    ],
  )
})

test.run()
