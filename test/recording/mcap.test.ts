import { McapWriter, TempBuffer } from '@mcap/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RecordingError } from '../../bindings/errors.js'
import { decodeJointState } from '../../bindings/recording/cdr.js'
import { type ReadOptions, Recording, readRecording, writeMcap } from '../../bindings/recording/index.js'
import { channel, fails, noise } from './support.js'

const read = (data: Uint8Array, options: ReadOptions = {}) =>
  readRecording(data, { format: 'mcap', name: 'log.mcap', ...options })
const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], h => Number.parseInt(h, 16))

/**
 * stamp 1700000000.123456789, frame 'base', names elbow, wrist_1, position 0.5 -1.25, velocity 3 0.001, no effort;
 * made with @foxglove/cdr 3.5.0 (MIT), an implementation that is not ours
 */
const CDR = {
  CDR_LE:
    '0001000000f1536515cd5b070500000062617365000000000200000006000000656c626f770000000800000077726973745f31000200000000000000000000000000e03f000000000000f4bf02000000000000000000000000000840fca9f1d24d62503f00000000',
  CDR_BE:
    '000000006553f100075bcd150000000562617365000000000000000200000006656c626f770000000000000877726973745f310000000002000000003fe0000000000000bff4000000000000000000020000000040080000000000003f50624dd2f1a9fc00000000',
  CDR2_LE:
    '0011000000f1536515cd5b070500000062617365000000000200000006000000656c626f770000000800000077726973745f310002000000000000000000e03f000000000000f4bf020000000000000000000840fca9f1d24d62503f00000000',
}

/** Little-endian CDR of a JointState, by hand. */
function encode(t: bigint, names: string[], position: number[], velocity: number[]): Uint8Array {
  const out: number[] = []
  const number = (size: number, put: (view: DataView) => void) => {
    while (out.length % size !== 0) out.push(0)
    const view = new DataView(new ArrayBuffer(size))
    put(view)
    for (let i = 0; i < size; i++) out.push(view.getUint8(i))
  }
  const u32 = (v: number) => number(4, d => d.setUint32(0, v, true))
  const text = (s: string) => {
    u32(s.length + 1)
    for (const c of `${s}\0`) out.push(c.charCodeAt(0))
  }
  u32(Number(t / 1000000000n))
  u32(Number(t % 1000000000n))
  text('')
  u32(names.length)
  names.forEach(text)
  for (const list of [position, velocity, []]) {
    u32(list.length)
    for (const v of list) number(8, d => d.setFloat64(0, v, true))
  }
  return Uint8Array.of(0, 1, 0, 0, ...out)
}

interface Topic {
  topic: string
  encoding?: string
  schema?: string
  messages: [bigint, unknown][]
}

async function file(
  topics: Topic[],
  options: Partial<ConstructorParameters<typeof McapWriter>[0]> = {},
): Promise<Uint8Array> {
  const buffer = new TempBuffer()
  const writer = new McapWriter({ writable: buffer, chunkSize: 2000, ...options })
  await writer.start({ profile: 'ros2', library: 'test' })
  const queue: { t: bigint; id: number; data: Uint8Array }[] = []
  for (const t of topics) {
    const schemaId = await writer.registerSchema({
      name: t.schema ?? 'any',
      encoding: 'jsonschema',
      data: new Uint8Array(),
    })
    const id = await writer.registerChannel({
      schemaId,
      topic: t.topic,
      messageEncoding: t.encoding ?? 'json',
      metadata: new Map(),
    })
    for (const [time, message] of t.messages) {
      queue.push({
        t: time,
        id,
        data: message instanceof Uint8Array ? message : new TextEncoder().encode(JSON.stringify(message)),
      })
    }
  }
  queue.sort((a, b) => (a.t < b.t ? -1 : 1))
  let sequence = 0
  for (const { t, id, data } of queue)
    await writer.addMessage({ channelId: id, sequence: sequence++, logTime: t, publishTime: t + 5n, data })
  await writer.end()
  return buffer.get().slice()
}

