/** What the words of `train` and `evaluate` name: tasks, policies, distributions over physics. */
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { checkBackend } from '../engine/rollout.js'
import { ParameterError, SimcrankError, UsageError } from '../errors.js'
import type { ParameterDistribution } from '../model/distribution.js'
import type { Model } from '../model/model.js'
import { parseSpace } from '../model/spec.js'
import { type Policy, readPolicy } from '../policy/index.js'
import type { Task } from '../task/index.js'
import { distributionOf, type Randomize } from '../train/evaluate-range.js'
import { loadTask } from '../train/load-task.js'
import { checkWorkers, MAX_WORKERS } from '../train/pool.js'
import { readText } from './input.js'

/** codes of errors that are about the words of the command line, though others find them */
const WRONG_WORDS = ['TASK_UNKNOWN', 'POLICY_SPEC', 'ES_METHOD', 'ES_OPTION', 'SETTING', 'LIMIT', 'WORKERS']

/** Runs something that options of the command line reach; what they make it refuse is wrong usage. */
export async function asUsage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof SimcrankError) || !WRONG_WORDS.includes(error.code)) throw error
    throw new UsageError(error.code, error.message, { cause: error })
  }
}

/** Threads: as many as said, or all cores; undefined where there are none. @throws {UsageError} WORKERS */
export function workersOf(backend: 'wasm' | 'webgpu', workers: number | undefined): Promise<number | undefined> {
  return asUsage(async () => {
    checkBackend(backend, workers)
    if (backend === 'webgpu') return undefined
    return checkWorkers(workers ?? Math.min(availableParallelism(), MAX_WORKERS))
  })
}

/** The task that some words name. @throws {UsageError} TASK_UNKNOWN; {TaskError} TASK_MODULE */
export const taskOf = (words: string): Promise<Task> => asUsage(() => loadTask(words))

/** @throws {SimcrankError} FILE; {CheckpointError} what readPolicy throws */
export async function readPolicyFile(file: string): Promise<Policy> {
  const bytes = await readFile(file).catch((cause: Error) => {
    throw new SimcrankError('FILE', `cannot read: ${cause.message}`, { place: file, cause })
  })
  return readPolicy(bytes, file)
}

/**
 * A file of `{ "parameters": […], "distribution": … }`: a space as `identify --space` takes it, and what is believed about it, as
 * ParameterDistribution.toJSON writes it; without, uniform within the bounds.
 *
 * @throws {ParameterError} JSON, SPEC saying where
 */
export async function readRandomize(file: string): Promise<Randomize> {
  const text = await readText(file)
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw new ParameterError('JSON', `this is not JSON: ${(cause as Error).message}`, { place: file, cause })
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document) || !('distribution' in document))
    // text, so that messages say line and column
    return { space: parseSpace(text, file) }
  const { distribution, ...space } = document
  return { space: parseSpace(space, file), distribution }
}

/** @throws {ParameterError} SPEC naming the file */
export function distributionIn(
  file: string | undefined,
  randomize: Randomize | undefined,
  model: Model,
): ParameterDistribution | undefined {
  if (randomize === undefined) return undefined
  try {
    return distributionOf(randomize, model)
  } catch (error) {
    if (!(error instanceof ParameterError) || file === undefined || error.message.startsWith(file)) throw error
    throw new ParameterError(error.code, error.message, { place: file, cause: error })
  }
}
