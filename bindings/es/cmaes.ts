/**
 * CMA-ES: derivative-free minimisation by a normal distribution whose covariance learns the inverse Hessian's shape.
 *
 * Source: Hansen 2016, "The CMA Evolution Strategy: A Tutorial" (arXiv 1604.00772), with pycma 4's constants and criteria.
 *
 * The distribution lives in genotype coordinates u; candidates are x = T(std * u), T the boundary's map. Random numbers are
 * counter-based: member i of generation g is a function of the seed and the distribution alone.
 */
import { ParameterError, SizeError } from '../errors.js'
import { exp, Philox, pow, STREAM } from '../math/index.js'
import { matmul, rankUpdate, SymmetricEigen } from '../math/linalg.js'
import { type Boundary, BoundPenalty } from './boundary.js'
import { type CmaConstants, cmaConstants, defaultPopsize } from './constants.js'
import { decode, encode } from './json.js'
import {
  type CMAESOptions,
  checkScale,
  copyOptions,
  makeBoundary,
  type SavedState,
  STATE_FORMAT,
  STATE_VERSION,
} from './options.js'
import { reason, type StopReason, Termination } from './termination.js'

/** The best candidate seen. */
export interface Best {
  /** (n), in bounds */
  readonly x: Float64Array
  readonly fitness: number
}

/** largest standard deviation of a coordinate between two bounds, in units of their distance */
const STD_OF_RANGE = 1 / 3

/**
 * One run of CMA-ES by ask and tell.
 *
 * ```ts
 * const es = new CMAES({ mean: [0, 0, 0], sigma: 0.5, seed: 1 })
 * while (es.stop() === undefined) es.tell(evaluate(es.ask()))
 * es.best.x
 * ```
 */
export class CMAES {
  readonly dimension: number
  readonly popsize: number
  readonly constants: CmaConstants
  /** generations told */
  generation = 0
  /** candidates told */
  evaluations = 0

  private readonly options: CMAESOptions
  private readonly boundary: Boundary | undefined
  private readonly random: Philox
  private readonly eigen: SymmetricEigen | undefined
  private readonly termination: Termination
  private readonly scale: Float64Array
  private readonly startStd: Float64Array

  // distribution N(m, sigma^2 C), C = V' D^2 V; C is (n, n) with only its lower triangle kept, or (n) when diagonal
  private step: number
  private readonly m: Float64Array
  private readonly C: Float64Array
  private D: Float64Array
  private isotropic = true
  private eigenGeneration = 0
  private readonly ps: Float64Array
  private readonly pc: Float64Array

  // the generation asked: standard normal z, y = B D z with p_c behind the candidates, phenotypes x
  private asked = false
  private readonly Z: Float64Array
  private readonly Y: Float64Array
  private readonly X: Float64Array
  private injected: Float64Array[] = []

  private readonly bestX: Float64Array
  private bestFitness = Number.POSITIVE_INFINITY
  private bestEvaluations = 0
  private stopped: StopReason | undefined

  // scratch
  private readonly order: Int32Array
  private readonly ranked: Float64Array
  private readonly sorted: Float64Array
  private readonly weights: Float64Array
  private readonly variances: Float64Array
  private readonly yw: Float64Array
  private readonly zw: Float64Array

