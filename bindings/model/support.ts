import { ModelError } from '../errors.js'
import { collidingGeoms, PAIR_ROW } from './collisions.js'
import { BIAS, DSBL, DYN, ENBL, EQ, enumName, GAIN, GEOM, INT, OBJ, SENS, TRN, WRAP } from './enums.js'
import type { ModelNumbers } from './finite.js'
import type { Model } from './model.js'
import { label } from './names.js'
import { isVisible } from './visible.js'

/** What the support check needs of an mjModel beyond MODEL_FIELDS. */
export interface SupportFacts {
  readonly flexes: readonly string[]
  readonly plugins: readonly string[]
  /** ids of geoms with the ellipsoid fluid model, adhesion, a moving surface; of pairs with adhesion */
  readonly fluidGeoms: readonly number[]
  readonly adhesiveGeoms: readonly number[]
  readonly conveyorGeoms: readonly number[]
  readonly adhesivePairs: readonly number[]
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
 * Supported: joints free, ball, slide, hinge with springs, dampers, armature, frictionloss and limits; contacts of planes,
 * spheres, capsules, cylinders, ellipsoids and boxes with pairs and excludes, every condim, both cones; equality connect,
 * weld, joint; fixed tendons; actuators on joints (in the joint's frame or its parent's), fixed tendons and sites, with
 * dyntype none, integrator, filter, filterexact, dcmotor, pid, gain fixed, affine, dcmotor, pid, bias none, affine,
 * dcmotor, with delay; all integrators and solvers; gravity compensation, mocap bodies, inertia-box fluid forces;
 * the sensors of SENSORS. Meshes, height fields and SDFs that cannot collide, skins, cameras, lights and other visuals
 * have no part in the dynamics and are ignored.
 */
export function unsupported(model: Model): readonly string[] {
  return (model as Model & { [UNSUPPORTED]?: readonly string[] })[UNSUPPORTED] ?? []
}

/** One error for all unsupported elements. */
export function unsupportedError(list: readonly string[], place?: string): ModelError {
  const count = list.length === 1 ? '1 element' : `${list.length} elements`
  const text = list.map(line => `\n  - ${line}`).join('')
  const remedy = list.some(line => line.includes(COLLIDES))
    ? '\ncollide with primitive geoms instead, and make those for show unable to: contype="0" conaffinity="0"'
    : ''
  const message = `the model has ${count} that simcrank cannot simulate:${text}${remedy}`
  return new ModelError('MODEL_UNSUPPORTED', message, { place })
}

const COLLIDES = 'can collide with'

const DYN_OK: readonly number[] = [DYN.NONE, DYN.INTEGRATOR, DYN.FILTER, DYN.FILTEREXACT, DYN.DCMOTOR, DYN.PID]
const GAIN_OK: readonly number[] = [GAIN.FIXED, GAIN.AFFINE, GAIN.DCMOTOR, GAIN.PID]
const BIAS_OK: readonly number[] = [BIAS.NONE, BIAS.AFFINE, BIAS.DCMOTOR]
const TRN_OK: readonly number[] = [TRN.JOINT, TRN.JOINTINPARENT, TRN.TENDON, TRN.SITE]
const EQ_OK: readonly number[] = [EQ.CONNECT, EQ.WELD, EQ.JOINT]
const INT_OK: readonly number[] = [INT.EULER, INT.RK4, INT.IMPLICIT, INT.IMPLICITFAST]
/** geoms that can be seen and have mass, but not be touched */
const UNTOUCHABLE: readonly number[] = [GEOM.HFIELD, GEOM.MESH, GEOM.SDF]
/** sensors, by the kind of what they refer to */
const SENSORS = {
  site: [
    ...[SENS.TOUCH, SENS.ACCELEROMETER, SENS.VELOCIMETER, SENS.GYRO, SENS.FORCE, SENS.TORQUE],
    ...[SENS.MAGNETOMETER, SENS.RANGEFINDER],
  ],
  frame: [
    ...[SENS.FRAMEPOS, SENS.FRAMEQUAT, SENS.FRAMEXAXIS, SENS.FRAMEYAXIS, SENS.FRAMEZAXIS],
    ...[SENS.FRAMELINVEL, SENS.FRAMEANGVEL, SENS.FRAMELINACC, SENS.FRAMEANGACC],
    SENS.INSIDESITE,
  ],
  other: [
    ...[SENS.JOINTPOS, SENS.JOINTVEL, SENS.JOINTACTFRC, SENS.BALLQUAT, SENS.BALLANGVEL],
    ...[SENS.JOINTLIMITPOS, SENS.JOINTLIMITVEL, SENS.JOINTLIMITFRC],
    ...[SENS.TENDONPOS, SENS.TENDONVEL, SENS.TENDONACTFRC],
    ...[SENS.TENDONLIMITPOS, SENS.TENDONLIMITVEL, SENS.TENDONLIMITFRC],
    ...[SENS.ACTUATORPOS, SENS.ACTUATORVEL, SENS.ACTUATORFRC],
    ...[SENS.SUBTREECOM, SENS.SUBTREELINVEL, SENS.SUBTREEANGMOM, SENS.CLOCK, SENS.CONTACT],
    ...[SENS.E_POTENTIAL, SENS.E_KINETIC],
  ],
} as const satisfies Record<string, readonly number[]>
const FRAME_OK: readonly number[] = [OBJ.BODY, OBJ.XBODY, OBJ.GEOM, OBJ.SITE]
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
    ...tendons(model),
    ...facts.flexes.map((_, i) => `${label('flex', facts.flexes, i)}: deformable bodies are not supported`),
    ...facts.plugins.map((_, i) => `${label('plugin', facts.plugins, i)}: plugins are not supported`),
    ...geoms(model, facts),
    ...contacts(model),
    ...equalities(model),
    ...actuators(model),
    ...sensors(model),
  ]
}

