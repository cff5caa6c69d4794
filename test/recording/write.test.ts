import { McapIndexedReader } from '@mcap/core'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type Channel,
  Recording,
  readRecording,
  writeCsv,
  writeJsonLines,
  writeMcap,
} from '../../bindings/recording/index.js'
import { bytes, channel, fails, same } from './support.js'

const WRITERS: readonly [string, (r: Recording) => Promise<Uint8Array>][] = [
  ['csv', async r => bytes(writeCsv(r))],
  ['jsonl', async r => bytes(writeJsonLines(r))],
  ['mcap json', r => writeMcap(r)],
  ['mcap joint-state', r => writeMcap(r, { layout: 'joint-state' })],
]

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const stamps = fc
  .uniqueArray(fc.double({ noNaN: true, min: -1e4, max: 1e6 }), {
    minLength: 1,
    maxLength: 12,
    comparator: (a, b) => a === b,
  })
  .map(t => t.map(x => x + 0)) // -0 is 0 here

const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    'time',
    'simcrank',
    '__proto__',
    'a,b',
    'a"b',
    'x [rad]',
    'x',
    '#c',
    ' pad ',
    'line\nbreak',
    'joint/a/qpos',
    'joint/b.c/qvel',
    'q[0]',
    '\ud800',
    '',
  ),
)

const anyChannel = (shared: Float64Array): fc.Arbitrary<Channel> =>
  fc
    .record({
      name,
      own: fc.option(stamps, { nil: undefined }),
      unit: fc.constantFrom('', 'rad', 'N*m', 'V', '1', 'kg*m/s^3/A'),
      interpolation: fc.constantFrom('linear' as const, 'hold' as const),
      role: fc.constantFrom({}, { drives: 'actuator/m/ctrl' }, { measures: 'sensor/imu/0' }),
      weight: fc.option(
        fc.double({ min: 0, max: 10, noNaN: true }).map(w => w + 0),
        { nil: undefined },
      ),
    })
    .chain(c => {
      const time = c.own === undefined ? shared : Float64Array.from(c.own).sort()
      return fc.array(finite, { minLength: time.length, maxLength: time.length }).map(values => ({
        name: c.name,
        unit: c.unit,
        interpolation: c.interpolation,
        time,
        values: Float64Array.from(values),
        ...c.role,
        ...(c.weight !== undefined && { weight: c.weight === 0 ? 0 : c.weight }),
      }))
    })

const joint =
  (quantity: string, unit: string) =>
  (shared: Float64Array): fc.Arbitrary<Channel> =>
    fc
      .record({
        joint: fc.constantFrom('a', 'b/c', '7', 'x]y', 'z w'),
        values: fc.array(finite, { minLength: shared.length, maxLength: shared.length }),
      })
      .map(j => ({
        name: `${quantity} of ${j.joint}`,
        unit,
        interpolation: 'linear' as const,
        time: shared,
        values: Float64Array.from(j.values),
        measures: `joint/${j.joint}/${quantity}`,
      }))

const recordings: fc.Arbitrary<Recording> = stamps.chain(times => {
  const shared = Float64Array.from(times).sort()
  return fc
    .record({
      name: fc.string({ unit: 'binary', maxLength: 10 }),
      channels: fc.uniqueArray(
        fc.oneof(anyChannel(shared), joint('qpos', 'rad')(shared), joint('qvel', 'rad/s')(shared)),
        {
          minLength: 1,
          maxLength: 6,
          selector: c => c.name,
        },
      ),
      constants: fc.dictionary(fc.string({ maxLength: 5 }), finite.map(x => (x === 0 ? 0 : x)), { maxKeys: 4 }), // biome-ignore format: short
    })
    .filter(r => {
      try {
        return new Recording(r) instanceof Recording
      } catch {
        return false // channels that do not overlap
      }
    })
    .map(r => new Recording(r))
})

for (const [format, write] of WRITERS) {
  test(`${format}: any recording reads back bit for bit`, async () => {
    await fc.assert(
      fc.asyncProperty(recordings, async recording => {
        const data = await write(recording)
        same(await readRecording(data), recording)
      }),
      { numRuns: 200, includeErrorInReport: true },
    )
  })
}

const sample = new Recording({
  name: 'demo',
  channels: [
    channel('q', [0, 0.1, 0.2, 0.3], [-0, 0.1, 1 / 3, 1e-300], { unit: 'rad', measures: 'joint/a/qpos' }),
    channel('v', [0, 0.1, 0.2, 0.3], [1, 2, 3, 4], { unit: 'rad/s', measures: 'joint/a/qvel' }),
    channel('u', [0, 0.15, 0.3], [5, 6, 7], { drives: 'actuator/a/ctrl', weight: 2 }),
  ],
  constants: { kp: 200 },
})

test('the CSV is plain enough for others', () => {
  const lines = writeCsv(sample).split('\n')
  assert.match(lines[0], /^# simcrank-recording \{/)
  assert.equal(lines.slice(1), [
    'time [s],q [rad],v [rad/s],u',
    '0,-0,1,5',
    '0.1,0.1,2,',
    '0.15,,,6',
    '0.2,0.3333333333333333,3,',
    '0.3,1e-300,4,7',
    '',
  ])
})

test('the JSON Lines are plain enough for others', () => {
  const lines = writeJsonLines(sample).trimEnd().split('\n').map(l => JSON.parse(l)) // biome-ignore format: short
  assert.equal(lines.slice(1, 4), [
    { time: 0, q: -0, v: 1, u: 5 },
    { time: 0.1, q: 0.1, v: 2 },
    { time: 0.15, u: 6 },
  ])
})

test('the MCAP is indexed, and JointState messages are what they say', async () => {
  const data = await writeMcap(sample, { layout: 'joint-state' })
  const readable = {
    size: async () => BigInt(data.length),
    read: async (o: bigint, n: bigint) => data.subarray(Number(o), Number(o + n)),
  }
  const reader = await McapIndexedReader.Initialize({ readable })
  const messages: unknown[] = []
  for await (const m of reader.readMessages())
    messages.push([
      reader.channelsById.get(m.channelId)?.topic,
      m.logTime,
      JSON.parse(new TextDecoder().decode(m.data)),
    ])
  assert.equal(messages[1], [
    '/joint_states',
    0n,
    {
      header: { stamp: { sec: 0, nanosec: 0 }, frame_id: '' },
      name: ['a'],
      position: [-0],
      velocity: [1],
      effort: [],
      time: 0,
    },
  ])
  assert.equal(messages[3], ['u', 150000000n, { time: 0.15, value: 6 }])
  assert.is(messages.length, 7)
})

test('a header line of ours that was damaged is refused', async () => {
  const text = writeCsv(sample)
  await fails(() => readRecording(bytes(text.replace('"version":1', '"version":2'))), 'RECORDING_MAP', /version/)
  await fails(() => readRecording(bytes(text.replace('{"version"', '{version'))), 'RECORDING_JSON', /delete it/)
  // a mapping has the last word, the line is then a comment
  const r = await readRecording(bytes(text), { format: 'csv', onNaN: 'drop', map: { channels: { u: {} } } })
  assert.equal(
    r.channels.map(c => c.drives),
    [undefined],
  )
})

test.run()
