/** Whole episodes on the GPU against those of the CPU engine. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { type Members, openRollout, type RolloutSettings } from '../../bindings/engine/rollout.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { gru, linear, makeNetwork, mlp, type PolicySpec } from '../../bindings/policy/index.js'
import { ACTIVATION, LAYER, type Layer, type Network, PERTURB, TRACK } from '../../bindings/program.js'
import { type CompiledTask, defineTask } from '../../bindings/task/index.js'
import { contactForces } from '../../bindings/tasks/shared.js'
import { everything } from '../task/everything.js'
import { Kernels, Table, words } from './dispatch.js'
import { episodesOnGpu, type Recorded, repeat, stateOf } from './episodes.js'
import { assertClose, random } from './harness.js'

const SEED = 2 ** 35 + 5
const KEY = 77

const close = assertClose

/** small numbers, so that no policy saturates */
function numbers(n: number, seed: number, size = 0.3): Float32Array {
  const next = random(seed)
  return Float32Array.from({ length: n }, () => size * next())
}

const rowsOf = (n: number) => Int32Array.from({ length: 4 * n }, (_, k) => [k >> 2, 3 + (k >> 3), 5, -1][k & 3])

interface Scenario {
  readonly model: Model
  readonly task: CompiledTask
  readonly network: Network
  readonly members: Members
  readonly settings: RolloutSettings
  readonly n: number
  readonly normalizer?: { center: Float32Array; scale: Float32Array; clip: number }
  readonly inputs?: Float32Array
  readonly tracks?: readonly Recorded[]
  readonly nring?: number
  readonly varied?: readonly string[]
  readonly parameters?: ReadonlyMap<string, Float64Array>
}

/** the same episodes on both sides; how they are cut on the GPU differs by run */
async function compare(s: Scenario, tolerance: number, cuts: readonly (readonly [nworld: number, nstep: number])[]) {
  const { model, task, network, members, settings, n, normalizer, inputs, tracks = [], varied = [], parameters } = s
  const rows = () => {
    const list = rowsOf(n)
    if (parameters) for (let i = 0; i < n; i++) list[4 * i + 3] = i % 4 === 3 ? -1 : i % 3
    return list
  }
  const rollout = await openRollout(model, { workers: 1, varied })
  const { program } = task
  rollout.load(program, network, settings)
  const registers: Record<string, Int32Array> = {
    OBSERVATION: program.observation,
    TERM: program.terms,
    ACTION: Int32Array.from({ length: program.nact }, (_, i) => program.action + i),
  }
  const expected = await rollout.run({ rows: rows(), inputs, parameters }, members, {
    normalizer,
    collect: true,
    tracks: tracks.map(({ kind, name, index }) => ({
      kind,
      index: kind === TRACK.STATE ? rollout.stateOffset(name, index) : registers[name][index],
    })),
  })
  rollout[Symbol.dispose]()
  const [nterm, nmetric] = [program.terms.length, program.metrics.length]
  const wanted = Array.from({ length: n }, (_, i) => [
    ...[expected.returns[i], expected.lengths[i], expected.ends[i]],
    ...expected.terms.subarray(i * nterm, (i + 1) * nterm),
    ...expected.metrics.subarray(i * nmetric, (i + 1) * nmetric),
  ])
  const column = (list: readonly number[][], from: number, to: number) => list.map(row => row.slice(from, to))
  const split = (values: Float32Array, size: number) =>
    Array.from({ length: n }, (_, i) => [...values.subarray(i * size, (i + 1) * size)])
  let first: unknown
  for (const [nworld, nstep] of cuts) {
    const episodes = { rows: rows(), inputs, parameters }
    const got = await episodesOnGpu({ ...s, episodes, nworld, nstep })
    assert.equal(column(got.rows, 1, 3), column(wanted, 1, 3), 'lengths and ends')
    close('returns', column(wanted, 0, 1), column(got.rows, 0, 1), tolerance)
    close('terms and metrics', column(wanted, 3, 99), column(got.rows, 3, 99), tolerance)
    const { nobs } = network
    const observed = split(expected.observations as Float32Array, 2 * nobs)
    for (let k = 0; k < 2 * nobs; k++)
      close(`observations ${k}`, column(observed, k, k + 1), column(got.observations, k, k + 1), tolerance)
    if (expected.tracks) {
      const size = settings.T * tracks.length
      const all = split(expected.tracks, size)
      for (const [k, track] of tracks.entries()) {
        const only = (list: readonly number[][]) => list.map(row => row.filter((_, i) => i % tracks.length === k))
        close(`track of ${track.name}[${track.index}]`, only(all), only(got.tracks), tolerance)
      }
    }
    // how episodes are dealt out and cut changes no bit
    if (first) assert.equal(got, first, `${nworld} worlds, ${nstep} steps a dispatch`)
    first ??= got
  }
}

