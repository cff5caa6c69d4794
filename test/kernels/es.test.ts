/** Random words, the table of normals, perturbations, sums over noise and ranks of the GPU against those of the CPU. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EsKernel } from '../../bindings/engine/es-kernel.js'
import { programConstants } from '../../bindings/engine/webgpu/program.js'
import type { NoiseKey } from '../../bindings/es/noise-kernel.js'
import { fillTableNormal, normalTable, Philox, STREAM, seedWords } from '../../bindings/math/index.js'
import { GRADIENT, PIECE } from '../../bindings/program.js'
import { PHILOX_ANSWERS } from '../math/philox-answers.js'
import { type Call, Kernels, Table, words } from './dispatch.js'
import { assertClose, kernels } from './harness.js'

const SEED = 2 ** 40 + 77
/** products may be fused with their sums: one rounding less a term */
const SUMS = 2e-6
const constants = programConstants()
const cpu = await EsKernel.open(1)

const floats = (of: Uint32Array, at: number, n: number) => new Float32Array(of.buffer, 4 * at, n)
const bits = (x: number) => words(Float32Array.of(x))[0]

function weightsOf(n: number, tag = 0): Float32Array {
  const z = new Float64Array(n)
  new Philox(1, STREAM.check).fillNormal(z, tag, n)
  return Float32Array.from(z, (v, i) => (i % 5 === 3 ? 0 : v * v * v))
}

/** one entry point on T and zeros */
async function once(name: string, T: Table, sizes: { E?: number; O: number }, calls: readonly Call[]) {
  const k = await Kernels.open([{ path: 'es/entry', name }], constants, { T: T.words, ...sizes })
  for (const call of calls) k.run(name, call)
  const out = await k.read('O')
  k.release()
  return out
}

test('Philox: the known answers', async () => {
  const text = `// import { philoxRounds } from './math/philox'
@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = 7u * id.x;
  let w = philoxRounds(vec4u(T[i], T[i + 1u], T[i + 2u], T[i + 3u]), vec2u(T[i + 4u], T[i + 5u]), i32(T[i + 6u]));
  for (var k = 0u; k < 4u; k++) { O[4u * id.x + k] = w[k]; }
}`
  const files = new Map([...kernels, ['probe', text]])
  const input = PHILOX_ANSWERS.flatMap(({ counter, key, rounds }) => [...counter, ...key, rounds])
  const k = await Kernels.open(
    [{ path: 'probe', name: 'main' }],
    constants,
    { T: Uint32Array.from(input), O: 64 },
    files,
  )
  k.run('main', { count: 64 * PHILOX_ANSWERS.length })
  const out = await k.read('O')
  k.release()
  assert.equal(
    [...out.subarray(0, 4 * PHILOX_ANSWERS.length)],
    PHILOX_ANSWERS.flatMap(answer => [...answer.words]),
  )
})

test('normal numbers: the bits of the table at the places of the CPU', async () => {
  const T = new Table()
  const table = T.put(normalTable())
  const nparam = 100
  const [k0, k1] = seedWords(SEED)
  const theta = T.put(new Float32Array(nparam))
  const record = T.put(Uint32Array.of(theta, nparam, bits(1), 0, bits(1), 5, 9, k0, k1, table, 16))
  const out = await once('perturb', T, { O: 16 + nparam }, [{ a0: record, count: Math.ceil(nparam / 8) }])
  const expected = new Float32Array(nparam)
  fillTableNormal(expected, SEED, 5, 9)
  assert.equal(floats(out, 16, nparam), expected)
})

test('members: theta moved by the noise of a pair, by one sigma or by each its own', async () => {
  const nparam = 77
  const theta = weightsOf(nparam, 3)
  const sigmas = weightsOf(nparam, 4).map(Math.abs)
  const [k0, k1] = seedWords(-SEED)
  for (const sigma of [0.03, sigmas]) {
    for (const sign of [1, -1] as const) {
      const T = new Table()
      const table = T.put(normalTable())
      const [at, own] = [T.put(theta), T.put(sigmas)]
      const each = typeof sigma !== 'number'
      const record = T.put(
        Uint32Array.of(at, nparam, each ? 0 : bits(sigma), each ? own : 0, bits(sign), 123, 4, k0, k1, table, 8),
      )
      const out = await once('perturb', T, { O: 8 + nparam }, [{ a0: record, count: Math.ceil(nparam / 8) }])
      const key = { seed: -SEED, generation: 4, nparam }
      const expected = cpu.perturb(theta, { sigma, sign, pair: 123 }, key)
      assertClose('member', [[...expected]], [[...floats(out, 8, nparam)]], 2e-7)
    }
  }
})

