/** Ranks of a population: what an evolution strategy takes in place of the fitness. */

/** the fitness in an order in which Infinity and NaN are as bad as can be, and no worse than each other */
// @ts-ignore: decorator
@inline function fitnessOf(fitness: usize, i: i32): f64 {
  const f = load<f64>(fitness + (<usize>i << 3))
  return isFinite(f) ? f : Infinity
}
// @ts-ignore: decorator
@inline function index(p: usize, i: i32): i32 { return load<i32>(p + (<usize>i << 2)) }
// @ts-ignore: decorator
@inline function setIndex(p: usize, i: i32, value: i32): void { store<i32>(p + (<usize>i << 2), value) }

/**
 * Centered average ranks: 1/2 the lowest fitness, -1/2 the highest, and exactly 0 where all are equal. Equal ones share the
 * mean of their ranks, so that a plateau gives no step; what is not finite counts as equal and worst.
 *   in   fitness (n), lower is better
 *   out  ranks (n), single
 *   source  Salimans et al. 2017 (arXiv 1703.03864), with average ranks for ties
 */
export function ranks(fitness: usize, n: i32, out: usize, tmp: usize): void {
  const order = sorted(fitness, n, tmp, tmp + (<usize>n << 2))
  for (let begin = 0, end = 0; begin < n; begin = end) {
    const value = fitnessOf(fitness, index(order, begin))
    for (end = begin + 1; end < n && fitnessOf(fitness, index(order, end)) == value;) end++
    // those behind it, and half of its equals
    const rank = <f64>(n - 1) - 0.5 * <f64>(begin + end - 1)
    const centered = n > 1 ? rank / <f64>(n - 1) - 0.5 : 0
    for (let i = begin; i < end; i++) store<f32>(out + (<usize>index(order, i) << 2), <f32>centered)
  }
}

/** indices by ascending fitness: merges of doubling length between two lists; the one that holds the result is returned */
function sorted(fitness: usize, n: i32, from: usize, to: usize): usize {
  for (let i = 0; i < n; i++) setIndex(from, i, i)
  for (let length = 1; length < n; length *= 2) {
    for (let begin = 0; begin < n; begin += 2 * length) {
      const mid = min(begin + length, n), end = min(begin + 2 * length, n)
      let a = begin, b = mid
      for (let i = begin; i < end; i++) {
        const left = b == end || (a < mid && fitnessOf(fitness, index(from, a)) <= fitnessOf(fitness, index(from, b)))
        setIndex(to, i, left ? index(from, a++) : index(from, b++))
      }
    }
    const swap = from
    from = to
    to = swap
  }
  return from
}
