/** What each operation computes, to the bit as the kernel does (assembly/rollout/expression.ts). */
import { atan2f, clipf, cosf, expf, logf, maxf, minf, powf, sinf, tanhf } from '../math/single.js'
import type { Operation } from './node.js'

const fround = Math.fround
const truth = (holds: boolean): number => (holds ? 1 : 0)

type Compute = (a: number, b: number, c: number) => number

export const COMPUTE: Readonly<Record<Operation | 'MAD' | 'MOV', Compute>> = {
  MOV: a => a,
  NEG: a => -a,
  ABS: a => Math.abs(a),
  SQRT: a => fround(Math.sqrt(a)),
  EXP: a => expf(a),
  LOG: a => logf(a),
  TANH: a => tanhf(a),
  SIN: a => sinf(a),
  COS: a => cosf(a),
  FLOOR: a => Math.floor(a),
  NOT: a => truth(a === 0),
  ADD: (a, b) => fround(a + b),
  SUB: (a, b) => fround(a - b),
  MUL: (a, b) => fround(a * b),
  DIV: (a, b) => fround(a / b),
  MIN: (a, b) => minf(a, b),
  MAX: (a, b) => maxf(a, b),
  POW: (a, b) => powf(a, b),
  ATAN2: (a, b) => atan2f(a, b),
  LT: (a, b) => truth(a < b),
  LE: (a, b) => truth(a <= b),
  EQ: (a, b) => truth(a === b),
  AND: (a, b) => truth(a !== 0 && b !== 0),
  OR: (a, b) => truth(a !== 0 || b !== 0),
  WHERE: (a, b, c) => (a !== 0 ? b : c),
  MAD: (a, b, c) => fround(fround(a * b) + c),
  CLIP: (a, b, c) => clipf(a, b, c),
}

/** how many operands an operation has */
export const ARITY: Readonly<Record<Operation | 'MAD' | 'MOV', number>> = {
  ...{ MOV: 1, NEG: 1, ABS: 1, SQRT: 1, EXP: 1, LOG: 1, TANH: 1, SIN: 1, COS: 1, FLOOR: 1, NOT: 1 },
  ...{ ADD: 2, SUB: 2, MUL: 2, DIV: 2, MIN: 2, MAX: 2, POW: 2, ATAN2: 2, LT: 2, LE: 2, EQ: 2, AND: 2, OR: 2 },
  ...{ WHERE: 3, MAD: 3, CLIP: 3 },
}
