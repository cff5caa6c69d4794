/** A worker thread of the engine: sleeps on the generation word, runs its share of each command. */
import { parentPort, workerData } from 'node:worker_threads'
import { CONTROL_BASE, DONE, FAILED, GENERATION, THREADS, work } from './control.js'
import type { Exports } from './module.js'

interface Start {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly thread: number
  readonly generation: number
}

const { module, memory, thread, generation } = workerData as Start
const instance = new WebAssembly.Instance(module, { env: { memory } })
const exports = instance.exports as unknown as Exports
const control = new Int32Array(memory.buffer, CONTROL_BASE, 160)

// the caller counts on every worker from here on
parentPort?.postMessage('ready')
let seen = generation
for (;;) {
  Atomics.wait(control, GENERATION, seen)
  seen = Atomics.load(control, GENERATION)
  try {
    if (thread < control[THREADS]) work(control, exports, thread)
  } catch {
    // a trap; the caller turns the count into an error
    Atomics.add(control, FAILED, 1)
  }
  // idle workers report too: the caller writes the next command only when nobody can still read this one
  Atomics.add(control, DONE, 1)
  Atomics.notify(control, DONE)
}
