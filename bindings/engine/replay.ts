import { ParameterError, SizeError } from '../errors.js'
import { fieldSize, worldFields } from '../fields.js'
import type { Model } from '../model/model.js'
import type { Layout, Sizes } from './layout.js'
import type { Arena } from './wasm/arena.js'
import { REPLAY } from './wasm/control.js'

export type Interpolation = 'linear' | 'hold'

export interface ReplayOptions {
  /** (nset, rows, ninput): values of the input channels at equally spaced times, nstep timesteps apart */
  readonly inputs: Float32Array | Float64Array
  /** what each input column drives: 'actuator/<name or id>/ctrl' (…/ctrl/<k> for one of several), '…/enable', '…/supply', 'joint/<name>/qfrc_applied'; default ctrl of all */
  readonly channels?: readonly string[]
  /** how each column goes on between rows; default 'linear', for enable 'hold' */
  readonly interpolation?: readonly Interpolation[]
  /** number of input tables: 1 for all worlds, nworld, or any with inputOf; inferred when there is one way to */
  readonly nset?: number
  /** rows of a table; inferred from the length */
  readonly rows?: number
  /** (nworld) table that drives each world; default 0 when there is one, else the world's own */
  readonly inputOf?: ArrayLike<number>
  /** (nworld) row at which a world begins, earlier ones are history for delays; default 0 */
  readonly start?: ArrayLike<number>
  /** rows simulated and recorded, the first being the initial state; default all that are left */
  readonly T?: number
  /** timesteps between two rows */
  readonly nstep: number
  /** (nworld) rows wanted of a world, at most T; the rest of its record is NaN */
  readonly length?: ArrayLike<number>
  /** state or result fields to record at every row */
  readonly record: readonly string[]
}

/** what a replay needs of its batch */
export interface ReplayHost {
  readonly model: Model
  readonly nworld: number
  readonly layout: Layout
  readonly arena: Arena
  readonly memory: WebAssembly.Memory
  run(command: number, argument: number): void
}

const STATE = new Set(['time', 'qpos', 'qvel', 'act', 'qacc_warmstart', 'history'])
/** dofs of a joint, by mjtJoint */
const DOFS = [6, 3, 1, 1]
const KINDS = { ctrl: 0, enable: 1, supply: 2, qfrc_applied: 3 } as const
/** words of the replay record; assembly/rollout/replay.ts reads the same order */
const WORDS = 14

/** Column number, delay and interpolation of each channel. @throws {ParameterError} CHANNEL_UNKNOWN */
function columns(model: Model, options: ReplayOptions): Int32Array {
  const { names, nactuator } = model
  const int = (name: string) => model.field[name] as Int32Array
  const delayOf = (a: number) => (int('actuator_history')[2 * a] === 0 ? a : -1)
  const all = Array.from({ length: nactuator }, (_, a) =>
    Array.from({ length: int('actuator_ctrlnum')[a] }, (_, k) => ({
      kind: 0,
      index: int('actuator_ctrladr')[a] + k,
      delay: delayOf(a),
    })),
  ).flat()
  const find = (list: readonly string[], name: string): number => {
    const i = list.indexOf(name)
    return i >= 0 ? i : /^\d+$/.test(name) && Number(name) < list.length ? Number(name) : -1
  }
  const component = (text: string | undefined, n: number): number => {
    const k = text === undefined ? 0 : /^\d+$/.test(text) ? Number(text) : -1
    return k < n ? k : -1
  }
  const chosen =
    options.channels?.map(channel => {
      const [kind, name, what, k] = channel.split('/')
      const unknown = () =>
        new ParameterError(
          'CHANNEL_UNKNOWN',
          `no input '${channel}': expected actuator/NAME/ctrl, enable or supply, or joint/NAME/qfrc_applied`,
        )
      if (kind === 'joint' && what === 'qfrc_applied') {
        const j = find(names.joint, name)
        if (j < 0) throw unknown()
        const dof = component(k, DOFS[int('jnt_type')[j]])
        if (dof < 0) throw unknown()
        return { kind: KINDS.qfrc_applied, index: int('jnt_dofadr')[j] + dof, delay: -1 }
      }
      const a = kind === 'actuator' ? find(names.actuator, name) : -1
      if (a < 0 || !(what === 'ctrl' || what === 'enable' || what === 'supply')) throw unknown()
      if (what !== 'ctrl') return { kind: KINDS[what], index: a, delay: delayOf(a) }
      const input = component(k, int('actuator_ctrlnum')[a])
      if (input < 0) throw unknown()
      return { kind: KINDS.ctrl, index: int('actuator_ctrladr')[a] + input, delay: delayOf(a) }
    }) ?? all
  const interpolation = options.interpolation
  if (interpolation && interpolation.length !== chosen.length)
    throw new SizeError(
      'REPLAY_SHAPE',
      `interpolation: got ${interpolation.length} entries for ${chosen.length} columns`,
    )
  return Int32Array.from(
    chosen.flatMap(({ kind, index, delay }, i) => {
      const way = interpolation?.[i] ?? (kind === KINDS.enable ? 'hold' : 'linear')
      if (way !== 'hold' && way !== 'linear')
        throw new ParameterError('INTERPOLATION', `interpolation: got '${String(way)}', expected 'linear' or 'hold'`, {
          place: `column ${i}`,
        })
      return [kind, index, delay, way === 'hold' ? 1 : 0]
    }),
  )
}

