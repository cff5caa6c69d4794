import { type Batch, createBatch } from '../engine/index.js'
import { STATUS } from '../fields.js'
import { GEOM } from '../model/enums.js'
import type { Model } from '../model/model.js'
import { significant } from '../report/format.js'
import type { MujocoWorld } from './mujoco-world.js'
import {
  disturbed,
  kickedStates,
  placeOne,
  protocolOf,
  protocolStates,
  STATE_FIELDS,
  type State,
  settledStates,
} from './states.js'

/** What agreement means. Each figure is the project's promise; rounding of float32 stays far below all of them. */
export const TOLERANCE = {
  /** ‖Δqacc‖∞ / max(‖qacc‖∞, ‖qacc_smooth‖∞) */
  qacc: 1e-3,
  /** the same where boxes collide: which corners touch is decided by the last digit */
  qaccBoxes: 3e-3,
  /** difference of a sensor, relative to its largest reading over the states */
  sensordata: 1e-3,
  /** states that may exceed these without explanation */
  share: 0.01,
  /** numbers of contacts and of rows over all states */
  count: 0.02,
  /** constraint cost of our qacc above that of MuJoCo's, relative to it */
  cost: 1e-4,
  /** qpos after the steps from a settled state, m or rad */
  trajectory: 1e-2,
} as const

/** Disturbances of a state that tell whether an outlier is MuJoCo's own. */
const DISTURBANCES = { state: 32, trajectory: 8 } as const

/** Constraint costs below this share of the cost of not accelerating at all, or below this one, are rounding. */
const COST_FLOOR = { share: 1e-6, absolute: 1e-10 } as const

/** Errors over many states. */
export interface Errors {
  readonly p99: number
  readonly max: number
  /** beyond the tolerance, and MuJoCo itself moves as much when its input is disturbed by 3 ulp of float32 */
  readonly explained: number
  /** beyond the tolerance otherwise */
  readonly unexplained: number
}

export interface Counts {
  readonly simcrank: number
  readonly mujoco: number
}

export interface Comparison {
  readonly states: number
  readonly qacc: Errors
  readonly sensordata: Errors
  /** excess of the constraint cost; `below`: states in which it is lower by as much, because MuJoCo's solver stopped early */
  readonly cost: Errors & { readonly below: number }
  readonly contacts: Counts
  readonly rows: Counts
  /** largest |Δqpos| of each world after the steps from settled states, rad or m */
  readonly trajectory: Errors & { readonly worlds: number; readonly median: number }
  /** worlds that left the finite numbers, in ours and in MuJoCo's */
  readonly diverged: Counts
  /** worlds that had more contacts than they have room for */
  readonly overflowed: number
  /** what disagrees, in words; empty: all agrees */
  readonly disagreements: readonly string[]
}

export interface CompareOptions {
  /** states to compare */
  readonly worlds: number
  /** steps of the trajectories */
  readonly steps: number
  readonly seed: number
}

/** trajectories to compare, at most */
const TRAJECTORIES = 16

const largest = (values: ArrayLike<number>): number => {
  let most = 0
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]) <= most)) most = Math.abs(values[i])
  return most
}

/** Value below which this share of the list lies. */
function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
}

const row = (values: Float32Array, world: number, size: number): Float32Array =>
  values.subarray(world * size, (world + 1) * size)

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => largest(Array.from(a, (x, i) => x - b[i]))

const sum = (values: ArrayLike<number>): number =>
  Array.prototype.reduce.call(values, (a, b) => Number(a) + Number(b), 0) as number

/** Put a batch into states, one a world. */
export function place(batch: Batch, states: readonly State[]): void {
  batch.reset()
  for (const name of STATE_FIELDS) {
    const size = states[0][name].length
    if (size === 0) continue
    const values = new Float32Array(states.length * size)
    for (const [i, state] of states.entries()) values.set(state[name], i * size)
    batch.set(name, values)
  }
}

/** The states `compare` compares: along the protocol, and kicked ones where that never made contact and nobody chose it. */
export function statesOf(model: Model, world: MujocoWorld, file: string, options: CompareOptions): State[] {
  const { worlds, seed } = options
  const protocol = protocolOf(model, file)
  const states = protocolStates(model, world, worlds, seed, protocol)
  if (protocol.chosen || states.some(state => answer(world, state).contacts > 0)) return states
  const half = Math.ceil(worlds / 2)
  return [...states.slice(0, worlds - half), ...kickedStates(model, world, half, seed)]
}

/** the quantities of one state that MuJoCo computes, and what ours are measured against */
interface Answer {
  readonly qacc: Float64Array
  readonly sensordata: Float64Array
  /** max(‖qacc‖∞, ‖qacc_smooth‖∞) */
  readonly size: number
  readonly contacts: number
  readonly rows: number
}

