/**
 * Numbers that change from generation to generation: learning rates and sigma.
 */
import { pow } from '../math/index.js'
import { refuse } from './check.js'

/** A constant, or a course over the generations. */
export type Schedule =
  | number
  | {
      /** start * decay^generation, never below floor */
      readonly kind: 'exponential'
      readonly start: number
      /** factor a generation, in (0, 1] */
      readonly decay: number
      /** default 0 */
      readonly floor?: number
    }
  | {
      /** straight from start to end in so many generations, then end */
      readonly kind: 'linear'
      readonly start: number
      readonly end: number
      readonly generations: number
    }

/** Value in generation 0, 1 ... A function of the generation alone. */
export function scheduled(schedule: Schedule, generation: number): number {
  if (typeof schedule === 'number') return schedule
  if (schedule.kind === 'exponential')
    return Math.max(schedule.floor ?? 0, schedule.start * pow(schedule.decay, generation))
  const { start, end, generations } = schedule
  return generation >= generations ? end : start + ((end - start) * generation) / generations
}

/**
 * The schedule, checked: positive everywhere (an exponential without floor may come near 0).
 *
 * @param place what it is a schedule of: `openai-es.sigma`
 * @throws {ParameterError} ES_OPTION
 */
export function checkSchedule(place: string, schedule: Schedule): Schedule {
  const positive = (name: string, v: unknown) => {
    if (!(typeof v === 'number' && v > 0 && v < Number.POSITIVE_INFINITY))
      refuse(`${place}${name}`, v, 'a positive number')
  }
  if (typeof schedule !== 'object' || schedule === null) {
    positive('', schedule)
    return schedule
  }
  positive('.start', schedule.start)
  if (schedule.kind === 'exponential') {
    positive('.decay', schedule.decay)
    if (schedule.decay > 1) refuse(`${place}.decay`, schedule.decay, 'a factor of at most 1')
    const { floor = 0 } = schedule
    if (!(floor >= 0 && floor <= schedule.start)) refuse(`${place}.floor`, floor, 'a number from 0 to start')
  } else if (schedule.kind === 'linear') {
    positive('.end', schedule.end)
    if (!(Number.isInteger(schedule.generations) && schedule.generations > 0))
      refuse(`${place}.generations`, schedule.generations, 'a whole number of at least 1')
  } else refuse(`${place}.kind`, (schedule as { kind: unknown }).kind, "'exponential' or 'linear'")
  return schedule
}
