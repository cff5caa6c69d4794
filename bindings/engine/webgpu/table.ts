/** Numbers one behind the other for a buffer. */

/** words behind each part: who reads in fours may read beyond its end */
const GAP = 4

/** Parts of a buffer of words, each at an address of its own; address 0 is nobody's. */
export class Table {
  readonly #parts: Uint32Array[] = []
  readonly #begin: number
  #length: number

  /** @param begin where in the buffer it stands */
  constructor(begin = 0) {
    this.#begin = begin
    this.#length = begin + GAP
  }

  /** Address of a copy of these bits. */
  put(values: Float32Array | Int32Array | Uint32Array): number {
    const at = this.#length
    this.#parts.push(new Uint32Array(values.buffer, values.byteOffset, values.length))
    this.#length += values.length + GAP
    return at
  }

  /** all of it, from where it begins */
  get words(): Uint32Array<ArrayBuffer> {
    const out = new Uint32Array(this.#length - this.#begin)
    let at = GAP
    for (const part of this.#parts) {
      out.set(part, at)
      at += part.length + GAP
    }
    return out
  }
}
