/**
 * What `npm start` runs: identifies the shipped log with the command line, then compares what it found with what
 * record.ts had hidden. Exits with 1 when a hidden value lies outside its 95 % interval or an interval is wider than ±10 %.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const file = name => relative(root, join(here, name))
const out = join('out', 'identify-servo')
const WIDEST = 0.1 // half an interval over the hidden value

const args = [
  'identify',
  file('servo.xml'),
  file('train.csv'),
  '--map',
  file('map.json'),
  '--space',
  file('space.json'),
]
args.push('--holdout', file('heldout.csv'), '--out', out)
console.log(`simcrank ${args.join(' ')}\n`)
const run = spawnSync(process.execPath, [join('dist', 'bindings', 'cli', 'main.js'), ...args], {
  cwd: root,
  stdio: 'inherit',
})
if (run.status !== 0) process.exit(run.status ?? 1)

const truth = JSON.parse(readFileSync(join(here, 'truth.json'), 'utf8'))
const { parameters } = JSON.parse(readFileSync(join(root, out, 'result.json'), 'utf8'))
const number = value => value.toPrecision(4)
const columns = [10, 10, 10, 24, 8, 8]
const line = cells =>
  console.log(
    `  ${cells
      .map((cell, k) => (k === 0 || k === 5 ? cell.padEnd(columns[k]) : cell.padStart(columns[k])))
      .join('  ')
      .trimEnd()}`,
  )

console.log(
  '\nThe log is simulated, so the answer is known: MuJoCo in double precision moved the servo with these hidden values.\n',
)
line(['parameter', 'hidden', 'found', '95 % interval', '±', ''])
let good = true
for (const { name, unit, value, interval } of parameters) {
  const hidden = truth[name]
  const half = (interval[1] - interval[0]) / 2 / Math.abs(hidden)
  const inside = interval[0] <= hidden && hidden <= interval[1]
  const narrow = half <= WIDEST
  good &&= inside && narrow
  const verdict = inside ? (narrow ? '' : 'interval too wide') : 'outside its interval'
  line([
    name,
    number(hidden),
    number(value),
    `[${interval.map(number).join(', ')}]`,
    `${(100 * half).toFixed(1)} %`,
    `${unit}${verdict && `  ${verdict}`}`,
  ])
}
console.log(good ? '\nEvery hidden value lies within its interval.' : '\nNot every hidden value was recovered.')
console.log(`Open ${join(out, 'report.html')} in a browser for the plots.`)
process.exitCode = good ? 0 : 1
