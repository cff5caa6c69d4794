import { SizeError } from '../errors.js'
import { exp, expm1, log, normalQuantile, philox, STREAM, seedWords } from '../math/index.js'
import { Checker, type Key } from './checker.js'
import { parseLocated } from './json.js'
import {
  gaussianMoments,
  logSum,
  type Marginal,
  type MarginalSpec,
  makeMarginal,
  mixtureMoments,
  pick,
  readWeights,
} from './marginal.js'
import type { ParameterSpace } from './parameters.js'

export type { MarginalSpec } from './marginal.js'

/**
 * A normal distribution of several parameters together. `domain` says of what: 'normalized' (default) of the coordinates z
 * of ParameterSpace.normalize, so that a log parameter is log-normal; 'natural' of the values themselves. Not truncated:
 * a sample may lie outside the bounds.
 */
export interface JointNormalSpec {
  readonly kind: 'joint-normal'
  readonly parameters: readonly string[]
  readonly domain?: 'normalized' | 'natural'
  readonly mean: readonly number[]
  /** (k, k), symmetric positive definite */
  readonly covariance: readonly (readonly number[])[]
}

/** One independent factor of a distribution: of one parameter, or of several together. */
export type FactorSpec = ({ readonly parameter: string } & MarginalSpec) | JointNormalSpec

/** Independent factors that name each parameter of the space once, or a mixture of whole distributions. */
export type DistributionSpec =
  | { readonly kind: 'product'; readonly factors: readonly FactorSpec[] }
  | { readonly kind: 'mixture'; readonly weights: readonly number[]; readonly components: readonly DistributionSpec[] }

const LOG_2PI = 1.8378770664093453
/** 52-bit uniform numbers: k 2^-52 + 2^-53, exact and strictly inside (0, 1) */
const TWO_26 = 67108864
const ULP_52 = 2.220446049250313e-16

/** Uniform numbers of a seed by row and slot: a pure function, so row i does not depend on how many rows are drawn. */
class Draws {
  private readonly words = new Uint32Array(4)
  private readonly key: readonly [number, number]
  private row = 0

  constructor(seed: number) {
    this.key = seedWords(seed)
  }

  at(row: number): void {
    this.row = row
  }

  /** philox counter: (slot, row low, row high, STREAM.randomization) */
  uniform(slot: number): number {
    const high = Math.floor(this.row / 4294967296)
    philox(slot, this.row >>> 0, high, STREAM.randomization, this.key[0], this.key[1], this.words)
    return ((this.words[0] >>> 6) * TWO_26 + (this.words[1] >>> 6) + 0.5) * ULP_52
  }
}

/** a distribution of some parameters of the space; writes and reads theta at their places */
interface Factor {
  readonly spec: FactorSpec
  draw(draws: Draws, theta: Float64Array, base: number): void
  logpdf(theta: ArrayLike<number>): number
  /** mean and std of each of its parameters */
  readonly moments: readonly { readonly parameter: number; readonly mean: number; readonly std: number }[]
}

/** a node of the tree: product or mixture */
interface Node {
  readonly spec: DistributionSpec
  draw(draws: Draws, theta: Float64Array, base: number): void
  logpdf(theta: ArrayLike<number>): number
  readonly mean: Float64Array
  readonly std: Float64Array
}

/**
 * What is believed about the parameters of a space: a probability distribution over theta, in natural units.
 */
export class ParameterDistribution {
  readonly space: ParameterSpace
  private readonly root: Node

  private constructor(space: ParameterSpace, root: Node) {
    this.space = space
    this.root = root
  }

  /**
   * @param spec factors that name every parameter of the space once; a mixture; or an object of parameter name -> marginal
   * @throws {ParameterError} SPEC saying where, for an unknown key, a parameter missing or named twice, or numbers that
   *   make no distribution
   */
  static from(
    space: ParameterSpace,
    spec: DistributionSpec | readonly FactorSpec[] | Readonly<Record<string, MarginalSpec>>,
  ): ParameterDistribution {
    return ParameterDistribution.read(space, new Checker(undefined, 'distribution'), spec)
  }

  /** All weight on one vector; default the start values. */
  static point(space: ParameterSpace, theta: ArrayLike<number> = space.start): ParameterDistribution {
    checkLength('theta', theta, space.nparam)
    const factors = space.names.map((parameter, i): FactorSpec => ({ parameter, kind: 'point', value: theta[i] }))
    return ParameterDistribution.from(space, factors)
  }

  /** Uniform within the bounds, each parameter on the axis of its transform when that is log. */
  static uniform(space: ParameterSpace): ParameterDistribution {
    const factors = space.parameters.map(
      (p): FactorSpec => ({ parameter: p.name, kind: p.transform === 'log' ? 'log-uniform' : 'uniform' }),
    )
    return ParameterDistribution.from(space, factors)
  }

