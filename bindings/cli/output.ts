import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SimcrankError } from '../errors.js'

/** Results cannot be written; `place` is the file or folder. */
export class OutputError extends SimcrankError {}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file would be larger than allowed',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EEXIST: 'there is a file of this name, not a folder',
  EISDIR: 'there is a folder of this name',
}

function outputError(error: unknown, place: string): OutputError {
  const { code = '', message } = error as NodeJS.ErrnoException
  return new OutputError('OUTPUT', `cannot write: ${REASONS[code] ?? message}; choose another --out`, {
    place,
    cause: error,
  })
}

const temporary = (file: string): string => join(dirname(file), `.${basename(file)}.${process.pid}.tmp`)

/** Writes all of a new file and waits until the disk has it. */
async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(file, 'wx')
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A folder and those it lies in. mkdir's own recursion never ends in /proc, and calls a read-only disk 'no such file'. */
async function makeFolder(folder: string): Promise<void> {
  const known = (path: string) => stat(path).catch(() => undefined)
  if ((await known(folder))?.isDirectory()) return
  const parent = dirname(folder)
  if (parent !== folder && (await known(parent)) === undefined) await makeFolder(parent)
  await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
    // another process may have been quicker
    if (error.code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error
  })
}

/**
 * A folder for results, made when absent and proved writable at once, so that a long fit does not end without a place
 * for what it found.
 *
 * @throws {OutputError} when nothing can be written there
 */
export async function openOutput(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    const probe = temporary(join(folder, 'probe'))
    await rm(probe, { force: true })
    try {
      // a full disk may take an empty file and refuse its content
      await writeWhole(probe, new Uint8Array(4096))
    } finally {
      await rm(probe, { force: true })
    }
  } catch (error) {
    throw outputError(error, folder)
  }
}

/**
 * Writes files under their names all or nothing: first each under a temporary name in the same folder, then, when all
 * are on the disk, renamed. A file of that name is replaced.
 *
 * @param files content by path
 * @throws {OutputError} nothing is left behind under a temporary name, no partial file under a final one
 */
export async function writeFiles(files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  let place = ''
  try {
    for (const [file, content] of files) {
      place = file
      // left over from a process of the same id that died
      await rm(temporary(file), { force: true })
      await writeWhole(temporary(file), content)
    }
    for (const file of files.keys()) {
      place = file
      await rename(temporary(file), file)
    }
  } catch (error) {
    // what cannot be removed was never made; the reason to tell is the first one
    for (const file of files.keys()) await rm(temporary(file), { force: true }).catch(() => {})
    throw outputError(error, place)
  }
}
