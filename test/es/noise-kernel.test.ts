import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { materialise, OpenES, PlainKernel, type Population } from '../../bindings/es/index.js'
import { direction, matricesOf, type NoiseKey, normalsPerDirection, signs } from '../../bindings/es/noise-kernel.js'
import { normalQuantile, Philox, philox, STREAM, seedWords } from '../../bindings/math/index.js'
import { makeNetwork, parameterBlocks } from '../../bindings/policy/network.js'
import { PERTURB } from '../../bindings/program.js'

const SEED = 2 ** 40 + 77
const key = (nparam: number, generation = 5): NoiseKey => ({ seed: SEED, generation, nparam })
const made = (k: NoiseKey, pair: number) => {
  const z = new Float32Array(k.nparam)
  direction(k, pair, z)
  return z
}
/** number j of a pair as §1.7 has it */
function number(j: number, pair: number, generation: number): number {
  const words = new Uint32Array(4)
  const [lo, hi] = seedWords(SEED)
  philox(j >> 3, pair, generation, STREAM.theta, lo, hi, words)
  const word = words[(j & 7) >> 1]
  const half = (j & 1) === 0 ? word & 0xffff : word >>> 16
  return Math.fround(normalQuantile((half + 0.5) / 65536))
}

test('parameter j is normal j & 7 of block j >> 3, of any pair and generation', () => {
  for (const [pair, generation] of [
    [0, 0],
    [1, 5],
    [70000, 123456],
  ]) {
    const z = made(key(37, generation), pair)
    for (let j = 0; j < 37; j++) assert.is(z[j], number(j, pair, generation), `${pair} ${generation} ${j}`)
  }
})

test('a bit of the seed, the pair or the generation changes everything', () => {
  const z = made(key(64), 1)
  for (const other of [made(key(64), 2), made(key(64, 6), 1), made({ ...key(64), seed: SEED + 2 ** 45 }, 1)])
    assert.ok(z.filter((v, j) => v === other[j]).length < 4)
})

test('members: theta + sigma z, theta - sigma z, in single precision', () => {
  const theta = Float32Array.from({ length: 11 }, (_, j) => Math.sqrt(j + 1))
  const head = { popsize: 6, theta, sigma: 0.3, seed: SEED, generation: 5 }
  const f = Math.fround
  const expect = (population: Population, member: number, pair: number, sign: number, sigma = (_j: number) => 0.3) => {
    const x = materialise(population, member)
    for (let j = 0; j < 11; j++)
      assert.is(x[j], f(theta[j] + f(f(sign * sigma(j)) * number(j, pair, 5))), `member ${member}, ${j}`)
  }
  for (let k = 0; k < 6; k++) {
    expect({ ...head, perturb: PERTURB.ANTITHETIC }, k, k >> 1, k % 2 === 0 ? 1 : -1)
    expect({ ...head, perturb: PERTURB.INDEPENDENT }, k, k, 1)
    const sigmas = theta.map(v => v / 10)
    expect({ ...head, perturb: PERTURB.ANTITHETIC, sigma: 0, sigmas }, k, k >> 1, k % 2 === 0 ? 1 : -1, j => sigmas[j])
    assert.equal(materialise({ ...head, perturb: PERTURB.NONE }, k), theta)
  }
  const members = Float32Array.from({ length: 66 }, (_, i) => i)
  assert.equal(materialise({ ...head, perturb: PERTURB.ROWS, members }, 2), members.slice(22, 33))
  const size = (code: string) => (e: Error & { code?: string }) => e.code === code
  assert.throws(() => materialise({ ...head, perturb: PERTURB.NONE }, 6), size('POPULATION_MEMBER'))
  assert.throws(() => materialise({ ...head, perturb: PERTURB.ROWS }, 0), size('POPULATION_ROWS'))
})

