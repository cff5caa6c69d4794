/** Sums over the noise of an evolution strategy, on all threads of the engine: what assembly/es reads and writes. */
import { BackendError, SizeError } from '../errors.js'
import { seedWords } from '../math/index.js'
import { ES, GRADIENT, PIECE, UNIT } from '../program.js'
import { normalsAt } from './normals.js'
import { ES as COMMAND } from './wasm/control.js'
import { Engine } from './wasm/engine.js'

/** A matrix (rows, cols), row-major, that stands in theta from `offset`. What stands between matrices is vectors. */
export interface Matrix {
  readonly offset: number
  readonly rows: number
  readonly cols: number
}

/** Everything the directions of a generation are a function of. */
export interface NoiseKey {
  /** any whole number of up to 53 bits and its sign */
  readonly seed: number
  readonly generation: number
  /** length of a direction */
  readonly nparam: number
  /** rank of the matrices' perturbations; undefined: every parameter has a normal number of its own */
  readonly rank?: number
  /** with rank: the matrices of theta, ascending and apart */
  readonly matrices?: readonly Matrix[]
}

/** Weighted sums over the pairs of a generation. */
export interface NoiseSums {
  /** sum of w z (nparam) */
  readonly first: Float32Array
  /** sum of v z^2 (nparam), when asked for */
  readonly second?: Float32Array
}

/** How far a member lies from theta. */
export interface Displacement {
  /** standard deviation of every parameter, or of each (nparam) */
  readonly sigma: number | Float32Array
  /** +1 or -1 */
  readonly sign: 1 | -1
  readonly pair: number
}

const GROUP = 32
/** numbers that a word of a counter can be */
const WORDS = 0x1_0000_0000
/** pairs whose factors are kept at a time, and the memory they may take */
const MAX_PAIRS = 256
const MAX_BYTES = 1 << 25

/** what one call needs in linear memory; given back at its end */
type Take = (bytes: number) => number

const wordOf = new Map(GRADIENT.map((name, i) => [name as string, i]))
const bits = (x: number): number => new Int32Array(new Float32Array([x]).buffer)[0]

/**
 * Perturbations, gradient sums and ranks in the CPU engine. Noise is regenerated, never kept or sent; results do not depend
 * on the number of threads, and equal the plain TypeScript form bit for bit. Dispose when done.
 */
export class EsKernel {
  readonly #scratch: number[]
  readonly #scratchBytes: number
  #disposed = false

  /** @internal */
  constructor(
    readonly engine: Engine,
    readonly workers: number,
  ) {
    this.#scratchBytes = engine.exports.esScratch()
    this.#scratch = Array.from({ length: workers }, () => engine.arena.alloc(this.#scratchBytes))
  }

  /**
   * A kernel on the engine of this process.
   *
   * @param workers threads, the caller's among them; results do not depend on it
   * @throws {BackendError} NO_THREADS, TOO_MANY_THREADS, WORKER_START, WASM_MISSING, OUT_OF_MEMORY
   */
  static async open(workers = 1): Promise<EsKernel> {
    if (!(Number.isInteger(workers) && workers >= 1))
      throw new SizeError('SIZE', `workers: got ${workers}, expected a positive integer`)
    const engine = await Engine.open()
    await engine.ensure(workers)
    return new EsKernel(engine, workers)
  }

  /**
   * Weighted sums of the directions z of pairs `first` ... `first` + weights.length - 1, in ascending order of pairs, every
   * product and sum rounded to single precision. Pairs whose weights are 0 are not made.
   *
   * @param weights w (npair)
   * @param key seed, generation, length and rank of the directions
   * @param squares v (npair), weights of z^2; without them only the first sum is made
   * @param first number of the first pair
   * @throws {SizeError} NOISE_SIZE, SEED
   * @throws {BackendError} OUT_OF_MEMORY, WORKER_LOST, DISPOSED
   */
  gradient(weights: Float32Array, key: NoiseKey, squares?: Float32Array, first = 0): NoiseSums {
    this.#alive()
    const { nparam } = key
    checkKey(key)
    if (squares !== undefined && squares.length !== weights.length)
      throw new SizeError('NOISE_SIZE', `gradient: got ${squares.length} square weights for ${weights.length} weights`)
    if (!(Number.isInteger(first) && first >= 0 && first + weights.length <= WORDS))
      throw new SizeError('NOISE_SIZE', `gradient: pairs ${first} to ${first + weights.length} are not 32-bit numbers`)
    const sums = [new Float32Array(nparam), ...(squares === undefined ? [] : [new Float32Array(nparam)])]
    this.#add(sums, key, weights, squares, first)
    return squares === undefined ? { first: sums[0] } : { first: sums[0], second: sums[1] }
  }

