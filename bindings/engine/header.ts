import { headerSlots, kernelModelFields } from '../fields.js'
import type { Model } from '../model/model.js'
import type { Layout } from './layout.js'

const slots = headerSlots()
/** which word of the header a name is */
export const wordOf: ReadonlyMap<string, number> = new Map(
  slots.map((slot, i) => [slot.kind === 'size' ? slot.name : `${slot.kind}.${slot.name}`, i]),
)

/** Write sizes, offsets and integer tables of a model at m. */
export function writeHeader(
  memory: WebAssembly.Memory,
  m: number,
  layout: Layout,
  model: Model,
  tables: ReadonlyMap<string, Int32Array>,
): void {
  const i32 = new Int32Array(memory.buffer)
  const f32 = new Float32Array(memory.buffer)
  slots.forEach((slot, i) => {
    const value =
      slot.kind === 'size'
        ? (layout.sizes as Readonly<Record<string, number>>)[slot.name]
        : layout[slot.kind].get(slot.name)
    if (value !== undefined) i32[m / 4 + i] = value
  })
  for (const field of kernelModelFields) {
    if (field.perWorld) continue
    const at = (m + (layout.m.get(field.name) as number)) / 4
    const values = model.field[field.name]
    if (field.type === 'i') i32.set(values, at)
    else f32.set(values, at)
  }
  for (const [name, values] of tables) i32.set(values, (m + (layout.m.get(name) as number)) / 4)
}

/** Overwrite words of a header by name: strides, addresses, counts. */
writeHeader.words = (memory: WebAssembly.Memory, m: number, words: Readonly<Record<string, number>>): void => {
  const i32 = new Int32Array(memory.buffer)
  for (const [name, value] of Object.entries(words)) i32[m / 4 + (wordOf.get(name) as number)] = value
}
