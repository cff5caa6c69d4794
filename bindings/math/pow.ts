/**
 * Powers, roots and logarithms to other bases: what needs a logarithm of more than 53 bits.
 *
 * A value is carried as an unevaluated sum high + low (Dekker 1971, "A floating-point technique for extending the available
 * precision"), good to about 2^-70 relative.
 */
import { highWord, scaleByPow2, withHighWord } from './bits.js'
import { LN2_HIGH, LN2_LOW } from './exp.js'

const SPLITTER = 134217729 // 2^27 + 1
const UP = 4.149515568880993e180 // 2^600
const DOWN = 2.409919865102884e-181 // 2^-600

// results of the double-double helpers; read at once by the caller
let high = 0
let low = 0

function twoProduct(a: number, b: number): void {
  const ca = SPLITTER * a
  const ah = ca - (ca - a)
  const al = a - ah
  const cb = SPLITTER * b
  const bh = cb - (cb - b)
  const bl = b - bh
  high = a * b
  low = ah * bh - high + ah * bl + al * bh + al * bl
}

function fastTwoSum(a: number, b: number): void {
  high = a + b
  low = b - (high - a)
}

/** (high, low) = (ah, al) * (bh, bl) */
function multiply(ah: number, al: number, bh: number, bl: number): void {
  twoProduct(ah, bh)
  fastTwoSum(high, low + (ah * bl + al * bh))
}

/** (high, low) = (ah, al) + (bh, bl), |ah| >= |bh| */
function add(ah: number, al: number, bh: number, bl: number): void {
  fastTwoSum(ah, bh)
  fastTwoSum(high, low + al + bl)
}

let exponent = 0

/** (high, low) = log(m) with x = m 2^exponent, m in [sqrt(1/2), sqrt(2)), x positive and finite. */
function logMantissa(x: number): void {
  exponent = 0
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984 // 2^54
    exponent = -54
  }
  const word = highWord(x)
  const shift = ((word & 0xfffff) + 0x95f64) & 0x100000
  exponent += (word >>> 20) - 1023 + (shift >>> 20)
  const f = withHighWord(x, (word & 0xfffff) | (0x3ff00000 - shift)) - 1
  if (f === 0) {
    high = 0
    low = 0
    return
  }
  // s = f / (2 + f)
  const d = 2 + f
  const dl = f - (d - 2)
  const s = f / d
  twoProduct(s, d)
  const sl = (f - high - low - s * dl) / d
  multiply(s, sl, s, sl)
  const z = high
  const zl = low
  // atanh(s)/s = 1 + z (1/3 + z (1/5 + z T(z)))
  const t =
    0.1428571428571246 +
    z *
      (0.11111111115566123 +
        z * (0.09090907330427754 + z * (0.07692561593541371 + z * (0.06650174585925804 + z * 0.06371855090300577))))
  add(0.2, -1.1102230246251566e-17, z * t, 0)
  multiply(high, low, z, zl)
  add(0.3333333333333333, 1.850371707708594e-17, high, low)
  multiply(high, low, z, zl)
  multiply(high, low, 2 * s, 2 * sl)
  add(2 * s, 2 * sl, high, low)
}

/** (high, low) = log(x) */
function logDouble(x: number): void {
  logMantissa(x)
  if (exponent !== 0) {
    const h = high
    const l = low
    fastTwoSum(exponent * LN2_HIGH, h)
    const s = high
    fastTwoSum(s, low + (l + exponent * LN2_LOW))
  }
}

/** e^(h + l), |l| tiny beside h; at most 0.51 ulp off, so exact where the result is representable. */
function expDouble(h: number, l: number): number {
  if (h > 709.79) return Number.POSITIVE_INFINITY
  if (h < -746) return 0
  const k = Math.floor(h * Math.LOG2E + 0.5)
  fastTwoSum(h - k * LN2_HIGH, l - k * LN2_LOW)
  const r = high
  const rl = low
  const tail =
    r *
    r *
    r *
    (0.16666666666666669 +
      r *
        (0.041666666666666664 +
          r *
            (0.008333333333330048 +
              r *
                (0.0013888888888886543 +
                  r *
                    (0.0001984126986312606 +
                      r *
                        (2.480158731719623e-5 +
                          r *
                            (2.7557268347499137e-6 +
                              r *
                                (2.7557282889212767e-7 + r * (2.510043897623718e-8 + r * 2.0911274821900127e-9)))))))))
  multiply(r, rl, 0.5 * r, 0.5 * rl)
  const q = high
  const ql = low
  fastTwoSum(1, r)
  const a = high
  const al = low
  fastTwoSum(a, q)
  return scaleByPow2(high + (low + al + (rl + ql + tail)), k)
}

