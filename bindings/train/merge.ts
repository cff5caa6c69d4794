/** The answers of all ranges as one, in ascending order, whoever answered first. */
import { BackendError } from '../errors.js'
import type { ObservationSums, RangeAnswer } from './evaluator.js'

/** A population evaluated; arrays are (popsize). */
export interface Merged {
  readonly returns: Float64Array
  readonly steps: Float64Array
  readonly ends: Int32Array
  readonly badTerms: Int32Array
  readonly obs?: ObservationSums
}

/**
 * Puts ranges together. Sums of observations are added in ascending order of range, so that their bits are those of the
 * partition, not of the order of arrival.
 *
 * @throws {BackendError} RANGE_MISSING, RANGE_TWICE when the answers are not each member once; RANGE_SHAPE when one does not
 *   hold what its range says
 */
export function mergeRanges(popsize: number, nobs: number, answers: readonly RangeAnswer[]): Merged {
  const ascending = [...answers].sort((a, b) => a.begin - b.begin)
  const returns = new Float64Array(popsize)
  const steps = new Float64Array(popsize)
  const ends = new Int32Array(popsize)
  const badTerms = new Int32Array(popsize)
  const sum = new Float64Array(nobs)
  const sumsq = new Float64Array(nobs)
  let count = 0
  let at = 0
  for (const answer of ascending) {
    const { begin, end } = answer
    if (begin > at) throw missing(at, begin)
    if (begin < at) throw new BackendError('RANGE_TWICE', `members ${begin} to ${at - 1} were answered twice`)
    checkShape(answer, popsize, nobs)
    returns.set(answer.returns, begin)
    steps.set(answer.steps, begin)
    ends.set(answer.ends, begin)
    badTerms.set(answer.badTerms, begin)
    if (answer.obs !== undefined && nobs > 0) {
      count += answer.obs.count
      for (let j = 0; j < nobs; j++) {
        sum[j] += answer.obs.sum[j]
        sumsq[j] += answer.obs.sumsq[j]
      }
    }
    at = end
  }
  if (at < popsize) throw missing(at, popsize)
  return { returns, steps, ends, badTerms, ...(count > 0 && { obs: { count, sum, sumsq } }) }
}

const missing = (begin: number, end: number): BackendError =>
  new BackendError('RANGE_MISSING', `members ${begin} to ${end - 1} were not answered`)

function checkShape(answer: RangeAnswer, popsize: number, nobs: number): void {
  const { begin, end, obs } = answer
  const fail = (what: string): never => {
    throw new BackendError('RANGE_SHAPE', `the answer for members ${begin} to ${end - 1} ${what}`)
  }
  if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && end > begin && end <= popsize))
    fail(`is of no range of ${popsize} members`)
  for (const name of ['returns', 'steps', 'ends', 'badTerms'] as const)
    if (answer[name].length !== end - begin) fail(`holds ${answer[name].length} ${name}, expected ${end - begin}`)
  for (const name of ['sum', 'sumsq'] as const)
    if (obs !== undefined && nobs > 0 && obs[name].length !== nobs)
      fail(`holds ${obs[name].length} numbers of ${name}, expected ${nobs}`)
}