function answer(world: MujocoWorld, state: State): Answer {
  placeOne(world, state)
  world.forward()
  const qacc = world.get('qacc')
  return {
    qacc,
    sensordata: world.get('sensordata'),
    size: Math.max(largest(qacc), largest(world.get('qacc_smooth'))),
    contacts: world.get('ncon')[0],
    rows: world.get('nefc')[0],
  }
}

/** Errors beyond the tolerance, sorted into MuJoCo's own and ours; `moves` says how far MuJoCo moves when disturbed. */
function judge(errors: readonly number[], tolerance: number, moves: (i: number) => number): Errors {
  let [explained, unexplained] = [0, 0]
  for (const [i, error] of errors.entries()) {
    if (error <= tolerance) continue
    if (moves(i) >= error) explained++
    else unexplained++
  }
  return { p99: quantile(errors, 0.99), max: quantile(errors, 1), explained, unexplained }
}

/** One forward from the same states on both sides. */
async function compareForward(model: Model, batch: Batch, world: MujocoWorld, states: readonly State[], seed: number) {
  place(batch, states)
  await batch.forward()
  const fields = ['qacc', 'sensordata', 'ncon', 'nefc', 'status'] as const
  const values = await Promise.all(fields.map(name => batch.get(name)))
  const ours = Object.fromEntries(fields.map((name, i) => [name, values[i]])) as Record<
    (typeof fields)[number],
    Float32Array
  >
  const excess: number[] = []
  const theirs = states.map((state, i) => {
    const found = answer(world, state)
    // last, because it overwrites MuJoCo's constraint forces
    excess.push(costExcess(world, row(ours.qacc, i, model.nv), found))
    return found
  })
  const scale = sensorScale(model, theirs)
  const sensorError = (values: ArrayLike<number>, { sensordata }: Answer): number =>
    largest(Array.from(values, (x, k) => (x - sensordata[k]) / scale[k]))
  const relative = (error: number, size: number): number => (size > 0 ? error / size : error)
  const qacc = theirs.map((it, i) => relative(difference(row(ours.qacc, i, model.nv), it.qacc), it.size))
  const sensordata = theirs.map((it, i) => sensorError(row(ours.sensordata, i, model.nsensordata), it))

  // how far MuJoCo's own answers move, for the states that need it
  const moved = new Map<number, Readonly<Record<'qacc' | 'sensordata' | 'cost', number>>>()
  const movesOf = (i: number) => {
    const known = moved.get(i)
    if (known !== undefined) return known
    const here = theirs[i]
    const others = Array.from({ length: DISTURBANCES.state }, (_, k) => answer(world, disturbed(states[i], seed, i, k)))
    answer(world, states[i])
    const most = {
      qacc: largest(others.map(it => relative(difference(it.qacc, here.qacc), here.size))),
      sensordata: largest(others.map(it => sensorError(it.sensordata, here))),
      cost: Math.max(...others.map(it => costExcess(world, it.qacc, here))),
    }
    moved.set(i, most)
    return most
  }
  const tolerance = boxesCollide(model) ? TOLERANCE.qaccBoxes : TOLERANCE.qacc
  const judged = judge(qacc, tolerance, i => movesOf(i).qacc)
  return {
    qacc: judged,
    sensordata: judge(sensordata, TOLERANCE.sensordata, i => movesOf(i).sensordata),
    cost: {
      ...judge(excess, TOLERANCE.cost, i => movesOf(i).cost),
      below: excess.filter(it => it < -TOLERANCE.cost).length,
    },
    contacts: { simcrank: sum(ours.ncon), mujoco: sum(theirs.map(it => it.contacts)) },
    rows: { simcrank: sum(ours.nefc), mujoco: sum(theirs.map(it => it.rows)) },
    overflowed: ours.status.filter(bits => (bits & STATUS.CONTACTS) !== 0).length,
  }
}

/** How much higher than MuJoCo's own the cost of an acceleration is, relative to it; 0 without rows. */
function costExcess(world: MujocoWorld, qacc: Float32Array | Float64Array, theirs: Answer): number {
  if (theirs.rows === 0 || !qacc.every(Number.isFinite)) return 0
  const cost = world.cost(theirs.qacc)
  const floor = COST_FLOOR.share * world.cost(new Float64Array(qacc.length))
  return (world.cost(qacc) - cost) / Math.max(cost, floor, COST_FLOOR.absolute)
}

/** Readings below this, in the sensor's unit, may be nothing but rounding: the force that carries a floating base is 0. */
const SENSOR_FLOOR = 0.01

