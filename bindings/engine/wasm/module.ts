/** Finds, reads and compiles the WebAssembly module of the CPU engine. */
import { BackendError } from '../../errors.js'
import { inNode, nodeModule } from '../../host.js'
import { engineFiles } from './files.js'

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

/** the first bytes of every module */
const MAGIC = [0, 0x61, 0x73, 0x6d]

/** Bytes of the module. @throws {BackendError} WASM_MISSING when there is no module at the address */
export async function wasmBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const { wasmUrl, embedded } = engineFiles(true)
  if (wasmUrl === undefined && embedded !== undefined) return Uint8Array.from(atob(embedded.wasm), c => c.charCodeAt(0))
  // beside this file; bundlers recognise the form
  const url = wasmUrl ?? new URL('./simcrank.wasm', import.meta.url)
  try {
    const bytes = await read(url)
    if (!MAGIC.every((byte, i) => bytes[i] === byte))
      throw new Error(`it begins with ${JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 20)))}`)
    return bytes
  } catch (cause) {
    throw new BackendError(
      'WASM_MISSING',
      `the engine's WebAssembly module is not there (${cause instanceof Error ? cause.message : cause}); ` +
        'with a bundler, serve simcrank/simcrank.wasm and name it with configureEngine({ wasmUrl }); in a checkout, ' +
        'run npm run build',
      { place: url.href, cause },
    )
  }
}

async function read(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (inNode && url.protocol === 'file:') return new Uint8Array(await nodeModule('node:fs/promises').readFile(url))
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`.trim())
  return new Uint8Array(await response.arrayBuffer())
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
