import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { boxQP, cholesky, choleskySolve, quadratic, symmetricEigen } from '../../bindings/sysid/linear.js'

/** A small generator of repeatable numbers in [-1, 1) for tests. */
function lcg(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2147483648 - 1
  }
}

function randomSpd(n: number, random: () => number, ridge: number): Float64Array {
  const b = Float64Array.from({ length: n * n }, random)
  const a = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) a[i * n + j] += b[i * n + k] * b[j * n + k]
    }
    a[i * n + i] += ridge
  }
  return a
}

test('cholesky solves, and refuses what is not positive definite', () => {
  const random = lcg(1)
  const n = 6
  const a = randomSpd(n, random, 0.1)
  const x = Float64Array.from({ length: n }, random)
  const b = Float64Array.from({ length: n }, (_, i) => x.reduce((sum, v, j) => sum + a[i * n + j] * v, 0))
  const l = Float64Array.from(a)
  assert.ok(cholesky(l, n))
  choleskySolve(l, n, b)
  for (let i = 0; i < n; i++) assert.ok(Math.abs(b[i] - x[i]) < 1e-10)
  assert.not.ok(cholesky(Float64Array.of(1, 1, 1, 1), 2))
  assert.not.ok(cholesky(Float64Array.of(1, 2, 2, 1), 2))
})

test('eigen: the Hilbert matrix of order 5 has its published eigenvalues', () => {
  const n = 5
  const h = Float64Array.from({ length: n * n }, (_, k) => 1 / (Math.floor(k / n) + (k % n) + 1))
  const { values, vectors } = symmetricEigen(h, n)
  // MATLAB documentation of hilb and Fettis and Caslin (1967): smallest 3.2879287721718e-6, largest 1.5670506910982
  const expected = [
    3.28792877217186e-6, 3.05898040151191e-4, 1.14074916234198e-2, 2.0853421861101e-1, 1.5670506910982307,
  ]
  for (let k = 0; k < n; k++) assert.ok(Math.abs(values[k] / expected[k] - 1) < 1e-9, `${values[k]} ${expected[k]}`)
  // A v = lambda v
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      let av = 0
      for (let j = 0; j < n; j++) av += h[i * n + j] * vectors[k * n + j]
      assert.ok(Math.abs(av - values[k] * vectors[k * n + i]) < 1e-14)
    }
  }
})

test('boxQP equals the best of all active sets', () => {
  const random = lcg(7)
  const n = 4
  let bounded = 0
  for (let trial = 0; trial < 300; trial++) {
    const h = randomSpd(n, random, trial % 3 === 0 ? 1e-6 : 0.05)
    const g = Float64Array.from({ length: n }, () => 3 * random())
    const lower = Float64Array.from({ length: n }, () => -0.1 - Math.abs(random()))
    const upper = Float64Array.from({ length: n }, () => 0.1 + Math.abs(random()))
    const { x, active, ok } = boxQP(h, g, lower, upper)
    assert.ok(ok)
    const best = enumerate(h, g, lower, upper)
    assert.ok(
      quadratic(h, g, x) <= best + 1e-9 * Math.max(1, Math.abs(best)),
      `trial ${trial}: ${quadratic(h, g, x)} ${best}`,
    )
    for (let i = 0; i < n; i++) assert.ok(x[i] >= lower[i] && x[i] <= upper[i])
    if (active.some(a => a !== 0)) bounded++
  }
  assert.ok(bounded > 100, `only ${bounded} trials had an active bound`)
})

/** Lowest value over all 3^n choices of free, lower and upper that are feasible. */
function enumerate(h: Float64Array, g: Float64Array, lower: Float64Array, upper: Float64Array): number {
  const n = g.length
  let best = Number.POSITIVE_INFINITY
  for (let code = 0; code < 3 ** n; code++) {
    const x = new Float64Array(n)
    const free: number[] = []
    let rest = code
    for (let i = 0; i < n; i++) {
      const choice = rest % 3
      rest = Math.floor(rest / 3)
      if (choice === 0) free.push(i)
      else x[i] = choice === 1 ? lower[i] : upper[i]
    }
    const m = free.length
    const block = new Float64Array(m * m)
    const b = new Float64Array(m)
    free.forEach((i, p) => {
      b[p] = -g[i]
      for (let j = 0; j < n; j++) b[p] -= h[i * n + j] * x[j]
      free.forEach((j, q) => {
        block[p * m + q] = h[i * n + j]
      })
    })
    if (m > 0) {
      if (!cholesky(block, m)) continue
      choleskySolve(block, m, b)
    }
    let inside = true
    free.forEach((i, p) => {
      x[i] = b[p]
      if (x[i] < lower[i] || x[i] > upper[i]) inside = false
    })
    if (inside) best = Math.min(best, quadratic(h, g, x))
  }
  return best
}

test.run()
