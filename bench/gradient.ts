/**
 * Sums of an evolution strategy over its noise: a gradient of a million parameters from 256 antithetic members, everything
 * regenerated. `tsx bench/gradient.ts` runs it alone.
 *
 * Beside it, in the same run: a bare loop that makes and looks up the same numbers and only adds them up, the plain
 * TypeScript form, and gpu.js. One core, in processor time, least of several turns; only the last row is wall-clock.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { EsKernel } from '../bindings/engine/es-kernel.js'
import { PlainKernel } from '../bindings/es/index.js'
import { normalTable, Philox, philox, STREAM, seedWords } from '../bindings/math/index.js'
import { compileAssembly } from '../test/support/assembly.js'
import { type BenchOptions, type Row, table } from './run.js'
import { cpuSeconds, seconds } from './timing.js'

const NPARAM = 1_000_000
const NPAIR = 128
const SEED = 42 + 7 * 2 ** 32
const GENERATION = 3
const KEY = { seed: SEED, generation: GENERATION, nparam: NPARAM }
/** normal numbers a gradient takes, in millions */
const MILLIONS = (NPARAM * NPAIR) / 1e6
/** turns of what takes a tenth of a second, and of what takes seconds */
const TURNS = 9
const SLOW_TURNS = 2

/** Least seconds of several turns of each, taken one after the other, so that a busy machine hurts all alike. */
async function least<K extends string>(
  turns: number,
  clock: () => number,
  cases: Readonly<Record<K, () => unknown>>,
): Promise<Record<K, number>> {
  const best = {} as Record<K, number>
  const names = Object.keys(cases) as K[]
  // the first turn compiles and is not counted
  for (let turn = 0; turn <= turns; turn++) {
    for (const name of names) {
      const begin = clock()
      await cases[name]()
      const spent = clock() - begin
      if (turn > 0) best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, spent)
    }
  }
  return best
}

/**
 * The bare loops. `plain`: every Philox call whole, four counters at a time and four of those side by side, keys ready in
 * memory. `shared`: the numbers made as the kernel makes them, rounds shared by pairs and by groups.
 */
const BARE = `
import { fourPairs, groupPart, normals4of8, pairPart, roundKeys } from './es/noise'
import { mulHigh4, PHILOX_M0, PHILOX_M1 } from './math/philox'

const KEYS: usize = 4096, PART: usize = 5120, WORDS: usize = 8192, LIST: usize = 12288

// @ts-ignore: decorator
@inline function lookUp(n: usize, table: usize, sum: v128): v128 {
  let x = f32x4.splat(0), y = x
  for (let w: usize = WORDS; w < WORDS + 64 * n; w += 64) {
    for (let block: usize = 0; block < 16; block += 4) {
      x = f32x4.add(x, normals4of8(w + block, table))
      y = f32x4.add(y, normals4of8(w + block + 32, table))
    }
  }
  return f32x4.add(sum, f32x4.add(x, y))
}

export function plain(ngroup: u32, npair: u32, generation: u32, k0: u32, k1: u32, table: usize): f32 {
  const m0 = i32x4.splat(PHILOX_M0), m1 = i32x4.splat(PHILOX_M1)
  let sum = f32x4.splat(0)
  roundKeys(k0, k1, KEYS)
  for (let group: u32 = 0; group < ngroup; group++) {
    const block = i32x4.add(i32x4.splat(group << 2), i32x4(0, 1, 2, 3))
    for (let pair: u32 = 0; pair < npair; pair += 16) {
      let out = WORDS
      for (let p = pair; p < pair + 16; p += 4, out += 256) {
        let a0 = block, b0 = i32x4.splat(p), c0 = i32x4.splat(generation), d0 = i32x4.splat(0)
        let a1 = block, b1 = i32x4.splat(p + 1), c1 = c0, d1 = d0
        let a2 = block, b2 = i32x4.splat(p + 2), c2 = c0, d2 = d0
        let a3 = block, b3 = i32x4.splat(p + 3), c3 = c0, d3 = d0
        for (let key = KEYS; key < KEYS + 320; key += 32) {
          const e0 = v128.load(key), e1 = v128.load(key, 16)
${[0, 1, 2, 3]
  .map(
    i => `          const x${i} = a${i}
          a${i} = v128.xor(v128.xor(mulHigh4(c${i}, m1), b${i}), e0); b${i} = i32x4.mul(c${i}, m1)
          c${i} = v128.xor(v128.xor(mulHigh4(x${i}, m0), d${i}), e1); d${i} = i32x4.mul(x${i}, m0)`,
  )
  .join('\n')}
        }
${[0, 1, 2, 3]
  .map(i =>
    ['a', 'b', 'c', 'd'].map((word, k) => `        v128.store(out, ${word}${i}, ${64 * i + 16 * k})`).join('; '),
  )
  .join('\n')}
      }
      sum = lookUp(16, table, sum)
    }
  }
  return total(sum)
}

export function shared(ngroup: u32, npair: u32, generation: u32, k0: u32, k1: u32, table: usize): f32 {
  let sum = f32x4.splat(0)
  roundKeys(k0, k1, KEYS)
  for (let p: u32 = 0; p < npair; p++) pairPart(p, generation, k0, k1, LIST + 16 * p)
  for (let group: u32 = 0; group < ngroup; group++) {
    groupPart(group, generation, KEYS, PART)
    for (let p: u32 = 0; p < npair; p += 16) {
      for (let i: u32 = 0; i < 16; i += 4) fourPairs(LIST + 16 * (p + i), KEYS, PART, WORDS + 64 * i)
      sum = lookUp(16, table, sum)
    }
  }
  return total(sum)
}

function total(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3)
}
`

