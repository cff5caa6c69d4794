/**
 * Compiles assembly/host/dense.ts and its imports to bindings/math/dense.wasm.ts. `npx tsx test/math/build-dense.ts` writes it; the test compares.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const SOURCES = new URL('../../assembly/host/', import.meta.url)
const TARGET = new URL('../../bindings/math/dense.wasm.ts', import.meta.url)

/** Text of dense.wasm.ts as the source now makes it. */
export async function compileDense(): Promise<string> {
  let bytes: Uint8Array | undefined
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
  const { error, stderr } = await main(['dense.ts', '-o', 'dense.wasm', ...options], {
    readFile: name => {
      const file = new URL(name, SOURCES)
      return existsSync(file) ? readFileSync(file, 'utf8') : null
    },
    writeFile: (_name, data) => {
      if (data instanceof Uint8Array) bytes = data
    },
    listFiles: () => [],
  })
  if (error || bytes === undefined) throw new Error(stderr.toString(), { cause: error })
  const lines = (
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,110}/g) ?? []
  ).map(l => `  '${l}',`)
  return `/** Generated from assembly/host/dense.ts by test/math/build-dense.ts; do not edit. */
// biome-ignore format: generated
export const DENSE_WASM = [
${lines.join('\n')}
].join('')
`
}

/** Text of dense.wasm.ts as it stands. */
export function committedDense(): string {
  return readFileSync(TARGET, 'utf8')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await compileDense()
  writeFileSync(TARGET, text)
  console.log(`dense.wasm.ts: ${text.length} bytes`)
}
