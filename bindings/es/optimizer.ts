/**
 * Optimisers: from an ascent direction to a step of theta. State in double precision; nothing random.
 */
import { CheckpointError } from '../errors.js'
import { fraction, oneOf, onlyKnown, positive } from './check.js'
import { checkSchedule, type Schedule, scheduled } from './schedule.js'

export interface AdamOptions {
  readonly kind: 'adam'
  /** default 0.01 */
  readonly lr?: Schedule
  /** default 0.9 */
  readonly beta1?: number
  /** default 0.999 */
  readonly beta2?: number
  /** default 1e-8 */
  readonly epsilon?: number
}

export interface SgdOptions {
  readonly kind: 'sgd'
  /** default 0.01 */
  readonly lr?: Schedule
  /** v = momentum v + (1 - momentum) g; default 0.9, 0: plain */
  readonly momentum?: number
}

export interface ClipUpOptions {
  readonly kind: 'clipup'
  /** largest step (norm over theta); its default is the strategy's */
  readonly maxSpeed?: number
  /** norm of what a generation adds; default maxSpeed / 2 */
  readonly lr?: Schedule
  /** default 0.9 */
  readonly momentum?: number
}

export type OptimizerOptions = AdamOptions | SgdOptions | ClipUpOptions

/** Numbers and arrays a process needs to go on with the same bits. */
export interface OptimizerState {
  readonly numbers: Readonly<Record<string, number>>
  readonly arrays: Readonly<Record<string, Float64Array | Uint8Array>>
}

export interface Optimizer {
  /**
   * The step to add to theta.
   *
   * @param g ascent direction (n)
   * @param generation 0, 1 … for the learning rate's schedule
   * @param out (n)
   */
  step(g: Float64Array, generation: number, out: Float64Array): void
  state(): OptimizerState
  /** @throws {CheckpointError} STRATEGY_STATE when the state is another optimiser's or of another dimension */
  restore(state: OptimizerState): void
}

/** Which optimiser a state is of; values are part of checkpoints. */
const KIND = { adam: 0, sgd: 1, clipup: 2 } as const
/** norm of a population's deviations over ClipUp's largest speed (Toklu et al. 2020) */
const RADIUS_OF_SPEED = 15

/** ClipUp's largest speed for a first deviation sigma in n dimensions. */
export function defaultSpeed(sigma: number, n: number): number {
  return (sigma * Math.sqrt(n)) / RADIUS_OF_SPEED
}

/** Adam (Kingma & Ba 2015, algorithm 1). */
export class Adam implements Optimizer {
  private readonly lr: Schedule
  private readonly beta1: number
  private readonly beta2: number
  private readonly epsilon: number
  private readonly m: Float64Array
  private readonly v: Float64Array
  // beta^t
  private power1 = 1
  private power2 = 1

  constructor(n: number, options: Omit<AdamOptions, 'kind'> = {}, place = 'adam') {
    this.lr = checkSchedule(`${place}.lr`, options.lr ?? 0.01)
    this.beta1 = fraction(`${place}.beta1`, options.beta1 ?? 0.9)
    this.beta2 = fraction(`${place}.beta2`, options.beta2 ?? 0.999)
    this.epsilon = positive(`${place}.epsilon`, options.epsilon ?? 1e-8)
    this.m = new Float64Array(n)
    this.v = new Float64Array(n)
  }

  step(g: Float64Array, generation: number, out: Float64Array): void {
    const { m, v, beta1, beta2, epsilon } = this
    const lr = scheduled(this.lr, generation)
    this.power1 *= beta1
    this.power2 *= beta2
    const unbias1 = 1 - this.power1
    const unbias2 = 1 - this.power2
    for (let i = 0; i < g.length; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i]
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
      out[i] = (lr * (m[i] / unbias1)) / (Math.sqrt(v[i] / unbias2) + epsilon)
    }
  }

  state(): OptimizerState {
    const { power1, power2, m, v } = this
    return { numbers: { optimizer: KIND.adam, power1, power2 }, arrays: { m: m.slice(), v: v.slice() } }
  }

  restore({ numbers, arrays }: OptimizerState): void {
    expectKind(numbers, 'adam')
    this.power1 = stored(numbers, 'power1')
    this.power2 = stored(numbers, 'power2')
    copyInto(this.m, arrays, 'm')
    copyInto(this.v, arrays, 'v')
  }
}

/** Steepest ascent with momentum, v = momentum v + (1 - momentum) g, step lr v (Salimans et al. 2017). */
export class Sgd implements Optimizer {
  private readonly lr: Schedule
  private readonly momentum: number
  private readonly v: Float64Array

  constructor(n: number, options: Omit<SgdOptions, 'kind'> = {}, place = 'sgd') {
    this.lr = checkSchedule(`${place}.lr`, options.lr ?? 0.01)
    this.momentum = fraction(`${place}.momentum`, options.momentum ?? 0.9)
    this.v = new Float64Array(n)
  }

