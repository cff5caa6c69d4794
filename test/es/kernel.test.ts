/** The engine's sums over noise, perturbations and ranks against the plain TypeScript form: the same bits, for any number of threads. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EsKernel } from '../../bindings/engine/es-kernel.js'
import { materialise, OpenES, PlainKernel, SNES } from '../../bindings/es/index.js'
import { matricesOf, type NoiseKernel, type NoiseKey } from '../../bindings/es/noise-kernel.js'
import { averageRanks } from '../../bindings/es/shaping.js'
import { fillTableNormal, Philox, STREAM } from '../../bindings/math/index.js'
import { makeNetwork } from '../../bindings/policy/network.js'
import { PERTURB } from '../../bindings/program.js'

const SEED = 2 ** 40 + 77
const plain = new PlainKernel()
// the shape that strategies ask for
const kernel: EsKernel & NoiseKernel = await EsKernel.open(1)

/** n numbers of both signs, of very different sizes, every fifth 0 */
function weightsOf(n: number, tag = 0): Float32Array {
  const z = new Float64Array(n)
  new Philox(1, STREAM.check).fillNormal(z, tag, n)
  return Float32Array.from(z, (v, i) => (i % 5 === 3 ? 0 : v * v * v))
}

function same(a: Float32Array | undefined, b: Float32Array | undefined, what: string): void {
  assert.is(a?.length, b?.length, what)
  if (a === undefined || b === undefined) return
  // bits, not values: -0 is not 0
  const [x, y] = [a, b].map(f => new Uint32Array(f.buffer, f.byteOffset, f.length))
  for (let j = 0; j < x.length; j++)
    if (x[j] !== y[j]) assert.unreachable(`${what}: entry ${j} is ${a[j]}, not ${b[j]}`)
}

test('a sum of few terms by hand', () => {
  const z = [0, 1, 2].map(pair => {
    const normals = new Float32Array(40)
    fillTableNormal(normals, SEED, pair, 9)
    return normals
  })
  const { first, second } = kernel.gradient(
    Float32Array.of(0.5, 0, -2),
    { seed: SEED, generation: 9, nparam: 40 },
    Float32Array.of(0, 4, 1),
  )
  for (let j = 0; j < 40; j++) {
    assert.is(first[j], Math.fround(0.5 * z[0][j] - 2 * z[2][j]))
    const squares = Math.fround(4 * Math.fround(z[1][j] * z[1][j])) + Math.fround(z[2][j] * z[2][j])
    assert.is(second?.[j], Math.fround(squares))
  }
})

test('sums over pairs have the bits of the plain form, whatever the numbers of parameters and pairs', () => {
  for (const [nparam, npair] of [
    [1, 1],
    [7, 3],
    [32, 4],
    [33, 5],
    [100, 16],
    [161, 17],
    [64, 255],
    [40, 256],
    [95, 259],
    [24, 700],
  ]) {
    const key = { seed: SEED, generation: 3, nparam }
    const [w, v] = [weightsOf(npair), weightsOf(npair, 1)]
    same(kernel.gradient(w, key).first, plain.gradient(w, key).first, `${nparam} parameters, ${npair} pairs`)
    const [ours, theirs] = [kernel.gradient(w, key, v), plain.gradient(w, key, v)]
    same(ours.first, theirs.first, `with squares, ${nparam} parameters, ${npair} pairs`)
    same(ours.second, theirs.second, `squares, ${nparam} parameters, ${npair} pairs`)
  }
})

test('nothing to sum: zeros', () => {
  const key = { seed: 1, generation: 0, nparam: 50 }
  const zeros = new Float32Array(50)
  same(kernel.gradient(new Float32Array(0), key).first, zeros, 'no pairs')
  same(kernel.gradient(new Float32Array(9), key).first, zeros, 'weights of 0')
  const factored = { ...key, rank: 1, matrices: [{ offset: 0, rows: 5, cols: 7 }] }
  same(kernel.gradient(new Float32Array(9), factored).first, zeros, 'low rank, weights of 0')
})

test('pairs may begin anywhere: those of a range are those of the whole', () => {
  const key = { seed: -3, generation: 2, nparam: 77 }
  const w = weightsOf(20)
  const late = w.slice().fill(0, 0, 13)
  same(kernel.gradient(w.subarray(13), key, undefined, 13).first, plain.gradient(late, key).first, 'pairs 13 to 20')
  const top = kernel.gradient(Float32Array.of(1), key, undefined, 2 ** 32 - 1).first
  const z = new Float32Array(77)
  fillTableNormal(z, -3, 2 ** 32 - 1, 2)
  same(top, z, 'the last pair of all')
})