/** The bare loops as functions of nothing. */
async function bareLoops(): Promise<{ plain(): number; shared(): number }> {
  const { memory, call } = await compileAssembly(BARE, 8)
  const at = 65536
  new Float32Array(memory.buffer).set(normalTable(), at / 4)
  const [k0, k1] = seedWords(SEED)
  const args = [NPARAM / 32, NPAIR, GENERATION, k0, k1, at]
  const [plain, shared] = [call('plain'), call('shared')]
  checkBare({ plain, shared }, [k0, k1], at)
  return { plain: () => plain(...args), shared: () => shared(...args) }
}

/** A loop that adds up other numbers than those of the perturbations is no measure of anything. */
function checkBare(
  loops: Readonly<Record<string, (...args: number[]) => number>>,
  [k0, k1]: readonly number[],
  table: number,
): void {
  const [ngroup, npair] = [4, 32]
  const z = normalTable()
  const words = new Uint32Array(4)
  let expected = 0
  for (let block = 0; block < 4 * ngroup; block++)
    for (let pair = 0; pair < npair; pair++) {
      philox(block, pair, GENERATION, STREAM.theta, k0, k1, words)
      for (const word of words) expected += z[word & 0xffff] + z[word >>> 16]
    }
  for (const [name, loop] of Object.entries(loops)) {
    const sum = loop(ngroup, npair, GENERATION, k0, k1, table)
    if (!(Math.abs(sum - expected) < 1e-3))
      throw new Error(`the bare loop '${name}' adds up to ${sum}, the numbers of the table to ${expected}`)
  }
}

/** The plain form with blocks outside and pairs inside: sums of eight parameters stay in registers. */
function byBlock(weights: Float32Array): Float32Array {
  const g = new Float32Array(NPARAM)
  const z = normalTable()
  const [k0, k1] = seedWords(SEED)
  const words = new Uint32Array(4)
  for (let j = 0; j < NPARAM; j += 8) {
    for (let p = 0; p < NPAIR; p++) {
      const w = weights[p]
      philox(j >>> 3, p, GENERATION, STREAM.theta, k0, k1, words)
      g[j] += Math.fround(w * z[words[0] & 0xffff])
      g[j + 1] += Math.fround(w * z[words[0] >>> 16])
      g[j + 2] += Math.fround(w * z[words[1] & 0xffff])
      g[j + 3] += Math.fround(w * z[words[1] >>> 16])
      g[j + 4] += Math.fround(w * z[words[2] & 0xffff])
      g[j + 5] += Math.fround(w * z[words[2] >>> 16])
      g[j + 6] += Math.fround(w * z[words[3] & 0xffff])
      g[j + 7] += Math.fround(w * z[words[3] >>> 16])
    }
  }
  return g
}

interface GpuKernel {
  (...args: unknown[]): readonly Float32Array[]
  readonly kernel?: { readonly constructor: { readonly name: string } }
}
interface Gpu {
  createKernel(source: string, options: object): GpuKernel
}

/**
 * The gradient for gpu.js: a thread of it gives four numbers at most, half a Philox block. In JavaScript ('cpu') words are
 * whole numbers of 32 bits. In its WebAssembly ('webasm') variables are single precision, exact to 24 bits: words are halves
 * of 16 bits, multiplied by a byte at a time.
 */
