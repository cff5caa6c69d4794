/**
 * Linear algebra on the host: flat row-major Float64Array, a few hundred rows.
 */
import { ParameterError, SizeError } from '../errors.js'
import { highWord, pow2 } from './bits.js'
import { address, dense, scratch } from './dense.js'

/**
 * Eigendecomposition of symmetric matrices of one size: A = V' diag(values) V with the eigenvectors in the ROWS of V.
 *
 * Householder tridiagonalisation, then divide and conquer over implicit QL: householder.ts, divide.ts and ql.ts in assembly/host name the sources.
 */
export class SymmetricEigen {
  readonly n: number
  /** eigenvalues, ascending (n) */
  readonly values: Float64Array
  /** row j is the eigenvector of values[j], of length 1 (n, n) */
  readonly vectors: Float64Array

  constructor(n: number) {
    if (!(Number.isInteger(n) && n > 0))
      throw new SizeError('EIGEN_SIZE', `SymmetricEigen: got size ${n}, expected at least 1`)
    this.n = n
    this.values = new Float64Array(n)
    this.vectors = new Float64Array(n * n)
  }

  /**
   * @param a symmetric matrix (n, n); its lower triangle is read
   * @throws {ParameterError} EIGEN_NOT_FINITE when an entry is NaN or infinite, EIGEN_DIVERGED when an eigenvalue does not converge
   */
  compute(a: Float64Array): void {
    const { n, values, vectors } = this
    checkSize('SymmetricEigen.compute', a, n * n)
    let largest = 0
    // stays 0 as long as every entry is finite
    let poison = 0
    for (let i = 0; i < n; i++) {
      for (let k = i * n; k <= i * n + i; k++) {
        const t = Math.abs(a[k])
        poison += t - t
        if (t > largest) largest = t
      }
    }
    if (poison !== 0)
      throw new ParameterError(
        'EIGEN_NOT_FINITE',
        `eigendecomposition of a (${n}, ${n}) matrix with a NaN or infinite entry`,
      )
    // a power of two keeps squares in range and changes no digit
    const exponent = largest === 0 ? 0 : Math.min(1000, Math.max(-1000, 1023 - (highWord(largest) >>> 20)))
    const scale = pow2(exponent)
    const ld = n + (n & 1)
    const V = n * ld
    const D = 2 * n * ld
    const E = D + ld
    const H = E + ld
    const ORDER = H + ld
    const WORK = ORDER + ld
    const s = scratch(WORK + (2 * n + 8) * ld)
    for (let i = 0; i < n; i++) {
      const from = i * n
      const to = i * ld
      for (let j = 0; j <= i; j++) s[to + j] = a[from + j] * scale
    }
    const k = dense()
    k.tridiagonalize(n, address(0), ld, address(D), address(E), address(H), address(WORK))
    const failed = k.tridiagonalEigen(n, address(D), address(E), address(V), ld, address(ORDER), address(WORK))
    if (failed !== 0)
      throw new ParameterError('EIGEN_DIVERGED', `eigenvalue ${failed - 1} of a (${n}, ${n}) matrix did not converge`)
    k.backTransform(n, address(0), ld, address(H), address(V), address(WORK))
    const order = new Int32Array(s.buffer, address(ORDER), n)
    const unscale = pow2(-exponent)
    for (let j = 0; j < n; j++) {
      const from = V + order[j] * ld
      values[j] = s[D + order[j]] * unscale
      copy(s, from, vectors, j * n, n)
    }
  }
}

/**
 * C (m, n) = A (m, k) B (k, n), all row-major.
 *
 * @throws {SizeError} when a length does not fit
 */
export function matmul(m: number, n: number, k: number, a: Float64Array, b: Float64Array, c: Float64Array): void {
  if (a.length < m * k || b.length < k * n || c.length < m * n)
    throw new SizeError(
      'MATMUL_SIZE',
      `matmul: got lengths ${a.length}, ${b.length}, ${c.length}, expected ${m} x ${k}, ${k} x ${n}, ${m} x ${n}`,
    )
  const ld = n + (n & 1)
  const B = m * k + ((m * k) & 1)
  const C = B + k * ld
  const s = scratch(C + m * ld)
  s.set(a.length === m * k ? a : a.subarray(0, m * k))
  copyRows(b, n, s, B, ld, k, n)
  dense().matmul(m, n, k, address(0), k, address(B), ld, address(C), ld)
  for (let i = 0; i < m; i++) copy(s, C + i * ld, c, i * n, n)
}

