import type { ModelError } from '../errors.js'
import { OBJ, SENS } from './enums.js'
import type { ModelNumbers } from './finite.js'

/** numbers of a field of a contact sensor (mjtConDataField) and of a rangefinder (mjtRayDataField), by bit */
const CONTACT_SIZES = [1, 3, 3, 1, 3, 3, 3]
const RAY_SIZES = [1, 3, 3, 3, 3, 1]

/** what a sensor looks at, and how many numbers it gives; 0: as many as the object, or its data fields, have */
const KINDS: readonly (readonly [types: readonly number[], objtype: number | undefined, dim: number])[] = [
  [[SENS.TOUCH], OBJ.SITE, 1],
  [[SENS.ACCELEROMETER, SENS.VELOCIMETER, SENS.GYRO, SENS.FORCE, SENS.TORQUE, SENS.MAGNETOMETER], OBJ.SITE, 3],
  [[SENS.RANGEFINDER], OBJ.SITE, 0],
  [[SENS.JOINTPOS, SENS.JOINTVEL, SENS.JOINTACTFRC], OBJ.JOINT, 1],
  [[SENS.JOINTLIMITPOS, SENS.JOINTLIMITVEL, SENS.JOINTLIMITFRC], OBJ.JOINT, 1],
  [[SENS.BALLQUAT], OBJ.JOINT, 4],
  [[SENS.BALLANGVEL], OBJ.JOINT, 3],
  [[SENS.TENDONPOS, SENS.TENDONVEL, SENS.TENDONACTFRC], OBJ.TENDON, 1],
  [[SENS.TENDONLIMITPOS, SENS.TENDONLIMITVEL, SENS.TENDONLIMITFRC], OBJ.TENDON, 1],
  [[SENS.ACTUATORPOS, SENS.ACTUATORVEL, SENS.ACTUATORFRC], OBJ.ACTUATOR, 0],
  [[SENS.FRAMEPOS, SENS.FRAMEXAXIS, SENS.FRAMEYAXIS, SENS.FRAMEZAXIS], undefined, 3],
  [[SENS.FRAMELINVEL, SENS.FRAMEANGVEL, SENS.FRAMELINACC, SENS.FRAMEANGACC], undefined, 3],
  [[SENS.FRAMEQUAT], undefined, 4],
  [[SENS.SUBTREECOM, SENS.SUBTREELINVEL, SENS.SUBTREEANGMOM], OBJ.BODY, 3],
  [[SENS.INSIDESITE], undefined, 1],
  [[SENS.CONTACT], undefined, 0],
  [[SENS.E_POTENTIAL, SENS.E_KINETIC, SENS.CLOCK], OBJ.UNKNOWN, 1],
]

const sum = (sizes: readonly number[], bits: number): number =>
  sizes.reduce((total, size, k) => total + ((bits >> k) & 1) * size, 0)

/** How many numbers sensor i must give: a multiple of the first, and no more than the second. */
function room({ field, sizes }: ModelNumbers, i: number, dim: number): [unit: number, most: number] {
  const type = field.sensor_type[i]
  const spec = field.sensor_intprm[3 * i]
  if (dim > 0) return [dim, dim]
  if (type === SENS.CONTACT) return [sum(CONTACT_SIZES, spec), sizes.nsensordata]
  if (type === SENS.RANGEFINDER) return [sum(RAY_SIZES, spec), sum(RAY_SIZES, spec)]
  return [1, field.actuator_outnum[field.sensor_objid[i]]]
}

/**
 * The engine writes as many numbers as a kind of sensor has, of the kind of object it looks at: check that both fit.
 *
 * @throws what `corrupt` makes, naming field and index
 */
export function checkSensors(model: ModelNumbers, corrupt: (what: string) => ModelError): void {
  const { field, sizes } = model
  for (let i = 0; i < sizes.nsensor; i++) {
    const kind = KINDS.find(([types]) => types.includes(field.sensor_type[i]))
    // what is refused anyway, and cameras, are never computed
    if (kind === undefined || field.sensor_objtype[i] === OBJ.CAMERA) continue
    const [, objtype, dim] = kind
    if (objtype !== undefined && field.sensor_objtype[i] !== objtype)
      throw corrupt(`sensor_objtype[${i}] is ${field.sensor_objtype[i]}, expected ${objtype}`)
    if (field.sensor_type[i] === SENS.INSIDESITE && (field.sensor_reftype[i] !== OBJ.SITE || field.sensor_refid[i] < 0))
      throw corrupt(`sensor_refid[${i}] is ${field.sensor_refid[i]}, expected a site`)
    const [unit, most] = room(model, i, dim)
    const got = field.sensor_dim[i]
    if (!(unit > 0) || got % unit !== 0 || got > most || got < unit)
      throw corrupt(`sensor_dim[${i}] is ${got}, expected ${unit === most ? unit : `a multiple of ${unit}`}`)
    if (field.sensor_datatype[i] === 2 && got !== 3) throw corrupt(`sensor_datatype[${i}] is 2 with ${got} numbers`)
    if (field.sensor_datatype[i] === 3 && got !== 4) throw corrupt(`sensor_datatype[${i}] is 3 with ${got} numbers`)
    const n = field.sensor_history[2 * i]
    if (n > 0 && !(field.sensor_historyadr[i] >= 0 && field.sensor_historyadr[i] + 2 + n * (1 + got) <= sizes.nhistory))
      throw corrupt(`sensor_history[${2 * i}] is ${n}, with nhistory = ${sizes.nhistory}`)
  }
}
