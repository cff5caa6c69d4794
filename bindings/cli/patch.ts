import { type Field, modelFields } from '../fields.js'
import { JOINT } from '../model/enums.js'
import type { Model, ModelNames } from '../model/model.js'

/** A change that, made in the MJCF, turns the model into the identified one. */
export interface Change {
  /** MJCF element; `inertial` is the child of the body */
  readonly element: string
  /** name of the element (of the body, for an inertial); '' for option and for unnamed ones, which `id` tells */
  readonly name: string
  readonly id: number
  readonly attribute: string
  /** our field, MuJoCo's name */
  readonly field: string
  /** radians, whatever the compiler's angle says */
  readonly unit: string
  readonly old: number | readonly number[]
  readonly new: number | readonly number[]
}

type Kind = keyof ModelNames

/** MJCF spells some fields otherwise than mjModel. */
const ATTRIBUTES: Readonly<Record<string, readonly [element: string, attribute: string]>> = {
  body_mass: ['inertial', 'mass'],
  body_inertia: ['inertial', 'diaginertia'],
  body_ipos: ['inertial', 'pos'],
  body_iquat: ['inertial', 'quat'],
  jnt_solref: ['joint', 'solreflimit'],
  jnt_solimp: ['joint', 'solimplimit'],
  jnt_actfrcrange: ['joint', 'actuatorfrcrange'],
  dof_solref: ['joint', 'solreffriction'],
  dof_solimp: ['joint', 'solimpfriction'],
  eq_data: ['equality', 'polycoef'],
  qpos0: ['joint', 'ref'],
  qpos_spring: ['joint', 'springref'],
}

const PREFIXES: Readonly<Record<string, Kind>> = {
  body: 'body',
  jnt: 'joint',
  dof: 'joint',
  geom: 'geom',
  site: 'site',
  eq: 'equality',
  actuator: 'actuator',
  sensor: 'sensor',
}

/** What mj_setConst derives from the rest is no change of its own. */
const DERIVED = new Set([
  'body_subtreemass',
  'body_invweight0',
  'dof_invweight0',
  'dof_M0',
  'actuator_length0',
  'actuator_acc0',
])

const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => Array.from(a).every((x, i) => Object.is(x, b[i]))
const plain = (values: ArrayLike<number>): number | number[] => (values.length === 1 ? values[0] : Array.from(values))

/** A field cut into what belongs to one element each: [id, begin, end]. */
function* elements(model: Model, field: Field): Generator<readonly [id: number, begin: number, end: number]> {
  const length = model.field[field.name].length
  if (field.name.startsWith('opt_')) {
    yield [0, 0, length]
    return
  }
  const f = model.field
  if (field.shape[0] === 'nq' || field.shape[0] === 'nv') {
    const [adr, sizes] = field.shape[0] === 'nq' ? [f.jnt_qposadr, [7, 4, 1, 1]] : [f.jnt_dofadr, [6, 3, 1, 1]]
    const width = field.shape.length > 1 ? (field.shape[1] as number) : 1
    for (let j = 0; j < model.njnt; j++) yield [j, adr[j] * width, (adr[j] + sizes[f.jnt_type[j]]) * width]
    return
  }
  // counts that differ from the number of elements (nu, nout) have an address per actuator
  const width = field.shape.length > 1 ? (field.shape[1] as number) : 1
  const [adr, num] =
    field.shape[0] === 'nu'
      ? [f.actuator_ctrladr, f.actuator_ctrlnum]
      : field.shape[0] === 'nout'
        ? [f.actuator_outadr, f.actuator_outnum]
        : [undefined, undefined]
  const count = adr === undefined ? length / width : model.nactuator
  for (let i = 0; i < count; i++) {
    const [begin, rows] = adr === undefined || num === undefined ? [i, 1] : [adr[i], num[i]]
    yield [i, begin * width, (begin + rows) * width]
  }
}

/** Element, name and attribute of a field's part. */
function target(model: Model, field: string, id: number): Pick<Change, 'element' | 'name' | 'attribute'> {
  const at = field.indexOf('_')
  const [prefix, rest] = [field.slice(0, at), field.slice(at + 1)]
  if (prefix === 'opt') return { element: 'option', name: '', attribute: rest }
  const kind = field.startsWith('qpos') ? 'joint' : PREFIXES[prefix]
  const [element, attribute] = ATTRIBUTES[field] ?? [kind, rest]
  const type = model.field.jnt_type[id]
  if (field === 'qpos0' && (type === JOINT.FREE || type === JOINT.BALL)) {
    const body = model.field.jnt_bodyid[id]
    return { element: 'body', name: model.names.body[body], attribute: type === JOINT.FREE ? 'pos and quat' : 'quat' }
  }
  return { element, name: model.names[kind][id] ?? '', attribute }
}

/** 'm or rad', 'N or N*m': the first for slides, the second for hinges and balls. */
function unitOf(model: Model, field: Field, id: number): string {
  const [linear, angular] = field.unit.split(' or ')
  if (angular === undefined || !/^(qpos|jnt_|dof_)/.test(field.name)) return field.unit
  const type = model.field.jnt_type[id]
  return type === JOINT.FREE ? field.unit : type === JOINT.SLIDE ? linear : angular
}

/** Every difference between two models of the same structure, in the words of the MJCF. */
export function modelPatch(before: Model, after: Model): Change[] {
  const changes: Change[] = []
  for (const field of modelFields) {
    if (DERIVED.has(field.name)) continue
    const [a, b] = [before.field[field.name], after.field[field.name]]
    if (same(a, b)) continue
    for (const [id, begin, end] of elements(before, field)) {
      let [old, now] = [a.subarray(begin, end), b.subarray(begin, end)]
      if (same(old, now)) continue
      // one attribute of a ball or free joint serves all its dofs
      const scalar = field.shape[0] === 'nv' && field.shape.length === 1
      if (scalar && old.every(x => x === old[0]) && now.every(x => x === now[0]))
        [old, now] = [old.subarray(0, 1), now.subarray(0, 1)]
      // a joint equality has five coefficients; the rest of the row is for other kinds
      if (field.name === 'eq_data') [old, now] = [old.subarray(0, 5), now.subarray(0, 5)]
      changes.push({
        ...target(before, field.name, id),
        id,
        field: field.name,
        unit: unitOf(before, field, id),
        old: plain(old),
        new: plain(now),
      })
    }
  }
  return changes
}