test('signs are fair coins, one a bit', () => {
  const s = new Float32Array(5000)
  signs(key(5000), 3, s)
  assert.ok(s.every(v => v === 1 || v === -1))
  // five standard deviations
  assert.ok(Math.abs(s.reduce((a, b) => a + b, 0)) < 5 * Math.sqrt(5000))
  const words = new Uint32Array(4)
  const [lo, hi] = seedWords(SEED)
  philox(1, 3, 5, STREAM.theta, lo, hi, words)
  assert.is(s[128 + 70], ((words[2] >>> 6) & 1) === 1 ? 1 : -1)
})

test('sums of directions and of their squares equal the explicit ones', () => {
  const n = 45
  const w = new Float64Array(9)
  new Philox(1, STREAM.check).fillNormal(w, 0, 0)
  w[4] = 0
  const weights = Float32Array.from(w)
  const squares = Float32Array.from(w.map(v => v * v - 1))
  const { first, second } = new PlainKernel().gradient(weights, key(n), squares)
  for (let j = 0; j < n; j++) {
    let a = 0
    let b = 0
    for (let p = 0; p < 9; p++) {
      a += weights[p] * number(j, p, 5)
      b += squares[p] * number(j, p, 5) ** 2
    }
    assert.ok(Math.abs(first[j] - a) < 1e-5 && Math.abs((second?.[j] ?? 0) - b) < 1e-5, `${j}`)
  }
  assert.is(new PlainKernel().gradient(weights, key(n)).second, undefined)
})

test("low rank: A B' / sqrt(r) by explicit outer products, and the EGGROLL step is their weighted mean", () => {
  const network = makeNetwork({ kind: 'mlp', hidden: [5], activation: 'tanh', output: 'none' }, 4, 3)
  const n = network.nparam
  for (const rank of [1, 2, 3]) {
    const lowRank: NoiseKey = { ...key(n, 0), rank, matrices: matricesOf(network) }
    // numbers layer after layer: A, B, then the bias
    const explicit = (pair: number) => {
      const z = new Float64Array(n)
      let at = 0
      for (const { offset, rows, cols, matrix } of parameterBlocks(network)) {
        if (!matrix) {
          for (let i = 0; i < rows; i++) z[offset + i] = number(at++, pair, 0)
          continue
        }
        for (let k = 0; k < rank; k++)
          for (let i = 0; i < rows; i++)
            for (let j = 0; j < cols; j++)
              z[offset + i * cols + j] +=
                (number(at + i * rank + k, pair, 0) * number(at + rows * rank + j * rank + k, pair, 0)) /
                Math.sqrt(rank)
        at += rank * (rows + cols)
      }
      assert.is(at, normalsPerDirection(lowRank))
      return z
    }
    for (let pair = 0; pair < 4; pair++) {
      const z = made(lowRank, pair)
      explicit(pair).forEach((v, j) => {
        assert.ok(Math.abs(z[j] - v) < 2e-6, `rank ${rank}, pair ${pair}, ${j}: ${z[j]}, ${v}`)
      })
    }
    // one step of plain ascent with raw returns: lr sum (r+ - r-) z / (2n)
    const es = new OpenES({
      mean: new Float64Array(n),
      seed: SEED,
      npair: 4,
      sigma: 0.5,
      rank,
      network,
      shaping: 'raw',
      weightDecay: 0,
      optimizer: { kind: 'sgd', lr: 0.1, momentum: 0 },
    })
    const population = es.ask()
    assert.is(population.perturb, PERTURB.LOWRANK)
    const sample = materialise(population, 3)
    const z1 = explicit(1)
    for (let j = 0; j < n; j++) assert.ok(Math.abs(sample[j] + 0.5 * z1[j]) < 2e-6)
    const fitness = [3, 1, 0, 5, 2, 2, -4, 1]
    es.tell(fitness)
    const g = new Float64Array(n)
    for (let p = 0; p < 4; p++) {
      explicit(p).forEach((v, j) => {
        g[j] += ((fitness[2 * p + 1] - fitness[2 * p]) * v) / 8
      })
    }
    es.mean.forEach((v, j) => {
      assert.ok(Math.abs(v - 0.1 * g[j]) < 1e-6, `rank ${rank}, ${j}: ${v}, ${0.1 * g[j]}`)
    })
  }
})

test.run()
