import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Change } from '../../bindings/cli/patch.js'
import { loadModel } from '../../bindings/model/load.js'
import { pendulumLog, pendulumXml, SPACE, simcrank, TRUTH, Workshop } from './workshop.js'

const logs = await Promise.all([0.3, 1.7, 3.9].map(phase => pendulumLog(phase)))

/** a folder with model, space and three logs, and the words that fit the first two */
function shopOf(): { shop: Workshop; words: string[] } {
  const shop = new Workshop()
  const [a, b, c] = logs.map((log, i) => shop.file(`swing-${i + 1}.csv`, log))
  const words = [
    'identify',
    shop.file('pendulum.xml', pendulumXml()),
    a,
    b,
    '--space',
    shop.file('space.json', SPACE),
    '--holdout',
    c,
  ]
  return { shop, words: [...words, '--workers', '1'] }
}

test('finds the hidden values, says so in a table and writes everything', async () => {
  const { shop, words } = shopOf()
  using _ = shop
  const out = shop.path('out')
  const result = await simcrank(...words, '--out', out)
  assert.is(result.code, 0, result.err)
  assert.is(result.err, '')

  // stdout: a row for each parameter, errors fitted and held out
  const damping = /^ {2}damping +(\S+) +(\S+) +\S+ +N\*m\*s\/rad/m.exec(result.out)
  assert.ok(damping, result.out)
  assert.is(damping?.[1], '0.02')
  assert.ok(Math.abs(Number(damping?.[2]) - TRUTH.damping) < 0.002)
  assert.match(result.out, /joint\/hinge\/qpos +fitted, 2 recordings/)
  assert.match(result.out, /joint\/hinge\/qpos +held out, 1 recording /)

  assert.equal(readdirSync(out).sort(), [
    'model.simcrank',
    'parameters.json',
    'patch.json',
    'report.html',
    'result.json',
  ])
  const json = (name: string) => JSON.parse(readFileSync(shop.path(`out/${name}`), 'utf8'))
  const found = json('parameters.json')
  assert.ok(Math.abs(found.damping - TRUTH.damping) < 0.002, String(found.damping))
  assert.ok(Math.abs(found.friction - TRUTH.frictionloss) < 0.002, String(found.friction))
  assert.equal(json('result.json').theta, found)
  assert.match(json('result.json').command, /^simcrank identify .*pendulum\.xml/)
  const page = readFileSync(shop.path('out/report.html'), 'utf8')
  for (const text of ['<code>damping</code>', 'swing-1', 'swing-3', 'held out']) assert.ok(page.includes(text), text)

  // the saved Model is the model with these values; the patch says the same in words of the MJCF
  const model = await loadModel(shop.path('out/model.simcrank'))
  const [saved] = model.field.dof_damping
  assert.is(saved, found.damping)
  const patched = await loadModel(pendulumXml({ damping: found.damping, frictionloss: found.friction }))
  for (const name of ['dof_damping', 'dof_frictionloss', 'body_mass', 'qpos0']) {
    assert.equal(Array.from(model.field[name]), Array.from(patched.field[name]), name)
  }
  const changes: Change[] = json('patch.json').changes
  assert.equal(changes.map(it => [it.element, it.name, it.attribute, it.old, it.new]).sort(), [
    ['joint', 'hinge', 'damping', 0.02, found.damping],
    ['joint', 'hinge', 'frictionloss', 0.01, found.friction],
  ])
})

test('--json prints JSON and nothing else, the same for any number of workers', async () => {
  const { shop, words } = shopOf()
  using _ = shop
  const one = await simcrank(...words, '--json', '--evaluations', '200')
  const two = await simcrank(...words, '--json', '--evaluations', '200', '--workers', '2')
  assert.is(one.err, '')
  const [a, b] = [JSON.parse(one.out), JSON.parse(two.out)]
  assert.equal(a.theta, b.theta)
  assert.is(a.interrupted, false)
  assert.ok(a.timings.firstProgress > 0)
  assert.equal(
    a.errors.map((it: { role: string }) => it.role),
    ['fit', 'fit', 'holdout'],
  )
})

test('--params scores given values and fits nothing', async () => {
  const { shop, words } = shopOf()
  using _ = shop
  const params = shop.file('truth.json', { damping: TRUTH.damping, friction: TRUTH.frictionloss })
  const { code, out } = await simcrank(...words, '--params', params, '--json')
  assert.is(code, 0)
  const result = JSON.parse(out)
  assert.is(result.method, 'score')
  assert.equal(result.theta, { damping: TRUTH.damping, friction: TRUTH.frictionloss })
  for (const error of result.errors) {
    // the log itself is a simulation with these values; only the initial velocity is estimated
    assert.ok(error.after.rmse < 0.002, `${error.recording}: ${error.after.rmse}`)
    assert.ok(error.before.rmse > 0.02, `${error.recording}: ${error.before.rmse}`)
  }
  assert.match((await simcrank(...words, '--params', params)).out, /given values, not fitted/)
})

