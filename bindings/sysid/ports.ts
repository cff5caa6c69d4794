import { RecordingError } from '../errors.js'
import { fieldSize, worldFields } from '../fields.js'
import { EQ, JOINT, OBJ, SENS } from '../model/enums.js'
import { nearestHint } from '../model/glob.js'
import type { Model } from '../model/model.js'
import { parseTarget } from '../recording/targets.js'

/** Where a measured channel is found in a world: a column of a field. */
export interface OutputPort {
  /** the path in one spelling, so that channels of different recordings can be told to be the same */
  readonly path: string
  /** world field ('qpos', 'qvel', 'sensordata' …) */
  readonly field: string
  /** scalars of that field in one world */
  readonly size: number
  readonly column: number
  /** the state it observes: an address in qpos or qvel, also through a jointpos or jointvel sensor */
  readonly state: { readonly kind: 'qpos' | 'qvel'; readonly adr: number } | undefined
  /** sensor id when it is one */
  readonly sensor: number | undefined
  /** SI unit, where the kind of joint decides between two */
  readonly unit?: string
}

/** What an input channel feeds. */
export interface InputPort {
  readonly path: string
  readonly kind: 'ctrl' | 'enable' | 'supply' | 'qfrc_applied'
  /** ctrl index, actuator id, or dof */
  readonly index: number
  readonly actuator: number | undefined
}

const sizeOf = (model: Model, name: string): number => {
  const field = worldFields.find(f => f.name === name)
  return field === undefined ? 0 : fieldSize(field, model)
}

/** Index of a named element; an unnamed one is `#id`, or its number. */
function elementId(model: Model, kind: 'joint' | 'actuator' | 'sensor', name: string, place: string): number {
  const names = model.names[kind]
  const id = names.indexOf(name)
  if (id >= 0) return id
  const number = /^#?(\d+)$/.exec(name)
  if (number !== null && Number(number[1]) < names.length) return Number(number[1])
  throw new RecordingError('CHANNEL_TARGET', `the model has no ${kind} '${name}'${nearestHint(name, names)}`, { place })
}

function checkComponent(component: number, count: number, path: string, place: string): void {
  if (component < count) return
  throw new RecordingError(
    'CHANNEL_TARGET',
    `'${path}' has ${count} component${count === 1 ? '' : 's'}, numbered from 0`,
    { place },
  )
}

/** of slides and of hinges */
const UNITS: Readonly<Record<string, readonly [linear: string, angular: string]>> = {
  qpos: ['m', 'rad'],
  qvel: ['m/s', 'rad/s'],
  qacc: ['m/s^2', 'rad/s^2'],
  qfrc_actuator: ['N', 'N*m'],
}

/** @throws {RecordingError} CHANNEL_UNIT when a slide was logged in degrees, or a hinge in metres */
export function checkUnit(
  port: OutputPort,
  channel: { readonly unit: string; readonly measures?: string },
  place: string,
): void {
  const { unit } = channel
  if (port.unit === undefined || unit === '' || unit === port.unit) return
  throw new RecordingError(
    'CHANNEL_UNIT',
    `its unit '${unit}' does not fit '${channel.measures}', which is in ${port.unit}`,
    {
      place,
    },
  )
}

const positionsOf = (type: number): number => (type === JOINT.FREE ? 7 : type === JOINT.BALL ? 4 : 1)
const dofsOf = (type: number): number => (type === JOINT.FREE ? 6 : type === JOINT.BALL ? 3 : 1)

/**
 * Resolves what a channel measures: `joint/x/qpos[/i]`, `joint/x/qvel`, `joint/x/qacc`, `joint/x/qfrc_actuator`,
 * `actuator/x/force`, `sensor/x[/i]`.
 *
 * @param place recording and channel, for the message
 * @throws {RecordingError} CHANNEL_TARGET when the model has no such output
 */
