import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RecordingMap, readMap, readRecording } from '../../bindings/recording/index.js'
import { bytes, fails, near } from './support.js'

/** A mapping as JSON may hold it, right or wrong. */
const mapping = (value: unknown) => readMap(bytes(JSON.stringify(value)))

test('wrong keys and values are named, all of them, with the nearest', async () => {
  const bad = (value: unknown, ...patterns: RegExp[]) => fails(() => mapping(value), 'RECORDING_MAP', ...patterns)
  await bad({ channels: { elbow: { colunm: 'q' } } }, /channels\.elbow\.colunm: unknown key, did you mean 'column'/)
  await bad({ chanels: {} }, /chanels: unknown key, did you mean 'channels'/)
  await bad({ channels: { a: { unit: 3 } } }, /channels\.a\.unit: /)
  await bad({ channels: { a: { interpolation: 'cubic' } } }, /channels\.a\.interpolation: .*linear/)
  await bad({ channels: { a: { weight: -1 } } }, /channels\.a\.weight/)
  await bad({ channels: { a: { scale: 0 } } }, /channels\.a\.scale: 0/)
  await bad({ channels: { a: { column: 'x', field: 'y' } } }, /channels\.a: column is for CSV/)
  await bad({ channels: { a: { wrap: true, unwrap: true } } }, /channels\.a: wrap and unwrap/)
  await bad({ channels: { a: { column: -1 } } }, /channels\.a\.column/)
  await bad({ time: { origin: 'start' }, channels: {} }, /time\.origin/)
  await bad({ time: { columm: 't' }, channels: {} }, /time\.columm: unknown key, did you mean 'column'/)
  await bad({ time: { column: 't', field: 't' }, channels: {} }, /time: column, field and clock/)
  await bad({ time: { rate: 100, unit: 's' }, channels: {} }, /time\.rate/)
  await bad({ time: { clock: 'log', unit: 'ms' }, channels: {} }, /time\.clock/)
  await bad({ files: [{ chanels: {} }] }, /files\[0\]\.channels/, /files\[0\]\.chanels: unknown key/)
  await bad({ files: [{ file: 'a', replace: ['a', 'b'], channels: {} }] }, /files\[0\]: file and replace/)
  await bad({ files: [{ channels: {} }], channels: {} }, /channels: with files/)
  await bad({}, /channels: missing/)
  await bad({ channels: {}, constants: { kp: [1] } }, /constants\.kp/)
  await bad({ channels: {}, derive: { v: { from: 'a', filter: { kind: 'kalman' } } } }, /derive\.v\.filter\.kind/)
  await bad(
    { channels: {}, derive: { v: { from: 'a', filter: { kind: 'butterworth', order: 2 } } } },
    /derive\.v\.filter\.cutoff/,
  )
  await bad({ onNaN: 'ignore', onClock: 'fix', channels: {} }, /onNaN/, /onClock/)
  await bad([1], /mapping/)
  await fails(() => readMap(bytes('{\n"channels": {,}\n}')), 'RECORDING_JSON', /mapping:2/)
  await fails(() => readMap('/nowhere/map.json'), 'RECORDING_FILE', /no such file/)
})

test('columns are for CSV, fields for JSON, topics for MCAP', async () => {
  await fails(
    () => readRecording(bytes('time,a\n0,1\n'), { map: { channels: { a: { field: 'a' } } } }),
    'RECORDING_MAP',
    /channels\.a\.field: .*write column/,
  )
  await fails(
    () => readRecording(bytes('[{"time":0,"a":1}]'), { map: { channels: { a: { column: 'a' } } } }),
    'RECORDING_MAP',
    /channels\.a\.column: .*write field/,
  )
  await fails(
    () => readRecording(bytes('[{"time":0,"a":1}]'), { map: { channels: { a: { topic: '/a' } } } }),
    'RECORDING_MAP',
    /channels\.a\.topic/,
  )
  await fails(
    () => readRecording(bytes('time,a\n0,1\n'), { map: { constants: { kp: '/kp' }, channels: { a: {} } } }),
    'RECORDING_CONSTANT',
    /constants\.kp/,
  )
})

const CSV =
  'time,raw,volts [V],pos [deg],ticks [counts],turn [rev]\n0,1,2,10,4096,0.25\n1,3,4,20,8192,0.9\n2,5,6,30,0,0.1\n3,7,8,40,1,0.55\n'
const one = async (
  channel: RecordingMap['channels'] extends infer T ? (T extends Readonly<Record<string, infer C>> ? C : never) : never,
) => (await readRecording(bytes(CSV), { map: { channels: { x: channel } } })).channel('x')

