import { deepStrictEqual } from 'node:assert'
import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CheckpointError, SizeError } from '../../bindings/errors.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { CHECKPOINT_VERSION, readSections, writeSections } from '../../bindings/train/checkpoint.js'
import { fingerprint, sha256 } from '../../bindings/train/hash.js'
import { pack, unpack } from '../../bindings/train/pack.js'

const random = new Philox(4, STREAM.check)
const uniform = (index: number): number => random.uniform(index, 0, 0)

const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof CheckpointError) return error.code
    throw error
  }
  return 'read'
}

test('plain data comes back bit for bit', () => {
  const value = {
    words: 'π, ∞ and "$"',
    list: [1, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-320, null, true],
    f64: Float64Array.of(-0, Number.NaN, 1 / 3),
    f32: Float32Array.of(1.5, -0),
    i32: Int32Array.of(-7),
    u32: Uint32Array.of(0xffffffff, 1, 2),
    u8: Uint8Array.of(1, 2, 3),
    empty: new Float64Array(0),
    deep: { array: [{ x: Float32Array.of(3) }] },
  }
  // tells -0 from 0 and knows that NaN is NaN
  deepStrictEqual(unpack(pack(value)), value)
  // a view into the middle of a buffer, read from the middle of another
  const bytes = pack(new Float64Array([1, 2, 3, 4]).subarray(1, 3))
  const moved = new Uint8Array(bytes.length + 3)
  moved.set(bytes, 3)
  assert.equal(unpack(moved.subarray(3)), Float64Array.of(2, 3))
  // and from a Buffer, as files are read: small ones lie somewhere in a common pool
  assert.equal(unpack(Buffer.from(moved).subarray(3)), Float64Array.of(2, 3))
})

test('what is not plain is refused when it is saved', () => {
  for (const value of [() => 0, new BigInt64Array(1), new DataView(new ArrayBuffer(8)), Symbol('x')])
    assert.throws(
      () => pack({ value }),
      (error: unknown) => error instanceof SizeError && error.code === 'PACK',
    )
})

test('the hash is SHA-256', () => {
  for (const length of [0, 1, 3, 55, 56, 63, 64, 65, 119, 120, 1000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => 256 * uniform(i))
    assert.is(sha256(bytes), createHash('sha256').update(bytes).digest('hex'), `${length} bytes`)
  }
  assert.not.equal(fingerprint({ a: 1 }), fingerprint({ a: 2 }))
  assert.not.equal(fingerprint(Float32Array.of(0)), fingerprint(Float32Array.of(-0)))
})

const contents = (): Map<string, Uint8Array> =>
  new Map([
    ['config', pack({ seed: 3 })],
    ['strategy', pack({ theta: Float64Array.from({ length: 40 }, (_, i) => uniform(i)) })],
    ['nothing', new Uint8Array(0)],
    ['clock', pack({ seconds: 1.5 })],
  ])

test('sections come back; their order and the empty one too', () => {
  const found = readSections(writeSections(contents()))
  assert.equal([...found], [...contents()])
  const file = Buffer.from(writeSections(contents()))
  const copies = readSections(file)
  file.fill(0)
  assert.equal([...copies], [...contents()])
})

test('cut anywhere: a typed error, never an answer', () => {
  const bytes = writeSections(contents())
  for (let length = 0; length < bytes.length; length++)
    assert.is(
      codeOf(() => readSections(bytes.subarray(0, length))),
      'CHECKPOINT_TRUNCATED',
      `${length} bytes`,
    )
  const longer = new Uint8Array(bytes.length + 1)
  longer.set(bytes)
  assert.is(
    codeOf(() => readSections(longer)),
    'CHECKPOINT_DAMAGED',
  )
})

test('any bit flipped: a typed error, never an answer', () => {
  const bytes = writeSections(contents())
  const counts = new Map<string, number>()
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    bytes[bit >> 3] ^= 1 << (bit & 7)
    const code = codeOf(() => readSections(bytes))
    bytes[bit >> 3] ^= 1 << (bit & 7)
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
  assert.is(counts.get('read'), undefined)
  // the eight bytes of the magic
  assert.is(counts.get('CHECKPOINT_FORMAT'), 64)
  // lengths that point behind the end
  assert.ok((counts.get('CHECKPOINT_TRUNCATED') ?? 0) > 0)
  assert.is(
    [...counts.values()].reduce((a, b) => a + b),
    8 * bytes.length,
  )
})

test('many bits flipped, bytes swapped, another file: a typed error', () => {
  const sound = writeSections(contents())
  for (let k = 0; k < 300; k++) {
    const bytes = sound.slice()
    for (let n = 0; n < 1 + (k % 17); n++)
      bytes[Math.floor(uniform(100 * k + n) * bytes.length)] ^= 1 + Math.floor(255 * uniform(100 * k + 50 + n))
    if (bytes.some((byte, i) => byte !== sound[i]))
      assert.not.equal(
        codeOf(() => readSections(bytes)),
        'read',
      )
  }
  const text = new TextEncoder().encode('{"this": "is no checkpoint, but long enough for a header"}')
  assert.is(
    codeOf(() => readSections(text)),
    'CHECKPOINT_FORMAT',
  )
})

test('another version is named, and the file', () => {
  // the header of a later simcrank: its own sum is right
  const bytes = writeSections(contents())
  new DataView(bytes.buffer).setUint32(8, CHECKPOINT_VERSION + 1, true)
  const sum = writeSectionsHeaderSum(bytes)
  new DataView(bytes.buffer).setUint32(16, sum, true)
  assert.throws(
    () => readSections(bytes, 'run/checkpoint-000004.bin'),
    (error: unknown) =>
      error instanceof CheckpointError &&
      error.code === 'CHECKPOINT_VERSION' &&
      error.message.startsWith(`run/checkpoint-000004.bin: the checkpoint has layout ${CHECKPOINT_VERSION + 1}`),
  )
})

/** CRC-32 of the first 16 bytes, bit by bit. */
function writeSectionsHeaderSum(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes.subarray(0, 16)) {
    crc ^= byte
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

test.run()
