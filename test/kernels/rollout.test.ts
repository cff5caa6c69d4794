/** Whole episodes on the GPU against those of the CPU engine. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Members, openRollout, type RolloutSettings } from '../../bindings/engine/rollout.js'
import type { Model } from '../../bindings/model/model.js'
import { gru, linear, lstm, makeNetwork, mlp, type PolicySpec } from '../../bindings/policy/index.js'
import { ACTIVATION, type Network, PERTURB, TRACK } from '../../bindings/program.js'
import type { CompiledTask } from '../../bindings/task/task.js'
import { everything } from '../task/everything.js'
import { episodesOnGpu, type Recorded } from './episodes.js'
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
  const expected = rollout.run({ rows: rows(), inputs, parameters }, members, {
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
    [
      [4, 7],
      [11, 30],
      [3, 0],
    ],
  )
}

test('a linear policy that all episodes share', () =>
  withoutPhysics(linear({ bias: true }), ({ nparam }) => ({ perturb: PERTURB.NONE, theta: numbers(nparam, 1, 0.05) })))

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

test('recurrent layers: shared, perturbed in pairs or alone, of low rank', async () => {
  const base = (nparam: number) => ({ theta: numbers(nparam, 3, 0.1), sigma: 0.05, seed: KEY, generation: 6, rank: 2 })
  for (const spec of [gru(5), lstm(5)])
    for (const perturb of [PERTURB.NONE, PERTURB.ANTITHETIC, PERTURB.INDEPENDENT, PERTURB.LOWRANK])
      await withoutPhysics(spec, ({ nparam }) => ({ ...base(nparam), perturb }))
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

test.run()
