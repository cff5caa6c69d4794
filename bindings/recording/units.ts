import { RecordingError } from '../errors.js'
import { suggestion } from './nearest.js'

/** Exponents of metre, kilogram, second, ampere, kelvin, radian, count. Angles and counts are kept apart on purpose. */
export type Dimension = readonly number[]

/**
 * A unit of measurement: SI value = x * numerator / denominator + offset.
 * Two numbers instead of one factor keep ms, deg and kin correctly rounded.
 */
export interface Unit {
  /** the SI unit this converts to: 'rad', 'N*m', 'V', '1' … */
  readonly symbol: string
  readonly numerator: number
  readonly denominator: number
  readonly offset: number
  readonly dimension: Dimension
}

const NONE: Dimension = [0, 0, 0, 0, 0, 0, 0]
const METRE: Dimension = [1, 0, 0, 0, 0, 0, 0]
const MASS: Dimension = [0, 1, 0, 0, 0, 0, 0]
const SECOND: Dimension = [0, 0, 1, 0, 0, 0, 0]
const AMPERE: Dimension = [0, 0, 0, 1, 0, 0, 0]
const KELVIN: Dimension = [0, 0, 0, 0, 1, 0, 0]
const RADIAN: Dimension = [0, 0, 0, 0, 0, 1, 0]
const COUNT: Dimension = [0, 0, 0, 0, 0, 0, 1]
const HERTZ: Dimension = [0, 0, -1, 0, 0, 0, 0]
const NEWTON: Dimension = [1, 1, -2, 0, 0, 0, 0]
const JOULE: Dimension = [2, 1, -2, 0, 0, 0, 0]
const WATT: Dimension = [2, 1, -3, 0, 0, 0, 0]
const PASCAL: Dimension = [-1, 1, -2, 0, 0, 0, 0]
const VOLT: Dimension = [2, 1, -3, -1, 0, 0, 0]
const OHM: Dimension = [2, 1, -3, -2, 0, 0, 0]
const HENRY: Dimension = [2, 1, -2, -2, 0, 0, 0]
const FARAD: Dimension = [-2, -1, 4, 2, 0, 0, 0]
const COULOMB: Dimension = [0, 0, 1, 1, 0, 0, 0]
const TESLA: Dimension = [0, 1, -2, -1, 0, 0, 0]
const WEBER: Dimension = [2, 1, -2, -1, 0, 0, 0]

const TURN = 2 * Math.PI
const GRAVITY = 9.80665 // m/s^2, standard gravity (CGPM 1901), defines kgf

type Entry = readonly [numerator: number, denominator: number, dimension: Dimension]

/** Units that take a decimal prefix (m, k, u …). */
const PREFIXED: Readonly<Record<string, Entry>> = {
  m: [1, 1, METRE],
  g: [1, 1000, MASS],
  s: [1, 1, SECOND],
  A: [1, 1, AMPERE],
  K: [1, 1, KELVIN],
  rad: [1, 1, RADIAN],
  deg: [Math.PI, 180, RADIAN],
  Hz: [1, 1, HERTZ],
  N: [1, 1, NEWTON],
  Nm: [1, 1, JOULE],
  J: [1, 1, JOULE],
  W: [1, 1, WATT],
  Pa: [1, 1, PASCAL],
  V: [1, 1, VOLT],
  ohm: [1, 1, OHM],
  Ohm: [1, 1, OHM],
  Ω: [1, 1, OHM],
  H: [1, 1, HENRY],
  F: [1, 1, FARAD],
  C: [1, 1, COULOMB],
  T: [1, 1, TESLA],
  Wb: [1, 1, WEBER],
  gf: [GRAVITY, 1000, NEWTON],
}

/** Units without prefix; these names win over a prefixed reading ('min', 'Ncm'). */
const PLAIN: Readonly<Record<string, Entry>> = {
  none: [1, 1, NONE],
  bool: [1, 1, NONE],
  ratio: [1, 1, NONE],
  '%': [1, 100, NONE],
  percent: [1, 100, NONE],
  count: [1, 1, COUNT],
  counts: [1, 1, COUNT],
  ticks: [1, 1, COUNT],
  steps: [1, 1, COUNT],
  lsb: [1, 1, COUNT],
  radian: [1, 1, RADIAN],
  radians: [1, 1, RADIAN],
  '°': [Math.PI, 180, RADIAN],
  degree: [Math.PI, 180, RADIAN],
  degrees: [Math.PI, 180, RADIAN],
  rev: [TURN, 1, RADIAN],
  revs: [TURN, 1, RADIAN],
  turn: [TURN, 1, RADIAN],
  turns: [TURN, 1, RADIAN],
  rpm: [TURN, 60, [0, 0, -1, 0, 0, 1, 0]],
  rps: [TURN, 1, [0, 0, -1, 0, 0, 1, 0]],
  dps: [Math.PI, 180, [0, 0, -1, 0, 0, 1, 0]],
  sec: [1, 1, SECOND],
  second: [1, 1, SECOND],
  seconds: [1, 1, SECOND],
  min: [60, 1, SECOND],
  h: [3600, 1, SECOND],
  Ncm: [1, 100, JOULE],
  Nmm: [1, 1000, JOULE],
  g0: [GRAVITY, 1, [1, 0, -2, 0, 0, 0, 0]],
  lb: [0.45359237, 1, MASS],
  lbf: [4.4482216152605, 1, NEWTON],
  ozf: [0.2780138509537812, 1, NEWTON],
  in: [254, 10000, METRE],
  ft: [3048, 10000, METRE],
  bar: [100000, 1, PASCAL],
}

