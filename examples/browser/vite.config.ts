/** The page needs no settings: these compile its models, and isolate it so that the engine may have threads. */
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { saveModel } from 'simcrank'
import { tasks } from 'simcrank/tasks'
import { defineConfig } from 'vite'

const MODELS = { cartpole: 'cartpole-swingup', ant: 'ant', 'half-cheetah': 'half-cheetah' } as const
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

const at = (folder: string): string => fileURLToPath(new URL(folder, import.meta.url))

/** MuJoCo compiles the models here, so that the page need not ship it. */
async function writeModels(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, task] of Object.entries(MODELS)) {
    const model = await tasks[task]().load()
    await writeFile(`${folder}/${name}.simcrank`, saveModel(model, { xml: false }))
  }
}

export default defineConfig(async () => {
  await writeModels(at('build/public/models'))
  return {
    base: './',
    publicDir: at('build/public'),
    build: { outDir: at('build/page'), emptyOutDir: true, chunkSizeWarningLimit: 800 },
    // in this repository the package is two folders up instead of in node_modules
    server: { headers: ISOLATED, fs: { allow: [at('../..')] } },
    preview: { headers: ISOLATED },
  }
})
