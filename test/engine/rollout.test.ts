/** Whole episodes inside the kernels, against Batch.step and the policies' plain TypeScript, one control step at a time. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { wideSize } from '../../bindings/engine/episodes.js'
import { createBatch } from '../../bindings/engine/index.js'
import { type Members, openRollout, type Rollout, type RolloutResult } from '../../bindings/engine/rollout.js'
import { Engine } from '../../bindings/engine/wasm/engine.js'
import { normalTable, Philox, philox, STREAM, seedWords } from '../../bindings/math/index.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import {
  gru,
  linear,
  lstm,
  makeNetwork,
  mlp,
  Normalizer,
  Policy,
  type PolicySpec,
} from '../../bindings/policy/index.js'
import { END, type Network, PERTURB, type Program, TRACK } from '../../bindings/program.js'
import { refusal } from '../support/refuse.js'
import { Assembler, range } from './assembler.js'

const XML = `<mujoco><option timestep="0.01"/><worldbody>
  <body name="cart"><joint name="slide" type="slide" axis="1 0 0" range="-2 2" limited="true" damping=".1"/><geom size=".1" mass="1"/>
  <body name="pole"><joint name="hinge" axis="0 1 0" damping=".01"/><geom type="capsule" fromto="0 0 0 0 0 .6" size=".05" mass=".1"/></body></body>
  </worldbody><actuator><motor name="force" joint="slide" gear="10" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>`
const FRAMESKIP = 2
const T = 20
const SEED = 7
/** scale of the angle's draw at the beginning */
const SPREAD = 0.6

let model: Model

test.before(async () => {
  model = await loadModel(XML)
})

/** observes the state, rewards cos(angle) less the square of the command, ends where the pole lies */
function cartpole(rollout: Rollout): Program {
  const q = rollout.stateOffset('qpos', 0)
  const v = rollout.stateOffset('qvel', 0)
  const a = new Assembler()
  const [one, minus, spread, half, zero] = [1, -1, SPREAD, 0.5, 0].map(x => a.constant(x))
  const obs = a.register(4)
  const [action, command, delayed, reward, cost, over, random] = [1, 1, 1, 1, 1, 1, 4].map(n => a.register(n))
  return a
    .segment(
      'reset',
      ['UNIFORM4', random, 0, STREAM.reset],
      ['SUB', random, random, half],
      ['MUL', random, random, spread],
      ['STORE_D', q + 16, random],
    )
    .segment(
      'observe',
      ['LOAD_D', obs, q],
      ['LOAD_D', obs + 1, q + 16],
      ['LOAD_D', obs + 2, v],
      ['LOAD_D', obs + 3, v + 16],
    )
    .segment('act', ['CLIP', command, action, minus, one])
    .segment(
      'reward',
      ['LOAD_D', reward, q + 16],
      ['COS', reward, reward],
      ['MUL', cost, command, command],
      ['NEG', cost, cost],
      ['LT', over, reward, zero],
    )
    .program({
      observation: range(obs, 4),
      action,
      nact: 1,
      command: Int32Array.of(command),
      delayed,
      control: Int32Array.of(delayed),
      terms: Int32Array.of(reward, cost),
      terminated: over,
    })
}

/** rows of a list: member i, env i >> 1 */
const list = (n: number, row = -1): Int32Array =>
  Int32Array.from({ length: 4 * n }, (_, k) => [k >> 2, k >> 3, 5, row < 0 ? -1 : k >> 2][k & 3])

/** angle that an episode begins with */
function startAngle(env: number): number {
  const words = new Uint32Array(4)
  const [lo, hi] = seedWords(SEED)
  philox(0, env, 5, STREAM.reset, lo, hi, words)
  return Math.fround((Math.fround(((words[0] >>> 9) + 0.5) * 2 ** -23) - 0.5) * Math.fround(SPREAD))
}

interface Episode {
  readonly terms: readonly [number, number]
  readonly length: number
  readonly end: number
  readonly actions: readonly number[]
  readonly observations: readonly Float32Array[]
}

