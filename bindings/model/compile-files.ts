/** XML and the files it refers to, through MuJoCo's compiler. Node only. */
import { compileModel } from './compile.js'
import type { LoadOptions, Main } from './load.js'
import type { Model } from './model.js'
import { type Budget, readLocation } from './source.js'
import { assembleModel } from './support.js'

/** name of a model given as text, in MuJoCo's file system */
const TEXT_PATH = '/model.xml'

/**
 * Compile XML; files it refers to come from `assets`, then from beside it.
 *
 * @throws {ModelError} as loadModel does
 */
export async function compileFiles(
  main: Main,
  xml: string,
  budget: Budget,
  options: LoadOptions & { timeoutMs: number },
): Promise<Model> {
  // text and data: URLs have no folder to look into
  const home = main.url?.protocol === 'data:' ? undefined : main.url
  const path = home === undefined ? TEXT_PATH : decodeURIComponent(home.pathname)
  const assets = normalizeAssets(path, options.assets ?? {})
  const read = async (wanted: string): Promise<Uint8Array | undefined> => {
    const given = assets.get(normalizePath(wanted))
    if (given !== undefined || home === undefined) return given
    return readLocation(new URL(encodePath(wanted), home), budget, AbortSignal.timeout(options.timeoutMs))
  }
  const explainMissing = (wanted: string): string =>
    home === undefined
      ? `XML text has only the files given in \`assets\`, and '${wanted.slice(1)}' is not among them`
      : `there is no file ${normalizePath(wanted)}`
  const { model, unsupported } = await compileModel({
    path,
    bytes: main.bytes,
    timeoutMs: options.timeoutMs,
    maxModelBytes: budget.limit,
    read,
    explainMissing,
    place: main.place,
  })
  return assembleModel(model, model.name, xml, unsupported)
}

/** Percent-encode each component of an absolute path. */
function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

/** An absolute path without `.` and `..`. */
function normalizePath(path: string): string {
  return decodeURIComponent(new URL(encodePath(path), 'file:///').pathname)
}

/** Caller's files, by absolute path in MuJoCo's file system: their names are relative to the model at `path`. */
function normalizeAssets(path: string, assets: Readonly<Record<string, Uint8Array | string>>): Map<string, Uint8Array> {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const files = new Map<string, Uint8Array>()
  for (const [name, content] of Object.entries(assets)) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    files.set(normalizePath(`${folder}/${name}`), bytes)
  }
  return files
}
