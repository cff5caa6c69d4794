/**
 * Smooth marks between 0 and 1 for how close a quantity is to where it should be, as dm_control gives them
 * (Tassa et al., DeepMind Control Suite, 2018; dm_control/utils/rewards.py, function `tolerance`).
 */
import { log } from '../math/index.js'
import type { Expr } from '../task/index.js'

export interface ToleranceOptions {
  /** the interval that gets 1, in the unit of x; default 0 to 0 */
  readonly bounds?: readonly [lower: number, upper: number]
  /** distance from the interval at which the mark is `valueAtMargin`, in the unit of x */
  readonly margin: number
  /** default 0.1 */
  readonly valueAtMargin?: number
}

/** Distance of x from the interval, in margins. */
function beyond(x: Expr, [lower, upper]: readonly [number, number], margin: number): Expr {
  const over = x.sub(upper)
  const distance = lower === upper ? over.abs() : over.max(x.sub(lower).neg()).max(0)
  return distance.unitless().div(margin)
}

/** 1 inside the interval, a Gaussian of the distance outside. */
export function tolerance(x: Expr, { bounds = [0, 0], margin, valueAtMargin = 0.1 }: ToleranceOptions): Expr {
  // value^(d^2)
  return beyond(x, bounds, margin).square().mul(log(valueAtMargin)).exp()
}

/** 1 inside the interval, outside a parabola that is 0 at the margin and beyond. */
export function quadraticTolerance(
  x: Expr,
  { bounds = [0, 0], margin }: Omit<ToleranceOptions, 'valueAtMargin'>,
): Expr {
  return beyond(x, bounds, margin).square().neg().add(1).max(0)
}
