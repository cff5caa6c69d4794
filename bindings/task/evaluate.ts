/** How good a policy is, and what it depends on. */
import type { Policy } from '../policy/index.js'
import { END } from '../program.js'
import { rollout, type TaskRollout, type TaskRolloutOptions } from './rollout.js'
import type { Task } from './task.js'

/** Mean and spread of a number over episodes. */
export interface Summary {
  readonly mean: number
  /** standard deviation of the sample (n - 1); 0 for one */
  readonly std: number
  readonly min: number
  readonly max: number
}

/** How the return depends on one drawn parameter. */
export interface ParameterBreakdown {
  readonly name: string
  readonly unit: string
  /** Spearman's rank correlation of parameter and return, in [-1, 1]; NaN where either is constant */
  readonly correlation: number
  /** episodes in order of the parameter, in up to four groups of equal size */
  readonly groups: readonly {
    readonly low: number
    readonly high: number
    readonly episodes: number
    readonly meanReturn: number
  }[]
}

export interface Evaluation {
  readonly episodes: number
  readonly returns: Summary
  /** control steps */
  readonly lengths: Summary
  /** share of episodes that ended for a reason of the task's */
  readonly terminated: number
  /** share of episodes whose world diverged; their returns count as they stood */
  readonly diverged: number
  /** share of episodes whose world had no room for its contacts: nconmax is too small */
  readonly crowded: number
  readonly terms: Readonly<Record<string, Summary>>
  readonly metrics: Readonly<Record<string, Summary>>
  /** empty without a distribution */
  readonly parameters: readonly ParameterBreakdown[]
  /** mean return reaches the task's `solved` and no episode failed; undefined where the task has none */
  readonly solved: boolean | undefined
  readonly rollout: TaskRollout
}

/** every other bit says that something broke: what the others return is no excuse */
const endedWell = (end: number): boolean => (end & ~(END.TERMINATED | END.TRUNCATED)) === 0

/** groups of the breakdown by parameter */
const GROUPS = 4

/**
 * Evaluate a policy on a task: without noise on actions, over episodes that depend on the seed alone.
 *
 * @param options.episodes default 100
 * @throws as rollout does
 */
export async function evaluate(policy: Policy, task: Task, options: TaskRolloutOptions = {}): Promise<Evaluation> {
  const result = await rollout(task, policy, { episodes: 100, ...options })
  const { episodes, returns, lengths, ends, parameters } = result
  const share = (bit: number) => ends.reduce((n, end) => n + ((end & bit) === 0 ? 0 : 1), 0) / episodes
  const all = (values: Readonly<Record<string, Float64Array>>) =>
    Object.fromEntries(Object.entries(values).map(([name, x]) => [name, summarise(x)]))
  const space = options.distribution?.space
  const summary = summarise(returns)
  return {
    episodes,
    returns: summary,
    lengths: summarise(lengths),
    terminated: share(END.TERMINATED),
    diverged: share(END.STATE),
    crowded: share(END.CONTACTS),
    terms: all(result.terms),
    metrics: all(result.metrics),
    parameters: (space?.parameters ?? []).map(({ name, unit }, k) => {
      const n = space?.nparam as number
      const values = Float64Array.from({ length: episodes }, (_, i) => parameters[i * n + k])
      return { name, unit, correlation: rankCorrelation(values, returns), groups: groupsOf(values, returns) }
    }),
    solved: task.solved === undefined ? undefined : summary.mean >= task.solved && ends.every(endedWell),
    rollout: result,
  }
}

/** Mean, standard deviation, extremes. */
export function summarise(x: ArrayLike<number>): Summary {
  const n = x.length
  let [mean, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < n; i++) {
    mean += x[i] / n
    min = Math.min(min, x[i])
    max = Math.max(max, x[i])
  }
  let squares = 0
  for (let i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean)
  return { mean, std: n > 1 ? Math.sqrt(squares / (n - 1)) : 0, min, max }
}

function orderOf(x: Float64Array): Uint32Array {
  return Uint32Array.from(x.keys()).sort((a, b) => x[a] - x[b] || a - b)
}

/** ranks from 0, equal values sharing the mean of theirs */
function ranksOf(x: Float64Array): Float64Array {
  const order = orderOf(x)
  const ranks = new Float64Array(x.length)
  for (let i = 0, j = 0; i < order.length; i = j) {
    while (j < order.length && x[order[j]] === x[order[i]]) j++
    for (let k = i; k < j; k++) ranks[order[k]] = (i + j - 1) / 2
  }
  return ranks
}

/** Spearman's correlation: that of the ranks. */
function rankCorrelation(x: Float64Array, y: Float64Array): number {
  const [a, b] = [ranksOf(x), ranksOf(y)]
  const middle = (x.length - 1) / 2
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    ab += (a[i] - middle) * (b[i] - middle)
    aa += (a[i] - middle) * (a[i] - middle)
    bb += (b[i] - middle) * (b[i] - middle)
  }
  return ab / Math.sqrt(aa * bb)
}

function groupsOf(x: Float64Array, returns: Float64Array): ParameterBreakdown['groups'] {
  const order = orderOf(x)
  const groups = Math.min(GROUPS, order.length)
  return Array.from({ length: groups }, (_, g) => {
    const part = order.subarray(Math.floor((g * order.length) / groups), Math.floor(((g + 1) * order.length) / groups))
    return {
      low: x[part[0]],
      high: x[part[part.length - 1]],
      episodes: part.length,
      meanReturn: part.reduce((sum, i) => sum + returns[i], 0) / part.length,
    }
  })
}
