import { ModelError } from '../errors.js'
import { BIAS, DSBL, DYN, ENBL, EQ, enumName, GAIN, GEOM, INT, OBJ, SENS, TRN } from './enums.js'
import type { ModelNumbers } from './finite.js'
import type { Model } from './model.js'
import { label } from './names.js'

/** What the support check needs of an mjModel beyond MODEL_FIELDS. */
export interface SupportFacts {
  readonly tendons: readonly string[]
  readonly flexes: readonly string[]
  readonly plugins: readonly string[]
  readonly pairs: readonly string[]
  readonly pair_geom1: Int32Array
  readonly pair_geom2: Int32Array
  /** (body1 << 16) + body2 of every excluded body pair, body1 < body2 */
  readonly exclude_signature: Int32Array
  readonly noslip_iterations: number
}

/** Where a Model that was loaded although parts of it are unsupported keeps the list of them. */
const UNSUPPORTED = Symbol.for('simcrank.unsupported')

/** The Model of these numbers, with its list of unsupported elements attached; `{ ...model }` keeps that. @internal */
export function assembleModel(numbers: ModelNumbers, name: string, xml: string, list: readonly string[]): Model {
  const { sizes, names, field } = numbers
  const model: Model = { ...sizes, name, names: Object.freeze(names), field: Object.freeze(field), xml }
  return Object.freeze(list.length === 0 ? model : { ...model, [UNSUPPORTED]: Object.freeze([...list]) })
}

/**
 * Every element of a model that simcrank cannot simulate, each a sentence with kind and name (or id); empty for every
 * Model that `loadModel` returns without `allowUnsupported`.
 *
 * Supported: joints free, ball, slide, hinge with springs, dampers, armature, frictionloss and limits; joint equality;
 * actuators on joints with dyntype none, integrator, filter, filterexact, dcmotor, pid, gain fixed, affine, dcmotor, pid,
 * bias none, affine, dcmotor, with delay; integrators Euler, RK4, implicitfast; sensors jointpos, jointvel, actuatorfrc,
 * framepos, framequat. Every `solver` is accepted: PGS, CG and Newton minimise the same cost, and simcrank always uses
 * Newton. Meshes, skins, cameras, lights and other visuals have no part in the dynamics and are ignored.
 */
export function unsupported(model: Model): readonly string[] {
  return (model as Model & { [UNSUPPORTED]?: readonly string[] })[UNSUPPORTED] ?? []
}

/** One error for all unsupported elements. */
export function unsupportedError(list: readonly string[], place?: string): ModelError {
  const count = list.length === 1 ? '1 element' : `${list.length} elements`
  const text = list.map(line => `\n  - ${line}`).join('')
  const remedy = list.some(line => line.includes(COLLIDES))
    ? '\ncontacts are not simulated yet: switch them off with <option><flag contact="disable"/></option>'
    : ''
  const message = `the model has ${count} that simcrank cannot simulate:${text}${remedy}`
  return new ModelError('MODEL_UNSUPPORTED', message, { place })
}

const COLLIDES = 'can collide with'

const DYN_OK: readonly number[] = [DYN.NONE, DYN.INTEGRATOR, DYN.FILTER, DYN.FILTEREXACT, DYN.DCMOTOR, DYN.PID]
const GAIN_OK: readonly number[] = [GAIN.FIXED, GAIN.AFFINE, GAIN.DCMOTOR, GAIN.PID]
const BIAS_OK: readonly number[] = [BIAS.NONE, BIAS.AFFINE, BIAS.DCMOTOR]
const SENS_OK: readonly number[] = [SENS.JOINTPOS, SENS.JOINTVEL, SENS.ACTUATORFRC, SENS.FRAMEPOS, SENS.FRAMEQUAT]
const FRAME_OK: readonly number[] = [OBJ.BODY, OBJ.XBODY, OBJ.GEOM, OBJ.SITE]
const INT_OK: readonly number[] = [INT.EULER, INT.RK4, INT.IMPLICITFAST]
// energy and fwdinv only compute more; they change nothing
const ENBL_OK = ENBL.ENERGY | ENBL.FWDINV
const ENBL_NAMES: Readonly<Record<string, number>> = ENBL

/**
 * The list behind `unsupported`, from compiled numbers.
 *
 * @internal
 */
