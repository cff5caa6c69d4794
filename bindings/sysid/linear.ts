/** Small dense symmetric problems of identification: a few dozen parameters, row-major Float64Array. */

/**
 * Cholesky factor L of a symmetric positive definite matrix, in place in the lower triangle.
 *
 * @param a (n, n) row-major; the lower triangle is read and overwritten with L
 * @returns false when a pivot is not positive (the matrix is not positive definite to working precision)
 */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    let pivot = a[j * n + j]
    for (let k = 0; k < j; k++) pivot -= a[j * n + k] * a[j * n + k]
    // a pivot lost to rounding counts as zero, not as a tiny positive number
    if (!(pivot > 1e-14 * a[j * n + j])) return false
    const d = Math.sqrt(pivot)
    a[j * n + j] = d
    for (let i = j + 1; i < n; i++) {
      let sum = a[i * n + j]
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k]
      a[i * n + j] = sum / d
    }
  }
  return true
}

/** Solves L Lᵀ x = b in place, L from `cholesky`; b (n). */
export function choleskySolve(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i]
    for (let k = 0; k < i; k++) sum -= l[i * n + k] * b[k]
    b[i] = sum / l[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]
    for (let k = i + 1; k < n; k++) sum -= l[k * n + i] * b[k]
    b[i] = sum / l[i * n + i]
  }
}

/** Eigenvalues (ascending) and eigenvectors (row k belongs to value k) of a symmetric matrix. */
export interface Eigen {
  readonly values: Float64Array
  readonly vectors: Float64Array
}

/**
 * Symmetric eigendecomposition by cyclic Jacobi rotations: slow and very accurate, also for tiny eigenvalues.
 * Golub and Van Loan, Matrix Computations, 4th edition, algorithm 8.5.3.
 *
 * @param matrix (n, n) symmetric; not changed
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = Float64Array.from(matrix)
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[i * n + i] = 1
  let scale = 0
  for (let i = 0; i < n * n; i++) scale = Math.max(scale, Math.abs(a[i]))

  // 60 sweeps are far beyond the quadratic convergence any finite matrix shows
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off = Math.max(off, Math.abs(a[i * n + j]))
    if (!(off > 1e-18 * scale)) break
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q)
    }
  }

  // sort ascending
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i * n + i] - a[j * n + j])
  const values = new Float64Array(n)
  const vectors = new Float64Array(n * n)
  for (let k = 0; k < n; k++) {
    values[k] = a[order[k] * n + order[k]]
    for (let i = 0; i < n; i++) vectors[k * n + i] = v[i * n + order[k]]
  }
  return { values, vectors }
}

/** One Jacobi rotation in the plane (p, q): zeroes a[p][q], accumulates the columns of v. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]
  if (apq === 0) return
  const tau = (a[q * n + q] - a[p * n + p]) / (2 * apq)
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau))
  const c = 1 / Math.sqrt(1 + t * t)
  const s = t * c
  for (let k = 0; k < n; k++) {
    const x = a[k * n + p]
    const y = a[k * n + q]
    a[k * n + p] = c * x - s * y
    a[k * n + q] = s * x + c * y
  }
  for (let k = 0; k < n; k++) {
    const x = a[p * n + k]
    const y = a[q * n + k]
    a[p * n + k] = c * x - s * y
    a[q * n + k] = s * x + c * y
  }
  for (let k = 0; k < n; k++) {
    const x = v[k * n + p]
    const y = v[k * n + q]
    v[k * n + p] = c * x - s * y
    v[k * n + q] = s * x + c * y
  }
}

/** What `boxQP` found. */
export interface BoxQPResult {
  /** the minimiser (n) */
  readonly x: Float64Array
  /** -1 on the lower bound, 1 on the upper, 0 free (n) */
  readonly active: Int8Array
  /** false when the matrix of the free variables was not positive definite */
  readonly ok: boolean
}