function options(model: ModelNumbers, facts: SupportFacts): string[] {
  const { field, names } = model
  const list: string[] = []
  const integrator = field.opt_integrator[0]
  if (!INT_OK.includes(integrator)) list.push(`option integrator '${enumName(INT, integrator)}' is not supported`)
  let enabled = field.opt_enableflags[0] & ~ENBL_OK
  for (const name of Object.keys(ENBL_NAMES)) {
    if ((enabled & ENBL_NAMES[name]) === 0) continue
    list.push(`option flag '${name.toLowerCase()}': must stay disabled`)
    enabled &= ~ENBL_NAMES[name]
  }
  if (enabled !== 0) list.push(`option enableflags ${enabled}: unknown flags`)
  if (facts.noslip_iterations > 0) {
    list.push(`option noslip_iterations ${facts.noslip_iterations}: the noslip solver is not supported`)
  }
  if ((field.opt_disableflags[0] & DSBL.NATIVECCD) !== 0) {
    const pair = convexPair(model)
    if (pair !== undefined) {
      const [a, b] = pair.map(g => label('geom', names.geom, g))
      list.push(`option flag 'nativeccd': must stay enabled: ${a} and ${b} collide by the convex routine`)
    }
  }
  return list
}

/** types that collide by MuJoCo's general convex routine with every type of the list not in CLOSED */
const CONVEX: readonly number[] = [GEOM.SPHERE, GEOM.CAPSULE, GEOM.ELLIPSOID, GEOM.CYLINDER, GEOM.BOX]
/** pairs of these that have a function of their own (engine_collision_driver.c, mjCOLLISIONFUNC) */
const CLOSED: readonly (readonly number[])[] = [
  [GEOM.SPHERE, GEOM.SPHERE],
  [GEOM.SPHERE, GEOM.CAPSULE],
  [GEOM.SPHERE, GEOM.CYLINDER],
  [GEOM.SPHERE, GEOM.BOX],
  [GEOM.CAPSULE, GEOM.CAPSULE],
  [GEOM.CAPSULE, GEOM.BOX],
  [GEOM.BOX, GEOM.BOX],
]

/** Do geoms of these types, in ascending order, collide by the general convex routine? @internal */
export function byConvexRoutine(type1: number, type2: number): boolean {
  if (!CONVEX.includes(type1) || !CONVEX.includes(type2)) return false
  return !CLOSED.some(([a, b]) => a === type1 && b === type2)
}

/** two geoms that collide by the general convex routine */
function convexPair({ field }: ModelNumbers): readonly [number, number] | undefined {
  const { geom_type } = field
  const rows = collidingGeoms(field)
  for (let i = 0; i < rows.length; i += PAIR_ROW) {
    const [g, h] = [rows[i], rows[i + 1]]
    if (byConvexRoutine(geom_type[g], geom_type[h])) return [g, h]
  }
  return undefined
}

/** Fixed tendons are sums of joint positions; what leads a tendon through space is named. */
function tendons({ names, field, sizes }: ModelNumbers): string[] {
  const list: string[] = []
  for (let t = 0; t < sizes.ntendon; t++) {
    const reasons: string[] = []
    const path = field.wrap_type.subarray(field.tendon_adr[t], field.tendon_adr[t] + field.tendon_num[t])
    if (path.some(type => type !== WRAP.JOINT)) reasons.push('spatial tendons are not supported, only fixed ones')
    if (reasons.length > 0) list.push(`${label('tendon', names.tendon, t)}: ${reasons.join('; ')}`)
  }
  return list
}

