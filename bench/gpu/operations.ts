/**
 * Arithmetic that one step of a world takes, counted on the CPU twin: its module with a counter behind every f32x4 operation,
 * run for warm worlds, each in all four lanes of a block, so that an operation is one of one world. The kernels are the same
 * functions with the same order of operations.
 *
 * Additions, subtractions, multiplications, divisions, square roots, minima and maxima count one each; comparisons, selections,
 * integers, loads and stores do not count. Collisions by the convex routine are scalar there and are not counted.
 */
import { Batch } from '../../bindings/engine/batch.js'
import { Store } from '../../bindings/engine/store.js'
import { Engine } from '../../bindings/engine/wasm/engine.js'
import { type Exports, wasmBytes } from '../../bindings/engine/wasm/module.js'
import type { Model } from '../../bindings/model/model.js'

const GLOBAL = 6
const EXPORT = 7
const CODE = 10
const SIMD = 0xfd
/** f32x4.sqrt, add, sub, mul, div, min, max */
const COUNTED = new Set([0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9])
const NAME = 'operations'

/** Reads and copies a module. */
class Reader {
  at = 0
  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    return this.bytes[this.at++]
  }

  /** unsigned; of a signed number only the end matters here */
  leb(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      if (shift < 32) value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }

  skip(n: number): void {
    for (let k = 0; k < n; k++) this.leb()
  }
}

function leb(value: number): number[] {
  const out: number[] = []
  let rest = value
  do {
    const byte = rest % 128
    rest = Math.floor(rest / 128)
    out.push(rest > 0 ? byte | 0x80 : byte)
  } while (rest > 0)
  return out
}

/** past the immediates of an instruction; true when it is one to count */
function instruction(r: Reader): boolean {
  const op = r.byte()
  if (op <= 0x01 || op === 0x05 || op === 0x0b || op === 0x0f || op === 0x1a || op === 0x1b) return false
  if ((op >= 0x02 && op <= 0x04) || op === 0x0c || op === 0x0d || op === 0x10) r.skip(1)
  else if (op === 0x0e) r.skip(r.leb() + 1)
  else if (op === 0x11) r.skip(2)
  else if (op === 0x1c) r.skip(r.leb())
  else if (op >= 0x20 && op <= 0x26) r.skip(1)
  else if (op >= 0x28 && op <= 0x3e) r.skip(2)
  else if (op >= 0x3f && op <= 0x42) r.skip(1)
  else if (op === 0x43) r.at += 4
  else if (op === 0x44) r.at += 8
  else if (op >= 0x45 && op <= 0xc4) return false
  else if (op === 0xfc) {
    const sub = r.leb()
    if (sub >= 8) r.skip(sub === 9 || sub === 11 || sub === 13 || sub >= 15 ? 1 : 2)
  } else if (op === SIMD) {
    const sub = r.leb()
    if (sub <= 11 || sub === 92 || sub === 93) r.skip(2)
    else if (sub === 12 || sub === 13) r.at += 16
    else if (sub >= 21 && sub <= 34) r.at += 1
    else if (sub >= 84 && sub <= 91) {
      r.skip(2)
      r.at += 1
    } else return COUNTED.has(sub)
  } else if (op === 0xfe) {
    if (r.leb() === 3) r.at += 1
    else r.skip(2)
  } else throw new Error(`an instruction ${op.toString(16)} at ${r.at} that is not known here`)
  return false
}

/** The module with an exported global that goes up by 1 at every counted instruction. */
export function counting(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const r = new Reader(bytes)
  r.at = 8
  const out: number[] = [...bytes.subarray(0, 8)]
  const section = (id: number, body: readonly number[]): void => {
    out.push(id, ...leb(body.length))
    for (const byte of body) out.push(byte)
  }
  // the counter stands behind the globals that are there; none is imported
  const one = [0x7e, 1, 0x42, 0, 0x0b]
  let index: number | undefined
  const addGlobal = (count: number, rest: Uint8Array | readonly number[]): void => {
    index = count
    section(GLOBAL, [...leb(count + 1), ...rest, ...one])
  }
  while (r.at < bytes.length) {
    const id = r.byte()
    const size = r.leb()
    const end = r.at + size
    if (id > GLOBAL && id !== 12 && index === undefined) addGlobal(0, [])
    if (id === GLOBAL) {
      const count = r.leb()
      addGlobal(count, bytes.subarray(r.at, end))
    } else if (id === EXPORT) {
      const count = r.leb()
      const name = [...new TextEncoder().encode(NAME)]
      section(id, [
        ...leb(count + 1),
        ...bytes.subarray(r.at, end),
        ...leb(name.length),
        ...name,
        3,
        ...leb(index as number),
      ])
    } else if (id === CODE) section(id, functions(r, index as number))
    else section(id, [...bytes.subarray(r.at, end)])
    r.at = end
  }
  return Uint8Array.from(out)
}

function functions(r: Reader, index: number): number[] {
  const up = [0x23, ...leb(index), 0x42, 1, 0x7c, 0x24, ...leb(index)]
  const count = r.leb()
  const out = leb(count)
  for (let f = 0; f < count; f++) {
    const size = r.leb()
    const start = r.at
    const end = start + size
    const groups = r.leb()
    for (let g = 0; g < groups; g++) {
      r.leb()
      r.byte()
    }
    const body: number[] = [...r.bytes.subarray(start, r.at)]
    while (r.at < end) {
      const from = r.at
      const counts = instruction(r)
      for (let k = from; k < r.at; k++) body.push(r.bytes[k])
      if (counts) body.push(...up)
    }
    out.push(...leb(body.length))
    for (const byte of body) out.push(byte)
  }
  return out
}

const LANES = 4

/**
 * Operations a world and step, mean over some worlds.
 *
 * @param states (n, stateSize)
 * @param ctrl (n, nu)
 */
export async function measureOperations(
  model: Model,
  nconmax: number | undefined,
  states: Float32Array,
  ctrl: Float32Array,
  nworld: number,
): Promise<number> {
  const engine = await Engine.start(true)
  const { instance } = await WebAssembly.instantiate(counting(await wasmBytes()), { env: { memory: engine.memory } })
  Object.defineProperty(engine, 'exports', { value: instance.exports as unknown as Exports })
  const counter = instance.exports[NAME] as WebAssembly.Global<'i64'>
  const batch = new Batch(new Store(engine, model, LANES * nworld, 1, nconmax), 1, 0)
  const four = (values: Float32Array, size: number): Float32Array =>
    Float32Array.from(
      { length: LANES * nworld * size },
      (_, k) => values[Math.floor(k / size / LANES) * size + (k % size)],
    )
  batch.setState(four(states, batch.stateSize()))
  if (model.nu > 0) batch.set('ctrl', four(ctrl, model.nu))
  await batch.forward()
  const before = counter.value
  await batch.step()
  return Number(counter.value - before) / nworld
}
