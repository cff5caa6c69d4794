/** Recorded inputs through the worlds of a batch on the GPU: what kernels/rollout/replay.wgsl reads and writes. */
import type { ReplayPlan } from '../replay.js'
import type { Buffers, CallWords, GpuEngine, Kernel } from './engine.js'
import type { GpuLayout } from './layout.js'
import { Pace } from './pace.js'
import { Table } from './table.js'

/** words of O before the first record: address 0 is nowhere */
const FIRST_OUT = 4

/**
 * Run a replay: tables up, rows in dispatches cut short, records down.
 *
 * @throws {BackendError} OUT_OF_MEMORY; @throws {DeviceLostError}
 */
export async function replayOnGpu(
  engine: GpuEngine,
  kernel: Kernel,
  buffers: Buffers,
  call: CallWords,
  layout: GpuLayout,
  { columns, ninput, rows, T, nstep, inputOf, start, length, fields }: ReplayPlan,
  inputs: ArrayLike<number>,
): Promise<Record<string, Float32Array>> {
  const nworld = inputOf.length
  const table = new Table()
  const places: number[] = []
  let end = FIRST_OUT
  const records = fields.flatMap(({ name, size, result }) => {
    places.push(end)
    end += nworld * T * size
    return [layout.w.get(name) as number, size, places[places.length - 1], Number(result)]
  })
  // in the order of R_ in replay.wgsl
  const record = Int32Array.of(
    ...[nworld, rows, T, nstep, ninput, fields.length, Number(fields.some(f => f.result))],
    ...[table.put(Float32Array.from(inputs)), table.put(inputOf), table.put(start), table.put(length)],
    ...[table.put(columns), table.put(Int32Array.from(records)), Number(fields.some(f => f.name === 'qacc'))],
  )
  const a0 = table.put(record)
  const { words } = table
  const own = { T: engine.buffer(words.byteLength, 'the inputs of a replay') } as Record<'T' | 'O', GPUBuffer>
  try {
    own.O = engine.buffer(4 * end, `the records of ${nworld} worlds over ${T} rows`)
    engine.write(own.T, 0, words)
    const group = engine.bind({ ...buffers, ...own })
    const pace = new Pace(engine)
    for (let t = 0; t < T; ) {
      const a1 = t
      const a2 = Math.min(T, t + pace.steps(nworld))
      const run = (first: number, count: number) =>
        engine.dispatch(kernel, group, { ...call, first, count, a0, a1, a2 }, count)
      await pace.sweep(run, nworld, a2 - a1)
      t = a2
    }
    const values = new Float32Array((await engine.read(own.O, FIRST_OUT, end - FIRST_OUT)).buffer)
    return Object.fromEntries(
      fields.map(({ name, size }, i) => {
        const at = places[i] - FIRST_OUT
        return [name, values.slice(at, at + nworld * T * size)]
      }),
    )
  } finally {
    for (const buffer of Object.values(own)) buffer.destroy()
  }
}
