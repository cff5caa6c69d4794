/** Nodes of the expression graph: what an expression computes, without unit or shape. Immutable, shared freely. */
import type { OpName } from '../program.js'

/** Operations on values; the rest of the opcodes are ways of loading, storing and moving. */
export type Operation = Exclude<
  OpName,
  'LOAD_D' | 'LOAD_P' | 'LOAD_S' | 'LOAD_T' | 'STORE_D' | 'STORE_T' | 'UNIFORM4' | 'NORMAL4' | 'MOV' | 'MAD'
>

/** When a quantity of the model can be read. */
export type Availability =
  /** any time */
  | 'parameter'
  | 'state'
  /** once the poses of the state are known */
  | 'pose'
  /** once a timestep has been taken, or its beginning computed */
  | 'result'

/** Memory that a task keeps from one control step to the next, one number. */
export interface Cell {
  /** how errors call it: 'variable.goal' */
  readonly place: string
  /** value when an episode begins */
  readonly reset: Node
  /** value after the timesteps of a control step, from those before: state with dynamics of its own */
  next?: Node
  /** value after the reward */
  update?: Node
  /** control steps after which it is drawn anew */
  every?: Node
}

export type Node =
  | { readonly op: 'const'; readonly value: number }
  | {
      readonly op: 'load'
      readonly base: 'd' | 'p' | 's'
      readonly field: string
      readonly index: number
      readonly when: Availability
      /** TASK_NEED bits */
      readonly needs: number
    }
  /** what an episode starts from before its reset terms: the state in the reset, `otherwise` elsewhere */
  | { readonly op: 'initial'; readonly field: string; readonly index: number; readonly otherwise: Node }
  | { readonly op: 'action'; readonly index: number }
  | { readonly op: 'lastAction'; readonly index: number }
  /** a command after its delay */
  | { readonly op: 'delayed'; readonly index: number }
  | { readonly op: 'step' }
  | { readonly op: 'input'; readonly index: number }
  | { readonly op: 'cell'; readonly cell: Cell }
  /** the value of `of` so many control steps ago, at least 1 */
  | { readonly op: 'past'; readonly of: Node; readonly steps: number }
  /** a random number of its own: two nodes are two numbers */
  | { readonly op: 'random'; readonly normal: boolean }
  | { readonly op: Operation; readonly args: readonly Node[] }

export const constant = (value: number): Node => ({ op: 'const', value: Math.fround(value) })
export const operation = (op: Operation, ...args: readonly Node[]): Node => ({ op, args })
