import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ReadOptions, readRecording } from '../../bindings/recording/index.js'
import { follow, parsePath, SHORT } from '../../bindings/recording/path.js'
import { bytes, fails } from './support.js'

const lines = (text: string, options: ReadOptions = {}) =>
  readRecording(bytes(text), { format: 'jsonl', name: 'log.jsonl', ...options })
const json = (value: unknown, options: ReadOptions = {}) =>
  readRecording(bytes(typeof value === 'string' ? value : JSON.stringify(value)), {
    format: 'json',
    name: 'log.json',
    ...options,
  })

test('paths enter objects and lists', () => {
  const value = {
    a: { b: [1, { c: 2 }] },
    'x.y': 3,
    'q[0]': 4,
    name: ['left', '7'],
    position: [5, 6],
    '': 8,
    '/a': 9,
    'odd]key': 10,
  }
  const at = (path: string) => follow(value, parsePath(path))
  assert.is(at('a.b[1].c'), 2)
  assert.is(at('/a/b/1/c'), 2)
  assert.is(at('x.y'), 3, 'a key equal to the whole path wins')
  assert.is(at('q[0]'), 4)
  assert.is(at('position[left]'), 5)
  assert.is(at('position["7"]'), 6)
  assert.is(at('position[7]'), SHORT)
  assert.is(at('position[right]'), undefined)
  assert.is(at('/a'), 9)
  assert.is(at('a.z.c'), undefined)
  assert.is(at('a.b.c'), undefined)
  assert.is(at('name.length'), undefined)
  assert.is(at('a.constructor'), undefined)
  assert.is(at('odd]key'), 10)
  for (const text of ['a[', 'a]b', 'a..b', 'a[]']) assert.is(at(text), undefined, text)
})

test('JSON Lines of several kinds and rates become channels with their own time', async () => {
  const text = [
    '{"t":0,"type":"cmd","goal":1}',
    '{"t":0,"type":"state","motors":[{"q":0.5,"on":true},{"q":-1}]}',
    '',
    '{"t":0.01,"type":"state","motors":[{"q":0.6,"on":false},{"q":-2}]}',
    '{"t":0.02,"type":"cmd","goal":2}',
    '{"t":0.02,"type":"state","motors":[{"q":0.7,"on":true},{"q":-3}]}',
  ].join('\n')
  const r = await lines(text, {
    map: {
      channels: {
        goal: { drives: 'actuator/a/ctrl', rows: { type: 'cmd' } },
        q: { field: 'motors[0].q', measures: 'joint/a/qpos', unit: 'deg' },
        q2: { field: '/motors/1/q', scale: 2, offset: 1 },
        on: { field: 'motors[0].on', drives: 'actuator/a/enable' },
      },
    },
  })
  assert.equal(Array.from(r.channel('goal').time), [0, 0.02])
  assert.equal(Array.from(r.channel('q2').values), [-1, -3, -5])
  assert.equal(Array.from(r.channel('on').values), [1, 0, 1])
  assert.is(r.channel('on').interpolation, 'hold')
  assert.is(r.channel('q').values[0], (0.5 * Math.PI) / 180)
  assert.is(r.channel('q').time, r.channel('q2').time)
  const auto = await lines(text)
  assert.equal(
    auto.channels.map(c => c.name),
    ['goal', 'motors[0].q', 'motors[0].on', 'motors[1].q'],
  )
  assert.match(auto.warnings.join(), /'type' holds text/)
})

test('a line that is no object, NaN, null and text are refused by line', async () => {
  assert.is(
    (await fails(() => lines('{"time":0,"a":1}\n{"time":1,"a":}\n{"time":2,"a":1}\n'), 'RECORDING_JSON')).place,
    'log.jsonl:2',
  )
  assert.is(
    (await fails(() => lines('{"time":0,"a":1}\n3\n'), 'RECORDING_JSON', /one JSON object a line/)).place,
    'log.jsonl:2',
  )
  const text =
    '{"time":0,"a":1,"s":"NaN"}\n{"time":1,"a":NaN}\n{"time":2,"a":null}\n{"time":3,"a":-Infinity}\n{"time":4,"a":2}\n'
  const map = { channels: { a: {} } }
  await fails(() => lines(text, { map }), 'RECORDING_NAN', /log\.jsonl:2/, /lines 2, 3, 4/)
  const r = await lines(text, { map, onNaN: 'drop' })
  assert.equal(Array.from(r.channel('a').time), [0, 4])
  await fails(() => lines('{"time":0,"a":"up"}\n', { map }), 'RECORDING_CELL', /log\.jsonl:1/, /'up'/)
  await fails(() => lines('{"time":0,"a":[1,2]}\n', { map }), 'RECORDING_CELL', /a list of 2: say which/)
  await fails(
    () => lines('{"time":0,"a":[1]}\n', { map: { channels: { a: { field: 'a[3]' } } } }),
    'RECORDING_CELL',
    /shorter/,
  )
  await fails(
    () => lines('{"time":0,"a":1}\n', { map: { channels: { b: {} } } }),
    'RECORDING_EMPTY',
    /channels\.b/,
    /nothing at 'b'/,
  )
  await fails(() => lines('{"a":1}\n', { map }), 'RECORDING_TIME', /which field is time/)
  await fails(() => lines('{"time":0,"a":1}\n{"a":2}\n', { map }), 'RECORDING_NAN', /no time at line 2/)
  const cut = await lines('{"time":0,"a":1}\n{"time":1,"a":2}\n{"time":2,"a"', { map })
  assert.is(cut.end, 1)
  assert.match(cut.warnings[0], /log\.jsonl:3: the last line is cut off/)
})

