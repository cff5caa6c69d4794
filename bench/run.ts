/**
 * Runs the benchmarks and prints one table each: what was measured, beside a peer measured in the same run.
 *
 *   tsx bench/run.ts [--quick] [--write-docs] [NAME…] [SCENE…]
 *
 * Scenes restrict the benchmarks that play scenes. `--quick` is for work on the engine: short turns, counted in processor
 * time where one core is measured. A whole, unhurried run writes build/bench/NAME.json with the machine and the versions;
 * `--write-docs` renews those parts of docs/benchmarks.md that have a file there.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { scenes } from './scenes.js'

/** One line of a benchmark's table. */
export interface Row {
  /** scene, device, nworld */
  name: string
  value: number
  unit: string
  /** the same quantity of the peer, in the same unit */
  peer?: number
  peerName?: string
  /** ours over the peer's, or the other way round: above 1 means we are better */
  ratio?: number
  /** what was asked for: '≥ 50×' speaks of the ratio, '≤ 0.05 ms' of the value */
  target?: string
  /** further columns, by title */
  details?: Readonly<Record<string, string>>
  note?: string
}

/** What every benchmark may be asked; one that plays no scenes pays no heed. */
export interface BenchOptions {
  /** only these scenes, those the benchmark knows */
  readonly scenes?: readonly string[]
  /** an estimate within seconds */
  readonly quick?: boolean
}

interface Result {
  name: string
  title: string
  machine: Record<string, string>
  seconds: number
  rows: Row[]
}

/** Every benchmark: module beside this file, and the function in it that measures. */
const BENCHES = [
  { name: 'physics', run: 'benchPhysics', title: 'Physics steps' },
  { name: 'peers', run: 'benchPeers', title: 'Boxes and scenes, beside Rapier and Jolt' },
  { name: 'identify', run: 'benchIdentify', title: 'Identification' },
  { name: 'es', run: 'benchEs', title: 'Evolution strategies' },
  { name: 'gradient', run: 'benchGradient', title: 'Gradients of evolution strategies' },
  { name: 'features', run: 'benchFeatures', title: 'Rewards over recorded fields' },
  { name: 'rollout', run: 'benchRollout', title: 'Rollouts with a policy' },
  { name: 'threads', run: 'benchThreads', title: 'Threads' },
  { name: 'memory', run: 'benchMemory', title: 'Memory' },
  { name: 'start', run: 'benchStart', title: 'Cold start' },
] as const

const repository = fileURLToPath(new URL('..', import.meta.url))
const results = path.join(repository, 'build', 'bench')
const docs = path.join(repository, 'docs', 'benchmarks.md')

function machine(): Record<string, string> {
  const version = (name: string): string => {
    const file = path.join(repository, 'node_modules', name, 'package.json')
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : 'absent'
  }
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim()
  const inGit = existsSync(path.join(repository, '.git'))
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: `${availableParallelism()} of ${cpus().length}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    platform: `${platform()} ${arch()}`,
    node: process.version,
    v8: process.versions.v8,
    mujoco: version('@mujoco/mujoco'),
    rapier: version('@dimforge/rapier3d-simd-compat'),
    jolt: version('jolt-physics'),
    'gpu.js': version('gpu.js'),
    assemblyscript: version('assemblyscript'),
    simcrank: version('..'),
    commit: inGit
      ? `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' and changes'}`
      : 'unknown',
  }
}

/** Does the row reach its target? undefined when it has none. */
export function reached(row: Row): boolean | undefined {
  if (row.target === undefined) return undefined
  const match = /^([≥≤<>])\s*([\d.]+)\s*(.*)$/.exec(row.target)
  if (match === null) throw new Error(`${row.name}: target '${row.target}' is not like '≥ 50×' or '≤ 0.05 ms'`)
  const [, sign, number, unit] = match
  const value = unit === '×' ? row.ratio : row.value
  if (value === undefined)
    throw new Error(`${row.name}: target '${row.target}' speaks of a ratio, and the row has none`)
  if (unit !== '×' && unit !== row.unit) throw new Error(`${row.name}: target in '${unit}', value in '${row.unit}'`)
  const bound = Number(number)
  return sign === '≥' ? value >= bound : sign === '≤' ? value <= bound : sign === '<' ? value < bound : value > bound
}

/** Three significant digits; thousands with separators. */
function number(x: number | undefined): string {
  if (x === undefined) return ''
  if (Math.abs(x) < 1000) return String(Number(x.toPrecision(3)))
  return String(Math.round(Number(x.toPrecision(3)))).replace(/\B(?=(\d{3})+$)/g, ',')
}

const FIRST = ['', 'ours', 'unit', 'peer', '', 'ratio', 'target', 'reached']

function cells(row: Row, details: readonly string[]): string[] {
  const met = reached(row)
  return [
    row.name,
    number(row.value),
    row.unit,
    number(row.peer),
    row.peerName ?? '',
    row.ratio === undefined ? '' : `${number(row.ratio)}×`,
    row.target ?? '',
    met === undefined ? '' : met ? 'yes' : '**no**',
    ...details.map(title => row.details?.[title] ?? ''),
    row.note ?? '',
  ]
}

/** A GitHub table whose columns also line up on a terminal; empty columns are left out. */
export function table(rows: readonly Row[]): string {
  const details = [...new Set(rows.flatMap(row => Object.keys(row.details ?? {})))]
  const titles = [...FIRST, ...details, 'note']
  const grid = rows.map(row => cells(row, details))
  const used = titles.map((_, k) => k).filter(k => k === 0 || grid.some(line => line[k] !== ''))
  const lines = [titles, ...grid].map(line => used.map(k => line[k].replaceAll('|', '\\|')))
  const width = used.map((_, k) => Math.max(3, ...lines.map(line => line[k].length)))
  const draw = (line: string[]): string => `| ${line.map((cell, k) => cell.padEnd(width[k])).join(' | ')} |`
  return [draw(lines[0]), draw(width.map(w => '-'.repeat(w))), ...lines.slice(1).map(draw)].join('\n')
}

function section(result: Result): string {
  const { cpu, cores, memory, platform, ...versions } = result.machine
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `## ${result.title}`,
    '',
    `\`npm run bench -- ${result.name}\`, ${result.seconds.toFixed(0)} s. ${cpu}, cores ${cores}, ${memory}, ${platform}; ${others.join(', ')}.`,
    '',
    table(result.rows),
  ].join('\n')
}

