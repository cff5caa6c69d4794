import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SizeError } from '../../bindings/errors.js'
import { type DistributionSpec, type MarginalSpec, ParameterDistribution } from '../../bindings/model/distribution.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { refused } from './parameter-error.js'
import { arm } from './parameter-model.js'

const near = (a: number, b: number, tolerance: number, what: string): void =>
  assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a}, expected ${b} within ${tolerance}`)

/** one parameter, bounds [0.5, 2.5] */
const line = async (transform: 'linear' | 'log' | 'logit' = 'linear'): Promise<ParameterSpace> =>
  ParameterSpace.from(await arm(), [{ path: 'joint/elbow/damping', name: 'x', min: 0.5, max: 2.5, transform }])

/** three parameters, one of each transform */
const box = async (): Promise<ParameterSpace> =>
  ParameterSpace.from(await arm(), [
    { path: 'joint/elbow/damping', name: 'a', min: 0.5, max: 2.5 },
    { path: 'joint/elbow/armature', name: 'b', min: 0.01, max: 1, transform: 'log' },
    { path: 'joint/elbow/frictionloss', name: 'c', min: 0, max: 1, transform: 'logit' },
  ])

/** Simpson's rule */
function integrate(f: (x: number) => number, from: number, to: number, n = 4000): number {
  const h = (to - from) / n
  let sum = 0
  for (let i = 0; i <= n; i++) sum += f(from + i * h) * (i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2)
  return (sum * h) / 3
}

/** marginals with a density, and where it lives */
const MARGINALS: readonly [spec: MarginalSpec, from: number, to: number][] = [
  [{ kind: 'uniform' }, 0.5, 2.5],
  [{ kind: 'uniform', min: 1, max: 1.2 }, 1, 1.2],
  [{ kind: 'log-uniform' }, 0.5, 2.5],
  [{ kind: 'log-uniform', min: 0.6, max: 0.7 }, 0.6, 0.7],
  [{ kind: 'normal', mean: 1, std: 0.3 }, -2, 4],
  [{ kind: 'truncated-normal', mean: 1, std: 0.3 }, 0.5, 2.5],
  [{ kind: 'truncated-normal', mean: 1, std: 5, min: 0.6, max: 0.9 }, 0.6, 0.9],
  // all of it in the upper, in the lower tail
  [{ kind: 'truncated-normal', mean: 0, std: 0.1, min: 1, max: 2 }, 1, 2],
  [{ kind: 'truncated-normal', mean: 5, std: 0.3 }, 0.5, 2.5],
  // narrow against its std
  [{ kind: 'truncated-normal', mean: 1.4, std: 1, min: 1.2, max: 1.2000001 }, 1.2, 1.2000001],
  [
    {
      kind: 'mixture',
      weights: [1, 3],
      components: [
        { kind: 'normal', mean: 1, std: 0.1 },
        { kind: 'truncated-normal', mean: 1.6, std: 0.1, min: 0.9, max: 2.3 },
      ],
    },
    0,
    3,
  ],
]

for (const [spec, from, to] of MARGINALS) {
  const name = JSON.stringify(spec)
  test(`${name}: density, moments and samples agree`, async () => {
    const space = await line()
    const distribution = ParameterDistribution.from(space, { x: spec })
    const density = (x: number): number => Math.exp(distribution.logpdf([x]))
    near(integrate(density, from, to), 1, 2e-7, 'integral')
    assert.is(distribution.logpdf([from - 1e3]) < -1e4, true)
    const mean = integrate(x => x * density(x), from, to)
    const std = Math.sqrt(integrate(x => (x - mean) * (x - mean) * density(x), from, to))
    near(distribution.mean()[0], mean, 1e-6 * std + 1e-9, 'mean')
    near(distribution.std()[0] / std, 1, 3e-6, 'std')
    // the empirical distribution function against the integral of the density (Kolmogorov's distance)
    const n = 20000
    const sorted = distribution.sample(n, 7).sort()
    let worst = 0
    let mass = 0
    const panels = 400
    const width = (to - from) / panels
    let below = 0
    for (let k = 1; k <= panels; k++) {
      const edge = from + k * width
      mass += integrate(density, edge - width, edge, 20)
      while (below < n && sorted[below] <= edge) below++
      worst = Math.max(worst, Math.abs(below / n - mass))
    }
    // 1.95/sqrt(n) is exceeded by chance once in 1000 seeds
    assert.ok(worst < 1.95 / Math.sqrt(n), `Kolmogorov's distance ${worst}`)
    // tails: the mean of the samples within 4 standard errors
    near(sorted.reduce((a, b) => a + b, 0) / n, mean, (4 * std) / Math.sqrt(n), 'sample mean')
  })
}

