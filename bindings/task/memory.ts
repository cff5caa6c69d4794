/** What a task remembers from one control step to the next: variables, states, inputs, past values, delays. */
import { TaskError } from '../errors.js'
import {
  type Expr,
  type ExprLike,
  flatten,
  type Operand,
  type Scalar,
  scalar,
  spread,
  total,
  Vec,
  vec,
} from './expr.js'
import { type Fault, faultOf, firstFault, poison, type TaskCode } from './fault.js'
import type { Cell } from './node.js'
import { ofNode } from './quantities.js'
import { compatible, type Dim, parseDim, unitText } from './units.js'

/** A number or vector that is drawn when an episode begins. */
export interface VariableOptions<T extends ExprLike> {
  /** value at the start of an episode; s.uniform(…) and s.normal(…) are drawn each time */
  readonly reset: T
  /** drawn anew every so many seconds: a number in control periods of the model's own timestep, rounded, at least one */
  readonly every?: Scalar
  /** value after the reward of each control step, from the one before; default: it stays */
  readonly update?: (value: Shaped<T>) => ExprLike
  /** SI unit; default that of reset */
  readonly unit?: string
}

/** A number or vector with dynamics of its own. */
export interface StateOptions<T extends ExprLike> {
  readonly reset: T
  /** value at the end of a control step, from the one at its beginning. All states move at once: others are read as they were */
  readonly next: (value: Shaped<T>) => ExprLike
  readonly unit?: string
}

/** A number given to each episode from outside. */
export interface TaskInput {
  readonly name: string
  /** index of its first number among all inputs */
  readonly offset: number
  readonly size: number
  readonly default: readonly number[]
}

/** One number makes an Expr, anything else a Vec. */
export type Shaped<T extends ExprLike> = T extends Scalar ? Expr : Vec

/** Spread of noise: standard deviation of normal noise, or half the width of uniform noise; of each component, or of all. */
export type Noise = { readonly std: ExprLike } | { readonly uniform: ExprLike }

export const fail = (code: TaskCode, message: string, place?: string): never => {
  throw new TaskError(code, message, { place })
}

/** @throws {TaskError} the first mistake among these, at this place */
export function demand(value: ExprLike, place: string): Expr[] {
  const items = flatten(value)
  const fault = faultOf(firstFault(items))
  if (fault !== undefined) fail(fault.code, fault.message, place)
  return items
}

const isList = (value: ExprLike): boolean => value instanceof Vec || Array.isArray(value)
const shaped = <T extends ExprLike>(items: readonly Expr[], like: T): Shaped<T> =>
  (isList(like) ? new Vec(items) : items[0]) as Shaped<T>

/** seconds as a count of control periods */
export type Periods = (seconds: Scalar) => Scalar

export class Memory {
  readonly cells: Cell[] = []
  readonly inputs: TaskInput[] = []
  /** what is worked out once all names are known: next and update of cells */
  readonly later: (() => void)[] = []
  readonly #names = new Set<string>()

  variable<T extends ExprLike>(name: string, options: VariableOptions<T>, periods: Periods): Shaped<T> {
    const place = `variable.${name}`
    this.#claim(name, place)
    const { cells, items } = this.#cells(place, options.reset, options.unit)
    const value = shaped(items, options.reset)
    const { every, update } = options
    if (every !== undefined) {
      const [count] = demand(periods(every), place)
      for (const cell of cells) cell.every = count.node
    }
    if (update !== undefined) this.#later(place, cells, items, () => update(value), 'update')
    return value
  }

  state<T extends ExprLike>(name: string, options: StateOptions<T>): Shaped<T> {
    const place = `state.${name}`
    this.#claim(name, place)
    const { cells, items } = this.#cells(place, options.reset, options.unit)
    const value = shaped(items, options.reset)
    this.#later(place, cells, items, () => options.next(value), 'next')
    return value
  }

