import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Channel, Recording } from '../../bindings/recording/index.js'
import { channel, fails, near, noise } from './support.js'

const make = (...channels: Channel[]) => new Recording({ name: 'run', channels, constants: { kp: 2 } })

test('what is no recording is refused, with the channel and sample', async () => {
  const bad = (c: Channel, code: string, ...patterns: RegExp[]) => fails(() => make(c), code, ...patterns)
  await bad(channel('a', [0, 1], [1]), 'RECORDING_SIZE', /'a'/, /2 times and 1 values/)
  await bad(channel('a', [], []), 'RECORDING_EMPTY')
  await bad(channel('a', [0, 1, 1], [1, 2, 3]), 'RECORDING_CLOCK', /sample 1 at 1 s, sample 2 at 1 s/)
  await bad(channel('a', [0, Number.NaN], [1, 2]), 'RECORDING_NAN', /time of sample 1/)
  await bad(channel('a', [0, 1], [1, Number.NaN]), 'RECORDING_NAN', /value of sample 1/)
  await bad(channel('a', [0], [Number.POSITIVE_INFINITY]), 'RECORDING_NAN')
  await bad(channel('a', [0], [1], { unit: 'deg' }), 'RECORDING_UNIT', /convert the values to rad/)
  await bad(channel('a', [0], [1], { unit: 'what' }), 'RECORDING_UNIT')
  await bad(channel('a', [0], [1], { weight: -1 }), 'RECORDING_WEIGHT')
  await bad(channel('a', [0], [1], { unit: 'V', measures: 'joint/a/qpos' }), 'RECORDING_UNIT_MISMATCH')
  await fails(() => make(channel('a', [0], [1]), channel('a', [0], [1])), 'RECORDING_CHANNEL', /two channels/)
  await fails(() => make(), 'RECORDING_EMPTY')
  await fails(
    () => make(channel('a', [0, 1], [1, 2]), channel('b', [2, 3], [1, 2])),
    'RECORDING_OVERLAP',
    /'a' ends at 1 s, before 'b' begins at 2 s/,
  )
  await fails(
    () => new Recording({ name: 'r', channels: [channel('a', [0], [1])], constants: { kp: Number.NaN } }),
    'RECORDING_CONSTANT',
    /kp/,
  )
  await fails(() => make(channel('elbow', [0], [1])).channel('elbwo'), 'RECORDING_CHANNEL', /nearest: 'elbow'/)
})

test('it is immutable, and units are written one way', () => {
  const r = make(channel('a', [0, 1], [1, 2], { unit: 'Nm' }))
  assert.is(r.channels[0].unit, 'N*m')
  assert.throws(() => {
    ;(r.channels as Channel[]).push(channel('b', [0], [1]))
  }, TypeError)
  assert.throws(() => {
    ;(r.channel('a') as { unit: string }).unit = 'V'
  }, TypeError)
  const s = r.with({ channels: [channel('a', [0, 1], [5, 6]), channel('b', [0, 1], [7, 8])], constants: { kd: 1 } })
  assert.equal([r.channels.length, s.channels.length, s.channel('a').values[0]], [1, 2, 5])
  assert.equal(s.constants, { kp: 2, kd: 1 })
})

test('the span is what all channels share; a held channel goes on', () => {
  const r = make(
    channel('a', [0, 1, 2, 3], [0, 1, 2, 3]),
    channel('b', [0.5, 2.5], [1, 2]),
    channel('c', [0.2], [1], { interpolation: 'hold' }),
  )
  assert.equal([r.start, r.end], [0.5, 2.5])
  assert.equal([make(channel('c', [0, 4], [1, 2], { interpolation: 'hold' })).end], [4])
})

test('sampling is linear or held, in any order, and never outside', async () => {
  const time = Float64Array.from([0, 1, 3, 4])
  const r = make(channel('a', time, [0, 10, 30, 0]), channel('h', time, [1, 2, 3, 4], { interpolation: 'hold' }))
  const at = Float64Array.from([0, 0.5, 1, 2, 3, 3.25, 4, 0.25, 3.5, 1.5])
  near(r.sample('a', at), [0, 5, 10, 20, 30, 22.5, 0, 2.5, 15, 15], 1e-15)
  near(r.sample('h', at), [1, 1, 2, 2, 3, 3, 4, 1, 3, 2], 0)
  near(r.sample('h', Float64Array.of(99)), [4], 0)
  near(r.sample('a', Float64Array.of(4 + 1e-10, -1e-10)), [0, 0], 0, 'rounding of the ends')
  await fails(() => r.sample('a', Float64Array.of(4.1)), 'RECORDING_SPAN', /4\.1 s/, /'a' has samples from 0 to 4 s/)
  await fails(() => r.sample('h', Float64Array.of(-0.1)), 'RECORDING_SPAN')
  await fails(() => r.sample('a', Float64Array.of(Number.NaN)), 'RECORDING_SPAN')
  // against a scan, on random stamps
  const t = Array.from(noise(200, 3)).sort((a, b) => a - b)
  const v = noise(200, 4)
  const many = make(channel('x', t, v))
  const queries = noise(1000, 5).map(q => Math.min(Math.max(q, t[0]), t[199]))
  const expected = queries.map(q => {
    let i = 0
    while (i < 198 && t[i + 1] <= q) i++
    return v[i] + ((q - t[i]) / (t[i + 1] - t[i])) * (v[i + 1] - v[i])
  })
  near(many.sample('x', queries), expected, 1e-14)
  // increasing queries take another way through the stamps
  const order = Array.from(queries, (_, k) => k).sort((a, b) => queries[a] - queries[b])
  near(
    many.sample(
      'x',
      Float64Array.from(order, k => queries[k]),
    ),
    Float64Array.from(order, k => expected[k]),
    1e-14,
  )
})

