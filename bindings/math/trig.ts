/**
 * Trigonometric functions, bit-identical on every machine.
 *
 * Only + - * /, Math.sqrt and bit views are used. Reduction by pi/2: three 33-bit parts (Cody & Waite 1980) up to 2^20 pi/2,
 * beyond that exact integers against 1280 bits of 2/pi (Payne & Hanek 1983). Polynomials interpolate at Chebyshev nodes.
 */
import { highWord, truncateLow } from './bits.js'

export const PI = Math.PI
const PI_LOW = 1.2246467991473532e-16
const PI_2 = 1.5707963267948966
const PI_2_LOW = 6.123233995736766e-17
const PI_4 = 0.7853981633974483
const TWO_OVER_PI = 0.6366197723675814
// pi/2 in parts of 33 bits, so that k * part is exact for k < 2^20
const PI_2_A = 1.5707963267341256
const PI_2_B = 6.077100506303966e-11
const PI_2_C = 2.0222662487111665e-21
const PI_2_D = 8.4784276603689e-32

/** floor(2^1280 * 2/pi) */
const TWO_OVER_PI_BITS = BigInt(
  '0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129a73ee882' +
    '35f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d' +
    '7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d',
)

// remainder of the last reduction: x = quadrant * pi/2 + high + low
let high = 0
let low = 0

/** Reduce x to [-pi/4, pi/4]; returns the quadrant (0..3). */
function reduce(x: number): number {
  const a = Math.abs(x)
  if (a > 1647099) return reduceLarge(x)
  const k = Math.floor(x * TWO_OVER_PI + 0.5)
  // subtract one part after the other, collecting what each subtraction rounds off
  const r0 = x - k * PI_2_A
  const w1 = k * PI_2_B
  const r1 = r0 - w1
  const e1 = twoDifferenceError(r0, w1, r1)
  const w2 = k * PI_2_C
  const r2 = r1 - w2
  const e2 = twoDifferenceError(r1, w2, r2)
  const rest = e1 + e2 - k * PI_2_D
  high = r2 + rest
  low = r2 - high + rest
  return k & 3
}

/** a - b - d where d is the rounded a - b (Knuth's two-sum). */
function twoDifferenceError(a: number, b: number, d: number): number {
  const bb = a - d
  return a - (d + bb) + (bb - b)
}

/** Exact reduction of |x| > 2^20 pi/2: the fraction of x * 2/pi from integers. */
function reduceLarge(x: number): number {
  const a = Math.abs(x)
  const e = (highWord(a) >>> 20) - 1075
  // a = mantissa * 2^e
  const mantissa = BigInt(scaled(a, -e))
  const product = mantissa * TWO_OVER_PI_BITS
  // product * 2^(e - 1280) = quadrant + fraction; keep 2 bits above the point and 160 below
  const point = BigInt(1280 - e)
  const bits = (product >> (point - 160n)) & ((1n << 162n) - 1n)
  let quadrant = Number(bits >> 160n)
  let fraction = bits & ((1n << 160n) - 1n)
  let negative = false
  if (fraction >> 159n === 1n) {
    fraction = (1n << 160n) - fraction
    negative = true
    quadrant = (quadrant + 1) & 3
  }
  // fraction * pi/2 from two 53-bit pieces of its leading bits
  const length = BigInt(fraction.toString(2).length)
  const shift = length > 106n ? length - 106n : 0n
  const top = fraction >> shift
  let unit = 1
  for (let i = 160n - shift; i > 0n; i--) unit *= 0.5
  const f1 = Number(top >> 53n) * 9007199254740992 * unit
  const f2 = Number(top & ((1n << 53n) - 1n)) * unit
  // (f1 + f2) * (PI_2 + PI_2_LOW), f1 * PI_2 with its error by splitting
  const split = 134217729
  const c = split * f1
  const fh = c - (c - f1)
  const fl = f1 - fh
  const p = f1 * PI_2
  const ph = 1.5707963407039642 // PI_2 rounded to 26 bits
  const pl = PI_2 - ph
  const error = fh * ph - p + fh * pl + fl * ph + fl * pl
  const rest = error + (f1 * PI_2_LOW + f2 * PI_2)
  high = p + rest
  low = p - high + rest
  const flip = x < 0 !== negative
  if (flip) {
    high = -high
    low = -low
  }
  return x < 0 ? (4 - quadrant) & 3 : quadrant
}

/** a * 2^k, exact, for finite a >= 1 and the k that makes it an integer below 2^53. */
function scaled(a: number, k: number): number {
  while (k < -500) {
    a *= 3.054936363499605e-151 // 2^-500
    k += 500
  }
  while (k < 0) {
    a *= 0.5
    k++
  }
  while (k > 0) {
    a *= 2
    k--
  }
  return a
}

