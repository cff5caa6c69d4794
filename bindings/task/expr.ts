/**
 * Expressions: numbers and vectors of numbers of one world, with units. They are written once, checked while they are
 * written, and computed by the engine in every world at every control step.
 */
import type { Dimension } from '../recording/units.js'
import { faultOf, firstFault, poison } from './fault.js'
import { constant, type Node, type Operation, operation } from './node.js'
import { compatible, type Dim, isNumber, NUMBER, over, parseDim, power, RADIAN, times, unitText } from './units.js'

/** A number, or an expression of one. A plain number takes whatever unit its place asks for. */
export type Scalar = Expr | number
/** What element-wise functions take: a single number goes with every element of a vector. */
export type Operand = Scalar | Vec
/** What can be flattened into a list of expressions. */
export type ExprLike = Scalar | Vec | readonly ExprLike[]
/** A quantity whose shape the model decides: an Expr when it is one number, else a Vec. */
export type Reading = Expr & Vec

interface Traits {
  readonly dim: Dim
  /** a plain number */
  readonly literal?: boolean
  /** multiplied by a plain number, whose unit may be anything: functions of pure numbers take it */
  readonly loose?: boolean
}

/** One number of every world. Immutable; made by a Scope and by the functions of this module. */
export class Expr {
  /** @internal */
  readonly node: Node
  /** @internal */
  readonly dim: Dim
  /** @internal */
  readonly literal: boolean
  /** @internal */
  readonly loose: boolean

  /** @internal */
  constructor(node: Node, { dim, literal = false, loose = false }: Traits) {
    this.node = node
    this.dim = dim
    this.literal = literal
    this.loose = loose
  }

  /** SI unit, '1' for a pure number, '' when it goes with every unit */
  get unit(): string {
    return unitText(this.dim)
  }

  add(x: Scalar): Expr
  add(x: Vec): Vec
  add(x: Operand): Operand {
    return binary('ADD', this, x)
  }
  sub(x: Scalar): Expr
  sub(x: Vec): Vec
  sub(x: Operand): Operand {
    return binary('SUB', this, x)
  }
  mul(x: Scalar): Expr
  mul(x: Vec): Vec
  mul(x: Operand): Operand {
    return binary('MUL', this, x)
  }
  div(x: Scalar): Expr
  div(x: Vec): Vec
  div(x: Operand): Operand {
    return binary('DIV', this, x)
  }
  /** the smaller of the two */
  min(x: Scalar): Expr {
    return scalar('MIN', this, x)
  }
  /** the larger of the two */
  max(x: Scalar): Expr {
    return scalar('MAX', this, x)
  }
  neg(): Expr {
    return scalar('NEG', this)
  }
  abs(): Expr {
    return scalar('ABS', this)
  }
  sqrt(): Expr {
    return scalar('SQRT', this)
  }
  square(): Expr {
    return scalar('MUL', this, this)
  }
  exp(): Expr {
    return scalar('EXP', this)
  }
  /** natural logarithm */
  log(): Expr {
    return scalar('LOG', this)
  }
  tanh(): Expr {
    return scalar('TANH', this)
  }
  sin(): Expr {
    return scalar('SIN', this)
  }
  cos(): Expr {
    return scalar('COS', this)
  }
  floor(): Expr {
    return scalar('FLOOR', this)
  }
  /** this ^ x. The base must not be negative unless x is a whole number between -4 and 4 */
  pow(x: Scalar): Expr {
    return raise(this, x)
  }
  /** this, but at least lo and at most hi */
  clip(lo: Scalar, hi: Scalar): Expr {
    return scalar('CLIP', this, lo, hi)
  }
  /** 1 where less than x, else 0 */
  lt(x: Scalar): Expr {
    return scalar('LT', this, x)
  }
  le(x: Scalar): Expr {
    return scalar('LE', this, x)
  }
  gt(x: Scalar): Expr {
    return scalar('LT', x, this)
  }
  ge(x: Scalar): Expr {
    return scalar('LE', x, this)
  }
  eq(x: Scalar): Expr {
    return scalar('EQ', this, x)
  }
  /** 1 where this and x are both other than 0 */
  and(x: Scalar): Expr {
    return scalar('AND', this, x)
  }
  or(x: Scalar): Expr {
    return scalar('OR', this, x)
  }
  /** 1 where this is 0 */
  not(): Expr {
    return scalar('NOT', this)
  }
  /** a where this is other than 0, else b */
  where(a: Scalar, b: Scalar): Expr {
    return scalar('WHERE', this, a, b)
  }

  /** The same number, going with every unit from here on. */
  unitless(): Expr {
    return new Expr(this.node, { dim: undefined })
  }
  /** The same number taken as one of this SI unit ('m/s', 'N*m', '1'). */
  as(unit: string): Expr {
    const parsed = parseDim(unit)
    if (parsed === undefined) return poison('VALUE', `'${unit}' is no unit`)
    return new Expr(this.node, { dim: parsed.dim })
  }
}

