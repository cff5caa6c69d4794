import { InvalidArgumentError } from 'commander'
import type { Method } from '../es/method.js'
import type { FilterSpec } from '../sysid/index.js'

/** Parsers of option values; commander names the option in front of the message. */

function expected(what: string): never {
  throw new InvalidArgumentError(`expected ${what}`)
}

/** A whole number of at least `least`. */
export const integer =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
      expected(`a whole number of at least ${least}`)
    return value
  }

/** A positive number, in the unit said. */
export const positive =
  (unit: string) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
      expected(`a positive number${unit === '' ? '' : ` of ${unit}`}`)
    return value
  }

/** Any safe integer. */
export const seed = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value)) expected('a whole number')
  return value
}

/** `name=weight`, collected over repeated options; `example` stands in the message. */
export const weight =
  (example: string) =>
  (text: string, before: Record<string, number> = {}): Record<string, number> => {
    const at = text.lastIndexOf('=')
    const value = Number(text.slice(at + 1))
    if (at <= 0 || text.slice(at + 1).trim() === '' || !Number.isFinite(value) || value < 0) {
      expected(`NAME=WEIGHT with a weight of at least 0, such as '${example}'`)
    }
    return { ...before, [text.slice(0, at)]: value }
  }

/** `savitzky-golay:ORDER:SECONDS`, `butterworth:ORDER:HERTZ` or `difference`. */
export const filter = (text: string): FilterSpec => {
  const [kind, ...numbers] = text.split(':')
  const [order, size] = numbers.map(Number)
  const sound = numbers.length === 2 && Number.isInteger(order) && order >= 1 && Number.isFinite(size) && size > 0
  if (kind === 'savitzky-golay' && sound) return { kind, order, width: size }
  if (kind === 'butterworth' && sound) return { kind, order, cutoff: size }
  if (kind === 'difference' && numbers.length === 0) return { kind }
  return expected("'savitzky-golay:ORDER:SECONDS', 'butterworth:ORDER:HERTZ' or 'difference'")
}

/** Any finite number. */
export const number = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) expected('a number')
  return value
}

/** The names makeStrategy takes; written out so that `--help` need not load them. A test compares. */
export const METHODS = ['openai-es', 'ars', 'pgpe', 'snes', 'cma-es', 'sep-cma-es'] as const satisfies readonly Method[]

/** `key=value`, collected over repeated options: numbers, true, false, JSON, else words; `a.b=1` is {"a": {"b": 1}}. */
export const setting = (text: string, before: Record<string, unknown> = {}): Record<string, unknown> => {
  const at = text.indexOf('=')
  const path = text.slice(0, at).split('.')
  if (at <= 0 || path.some(key => key === '' || key === '__proto__'))
    expected("KEY=VALUE, such as 'sigma=0.02' or 'optimizer.lr=0.01'")
  return nested(before, path, plainValue(text.slice(at + 1)))
}

function nested(before: unknown, [key, ...rest]: readonly string[], value: unknown): Record<string, unknown> {
  const object = typeof before === 'object' && before !== null ? (before as Record<string, unknown>) : {}
  return { ...object, [key]: rest.length === 0 ? value : nested(object[key], rest, value) }
}

function plainValue(text: string): unknown {
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
  if (!/^(true|false|null|[[{"].*)$/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return expected('a value that is JSON, a number or a word')
  }
}
