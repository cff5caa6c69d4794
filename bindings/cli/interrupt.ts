import type { Io } from './io.js'

/** Exit code of a program ended by Ctrl-C: 128 + SIGINT. */
export const INTERRUPTED = 130

/**
 * Runs something that Ctrl-C stops in good order; a second Ctrl-C ends the program at once.
 *
 * @param words what to tell on the first Ctrl-C
 */
export async function interruptible<T>(
  io: Io,
  words: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<{ value: T; interrupted: boolean }> {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED)
    controller.abort()
    io.err(`\n${words}\n`)
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    const value = await run(controller.signal)
    return { value, interrupted: controller.signal.aborted }
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}
