/** The folder of a run: files that are whole or not there, and the two newest checkpoints. Node only. */
import { CheckpointError } from '../errors.js'
import { nodeModule } from '../host.js'
import { readSections, type Sections, writeSections } from './checkpoint.js'
import { type RunConfig, type RunState, readState } from './state.js'

const { mkdir, open, readdir, readFile, rename, rm } = nodeModule('node:fs/promises')
const { join } = nodeModule('node:path')

/** How far the writing of a file has come; each is a place where a process may die. */
export type WriteStage = 'begun' | 'half' | 'written' | 'synced' | 'renamed' | 'done'
/** @internal tests stop here */
export type StageHook = (stage: WriteStage, file: string) => void | Promise<void>

const CHECKPOINT = /^checkpoint-(\d{6,})\.bin$/
/** our names for files that are being written, the command's results among them: what a process that died leaves behind */
const TEMPORARY =
  /^\.(checkpoint-\d{6,}\.bin|config\.json|(probe|policy\.safetensors|policy\.ts|report\.html)\.\d+)\.tmp$/
/** the newest, and the one before in case that is damaged */
const KEPT = 2

const checkpointName = (generation: number): string => `checkpoint-${String(generation).padStart(6, '0')}.bin`

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  ENOTDIR: 'a part of this path is a file, not a folder',
}

function writeError(error: unknown, place: string): CheckpointError {
  const { code = '', message } = error as NodeJS.ErrnoException
  return new CheckpointError('CHECKPOINT_WRITE', `cannot write: ${REASONS[code] ?? message}`, { place, cause: error })
}

/** Waits until the disk has the names of a folder. Windows keeps no handle on folders, and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a file so that under its name there is always a whole one: to a temporary name, fsync, rename, fsync of the folder.
 *
 * @throws {CheckpointError} CHECKPOINT_WRITE saying why
 */
export async function writeDurably(folder: string, name: string, bytes: Uint8Array, hook?: StageHook): Promise<void> {
  const file = join(folder, name)
  const temporary = join(folder, `.${name}.tmp`)
  try {
    const handle = await open(temporary, 'w')
    try {
      await hook?.('begun', file)
      const half = bytes.length >>> 1
      await handle.writeFile(bytes.subarray(0, half))
      await hook?.('half', file)
      await handle.writeFile(bytes.subarray(half))
      await hook?.('written', file)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await hook?.('synced', file)
    await rename(temporary, file)
    await hook?.('renamed', file)
    await syncFolder(folder)
    await hook?.('done', file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw writeError(error, file)
  }
}

/** Generations of the checkpoints in a folder, newest first; none when there is no such folder. */
async function checkpointsOf(folder: string): Promise<number[]> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new CheckpointError('CHECKPOINT_READ', `cannot read: ${message}`, { place: folder, cause: error })
  }
  return names
    .map(name => CHECKPOINT.exec(name))
    .filter(match => match !== null)
    .map(match => Number(match[1]))
    .sort((a, b) => b - a)
}

/** A checkpoint that could be read, and those newer ones that could not. */
export interface Loaded {
  readonly file: string
  readonly config: RunConfig
  readonly state: RunState
  /** newer files that are damaged, and why: say it */
  readonly skipped: readonly { readonly file: string; readonly error: CheckpointError }[]
}

/** Another version's checkpoint is sound: to fall back behind it would lose work. */
const FINAL = ['CHECKPOINT_VERSION', 'CHECKPOINT_READ']

/**
 * The newest sound checkpoint of a folder; undefined when it holds none at all. One that is cut or damaged is skipped, and named in
 * the result.
 *
 * @throws {CheckpointError} what is wrong with the newest, when no one is sound; CHECKPOINT_VERSION; CHECKPOINT_READ
 */
export async function loadLatest(folder: string): Promise<Loaded | undefined> {
  const skipped: { file: string; error: CheckpointError }[] = []
  for (const generation of await checkpointsOf(folder)) {
    const file = join(folder, checkpointName(generation))
    try {
      return { file, ...(await readCheckpoint(file)), skipped }
    } catch (error) {
      if (!(error instanceof CheckpointError) || FINAL.includes(error.code)) throw error
      skipped.push({ file, error })
    }
  }
  if (skipped.length > 0) throw skipped[0].error
  return undefined
}

/**
 * One checkpoint.
 *
 * @throws {CheckpointError} CHECKPOINT_TRUNCATED, CHECKPOINT_DAMAGED, CHECKPOINT_FORMAT, CHECKPOINT_VERSION, CHECKPOINT_READ
 */
export async function readCheckpoint(file: string): Promise<{ config: RunConfig; state: RunState }> {
  const bytes = await readFile(file).catch((cause: Error) => {
    throw new CheckpointError('CHECKPOINT_READ', `cannot read: ${cause.message}`, { place: file, cause })
  })
  return readState(readSections(bytes, file), file)
}

/** What a run was begun with, in the folder. */
export const CONFIG = 'config.json'

/** The configuration of a run that has no checkpoint yet; undefined when there is none. @throws {CheckpointError} CHECKPOINT_DAMAGED */
export async function readConfig(folder: string): Promise<RunConfig | undefined> {
  const file = join(folder, CONFIG)
  try {
    const config = JSON.parse(await readFile(file, 'utf8')) as RunConfig
    if (config?.task && config.model && config.settings) return config
    throw new SyntaxError('task, model or settings are missing')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new CheckpointError('CHECKPOINT_DAMAGED', `is no configuration of a run: ${(cause as Error).message}`, {
      place: file,
      cause,
    })
  }
}

/** Whether a folder holds a run: checkpoints, sound or not, or what one was begun with. @throws as readConfig */
export const hasRun = async (folder: string): Promise<boolean> =>
  (await checkpointsOf(folder)).length > 0 || (await readConfig(folder)) !== undefined

/**
 * Takes a damaged checkpoint out of the way, under another name: it would count as the newest or the one before, and the sound one
 * would go.
 *
 * @throws {CheckpointError} CHECKPOINT_WRITE
 */
export async function setAside(file: string): Promise<void> {
  try {
    await rename(file, `${file}.damaged`)
  } catch (error) {
    throw writeError(error, file)
  }
}

/** Makes the folder and takes away what a process that died was writing. @throws {CheckpointError} CHECKPOINT_WRITE */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    for (const name of await readdir(folder)) if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true })
  } catch (error) {
    throw writeError(error, folder)
  }
}

/**
 * Writes the checkpoint of a generation; then those go that are neither it nor the newest one before.
 *
 * @returns its path
 * @throws {CheckpointError} CHECKPOINT_WRITE; the earlier ones are untouched
 */
export async function saveCheckpoint(
  folder: string,
  generation: number,
  sections: Sections,
  hook?: StageHook,
): Promise<string> {
  const name = checkpointName(generation)
  await writeDurably(folder, name, writeSections(sections), hook)
  const old = (await checkpointsOf(folder)).filter(it => it < generation).slice(KEPT - 1)
  for (const it of old) await rm(join(folder, checkpointName(it)), { force: true })
  return join(folder, name)
}
