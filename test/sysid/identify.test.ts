import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { identify } from '../../bindings/sysid/identify.js'
import { mujocoBatch } from './mujoco-batch.js'
import { mujocoLog, PENDULUM, sines } from './worlds.js'

const model = await loadModel(PENDULUM)

test('gauss-newton on MuJoCo alone finds hidden damping and mass (no engine of ours)', async () => {
  const space = ParameterSpace.from(model, [
    { path: 'joint/hinge/damping', min: 0.001, max: 1, start: 0.3, transform: 'log' },
    { path: 'body/arm/mass', min: 0.1, max: 2, start: 1.2 },
  ])
  const recording = await mujocoLog(PENDULUM, { name: 'swing', duration: 2, period: 0.01, drive: sines(0.8) })
  const result = await identify(model, [recording], space, { method: 'gauss-newton', createBatch: mujocoBatch })
  console.log(result.parameters, result.stop, result.evaluations, result.cost, result.warnings)
})

test('engine', async () => {
  const space = ParameterSpace.from(model, [
    { path: 'joint/hinge/damping', min: 0.001, max: 1, start: 0.3, transform: 'log' },
    { path: 'joint/hinge/frictionloss', min: 0.0, max: 0.2, start: 0.1, transform: 'linear' },
    { path: 'body/arm/mass', min: 0.1, max: 2, start: 1.2 },
  ])
  const recording = await mujocoLog(PENDULUM, { name: 'swing', duration: 2, period: 0.01, drive: sines(0.8) })
  for (const method of ['gauss-newton', 'cma-es', 'both'] as const) {
  const result = await identify(model, [recording], space, { method })
  console.log(method, result.parameters.map(p => [p.name, p.value, p.interval]), result.stop, result.evaluations, result.cost, result.warnings, result.timings)
  }
})

test.run()