test('low rank: the bits of the plain form, vectors before, between and behind the matrices', () => {
  const shapes = [
    [{ offset: 0, rows: 4, cols: 4 }],
    [{ offset: 3, rows: 5, cols: 7 }],
    [
      { offset: 2, rows: 9, cols: 1 },
      { offset: 11, rows: 1, cols: 6 },
      { offset: 300, rows: 6, cols: 13 },
    ],
  ]
  for (const matrices of shapes) {
    for (const rank of [1, 2, 3, 5]) {
      const last = matrices[matrices.length - 1]
      for (const behind of [0, 3]) {
        const nparam = last.offset + last.rows * last.cols + behind
        const key: NoiseKey = { seed: SEED, generation: 8, nparam, rank, matrices }
        const [w, v] = [weightsOf(300), weightsOf(300, 1)]
        const what = `rank ${rank}, ${matrices.length} matrices, ${nparam} parameters`
        same(kernel.gradient(w, key).first, plain.gradient(w, key).first, what)
        const [ours, theirs] = [kernel.gradient(w, key, v), plain.gradient(w, key, v)]
        same(ours.first, theirs.first, `${what}, with squares`)
        same(ours.second, theirs.second, `${what}, squares`)
      }
    }
  }
})

test('low rank of recurrent networks', () => {
  for (const kind of ['gru', 'lstm'] as const) {
    const network = makeNetwork({ kind, size: 6, output: 'none' }, 4, 3)
    const key = { seed: 5, generation: 1, nparam: network.nparam, rank: 2, matrices: matricesOf(network) }
    const w = weightsOf(12)
    same(kernel.gradient(w, key).first, plain.gradient(w, key).first, kind)
  }
})

test('members: theta + sign sigma z with the bits of materialise', () => {
  const nparam = 75
  const theta = Float32Array.from({ length: nparam }, (_, j) => Math.sqrt(j + 1))
  const sigmas = theta.map(x => x / 9)
  const matrices = [{ offset: 1, rows: 8, cols: 9 }]
  const head = { popsize: 6, theta, seed: SEED, generation: 4 }
  const source = { seed: SEED, generation: 4, nparam }
  for (let member = 0; member < 6; member++) {
    const place = { sign: member & 1 ? -1 : 1, pair: member >> 1 } as const
    const one = materialise({ ...head, perturb: PERTURB.ANTITHETIC, sigma: 0.3 }, member)
    same(kernel.perturb(theta, { ...place, sigma: 0.3 }, source), one, `member ${member}`)
    const each = materialise({ ...head, perturb: PERTURB.ANTITHETIC, sigma: 0, sigmas }, member)
    same(kernel.perturb(theta, { ...place, sigma: sigmas }, source), each, `member ${member}, a sigma each`)
    const low = materialise({ ...head, perturb: PERTURB.LOWRANK, sigma: 0.3, rank: 2, matrices }, member)
    same(kernel.perturb(theta, { ...place, sigma: 0.3 }, { ...source, rank: 2, matrices }), low, `low rank ${member}`)
  }
  // theta itself is left alone
  assert.is(theta[3], 2)
})

test('ranks: known ones, ties, and what is not finite', () => {
  const rank = (...fitness: number[]) => [...kernel.ranks(Float64Array.from(fitness))]
  assert.equal(rank(3, 1, 2), [-0.5, 0.5, 0])
  assert.equal(rank(5, 5, 1, 9, 9), [0.125, 0.125, 0.5, -0.375, -0.375])
  assert.equal(rank(7, 7, 7, 7), [0, 0, 0, 0])
  assert.equal(rank(1e-300, -1e-300, 0, -0), [-0.5, 0.5, 0, 0].map(Math.fround))
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number
  assert.equal(rank(nan, 2, inf, 1, -inf), [-0.25, 0.25, -0.25, 0.5, -0.25])
  assert.equal(rank(nan, -inf), [0, 0])
  assert.equal(rank(4), [0])
  assert.equal(rank(), [])
})

test('ranks equal the plain ones on any fitness, and do not change under a monotone map', () => {
  const value = fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }))
  fc.assert(
    fc.property(fc.array(value, { maxLength: 200 }), values => {
      const fitness = Float64Array.from(values)
      const ranks = kernel.ranks(fitness)
      same(ranks, averageRanks(fitness), `ranks of ${values}`)
      const sum = ranks.reduce((s, r) => s + r, 0)
      assert.ok(Math.abs(sum) < 1e-5, `their sum is ${sum}`)
    }),
    { seed: 4, numRuns: 300 },
  )
  const fitness = new Float64Array(1001)
  new Philox(8, STREAM.check).fillNormal(fitness, 0, 0)
  same(kernel.ranks(fitness.map(x => 1000 * x ** 3 - 5)), kernel.ranks(fitness), 'ranks of a cubic')
})

