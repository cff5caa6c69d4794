// import { setResult } from '../shared/buffers'

// Ranks of a population: what an evolution strategy takes in place of the fitness.

/** the fitness in an order in which Infinity and NaN are as bad as can be, and no worse than each other */
fn fitnessOf(fitness: i32, i: i32) -> u32 {
  // an integer that is ordered as the number is
  let bits = T[fitness + i];
  if ((bits & 0x7f800000u) == 0x7f800000u) { return 0xffffffffu; }
  // 0 and -0 are equal
  if ((bits << 1u) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

/**
 * Centered average ranks: 1/2 the lowest fitness, -1/2 the highest, and exactly 0 where all are equal. Equal ones share the
 * mean of their ranks, so that a plateau gives no step; what is not finite counts as equal and worst.
 *   in   fitness (n), lower is better
 *   out  ranks (n), single
 *   source  Salimans et al. 2017 (arXiv 1703.03864), with average ranks for ties
 */
fn ranks(fitness: i32, n: i32, out: i32, i: i32) {
  // each invocation counts who is before its own and who is equal: no order has to be made
  let value = fitnessOf(fitness, i);
  var begin = 0;
  var equals = 0;
  for (var k = 0; k < n; k++) {
    let other = fitnessOf(fitness, k);
    begin += i32(other < value);
    equals += i32(other == value);
  }
  // those behind it, and half of its equals, less the middle: an exact numerator, so that one division rounds
  let behind = f32(n - begin - begin - equals);
  setResult(out + i, select(0.0, 0.5 * behind / f32(max(n - 1, 1)), n > 1));
}
