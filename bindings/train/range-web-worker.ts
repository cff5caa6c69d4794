/** Entry of a range worker in a browser. */
import { evaluateRange } from './evaluate-range.js'
import { serveRanges } from './serve.js'

// not awaited at the top: bundlers also write workers in formats that know no such thing
void serveRanges(evaluateRange)
