/** One world's column of W on the host. */
import type { Sizes } from '../layout.js'
import type { RecordFormat, ScratchView } from '../scratch-view.js'
import type { GpuLayout } from './layout.js'

// kernels/sim/types.wgsl, kernels/sim/contact.wgsl; place of the number of records in tmp: kernels/sim/collision/driver.wgsl
const FORMAT: RecordFormat = {
  con: { stride: 18, ids: 14 },
  efc: { stride: 11, words: 8 },
  ctc: { has: 7, d: 8, mu: 9, friction: 11 },
}
const TMP_NCON = 59
const CTC_SIZE = 4
const CTC_CON = 5
const CURSOR_END = 3

export class ColumnView implements ScratchView {
  readonly format = FORMAT
  readonly #f32: Float32Array
  readonly #i32: Int32Array

  /** @param column (wsize) */
  constructor(
    readonly layout: GpuLayout,
    column: Uint32Array<ArrayBuffer>,
  ) {
    this.#f32 = new Float32Array(column.buffer)
    this.#i32 = new Int32Array(column.buffer)
  }

  get sizes(): Sizes {
    return this.layout.sizes
  }

  #at(field: string): number {
    return this.layout.w.get(field) as number
  }

  float(field: string, k: number): number {
    return this.#f32[this.#at(field) + k]
  }

  has(field: string, k: number): boolean {
    return this.#i32[this.#at(field) + k] !== 0
  }

  int(field: string, k: number, j = 0): number {
    return this.#i32[this.#at(field) + k + j]
  }

  get ncon(): number {
    return this.int('tmp', TMP_NCON)
  }

  contacts(): { at: number; con: number }[] {
    if (this.sizes.ncand === 0) return []
    const [ctc, con] = [this.#at('ctc'), this.#at('con')]
    const end = this.int('cursor', CURSOR_END)
    const out: { at: number; con: number }[] = []
    for (let a = ctc; a < end; a += this.#i32[a + CTC_SIZE]) {
      if (this.has('ctc', a - ctc + FORMAT.ctc.has)) out.push({ at: a - ctc, con: this.#i32[a + CTC_CON] - con })
    }
    return out
  }
}
