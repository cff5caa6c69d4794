/** Evolution strategies by ask and tell. */
export { ARS, type ARSOptions } from './ars.js'
export { BoundPenalty, type Bounds, BoundTransform } from './boundary.js'
export { CMAStrategy, type CMAStrategyOptions } from './cma.js'
export { type Best, CMAES } from './cmaes.js'
export { type CmaConstants, type ConstantsOptions, cmaConstants, defaultPopsize } from './constants.js'
export { OpenES, type OpenESOptions } from './es.js'
export type { Estimator } from './estimator.js'
export { isMethod, METHODS, type Method, type MethodOptions, makeStrategy } from './method.js'
export { NoiseHandler, type NoiseOptions } from './noise.js'
export {
  type Matrix,
  type NoiseKernel,
  type NoiseKey,
  type NoiseSums,
  PlainKernel,
  policyMatrices,
} from './noise-kernel.js'
export type { AdamOptions, ClipUpOptions, OptimizerOptions, SgdOptions } from './optimizer.js'
export type { CMAESOptions } from './options.js'
export type { Norms } from './orthogonal.js'
export { PGPE, type PGPEOptions } from './pgpe.js'
export { type Regime, Restarts, type RestartsOptions, type RunRecord } from './restarts.js'
export type { Schedule } from './schedule.js'
export type { Shaping } from './shaping.js'
export { SNES, type SNESOptions } from './snes.js'
export { materialise, type Population, type Strategy, type StrategyOptions, type StrategyState } from './strategy.js'
export type { StopCode, StopReason, TerminationOptions } from './termination.js'
