import * as assert from 'uvu/assert'
import { RecordingError } from '../../bindings/errors.js'
import { type Channel, Recording } from '../../bindings/recording/index.js'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Runs something that must fail with a RecordingError of this code, whose message matches every pattern. */
export async function fails(run: () => unknown, code: string, ...patterns: RegExp[]): Promise<RecordingError> {
  let caught: unknown
  try {
    await run()
  } catch (error) {
    caught = error
  }
  if (!(caught instanceof RecordingError))
    throw new Error(`expected a RecordingError ${code}, got ${caught instanceof Error ? caught.stack : caught}`)
  assert.is(caught.code, code, caught.message)
  for (const pattern of patterns) assert.match(caught.message, pattern)
  return caught
}

/** Numbers in [-0.5, 0.5) anyone can make again: the LCG of Numerical Recipes' ancestor, 32 bits. */
export function noise(n: number, seed = 7): Float64Array {
  let s = BigInt(seed)
  return Float64Array.from({ length: n }, () => {
    s = (s * 1103515245n + 12345n) & 0xffffffffn
    return Number(s) / 4294967296 - 0.5
  })
}

export function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  assert.is(actual.length, expected.length, `${what}: length`)
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(actual[i] - expected[i])
    if (!(off <= tolerance)) assert.unreachable(`${what}[${i}]: ${actual[i]}, expected ${expected[i]} (off by ${off})`)
  }
}

export function channel(
  name: string,
  time: ArrayLike<number>,
  values: ArrayLike<number>,
  more: Partial<Channel> = {},
): Channel {
  return {
    name,
    unit: '',
    interpolation: 'linear',
    time: Float64Array.from(time),
    values: Float64Array.from(values),
    ...more,
  }
}

/** Throws unless two recordings have the same content, bit for bit (warnings aside). */
export function same(actual: Recording, expected: Recording): void {
  assert.instance(actual, Recording)
  assert.is(actual.name, expected.name)
  assert.equal(actual.constants, expected.constants)
  assert.equal(
    actual.channels.map(c => c.name),
    expected.channels.map(c => c.name),
  )
  actual.channels.forEach((a, i) => {
    const e = expected.channels[i]
    assert.equal({ ...a, time: 0, values: 0 }, { ...e, time: 0, values: 0 })
    for (const key of ['time', 'values'] as const) {
      assert.is(a[key].length, e[key].length, `${a.name} ${key}`)
      for (let k = 0; k < e[key].length; k++) {
        if (!Object.is(a[key][k], e[key][k]))
          assert.unreachable(`${a.name} ${key}[${k}]: ${a[key][k]}, expected ${e[key][k]}`)
      }
    }
  })
}
