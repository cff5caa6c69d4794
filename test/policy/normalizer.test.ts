import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SizeError, TaskError } from '../../bindings/errors.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { Normalizer } from '../../bindings/policy/index.js'

const NOBS = 3

/** (n, NOBS) observations: different scales, the last channel constant */
function observations(n: number, seed: number): Float64Array {
  const x = new Float64Array(n * NOBS)
  new Philox(seed, STREAM.check).fillNormal(x, 0, 0)
  for (let i = 0; i < n; i++) {
    x[i * NOBS] = Math.fround(40 + 3 * x[i * NOBS])
    x[i * NOBS + 1] = Math.fround(0.02 * x[i * NOBS + 1])
    x[i * NOBS + 2] = 0.75
  }
  return x
}

/** two passes, as in a textbook */
function moments(x: Float64Array): { mean: number[]; m2: number[] } {
  const n = x.length / NOBS
  const mean = Array.from({ length: NOBS }, (_, j) => x.filter((_, i) => i % NOBS === j).reduce((a, b) => a + b, 0) / n)
  const m2 = mean.map((m, j) => x.filter((_, i) => i % NOBS === j).reduce((a, b) => a + (b - m) ** 2, 0))
  return { mean, m2 }
}

/** what the kernel keeps of x about a center */
function sums(x: Float64Array, center: ArrayLike<number>): [number, Float64Array, Float64Array] {
  const sum = new Float64Array(NOBS)
  const sumsq = new Float64Array(NOBS)
  for (const [i, value] of x.entries()) {
    const d = value - center[i % NOBS]
    sum[i % NOBS] += d
    sumsq[i % NOBS] += d * d
  }
  return [x.length / NOBS, sum, sumsq]
}

const near = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number, what: string): void => {
  for (let i = 0; i < a.length; i++)
    assert.ok(Math.abs(a[i] - b[i]) <= tolerance * Math.max(1, Math.abs(b[i])), `${what} ${i}: ${a[i]}, ${b[i]}`)
}

test('sums about a frozen mean, generation after generation, are the moments of all observations', () => {
  const all = observations(4000, 1)
  let normalizer = Normalizer.empty(NOBS)
  for (let k = 0; k < 4; k++) {
    const part = all.subarray(k * 1000 * NOBS, (k + 1) * 1000 * NOBS)
    normalizer = normalizer.mergeSums(normalizer.center, ...sums(part, normalizer.center))
  }
  const expected = moments(all)
  assert.is(normalizer.count, 4000)
  near(normalizer.mean, expected.mean, 1e-12, 'mean')
  near(normalizer.m2, expected.m2, 1e-9, 'm2')
})

test('merging in any grouping gives the same statistics', () => {
  const all = observations(60, 2)
  const whole = moments(all)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 5 }), cuts => {
      const edges = [0, ...cuts.sort((a, b) => a - b), 60]
      const parts = edges.slice(1).map((end, k) => {
        const part = all.subarray(edges[k] * NOBS, end * NOBS)
        const zero = new Float64Array(NOBS)
        return Normalizer.empty(NOBS).mergeSums(zero, ...sums(part, zero))
      })
      const left = parts.reduce((a, b) => a.merge(b))
      const right = parts.reduceRight((a, b) => b.merge(a))
      for (const merged of [left, right]) {
        assert.is(merged.count, 60)
        near(merged.mean, whole.mean, 1e-12, 'mean')
        near(merged.m2, whole.m2, 1e-9, 'm2')
      }
    }),
    { seed: 5, numRuns: 50 },
  )
})

test('merging leaves both sides as they were', () => {
  const a = Normalizer.empty(NOBS).mergeSums([0, 0, 0], ...sums(observations(10, 1), [0, 0, 0]))
  const before = a.mean.slice()
  const b = a.merge(a)
  assert.equal(a.mean, before)
  assert.is(b.count, 20)
  assert.is(a.merge(Normalizer.empty(NOBS)), a)
  assert.is(a.mergeSums([0, 0, 0], 0, [0, 0, 0], [0, 0, 0]), a)
})

