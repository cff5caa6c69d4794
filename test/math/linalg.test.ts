import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dense } from '../../bindings/math/dense.js'
import {
  choleskyFactor,
  choleskyInverse,
  choleskySolve,
  matmul,
  rankUpdate,
  SymmetricEigen,
} from '../../bindings/math/linalg.js'
import { Philox, STREAM } from '../../bindings/math/philox.js'
import { committedDense, compileDense } from './build-dense.js'

const random = new Philox(20, STREAM.check)
/** n x n normal numbers */
function normal(n: number, pair: number): Float64Array {
  const a = new Float64Array(n * n)
  random.fillNormal(a, pair, n)
  return a
}

/** Q diag(values) Q' with a random orthogonal Q, from Gram-Schmidt, done twice */
function withSpectrum(values: ArrayLike<number>, pair: number): Float64Array {
  const n = values.length
  const q = normal(n, pair)
  for (let i = 0; i < n; i++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        let t = 0
        for (let k = 0; k < n; k++) t += q[i * n + k] * q[j * n + k]
        for (let k = 0; k < n; k++) q[i * n + k] -= t * q[j * n + k]
      }
    }
    let s = 0
    for (let k = 0; k < n; k++) s += q[i * n + k] * q[i * n + k]
    for (let k = 0; k < n; k++) q[i * n + k] /= Math.sqrt(s)
  }
  const a = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) a[i * n + j] += values[k] * q[k * n + i] * q[k * n + j]
    }
  }
  return a
}

/** largest errors of A = V' D V and V V' = 1, in units of eps |A| and eps, and whether values ascend */
function quality(a: Float64Array, e: SymmetricEigen): { residual: number; orthogonality: number; ascending: boolean } {
  const { n, values, vectors } = e
  let norm = 0
  for (const v of values) norm = Math.max(norm, Math.abs(v))
  let residual = 0
  let orthogonality = 0
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let s = 0
      let o = 0
      for (let k = 0; k < n; k++) {
        s += vectors[k * n + i] * values[k] * vectors[k * n + j]
        o += vectors[i * n + k] * vectors[j * n + k]
      }
      residual = Math.max(residual, Math.abs(s - a[i * n + j]))
      orthogonality = Math.max(orthogonality, Math.abs(o - (i === j ? 1 : 0)))
    }
  }
  let ascending = true
  for (let i = 1; i < n; i++) ascending &&= values[i] >= values[i - 1]
  return {
    residual: norm === 0 ? 0 : residual / norm / Number.EPSILON,
    orthogonality: orthogonality / Number.EPSILON,
    ascending,
  }
}

/** backward error of a stable method grows slowly with n; this is what LAPACK's own tests allow, 30 n eps, sharpened */
const limit = (n: number): number => 10 + n

function checkEigen(name: string, a: Float64Array, n: number): SymmetricEigen {
  const e = new SymmetricEigen(n)
  e.compute(a)
  const q = quality(a, e)
  assert.ok(q.residual <= limit(n), `${name}: residual ${q.residual} eps`)
  assert.ok(q.orthogonality <= limit(n), `${name}: orthogonality ${q.orthogonality} eps`)
  assert.ok(q.ascending, `${name}: ascending`)
  return e
}

test('eigen: random symmetric matrices of every small size, and across the divide', () => {
  for (const n of [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 34, 35, 36, 37, 41, 63, 64, 65, 66, 67, 70, 101, 130,
  ]) {
    const a = normal(n, 0)
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j]
    checkEigen(`random ${n}`, a, n)
  }
})

test('eigen: known spectra are found: clustered, repeated, graded, of either sign', () => {
  const n = 90
  const spectra: Record<string, (i: number) => number> = {
    spread: i => i + 1,
    'two clusters': i => (i < 40 ? 1 : 3) + i * 1e-15,
    'one cluster': i => 1 + i * 1e-13,
    'all but one equal': i => (i === 0 ? 1e6 : 1),
    graded: i => 10 ** (-14 + (14 * i) / 89),
    'plus and minus': i => (i - 44.5) ** 3,
    'rank 5': i => (i < 85 ? 0 : i),
  }
  for (const [name, f] of Object.entries(spectra)) {
    const values = Array.from({ length: n }, (_, i) => f(i))
    const e = checkEigen(name, withSpectrum(values, 1), n)
    values.sort((x, y) => x - y)
    const norm = Math.max(...values.map(Math.abs))
    values.forEach((v, i) => {
      assert.ok(Math.abs(v - e.values[i]) <= 1e-13 * norm, `${name}: value ${i} is ${e.values[i]}, expected ${v}`)
    })
  }
})

