/**
 * Counter-based random numbers of four worlds at once: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011). The twin of
 * bindings/math/philox.ts: the same words for the same counter and key.
 */
import { log4 } from './exp'
import { sincos } from './trig'
import { add, mul, splat, sqrt4, st, V } from './v4'

/** low and high words of the products of four unsigned words with a constant: out, out + V */
// @ts-ignore: decorator
@inline function mulWide(a: v128, k: v128, out: usize): void {
  const x = i64x2.extmul_low_i32x4_u(a, k), y = i64x2.extmul_high_i32x4_u(a, k)
  st(out, v128.shuffle<i32>(x, y, 0, 2, 4, 6))
  st(out + V, v128.shuffle<i32>(x, y, 1, 3, 5, 7))
}

/**
 * One block of each world: four words.
 *   in   counter c0 .. c3, one a world each; key k0, k1
 *   out  words 0 .. 3 (4); tmp: 4 quantities
 */
export function philox4(c0: v128, c1: v128, c2: v128, c3: v128, k0: u32, k1: u32, out: usize, tmp: usize): void {
  const m0 = i32x4.splat(<i32>0xd2511f53), m1 = i32x4.splat(<i32>0xcd9e8d57)
  for (let i = 0; i < 10; i++) {
    mulWide(c0, m0, tmp)
    mulWide(c2, m1, tmp + 2 * V)
    c0 = v128.xor(v128.xor(v128.load(tmp + 3 * V), c1), i32x4.splat(<i32>k0))
    c1 = v128.load(tmp + 2 * V)
    c2 = v128.xor(v128.xor(v128.load(tmp + V), c3), i32x4.splat(<i32>k1))
    c3 = v128.load(tmp)
    k0 += 0x9e3779b9
    k1 += 0xbb67ae85
  }
  st(out, c0); st(out + V, c1); st(out + 2 * V, c2); st(out + 3 * V, c3)
}

/** words as uniform numbers strictly inside (0, 1): ((u >> 9) + 1/2) 2^-23, exact in single precision */
// @ts-ignore: decorator
@inline export function uniform4(word: v128): v128 {
  return mul(add(f32x4.convert_i32x4_s(i32x4.shr_u(word, 9)), splat(0.5)), splat(1.1920928955078125e-7))
}

/** four words of four worlds become four standard normal numbers of each (Box & Muller 1958), |z| < 5.8; tmp: 2 quantities */
export function normals4(words: usize, tmp: usize): void {
  for (let pair: usize = 0; pair < 2; pair++) {
    const w = words + 2 * V * pair
    const radius = sqrt4(mul(splat(-2), log4(uniform4(v128.load(w)))))
    sincos(mul(splat(6.283185307179586), uniform4(v128.load(w + V))), tmp)
    st(w, mul(radius, v128.load(tmp + V)))
    st(w + V, mul(radius, v128.load(tmp)))
  }
}