/** (sin(x)/x - 1)/z as a function of z = x^2, |x| <= pi/4. */
function sinTail(z: number): number {
  return (
    -0.16666666666666666 +
    z *
      (0.008333333333333331 +
        z *
          (-0.0001984126984126504 +
            z *
              (2.755731921932058e-6 +
                z * (-2.50521062259944e-8 + z * (1.6058530596645953e-10 + z * -7.586636882825159e-13)))))
  )
}

/** (cos(x) - 1 + z/2)/z^2 as a function of z = x^2, |x| <= pi/4. */
function cosTail(z: number): number {
  return (
    0.041666666666666664 +
    z *
      (-0.0013888888888888887 +
        z *
          (2.4801587301584632e-5 +
            z *
              (-2.755731922139249e-7 +
                z * (2.0876755787492604e-9 + z * (-1.1470460319209511e-11 + z * 4.745838412531023e-14)))))
  )
}

/** sin(x + y), |x| <= pi/4, y the tail of x. */
function sinKernel(x: number, y: number): number {
  const z = x * x
  // sin(x + y) ~ sin x + y (1 - z/2)
  return x + (x * z * sinTail(z) + y * (1 - 0.5 * z))
}

/** cos(x + y), |x| <= pi/4, y the tail of x. */
function cosKernel(x: number, y: number): number {
  const z = x * x
  const half = 0.5 * z
  const w = 1 - half
  return w + (1 - w - half + (z * z * cosTail(z) - x * y))
}

/** Sine of x [rad]; at most 1 ulp off for every finite x. Infinity gives NaN. */
export function sin(x: number): number {
  if (Math.abs(x) <= PI_4) return Math.abs(x) < 1e-9 ? x : sinKernel(x, 0)
  if (x - x !== 0) return Number.NaN
  const q = reduce(x)
  const s = (q & 1) === 0 ? sinKernel(high, low) : cosKernel(high, low)
  return (q & 2) === 0 ? s : -s
}

/** Cosine of x [rad]; at most 1 ulp off for every finite x. Infinity gives NaN. */
export function cos(x: number): number {
  if (Math.abs(x) <= PI_4) return cosKernel(x, 0)
  if (x - x !== 0) return Number.NaN
  const q = reduce(x)
  const c = (q & 1) === 0 ? cosKernel(high, low) : sinKernel(high, low)
  return q === 1 || q === 2 ? -c : c
}

/** Tangent of x [rad]; at most 1 ulp off for every finite x: a quotient of sine and cosine that both carry a tail. */
export function tan(x: number): number {
  if (Math.abs(x) < 1e-9) return x
  if (x - x !== 0) return Number.NaN
  let q = 0
  if (Math.abs(x) <= PI_4) {
    high = x
    low = 0
  } else q = reduce(x)
  const z = high * high
  // sine and cosine as head + tail
  const st = high * z * sinTail(z) + low * (1 - 0.5 * z)
  const s = high + st
  const sl = st - (s - high)
  const half = 0.5 * z
  const split = 134217729
  const u = split * high
  const hh = u - (u - high)
  const hl = high - hh
  const zl = hh * hh - z + 2 * hh * hl + hl * hl
  const ct = -0.5 * zl + z * z * cosTail(z) - high * low
  const w = 1 - half
  const c = w + (1 - w - half + ct)
  const cl = 1 - w - half + ct - (c - w)
  return (q & 1) === 0 ? divide(s, sl, c, cl) : -divide(c, cl, s, sl)
}

/** (a + al) / (b + bl) */
function divide(a: number, al: number, b: number, bl: number): number {
  const t = a / b
  const split = 134217729
  const ct = split * t
  const th = ct - (ct - t)
  const tl = t - th
  const cb = split * b
  const bh = cb - (cb - b)
  const bt = b - bh
  const p = t * b
  const e = th * bh - p + th * bt + tl * bh + tl * bt
  return t + (a - p - e + al - t * bl) / b
}

/** (asin(x)/x - 1)/z as a function of z = x^2 <= 1/4. */
function asinTail(z: number): number {
  return (
    0.16666666666666666 +
    z *
      (0.07500000000000119 +
        z *
          (0.04464285714255019 +
            z *
              (0.030381944475693704 +
                z *
                  (0.022372157435623815 +
                    z *
                      (0.017352816768546473 +
                        z *
                          (0.013963775787848137 +
                            z *
                              (0.011566511821890942 +
                                z *
                                  (0.00962140274734483 +
                                    z *
                                      (0.009322101501082774 +
                                        z *
                                          (0.0030350071727267623 +
                                            z *
                                              (0.019579201619744684 +
                                                z * (-0.019277545928584557 + z * 0.02963502626354855))))))))))))
  )
}

