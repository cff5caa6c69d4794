import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CheckpointError } from '../../bindings/errors.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { readSections, writeSections } from '../../bindings/train/checkpoint.js'
import { loadLatest, saveCheckpoint } from '../../bindings/train/folder.js'
import type { Outcome } from '../../bindings/train/training.js'
import { bitsOf, Folder, metricsOf } from './folder.js'
import { type QuadraticOptions, quadratic, quadraticParts } from './quadratic.js'

const run = (folder: Folder, options: QuadraticOptions): Promise<Outcome> =>
  quadratic({ ...options, keep: { folder: folder.path, checkpointEvery: 4, ...options.keep } }).finish()

const resume = (folder: Folder, options: QuadraticOptions): Promise<Outcome> =>
  run(folder, { ...options, keep: { resume: true, ...options.keep } })

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof CheckpointError) return error.code
    throw error
  }
  return 'none'
}

const undisturbed = new Folder()
const stages = new Folder()
test.after(() => {
  for (const folder of [undisturbed, stages]) folder[Symbol.dispose]()
})
await run(undisturbed, { generations: 24 })
const FILES = ['checkpoint-000020.bin', 'checkpoint-000024.bin', 'config.json', 'metrics.jsonl']
const LAST = 'checkpoint-000024.bin'

/** the folder holds what the undisturbed run left */
function checkSame(folder: Folder): void {
  assert.equal(folder.names(), FILES)
  assert.equal(bitsOf(folder.at(LAST)), bitsOf(undisturbed.at(LAST)))
  assert.equal(metricsOf(folder.at('metrics.jsonl')), metricsOf(undisturbed.at('metrics.jsonl')))
  assert.equal(readFileSync(folder.at('config.json')), readFileSync(undisturbed.at('config.json')))
}

/** a folder as it is after 18 generations and a kill: checkpoints of 12 and 16, metrics up to 18 and a piece of 19 */
function killedAt18(): Folder {
  const folder = new Folder()
  copyFileSync(undisturbed.at('config.json'), folder.at('config.json'))
  for (const generation of [12, 16])
    copyFileSync(stages.at(`checkpoint-0000${generation}.bin`), folder.at(`checkpoint-0000${generation}.bin`))
  const lines = readFileSync(undisturbed.at('metrics.jsonl'), 'utf8').split('\n')
  writeFileSync(folder.at('metrics.jsonl'), `${lines.slice(0, 18).join('\n')}\n${lines[18].slice(0, 40)}`)
  writeFileSync(folder.at('.checkpoint-000020.bin.tmp'), 'what the process was writing')
  return folder
}
await run(stages, { generations: 16 })

test('a folder holds the config, a line for each generation and two checkpoints', () => {
  checkSame(undisturbed)
  const lines = metricsOf(undisturbed.at('metrics.jsonl'))
  assert.equal(
    lines.map(it => it.generation),
    Array.from({ length: 24 }, (_, i) => i + 1),
  )
  assert.equal(Object.keys(lines[4]), [
    'generation',
    'bestReturn',
    'meanReturn',
    'stdReturn',
    'evalReturn',
    'evalStd',
    'evalFailed',
    'bestEval',
    'steps',
    'sigma',
    'failed',
    'failedTerms',
  ])
  assert.equal(JSON.parse(readFileSync(undisturbed.at('config.json'), 'utf8')).task.name, 'quadratic')
  assert.equal(
    [...readSections(readFileSync(undisturbed.at(LAST))).keys()],
    ['config', 'progress', 'strategy', 'normalizer', 'best', 'clock'],
  )
})

test('stopped and resumed, once and again: the same bytes, but for the clock', async () => {
  using folder = new Folder()
  await run(folder, { generations: 3 })
  const { warnings, history } = await resume(folder, { generations: 11 })
  assert.equal(warnings, [])
  assert.is(history.length, 11)
  await resume(folder, { generations: 24 })
  checkSame(folder)
  // nothing left to do: nothing done
  const { history: all, stopped } = await resume(folder, { generations: 24 })
  assert.is(all.length, 24)
  assert.is(stopped.code, 'generations')
  checkSame(folder)
})

