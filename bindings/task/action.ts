/** How an action of the policy becomes controls of the model. */
import { TRN } from '../model/enums.js'
import { nearestHint } from '../model/glob.js'
import type { Model } from '../model/model.js'
import { label } from '../model/names.js'
import { JointView } from './elements.js'
import { type Expr, type ExprLike, flatten, type Vec } from './expr.js'
import { demand, fail } from './memory.js'
import type { Scope } from './scope.js'

interface ActionOptions {
  /**
   * delay from command to control: seconds, the same in every world, or 'actuator_delay': what that field says of the
   * actuator in this world, unless the actuator has a history, which delays by itself. Default 'actuator_delay' where each
   * command is a control of an actuator (every kind but custom with `control`), else none
   */
  readonly delay?: number | 'actuator_delay'
  /** bounds of each component of the action; default [-1, 1]; false: none */
  readonly clip?: readonly [number, number] | false
  /** standard deviation of noise added to every component before clipping; default 0 */
  readonly noise?: number
}

interface ActuatorOptions extends ActionOptions {
  /** actuators that the action moves, in its order; default all. Controls of the others are 0 */
  readonly actuators?: readonly string[]
}

/** Control = scale times action, or without scale the action mapped from [-1, 1] to the control range that the model declares. */
export interface TorqueAction extends ActuatorOptions {
  readonly kind: 'torque'
  readonly scale?: ExprLike
}

/** Target of position servos = pose + scale times action. */
export interface PositionAction extends ActuatorOptions {
  readonly kind: 'position'
  /** keyframe whose joint positions are the pose, or the targets themselves (one a control) */
  readonly pose: string | readonly number[]
  readonly scale: ExprLike
  /** keep targets within the control range, or without one the joint's; default false (the engine keeps the control range) */
  readonly limit?: boolean
}

/**
 * PD control of motors on hinges and slides: torque = kp (pose + scale action - position) - kd velocity, computed before every
 * timestep, over the motor's gear and within the control range that the model declares.
 */
export interface PdAction extends ActuatorOptions {
  readonly kind: 'pd'
  /** keyframe whose joint positions are the pose, or joint positions (one a control) */
  readonly pose: string | readonly number[]
  readonly scale: ExprLike
  readonly kp: ExprLike
  readonly kd: ExprLike
}

/** Whatever a task makes of its action. */
export interface CustomAction extends ActionOptions {
  readonly kind: 'custom'
  /** components of the action */
  readonly size: number
  /** commands, once a control step; default the action itself, or nothing where the model has no controls */
  readonly command?: (action: Vec) => ExprLike
  /** controls (nu), before every timestep, from the commands after their delay; default the commands themselves */
  readonly control?: (delayed: Vec) => ExprLike
}

export type ActionMap = TorqueAction | PositionAction | PdAction | CustomAction

/** What can be known of an action before anything else is. */
export interface ActionShape {
  readonly nact: number
  readonly clip: readonly [number, number] | undefined
}

/** An action map worked out. */
export interface MappedAction extends ActionShape {
  /** of the components: their actuators, or 'action[0]' … */
  readonly names: readonly string[]
  /** computed once a control step */
  readonly command: readonly Expr[]
  /** computed before every timestep, one a control; undefined: 0 */
  readonly control: readonly (Expr | undefined)[]
  /** s; undefined: what actuator_delay says */
  readonly delay: number | undefined
  /** actuator whose delay applies to each command; -1: none */
  readonly delayOf: Int32Array
  readonly noise: number
}

const PLACE = 'action'
const int = (model: Model, field: string): Int32Array => model.field[field] as Int32Array

/** @throws {TaskError} ACTION, NAME_UNKNOWN */
export function actionShape(model: Model, map: ActionMap): ActionShape {
  if (typeof map !== 'object' || map === null) return fail('ACTION', 'a task needs an action', PLACE)
  const { clip = [-1, 1], noise = 0, delay } = map
  if (clip !== false && !(clip[0] < clip[1]))
    fail('ACTION', `clip: got [${clip.join(', ')}], expected [low, high]`, PLACE)
  if (!(noise >= 0 && Number.isFinite(noise)))
    fail('ACTION', `noise: got ${noise}, expected a standard deviation`, PLACE)
  if (delay !== undefined && delay !== 'actuator_delay' && !(delay >= 0 && Number.isFinite(delay)))
    fail('ACTION', `delay: got ${delay}, expected seconds or 'actuator_delay'`, PLACE)
  if (map.kind === 'custom' && !(Number.isInteger(map.size) && map.size >= 0))
    fail('ACTION', `size: got ${map.size}, expected a number of components`, PLACE)
  const nact = map.kind === 'custom' ? map.size : controls(model, map).length
  return { nact, clip: clip === false ? undefined : clip }
}

