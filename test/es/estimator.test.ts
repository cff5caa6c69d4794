import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  directionCount,
  type Estimator,
  explicitDirections,
  samplePopulation,
  scaledGradient,
} from '../../bindings/es/estimator.js'
import { materialise, OpenES, PlainKernel } from '../../bindings/es/index.js'
import type { NoiseKey } from '../../bindings/es/noise-kernel.js'
import { type Norms, orthogonalDirections, orthonormalize } from '../../bindings/es/orthogonal.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { PERTURB } from '../../bindings/program.js'
import { sphere } from './functions.js'
import { fitnessOf, run } from './policies.js'

const SEED = 11

/** Mean of |estimate - gradient|^2 / |gradient|^2 on F = c + g'theta, over so many generations. */
function relativeVariance(
  estimator: Estimator,
  d: number,
  popsize: number,
  generations: number,
  options: { c?: number; sigma?: number; norms?: Norms } = {},
): number {
  const { c = 0, sigma = 0.5, norms = 'chi' } = options
  const g = new Float64Array(d)
  new Philox(SEED, STREAM.check).fillNormal(g, 0, 0)
  const square = g.reduce((a, b) => a + b * b, 0)
  const kernel = new PlainKernel()
  const theta = new Float32Array(d)
  let sum = 0
  for (let generation = 0; generation < generations; generation++) {
    const key: NoiseKey = { seed: SEED, generation, nparam: d }
    const directions = explicitDirections(estimator, key, directionCount(estimator, popsize), norms)
    const population = samplePopulation(estimator, popsize, theta, sigma, key, directions)
    const returns = fitnessOf(population, x => x.reduce((a, v, i) => a + v * g[i], c))
    const estimate = scaledGradient(estimator, returns, key, directions, kernel)
    for (let i = 0; i < d; i++) sum += (estimate[i] / sigma - g[i]) ** 2
  }
  return sum / generations / square
}

/** The table of the algorithms reference, §1.1; d = 12, so n = 12 fills a block. */
function within(got: number, expected: number): void {
  assert.ok(Math.abs(got / expected - 1) < 0.05, `got ${got}, expected ${expected} within 5 %`)
}

test('variance of vanilla: (d+1)/N + d c^2 / (N sigma^2 |g|^2)', () => {
  const d = 12
  const g = new Float64Array(d)
  new Philox(SEED, STREAM.check).fillNormal(g, 0, 0)
  const square = g.reduce((a, b) => a + b * b, 0)
  within(relativeVariance('vanilla', d, 10, 4000), 13 / 10)
  // the baseline it lacks: here it makes the estimate nine times worse
  const c = 2 * Math.sqrt(square)
  within(relativeVariance('vanilla', d, 10, 4000, { c, sigma: 0.7 }), 13 / 10 + (12 * 4) / (10 * 0.49))
})

test('variance of forward differences: (d+1)/N, whatever the constant', () => {
  within(relativeVariance('forward', 12, 11, 4000), 13 / 10)
  within(relativeVariance('forward', 12, 11, 4000, { c: 3 }), 13 / 10)
})

test('variance of antithetic pairs: (d+1)/n', () => {
  within(relativeVariance('antithetic', 12, 10, 4000, { c: 3 }), 13 / 5)
})

test('variance of antithetic signs: (d-1)/n', () => {
  within(relativeVariance('rademacher', 12, 10, 4000, { c: 3 }), 11 / 5)
})

test('variance of orthogonal directions with chi lengths: (d+2)/n - 1', () => {
  within(relativeVariance('orthogonal', 12, 10, 4000, { c: 3 }), 14 / 5 - 1)
  within(relativeVariance('orthogonal', 12, 24, 4000), 14 / 12 - 1)
})

test('variance of orthogonal directions of length sqrt(d): d/n - 1, and exactly 0 at n = d', () => {
  within(relativeVariance('orthogonal', 12, 10, 4000, { c: 3, norms: 'sqrt' }), 12 / 5 - 1)
  within(relativeVariance('orthogonal', 12, 16, 4000, { norms: 'sqrt' }), 12 / 8 - 1)
  // what is left is the rounding of members and weights to single precision
  assert.ok(relativeVariance('orthogonal', 12, 24, 100, { norms: 'sqrt' }) < 1e-12)
  assert.ok(relativeVariance('orthogonal', 40, 80, 20, { norms: 'sqrt' }) < 1e-12)
})

