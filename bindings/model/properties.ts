import { type Field, modelFields } from '../fields.js'
import { ACTUATOR_PROPERTIES, actuatorProperty } from './actuator-properties.js'
import { EQ, enumName, JOINT, WRAP } from './enums.js'
import { bodyInertia, logCholesky, PSEUDO_INERTIA, PSEUDO_INERTIA_UNITS } from './inertia.js'
import type { Model } from './model.js'
import {
  at,
  COMPUTED,
  componentNames,
  componentUnit,
  isLinear,
  option,
  type PathKind,
  type Property,
  pickUnit,
  plain,
  rows,
  scalar,
  unlimited,
} from './property.js'

const field = (name: string): Field => {
  const found = modelFields.find(f => f.name === name)
  if (found === undefined) throw new TypeError(`no field ${name}`)
  return found
}

// ---------------------------------------------------------------- joints

const dofCount = (model: Model, id: number): number => [6, 3, 1, 1][at(model, 'jnt_type', id)]

/** a free joint's first three dofs are linear */
const dofLinear = (model: Model, id: number, k: number): boolean =>
  isLinear(at(model, 'jnt_type', id)) || (at(model, 'jnt_type', id) === JOINT.FREE && k < 3)

/** a dof field seen from its joint: one scalar per dof, or the k-th coefficient of all its dofs */
function dofs(name: string, field: Field): Property {
  const inner = field.shape.length > 1 ? (field.shape[1] as number) : 1
  return {
    name,
    whole: inner === 1,
    components: (model, id) => {
      const n = inner === 1 ? dofCount(model, id) : inner
      return n === 1 ? [] : componentNames(name, n)
    },
    target: (model, id, component) => {
      const first = at(model, 'jnt_dofadr', id)
      const n = dofCount(model, id)
      const k = Math.max(component, 0)
      const unit = pickUnit(componentUnit(field.unit, k), dofLinear(model, id, inner === 1 ? k : 0))
      const all = Array.from({ length: n }, (_, d) => first + d)
      if (inner === 1) return plain(model, field.name, component < 0 ? all : [first + component], unit)
      return plain(
        model,
        field.name,
        all.map(d => d * inner + k),
        unit,
      )
    },
  }
}

/** qpos0 or qpos_spring of a joint with one coordinate */
function reference(name: string, field: string, sign: 1 | -1): Property {
  return scalar(name, (model, id) => {
    const type = at(model, 'jnt_type', id)
    if (type !== JOINT.SLIDE && type !== JOINT.HINGE) {
      return `a ${enumName(JOINT, type)} joint has no scalar reference; only hinge and slide joints do`
    }
    const index = at(model, 'jnt_qposadr', id)
    const target = plain(model, field, [index], isLinear(type) ? 'm' : 'rad')
    if (sign > 0) return target
    return { ...target, writes: [{ field, index, factor: -1, shift: target.value }], value: 0 }
  })
}

// ---------------------------------------------------------------- bodies

/** mass with the inertia in proportion: the same shape of another density */
const mass = scalar('mass', (model, id) => {
  const value = at(model, 'body_mass', id)
  if (!(value > 0)) return 'it has no mass to scale its inertia with; use mass_only and inertia/…'
  const inertia = [0, 1, 2].map(k => ({
    field: 'body_inertia',
    index: 3 * id + k,
    factor: at(model, 'body_inertia', 3 * id + k) / value,
    shift: 0,
  }))
  const target = plain(model, 'body_mass', [id], 'kg')
  return { ...target, writes: [...target.writes, ...inertia] }
})

/** virtual field of the log-Cholesky coordinates, (nbody, 10); ParameterSpace turns it into four real fields */
export const PSEUDO_FIELD = 'pseudo_inertia'

const pseudo: Property = {
  name: PSEUDO_FIELD,
  whole: false,
  components: () => PSEUDO_INERTIA,
  target: (model, id, k) => {
    const theta = logCholesky(bodyInertia(model, id))
    if (theta === undefined) {
      return 'its inertia is not that of a solid body (no mass, flat, or against the triangle inequality), so it has no log-Cholesky form'
    }
    return {
      writes: [{ field: PSEUDO_FIELD, index: 10 * id + k, factor: 1, shift: 0 }],
      unit: PSEUDO_INERTIA_UNITS[k],
      value: theta[k],
      lowest: Number.NEGATIVE_INFINITY,
      highest: Number.POSITIVE_INFINITY,
      open: false,
    }
  },
}

// ---------------------------------------------------------------- tables

/** every per-world float field `prefix_x` that is not computed, as property `x` */
function generic(prefix: string, make: (name: string, field: Field) => Property): Property[] {
  return modelFields
    .filter(f => f.name.startsWith(`${prefix}_`) && f.perWorld && f.type === 'f' && !COMPUTED.has(f.name))
    .map(f => make(f.name.slice(prefix.length + 1), f))
}

const jointLinear = (model: Model, id: number): boolean => isLinear(at(model, 'jnt_type', id))

/** free and ball joints have no choice of axis, a free joint none of its anchor */
const fixedFor = (types: readonly number[], what: string) => (model: Model, id: number) => {
  const type = at(model, 'jnt_type', id)
  return types.includes(type) ? `a ${enumName(JOINT, type)} joint has no ${what} to choose` : undefined
}

