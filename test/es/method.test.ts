import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ParameterError, TaskError } from '../../bindings/errors.js'
import { isMethod, METHODS, type Method, type MethodOptions, makeStrategy } from '../../bindings/es/index.js'
import { makeNetwork } from '../../bindings/policy/network.js'
import { sphere } from './functions.js'
import { run } from './policies.js'

const make = (method: string, options: object = {}, n = 20) =>
  makeStrategy(method as Method, { mean: new Float64Array(n), ...options } as MethodOptions[Method])

test('every method by its name', () => {
  assert.equal([...METHODS], ['openai-es', 'ars', 'pgpe', 'snes', 'cma-es', 'sep-cma-es'])
  for (const method of METHODS) {
    const s = make(method)
    assert.is(s.method, method)
    assert.is(s.dimension, 20)
    assert.is(s.generation, 0)
    assert.equal([...s.mean], [...new Float32Array(20)])
    assert.is(s.normalizes, true)
    assert.is(s.stop(), undefined)
  }
  assert.ok(isMethod('pgpe') && !isMethod('toString') && !isMethod('PGPE'))
})

test('default populations grow with the logarithm of the dimension', () => {
  const sizes = (method: string) => [1, 100, 5000].map(n => make(method, {}, n).popsize)
  assert.equal(sizes('openai-es'), [16, 72, 120])
  assert.equal(sizes('ars'), [16, 72, 120])
  assert.equal(sizes('pgpe'), [16, 72, 120])
  assert.equal(sizes('snes'), [4, 17, 29])
  assert.equal(sizes('sep-cma-es'), [4, 17, 29])
  assert.is(make('cma-es', {}, 100).popsize, 17)
  assert.is(make('ars', { npair: 7 }).popsize, 14)
})

test('a method that does not exist', () => {
  assert.throws(
    () => make('ppo'),
    (e: TaskError) => e instanceof TaskError && e.code === 'ES_METHOD' && /'ppo'.*openai-es, ars, pgpe/.test(e.message),
  )
})

const network = makeNetwork({ kind: 'linear', bias: true, output: 'none' }, 3, 2)

test("an option that is not the method's, or makes no sense, is named", () => {
  const refused: [method: string, options: object, place: string, message: RegExp][] = [
    ['ars', { sigmaa: 1 }, 'ars.sigmaa', /unknown option.*npair, top, stepSize, version/],
    ['ars', { optimizer: { kind: 'adam' } }, 'ars.optimizer', /unknown/],
    ['ars', { npair: 8, top: 9 }, 'ars.top', /got 9, expected a whole number from 1 to 8/],
    ['ars', { popsize: 7 }, 'ars.popsize', /got 7, expected an even number/],
    ['ars', { popsize: 8, npair: 5 }, 'ars.popsize', /2 npair = 10/],
    ['ars', { sigma: 0 }, 'ars.sigma', /got 0, expected a positive number/],
    ['ars', { stepSize: -1 }, 'ars.stepSize', /got -1/],
    ['ars', { version: 'v3' }, 'ars.version', /'v3', expected one of 'v1', 'v2'/],
    ['openai-es', { mean: [] }, 'openai-es.mean', /at least one/],
    ['openai-es', { mean: [1, Number.NaN] }, 'openai-es.mean[1]', /NaN/],
    ['openai-es', { estimator: 'guided' }, 'openai-es.estimator', /guided/],
    ['openai-es', { estimator: 'vanilla', npair: 4 }, 'openai-es.npair', /popsize instead/],
    ['openai-es', { estimator: 'forward', popsize: 1 }, 'openai-es.popsize', /got 1/],
    ['openai-es', { npair: 1.5 }, 'openai-es.npair', /1\.5/],
    ['openai-es', { shaping: 'sign' }, 'openai-es.shaping', /ranks/],
    ['openai-es', { norms: 'one' }, 'openai-es.norms', /chi/],
    ['openai-es', { weightDecay: -1 }, 'openai-es.weightDecay', /at least 0/],
    ['openai-es', { sigma: { kind: 'exponential', start: 1, decay: 2 } }, 'openai-es.sigma.decay', /at most 1/],
    ['openai-es', { rank: 1 }, 'openai-es.network', /rank/],
    ['openai-es', { rank: 0, network }, 'openai-es.rank', /at least 1/],
    ['openai-es', { rank: 1, network }, 'openai-es.network', /8 parameters, expected mean.length = 20/],
    ['openai-es', { rank: 1, network, estimator: 'orthogonal' }, 'openai-es.rank', /antithetic/],
    ['openai-es', { optimizer: { kind: 'adam', lr: 0 } }, 'openai-es.optimizer.lr', /positive/],
    ['pgpe', { maxChange: 1 }, 'pgpe.maxChange', /below 1/],
    ['pgpe', { sigmaLr: Number.NaN }, 'pgpe.sigmaLr', /NaN/],
    ['snes', { npair: 3 }, 'snes.npair', /unknown/],
    ['snes', { popsize: 1 }, 'snes.popsize', /got 1/],
    ['snes', { popsize: 1_000_001 }, 'snes.popsize', /got 1000001, expected .* to 1000000/],
    ['openai-es', { popsize: 1_000_002 }, 'openai-es.popsize', /got 1000002, expected .* to 1000000/],
    ['openai-es', { estimator: 'vanilla', popsize: 1_000_001 }, 'openai-es.popsize', /got 1000001/],
    ['pgpe', { npair: 500_001 }, 'pgpe.npair', /got 500001/],
    ['cma-es', { popsize: 1_000_001 }, 'cma-es.popsize', /got 1000001/],
    [
      'sep-cma-es',
      { mean: new Float64Array(3000), popsize: 100_000 },
      'sep-cma-es.popsize',
      /got 100000, expected at most 89478: .* 100000 \* 3000 numbers of 4 bytes, and 1 GiB is the most/,
    ],
    [
      'openai-es',
      { mean: new Float64Array(3000), popsize: 100_000, estimator: 'orthogonal' },
      'openai-es.popsize',
      /1 GiB/,
    ],
    ['snes', { muLr: 0 }, 'snes.muLr', /positive/],
    ['cma-es', { sigma: -0.1 }, 'cma-es.sigma', /-0\.1/],
    ['cma-es', { diagonal: true }, 'cma-es.diagonal', /unknown/],
    ['cma-es', { mean: new Float64Array(5000) }, 'cma-es.mean', /5000 parameters.*sep-cma-es/],
  ]
  for (const [method, options, place, message] of refused)
    assert.throws(
      () => make(method, options),
      (e: ParameterError) =>
        e instanceof ParameterError && e.code === 'ES_OPTION' && e.place === place && message.test(e.message),
      `${method} ${JSON.stringify(options)}`,
    )
  for (const method of METHODS)
    assert.throws(
      () => make(method, { seed: 0.5 }),
      (e: Error & { code?: string }) => e.code === 'SEED',
      method,
    )
})

test('undefined options take their defaults', () => {
  for (const method of METHODS) {
    const options = { popsize: undefined, sigma: undefined, seed: undefined }
    assert.equal(run(make(method, options), sphere, 2).ask(), run(make(method), sphere, 2).ask(), method)
  }
})

test.run()
