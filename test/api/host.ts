/** What the API suite is run on: a backend, in Node or in a page, with models compiled and MuJoCo's answers. */
import * as assert from 'uvu/assert'
import { type Batch, type BatchOptions, createBatch } from '../../bindings/engine/index.js'
import { SimcrankError } from '../../bindings/errors.js'
import { worldFields } from '../../bindings/fields.js'
import type { Model } from '../../bindings/model/model.js'
import type { ModelName } from './models.js'

type Numbers = readonly number[]
type Fields = Readonly<Record<string, Numbers>>

/** Contacts and rows of one state, with the state. */
export interface Fall {
  readonly state: Fields
  readonly rows: Fields
  readonly contacts: readonly {
    readonly geom: Numbers
    readonly dim: number
    readonly dist: number
    readonly pos: Numbers
    readonly frame: Numbers
    readonly force: Numbers
  }[]
}

/** What MuJoCo says; a page has it as JSON. */
export interface Answers {
  /** robot: fields after mj_resetData, then after mj_resetDataKeyframe for each keyframe */
  readonly resets: readonly Fields[]
  /** robot: the first keyframe's qpos moved by mj_integratePos for unit time */
  readonly moved: { readonly by: Numbers; readonly qpos: Numbers }
  /** robot: mjtState and mj_stateSize, and a state of INTEGRATION with its fields */
  readonly states: {
    readonly specs: readonly { readonly name: string; readonly bit: number; readonly size: number }[]
    readonly state: Numbers
    readonly fields: Fields
  }
  readonly falls: Readonly<Record<'pyramidal' | 'elliptic', readonly Fall[]>>
  /** written: for each field its values, and what MuJoCo has with them from a state of their own */
  readonly written: readonly {
    readonly field: string
    readonly values: Numbers
    readonly state: Fields
    readonly results: Fields
    readonly scale: number
  }[]
  /** swing: controls and what they lead to, step by step */
  readonly swing: readonly { readonly ctrl: Numbers; readonly results: Fields }[]
}

/** steps of the swing, and the one after which its worlds are reset */
export const SWING = { steps: 90, reset: 30 } as const

export interface Host {
  readonly backend: 'wasm' | 'webgpu'
  /** threads that a batch may have here: results do not depend on them */
  readonly workers: Numbers
  readonly answers: Answers
  model(name: ModelName): Promise<Model>
}

export interface ApiTest {
  readonly name: string
  run(host: Host): Promise<void>
}

/** A list that tests are added to like those of uvu. */
export function testList(): { list: readonly ApiTest[]; test: (name: string, run: ApiTest['run']) => void } {
  const list: ApiTest[] = []
  return { list, test: (name, run) => list.push({ name, run }) }
}

export async function create(host: Host, name: ModelName, options: BatchOptions): Promise<Batch> {
  return createBatch(await host.model(name), { backend: host.backend, ...options })
}

/** Code, place and message of what an act throws. */
export async function thrown(act: () => unknown): Promise<string> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof SimcrankError)) throw error
    return `${error.code}: ${error.message}`
  }
  return 'nothing thrown'
}

/** n numbers in [-scale, scale) that follow from a seed */
export function noise(n: number, seed: number, scale = 1): Float64Array {
  let x = seed
  return Float64Array.from({ length: n }, () => {
    x = (x + 0x6d2b79f5) >>> 0
    let t = Math.imul(x ^ (x >>> 15), x | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return scale * ((((t ^ (t >>> 14)) >>> 0) / 4294967296) * 2 - 1)
  })
}

export type Contents = ReadonlyMap<string, Float32Array>

const EVERYTHING = [...worldFields.map(f => f.name), 'xpos', 'qacc_smooth', 'dof_damping', 'dof_M0', 'body_mass']

/** Fields of all worlds; by default all that the engine holds of them, and some that follow. */
export async function contents(batch: Batch, names: readonly string[] = EVERYTHING): Promise<Contents> {
  const out = new Map<string, Float32Array>()
  for (const name of names) out.set(name, await batch.get(name))
  return out
}

const words = (x: Float32Array): Uint32Array => new Uint32Array(x.buffer, x.byteOffset, x.length)

/** The first field and number whose bits differ; undefined: none. */
export function difference(a: Contents, b: Contents): string | undefined {
  for (const [name, values] of a) {
    const [x, y] = [words(values), words(b.get(name) as Float32Array)]
    if (x.length !== y.length) return `${name}: ${x.length} and ${y.length} numbers`
    const i = x.findIndex((word, k) => word !== y[k])
    if (i >= 0) return `${name}[${i}]: ${values[i]} and ${b.get(name)?.[i]}`
  }
  return undefined
}

/** Fails unless two contents have the same bits. */
export function sameBits(a: Contents, b: Contents, what: string): void {
  const found = difference(a, b)
  assert.ok(found === undefined, `${what}: ${found}`)
}

/** The part of some worlds, in their order. */
export function pick(from: Contents, nworld: number, worlds: Numbers): Contents {
  return new Map(
    [...from].map(([name, values]) => {
      const size = values.length / nworld
      return [name, Float32Array.from(worlds.flatMap(w => [...values.subarray(w * size, (w + 1) * size)]))]
    }),
  )
}

export const peak = (x: ArrayLike<number>): number =>
  Array.prototype.reduce.call(x, (a, b) => Math.max(a as number, Math.abs(b as number)), 0) as number

/** Fails unless the largest difference is within a share of the largest number. */
export function close(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  floor = 1e-3,
): void {
  assert.is(got.length, expected.length, `${what}: length`)
  const most = tolerance * Math.max(peak(expected), floor)
  for (let i = 0; i < got.length; i++)
    assert.ok(
      Math.abs(got[i] - expected[i]) <= most,
      `${what}[${i}]: ${got[i]}, expected ${expected[i]} within ${most}`,
    )
}
