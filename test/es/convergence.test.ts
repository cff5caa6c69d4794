/** What every method reaches on known functions. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Method, type MethodOptions, makeStrategy, type Schedule } from '../../bindings/es/index.js'
import { ellipsoid, type Fitness, rosenbrock, sphere } from './functions.js'
import { atMean, run } from './policies.js'

interface Problem {
  readonly f: Fitness
  readonly n: number
  /** start, each coordinate */
  readonly at: number
}
const SPHERE: Problem = { f: sphere, n: 10, at: 1 }
const ELLIPSOID: Problem = { f: ellipsoid, n: 10, at: 1 }
const ROSENBROCK: Problem = { f: rosenbrock, n: 5, at: 0 }

const decay = (start: number, factor: number): Schedule => ({ kind: 'exponential', start, decay: factor })
const adam = (start: number, factor: number) => ({ kind: 'adam', lr: decay(start, factor) }) as const
const annealed = { popsize: 20, weightDecay: 0, sigma: decay(0.1, 0.98) } as const
const slowly = { popsize: 20, weightDecay: 0, sigma: decay(0.1, 0.995) } as const

type Case<M extends Method> = [
  method: M,
  options: Omit<MethodOptions[M], 'mean'>,
  problem: Problem,
  generations: number,
  reached: number,
]

/** f(mean) after so many generations; `reached` is twice the worst of a hundred seeds. */
const CASES: { [M in Method]: Case<M> }[Method][] = [
  ['openai-es', { ...annealed, estimator: 'vanilla', optimizer: adam(0.1, 0.98) }, SPHERE, 300, 1e-6],
  ['openai-es', { ...annealed, estimator: 'forward', optimizer: adam(0.1, 0.98) }, SPHERE, 300, 3e-6],
  ['openai-es', { ...annealed, estimator: 'antithetic', optimizer: adam(0.1, 0.98) }, SPHERE, 300, 8e-7],
  ['openai-es', { ...annealed, estimator: 'rademacher', optimizer: adam(0.1, 0.98) }, SPHERE, 300, 9e-7],
  ['openai-es', { ...annealed, estimator: 'orthogonal', optimizer: adam(0.1, 0.98) }, SPHERE, 300, 8e-8],
  ['openai-es', { ...annealed, shaping: 'z-score', optimizer: adam(0.1, 0.98) }, SPHERE, 300, 1e-6],
  [
    'openai-es',
    { ...annealed, optimizer: { kind: 'clipup', maxSpeed: 0.2, lr: decay(0.1, 0.98) } },
    SPHERE,
    300,
    1.4e-5,
  ],
  ['openai-es', { ...annealed, optimizer: { kind: 'sgd', lr: decay(1, 0.98) } }, SPHERE, 300, 3e-7],
  ['openai-es', { ...slowly, optimizer: adam(0.05, 0.995) }, ROSENBROCK, 1500, 1.5e-3],
  ['ars', { npair: 10, top: 10 }, SPHERE, 300, 4e-18],
  ['ars', { npair: 10, top: 5 }, SPHERE, 300, 7e-3],
  ['ars', { npair: 10, stepSize: decay(0.02, 0.998) }, ROSENBROCK, 1500, 0.21],
  ['pgpe', { popsize: 20, sigma: 0.1 }, SPHERE, 300, 5.5e-3],
  ['pgpe', { popsize: 20, sigma: 0.1, optimizer: adam(0.1, 0.98) }, SPHERE, 300, 3e-10],
  ['pgpe', { popsize: 20, sigma: 0.1, optimizer: adam(0.05, 0.995) }, ROSENBROCK, 1500, 0.24],
  ['snes', {}, SPHERE, 300, 2e-13],
  ['snes', { popsize: 20 }, ELLIPSOID, 300, 5e-13],
  ['snes', { popsize: 40 }, ROSENBROCK, 1500, 0.31],
  ['cma-es', {}, SPHERE, 150, 5e-8],
  ['cma-es', { popsize: 10 }, ROSENBROCK, 200, 3e-7],
  ['sep-cma-es', {}, SPHERE, 150, 2.5e-9],
  ['sep-cma-es', { popsize: 10 }, ROSENBROCK, 400, 0.9],
]

for (const [i, [method, options, { f, n, at }, generations, reached]] of CASES.entries()) {
  test(`${i}, ${method} on ${f.name}: ${reached} after ${generations} generations`, () => {
    let worst = 0
    for (let seed = 0; seed < 3; seed++) {
      const start = { mean: new Float64Array(n).fill(at), seed, ...options } as MethodOptions[Method]
      worst = Math.max(worst, atMean(run(makeStrategy(method, start), f, generations), f))
    }
    assert.ok(worst <= reached, `got ${worst}`)
  })
}

test.run()