export function outputPort(model: Model, path: string, place: string): OutputPort {
  const target = parseTarget(path)
  if (target === undefined || target.role !== 'measures') {
    throw new RecordingError(
      'CHANNEL_TARGET',
      `'${path}' is no output of a model: use joint/NAME/qpos, joint/NAME/qvel, sensor/NAME …`,
      { place },
    )
  }
  const component = target.component ?? 0
  const suffix = target.component === undefined ? '' : `/${component}`
  if (target.kind === 'sensor') {
    const id = elementId(model, 'sensor', target.name, place)
    checkComponent(component, model.field.sensor_dim[id], path, place)
    const column = model.field.sensor_adr[id] + component
    const sensor = {
      path: `sensor/${id}/${component}`,
      field: 'sensordata',
      size: model.nsensordata,
      column,
      sensor: id,
    }
    return { ...sensor, state: sensedState(model, id) }
  }
  if (target.kind === 'actuator') {
    const id = elementId(model, 'actuator', target.name, place)
    checkComponent(component, model.field.actuator_outnum[id], path, place)
    const column = model.field.actuator_outadr[id] + component
    const size = sizeOf(model, 'actuator_force')
    return {
      path: `actuator/${id}/force${suffix}`,
      field: 'actuator_force',
      size,
      column,
      state: undefined,
      sensor: undefined,
    }
  }
  const id = elementId(model, 'joint', target.name, place)
  const type = model.field.jnt_type[id]
  const positions = target.field === 'qpos'
  const count = positions ? positionsOf(type) : dofsOf(type)
  checkComponent(component, count, path, place)
  if (count > 1 && target.component === undefined) {
    throw new RecordingError(
      'CHANNEL_TARGET',
      `'${path}' has ${count} components: say which, '${path}/0' to '${path}/${count - 1}'`,
      { place },
    )
  }
  const adr = (positions ? model.field.jnt_qposadr[id] : model.field.jnt_dofadr[id]) + component
  const state =
    target.field === 'qpos' || target.field === 'qvel' ? { kind: target.field as 'qpos' | 'qvel', adr } : undefined
  const size = sizeOf(model, target.field)
  const linear = type === JOINT.SLIDE || (type === JOINT.FREE && component < 3)
  const quaternion = positions && !linear && type !== JOINT.HINGE
  return {
    path: `joint/${id}/${target.field}${suffix}`,
    field: target.field,
    size,
    column: adr,
    state,
    sensor: undefined,
    unit: quaternion ? '1' : UNITS[target.field]?.[linear ? 0 : 1],
  }
}

/** The joint position or velocity a sensor reads, when it is one without delay. */
function sensedState(model: Model, id: number): OutputPort['state'] {
  const type = model.field.sensor_type[id]
  if (model.field.sensor_objtype[id] !== OBJ.JOINT || model.field.sensor_delay[id] !== 0) return undefined
  const joint = model.field.sensor_objid[id]
  if (type === SENS.JOINTPOS) return { kind: 'qpos', adr: model.field.jnt_qposadr[joint] }
  if (type === SENS.JOINTVEL) return { kind: 'qvel', adr: model.field.jnt_dofadr[joint] }
  return undefined
}

/**
 * Resolves what a channel drives: `actuator/x/ctrl[/i]`, `actuator/x/enable`, `actuator/x/supply`, `joint/x/qfrc_applied[/i]`.
 *
 * @throws {RecordingError} CHANNEL_TARGET when the model has no such input
 */
export function inputPort(model: Model, path: string, place: string): InputPort {
  const target = parseTarget(path)
  if (target === undefined || target.role !== 'drives') {
    throw new RecordingError(
      'CHANNEL_TARGET',
      `'${path}' is no input of a model: use actuator/NAME/ctrl, actuator/NAME/enable, joint/NAME/qfrc_applied …`,
      {
        place,
      },
    )
  }
  const component = target.component ?? 0
  const suffix = target.component === undefined ? '' : `/${component}`
  if (target.kind === 'joint') {
    const id = elementId(model, 'joint', target.name, place)
    checkComponent(component, dofsOf(model.field.jnt_type[id]), path, place)
    return {
      path: `joint/${id}/qfrc_applied${suffix}`,
      kind: 'qfrc_applied',
      index: model.field.jnt_dofadr[id] + component,
      actuator: undefined,
    }
  }
  const id = elementId(model, 'actuator', target.name, place)
  if (target.field === 'ctrl') {
    checkComponent(component, model.field.actuator_ctrlnum[id], path, place)
    return {
      path: `actuator/${id}/ctrl${suffix}`,
      kind: 'ctrl',
      index: model.field.actuator_ctrladr[id] + component,
      actuator: id,
    }
  }
  const kind = target.field === 'enable' ? 'enable' : 'supply'
  return { path: `actuator/${id}/${kind}`, kind, index: id, actuator: id }
}

/** A joint equality q1 = qpos0_1 + Σ c_k (q2 - qpos0_2)^k between two scalar joints, active at the start. */
export interface Coupling {
  readonly qpos1: number
  readonly dof1: number
  readonly qpos2: number
  readonly dof2: number
  readonly poly: readonly number[]
}

/** Joint equalities of a model that couple two hinges or slides. */
export function couplings(model: Model): Coupling[] {
  const f = model.field
  const found: Coupling[] = []
  for (let e = 0; e < model.neq; e++) {
    if (f.eq_type[e] !== EQ.JOINT || f.eq_active0[e] === 0 || f.eq_obj2id[e] < 0) continue
    const [a, b] = [f.eq_obj1id[e], f.eq_obj2id[e]]
    found.push({
      qpos1: f.jnt_qposadr[a],
      dof1: f.jnt_dofadr[a],
      qpos2: f.jnt_qposadr[b],
      dof2: f.jnt_dofadr[b],
      poly: Array.from(f.eq_data.slice(11 * e, 11 * e + 5)),
    })
  }
  return found
}
