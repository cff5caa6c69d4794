/** The delay buffers of a model. */
import type { Model } from '../model/model.js'

/** delay buffers: address in `history`, samples, numbers a sample */
export function historyBuffers(model: Model): { adr: number; nsample: number; dim: number }[] {
  const { field } = model
  const of = (kind: 'actuator' | 'sensor', n: number) =>
    Array.from({ length: n }, (_, i) => ({
      adr: field[`${kind}_historyadr`][i],
      nsample: field[`${kind}_history`][2 * i],
      dim: kind === 'sensor' ? field.sensor_dim[i] : 1,
    }))
  return [...of('actuator', model.nactuator), ...of('sensor', model.nsensor)].filter(b => b.nsample > 0)
}
