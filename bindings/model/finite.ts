import { ModelError } from '../errors.js'
import { type Field, fieldSize, modelFields, type SizeName } from '../fields.js'
import type { ModelNames } from './model.js'
import { label } from './names.js'

/** A Model before it is one: the numbers, not yet judged. */
export interface ModelNumbers {
  readonly sizes: Readonly<Record<SizeName, number>>
  readonly names: ModelNames
  readonly field: Readonly<Record<string, Float64Array | Int32Array>>
}

const KIND_OF_SIZE: Partial<Record<SizeName, keyof ModelNames>> = {
  nbody: 'body',
  njnt: 'joint',
  ngeom: 'geom',
  nsite: 'site',
  neq: 'equality',
  nactuator: 'actuator',
  nsensor: 'sensor',
  nkey: 'key',
  ntendon: 'tendon',
  npair: 'pair',
  nexclude: 'exclude',
}

/** last id whose start address is not beyond index */
function owner(adr: ArrayLike<number> | undefined, index: number): number {
  let id = -1
  for (let i = 0; i < (adr?.length ?? 0); i++) if (adr![i] >= 0 && adr![i] <= index) id = i
  return id
}

/** The element that number `index` of a field belongs to, e.g. `joint 'elbow'`; undefined for options. */
function elementOf(model: ModelNumbers, field: Field, index: number): string | undefined {
  const size = field.shape[0]
  if (typeof size === 'number') return undefined
  const row = Math.floor(index / (fieldSize(field, model.sizes) / model.sizes[size as SizeName]))
  const kind = KIND_OF_SIZE[size as SizeName]
  if (kind !== undefined) return label(kind, model.names[kind], row)
  if (size === 'nv') return label('joint', model.names.joint, model.field.dof_jntid?.[row] ?? -1)
  if (size === 'nq') return label('joint', model.names.joint, owner(model.field.jnt_qposadr, row))
  if (size === 'nwrap') return label('tendon', model.names.tendon, owner(model.field.tendon_adr, row))
  const start = size === 'nu' ? model.field.actuator_ctrladr : model.field.actuator_outadr
  return label('actuator', model.names.actuator, owner(start, row))
}

/** computed by mj_setConst from the others: a bad number shows there too, so they are looked at last */
const DERIVED = new Set([
  'stat_meaninertia',
  'body_subtreemass',
  'body_invweight0',
  'dof_invweight0',
  'dof_M0',
  'actuator_length0',
  'actuator_acc0',
  'tendon_length0',
  'tendon_invweight0',
])

/**
 * MuJoCo accepts NaN, and so would spread it: every number must be finite.
 *
 * @throws {ModelError} MODEL_NOT_FINITE naming field, index and element
 */
export function checkFinite(model: ModelNumbers): void {
  const fields = modelFields.filter(field => field.type === 'f')
  const causes = fields.filter(field => !DERIVED.has(field.name))
  const effects = fields.filter(field => DERIVED.has(field.name))
  for (const field of [...causes, ...effects]) {
    const index = model.field[field.name].findIndex(x => !Number.isFinite(x))
    if (index < 0) continue
    const element = elementOf(model, field, index)
    throw new ModelError(
      'MODEL_NOT_FINITE',
      `${field.name}[${index}]${element === undefined ? '' : ` of ${element}`} is ${model.field[field.name][index]}, ` +
        'and every number of a model must be finite',
    )
  }
}
