/** Finds, reads and compiles the WebAssembly module of the CPU engine. */
import { BackendError } from '../../errors.js'

/** What the module exports; pointers are byte addresses, ranges are of blocks. */
export interface Exports {
  step(m: number, s: number, begin: number, end: number, nstep: number): void
  forward(m: number, s: number, begin: number, end: number): void
  setConst(m: number, s: number, d: number, begin: number, end: number): void
  derive(m: number, s: number, block: number): void
  collide(m: number, s: number, block: number): void
  rows(m: number, s: number, block: number): void
  rollout(m: number, s: number, r: number, spare: number, begin: number, end: number): void
  rolloutWork(r: number): number
  replay(m: number, s: number, r: number, begin: number, end: number): void
  profile(m: number, s: number, d: number, begin: number, end: number, stage: number, nrep: number): void
  es(r: number, s: number, begin: number, end: number): void
  esScratch(): number
  ranks(fitness: number, n: number, out: number, tmp: number): void
  perturb(
    theta: number,
    nparam: number,
    sigma: number,
    sigmas: number,
    sign: number,
    pair: number,
    generation: number,
    k0: number,
    k1: number,
    table: number,
    out: number,
    tmp: number,
  ): void
}

/** Where the module stands beside this file; bundlers recognise the pattern. */
export const wasmUrl = (): URL => new URL('./simcrank.wasm', import.meta.url)

/** Bytes of the module. @throws {BackendError} WASM_MISSING when there is nothing at the address */
export async function wasmBytes(url: URL = wasmUrl()): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (url.protocol === 'file:') {
      const { readFile } = await import('node:fs/promises')
      return new Uint8Array(await readFile(url))
    }
    const response = await fetch(url)
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
    return new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    throw new BackendError(
      'WASM_MISSING',
      `the engine's WebAssembly module cannot be read; in a checkout, run npm run build`,
      {
        place: url.href,
        cause,
      },
    )
  }
}

/**
 * The same module with an ordinary memory instead of a shared one, for hosts without SharedArrayBuffer: the limits byte
 * of its one imported memory loses the shared flag (WebAssembly threads proposal, memory types 0x03 and 0x01).
 */
export function unshare(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice()
  let at = 8
  const leb = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = copy[at++]
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < copy.length) {
    const id = copy[at++]
    const size = leb()
    const end = at + size
    if (id !== 2) {
      at = end
      continue
    }
    // the memory is the module's only import: count, two names, kind 2, limits 3
    leb()
    for (let name = 0; name < 2; name++) {
      const length = leb()
      at += length
    }
    if (copy[at] !== 2 || copy[at + 1] !== 3) break
    copy[at + 1] = 1
    return copy
  }
  throw new BackendError('WASM_MODULE', 'the engine module does not import a shared memory where it should')
}