  /**
   * @throws {ParameterError} when an option makes no sense (sigma, popsize, bounds, a mean outside them)
   * @throws {SizeError} when an array has not the dimension's length
   */
  constructor(options: CMAESOptions) {
    const n = options.mean.length
    const popsize = options.popsize ?? defaultPopsize(Math.max(1, n))
    const { diagonal = false } = options
    this.constants = cmaConstants(n, popsize, options)
    this.dimension = n
    this.popsize = popsize
    if (!(options.sigma > 0 && options.sigma < Number.POSITIVE_INFINITY))
      throw new ParameterError('CMA_SIGMA', `sigma: got ${options.sigma}, expected a positive number`)
    this.options = copyOptions(options)
    this.random = new Philox(options.seed ?? 0, STREAM.theta)
    this.scale = checkScale(n, options.std)
    this.boundary = makeBoundary(n, options)
    this.step = options.sigma
    this.m = this.genotype(options.mean)

    const size = diagonal ? n : n * n
    this.C = new Float64Array(size)
    for (let i = 0; i < n; i++) this.C[diagonal ? i : i * n + i] = 1
    this.D = new Float64Array(n).fill(1)
    this.ps = new Float64Array(n)
    this.pc = new Float64Array(n)
    this.eigen = diagonal ? undefined : new SymmetricEigen(n)
    this.Z = new Float64Array(popsize * n)
    this.Y = new Float64Array((popsize + 1) * n)
    this.X = new Float64Array(popsize * n)
    this.bestX = Float64Array.from(options.mean)
    this.order = new Int32Array(popsize)
    this.ranked = new Float64Array(popsize)
    this.sorted = new Float64Array(popsize)
    this.weights = new Float64Array(popsize + 1)
    this.variances = new Float64Array(n).fill(1)
    this.yw = new Float64Array(n)
    this.zw = new Float64Array(n)
    if (this.limitStd()) this.decompose()
    this.startStd = this.stds()
    this.termination = new Termination(n, popsize, this.m, options)
  }

  /** Mean of the distribution (n), in bounds: the better answer where the fitness is noisy. A copy. */
  get mean(): Float64Array {
    return this.m.map((u, i) => this.phenotype(i, u))
  }

  /** Global step size. */
  get sigma(): number {
    return this.step
  }

  /** Best candidate told so far; the start with fitness Infinity before that. A copy. */
  get best(): Best {
    return { x: Float64Array.from(this.bestX), fitness: this.bestFitness }
  }

