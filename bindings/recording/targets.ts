import { RecordingError } from '../errors.js'
import { sameQuantity, tryUnit, type Unit } from './units.js'

/** What a model path names: an input a channel can feed, or an output it can observe. */
export interface Target {
  readonly kind: string
  readonly name: string
  /** last named segment: 'qpos', 'ctrl' …; '' for a sensor */
  readonly field: string
  readonly component: number | undefined
  readonly role: 'drives' | 'measures'
  /** SI units a channel here may have; undefined: any */
  readonly units: readonly string[] | undefined
}

type Row = readonly [kind: string, field: string, role: 'drives' | 'measures', units: readonly string[] | undefined]

const TARGETS: readonly Row[] = [
  ['joint', 'qpos', 'measures', ['rad', 'm', '1']], // '1': a component of a quaternion
  ['joint', 'qvel', 'measures', ['rad/s', 'm/s']],
  ['joint', 'qacc', 'measures', ['rad/s^2', 'm/s^2']],
  ['joint', 'qfrc_actuator', 'measures', ['N*m', 'N']],
  ['joint', 'qfrc_applied', 'drives', ['N*m', 'N']],
  ['actuator', 'ctrl', 'drives', undefined],
  ['actuator', 'enable', 'drives', ['1']],
  ['actuator', 'supply', 'drives', ['V', '1']],
  ['actuator', 'force', 'measures', ['N*m', 'N']],
]

/**
 * Splits a path `joint/elbow/qpos`, `joint/base/qpos/3`, `actuator/elbow/ctrl`, `sensor/imu/0`; undefined when it names
 * no input or output known here. Names may themselves hold slashes.
 */
export function parseTarget(path: string): Target | undefined {
  const parts = path.split('/')
  if (parts.length < 2 || parts.some(p => p === '')) return undefined
  const kind = parts[0]
  const last = parts[parts.length - 1]
  const component = parts.length > 2 && /^\d+$/.test(last) ? Number(last) : undefined
  const rest = component === undefined ? parts.slice(1) : parts.slice(1, -1)
  if (kind === 'sensor') return { kind, name: rest.join('/'), field: '', component, role: 'measures', units: undefined }
  if (rest.length < 2) return undefined
  const field = rest[rest.length - 1]
  const row = TARGETS.find(r => r[0] === kind && r[1] === field)
  return row && { kind, name: rest.slice(0, -1).join('/'), field, component, role: row[2], units: row[3] }
}

/**
 * Refuses a unit that cannot be the target's: volts for a joint position, raw counts for anything.
 *
 * @param unit the channel's unit; undefined (not stated) passes, the values are then taken as SI
 * @throws {RecordingError} RECORDING_UNIT_MISMATCH
 */
export function checkTarget(path: string, role: 'drives' | 'measures', unit: Unit | undefined, place: string): void {
  const target = parseTarget(path)
  if (target !== undefined && target.role !== role) {
    const [is, use] = target.role === 'drives' ? ['an input', 'drives'] : ['an output', 'measures']
    throw new RecordingError('RECORDING_TARGET', `'${path}' is ${is} of the model: write it under '${use}'`, { place })
  }
  if (unit === undefined) return
  if (unit.symbol === 'counts') {
    throw new RecordingError(
      'RECORDING_UNIT_MISMATCH',
      `'${path}' cannot be in raw counts: give the unit of one count, e.g. "unit": "rev/4096", or a scale and its unit`,
      { place },
    )
  }
  const units = target?.units
  if (units === undefined || units.some(u => sameQuantity(tryUnit(u)!, unit))) return
  throw new RecordingError(
    'RECORDING_UNIT_MISMATCH',
    `'${path}' is in ${units.filter(u => u !== '1' || units.length === 1).join(' or ')}, the channel in ${unit.symbol}: correct the unit, or give a scale and the unit it leads to`,
    { place },
  )
}
