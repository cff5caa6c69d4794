import { spawn } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { saveModel } from '../../bindings/model/save.js'
import { loadLatest, type WriteStage } from '../../bindings/train/folder.js'
import { bitsOf, Folder, metricsOf } from './folder.js'

/** a victim waits for its end after this many generations: however late the signal comes, there are generations left */
const MOST = 10
const STAGES: readonly WriteStage[] = ['begun', 'half', 'written', 'synced', 'renamed', 'done']
const SEED = 20260511

/** small enough that a generation takes milliseconds */
const LEG = `<mujoco model="leg"><option timestep="0.005" integrator="implicitfast"/><worldbody>
  <geom type="plane" size="5 5 .1"/>
  <body name="torso" pos="0 0 .62">
    <joint name="height" type="slide" axis="0 0 1"/><joint name="forward" type="slide" axis="1 0 0"/>
    <geom type="sphere" size=".1" mass="2"/>
    <body name="thigh"><joint name="hip" axis="0 1 0" damping="1"/>
      <geom type="capsule" fromto="0 0 0 0 0 -.3" size=".03" mass=".3"/>
      <body name="shin" pos="0 0 -.3"><joint name="knee" axis="0 1 0" damping="1" range="-120 0"/>
        <geom type="capsule" fromto="0 0 0 0 0 -.3" size=".03" mass=".2"/></body></body>
  </body></worldbody>
  <actuator><motor joint="hip" gear="20" ctrlrange="-1 1"/><motor joint="knee" gear="20" ctrlrange="-1 1"/></actuator>
</mujoco>`

const at = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

/** The victim and its workers as files of JavaScript, quick to start. */
async function bundle(folder: Folder): Promise<string> {
  await build({
    entryPoints: {
      victim: fileURLToPath(new URL('./victim.ts', import.meta.url)),
      'range-worker': at('bindings/train/range-worker.ts'),
    },
    outdir: folder.path,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['@mujoco/mujoco'],
    logLevel: 'error',
  })
  copyFileSync(at('bindings/engine/wasm/simcrank.wasm'), folder.at('simcrank.wasm'))
  writeFileSync(folder.at('package.json'), '{ "type": "module" }')
  writeFileSync(folder.at('model.simcrank'), saveModel(await loadModel(LEG), { xml: false }))
  return folder.at('victim.js')
}

const shop = new Folder()
test.after(() => shop[Symbol.dispose]())
const victim = await bundle(shop)

interface Death {
  readonly lines: readonly string[]
  readonly signal: NodeJS.Signals | null
}

/** Runs a victim and kills it: when it waits, or `after` ms after it said its n-th generation. */
function kill(words: readonly string[], n?: number, after = 0): Promise<Death> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [victim, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    let errors = ''
    const end = (): void => void child.kill('SIGKILL')
    const look = (): void => {
      if (text.includes('waiting\n')) end()
      else if (n !== undefined && text.split('generation ').length > n) setTimeout(end, after)
    }
    child.stdout.setEncoding('utf8').on('data', data => {
      text += data
      look()
    })
    child.stderr.setEncoding('utf8').on('data', data => {
      errors += data
    })
    // before its first generation, and perhaps before its first line
    look()
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (errors !== '') reject(new Error(`the victim said: ${errors}`))
      else if (signal === null && code !== 0) reject(new Error(`the victim ended with code ${code}`))
      else resolve({ lines: text.split('\n'), signal })
    })
  })
}

/**
 * Kills a run so many times, three of ten inside the write of a file, and lets it end: the same bytes as undisturbed.
 *
 * @returns kills inside a write
 */
async function torment(kind: string, kills: number): Promise<number> {
  using undisturbed = new Folder()
  using folder = new Folder()
  const generations = kills * MOST + MOST
  const whole = await kill([kind, undisturbed.path, String(generations)])
  assert.equal(whole.signal, null)
  assert.ok(whole.lines.includes('stopped generations'))

  const random = new Philox(SEED, STREAM.check)
  const words = [kind, folder.path, String(generations)]
  let inside = 0
  let furthest = 0
  for (let k = 0; k < kills; k++) {
    const uniform = (slot: number): number => random.uniform(slot, k, 0)
    let death: Death
    if (k % 10 < 3) {
      const stage = STAGES[Math.floor(uniform(0) * STAGES.length)]
      death = await kill([...words, `${stage}:${1 + Math.floor(3 * uniform(1))}`])
      if (death.lines.includes('waiting')) inside++
    } else {
      // also while it starts and reads
      const n = Math.floor(uniform(0) * 6)
      death = await kill([...words, String(MOST)], n, uniform(1) * (n === 0 ? 150 : 8))
    }
    const place = `${kind}, kill ${k} of seed ${SEED}`
    assert.is(death.signal, 'SIGKILL', place)
    const warnings = death.lines.filter(line => line.startsWith('warning'))
    if (warnings.length > 0)
      assert.match(warnings.join(), /^warning .*: no checkpoint yet, the run begins anew$/, place)
    const loaded = await loadLatest(folder.path)
    // nothing is ever damaged, and no checkpoint is lost again
    assert.equal(loaded?.skipped ?? [], [], place)
    const now = loaded?.state.generation ?? 0
    assert.ok(now >= furthest, `${place}: generation ${now} after ${furthest}`)
    furthest = now
  }
  assert.ok(furthest >= kills / 2 && furthest < generations, `generation ${furthest}`)

  const last = await kill(words)
  assert.ok(last.lines.includes('stopped generations'))
  assert.equal(folder.names(), undisturbed.names())
  for (const name of folder.names()) {
    const [ours, theirs] = [folder, undisturbed].map(it => join(it.path, name))
    if (name.endsWith('.bin')) assert.equal(bitsOf(ours), bitsOf(theirs), name)
    else if (name === 'metrics.jsonl') assert.equal(metricsOf(ours), metricsOf(theirs))
    else assert.equal(readFileSync(ours), readFileSync(theirs), name)
  }
  return inside
}

test('killed with -9 at 100 random moments, 30 of them inside the write of a file: the same bytes', async () => {
  assert.is(await torment('quadratic', 100), 30)
})

test('the same with episodes of a task without physics in the engines of two workers, 10 times', async () => {
  assert.is(await torment('rollout', 10), 3)
})

test('the same with a leg that hops on the ground, contacts and all, in the engines of two workers, 10 times', async () => {
  assert.is(await torment('hopper', 10), 3)
})

test.run()