function jointProperty(name: string, f: Field): Property {
  const named = name === 'solref' || name === 'solimp' ? `${name}_limit` : name
  const refuse = {
    range: unlimited('jnt_limited', 'position'),
    actfrcrange: unlimited('jnt_actfrclimited', 'actuator force'),
    axis: fixedFor([JOINT.FREE, JOINT.BALL], 'axis'),
    pos: fixedFor([JOINT.FREE], 'anchor'),
  }[name]
  return rows(named, f, { linear: jointLinear, refuse })
}

// ---------------------------------------------------------------- contact pairs, equalities, tendons

function pairProperty(name: string, f: Field): Property {
  if (name === 'friction') return rows(name, f, { names: (_m, _id, n) => componentNames('pairfriction', n) })
  return rows(name === 'solreffriction' ? 'solref_friction' : name, f)
}

const equalityData = field('eq_data')
const EQ_DATA = equalityData.shape[1] as number

/** one of the numbers that eq_data holds for an equality of a type */
function equalityDatum(name: string, type: number, k: number, lowest: number): Property {
  return scalar(name, (model, id) => {
    const own = at(model, 'eq_type', id)
    if (own !== type) return `a ${enumName(EQ, own)} has no ${name}, only a ${enumName(EQ, type)} does`
    return { ...plain(model, 'eq_data', [id * EQ_DATA + k], '1'), lowest }
  })
}

/** how position 2 of a joint equality becomes position 1: five coefficients of a polynomial */
const polycoef: Property = {
  name: 'polycoef',
  whole: false,
  components: (model, id) => {
    const type = at(model, 'eq_type', id)
    return type === EQ.JOINT ? componentNames('polycoef', 5) : `a ${enumName(EQ, type)} has no polycoef`
  },
  target: (model, id, k) => plain(model, 'eq_data', [id * EQ_DATA + Math.max(k, 0)], 'SI'),
}

/** true: all joints of a fixed tendon slide; false: all turn; undefined: mixed, or the tendon leads through space */
function tendonLinear(model: Model, id: number): boolean | undefined {
  const start = at(model, 'tendon_adr', id)
  const path = Array.from({ length: at(model, 'tendon_num', id) }, (_, k) => start + k)
  if (path.some(w => at(model, 'wrap_type', w) !== WRAP.JOINT)) return undefined
  const linear = path.map(w => isLinear(at(model, 'jnt_type', at(model, 'wrap_objid', w))))
  return linear.every(l => l === linear[0]) ? linear[0] : undefined
}

/** joints as components of a tendon: by name, those without one (or with one that reads as a path) by number */
function tendonJoints(model: Model, id: number): readonly string[] {
  const start = at(model, 'tendon_adr', id)
  return Array.from({ length: at(model, 'tendon_num', id) }, (_, k) => {
    const name =
      at(model, 'wrap_type', start + k) === WRAP.JOINT ? model.names.joint[at(model, 'wrap_objid', start + k)] : ''
    return name === '' || name.includes('/') ? String(k) : name
  })
}

const TENDON_UNITS: Readonly<Record<string, string>> = {
  stiffness: 'N/m or N*m/rad',
  damping: 'N*s/m or N*m*s/rad',
  armature: 'kg or kg*m^2',
}

function tendonProperty(name: string, f: Field): Property {
  const named = name.replace(/_lim$/, '_limit').replace(/_fri$/, '_friction')
  const refuse = {
    range: unlimited('tendon_limited', 'length'),
    actfrcrange: unlimited('tendon_actfrclimited', 'actuator force'),
  }[name]
  return rows(named, { ...f, unit: TENDON_UNITS[name] ?? f.unit }, { linear: tendonLinear, refuse })
}

/** coefficients of the joints in a fixed tendon */
const coef = rows('coef', field('wrap_prm'), {
  first: (model, id) => at(model, 'tendon_adr', id),
  count: (model, id) => at(model, 'tendon_num', id),
  names: tendonJoints,
})

function dofProperty(name: string, f: Field): Property {
  return dofs(name === 'solref' || name === 'solimp' ? `${name}_friction` : name, f)
}

function table(list: readonly Property[]): ReadonlyMap<string, Property> {
  return new Map(list.map(p => [p.name, p]))
}

/** Every property a path may name, by kind. Later rows of a list replace earlier ones of the same name. */
export const PROPERTIES: Readonly<Record<PathKind, ReadonlyMap<string, Property>>> = {
  body: table([
    ...generic('body', rows),
    mass,
    rows('mass_only', field('body_mass')),
    rows('com', field('body_ipos')),
    pseudo,
  ]),
  joint: table([
    ...generic('jnt', jointProperty),
    ...generic('dof', dofProperty),
    reference('ref', 'qpos0', 1),
    reference('offset', 'qpos0', -1),
    reference('springref', 'qpos_spring', 1),
  ]),
  geom: table(generic('geom', rows)),
  pair: table(generic('pair', pairProperty)),
  site: table(generic('site', rows)),
  equality: table([...generic('eq', rows), polycoef, equalityDatum('torquescale', EQ.WELD, EQ_DATA - 1, 0)]),
  tendon: table([...generic('tendon', tendonProperty), coef]),
  actuator: table([...generic('actuator', actuatorProperty), ...ACTUATOR_PROPERTIES]),
  sensor: table(generic('sensor', rows)),
  option: table(generic('opt', option)),
}
