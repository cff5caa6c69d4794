import type { Batch } from '../../bindings/engine/batch.js'
import { type Contact, readContacts } from '../../bindings/engine/contacts.js'
import { BlockView } from '../../bindings/engine/wasm/block-view.js'

/** Contacts of one world in the state of the last forward or step, detected again, without the solver's rows. */
export function contactsOf(batch: Batch, world: number): Contact[] {
  const { engine, layout, m, scratch } = batch.wasmStore
  engine.exports.collide(m, scratch, world >> 2)
  const view = new BlockView({ memory: engine.memory, layout, scratch }, world & 3)
  return readContacts(view).map(({ contact }) => contact)
}
