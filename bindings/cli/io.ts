import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SimcrankError } from '../errors.js'

/** Where a command writes to. Results go to `out`, everything else to `err`. */
export interface Io {
  out(text: string): void
  err(text: string): void
  /** err is a terminal: colours and progress bars make sense there */
  readonly interactive: boolean
}

/** The io of this process. */
export const processIo: Io = {
  out: text => {
    process.stdout.write(text)
  },
  err: text => {
    process.stderr.write(text)
  },
  interactive: process.stderr.isTTY === true,
}

/** What `--json` prints: two spaces, NaN and infinities as null, typed arrays as lists. */
export function toJson(value: unknown): string {
  const plain = (_: string, item: unknown): unknown => {
    if (ArrayBuffer.isView(item)) return Array.from(item as Float64Array)
    return item
  }
  return `${JSON.stringify(value, plain, 2)}\n`
}

/** Ends a command whose outcome is a failure that it has already explained. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

let manifest: { version: string; peerDependencies?: Record<string, string> } | undefined

/** Our package.json: beside dist/ when installed, beside bindings/ in the repository. */
export function packageManifest(): { version: string; peerDependencies?: Record<string, string> } {
  if (manifest !== undefined) return manifest
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new SimcrankError('PACKAGE', 'package.json of simcrank is missing: install it again')
    folder = parent
  }
  const found: { version: string } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  manifest = found
  return found
}