test('eigen: matrices with closed-form eigenvalues', () => {
  // second difference: 2 - 2 cos(k pi/(n+1))
  const n = 120
  const a = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    a[i * n + i] = 2
    if (i > 0) a[i * n + i - 1] = -1
    if (i + 1 < n) a[i * n + i + 1] = -1
  }
  const e = checkEigen('second difference', a, n)
  for (let k = 0; k < n; k++) {
    const exact = 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1))
    assert.ok(Math.abs(e.values[k] - exact) < 1e-14, `value ${k}`)
  }
  for (const [name, entry] of [
    ['zero', () => 0],
    ['identity', (i: number, j: number) => (i === j ? 1 : 0)],
    ['all ones', () => 1],
    ['diagonal', (i: number, j: number) => (i === j ? 50 - i : 0)],
    ['tiny', (i: number, j: number) => 1e-300 * (i === j ? 2 : 1 / (1 + i + j))],
    ['huge', (i: number, j: number) => 1e300 * (i === j ? 2 : 1 / (1 + i + j))],
  ] as const) {
    const m = 50
    const b = Float64Array.from({ length: m * m }, (_, p) => entry(Math.floor(p / m), p % m))
    checkEigen(name, b, m)
  }
})

test('eigen: glued Wilkinson matrices, whose eigenvalues pair up to rounding', () => {
  const block = 21
  const n = 5 * block
  const a = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    a[i * n + i] = Math.abs((i % block) - 10)
    if (i > 0) {
      const t = i % block === 0 ? 1e-7 : 1
      a[i * n + i - 1] = t
      a[(i - 1) * n + i] = t
    }
  }
  checkEigen('glued Wilkinson', a, n)
})

test('eigen: an entry that is no number is refused', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const a = Float64Array.from([1, 0, 0, bad, 1, 0, 0, 0, 1])
    assert.throws(
      () => new SymmetricEigen(3).compute(a),
      (e: Error & { code?: string }) => e.code === 'EIGEN_NOT_FINITE',
    )
  }
  assert.throws(
    () => new SymmetricEigen(3).compute(new Float64Array(8)),
    (e: Error & { code?: string }) => e.code === 'MATRIX_SIZE',
  )
})

test('products agree with plain sums for every remainder of the blocking', () => {
  for (const [m, n, k] of [
    [1, 1, 1],
    [3, 5, 7],
    [4, 4, 4],
    [5, 6, 3],
    [8, 9, 10],
    [10, 13, 2],
    [19, 50, 50],
  ]) {
    const a = new Float64Array(m * k)
    const b = new Float64Array(k * n)
    random.fillNormal(a, 2, m)
    random.fillNormal(b, 3, n)
    const c = new Float64Array(m * n).fill(9)
    matmul(m, n, k, a, b, c)
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let s = 0
        for (let l = 0; l < k; l++) s += a[i * k + l] * b[l * n + j]
        assert.ok(Math.abs(s - c[i * n + j]) < 1e-13, `${m} ${n} ${k}: ${i}, ${j}`)
      }
    }
    // n x n from m rows of length n
    const w = new Float64Array(m)
    random.fillNormal(w, 4, m)
    const y = new Float64Array(m * n)
    random.fillNormal(y, 5, m)
    const start = normal(n, 6)
    const u = Float64Array.from(start)
    rankUpdate(n, m, 0.5, w, y, u)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let s = start[i * n + j]
        if (j <= i) {
          s *= 0.5
          for (let l = 0; l < m; l++) s += w[l] * y[l * n + i] * y[l * n + j]
        }
        assert.ok(Math.abs(s - u[i * n + j]) < 1e-13, `rank update ${m} ${n}: ${i}, ${j}`)
      }
    }
  }
})

test('cholesky: factor, solve and inverse; an indefinite matrix is refused', () => {
  const n = 30
  const values = Array.from({ length: n }, (_, i) => 1 + i)
  const a = withSpectrum(values, 7)
  const l = Float64Array.from(a)
  assert.is(choleskyFactor(l, n), true)
  const x = new Float64Array(n)
  random.fillNormal(x, 8, 0)
  const b = new Float64Array(n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) b[i] += a[i * n + j] * x[j]
  choleskySolve(l, n, b)
  for (let i = 0; i < n; i++) assert.ok(Math.abs(b[i] - x[i]) < 1e-13)
  const inverse = new Float64Array(n * n)
  choleskyInverse(l, n, inverse)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let s = 0
      for (let k = 0; k < n; k++) s += inverse[i * n + k] * a[k * n + j]
      assert.ok(Math.abs(s - (i === j ? 1 : 0)) < 1e-13)
    }
  }
  assert.is(choleskyFactor(Float64Array.from([1, 2, 2, 1]), 2), false)
  assert.is(choleskyFactor(Float64Array.from([1, 0, Number.NaN, 1]), 2), false)
})

test('the committed kernels are what their source compiles to', async () => {
  assert.is(committedDense(), await compileDense())
  assert.ok(dense().memory instanceof WebAssembly.Memory)
})

test.run()
