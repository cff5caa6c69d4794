/** The terms of a task, checked and flattened. */
import { TaskError } from '../errors.js'
import { fieldSize, worldFields } from '../fields.js'
import { nearestHint } from '../model/glob.js'
import type { Model } from '../model/model.js'
import type { ActionMap } from './action.js'
import { JointView } from './elements.js'
import { type Expr, type ExprLike, flatten, type Scalar, Vec } from './expr.js'
import type { ResetStore } from './lower.js'
import { demand, fail } from './memory.js'
import { elementDim, findId } from './quantities.js'
import { compatible, unitText } from './units.js'

/** Fields that an episode's start may write. */
export const RESETTABLE = [
  'qpos',
  'qvel',
  'act',
  'ctrl',
  'mocap_pos',
  'mocap_quat',
  'eq_active',
  'actuator_enable',
  'actuator_supply',
] as const
export type Resettable = (typeof RESETTABLE)[number]

/** What define returns. */
export interface TaskTerms {
  /** what the policy sees, by name; flattened in order */
  readonly observation: Readonly<Record<string, ExprLike>>
  readonly action: ActionMap
  /** terms whose sum is the reward, by name */
  readonly reward: Readonly<Record<string, Scalar>>
  /** the episode is over where this is other than 0; several conditions by name: where any is */
  readonly terminated?: Scalar | Readonly<Record<string, Scalar>>
  /** reported as means over an episode, by name */
  readonly metrics?: Readonly<Record<string, Scalar>>
  /**
   * what is written over the state an episode starts from: a whole field, or by name of its joint (qpos, qvel), actuator
   * (act, ctrl, actuator_enable, actuator_supply), mocap body or equality
   */
  readonly reset?: Readonly<Partial<Record<Resettable, ExprLike | Readonly<Record<string, ExprLike>>>>>
}

/** An expression with the name that reports and errors give it. */
export interface Term {
  readonly name: string
  readonly place: string
  readonly expr: Expr
}

const isRecord = (value: unknown): value is Readonly<Record<string, never>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** @throws {TaskError} TERM when a group of terms is no object */
function group(value: unknown, place: string): [string, unknown][] {
  if (!isRecord(value)) return fail('TERM', 'expected an object of named expressions', place)
  return Object.entries(value)
}

/** Observations, flattened: 'hip', or 'gyro[0]', 'gyro[1]' … @throws {TaskError} */
export function observations(terms: TaskTerms): Term[] {
  const list = group(terms.observation, 'observation').flatMap(([name, value]) => {
    const place = `observation.${name}`
    const whole = value instanceof Vec || Array.isArray(value)
    return demand(value as ExprLike, place).map((expr, k) => ({ name: whole ? `${name}[${k}]` : name, place, expr }))
  })
  if (list.length === 0) fail('TERM', 'a task needs something to observe', 'observation')
  return list
}

/** Terms that are one number each. @throws {TaskError} */
export function scalars(value: unknown, kind: string): Term[] {
  return group(value, kind).map(([name, x]) => one(x, name, `${kind}.${name}`))
}

function one(x: unknown, name: string, place: string): Term {
  const [expr, ...rest] = demand(x as ExprLike, place)
  if (expr === undefined || rest.length > 0 || Array.isArray(x) || x instanceof Vec)
    return fail('SHAPE', `expected one number, got a vector of ${flatten(x as ExprLike).length}`, place)
  return { name, place, expr }
}

/** @throws {TaskError} */
export function terminations(terms: TaskTerms): Term[] {
  const { terminated } = terms
  if (terminated === undefined) return []
  return isRecord(terminated) ? scalars(terminated, 'terminated') : [one(terminated, 'terminated', 'terminated')]
}

/** What an episode's start writes, element by element. @throws {TaskError} */
export function resets(model: Model, terms: TaskTerms): ResetStore[] {
  if (terms.reset === undefined) return []
  const seen = new Set<string>()
  return group(terms.reset, 'reset').flatMap(([field, value]) => {
    const place = `reset.${field}`
    if (!RESETTABLE.some(name => name === field))
      fail('NAME_UNKNOWN', `an episode's start cannot write '${field}'${nearestHint(field, RESETTABLE)}`, place)
    const stores = isRecord(value)
      ? Object.entries(value).flatMap(([name, x]) => named(model, field, name, x as ExprLike, `${place}.${name}`))
      : whole(model, field, value as ExprLike, place)
    for (const { field: f, index, place: at } of stores) {
      if (seen.has(`${f} ${index}`)) fail('DUPLICATE', `${f}[${index}] is written twice`, at)
      seen.add(`${f} ${index}`)
    }
    return stores
  })
}

function whole(model: Model, field: string, value: ExprLike, place: string): ResetStore[] {
  const row = worldFields.find(f => f.name === field)
  const size = row === undefined ? 0 : fieldSize(row, model)
  return stores(model, field, 0, size, value, place)
}

/** elements of a field that belong to a joint, actuator, body or equality */
function named(model: Model, field: string, name: string, value: ExprLike, place: string): ResetStore[] {
  const kind = field.startsWith('q')
    ? 'joint'
    : field.startsWith('mocap')
      ? 'body'
      : field === 'eq_active'
        ? 'equality'
        : 'actuator'
  const id = findId(model, kind, name, [])
  if (typeof id !== 'number') throw new TaskError(id.code, id.message, { place })
  const [first, count] = elements(model, field, id, place)
  return stores(model, field, first, count, value, place)
}

function elements(model: Model, field: string, id: number, place: string): readonly [first: number, count: number] {
  const int = (name: string): number => model.field[name][id]
  const joint = new JointView(model, id)
  switch (field) {
    case 'qpos':
      return [joint.qposadr, joint.qpos.length]
    case 'qvel':
      return [joint.dofadr, joint.qvel.length]
    case 'act':
      return int('actuator_actnum') > 0
        ? [int('actuator_actadr'), int('actuator_actnum')]
        : fail('SHAPE', 'this actuator has no activation', place)
    case 'ctrl':
      return [int('actuator_ctrladr'), int('actuator_ctrlnum')]
    case 'mocap_pos':
    case 'mocap_quat': {
      const mocap = int('body_mocapid')
      const size = field === 'mocap_pos' ? 3 : 4
      return mocap < 0 ? fail('SHAPE', 'this is no mocap body', place) : [size * mocap, size]
    }
    default:
      return [id, 1]
  }
}

function stores(
  model: Model,
  field: string,
  first: number,
  count: number,
  value: ExprLike,
  place: string,
): ResetStore[] {
  const items = demand(value, place)
  if (items.length !== count) fail('SHAPE', `got ${items.length} numbers, expected ${count}`, place)
  return items.flatMap((x, k) => {
    const index = first + k
    const { node } = x
    // what the start has already
    if (node.op === 'initial' && node.field === field && node.index === index) return []
    const dim = elementDim(model, field, index)
    if (!compatible(x.dim, dim))
      fail('UNIT_MISMATCH', `${field}[${index}] is in ${unitText(dim)}, got ${x.unit}`, place)
    return [{ field, index, value: node, place }]
  })
}
