/** A pool of worker threads, each with an engine of its own, as an Evaluator. */
import { BackendError } from '../errors.js'
import type { Evaluator, RangeAnswer, RangeJob } from './evaluator.js'
import { errorOf, type Reply } from './serve.js'
import { type RangeWorker, type StartWorker, startWorker } from './start-worker.js'

/** a range that this many workers died of is to blame itself */
const ATTEMPTS = 3
/** so many starts without one that succeeds, and the pool gives up */
const STARTS = 3

/** worker threads at most: each has an engine of its own */
export const MAX_WORKERS = 128

/** A number of threads. @throws {BackendError} WORKERS */
export function checkWorkers(workers: number, least = 1): number {
  if (!Number.isInteger(workers) || workers < least || workers > MAX_WORKERS)
    throw new BackendError(
      'WORKERS',
      `workers: got ${workers}, expected a whole number from ${least} to ${MAX_WORKERS}`,
    )
  return workers
}

export interface PoolOptions {
  /** worker threads, 1 to 128; no more are started than ranges wait */
  readonly workers: number
  /** URL of a module that exports `evaluateRange`, run instead of our rollouts; Node only */
  readonly module?: string | URL
  /** how a worker is started, where neither fits */
  readonly start?: StartWorker
}

/** A range that waits or is being evaluated. */
interface Task {
  readonly job: RangeJob
  readonly resolve: (answer: RangeAnswer) => void
  readonly reject: (error: unknown) => void
  /** workers that died of it */
  attempts: number
  /** its promise is settled: nobody waits for it */
  over: boolean
}

/** A place for a worker; the worker in it may change. */
interface Seat {
  /** counts its workers: what an earlier one still says does not count */
  epoch: number
  state: 'empty' | 'starting' | 'free' | 'busy'
  worker?: RangeWorker
  task?: Task
  ticket: number
  /** what its worker has been sent and keeps */
  run?: string
  population?: RangeJob['population']
  generation?: number
}

/**
 * Hands out ranges one by one. A worker that dies is replaced, and the range it had goes to the next; an answer counts only
 * from the worker that has the range, so that nothing is counted twice.
 */
export class PoolEvaluator implements Evaluator {
  #lost = 0
  #failedStarts = 0
  #tickets = 0
  #broken: Error | undefined
  readonly #queue: Task[] = []
  readonly #seats: Seat[] = []
  readonly #start: StartWorker

  /** Workers start with the first range. @throws {BackendError} WORKERS */
  constructor(options: PoolOptions) {
    const { workers, module, start } = options
    checkWorkers(workers)
    this.#start = start ?? startWorker(module === undefined ? undefined : String(module))
    for (let i = 0; i < workers; i++) this.#seats.push({ epoch: 0, state: 'empty', ticket: 0 })
  }

  get lost(): number {
    return this.#lost
  }

  /** @internal tests end workers by it */
  get workers(): readonly (RangeWorker | undefined)[] {
    return this.#seats.map(seat => seat.worker)
  }

