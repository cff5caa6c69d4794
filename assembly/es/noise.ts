/**
 * The normal numbers of a perturbation, regenerated wherever they are needed and stored nowhere.
 *
 * Parameter block b of (pair, generation) is the Philox block of counter (b, pair, generation, 0), key = seed: 8 normals,
 * number 2 k = table[low half of word k], number 2 k + 1 = table[high half]. Parameter j is number j & 7 of block j >> 3.
 * The table holds 65,536 normal quantiles (bindings/math/normal-table.ts), so that every machine and language has the
 * same bits. Four parameter blocks are made at a time: a group of 32 parameters.
 */
import { mulHigh4, PHILOX_M0, PHILOX_M1, PHILOX_W0, PHILOX_W1, philoxRounds } from '../math/philox'
import { ld, st, V } from '../math/v4'
import { STREAM_THETA } from '../shared/program'

/** parameters of a group */
export const GROUP = 32
/** bytes of a group's words; a half of a word is the index of a number in the table */
export const WORDS: usize = 64

/** the words of a group, from whose halves its normal numbers come */
// @ts-ignore: decorator
@inline export function groupWords(group: u32, pair: u32, generation: u32, k0: u32, k1: u32, out: usize): void {
  // word k of block b at out + 16 k + 4 b
  philoxRounds(blocks(group), i32x4.splat(pair), i32x4.splat(generation), i32x4.splat(STREAM_THETA), k0, k1, 10, out)
}

/** the four parameter blocks of a group */
// @ts-ignore: decorator
@inline function blocks(group: u32): v128 { return i32x4.add(i32x4.splat(group << 2), i32x4(0, 1, 2, 3)) }

/** normal number n of a group, from its words */
// @ts-ignore: decorator
@inline export function normal(w: usize, n: usize, table: usize): f32 {
  return load<f32>(table + (<usize>load<u16>(w + V * ((n & 7) >> 1) + 4 * (n >> 3) + 2 * (n & 1)) << 2))
}

/** four normals of a block of eight, from its first two words or its last two */
// @ts-ignore: decorator
@inline export function normals4of8(w: usize, table: usize): v128 {
  // w: words + 4 block, or that and 2 V
  let z = v128.load32_zero(table + (<usize>load<u16>(w) << 2))
  z = v128.load32_lane(table + (<usize>load<u16>(w, 2) << 2), z, 1)
  z = v128.load32_lane(table + (<usize>load<u16>(w, 16) << 2), z, 2)
  return v128.load32_lane(table + (<usize>load<u16>(w, 18) << 2), z, 3)
}

/*
 * Many pairs of one group: the first rounds of Philox mix the counter's words so slowly that they come apart. With the
 * counter (block, pair, generation, 0), after two rounds words 0 and 1 know nothing of the pair, word 3 nothing of the
 * block, and word 2 is the xor of what both give. So two and a half of ten rounds are made once a pair or once a group.
 */

/** bytes of the round keys */
export const KEYS: usize = 20 * V
/** bytes of what a group gives */
export const GROUP_PART: usize = 4 * V
/** bytes of what a pair gives, 8 bytes apart for the weights of the caller: weights, words 2 and 3 after two rounds */
export const PAIR_PART: usize = 16

/** out (10, 2) = keys of the rounds, four times each */
export function roundKeys(k0: u32, k1: u32, out: usize): void {
  for (let end = out + KEYS; out < end; out += 2 * V) {
    st(out, i32x4.splat(k0))
    st(out + V, i32x4.splat(k1))
    k0 += PHILOX_W0
    k1 += PHILOX_W1
  }
}

/** a pair's share of words 2 and 3 after two rounds, at out + 8 and out + 12 */
export function pairPart(pair: u32, generation: u32, k0: u32, k1: u32, out: usize): void {
  const first = <u64>(<u32>PHILOX_M1) * generation
  const second = <u64>(<u32>PHILOX_M0) * (<u32>(first >> 32) ^ pair ^ k0)
  store<u32>(out, <u32>(second >> 32) ^ (k1 + PHILOX_W1), 8)
  store<u32>(out, <u32>second, 12)
}

