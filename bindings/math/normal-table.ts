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
