/** What a page does with the package, and what came of it. The same code runs in Node: the numbers must agree. */
import type * as Simcrank from '../../bindings/index.js'

const NWORLD = 64
const NSTEP = 25

export interface Outcome {
  /** whether the page is cross-origin isolated; false in Node */
  readonly isolated: boolean
  /** qpos of every world, or the code of the error */
  readonly wasm: readonly number[] | string
  readonly threads: readonly number[] | string
  readonly webgpu: readonly number[] | string
  /** a column of a log: the code that reads it is loaded when it is wanted */
  readonly log: readonly number[]
}

export interface Wanted {
  readonly model: Uint8Array
  readonly webgpu: boolean
}

export async function exercise(simcrank: typeof Simcrank, { model: bytes, webgpu }: Wanted): Promise<Outcome> {
  const { createBatch, loadModel, readRecording } = simcrank
  const model = await loadModel(bytes)
  const run = async (options: { backend?: 'wasm' | 'webgpu'; workers?: number }): Promise<number[] | string> => {
    try {
      const batch = await createBatch(model, { nworld: NWORLD, ...options })
      const { nq, nu } = model
      batch.set(
        'qpos',
        Float32Array.from({ length: NWORLD * nq }, (_, i) => ((i * 7) % 11) / 10 - 0.5),
      )
      batch.set(
        'ctrl',
        Float32Array.from({ length: NWORLD * nu }, (_, i) => (i % 3) - 1),
      )
      await batch.step(NSTEP)
      const qpos = [...(await batch.get('qpos'))]
      batch.dispose()
      return qpos
    } catch (error) {
      return error instanceof simcrank.SimcrankError ? `${error.code}: ${error.message}` : `untyped: ${error}`
    }
  }
  const wasm = await run({})
  const threads = await run({ workers: 2 })
  const gpu = webgpu ? await run({ backend: 'webgpu' }) : []
  const csv = new TextEncoder().encode('time [s],angle [deg]\n0,0\n0.1,90\n0.2,180\n')
  const recording = await readRecording(csv, { name: 'log.csv' })
  const channel = recording.channels[0]
  const isolated = globalThis.crossOriginIsolated === true
  return { isolated, wasm, threads, webgpu: gpu, log: [...channel.values] }
}
