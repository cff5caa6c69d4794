/** Where the engine's files are not, or not where they should be: typed errors, and another try. */
import { cpSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { skippable } from '../support/skip.js'
import { model } from './agree.js'
import { answerOf, executablePath, launch, REASON, visit } from './chromium.js'
import { esbuildBuild, installPackage, writeApp } from './deploy.js'
import { type Served, type ServeOptions, serveFolder } from './serve.js'

const inBrowser = skippable(test, executablePath !== undefined, REASON)
const installed = executablePath === undefined ? '' : installPackage()
const browser = executablePath === undefined ? undefined : await launch()

const BEFORE = `import wasmUrl from 'simcrank/simcrank.wasm'
const { configureEngine, createBatch, loadModel } = simcrank
/** 'stepped', or the code of the error and what it says */
async function outcome(act) {
  try {
    const batch = await act()
    await batch?.step()
    batch?.dispose()
    return 'stepped'
  } catch (error) {
    return error instanceof simcrank.BackendError ? error.code + ' ' + error.message : 'untyped ' + error
  }
}
const code = async act => (await outcome(act)).split(' ')[0]
const other = new URLSearchParams(location.search).get('other')
let saved
const make = async workers => createBatch(saved ??= await loadModel(wanted.model), { nworld: 8, workers })
let wanted
async function answer(it, what) {
  wanted = it
  return Object.fromEntries(await what())
}
`

/** An app whose page gives pairs of a name and an outcome. */
async function app(name: string, pairs: readonly string[]): Promise<string> {
  const steps = pairs.map(pair => `out.push(${pair})`).join('\n')
  const answer = `await answer(wanted, async () => {\nconst out = []\n${steps}\nreturn out\n})`
  const folder = await writeApp(installed, name, { before: BEFORE, answer, model })
  return (await esbuildBuild(folder)).folder
}

async function look(
  folder: string,
  options: ServeOptions,
  query = '',
): Promise<{ answer: Record<string, string>; complaints: readonly string[] }> {
  const server = await serveFolder(folder, options)
  try {
    return await visit(browser as Browser, `${server.url}${query}`, async it => ({
      answer: await answerOf<Record<string, string>>(it),
      complaints: it.complaints,
    }))
  } finally {
    await server.close()
  }
}

inBrowser('a module that is not there is a typed error, and one that is named then works', async () => {
  const folder = await app('no-module', [
    `['address', await code(() => configureEngine({ wasmUrl: 'http://[' }))]`,
    `['nowhere', await outcome(() => make(1))]`,
    `['a page', (configureEngine({ wasmUrl: 'index.html' }), await outcome(() => make(1)))]`,
    `['here', (configureEngine({ wasmUrl }), await outcome(() => make(1)))]`,
    `['same again', await code(() => configureEngine({ wasmUrl }))]`,
    `['too late', await code(() => configureEngine({ wasmUrl: 'other.wasm' }))]`,
  ])
  const { answer } = await look(folder, {})
  const { nowhere, 'a page': html, ...rest } = answer
  assert.match(nowhere, /^WASM_MISSING .*simcrank\.wasm: .*404.*configureEngine\(\{ wasmUrl \}\)/)
  assert.match(html, /^WASM_MISSING .*index\.html: .*it begins with "<!doctype html>/)
  assert.equal(rest, { address: 'ENGINE_URL', here: 'stepped', 'same again': 'stepped', 'too late': 'ENGINE_STARTED' })
})

inBrowser('a worker that is not there, or is something else, is a typed error; one thread goes on', async () => {
  const folder = await app('no-worker', [
    `['nowhere', (configureEngine({ wasmUrl, workerUrl: 'nowhere.js' }), await outcome(() => make(2)))]`,
    `['one', await outcome(() => make(1))]`,
  ])
  // the second answers the page for every address it does not know
  for (const fallback of [false, true]) {
    const { answer } = await look(folder, { isolated: true, fallback })
    assert.match(answer.nowhere, /^WORKER_START .*nowhere\.js cannot be loaded; configureEngine takes a workerUrl/)
    assert.is(answer.one, 'stepped')
  }
  const refused = await look(folder, {
    isolated: true,
    headers: { 'Content-Security-Policy': "worker-src 'none'" },
  })
  assert.match(refused.answer.nowhere, /^WORKER_START /)
  assert.is(refused.answer.one, 'stepped')
})

inBrowser('esbuild without a word of where the worker is: a typed error', async () => {
  const folder = await app('esbuild-silent', [`['two', (configureEngine({ wasmUrl }), await outcome(() => make(2)))]`])
  writeFileSync(path.join(folder, 'worker.js'), 'throw new Error("not ours")')
  const { answer } = await look(folder, { isolated: true })
  assert.match(answer.two, /^WORKER_START .*not ours/)
})

inBrowser('a page that may not compile WebAssembly: a typed error', async () => {
  const folder = await app('csp', [`['one', (configureEngine({ wasmUrl }), await outcome(() => make(1)))]`])
  const { answer } = await look(folder, { headers: { 'Content-Security-Policy': "script-src 'self'" } })
  assert.match(answer.one, /^WASM_REFUSED .*wasm-unsafe-eval/)
})

inBrowser('files of another origin, threads among them', async () => {
  const folder = await app('elsewhere', [
    `['one', (configureEngine({ wasmUrl: other + 'simcrank.wasm', workerUrl: other + 'worker.js' }), await outcome(() => make(1)))]`,
    `['two', await outcome(() => make(2))]`,
  ])
  const files = path.join(installed, 'node_modules/simcrank/dist/bindings/engine/wasm')
  const shelf = path.join(installed, 'shelf')
  for (const file of ['simcrank.wasm', 'worker.js']) cpSync(path.join(files, file), path.join(shelf, file))
  const headers = { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' }
  const other: Served = await serveFolder(shelf, { headers })
  try {
    const { answer, complaints } = await look(folder, { isolated: true }, `?other=${encodeURIComponent(other.url)}`)
    assert.equal(answer, { one: 'stepped', two: 'stepped' })
    assert.equal(complaints, [])
  } finally {
    await other.close()
  }
})

test.after(() => browser?.close())
test.run()
