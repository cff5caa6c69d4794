import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NumberReader } from '../../bindings/recording/number.js'
import { bytes } from './support.js'

const plain = new NumberReader()
const exact = new NumberReader(true)

function both(text: string): void {
  const b = bytes(text)
  for (const reader of [plain, exact]) {
    assert.ok(reader.read(b, 0, b.length), text)
    assert.ok(Object.is(reader.value, Number(text)), `${text}: ${reader.value}, Number gives ${Number(text)}`)
  }
}

test('every float64 reads back from its shortest decimal', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), x => both(Object.is(x, -0) ? '-0' : String(x))),
    { numRuns: 5000 },
  )
})

test('any decimal text rounds as Number() rounds it', () => {
  const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`))
  fc.assert(
    fc.property(
      fc.constantFrom('', '-', '+'),
      digits(25),
      digits(25),
      fc.integer({ min: -70, max: 70 }),
      fc.boolean(),
      (sign, a, b, e, dotted) => both(`${sign}${a}${dotted ? `.${b}` : ''}e${e}`),
    ),
    { numRuns: 10000 },
  )
})

test('halfway cases and their neighbours', () => {
  // 2^53 + 1 lies between two floats; the digits after decide
  for (const text of [
    '9007199254740993',
    '9007199254740993.0000000000001',
    '9007199254740992.9999999999999',
    '1.00000000000000011102230246251565404e0',
  ])
    both(text)
  for (const text of [
    '5e-324',
    '2.4703282292062327e-324',
    '1e308',
    '1e999',
    '-1e999',
    '0.000',
    '-0.0e5',
    '.5',
    '5.',
    '1E+05',
  ])
    both(text)
})

test('what rounding leaves over is kept for long time stamps', () => {
  const b = bytes('1700000000123456789')
  assert.ok(exact.read(b, 0, b.length))
  assert.is(BigInt(exact.value) + BigInt(exact.low), 1700000000123456789n)
})

test('other text is not a number', () => {
  for (const text of [
    '',
    '-',
    '.',
    'e5',
    '1e',
    '1e+',
    '1 2',
    '0x10',
    '1_000',
    'nan',
    '1,5',
    '--1',
    '1.2.3',
    'Infinity',
  ]) {
    const b = bytes(text)
    assert.not(plain.read(b, 0, b.length), text)
  }
})

test('a decimal comma when asked', () => {
  const b = bytes('-1234,5e-1')
  assert.ok(plain.read(b, 0, b.length, 44))
  assert.is(plain.value, -123.45)
  const long = bytes('0,1234567890123456789012345678901234567')
  assert.ok(plain.read(long, 0, long.length, 44))
  assert.is(plain.value, 0.12345678901234568)
})

test.run()
