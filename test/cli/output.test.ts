import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { OutputError, openOutput, writeFiles } from '../../bindings/cli/output.js'
import { Workshop } from './workshop.js'

async function failure(run: Promise<unknown>): Promise<OutputError> {
  try {
    await run
  } catch (error) {
    assert.instance(error, OutputError)
    return error as OutputError
  }
  throw new Error('nothing was thrown')
}

test('writes under final names, replacing what was there', async () => {
  using shop = new Workshop()
  const out = shop.path('a/b')
  await openOutput(out)
  assert.equal(readdirSync(out), [])
  shop.file('a/b/x', 'old')
  await writeFiles(
    new Map<string, string | Uint8Array>([
      [shop.path('a/b/x'), 'new'],
      [shop.path('a/b/y'), Uint8Array.of(1, 2)],
    ]),
  )
  assert.equal(readdirSync(out).sort(), ['x', 'y'])
  assert.is(readFileSync(shop.path('a/b/x'), 'utf8'), 'new')
  assert.equal([...readFileSync(shop.path('a/b/y'))], [1, 2])
})

test('a folder that cannot be is refused with its reason', async () => {
  using shop = new Workshop()
  const file = shop.file('file', '')
  assert.match((await failure(openOutput(file))).message, /file: cannot write: there is a file of this name/)
  assert.match((await failure(openOutput(shop.path('file/x')))).message, /a part of this path is a file/)
})

test('a folder where mkdir -p of Node never ends is refused at once', async () => {
  if (process.platform !== 'linux') return
  assert.match((await failure(openOutput('/proc/nowhere/deep'))).message, /cannot write/)
})

test('when one file fails, none appears and nothing is left', async () => {
  using shop = new Workshop()
  mkdirSync(shop.path('out'))
  shop.file('out/first', 'before')
  // a name longer than file systems take
  const long = shop.path(`out/${'x'.repeat(300)}`)
  const error = await failure(
    writeFiles(
      new Map([
        [shop.path('out/first'), 'after'],
        [long, 'never'],
      ]),
    ),
  )
  assert.is(error.place, long)
  assert.equal(readdirSync(shop.path('out')), ['first'])
  assert.is(readFileSync(shop.path('out/first'), 'utf8'), 'before')
})

/** a process that may write files of at most so many blocks of 1024 bytes, as on a disk that fills up */
function limited(blocks: number, code: string): { status: number | null; stdout: string; stderr: string } {
  const module = new URL('../../bindings/cli/output.ts', import.meta.url).href
  const script = `import { openOutput, writeFiles } from '${module}'\nprocess.on('SIGXFSZ', () => {})\n${code}`
  // what tsx compiles is cached on disk, which the limit would spoil
  const env = { ...process.env, TSX_DISABLE_CACHE: '1' }
  const words = [
    '-c',
    `ulimit -f ${blocks}; exec "$0" "$@"`,
    process.execPath,
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    script,
  ]
  return spawnSync('bash', words, { encoding: 'utf8', env, cwd: fileURLToPath(new URL('../..', import.meta.url)) })
}

test('a disk that fills up: one error, no partial file', () => {
  using shop = new Workshop()
  mkdirSync(shop.path('out'))
  const [small, large] = [shop.path('out/small'), shop.path('out/large')]
  const { stdout, stderr } = limited(
    64,
    `await writeFiles(new Map([['${small}', 'x'], ['${large}', 'y'.repeat(1e6)]])).catch(e => console.log(e.code, e.message))`,
  )
  assert.is(
    stdout,
    `OUTPUT ${large}: cannot write: the file would be larger than allowed; choose another --out\n`,
    stderr,
  )
  assert.equal(readdirSync(shop.path('out')), [])
})

test('a disk that is full already is found out at once', () => {
  using shop = new Workshop()
  const { stdout } = limited(1, `await openOutput('${shop.path('out')}').catch(e => console.log(e.code))`)
  assert.is(stdout, 'OUTPUT\n')
  assert.equal(readdirSync(shop.path('out')), [])
})

test.run()
