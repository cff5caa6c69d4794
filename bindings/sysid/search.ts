import { turn } from '../engine/turn.js'
import { ParameterError } from '../errors.js'
import { CMAES } from '../es/cmaes.js'
import { Restarts } from '../es/restarts.js'
import type { GaussNewtonState } from './gauss-newton.js'
import { gaussNewton } from './gauss-newton.js'
import { isDiverged, type Objective } from './objective.js'
import type { StageHistory } from './result.js'
import { MarginalResiduals } from './sensitivity.js'

export type Method = 'cma-es' | 'gauss-newton' | 'both'

export interface RestartOptions {
  /** doubling populations, or large and small ones in turn */
  kind: 'ipop' | 'bipop'
  /** most restarts; default 9 */
  count?: number
}

export interface SearchOptions {
  method: Method
  seed: number
  popsize: number
  /** initial standard deviation in [-1, 1] */
  sigma: number
  maxEvaluations: number
  restarts?: RestartOptions
  /** end with Gauss–Newton on whitened residuals */
  whiten: boolean
  /** finds a better start first: normalised; a state to resume from begins it anew when it was stopped in there */
  warmUp?(): Promise<Float64Array>
  signal?: AbortSignal
  onProgress?(progress: Progress): void
}

/** Where a search stands, after every generation or iteration. */
export interface Progress {
  readonly stage: 'cma-es' | 'gauss-newton'
  readonly iteration: number
  readonly evaluations: number
  readonly maxEvaluations: number
  /** best so far */
  readonly cost: number
  /** best so far, natural units */
  readonly theta: Float64Array
}

/** Everything needed to go on: JSON-safe. */
export interface SearchState {
  readonly format: 'simcrank-identify'
  readonly version: 1
  /** what it belongs to: names, bounds, method, residual count */
  readonly fingerprint: string
  stage: 'warm-up' | 'cma-es' | 'gauss-newton' | 'whiten' | 'done'
  best: { z: number[]; cost: number }
  history: { name: 'cma-es' | 'gauss-newton'; evaluations: number[]; cost: number[] }[]
  evaluations: number
  /** best cost of the last generations, newest last */
  recent: number[]
  /** how far Gauss–Newton on whitened residuals moved the initial states */
  shift?: number[]
  /** cost of the plain least-squares answer before that */
  plainCost?: number
  cma?: string
  newton?: GaussNewtonState
  /** why Gauss–Newton ended, before residuals were whitened */
  settled?: { code: string; message: string }
  stop?: { code: string; message: string }
}

export interface SearchResult {
  readonly z: Float64Array
  readonly cost: number
  /** how far the initial states were moved, when the last fit was of whitened residuals (nsegment, k) */
  readonly shift: Float64Array | undefined
  /** cost of the plain least-squares answer before that */
  readonly plainCost: number | undefined
  /** half-widths of differences that fit each coordinate (p), when Gauss–Newton ran */
  readonly step: Float64Array | undefined
  readonly stop: { code: string; message: string }
  readonly history: readonly StageHistory[]
  readonly state: SearchState
}

/** With method 'both' CMA-ES hands over once no coordinate's standard deviation exceeds this: 0.5 % of the range. */
const HAND_OVER = 0.01
/** Fitness differences below this share of the best are noise for CMA-ES alone … */
const FLOOR_ALONE = 1e-6
/** … and when Gauss–Newton polishes afterwards. */
const FLOOR_BEFORE_POLISH = 1e-3
/** Costs below the square of float32 rounding cannot be told apart. */
const FLOOR_ABSOLUTE = 1e-11

/**
 * Minimises an objective over the box, in normalised coordinates: CMA-ES with its tolerance raised to the noise floor
 * (algorithms §1.4), Gauss–Newton, or one after the other. Returns the best point seen, also when stopped from outside.
 */
