import { philox, STREAM, seedWords } from './philox.js'
import { normalQuantile } from './special.js'

/** entries: the index is half a random word */
const SIZE = 65536

let table: Float32Array | undefined

/**
 * Quantiles of the standard normal distribution at (i + 1/2) / 65,536, in single precision: variance .99998, kurtosis 2.9992,
 * |z| <= 4.325. The same bytes on every machine, so that perturbations can be made again anywhere.
 */
export function normalTable(): Float32Array {
  table ??= Float32Array.from({ length: SIZE }, (_, i) => normalQuantile((i + 0.5) / SIZE))
  return table
}

/**
 * Standard normal numbers of an evolution strategy's perturbations into out[begin ... end-1]; the first written is
 * number 0. A Philox block of stream theta is eight numbers: number 2 k the entry of the low half of word k, number
 * 2 k + 1 that of the high half. assembly/es/noise.ts makes the same.
 *
 * @param seed any whole number of up to 53 bits and its sign
 * @throws {SizeError} SEED
 */
export function fillTableNormal(
  out: Float32Array,
  seed: number,
  pair: number,
  generation: number,
  begin = 0,
  end = out.length,
): void {
  const [k0, k1] = seedWords(seed)
  const entries = normalTable()
  const words = new Uint32Array(4)
  for (let i = begin, block = 0; i < end; i += 8, block++) {
    philox(block, pair, generation, STREAM.theta, k0, k1, words)
    const count = Math.min(8, end - i)
    for (let n = 0; n < count; n++) out[i + n] = entries[(words[n >> 1] >>> ((n & 1) << 4)) & 0xffff]
  }
}
