import * as assert from 'uvu/assert'
import { SimcrankError } from '../../bindings/errors.js'

/** The typed error a promise is refused with; fails when it is not refused, or not by one of ours with this code. */
export async function refusal(promise: Promise<unknown>, code: string): Promise<SimcrankError> {
  const error = await promise.then(
    () => assert.unreachable(`expected an error ${code}`),
    cause => cause,
  )
  if (!(error instanceof SimcrankError)) throw error
  assert.is(error.code, code, error.message)
  return error
}
