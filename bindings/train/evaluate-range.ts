/** Ranges of members evaluated by rollouts in this thread's engine: what workers run. */
import { openRollout, type Rollout, type RolloutResult, type RolloutTexts, type TaskText } from '../engine/rollout.js'
import { BackendError } from '../errors.js'
import { rowsOf } from '../es/strategy.js'
import { ParameterDistribution } from '../model/distribution.js'
import { loadModel } from '../model/load.js'
import type { Model } from '../model/model.js'
import { ParameterSpace } from '../model/parameters.js'
import type { SpaceSpec } from '../model/spec.js'
import { type Network, PERTURB, type Program } from '../program.js'
import { EVALUATION, EVALUATION_ROW } from '../task/rollout.js'
import type { RangeAnswer, RangeJob, Run } from './evaluator.js'
import { fingerprint } from './hash.js'
import { failedBy } from './judge.js'

/** What rollouts need beyond a Run: plain data, no function of the user's among it. */
export interface RolloutProblem {
  /** as saveModel writes it */
  readonly model: Uint8Array
  readonly program: Program
  /** of the state the program was compiled for: layoutName */
  readonly layout: string
  readonly network: Network
  /** timesteps of a control step; 0: no physics */
  readonly frameSkip: number
  /** control steps an episode lasts at most */
  readonly episodeLength: number
  /** the same of evaluations */
  readonly evaluationLength: number
  /** state that episodes begin with; default qpos0 at rest */
  readonly keyframe?: number | string
  /** how commands are delayed: RolloutSettings */
  readonly delay?: number
  readonly delayOf?: Int32Array
  /** numbers given to every episode from outside (ninput) */
  readonly inputs?: Float32Array
  /** standard deviation of noise on every action, in training only */
  readonly actionNoise?: number
  /** physics of the worlds: a new draw for each episode */
  readonly randomize?: Randomize
  /** the task for a GPU, where its episodes run on one */
  readonly webgpu?: TaskText
}

/** Parameters and what is believed about them, as they are written in JSON. */
export interface Randomize {
  readonly space: SpaceSpec
  /** ParameterDistribution.from; default uniform within the bounds */
  readonly distribution?: unknown
}

/** The distribution over a model's physics. @throws {ParameterError} SPEC naming what is wrong */
export function distributionOf({ space, distribution }: Randomize, model: Model): ParameterDistribution {
  const found = ParameterSpace.from(model, space)
  if (distribution === undefined) return ParameterDistribution.uniform(found)
  return ParameterDistribution.fromJSON(found, distribution)
}

/** What tells one layout of state and parameters from another: programs name places in it. */
export const layoutName = ({ layout }: Rollout): string => fingerprint([...layout.d, ...layout.p, ...layout.s])

/** runs whose engines are kept open: the present one and its predecessor */
const KEPT = 2

interface Open {
  readonly train: Rollout
  /** without action noise and cut-off of training's own; the same one where there are none */
  readonly evaluate: Rollout
  readonly distribution: ParameterDistribution | undefined
}

/** by id of the run, the one used last at the end */
const opened = new Map<string, Promise<Open>>()

/** The engine for a run, kept for its next range. */
function openFor(run: Run): Promise<Open> {
  const { id } = run
  const found = opened.get(id) ?? open(run)
  opened.delete(id)
  opened.set(id, found)
  // what failed may succeed the next time
  found.catch(() => opened.delete(id))
  const [oldest] = opened.keys()
  if (opened.size > KEPT) {
    opened.get(oldest)?.then(close, () => {})
    opened.delete(oldest)
  }
  return found
}

function close({ train, evaluate }: Open): void {
  train[Symbol.dispose]()
  if (evaluate !== train) evaluate[Symbol.dispose]()
}

async function open(run: Run): Promise<Open> {
  const problem = run.problem as RolloutProblem
  const { frameSkip, episodeLength, evaluationLength, delay, delayOf, actionNoise = 0, keyframe } = problem
  const model = await loadModel(problem.model)
  const distribution = problem.randomize && distributionOf(problem.randomize, model)
  const texts = problem.webgpu && (await textsOf(problem.webgpu))
  const backend = texts === undefined ? 'wasm' : 'webgpu'
  const make = async (noise: number, T: number): Promise<Rollout> => {
    const rollout = await openRollout(model, { backend, keyframe, varied: distribution?.space.touched })
    try {
      if (layoutName(rollout) !== problem.layout)
        throw new BackendError(
          'LAYOUT',
          'the run was made by another version of simcrank: its program does not fit this one',
        )
      const { program, network } = problem
      rollout.load(program, network, { frameSkip, T, delay, delayOf, seed: run.seed, actionNoise: noise }, texts)
      return rollout
    } catch (error) {
      rollout[Symbol.dispose]()
      throw error
    }
  }
  const train = await make(actionNoise, episodeLength)
  if (actionNoise === 0 && episodeLength === evaluationLength) return { train, evaluate: train, distribution }
  try {
    return { train, evaluate: await make(0, evaluationLength), distribution }
  } catch (error) {
    train[Symbol.dispose]()
    throw error
  }
}

