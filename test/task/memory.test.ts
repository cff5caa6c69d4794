/** What a task remembers, through the control steps of an episode. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Model } from '../../bindings/model/model.js'
import { type CompiledTask, type Expr, type Interpreter, vec } from '../../bindings/task/index.js'
import { walkerModel } from './models.js'
import { compileOn, observed, rewarded, worldOf } from './support.js'

let model: Model

test.before(async () => {
  model = await walkerModel()
})

/** height of the root at s_0, s_1 … */
const HEIGHTS = [1, 1.5, 1.25, 3, 2.5, 2, 7, 6.5, 0.5]

function setHeight(world: Interpreter, height: number): void {
  const qpos = world.get('qpos')
  qpos[2] = height
  world.set('qpos', qpos)
}

interface Step {
  readonly before: Record<string, number>
  readonly after: Record<string, number>
}

/** an episode in which the root moves through HEIGHTS and the actions are t/10, -t/10 */
function episode(compiled: CompiledTask, env = 0): Step[] {
  const world = worldOf(compiled, model, env)
  setHeight(world, HEIGHTS[0])
  world.begin()
  world.init()
  return HEIGHTS.slice(1).map((height, t) => {
    const before = observed(compiled, world)
    world.act(Float32Array.of(t / 10, -t / 10))
    setHeight(world, height)
    world.dynamics()
    const after = rewarded(compiled, world)
    world.update()
    return { before, after }
  })
}

const near = (a: number, b: number, what: string) => assert.ok(Math.abs(a - b) < 1e-5, `${what}: ${a}, expected ${b}`)

test('prev is the value at the observation before, and the first one at the start', () => {
  const steps = episode(
    compileOn(model, s => {
      const z = s.qpos[2]
      const terms = { now: z, prev: s.prev(z), squared: s.prev(z.square()), twice: s.prev(s.prev(z)), rate: s.rate(z) }
      return { observation: terms, reward: terms }
    }),
  )
  const dt = 4 * 0.005
  for (const [t, { before, after }] of steps.entries()) {
    const h = (k: number) => HEIGHTS[Math.max(k, 0)]
    near(before.now, h(t), 'now')
    near(before.prev, h(t - 1), 'prev')
    near(before.squared, h(t - 1) ** 2, 'squared')
    near(before.twice, h(t - 2), 'twice')
    near(before.rate, (h(t) - h(t - 1)) / dt, 'rate')
    near(after.now, h(t + 1), 'now in the reward')
    near(after.prev, h(t), 'prev in the reward')
    near(after.squared, h(t) ** 2, 'squared in the reward')
    near(after.twice, h(t - 1), 'twice in the reward')
    near(after.rate, (h(t + 1) - h(t)) / dt, 'rate in the reward')
  }
})

test('history goes back step by step, vector by vector', () => {
  const steps = episode(
    compileOn(model, s => {
      const z = s.qpos[2]
      const three = s.history(z, 3)
      const pairs = s.history(vec(z, z.neg()), 2)
      return { observation: { three, pairs }, reward: { two: three[2], last: pairs[3] } }
    }),
  )
  for (const [t, { before, after }] of steps.entries()) {
    const h = (k: number) => HEIGHTS[Math.max(k, 0)]
    for (let k = 0; k < 3; k++) near(before[`three[${k}]`], h(t - k), `three[${k}]`)
    for (const [k, x] of [h(t), -h(t), h(t - 1), -h(t - 1)].entries()) near(before[`pairs[${k}]`], x, `pairs[${k}]`)
    near(after.two, h(t - 1), 'two steps before the new state')
    near(after.last, -h(t), 'last')
  }
})

test('delayed lies on the line between two control steps, whether its delay is a number or not', () => {
  const dt = 4 * 0.005
  for (const delay of [0, 0.4, 1, 1.75, 3]) {
    const seconds = delay * dt
    const compiled = compileOn(model, s => {
      const z = s.qpos[2]
      return {
        observation: {
          fixed: s.delayed(z, seconds),
          varied: s.delayed(z, s.const(seconds, 's'), 3 * dt),
          beyond: s.delayed(z, s.const(100, 's'), 2 * dt),
        },
      }
    })
    for (const [t, { before }] of episode(compiled).entries()) {
      const h = (k: number) => HEIGHTS[Math.max(k, 0)]
      const part = delay - Math.floor(delay)
      const expected = (1 - part) * h(t - Math.floor(delay)) + part * h(t - Math.floor(delay) - 1)
      near(before.fixed, expected, `delay ${delay}, step ${t}`)
      near(before.varied, expected, `delay ${delay} as an expression, step ${t}`)
      near(before.beyond, h(t - 2), 'the longest delay')
    }
  }
})

