import { ModelError } from '../errors.js'
import { nodeModule } from '../host.js'

/** Bytes a model may read in all: its own file, includes, meshes. */
export interface Budget {
  left: number
  readonly limit: number
}

function spend(budget: Budget, bytes: number, place: string): void {
  budget.left -= bytes
  if (budget.left >= 0) return
  throw new ModelError('MODEL_SIZE', `the model's files take more than the limit of ${budget.limit} bytes (maxBytes)`, {
    place,
  })
}

/** How messages name a location: a path for files, else the URL. */
export async function placeOf(url: URL): Promise<string> {
  if (url.protocol !== 'file:') return url.protocol === 'data:' ? 'data:' : url.href
  return nodeModule('node:url').fileURLToPath(url)
}

/**
 * Read a file: or fetch an http(s): or data: URL.
 *
 * @returns undefined when there is no such file
 * @throws {ModelError} MODEL_SIZE over the budget; MODEL_FILE when it cannot be read or its protocol is another
 */
export async function readLocation(url: URL, budget: Budget, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  const place = await placeOf(url)
  if (url.protocol === 'file:') return readLocalFile(url, budget, place)
  if (!['http:', 'https:', 'data:'].includes(url.protocol)) {
    throw new ModelError('MODEL_FILE', `cannot read ${url.protocol} URLs`, { place })
  }
  const response = await fetch(url, { signal }).catch(cause => {
    throw new ModelError('MODEL_FILE', `cannot fetch: ${cause instanceof Error ? cause.message : cause}`, {
      place,
      cause,
    })
  })
  if (response.status === 404) return undefined
  if (!response.ok || response.body === null) {
    throw new ModelError('MODEL_FILE', `cannot fetch: HTTP status ${response.status}`, { place })
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    spend(budget, chunk.length, place)
    chunks.push(chunk)
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer())
}

async function readLocalFile(url: URL, budget: Budget, place: string): Promise<Uint8Array | undefined> {
  const { readFile, stat } = nodeModule('node:fs/promises')
  try {
    const info = await stat(url)
    // devices and pipes have no size to check and may never end
    if (!info.isFile()) throw new ModelError('MODEL_FILE', 'this is not a regular file', { place })
    spend(budget, info.size, place)
    return new Uint8Array(await readFile(url))
  } catch (cause) {
    if (cause instanceof ModelError) throw cause
    const code = (cause as { code?: unknown }).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new ModelError('MODEL_FILE', `cannot read: ${cause instanceof Error ? cause.message : cause}`, {
      place,
      cause,
    })
  }
}
