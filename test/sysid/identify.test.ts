import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ParameterError, RecordingError } from '../../bindings/errors.js'
import { ParameterDistribution } from '../../bindings/model/distribution.js'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import type { Recording } from '../../bindings/recording/recording.js'
import { type IdentifyOptions, identify } from '../../bindings/sysid/identify.js'
import type { IdentifyResult, ParameterResult } from '../../bindings/sysid/result.js'
import { rng } from '../support/oracle.js'
import { mujocoBatch } from './mujoco-batch.js'
import { CART, type LogOptions, mujocoLog, PENDULUM, sines } from './worlds.js'

const pendulum = await loadModel(PENDULUM)
const swing = (over: Partial<LogOptions> = {}): Promise<Recording> =>
  mujocoLog(PENDULUM, { name: 'swing', duration: 3, period: 0.01, drive: sines(0.5, 0.8), ...over })
const space = ParameterSpace.from(pendulum, [
  { path: 'joint/hinge/damping', min: 0.001, max: 1, start: 0.3, transform: 'log' },
  { path: 'joint/hinge/frictionloss', min: 0, max: 0.3, start: 0.15 },
  { path: 'body/arm/mass', min: 0.1, max: 2, start: 1.2 },
])
const truth = [0.05, 0.06, 0.5]

const near = (parameters: readonly ParameterResult[], values: readonly number[], relative: number): void => {
  values.forEach((value, j) => {
    const { name, value: found } = parameters[j]
    assert.ok(Math.abs(found / value - 1) <= relative, `${name}: found ${found}, hidden ${value}`)
  })
}

for (const method of ['gauss-newton', 'cma-es', 'both'] as const) {
  test(`${method} finds hidden damping, friction and mass in a log of MuJoCo's`, async () => {
    const result = await identify(pendulum, [await swing()], space, { method, seed: 3 })
    near(result.parameters, truth, 0.02)
    assert.ok(result.cost < 1e-6 && result.startCost > 0.01, `${result.cost} ${result.startCost}`)
    assert.is(result.errors.length, 1)
    assert.ok(result.errors[0].after.rmse < 1e-3 * result.errors[0].before.rmse)
    assert.equal(result.scorer.segments, 1)
  })
}

test('the answer does not need our engine: the same search on MuJoCo worlds agrees', async () => {
  const two = ParameterSpace.from(pendulum, [
    { path: 'joint/hinge/damping', min: 0.001, max: 1, start: 0.3, transform: 'log' },
    { path: 'body/arm/mass', min: 0.1, max: 2, start: 1.2 },
  ])
  const recording = await swing({ duration: 1 })
  const options: IdentifyOptions = { method: 'gauss-newton', curriculum: false }
  const reference = await identify(pendulum, [recording], two, { ...options, createBatch: mujocoBatch })
  const ours = await identify(pendulum, [recording], two, options)
  near(reference.parameters, [0.05, 0.5], 1e-3)
  near(ours.parameters, Array.from(reference.theta), 1e-3)
})

test('noise: the truth lies in the intervals, and a held-out recording confirms the fit', async () => {
  const random = rng(7)
  const noise = { noise: () => 0.004, normal: random.normal }
  const fitted = await swing(noise)
  const held = await swing({ ...noise, name: 'other', drive: sines(0.4, 1.1) })
  const result = await identify(pendulum, [fitted], space, { holdout: [held], seed: 1 })
  result.parameters.forEach((p, j) => {
    const [low, high] = p.interval ?? [0, 0]
    assert.ok(
      low <= truth[j] && truth[j] <= high && high - low < 0.6 * truth[j],
      `${p.name}: ${truth[j]} in [${low}, ${high}]`,
    )
  })
  const error = result.errors.find(e => e.role === 'holdout')
  assert.ok(error !== undefined && error.recording === 'other')
  assert.ok(error.after.rmse < 0.2 * error.before.rmse, `${error.after.rmse} ${error.before.rmse}`)
  assert.ok((result.holdoutCost ?? 1) < 0.05 * (result.holdoutStartCost ?? 0))
  assert.is(result.traces.length, 2)
  // the belief: a normal about the values, as wide as the intervals say, and back from JSON
  const json = JSON.parse(JSON.stringify(result))
  assert.equal(json.theta['body/arm/mass'], result.theta[2])
  const read = ParameterDistribution.fromJSON(space, json.distribution)
  const sample = read.sample(4000, 5)
  let inside = 0
  for (let k = 0; k < 4000; k++) {
    const [low, high] = result.parameters[2].interval ?? [0, 0]
    if (sample[3 * k + 2] >= low && sample[3 * k + 2] <= high) inside++
  }
  assert.ok(Math.abs(inside / 4000 - 0.95) < 0.03, `${inside / 4000}`)
})