/** A vector of expressions, each with its unit. `v[0]`, `v.x`, `for (const e of v)` give its elements. */
export class Vec implements Iterable<Expr> {
  readonly [index: number]: Expr
  readonly length: number

  /** @internal use vec() */
  constructor(items: readonly Expr[]) {
    const own = this as unknown as Expr[]
    for (let i = 0; i < items.length; i++) own[i] = items[i]
    this.length = items.length
  }

  [Symbol.iterator](): Iterator<Expr> {
    return Array.from({ length: this.length }, (_, i) => this[i])[Symbol.iterator]()
  }

  /** element i; negative counts from the end */
  at(i: number): Expr {
    const found = this[i < 0 ? this.length + i : i]
    return found ?? poison('SHAPE', `a vector of ${this.length} has no element ${i}`)
  }
  get x(): Expr {
    return this.at(0)
  }
  get y(): Expr {
    return this.at(1)
  }
  get z(): Expr {
    return this.at(2)
  }
  /** elements begin to end - 1, as of an array */
  slice(begin?: number, end?: number): Vec {
    return new Vec([...this].slice(begin, end))
  }
  concat(...others: readonly ExprLike[]): Vec {
    return vec(this, ...others)
  }
  map(f: (x: Expr, index: number) => Scalar): Vec {
    return vec(...Array.from(this, (x, i) => f(x, i)))
  }

  add(x: Operand): Vec {
    return binary('ADD', this, x) as Vec
  }
  sub(x: Operand): Vec {
    return binary('SUB', this, x) as Vec
  }
  mul(x: Operand): Vec {
    return binary('MUL', this, x) as Vec
  }
  div(x: Operand): Vec {
    return binary('DIV', this, x) as Vec
  }
  min(x: Operand): Vec {
    return binary('MIN', this, x) as Vec
  }
  max(x: Operand): Vec {
    return binary('MAX', this, x) as Vec
  }
  neg(): Vec {
    return each('NEG', this) as Vec
  }
  abs(): Vec {
    return each('ABS', this) as Vec
  }
  /** of each element */
  square(): Vec {
    return this.map(x => x.square())
  }
  clip(lo: Operand, hi: Operand): Vec {
    return each('CLIP', this, lo, hi) as Vec
  }

  sum(): Expr {
    return total([...this])
  }
  mean(): Expr {
    return this.sum().div(this.length)
  }
  dot(x: Vec): Expr {
    const product: unknown = this.mul(x)
    return faultOf(product) ? (product as Expr) : (product as Vec).sum()
  }
  /** sum of squares */
  squared(): Expr {
    return this.dot(this)
  }
  /** square root of the sum of squares */
  norm(): Expr {
    return this.squared().sqrt()
  }
  /** cross product of two vectors of 3 */
  cross(b: Vec): Vec {
    const fault = firstFault<Vec>([b])
    if (fault !== undefined) return fault
    if (this.length !== 3 || b.length !== 3)
      return poison('SHAPE', `cross: got vectors of ${this.length} and ${b.length}, expected 3 and 3`)
    const part = (i: number, j: number): Expr => this[i].mul(b[j]).sub(this[j].mul(b[i]))
    return vec(part(1, 2), part(2, 0), part(0, 1))
  }

  unitless(): Vec {
    return this.map(x => x.unitless())
  }
  as(unit: string): Vec {
    return this.map(x => x.as(unit))
  }
}

/** A rotation w, x, y, z. */
export class Quat extends Vec {
  get w(): Expr {
    return this.at(0)
  }
  override get x(): Expr {
    return this.at(1)
  }
  override get y(): Expr {
    return this.at(2)
  }
  override get z(): Expr {
    return this.at(3)
  }
}

/** An expression of a plain number. */
export function literal(value: number): Expr {
  if (Number.isNaN(value)) return poison('VALUE', 'NaN is no number to compute with')
  return new Expr(constant(value), { dim: undefined, literal: true })
}

const toExpr = (x: Scalar): Expr => {
  if (typeof x === 'number') return literal(x)
  if (x instanceof Expr || faultOf(x) !== undefined) return x
  const what = (x as unknown) instanceof Vec ? `a vector of ${(x as unknown as Vec).length}` : String(x)
  return poison('SHAPE', `expected one number, got ${what}`)
}

/** Numbers, expressions, vectors and lists of them, one after the other in one vector. */
export function vec(...parts: readonly ExprLike[]): Vec {
  const items = flatten(parts)
  return firstFault<Vec>(items) ?? new Vec(items)
}

/** All numbers in these values, in order; mistakes among them. */
export function flatten(value: ExprLike): Expr[] {
  if (faultOf(value) !== undefined) return [value as Expr]
  if (Array.isArray(value) || value instanceof Vec) return Array.from(value as readonly ExprLike[], flatten).flat()
  return [toExpr(value as Scalar)]
}

const WORD: Partial<Record<Operation, string>> = {
  ADD: 'add',
  SUB: 'subtract',
  MIN: 'take the smaller of',
  MAX: 'take the larger of',
  CLIP: 'clip between',
  WHERE: 'choose between',
  ATAN2: 'take the angle of',
}

