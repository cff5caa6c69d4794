/** The state of all worlds as one array, in MuJoCo's vocabulary (mjtState), and snapshots of everything. */
import { ParameterError, SizeError } from '../errors.js'
import { fieldSize, worldFields } from '../fields.js'
import type { Model } from '../model/model.js'
import { firstInfinite } from './access.js'
import type { Backend, Image } from './backend.js'
import type { Sizes } from './layout.js'

const TIME = 1 << 0
const QPOS = 1 << 1
const QVEL = 1 << 2
const ACT = 1 << 3
const HISTORY = 1 << 4
const WARMSTART = 1 << 5
const CTRL = 1 << 6
const QFRC_APPLIED = 1 << 7
const XFRC_APPLIED = 1 << 8
const EQ_ACTIVE = 1 << 9
const MOCAP_POS = 1 << 10
const MOCAP_QUAT = 1 << 11
const USERDATA = 1 << 12
const PLUGIN = 1 << 13
// ours, behind all of MuJoCo's
const ACTUATOR_ENABLE = 1 << 24
const ACTUATOR_SUPPLY = 1 << 25
const PHYSICS = QPOS | QVEL | ACT | HISTORY
const FULLPHYSICS = TIME | PHYSICS | PLUGIN
const USER = CTRL | QFRC_APPLIED | XFRC_APPLIED | EQ_ACTIVE | MOCAP_POS | MOCAP_QUAT | USERDATA
const INTEGRATION = FULLPHYSICS | USER | WARMSTART

/**
 * Parts of a state and their unions: MuJoCo's mjtState, and the inputs that are ours. In an array they stand in the order
 * of their bits. USERDATA and PLUGIN have no numbers here.
 */
export const STATE = {
  TIME,
  QPOS,
  QVEL,
  ACT,
  HISTORY,
  WARMSTART,
  CTRL,
  QFRC_APPLIED,
  XFRC_APPLIED,
  EQ_ACTIVE,
  MOCAP_POS,
  MOCAP_QUAT,
  USERDATA,
  PLUGIN,
  ACTUATOR_ENABLE,
  ACTUATOR_SUPPLY,
  PHYSICS,
  FULLPHYSICS,
  USER,
  INTEGRATION,
  ALL: INTEGRATION | ACTUATOR_ENABLE | ACTUATOR_SUPPLY,
} as const

/** Which parts: a name of STATE, or bits. */
export type StateSpec = keyof typeof STATE | number

const FIELD_OF: readonly (readonly [bit: number, field: string])[] = [
  [TIME, 'time'],
  [QPOS, 'qpos'],
  [QVEL, 'qvel'],
  [ACT, 'act'],
  [HISTORY, 'history'],
  [WARMSTART, 'qacc_warmstart'],
  [CTRL, 'ctrl'],
  [QFRC_APPLIED, 'qfrc_applied'],
  [XFRC_APPLIED, 'xfrc_applied'],
  [EQ_ACTIVE, 'eq_active'],
  [MOCAP_POS, 'mocap_pos'],
  [MOCAP_QUAT, 'mocap_quat'],
  [ACTUATOR_ENABLE, 'actuator_enable'],
  [ACTUATOR_SUPPLY, 'actuator_supply'],
]

/** A part of a state array: numbers offset ... offset + size - 1 of each world are the field's. */
export interface StatePart {
  readonly field: string
  readonly offset: number
  readonly size: number
}

/** Where each field stands in a state array. @throws {ParameterError} STATE_SPEC */
export function stateParts(spec: StateSpec, sizes: Sizes): { parts: StatePart[]; nstate: number } {
  const bits = typeof spec === 'string' ? STATE[spec] : spec
  if (!Number.isInteger(bits) || bits <= 0 || (bits & ~STATE.ALL) !== 0)
    throw new ParameterError(
      'STATE_SPEC',
      `state: got '${String(spec)}', expected one of ${Object.keys(STATE).join(', ')}, or their bits together`,
    )
  const parts: StatePart[] = []
  let offset = 0
  for (const [bit, field] of FIELD_OF) {
    if ((bits & bit) === 0) continue
    const row = worldFields.find(f => f.name === field)
    const size = row === undefined ? 0 : fieldSize(row, sizes)
    parts.push({ field, offset, size })
    offset += size
  }
  return { parts, nstate: offset }
}

/** (nworld, nstate) */
export async function getState(store: Backend, spec: StateSpec): Promise<Float32Array> {
  const { parts, nstate } = stateParts(spec, store.layout.sizes)
  const { nworld } = store
  const out = new Float32Array(nworld * nstate)
  for (const { field, offset, size } of parts) {
    const values = await store.readWorld(field, size)
    for (let w = 0; w < nworld; w++) out.set(values.subarray(w * size, (w + 1) * size), w * nstate + offset)
  }
  return out
}

