/**
 * A reward over the fields of many worlds: plain TypeScript, gpu.js in each of its modes, and the same reward as a term of a
 * task, computed inside the episodes. `tsx bench/features.ts` runs it alone.
 *
 * The first three read recorded arrays. Ours never leaves the engine: what it costs is a rollout with this reward less one
 * with a constant in its place, the same number of evaluations. One core, in processor time, least of several turns; mode webgpu
 * is wall-clock, with the way of the arrays to the GPU and back.
 */
import { fileURLToPath } from 'node:url'
import { openRollout } from '../bindings/engine/rollout.js'
import { BackendError } from '../bindings/errors.js'
import { type FeatureMode, openFeatures, type StepField } from '../bindings/gpujs/index.js'
import { loadModel } from '../bindings/model/load.js'
import { linear, makeNetwork } from '../bindings/policy/index.js'
import { PERTURB } from '../bindings/program.js'
import { defineTask, type Task } from '../bindings/task/index.js'
import { type BenchOptions, type Row, table } from './run.js'
import { sceneOf, sceneXml, uniformTable } from './scenes.js'
import { cpuSeconds, seconds } from './timing.js'

const NWORLD = 4096
const T = 1000
const TURNS = 5
/** cart-pole */
const [NQ, NV, NU] = [2, 2, 1]

type Fields = Readonly<Record<'qpos' | 'qvel' | 'ctrl', Float32Array>>

function madeUp(nworld: number, steps: number): Fields {
  const numbers = (size: number, seed: number): Float32Array =>
    Float32Array.from(uniformTable(nworld * steps * size, seed), x => 2 * x - 1)
  return { qpos: numbers(NQ, 1), qvel: numbers(NV, 2), ctrl: numbers(NU, 3) }
}

/** sum over the steps of each world, one pass over the arrays */
function plain({ qpos, qvel, ctrl }: Fields, nworld: number, steps: number): Float32Array {
  const out = new Float32Array(nworld)
  for (let w = 0, at = 0; w < nworld; w++) {
    let sum = 0
    for (let t = 0; t < steps; t++, at++) {
      const x = qpos[2 * at]
      const a = qpos[2 * at + 1]
      const v = qvel[2 * at]
      const r = qvel[2 * at + 1]
      const u = ctrl[at]
      sum += Math.exp(-4 * (x * x + a * a)) - 0.1 * (v * v + r * r) - 0.01 * u * u
    }
    out[w] = sum
  }
  return out
}

/** the same by gpu.js; undefined where it, or a GPU, is absent */
async function byGpuJs(mode: FeatureMode, fields: Fields, nworld: number, steps: number) {
  try {
    const features = await openFeatures(
      { mode, nworld, T: steps, fields: ['qpos', 'qvel', 'ctrl'] },
      function (qpos: StepField, qvel: StepField, ctrl: StepField) {
        let sum = 0
        for (let t = 0; t < this.constants.T; t++) {
          const x = qpos[this.thread.x][t][0]
          const a = qpos[this.thread.x][t][1]
          const v = qvel[this.thread.x][t][0]
          const r = qvel[this.thread.x][t][1]
          const u = ctrl[this.thread.x][t][0]
          sum += Math.exp(-4 * (x * x + a * a)) - 0.1 * (v * v + r * r) - 0.01 * u * u
        }
        return sum
      },
    )
    return { run: () => features.run(fields), [Symbol.dispose]: () => features.dispose() }
  } catch (error) {
    if (error instanceof BackendError) return undefined
    throw error
  }
}

/** Episodes of the cart-pole that never end early. */
async function episodes(reward: boolean, nworld: number, steps: number) {
  const task: Task = defineTask({
    name: 'cartpole-features',
    model: sceneXml(sceneOf('cartpole')),
    frameSkip: 1,
    episodeLength: steps,
    define: s => {
      const { qpos, qvel } = s
      return {
        observation: { x: qpos.at(0) },
        action: { kind: 'torque' },
        reward: reward
          ? {
              reward: qpos
                .unitless()
                .squared()
                .mul(-4)
                .exp()
                .sub(qvel.unitless().squared().mul(0.1))
                .sub(s.ctrl.unitless().squared().mul(0.01)),
            }
          : { reward: s.const(0) },
      }
    },
  })
  const model = await loadModel(task.options.model as string)
  const rollout = await openRollout(model)
  const compiled = task.compile(model, rollout.layout)
  const network = makeNetwork(linear(), compiled.nobs, compiled.nact)
  rollout.load(compiled.program, network, { frameSkip: 1, T: steps, seed: 0 })
  const rows = Int32Array.from({ length: 4 * nworld }, (_, k) => [0, k >> 2, 0, -1][k & 3])
  const members = { perturb: PERTURB.NONE, theta: new Float32Array(network.nparam) }
  return { run: () => rollout.run({ rows }, members), [Symbol.dispose]: () => rollout[Symbol.dispose]() }
}

/** least time of several turns, the first not counted */
async function least(turns: number, clock: () => number, act: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let turn = 0; turn <= turns; turn++) {
    const begin = clock()
    await act()
    if (turn > 0) best = Math.min(best, clock() - begin)
  }
  return best
}

/** every row of the table */
export async function benchFeatures({ quick = false }: BenchOptions = {}): Promise<Row[]> {
  return features(NWORLD, T, quick ? 2 : TURNS)
}

/** @throws when two sides do not give the same numbers */
export async function features(nworld: number, steps: number, turns: number): Promise<Row[]> {
  const fields = madeUp(nworld, steps)
  const expected = plain(fields, nworld, steps)
  using withReward = await episodes(true, nworld, steps)
  using without = await episodes(false, nworld, steps)
  const [dear, cheap] = [await least(turns, cpuSeconds, withReward.run), await least(turns, cpuSeconds, without.run)]
  const rate = (spent: number): number => (nworld * steps) / 1e6 / spent
  const name = `reward of ${nworld} worlds × ${steps} steps`
  const ours = rate(Math.max(dear - cheap, 1e-6))
  const row = (peerName: string, spent: number, note: string): Row => ({
    name,
    value: ours,
    unit: 'M rewards/s',
    peer: rate(spent),
    peerName,
    ratio: ours / rate(spent),
    note,
  })
  const rows = [row('TypeScript', await least(turns, cpuSeconds, () => plain(fields, nworld, steps)), 'one core')]
  for (const mode of ['cpu', 'webasm', 'webgpu'] as const) {
    using theirs = await byGpuJs(mode, fields, nworld, steps)
    if (!theirs) continue
    const got = await theirs.run()
    expected.forEach((x, w) => {
      if (!(Math.abs(got[w] - x) <= 1e-5 * steps)) throw new Error(`gpu.js ${mode}: world ${w} is ${got[w]}, not ${x}`)
    })
    const gpu = mode === 'webgpu'
    const spent = await least(turns, gpu ? seconds : cpuSeconds, theirs.run)
    rows.push(row(`gpu.js, mode ${mode}`, spent, gpu ? 'wall-clock, arrays to the GPU and back' : 'one core'))
  }
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(table(await benchFeatures()))
