/** Training: policies by evolution strategies, in this process or by whoever evaluates ranges of members. */
export { evaluateRange, type Randomize, type RolloutProblem } from './evaluate-range.js'
export {
  type EvaluateRange,
  type Evaluator,
  LocalEvaluator,
  type ObservationSums,
  partition,
  type RangeAnswer,
  type RangeJob,
  type Run,
} from './evaluator.js'
export type { KeepOptions } from './keep.js'
export type { Limits, Stopped } from './limits.js'
export { loadTask } from './load-task.js'
export { type Merged, mergeRanges } from './merge.js'
export type { Generation, Progress } from './metrics.js'
export { PoolEvaluator, type PoolOptions } from './pool.js'
export { recommended } from './recommended.js'
export { resume, type TrainOptions, type TrainResult, train } from './run.js'
export { type Port, serveRanges } from './serve.js'
export type { PlainMethodOptions, TrainSettings } from './settings.js'
export { fromWeb, type RangeWorker, type StartWorker, type WorkerEvents } from './start-worker.js'
export type { Best, RunConfig, RunState } from './state.js'
export type { Outcome, Scored, Training } from './training.js'
