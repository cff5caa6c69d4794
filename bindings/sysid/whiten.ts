import { symmetricEigen } from './linear.js'
import type { InitialUncertainty, Series } from './statistics.js'

/** Rounds that settle noise levels and the states' spread. */
const ROUNDS = 12

/** The states' variance is first taken this many times too large, so that parameters are not asked to explain it. */
const WIDE = 100

/**
 * Takes the error of measured initial states out of residuals. A segment that starts from a state wrong by δ ~ N(0, P) has
 * residuals noise + X δ, covariance D + X P Xᵀ with D the channels' noise; multiplied by
 * W = D^½ (I + D^-½ X P Xᵀ D^-½)^-½ D^-½ they are white again, and least squares on them is generalised least squares, with
 * the initial states integrated out (Seber and Wild, Nonlinear Regression, 1989, §2.8.4).
 *
 * D is estimated from the residuals. P is the filter's, widened (never narrowed) for each joint to what the residuals say,
 * by expectation-maximisation: a filter's bias at a kink is no noise.
 */
export class Whitener {
  /** noise level of every channel, in weighted residuals */
  readonly sigma: Float64Array
  /** (nsegment, k) most likely error of the initial states, given the residuals */
  readonly error: Float64Array
  private readonly nresidual: number
  private readonly inverse: Float64Array
  private readonly parts: readonly Part[]

  /**
   * @param residuals (N) with the states the filter gave: they set the noise level
   * @param floor smallest noise level, rounding
   */
  constructor(
    initial: InitialUncertainty,
    series: readonly Series[],
    nchannel: number,
    residuals: Float64Array,
    floor: number,
  ) {
    const N = residuals.length
    const k = initial.columns.length / N
    this.nresidual = N
    this.inverse = new Float64Array(N)
    this.sigma = levels(residuals, series, nchannel, floor)
    this.error = new Float64Array(initial.segments.length * k)
    const spread = new Float64Array(k >> 1).fill(WIDE)
    let parts: Part[] = []
    for (let round = 0; round < ROUNDS; round++) {
      for (const s of series) this.inverse.fill(1 / this.sigma[s.channel], s.begin, s.end)
      const seen = new Float64Array(k >> 1)
      parts = initial.segments.map((_, s) =>
        decompose(initial, s, this.inverse, N, spread, residuals, seen, this.error),
      )
      if (round === ROUNDS - 1) break
      // a smaller noise level leaves more to the states: the level comes down from above
      const white = Float64Array.from(residuals)
      applyParts(parts, this.inverse, white, 0)
      this.sigma.set(levels(white, series, nchannel, floor))
      for (let j = 0; j < spread.length; j++) spread[j] = Math.max(1, (spread[j] * seen[j]) / initial.segments.length)
    }
    this.parts = parts
  }

  /** Whitens rows of residuals in place, (count, N). */
  apply(rows: Float64Array, count: number): Float64Array {
    for (let k = 0; k < count; k++) applyParts(this.parts, this.inverse, rows, k * this.nresidual)
    return rows
  }
}

/** D^-½ X P^½ = U S Vᵀ of one segment. */
interface Part {
  readonly begin: number
  readonly end: number
  /** (rank, end - begin) */
  readonly U: Float64Array
  /** 1 - 1 / sqrt(1 + S²), (rank) */
  readonly shrink: Float64Array
}

function applyParts(parts: readonly Part[], inverse: Float64Array, rows: Float64Array, offset: number): void {
  for (const { begin, end, U, shrink } of parts) {
    const n = end - begin
    for (let q = 0; q < shrink.length; q++) {
      let along = 0
      for (let i = 0; i < n; i++) along += U[q * n + i] * inverse[begin + i] * rows[offset + begin + i]
      along *= shrink[q]
      for (let i = 0; i < n; i++) rows[offset + begin + i] -= (along * U[q * n + i]) / inverse[begin + i]
    }
  }
}

/**
 * Singular vectors of one segment.
 * @param spread (k/2) factor on the variance of each coordinate's position and velocity
 * @param error (nsegment, k) the segment's row is written: mean of the states' error, given the residuals
 * @param seen (k/2) += mean squared size of the states' standardised error, given the residuals: 1 when P is right
 */