test('bounded kinds never leave their bounds', async () => {
  const space = await line()
  const number = fc.double({ min: 0.5, max: 2.5, noNaN: true })
  fc.assert(
    fc.property(
      fc.constantFrom('uniform', 'log-uniform', 'truncated-normal'),
      number,
      number,
      fc.double({ min: -3, max: 6, noNaN: true }),
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      fc.integer(),
      (kind, a, b, mean, std, seed) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)]
        fc.pre(min < max)
        const spec = (kind === 'truncated-normal' ? { kind, mean, std, min, max } : { kind, min, max }) as MarginalSpec
        const samples = ParameterDistribution.from(space, { x: spec }).sample(200, seed)
        return samples.every(v => v >= min && v <= max)
      },
    ),
    { seed: 31, numRuns: 300 },
  )
})

test('truncated normal: published moments of the half-normal and of a far tail', async () => {
  const space = ParameterSpace.from(await arm(), [{ path: 'joint/elbow/damping', name: 'x', min: 0, max: 1000 }])
  const half = ParameterDistribution.from(space, { x: { kind: 'truncated-normal', mean: 0, std: 1 } })
  near(half.mean()[0], Math.sqrt(2 / Math.PI), 1e-13, 'mean')
  near(half.std()[0], Math.sqrt(1 - 2 / Math.PI), 1e-13, 'std')
  near(half.logpdf([0]), Math.log(2 / Math.sqrt(2 * Math.PI)), 1e-14, 'density at 0')
  // Mills' ratio at 30: mean of the tail is phi(30)/Q(30) = 30.0332596674337 (50-digit arithmetic)
  const tail = ParameterDistribution.from(space, { x: { kind: 'truncated-normal', mean: 0, std: 1, min: 30 } })
  near(tail.mean()[0], 30.0332596674337, 1e-11, 'tail mean')
  assert.match(
    refused(() => ParameterDistribution.from(space, { x: { kind: 'truncated-normal', mean: 0, std: 1, min: 40 } }))
      .message,
    /more than 37 std/,
  )
})