/** number of tables and rows from what was given. @throws {SizeError} REPLAY_SHAPE */
function shape(options: ReplayOptions, nworld: number, ninput: number): { nset: number; rows: number } {
  const { length } = options.inputs
  const bad = (text: string) => new SizeError('REPLAY_SHAPE', `inputs: got length ${length}, ${text}`)
  if (ninput === 0) return { nset: 1, rows: options.rows ?? options.T ?? 1 }
  if (length === 0 || length % ninput !== 0) throw bad(`expected a multiple of ninput = ${ninput}`)
  const cells = length / ninput
  if (options.nset !== undefined || options.rows !== undefined) {
    const nset = options.nset ?? cells / (options.rows as number)
    const rows = options.rows ?? cells / nset
    if (!Number.isInteger(nset) || !Number.isInteger(rows) || nset * rows !== cells)
      throw bad(`expected nset * rows * ninput = ${options.nset ?? '?'} * ${options.rows ?? '?'} * ${ninput}`)
    return { nset, rows }
  }
  if (options.T !== undefined && !options.start) {
    if (cells === options.T) return { nset: 1, rows: cells }
    if (cells === options.T * nworld) return { nset: nworld, rows: options.T }
    throw bad(`expected T * ninput = ${options.T} * ${ninput}, or nworld times that`)
  }
  if (nworld > 1 && cells % nworld === 0 && cells > nworld)
    throw bad(`which is ${cells} rows for all worlds or ${cells / nworld} for each of ${nworld}; say T or nset`)
  return { nset: 1, rows: cells }
}

/** A replay with everything said and checked. */
export interface ReplayPlan {
  /** kind, index, actuator whose delay applies or -1, 1 where it is held: of each column */
  readonly columns: Int32Array
  readonly ninput: number
  readonly rows: number
  readonly T: number
  readonly nstep: number
  /** (nworld) */
  readonly inputOf: Int32Array
  readonly start: Int32Array
  readonly length: Int32Array
  /** what is recorded; `result`: of forward, not state */
  readonly fields: readonly { readonly name: string; readonly size: number; readonly result: boolean }[]
}

