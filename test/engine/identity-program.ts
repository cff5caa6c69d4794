/**
 * What has to give the same bits everywhere: worlds of a model with parameters, states and controls of their own. Made
 * into one bundle that runs in any Node and in browsers; a world's random numbers depend on nothing but its number.
 */
import { createBatch } from '../../bindings/engine/index.js'
import { type Field, worldFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { rng } from '../support/oracle.js'

export interface Run {
  /** numbers of the worlds */
  readonly worlds: readonly number[]
  readonly steps: number
  readonly workers: number
}

/** A Run of a saved Model, by the name its bytes are read with. */
export interface Job extends Run {
  readonly file: string
}

export interface Outcome {
  /** SHA-256 of every field of every world, or the code of the error */
  readonly hash: string
  /** contacts at the end, over all worlds */
  readonly contacts: number
  /** worlds that stand still */
  readonly stopped: number
}

export type State = ReadonlyMap<string, Float32Array>

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** steps that a control is held */
const HOLD = 20
/** parameters of each world over the model's: from one over this to this */
const SPREAD = 1.3
/** most that positions of hinges and slides, and all velocities, are off the start: m, rad, m/s, rad/s */
const POSITION = 0.05
const VELOCITY = 0.5
const VARIED = ['body_mass', 'dof_damping', 'geom_friction']
const [FREE, BALL] = [0, 1]

/** (nworld, …) rows, one from each world's generator */
const rows = (worlds: readonly Random[], row: (random: Random) => ArrayLike<number>): Float64Array =>
  Float64Array.from(worlds.flatMap(random => Array.from(row(random))))

type Random = ReturnType<typeof rng>

/** Worlds of a model under random controls, from its first keyframe or its reference pose a little disturbed. */
export async function simulate(model: Model, { worlds, steps, workers }: Run): Promise<State> {
  const { nq, nv, nu, njnt, nkey, field } = model
  const random = worlds.map(w => rng(0x9e3779b1 * (w + 1)))
  const batch = await createBatch(model, { nworld: worlds.length, workers })
  try {
    for (const name of VARIED) {
      batch.set(
        name,
        rows(random, r => field[name].map(x => x * r.uniform(1 / SPREAD, SPREAD))),
      )
    }
    const qpos = nkey > 0 ? field.key_qpos.subarray(0, nq) : field.qpos0
    batch.set(
      'qpos',
      rows(random, r => {
        const row = Float64Array.from(qpos)
        for (let j = 0; j < njnt; j++) {
          const type = field.jnt_type[j]
          if (type !== FREE && type !== BALL) row[field.jnt_qposadr[j]] += r.uniform(-POSITION, POSITION)
        }
        return row
      }),
    )
    batch.set(
      'qvel',
      rows(random, r => Array.from({ length: nv }, () => r.uniform(-VELOCITY, VELOCITY))),
    )
    for (let done = 0; done < steps; done += HOLD) {
      batch.set(
        'ctrl',
        rows(random, r =>
          Array.from({ length: nu }, (_, i) => {
            if (field.actuator_ctrllimited[i] === 0) return r.uniform(-1, 1)
            return r.uniform(field.actuator_ctrlrange[2 * i], field.actuator_ctrlrange[2 * i + 1])
          }),
        ),
      )
      await batch.step(Math.min(HOLD, steps - done))
    }
    const state = new Map<string, Float32Array>()
    for (const { name } of worldFields) state.set(name, await batch.get(name))
    return state
  } finally {
    batch.dispose()
  }
}

/** What a state comes down to. */
export async function outcome(state: State): Promise<Outcome> {
  const bytes = worldFields.map(({ name }: Field) => new Uint8Array((state.get(name) as Float32Array).buffer))
  const all = new Uint8Array(bytes.reduce((n, b) => n + b.length, 0))
  let at = 0
  for (const b of bytes) {
    all.set(b, at)
    at += b.length
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all))
  const sum = (name: string): number => (state.get(name) as Float32Array).reduce((a, x) => a + x, 0)
  return {
    hash: Array.from(digest, b => b.toString(16).padStart(2, '0')).join(''),
    contacts: sum('ncon'),
    stopped: (state.get('status') as Float32Array).filter(bits => (bits & ~2) !== 0).length,
  }
}

/** All jobs, one after the other. @public hosts.ts writes who calls it */
export async function runJobs(
  jobs: readonly Job[],
  read: (file: string) => Promise<Uint8Array>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const job of jobs) {
    try {
      outcomes.push(await outcome(await simulate(await loadModel(await read(job.file)), job)))
    } catch (error) {
      outcomes.push({ hash: String((error as { code?: string }).code ?? error), contacts: 0, stopped: 0 })
    }
  }
  return outcomes
}
