/** The page of many worlds: it steps and draws on either engine, and says what it cannot do. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { build, createServer } from 'vite'
import { coloursOf, executablePath, launch, REASON, visit } from '../browser/chromium.js'
import { checkDist } from '../browser/deploy.js'
import { serveFolder } from '../browser/serve.js'
import { skippable } from '../support/skip.js'
import { root, temporaryFolder } from './run-example.js'

const inBrowser = skippable(test, executablePath !== undefined, REASON)
const example = path.join(root, 'examples/browser')
/** pictures to look at */
const pictures = path.join(root, 'build/browser')
const WINDOW = { width: 1200, height: 780 }

let browser: Browser | undefined
let folder = ''
if (executablePath !== undefined) {
  checkDist()
  browser = await launch()
  folder = temporaryFolder()
  await build({ root: example, logLevel: 'warn', build: { outDir: folder } })
}

const settled = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => ['running', 'failed'].includes(document.body.dataset.state ?? ''))

async function open(
  query: string,
  options: { readonly isolated?: boolean; readonly init?: string },
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const server = await serveFolder(folder, { isolated: options.isolated ?? true })
  try {
    await visit(
      browser as Browser,
      `${server.url}?${query}`,
      async ({ page, complaints }) => {
        await settled(page)
        await look(page)
        assert.equal(complaints, [])
      },
      { ...WINDOW, init: options.init },
    )
  } finally {
    await server.close()
  }
}

async function look(page: Page, name: string, words: RegExp): Promise<void> {
  const status = (await page.textContent('#status')) ?? ''
  assert.match(status, words)
  const figure = Number((await page.textContent('#figure'))?.replaceAll(',', ''))
  assert.ok(figure > 0, `${figure} world-steps a second`)
  const png = await page.screenshot()
  mkdirSync(pictures, { recursive: true })
  writeFileSync(path.join(pictures, `${name}.png`), png)
  // a floor of two colours, and robots of sixteen, each with shades
  const colours = await coloursOf(browser as Browser, png)
  const [width, height] = [WINDOW.width, WINDOW.height]
  assert.ok(colours.length > 100, `${colours.length} colours`)
  assert.ok(colours[0] < 0.6 * width * height, `${colours[0]} pixels of one colour`)
}

inBrowser('4,096 cart-poles on WebAssembly with threads', () =>
  open('model=cartpole&backend=wasm', {}, page =>
    look(page, 'cartpole-wasm', /^4,096 worlds on WebAssembly, \d+ threads?; 16 of them shown, .* real time$/),
  ),
)

inBrowser('another choice: ants; in a page that is not isolated, on one thread', () =>
  open('model=half-cheetah&nworld=256', { isolated: false }, async page => {
    await look(page, 'half-cheetah-wasm', /^256 worlds on WebAssembly, 1 thread; /)
    await page.selectOption('#model', 'ant')
    await page.waitForFunction(() => document.body.dataset.state === 'starting')
    await settled(page)
    await look(page, 'ant-wasm', /^256 worlds on WebAssembly, 1 thread; /)
  }),
)

inBrowser('4,096 cart-poles on WebGPU', () =>
  open('model=cartpole&backend=webgpu', {}, page => look(page, 'cartpole-webgpu', /^4,096 worlds on WebGPU; /)),
)

inBrowser('without WebGPU the page says so, and goes on with WebAssembly', () =>
  open(
    'backend=webgpu',
    { init: `Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined })` },
    async page => {
      assert.match(String(await page.textContent('#status')), /^this browser has no WebGPU/)
      await page.screenshot({ path: path.join(pictures, 'no-webgpu.png') })
      await page.selectOption('#backend', 'wasm')
      await page.waitForFunction(() => document.body.dataset.state === 'running')
    },
  ),
)

inBrowser('npm run example:browser: the same page from Vite as it is written', async () => {
  const server = await createServer({
    root: example,
    cacheDir: temporaryFolder(),
    logLevel: 'warn',
    server: { port: 0, host: '127.0.0.1' },
  })
  await server.listen()
  try {
    const [url] = server.resolvedUrls?.local ?? []
    await visit(browser as Browser, `${url}?nworld=256`, async ({ page, complaints }) => {
      await settled(page)
      assert.match(String(await page.textContent('#status')), /^256 worlds on WebAssembly, \d+ threads?; /)
      assert.equal(complaints, [])
    })
  } finally {
    await server.close()
  }
})

test.after(() => browser?.close())
test.run()
