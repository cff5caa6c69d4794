import { studentQuantile } from '../math/stats.js'
import { type Eigen, symmetricEigen } from './linear.js'

/** Residuals of one measured channel in one segment: consecutive in time. */
export interface Series {
  readonly channel: number
  readonly begin: number
  readonly end: number
}

/** How wrong the initial states may be, and what that does to the residuals. */
export interface InitialUncertainty {
  /** (k, N) d residual / d initial coordinate; a segment's residuals depend on its own initial state only */
  readonly columns: Float64Array
  /** residual ranges of the segments */
  readonly segments: readonly { begin: number; end: number }[]
  /** (nsegment, k, k) covariance of the initial coordinates of every segment */
  readonly covariance: Float64Array
}

export interface StatisticsInput {
  /** (p, N) d residual / d z at the optimum, z in [-1, 1] */
  readonly columns: Float64Array
  /** (p, N) by how much the columns change with a wider step of their differences; default 0 */
  readonly error?: Float64Array
  /** (N) */
  readonly residuals: Float64Array
  readonly series: readonly Series[]
  readonly nchannel: number
  /** Huber threshold of every residual (N) */
  readonly huber?: Float64Array
  /** rounding of one residual as it shows in a column, relative to that column: |noise|₂ / |column|₂ (p) */
  readonly rounding: Float64Array
  readonly initial?: InitialUncertainty
  /** residuals from which the error of the initial states was taken (N): these set the noise level; default `residuals` */
  readonly noise?: Float64Array
}

/** What the data say about the parameters, in normalised coordinates z. */
export interface Statistics {
  /** (p, p) covariance of z; the box counts as a uniform prior, so that what the data leave open stays finite */
  readonly covariance: Float64Array
  /** (p) square roots of its diagonal */
  readonly stderr: Float64Array
  /** (p, p) */
  readonly correlation: Float64Array
  /** largest over smallest eigenvalue of the Fisher information with columns scaled to length 1 */
  readonly condition: number
  /** eigenvalues and eigenvectors of that matrix, ascending */
  readonly eigen: Eigen
  /** (p) |column|₂ of the sensitivities */
  readonly sensitivity: Float64Array
  /** false: the parameter leaves no trace in the residuals above rounding and noise */
  readonly effect: readonly boolean[]
  /** directions of z that the data do not determine at all, as rows of `eigen.vectors` */
  readonly gauge: readonly number[]
  /** residual count less autocorrelation, and what is left after the parameters: Student's degrees of freedom */
  readonly effective: number
  readonly dof: number
  /** two-sided 95 % quantile of Student's t */
  readonly t95: number
  readonly channels: readonly ChannelStatistics[]
}

export interface ChannelStatistics {
  readonly samples: number
  /** standard deviation of the weighted residuals */
  readonly std: number
  /** integrated autocorrelation time in samples: 1 for white residuals */
  readonly correlationTime: number
}

/** Standard deviation of a uniform distribution on [-1, 1], squared: 1/3. */
const PRIOR_VARIANCE = 1 / 3
/** Eigenvalues of the scaled information below this cannot be told from rounding, whatever the step was. */
const EIGEN_FLOOR = 1e-12
/**
 * A direction whose sensitivity changes by half with the step of the differences is not determined: what shows is
 * where the model jumps (stiction, stops, rounding), not what the data say.
 */
const UNSTEADY = 0.25

/**
 * Covariance, correlation and identifiability of a weighted least-squares fit (or Huber M-estimate).
 *
 * The covariance is a sandwich H⁻¹ Ω H⁻¹: H = Σ ψ'(r) SᵀS, and Ω sums for each channel τ s² SᵀS, with s² the channel's
 * own residual variance (weights need not be right) and τ its integrated autocorrelation time, which divides the number
 * of samples down to the effective one (Sokal, "Monte Carlo methods in statistical mechanics", 1997, §3, for the window of the sum);
 * the error of the measured initial states adds Σ_segments B P Bᵀ with B = SᵀX. For white residuals of one variance this
 * is s² F⁻¹ (Ljung, System Identification, 2nd edition, §9.4).
 */
