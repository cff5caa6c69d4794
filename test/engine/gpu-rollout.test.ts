/** Episodes on the GPU by the API of those on the CPU. */
import '../kernels/swiftshader.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Members, openRollout, type Rollout, type RolloutResult } from '../../bindings/engine/rollout.js'
import { GpuEngine } from '../../bindings/engine/webgpu/engine.js'
import { ParameterDistribution } from '../../bindings/model/distribution.js'
import type { Model } from '../../bindings/model/model.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { linear, makeNetwork, mlp, Policy } from '../../bindings/policy/index.js'
import { type Network, PERTURB, type Program, TRACK } from '../../bindings/program.js'
import { evaluate } from '../../bindings/task/evaluate.js'
import { defineTask, type Task } from '../../bindings/task/index.js'
import { textsOf } from '../../bindings/task/kernel.js'
import { rollout } from '../../bindings/task/rollout.js'
import { random } from '../kernels/harness.js'
import { refusal } from '../support/refuse.js'

const POLE = `<mujoco><option timestep="0.01"/><worldbody>
  <body name="cart"><joint name="slide" type="slide" axis="1 0 0" range="-2 2" limited="true" damping=".1"/><geom size=".1" mass="1"/>
  <body name="pole"><joint name="hinge" axis="0 1 0" damping=".01"/><geom type="capsule" fromto="0 0 0 0 0 .6" size=".05" mass=".1"/></body></body>
  </worldbody><actuator><motor name="force" joint="slide" gear="10" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>`

const pole = defineTask({
  name: 'pole',
  model: POLE,
  frameSkip: 2,
  episodeLength: 40,
  define: s => ({
    observation: { x: s.jointPos('slide'), angle: s.jointPos('hinge'), qvel: s.qvel },
    action: { kind: 'torque', delay: 'actuator_delay' },
    reward: { upright: s.jointPos('hinge').cos(), cost: s.action(0).square().neg() },
    metrics: { speed: s.jointVel('slide').abs() },
    terminated: { fallen: s.jointPos('hinge').cos().lt(0.3) },
    reset: { qpos: { hinge: s.uniform(-0.6, 0.6) } },
  }),
})

/** a foot that lands, slides and topples */
const FOOT = `<mujoco><option timestep="0.005"/><worldbody><geom type="plane" size="5 5 .1"/>
  <body name="foot" pos="0 0 .12"><joint type="slide" axis="0 0 1"/><joint name="x" type="slide" axis="1 0 0"/>
  <joint name="pitch" type="hinge" axis="0 1 0"/><geom type="capsule" fromto="-.1 0 0 .1 0 0" size=".1" mass="1"/></body></worldbody>
  <actuator><motor joint="x" gear="3" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>`

const foot = defineTask({
  name: 'foot',
  model: FOOT,
  frameSkip: 2,
  episodeLength: 12,
  define: s => ({
    observation: { qpos: s.qpos, qvel: s.qvel },
    reward: { forward: s.jointVel('x'), level: s.jointPos('pitch').cos() },
    action: { kind: 'torque' },
    reset: { qvel: s.initial.qvel.map(v => v.add(s.uniform(-0.3, 0.3))) },
  }),
})

const SEED = 2 ** 35 + 5
const N = 13

const numbers = (n: number, seed: number, scale: number): Float32Array => {
  const next = random(seed)
  return Float32Array.from({ length: n }, () => scale * next())
}

interface Opened {
  readonly rollout: Rollout
  readonly network: Network
  readonly program: Program
  readonly model: Model
}

async function open(
  task: Task,
  backend: 'wasm' | 'webgpu',
  options: { nworld?: number; varied?: string[]; actionNoise?: number; fused?: boolean } = {},
): Promise<Opened> {
  const model = await task.load()
  const opened = await openRollout(model, { ...options, backend })
  const { program, nobs, nact, frameSkip, delay, ...rest } = task.compile(model, opened.layout)
  const network = makeNetwork(mlp([5]), nobs, nact)
  const settings = { frameSkip, T: task.episodeLength, seed: SEED, delay: delay.seconds, delayOf: delay.of }
  opened.load(program, network, { ...settings, actionNoise: options.actionNoise }, textsOf(rest))
  return { rollout: opened, network, program, model }
}

