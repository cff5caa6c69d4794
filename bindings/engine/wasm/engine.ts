/** One WebAssembly memory with its worker threads, shared by all batches of a process. */
import type { Worker } from 'node:worker_threads'
import { BackendError } from '../../errors.js'
import { workerEntry } from '../../model/worker-entry.js'
import { Arena } from './arena.js'
import {
  ARGUMENT,
  CHUNK,
  COMMAND,
  CONTROL_BASE,
  CONTROL_BYTES,
  DONE,
  FAILED,
  GENERATION,
  MAX_THREADS,
  MODEL,
  NBLOCK,
  NEXT,
  SCRATCH,
  SPARE,
  THREADS,
  work,
} from './control.js'
import { type Exports, unshare, wasmBytes } from './module.js'

/** 4 GiB, all that 32-bit addresses reach */
const MAX_PAGES = 65536

export interface Job {
  readonly command: number
  readonly model: number
  readonly argument: number
  readonly nblock: number
  /** scratch address of each thread; as many threads take part */
  readonly scratch: readonly number[]
  /** offset of a spare state block behind the scratch */
  readonly spare: number
}

export class Engine {
  readonly arena: Arena
  readonly #workers: Worker[] = []
  #generation = 0
  #lost = false

  private constructor(
    readonly memory: WebAssembly.Memory,
    readonly exports: Exports,
    readonly module: WebAssembly.Module,
    readonly shared: boolean,
  ) {
    this.arena = new Arena(memory, CONTROL_BASE + CONTROL_BYTES)
  }

  static #instance: Promise<Engine> | undefined

  /** The engine of this process, started at the first call. */
  static open(): Promise<Engine> {
    Engine.#instance ??= Engine.start(typeof SharedArrayBuffer !== 'undefined')
    return Engine.#instance
  }

  /**
   * An engine of its own.
   *
   * @param shared threads need a shared memory; without SharedArrayBuffer there is one thread
   */
  static async start(shared: boolean): Promise<Engine> {
    const bytes = await wasmBytes()
    const module = await WebAssembly.compile(shared ? bytes : unshare(bytes))
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared })
    const instance = await WebAssembly.instantiate(module, { env: { memory } })
    return new Engine(memory, instance.exports as unknown as Exports, module, shared)
  }

  /** Have at least `threads` threads, the caller's among them. @throws {BackendError} NO_THREADS, TOO_MANY_THREADS */
  async ensure(threads: number): Promise<void> {
    if (threads > 1 && !this.shared)
      throw new BackendError(
        'NO_THREADS',
        `workers: ${threads} need SharedArrayBuffer, which this host does not have; use workers: 1`,
      )
    if (threads > MAX_THREADS)
      throw new BackendError('TOO_MANY_THREADS', `workers: got ${threads}, at most ${MAX_THREADS}`)
    if (this.#workers.length + 1 >= threads) return
    const { Worker } = await import('node:worker_threads')
    while (this.#workers.length + 1 < threads) {
      const worker = new Worker(workerEntry('./worker', import.meta.url), {
        workerData: {
          module: this.module,
          memory: this.memory,
          thread: this.#workers.length + 1,
          generation: this.#generation,
        },
        execArgv: [],
      })
      await new Promise<void>((resolve, reject) => {
        worker.once('message', () => resolve())
        worker.once('error', cause =>
          reject(new BackendError('WORKER_START', `a worker thread failed to start: ${cause.message}`, { cause })),
        )
        worker.once('exit', code =>
          reject(new BackendError('WORKER_START', `a worker thread ended with code ${code} before it was ready`)),
        )
      })
      worker.removeAllListeners()
      // after this only a kill from outside ends it; run() then finds it missing
      worker.once('exit', () => {
        this.#lost = true
      })
      // an idle engine does not keep the process alive
      worker.unref()
      this.#workers.push(worker)
    }
  }

  /**
   * Run a command over all blocks, the calling thread taking its share; returns when all are done.
   *
   * @throws {BackendError} ENGINE_TRAP when the module trapped: a defect of ours
   */
  run(job: Job): void {
    const control = new Int32Array(this.memory.buffer, CONTROL_BASE, 160)
    const threads = job.scratch.length
    if (this.#lost && threads > 1)
      throw new BackendError('WORKER_LOST', 'a worker thread of the engine has ended; start the process again')
    control[COMMAND] = job.command
    control[MODEL] = job.model
    control[ARGUMENT] = job.argument
    control[NBLOCK] = job.nblock
    control[CHUNK] = Math.max(1, Math.floor(job.nblock / (threads * 8)))
    control[THREADS] = threads
    control[SPARE] = job.spare
    job.scratch.forEach((address, i) => {
      control[SCRATCH + i] = address
    })
    control[NEXT] = 0
    control[DONE] = 0
    control[FAILED] = 0
    if (threads > 1) {
      this.#generation = Atomics.add(control, GENERATION, 1) + 1
      Atomics.notify(control, GENERATION)
    }
    let trap: unknown
    try {
      work(control, this.exports, 0)
    } catch (error) {
      trap = error
    }
    const expected = threads > 1 ? this.#workers.length : 0
    for (let done = Atomics.load(control, DONE); done < expected; done = Atomics.load(control, DONE)) {
      Atomics.wait(control, DONE, done, 100)
    }
    if (trap !== undefined || control[FAILED] > 0)
      throw new BackendError('ENGINE_TRAP', 'the engine module trapped; this is a defect of simcrank', { cause: trap })
  }
}