export function fitStatistics(input: StatisticsInput): Statistics {
  const { columns, residuals: r, series } = input
  const N = r.length
  const p = columns.length / N
  const { psi: influenced, slope } = influence(r, series, input.nchannel, input.huber)
  const psi = input.noise ?? influenced

  // noise level and correlation time of every channel
  const channels: ChannelStatistics[] = []
  let effective = 0
  for (let c = 0; c < input.nchannel; c++) {
    const own = series.filter(s => s.channel === c)
    const samples = own.reduce((sum, s) => sum + s.end - s.begin, 0)
    const share = (p * samples) / N
    const correlationTime = autocorrelationTime(psi, own, share)
    let sum = 0
    for (const s of own) for (let i = s.begin; i < s.end; i++) sum += psi[i] * psi[i]
    const free = Math.max(samples / 5, samples - share * correlationTime)
    channels.push({ samples, std: Math.sqrt(sum / free), correlationTime })
    effective += samples / correlationTime
  }
  const dof = Math.max(1, effective - p)

  // bread and meat of the sandwich
  const H = new Float64Array(p * p)
  const meat = new Float64Array(p * p)
  for (const s of series) {
    const { std, correlationTime } = channels[s.channel]
    const noise = correlationTime * std * std
    for (let a = 0; a < p; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0
        let curved = 0
        for (let i = s.begin; i < s.end; i++) {
          const product = columns[a * N + i] * columns[b * N + i]
          sum += product
          curved += slope[i] * product
        }
        H[a * p + b] += curved
        meat[a * p + b] += noise * sum
      }
    }
  }
  if (input.initial) addInitial(meat, columns, slope, input.initial, p, N)
  for (let a = 0; a < p; a++) {
    for (let b = 0; b < a; b++) {
      H[b * p + a] = H[a * p + b]
      meat[b * p + a] = meat[a * p + b]
    }
  }

  // information with columns scaled to length 1; a column without effect becomes a unit of its own
  const sensitivity = Float64Array.from({ length: p }, (_, j) => Math.sqrt(H[j * p + j]))
  const effect = Array.from(sensitivity, (length, j) => {
    // a full sweep of the box must move the residuals by more than rounding and a thousandth of their size
    const level = Math.sqrt(channels.reduce((sum, c) => sum + c.samples * c.std * c.std, 0))
    return length > 0 && input.rounding[j] < 0.3 && 2 * length > 1e-3 * level
  })
  const scale = sensitivity.map((length, j) => (effect[j] ? 1 / length : 0))
  const scaled = new Float64Array(p * p)
  for (let a = 0; a < p; a++) {
    for (let b = 0; b < p; b++) scaled[a * p + b] = a === b ? 1 : H[a * p + b] * scale[a] * scale[b]
  }
  const eigen = symmetricEigen(scaled, p)
  let noisiest = 0
  for (let j = 0; j < p; j++) if (effect[j]) noisiest = Math.max(noisiest, input.rounding[j])
  const floor = Math.max(EIGEN_FLOOR, 9 * noisiest * noisiest)
  const changes = input.error === undefined ? eigen.values.map(() => 0) : alongEigen(eigen, scale, input.error, p, N)
  const gauge = Array.from(eigen.values.keys()).filter(
    k => eigen.values[k] <= floor || changes[k] > UNSTEADY * eigen.values[k],
  )

  const sandwich = invertSandwich(eigen, scale, meat, effect, gauge, p)
  const covariance = withBoxPrior(sandwich, p)
  const stderr = Float64Array.from({ length: p }, (_, j) => Math.sqrt(covariance[j * p + j]))
  const correlation = new Float64Array(p * p)
  for (let a = 0; a < p; a++) {
    for (let b = 0; b < p; b++) correlation[a * p + b] = a === b ? 1 : covariance[a * p + b] / (stderr[a] * stderr[b])
  }
  const condition = eigen.values[p - 1] / Math.max(eigen.values[0], EIGEN_FLOOR)
  const t95 = studentQuantile(0.975, dof)
  return {
    covariance,
    stderr,
    correlation,
    condition,
    eigen,
    sensitivity,
    effect,
    gauge,
    effective,
    dof,
    t95,
    channels,
  }
}

