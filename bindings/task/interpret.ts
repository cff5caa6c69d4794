/**
 * A task program in plain TypeScript: one world, single precision, every operation rounded as the kernel rounds it. For tests,
 * and for computing a task's observations and rewards where there is no engine (from a robot's log).
 */

import { derivedAddress } from '../engine/derived.js'
import { type Layout, V } from '../engine/layout.js'
import { SizeError } from '../errors.js'
import { derivedFields, type Field, fieldSize, modelFields, scratchFields, worldFields } from '../fields.js'
import { philox, seedWords } from '../math/index.js'
import { normalsf, uniformf } from '../math/single.js'
import type { Model } from '../model/model.js'
import { INSTRUCTION, OP, type OpName, PLACE_BITS, type Program, type Segment } from '../program.js'
import { ARITY, COMPUTE } from './semantics.js'

const NAMES = Object.fromEntries(Object.entries(OP).map(([name, code]) => [code, name])) as Record<number, OpName>

/** What the random numbers of an episode follow from. */
export interface Chance {
  readonly seed: number
  readonly env: number
  readonly generation: number
}

/** What one world has in memory, in quantities: element k of a block of the engine is k of these. */
export interface Memory {
  readonly d: Float32Array
  readonly p: Float32Array
  readonly s: Float32Array
  /** slots (nslot) */
  readonly slots: Float32Array
  /** registers (nreg), the first of them the program's constants */
  readonly registers: Float32Array
}

/** Run one segment of a program in one world. */
export function runSegment(program: Program, segment: Segment, memory: Memory, chance: Chance): void {
  const { code, segments } = program
  const { d, p, s, slots, registers: r } = memory
  const [begin, end] = segments[segment]
  for (let i = begin * INSTRUCTION; i < end * INSTRUCTION; i += INSTRUCTION) {
    const [op, dst, a, b, c] = code.subarray(i, i + INSTRUCTION)
    const name = NAMES[op]
    switch (name) {
      case 'LOAD_D':
        r[dst] = d[a / V]
        break
      case 'LOAD_P':
        r[dst] = p[a / V]
        break
      case 'LOAD_S':
        r[dst] = s[a / V]
        break
      case 'LOAD_T':
        r[dst] = slots[a]
        break
      case 'STORE_D':
        d[dst / V] = r[a]
        break
      case 'STORE_T':
        slots[dst] = r[a]
        break
      case 'UNIFORM4':
        r.set(Array.from(words(a, b, slots[0], chance), uniformf), dst)
        break
      case 'NORMAL4': {
        const w = words(a, b, slots[0], chance)
        r.set([...normalsf(w[0], w[1]), ...normalsf(w[2], w[3])], dst)
        break
      }
      default: {
        const n = ARITY[name]
        r[dst] = COMPUTE[name](r[a], n > 1 ? r[b] : 0, n > 2 ? r[c] : 0)
      }
    }
  }
}

/** counter (place | step << 12, env, generation, stream), key seed */
function words(place: number, stream: number, step: number, { seed, env, generation }: Chance): Uint32Array {
  const [lo, hi] = seedWords(seed)
  const out = new Uint32Array(4)
  philox(place | (step << PLACE_BITS), env, generation, stream, lo, hi, out)
  return out
}

/** the scratch also holds what no batch hands out: grp_com, cfrc_ext */
const rows = new Map<string, Field>(
  [...scratchFields, ...derivedFields, ...modelFields, ...worldFields].map(f => [f.name, f]),
)

/** A world that a task program can be run in: its fields by name, and the moments of a control step. */
export class Interpreter {
  readonly memory: Memory
  chance: Chance
  readonly #program: Program
  readonly #model: Model
  readonly #layout: Layout