/** @throws {TaskError} */
export function mapAction(s: Scope, map: ActionMap): MappedAction {
  const { model } = s
  const shape = actionShape(model, map)
  const { noise = 0 } = map
  const { command, control, of } = map.kind === 'custom' ? custom(s, map) : moved(s, map, controls(model, map))
  const direct = map.kind !== 'custom' || map.control === undefined
  const { delay = direct ? 'actuator_delay' : 0 } = map
  const byActuator = delay === 'actuator_delay'
  if (byActuator && of.length !== command.length)
    fail(
      'ACTION',
      `delay: 'actuator_delay' needs one command for each control, got ${command.length} for ${model.nu}`,
      PLACE,
    )
  // the engine itself delays the controls of an actuator that has a history
  const history = int(model, 'actuator_history')
  const delayOf = Int32Array.from(command, (_, j) => (byActuator && history[2 * of[j]] === 0 ? of[j] : -1))
  const names = Array.from({ length: shape.nact }, (_, k) =>
    map.kind === 'custom' ? `action[${k}]` : nameOf(model, of[k]),
  )
  return { ...shape, names, command, control, delay: byActuator ? undefined : delay, delayOf, noise }
}

interface Mapped {
  readonly command: readonly Expr[]
  readonly control: readonly (Expr | undefined)[]
  /** actuator of each command */
  readonly of: readonly number[]
}

/** actuator of each control */
function owners(model: Model): number[] {
  const owner = new Array<number>(model.nu).fill(-1)
  const adr = int(model, 'actuator_ctrladr')
  const num = int(model, 'actuator_ctrlnum')
  for (let a = 0; a < model.nactuator; a++) for (let k = 0; k < num[a]; k++) owner[adr[a] + k] = a
  return owner
}

const nameOf = (model: Model, actuator: number): string => model.names.actuator[actuator] || `actuator ${actuator}`

/** controls that an action moves */
function controls(model: Model, { actuators }: ActuatorOptions): number[] {
  const owner = owners(model)
  if (actuators === undefined) return owner.map((_, i) => i)
  const names = model.names.actuator
  const found = actuators.flatMap(name => {
    const id = names.indexOf(name)
    if (id < 0) fail('NAME_UNKNOWN', `no actuator '${name}'${nearestHint(name, names)}`, PLACE)
    return owner.flatMap((a, i) => (a === id ? [i] : []))
  })
  if (new Set(found).size < found.length) fail('DUPLICATE', 'actuators: a name stands twice', PLACE)
  return found
}

/** one of the numbers of a list, or the only one */
function chosen(value: ExprLike, count: number, what: string): (k: number) => Expr {
  const items = demand(value, PLACE)
  if (items.length !== 1 && items.length !== count)
    fail('SHAPE', `${what}: got ${items.length} numbers, expected 1 or ${count}`, PLACE)
  return k => items[items.length === 1 ? 0 : k]
}

function moved(s: Scope, map: Exclude<ActionMap, CustomAction>, list: readonly number[]): Mapped {
  const { model } = s
  const owner = owners(model)
  const { actions } = s
  const make = {
    torque: () => torque(model, map as TorqueAction, list),
    position: () => position(model, map as PositionAction, list),
    pd: () => position(model, map as PdAction, list),
  }[map.kind]
  if (make === undefined) return fail('ACTION', `there is no action '${map.kind}'`, PLACE)
  const target = make()
  const command = list.map((_, k) => demand(target(actions[k].unitless(), k), PLACE)[0])
  const delayed = s.delayedCommands(list.length)
  const apply = map.kind === 'pd' ? pd(s, map, list) : (x: Expr) => x
  const control = new Array<Expr | undefined>(model.nu).fill(undefined)
  for (const [k, i] of list.entries()) control[i] = demand(apply(delayed[k], k), PLACE)[0]
  return { command, control, of: list.map(i => owner[i]) }
}

type Target = (action: Expr, k: number) => Expr

/** range of a control that the model declares */
const ctrlRange = (model: Model, i: number): readonly [number, number] | undefined =>
  int(model, 'actuator_ctrllimited')[i]
    ? [model.field.actuator_ctrlrange[2 * i], model.field.actuator_ctrlrange[2 * i + 1]]
    : undefined

