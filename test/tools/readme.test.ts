/** What the README says of tasks: its table against the library, its program run. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { tasks } from '../../bindings/tasks/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(path.join(root, 'README.md'), 'utf8')

test('the table of tasks: every one of the library, with the score at which it is solved', () => {
  const [, table] = readme.match(/^\| tasks of the library .*\n\|[-|]+\n((?:\|.*\n)+)/m) ?? []
  assert.ok(table, 'there is no table')
  const found: Record<string, number | undefined> = {}
  for (const row of table.trimEnd().split('\n')) {
    const [, names, , scores] = row.split('|')
    const solved = scores.trim() === '' ? [] : scores.split(',').map(Number)
    const list = [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    if (solved.length > 0) assert.is(solved.length, list.length, row)
    for (const [k, name] of list.entries()) found[name] = solved[k]
  }
  const expected = Object.fromEntries(Object.entries(tasks).map(([name, task]) => [name, task().solved]))
  assert.equal(found, expected)
})

const ARM = `<mujoco>
  <option timestep="0.002"/>
  <worldbody>
    <body name="forearm" pos="0 0 1">
      <joint name="elbow" axis="0 1 0" damping="0.1"/>
      <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.02"/>
    </body>
  </worldbody>
  <actuator><motor name="elbow" joint="elbow" ctrlrange="-5 5"/></actuator>
</mujoco>`

test('the program that defines a task and trains it', () => {
  const program = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)]
    .map(([, text]) => text)
    .find(text => text.includes('defineTask'))
  assert.ok(program?.includes('seconds: 60'), 'there is no such program')
  mkdirSync(path.join(root, 'build'), { recursive: true })
  const folder = mkdtempSync(path.join(root, 'build', 'readme-'))
  try {
    writeFileSync(path.join(folder, 'arm.xml'), ARM)
    writeFileSync(path.join(folder, 'program.ts'), (program as string).replace('seconds: 60', 'generations: 10'))
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), 'program.ts'],
      {
        cwd: folder,
        env: { ...process.env, TSX_TSCONFIG_PATH: path.join(root, 'tsconfig.json') },
        encoding: 'utf8',
        timeout: 60_000,
      },
    )
    assert.is(status, 0, stderr)
    const lines = stdout.trimEnd().split('\n')
    assert.is(lines.length, 10)
    assert.match(lines[9], /^10 -?\d+\.\d+$/)
    assert.ok(existsSync(path.join(folder, 'policy.ts')))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what it points at is there', () => {
  for (const [, file] of readme.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
    assert.ok(existsSync(path.join(root, file)), file)
})

test.run()
