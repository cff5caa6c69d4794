/** Contacts read back from the engine. */
import type { ScratchView } from './scratch-view.js'

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

// quantities of a record, and its integers: sim/types
const CON_HAS = 0
const CON_DIST = 1
const CON_POS = 2
const CON_FRAME = 5

/** Contacts that scratch holds of a world, in MuJoCo's order, with the first quantities of their records. */
export function readContacts(view: ScratchView): { contact: Contact; at: number }[] {
  if (view.sizes.ncand === 0) return []
  const { stride, ids } = view.format.con
  const out: { contact: Contact; at: number }[] = []
  for (let k = 0; k < view.ncon; k++) {
    const at = stride * k
    if (!view.has('con', at + CON_HAS)) continue
    const quantity = (q: number) => view.float('con', at + q)
    const id = (j: number) => view.int('con', at + ids, j)
    const contact: Contact = {
      dist: quantity(CON_DIST),
      pos: [quantity(CON_POS), quantity(CON_POS + 1), quantity(CON_POS + 2)],
      frame: Array.from({ length: 9 }, (_, i) => quantity(CON_FRAME + i)),
      geom: [id(1), id(2)],
      dim: id(3),
    }
    out.push({ contact, at })
  }
  return out
}