test('killed: metrics go back to the checkpoint, half-written files go', async () => {
  using folder = killedAt18()
  const { warnings } = await resume(folder, { generations: 24 })
  assert.equal(warnings, [])
  checkSame(folder)
})

test("other people's files stay, whatever they are called", async () => {
  using folder = killedAt18()
  const mine = ['.precious.tmp', '.notes.bin.tmp', '.checkpoint-1.bin.tmp', '.config.json.bak.tmp']
  for (const name of mine) writeFileSync(folder.at(name), 'mine')
  writeFileSync(folder.at('.config.json.tmp'), '{')
  writeFileSync(folder.at('.report.html.4711.tmp'), '<')
  await resume(folder, { generations: 24 })
  for (const name of mine) {
    assert.is(readFileSync(folder.at(name), 'utf8'), 'mine')
    rmSync(folder.at(name))
  }
  checkSame(folder)
})

test('the clock goes on: seconds add up', async () => {
  using folder = new Folder()
  const before = await run(folder, { generations: 4 })
  const after = await resume(folder, { generations: 8 })
  const seconds = after.history.map(it => it.seconds)
  for (const [i, s] of seconds.entries()) assert.ok(i === 0 || s > seconds[i - 1], String(seconds))
  // what the write of a checkpoint takes is not in it
  assert.ok(after.state.seconds > (before.history.at(-1)?.seconds as number))
  assert.is(await codeOf(resume(folder, { seconds: before.state.seconds, generations: 100 })), 'none')
})

/** damages the newest checkpoint of a killed run and resumes it; what it said */
async function damaged(damage: (bytes: Uint8Array) => Uint8Array): Promise<readonly string[]> {
  using folder = killedAt18()
  const file = folder.at('checkpoint-000016.bin')
  writeFileSync(file, damage(readFileSync(file)))
  const { warnings } = await resume(folder, { generations: 24 })
  // it is kept, where it is in nobody's way
  rmSync(folder.at('checkpoint-000016.bin.damaged'))
  checkSame(folder)
  return warnings
}

/** where each section of a checkpoint begins and ends */
function boundaries(bytes: Uint8Array): number[] {
  const at = [20]
  for (const [name, content] of readSections(bytes)) at.push(at[at.length - 1] + 12 + name.length + content.length)
  return at
}

test('cut at and within every section: the previous one is used and said', async () => {
  const ends = boundaries(readFileSync(stages.at('checkpoint-000016.bin')))
  assert.is(ends.length, 7)
  for (const [i, end] of ends.slice(0, -1).entries()) {
    for (const length of [end, end + 7, Math.floor((end + ends[i + 1]) / 2), ends[i + 1] - 1]) {
      const [words, ...more] = await damaged(bytes => bytes.subarray(0, length))
      assert.match(
        words,
        /checkpoint-000016\.bin: the checkpoint is cut: .*; going on from generation 12, .*000012\.bin$/,
      )
      assert.equal(more, [])
    }
  }
  for (const length of [0, 5, 19]) assert.match((await damaged(bytes => bytes.subarray(0, length)))[0], /is cut/)
})

test('a damaged checkpoint does not push a sound one out: the newest may be damaged again and again', async () => {
  using folder = killedAt18()
  const spoil = (name: string): void => {
    const bytes = readFileSync(folder.at(name))
    bytes[bytes.length >> 1] ^= 1
    writeFileSync(folder.at(name), bytes)
  }
  spoil('checkpoint-000016.bin')
  await resume(folder, { generations: 15, keep: { checkpointEvery: 100 } })
  assert.equal(
    folder.names().filter(name => name.startsWith('checkpoint')),
    ['checkpoint-000012.bin', 'checkpoint-000015.bin', 'checkpoint-000016.bin.damaged'],
  )
  spoil('checkpoint-000015.bin')
  const { warnings } = await resume(folder, { generations: 24 })
  assert.match(warnings.join(), /going on from generation 12, /)
  for (const n of [15, 16]) rmSync(folder.at(`checkpoint-0000${n}.bin.damaged`))
  checkSame(folder)
})

