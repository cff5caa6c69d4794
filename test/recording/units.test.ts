import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseTarget, parseUnit, sameQuantity, toSI, tryUnit } from '../../bindings/recording/index.js'
import { checkTarget } from '../../bindings/recording/targets.js'
import { perSecond } from '../../bindings/recording/units.js'
import { fails } from './support.js'

// value 1 in the unit, in SI: from the definitions of the units (BIPM SI brochure, CGPM 1901 for kgf)
const TABLE: readonly [string, number, string][] = [
  ['rad', 1, 'rad'],
  ['deg', Math.PI / 180, 'rad'],
  ['°', Math.PI / 180, 'rad'],
  ['rev', 2 * Math.PI, 'rad'],
  ['turns', 2 * Math.PI, 'rad'],
  ['rev/4096', (2 * Math.PI) / 4096, 'rad'],
  ['mrad', 1e-3, 'rad'],
  ['rpm', Math.PI / 30, 'rad/s'],
  ['RPM', Math.PI / 30, 'rad/s'],
  ['deg/s', Math.PI / 180, 'rad/s'],
  ['°/s', Math.PI / 180, 'rad/s'],
  ['rad/s', 1, 'rad/s'],
  ['rad/s^2', 1, 'rad/s^2'],
  ['rad s^-2', 1, 'rad/s^2'],
  ['m/s²', 1, 'm/s^2'],
  ['m/s2', 1, 'm/s^2'],
  ['m·s⁻²', 1, 'm/s^2'],
  ['s', 1, 's'],
  ['ms', 1e-3, 's'],
  ['us', 1e-6, 's'],
  ['µs', 1e-6, 's'],
  ['ns', 1e-9, 's'],
  ['min', 60, 's'],
  ['N*m', 1, 'N*m'],
  ['Nm', 1, 'N*m'],
  ['N.m', 1, 'N*m'],
  ['N-m', 1, 'N*m'],
  ['N m', 1, 'N*m'],
  ['mN*m', 1e-3, 'N*m'],
  ['mNm', 1e-3, 'N*m'],
  ['Ncm', 1e-2, 'N*m'],
  ['kgf*cm', 0.0980665, 'N*m'],
  ['ozf*in', 0.2780138509537812 * 0.0254, 'N*m'],
  ['A', 1, 'A'],
  ['mA', 1e-3, 'A'],
  ['V', 1, 'V'],
  ['mV', 1e-3, 'V'],
  ['%', 0.01, '1'],
  ['1', 1, '1'],
  ['-', 1, '1'],
  ['m', 1, 'm'],
  ['mm', 1e-3, 'm'],
  ['kg', 1, 'kg'],
  ['g', 1e-3, 'kg'],
  ['kg*m^2', 1, 'kg*m^2'],
  ['g*cm^2', 1e-7, 'kg*m^2'],
  ['N*m/A', 1, 'm^2*kg/s^2/A'],
  ['V/(rad/s)', 1, 'm^2*kg/s^2/A/rad'],
  ['ohm', 1, 'ohm'],
  ['V/A', 1, 'ohm'],
  ['A*V', 1, 'W'],
  ['Hz', 1, '1/s'],
  ['counts', 1, 'counts'],
]

test('units convert to SI by their definitions', () => {
  for (const [text, factor, symbol] of TABLE) {
    const unit = parseUnit(text)
    assert.is(unit.symbol, symbol, text)
    const value = toSI(Float64Array.of(1), unit)[0]
    assert.ok(Math.abs(value - factor) <= 1e-12 * factor, `${text}: ${value}, expected ${factor}`)
    // the SI symbol reads back as itself
    const again = parseUnit(symbol)
    assert.is(again.symbol, symbol)
    assert.equal([again.numerator, again.denominator, again.offset], [1, 1, 0])
  }
})

test('decimal multiples are correctly rounded', () => {
  for (let i = 1; i < 2000; i++) assert.is(toSI(Float64Array.of(i), parseUnit('ms'))[0], i / 1000)
  assert.is(toSI(Float64Array.of(0.7), parseUnit('kg'))[0], 0.7)
})

test('temperature has an offset', () => {
  assert.is(toSI(Float64Array.of(25), parseUnit('degC'))[0], 298.15)
})

test('what is no unit is refused, with the nearest', async () => {
  for (const text of ['', 'furlong', 'sensor A', 'N**m', 'm/', '/s', 'm^99', 'rad)', '0', '-1', 'x', '3 bananas']) {
    assert.is(tryUnit(text), undefined, text)
  }
  await fails(() => parseUnit('rads', 'log.csv'), 'RECORDING_UNIT', /log\.csv/, /'rads'/, /'rad'/)
})

test('angles, counts and plain numbers are different quantities', () => {
  assert.ok(sameQuantity(parseUnit('deg'), parseUnit('rev/4096')))
  assert.not(sameQuantity(parseUnit('rad'), parseUnit('1')))
  assert.not(sameQuantity(parseUnit('counts'), parseUnit('1')))
  assert.not(sameQuantity(parseUnit('rad'), parseUnit('V')))
})

test('the unit of a rate', () => {
  assert.equal(['rad', 'm', 'rad/s', '', '1'].map(perSecond), ['rad/s', 'm/s', 'rad/s^2', '', '1/s'])
})

test('targets split into kind, name, field and component', () => {
  assert.equal(parseTarget('joint/elbow/qpos'), {
    kind: 'joint',
    name: 'elbow',
    field: 'qpos',
    component: undefined,
    role: 'measures',
    units: ['rad', 'm', '1'],
  })
  assert.is(parseTarget('joint/arm/left/qpos/3')?.component, 3)
  assert.is(parseTarget('joint/arm/left/qpos/3')?.name, 'arm/left')
  assert.is(parseTarget('actuator/elbow/ctrl')?.role, 'drives')
  assert.is(parseTarget('sensor/imu/0')?.component, 0)
  assert.is(parseTarget('sensor/imu')?.name, 'imu')
  for (const text of ['position', 'joint/elbow', 'joint/elbow/qpoz', 'joint//qpos', 'body/arm/mass', '/joint_states'])
    assert.is(parseTarget(text), undefined, text)
})

test('a unit that cannot be the target is refused', async () => {
  const check = (path: string, role: 'drives' | 'measures', unit: string) => () =>
    checkTarget(path, role, parseUnit(unit), 'log.csv')
  for (const ok of ['rad', 'm', 'deg']) check('joint/elbow/qpos', 'measures', ok)()
  check('actuator/elbow/ctrl', 'drives', 'V')()
  check('actuator/elbow/supply', 'drives', 'V')()
  await fails(check('joint/elbow/qpos', 'measures', 'V'), 'RECORDING_UNIT_MISMATCH', /log\.csv/, /rad or m/, / in V/)
  await fails(check('joint/elbow/qvel', 'measures', 'rad'), 'RECORDING_UNIT_MISMATCH')
  await fails(check('actuator/elbow/force', 'measures', 'A'), 'RECORDING_UNIT_MISMATCH', /N\*m or N/)
  await fails(check('actuator/elbow/enable', 'drives', 'V'), 'RECORDING_UNIT_MISMATCH', /is in 1,/)
  await fails(check('joint/elbow/qpos', 'measures', 'counts'), 'RECORDING_UNIT_MISMATCH', /unit of one count/)
  await fails(check('actuator/elbow/ctrl', 'measures', 'rad'), 'RECORDING_TARGET', /drives/)
})

test.run()
