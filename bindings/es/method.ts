/**
 * Strategies by name: what a command line, a checkpoint or a job names as `method`.
 */
import { TaskError } from '../errors.js'
import { ARS, type ARSOptions } from './ars.js'
import { onlyKnown } from './check.js'
import { CMAStrategy, type CMAStrategyOptions } from './cma.js'
import { OpenES, type OpenESOptions } from './es.js'
import { PGPE, type PGPEOptions } from './pgpe.js'
import { SNES, type SNESOptions } from './snes.js'
import type { Strategy } from './strategy.js'

/** Options of each method. */
export interface MethodOptions {
  'openai-es': OpenESOptions
  ars: ARSOptions
  pgpe: PGPEOptions
  snes: SNESOptions
  'cma-es': CMAStrategyOptions
  'sep-cma-es': CMAStrategyOptions
}
export type Method = keyof MethodOptions

const COMMON = ['mean', 'seed', 'kernel', 'popsize', 'sigma'] as const
const CMA = [
  'active',
  'cmuMax',
  'damping',
  'maxiter',
  'maxEvaluations',
  'ftarget',
  'tolfun',
  'tolfunhist',
  'tolx',
  'tolfacupx',
  'conditionMax',
  'tolstagnation',
  'tolxstagnation',
] as const

/** Names of the options of every method, besides those all have. */
const OPTIONS: { readonly [M in Method]: readonly Exclude<keyof MethodOptions[M], (typeof COMMON)[number]>[] } = {
  'openai-es': ['npair', 'estimator', 'norms', 'shaping', 'optimizer', 'weightDecay', 'rank', 'network'],
  ars: ['npair', 'top', 'stepSize', 'version'],
  pgpe: ['npair', 'sigmaLr', 'maxChange', 'optimizer', 'weightDecay'],
  snes: ['muLr', 'sigmaLr'],
  'cma-es': CMA,
  'sep-cma-es': CMA,
}

/** Every method, in the order of documentation. */
export const METHODS = Object.keys(OPTIONS) as readonly Method[]

/** Whether a word names a method. */
export function isMethod(name: string): name is Method {
  return Object.hasOwn(OPTIONS, name)
}

/**
 * A strategy by name. Options that are undefined take their defaults, which depend on the dimension where that helps.
 *
 * @param options mean (its length is the dimension), seed, kernel, popsize, sigma, and the method's own
 * @throws {TaskError} ES_METHOD when there is no such method
 * @throws {ParameterError} ES_OPTION when an option is not the method's or makes no sense; `place` names it
 */
export function makeStrategy<M extends Method>(name: M, options: MethodOptions[M]): Strategy
export function makeStrategy(name: Method, options: MethodOptions[Method]): Strategy {
  if (!isMethod(name))
    throw new TaskError('ES_METHOD', `got '${name}', expected one of ${METHODS.join(', ')}`, {
      place: 'method',
    })
  onlyKnown(name, options, [...COMMON, ...OPTIONS[name]])
  if (name === 'openai-es') return new OpenES(options as OpenESOptions)
  if (name === 'ars') return new ARS(options as ARSOptions)
  if (name === 'pgpe') return new PGPE(options as PGPEOptions)
  if (name === 'snes') return new SNES(options as SNESOptions)
  return new CMAStrategy({ ...(options as CMAStrategyOptions), diagonal: name === 'sep-cma-es' })
}
