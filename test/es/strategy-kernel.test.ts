/** Strategies on the kernels of assembly/es and on their plain TypeScript twin. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EsKernel } from '../../bindings/engine/es-kernel.js'
import {
  type Method,
  type MethodOptions,
  makeStrategy,
  materialise,
  type NoiseKernel,
} from '../../bindings/es/index.js'
import { makeNetwork } from '../../bindings/policy/network.js'
import { PERTURB } from '../../bindings/program.js'
import { ellipsoid } from './functions.js'
import { fitnessOf, run } from './policies.js'

const network = makeNetwork({ kind: 'mlp', hidden: [9], activation: 'tanh', output: 'none' }, 7, 3)
const n = network.nparam

const CASES: { [M in Method]?: Omit<MethodOptions[M], 'mean'>[] } = {
  'openai-es': [
    {},
    { estimator: 'vanilla' },
    { estimator: 'orthogonal' },
    { rank: 1, network },
    { rank: 3, network, optimizer: { kind: 'sgd', lr: 0.1 } },
    { shaping: 'raw' },
    { shaping: 'z-score' },
  ],
  ars: [{ npair: 30, top: 11 }],
  pgpe: [{}, { optimizer: { kind: 'adam', lr: 0.05 } }],
  snes: [{ popsize: 21 }],
}

for (const workers of [1, 3]) {
  test(`the kernels on ${workers} threads and plain TypeScript give the same bits`, async () => {
    const kernel: NoiseKernel & Disposable = await EsKernel.open(workers)
    for (const [method, cases] of Object.entries(CASES)) {
      for (const options of cases) {
        const make = (k?: NoiseKernel) =>
          makeStrategy(
            method as Method,
            { mean: new Float64Array(n).fill(0.5), seed: -7, kernel: k, ...options } as MethodOptions[Method],
          )
        // ties and failures among the fitness
        const spoil = (f: Float64Array) => f.map((v, k) => (k % 7 === 3 ? Number.NaN : Math.floor(v)))
        const fast = run(make(kernel), ellipsoid, 6, spoil)
        const plain = run(make(), ellipsoid, 6, spoil)
        assert.is(fast.generation, 6)
        assert.equal(fast.save(), plain.save(), `${method} ${JSON.stringify(options)}`)
      }
    }
    kernel[Symbol.dispose]()
  })
}

test('members are those the kernels make', async () => {
  const kernel = await EsKernel.open()
  for (const [method, options] of [
    ['openai-es', {}],
    ['openai-es', { estimator: 'vanilla' }],
    ['openai-es', { rank: 2, network }],
    ['pgpe', {}],
    ['snes', {}],
  ] as [Method, object][]) {
    const s = makeStrategy(method, { mean: new Float64Array(n).fill(0.5), seed: 3, ...options } as never)
    // sigmas that differ
    run(s, ellipsoid, 2)
    const population = s.ask()
    const { popsize, perturb, theta, sigma, sigmas, seed, generation, rank, matrices } = population
    for (let k = 0; k < popsize; k++) {
      const alone = perturb === PERTURB.INDEPENDENT
      const step = { sigma: sigmas ?? sigma, sign: alone || k % 2 === 0 ? 1 : -1, pair: alone ? k : k >> 1 } as const
      const x = kernel.perturb(theta, step, { seed, generation, nparam: n, rank, matrices })
      assert.equal(x, materialise(population, k), `${method} ${JSON.stringify(options)}, member ${k}`)
    }
    s.tell(fitnessOf(population, ellipsoid))
  }
  kernel.dispose()
})

test.run()
