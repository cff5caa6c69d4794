/** Where the engine's two files are: its WebAssembly module, and the script of its worker threads. */
import { BackendError } from '../../errors.js'
import { inNode, nodeModule } from '../../host.js'

export interface EngineOptions {
  /** address of `simcrank/simcrank.wasm`; default: beside the package's own scripts */
  readonly wasmUrl?: string | URL
  /** address of `simcrank/worker`, of any origin; default: beside the package's own scripts */
  readonly workerUrl?: string | URL
}

/** The files themselves, for hosts that serve none. */
export interface Embedded {
  /** base64 */
  readonly wasm: string
  readonly worker: string
}

let wasmUrl: URL | undefined
let workerUrl: URL | undefined
let embedded: Embedded | undefined
let started = false

/**
 * Say where the engine's files are, before the first batch is made: for bundlers that do not follow
 * `new URL(…, import.meta.url)`, esbuild among them, and for files that are served from elsewhere. What is left out stays as
 * it was. Relative addresses are relative to the page, in Node to the working directory.
 *
 * @throws {BackendError} ENGINE_URL when a string is no address, ENGINE_STARTED when the engine runs from another one
 */
export function configureEngine(options: EngineOptions): void {
  const wasm = options.wasmUrl === undefined ? wasmUrl : addressOf('wasmUrl', options.wasmUrl)
  const worker = options.workerUrl === undefined ? workerUrl : addressOf('workerUrl', options.workerUrl)
  if (started && (wasm?.href !== wasmUrl?.href || worker?.href !== workerUrl?.href))
    throw new BackendError('ENGINE_STARTED', 'configureEngine: the engine has started; call it before the first batch')
  wasmUrl = wasm
  workerUrl = worker
}

function addressOf(what: string, value: string | URL): URL {
  try {
    if (inNode && typeof value === 'string' && !/^[a-z][a-z+.-]+:/i.test(value))
      return nodeModule('node:url').pathToFileURL(value)
    return new URL(value, globalThis.location?.href)
  } catch (cause) {
    throw new BackendError('ENGINE_URL', `configureEngine: ${what}: '${value}' is no address`, { cause })
  }
}

/** Carry the files along instead of loading them. */
export function embedEngine(files: Embedded): void {
  embedded = files
}

/** What has been said; with `start`, nothing else may be said from now on. */
export function engineFiles(start = false): {
  readonly wasmUrl?: URL
  readonly workerUrl?: URL
  readonly embedded?: Embedded
} {
  started ||= start
  return { wasmUrl, workerUrl, embedded }
}

/** The engine could not start: other files may be tried. */
export function engineFailed(): void {
  started = false
}
