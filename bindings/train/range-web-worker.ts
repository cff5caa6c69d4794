/** Entry of a range worker in a browser. */
import { evaluateRange } from './evaluate-range.js'
import { serveRanges } from './serve.js'

await serveRanges(evaluateRange)
