/**
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
 *
 * A number is a pure function of seed and position: nothing is stored, and any number can be made anywhere, in any order.
 * key = (seedLo, seedHi); counter = (block, pair, generation, stream tag).
 */
import { SizeError } from '../errors.js'
import { normalQuantile } from './special.js'

/** Streams that share a seed and must never share numbers: the fourth counter word. Values are part of saved results. */
export const STREAM = {
  /** perturbations of an evolution strategy's parameters */
  theta: 0,
  /** initial states */
  reset: 1,
  /** sensor noise */
  sensor: 2,
  /** domain randomisation */
  randomization: 3,
  /** tasks drawn for meta-learning */
  task: 4,
  /** restart points and regimes of a restarted strategy */
  restart: 5,
  /** which candidates are evaluated again, and how they are perturbed */
  reevaluation: 6,
  /** resampling of recordings and residuals */
  bootstrap: 7,
  /** random inputs and states of checks and benchmarks */
  check: 8,
  /** noise on a policy's actions */
  action: 9,
  /** first parameters of a policy */
  policy: 10,
} as const
export type Stream = (typeof STREAM)[keyof typeof STREAM]

const M0 = 0xd2511f53
const M1 = 0xcd9e8d57
const W0 = 0x9e3779b9
const W1 = 0xbb67ae85

/**
 * One Philox4x32 block.
 *
 * @param out four words, written from `at`
 * @param rounds 10; fewer only for known-answer tests
 */
export function philox(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
  at = 0,
  rounds = 10,
): void {
  for (let i = 0; i < rounds; i++) {
    const h0 = mulHigh(M0, c0)
    const l0 = Math.imul(M0, c0)
    const h1 = mulHigh(M1, c2)
    const l1 = Math.imul(M1, c2)
    c0 = h1 ^ c1 ^ k0
    c1 = l1
    c2 = h0 ^ c3 ^ k1
    c3 = l0
    k0 = (k0 + W0) | 0
    k1 = (k1 + W1) | 0
  }
  out[at] = c0
  out[at + 1] = c1
  out[at + 2] = c2
  out[at + 3] = c3
}

/** High word of the 64-bit product of two unsigned words, from 16-bit halves. */
function mulHigh(a: number, b: number): number {
  const al = a & 0xffff
  const ah = a >>> 16
  const bl = b & 0xffff
  const bh = b >>> 16
  const ll = Math.imul(al, bl)
  const lh = Math.imul(al, bh)
  const hl = Math.imul(ah, bl)
  const mid = (ll >>> 16) + (lh & 0xffff) + (hl & 0xffff)
  return Math.imul(ah, bh) + (lh >>> 16) + (hl >>> 16) + (mid >>> 16)
}

/** A word as a uniform number strictly inside (0, 1): u 2^-32 + 2^-33. */
export function uniformOf(word: number): number {
  return (word >>> 0) * 2.3283064365386963e-10 + 1.1641532182693481e-10
}

/** Splits a seed into the two key words. Any integer of up to 53 bits, and its sign, is used whole. */
export function seedWords(seed: number): [lo: number, hi: number] {
  if (!Number.isSafeInteger(seed))
    throw new SizeError('SEED', `seed: got ${seed}, expected a whole number between -(2^53 - 1) and 2^53 - 1`)
  const a = Math.abs(seed)
  const hi = Math.floor(a / 4294967296)
  return [a >>> 0, (seed < 0 ? hi | 0x80000000 : hi) >>> 0]
}

/**
 * The random numbers of one seed and stream.
 *
 * Number i of (pair, generation) comes from word i % 4 of block floor(i / 4).
 */
export class Philox {
  readonly stream: Stream
  private readonly k0: number
  private readonly k1: number
  private readonly words = new Uint32Array(4)

  /** @param seed any whole number of up to 53 bits and its sign */
  constructor(seed: number, stream: Stream) {
    const [lo, hi] = seedWords(seed)
    this.k0 = lo
    this.k1 = hi
    this.stream = stream
  }

  /** Raw words 0 ... length-1 of (pair, generation). */
  fillWords(out: Uint32Array, pair: number, generation: number): void {
    const { words } = this
    for (let i = 0; i < out.length; i += 4) {
      philox(i >>> 2, pair, generation, this.stream, this.k0, this.k1, words)
      const m = Math.min(4, out.length - i)
      for (let j = 0; j < m; j++) out[i + j] = words[j]
    }
  }

  /** Uniform numbers in (0, 1) into out[begin ... end-1]; the first written is number 0. */
  fillUniform(out: Float64Array, pair: number, generation: number, begin = 0, end = out.length): void {
    const { words } = this
    for (let i = begin; i < end; i += 4) {
      philox((i - begin) >>> 2, pair, generation, this.stream, this.k0, this.k1, words)
      const m = Math.min(4, end - i)
      for (let j = 0; j < m; j++) out[i + j] = uniformOf(words[j])
    }
  }

  /** Standard normal numbers (quantiles of the uniform ones, |z| <= 6.34) into out[begin ... end-1]. */
  fillNormal(out: Float64Array, pair: number, generation: number, begin = 0, end = out.length): void {
    const { words } = this
    for (let i = begin; i < end; i += 4) {
      philox((i - begin) >>> 2, pair, generation, this.stream, this.k0, this.k1, words)
      const m = Math.min(4, end - i)
      for (let j = 0; j < m; j++) out[i + j] = normalQuantile(uniformOf(words[j]))
    }
  }

  /** Number `index` of (pair, generation), uniform in (0, 1). */
  uniform(index: number, pair: number, generation: number): number {
    philox(index >>> 2, pair, generation, this.stream, this.k0, this.k1, this.words)
    return uniformOf(this.words[index & 3])
  }

  /** Number `index` of (pair, generation), standard normal. */
  normal(index: number, pair: number, generation: number): number {
    return normalQuantile(this.uniform(index, pair, generation))
  }
}
