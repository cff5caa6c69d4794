/** What hosts offer for giving the event loop a turn; none of them is there everywhere. */
interface Host {
  readonly setImmediate?: (resume: () => void) => unknown
  readonly MessageChannel?: new () => {
    readonly port1: { onmessage: (() => void) | null; close(): void }
    readonly port2: { postMessage(message: unknown): void }
  }
  readonly setTimeout?: (resume: () => void, delay: number) => unknown
}

/**
 * Gives the event loop a turn, so that signals, timers and progress bars work while a search runs: the engine may answer
 * without leaving this thread, and then awaiting it lets nothing else in.
 *
 * Node has setImmediate; in browsers a message comes back sooner than a timer, which they hold back to 4 ms.
 *
 * @param host tests put others here
 */
export function turn(host: Host = globalThis as unknown as Host): Promise<void> {
  return new Promise(resolve => {
    if (host.setImmediate !== undefined) {
      host.setImmediate(resolve)
    } else if (host.MessageChannel !== undefined) {
      const { port1, port2 } = new host.MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(undefined)
    } else if (host.setTimeout !== undefined) {
      host.setTimeout(resolve, 0)
    } else {
      resolve()
    }
  })
}
