import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ARS } from '../../bindings/es/index.js'
import { direction } from '../../bindings/es/noise-kernel.js'

const delta = (pair: number, generation = 0) => {
  const z = new Float32Array(2)
  direction({ seed: 6, generation, nparam: 2 }, pair, z)
  return z
}
const make = (options: object = {}) =>
  new ARS({ mean: [0.25, -1], npair: 3, top: 2, sigma: 0.5, stepSize: 0.1, seed: 6, ...options })

test('one step by hand', () => {
  const es = make()
  es.ask()
  // returns (r+, r-): (1, 3), (0, 1), (2, 2.5); the pairs with the largest maximum are 0 and 2
  es.tell([-1, -3, 0, -1, -2, -2.5])
  // kept 1 3 2 2.5: mean 2.125, squares 1.265625 + .765625 + .015625 + .140625 = 2.1875
  const deviation = Math.sqrt(2.1875 / 4)
  for (let i = 0; i < 2; i++) {
    const step = (0.1 / (2 * deviation)) * ((1 - 3) * delta(0)[i] + (2 - 2.5) * delta(2)[i])
    assert.ok(Math.abs(es.mean[i] - ([0.25, -1][i] + step)) < 1e-7, `${i}: ${es.mean[i]}`)
  }
})

test('what is not finite counts as the worst return that is', () => {
  const a = make()
  const b = make()
  a.ask()
  b.ask()
  a.tell([-1, Number.NaN, Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY, -2.5])
  b.tell([-1, -1, -1, -1, -1, -2.5])
  assert.equal(a.mean, b.mean)
  assert.not.equal(a.mean, make().mean)
})

test('kept returns without spread give no step', () => {
  const es = make({ top: 1 })
  es.ask()
  // the best pair's members are equal; the others differ and are not kept
  es.tell([-5, -5, 0, -1, -2, -2.5])
  assert.equal([...es.mean], [0.25, -1])
  es.ask()
  es.tell(new Float64Array(6).fill(Number.NaN))
  assert.equal([...es.mean], [0.25, -1])
  assert.is(es.stop()?.code, 'nan')
  assert.is(es.generation, 2)
})

test('equal pairs are kept as they come, exactly top of them', () => {
  const es = make({ top: 1 })
  es.ask()
  es.tell([-3, 0, -3, 0, -3, 0])
  // deviation of (3, 0) is 1.5
  for (let i = 0; i < 2; i++) assert.ok(Math.abs(es.mean[i] - ([0.25, -1][i] + (0.1 / 1.5) * 3 * delta(0)[i])) < 1e-7)
})

test('scaling and shifting all returns changes nothing beyond rounding', () => {
  const a = make()
  const b = make()
  for (let g = 0; g < 10; g++) {
    const f = [1, 2, 3, 4, 5, 6].map(v => Math.sin(v * (g + 1)))
    a.ask()
    b.ask()
    a.tell(f)
    b.tell(f.map(v => 512 * v - 4096))
  }
  for (let i = 0; i < 2; i++) assert.ok(Math.abs(a.mean[i] - b.mean[i]) < 1e-5)
})

test('V1 leaves observations as they are, V2 has them normalised', () => {
  assert.is(make({ version: 'v1' }).normalizes, false)
  assert.is(make({ version: 'v2' }).normalizes, true)
  assert.is(make().normalizes, true)
})

test.run()
