/** What worlds take, and whether disposed batches give it back. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createBatch } from '../bindings/engine/index.js'
import { Engine } from '../bindings/engine/wasm/engine.js'
import { loadModel } from '../bindings/model/load.js'
import type { Row } from './run.js'

const MIB = 1048576
const CYCLES = 10_000

/** In a process of its own, where no other benchmark's memory hides a leak. */
export async function benchMemory(): Promise<Row[]> {
  const file = fileURLToPath(import.meta.url)
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', file, '--json'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

async function measure(): Promise<Row[]> {
  const xml = readFileSync(new URL('../../shared/models/cartpole.xml', import.meta.url), 'utf8')
  const model = await loadModel(xml.replace('</mujoco>', '<option><flag contact="disable"/></option></mujoco>'))
  const engine = await Engine.open()
  const before = engine.memory.buffer.byteLength
  const batch = await createBatch(model, { nworld: 10_000 })
  // the dearer case: every world with its own physics
  batch.set(
    'body_mass',
    Float64Array.from({ length: 10_000 * model.nbody }, (_, i) => 1 + (i % 7) / 10),
  )
  await batch.step(10)
  const worlds = (engine.memory.buffer.byteLength - before) / MIB
  batch.dispose()

  const cycle = async (): Promise<void> => {
    const one = await createBatch(model, { nworld: 64 })
    await one.step()
    one.dispose()
  }
  // the host's heap grows to its working size first; a leak would go on growing
  for (let k = 0; k < CYCLES; k++) await cycle()
  globalThis.gc?.()
  const start = process.memoryUsage().rss
  for (let k = 0; k < CYCLES; k++) await cycle()
  globalThis.gc?.()
  const end = process.memoryUsage().rss
  return [
    { name: '10,000 cart-pole worlds, parameters per world', value: worlds, unit: 'MiB', target: '≤ 64 MiB' },
    {
      name: 'resident memory after 20,000 create/dispose cycles over after 10,000',
      value: (100 * (end - start)) / start,
      unit: '% growth',
      target: '≤ 5 % growth',
      note: `${(start / MIB).toFixed(0)} MiB before, ${(end / MIB).toFixed(0)} MiB after`,
    },
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rows = await measure()
  if (process.argv.includes('--json')) console.log(JSON.stringify(rows))
  else console.table(rows)
}