  /** The model's parameters, qpos0 at rest; poses and results are 0 until they are set. */
  constructor(program: Program, model: Model, layout: Layout, chance: Chance = { seed: 0, env: 0, generation: 0 }) {
    this.#program = program
    this.#model = model
    this.#layout = layout
    this.chance = chance
    this.memory = {
      d: new Float32Array(layout.dbytes / V),
      p: new Float32Array(layout.pbytes / V),
      s: new Float32Array(layout.sbytes / V),
      slots: new Float32Array(program.nslot),
      registers: new Float32Array(program.nreg),
    }
    this.memory.registers.set(program.consts)
    for (const field of modelFields) if (layout.p.has(field.name)) this.set(field.name, model.field[field.name])
    this.set('qpos', model.field.qpos0)
  }

  /**
   * Give a field its values: state, result, per-world parameter, or derived quantity of the present state.
   *
   * @throws {SizeError} SIZE, FIELD
   */
  set(name: string, values: ArrayLike<number>): void {
    const { base, address } = this.#find(name)
    const size = fieldSize(rows.get(name) as Field, this.#layout.sizes)
    if (values.length !== size) throw new SizeError('SIZE', `${name}: got length ${values.length}, expected ${size}`)
    for (let e = 0; e < size; e++) {
      const at = address(e)
      if (at >= 0) this.memory[base][at / V] = values[e]
    }
  }

  /** The values of a field. @throws {SizeError} FIELD */
  get(name: string): Float32Array {
    const { base, address } = this.#find(name)
    const size = fieldSize(rows.get(name) as Field, this.#layout.sizes)
    return Float32Array.from({ length: size }, (_, e) => (address(e) < 0 ? 0 : this.memory[base][address(e) / V]))
  }

  #find(name: string): { base: 'd' | 'p' | 's'; address: (e: number) => number } {
    for (const base of ['d', 'p'] as const) {
      const at = this.#layout[base].get(name)
      if (at !== undefined && rows.has(name)) return { base, address: e => at + V * e }
    }
    if (!rows.has(name) || Number.isNaN(derivedAddress(name, this.#model, this.#layout.s, V)(0)))
      throw new SizeError('FIELD', `a task has no field '${name}'`)
    return { base: 's', address: derivedAddress(name, this.#model, this.#layout.s, V) }
  }

  run(segment: Segment): void {
    runSegment(this.#program, segment, this.memory, this.chance)
  }

  /** A new episode: slots cleared, inputs given, reset terms written over the state. */
  begin(inputs: ArrayLike<number> = []): void {
    const { slots } = this.memory
    if (inputs.length !== this.#program.ninput)
      throw new SizeError('SIZE', `inputs: got ${inputs.length} numbers, expected ${this.#program.ninput}`)
    slots.fill(0)
    slots.set(Float32Array.from(inputs), 1)
    this.run('reset')
  }

  /** After the poses of the first state are set. */
  init(): void {
    this.run('init')
  }

  /** The observation of the present state (nobs). */
  observe(): Float32Array {
    this.run('observe')
    return this.#read(this.#program.observation)
  }

  /** Commands (ncommand) of an action (nact). */
  act(action: ArrayLike<number>): Float32Array {
    this.memory.registers.set(Float32Array.from(action), this.#program.action)
    this.run('act')
    return this.#read(this.#program.command)
  }

  /** Controls (nu) of commands after their delay (ncommand), before a timestep. */
  control(delayed: ArrayLike<number>): Float32Array {
    this.memory.registers.set(Float32Array.from(delayed), this.#program.delayed)
    this.run('substep')
    return this.#read(this.#program.control)
  }

  /** After the timesteps: states move. */
  dynamics(): void {
    this.run('dynamics')
  }

  /** Reward terms, metrics and whether the episode is over, once the new state and its poses are set. */
  reward(): { terms: Float32Array; metrics: Float32Array; terminated: boolean } {
    this.run('reward')
    const { terms, metrics, terminated } = this.#program
    return {
      terms: this.#read(terms),
      metrics: this.#read(metrics),
      terminated: terminated >= 0 && this.memory.registers[terminated] !== 0,
    }
  }

  /** Commands drawn anew; the next control step. */
  update(): void {
    this.run('update')
    this.memory.slots[0]++
  }

  #read(list: Int32Array): Float32Array {
    return Float32Array.from(list, at => (at < 0 ? 0 : this.memory.registers[at]))
  }
}
