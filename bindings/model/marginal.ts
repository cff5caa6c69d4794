import { exp, log, normalCdf, normalPdf, normalQuantile } from '../math/index.js'
import type { Checker, Key } from './checker.js'
import type { Parameter } from './layout.js'

/**
 * Distribution of one parameter, in its natural units.
 *   point             all weight on `value`
 *   uniform           between `min` and `max` (default: the parameter's bounds)
 *   log-uniform       log of the value uniform
 *   normal            unbounded, whatever the parameter's bounds are
 *   truncated-normal  normal with `mean` and `std` before truncation to [min, max]
 *   mixture           of any of these; weights need not sum to 1
 */
export type MarginalSpec =
  | { readonly kind: 'point'; readonly value: number }
  | { readonly kind: 'uniform' | 'log-uniform'; readonly min?: number; readonly max?: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number }
  | {
      readonly kind: 'truncated-normal'
      readonly mean: number
      readonly std: number
      readonly min?: number
      readonly max?: number
    }
  | { readonly kind: 'mixture'; readonly weights: readonly number[]; readonly components: readonly MarginalSpec[] }

/** A distribution on the line. */
export interface Marginal {
  /** with its defaults filled in */
  readonly spec: MarginalSpec
  /** the value below which a share u of the weight lies (of a mixture: any map of u in (0, 1) with its distribution) */
  quantile(u: number): number
  /** log of the density; -Infinity outside the support. A point has 0 at its value: its density with respect to itself */
  logpdf(x: number): number
  readonly mean: number
  readonly std: number
}

const LOG_SQRT_2PI = 0.9189385332046728

const KINDS = ['point', 'uniform', 'log-uniform', 'normal', 'truncated-normal', 'mixture'] as const

/** Keys of a marginal spec by kind. */
const KEYS: Readonly<Record<MarginalSpec['kind'], readonly string[]>> = {
  point: ['kind', 'value'],
  uniform: ['kind', 'min', 'max'],
  'log-uniform': ['kind', 'min', 'max'],
  normal: ['kind', 'mean', 'std'],
  'truncated-normal': ['kind', 'mean', 'std', 'min', 'max'],
  mixture: ['kind', 'weights', 'components'],
}

/**
 * Read the distribution of one parameter.
 *
 * @param extra keys that are not the marginal's own
 */
export function makeMarginal(
  check: Checker,
  value: unknown,
  path: readonly Key[],
  parameter: Parameter,
  extra: readonly string[] = [],
): Marginal {
  const spec = check.object(value, path, 'an object with a "kind"')
  const kind = KINDS.find(k => k === spec.kind)
  if (kind === undefined) check.fail([...path, 'kind'], `there is no such kind: choose one of ${KINDS.join(', ')}`)
  check.keys(spec, [...KEYS[kind as MarginalSpec['kind']], ...extra], path)
  const number = (key: string): number => check.number(spec[key], [...path, key])
  /** an end of the support: given, or the parameter's bound; never beyond it */
  const end = (key: 'min' | 'max'): number => {
    const given = spec[key] === undefined ? parameter[key] : number(key)
    return inBounds(given, key)
  }
  const inBounds = (given: number, key: string): number => {
    const { name, min, max } = parameter
    if (given < min || given > max)
      check.fail([...path, key], `${key} ${given} of '${name}' is outside its bounds [${min}, ${max}]`)
    return given
  }
  const support = (): [number, number] => {
    const [min, max] = [end('min'), end('max')]
    if (min >= max) check.fail([...path, 'min'], `the bounds are the wrong way round: min ${min}, max ${max}`)
    return [min, max]
  }
  const deviation = (): number => {
    const std = number('std')
    if (std <= 0) check.fail([...path, 'std'], `std must be above 0, got ${std}; a fixed value is a point`)
    return std
  }
  switch (kind) {
    case 'point':
      return point(inBounds(number('value'), 'value'))
    case 'uniform':
      return uniform(...support())
    case 'log-uniform': {
      const [min, max] = support()
      if (min <= 0) check.fail([...path, 'min'], `log-uniform needs bounds above 0, got min ${min}`)
      return logUniform(min, max)
    }
    case 'normal':
      return normal(number('mean'), deviation())
    case 'truncated-normal': {
      const result = truncatedNormal(number('mean'), deviation(), ...support())
      return result ?? check.fail(path, 'its bounds lie more than 37 std from its mean, where nothing is left of it')
    }
    default: {
      const weights = readWeights(check, spec, path)
      const list = spec.components as readonly unknown[]
      return mixture(
        weights,
        list.map((c, k) => makeMarginal(check, c, [...path, 'components', k], parameter)),
      )
    }
  }
}

