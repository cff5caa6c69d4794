import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SizeError, TaskError } from '../../bindings/errors.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import {
  linear,
  makeNetwork,
  mlp,
  Normalizer,
  Policy,
  parameterBlocks,
  parseSpec,
  stackLayers,
} from '../../bindings/policy/index.js'
import { ACTIVATION, type Activation, LAYER, type Network } from '../../bindings/program.js'
import { randomPolicy } from './random-policy.js'

const SIGMOID = (x: number): number => 1 / (1 + Math.exp(-x))
const ACTIVATIONS: Record<Activation, (x: number) => number> = {
  none: x => x,
  tanh: Math.tanh,
  relu: x => Math.max(x, 0),
  elu: x => (x > 0 ? x : Math.exp(x) - 1),
  softsign: x => x / (1 + Math.abs(x)),
}

/** The equations as matrices in double precision, written from algorithms, not from the code under test. */
class Textbook {
  private readonly state: { h: number[]; c: number[] }[]
  private readonly matrices: number[][][]
  constructor(
    private readonly network: Network,
    theta: Float32Array,
  ) {
    this.matrices = parameterBlocks(network).map(({ offset, rows, cols }) =>
      Array.from({ length: rows }, (_, r) => Array.from(theta.subarray(offset + r * cols, offset + (r + 1) * cols))),
    )
    this.state = network.layers.map(({ nout }) => ({ h: new Array(nout).fill(0), c: new Array(nout).fill(0) }))
  }
  act(x: number[]): number[] {
    const queue = [...this.matrices]
    const next = (): number[][] => queue.shift() ?? []
    const times = (m: number[][], v: number[]): number[] => m.map(row => row.reduce((s, w, i) => s + w * v[i], 0))
    const plus = (...vs: number[][]): number[] => vs[0].map((_, i) => vs.reduce((s, v) => s + v[i], 0))
    for (const [k, { kind, nout, bias, activation }] of this.network.layers.entries()) {
      const state = this.state[k]
      if (kind === LAYER.DENSE) {
        const y = times(next(), x)
        const f = ACTIVATIONS[(Object.keys(ACTIVATION) as Activation[])[activation]]
        x = (bias ? plus(y, next().flat()) : y).map(f)
        continue
      }
      const wx = times(next(), x)
      const uh = times(next(), state.h)
      const b = next().flat()
      const gate = (v: number[], i: number): number[] => v.slice(i * nout, (i + 1) * nout)
      const sum = plus(wx, uh, b)
      if (kind === LAYER.GRU) {
        const c = next().flat()
        const z = gate(sum, 0).map(SIGMOID)
        const r = gate(sum, 1).map(SIGMOID)
        const inner = plus(gate(uh, 2), c).map((u, i) => r[i] * u)
        const n = plus(gate(wx, 2), gate(b, 2), inner).map(Math.tanh)
        state.h = n.map((value, i) => (1 - z[i]) * value + z[i] * state.h[i])
      } else {
        const [i, f, , o] = [0, 1, 2, 3].map(g => gate(sum, g).map(SIGMOID))
        const g = gate(sum, 2).map(Math.tanh)
        state.c = g.map((value, j) => f[j] * state.c[j] + i[j] * value)
        state.h = state.c.map((value, j) => o[j] * Math.tanh(value))
      }
      x = state.h
    }
    return x
  }
}

const WORDS = [
  'linear',
  'linear:bias:tanh',
  'mlp:32x32',
  'mlp:16:relu:none',
  'mlp:16:elu',
  'mlp:9x7:softsign',
  'gru:12',
  'lstm:12',
]

test('act is the equations, in time too', () => {
  for (const word of WORDS) {
    const policy = randomPolicy(makeNetwork(parseSpec(word), 6, 3), 5)
    const book = new Textbook(policy.network, policy.theta)
    const memory = policy.memory()
    const random = new Philox(8, STREAM.check)
    const x = new Float64Array(6)
    let largest = 0
    for (let t = 0; t < 60; t++) {
      random.fillNormal(x, t, 0)
      const seen = new Float32Array(6)
      policy.normalizer.apply(x, seen)
      const expected = book.act(Array.from(seen))
      const got = policy.act(x, memory)
      for (const [i, value] of expected.entries()) {
        largest = Math.max(largest, Math.abs(value))
        // single precision: a few dozen roundings of sums of size one
        assert.ok(
          Math.abs(got[i] - value) < 3e-6 * Math.max(1, Math.abs(value)),
          `${word} step ${t}: ${got[i]}, ${value}`,
        )
      }
    }
    assert.ok(largest > 0.1, `${word} did nothing`)
  }
})

test('a stack of every kind of layer', () => {
  const network = stackLayers(4, [
    { kind: LAYER.LSTM, nout: 5, activation: 0, bias: true },
    { kind: LAYER.DENSE, nout: 6, activation: ACTIVATION.elu, bias: false },
    { kind: LAYER.GRU, nout: 3, activation: 0, bias: true },
  ])
  const policy = randomPolicy(network, 11)
  const book = new Textbook(network, policy.theta)
  const memory = policy.memory()
  assert.is(memory.length, 13)
  for (let t = 0; t < 30; t++) {
    const x = [Math.sin(t), Math.cos(3 * t), t / 30, 1]
    const seen = new Float32Array(4)
    policy.normalizer.apply(x, seen)
    const got = policy.act(x, memory)
    for (const [i, value] of book.act(Array.from(seen)).entries()) assert.ok(Math.abs(got[i] - value) < 3e-6)
  }
})