test('unit, scale and offset: SI of unit(scale * raw + offset)', async () => {
  near(
    (await one({ column: 'raw', scale: 2, offset: 1, unit: 'deg' })).values,
    [3, 7, 11, 15].map(d => (d * Math.PI) / 180),
    1e-15,
  )
  near(
    (await one({ column: 'pos', scale: 2 })).values,
    [20, 40, 60, 80].map(d => (d * Math.PI) / 180),
    1e-15,
    'the header unit after the scale',
  )
  near(
    (await one({ column: 'ticks', unit: 'rev/4096' })).values,
    [2 * Math.PI, 4 * Math.PI, 0, (2 * Math.PI) / 4096],
    1e-15,
    'the unit of one count',
  )
  near((await one({ column: 'ticks', scale: 0.5, unit: 'mm' })).values, [2.048, 4.096, 0, 0.0005], 1e-15)
})

test('units that contradict the header or the target are refused', async () => {
  await fails(() => one({ column: 'volts', unit: 'rad' }), 'RECORDING_UNIT_MISMATCH', /channels\.x\.unit/, /'V'/)
  await fails(
    () => one({ column: 'volts', measures: 'joint/a/qpos' }),
    'RECORDING_UNIT_MISMATCH',
    /channels\.x/,
    /in V/,
  )
  await fails(() => one({ column: 'ticks', measures: 'joint/a/qpos' }), 'RECORDING_UNIT_MISMATCH', /raw counts/)
  await fails(() => one({ column: 'ticks', scale: 2 }), 'RECORDING_UNIT_MISMATCH', /channels\.x\.unit: missing/)
  await fails(() => one({ column: 'raw', unit: 'furlong' }), 'RECORDING_UNIT', /channels\.x\.unit/)
  await fails(() => one({ column: 'raw', measures: 'actuator/a/ctrl' }), 'RECORDING_TARGET', /drives/)
  assert.is((await one({ column: 'volts', scale: 0.1, unit: 'rad' })).unit, 'rad', 'a scale makes it another quantity')
  const r = await readRecording(bytes(CSV), { map: { channels: { x: { column: 'pos', unit: 'rad' } } } })
  assert.match(r.warnings[0], /'rad' taken, though the header says 'deg'/)
})

test('wrap and unwrap turns', async () => {
  near(
    (await one({ column: 'turn', unwrap: true })).values,
    [0.25, -0.1, 0.1, 0.55].map(t => t * 2 * Math.PI),
    1e-12,
  )
  near(
    (await one({ column: 'turn', wrap: true })).values,
    [0.25, -0.1, 0.1, -0.45].map(t => t * 2 * Math.PI),
    1e-12,
  )
  near((await one({ column: 'raw', unwrap: 5 })).values, [1, 3, 5, 7], 0)
  near((await one({ column: 'raw', unwrap: 3, unit: 'mm' })).values, [0.001, 0, -0.001, -0.002], 1e-15)
  near((await one({ column: 'raw', wrap: 4 })).values, [1, -1, 1, -1], 0)
  await fails(() => one({ column: 'volts', unwrap: true }), 'RECORDING_UNIT_MISMATCH', /channels\.x\.unwrap/)
  // a joint that turns three times, logged within one turn
  const angle = Array.from({ length: 200 }, (_, i) => 0.1 * i - 3)
  const text = `time,q [rad]\n${angle.map((a, i) => `${i},${a - 2 * Math.PI * Math.round(a / (2 * Math.PI))}`).join('\n')}\n`
  const r = await readRecording(bytes(text), { map: { channels: { q: { unwrap: true } } } })
  near(r.channel('q').values, angle, 1e-12)
})

