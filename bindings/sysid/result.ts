import type { DistributionSpec, ParameterDistribution } from '../model/distribution.js'
import type { InitialFilter } from './segments.js'

/** What is known about one parameter after a fit. */
export interface ParameterResult {
  readonly name: string
  readonly unit: string
  readonly lower: number
  readonly upper: number
  readonly start: number
  readonly value: number
  /** standard error, natural units; absent when values were only scored */
  readonly stderr?: number
  /** 95 % interval, natural units, within the bounds; absent when values were only scored */
  readonly interval?: readonly [number, number]
  /** standard error over the value (over half the range when the range holds 0); absent when values were only scored */
  readonly relative?: number
  /** false: the recordings say nothing about it */
  readonly effect: boolean
  /** false: part of a combination that the recordings do not determine */
  readonly determined: boolean
  readonly onBound?: 'lower' | 'upper'
}

export type Role = 'fit' | 'holdout'

/** Errors of one channel in one recording with the start values and with the found ones, natural units. */
export interface ErrorResult {
  readonly recording: string
  readonly role: Role
  readonly channel: string
  readonly unit: string
  readonly samples: number
  readonly before: { readonly rmse: number; readonly mae: number; readonly max: number }
  readonly after: { readonly rmse: number; readonly mae: number; readonly max: number }
}

/** Measured and simulated samples of one channel; NaN where a simulation diverged. */
export interface TraceResult {
  readonly recording: string
  readonly role: Role
  readonly channel: string
  readonly unit: string
  /** s, increasing */
  readonly time: Float64Array
  readonly measured: Float64Array
  /** simulated with the start values */
  readonly before: Float64Array
  /** simulated with the found values */
  readonly after: Float64Array
  /** indices at which a new window begins */
  readonly windows: readonly number[]
}

/** Best cost after so many evaluations of one optimiser. */
export interface StageHistory {
  readonly name: 'cma-es' | 'gauss-newton'
  readonly evaluations: number[]
  readonly cost: number[]
}

/** How much each measured channel tells, and how its residuals look. */
export interface ChannelResult {
  readonly name: string
  readonly unit: string
  readonly weight: number
  /** s_j: residuals count in units of this */
  readonly scale: number
  readonly samples: number
  /** samples over the autocorrelation time of the residuals; absent when values were only scored */
  readonly effective?: number
  /** samples */
  readonly correlationTime?: number
}

export interface Timings {
  /** s, wall clock */
  readonly total: number
  readonly search: number
  readonly statistics: number
}

/** What `identify` returns; `toJSON` leaves out the traces. */
export interface IdentifyResult {
  readonly method: 'cma-es' | 'gauss-newton' | 'both' | 'score'
  readonly seed: number
  readonly parameters: readonly ParameterResult[]
  /** natural units (p) */
  readonly theta: Float64Array
  readonly cost: number
  readonly startCost: number
  /** the same cost over the held-out recordings */
  readonly holdoutCost?: number
  readonly holdoutStartCost?: number
  readonly errors: readonly ErrorResult[]
  readonly channels: readonly ChannelResult[]
  /** (p, p) row-major; absent when values were only scored */
  readonly correlation?: Float64Array
  /** of the Fisher information, columns scaled to length 1 */
  readonly condition?: number
  /** its eigenvalues, ascending */
  readonly eigenvalues?: Float64Array
  readonly warnings: readonly string[]
  readonly history: readonly StageHistory[]
  /** normal in normalised coordinates; a point when values were only scored, absent when those lie outside the bounds */
  readonly distribution?: ParameterDistribution
  /** why the search ended */
  readonly stop: { readonly code: string; readonly message: string }
  readonly evaluations: number
  /** candidates whose simulation left the finite numbers */
  readonly diverged: number
  /** windows, rows and the filter that gave the initial states, the same for all scores above */
  readonly scorer: Scorer
  readonly timings: Timings
  /** goes on from here when given as `resume` */
  readonly state: string
  readonly traces: readonly TraceResult[]
  toJSON(): IdentifyJson
}

/** How scores were made: everything another scorer must copy to be comparable. */
export interface Scorer {
  /** s; absent: whole recordings */
  readonly window?: number
  readonly stride?: number
  readonly segments: number
  readonly timestep: number
  /** timesteps a row of the input grid */
  readonly nstep: number
  readonly huber?: number
  readonly velocity: 'filter' | 'channel'
  readonly filters: readonly InitialFilter[]
}

export type IdentifyJson = Omit<
  IdentifyResult,
  'theta' | 'correlation' | 'eigenvalues' | 'distribution' | 'traces' | 'toJSON' | 'parameters' | 'errors' | 'state'
> & {
  readonly parameters: readonly ParameterResult[]
  readonly errors: readonly ErrorResult[]
  readonly theta: Record<string, number>
  readonly correlation?: number[][]
  readonly eigenvalues?: number[]
  readonly distribution?: DistributionSpec
}

/** A plain object: numbers that JSON lacks become null. */
export function resultToJson(result: IdentifyResult): IdentifyJson {
  const {
    theta,
    correlation,
    eigenvalues,
    distribution,
    traces: _traces,
    state: _state,
    toJSON: _toJSON,
    ...rest
  } = result
  const p = result.parameters.length
  const values: Record<string, number> = {}
  result.parameters.forEach((parameter, j) => {
    values[parameter.name] = theta[j]
  })
  return {
    ...rest,
    theta: values,
    ...(correlation && {
      correlation: Array.from({ length: p }, (_, a) => Array.from(correlation.slice(a * p, (a + 1) * p))),
    }),
    ...(eigenvalues && { eigenvalues: Array.from(eigenvalues) }),
    ...(distribution && { distribution: distribution.toJSON() }),
  }
}
