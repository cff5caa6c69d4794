/** A worker that evaluates members of a population, with an engine of its own. */
import { evaluateRange, serveRanges } from 'simcrank/train'

await serveRanges(evaluateRange)