const antithetic = ({ network }: Opened): Members => ({
  perturb: PERTURB.ANTITHETIC,
  theta: numbers(network.nparam, 4, 1),
  sigma: 0.2,
  seed: 77,
  generation: 3,
})

const rowsOf = (n: number, parameters: (i: number) => number = () => -1): Int32Array =>
  Int32Array.from({ length: 4 * n }, (_, k) => [k >> 2, k >> 3, 6, parameters(k >> 2)][k & 3])

/** largest difference relative to the largest number */
function close(name: string, ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number): void {
  assert.is(ours.length, theirs.length, name)
  let [worst, size] = [0, 1e-3]
  for (let i = 0; i < ours.length; i++) {
    worst = Math.max(worst, Math.abs(ours[i] - theirs[i]))
    size = Math.max(size, Math.abs(theirs[i]))
  }
  assert.ok(worst <= tolerance * size, `${name}: ${worst} of ${size}`)
}

function agree(ours: RolloutResult, theirs: RolloutResult, tolerance: number): void {
  assert.equal([...ours.lengths], [...theirs.lengths])
  assert.equal([...ours.ends], [...theirs.ends])
  for (const name of ['returns', 'terms', 'metrics', 'observations', 'tracks'] as const)
    close(name, ours[name] ?? [], theirs[name] ?? [], tolerance)
}

test('the results of both backends, whatever the number of worlds: physics and delays of each episode, sums, tracks', async () => {
  const varied = ['body_mass', 'actuator_delay']
  const play = async (opened: Opened): Promise<RolloutResult> => {
    const { model, rollout, program, network } = opened
    const masses = Float64Array.from({ length: 9 }, (_, i) => model.field.body_mass[i % 3] * (1 + (i % 4) / 5))
    const tracks = [
      ...Array.from(program.observation, index => ({ kind: TRACK.OBSERVE, index })),
      ...Array.from(program.terms, index => ({ kind: TRACK.REWARD, index })),
      { kind: TRACK.REWARD, index: program.action },
      { kind: TRACK.REWARD, index: program.delayed },
      { kind: TRACK.REWARD, index: program.metrics[0] },
      { kind: TRACK.STATE, index: rollout.stateOffset('qpos', 1) },
    ]
    const normalizer = { center: numbers(4, 8, 0.3), scale: numbers(4, 9, 0.5).map(x => 1 + x), clip: 5 }
    const rows = rowsOf(N, i => (i % 4 === 3 ? -1 : i % 3))
    const given = {
      rows,
      parameters: new Map([
        ['body_mass', masses],
        ['actuator_delay', Float64Array.of(0, 0.013, 0.05)],
      ]),
    }
    const before = rows.slice()
    const result = await rollout.run(given, antithetic(opened), { normalizer, collect: true, tracks })
    assert.equal(rows, before)
    assert.is(network.nobs, 4)
    return result
  }
  const results: RolloutResult[] = []
  for (const [backend, nworld] of [['wasm'], ['webgpu'], ['webgpu', 5]] as const) {
    const opened = await open(pole, backend, { varied, nworld, actionNoise: 0.05 })
    results.push(await play(opened))
    // the same again, in buffers that have been used
    if (nworld === undefined) assert.equal(await play(opened), results.at(-1))
    opened.rollout[Symbol.dispose]()
  }
  const [wasm, webgpu, few] = results
  agree(webgpu, wasm, 1e-4)
  assert.equal(few, webgpu)
  assert.ok(new Set(wasm.lengths).size > 3, 'episodes end at different times')
})

