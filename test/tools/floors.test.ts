import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkFloors, forbidden } from './floors.js'

const manifest = { name: 'simcrank', peers: ['@mujoco/mujoco'] }

/** problems of a house with these files */
function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(path.join(tmpdir(), 'floors-'))
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
      writeFileSync(path.join(root, file), text)
    }
    return checkFloors(root, manifest)
  } finally {
    rmSync(root, { recursive: true })
  }
}

test('this house obeys its floors', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const { peerDependenciesMeta } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  assert.equal(checkFloors(root, { name: 'simcrank', peers: Object.keys(peerDependenciesMeta) }), [])
})

test('own floor and below are allowed', () => {
  const down = check({
    'bindings/errors.ts': 'export {}',
    'bindings/model/load.ts': "import '../errors.js'\nimport './save.js'\nimport '../math/exp.js'",
    'bindings/robot/robot.ts': "import '../sysid/excite.js'",
    'bindings/index.ts': "export * from './model/load.js'\nexport * from './cli/main.js'",
    'bindings/generate-fields.ts': "import './fields.js'\nnew URL('../assembly/shared/fields.ts', import.meta.url)",
    'bindings/cli/main.ts': "import '../report/report.js'\nimport '../../hardware/port.js'\nimport 'node:fs'",
    'hardware/port.ts': "import '../bindings/recording/recording.js'\nimport '../bindings/robot/robot.js'",
    'test/model/load.test.ts': "import '../../bindings/cli/main.js'\nimport '../../bench/es.js'",
  })
  assert.equal(down, [])
})

for (const [from, to, why] of [
  [
    'bindings/model/load.ts',
    'bindings/engine/batch.ts',
    /model is on floor 1 \(model, recording\), engine above it on floor 2/,
  ],
  ['bindings/es/cmaes.ts', 'bindings/sysid/identify.ts', /floor 4 \(es, tasks\), sysid above it on floor 6/],
  ['bindings/errors.ts', 'bindings/model/load.ts', /floor 0 \(errors, host, fields, program, math\)/],
  ['bindings/math/exp.ts', 'bindings/recording/csv.ts', /floor 0/],
  ['bindings/model/load.ts', 'bindings/recording/csv.ts', /model, recording do not import each other/],
  ['bindings/meta/maml.ts', 'bindings/sysid/identify.ts', /do not import each other: what two need goes down/],
  ['bindings/report/report.ts', 'bindings/cli/main.ts', /cli above it on floor 8 \(cli\)/],
  ['bindings/sysid/identify.ts', 'bindings/index.ts', /package entry/],
  ['bindings/index.ts', 'bindings/gpujs/index.ts', /no other entry may bring it along/],
  ['bindings/cli/main.ts', 'bindings/gpujs/index.ts', /no other entry may bring it along/],
  ['bindings/cli/bench.ts', 'bench/run.ts', /bench\/ sees everything and is seen by nobody/],
  ['hardware/port.ts', 'test/support/skip.ts', /test\/ sees everything/],
  [
    'hardware/port.ts',
    'bindings/model/load.ts',
    /tower beside: it knows errors, host, math, recording, robot, not model/,
  ],
  ['bindings/sysid/identify.ts', 'hardware/port.ts', /tower beside; only cli/],
  ['assembly/sim/bias.ts', 'bindings/fields.ts', /assembly\/ is the ground floor/],
  ['bindings/engine/wasm.ts', 'assembly/index.ts', /compiled apart/],
  ['bindings/engine/wasm.ts', 'bindings/generate-fields.ts', /package generator/],
  ['bindings/engine/x.ts', 'bindings/attic/y.ts', /bindings\/attic is on no floor/],
] as const) {
  test(`${from} may not import ${to}`, () => {
    assert.match(forbidden(from, to) ?? 'allowed', why)
  })
}

test('every kind of import counts, comments and strings do not', () => {
  const problems = check({
    'bindings/model/a.ts': [
      "import type { X } from '../engine/batch.js'",
      "export { y } from '../engine/batch.js'",
      "export * from '../engine/batch.js'",
      "const z = await import('../engine/batch.js')",
      "let t: import('../engine/batch.js').T",
      "new Worker(new URL('../engine/worker.js', import.meta.url))",
      "const r = require('../engine/batch.js')",
      "// import '../engine/batch.js'",
      'const s = "import \'../engine/batch.js\'"',
    ].join('\n'),
  })
  assert.is(problems.length, 7)
  for (const [i, problem] of problems.entries())
    assert.match(problem, `bindings/model/a.ts:${i + 1}: imports '../engine/`)
})

test('packages: peers only dynamically, never ourselves, unknown rooms named', () => {
  const problems = check({
    'bindings/model/a.ts':
      "import type { M } from '@mujoco/mujoco'\nawait import('@mujoco/mujoco')\nimport load from '@mujoco/mujoco'",
    'bindings/es/b.ts': "import { loadModel } from 'simcrank'\nimport 'simcrank/sysid'",
    'bindings/attic/c.ts': '',
    'assembly/d.ts': "import 'fs'",
  })
  assert.is(problems.length, 5)
  assert.match(problems[0], /assembly\/d\.ts:1/)
  assert.match(problems[1], /attic is on no floor/)
  assert.match(problems[2], /es\/b\.ts:1.*front door/)
  assert.match(problems[4], /model\/a\.ts:3: imports '@mujoco\/mujoco'.*optional peer/)
})

test.run()
