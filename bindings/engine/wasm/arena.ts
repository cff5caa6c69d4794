import { BackendError } from '../../errors.js'

const PAGE = 65536
/** memory grows by at least this much, so that many small batches do not grow it one page at a time */
const GROWTH = 64 * PAGE
const ALIGN = 64

/** First-fit allocator over a growing WebAssembly memory: what batches give back, later ones take. */
export class Arena {
  /** free ranges, ascending, none adjacent */
  readonly #free: [start: number, end: number][] = []
  #end: number

  constructor(
    readonly memory: WebAssembly.Memory,
    begin: number,
  ) {
    this.#end = memory.buffer.byteLength
    if (begin < this.#end) this.#free.push([begin, this.#end])
  }

  /** Address of `bytes` zeroed bytes, aligned to a cache line. @throws {BackendError} OUT_OF_MEMORY */
  alloc(bytes: number): number {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN)
    let index = this.#free.findIndex(([start, end]) => end - start >= size)
    if (index < 0) {
      this.#grow(size)
      index = this.#free.length - 1
    }
    const range = this.#free[index]
    const address = range[0]
    range[0] += size
    if (range[0] === range[1]) this.#free.splice(index, 1)
    new Uint8Array(this.memory.buffer, address, size).fill(0)
    return address
  }

  /** Give back what alloc(bytes) returned. */
  release(address: number, bytes: number): void {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN)
    let index = this.#free.findIndex(([start]) => start > address)
    if (index < 0) index = this.#free.length
    this.#free.splice(index, 0, [address, address + size])
    const merge = (i: number) => {
      const a = this.#free[i]
      const b = this.#free[i + 1]
      if (a && b && a[1] === b[0]) {
        a[1] = b[1]
        this.#free.splice(i + 1, 1)
      }
    }
    merge(index)
    merge(index - 1)
  }

  #grow(size: number): void {
    const last = this.#free.at(-1)
    const tail = last && last[1] === this.#end ? last[1] - last[0] : 0
    const need = Math.max(size - tail, GROWTH)
    try {
      this.memory.grow(Math.ceil(need / PAGE))
    } catch (cause) {
      const mib = (bytes: number) => Math.ceil(bytes / 1048576)
      throw new BackendError(
        'OUT_OF_MEMORY',
        `the engine holds ${mib(this.#end)} MiB and cannot get ${mib(size)} MiB more; use fewer worlds or dispose batches`,
        { cause },
      )
    }
    const end = this.memory.buffer.byteLength
    if (tail > 0) (last as [number, number])[1] = end
    else this.#free.push([this.#end, end])
    this.#end = end
  }
}
