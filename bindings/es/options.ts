/**
 * Options of CMA-ES: their meaning, their checks, and the state a run saves.
 */
import { ParameterError, SizeError } from '../errors.js'
import { type Boundary, BoundPenalty, type Bounds, BoundTransform, type PenaltyState } from './boundary.js'
import type { ConstantsOptions } from './constants.js'
import type { StopReason, TerminationOptions, TerminationState } from './termination.js'

/** Options of a run. Arrays have the dimension's length. */
export interface CMAESOptions extends TerminationOptions, ConstantsOptions {
  /** start of the mean, inside the bounds; its length is the dimension */
  mean: ArrayLike<number>
  /** first standard deviation; the optimum should lie within mean +- 3 sigma std, with bounds 0.2 to 0.3 of their width */
  sigma: number
  /** candidates a generation; default 4 + floor(3 ln n) */
  popsize?: number
  /** whole number; default 0 */
  seed?: number
  /** scale of each coordinate's first standard deviation; default 1 */
  std?: ArrayLike<number>
  bounds?: Bounds
  /** how bounds are kept: a smooth map into the box (default), or clipping with an adaptive penalty */
  boundary?: 'transform' | 'penalty'
}

/** Name and version of what CMAES.save writes. */
export const STATE_FORMAT = 'simcrank-cmaes'
export const STATE_VERSION = 1

/** What CMAES.save writes; the names are those of the private fields. */
export interface SavedState {
  format: string
  version: number
  options: CMAESOptions
  generation: number
  evaluations: number
  sigma: number
  m: Float64Array
  C: Float64Array
  V: Float64Array | null
  D: Float64Array
  ps: Float64Array
  pc: Float64Array
  eigenGeneration: number
  bestX: Float64Array
  bestFitness: number
  bestEvaluations: number
  stopped: StopReason | null
  injected: Float64Array[]
  termination: TerminationState
  penalty: PenaltyState | null
}

/** The boundary the options ask for, if any. */
export function makeBoundary(n: number, options: CMAESOptions): Boundary | undefined {
  const { bounds, boundary = 'transform' } = options
  if (bounds === undefined) return undefined
  return boundary === 'penalty' ? new BoundPenalty(n, bounds) : new BoundTransform(n, bounds)
}

/** Scale of each coordinate, 1 by default. */
export function checkScale(n: number, std: ArrayLike<number> | undefined): Float64Array {
  if (std === undefined) return new Float64Array(n).fill(1)
  if (std.length !== n) throw new SizeError('CMA_SIZE', `std: got length ${std.length}, expected ${n}`)
  return Float64Array.from(std, (v, i) => {
    if (!(v > 0 && v < Number.POSITIVE_INFINITY))
      throw new ParameterError('CMA_STD', `std of coordinate ${i}: got ${v}, expected a positive number`)
    return v
  })
}

/** Options as plain data, arrays copied: what save() writes. */
export function copyOptions<T extends CMAESOptions>(options: T): T {
  const { mean, std, bounds } = options
  return {
    ...options,
    mean: Float64Array.from(mean),
    ...(std && { std: Float64Array.from(std) }),
    ...(bounds && { bounds: { lower: Float64Array.from(bounds.lower), upper: Float64Array.from(bounds.upper) } }),
  }
}
