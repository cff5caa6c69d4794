import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CMAES, type CMAESOptions, type StopCode } from '../../bindings/es/index.js'
import { defaultMaxiter } from '../../bindings/es/termination.js'
import { cigar, ellipsoid, evaluate, type Fitness, sphere } from './functions.js'
import { Textbook } from './textbook.js'

const code = (expected: string) => (e: Error & { code?: string }) => e.code === expected
const rows = (x: Float64Array, n: number) =>
  Array.from({ length: x.length / n }, (_, k) => [...x.subarray(k * n, (k + 1) * n)])

function run(es: CMAES, f: Fitness, generations = Number.POSITIVE_INFINITY): CMAES {
  for (let g = 0; g < generations && es.stop() === undefined; g++) es.tell(evaluate(f, es.ask(), es.dimension))
  return es
}

test('every quantity follows the tutorial, step by step', () => {
  const variants: [string, number, Partial<CMAESOptions>][] = [
    ['default', 6, {}],
    ['lazy eigendecompositions', 30, {}],
    ['no active update', 6, { active: false }],
    ['large population', 4, { popsize: 40 }],
    ['pycma damping', 4, { popsize: 40, damping: 'pycma' }],
    ['even smallest', 2, { popsize: 3 }],
    ['one dimension', 1, {}],
    ['limited rank mu', 3, { popsize: 100, cmuMax: 0.5 }],
  ]
  for (const [name, n, options] of variants) {
    const mean = Array.from({ length: n }, (_, i) => 1 + 0.3 * i)
    const es = new CMAES({ mean, sigma: 0.7, seed: 11, ...options })
    const book = new Textbook(es.constants, mean, 0.7)
    const f = n === 1 ? sphere : ellipsoid
    for (let g = 0; g < 60; g++) {
      const x = es.ask()
      const fitness = evaluate(f, x, n)
      es.tell(fitness)
      book.tell(rows(x, n), [...fitness])
      const c = es.covariance()
      const scale = Math.max(...book.C.map((r, i) => r[i]))
      for (let i = 0; i < n; i++) {
        assert.ok(
          Math.abs(es.mean[i] - book.mean[i]) <= 1e-9 * book.sigma * Math.sqrt(scale),
          `${name} ${g}: mean ${i}`,
        )
        for (let j = 0; j < n; j++)
          assert.ok(Math.abs(c[i * n + j] - book.C[i][j]) <= 1e-9 * scale, `${name} ${g}: C ${i} ${j}`)
      }
      assert.ok(Math.abs(es.sigma / book.sigma - 1) <= 1e-9, `${name} ${g}: sigma ${es.sigma}, ${book.sigma}`)
    }
  }
})

test('candidates are normal with the covariance that is reported', () => {
  const n = 4
  const es = run(new CMAES({ mean: [1, 2, 3, 4], sigma: 0.5, seed: 2, std: [1, 2, 0.5, 10] }), ellipsoid, 15)
  // a copy with a huge population from the same state: one ask is a sample
  const state = JSON.parse(es.save())
  state.options.popsize = 40000
  const x = CMAES.load(JSON.stringify(state)).ask()
  const c = es.covariance()
  const m = es.mean
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let s = 0
      for (let k = 0; k < 40000; k++) s += (x[k * n + i] - m[i]) * (x[k * n + j] - m[j])
      const expected = es.sigma ** 2 * c[i * n + j]
      const deviation = es.sigma ** 2 * Math.sqrt((c[i * n + i] * c[j * n + j] + c[i * n + j] ** 2) / 40000)
      assert.ok(Math.abs(s / 40000 - expected) < 5 * deviation, `covariance ${i} ${j}`)
    }
  }
})