function torque(model: Model, { scale }: TorqueAction, list: readonly number[]): Target {
  if (scale !== undefined) {
    const factor = chosen(scale, list.length, 'scale')
    return (a, k) => a.mul(factor(k).unitless())
  }
  const owner = owners(model)
  return (a, k) => {
    const range = ctrlRange(model, list[k])
    const actuator = label('actuator', model.names.actuator, owner[list[k]])
    if (range === undefined) return fail('ACTION', `${actuator} has no control range: give a scale`, PLACE)
    const [lo, hi] = range
    const middle = (lo + hi) / 2
    const scaled = a.mul((hi - lo) / 2)
    return middle === 0 ? scaled : scaled.add(middle)
  }
}

/** joint of the actuator of a control, or the error that it is none with one coordinate */
function jointOf(model: Model, control: number): JointView {
  const actuator = owners(model)[control]
  const type = int(model, 'actuator_trntype')[actuator]
  const joint = new JointView(model, int(model, 'actuator_trnid')[2 * actuator])
  if ((type !== TRN.JOINT && type !== TRN.JOINTINPARENT) || !joint.scalar) {
    const name = label('actuator', model.names.actuator, actuator)
    fail('ACTION', `${name} does not move a hinge or slide: use kind 'torque' or 'custom'`, PLACE)
  }
  return joint
}

const gearOf = (model: Model, control: number): number =>
  model.field.actuator_gear[6 * int(model, 'actuator_outadr')[owners(model)[control]]]

/** joint position of a pose for each control */
function poseOf(model: Model, pose: string | readonly number[], list: readonly number[]): readonly number[] {
  if (typeof pose !== 'string') {
    if (pose.length !== list.length) fail('SHAPE', `pose: got ${pose.length} numbers, expected ${list.length}`, PLACE)
    return pose
  }
  const key = model.names.key.indexOf(pose)
  if (key < 0) fail('NAME_UNKNOWN', `no keyframe '${pose}'${nearestHint(pose, model.names.key)}`, PLACE)
  return list.map(i => model.field.key_qpos[key * model.nq + jointOf(model, i).qposadr])
}

/** pose + scale action; of a position servo in units of its control: joint position times gear */
function position(model: Model, map: PositionAction | PdAction, list: readonly number[]): Target {
  const factor = chosen(map.scale, list.length, 'scale')
  const pose = poseOf(model, map.pose, list)
  const servo = map.kind === 'position'
  const gear = (i: number) => (servo && typeof map.pose === 'string' ? gearOf(model, i) : 1)
  return (a, k) => {
    const target = a.mul(factor(k).unitless()).add(pose[k] * gear(list[k]))
    const range = servo && map.limit === true ? limits(model, list[k]) : undefined
    return range === undefined ? target : target.clip(...range)
  }
}

/** control range, or the range of the joint in units of the control */
function limits(model: Model, control: number): readonly [number, number] | undefined {
  const range = ctrlRange(model, control)
  if (range !== undefined) return range
  const { id } = jointOf(model, control)
  if (!int(model, 'jnt_limited')[id]) return undefined
  const gear = gearOf(model, control)
  const ends = [0, 1].map(k => model.field.jnt_range[2 * id + k] * gear)
  return [Math.min(...ends), Math.max(...ends)]
}

function pd(s: Scope, map: PdAction, list: readonly number[]): Target {
  const { model } = s
  const kp = chosen(map.kp, list.length, 'kp')
  const kd = chosen(map.kd, list.length, 'kd')
  return (target, k) => {
    const joint = jointOf(model, list[k])
    const error = target.sub(joint.position.unitless())
    const force = kp(k).unitless().mul(error).sub(kd(k).unitless().mul(joint.velocity.unitless()))
    const gear = gearOf(model, list[k])
    if (gear === 0) fail('ACTION', `${label('joint', model.names.joint, joint.id)}: its motor has gear 0`, PLACE)
    const control = gear === 1 ? force : force.div(gear)
    const range = ctrlRange(model, list[k])
    return range === undefined ? control : control.clip(...range)
  }
}

function custom(s: Scope, map: CustomAction): Mapped {
  const { model } = s
  const { actions } = s
  const command = map.command === undefined ? (model.nu === 0 ? [] : [...actions]) : demand(map.command(actions), PLACE)
  const delayed = s.delayedCommands(command.length)
  const control = map.control === undefined ? flatten(delayed) : demand(map.control(delayed), PLACE)
  if (control.length !== model.nu && !(map.control === undefined && model.nu === 0)) {
    const what = map.control === undefined ? 'command' : 'control'
    fail('ACTION', `${what}: got ${control.length} numbers, expected one for each control: ${model.nu}`, PLACE)
  }
  return { command, control: control.slice(0, model.nu), of: command.length === model.nu ? owners(model) : [] }
}