test('bits flipped at random places: the previous one is used and said', async () => {
  const random = new Philox(11, STREAM.check)
  for (let k = 0; k < 40; k++) {
    const [words, ...more] = await damaged(bytes => {
      const bit = Math.floor(random.uniform(k, 0, 0) * bytes.length * 8)
      bytes[bit >> 3] ^= 1 << (bit & 7)
      return bytes
    })
    assert.match(words, /checkpoint-000016\.bin: .*(damaged|cut|no checkpoint).*; going on from generation 12, /)
    assert.equal(more, [])
  }
})

test('sections with right sums and wrong content count as damaged', async () => {
  for (const change of [
    (sections: Map<string, Uint8Array>) => void sections.delete('strategy'),
    (sections: Map<string, Uint8Array>) => void sections.set('normalizer', new Uint8Array(3)),
    (sections: Map<string, Uint8Array>) => void sections.set('progress', sections.get('config') as Uint8Array),
  ]) {
    const [words] = await damaged(bytes => {
      const sections = readSections(bytes)
      change(sections)
      return writeSections(sections)
    })
    assert.match(words, /going on from generation 12/)
  }
})

test('all checkpoints damaged: a typed error that names the newest; nothing is touched', async () => {
  using folder = killedAt18()
  for (const name of ['checkpoint-000012.bin', 'checkpoint-000016.bin']) {
    const bytes = readFileSync(folder.at(name))
    bytes[bytes.length >> 1] ^= 1
    writeFileSync(folder.at(name), bytes)
  }
  const lines = readFileSync(folder.at('metrics.jsonl'))
  try {
    await resume(folder, { generations: 24 })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, CheckpointError)
    assert.is((error as CheckpointError).code, 'CHECKPOINT_DAMAGED')
    assert.is((error as CheckpointError).place, folder.at('checkpoint-000016.bin'))
  }
  assert.equal(readFileSync(folder.at('metrics.jsonl')), lines)
})

test('another version, task, model or setting: a typed error that says what differs', async () => {
  using folder = killedAt18()
  const words = async (config: QuadraticOptions['config']): Promise<string> => {
    try {
      await resume(folder, { generations: 24, config })
    } catch (error) {
      return `${(error as CheckpointError).code} ${(error as CheckpointError).message}`
    }
    return 'resumed'
  }
  const { task, model, settings } = quadraticParts({}).config
  assert.match(
    await words({ task: { ...task, name: 'cubic' } }),
    /^CHECKPOINT_TASK .*000016\.bin: .*another run: task\.name is "quadratic" there and "cubic" here$/,
  )
  assert.match(
    await words({ model: { ...model, hash: '1' } }),
    /^CHECKPOINT_MODEL .*model\.hash is "0" there and "1" here$/,
  )
  assert.match(
    await words({ settings: { ...settings, seed: 2, more: [1] } }),
    /^CHECKPOINT_SETTINGS .*settings\.seed is 1 there and 2 here, settings\.more is not given there and \[1\] here$/,
  )
  // a model that changed is the reason a task changed
  assert.match(await words({ task: { name: 'x' }, model: { name: 'y' } }), /^CHECKPOINT_TASK/)
  // what is for people does not count
  assert.is(await words({ task, model, settings, date: 'today' }), 'resumed')
})

test('a checkpoint of another version is not fallen behind', async () => {
  using folder = killedAt18()
  const bytes = readFileSync(folder.at('checkpoint-000016.bin'))
  // version 9, with the sum of its header right
  const sections = writeSections(readSections(bytes))
  const view = new DataView(sections.buffer)
  view.setUint32(8, 9, true)
  view.setUint32(16, crc32(sections.subarray(0, 16)), true)
  writeFileSync(folder.at('checkpoint-000016.bin'), sections)
  assert.is(await codeOf(resume(folder, { generations: 24 })), 'CHECKPOINT_VERSION')
})

/** bit by bit, as zip defines it */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

