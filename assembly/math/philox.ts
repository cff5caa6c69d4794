/**
 * Counter-based random numbers of four worlds at once: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011). The twin of
 * bindings/math/philox.ts: the same words for the same counter and key.
 */
import { log4 } from './exp'
import { sincos } from './trig'
import { add, mul, splat, sqrt4, st, V } from './v4'

export const PHILOX_M0: i32 = <i32>0xd2511f53
export const PHILOX_M1: i32 = <i32>0xcd9e8d57
export const PHILOX_W0: u32 = 0x9e3779b9
export const PHILOX_W1: u32 = 0xbb67ae85

/**
 * high word of the product of two unsigned words, from products of halves
 *   cpu  of four words with a constant
 */
// @ts-ignore: decorator
@inline export function mulHigh4(a: v128, m: v128): v128 {
  return v128.shuffle<i32>(i64x2.extmul_low_i32x4_u(a, m), i64x2.extmul_high_i32x4_u(a, m), 1, 3, 5, 7)
}

/**
 * One block of a counter: four words.
 *   in   counter c0 .. c3; key k0, k1; rounds: 10, fewer only for known answers
 *   out  words 0 .. 3
 *   cpu  counters and words of four
 */
// @ts-ignore: decorator
@inline export function philoxRounds(c0: v128, c1: v128, c2: v128, c3: v128, k0: u32, k1: u32, rounds: i32, out: usize): void {
  const m0 = i32x4.splat(PHILOX_M0), m1 = i32x4.splat(PHILOX_M1)
  const w0 = i32x4.splat(PHILOX_W0), w1 = i32x4.splat(PHILOX_W1)
  let key0 = i32x4.splat(k0), key1 = i32x4.splat(k1)
  for (let i = 0; i < rounds; i++) {
    const x = c0
    c0 = v128.xor(v128.xor(mulHigh4(c2, m1), c1), key0)
    c1 = i32x4.mul(c2, m1)
    c2 = v128.xor(v128.xor(mulHigh4(x, m0), c3), key1)
    c3 = i32x4.mul(x, m0)
    key0 = i32x4.add(key0, w0)
    key1 = i32x4.add(key1, w1)
  }
  st(out, c0); st(out + V, c1); st(out + 2 * V, c2); st(out + 3 * V, c3)
}

/**
 * One block: four words from counter c0 .. c3 and key k0, k1.
 *   cpu  counters are those of four worlds
 */
export function philox4(c0: v128, c1: v128, c2: v128, c3: v128, k0: u32, k1: u32, out: usize): void {
  philoxRounds(c0, c1, c2, c3, k0, k1, 10, out)
}

/** a word as a uniform number strictly inside (0, 1): ((u >> 9) + 1/2) 2^-23, exact in single precision */
// @ts-ignore: decorator
@inline export function uniform4(word: v128): v128 {
  return mul(add(f32x4.convert_i32x4_s(i32x4.shr_u(word, 9)), splat(0.5)), splat(1.1920928955078125e-7))
}

/**
 * four words become four standard normal numbers (Box & Muller 1958), |z| < 5.8
 *   cpu  words of four worlds (4), in place; tmp: 2 quantities
 */
export function normals4(words: usize, tmp: usize): void {
  for (let pair: usize = 0; pair < 2; pair++) {
    const w = words + 2 * V * pair
    const radius = sqrt4(mul(splat(-2), log4(uniform4(v128.load(w)))))
    sincos(mul(splat(6.283185307179586), uniform4(v128.load(w + V))), tmp)
    st(w, mul(radius, v128.load(tmp + V)))
    st(w + V, mul(radius, v128.load(tmp)))
  }
}
