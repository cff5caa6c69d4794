/** Quantities of a model as expressions: which field and element, in which unit, when they can be read. */
import { derivedFields, type Field, fieldSize, modelFields, worldFields } from '../fields.js'
import { JOINT, OBJ, SENS, TRN } from '../model/enums.js'
import { nearestHint } from '../model/glob.js'
import type { Model, ModelNames } from '../model/model.js'
import { isLinear, pickUnit } from '../model/property.js'
import { TASK_NEED } from '../program.js'
import { Expr, Quat, Vec } from './expr.js'
import { type Fault, faultOf, poison } from './fault.js'
import { type Availability, constant, type Node } from './node.js'
import { type Dim, fieldDim, parseDim } from './units.js'

const STATE = new Set(
  (
    'time qpos qvel act ctrl qfrc_applied xfrc_applied eq_active mocap_pos mocap_quat actuator_enable ' +
    'actuator_supply'
  ).split(' '),
)
const fieldOf = new Map<string, Field>([...modelFields, ...worldFields, ...derivedFields].map(f => [f.name, f]))
const worldNames = new Set(worldFields.map(f => f.name))

export const dimOf = (unit: string): Dim => parseDim(unit)?.dim

/** A number of the model's memory. */
export function load(
  base: 'd' | 'p' | 's',
  field: string,
  index: number,
  dim: Dim,
  when: Availability,
  needs = 0,
): Expr {
  return new Expr({ op: 'load', base, field, index, when, needs }, { dim })
}

/** Consecutive elements of a derived field of the present state. */
export function pose(field: string, first: number, count: number, unit: string, needs: number): Expr[] {
  const dim = dimOf(unit)
  return Array.from({ length: count }, (_, k) => load('s', field, first + k, dim, 'pose', needs))
}

/** A physical parameter of the world. */
export const parameter = (field: string, index: number, dim: Dim): Expr => load('p', field, index, dim, 'parameter')

/** A state, input or result of the world. */
export function worldLoad(model: Model, field: string, index: number): Expr {
  const result = !STATE.has(field)
  return load(
    'd',
    field,
    index,
    elementDim(model, field, index),
    result ? 'result' : 'state',
    result ? TASK_NEED.RESULTS : 0,
  )
}

/** A world field, or a model field that may differ by world, whole. */
export function wholeField(model: Model, name: string): Vec {
  const field = fieldOf.get(name)
  const world = worldNames.has(name)
  if (field === undefined || !(world || field.perWorld)) {
    const known = [...worldNames, ...modelFields.filter(f => f.perWorld).map(f => f.name)]
    return poison('NAME_UNKNOWN', `no field '${name}' that a task can read${nearestHint(name, known)}`)
  }
  const size = fieldSize(field, model)
  const element = (i: number): Expr =>
    world ? worldLoad(model, name, i) : parameter(name, i, elementDim(model, name, i))
  return new Vec(Array.from({ length: size }, (_, i) => element(i)))
}

/** Dimension of element `index` of a field, where the table leaves it to the joint. */
export function elementDim(model: Model, name: string, index: number): Dim {
  const field = fieldOf.get(name) as Field
  const [size] = field.shape
  const row = field.shape.length > 1 && typeof field.shape[1] === 'number' ? Math.floor(index / field.shape[1]) : index
  if (name === 'actuator_force') return dimOf(actuatorForceUnit(model, index))
  if (size === 'nq') return dimOf(coordinateUnit(model, index))
  if (size === 'nv') return fieldDim(pickUnit(field.unit, dofLinear(model, row)))
  if (name === 'xfrc_applied') return dimOf(index % 6 < 3 ? 'N' : 'N*m')
  return fieldDim(field.unit)
}

const int = (model: Model, field: string): Int32Array => model.field[field] as Int32Array

function coordinateUnit(model: Model, index: number): string {
  const adr = int(model, 'jnt_qposadr')
  let joint = 0
  while (joint + 1 < adr.length && adr[joint + 1] <= index) joint++
  const type = int(model, 'jnt_type')[joint]
  if (type === JOINT.HINGE) return 'rad'
  if (type === JOINT.BALL) return '1'
  return type === JOINT.SLIDE || index - adr[joint] < 3 ? 'm' : '1'
}

/** does a dof move along an axis rather than about it? */
function dofLinear(model: Model, dof: number): boolean {
  const joint = int(model, 'dof_jntid')[dof]
  const type = int(model, 'jnt_type')[joint]
  return isLinear(type) || (type === JOINT.FREE && dof - int(model, 'jnt_dofadr')[joint] < 3)
}

