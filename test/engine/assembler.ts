/** Task programs written by hand, for tests of the kernels without the compiler of tasks. */
import { INSTRUCTION, OP, type OpName, type Program, SEGMENTS, type Segment } from '../../bindings/program.js'

export class Assembler {
  readonly #code: number[] = []
  readonly #segments = new Map<Segment, [number, number]>()
  readonly #consts: number[] = []
  #nreg = 0
  #sealed = false

  /** constants come first */
  constant(x: number): number {
    if (this.#sealed) throw new Error('constants stand before other registers')
    this.#consts.push(x)
    return this.#nreg++
  }

  register(n = 1): number {
    this.#sealed = true
    const first = this.#nreg
    this.#nreg += n
    return first
  }

  segment(name: Segment, ...instructions: (readonly [OpName, ...number[]])[]): this {
    const begin = this.#code.length / INSTRUCTION
    for (const [op, dst, a = 0, b = 0, c = 0] of instructions) this.#code.push(OP[op], dst, a, b, c)
    this.#segments.set(name, [begin, this.#code.length / INSTRUCTION])
    return this
  }

  program(parts: Partial<Program> & Pick<Program, 'action' | 'nact'>): Program {
    return {
      code: Int32Array.from(this.#code),
      segments: Object.fromEntries(
        SEGMENTS.map(name => [name, this.#segments.get(name) ?? [0, 0]]),
      ) as unknown as Program['segments'],
      consts: Float32Array.from(this.#consts),
      nreg: this.#nreg,
      nslot: 1 + (parts.ninput ?? 0),
      ninput: 0,
      observation: new Int32Array(0),
      command: new Int32Array(0),
      delayed: 0,
      control: new Int32Array(0),
      terms: new Int32Array(0),
      metrics: new Int32Array(0),
      terminated: -1,
      needs: 0,
      ...parts,
    }
  }
}

/** [first, first + n) */
export const range = (first: number, n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => first + i)
