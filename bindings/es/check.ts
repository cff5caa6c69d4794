/**
 * Checks of strategy options. A message names the option, as `ars.top: got 9, expected …`.
 */
import { ParameterError } from '../errors.js'

/** @throws {ParameterError} ES_OPTION, always */
export function refuse(place: string, got: unknown, expected: string): never {
  throw new ParameterError('ES_OPTION', `got ${String(got)}, expected ${expected}`, { place })
}

/** A finite number above 0. */
export function positive(place: string, x: number): number {
  if (!(typeof x === 'number' && x > 0 && x < Number.POSITIVE_INFINITY)) refuse(place, x, 'a positive number')
  return x
}

/** A finite number of at least 0. */
export function notNegative(place: string, x: number): number {
  if (!(typeof x === 'number' && x >= 0 && x < Number.POSITIVE_INFINITY)) refuse(place, x, 'a number of at least 0')
  return x
}

/** A number in [0, 1). */
export function fraction(place: string, x: number): number {
  if (!(typeof x === 'number' && x >= 0 && x < 1)) refuse(place, x, 'a number from 0 to below 1')
  return x
}

/** A whole number from lo to hi. */
export function whole(place: string, x: number, lo: number, hi = Number.MAX_SAFE_INTEGER): number {
  if (!(Number.isSafeInteger(x) && x >= lo && x <= hi))
    refuse(
      place,
      x,
      hi < Number.MAX_SAFE_INTEGER ? `a whole number from ${lo} to ${hi}` : `a whole number of at least ${lo}`,
    )
  return x
}

/** One of some words. */
export function oneOf<T extends string>(place: string, x: T, words: readonly T[]): T {
  if (!words.includes(x)) refuse(place, `'${x}'`, `one of ${words.map(w => `'${w}'`).join(', ')}`)
  return x
}

/** Refuse options whose names are not known: a slip of the pen would change nothing in silence. */
export function onlyKnown(place: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options))
    if (!known.includes(name)) refuse(`${place}.${name}`, 'an unknown option', `one of ${known.join(', ')}`)
}

/** A start (n) as double precision, every entry finite. */
export function start(place: string, mean: ArrayLike<number>): Float64Array {
  const theta = Float64Array.from(mean)
  if (theta.length === 0) refuse(place, 'no numbers', 'at least one parameter')
  const bad = theta.findIndex(v => !Number.isFinite(v))
  if (bad >= 0) refuse(`${place}[${bad}]`, theta[bad], 'a finite number')
  return theta
}

/** Members a generation at most: beyond it, numbers about each of them take longer than what they would teach. */
export const MAX_POPSIZE = 1_000_000
/** bytes of members that travel as rows */
const MAX_ROWS = 1073741824

/** Members that are all held at once, as rows of f32, have to fit. @throws {ParameterError} ES_OPTION saying how many do */
export function rowsFit(method: string, popsize: number, nparam: number): void {
  if (popsize * nparam * 4 <= MAX_ROWS) return
  refuse(
    `${method}.popsize`,
    popsize,
    `at most ${Math.floor(MAX_ROWS / 4 / nparam)}: this method holds all members at once, popsize * nparam = ` +
      `${popsize} * ${nparam} numbers of 4 bytes, and 1 GiB is the most`,
  )
}

/** Members a generation from popsize or npair, both optional; even where members come in pairs. */
export function populationSize(
  method: string,
  options: { readonly popsize?: number; readonly npair?: number },
  fallback: number,
): number {
  const { popsize, npair } = options
  if (npair !== undefined) {
    whole(`${method}.npair`, npair, 1, MAX_POPSIZE / 2)
    if (popsize !== undefined && popsize !== 2 * npair) refuse(`${method}.popsize`, popsize, `2 npair = ${2 * npair}`)
    return 2 * npair
  }
  if (popsize === undefined) return fallback
  whole(`${method}.popsize`, popsize, 2, MAX_POPSIZE)
  if (popsize % 2 === 1) refuse(`${method}.popsize`, popsize, 'an even number: members come in pairs')
  return popsize
}
