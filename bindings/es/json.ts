/**
 * JSON that keeps every number bit for bit: -0, NaN and infinities, which JSON lacks, and typed arrays.
 */
import { ParameterError } from '../errors.js'

/** Text of a plain value; numbers JSON cannot hold become {"number": "-0"}, Float64Array {"f64": [...]}. */
export function encode(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) => {
    if (typeof v === 'number') return plain(v) ? v : { number: name(v) }
    if (v instanceof Float64Array) return { f64: Array.from(v, x => (plain(x) ? x : name(x))) }
    return v
  })
}

/**
 * The value encode() was given.
 *
 * @throws {ParameterError} STATE_FORMAT when the text is not JSON or not of this `format` and version
 */
export function decode<T extends { format: string; version: number }>(
  text: string,
  format: string,
  version: number,
): T {
  let value: unknown
  try {
    value = JSON.parse(text, (_key, v: unknown) => {
      if (typeof v === 'object' && v !== null) {
        if ('number' in v && typeof v.number === 'string') return Number(v.number)
        if ('f64' in v && Array.isArray(v.f64)) return Float64Array.from(v.f64.map(Number))
      }
      return v
    })
  } catch (cause) {
    throw new ParameterError('STATE_FORMAT', `saved ${format} state is not JSON: it was cut or changed`, { cause })
  }
  const head = value as Partial<T> | null
  if (typeof head !== 'object' || head === null || head.format !== format || head.version !== version)
    throw new ParameterError(
      'STATE_FORMAT',
      `saved state: got format ${head?.format} version ${head?.version}, expected ${format} version ${version}`,
    )
  return head as T
}

function plain(x: number): boolean {
  return Number.isFinite(x) && !Object.is(x, -0)
}

function name(x: number): string {
  return Object.is(x, -0) ? '-0' : String(x)
}
