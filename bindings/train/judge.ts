/** From returns to fitness. */
import { TaskError } from '../errors.js'
import { END_FAILED } from '../program.js'
import type { Merged } from './merge.js'

/** Ends beyond those a task has: a reward that was not finite, a world that diverged or had no room. A return then counts for nothing. */
export const failedBy = (end: number): boolean => (end & END_FAILED) !== 0

/** A population's returns as a strategy and a person want them. */
export interface Judged {
  /** lower is better; NaN: ranks worst (popsize) */
  readonly fitness: Float64Array
  /** of members that did not fail */
  readonly bestReturn: number
  readonly meanReturn: number
  readonly stdReturn: number
  /** members that failed */
  readonly failed: number
  /** how many of them by each reward term that was not finite */
  readonly failedTerms: ReadonlyMap<string, number>
}

/** bits of badTerms; the last stands for all further terms */
const TERM_BITS = 32

/**
 * Returns, higher is better, become fitness, lower is better: the one place where rewards change their sign. A member fails when a
 * reward term was not finite or its world diverged in one of its episodes; then its return counts for nothing.
 *
 * @param terms names of the reward terms
 * @param generation for messages
 * @throws {TaskError} TASK_FAILED when every member failed, naming the terms
 */
export function judge(merged: Merged, terms: readonly string[], generation: number): Judged {
  const { returns, ends, badTerms } = merged
  const popsize = returns.length
  const fitness = new Float64Array(popsize)
  const failedTerms = new Map<string, number>()
  let failed = 0
  let best = Number.NEGATIVE_INFINITY
  let sum = 0
  for (let i = 0; i < popsize; i++) {
    if (!failedBy(ends[i]) && Number.isFinite(returns[i])) {
      fitness[i] = -returns[i]
      sum += returns[i]
      best = Math.max(best, returns[i])
      continue
    }
    fitness[i] = Number.NaN
    failed++
    for (let j = 0; j < Math.min(terms.length, TERM_BITS); j++)
      if ((badTerms[i] >>> j) & 1) failedTerms.set(terms[j], (failedTerms.get(terms[j]) ?? 0) + 1)
  }
  if (failed === popsize) throw allFailed(failedTerms, popsize, generation)
  const mean = sum / (popsize - failed)
  let squares = 0
  for (const x of fitness) if (!Number.isNaN(x)) squares += (-x - mean) * (-x - mean)
  return {
    fitness,
    bestReturn: best,
    meanReturn: mean,
    stdReturn: Math.sqrt(squares / (popsize - failed)),
    failed,
    failedTerms,
  }
}

function allFailed(failedTerms: ReadonlyMap<string, number>, popsize: number, generation: number): TaskError {
  const [first] = failedTerms.keys()
  const list = [...failedTerms].map(([term, n]) => `'${term}' (${n} of ${popsize})`)
  const why =
    list.length === 0
      ? 'every world diverged, or an observation was not finite, or contacts had no room; a smaller timestep, sigma or action scale may help'
      : `reward terms that were not finite: ${list.join(', ')}`
  return new TaskError('TASK_FAILED', `all ${popsize} members of generation ${generation} failed: ${why}`, {
    place: first === undefined ? undefined : `reward.${first}`,
  })
}