export async function search(
  objective: Objective,
  start: Float64Array,
  options: SearchOptions,
  resume: string | undefined,
): Promise<SearchResult> {
  const fingerprint = fingerprintOf(objective, options)
  const state = resume === undefined ? freshState(fingerprint, start, options) : readState(resume, fingerprint)
  let step: Float64Array | undefined
  if (state.stage === 'warm-up' && options.warmUp !== undefined) {
    state.best.z = Array.from(await options.warmUp())
    if (options.signal?.aborted) state.stop = ABORTED
    else state.stage = firstStage(options.method)
  }
  if (state.stage === 'cma-es') await evolve(objective, Float64Array.from(state.best.z), options, state)
  if (state.stage === 'gauss-newton' && state.stop?.code !== 'aborted') step = await polish(objective, options, state)
  if (state.stage === 'whiten') step = await whitenAndPolish(objective, options, state)
  const z = Float64Array.from(state.best.z)
  return {
    z,
    cost: state.best.cost,
    shift: state.shift && Float64Array.from(state.shift),
    plainCost: state.plainCost,
    step,
    stop: state.stop ?? { code: 'done', message: 'nothing left to do' },
    history: state.history,
    state,
  }
}

const ABORTED = { code: 'aborted', message: 'stopped from outside; the state goes on from here' }

const firstStage = (method: Method): 'cma-es' | 'gauss-newton' => (method === 'gauss-newton' ? method : 'cma-es')

function freshState(fingerprint: string, start: Float64Array, options: SearchOptions): SearchState {
  return {
    format: 'simcrank-identify',
    version: 1,
    fingerprint,
    stage: options.warmUp === undefined ? firstStage(options.method) : 'warm-up',
    best: { z: Array.from(start), cost: Number.MAX_VALUE },
    history: [],
    evaluations: 0,
    recent: [],
  }
}

function fingerprintOf(objective: Objective, options: SearchOptions): string {
  const { space } = objective
  return JSON.stringify({
    method: options.method,
    names: space.names,
    lower: Array.from(space.lower),
    upper: Array.from(space.upper),
    residuals: objective.nresidual,
    segments: objective.segments.length,
  })
}

/** @throws {ParameterError} RESUME when the text is no such state, or one of another problem */
function readState(text: string, fingerprint: string): SearchState {
  let value: Partial<SearchState> | null
  try {
    value = JSON.parse(text) as Partial<SearchState> | null
  } catch (cause) {
    throw new ParameterError('RESUME', 'the state to resume is not JSON: it was cut or changed', { cause })
  }
  if (value?.format !== 'simcrank-identify' || value.version !== 1) {
    throw new ParameterError(
      'RESUME',
      `the state to resume is of format ${String(value?.format)} version ${String(value?.version)}, expected simcrank-identify version 1`,
    )
  }
  if (value.fingerprint !== fingerprint) {
    throw new ParameterError(
      'RESUME',
      'the state to resume belongs to other parameters, recordings, windows or another method: use those it was made with',
    )
  }
  const { stop, ...rest } = value as SearchState
  return stop?.code === 'aborted' || stop?.code === 'maxevaluations' ? rest : (value as SearchState)
}

type Optimiser = CMAES | Restarts

function openOptimiser(start: Float64Array, options: SearchOptions, state: SearchState): Optimiser {
  const p = start.length
  if (state.cma !== undefined) return options.restarts ? Restarts.load(state.cma) : CMAES.load(state.cma)
  const settings = {
    mean: start,
    sigma: options.sigma,
    popsize: options.popsize,
    seed: options.seed,
    bounds: { lower: new Float64Array(p).fill(-1), upper: new Float64Array(p).fill(1) },
  }
  if (!options.restarts) return new CMAES(settings)
  return new Restarts({
    ...settings,
    // runs end at the noise floor, seen from where the search began
    tolfun: Math.max(FLOOR_ALONE * state.best.cost, FLOOR_ABSOLUTE),
    strategy: options.restarts.kind,
    restarts: options.restarts.count ?? 9,
  })
}

