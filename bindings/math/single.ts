/**
 * Single-precision functions of the kernels, in TypeScript: the twins of assembly/math, the same operations in the same
 * order with a rounding after each, so the same bits.
 */

const fround = Math.fround
const f32 = new Float32Array(1)
const i32 = new Int32Array(f32.buffer)

function bitsOf(x: number): number {
  f32[0] = x
  return i32[0]
}

function fromBits(bits: number): number {
  i32[0] = bits
  return f32[0]
}

/** a * b + c, two roundings */
const mad = (a: number, b: number, c: number): number => fround(fround(a * b) + c)

/** nearest whole number, halves to the even one */
function nearest(x: number): number {
  const below = Math.floor(x)
  const part = x - below
  if (part !== 0.5) return part < 0.5 ? below : below + 1
  return below % 2 === 0 ? below : below + 1
}

/** b where b is smaller, else a: f32x4.pmin */
// biome-ignore lint/complexity/useMathMinMax: NaN in a stays, NaN in b does not come in
export const minf = (a: number, b: number): number => (b < a ? b : a)
/** b where b is larger, else a: f32x4.pmax */
// biome-ignore lint/complexity/useMathMinMax: NaN in a stays, NaN in b does not come in
export const maxf = (a: number, b: number): number => (a < b ? b : a)
export const clipf = (x: number, lo: number, hi: number): number => maxf(minf(x, hi), lo)

const constants = <T extends readonly number[]>(...values: T): { [K in keyof T]: number } =>
  values.map(fround) as { [K in keyof T]: number }

const [LOG2E, LN2_HI, LN2_LO] = constants(Math.LOG2E, 0.693359375, -2.1219444e-4)
const EXP = constants(1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
const [EXP_FIRST] = constants(1.98756915e-4)

/** e^x (exp4) */
export function expf(x: number): number {
  const y = clipf(x, -104, 104)
  const k = nearest(fround(y * LOG2E))
  let r = fround(y - fround(k * LN2_HI))
  r = fround(r - fround(k * LN2_LO))
  let p = EXP_FIRST
  for (const c of EXP) p = mad(p, r, c)
  p = fround(fround(fround(fround(p * r) * r) + r) + 1)
  const n = Number.isNaN(k) ? 0 : k | 0
  const half = n >> 1
  return fround(fround(p * fromBits((half + 127) << 23)) * fromBits((n - half + 127) << 23))
}

const LOG = constants(
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
)
const [LOG_FIRST, SMALLEST, SQRT1_2] = constants(7.0376836292e-2, 1.17549435e-38, Math.SQRT1_2)

/** natural logarithm; x <= 0 is taken as the smallest normal number (log4) */
export function logf(x: number): number {
  const bits = bitsOf(maxf(x, SMALLEST))
  let e = (bits >>> 23) - 126
  let m = fromBits((bits & 0x007fffff) | 0x3f000000)
  const small = m < SQRT1_2
  if (small) e -= 1
  m = fround(fround(m - 1) + (small ? m : 0))
  const z = fround(m * m)
  let p = LOG_FIRST
  for (const c of LOG) p = mad(p, m, c)
  p = fround(fround(p * m) * z)
  p = fround(p + fround(e * LN2_LO))
  p = fround(p - fround(0.5 * z))
  return fround(fround(m + p) + fround(e * LN2_HI))
}

/** a^b, a >= 0; 0^b is 0 (pow4) */
export const powf = (a: number, b: number): number => (a <= 0 ? 0 : expf(fround(b * logf(a))))

const TANH = constants(2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
const [TANH_FIRST, TANH_SMALL] = constants(-5.70498872745e-3, 0.625)

/** hyperbolic tangent (tanh4) */
export function tanhf(x: number): number {
  const a = Math.abs(x)
  if (a < TANH_SMALL) {
    const z = fround(x * x)
    let q = TANH_FIRST
    for (const c of TANH) q = mad(q, z, c)
    return mad(fround(q * z), x, x)
  }
  const large = fround(1 - fround(2 / fround(expf(fround(a + a)) + 1)))
  return bitsOf(x) < 0 ? -Math.abs(large) : Math.abs(large)
}

const [PIO2_HI, PIO2_MID, PIO2_LO] = constants(1.5703125, 4.837512969970703e-4, 7.549789954891882e-8)
const [TWO_OVER_PI] = constants(0.6366197723675814)
const [S0, S1, S2] = constants(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
const [C0, C1, C2] = constants(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
const TWO_31 = 2147483648

/** sine and cosine of x, and its quadrant: what sincos does of one angle */
function quarter(x: number): { s: number; c: number; q: number } {
  const k = nearest(fround(x * TWO_OVER_PI))
  let y = fround(x - fround(k * PIO2_HI))
  y = fround(y - fround(k * PIO2_MID))
  y = fround(y - fround(k * PIO2_LO))
  const z = fround(y * y)
  let s = mad(S0, z, S1)
  s = mad(s, z, S2)
  s = mad(fround(s * z), y, y)
  let c = mad(C0, z, C1)
  c = mad(c, z, C2)
  c = fround(fround(fround(fround(c * z) * z) - fround(0.5 * z)) + 1)
  // trunc_sat: beyond 32 bits the quadrant sticks at the ends
  const q = Number.isNaN(k) ? 0 : k >= TWO_31 ? 0x7fffffff : k <= -TWO_31 ? -0x80000000 : k
  return { s, c, q }
}

/** sine of x [rad] (sincos) */
export function sinf(x: number): number {
  const { s, c, q } = quarter(x)
  const y = q & 1 ? c : s
  return q & 2 ? -y : y
}

/** cosine of x [rad] (sincos) */
export function cosf(x: number): number {
  const { s, c, q } = quarter(x)
  const y = q & 1 ? s : c
  return (q + 1) & 2 ? -y : y
}

const [TAN_PI_8, PI_4, PI_2, PI] = constants(0.414213562373095, Math.PI / 4, Math.PI / 2, Math.PI)
const [A0, A1, A2, A3] = constants(8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1)

/** angle of the point (x, y), in [-pi, pi] (atan2) */
export function atan2f(y: number, x: number): number {
  const ax = Math.abs(x)
  const ay = Math.abs(y)
  const swap = ay > ax
  const num = swap ? ax : ay
  const den = swap ? ay : ax
  let t = fround(num / (den === 0 ? 1 : den))
  const big = t > TAN_PI_8
  if (big) t = fround(fround(t - 1) / fround(t + 1))
  const z = fround(t * t)
  let a = mad(A0, z, A1)
  a = mad(a, z, A2)
  a = mad(a, z, A3)
  a = mad(fround(a * z), t, t)
  if (big) a = fround(a + PI_4)
  if (swap) a = fround(PI_2 - a)
  if (x < 0) a = fround(PI - a)
  // the sign of y goes on top
  return bitsOf(y) < 0 ? fromBits(bitsOf(a) | 0x80000000) : a
}

/** a word as a uniform number strictly inside (0, 1): ((u >>> 9) + 1/2) 2^-23, exact */
export const uniformf = (word: number): number => ((word >>> 9) + 0.5) * 1.1920928955078125e-7

const TAU = fround(6.283185307179586)

/** two standard normal numbers of two words (Box & Muller 1958), as normals4 makes them */
export function normalsf(word0: number, word1: number): [number, number] {
  const radius = fround(Math.sqrt(fround(-2 * logf(uniformf(word0)))))
  const angle = fround(TAU * uniformf(word1))
  return [fround(radius * cosf(angle)), fround(radius * sinf(angle))]
}
