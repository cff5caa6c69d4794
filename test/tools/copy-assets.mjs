/**
 * Copies what `tsc` leaves behind, bindings/**\/*.{wasm,mjs,css}, to the same place under dist/.
 *
 *   node test/tools/copy-assets.mjs [ROOT]
 */
import { chmodSync, cpSync, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url))
const assets = readdirSync(path.join(root, 'bindings'), { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && /\.(wasm|mjs|css)$/.test(entry.name))
  .map(entry => path.relative(root, path.join(entry.parentPath, entry.name)))

if (!assets.some(file => file.endsWith('.wasm'))) {
  console.error('no .wasm under bindings/: run `npm run build:wasm` first')
  process.exit(1)
}
for (const file of assets) cpSync(path.join(root, file), path.join(root, 'dist', file))

// npm does this on installation; a checkout wants to run it too
const program = path.join(root, 'dist/bindings/cli/main.js')
if (existsSync(program)) chmodSync(program, 0o755)