const GPU_WORDS = `function (weights, table, keys) {
  let g0 = 0; let g1 = 0; let g2 = 0; let g3 = 0
  const block = this.thread.x >> 1
  const half = this.thread.x & 1
  for (let p = 0; p < this.constants.npair; p++) {
    let c0 = block; let c1 = p; let c2 = this.constants.generation; let c3 = this.constants.zero
    for (let i = 0; i < 10; i++) {
      const a = c0 & 0xffff; const b = c0 >>> 16; const c = c2 & 0xffff; const d = c2 >>> 16
      const al = a * 0x1f53; const ah = a * 0xd251; const bl = b * 0x1f53
      const m = (al >>> 16) + (ah & 0xffff) + (bl & 0xffff)
      const cl = c * 0x8d57; const ch = c * 0xcd9e; const dl = d * 0x8d57
      const n = (cl >>> 16) + (ch & 0xffff) + (dl & 0xffff)
      c0 = (d * 0xcd9e + (ch >>> 16) + (dl >>> 16) + (n >>> 16)) ^ c1 ^ keys[2 * i]
      c1 = ((n & 0xffff) << 16) | (cl & 0xffff)
      c2 = (b * 0xd251 + (ah >>> 16) + (bl >>> 16) + (m >>> 16)) ^ c3 ^ keys[2 * i + 1]
      c3 = ((m & 0xffff) << 16) | (al & 0xffff)
    }
    let x = c0
    let y = c1
    if (half == 1) { x = c2; y = c3 }
    const w = weights[p]
    g0 += w * table[x & 0xffff]
    g1 += w * table[x >>> 16]
    g2 += w * table[y & 0xffff]
    g3 += w * table[y >>> 16]
  }
  return [g0, g1, g2, g3]
}`

/** lines that add the product of a half and two bytes to digits of 16 bits: low into `to`, high into `above` */
const digits = (from: string, low: number, high: number, to: string, above: string): string => `
      q = ${from} * ${low}; r = ${from} * ${high}; s = (q & 0xffff) + ((r & 0xff) << 8)
      ${to} += s & 0xffff; ${above} += (q >> 16) + (r >> 8) + (s >> 16)`
/** digits x0 ... x3 of the product of two halves, low first, and a multiplier */
const product = (half: string, multiplier: number, x: string): string => {
  const byte = (i: number): number => (multiplier >>> (8 * i)) & 0xff
  return `
      let ${x}0 = 0; let ${x}1 = 0; let ${x}2 = 0; let ${x}3 = 0
      ${digits(`${half}l`, byte(0), byte(1), `${x}0`, `${x}1`)}
      ${digits(`${half}l`, byte(2), byte(3), `${x}1`, `${x}2`)}
      ${digits(`${half}h`, byte(0), byte(1), `${x}1`, `${x}2`)}
      ${x}2 += ${x}1 >> 16
      ${digits(`${half}h`, byte(2), byte(3), `${x}2`, `${x}3`)}
      ${x}3 += ${x}2 >> 16`
}
const GPU_HALVES = `function (weights, table, keys) {
  let g0 = 0; let g1 = 0; let g2 = 0; let g3 = 0
  const block = this.thread.x >> 1
  const half = this.thread.x & 1
  for (let p = 0; p < this.constants.npair; p++) {
    let al = block & 0xffff; let ah = block >> 16; let bl = p; let bh = this.constants.zero
    let cl = this.constants.generation; let ch = this.constants.zero
    let dl = this.constants.zero; let dh = this.constants.zero
    for (let i = 0; i < 10; i++) {
      let q = 0; let r = 0; let s = 0
      ${product('a', 0xd2511f53, 'x')}
      ${product('c', 0xcd9e8d57, 'y')}
      al = (y2 & 0xffff) ^ bl ^ keys[4 * i]; ah = y3 ^ bh ^ keys[4 * i + 1]
      bl = y0; bh = y1 & 0xffff
      cl = (x2 & 0xffff) ^ dl ^ keys[4 * i + 2]; ch = x3 ^ dh ^ keys[4 * i + 3]
      dl = x0; dh = x1 & 0xffff
    }
    if (half == 1) { al = cl; ah = ch; bl = dl; bh = dh }
    const w = weights[p]
    g0 += w * table[al]
    g1 += w * table[ah]
    g2 += w * table[bl]
    g3 += w * table[bh]
  }
  return [g0, g1, g2, g3]
}`

/** keys of the rounds, both words of each */
function roundKeys(): Uint32Array {
  const [k0, k1] = seedWords(SEED)
  return Uint32Array.from({ length: 20 }, (_, i) =>
    i % 2 === 0 ? k0 + Math.imul(i >> 1, 0x9e3779b9) : k1 + Math.imul(i >> 1, 0xbb67ae85),
  )
}