test('slices keep samples of measurements and the course of inputs', async () => {
  const time = Float64Array.from([0, 1, 2, 3, 4])
  const r = make(
    channel('q', time, [0, 1, 2, 3, 4], { measures: 'joint/a/qpos' }),
    channel('u', time, [0, 10, 20, 30, 40], { drives: 'actuator/a/ctrl' }),
    channel('on', [0, 2.5], [1, 0], { drives: 'actuator/a/enable', interpolation: 'hold' }),
  )
  const s = r.slice(0.5, 3.5)
  near(s.channel('q').time, [1, 2, 3], 0)
  near(s.channel('u').time, [0.5, 1, 2, 3, 3.5], 0)
  near(s.channel('u').values, [5, 10, 20, 30, 35], 1e-15)
  near(s.channel('on').time, [0.5, 2.5], 0)
  near(s.channel('on').values, [1, 0], 0)
  const t = r.slice(2.6, 3.2)
  near(t.channel('u').values, [26, 30, 32], 1e-12)
  near(t.channel('on').values, [0], 0)
  near(r.slice(-5, 50).channel('u').values, [0, 10, 20, 30, 40], 0)
  await fails(() => r.slice(1.2, 1.8), 'RECORDING_SPAN', /'q' has no samples from 1\.2 to 1\.8 s/)
  await fails(() => r.slice(2, 2), 'RECORDING_SPAN')
})

test('resampling to a uniform grid', async () => {
  const r = make(channel('a', [0, 0.3, 1], [0, 3, 10]), channel('h', [0, 0.5], [1, 2], { interpolation: 'hold' }))
  const s = r.resample(0.25)
  near(s.channel('a').time, [0, 0.25, 0.5, 0.75, 1], 0)
  near(s.channel('a').values, [0, 2.5, 5, 7.5, 10], 1e-14)
  near(s.channel('h').values, [1, 1, 2, 2, 2], 0)
  assert.is(s.channel('a').time, s.channel('h').time)
  assert.is(r.resample(0.1).channel('a').time.length, 11, 'ten periods of 0.1 make 1')
  near(r.resample(0.1, { start: 0.2, end: 0.45 }).channel('a').time, [0.2, 0.3, 0.4], 1e-15)
  await fails(() => r.resample(2), 'RECORDING_SPAN', /longer than the span/)
  await fails(() => r.resample(0), 'RECORDING_SPAN')
  await fails(() => r.resample(0.1, { end: 3 }), 'RECORDING_SPAN')
})

test('segments by window and stride', async () => {
  const time = Float64Array.from({ length: 101 }, (_, i) => i * 0.01)
  const r = make(channel('a', time, time))
  const starts = (window: number, options = {}) => r.segments(window, options).map(s => Number(s.start.toFixed(9)))
  assert.equal(starts(0.25), [0, 0.25, 0.5, 0.75])
  assert.equal(starts(0.3), [0, 0.3, 0.6])
  assert.equal(starts(0.3, { all: true }), [0, 0.3, 0.6, 0.7])
  assert.equal(starts(0.25, { all: true }), [0, 0.25, 0.5, 0.75])
  assert.equal(starts(0.5, { stride: 0.2 }), [0, 0.2, 0.4])
  assert.equal(starts(1), [0])
  for (const s of r.segments(0.1)) assert.ok(s.end <= r.end && Math.abs(s.end - s.start - 0.1) < 1e-12)
  await fails(() => r.segments(1.5), 'RECORDING_SHORT', /1 s long, shorter than one window of 1\.5 s/)
  await fails(() => r.segments(0), 'RECORDING_SPAN')
  const holed = make(
    channel(
      'a',
      Array.from(time).filter(t => t <= 0.3 || t >= 0.45),
      Array.from(time).filter(t => t <= 0.3 || t >= 0.45),
    ),
  )
  assert.equal(
    holed.segments(0.25, { maxGap: 0.05 }).map(s => s.start),
    [0, 0.5, 0.75],
  )
})

test('shifting a channel in time', () => {
  const r = make(channel('a', [0, 1, 2], [0, 1, 2]), channel('b', [0, 1, 2], [0, 1, 2]))
  const s = r.shift({ b: -0.5 })
  near(s.channel('b').time, [-0.5, 0.5, 1.5], 0)
  near(s.channel('a').time, [0, 1, 2], 0)
  assert.equal([s.start, s.end], [0, 1.5])
})

test.run()
