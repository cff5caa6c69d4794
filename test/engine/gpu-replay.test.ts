/** Recorded inputs through batches on the GPU, against the CPU. */
import '../kernels/swiftshader.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch, type ReplayOptions } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { random } from '../kernels/harness.js'
import { refusal } from '../support/refuse.js'

const XML = `<mujoco><option timestep="0.002"><flag contact="disable"/></option><worldbody>
  <body><joint name="a" axis="0 1 0" damping=".05"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/>
  <body pos=".3 0 0"><joint name="b" axis="0 1 0" damping=".02" frictionloss=".05"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".02" mass=".2"/></body></body></worldbody>
  <actuator><position name="pa" joint="a" kp="6"/><motor name="mb" joint="b"/></actuator>
  <sensor><jointpos joint="a"/><jointvel joint="b"/></sensor></mujoco>`

const model = await loadModel(XML)
const next = random(3)
const inputs = Float32Array.from({ length: 2 * 30 * 2 }, (_, i) => (i % 2 ? 0.2 : 1) * next())

async function both(options: ReplayOptions, delays?: number[]): Promise<void> {
  const out: Record<string, Float32Array>[] = []
  for (const backend of ['wasm', 'webgpu'] as const) {
    const batch = await createBatch(model, { nworld: 5, backend })
    if (delays) batch.set('actuator_delay', delays)
    batch.set(
      'qpos',
      [0, 0.3, -0.4, 1, -1].flatMap(x => [x, -x / 2]),
    )
    out.push(await batch.replay(options), { end: await batch.get('qpos') })
    batch.dispose()
  }
  const [wasm, , webgpu, after] = out
  for (const [name, theirs] of Object.entries(wasm)) {
    const ours = webgpu[name]
    assert.is(ours.length, theirs.length, name)
    let [worst, size] = [0, 1e-3]
    for (let i = 0; i < ours.length; i++) {
      assert.is(Number.isNaN(ours[i]), Number.isNaN(theirs[i]), `${name}[${i}]`)
      if (Number.isNaN(ours[i])) continue
      worst = Math.max(worst, Math.abs(ours[i] - theirs[i]))
      size = Math.max(size, Math.abs(theirs[i]))
    }
    assert.ok(worst <= 1e-3 * size, `${name}: ${worst} of ${size}`)
  }
  // beyond the rows that are wanted of a world it goes on or not
  if (options.length) return
  for (let i = 0; i < after.end.length; i++)
    assert.ok(Math.abs(after.end[i] - out[1].end[i]) < 1e-3, 'where worlds end')
}

test('states and results, tables, windows, lengths and delays of each world', async () => {
  const record = ['qpos', 'qvel', 'sensordata', 'actuator_force', 'qacc']
  const windows = { nset: 2, inputOf: [0, 1, 0, 1, 1], start: [0, 3, 8, 0, 10], length: [20, 5, 1, 20, 12], T: 20 }
  const interpolation = ['hold', 'linear'] as const
  await both(
    { inputs, nstep: 5, record, interpolation, ...windows },
    [0, 0.0031, 0.0127, 0.04, 0.005].flatMap(d => [d, d / 2]),
  )
  // parameters that all share, and only states
  await both({ inputs, nset: 1, nstep: 2, record: ['qpos'] })
})

test('shapes that do not fit are refused as on the CPU', async () => {
  const batch = await createBatch(model, { nworld: 2, backend: 'webgpu' })
  const options = { inputs, nset: 1, nstep: 1, record: ['qpos'] }
  await refusal(batch.replay({ ...options, nstep: 0 }), 'REPLAY_SHAPE')
  await refusal(batch.replay({ ...options, record: ['qops'] }), 'FIELD_UNKNOWN')
  await refusal(batch.replay({ ...options, channels: ['actuator/px/ctrl'] }), 'CHANNEL_UNKNOWN')
  batch.dispose()
})

test.run()