test('scaling coordinates by std is the same as scaling the problem', () => {
  const n = 5
  const std = [1, 1e-3, 1e3, 4, 0.25]
  const es = new CMAES({ mean: std.map(s => 2 * s), sigma: 0.5, seed: 3, std })
  const plain = new CMAES({ mean: new Float64Array(n).fill(2), sigma: 0.5, seed: 3 })
  const scaled: Fitness = (x, a) =>
    sphere(
      x.slice(a, a + n).map((v, i) => v / std[i]),
      0,
      n,
    )
  run(es, scaled, 40)
  run(plain, sphere, 40)
  es.mean.forEach((m, i) => {
    assert.ok(Math.abs(m / std[i] - plain.mean[i]) <= 1e-6 * plain.sigma, `coordinate ${i}`)
  })
  assert.ok(Math.abs(es.sigma / plain.sigma - 1) < 1e-6)
})

test('only ranks matter: the ranks as fitness give the same run', () => {
  const make = () => new CMAES({ mean: [3, 1, -2, 4], sigma: 1, seed: 8, tolfun: 0, tolfunhist: 0 })
  const a = make()
  const b = make()
  for (let g = 0; g < 60; g++) {
    const f = evaluate(sphere, a.ask(), 4)
    a.tell(f)
    b.ask()
    b.tell(f.map(v => f.reduce((rank, w) => rank + Number(w < v), 0)))
  }
  assert.equal([...a.mean], [...b.mean])
  assert.is(a.sigma, b.sigma)
})

const VARIANTS: Record<string, Partial<CMAESOptions>> = {
  default: {},
  diagonal: { diagonal: true },
  bounds: { bounds: { lower: new Float64Array(7).fill(-1), upper: new Float64Array(7).fill(4) } },
  penalty: {
    bounds: { lower: new Float64Array(7).fill(0.5), upper: new Float64Array(7).fill(4) },
    boundary: 'penalty',
  },
  std: { std: [1, 2, 3, 4, 5, 6, 7] },
}
for (const [name, options] of Object.entries(VARIANTS)) {
  test(`resumed equals uninterrupted, bit for bit: ${name}`, () => {
    const n = 7
    const make = () => new CMAES({ mean: new Float64Array(n).fill(2), sigma: 0.8, seed: 5, tolfun: 1e-9, ...options })
    const whole = make()
    let part = make()
    let g = 0
    while (whole.stop() === undefined) {
      whole.tell(evaluate(ellipsoid, whole.ask(), n))
      if (g % 7 === 0) part = CMAES.load(part.save())
      const x = part.ask()
      if (g % 11 === 0) {
        // killed while evaluating: the same candidates come again
        part = CMAES.load(part.save())
        assert.equal([...part.ask()], [...x])
      }
      part.tell(evaluate(ellipsoid, x, n))
      g++
    }
    assert.ok(g > 50, `${g} generations`)
    assert.is(part.save(), whole.save())
    assert.equal(CMAES.load(part.save()).stop(), whole.stop())
  })
}

test('save keeps -0, NaN and infinities, and refuses what is not a state', () => {
  const es = new CMAES({
    mean: [-0, 1],
    sigma: 1,
    bounds: { lower: [Number.NEGATIVE_INFINITY, 0], upper: [Number.POSITIVE_INFINITY, 9] },
  })
  assert.ok(Object.is(es.best.x[0], -0))
  const back = CMAES.load(es.save())
  assert.ok(Object.is(back.best.x[0], -0))
  assert.is(back.best.fitness, Number.POSITIVE_INFINITY)
  assert.is(back.save(), es.save())
  for (const text of ['', '{', '{}', 'null', '{"format":"simcrank-cmaes","version":99}', es.save().slice(0, -20)])
    assert.throws(() => CMAES.load(text), code('STATE_FORMAT'))
})

test('a candidate is a function of seed, generation and member: the population size does not change it', () => {
  const small = new CMAES({ mean: [0, 0, 0], sigma: 1, seed: 7, popsize: 6 }).ask()
  const large = new CMAES({ mean: [0, 0, 0], sigma: 1, seed: 7, popsize: 60 }).ask()
  assert.equal([...large.subarray(0, 18)], [...small])
  const other = new CMAES({ mean: [0, 0, 0], sigma: 1, seed: 8, popsize: 6 }).ask()
  assert.ok(other.every((v, i) => v !== small[i]))
})

