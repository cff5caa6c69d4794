import type { Model } from '../model/model.js'
import { describeFilter } from '../recording/filter.js'
import type { Recording } from '../recording/recording.js'
import type { ReportData, Role } from '../report/data.js'
import { change, duration, significant, withHalfWidth } from '../report/format.js'
import type { ErrorResult, IdentifyResult, ParameterResult } from '../sysid/result.js'
import { printable, textTable } from './table.js'
import { plural, thousands } from './words.js'

/** What was asked for, as the outputs name it. */
export interface Job {
  /** file of the model as given */
  readonly file: string
  readonly model: Model
  readonly recordings: readonly Recording[]
  readonly holdout: readonly Recording[]
  /** the command as it could be typed again */
  readonly command: string
  readonly version: string
  /** ISO 8601 */
  readonly date: string
}

const STAGES = {
  'cma-es': 'CMA-ES',
  'gauss-newton': 'Gauss–Newton',
  both: 'CMA-ES, then Gauss–Newton',
  score: 'given values, not fitted',
} as const

/** Words beside a parameter's name. */
export function flagsOf(parameter: ParameterResult): string[] {
  const flags: string[] = []
  if (!parameter.effect) flags.push('no effect')
  else if (!parameter.determined) flags.push('not determined')
  if (parameter.onBound !== undefined) flags.push(`on its ${parameter.onBound} bound`)
  return flags
}

/** The 95 % interval, when the recordings determine the parameter. */
const intervalOf = (parameter: ParameterResult): readonly [number, number] | undefined =>
  parameter.effect && parameter.determined && parameter.interval?.every(Number.isFinite)
    ? parameter.interval
    : undefined

export const halfOf = (parameter: ParameterResult): number | undefined => {
  const interval = intervalOf(parameter)
  return interval && Math.max(parameter.value - interval[0], interval[1] - parameter.value)
}

/** Errors of one channel over all recordings of a role, weighted by their samples. */
function pooled(errors: readonly ErrorResult[], role: Role): ErrorResult[] {
  const groups = new Map<string, ErrorResult[]>()
  for (const error of errors.filter(it => it.role === role)) {
    const key = JSON.stringify([error.channel, error.unit])
    groups.set(key, [...(groups.get(key) ?? []), error])
  }
  return [...groups.values()].map(group => {
    const samples = group.reduce((sum, it) => sum + it.samples, 0)
    const over = (side: 'before' | 'after'): ErrorResult['before'] => {
      const mean = (value: (it: ErrorResult['before']) => number): number =>
        group.reduce((sum, it) => sum + it.samples * value(it[side]), 0) / samples
      return {
        rmse: Math.sqrt(mean(it => it.rmse * it.rmse)),
        mae: mean(it => it.mae),
        max: Math.max(...group.map(it => it[side].max)),
      }
    }
    return {
      ...group[0],
      recording: plural(group.length, 'recording'),
      samples,
      before: over('before'),
      after: over('after'),
    }
  })
}

const spanOf = (recordings: readonly Recording[]): number => recordings.reduce((sum, it) => sum + it.end - it.start, 0)

/** Windows and the filter of their initial states: what another scorer must copy to be comparable. */
function shooting({ scorer }: IdentifyResult): { windows: string; filter: string } {
  const windows =
    scorer.window === undefined
      ? plural(scorer.segments, 'whole recording')
      : `${thousands(scorer.segments)} windows of ${significant(scorer.window)} s${
          scorer.stride === undefined || scorer.stride === scorer.window
            ? ''
            : `, one every ${significant(scorer.stride)} s`
        }`
  const filters = [...new Set(scorer.filters.map(it => describeFilter(it.filter)))]
  return { windows, filter: filters.join('; ') }
}

