import { type ChildProcess, fork } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SimcrankError, UsageError } from '../errors.js'
import { significant } from '../report/format.js'
import type { CorpusTask, Outcome } from './check-child.js'
import { INTERRUPTED, interruptible } from './interrupt.js'
import { Failure, type Io, toJson } from './io.js'
import { printable } from './table.js'

export interface CorpusOptions {
  /** states to compare of every model */
  readonly worlds: number
  readonly steps: number
  readonly seed: number
  /** models looked at at once, a process each */
  readonly workers: number
  /** s a model may take */
  readonly timeout: number
  readonly json?: boolean
}

/** An outcome, or what befell the process that should have given one. */
export type Verdict = (Outcome | { readonly verdict: 'timeout' | 'crashed'; readonly message: string }) & {
  /** path relative to the folder */
  readonly file: string
  readonly seconds: number
}

const KINDS = /\.(xml|urdf|simcrank)$/i

/** What MuJoCo's memory may gather before a process is replaced: files of its models stay there. */
const MODELS_PER_CHILD = 32

/** Every model file below a folder, sorted. */
export function modelFiles(folder: string): string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError('CORPUS_FOLDER', `--corpus: there is no folder '${folder}'`)
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && KINDS.test(entry.name))
    .map(entry => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

/** One child at a time that answers tasks; replaced when it hangs, dies or has seen enough. */
class Examiner {
  #child: ChildProcess | undefined
  #seen = 0

  /** the outcome of one model, or what befell the child */
  ask(
    task: CorpusTask,
    timeout: number,
    signal: AbortSignal,
  ): Promise<Outcome | { verdict: 'timeout' | 'crashed'; message: string }> {
    if (this.#seen++ % MODELS_PER_CHILD === 0) this.end()
    this.#child ??= fork(fileURLToPath(new URL(`./check-child${import.meta.url.slice(-3)}`, import.meta.url)), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // typed arrays and infinities survive
      serialization: 'advanced',
    })
    const child = this.#child
    return new Promise(resolve => {
      const settle = (result: Outcome | { verdict: 'timeout' | 'crashed'; message: string }, end: boolean): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        child.removeAllListeners()
        if (end) this.end()
        resolve(result)
      }
      const crashed = (how: string): void => settle({ verdict: 'crashed', message: how }, true)
      const stop = (): void => crashed('interrupted')
      const timer = setTimeout(
        () => settle({ verdict: 'timeout', message: `not done after ${timeout} s` }, true),
        timeout * 1000,
      )
      signal.addEventListener('abort', stop)
      child.on('message', (outcome: Outcome) => settle(outcome, outcome.verdict === 'failed'))
      child.on('error', error => crashed(error.message))
      child.on('exit', (code, by) => crashed(`the process that looked at it ended with ${by ?? `code ${code}`}`))
      child.send(task)
    })
  }

  end(): void {
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }
}

/**
 * Look at every model below a folder, each in a process that may fail.
 *
 * @param each called for every model, in the order of `modelFiles`
 */
export async function examineCorpus(
  folder: string,
  options: CorpusOptions,
  signal: AbortSignal,
  each: (verdict: Verdict) => void = () => {},
): Promise<Verdict[]> {
  const files = modelFiles(folder)
  const { worlds, steps, seed, timeout, workers } = options
  const verdicts: (Verdict | undefined)[] = files.map(() => undefined)
  let [next, told] = [0, 0]
  const examine = async (): Promise<void> => {
    const examiner = new Examiner()
    try {
      while (next < files.length && !signal.aborted) {
        const i = next++
        const begin = performance.now()
        const found = await examiner.ask({ file: join(folder, files[i]), worlds, steps, seed }, timeout, signal)
        if (signal.aborted) return
        verdicts[i] = { file: files[i], seconds: (performance.now() - begin) / 1000, ...found }
        for (let verdict = verdicts[told]; verdict !== undefined; verdict = verdicts[++told]) each(verdict)
      }
    } finally {
      examiner.end()
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, files.length) }, examine))
  return verdicts.filter(it => it !== undefined)
}

const WORDS: Readonly<Record<Verdict['verdict'], string>> = {
  same: 'same',
  differs: 'DIFFERS',
  refused: 'refused',
  invalid: 'invalid',
  failed: 'FAILED',
  timeout: 'TIMEOUT',
  crashed: 'CRASHED',
}

/** Verdicts after which nobody can say that all supported models agree. */
const BAD: readonly Verdict['verdict'][] = ['differs', 'failed', 'timeout', 'crashed']

const first = (text: string): string => text.split('\n')[0]

/** What there is to say about one model, in one line. */
function remark(verdict: Verdict): string {
  switch (verdict.verdict) {
    case 'same': {
      const { qacc, contacts, rows, trajectory } = verdict.comparison
      const few = (x: number): string => significant(x, 2)
      const explained = qacc.explained > 0 ? `, ${qacc.explained} outliers explained` : ''
      return `qacc within ${few(qacc.p99)}${explained}; contacts ${contacts.simcrank}, rows ${rows.simcrank}; trajectory ${few(trajectory.max)}`
    }
    case 'differs':
      return verdict.comparison.disagreements.join('; ')
    case 'refused': {
      const more = verdict.reasons.length > 1 ? ` (and ${verdict.reasons.length - 1} more)` : ''
      return `${first(verdict.reasons[0])}${more}`
    }
    default:
      return first(verdict.message)
  }
}

/** `19 models: 12 same, 1 differs …` */
function summary(verdicts: readonly Verdict[]): string {
  const counts = Object.entries(WORDS)
    .map(([kind, word]) => [verdicts.filter(it => it.verdict === kind).length, word.toLowerCase()] as const)
    .filter(([n]) => n > 0)
  return `${verdicts.length} ${verdicts.length === 1 ? 'model' : 'models'}: ${counts.map(([n, word]) => `${n} ${word}`).join(', ')}`
}

/**
 * `simcrank check --corpus DIR`: one line a model, and a summary.
 *
 * @throws {Failure} 1 unless all supported models agree; 130 when interrupted, after the models looked at so far
 * @throws {UsageError} CORPUS_FOLDER
 * @throws {SimcrankError} CORPUS_EMPTY when the folder holds no model
 */
export async function checkCorpus(io: Io, folder: string, options: CorpusOptions): Promise<void> {
  const files = modelFiles(folder)
  if (files.length === 0)
    throw new SimcrankError('CORPUS_EMPTY', `there is no .xml, .urdf or .simcrank file in ${folder}`)
  const width = Math.min(48, Math.max(...files.map(file => file.length)))
  const tell = (verdict: Verdict): void => {
    if (options.json === true) return
    io.out(
      `${WORDS[verdict.verdict].padEnd(8)} ${printable(verdict.file).padEnd(width)}  ${printable(remark(verdict))}\n`,
    )
  }
  const { value: verdicts, interrupted } = await interruptible(io, 'stopping', signal =>
    examineCorpus(folder, options, signal, tell),
  )
  const agree = !interrupted && verdicts.every(it => !BAD.includes(it.verdict))
  if (options.json === true) io.out(toJson({ folder, agree, interrupted, models: verdicts }))
  else
    io.out(
      `${summary(verdicts)}${interrupted ? `; interrupted, ${files.length - verdicts.length} not looked at` : ''}\n`,
    )
  if (interrupted) throw new Failure(INTERRUPTED)
  if (!agree) throw new Failure(1)
}
