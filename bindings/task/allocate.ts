/** Registers for the values of a segment, and its instructions as words. */
import { INSTRUCTION, OP, type OpName } from '../program.js'
import type { Instruction, SegmentCode } from './segment.js'

/** Registers that stand outside the segments. */
export interface Frame {
  /** register of a constant */
  readonly constant: (value: number) => number
  readonly action: number
  readonly delayed: number
  /** first register that segments share between them */
  readonly free: number
}

export interface Allocated {
  readonly code: readonly number[]
  /** register of each output */
  readonly outputs: readonly number[]
  /** end of the registers used */
  readonly nreg: number
}

const RANDOM_LANES = 4

/** Give every value a register, free again after its last use. */
export function allocate(segment: SegmentCode, frame: Frame): Allocated {
  const { values, instructions, stores, outputs } = segment
  const n = instructions.length
  // values of each instruction, and when each is used last: stores come after all instructions, outputs after the stores
  const results: number[][] = instructions.map(() => [])
  for (const [id, value] of values.entries()) {
    if (value.kind === 'result' && value.instruction >= 0) results[value.instruction].push(id)
  }
  const last = new Map<number, number>()
  for (const [i, instruction] of instructions.entries()) {
    if ('args' in instruction) for (const id of instruction.args) last.set(id, i)
  }
  for (const { value } of stores) last.set(value, n)
  for (const id of outputs) last.set(id, n)
  const dying: number[][] = Array.from({ length: n + 1 }, () => [])
  for (const [id, i] of last) if (values[id].kind === 'result') dying[i].push(id)

  const taken: boolean[] = []
  const register = new Map<number, number>()
  /** lowest run of free registers */
  const take = (count: number): number => {
    let first = 0
    for (let k = 0; k < count; k++) {
      if (taken[first + k]) {
        first += k + 1
        k = -1
      }
    }
    for (let k = 0; k < count; k++) taken[first + k] = true
    return first
  }
  const registerOf = (id: number): number => {
    const value = values[id]
    if (value.kind === 'const') return frame.constant(value.value)
    if (value.kind !== 'result') return frame[value.kind] + value.index
    return frame.free + (register.get(id) as number)
  }

  const code: number[] = []
  for (const [i, instruction] of instructions.entries()) {
    const words = operands(instruction, registerOf)
    for (const id of dying[i]) taken[register.get(id) as number] = false
    const random = instruction.op === 'random'
    const dst = take(random ? RANDOM_LANES : 1)
    for (const id of results[i]) register.set(id, dst + laneOf(segment, id))
    if (random) {
      // numbers of the block that nobody takes
      const used = new Set(results[i].filter(id => last.has(id)).map(id => laneOf(segment, id)))
      for (let lane = 0; lane < RANDOM_LANES; lane++) if (!used.has(lane)) taken[dst + lane] = false
    }
    code.push(OP[opcode(instruction)], frame.free + dst, ...words)
  }
  for (const { base, to, value } of stores) {
    code.push(OP[base === 'd' ? 'STORE_D' : 'STORE_T'], to, registerOf(value), 0, 0)
  }
  if (code.length % INSTRUCTION !== 0) throw new RangeError('an instruction has not its number of words')
  return { code, outputs: outputs.map(registerOf), nreg: frame.free + taken.length }
}

function laneOf({ values }: SegmentCode, id: number): number {
  const value = values[id]
  return value.kind === 'result' ? value.lane : 0
}

function opcode(instruction: Instruction): OpName {
  switch (instruction.op) {
    case 'load':
      return `LOAD_${instruction.base.toUpperCase() as 'D' | 'P' | 'S'}`
    case 'slot':
      return 'LOAD_T'
    case 'random':
      return instruction.normal ? 'NORMAL4' : 'UNIFORM4'
    default:
      return instruction.op
  }
}

function operands(instruction: Instruction, registerOf: (id: number) => number): [number, number, number] {
  switch (instruction.op) {
    case 'load':
      return [instruction.offset, 0, 0]
    case 'slot':
      return [instruction.slot, 0, 0]
    case 'random':
      return [instruction.block, instruction.stream, 0]
    default: {
      const [a, b = 0, c = 0] = instruction.args.map(registerOf)
      return [a, b, c]
    }
  }
}
