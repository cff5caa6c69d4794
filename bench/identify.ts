/**
 * System identification of a two-link servo arm, 8 parameters, 10 s of log at 200 Hz, 6,000 evaluations on one core: our
 * objective against the same CMA-ES driving `@mujoco/mujoco` step by step. Same model text, log, seeds and settings.
 */
import { fileURLToPath } from 'node:url'
import { createBatch } from '../bindings/engine/index.js'
import { CMAES } from '../bindings/es/index.js'
import { loadModel } from '../bindings/model/load.js'
import type { Model } from '../bindings/model/model.js'
import { ParameterSpace } from '../bindings/model/parameters.js'
import type { Recording } from '../bindings/recording/recording.js'
import { identify } from '../bindings/sysid/identify.js'
import { Objective, type ReplayBatch } from '../bindings/sysid/objective.js'
import { openOracle } from '../test/support/oracle.js'
import { mujocoLog } from '../test/sysid/worlds.js'
import type { Row } from './run.js'
import { median, seconds } from './timing.js'

const ARM = `
<mujoco>
  <option timestep="0.005" integrator="Euler"><flag contact="disable"/></option>
  <worldbody>
    <body name="upper">
      <joint name="shoulder" axis="0 1 0" damping="0.1" armature="0.01" frictionloss="0.1"/>
      <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.025" mass="0.6"/>
      <body name="fore" pos="0.3 0 0">
        <joint name="elbow" axis="0 1 0" damping="0.05" armature="0.005" frictionloss="0.05"/>
        <geom type="capsule" fromto="0 0 0 0.25 0 0" size="0.02" mass="0.4"/>
      </body>
    </body>
  </worldbody>
  <actuator>
    <position name="shoulder" joint="shoulder" kp="30" kv="0.6"/>
    <position name="elbow" joint="elbow" kp="15" kv="0.3"/>
  </actuator>
</mujoco>`

const EVALUATIONS = 6000
const POPSIZE = 12
const PAIRS = 3
const SIGMA = 0.4

const space = (model: Model): ParameterSpace =>
  ParameterSpace.from(model, [
    { path: 'joint/*/armature', min: 0.0005, max: 0.2, start: 0.05, transform: 'log' },
    { path: 'joint/*/damping', min: 0.005, max: 2, start: 0.5, transform: 'log' },
    { path: 'joint/*/frictionloss', min: 0, max: 0.5, start: 0.25 },
    { path: 'actuator/*/kp', min: 3, max: 100, start: 60, transform: 'log' },
  ])

const log = (): Promise<Recording> =>
  mujocoLog(ARM, {
    name: 'arm',
    duration: 10,
    period: 0.005,
    interpolation: 'hold',
    drive: (t, i) => 0.5 * Math.sin((1.3 + 0.6 * i) * t) + 0.3 * Math.sin((4.1 + i) * t + i),
  })

/** Costs of candidates, however they are simulated. */
type Evaluate = (theta: Float64Array, count: number) => Promise<Float64Array> | Float64Array

/** Runs CMA-ES for a number of evaluations and returns the best cost. */
async function evolve(space: ParameterSpace, evaluate: Evaluate, seed: number, evaluations: number): Promise<number> {
  const p = space.nparam
  const bounds = { lower: new Float64Array(p).fill(-1), upper: new Float64Array(p).fill(1) }
  const es = new CMAES({ mean: space.normalize(space.start), sigma: SIGMA, popsize: POPSIZE, seed, bounds })
  for (let done = 0; done < evaluations; done += POPSIZE) es.tell(await evaluate(space.denormalize(es.ask()), POPSIZE))
  return es.best.fitness
}

