import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Biquad, butterworth, filtfilt } from '../../bindings/recording/index.js'
import { fails, near, noise } from './support.js'

/** Product of the sections as polynomials in z^-1. */
function polynomials(sections: readonly Biquad[]): { b: number[]; a: number[] } {
  const times = (p: number[], q: number[]) => {
    const out = new Array<number>(p.length + q.length - 1).fill(0)
    for (let i = 0; i < p.length; i++) for (let j = 0; j < q.length; j++) out[i + j] += p[i] * q[j]
    return out
  }
  const trim = (p: number[], n: number) => p.slice(0, n)
  const order = sections.reduce((n, s) => n + (s.b2 === 0 && s.a2 === 0 ? 1 : 2), 0)
  const b = sections.reduce((p, s) => times(p, [s.b0, s.b1, s.b2]), [1])
  const a = sections.reduce((p, s) => times(p, [1, s.a1, s.a2]), [1])
  return { b: trim(b, order + 1), a: trim(a, order + 1) }
}

// scipy 1.17.1: scipy.signal.butter(order, cutoff, fs=rate)
const DESIGNS: readonly [number, number, number, number[], number[]][] = [
  [
    2,
    10,
    200,
    [0.020083365564211232, 0.040166731128422464, 0.020083365564211232],
    [1, -1.5610180758007182, 0.6413515380575631],
  ],
  [
    3,
    10,
    100,
    [0.018098933007514428, 0.05429679902254328, 0.05429679902254328, 0.018098933007514428],
    [1, -1.7600418803431688, 1.182893262037831, -0.27805991763454646],
  ],
  [
    4,
    30,
    500,
    [0.0008063598650371017, 0.003225439460148407, 0.00483815919022261, 0.003225439460148407, 0.0008063598650371017],
    [1, -3.017555238686489, 3.507193724716205, -1.8475509441185771, 0.3708142159294547],
  ],
  [
    5,
    7.5,
    100,
    [
      0.00036878266091321663, 0.0018439133045660833, 0.0036878266091321665, 0.0036878266091321665,
      0.0018439133045660833, 0.00036878266091321663,
    ],
    [1, -3.478892844356131, 5.009826206820606, -3.6995358795654893, 1.394201412746685, -0.213797850496448],
  ],
]

test('coefficients equal scipy.signal.butter', () => {
  for (const [order, cutoff, rate, b, a] of DESIGNS) {
    const ours = polynomials(butterworth(order, cutoff, rate))
    near(ours.b, b, 1e-15, `b, order ${order}`)
    near(ours.a, a, 1e-13, `a, order ${order}`)
  }
})

test('the gain is that of a Butterworth: 1/sqrt(1 + (tan/tan_c)^2n)', () => {
  const rate = 200
  for (const order of [1, 2, 3, 6, 11, 12]) {
    const sections = butterworth(order, 17, rate)
    for (const f of [0, 1, 10, 17, 30, 80]) {
      const w = (2 * Math.PI * f) / rate
      let gain = 1
      for (const s of sections) {
        const at = (c0: number, c1: number, c2: number) =>
          Math.hypot(c0 + c1 * Math.cos(w) + c2 * Math.cos(2 * w), c1 * Math.sin(w) + c2 * Math.sin(2 * w))
        gain *= at(s.b0, s.b1, s.b2) / at(1, s.a1, s.a2)
      }
      const ratio = Math.tan(w / 2) / Math.tan((Math.PI * 17) / rate)
      near([gain], [1 / Math.sqrt(1 + ratio ** (2 * order))], 1e-11, `order ${order} at ${f} Hz`)
    }
  }
})

// scipy 1.17.1: sosfiltfilt(butter(order, cutoff, fs=100, output='sos'), x)[[0, 1, 7, 30, 58, 59]], x = noise(60)
const FILTERED: readonly [number, number, number[]][] = [
  [
    1,
    5,
    [
      0.2953620457757601, 0.1757556260414744, -0.018195689821109348, 0.08163424818399981, -0.21668115926304976,
      -0.23167147007663738,
    ],
  ],
  [
    2,
    10,
    [
      0.29938415339216323, 0.09749628297159299, -0.08029399291477962, 0.08991665319429816, -0.2213746067678331,
      -0.24265540381597095,
    ],
  ],
  [
    3,
    10,
    [
      0.29960048482836393, 0.11326970878871061, -0.08042390162193729, 0.09219181787532124, -0.2108138738907551,
      -0.24381536288962058,
    ],
  ],
  [
    4,
    20,
    [
      0.298551792179132, -0.16694019423869233, -0.09842072718329718, 0.08726241574996642, -0.37651120000229166,
      -0.24173594684907784,
    ],
  ],
  [
    7,
    12,
    [
      0.3004206565822338, 0.09698638091998014, -0.05603955820421522, 0.11388433946199669, -0.21940267476904723,
      -0.24208712156167217,
    ],
  ],
]

test('zero-phase filtering equals scipy.signal.sosfiltfilt, edges included', () => {
  const x = noise(60)
  for (const [order, cutoff, expected] of FILTERED) {
    const y = filtfilt(butterworth(order, cutoff, 100), x)
    near(
      [0, 1, 7, 30, 58, 59].map(i => y[i]),
      expected,
      1e-13,
      `order ${order}`,
    )
  }
})

test('a sinusoid at the cutoff is halved and not delayed; lines and constants pass', () => {
  const rate = 500
  const time = Float64Array.from({ length: 4000 }, (_, i) => i / rate)
  for (const order of [1, 2, 4, 5]) {
    const sections = butterworth(order, 20, rate)
    const y = filtfilt(
      sections,
      time.map(t => Math.sin(2 * Math.PI * 20 * t)),
    )
    for (let i = 1000; i < 3000; i++) near([y[i]], [0.5 * Math.sin(2 * Math.PI * 20 * time[i])], 1e-9)
    const line = time.map(t => 3 - 2 * t)
    near(filtfilt(sections, line).slice(1000, 3000), line.slice(1000, 3000), 1e-9)
    near(filtfilt(sections, new Float64Array(100).fill(3)), new Float64Array(100).fill(3), 1e-12)
  }
})

test('options that make no filter are refused', async () => {
  for (const [order, cutoff, rate] of [
    [0, 10, 100],
    [2.5, 10, 100],
    [13, 10, 100],
    [2, 0, 100],
    [2, 50, 100],
    [2, Number.NaN, 100],
  ]) {
    await fails(() => butterworth(order, cutoff, rate), 'FILTER_OPTIONS')
  }
  await fails(
    () => filtfilt(butterworth(2, 10, 100), new Float64Array(9)),
    'FILTER_SHORT',
    /more than 9 samples, got 9/,
  )
  assert.is(filtfilt(butterworth(2, 10, 100), new Float64Array(10)).length, 10)
})

test.run()
