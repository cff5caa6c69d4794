/**
 * Words that one step of a world asks of memory, counted on the GPU: kernels linked with counters in the functions through
 * which all of them reach their buffers (kernels/math/v4.wgsl), run for some warm worlds.
 *
 * They are what is asked for: caches, and registers where the compiler keeps a number, answer part of it.
 */
import { GpuEngine } from '../../bindings/engine/webgpu/engine.js'
import type { KernelFiles } from '../../bindings/engine/webgpu/link.js'
import type { Model } from '../../bindings/model/model.js'
import { type GpuScene, GpuWorlds } from './worlds.js'

/** words a world and step, read and written: state and scratch, parameters; tables that all worlds share */
export interface Traffic {
  readonly world: number
  readonly parameters: number
  readonly tables: number
}

/** counters of a world, in O */
const COUNTER: Readonly<Record<string, number>> = { W: 0, P: 1, M: 2 }
const COUNTERS = 3
const WORLDS = 64

/** v4.wgsl with a counter in every function that reads or writes a buffer */
export function counted(text: string): string {
  let found = 0
  const lines = text.split('\n').map(line => {
    const match = /^(fn \w+\([^)]*\)[^{]*\{)(.*\b([WPM])\[.*\})$/.exec(line)
    if (!match) {
      if (/\b[WPM]\[/.test(line)) throw new Error(`cannot count: ${line}`)
      return line
    }
    found++
    return `${match[1]} O[${COUNTERS} * lane + ${COUNTER[match[3]]}] += 1u;${match[2]}`
  })
  if (found === 0) throw new Error('there is nothing to count')
  return lines.join('\n')
}

/** Means over some worlds, which take one step with counting kernels. */
export async function measureTraffic(model: Model, scene: GpuScene, states: Float32Array): Promise<Traffic> {
  const engine = await GpuEngine.open()
  const { files } = engine
  const counting: KernelFiles = new Map([...files, ['math/v4', counted(files.get('math/v4') as string)]])
  const worlds = await GpuWorlds.open(model, scene, WORLDS, states)
  const use = (chosen: KernelFiles) =>
    Object.defineProperty(engine, 'files', { value: chosen, configurable: true, writable: true })
  try {
    use(counting)
    // compiles, and makes constants
    await worlds.advance(1)
    // O has room for the quantities of one world
    const count = Math.min(WORLDS, Math.floor(worlds.store.layout.wsize / COUNTERS))
    const { results } = await worlds.store.attach()
    const before = await results(COUNTERS * count)
    await worlds.advance(1)
    const after = await results(COUNTERS * count)
    const mean = (k: number): number => {
      let sum = 0
      for (let w = 0; w < count; w++) sum += after[COUNTERS * w + k] - before[COUNTERS * w + k]
      return sum / count
    }
    return { world: mean(0), parameters: mean(1), tables: mean(2) }
  } finally {
    use(files)
    await worlds.close()
  }
}

/** bytes a world and step: tables are small and shared, and stay in caches */
export const bytesPerStep = ({ world, parameters }: Traffic): number => 4 * (world + parameters)
