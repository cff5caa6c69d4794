/** What the sensors of a model need of a step, and which geoms their rays can meet. */
import { NEED } from '../fields.js'
import { GEOM, SENS } from '../model/enums.js'
import type { Model } from '../model/model.js'
import { isVisible } from '../model/visible.js'

const MOVING = NEED.FRAMES | NEED.VELOCITY
const ACCELERATED = MOVING | NEED.ACCELERATION

const NEEDS: Readonly<Record<number, number>> = {
  [SENS.TOUCH]: NEED.FRAMES | NEED.CONTACTS,
  [SENS.ACCELEROMETER]: ACCELERATED,
  [SENS.VELOCIMETER]: MOVING,
  [SENS.GYRO]: MOVING,
  [SENS.FORCE]: ACCELERATED | NEED.CONTACTS,
  [SENS.TORQUE]: ACCELERATED | NEED.CONTACTS,
  [SENS.MAGNETOMETER]: NEED.FRAMES,
  [SENS.RANGEFINDER]: NEED.FRAMES | NEED.GEOMS,
  [SENS.ACTUATORPOS]: NEED.TRANSMISSION,
  [SENS.ACTUATORVEL]: NEED.TRANSMISSION,
  [SENS.FRAMEPOS]: NEED.FRAMES,
  [SENS.FRAMEXAXIS]: NEED.FRAMES,
  [SENS.FRAMEYAXIS]: NEED.FRAMES,
  [SENS.FRAMEZAXIS]: NEED.FRAMES,
  [SENS.FRAMELINVEL]: MOVING,
  [SENS.FRAMEANGVEL]: MOVING,
  [SENS.FRAMELINACC]: ACCELERATED,
  [SENS.FRAMEANGACC]: ACCELERATED,
  [SENS.SUBTREECOM]: NEED.FRAMES,
  [SENS.SUBTREELINVEL]: MOVING,
  [SENS.SUBTREEANGMOM]: MOVING,
  [SENS.INSIDESITE]: NEED.FRAMES,
  [SENS.CONTACT]: NEED.FRAMES | NEED.CONTACTS,
  [SENS.E_POTENTIAL]: NEED.FRAMES,
}

/** bits of NEED of all sensors of a model */
export function sensorNeeds(model: Model): number {
  return (model.field.sensor_type as Int32Array).reduce((bits, type) => bits | (NEEDS[type] ?? 0), 0)
}

/** geoms a ray can meet: those with a surface of their own that are not wholly transparent */
export function visibleGeoms(model: Model): Int32Array {
  const type = model.field.geom_type as Int32Array
  return type.map((t, g) => (t !== GEOM.HFIELD && t <= GEOM.BOX && isVisible(model.field, g) ? 1 : 0))
}
