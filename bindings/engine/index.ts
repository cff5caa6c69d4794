export { Batch, type BatchOptions, createBatch } from './batch.js'
export type { Interpolation, ReplayOptions } from './replay.js'