const named = (x: Expr): string => x.unit || 'a number'

function mismatch(op: Operation, args: readonly Expr[]): Expr {
  const list = args.map(named)
  return poison('UNIT_MISMATCH', `cannot ${WORD[op] ?? 'compare'} ${list.slice(0, -1).join(', ')} and ${list.at(-1)}`)
}

/** the dimension that all of these share, or false */
function common(args: readonly Expr[]): Dim | false {
  let dim: Dim
  for (const { dim: d } of args) {
    if (!compatible(dim, d)) return false
    dim ??= d
  }
  return dim
}

/** dimension of an operation's result; false: its arguments do not go together */
function dimension(op: Operation, args: readonly Expr[]): Dim | false {
  const [a, b] = args
  const factor = (x: Expr): Dim => (x.literal ? NUMBER : x.dim)
  switch (op) {
    case 'MUL':
      return times(factor(a), factor(b))
    case 'DIV':
      return over(factor(a), factor(b))
    case 'SQRT':
      return power(a.dim, 0.5)
    case 'ATAN2':
      return common(args) === false ? false : RADIAN
    case 'LT':
    case 'LE':
    case 'EQ':
      return common(args) === false ? false : NUMBER
    case 'WHERE':
      return common(args.slice(1))
    case 'AND':
    case 'OR':
    case 'NOT':
    case 'EXP':
    case 'LOG':
    case 'TANH':
    case 'SIN':
    case 'COS':
    case 'POW':
      return NUMBER
    default:
      return common(args)
  }
}

const PURE: readonly Operation[] = ['EXP', 'LOG', 'TANH', 'SIN', 'COS', 'POW']

/** An operation on numbers, with its units checked. */
export function scalar(op: Operation, ...operands: readonly Scalar[]): Expr {
  const args = operands.map(toExpr)
  const fault = firstFault<Expr>(args)
  if (fault !== undefined) return fault
  const strict = PURE.includes(op) ? args.find(x => !x.loose && !isNumber(x.dim)) : undefined
  if (strict !== undefined) {
    const remedy = 'divide by a scale of that unit, or write .unitless()'
    return poison('UNIT_MISMATCH', `${op.toLowerCase()} takes a number without unit, not ${strict.unit}: ${remedy}`)
  }
  const dim = dimension(op, args)
  if (dim === false) return mismatch(op, op === 'WHERE' ? args.slice(1) : args)
  const literal = args.every(x => x.literal)
  const factor = op === 'MUL' || op === 'DIV'
  const loose = args.some(x => x.loose || (factor && x.literal)) && !PURE.includes(op)
  return new Expr(operation(op, ...args.map(x => x.node)), { dim: literal ? undefined : dim, literal, loose })
}

/** An operation element by element; single numbers go with every element. */
export function each(op: Operation, ...operands: readonly Operand[]): Expr | Vec {
  return spread(operands, (...args) => scalar(op, ...args))
}

/** Apply a function of numbers element by element. */
export function spread(operands: readonly Operand[], f: (...args: Scalar[]) => Expr): Expr | Vec {
  const fault = firstFault<Expr>(operands)
  if (fault !== undefined) return fault
  const lengths = operands.flatMap(x => (x instanceof Vec ? [x.length] : []))
  if (lengths.length === 0) return f(...(operands as Scalar[]))
  const [length] = lengths
  if (lengths.some(n => n !== length))
    return poison('SHAPE', `vectors of ${lengths.join(' and ')} do not go together: they need the same length`)
  return vec(...Array.from({ length }, (_, i) => f(...operands.map(x => (x instanceof Vec ? x[i] : x)))))
}

const binary = (op: Operation, a: Operand, b: Operand): Operand => each(op, a, b)

/** first + second + …; 0 of nothing */
export function total(items: readonly Expr[]): Expr {
  if (items.length === 0) return literal(0)
  return items.reduce((sum, x) => scalar('ADD', sum, x))
}

const WHOLE_POWER = 4

/** a ^ b; small whole powers are products, so that the base may be negative */
export function raise(a: Scalar, b: Scalar): Expr {
  const [base, exponent] = [toExpr(a), toExpr(b)]
  const fault = firstFault<Expr>([base, exponent])
  if (fault !== undefined) return fault
  const n = exponent.literal && exponent.node.op === 'const' ? exponent.node.value : undefined
  if (n === undefined) return scalar('POW', base, exponent)
  if (n === 0.5) return base.sqrt()
  const dim: Dimension | undefined = base.literal ? undefined : power(base.dim, n)
  if (Number.isInteger(n) && Math.abs(n) <= WHOLE_POWER) {
    if (n === 0) return literal(1)
    const product = Array.from({ length: Math.abs(n) }, () => base).reduce((x, y) => scalar('MUL', x, y))
    return n > 0 ? product : scalar('DIV', 1, product)
  }
  return new Expr(operation('POW', base.node, exponent.node), { dim, literal: base.literal, loose: base.loose })
}