test('a joint normal in z: log-normal and logit-normal marginals, correlation, density', async () => {
  const space = await box()
  const mean = [0.1, -0.2, 0.3]
  const covariance = [
    [0.04, 0.018, -0.006],
    [0.018, 0.09, 0.012],
    [-0.006, 0.012, 0.0225],
  ]
  const d = ParameterDistribution.normal(space, mean, covariance.flat())
  // natural samples, back in z
  const n = 40000
  const theta = d.sample(n, 3)
  const z = Array.from({ length: n }, (_, r) => [0, 1, 2].map(i => space.transform(i).toZ(theta[3 * r + i])))
  const average = (f: (row: number[]) => number): number => z.reduce((sum, row) => sum + f(row), 0) / n
  for (let i = 0; i < 3; i++) {
    near(
      average(r => r[i]),
      mean[i],
      (4 * Math.sqrt(covariance[i][i])) / Math.sqrt(n),
      `mean of z${i}`,
    )
    for (let j = 0; j <= i; j++) {
      const error = Math.sqrt((covariance[i][i] * covariance[j][j] + covariance[i][j] ** 2) / n)
      near(
        average(r => (r[i] - mean[i]) * (r[j] - mean[j])),
        covariance[i][j],
        4 * error,
        `covariance ${i} ${j}`,
      )
    }
    // moments in natural units
    const natural = Array.from({ length: n }, (_, r) => theta[3 * r + i])
    const m = natural.reduce((a, b) => a + b, 0) / n
    const s = Math.sqrt(natural.reduce((a, b) => a + (b - m) * (b - m), 0) / n)
    near(d.mean()[i], m, (4 * s) / Math.sqrt(n), `natural mean ${i}`)
    near(d.std()[i] / s, 1, 0.05, `natural std ${i}`)
  }
  // log-normal in closed form: log b = -1/2 log 100 + z log 10
  const sigma = 0.3 * Math.log(10)
  const mu = Math.log(0.1) - 0.2 * Math.log(10)
  near(d.mean()[1], Math.exp(mu + (sigma * sigma) / 2), 1e-14, 'log-normal mean')
  near(d.std()[1], d.mean()[1] * Math.sqrt(Math.exp(sigma * sigma) - 1), 1e-14, 'log-normal std')
  // the density, integrated over two of three with the third at its conditional place, equals the analytic marginal
  const sub = ParameterSpace.from(await arm(), [
    { path: 'joint/elbow/armature', name: 'b', min: 0.01, max: 1, transform: 'log' },
    { path: 'joint/elbow/frictionloss', name: 'c', min: 0, max: 1, transform: 'logit' },
  ])
  const two = ParameterDistribution.normal(sub, [-0.2, 0.3], [0.09, 0.012, 0.012, 0.0225])
  // a logit parameter lives in its box widened by 1/98
  const low = -1 / 98
  const inner = (b: number): number => integrate(c => Math.exp(two.logpdf([b, c])), low, 1 - low, 400)
  const total = integrate(t => inner(Math.exp(t)) * Math.exp(t), Math.log(1e-4), Math.log(50), 400)
  near(total, 1, 1e-6, 'integral over both')
  const marginal = Math.exp(-0.5 * ((Math.log(0.1) - mu) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI) * 0.1)
  near(inner(0.1) / marginal, 1, 1e-6, 'marginal density')
})

test('a joint normal of natural values, beside independent factors', async () => {
  const space = await box()
  const d = ParameterDistribution.from(space, [
    {
      kind: 'joint-normal',
      parameters: ['c', 'a'],
      domain: 'natural',
      mean: [0.4, 1.5],
      covariance: [
        [0.01, 0.012],
        [0.012, 0.04],
      ],
    },
    { parameter: 'b', kind: 'log-uniform' },
  ])
  assert.equal(
    Array.from(d.mean()).map(v => Math.round(v * 1e6) / 1e6),
    [1.5, Math.round((0.99 / Math.log(100)) * 1e6) / 1e6, 0.4],
  )
  // density of the pair, by hand: determinant 0.01*0.04 - 0.012^2
  const det = 0.01 * 0.04 - 0.012 * 0.012
  const [dc, da] = [0.05, -0.1]
  const q = (0.04 * dc * dc - 2 * 0.012 * dc * da + 0.01 * da * da) / det
  const expected = -q / 2 - Math.log(2 * Math.PI * Math.sqrt(det)) - Math.log(0.2 * Math.log(100))
  near(d.logpdf([1.4, 0.2, 0.45]), expected, 1e-12, 'logpdf')
  const n = 20000
  const theta = d.sample(n, 11)
  let cross = 0
  for (let r = 0; r < n; r++) cross += (theta[3 * r] - 1.5) * (theta[3 * r + 2] - 0.4)
  near(cross / n, 0.012, 4 * Math.sqrt((0.04 * 0.01 + 0.012 * 0.012) / n), 'covariance')
})