// ------------------------------------------------------------------------------------------------------ without physics

/** tanh saturates late, and chaotic terms are left out: a branch taken differently is no error of the kernels */
async function withoutPhysics(
  spec: PolicySpec,
  members: (network: Network) => Members,
  more: Partial<Scenario> = {},
  change: (network: Network) => Network = network => network,
  cuts: readonly (readonly [nworld: number, nstep: number])[] = [[4, 7]],
) {
  const model = await everything.load()
  const task = everything.compile(model)
  const network = change(makeNetwork(spec, task.nobs, task.nact))
  const n = 11
  await compare(
    {
      model,
      task,
      network,
      members: members(network),
      settings: { frameSkip: 0, T: 30, seed: SEED, ...more.settings },
      n,
      inputs: numbers(2 * n, 4, 1),
      tracks: [
        { kind: TRACK.OBSERVE, name: 'OBSERVATION', index: 3 },
        { kind: TRACK.REWARD, name: 'ACTION', index: 1 },
        { kind: TRACK.REWARD, name: 'TERM', index: 0 },
      ],
      ...more,
    },
    2e-4,
    cuts,
  )
}

test('a linear policy that all episodes share, however episodes are dealt out and cut', () =>
  withoutPhysics(
    linear({ bias: true }),
    ({ nparam }) => ({ perturb: PERTURB.NONE, theta: numbers(nparam, 1, 0.05) }),
    {},
    undefined,
    [
      [4, 7],
      [11, 30],
      [3, 0],
    ],
  ))

test('layers of every activation, members of a table', () =>
  withoutPhysics(
    mlp([7, 4, 5, 6]),
    ({ nparam }) => ({
      perturb: PERTURB.ROWS,
      theta: new Float32Array(nparam),
      members: numbers(11 * nparam, 2, 0.4),
    }),
    {},
    network => ({
      ...network,
      layers: network.layers.map((layer, i) => ({ ...layer, activation: Object.values(ACTIVATION)[i] })),
    }),
  ))

/** GRU, LSTM and a dense layer, one behind the other */
function stacked({ nobs, nact }: Network): Network {
  const layers: Layer[] = []
  let offset = 0
  const add = (kind: number, nin: number, nout: number) => {
    layers.push({ kind, nin, nout, activation: ACTIVATION.tanh, bias: true, offset })
    const gates = kind === LAYER.DENSE ? 1 : kind === LAYER.GRU ? 3 : 4
    offset += gates * nout * (nin + (kind === LAYER.DENSE ? 0 : nout)) + (kind === LAYER.DENSE ? nout : 4 * nout)
  }
  add(LAYER.GRU, nobs, 5)
  add(LAYER.LSTM, 5, 3)
  add(LAYER.DENSE, 3, nact)
  return { layers, nobs, nact, nparam: offset }
}

test('recurrent layers: shared, perturbed in pairs or alone, of low rank', async () => {
  for (const perturb of [PERTURB.NONE, PERTURB.ANTITHETIC, PERTURB.INDEPENDENT, PERTURB.LOWRANK])
    await withoutPhysics(
      gru(5),
      ({ nparam }) => ({ theta: numbers(nparam, 3, 0.1), sigma: 0.05, seed: KEY, generation: 6, rank: 2, perturb }),
      {},
      stacked,
    )
})

test('low rank of dense layers, a sigma of each parameter, normalised observations, noise on actions', async () => {
  const model = await everything.load()
  const { nobs } = everything.compile(model)
  const normalizer = { center: numbers(nobs, 8), scale: numbers(nobs, 9).map(x => 1 + x), clip: 1.5 }
  const settings = { frameSkip: 0, T: 30, seed: SEED, actionNoise: 0.1 }
  await withoutPhysics(
    mlp([6, 6]),
    ({ nparam }) => ({ perturb: PERTURB.LOWRANK, theta: numbers(nparam, 5, 0.1), sigma: 0.1, seed: KEY, rank: 3 }),
    { normalizer, settings },
  )
  await withoutPhysics(
    mlp([6]),
    ({ nparam }) => ({
      perturb: PERTURB.ANTITHETIC,
      theta: numbers(nparam, 6, 0.1),
      sigmas: numbers(nparam, 7, 0.1).map(Math.abs),
      seed: KEY,
      generation: 2 ** 32 - 1,
    }),
    { normalizer, settings },
  )
})

