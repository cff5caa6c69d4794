import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Restarts, type RestartsOptions } from '../../bindings/es/index.js'
import { evaluate, type Fitness, rastrigin, sphere } from './functions.js'

const n = 10
/** Rastrigin with its optimum off the centre of the box */
const shifted: Fitness = (x, a) =>
  rastrigin(
    x.slice(a, a + n).map((v, i) => v - 0.9 * ((i % 3) - 1)),
    0,
    n,
  )
const options = (extra: Partial<RestartsOptions>): RestartsOptions => ({
  mean: new Float64Array(n).fill(3),
  sigma: 2,
  bounds: { lower: new Float64Array(n).fill(-5), upper: new Float64Array(n).fill(5) },
  ftarget: 1e-8,
  ...extra,
})

for (const strategy of ['ipop', 'bipop'] as const) {
  test(`${strategy} solves 10-dimensional Rastrigin`, () => {
    for (const seed of [1, 2, 3]) {
      const es = new Restarts(options({ strategy, seed }))
      while (es.stop() === undefined) es.tell(evaluate(shifted, es.ask(), n))
      assert.is(es.stop()?.code, 'ftarget', `seed ${seed}: ${es.stop()?.message}`)
      // COCO's restarted CMA-ES needs 80 799 on average for the rotated function
      assert.ok(es.evaluations < 400000, `seed ${seed}: ${es.evaluations} evaluations`)
      assert.ok(es.best.fitness <= 1e-8)
      for (let i = 0; i < n; i++) assert.ok(Math.abs(es.best.x[i] - 0.9 * ((i % 3) - 1)) < 1e-4)
      const large = es.runs.filter(r => r.regime === 'large').map(r => r.popsize)
      assert.equal(
        large,
        large.map((_, i) => 10 * 2 ** (i + 1)),
      )
      if (strategy === 'ipop') assert.is(es.runs.filter(r => r.regime === 'small').length, 1)
    }
  })
}

test('bipop: small populations between 1 and r times the first, smaller steps, half the large budget', () => {
  // nothing to find: every run ends by itself
  const es = new Restarts(options({ strategy: 'bipop', seed: 5, ftarget: undefined, restarts: 4 }))
  while (es.stop() === undefined) es.tell(evaluate(shifted, es.ask(), n))
  assert.is(es.stop()?.code, 'restarts')
  let large = 0
  let budgetLarge = 0
  let budgetSmall = 0
  let small = 0
  es.runs.forEach((r, i) => {
    if (r.regime === 'large') {
      assert.ok(budgetSmall >= budgetLarge, `run ${i} is large although the small budget is behind`)
      large++
      budgetLarge += r.evaluations
      assert.is(r.popsize, 10 * 2 ** large)
      assert.is(r.sigma, 2)
    } else {
      if (i > 0) {
        small++
        assert.ok(budgetSmall < budgetLarge)
        assert.ok(r.popsize >= 10 && r.popsize <= 10 * 2 ** large, `run ${i}: ${r.popsize}`)
        assert.ok(r.sigma <= 2 && r.sigma >= 0.02, `run ${i}: sigma ${r.sigma}`)
        assert.ok(r.evaluations <= 0.5 * budgetLarge + r.popsize, `run ${i}: ${r.evaluations} of ${budgetLarge}`)
      }
      budgetSmall += r.evaluations
    }
  })
  assert.is(large, 4)
  assert.ok(small >= 3)
})

test('options may be any array-like; what is saved is what was given', () => {
  const es = new Restarts({
    mean: Float32Array.from([0.5, 0.25]),
    sigma: 1,
    std: Float32Array.from([1, 2]),
    region: { lower: new Float32Array(2), upper: Float32Array.from([1, 1]) },
    bounds: { lower: new Float32Array(2), upper: new Float32Array(2).fill(2) },
  })
  assert.equal([...Restarts.load(es.save()).ask()], [...es.ask()])
  assert.is(Restarts.load(es.save()).save(), es.save())
})

test('a saved restart goes on bit for bit', () => {
  const make = () => new Restarts(options({ strategy: 'bipop', seed: 2 }))
  const whole = make()
  let part = make()
  for (let g = 0; g < 900; g++) {
    whole.tell(evaluate(shifted, whole.ask(), n))
    if (g % 100 === 37) part = Restarts.load(part.save())
    // between ask and tell too
    if (g % 100 === 61) {
      part.ask()
      part = Restarts.load(part.save())
    }
    part.tell(evaluate(shifted, part.ask(), n))
  }
  assert.ok(whole.runs.length >= 2, 'restarted meanwhile')
  assert.is(part.save(), whole.save())
})

test('budget of all runs together; region; unbounded', () => {
  const es = new Restarts({ mean: new Float64Array(3), sigma: 1, strategy: 'ipop', maxEvaluations: 3000, seed: 3 })
  while (es.stop() === undefined) es.tell(evaluate(sphere, es.ask(), 3))
  assert.is(es.stop()?.code, 'maxevaluations')
  assert.ok(es.evaluations >= 3000 && es.evaluations < 3000 + es.popsize)
  assert.throws(
    () =>
      new Restarts(options({ region: { lower: new Float64Array(n).fill(-6), upper: new Float64Array(n).fill(5) } })),
    (e: Error & { code?: string }) => e.code === 'REGION',
  )
})

test('a region without any valid candidate ends with a reason', () => {
  const es = new Restarts({ mean: [0, 0], sigma: 1, restarts: 2, strategy: 'ipop', seed: 1 })
  let guard = 0
  while (es.stop() === undefined && guard++ < 1000) {
    es.ask()
    es.tell(new Float64Array(es.popsize).fill(Number.NaN))
  }
  assert.is(es.stop()?.code, 'restarts')
  assert.match(es.stop()?.message ?? '', /NaN/)
  assert.is(es.best.fitness, Number.POSITIVE_INFINITY)
})

test.run()
