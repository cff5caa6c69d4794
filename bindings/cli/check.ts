import { type Batch, createBatch } from '../engine/index.js'
import { STATUS } from '../fields.js'
import { loadModel } from '../model/load.js'
import type { Model } from '../model/model.js'
import { unsupported, unsupportedError } from '../model/support.js'
import { significant } from '../report/format.js'
import { Failure, type Io, toJson } from './io.js'
import { MujocoWorld } from './mujoco-world.js'
import { randomStates, STATE_FIELDS, type State } from './states.js'

export interface CheckOptions {
  readonly worlds: number
  readonly steps: number
  readonly seed: number
  readonly workers: number
  readonly json?: boolean
}

/** Errors of qacc beyond this are no rounding of float32: something differs. */
const AGREES = 1e-3

/** Seconds each side is timed for. */
const TIMED = 0.5

interface Comparison {
  /** ‖Δqacc‖∞ / max(‖qacc‖∞, ‖qacc_smooth‖∞) over the states */
  readonly qacc: { readonly p99: number; readonly max: number }
  /** largest |Δqpos| of each world after the steps, rad or m */
  readonly trajectory: { readonly median: number; readonly max: number }
  /** worlds that left the finite numbers, in ours and in MuJoCo's */
  readonly diverged: { readonly simcrank: number; readonly mujoco: number }
}

const largest = (values: ArrayLike<number>): number => {
  let most = 0
  for (let i = 0; i < values.length; i++) if (!(Math.abs(values[i]) <= most)) most = Math.abs(values[i])
  return most
}

/** Value below which this share of the sorted list lies. */
const quantile = (sorted: Float64Array, share: number): number =>
  sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]

const row = (values: Float32Array, world: number, size: number): Float32Array =>
  values.subarray(world * size, (world + 1) * size)

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => largest(Array.from(a, (x, i) => x - b[i]))

function place(batch: Batch, states: readonly State[]): void {
  for (const name of STATE_FIELDS) {
    const size = states[0][name].length
    if (size === 0) continue
    const values = new Float32Array(states.length * size)
    for (const [i, state] of states.entries()) values.set(state[name], i * size)
    batch.set(name, values)
  }
}

function placeOne(world: MujocoWorld, state: State): void {
  world.reset()
  for (const name of STATE_FIELDS) if (state[name].length > 0) world.set(name, state[name])
}

/** The same states, the same forward, the same steps on both sides. */
async function compare(
  model: Model,
  batch: Batch,
  world: MujocoWorld,
  states: readonly State[],
  steps: number,
): Promise<Comparison> {
  place(batch, states)
  await batch.forward()
  const qacc = await batch.get('qacc')
  const expected: Float64Array[] = []
  const errors = Float64Array.from(states, (state, i) => {
    placeOne(world, state)
    world.forward()
    const [theirs, smooth] = [world.get('qacc'), world.get('qacc_smooth')]
    const size = Math.max(largest(theirs), largest(smooth))
    const error = difference(row(qacc, i, model.nv), theirs)
    world.step(steps)
    expected.push(world.warned() ? new Float64Array(0) : world.get('qpos'))
    return size > 0 ? error / size : error
  }).sort()
  place(batch, states)
  await batch.step(steps)
  const [qpos, status] = [await batch.get('qpos'), await batch.get('status')]
  const gone = states.map((_, i) => (status[i] & STATUS.BADSTATE) !== 0)
  const both = expected.flatMap((theirs, i) =>
    theirs.length > 0 && !gone[i] ? [difference(row(qpos, i, model.nq), theirs)] : [],
  )
  const ends = Float64Array.from(both).sort()
  return {
    qacc: { p99: quantile(errors, 0.99), max: quantile(errors, 1) },
    trajectory: { median: quantile(ends, 0.5), max: quantile(ends, 1) },
    diverged: { simcrank: gone.filter(it => it).length, mujoco: expected.filter(it => it.length === 0).length },
  }
}

