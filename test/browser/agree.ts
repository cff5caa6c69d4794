/** A page's numbers against those of Node. */
import * as assert from 'uvu/assert'
import * as simcrank from '../../bindings/index.js'
import { cartpoleBalance, tasks } from '../../bindings/tasks/index.js'
import { recommended, train } from '../../bindings/train/index.js'
import { exercise, type Outcome } from './exercise.js'

/** m and rad after 25 steps: the GPU may fuse and reorder */
const GPU_TOLERANCE = 1e-5

/** small: shaders compile on the processor here */
export const model = simcrank.saveModel(await cartpoleBalance.load(), { xml: false })

export const here: Outcome = await exercise(simcrank, { model, webgpu: false })

/** A page that also trains, in two workers: the other entries at work. */
export const TRAINING = {
  before: `import { tasks } from 'simcrank/tasks'
import { recommended, train } from 'simcrank/train'
async function returns() {
  const out = []
  for await (const { meanReturn } of train(tasks['swingup-easy'](), { ...recommended('swingup-easy'), seed: 0, workers: 2, generations: 2 }))
    out.push(meanReturn)
  return out
}`,
  answer: '{ ...(await exercise(simcrank, wanted)), returns: await returns() }',
} as const

/** What such a page answers besides. */
export async function returns(): Promise<number[]> {
  const out: number[] = []
  const settings = { ...recommended('swingup-easy'), seed: 0, workers: 0, generations: 2 }
  for await (const { meanReturn } of train(tasks['swingup-easy'](), settings)) out.push(meanReturn)
  return out
}

export interface Expected {
  readonly isolated: boolean
  /** whether there are worker threads */
  readonly threads: boolean
  readonly webgpu?: boolean
}

/** WASM to the bit, WebGPU within its tolerance. */
export function check(there: Outcome, { isolated, threads, webgpu = true }: Expected): void {
  assert.is(there.isolated, isolated)
  assert.equal(there.wasm, here.wasm)
  if (threads) assert.equal(there.threads, here.threads)
  else assert.match(String(there.threads), /^NO_THREADS: /)
  assert.equal(there.log, here.log)
  if (!webgpu) return
  assert.instance(there.webgpu, Array, String(there.webgpu))
  assert.is(there.webgpu.length, here.wasm.length)
  const far = Math.max(...(there.webgpu as number[]).map((q, i) => Math.abs(q - (here.wasm as number[])[i])))
  assert.ok(far <= GPU_TOLERANCE, `${far} away`)
}
