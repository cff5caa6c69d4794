/**
 * Builds the page into a folder that any web server can serve: three scripts, the engine, the model.
 *
 *   node examples/train-in-browser/build.mjs [FOLDER]      default out/train-in-browser
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { saveModel } from 'simcrank'
import { cartpoleSwingup } from 'simcrank/tasks'

const folder = process.argv[2] ?? 'out/train-in-browser'
const here = file => fileURLToPath(new URL(file, import.meta.url))
/** what the package keeps beside its entry */
const engine = new URL('engine/wasm/simcrank.wasm', import.meta.resolve('simcrank'))

await mkdir(folder, { recursive: true })
await build({
  entryPoints: ['page.ts', 'trainer.ts', 'evaluator.ts'].map(here),
  outdir: folder,
  bundle: true,
  minify: true,
  // what only Node needs is imported on demand: into files that a page never asks for
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  external: ['node:*', '@mujoco/mujoco'],
  logLevel: 'warning',
})
await copyFile(here('index.html'), path.join(folder, 'index.html'))
await copyFile(fileURLToPath(engine), path.join(folder, 'simcrank.wasm'))
// MuJoCo compiles the model here, so that the page need not ship it
const model = await cartpoleSwingup.load()
await writeFile(path.join(folder, 'cartpole.simcrank'), saveModel(model, { xml: false }))
console.log(`built ${folder}`)
