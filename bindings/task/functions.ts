/** Functions of expressions. Those of several operands go element by element over vectors; numbers go with every element. */
import {
  type Expr,
  type ExprLike,
  each,
  flatten,
  literal,
  type Operand,
  raise,
  type Scalar,
  spread,
  total,
  type Vec,
  vec,
} from './expr.js'
import { faultOf, firstFault, poison } from './fault.js'
import type { Operation } from './node.js'

export interface Unary {
  (x: Scalar): Expr
  (x: Vec): Vec
}
export interface Binary {
  (a: Scalar, b: Scalar): Expr
  (a: Operand, b: Operand): Vec
}
export interface Ternary {
  (a: Scalar, b: Scalar, c: Scalar): Expr
  (a: Operand, b: Operand, c: Operand): Vec
}
export interface Several {
  (...xs: Scalar[]): Expr
  (...xs: Operand[]): Vec
}

const unary = (op: Operation): Unary => ((x: Operand) => each(op, x)) as Unary
const binary = (op: Operation): Binary => ((a: Operand, b: Operand) => each(op, a, b)) as Binary
const ternary = (op: Operation): Ternary => ((a: Operand, b: Operand, c: Operand) => each(op, a, b, c)) as Ternary
const several = (op: Operation): Several =>
  ((...xs: Operand[]) => {
    const [first, ...rest] = xs.map(x => (typeof x === 'number' ? literal(x) : x))
    return rest.reduce<Operand>((a, b) => each(op, a, b), first ?? poison('SHAPE', 'needs at least one operand'))
  }) as Several
const derived = (f: (x: Scalar) => Expr): Unary => ((x: Operand) => spread([x], f)) as Unary

/** Sum of two or more, element by element. */
export const add: Several = several('ADD')
export const sub: Binary = binary('SUB')
/** Product of two or more, element by element. */
export const mul: Several = several('MUL')
export const div: Binary = binary('DIV')
export const neg: Unary = unary('NEG')
export const abs: Unary = unary('ABS')
export const sqrt: Unary = unary('SQRT')
/** e^x; x must be a pure number, or hold a plain factor that stands for the inverse unit. So of log, tanh, sin and cos. */
export const exp: Unary = unary('EXP')
/** natural logarithm */
export const log: Unary = unary('LOG')
export const tanh: Unary = unary('TANH')
export const sin: Unary = unary('SIN')
export const cos: Unary = unary('COS')
export const floor: Unary = unary('FLOOR')
/** Angle of the point (x, y) in [-pi, pi], rad. */
export const atan2: Binary = binary('ATAN2')
/** Smallest of one or more, element by element. */
export const min: Several = several('MIN')
/** Largest of one or more, element by element. */
export const max: Several = several('MAX')
/** a ^ b; a must not be negative unless b is a whole number from -4 to 4. */
export const pow: Binary = ((a: Operand, b: Operand) => spread([a, b], (x, y) => raise(x, y))) as Binary
/** x, but at least lo and at most hi. */
export const clip: Ternary = ternary('CLIP')
/** a where condition is other than 0, else b. */
export const where: Ternary = ternary('WHERE')
/** 1 where a < b, else 0 */
export const lt: Binary = binary('LT')
export const le: Binary = binary('LE')
export const gt: Binary = ((a: Operand, b: Operand) => each('LT', b, a)) as Binary
export const ge: Binary = ((a: Operand, b: Operand) => each('LE', b, a)) as Binary
export const eq: Binary = binary('EQ')
export const and: Binary = binary('AND')
export const or: Binary = binary('OR')
export const not: Unary = unary('NOT')
export const square: Unary = derived(x => raise(x, 2))

/** Sum of all elements; an expression is a vector of one. */
export const sum = (x: ExprLike): Expr => total(flatten(x))
/** Mean of all elements. */
export function mean(x: ExprLike): Expr {
  const items = flatten(x)
  return firstFault<Expr>(items) ?? total(items).div(items.length)
}
export function dot(a: Vec, b: Vec): Expr {
  return firstFault<Expr>([a, b]) ?? a.dot(b)
}
/** Square root of the sum of squares. */
export function norm(x: Vec): Expr {
  return faultOf(x) ? (x as unknown as Expr) : x.norm()
}
export function cross(a: Vec, b: Vec): Vec {
  return firstFault<Vec>([a, b]) ?? a.cross(b)
}
/** a - b floor(a / b): in [0, b) for b > 0. */
export const mod: Binary = ((a: Operand, b: Operand) =>
  spread([a, b], (x, y) => vec(x)[0].sub(vec(x)[0].div(y).unitless().floor().mul(y).unitless()))) as Binary
/** An angle brought into [-pi, pi). */
export const wrapAngle: Unary = derived(x => {
  const angle = vec(x)[0]
  const turns = angle
    .add(Math.PI)
    .div(2 * Math.PI)
    .unitless()
    .floor()
  return angle.sub(turns.mul(2 * Math.PI).unitless())
})