test('mixtures of whole distributions: weights, moments, density', async () => {
  const space = await box()
  const a = ParameterDistribution.point(space, [1, 0.1, 0.5])
  const b = ParameterDistribution.uniform(space)
  const d = ParameterDistribution.mixture([1, 3], [a, b])
  const n = 20000
  const theta = d.sample(n, 5)
  let points = 0
  for (let r = 0; r < n; r++) if (theta[3 * r] === 1 && theta[3 * r + 1] === 0.1 && theta[3 * r + 2] === 0.5) points++
  near(points / n, 0.25, 4 * Math.sqrt((0.25 * 0.75) / n), 'share of the point')
  for (let i = 0; i < 3; i++) {
    const mean = 0.25 * a.mean()[i] + 0.75 * b.mean()[i]
    near(d.mean()[i], mean, 1e-14, 'mean')
    const second = 0.25 * a.mean()[i] ** 2 + 0.75 * (b.std()[i] ** 2 + b.mean()[i] ** 2)
    near(d.std()[i], Math.sqrt(second - mean * mean), 1e-12, 'std')
  }
  near(d.logpdf([2, 0.5, 0.2]), Math.log(0.75) + b.logpdf([2, 0.5, 0.2]), 1e-14, 'logpdf')
  // log density of the uniform: 1/2, 1/(b log 100), 1
  near(b.logpdf([2, 0.5, 0.2]), -Math.log(2) - Math.log(0.5 * Math.log(100)), 1e-14, 'uniform')
  assert.is(d.logpdf([3, 0.5, 0.2]), Number.NEGATIVE_INFINITY)
})

test('samples are a function of seed and row alone', async () => {
  const space = await box()
  const spec: DistributionSpec = {
    kind: 'mixture',
    weights: [0.3, 0.7],
    components: [
      {
        kind: 'product',
        factors: [
          { parameter: 'a', kind: 'normal', mean: 1, std: 0.1 },
          { parameter: 'b', kind: 'uniform' },
          { parameter: 'c', kind: 'point', value: 0.5 },
        ],
      },
      {
        kind: 'product',
        factors: [
          {
            kind: 'joint-normal',
            parameters: ['a', 'b', 'c'],
            mean: [0, 0, 0],
            covariance: [
              [0.1, 0.01, 0],
              [0.01, 0.1, 0],
              [0, 0, 0.1],
            ],
          },
        ],
      },
    ],
  }
  const d = ParameterDistribution.from(space, spec)
  const ten = d.sample(10, 42)
  assert.equal(d.sample(5, 42), ten.slice(0, 15))
  assert.equal(d.sample(3, 42, 7), ten.slice(21))
  assert.not.equal(d.sample(10, 43), ten)
  // no two rows, and no two parameters of a row, share numbers
  const uniform = ParameterDistribution.uniform(
    ParameterSpace.from(await arm(), [
      { path: 'joint/elbow/damping', min: 0, max: 1 },
      { path: 'joint/rail/damping', min: 0, max: 1 },
    ]),
  )
  assert.is(new Set(uniform.sample(1000, 1)).size, 2000)
  // beyond 2^32 rows the counter goes on
  assert.not.equal(d.sample(1, 1, 2 ** 32), d.sample(1, 1, 0))
  // pinned: these bits are part of saved results
  assert.equal(Array.from(uniform.sample(2, 1)), PINNED)
})

/** uniform.sample(2, 1) above; recomputed from Philox4x32-10 in an independent Python implementation */
const PINNED = [0.41143846023753483, 0.14499311810983084, 0.5123172682018994, 0.7970116435698865]

test('toJSON and fromJSON keep every bit', async () => {
  const space = await box()
  const all = [
    ParameterDistribution.point(space),
    ParameterDistribution.uniform(space),
    ParameterDistribution.normal(space, [0.1, 0.2, 0.3], [0.3, 0.1, 0, 0.1, 0.2, 0.05, 0, 0.05, 0.1]),
    ParameterDistribution.from(space, {
      a: { kind: 'truncated-normal', mean: 1.1, std: 0.3, min: 0.7 },
      b: {
        kind: 'mixture',
        weights: [1, 2],
        components: [
          { kind: 'point', value: 0.1 },
          { kind: 'log-uniform', max: 0.5 },
        ],
      },
      c: { kind: 'normal', mean: 1 / 3, std: 0.1 },
    }),
  ]
  all.push(ParameterDistribution.mixture([1, 2, 3, 4], all))
  for (const d of all) {
    const text = JSON.stringify(d)
    const back = ParameterDistribution.fromJSON(space, text)
    assert.equal(back.sample(20, 9), d.sample(20, 9))
    assert.equal([back.mean(), back.std()], [d.mean(), d.std()])
    assert.is(JSON.stringify(back), text)
    assert.equal(ParameterDistribution.fromJSON(space, d.toJSON()).mean(), d.mean())
  }
})

