import { normalTable } from '../math/index.js'
import type { Engine } from './wasm/engine.js'

const tables = new WeakMap<Engine, number>()

/** Address of the table of normal numbers in an engine's memory: one an engine, put there at the first call. */
export function normalsAt(engine: Engine): number {
  let at = tables.get(engine)
  if (at === undefined) {
    const table = normalTable()
    at = engine.arena.alloc(4 * table.length)
    new Float32Array(engine.memory.buffer).set(table, at / 4)
    tables.set(engine, at)
  }
  return at
}