  /** C (n, n), both triangles; the candidates' covariance away from bounds is sigma^2 C. */
  covariance(): Float64Array {
    const { dimension: n, C, scale } = this
    const full = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      if (this.eigen === undefined) full[i * n + i] = scale[i] * scale[i] * C[i]
      else {
        for (let j = 0; j <= i; j++) {
          const c = scale[i] * scale[j] * C[i * n + j]
          full[i * n + j] = c
          full[j * n + i] = c
        }
      }
    }
    return full
  }

  /** Standard deviation of each coordinate (n): sigma sqrt(C_ii). */
  stds(): Float64Array {
    return this.variances.map((v, i) => this.step * this.scale[i] * Math.sqrt(v))
  }

  /** Why the run is over; undefined while it is not. Telling more generations stays possible. */
  stop(): StopReason | undefined {
    return this.stopped
  }

  /**
   * Candidates to evaluate (popsize, n), in bounds. Asking again before tell() gives the same ones. A copy.
   */
  ask(): Float64Array {
    if (!this.asked) this.sample()
    return Float64Array.from(this.X)
  }

  /**
   * Put a point into the next generation as its last candidates (several calls: several points). It is evaluated where it is; what
   * the distribution learns from it is limited to a plausible step (Hansen 2011, "Injecting external solutions into CMA-ES").
   *
   * @param x point (n), in bounds
   * @throws {ParameterError} when a generation is asked but not told
   */
  inject(x: ArrayLike<number>): void {
    if (this.asked) throw new ParameterError('CMA_ORDER', 'inject: tell the fitness of the last ask first')
    if (this.injected.length >= this.popsize)
      throw new ParameterError('CMA_INJECT', `inject: ${this.popsize} points already wait, a whole population`)
    this.genotype(x)
    this.injected.push(Float64Array.from(x))
  }

  /** Multiply the step size, for instance by a noise handler's factor. */
  scaleSigma(factor: number): void {
    if (!(factor > 0 && factor < Number.POSITIVE_INFINITY))
      throw new ParameterError('CMA_SIGMA', `scaleSigma: got factor ${factor}, expected a positive number`)
    this.step *= factor
  }

  /**
   * Candidates of the last ask again, each `repeats` times and displaced by `epsilon` random steps of the distribution, to measure
   * noise. Valid until the next ask, before or after tell.
   *
   * @returns (members.length * repeats, n), in bounds
   */
  resample(members: ArrayLike<number>, epsilon: number, repeats = 1): Float64Array {
    const { dimension: n } = this
    const count = members.length * repeats
    const random = new Philox(this.options.seed ?? 0, STREAM.reevaluation)
    const z = new Float64Array(count * n)
    for (let k = 0; k < count; k++) random.fillNormal(z, k, this.generation, k * n, (k + 1) * n)
    const y = new Float64Array(count * n)
    this.shape(z, y, count)
    const out = new Float64Array(count * n)
    for (let k = 0; k < count; k++) {
      const from = members[Math.floor(k / repeats)] * n
      for (let i = 0; i < n; i++) {
        const u = this.inverse(i, this.X[from + i]) + epsilon * this.step * y[k * n + i]
        out[k * n + i] = this.phenotype(i, u)
      }
    }
    return out
  }

  private sample(): void {
    const { dimension: n, popsize, X, Y, Z, m, step } = this
    for (let k = 0; k < popsize; k++) this.random.fillNormal(Z, k, this.generation, k * n, (k + 1) * n)
    this.shape(Z, Y, popsize)
    for (let k = 0; k < popsize; k++) {
      for (let i = 0, a = k * n; i < n; i++, a++) X[a] = this.phenotype(i, m[i] + step * Y[a])
    }
    const first = popsize - this.injected.length
    for (let j = 0; j < this.injected.length; j++) this.place(first + j, this.injected[j])
    this.asked = true
  }

  /** y = B D z for `count` rows. */
  private shape(z: Float64Array, y: Float64Array, count: number): void {
    const { dimension: n, D, eigen } = this
    if (this.isotropic) {
      y.set(z)
      return
    }
    // D z into y, then B from the left: rows of V are the columns of B
    for (let k = 0, a = 0; k < count; k++) for (let i = 0; i < n; i++, a++) y[a] = D[i] * z[a]
    if (eigen !== undefined) matmul(count, n, n, y, eigen.vectors, y)
  }

  /** Candidate k is x exactly; its z and y are those of the step from the mean, shortened to a plausible length. */
  private place(k: number, x: Float64Array): void {
    const { dimension: n, X, Y, Z, D, eigen } = this
    const at = k * n
    X.set(x, at)
    const u = this.genotype(x)
    for (let i = 0; i < n; i++) Y[at + i] = (u[i] - this.m[i]) / this.step
    let length = 0
    for (let j = 0; j < n; j++) {
      let t = 0
      if (eigen === undefined || this.isotropic) t = Y[at + j]
      else for (let i = 0; i < n; i++) t += eigen.vectors[j * n + i] * Y[at + i]
      Z[at + j] = t / D[j]
      length += Z[at + j] * Z[at + j]
    }
    const limit = (Math.sqrt(n) + (2 * n) / (n + 2)) / Math.sqrt(length)
    if (limit < 1) {
      for (let i = 0; i < n; i++) {
        Y[at + i] *= limit
        Z[at + i] *= limit
      }
    }
  }

  /**
   * Fitness of the candidates last asked, in their order; lower is better. NaN (a failed candidate) ranks last and is never averaged.
   *
   * @param fitness (popsize)
   * @throws {ParameterError} CMA_ORDER without a preceding ask
   * @throws {SizeError} when the length is not popsize
   */
  tell(fitness: ArrayLike<number>): void {
    const { popsize } = this
    if (!this.asked) throw new ParameterError('CMA_ORDER', 'tell: ask for candidates first')
    if (fitness.length !== popsize)
      throw new SizeError('CMA_FITNESS', `tell: got ${fitness.length} fitness values, expected popsize = ${popsize}`)
    this.asked = false
    this.injected = []
    this.generation++
    this.evaluations += popsize
    const valid = this.rank(fitness)
    if (valid === 0) {
      this.stopped = reason('nan', `all ${popsize} candidates of generation ${this.generation} have fitness NaN`)
      return
    }
    this.adapt(valid)
    this.stopped = this.judge()
  }

  /** Order candidates by fitness plus penalty and note the best; returns how many are not NaN. */
  private rank(fitness: ArrayLike<number>): number {
    const { dimension: n, popsize, order, ranked, sorted, Y, m, step, scale, boundary } = this
    let valid = 0
    for (let k = 0; k < popsize; k++) {
      const f = fitness[k]
      sorted[k] = f
      ranked[k] = f
      order[k] = k
      if (Number.isNaN(f)) continue
      valid++
      if (f < this.bestFitness) {
        this.bestFitness = f
        this.bestEvaluations = this.evaluations - popsize + k + 1
        this.bestX.set(this.X.subarray(k * n, (k + 1) * n))
      }
    }
    // typed arrays sort NaN to the end
    sorted.sort()
    if (boundary instanceof BoundPenalty) {
      const point = m.map((u, i) => scale[i] * u)
      boundary.update(sorted, point, this.stds(), this.constants.muEff, this.generation)
      for (let k = 0; k < popsize; k++) {
        for (let i = 0; i < n; i++) point[i] = scale[i] * (m[i] + step * Y[k * n + i])
        ranked[k] += boundary.penalty(point, 0)
      }
    }
    // equal ones in the order of asking
    order.sort((a, b) => {
      const fa = ranked[a]
      const fb = ranked[b]
      if (fa < fb) return -1
      if (fa > fb) return 1
      return Number(Number.isNaN(fa)) - Number(Number.isNaN(fb)) || a - b
    })
    return valid
  }

  /** Move mean, paths, covariance and step size. The names are the tutorial's. */
  private adapt(valid: number): void {
    const { dimension: n, constants, order, weights, m, ps, pc, C, Y, Z, yw, zw, eigen } = this
    const { lambda, mu, muEff, cSigma, dSigma, cc, c1, cmu, chiN } = constants

    // weights by candidate; with fewer valid candidates than parents, the valid ones share the whole
    let share = 1
    if (valid < mu) {
      share = 0
      for (let r = 0; r < valid; r++) share += constants.weights[r]
    }
    yw.fill(0)
    zw.fill(0)
    for (let r = 0; r < mu; r++) {
      const k = order[r]
      const w = r < valid ? constants.weights[r] / share : 0
      weights[k] = w
      if (w === 0) continue
      for (let i = 0, a = k * n; i < n; i++, a++) {
        yw[i] += w * Y[a]
        zw[i] += w * Z[a]
      }
    }
    // each negative step is scaled to length sqrt(n): |B D^-1 B' y| = |z|
    for (let r = mu; r < lambda; r++) {
      const k = order[r]
      let w = constants.weights[r]
      if (w < 0) {
        let square = 0
        for (let i = 0, a = k * n; i < n; i++, a++) square += Z[a] * Z[a]
        w *= square > 0 ? n / square : 0
      }
      weights[k] = w
    }

    // mean
    for (let i = 0; i < n; i++) m[i] += this.step * yw[i]

    // conjugate path: B D^-1 B' y_w = B z_w
    const cs = Math.sqrt(cSigma * (2 - cSigma) * muEff)
    for (let i = 0; i < n; i++) ps[i] *= 1 - cSigma
    if (eigen === undefined || this.isotropic) for (let i = 0; i < n; i++) ps[i] += cs * zw[i]
    else {
      for (let j = 0, a = 0; j < n; j++) {
        const t = cs * zw[j]
        for (let i = 0; i < n; i++, a++) ps[i] += t * eigen.vectors[a]
      }
    }
    let square = 0
    for (let i = 0; i < n; i++) square += ps[i] * ps[i]

    // path, stalled while the step size grows fast
    const h = square / (n * (1 - pow(1 - cSigma, 2 * this.generation))) < 2 + 4 / (n + 1) ? 1 : 0
    const cp = h * Math.sqrt(cc * (2 - cc) * muEff)
    for (let i = 0; i < n; i++) pc[i] = (1 - cc) * pc[i] + cp * yw[i]

    // covariance: p_c stands behind the candidates as one more row
    const decay = 1 - c1 * (1 - (1 - h) * cc * (2 - cc)) - cmu * constants.weightSum
    for (let k = 0; k < lambda; k++) weights[k] *= cmu
    weights[lambda] = c1
    Y.set(pc, lambda * n)
    if (eigen === undefined) {
      for (let i = 0; i < n; i++) {
        let t = 0
        for (let k = 0, a = i; k <= lambda; k++, a += n) t += weights[k] * Y[a] * Y[a]
        C[i] = decay * C[i] + t
      }
    } else rankUpdate(n, lambda + 1, decay, weights, Y, C)

    // step size
    this.step *= exp(Math.min(1, (cSigma / dSigma) * (Math.sqrt(square) / chiN - 1)))

    const diagonal = eigen === undefined
    for (let i = 0; i < n; i++) this.variances[i] = C[diagonal ? i : i * n + i]
    const limited = this.limitStd()
    if (limited || diagonal || this.generation - this.eigenGeneration >= constants.lazyGap) this.decompose()
  }

  /** Keep each standard deviation within a third of its bounds' distance; true when one had to shrink. */
  private limitStd(): boolean {
    const { dimension: n, boundary, C, eigen, variances, scale, pc } = this
    if (boundary === undefined) return false
    let limited = false
    for (let i = 0; i < n; i++) {
      const limit = STD_OF_RANGE * (boundary.upper[i] - boundary.lower[i])
      const factor = limit / (this.step * scale[i] * Math.sqrt(variances[i]))
      if (!(factor < 1)) continue
      limited = true
      if (eigen === undefined) C[i] *= factor * factor
      else {
        for (let j = 0; j < i; j++) C[i * n + j] *= factor
        for (let j = i + 1; j < n; j++) C[j * n + i] *= factor
        C[i * n + i] *= factor * factor
      }
      pc[i] *= factor
      variances[i] *= factor * factor
    }
    return limited
  }

  /** B and D from C. */
  private decompose(): void {
    const { dimension: n, C, eigen } = this
    this.eigenGeneration = this.generation
    if (eigen === undefined) {
      this.D = C.map(Math.sqrt)
      this.isotropic = false
      return
    }
    // a covariance that overflowed is reported by judge()
    if (!this.finiteVariances()) return
    eigen.compute(C)
    this.isotropic = false
    // rounding can take the smallest below zero: then the condition number is beyond any limit, and judge() stops the run
    const floor = eigen.values[n - 1] * 1e-16
    this.D = eigen.values.map(v => Math.sqrt(Math.max(v, floor)))
  }

  private judge(): StopReason | undefined {
    const { dimension: n, m, sorted, eigen } = this
    if (
      !(this.step > 0 && this.step < Number.POSITIVE_INFINITY) ||
      !m.every(Number.isFinite) ||
      !this.finiteVariances()
    )
      return reason('diverged', `mean, step size (${this.step}) or covariance left the range of numbers`)
    return this.termination.update({
      generation: this.generation,
      evaluations: this.evaluations,
      bestFitness: this.bestFitness,
      bestEvaluations: this.bestEvaluations,
      sorted,
      sigma: this.step,
      mean: m,
      variances: this.variances,
      startStd: this.startStd,
      scale: this.scale,
      pc: this.pc,
      axisLengths: this.D,
      axes: eigen !== undefined && !this.isotropic && n > 1 ? eigen.vectors : undefined,
    })
  }

  private finiteVariances(): boolean {
    return this.variances.every(v => v > 0 && v < Number.POSITIVE_INFINITY)
  }

  /** Phenotype of genotype coordinate u. */
  private phenotype(i: number, u: number): number {
    const x = this.scale[i] * u
    return this.boundary === undefined ? x : this.boundary.repair(i, x)
  }

  /** Genotype of phenotype coordinate x, x in bounds. */
  private inverse(i: number, x: number): number {
    return (this.boundary === undefined ? x : this.boundary.inverse(i, x)) / this.scale[i]
  }

  /** Genotype of a point (n), checked. */
  private genotype(x: ArrayLike<number>): Float64Array {
    const { dimension: n, boundary } = this
    if (x.length !== n) throw new SizeError('CMA_SIZE', `point: got length ${x.length}, expected ${n}`)
    return Float64Array.from(x, (v, i) => {
      if (!Number.isFinite(v))
        throw new ParameterError('CMA_POINT', `coordinate ${i}: got ${v}, expected a finite number`)
      if (boundary !== undefined && (v < boundary.lower[i] || v > boundary.upper[i]))
        throw new ParameterError(
          'CMA_POINT',
          `coordinate ${i}: got ${v}, outside the bounds [${boundary.lower[i]}, ${boundary.upper[i]}]; clip it first`,
        )
      return this.inverse(i, v)
    })
  }

  /** Everything a later process needs to go on, bit for bit, as JSON. Between ask and tell the ask is repeated after load. */
  save(): string {
    return encode(this.snapshot())
  }

  /** What save() writes, as plain data. Its arrays are the run's own and change with it. */
  snapshot(): SavedState {
    return {
      format: STATE_FORMAT,
      version: STATE_VERSION,
      options: this.options,
      generation: this.generation,
      evaluations: this.evaluations,
      sigma: this.step,
      m: this.m,
      C: this.C,
      V: this.eigen === undefined || this.isotropic ? null : this.eigen.vectors,
      D: this.D,
      ps: this.ps,
      pc: this.pc,
      eigenGeneration: this.eigenGeneration,
      bestX: this.bestX,
      bestFitness: this.bestFitness,
      bestEvaluations: this.bestEvaluations,
      stopped: this.stopped ?? null,
      injected: this.injected,
      termination: this.termination.state(),
      penalty: this.boundary instanceof BoundPenalty ? this.boundary.state() : null,
    }
  }

  /**
   * A run as save() left it.
   *
   * @throws {ParameterError} STATE_FORMAT when the text is not such a state
   */
  static load(text: string): CMAES {
    return CMAES.resume(decode<SavedState>(text, STATE_FORMAT, STATE_VERSION))
  }

  /** A run as snapshot() showed it. Takes the state's arrays for its own. */
  static resume(s: SavedState): CMAES {
    const es = new CMAES(s.options)
    es.generation = s.generation
    es.evaluations = s.evaluations
    es.step = s.sigma
    es.m.set(s.m)
    es.C.set(s.C)
    es.D = s.D
    es.isotropic = es.eigen !== undefined && s.V === null
    if (s.V !== null) es.eigen?.vectors.set(s.V)
    es.ps.set(s.ps)
    es.pc.set(s.pc)
    es.eigenGeneration = s.eigenGeneration
    es.bestX.set(s.bestX)
    es.bestFitness = s.bestFitness
    es.bestEvaluations = s.bestEvaluations
    es.stopped = s.stopped ?? undefined
    es.injected = s.injected
    const n = es.dimension
    for (let i = 0; i < n; i++) es.variances[i] = es.C[es.eigen === undefined ? i : i * n + i]
    es.termination.restore(s.termination)
    if (es.boundary instanceof BoundPenalty && s.penalty !== null) es.boundary.restore(s.penalty)
    return es
  }
}
