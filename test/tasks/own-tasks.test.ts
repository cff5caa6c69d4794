/** Our own tasks in MuJoCo: what they observe, reward and end at is what their headers say. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { acrobotSwingup } from '../../bindings/tasks/acrobot.js'
import { cartpoleBalance, cartpoleSwingup } from '../../bindings/tasks/cartpole.js'
import { pegSwing } from '../../bindings/tasks/peg-swing.js'
import { pendulumServo } from '../../bindings/tasks/pendulum-servo.js'
import { puckPush } from '../../bindings/tasks/puck.js'
import { quadruped, quadrupedForward } from '../../bindings/tasks/quadruped.js'
import { MujocoTask } from './mujoco-task.js'

/** single precision */
const TOLERANCE = 2e-5

function near(got: ArrayLike<number>, expected: ArrayLike<number>, what: string, tolerance = TOLERANCE): void {
  assert.is(got.length, expected.length, what)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(got[i] - expected[i]) / Math.max(1, Math.abs(expected[i]))
    assert.ok(error < tolerance, `${what}[${i}]: got ${got[i]}, expected ${expected[i]}`)
  }
}

/** dm_control's tolerance with its Gaussian, 0.1 at the margin */
const gaussian = (beyond: number, margin: number): number => 0.1 ** ((Math.max(0, beyond) / margin) ** 2)

const still = (n: number): number[] => new Array<number>(n).fill(0)

test('cart-pole: observation, and the reward dm_control gives', async () => {
  const world = await MujocoTask.open(cartpoleSwingup)
  const start = world.reset({ env: 5 })
  assert.is(start.length, 5)
  assert.ok(Math.abs(start[0]) < 0.05 && start[1] < -0.99 && Math.abs(start[3]) < 0.05)
  near(world.setState([0.4, 1], [-0.3, 2]), [0.4, Math.cos(1), Math.sin(1), -0.3, 2], 'observation')
  const step = world.step([0.6])
  const [x, c, s, v, w] = step.observation
  assert.ok(Math.abs(c * c + s * s - 1) < 1e-6 && v > -0.3)
  const expected =
    ((1 + c) / 2) *
    ((1 + gaussian(Math.abs(x), 2)) / 2) *
    ((4 + (1 - 0.6 * 0.6)) / 5) *
    ((1 + gaussian(Math.abs(w), 5)) / 2)
  near([step.reward], [expected], 'reward')
  // beyond its clip an action counts as the bound
  world.setState([0, 0], [0, 0])
  const full = world.step([3])
  world.setState([0, 0], [0, 0])
  assert.equal(world.step([1]).reward, full.reward)
  assert.not(full.terminated)
  world.dispose()
})

test('cart-pole: upright in the middle at rest is worth 1 a step; balancing starts there', async () => {
  const world = await MujocoTask.open(cartpoleBalance)
  for (let env = 0; env < 20; env++) {
    const [x, c, , v, w] = world.reset({ env })
    assert.ok(Math.abs(x) <= 0.1 && c >= Math.cos(0.0341) && Math.abs(v) < 0.06 && Math.abs(w) < 0.06)
  }
  world.setState([0, 0], [0, 0])
  near([world.step([0]).reward], [1], 'reward')
  world.dispose()
})

test('acrobot: 1 upright, dm_control’s Gaussian elsewhere, angles from upright', async () => {
  const world = await MujocoTask.open(acrobotSwingup)
  world.reset()
  const [q1, q2] = [0.3, -0.5]
  near(
    world.setState([q1, q2], [1, 2]),
    [Math.sin(q1), Math.sin(q1 + q2), Math.cos(q1), Math.cos(q1 + q2), 1, 2],
    'obs',
  )
  world.setState([0, 0], [0, 0])
  near([world.step([0]).reward], [1], 'upright')
  world.setState([0.5, 0], [0, 0])
  const step = world.step([0.3])
  const [s1, s2, c1, c2] = step.observation
  const distance = Math.hypot(s1 + s2, 2 - c1 - c2)
  near([step.reward, step.metrics.distance], [gaussian(distance - 0.2, 1), distance], 'reward')
  const angles = Array.from({ length: 200 }, (_, env) => world.reset({ env })).map(o => Math.atan2(o[0], o[2]))
  assert.ok(angles.filter(a => a > 0).length > 70 && angles.filter(a => Math.abs(a) > Math.PI / 2).length > 70)
  world.dispose()
})

