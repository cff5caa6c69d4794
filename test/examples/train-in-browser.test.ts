/** The page that trains: in chromium, with and without isolation, and the bits are those of Node. */
import { readdirSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cartpoleSwingup, readPolicy } from '../../bindings/tasks/index.js'
import { recommended, train } from '../../bindings/train/index.js'
import { ChromiumPage, hasChromium } from '../support/chromium.js'
import { skippable } from '../support/skip.js'
import { runExample, startExample, temporaryFolder } from './run-example.js'

const page = skippable(test, hasChromium, 'there is no chromium')

interface Point {
  readonly steps: number
  readonly value: number
}

/** evaluations that both are asked for */
const SEEN = 12
/** colours of the pixels of a canvas, by how many have them, transparent ones left out */
const COLOURS = `id => {
  const canvas = document.getElementById(id)
  const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })
  pen.drawImage(canvas, 0, 0)
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height)
  const found = {}
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) {
    const colour = data.slice(i, i + 3).join(' ')
    found[colour] = (found[colour] ?? 0) + 1
  }
  return found
}`

const folder = hasChromium ? temporaryFolder() : ''
if (hasChromium) runExample('train-in-browser/build.mjs', [folder], folder)

/** What the same run gives here: returns of the first evaluations. */
async function here(seed: number): Promise<Point[]> {
  const points: Point[] = []
  const settings = { ...recommended('cartpole-swingup'), seed, workers: 2 }
  for await (const { evalReturn, steps } of train(cartpoleSwingup, settings)) {
    if (evalReturn !== undefined) points.push({ steps, value: evalReturn })
    if (points.length === SEEN) break
  }
  return points
}

const evaluations = (it: ChromiumPage): Promise<Point[]> =>
  it.evaluate(`JSON.parse(document.body.dataset.evaluations ?? '[]')`)

async function visit(query: string, isolated: boolean, look: (it: ChromiumPage) => Promise<void>): Promise<void> {
  const server = await startExample(
    'train-in-browser/serve.mjs',
    [folder, '--port', '0', ...(isolated ? ['--isolated'] : [])],
    folder,
  )
  const it = await ChromiumPage.open(`${server.output.trim()}?${query}`, { width: 820, height: 760 }).catch(error => {
    server.kill()
    throw error
  })
  try {
    await look(it)
    assert.equal(it.complaints, [])
  } finally {
    await it.close()
    server.kill()
  }
}

page(
  'learns in a page that is not isolated, with workers; both pictures are drawn; Stop gives the policy',
  async () => {
    await visit('seed=0&workers=2', false, async it => {
      assert.is(await it.evaluate('crossOriginIsolated'), false)
      await it.until(`JSON.parse(document.body.dataset.evaluations ?? '[]').length >= ${SEEN}`)
      const curve = (await evaluations(it)).slice(0, SEEN)
      assert.equal(curve, await here(0))
      assert.ok(curve[SEEN - 1].value > 1.3 * curve[0].value, JSON.stringify(curve))

      await it.until(`document.getElementById('episode').textContent.startsWith('policy of generation')`)
      await it.until(`(${COLOURS})('world')['11 107 203'] > 100`)
      const world = await it.evaluate<Record<string, number>>(`(${COLOURS})('world')`)
      assert.ok(world['28 32 36'] > 300, `the cart: ${JSON.stringify(world)}`)
      const drawn = await it.evaluate<Record<string, number>>(`(${COLOURS})('curve')`)
      assert.ok(drawn['11 107 203'] > 50, `the curve: ${JSON.stringify(drawn)}`)
      if (process.env.SCREENSHOT !== undefined) writeFileSync(process.env.SCREENSHOT, await it.screenshot())

      await it.click('#stop')
      await it.until(`document.body.dataset.done === 'true'`)
      const bytes = await it.evaluate<number[]>(
        `fetch(document.getElementById('policy').href).then(it => it.arrayBuffer()).then(it => [...new Uint8Array(it)])`,
      )
      assert.equal(readPolicy(Uint8Array.from(bytes)).meta.task, 'cartpole-swingup')
    })
  },
)

page('an isolated page, evaluating in the worker that trains: the same bits', async () => {
  await visit('seed=0&workers=0', true, async it => {
    assert.is(await it.evaluate('crossOriginIsolated'), true)
    await it.until(`JSON.parse(document.body.dataset.evaluations ?? '[]').length >= ${SEEN}`)
    assert.equal((await evaluations(it)).slice(0, SEEN), await here(0))
  })
})

page('the page ships no compiler of models', () => {
  assert.equal(
    readdirSync(folder).filter(file => /\.(wasm|xml)$/.test(file)),
    ['simcrank.wasm'],
  )
})

test.run()
