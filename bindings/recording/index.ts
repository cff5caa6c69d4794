/** Recordings: reading, writing, units, filters, delays. */
export { type Biquad, butterworth, filtfilt } from './butterworth.js'
export { type DelayEstimate, type DelayOptions, estimateDelay } from './delay.js'
export {
  centralDifference,
  type DeriveOptions,
  deriveVelocity,
  describeFilter,
  differentiate,
  type FilterSpec,
  medianPeriod,
  smooth,
} from './filter.js'
export type {
  ChannelMap,
  ClockPolicy,
  CsvMap,
  DeriveMap,
  FileMap,
  NanPolicy,
  RecordingFormat,
  RecordingMap,
  RowFilter,
  TimeMap,
} from './map.js'
export { type ReadOptions, readMap, readRecording } from './read.js'
export { type Channel, type Interpolation, Recording, type RecordingInit, type Segment } from './recording.js'
export { type SavitzkyGolayOptions, type Smoothed, savitzkyGolay } from './savitzky-golay.js'
export { parseTarget, type Target } from './targets.js'
export { parseUnit, sameQuantity, toSI, tryUnit, type Unit } from './units.js'
export { type McapOptions, writeCsv, writeJsonLines, writeMcap } from './write.js'
