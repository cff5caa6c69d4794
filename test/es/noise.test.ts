import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CMAES, NoiseHandler } from '../../bindings/es/index.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { sphere } from './functions.js'

const n = 10
const random = new Philox(1, STREAM.check)

/** Run on the sphere with additive noise; returns the squared distance of the mean from the optimum, and the handler. */
function run(deviation: number, handled: boolean, seed: number, generations: number) {
  const es = new CMAES({ mean: new Float64Array(n).fill(1), sigma: 0.5, seed })
  const noise = new NoiseHandler({ dimension: n, popsize: es.popsize, maxEvaluations: 30, seed })
  let draws = 0
  const evaluate = (x: Float64Array) => {
    const f = new Float64Array(x.length / n)
    for (let k = 0; k < f.length; k++) {
      f[k] = sphere(x, k * n, n)
      for (let r = 0; r < noise.evaluations; r++)
        f[k] += (deviation * random.normal(draws++, seed, 0)) / noise.evaluations
    }
    return f
  }
  const reached = { level: 0, evaluations: 0, sigma: 0 }
  for (let g = 0; g < generations; g++) {
    const f = evaluate(es.ask())
    if (handled) {
      const members = noise.select(f, es.generation)
      const again = evaluate(es.resample(members, noise.epsilon))
      es.tell(f)
      es.scaleSigma(noise.update(f, members, again))
    } else es.tell(f)
    reached.level = Math.max(reached.level, noise.level)
    reached.evaluations = Math.max(reached.evaluations, noise.evaluations)
  }
  reached.sigma = es.sigma
  return { distance: es.mean.reduce((s, v) => s + v * v, 0), noise, ...reached }
}

test('without noise nothing is raised, and the optimum is found as fast', () => {
  const quiet = run(0, true, 1, 150)
  assert.is(quiet.evaluations, 1)
  assert.ok(quiet.distance < 1e-6, `distance ${quiet.distance}`)
})

test('with noise the evaluations rise and the mean gets closer', () => {
  let better = 0
  for (const seed of [1, 2, 3]) {
    const handled = run(0.03, true, seed, 500)
    const bare = run(0.03, false, seed, 500)
    assert.ok(handled.level > 0)
    assert.is(handled.evaluations, 30)
    if (handled.distance < bare.distance / 2) better++
  }
  assert.ok(better >= 2, `${better} of 3 runs are closer by half`)
})

test('select: half the first, half the best of the rest; NaN last', () => {
  const noise = new NoiseHandler({ dimension: 5, popsize: 8, reevaluations: 4 })
  assert.equal([...noise.select([9, 8, 7, Number.NaN, 5, 4, 3, 6], 0)], [0, 1, 6, 5])
  // 2 + 8/20: two or three, by chance of the generation
  const counts = new Set<number>()
  const plain = new NoiseHandler({ dimension: 5, popsize: 8 })
  for (let g = 0; g < 40; g++) counts.add(plain.select(new Float64Array(8), g).length)
  assert.equal([...counts].sort(), [2, 3])
  assert.throws(() => plain.select([1, 2], 0), /popsize = 8/)
})

test('update: no rank change, no noise; a reversal is noise', () => {
  const f = Array.from({ length: 20 }, (_, i) => i)
  const members = Int32Array.from([0, 1, 2])
  const calm = new NoiseHandler({ dimension: 10, popsize: 20, maxEvaluations: 10 })
  assert.is(calm.update(f, members, [0, 1, 2]), 1)
  assert.ok(calm.level < 0)
  const wild = new NoiseHandler({ dimension: 10, popsize: 20, maxEvaluations: 10 })
  assert.is(wild.update(f, members, [30, 31, 32]), 1 + 2 / 20)
  assert.ok(wild.level > 0)
  assert.throws(() => wild.update(f, members, [1]), /expected 3/)
  const back = NoiseHandler.load(wild.save())
  assert.is(back.save(), wild.save())
  assert.is(back.level, wild.level)
})

test('resample: copies displaced by epsilon steps of the distribution, in bounds', () => {
  const es = new CMAES({ mean: [0.9, 0.1], sigma: 0.2, seed: 3, bounds: { lower: [0, 0], upper: [1, 1] } })
  const x = es.ask()
  const again = es.resample([2, 0], 1e-7, 3)
  assert.is(again.length, 12)
  for (let k = 0; k < 6; k++) {
    for (let i = 0; i < 2; i++) {
      const d = Math.abs(again[2 * k + i] - x[2 * (k < 3 ? 2 : 0) + i])
      assert.ok(d > 0 && d < 1e-6, `displaced by ${d}`)
    }
  }
  assert.ok(es.resample([0], 100, 50).every(v => v >= 0 && v <= 1))
})

test.run()
