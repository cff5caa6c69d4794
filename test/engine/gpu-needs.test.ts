/** What a model takes of a GPU is told before it is asked for. */
import '../kernels/swiftshader.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { describeAdapter, requestAdapter } from '../../bindings/engine/webgpu/device.js'
import { bytesInWords, gpuNeeds, largestNconmax, largestNworld, smaller } from '../../bindings/engine/webgpu/needs.js'
import type { BackendError } from '../../bindings/errors.js'
import { loadModel } from '../../bindings/model/load.js'

const ball = '<body pos="0 0 1"><freejoint/><geom size=".1"/></body>'
const pile = await loadModel(
  `<mujoco><worldbody><geom type="plane" size="5 5 .1"/>${ball.repeat(6)}</worldbody></mujoco>`,
)
const bare = await loadModel('<mujoco><worldbody><body><joint/><geom size=".1"/></body></worldbody></mujoco>')

const limits = (bytes: number) => ({
  maxBufferSize: bytes,
  maxStorageBufferBindingSize: 2 * bytes,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeWorkgroupsPerDimension: 65535,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
})

test('needs grow with worlds and with room for contacts', () => {
  const [one, many, few] = [gpuNeeds(pile, 1), gpuNeeds(pile, 100), gpuNeeds(pile, 100, 2)]
  assert.is(many.worldBytes, one.worldBytes)
  assert.is(many.largestBuffer, 100 * one.worldBytes)
  assert.ok(many.total > 100 * (one.worldBytes + one.parameterBytes))
  assert.is(few.nconmax, 2)
  assert.ok(few.worldBytes < many.worldBytes)
})

test('the most worlds fit, and one more does not', () => {
  const needs = gpuNeeds(pile, 1, 8)
  const most = largestNworld(needs, limits(2 ** 20))
  assert.ok(most * needs.worldBytes <= 2 ** 20 && (most + 1) * needs.worldBytes > 2 ** 20)
})

test('the most contacts fit, and one more does not', () => {
  const nworld = 50
  const room = limits(gpuNeeds(pile, nworld, 5).largestBuffer + 100)
  assert.is(largestNconmax(pile, nworld, room), 5)
  assert.match(
    smaller(pile, gpuNeeds(pile, nworld), room),
    /^use fewer worlds, at most \d+, or nconmax at most 5 instead of \d+$/,
  )
  assert.is(largestNconmax(pile, nworld, limits(1000)), 0)
  assert.match(smaller(pile, gpuNeeds(pile, nworld), limits(1000)), /no nconmax makes 50 fit/)
  // without contacts it is worlds alone
  assert.is(largestNconmax(bare, nworld, limits(1000)), undefined)
  assert.match(smaller(bare, gpuNeeds(bare, nworld), limits(1000)), /^use fewer worlds, at most \d+$/)
})

test('sizes in words', () => {
  assert.is(bytesInWords(1536), '1.5 KiB')
  assert.is(bytesInWords(2 ** 21), '2.0 MiB')
  assert.is(bytesInWords(3 * 2 ** 30), '3.00 GiB')
})

test('a batch that does not fit is refused with what does', async () => {
  const adapter = describeAdapter(await requestAdapter())
  const most = largestNworld(gpuNeeds(pile, 1), adapter.limits)
  const nworld = Math.ceil(1.2 * most)
  try {
    await createBatch(pile, { nworld, backend: 'webgpu' })
    assert.unreachable()
  } catch (error) {
    const { code, message } = error as BackendError
    assert.is(code, 'OUT_OF_MEMORY')
    assert.match(message, new RegExp(`at most ${most}, or nconmax at most \\d+ instead of`))
    const nconmax = Number(/nconmax at most (\d+)/.exec(message)?.[1])
    const { largestBuffer } = gpuNeeds(pile, nworld, nconmax)
    assert.ok(largestBuffer <= adapter.limits.maxStorageBufferBindingSize)
  }
})

test.run()
