import { duration, significant } from '../report/format.js'
import type { Limits } from '../train/limits.js'
import type { Progress } from '../train/metrics.js'
import type { Io } from './io.js'
import { thousands } from './words.js'

/** What is shown while a run goes on. */
export interface TrainView {
  update(progress: Progress): void
  stop(): void
}

/** ms between two lines: more is flicker */
const PERIOD = 100

/** The line of a generation: return, best, speed, time left. */
export function progressLine(it: Progress, limits: Limits): string {
  const of = limits.generations === undefined ? '' : `/${limits.generations}`
  const parts = [
    `generation ${it.generation}${of}`,
    `return ${significant(it.meanReturn)}`,
    ...(it.bestEval === undefined ? [] : [`best ${significant(it.bestEval)}`]),
    `${thousands(Math.round(it.stepsPerSecond))} steps/s`,
    ...(it.timeLeft === undefined ? [duration(it.seconds)] : [`${duration(it.timeLeft)} left`]),
    ...(it.failed > 0 ? [`${it.failed} failed`] : []),
  ]
  return parts.join('  ')
}

/** ms between two lines that stay */
const LOG_PERIOD = 10_000

/**
 * One line on stderr, written over and over, when that is a terminal; else a line every ten seconds, for logs.
 *
 * @param quiet without a terminal say nothing
 * @param now ms, of any beginning
 */
export function openTrainProgress(
  io: Io,
  limits: Limits,
  quiet = false,
  now: () => number = () => performance.now(),
): TrainView {
  if (!io.interactive) return quiet ? { update: () => {}, stop: () => {} } : openLog(io, limits, now)
  const clear = '\r\u001b[K'
  let last = Number.NEGATIVE_INFINITY
  return {
    update: it => {
      const at = now()
      if (at - last < PERIOD) return
      last = at
      const width = process.stderr.columns ?? 80
      io.err(clear + progressLine(it, limits).slice(0, width - 1))
    },
    stop: () => io.err(clear),
  }
}

function openLog(io: Io, limits: Limits, now: () => number): TrainView {
  let last = now()
  return {
    update: it => {
      const at = now()
      if (at - last < LOG_PERIOD) return
      last = at
      io.err(`${progressLine(it, limits)}\n`)
    },
    stop: () => {},
  }
}
