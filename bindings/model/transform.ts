import { exp, log } from '../math/index.js'
import type { Transform } from './spec.js'

/**
 * The map of one parameter between its natural value and z in [-1, 1]:
 *   linear   z is affine in the value
 *   log      z is affine in log(value): equal steps are equal ratios
 *   logit    z is affine in log(u / (1 - u)), u the position in the box widened so that the bounds lie at 1 % and 99 %:
 *            equal steps near a bound are equal ratios of the distance to it
 * Bounds map to -1 and 1 exactly. Beyond them the formulas go on.
 */
export interface Scale {
  readonly toZ: (value: number) => number
  readonly fromZ: (z: number) => number
  /** d value / d z at a natural value */
  readonly slope: (value: number) => number
}

/** Share of the widened box outside each bound of a logit parameter: far enough for both bounds to be finite. */
const LOGIT_MARGIN = 0.01

export function makeScale(transform: Transform, min: number, max: number): Scale {
  if (transform === 'linear') {
    const centre = min + (max - min) / 2
    const half = (max - min) / 2
    return { toZ: v => (v - centre) / half, fromZ: z => centre + half * z, slope: () => half }
  }
  if (transform === 'log') {
    const half = (log(max) - log(min)) / 2
    const centre = log(min) + half
    return { toZ: v => (log(v) - centre) / half, fromZ: z => exp(centre + half * z), slope: v => v * half }
  }
  // u = LOGIT_MARGIN at min, 1 - LOGIT_MARGIN at max
  const width = (max - min) / (1 - 2 * LOGIT_MARGIN)
  const low = min - LOGIT_MARGIN * width
  const half = log((1 - LOGIT_MARGIN) / LOGIT_MARGIN)
  return {
    toZ: v => log((v - low) / (low + width - v)) / half,
    fromZ: z => low + width / (1 + exp(-half * z)),
    slope: v => (((v - low) * (low + width - v)) / width) * half,
  }
}
