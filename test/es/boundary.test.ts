import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BoundPenalty, BoundTransform, CMAES } from '../../bindings/es/index.js'
import { evaluate, type Fitness } from './functions.js'

test('transform: published vectors on [0, 1]', () => {
  const t = new BoundTransform(1, { lower: [0], upper: [1] })
  for (const [x, y] of [
    [-0.02, 0.0045],
    [0, 0.0125],
    [0.02, 0.0245],
    [0.05, 0.05],
    [0.98, 0.9755],
    [1.05, 1],
    [1.2, 0.9],
  ])
    assert.ok(Math.abs(t.repair(0, x) - y) < 1e-15, `T(${x}) = ${t.repair(0, x)}, published ${y}`)
})

test('transform: into the bounds, continuous with its slope, undone by its inverse', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -50, max: 50, noNaN: true }),
      fc.double({ min: 1e-3, max: 100, noNaN: true }),
      fc.double({ min: -300, max: 300, noNaN: true }),
      fc.constantFrom('both', 'lower', 'upper'),
      (l, width, x, sides) => {
        const lower = sides === 'upper' ? Number.NEGATIVE_INFINITY : l
        const upper = sides === 'lower' ? Number.POSITIVE_INFINITY : l + width
        const t = new BoundTransform(1, { lower: [lower], upper: [upper] })
        const y = t.repair(0, x)
        assert.ok(y >= lower && y <= upper, `${y} in [${lower}, ${upper}]`)
        // the slope lies between -1 and 1, so small steps stay small
        const h = 1e-7
        assert.ok(Math.abs(t.repair(0, x + h) - y) <= h * 1.001 + 1e-12)
        const back = t.repair(0, t.inverse(0, y))
        assert.ok(Math.abs(back - y) <= 1e-12 * Math.max(1, Math.abs(y)), `T(T^-1(${y})) = ${back}`)
      },
    ),
    { seed: 11, numRuns: 2000 },
  )
})

test('bounds are checked', () => {
  for (const [lower, upper] of [
    [
      [0, 1],
      [1, 1],
    ],
    [
      [0, 2],
      [1, 1],
    ],
    [
      [Number.NaN, 0],
      [1, 1],
    ],
    [[0], [1, 1]],
  ]) {
    for (const boundary of ['transform', 'penalty'] as const) {
      assert.throws(
        () => new CMAES({ mean: [0.5, 0.5], sigma: 0.1, bounds: { lower, upper }, boundary }),
        (e: Error & { code?: string }) => e.code === 'BOUNDS' || e.code === 'BOUNDS_SIZE',
      )
    }
  }
  assert.throws(
    () => new CMAES({ mean: [0.5, 1.5], sigma: 0.1, bounds: { lower: [0, 0], upper: [1, 1] } }),
    (e: Error & { code?: string }) => e.code === 'CMA_POINT' && /coordinate 1/.test(e.message),
  )
})

const n = 8
const box = { lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) }
/** optimum of the sphere around (2, ..., 2, 0.3, ..., 0.3), half of it outside the box */
const outside: Fitness = (x, a) => {
  let s = 0
  for (let i = 0; i < n; i++) s += (x[a + i] - (i < 4 ? 2 : 0.3)) ** 2
  return s
}

for (const boundary of ['transform', 'penalty'] as const) {
  test(`${boundary}: an optimum on the bounds is found, and nothing outside is ever asked`, () => {
    for (const start of [0, -1, 1]) {
      const es = new CMAES({
        mean: new Float64Array(n).fill(start),
        sigma: 0.5,
        seed: 4,
        bounds: box,
        boundary,
        tolfun: 1e-13,
        tolfunhist: 0,
      })
      while (es.stop() === undefined) {
        const x = es.ask()
        assert.ok(x.every(v => v >= -1 && v <= 1))
        es.tell(evaluate(outside, x, n))
      }
      const { x, fitness } = es.best
      assert.ok(Math.abs(fitness - 4) < 1e-6, `start ${start}: fitness ${fitness}, ${es.stop()?.code}`)
      for (let i = 0; i < n; i++)
        assert.ok(Math.abs(x[i] - (i < 4 ? 1 : 0.3)) < 1e-3, `start ${start}: x[${i}] = ${x[i]}`)
      assert.ok(es.mean.every(v => v >= -1 && v <= 1))
    }
  })
}

test('standard deviations stay within a third of the bounds', () => {
  const es = new CMAES({ mean: new Float64Array(n), sigma: 50, seed: 1, bounds: box, tolfacupx: 0 })
  const linear: Fitness = (x, a) => -x[a]
  for (let g = 0; g < 50; g++) {
    assert.ok(
      es.stds().every(s => s <= 2 / 3 + 1e-12),
      `generation ${g}: ${es.stds()}`,
    )
    es.tell(evaluate(linear, es.ask(), n))
  }
  const c = es.covariance()
  for (let i = 0; i < n; i++) assert.ok(Math.abs(es.sigma * Math.sqrt(c[i * n + i]) - es.stds()[i]) < 1e-12)
})

test('penalty: none while the mean is inside, then 2 median(range/variance), growing where the mean stays out', () => {
  const p = new BoundPenalty(2, { lower: [0, 0], upper: [1, 1] })
  const sorted = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8])
  const std = Float64Array.from([0.1, 0.3])
  p.update(sorted, Float64Array.from([0.5, 0.5]), std, 3, 1)
  assert.is(p.penalty(Float64Array.from([5, 5]), 0), 0)
  // interquartile range 7 - 3 = 4 over the mean variance 0.05; damping 3/20, 3 standard deviations are free
  p.update(sorted, Float64Array.from([0.5, 2.5]), std, 3, 2)
  const gamma = 2 * (4 / 0.05)
  const grown = gamma * Math.exp((0.15 * Math.tanh((1.5 / 0.3 - 3) / 3)) / 2)
  assert.ok(Math.abs(p.gamma[0] - gamma) < 1e-9 && Math.abs(p.gamma[1] - grown) < 1e-9, `${p.gamma}`)
  const expected = (gamma * 0.25 + grown * 1) / 2
  assert.ok(Math.abs(p.penalty(Float64Array.from([-0.5, 2]), 0) - expected) < 1e-9)
})

test.run()
