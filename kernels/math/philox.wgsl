// import { log4 } from './exp'
// import { sincos } from './trig'

const PHILOX_M0: u32 = 0xd2511f53u;
const PHILOX_M1: u32 = 0xcd9e8d57u;
const PHILOX_W0: u32 = 0x9e3779b9u;
const PHILOX_W1: u32 = 0xbb67ae85u;

/** high word of the product of two unsigned words, from products of halves */
fn mulHigh4(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let mid = ((al * bl) >> 16u) + ((al * bh) & 0xffffu) + ((ah * bl) & 0xffffu);
  return ah * bh + ((al * bh) >> 16u) + ((ah * bl) >> 16u) + (mid >> 16u);
}

/**
 * One block of a counter: four words.
 *   in   counter c0 .. c3; key k0, k1; rounds: 10, fewer only for known answers
 *   out  words 0 .. 3
 */
fn philoxRounds(counter: vec4u, key: vec2u, rounds: i32) -> vec4u {
  var c = counter;
  var k = key;
  for (var i = 0; i < rounds; i++) {
    c = vec4u(mulHigh4(c.z, PHILOX_M1) ^ c.y ^ k.x, c.z * PHILOX_M1, mulHigh4(c.x, PHILOX_M0) ^ c.w ^ k.y, c.x * PHILOX_M0);
    k = k + vec2u(PHILOX_W0, PHILOX_W1);
  }
  return c;
}

/** One block: four words from counter c0 .. c3 and key k0, k1. */
fn philox4(counter: vec4u, key: vec2u) -> vec4u { return philoxRounds(counter, key, 10); }

/** a word as a uniform number strictly inside (0, 1): ((u >> 9) + 1/2) 2^-23, exact in single precision */
fn uniform4(word: u32) -> f32 { return (f32(word >> 9u) + 0.5) * 1.1920928955078125e-7; }

/** four words become four standard normal numbers (Box & Muller 1958), |z| < 5.8 */
fn normals4(words: vec4u) -> vec4f {
  let r0 = sqrt(-2.0 * log4(uniform4(words.x)));
  let t0 = sincos(6.283185307179586 * uniform4(words.y));
  let r1 = sqrt(-2.0 * log4(uniform4(words.z)));
  let t1 = sincos(6.283185307179586 * uniform4(words.w));
  return vec4f(r0 * t0.cos, r0 * t0.sin, r1 * t1.cos, r1 * t1.sin);
}
