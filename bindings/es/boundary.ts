/**
 * Bounds: a smooth transformation into the box, or an adaptive penalty outside it.
 *
 * Source: pycma 4's BoundTransform and BoundPenalty; the penalty is Hansen, Niederberger, Guzzella & Koumoutsakos 2009 (IEEE TEC 13)
 * with its addendum.
 */
import { ParameterError, SizeError } from '../errors.js'
import { exp, tanh } from '../math/index.js'

/** Lower and upper bound of every coordinate; -Infinity and Infinity where there is none. */
export interface Bounds {
  readonly lower: ArrayLike<number>
  readonly upper: ArrayLike<number>
}

/** What a strategy needs of its bounds. Genotype: where the strategy moves freely; phenotype: inside the box. */
export interface Boundary {
  readonly kind: 'transform' | 'penalty'
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** phenotype of coordinate i */
  repair(i: number, x: number): number
  /** a genotype of coordinate i whose phenotype is y, y in bounds */
  inverse(i: number, y: number): number
}

/**
 * Bounds checked and copied.
 *
 * @throws {SizeError} when a length is not n
 * @throws {ParameterError} BOUNDS when a bound is NaN, or lower is not below upper
 */
export function checkBounds(n: number, bounds: Bounds): { lower: Float64Array; upper: Float64Array } {
  const lower = Float64Array.from(bounds.lower)
  const upper = Float64Array.from(bounds.upper)
  if (lower.length !== n || upper.length !== n)
    throw new SizeError(
      'BOUNDS_SIZE',
      `bounds: got ${lower.length} lower and ${upper.length} upper, expected ${n} each`,
    )
  for (let i = 0; i < n; i++) {
    if (!(lower[i] < upper[i]))
      throw new ParameterError('BOUNDS', `bounds of coordinate ${i}: lower ${lower[i]} must be below upper ${upper[i]}`)
  }
  return { lower, upper }
}

/**
 * Piecewise linear and quadratic map onto [l, u], continuous with its derivative. The identity except within a margin of the bounds;
 * beyond a margin outside, mirrored. Margins are min((u - l)/2, max(1, |bound|)/20): scale coordinates to about 1 first.
 */
export class BoundTransform implements Boundary {
  readonly kind = 'transform'
  readonly lower: Float64Array
  readonly upper: Float64Array
  private readonly marginLower: Float64Array
  private readonly marginUpper: Float64Array

  constructor(n: number, bounds: Bounds) {
    const { lower, upper } = checkBounds(n, bounds)
    this.lower = lower
    this.upper = upper
    this.marginLower = lower.map((l, i) => Math.min((upper[i] - l) / 2, Math.max(1, Math.abs(l)) / 20))
    this.marginUpper = upper.map((u, i) => Math.min((u - lower[i]) / 2, Math.max(1, Math.abs(u)) / 20))
  }

  repair(i: number, x: number): number {
    const l = this.lower[i]
    const u = this.upper[i]
    const al = this.marginLower[i]
    const au = this.marginUpper[i]
    const begin = l - al
    const end = u + au
    if (x < begin || x > end) {
      const span = end - begin
      if (span < Number.POSITIVE_INFINITY) {
        // mirrored at begin and end, so periodic in twice the span
        let t = x - begin
        t -= 2 * span * Math.floor(t / (2 * span))
        x = begin + (t > span ? 2 * span - t : t)
      } else x = x < begin ? begin + (begin - x) : end - (x - end)
    }
    let y = x
    if (x < l + al) y = l + ((x - begin) * (x - begin)) / (4 * al)
    else if (x > u - au) y = u - ((x - end) * (x - end)) / (4 * au)
    // rounding only
    return Math.min(Math.max(y, l), u)
  }

