/**
 * From the expression graph to the segments of a program: what an expression is in each moment of a control step.
 *
 * The same expression can stand in several segments. There it means the quantity of that moment; what a task remembers is read
 * from its slots, which are given out as they are needed.
 */
import { derivedAddress } from '../engine/derived.js'
import type { Layout } from '../engine/layout.js'
import { V } from '../engine/layout.js'
import { STREAM } from '../math/index.js'
import type { Model } from '../model/model.js'
import { PLACE_BITS, SEGMENTS, type Segment } from '../program.js'
import { fail } from './memory.js'
import { type Cell, constant, type Node, operation } from './node.js'
import { SegmentBuilder } from './segment.js'

type LoadNode = Extract<Node, { op: 'load' }>
type RandomNode = Extract<Node, { op: 'random' }>

/** words of a random number's counter that name its place in the program */
const MAX_BLOCKS = 1 << PLACE_BITS

/** where results of a policy's action are known */
const AFTER_ACTION: readonly Segment[] = ['act', 'substep', 'dynamics', 'reward', 'update']
/** where poses are those of the present state */
const POSED: readonly Segment[] = ['init', 'observe', 'act', 'reward', 'update']

const MOMENT: Readonly<Record<Segment, string>> = {
  reset: 'while the state an episode starts from is made',
  init: 'at the start of an episode',
  observe: 'in an observation',
  act: 'in a command',
  substep: 'in a control',
  dynamics: 'in the dynamics of a state',
  reward: 'in a reward, metric or termination',
  update: 'in an update',
}

/** A value remembered for some control steps. */
interface Chain {
  readonly of: Node
  /** slots of the value one, two … steps ago */
  readonly slots: number[]
  readonly place: string
}

/** What is written over the state when an episode begins. */
export interface ResetStore {
  readonly field: string
  readonly index: number
  readonly value: Node
  readonly place: string
}

export class Lowering {
  readonly builders: Readonly<Record<Segment, SegmentBuilder>>
  /** TASK_NEED bits of all that is loaded */
  needs = 0
  nslot: number
  readonly #model: Model
  readonly #layout: Layout
  readonly #values: Readonly<Record<Segment, Map<string, number>>>
  readonly #interned = new WeakMap<Node, number>()
  readonly #ids = new Map<unknown, number>()
  readonly #addresses = new Map<string, (e: number) => number>()
  readonly #resets = new Map<string, ResetStore>()
  readonly #cells = new Map<Cell, number>()
  readonly #deferred = new Map<Cell, boolean>()
  readonly #chains = new Map<number, Chain>()
  /** slots of the action before, and of the one before that where it is needed */
  readonly #lastActions = new Map<number, { now: number; before?: number }>()
  readonly #blocks = new Map<number, number>()
  readonly #drawn = new Map<RandomNode, Segment>()
  readonly #randoms: Readonly<Record<Segment, Map<RandomNode, number>>> = bySegment(() => new Map())
  /** cells and state elements whose new values are being worked out */
  readonly #open = new Set<unknown>()
  #place = ''

  constructor(model: Model, layout: Layout, ninput: number, resets: readonly ResetStore[]) {
    this.#model = model
    this.#layout = layout
    this.nslot = 1 + ninput
    this.builders = bySegment(() => new SegmentBuilder())
    this.#values = bySegment(() => new Map())
    for (const store of resets) this.#resets.set(`${store.field} ${store.index}`, store)
  }

  /** The value of an expression in a segment; `place` names the term in errors. @throws {TaskError} SEGMENT, CYCLE */
  value(node: Node, segment: Segment, place: string): number {
    return this.#at(place, () => this.#lower(node, segment, false))
  }

