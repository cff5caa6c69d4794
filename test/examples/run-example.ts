import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** ms */
const PATIENCE = 120_000

/** A folder under the system's own that goes when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'simcrank-example-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

const env = { ...process.env, TSX_TSCONFIG_PATH: path.join(root, 'tsconfig.json') }
const words = (file: string, args: readonly string[]): string[] => [
  '--import',
  import.meta.resolve('tsx'),
  path.join(root, 'examples', file),
  ...args,
]

/** A program of examples/ that runs until it is killed, and the first thing it prints. */
export async function startExample(
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly output: string; kill(): void }> {
  const child = spawn(process.execPath, words(file, args), { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const output = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', resolve)
    child.once('exit', code => reject(new Error(`${file} ended with code ${code}`)))
  })
  return { output, kill: () => child.kill() }
}

/**
 * What a program of examples/ prints. It runs on the sources: tsconfig.json says what `simcrank/…` is.
 *
 * @throws when it does not end well
 */
export function runExample(file: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, words(file, args), {
    cwd,
    env,
    encoding: 'utf8',
    timeout: PATIENCE,
  })
  if (status !== 0) throw new Error(`${file} ended with code ${status}:\n${stderr}${stdout}`)
  return stdout
}
