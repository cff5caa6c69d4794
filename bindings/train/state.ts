/** Where a run stands between two generations, and its form in a checkpoint. */
import { CheckpointError } from '../errors.js'
import type { StrategyState } from '../es/strategy.js'
import { Normalizer, type NormalizerRule, type Statistics } from '../policy/index.js'
import { pack, unpack } from './pack.js'

/** A run in plain JSON. `task`, `model` and `settings` are everything that decides its bits; what else is there is for people. */
export interface RunConfig {
  readonly task: Readonly<Record<string, unknown>>
  readonly model: Readonly<Record<string, unknown>>
  readonly settings: Readonly<Record<string, unknown>>
  readonly [more: string]: unknown
}

/** The policy of the best evaluation so far. */
export interface Best {
  readonly generation: number
  readonly evalReturn: number
  readonly theta: Float32Array
  readonly normalizer: Normalizer
}

/** Everything that decides what comes next, but for the configuration. */
export interface RunState {
  /** generations done */
  readonly generation: number
  /** environment steps of training */
  readonly steps: number
  readonly normalizer: Normalizer
  readonly strategy: StrategyState
  readonly best?: Best
  /** members that failed so far, and how many of them by each reward term */
  readonly failed: number
  readonly failedTerms: Readonly<Record<string, number>>
  /** wall-clock time so far; s */
  readonly seconds: number
}

const statistics = ({ count, mean, m2 }: Normalizer): Statistics => ({ count, mean, m2 })

/**
 * Sections of a checkpoint. The wall clock has its own: all others have the same bytes whenever, wherever and by however many
 * workers they were made.
 */
export function writeState(config: RunConfig, state: RunState): Map<string, Uint8Array> {
  const { generation, steps, normalizer, strategy, best, failed, failedTerms, seconds } = state
  return new Map([
    ['config', pack(config)],
    ['progress', pack({ generation, steps, failed, failedTerms, rule: normalizer.rule })],
    ['strategy', pack(strategy)],
    ['normalizer', pack(statistics(normalizer))],
    ['best', pack(best === undefined ? null : { ...best, normalizer: statistics(best.normalizer) })],
    ['clock', pack({ seconds })],
  ])
}

/** @throws {CheckpointError} CHECKPOINT_DAMAGED when a section is missing or does not hold what it should */
export function readState(
  sections: ReadonlyMap<string, Uint8Array>,
  place?: string,
): { config: RunConfig; state: RunState } {
  const read = <T>(name: string): T => {
    const bytes = sections.get(name)
    if (bytes === undefined)
      throw new CheckpointError('CHECKPOINT_DAMAGED', `the checkpoint has no section '${name}'`, { place })
    return unpack(bytes) as T
  }
  try {
    const { rule, ...progress } = read<Omit<RunState, 'normalizer'> & { rule: NormalizerRule }>('progress')
    const best = read<(Best & { normalizer: Statistics }) | null>('best')
    const state: RunState = {
      ...progress,
      ...read<{ seconds: number }>('clock'),
      strategy: read('strategy'),
      normalizer: new Normalizer(rule, read('normalizer')),
      ...(best !== null && { best: { ...best, normalizer: new Normalizer(rule, best.normalizer) } }),
    }
    return { config: read<RunConfig>('config'), state }
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause
    // sums are right and the content is not: what wrote it was not this simcrank
    throw new CheckpointError('CHECKPOINT_DAMAGED', `the checkpoint makes no sense: ${(cause as Error).message}`, {
      place,
      cause,
    })
  }
}

/** What a configuration must share with a checkpoint's, by where they differ. */
const CODES: Readonly<Record<string, string>> = { model: 'CHECKPOINT_MODEL', task: 'CHECKPOINT_TASK' }

/**
 * Is a checkpoint of this run?
 *
 * @throws {CheckpointError} CHECKPOINT_TASK, CHECKPOINT_MODEL, CHECKPOINT_SETTINGS naming what differs
 */
export function checkSameRun(ours: RunConfig, theirs: RunConfig, place?: string): void {
  const decides = ({ task, model, settings }: RunConfig): unknown => ({ task, model, settings })
  const found = differences(decides(ours), decides(theirs))
  if (found.length === 0) return
  const kinds = ['task', 'model'].filter(kind => found.some(([path]) => path.split('.')[0] === kind))
  const words = found.slice(0, 5).map(([path, a, b]) => `${path} is ${show(b)} there and ${show(a)} here`)
  const more = found.length > 5 ? `, and ${found.length - 5} more` : ''
  throw new CheckpointError(
    CODES[kinds[0]] ?? 'CHECKPOINT_SETTINGS',
    `the checkpoint is of another run: ${words.join(', ')}${more}`,
    { place },
  )
}

type Difference = readonly [path: string, ours: unknown, theirs: unknown]

/** Where two plain values differ; a key that is undefined is as good as absent. */
function differences(ours: unknown, theirs: unknown, path = ''): Difference[] {
  const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null
  if (!isObject(ours) || !isObject(theirs)) return Object.is(ours, theirs) ? [] : [[path, ours, theirs]]
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)])
  return [...keys].flatMap(key => differences(ours[key], theirs[key], path === '' ? key : `${path}.${key}`))
}

const show = (value: unknown): string => {
  const text = value === undefined ? 'not given' : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
