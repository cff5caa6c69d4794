/** Starts range workers: of node:worker_threads in Node, Web Workers elsewhere. */
import { inNode, nodeModule } from '../host.js'
import { workerEntry } from '../model/worker-entry.js'
import type { Question, Reply } from './serve.js'

/** A started worker, as the pool sees it. */
export interface RangeWorker {
  send(question: Question): void
  /** whether it keeps the process alive; a pool that waits for nothing does not */
  hold(busy: boolean): void
  terminate(): void
}

/** What a pool hears of a worker. */
export interface WorkerEvents {
  reply(reply: Reply): void
  /** it ended, for whatever reason; once */
  gone(why: string): void
}

/** Starts one worker; it says `ready` when it listens. */
export type StartWorker = (events: WorkerEvents) => RangeWorker | Promise<RangeWorker>

/**
 * @param module what evaluates, a URL of a module that exports `evaluateRange`; Node only
 */
export const startWorker =
  (module?: string): StartWorker =>
  events =>
    inNode
      ? startNode(events, module)
      : // bundlers recognise this form
        fromWeb(new Worker(new URL('./range-web-worker.js', import.meta.url), { type: 'module' }), events)

/** Calls `gone` at most once, with the first reason heard. */
function once(gone: (why: string) => void): (why: string) => void {
  let over = false
  return why => {
    if (!over) gone(why)
    over = true
  }
}

async function startNode(events: WorkerEvents, module: string | undefined): Promise<RangeWorker> {
  const { Worker } = nodeModule('node:worker_threads')
  const worker = new Worker(workerEntry('./range-worker', import.meta.url), { workerData: { module }, execArgv: [] })
  const gone = once(events.gone)
  worker.on('message', (reply: Reply) => events.reply(reply))
  worker.on('messageerror', error => gone(error.message))
  worker.on('error', error => gone(error instanceof Error ? error.message : String(error)))
  worker.on('exit', code => gone(`ended with code ${code}`))
  return {
    send: question => worker.postMessage(question),
    hold: busy => (busy ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  }
}

/**
 * A Web Worker, for pages whose bundler wants to see `new Worker(…)` in their own code; its script calls serveRanges.
 */
export function fromWeb(worker: Worker, events: WorkerEvents): RangeWorker {
  const gone = once(events.gone)
  worker.onmessage = event => events.reply(event.data as Reply)
  worker.onmessageerror = () => gone('sent what cannot be read')
  worker.onerror = event => {
    // it may live on after an error nobody caught; nothing it says counts any more
    worker.terminate()
    gone(event.message || 'its script cannot be loaded')
  }
  return {
    send: question => worker.postMessage(question),
    hold: () => {},
    terminate: () => worker.terminate(),
  }
}