test('a place that cannot be written to is found out before the fit', async () => {
  const { shop, words } = shopOf()
  using _ = shop
  const file = shop.file('occupied', 'mine')
  for (const place of [file, `${file}/deeper`]) {
    const { code, out, err } = await simcrank(...words, '--out', place, '--evaluations', '100000000')
    assert.is(code, 1)
    assert.is(out, '')
    assert.match(err, /occupied.*: cannot write: .*choose another --out \[OUTPUT\]/)
  }
  assert.is(readFileSync(file, 'utf8'), 'mine')
})

const main = fileURLToPath(new URL('../../bindings/cli/main.ts', import.meta.url))
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** the program in its own process, interrupted `after` ms into its fit when that is given */
async function program(
  words: string[],
  out?: string,
  after?: number,
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', data => {
    text.out += data
  })
  child.stderr.setEncoding('utf8').on('data', data => {
    text.err += data
  })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  if (out !== undefined && after !== undefined) {
    // --out is made just before the fit begins
    for (let waited = 0; !existsSync(out) && waited < 30_000; waited += 20) await sleep(20)
    await sleep(after)
    child.kill('SIGINT')
  }
  return { code: await ended, ...text }
}

test('Ctrl-C writes what there is, says how to resume, and resuming gives what an undisturbed run gives', async () => {
  const { shop, words } = shopOf()
  using _ = shop
  const out = shop.path('out')
  const fit = [...words, '--method', 'cma-es', '--restarts', 'bipop', '--evaluations', '40000', '--json']
  const stopped = await program([...fit, '--out', out], out, 700)
  assert.is(stopped.code, 130, stopped.err)
  assert.is(JSON.parse(stopped.out).interrupted, true)
  const spent = JSON.parse(stopped.out).evaluations
  assert.ok(spent < 40_000, `${spent} evaluations: too late to interrupt`)
  assert.match(stopped.err, /To go on:\n {2}simcrank identify .* --resume \S*state\.json\n$/)
  assert.ok(readdirSync(out).includes('report.html'))
  assert.equal(
    readdirSync(out).filter(name => name.startsWith('.')),
    [],
  )
  const resumed = await simcrank(...fit, '--resume', shop.path('out/state.json'))
  const undisturbed = await simcrank(...fit)
  assert.is(resumed.code, 0, resumed.err)
  assert.equal(JSON.parse(resumed.out).theta, JSON.parse(undisturbed.out).theta)
  assert.equal(JSON.parse(resumed.out).history, JSON.parse(undisturbed.out).history)
})

test('the state of other recordings is refused', async () => {
  const { shop, words } = shopOf()
  using _ = shop
  const { state } = await stateOf(words)
  const file = shop.file('state.json', state)
  const other = words.filter(word => !word.endsWith('swing-2.csv'))
  const { code, err } = await simcrank(...other, '--resume', file)
  assert.is(code, 1)
  assert.match(err, /resume/)
})

/** a state as an interrupted run leaves it, by the library */
async function stateOf(words: string[]): Promise<{ state: string }> {
  const { ParameterSpace } = await import('../../bindings/model/parameters.js')
  const { readRecording } = await import('../../bindings/recording/read.js')
  const { identify } = await import('../../bindings/sysid/index.js')
  const model = await loadModel(words[1])
  const recordings = await Promise.all(words.slice(2, 4).map(file => readRecording(file)))
  return identify(model, recordings, ParameterSpace.from(model, SPACE as never), { maxEvaluations: 50 })
}

test('an interrupted run without --out leaves its state in the current folder', async () => {
  const { shop, words } = shopOf()
  using _ = shop
  const before = process.cwd()
  process.chdir(shop.folder)
  try {
    const running = simcrank(...words, '--method', 'cma-es', '--restarts', 'bipop', '--evaluations', '10000000')
    // the handler is there once the fit runs; called itself, because others (tsx) listen too
    const others = process.listenerCount('SIGINT')
    for (let waited = 0; process.listenerCount('SIGINT') === others && waited < 30_000; waited += 10) await sleep(10)
    await sleep(200)
    process.listeners('SIGINT').at(-1)?.('SIGINT')
    const { code, err } = await running
    assert.is(code, 130)
    assert.match(err, /--resume simcrank-state\.json/)
    assert.ok(existsSync(shop.path('simcrank-state.json')))
  } finally {
    process.chdir(before)
  }
})

test.run()
