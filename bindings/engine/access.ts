/** Which fields of a batch may be written, and with what. */
import { ParameterError, SizeError } from '../errors.js'
import { derivedFields, type Field, fieldSize, modelFields, worldFields } from '../fields.js'
import type { Sizes } from './layout.js'

const fieldOf = new Map<string, Field>([...modelFields, ...worldFields, ...derivedFields].map(f => [f.name, f]))
const worldNames = new Set(worldFields.map(f => f.name))
const derivedNames = new Set(derivedFields.map(f => f.name))

/** results of a step, and constants that follow from other fields: mj_setConst would overwrite them */
const COMPUTED = new Set([
  ...derivedNames,
  ...'qacc act_dot actuator_force qfrc_actuator qfrc_constraint sensordata solver_niter ncon nefc status'.split(' '),
  ...'body_subtreemass body_invweight0 dof_invweight0 dof_M0 actuator_length0 actuator_acc0'.split(' '),
  ...'tendon_length0 tendon_invweight0 geom_rbound'.split(' '),
])

export const isWorldField = (name: string): boolean => worldNames.has(name)
export const isDerivedField = (name: string): boolean => derivedNames.has(name)

/** @throws {ParameterError} FIELD_UNKNOWN */
export function findField(name: string): Field {
  const field = fieldOf.get(name)
  if (!field) throw new ParameterError('FIELD_UNKNOWN', `there is no field '${name}'; fields have MuJoCo's names`)
  return field
}

/** @throws {ParameterError} FIELD_UNKNOWN, FIELD_READONLY */
export function writableField(name: string): Field {
  const field = findField(name)
  const readonly = COMPUTED.has(name)
    ? 'computed'
    : worldNames.has(name) || field.perWorld
      ? ''
      : 'the same for all worlds'
  if (readonly !== '') throw new ParameterError('FIELD_READONLY', `${name} cannot be written: it is ${readonly}`)
  return field
}

/**
 * Check values for `rows` worlds.
 *
 * @param worlds their numbers, when they are not all
 * @returns whether each world has values of its own
 * @throws {SizeError} SIZE when the length fits neither; @throws {ParameterError} NOT_FINITE, TIMESTEP
 */
export function checkValues(
  field: Field,
  values: ArrayLike<number>,
  layout: { readonly sizes: Sizes },
  rows: number,
  worlds?: Int32Array,
): boolean {
  const { name } = field
  const size = fieldSize(field, layout.sizes)
  const each = values.length === rows * size
  if (!each && values.length !== size)
    throw new SizeError(
      'SIZE',
      `${name}: got length ${values.length}, expected ${worlds ? 'worlds' : 'nworld'} * size = ${rows} * ${size}, or ${size}`,
    )
  const i = firstInfinite(values)
  if (i >= 0) {
    const row = Math.floor(i / size)
    const place = each ? `world ${worlds?.[row] ?? row}, element ${i % size}` : `element ${i}`
    throw new ParameterError('NOT_FINITE', `${name}: ${values[i]} is not a finite number in single precision`, {
      place,
    })
  }
  if (name === 'opt_timestep') {
    const bad = Array.prototype.findIndex.call(values, x => !(x > 0))
    if (bad >= 0)
      throw new ParameterError('TIMESTEP', `opt_timestep: ${values[bad]} is not a positive time`, {
        place: `world ${worlds?.[bad] ?? bad}`,
      })
  }
  return each
}

/** Index of the first value that is not finite in the engine's precision; -1: all are. */
export function firstInfinite(values: ArrayLike<number>): number {
  // x * 0 is 0 for every x that is finite; only a sum that is not needs a closer look
  let odd = 0
  for (let i = 0; i < values.length; i++) odd += Math.fround(values[i]) * 0
  return odd === 0 ? -1 : Array.prototype.findIndex.call(values, x => !Number.isFinite(Math.fround(x)))
}
