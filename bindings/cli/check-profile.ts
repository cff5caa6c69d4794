import { type Batch, createBatch } from '../engine/index.js'
import { topology } from '../engine/layout.js'
import { enumName, INT, SOL } from '../model/enums.js'
import { loadModel } from '../model/load.js'
import type { Model } from '../model/model.js'
import { significant } from '../report/format.js'
import { type CompareOptions, place, statesOf } from './check-compare.js'
import { type Io, toJson } from './io.js'
import { MujocoWorld } from './mujoco-world.js'
import { textTable } from './table.js'

/** What `Batch.profile` stops after, in its order (assembly/rollout/profile.ts); the last is the whole step. */
const STAGES = [
  'kinematics',
  'bias',
  'inertia',
  'passive and actuation',
  'collision',
  'constraint rows',
  'solver',
  'sensors',
  'integrate',
] as const

/**
 * Rounds of which the quickest counts, and how long one prefix runs in each, s: short, so that some rounds are not
 * disturbed by what else the machine does.
 */
const MEASURE = { rounds: 25, seconds: 0.004 } as const

const CONES = ['pyramidal', 'elliptic'] as const

/** Seconds that the step of all blocks takes up to each stage; the first entry is the copy of the state alone. */
function prefixes(batch: Batch): number[] {
  const stages = Array.from({ length: STAGES.length + 1 }, (_, i) => i)
  const time = (stage: number, nrep: number): number => {
    // processor time: what else the machine does is not ours
    const begin = process.cpuUsage()
    batch.profile(stage, nrep)
    const { user, system } = process.cpuUsage(begin)
    return (user + system) / 1e6
  }
  // the first runs compile
  for (const stage of stages) time(stage, 2)
  const nrep = stages.map(stage => Math.max(1, Math.ceil((4 * MEASURE.seconds) / Math.max(1e-6, time(stage, 4)))))
  const rounds = Array.from({ length: MEASURE.rounds }, () =>
    stages.map(stage => time(stage, nrep[stage]) / nrep[stage]),
  )
  const quickest = stages.map(stage => Math.min(...rounds.map(round => round[stage])))
  // a prefix takes no longer than one that goes on
  return stages.map(stage => Math.min(...quickest.slice(stage)))
}

export interface StageTime {
  readonly stage: string
  /** µs per step of one world */
  readonly microseconds: number
  readonly share: number
}

/** Time per stage of a step from the present states of a batch, on one thread. */
export function stageTimes(batch: Batch, model: Model, planar: boolean): { total: number; stages: StageTime[] } {
  const seconds = prefixes(batch)
  const micro = seconds.map(it => (1e6 * (it - seconds[0])) / batch.nworld)
  const total = micro[STAGES.length]
  const named = STAGES.map((stage, i) => ({
    stage: stage as string,
    microseconds: micro[i + 1] - micro[i],
  }))
  if (planar) named.splice(0, 3, { stage: 'planar kinematics, bias, inertia', microseconds: micro[3] })
  if (model.field.opt_integrator[0] === INT.RK4) named[named.length - 1].stage = '3 more evaluations, integrate'
  return { total, stages: named.map(it => ({ ...it, share: it.microseconds / total })) }
}

const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length

/**
 * `simcrank check --profile MODEL`: where the time of a step goes, over states of MuJoCo's trajectories.
 *
 * @throws {ModelError} MODEL_UNSUPPORTED, …
 */
export async function checkProfile(
  io: Io,
  file: string,
  options: CompareOptions & { readonly json?: boolean },
): Promise<void> {
  const model = await loadModel(file)
  using world = await MujocoWorld.open(model, file)
  const states = statesOf(model, world, file, options)
  using batch = await createBatch(model, { nworld: states.length })
  place(batch, states)
  await batch.forward()
  const [contacts, rows, iterations] = await Promise.all(
    ['ncon', 'nefc', 'solver_niter'].map(async name => mean(await batch.get(name))),
  )
  place(batch, states)
  const { total, stages } = stageTimes(batch, model, topology(model, new Set()).sizes.planar !== 0)
  const { opt_solver, opt_cone, opt_integrator } = model.field
  const facts = {
    solver: enumName(SOL, opt_solver[0]),
    cone: CONES[opt_cone[0]],
    integrator: enumName(INT, opt_integrator[0]),
    contacts,
    rows,
    iterations,
  }
  if (options.json === true) {
    io.out(toJson({ model: file, worlds: states.length, ...facts, microseconds: total, stages }))
    return
  }
  const few = (x: number): string => significant(x, 3)
  const lines = [...stages, { stage: 'step', microseconds: total, share: 1 }].map(it => [
    it.stage,
    few(it.microseconds),
    `${(100 * it.share).toFixed(1)} %`,
  ])
  io.out(`${file}: ${few(1e6 / total)} steps per second on one thread, ${states.length} worlds
  solver ${facts.solver}, cone ${facts.cone}, integrator ${facts.integrator}; per step ${few(contacts)} contacts, ${few(rows)} rows, ${few(iterations)} iterations
${textTable([{ head: 'stage' }, { head: 'µs', right: true }, { head: 'share', right: true }], lines)}
`)
}