const PREFIXES: Readonly<Record<string, readonly [number, number]>> = {
  n: [1, 1e9],
  u: [1, 1e6],
  µ: [1, 1e6],
  μ: [1, 1e6],
  m: [1, 1e3],
  c: [1, 100],
  d: [1, 10],
  k: [1e3, 1],
  M: [1e6, 1],
  G: [1e9, 1],
}

/** Names of the SI results people expect to read. */
const SYMBOLS: readonly (readonly [string, Dimension])[] = [
  ['1', NONE],
  ['rad', RADIAN],
  ['rad/s', [0, 0, -1, 0, 0, 1, 0]],
  ['rad/s^2', [0, 0, -2, 0, 0, 1, 0]],
  ['m', METRE],
  ['m/s', [1, 0, -1, 0, 0, 0, 0]],
  ['m/s^2', [1, 0, -2, 0, 0, 0, 0]],
  ['kg', MASS],
  ['s', SECOND],
  ['N', NEWTON],
  ['N*m', JOULE],
  ['V', VOLT],
  ['A', AMPERE],
  ['K', KELVIN],
  ['ohm', OHM],
  ['W', WATT],
  ['T', TESLA],
  ['Pa', PASCAL],
  ['kg*m^2', [2, 1, 0, 0, 0, 0, 0]],
  ['counts', COUNT],
]
const BASES = ['m', 'kg', 's', 'A', 'K', 'rad', 'counts']

const sameDimension = (a: Dimension, b: Dimension): boolean => a.every((v, i) => v === b[i])

