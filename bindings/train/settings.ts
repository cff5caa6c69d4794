/** Everything that decides the bits of a run, as plain JSON, with its defaults. */
import { TaskError } from '../errors.js'
import { METHODS, type Method, type MethodOptions } from '../es/method.js'
import { formatSpec, mlp, NORMALIZER_RULES, type NormalizerRule, type PolicySpec, parseSpec } from '../policy/index.js'
import { MAX_EPISODE } from '../program.js'
import type { Randomize } from './evaluate-range.js'

/** Options of a method that are plain numbers, words and lists; what they mean: makeStrategy. */
export type PlainMethodOptions = Omit<MethodOptions[Method], 'mean' | 'seed' | 'kernel' | 'matrices'> &
  Readonly<Record<string, unknown>>

/** What a user may choose; all of it decides the bits. */
export interface TrainSettings {
  /** architecture, or its word (`linear`, `mlp:64x64:relu` …); default mlp:32x32 */
  readonly policy?: PolicySpec | string
  /** default 'openai-es' */
  readonly method?: Method
  /** popsize, sigma and whatever else the method takes */
  readonly methodOptions?: PlainMethodOptions
  /** where the worlds live; default 'wasm'. A run stays where it began: bits differ between the two */
  readonly backend?: 'wasm' | 'webgpu'
  /** of everything random; default 0 */
  readonly seed?: number
  /** episodes of each member in a generation; default 1 */
  readonly episodes?: number
  /**
   * who meets the same episodes: members of a pair, the whole population, or nobody. Default 'pair' for methods that compare pairs,
   * 'population' for those that rank all members
   */
  readonly common?: 'pair' | 'population' | 'none'
  /** how observations are normalised; default 'floor', 'ars' for ARS V2, 'none' where the method wants them raw */
  readonly normalizer?: NormalizerRule
  /** the mean policy is evaluated every so many generations (default 10) over so many episodes (default 16), always the same */
  readonly evaluation?: { readonly every?: number; readonly episodes?: number }
  /** control steps after which an episode of training is cut off; default the task's, which evaluations always have */
  readonly episodeLength?: number
  /** standard deviation of noise on every component of the action, in training; default the task's */
  readonly actionNoise?: number
  /** physics drawn anew for each episode */
  readonly randomize?: Randomize
  /** numbers given to all episodes (s.input), by name; default the task's */
  readonly inputs?: Readonly<Record<string, readonly number[]>>
  /**
   * weights of reward terms in what is learned from, by name; default 1. Evaluations, and so `target`, are of the task's own
   * reward. ARS leaves out the bonus for being alive: { healthy: 0 }
   */
  readonly weights?: Readonly<Record<string, number>>
  /**
   * members evaluated together by one worker; default about an eighth of the population, and of 8 to 64 episodes; on 'webgpu' all.
   * It decides how sums are rounded
   */
  readonly rangeSize?: number
}

/** Settings with nothing left open. */
export interface CompleteSettings {
  readonly policy: string
  readonly method: Method
  readonly methodOptions: PlainMethodOptions
  /** undefined: 'wasm' */
  readonly backend: 'webgpu' | undefined
  readonly seed: number
  readonly episodes: number
  readonly common: 'pair' | 'population' | 'none'
  readonly normalizer: NormalizerRule | undefined
  readonly evaluation: { readonly every: number; readonly episodes: number }
  readonly episodeLength: number
  readonly actionNoise: number
  readonly randomize: Randomize | undefined
  readonly inputs: Readonly<Record<string, readonly number[]>> | undefined
  readonly weights: Readonly<Record<string, number>> | undefined
  /** undefined: defaultRange */
  readonly rangeSize: number | undefined
}

/** What the task says where the settings say nothing. */
interface TaskDefaults {
  readonly episodeLength: number
  readonly actionNoise: number
  /** reward terms */
  readonly terms: readonly string[]
}

/** Episodes of a range: enough that lanes whose episodes end early find others, few enough that workers end together. */
const RANGE_EPISODES = [8, 64] as const
/** ranges of a population, within those bounds: a few for each worker */
const RANGES = 8

