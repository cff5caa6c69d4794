import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CheckpointError } from '../../bindings/errors.js'
import {
  makeNetwork,
  Normalizer,
  type NormalizerRule,
  Policy,
  parseSpec,
  readPolicy,
  savePolicy,
} from '../../bindings/policy/index.js'
import { decodeTensors, encodeTensors, type Tensor } from '../../bindings/policy/safetensors.js'
import { checksum } from '../../bindings/policy/save.js'
import { randomPolicy } from './random-policy.js'

const meta = {
  task: 'häuschen */ "x"\n',
  controlPeriod: 0.1 + 0.2,
  actionUnits: ['N m', 'N m'],
  notes: { pose: [0.25, -1], nested: { deep: null } },
}
const policyOf = (word: string, nobs = 3): Policy => randomPolicy(makeNetwork(parseSpec(word), nobs, 2), 4, { meta })
const small = savePolicy(randomPolicy(makeNetwork(parseSpec('linear:bias'), 2, 1), 1))

/** the code a file is refused with; undefined when it is read */
function codeOf(bytes: Uint8Array): string | undefined {
  try {
    readPolicy(bytes, 'p.safetensors')
    return undefined
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error
    assert.match(error.message, /^p\.safetensors: /)
    return error.code
  }
}

test('every kind of policy comes back bit for bit', () => {
  for (const word of ['linear', 'linear:bias:tanh', 'mlp:8x5:elu', 'gru:4', 'lstm:4:none', 'mlp:3:softsign:none']) {
    for (const rule of ['floor', 'ars', 'none'] as NormalizerRule[]) {
      const made = policyOf(word)
      const policy = made.with({ normalizer: new Normalizer(rule, made.normalizer), observation: ['a', 'b', '\u2028'] })
      const bytes = savePolicy(policy)
      const back = readPolicy(bytes)
      assert.equal(back, policy, word)
      assert.equal(savePolicy(back), bytes)
      const x = [0.1, -2, 30]
      assert.equal(back.act(x, back.memory()), policy.act(x, policy.memory()))
    }
  }
  const plain = new Policy({ network: makeNetwork(parseSpec('linear'), 1, 1), theta: [-0] })
  const theta = readPolicy(savePolicy(plain)).theta
  assert.ok(Object.is(theta[0], -0))
})

test('bytes in the middle of a larger buffer are read', () => {
  const bytes = savePolicy(policyOf('mlp:8'))
  const larger = new Uint8Array(bytes.length + 13).fill(255)
  larger.set(bytes, 5)
  assert.equal(readPolicy(larger.subarray(5, 5 + bytes.length)), policyOf('mlp:8'))
})

test('the file is what the format says: another reader finds the matrices', () => {
  const policy = policyOf('mlp:8')
  const bytes = savePolicy(policy)
  const buffer = Buffer.from(bytes)
  const length = Number(buffer.readBigUInt64LE(0))
  assert.is(length % 8, 0, 'numbers are aligned')
  const header = JSON.parse(buffer.toString('utf8', 8, 8 + length))
  assert.equal(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(([name, row]) => `${name} ${(row as Tensor & { dtype: string }).dtype} [${(row as Tensor).shape}]`),
    [
      'normalizer.count F64 []',
      'normalizer.mean F64 [3]',
      'normalizer.m2 F64 [3]',
      'layers.0.weight F32 [8,3]',
      'layers.0.bias F32 [8]',
      'layers.1.weight F32 [2,8]',
      'layers.1.bias F32 [2]',
    ],
  )
  // W of layer 1, row 1, column 6
  const [begin] = header['layers.1.weight'].data_offsets
  const found = buffer.readFloatLE(8 + length + begin + 4 * (8 + 6))
  assert.is(found, policy.theta[8 * 3 + 8 + 8 + 6])
  const [, last] = header['layers.1.bias'].data_offsets
  assert.is(8 + length + last, bytes.length)
  assert.equal(JSON.parse(header.__metadata__.observation), ['obs[0]', 'obs[1]', 'obs[2]'])
  assert.is(header.__metadata__.normalizer, 'floor')
})

test('what another tool wrote again, tensors in another order and texts added, is read', () => {
  const policy = policyOf('gru:3')
  const { metadata, tensors } = decodeTensors(savePolicy(policy))
  const again = encodeTensors({ format: 'pt', ...metadata }, [...tensors.values()].reverse())
  assert.not.equal(again, savePolicy(policy))
  assert.equal(readPolicy(again), policy)
})

test('cut anywhere: refused', () => {
  for (let end = 0; end < small.length; end++) {
    const code = codeOf(small.subarray(0, end))
    assert.is(code, 'CHECKPOINT_TRUNCATED', `cut at ${end} of ${small.length}`)
  }
  const longer = new Uint8Array(small.length + 1)
  longer.set(small)
  assert.is(codeOf(longer), 'CHECKPOINT_LAYOUT')
})

