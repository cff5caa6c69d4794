/** The worker's side of the pool: takes ranges one by one, answers each. */
import * as errors from '../errors.js'
import { inNode, nodeModule } from '../host.js'
import type { EvaluateRange, RangeAnswer, RangeJob, Run } from './evaluator.js'

/** A range for a worker. Run and population are sent once and kept; `ticket` comes back with the answer. */
export interface Question {
  readonly ticket: number
  readonly run?: Run
  /** without members, where they are rows */
  readonly population?: RangeJob['population']
  /** rows of the range's members */
  readonly members?: Float32Array
  readonly rest: Omit<RangeJob, 'run' | 'population'>
}

/** An error as it travels. */
export interface ErrorWords {
  readonly name: string
  readonly code: string
  readonly message: string
  readonly place?: string
}

export type Reply =
  | { readonly ready: true }
  | { readonly ticket: number; readonly answer: RangeAnswer }
  | { readonly ticket: number; readonly error: ErrorWords }

/** A worker's way to talk to the pool. */
export interface Port {
  send(reply: Reply): void
  listen(receive: (question: Question) => void): void
}

/**
 * Evaluates what comes through a port, in the order of arrival. Never ends.
 *
 * @param port default: that of this worker thread or Web Worker
 */
export async function serveRanges(evaluateRange: EvaluateRange, port?: Port): Promise<void> {
  const open = port ?? (await ownPort())
  let run: Run | undefined
  let population: RangeJob['population'] | undefined
  let last: Promise<void> = Promise.resolve()
  open.listen(question => {
    last = last.then(async () => {
      run = question.run ?? run
      population = question.population ?? population
      const { ticket, rest, members } = question
      try {
        if (run === undefined || population === undefined)
          throw new errors.BackendError('RANGE_SHAPE', 'a range came before its run')
        const own = members === undefined ? population : { ...population, members, firstRow: rest.begin }
        open.send({ ticket, answer: await evaluateRange({ ...rest, run, population: own }) })
      } catch (error) {
        open.send({ ticket, error: wordsOf(error) })
      }
    })
  })
  open.send({ ready: true })
}

async function ownPort(): Promise<Port> {
  if (inNode) {
    const { parentPort } = nodeModule('node:worker_threads')
    if (parentPort === null)
      throw new errors.BackendError('WORKER_START', 'serveRanges: this is no worker thread; start it by a pool')
    return {
      send: reply => parentPort.postMessage(reply),
      listen: receive => void parentPort.on('message', receive),
    }
  }
  return {
    send: reply => postMessage(reply),
    listen: receive => addEventListener('message', event => receive((event as MessageEvent<Question>).data)),
  }
}

function wordsOf(error: unknown): ErrorWords {
  if (error instanceof errors.SimcrankError)
    return { name: error.name, code: error.code, message: error.message, place: error.place }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return { name: 'BackendError', code: 'RANGE_FAILED', message: `evaluating a range failed: ${message}` }
}

/** The error a worker met, as the class it was. */
export function errorOf({ name, code, message, place }: ErrorWords): Error {
  const known: Readonly<Record<string, typeof errors.SimcrankError>> = { ...errors }
  // the constructor puts the place in front again
  const bare = place !== undefined && message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message
  return new (known[name] ?? errors.BackendError)(code, bare, { place })
}
