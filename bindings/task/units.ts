/**
 * Units of expressions. Two quantities go together when they measure the same; radians count as the number they are, so that
 * a rate of turn times a length is a speed. A number written in a formula goes with anything.
 */
import { type Dimension, symbolOf, tryUnit } from '../recording/units.js'

/** Exponents of metre, kilogram, second, ampere, kelvin, radian, count; undefined: goes with every unit. */
export type Dim = Dimension | undefined

export const NUMBER: Dimension = [0, 0, 0, 0, 0, 0, 0]
export const RADIAN: Dimension = [0, 0, 0, 0, 0, 1, 0]
const RAD = 5

/** A unit's dimension and the factor and offset to SI; undefined when the text is no unit. '': goes with every unit. */
export function parseDim(text: string): { dim: Dim; factor: number; offset: number } | undefined {
  if (text === '') return { dim: undefined, factor: 1, offset: 0 }
  const unit = tryUnit(text)
  return unit && { dim: unit.dimension, factor: unit.numerator / unit.denominator, offset: unit.offset }
}

/** Dimension of a unit of the field tables; those that are none ('SI', 'bits') go with every unit. */
export function fieldDim(text: string): Dim {
  return tryUnit(text)?.dimension
}

/** How messages and reports write a dimension: 'm/s', '1', '' for any. */
export const unitText = (dim: Dim): string => (dim === undefined ? '' : symbolOf(dim))

export const compatible = (a: Dim, b: Dim): boolean =>
  a === undefined || b === undefined || a.every((x, i) => i === RAD || x === b[i])

export const isNumber = (dim: Dim): boolean => compatible(dim, NUMBER)

export const times = (a: Dim, b: Dim): Dim => a && b && a.map((x, i) => x + b[i])
export const over = (a: Dim, b: Dim): Dim => a && b && a.map((x, i) => x - b[i])
export const power = (a: Dim, n: number): Dim => a?.map(x => x * n + 0)