/** The same gradient in a mode of gpu.js, on one core; undefined where it is not installed. */
async function gpuGradient(
  mode: 'cpu' | 'webasm',
  weights: Float32Array,
): Promise<(() => readonly Float32Array[]) | undefined> {
  // not a literal: without it everything else is still measured
  const name = 'gpu.js'
  const loaded = await import(name).catch(() => undefined)
  if (loaded === undefined) return undefined
  const gpu: Gpu = new loaded.GPU({ mode })
  const words = mode === 'cpu'
  const kernel = gpu.createKernel(words ? GPU_WORDS : GPU_HALVES, {
    output: [NPARAM / 4],
    constants: { npair: NPAIR, generation: GENERATION, zero: 0 },
    asyncMode: false,
  })
  const keys = words
    ? Float64Array.from(roundKeys())
    : Float32Array.from([...roundKeys()].flatMap(k => [k & 0xffff, k >>> 16]))
  const run = () => kernel(weights, normalTable(), keys)
  run()
  const made = kernel.kernel?.constructor.name ?? ''
  if (made !== (words ? 'CPUKernel' : 'WebAssemblyKernel')) throw new Error(`gpu.js: mode ${mode} gave a ${made}`)
  return run
}

/** @throws when two gradients differ by more than rounding */
function agree(name: string, expected: Float32Array, got: (j: number) => number): void {
  for (let j = 0; j < NPARAM; j++)
    if (!(Math.abs(got(j) - expected[j]) <= 1e-5))
      throw new Error(`${name}: parameter ${j} is ${got(j)}, ours ${expected[j]}`)
}

/** Every row of the table. */
export async function benchGradient({ quick = false }: BenchOptions = {}): Promise<Row[]> {
  const z = new Float64Array(NPAIR)
  new Philox(1, STREAM.check).fillNormal(z, 0, 0)
  const weights = Float32Array.from(z, x => 0.01 * x)
  const kernel = await EsKernel.open(1)
  const bare = await bareLoops()
  const gradient = (): Float32Array => kernel.gradient(weights, KEY).first
  const expected = gradient()
  const fast = await least(quick ? 3 : TURNS, cpuSeconds, { gradient, plain: bare.plain, shared: bare.shared })
  const rate = (spent: number): number => MILLIONS / spent
  const ours = rate(fast.gradient)
  const name = `${NPARAM / 1e6} M parameters × ${2 * NPAIR} members`
  const row = (peerName: string, peer: number, target: string, note: string): Row => ({
    name,
    value: ours,
    unit: 'M normals/s',
    peer,
    peerName,
    ratio: ours / peer,
    target,
    note,
  })
  const rows = [
    row('bare loop, Philox call by call', rate(fast.plain), '≥ 0.6×', `${(1000 * fast.gradient).toFixed(0)} ms`),
    row('bare loop, rounds shared as ours', rate(fast.shared), '≥ 0.6×', 'numbers added up, nothing else'),
  ]

  const turns = quick ? 1 : SLOW_TURNS
  const plain = new PlainKernel()
  const blocks = byBlock(weights)
  agree('plain form by block', expected, j => blocks[j])
  const slow = await least(turns, cpuSeconds, {
    byPair: () => plain.gradient(weights, KEY),
    byBlock: () => byBlock(weights),
  })
  const better = Math.min(slow.byPair, slow.byBlock)
  rows.push(
    row(
      'Float32Array, TypeScript',
      rate(better),
      '≥ 5×',
      `pairs ${slow.byPair < slow.byBlock ? 'outside' : 'inside'}, the faster way`,
    ),
  )
  for (const mode of ['cpu', 'webasm'] as const) {
    const theirs = await gpuGradient(mode, weights)
    if (theirs === undefined) continue
    const out = theirs()
    agree(`gpu.js ${mode}`, expected, j => out[j >> 2][j & 3])
    const { peer } = await least(turns, cpuSeconds, { peer: theirs })
    rows.push(row(`gpu.js, mode ${mode}`, rate(peer), '≥ 5×', 'four parameters a thread, one core'))
  }

  // all processors: wall-clock
  const workers = availableParallelism()
  const many = await EsKernel.open(workers)
  const wall = await least(quick ? 3 : TURNS, seconds, {
    one: gradient,
    many: () => many.gradient(weights, KEY),
  })
  rows.push({
    name: `${name}, ${workers} threads`,
    value: rate(wall.many),
    unit: 'M normals/s',
    peer: rate(wall.one),
    peerName: 'ours, one thread',
    ratio: wall.one / wall.many,
    note: 'wall-clock',
  })
  many.dispose()
  kernel.dispose()
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(table(await benchGradient()))
