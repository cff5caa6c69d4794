/** Random expressions, built twice: as the graph, and as the function that it should be. */

import { maxf, minf } from '../../bindings/math/single.js'
import { type Expr, eq, max, min, type Scope, where } from '../../bindings/task/index.js'
import type { rng } from '../support/oracle.js'

type Random = ReturnType<typeof rng>

/** values of the leaves of one evaluation */
export type Leaves = Readonly<Record<'qpos' | 'qvel', ArrayLike<number>>>
type Evaluate = (leaves: Leaves) => number

export interface Twin {
  readonly expr: Expr
  /** single precision, each operation rounded */
  readonly value: Evaluate
}

const f = Math.fround
const truth = (x: boolean): number => (x ? 1 : 0)

/** operations whose results IEEE 754 leaves no choice in */
const UNARY: readonly (readonly [(x: Expr) => Expr, (x: number) => number])[] = [
  [x => x.neg(), x => -x],
  [x => x.abs(), x => Math.abs(x)],
  [x => x.abs().sqrt(), x => f(Math.sqrt(Math.abs(x)))],
  [x => x.floor(), x => Math.floor(x)],
  [x => x.not(), x => truth(x === 0)],
  [x => x.square(), x => f(x * x)],
]
const BINARY: readonly (readonly [(x: Expr, y: Expr) => Expr, (x: number, y: number) => number])[] = [
  [(x, y) => x.add(y), (x, y) => f(x + y)],
  [(x, y) => x.sub(y), (x, y) => f(x - y)],
  [(x, y) => x.mul(y), (x, y) => f(x * y)],
  [(x, y) => x.div(y), (x, y) => f(x / y)],
  [(x, y) => min(x, y), minf],
  [(x, y) => max(x, y), maxf],
  [(x, y) => x.lt(y), (x, y) => truth(x < y)],
  [(x, y) => x.ge(y), (x, y) => truth(y <= x)],
  [(x, y) => eq(x, y), (x, y) => truth(x === y)],
  [(x, y) => x.and(y), (x, y) => truth(x !== 0 && y !== 0)],
  [(x, y) => x.or(y), (x, y) => truth(x !== 0 || y !== 0)],
]

/**
 * A pool of expressions, each made of earlier ones: deep graphs in which much is shared.
 *
 * @param size operations
 */
export function randomTwins(s: Scope, random: Random, size: number): Twin[] {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]
  const pool: Twin[] = []
  for (const field of ['qpos', 'qvel'] as const)
    for (const [i, x] of [...s[field]].entries()) pool.push({ expr: x.unitless(), value: leaves => leaves[field][i] })
  for (const x of [0, 1, -1, 0.5, 3]) pool.push({ expr: s.const(x), value: () => x })
  const leaves = pool.length
  for (let i = 0; i < size; i++) {
    // rather recent ones, so that the graph gets deep
    const operand = (): Twin =>
      random.next() < 0.5 ? pick(pool) : pool[Math.max(0, pool.length - 1 - Math.floor(4 * random.next()))]
    const [a, b, c] = [operand(), operand(), operand()]
    const kind = random.next()
    if (kind < 0.25) {
      const [build, compute] = pick(UNARY)
      pool.push({ expr: build(a.expr), value: memo(l => compute(a.value(l))) })
    } else if (kind < 0.85) {
      const [build, compute] = pick(BINARY)
      pool.push({ expr: build(a.expr, b.expr), value: memo(l => compute(a.value(l), b.value(l))) })
    } else if (kind < 0.95) {
      pool.push({
        expr: where(a.expr, b.expr, c.expr),
        value: memo(l => (a.value(l) !== 0 ? b.value(l) : c.value(l))),
      })
    } else {
      pool.push({
        expr: a.expr.clip(b.expr, c.expr),
        value: memo(l => maxf(minf(a.value(l), c.value(l)), b.value(l))),
      })
    }
  }
  return pool.slice(leaves)
}

/** what was computed for the same leaves is kept: shared parts would be computed again and again */
function memo(evaluate: Evaluate): Evaluate {
  let last: Leaves | undefined
  let value = 0
  return leaves => {
    if (leaves !== last) {
      value = evaluate(leaves)
      last = leaves
    }
    return value
  }
}
