import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  centralDifference,
  deriveVelocity,
  describeFilter,
  differentiate,
  estimateDelay,
  medianPeriod,
  Recording,
  smooth,
} from '../../bindings/recording/index.js'
import { channel, fails, near, noise } from './support.js'

/** Stamps every dt that jitter by up to `part` of it. */
const jittered = (n: number, dt: number, part: number, seed = 9) =>
  noise(n, seed).map((e, i) => (i + 2 * part * e) * dt)

test('central differences are exact for parabolas on any stamps', () => {
  const time = jittered(50, 0.01, 0.4)
  near(
    centralDifference(
      time,
      time.map(t => 3 * t * t - t + 2),
    ),
    time.map(t => 6 * t - 1),
    1e-12,
  )
  near(centralDifference(Float64Array.of(0, 2), Float64Array.of(1, 5)), [2, 2], 0)
  assert.throws(() => centralDifference(Float64Array.of(0), Float64Array.of(0)), /single sample/)
  assert.is(medianPeriod(Float64Array.of(0, 1, 2, 10)), 1)
})

test('velocity of a sinusoid by each filter, on jittering stamps', () => {
  const time = jittered(2000, 0.002, 0.3)
  const q = channel('q', time, time.map(t => Math.sin(2 * Math.PI * t)), { unit: 'rad' }) // biome-ignore format: short
  const v = time.map(t => 2 * Math.PI * Math.cos(2 * Math.PI * t))
  const inside = (x: Float64Array) => x.slice(100, 1900)
  near(inside(differentiate(q, { kind: 'difference' })), inside(v), 4e-4)
  near(inside(differentiate(q, { kind: 'savitzky-golay', order: 3, width: 0.04 })), inside(v), 2e-4)
  // zero-phase gain at 1 Hz of order 2 at 50 Hz: 1 / (1 + (1/50)^4)
  near(inside(differentiate(q, { kind: 'butterworth', order: 2, cutoff: 50 })), inside(v), 2e-2)
  near(inside(smooth(q, { kind: 'butterworth', order: 2, cutoff: 50 }).values), inside(q.values), 1e-4)
  assert.is(smooth(q, { kind: 'difference' }).values, q.values)
})

test('a derived channel measures the rate of what its source measures', async () => {
  const time = Float64Array.from({ length: 100 }, (_, i) => i * 0.01)
  const r = new Recording({
    name: 'r',
    channels: [channel('q', time, time.map(t => t * t), { unit: 'rad', measures: 'joint/a/qpos' }), channel('x', [0, 0.5, 0.99], [1, 2, 3])], // biome-ignore format: short
  })
  const filter = { kind: 'savitzky-golay', order: 2, width: 0.05 } as const
  const s = deriveVelocity(r, { from: 'q', filter })
  const v = s.channel('joint/a/qvel')
  assert.equal([v.unit, v.measures, s.warnings.length], ['rad/s', 'joint/a/qvel', 0])
  near(
    v.values,
    time.map(t => 2 * t),
    1e-11,
  )
  const w = deriveVelocity(s, { from: 'joint/a/qvel', filter, name: 'acc', weight: 3 }).channel('acc')
  assert.equal([w.unit, w.measures, w.weight], ['rad/s^2', 'joint/a/qacc', 3])
  const x = deriveVelocity(r, { from: 'x', filter })
  assert.is(x.channel('x rate').measures, undefined)
  assert.match(x.warnings[0], /3 of 3 samples.*savitzky-golay, order 2, width 0\.05 s/)
  assert.is(
    describeFilter({ kind: 'butterworth', order: 4, cutoff: 8 }),
    'butterworth, order 4, cutoff 8 Hz, zero phase',
  )
  await fails(
    () => deriveVelocity(r, { from: 'x', filter: { kind: 'butterworth', order: 2, cutoff: 1 } }),
    'FILTER_SHORT',
    /channel 'x'/,
  )
})

/** A smooth signal without a period. */
const wave = (t: number) => Math.sin(7 * t) + 0.7 * Math.sin(11.3 * t + 1) + 0.4 * Math.sin(19.7 * t + 2)

test('a known delay is recovered to a small part of a tick, on stamps and rates of their own', () => {
  const command = Float64Array.from({ length: 2000 }, (_, i) => i * 0.005)
  const response = jittered(1500, 0.0066, 0.3)
  for (const delay of [0, 0.0013, 0.0237, 0.1, -0.0412]) {
    const estimate = estimateDelay(
      channel('u', command, command.map(wave)),
      channel(
        'y',
        response,
        response.map(t => 5 + 2 * wave(t - delay)),
      ),
    )
    near([estimate.period], [0.005], 1e-12)
    near([estimate.delay], [delay], 0.05 * 0.005, `delay ${delay}`)
    assert.ok(estimate.correlation > 0.99)
  }
})

test("a torque and a velocity that integrates it: command against the response's derivative", () => {
  const time = Float64Array.from({ length: 4000 }, (_, i) => i * 0.002)
  const integral = (t: number) =>
    -Math.cos(7 * t) / 7 - (0.7 * Math.cos(11.3 * t + 1)) / 11.3 - (0.4 * Math.cos(19.7 * t + 2)) / 19.7
  const estimate = estimateDelay(channel('tau', time, time.map(wave)), channel('v', time, time.map(t => integral(t - 0.0151))), { commandDerivative: 0 }) // biome-ignore format: short
  near([estimate.delay], [0.0151], 1e-4)
})

test('noise in the response moves the estimate little', () => {
  const time = Float64Array.from({ length: 5000 }, (_, i) => i * 0.002)
  const e = noise(time.length, 21)
  const y = time.map((t, i) => wave(t - 0.0313) + 0.1 * e[i])
  const estimate = estimateDelay(channel('u', time, time.map(wave)), channel('y', time, y), { commandDerivative: 0, responseDerivative: 0 }) // biome-ignore format: short
  near([estimate.delay], [0.0313], 0.002)
})

test('an offset between clocks is found and taken out', () => {
  const a = Float64Array.from({ length: 2000 }, (_, i) => i * 0.005)
  const b = a.map(t => t + 0.173)
  const r = new Recording({ name: 'r', channels: [channel('one', a, a.map(wave)), channel('two', b, a.map(wave))] }) // biome-ignore format: short
  const { delay } = estimateDelay(r.channel('one'), r.channel('two'))
  near([delay], [0.173], 1e-4)
  near(r.shift({ two: -delay }).channel('two').time, a, 1e-4)
})

test('signals without an answer are refused', async () => {
  const time = Float64Array.from({ length: 1000 }, (_, i) => i * 0.005)
  const u = channel('u', time, time.map(wave))
  await fails(
    () =>
      estimateDelay(
        u,
        channel(
          'y',
          time,
          time.map(() => 1),
        ),
      ),
    'DELAY_SIGNAL',
    /'u' and 'y'/,
    /constant/,
  )
  await fails(() => estimateDelay(u, channel('y', time, time.map(t => wave(t - 0.4))), { max: 0.2 }), 'DELAY_EDGE') // biome-ignore format: short
  await fails(() => estimateDelay(u, channel('y', [0, 0.5], [0, 1])), 'DELAY_SIGNAL', /too short/)
  await fails(() => estimateDelay(u, channel('y', [90, 95], [0, 1])), 'DELAY_SIGNAL', /overlap for 0 s/)
})

test.run()