test('any bit flipped: refused', () => {
  for (let bit = 0; bit < 8 * small.length; bit++) {
    const bytes = small.slice()
    bytes[bit >> 3] ^= 1 << (bit & 7)
    assert.ok(codeOf(bytes) !== undefined, `bit ${bit & 7} of byte ${bit >> 3} of ${small.length} flipped: read`)
  }
})

test('random bytes written over the header: a typed error or the same policy', () => {
  const policy = readPolicy(small)
  const length = Number(new DataView(small.buffer).getBigUint64(0, true))
  fc.assert(
    fc.property(fc.nat(length + 7), fc.uint8Array({ minLength: 1, maxLength: 6 }), (at, junk) => {
      const bytes = small.slice()
      bytes.set(junk, at)
      if (codeOf(bytes) === undefined) assert.equal(readPolicy(bytes), policy)
    }),
    { seed: 3, numRuns: 2000 },
  )
})

/** a file with this header text and so many bytes of numbers */
function raw(header: string, data = 0, claimed?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + data)
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}

test('hostile headers', () => {
  const entry = (dtype: string, shape: unknown, offsets: unknown): string =>
    `{"w":{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}}}`
  const cases: [string, Uint8Array][] = [
    ['TRUNCATED', new Uint8Array(0)],
    ['TRUNCATED', new Uint8Array(7)],
    ['HEADER', raw('{}', 0, 0xffffffffffffffffn)],
    ['HEADER', raw('{}', 0, 0x8000000000000000n)],
    ['HEADER', raw('{}', 0, 100_000_001n)],
    ['TRUNCATED', raw('{}', 0, 100_000_000n)],
    ['TRUNCATED', raw('{}', 0, 3n)],
    ['HEADER', raw('')],
    ['HEADER', raw('[]')],
    ['HEADER', raw('null')],
    ['HEADER', raw('{"w":')],
    ['HEADER', raw('{"w":3}')],
    ['HEADER', raw('{"__metadata__":[]}')],
    ['HEADER', raw('{"__metadata__":{"a":1}}')],
    ['HEADER', raw(entry('F32', 'x', [0, 4]), 4)],
    ['HEADER', raw(entry('F32', [-1], [0, 4]), 4)],
    ['HEADER', raw(entry('F32', [1.5], [0, 4]), 4)],
    ['HEADER', raw(entry('F32', [1], [0]), 4)],
    ['HEADER', raw(entry('F32', [1], [-4, 0]), 4)],
    ['HEADER', raw(entry('F32', [1], [0, 1e300]), 4)],
    ['DTYPE', raw(entry('BF16', [2], [0, 4]), 4)],
    ['DTYPE', raw(entry('toString', [2], [0, 4]), 4)],
    ['SHAPE', raw(entry('F32', [2], [0, 4]), 4)],
    ['SHAPE', raw(entry('F32', [2], [4, 0]), 4)],
    ['SHAPE', raw(entry('F32', [9e15, 9e15, 9e15], [0, 4]), 4)],
    ['TRUNCATED', raw(entry('F32', [1e12], [0, 4e12]), 4)],
    ['LAYOUT', raw(entry('F32', [1], [4, 8]), 8)],
    ['LAYOUT', raw(entry('F32', [1], [0, 4]), 8)],
    [
      'LAYOUT',
      raw(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        4,
      ),
    ],
    ['FORMAT', raw('{}')],
    ['FORMAT', raw(entry('F32', [1], [0, 4]), 4)],
  ]
  for (const [code, bytes] of cases) {
    const text = new TextDecoder().decode(bytes.subarray(8, 120))
    assert.is(codeOf(bytes), `CHECKPOINT_${code}`, text)
  }
  assert.is(codeOf(Uint8Array.of(...raw('{}', 0, 3n), 0xff)), 'CHECKPOINT_HEADER', 'not UTF-8')
})