test('directions are orthogonal within a block of d rows, of the lengths asked', () => {
  const d = 9
  const count = 22
  for (const norms of ['chi', 'sqrt'] as const) {
    let square = 0
    for (let generation = 0; generation < 200; generation++) {
      const rows = orthogonalDirections({ seed: 3, generation, nparam: d }, count, norms)
      for (let p = 0; p < count; p++) {
        for (let r = 0; r <= p; r++) {
          let s = 0
          for (let j = 0; j < d; j++) s += rows[p * d + j] * rows[r * d + j]
          if (r === p) {
            square += s
            if (norms === 'sqrt') assert.ok(Math.abs(s - d) < 1e-5)
          } else if (Math.floor(p / d) === Math.floor(r / d)) assert.ok(Math.abs(s) < 1e-5, `${p} ${r}: ${s}`)
        }
      }
    }
    // E|z|^2 = d; a standard deviation of 4400 chi squares is 0.06
    assert.ok(Math.abs(square / (200 * count) - d) < 0.3)
  }
  // a row depends on its own block alone: the same numbers however many are asked for
  const key = { seed: 3, generation: 8, nparam: d }
  assert.equal(orthogonalDirections(key, 22, 'chi').slice(0, 13 * d), orthogonalDirections(key, 13, 'chi'))
})

test('dependent rows are replaced by free axes', () => {
  const d = 4
  const q = Float64Array.of(1, 2, 3, 4, 2, 4, 6, 8, 0, 0, 0, 0, 1, 2, 3, 4)
  orthonormalize(q, 4, d)
  for (let p = 0; p < 4; p++)
    for (let r = 0; r <= p; r++) {
      let s = 0
      for (let j = 0; j < d; j++) s += q[p * d + j] * q[r * d + j]
      assert.ok(Math.abs(s - (p === r ? 1 : 0)) < 1e-14, `${p} ${r}: ${s}`)
    }
})

test('forward: the last member is theta itself', () => {
  const es = new OpenES({ mean: [1, 2, 3], popsize: 5, estimator: 'forward', sigma: 0.5, seed: 4 })
  const population = es.ask()
  assert.is(population.perturb, PERTURB.ROWS)
  assert.equal([...materialise(population, 4)], [1, 2, 3])
  // the others are those of independent noise
  const vanilla = new OpenES({ mean: [1, 2, 3], popsize: 5, estimator: 'vanilla', sigma: 0.5, seed: 4 }).ask()
  for (let k = 0; k < 4; k++) assert.equal(materialise(population, k), materialise(vanilla, k))
})

test('n = d directions of length sqrt(d) are exact on a quadratic: theta shrinks by 1 - 2 lr sigma a generation', () => {
  const d = 10
  const es = new OpenES({
    mean: Float64Array.from({ length: d }, (_, i) => i - 4),
    npair: d,
    sigma: 0.1,
    estimator: 'orthogonal',
    norms: 'sqrt',
    shaping: 'raw',
    weightDecay: 0,
    optimizer: { kind: 'sgd', lr: 1, momentum: 0 },
  })
  run(es, sphere, 20)
  const shrunk = 0.8 ** 20
  es.mean.forEach((v, i) => {
    assert.ok(Math.abs(v - (i - 4) * shrunk) < 1e-5, `${i}: ${v}, expected ${(i - 4) * shrunk}`)
  })
})

test('weight decay acts on theta: g - weightDecay theta, before the optimiser', () => {
  const options = {
    mean: [2, -4],
    npair: 2,
    sigma: 0.1,
    shaping: 'raw',
    optimizer: { kind: 'sgd', lr: 0.5, momentum: 0 },
  } as const
  const decayed = new OpenES({ ...options, weightDecay: 0.1 })
  const free = new OpenES({ ...options, weightDecay: 0 })
  for (const es of [decayed, free]) es.tell(fitnessOf(es.ask(), sphere))
  decayed.mean.forEach((v, i) => {
    assert.ok(Math.abs(v - (free.mean[i] - 0.5 * 0.1 * options.mean[i])) < 1e-6)
  })
})

test.run()