/** one episode by hand */
async function byHand(policy: Policy, env: number, mass?: number): Promise<Episode> {
  const batch = await createBatch(model, { nworld: 1 })
  try {
    if (mass !== undefined) {
      const masses = Float64Array.from(model.field.body_mass)
      masses[2] = mass
      batch.set('body_mass', masses)
    }
    batch.set('qpos', [0, startAngle(env)])
    const memory = policy.memory()
    const terms: [number, number] = [0, 0]
    const actions: number[] = []
    const observations: Float32Array[] = []
    for (let t = 0; ; t++) {
      const obs = Float32Array.of(...(await batch.get('qpos')), ...(await batch.get('qvel')))
      observations.push(obs)
      const [action] = policy.act(obs, policy.nmemory > 0 ? memory : undefined)
      actions.push(action)
      const command = Math.min(Math.max(action, -1), 1)
      batch.set('ctrl', [command])
      await batch.step(FRAMESKIP)
      const upright = Math.cos((await batch.get('qpos'))[1])
      terms[0] += upright
      terms[1] -= command * command
      const end = (upright < 0 ? END.TERMINATED : 0) | (t + 1 === T ? END.TRUNCATED : 0)
      if (end) return { terms, length: t + 1, end, actions, observations }
    }
  } finally {
    batch.dispose()
  }
}

async function withRollout<R>(
  spec: PolicySpec,
  use: (rollout: Rollout, network: Network) => R | Promise<R>,
  { workers = 1, varied = [] as string[], program = cartpole, settings = {} } = {},
): Promise<R> {
  const rollout = await openRollout(model, { workers, varied })
  try {
    const network = makeNetwork(spec, 4, 1)
    rollout.load(program(rollout), network, { frameSkip: FRAMESKIP, T, seed: SEED, ...settings })
    return await use(rollout, network)
  } finally {
    rollout[Symbol.dispose]()
  }
}

/** numbers of a policy that does something, but lets the pole stand for a while */
function numbers(n: number, scale: number): Float32Array {
  const out = new Float64Array(n)
  new Philox(3, STREAM.check).fillNormal(out, 0, 0)
  return Float32Array.from(out, x => scale * x)
}

/** normal numbers of a pair, one at a time */
function normals(n: number, seed: number, pair: number, generation: number): Float32Array {
  const table = normalTable()
  const words = new Uint32Array(4)
  const [lo, hi] = seedWords(seed)
  return Float32Array.from({ length: n }, (_, j) => {
    philox(j >> 3, pair, generation, STREAM.theta, lo, hi, words)
    const word = words[(j & 7) >> 1]
    return table[j & 1 ? word >>> 16 : word & 0xffff]
  })
}

/** largest distance of the kernels' results from those by hand, relative to the size of a return */
async function compare(
  result: RolloutResult,
  policies: readonly Policy[],
  mass?: (i: number) => number,
): Promise<void> {
  const ends = new Set<number>()
  for (const [i, policy] of policies.entries()) {
    const expected = await byHand(policy, i >> 1, mass?.(i))
    assert.is(result.lengths[i], expected.length, `episode ${i}: length`)
    assert.is(result.ends[i], expected.end, `episode ${i}: end`)
    for (const k of [0, 1]) {
      const [got, want] = [result.terms[2 * i + k], expected.terms[k]]
      assert.ok(Math.abs(got - want) < 2e-4 * (1 + Math.abs(want)), `episode ${i}, term ${k}: ${got}, by hand ${want}`)
    }
    const sum = result.terms[2 * i] + result.terms[2 * i + 1]
    assert.ok(Math.abs(result.returns[i] - sum) < 1e-5 * T)
    ends.add(expected.end)
  }
  assert.ok(ends.size > 1, `the episodes end in different ways: ${[...ends]}`)
}

const SPECS: [string, PolicySpec, number][] = [
  ['linear', linear(), 4],
  ['mlp tanh', mlp([8, 5], 'tanh'), 0.9],
  ['mlp relu', mlp([8], 'relu', { output: 'tanh' }), 0.9],
  ['mlp elu', mlp([7], 'elu'), 0.9],
  ['mlp softsign', mlp([6, 6], 'softsign'), 0.9],
  ['gru', gru(6), 0.9],
  ['lstm', lstm(5), 2.5],
]