function decompose(
  initial: InitialUncertainty,
  s: number,
  inverse: Float64Array,
  N: number,
  spread: Float64Array,
  residuals: Float64Array,
  seen: Float64Array,
  error: Float64Array,
): Part {
  const { begin, end } = initial.segments[s]
  const n = end - begin
  const k = initial.columns.length / N
  // columns of D^-½ X P^½, P in blocks of position and velocity
  const A = new Float64Array(k * n)
  const root = new Float64Array(3 * (k >> 1))
  for (let j = 0; j + 1 < k; j += 2) {
    const at = (s * k + j) * k + j
    const f = spread[j >> 1]
    const vv = f * initial.covariance[at]
    const vs = f * initial.covariance[at + 1]
    const ss = f * initial.covariance[at + k + 1]
    const a = Math.sqrt(Math.max(vv, 0))
    const b = a > 0 ? vs / a : 0
    const c = Math.sqrt(Math.max(ss - b * b, 0))
    root.set([a, b, c], 3 * (j >> 1))
    for (let i = 0; i < n; i++) {
      const d = inverse[begin + i]
      const x = initial.columns[j * N + begin + i] * d
      const y = initial.columns[(j + 1) * N + begin + i] * d
      A[j * n + i] = x * a + y * b
      A[(j + 1) * n + i] = y * c
    }
  }
  const G = new Float64Array(k * k)
  const along = new Float64Array(k)
  for (let p = 0; p < k; p++) {
    for (let i = 0; i < n; i++) along[p] += A[p * n + i] * inverse[begin + i] * residuals[begin + i]
    for (let q = 0; q <= p; q++) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += A[p * n + i] * A[q * n + i]
      G[p * k + q] = sum
      G[q * k + p] = sum
    }
  }
  const { values, vectors } = symmetricEigen(G, k)

  // posterior of the standardised error: mean (I + G)⁻¹ Aᵀ r, covariance (I + G)⁻¹
  const mean = new Float64Array(k)
  const variance = new Float64Array(k)
  for (let q = 0; q < k; q++) {
    const weight = 1 / (1 + Math.max(0, values[q]))
    let dot = 0
    for (let p = 0; p < k; p++) dot += vectors[q * k + p] * along[p]
    for (let p = 0; p < k; p++) {
      mean[p] += weight * dot * vectors[q * k + p]
      variance[p] += weight * vectors[q * k + p] * vectors[q * k + p]
    }
  }
  for (let j = 0; j + 1 < k; j += 2) {
    const r = 3 * (j >> 1)
    error[s * k + j] = root[r] * mean[j]
    error[s * k + j + 1] = root[r + 1] * mean[j] + root[r + 2] * mean[j + 1]
  }
  for (let p = 0; p < k; p++) seen[p >> 1] += 0.5 * (mean[p] * mean[p] + variance[p])

  const kept: number[] = []
  // directions that move residuals by less than a ten-thousandth of the noise need no care
  for (let q = 0; q < k; q++) if (values[q] > 1e-8) kept.push(q)
  const U = new Float64Array(kept.length * n)
  const shrink = new Float64Array(kept.length)
  kept.forEach((q, r) => {
    const length = Math.sqrt(values[q])
    shrink[r] = 1 - 1 / Math.sqrt(1 + values[q])
    for (let p = 0; p < k; p++) {
      const v = vectors[q * k + p] / length
      for (let i = 0; i < n; i++) U[r * n + i] += v * A[p * n + i]
    }
  })
  return { begin, end, U, shrink }
}

/** Root mean square residual of every channel; white residuals keep all their degrees of freedom. */
function levels(residuals: Float64Array, series: readonly Series[], nchannel: number, floor: number): Float64Array {
  const squares = new Float64Array(nchannel)
  const samples = new Float64Array(nchannel)
  for (const s of series) {
    for (let i = s.begin; i < s.end; i++) squares[s.channel] += residuals[i] * residuals[i]
    samples[s.channel] += s.end - s.begin
  }
  return squares.map((sum, c) => Math.max(floor, Math.sqrt(sum / Math.max(1, samples[c]))))
}
