/** Peaks of an adapter, measured in the same run as what is compared with them. */
import { readFileSync } from 'node:fs'
import { median, seconds } from '../timing.js'

export interface Roofline {
  /** single-precision operations a second, a multiply-add is two */
  readonly flops: number
  /** bytes a second, read and written */
  readonly bytes: number
}

/** An H200, for the roofline a kernel implies there: single precision by its data sheet, a copy as it was measured. */
export const H200: Roofline = { flops: 67e12, bytes: 4.3e12 }

const STORAGE = 0x80
const TEXT = readFileSync(new URL('./roofline.wgsl', import.meta.url), 'utf8')
const INVOCATIONS = 64
const OPERATIONS = 128
const TURNS = 5

/** @param quick a tenth of a second each, small buffers */
export async function measureRoofline(device: GPUDevice, quick: boolean): Promise<Roofline> {
  const module = device.createShaderModule({ code: TEXT })
  const target = quick ? 0.02 : 0.2
  const buffers: GPUBuffer[] = []
  const buffer = (size: number): GPUBuffer => {
    const made = device.createBuffer({ size, usage: STORAGE })
    buffers.push(made)
    return made
  }
  try {
    const rounds = quick ? 16 : 1024
    const groups = quick ? 64 : 16384
    const fma = await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module, entryPoint: 'multiplyAdd', constants: { ROUNDS: rounds } },
    })
    const operations = groups * INVOCATIONS * OPERATIONS * rounds
    const flops = await rate(device, fma, [[0, buffer(16)]], groups, operations, target)

    const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize)
    const size = Math.min(quick ? 2 ** 23 : 2 ** 29, 2 ** Math.floor(Math.log2(most)))
    const words = await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module, entryPoint: 'copyWords' },
    })
    const wide = Math.min(device.limits.maxComputeWorkgroupsPerDimension, size / 16 / INVOCATIONS)
    const pair: [number, GPUBuffer][] = [
      [1, buffer(size)],
      [2, buffer(size)],
    ]
    return { flops, bytes: await rate(device, words, pair, wide, 2 * size, target) }
  } finally {
    for (const made of buffers) made.destroy()
  }
}

/** work a second of a kernel, median of several turns of as many dispatches as fill the time */
async function rate(
  device: GPUDevice,
  pipeline: GPUComputePipeline,
  bound: readonly [number, GPUBuffer][],
  groups: number,
  work: number,
  target: number,
): Promise<number> {
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: bound.map(([binding, buffer]) => ({ binding, resource: { buffer } })),
  })
  const run = async (dispatches: number): Promise<number> => {
    const begin = seconds()
    for (let k = 0; k < dispatches; k++) {
      const encoder = device.createCommandEncoder()
      const pass = encoder.beginComputePass()
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, group)
      pass.dispatchWorkgroups(groups)
      pass.end()
      device.queue.submit([encoder.finish()])
    }
    await device.queue.onSubmittedWorkDone()
    return seconds() - begin
  }
  await run(1)
  let dispatches = 1
  for (let spent = await run(1); spent < target; spent = await run(dispatches))
    dispatches = Math.ceil(dispatches * Math.min(8, Math.max(1.5, (1.2 * target) / spent)))
  const rates: number[] = []
  for (let turn = 0; turn < TURNS; turn++) rates.push((work * dispatches) / (await run(dispatches)))
  return median(rates)
}
