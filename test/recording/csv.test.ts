import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ReadOptions, readRecording } from '../../bindings/recording/index.js'
import { bytes, fails, near } from './support.js'

const read = (text: string, options: ReadOptions = {}) =>
  readRecording(bytes(text), { format: 'csv', name: 'log.csv', ...options })
const values = async (text: string, name: string, options: ReadOptions = {}) =>
  Array.from((await read(text, options)).channel(name).values)

test('names, units and roles come from the header', async () => {
  const r = await read(
    'time [ms],joint/elbow/qpos [deg],actuator/elbow/ctrl (rev),speed,note (left)\n0,180,0.5,1,7\n10,90,1,2,8\n20,0,2,3,9\n',
  )
  assert.is(r.name, 'log.csv')
  assert.equal(
    r.channels.map(c => [c.name, c.unit, c.drives, c.measures]),
    [
      ['joint/elbow/qpos', 'rad', undefined, 'joint/elbow/qpos'],
      ['actuator/elbow/ctrl', 'rad', 'actuator/elbow/ctrl', undefined],
      ['speed', '', undefined, undefined],
      ['note (left)', '', undefined, undefined],
    ],
  )
  assert.equal(Array.from(r.channels[0].time), [0, 0.01, 0.02])
  near(r.channels[0].values, [Math.PI, Math.PI / 2, 0], 1e-15)
  near(r.channels[1].values, [Math.PI, 2 * Math.PI, 4 * Math.PI], 1e-15)
  assert.is(r.channels[0].time, r.channels[3].time, 'one grid, one array')
})

test('quotes, comments, blank lines, spaces, every line end, no last line end, a byte order mark', async () => {
  const text =
    '\ufeff# made by hand\n\n"time" ,"a ""b"", c", d\r\n# more\r\n0, "1" ,2\r\n\r\n   \r\n1 ,\t3,"4"\n2,"5\n",6'
  assert.equal(await values(text, 'a "b", c'), [1, 3, 5])
  assert.equal(await values(text, 'd'), [2, 4, 6])
  assert.equal(await values('time,a\r0,1\r1,2\r', 'a'), [1, 2])
  assert.equal(await values('time,a,\n0,1,\n1,2,\n', 'a'), [1, 2], 'trailing delimiter')
})

test('the delimiter is found, decimal commas when asked', async () => {
  assert.equal(await values('time;a,b;c\n0;1;2\n1;3;4\n', 'a,b'), [1, 3])
  assert.equal(await values('time\ta\n0\t1\n1\t2\n', 'a'), [1, 2])
  assert.equal(await values('time|a\n0|1\n1|2\n', 'a'), [1, 2])
  const map = { csv: { decimal: ',' as const }, channels: { a: {} } }
  assert.equal(await values('time;a\n0,0;1,5\n0,5;2,25\n', 'a', { map }), [1.5, 2.25])
  await fails(() => read('time,a\n0,1\n', { map }), 'RECORDING_MAP', /decimal/)
})

test('files without a header', async () => {
  await fails(() => read('0,1\n1,2\n'), 'RECORDING_CSV', /log\.csv:1/, /csv\.header/)
  const map = { csv: { header: ['time', 'a'] }, channels: { a: {} } }
  assert.equal(await values('0,1\n1,2\n', 'a', { map }), [1, 2])
})

test('columns by position, by raw header, elements of lists', async () => {
  const text = 't,x [V],x [A],q\n0,1,2,"[10, 20.5]"\n1,3,4,"[ 30 -40 ]"\n2,5,6,"(50; 6e1)"\n'
  const map = {
    channels: {
      volts: { column: 'x [V]' },
      amps: { column: 2 },
      second: { column: 'q[1]', unit: 'deg' },
      first: { column: 'q[0]' },
    },
  }
  const r = await read(text, { map })
  assert.equal(
    r.channels.map(c => c.unit),
    ['V', 'A', 'rad', ''],
  )
  assert.equal(Array.from(r.channel('first').values), [10, 30, 50])
  near(
    r.channel('second').values,
    [20.5, -40, 60].map(d => (d * Math.PI) / 180),
    1e-15,
  )
  await fails(() => read(text, { map: { channels: { x: {} } } }), 'RECORDING_COLUMN', /'x' stands at positions 1, 2/)
  await fails(
    () => read(text, { map: { channels: { y: { column: 'q[2]' } } } }),
    'RECORDING_CELL',
    /log\.csv:2/,
    /list of 2, no element \[2\]/,
  )
  await fails(() => read(text, { map: { channels: { y: { column: 'qq' } } } }), 'RECORDING_COLUMN', /'q'/)
  await fails(() => read(text, { map: { channels: { y: { column: 9 } } } }), 'RECORDING_COLUMN', /the file has 4/)
  await fails(() => read('time,joint/a/qpos [degs]\n0,1\n'), 'RECORDING_UNIT', /'degs' is no known unit/, /'deg'/)
})

