/** Our own robots: what each file says of itself holds, in MuJoCo and in the engine. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, rng } from '../support/oracle.js'
import { skippable } from '../support/skip.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = path.join(root, 'examples', 'robots')
const files = readdirSync(folder).filter(file => file.endsWith('.xml'))
const read = (file: string): string => readFileSync(path.join(folder, file), 'utf8')

/** how far any coordinate may wander in 5 s from the first keyframe, m or rad */
const STILL = 1e-3
const SECONDS = 5

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])))

test('each has a header and a line in the README with its true sizes', async () => {
  const readme = readFileSync(path.join(folder, 'README.md'), 'utf8')
  assert.equal(files, ['hopper.xml', 'pendulum.xml', 'puck-pusher.xml', 'quadruped.xml', 'servo-arm.xml'])
  for (const file of files) {
    const name = file.slice(0, -4)
    assert.match(read(file), new RegExp(`^<mujoco model="${name}">\n  <!--\n    [A-Z]`), file)
    const oracle = await openOracle(read(file))
    const cells = readme
      .split('\n')
      .find(row => row.startsWith(`| \`${file}\``))
      ?.split('|')
      .map(cell => cell.trim())
    assert.equal(cells?.slice(3, 5), [String(oracle.nq), String(oracle.nu)], file)
    oracle.dispose()
  }
})

test('MuJoCo: each stays at its first keyframe for 5 s', async () => {
  for (const file of files) {
    const oracle = await openOracle(read(file))
    oracle.reset(0)
    const qpos = oracle.get('qpos')
    oracle.step(Math.round(SECONDS / oracle.get('opt_timestep')[0]))
    const moved = furthest(oracle.get('qpos'), qpos)
    assert.ok(moved < STILL, `${file} moved by ${moved}`)
    assert.not(oracle.warned(), file)
    oracle.dispose()
  }
})

test('MuJoCo: none diverges under random controls', async () => {
  for (const file of files) {
    const oracle = await openOracle(read(file))
    const range = oracle.get('actuator_ctrlrange')
    const random = rng(3)
    oracle.reset(0)
    for (let k = 0; k < 500; k++) {
      oracle.write(
        'ctrl',
        Array.from({ length: oracle.nu }, (_, i) => random.uniform(range[2 * i], range[2 * i + 1])),
      )
      oracle.step(10)
    }
    assert.not(oracle.warned(), file)
    assert.ok(oracle.get('qvel').every(Number.isFinite), file)
    oracle.dispose()
  }
})

test('the engine: each stays at its first keyframe for 5 s', async () => {
  for (const file of files) {
    const model = await loadModel(path.join(folder, file))
    const batch = await createBatch(model, { nworld: 1 })
    const qpos = model.field.key_qpos.subarray(0, model.nq)
    batch.set('qpos', qpos)
    batch.set('ctrl', model.field.key_ctrl.subarray(0, model.nu))
    await batch.step(Math.round(SECONDS / model.field.opt_timestep[0]))
    const moved = furthest(await batch.get('qpos'), qpos)
    assert.ok(moved < STILL, `${file} moved by ${moved}`)
    assert.equal(await batch.report(), [], file)
    batch.dispose()
  }
})

test('the engine: the paddle pushes the puck as in MuJoCo', async () => {
  const file = 'puck-pusher.xml'
  const model = await loadModel(path.join(folder, file))
  const batch = await createBatch(model, { nworld: 1 })
  const oracle = await openOracle(read(file))
  oracle.reset(0)
  batch.set('qpos', oracle.get('qpos'))
  const ctrl = [1, 0.1]
  batch.set('ctrl', ctrl)
  oracle.write('ctrl', ctrl)
  let touched = 0
  for (let k = 0; k < 200; k++) {
    await batch.step()
    oracle.step()
    const [found] = (await batch.get('sensordata')).subarray(9)
    if (found > 0) touched++
  }
  assert.ok(touched > 0, 'the contact sensor feels the puck')
  const [mine, theirs] = [await batch.get('qpos'), oracle.get('qpos')]
  assert.ok(theirs[2] > 0.1, 'the puck is on its way')
  for (const i of [0, 1, 2, 3])
    assert.ok(Math.abs(mine[i] - theirs[i]) < 0.01, `qpos ${i}: ${mine[i]} and ${theirs[i]}`)
  batch.dispose()
  oracle.dispose()
})

const built = path.join(root, 'dist/bindings/engine/wasm/simcrank.wasm')
const fresh =
  existsSync(built) && readFileSync(built).equals(readFileSync(path.join(root, 'bindings/engine/wasm/simcrank.wasm')))

skippable(
  test,
  fresh,
  'dist is not built from this engine: npm run build',
)('run.mjs moves all of them, and all but the pendulum touch something', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['examples/robots/run.mjs', '100'], {
    cwd: root,
    encoding: 'utf8',
  })
  assert.is(status, 0, stderr + stdout)
  const lines = stdout.trimEnd().split('\n').slice(1)
  assert.equal(
    lines.map(line => `${line.split(' ')[0]}.xml`),
    files,
  )
  for (const line of lines) {
    const most = Number(line.match(/, (\d+) +0$/)?.[1])
    assert.is(most > 0, !line.startsWith('pendulum'), line)
  }
})

test.run()