test('pendulum servo: the motion is what a look ahead promised, the reward is the error a step later', async () => {
  const world = await MujocoTask.open(pendulumServo)
  let before = world.reset({ env: 2 })
  assert.is(before.length, 7)
  let total = 0
  for (let t = 0; t < 250; t++) {
    const action = before[2] / 1.7
    const step = world.step([action])
    // the action was the motion's angle, over 1.7 rad
    near([step.observation[6]], [action], 'last action')
    const error = Math.abs(step.observation[0] - step.observation[2])
    near([step.metrics.error, step.terms.track], [error, gaussian(error, 0.05)], `reward ${t}`, 1e-4)
    near([step.terms.smooth], [-((action - before[6]) ** 2)], 'smooth')
    // the motion's rate is its derivative (0.02 s, to second order)
    const slope = (step.observation[2] - before[2]) / 0.02
    near([slope], [(step.observation[5] + before[5]) / 2], 'rate', 0.01)
    // what is 0.1 s ahead comes true five steps later
    if (t % 5 === 0) assert.is.not(step.observation[4], step.observation[2])
    before = step.observation
    total += step.reward
  }
  // sent as it is, the motion is not followed: there is something to learn
  assert.ok(total > 20 && total < 0.6 * (pendulumServo.solved ?? 0), `${total}`)
  world.dispose()
})

test('pendulum servo: what is 0.1 s ahead comes true five steps later', async () => {
  const world = await MujocoTask.open(pendulumServo)
  const [, , , , later] = world.reset({ env: 9 })
  let now = 0
  for (let t = 0; t < 5; t++) now = world.step([0]).observation[2]
  near([now], [later], 'motion')
  world.dispose()
})

test('puck: reward near the goal and behind the puck, lost beyond the edge', async () => {
  const world = await MujocoTask.open(puckPush)
  const first = world.reset({ env: 1 })
  assert.is(first.length, 10)
  const [px, py, rx, ry, gx, gy] = first
  const [puck, goal] = [
    [px + rx, py + ry],
    [px + rx + gx, py + ry + gy],
  ]
  assert.ok(Math.abs(puck[0]) <= 0.1 && goal[0] >= 0.15 && goal[0] <= 0.35 && Math.abs(goal[1]) <= 0.25)
  // the paddle behind the puck as seen from the goal, everything at rest
  const distance = Math.hypot(gx, gy)
  const behind = [puck[0] - (0.08 * gx) / distance, puck[1] - (0.08 * gy) / distance]
  world.setState([behind[0] + 0.3, behind[1], ...puck, 0.02, 1, 0, 0, 0], still(8))
  const step = world.step([0, 0])
  near([step.terms.ready, step.terms.near], [0.2, 0.8 * gaussian(distance - 0.02, 0.3)], 'reward', 1e-3)
  world.setState([0, 0, ...goal, 0.02, 1, 0, 0, 0], still(8))
  near([world.step([0, 0]).terms.near], [0.8], 'at the goal')
  world.setState([0, 0, 0.51, 0, 0.02, 1, 0, 0, 0], still(8))
  assert.ok(world.step([0, 0]).terminated)
  world.dispose()
})