test('numbers written as strings, ROS stamps and long integers', async () => {
  const text = '{"stamp":"1700000000123456789","a":"1.5"}\n{"stamp":"1700000000123456790","a":"-2e3"}\n'
  const r = await lines(text, { map: { time: { field: 'stamp', unit: 'ns', origin: 'zero' }, channels: { a: {} } } })
  assert.equal(Array.from(r.channel('a').time), [0, 1e-9])
  assert.equal(Array.from(r.channel('a').values), [1.5, -2000])
  const ros =
    '{"header":{"stamp":{"sec":1700000000,"nanosec":999999999}},"a":1}\n{"header":{"stamp":{"sec":1700000001,"nanosec":0}},"a":2}\n'
  const s = await lines(ros, { map: { time: { field: 'header.stamp', origin: 'zero' }, channels: { a: {} } } })
  assert.equal(Array.from(s.channel('a').time), [0, 1e-9])
  assert.equal(
    (await lines(ros)).channels.map(c => c.name),
    ['a'],
    'the stamp is found by itself',
  )
})

test('constants of JSON Lines, filters over many lines, enums of any JSON value', async () => {
  const n = 1000
  const text = `{"kp":7}\n${Array.from({ length: n }, (_, i) => `{"time":${i},"a":${i},"even":${i % 2 === 0},"mode":${i % 3 === 0 ? '"off"' : 2}}`).join('\n')}\n`
  const r = await lines(text, {
    map: { rows: { even: true }, channels: { a: {}, mode: { enum: { off: 0, 2: 1 } } }, constants: { kp: 'kp' } },
  })
  assert.equal(r.constants, { kp: 7 })
  assert.is(r.channel('a').values.length, n / 2)
  assert.equal(Array.from(r.channel('mode').values.slice(0, 4)), [0, 1, 1, 0])
  await fails(
    () => lines(text, { map: { channels: { mode: { enum: { off: 0 } } } } }),
    'RECORDING_CELL',
    /log\.jsonl:3/,
    /'2'/,
  )
  await fails(
    () => lines('{"time":0,"a":{"b":1}}\n', { map: { channels: { a: {} } } }),
    'RECORDING_CELL',
    /say which field/,
  )
})

test('a document by mapping, constants from it', async () => {
  const document = {
    mass: 0.49,
    kp: '200',
    on: true,
    motor: 'xl330',
    arm: { length: 0.1 },
    entries: [
      { timestamp: 0.1, position: 1, load: 65535, extra: 1 },
      { timestamp: 0.2, position: 2, load: 3 },
      { timestamp: 0.3, position: 3, load: 32768, extra: 3 },
    ],
  }
  const r = await json(document, {
    map: {
      name: 'run {file}', // the option has the last word
      time: { field: 'timestamp', origin: 'zero' },
      channels: {
        position: { unit: 'rad', measures: 'joint/a/qpos', weight: 2 },
        load: { signed16: true, scale: 0.5, unit: '%' },
        extra: {},
      },
      constants: { kp: '/kp', mass: 'mass', on: '/on', l: 'arm.length', g: 9.81 },
    },
  })
  assert.is(r.name, 'log.json')
  assert.is(
    (await json(document, { name: undefined, map: { name: 'run {file}', channels: { position: {} } } })).name,
    'run recording',
  )
  assert.equal(r.constants, { kp: 200, mass: 0.49, on: 1, l: 0.1, g: 9.81 })
  assert.equal(Array.from(r.channel('load').values), [-0.005, 0.015, -163.84])
  assert.is(r.channel('position').weight, 2)
  assert.equal(Array.from(r.channel('extra').values), [1, 3])
  assert.ok(r.warnings.some(w => /1 of 3 entries have no 'extra'/.test(w)))
  const constants = (c: Record<string, string>) => () =>
    json(document, { map: { channels: { position: {} }, constants: c } })
  await fails(constants({ kq: '/kq' }), 'RECORDING_CONSTANT', /constants\.kq/, /nothing/)
  await fails(constants({ m: '/motor' }), 'RECORDING_CONSTANT', /"xl330"/)
  await fails(
    () =>
      json(
        { ...document, entries: [{ timestamp: 0, load: 70000 }] },
        { map: { channels: { load: { signed16: true } } } },
      ),
    'RECORDING_CELL',
    /entry 0/,
    /70000/,
  )
})

