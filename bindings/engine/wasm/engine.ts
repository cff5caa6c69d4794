/** One WebAssembly memory with its worker threads, shared by all batches of a process. */
import { BackendError } from '../../errors.js'
import { Arena } from './arena.js'
import {
  ARGUMENT,
  AWAKE,
  CHUNK,
  COMMAND,
  CONTROL_BASE,
  CONTROL_BYTES,
  controlOf,
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
import { engineFailed } from './files.js'
import type { Exports } from './module.js'
import type { Thread } from './thread.js'

/** 4 GiB, all that 32-bit addresses reach */
const MAX_PAGES = 65536
/** a worker that has not woken up after this many ms is not there any more; a loaded machine takes milliseconds */
const WAKE_MS = 5_000
/** ms between two looks at who has woken up */
const LOOK_MS = 100

/** Whether this thread may sleep: the main thread of a browser may not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0)
    return true
  } catch {
    return false
  }
}

/** @throws {BackendError} OUT_OF_MEMORY */
function reserve(shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared })
  } catch (cause) {
    throw new BackendError('OUT_OF_MEMORY', 'this host has no memory for the engine', { cause })
  }
}

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
  /** @internal the workers, not the calling thread */
  readonly threads: Thread[] = []
  #generation = 0
  #lost = false
  #hiring: Promise<void> = Promise.resolve()
  readonly #sleeps = maySleep()

  private constructor(
    readonly memory: WebAssembly.Memory,
    readonly exports: Exports,
    readonly module: WebAssembly.Module,
    readonly shared: boolean,
  ) {
    this.arena = new Arena(memory, CONTROL_BASE + CONTROL_BYTES)
  }

  static #instance: Promise<Engine> | undefined

  /** The engine of this process, started at the first call, and again after one that failed. */
  static open(): Promise<Engine> {
    Engine.#instance ??= Engine.start(typeof SharedArrayBuffer !== 'undefined').catch(error => {
      Engine.#instance = undefined
      engineFailed()
      throw error
    })
    return Engine.#instance
  }

  /**
   * An engine of its own.
   *
   * @param shared threads need a shared memory; without SharedArrayBuffer there is one thread
   */
  static async start(shared: boolean): Promise<Engine> {
    const { unshare, wasmBytes } = await import('./module.js')
    const bytes = await wasmBytes()
    const module = await WebAssembly.compile(shared ? bytes : unshare(bytes)).catch(cause => {
      throw new BackendError(
        'WASM_REFUSED',
        `this host does not compile the engine's WebAssembly module (${cause.message}); it needs 128-bit SIMD, and of a ` +
          "page's Content-Security-Policy 'wasm-unsafe-eval'",
        { cause },
      )
    })
    const memory = reserve(shared)
    const instance = await WebAssembly.instantiate(module, { env: { memory } })
    return new Engine(memory, instance.exports as unknown as Exports, module, shared)
  }

  /** Have at least `threads` threads, the caller's among them. @throws {BackendError} NO_THREADS, TOO_MANY_THREADS */
  async ensure(threads: number): Promise<void> {
    if (threads > 1 && !this.shared)
      throw new BackendError(
        'NO_THREADS',
        `workers: ${threads} need SharedArrayBuffer, which this host does not have; use workers: 1, or in a browser ` +
          'serve the page with the headers that isolate it (Cross-Origin-Opener-Policy: same-origin, ' +
          'Cross-Origin-Embedder-Policy: require-corp)',
      )
    if (threads > MAX_THREADS)
      throw new BackendError('TOO_MANY_THREADS', `workers: got ${threads}, at most ${MAX_THREADS}`)
    // one after the other, whoever asks: threads are numbered
    const hired = this.#hiring.then(() => this.#hire(threads))
    this.#hiring = hired.catch(() => {})
    return hired
  }

  async #hire(threads: number): Promise<void> {
    if (this.threads.length + 1 >= threads) return
    const { module, memory } = this
    const { startThread } = await import('./thread.js')
    const onExit = (): void => {
      this.#lost = true
    }
    while (this.threads.length + 1 < threads) {
      const thread = await startThread({ module, memory, thread: this.threads.length + 1 }, onExit)
      // in the same breath: commands may have run meanwhile, and from the next on it counts
      thread.begin(this.#generation)
      this.threads.push(thread)
    }
  }

  /**
   * Run a command over all blocks, the calling thread taking its share; returns when all are done.
   *
   * @throws {BackendError} ENGINE_TRAP when the module trapped: a defect of ours; WORKER_LOST when a worker has ended;
   *   the state is then undefined
   */
  run(job: Job): void {
    const control = controlOf(this.memory)
    const threads = job.scratch.length
    if (this.#lost && threads > 1) throw lost()
    control[COMMAND] = job.command
    control[MODEL] = job.model
    control[ARGUMENT] = job.argument
    control[NBLOCK] = job.nblock
    control[CHUNK] = Math.max(1, Math.floor(job.nblock / (threads * 32)))
    control[THREADS] = threads
    control[SPARE] = job.spare
    job.scratch.forEach((address, i) => {
      control[SCRATCH + i] = address
    })
    control[NEXT] = 0
    control[DONE] = 0
    control[FAILED] = 0
    control[AWAKE] = 0
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
    if (threads > 1) this.#join(control)
    if (trap !== undefined || control[FAILED] > 0)
      throw new BackendError('ENGINE_TRAP', 'the engine module trapped; this is a defect of simcrank', { cause: trap })
  }

  /** wait for all workers */
  #join(control: Int32Array): void {
    const expected = this.threads.length
    // clock: only to give up, not to compute
    let last = performance.now()
    let waited = 0
    for (;;) {
      const done = Atomics.load(control, DONE)
      if (done === expected) return
      // where nobody may sleep we look again at once: the last ranges of blocks are short
      if (this.#sleeps) Atomics.wait(control, DONE, done, LOOK_MS)
      if (Atomics.load(control, AWAKE) === expected) continue
      // clock: a pause of the whole process counts for one look
      const now = performance.now()
      waited += Math.min(now - last, LOOK_MS)
      last = now
      if (waited > WAKE_MS) {
        this.#lost = true
        throw lost()
      }
    }
  }
}

const lost = (): BackendError =>
  new BackendError('WORKER_LOST', 'a worker thread of the engine has ended; start the process again, or use workers: 1')