/**
 * Exact minimiser of ½ xᵀHx + gᵀx in a box, by projected Newton steps on the free variables.
 * Tassa, Mansard and Todorov, "Control-limited differential dynamic programming", ICRA 2014, section IV.
 *
 * @param hessian (n, n) symmetric positive definite
 * @param gradient (n)
 * @param lower (n), upper (n) bounds, lower <= 0 <= upper not required
 */
export function boxQP(
  hessian: Float64Array,
  gradient: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
): BoxQPResult {
  const n = gradient.length
  const x = new Float64Array(n)
  for (let i = 0; i < n; i++) x[i] = Math.min(upper[i], Math.max(lower[i], 0))
  const active = new Int8Array(n)
  const slope = new Float64Array(n)
  const trial = new Float64Array(n)

  // each pass either changes the active set or ends at the minimiser: finitely many for a convex problem
  for (let pass = 0; pass < 100 + 10 * n; pass++) {
    quadraticSlope(hessian, gradient, x, slope)
    const free: number[] = []
    for (let i = 0; i < n; i++) {
      active[i] = x[i] <= lower[i] && slope[i] > 0 ? -1 : x[i] >= upper[i] && slope[i] < 0 ? 1 : 0
      if (active[i] === 0) free.push(i)
    }
    if (free.length === 0) return { x, active, ok: true }

    // newton step of the free variables
    const m = free.length
    const block = new Float64Array(m * m)
    const step = new Float64Array(m)
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) block[i * m + j] = hessian[free[i] * n + free[j]]
      step[i] = -slope[free[i]]
    }
    if (!cholesky(block, m)) return { x, active, ok: false }
    choleskySolve(block, m, step)

    // the full step where it stays inside is the answer for this active set
    let inside = true
    for (let i = 0; i < m; i++) {
      const to = x[free[i]] + step[i]
      if (to < lower[free[i]] || to > upper[free[i]]) inside = false
    }
    if (inside) {
      let moved = 0
      let size = 0
      for (let i = 0; i < m; i++) {
        x[free[i]] += step[i]
        moved = Math.max(moved, Math.abs(step[i]))
        size = Math.max(size, Math.abs(x[free[i]]))
      }
      if (moved <= 1e-12 * (size + 1e-300)) return { x, active, ok: true }
      continue
    }

    // projected line search with the armijo condition
    const before = quadratic(hessian, gradient, x)
    let descent = 0
    for (let i = 0; i < m; i++) descent += slope[free[i]] * step[i]
    let length = 1
    let found = false
    for (; length > 1e-20; length *= 0.5) {
      trial.set(x)
      for (let i = 0; i < m; i++) {
        const k = free[i]
        trial[k] = Math.min(upper[k], Math.max(lower[k], x[k] + length * step[i]))
      }
      let expected = 0
      for (let i = 0; i < m; i++) expected += slope[free[i]] * (trial[free[i]] - x[free[i]])
      if (quadratic(hessian, gradient, trial) <= before + 0.1 * Math.min(expected, 0)) {
        found = true
        break
      }
    }
    // no descent left at working precision
    if (!found || descent >= 0) return { x, active, ok: true }
    x.set(trial)
  }
  return { x, active, ok: true }
}

function quadraticSlope(h: Float64Array, g: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = g.length
  for (let i = 0; i < n; i++) {
    let sum = g[i]
    for (let j = 0; j < n; j++) sum += h[i * n + j] * x[j]
    out[i] = sum
  }
}

/** ½ xᵀHx + gᵀx. */
export function quadratic(h: Float64Array, g: Float64Array, x: Float64Array): number {
  const n = g.length
  let value = 0
  for (let i = 0; i < n; i++) {
    let sum = 0
    for (let j = 0; j < n; j++) sum += h[i * n + j] * x[j]
    value += x[i] * (0.5 * sum + g[i])
  }
  return value
}
