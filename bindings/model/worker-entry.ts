import { nodeModule } from '../host.js'

/**
 * The entry of a worker thread of ours, for `new Worker`.
 *
 * From dist it is the .js file itself. When the sources run as they are (development, under tsx) it is a line of
 * JavaScript that teaches the new thread TypeScript first: on Node 20 threads do not inherit tsx.
 *
 * @param file the worker's file without extension, relative to the caller, e.g. './compile-worker'
 * @param base the caller's import.meta.url
 */
export function workerEntry(file: string, base: string): URL {
  if (!base.endsWith('.ts')) return new URL(`${file}.js`, base)
  const quoted = (url: string): string => JSON.stringify(url)
  // not import.meta.resolve, which webpack follows
  const api = nodeModule('node:module').createRequire(base).resolve('tsx/esm/api')
  const tsx = quoted(new URL('./index.mjs', nodeModule('node:url').pathToFileURL(api)).href)
  const entry = quoted(new URL(`${file}.ts`, base).href)
  const code = `import { register } from ${tsx}; register(); await import(${entry})`
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}