test('peg swing: a peg in the socket earns most, a hanging one little', async () => {
  const world = await MujocoTask.open(pegSwing)
  assert.is(world.reset().length, 16)
  const hanging = world.step([0, 0])
  assert.is(hanging.terms.inside, 0)
  assert.ok(hanging.reward < 0.2 && hanging.metrics.distance > 0.2)
  const [shoulder, elbow] = [-0.247, 0.732]
  world.setState([shoulder, elbow, -Math.PI / 4 - shoulder - elbow, 0, 0, 0], still(6))
  const inside = world.step([(-0.267 + 0.6) / 0.9, (0.727 - 1.2) / 0.9])
  assert.is(inside.terms.inside, 0.5)
  near([inside.terms.near], [0.5 * gaussian(inside.metrics.distance, 0.3)], 'near', 0.01)
  assert.not(inside.terminated)
  world.dispose()
})

/** qpos of the robot at home, turned about the vertical and tilted about its own y axis (rad) */
function pose(home: ArrayLike<number>, yaw: number, pitch = 0): number[] {
  const [cy, sy, cp, sp] = [Math.cos(yaw / 2), Math.sin(yaw / 2), Math.cos(pitch / 2), Math.sin(pitch / 2)]
  return [0, 0, home[2], cy * cp, -sy * sp, cy * sp, sy * cp, ...Array.from(home).slice(7)]
}

/** how far each leg is through the air at a time (s): diagonal legs in turn, 2.5 steps a second */
const air = (time: number): number[] =>
  [0, 0.5, 0.5, 0].map(turn => Math.max(0, Math.sin(2 * Math.PI * (2.5 * time + turn))))

/** the action that keeps all feet on the floor, whatever the clock says */
const standing = (step: number): number[] => air(0.02 * step).flatMap(up => [0, -0.4 * up, 0.8 * up])

test('quadruped: set-points are those of a trot on the spot, plus the action', async () => {
  const world = await MujocoTask.open(quadrupedForward)
  const hold = world.model.field.key_ctrl
  world.reset()
  for (let t = 0; t < 30; t++) {
    const action = Array.from({ length: 12 }, (_, i) => 0.1 * i - 0.5)
    const expected = air(0.02 * t).flatMap((up, leg) =>
      [0, 0.2, -0.4].map(
        (lift, k) => hold[3 * leg + k] + lift * up + [0.25, 0.5, 0.5][k] * Math.min(1, action[3 * leg + k]),
      ),
    )
    world.step(action)
    near(world.interpreter.get('ctrl'), expected, `set-points ${t}`)
  }
  world.dispose()
})

test('quadruped: trots on the spot for 10 s without a policy', async () => {
  const world = await MujocoTask.open(quadrupedForward)
  world.reset({ env: 3 })
  const highest = still(4)
  for (let t = 0; t < 500; t++) {
    assert.not(world.step(still(12)).terminated, `fell after ${t} steps`)
    const z = world.oracle?.get('geom_xpos') ?? []
    const feet = world.model.names.geom.flatMap((name, g) => (name.endsWith('_foot') ? [z[3 * g + 2]] : []))
    for (const [leg, height] of feet.entries()) highest[leg] = Math.max(highest[leg], height)
  }
  for (const height of highest) assert.ok(height > 0.022 + 0.005 && height < 0.1, `feet rose to ${highest}`)
  world.dispose()
})

test('quadruped: standing at home earns what it should, and goes on', async () => {
  const world = await MujocoTask.open(quadrupedForward)
  const first = world.reset()
  assert.is(first.length, 50)
  for (let t = 0; t < 104; t++) assert.not(world.step(standing(t)).terminated)
  const step = world.step(standing(104))
  // it should run at 1 m/s and turn by nothing
  near([step.terms.velocity, step.terms.turn], [Math.exp(-4) - 0.5, 1], 'tracking', 5e-3)
  near([step.metrics.error], [1], 'error', 5e-3)
  for (const term of ['tilt', 'height', 'bounce', 'roll', 'hips']) {
    assert.ok(step.terms[term] <= 0 && step.terms[term] > -5e-3, `${term}: ${step.terms[term]}`)
  }
  // what it costs to stand: 12 torques, of which the knees' are 5 to 6 N m
  assert.ok(step.terms.torque < -0.01 && step.terms.torque > -0.03, `${step.terms.torque}`)
  // two feet should be 6 cm up, a quarter through the clock's turn
  near([step.terms.feet], [-2 * 2 * 0.06], 'feet', 0.02)
  const change = standing(104).map((a, i) => a - standing(103)[i])
  near([step.terms.change], [-0.1 * change.reduce((sum, x) => sum + x * x, 0)], 'change')
  world.dispose()
})