test('windows: single shooting and segment resets agree on the same log', async () => {
  const random = rng(19)
  const recording = await swing({ noise: () => 0.002, normal: random.normal })
  const result = await identify(pendulum, [recording], space, { window: 0.4, stride: 0.2, method: 'gauss-newton' })
  assert.is(result.scorer.segments, 14)
  result.parameters.forEach((p, j) => {
    const [low, high] = p.interval ?? [0, 0]
    const slack = 0.5 * (high - low)
    assert.ok(low - slack <= truth[j] && truth[j] <= high + slack, `${p.name}: ${truth[j]} in [${low}, ${high}]`)
  })
})

test('outliers: huber keeps what squares lose', async () => {
  const random = rng(23)
  const clean = await swing()
  const channel = clean.channel('q hinge')
  const spoilt = clean.with({
    channels: [{ ...channel, values: channel.values.map(v => (random.next() < 0.05 ? v + 2 * random.next() : v)) }],
  })
  const filter = { kind: 'difference' as const }
  const squares = await identify(pendulum, [spoilt], space, { method: 'gauss-newton', filter })
  const huber = await identify(pendulum, [spoilt], space, { method: 'gauss-newton', filter, huber: 0.01 })
  const error = (r: IdentifyResult): number => Math.abs(r.theta[2] / 0.5 - 1)
  assert.ok(error(huber) < 0.01, `${huber.theta}`)
  assert.ok(error(huber) < 0.2 * error(squares), `${huber.theta} ${squares.theta}`)
})

// ---- acceptance test 3 of the algorithm reference: the cart gauge

const cart = await loadModel(CART)
const push = (name: string, payload: number, over: Partial<LogOptions> = {}): Promise<Recording> =>
  mujocoLog(CART, {
    name,
    duration: 2,
    period: 0.01,
    drive: sines(3),
    constants: { payload },
    // hidden: m = 2 kg, b = 3
    change: [
      ['body_mass', 1, 2 + payload],
      ['actuator_gear', 0, 3],
    ],
    ...over,
  })
const gauge = ParameterSpace.from(cart, {
  parameters: [
    { name: 'm', min: 0.5, max: 10, start: 3.5, transform: 'log' },
    { path: 'actuator/push/gear/0', name: 'b', min: 0.5, max: 20, start: 5.25, transform: 'log' },
  ],
  derived: { 'body/cart/mass': 'm + payload' },
  constants: { payload: 0 },
})

test('cart gauge: one recording determines b / m only, and the result says so', async () => {
  for (const noise of [0, 0.001]) {
    const random = rng(2)
    const recording = await push('empty', 0, noise > 0 ? { noise: () => noise, normal: random.normal } : {})
    for (const method of ['gauss-newton', 'both'] as const) {
      const result = await identify(cart, [recording], gauge, { method })
      const [m, b] = result.theta
      assert.ok(Math.abs(b / m - 1.5) < 0.01, `${b / m}`)
      const words = result.warnings.find(w => w.includes('only their ratio'))
      assert.ok(words !== undefined && /\bm\b/.test(words) && /\bb\b/.test(words), result.warnings.join('; '))
      assert.ok(!result.parameters[0].determined && !result.parameters[1].determined)
      // what is left open stays wide
      const [low, high] = result.parameters[0].interval ?? [0, 0]
      assert.ok(high / low > 4, `${low} ${high}`)
    }
  }
})

