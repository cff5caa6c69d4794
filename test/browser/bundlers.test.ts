/**
 * The packed package in Chromium: from Vite, webpack, esbuild and an import map, isolated or not, on WASM and on WebGPU, and
 * its numbers are those of Node.
 */
import type { Browser } from 'playwright-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { skippable } from '../support/skip.js'
import { check, model, returns, TRAINING } from './agree.js'
import { answerOf, executablePath, launch, REASON, visit } from './chromium.js'
import {
  type Built,
  esbuildBuild,
  importMap,
  installPackage,
  viteBuild,
  viteServe,
  webpackBuild,
  writeApp,
} from './deploy.js'
import type { Outcome } from './exercise.js'
import { type Served, serveFolder } from './serve.js'

const inBrowser = skippable(test, executablePath !== undefined, REASON)

const trained = await returns()
const installed = executablePath === undefined ? '' : installPackage()
const browser = executablePath === undefined ? undefined : await launch()

async function open({ url, close }: Served, isolated: boolean): Promise<void> {
  try {
    await visit(browser as Browser, url, async it => {
      const answer = await answerOf<Outcome & { readonly returns?: readonly number[] }>(it)
      check(answer, { isolated, threads: isolated })
      if (answer.returns !== undefined) assert.equal(answer.returns, trained)
      assert.equal(it.complaints, [])
    })
  } finally {
    await close()
  }
}

/** Built once, served both ways. */
function bundled(name: string, build: () => Promise<Built>): void {
  let built: Promise<Built> | undefined
  for (const isolated of [false, true]) {
    inBrowser(`${name}, ${isolated ? 'isolated' : 'not isolated'}`, async () => {
      built ??= build()
      const { folder, warnings } = await built
      assert.equal(warnings, [])
      await open(await serveFolder(folder, { isolated }), isolated)
    })
  }
}

for (const isolated of [false, true]) {
  inBrowser(`Vite's server, ${isolated ? 'isolated' : 'not isolated'}`, async () => {
    const app = await writeApp(installed, `vite-serve-${isolated}`, { ...TRAINING, model })
    const server = await viteServe(app, isolated)
    await open(server, isolated)
    assert.equal(server.warnings, [])
  })
}

bundled('Vite', async () => viteBuild(await writeApp(installed, 'vite', { ...TRAINING, model })))
bundled('webpack', async () => webpackBuild(await writeApp(installed, 'webpack', { ...TRAINING, model })))
bundled('an import map', async () => importMap(installed, await writeApp(installed, 'import-map', { model })))
bundled('esbuild with wasmUrl and workerUrl', async () => {
  const before = `import wasmUrl from 'simcrank/simcrank.wasm'\nsimcrank.configureEngine({ wasmUrl, workerUrl: 'worker.js' })`
  return esbuildBuild(await writeApp(installed, 'esbuild', { before, model }))
})

test.after(() => browser?.close())
test.run()
