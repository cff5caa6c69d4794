/** Central finite differences of a residual vector, all columns in one batch. */

/**
 * Residuals of many points at once.
 * @param points (count, n) row-major
 * @returns (count, m) row-major; a row that holds a NaN marks a point that could not be evaluated (a diverged world)
 */
export type Residuals = (points: Float64Array, count: number) => Promise<Float64Array>

/** A Jacobian and what it was measured with. */
export interface Jacobian {
  /** (n, m): row j is the derivative of all residuals to coordinate j */
  readonly columns: Float64Array
  /** |r(+) - r(-)|₂ of every coordinate (n): what rounding is to be compared with */
  readonly change: Float64Array
  /** |r(+) - 2 r + r(-)|₂ / |r(+) - r(-)|₂ (n): 0 for a linear residual */
  readonly asymmetry: Float64Array
  /** 1 where neither side could be evaluated: that column is zero (n) */
  readonly lost: Uint8Array
}

/**
 * Central differences with steps that stay inside the box: at a bound the pair is shifted inwards.
 *
 * @param residuals evaluated once, with 2n points
 * @param x (n) the point; r (m) its residuals
 * @param step (n) half-widths, in the units of x
 */
export async function jacobian(
  residuals: Residuals,
  x: Float64Array,
  r: Float64Array,
  step: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
): Promise<Jacobian> {
  const n = x.length
  const m = r.length
  const points = new Float64Array(2 * n * n)
  for (let j = 0; j < n; j++) {
    points.set(x, 2 * j * n)
    points.set(x, (2 * j + 1) * n)
    points[2 * j * n + j] = Math.max(lower[j], x[j] - step[j])
    points[(2 * j + 1) * n + j] = Math.min(upper[j], x[j] + step[j])
  }
  const values = await residuals(points, 2 * n)

  const columns = new Float64Array(n * m)
  const change = new Float64Array(n)
  const asymmetry = new Float64Array(n)
  const lost = new Uint8Array(n)
  for (let j = 0; j < n; j++) {
    const minus = 2 * j * m
    const plus = minus + m
    const okMinus = finite(values, minus, m)
    const okPlus = finite(values, plus, m)
    if (!okMinus && !okPlus) {
      lost[j] = 1
      continue
    }
    // a side that diverged is replaced by the point itself: one-sided, still a derivative
    const low = okMinus ? points[2 * j * n + j] : x[j]
    const high = okPlus ? points[(2 * j + 1) * n + j] : x[j]
    const width = high - low
    if (!(width > 0)) {
      lost[j] = 1
      continue
    }
    let difference = 0
    let bend = 0
    // weights that make the second difference vanish for a linear residual, also for uneven sides
    const t = (x[j] - low) / width
    for (let i = 0; i < m; i++) {
      const a = okMinus ? values[minus + i] : r[i]
      const b = okPlus ? values[plus + i] : r[i]
      const d = b - a
      const c = a + t * d - r[i]
      columns[j * m + i] = d / width
      difference += d * d
      bend += c * c
    }
    change[j] = Math.sqrt(difference)
    asymmetry[j] = difference > 0 ? (2 * Math.sqrt(bend)) / change[j] : 0
  }
  return { columns, change, asymmetry, lost }
}

/** True when the m values from offset are all finite. */
export function finite(values: Float64Array, offset: number, m: number): boolean {
  // a sum is finite unless one of its terms is not (residuals are far from the overflow of doubles)
  let sum = 0
  for (let i = offset; i < offset + m; i++) sum += values[i] * 0
  return sum === 0
}

/**
 * The steps of the next Jacobian: shorter where the residual bends within a step, longer where rounding shows.
 * Steps stay between 1e-6 and 2e-2 of the range.
 *
 * @param floor residual change below which rounding would spoil the third digit, as |·|₂ (100 times the rounding noise)
 */
export function adaptSteps(step: Float64Array, j: Jacobian, range: Float64Array, floor: number): Float64Array {
  const next = Float64Array.from(step)
  for (let k = 0; k < step.length; k++) {
    // below the floor the bend is rounding too, so that case comes first
    if (j.lost[k]) next[k] *= 0.25
    else if (j.change[k] < floor) next[k] *= 4
    else if (j.asymmetry[k] > 0.5) next[k] *= 0.25
    next[k] = Math.min(2e-2 * range[k], Math.max(1e-6 * range[k], next[k]))
  }
  return next
}