test('scales: floored variance, clip 5', () => {
  const count = 100
  const normalizer = new Normalizer('floor', {
    count,
    mean: Float64Array.of(40, 0, 0.75),
    m2: Float64Array.of(9 * count, 4e-4 * count, 0),
  })
  near(normalizer.scale, [1 / 3, 10, 10], 1e-7, 'scale')
  assert.equal(normalizer.frozen(), { center: Float32Array.of(40, 0, 0.75), scale: normalizer.scale, clip: 5 })
  const out = new Float32Array(NOBS)
  normalizer.apply([43, 0.02, 0.75], out)
  near(out, [1, 0.2, 0], 1e-6, 'x')
  normalizer.apply([0, 0, 0, 1e9, -1e9, 0.75], out, 3)
  assert.equal(Array.from(out), [5, -5, 0])
  normalizer.apply([Number.NaN, 0, 0.75], out)
  assert.ok(Number.isNaN(out[0]))
})

test('scales: ARS, where a constant channel becomes 0', () => {
  const normalizer = new Normalizer('ars', {
    count: 4,
    mean: Float64Array.of(2, 1, -1),
    m2: Float64Array.of(4 * 1e-4, 4 * 0.9e-14, 4 * 4),
  })
  near(normalizer.scale, [100, 0, 0.5], 1e-6, 'scale')
  const out = new Float32Array(NOBS)
  assert.is(normalizer.frozen().clip, 0, 'no clip')
  normalizer.apply([12, 77, -1], out)
  near(out, [1000, 0, 0], 1e-6, 'x')
})

test('before anything was seen, observations pass', () => {
  const out = new Float32Array(NOBS)
  Normalizer.empty(NOBS).apply([0.1, -3, 8], out)
  assert.equal(Array.from(out), [Math.fround(0.1), -3, 5])
  Normalizer.empty(NOBS, 'ars').apply([0.1, -3, 8], out)
  assert.equal(Array.from(out), [Math.fround(0.1), -3, 8])
  // and the rule without normalisation only keeps statistics
  const none = Normalizer.empty(NOBS, 'none').mergeSums([0, 0, 0], 10, [10, 20, 30], [1e3, 1e3, 1e3])
  none.apply([1, 2, 300], out)
  assert.equal(Array.from(out), [1, 2, 300])
  assert.equal(Array.from(none.mean), [1, 2, 3])
})

test('the arithmetic is single precision, in the order of the kernels', () => {
  const mean = Float64Array.of(0.1, 1 / 3, 1e-3)
  const normalizer = new Normalizer('floor', { count: 7, mean, m2: Float64Array.of(7, 70, 700) })
  const out = new Float32Array(NOBS)
  const x = [0.7, -0.9, 12.34]
  normalizer.apply(x, out)
  const f = new Float32Array(4)
  for (let i = 0; i < NOBS; i++) {
    f[0] = x[i]
    f[1] = mean[i]
    f[2] = f[0] - f[1]
    f[3] = 1 / Math.sqrt(10 ** i)
    f[3] *= f[2]
    assert.is(out[i], f[3])
  }
})

test('statistics that cannot be are refused', () => {
  const value = (error: unknown) => error instanceof TaskError && error.code === 'NORMALIZER_VALUE'
  const size = (error: unknown) => error instanceof SizeError && error.code === 'NORMALIZER_SIZE'
  const start = Normalizer.empty(2)
  assert.throws(() => start.mergeSums([0, 0], 3, [Number.NaN, 0], [1, 1]), value)
  assert.throws(() => start.mergeSums([0, 0], 3, [0, 0], [1, Number.NaN]), value)
  assert.throws(() => start.mergeSums([0, 0], 3, [0, 0], [1, Number.POSITIVE_INFINITY]), value)
  assert.throws(() => start.mergeSums([0, 0], 3, [1e60, 0], [1e120, 1]), value)
  assert.throws(() => new Normalizer('floor', { count: -1, mean: new Float64Array(1), m2: new Float64Array(1) }), value)
  assert.throws(() => new Normalizer('best' as 'ars', start), value)
  assert.throws(() => start.mergeSums([0, 0], 3, [0], [1, 1]), size)
  assert.throws(() => start.merge(Normalizer.empty(3)), size)
  assert.throws(() => new Normalizer('floor', { count: 1, mean: new Float64Array(1), m2: new Float64Array(2) }), size)
  // rounding may take the sum of squares of a constant below what its sum demands
  const constant = start.mergeSums([0, 0], 3, [0.3, 0], [0.03 - 1e-16, 0])
  assert.is(constant.m2[0], 0)
})

test.run()
