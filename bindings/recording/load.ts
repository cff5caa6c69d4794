import { RecordingError } from '../errors.js'
import { inNode, nodeModule } from '../host.js'
import type { RecordingFormat } from './map.js'

/** Where a recording is read from. */
export interface Source {
  /** as the user wrote it; 'recording' for bytes */
  readonly place: string
  /** file name without its last extension, or the folder's name */
  readonly stem: string
  readonly folder: string
  readonly isFolder: boolean
  read(): Promise<Uint8Array>
  /** a file beside the source, or in it when it is a folder */
  beside(file: string): Source
  /** file name */
  readonly file: string
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const lastPart = (path: string): string =>
  path
    .replace(/[\\/]+$/, '')
    .split(/[\\/]/)
    .at(-1) ?? ''
const stemOf = (file: string): string => file.replace(/(?<=.)\.[^.]*$/, '')

function bytesSource(bytes: Uint8Array, place: string, files: Readonly<Record<string, Uint8Array>>): Source {
  return {
    place,
    file: place,
    stem: stemOf(lastPart(place)),
    folder: '',
    isFolder: false,
    read: async () => bytes,
    beside: file => {
      if (Object.hasOwn(files, file)) return bytesSource(files[file], file, files)
      throw new RecordingError('RECORDING_FILE', `no '${file}' among the files given`, { place })
    },
  }
}

function webSource(url: URL): Source {
  const file = lastPart(url.pathname)
  return {
    place: url.href,
    file,
    stem: stemOf(file),
    folder: lastPart(new URL('.', url).pathname),
    isFolder: false,
    read: async () => {
      let response: Response
      try {
        response = await fetch(url)
      } catch (cause) {
        throw new RecordingError('RECORDING_FILE', `cannot be fetched: ${reason(cause)}`, { place: url.href, cause })
      }
      if (!response.ok)
        throw new RecordingError('RECORDING_FILE', `the server answered ${response.status}`, { place: url.href })
      return new Uint8Array(await response.arrayBuffer())
    },
    beside: name => webSource(new URL(name, url)),
  }
}

async function fileSource(path: string, place: string): Promise<Source> {
  const fs = nodeModule('node:fs/promises')
  const { resolve, dirname, basename, join } = nodeModule('node:path')
  const fail = (cause: unknown) => {
    const missing = (cause as { code?: unknown }).code === 'ENOENT'
    return new RecordingError('RECORDING_FILE', missing ? 'no such file' : `cannot be read: ${reason(cause)}`, {
      place,
      cause,
    })
  }
  const full = resolve(path)
  const isFolder = await fs.stat(full).then(
    s => s.isDirectory(),
    e => Promise.reject(fail(e)),
  )
  const at = (file: string, label: string): Source => ({
    place: label,
    file: basename(file),
    stem: stemOf(basename(file)),
    folder: basename(dirname(file)),
    isFolder: false,
    read: () =>
      fs.readFile(file).then(
        b => new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
        e => {
          const missing = (e as { code?: unknown }).code === 'ENOENT'
          throw new RecordingError('RECORDING_FILE', missing ? 'no such file' : `cannot be read: ${reason(e)}`, {
            place: label,
            cause: e,
          })
        },
      ),
    beside: name => at(join(dirname(file), name), join(dirname(label), name)),
  })
  if (!isFolder) return at(full, place)
  return { ...at(full, place), stem: basename(full), isFolder, beside: name => at(join(full, name), join(place, name)) }
}

/**
 * Opens a path, URL (file:, http:, https:) or bytes.
 *
 * @throws {RecordingError} RECORDING_FILE
 */
export async function openSource(
  source: string | URL | Uint8Array,
  name: string | undefined,
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<Source> {
  if (source instanceof Uint8Array) return bytesSource(source, name ?? 'recording', files)
  if (source instanceof URL ? source.protocol !== 'file:' : /^https?:\/\//.test(source))
    return webSource(new URL(source))
  // a page has no files: a path is an address beside it
  if (!inNode) return webSource(new URL(source, globalThis.location?.href))
  if (typeof source === 'string') return fileSource(source, source)
  const { fileURLToPath } = nodeModule('node:url')
  return fileSource(fileURLToPath(source), fileURLToPath(source))
}

const EXTENSIONS: Readonly<Record<string, RecordingFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  mcap: 'mcap',
}

/** The format by the file's extension, or else by how its bytes begin. */
export function detectFormat(file: string, bytes: Uint8Array): RecordingFormat {
  const extension = /\.([^.]+)$/.exec(file)?.[1].toLowerCase() ?? ''
  if (Object.hasOwn(EXTENSIONS, extension)) return EXTENSIONS[extension]
  if (bytes[0] === 0x89 && bytes[1] === 0x4d && bytes[2] === 0x43) return 'mcap'
  const start = bytes.findIndex(c => c > 32 && c !== 0xef && c !== 0xbb && c !== 0xbf)
  const c = bytes[start]
  if (c !== 0x7b && c !== 0x5b) return 'csv'
  if (c === 0x5b) return 'json'
  // an object that ends with its first line, and another after it
  const end = bytes.indexOf(10, start)
  if (end < 0) return 'json'
  const next = bytes.findIndex((b, i) => i > end && b > 32)
  return bytes.subarray(start, end).lastIndexOf(0x7d) > 0 && bytes[next] === 0x7b ? 'jsonl' : 'json'
}