test('one thread or many: the same bits', async () => {
  const kernels = await Promise.all([2, 3].map(n => EsKernel.open(n)))
  const matrices = [{ offset: 10, rows: 33, cols: 29 }]
  const key = { seed: 1, generation: 1, nparam: 5003 }
  const [w, v] = [weightsOf(300), weightsOf(300, 1)]
  const expected = kernel.gradient(w, key, v)
  const low = kernel.gradient(w, { ...key, rank: 2, matrices })
  for (const k of kernels) {
    for (let i = 0; i < 10; i++) {
      const sums = k.gradient(w, key, v)
      same(sums.first, expected.first, `${k.workers} threads`)
      same(sums.second, expected.second, `${k.workers} threads, squares`)
      same(k.gradient(w, { ...key, rank: 2, matrices }).first, low.first, `${k.workers} threads, low rank`)
    }
    k.dispose()
  }
})

test('strategies take the kernel and learn the same', () => {
  const run = (strategy: OpenES | SNES): Float32Array => {
    for (let i = 0; i < 5; i++) {
      const population = strategy.ask()
      strategy.tell(
        Float64Array.from({ length: strategy.popsize }, (_, k) =>
          materialise(population, k).reduce((s, x) => s + (x - 1) ** 2, 0),
        ),
      )
    }
    return strategy.mean
  }
  const mean = new Float64Array(50)
  const network = makeNetwork({ kind: 'mlp', hidden: [5], activation: 'tanh', output: 'none' }, 4, 3)
  const made = (k: NoiseKernel): (OpenES | SNES)[] => [
    new OpenES({ mean, npair: 10, sigma: 0.1, kernel: k }),
    new OpenES({ mean: new Float64Array(network.nparam), npair: 10, sigma: 0.1, rank: 1, network, kernel: k }),
    new SNES({ mean, sigma: 0.1, kernel: k }),
  ]
  const [ours, theirs] = [made(kernel), made(plain)]
  ours.forEach((strategy, i) => {
    const learnt = run(strategy)
    same(learnt, run(theirs[i]), strategy.method)
    assert.ok(learnt.some(x => x !== 0))
  })
})

test('memory is given back, and a kernel that is disposed says so', async () => {
  const other = await EsKernel.open(1)
  const key = { seed: 1, generation: 1, nparam: 200_000 }
  const w = weightsOf(3)
  const matrices = [{ offset: 0, rows: 200, cols: 200 }]
  const all = () => {
    other.gradient(w, key, w)
    other.gradient(w, { ...key, rank: 4, matrices })
    other.perturb(new Float32Array(key.nparam), { sigma: 1, sign: 1, pair: 0 }, key)
    other.ranks(new Float64Array(50_000))
  }
  all()
  const bytes = other.engine.memory.buffer.byteLength
  for (let i = 0; i < 20; i++) all()
  assert.is(other.engine.memory.buffer.byteLength, bytes)
  other.dispose()
  other.dispose()
  assert.throws(
    () => other.ranks(new Float64Array(2)),
    (e: Error & { code?: string }) => e.code === 'DISPOSED',
  )
})

test('what makes no sense is refused', async () => {
  const key = { seed: 1, generation: 1, nparam: 10 }
  const w = new Float32Array(3)
  const refused = (code: string, words: RegExp, call: () => unknown) =>
    assert.throws(call, (e: Error & { code?: string }) => e.code === code && words.test(e.message))
  refused('NOISE_SIZE', /nparam: got 0/, () => kernel.gradient(w, { ...key, nparam: 0 }))
  refused('NOISE_SIZE', /generation: got -1/, () => kernel.gradient(w, { ...key, generation: -1 }))
  refused('NOISE_SIZE', /got 2 square weights for 3/, () => kernel.gradient(w, key, new Float32Array(2)))
  refused('NOISE_SIZE', /pairs 4294967295 to/, () => kernel.gradient(w, key, undefined, 2 ** 32 - 1))
  refused('NOISE_SIZE', /rank: got 0/, () => kernel.gradient(w, { ...key, rank: 0 }))
  const matrices = [{ offset: 4, rows: 2, cols: 4 }]
  refused('NOISE_SIZE', /ends at 12, beyond nparam = 10/, () => kernel.gradient(w, { ...key, rank: 1, matrices }))
  const twice = [
    { offset: 0, rows: 2, cols: 2 },
    { offset: 3, rows: 1, cols: 1 },
  ]
  refused('NOISE_SIZE', /matrices\[1\]\.offset: got 3/, () => kernel.gradient(w, { ...key, rank: 1, matrices: twice }))
  refused('SEED', /whole number/, () => kernel.gradient(w, { ...key, seed: 0.5 }))
  const step = { sigma: 1, sign: 1, pair: 0 } as const
  refused('NOISE_SIZE', /theta: got length 9/, () => kernel.perturb(new Float32Array(9), step, key))
  refused('NOISE_SIZE', /pair: got -1/, () => kernel.perturb(new Float32Array(10), { ...step, pair: -1 }, key))
  refused('NOISE_SIZE', /sigma: got length 3/, () => kernel.perturb(new Float32Array(10), { ...step, sigma: w }, key))
  let code: string | undefined
  await EsKernel.open(0).catch(e => {
    code = e.code
  })
  assert.is(code, 'SIZE')
})

test.run()
