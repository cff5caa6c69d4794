import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PGPE } from '../../bindings/es/index.js'
import { direction } from '../../bindings/es/noise-kernel.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { PERTURB } from '../../bindings/program.js'
import { sphere } from './functions.js'
import { fitnessOf } from './policies.js'

const noise = (seed: number, generation: number, nparam: number, pair: number) => {
  const z = new Float32Array(nparam)
  direction({ seed, generation, nparam }, pair, z)
  return z
}

test('one step by hand', () => {
  const es = new PGPE({
    mean: [1, 2, 3],
    npair: 2,
    sigma: 0.4,
    seed: 9,
    optimizer: { kind: 'sgd', lr: 10, momentum: 0 },
    maxChange: 0.9,
    sigmaLr: 0.5,
  })
  const population = es.ask()
  assert.is(population.perturb, PERTURB.ANTITHETIC)
  assert.equal([...(population.sigmas ?? [])], [0.4, 0.4, 0.4].map(Math.fround))
  // worst to best: 8, 4, 2, 1, so u = -1/2, 1/2, -1/6, 1/6 for the order told
  es.tell([8, 1, 4, 2])
  const a = [-0.5, -1 / 6]
  const s = [0, 0]
  for (let i = 0; i < 3; i++) {
    let gMu = 0
    let gSigma = 0
    for (let p = 0; p < 2; p++) {
      const z = noise(9, 0, 3, p)[i]
      gMu += (a[p] * 0.4 * z) / 2
      gSigma += (s[p] * 0.4 * (z * z - 1)) / 2
    }
    assert.ok(Math.abs(es.mean[i] - (i + 1 + 10 * gMu)) < 1e-6)
    assert.ok(Math.abs(es.sigmas[i] - (0.4 + 0.5 * gSigma)) < 1e-7)
  }
  // both members of pair 0 better than both of pair 1: u = 1/2, 1/6, -1/6, -1/2, s = 1/3, -1/3
  es.ask()
  es.tell([1, 2, 4, 8])
  for (let i = 0; i < 3; i++) {
    const [z0, z1] = [noise(9, 1, 3, 0)[i], noise(9, 1, 3, 1)[i]]
    const gSigma = (0.4 * (z0 * z0 - 1) - 0.4 * (z1 * z1 - 1)) / 3 / 2
    const expected = Math.min(Math.max(0.4 + 0.5 * gSigma, 0.04), 0.76)
    assert.ok(Math.abs(es.sigmas[i] - expected) < 1e-6, `${i}: ${es.sigmas[i]}, ${expected}`)
  }
})

test('a deviation changes by at most a fifth a generation, up and down', () => {
  const es = new PGPE({ mean: new Float64Array(50), npair: 10, sigma: 1, sigmaLr: 50, seed: 2 })
  const u = new Float64Array(20)
  let up = 0
  let down = 0
  for (let g = 0; g < 30; g++) {
    const before = es.sigmas
    es.ask()
    new Philox(5, STREAM.check).fillNormal(u, 0, g)
    es.tell(u)
    es.sigmas.forEach((s, i) => {
      const ratio = s / before[i]
      assert.ok(ratio >= 0.8 * (1 - 1e-15) && ratio <= 1.2 * (1 + 1e-15), `ratio ${ratio}`)
      if (ratio > 1.2 * (1 - 1e-12)) up++
      if (ratio < 0.8 * (1 + 1e-12)) down++
    })
  }
  // with this rate nearly all are at a limit
  assert.ok(up > 500 && down > 500 && up + down > 1400, `${up} up, ${down} down of 1500`)
})

test('the mean moves by at most maxSpeed a generation, and reaches it', () => {
  const es = new PGPE({
    mean: new Float64Array(30).fill(5),
    npair: 20,
    sigma: 0.1,
    seed: 3,
    optimizer: { kind: 'clipup', maxSpeed: 0.2 },
  })
  let fastest = 0
  for (let g = 0; g < 40; g++) {
    const before = es.mean
    es.tell(fitnessOf(es.ask(), sphere))
    fastest = Math.max(fastest, Math.sqrt(es.mean.reduce((a, v, i) => a + (v - before[i]) ** 2, 0)))
  }
  assert.ok(fastest < 0.2 * (1 + 1e-5) && fastest > 0.2 * (1 - 1e-5), `fastest ${fastest}`)
})

test('ClipUp speed defaults to |sigma| / 15', () => {
  const n = 400
  const es = new PGPE({ mean: new Float64Array(n).fill(50), npair: 30, sigma: 0.3, seed: 3 })
  let fastest = 0
  for (let g = 0; g < 40; g++) {
    const before = es.mean
    es.tell(fitnessOf(es.ask(), sphere))
    fastest = Math.max(fastest, Math.sqrt(es.mean.reduce((a, v, i) => a + (v - before[i]) ** 2, 0)))
  }
  // 0.3 sqrt(400) / 15
  assert.ok(Math.abs(fastest - 0.4) < 1e-3, `fastest ${fastest}`)
})

test.run()