test('sums run in ascending order from the bias, each product and sum rounded to single precision', () => {
  const network = makeNetwork(linear({ bias: true }), 3, 1)
  // 1 is lost beside 1e8 in single precision, and 1e8 goes again only after it
  const act = (weights: number[], bias: number): number =>
    new Policy({ network, theta: [...weights, bias] }).act([1, 1, 1])[0]
  assert.is(act([1e8, 1, -1e8], 0), 0)
  assert.is(act([1e8, -1e8, 1], 0), 1)
  assert.is(act([1e8, -1e8, 0], 1), 0)
  // (1 + 2^-12)^2 - 1 keeps 2^-11 only, where a fused multiply-add would keep 2^-24 as well
  const w = 1 + 2 ** -12
  assert.is(new Policy({ network, theta: [1, w, 0, 0] }).act([-1, w, 0])[0], 2 ** -11)
})

test('many at once are each alone', () => {
  for (const word of ['mlp:16', 'gru:8', 'lstm:8']) {
    const policy = randomPolicy(makeNetwork(parseSpec(word), 5, 2), 3)
    const n = 7
    const together = policy.memory(n)
    const alone = Array.from({ length: n }, () => policy.memory())
    const x = new Float64Array(n * 5)
    for (let t = 0; t < 5; t++) {
      new Philox(t, STREAM.check).fillNormal(x, 0, 0)
      const actions = policy.act(x, together)
      for (let i = 0; i < n; i++)
        assert.equal(policy.act(x.subarray(i * 5, (i + 1) * 5), alone[i]), actions.slice(i * 2, (i + 1) * 2), word)
    }
  }
})

test('memory makes a difference, and zeroing it starts anew', () => {
  for (const word of ['gru:8', 'lstm:8']) {
    const policy = randomPolicy(makeNetwork(parseSpec(word), 2, 1), 9)
    const memory = policy.memory()
    const first = policy.act([1, 2], memory)
    const second = policy.act([1, 2], memory)
    assert.not.equal(second, first)
    memory.fill(0)
    assert.equal(policy.act([1, 2], memory), first)
  }
})

test('what does not fit is refused', () => {
  const size = (error: unknown) => error instanceof SizeError && error.code === 'POLICY_SIZE'
  const value = (error: unknown) => error instanceof TaskError && error.code === 'POLICY_VALUE'
  const network = makeNetwork(linear(), 2, 1)
  const theta = [1, 2]
  assert.throws(() => new Policy({ network, theta: [1] }), size)
  assert.throws(() => new Policy({ network, theta, normalizer: Normalizer.empty(3) }), size)
  assert.throws(() => new Policy({ network, theta, observation: ['a'] }), size)
  assert.throws(() => new Policy({ network, theta, meta: { actionUnits: ['N', 'N'] } }), size)
  assert.throws(() => new Policy({ network, theta: [1, Number.NaN] }), value)
  assert.throws(() => new Policy({ network, theta: [1, 1e39] }), value)
  assert.throws(() => new Policy({ network, theta, observation: ['a', 'a'] }), value)
  assert.throws(() => new Policy({ network, theta, meta: { controlPeriod: 0 } }), value)
  const policy = new Policy({ network, theta })
  assert.throws(() => policy.act([]), size)
  assert.throws(() => policy.act([1, 2, 3]), size)
  assert.throws(() => policy.act([1, 2], new Float32Array(1)), size)
  const memorable = randomPolicy(makeNetwork(parseSpec('gru:4'), 2, 1), 1)
  assert.throws(() => memorable.act([1, 2]), size)
  assert.throws(() => memorable.act([1, 2, 3, 4], memorable.memory(1)), size)
})

test('immutable: what was given may change afterwards', () => {
  const theta = Float32Array.of(1, 2)
  const names = ['angle', 'speed']
  const notes = { seed: 1 }
  const network = makeNetwork(linear(), 2, 1)
  const policy = new Policy({ network, theta, observation: names, meta: { notes } })
  theta[0] = 7
  names[0] = 'x'
  notes.seed = 2
  assert.equal(Array.from(policy.theta), [1, 2])
  assert.equal(policy.observation, ['angle', 'speed'])
  assert.equal(policy.meta, { notes: { seed: 1 } })
  assert.equal(policy.action, ['action[0]'])
  const other = policy.with({ theta: [3, 4] })
  assert.equal(other.observation, policy.observation)
  assert.is(other.act([1, 1])[0], 7)
  assert.is(policy.act([1, 1])[0], 3)
})

test('a policy conditioned on physics sees wider observations', () => {
  // the mass and a latent are observations like any other, by name
  const observation = ['angle', 'param:body/torso/mass', 'input:z[0]']
  const network = makeNetwork(mlp([8]), 3, 1)
  const policy = randomPolicy(network, 2).with({ observation })
  assert.not.equal(policy.act([0.1, 1, 0]), policy.act([0.1, 2, 0]))
  assert.equal(policy.observation, observation)
})

test('names of a hundred thousand observations are compared in a moment', () => {
  const nobs = 100_000
  const network = makeNetwork(linear(), nobs, 1)
  const names = Array.from({ length: nobs }, (_, i) => `o${i}`)
  const begin = performance.now()
  new Policy({ network, theta: new Float32Array(network.nparam), observation: names })
  // comparing each with each takes tens of seconds
  assert.ok(performance.now() - begin < 3000)
  names[nobs - 1] = 'o7'
  assert.throws(
    () => new Policy({ network, theta: new Float32Array(network.nparam), observation: names }),
    /'o7' stands twice/,
  )
})

test.run()
