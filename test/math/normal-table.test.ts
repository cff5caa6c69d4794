/** The table of normal numbers, Philox in both languages, and what perturbations make of the two. */
import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fillTableNormal, normalTable, philox, STREAM, seedWords } from '../../bindings/math/index.js'
import { compileAssembly } from '../support/assembly.js'
import { PHILOX_ANSWERS } from './philox-answers.js'

test('the bytes of the table are fixed', () => {
  const table = normalTable()
  assert.is(table.length, 65536)
  // little-endian, as WebAssembly and every host we run on have it
  const hash = createHash('sha256').update(Buffer.from(table.buffer)).digest('hex')
  assert.is(hash, '1cfbba1e07e34386a57626f82aeb43e6ed54ba70a3ea6b7d964dc66a841074a8')
})

test('the table is the normal distribution as far as 65,536 numbers can be', () => {
  const table = normalTable()
  let square = 0
  let fourth = 0
  for (let i = 0; i < 65536; i++) {
    const z = table[i]
    square += (z * z) / 65536
    fourth += (z * z * z * z) / 65536
    assert.is(z, -table[65535 - i], `entry ${i} and its mirror image`)
    if (i > 0) assert.ok(z > table[i - 1], `entry ${i} ascends`)
  }
  assert.is(square.toFixed(5), '0.99998')
  assert.is((fourth / (square * square)).toFixed(4), '2.9992')
  assert.ok(table[65535] > 4.324 && table[65535] <= 4.325, `largest ${table[65535]}`)
  // quartile and 31/32, from printed tables: between two entries each
  assert.ok(Math.abs((table[49151] + table[49152]) / 2 - 0.6744898) < 1e-6)
  assert.ok(Math.abs((table[63487] + table[63488]) / 2 - 1.8627319) < 1e-6)
})

test('normals of a pair: the halves of the words of known blocks, eight a block, wherever they begin', () => {
  const table = normalTable()
  // seed 42 + 7 2^32, pair 1, generation 2 gives key (42, 7) and counter (block, 1, 2, 0)
  const seed = 42 + 7 * 2 ** 32
  const words = new Uint32Array(8)
  philox(0, 1, 2, STREAM.theta, 42, 7, words, 0)
  philox(1, 1, 2, STREAM.theta, 42, 7, words, 4)
  const expected = [...words].flatMap(w => [table[w & 0xffff], table[w >>> 16]])
  const z = new Float32Array(13)
  fillTableNormal(z, seed, 1, 2)
  assert.equal([...z], expected.slice(0, 13))
  const part = new Float32Array(13).fill(9)
  fillTableNormal(part, seed, 1, 2, 2, 12)
  assert.equal([...part], [9, 9, ...expected.slice(0, 10), 9])
  // the zero counter under the zero key is Random123's own
  fillTableNormal(z, 0, 0, 0)
  assert.equal([...z.subarray(0, 4)], [table[0xe8d5], table[0x6627], table[0xc58d], table[0xe169]])
  assert.throws(() => fillTableNormal(z, 0.5, 0, 0), /whole number/)
})

const PHILOX = `
import { philoxRounds } from './math/philox'
export function run(c0: i32, c1: i32, c2: i32, c3: i32, k0: u32, k1: u32, rounds: i32, out: usize): void {
  philoxRounds(lanes(c0), lanes(c1), lanes(c2), lanes(c3), k0, k1, rounds, out)
}
function lanes(c: i32): v128 { return i32x4.add(i32x4.splat(c), i32x4(0, 1, 2, 3)) }
`

test('known answers of Philox in AssemblyScript, and the three counters beside each as TypeScript has them', async () => {
  const { memory, call } = await compileAssembly(PHILOX)
  const run = call('run')
  const expected = new Uint32Array(4)
  for (const { counter, key, rounds, words } of PHILOX_ANSWERS) {
    run(counter[0], counter[1], counter[2], counter[3], key[0], key[1], rounds, 1024)
    const out = new Uint32Array(memory.buffer, 1024, 16)
    assert.equal([out[0], out[4], out[8], out[12]], words)
    for (let lane = 1; lane < 4; lane++) {
      const [c0, c1, c2, c3] = counter.map(c => (c + lane) >>> 0)
      philox(c0, c1, c2, c3, key[0], key[1], expected, 0, rounds)
      assert.equal([out[lane], out[4 + lane], out[8 + lane], out[12 + lane]], [...expected])
    }
  }
})

const PAIRS = `
import { fourPairs, groupPart, groupWords, pairPart, roundKeys } from './es/noise'
export function apart(group: u32, pair: u32, generation: u32, k0: u32, k1: u32, out: usize): void {
  const keys: usize = 4096, part: usize = 8192, pairs: usize = 12288
  roundKeys(k0, k1, keys)
  groupPart(group, generation, keys, part)
  for (let i: u32 = 0; i < 4; i++) pairPart(pair + i, generation, k0, k1, pairs + 16 * i)
  fourPairs(pairs, keys, part, out)
}
export function whole(group: u32, pair: u32, generation: u32, k0: u32, k1: u32, out: usize): void {
  for (let i: u32 = 0; i < 4; i++) groupWords(group, pair + i, generation, k0, k1, out + 64 * i)
}
`

test('rounds made once a pair and once a group come to the same words', async () => {
  const { memory, call } = await compileAssembly(PAIRS)
  const [apart, whole] = [call('apart'), call('whole')]
  const words = new Uint32Array(4)
  for (const [group, pair, generation, seed] of [
    [0, 0, 0, 0],
    [1, 4, 2, 42 + 7 * 2 ** 32],
    [31250, 123456, 7, -5],
    [0x3ffffff, 0xfffffff0, 0xffffffff, 2 ** 53 - 1],
  ]) {
    const [k0, k1] = seedWords(seed)
    apart(group, pair, generation, k0, k1, 1024)
    whole(group, pair, generation, k0, k1, 2048)
    const a = new Uint32Array(memory.buffer, 1024, 64)
    assert.equal(a, new Uint32Array(memory.buffer, 2048, 64))
    for (let p = 0; p < 4; p++) {
      for (let b = 0; b < 4; b++) {
        philox(4 * group + b, pair + p, generation, STREAM.theta, k0, k1, words)
        for (let k = 0; k < 4; k++) assert.is(a[16 * p + 4 * k + b], words[k], `pair ${p}, block ${b}, word ${k}`)
      }
    }
  }
})

test.run()