export function findUnsupported(model: ModelNumbers, facts: SupportFacts): string[] {
  return [
    ...options(model, facts),
    ...facts.tendons.map((_, i) => `${label('tendon', facts.tendons, i)}: tendons are not supported`),
    ...facts.flexes.map((_, i) => `${label('flex', facts.flexes, i)}: deformable bodies are not supported`),
    ...facts.plugins.map((_, i) => `${label('plugin', facts.plugins, i)}: plugins are not supported`),
    ...bodies(model),
    ...contacts(model, facts),
    ...equalities(model),
    ...actuators(model),
    ...sensors(model),
  ]
}

function options({ field }: ModelNumbers, facts: SupportFacts): string[] {
  const list: string[] = []
  const integrator = field.opt_integrator[0]
  if (!INT_OK.includes(integrator)) {
    list.push(`option integrator '${enumName(INT, integrator)}': use Euler, RK4 or implicitfast`)
  }
  let enabled = field.opt_enableflags[0] & ~ENBL_OK
  for (const name of Object.keys(ENBL_NAMES)) {
    if ((enabled & ENBL_NAMES[name]) === 0) continue
    list.push(`option flag '${name.toLowerCase()}': must stay disabled`)
    enabled &= ~ENBL_NAMES[name]
  }
  if (enabled !== 0) list.push(`option enableflags ${enabled}: unknown flags`)
  for (const name of ['density', 'viscosity'] as const) {
    const value = field[`opt_${name}`][0]
    if (value !== 0) list.push(`option ${name} ${value}: fluid forces are not supported`)
  }
  if (facts.noslip_iterations > 0) {
    list.push(`option noslip_iterations ${facts.noslip_iterations}: the noslip solver is not supported`)
  }
  return list
}

function bodies({ names, field, sizes }: ModelNumbers): string[] {
  const list: string[] = []
  for (let b = 0; b < sizes.nbody; b++) {
    const body = label('body', names.body, b)
    if (field.body_mocapid[b] >= 0) list.push(`${body}: mocap bodies are not supported`)
    if (field.body_gravcomp[b] !== 0) list.push(`${body}: gravcomp ${field.body_gravcomp[b]} is not supported`)
  }
  return list
}

function equalities({ names, field, sizes }: ModelNumbers): string[] {
  const list: string[] = []
  for (let i = 0; i < sizes.neq; i++) {
    const type = field.eq_type[i]
    if (type === EQ.JOINT) continue
    list.push(`${label('equality', names.equality, i)}: type '${enumName(EQ, type)}' is not supported, only 'joint'`)
  }
  return list
}

function actuators({ names, field, sizes }: ModelNumbers): string[] {
  const list: string[] = []
  const disabled = field.opt_disableactuator[0]
  for (let i = 0; i < sizes.nactuator; i++) {
    const reasons: string[] = []
    const [trn, dyn] = [field.actuator_trntype[i], field.actuator_dyntype[i]]
    const [gain, bias] = [field.actuator_gaintype[i], field.actuator_biastype[i]]
    if (trn !== TRN.JOINT) reasons.push(`transmission '${enumName(TRN, trn)}'`)
    if (!DYN_OK.includes(dyn)) reasons.push(`dyntype '${enumName(DYN, dyn)}'`)
    if (!GAIN_OK.includes(gain)) reasons.push(`gaintype '${enumName(GAIN, gain)}'`)
    if (!BIAS_OK.includes(bias)) reasons.push(`biastype '${enumName(BIAS, bias)}'`)
    const group = field.actuator_group[i]
    // MuJoCo can disable groups 0 to 30
    if (group >= 0 && group <= 30 && (disabled & (1 << group)) !== 0) {
      reasons.push(`group ${group} disabled by option actuatorgroupdisable`)
    }
    if (reasons.length > 0) list.push(`${label('actuator', names.actuator, i)}: not supported: ${reasons.join(', ')}`)
  }
  return list
}