/** CMA-ES until its own criteria, the noise floor, the budget, or the hand-over to Gauss–Newton. */
async function evolve(
  objective: Objective,
  start: Float64Array,
  options: SearchOptions,
  state: SearchState,
): Promise<void> {
  const { space } = objective
  const p = start.length
  if (state.evaluations === 0) {
    // the start values are the first best
    state.best.cost = (await objective.cost(space.denormalize(start), 1))[0]
    state.evaluations = 1
  }
  const es = openOptimiser(start, options, state)
  const history = stageOf(state, 'cma-es')
  const floor = options.method === 'both' ? FLOOR_BEFORE_POLISH : FLOOR_ALONE
  const memory = 10 + Math.ceil((30 * p) / options.popsize)

  for (;;) {
    await turn()
    if (options.signal?.aborted) {
      state.stop = ABORTED
      break
    }
    if (state.evaluations + es.popsize > options.maxEvaluations) {
      state.stop = { code: 'maxevaluations', message: `${state.evaluations} evaluations of ${options.maxEvaluations}` }
      if (options.method === 'both') state.stage = 'gauss-newton'
      break
    }
    const z = es.ask()
    const count = z.length / p
    const costs = await objective.cost(space.denormalize(z), count)
    es.tell(costs)
    state.evaluations += count

    // the best point seen, and the spread of this generation
    let least = Number.POSITIVE_INFINITY
    let most = Number.NEGATIVE_INFINITY
    let at = 0
    for (let k = 0; k < count; k++) {
      if (costs[k] < least) {
        least = costs[k]
        at = k
      }
      most = Math.max(most, costs[k])
    }
    if (least < state.best.cost) state.best = { z: Array.from(z.subarray(at * p, (at + 1) * p)), cost: least }
    state.recent.push(least)
    if (state.recent.length > memory) state.recent.shift()
    history.evaluations.push(state.evaluations)
    history.cost.push(state.best.cost)
    options.onProgress?.({
      stage: 'cma-es',
      iteration: es.generation,
      evaluations: state.evaluations,
      maxEvaluations: options.maxEvaluations,
      cost: state.best.cost,
      theta: space.denormalize(Float64Array.from(state.best.z)),
    })

    const reason = es.stop()
    if (reason !== undefined) {
      state.stop = reason
      state.stage = options.method === 'both' ? 'gauss-newton' : 'done'
      break
    }
    if (options.restarts) continue
    const noise = Math.max(floor * Math.abs(least), FLOOR_ABSOLUTE)
    const span = Math.max(...state.recent) - Math.min(...state.recent)
    if (state.recent.length >= memory && most - least < noise && span < noise) {
      state.stop = {
        code: 'noisefloor',
        message: `costs of the population and of the recent best differ by less than ${noise}`,
      }
      state.stage = options.method === 'both' ? 'gauss-newton' : 'done'
      break
    }
    if (options.method === 'both' && es instanceof CMAES && spread(es) < HAND_OVER && !isDiverged(state.best.cost)) {
      state.stage = 'gauss-newton'
      break
    }
  }
  state.cma = state.stage === 'cma-es' ? es.save() : undefined
}

/** Largest standard deviation of a coordinate. */
function spread(es: CMAES): number {
  const p = es.dimension
  const covariance = es.covariance()
  let largest = 0
  for (let j = 0; j < p; j++) largest = Math.max(largest, covariance[j * p + j])
  return es.sigma * Math.sqrt(largest)
}

function stageOf(state: SearchState, name: 'cma-es' | 'gauss-newton'): SearchState['history'][number] {
  const last = state.history[state.history.length - 1]
  if (last?.name === name) return last
  const stage = { name, evaluations: [], cost: [] }
  state.history.push(stage)
  return stage
}

