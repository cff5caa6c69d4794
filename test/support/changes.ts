/** Other values for the model fields that worlds may have for themselves, as sensible physics as the model's. */
import { modelFields } from '../../bindings/fields.js'
import { COMPUTED } from '../../bindings/model/property.js'

/** contacts (contact-parameters.test.ts), what the compiler derives bounding volumes from, delays (forward.test.ts), noise that MuJoCo never applies */
const ELSEWHERE = /^(geom_(?!pos|quat)|pair_|opt_impratio|sensor_(delay|interval|noise)|actuator_delay)/

/** Fields whose change in MuJoCo and mj_setConst say all about. */
export const writtenFields = modelFields
  .filter(f => f.perWorld && !COMPUTED.has(f.name) && !ELSEWHERE.test(f.name))
  .map(f => f.name)

/**
 * A physically sensible change of one field in one world.
 *
 * @param quaternions where unit quaternions begin in qpos
 * @param random uniform on [0, 1)
 */
export function changed(
  name: string,
  values: Float64Array,
  quaternions: readonly number[],
  random: () => number,
): Float64Array {
  if (/quat$/.test(name) || name === 'qpos0' || name === 'qpos_spring') {
    const out = values.map(x => x + 0.1 * (random() - 0.5))
    const start = /quat$/.test(name) ? Array.from({ length: values.length / 4 }, (_, i) => 4 * i) : quaternions
    for (const i of start) {
      const n = Math.sqrt(out[i] ** 2 + out[i + 1] ** 2 + out[i + 2] ** 2 + out[i + 3] ** 2)
      for (let k = 0; k < 4; k++) out[i + k] /= n
    }
    return out
  }
  if (name === 'jnt_axis') {
    const out = values.map(x => x + 0.3 * (random() - 0.5))
    for (let i = 0; i < out.length; i += 3) {
      const n = Math.sqrt(out[i] ** 2 + out[i + 1] ** 2 + out[i + 2] ** 2)
      for (let k = 0; k < 3; k++) out[i + k] /= n
    }
    return out
  }
  if (name === 'opt_timestep') return values.map(x => x * (0.5 + random()))
  if (/solimp/.test(name)) {
    return values.map((x, i) =>
      i % 5 === 0
        ? 0.7 + 0.2 * random()
        : i % 5 === 1
          ? 0.92 + 0.06 * random()
          : i % 5 === 3
            ? 0.2 + 0.6 * random()
            : x * (1 + random()),
    )
  }
  // narrower, so that they bind
  if (name.endsWith('range')) return values.map(x => x * (0.2 + 0.3 * random()))
  // a mass or an inertia in proportion, anything else by up to a third, and zeros become small numbers
  return values.map(x => (x === 0 ? 0.02 * random() : x * (1 + 0.3 * (random() - 0.5))))
}
