/** The kernels as they stand in the sources, for development and tests. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { KernelFiles } from './link.js'

const root = fileURLToPath(new URL('../../../kernels/', import.meta.url))

/** All files below kernels/, by path without extension. */
export function readKernels(): KernelFiles {
  const files = new Map<string, string>()
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    if (file.endsWith('.wgsl')) files.set(file.slice(0, -5).replaceAll('\\', '/'), readFileSync(root + file, 'utf8'))
  }
  return files
}