/** Members of a range: pairs stay together. */
export function defaultRange(popsize: number, episodes: number): number {
  const [least, most] = RANGE_EPISODES
  const wanted = Math.min(Math.max((popsize * episodes) / RANGES, least), most)
  return 2 * Math.ceil(wanted / episodes / 2)
}

/** Methods that rank single members against each other; the others compare the two of a pair. */
const RANKING: readonly Method[] = ['snes', 'cma-es', 'sep-cma-es']
const UNPAIRED = ['vanilla', 'forward']

/** @throws {TaskError} SETTING naming the one that makes no sense; POLICY_SPEC, ES_METHOD */
export function completeSettings(given: TrainSettings, task: TaskDefaults): CompleteSettings {
  const { method = 'openai-es', policy = mlp([32, 32]) } = given
  const methodOptions = checkMethodOptions(given.methodOptions ?? ({} as PlainMethodOptions))
  if (!METHODS.includes(method))
    throw new TaskError('ES_METHOD', `got '${method}', expected one of ${METHODS.join(', ')}`, {
      place: 'method',
    })
  if (given.backend !== undefined && !['wasm', 'webgpu'].includes(given.backend))
    refuse('backend', given.backend, 'wasm or webgpu')
  if (given.normalizer !== undefined && !NORMALIZER_RULES.includes(given.normalizer))
    refuse('normalizer', given.normalizer, `one of ${NORMALIZER_RULES.join(', ')}`)
  if (given.common !== undefined && !['pair', 'population', 'none'].includes(given.common))
    refuse('common', given.common, 'pair, population or none')
  const episodes = count('episodes', given.episodes ?? 1)
  const noise = given.actionNoise ?? task.actionNoise
  if (!(noise >= 0 && Number.isFinite(noise))) refuse('actionNoise', noise, 'a number of at least 0')
  for (const [name, weight] of Object.entries(given.weights ?? {})) {
    if (!task.terms.includes(name)) refuse(`weights.${name}`, weight, `a term of the reward: ${task.terms.join(', ')}`)
    if (!Number.isFinite(weight)) refuse(`weights.${name}`, weight, 'a finite number')
  }
  const ranking = RANKING.includes(method) || UNPAIRED.includes(String(methodOptions.estimator))
  return {
    policy: formatSpec(typeof policy === 'string' ? parseSpec(policy) : policy),
    method,
    methodOptions,
    backend: given.backend === 'webgpu' ? 'webgpu' : undefined,
    seed: given.seed ?? 0,
    episodes,
    common: given.common ?? (ranking ? 'population' : 'pair'),
    normalizer: given.normalizer,
    evaluation: {
      every: count('evaluation.every', given.evaluation?.every ?? 10),
      episodes: count('evaluation.episodes', given.evaluation?.episodes ?? 16),
    },
    episodeLength: count('episodeLength', given.episodeLength ?? task.episodeLength, MAX_EPISODE),
    actionNoise: noise,
    randomize: given.randomize,
    inputs: given.inputs,
    weights: given.weights,
    rangeSize: given.rangeSize === undefined ? undefined : count('rangeSize', given.rangeSize),
  }
}

function refuse(name: string, got: unknown, expected: string): never {
  throw new TaskError('SETTING', `got ${JSON.stringify(got)}, expected ${expected}`, { place: name })
}

export function count(name: string, value: number, most = Number.MAX_SAFE_INTEGER): number {
  if (!(Number.isSafeInteger(value) && value >= 1 && value <= most)) {
    const expected = most < Number.MAX_SAFE_INTEGER ? `from 1 to ${most}` : 'of at least 1'
    refuse(name, value, `a whole number ${expected}`)
  }
  return value
}

/** What the run itself says to its method: said otherwise in its options, it would be ignored. */
const OF_THE_RUN: Readonly<Record<string, string>> = {
  mean: "the run begins where option 'start' says",
  seed: "option 'seed' of the run",
  kernel: 'the run has its own',
  network: "that of option 'policy'",
  matrices: "those of option 'policy'",
}

function checkMethodOptions(options: PlainMethodOptions): PlainMethodOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    refuse('methodOptions', options, 'an object of names and values')
  for (const [name, instead] of Object.entries(OF_THE_RUN))
    if (options[name] !== undefined) refuse(`methodOptions.${name}`, options[name], `nothing: ${instead}`)
  return options
}
