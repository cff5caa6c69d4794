import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ParameterError, RecordingError } from '../../bindings/errors.js'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { Recording } from '../../bindings/recording/recording.js'
import { isDiverged, Objective } from '../../bindings/sysid/objective.js'
import { channelErrors } from '../../bindings/sysid/score.js'
import { mujocoBatch } from './mujoco-batch.js'
import { mujocoLog, PENDULUM, sines } from './worlds.js'

const log = (over = {}) => mujocoLog(PENDULUM, { name: 'swing', duration: 2, period: 0.01, drive: sines(0.8), ...over })
const model = await loadModel(PENDULUM)
const spec = [
  { path: 'joint/hinge/damping', min: 0.001, max: 1, transform: 'log' as const },
  { path: 'body/arm/mass', min: 0.1, max: 2 },
]

async function caught(run: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await run()
  } catch (error) {
    assert.ok(error instanceof ParameterError || error instanceof RecordingError, String(error))
    return error
  }
  return assert.unreachable('expected an error') as never
}

test('the truth costs nothing when MuJoCo replays its own log; another value costs what a plain sum says', async () => {
  const space = ParameterSpace.from(model, spec)
  const recording = await log()
  using objective = await Objective.create(model, [recording], space, { filter: { kind: 'difference' } }, mujocoBatch)
  assert.is(objective.grid.nstep, 5)
  assert.is(objective.nresidual, 200)
  const theta = Float64Array.of(0.05, 0.5, 0.2, 0.7)
  const cost = await objective.cost(theta, 2)
  assert.ok(cost[0] < 1e-6, `${cost}`)
  // the same number by hand, from a log of the other machine
  const other = await log({
    change: [
      ['dof_damping', 0, 0.2],
      ['body_mass', 1, 0.7],
      ['body_inertia', 3, (0.7 / 0.5) * model.field.body_inertia[3]],
      ['body_inertia', 4, (0.7 / 0.5) * model.field.body_inertia[4]],
      ['body_inertia', 5, (0.7 / 0.5) * model.field.body_inertia[5]],
    ],
  })
  const [y, z] = [recording.channel('q hinge').values.slice(1), other.channel('q hinge').values.slice(1)]
  const mean = y.reduce((sum, v) => sum + v, 0) / y.length
  const variance = y.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / y.length
  const squares = y.reduce((sum, v, i) => sum + (v - z[i]) * (v - z[i]), 0) / y.length
  assert.ok(Math.abs(cost[1] / (squares / variance) - 1) < 2e-3, `${cost[1]} ${squares / variance}`)
  // residuals, costs and errors agree
  const residuals = await objective.residuals(theta, 2)
  let sum = 0
  for (let i = 0; i < 200; i++) sum += residuals[200 + i] * residuals[200 + i]
  assert.ok(Math.abs(sum / cost[1] - 1) < 1e-9)
  const [error] = channelErrors(objective, (await objective.differences(theta.slice(2), 1)).slice(0, 200))
  assert.ok(Math.abs(error.rmse / Math.sqrt(squares) - 1) < 2e-3)
  assert.is(error.channel, 'q hinge')
})

test('windows restart from the filtered state: the truth fits them all', async () => {
  const space = ParameterSpace.from(model, spec)
  const recording = await log()
  using objective = await Objective.create(model, [recording], space, { window: 0.25, stride: 0.2 }, mujocoBatch)
  assert.is(objective.segments.length, 9)
  assert.is(objective.segments[3].start, 60)
  const cost = await objective.cost(Float64Array.of(0.05, 0.5, 0.5, 0.5), 2)
  assert.ok(cost[0] < 1e-5, `${cost}`)
  assert.ok(cost[1] > 100 * cost[0], `${cost}`)
  const { filter } = objective.initial.filters[0]
  assert.ok(filter.kind === 'savitzky-golay' && filter.order === 2 && Math.abs(filter.width - 0.07) < 1e-12)
})

test('jittering stamps put the rows on timesteps, and measurements are compared at their own times', async () => {
  const space = ParameterSpace.from(model, spec)
  const fine = await log({ period: 0.002 })
  // every fifth sample or so, at stamps that are no multiple of anything
  const q = fine.channel('q hinge')
  const picks = Array.from({ length: 180 }, (_, k) => 0.0051 + k * 0.0108 + 0.003 * Math.sin(17 * k))
  const time = Float64Array.from([0, ...picks])
  const values = fine.sample('q hinge', time)
  const jittered = new Recording({ name: 'jitter', channels: [{ ...q, time, values }, fine.channel('u motor')] })
  using objective = await Objective.create(
    model,
    [jittered],
    space,
    { filter: { kind: 'savitzky-golay', order: 2, width: 0.05 } },
    mujocoBatch,
  )
  assert.is(objective.grid.nstep, 1)
  assert.is(objective.nresidual, 180)
  const cost = await objective.cost(Float64Array.of(0.05, 0.5), 1)
  assert.ok(cost[0] < 1e-4, `${cost}`)
})

