/** Functions in plain JavaScript over fields of many worlds: every mode of gpu.js against the plain loop. */
import '../kernels/swiftshader.js'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { BackendError, type SimcrankError, SizeError } from '../../bindings/errors.js'
import { type FeatureMode, type FeatureThread, openFeatures, type WorldField } from '../../bindings/gpujs/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { initialTheta, linear, makeNetwork, Policy } from '../../bindings/policy/index.js'
import { rollout } from '../../bindings/task/rollout.js'
import { tasks } from '../../bindings/tasks/index.js'
import { chromium, openPage, SWIFTSHADER, temporaryFolder } from '../engine/hosts.js'
import { skippable } from '../support/skip.js'
import { differences, reward } from './program.js'

const MODES: readonly FeatureMode[] = ['cpu', 'webasm', 'webgpu']
/** single precision: sums of twelve terms, exp within 2^-20 or so on a GPU */
const CLOSE = 2e-5
const root = fileURLToPath(new URL('../..', import.meta.url))

const refused = async (act: () => Promise<unknown>): Promise<SimcrankError> => {
  try {
    await act()
  } catch (error) {
    return error as SimcrankError
  }
  throw new Error('not refused')
}

function first(this: FeatureThread, qpos: WorldField): number {
  return qpos[this.thread.x][0]
}

test('a reward over trajectories is that of the plain loop, in every mode', async () => {
  const off = await differences(MODES)
  for (const mode of MODES) assert.ok(off[mode] < CLOSE, `${mode}: off by ${off[mode]}`)
})

test('threads of webasm change nothing', async () => {
  assert.equal(await reward('webasm', 2), await reward('webasm'))
})

test('one to three axes come out row-major', async () => {
  const [nworld, T, size] = [5, 4, 3]
  const qpos = Float32Array.from({ length: nworld * T * size }, (_, i) => i)
  for (const mode of MODES) {
    using each = await openFeatures({ mode, nworld, T, fields: ['qpos'], output: ['nworld', 'T', 2] }, function (qpos) {
      return 10 * qpos[this.thread.z][this.thread.y][1] + this.thread.x
    })
    const out = await each.run({ qpos })
    assert.equal(each.shape, [nworld, T, 2])
    assert.equal(
      [...out],
      Array.from({ length: nworld * T * 2 }, (_, k) => 10 * ((k >> 1) * size + 1) + (k & 1)),
      mode,
    )
    using steps = await openFeatures({ mode, nworld, T, fields: ['qpos'], output: ['nworld', 'T'] }, function (qpos) {
      return qpos[this.thread.y][this.thread.x][2]
    })
    assert.equal(
      [...(await steps.run({ qpos }))],
      Array.from({ length: nworld * T }, (_, k) => k * size + 2),
      mode,
    )
    // and again: a second run takes other numbers
    assert.equal((await steps.run({ qpos: qpos.map(x => -x) }))[0], -2, mode)
  }
})

test('fields of a batch, and of a rollout, go in as they come', async () => {
  const model = await loadModel(
    '<mujoco><worldbody><body><joint type="hinge" axis="0 1 0"/><joint type="slide"/><geom size=".1" pos=".3 0 0"/></body></worldbody></mujoco>',
  )
  using batch = await createBatch(model, { nworld: 8 })
  batch.set(
    'qvel',
    Float32Array.from({ length: 16 }, (_, i) => i / 10),
  )
  await batch.step(20)
  const [qpos, qvel] = [await batch.get('qpos'), await batch.get('qvel')]
  using sums = await openFeatures({ mode: 'webasm', nworld: 8, fields: ['qpos', 'qvel'] }, function (qpos, qvel) {
    return qpos[this.thread.x][0] + qvel[this.thread.x][1]
  })
  assert.equal(
    [...(await sums.run({ qpos, qvel }))],
    Array.from({ length: 8 }, (_, w) => Math.fround(qpos[2 * w] + qvel[2 * w + 1])),
  )

  const task = tasks['swingup-easy']()
  const { nobs, nact } = task.compile(await task.load())
  const network = makeNetwork(linear(), nobs, nact)
  const policy = new Policy({ network, theta: initialTheta(network, 0) })
  const { record, returns, terms } = await rollout(task, policy, { episodes: 3, episodeLength: 10, record: ['reward'] })
  assert.is(Object.keys(terms).length, record.reward.length / 30)
  const constants = { nterm: record.reward.length / 30 }
  using total = await openFeatures({ mode: 'cpu', nworld: 3, T: 10, fields: ['reward'], constants }, function (reward) {
    let sum = 0
    for (let t = 0; t < this.constants.T; t++) {
      for (let k = 0; k < this.constants.nterm; k++) sum += reward[this.thread.x][t][k]
    }
    return sum
  })
  const got = await total.run({ reward: record.reward })
  got.forEach((x, i) => {
    assert.ok(Math.abs(x - returns[i]) < 1e-5)
  })
})

