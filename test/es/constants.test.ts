import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cmaConstants, defaultPopsize } from '../../bindings/es/index.js'

test('the table of constants, to its printed digits', () => {
  // n, lambda, mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu, sum of negative weights; pycma 4.5.0
  const rows: [number, number, string, string, string, string, string, string, string][] = [
    [5, 8, '2.6002', '.43397', '1.43397', '.45020', '.047292', '.047859', '-1.9882'],
    [10, 10, '3.1673', '.31961', '1.31961', '.29499', '.015284', '.023552', '-1.6489'],
    [20, 12, '3.7295', '.21435', '1.21435', '.17177', '.004372', '.009217', '-1.4744'],
    [40, 15, '4.5409', '.13758', '1.13758', '.09301', '.001169', '.003405', '-1.3434'],
    [20, 256, '66.858', '.50000', '7.84826', '.23929', '.003842', '.236441', '-.1607'],
    [20, 4096, '1030.87', '.50000', '32.5129', '.43705', '.001347', '.998653', '0'],
  ]
  for (const [n, lambda, ...printed] of rows) {
    const c = cmaConstants(n, lambda, { damping: 'pycma' })
    let negative = 0
    for (const w of c.weights) negative += Math.min(0, w)
    const values = [c.muEff, c.cSigma, c.dSigma, c.cc, c.c1, c.cmu, negative]
    values.forEach((v, i) => {
      const digits = (printed[i].split('.')[1] ?? '').length
      // half a unit of the last printed digit
      assert.ok(
        Math.abs(v - Number(printed[i])) <= 0.5001 * 10 ** -digits,
        `n ${n}, lambda ${lambda}, column ${i}: ${v}, printed ${printed[i]}`,
      )
    })
  }
})

test('tutorial damping: the same up to default populations, the plain formula above', () => {
  for (const n of [4, 5, 10, 20, 40, 200]) {
    const a = cmaConstants(n)
    const b = cmaConstants(n, a.lambda, { damping: 'pycma' })
    assert.equal([a.cSigma, a.dSigma], [b.cSigma, b.dSigma])
  }
  const { cSigma, dSigma, muEff } = cmaConstants(20, 256)
  assert.ok(Math.abs(cSigma - (muEff + 2) / (23 + muEff)) < 1e-15)
  assert.ok(Math.abs(dSigma - (1 + 2 * (Math.sqrt((muEff - 1) / 21) - 1) + cSigma)) < 1e-14)
})

test('weights for n = 10', () => {
  const { weights, mu } = cmaConstants(10)
  const printed = [0.4563, 0.2708, 0.1622, 0.0852, 0.0255, -0.08, -0.2218, -0.3446]
  printed.forEach((w, i) => {
    assert.ok(Math.abs(weights[i] - w) <= 0.50001e-4, `weight ${i}: ${weights[i]}, printed ${w}`)
  })
  assert.is(mu, 5)
  let sum = 0
  for (let i = 0; i < mu; i++) sum += weights[i]
  assert.ok(Math.abs(sum - 1) < 1e-15)
})

test('with the first limit active the covariance does not decay', () => {
  const c = cmaConstants(10)
  assert.ok(Math.abs(c.c1 + c.cmu * c.weightSum) < 1e-16)
})

test('default population, variants, limits', () => {
  for (const [n, popsize] of [
    [1, 4],
    [2, 6],
    [5, 8],
    [10, 10],
    [20, 12],
    [40, 15],
    [200, 19],
  ])
    assert.is(defaultPopsize(n), popsize)
  const passive = cmaConstants(10, 10, { active: false })
  assert.ok(passive.weights.every(w => w >= 0))
  const diagonal = cmaConstants(20, 12, { diagonal: true })
  assert.ok(Math.abs(diagonal.c1 - 1 / (20 + 2 * Math.sqrt(20) + diagonal.muEff / 20)) < 1e-16)
  assert.is(cmaConstants(20, 4096, { cmuMax: 0.5 }).cmu, 0.5)
  for (const n of [1, 2, 3, 1000]) {
    for (const lambda of [3, 4, 7, 100]) {
      const c = cmaConstants(n, lambda)
      assert.ok([c.muEff, c.cSigma, c.dSigma, c.cc, c.c1, c.cmu, c.weightSum].every(Number.isFinite), `${n}, ${lambda}`)
      assert.ok(c.c1 + c.cmu <= 1)
    }
  }
  for (const [n, lambda] of [
    [0, 5],
    [1.5, 5],
    [3, 2],
    [3, 4.5],
    [Number.NaN, 4],
  ]) {
    assert.throws(
      () => cmaConstants(n, lambda),
      (e: Error & { code?: string }) => e.code === 'CMA_DIMENSION' || e.code === 'CMA_POPSIZE',
    )
  }
})

test.run()
