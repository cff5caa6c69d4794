/** Starts the engine's worker threads: of node:worker_threads in Node, Web Workers elsewhere. */
import { BackendError } from '../../errors.js'
import { inNode, nodeModule } from '../../host.js'
import { workerEntry } from '../../model/worker-entry.js'
import { engineFiles } from './files.js'

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

/** ms after which a script that was found but says nothing is not ours; a slow network takes seconds */
const START_MS = 20_000

const failed = (why: string, cause?: unknown): BackendError =>
  new BackendError('WORKER_START', `a worker thread ${why}`, { cause })

/**
 * Start a worker thread; resolves when it waits for begin().
 *
 * @param onExit called when the thread ends later, which only something outside the engine brings about
 * @throws {BackendError} WORKER_START
 */
export function startThread(start: Start, onExit: () => void): Promise<Thread> {
  return inNode ? startNode(start, onExit) : startWeb(start)
}

async function startNode(start: Start, onExit: () => void): Promise<Thread> {
  const { Worker } = nodeModule('node:worker_threads')
  const { workerUrl, embedded } = engineFiles()
  const own = (): URL => (embedded ? dataUrl(embedded.worker) : workerEntry('./worker', import.meta.url))
  const worker = new Worker(workerUrl ?? own(), { execArgv: [] })
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('error', cause => reject(failed(`failed to start: ${cause.message}`, cause)))
      worker.once('exit', code => reject(failed(`ended with code ${code} before it was ready`)))
      timer = setTimeout(() => reject(silent()), START_MS)
      worker.postMessage(start)
    })
  } catch (error) {
    void worker.terminate()
    throw error
  } finally {
    clearTimeout(timer)
  }
  worker.removeAllListeners()
  worker.once('exit', onExit)
  // an idle engine does not keep the process alive
  worker.unref()
  return { begin: generation => worker.postMessage(generation), terminate: () => void worker.terminate() }
}

/** A Web Worker tells nobody when it ends: run() finds it missing. */
async function startWeb(start: Start): Promise<Thread> {
  const { worker, place, release } = openWeb()
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve()
      worker.onerror = event => {
        event.preventDefault()
        const why = event.message
          ? `: ${event.message}`
          : `: ${place} cannot be loaded; configureEngine takes a workerUrl`
        reject(failed(`failed to start${why}`))
      }
      timer = setTimeout(() => reject(silent()), START_MS)
      worker.postMessage(start)
    })
  } catch (error) {
    worker.terminate()
    throw error
  } finally {
    clearTimeout(timer)
    release()
  }
  return { begin: generation => worker.postMessage(generation), terminate: () => worker.terminate() }
}

const silent = (): BackendError => failed('says nothing; is its script that of this version of simcrank?')

/** @throws {BackendError} WORKER_START where the page may have no such worker */
function openWeb(): { readonly worker: Worker; readonly place: string; release(): void } {
  const { workerUrl, embedded } = engineFiles()
  try {
    if (workerUrl === undefined && embedded === undefined) {
      // bundlers recognise this form
      const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
      return { worker, place: 'its script', release: () => {} }
    }
    // a page starts scripts of its own origin; such a one may import others
    const local = workerUrl === undefined || workerUrl.origin !== globalThis.location?.origin
    const text = workerUrl === undefined ? (embedded?.worker as string) : `import ${JSON.stringify(workerUrl.href)}`
    const url = local ? URL.createObjectURL(new Blob([text], { type: 'text/javascript' })) : workerUrl.href
    return {
      worker: new Worker(url, { type: 'module' }),
      place: workerUrl?.href ?? 'its script',
      release: () => (local ? URL.revokeObjectURL(url) : undefined),
    }
  } catch (cause) {
    throw failed(`may not be started here: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
}

const dataUrl = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(text)}`)