test('a distribution that makes no sense is refused with what and where', async () => {
  const space = await box()
  const rest = { b: { kind: 'uniform' }, c: { kind: 'uniform' } }
  const message = (spec: unknown): string => refused(() => ParameterDistribution.fromJSON(space, spec)).message
  const a = (marginal: unknown): unknown => ({ a: marginal, ...rest })
  const joint = (change: object): unknown => [
    {
      kind: 'joint-normal',
      parameters: ['a', 'b', 'c'],
      mean: [0, 0, 0],
      covariance: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      ...change,
    },
  ]
  const cases: [spec: unknown, what: RegExp][] = [
    [rest, /no distribution for 'a'/],
    [a({ kind: 'unifrom' }), /a\.kind: there is no such kind: choose one of point, uniform/],
    [a({ kind: 'uniform', low: 1 }), /unknown key 'low'/],
    [a({ kind: 'uniform', min: 2, max: 1 }), /wrong way round/],
    [a({ kind: 'uniform', min: 0 }), /min 0 of 'a' is outside its bounds \[0.5, 2.5\]/],
    [a({ kind: 'point', value: 9 }), /outside its bounds/],
    [a({ kind: 'normal', mean: 1, std: 0 }), /std must be above 0, got 0/],
    [a({ kind: 'normal', mean: 1 }), /expected a number, got nothing/],
    [a({ kind: 'mixture', weights: [1], components: [] }), /expected a list of components/],
    [a({ kind: 'mixture', weights: [1, 1], components: [{ kind: 'uniform' }] }), /got 2 weights for 1 components/],
    [a({ kind: 'mixture', weights: [0], components: [{ kind: 'uniform' }] }), /weight must be above 0/],
    [{ ...(a({ kind: 'uniform' }) as object), d: { kind: 'uniform' } }, /'d' is no parameter of the space; nearest:/],
    [
      [
        { parameter: 'a', kind: 'uniform' },
        { parameter: 'a', kind: 'uniform' },
      ],
      /'a' is named twice/,
    ],
    [
      { a: { kind: 'uniform' }, b: { kind: 'uniform' }, c: { kind: 'log-uniform' } },
      /log-uniform needs bounds above 0/,
    ],
    [joint({ mean: [0, 0] }), /got 2 elements, expected 3/],
    [
      joint({
        covariance: [
          [1, 2, 0],
          [2, 1, 0],
          [0, 0, 1],
        ],
      }),
      /not positive definite \(row 1\)/,
    ],
    [
      joint({
        covariance: [
          [1, 0.2, 0],
          [0.1, 1, 0],
          [0, 0, 1],
        ],
      }),
      /not symmetric: \[1\]\[0\] 0\.1, \[0\]\[1\] 0\.2/,
    ],
    [joint({ domain: 'z' }), /expected 'normalized' or 'natural'/],
    ['{"kind": "mixture", "weights": [1], "components": [[]], "x": 1}', /line 1:62 x: unknown key 'x'/],
    [3, /expected a distribution, got 3/],
  ]
  for (const [spec, what] of cases) assert.match(message(spec), what)
  const size = (run: () => unknown): void => assert.throws(run, (e: unknown) => e instanceof SizeError)
  size(() => ParameterDistribution.point(space, [1]))
  size(() => ParameterDistribution.normal(space, [0, 0, 0], [1]))
  size(() => ParameterDistribution.uniform(space).logpdf([1]))
  size(() => ParameterDistribution.uniform(space).sample(-1, 0))
  size(() => ParameterDistribution.uniform(space).sample(1, 0.5))
  size(() => ParameterDistribution.mixture([], []))
})

test.run()