/** sums of pairs on the GPU, in two dispatches by pairs */
async function sums(weights: Float32Array, squares: Float32Array | undefined, key: NoiseKey, first = 0) {
  const T = new Table()
  const [thetalo, thetahi] = seedWords(key.seed)
  const npair = weights.length
  const size = 8 * Math.ceil(key.nparam / 8)
  const [g, h] = [8, 8 + size]
  const common: Record<string, number> = {
    generation: key.generation,
    thetalo,
    thetahi,
    normals: T.put(normalTable()),
    g,
    h: squares ? h : 0,
  }
  const record = (values: Record<string, number>) =>
    T.put(Uint32Array.from(GRADIENT, name => ({ ...common, ...values })[name] ?? 0))
  const half = npair >> 1
  const parts = [
    [0, half],
    [half, npair],
  ]
  const records: number[] = []
  for (const [begin, end] of parts)
    records.push(
      record({
        npair: end - begin,
        pair: first + begin,
        weights: T.put(weights.slice(begin, end)),
        squares: squares ? T.put(squares.slice(begin, end)) : 0,
      }),
    )
  const calls = records.map(a0 => ({ a0, count: size / 8 }))
  const out = await once('gradient', T, { O: 8 + 2 * size }, calls)
  return { first: floats(out, g, key.nparam), second: floats(out, h, key.nparam) }
}

test('sums over pairs, and over their squares', async () => {
  for (const [nparam, npair, first] of [
    [1, 1, 0],
    [33, 5, 0],
    [161, 300, 7],
  ]) {
    const key = { seed: SEED, generation: 3, nparam }
    const [w, v] = [weightsOf(npair), weightsOf(npair, 1)]
    const alone = await sums(w, undefined, key, first)
    assertClose('sums', [[...cpu.gradient(w, key, undefined, first).first]], [[...alone.first]], SUMS)
    const both = await sums(w, v, key, first)
    const expected = cpu.gradient(w, key, v, first)
    assertClose('first', [[...expected.first]], [[...both.first]], SUMS)
    assertClose('second', [[...(expected.second as Float32Array)]], [[...both.second]], SUMS)
  }
})

test('sums of perturbations of low rank', async () => {
  const matrices = [
    { offset: 2, rows: 9, cols: 1 },
    { offset: 11, rows: 1, cols: 6 },
    { offset: 30, rows: 6, cols: 13 },
  ]
  const nparam = 30 + 6 * 13 + 3
  for (const rank of [1, 3]) {
    for (const withSquares of [false, true]) {
      const key: NoiseKey = { seed: SEED, generation: 8, nparam, rank, matrices }
      const [w, v] = [weightsOf(40), weightsOf(40, 1)]
      const expected = cpu.gradient(w, key, withSquares ? v : undefined, 3)
      const pieces: number[] = []
      let [at, width] = [0, 0]
      const add = (rows: number, columns: number) => {
        if (rows === 0) return
        pieces.push(at, rows, columns, width)
        width += columns === 0 ? rows : rank * (rows + 4 * Math.ceil(columns / 4))
        at += rows * Math.max(1, columns)
      }
      for (const { offset, rows, cols } of matrices) {
        add(offset - at, 0)
        add(rows, cols)
      }
      add(nparam - at, 0)
      const T = new Table()
      const [thetalo, thetahi] = seedWords(SEED)
      const values: Record<string, number> = {
        npair: w.length,
        generation: 8,
        thetalo,
        thetahi,
        normals: T.put(normalTable()),
        weights: T.put(w),
        squares: withSquares ? T.put(v) : 0,
        g: 8,
        h: 8 + nparam,
        rank,
        scale: bits(1 / Math.sqrt(rank)),
        pieces: T.put(Int32Array.from(pieces)),
        npiece: pieces.length / PIECE.WORDS,
        pairs: T.put(Int32Array.from(w, (_, i) => 3 + i)),
        factors: 5,
        width,
      }
      const a0 = T.put(Uint32Array.from(GRADIENT, name => values[name] ?? 0))
      const entries = ['factors', 'product'].map(name => ({ path: 'es/entry', name }))
      const k = await Kernels.open(entries, constants, { T: T.words, E: 5 + width * w.length, O: 8 + 2 * nparam })
      k.run('factors', { a0, count: w.length })
      k.run('product', { a0, count: nparam })
      const out = await k.read('O')
      k.release()
      assertClose(`rank ${rank}`, [[...expected.first]], [[...floats(out, 8, nparam)]], SUMS)
      if (withSquares)
        assertClose('squares', [[...(expected.second as Float32Array)]], [[...floats(out, 8 + nparam, nparam)]], SUMS)
    }
  }
})

test('ranks: ties, signed zeros, numbers that are not finite', async () => {
  const cases = [
    [3],
    [1, 1, 1, 1],
    [0, -0, 1e-42, -1e-42, 5, 5, 5, -7.25],
    [NaN, 1, Infinity, -Infinity, 2, NaN, 2, 3e38, -3e38],
    Array.from({ length: 333 }, (_, i) => Math.fround(Math.sin(i * i)) * (i % 7 === 0 ? 0 : 1)),
  ]
  for (const fitness of cases) {
    const T = new Table()
    const n = fitness.length
    const a0 = T.put(Float32Array.from(fitness))
    const out = await once('ranks', T, { O: 4 + n }, [{ a0, a1: n, a2: 4, count: n }])
    const expected = cpu.ranks(Float64Array.from(fitness, Math.fround))
    assertClose('ranks', [[...expected]], [[...floats(out, 4, n)]], 3e-7)
  }
})

test.run()