test('without a mapping, lists become elements and text is left out with a warning', async () => {
  const r = await read('time,kind,q\n0,STATE,"[1, 2]"\n1,STATE,"[3, 4]"\n')
  assert.equal(
    r.channels.map(c => c.name),
    ['q[0]', 'q[1]'],
  )
  assert.is(r.warnings.length, 1)
  assert.match(r.warnings[0], /'kind' holds text \('STATE'\)/)
})

test('true, false and words are numbers that hold', async () => {
  const text = 'time,on,mode\n0,True,idle\n1,false,run\n2,TRUE,idle\n'
  const map = {
    channels: {
      on: {},
      mode: { enum: { idle: 0, run: 5 } },
      'actuator/a/enable': { column: 'on', interpolation: 'linear' as const },
    },
  }
  const r = await read(text, { map })
  assert.equal(Array.from(r.channel('on').values), [1, 0, 1])
  assert.equal([r.channel('on').unit, r.channel('on').interpolation], ['1', 'hold'])
  assert.equal(Array.from(r.channel('mode').values), [0, 5, 0])
  assert.equal(
    await values('time,m\n0,"say ""hi"""\n1," no "\n', 'm', {
      map: { channels: { m: { enum: { 'say "hi"': 2, no: 3 } } } },
    }),
    [2, 3],
  )
  assert.is(r.channel('actuator/a/enable').interpolation, 'linear')
  assert.is(r.channel('actuator/a/enable').drives, 'actuator/a/enable')
  await fails(
    () => read(text, { map: { channels: { mode: { enum: { idle: 0 } } } } }),
    'RECORDING_CELL',
    /log\.csv:3/,
    /'run'/,
    /none of idle/,
  )
})

test('lists may be blank or broken', async () => {
  const map = { channels: { a: { column: 'q[0]' } } }
  const text = (cell: string) => `time,q\n0,"[1, 2]"\n1,${cell}\n2,"[3,4]"\n`
  await fails(() => read(text(''), { map }), 'RECORDING_NAN', /line 3/)
  assert.is((await read(text(''), { map, onNaN: 'drop' })).channel('a').values.length, 2)
  assert.is((await read(text('""'), { map, onNaN: 'drop' })).channel('a').values.length, 2)
  await fails(() => read(text('"[1, 2"'), { map }), 'RECORDING_CELL', /log\.csv:3/, /'\[1, 2'/)
  await fails(() => read(text('"[]"'), { map }), 'RECORDING_CELL', /list of 0/)
  assert.equal(await values(text('"[nan, 2]"'), 'a', { map, onNaN: 'drop' }), [1, 3])
  await fails(
    () => read(text('1'), { map: { rows: { 'q[0]': 1 }, channels: { a: { column: 'q[0]' } } } }),
    'RECORDING_MAP',
    /whole column/,
  )
})

test('more rows than first guessed', async () => {
  const n = 30000
  const text = `t,a\n${Array.from({ length: n }, (_, i) => `${i},${i % 7}`).join('\n')}\n`
  const r = await read(text, { map: { time: { unit: 'ms' }, rows: { a: [0, 1, 2, 3, 4, 5] }, channels: { a: {} } } })
  assert.is(r.channel('a').values.length, n - Math.floor(n / 7))
  assert.is(r.channel('a').values.at(-1), (n - 1) % 7)
})