/** out (4): a group's share of word 2 after two rounds, and what the third round makes of words 0 and 1 */
export function groupPart(group: u32, generation: u32, keys: usize, out: usize): void {
  const m0 = i32x4.splat(PHILOX_M0), m1 = i32x4.splat(PHILOX_M1)
  const block = blocks(group)
  const c2 = v128.xor(mulHigh4(block, m0), ld(keys + V))
  const c0 = v128.xor(v128.xor(mulHigh4(c2, m1), i32x4.splat(PHILOX_M1 * generation)), ld(keys + 2 * V))
  st(out, i32x4.mul(block, m0))
  st(out + V, v128.xor(i32x4.mul(c2, m1), ld(keys + 4 * V)))
  st(out + 2 * V, v128.xor(mulHigh4(c0, m0), ld(keys + 5 * V)))
  st(out + 3 * V, i32x4.mul(c0, m0))
}

/**
 * The words of one group for four pairs, side by side so that no multiplication waits for another.
 *   in   pairs: parts of four pairs; keys; group: part of the group
 *   out  words (4, WORDS bytes), as groupWords has them
 */
export function fourPairs(pairs: usize, keys: usize, group: usize, out: usize): void {
  const m0 = i32x4.splat(PHILOX_M0), m1 = i32x4.splat(PHILOX_M1)
  // third round
  const g0 = ld(group), g1 = ld(group + V), g2 = ld(group + 2 * V), g3 = ld(group + 3 * V)
  let x0 = v128.xor(v128.load32_splat(pairs, 8), g0), x1 = v128.xor(v128.load32_splat(pairs, 24), g0)
  let x2 = v128.xor(v128.load32_splat(pairs, 40), g0), x3 = v128.xor(v128.load32_splat(pairs, 56), g0)
  let a0 = v128.xor(mulHigh4(x0, m1), g1), b0 = i32x4.mul(x0, m1), c0 = v128.xor(v128.load32_splat(pairs, 12), g2), d0 = g3
  let a1 = v128.xor(mulHigh4(x1, m1), g1), b1 = i32x4.mul(x1, m1), c1 = v128.xor(v128.load32_splat(pairs, 28), g2), d1 = g3
  let a2 = v128.xor(mulHigh4(x2, m1), g1), b2 = i32x4.mul(x2, m1), c2 = v128.xor(v128.load32_splat(pairs, 44), g2), d2 = g3
  let a3 = v128.xor(mulHigh4(x3, m1), g1), b3 = i32x4.mul(x3, m1), c3 = v128.xor(v128.load32_splat(pairs, 60), g2), d3 = g3
  // the other seven
  for (let key = keys + 6 * V, end = keys + KEYS; key < end; key += 2 * V) {
    const k0 = ld(key), k1 = ld(key + V)
    x0 = a0
    a0 = v128.xor(v128.xor(mulHigh4(c0, m1), b0), k0)
    b0 = i32x4.mul(c0, m1)
    c0 = v128.xor(v128.xor(mulHigh4(x0, m0), d0), k1)
    d0 = i32x4.mul(x0, m0)
    x1 = a1
    a1 = v128.xor(v128.xor(mulHigh4(c1, m1), b1), k0)
    b1 = i32x4.mul(c1, m1)
    c1 = v128.xor(v128.xor(mulHigh4(x1, m0), d1), k1)
    d1 = i32x4.mul(x1, m0)
    x2 = a2
    a2 = v128.xor(v128.xor(mulHigh4(c2, m1), b2), k0)
    b2 = i32x4.mul(c2, m1)
    c2 = v128.xor(v128.xor(mulHigh4(x2, m0), d2), k1)
    d2 = i32x4.mul(x2, m0)
    x3 = a3
    a3 = v128.xor(v128.xor(mulHigh4(c3, m1), b3), k0)
    b3 = i32x4.mul(c3, m1)
    c3 = v128.xor(v128.xor(mulHigh4(x3, m0), d3), k1)
    d3 = i32x4.mul(x3, m0)
  }
  st(out, a0); st(out + V, b0); st(out + 2 * V, c0); st(out + 3 * V, d0)
  st(out + 4 * V, a1); st(out + 5 * V, b1); st(out + 6 * V, c1); st(out + 7 * V, d1)
  st(out + 8 * V, a2); st(out + 9 * V, b2); st(out + 10 * V, c2); st(out + 11 * V, d2)
  st(out + 12 * V, a3); st(out + 13 * V, b3); st(out + 14 * V, c3); st(out + 15 * V, d3)
}