  /**
   * Parameters of a member: theta + sign sigma z, two roundings.
   *
   * @param theta (nparam)
   * @throws {SizeError} NOISE_SIZE, SEED
   * @throws {BackendError} OUT_OF_MEMORY, DISPOSED
   */
  perturb(theta: Float32Array, { sigma, sign, pair }: Displacement, key: NoiseKey): Float32Array {
    this.#alive()
    const { nparam, seed, generation, rank } = key
    checkKey(key)
    checkLength('theta', theta, nparam)
    checkWhole('pair', pair, 0)
    const out = theta.slice()
    if (rank !== undefined) {
      if (typeof sigma !== 'number') throw new SizeError('NOISE_SIZE', 'perturb: a low rank has one sigma for all')
      // a member is theta and a sum of one term
      this.#add([out], key, Float32Array.of(sign * sigma), undefined, pair)
      return out
    }
    const sigmas = typeof sigma === 'number' ? undefined : sigma
    if (sigmas) checkLength('sigma', sigmas, nparam)
    const [k0, k1] = seedWords(seed)
    this.#hold(take => {
      const at = this.#put(take, out)
      this.engine.exports.perturb(
        at,
        nparam,
        typeof sigma === 'number' ? sigma : 0,
        sigmas ? this.#put(take, sigmas) : 0,
        sign,
        pair,
        generation,
        k0,
        k1,
        normalsAt(this.engine),
        at,
        this.#scratch[0],
      )
      this.#get(at, out)
    })
    return out
  }

  /**
   * Centered average ranks: 1/2 the lowest fitness, -1/2 the highest, exactly 0 where all are equal; equal ones share the
   * mean of their ranks, and what is not finite is equal and worst.
   *
   * @param fitness (n), lower is better
   */
  ranks(fitness: Float64Array): Float32Array {
    this.#alive()
    const out = new Float32Array(fitness.length)
    this.#hold(take => {
      const n = fitness.length
      const at = take(8 * n)
      const result = take(4 * n)
      const tmp = take(8 * n)
      new Float64Array(this.engine.memory.buffer).set(fitness, at / 8)
      this.engine.exports.ranks(at, n, result, tmp)
      this.#get(result, out)
    })
    return out
  }

  /** Give the memory back. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    for (const s of this.#scratch) this.engine.arena.release(s, this.#scratchBytes)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #alive(): void {
    if (this.#disposed) throw new BackendError('DISPOSED', 'this kernel has been disposed')
  }

  /** sums[0] += sum w z, sums[1] += sum v z^2 */
  #add(
    sums: readonly Float32Array[],
    key: NoiseKey,
    weights: Float32Array,
    squares: Float32Array | undefined,
    first: number,
  ): void {
    const { nparam, seed, generation, rank } = key
    const [thetalo, thetahi] = seedWords(seed)
    this.#hold(take => {
      // whole groups; a quantity behind the end is read and not written
      const size = 4 * Math.ceil(nparam / GROUP) * GROUP + 16
      const at = sums.map(sum => this.#put(take, sum, size))
      const words = { generation, thetalo, thetahi, normals: normalsAt(this.engine), g: at[0], h: at[1] ?? 0 }
      if (rank === undefined) {
        const record = this.#record(take, {
          ...words,
          kind: ES.GRADIENT,
          npair: weights.length,
          pair: first,
          weights: this.#put(take, weights),
          squares: squares ? this.#put(take, squares) : 0,
        })
        this.#run(record, Math.ceil(nparam / GROUP))
      } else this.#addLowRank(take, words, key, rank, weights, squares, first)
      sums.forEach((sum, i) => {
        this.#get(at[i], sum)
      })
    })
  }

  #addLowRank(
    take: Take,
    words: Readonly<Record<string, number>>,
    key: NoiseKey,
    rank: number,
    weights: Float32Array,
    squares: Float32Array | undefined,
    first: number,
  ): void {
    const { pieces, units, width } = lowRankLayout(key, rank)
    const used = [...weights.keys()].filter(p => weights[p] !== 0 || (squares !== undefined && squares[p] !== 0))
    const room = Math.min(used.length, MAX_PAIRS, Math.max(1, Math.floor(MAX_BYTES / (4 * width))))
    if (room === 0) return
    const npiece = pieces.length / PIECE.WORDS
    const fixed = {
      ...words,
      rank,
      scale: bits(1 / Math.sqrt(rank)),
      pieces: this.#put(take, pieces),
      npiece,
      factors: take(4 * width * room),
      width,
      units: this.#put(take, units),
    }
    for (let begin = 0; begin < used.length; begin += room) {
      const part = used.slice(begin, begin + room)
      const record = this.#record(take, {
        ...fixed,
        kind: ES.FACTORS,
        npair: part.length,
        pairs: this.#put(
          take,
          Int32Array.from(part, p => first + p),
        ),
        weights: this.#put(
          take,
          Float32Array.from(part, p => weights[p]),
        ),
        squares: squares
          ? this.#put(
              take,
              Float32Array.from(part, p => squares[p]),
            )
          : 0,
      })
      this.#run(record, part.length)
      new Int32Array(this.engine.memory.buffer)[record / 4 + (wordOf.get('kind') as number)] = ES.PRODUCT
      this.#run(record, units.length / 2)
    }
  }

  /** call with a function that takes memory; all of it is given back */
  #hold(use: (take: Take) => void): void {
    const { arena } = this.engine
    const taken: [address: number, bytes: number][] = []
    try {
      use(bytes => {
        const address = arena.alloc(bytes)
        taken.push([address, bytes])
        return address
      })
    } finally {
      for (const [address, bytes] of taken) arena.release(address, bytes)
    }
  }

  /** copy in; in `bytes` bytes, when more are wanted */
  #put(take: Take, values: Float32Array | Int32Array, bytes = values.byteLength): number {
    const at = take(bytes)
    const { buffer } = this.engine.memory
    if (values instanceof Float32Array) new Float32Array(buffer).set(values, at / 4)
    else new Int32Array(buffer).set(values, at / 4)
    return at
  }

  /** copy out */
  #get(at: number, out: Float32Array): void {
    out.set(new Float32Array(this.engine.memory.buffer, at, out.length))
  }

  #record(take: Take, words: Readonly<Record<string, number>>): number {
    const record = new Int32Array(GRADIENT.length)
    for (const [name, value] of Object.entries(words)) record[wordOf.get(name) as number] = value
    return this.#put(take, record)
  }

  #run(record: number, nblock: number): void {
    this.engine.run({ command: COMMAND, model: 0, argument: record, nblock, scratch: this.#scratch, spare: 0 })
  }
}