// --------------------------------------------------------------------------------------------------------- with physics

/** without constraints, for a solver is most of the text of a kernel */
const POLE = `<mujoco><option timestep="0.01"><flag constraint="disable"/></option><worldbody>
  <body name="cart"><joint name="slide" type="slide" axis="1 0 0" damping=".1"/><geom size=".1" mass="1"/>
  <body name="pole"><joint name="hinge" axis="0 1 0" damping=".01"/><geom name="rod" type="capsule" fromto="0 0 0 0 0 .6" size=".05" mass=".1"/>
  <site name="tip" pos="0 0 .6"/></body></body></worldbody>
  <actuator><motor name="force" joint="slide" gear="10" ctrlrange="-1 1" ctrllimited="true"/></actuator>
  <sensor><framepos name="tip" objtype="site" objname="tip"/><actuatorfrc actuator="force"/></sensor></mujoco>`

const pole = defineTask({
  name: 'pole',
  model: POLE,
  frameSkip: 3,
  episodeLength: 40,
  define: s => ({
    observation: {
      x: s.jointPos('slide'),
      angle: s.jointPos('hinge'),
      qvel: s.qvel,
      pole: s.body('pole').xpos,
      turning: s.body('pole').angvel,
      rod: s.geom('rod').xpos,
      force: s.field('actuator_force'),
      mass: s.param('body/pole/mass'),
    },
    action: { kind: 'torque', delay: 'actuator_delay' },
    reward: { upright: s.jointPos('hinge').cos(), cost: s.action(0).square().neg() },
    metrics: { tip: s.body('pole').xpos.z },
    terminated: { fallen: s.jointPos('hinge').cos().lt(0.3) },
    reset: { qpos: { hinge: s.uniform(-0.6, 0.6) } },
  }),
})

test('physics: delays and masses that differ by episode, observations of poses, velocities and results', async () => {
  const model = await pole.load()
  const task = pole.compile(model)
  const network = makeNetwork(mlp([5]), task.nobs, task.nact)
  const masses = Float64Array.from({ length: 9 }, (_, i) => model.field.body_mass[i % 3] * (1 + (i % 4) / 5))
  await compare(
    {
      model,
      task,
      network,
      members: { perturb: PERTURB.ANTITHETIC, theta: numbers(network.nparam, 4), sigma: 0.2, seed: KEY },
      settings: { frameSkip: 3, T: 40, seed: SEED, delay: task.delay.seconds, delayOf: task.delay.of },
      n: 10,
      varied: ['body_mass', 'actuator_delay'],
      parameters: new Map([
        ['body_mass', masses],
        ['actuator_delay', Float64Array.of(0, 0.013, 0.05)],
      ]),
      nring: 4,
      tracks: [
        { kind: TRACK.STATE, name: 'qpos', index: 1 },
        { kind: TRACK.STATE, name: 'ctrl', index: 0 },
      ],
    },
    1e-4,
    [[3, 0]],
  )
})

const BALL = `<mujoco><option timestep="0.005"/><worldbody><geom type="plane" size="5 5 .1" condim="1"/>
  <body name="ball" pos="0 0 .12"><joint type="slide" axis="0 0 1"/><joint name="x" type="slide" axis="1 0 0"/>
  <joint type="hinge" axis="0 1 0"/><geom size=".1" mass="1" condim="1"/></body></worldbody>
  <actuator><motor joint="x" gear="3" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>`

const ball = defineTask({
  name: 'ball',
  model: BALL,
  frameSkip: 2,
  episodeLength: 30,
  define: s => ({
    observation: { qpos: s.qpos, qvel: s.qvel, forces: contactForces(s) },
    reward: { forward: s.jointVel('x') },
    action: { kind: 'torque' },
    reset: { qvel: s.initial.qvel.map(v => v.add(s.uniform(-0.3, 0.3))) },
  }),
})

test('physics: forces of contacts on bodies', async () => {
  const model = await loadModel(BALL)
  const task = ball.compile(model)
  const network = makeNetwork(linear(), task.nobs, task.nact)
  const nobs = task.nobs
  await compare(
    {
      model,
      task,
      network,
      members: { perturb: PERTURB.NONE, theta: numbers(network.nparam, 4, 0.02) },
      settings: { frameSkip: 2, T: 30, seed: SEED },
      n: 6,
      tracks: Array.from({ length: nobs }, (_, index) => ({ kind: TRACK.OBSERVE, name: 'OBSERVATION', index })),
    },
    1e-3,
    [[4, 10]],
  )
})