/** Arc sine, in [-pi/2, pi/2]; at most 1 ulp off. NaN outside [-1, 1]. */
export function asin(x: number): number {
  const a = Math.abs(x)
  if (!(a <= 1)) return Number.NaN
  if (a < 1e-9) return x
  if (a <= 0.5) {
    const z = x * x
    return x + x * z * asinTail(z)
  }
  // asin(a) = pi/2 - 2 asin(sqrt((1 - a)/2)); the root carried as w + c
  const z = (1 - a) * 0.5
  const s = Math.sqrt(z)
  const r = s * z * asinTail(z)
  const w = truncateLow(s)
  const c = s === 0 ? 0 : (z - w * w) / (s + w)
  const y = PI_4 - 2 * w - (2 * r - (PI_2_LOW - 2 * c)) + PI_4
  return x < 0 ? -y : y
}

/** Arc cosine, in [0, pi]; at most 1 ulp off. NaN outside [-1, 1]. */
export function acos(x: number): number {
  const a = Math.abs(x)
  if (!(a <= 1)) return Number.NaN
  if (a <= 0.5) {
    const z = x * x
    return PI_2 - (x - (PI_2_LOW - x * z * asinTail(z)))
  }
  const z = (1 - a) * 0.5
  const s = Math.sqrt(z)
  const r = s * z * asinTail(z)
  const w = truncateLow(s)
  const c = s === 0 ? 0 : (z - w * w) / (s + w)
  if (x > 0) return 2 * (w + (r + c))
  return PI - 2 * (s + (r - PI_2_LOW))
}

/** (atan(x)/x - 1)/z as a function of z = x^2, |x| <= 7/16. */
function atanTail(z: number): number {
  return (
    -0.3333333333333333 +
    z *
      (0.19999999999999404 +
        z *
          (-0.14285714285565465 +
            z *
              (0.111111110965279 +
                z *
                  (-0.09090908350382436 +
                    z *
                      (0.07692285419714515 +
                        z *
                          (-0.06666239748865294 +
                            z *
                              (0.05876924062763387 +
                                z *
                                  (-0.05216532007308444 +
                                    z *
                                      (0.044916556747777434 +
                                        z * (-0.033114228762660534 + z * 0.014759380407779157))))))))))
  )
}

/** Arc tangent, in [-pi/2, pi/2]; at most 1 ulp off. */
export function atan(x: number): number {
  const a = Math.abs(x)
  if (a < 1e-9 || Number.isNaN(x)) return x
  let y: number
  if (a <= 0.4375) {
    const z = a * a
    y = a + a * z * atanTail(z)
  } else {
    // atan(a) = atan(c) + atan((a - c)/(1 + a c)) with c = 1/2, 1, 3/2 or infinity
    let c: number
    let cl: number
    let t: number
    if (a < 0.6875) {
      c = 0.4636476090008061
      cl = 2.2698777452961687e-17
      t = (2 * a - 1) / (2 + a)
    } else if (a < 1.1875) {
      c = PI_4
      cl = 3.061616997868383e-17
      t = (a - 1) / (a + 1)
    } else if (a < 2.4375) {
      c = 0.982793723247329
      cl = 1.3903311031230998e-17
      t = (a - 1.5) / (1 + 1.5 * a)
    } else {
      c = PI_2
      cl = PI_2_LOW
      t = -1 / a
    }
    const z = t * t
    y = c - (-t * z * atanTail(z) - cl - t)
  }
  return x < 0 ? -y : y
}

/** Angle of the point (x, y), in [-pi, pi], with the signed zeros of Math.atan2; at most 2 ulp off. */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  const negativeX = x < 0 || Object.is(x, -0)
  const negativeY = y < 0 || Object.is(y, -0)
  const ax = Math.abs(x)
  const ay = Math.abs(y)
  let t: number
  if (ay === 0) t = negativeX ? PI : 0
  else if (ax === 0) t = PI_2
  else if (ax === Number.POSITIVE_INFINITY) {
    if (ay === Number.POSITIVE_INFINITY) t = negativeX ? 3 * PI_4 : PI_4
    else t = negativeX ? PI : 0
  } else if (ay === Number.POSITIVE_INFINITY) t = PI_2
  else {
    t = atan(ay / ax)
    if (negativeX) t = PI - (t - PI_LOW)
  }
  return negativeY ? -t : t
}
