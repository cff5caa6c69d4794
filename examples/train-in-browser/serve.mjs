/**
 * Serves a folder on this machine, for development.
 *
 *   node examples/train-in-browser/serve.mjs [FOLDER] [--port N] [--isolated]
 *
 * --isolated sends the headers with which a browser gives out SharedArrayBuffer. This page works without them.
 */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '8080' }, isolated: { type: 'boolean', default: false } },
})
const folder = path.resolve(positionals[0] ?? 'out/train-in-browser')

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' }
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  // the folder is flat
  const name = path.basename(decodeURIComponent(pathname)) || 'index.html'
  try {
    const content = await readFile(path.join(folder, name))
    const type = TYPES[path.extname(name)] ?? 'application/octet-stream'
    response.writeHead(200, { 'Content-Type': type, ...(values.isolated && ISOLATED) }).end(content)
  } catch {
    // browsers ask for it unasked
    response.writeHead(name === 'favicon.ico' ? 204 : 404).end()
  }
})
server.listen(Number(values.port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`))
