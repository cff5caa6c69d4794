/**
 * Bit views of a double, shared by the elementary functions. Exact, so the same on every machine.
 */
const f64 = new Float64Array(1)
const u32 = new Uint32Array(f64.buffer)
f64[0] = 1
// which half of the view holds sign and exponent depends on the byte order
const HIGH = u32[1] === 0x3ff00000 ? 1 : 0

/** Sign, exponent and top 20 mantissa bits of x, as an unsigned integer. */
export function highWord(x: number): number {
  f64[0] = x
  return u32[HIGH]
}

/** x with another high word. */
export function withHighWord(x: number, high: number): number {
  f64[0] = x
  u32[HIGH] = high
  return f64[0]
}

/** x with its low 32 mantissa bits cleared: squares of the result are exact. */
export function truncateLow(x: number): number {
  f64[0] = x
  u32[1 - HIGH] = 0
  return f64[0]
}

/** 2^k for integer k in [-1022, 1023]. */
export function pow2(k: number): number {
  u32[1 - HIGH] = 0
  u32[HIGH] = (k + 1023) << 20
  return f64[0]
}

/** y * 2^k with one rounding, for y in [0.25, 4) and any integer k (saturates to 0 or Infinity as the product does). */
export function scaleByPow2(y: number, k: number): number {
  if (k >= -1020 && k <= 1023) return y * pow2(k)
  if (k > 1023) return k > 1026 ? y * 8.98846567431158e307 * 1e300 : y * pow2(k - 10) * 1024
  return k < -1080 ? 0 : y * pow2(k + 200) * 6.223015277861142e-61 // 2^-200
}