test('quadruped: velocities are along its heading, whichever way it faces', async () => {
  const world = await MujocoTask.open(quadrupedForward)
  world.reset()
  const home = world.model.field.key_qpos
  const yaw = 2.1
  const qvel = [Math.cos(yaw), Math.sin(yaw), 0, 0, 0, 0.4, ...still(12)]
  const observation = world.setState(pose(home, yaw), qvel)
  near(observation.slice(0, 12), [0, 0, -1, 0, 0, 0.4, 1, 0, 0, 1, 0, 0], 'gravity, rates, velocity, command')
  near(observation.slice(12, 24), still(12), 'angles')
  const step = world.step(still(12))
  // 20 ms of contact slow it a little
  assert.ok(Math.abs(step.metrics.speed - 1) < 0.15, `${step.metrics.speed}`)
  assert.ok(step.metrics.error < 0.2 && step.terms.velocity > 0.7)
  // to the left of its heading
  world.setState(pose(home, yaw), [-Math.sin(yaw), Math.cos(yaw), 0, 0, 0, 0, ...still(12)])
  const left = world.step(still(12))
  assert.ok(Math.abs(left.metrics.error - Math.SQRT2) < 0.2, `${left.metrics.error}`)
  world.dispose()
})

test('quadruped: ends low, tilted or on its knees', async () => {
  const world = await MujocoTask.open(quadrupedForward)
  world.reset()
  const home = Array.from(world.model.field.key_qpos)
  const end = (qpos: readonly number[]): boolean => {
    world.setState(qpos, still(18))
    return world.step(still(12)).terminated
  }
  const at = (z: number, q: readonly number[]): number[] => [0, 0, z, ...q.slice(3)]
  assert.not(end(at(0.5, home)))
  assert.not(end(at(0.5, pose(home, 0, 0.9))))
  assert.ok(end(at(0.5, pose(home, 0, 1.2))), 'tilted')
  assert.ok(end(at(0.15, [0, 0, 0, 1, 0, 0, 0, ...Array.from({ length: 4 }, () => [0, 1.3, -2.6]).flat()])), 'low')
  // knees straight below the hips, calves folded
  assert.ok(end(at(0.22, [0, 0, 0, 1, 0, 0, 0, ...Array.from({ length: 4 }, () => [0, 0, -2.6]).flat()])), 'kneeling')
  world.dispose()
})

test('quadruped: commands within their ranges, drawn anew after 4 s and not before', async () => {
  const world = await MujocoTask.open(quadruped)
  const command = (observation: Float32Array): number[] => [...observation.slice(9, 12)]
  const first = command(world.reset({ env: 4 }))
  const home = world.model.field.key_qpos
  let changes = 0
  let last = first
  for (let t = 1; t <= 450; t++) {
    const now = command(world.step(still(12)).observation)
    if (now.some((x, i) => x !== last[i])) {
      changes++
      assert.ok(t === 200 || t === 400, `changed after ${t} steps`)
      assert.ok(now.every((x, i) => x !== last[i]))
    }
    last = now
    // it may not fall while we wait
    if (t % 50 === 0) world.setState(home, still(18))
  }
  assert.is(changes, 2)
  const drawn = Array.from({ length: 300 }, (_, env) => command(world.reset({ env })))
  for (const [k, lo, hi] of [
    [0, 0, 1.2],
    [1, -0.4, 0.4],
    [2, -0.8, 0.8],
  ]) {
    const values = drawn.map(c => c[k])
    assert.ok(Math.min(...values) >= lo && Math.max(...values) <= hi, 'within the range')
    assert.ok(Math.min(...values) < lo + 0.05 && Math.max(...values) > hi - 0.05, 'all of the range')
  }
  world.dispose()
})

test.run()