/** Pieces of theta in order, units of work, and the numbers of a pair with its padding. */
function lowRankLayout(
  { nparam, matrices = [] }: NoiseKey,
  rank: number,
): { pieces: Int32Array; units: Int32Array; width: number } {
  const pieces: number[] = []
  const units: number[] = []
  let at = 0
  let width = 0
  const add = (rows: number, columns: number): void => {
    if (rows === 0) return
    const step = columns === 0 ? UNIT.ENTRIES : UNIT.ROWS
    for (let row = 0; row < rows; row += step) units.push(pieces.length / PIECE.WORDS, row)
    // in the order of PIECE
    pieces.push(at, rows, columns, width)
    width += columns === 0 ? rows : rank * (rows + 4 * Math.ceil(columns / 4))
    at += rows * Math.max(1, columns)
  }
  for (const { offset, rows, cols } of matrices) {
    add(offset - at, 0)
    add(rows, cols)
  }
  add(nparam - at, 0)
  return { pieces: Int32Array.from(pieces), units: Int32Array.from(units), width }
}

function checkLength(name: string, values: ArrayLike<number>, nparam: number): void {
  if (values.length !== nparam)
    throw new SizeError('NOISE_SIZE', `${name}: got length ${values.length}, expected nparam = ${nparam}`)
}

function checkWhole(name: string, value: number, least: number): void {
  if (!(Number.isInteger(value) && value >= least && value < WORDS))
    throw new SizeError('NOISE_SIZE', `${name}: got ${value}, expected a whole number from ${least} to 2^32 - 1`)
}

function checkKey({ nparam, rank, matrices = [], generation }: NoiseKey): void {
  checkWhole('nparam', nparam, 1)
  checkWhole('generation', generation, 0)
  if (rank === undefined) return
  checkWhole('rank', rank, 1)
  let at = 0
  for (const [i, { offset, rows, cols }] of matrices.entries()) {
    checkWhole(`matrices[${i}].offset`, offset, at)
    checkWhole(`matrices[${i}].rows`, rows, 1)
    checkWhole(`matrices[${i}].cols`, cols, 1)
    at = offset + rows * cols
    if (at > nparam) throw new SizeError('NOISE_SIZE', `matrices[${i}]: ends at ${at}, beyond nparam = ${nparam}`)
  }
}
