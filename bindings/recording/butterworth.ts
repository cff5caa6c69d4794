import { RecordingError } from '../errors.js'
import { PI, sin, tan } from '../math/index.js'

/** One second-order section: y = b0 x + b1 x1 + b2 x2 - a1 y1 - a2 y2. */
export interface Biquad {
  readonly b0: number
  readonly b1: number
  readonly b2: number
  readonly a1: number
  readonly a2: number
}

/**
 * Digital Butterworth low-pass as a cascade of second-order sections (one of first order when `order` is odd), by the
 * bilinear transform with the cutoff prewarped (Oppenheim & Schafer, Discrete-Time Signal Processing, 7.1). Gain 1 at
 * 0 Hz, 1/sqrt(2) at the cutoff.
 *
 * @param cutoff Hz, below half of rate
 * @param rate samples per second
 * @throws {RecordingError} FILTER_OPTIONS
 */
export function butterworth(order: number, cutoff: number, rate: number): Biquad[] {
  if (!(Number.isInteger(order) && order >= 1 && order <= 12)) {
    throw new RecordingError('FILTER_OPTIONS', `butterworth: order ${order} is not a whole number from 1 to 12`)
  }
  if (!(cutoff > 0 && cutoff < rate / 2)) {
    throw new RecordingError(
      'FILTER_OPTIONS',
      `butterworth: a cutoff of ${cutoff} Hz is not between 0 and half the rate, ${rate / 2} Hz`,
    )
  }
  const k = tan((PI * cutoff) / rate)
  const sections: Biquad[] = []
  for (let i = 0; i < Math.floor(order / 2); i++) {
    const damping = 2 * sin(((2 * i + 1) * PI) / (2 * order)) // 1 / Q of this pole pair
    const norm = 1 / (1 + damping * k + k * k)
    const b0 = k * k * norm
    sections.push({ b0, b1: 2 * b0, b2: b0, a1: 2 * (k * k - 1) * norm, a2: (1 - damping * k + k * k) * norm })
  }
  if (order % 2 === 1) {
    const b0 = k / (1 + k)
    sections.push({ b0, b1: b0, b2: 0, a1: (k - 1) / (k + 1), a2: 0 })
  }
  return sections
}

/** Runs the cascade over x in place, started as if x[0] had lasted forever. */
function run(sections: readonly Biquad[], x: Float64Array): void {
  for (const { b0, b1, b2, a1, a2 } of sections) {
    const y0 = (x[0] * (b0 + b1 + b2)) / (1 + a1 + a2)
    let z2 = b2 * x[0] - a2 * y0
    let z1 = b1 * x[0] - a1 * y0 + z2
    for (let i = 0; i < x.length; i++) {
      const input = x[i]
      const y = b0 * input + z1
      z1 = b1 * input - a1 * y + z2
      z2 = b2 * input - a2 * y
      x[i] = y
    }
  }
}

/**
 * Zero-phase filtering: forward, then backward, so the gain is squared (1/2 at a Butterworth's cutoff) and nothing is
 * delayed. The ends are extended by odd reflection over 3 (2 sections + 1) samples (3 fewer if an order is odd) and the
 * filter starts in its steady state (Gustafsson's problem, solved as in common numerical libraries).
 *
 * @param values (n), uniformly sampled
 * @throws {RecordingError} FILTER_SHORT when n does not exceed the extension
 */
export function filtfilt(sections: readonly Biquad[], values: Float64Array): Float64Array {
  const n = values.length
  const first = sections.some(s => s.b2 === 0 && s.a2 === 0) ? 1 : 0
  const edge = 3 * (2 * sections.length + 1 - first)
  if (n <= edge)
    throw new RecordingError('FILTER_SHORT', `zero-phase filtering needs more than ${edge} samples, got ${n}`)
  const x = new Float64Array(n + 2 * edge)
  for (let i = 0; i < edge; i++) {
    x[i] = 2 * values[0] - values[edge - i]
    x[n + edge + i] = 2 * values[n - 1] - values[n - 2 - i]
  }
  x.set(values, edge)
  run(sections, x)
  x.reverse()
  run(sections, x)
  x.reverse()
  return x.slice(edge, edge + n)
}