/** '' where the transmission leaves it open */
function actuatorForceUnit(model: Model, output: number): string {
  const actuator = int(model, 'actuator_outadr').indexOf(output)
  if (actuator < 0) return ''
  const type = int(model, 'actuator_trntype')[actuator]
  if (type !== TRN.JOINT && type !== TRN.JOINTINPARENT) return ''
  const joint = int(model, 'jnt_type')[int(model, 'actuator_trnid')[2 * actuator]]
  return joint === JOINT.HINGE ? 'N*m' : joint === JOINT.SLIDE ? 'N' : ''
}

const SENSOR_UNITS: Readonly<Record<number, string>> = {
  [SENS.TOUCH]: 'N',
  [SENS.ACCELEROMETER]: 'm/s^2',
  [SENS.VELOCIMETER]: 'm/s',
  [SENS.GYRO]: 'rad/s',
  [SENS.FORCE]: 'N',
  [SENS.TORQUE]: 'N*m',
  [SENS.MAGNETOMETER]: 'T',
  [SENS.RANGEFINDER]: 'm',
  [SENS.BALLQUAT]: '1',
  [SENS.BALLANGVEL]: 'rad/s',
  [SENS.FRAMEPOS]: 'm',
  [SENS.FRAMEQUAT]: '1',
  [SENS.FRAMEXAXIS]: '1',
  [SENS.FRAMEYAXIS]: '1',
  [SENS.FRAMEZAXIS]: '1',
  [SENS.FRAMELINVEL]: 'm/s',
  [SENS.FRAMEANGVEL]: 'rad/s',
  [SENS.FRAMELINACC]: 'm/s^2',
  [SENS.FRAMEANGACC]: 'rad/s^2',
  [SENS.SUBTREECOM]: 'm',
  [SENS.SUBTREELINVEL]: 'm/s',
  [SENS.SUBTREEANGMOM]: 'kg*m^2/s',
  [SENS.INSIDESITE]: '1',
  [SENS.E_POTENTIAL]: 'J',
  [SENS.E_KINETIC]: 'J',
  [SENS.CLOCK]: 's',
}
/** sensors of a joint: unit of one that turns, of one that slides */
const JOINT_SENSOR_UNITS: Readonly<Record<number, readonly [string, string]>> = {
  [SENS.JOINTPOS]: ['rad', 'm'],
  [SENS.JOINTVEL]: ['rad/s', 'm/s'],
  [SENS.JOINTACTFRC]: ['N*m', 'N'],
  [SENS.JOINTLIMITPOS]: ['rad', 'm'],
  [SENS.JOINTLIMITVEL]: ['rad/s', 'm/s'],
  [SENS.JOINTLIMITFRC]: ['N*m', 'N'],
}

/** The reading of a sensor: one number, a vector or a rotation. */
export function sensorReading(model: Model, id: number): Expr | Vec {
  const type = int(model, 'sensor_type')[id]
  const ofJoint = JOINT_SENSOR_UNITS[type]
  const object = int(model, 'sensor_objid')[id]
  const joint = int(model, 'sensor_objtype')[id] === OBJ.JOINT ? int(model, 'jnt_type')[object] : -1
  const unit = ofJoint === undefined || joint < 0 ? (SENSOR_UNITS[type] ?? '') : ofJoint[isLinear(joint) ? 1 : 0]
  const adr = int(model, 'sensor_adr')[id]
  const items = Array.from({ length: int(model, 'sensor_dim')[id] }, (_, k) =>
    load('d', 'sensordata', adr + k, dimOf(unit), 'result', TASK_NEED.RESULTS),
  )
  if (type === SENS.BALLQUAT || type === SENS.FRAMEQUAT) return new Quat(items)
  return items.length === 1 ? items[0] : new Vec(items)
}

/** Numbers known before the first step. */
export const fixed = (values: readonly number[], unit: string): Expr[] =>
  values.map(x => new Expr(constant(x), { dim: dimOf(unit) }))

/** A node with a unit. */
export const ofNode = (node: Node, dim: Dim): Expr => new Expr(node, { dim })

export type NamedKind = Exclude<keyof ModelNames, 'exclude'>

/**
 * Id of the element of this kind and name ('#3' or 3: the fourth), or the mistake; `faults` keeps it, so that a wrong name
 * is an error even where nothing comes of it.
 */
export function findId(model: Model, kind: NamedKind, name: string | number, faults: Fault[]): number | Fault {
  const names = model.names[kind]
  const id = typeof name === 'number' ? name : names.indexOf(name)
  if (typeof name === 'string' && id >= 0) return id
  const numbered = typeof name === 'number' ? name : /^#\d+$/.test(name) ? Number(name.slice(1)) : -1
  if (Number.isInteger(numbered) && numbered >= 0 && numbered < names.length) return numbered
  const known = names.map((n, i) => n || `#${i}`)
  const message =
    known.length === 0 ? `the model has no ${kind}` : `no ${kind} '${name}'${nearestHint(String(name), known)}`
  const fault = faultOf(poison('NAME_UNKNOWN', message)) as Fault
  faults.push(fault)
  return fault
}
