/** Kernels of assembly/ by themselves: compiles a few lines that import them, for tests and benchmarks of what the engine does not export. */
import { existsSync, readFileSync } from 'node:fs'
import { main } from 'assemblyscript/asc'

const ROOT = new URL('../../assembly/', import.meta.url)

export interface Compiled {
  readonly memory: WebAssembly.Memory
  /** exported function `name` */
  call(name: string): (...args: number[]) => number
}

/**
 * Compile AssemblyScript as the engine is compiled, with a memory of its own.
 *
 * @param source text of a module in assembly/; imports are relative to that folder
 * @param pages of 64 KiB
 */
export async function compileAssembly(source: string, pages = 1): Promise<Compiled> {
  let bytes: Uint8Array<ArrayBuffer> | undefined
  const options = [
    '-O3',
    '--converge',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--enable',
    'bulk-memory',
  ]
  const { error, stderr } = await main(['entry.ts', '-o', 'entry.wasm', '--initialMemory', String(pages), ...options], {
    readFile: name => {
      if (name === 'entry.ts') return source
      const file = new URL(name, ROOT)
      return existsSync(file) ? readFileSync(file, 'utf8') : null
    },
    writeFile: (_name, data) => {
      if (data instanceof Uint8Array) bytes = Uint8Array.from(data)
    },
    listFiles: () => [],
  })
  if (error || bytes === undefined) throw new Error(stderr.toString(), { cause: error })
  const { instance } = await WebAssembly.instantiate(bytes, { env: { abort: () => {} } })
  const { exports } = instance
  return {
    memory: exports.memory as WebAssembly.Memory,
    call: name => exports[name] as (...args: number[]) => number,
  }
}
