/** The entry `simcrank` as one file, its WebAssembly and its worker inside: for hosts that serve no other files. */
import { WASM, WORKER } from './engine/wasm/embedded.js'
import { embedEngine } from './engine/wasm/files.js'

embedEngine({ wasm: WASM, worker: WORKER })

export * from './index.js'
