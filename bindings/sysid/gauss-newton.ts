import { turn } from '../engine/turn.js'
import { ParameterError } from '../errors.js'
import { adaptSteps, finite, type Jacobian, jacobian, type Residuals } from './differences.js'
import { boxQP, quadratic } from './linear.js'

export interface GaussNewtonOptions {
  /** start (n); clipped into the box */
  start: ArrayLike<number>
  lower: ArrayLike<number>
  upper: ArrayLike<number>
  /** Huber threshold: one for all residuals, or one a residual (m); absent: squares */
  huber?: number | Float64Array
  /** half-width of the central differences as a fraction of each coordinate's range; default 1e-3; adapted per coordinate */
  step?: number
  /** rounding noise of one residual, in its own units; default 0 (double precision) */
  resolution?: number
  /** dampings tried in one batch; default 8 */
  trials?: number
  /** default 50 */
  maxIterations?: number
  /** stops before a batch that would pass this many evaluated points; default none */
  maxEvaluations?: number
  /** stop when a full step promises less than this fraction of the cost; default 1e-7 */
  ftol?: number
  /** stop when no coordinate moves by more than this fraction of its range; default 1e-7 */
  xtol?: number
  signal?: AbortSignal
  onIteration?(state: GaussNewtonProgress): void
  /** goes on from where an earlier run stopped */
  resume?: GaussNewtonState
}

export interface GaussNewtonProgress {
  readonly iteration: number
  readonly evaluations: number
  /** ½ Σ rho(r) */
  readonly cost: number
  readonly damping: number
  readonly x: Float64Array
}

/** JSON-safe state between two iterations. */
export interface GaussNewtonState {
  readonly x: number[]
  readonly step: number[]
  readonly damping: number
  readonly iteration: number
  readonly evaluations: number
  /** batches of dampings without a better point, up to now; default 0 */
  readonly failures?: number
}

export interface GaussNewtonResult {
  readonly x: Float64Array
  /** ½ Σ rho(r), rho(r) = r² or Huber's 2 δ |r| - δ² beyond δ */
  readonly cost: number
  readonly residuals: Float64Array
  /** the last Jacobian (n, m), at `x` or one step before it */
  readonly jacobian: Jacobian | undefined
  /** half-widths the differences ended with (n) */
  readonly step: Float64Array
  readonly iterations: number
  readonly evaluations: number
  readonly stop: { code: 'ftol' | 'xtol' | 'stalled' | 'maxiter' | 'maxevals' | 'aborted'; message: string }
  readonly state: GaussNewtonState
}

/** A trial must bring this share of what the quadratic model promises. Nocedal and Wright, Numerical Optimization, §4.1 */
const ACCEPT = 1e-2
/** trials that reach this share of the best reduction count as equal to it */
const ALIKE = 1 - 1e-5
/** dampings beyond this make steps of no consequence */
const MAX_DAMPING = 1e8
/** batches of dampings without a better point before giving up */
const MAX_FAILURES = 3

/**
 * Box-constrained Gauss–Newton with Marquardt damping for ½ Σ rho(r_i(x)): each iteration costs two batches, all columns
 * of the central differences and then a ladder of dampings, each an exact box-constrained quadratic problem.
 * Of the trials about as good as the best the one with the largest damping is taken, so directions
 * without effect stay where they are.
 *
 * After MuJoCo's `minimize` (python/mujoco/minimize.py) for the box and the stops; Marquardt, SIAM J. Appl. Math. 11 (1963)
 * for the damping by the diagonal; Huber weights by iteration (Holland and Welsch 1977).
 *
 * @throws {ParameterError} bounds the wrong way round, sizes that differ, or a start whose residuals are not finite
 */