function sensors({ names, field, sizes }: ModelNumbers): string[] {
  const list: string[] = []
  for (let i = 0; i < sizes.nsensor; i++) {
    const sensor = label('sensor', names.sensor, i)
    const type = field.sensor_type[i]
    if (!SENS_OK.includes(type)) {
      list.push(`${sensor}: type '${enumName(SENS, type)}' is not supported`)
      continue
    }
    // a reading is made at every step here, late or not
    if (field.sensor_interval[2 * i] > 0) list.push(`${sensor}: interval is not supported, only delay`)
    if (type !== SENS.FRAMEPOS && type !== SENS.FRAMEQUAT) continue
    const frames = [field.sensor_objtype[i]]
    if (field.sensor_refid[i] >= 0) frames.push(field.sensor_reftype[i])
    for (const frame of frames) {
      if (FRAME_OK.includes(frame)) continue
      list.push(`${sensor}: frames of kind '${enumName(OBJ, frame)}' are not supported, only body, xbody, geom, site`)
    }
  }
  return list
}

/** Contacts that MuJoCo could make: explicit pairs, and geoms that pass all its filters but the geometric ones. */
function contacts(model: ModelNumbers, facts: SupportFacts): string[] {
  const { names, field } = model
  if ((field.opt_disableflags[0] & (DSBL.CONTACT | DSBL.CONSTRAINT)) !== 0) return []
  const list: string[] = []
  for (let i = 0; i < facts.pairs.length; i++) {
    const [a, b] = [facts.pair_geom1[i], facts.pair_geom2[i]].map(g => label('geom', names.geom, g))
    list.push(`${label('pair', facts.pairs, i)} of ${a}, which ${COLLIDES} ${b}`)
  }
  const { partner, count } = collisions(model, facts)
  for (let g = 0; g < partner.length; g++) {
    if (partner[g] < 0) continue
    const more = count[g] > 1 ? ` and ${count[g] - 1} more` : ''
    list.push(`${label('geom', names.geom, g)}: ${COLLIDES} ${label('geom', names.geom, partner[g])}${more}`)
  }
  return list
}

/**
 * For every geom, one geom it can collide with (-1: none) and how many there are, by MuJoCo's filters
 * (engine_collision_driver.c, filterBodyPair and filterBitmask).
 */
function collisions({ field, sizes }: ModelNumbers, facts: SupportFacts): { partner: Int32Array; count: Int32Array } {
  const { geom_bodyid, geom_contype, geom_conaffinity, geom_type } = field
  const partner = new Int32Array(sizes.ngeom).fill(-1)
  const count = new Int32Array(sizes.ngeom)
  const excluded = new Set(facts.exclude_signature)
  const active: number[] = []
  for (let g = 0; g < sizes.ngeom; g++) if (geom_contype[g] !== 0 || geom_conaffinity[g] !== 0) active.push(g)
  for (let i = 0; i < active.length; i++) {
    for (let j = i + 1; j < active.length; j++) {
      const [g, h] = [active[i], active[j]]
      const matches = (geom_contype[g] & geom_conaffinity[h]) | (geom_contype[h] & geom_conaffinity[g])
      if (matches === 0) continue
      // planes and height fields have no collision function between them
      if (geom_type[g] <= GEOM.HFIELD && geom_type[h] <= GEOM.HFIELD) continue
      if (!bodiesCollide(field, excluded, geom_bodyid[g], geom_bodyid[h])) continue
      if (count[g]++ === 0) partner[g] = h
      if (count[h]++ === 0) partner[h] = g
    }
  }
  return { partner, count }
}

/** Whether MuJoCo would look for contacts between two bodies. */
function bodiesCollide(field: ModelNumbers['field'], excluded: Set<number>, body1: number, body2: number): boolean {
  const { body_weldid, body_parentid, body_dofnum, opt_disableflags } = field
  const [weld1, weld2] = [body_weldid[body1], body_weldid[body2]]
  if (weld1 === weld2) return false
  // neither can move
  if (body_dofnum[weld1] === 0 && body_dofnum[weld2] === 0) return false
  const [parent1, parent2] = [body_weldid[body_parentid[weld1]], body_weldid[body_parentid[weld2]]]
  const filterParent = (opt_disableflags[0] & DSBL.FILTERPARENT) === 0
  if (filterParent && weld1 !== 0 && weld2 !== 0 && (weld1 === parent2 || weld2 === parent1)) return false
  return !excluded.has((Math.min(body1, body2) << 16) + Math.max(body1, body2))
}