/** loaded where a GPU is used: workers do without */
async function textsOf(task: TaskText): Promise<RolloutTexts> {
  const { policyKernel } = await import('../task/kernel.js')
  return { task: () => task, policy: policyKernel }
}

/**
 * The returns of members [begin, end): whole episodes, in this thread. A pure function of the job.
 *
 * Episode e of member m in training is env group * episodes + e of its generation; its group is floor(m / 2), 0 or m, as `common`
 * says. In evaluation member m is env m of generation word -1, whatever the generation: episode m of `rollout` with the run's seed.
 */
export async function evaluateRange(job: RangeJob): Promise<RangeAnswer> {
  const { run, population, normalizer, begin, end } = job
  const { train, evaluate, distribution } = await openFor(run)
  const training = job.purpose === 'train'
  const rollout = training ? train : evaluate
  const asRows = population.perturb === PERTURB.ROWS
  const each = training ? run.episodes : 1
  const n = (end - begin) * each

  // who meets what
  const envs = new Int32Array(n)
  for (let i = 0; i < n; i++) {
    const member = begin + Math.floor(i / each)
    const common = training ? run.common : 'none'
    envs[i] = (common === 'pair' ? member >> 1 : common === 'none' ? member : 0) * each + (i % each)
  }
  const first = envs.reduce((a, b) => Math.min(a, b))
  const last = envs.reduce((a, b) => Math.max(a, b))
  const rows = new Int32Array(4 * n)
  for (let i = 0; i < n; i++) {
    const member = begin + Math.floor(i / each)
    rows[4 * i] = asRows ? member - begin : training ? member : 0
    rows[4 * i + 1] = envs[i]
    rows[4 * i + 2] = training ? job.generation : EVALUATION
    rows[4 * i + 3] = distribution === undefined ? -1 : envs[i] - first
  }
  const base = training ? job.generation * population.popsize * run.episodes : EVALUATION_ROW
  const parameters = distribution?.space.fields(distribution.sample(last - first + 1, run.seed, base + first))

  const problem = run.problem as RolloutProblem
  const { nparam } = problem.network
  const members = asRows ? rowsOf(population, nparam, begin, end) : undefined
  const inputs = problem.inputs && repeated(problem.inputs, n)
  const result = await rollout.run(
    { rows, inputs, parameters },
    { ...population, members },
    { normalizer, collect: training && run.nobs > 0 },
  )
  return answerOf(job, each, result)
}

function repeated(values: Float32Array, n: number): Float32Array {
  const out = new Float32Array(n * values.length)
  for (let i = 0; i < n; i++) out.set(values, i * values.length)
  return out
}

function answerOf({ run, purpose, begin, end }: RangeJob, each: number, result: RolloutResult): RangeAnswer {
  const count = end - begin
  const nterm = run.terms.length
  const answer = {
    begin,
    end,
    returns: new Float64Array(count),
    steps: new Float64Array(count),
    ends: new Int32Array(count),
    badTerms: new Int32Array(count),
  }
  const { observations } = result
  const { nobs, weights } = run
  const returnOf = (i: number): number =>
    weights === undefined || purpose === 'evaluate'
      ? result.returns[i]
      : weights.reduce((sum, weight, j) => sum + (weight === 0 ? 0 : weight * result.terms[i * nterm + j]), 0)
  const obs = { count: 0, sum: new Float64Array(nobs), sumsq: new Float64Array(nobs) }
  for (let i = 0; i < count * each; i++) {
    const m = Math.floor(i / each)
    answer.returns[m] += returnOf(i) / each
    answer.steps[m] += result.lengths[i]
    answer.ends[m] |= result.ends[i]
    for (let j = 0; j < nterm; j++)
      if (!Number.isFinite(result.terms[i * nterm + j])) answer.badTerms[m] |= 1 << Math.min(j, 31)
    // a world that diverged has seen what no policy will
    if (observations === undefined || failedBy(result.ends[i])) continue
    obs.count += result.lengths[i]
    for (let j = 0; j < nobs; j++) {
      obs.sum[j] += observations[2 * i * nobs + j]
      obs.sumsq[j] += observations[(2 * i + 1) * nobs + j]
    }
  }
  return obs.count > 0 ? { ...answer, obs } : answer
}