/** Gauss–Newton from the best point so far. */
async function polish(objective: Objective, options: SearchOptions, state: SearchState): Promise<Float64Array> {
  const { space, nresidual } = objective
  const p = space.nparam
  const history = stageOf(state, 'gauss-newton')
  const before = state.newton?.evaluations ?? 0
  const base = state.evaluations - before
  const result = await gaussNewton((z, count) => objective.residuals(space.denormalize(z), count), {
    start: state.best.z,
    lower: new Float64Array(p).fill(-1),
    upper: new Float64Array(p).fill(1),
    huber: objective.thresholds,
    resolution: objective.resolution / Math.sqrt(nresidual),
    maxEvaluations: Math.max(options.maxEvaluations - base, 2 * p + 16),
    signal: options.signal,
    resume: state.newton,
    onIteration: progress => {
      state.evaluations = base + progress.evaluations
      const cost = 2 * progress.cost
      if (cost <= state.best.cost) state.best = { z: Array.from(progress.x), cost }
      history.evaluations.push(state.evaluations)
      history.cost.push(state.best.cost)
      options.onProgress?.({
        stage: 'gauss-newton',
        iteration: progress.iteration,
        evaluations: state.evaluations,
        maxEvaluations: options.maxEvaluations,
        cost: state.best.cost,
        theta: space.denormalize(Float64Array.from(state.best.z)),
      })
    },
  })
  state.evaluations = base + result.evaluations
  if (2 * result.cost <= state.best.cost) state.best = { z: Array.from(result.x), cost: 2 * result.cost }
  history.evaluations.push(state.evaluations)
  history.cost.push(state.best.cost)
  state.newton = result.state
  const code = result.stop.code === 'maxevals' ? 'maxevaluations' : result.stop.code
  state.stop = { code, message: result.stop.message }
  if (code === 'aborted' || code === 'maxevaluations') return result.step
  const whiten = options.whiten && objective.thresholds === undefined
  state.stage = whiten ? 'whiten' : 'done'
  if (whiten) state.settled = state.stop
  return result.step
}

/** Rounds of whitening: each sees the states' influence at the last one's answer. */
const WHITEN_ROUNDS = 3
/** Residuals within this many times the measurement noise count as explained. */
const EXPLAINED = 3

/**
 * Gauss–Newton once more with the error of the measured initial states taken out of the residuals, where the model explains
 * the recordings to within three times their measurement noise: there the start states are what is left to blame, and the plain
 * cost may rise a little because they no longer bend the parameters. Elsewhere the plain least-squares answer stays.
 */
async function whitenAndPolish(
  objective: Objective,
  options: SearchOptions,
  state: SearchState,
): Promise<Float64Array> {
  const { space, nresidual } = objective
  const p = space.nparam
  const step = Float64Array.from(state.newton?.step ?? new Float64Array(p).fill(2e-3))
  const before = state.evaluations
  let width: Float64Array = step
  let z: Float64Array = Float64Array.from(state.best.z)
  let shift: Float64Array | undefined
  let explained = false
  state.stage = 'done'
  state.stop = state.settled
  try {
    for (let round = 0; round < WHITEN_ROUNDS; round++) {
      const marginal = await MarginalResiduals.at(objective, space.denormalize(z), shift)
      if (marginal === undefined) return step
      const result = await gaussNewton((points, count) => marginal.evaluate(space.denormalize(points), count), {
        start: z,
        lower: new Float64Array(p).fill(-1),
        upper: new Float64Array(p).fill(1),
        resolution: objective.resolution / Math.sqrt(nresidual),
        maxIterations: 10,
        ftol: 1e-6,
        signal: options.signal,
        resume: { x: Array.from(z), step: Array.from(width), damping: 1e-3, iteration: 0, evaluations: 0 },
      })
      state.evaluations += result.evaluations
      if (options.signal?.aborted) {
        // the rounds are few: they begin anew
        state.evaluations = before
        state.stage = 'whiten'
        state.stop = ABORTED
        return step
      }
      const after = await MarginalResiduals.at(objective, space.denormalize(result.x), shift)
      if (after === undefined) return step
      z = result.x
      width = result.step
      // the true start is the measured one less its error
      shift = after.whitener.error.map(v => -v)
      const excess = after.whitener.sigma.reduce((most, sigma, c) => Math.max(most, sigma / objective.noise[c]), 0)
      explained = excess <= EXPLAINED
      // far off, more rounds do not help: the model lacks something
      if (excess > 3 * EXPLAINED) return step
    }
  } finally {
    objective.moveStart()
  }
  if (!explained || shift === undefined) return step
  state.shift = Array.from(shift)
  state.plainCost = state.best.cost
  state.best = { z: Array.from(z), cost: (await objective.cost(space.denormalize(z), 1))[0] }
  return width
}