test('the same bits on every machine', () => {
  // FNV-1a over mean, C and step size of two runs; made on x86-64, Node 20
  let hash = 0xcbf29ce484222325n
  for (const n of [9, 45]) {
    const es = new CMAES({ mean: new Float64Array(n).fill(1), sigma: 1, seed: 1 })
    for (let g = 0; g < 100; g++) es.tell(evaluate(cigar, es.ask(), n))
    for (const v of new BigUint64Array(Float64Array.from([...es.mean, ...es.covariance(), es.sigma]).buffer))
      hash = BigInt.asUintN(64, (hash ^ v) * 0x100000001b3n)
  }
  assert.is(hash.toString(16), '42e58f75c9f57b52')
})

test('NaN ranks last, is never averaged, and a whole generation of it stops with a reason', () => {
  const n = 5
  // a third of the candidates fail
  const es = new CMAES({ mean: new Float64Array(n).fill(3), sigma: 1, seed: 1, ftarget: 1e-9 })
  const failing: Fitness = (x, a) => (x[a] > 3 || x[a + 1] < -0.5 ? Number.NaN : sphere(x, a, n))
  run(es, failing)
  assert.is(es.stop()?.code, 'ftarget')
  // one survivor: the mean moves to it, all of the way
  const one = new CMAES({ mean: new Float64Array(n), sigma: 1, seed: 2 })
  const x = one.ask()
  const f = new Float64Array(one.popsize).fill(Number.NaN)
  f[3] = 7
  one.tell(f)
  const expected = x.subarray(3 * n, 4 * n)
  one.mean.forEach((m, i) => {
    assert.ok(Math.abs(m - expected[i]) < 1e-14)
  })
  assert.is(one.best.fitness, 7)
  // none
  const none = new CMAES({ mean: new Float64Array(n), sigma: 1, seed: 2 })
  none.ask()
  none.tell(f.fill(Number.NaN))
  assert.is(none.stop()?.code, 'nan')
  assert.equal([...none.mean], [...new Float64Array(n)])
  assert.is(none.best.fitness, Number.POSITIVE_INFINITY)
  // and it can go on
  run(none, sphere, 1)
  assert.is(none.generation, 1, 'stopped')
  none.tell(evaluate(sphere, none.ask(), n))
  assert.is(none.stop(), undefined)
  // infinite fitness is a bad value like any other
  const wall = new CMAES({ mean: new Float64Array(n).fill(1), sigma: 1, seed: 3, ftarget: 1e-6 })
  run(wall, (p, a) => (p[a] < 0 ? Number.POSITIVE_INFINITY : sphere(p, a, n)))
  assert.is(wall.stop()?.code, 'ftarget')
})

test('each criterion ends a run made for it', () => {
  const cases: [StopCode, Partial<CMAESOptions>, Fitness][] = [
    ['ftarget', { ftarget: 1e-3 }, sphere],
    ['maxevaluations', { maxEvaluations: 100 }, sphere],
    ['maxiter', { maxiter: 20 }, sphere],
    ['tolfun', {}, sphere],
    // best always the same, the rest not
    ['tolfunhist', {}, (x, a, n) => (a === 0 ? 0 : 1 + sphere(x, a, n))],
    ['tolx', { tolfun: 0, tolfunhist: 0, tolxstagnation: 0 }, (x, a, n) => Math.sqrt(sphere(x, a, n))],
    [
      'tolfacupx',
      { sigma: 1e-6 },
      (x, a, n) =>
        sphere(
          x.slice(a, a + n).map(v => v - 50),
          0,
          n,
        ),
    ],
    ['flatfitness', { tolfunhist: 0, tolfun: 0 }, () => 3],
    ['condition', { conditionMax: 1e4, maxiter: 1e5 }, ellipsoid],
    [
      'xstagnation',
      { sigma: 1e-13, tolx: 0, tolfun: 0, tolfunhist: 0, tolfacupx: 0, ftarget: undefined, mean: [0, 0, 0, 0, 0] },
      (x, a) => x[a] ** 2 + (x[a + 1] > 0 ? 1 : 0) * 1e-30,
    ],
    [
      'noeffectcoord',
      { mean: [1e9, 1e9, 1e9, 1e9, 1e9], sigma: 1e-9, tolx: 0, tolfun: 0, tolfunhist: 0, tolxstagnation: 0 },
      (x, a, n) => sphere(x, a, n),
    ],
    ['stagnation', { tolfun: 0, tolfunhist: 0, tolx: 0, maxiter: 1e5 }, noisy()],
  ]
  for (const [expected, options, f] of cases) {
    const es = run(new CMAES({ mean: [2, 1, 3, 1, 2], sigma: 1, seed: 4, maxiter: 5000, ...options }), f)
    assert.is(es.stop()?.code, expected, `${expected}: ${es.stop()?.message}`)
    assert.ok((es.stop()?.message.length ?? 0) > 15)
  }
})

