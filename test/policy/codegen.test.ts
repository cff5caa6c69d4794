import ts from 'typescript'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { generatePolicy, makeNetwork, Normalizer, Policy, parseSpec, stackLayers } from '../../bindings/policy/index.js'
import { ACTIVATION, LAYER } from '../../bindings/program.js'
import { randomPolicy } from './random-policy.js'

interface Controller {
  reset(): void
  act(observation: ArrayLike<number>, action?: Float32Array): Float32Array
}
interface Generated {
  createPolicy(): Controller
  readonly task: string | undefined
  readonly controlPeriod: number | undefined
  readonly observationNames: readonly string[]
  readonly observationUnits: readonly string[] | undefined
  readonly actionNames: readonly string[]
  readonly actionUnits: readonly string[] | undefined
  readonly notes: unknown
}

const STRICT: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ES2022,
  lib: ['lib.es2022.d.ts'],
  types: [],
  strict: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noImplicitReturns: true,
  exactOptionalPropertyTypes: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  declaration: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
}

const libraries = new Map<string, ts.SourceFile | undefined>()

/** JavaScript of one module that sees nothing but the language; every diagnostic fails the test */
function compile(text: string): string {
  let output = ''
  const host = ts.createCompilerHost(STRICT)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, options) => {
    if (name === 'policy.ts') return ts.createSourceFile(name, text, options)
    if (!libraries.has(name)) libraries.set(name, read(name, options))
    return libraries.get(name)
  }
  host.writeFile = (name, written) => {
    if (name.endsWith('.js')) output = written
  }
  const program = ts.createProgram(['policy.ts'], STRICT, host)
  const { diagnostics } = program.emit()
  const found = [...ts.getPreEmitDiagnostics(program), ...diagnostics]
  assert.is(ts.formatDiagnostics(found, host), '')
  return output
}

async function load(text: string): Promise<Generated> {
  assert.not.match(text, /\bimport\b|\brequire\b/)
  return import(`data:text/javascript;base64,${Buffer.from(compile(text)).toString('base64')}`)
}

/** generated code and Policy.act side by side, over two episodes */
async function compare(policy: Policy, what: string): Promise<void> {
  const { createPolicy } = await load(generatePolicy(policy))
  const generated = createPolicy()
  const { nobs, nact } = policy.network
  const x = new Float64Array(nobs)
  const random = new Philox(17, STREAM.check)
  let spread = 0
  for (let episode = 0; episode < 2; episode++) {
    const memory = policy.memory()
    generated.reset()
    for (let t = 0; t < 200; t++) {
      random.fillNormal(x, t, episode)
      const expected = policy.act(x, memory)
      const got = generated.act(x)
      assert.is(got.length, nact)
      for (let i = 0; i < nact; i++) {
        spread = Math.max(spread, Math.abs(expected[i]))
        const allowed = 1e-6 * Math.max(1, Math.abs(expected[i]))
        assert.ok(Math.abs(got[i] - expected[i]) <= allowed, `${what} step ${t}: ${got[i]}, ${expected[i]}`)
      }
    }
  }
  assert.ok(spread > 0.1, `${what} does nothing`)
}

test('generated code acts as the policy does, in time too', async () => {
  const words = 'linear linear:bias:tanh mlp:32x32 mlp:16:relu:none mlp:16:elu mlp:9:softsign mlp:5:none gru:16 lstm:16'
  for (const word of words.split(' ')) await compare(randomPolicy(makeNetwork(parseSpec(word), 7, 3), 2), word)
})

test('one number in and out, and every number of bytes in the last group of base64', async () => {
  for (const nobs of [1, 2, 3]) await compare(randomPolicy(makeNetwork(parseSpec('linear'), nobs, 1), 6), `${nobs} in`)
})

test('a stack of every kind of layer', async () => {
  const network = stackLayers(4, [
    { kind: LAYER.LSTM, nout: 5, activation: 0, bias: true },
    { kind: LAYER.DENSE, nout: 6, activation: ACTIVATION.elu, bias: false },
    { kind: LAYER.GRU, nout: 3, activation: 0, bias: true },
  ])
  await compare(randomPolicy(network, 3), 'stack')
})

test('every rule of the normaliser', async () => {
  const network = makeNetwork(parseSpec('mlp:8'), 3, 2)
  const { theta, normalizer } = randomPolicy(network, 8)
  await compare(new Policy({ network, theta }), 'none')
  await compare(new Policy({ network, theta, normalizer: new Normalizer('ars', normalizer) }), 'ars')
  await compare(new Policy({ network, theta, normalizer: Normalizer.empty(3) }), 'floor, nothing seen')
  const constant = new Normalizer('ars', { count: 9, mean: Float64Array.of(1, 2, 3), m2: Float64Array.of(9, 0, 4) })
  await compare(new Policy({ network, theta, normalizer: constant }), 'a constant channel')
})

test("two controllers do not share their memory, and what act returns is the caller's", async () => {
  const policy = randomPolicy(makeNetwork(parseSpec('gru:8'), 2, 1), 4)
  const { createPolicy } = await load(generatePolicy(policy))
  const a = createPolicy()
  const b = createPolicy()
  const first = a.act([1, 2])
  const kept = first.slice()
  const second = a.act([1, 2])
  assert.not.equal(second, first)
  assert.equal(first, kept)
  assert.equal(b.act([1, 2]), first)
  const given = new Float32Array(1)
  assert.is(b.act([1, 2], given), given)
  assert.equal(given, second)
  assert.throws(() => a.act([1]), /got length 1, expected 2/)
})

test('names and notes go along, whatever is in them', async () => {
  const hostile = '*/ throw 1 /* `\x24{1}` \' " \\ \u2028\n</script>'
  const policy = randomPolicy(makeNetwork(parseSpec('linear'), 2, 1), 1, {
    observation: [hostile, 'b'],
    action: [`${hostile}a`],
    meta: {
      task: hostile,
      controlPeriod: 0.02,
      observationUnits: ['rad', hostile],
      actionUnits: ['N m'],
      notes: { [hostile]: [hostile, 1.5, null], ['__proto__']: { x: 1 } },
    },
  })
  const text = generatePolicy(policy)
  const generated = await load(text)
  assert.is(generated.task, hostile)
  assert.is(generated.controlPeriod, 0.02)
  assert.equal(generated.observationNames, policy.observation)
  assert.equal(generated.observationUnits, ['rad', hostile])
  assert.equal(generated.actionNames, policy.action)
  assert.equal(generated.actionUnits, ['N m'])
  assert.is(JSON.stringify(generated.notes), JSON.stringify(policy.meta.notes))
  const bare = await load(generatePolicy(policy.with({ meta: {} })))
  assert.is(bare.task, undefined)
  assert.is(bare.notes, undefined)
})

test.run()
