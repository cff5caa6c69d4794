/**
 * Words that one step of a world asks of memory, counted on the GPU: the step linked with counters in the functions through
 * which all kernels reach their buffers (kernels/math/v4.wgsl), run for some warm worlds.
 *
 * They are what is asked for: caches, and registers where the compiler keeps a number, answer part of it.
 */
import { bindingText, STORAGE } from '../../bindings/engine/webgpu/layout.js'
import { type KernelFiles, link } from '../../bindings/engine/webgpu/link.js'
import type { GpuWorlds } from './worlds.js'

/** words a world and step, read and written: state and scratch, parameters; tables that all worlds share */
export interface Traffic {
  readonly world: number
  readonly parameters: number
  readonly tables: number
}

const COUNTERS = ['world', 'parameters', 'tables'] as const
const BUFFER = { W: 'world', P: 'parameters', M: 'tables' } as const
const WORLDS = 64

/** v4.wgsl with a counter in every function that reads or writes a buffer */
export function counted(text: string): string {
  let found = 0
  const lines = text.split('\n').map(line => {
    const match = /^(fn \w+\([^)]*\)[^{]*\{)(.*\b([WPM])\[.*\})$/.exec(line)
    if (!match) {
      if (/\b[WPM]\[/.test(line.replace(/\/\/.*/, ''))) throw new Error(`cannot count: ${line}`)
      return line
    }
    found++
    return `${match[1]} count_${BUFFER[match[3] as keyof typeof BUFFER]} += 1u;${match[2]}`
  })
  if (found === 0) throw new Error('there is nothing to count')
  return [...lines, ...COUNTERS.map(name => `var<private> count_${name}: u32;`)].join('\n')
}

const names = COUNTERS.map(name => `count_${name}`)
const PROGRAM = `// import { ${names.join(', ')} } from '../math/v4'
// import { enter } from '../index'
// import { step } from '../sim/forward'

@compute @workgroup_size(64)
fn countedStep(@builtin(global_invocation_id) id: vec3u) {
  if (!enter(id)) { return; }
  ${names.map(name => `${name} = 0u;`).join(' ')}
  step(true, false);
  ${names.map((name, k) => `O[${names.length}u * id.x + ${k}u] = ${name};`).join(' ')}
}`

/** Means over the first worlds, which take one step. */
export async function measureTraffic(worlds: GpuWorlds): Promise<Traffic> {
  const { engine, group, constants, call, results } = await worlds.store.attach()
  const files: KernelFiles = new Map([...engine.files, ['math/v4', counted(engine.files.get('math/v4') as string)]])
  const code = link(files, [{ path: 'bench/counted', name: 'countedStep' }], constants, bindingText(), [
    { path: 'bench/counted', text: PROGRAM },
  ])
  const { device } = engine
  const layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: 4, buffer: { type: 'uniform' } },
      ...STORAGE.map(([, access], i) => ({
        binding: i + 1,
        visibility: 4,
        buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
      })),
    ],
  })
  const pipeline = await device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code }), entryPoint: 'countedStep' },
  })
  // O has room for the quantities of one world
  const room = Math.floor(worlds.store.layout.wsize / names.length)
  const count = Math.min(WORLDS, worlds.batch.nworld, room)
  engine.dispatch({ pipeline, room: 1 }, group, { ...call, first: 0, count, nstep: 1 }, count)
  const words = await results(names.length * count)
  const mean = (k: number): number => {
    let sum = 0
    for (let w = 0; w < count; w++) sum += words[names.length * w + k]
    return sum / count
  }
  return { world: mean(0), parameters: mean(1), tables: mean(2) }
}

/** bytes a world and step: tables are small and shared, and stay in caches */
export const bytesPerStep = ({ world, parameters }: Traffic): number => 4 * (world + parameters)