test('a folder with a run is not overwritten unless asked to resume; one without is begun, and that is said', async () => {
  using folder = killedAt18()
  assert.is(await codeOf(run(folder, { generations: 3 })), 'CHECKPOINT_EXISTS')
  // what it was begun with is enough
  for (const name of ['checkpoint-000012.bin', 'checkpoint-000016.bin']) rmSync(folder.at(name))
  assert.is(await codeOf(run(folder, { generations: 3 })), 'CHECKPOINT_EXISTS')
  using others = new Folder()
  writeFileSync(others.at('config.json'), '{"mine": 1}')
  assert.is(await codeOf(run(others, { generations: 3 })), 'CHECKPOINT_DAMAGED')
  assert.is(readFileSync(others.at('config.json'), 'utf8'), '{"mine": 1}')
  using empty = new Folder()
  const { warnings, history } = await resume(empty, { generations: 24 })
  assert.equal(warnings, [`${empty.path}: no checkpoint yet, the run begins anew`])
  assert.is(history.length, 24)
  checkSame(empty)
})

test('metrics damaged before the checkpoint: a typed error; gone: they begin again, and that is said', async () => {
  using folder = killedAt18()
  const text = readFileSync(folder.at('metrics.jsonl'), 'utf8')
  for (const wrong of [text.replace('\n', ''), text.slice(0, 500), text.split('\n').toSpliced(5, 1).join('\n'), '\n']) {
    writeFileSync(folder.at('metrics.jsonl'), wrong)
    assert.is(await codeOf(resume(folder, { generations: 24 })), 'METRICS')
    assert.is(readFileSync(folder.at('metrics.jsonl'), 'utf8'), wrong)
  }
  rmSync(folder.at('metrics.jsonl'))
  const { warnings, history } = await resume(folder, { generations: 24 })
  assert.match(warnings.join(), /metrics\.jsonl: what it told is gone; it begins again after generation 16/)
  assert.equal(
    history.map(it => it.generation),
    [17, 18, 19, 20, 21, 22, 23, 24],
  )
  assert.equal(bitsOf(folder.at(LAST)), bitsOf(undisturbed.at(LAST)))
  // and such a file is one to go on with
  assert.is((await resume(folder, { generations: 26 })).history.length, 10)
})

test('a folder in the place of metrics.jsonl: a typed error', async () => {
  using folder = killedAt18()
  rmSync(folder.at('metrics.jsonl'))
  mkdirSync(folder.at('metrics.jsonl'))
  assert.is(await codeOf(resume(folder, { generations: 24 })), 'CHECKPOINT_READ')
})

test('lines of one generation that failed survive as they are: NaN is null', async () => {
  using folder = new Folder()
  const trouble = [{ generation: 2, member: 3, kind: 'nan' }] as const
  await run(folder, { generations: 4, trouble })
  const line = metricsOf(folder.at('metrics.jsonl'))[1]
  assert.is(line.failed, 1)
  assert.equal(line.failedTerms, ['noise'])
  appendFileSync(folder.at('metrics.jsonl'), 'half a li')
  const { history, state } = await resume(folder, { generations: 5, trouble })
  assert.equal(history[1].failedTerms, ['noise'])
  assert.equal(state.failedTerms, { noise: 1 })
})

test('a place that cannot be written to: a typed error, and what was there stays', async () => {
  using folder = new Folder()
  writeFileSync(folder.at('occupied'), 'mine')
  assert.is(
    await codeOf(quadratic({ generations: 2, keep: { folder: folder.at('occupied') } }).finish()),
    'CHECKPOINT_WRITE',
  )
  assert.is(readFileSync(folder.at('occupied'), 'utf8'), 'mine')
})

test('a write that fails leaves the earlier checkpoint and no temporary file', async () => {
  using folder = killedAt18()
  const sections = readSections(readFileSync(folder.at('checkpoint-000016.bin')))
  const failing = saveCheckpoint(folder.path, 20, sections, stage => {
    if (stage === 'half') throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
  })
  assert.is(await codeOf(failing), 'CHECKPOINT_WRITE')
  rmSync(folder.at('.checkpoint-000020.bin.tmp'), { force: true })
  assert.equal(folder.names(), ['checkpoint-000012.bin', 'checkpoint-000016.bin', 'config.json', 'metrics.jsonl'])
  assert.is((await loadLatest(folder.path))?.state.generation, 16)
})

test.run()
