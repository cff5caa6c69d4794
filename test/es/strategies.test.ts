import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Method,
  type MethodOptions,
  makeStrategy,
  materialise,
  type Schedule,
  type Strategy,
} from '../../bindings/es/index.js'
import { makeNetwork } from '../../bindings/policy/network.js'
import { ellipsoid, sphere } from './functions.js'
import { fitnessOf, run } from './policies.js'

const code = (expected: string) => (e: Error & { code?: string }) => e.code === expected

type Variant = { [M in Method]: [M, Omit<MethodOptions[M], 'mean'>] }[Method]
const make = ([method, options]: Variant, n = 8, at = 1): Strategy =>
  makeStrategy(method, { mean: new Float64Array(n).fill(at), ...options } as MethodOptions[Method])
const decay = (start: number, factor: number): Schedule => ({ kind: 'exponential', start, decay: factor })

const network = makeNetwork({ kind: 'linear', bias: true, output: 'none' }, 3, 2)

/** Every method, and every option with a state or a population of its own. */
const VARIANTS: Record<string, Variant> = {
  'openai-es': ['openai-es', { seed: 5 }],
  vanilla: ['openai-es', { seed: 5, estimator: 'vanilla', popsize: 13 }],
  forward: ['openai-es', { seed: 5, estimator: 'forward', popsize: 12 }],
  rademacher: ['openai-es', { seed: 5, estimator: 'rademacher' }],
  orthogonal: ['openai-es', { seed: 5, estimator: 'orthogonal', norms: 'sqrt', npair: 12 }],
  'low rank': ['openai-es', { seed: 5, rank: 1, network, sigma: decay(0.1, 0.9) }],
  momentum: ['openai-es', { seed: 5, optimizer: { kind: 'sgd', lr: decay(0.5, 0.95) } }],
  ars: ['ars', { seed: 5, npair: 9, top: 4 }],
  pgpe: ['pgpe', { seed: 5 }],
  'pgpe with Adam': ['pgpe', { seed: 5, optimizer: { kind: 'adam', lr: 0.05 }, weightDecay: 0.01 }],
  snes: ['snes', { seed: 5 }],
  'cma-es': ['cma-es', { seed: 5 }],
  'sep-cma-es': ['sep-cma-es', { seed: 5, popsize: 11 }],
}
const LEARNS_BY_RANK = Object.keys(VARIANTS).filter(name => name !== 'ars')
const IS_CMA = (name: string) => name.includes('cma')

