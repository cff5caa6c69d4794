/** What stays of a run: config.json, metrics.jsonl and checkpoints in a folder, or bytes handed to the caller. */
import { CheckpointError } from '../errors.js'
import { nodeModule } from '../host.js'
import { readSections, writeSections } from './checkpoint.js'
import type { StageHook } from './folder.js'
import type { Generation, MetricsFile } from './metrics.js'
import { checkSameRun, type RunConfig, type RunState, readState, writeState } from './state.js'

/** Where a run is kept. */
export interface KeepOptions {
  /** folder for config.json, metrics.jsonl and checkpoints; Node only */
  readonly folder?: string
  /** go on from the newest sound checkpoint of the folder; without one the run begins anew */
  readonly resume?: boolean
  /** go on from these bytes of a checkpoint, where there are no folders */
  readonly checkpoint?: Uint8Array
  /** generations from one checkpoint to the next; default 10 */
  readonly checkpointEvery?: number
  /** receives the bytes of every checkpoint, where there are no folders */
  onCheckpoint?(bytes: Uint8Array, generation: number): void | Promise<void>
  /** @internal tests stop a write here */
  readonly hook?: StageHook
}

const CHECKPOINT_EVERY = 10
const METRICS = 'metrics.jsonl'

/** the code that knows files; a page that keeps no folder does not load it */
interface Disk {
  readonly folder: string
  readonly files: typeof import('./folder.js')
  metrics: MetricsFile
}

/** Keeps what a run says it did, and finds what it did before. */
export class Keeper {
  readonly history: Generation[] = []
  readonly warnings: string[] = []
  /** where to go on; undefined: at the beginning */
  state: RunState | undefined
  #disk: Disk | undefined
  /** generation of the newest checkpoint */
  #kept = -1

  private constructor(
    private config: RunConfig,
    private readonly options: KeepOptions,
  ) {}

  /**
   * @throws {CheckpointError} CHECKPOINT_EXISTS when a folder holds a run and resume is not asked for; CHECKPOINT_TASK,
   *   CHECKPOINT_MODEL, CHECKPOINT_SETTINGS when it holds another; what is wrong with all checkpoints; METRICS; CHECKPOINT_WRITE
   */
  static async open(config: RunConfig, options: KeepOptions): Promise<Keeper> {
    const keeper = new Keeper(config, options)
    if (options.checkpoint !== undefined) keeper.#resume(readState(readSections(options.checkpoint)))
    if (options.folder !== undefined) await keeper.#openFolder(options.folder)
    return keeper
  }

  async #openFolder(folder: string): Promise<void> {
    const [files, { MetricsFile }] = await Promise.all([import('./folder.js'), import('./metrics.js')])
    const { join } = nodeModule('node:path')
    const { resume = false, hook } = this.options
    await files.prepareFolder(folder)
    if (!resume && (await files.hasRun(folder)))
      throw new CheckpointError(
        'CHECKPOINT_EXISTS',
        'there is a run in this folder: resume it, or choose another one',
        {
          place: folder,
        },
      )
    const loaded = resume ? await files.loadLatest(folder) : undefined
    if (loaded !== undefined) {
      this.#resume(loaded, loaded.file)
      for (const { file, error } of loaded.skipped) {
        await files.setAside(file)
        this.warnings.push(`${error.message}; going on from generation ${loaded.state.generation}, ${loaded.file}`)
      }
    } else if (resume && this.state === undefined) {
      const begun = await files.readConfig(folder)
      if (begun !== undefined) checkSameRun(this.config, begun, join(folder, files.CONFIG))
      this.warnings.push(`${folder}: no checkpoint yet, the run begins anew`)
    }
    const generation = this.state?.generation ?? 0
    const metrics = await MetricsFile.open(join(folder, METRICS), generation)
    if (generation > 0 && metrics.history.length === 0)
      this.warnings.push(
        `${join(folder, METRICS)}: what it told is gone; it begins again after generation ${generation}`,
      )
    this.history.push(...metrics.history)
    this.#disk = { folder, files, metrics }
    const text = `${JSON.stringify(this.config, null, 2)}\n`
    if (loaded === undefined) await files.writeDurably(folder, files.CONFIG, new TextEncoder().encode(text), hook)
  }

  #resume({ config, state }: { config: RunConfig; state: RunState }, place?: string): void {
    // where a run began matters no more once it is on its way
    const { start } = config.settings
    const settings = { ...this.config.settings, start: this.config.settings.start ?? start }
    this.config = start === undefined ? this.config : { ...this.config, settings }
    checkSameRun(this.config, config, place)
    this.state = state
    this.#kept = state.generation
  }

  /** A generation is done; `state` is asked for when it is kept. */
  async generation(it: Generation, state: () => RunState): Promise<void> {
    this.history.push(it)
    await this.#disk?.metrics.append(it)
    const { checkpointEvery = CHECKPOINT_EVERY } = this.options
    if (it.generation % checkpointEvery === 0) await this.checkpoint(state())
  }

  /** Keeps a state, unless it is kept already. */
  async checkpoint(state: RunState): Promise<void> {
    if (state.generation === this.#kept) return
    const sections = writeState(this.config, state)
    if (this.#disk !== undefined) {
      const { folder, files, metrics } = this.#disk
      // the lines first: a checkpoint counts on those up to it
      await metrics.sync()
      await files.saveCheckpoint(folder, state.generation, sections, this.options.hook)
    }
    await this.options.onCheckpoint?.(writeSections(sections), state.generation)
    this.#kept = state.generation
  }

  async close(): Promise<void> {
    await this.#disk?.metrics.close()
  }
}