/** World-steps per second of `run`, which returns how many it took. */
async function rate(run: () => Promise<number> | number): Promise<number> {
  // the first runs compile and fill caches
  for (let i = 0; i < 3; i++) await run()
  const begin = performance.now()
  let count = 0
  for (;;) {
    count += await run()
    const seconds = (performance.now() - begin) / 1000
    if (seconds >= TIMED) return count / seconds
  }
}

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/**
 * `simcrank check MODEL`: is the model supported, do we agree with MuJoCo about it, how fast are both.
 *
 * @throws {Failure} 1 when a part of the model is not supported, or the two disagree
 */
export async function check(io: Io, file: string, options: CheckOptions): Promise<void> {
  const model = await loadModel(file, { allowUnsupported: true })
  const missing = unsupported(model)
  if (missing.length > 0) {
    if (options.json === true) io.out(toJson({ model: file, supported: false, unsupported: missing }))
    else io.out(`${unsupportedError(missing, file).message}\n`)
    throw new Failure(1)
  }
  using world = await MujocoWorld.open(model, file)
  const { worlds, steps, seed, workers } = options
  using batch = await createBatch(model, { nworld: worlds, workers, seed })
  const states = randomStates(model, world, worlds, seed)
  const comparison = await compare(model, batch, world, states, steps)
  // the compared trajectories again and again, so that no world wanders off
  const ours = await rate(async () => {
    place(batch, states)
    await batch.step(steps)
    return steps * worlds
  })
  let turn = 0
  const theirs = await rate(() => {
    placeOne(world, states[turn++ % worlds])
    world.step(steps)
    return steps
  })
  const agrees = comparison.qacc.p99 <= AGREES && comparison.diverged.simcrank <= comparison.diverged.mujoco
  const { nbody, njnt, nq, nv, nu, nsensor } = model
  const result = {
    model: file,
    supported: true,
    agrees,
    sizes: { nbody, njnt, nq, nv, nu, nsensor },
    worlds,
    steps,
    seed,
    workers: batch.workers,
    ...comparison,
    stepsPerSecond: { simcrank: ours, mujoco: theirs },
  }
  if (options.json === true) io.out(toJson(result))
  else io.out(describe(result, model.field.opt_timestep[0]))
  if (!agrees) throw new Failure(1)
}

type Result = Comparison & {
  readonly model: string
  readonly agrees: boolean
  readonly sizes: Readonly<Record<'nbody' | 'njnt' | 'nq' | 'nv' | 'nu' | 'nsensor', number>>
  readonly worlds: number
  readonly steps: number
  readonly workers: number
  readonly stepsPerSecond: { readonly simcrank: number; readonly mujoco: number }
}

function describe(result: Result, timestep: number): string {
  const { sizes, qacc, trajectory, diverged, worlds, steps, workers, stepsPerSecond: speed } = result
  const few = (x: number): string => significant(x, 2)
  const thousands = (x: number): string => String(Math.round(Number(x.toPrecision(3)))).replace(/\B(?=(\d{3})+$)/g, ',')
  const gone =
    diverged.simcrank + diverged.mujoco > 0
      ? `\n    diverged: ${diverged.simcrank} worlds here, ${diverged.mujoco} in MuJoCo`
      : ''
  return `${result.model}: supported; ${result.agrees ? 'agrees' : 'DISAGREES'} with MuJoCo
  ${plural(sizes.nbody - 1, 'body', 'bodies')}, ${plural(sizes.njnt, 'joint')}, nq ${sizes.nq}, nv ${sizes.nv}, nu ${sizes.nu}, ${plural(sizes.nsensor, 'sensor')}
  qacc, relative to the largest, over ${worlds} random moving states
    99 % within ${few(qacc.p99)}, worst ${few(qacc.max)}
  qpos after ${plural(steps, 'step')} (${significant(steps * timestep, 3)} s), rad or m
    median ${few(trajectory.median)}, worst ${few(trajectory.max)}${gone}
  steps per second
    simcrank ${thousands(speed.simcrank)} (${worlds} worlds, ${plural(workers, 'worker')}), MuJoCo ${thousands(speed.mujoco)} (one core): ${few(speed.simcrank / speed.mujoco)}×
`
}
