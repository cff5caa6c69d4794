import * as assert from 'uvu/assert'
import { ParameterError } from '../../bindings/errors.js'

/** The ParameterError a function throws; fails when it throws none, or another. */
export function refused(run: () => unknown): ParameterError {
  try {
    run()
  } catch (error) {
    if (error instanceof ParameterError) return error
    throw error
  }
  assert.unreachable('expected a ParameterError')
  throw new Error('unreachable')
}
