/** Benchmark functions and runs of the medians' protocol (algorithms reference, section 1.6). */
import { CMAES, type CMAESOptions, type StopReason } from '../../bindings/es/index.js'
import { Philox, STREAM } from '../../bindings/math/index.js'

/** f of the point x[a ... a+n-1] */
export type Fitness = (x: Float64Array, a: number, n: number) => number

/** 10^(6 i/(n-1)), made once: the test's own cost */
const conditions = new Map<number, Float64Array>()
function condition(n: number): Float64Array {
  let c = conditions.get(n)
  if (c === undefined) {
    c = Float64Array.from({ length: n }, (_, i) => 10 ** ((6 * i) / (n - 1)))
    conditions.set(n, c)
  }
  return c
}

export const sphere: Fitness = (x, a, n) => {
  let s = 0
  for (let i = a; i < a + n; i++) s += x[i] * x[i]
  return s
}
export const ellipsoid: Fitness = (x, a, n) => {
  const c = condition(n)
  let s = 0
  for (let i = 0; i < n; i++) s += c[i] * x[a + i] * x[a + i]
  return s
}
export const cigar: Fitness = (x, a, n) => {
  let s = x[a] * x[a]
  for (let i = 1; i < n; i++) s += 1e6 * x[a + i] * x[a + i]
  return s
}
export const tablet: Fitness = (x, a, n) => {
  let s = 1e6 * x[a] * x[a]
  for (let i = 1; i < n; i++) s += x[a + i] * x[a + i]
  return s
}
export const rosenbrock: Fitness = (x, a, n) => {
  let s = 0
  for (let i = a; i < a + n - 1; i++) {
    const t = x[i] * x[i] - x[i + 1]
    s += 100 * t * t + (x[i] - 1) * (x[i] - 1)
  }
  return s
}
export const rastrigin: Fitness = (x, a, n) => {
  let s = 10 * n
  for (let i = a; i < a + n; i++) s += x[i] * x[i] - 10 * Math.cos(2 * Math.PI * x[i])
  return s
}

/** f after a random rotation of the coordinates */
export function rotated(f: Fitness, n: number, seed: number): Fitness {
  const q = new Float64Array(n * n)
  new Philox(seed, STREAM.check).fillNormal(q, 1, n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let t = 0
      for (let k = 0; k < n; k++) t += q[i * n + k] * q[j * n + k]
      for (let k = 0; k < n; k++) q[i * n + k] -= t * q[j * n + k]
    }
    let s = 0
    for (let k = 0; k < n; k++) s += q[i * n + k] * q[i * n + k]
    for (let k = 0; k < n; k++) q[i * n + k] /= Math.sqrt(s)
  }
  const y = new Float64Array(n)
  return (x, a) => {
    for (let i = 0; i < n; i++) {
      let s = 0
      for (let k = 0; k < n; k++) s += q[i * n + k] * x[a + k]
      y[i] = s
    }
    return f(y, 0, n)
  }
}

/** evaluate all candidates */
export function evaluate(f: Fitness, x: Float64Array, n: number): Float64Array {
  const out = new Float64Array(x.length / n)
  for (let k = 0; k < out.length; k++) out[k] = f(x, k * n, n)
  return out
}

export interface Outcome {
  evaluations: number
  generations: number
  solved: boolean
  reason: StopReason | undefined
}

/** One run: start uniform in [-4, 4]^n with sigma 2 (Rosenbrock: 0 and 0.5), until 1e-9. */
export function protocol(f: Fitness, n: number, seed: number, options: Partial<CMAESOptions> = {}): Outcome {
  const mean = new Float64Array(n)
  let sigma = 0.5
  if (f !== rosenbrock) {
    new Philox(seed, STREAM.check).fillUniform(mean, 0, 0)
    for (let i = 0; i < n; i++) mean[i] = 8 * mean[i] - 4
    sigma = 2
  }
  const es = new CMAES({ mean, sigma, seed, ftarget: 1e-9, ...options })
  while (es.stop() === undefined) es.tell(evaluate(f, es.ask(), n))
  return {
    evaluations: es.evaluations,
    generations: es.generation,
    solved: es.stop()?.code === 'ftarget',
    reason: es.stop(),
  }
}

export function median(values: readonly number[]): number {
  const s = [...values].sort((a, b) => a - b)
  const h = s.length >> 1
  return s.length % 2 === 1 ? s[h] : (s[h - 1] + s[h]) / 2
}
