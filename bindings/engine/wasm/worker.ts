/** Entry of a worker thread in Node. */
import { parentPort, workerData } from 'node:worker_threads'
import { instantiate, serve } from './control.js'
import type { Start } from './thread.js'

const start: Start = workerData
const exports = instantiate(start)
parentPort?.once('message', (generation: number) => serve(start, exports, generation))
parentPort?.postMessage('ready')