test('lastAction is the action before, clipped, in every moment', () => {
  const steps = episode(
    compileOn(model, s => ({
      observation: { last: s.lastAction(0), before: s.prev(s.lastAction(0)) },
      action: { kind: 'torque', scale: 1, clip: [-0.35, 0.35] },
      reward: { now: s.action(0), raw: s.rawActions[1], last: s.lastAction(0), other: s.lastAction(1) },
    })),
  )
  const a = (t: number) => Math.min(Math.max(t, 0) / 10, 0.35)
  for (const [t, { before, after }] of steps.entries()) {
    near(before.last, a(t - 1), `observation ${t}`)
    near(before.before, a(t - 2), `observation ${t}, one before`)
    near(after.now, a(t), 'action')
    near(after.raw, -t / 10, 'raw action')
    near(after.last, a(t - 1), `reward ${t}`)
    near(after.other, -a(t - 1), `reward ${t}, other`)
  }
})

test('states move together, from the values before', () => {
  const steps = episode(
    compileOn(model, s => {
      const first: Expr = s.state('first', { reset: 1, next: x => x.add(second) })
      const second: Expr = s.state('second', { reset: 1, next: () => first })
      const vector = s.state('vector', { reset: [0, s.qpos[2].unitless()], next: v => [v.y, v.x.add(s.action(0))] })
      const terms = { first, second, vector: vector.x, prev: s.prev(first) }
      return { observation: { ...terms, y: vector.y }, reward: terms }
    }),
  )
  let [first, second, x, y, prev] = [1, 1, 0, HEIGHTS[0], 1]
  for (const [t, { before, after }] of steps.entries()) {
    assert.equal([before.first, before.second], [first, second], `Fibonacci ${t}`)
    near(before.vector, x, 'x')
    near(before.y, y, 'y')
    near(before.prev, prev, 'prev')
    prev = first
    ;[first, second] = [first + second, first]
    ;[x, y] = [y, x + t / 10]
    assert.equal([after.first, after.second], [first, second])
    near(after.vector, x, 'x in the reward')
    near(after.prev, prev, 'prev in the reward')
  }
})

test('variables are drawn at the start, drawn anew in time, and updated between', () => {
  const compiled = compileOn(model, s => {
    const kept = s.variable('kept', { reset: s.uniform(2, 3) })
    const redrawn = s.variable('redrawn', { reset: [s.uniform(0, 1), s.normal()], every: 0.06 })
    const double = s.variable('double', { reset: redrawn.x.mul(2), every: 0.06 })
    const counted = s.variable('counted', { reset: 10, update: x => x.add(s.step) })
    const saw = s.variable('saw', { reset: 0, update: x => x.add(1), every: s.const(0.04, 's') })
    return { observation: { kept, redrawn, double, counted, saw } }
  })
  const runs = [0, 1].map(env => episode(compiled, env).map(step => step.before))
  assert.not.equal(runs[0][0].kept, runs[1][0].kept)
  for (const run of runs) {
    let counted = 10
    for (const [t, now] of run.entries()) {
      assert.is(now.kept, run[0].kept)
      assert.ok(now.kept > 2 && now.kept < 3)
      // 0.06 s are three control steps
      const due = t % 3 === 0
      if (t > 0) {
        assert.is(now['redrawn[0]'] !== run[t - 1]['redrawn[0]'], due, `step ${t}`)
        assert.is(now['redrawn[1]'] !== run[t - 1]['redrawn[1]'], due, `step ${t}`)
      }
      assert.is(now.double, Math.fround(2 * now['redrawn[0]']), 'drawn together')
      assert.is(now.counted, counted)
      counted += t
      assert.is(now.saw, t % 2, 'two control steps, updated once between')
    }
  }
})

test('what an episode starts from', () => {
  const compiled = compileOn(
    model,
    s => {
      const goal = s.variable('goal', { reset: s.uniform(3, 4), unit: 'm' })
      return {
        observation: {
          goal,
          x: s.qpos[0],
          y: s.qpos[1],
          hip: s.jointPos('hip'),
          ankle: s.jointPos('ankle'),
          // a variable sees the state that the episode starts from
          start: s.variable('start', { reset: s.qpos[0] }),
          kept: s.variable('kept', { reset: s.qpos[2] }),
          initial: s.initial.qpos[7],
          target: s.field('mocap_pos')[0],
        },
        reset: {
          qpos: { root: vec(goal, s.qpos[0].add(5), s.initial.qpos.slice(2, 7)), ankle: s.initial.qpos[8].mul(2) },
          qvel: s.initial.qvel,
          mocap_pos: { target: vec(goal, 0, 1) },
        },
      }
    },
    { keyframe: 'home' },
  )
  const world = worldOf(compiled, model)
  world.set('qpos', model.field.key_qpos)
  world.begin()
  world.init()
  const seen = observed(compiled, world)
  assert.ok(seen.goal > 3 && seen.goal < 4)
  assert.is(seen.x, seen.goal)
  assert.is(seen.y, 5, 'in the start, qpos is what was there before')
  assert.is(seen.start, seen.goal, 'a variable sees what the start wrote')
  near(seen.kept, 1.2, 'kept')
  near(seen.hip, 0.4, 'hip')
  near(seen.ankle, -0.1, 'ankle')
  near(seen.initial, 0.4, 'initial')
  assert.is(seen.target, seen.goal)
})

