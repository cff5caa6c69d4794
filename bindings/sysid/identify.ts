import { createBatch } from '../engine/index.js'
import { ParameterError, RecordingError, SizeError } from '../errors.js'
import { defaultPopsize } from '../es/constants.js'
import { ParameterDistribution } from '../model/distribution.js'
import type { Model } from '../model/model.js'
import type { ParameterSpace } from '../model/parameters.js'
import type { Recording } from '../recording/recording.js'
import { curriculum } from './curriculum.js'
import type { FilterSpec } from './filter.js'
import { type BatchFactory, isDiverged, Objective, type ObjectiveOptions } from './objective.js'
import { type IdentifyResult, type ParameterResult, resultToJson, type Timings } from './result.js'
import { type Ends, scoreEnds } from './score.js'
import { type Method, type Progress, type RestartOptions, type SearchResult, search } from './search.js'
import { sensitivities } from './sensitivity.js'
import { fitStatistics, type Statistics } from './statistics.js'
import { fitWarnings, setupWarnings } from './warnings.js'
import { short } from './words.js'

export interface IdentifyOptions {
  /** CMA-ES, Gauss–Newton, or CMA-ES with a Gauss–Newton polish (default) */
  method?: Method
  /** s; recordings are cut into windows that restart from the measured state; absent: one rollout a recording */
  window?: number
  /** s between the starts of windows; default the window */
  stride?: number
  /** factor of each channel's residuals, by channel name */
  weights?: Readonly<Record<string, number>>
  /** Huber threshold in units of each channel's scale s_j; absent: squares */
  huber?: number
  /** recordings that are scored in the same way and never fitted */
  holdout?: readonly Recording[]
  /** default 0 */
  seed?: number
  /** threads; default 1. Results do not depend on it. */
  workers?: number
  /** default 1000 (p + 3) */
  maxEvaluations?: number
  /** candidates a generation; default CMA-ES's 4 + 3 ln p, rounded up to fill the engine's blocks of four */
  popsize?: number
  /** first standard deviation in [-1, 1]; default 0.4, a fifth of the range */
  sigma?: number
  /** restarts of CMA-ES; default none */
  restarts?: RestartOptions
  /**
   * Gauss–Newton on whole recordings first fits short windows, then longer ones, so that a start far off does not end in a
   * local minimum. Default true with method 'gauss-newton' and no `window`
   */
  curriculum?: boolean
  /** values to score without fitting, natural units: one a parameter, or by name (others keep their start) */
  theta?: ArrayLike<number> | Readonly<Record<string, number>>
  /** zero-phase filter of the initial states */
  filter?: FilterSpec
  /**
   * 'uncertain' (default): Gauss–Newton takes the error of the measured initial states, as the filter states it, out of the
   * residuals before it settles; 'exact': plain least squares to the end. Scores always start from the filtered states.
   */
  initial?: 'uncertain' | 'exact'
  /** velocities of initial states from the filter's slope (default) or from the measured velocity channel */
  velocity?: 'filter' | 'channel'
  /** ends the search after the running batch; the best so far comes back with a state to resume from */
  signal?: AbortSignal
  onProgress?(progress: Progress): void
  /** `state` of an earlier result over the same model, recordings and space */
  resume?: string
  /** the engine's by default; tests put MuJoCo here */
  createBatch?: BatchFactory
}

/**
 * Finds the physical parameters with which a model reproduces recordings: robot log in, parameters with 95 % intervals out.
 * See `Objective` for the cost, `search` for the optimisers, `fitStatistics` for the intervals.
 *
 * Nothing is fitted when `theta` is given: those values are scored beside the start values.
 *
 * @throws {RecordingError} a channel that maps to nothing, a recording shorter than one window, nothing measured
 * @throws {ParameterError} options or values that make no sense, a state to resume that belongs elsewhere
 */
