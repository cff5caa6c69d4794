import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { change, compact, count, duration, significant, withHalfWidth } from '../../bindings/report/format.js'

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
  assert.equal([3660, 7199, 90_000].map(duration), ['1 h 01 min', '2 h 00 min', '25 h 00 min'])
  assert.is(change(2, 1), '−50 %')
  assert.is(change(1, 1.034), '+3.4 %')
  assert.is(change(0, 1), '')
})

test('counts for people', () => {
  assert.equal([0, 812, 999.4, 999.6, 50_240, 999_600, 12_345_678, 4.56e9, Number.POSITIVE_INFINITY].map(count), [
    '0',
    '812',
    '999',
    '1 k',
    '50.2 k',
    '1 M',
    '12.3 M',
    '4.56 G',
    '∞',
  ])
})

test('rows as JSON: no more digits than a screen shows, no NaN', () => {
  assert.equal(compact([1, 1 / 3, Number.NaN, 1e9 / 7], [1, 2, 3]), [0.333333, null, 142857000])
  assert.equal(compact([1e9 / 7], [0], 12), [142857142.857])
})

test.run()
