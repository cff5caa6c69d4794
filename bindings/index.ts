/**
 * simcrank: many rigid-body worlds at once, and what their parameters are.
 *
 * Models, batches of worlds, parameter spaces and recordings; the method families have entries of their own
 * (`simcrank/sysid`, `simcrank/es`).
 */
export {
  Batch,
  type BatchOptions,
  type ConstraintRows,
  type ContactForce,
  configureEngine,
  createBatch,
  type EngineOptions,
  type Interpolation,
  type Noise,
  type ReplayOptions,
  type ResetDistribution,
  type ResetOptions,
  type Snapshot,
  STATE,
  type StatePart,
  type StateSpec,
  type Worlds,
} from './engine/index.js'
export * from './errors.js'
export { type Field, modelFields, STATUS, worldFields } from './fields.js'
export { ParameterDistribution } from './model/distribution.js'
export { type LoadOptions, loadModel } from './model/load.js'
export type { Model, ModelNames } from './model/model.js'
export {
  type Parameter,
  ParameterSpace,
  type ParameterSpec,
  parseSpace,
  type RecordingInfo,
  type SpaceSpec,
  type Transform,
} from './model/parameters.js'
export { saveModel } from './model/save.js'
export { unsupported } from './model/support.js'
export { estimateDelay, readMap, readRecording, writeCsv, writeJsonLines, writeMcap } from './recording/lazy.js'
export { type Channel, Recording, type RecordingInit } from './recording/recording.js'
