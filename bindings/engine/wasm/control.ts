import type { Exports } from './module.js'
import type { Start } from './thread.js'

/**
 * Control words that the calling thread and the workers share, as Int32 indices from the start of memory.
 * Page 0 below CONTROL_BYTES is theirs; address 0 stays unused.
 */
export const CONTROL_BASE = 64
export const CONTROL_BYTES = 1024

/** counts commands; workers sleep on it */
export const GENERATION = 0
export const COMMAND = 1
export const MODEL = 2
export const ARGUMENT = 3
export const NBLOCK = 4
export const CHUNK = 5
/** next block nobody has taken */
export const NEXT = 6
/** workers that finished; the caller sleeps on it */
export const DONE = 7
/** workers that take part in this command */
export const THREADS = 8
/** workers whose module trapped */
export const FAILED = 9
export const SPARE = 10
/** workers that woke up for this command */
export const AWAKE = 11
/** first of the scratch addresses, one a thread; 0 is the caller's */
export const SCRATCH = 16

/** at most this many threads: their scratch addresses fill the control page */
export const MAX_THREADS = 128

export const STEP = 1
export const FORWARD = 2
export const SET_CONST = 3
export const REPLAY = 4
export const ROLLOUT = 5
export const ES = 6

/** The control words at the start of a memory. */
export const controlOf = (memory: WebAssembly.Memory): Int32Array =>
  new Int32Array(memory.buffer, CONTROL_BASE, SCRATCH + MAX_THREADS)

/** A worker's own instance of the module, on the shared memory. */
export function instantiate({ module, memory }: Start): Exports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports
}

/**
 * Life of a worker thread: sleeps on the generation word, runs its share of each command. Never returns.
 *
 * @param seen the last command it has no part in; the caller counts on it in every later one
 */
export function serve({ memory, thread }: Start, exports: Exports, seen: number): never {
  const control = controlOf(memory)
  for (;;) {
    // a sleeper may wake for nothing (V8 wakes some when another thread starts); counted twice, it would end a command
    // that others are still at
    while (Atomics.load(control, GENERATION) === seen) Atomics.wait(control, GENERATION, seen)
    seen = Atomics.load(control, GENERATION)
    Atomics.add(control, AWAKE, 1)
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
}

/** Take ranges of blocks until none is left, and run the present command on them. */
export function work(control: Int32Array, exports: Exports, thread: number): void {
  const m = control[MODEL]
  const s = control[SCRATCH + thread]
  const nblock = control[NBLOCK]
  const chunk = control[CHUNK]
  const argument = control[ARGUMENT]
  for (;;) {
    const begin = Atomics.add(control, NEXT, chunk)
    if (begin >= nblock) return
    const end = Math.min(nblock, begin + chunk)
    switch (control[COMMAND]) {
      case STEP:
        exports.step(m, s, begin, end, argument)
        break
      case FORWARD:
        exports.forward(m, s, begin, end)
        break
      case SET_CONST:
        // every thread has its own spare block of state behind its scratch
        exports.setConst(m, s, s + control[SPARE], begin, end)
        break
      case REPLAY:
        exports.replay(m, s, argument, begin, end)
        break
      case ROLLOUT:
        exports.rollout(m, s, argument, s + control[SPARE], begin, end)
        break
      case ES:
        exports.es(argument, s, begin, end)
        break
      default:
        throw new Error(`unknown engine command ${control[COMMAND]}`)
    }
  }
}