for (const [name, variant] of Object.entries(VARIANTS)) {
  test(`${name}: resumed equals uninterrupted, bit for bit`, () => {
    const whole = run(make(variant), ellipsoid, 11)
    const cut = run(make(variant), ellipsoid, 4)
    const state = structuredClone(cut.save())
    // what happens to the other run after saving does not reach the state
    run(cut, sphere, 2)
    const resumed = make(variant)
    run(resumed, sphere, 3)
    resumed.restore(state)
    assert.is(resumed.generation, 4)
    assert.equal(resumed.save(), state)
    run(resumed, ellipsoid, 7)
    assert.equal(resumed.save(), whole.save())
    assert.equal(resumed.ask(), whole.ask())
    assert.equal(resumed.stop(), whole.stop())
  })

  test(`${name}: a generation that is asked and not told is asked again after restore`, () => {
    const a = run(make(variant), sphere, 3)
    const population = structuredClone(a.ask())
    const b = make(variant)
    b.restore(structuredClone(a.save()))
    assert.equal(structuredClone(b.ask()), population)
  })

  test(`${name}: ask and tell take turns, tell takes popsize numbers`, () => {
    const s = make(variant)
    assert.throws(() => s.tell(new Float64Array(s.popsize)), code('ES_ORDER'))
    const population = s.ask()
    assert.is(population.popsize, s.popsize)
    assert.throws(() => s.ask(), code('ES_ORDER'))
    assert.throws(() => s.tell(new Float64Array(s.popsize - 1)), code('ES_FITNESS'))
    assert.throws(() => s.tell([]), code('ES_FITNESS'))
    assert.is(s.generation, 0)
    s.tell(fitnessOf(population, sphere))
    assert.is(s.generation, 1)
    assert.throws(() => s.tell(new Float64Array(s.popsize)), code('ES_ORDER'))
  })

  test(`${name}: a state of another method, version or size is refused, whole`, () => {
    const s = run(make(variant), sphere, 2)
    const before = s.save()
    const changed = structuredClone(run(make(variant), ellipsoid, 3).save())
    const other = make(IS_CMA(name) ? VARIANTS.pgpe : VARIANTS['cma-es'])
    assert.throws(() => s.restore(other.save()), code('STRATEGY_STATE'))
    assert.throws(() => s.restore({ ...before, version: 99 }), code('STRATEGY_STATE'))
    assert.throws(() => s.restore({ ...before, numbers: { ...before.numbers, dimension: 9 } }), code('STRATEGY_STATE'))
    assert.throws(() => s.restore({ ...before, numbers: { ...before.numbers, popsize: 3 } }), code('STRATEGY_STATE'))
    // each array in turn is missing or too short
    for (const array of Object.keys(before.arrays)) {
      for (const value of [undefined, before.arrays[array].slice(1)]) {
        const arrays = { ...changed.arrays, [array]: value } as typeof before.arrays
        assert.throws(() => s.restore({ ...changed, arrays }), code('STRATEGY_STATE'), array)
      }
    }
    assert.equal(s.save(), before)
  })

  test(`${name}: nothing finite is no step, and said`, () => {
    const s = run(make(variant), sphere, 2)
    const before = s.mean
    s.ask()
    s.tell(new Float64Array(s.popsize).fill(Number.NaN))
    assert.equal(s.mean, before)
    assert.is(s.stop()?.code, 'nan')
    const resumed = make(variant)
    resumed.restore(s.save())
    assert.is(resumed.stop()?.code, 'nan')
    // the next generation is another one, and may succeed
    s.tell(fitnessOf(s.ask(), sphere))
    assert.is(s.stop(), undefined)
    assert.not.equal(s.mean, before)
  })

  test(`${name}: another seed is another run`, () => {
    const [method, options] = variant
    const other = make([method, { ...options, seed: 6 }] as Variant)
    assert.not.equal(run(other, sphere, 3).mean, run(make(variant), sphere, 3).mean)
  })
}

for (const name of LEARNS_BY_RANK) {
  test(`${name}: only ranks matter, to the bit`, () => {
    const plain = run(make(VARIANTS[name]), ellipsoid, 10)
    const changed = run(make(VARIANTS[name]), ellipsoid, 10, f => f.map(v => Math.log(v) ** 3 - 7))
    assert.equal(changed.mean, plain.mean)
    // the text of CMA-ES records the fitness itself
    if (!IS_CMA(name)) assert.equal(changed.save(), plain.save())
  })

  test(`${name}: NaN and infinities rank as the worst`, () => {
    const spoil = (values: readonly number[]) => (f: Float64Array) =>
      f.map((v, k) => (k % 5 === 1 ? values[k % values.length] : v))
    const bad = run(make(VARIANTS[name]), sphere, 6, spoil([Number.NaN, Number.POSITIVE_INFINITY]))
    const worse = run(make(VARIANTS[name]), sphere, 6, spoil([Number.NEGATIVE_INFINITY, Number.NaN]))
    assert.equal(bad.mean, worse.mean)
    if (IS_CMA(name)) return
    const worst = run(make(VARIANTS[name]), sphere, 6, spoil([1e300]))
    assert.equal(bad.mean, worst.mean)
  })
}

for (const [name, variant] of Object.entries(VARIANTS)) {
  if (IS_CMA(name)) continue
  test(`${name}: ties give no step, though the optimiser was moving`, () => {
    const s = run(make(variant), sphere, 4)
    const before = s.save()
    s.ask()
    s.tell(new Float64Array(s.popsize).fill(3.25))
    const after = s.save()
    assert.equal(after.arrays, before.arrays)
    assert.equal(after.numbers, { ...before.numbers, generation: 5 })
  })
}

test('what the population says is what materialise makes: antithetic around the mean', () => {
  const s = make(VARIANTS.pgpe)
  const population = s.ask()
  for (let p = 0; p < s.popsize / 2; p++) {
    const plus = materialise(population, 2 * p)
    const minus = materialise(population, 2 * p + 1)
    plus.forEach((v, i) => {
      assert.ok(Math.abs((v + minus[i]) / 2 - 1) < 1e-7 && v !== minus[i])
    })
  }
})

test.run()
