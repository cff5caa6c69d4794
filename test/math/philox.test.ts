import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { normalCdf, normalQuantile, Philox, philox, STREAM, seedWords, uniformOf } from '../../bindings/math/index.js'
import { PHILOX_ANSWERS } from './philox-answers.js'

const hex = (w: Uint32Array) => [...w].map(v => v.toString(16).padStart(8, '0')).join(' ')

test('known answers of Random123, and a mixed counter', () => {
  const out = new Uint32Array(4)
  for (const { counter, key, rounds, words } of PHILOX_ANSWERS) {
    philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out, 0, rounds)
    assert.equal([...out], words)
  }
})

test('a uniform number is u 2^-32 + 2^-33, strictly inside (0, 1)', () => {
  assert.is(uniformOf(0x6627e8d5), 0x6627e8d5 / 2 ** 32 + 2 ** -33)
  assert.ok(Math.abs(uniformOf(0x6627e8d5) - 0.39904647) < 5e-9)
  assert.is(uniformOf(0), 2 ** -33)
  assert.is(uniformOf(0xffffffff), 1 - 2 ** -33)
})

test('layout: counter = (block, pair, generation, stream), key = seed; any number by itself equals the one of the row', () => {
  const seed = 42 + 7 * 2 ** 32
  assert.equal(seedWords(seed), [42, 7])
  const words = new Uint32Array(10)
  new Philox(seed, STREAM.randomization).fillWords(words, 1, 2)
  assert.is(hex(words.subarray(0, 4)), '1d42a33c 75bff8ee b2579068 5b5372dc')
  const one = new Uint32Array(4)
  philox(2, 1, 2, STREAM.randomization, 42, 7, one)
  assert.is(words[9], one[1])
  const random = new Philox(seed, STREAM.randomization)
  const u = new Float64Array(13)
  const z = new Float64Array(13)
  random.fillUniform(u, 1, 2, 2, 12)
  random.fillNormal(z, 1, 2, 2, 12)
  for (let i = 0; i < 10; i++) {
    assert.is(u[2 + i], uniformOf(words[i]))
    assert.is(z[2 + i], normalQuantile(uniformOf(words[i])))
    assert.is(random.uniform(i, 1, 2), u[2 + i])
    assert.is(random.normal(i, 1, 2), z[2 + i])
  }
  assert.equal([u[0], u[1], u[12]], [0, 0, 0])
})

test('seeds, streams, pairs and generations do not share numbers', () => {
  const first = new Set<number>()
  let count = 0
  for (const seed of [0, 1, -1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1]) {
    for (const stream of Object.values(STREAM)) {
      for (const pair of [0, 1, 0xffffffff]) {
        for (const generation of [0, 1, 2 ** 20]) {
          first.add(new Philox(seed, stream).uniform(0, pair, generation))
          count++
        }
      }
    }
  }
  assert.is(first.size, count)
  for (const bad of [0.5, Number.NaN, 2 ** 53]) assert.throws(() => new Philox(bad, STREAM.theta), /whole number/)
})

test('normal numbers: moments and distribution', () => {
  const n = 400000
  const z = new Float64Array(n)
  new Philox(9, STREAM.check).fillNormal(z, 0, 0)
  let m = 0
  let v = 0
  let k = 0
  for (const x of z) {
    m += x / n
    v += (x * x) / n
    k += x ** 4 / n
  }
  // five standard errors
  assert.ok(Math.abs(m) < 5 / Math.sqrt(n), `mean ${m}`)
  assert.ok(Math.abs(v - 1) < 5 * Math.sqrt(2 / n), `variance ${v}`)
  assert.ok(Math.abs(k - 3) < 5 * Math.sqrt(96 / n), `fourth moment ${k}`)
  // Kolmogorov-Smirnov: 1.95 / sqrt(n) is exceeded once in a thousand
  z.sort()
  let worst = 0
  for (let i = 0; i < n; i++) worst = Math.max(worst, Math.abs(normalCdf(z[i]) - (i + 0.5) / n))
  assert.ok(worst < 1.95 / Math.sqrt(n), `distance ${worst}`)
})

test.run()
