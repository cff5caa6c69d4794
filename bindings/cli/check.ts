import { type Batch, createBatch } from '../engine/index.js'
import { loadModel } from '../model/load.js'
import type { Model } from '../model/model.js'
import { unsupported, unsupportedError } from '../model/support.js'
import { significant } from '../report/format.js'
import {
  type CompareOptions,
  type Comparison,
  type Counts,
  compare,
  type Errors,
  place,
  statesOf,
} from './check-compare.js'
import { Failure, type Io, toJson } from './io.js'
import { MujocoWorld } from './mujoco-world.js'
import { placeOne, type State } from './states.js'

export interface CheckOptions extends CompareOptions {
  readonly workers: number
  readonly json?: boolean
}

/** Seconds each side is timed for. */
const TIMED = 0.5

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

/** Both sides over the compared states again and again, so that no world wanders off. */
async function speeds(batch: Batch, world: MujocoWorld, states: readonly State[], steps: number): Promise<Counts> {
  const simcrank = await rate(async () => {
    place(batch, states)
    await batch.step(steps)
    return steps * states.length
  })
  let turn = 0
  const mujoco = await rate(() => {
    placeOne(world, states[turn++ % states.length])
    world.step(steps)
    return steps
  })
  return { simcrank, mujoco }
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
  const states = statesOf(model, world, file, options)
  const comparison = await compare(model, world, file, states, options)
  using batch = await createBatch(model, { nworld: worlds, workers, seed })
  const stepsPerSecond = await speeds(batch, world, states, steps)
  const agrees = comparison.disagreements.length === 0
  const { nbody, njnt, nq, nv, nu, ngeom, nsensor } = model
  const result = {
    model: file,
    supported: true,
    agrees,
    sizes: { nbody, njnt, nq, nv, nu, ngeom, nsensor },
    worlds,
    steps,
    seed,
    workers: batch.workers,
    ...comparison,
    stepsPerSecond,
  }
  if (options.json === true) io.out(toJson(result))
  else io.out(describe(result, model))
  if (!agrees) throw new Failure(1)
}

type Result = Comparison & {
  readonly model: string
  readonly worlds: number
  readonly steps: number
  readonly workers: number
  readonly stepsPerSecond: Counts
}

const few = (x: number): string => significant(x, 2)

/** `99 % within …, worst …`, and the outliers if there are any */
function errors({ p99, max, explained, unexplained }: Errors): string {
  const outliers =
    explained + unexplained > 0
      ? `; beyond the tolerance ${explained + unexplained}: MuJoCo moves as much when disturbed by 3 ulp in ${explained}, not in ${unexplained}`
      : ''
  return `99 % within ${few(p99)}, worst ${few(max)}${outliers}`
}

function describe(result: Result, model: Model): string {
  const { contacts, rows, trajectory, diverged, worlds, steps, workers, stepsPerSecond: speed } = result
  const thousands = (x: number): string => String(Math.round(Number(x.toPrecision(3)))).replace(/\B(?=(\d{3})+$)/g, ',')
  const each = (n: number): string => significant(n / result.states, 3)
  const gone =
    diverged.simcrank + diverged.mujoco > 0
      ? `\n    diverged: ${diverged.simcrank} worlds here, ${diverged.mujoco} in MuJoCo`
      : ''
  const verdict = result.disagreements.length === 0 ? 'agrees with MuJoCo' : 'DISAGREES with MuJoCo'
  const constrained =
    rows.mujoco + rows.simcrank === 0
      ? ''
      : `
  per state: contacts ${each(contacts.simcrank)} here, ${each(contacts.mujoco)} in MuJoCo; rows ${each(rows.simcrank)}, ${each(rows.mujoco)}
  constraint cost above MuJoCo's, relative
    ${errors(result.cost)}${result.cost.below > 0 ? `; ${result.cost.below} below it: MuJoCo's solver stopped early` : ''}`
  const sensors =
    model.nsensordata === 0
      ? ''
      : `\n  sensordata, relative to the largest of each sensor\n    ${errors(result.sensordata)}`
  const reasons = result.disagreements.map(line => `\n  DIFFERS: ${line}`).join('')
  const { nbody, njnt, nq, nv, nu, nsensor } = model
  return `${result.model}: supported; ${verdict}
  ${plural(nbody - 1, 'body', 'bodies')}, ${plural(njnt, 'joint')}, nq ${nq}, nv ${nv}, nu ${nu}, ${plural(nsensor, 'sensor')}
  qacc, relative to the largest, over ${result.states} states of MuJoCo's trajectories
    ${errors(result.qacc)}${constrained}${sensors}
  qpos ${plural(steps, 'step')} (${significant(steps * model.field.opt_timestep[0], 3)} s) after ${trajectory.worlds} settled states, rad or m
    median ${few(trajectory.median)}, ${errors(trajectory)}${gone}${reasons}
  steps per second
    simcrank ${thousands(speed.simcrank)} (${worlds} worlds, ${plural(workers, 'worker')}), MuJoCo ${thousands(speed.mujoco)} (one core): ${few(speed.simcrank / speed.mujoco)}×
`
}
