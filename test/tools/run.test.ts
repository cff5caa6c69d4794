import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lostTests } from './suites.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const head = "import { test } from 'uvu'\n"

/** The runner over a folder of these files; its folder lies in the repository so that `uvu` resolves. */
function run(files: Record<string, string>, ...args: string[]): { code: number | null; lines: string[]; text: string } {
  mkdirSync(path.join(repository, 'build'), { recursive: true })
  const root = mkdtempSync(path.join(repository, 'build', 'run-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, name), text)
    const { status, stdout } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'test/run.ts', '--root', root, ...args],
      {
        cwd: repository,
        encoding: 'utf8',
      },
    )
    return { code: status, lines: stdout.trimEnd().split('\n'), text: stdout }
  } finally {
    rmSync(root, { recursive: true })
  }
}

test('counts passes, failures and skips over files', () => {
  const { code, lines, text } = run({
    'a.test.ts': `${head}test('x', () => {})\ntest.skip('y')\ntest.run()\n`,
    'b.test.ts': `${head}test('x', () => {})\ntest('y', () => { throw new Error('because') })\ntest.run()\n`,
    'notATest.ts': 'throw new Error()',
  })
  assert.is(lines.at(-1), '2 passed, 1 failed, 1 skipped')
  assert.is(code, 1)
  assert.match(text, 'because')
})

test('passes when everything passes, and a filter picks files', () => {
  const files = {
    'good.test.ts': `${head}test('x', () => {})\ntest.run()\n`,
    'bad.test.ts': `${head}test('x', () => { throw new Error() })\ntest.run()\n`,
  }
  const { code, lines } = run(files, 'good')
  assert.is(lines.at(-1), '1 passed, 0 failed, 0 skipped')
  assert.is(code, 0)
  assert.is(run(files, 'nothing-like-this').code, 1)
})

test('fails files that lose tests in silence', () => {
  const { code, lines, text } = run(
    {
      'empty.test.ts': `${head}test.run()\n`,
      'blank.test.ts': '',
      'forgets.test.ts': `${head}test('x', () => {})\n`,
      'hangs.test.ts': `${head}test('x', () => new Promise(() => {}))\ntest.run()\n`,
      'lingers.test.ts': `${head}test('x', () => { setInterval(() => {}, 1000) })\ntest.run()\n`,
      'hook.test.ts': `${head}test.before(() => { throw new Error() })\ntest('x', () => {})\ntest.run()\n`,
      'only.test.ts': `${head}test.only('x', () => {})\ntest.run()\n`,
      'exits.test.ts': `${head}test('x', () => { process.exit(0) })\ntest.run()\n`,
    },
    '--timeout',
    '5',
  )
  assert.is(code, 1)
  assert.match(text, /empty\.test\.ts: registers no test/)
  assert.match(text, /blank\.test\.ts: printed no summary/)
  assert.match(text, /forgets\.test\.ts: test\.run\(\) is missing/)
  assert.match(text, /hangs\.test\.ts: ended with code 1/)
  assert.match(text, /lingers\.test\.ts: did not end within 5 s/)
  assert.match(text, /✘ \S*hook\.test\.ts {2}0 passed, 1 FAILED/)
  assert.match(text, /only\.test\.ts: line 2: test\.only/)
  assert.match(text, /exits\.test\.ts: (ended|printed)/)
  // lingers and only passed one test each
  assert.is(lines.at(-1), '2 passed, 8 failed, 0 skipped')
})

test('a suite, a renamed test and a helper that registers are followed', () => {
  const suite = "import { suite, test as it } from 'uvu'\nconst s = suite('s')\n"
  assert.equal(lostTests(`${suite}s('x', () => {})\ns.run()\n`), [])
  assert.is(lostTests(`${suite}s('x', () => {})\n`).length, 1)
  assert.is(lostTests(`${suite}it('x', () => {})\ns.run()\n`).length, 1)
  assert.match(lostTests(`${suite}it.run()\nit('x', () => {})\n`)[0], /after it\.run/)
  assert.match(lostTests(`${suite}skippable(it, true, '')('x', () => {})\n`)[0], /it\.run\(\) is missing/)
  assert.equal(lostTests("import { suite } from 'mocha'\nconst s = suite('s')\ns('x')"), [])
})

test.run()