/** |E D v_k|² for every eigenvector (p): what a change of the columns by E would add to the eigenvalue. */
function alongEigen(eigen: Eigen, scale: Float64Array, error: Float64Array, p: number, N: number): Float64Array {
  return Float64Array.from(eigen.values, (_, k) => {
    let sum = 0
    for (let i = 0; i < N; i++) {
      let e = 0
      for (let a = 0; a < p; a++) e += eigen.vectors[k * p + a] * scale[a] * error[a * N + i]
      sum += e * e
    }
    return sum
  })
}

/** ψ(r) and its slope: r and 1 for squares; for Huber r clipped, and the share of residuals about the corner. */
function influence(
  r: Float64Array,
  series: readonly Series[],
  nchannel: number,
  huber: Float64Array | undefined,
): { psi: Float64Array; slope: Float64Array } {
  const psi = Float64Array.from(r)
  const slope = new Float64Array(r.length).fill(1)
  if (huber === undefined) return { psi, slope }
  for (let c = 0; c < nchannel; c++) {
    const own = series.filter(s => s.channel === c)
    const sizes: number[] = []
    for (const s of own) for (let i = s.begin; i < s.end; i++) sizes.push(Math.abs(r[i]))
    sizes.sort((a, b) => a - b)
    const half = sizes.length > 0 ? sizes[sizes.length >> 1] : 0
    for (const s of own) {
      for (let i = s.begin; i < s.end; i++) {
        // a threshold far inside the residuals is close to absolute values, whose curvature is the density at 0
        const width = Math.max(huber[i], half)
        slope[i] = Math.abs(r[i]) <= width ? huber[i] / width : 0
        psi[i] = Math.min(huber[i], Math.max(-huber[i], r[i]))
      }
    }
  }
  return { psi, slope }
}

/**
 * Integrated autocorrelation time 1 + 2 Σ ρ_k of residuals about zero, pooled over series, at least 1.
 * The sum ends at the first lag W beyond four times its value (Sokal 1997), or at a third of the longest series. A fit of
 * p parameters takes slow residuals away and with them about p τ / N from every ρ_k: the sum is divided by 1 - 2 W p / N,
 * not below 0.4 (without this, nominal 95 % intervals under AR(1) noise covered 85 %).
 *
 * @param nparam parameters these residuals had to pay for
 */
export function autocorrelationTime(
  r: Float64Array,
  series: readonly { begin: number; end: number }[],
  nparam = 0,
): number {
  let power = 0
  let longest = 0
  let samples = 0
  for (const s of series) {
    longest = Math.max(longest, s.end - s.begin)
    samples += s.end - s.begin
    for (let i = s.begin; i < s.end; i++) power += r[i] * r[i]
  }
  if (!(power > 0)) return 1
  let time = 1
  let window = 0
  for (let lag = 1; lag < Math.max(2, longest / 3); lag++) {
    let sum = 0
    for (const s of series) for (let i = s.begin + lag; i < s.end; i++) sum += r[i] * r[i - lag]
    time += (2 * sum) / power
    window = lag
    if (lag >= 4 * time) break
  }
  return Math.max(1, time) / Math.max(0.4, 1 - (2 * window * nparam) / samples)
}