export function symbolOf(dimension: Dimension): string {
  for (const [symbol, d] of SYMBOLS) if (sameDimension(d, dimension)) return symbol
  const part = (i: number, e: number) => (e === 1 ? BASES[i] : `${BASES[i]}^${e}`)
  const over = dimension.flatMap((e, i) => (e > 0 ? [part(i, e)] : [])).join('*')
  return (over || '1') + dimension.flatMap((e, i) => (e < 0 ? [`/${part(i, -e)}`] : [])).join('')
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

function make(numerator: number, denominator: number, dimension: Dimension, offset = 0): Unit {
  if (Number.isSafeInteger(numerator) && Number.isSafeInteger(denominator)) {
    const d = gcd(numerator, denominator) // kg = 1000 g / 1000 must be exactly one
    numerator /= d
    denominator /= d
  }
  return { symbol: symbolOf(dimension), numerator, denominator, offset, dimension }
}

const multiply = (a: Unit, b: Unit): Unit =>
  make(
    a.numerator * b.numerator,
    a.denominator * b.denominator,
    a.dimension.map((v, i) => v + b.dimension[i]),
  )
const divide = (a: Unit, b: Unit): Unit =>
  make(
    a.numerator * b.denominator,
    a.denominator * b.numerator,
    a.dimension.map((v, i) => v - b.dimension[i]),
  )

const ONE = make(1, 1, NONE)
const MAX_POWER = 9 // an exponent beyond this is a typing error

function atom(name: string): Unit | undefined {
  const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
  if (plain !== undefined) return make(...plain)
  if (Object.hasOwn(PREFIXED, name)) return make(...PREFIXED[name])
  const rest = name.slice(1)
  if (Object.hasOwn(PREFIXES, name[0]) && Object.hasOwn(PREFIXED, rest)) {
    const [over, under] = PREFIXES[name[0]]
    const [n, d, dimension] = PREFIXED[rest]
    return make(n * over, d * under, dimension)
  }
  // words of three letters and more are the same in any case: RPM, Deg, Turns
  const lower = name.toLowerCase()
  if (lower.length >= 3 && lower !== name) {
    if (Object.hasOwn(PLAIN, lower)) return make(...PLAIN[lower])
    if (lower === 'rad' || lower === 'deg' || lower === 'ohm') return make(...PREFIXED[lower])
  }
  return undefined
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

function tokens(text: string): string[] | undefined {
  const plain = text
    .replace(
      /[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+/gu,
      s => `^${[...s].map(c => (c === '⁻' ? '-' : String(SUPERSCRIPTS.indexOf(c)))).join('')}`,
    )
    .replaceAll('**', '^')
    .replace(/(?<=[\p{L}%°])[.·⋅×-](?=\p{L})/gu, '*') // N.m, N-m, N·m
    .replace(/[·⋅×]/gu, '*')
  const found = plain.match(/\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[\p{L}%°][\p{L}%°0-9]*|\^[-+]?\d+|[*/()]|-|\S/gu)
  return found ?? undefined
}

/** product := factor (('*' | '/' | ' ') factor)*; factor := (name | number | '(' product ')') ['^' integer] */
function parse(text: string): Unit | undefined {
  if (text === '°C' || text === 'degC' || text === 'Celsius') return make(1, 1, KELVIN, 273.15)
  if (text === '-') return ONE
  const list = tokens(text)
  if (list === undefined) return undefined
  let at = 0
  const factor = (): Unit | undefined => {
    const token = list[at++]
    if (token === undefined) return undefined
    let unit: Unit | undefined
    if (token === '(') {
      unit = product()
      if (list[at++] !== ')') return undefined
    } else if (/^\d/.test(token)) {
      const value = Number(token)
      unit = value > 0 && Number.isFinite(value) ? make(value, 1, NONE) : undefined
    } else {
      unit = atom(token)
      const power = unit === undefined ? /^(\D+)([1-9])$/.exec(token) : null // m/s2
      if (power !== null) {
        list.splice(at, 0, `^${power[2]}`)
        unit = atom(power[1])
      }
    }
    if (unit === undefined || !list[at]?.startsWith('^')) return unit
    const power = Number(list[at++].slice(1))
    if (power === 0 || !(Math.abs(power) <= MAX_POWER)) return undefined // '^' alone counts as 0
    let result = ONE
    for (let i = 0; i < Math.abs(power); i++) result = power > 0 ? multiply(result, unit) : divide(result, unit)
    return result
  }
  const product = (): Unit | undefined => {
    let unit = factor()
    while (unit !== undefined && at < list.length && list[at] !== ')') {
      const division = list[at] === '/'
      if (division || list[at] === '*') at++
      const next = factor()
      unit = next && (division ? divide(unit, next) : multiply(unit, next))
    }
    return unit
  }
  const unit = product()
  if (unit === undefined || at !== list.length) return undefined
  return Number.isFinite(unit.numerator / unit.denominator) && unit.numerator > 0 ? unit : undefined
}

/**
 * Reads a unit, or returns undefined when the text is none.
 * Products (`N*m`, `N·m`, `N.m`, `Nm`), quotients, powers, parentheses, decimal prefixes and plain factors:
 * `deg/s`, `mN*m`, `kgf*cm`, `m/s²`, `rev/4096` (a tick of a 12-bit encoder), `%`, `counts`, `degC`.
 */
export function tryUnit(text: string): Unit | undefined {
  return parse(text.trim())
}

/**
 * Reads a unit.
 *
 * @throws {RecordingError} RECORDING_UNIT when the text is no unit known here; names the nearest
 */
export function parseUnit(text: string, place?: string): Unit {
  const unit = tryUnit(text)
  if (unit !== undefined) return unit
  const known = [
    ...Object.keys(PLAIN),
    ...Object.keys(PREFIXED),
    ...SYMBOLS.map(s => s[0]),
    'ms',
    'us',
    'ns',
    'mm',
    'cm',
    'mA',
    'mV',
    'mN*m',
    'kgf*cm',
  ]
  throw new RecordingError('RECORDING_UNIT', `unknown unit '${text}'${suggestion(text, known)}`, { place })
}

/** True when both measure the same kind of quantity (deg and rev; not deg and V). */
export const sameQuantity = (a: Unit, b: Unit): boolean => sameDimension(a.dimension, b.dimension)

/** True when a value in this unit is already its SI value. */
export const isSI = (unit: Unit): boolean => unit.numerator === 1 && unit.denominator === 1 && unit.offset === 0

/** Converts values to SI in place and returns them; each is (x * numerator) / denominator + offset. */
export function toSI(values: Float64Array, unit: Unit): Float64Array {
  const { numerator, denominator, offset } = unit
  if (numerator !== 1) for (let i = 0; i < values.length; i++) values[i] *= numerator
  if (denominator !== 1) for (let i = 0; i < values.length; i++) values[i] /= denominator
  if (offset !== 0) for (let i = 0; i < values.length; i++) values[i] += offset
  return values
}

/** The unit of a time derivative: 'rad' -> 'rad/s'; '' (not stated) stays ''. */
export function perSecond(symbol: string): string {
  return symbol === '' ? '' : divide(parseUnit(symbol), make(1, 1, SECOND)).symbol
}
