import type { Field } from '../fields.js'
import { BIAS, DYN, enumName, GAIN, INPUT, TRN } from './enums.js'
import type { Model } from './model.js'
import { at, componentNames, isLinear, type Property, plain, rows, scalar, type Target, unlimited } from './property.js'

/** true linear, false angular, undefined when the transmission is not a joint's scalar */
function actuatorLinear(model: Model, id: number): boolean | undefined {
  const trn = at(model, 'actuator_trntype', id)
  if (trn !== TRN.JOINT && trn !== TRN.JOINTINPARENT) return undefined
  const joint = at(model, 'actuator_trnid', 2 * id)
  return isLinear(at(model, 'jnt_type', joint))
}

function actuatorUnit(model: Model, id: number, linear: string, angular: string): string {
  const is = actuatorLinear(model, id)
  return is === undefined ? 'SI' : is ? linear : angular
}

interface Prm {
  readonly field: 'actuator_gainprm' | 'actuator_biasprm' | 'actuator_dynprm'
  readonly k: number
  readonly factor: number
}
const gain = (k: number, factor = 1): Prm => ({ field: 'actuator_gainprm', k, factor })
const bias = (k: number, factor = 1): Prm => ({ field: 'actuator_biasprm', k, factor })
const dyn = (k: number): Prm => ({ field: 'actuator_dynprm', k, factor: 1 })

/** one value written to several actuator parameters with signs; they must agree in the model */
function prms(
  model: Model,
  id: number,
  list: readonly Prm[],
  unit: string,
  lowest: number,
  open = false,
): Target | string {
  const writes = list.map(p => ({ field: p.field, index: id * 10 + p.k, factor: p.factor, shift: 0 }))
  const values = writes.map(w => at(model, w.field, w.index) * w.factor)
  if (values.some(v => v !== values[0])) {
    const shown = writes
      .map((w, i) => `${w.field.slice(9)}/${list[i].k} = ${at(model, w.field, w.index)}`)
      .join(' and ')
    return `${shown} are not one gain; use these paths one by one`
  }
  // -0 would be a start value that prints oddly
  return { writes, unit, value: values[0] + 0, lowest, highest: Number.POSITIVE_INFINITY, open }
}

/** how MuJoCo's shortcut elements fill the parameters; see mjs_setToPosition, mjs_setToVelocity, mjs_setToPID … */
type Servo = 'position' | 'velocity' | 'affine' | 'pid' | 'dcmotor' | 'damper' | 'none' | 'blank'

function servo(model: Model, id: number): Servo {
  const gaintype = at(model, 'actuator_gaintype', id)
  const biastype = at(model, 'actuator_biastype', id)
  if (gaintype === GAIN.PID) return 'pid'
  if (gaintype === GAIN.DCMOTOR) return 'dcmotor'
  if (gaintype === GAIN.AFFINE && biastype === BIAS.NONE) return 'damper'
  if (gaintype === GAIN.SO3) return 'position'
  if (gaintype !== GAIN.FIXED || biastype !== BIAS.AFFINE) return 'none'
  const [g, p, v] = [
    at(model, 'actuator_gainprm', id * 10),
    ...[1, 2].map(k => at(model, 'actuator_biasprm', id * 10 + k)),
  ]
  if (p === 0 && v !== 0 && g === -v) return 'velocity'
  if (p !== 0 && g === -p) return 'position'
  return g === 0 && p === 0 && v === 0 ? 'blank' : 'affine'
}

const typeOf = (model: Model, id: number): string =>
  `gaintype ${enumName(GAIN, at(model, 'actuator_gaintype', id))}, biastype ${enumName(BIAS, at(model, 'actuator_biastype', id))}`

/** a gain of a dcmotor's own controller, which exists only with an input for it */
function controller(model: Model, id: number, p: Prm, unit: string, above?: number): Target | string {
  if ((at(model, 'actuator_ctrlspec', id) & (INPUT.POS | INPUT.VEL | INPUT.FF)) === 0) {
    return 'this dcmotor takes a voltage and has no controller; give it an input (pos, vel or ff)'
  }
  return prms(model, id, [p], unit, above ?? Number.NEGATIVE_INFINITY, above !== undefined)
}

