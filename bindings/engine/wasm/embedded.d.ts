/** The engine's files as text; test/tools/pack-dist.mjs writes them into the package's `simcrank/inline`. */
export declare const WASM: string
export declare const WORKER: string
