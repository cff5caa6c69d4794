import { ParameterError } from '../errors.js'
import { fieldSize, modelFields, SIZES } from '../fields.js'
import type { Model } from '../model/model.js'

/**
 * A Model of a world without anything in it: one body, the world. For tasks whose dynamics are expressions of their own.
 *
 * @param timestep s, above 0
 * @throws {ParameterError} TIMESTEP
 */
export function emptyModel(timestep = 0.01): Model {
  if (!(timestep > 0 && Number.isFinite(timestep)))
    throw new ParameterError('TIMESTEP', `timestep: got ${timestep}, expected seconds above 0`)
  const sizes = Object.fromEntries(SIZES.map(name => [name, name === 'nbody' ? 1 : 0])) as Record<
    (typeof SIZES)[number],
    number
  >
  const field: Record<string, Float64Array | Int32Array> = {}
  for (const row of modelFields) {
    const size = fieldSize(row, sizes)
    field[row.name] = row.type === 'f' ? new Float64Array(size) : new Int32Array(size)
  }
  // mjOption's defaults, and the world body
  const set = (name: string, ...values: number[]): void => field[name].set(values)
  set('opt_timestep', timestep)
  set('opt_gravity', 0, 0, -9.81)
  set('opt_impratio', 1)
  set('opt_tolerance', 1e-8)
  set('opt_ls_tolerance', 0.01)
  set('opt_ccd_tolerance', 1e-6)
  set('opt_ccd_iterations', 35)
  set('opt_iterations', 100)
  set('opt_ls_iterations', 50)
  set('opt_jacobian', 2)
  set('opt_solver', 2)
  set('stat_meaninertia', 1)
  set('body_mocapid', -1)
  set('body_jntadr', -1)
  set('body_dofadr', -1)
  set('body_quat', 1, 0, 0, 0)
  set('body_iquat', 1, 0, 0, 0)
  const none: readonly string[] = Object.freeze([])
  const names = {
    body: Object.freeze(['world']),
    joint: none,
    geom: none,
    site: none,
    equality: none,
    actuator: none,
    sensor: none,
    key: none,
    tendon: none,
    pair: none,
    exclude: none,
  }
  return Object.freeze({ ...sizes, name: 'empty', names: Object.freeze(names), field: Object.freeze(field), xml: '' })
}
