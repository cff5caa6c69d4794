/** What the GPU takes from a batch of one world on the CPU: constants that all worlds share, and the header they go with. */
import { type Field, fieldSize, topologyFields } from '../../fields.js'
import { wordOf } from '../header.js'
import { V } from '../layout.js'
import type { Store } from '../store.js'

/** Words of the header, by name. */
export function headerWords<N extends string>({ engine, m }: Store, names: readonly N[]): Readonly<Record<N, number>> {
  const i32 = new Int32Array(engine.memory.buffer)
  return Object.fromEntries(names.map(name => [name, i32[m / 4 + (wordOf.get(name) as number)]])) as Record<N, number>
}

/** An integer table of the model as the header has it now. */
export function headerTable({ engine, m, layout }: Store, name: string): Int32Array {
  const field = topologyFields.find(f => f.name === name) as Field
  const at = m + (layout.m.get(name) as number)
  return new Int32Array(engine.memory.buffer, at, fieldSize(field, layout.sizes)).slice()
}

/** Parameters and constants of the first world, at other places: the bits of each quantity. */
export function parameterWords(
  { engine, layout, p: base }: Store,
  places: ReadonlyMap<string, number>,
): Uint32Array<ArrayBuffer> {
  const { p, pbytes } = layout
  const u32 = new Uint32Array(engine.memory.buffer)
  const order = [...places].sort((a, b) => a[1] - b[1])
  const out = new Uint32Array(Math.max(1, pbytes / V))
  order.forEach(([name, at], i) => {
    const from = (base + (p.get(name) as number)) / 4
    const end = order[i + 1]?.[1] ?? out.length
    for (let e = 0; e < end - at && from + 4 * e < (base + pbytes) / 4; e++) out[at + e] = u32[from + 4 * e]
  })
  return out
}
