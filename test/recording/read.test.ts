import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RecordingMap, readRecording, writeMcap } from '../../bindings/recording/index.js'
import { detectFormat } from '../../bindings/recording/load.js'
import { bytes, fails } from './support.js'

const CSV = 'time,a\n0,1\n1,2\n'

test('formats by extension, else by content', async () => {
  for (const [file, format] of [
    ['a.csv', 'csv'],
    ['a.TSV', 'csv'],
    ['a.b.jsonl', 'jsonl'],
    ['a.ndjson', 'jsonl'],
    ['a.json', 'json'],
    ['a.mcap', 'mcap'],
  ]) {
    assert.is(detectFormat(file, bytes('')), format)
  }
  assert.is(detectFormat('log', bytes('\ufeff {"a":1}\n')), 'json')
  assert.is(detectFormat('log', bytes('{"a":1}\n{"a":2}')), 'jsonl')
  assert.is(detectFormat('log', bytes('{\n"a":1}')), 'json')
  assert.is(detectFormat('log', bytes('time,a')), 'csv')
  const mcap = await writeMcap(await readRecording(bytes(CSV)))
  assert.is(detectFormat('log', mcap), 'mcap')
})

test('paths, URLs and bytes; what cannot be read is told', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'recording-'))
  try {
    const file = join(dir, 'run.7.csv')
    await writeFile(file, CSV)
    for (const source of [file, pathToFileURL(file)]) {
      const r = await readRecording(source)
      assert.is(r.name, 'run.7')
      assert.equal(Array.from(r.channel('a').values), [1, 2])
    }
    assert.is((await readRecording(file, { name: 'other' })).name, 'other')
    await writeFile(join(dir, 'bad.csv'), 'time,a\n0,1\n1,x\n')
    const error = await fails(() => readRecording(join(dir, 'bad.csv')), 'RECORDING_CELL')
    assert.is(error.place, `${join(dir, 'bad.csv')}:3`)
    await fails(() => readRecording(join(dir, 'none.csv')), 'RECORDING_FILE', /none\.csv: no such file/)
    await fails(() => readRecording(join(file, 'deeper.csv')), 'RECORDING_FILE', /cannot be read/)
    await writeFile(join(dir, 'empty.csv'), '')
    await fails(() => readRecording(join(dir, 'empty.csv')), 'RECORDING_EMPTY', /empty/)
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('a URL on a server, and the file beside it', async () => {
  const server = createServer((request, response) => {
    const text = { '/runs/state.csv': CSV, '/runs/command.csv': 'time,u\n0,3\n1,4\n' }[request.url ?? '']
    response.writeHead(text === undefined ? 404 : 200).end(text)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/runs/`
    const map: RecordingMap = {
      name: '{folder}/{file}',
      files: [{ channels: { a: {} } }, { file: 'command.csv', channels: { u: {} } }],
    }
    const r = await readRecording(`${base}state.csv`, { map })
    assert.is(r.name, 'runs/state')
    assert.equal(Array.from(r.channel('u').values), [3, 4])
    await fails(() => readRecording(new URL(`${base}none.csv`)), 'RECORDING_FILE', /answered 404/)
  } finally {
    server.close()
  }
  await fails(() => readRecording('http://127.0.0.1:1/x.csv'), 'RECORDING_FILE', /cannot be fetched/)
})

test('options go before the mapping', async () => {
  const text = bytes('time,a\n0,1\n1,\n1,3\n2,4\n')
  const map = { onNaN: 'error', onClock: 'drop', channels: { a: {} } } as const
  await fails(() => readRecording(text, { map }), 'RECORDING_NAN')
  const r = await readRecording(text, { map, onNaN: 'drop' })
  assert.equal(Array.from(r.channel('a').values), [1, 3, 4])
  await fails(() => readRecording(text, { map: { ...map, onNaN: 'drop' }, onNaN: 'error' }), 'RECORDING_NAN')
})

test('without a mapping, dropping leaves out columns that hold nothing', async () => {
  const r = await readRecording(bytes('time,a,b\n0,1,\n1,2,nan\n'), { onNaN: 'drop' })
  assert.equal(
    r.channels.map(c => c.name),
    ['a'],
  )
  assert.ok(r.warnings.some(w => /'b' has no samples and is left out/.test(w)))
})

test.run()
