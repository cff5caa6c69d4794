import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { savitzkyGolay } from '../../bindings/recording/index.js'
import { fails, near, noise } from './support.js'

const uniform = (n: number, dt: number) => Float64Array.from({ length: n }, (_, i) => i * dt)

// scipy 1.17.1: savgol_filter(x, 11, 3, deriv, delta=0.01), x = noise(60)
test('on a uniform grid it equals scipy.signal.savgol_filter inside', () => {
  const x = noise(60)
  const at = (derivative: 0 | 1 | 2) => savitzkyGolay(uniform(60, 0.01), x, { order: 3, width: 0.1, derivative }).values
  near(
    [5, 30, 54].map(i => at(0)[i]),
    [-0.09377962157796836, 0.1063680957149653, -0.04035314982366412],
    1e-13,
  )
  near(
    [5, 30, 54].map(i => at(1)[i]),
    [7.469182294213072, -14.202900689146645, -3.5671619816177396],
    1e-10,
  )
  near(
    [5, 30, 54].map(i => at(2)[i]),
    [-4.969252282122817, -68.77022756302868, -100.41700317882359],
    1e-9,
  )
})

test('polynomials up to the order pass exactly, derivatives too, on any stamps, ends included', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.2, max: 2, noNaN: true }), { minLength: 12, maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
      fc.double({ min: 0.5, max: 30, noNaN: true }),
      (steps, order, coefficients, width) => {
        let t = 0
        const time = Float64Array.from(steps, s => {
          t += s / 10
          return t
        })
        const middle = time[time.length >> 1]
        const c = coefficients.slice(0, order + 1)
        const value = (x: number) => c.reduceRight((sum, ck) => sum * x + ck, 0)
        const rate = (x: number) => c.reduceRight((sum, ck, k) => (k === 0 ? sum : sum * x + k * ck), 0)
        const values = time.map(x => value(x - middle))
        const smooth = savitzkyGolay(time, values, { order, width: width / 10 })
        const scale = Math.max(...values.map(Math.abs), 1)
        near(smooth.values, values, 1e-9 * scale)
        const slope = savitzkyGolay(time, values, { order, width: width / 10, derivative: 1 })
        near(
          slope.values,
          time.map(x => rate(x - middle)),
          1e-6 * scale,
        )
      },
    ),
    { numRuns: 300 },
  )
})

test('against the normal equations on irregular stamps', () => {
  // quadratic fit by Cramer's rule in a window of five
  const time = Float64Array.from([0, 0.9, 2.1, 3, 4.2, 5, 5.9, 7.1])
  const y = noise(8, 11)
  const out = savitzkyGolay(time, y, { order: 2, width: 4.4 }).values
  const i = 3
  const inside = [1, 2, 3, 4, 5].filter(j => Math.abs(time[j] - time[i]) <= 2.2)
  assert.is(inside.length, 5)
  const s = (p: number) => inside.reduce((sum, j) => sum + (time[j] - time[i]) ** p, 0)
  const b = (p: number) => inside.reduce((sum, j) => sum + y[j] * (time[j] - time[i]) ** p, 0)
  const det = (m: number[][]) =>
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
    m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
    m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
  const a = [[s(0), s(1), s(2)], [s(1), s(2), s(3)], [s(2), s(3), s(4)]] // biome-ignore format: a matrix
  const replaced = a.map((row, r) => [b(r), row[1], row[2]])
  near([out[i]], [det(replaced) / det(a)], 1e-12)
})

test('windows with too few neighbours take the nearest and are counted', () => {
  const time = Float64Array.from([0, 0.01, 0.02, 0.03, 1, 1.01, 1.02, 1.03, 5])
  const out = savitzkyGolay(
    time,
    time.map(t => t * t),
    { order: 2, width: 0.05 },
  )
  assert.is(out.widened, 1)
  near(
    out.values,
    time.map(t => t * t),
    1e-12,
  )
})

test("noise goes down by the filter's own factor", () => {
  // moving quadratic fit over m points: variance at the centre is (9 m^2 - 21) / (4 m (m^2 - 4)) (Savitzky & Golay)
  const n = 20000
  const m = 21
  const x = noise(n, 5)
  const y = savitzkyGolay(uniform(n, 1), x, { order: 2, width: m - 1 }).values
  const variance = (v: Float64Array) => v.reduce((s, e) => s + e * e, 0) / v.length
  const ratio = variance(y.slice(50, n - 50)) / variance(x)
  near([ratio], [(9 * m * m - 21) / (4 * m * (m * m - 4))], 0.005)
})

test('options that make no filter are refused', async () => {
  const time = uniform(5, 1)
  for (const options of [
    { order: 0, width: 1 },
    { order: 1.5, width: 1 },
    { order: 2, width: 0 },
    { order: 2, width: Number.NaN },
    { order: 1, width: 1, derivative: 2 as const },
  ]) {
    await fails(() => savitzkyGolay(time, time, options), 'FILTER_OPTIONS')
  }
  await fails(() => savitzkyGolay(time, time, { order: 5, width: 10 }), 'FILTER_SHORT', /more than 5 samples, got 5/)
})

test.run()