/** The largest reading of every sensor over the states, for each of its numbers. */
function sensorScale(model: Model, answers: readonly Answer[]): Float64Array {
  const scale = new Float64Array(model.nsensordata)
  for (let i = 0; i < model.nsensor; i++) {
    const [adr, dim] = [model.field.sensor_adr[i], model.field.sensor_dim[i]]
    let most = 0
    for (const { sensordata } of answers) most = Math.max(most, largest(sensordata.subarray(adr, adr + dim)))
    scale.fill(Math.max(most, SENSOR_FLOOR), adr, adr + dim)
  }
  return scale
}

/** Two geoms or more are boxes that can collide. */
function boxesCollide({ ngeom, field }: Model): boolean {
  let boxes = 0
  for (let g = 0; g < ngeom; g++)
    if (field.geom_type[g] === GEOM.BOX && (field.geom_contype[g] | field.geom_conaffinity[g]) !== 0) boxes++
  return boxes >= 2
}

/** The same steps from the same settled states on both sides. */
async function compareTrajectories(
  model: Model,
  batch: Batch,
  world: MujocoWorld,
  states: readonly State[],
  steps: number,
  seed: number,
) {
  place(batch, states)
  await batch.step(steps)
  const [qpos, status] = [await batch.get('qpos'), await batch.get('status')]
  const end = (state: State): Float64Array | undefined => {
    placeOne(world, state)
    world.step(steps)
    return world.warned() ? undefined : world.get('qpos')
  }
  const theirs = states.map(end)
  const gone = states.map((_, i) => (status[i] & STATUS.BADSTATE) !== 0)
  const pairs = theirs.flatMap((it, i) => (it !== undefined && !gone[i] ? [{ i, qpos: it }] : []))
  const errors = pairs.map(it => difference(row(qpos, it.i, model.nq), it.qpos))
  const moves = (k: number): number => {
    let most = 0
    for (let turn = 0; turn < DISTURBANCES.trajectory; turn++) {
      const other = end(disturbed(states[pairs[k].i], seed, pairs[k].i, turn))
      most = Math.max(most, other === undefined ? Number.POSITIVE_INFINITY : difference(other, pairs[k].qpos))
    }
    return most
  }
  return {
    trajectory: {
      worlds: states.length,
      median: quantile(errors, 0.5),
      ...judge(errors, TOLERANCE.trajectory, moves),
    },
    diverged: { simcrank: gone.filter(it => it).length, mujoco: theirs.filter(it => it === undefined).length },
    overflowed: status.filter(bits => (bits & STATUS.CONTACTS) !== 0).length,
  }
}

/**
 * Compare our engine with MuJoCo: one forward from states along the protocol, trajectories from settled states.
 *
 * @param file where the model came from; a protocol.json beside it says how to drive it
 * @param states of `statesOf`
 */
export async function compare(
  model: Model,
  world: MujocoWorld,
  file: string,
  states: readonly State[],
  options: CompareOptions,
): Promise<Comparison> {
  const { steps, seed } = options
  using batch = await createBatch(model, { nworld: states.length })
  const forward = await compareForward(model, batch, world, states, seed)
  const settled = settledStates(world, Math.min(TRAJECTORIES, states.length), seed, protocolOf(model, file))
  using few = await createBatch(model, { nworld: settled.length })
  const after = await compareTrajectories(model, few, world, settled, steps, seed)
  const result = {
    states: states.length,
    ...forward,
    ...after,
    overflowed: forward.overflowed + after.overflowed,
  }
  return { ...result, disagreements: disagreements(result, steps) }
}

function disagreements(found: Omit<Comparison, 'disagreements'>, steps: number): string[] {
  const list: string[] = []
  const few = (x: number): string => significant(x, 2)
  const allowed = Math.floor(TOLERANCE.share * found.states)
  for (const name of ['qacc', 'sensordata', 'cost'] as const) {
    const { unexplained, p99, max } = found[name]
    if (unexplained > allowed)
      list.push(`${name} of ${unexplained} of ${found.states} states (99 % within ${few(p99)}, worst ${few(max)})`)
  }
  for (const name of ['contacts', 'rows'] as const) {
    const { simcrank, mujoco } = found[name]
    if (Math.abs(simcrank - mujoco) > TOLERANCE.count * Math.max(simcrank, mujoco))
      list.push(`${simcrank} ${name} where MuJoCo has ${mujoco}`)
  }
  const { unexplained, worlds, max } = found.trajectory
  if (unexplained > 0)
    list.push(`qpos of ${unexplained} of ${worlds} trajectories after ${steps} steps (worst ${few(max)})`)
  const { simcrank, mujoco } = found.diverged
  if (simcrank > mujoco) list.push(`${simcrank} trajectories diverge, in MuJoCo ${mujoco}`)
  if (found.overflowed > 0) list.push(`${found.overflowed} worlds have more contacts than nconmax`)
  return list
}
