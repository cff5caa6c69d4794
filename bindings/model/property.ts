import type { Field } from '../fields.js'
import { JOINT } from './enums.js'
import type { Model } from './model.js'

/** Kinds of elements a parameter path may start with. */
export const PATH_KINDS = [
  'body',
  'joint',
  'geom',
  'pair',
  'site',
  'equality',
  'tendon',
  'actuator',
  'sensor',
  'option',
] as const
export type PathKind = (typeof PATH_KINDS)[number]

/** model.field[field][index] = factor * value + shift */
export interface Write {
  readonly field: string
  readonly index: number
  readonly factor: number
  readonly shift: number
}

/** What a property of one element stands for: the scalars it writes, its unit, its domain. */
export interface Target {
  readonly writes: readonly Write[]
  readonly unit: string
  /** the model's own value */
  readonly value: number
  /** values below are refused; `open` refuses `lowest` itself too */
  readonly lowest: number
  readonly highest: number
  readonly open: boolean
}

/**
 * A property of a kind of element: `mass` of a body, `kp` of an actuator. `components` gives the names of its scalars on
 * this element ([] when it is one scalar); `target` resolves one of them, `component` -1 being the property as a whole.
 * Both return a sentence when the element has no such property.
 */
export interface Property {
  readonly name: string
  components(model: Model, id: number): readonly string[] | string
  /** may the component be left out though there are several? (all dofs of a joint at once) */
  readonly whole: boolean
  target(model: Model, id: number, component: number): Target | string
}

const XYZ = ['x', 'y', 'z'] as const
const RANGE = ['lower', 'upper'] as const

/** component names by property; others are numbered */
const COMPONENTS: Readonly<Record<string, readonly string[]>> = {
  pos: XYZ,
  ipos: XYZ,
  com: XYZ,
  axis: XYZ,
  gravity: XYZ,
  wind: XYZ,
  magnetic: XYZ,
  quat: ['w', 'x', 'y', 'z'],
  iquat: ['w', 'x', 'y', 'z'],
  range: RANGE,
  actfrcrange: RANGE,
  ctrlrange: RANGE,
  forcerange: RANGE,
  actrange: RANGE,
  lengthspring: RANGE,
  friction: ['sliding', 'torsional', 'rolling'],
  solref: ['timeconst', 'dampratio'],
  solimp: ['dmin', 'dmax', 'width', 'midpoint', 'power'],
  interval: ['period', 'phase'],
  pairfriction: ['sliding1', 'sliding2', 'torsional', 'rolling1', 'rolling2'],
}

/** `width` component names of a property: the known ones when they fit, else numbers */
export function componentNames(property: string, width: number): readonly string[] {
  const known = COMPONENTS[property.replace(/_(limit|friction)$/, '')]
  return known?.length === width ? known : Array.from({ length: width }, (_, k) => String(k))
}

/** constants that mj_setConst computes, and the bounding radius that follows the size: results, never parameters */
export const COMPUTED = new Set([
  'body_subtreemass',
  'body_invweight0',
  'dof_invweight0',
  'dof_M0',
  'actuator_length0',
  'actuator_acc0',
  'tendon_length0',
  'tendon_invweight0',
  'geom_rbound',
])

/** lowest values: below them MuJoCo refuses the model or reads the number as something else */
const LOWEST: Readonly<Record<string, readonly [lowest: number, open: boolean]>> = {
  opt_timestep: [0, true],
  opt_impratio: [0, true],
  opt_density: [0, false],
  opt_viscosity: [0, false],
  body_mass: [0, true],
  body_inertia: [0, false],
  dof_armature: [0, false],
  dof_frictionloss: [0, false],
  jnt_margin: [0, false],
  geom_friction: [0, false],
  geom_solmix: [0, false],
  geom_size: [0, false],
  geom_gap: [0, false],
  pair_friction: [0, false],
  pair_gap: [0, false],
  site_size: [0, false],
  tendon_margin: [0, false],
  tendon_armature: [0, false],
  tendon_frictionloss: [0, false],
  actuator_armature: [0, false],
  actuator_delay: [0, false],
  sensor_delay: [0, false],
  sensor_cutoff: [0, false],
  sensor_noise: [0, false],
}

export const isLinear = (type: number): boolean => type === JOINT.SLIDE

/** the alternative of 'N/m or N*m/rad' that fits */
export function pickUnit(unit: string, linear: boolean | undefined): string {
  const [first, second] = unit.split(' or ')
  if (second === undefined || linear === undefined) return unit
  return linear ? first : second
}

/** the k-th of '1, m, m' */
export function componentUnit(unit: string, k: number): string {
  const list = unit.split(', ')
  return list[Math.min(Math.max(k, 0), list.length - 1)]
}

/** A target that writes scalars of one field, equal to the value. */
export function plain(model: Model, field: string, indices: readonly number[], unit: string): Target {
  const [lowest, open] = LOWEST[field] ?? [Number.NEGATIVE_INFINITY, false]
  return {
    writes: indices.map(index => ({ field, index, factor: 1, shift: 0 })),
    unit,
    value: model.field[field][indices[0]],
    lowest,
    highest: Number.POSITIVE_INFINITY,
    open,
  }
}

export const at = (model: Model, field: string, index: number): number => model.field[field][index]

export function scalar(name: string, target: (model: Model, id: number) => Target | string): Property {
  return { name, whole: true, components: () => [], target }
}

/** a property that is a row of MODEL_FIELDS; `adr` and `count` place the element's rows in it */
export function rows(
  name: string,
  field: Field,
  options: {
    first?: (model: Model, id: number) => number
    count?: (model: Model, id: number) => number
    names?: (model: Model, id: number, n: number) => readonly string[]
    linear?: (model: Model, id: number) => boolean | undefined
    refuse?: (model: Model, id: number) => string | undefined
  } = {},
): Property {
  const inner = field.shape.length > 1 ? (field.shape[1] as number) : 1
  const width = (model: Model, id: number): number => inner * (options.count?.(model, id) ?? 1)
  return {
    name,
    whole: false,
    components: (model, id) => {
      const n = width(model, id)
      if (options.names !== undefined) return options.names(model, id, n)
      return options.refuse?.(model, id) ?? (n === 1 ? [] : componentNames(name, n))
    },
    target: (model, id, component) => {
      const start = (options.first?.(model, id) ?? id) * inner
      const k = Math.max(component, 0)
      const unit = pickUnit(componentUnit(field.unit, k % inner), options.linear?.(model, id))
      return plain(model, field.name, [start + k], unit)
    },
  }
}

/** a simulation option: one for the whole model, so there is no element to index */
export function option(name: string, field: Field): Property {
  const width = field.shape[0] as number
  return {
    name,
    whole: false,
    components: () => (width === 1 ? [] : componentNames(name, width)),
    target: (model, _id, component) => plain(model, field.name, [Math.max(component, 0)], field.unit),
  }
}

/** Refuses a range whose flag says that it is not used. */
export const unlimited = (flag: string, what: string) => (model: Model, id: number) =>
  at(model, flag, id) === 0 ? `its ${what} is not limited, so a range has no effect` : undefined