/** Weights of a mixture, normalised; as many as it has components. */
export function readWeights(check: Checker, spec: Record<string, unknown>, path: readonly Key[]): number[] {
  const { weights, components } = spec
  if (!Array.isArray(components) || components.length === 0)
    check.fail([...path, 'components'], 'expected a list of components')
  if (!Array.isArray(weights)) check.fail([...path, 'weights'], 'expected a list of weights')
  const list = (weights as unknown[]).map((w, k) => {
    const weight = check.number(w, [...path, 'weights', k])
    if (weight <= 0) check.fail([...path, 'weights', k], `a weight must be above 0, got ${weight}`)
    return weight
  })
  const count = (components as unknown[]).length
  if (list.length !== count) check.fail([...path, 'weights'], `got ${list.length} weights for ${count} components`)
  const sum = list.reduce((a, b) => a + b, 0)
  return list.map(w => w / sum)
}

function point(value: number): Marginal {
  return {
    spec: { kind: 'point', value },
    quantile: () => value,
    logpdf: x => (x === value ? 0 : Number.NEGATIVE_INFINITY),
    mean: value,
    std: 0,
  }
}

function uniform(min: number, max: number): Marginal {
  const width = max - min
  const level = -log(width)
  return {
    spec: { kind: 'uniform', min, max },
    quantile: u => Math.min(min + width * u, max),
    logpdf: x => (x >= min && x <= max ? level : Number.NEGATIVE_INFINITY),
    mean: min + width / 2,
    std: width / Math.sqrt(12),
  }
}

function logUniform(min: number, max: number): Marginal {
  const [a, ratio] = [log(min), log(max) - log(min)]
  const mean = (max - min) / ratio
  return {
    spec: { kind: 'log-uniform', min, max },
    quantile: u => Math.min(Math.max(exp(a + ratio * u), min), max),
    logpdf: x => (x >= min && x <= max ? -log(x) - log(ratio) : Number.NEGATIVE_INFINITY),
    mean,
    std: Math.sqrt(Math.max(((max - min) * (max + min)) / (2 * ratio) - mean * mean, 0)),
  }
}

function normal(mean: number, std: number): Marginal {
  const level = -log(std) - LOG_SQRT_2PI
  return {
    spec: { kind: 'normal', mean, std },
    quantile: u => mean + std * normalQuantile(u),
    logpdf: x => level - ((x - mean) / std) * ((x - mean) / std) * 0.5,
    mean,
    std,
  }
}

/** Least probability of a truncation interval: below it the normal's tail has no digits left. */
const LEAST_MASS = 1e-300

/**
 * Inverse-CDF sampling on the side of the normal where its CDF is small, so that digits survive in either tail; the result
 * is inside [min, max] exactly. undefined when the interval holds no weight that doubles can express.
 */
function truncatedNormal(mean: number, std: number, min: number, max: number): Marginal | undefined {
  // mirror an interval above the mean
  const sign = min > mean ? -1 : 1
  const lo = (sign > 0 ? min - mean : mean - max) / std
  const hi = (sign > 0 ? max - mean : mean - min) / std
  const below = normalCdf(lo)
  const mass = intervalMass(lo, hi)
  if (!(mass > LEAST_MASS)) return undefined
  const level = -log(std) - LOG_SQRT_2PI - log(mass)
  const moments = gaussianMoments(lo, hi, t => t)
  return {
    spec: { kind: 'truncated-normal', mean, std, min, max },
    quantile: u => Math.min(Math.max(mean + sign * std * normalQuantile(below + mass * u), min), max),
    logpdf: x =>
      x >= min && x <= max ? level - ((x - mean) / std) * ((x - mean) / std) * 0.5 : Number.NEGATIVE_INFINITY,
    mean: mean + sign * std * moments.mean,
    std: std * moments.std,
  }
}