test('wrong options are refused before anything loads', async () => {
  const good = { nworld: 2, fields: ['qpos'] }
  for (const [change, code, words] of [
    [{}, 'GPUJS_MODE', /mode: got none, expected 'webgpu', 'webasm', 'cpu'/],
    [{ mode: 'gpu' }, 'GPUJS_MODE', /got 'gpu'/],
    [{ mode: 'cpu', nworld: 1.5 }, 'NWORLD', /1\.5/],
    [{ mode: 'cpu', T: 0 }, 'T', /positive/],
    [{ mode: 'cpu', workers: 0 }, 'WORKERS', /positive/],
    [{ mode: 'cpu', output: ['nworld', 'T'] }, 'OUTPUT', /give T/],
    [{ mode: 'cpu', output: [] }, 'OUTPUT', /0 axes/],
    [{ mode: 'cpu', output: ['nworld', -1] }, 'OUTPUT', /-1/],
    [{ mode: 'cpu', fields: ['qpos', 'qvel'] }, 'FIELDS', /2 \(qpos, qvel\).*1 arguments/],
  ] as const) {
    const error = await refused(() =>
      openFeatures({ ...good, ...change } as unknown as Parameters<typeof openFeatures>[0], first),
    )
    assert.is(error.code, code)
    assert.match(error.message, words)
  }
})

test('arrays that do not fit are refused', async () => {
  using features = await openFeatures({ mode: 'cpu', nworld: 4, fields: ['qpos'] }, function (qpos) {
    return qpos[this.thread.x][0]
  })
  for (const [values, code, words] of [
    [{}, 'FIELDS', /qpos: got nothing/],
    [{ qpos: [1, 2, 3, 4] }, 'FIELDS', /expected a Float32Array/],
    [{ qpos: new Float32Array(6) }, 'SIZE', /got length 6, expected nworld \* size = 4/],
    [{ qpos: new Float32Array(0) }, 'SIZE', /got length 0/],
  ] as const) {
    const error = await refused(() => features.run(values as unknown as Record<string, Float32Array>))
    assert.instance(error, SizeError)
    assert.is(error.code, code)
    assert.match(error.message, words)
  }
  await features.run({ qpos: new Float32Array(8) })
  assert.match(
    (await refused(() => features.run({ qpos: new Float32Array(12) }))).message,
    /12, expected nworld \* 2 = 4 \* 2/,
  )
  features.dispose()
  assert.is((await refused(() => features.run({ qpos: new Float32Array(8) }))).code, 'DISPOSED')
})

test('a function that gpu.js cannot translate is an error that says so', async () => {
  for (const mode of MODES) {
    using features = await openFeatures(
      { mode, nworld: 2, fields: ['qpos'] },
      'function (qpos) { return unknown(qpos[this.thread.x][0]) }',
    )
    const error = await refused(() => features.run({ qpos: new Float32Array(2) }))
    assert.instance(error, BackendError)
    assert.is(error.code, 'GPUJS_FUNCTION', mode)
  }
})

/** What a bundle of an entry is made of, packages and what loads on demand included. */
async function inputsOf(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [path.join(root, entry)],
    bundle: true,
    write: false,
    splitting: true,
    outdir: 'out',
    format: 'esm',
    platform: 'node',
    // the module as text is made by the build
    external: ['@mujoco/mujoco', 'webgpu', '*/embedded.js'],
    metafile: true,
    logLevel: 'error',
    absWorkingDir: root,
  })
  return Object.keys(metafile.inputs)
}

test('no other entry has gpu.js in reach', async () => {
  const { exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>
  }
  let seen = 0
  for (const [name, target] of Object.entries(exports)) {
    if (typeof target === 'string') continue
    const inputs = await inputsOf(target.default.replace('./dist/', '').replace(/\.js$/, '.ts'))
    const reached = inputs.filter(file => /gpu\.js\/|gpujs/.test(file))
    if (name === './gpujs') assert.ok(reached.some(file => file.includes('node_modules/gpu.js/')))
    else assert.equal(reached, [], name)
    seen++
  }
  assert.ok(seen >= 6)
  assert.equal(
    (await inputsOf('bindings/cli/main.ts')).filter(file => /gpu\.js\/|gpujs/.test(file)),
    [],
  )
})

test('without gpu.js the error names it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gpujs-'))
  try {
    // outside of any node_modules
    await build({
      entryPoints: [path.join(root, 'bindings/gpujs/index.ts')],
      outfile: path.join(folder, 'gpujs.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      external: ['gpu.js', 'webgpu'],
      logLevel: 'error',
    })
    const { openFeatures: open } = (await import(path.join(folder, 'gpujs.mjs'))) as {
      openFeatures: typeof openFeatures
    }
    const error = await refused(() => open({ mode: 'cpu', nworld: 1, fields: ['qpos'] }, first))
    assert.is(error.code, 'GPUJS_MISSING')
    assert.match(error.message, /npm install gpu\.js@2\.24\.1/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const inBrowser = skippable(test, chromium !== undefined, 'no chromium on this machine')

inBrowser('in a page, every mode gives the numbers of the plain loop', async () => {
  const folder = temporaryFolder()
  await build({
    entryPoints: { program: path.join(root, 'test/gpujs/program.ts') },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['webgpu', 'node:*'],
    logLevel: 'error',
  })
  writeFileSync(
    path.join(folder, 'index.html'),
    `<!doctype html><meta charset="utf-8"><script type="module">
const answer = body => fetch('answer', { method: 'POST', body: JSON.stringify(body) })
try {
  const { differences } = await import('./program.js')
  await answer(await differences(${JSON.stringify(MODES)}))
} catch (error) { await answer({ error: String(error.stack ?? error) }) }
</script>`,
  )
  const off = (await openPage(folder, { isolated: true, timeout: 60_000, flags: SWIFTSHADER })) as Record<
    string,
    number
  >
  for (const mode of MODES) assert.ok(off[mode] < CLOSE, `${mode}: off by ${off[mode]}`)
})

test.run()
