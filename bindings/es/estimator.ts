/**
 * Zeroth-order estimators of the gradient of J(theta) = E F(theta + sigma z), z ~ N(0, I).
 *
 *   vanilla     1/(N sigma)  sum F(theta + sigma z_i) z_i
 *   forward     1/(N sigma)  sum [F(theta + sigma z_i) - F(theta)] z_i            F(theta) is one more member, the last
 *   antithetic  1/(2 n sigma) sum [F(theta + sigma z_i) - F(theta - sigma z_i)] z_i
 *   rademacher  the same with signs +1 and -1 instead of normal numbers
 *   orthogonal  the same with directions that are orthogonal within each block of d
 *
 * Source: Salimans et al. 2017 (arXiv 1703.03864); Choromanski et al. 2018 (arXiv 1804.02395) for orthogonal directions.
 */
import { PERTURB } from '../program.js'
import { direction, type NoiseKernel, type NoiseKey, signs } from './noise-kernel.js'
import { type Norms, orthogonalDirections } from './orthogonal.js'
import type { Population } from './strategy.js'

export type Estimator = 'vanilla' | 'forward' | 'antithetic' | 'rademacher' | 'orthogonal'
export const ESTIMATORS: readonly Estimator[] = ['vanilla', 'forward', 'antithetic', 'rademacher', 'orthogonal']

/** Whether members 2i and 2i + 1 share a direction with signs + and -. */
export function isPaired(estimator: Estimator): boolean {
  return estimator !== 'vanilla' && estimator !== 'forward'
}

/** Number of directions among so many members. */
export function directionCount(estimator: Estimator, popsize: number): number {
  if (estimator === 'vanilla') return popsize
  return estimator === 'forward' ? popsize - 1 : popsize / 2
}

/** Whether directions are not the kernels' own: members then travel as rows. */
export const isExplicit = (estimator: Estimator): boolean => !['vanilla', 'antithetic'].includes(estimator)

/** Directions (count, nparam) that are not the kernels' own and travel as rows; undefined where they are. */
export function explicitDirections(
  estimator: Estimator,
  key: NoiseKey,
  count: number,
  norms: Norms,
): Float32Array | undefined {
  const { nparam } = key
  if (estimator === 'orthogonal') return orthogonalDirections(key, count, norms)
  if (!isExplicit(estimator)) return undefined
  const rows = new Float32Array(count * nparam)
  for (let p = 0; p < count; p++) {
    const row = rows.subarray(p * nparam, (p + 1) * nparam)
    if (estimator === 'rademacher') signs(key, p, row)
    else direction(key, p, row)
  }
  return rows
}

/**
 * The population of an estimator around theta.
 *
 * @param directions what explicitDirections gave
 */
export function samplePopulation(
  estimator: Estimator,
  popsize: number,
  theta: Float32Array,
  sigma: number,
  key: NoiseKey,
  directions: Float32Array | undefined,
): Population {
  const { seed, generation, nparam, rank, matrices } = key
  const head = { popsize, theta, sigma, seed, generation }
  if (directions === undefined) {
    if (rank !== undefined) return { ...head, perturb: PERTURB.LOWRANK, rank, matrices }
    return { ...head, perturb: estimator === 'vanilla' ? PERTURB.INDEPENDENT : PERTURB.ANTITHETIC }
  }
  const members = new Float32Array(popsize * nparam)
  const s = Math.fround(sigma)
  const paired = isPaired(estimator)
  for (let k = 0, a = 0; k < popsize; k++) {
    const at = (paired ? k >> 1 : k) * nparam
    const sign = paired && (k & 1) === 1 ? -s : s
    const centre = estimator === 'forward' && k === popsize - 1
    for (let j = 0; j < nparam; j++, a++)
      members[a] = centre ? theta[j] : theta[j] + Math.fround(sign * directions[at + j])
  }
  return { ...head, perturb: PERTURB.ROWS, members }
}

/**
 * Weight of each direction from what each member is worth.
 *
 * @param u worth of the members (popsize), higher is better
 */
export function directionWeights(estimator: Estimator, u: ArrayLike<number>): Float32Array {
  const w = new Float32Array(directionCount(estimator, u.length))
  const last = u.length - 1
  for (let p = 0; p < w.length; p++) {
    if (estimator === 'vanilla') w[p] = u[p]
    else if (estimator === 'forward') w[p] = u[p] - u[last]
    else w[p] = u[2 * p] - u[2 * p + 1]
  }
  return w
}

/**
 * Gradient estimate times sigma (nparam): what an optimiser that absorbs the scale wants. The sum over directions is the kernel's
 * where the directions are, and in double precision where they are rows.
 *
 * @param u worth of the members (popsize), higher is better
 */
export function scaledGradient(
  estimator: Estimator,
  u: ArrayLike<number>,
  key: NoiseKey,
  directions: Float32Array | undefined,
  kernel: NoiseKernel,
): Float64Array {
  const { nparam } = key
  const weights = directionWeights(estimator, u)
  // evaluations that differ in their direction
  const count = isPaired(estimator) ? 2 * weights.length : weights.length
  if (directions === undefined) return Float64Array.from(kernel.gradient(weights, key).first, s => s / count)
  const g = new Float64Array(nparam)
  for (let p = 0; p < weights.length; p++) {
    const w = weights[p]
    if (w === 0) continue
    for (let j = 0, a = p * nparam; j < nparam; j++, a++) g[j] += w * directions[a]
  }
  for (let j = 0; j < nparam; j++) g[j] /= count
  return g
}