/** Widths below which a difference of two CDFs has lost more digits than the midpoint rule with its h^2/24 correction. */
const NARROW = 1e-3

/** P(lo < X < hi) of the standard normal; relative error 1e-11 also for narrow intervals. */
function intervalMass(lo: number, hi: number): number {
  const h = hi - lo
  const m = lo + h / 2
  // second derivative of the density over it: m^2 - 1
  if (h < NARROW / Math.max(1, Math.abs(m))) return normalPdf(m) * h * (1 + ((m * m - 1) * h * h) / 24)
  return normalCdf(hi) - normalCdf(lo)
}

function mixture(weights: readonly number[], parts: readonly Marginal[]): Marginal {
  const { mean, std } = mixtureMoments(weights, parts)
  return {
    spec: { kind: 'mixture', weights, components: parts.map(p => p.spec) },
    quantile: u => {
      const { k, rest } = pick(weights, u)
      return parts[k].quantile(rest)
    },
    logpdf: x => logSum(weights.map((w, k) => log(w) + parts[k].logpdf(x))),
    mean,
    std,
  }
}

/** Mean and standard deviation of a mixture. */
export function mixtureMoments(
  weights: readonly number[],
  parts: readonly { readonly mean: number; readonly std: number }[],
): { mean: number; std: number } {
  const mean = parts.reduce((sum, p, k) => sum + weights[k] * p.mean, 0)
  const variance = parts.reduce(
    (sum, p, k) => sum + weights[k] * (p.std * p.std + (p.mean - mean) * (p.mean - mean)),
    0,
  )
  return { mean, std: Math.sqrt(variance) }
}

/** The component a uniform number falls into, and the uniform number that is left of it. */
export function pick(weights: readonly number[], u: number): { k: number; rest: number } {
  let below = 0
  let k = 0
  while (k < weights.length - 1 && u >= below + weights[k]) below += weights[k++]
  const rest = (u - below) / weights[k]
  return { k, rest: Math.min(Math.max(rest, OPEN), 1 - OPEN) }
}

/** half the spacing of 52-bit uniform numbers: keeps them strictly inside (0, 1) */
const OPEN = 1.1102230246251565e-16

/** log of the sum of exponentials, without overflow. */
export function logSum(logs: readonly number[]): number {
  const most = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (most === Number.NEGATIVE_INFINITY) return most
  return most + log(logs.reduce((sum, l) => sum + exp(l - most), 0))
}

// 8-point Gauss-Legendre rule on [-1, 1] (Abramowitz & Stegun 25.4.30), symmetric
const NODES = [0.1834346424956498, 0.525532409916329, 0.7966664774136267, 0.9602898564975363]
const WEIGHTS = [0.362683783378362, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763]
const PANELS = 40
/** exponent at which the rest of the density is dropped: e^-45 is 3e-20 */
const DROP = 45

/**
 * Mean and standard deviation of f(t), t standard normal truncated to [lo, hi], by quadrature; relative error 1e-12 for
 * functions that are smooth on the scale of 0.2.
 */
export function gaussianMoments(lo: number, hi: number, f: (t: number) => number): { mean: number; std: number } {
  // the weight sits around the point nearest to 0; leave out what is e^-45 below it
  const mode = Math.min(Math.max(0, lo), hi)
  const reach = Math.sqrt(mode * mode + 2 * DROP)
  const from = Math.max(lo, mode > 0 ? mode : -reach)
  const to = Math.min(hi, mode < 0 ? mode : reach)
  const origin = f(mode)
  let [total, first, second] = [0, 0, 0]
  const half = (to - from) / (2 * PANELS)
  for (let p = 0; p < PANELS; p++) {
    const centre = from + (2 * p + 1) * half
    for (let k = 0; k < NODES.length; k++) {
      for (const t of [centre - half * NODES[k], centre + half * NODES[k]]) {
        const weight = WEIGHTS[k] * exp(((mode - t) * (mode + t)) / 2)
        const d = f(t) - origin
        total += weight
        first += weight * d
        second += weight * d * d
      }
    }
  }
  const mean = first / total
  return { mean: origin + mean, std: Math.sqrt(Math.max(second / total - mean * mean, 0)) }
}