test('cart gauge: a second recording with a known payload finds (2, 3) from (3.5, 5.25)', async () => {
  const result = await identify(cart, [await push('empty', 0), await push('loaded', 1.5)], gauge, {
    method: 'gauss-newton',
  })
  near(result.parameters, [2, 3], 2e-3)
  assert.ok(result.parameters.every(p => p.determined))
  assert.not.ok(
    result.warnings.some(w => w.includes('only their ratio')),
    result.warnings.join('; '),
  )
})

// ---- §2.6, the lecture's toy

test('latency: CMA-ES finds a delay of 5 ms and a strength of 10 N*m from 1 ms and 2 N*m', async () => {
  const xml = PENDULUM.replace('mass="0.5"', 'mass="5"').replace('timestep="0.002"', 'timestep="0.001"')
  const model = await loadModel(xml)
  const recording = await mujocoLog(xml, {
    name: 'latency',
    duration: 2,
    period: 0.005,
    // a log begins before the machine moves
    drive: (t, i) => (t < 0.1 ? 0 : 0.3 * Math.sin(40 * t) + sines(0.4, 1.5)(t, i)),
    delay: 0.005,
    change: [['actuator_gear', 0, 10]],
  })
  const toy = ParameterSpace.from(model, [
    { path: 'actuator/motor/delay', min: 0, max: 0.02, start: 0.001 },
    { path: 'actuator/motor/gear/0', min: 1, max: 40, start: 2, transform: 'log' },
  ])
  for (const seed of [1, 2]) {
    const result = await identify(model, [recording], toy, { method: 'cma-es', seed })
    near(result.parameters, [0.005, 10], 0.02)
  }
})

// ---- what a fit cannot see

test('a parameter without effect and one on its bound are named', async () => {
  const odd = ParameterSpace.from(pendulum, [
    { path: 'joint/hinge/damping', min: 0.1, max: 1, start: 0.3, transform: 'log' },
    { path: 'body/arm/pos/x', min: -2, max: 1, start: 0 },
    { path: 'body/arm/mass', min: 0.1, max: 2, start: 0.6 },
  ])
  const result = await identify(pendulum, [await swing()], odd, { method: 'gauss-newton' })
  assert.is(result.parameters[0].onBound, 'lower')
  assert.ok(!result.parameters[1].effect && result.parameters[2].effect)
  assert.ok(
    result.warnings.some(w => w.startsWith('joint/hinge/damping ended on its lower bound 0.1')),
    result.warnings.join('; '),
  )
  assert.ok(
    result.warnings.some(w => w.startsWith('body/arm/pos/x has no effect')),
    result.warnings.join('; '),
  )
  assert.ok(Math.abs(result.theta[1]) < 0.01, `${result.theta[1]}`)
})

// ---- running

test('the same seed gives the same bits, for one worker and for two', async () => {
  const recording = await swing({ duration: 1 })
  const run = async (workers: number, seed: number): Promise<Float64Array> =>
    (await identify(pendulum, [recording], space, { method: 'cma-es', seed, workers, maxEvaluations: 300 })).theta
  const one = await run(1, 4)
  assert.equal(await run(1, 4), one)
  assert.equal(await run(2, 4), one)
  assert.not.equal(await run(1, 5), one)
})