const kp = scalar('kp', (model, id) => {
  const unit = actuatorUnit(model, id, 'N/m', 'N*m/rad')
  switch (servo(model, id)) {
    case 'position':
    case 'affine':
    case 'blank':
      return prms(model, id, [gain(0), bias(1, -1)], unit, Number.NEGATIVE_INFINITY)
    case 'pid':
      return prms(model, id, [bias(1, -1)], unit, Number.NEGATIVE_INFINITY)
    case 'dcmotor':
      return controller(model, id, gain(4), unit)
    case 'velocity':
      return 'it is a velocity servo, which has kv only'
    default:
      return `it has no position feedback (${typeOf(model, id)}); use gain, gainprm/… or biasprm/…`
  }
})

/** kv below 0 would be read by MuJoCo as a damping ratio */
const kv = scalar('kv', (model, id) => {
  const unit = actuatorUnit(model, id, 'N*s/m', 'N*m*s/rad')
  switch (servo(model, id)) {
    case 'position':
    case 'affine':
    case 'pid':
      return prms(model, id, [bias(2, -1)], unit, 0)
    case 'velocity':
      return prms(model, id, [gain(0), bias(2, -1)], unit, 0)
    case 'damper':
      return prms(model, id, [gain(2, -1)], unit, 0)
    case 'dcmotor':
      return controller(model, id, gain(6), unit)
    case 'blank':
      return 'all its gains are 0, so a position servo cannot be told from a velocity servo; give the model one that is not 0'
    default:
      return `it has no velocity feedback (${typeOf(model, id)}); use gainprm/… or biasprm/…`
  }
})

const plainGain = scalar('gain', (model, id) => {
  const gaintype = at(model, 'actuator_gaintype', id)
  if (gaintype === GAIN.FIXED || gaintype === GAIN.AFFINE) {
    return prms(model, id, [gain(0)], 'SI', Number.NEGATIVE_INFINITY)
  }
  return `gainprm/0 is not a gain with gaintype ${enumName(GAIN, gaintype)}; use gainprm/…`
})

/** parameters whose being 0 decides how many activations the actuator has: they cannot appear or vanish */
function structural(model: Model, id: number, p: Prm, unit: string): Target | string {
  if (at(model, p.field, id * 10 + p.k) <= 0)
    return 'it is 0 in the model, which then has no state for it; give the model a positive one'
  return prms(model, id, [p], unit, 0, true)
}

/** a named parameter of dcmotor or pid */
function motor(name: string, dcmotor: (model: Model, id: number) => Target | string, pid?: typeof dcmotor): Property {
  return scalar(name, (model, id) => {
    const gaintype = at(model, 'actuator_gaintype', id)
    if (gaintype === GAIN.DCMOTOR) return dcmotor(model, id)
    if (gaintype === GAIN.PID && pid !== undefined) return pid(model, id)
    return `it is not a dcmotor${pid === undefined ? '' : ' or pid'} (${typeOf(model, id)})`
  })
}

const positive = (p: Prm, unit: string) => (model: Model, id: number) => prms(model, id, [p], unit, 0, true)
/** clamp of an integral state, which exists only with ki above 0 */
const clamp = (ki: Prm, imax: Prm) => (model: Model, id: number) =>
  at(model, ki.field, id * 10 + ki.k) > 0
    ? prms(model, id, [imax], 'SI', 0)
    : 'its ki is 0, so there is no integral to clamp'

const timeconst = scalar('timeconst', (model, id) => {
  const dyntype = at(model, 'actuator_dyntype', id)
  if (dyntype === DYN.FILTER || dyntype === DYN.FILTEREXACT) return prms(model, id, [dyn(0)], 's', 0)
  if (dyntype === DYN.DCMOTOR) return structural(model, id, dyn(0), 's')
  return `it has no filter (dyntype ${enumName(DYN, dyntype)})`
})

