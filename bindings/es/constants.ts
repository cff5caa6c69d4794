/**
 * Strategy constants of CMA-ES.
 *
 * Source: Hansen 2016, "The CMA Evolution Strategy: A Tutorial" (arXiv 1604.00772), table 1, with pycma's c_sigma (+3, not +5, in the
 * denominator) and c_1.
 */
import { ParameterError } from '../errors.js'
import { exp, log } from '../math/index.js'

/** Everything an update needs besides its state; n is the dimension, lambda the population size. */
export interface CmaConstants {
  readonly n: number
  readonly lambda: number
  /** parents: how many weights are positive */
  readonly mu: number
  /** recombination weights by rank (lambda): positive ones sum to 1; the rest is negative, or 0 without active update */
  readonly weights: Float64Array
  /** sum of all weights */
  readonly weightSum: number
  /** variance-effective number of parents */
  readonly muEff: number
  /** the same of the negative weights */
  readonly muEffNegative: number
  /** learning rate and damping of the step size */
  readonly cSigma: number
  readonly dSigma: number
  /** learning rate of the path p_c */
  readonly cc: number
  /** learning rates of the covariance: rank one, rank mu */
  readonly c1: number
  readonly cmu: number
  /** expected length of a standard normal vector */
  readonly chiN: number
  /** generations between two eigendecompositions */
  readonly lazyGap: number
}

/** Variants of the constants. */
export interface ConstantsOptions {
  /** negative weights for the worst half (Jastrebski & Arnold 2006); default true */
  active?: boolean
  /** diagonal covariance: O(n) a candidate, for separable or very large problems; default false */
  diagonal?: boolean
  /**
   * upper limit of the rank-mu learning rate c_mu; default 1, none. With lambda far above n^2 the rate nears 1 and every generation
   * rebuilds C from scratch: fastest on a clean fitness, fragile on a noisy one. 0.5 keeps a memory there (and needs a third more
   * generations at lambda = 2.5 n^2).
   */
  cmuMax?: number
  /**
   * damping of the step size: the tutorial's, or pycma 4.5's, which is the same at default populations (n >= 4) and slower but
   * steadier at large ones (n = 20, lambda = 64: 423 generations instead of 324 on the ellipsoid); default 'tutorial'
   */
  damping?: 'tutorial' | 'pycma'
}

/** 4 + floor(3 ln n) */
export function defaultPopsize(n: number): number {
  return 4 + Math.floor(3 * log(n))
}

/**
 * Constants for dimension n >= 1 and population lambda >= 3.
 *
 * @throws {ParameterError} when n or lambda is too small
 */
export function cmaConstants(n: number, lambda = defaultPopsize(n), options: ConstantsOptions = {}): CmaConstants {
  if (!(Number.isInteger(n) && n >= 1))
    throw new ParameterError('CMA_DIMENSION', `dimension: got ${n}, expected a whole number of at least 1`)
  if (!(Number.isInteger(lambda) && lambda >= 3))
    throw new ParameterError('CMA_POPSIZE', `popsize: got ${lambda}, expected a whole number of at least 3`)
  const { active = true, diagonal = false, cmuMax = 1, damping = 'tutorial' } = options
  const raw = new Float64Array(lambda)
  for (let i = 0; i < lambda; i++) raw[i] = log((lambda + 1) / 2) - log(i + 1)
  // sums over the positive and the negative part
  let mu = 0
  let positive = 0
  let positiveSquares = 0
  let negative = 0
  let negativeSquares = 0
  for (const w of raw) {
    if (w > 0) {
      mu++
      positive += w
      positiveSquares += w * w
    } else {
      negative -= w
      negativeSquares += w * w
    }
  }
  const muEff = (positive * positive) / positiveSquares
  const muEffNegative = negative === 0 ? 0 : (negative * negative) / negativeSquares

  // pycma damps large populations up to three times more, from about ten dimensions on
  const pycma = damping === 'pycma'
  const cSigma = Math.min(pycma ? 0.5 : 1, (muEff + 2) / (n + muEff + 3))
  const inner = pycma ? Math.max(1, 3 * (1 - exp((-Math.LN2 * n) / 9))) : 1
  const dSigma = 1 + 2 * Math.max(0, inner * Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma
  let cc: number
  let c1: number
  let cmu: number
  if (diagonal) {
    const root = Math.sqrt(n)
    cc = (1 + 1 / n + muEff / n) / (root + 1 / n + (2 * muEff) / n)
    c1 = 1 / (n + 2 * root + muEff / n)
    cmu = Math.min(1 - c1, (muEff + 1 / muEff - 1.75) / (n + 4 * root + muEff / 2))
  } else {
    cc = (4 + muEff / n) / (n + 4 + (2 * muEff) / n)
    c1 = (Math.min(1, lambda / 6) * 2) / ((n + 1.3) * (n + 1.3) + muEff)
    cmu = Math.min(1 - c1, (2 * (0.25 + muEff + 1 / muEff - 2)) / ((n + 2) * (n + 2) + muEff))
  }
  cmu = Math.min(cmu, cmuMax)

  // negative weights: no decay of C, bounded by their own variance, and C stays positive definite
  const alpha = Math.min(1 + c1 / cmu, 1 + (2 * muEffNegative) / (muEffNegative + 2), (1 - c1 - cmu) / (n * cmu))
  const weights = new Float64Array(lambda)
  let weightSum = 0
  for (let i = 0; i < lambda; i++) {
    if (raw[i] > 0) weights[i] = raw[i] / positive
    else if (active && raw[i] < 0) weights[i] = (alpha * raw[i]) / negative
    weightSum += weights[i]
  }
  return {
    n,
    lambda,
    mu,
    weights,
    weightSum,
    muEff,
    muEffNegative,
    cSigma,
    dSigma,
    cc,
    c1,
    cmu,
    chiN: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
    lazyGap: 1 / (10 * n * (c1 + cmu)),
  }
}
