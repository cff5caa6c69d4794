/** The API suite in a headless browser, on both backends; WebGPU without a GPU. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { saveModel } from '../../bindings/model/save.js'
import { buildProgram, chromium, openPage, SWIFTSHADER, temporaryFolder } from '../engine/hosts.js'
import { skippable } from '../support/skip.js'
import { compiledModel, mujocoAnswers } from './answers.js'
import { MODELS, type ModelName } from './models.js'
import type { Outcome, Setting } from './page.js'
import { API_TESTS } from './suite.js'

const PAGE = `<!doctype html><meta charset="utf-8"><title>simcrank</title><script type="module">
const answer = body => fetch('answer', { method: 'POST', body: JSON.stringify(body) })
try {
  const { runSuite } = await import('./program.js')
  const bytes = async file => new Uint8Array(await (await fetch(file)).arrayBuffer())
  const setting = await (await fetch('setting.json')).json()
  await answer({ isolated: crossOriginIsolated, outcomes: await runSuite(setting, bytes) })
} catch (error) {
  await answer({ error: String(error.stack ?? error) })
}
</script>`

/** compiling for a CPU that plays a GPU takes its time: ms */
const PATIENCE = 540_000
/** no shader may hang the browser here: all are finite, and slow */
const PATIENT = ['--disable-gpu-watchdog']

const inBrowser = skippable(test, chromium !== undefined, 'no chromium on this machine')

/** The page's folder, made once. */
let deployed: Promise<{ folder: string; setting: Omit<Setting, 'backend' | 'workers'> }> | undefined

async function deploy(): Promise<{ folder: string; setting: Omit<Setting, 'backend' | 'workers'> }> {
  const folder = temporaryFolder()
  await buildProgram(folder, 'test/api/page.ts')
  writeFileSync(path.join(folder, 'index.html'), PAGE)
  const names = Object.keys(MODELS) as ModelName[]
  const files = names.map((name, i) => [name, `model${i}.bin`] as const)
  for (const [name, file] of files) writeFileSync(path.join(folder, file), saveModel(await compiledModel(name)))
  const models = Object.fromEntries(files) as Setting['models']
  return { folder, setting: { answers: await mujocoAnswers(), models } }
}

async function runPage(backend: Setting['backend']): Promise<ReadonlyMap<string, Outcome>> {
  deployed ??= deploy()
  const { folder, setting } = await deployed
  const workers = backend === 'wasm' ? [1, 3] : [1]
  writeFileSync(path.join(folder, 'setting.json'), JSON.stringify({ ...setting, backend, workers }))
  const flags = backend === 'wasm' ? undefined : [...SWIFTSHADER, ...PATIENT]
  const answer = await openPage(folder, { isolated: true, timeout: PATIENCE, flags })
  const { isolated, outcomes } = answer as { isolated: boolean; outcomes: readonly Outcome[] }
  assert.ok(isolated, 'the page may use threads')
  return new Map(outcomes.map(outcome => [outcome.name, outcome]))
}

for (const backend of ['wasm', 'webgpu'] as const) {
  let outcomes: Promise<ReadonlyMap<string, Outcome>> | undefined
  for (const { name } of API_TESTS)
    inBrowser(`${backend}: ${name}`, async () => {
      outcomes ??= runPage(backend)
      const outcome = (await outcomes).get(name)
      assert.ok(outcome !== undefined, 'the page ran this test')
      assert.is(outcome.error, undefined)
    })
}

test.run()
