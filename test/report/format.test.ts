import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { change, duration, significant, withHalfWidth } from '../../bindings/report/format.js'

test('significant digits', () => {
  for (const [x, text] of [
    [0, '0'],
    [1, '1'],
    [0.123456, '0.1235'],
    [-12345.6, '-12350'],
    [1.5e-7, '1.5e-7'],
    [1e-5, '1e-5'],
    [123456789, '1.235e8'],
    [Number.NaN, 'n/a'],
    [Number.POSITIVE_INFINITY, '∞'],
  ] as const) {
    assert.is(significant(x), text)
  }
})

test('value and half width share the last decimal place', () => {
  for (const [value, half, a, b] of [
    [0.18123, 0.0023, '0.1812', '0.0023'],
    [12, 3.9, '12.0', '3.9'],
    [1234, 56, '1234', '56'],
    [0.0003, 0.01, '0.000', '0.010'],
    [1.23456789, 1e-9, '1.23457', '1e-9'],
    [2e-9, 3e-10, '2e-9', '3e-10'],
  ] as const) {
    assert.equal(withHalfWidth(value, half), { value: a, half: b })
  }
  for (const half of [undefined, Number.NaN, Number.POSITIVE_INFINITY, 0]) {
    assert.equal(withHalfWidth(0.123456, half), { value: '0.1235', half: '' })
  }
})

test('durations and changes', () => {
  assert.equal([0.64, 12.34, 65, 3599.9].map(duration), ['640 ms', '12.3 s', '1 min 05 s', '60 min 00 s'])
  assert.is(change(2, 1), '−50 %')
  assert.is(change(1, 1.034), '+3.4 %')
  assert.is(change(0, 1), '')
})

test.run()