  /**
   * Normal with a full covariance over all parameters.
   *
   * @param mean (nparam)
   * @param covariance (nparam, nparam) row-major
   * @param domain of the coordinates z, or of the natural values
   */
  static normal(
    space: ParameterSpace,
    mean: ArrayLike<number>,
    covariance: ArrayLike<number>,
    domain: 'normalized' | 'natural' = 'normalized',
  ): ParameterDistribution {
    const n = space.nparam
    checkLength('mean', mean, n)
    checkLength('covariance', covariance, n * n)
    const rows = space.names.map((_, i) => Array.from(covariance).slice(i * n, (i + 1) * n))
    const spec: JointNormalSpec = {
      kind: 'joint-normal',
      parameters: space.names,
      domain,
      mean: Array.from(mean),
      covariance: rows,
    }
    return ParameterDistribution.from(space, [spec])
  }

  /** Whole distributions over one space, chosen with these weights (which need not sum to 1). */
  static mixture(weights: readonly number[], components: readonly ParameterDistribution[]): ParameterDistribution {
    checkLength('weights', weights, components.length)
    if (components.length === 0) throw new SizeError('SIZE', 'a mixture needs at least one component, got 0')
    const specs = components.map(c => c.root.spec)
    return ParameterDistribution.from(components[0].space, { kind: 'mixture', weights, components: specs })
  }

  /**
   * Read what toJSON wrote, or JSON text of the same form.
   *
   * @throws {ParameterError} JSON or SPEC with line and column
   */
  static fromJSON(space: ParameterSpace, source: unknown, place?: string): ParameterDistribution {
    const located = typeof source === 'string' ? parseLocated(source, place) : undefined
    const check = new Checker(located, place ?? (located === undefined ? 'distribution' : undefined))
    return ParameterDistribution.read(space, check, located === undefined ? source : located.value)
  }

  private static read(space: ParameterSpace, check: Checker, value: unknown): ParameterDistribution {
    // mixture nodes get the slots after the parameters, in order of appearance
    let slots = space.nparam
    const root = readNode(space, check, value, [], () => slots++)
    return new ParameterDistribution(space, root)
  }

  /**
   * n samples, (n, nparam) natural units. Counter-based: row i depends on seed and i only, so sample(10) begins with
   * sample(5), and `first` starts at a later row.
   */
  sample(n: number, seed: number, first = 0): Float64Array {
    if (!Number.isSafeInteger(n) || n < 0)
      throw new SizeError('SIZE', `n: got ${n}, expected a whole number, 0 or more`)
    if (!Number.isSafeInteger(first) || first < 0) {
      throw new SizeError('SIZE', `first: got ${first}, expected a whole number, 0 or more`)
    }
    const { nparam } = this.space
    const theta = new Float64Array(n * nparam)
    const draws = new Draws(seed)
    for (let row = 0; row < n; row++) {
      draws.at(first + row)
      this.root.draw(draws, theta, row * nparam)
    }
    return theta
  }

  /**
   * Log density at one vector (nparam), with respect to natural units: -Infinity outside the support. A point factor counts
   * as density 1 at its value (a density with respect to itself), so compare only where the same parameters are points.
   */
  logpdf(theta: ArrayLike<number>): number {
    checkLength('theta', theta, this.space.nparam)
    return this.root.logpdf(theta)
  }

  /** Mean of each parameter, (nparam) natural units. */
  mean(): Float64Array {
    return this.root.mean.slice()
  }

  /** Standard deviation of each parameter, (nparam) natural units. */
  std(): Float64Array {
    return this.root.std.slice()
  }

  /** A plain object for JSON; fromJSON reads it back over the same space. */
  toJSON(): DistributionSpec {
    return this.root.spec
  }
}

function checkLength(what: string, values: ArrayLike<number>, expected: number): void {
  if (values.length !== expected)
    throw new SizeError('SIZE', `${what}: got length ${values.length}, expected ${expected}`)
}

// ---------------------------------------------------------------- reading

