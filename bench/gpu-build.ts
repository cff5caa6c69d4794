/**
 * A copy of the GPU bench that needs Node, the package webgpu and a driver, nothing else: build/gpu, with the models saved.
 *
 *   tsx bench/gpu-build.ts [FOLDER];  then, there: node FOLDER/bench/gpu.js --json figures.json
 */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { saveModel } from '../bindings/model/save.js'
import { SCENES, sceneModel } from './gpu.js'

const root = fileURLToPath(new URL('..', import.meta.url))

export async function buildGpuBench(
  folder: string,
  models: readonly string[] = SCENES.map(({ id }) => id),
): Promise<void> {
  const files = (under: string, ending: RegExp): string[] =>
    readdirSync(path.join(root, under), { recursive: true, encoding: 'utf8' })
      .map(file => path.join(under, file))
      .filter(file => ending.test(file))
  rmSync(folder, { recursive: true, force: true })
  await build({
    // file by file: workers and the engine's module stand beside what starts them
    entryPoints: [
      ...files('bindings', /(?<!\.d)\.ts$/),
      ...files('bench/gpu', /\.ts$/),
      'bench/gpu.ts',
      'bench/timing.ts',
    ],
    outdir: folder,
    outbase: root,
    absWorkingDir: root,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  })
  for (const file of [...files('bindings', /\.wasm$/), ...files('bench/gpu', /\.wgsl$/)])
    cpSync(path.join(root, file), path.join(folder, file))
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module", "private": true }\n')
  const saved = path.join(folder, 'bench', 'models')
  mkdirSync(saved, { recursive: true })
  for (const id of models) writeFileSync(path.join(saved, `${id}.simcrank`), saveModel(await sceneModel(id)))
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await buildGpuBench(path.resolve(process.argv[2] ?? path.join(root, 'build', 'gpu')))
