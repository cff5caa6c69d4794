/** Contacts read back from the engine. */
import { type Layout, V } from './layout.js'
import type { Exports } from './wasm/module.js'

/** A contact of one world (mjContact). */
export interface Contact {
  /** distance of the surfaces, m; negative: penetration */
  readonly dist: number
  /** midpoint, m */
  readonly pos: readonly [number, number, number]
  /** rows: normal from geom 1 to geom 2, two tangents */
  readonly frame: readonly number[]
  readonly geom: readonly [number, number]
  readonly dim: number
}

/** Where one batch keeps its model and scratch. */
export interface ContactSource {
  readonly memory: WebAssembly.Memory
  readonly exports: Exports
  readonly layout: Layout
  /** address of the model header, of a worker's scratch */
  readonly m: number
  readonly scratch: number
}

// records of the scratch, in quantities: assembly/sim/types.ts
const CON_RECORD = 16
const CON_DIST = 1
const CON_POS = 2
const CON_FRAME = 5
const CON_IDS = 14
const TMP_NCON = 59

/** Contacts of one world in the state of the last forward or step, in MuJoCo's order; made again for its block. */
export function contactsOf(source: ContactSource, world: number): Contact[] {
  source.exports.collide(source.m, source.scratch, world >> 2)
  return readContacts(source, world & 3).map(({ contact }) => contact)
}

/** Contacts that scratch holds for one lane, with the addresses of their records. */
export function readContacts(
  { memory, layout, scratch }: ContactSource,
  lane: number,
): { contact: Contact; address: number }[] {
  const i32 = new Int32Array(memory.buffer)
  const f32 = new Float32Array(memory.buffer)
  const word = (name: string) => (scratch + (layout.s.get(name) as number)) / 4
  const count = i32[word('tmp') + (V / 4) * TMP_NCON]
  if (layout.sizes.ncand === 0) return []
  const out: { contact: Contact; address: number }[] = []
  for (let k = 0; k < count; k++) {
    const record = word('con') + (V / 4) * CON_RECORD * k
    if (i32[record + lane] === 0) continue
    const at = (quantity: number) => f32[record + (V / 4) * quantity + lane]
    const ids = record + (V / 4) * CON_IDS
    const contact: Contact = {
      dist: at(CON_DIST),
      pos: [at(CON_POS), at(CON_POS + 1), at(CON_POS + 2)],
      frame: Array.from({ length: 9 }, (_, i) => at(CON_FRAME + i)),
      geom: [i32[ids + 1], i32[ids + 2]],
      dim: i32[ids + 3],
    }
    out.push({ contact, address: 4 * record })
  }
  return out
}
