/** The API suite on the GPU engine, and what the two engines owe each other. */
import '../kernels/swiftshader.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { requestAdapter } from '../../bindings/engine/webgpu/device.js'
import { hasChromium } from '../support/chromium.js'
import { skippable } from '../support/skip.js'
import { compiledModel, mujocoAnswers } from './answers.js'
import { thrown } from './host.js'
import { API_TESTS, type Host } from './suite.js'

const adapter = await requestAdapter().catch(() => undefined)
// chromium brings an adapter that needs no GPU: where it is, none is a failure
const onGpu = skippable(test, adapter !== undefined || hasChromium, 'no WebGPU adapter on this machine')

const host: Host = { backend: 'webgpu', workers: [1], answers: await mujocoAnswers(), model: compiledModel }
for (const { name, run } of API_TESTS) onGpu(name, () => run(host))

onGpu('the same draws on both backends', async () => {
  const model = await compiledModel('robot')
  const drawn: Float32Array[] = []
  for (const backend of ['wasm', 'webgpu'] as const) {
    const batch = await createBatch(model, { nworld: 5, backend, seed: 3 })
    for (const worlds of [[0, 1, 2, 3, 4], [2]])
      batch.reset({
        worlds,
        keyframe: 'home',
        distribution: { qpos: { kind: 'normal', std: 0.2 }, qvel: { kind: 'uniform', scale: 1 } },
      })
    drawn.push(await batch.getState())
    batch.dispose()
  }
  assert.equal(drawn[1], drawn[0])
})

onGpu('a snapshot stays on its backend', async () => {
  const model = await compiledModel('swing')
  const [cpu, gpu] = [
    await createBatch(model, { nworld: 2 }),
    await createBatch(model, { nworld: 2, backend: 'webgpu' }),
  ]
  assert.match(await thrown(() => gpu.restore(cpu.snapshot())), /^SNAPSHOT: .*on 'wasm', this one is on 'webgpu'/)
  assert.match(await thrown(() => cpu.restore(gpu.snapshot())), /^SNAPSHOT: .*on 'webgpu', this one is on 'wasm'/)
  cpu.dispose()
  gpu.dispose()
})

test.run()