export async function identify(
  model: Model,
  recordings: readonly Recording[],
  space: ParameterSpace,
  options: IdentifyOptions = {},
): Promise<IdentifyResult> {
  const clock = stopwatch()
  const p = space.nparam
  if (p === 0) throw new ParameterError('NO_PARAMETERS', 'the space has no parameters to identify')
  const names = new Set<string>()
  for (const recording of [...recordings, ...(options.holdout ?? [])]) {
    if (names.has(recording.name))
      throw new RecordingError('RECORDING_TWICE', 'two recordings have this name: results could not be told apart', {
        place: recording.name,
      })
    names.add(recording.name)
  }
  const method = options.method ?? 'both'
  if (!['cma-es', 'gauss-newton', 'both'].includes(method)) {
    throw new ParameterError(
      'METHOD',
      `method '${String(method)}' is not known; use 'cma-es', 'gauss-newton' or 'both'`,
    )
  }
  const seed = options.seed ?? 0
  const popsize = positiveInteger('popsize', options.popsize ?? 4 * Math.ceil(defaultPopsize(p) / 4))
  const maxEvaluations = positiveInteger('maxEvaluations', options.maxEvaluations ?? 1000 * (p + 3))
  const start = space.start
  const given = options.theta === undefined ? undefined : givenTheta(space, options.theta)

  const factory = options.createBatch ?? createBatch
  const common: ObjectiveOptions = {
    window: options.window,
    stride: options.stride,
    weights: options.weights,
    huber: options.huber,
    filter: options.filter,
    velocity: options.velocity,
    workers: options.workers,
    seed,
  }
  const candidates = given ? 2 : method === 'cma-es' ? popsize : Math.max(popsize, Math.min(2 * p, 64))
  using objective = await Objective.create(model, recordings, space, { ...common, candidates }, factory)

  // search, unless there are values to score
  let theta = given ?? start
  let found: SearchResult | undefined
  const searchStart = clock()
  let spent = 0
  let lost = 0
  if (given === undefined) {
    const from = space.normalize(start)
    const warmUp = async (): Promise<Float64Array> => {
      const settings = { ...common, candidates }
      const staged = await curriculum(model, recordings, space, from, settings, factory, options.signal)
      spent = staged.evaluations
      lost = staged.diverged
      const costs = await objective.cost(space.denormalize(staged.points), staged.count)
      const best = costs.indexOf(costs.reduce((least, cost) => Math.min(least, cost), Number.POSITIVE_INFINITY))
      return staged.points.slice(best * p, (best + 1) * p)
    }
    found = await search(
      objective,
      from,
      {
        method,
        seed,
        popsize,
        sigma: options.sigma ?? 0.4,
        maxEvaluations,
        restarts: options.restarts,
        whiten: options.initial !== 'exact',
        ...((options.curriculum ?? (method === 'gauss-newton' && options.window === undefined)) && { warmUp }),
        signal: options.signal,
        onProgress: options.onProgress,
      },
      options.resume,
    )
    theta = space.denormalize(found.z)
  }
  const searchTime = clock() - searchStart

  // both ends in one batch: costs, errors and traces
  const ends = new Float64Array(2 * p)
  ends.set(start)
  ends.set(theta, p)
  const fit = await scoreEnds(objective, ends, 'fit')
  if (found !== undefined && isDiverged(fit.cost[1])) {
    throw new ParameterError(
      'ALL_DIVERGED',
      'the simulation diverges at every value tried; check the model, the bounds and the units of the recordings',
    )
  }
  const warnings = setupWarnings(model, objective, recordings, start)
  let holdout: Ends | undefined
  if (options.holdout && options.holdout.length > 0) {
    const ownWeights = weightsOf(options.weights, options.holdout)
    using held = await Objective.create(
      model,
      options.holdout,
      space,
      { ...common, weights: ownWeights, scales: objective.scales, candidates: 2 },
      factory,
    )
    holdout = await scoreEnds(held, ends, 'holdout')
  }

  // what the data say about the values found
  const statisticsStart = clock()
  let statistics: Statistics | undefined
  if (found !== undefined) {
    const input = await sensitivities(objective, found.z, found.step, found.shift)
    statistics = fitStatistics(input)
  }
  const parameters = describeParameters(space, theta, found?.z, statistics)
  if (statistics) warnings.push(...fitWarnings(space, theta, parameters, statistics))
  if (found?.plainCost !== undefined && found.cost > 1.5 * found.plainCost) {
    const ratio = Math.sqrt(found.cost / found.plainCost)
    warnings.push(
      `scores start from filtered measurements, whose error the parameters found do not make up for: the fit error is ${short(ratio)} times that of plain least squares (initial 'exact')`,
    )
  }
  const bad = objective.diverged + lost
  const evaluations = objective.evaluations + spent
  if (bad > 0) warnings.push(`${bad} of ${evaluations} simulated candidates diverged and ranked last`)
  const end = clock()
  const timings: Timings = { total: end, search: searchTime, statistics: end - statisticsStart }

  const inside = theta.every((value, j) => value >= space.lower[j] && value <= space.upper[j])
  const distribution =
    statistics && found
      ? ParameterDistribution.normal(space, found.z, statistics.covariance)
      : inside
        ? ParameterDistribution.point(space, theta)
        : undefined
  const result: IdentifyResult = {
    method: found === undefined ? 'score' : method,
    seed,
    parameters,
    theta,
    cost: fit.cost[1],
    startCost: fit.cost[0],
    ...(holdout && { holdoutCost: holdout.cost[1], holdoutStartCost: holdout.cost[0] }),
    errors: [...fit.errors, ...(holdout?.errors ?? [])],
    channels: objective.channels.map((channel, c) => ({
      name: channel.name,
      unit: channel.unit,
      weight: channel.weight,
      scale: channel.scale,
      samples: channel.samples,
      ...(statistics && {
        effective: channel.samples / statistics.channels[c].correlationTime,
        correlationTime: statistics.channels[c].correlationTime,
      }),
    })),
    ...(statistics && {
      correlation: statistics.correlation,
      condition: statistics.condition,
      eigenvalues: statistics.eigen.values,
    }),
    warnings,
    history: found?.history ?? [],
    ...(distribution && { distribution }),
    stop: found?.stop ?? { code: 'scored', message: 'given values were scored, nothing was fitted' },
    evaluations,
    diverged: bad,
    scorer: {
      ...(options.window !== undefined && { window: options.window, stride: options.stride ?? options.window }),
      segments: objective.segments.length,
      timestep: objective.grid.timestep,
      nstep: objective.grid.nstep,
      ...(options.huber !== undefined && { huber: options.huber }),
      velocity: options.velocity ?? 'filter',
      filters: [...objective.initial.filters, ...(holdout?.filters ?? [])],
    },
    timings,
    state: found === undefined ? '' : JSON.stringify(found.state),
    traces: [...fit.traces, ...(holdout?.traces ?? [])],
    toJSON() {
      return resultToJson(this)
    },
  }
  return result
}