  inverse(i: number, y: number): number {
    const l = this.lower[i]
    const u = this.upper[i]
    const al = this.marginLower[i]
    const au = this.marginUpper[i]
    if (y < l + al) return l - al + 2 * Math.sqrt(al * Math.max(0, y - l))
    if (y > u - au) return u + au - 2 * Math.sqrt(au * Math.max(0, u - y))
    return y
  }
}

/** State of a BoundPenalty between generations. */
export interface PenaltyState {
  gamma: Float64Array
  history: number[]
  active: boolean
}

/**
 * Evaluation at the nearest point of the box, plus (1/n) sum_i gamma_i (x_i - clip(x_i))^2. The weights gamma follow the fitness range
 * and grow where the mean stays outside. Prefer it when the optimum sits on a bound.
 */
export class BoundPenalty implements Boundary {
  readonly kind = 'penalty'
  readonly lower: Float64Array
  readonly upper: Float64Array
  /** weights of the coordinates (n), all 0 until the mean leaves the box */
  gamma: Float64Array
  private history: number[] = []
  private active = false

  constructor(n: number, bounds: Bounds) {
    const { lower, upper } = checkBounds(n, bounds)
    this.lower = lower
    this.upper = upper
    this.gamma = new Float64Array(n)
  }

  repair(i: number, x: number): number {
    return Math.min(Math.max(x, this.lower[i]), this.upper[i])
  }

  inverse(_i: number, y: number): number {
    return y
  }

  /** Penalty of the genotype x[at ... at+n-1]. */
  penalty(x: Float64Array, at: number): number {
    if (!this.active) return 0
    const { gamma } = this
    let s = 0
    for (let i = 0; i < gamma.length; i++) {
      const d = x[at + i] - this.repair(i, x[at + i])
      s += gamma[i] * d * d
    }
    return s / gamma.length
  }

  /**
   * Adapt the weights once a generation, before its penalties are taken.
   *
   * @param sorted fitness without penalty, ascending, NaN last (lambda)
   * @param mean genotype (n)
   * @param std standard deviation of each coordinate (n)
   */
  update(sorted: Float64Array, mean: Float64Array, std: Float64Array, muEff: number, generation: number): void {
    const n = mean.length
    const lambda = sorted.length
    // interquartile range of the fitness in units of the sampled variance
    let variance = 0
    for (let i = 0; i < n; i++) variance += std[i] * std[i]
    variance /= n
    const quarter = lambda + 1
    const range = (sorted[Math.floor((3 * quarter) / 4)] - sorted[Math.floor(quarter / 4)]) / variance
    if (range > 0 && range < Number.POSITIVE_INFINITY) this.history.push(range)
    if (this.history.length > 20 + (3 * n) / lambda) this.history.shift()
    // nothing finite seen yet: no scale to weigh with
    if (this.history.length === 0) return
    const scale = median(this.history)
    const outside = mean.some((x, i) => x !== this.repair(i, x))
    if (outside && (!this.active || generation === 2)) {
      this.gamma.fill(2 * scale)
      this.active = true
    }
    if (!this.active) return
    const damping = Math.min(1, muEff / (10 * n))
    const free = 3 * Math.max(1, Math.sqrt(n) / muEff)
    for (let i = 0; i < n; i++) {
      const d = Math.abs(mean[i] - this.repair(i, mean[i])) / std[i] - free
      if (d > 0) this.gamma[i] *= exp((damping * tanh(d / 3)) / 2)
      if (this.gamma[i] > 5 * scale) this.gamma[i] *= exp(-damping / 3)
    }
  }

  state(): PenaltyState {
    return { gamma: this.gamma, history: this.history, active: this.active }
  }

  restore(state: PenaltyState): void {
    this.gamma = Float64Array.from(state.gamma)
    this.history = [...state.history]
    this.active = state.active
  }
}

/** Median of a non-empty list. */
export function median(values: ArrayLike<number>): number {
  const s = Float64Array.from(values).sort()
  const h = s.length >> 1
  return s.length % 2 === 1 ? s[h] : (s[h - 1] + s[h]) / 2
}