for (const method of ['cma-es', 'both', 'gauss-newton'] as const) {
  test(`${method}: stopped from outside and resumed ends where an undisturbed run ends`, async () => {
    const recording = await swing({ duration: 1 })
    const options: IdentifyOptions = { method, seed: 4, maxEvaluations: 600 }
    const whole = await identify(pendulum, [recording], space, options)
    const controller = new AbortController()
    let calls = 0
    const part = await identify(pendulum, [recording], space, {
      ...options,
      signal: controller.signal,
      onProgress: () => {
        if (++calls === 3) controller.abort()
      },
    })
    assert.is(part.stop.code, 'aborted')
    assert.ok(part.cost <= part.startCost)
    const rest = await identify(pendulum, [recording], space, { ...options, resume: part.state })
    if (method === 'gauss-newton') near(rest.parameters, Array.from(whole.theta), 1e-4)
    else assert.equal(rest.theta, whole.theta)
  })
}

test('progress counts up to the budget, and the history falls', async () => {
  const seen: number[] = []
  const result = await identify(pendulum, [await swing({ duration: 1 })], space, {
    method: 'cma-es',
    maxEvaluations: 200,
    onProgress: p => seen.push(p.evaluations),
  })
  assert.is(result.stop.code, 'maxevaluations')
  assert.ok(seen.length > 5 && seen.every((n, i) => n <= 200 && (i === 0 || n > seen[i - 1])))
  const [stage] = result.history
  assert.ok(stage.cost.every((c, i) => i === 0 || c <= stage.cost[i - 1]))
})

test('restarts: BIPOP goes on after the first run ended', async () => {
  const result = await identify(pendulum, [await swing({ duration: 1 })], space, {
    method: 'cma-es',
    restarts: { kind: 'bipop', count: 2 },
    maxEvaluations: 3000,
  })
  near([result.parameters[0], result.parameters[2]], [truth[0], truth[2]], 0.05)
})

test('given values are scored beside the start values, and nothing is fitted', async () => {
  const recording = await swing()
  const result = await identify(pendulum, [recording], space, {
    theta: { 'body/arm/mass': 0.5, 'joint/hinge/damping': 0.05, 'joint/hinge/frictionloss': 0.06 },
  })
  assert.is(result.method, 'score')
  assert.equal(Array.from(result.theta), truth)
  assert.ok(result.cost < 1e-6 && result.startCost > 0.01)
  assert.is(result.parameters[0].stderr, undefined)
  assert.is(result.stop.code, 'scored')
  assert.is(JSON.parse(JSON.stringify(result)).theta['body/arm/mass'], 0.5)
  // published values may lie outside anyone's bounds
  const outside = await identify(pendulum, [recording], space, { theta: [0.05, 0.06, 2.5] })
  assert.ok(outside.cost > result.cost && outside.theta[2] === 2.5)
})

test('bad input: one typed error each', async () => {
  const recording = await swing({ duration: 1 })
  const failing = async (options: IdentifyOptions, recordings = [recording]): Promise<string> => {
    try {
      await identify(pendulum, recordings, space, options)
    } catch (error) {
      assert.ok(error instanceof ParameterError || error instanceof RecordingError, String(error))
      return error.code
    }
    return assert.unreachable('expected an error') as never
  }
  assert.is(await failing({ window: 5 }), 'RECORDING_SHORT')
  assert.is(await failing({}, []), 'NO_RECORDING')
  assert.is(await failing({}, [recording, recording]), 'RECORDING_TWICE')
  assert.is(await failing({ theta: { mass: 1 } }), 'PARAMETER_UNKNOWN')
  assert.is(await failing({ theta: [1, Number.NaN, 2] }), 'NOT_FINITE')
  assert.is(await failing({ method: 'newton' as 'both' }), 'METHOD')
  assert.is(await failing({ maxEvaluations: 0 }), 'OPTION')
  assert.is(await failing({ resume: '{"cut' }), 'RESUME')
  const other = await identify(pendulum, [recording], space, { method: 'cma-es', maxEvaluations: 60 })
  assert.is(await failing({ method: 'cma-es', window: 0.5, resume: other.state }), 'RESUME')
})

test.run()
