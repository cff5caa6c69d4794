import { RecordingError } from '../errors.js'

export interface SavitzkyGolayOptions {
  /** degree of the local polynomial, from 1 */
  readonly order: number
  /** full width of the window, s: samples within width / 2 of each stamp take part */
  readonly width: number
  /** 0: smoothed values, 1: first, 2: second time derivative; default 0 */
  readonly derivative?: 0 | 1 | 2
}

export interface Smoothed {
  readonly values: Float64Array
  /** samples whose window held too few neighbours and took the order + 1 nearest instead (at gaps) */
  readonly widened: number
}

/** Stamps this far outside the window, relative to its width, belong to it: uniform stamps round. */
const EDGE = 1e-9

/**
 * Savitzky–Golay smoothing and differentiation (Savitzky & Golay 1964) for any stamps, uniform or not: at each sample a
 * polynomial is fitted by least squares to the samples in its window and evaluated there. At the ends the window is
 * one-sided, so polynomials up to `order` are reproduced everywhere. The fit uses polynomials orthogonal on the
 * window's stamps (Forsythe 1957), so no matrix is solved.
 *
 * @param time s, (n), strictly increasing
 * @param values (n)
 * @throws {RecordingError} FILTER_SHORT when there are not more than `order` samples; FILTER_OPTIONS for bad options
 */
export function savitzkyGolay(time: Float64Array, values: Float64Array, options: SavitzkyGolayOptions): Smoothed {
  const { order, width, derivative = 0 } = options
  const n = time.length
  if (!(Number.isInteger(order) && order >= 1 && width > 0 && Number.isFinite(width)) || derivative > order) {
    throw new RecordingError(
      'FILTER_OPTIONS',
      `savitzky-golay needs an order from ${Math.max(1, derivative)} and a width in s above 0, got ${order} and ${width}`,
    )
  }
  if (n <= order)
    throw new RecordingError(
      'FILTER_SHORT',
      `savitzky-golay of order ${order} needs more than ${order} samples, got ${n}`,
    )
  const half = (width / 2) * (1 + EDGE)
  const fit = new LocalFit(order, derivative, n)
  const out = new Float64Array(n)
  let widened = 0
  let from = 0
  let to = 0 // window [from, to)
  for (let i = 0; i < n; i++) {
    while (time[i] - time[from] > half) from++
    while (to < n && time[to] - time[i] <= half) to++
    let a = from
    let b = to
    if (b - a <= order) {
      widened++
      while (b - a <= order) {
        if (b >= n || (a > 0 && time[i] - time[a - 1] <= time[b] - time[i])) a--
        else b++
      }
    }
    out[i] = fit.at(time, values, a, b, i)
  }
  return { values: out, widened }
}

/** Least-squares polynomial on a window, evaluated at one of its stamps. */
class LocalFit {
  private readonly u: Float64Array
  private p: Float64Array
  private q: Float64Array

  constructor(
    private readonly order: number,
    private readonly derivative: 0 | 1 | 2,
    longest: number,
  ) {
    this.u = new Float64Array(longest)
    this.p = new Float64Array(longest)
    this.q = new Float64Array(longest)
  }

  at(time: Float64Array, values: Float64Array, from: number, to: number, i: number): number {
    const { u, order } = this
    let { p, q } = this
    const m = to - from
    const scale = Math.max(time[i] - time[from], time[to - 1] - time[i])
    const base = values[i]
    for (let j = 0; j < m; j++) {
      u[j] = (time[from + j] - time[i]) / scale
      p[j] = 1
      q[j] = 0
    }
    // p_{k+1} = (u - alpha) p_k - beta p_{k-1}; its value and derivatives at u = 0 follow the same recurrence
    let norm = m
    let previousNorm = 1
    let [p0, p1, p2] = [1, 0, 0]
    let [q0, q1, q2] = [0, 0, 0]
    let [f0, f1, f2] = [0, 0, 0]
    for (let k = 0; ; k++) {
      let dot = 0
      let moment = 0
      for (let j = 0; j < m; j++) {
        dot += (values[from + j] - base) * p[j]
        moment += u[j] * p[j] * p[j]
      }
      const c = dot / norm
      f0 += c * p0
      f1 += c * p1
      f2 += c * p2
      if (k === order) break
      const alpha = moment / norm
      const beta = k === 0 ? 0 : norm / previousNorm
      previousNorm = norm
      norm = 0
      for (let j = 0; j < m; j++) {
        const next = (u[j] - alpha) * p[j] - beta * q[j]
        q[j] = next
        norm += next * next
      }
      ;[p, q] = [q, p]
      const next0 = -alpha * p0 - beta * q0
      const next1 = p0 - alpha * p1 - beta * q1
      const next2 = 2 * p1 - alpha * p2 - beta * q2
      ;[q0, q1, q2] = [p0, p1, p2]
      ;[p0, p1, p2] = [next0, next1, next2]
    }
    this.p = p
    this.q = q
    if (this.derivative === 0) return base + f0
    return this.derivative === 1 ? f1 / scale : f2 / (scale * scale)
  }
}
