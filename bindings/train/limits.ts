/** When a run ends, and how long until then. */
import { TaskError } from '../errors.js'

/** Any of these ends a run; without one it goes on until its strategy or a signal stops it. */
export interface Limits {
  /** generations since the run began */
  readonly generations?: number
  /** environment steps since the run began; the generation that reaches them is finished */
  readonly steps?: number
  /** wall-clock time since the run began, all its processes together; s */
  readonly seconds?: number
  /** evalReturn that counts as solved */
  readonly target?: number
}

/** Why a run ended; `running`: it did not yet. */
export interface Stopped {
  readonly code: 'generations' | 'steps' | 'seconds' | 'target' | 'strategy' | 'aborted' | 'running'
  readonly message: string
}

/** @throws {TaskError} LIMIT naming a limit that is none */
export function checkLimits(limits: Limits): void {
  for (const name of ['generations', 'steps', 'seconds'] as const) {
    const value = limits[name]
    if (value !== undefined && !(value > 0 && Number.isFinite(value)))
      throw new TaskError('LIMIT', `${name}: got ${value}, expected a positive number`)
  }
  if (Number.isNaN(limits.target)) throw new TaskError('LIMIT', 'target: got NaN, expected a return')
}

/** Where a run stands. */
interface Standing {
  readonly generation: number
  readonly steps: number
  readonly seconds: number
  readonly bestEval?: number
}

/** The limit that is reached, if any. */
export function reached(limits: Limits, at: Standing): Stopped | undefined {
  const { generations, steps, seconds, target } = limits
  if (target !== undefined && at.bestEval !== undefined && at.bestEval >= target)
    return { code: 'target', message: `an evaluation reached ${at.bestEval}, the target is ${target}` }
  if (generations !== undefined && at.generation >= generations)
    return { code: 'generations', message: `${at.generation} generations of ${generations}` }
  if (steps !== undefined && at.steps >= steps)
    return { code: 'steps', message: `${at.steps} environment steps of ${steps}` }
  if (seconds !== undefined && at.seconds >= seconds)
    return { code: 'seconds', message: `${Math.round(at.seconds)} s of ${seconds} s` }
  return undefined
}

/** Seconds and steps of a generation, averaged over the last ones. */
export interface Pace {
  readonly seconds: number
  readonly steps: number
}

/** Weight of a new generation in the average. */
const NEW = 0.2

export const paced = (before: Pace | undefined, now: Pace): Pace =>
  before === undefined
    ? now
    : {
        seconds: before.seconds + NEW * (now.seconds - before.seconds),
        steps: before.steps + NEW * (now.steps - before.steps),
      }

/** Seconds until the first limit that can be foreseen. */
export function timeLeft(limits: Limits, at: Standing, pace: Pace): number | undefined {
  const { generations, steps, seconds } = limits
  const left: number[] = []
  if (generations !== undefined) left.push((generations - at.generation) * pace.seconds)
  if (steps !== undefined && pace.steps > 0) left.push(((steps - at.steps) / pace.steps) * pace.seconds)
  if (seconds !== undefined) left.push(seconds - at.seconds)
  return left.length === 0 ? undefined : Math.max(0, Math.min(...left))
}
