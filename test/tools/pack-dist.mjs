/**
 * Makes of what `tsc` wrote to dist/ what is published: scripts without comments (types keep theirs), and in one file each
 * what is used as one file: the worker thread, and simcrank/inline.
 *
 *   node test/tools/pack-dist.mjs [ROOT]
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url))
const dist = path.join(root, 'dist')
const wasm = path.join(dist, 'bindings/engine/wasm')

const plain = { format: 'esm', platform: 'neutral', target: 'es2022', logLevel: 'warning', allowOverwrite: true }

// what bundlers read in an import() stays
const scripts = readdirSync(dist, { recursive: true })
  .filter(file => file.endsWith('.js'))
  .map(file => path.join(dist, file))
await build({ ...plain, entryPoints: scripts, outdir: dist, outbase: dist })

const worker = path.join(wasm, 'worker.js')
const { outputFiles } = await build({ ...plain, entryPoints: [worker], bundle: true, minify: true, write: false })
writeFileSync(worker, outputFiles[0].contents)

const inline = path.join(dist, 'bindings/inline.js')
const embedded = {
  name: 'embedded',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/embedded\.js$/ }, () => ({ path: 'embedded', namespace: 'text' }))
    onLoad({ filter: /.*/, namespace: 'text' }, () => ({
      contents: `export const WASM = ${JSON.stringify(readFileSync(path.join(wasm, 'simcrank.wasm'), 'base64'))}
        export const WORKER = ${JSON.stringify(readFileSync(worker, 'utf8'))}`,
    }))
    // in Node, models are still compiled by the package's own worker, one folder further from here
    onLoad({ filter: /[\\/]model[\\/]compile\.js$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace('"./compile-worker"', '"./model/compile-worker"'),
    }))
  },
}
await build({
  ...plain,
  entryPoints: [inline],
  outfile: inline,
  bundle: true,
  minify: true,
  // errors say their class
  keepNames: true,
  platform: 'browser',
  plugins: [embedded],
  metafile: true,
})