test('a number drawn for the start is the same in a variable', () => {
  const compiled = compileOn(model, s => {
    const drawn = s.uniform(0.1, 0.9)
    const unread = s.variable('unread', { reset: drawn.mul(2) })
    return {
      observation: { hip: s.jointPos('hip'), ankle: s.jointPos('ankle'), drawn: s.variable('drawn', { reset: drawn }) },
      reset: { qpos: { hip: drawn, ankle: unread } },
    }
  })
  const world = worldOf(compiled, model)
  world.begin()
  world.init()
  const { hip, ankle, drawn } = observed(compiled, world)
  assert.ok(hip > 0.1 && hip < 0.9)
  assert.is(drawn, hip)
  assert.is(ankle, Math.fround(2 * hip))
  assert.is(compiled.program.nslot, 2, 'what only the start reads is not kept')
})

test('a variable of poses waits until they are known', () => {
  const compiled = compileOn(model, s => {
    const z = s.body('foot').xpos.z
    const start = s.variable('start', { reset: z })
    const twice = s.variable('twice', { reset: start.mul(2) })
    return { observation: { start, twice, fallen: z.sub(start), prev: s.prev(twice) } }
  })
  const world = worldOf(compiled, model)
  const foot = 3 * model.names.body.indexOf('foot') + 2
  const raise = (z: number) => {
    const xpos = world.get('xpos')
    xpos[foot] = z
    world.set('xpos', xpos)
  }
  world.begin()
  raise(0.75)
  world.init()
  raise(0.5)
  assert.equal(observed(compiled, world), { start: 0.75, twice: 1.5, fallen: -0.25, prev: 1.5 })
})

test('inputs are given to an episode, and stay', () => {
  const compiled = compileOn(model, s => ({
    observation: { one: s.input('one'), three: s.input('three', 3, 0.5), sum: s.input('two', 2, [7, 8]).sum() },
  }))
  assert.equal(compiled.inputs, [
    { name: 'one', offset: 0, size: 1, default: [0] },
    { name: 'three', offset: 1, size: 3, default: [0.5, 0.5, 0.5] },
    { name: 'two', offset: 4, size: 2, default: [7, 8] },
  ])
  assert.is(compiled.program.ninput, 6)
  const world = worldOf(compiled, model)
  world.begin([1, 2, 3, 4, 5, 6])
  world.init()
  for (let t = 0; t < 3; t++) {
    assert.equal([...world.observe()], [1, 2, 3, 4, 11])
    world.update()
  }
  assert.throws(() => world.begin([1]), 'inputs: got 1 numbers, expected 6')
})

test('noise is new at every step, bias once an episode, and both have their spread', () => {
  const compiled = compileOn(model, s => {
    const z = s.qpos[2].unitless().mul(0)
    return {
      observation: {
        normal: s.noisy(z, { std: 2 }),
        uniform: s.noisy(z, { uniform: 3 }),
        bias: s.biased(z, { std: 0.5 }),
        each: s.biased(vec(z, z), { uniform: [1, 10] }),
      },
    }
  })
  const columns: Record<string, number[]> = {}
  for (let env = 0; env < 300; env++) {
    const steps = episode(compiled, env)
    for (const name of ['bias', 'each[0]', 'each[1]'])
      assert.is(new Set(steps.map(({ before }) => before[name])).size, 1, 'a bias stays')
    for (const { before } of steps)
      for (const [name, x] of Object.entries(before)) {
        columns[name] ??= []
        columns[name].push(x)
      }
  }
  const std = (x: readonly number[]) => Math.sqrt(x.reduce((sum, y) => sum + y * y, 0) / x.length)
  const expected = {
    normal: 2,
    uniform: 3 / Math.sqrt(3),
    bias: 0.5,
    'each[0]': 1 / Math.sqrt(3),
    'each[1]': 10 / Math.sqrt(3),
  }
  for (const [name, spread] of Object.entries(expected)) {
    // 2,400 draws of noise, 300 of a bias: within four standard errors
    const draws = name === 'normal' || name === 'uniform' ? 2400 : 300
    const error = Math.abs(std(columns[name]) / spread - 1)
    assert.ok(error < 4 / Math.sqrt(2 * draws), `${name}: ${std(columns[name])}, expected ${spread}`)
  }
})

test('time counts control steps; the reward is before its step is counted', () => {
  const steps = episode(
    compileOn(model, s => ({
      observation: { time: s.time, step: s.step, phase: s.phase(0.08) },
      reward: { time: s.time, dt: s.dt, timestep: s.timestep },
    })),
  )
  for (const [t, { before, after }] of steps.entries()) {
    near(before.time, t * 0.02, 'time')
    assert.is(before.step, t)
    near(before.phase, ((t % 4) / 4) * 2 * Math.PI, 'phase')
    near(after.time, t * 0.02, 'time in the reward')
    near(after.dt, 0.02, 'dt')
    near(after.timestep, 0.005, 'timestep')
  }
})

test.run()
