/** One lane of a block's scratch in the CPU engine's memory. */
import { type Layout, type Sizes, V } from '../layout.js'
import type { RecordFormat, ScratchView } from '../scratch-view.js'

/** words of a quantity */
const Q = V / 4

/** Where one batch keeps its scratch. */
export interface Scratch {
  readonly memory: WebAssembly.Memory
  readonly layout: Layout
  /** address of a worker's scratch */
  readonly scratch: number
}

// assembly/sim/types.ts, assembly/sim/contact.ts; place of the number of records in tmp: assembly/sim/collision/driver.ts
const FORMAT: RecordFormat = {
  con: { stride: 16, ids: 14 },
  efc: { stride: 9, words: 8 },
  ctc: { has: 2, d: 3, mu: 4, friction: 6 },
}
const TMP_NCON = 59
const CTC_SIZE = 4
const CTC_CON = 5
const CURSOR_END = 3

export class BlockView implements ScratchView {
  readonly format = FORMAT
  readonly #f32: Float32Array
  readonly #i32: Int32Array

  constructor(
    readonly source: Scratch,
    readonly lane: number,
  ) {
    this.#f32 = new Float32Array(source.memory.buffer)
    this.#i32 = new Int32Array(source.memory.buffer)
  }

  get sizes(): Sizes {
    return this.source.layout.sizes
  }

  #word(field: string): number {
    return (this.source.scratch + (this.source.layout.s.get(field) as number)) / 4
  }

  float(field: string, k: number): number {
    return this.#f32[this.#word(field) + Q * k + this.lane]
  }

  has(field: string, k: number): boolean {
    return this.#i32[this.#word(field) + Q * k + this.lane] !== 0
  }

  int(field: string, k: number, j?: number): number {
    return this.#i32[this.#word(field) + (j === undefined ? k : Q * k + j)]
  }

  get ncon(): number {
    return this.#i32[this.#word('tmp') + Q * TMP_NCON]
  }

  contacts(): { at: number; con: number }[] {
    if (this.sizes.ncand === 0) return []
    const [ctc, con] = [this.#word('ctc'), this.#word('con')]
    // records hold addresses and sizes in bytes
    const end = (this.int('cursor', CURSOR_END) >>> 0) / 4
    const out: { at: number; con: number }[] = []
    for (let word = ctc; word < end; word += this.#i32[word + CTC_SIZE] / 4) {
      const at = (word - ctc) / Q
      if (this.has('ctc', at + FORMAT.ctc.has)) out.push({ at, con: ((this.#i32[word + CTC_CON] >>> 0) / 4 - con) / Q })
    }
    return out
  }
}
