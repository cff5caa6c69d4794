/**
 * Fitness shaping: what a generation's fitness (lower is better) is worth to a gradient step (higher is better).
 *
 * Every kind gives all zeros when no two candidates differ, so that a plateau gives no step. A fitness that is not finite counts as
 * the worst of the generation.
 */

/** ranks: centered average ranks in [-1/2, 1/2]; z-score: zero mean, unit variance; raw: the return itself. */
export type Shaping = 'ranks' | 'z-score' | 'raw'
export const SHAPINGS: readonly Shaping[] = ['ranks', 'z-score', 'raw']

/** Order of candidates from worst to best, and of equal ones as they come; NaN and infinities of either sign are worst and equal. */
function worstFirst(fitness: ArrayLike<number>): Int32Array {
  const order = new Int32Array(fitness.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  const key = (i: number) => (Number.isFinite(fitness[i]) ? fitness[i] : Number.POSITIVE_INFINITY)
  return order.sort((a, b) => {
    const fa = key(a)
    const fb = key(b)
    return fa > fb ? -1 : fa < fb ? 1 : a - b
  })
}

/** Calls `group` for every stretch [begin, end) of `order` whose candidates are equal. */
function eachTie(fitness: ArrayLike<number>, order: Int32Array, group: (begin: number, end: number) => void): void {
  for (let begin = 0; begin < order.length; ) {
    const f = fitness[order[begin]]
    let end = begin + 1
    while (
      end < order.length &&
      (fitness[order[end]] === f || !(Number.isFinite(f) || Number.isFinite(fitness[order[end]])))
    )
      end++
    group(begin, end)
    begin = end
  }
}

/**
 * Centered ranks rank/(n-1) - 1/2, the worst -1/2 and the best 1/2; equal ones share the average of their ranks.
 * Source: Salimans et al. 2017, with average ranks instead of argsort.
 *
 * @param fitness (n), lower is better
 */
export function averageRanks(fitness: ArrayLike<number>): Float32Array {
  const n = fitness.length
  const u = new Float32Array(n)
  if (n < 2) return u
  const order = worstFirst(fitness)
  eachTie(fitness, order, (begin, end) => {
    const rank = (begin + end - 1) / 2
    for (let r = begin; r < end; r++) u[order[r]] = rank / (n - 1) - 0.5
  })
  return u
}

/**
 * Values given by rank, `byRank[0]` to the best; equal candidates share the average of theirs.
 *
 * @param byRank (n)
 */
export function utilities(fitness: ArrayLike<number>, byRank: Float64Array): Float64Array {
  const n = fitness.length
  const u = new Float64Array(n)
  const order = worstFirst(fitness)
  eachTie(fitness, order, (begin, end) => {
    let sum = 0
    for (let r = begin; r < end; r++) sum += byRank[n - 1 - r]
    for (let r = begin; r < end; r++) u[order[r]] = sum / (end - begin)
  })
  return u
}

/** The fitness with what is not finite replaced by the worst that is; undefined when nothing is. */
export function finiteFitness(fitness: ArrayLike<number>): Float64Array | undefined {
  let worst = Number.NEGATIVE_INFINITY
  for (let i = 0; i < fitness.length; i++) if (Number.isFinite(fitness[i])) worst = Math.max(worst, fitness[i])
  if (worst === Number.NEGATIVE_INFINITY) return undefined
  return Float64Array.from(fitness, f => (Number.isFinite(f) ? f : worst))
}

/** Whether the candidates are all equal: there is nothing to learn from them. */
export function isFlat(fitness: ArrayLike<number>): boolean {
  const first = fitness[0]
  for (let i = 1; i < fitness.length; i++) {
    const f = fitness[i]
    if (f !== first && (Number.isFinite(f) || Number.isFinite(first))) return false
  }
  return true
}

/** Zero mean, unit (population) variance, higher is better; zeros when all are equal. */
export function zScores(fitness: ArrayLike<number>): Float32Array {
  const n = fitness.length
  const u = new Float32Array(n)
  const f = finiteFitness(fitness)
  if (f === undefined || isFlat(f)) return u
  let mean = 0
  for (const v of f) mean += v
  mean /= n
  let variance = 0
  for (const v of f) variance += (v - mean) * (v - mean)
  const deviation = Math.sqrt(variance / n)
  // a spread below rounding
  if (!(deviation > 0 && deviation < Number.POSITIVE_INFINITY)) return u
  for (let i = 0; i < n; i++) u[i] = (mean - f[i]) / deviation
  return u
}

/** Returns (n), higher is better, in double precision: 0 for all when nothing is finite. */
export function rawReturns(fitness: ArrayLike<number>): Float64Array {
  const f = finiteFitness(fitness)
  return f === undefined ? new Float64Array(fitness.length) : f.map(v => -v)
}
