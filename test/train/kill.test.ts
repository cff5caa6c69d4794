import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { loadLatest, type WriteStage } from '../../bindings/train/folder.js'
import { bitsOf, Folder, metricsOf } from './folder.js'

const KILLS = 100
/** a victim waits for its end after this many generations: however late the signal comes, there are generations left */
const MOST = 10
const GENERATIONS = KILLS * MOST + 100
const STAGES: readonly WriteStage[] = ['begun', 'half', 'written', 'synced', 'renamed', 'done']
const SEED = 20260511

/** The victim as one file of JavaScript, quick to start. */
async function bundle(folder: Folder): Promise<string> {
  const outfile = folder.at('victim.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('./victim.ts', import.meta.url))],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  })
  return outfile
}

interface Death {
  readonly lines: readonly string[]
  readonly signal: NodeJS.Signals | null
}

/** Runs a victim and kills it: when it waits, or `after` ms after it said its n-th generation. */
function kill(words: readonly string[], n?: number, after = 0): Promise<Death> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
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

test('killed with -9 at 100 random moments, 30 of them inside the write of a file: the same bytes', async () => {
  using shop = new Folder()
  using undisturbed = new Folder()
  using folder = new Folder()
  const victim = await bundle(shop)
  const whole = await kill([victim, undisturbed.path, String(GENERATIONS)])
  assert.equal(whole.signal, null)
  assert.ok(whole.lines.includes('stopped generations'))

  const random = new Philox(SEED, STREAM.check)
  const counts = { writing: 0, other: 0 }
  let furthest = 0
  for (let k = 0; k < KILLS; k++) {
    const uniform = (slot: number): number => random.uniform(slot, k, 0)
    const words = [victim, folder.path, String(GENERATIONS)]
    const writing = k % 10 < 3
    let death: Death
    if (writing) {
      const stage = STAGES[Math.floor(uniform(0) * STAGES.length)]
      death = await kill([...words, `${stage}:${1 + Math.floor(3 * uniform(1))}`])
      if (death.lines.includes('waiting')) counts.writing++
    } else {
      // also while it starts and reads
      const n = Math.floor(uniform(0) * 6)
      death = await kill([...words, String(MOST)], n, uniform(1) * (n === 0 ? 150 : 8))
      counts.other++
    }
    const place = `kill ${k} of seed ${SEED}`
    assert.is(death.signal, 'SIGKILL', place)
    const warnings = death.lines.filter(line => line.startsWith('warning'))
    const loaded = await loadLatest(folder.path)
    // nothing is ever damaged, and no checkpoint is lost again
    assert.equal(loaded?.skipped ?? [], [], place)
    if (warnings.length > 0)
      assert.match(warnings.join(), /^warning .*: no checkpoint yet, the run begins anew$/, place)
    const now = loaded?.state.generation ?? 0
    assert.ok(now >= furthest, `${place}: generation ${now} after ${furthest}`)
    furthest = now
  }
  assert.ok(counts.writing >= 20, `${counts.writing} kills inside a write`)
  assert.is(counts.writing + counts.other, KILLS)
  assert.ok(furthest > 100 && furthest < GENERATIONS, `generation ${furthest}`)

  const last = await kill([victim, folder.path, String(GENERATIONS)])
  assert.ok(last.lines.includes('stopped generations'))
  assert.equal(folder.names(), undisturbed.names())
  for (const name of folder.names()) {
    const [ours, theirs] = [folder, undisturbed].map(it => join(it.path, name))
    if (name.endsWith('.bin')) assert.equal(bitsOf(ours), bitsOf(theirs), name)
    else if (name === 'metrics.jsonl') assert.equal(metricsOf(ours), metricsOf(theirs))
    else assert.equal(readFileSync(ours), readFileSync(theirs), name)
  }
})

test.run()
