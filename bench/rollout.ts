/**
 * What observation, policy and reward cost beside the physics: whole episodes inside the engine, against the very same timesteps
 * by Batch.step, its controls written from a record of those episodes. One thread each, in turns.
 */
import { fileURLToPath } from 'node:url'
import { createBatch } from '../bindings/engine/index.js'
import { openRollout } from '../bindings/engine/rollout.js'
import { loadModel } from '../bindings/model/load.js'
import type { Model } from '../bindings/model/model.js'
import { initialTheta, makeNetwork, mlp, Normalizer } from '../bindings/policy/index.js'
import { PERTURB, TRACK } from '../bindings/program.js'
import { defineTask, type Task } from '../bindings/task/index.js'
import { tasks } from '../bindings/tasks/index.js'
import { type BenchOptions, type Row, table } from './run.js'
import { cpuSeconds, median, quantile, seconds } from './timing.js'

const TASKS = ['hopper', 'half-cheetah', 'ant', 'humanoid'] as const
const EPISODES = 256
/** control steps: past the fall of a policy that has learned nothing */
const T = 100
const SIGMA = 0.05
const NETWORK = mlp([32, 32], 'tanh')

/** The task without its terminations, so that both sides do the same timesteps; with another integrator where asked. */
async function scene(name: string, euler: boolean): Promise<{ task: Task; model: Model }> {
  const { options } = tasks[name]()
  const xml = options.model as string
  const task = defineTask({
    ...options,
    model: euler ? xml.replace('integrator="RK4"', '') : xml,
    define: s => ({ ...options.define(s), terminated: undefined }),
  })
  return { task, model: await loadModel(task.options.model as string) }
}

/** Both sides of a task: seconds to play all episodes, and timesteps of all worlds. */
async function sides(name: string, euler: boolean) {
  const { task, model } = await scene(name, euler)
  const rollout = await openRollout(model)
  const compiled = task.compile(model, rollout.layout)
  const network = makeNetwork(NETWORK, compiled.nobs, compiled.nact)
  rollout.load(compiled.program, network, { frameSkip: task.frameSkip, T: T + 1, seed: 0 })
  const rows = Int32Array.from({ length: 4 * EPISODES }, (_, k) => [k >> 2, k >> 2, 0, -1][k & 3])
  const members = { perturb: PERTURB.ANTITHETIC, theta: initialTheta(network, 0), sigma: SIGMA, seed: 0, generation: 0 }
  const normalizer = Normalizer.empty(compiled.nobs).frozen()
  const play = (tracks?: { kind: number; index: number }[]) =>
    rollout.run({ rows }, members, { normalizer, collect: true, tracks })

  // where every episode begins, and the controls of its steps: those of a step stand in the state after it
  const { nq, nv, nu } = model
  const fields = [
    ['qpos', nq],
    ['qvel', nv],
    ['ctrl', nu],
  ] as const
  const tracks = fields.flatMap(([field, size]) =>
    Array.from({ length: size }, (_, e) => ({ kind: TRACK.STATE, index: rollout.stateOffset(field, e) })),
  )
  const record = (await play(tracks)).tracks as Float32Array
  const at = (t: number, first: number, size: number) =>
    Float32Array.from({ length: EPISODES * size }, (_, k) => {
      const episode = Math.floor(k / size)
      return record[(episode * (T + 1) + t) * tracks.length + first + (k % size)]
    })
  const [qpos, qvel] = [at(0, 0, nq), at(0, nq, nv)]
  const controls = Array.from({ length: T }, (_, t) => at(t + 1, nq + nv, nu))
  const batch = await createBatch(model, { nworld: EPISODES })

  return {
    steps: EPISODES * T * task.frameSkip,
    /** the rollout does one control step more than Batch: the one whose controls are not in the record */
    fused: async (now: () => number): Promise<number> => {
      const begin = now()
      await play()
      return ((now() - begin) * T) / (T + 1)
    },
    pure: async (now: () => number): Promise<number> => {
      batch.reset()
      batch.set('qpos', qpos)
      batch.set('qvel', qvel)
      const begin = now()
      for (const ctrl of controls) {
        batch.set('ctrl', ctrl)
        await batch.step(task.frameSkip)
      }
      return now() - begin
    },
    [Symbol.dispose]: () => {
      batch.dispose()
      rollout[Symbol.dispose]()
    },
  }
}

/** steps per second with a policy, beside those without */
export async function benchRollout({ quick }: BenchOptions = {}): Promise<Row[]> {
  const now = quick ? cpuSeconds : seconds
  const turns = quick ? 3 : 9
  const rows: Row[] = []
  for (const name of TASKS) {
    for (const euler of [false, true]) {
      if (euler && name === 'half-cheetah') continue
      using both = await sides(name, euler)
      await both.fused(now)
      await both.pure(now)
      const fused: number[] = []
      const pure: number[] = []
      for (let turn = 0; turn < turns; turn++) {
        fused.push(both.steps / (await both.fused(now)))
        pure.push(both.steps / (await both.pure(now)))
      }
      const ratios = fused.map((x, k) => x / pure[k])
      rows.push({
        name: `${name}${euler ? ', Euler' : ''}, 32×32 tanh, a policy for each of ${EPISODES} episodes of ${T} control steps`,
        value: median(fused),
        unit: 'steps/s',
        peer: median(pure),
        peerName: 'Batch.step',
        ratio: median(ratios),
        target: '≥ 0.6×',
        details: { quartiles: `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}` },
      })
    }
  }
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(table(await benchRollout()))
