/** A web server for a folder, with or without the headers that isolate a page. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

export const ISOLATED: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
}

export interface Served {
  readonly url: string
  close(): Promise<void> | void
}

export interface ServeOptions {
  readonly isolated?: boolean
  /** headers of every answer */
  readonly headers?: Readonly<Record<string, string>>
  /** as servers of one-page apps do: the page instead of 404 */
  readonly fallback?: boolean
}

export async function serveFolder(folder: string, options: ServeOptions = {}): Promise<Served> {
  const { isolated = false, headers = {}, fallback = false } = options
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const wanted = path.join(folder, decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname))
    const page = path.join(folder, 'index.html')
    for (const file of fallback ? [wanted, page] : [wanted]) {
      const content = await readFile(file).catch(() => undefined)
      if (content === undefined) continue
      response.writeHead(200, {
        'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream',
        ...(isolated ? ISOLATED : {}),
        ...headers,
      })
      response.end(content)
      return
    }
    response.writeHead(404).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