/**
 * The inverse of getState.
 *
 * @param list numbers of the worlds that are written; undefined: all
 */
export function setState(
  store: Backend,
  state: ArrayLike<number>,
  spec: StateSpec,
  list: Int32Array | undefined,
): void {
  const { parts, nstate } = stateParts(spec, store.layout.sizes)
  const rows = list?.length ?? store.nworld
  const each = state.length === rows * nstate
  if (!each && state.length !== nstate)
    throw new SizeError(
      'SIZE',
      `state: got length ${state.length}, expected ${list ? 'worlds' : 'nworld'} * stateSize = ${rows} * ${nstate}, or ${nstate}`,
    )
  const bad = firstInfinite(state)
  if (bad >= 0) {
    const part = parts.find(p => bad % nstate < p.offset + p.size) as StatePart
    const row = Math.floor(bad / nstate)
    throw new ParameterError('NOT_FINITE', `state: ${state[bad]} is not a finite number in single precision`, {
      place: `world ${list?.[row] ?? row}, ${part.field}[${(bad % nstate) - part.offset}]`,
    })
  }
  const n = each ? rows : 1
  for (const { field, offset, size } of parts) {
    const values = new Float32Array(n * size)
    for (let i = 0; i < n; i++) for (let e = 0; e < size; e++) values[i * size + e] = state[i * nstate + offset + e]
    writeWorldField(store, field, values, size, each, list)
  }
}

/** Write a world field, with what hangs on it: the rounding of time that is kept apart, the common cursors of histories. */
export function writeWorldField(
  store: Backend,
  name: string,
  values: ArrayLike<number>,
  size: number,
  each: boolean,
  list: Int32Array | undefined,
): void {
  store.writeWorld(name, values, size, each, list)
  if (name === 'time') store.writeWorld('time_carry', [0], 1, false, list)
  store.written(name)
}

/** Everything about a batch at one moment; opaque. It may outlive the batch. */
export class Snapshot {
  /** @internal */
  constructor(
    readonly model: Model,
    readonly nworld: number,
    /** @internal */
    readonly nconmax: number,
    /** @internal */
    readonly image: Image,
    /** @internal resets of each world so far */
    readonly counts: Uint32Array,
    readonly seed: number,
  ) {}

  /** bytes it holds */
  get bytes(): number {
    return this.image.bytes + this.counts.byteLength
  }

  /** Give the memory of the GPU back that a snapshot of a batch there holds. */
  [Symbol.dispose](): void {
    this.image.release()
  }
}

/** A copy of all that the future and the results of a batch depend on. */
export function takeSnapshot(store: Backend, counts: Uint32Array, seed: number): Snapshot {
  return new Snapshot(store.model, store.nworld, store.layout.sizes.nconmax, store.image(), counts.slice(), seed)
}

/** The inverse of takeSnapshot. @throws {SizeError} SNAPSHOT when the batch is of another model or size */
export function restoreSnapshot(store: Backend, snapshot: Snapshot, counts: Uint32Array): void {
  if (!(snapshot instanceof Snapshot)) throw new SizeError('SNAPSHOT', 'restore takes what snapshot() returned')
  const { model, nworld, layout } = store
  if (snapshot.nworld !== nworld)
    throw new SizeError('SNAPSHOT', `the snapshot has nworld ${snapshot.nworld}, the batch ${nworld}`)
  const difference = snapshot.model === model ? undefined : firstDifference(snapshot.model, model)
  if (difference !== undefined)
    throw new SizeError('SNAPSHOT', `the snapshot is of another model: ${difference} differs`)
  const { nconmax } = layout.sizes
  if (snapshot.nconmax !== nconmax)
    throw new SizeError('SNAPSHOT', `the snapshot has nconmax ${snapshot.nconmax}, the batch ${nconmax}`)
  const { backend } = snapshot.image
  if (backend !== store.name)
    throw new SizeError('SNAPSHOT', `the snapshot is of a batch on '${backend}', this one is on '${store.name}'`)
  store.adopt(snapshot.image)
  counts.set(snapshot.counts)
}

/** the first field in which two models differ; undefined: they are the same numbers */
function firstDifference(a: Model, b: Model): string | undefined {
  return Object.keys(a.field).find(name => {
    const [x, y] = [a.field[name], b.field[name]]
    return x.length !== y?.length || x.some((value, i) => !Object.is(value, y[i]))
  })
}