test('several files make one recording: clocks, shifts, file names', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'recording-'))
  try {
    await writeFile(join(dir, 'run_state.csv'), 'timestamp,q\n5000,1\n15000,2\n25000,3\n')
    await writeFile(join(dir, 'run_cmd.jsonl'), '{"t":100.005,"goal":7}\n{"t":100.020,"goal":8}\n')
    const map: RecordingMap = {
      name: '{folder}-{file}',
      files: [
        { time: { unit: 'us', origin: 'zero' }, channels: { q: { measures: 'joint/a/qpos' } } },
        {
          replace: ['_state.csv', '_cmd.jsonl'],
          time: { field: 't', origin: 'zero' },
          shift: 0.005,
          channels: { goal: { drives: 'actuator/a/ctrl', shift: -0.001 } },
        },
      ],
      shift: 1,
    }
    const r = await readRecording(join(dir, 'run_state.csv'), { map })
    assert.is(r.name, `${dir.split('/').at(-1)}-run_state`)
    near(r.channel('q').time, [1, 1.01, 1.02], 1e-15)
    near(r.channel('goal').time, [1.004, 1.019], 1e-12)
    near([r.start, r.end], [1.004, 1.019], 1e-12)

    // the same clock: one origin for both
    const shared: RecordingMap = {
      time: { origin: 'zero' },
      files: [
        { file: 'run_state.csv', time: undefined, channels: { q: { time: { unit: 'us' } } } },
        {
          file: 'run_state.csv',
          rows: { timestamp: [15000, 25000] },
          channels: { late: { column: 'q', time: { unit: 'us' } } },
        },
      ],
    }
    const s = await readRecording(dir, { map: shared })
    near(s.channel('q').time, [0, 0.01, 0.02], 1e-15)
    near(s.channel('late').time, [0.01, 0.02], 1e-15)
    assert.is(s.name, dir.split('/').at(-1))

    const path = join(dir, 'map.json')
    await writeFile(path, JSON.stringify(map))
    assert.is((await readRecording(join(dir, 'run_state.csv'), { map: path })).channels.length, 2)
    await fails(() => readRecording(dir, { map: { channels: { q: {} } } }), 'RECORDING_FILE', /is a folder/)
    await fails(() => readRecording(dir), 'RECORDING_FILE', /is a folder/)
    await fails(
      () => readRecording(dir, { map: { files: [{ channels: { q: {} } }] } }),
      'RECORDING_MAP',
      /files\[0\]\.file/,
    )
    await fails(
      () => readRecording(dir, { map: { files: [{ file: 'none.csv', channels: { q: {} } }] } }),
      'RECORDING_FILE',
      /none\.csv: no such file/,
    )
    await fails(
      () => readRecording(join(dir, 'run_state.csv'), { map: { files: [{ replace: ['x9', 'y'], channels: {} }] } }),
      'RECORDING_MAP',
      /does not contain/,
    )
    await fails(() => readRecording(join(dir, 'none.csv')), 'RECORDING_FILE', /no such file/)
    // two clocks a hundred seconds apart
    const apart: RecordingMap = {
      files: [
        { time: { unit: 'us' }, channels: { q: {} } },
        { file: 'run_cmd.jsonl', channels: { goal: {} } },
      ],
    }
    await fails(
      () => readRecording(join(dir, 'run_state.csv'), { map: apart }),
      'RECORDING_OVERLAP',
      /'q' ends at 0\.025 s/,
      /shift/,
    )
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('files from memory, by name', async () => {
  const map: RecordingMap = { files: [{ channels: { a: {} } }, { file: 'other.csv', channels: { b: {} } }] }
  const r = await readRecording(bytes('time,a\n0,1\n1,2\n'), {
    map,
    files: { 'other.csv': bytes('time,b\n0,3\n1,4\n') },
  })
  assert.equal(Array.from(r.channel('b').values), [3, 4])
  await fails(() => readRecording(bytes('time,a\n0,1\n'), { map }), 'RECORDING_FILE', /'other\.csv'/)
})

test('a velocity channel derived by a stated filter', async () => {
  const text = `time,q [rad]\n${Array.from({ length: 50 }, (_, i) => `${i * 0.01},${(i * 0.01) ** 2}`).join('\n')}\n`
  const map: RecordingMap = {
    channels: { q: { measures: 'joint/a/qpos' } },
    derive: { v: { from: 'q', filter: { kind: 'savitzky-golay', order: 2, width: 0.05 }, weight: 0.5 } },
  }
  const v = (await readRecording(bytes(text), { map })).channel('v')
  assert.equal([v.measures, v.unit, v.weight], ['joint/a/qvel', 'rad/s', 0.5])
  near(
    v.values,
    Array.from(v.time, t => 2 * t),
    1e-12,
  )
  await fails(
    () =>
      readRecording(bytes(text), { map: { ...map, derive: { v: { from: 'qq', filter: { kind: 'difference' } } } } }),
    'RECORDING_CHANNEL',
    /'q'/,
  )
})

test('a held channel that stops early is reported', async () => {
  const lines = Array.from({ length: 100 }, (_, i) =>
    JSON.stringify({ time: i * 0.01, q: i, ...(i < 30 && { on: true }) }),
  ).join('\n')
  const r = await readRecording(bytes(lines), { format: 'jsonl', map: { channels: { q: {}, on: {} } } })
  assert.is(r.end, 0.99)
  assert.match(r.warnings.join(), /'on' ends 0\.7\d* s before the others/)
})

test.run()