function readNode(
  space: ParameterSpace,
  check: Checker,
  value: unknown,
  path: readonly Key[],
  slot: () => number,
): Node {
  if (Array.isArray(value)) return readProduct(space, check, value, path)
  const object = check.object(value, path, 'a distribution')
  if (object.kind === 'mixture') {
    check.keys(object, ['kind', 'weights', 'components'], path)
    const own = slot()
    const weights = readWeights(check, object, path)
    const parts = (object.components as unknown[]).map((c, k) =>
      readNode(space, check, c, [...path, 'components', k], slot),
    )
    return mixtureNode(space, weights, parts, own)
  }
  if (object.kind === 'product') {
    check.keys(object, ['kind', 'factors'], path)
    if (!Array.isArray(object.factors)) check.fail([...path, 'factors'], 'expected a list of factors')
    return readProduct(space, check, object.factors as unknown[], [...path, 'factors'])
  }
  // parameter name -> marginal
  const factors = Object.entries(object).map(([name, marginal]) => {
    const at = [...path, name]
    return readMarginal(space, check, marginal, at, name, at)
  })
  return productNode(space, check, factors, path)
}

function readProduct(space: ParameterSpace, check: Checker, list: readonly unknown[], path: readonly Key[]): Node {
  const factors = list.map((value, k) => {
    const at = [...path, k]
    const object = check.object(value, at, 'a factor')
    if (object.kind === 'joint-normal') return readJoint(space, check, object, at)
    const name = check.text(object.parameter, [...at, 'parameter'])
    return readMarginal(space, check, object, at, name, [...at, 'parameter'], ['parameter'])
  })
  return productNode(space, check, factors, path)
}

function parameterIndex(space: ParameterSpace, check: Checker, name: string, path: readonly Key[]): number {
  const index = space.index(name)
  if (index < 0) check.unknown(name, space.names, path, 'parameter of the space')
  return index
}

function readMarginal(
  space: ParameterSpace,
  check: Checker,
  value: unknown,
  path: readonly Key[],
  name: string,
  namePath: readonly Key[],
  extra: readonly string[] = [],
): Factor {
  const index = parameterIndex(space, check, name, namePath)
  const marginal = makeMarginal(check, value, path, space.parameters[index], extra)
  return marginalFactor(name, index, marginal)
}

function readJoint(space: ParameterSpace, check: Checker, spec: Record<string, unknown>, path: readonly Key[]): Factor {
  check.keys(spec, ['kind', 'parameters', 'domain', 'mean', 'covariance'], path)
  const list = (value: unknown, at: readonly Key[], length?: number): unknown[] => {
    if (!Array.isArray(value)) check.fail(at, 'expected a list')
    const array = value as unknown[]
    if (length !== undefined && array.length !== length)
      check.fail(at, `got ${array.length} elements, expected ${length}`)
    return array
  }
  const names = list(spec.parameters, [...path, 'parameters']).map((n, k) => check.text(n, [...path, 'parameters', k]))
  const k = names.length
  const indices = names.map((n, i) => parameterIndex(space, check, n, [...path, 'parameters', i]))
  const domain = spec.domain ?? 'normalized'
  if (domain !== 'normalized' && domain !== 'natural')
    check.fail([...path, 'domain'], "expected 'normalized' or 'natural'")
  const numbers = (value: unknown, at: readonly Key[]): number[] =>
    list(value, at, k).map((v, i) => check.number(v, [...at, i]))
  const mean = numbers(spec.mean, [...path, 'mean'])
  const covariance = list(spec.covariance, [...path, 'covariance'], k).map((row, i) =>
    numbers(row, [...path, 'covariance', i]),
  )
  const lower = cholesky(covariance)
  if (typeof lower === 'string') return check.fail([...path, 'covariance'], lower)
  return jointFactor(
    space,
    { kind: 'joint-normal', parameters: names, domain: domain as 'normalized' | 'natural', mean, covariance },
    indices,
    lower,
  )
}

/** relative asymmetry of a covariance that is taken for rounding */
const ASYMMETRY = 1e-9

/** lower Cholesky factor (k, k), or what is wrong with the matrix */
function cholesky(a: readonly (readonly number[])[]): Float64Array[] | string {
  const n = a.length
  const l = Array.from({ length: n }, () => new Float64Array(n))
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const size = Math.sqrt(Math.abs(a[i][i])) * Math.sqrt(Math.abs(a[j][j]))
      if (Math.abs(a[i][j] - a[j][i]) > ASYMMETRY * size)
        return `it is not symmetric: [${i}][${j}] ${a[i][j]}, [${j}][${i}] ${a[j][i]}`
      let sum = a[i][j]
      for (let k = 0; k < j; k++) sum -= l[i][k] * l[j][k]
      if (i !== j) l[i][j] = sum / l[j][j]
      else if (sum > 0) l[i][i] = Math.sqrt(sum)
      else return `it is not positive definite (row ${i}): make parameters that do not vary points`
    }
  }
  return l
}

// ---------------------------------------------------------------- factors