/** The text on stdout: parameters, errors and warnings. */
export function summary(job: Job, result: IdentifyResult): string {
  const fitted = result.method !== 'score'
  const rows = result.parameters.map(it => {
    const text = withHalfWidth(it.value, halfOf(it))
    return [it.name, significant(it.start), text.value, text.half, it.unit, flagsOf(it).join(', ')]
  })
  const parameters = textTable(
    [
      { head: 'parameter' },
      { head: 'start', right: true },
      { head: fitted ? 'found' : 'given', right: true },
      { head: '± 95 %', right: true },
      { head: 'unit' },
      { head: '' },
    ],
    rows,
  )
  const errors = (['fit', 'holdout'] as const).flatMap(role =>
    pooled(result.errors, role).map(it => [
      it.channel,
      `${role === 'holdout' ? 'held out' : fitted ? 'fitted' : 'scored'}, ${it.recording}`,
      significant(it.before.rmse, 3),
      significant(it.after.rmse, 3),
      change(it.before.rmse, it.after.rmse),
      significant(it.before.mae, 3),
      significant(it.after.mae, 3),
      it.unit,
    ]),
  )
  const errorTable = textTable(
    [
      { head: 'channel' },
      { head: '' },
      { head: 'RMSE start', right: true },
      { head: fitted ? 'found' : 'given', right: true },
      { head: '', right: true },
      { head: 'MAE start', right: true },
      { head: fitted ? 'found' : 'given', right: true },
      { head: 'unit' },
    ],
    errors,
  )
  const { windows, filter } = shooting(result)
  const seconds = duration(result.timings.total)
  const recordings = `${plural(job.recordings.length, 'recording')} (${duration(spanOf(job.recordings))})`
  const held = job.holdout.length > 0 ? `, ${job.holdout.length} held out (${duration(spanOf(job.holdout))})` : ''
  const how = fitted
    ? `${STAGES[result.method]}, ${thousands(result.evaluations)} evaluations in ${seconds}; ${result.stop.message}`
    : `${STAGES.score} (${seconds})`
  const lines = [
    `${printable(job.file)}: ${recordings}${held}`,
    how,
    `${windows}${filter === '' ? '' : `; initial states by ${filter}`}`,
    '',
    parameters,
    '',
    errorTable,
  ]
  if (result.warnings.length > 0)
    lines.push('', 'Read before use:', ...result.warnings.map(text => `  - ${printable(text)}`))
  return `${lines.join('\n')}\n`
}

/** The same as a page. */
export function reportOf(job: Job, result: IdentifyResult): ReportData {
  const { model } = job
  const { windows, filter } = shooting(result)
  const fitted = result.method !== 'score'
  const facts: [string, string][] = [
    ['model', job.file],
    [
      'size',
      [plural(model.njnt, 'joint'), plural(model.nactuator, 'actuator'), plural(model.nsensor, 'sensor')].join(', '),
    ],
    ['date', job.date.replace('T', ' ').slice(0, 16)],
    ['method', STAGES[result.method]],
    ['simulated', `${windows}, timestep ${significant(result.scorer.timestep)} s`],
  ]
  if (filter !== '') facts.push(['initial states', filter])
  if (fitted) {
    facts.push(['evaluations', `${thousands(result.evaluations)} in ${duration(result.timings.total)}`])
    facts.push(['seed', String(result.seed)], ['ended', result.stop.message])
  }
  const recordingOf = (role: Role) => (it: Recording) => ({ name: it.name, role, duration: it.end - it.start })
  return {
    title: `${fitted ? 'Identification' : 'Scoring'} of ${model.name === '' || model.name === 'MuJoCo Model' ? job.file : model.name}`,
    date: job.date,
    facts,
    recordings: [...job.recordings.map(recordingOf('fit')), ...job.holdout.map(recordingOf('holdout'))],
    parameters: result.parameters.map(it => ({ ...it, interval: intervalOf(it), flags: flagsOf(it) })),
    errors: result.errors,
    warnings: result.warnings,
    convergence: result.history.map(it => ({ ...it, name: STAGES[it.name] })),
    correlation: result.correlation,
    condition: result.condition,
    traces: result.traces,
    footer: `simcrank ${job.version} · ${job.command}`,
  }
}