const BEGIN = '<!-- generated by `npm run bench -- --write-docs`: begin -->'
const END = '<!-- generated: end -->'

/**
 * Renews the sections between the two marks, by title, in the order of BENCHES; sections that were not measured now stay.
 * The prose around the marks is people's.
 */
export function renewDocs(text: string, measured: ReadonlyMap<string, string>): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`docs/benchmarks.md: the marks '${BEGIN}' and '${END}' are missing`)
  const generated = text.slice(begin + BEGIN.length, end).trim()
  const old = new Map(
    generated.split(/^(?=## )/m).map(part => [part.slice(3, part.indexOf('\n')), part.trim()] as const),
  )
  const parts = BENCHES.flatMap(({ title }) => measured.get(title) ?? old.get(title) ?? [])
  return `${text.slice(0, begin)}${BEGIN}\n\n${parts.join('\n\n')}\n\n${text.slice(end)}`
}

async function measure(bench: (typeof BENCHES)[number], options: BenchOptions): Promise<Result> {
  const module = path.join(repository, 'bench', `${bench.name}.ts`)
  if (!existsSync(module)) throw new Error(`bench/${bench.name}.ts is missing`)
  const run: unknown = (await import(module))[bench.run]
  if (typeof run !== 'function') throw new Error(`bench/${bench.name}.ts does not export ${bench.run}`)
  const begin = performance.now()
  const rows: Row[] = await run(options)
  if (rows.length === 0) throw new Error(`bench/${bench.name}.ts measured nothing`)
  for (const row of rows)
    if (!Number.isFinite(row.value)) throw new Error(`bench ${bench.name}, '${row.name}': ${row.value}`)
  return { name: bench.name, title: bench.title, machine: machine(), seconds: (performance.now() - begin) / 1000, rows }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'write-docs': { type: 'boolean' }, quick: { type: 'boolean' } },
  })
  const names = positionals.filter(word => BENCHES.some(bench => bench.name === word))
  const only = positionals.filter(word => !names.includes(word))
  const unknown = only.filter(word => !scenes().some(scene => scene.id === word))
  if (unknown.length > 0) {
    const known = [...BENCHES.map(bench => bench.name), ...scenes().map(scene => scene.id)]
    throw new Error(`no benchmark or scene ${unknown.join(', ')}: there are ${known.join(', ')}`)
  }
  const partial = only.length > 0 || values.quick === true
  const options: BenchOptions = { scenes: only.length > 0 ? only : undefined, quick: values.quick }
  mkdirSync(results, { recursive: true })
  let failures = 0
  for (const bench of BENCHES) {
    if (names.length > 0 && !names.includes(bench.name)) continue
    try {
      const result = await measure(bench, options)
      if (!partial) writeFileSync(path.join(results, `${bench.name}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
      console.log(`${section(result)}\n`)
    } catch (error) {
      // the others are still worth measuring
      failures++
      console.error(`FAIL ${bench.name}: ${error instanceof Error ? error.stack : String(error)}\n`)
    }
  }
  if (values['write-docs']) {
    const files = BENCHES.map(bench => path.join(results, `${bench.name}.json`)).filter(file => existsSync(file))
    const found = files.map(file => JSON.parse(readFileSync(file, 'utf8')) as Result)
    const text = existsSync(docs) ? readFileSync(docs, 'utf8') : `# Benchmarks\n\n${BEGIN}\n${END}\n`
    mkdirSync(path.dirname(docs), { recursive: true })
    writeFileSync(docs, renewDocs(text, new Map(found.map(result => [result.title, section(result)]))))
  }
  return failures > 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // not awaited at the top: the benches import this module, and would wait for it while it waits for them
  process.exitCode = 1
  main().then(code => {
    process.exitCode = code
  })
}