test('contacts: the first steps agree; more episodes, and others, in the same buffers or larger ones', async () => {
  const [theirs, ours] = [await open(foot, 'wasm'), await open(foot, 'webgpu', { fused: false })]
  const few = await ours.rollout.run({ rows: rowsOf(6) }, antithetic(ours))
  agree(few, await theirs.rollout.run({ rows: rowsOf(6) }, antithetic(theirs)), 1e-3)
  const many = await ours.rollout.run({ rows: rowsOf(70) }, antithetic(ours))
  assert.equal(many.returns.slice(0, 6), few.returns)
  // two at once wait for each other
  const [a, b] = await Promise.all([3, 6].map(n => ours.rollout.run({ rows: rowsOf(n) }, antithetic(ours))))
  assert.equal(a.returns, few.returns.slice(0, 3))
  assert.equal(b.returns, few.returns)
  for (const { rollout } of [ours, theirs]) rollout[Symbol.dispose]()
  await refusal(ours.rollout.run({ rows: rowsOf(1) }, antithetic(ours)), 'NOT_LOADED')
})

test('rollout and evaluate of a policy on the GPU', async () => {
  const model = await pole.load()
  const { nobs, nact } = pole.compile(model)
  const network = makeNetwork(linear(), nobs, nact)
  const policy = new Policy({ network, theta: Float32Array.of(0.3, 2, 0.2, 0.4).subarray(0, network.nparam) })
  const space = ParameterSpace.from(model, { parameters: [{ path: 'body/pole/mass', min: 0.05, max: 0.3 }] })
  const distribution = ParameterDistribution.uniform(space)
  const options = { episodes: 9, seed: 4, distribution, model, record: ['observation', 'action', 'reward', 'qvel'] }
  const theirs = await rollout(pole, policy, options)
  const ours = await evaluate(policy, pole, { ...options, backend: 'webgpu' })
  close('returns', ours.rollout.returns, theirs.returns, 1e-4)
  assert.equal(ours.rollout.lengths, theirs.lengths)
  for (const name of options.record) {
    const [a, b] = [ours.rollout.record[name], theirs.record[name]]
    assert.equal(a.map(Number.isNaN as never), b.map(Number.isNaN as never), name)
    close(
      name,
      a.map(x => x || 0),
      b.map(x => x || 0),
      1e-3,
    )
  }
  assert.equal(ours.rollout.parameters, theirs.parameters)
})

test('what does not fit is refused with a code', async () => {
  const model = await pole.load()
  assert.match((await refusal(openRollout(model, { backend: 'webgpu', workers: 2 }), 'WORKERS')).message, /no threads/)
  await refusal(openRollout(model, { backend: 'metal' as 'wasm' }), 'BACKEND')
  await refusal(openRollout(model, { backend: 'webgpu', nworld: 0 }), 'NWORLD')
  await refusal(openRollout(model, { backend: 'webgpu', keyframe: 'nowhere' }), 'KEYFRAME')
  const opened = await open(pole, 'webgpu', { nworld: 2 ** 30 })
  const run = opened.rollout.run({ rows: rowsOf(3) }, antithetic(opened))
  assert.match((await refusal(run, 'OUT_OF_MEMORY')).message, /1073741824 worlds: a buffer of '.*' has room for \d+;/)
  const tracks = [{ kind: TRACK.REWARD, index: opened.program.nreg + 9 }]
  await refusal(opened.rollout.run({ rows: rowsOf(3) }, antithetic(opened), { tracks }), 'TRACK')
  opened.rollout[Symbol.dispose]()

  const bare = await openRollout(model, { backend: 'webgpu' })
  const { program } = pole.compile(model, bare.layout)
  assert.throws(
    () => bare.load(program, opened.network, { frameSkip: 2, T: 3, seed: 0 }),
    (error: { code?: string }) => error.code === 'TEXTS',
  )
  bare[Symbol.dispose]()
})

test('a GPU that goes away in the middle; the next run opens it again and has the same bits', async () => {
  const opened = await open(pole, 'webgpu', { nworld: 64 })
  const before = await opened.rollout.run({ rows: rowsOf(6) }, antithetic(opened))
  const engine = await GpuEngine.open()
  const running = opened.rollout.run({ rows: rowsOf(20_000) }, antithetic(opened))
  setTimeout(() => engine.device.destroy(), 50)
  await refusal(running, 'DEVICE_LOST')
  assert.equal(await opened.rollout.run({ rows: rowsOf(6) }, antithetic(opened)), before)
  opened.rollout[Symbol.dispose]()
})

test.run()
