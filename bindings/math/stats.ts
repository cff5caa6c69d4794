/**
 * Distributions that confidence intervals need: regularised incomplete beta and Student's t.
 */
import { ParameterError } from '../errors.js'
import { exp, log, log1p } from './exp.js'
import { lgamma, normalQuantile, stirlingTail } from './special.js'
import { PI, tan } from './trig.js'

const BETA_STEPS = 10000
const BETA_TOLERANCE = 1e-16

/**
 * Regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1 (Lentz's continued fraction, Press et al. 2007 §6.4).
 * `complement` is 1 - x, given apart so that it keeps its digits near x = 1.
 *
 * @throws {ParameterError} when the arguments are out of range or the fraction does not converge
 */
export function betaInc(a: number, b: number, x: number, complement = 1 - x): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1))
    throw new ParameterError('BETA_RANGE', `betaInc(${a}, ${b}, ${x}): a and b must be positive, x in [0, 1]`)
  if (x === 0 || complement === 0) return x === 0 ? 0 : 1
  const logX = x > 0.5 ? log1p(-complement) : log(x)
  const logC = complement > 0.5 ? log1p(-x) : log(complement)
  const front = exp(a * logX + b * logC - logBeta(a, b))
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(a, b, x, complement)) / a
    : 1 - (front * betaFraction(b, a, complement, x)) / b
}

/** log of the beta function; for a large argument without the cancellation between its log-gammas. */
function logBeta(a: number, b: number): number {
  const large = Math.max(a, b)
  const small = Math.min(a, b)
  if (large < 8) return lgamma(large) + lgamma(small) - lgamma(large + small)
  return lgamma(small) - lgammaStep(large, small)
}

/** lgamma(a + b) - lgamma(a), a >= 8, from the difference of two Stirling series. */
function lgammaStep(a: number, b: number): number {
  const sum = a + b
  return b * log(sum) + ((a - 0.5) * log1p(b / a) - b) + (stirlingTail(sum) - stirlingTail(a))
}

function betaFraction(a: number, b: number, x: number, complement: number): number {
  const tiny = 1e-300
  let c = 1
  // 1 - (a + b) x / (a + 1) without cancellation near x = 1
  let d = (1 - b + (a + b) * complement) / (a + 1)
  d = 1 / (Math.abs(d) < tiny ? tiny : d)
  let h = d
  for (let m = 1; m <= BETA_STEPS; m++) {
    const m2 = 2 * m
    const even = (m * (b - m) * x) / ((a + m2 - 1) * (a + m2))
    d = 1 + even * d
    d = 1 / (Math.abs(d) < tiny ? tiny : d)
    c = 1 + even / c
    if (Math.abs(c) < tiny) c = tiny
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + m2) * (a + m2 + 1))
    d = 1 + odd * d
    d = 1 / (Math.abs(d) < tiny ? tiny : d)
    c = 1 + odd / c
    if (Math.abs(c) < tiny) c = tiny
    const step = d * c
    h *= step
    if (Math.abs(step - 1) < 2 * BETA_TOLERANCE) return h
  }
  throw new ParameterError('BETA_DIVERGED', `incomplete beta with a = ${a}, b = ${b}, x = ${x} did not converge`)
}

/** P(T <= t) of Student's t with `dof` > 0 degrees of freedom (not necessarily whole). */
export function studentCdf(t: number, dof: number): number {
  checkDof(dof)
  if (Number.isNaN(t)) return t
  const tail = studentTail(Math.abs(t), dof)
  return t > 0 ? 1 - tail : tail
}

/** P(T > t), t >= 0. */
function studentTail(t: number, dof: number): number {
  if (t === Number.POSITIVE_INFINITY) return 0
  // x = dof/(dof + t^2) without overflow
  const r = t / Math.sqrt(dof)
  const x = 1 / (1 + r * r)
  const complement = r > 1e8 ? 1 : (r * r) / (1 + r * r)
  return 0.5 * betaInc(dof / 2, 0.5, x, complement)
}

/** Density of Student's t. */
export function studentPdf(t: number, dof: number): number {
  checkDof(dof)
  const r = t / Math.sqrt(dof)
  return exp(-0.5 * log(dof) - logBeta(dof / 2, 0.5) - 0.5 * (dof + 1) * log1p(r * r))
}

/**
 * t with P(T <= t) = p, Student's t with `dof` > 0 degrees of freedom; relative error 1e-13 up to 1e4 degrees
 * of freedom, 1e-11 up to 1e6. dof = Infinity is the normal.
 *
 * @throws {ParameterError} when dof is not positive
 */
export function studentQuantile(p: number, dof: number): number {
  checkDof(dof)
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN
  if (p === 0.5) return 0
  // beyond this the difference to the normal is below rounding
  if (dof > 1e17) return normalQuantile(p)
  const tail = p < 0.5 ? p : 1 - p
  if (dof === 1) return (p < 0.5 ? -1 : 1) / tan(PI * tail)
  // bracket the root of P(T > t) = tail, then Newton on log P inside the bracket
  let lo = 0
  let hi = Math.max(1, -normalQuantile(tail))
  while (studentTail(hi, dof) > tail) {
    lo = hi
    hi *= 2
  }
  let t = lo + (hi - lo) * 0.5
  for (let i = 0; i < 200; i++) {
    const value = studentTail(t, dof)
    if (value > tail) lo = t
    else hi = t
    let next = t + ((log(value) - log(tail)) * value) / studentPdf(t, dof)
    if (!(next > lo && next < hi)) next = lo + (hi - lo) * 0.5
    const moved = Math.abs(next - t)
    t = next
    if (moved <= 1e-15 * t || lo === hi) break
  }
  return p < 0.5 ? -t : t
}

function checkDof(dof: number): void {
  if (!(dof > 0)) throw new ParameterError('DOF_RANGE', `degrees of freedom must be positive, got ${dof}`)
}
