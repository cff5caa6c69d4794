/**
 * Decimal text in bytes to float64, correctly rounded, without making strings.
 *
 * Up to 15 digits with a small exponent are exact in one multiplication or division (Clinger 1990). Longer ones are
 * computed in double-double (Dekker 1971: two floats, about 106 bits) and accepted when the error bound cannot move the
 * rounding; the few left over go to Number(). Property-tested against Number().
 */

const FAST_DIGITS = 15 // 10^15 < 2^53: an integer of so many digits is exact
const MAX_DIGITS = 30 // two such integers make one double-double
const MAX_TABLE = 60 // powers of ten kept; logs do not leave 1e-60 … 1e60
const SPLITTER = 134217729 // 2^27 + 1, Veltkamp
const MARGIN = 3.2e-30 // 2^-98, above the 2^-102 the product below can be off by

/** hi + lo = 10^k to 106 bits, index k + MAX_TABLE. */
const POWER_HI = new Float64Array(2 * MAX_TABLE + 1)
const POWER_LO = new Float64Array(2 * MAX_TABLE + 1)
/** 10^k for k = 0..22, exact. */
const EXACT = new Float64Array(23)

function fillPowers(): void {
  let power = 1n
  for (let k = 0; k <= MAX_TABLE; k++) {
    const hi = Number(power)
    POWER_HI[MAX_TABLE + k] = hi
    POWER_LO[MAX_TABLE + k] = Number(power - BigInt(hi))
    if (k < EXACT.length) EXACT[k] = hi
    // 10^-k = hi + lo with hi = m / 2^q, both integers
    const inverse = Number(`1e-${k}`)
    let m = inverse
    let q = 0
    while (!Number.isInteger(m)) {
      m *= 2
      q++
    }
    const scale = 1n << BigInt(q)
    let low = Number(scale - BigInt(m) * power) / Number(power)
    for (let i = 0; i < q; i++) low /= 2
    POWER_HI[MAX_TABLE - k] = inverse
    POWER_LO[MAX_TABLE - k] = low
    power *= 10n
  }
}
fillPowers()

const latin1 = new TextDecoder('latin1')

/** Reads numbers from a byte array; `value` and `low` hold the last one read. */
export class NumberReader {
  value = 0
  /** what rounding to `value` left over: value + low is the text to about 30 digits (long time stamps); 0 where not needed */
  low = 0
  private exact: boolean

  /** @param exact always compute `low` */
  constructor(exact = false) {
    this.exact = exact
  }

  /**
   * Reads bytes[start, end) as one decimal number: [+-] digits [. digits] [e [+-] digits].
   *
   * @param point the decimal separator's byte, 46 '.' or 44 ','
   * @returns false when the bytes are anything else (then `value` is undefined in meaning)
   */
  read(bytes: Uint8Array, start: number, end: number, point = 46): boolean {
    let at = start
    let negative = false
    if (at < end && (bytes[at] === 45 || bytes[at] === 43)) negative = bytes[at++] === 45
    let first = 0
    let second = 0
    let digits = 0 // significant digits so far
    let seen = 0 // digits of any kind
    let exponent = 0
    for (let fraction = 0; at < end; at++) {
      const c = bytes[at]
      const d = c - 48
      if (d >= 0 && d <= 9) {
        seen++
        exponent -= fraction
        if (digits > 0 || d > 0) {
          if (digits < FAST_DIGITS) first = first * 10 + d
          else if (digits < MAX_DIGITS) second = second * 10 + d
          digits++
        }
      } else if (c === point && fraction === 0) fraction = 1
      else break
    }
    if (seen === 0) return false
    if (at < end) {
      if ((bytes[at] | 32) !== 101) return false // e, E
      at++
      let sign = 1
      if (at < end && (bytes[at] === 45 || bytes[at] === 43)) sign = bytes[at++] === 45 ? -1 : 1
      if (at === end) return false
      let e = 0
      for (; at < end; at++) {
        const d = bytes[at] - 48
        if (d < 0 || d > 9) return false
        if (e < 100000) e = e * 10 + d
      }
      exponent += sign * e
    }
    this.low = 0
    if (digits === 0) {
      this.value = negative ? -0 : 0
      return true
    }
    let value: number
    if (digits <= FAST_DIGITS && exponent >= -22 && exponent <= 22 && !(this.exact && exponent < 0)) {
      value = exponent < 0 ? first / EXACT[-exponent] : first * EXACT[exponent]
    } else if (digits <= MAX_DIGITS && exponent >= -MAX_TABLE && exponent <= MAX_TABLE) {
      value = this.wide(first, second, digits, exponent)
    } else value = Number.NaN
    if (Number.isNaN(value)) {
      const text = latin1.decode(bytes.subarray(start, end))
      this.value = Number(point === 46 ? text : text.replace(String.fromCharCode(point), '.'))
      this.low = 0
      return true
    }
    if (negative) this.low = -this.low
    this.value = negative ? -value : value
    return true
  }

  /** (first * 10^n + second) * 10^exponent in double-double; NaN when the rounding cannot be certified. */
  private wide(first: number, second: number, digits: number, exponent: number): number {
    let hi = first
    let lo = 0
    if (digits > FAST_DIGITS) {
      const scale = EXACT[digits - FAST_DIGITS]
      const p = first * scale
      const s = p + second
      const b = s - p
      lo = p - (s - b) + (second - b) + productError(first, scale, p)
      hi = s + lo
      lo -= hi - s
    }
    const ph = POWER_HI[MAX_TABLE + exponent]
    const product = hi * ph
    const error = productError(hi, ph, product) + (hi * POWER_LO[MAX_TABLE + exponent] + lo * ph)
    const value = product + error
    const low = error - (value - product)
    const margin = value * MARGIN
    if (value + (low + margin) !== value || value + (low - margin) !== value) return Number.NaN
    this.low = low
    return value
  }
}

/** a * b - p exactly, for p = fl(a * b) (Dekker's product). */
function productError(a: number, b: number, p: number): number {
  let c = SPLITTER * a
  const ah = c - (c - a)
  const al = a - ah
  c = SPLITTER * b
  const bh = c - (c - b)
  const bl = b - bh
  return al * bl - (p - ah * bh - al * bh - ah * bl)
}
