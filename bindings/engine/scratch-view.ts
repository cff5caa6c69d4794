/** Contacts and constraint rows of one world as an engine leaves them in its scratch, whatever its layout. */
import type { Sizes } from './layout.js'

/** Places of numbers within the records of an engine: quantities, or integers. */
export interface RecordFormat {
  readonly con: { readonly stride: number; readonly ids: number }
  readonly efc: { readonly stride: number; readonly words: number }
  readonly ctc: { readonly has: number; readonly d: number; readonly mu: number; readonly friction: number }
}

/** Reads one world's scratch. */
export interface ScratchView {
  readonly sizes: Sizes
  readonly format: RecordFormat
  /** quantity k of a field */
  float(field: string, k: number): number
  /** is the mask in quantity k of a field set */
  has(field: string, k: number): boolean
  /** integer j that stands from quantity k of a field of records on, or element j of a field of integers */
  int(field: string, k: number, j?: number): number
  /** number of contact records */
  readonly ncon: number
  /** the solver's records of contacts: first quantity of each, and of the record in con that it belongs to */
  contacts(): { readonly at: number; readonly con: number }[]
}
