/** SHA-256 (FIPS 180-4), at once: a name for plain data that no other data has. */
import { pack } from './pack.js'

/** floor(2^32 x^(1/power)) mod 2^32, exact: the root by bisection on whole numbers */
function rootBits(x: number, power: 2 | 3): number {
  const target = BigInt(x) << BigInt(32 * power)
  let low = 0n
  let high = 1n << 40n
  while (high - low > 1n) {
    const middle = (low + high) >> 1n
    if (middle * middle * (power === 3 ? middle : 1n) <= target) low = middle
    else high = middle
  }
  return Number(low & 0xffffffffn)
}

/** bits behind the point of the roots of the first n primes: where the standard takes its constants from */
function constants(n: number, power: 2 | 3): Uint32Array {
  const words = new Uint32Array(n)
  for (let candidate = 2, k = 0; k < n; candidate++) {
    let prime = true
    for (let d = 2; d * d <= candidate; d++) if (candidate % d === 0) prime = false
    if (prime) words[k++] = rootBits(candidate, power)
  }
  return words
}

const H0 = constants(8, 2)
const K = constants(64, 3)

const rotr = (x: number, n: number): number => (x >>> n) | (x << (32 - n))

/** 64 hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  const length = Math.ceil((bytes.length + 9) / 64) * 64
  const padded = new Uint8Array(length)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(length - 8, Math.floor(bytes.length / 536870912))
  view.setUint32(length - 4, (bytes.length << 3) >>> 0)

  const hash = Int32Array.from(H0)
  const w = new Int32Array(64)
  for (let at = 0; at < length; at += 64) {
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + 4 * t)
    for (let t = 16; t < 64; t++) {
      const s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ (w[t - 15] >>> 3)
      const s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ (w[t - 2] >>> 10)
      w[t] = w[t - 16] + s0 + w[t - 7] + s1
    }
    let [a, b, c, d, e, f, g, h] = hash
    for (let t = 0; t < 64; t++) {
      const t1 = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0
      const t2 = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) hash[i] += word
  }
  return Array.from(hash, word => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** The hash of plain data; objects count by the order of their keys. */
export const fingerprint = (value: unknown): string => sha256(pack(value))