test('held commands change at their time stamps', async () => {
  const space = ParameterSpace.from(model, spec)
  const fine = await log({ period: 0.002 })
  const channel = {
    ...fine.channel('u motor'),
    interpolation: 'hold' as const,
    time: Float64Array.of(0, 0.5, 1.0013),
    values: Float64Array.of(0.2, -0.4, 1),
  }
  const recording = fine.with({ channels: [channel] })
  using objective = await Objective.create(model, [recording], space, {}, mujocoBatch)
  const { inputs } = objective.grid
  assert.is(objective.grid.nstep, 1)
  assert.ok(Math.abs(inputs[249] - 0.2) < 1e-6 && Math.abs(inputs[250] + 0.4) < 1e-6)
  // the step at 1.0013 s lies 65 % into row 500
  assert.ok(Math.abs(inputs[500] - (0.65 * -0.4 + 0.35 * 1)) < 1e-6, `${inputs[500]}`)
  assert.ok(Math.abs(inputs[501] - 1) < 1e-6)
})

test('parameters of one recording reach its worlds only', async () => {
  const space = ParameterSpace.from(model, {
    parameters: [{ name: 'm', min: 0.1, max: 2, start: 0.5 }],
    derived: { 'body/arm/mass': 'm + payload' },
    constants: { payload: 0 },
  })
  const light = await log({ name: 'light' })
  const [ix, iy, iz] = model.field.body_inertia.slice(3)
  const heavy = await log({
    name: 'heavy',
    constants: { payload: 0.25 },
    fields: {},
    change: [
      ['body_mass', 1, 0.75],
      ['body_inertia', 3, 1.5 * ix],
      ['body_inertia', 4, 1.5 * iy],
      ['body_inertia', 5, 1.5 * iz],
    ],
  })
  using objective = await Objective.create(model, [light, heavy], space, { window: 1 }, mujocoBatch)
  const [cost, wrong] = await objective.cost(Float64Array.of(0.5, 0.6), 2)
  assert.ok(cost < 1e-4 && wrong > 100 * cost, `${cost} ${wrong}`)
})

test('weights and scales: two channels count alike whatever their unit and rate', async () => {
  const space = ParameterSpace.from(model, spec)
  const recording = await log({ extra: [['joint/hinge/qvel', 'qvel', 0, 'rad/s']] })
  const theta = Float64Array.of(0.2, 0.5)
  const run = async (weights: Record<string, number>): Promise<number> => {
    using objective = await Objective.create(
      model,
      [recording],
      space,
      { weights, filter: { kind: 'difference' } },
      mujocoBatch,
    )
    return (await objective.cost(theta, 1))[0]
  }
  const both = await run({})
  const position = await run({ 'joint/hinge/qvel': 0 })
  const velocity = await run({ 'q hinge': 0 })
  assert.ok(Math.abs(both / (0.5 * (position + velocity)) - 1) < 1e-6)
  assert.is((await caught(() => run({ 'q hing': 2 }))).code, 'WEIGHT')
})

test('huber in scaled units: linear beyond the threshold', async () => {
  const space = ParameterSpace.from(model, spec)
  const recording = await log()
  using objective = await Objective.create(
    model,
    [recording],
    space,
    { huber: 1e-3, filter: { kind: 'difference' } },
    mujocoBatch,
  )
  const theta = Float64Array.of(0.5, 0.5)
  const [cost] = await objective.cost(theta, 1)
  const scale = objective.channels[0].scale
  let expected = 0
  for (const d of await objective.differences(theta, 1)) {
    const e = Math.abs(d / scale)
    expected += e <= 1e-3 ? e * e : 2e-3 * e - 1e-6
  }
  assert.ok(Math.abs(cost / (expected / objective.nresidual) - 1) < 1e-6)
})

test('a candidate that diverges costs more than any other, and finitely', async () => {
  const space = ParameterSpace.from(model, [{ path: 'joint/hinge/stiffness', min: -1e9, max: 10 }])
  const recording = await log()
  using objective = await Objective.create(model, [recording], space, {}, mujocoBatch)
  const cost = await objective.cost(Float64Array.of(-1e9, 0), 2)
  assert.ok(isDiverged(cost[0]) && Number.isFinite(cost[0]) && !isDiverged(cost[1]), `${cost}`)
  assert.is(objective.diverged, 1)
  const residuals = await objective.residuals(Float64Array.of(-1e9, 0), 2)
  assert.ok(Number.isNaN(residuals[0]) && Number.isFinite(residuals[objective.nresidual]))
})

test('bad input: one typed error each', async () => {
  const space = ParameterSpace.from(model, spec)
  const recording = await log()
  const open = (options: object, rec = recording) =>
    caught(() => Objective.create(model, [rec], space, options, mujocoBatch))
  assert.is((await open({ window: 3 })).code, 'RECORDING_SHORT')
  assert.is((await open({ window: -1 })).code, 'WINDOW')
  assert.is((await open({ huber: 0 })).code, 'HUBER')
  assert.is((await open({ filter: { width: -1 } })).code, 'FILTER')
  const lost = await open(
    {},
    recording.with({ channels: [{ ...recording.channel('q hinge'), measures: 'joint/hing/qpos' }] }),
  )
  assert.is(lost.code, 'CHANNEL_TARGET')
  assert.match(lost.message, "nearest: 'hinge'")
  assert.match(lost.message, 'swing')
  const blind = new Recording({ name: 'blind', channels: [recording.channel('u motor')] })
  assert.is((await open({}, blind)).code, 'NOTHING_MEASURED')
  const timestep = ParameterSpace.from(model, [{ path: 'option/timestep', min: 1e-4, max: 0.01 }])
  assert.is((await caught(() => Objective.create(model, [recording], timestep, {}, mujocoBatch))).code, 'TIMESTEP')
})

test.run()
