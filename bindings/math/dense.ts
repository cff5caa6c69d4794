/**
 * Door to the dense kernels (assembly/host/dense.ts): one WebAssembly instance a thread, whose memory is scratch. Callers copy in and out.
 *
 * WebAssembly arithmetic is IEEE 754 double without fusing, so results are the same bits on every machine.
 */
import { DENSE_WASM } from './dense.wasm.js'

interface Kernels {
  readonly memory: WebAssembly.Memory
  matmul(m: number, n: number, k: number, a: number, lda: number, b: number, ldb: number, c: number, ldc: number): void
  rankUpdate(n: number, k: number, decay: number, a: number, b: number, ld: number, c: number): void
  tridiagonalize(n: number, a: number, ld: number, d: number, e: number, h: number, work: number): void
  backTransform(n: number, a: number, ld: number, h: number, v: number, work: number): void
  tridiagonalEigen(n: number, d: number, e: number, v: number, ld: number, order: number, work: number): number
}

// the first bytes stay unused: pointer 0 means none
const BASE = 64
const PAGE = 65536

let kernels: Kernels | undefined
let view = new Float64Array(0)

/** The kernels, compiled at first use (8 KiB, about a millisecond). */
export function dense(): Kernels {
  if (kernels === undefined) {
    const bytes = Uint8Array.from(atob(DENSE_WASM), c => c.charCodeAt(0))
    kernels = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as unknown as Kernels
  }
  return kernels
}

/** Doubles of scratch as a view; its element i lies at byte address(i). Valid until the next call. */
export function scratch(doubles: number): Float64Array {
  const { memory } = dense()
  const bytes = BASE + 8 * doubles
  if (memory.buffer.byteLength < bytes) memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / PAGE))
  if (view.buffer !== memory.buffer) view = new Float64Array(memory.buffer, BASE)
  return view
}

/** Byte address of element i of the scratch view. */
export function address(i: number): number {
  return BASE + 8 * i
}
