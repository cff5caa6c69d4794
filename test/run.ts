/**
 * Runs every test/**\/*.test.ts, each in its own process, and prints one closing line: `N passed, N failed, N skipped`.
 *
 *   tsx test/run.ts [--jobs N] [--timeout SECONDS] [--root DIR] [FILTER…]
 *
 * A FILTER is a part of a path; without one, everything runs. A file fails when a test of it fails, when it registers
 * no test, forgets `test.run()`, leaves a `.only` behind, exits early or does not end within the timeout.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { lostTests } from './tools/suites.js'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** What uvu printed at the end of one file. */
interface Summary {
  total: number
  passed: number
  skipped: number
}

interface FileResult {
  passed: number
  failed: number
  skipped: number
  /** what is wrong with the file as a whole; each counts as one failure */
  reasons: string[]
  output: string
  seconds: number
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are control characters
const COLOURS = /\u001b\[[0-9;]*m/g

/** uvu's closing summaries in the output of one process; a sound file has exactly one. */
function summaries(output: string): Summary[] {
  const pattern = /^ {2}Total: +(\d+)\r?\n {2}Passed: +(\d+)\r?\n {2}Skipped: +(\d+)\r?\n {2}Duration: /gm
  return [...output.replace(COLOURS, '').matchAll(pattern)].map(([, total, passed, skipped]) => ({
    total: Number(total),
    passed: Number(passed),
    skipped: Number(skipped),
  }))
}

function findTests(root: string, filters: readonly string[]): string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map(entry => path.relative(repository, path.join(entry.parentPath, entry.name)))
    .sort()
  return filters.length === 0 ? files : files.filter(file => filters.some(filter => file.includes(filter)))
}

const running = new Set<number>()

/** the whole process group, so that what a test started dies with it */
function kill(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function runFile(file: string, timeout: number): Promise<FileResult> {
  const begin = performance.now()
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: repository,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  if (child.pid !== undefined) running.add(child.pid)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    output += text
  })
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    if (child.pid !== undefined) kill(child.pid)
  }, timeout * 1000)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (child.pid !== undefined) running.delete(child.pid)
      const source = readFileSync(path.join(repository, file), 'utf8')
      const ended = timedOut
        ? `did not end within ${timeout} s`
        : code === 0
          ? undefined
          : `ended with ${signal ?? `code ${code}`}`
      resolve({ ...judge(source, output, ended), output, seconds: (performance.now() - begin) / 1000 })
    })
  })
}

/** Counts of one file, and what is wrong with it; `ended` says how the process ended when not with code 0. */
function judge(source: string, output: string, ended: string | undefined): Omit<FileResult, 'output' | 'seconds'> {
  const found = summaries(output)
  const summary = found.at(-1) ?? { total: 0, passed: 0, skipped: 0 }
  const reasons = lostTests(source)
  const failed = summary.total - summary.passed
  if (found.length > 1) reasons.push('run() was called after the tests had begun: call it once, at the end')
  if (found.length === 0 && ended === undefined && reasons.length === 0) {
    reasons.push('printed no summary: test.run() is missing')
  }
  if (found.length === 1 && summary.total + summary.skipped === 0) reasons.push('registers no test')
  // a failed test explains exit code 1 by itself
  if (ended !== undefined && !(failed > 0 && ended === 'ended with code 1')) reasons.push(ended)
  return { passed: summary.passed, failed: failed + reasons.length, skipped: summary.skipped, reasons }
}

function report(file: string, result: FileResult): void {
  const counts = [`${result.passed} passed`]
  if (result.failed > 0) counts.push(`${result.failed} FAILED`)
  if (result.skipped > 0) counts.push(`${result.skipped} skipped`)
  console.log(`${result.failed > 0 ? '✘' : '•'} ${file}  ${counts.join(', ')}  (${result.seconds.toFixed(1)} s)`)
  if (result.failed > 0) {
    console.log(result.output.replace(/^/gm, '    ').trimEnd())
    for (const reason of result.reasons) console.log(`  FAIL ${file}: ${reason}`)
  } else {
    for (const line of result.output.split('\n')) if (line.startsWith('SKIP ')) console.log(`  ${line}`)
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      timeout: { type: 'string', default: '600' },
      root: { type: 'string', default: path.join(repository, 'test') },
    },
  })
  const jobs = Number(values.jobs)
  const timeout = Number(values.timeout)
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs: got ${values.jobs}, expected a positive integer`)
  if (!(timeout > 0)) throw new Error(`--timeout: got ${values.timeout}, expected seconds`)
  if (!existsSync(values.root)) throw new Error(`--root: ${values.root} does not exist`)
  const queue = findTests(values.root, positionals)
  const count = { passed: 0, failed: 0, skipped: 0 }
  if (queue.length === 0) {
    console.log(
      `FAIL no test file ${positionals.length > 0 ? `matches ${positionals.join(' ')}` : `under ${values.root}`}`,
    )
    count.failed++
  }
  const work = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file, timeout)
      report(file, result)
      count.passed += result.passed
      count.failed += result.failed
      count.skipped += result.skipped
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  return count.failed > 0 ? 1 : 0
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const pid of running) kill(pid)
    process.exit(1)
  })
}
process.exitCode = await main()
