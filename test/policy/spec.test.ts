import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TaskError } from '../../bindings/errors.js'
import { formatSpec, gru, linear, lstm, mlp, type PolicySpec, parseSpec } from '../../bindings/policy/index.js'
import { ACTIVATION, type Activation } from '../../bindings/program.js'

test('words and what they mean', () => {
  const words: [string, PolicySpec][] = [
    ['linear', linear()],
    ['linear:bias', linear({ bias: true })],
    ['linear:tanh', linear({ output: 'tanh' })],
    ['linear:bias:tanh', linear({ bias: true, output: 'tanh' })],
    ['mlp:32x32', mlp([32, 32])],
    ['mlp:32x32:tanh', mlp([32, 32], 'tanh', { output: 'tanh' })],
    ['mlp:64:relu:none', mlp([64], 'relu', { output: 'none' })],
    ['mlp:8:none:tanh', mlp([8], 'none', { output: 'tanh' })],
    ['gru:32', gru(32)],
    ['lstm:16:none', lstm(16, { output: 'none' })],
    [' mlp:256x128x64:elu ', mlp([256, 128, 64], 'elu')],
  ]
  for (const [word, spec] of words) assert.equal(parseSpec(word), spec, word)
})

test('every spec comes back from its word', () => {
  const specs: PolicySpec[] = []
  for (const output of ['none', 'tanh'] as const) {
    specs.push(linear({ output }), linear({ bias: true, output }), gru(5, { output }), lstm(7, { output }))
    for (const activation of Object.keys(ACTIVATION) as Activation[])
      specs.push(mlp([3], activation, { output }), mlp([3, 40], activation, { output }))
  }
  const words = new Set(specs.map(formatSpec))
  assert.is(words.size, specs.length)
  for (const spec of specs) assert.equal(parseSpec(formatSpec(spec)), spec)
})

test('words that mean nothing are refused', () => {
  const wrong =
    'none mlp mlp: mlp:32x mlp:x32 mlp:-3 mlp:3.5 mlp:1e3 mlp:0 mlp:32:sine mlp:32:tanh:relu mlp:32:tanh:none:none gru gru:0 gru:8x8 ' +
    'gru:8:relu lstm: linear:32 linear:bias:bias mlp:99999 mlp:32:toString'
  for (const word of ['', ':', ...wrong.split(' ')]) {
    const error = caught(() => parseSpec(word))
    assert.instance(error, TaskError, `'${word}' was read`)
    assert.is((error as TaskError).code, 'POLICY_SPEC')
  }
  for (const make of [
    () => mlp([]),
    () => mlp([2.5]),
    () => gru(Number.NaN),
    () => mlp([4], 'sine' as Activation),
    () => linear({ output: 'relu' as 'tanh' }),
  ])
    assert.throws(make, (error: unknown) => error instanceof TaskError && error.code === 'POLICY_SPEC')
})

function caught(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

test.run()