test('rows are filtered by text, number or boolean', async () => {
  const text = 'type,toss,ok,time,x\na,1,true,0,10\nb,1,true,0,text\na,2,true,1,20\na,3,false,2,30\na,1.0,True,3,40\n'
  const pick = (rows: Record<string, string | number | boolean | (string | number)[]>) =>
    values(text, 'x', { map: { rows, channels: { x: {} } } })
  assert.equal(await pick({ type: 'a' }), [10, 20, 30, 40])
  assert.equal(await pick({ type: 'a', toss: 1 }), [10, 40])
  assert.equal(await pick({ type: 'a', toss: [2, 3] }), [20, 30])
  assert.equal(await pick({ type: 'a', ok: true }), [10, 20, 40])
  const spaced = 'type,time,x\na,0,1\n  \na,1,2\n'
  assert.equal(await values(spaced, 'x', { map: { rows: { type: 'a' }, channels: { x: {} } } }), [1, 2])
  await fails(() => pick({ type: 'c' }), 'RECORDING_EMPTY', /no row passes/)
  await fails(() => pick({ kind: 'a' }), 'RECORDING_COLUMN', /kind/)
})

test('NaN, blanks and infinities are refused by line, or dropped', async () => {
  const text = 'time,a,b\n0,1,1\n1,,2\n2,nan,3\n\n3,inf,4\n4,NULL,5\n5,1e999,6\n6,2,7\n'
  const error = await fails(() => read(text), 'RECORDING_NAN', /'a'/, /lines 3, 4, 6, 7 and 1 more/, /onNaN/)
  assert.is(error.place, 'log.csv:3')
  const r = await read(text, { onNaN: 'drop' })
  assert.equal(Array.from(r.channel('a').time), [0, 6])
  assert.equal(Array.from(r.channel('b').values), [1, 2, 3, 4, 5, 6, 7])
  assert.ok(r.warnings.some(w => /'a'.*lines 3, 4, 6, 7 and 1 more; left out/.test(w)))
  const own = await read(text, { map: { channels: { a: { onNaN: 'drop' }, b: {} } } })
  assert.is(own.channel('a').time.length, 2)
  await fails(() => read('time,a\n0,1\n,2\n'), 'RECORDING_NAN', /no time at line 3/)
  const sparse = await read('time,a,b\n0,1,\n1,,2\n2,3,\n3,,4\n', {
    map: { csv: { blank: 'missing' }, channels: { a: {}, b: {} } },
  })
  assert.equal(Array.from(sparse.channel('b').time), [1, 3])
  assert.equal(sparse.warnings, [])
})

test('text among numbers is refused by line, whatever the policy', async () => {
  const error = await fails(
    () => read('time,a\n0,1\n1,1O\n', { onNaN: 'drop' }),
    'RECORDING_CELL',
    /'1O'/,
    /'a'|1 is not/,
  )
  assert.is(error.place, 'log.csv:3')
  await fails(() => read('time,a\n0,1\nlater,2\n'), 'RECORDING_CELL', /log\.csv:3/, /time: 'later'/)
})

test('a clock that repeats or runs backwards is refused by line, sorted or dropped', async () => {
  const text = 'time,a\n0,1\n1,2\n1,3\n3,4\n2,5\n4,6\n'
  const error = await fails(() => read(text), 'RECORDING_CLOCK', /lines 4, 6/, /repeats or runs backwards/, /onClock/)
  assert.is(error.place, 'log.csv:4')
  const sorted = await read(text, { onClock: 'sort' })
  assert.equal(Array.from(sorted.channel('a').time), [0, 1, 2, 3, 4])
  assert.equal(Array.from(sorted.channel('a').values), [1, 2, 5, 4, 6])
  assert.match(sorted.warnings[0], /sorted, 1 of equal time left out/)
  const dropped = await read(text, { onClock: 'drop' })
  assert.equal(Array.from(dropped.channel('a').values), [1, 2, 4, 6])
  assert.match(dropped.warnings[0], /lines 4, 6; left out/)
})