export async function gaussNewton(residuals: Residuals, options: GaussNewtonOptions): Promise<GaussNewtonResult> {
  const { lower, upper, range } = checkBounds(options)
  const n = lower.length
  const ntrial = options.trials ?? 8
  const resolution = options.resolution ?? 0
  const maxIterations = options.maxIterations ?? 50
  const maxEvaluations = options.maxEvaluations ?? Number.POSITIVE_INFINITY
  const ftol = options.ftol ?? 1e-7
  const xtol = options.xtol ?? 1e-7

  let x: Float64Array = options.resume
    ? Float64Array.from(options.resume.x)
    : Float64Array.from(options.start, (s, j) => Math.min(upper[j], Math.max(lower[j], s)))
  let step: Float64Array = options.resume
    ? Float64Array.from(options.resume.step)
    : range.map(w => (options.step ?? 1e-3) * w)
  let damping = options.resume?.damping ?? 1e-3
  let iteration = options.resume?.iteration ?? 0
  let evaluations = options.resume?.evaluations ?? 0

  let r = await residuals(x, 1)
  evaluations++
  const m = r.length
  if (!finite(r, 0, m)) {
    throw new ParameterError(
      'START_DIVERGES',
      'the simulation diverges at the start values; start from values it survives, or use method cma-es',
    )
  }
  const rho = new Robust(options.huber, m)
  let cost = rho.cost(r, 0)
  let last: Jacobian | undefined
  let stop: GaussNewtonResult['stop'] | undefined
  let failures = options.resume?.failures ?? 0

  while (stop === undefined) {
    options.onIteration?.({ iteration, evaluations, cost, damping, x })
    await turn()
    if (options.signal?.aborted) stop = { code: 'aborted', message: 'stopped from outside' }
    else if (iteration >= maxIterations) stop = { code: 'maxiter', message: `${maxIterations} iterations` }
    else if (evaluations + 2 * n + ntrial > maxEvaluations)
      stop = { code: 'maxevals', message: `${maxEvaluations} evaluations` }
    if (stop !== undefined) break

    // slope and curvature of the weighted squares
    last = await jacobian(residuals, x, r, step, lower, upper)
    evaluations += 2 * n
    const { gradient, hessian } = normalEquations(last.columns, r, rho)
    const floor = 100 * resolution * Math.sqrt(m)

    // a ladder of damped steps, one batch
    const low = lower.map((l, j) => l - x[j])
    const high = upper.map((u, j) => u - x[j])
    const scale = dampingScale(hessian, n)
    const ladder = Float64Array.from({ length: ntrial }, (_, k) => (k === 0 ? 0 : damping * powerOfTen(k - 3)))
    const points = new Float64Array(ntrial * n)
    const promised = new Float64Array(ntrial)
    let full = 0
    for (let k = 0; k < ntrial; k++) {
      const damped = Float64Array.from(hessian)
      for (let j = 0; j < n; j++) damped[j * n + j] += ladder[k] * scale[j]
      const qp = boxQP(damped, gradient, low, high)
      promised[k] = qp.ok ? -quadratic(hessian, gradient, qp.x) : Number.NaN
      if (promised[k] > full) full = promised[k]
      for (let j = 0; j < n; j++)
        points[k * n + j] = Math.min(upper[j], Math.max(lower[j], x[j] + (qp.ok ? qp.x[j] : 0)))
    }
    if (!(full > ftol * cost)) stop = { code: 'ftol', message: `a full step promises less than ${ftol} of the cost` }
    const values = await residuals(points, ntrial)
    evaluations += ntrial

    // the largest damping that is about as good as the best
    const costs = new Float64Array(ntrial)
    let best = cost
    for (let k = 0; k < ntrial; k++) {
      costs[k] = promised[k] > 0 && finite(values, k * m, m) ? rho.cost(values, k * m) : Number.POSITIVE_INFINITY
      best = Math.min(best, costs[k])
    }
    let chosen = -1
    for (let k = 0; k < ntrial; k++) {
      const gain = cost - costs[k]
      if (gain >= ALIKE * (cost - best) && gain > ACCEPT * promised[k]) chosen = k
    }

    step = adaptSteps(step, last, range, floor)
    iteration++
    if (chosen < 0) {
      if (stop !== undefined) break
      failures++
      damping = Math.min(MAX_DAMPING, Math.max(1e-6, damping) * powerOfTen(ntrial - 3))
      if (failures >= MAX_FAILURES || damping >= MAX_DAMPING)
        stop = { code: 'stalled', message: 'no damping found a better point' }
      continue
    }
    failures = 0
    damping = Math.min(MAX_DAMPING, Math.max(1e-9, chosen === 0 ? 0.1 * ladder[1] : ladder[chosen]))
    let moved = 0
    for (let j = 0; j < n; j++) moved = Math.max(moved, Math.abs(points[chosen * n + j] - x[j]) / range[j])
    const gained = cost - costs[chosen]
    x = points.slice(chosen * n, (chosen + 1) * n)
    r = values.slice(chosen * m, (chosen + 1) * m)
    cost = costs[chosen]
    if (stop !== undefined) break
    if (moved <= xtol) stop = { code: 'xtol', message: `no coordinate moved by more than ${xtol} of its range` }
    else if (gained <= ftol * cost) stop = { code: 'ftol', message: `the cost fell by less than ${ftol} of itself` }
  }

  const state = { x: Array.from(x), step: Array.from(step), damping, iteration, evaluations, failures }
  return { x, cost, residuals: r, jacobian: last, step, iterations: iteration, evaluations, stop, state }
}