/** raw parameters keep the traps of the named ones */
function rawPrm(name: 'gainprm' | 'biasprm' | 'dynprm'): Property {
  const field = `actuator_${name}` as const
  return {
    name,
    whole: false,
    components: () => componentNames(name, 10),
    target: (model, id, k) => {
      const target = plain(model, field, [id * 10 + k], 'SI')
      if (isStructural(model, id, name, k)) return structural(model, id, { field, k, factor: 1 }, 'SI')
      if (name === 'gainprm' && k < 2 && servo(model, id) === 'dcmotor') return { ...target, lowest: 0, open: true }
      const kind = servo(model, id)
      const dampratio = name === 'biasprm' && k === 2 && (kind === 'position' || kind === 'pid' || kind === 'blank')
      return dampratio ? { ...target, highest: 0 } : target
    },
  }
}

function isStructural(model: Model, id: number, name: string, k: number): boolean {
  const kind = servo(model, id)
  if (kind === 'dcmotor') return name === 'gainprm' ? k === 5 : name === 'dynprm' && [0, 2, 5, 7].includes(k)
  return kind === 'pid' && ((name === 'gainprm' && k === 0) || (name === 'dynprm' && k === 1))
}

const PRM = ['gainprm', 'biasprm', 'dynprm'] as const
const adr = (name: string) => (model: Model, id: number) => at(model, name, id)

/** A row of MODEL_FIELDS as a property of actuators. */
export function actuatorProperty(name: string, f: Field): Property {
  const prm = PRM.find(p => p === name)
  if (prm !== undefined) return rawPrm(prm)
  if (name === 'gear') return rows(name, f, { first: adr('actuator_outadr'), count: adr('actuator_outnum') })
  if (name === 'ctrlrange') {
    const limited = (model: Model, id: number) => {
      const first = at(model, 'actuator_ctrladr', id)
      const all = Array.from({ length: at(model, 'actuator_ctrlnum', id) }, (_, k) =>
        at(model, 'actuator_ctrllimited', first + k),
      )
      return all.some(flag => flag !== 0) ? undefined : 'its control is not limited, so a range has no effect'
    }
    return rows(name, f, { first: adr('actuator_ctrladr'), count: adr('actuator_ctrlnum'), refuse: limited })
  }
  if (name === 'forcerange') {
    return rows(name, f, { linear: actuatorLinear, refuse: unlimited('actuator_forcelimited', 'force') })
  }
  if (name === 'damping') return rows(name, { ...f, unit: 'N*s/m or N*m*s/rad' }, { linear: actuatorLinear })
  if (name === 'armature') return rows(name, { ...f, unit: 'kg or kg*m^2' }, { linear: actuatorLinear })
  if (name === 'actrange') return rows(name, f, { refuse: unlimited('actuator_actlimited', 'activation') })
  return rows(name, f, { linear: actuatorLinear })
}

/** Properties of actuators that are no field of their own: MuJoCo's shortcut elements by their own names. */
export const ACTUATOR_PROPERTIES: readonly Property[] = [
  kp,
  kv,
  plainGain,
  timeconst,
  motor(
    'ki',
    (m, i) => structural(m, i, gain(5), 'SI'),
    (m, i) => structural(m, i, gain(0), 'SI'),
  ),
  motor(
    'slewmax',
    (m, i) => structural(m, i, dyn(7), 'SI'),
    (m, i) => structural(m, i, dyn(1), 'SI'),
  ),
  motor('imax', clamp(gain(5), dyn(8)), clamp(gain(0), dyn(0))),
  motor('kd', (m, i) => controller(m, i, gain(6), actuatorUnit(m, i, 'N*s/m', 'N*m*s/rad'))),
  motor('R', positive(gain(0), 'ohm')),
  motor('K', positive(gain(1), 'N*m/A')),
  motor('Vmax', (m, i) => controller(m, i, gain(7), 'V', 0)),
]