const EPOCH = 1700000000123456789n
const TICKS = Array.from({ length: 50 }, (_, i) => EPOCH + BigInt(i) * 5000000n)

test('CDR JointState, both byte orders and both encodings, as another implementation writes it', () => {
  for (const text of Object.values(CDR)) {
    assert.equal(decodeJointState(hex(text), 'here'), {
      header: { stamp: { sec: 1700000000, nanosec: 123456789 }, frame_id: 'base' },
      name: ['elbow', 'wrist_1'],
      position: [0.5, -1.25],
      velocity: [3, 0.001],
      effort: [],
    })
  }
  assert.equal(
    decodeJointState(encode(EPOCH, ['elbow', 'wrist_1'], [0.5, -1.25], [3, 0.001]), 'here').position,
    [0.5, -1.25],
  )
})

test('CDR cut or spoiled anywhere gives a typed error or a value, never a crash', async () => {
  const whole = hex(CDR.CDR_LE)
  for (let n = 0; n < whole.length; n++)
    await fails(() => decodeJointState(whole.subarray(0, n), '/joints message 3'), 'RECORDING_CDR', /message 3/)
  for (let i = 0; i < whole.length; i++) {
    const spoiled = whole.slice()
    spoiled[i] = 0xff
    try {
      decodeJointState(spoiled, 'here')
    } catch (error) {
      assert.instance(error, RecordingError)
    }
  }
  await fails(() => decodeJointState(hex('00030000ffff'), 'here'), 'RECORDING_CDR', /0x0003 is not plain CDR/)
})

test('JointState as CDR and as JSON, by joint name whatever its place in the message', async () => {
  for (const cdr of [true, false]) {
    const messages = TICKS.map((t, i): [bigint, unknown] => {
      const turned = i % 2 === 1
      const name = turned ? ['b', 'a'] : ['a', 'b']
      const position = turned ? [-i, i] : [i, -i]
      const stamp = { sec: Number(t / 1000000000n), nanosec: Number(t % 1000000000n) }
      return [
        t + 1000n * BigInt(i % 3),
        cdr ? encode(t, name, position, []) : { header: { stamp }, name, position, velocity: [], effort: [] },
      ]
    })
    const data = await file([
      { topic: '/joint_states', schema: 'sensor_msgs/msg/JointState', encoding: cdr ? 'cdr' : 'json', messages },
    ])
    const auto = await read(data)
    assert.equal(
      auto.channels.map(c => [c.name, c.measures, c.unit]),
      [
        ['joint/a/qpos', 'joint/a/qpos', ''],
        ['joint/b/qpos', 'joint/b/qpos', ''],
      ],
    )
    assert.equal(
      Array.from(auto.channels[0].values),
      TICKS.map((_, i) => i),
    )
    assert.is(auto.channels[0].time[1], 0.005001, 'log time, from zero')
    const mapped = await read(data, {
      map: {
        time: { field: 'header.stamp' },
        channels: {
          b: { topic: '/joint_states', field: 'position[b]', unit: 'deg' },
          first: { topic: '/joint_states', field: 'position[0]' },
        },
      },
    })
    assert.is(mapped.channel('b').time[3], 0.015, 'header stamp, from zero, in ns')
    assert.is(mapped.channel('b').values[3], (-3 * Math.PI) / 180)
    assert.equal(Array.from(mapped.channel('first').values.slice(0, 4)), [0, -1, 2, -3])
  }
})

