import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkSource } from './determinism.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))

for (const [code, why] of [
  ['Math.random()', /explicit seed/],
  ['Math.sin(x)', /Math\.sin differs between engines/],
  ["Math['exp'](x)", /Math\.exp/],
  ['Math[name](x)', /name the function/],
  ['globalThis.Math.tanh(x)', /Math\.tanh/],
  ['const { sin } = Math', /Math as a value/],
  ['values.map(Math.log)', /Math\.log/],
  ['run(Math)', /Math as a value/],
  ['({ maths: Math })', /Math as a value/],
  ['x ** 2', /`\*\*`/],
  ['x **= 2', /`\*\*`/],
  ['Mathf.cos(x)', /Mathf\.cos/],
  ['NativeMath.pow(x, y)', /NativeMath\.pow/],
  ['f32x4.relaxed_madd(a, b, c)', /relaxed SIMD/],
  ['v128.relaxed_dot(a, b)', /relaxed SIMD/],
  ['relaxed_madd<f32>(a, b, c)', /relaxed SIMD/],
  ['Date.now()', /reads the clock.*clock: why/],
  ['new Date()', /reads the clock/],
  ['Date()', /reads the clock/],
  ['performance.now()', /reads the clock/],
  ['const { now } = performance', /performance as a value/],
  ['process.hrtime.bigint()', /reads the clock/],
  ["import { performance as p } from 'node:perf_hooks'", /perf_hooks/],
  ["import { randomBytes } from 'node:crypto'", /randomBytes/],
  ['crypto.getRandomValues(a)', /explicit seed/],
  ['a.localeCompare(b)', /locale/],
  ['const t = performance.now() // clock:', /reads the clock/],
  ['const r = Math.random() // clock: no', /explicit seed/],
] as const) {
  test(`refuses ${code}`, () => {
    const problems = checkSource('bindings/x.ts', `const a = 1\n${code}\n`)
    assert.is(problems.length, 1)
    assert.match(problems[0], /^bindings\/x\.ts:2: /)
    assert.match(problems[0], why)
  })
}

for (const code of [
  'Math.sqrt(x) + Math.PI * Math.imul(a, b) + Math.clz32(c)',
  '// Math.sin(x) and x ** 2 and Date.now()',
  "const s = 'Math.sin(x) ** 2'",
  '/** Math.random */',
  'new Date(0).toISOString()',
  'const t = performance.now() // clock: shown in the progress bar',
  '// clock: shown in the table\nconst seconds = Date.now()',
  "import { sin } from '../math/trig.js'\nsin(x)",
  'options.performance = report.Math',
  'const o = { performance: 1, Date: 2 }',
  "import { createHash } from 'node:crypto'",
  'function f(x: Math): void {}',
]) {
  test(`allows ${code.replace('\n', ' ⏎ ')}`, () => {
    assert.equal(checkSource('bindings/x.ts', code), [])
  })
}

test('the program walks bindings, hardware and assembly, not the presentation', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'determinism-'))
  const run = () =>
    spawnSync(process.execPath, ['--import', 'tsx', 'test/tools/determinism.ts', root], {
      cwd: repository,
      encoding: 'utf8',
    })
  try {
    const bad = ['bindings/es/a.ts', 'bindings/engine/b.mjs', 'hardware/c.ts', 'assembly/math/d.ts']
    for (const file of [...bad, 'bindings/cli/e.ts', 'bindings/report/f.ts', 'bench/g.ts']) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
      writeFileSync(path.join(root, file), 'Math.sin(1)')
    }
    const { status, stderr } = run()
    assert.is(status, 1)
    assert.equal(
      stderr
        .trim()
        .split('\n')
        .map(line => line.split(':')[0])
        .sort(),
      bad.sort(),
    )
    for (const file of bad) rmSync(path.join(root, file))
    assert.is(run().status, 0)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test.run()
