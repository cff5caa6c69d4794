/** What a generation brought, and metrics.jsonl: a line for each, only ever appended to. */
import type { FileHandle } from 'node:fs/promises'
import { CheckpointError } from '../errors.js'
import { nodeModule } from '../host.js'

const { open, readFile } = nodeModule('node:fs/promises')

/** One generation. Returns are means over a member's episodes; higher is better. */
export interface Generation {
  /** 1, 2 … */
  readonly generation: number
  /** of the best member; NaN when all failed */
  readonly bestReturn: number
  /** over members that did not fail */
  readonly meanReturn: number
  /** standard deviation over members that did not fail */
  readonly stdReturn: number
  /** mean return of the mean policy over the evaluation episodes; every so many generations. NaN when one of them failed */
  readonly evalReturn?: number
  /** standard deviation of the evaluation's episodes (n - 1) */
  readonly evalStd?: number
  /** evaluation episodes that failed: a reward term was not finite, or the world diverged; the evaluation counts for nothing */
  readonly evalFailed?: number
  /** best evalReturn so far */
  readonly bestEval?: number
  /** environment steps (control steps) since the run began, evaluation left out */
  readonly steps: number
  /** standard deviation of perturbations; with one for each parameter, their root mean square */
  readonly sigma: number
  /** members that failed: a reward term was not finite, or the world diverged */
  readonly failed: number
  /** names of those reward terms */
  readonly failedTerms: readonly string[]
  /** wall-clock time of the run up to here, all its processes together; s */
  readonly seconds: number
  /** environment steps a second of this generation, evaluation left out */
  readonly stepsPerSecond: number
}

/** A generation as it happens. */
export interface Progress extends Generation {
  /** s until the first limit is reached at the present pace; undefined without limits or before a pace is known */
  readonly timeLeft?: number
  /** workers that died and were replaced */
  readonly lost: number
}

/** What differs between two runs of the same bits. */
export const WALL_CLOCK = ['seconds', 'stepsPerSecond'] as const

const KEYS = [
  'generation',
  'bestReturn',
  'meanReturn',
  'stdReturn',
  'evalReturn',
  'evalStd',
  'evalFailed',
  'bestEval',
  'steps',
  'sigma',
  'failed',
  'failedTerms',
  ...WALL_CLOCK,
] as const

/** The line of a generation; NaN is null. */
export const metricsLine = (it: Generation): string => `${JSON.stringify(it, [...KEYS])}\n`

/** The generation of a line; undefined when it is none. */
function parseLine(line: string): Generation | undefined {
  try {
    const it = JSON.parse(line) as Generation
    if (!Number.isSafeInteger(it?.generation)) return undefined
    const entries = Object.entries(it).map(([key, value]) => [key, value ?? Number.NaN])
    return Object.fromEntries(entries) as Generation
  } catch {
    return undefined
  }
}

/** @throws {CheckpointError} CHECKPOINT_WRITE naming the file */
async function written<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (cause) {
    throw new CheckpointError('CHECKPOINT_WRITE', `cannot write: ${(cause as Error).message}`, { place: file, cause })
  }
}

/** The file, open for appending. */
export class MetricsFile {
  private constructor(
    private readonly handle: FileHandle,
    private readonly file: string,
    /** generations of the file as it was opened */
    readonly history: readonly Generation[],
  ) {}

  /**
   * Opens metrics.jsonl and cuts it to the generation of a checkpoint: what came after will come again. A file that is not
   * there or empty begins with the next generation.
   *
   * @throws {CheckpointError} METRICS when lines up to that generation are missing or damaged; CHECKPOINT_READ; CHECKPOINT_WRITE
   */
  static async open(file: string, generation: number): Promise<MetricsFile> {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw new CheckpointError('CHECKPOINT_READ', `cannot read: ${error.message}`, { place: file, cause: error })
    })
    const history: Generation[] = []
    let length = 0
    while (text !== '' && (history.at(-1)?.generation ?? 0) < generation) {
      const end = text.indexOf('\n', length)
      const it = end < 0 ? undefined : parseLine(text.slice(length, end))
      const last = history.at(-1)
      if (it === undefined || it.generation > generation || (last && it.generation !== last.generation + 1))
        throw new CheckpointError(
          'METRICS',
          `line ${history.length + 1} is missing or damaged, and the checkpoint is of generation ${generation}: ` +
            'take the file away to go on without what it told',
          { place: file },
        )
      history.push(it)
      length = end + 1
    }
    const handle = await written(file, () => open(file, 'a'))
    // lengths of files are in bytes
    await written(file, () => handle.truncate(Buffer.byteLength(text.slice(0, length))))
    return new MetricsFile(handle, file, history)
  }

  async append(it: Generation): Promise<void> {
    await written(this.file, () => this.handle.appendFile(metricsLine(it)))
  }

  /** Waits until the disk has every line: before a checkpoint that counts on them. */
  async sync(): Promise<void> {
    await written(this.file, () => this.handle.sync())
  }

  async close(): Promise<void> {
    await this.handle.close()
  }
}