/** Seconds since it was made. */
function stopwatch(): () => number {
  // clock: durations are shown to people and touch no result
  const begin = performance.now()
  // clock: as above
  return () => (performance.now() - begin) / 1000
}

function positiveInteger(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1)
    throw new ParameterError('OPTION', `${name}: got ${value}, expected a positive whole number`)
  return value
}

/** A vector or an object of values as theta. */
function givenTheta(space: ParameterSpace, values: ArrayLike<number> | Readonly<Record<string, number>>): Float64Array {
  let theta: Float64Array
  if (typeof (values as ArrayLike<number>).length === 'number') {
    theta = Float64Array.from(values as ArrayLike<number>)
    if (theta.length !== space.nparam)
      throw new SizeError('SIZE', `theta: got length ${theta.length}, expected nparam = ${space.nparam}`)
  } else {
    theta = Float64Array.from(space.start)
    for (const [name, value] of Object.entries(values as Readonly<Record<string, number>>)) {
      const index = space.index(name)
      if (index < 0)
        throw new ParameterError(
          'PARAMETER_UNKNOWN',
          `theta: no parameter is called '${name}'; there are ${space.names.join(', ')}`,
        )
      theta[index] = value
    }
  }
  theta.forEach((value, j) => {
    if (!Number.isFinite(value)) throw new ParameterError('NOT_FINITE', `theta: ${space.names[j]} is ${value}`)
  })
  return theta
}

/** The weights whose channels these recordings have. */
function weightsOf(
  weights: Readonly<Record<string, number>> | undefined,
  recordings: readonly Recording[],
): Record<string, number> | undefined {
  if (weights === undefined) return undefined
  const known = new Set(recordings.flatMap(r => r.channels.map(c => c.name)))
  return Object.fromEntries(Object.entries(weights).filter(([name]) => known.has(name)))
}

/** Within this share of the range of a bound, in normalised coordinates, a value is on it. */
const ON_BOUND = 1e-6

function describeParameters(
  space: ParameterSpace,
  theta: Float64Array,
  z: Float64Array | undefined,
  statistics: Statistics | undefined,
): ParameterResult[] {
  const slope = space.derivative(theta)
  return space.names.map((name, j) => {
    const common = {
      name,
      unit: space.units[j],
      lower: space.lower[j],
      upper: space.upper[j],
      start: space.start[j],
      value: theta[j],
    }
    if (z === undefined || statistics === undefined) return { ...common, effect: true, determined: true }
    const half = statistics.t95 * statistics.stderr[j]
    const stderr = statistics.stderr[j] * Math.abs(slope[j])
    const ends = [z[j] - half, z[j] + half].map(v => endOf(space, theta, j, v))
    const size = space.lower[j] < 0 && space.upper[j] > 0 ? 0.5 * (space.upper[j] - space.lower[j]) : Math.abs(theta[j])
    const onBound = z[j] <= -1 + ON_BOUND ? ('lower' as const) : z[j] >= 1 - ON_BOUND ? ('upper' as const) : undefined
    return {
      ...common,
      stderr,
      interval: [ends[0], ends[1]] as const,
      relative: size > 0 ? stderr / size : stderr > 0 ? 1 : 0,
      effect: statistics.effect[j],
      determined:
        statistics.effect[j] &&
        !statistics.gauge.some(k => Math.abs(statistics.eigen.vectors[k * space.nparam + j]) > 0.1),
      ...(onBound && { onBound }),
    }
  })
}

/** The natural value of one coordinate moved to v, kept within the bounds. */
function endOf(space: ParameterSpace, theta: Float64Array, j: number, v: number): number {
  const z = space.normalize(theta)
  z[j] = Math.min(1, Math.max(-1, v))
  return space.denormalize(z)[j]
}