for (const [name, spec, scale] of SPECS) {
  test(`${name}: antithetic members, regenerated in the kernel`, () =>
    withRollout(spec, async (rollout, network) => {
      const n = 14
      const theta = numbers(network.nparam, scale)
      const sigma = Math.fround(0.3)
      const result = await rollout.run(
        { rows: list(n) },
        { perturb: PERTURB.ANTITHETIC, theta, sigma, seed: 11, generation: 2 },
      )
      const policies = Array.from({ length: n }, (_, i) => {
        const z = normals(network.nparam, 11, i >> 1, 2)
        return new Policy({ network, theta: theta.map((x, j) => x + (i & 1 ? -1 : 1) * sigma * z[j]) })
      })
      await compare(result, policies)
    }))

  test(`${name}: factors of low rank are the products they stand for`, () =>
    withRollout(spec, async (rollout, network) => {
      const n = 10
      const rank = 2
      const theta = numbers(network.nparam, scale)
      const sigma = 0.2
      const lowRank: Members = { perturb: PERTURB.LOWRANK, theta, sigma, seed: 11, generation: 2, rank }
      const members = Float32Array.from(
        Array.from({ length: n }, (_, i) => {
          const z = normals(wideSize(network, PERTURB.LOWRANK, rank), 11, i >> 1, 2)
          return [...addFactors(network, theta, (i & 1 ? -1 : 1) * sigma, z, rank)]
        }).flat(),
      )
      const a = await rollout.run({ rows: list(n) }, lowRank)
      const b = await rollout.run({ rows: list(n) }, { perturb: PERTURB.ROWS, theta, members })
      assert.equal(a.lengths, b.lengths)
      assert.equal(a.ends, b.ends)
      a.returns.forEach((x, i) => {
        assert.ok(Math.abs(x - b.returns[i]) < 3e-4 * (1 + Math.abs(x)), `${x} ${b.returns[i]}`)
      })
      assert.ok(new Set(a.returns).size > n / 2)
    }))

  test(`${name}: one policy for all worlds is the same as a row of a table for each`, () =>
    withRollout(spec, async (rollout, network) => {
      const n = 9
      const theta = numbers(network.nparam, scale)
      const members = new Float32Array(n * network.nparam)
      for (let i = 0; i < n; i++) members.set(theta, i * network.nparam)
      const a = await rollout.run({ rows: list(n) }, { perturb: PERTURB.NONE, theta })
      const b = await rollout.run({ rows: list(n) }, { perturb: PERTURB.ROWS, theta, members })
      assert.equal(a, b)
    }))
}

/** theta with the product of its factors added to every matrix, and its own noise to every vector */
function addFactors(network: Network, theta: Float32Array, scale: number, z: Float32Array, rank: number): Float32Array {
  const out = Float32Array.from(theta)
  let at = 0
  let to = 0
  for (const { kind, nin, nout, bias } of network.layers) {
    const gates = [1, 3, 4][kind]
    for (const columns of kind === 0 ? [nin] : [nin, nout]) {
      const rows = gates * nout
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++)
          for (let k = 0; k < rank; k++)
            out[to + i * columns + j] +=
              (scale / Math.sqrt(rank)) * z[at + i * rank + k] * z[at + (rows + j) * rank + k]
      at += (rows + columns) * rank
      to += rows * columns
    }
    const vectors = kind === 0 ? (bias ? nout : 0) : (kind === 1 ? 4 : 4) * nout
    for (let i = 0; i < vectors; i++) out[to++] += scale * z[at++]
  }
  return out
}

const MLP = mlp([8, 5], 'tanh')

test('results are the same bits for any number of threads and any order of the episodes', async () => {
  const n = 37
  const members = (network: Network): Members => ({
    perturb: PERTURB.ANTITHETIC,
    theta: numbers(network.nparam, 0.9),
    sigma: 0.3,
    seed: 11,
    generation: 2,
  })
  const one = await withRollout(MLP, (rollout, network) =>
    rollout.run({ rows: list(n) }, members(network), { collect: true }),
  )
  for (const workers of [2, 3, 5]) {
    const many = await withRollout(
      MLP,
      (rollout, network) => rollout.run({ rows: list(n) }, members(network), { collect: true }),
      { workers },
    )
    assert.equal(many, one, `${workers} threads`)
  }
  const backwards = await withRollout(MLP, async (rollout, network) => {
    const rows = list(n)
    const turned = Int32Array.from({ length: 4 * n }, (_, k) => rows[4 * (n - 1 - (k >> 2)) + (k & 3)])
    return await rollout.run({ rows: turned }, members(network), { collect: true })
  })
  assert.equal(backwards.returns.slice().reverse(), one.returns)
  assert.equal(backwards.lengths.slice().reverse(), one.lengths)
})

