/** System identification: robot log in, physical parameters out. */

export type { Residuals } from './differences.js'
export type { FilterSpec, FilterUsed } from './filter.js'
export {
  type GaussNewtonOptions,
  type GaussNewtonProgress,
  type GaussNewtonResult,
  type GaussNewtonState,
  gaussNewton,
} from './gauss-newton.js'
export { type IdentifyOptions, identify } from './identify.js'
export type { ObjectiveChannel, SeriesInfo } from './layout.js'
export {
  type BatchFactory,
  Objective,
  type ObjectiveOptions,
  type ReplayBatch,
} from './objective.js'
export type {
  ChannelResult,
  ErrorResult,
  IdentifyJson,
  IdentifyResult,
  ParameterResult,
  Scorer,
  StageHistory,
  TraceResult,
} from './result.js'
export type { ChannelError } from './score.js'
export type { Method, Progress, RestartOptions } from './search.js'
export { fitStatistics, type Statistics, type StatisticsInput } from './statistics.js'
