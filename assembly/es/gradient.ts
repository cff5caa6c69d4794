/**
 * Weighted sums over the pairs of a generation, their noise regenerated: the step of an evolution strategy.
 *   source  Salimans et al. 2017 (arXiv 1703.03864), algorithm 2, with the sums turned round: every thread makes all
 *           pairs of its own parameters, so that nothing is sent and the order of summation is always that of the pairs
 */
import { mad, mul, st, V } from '../math/v4'
import * as G from '../shared/gradient'
import { fourPairs, GROUP_PART, groupPart, KEYS, normals4of8, PAIR_PART, pairPart, roundKeys, WORDS } from './noise'

/** pairs whose parts are kept at a time */
const BATCH: i32 = 256
/** pairs whose words are made before they are looked up */
const TURN: usize = 16
/** bytes of scratch */
export const GRADIENT_SCRATCH: usize = KEYS + GROUP_PART + TURN * WORDS + <usize>BATCH * PAIR_PART

/**
 * g_j += sum_p w_p z_pj, pairs in ascending order, and h_j += sum_p v_p z_pj^2 where it is wanted; every product and sum
 * rounded by itself. Pairs whose weights are 0 are left out.
 *   r       gradient record: weights w, squares v (0: no h), first pair, generation, key, table
 *   in-out  g, h (whole groups)
 *   range   groups of parameters
 */
export function gradient(r: usize, s: usize, begin: i32, end: i32): void {
  // s: GRADIENT_SCRATCH bytes
  const generation = <u32>G.generation(r), k0 = <u32>G.thetalo(r), k1 = <u32>G.thetahi(r)
  const table = <usize>G.normals(r), first = <u32>G.pair(r), npair = G.npair(r)
  const weights = <usize>G.weights(r), squares = <usize>G.squares(r)
  const keys = s, part = keys + KEYS, words = part + GROUP_PART, list = words + TURN * WORDS
  roundKeys(k0, k1, keys)
  for (let from = 0; from < npair; from += BATCH) {
    // the pairs that count
    const to = min(from + BATCH, npair)
    let last = list
    for (let p = from; p < to; p++) {
      const w = load<f32>(weights + (<usize>p << 2)), v: f32 = squares == 0 ? 0 : load<f32>(squares + (<usize>p << 2))
      if (w == 0 && v == 0) continue
      store<f32>(last, w)
      store<f32>(last, v, 4)
      pairPart(first + p, generation, k0, k1, last)
      last += PAIR_PART
    }
    for (let group = begin; group < end; group++) {
      const g = <usize>G.g(r) + (<usize>group << 7)
      groupPart(group, generation, keys, part)
      for (let q = list; q < last; q += TURN * PAIR_PART) {
        const stop = min(q + TURN * PAIR_PART, last)
        // words may be made for up to three pairs too many
        for (let four = q, w = words; four < stop; four += 4 * PAIR_PART, w += 4 * WORDS) fourPairs(four, keys, part, w)
        if (squares == 0) addFirst(q, stop, words, table, g)
        else addBoth(q, stop, words, table, g, <usize>G.h(r) + (<usize>group << 7))
      }
    }
  }
}

/** one group of g, some pairs */
function addFirst(begin: usize, end: usize, words: usize, table: usize, g: usize): void {
  for (let block: usize = 0; block < 4; block++, g += 2 * V) {
    let x = v128.load(g), y = v128.load(g, 16)
    for (let pair = begin, w = words + 4 * block; pair < end; pair += PAIR_PART, w += WORDS) {
      const weight = v128.load32_splat(pair)
      x = mad(weight, normals4of8(w, table), x)
      y = mad(weight, normals4of8(w + 2 * V, table), y)
    }
    st(g, x)
    st(g + V, y)
  }
}

/** one group of g and h, some pairs */
function addBoth(begin: usize, end: usize, words: usize, table: usize, g: usize, h: usize): void {
  for (let block: usize = 0; block < 4; block++, g += 2 * V, h += 2 * V) {
    let x = v128.load(g), y = v128.load(g, 16), xx = v128.load(h), yy = v128.load(h, 16)
    for (let pair = begin, w = words + 4 * block; pair < end; pair += PAIR_PART, w += WORDS) {
      const weight = v128.load32_splat(pair), square = v128.load32_splat(pair, 4)
      const a = normals4of8(w, table), b = normals4of8(w + 2 * V, table)
      x = mad(weight, a, x)
      y = mad(weight, b, y)
      xx = mad(square, mul(a, a), xx)
      yy = mad(square, mul(b, b), yy)
    }
    st(g, x)
    st(g + V, y)
    st(h, xx)
    st(h + V, yy)
  }
}