test('what an episode observes: tracks of it, and its sums about the mean', () =>
  withRollout(MLP, async (rollout, network) => {
    const n = 6
    const theta = numbers(network.nparam, 0.9)
    const normalizer = new Normalizer('floor', {
      count: 10,
      mean: Float64Array.of(0.1, -0.1, 0.2, 0.3),
      m2: Float64Array.of(10, 0.5, 20, 30),
    })
    const program = cartpole(rollout)
    const tracks = [
      ...Array.from(program.observation, index => ({ kind: TRACK.OBSERVE, index })),
      { kind: TRACK.REWARD, index: program.action },
      { kind: TRACK.STATE, index: rollout.stateOffset('qpos', 1) },
    ]
    const result = await rollout.run(
      { rows: list(n) },
      { perturb: PERTURB.NONE, theta },
      { normalizer, collect: true, tracks },
    )
    const policy = new Policy({ network, theta, normalizer })
    for (let i = 0; i < n; i++) {
      const expected = await byHand(policy, i >> 1)
      const at = (t: number, k: number) => (result.tracks as Float32Array)[(i * T + t) * tracks.length + k]
      assert.is(result.lengths[i], expected.length)
      const sums = new Float64Array(8)
      for (let t = 0; t < expected.length; t++) {
        for (let k = 0; k < 4; k++) {
          assert.ok(Math.abs(at(t, k) - expected.observations[t][k]) < 1e-4 * (1 + t), `observation ${k} of step ${t}`)
          const d = at(t, k) - normalizer.center[k]
          sums[k] += d
          sums[4 + k] += d * d
        }
        assert.ok(Math.abs(at(t, 4) - expected.actions[t]) < 2e-4 * (1 + t), `action of step ${t}`)
        assert.is(at(t, 5), at(t, 1))
      }
      for (let k = 0; k < 8; k++)
        assert.ok(Math.abs((result.observations as Float32Array)[8 * i + k] - sums[k]) < 1e-4 * (1 + Math.abs(sums[k])))
    }
  }))

test('parameters differ by episode, whichever lane it runs in', () =>
  withRollout(
    MLP,
    async (rollout, network) => {
      const n = 14
      const theta = numbers(network.nparam, 0.9)
      const mass = (i: number) => 0.02 + 0.05 * i
      const masses = new Float64Array(n * model.nbody)
      for (let i = 0; i < n; i++) masses.set([0, 1, mass(i)], i * model.nbody)
      const result = await rollout.run(
        { rows: list(n, 0), parameters: new Map([['body_mass', masses]]) },
        { perturb: PERTURB.NONE, theta },
      )
      const policy = new Policy({ network, theta })
      await compare(
        result,
        Array.from({ length: n }, () => policy),
        mass,
      )
    },
    { varied: ['body_mass'] },
  ))

test('a command delayed by whole control steps is the command of that many steps ago', () =>
  withRollout(
    MLP,
    async (rollout, network) => {
      const theta = numbers(network.nparam, 0.9)
      const program = cartpole(rollout)
      const tracks = [
        { kind: TRACK.REWARD, index: program.command[0] },
        { kind: TRACK.REWARD, index: program.delayed },
      ]
      const delays = Float64Array.from([0, 0.02, 0.06, 0.01])
      const result = await rollout.run(
        { rows: list(4, 0), parameters: new Map([['actuator_delay', delays]]) },
        { perturb: PERTURB.NONE, theta },
        { tracks },
      )
      const at = (i: number, t: number, k: number) => (result.tracks as Float32Array)[(i * T + t) * 2 + k]
      for (const [i, lag] of [0, 1, 3].entries())
        for (let t = 0; t < result.lengths[i]; t++)
          assert.is(at(i, t, 1), at(i, Math.max(0, t - lag), 0), `${i} at ${t}`)
      // of two timesteps, a delay of one: the first has the last command, the second, seen here, the new one
      for (let t = 0; t < result.lengths[3]; t++) assert.is(at(3, t, 1), at(3, t, 0))
      assert.ok(result.returns[0] !== result.returns[1] && result.returns[2] !== result.returns[3])
    },
    { varied: ['actuator_delay'], settings: { delayOf: Int32Array.of(0) } },
  ))

