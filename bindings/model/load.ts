import { ModelError } from '../errors.js'
import { inNode, nodeModule } from '../host.js'
import type { Model } from './model.js'
import { isSavedModel } from './save.js'
import { type Budget, placeOf, readLocation } from './source.js'
import { unsupported, unsupportedError } from './support.js'

export interface LoadOptions {
  /** ms that MuJoCo may take to start and compile, at least 1; default 30000 */
  readonly timeoutMs?: number
  /**
   * bytes that all files of the model may take together, and bytes that the compiled numbers may take;
   * default 268435456 (256 MiB)
   */
  readonly maxBytes?: number
  /**
   * files the XML refers to (includes, meshes), by name relative to the model, e.g. `{ 'meshes/link.stl': bytes }`.
   * They come before files on disk; XML given as text has no others.
   */
  readonly assets?: Readonly<Record<string, Uint8Array | string>>
  /** return a model although parts of it cannot be simulated; `unsupported(model)` lists them. Default false */
  readonly allowUnsupported?: boolean
}

const DEFAULT_TIMEOUT_MS = 30000
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024

/** true for a string that is XML rather than the name of a file */
function isXmlText(text: string): boolean {
  return /^[\uFEFF\s]*</.test(text)
}

/** A file to read: URLs stay, `https://…` strings become URLs, all else is a path of this machine, or of the page. */
function locate(source: string | URL): URL {
  if (source instanceof URL) return source
  if (/^(https?|file|data):/i.test(source)) return new URL(source)
  return inNode ? nodeModule('node:url').pathToFileURL(source) : new URL(source, globalThis.location?.href)
}

/**
 * Load a model: MJCF or URDF, which the official MuJoCo compiles (optional peer `@mujoco/mujoco`, in a worker thread
 * with time and memory limits), or a Model saved by `saveModel`, which needs no compiler.
 *
 * The numbers are MuJoCo's own, after defaults, includes, mesh inertias and `mj_setConst`, all checked finite.
 * `option solver` is accepted whatever it is: all of MuJoCo's solvers minimise the same cost. PGS goes on where
 * MuJoCo's stops short of the minimum.
 *
 * @param source path, URL (file:, http(s):, data:), XML text, or bytes of XML or of a saved Model
 * @throws {ModelError} MODEL_FILE (missing or unreadable file, include or mesh), MODEL_FORMAT (neither XML nor a saved
 *   Model), MODEL_XML (MuJoCo's message with its line), MODEL_UNSUPPORTED (one error listing every unsupported element),
 *   MODEL_NOT_FINITE, MODEL_SIZE, MODEL_TIMEOUT, MODEL_ABORT, MODEL_NO_COMPILER, MODEL_CORRUPT, MODEL_VERSION
 */
export async function loadModel(source: string | URL | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = options
  for (const [name, value] of Object.entries({ timeoutMs, maxBytes })) {
    if (!(value >= 1)) throw new ModelError('MODEL_OPTION', `${name}: got ${value}, expected a number of at least 1`)
  }
  const budget: Budget = { left: maxBytes, limit: maxBytes }
  const main = await readMain(source, budget, timeoutMs)
  const model = isSavedModel(main.bytes)
    ? (await import('./read-saved.js')).readSavedModel(main.bytes, main.place)
    : await compiled(main, budget, { ...options, timeoutMs })
  const list = unsupported(model)
  if (list.length > 0 && options.allowUnsupported !== true) throw unsupportedError(list, main.place)
  return model
}

/** Where a model comes from. */
export interface Main {
  readonly bytes: Uint8Array
  /** where it came from; undefined for text and bytes */
  readonly url: URL | undefined
  readonly place: string | undefined
}

async function readMain(source: string | URL | Uint8Array, budget: Budget, timeoutMs: number): Promise<Main> {
  if (source instanceof Uint8Array || (typeof source === 'string' && isXmlText(source))) {
    const bytes = typeof source === 'string' ? new TextEncoder().encode(source) : source
    if (bytes.length > budget.left) {
      throw new ModelError(
        'MODEL_SIZE',
        `the model has ${bytes.length} bytes, over the limit of ${budget.limit} (maxBytes)`,
      )
    }
    budget.left -= bytes.length
    return { bytes, url: undefined, place: undefined }
  }
  const url = locate(source)
  const place = await placeOf(url)
  const bytes = await readLocation(url, budget, AbortSignal.timeout(timeoutMs))
  if (bytes === undefined) throw new ModelError('MODEL_FILE', 'there is no such file', { place })
  return { bytes, url, place }
}

/** The Model of XML; what only XML needs is loaded for it. */
async function compiled(main: Main, budget: Budget, options: LoadOptions & { timeoutMs: number }): Promise<Model> {
  const xml = new TextDecoder().decode(main.bytes)
  if (!isXmlText(xml)) {
    throw new ModelError('MODEL_FORMAT', 'neither XML (MJCF, URDF) nor a saved Model', { place: main.place })
  }
  if (!inNode) {
    throw new ModelError(
      'MODEL_NO_COMPILER',
      'XML cannot be compiled outside Node yet: compile it in Node, keep the bytes of saveModel, and load those',
      { place: main.place },
    )
  }
  return (await import('./compile-files.js')).compileFiles(main, xml, budget, options)
}
