/** A task's terms as a program for one model: segments, registers, slots. */
import type { Layout } from '../engine/layout.js'
import type { Model } from '../model/model.js'
import { INSTRUCTION, type Program, SEGMENTS, type Segment } from '../program.js'
import { type MappedAction, mapAction } from './action.js'
import { type Allocated, allocate } from './allocate.js'
import { bySegment, Lowering } from './lower.js'
import { fail } from './memory.js'
import { type Node, operation } from './node.js'
import type { Scope } from './scope.js'
import type { SegmentCode } from './segment.js'
import { observations, resets, scalars, type TaskTerms, type Term, terminations } from './terms.js'

/** The program and all that stands in no program. */
export interface Compiled {
  readonly program: Program
  /** the same in single assignment */
  readonly segments: Readonly<Record<Segment, SegmentCode>>
  readonly action: MappedAction
  readonly observations: readonly Term[]
  readonly rewards: readonly Term[]
  readonly metrics: readonly Term[]
  readonly terminations: readonly Term[]
}

const BOOLEAN: readonly string[] = ['LT', 'LE', 'EQ', 'AND', 'OR', 'NOT']

/** 1 where a node is other than 0 */
const truth = (node: Node): Node => (BOOLEAN.includes(node.op) ? node : operation('NOT', operation('NOT', node)))

/**
 * Compile what define returned.
 *
 * @throws {TaskError} naming the term
 */
export function compileTerms(s: Scope, terms: TaskTerms, model: Model, layout: Layout): Compiled {
  const action = mapAction(s, terms.action)
  const observed = observations(terms)
  const rewards = scalars(terms.reward, 'reward')
  if (rewards.length === 0) fail('TERM', 'a task needs a reward', 'reward')
  const metrics = terms.metrics === undefined ? [] : scalars(terms.metrics, 'metrics')
  const ends = terminations(terms)
  const starts = resets(model, terms)
  s.settle()
  s.checkNames()

  const ninput = s.memory.inputs.reduce((sum, { size }) => sum + size, 0)
  const lowering = new Lowering(model, layout, ninput, starts)
  const values = (list: readonly Term[], segment: Segment): number[] =>
    list.map(({ expr, place }) => lowering.value(expr.node, segment, place))
  const outputs = bySegment<number[]>(() => [])
  outputs.observe = values(observed, 'observe')
  outputs.act = action.command.map(x => lowering.value(x.node, 'act', 'action'))
  outputs.substep = action.control.flatMap(x => (x === undefined ? [] : [lowering.value(x.node, 'substep', 'action')]))
  const conditions = ends.map(({ expr, place }) => lowering.value(truth(expr.node), 'reward', place))
  const { reward } = lowering.builders
  const over =
    conditions.length === 0 ? reward.constant(0) : conditions.reduce((a, b) => reward.operation('OR', [a, b]))
  outputs.reward = [...values(rewards, 'reward'), ...values(metrics, 'reward'), over]
  lowering.finish(index => s.actions[index].node)

  const segments = bySegment(segment => lowering.builders[segment].finish(outputs[segment]))
  const { code, ranges, consts, registers, nreg, frame } = assemble(segments, action)
  const rewardRegisters = registers.reward
  const ended = segments.reward.values[over]
  const control = Int32Array.from(action.control, () => -1)
  let next = 0
  for (const [i, x] of action.control.entries()) if (x !== undefined) control[i] = registers.substep[next++]
  const program: Program = {
    code,
    segments: ranges,
    consts,
    nreg,
    nslot: lowering.nslot,
    ninput,
    observation: Int32Array.from(registers.observe),
    action: frame.action,
    nact: action.nact,
    command: Int32Array.from(registers.act),
    delayed: frame.delayed,
    control,
    terms: Int32Array.from(rewardRegisters.slice(0, rewards.length)),
    metrics: Int32Array.from(rewardRegisters.slice(rewards.length, rewards.length + metrics.length)),
    terminated: ended.kind === 'const' && ended.value === 0 ? -1 : (rewardRegisters.at(-1) as number),
    needs: lowering.needs,
  }
  return { program, segments, action, observations: observed, rewards, metrics, terminations: ends }
}

interface Assembled {
  readonly code: Int32Array
  readonly ranges: Record<Segment, readonly [number, number]>
  readonly consts: Float32Array
  readonly registers: Record<Segment, readonly number[]>
  readonly nreg: number
  readonly frame: { readonly action: number; readonly delayed: number }
}

/**
 * Registers: constants, the action, the delayed commands, then those that segments share. The shared ones are read before the
 * next segment writes them: observations by the policy, commands by the delay, controls by the timestep, terms by the sums.
 */
function assemble(segments: Readonly<Record<Segment, SegmentCode>>, { nact, command }: MappedAction): Assembled {
  const index = new Map<number, number>()
  const consts: number[] = []
  const constantOf = (value: number): number => {
    // -0 is a constant of its own
    const key = Object.is(value, -0) ? Number.NaN : value
    let found = index.get(key)
    if (found === undefined) {
      found = consts.push(value) - 1
      index.set(key, found)
    }
    return found
  }
  // constants come first: count them before the others get their registers
  for (const segment of SEGMENTS) eachUsed(segments[segment], constantOf)
  const actionAt = consts.length
  const delayed = actionAt + nact
  const frame = { constant: constantOf, action: actionAt, delayed, free: delayed + command.length }

  const code: number[] = []
  const allocated = bySegment<Allocated>(segment => allocate(segments[segment], frame))
  const ranges = bySegment<readonly [number, number]>(segment => {
    const begin = code.length / INSTRUCTION
    for (const word of allocated[segment].code) code.push(word)
    return [begin, code.length / INSTRUCTION]
  })
  return {
    code: Int32Array.from(code),
    ranges,
    consts: Float32Array.from(consts),
    registers: bySegment(segment => allocated[segment].outputs),
    nreg: Math.max(frame.free, ...SEGMENTS.map(segment => allocated[segment].nreg)),
    frame,
  }
}

/** the constants that instructions, stores and outputs use */
function eachUsed(segment: SegmentCode, visit: (value: number) => void): void {
  const see = (id: number): void => {
    const value = segment.values[id]
    if (value.kind === 'const') visit(value.value)
  }
  for (const instruction of segment.instructions) if ('args' in instruction) instruction.args.forEach(see)
  for (const { value } of segment.stores) see(value)
  segment.outputs.forEach(see)
}
