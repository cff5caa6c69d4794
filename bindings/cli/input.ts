import { readFile } from 'node:fs/promises'
import { ParameterError, SimcrankError } from '../errors.js'
import { nearestHint } from '../model/glob.js'
import type { ParameterSpace } from '../model/parameters.js'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'this is a folder',
  ENOTDIR: 'a part of this path is a file',
  EACCES: 'no permission to read it',
}

/** A text file named on the command line. @throws {SimcrankError} FILE saying why it cannot be read */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    throw new SimcrankError('FILE', `cannot read: ${REASONS[code] ?? message}`, { place: file, cause })
  }
}

/**
 * Parameter values of a file: `{ "name": value, … }`, or the `parameters.json` or `result.json` of an earlier fit.
 *
 * @returns natural units, in the order of the space (nparam)
 * @throws {ParameterError} PARAMS naming what is unknown, missing or no number
 */
export function parseParams(text: string, space: ParameterSpace, place: string): Float64Array {
  const fail = (message: string, cause?: unknown): never => {
    throw new ParameterError('PARAMS', message, { place, cause })
  }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    fail(`this is not JSON: ${(cause as Error).message}`, cause)
  }
  const values = valuesOf(document) ?? fail('expected an object of parameter name: value')
  const unknown = Object.keys(values).filter(name => !space.names.includes(name))
  if (unknown.length > 0) fail(`the space has no parameter '${unknown[0]}'${nearestHint(unknown[0], space.names)}`)
  const missing = space.names.filter(name => !Object.hasOwn(values, name))
  if (missing.length > 0) fail(`no value for ${missing.map(name => `'${name}'`).join(', ')}`)
  return Float64Array.from(space.names, name => {
    const value = values[name]
    if (typeof value !== 'number' || !Number.isFinite(value))
      fail(`'${name}': expected a number, got ${JSON.stringify(value)}`)
    return value as number
  })
}

/** The object of values in a document, whichever of the three it is. */
function valuesOf(document: unknown): Record<string, unknown> | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined
  const { theta } = document as { theta?: unknown }
  return typeof theta === 'object' && theta !== null && !Array.isArray(theta)
    ? (theta as Record<string, unknown>)
    : (document as Record<string, unknown>)
}