/** sphere under noise that never shrinks */
function noisy(): Fitness {
  let s = 1
  return (x, a, n) => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0
    return sphere(x, a, n) + (s >>> 0) / 2 ** 32
  }
}

test('the default limit of generations is 100 + 150 (n + 3)^2 / sqrt(lambda)', () => {
  assert.is(defaultMaxiter(2, 6), 1630)
  assert.is(defaultMaxiter(10, 10), 8116)
})

test('injected points are evaluated where they are and pull the mean, plausibly far', () => {
  const n = 10
  const target = new Float64Array(n).fill(40)
  const f: Fitness = (x, a) =>
    sphere(
      x.slice(a, a + n).map(v => v - 40),
      0,
      n,
    )
  const es = new CMAES({ mean: new Float64Array(n), sigma: 1, seed: 1 })
  es.inject(target)
  const saved = CMAES.load(es.save()).ask()
  const x = es.ask()
  assert.equal([...saved], [...x])
  assert.equal([...x.subarray(9 * n)], [...target])
  assert.throws(() => es.inject(target), code('CMA_ORDER'))
  es.tell(evaluate(f, x, n))
  assert.is(es.best.fitness, 0)
  assert.equal([...es.best.x], [...target])
  // a step of at most sqrt(n) + 2 n/(n+2) standard deviations, weighted by less than one half, among the others
  const moved = Math.sqrt(es.mean.reduce((s, v) => s + v * v, 0))
  assert.ok(moved > 1 && moved < 5, `moved ${moved}`)
  assert.not.equal([...es.ask().subarray(9 * n)], [...target])
})

test('bad options and wrong order are refused with their place', () => {
  const ok = { mean: [0, 0], sigma: 1 }
  for (const [options, expected] of [
    [{ ...ok, sigma: 0 }, 'CMA_SIGMA'],
    [{ ...ok, sigma: Number.NaN }, 'CMA_SIGMA'],
    [{ ...ok, mean: [] }, 'CMA_DIMENSION'],
    [{ ...ok, mean: [0, Number.NaN] }, 'CMA_POINT'],
    [{ ...ok, popsize: 2 }, 'CMA_POPSIZE'],
    [{ ...ok, std: [1] }, 'CMA_SIZE'],
    [{ ...ok, std: [1, -1] }, 'CMA_STD'],
    [{ ...ok, seed: 0.5 }, 'SEED'],
  ] as const)
    assert.throws(() => new CMAES(options), code(expected), JSON.stringify(options))
  const es = new CMAES(ok)
  assert.throws(() => es.tell([1, 2, 3]), code('CMA_ORDER'))
  es.ask()
  assert.throws(() => es.tell([1, 2, 3]), code('CMA_FITNESS'))
  es.tell(new Float64Array(es.popsize).map((_, i) => i))
  assert.throws(() => es.tell(new Float64Array(es.popsize)), code('CMA_ORDER'))
  for (const factor of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => es.scaleSigma(factor), code('CMA_SIGMA'))
})

test('what is handed out is a copy', () => {
  const es = new CMAES({ mean: [1, 2, 3], sigma: 1, seed: 1 })
  const before = es.save()
  es.mean.fill(9)
  es.best.x.fill(9)
  es.covariance().fill(9)
  es.ask().fill(9)
  assert.is(es.save(), before)
  assert.ok(es.ask().every(v => v !== 9))
})

test.run()