// --------------------------------------------------------------------------------------------------- replay and profile

test('replay: tables, delays, holds, starts and lengths of each world, in any number of dispatches', async () => {
  const model = await loadModel(POLE)
  const [nworld, T, rows, nstep] = [3, 12, 20, 3]
  const inputs = numbers(2 * rows * 2, 12, 1)
  const lengths = [12, 5, 9]
  const starts = [0, 4, 8]
  const tables = [0, 1, 0]
  const delays = [0, 0.013, 0.05]
  const fields = ['qpos', 'qvel', 'sensordata', 'qacc', 'ctrl']
  const batch = await createBatch(model, { nworld })
  batch.set('actuator_delay', Float32Array.from(delays))
  const expected = await batch.replay({
    inputs,
    channels: ['actuator/force/ctrl', 'joint/hinge/qfrc_applied'],
    interpolation: ['hold', 'linear'],
    nset: 2,
    inputOf: tables,
    start: starts,
    length: lengths,
    T,
    nstep,
    record: fields,
  })
  batch.dispose()

  const { scene, M, P, W } = await stateOf(model, true)
  const { w, p, dsize, psize, wsize } = scene.gpuLayout
  const parameters = repeat(P, psize, nworld)
  parameters.set(words(Float32Array.from(delays)), (p.get('actuator_delay') as number) * nworld)
  const table = new Table()
  const sizes = fields.map(name => model.field[name]?.length ?? expected[name].length / (nworld * T))
  let out = 4
  const records = fields.flatMap((name, i) => {
    const row = [w.get(name) as number, sizes[i], out, name === 'qpos' || name === 'qvel' ? 0 : 1]
    out += nworld * T * sizes[i]
    return row
  })
  const integers = (values: readonly number[]) => table.put(Int32Array.from(values))
  const a0 = integers([
    ...[nworld, rows, T, nstep, 2, fields.length, 1],
    ...[table.put(inputs), integers(tables), integers(starts), integers(lengths)],
    // kind, index, actuator whose delay applies, hold
    ...[integers([0, 0, 0, 1, 3, 1, -1, 0]), integers(records), 1],
  ])
  const k = await Kernels.open(
    [{ path: 'rollout/entry', name: 'replay' }],
    new Map([...scene.constants, ['f_dsize', dsize]]),
    { M, P: parameters, W: repeat(W, wsize, nworld), T: table.words, O: out },
  )
  const call = { nworld, count: nworld, nlane: nworld, npar: nworld, a0 }
  for (const [a1, a2] of [
    [0, 3],
    [3, 4],
    [4, 100],
  ])
    k.run('replay', { ...call, a1, a2 })
  const O = new Float32Array((await k.read('O')).buffer)
  k.release()
  scene.release()
  for (const [i, name] of fields.entries()) {
    const size = T * sizes[i]
    for (let world = 0; world < nworld; world++) {
      const at = records[4 * i + 2] + world * size
      const wanted = lengths[world] * sizes[i]
      const theirs = [...expected[name].subarray(world * size, (world + 1) * size)]
      const ours = [...O.subarray(at, at + size)]
      close(`${name} of world ${world}`, [theirs.slice(0, wanted)], [ours.slice(0, wanted)], 1e-4)
      assert.ok(theirs.slice(wanted).every(Number.isNaN) && ours.slice(wanted).every(Number.isNaN), `${name}: the rest`)
    }
  }
})

test('profile: any stage leaves the state as it is', async () => {
  const model = await loadModel(POLE)
  const { scene, M, P, W } = await stateOf(model, false)
  const { dsize, psize, wsize } = scene.gpuLayout
  const nworld = 2
  const before = repeat(W, wsize, nworld)
  // something that would move
  before.set(words(Float32Array.of(0.5, -0.5)), (scene.gpuLayout.w.get('qvel') as number) * nworld)
  const k = await Kernels.open(
    [{ path: 'rollout/entry', name: 'profile' }],
    new Map([...scene.constants, ['f_dsize', dsize]]),
    { M, P: repeat(P, psize, 1), W: before, E: dsize * nworld },
  )
  const qM = (words: Uint32Array) => words.subarray((scene.gpuLayout.w.get('qM') as number) * nworld)[0]
  for (let stage = 0; stage <= 9; stage++)
    k.run('profile', { nworld, count: nworld, nlane: nworld, npar: 1, a1: stage, a2: 2 })
  const after = await k.read('W')
  k.release()
  scene.release()
  assert.equal(after.subarray(0, dsize * nworld), before.subarray(0, dsize * nworld))
  assert.is.not(qM(after), 0)
})

test.run()