test('entries are found when there is no doubt', async () => {
  const rows = [
    { t: 0, a: 1 },
    { t: 1, a: 2 },
  ]
  const map = { channels: { a: {} } }
  for (const [value, entries] of [
    [rows, undefined],
    [{ n: 3, log: rows }, undefined],
    [{ x: rows, log: { deep: rows } }, '/log/deep'],
    [{ t: [0, 1], a: [1, 2] }, undefined],
    [{ log: { t: [0, 1], a: [1, 2] } }, '/log'],
  ] as const) {
    const r = await json(value, { map: { ...map, ...(entries !== undefined && { entries }) } })
    assert.equal(Array.from(r.channel('a').values), [1, 2])
  }
  const nested = await json({ t: [0, 1], q: [[1, 2], [3, 4]] }, { map: { channels: { a: { field: 'q[1]' } } } }) // biome-ignore format: short
  assert.equal(Array.from(nested.channel('a').values), [2, 4])
  const rates = { cmd: { t: [0, 1], v: [5, 6] }, state: { t: [0, 0.5, 1], q: [1, 2, 3] } }
  const two = await json(rates, {
    map: {
      entries: '',
      channels: {
        v: { field: 'cmd.v', time: { field: 'cmd.t' } },
        q: { field: 'state.q', time: { field: 'state.t' } },
      },
    },
  })
  assert.equal([two.channel('v').time.length, two.channel('q').time.length], [2, 3])
  await fails(() => json({ a: rows, b: rows }, { map }), 'RECORDING_ENTRIES', /'\/a', '\/b'/)
  await fails(() => json({ a: 1 }, { map }), 'RECORDING_ENTRIES', /there is none/)
  await fails(() => json({ log: rows }, { map: { ...map, entries: '/lag' } }), 'RECORDING_ENTRIES', /'\/log'/)
  assert.equal(
    (
      await json([
        { time: 0, 'joint/a/qpos [deg]': 180 },
        { time: 1, 'joint/a/qpos [deg]': 0 },
      ])
    ).channels.map(c => [c.name, c.measures, c.values[0]]),
    [['joint/a/qpos', 'joint/a/qpos', Math.PI]],
  )
})

test('without a mapping: lists of numbers by column, entries by row', async () => {
  const r = await json({ time: [0, 1, 2], a: [1, null, 3], 'b [V]': [4, 5, 6] }, { onNaN: 'drop' })
  assert.equal(
    r.channels.map(c => [c.name, c.unit, c.time.length]),
    [
      ['a', '', 2],
      ['b', 'V', 3],
    ],
  )
  const long = await json([{ time: 0, scan: new Array(100).fill(1), q: [1, 2], none: null, mode: 'idle' }])
  assert.equal(
    long.channels.map(c => c.name),
    ['q[0]', 'q[1]'],
  )
  assert.match(long.warnings.join(), /'scan' holds more than 64 elements/)
  assert.match(long.warnings.join(), /'none' holds nothing but null/)
  await fails(
    () => json([{ time: 0, mode: 'idle' }]),
    'RECORDING_EMPTY',
    /nothing in it is a channel.*'mode' holds text/,
  )
  await fails(
    () => json({ t: [0, 1], a: 3 }, { map: { entries: '', channels: { a: {} } } }),
    'RECORDING_ENTRIES',
    /'a' holds no list/,
  )
  await fails(() => json('"text"'), 'RECORDING_ENTRIES', /neither a list/)
})

test('a broken document is refused with its line', async () => {
  const error = await fails(() => json('{\n"a": 1,\n"b": ]\n}'), 'RECORDING_JSON', /not valid JSON/)
  assert.is(error.place, 'log.json:3')
  const at: [string, number][] = [
    ['', 1],
    ['{"a":1,}', 1],
    ['[1,\n2,\n,3]', 3],
    ['{"a":\n"x\ny"}', 2],
    ['{"a":1}\n{"a":2}', 2],
    ['{"a":[1,2\n}', 2],
    ['{"a":1\n\n', 3],
    ['{a:1}', 1],
    ['{"a":{"b":[NaN,{"c":-Infinity,\n"d":tru}]}}', 2],
  ]
  for (const [text, line] of at) {
    if (text !== '') assert.is((await fails(() => json(text), 'RECORDING_JSON')).place, `log.json:${line}`, text)
  }
  await fails(() => readRecording(new Uint8Array([0x7b, 0xff, 0xfe]), { format: 'json' }), 'RECORDING_JSON', /UTF-8/)
})

test('formats are told by content', async () => {
  for (const text of [
    '{"time":0,"a":1}\n{"time":1,"a":2}\n',
    '[{"time":0,"a":1},\n{"time":1,"a":2}]',
    '{"log":[\n{"time":0,"a":1},{"time":1,"a":2}]}',
    'time,a\n0,1\n1,2\n',
  ]) {
    assert.equal(Array.from((await readRecording(bytes(text))).channel('a').values), [1, 2])
  }
})

test.run()
