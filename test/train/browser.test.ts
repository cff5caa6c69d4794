import { copyFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { saveModel } from '../../bindings/model/save.js'
import { chromium, openPage, temporaryFolder } from '../engine/hosts.js'
import { skippable } from '../support/skip.js'
import { trainInPage } from './browser-program.js'

const ROD = `<mujoco model="rod"><option timestep="0.01"><flag contact="disable"/></option><worldbody>
  <body><joint name="hinge" axis="0 1 0" damping=".05"/><geom type="capsule" fromto="0 0 0 0 0 .5" size=".03" mass=".4"/></body>
</worldbody><actuator><motor joint="hinge" gear="4" ctrlrange="-1 1"/></actuator></mujoco>`

const at = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))
const PAGE_MS = 120_000

const page = (workers: readonly number[]): string => `<!doctype html><meta charset="utf-8"><script type="module">
const answer = body => fetch('answer', { method: 'POST', body: JSON.stringify(body) })
try {
  const { trainInPage } = await import('./program.js')
  const model = new Uint8Array(await (await fetch('rod.bin')).arrayBuffer())
  const results = []
  for (const workers of ${JSON.stringify(workers)}) results.push(await trainInPage(model, workers))
  await answer({ isolated: crossOriginIsolated, results })
} catch (error) {
  await answer({ error: String(error.stack ?? error) })
}
</script>`

/** The program and the workers as they would be deployed. */
async function deploy(model: Uint8Array): Promise<string> {
  const folder = temporaryFolder()
  await build({
    entryPoints: {
      program: at('test/train/browser-program.ts'),
      worker: at('bindings/engine/wasm/worker.ts'),
      'range-web-worker': at('bindings/train/range-web-worker.ts'),
    },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['node:*', '@mujoco/mujoco'],
    logLevel: 'error',
  })
  copyFileSync(at('bindings/engine/wasm/simcrank.wasm'), path.join(folder, 'simcrank.wasm'))
  writeFileSync(path.join(folder, 'rod.bin'), model)
  return folder
}

const model = saveModel(await loadModel(ROD))
const here = await trainInPage(model, 0)

test('with workers the bits are those without', async () => {
  assert.equal(await trainInPage(model, 2), here)
  assert.ok(here.returns[6] > here.returns[0])
})

const inBrowser = skippable(test, chromium !== undefined, 'no chromium on this machine')

inBrowser('a page trains, with and without workers, isolated or not, to the bits of Node', async () => {
  const folder = await deploy(model)
  for (const isolated of [true, false]) {
    writeFileSync(path.join(folder, 'index.html'), page([0, 1, 2]))
    const body = (await openPage(folder, { isolated, timeout: PAGE_MS })) as { isolated: boolean; results: unknown[] }
    assert.is(body.isolated, isolated)
    assert.equal(body.results, [here, here, here])
  }
})

test.run()
