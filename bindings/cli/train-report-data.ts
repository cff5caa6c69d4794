import { cpus } from 'node:os'
import { geomPoses } from '../model/kinematics.js'
import type { Policy } from '../policy/index.js'
import { describeNetwork } from '../policy/network.js'
import { END } from '../program.js'
import { rolloutGeoms } from '../report/rollout.js'
import type {
  TrainCurve,
  TrainEvaluation,
  TrainFinal,
  TrainRandomised,
  TrainReportData,
  TrainRollout,
} from '../report/train-data.js'
import type { Evaluation } from '../task/evaluate.js'
import type { Task } from '../task/index.js'
import { rollout, type TaskRolloutOptions } from '../task/rollout.js'
import type { Generation } from '../train/metrics.js'
import type { TrainResult } from '../train/run.js'
import type { TrainJob } from './train.js'
import { plural } from './words.js'

/** What the report of a run shows. */
export function trainReportData(
  job: TrainJob,
  result: TrainResult,
  judged: Evaluation | undefined,
  shown: TrainRollout | undefined,
): TrainReportData {
  const { task, model } = job
  const { policy, config, state, stopped, best, history } = result
  const { settings } = config
  const { evaluation } = settings as { evaluation: { episodes: number } }
  return {
    title: `Training of ${task.name}`,
    date: job.date,
    method: `${settings.method}, ${settings.popsize} members`,
    policy: `${settings.policy}: ${describeNetwork(policy.network)}, ${plural(policy.network.nparam, 'parameter')}`,
    seed: settings.seed as number,
    machine:
      job.workers === undefined
        ? String(config.adapter)
        : `${plural(job.workers, 'thread')} of ${cpus()[0]?.model.trim() || 'an unknown processor'}`,
    facts: [
      ['task', task.options.description === undefined ? task.name : `${task.name}: ${task.options.description}`],
      ['model', model.name],
      ['generations', String(state.generation)],
      ['ended', stopped.message],
      ...(settings.randomize === undefined ? [] : [['physics', 'drawn anew for each episode'] as const]),
    ],
    solved: task.solved,
    best: scored(best, evaluation.episodes),
    final: judged && finalOf(best.generation, judged),
    envSteps: state.steps,
    seconds: state.seconds,
    curve: curveOf(history),
    randomised: judged && randomisedOf(judged, job),
    config: flat(settings),
    warnings: result.warnings,
    rollout: shown,
    footer: `simcrank ${job.version} · ${job.command}`,
  }
}

function scored(
  { generation, evalReturn, evalStd }: TrainResult['best'],
  episodes: number,
): TrainEvaluation | undefined {
  return evalReturn === undefined || !Number.isFinite(evalReturn)
    ? undefined
    : { generation, episodes, mean: evalReturn, std: evalStd ?? Number.NaN }
}

/** Why episodes end, in words. */
const ENDS: readonly (readonly [bit: number, why: string])[] = [
  [END.STATE, 'diverged'],
  [END.CONTACTS, 'no room for contacts'],
  [END.REWARD, 'reward not finite'],
  [END.TERMINATED, 'terminated'],
  [END.TRUNCATED, 'time limit'],
]

function finalOf(generation: number, judged: Evaluation): TrainFinal {
  const { episodes, returns, lengths, terms, metrics } = judged
  const { task, ends } = judged.rollout
  const counts = new Map<string, number>()
  for (const end of ends) {
    const why = ENDS.find(([bit]) => (end & bit) !== 0)?.[1] ?? 'unknown'
    counts.set(why, (counts.get(why) ?? 0) + 1)
  }
  return {
    generation,
    episodes,
    mean: returns.mean,
    std: returns.std,
    solved: judged.solved,
    length: lengths.mean,
    dt: task.dt,
    ends: [...counts].sort((a, b) => b[1] - a[1]),
    terms: Object.entries(terms).map(([name, { mean, std }]) => ({ name, mean, std })),
    metrics: Object.entries(metrics).map(([name, { mean, std }], i) => ({
      name,
      mean,
      std,
      unit: task.units.metrics[i],
    })),
  }
}

function curveOf(history: readonly Generation[]): TrainCurve {
  const column = (value: (it: Generation) => number | undefined): Float64Array =>
    Float64Array.from(history, it => value(it) ?? Number.NaN)
  return {
    generation: column(it => it.generation),
    envSteps: column(it => it.steps),
    seconds: column(it => it.seconds),
    mean: column(it => it.meanReturn),
    best: column(it => it.bestReturn),
    evaluation: column(it => it.evalReturn),
    evaluationStd: column(it => it.evalStd),
  }
}

/** The judging episodes by the physics they drew. */
function randomisedOf(
  { rollout: { returns, parameters }, parameters: names }: Evaluation,
  { space }: TrainJob,
): TrainRandomised | undefined {
  if (space === undefined || names.length === 0) return undefined
  const n = names.length
  return {
    returns,
    parameters: names.map(({ name, unit }, k) => ({
      name,
      unit,
      values: Float64Array.from(returns, (_, i) => parameters[i * n + k]),
      nominal: space.start[k],
    })),
  }
}

/** Settings as names and words; what lies deeper by its path. */
function flat(value: unknown, path = ''): (readonly [string, string])[] {
  const leaf = typeof value !== 'object' || value === null || Array.isArray(value)
  if (leaf) return value === undefined ? [] : [[path, typeof value === 'string' ? value : JSON.stringify(value)]]
  return Object.entries(value).flatMap(([key, item]) => flat(item, path === '' ? key : `${path}.${key}`))
}

/** One episode of a policy as a page plays it; undefined for a task without bodies. */
export async function episodeOf(
  task: Task,
  policy: Policy,
  options: TaskRolloutOptions & Required<Pick<TaskRolloutOptions, 'model'>>,
): Promise<TrainRollout | undefined> {
  const { model } = options
  if (model.nq === 0 || model.ngeom === 0) return undefined
  const {
    record,
    lengths,
    task: compiled,
  } = await rollout(task, policy, {
    ...options,
    episodes: 1,
    record: ['qpos', 'reward'],
  })
  const nframe = lengths[0]
  const nterm = compiled.names.terms.length
  // frames are states before an action: the reward of a step belongs to the frame after it
  const reward = new Float64Array(nframe)
  for (let t = 1; t < nframe; t++) for (let k = 0; k < nterm; k++) reward[t] += record.reward[(t - 1) * nterm + k]
  const returnSoFar = Float64Array.from(reward)
  for (let t = 1; t < nframe; t++) returnSoFar[t] += returnSoFar[t - 1]
  return {
    dt: compiled.dt,
    nframe,
    geoms: rolloutGeoms(model),
    ...geomPoses(model, record.qpos.subarray(0, nframe * model.nq)),
    reward,
    returnSoFar,
    caption: 'an episode of the policy, none of those it was chosen by',
  }
}