  step(g: Float64Array, generation: number, out: Float64Array): void {
    const { v, momentum } = this
    const lr = scheduled(this.lr, generation)
    for (let i = 0; i < g.length; i++) {
      v[i] = momentum * v[i] + (1 - momentum) * g[i]
      out[i] = lr * v[i]
    }
  }

  state(): OptimizerState {
    return { numbers: { optimizer: KIND.sgd }, arrays: { v: this.v.slice() } }
  }

  restore({ numbers, arrays }: OptimizerState): void {
    expectKind(numbers, 'sgd')
    copyInto(this.v, arrays, 'v')
  }
}

/** ClipUp (Toklu, Liskowski & Srivastava 2020, arXiv 2008.02387): normalised gradient, momentum, speed limit. */
export class ClipUp implements Optimizer {
  readonly maxSpeed: number
  private readonly lr: Schedule
  private readonly momentum: number
  private readonly v: Float64Array

  constructor(n: number, options: Omit<ClipUpOptions, 'kind'> & { readonly maxSpeed: number }, place = 'clipup') {
    this.maxSpeed = positive(`${place}.maxSpeed`, options.maxSpeed)
    this.lr = checkSchedule(`${place}.lr`, options.lr ?? this.maxSpeed / 2)
    this.momentum = fraction(`${place}.momentum`, options.momentum ?? 0.9)
    this.v = new Float64Array(n)
  }

  step(g: Float64Array, generation: number, out: Float64Array): void {
    const { v, momentum, maxSpeed } = this
    const length = norm(g)
    const add = length > 0 ? scheduled(this.lr, generation) / length : 0
    for (let i = 0; i < g.length; i++) v[i] = momentum * v[i] + add * g[i]
    const speed = norm(v)
    if (speed > maxSpeed) {
      const shorten = maxSpeed / speed
      for (let i = 0; i < v.length; i++) v[i] *= shorten
    }
    out.set(v)
  }

  state(): OptimizerState {
    return { numbers: { optimizer: KIND.clipup }, arrays: { v: this.v.slice() } }
  }

  restore({ numbers, arrays }: OptimizerState): void {
    expectKind(numbers, 'clipup')
    copyInto(this.v, arrays, 'v')
  }
}

/**
 * The optimiser that options ask for.
 *
 * @param n dimension
 * @param maxSpeed ClipUp's when the options leave it out
 * @throws {ParameterError} ES_OPTION when a value makes no sense or an option is not one of this kind's
 */
export function makeOptimizer(n: number, options: OptimizerOptions, maxSpeed: number, place: string): Optimizer {
  const known: Readonly<Record<OptimizerOptions['kind'], readonly string[]>> = {
    adam: ['kind', 'lr', 'beta1', 'beta2', 'epsilon'],
    sgd: ['kind', 'lr', 'momentum'],
    clipup: ['kind', 'maxSpeed', 'lr', 'momentum'],
  }
  oneOf(`${place}.kind`, options.kind, ['adam', 'sgd', 'clipup'])
  onlyKnown(place, options, known[options.kind])
  if (options.kind === 'adam') return new Adam(n, options, place)
  if (options.kind === 'sgd') return new Sgd(n, options, place)
  return new ClipUp(n, { ...options, maxSpeed: options.maxSpeed ?? maxSpeed }, place)
}

function expectKind(numbers: Readonly<Record<string, number>>, kind: keyof typeof KIND): void {
  if (stored(numbers, 'optimizer') !== KIND[kind])
    throw new CheckpointError('STRATEGY_STATE', `saved state is of another optimiser than ${kind}`)
}

/** Euclidean norm. */
function norm(x: Float64Array): number {
  let s = 0
  for (const v of x) s += v * v
  return Math.sqrt(s)
}

/**
 * A number of a saved state.
 *
 * @throws {CheckpointError} STRATEGY_STATE when it is not there
 */
export function stored(numbers: Readonly<Record<string, number>>, name: string): number {
  const value = numbers[name]
  if (typeof value !== 'number') throw new CheckpointError('STRATEGY_STATE', `saved state has no number '${name}'`)
  return value
}

/**
 * An array of a saved state, copied over `to`.
 *
 * @throws {CheckpointError} STRATEGY_STATE when it is not there or of another length
 */
export function copyInto(to: Float64Array, arrays: Readonly<Record<string, ArrayLike<number>>>, name: string): void {
  const from = arrays[name]
  if (from === undefined || from.length !== to.length)
    throw new CheckpointError(
      'STRATEGY_STATE',
      `saved state: array '${name}' has length ${from?.length}, expected ${to.length}`,
    )
  to.set(from)
}
