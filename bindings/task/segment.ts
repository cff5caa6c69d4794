/**
 * One segment of a program in single assignment: values, each computed once, then stores. Equal values are one value, what
 * follows from constants is a constant, what nobody needs is left out.
 */
import type { Operation } from './node.js'
import { COMPUTE } from './semantics.js'

export type Value =
  | { readonly kind: 'const'; readonly value: number }
  /** registers that the kernel fills */
  | { readonly kind: 'action' | 'delayed'; readonly index: number }
  /** lane: which of the four numbers of a random instruction */
  | { readonly kind: 'result'; readonly instruction: number; readonly lane: number }

export type Base = 'd' | 'p' | 's'

export type Instruction =
  /** offset: bytes from the base; what: field and element */
  | { readonly op: 'load'; readonly base: Base; readonly offset: number; readonly what: string }
  | { readonly op: 'slot'; readonly slot: number; readonly what: string }
  | { readonly op: 'random'; readonly normal: boolean; readonly block: number; readonly stream: number }
  | { readonly op: Operation | 'MAD'; readonly args: readonly number[] }

export interface Store {
  readonly base: 'd' | 't'
  /** byte offset, or slot */
  readonly to: number
  readonly value: number
  readonly what: string
}

/** A finished segment: every instruction is needed by a store or an output, in order. */
export interface SegmentCode {
  readonly values: readonly Value[]
  readonly instructions: readonly Instruction[]
  readonly stores: readonly Store[]
  /** values that must stand in registers at the end */
  readonly outputs: readonly number[]
}

const COMMUTATIVE: readonly string[] = ['ADD', 'MUL', 'AND', 'OR', 'EQ']
/** numbers of one random instruction */
const BLOCK = 4

export class SegmentBuilder {
  readonly #values: Value[] = []
  readonly #instructions: Instruction[] = []
  readonly #stores: Store[] = []
  readonly #numbered = new Map<string, number>()
  /** open random instruction of each kind, and how many of its numbers are taken */
  readonly #open = new Map<boolean, { instruction: number; taken: number }>()

  #value(key: string, make: () => Value): number {
    const known = this.#numbered.get(key)
    if (known !== undefined) return known
    const id = this.#values.push(make()) - 1
    this.#numbered.set(key, id)
    return id
  }

  #result(key: string, instruction: Instruction): number {
    return this.#value(key, () => ({
      kind: 'result',
      instruction: this.#instructions.push(instruction) - 1,
      lane: 0,
    }))
  }

  constant(value: number): number {
    const single = Math.fround(value)
    return this.#value(`c${Object.is(single, -0) ? '-0' : single}`, () => ({ kind: 'const', value: single }))
  }

  register(kind: 'action' | 'delayed', index: number): number {
    return this.#value(`${kind}${index}`, () => ({ kind, index }))
  }

  load(base: Base, offset: number, what: string): number {
    return this.#result(`${base}${offset}`, { op: 'load', base, offset, what })
  }

  slot(slot: number, what: string): number {
    return this.#result(`t${slot}`, { op: 'slot', slot, what })
  }

  /** A random number nobody else has; `block` gives the place in the stream of a new instruction. */
  random(normal: boolean, stream: number, block: () => number): number {
    let open = this.#open.get(normal)
    if (open === undefined || open.taken === BLOCK) {
      open = { instruction: this.#instructions.push({ op: 'random', normal, block: block(), stream }) - 1, taken: 0 }
      this.#open.set(normal, open)
    }
    const { instruction, taken: lane } = open
    open.taken++
    return this.#values.push({ kind: 'result', instruction, lane }) - 1
  }

  operation(op: Operation, args: readonly number[]): number {
    const values = args.map(id => {
      const value = this.#values[id]
      return value.kind === 'const' ? value.value : undefined
    })
    if (values.every(x => x !== undefined)) {
      const [a, b = 0, c = 0] = values
      return this.constant(COMPUTE[op](a, b, c))
    }
    const simple = simplify(op, args, values)
    if (simple !== undefined) return simple
    const ordered = COMMUTATIVE.includes(op) ? [...args].sort((a, b) => a - b) : args
    return this.#result(`${op} ${ordered.join(' ')}`, { op, args })
  }

  store(base: 'd' | 't', to: number, value: number, what: string): void {
    this.#stores.push({ base, to, value, what })
  }

  finish(outputs: readonly number[]): SegmentCode {
    const values = this.#values
    // needed: from the outputs and stores backwards
    const uses = new Int32Array(this.#instructions.length)
    const need = (id: number): void => {
      const value = values[id]
      if (value.kind === 'result') uses[value.instruction]++
    }
    outputs.forEach(need)
    for (const { value } of this.#stores) need(value)
    for (let i = this.#instructions.length - 1; i >= 0; i--) {
      const instruction = this.#instructions[i]
      if (uses[i] > 0 && 'args' in instruction) instruction.args.forEach(need)
    }

    // a product that only one sum needs becomes part of it: the same two roundings in one instruction
    const fused = new Map<number, Instruction>()
    const absorbed = new Set<number>()
    for (const [i, instruction] of this.#instructions.entries()) {
      if (uses[i] === 0 || instruction.op !== 'ADD') continue
      for (const [k, id] of instruction.args.entries()) {
        const value = values[id]
        if (value.kind !== 'result' || uses[value.instruction] !== 1) continue
        const product = this.#instructions[value.instruction]
        if (product.op !== 'MUL') continue
        fused.set(i, { op: 'MAD', args: [...product.args, instruction.args[1 - k]] })
        absorbed.add(value.instruction)
        break
      }
    }
    const kept = this.#instructions.flatMap((_, i) => (uses[i] > 0 && !absorbed.has(i) ? [i] : []))
    const place = new Map(kept.map((i, at) => [i, at]))
    return {
      values: values.map(v => (v.kind === 'result' ? { ...v, instruction: place.get(v.instruction) ?? -1 } : v)),
      instructions: kept.map(i => fused.get(i) ?? this.#instructions[i]),
      stores: this.#stores,
      outputs,
    }
  }
}

/** The operand that an operation with a constant leaves as it is. */
function simplify(op: Operation, args: readonly number[], values: readonly (number | undefined)[]): number | undefined {
  const [a, b, c] = args
  const [x, y] = values
  if (op === 'ADD') return x === 0 ? b : y === 0 ? a : undefined
  if (op === 'SUB' || op === 'DIV') return y === (op === 'SUB' ? 0 : 1) ? a : undefined
  if (op === 'MUL') return x === 1 ? b : y === 1 ? a : undefined
  if (op === 'WHERE') return x !== undefined ? (x !== 0 ? b : c) : b === c ? b : undefined
  if (op === 'MIN' || op === 'MAX') return a === b ? a : undefined
  return undefined
}
