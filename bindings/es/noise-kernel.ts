/**
 * Directions of an evolution strategy's generation, made again wherever they are needed: a pure function of seed, generation and
 * pair. This is the plain TypeScript form, the reference of the kernel in assembly/es.
 *
 * Layout: a block is one Philox call, counter (block, pair, generation, STREAM.theta), and eight normals: normal 2k and 2k+1 of a
 * block are the table's entries at the low and the high half of word k. Parameter j is normal j & 7 of block j >> 3.
 *
 * Source: Salimans et al. 2017 (arXiv 1703.03864) for shared noise; Sarkar et al. 2025 (EGGROLL, arXiv 2511.16652) for low rank.
 */
import type { Matrix, NoiseKey, NoiseSums } from '../engine/es-kernel.js'
import { SizeError } from '../errors.js'
import { fillTableNormal, philox, STREAM, seedWords } from '../math/index.js'
import { parameterBlocks } from '../policy/network.js'
import type { Network } from '../program.js'
import { averageRanks } from './shaping.js'

export type { Matrix, NoiseKey, NoiseSums }

/** What strategies need computed over whole generations. */
export interface NoiseKernel {
  /**
   * Weighted sums of the directions of pairs 0 ... weights.length - 1. Pairs of weight 0 are not made.
   *
   * @param squares weights of z^2, one a pair as well; without them only the first sum is made
   */
  gradient(weights: Float32Array, key: NoiseKey, squares?: Float32Array): NoiseSums
  /** Centered ranks as averageRanks of shaping.ts. */
  ranks(fitness: Float64Array): Float32Array
}

/** How many normal numbers a direction takes. */
export function normalsPerDirection(key: NoiseKey): number {
  const { nparam, rank, matrices = [] } = key
  if (rank === undefined) return nparam
  let count = nparam
  for (const { rows, cols } of matrices) count += rank * (rows + cols) - rows * cols
  return count
}

/**
 * Direction of one pair: normal numbers, or for each matrix A B' / sqrt(rank) with A (rows, rank), B (cols, rank) normal and normal
 * numbers for the vectors between. Numbers are taken in the order of theta, for a matrix A and then B, row-major.
 *
 * @param out (nparam)
 */
export function direction(key: NoiseKey, pair: number, out: Float32Array): void {
  const { nparam, rank, matrices = [] } = key
  if (out.length !== nparam)
    throw new SizeError('NOISE_SIZE', `direction: got length ${out.length}, expected nparam = ${nparam}`)
  if (rank === undefined) {
    fillTableNormal(out, key.seed, pair, key.generation)
    return
  }
  const z = new Float32Array(normalsPerDirection(key))
  fillTableNormal(z, key.seed, pair, key.generation)
  const scale = Math.fround(1 / Math.sqrt(rank))
  let at = 0
  let j = 0
  for (const { offset, rows, cols } of matrices) {
    while (j < offset) out[j++] = z[at++]
    const B = at + rows * rank
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) {
        let s = 0
        for (let k = 0; k < rank; k++) s = Math.fround(s + Math.fround(z[at + r * rank + k] * z[B + c * rank + k]))
        out[j++] = s * scale
      }
    }
    at = B + cols * rank
  }
  while (j < nparam) out[j++] = z[at++]
}

/** Signs +1 and -1 of one pair: parameter j is bit j & 31 of word (j >> 5) & 3 of block j >> 7. */
export function signs(key: NoiseKey, pair: number, out: Float32Array): void {
  const [lo, hi] = seedWords(key.seed)
  const words = new Uint32Array(4)
  for (let j = 0; j < out.length; j++) {
    if ((j & 127) === 0) philox(j >>> 7, pair, key.generation, STREAM.theta, lo, hi, words)
    out[j] = ((words[(j >> 5) & 3] >>> (j & 31)) & 1) === 1 ? 1 : -1
  }
}

/** The reference: one pair after the other, every product and sum rounded to single precision. */
export class PlainKernel implements NoiseKernel {
  gradient(weights: Float32Array, key: NoiseKey, squares?: Float32Array): NoiseSums {
    const { nparam } = key
    if (squares !== undefined && squares.length !== weights.length)
      throw new SizeError('NOISE_SIZE', `gradient: got ${squares.length} square weights for ${weights.length} weights`)
    const z = new Float32Array(nparam)
    const first = new Float32Array(nparam)
    const second = squares === undefined ? undefined : new Float32Array(nparam)
    for (let p = 0; p < weights.length; p++) {
      const w = weights[p]
      const s = squares === undefined ? 0 : squares[p]
      if (w === 0 && s === 0) continue
      direction(key, p, z)
      if (w !== 0) for (let j = 0; j < nparam; j++) first[j] += Math.fround(w * z[j])
      if (second !== undefined && s !== 0)
        for (let j = 0; j < nparam; j++) second[j] += Math.fround(s * Math.fround(z[j] * z[j]))
    }
    return second === undefined ? { first } : { first, second }
  }

  ranks(fitness: Float64Array): Float32Array {
    return averageRanks(fitness)
  }
}

/** The matrices of a network's parameters: what a low-rank perturbation factors. */
export function matricesOf(network: Network): Matrix[] {
  return parameterBlocks(network)
    .filter(block => block.matrix)
    .map(({ offset, rows, cols }) => ({ offset, rows, cols }))
}
