import type { Model } from '../../bindings/model/model.js'
import type { BatchFactory, ReplayBatch } from '../../bindings/sysid/objective.js'
import { type Oracle, openOracle } from '../support/oracle.js'

/**
 * A Batch of MuJoCo worlds, one after the other in double precision: what an objective computes with the reference
 * simulator instead of our engine. Slow; inputs are held or interpolated from row to row, delays shift them.
 */
export const mujocoBatch: BatchFactory = async (model, { nworld }) =>
  new MujocoBatch(await openOracle(model.xml), model, nworld)

type ReplayOptions = Parameters<ReplayBatch['replay']>[0]

class MujocoBatch implements ReplayBatch {
  readonly nworld: number
  private readonly oracle: Oracle
  private readonly model: Model
  private values = new Map<string, { values: Float64Array; size: number }>()
  private readonly status: Float32Array

  constructor(oracle: Oracle, model: Model, nworld: number) {
    this.oracle = oracle
    this.model = model
    this.nworld = nworld
    this.status = new Float32Array(nworld)
  }

  set(field: string, values: ArrayLike<number>): void {
    this.values.set(field, { values: Float64Array.from(values), size: values.length / this.nworld })
  }

  async get(field: string): Promise<Float32Array> {
    if (field !== 'status') throw new Error(`the MuJoCo batch has no '${field}'`)
    return this.status
  }

  reset(): void {
    this.values = new Map()
    this.status.fill(0)
  }

  async replay(options: ReplayOptions): Promise<Record<string, Float32Array>> {
    const { T, nstep, rows, record, length, start, inputOf } = options
    const ninput = options.channels.length
    const out: Record<string, Float32Array> = {}
    for (const name of record)
      out[name] = new Float32Array(this.nworld * T * this.oracle.get(name).length).fill(Number.NaN)
    const { oracle } = this
    const timestep = this.model.field.opt_timestep[0]
    for (let w = 0; w < this.nworld; w++) {
      const delays = Array.from(this.model.field.actuator_delay)
      for (const [name, { values, size }] of this.values) {
        const own = values.subarray(w * size, (w + 1) * size)
        if (name === 'actuator_delay') delays.splice(0, delays.length, ...own)
        else if (!['qpos', 'qvel', 'act'].includes(name)) oracle.write(name, own)
      }
      oracle.setConst().reset()
      for (const name of ['qpos', 'qvel', 'act']) {
        const own = this.values.get(name)
        if (own) oracle.write(name, own.values.subarray(w * own.size, (w + 1) * own.size))
      }
      const input = (time: number, column: number): number => {
        const row = Math.min(rows - 1, Math.max(0, start[w] + time / (nstep * timestep)))
        const k = Math.floor(row + 1e-9)
        const at = (i: number): number => options.inputs[(inputOf[w] * rows + Math.min(rows - 1, i)) * ninput + column]
        return options.interpolation[column] === 'hold' ? at(k) : at(k) + (row - k) * (at(k + 1) - at(k))
      }
      const drive = (time: number): void => {
        const ctrl = oracle.get('ctrl')
        const applied = oracle.get('qfrc_applied')
        options.channels.forEach((channel, c) => {
          const [kind, id, what] = channel.split('/')
          if (what === 'ctrl') ctrl[Number(id)] = input(time - delays[Number(id)], c)
          else if (kind === 'joint') applied[Number(id)] = input(time, c)
          else throw new Error(`the MuJoCo batch cannot drive ${channel}`)
        })
        oracle.write('ctrl', ctrl).write('qfrc_applied', applied)
      }
      for (let row = 0; row < length[w]; row++) {
        if (row > 0) {
          for (let k = 0; k < nstep; k++) {
            drive(((row - 1) * nstep + k) * timestep)
            oracle.step()
          }
        }
        drive(row * nstep * timestep)
        if (record.some(name => name !== 'qpos' && name !== 'qvel')) oracle.forward()
        for (const name of record) {
          const values = oracle.get(name)
          out[name].set(values, (w * T + row) * values.length)
        }
      }
      if (oracle.warned()) this.status[w] = 1
    }
    return out
  }

  [Symbol.dispose](): void {
    this.oracle.dispose()
  }
}