/** Huber's rho and its weights; squares when there is no threshold. */
export class Robust {
  readonly threshold: Float64Array | undefined
  readonly size: number

  /** @param huber threshold of every residual (m), or one for all, or none */
  constructor(huber: number | Float64Array | undefined, size: number) {
    this.size = size
    this.threshold = typeof huber === 'number' ? new Float64Array(size).fill(huber) : huber
    if (this.threshold !== undefined) {
      if (this.threshold.length !== size)
        throw new ParameterError('HUBER_SIZE', `huber: got ${this.threshold.length} thresholds, expected ${size}`)
      if (!this.threshold.every(t => t > 0))
        throw new ParameterError('HUBER', 'huber: every threshold must be a positive number')
    }
  }

  /** ½ Σ rho of the residuals from offset. */
  cost(r: Float64Array, offset: number): number {
    let sum = 0
    if (this.threshold === undefined) {
      for (let i = 0; i < this.size; i++) sum += r[offset + i] * r[offset + i]
      return 0.5 * sum
    }
    for (let i = 0; i < this.size; i++) {
      const a = Math.abs(r[offset + i])
      const t = this.threshold[i]
      sum += a <= t ? a * a : 2 * t * a - t * t
    }
    return 0.5 * sum
  }

  /** Weights of the equivalent squares at r (m): 1 inside the threshold, δ/|r| outside. */
  weights(r: Float64Array): Float64Array {
    const w = new Float64Array(this.size).fill(1)
    if (this.threshold === undefined) return w
    for (let i = 0; i < this.size; i++) {
      const a = Math.abs(r[i])
      if (a > this.threshold[i]) w[i] = this.threshold[i] / a
    }
    return w
  }
}

/** Gradient JᵀWr (n) and Gauss–Newton Hessian JᵀWJ (n, n) of ½ Σ rho(r), W Huber's weights. */
export function normalEquations(
  columns: Float64Array,
  r: Float64Array,
  rho: Robust,
): { gradient: Float64Array; hessian: Float64Array } {
  const m = r.length
  const n = columns.length / m
  const w = rho.weights(r)
  const gradient = new Float64Array(n)
  const hessian = new Float64Array(n * n)
  for (let a = 0; a < n; a++) {
    let slope = 0
    for (let i = 0; i < m; i++) slope += w[i] * columns[a * m + i] * r[i]
    gradient[a] = slope
    for (let b = 0; b <= a; b++) {
      let sum = 0
      for (let i = 0; i < m; i++) sum += w[i] * columns[a * m + i] * columns[b * m + i]
      hessian[a * n + b] = sum
      hessian[b * n + a] = sum
    }
  }
  return { gradient, hessian }
}

/** Diagonal of the Hessian with a floor, so that a coordinate without effect is held by the damping too. */
function dampingScale(hessian: Float64Array, n: number): Float64Array {
  let top = 0
  for (let j = 0; j < n; j++) top = Math.max(top, hessian[j * n + j])
  return Float64Array.from({ length: n }, (_, j) => Math.max(hessian[j * n + j], 1e-8 * top, 1e-300))
}

/** 10^k for a small integer, by multiplication: the same bits everywhere. */
function powerOfTen(k: number): number {
  let value = 1
  for (let i = 0; i < Math.abs(k); i++) value *= 10
  return k < 0 ? 1 / value : value
}

function checkBounds(options: GaussNewtonOptions): { lower: Float64Array; upper: Float64Array; range: Float64Array } {
  const lower = Float64Array.from(options.lower)
  const upper = Float64Array.from(options.upper)
  if (lower.length !== upper.length || lower.length !== options.start.length || lower.length === 0) {
    throw new ParameterError(
      'BOUNDS_SIZE',
      `start, lower and upper differ: got ${options.start.length}, ${lower.length} and ${upper.length} values`,
    )
  }
  for (let j = 0; j < lower.length; j++) {
    if (!(lower[j] < upper[j]))
      throw new ParameterError('BOUNDS', `coordinate ${j}: lower ${lower[j]} is not below upper ${upper[j]}`)
  }
  return { lower, upper, range: upper.map((u, j) => u - lower[j]) }
}