  /** Everything that what was lowered so far remembers: starts, moves and updates of its slots. */
  finish(action: (index: number) => Node): void {
    for (const { value, place } of this.#resets.values()) this.value(value, 'reset', place)
    const cells = new Set<Cell>()
    const chains = new Set<Chain>()
    for (let more = true; more; ) {
      more = false
      for (const cell of this.#cells.keys()) {
        if (cells.has(cell)) continue
        cells.add(cell)
        more = true
        this.#at(cell.place, () => this.#cellValues(cell))
      }
      for (const chain of this.#chains.values()) {
        if (chains.has(chain)) continue
        chains.add(chain)
        more = true
        this.value(chain.of, 'observe', chain.place)
        this.value(chain.of, 'init', chain.place)
      }
    }
    this.#stateStores()
    for (const [cell, slot] of this.#cells) this.#at(cell.place, () => this.#cellStores(cell, slot))
    for (const chain of this.#chains.values()) this.#chainStores(chain)
    for (const [index, { now, before }] of this.#lastActions) {
      const { act } = this.builders
      const what = `last action ${index}`
      if (before !== undefined) act.store('t', before, act.slot(now, what), `${what} of the reward`)
      act.store('t', now, this.value(action(index), 'act', 'action'), what)
    }
  }

  #at<T>(place: string, f: () => T): T {
    const outer = this.#place
    this.#place = place
    try {
      return f()
    } finally {
      this.#place = outer
    }
  }

  #refuse(what: string, segment: Segment, remedy = ''): never {
    return fail('SEGMENT', `${what} ${MOMENT[segment]}${remedy && `: ${remedy}`}`, this.#place)
  }

  // ------------------------------------------------------------------------------------------------------------- values

  /** @param fresh in reset and update: variables and state as they will be, not as they were */
  #lower(root: Node, segment: Segment, fresh: boolean): number {
    const values = this.#values[segment]
    const keyOf = (node: Node): string => `${this.#intern(node)}${fresh ? '*' : ''}`
    argumentsFirst(
      root,
      node => values.has(keyOf(node)),
      node => values.set(keyOf(node), this.#compute(node, segment, fresh)),
    )
    return values.get(keyOf(root)) as number
  }

  #compute(node: Node, segment: Segment, fresh: boolean): number {
    const builder = this.builders[segment]
    const begins = segment === 'reset' || segment === 'init'
    switch (node.op) {
      case 'const':
        return builder.constant(node.value)
      case 'load':
        return this.#load(node, segment, fresh)
      case 'initial':
        if (segment !== 'reset') return this.#lower(node.otherwise, segment, fresh)
        return builder.load('d', this.#address('d', node.field, node.index), `${node.field}[${node.index}]`)
      case 'action':
        if (!AFTER_ACTION.includes(segment))
          this.#refuse('the action is not known yet', segment, 'use lastAction, the one of the step before')
        return builder.register('action', node.index)
      case 'delayed':
        if (segment !== 'substep') this.#refuse('delayed commands are known in controls only, not', segment)
        return builder.register('delayed', node.index)
      case 'lastAction':
        return begins ? builder.constant(0) : this.#lastAction(node.index, segment)
      case 'step':
        return begins ? builder.constant(0) : builder.slot(0, 'step')
      case 'input':
        return builder.slot(1 + node.index, `input ${node.index}`)
      case 'cell':
        return this.#cell(node.cell, segment, fresh)
      case 'past':
        return this.#past(node.of, node.steps, segment, fresh)
      case 'random':
        return this.#random(node, segment, fresh)
      default:
        return builder.operation(
          node.op,
          node.args.map(arg => this.#lower(arg, segment, fresh)),
        )
    }
  }

  #load(node: LoadNode, segment: Segment, fresh: boolean): number {
    const { base, field, index, when } = node
    const builder = this.builders[segment]
    const what = `${field}[${index}]`
    if (when === 'pose' && !POSED.includes(segment))
      this.#refuse(`${what} is not known`, segment, 'use prev of it, its value at the observation')
    if (when === 'result' && segment === 'reset') this.#refuse(`${what} is not known`, segment)
    const store = segment === 'reset' && fresh ? this.#resets.get(`${field} ${index}`) : undefined
    if (store !== undefined && base === 'd') {
      return this.#once(store, () => this.#at(store.place, () => this.#lower(store.value, segment, false)))
    }
    const address = this.#address(base, field, index)
    if (address < 0) return builder.constant(0)
    this.needs |= node.needs
    return builder.load(base, address, what)
  }

  #address(base: 'd' | 'p' | 's', field: string, index: number): number {
    if (base !== 's') {
      const at = this.#layout[base].get(field)
      if (at === undefined) return fail('UNSUPPORTED', `the engine keeps no ${field}`, this.#place)
      return at + V * index
    }
    let find = this.#addresses.get(field)
    if (find === undefined) {
      find = derivedAddress(field, this.#model, this.#layout.s, V)
      this.#addresses.set(field, find)
    }
    const address = find(index)
    return Number.isNaN(address) ? fail('UNSUPPORTED', `the engine keeps no ${field}`, this.#place) : address
  }

  /** run f unless it is running already: what needs itself has no value */
  #once<T>(key: unknown, f: () => T): T {
    if (this.#open.has(key)) fail('CYCLE', 'its value at the start of an episode needs itself', this.#place)
    this.#open.add(key)
    try {
      return f()
    } finally {
      this.#open.delete(key)
    }
  }

  #random(node: RandomNode, segment: Segment, fresh: boolean): number {
    if (segment === 'substep') this.#refuse('a random number cannot be drawn', segment, 'draw it in the command')
    // the values that variables are drawn from stand in two segments on purpose
    const redrawn = segment === 'reset' || segment === 'init' || fresh
    // but the start of an episode is one draw, made before poses are known or after
    const start = segment === 'reset' ? 'init' : 'reset'
    const twice = (segment === 'reset' || segment === 'init') && this.#randoms[start].has(node)
    const other = twice ? start : redrawn ? segment : (this.#drawn.get(node) ?? segment)
    if (other !== segment) {
      this.#refuse(`a random number drawn ${MOMENT[other]} would be another one`, segment, 'keep it in a variable')
    }
    if (!redrawn) this.#drawn.set(node, segment)
    const known = this.#randoms[segment].get(node)
    if (known !== undefined) return known
    const stream =
      segment === 'reset' || segment === 'init' ? STREAM.reset : segment === 'observe' ? STREAM.sensor : STREAM.task
    const value = this.builders[segment].random(node.normal, stream, () => {
      const block = this.#blocks.get(stream) ?? 0
      if (block === MAX_BLOCKS)
        fail('VALUE', `more than ${4 * MAX_BLOCKS} random numbers in a control step`, this.#place)
      this.#blocks.set(stream, block + 1)
      return block
    })
    this.#randoms[segment].set(node, value)
    return value
  }

  // ------------------------------------------------------------------------------------------------------------- memory

  #lastAction(index: number, segment: Segment): number {
    let slots = this.#lastActions.get(index)
    if (slots === undefined) {
      slots = { now: this.nslot++ }
      this.#lastActions.set(index, slots)
    }
    const what = `last action ${index}`
    // act itself reads before it stores
    if (!AFTER_ACTION.includes(segment) || segment === 'act') return this.builders[segment].slot(slots.now, what)
    slots.before ??= this.nslot++
    return this.builders[segment].slot(slots.before, `${what} of the reward`)
  }

  #cell(cell: Cell, segment: Segment, fresh: boolean): number {
    const deferred = this.#isDeferred(cell)
    if (segment === 'reset' && deferred)
      this.#refuse(`${cell.place} needs poses or results, which are not known`, segment)
    if (segment === 'reset' || (segment === 'init' && deferred))
      return this.#once(cell, () => this.#at(cell.place, () => this.#lower(cell.reset, segment, true)))
    let slot = this.#cells.get(cell)
    if (slot === undefined) {
      slot = this.nslot++
      this.#cells.set(cell, slot)
    }
    if (segment === 'update' && fresh && (cell.every ?? cell.update) !== undefined) {
      const from = slot
      return this.#once(cell, () => this.#at(cell.place, () => this.#updated(cell, from)))
    }
    return this.builders[segment].slot(slot, cell.place)
  }

  /** must its start wait until the poses of the first state are known? */
  #isDeferred(cell: Cell): boolean {
    const known = this.#deferred.get(cell)
    if (known !== undefined) return known
    this.#deferred.set(cell, false)
    let deferred = false
    const seen = new Set<Node>()
    const look = (node: Node): void => {
      seen.add(node)
      if (node.op === 'load') deferred ||= node.when === 'pose' || node.when === 'result'
      else if (node.op === 'past') deferred = true
      else if (node.op === 'cell') deferred ||= this.#isDeferred(node.cell)
    }
    argumentsFirst(cell.reset, node => seen.has(node), look)
    this.#deferred.set(cell, deferred)
    return deferred
  }

  /** value of a cell after the reward */
  #updated(cell: Cell, slot: number): number {
    const { update } = this.builders
    const kept = cell.update === undefined ? update.slot(slot, cell.place) : this.#lower(cell.update, 'update', false)
    if (cell.every === undefined) return kept
    // drawn anew when the next step is a multiple of the period
    const next = operation('ADD', { op: 'step' }, constant(1))
    const periods = operation('FLOOR', operation('DIV', next, cell.every))
    const due = operation('EQ', operation('MUL', periods, cell.every), next)
    const condition = this.#lower(due, 'update', false)
    return update.operation('WHERE', [condition, this.#lower(cell.reset, 'update', true), kept])
  }

  /** have everything in place that the values of a cell need */
  #cellValues(cell: Cell): void {
    this.#lower({ op: 'cell', cell }, this.#isDeferred(cell) ? 'init' : 'reset', false)
    if (cell.next !== undefined) this.#lower(cell.next, 'dynamics', false)
    if ((cell.every ?? cell.update) !== undefined) this.#lower({ op: 'cell', cell }, 'update', true)
  }

  #cellStores(cell: Cell, slot: number): void {
    const start = this.#isDeferred(cell) ? 'init' : 'reset'
    this.builders[start].store('t', slot, this.#lower({ op: 'cell', cell }, start, false), cell.place)
    if (cell.next !== undefined) {
      this.builders.dynamics.store('t', slot, this.#lower(cell.next, 'dynamics', false), cell.place)
    }
    if ((cell.every ?? cell.update) !== undefined) {
      this.builders.update.store('t', slot, this.#lower({ op: 'cell', cell }, 'update', true), cell.place)
    }
  }

  #past(of: Node, steps: number, segment: Segment, fresh: boolean): number {
    if (segment === 'init') return this.#lower(of, segment, fresh)
    if (segment === 'reset') this.#refuse('nothing has a past', segment)
    const id = this.#intern(of)
    let chain = this.#chains.get(id)
    if (chain === undefined) {
      chain = { of, slots: [], place: this.#place }
      this.#chains.set(id, chain)
    }
    while (chain.slots.length < steps) chain.slots.push(this.nslot++)
    return this.builders[segment].slot(chain.slots[steps - 1], `${steps} steps ago`)
  }

  /** at the end of the observation each value moves one step back; at the start all are the first one */
  #chainStores({ of, slots, place }: Chain): void {
    const { observe, init } = this.builders
    for (const [k, slot] of slots.entries()) {
      const what = `${k + 1} steps ago`
      init.store('t', slot, this.value(of, 'init', place), what)
      const value = k === 0 ? this.value(of, 'observe', place) : observe.slot(slots[k - 1], `${k} steps ago`)
      observe.store('t', slot, value, what)
    }
  }

  #stateStores(): void {
    const { reset } = this.builders
    for (const { field, index, value, place } of this.#resets.values()) {
      reset.store('d', this.#address('d', field, index), this.value(value, 'reset', place), `${field}[${index}]`)
    }
  }

  // ---------------------------------------------------------------------------------------------------- same expressions

  /** the same number for nodes that compute the same */
  #intern(root: Node): number {
    argumentsFirst(
      root,
      node => this.#interned.has(node),
      node => this.#interned.set(node, this.#number(this.#identity(node))),
    )
    return this.#interned.get(root) as number
  }

  #identity(node: Node): unknown {
    switch (node.op) {
      case 'random':
        return node
      case 'cell':
        return node.cell
      case 'const':
        return `const ${Object.is(node.value, -0) ? '-0' : node.value}`
      case 'load':
        return `${node.base} ${node.field} ${node.index}`
      case 'initial':
        return `initial ${node.field} ${node.index}`
      case 'past':
        return `past ${node.steps} ${this.#intern(node.of)}`
      case 'step':
        return 'step'
      case 'action':
      case 'lastAction':
      case 'delayed':
      case 'input':
        return `${node.op} ${node.index}`
      default:
        return `${node.op} ${node.args.map(arg => this.#intern(arg)).join(' ')}`
    }
  }

  #number(identity: unknown): number {
    const known = this.#ids.get(identity)
    if (known !== undefined) return known
    this.#ids.set(identity, this.#ids.size)
    return this.#ids.size - 1
  }
}

/** Visit a node behind its arguments, those that are done left out; without recursion, as a long sum is a deep graph. */
function argumentsFirst(root: Node, done: (node: Node) => boolean, visit: (node: Node) => void): void {
  const stack = [root]
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    const open: Node[] = done(node) || !('args' in node) ? [] : node.args.filter(arg => !done(arg))
    if (open.length > 0) {
      stack.push(...open.reverse())
      continue
    }
    if (!done(node)) visit(node)
    stack.pop()
  }
}

export function bySegment<T>(make: (segment: Segment) => T): Record<Segment, T> {
  return Object.fromEntries(SEGMENTS.map(segment => [segment, make(segment)])) as Record<Segment, T>
}
