/** Entry of a range worker in Node; its data names the module that evaluates, by default our rollouts. */
import { workerData } from 'node:worker_threads'
import type { EvaluateRange } from './evaluator.js'
import { serveRanges } from './serve.js'

const { module } = workerData as { module?: string }
const { evaluateRange }: { evaluateRange: EvaluateRange } = await (module === undefined
  ? import('./evaluate-range.js')
  : import(module))
await serveRanges(evaluateRange)