/** The peer: one MuJoCo world, candidates one after the other; views of its memory are taken once. */
async function mujocoCosts(model: Model, recording: Recording, space: ParameterSpace): Promise<Evaluate> {
  const { mj, model: m, data: d } = await openOracle(ARM)
  const touched = space.touched.map(name => ({ name, view: m[name as 'dof_damping'] as unknown as Float64Array }))
  const [qpos, qvel, ctrl] = [d.qpos, d.qvel, d.ctrl] as unknown as Float64Array[]
  const rows = recording.channels[0].time.length
  const measured = recording.channels.filter(c => c.measures !== undefined).map(c => c.values)
  const command = recording.channels.filter(c => c.drives !== undefined).map(c => c.values)
  // the scale of our objective: variance of each signal
  const weight = measured.map(values => {
    const tail = values.subarray(1)
    const mean = tail.reduce((sum, v) => sum + v, 0) / tail.length
    return 1 / (tail.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) * measured.length)
  })
  const start = { qpos: measured.map(values => values[0]), qvel: model.field.qpos0.map(() => 0) }
  return (theta, count) => {
    const fields = space.fields(theta, new Array(count).fill(recording))
    const costs = new Float64Array(count)
    for (let k = 0; k < count; k++) {
      for (const { name, view } of touched)
        view.set((fields.get(name) as Float64Array).subarray(k * view.length, (k + 1) * view.length))
      mj.mj_setConst(m, d)
      mj.mj_resetData(m, d)
      qpos.set(start.qpos)
      qvel.set(start.qvel)
      let cost = 0
      for (let row = 1; row < rows; row++) {
        ctrl[0] = command[0][row - 1]
        ctrl[1] = command[1][row - 1]
        mj.mj_step(m, d)
        const a = qpos[0] - measured[0][row]
        const b = qpos[1] - measured[1][row]
        cost += weight[0] * a * a + weight[1] * b * b
      }
      costs[k] = cost
    }
    return costs
  }
}

/** Our batch, with the time spent inside the engine counted. */
function counted(batch: ReplayBatch, clock: { engine: number }): ReplayBatch {
  return {
    nworld: batch.nworld,
    set: (field, values) => batch.set(field, values),
    get: field => batch.get(field),
    reset: () => batch.reset(),
    async replay(options) {
      const begin = seconds()
      const out = await batch.replay(options)
      clock.engine += seconds() - begin
      return out
    },
    [Symbol.dispose]: () => batch[Symbol.dispose](),
  }
}

export async function benchIdentify(): Promise<Row[]> {
  const model = await loadModel(ARM)
  const recording = await log()
  const parameters = space(model)
  const clock = { engine: 0 }
  using objective = await Objective.create(
    model,
    [recording],
    parameters,
    { candidates: POPSIZE, filter: { kind: 'difference' } },
    async (m, options) => counted(await createBatch(m, { ...options, workers: 1 }), clock),
  )
  const ours: Evaluate = (theta, count) => objective.cost(theta, count)
  const peer = await mujocoCosts(model, recording, parameters)

  // the two must be the same function, or the comparison is worth nothing
  const check = parameters.denormalize(Float64Array.from({ length: 8 }, (_, j) => 0.3 * Math.sin(j)))
  const [a, b] = [(await ours(check, 1))[0], (await peer(check, 1))[0]]
  if (!(Math.abs(a / b - 1) < 1e-2)) throw new Error(`the two objectives differ: ${a} and ${b}`)

  // both warm for two seconds at least
  for (const side of [ours, peer]) {
    const begin = seconds()
    while (seconds() - begin < 2) await evolve(parameters, side, 0, 10 * POPSIZE)
  }

  const times: { ours: number; peer: number; engine: number; cost: number }[] = []
  for (let seed = 1; seed <= PAIRS; seed++) {
    clock.engine = 0
    let begin = seconds()
    const cost = await evolve(parameters, ours, seed, EVALUATIONS)
    const mine = seconds() - begin
    const engine = clock.engine
    begin = seconds()
    await evolve(parameters, peer, seed, EVALUATIONS)
    times.push({ ours: mine, peer: seconds() - begin, engine, cost })
  }
  const mid = (pick: (t: (typeof times)[number]) => number): number => median(times.map(pick))
  const rows: Row[] = [
    {
      name: 'two-link servo arm, 8 parameters, 10 s at 200 Hz, 6,000 evaluations of CMA-ES, one core',
      value: mid(t => t.ours),
      unit: 's',
      peer: mid(t => t.peer),
      peerName: '@mujoco/mujoco',
      ratio: mid(t => t.peer / t.ours),
      target: '≥ 20×',
      note: `${Math.round(100 * mid(t => t.engine / t.ours))} % of our time inside the engine; best cost ${mid(t => t.cost).toExponential(1)}`,
    },
  ]
  for (const method of ['both', 'gauss-newton'] as const) {
    const begin = seconds()
    const result = await identify(model, [recording], parameters, { method, seed: 1, workers: 1 })
    rows.push({
      name: `the same, identify() to the end, method ${method}`,
      value: seconds() - begin,
      unit: 's',
      note: `${result.evaluations} evaluations with intervals, statistics and traces; cost ${result.cost.toExponential(1)}`,
    })
  }
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await benchIdentify())