  input(name: string, size: number | undefined, values: number | readonly number[] | undefined): Expr | Vec {
    const place = `input.${name}`
    this.#claim(name, place)
    const count = size ?? 1
    if (!Number.isInteger(count) || count < 1) fail('VALUE', `size: got ${count}, expected a positive integer`, place)
    const own = typeof values === 'object' ? values : new Array<number>(count).fill(values ?? 0)
    if (own.length !== count) fail('SHAPE', `default: got ${own.length} numbers, expected ${count}`, place)
    const bad = own.find(x => !Number.isFinite(x))
    if (bad !== undefined) fail('VALUE', `default: ${bad} is not a finite number`, place)
    const offset = this.inputs.reduce((sum, input) => sum + input.size, 0)
    this.inputs.push({ name, offset, size: count, default: [...own] })
    const items = own.map((_, k) => ofNode({ op: 'input', index: offset + k }, undefined))
    return size === undefined ? items[0] : new Vec(items)
  }

  /** @throws {TaskError} DUPLICATE */
  #claim(name: string, place: string): void {
    if (this.#names.has(name))
      fail('DUPLICATE', `the name '${name}' is taken: variables, states and inputs share names`, place)
    this.#names.add(name)
  }

  #cells(place: string, reset: ExprLike, unit: string | undefined): { cells: Cell[]; items: Expr[] } {
    const first = demand(reset, place)
    const parsed = unit === undefined ? undefined : parseDim(unit)
    if (unit !== undefined && parsed === undefined) fail('VALUE', `'${unit}' is no unit`, place)
    const cells: Cell[] = first.map((x, k) => ({ place: isList(reset) ? `${place}[${k}]` : place, reset: x.node }))
    const items = first.map((x, k) => {
      const dim = unit === undefined ? x.dim : parsed?.dim
      checkUnit(x, dim, place)
      return ofNode({ op: 'cell', cell: cells[k] }, dim)
    })
    this.cells.push(...cells)
    return { cells, items }
  }

  #later(
    place: string,
    cells: readonly Cell[],
    items: readonly Expr[],
    f: () => ExprLike,
    what: 'next' | 'update',
  ): void {
    this.later.push(() => {
      const values = demand(f(), place)
      if (values.length !== cells.length)
        fail('SHAPE', `${what}: got ${values.length} numbers, expected ${cells.length}`, place)
      for (const [k, x] of values.entries()) {
        checkUnit(x, items[k].dim, place)
        cells[k][what] = x.node
      }
    })
  }
}

function checkUnit(x: Expr, dim: Dim, place: string): void {
  if (!compatible(x.dim, dim)) fail('UNIT_MISMATCH', `got ${x.unit}, expected ${unitText(dim)}`, place)
}

/** The value of x so many control steps ago. */
export function past(x: Expr, steps: number): Expr {
  return faultOf(x) ? x : ofNode({ op: 'past', of: x.node, steps }, x.dim)
}

/** One of `taps` at a place between them: 0 the first; beyond the last, the last. */
export function interpolate(taps: readonly Expr[], at: Scalar): Expr {
  const place = scalar('CLIP', at, 0, taps.length - 1)
  if (faultOf(place) !== undefined) return place
  // each tap weighs as much as the place is near it
  const weight = (i: number): Expr => scalar('MAX', scalar('SUB', 1, place.sub(i).abs()), 0)
  return ofNode(total(taps.map((x, i) => weight(i).mul(x.unitless()))).node, taps[0].dim)
}

/** Apply a function to one number or to each of a vector. */
export function overAll<T extends Operand>(x: T, f: (x: Expr, index: number) => Expr): T {
  if (faultOf(x) !== undefined) return x
  if (x instanceof Vec) return vec(...Array.from(x, f)) as Operand as T
  return spread([x], y => f(vec(y)[0], 0)) as T
}

/** The number of a list that belongs to component k: a single one belongs to all. */
export function component(value: ExprLike, k: number, what: string): Expr {
  const items = flatten(value)
  const fault: Fault | undefined = faultOf(firstFault(items))
  if (fault !== undefined) return poison(fault.code, fault.message)
  return (items.length === 1 ? items[0] : items[k]) ?? poison('SHAPE', `${what}: got ${items.length} numbers, too few`)
}