/**
 * Lower triangle of C (n, n) = decay C + sum over k of weights[k] y_k y_k', y_k the rows of Y (count, n). The upper triangle of C
 * is left alone.
 *
 * @throws {SizeError} when a length does not fit
 */
export function rankUpdate(
  n: number,
  count: number,
  decay: number,
  weights: Float64Array,
  y: Float64Array,
  c: Float64Array,
): void {
  if (weights.length < count || y.length < count * n || c.length < n * n)
    throw new SizeError(
      'RANK_UPDATE_SIZE',
      `rankUpdate: got lengths ${weights.length}, ${y.length}, ${c.length}, expected ${count}, ${count} x ${n}, ${n} x ${n}`,
    )
  const ld = (n + 3) & ~3
  const B = count * ld
  const C = 2 * count * ld
  const s = scratch(C + ld * ld)
  for (let k = 0; k < count; k++) {
    const w = weights[k]
    const from = k * n
    const to = k * ld
    for (let i = 0; i < n; i++) {
      const t = y[from + i]
      s[B + to + i] = t
      s[to + i] = w * t
    }
    for (let i = n; i < ld; i++) {
      s[B + to + i] = 0
      s[to + i] = 0
    }
  }
  copyRows(c, n, s, C, ld, n, n)
  dense().rankUpdate(n, count, decay, address(0), address(B), ld, address(C))
  for (let i = 0; i < n; i++) copy(s, C + i * ld, c, i * n, i + 1)
}

function copyRows(
  from: Float64Array,
  stride: number,
  to: Float64Array,
  at: number,
  ld: number,
  rows: number,
  n: number,
) {
  if (stride === ld) {
    to.set(from.length === rows * n ? from : from.subarray(0, rows * n), at)
    return
  }
  for (let i = 0; i < rows; i++) copy(from, i * stride, to, at + i * ld, n)
}

/** Short runs by hand: a view costs more than 50 numbers. */
function copy(from: Float64Array, begin: number, to: Float64Array, at: number, count: number): void {
  if (count > 50) to.set(from.subarray(begin, begin + count), at)
  else for (let i = 0; i < count; i++) to[at + i] = from[begin + i]
}

/**
 * Cholesky factor in place: the lower triangle of A (n, n) becomes L with A = L L'. The upper triangle is not touched.
 *
 * @returns false when A is not positive definite (or not finite); A is then undefined
 */
export function choleskyFactor(a: Float64Array, n: number): boolean {
  checkSize('choleskyFactor', a, n * n)
  for (let i = 0; i < n; i++) {
    const row = i * n
    for (let j = 0; j < i; j++) {
      const other = j * n
      let t = a[row + j]
      for (let k = 0; k < j; k++) t -= a[row + k] * a[other + k]
      a[row + j] = t / a[other + j]
    }
    let d = a[row + i]
    for (let k = 0; k < i; k++) d -= a[row + k] * a[row + k]
    if (!(d > 0 && d < Number.POSITIVE_INFINITY)) return false
    a[row + i] = Math.sqrt(d)
  }
  return true
}

/** Solve L L' x = b in place of b (n), L from choleskyFactor. */
export function choleskySolve(l: Float64Array, n: number, b: Float64Array): void {
  checkSize('choleskySolve', l, n * n)
  checkSize('choleskySolve', b, n)
  for (let i = 0; i < n; i++) {
    let t = b[i]
    for (let k = 0; k < i; k++) t -= l[i * n + k] * b[k]
    b[i] = t / l[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    let t = b[i]
    for (let k = i + 1; k < n; k++) t -= l[k * n + i] * b[k]
    b[i] = t / l[i * n + i]
  }
}

/** Inverse (n, n) of L L' into `out`, both triangles, L from choleskyFactor. */
export function choleskyInverse(l: Float64Array, n: number, out: Float64Array): void {
  checkSize('choleskyInverse', out, n * n)
  const column = new Float64Array(n)
  for (let j = 0; j < n; j++) {
    column.fill(0)
    column[j] = 1
    choleskySolve(l, n, column)
    for (let i = 0; i < n; i++) out[i * n + j] = column[i]
  }
}

function checkSize(what: string, a: Float64Array, expected: number): void {
  if (a.length !== expected) throw new SizeError('MATRIX_SIZE', `${what}: got length ${a.length}, expected ${expected}`)
}