function marginalFactor(name: string, index: number, marginal: Marginal): Factor {
  return {
    spec: { parameter: name, ...marginal.spec },
    draw: (draws, theta, base) => {
      theta[base + index] = marginal.quantile(draws.uniform(index))
    },
    logpdf: theta => marginal.logpdf(theta[index]),
    moments: [{ parameter: index, mean: marginal.mean, std: marginal.std }],
  }
}

function jointFactor(
  space: ParameterSpace,
  spec: JointNormalSpec,
  indices: readonly number[],
  lower: readonly Float64Array[],
): Factor {
  const normalized = spec.domain !== 'natural'
  const k = indices.length
  const unit = new Float64Array(k)
  let level = (-k * LOG_2PI) / 2
  for (let i = 0; i < k; i++) level -= log(lower[i][i])
  return {
    spec,
    draw: (draws, theta, base) => {
      for (let i = 0; i < k; i++) unit[i] = normalQuantile(draws.uniform(indices[i]))
      for (let i = 0; i < k; i++) {
        let value = spec.mean[i]
        for (let j = 0; j <= i; j++) value += lower[i][j] * unit[j]
        theta[base + indices[i]] = normalized ? space.transform(indices[i]).fromZ(value) : value
      }
    },
    logpdf: theta => {
      // forward substitution, and the Jacobian of the transform
      let log2 = level
      for (let i = 0; i < k; i++) {
        const value = theta[indices[i]]
        const scale = space.transform(indices[i])
        const z = normalized ? scale.toZ(value) : value
        if (!Number.isFinite(z)) return Number.NEGATIVE_INFINITY
        let rest = z - spec.mean[i]
        for (let j = 0; j < i; j++) rest -= lower[i][j] * unit[j]
        unit[i] = rest / lower[i][i]
        log2 -= (unit[i] * unit[i]) / 2
        if (normalized) log2 -= log(scale.slope(value))
      }
      return log2
    },
    moments: indices.map((parameter, i) => {
      const std = Math.sqrt(spec.covariance[i][i])
      return {
        parameter,
        ...(normalized ? naturalMoments(space, parameter, spec.mean[i], std) : { mean: spec.mean[i], std }),
      }
    }),
  }
}

/** mean and std of a parameter whose coordinate z is normal */
function naturalMoments(
  space: ParameterSpace,
  parameter: number,
  mean: number,
  std: number,
): { mean: number; std: number } {
  const scale = space.transform(parameter)
  const { transform } = space.parameters[parameter]
  if (transform === 'linear') return { mean: scale.fromZ(mean), std: std * scale.slope(0) }
  if (transform === 'log') {
    // log-normal: the slope at 1 is that of log(theta) in z
    const s = std * scale.slope(1)
    const centre = scale.fromZ(mean) * exp((s * s) / 2)
    return { mean: centre, std: centre * Math.sqrt(expm1(s * s)) }
  }
  return gaussianMoments(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, t => scale.fromZ(mean + std * t))
}

// ---------------------------------------------------------------- nodes

function productNode(space: ParameterSpace, check: Checker, factors: readonly Factor[], path: readonly Key[]): Node {
  const mean = new Float64Array(space.nparam)
  const std = new Float64Array(space.nparam)
  const seen = new Set<number>()
  for (const { parameter, mean: m, std: s } of factors.flatMap(f => f.moments)) {
    if (seen.has(parameter)) check.fail(path, `the parameter '${space.names[parameter]}' is named twice`)
    seen.add(parameter)
    mean[parameter] = m
    std[parameter] = s
  }
  const missing = space.names.filter((_, i) => !seen.has(i))
  if (missing.length > 0) check.fail(path, `no distribution for ${missing.map(n => `'${n}'`).join(', ')}`)
  return {
    spec: { kind: 'product', factors: factors.map(f => f.spec) },
    draw: (draws, theta, base) => {
      for (const f of factors) f.draw(draws, theta, base)
    },
    logpdf: theta => factors.reduce((sum, f) => sum + f.logpdf(theta), 0),
    mean,
    std,
  }
}

function mixtureNode(space: ParameterSpace, weights: readonly number[], parts: readonly Node[], slot: number): Node {
  const moments = space.names.map((_, i) =>
    mixtureMoments(
      weights,
      parts.map(p => ({ mean: p.mean[i], std: p.std[i] })),
    ),
  )
  return {
    spec: { kind: 'mixture', weights, components: parts.map(p => p.spec) },
    draw: (draws, theta, base) => parts[pick(weights, draws.uniform(slot)).k].draw(draws, theta, base),
    logpdf: theta => logSum(weights.map((w, k) => log(w) + parts[k].logpdf(theta))),
    mean: Float64Array.from(moments, m => m.mean),
    std: Float64Array.from(moments, m => m.std),
  }
}
