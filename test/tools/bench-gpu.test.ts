/** The GPU bench counts what it says it counts, and runs. */
import '../kernels/swiftshader.js'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { counting, measureOperations } from '../../bench/gpu/operations.js'
import { allowed, BEGIN, type Cost, END, type Figures, renewGpu } from '../../bench/gpu/report.js'
import { counted } from '../../bench/gpu/traffic.js'
import { controlTable, GpuWorlds, warmStates } from '../../bench/gpu/worlds.js'
import { benchGpu, SCENES, sceneModel, worldCounts } from '../../bench/gpu.js'
import { buildGpuBench } from '../../bench/gpu-build.js'
import { KERNELS } from '../../bindings/engine/webgpu/kernels.generated.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cartpole = SCENES[0]

/** (func (export "f") (result f32)): (a + a) a + a sqrt of constants whose bytes look like instructions, a block, a table jump */
const MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7d],
  ...[3, 2, 1, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
  ...((body: number[]) => [10, body.length + 3, 1, body.length + 1, 0, ...body])([
    ...[0x02, 0x40, 0x41, 0xe4, 0x81, 0, 0x0e, 0, 0, 0x0b],
    ...[0xfd, 12, ...new Array(16).fill(0xe4)],
    ...[0xfd, 12, ...new Array(16).fill(0xfd)],
    ...[0xfd, 0xe4, 1, 0xfd, 12, ...new Array(16).fill(0), 0xfd, 0xe6, 1, 0xfd, 0xe3, 1, 0xfd, 0xe0, 1],
    ...[0xfd, 31, 0, 0x0b],
  ]),
)

test('operations of a module: an addition, a multiplication, a square root; no other counts', async () => {
  assert.ok(WebAssembly.validate(MODULE))
  const { instance } = await WebAssembly.instantiate(counting(MODULE))
  const f = instance.exports.f as () => number
  for (let k = 0; k < 5; k++) f()
  assert.is((instance.exports.operations as WebAssembly.Global<'i64'>).value, 15n)
})

test('words are counted in every function that reaches a buffer, and in no other', () => {
  const text = counted(KERNELS.get('math/v4') as string)
  assert.match(text, 'fn ld(p: i32) -> f32 { O[3 * lane + 0] += 1u;')
  assert.match(text, 'fn setpar(p: i32, x: f32) { O[3 * lane + 1] += 1u;')
  assert.match(text, 'fn i32at(p: i32, i: i32) -> i32 { O[3 * lane + 2] += 1u;')
  assert.not.match(text, /fn (ld3|cross1)\([^{]*\{ O\[/)
  assert.throws(() => counted('fn ld() -> u32 {\nreturn W[0];\n}'), /cannot count/)
  assert.throws(() => counted('fn one() -> i32 { return 1; }'), /nothing to count/)
})

test('world counts: those that fit, and the most that fit', () => {
  assert.equal(worldCounts([1, 64, 1024], 5000), [1, 64, 1024])
  assert.equal(worldCounts([1, 64, 1024], 1000), [1, 64, 960])
  assert.equal(worldCounts([1, 64, 1024], 70), [1, 64])
})

test('the operations of a world do not depend on how many are counted', async () => {
  const model = await sceneModel('cartpole')
  const states = await warmStates(model, cartpole, 3)
  const ctrl = controlTable(model, cartpole, 8)
  const one = await measureOperations(model, undefined, states, ctrl, 1)
  assert.ok(Number.isInteger(one) && one > 50)
  assert.is(await measureOperations(model, undefined, states, ctrl, 1), one)
  assert.ok((await measureOperations(model, undefined, states, ctrl, 8)) < 4 * one)
})

const cost: Cost = {
  model: 'cartpole',
  nconmax: 0,
  worldBytes: 4096,
  compileSeconds: 1,
  traffic: { world: 200, parameters: 50, tables: 9 },
  bytes: 1000,
  operations: 500,
}

test('limits, tables and the document', () => {
  assert.is(allowed({ flops: 1e6, bytes: 1e9 }, cost), 2000)
  assert.is(allowed({ flops: 1e9, bytes: 1e6 }, cost), 1000)
  const row = {
    model: 'cartpole',
    nworld: 64,
    nconmax: 0,
    rate: 1e5,
    quartiles: [9e4, 1.1e5],
    contacts: 0,
    stopped: 0,
  } as const
  const figures: Figures = {
    machine: { node: 'v20' },
    adapter: 'a GPU',
    limits: {},
    roofline: { flops: 1e9, bytes: 2e9 },
    costs: [cost],
    rows: [
      { ...row, backend: 'webgpu', workers: 1, stepMs: 0.64, dispatches: 1, dispatchMs: 0.64 },
      { ...row, backend: 'wasm', workers: 4, stepMs: 0.64 },
    ],
    skipped: ['go2 with 65536 worlds'],
    seconds: 3,
  }
  const text = renewGpu(`before\n${BEGIN}\n\nold\n\n${END}\nafter`, figures)
  assert.match(text, /^before\n[\s\S]*a GPU; node v20[\s\S]*\nafter$/)
  assert.not.match(text, 'old')
  assert.match(text, /\| cartpole +\| 64 +\| 100,000 +\|.*\| 5 % +\| 5 % /)
  assert.match(text, 'Left out: go2 with 65536 worlds.')
  assert.is(renewGpu(text, figures), text)
  assert.throws(() => renewGpu('no marks', figures), /marks/)
})

test('it measures both engines', async () => {
  const figures = await benchGpu({ quick: true, models: ['cartpole'], nworld: [64], seconds: 0.03 })
  assert.ok(figures.roofline.flops > 0 && figures.roofline.bytes > 0)
  assert.equal([...new Set(figures.rows.map(row => row.backend))], ['webgpu', 'wasm'])
  for (const row of figures.rows) assert.ok(row.rate > 0 && row.stopped === 0 && row.nworld === 64)
  const [{ traffic, bytes, operations, compileSeconds }] = figures.costs
  assert.ok(traffic.world > 50 && traffic.parameters > 10 && bytes > 240 && operations > 50 && compileSeconds > 0)
  assert.equal(JSON.parse(JSON.stringify(figures)), figures)
})

test('controls on the GPU stay in their range and differ by world and step', async () => {
  const model = await sceneModel('cartpole')
  const worlds = await GpuWorlds.open(model, cartpole, 70, await warmStates(model, cartpole, 3))
  await worlds.advance(1)
  const first = await worlds.batch.get('ctrl')
  await worlds.advance(1)
  const second = await worlds.batch.get('ctrl')
  await worlds.close()
  assert.is(new Set([...first, ...second]).size, 140)
  for (const x of [...first, ...second]) assert.ok(Math.abs(x) <= 3)
  const mean = first.reduce((sum, x) => sum + x, 0) / 70
  assert.ok(Math.abs(mean) < 1)
})

test('a built copy runs with Node alone', async () => {
  mkdirSync(path.join(root, 'build'), { recursive: true })
  const folder = mkdtempSync(path.join(root, 'build', 'bench-gpu-'))
  try {
    await buildGpuBench(folder, ['cartpole'])
    const { status, stderr } = spawnSync(
      process.execPath,
      [path.join(folder, 'bench/gpu.js'), '--models', 'none', '--quick'],
      {
        encoding: 'utf8',
      },
    )
    // it has measured the adapter by then
    assert.is(status, 1)
    assert.match(stderr, /no model 'none': there are cartpole/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
