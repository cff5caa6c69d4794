import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decimate } from '../../bindings/report/decimate.js'

/** a fixed sequence without pattern */
const noise = (i: number): number => Math.sin(1e5 * Math.sin(i + 1))

const n = 10_000
const time = Float64Array.from({ length: n }, (_, i) => 0.001 * i)

test('keeps every row of a short log', () => {
  assert.equal(Array.from(decimate([0, 1, 2, 3], [[5, 6, 7, 8]], 2)), [0, 1, 2, 3])
  assert.is(decimate([], [[]], 10).length, 0)
})

test('keeps first, last and the extremes of every series in every interval', () => {
  const a = time.map((_, i) => noise(i))
  const b = time.map((_, i) => noise(i + n))
  const intervals = 50
  const rows = decimate(time, [a, b], intervals)
  assert.ok(rows.length <= 6 * intervals)
  assert.is(rows[0], 0)
  assert.is(rows.at(-1), n - 1)
  for (const values of [a, b]) {
    for (let k = 0; k < intervals; k++) {
      const inside = (i: number): boolean =>
        Math.min(intervals - 1, Math.floor(time[i] / ((time[n - 1] - time[0]) / intervals))) === k
      const all = Array.from(values).filter((_, i) => inside(i))
      const kept = Array.from(rows)
        .filter(inside)
        .map(i => values[i])
      assert.is(Math.min(...kept), Math.min(...all))
      assert.is(Math.max(...kept), Math.max(...all))
    }
  }
})

test('a single spike survives', () => {
  const flat = new Float64Array(n)
  flat[1234] = 1
  assert.ok(decimate(time, [flat], 20).includes(1234))
})

test('gaps stay gaps', () => {
  const values = time.map((_, i) => (i >= 4000 && i < 4003 ? Number.NaN : noise(i)))
  const rows = Array.from(decimate(time, [values], 20))
  for (const edge of [3999, 4000, 4002, 4003]) assert.ok(rows.includes(edge), String(edge))
})

test('uneven sampling: intervals are of equal duration', () => {
  const uneven = Float64Array.from({ length: n }, (_, i) => (i < 9000 ? i * 1e-6 : 1 + (i - 9000)))
  const rows = decimate(uneven, [new Float64Array(n)], 100)
  // the slow part lasts almost all the time and so gets almost all the rows
  assert.ok(rows.filter(i => i >= 9000).length > rows.length * 0.9)
})

test.run()