test('a reward that is not a number ends its episode alone and says so', () =>
  withRollout(
    MLP,
    async (rollout, network) => {
      const theta = numbers(network.nparam, 0.9)
      const result = await rollout.run(
        { rows: list(5), inputs: Float32Array.of(0, 0, Number.NaN, 0, Number.POSITIVE_INFINITY) },
        { perturb: PERTURB.NONE, theta },
      )
      assert.equal(
        [...result.ends].map(e => e & END.REWARD),
        [0, 0, END.REWARD, 0, END.REWARD],
      )
      assert.equal([result.lengths[2], result.lengths[4]], [1, 1])
      assert.ok([0, 1, 3].every(i => Number.isFinite(result.returns[i]) && result.lengths[i] > 1))
    },
    {
      program: rollout => {
        const p = cartpole(rollout)
        // the second term becomes the input
        const code = Int32Array.from([...p.code, ...[3, p.terms[1], 1, 0, 0]])
        const end = code.length / 5
        return {
          ...p,
          code,
          nslot: 2,
          ninput: 1,
          segments: { ...p.segments, update: [0, 0], dynamics: [0, 0], reward: [p.segments.reward[0], end] },
        }
      },
    },
  ))

test('a world that diverges ends its episode alone', async () => {
  const wild = await loadModel(XML.replace('gear="10"', 'gear="1e12"'))
  const rollout = await openRollout(wild)
  try {
    const network = makeNetwork(linear(), 4, 1)
    rollout.load(cartpole(rollout), network, { frameSkip: FRAMESKIP, T, seed: SEED })
    const members = new Float32Array(4 * network.nparam)
    // it pushes by the angle
    members[2 * network.nparam + 1] = 1
    const result = await rollout.run({ rows: list(4) }, { perturb: PERTURB.ROWS, theta: members, members })
    assert.equal(
      [...result.ends].map(e => (e & END.STATE) !== 0),
      [false, false, true, false],
    )
  } finally {
    rollout[Symbol.dispose]()
  }
})

test('noise on actions: its size, and another number every step and episode', () =>
  withRollout(
    linear(),
    async (rollout, network) => {
      const n = 50
      const { action } = cartpole(rollout)
      const tracks = [{ kind: TRACK.REWARD, index: action }]
      const theta = new Float32Array(network.nparam)
      const rows = Int32Array.from({ length: 4 * n }, (_, k) => [0, k >> 2, 5, -1][k & 3])
      const { tracks: out, lengths } = await rollout.run({ rows }, { perturb: PERTURB.NONE, theta }, { tracks })
      const seen = Array.from(out as Float32Array).filter((_, i) => i % T < lengths[Math.floor(i / T)])
      const variance = seen.reduce((a, x) => a + x * x, 0) / seen.length
      assert.ok(Math.abs(variance / 0.09 - 1) < 4 * Math.sqrt(2 / seen.length), `variance ${variance}`)
      assert.ok(new Set(seen).size > 0.99 * seen.length)
    },
    { settings: { actionNoise: 0.3 } },
  ))

test('row -1 is the physics of the model, among others and after them', () =>
  withRollout(
    MLP,
    async (rollout, network) => {
      const theta = numbers(network.nparam, 0.9)
      const members = { perturb: PERTURB.NONE, theta }
      const rows = Int32Array.from({ length: 48 }, (_, k) => [0, 0, 5, (k >> 2) % 3 === 1 ? -1 : k >> 2][k & 3])
      const twelve = (name: string) =>
        Float64Array.from({ length: 12 * model.field[name].length }, (_, i) => {
          const own = model.field[name]
          return own[i % own.length] * (1 + 0.1 * Math.floor(i / own.length))
        })
      const plain = (await rollout.run({ rows: list(1) }, members)).returns[0]
      const both = new Map(['body_mass', 'dof_damping'].map(name => [name, twelve(name)]))
      const mixed = (await rollout.run({ rows, parameters: both }, members)).returns
      for (let i = 0; i < 12; i++) {
        if (i % 3 === 1) assert.is(mixed[i], plain)
        else if (i > 0) assert.is.not(mixed[i], plain)
      }
      assert.is((await rollout.run({ rows: list(1) }, members)).returns[0], plain)
      // a field that an earlier run wrote and this one does not
      const masses = new Map([['body_mass', twelve('body_mass')]])
      await rollout.run({ rows, parameters: both }, members)
      const alone = (await rollout.run({ rows: Int32Array.of(0, 0, 5, 11), parameters: masses }, members)).returns[0]
      const exact = new Map([
        ...masses,
        ['dof_damping', Float64Array.from({ length: 24 }, (_, i) => model.field.dof_damping[i % 2])],
      ])
      await rollout.run({ rows, parameters: both }, members)
      assert.is((await rollout.run({ rows: Int32Array.of(0, 0, 5, 11), parameters: exact }, members)).returns[0], alone)
      // rows that are not there
      const beyond = rollout.run({ rows: Int32Array.of(0, 0, 5, 12), parameters: masses }, members)
      assert.match((await refusal(beyond, 'SIZE')).message, /got 12 rows, an episode asks for 12/)
      const long = new Map([['body_mass', new Float64Array(4)]])
      const uneven = rollout.run({ rows: list(1, 0), parameters: long }, members)
      assert.match((await refusal(uneven, 'SIZE')).message, /body_mass has length 4, expected rows \* 3/)
    },
    { varied: ['body_mass', 'dof_damping'] },
  ))

