/** The package as users install it, and small apps made of it by the bundlers they use. */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as esbuild, transform } from 'esbuild'
import * as vite from 'vite'
import webpack from 'webpack'
import { ISOLATED, type Served } from './serve.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** A folder under the system's own that goes when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'simcrank-browser-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

function npm(args: readonly string[], cwd: string): string {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  const { status, stdout, stderr } = spawnSync('npm', [...args, ...quiet], { cwd, encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with code ${status}:\n${stderr}`)
  return stdout
}

/** Is dist/ what the sources say? @throws when it is older */
export function checkDist(): void {
  const dist = path.join(root, 'dist/bindings/index.js')
  const built = existsSync(dist) ? statSync(dist).mtimeMs : 0
  const newer = readdirSync(path.join(root, 'bindings'), { recursive: true, encoding: 'utf8' }).filter(
    file =>
      file.endsWith('.ts') &&
      !file.endsWith('.generated.ts') &&
      statSync(path.join(root, 'bindings', file)).mtimeMs > built,
  )
  if (newer.length > 0) throw new Error(`dist/ is older than bindings/${newer[0]}: npm run build`)
}

/** A folder with the packed package in its node_modules. */
export function installPackage(): string {
  checkDist()
  const folder = temporaryFolder()
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], root))
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "apps", "private": true, "type": "module" }\n')
  npm(['install', '--no-package-lock', `./${filename}`], folder)
  return folder
}

/** A page that does what exercise.ts says, unless told otherwise; what it answers is in globalThis.answer. */
export interface App {
  /** statements before the exercise */
  readonly before?: string
  /** an expression: the answer */
  readonly answer?: string
  readonly model: Uint8Array
  readonly entry?: string
}

export const page = (head: string, script: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>simcrank</title>
${head}
<script type="module" ${script}></script>
</html>
`

/** TypeScript of this folder as a page loads it. */
export async function plain(file: string): Promise<string> {
  const { code } = await transform(readFileSync(here(file), 'utf8'), { loader: 'ts', target: 'es2022' })
  return code
}

/** The source of an app, as its author has it. */
export async function writeApp(installed: string, name: string, app: App): Promise<string> {
  const { before = '', answer = 'await exercise(simcrank, wanted)', entry = 'simcrank', model } = app
  const folder = path.join(installed, name)
  mkdirSync(path.join(folder, 'public'), { recursive: true })
  writeFileSync(path.join(folder, 'public/model.bin'), model)
  writeFileSync(path.join(folder, 'exercise.js'), await plain('exercise.ts'))
  writeFileSync(
    path.join(folder, 'main.js'),
    `import * as simcrank from '${entry}'
import { exercise } from './exercise.js'
${before}
try {
  const model = new Uint8Array(await (await fetch('model.bin')).arrayBuffer())
  const wanted = { model, webgpu: true }
  globalThis.answer = ${answer}
} catch (error) {
  globalThis.answer = String(error.stack ?? error)
}
`,
  )
  writeFileSync(path.join(folder, 'index.html'), page('', 'src="./main.js"'))
  return folder
}

/** What a bundler made, and what it grumbled about. */
export interface Built {
  readonly folder: string
  readonly warnings: readonly string[]
}

/** Vite's own words, kept. */
function listener(warnings: string[]): vite.Logger {
  const logger = vite.createLogger('warn')
  logger.warn = text => void warnings.push(text)
  logger.warnOnce = text => void warnings.push(text)
  logger.error = text => void warnings.push(text)
  return logger
}

export async function viteBuild(app: string): Promise<Built> {
  const warnings: string[] = []
  const outDir = path.join(app, 'dist')
  await vite.build({
    root: app,
    configFile: false,
    logLevel: 'warn',
    customLogger: listener(warnings),
    build: { outDir },
  })
  return { folder: outDir, warnings }
}

export async function viteServe(app: string, isolated: boolean): Promise<Served & { readonly warnings: string[] }> {
  const warnings: string[] = []
  const server = await vite.createServer({
    root: app,
    configFile: false,
    customLogger: listener(warnings),
    cacheDir: path.join(app, '.vite'),
    server: { port: 0, host: '127.0.0.1', headers: isolated ? ISOLATED : {} },
  })
  await server.listen()
  return { url: server.resolvedUrls?.local[0] as string, warnings, close: () => server.close() }
}

export async function webpackBuild(app: string): Promise<Built> {
  const folder = path.join(app, 'dist')
  const stats = await new Promise<webpack.Stats>((resolve, reject) => {
    webpack(
      {
        mode: 'production',
        context: app,
        entry: './main.js',
        output: { path: folder },
        // of a page's weight, which is not what this is about
        performance: false,
      },
      (error, result) => (result === undefined ? reject(error) : resolve(result)),
    )
  })
  const { errors = [], warnings = [] } = stats.toJson({ all: false, errors: true, warnings: true })
  if (errors.length > 0) throw new Error(`webpack: ${errors.map(it => `${it.moduleName}: ${it.message}`).join('\n')}`)
  writeFileSync(path.join(folder, 'index.html'), page('', 'src="./main.js"'))
  cpSync(path.join(app, 'public'), folder, { recursive: true })
  return { folder, warnings: warnings.map(it => it.message) }
}

/** As docs/browser.md has it. */
export async function esbuildBuild(app: string): Promise<Built> {
  const folder = path.join(app, 'dist')
  const result = await esbuild({
    absWorkingDir: app,
    entryPoints: { main: './main.js', worker: 'simcrank/worker' },
    outdir: folder,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    loader: { '.wasm': 'file' },
    logLevel: 'silent',
  })
  writeFileSync(path.join(folder, 'index.html'), page('', 'src="./main.js"'))
  cpSync(path.join(app, 'public'), folder, { recursive: true })
  return { folder, warnings: [...result.errors, ...result.warnings].map(it => it.text) }
}

/** No bundler: the package's files as they are, found by an import map. */
export async function importMap(installed: string, app: string): Promise<Built> {
  const folder = path.join(app, 'dist')
  mkdirSync(folder, { recursive: true })
  const imports: Record<string, string> = {}
  // and of what it depends on, what its root entry may come to import
  for (const name of ['simcrank', 'zod', '@mcap/core', '@foxglove/crc', 'heap-js']) {
    const from = path.join(installed, 'node_modules', name)
    cpSync(from, path.join(folder, 'packages', name), { recursive: true })
    const { exports, module, main } = JSON.parse(readFileSync(path.join(from, 'package.json'), 'utf8'))
    const entry = exports?.['.']?.default ?? exports?.['.']?.import ?? module ?? main
    imports[name] = path.posix.join('/packages', name, typeof entry === 'string' ? entry : entry.default)
  }
  for (const file of ['main.js', 'exercise.js']) cpSync(path.join(app, file), path.join(folder, file))
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`
  writeFileSync(path.join(folder, 'index.html'), page(map, 'src="./main.js"'))
  cpSync(path.join(app, 'public'), folder, { recursive: true })
  return { folder, warnings: [] }
}
