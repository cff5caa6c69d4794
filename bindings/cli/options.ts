import { InvalidArgumentError } from 'commander'
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

/** `channel=weight`, collected over repeated options. */
export const weight = (text: string, before: Record<string, number> = {}): Record<string, number> => {
  const at = text.lastIndexOf('=')
  const value = Number(text.slice(at + 1))
  if (at <= 0 || text.slice(at + 1).trim() === '' || !Number.isFinite(value) || value < 0) {
    expected("CHANNEL=WEIGHT with a weight of at least 0, such as 'joint/elbow/qvel=0.1'")
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