  evaluate(job: RangeJob, signal?: AbortSignal): Promise<RangeAnswer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (this.#broken !== undefined) return reject(this.#broken)
      const abort = (): void => task.reject(signal?.reason)
      const settle = <T>(act: (value: T) => void) => {
        return (value: T): void => {
          task.over = true
          signal?.removeEventListener('abort', abort)
          act(value)
        }
      }
      const task: Task = { job, resolve: settle(resolve), reject: settle(reject), attempts: 0, over: false }
      signal?.addEventListener('abort', abort, { once: true })
      this.#queue.push(task)
      for (const seat of this.#seats) this.#serve(seat)
    })
  }

  dispose(): void {
    this.#break(new BackendError('DISPOSED', 'the pool of workers was disposed of'))
  }

  /** Gives a free worker the next range; an empty seat gets a worker when there is something to do. */
  #serve(seat: Seat): void {
    if (this.#broken !== undefined) return
    while (this.#queue[0]?.over) this.#queue.shift()
    if (this.#queue.length === 0) return
    // those that start or idle will take theirs
    const ready = this.#seats.filter(({ state }) => state === 'starting' || state === 'free').length
    if (seat.state === 'empty' && ready < this.#queue.length) this.#fill(seat)
    if (seat.state !== 'free' || seat.worker === undefined) return
    const task = this.#queue.shift() as Task
    const { run, population, ...rest } = task.job
    const { generation, members } = population
    const nparam = population.theta.length
    const known = seat.population === population && seat.generation === generation
    seat.state = 'busy'
    seat.task = task
    seat.ticket = ++this.#tickets
    seat.worker.hold(true)
    seat.worker.send({
      ticket: seat.ticket,
      ...(seat.run !== run.id && { run }),
      ...(!known && { population: members === undefined ? population : { ...population, members: undefined } }),
      // a copy of these rows alone: a view would take all of them along
      ...(members && { members: members.slice(rest.begin * nparam, rest.end * nparam) }),
      rest,
    })
    Object.assign(seat, { run: run.id, population, generation })
  }

  #fill(seat: Seat): void {
    const epoch = ++seat.epoch
    seat.state = 'starting'
    const gone = (why: string): void => {
      if (seat.epoch === epoch) this.#bury(seat, why)
    }
    const reply = (it: Reply): void => {
      if (seat.epoch === epoch) this.#hear(seat, it)
    }
    const failed = (error: unknown): void => gone(error instanceof Error ? error.message : String(error))
    new Promise<RangeWorker>(resolve => resolve(this.#start({ reply, gone }))).then(worker => {
      if (seat.epoch !== epoch || this.#broken !== undefined) return worker.terminate()
      seat.worker = worker
      this.#serve(seat)
    }, failed)
  }

  #hear(seat: Seat, reply: Reply): void {
    const { task } = seat
    if ('ready' in reply) {
      this.#failedStarts = 0
    } else {
      if (task === undefined || reply.ticket !== seat.ticket) return
      seat.task = undefined
      if ('answer' in reply) task.resolve(reply.answer)
      else task.reject(errorOf(reply.error))
    }
    seat.state = 'free'
    this.#serve(seat)
    // an idle pool does not keep the process alive
    if (seat.state === 'free') seat.worker?.hold(false)
  }

  /** A worker is gone: its range goes back to the front, and another worker comes. */
  #bury(seat: Seat, why: string): void {
    const { task, state } = seat
    Object.assign(seat, { state: 'empty', worker: undefined, task: undefined })
    Object.assign(seat, { run: undefined, population: undefined, generation: undefined })
    seat.epoch++
    if (this.#broken !== undefined) return
    if (state !== 'starting') this.#lost++
    else if (++this.#failedStarts >= STARTS) {
      this.#break(new BackendError('WORKER_START', `worker threads do not start: the last one ${said(why)}`))
      return
    }
    if (task !== undefined && !task.over) {
      task.attempts++
      if (task.attempts < ATTEMPTS) this.#queue.unshift(task)
      else {
        const { begin, end } = task.job
        task.reject(
          new BackendError(
            'WORKER_LOST',
            `members ${begin} to ${end - 1} ended ${ATTEMPTS} worker threads one after the other; the last one ${said(why)}`,
          ),
        )
      }
    }
    for (const other of this.#seats) this.#serve(other)
  }

  #break(error: Error): void {
    if (this.#broken !== undefined) return
    this.#broken = error
    const tasks = [...this.#queue.splice(0), ...this.#seats.map(seat => seat.task)]
    for (const seat of this.#seats) {
      seat.task = undefined
      seat.worker?.terminate()
    }
    for (const task of tasks) if (task !== undefined && !task.over) task.reject(error)
  }
}

const said = (why: string): string => (why.startsWith('ended') ? why : `said: ${why}`)
