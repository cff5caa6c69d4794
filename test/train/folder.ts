import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSections } from '../../bindings/train/checkpoint.js'
import { WALL_CLOCK } from '../../bindings/train/metrics.js'

/** A folder for one test; gone when it is disposed. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'simcrank-train-'))

  at(name: string): string {
    return join(this.path, name)
  }

  names(): string[] {
    return readdirSync(this.path).sort()
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Lines of metrics.jsonl without what the wall clock says. */
export function metricsOf(file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => {
      const it = JSON.parse(line) as Record<string, unknown>
      for (const name of WALL_CLOCK) delete it[name]
      return it
    })
}

/** Sections of a checkpoint as hexadecimal text, without the clock's. */
export function bitsOf(file: string): Record<string, string> {
  const sections = [...readSections(readFileSync(file))].filter(([name]) => name !== 'clock')
  return Object.fromEntries(sections.map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]))
}
