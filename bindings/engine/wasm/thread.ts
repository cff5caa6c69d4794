/** Starts the engine's worker threads: of node:worker_threads in Node, Web Workers elsewhere. */
import { BackendError } from '../../errors.js'
import { workerEntry } from '../../model/worker-entry.js'

/** What a worker thread starts with. */
export interface Start {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** its number; 0 is the calling thread */
  readonly thread: number
}

/** A worker thread that reported for duty. */
export interface Thread {
  /** from now on it takes part in every command after this generation */
  begin(generation: number): void
  terminate(): void
}

const failed = (why: string, cause?: unknown): BackendError =>
  new BackendError('WORKER_START', `a worker thread ${why}`, { cause })

/**
 * Start a worker thread; resolves when it waits for begin().
 *
 * @param onExit called when the thread ends later, which only something outside the engine brings about
 * @throws {BackendError} WORKER_START
 */
export function startThread(start: Start, onExit: () => void): Promise<Thread> {
  const node = typeof process !== 'undefined' && process.versions?.node !== undefined
  return node ? startNode(start, onExit) : startWeb(start)
}

async function startNode(start: Start, onExit: () => void): Promise<Thread> {
  const { Worker } = await import('node:worker_threads')
  const worker = new Worker(workerEntry('./worker', import.meta.url), { workerData: start, execArgv: [] })
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    worker.once('error', cause => reject(failed(`failed to start: ${cause.message}`, cause)))
    worker.once('exit', code => reject(failed(`ended with code ${code} before it was ready`)))
  })
  worker.removeAllListeners()
  worker.once('exit', onExit)
  // an idle engine does not keep the process alive
  worker.unref()
  return { begin: generation => worker.postMessage(generation), terminate: () => void worker.terminate() }
}

/** A Web Worker tells nobody when it ends: run() finds it missing. */
async function startWeb(start: Start): Promise<Thread> {
  // bundlers recognise this form
  const worker = new Worker(new URL('./web-worker.js', import.meta.url), { type: 'module' })
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve()
    worker.onerror = event => reject(failed(`failed to start: ${event.message || 'web-worker.js cannot be loaded'}`))
    worker.postMessage(start)
  })
  return { begin: generation => worker.postMessage(generation), terminate: () => worker.terminate() }
}