/** Base-2 logarithm; at most 1 ulp off, exact for powers of two. */
export function log2(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  logMantissa(x)
  multiply(high, low, Math.LOG2E, 2.0355273740931033e-17)
  if (exponent === 0) return high + low
  const l = low
  fastTwoSum(exponent, high)
  return high + (low + l)
}

/** Base-10 logarithm; at most 1 ulp off, exact for powers of ten. */
export function log10(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  logDouble(x)
  multiply(high, low, Math.LOG10E, 1.098319650216765e-17)
  return high + low
}

/** x^y with ECMAScript's special cases (1^Infinity is NaN); at most 1 ulp off, exact where the power is representable. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  const a = Math.abs(x)
  if (y === Number.POSITIVE_INFINITY || y === Number.NEGATIVE_INFINITY) {
    if (a === 1) return Number.NaN
    return a > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0
  }
  const integer = Math.floor(y) === y
  const odd = integer && Math.abs(y) < 9007199254740992 && y % 2 !== 0
  const sign = odd && (x < 0 || Object.is(x, -0)) ? -1 : 1
  if (a === 0) return y > 0 ? sign * 0 : sign * Number.POSITIVE_INFINITY
  if (a === Number.POSITIVE_INFINITY) return y > 0 ? sign * a : sign * 0
  if (x < 0 && !integer) return Number.NaN
  if (a === 1) return sign
  // beyond this every |x| != 1 over- or underflows
  if (Math.abs(y) > 1e20) return a > 1 === y > 0 ? sign * Number.POSITIVE_INFINITY : sign * 0
  logDouble(a)
  const l = low
  twoProduct(y, high)
  const p = high
  const pl = low + y * l
  // a product this far out is decided before its low part matters
  if (p > 800 || p < -800) return p > 0 ? sign * Number.POSITIVE_INFINITY : sign * 0
  fastTwoSum(p, pl)
  return sign * expDouble(high, low)
}

/** Cube root; at most 1 ulp off, sign kept. */
export function cbrt(x: number): number {
  if (x === 0 || Number.isNaN(x) || x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY) return x
  let a = Math.abs(x)
  let scale = 1
  // 2^54 for a, 2^18 for its root
  if (a < 1e-250) {
    a *= 18014398509481984
    scale = 3.814697265625e-6
  } else if (a > 1e250) {
    a *= 5.551115123125783e-17
    scale = 262144
  }
  // a third of the exponent is within 6 %; each Halley step triples the digits
  let t = withHighWord(0, Math.floor(highWord(a) / 3) + 0x2a9f7893)
  for (let i = 0; i < 3; i++) {
    const ratio = (t * t) / (a / t)
    t = (t * (ratio + 2)) / (2 * ratio + 1)
  }
  // last Newton step with the residual a - t^3 carried exactly
  twoProduct(t, t)
  const q = high
  const ql = low
  twoProduct(q, t)
  t += (a - high - low - ql * t) / (3 * q)
  return x < 0 ? -t * scale : t * scale
}

/** sqrt(x^2 + y^2 + z^2) without overflow or underflow; at most 1 ulp off. Infinity wins over NaN. */
export function hypot(x: number, y: number, z = 0): number {
  const ax = Math.abs(x)
  const ay = Math.abs(y)
  const az = Math.abs(z)
  if (ax === Number.POSITIVE_INFINITY || ay === Number.POSITIVE_INFINITY || az === Number.POSITIVE_INFINITY)
    return Number.POSITIVE_INFINITY
  const m = Math.max(ax, ay, az)
  if (m === 0 || Number.isNaN(m)) return m
  if (m > 1e150) return Math.sqrt(squares(x * DOWN, y * DOWN, z * DOWN)) * UP
  if (m < 1e-140) return Math.sqrt(squares(x * UP, y * UP, z * UP)) * DOWN
  return Math.sqrt(squares(x, y, z))
}

function squares(x: number, y: number, z: number): number {
  twoProduct(x, x)
  let s = high
  let lost = low
  twoProduct(y, y)
  let t = s + high
  lost += low + (s >= high ? high - (t - s) : s - (t - high))
  s = t
  twoProduct(z, z)
  t = s + high
  lost += low + (s >= high ? high - (t - s) : s - (t - high))
  return t + lost
}