test('JSON messages of any schema by topic and field', async () => {
  const data = await file([
    { topic: '/motor', messages: TICKS.map((t, i) => [t, { state: { q: [i, 2 * i], ok: i > 3 }, name: 'x' }]) },
    {
      topic: '/cmd',
      messages: TICKS.filter((_, i) => i % 5 === 0).map((t, i) => [t, { 'actuator/a/ctrl [deg]': 180 * i }]),
    },
  ])
  const r = await read(data)
  assert.equal(
    r.channels.map(c => [c.name, c.unit, c.interpolation, c.time.length]),
    [
      ['motor.state.q[0]', '', 'linear', 50],
      ['motor.state.q[1]', '', 'linear', 50],
      ['motor.state.ok', '1', 'hold', 50],
      ['actuator/a/ctrl', 'rad', 'linear', 10],
    ],
  )
  assert.is(r.channel('actuator/a/ctrl').drives, 'actuator/a/ctrl')
  const own = await read(data, {
    map: { time: { clock: 'publish', origin: 'keep' }, channels: { q: { topic: '/motor', field: 'state.q[1]' } } },
  })
  assert.is(own.start, Number(EPOCH + 5n) / 1e9)
  const map = (c: object) => ({ map: { channels: { q: c } } })
  await fails(() => read(data, map({ topic: '/moter' })), 'RECORDING_TOPIC', /'\/motor'/)
  await fails(() => read(data, map({ field: 'state.q[1]' })), 'RECORDING_MAP', /channels\.q/, /topic/)
  await fails(() => read(data, map({ topic: '/motor', field: 'state.p' })), 'RECORDING_EMPTY', /state\.p/)
  await fails(() => read(data, map({ topic: '/motor', field: 'name' })), 'RECORDING_CELL', /\/motor message 1/, /'x'/)
  await fails(() => read(data, map({ topic: '/motor', field: 'state.q[7]' })), 'RECORDING_CELL', /message 1/)
})

test('encodings that cannot be decoded are refused by name; other topics still read', async () => {
  const data = await file([
    {
      topic: '/twist',
      schema: 'geometry_msgs/msg/Twist',
      encoding: 'cdr',
      messages: TICKS.map(t => [t, new Uint8Array(52)]),
    },
    { topic: '/a', messages: TICKS.map((t, i) => [t, { value: i }]) },
  ])
  const r = await read(data)
  assert.equal(
    r.channels.map(c => c.name),
    ['a'],
  )
  assert.match(r.warnings[0], /\/twist.*geometry_msgs\/msg\/Twist, cdr/)
  await fails(
    () => read(data, { map: { channels: { x: { topic: '/twist' } } } }),
    'RECORDING_ENCODING',
    /geometry_msgs/,
  )
  const broken = await file([{ topic: '/a', messages: [[1n, { value: 1 }], [2n, new TextEncoder().encode('{"value":')]] }]) // biome-ignore format: short
  await fails(() => read(broken), 'RECORDING_JSON', /\/a message 2/)
})

test('several JointState topics need a mapping; one topic has one kind of message', async () => {
  const state = (sign: number): [bigint, unknown][] => TICKS.map((t, i) => [t, { name: ['a', '7', 'x]"'], position: [sign * i, i, i], velocity: [], effort: [i, i, i] }]) // biome-ignore format: short
  const schema = 'sensor_msgs/JointState'
  const data = await file([
    { topic: '/state', schema, messages: state(1) },
    { topic: '/command', schema, messages: state(-1) },
  ])
  const r = await read(data)
  assert.equal(
    r.channels.map(c => c.name),
    ['/state', '/command'].flatMap(t => ['a/qpos', 'a/effort', '7/qpos', '7/effort'].map(n => `${t}:joint/${n}`)),
  )
  assert.ok(r.channels.every(c => c.measures === undefined && c.drives === undefined))
  assert.match(r.warnings.join(), /several topics carry JointState/)
  assert.match(r.warnings.join(), /no field can name joint 'x\]"'/)
  const mixed = await file([
    { topic: '/x', schema: 'one', messages: [[1n, { value: 1 }]] },
    { topic: '/x', schema: 'two', messages: [[2n, { value: 1 }]] },
  ])
  await fails(() => read(mixed), 'RECORDING_MCAP', /'\/x' has messages of two kinds/)
  const constants = await read(await writeMcap(r), {
    map: { channels: { a: { topic: '/state:joint/a/qpos' } }, constants: { n: 3 } },
  })
  assert.equal(constants.constants, { n: 3 })
  await fails(
    () =>
      read(data, {
        map: { channels: { a: { topic: '/state', field: 'position[a]' } }, constants: { kp: '/gains/kp' } },
      }),
    'RECORDING_CONSTANT',
    /\/gains\/kp/,
  )
})