test('gaps are reported with where they are', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => `${(i < 50 ? i : i + 20) / 100},${i}`)
  const r = await read(`time,a\n${rows.join('\n')}\n`)
  assert.is(r.warnings.length, 1)
  assert.match(
    r.warnings[0],
    /'a': a gap longer than 5 median periods of 0\.01\d* s; the longest is 0\.2(1|0999)\d* s, after 0\.49 s/,
  )
  assert.equal((await read(`time,a\n${rows.join('\n')}\n`, { map: { gap: 30, channels: { a: {} } } })).warnings, [])
})

test('a time column whose unit cannot be seconds is refused', async () => {
  const rows = Array.from({ length: 10 }, (_, i) => `${1000000 + i * 20000},${i}`).join('\n')
  await fails(() => read(`timestamp,a\n${rows}\n`), 'RECORDING_TIME', /20000 s/, /time\.unit/)
  const r = await read(`timestamp [us],a\n${rows}\n`)
  assert.is(r.end, 1.18)
  assert.is((await read(`timestamp [s],a\n${rows}\n`)).end, 1180000, 'stated is stated')
  await fails(() => read('a,b\n1,2\n'), 'RECORDING_TIME', /which column is time/, /a, b/)
  await fails(() => read('time [V],a\n1,2\n'), 'RECORDING_UNIT_MISMATCH', /no unit of time/)
})

test('nanoseconds since 1970 keep their digits when counted from zero', async () => {
  const text = 'stamp,a\n1700000000123456789,1\n1700000000123456790,2\n1700000000125456791,3\n'
  const r = await read(text, { map: { time: { unit: 'ns', origin: 'zero' }, channels: { a: {} } } })
  assert.equal(Array.from(r.channel('a').time), [0, 1e-9, 0.002000002])
  await fails(() => read(text, { map: { time: { unit: 'ns' }, channels: { a: {} } } }), 'RECORDING_CLOCK')
})

test('time by rate and by scale', async () => {
  const text = 'step,a\n10,1\n11,2\n12,3\n'
  const time = async (map: object) =>
    Array.from((await read(text, { map: { time: map, channels: { a: {} } } })).channel('a').time)
  assert.equal(await time({ column: 'step', rate: 4 }), [2.5, 2.75, 3])
  assert.equal(await time({ column: 'step', rate: 4, origin: 'zero' }), [0, 0.25, 0.5])
  assert.equal(await time({ rate: 2 }), [0, 0.5, 1])
  assert.equal(await time({ column: 'step', scale: 0.5, unit: 'ms' }), [0.005, 0.0055, 0.006])
})

test('broken rows are refused by line; a cut last line is left out', async () => {
  assert.is(
    (await fails(() => read('time,a\n0,1\n1\n2,3\n'), 'RECORDING_CSV', /1 cells, the header 2/)).place,
    'log.csv:3',
  )
  assert.is((await fails(() => read('time,a\n0,1\n1,2,3\n'), 'RECORDING_CSV', /3 cells/)).place, 'log.csv:3')
  await fails(() => read('time,a\n0,"1\n1,2\n'), 'RECORDING_CSV', /log\.csv:2/, /never closed/)
  await fails(() => read('time,a\n0,"1"2\n1,2\n'), 'RECORDING_CSV', /after a closing quote/)
  const r = await read('time,a,b\n0,1,2\n1,2,3\n2,')
  assert.is(r.end, 1)
  assert.match(r.warnings[0], /log\.csv:4: the last line is cut off \(2 of 3 cells\)/)
  for (const empty of ['', '\n\n', '# only\n'])
    await fails(() => read(empty), empty === '' ? 'RECORDING_EMPTY' : 'RECORDING_CSV')
  await fails(() => read('time,a\n'), 'RECORDING_EMPTY')
  await fails(() => readRecording(new Uint8Array([0xff, 0xfe, 0x74, 0]), { format: 'csv' }), 'RECORDING_CSV', /UTF-16/)
})

test('truncated anywhere, a file reads or fails with a typed error', async () => {
  const text = '# c\ntime,"a, b",l\n0,1,"[1, 2]"\n1,"2",""\n2,3,"[5,6]"\n'
  for (let n = 0; n <= text.length; n++) {
    try {
      await read(text.slice(0, n), { onNaN: 'drop' })
    } catch (error) {
      assert.is((error as Error).name, 'RecordingError', `cut at ${n}: ${(error as Error).stack}`)
    }
  }
})

test.run()