function geoms({ names }: ModelNumbers, facts: SupportFacts): string[] {
  const line = (ids: readonly number[], why: string): string[] =>
    ids.map(g => `${label('geom', names.geom, g)}: ${why}`)
  return [
    ...line(facts.fluidGeoms, "fluidshape 'ellipsoid' is not supported, only the inertia-box model"),
    ...line(facts.adhesiveGeoms, 'adhesion is not supported'),
    ...line(facts.conveyorGeoms, 'surfacevel is not supported'),
    ...facts.adhesivePairs.map(i => `${label('pair', names.pair, i)}: adhesion is not supported`),
  ]
}

/** Geoms that cannot be touched, in explicit pairs and in all others that pass MuJoCo's filters. */
function contacts({ names, field }: ModelNumbers): string[] {
  const type = (g: number): number => field.geom_type[g]
  const kind = (g: number): string => `type '${enumName(GEOM, type(g))}'`
  const geom = (g: number): string => label('geom', names.geom, g)
  const pairs: string[] = []
  const partners = new Map<number, number[]>()
  const rows = collidingGeoms(field)
  for (let i = 0; i < rows.length; i += PAIR_ROW) {
    // height fields, meshes and SDFs may meet among themselves too
    for (const [g, h] of [
      [rows[i], rows[i + 1]],
      [rows[i + 1], rows[i]],
    ]) {
      if (!UNTOUCHABLE.includes(type(g))) continue
      const pair = rows[i + 2]
      if (pair < 0) {
        const others = partners.get(g) ?? []
        others.push(h)
        partners.set(g, others)
      } else pairs.push(`${label('pair', names.pair, pair)} of ${geom(g)} of ${kind(g)}, which ${COLLIDES} ${geom(h)}`)
    }
  }
  const alone = [...partners].map(([g, others]) => {
    const more = others.length > 1 ? ` and ${others.length - 1} more` : ''
    return `${geom(g)}: ${kind(g)} ${COLLIDES} ${geom(others[0])}${more}`
  })
  return [...pairs, ...alone]
}

function equalities({ names, field, sizes }: ModelNumbers): string[] {
  const list: string[] = []
  for (let i = 0; i < sizes.neq; i++) {
    const type = field.eq_type[i]
    if (EQ_OK.includes(type)) continue
    const equality = label('equality', names.equality, i)
    list.push(`${equality}: type '${enumName(EQ, type)}' is not supported, only 'connect', 'weld', 'joint'`)
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
    if (!TRN_OK.includes(trn)) reasons.push(`transmission '${enumName(TRN, trn)}'`)
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

function sensors(model: ModelNumbers): string[] {
  const { names, field, sizes } = model
  const list: string[] = []
  const has = (known: readonly number[], type: number): boolean => known.includes(type)
  for (let i = 0; i < sizes.nsensor; i++) {
    const sensor = label('sensor', names.sensor, i)
    const type = field.sensor_type[i]
    if (!Object.values(SENSORS).some(known => has(known, type))) {
      list.push(`${sensor}: type '${enumName(SENS, type)}' is not supported`)
      continue
    }
    const objtype = field.sensor_objtype[i]
    if (has(SENSORS.site, type) && objtype !== OBJ.SITE) {
      list.push(`${sensor}: '${enumName(SENS, type)}' of a ${enumName(OBJ, objtype)} is not supported, only of a site`)
    }
    if (type === SENS.RANGEFINDER) {
      // a ray passes what is transparent, and the body it starts from
      const body = field.site_bodyid[field.sensor_objid[i]]
      const g = field.geom_type.findIndex(
        (t, geom) => UNTOUCHABLE.includes(t) && field.geom_bodyid[geom] !== body && isVisible(field, geom),
      )
      const seen = g < 0 ? '' : `${label('geom', names.geom, g)} of type '${enumName(GEOM, field.geom_type[g])}'`
      if (g >= 0) list.push(`${sensor}: its ray may meet ${seen}, which is not supported`)
    }
    if (!has(SENSORS.frame, type)) continue
    const frames = [objtype]
    if (field.sensor_refid[i] >= 0) frames.push(field.sensor_reftype[i])
    for (const frame of frames) {
      if (FRAME_OK.includes(frame)) continue
      list.push(`${sensor}: frames of kind '${enumName(OBJ, frame)}' are not supported, only body, xbody, geom, site`)
    }
  }
  return list
}
