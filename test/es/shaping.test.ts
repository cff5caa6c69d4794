import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { averageRanks, isFlat, rawReturns, utilities, zScores } from '../../bindings/es/shaping.js'
import { Philox, STREAM } from '../../bindings/math/index.js'

const { NaN: nan, POSITIVE_INFINITY: inf } = Number

test('centered ranks: the best 1/2, the worst -1/2, equal ones the average of theirs', () => {
  assert.equal([...averageRanks([3, 1, 2])], [-0.5, 0.5, 0])
  assert.equal([...averageRanks([1, 2, 2, 3])], [0.5, 0, 0, -0.5])
  assert.equal([...averageRanks([5, 5, 1, 5, 0])], [-0.25, -0.25, 0.25, -0.25, 0.5])
  assert.equal([...averageRanks([7])], [0])
})

test('ties give exactly nothing, whatever the population', () => {
  for (let n = 2; n < 300; n++) {
    const flat = new Float64Array(n).fill(0.1 * n)
    assert.ok(averageRanks(flat).every(u => u === 0))
    assert.ok(zScores(flat).every(u => u === 0))
    assert.ok(isFlat(flat))
    flat[n - 1] = nan
    assert.not.ok(isFlat(flat))
    assert.ok(isFlat(new Float64Array(n).fill(nan)))
  }
})

test('ranks sum to zero with any ties', () => {
  const u = new Float64Array(101)
  for (let g = 0; g < 50; g++) {
    new Philox(1, STREAM.check).fillUniform(u, 0, g)
    const ranks = averageRanks(u.map(v => Math.floor(v * 20)))
    assert.ok(Math.abs(ranks.reduce((a, b) => a + b, 0)) < 1e-5)
  }
})

test('NaN and infinities of either sign are worst, and equal among themselves', () => {
  const u = averageRanks([1, nan, -inf, 2, inf])
  assert.equal([...u], [0.5, -0.25, -0.25, 0.25, -0.25])
  assert.equal([...rawReturns([1, nan, 3, inf, -inf])], [-1, -3, -3, -3, -3])
  assert.equal([...rawReturns([nan, inf])], [0, 0])
  assert.equal([...zScores([0, 4, nan])].map(Math.fround), [Math.SQRT2, -Math.SQRT1_2, -Math.SQRT1_2].map(Math.fround))
})

test('z-scores have zero mean and unit variance, better above', () => {
  const f = new Float64Array(64)
  new Philox(2, STREAM.check).fillNormal(f, 0, 0)
  const u = zScores(f.map(v => 1e4 * v + 7))
  const mean = u.reduce((a, b) => a + b, 0) / 64
  const variance = u.reduce((a, b) => a + b * b, 0) / 64
  assert.ok(Math.abs(mean) < 1e-6 && Math.abs(variance - 1) < 1e-6)
  assert.ok(u[f.indexOf(Math.min(...f))] === Math.max(...u))
})

test('utilities go by rank; equal candidates share', () => {
  const byRank = Float64Array.of(0.6, 0.2, -0.3, -0.5)
  assert.equal([...utilities([4, 1, 3, 2], byRank)], [-0.5, 0.6, -0.3, 0.2])
  assert.equal([...utilities([1, 1, 3, nan], byRank)], [0.4, 0.4, -0.3, -0.5])
})

test.run()