/** @throws {SizeError} REPLAY_SHAPE; @throws {ParameterError} CHANNEL_UNKNOWN, INTERPOLATION, NOT_FINITE, FIELD_UNKNOWN */
export function planReplay(model: Model, nworld: number, sizes: Sizes, options: ReplayOptions): ReplayPlan {
  const cols = columns(model, options)
  const ninput = cols.length / 4
  const { nset, rows } = shape(options, nworld, ninput)
  const positive = (name: string, value: number) => {
    if (!Number.isInteger(value) || value < 1)
      throw new SizeError('REPLAY_SHAPE', `${name}: got ${value}, expected a positive integer`)
  }
  positive('nstep', options.nstep)
  const perWorld = (
    name: string,
    values: ArrayLike<number> | undefined,
    fallback: (w: number) => number,
    lo: number,
    hi: number,
  ) => {
    if (values && values.length !== nworld)
      throw new SizeError('REPLAY_SHAPE', `${name}: got length ${values.length}, expected nworld = ${nworld}`)
    return Int32Array.from({ length: nworld }, (_, w) => {
      const value = values ? values[w] : fallback(w)
      if (!Number.isInteger(value) || value < lo || value > hi)
        throw new SizeError('REPLAY_SHAPE', `${name}: got ${value}, expected ${lo} to ${hi}`, { place: `world ${w}` })
      return value
    })
  }
  if (!options.inputOf && nset !== 1 && nset !== nworld)
    throw new SizeError('REPLAY_SHAPE', `inputs: ${nset} tables for ${nworld} worlds need inputOf`)
  const inputOf = perWorld('inputOf', options.inputOf, w => (nset === 1 ? 0 : w), 0, nset - 1)
  const start = perWorld('start', options.start, () => 0, 0, Math.max(0, rows - 1))
  const T = options.T ?? rows - start.reduce((a, b) => Math.max(a, b), 0)
  positive('T', T)
  const length = perWorld('length', options.length, () => T, 1, T)
  for (let i = 0; i < options.inputs.length; i++) {
    if (!Number.isFinite(Math.fround(options.inputs[i])))
      throw new ParameterError('NOT_FINITE', `inputs: ${options.inputs[i]} is not a finite number`, {
        place: `row ${Math.floor(i / ninput) % rows}, column ${i % ninput}`,
      })
  }

  const fields = options.record.map(name => {
    const field = worldFields.find(f => f.name === name)
    if (!field)
      throw new ParameterError('FIELD_UNKNOWN', `record: '${name}' is not a state or result kept for every world`)
    return {
      name,
      size: fieldSize(field, sizes),
      result: !STATE.has(name),
    }
  })
  return { columns: cols, ninput, rows, T, nstep: options.nstep, inputOf, start, length, fields }
}

/** Run a replay on a batch: copy the tables in, run, copy the records out. */
export function replay(host: ReplayHost, options: ReplayOptions): Record<string, Float32Array> {
  const { model, nworld, layout, arena, memory } = host
  const plan = planReplay(model, nworld, layout.sizes, options)
  const { columns: cols, ninput, rows, T, inputOf, start, length, fields } = plan

  // one allocation for everything the kernel reads and writes
  const bytes = {
    record: 4 * WORDS,
    columns: 4 * cols.length,
    records: 16 * fields.length,
    worlds: 12 * nworld,
    inputs: 4 * options.inputs.length,
    outputs: fields.map(f => 4 * nworld * T * f.size),
  }
  const total =
    bytes.record +
    bytes.columns +
    bytes.records +
    bytes.worlds +
    bytes.inputs +
    bytes.outputs.reduce((a, b) => a + b, 0)
  const r = arena.alloc(total)
  try {
    const i32 = new Int32Array(memory.buffer)
    const at = {
      columns: r + bytes.record,
      records: r + bytes.record + bytes.columns,
      inputOf: r + bytes.record + bytes.columns + bytes.records,
    }
    const inputs = at.inputOf + bytes.worlds
    i32.set(cols, at.columns / 4)
    i32.set(inputOf, at.inputOf / 4)
    i32.set(start, at.inputOf / 4 + nworld)
    i32.set(length, at.inputOf / 4 + 2 * nworld)
    new Float32Array(memory.buffer).set(options.inputs, inputs / 4)
    const addresses: number[] = []
    let out = inputs + bytes.inputs
    fields.forEach((f, i) => {
      addresses.push(out)
      i32.set([layout.d.get(f.name) as number, f.size, out, f.result ? 1 : 0], at.records / 4 + 4 * i)
      out += bytes.outputs[i]
    })
    const results = fields.some(f => f.result)
    const qacc = fields.some(f => f.name === 'qacc')
    i32.set(
      [
        nworld,
        rows,
        T,
        options.nstep,
        ninput,
        fields.length,
        results ? 1 : 0,
        inputs,
        at.inputOf,
        at.inputOf + 4 * nworld,
        at.inputOf + 8 * nworld,
        at.columns,
        at.records,
        qacc ? 1 : 0,
      ],
      r / 4,
    )
    host.run(REPLAY, r)
    const f32 = new Float32Array(memory.buffer)
    return Object.fromEntries(
      fields.map((f, i) => [f.name, f32.slice(addresses[i] / 4, addresses[i] / 4 + nworld * T * f.size)]),
    )
  } finally {
    arena.release(r, total)
  }
}
