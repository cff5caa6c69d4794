/** The kernels' single-precision functions in TypeScript. Their bits are compared with the kernels' in test/task/kernel.test.ts. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { philox } from '../../bindings/math/index.js'
import {
  atan2f,
  cosf,
  expf,
  logf,
  maxf,
  minf,
  normalsf,
  powf,
  sinf,
  tanhf,
  uniformf,
} from '../../bindings/math/single.js'

const f = Math.fround

/** numbers evenly spread over [lo, hi] */
const grid = (lo: number, hi: number, n = 20_001): number[] =>
  Array.from({ length: n }, (_, i) => f(lo + ((hi - lo) * i) / (n - 1)))

const f32 = new Float32Array(1)
const i32 = new Int32Array(f32.buffer)
/** distance from a single-precision number to the next */
function ulp(x: number): number {
  f32[0] = Math.max(Math.abs(x), 1.2e-38)
  i32[0]++
  return f32[0] - f(Math.max(Math.abs(x), 1.2e-38))
}

/** largest error in units of the last place of the result */
const worst = (inputs: readonly number[], ours: (x: number) => number, exact: (x: number) => number): number =>
  inputs.reduce((most, x) => Math.max(most, Math.abs(ours(x) - exact(x)) / ulp(exact(x))), 0)

test('errors are those that assembly/math states', () => {
  assert.ok(worst(grid(-87, 88), expf, Math.exp) <= 2)
  assert.ok(worst(grid(1e-3, 1e3), logf, Math.log) <= 2)
  assert.ok(worst(grid(0.9, 1.1), logf, Math.log) <= 2)
  assert.ok(worst(grid(-12, 12), tanhf, Math.tanh) <= 3)
  for (const x of grid(-3.14, 3.14)) assert.ok(Math.abs(atan2f(sinf(x), cosf(x)) - x) <= 5e-7, `${x}`)
  // of sine and cosine in units of 1's last place
  for (const [ours, exact] of [
    [sinf, Math.sin],
    [cosf, Math.cos],
  ] as const)
    for (const x of [...grid(-10, 10), ...grid(-1e4, 1e4)])
      assert.ok(Math.abs(ours(x) - exact(x)) <= 2 * 2 ** -23, `${x}`)
  for (const a of grid(0.01, 20, 101))
    for (const b of grid(-5, 5, 41)) {
      const bound = 2e-7 * (1 + Math.abs(b * Math.log(a))) * a ** b
      assert.ok(Math.abs(powf(a, b) - a ** b) <= bound, `${a}^${b}`)
    }
})

test('ends of their ranges', () => {
  assert.is(expf(-1000), 0)
  assert.is(expf(1000), Number.POSITIVE_INFINITY)
  assert.is(expf(0), 1)
  assert.ok(Number.isNaN(expf(Number.NaN)))
  assert.is(logf(0), logf(f(1.17549435e-38)))
  assert.is(powf(0, 3), 0)
  assert.is(powf(7, 0), 1)
  assert.is(tanhf(50), 1)
  assert.is(tanhf(-50), -1)
  assert.ok(Object.is(atan2f(-0, 1), -0))
  assert.is(atan2f(0, 0), 0)
  assert.is(atan2f(0, -1), f(Math.PI))
  assert.is(atan2f(-1, 0), f(-Math.PI / 2))
})

test('min and max take the first operand unless the second is smaller or larger', () => {
  assert.is(minf(1, 2), 1)
  assert.is(maxf(1, 2), 2)
  assert.is(minf(1, Number.NaN), 1)
  assert.ok(Number.isNaN(maxf(Number.NaN, 1)))
  assert.ok(Object.is(minf(0, -0), 0))
})

test('words become uniform and normal numbers', () => {
  const words = new Uint32Array(4)
  const [count, sums] = [5000, { u: 0, uu: 0, z: 0, zz: 0 }]
  for (let i = 0; i < count; i++) {
    philox(i, 1, 2, 3, 4, 5, words)
    const u = uniformf(words[2])
    assert.ok(u > 0 && u < 1 && f(u) === u)
    const [z] = normalsf(words[0], words[1])
    sums.u += u
    sums.uu += (u - 0.5) ** 2
    sums.z += z
    sums.zz += z * z
  }
  // within four standard errors
  assert.ok(Math.abs(sums.u / count - 0.5) < 4 * Math.sqrt(1 / 12 / count))
  assert.ok(Math.abs(sums.uu / count - 1 / 12) < 4 * Math.sqrt(1 / 180 / count))
  assert.ok(Math.abs(sums.z / count) < 4 / Math.sqrt(count))
  assert.ok(Math.abs(sums.zz / count - 1) < 4 * Math.sqrt(2 / count))
  assert.ok(uniformf(0) > 0 && uniformf(0xffffffff) < 1)
})

test.run()
