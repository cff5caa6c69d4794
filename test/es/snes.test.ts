import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SNES } from '../../bindings/es/index.js'
import { direction } from '../../bindings/es/noise-kernel.js'
import { snesUtilities } from '../../bindings/es/snes.js'
import { PERTURB } from '../../bindings/program.js'

test('utilities of four: ln 3 and ln 3 - ln 2, normalised, less a quarter', () => {
  const a = Math.log(3)
  const b = Math.log(1.5)
  const expected = [a / (a + b) - 0.25, b / (a + b) - 0.25, -0.25, -0.25]
  snesUtilities(4).forEach((u, k) => {
    assert.ok(Math.abs(u - expected[k]) < 1e-15)
  })
  for (const lambda of [2, 3, 10, 101]) assert.ok(Math.abs(snesUtilities(lambda).reduce((a, b) => a + b, 0)) < 1e-14)
})

test('one step by hand', () => {
  const n = 3
  const es = new SNES({ mean: [1, 2, 3], popsize: 4, sigma: 0.4, seed: 9 })
  const population = es.ask()
  assert.is(population.perturb, PERTURB.INDEPENDENT)
  // best to worst: members 2, 0, and 1 with 3
  es.tell([2, 5, 1, Number.NaN])
  const [u1, u2, u3] = snesUtilities(4)
  const u = [u2, u3, u1, u3]
  const eta = (3 + Math.log(n)) / (5 * Math.sqrt(n))
  for (let i = 0; i < n; i++) {
    let gMu = 0
    let gSigma = 0
    for (let k = 0; k < 4; k++) {
      const z = new Float32Array(n)
      direction({ seed: 9, generation: 0, nparam: n }, k, z)
      gMu += u[k] * z[i]
      gSigma += u[k] * (z[i] * z[i] - 1)
    }
    assert.ok(Math.abs(es.mean[i] - (i + 1 + 0.4 * gMu)) < 1e-6)
    assert.ok(Math.abs(es.sigmas[i] / (0.4 * Math.exp((eta / 2) * gSigma)) - 1) < 1e-6)
  }
})

test.run()
