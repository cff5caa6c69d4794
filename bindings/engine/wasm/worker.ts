/**
 * Entry of a worker thread, in Node and in browsers: the first message is its Start, the second the generation it begins
 * with.
 */
import { inNode, nodeModule } from '../../host.js'
import { instantiate, serve } from './control.js'
import type { Start } from './thread.js'

const { parentPort } = nodeModule('node:worker_threads')

function once<T>(listener: (message: T) => void): void {
  if (inNode) parentPort?.once('message', listener)
  else addEventListener('message', event => listener((event as MessageEvent<T>).data), { once: true })
}

if (!inNode)
  addEventListener('messageerror', () => {
    throw new Error('it may not share memory with the page')
  })

once<Start>(start => {
  const exports = instantiate(start)
  once<number>(generation => serve(start, exports, generation))
  if (inNode) parentPort?.postMessage('ready')
  else postMessage('ready')
})