/** meat += Σ_segments B P Bᵀ, B = Sᵀ diag(slope) X of the segment; lower triangle. */
function addInitial(
  meat: Float64Array,
  columns: Float64Array,
  slope: Float64Array,
  initial: InitialUncertainty,
  p: number,
  N: number,
): void {
  const k = initial.columns.length / N
  const B = new Float64Array(p * k)
  const BP = new Float64Array(p * k)
  for (let s = 0; s < initial.segments.length; s++) {
    const { begin, end } = initial.segments[s]
    for (let a = 0; a < p; a++) {
      for (let q = 0; q < k; q++) {
        let sum = 0
        for (let i = begin; i < end; i++) sum += columns[a * N + i] * slope[i] * initial.columns[q * N + i]
        B[a * k + q] = sum
      }
    }
    for (let a = 0; a < p; a++) {
      for (let q = 0; q < k; q++) {
        let sum = 0
        for (let l = 0; l < k; l++) sum += B[a * k + l] * initial.covariance[(s * k + l) * k + q]
        BP[a * k + q] = sum
      }
    }
    for (let a = 0; a < p; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0
        for (let q = 0; q < k; q++) sum += BP[a * k + q] * B[b * k + q]
        meat[a * p + b] += sum
      }
    }
  }
}

/** H⁻¹ Ω H⁻¹ through the eigenvectors of the scaled H; directions without information and columns without effect become huge. */
function invertSandwich(
  eigen: Eigen,
  scale: Float64Array,
  meat: Float64Array,
  effect: readonly boolean[],
  gauge: readonly number[],
  p: number,
): Float64Array {
  // inverse of H as A = D V 1/λ Vᵀ D
  const inverse = new Float64Array(p * p)
  for (let a = 0; a < p; a++) {
    for (let b = 0; b < p; b++) {
      let sum = 0
      for (let k = 0; k < p; k++) {
        if (!gauge.includes(k)) sum += (eigen.vectors[k * p + a] * eigen.vectors[k * p + b]) / eigen.values[k]
      }
      inverse[a * p + b] = sum * scale[a] * scale[b]
    }
  }
  const half = multiply(inverse, meat, p)
  const covariance = multiply(half, inverse, p)
  // what the data leave open: far wider than the box
  for (let k = 0; k < p; k++) {
    if (!gauge.includes(k)) continue
    let size = 0
    for (let a = 0; a < p; a++) size = Math.max(size, Math.abs(eigen.vectors[k * p + a] * scale[a]))
    if (!(size > 0)) continue
    for (let a = 0; a < p; a++) {
      for (let b = 0; b < p; b++) {
        covariance[a * p + b] +=
          (OPEN * eigen.vectors[k * p + a] * scale[a] * eigen.vectors[k * p + b] * scale[b]) / (size * size)
      }
    }
  }
  for (let a = 0; a < p; a++) if (!effect[a]) covariance[a * p + a] += OPEN
  return covariance
}

/** Variance of an undetermined direction before the box bounds it: a hundred half-widths squared. */
const OPEN = 100

/** Smallest variance told apart from rounding: 1e-9 of the half-width, squared. */
const TINY = 1e-18

/** (V⁻¹ + 3 I)⁻¹: the covariance once the box, as a uniform prior, has its say. */
function withBoxPrior(v: Float64Array, p: number): Float64Array {
  const { values, vectors } = symmetricEigen(v, p)
  const out = new Float64Array(p * p)
  for (let k = 0; k < p; k++) {
    // rounding may leave a tiny negative eigenvalue
    const value = Math.max(values[k], TINY)
    const shrunk = value / (1 + value / PRIOR_VARIANCE)
    for (let a = 0; a < p; a++) {
      for (let b = 0; b < p; b++) out[a * p + b] += shrunk * vectors[k * p + a] * vectors[k * p + b]
    }
  }
  return out
}

function multiply(a: Float64Array, b: Float64Array, p: number): Float64Array {
  const out = new Float64Array(p * p)
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      let sum = 0
      for (let k = 0; k < p; k++) sum += a[i * p + k] * b[k * p + j]
      out[i * p + j] = sum
    }
  }
  return out
}