test('files without chunks, index, or statistics read whole and without complaint', async () => {
  const topics = [{ topic: '/a', messages: TICKS.map((t, i): [bigint, unknown] => [t, { value: i }]) }]
  for (const options of [
    { useChunks: false },
    { useChunkIndex: false },
    { useStatistics: false },
    { useMessageIndex: false },
    { repeatChannels: false },
  ]) {
    const r = await read(await file(topics, options))
    assert.is(r.channel('a').values.length, 50, JSON.stringify(options))
    assert.equal(r.warnings, [])
  }
})

test('compressed chunks need a decompressor, and say so', async () => {
  const flip = (b: Uint8Array) => b.map(v => v ^ 0x55)
  const topics = [{ topic: '/a', messages: TICKS.map((t, i): [bigint, unknown] => [t, { value: i }]) }]
  const data = await file(topics, { compressChunk: b => ({ compression: 'flip', compressedData: flip(b) }) })
  await fails(() => read(data), 'RECORDING_MCAP', /compressed with flip/)
  assert.is((await read(data, { decompress: { flip } })).channel('a').values.length, 50)
})

test('a file cut at any byte reads what is whole, says how much, or fails with a typed error', async () => {
  const n = 400
  const data = await file([
    { topic: '/a', messages: Array.from({ length: n }, (_, i) => [EPOCH + BigInt(i) * 1000000n, { value: i }]) },
  ])
  let recovered = 0
  for (let cut = 0; cut < data.length; cut += cut < 200 || cut > data.length - 400 ? 1 : 37) {
    try {
      const r = await read(data.subarray(0, cut))
      const got = r.channel('a').values
      assert.ok(got.length >= recovered, 'more bytes, no fewer messages')
      recovered = got.length
      assert.equal(
        Array.from(got),
        Array.from({ length: got.length }, (_, i) => i),
      )
      assert.ok(r.warnings.some(w => w.includes(`log.mcap: the file is cut off; ${got.length} messages recovered`)))
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error
      assert.is(recovered, 0, `cut at ${cut}: ${error.message}`)
    }
  }
  assert.is(recovered, n)
})

test('a file spoiled anywhere never gives an untyped error', async () => {
  const data = await file([
    { topic: '/a', messages: Array.from({ length: 60 }, (_, i) => [EPOCH + BigInt(i) * 1000000n, { value: i }]) },
  ])
  for (let at = 0; at < data.length; at += at < 300 || at > data.length - 700 ? 1 : 23) {
    const spoiled = data.slice()
    spoiled[at] ^= 0xff
    try {
      await read(spoiled, { onNaN: 'drop', onClock: 'sort' })
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error
    }
  }
  await fails(() => read(new TextEncoder().encode('time,a\n')), 'RECORDING_MCAP', /does not begin/)
})

test('our own file, cut, gives back what it has under the same names', async () => {
  const time = Float64Array.from({ length: 20000 }, (_, i) => i * 0.001)
  const recording = new Recording({
    name: 'long',
    channels: [
      channel('joint/a/qpos', time, noise(time.length), { unit: 'rad', measures: 'joint/a/qpos' }),
      channel('late', [19.5, 19.8], [1, 2]),
    ],
    constants: { kp: 3 },
  })
  const data = await writeMcap(recording)
  const r = await read(data.subarray(0, Math.floor(data.length / 2)), { name: undefined })
  assert.is(r.name, 'long')
  assert.equal(r.constants, { kp: 3 })
  assert.equal(
    r.channels.map(c => [c.name, c.unit, c.measures]),
    [['joint/a/qpos', 'rad', 'joint/a/qpos']],
  )
  const got = r.channels[0].values
  assert.ok(got.length > 5000)
  assert.equal(got, recording.channels[0].values.slice(0, got.length))
  assert.ok(r.warnings.some(w => /1 of 2 channels have no messages/.test(w)))
})

test.run()
