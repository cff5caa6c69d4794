/** Evolution strategies by ask and tell. */
export { BoundPenalty, type Bounds, BoundTransform } from './boundary.js'
export { type Best, CMAES } from './cmaes.js'
export { type CmaConstants, type ConstantsOptions, cmaConstants, defaultPopsize } from './constants.js'
export { NoiseHandler, type NoiseOptions } from './noise.js'
export type { CMAESOptions } from './options.js'
export { type Regime, Restarts, type RestartsOptions, type RunRecord } from './restarts.js'
export type { StopCode, StopReason, TerminationOptions } from './termination.js'
