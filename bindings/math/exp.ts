/**
 * Exponentials and logarithms, bit-identical on every machine.
 *
 * Only + - * / and bit views are used, each correctly rounded by IEEE 754, so no result depends on the host's libm.
 * Method: Cody & Waite 1980 argument reduction; polynomials interpolate at Chebyshev nodes (60-digit arithmetic) with the
 * leading terms of the series kept exact. Errors stated are the largest found by test/math, in ulp of the result.
 */
import { highWord, pow2, scaleByPow2, withHighWord } from './bits.js'

const LOG2E = Math.LOG2E
// ln 2 = LN2_HIGH + LN2_LOW; the high part has 38 bits, so k * LN2_HIGH is exact
export const LN2_HIGH = 0.6931471805582987
export const LN2_LOW = 1.6465949582897082e-12
const EXP_MAX = 709.782712893384
const EXP_MIN = -745.1332191019412

/** (e^r - 1 - r) / r^2 on |r| <= 0.3468, absolute error 2^-58. */
function expTail(r: number): number {
  return (
    0.5 +
    r *
      (0.1666666666666667 +
        r *
          (0.04166666666666667 +
            r *
              (0.008333333333326103 +
                r *
                  (0.0013888888888883726 +
                    r *
                      (0.00019841269874932202 +
                        r *
                          (2.4801587325627418e-5 +
                            r *
                              (2.755725525875986e-6 +
                                r *
                                  (2.7557273542102106e-7 +
                                    r * (2.5105275841936966e-8 + r * 2.0914728984148772e-9)))))))))
  )
}

/** e^x; at most 1 ulp off. exp(-Infinity) = 0, overflow gives Infinity. */
export function exp(x: number): number {
  if (x > EXP_MAX) return Number.POSITIVE_INFINITY
  if (x < EXP_MIN) return 0
  if (Number.isNaN(x)) return x
  // x = k ln2 + high - low
  const k = Math.floor(x * LOG2E + 0.5)
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  return scaleByPow2(1 + (high + (r * r * expTail(r) - low)), k)
}

/** e^x - 1 without cancellation near 0; at most 1 ulp off. */
export function expm1(x: number): number {
  if (x > EXP_MAX) return Number.POSITIVE_INFINITY
  if (x < -40) return -1
  if (Number.isNaN(x) || x === 0) return x
  if (x > -0.3466 && x < 0.3466) return x + x * x * expTail(x)
  const k = Math.floor(x * LOG2E + 0.5)
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  const tail = r * r * expTail(r) - low
  if (k > 60) return scaleByPow2(1 + (high + tail), k)
  // 2^k (e^r - 2^-k), the subtraction carried with its rounding error
  const one = k <= 53 ? 1 - pow2(-k) : 1
  const sum = one + high
  const lost = Math.abs(one) >= Math.abs(high) ? high - (sum - one) : one - (sum - high)
  return scaleByPow2(sum + (lost + tail), k)
}

/** (log((1+s)/(1-s)) - 2 s) / s as a function of z = s^2 <= 0.0295, error 2^-57 after division by 2. */
function logTail(z: number): number {
  return (
    z *
    (0.666666666666667 +
      z *
        (0.3999999999989889 +
          z *
            (0.28571428626253836 +
              z *
                (0.22222211089379496 +
                  z * (0.1818289243253687 + z * (0.15331611722055008 + z * 0.14617807153417325))))))
  )
}

/** Natural logarithm; at most 1 ulp off. log(0) = -Infinity, negative gives NaN. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  let k = 0
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984 // 2^54
    k = -54
  }
  // x = 2^k m with m in [sqrt(1/2), sqrt(2))
  const word = highWord(x)
  const shift = ((word & 0xfffff) + 0x95f64) & 0x100000
  k += (word >>> 20) - 1023 + (shift >>> 20)
  const f = withHighWord(x, (word & 0xfffff) | (0x3ff00000 - shift)) - 1
  const half = 0.5 * f * f
  const s = f / (2 + f)
  const tail = s * (half + logTail(s * s))
  if (k === 0) return f - (half - tail)
  return k * LN2_HIGH - (half - (tail + k * LN2_LOW) - f)
}

/** log(1 + x) without cancellation near 0; at most 1 ulp off. */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY || x === 0) return x
  let k = 0
  let f = x
  let correction = 0
  if (x < -0.2928 || x > 0.4142) {
    const u = 1 + x
    const word = highWord(u)
    const shift = ((word & 0xfffff) + 0x95f64) & 0x100000
    k = (word >>> 20) - 1023 + (shift >>> 20)
    // what 1 + x lost in rounding, exact by the order of subtraction; to first order in the logarithm
    correction = (x <= 1 ? x - (u - 1) : 1 - (u - x)) / u
    f = withHighWord(u, (word & 0xfffff) | (0x3ff00000 - shift)) - 1
  } else if (Math.abs(x) < 1e-9) {
    return x - 0.5 * x * x
  }
  const half = 0.5 * f * f
  const s = f / (2 + f)
  const tail = s * (half + logTail(s * s))
  if (k === 0 && correction === 0) return f - (half - tail)
  return k * LN2_HIGH - (half - (tail + (k * LN2_LOW + correction)) - f)
}

/** Hyperbolic sine; at most 2 ulp off. */
export function sinh(x: number): number {
  const a = Math.abs(x)
  if (a < 1e-9 || Number.isNaN(x)) return x
  if (a > 709) return x < 0 ? -expHalf(a) : expHalf(a)
  const h = x < 0 ? -0.5 : 0.5
  const t = expm1(a)
  return a < 1 ? h * (2 * t - (t * t) / (t + 1)) : h * (t + t / (t + 1))
}

/** Hyperbolic cosine; at most 2 ulp off. */
export function cosh(x: number): number {
  const a = Math.abs(x)
  if (a > 709) return expHalf(a)
  if (a < 0.34) {
    const t = expm1(a)
    const w = 1 + t
    return 1 + (t * t) / (w + w)
  }
  const t = exp(a)
  return 0.5 * t + 0.5 / t
}

/** Hyperbolic tangent; at most 2 ulp off. */
export function tanh(x: number): number {
  const a = Math.abs(x)
  if (a < 1e-9 || Number.isNaN(x)) return x
  let y: number
  if (a >= 22) y = 1
  else if (a >= 1) y = 1 - 2 / (expm1(2 * a) + 2)
  else {
    const t = expm1(-2 * a)
    y = -t / (t + 2)
  }
  return x < 0 ? -y : y
}

/** Logistic function 1 / (1 + e^-x); at most 2 ulp off. sigmoid(-Infinity) = 0, sigmoid(Infinity) = 1. */
export function sigmoid(x: number): number {
  // from the side on which e^ does not overflow; below 0 the quotient keeps the digits of small results
  if (x < 0) {
    const e = exp(x)
    return e / (1 + e)
  }
  return 1 / (1 + exp(-x))
}

/** e^x / 2 up to where that overflows, x > 0. */
function expHalf(x: number): number {
  if (x <= EXP_MAX) return 0.5 * exp(x)
  if (x > 711) return Number.POSITIVE_INFINITY
  const k = 1022
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  // above the range of expTail: e^r with r up to 2.3
  return exp(high - low) * pow2(k - 1)
}