test('a policy file that is not what its network needs', () => {
  const { metadata, tensors } = decodeTensors(savePolicy(policyOf('gru:3')))
  const list = [...tensors.values()]
  const change = (name: string, to: Partial<Tensor>): Tensor[] => list.map(t => (t.name === name ? { ...t, ...to } : t))
  const weight = tensors.get('layers.1.weight')!
  const meta = (entries: Record<string, string>) => encodeTensors({ ...metadata, ...entries }, list)
  const without = (key: string) =>
    encodeTensors(Object.fromEntries(Object.entries(metadata).filter(([k]) => k !== key)), list)
  const network = (from: string, to: string) => {
    assert.ok(metadata.network.includes(from), from)
    return meta({ network: metadata.network.replace(from, to) })
  }
  const cases: [string, Uint8Array][] = [
    ['DTYPE', encodeTensors(metadata, change('layers.1.weight', { values: Float64Array.from(weight.values) }))],
    ['DTYPE', encodeTensors(metadata, change('normalizer.mean', { values: new Float32Array(3) }))],
    ['SHAPE', encodeTensors(metadata, change('layers.1.weight', { shape: [3, 2] }))],
    ['SHAPE', encodeTensors(metadata, change('layers.1.weight', { shape: [6] }))],
    ['SHAPE', encodeTensors(metadata, change('normalizer.m2', { shape: [2], values: new Float64Array(2) }))],
    [
      'TENSOR',
      encodeTensors(
        metadata,
        list.filter(t => t !== weight),
      ),
    ],
    [
      'TENSOR',
      encodeTensors(
        metadata,
        list.filter(t => t.name !== 'normalizer.count'),
      ),
    ],
    [
      'TENSOR',
      encodeTensors(metadata, [...list, { name: 'layers.2.weight', shape: [1], values: new Float32Array(1) }]),
    ],
    ['CRC', encodeTensors(metadata, change('layers.1.weight', { values: new Float32Array(6) }))],
    ['CRC', meta({ normalizer: 'ars' })],
    ['CRC', meta({ crc32: '00000000' })],
    ['CRC', without('crc32')],
    ['FORMAT', without('simcrank')],
    ['FORMAT', meta({ simcrank: 'model' })],
    ['VERSION', meta({ version: '2' })],
    ['VERSION', without('version')],
    ['META', meta({ network: '{' })],
    ['META', meta({ network: 'null' })],
    ['META', without('network')],
    ['META', network('"gru"', '"rnn"')],
    ['META', network('"units":3', '"units":"3"')],
    ['META', network('"units":3', '"units":-3')],
    ['META', network('"units":3', '"units":1e12')],
    ['META', network('"nobs":3', '"nobs":1e15')],
    ['META', network('"bias":true', '"bias":1')],
    ['META', network('"activation":"none"', '"activation":"tanh"')],
    ['META', network('"activation":"tanh"', '"activation":"sine"')],
    ['SHAPE', network('"units":3', '"units":4')],
    ['TENSOR', network('"gru"', '"lstm"').slice()],
  ]
  for (const [i, [code, bytes]] of cases.entries()) {
    if (i === cases.length - 1) assert.ok(['CHECKPOINT_TENSOR', 'CHECKPOINT_SHAPE'].includes(codeOf(bytes) ?? ''))
    else assert.is(codeOf(bytes), `CHECKPOINT_${code}`, `case ${i}`)
  }
})

test('numbers and names that no policy has, though the checksum fits', () => {
  const { metadata, tensors } = decodeTensors(savePolicy(policyOf('linear')))
  const signed = (entries: Record<string, string>, list = [...tensors.values()]) => {
    const changed = { ...metadata, ...entries }
    return encodeTensors({ ...changed, crc32: checksum(changed, list) }, list)
  }
  const change = (name: string, values: Tensor['values']) =>
    signed(
      {},
      [...tensors.values()].map(t => (t.name === name ? { ...t, values } : t)),
    )
  assert.is(codeOf(signed({})), undefined)
  const cases: [string, Uint8Array][] = [
    ['VALUE', change('layers.0.weight', Float32Array.of(1, 2, 3, 4, 5, Number.NaN))],
    ['VALUE', change('normalizer.mean', Float64Array.of(1, Number.POSITIVE_INFINITY, 0))],
    ['VALUE', change('normalizer.m2', Float64Array.of(1, -1, 0))],
    ['VALUE', change('normalizer.count', Float64Array.of(-1))],
    ['VALUE', signed({ normalizer: 'batch' })],
    ['VALUE', signed({ observation: '["a","b"]' })],
    ['VALUE', signed({ observation: '["a","b","a"]' })],
    ['VALUE', signed({ meta: '{"controlPeriod":-1}' })],
    ['VALUE', signed({ meta: '{"actionUnits":["N"]}' })],
    ['META', signed({ observation: '["a","b",3]' })],
    ['META', signed({ action: '{}' })],
    ['META', signed({ action: 'x' })],
    ['META', signed({ meta: '{"task":7}' })],
    ['META', signed({ meta: '{"controlPeriod":"1"}' })],
    ['META', signed({ meta: '{"observationUnits":"m"}' })],
    ['META', signed({ meta: '{"notes":[]}' })],
  ]
  for (const [i, [code, bytes]] of cases.entries()) assert.is(codeOf(bytes), `CHECKPOINT_${code}`, `case ${i}`)
  assert.equal(readPolicy(signed({ meta: 'null' })).meta, {})
  assert.equal(readPolicy(signed({ meta: '{"colour":"red","task":"t"}' })).meta, { task: 't' })
})

test('the checksum is what any CRC-32 makes of the same bytes', () => {
  // zlib.crc32 of Python over the lines KEY=TEXT and the tensors by name
  const { metadata } = decodeTensors(
    savePolicy(new Policy({ network: makeNetwork(parseSpec('linear'), 1, 1), theta: [1.5] })),
  )
  assert.is(metadata.crc32, '6c907e28')
})

test.run()
