import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SizeError } from '../../bindings/errors.js'
import {
  describeNetwork,
  gru,
  initialTheta,
  linear,
  lstm,
  makeNetwork,
  memorySize,
  mlp,
  type PolicySpec,
  parameterBlocks,
  parseSpec,
  stackLayers,
} from '../../bindings/policy/index.js'
import { ACTIVATION, LAYER } from '../../bindings/program.js'

test('sizes: the formulas of the literature', () => {
  const cases: [PolicySpec, number, number, number, number][] = [
    [linear(), 17, 6, 17 * 6, 0],
    [linear({ bias: true }), 17, 6, 6 * (17 + 1), 0],
    // EvoJAX's swing-up policy: 5-64-64-1, 4609 parameters
    [mlp([64, 64]), 5, 1, 4609, 0],
    [gru(16), 7, 3, 3 * 16 * (7 + 16 + 1) + 16 + 3 * 17, 16],
    [lstm(16), 7, 3, 4 * 16 * (7 + 16 + 1) + 3 * 17, 32],
  ]
  for (const [spec, nobs, nact, nparam, nmemory] of cases) {
    const network = makeNetwork(spec, nobs, nact)
    assert.is(network.nparam, nparam)
    assert.is(memorySize(network), nmemory)
    assert.is(network.nobs, nobs)
    assert.is(network.nact, nact)
  }
})

test('layers stand one behind the other, and blocks cover theta without gaps', () => {
  const deep = stackLayers(5, [
    { kind: LAYER.DENSE, nout: 4, activation: ACTIVATION.relu, bias: false },
    { kind: LAYER.GRU, nout: 3, activation: 0, bias: true },
    { kind: LAYER.LSTM, nout: 6, activation: 0, bias: true },
    { kind: LAYER.DENSE, nout: 2, activation: ACTIVATION.tanh, bias: true },
  ])
  assert.equal(
    deep.layers.map(({ nin, nout, offset }) => [nin, nout, offset]),
    [
      [5, 4, 0],
      [4, 3, 20],
      [3, 6, 20 + 3 * 3 * 8 + 3],
      [6, 2, 95 + 4 * 6 * 10],
    ],
  )
  assert.is(memorySize(deep), 3 + 12)
  const blocks = parameterBlocks(deep)
  let at = 0
  for (const { offset, rows, cols } of blocks) {
    assert.is(offset, at)
    at += rows * cols
  }
  assert.is(at, deep.nparam)
  assert.equal(
    blocks.map(({ layer, name, rows, cols, matrix }) => `${layer} ${name} ${rows}x${cols}${matrix ? ' matrix' : ''}`),
    [
      '0 weight 4x5 matrix',
      '1 weight_input 9x4 matrix',
      '1 weight_memory 9x3 matrix',
      '1 bias 9x1',
      '1 bias_memory 3x1',
      '2 weight_input 24x3 matrix',
      '2 weight_memory 24x6 matrix',
      '2 bias 24x1',
      '3 weight 2x6 matrix',
      '3 bias 2x1',
    ],
  )
})

test('a line for people', () => {
  assert.is(describeNetwork(makeNetwork(linear(), 17, 6)), '17-6')
  assert.is(describeNetwork(makeNetwork(mlp([32, 32]), 11, 3)), '11-32-32-3 tanh, tanh output')
  assert.is(describeNetwork(makeNetwork(parseSpec('mlp:8:relu:none'), 4, 1)), '4-8-1 relu')
  assert.is(describeNetwork(makeNetwork(gru(16, { output: 'none' }), 7, 3)), '7-gru16-3')
})

test('sizes that are none are refused', () => {
  const code = (error: unknown) => error instanceof SizeError && error.code === 'POLICY_SIZE'
  for (const [nobs, nact] of [
    [0, 1],
    [3, 0],
    [2.5, 1],
    [3, Number.NaN],
  ])
    assert.throws(() => makeNetwork(linear(), nobs, nact), code)
  assert.throws(() => stackLayers(3, []), code)
  assert.throws(() => makeNetwork(mlp([16384, 16384]), 16384, 1), code)
})

test('first parameters: moments, zeros, gates, and the same for the same seed', () => {
  const network = makeNetwork(mlp([200, 100]), 50, 10)
  const theta = initialTheta(network, 3)
  for (const { name, layer, offset, rows, cols } of parameterBlocks(network)) {
    const values = theta.subarray(offset, offset + rows * cols)
    if (name === 'bias') {
      assert.ok(
        values.every(x => x === 0),
        `bias of layer ${layer}`,
      )
      continue
    }
    const n = values.length
    const mean = values.reduce((sum, x) => sum + x, 0) / n
    const variance = values.reduce((sum, x) => sum + x * x, 0) / n - mean * mean
    const expected = (layer === 2 ? 1e-4 : 1) / cols
    // five standard errors of a sample of normals
    assert.ok(Math.abs(variance / expected - 1) < 5 * Math.sqrt(2 / n), `variance of layer ${layer}`)
    assert.ok(Math.abs(mean) < 5 * Math.sqrt(expected / n), `mean of layer ${layer}`)
  }
  assert.equal(initialTheta(network, 3), theta)
  assert.ok(initialTheta(network, 4).some((x, i) => x !== theta[i]))
  assert.ok(initialTheta(makeNetwork(linear({ bias: true }), 5, 2), 3).every(x => x === 0))

  const cells: [PolicySpec, number, number][] = [
    [gru(8), 0, 25 * 8 - 24 * 8],
    [lstm(8), 8, 16],
  ]
  for (const [spec, begin, end] of cells) {
    const cell = makeNetwork(spec, 4, 2)
    const start = initialTheta(cell, 1)
    const { offset, rows } = parameterBlocks(cell)[2]
    for (let i = 0; i < rows; i++) assert.is(start[offset + i], i >= begin && i < end ? 1 : 0, `${spec.kind} bias ${i}`)
  }
})

test('first parameters are the same bits on any machine', () => {
  // Philox 4x32-10 of counter (0, 0, 0, 10) and key (7, 0), quantiles by mpmath, over sqrt(3)
  const theta = initialTheta(makeNetwork(mlp([4]), 3, 2), 7)
  assert.equal(
    Array.from(new Uint32Array(theta.buffer).subarray(0, 4), word => word.toString(16)),
    ['3e891a3e', 'bf09cfca', '3eeba687', '3f728b1d'],
  )
})

test.run()