test('a control that no action moves is 0, whatever the keyframe has', async () => {
  const two = await loadModel(
    XML.replace(
      '</actuator>',
      '<motor name="other" joint="hinge"/></actuator><keyframe><key name="k" ctrl=".5 .7"/></keyframe>',
    ),
  )
  const rollout = await openRollout(two, { keyframe: 'k' })
  try {
    const network = makeNetwork(linear(), 4, 1)
    const program = cartpole(rollout)
    const control = Int32Array.of(program.control[0], -1)
    rollout.load({ ...program, control }, network, { frameSkip: FRAMESKIP, T, seed: SEED })
    const tracks = [{ kind: TRACK.STATE, index: rollout.stateOffset('ctrl', 1) }]
    const theta = new Float32Array(network.nparam)
    const { tracks: out } = await rollout.run({ rows: list(1) }, { perturb: PERTURB.NONE, theta }, { tracks })
    assert.equal([...(out as Float32Array).subarray(0, 3)], [Math.fround(0.7), 0, 0])
  } finally {
    rollout[Symbol.dispose]()
  }
})

test('no room for contacts is an end of its own, and no room is refused', async () => {
  const box = await loadModel(
    XML.replace('<worldbody>', '<worldbody><geom type="plane" size="5 5 .1"/>').replace(
      'size=".1"',
      'type="box" size=".1 .1 .1"',
    ),
  )
  const rollout = await openRollout(box, { nconmax: 1 })
  try {
    const network = makeNetwork(linear(), 4, 1)
    rollout.load(cartpole(rollout), network, { frameSkip: FRAMESKIP, T, seed: SEED })
    const { ends, lengths } = await rollout.run(
      { rows: list(2) },
      { perturb: PERTURB.NONE, theta: new Float32Array(network.nparam) },
    )
    assert.equal([...ends], [END.CONTACTS, END.CONTACTS])
    assert.equal([...lengths], [1, 1])
  } finally {
    rollout[Symbol.dispose]()
  }
  for (const nconmax of [0, -1, 1.5, Number.NaN, 1e6])
    assert.is((await refusal(openRollout(box, { nconmax }), 'NCONMAX')).name, 'SizeError')
})

test('an opening that fails gives back what it took', async () => {
  const { arena } = await Engine.open()
  const { alloc, release } = arena
  const live = new Map<number, number>()
  arena.alloc = bytes => {
    const address = alloc.call(arena, bytes)
    live.set(address, bytes)
    return address
  }
  arena.release = (address, bytes) => {
    assert.is(live.get(address), bytes)
    live.delete(address)
    release.call(arena, address, bytes)
  }
  try {
    await refusal(openRollout(model, { keyframe: 'nowhere', varied: ['body_mass'] }), 'KEYFRAME')
    assert.is(live.size, 0)
  } finally {
    Object.assign(arena, { alloc, release })
  }
})

test('what does not fit is refused before anything runs', () =>
  withRollout(MLP, async (rollout, network) => {
    const theta = numbers(network.nparam, 1)
    const shared = { perturb: PERTURB.NONE, theta }
    await refusal(rollout.run({ rows: new Int32Array(3) }, shared), 'SIZE')
    await refusal(rollout.run({ rows: list(2) }, { ...shared, theta: theta.subarray(1) }), 'SIZE')
    await refusal(rollout.run({ rows: list(2) }, { perturb: PERTURB.ROWS, theta, members: theta }), 'SIZE')
    const parameters = new Map([['body_mass', new Float64Array(3)]])
    await refusal(rollout.run({ rows: list(1, 0), parameters }, shared), 'PARAMETERS')
    assert.throws(
      () => rollout.load(cartpole(rollout), network, { frameSkip: 1, T, seed: 0 }),
      (e: { code?: string }) => e.code === 'LOADED',
    )
  }))

test.run()
