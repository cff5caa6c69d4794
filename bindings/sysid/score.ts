import type { Objective } from './objective.js'
import type { ErrorResult, Role, TraceResult } from './result.js'

/** Error of one channel in one recording, natural units. */
export interface ChannelError {
  readonly recording: string
  readonly channel: string
  readonly unit: string
  readonly samples: number
  readonly rmse: number
  readonly mae: number
  /** largest */
  readonly max: number
}

/** Errors per recording and channel from `differences` of one candidate. */
export function channelErrors(objective: Objective, difference: Float64Array): ChannelError[] {
  const found: ChannelError[] = []
  objective.grid.trials.forEach((trial, t) => {
    objective.channels.forEach((channel, c) => {
      let samples = 0
      let squares = 0
      let sizes = 0
      let max = 0
      for (const s of objective.series) {
        if (s.trial !== t || s.channel !== c) continue
        samples += s.end - s.begin
        for (let i = s.begin; i < s.end; i++) {
          const d = Math.abs(difference[i])
          squares += d * d
          sizes += d
          // NaN stays once it is there
          if (d > max || Number.isNaN(d)) max = d
        }
      }
      if (samples === 0) return
      const own = trial.measured.find(m => m.port.path === channel.path)
      found.push({
        recording: trial.recording.name,
        channel: own?.channel.name ?? channel.name,
        unit: channel.unit,
        samples,
        rmse: Math.sqrt(squares / samples),
        mae: sizes / samples,
        max,
      })
    })
  })
  return found
}

/** Scores at two parameter vectors. */
export interface Ends {
  readonly cost: Float64Array
  readonly errors: ErrorResult[]
  readonly traces: TraceResult[]
  readonly filters: Objective['initial']['filters']
}

/** Costs, errors and traces at the start values and at the found ones. */
export async function scoreEnds(objective: Objective, ends: Float64Array, role: Role): Promise<Ends> {
  const differences = await objective.differences(ends, 2)
  const n = objective.nresidual
  const cost = objective.costOf(differences, 2)
  const [before, after] = [differences.subarray(0, n), differences.subarray(n)]
  const figures = ({ rmse, mae, max }: ChannelError) => ({ rmse, mae, max })
  const first = channelErrors(objective, before)
  const errors = channelErrors(objective, after).map((error, i) => ({
    recording: error.recording,
    role,
    channel: error.channel,
    unit: error.unit,
    samples: error.samples,
    before: figures(first[i]),
    after: figures(error),
  }))
  const traces: TraceResult[] = []
  objective.grid.trials.forEach((trial, t) => {
    objective.channels.forEach((channel, c) => {
      const own = objective.series.filter(s => s.trial === t && s.channel === c)
      const samples = own.reduce((sum, s) => sum + s.end - s.begin, 0)
      if (samples === 0) return
      const trace = {
        recording: trial.recording.name,
        role,
        channel: trial.measured.find(m => m.port.path === channel.path)?.channel.name ?? channel.name,
        unit: channel.unit,
        time: new Float64Array(samples),
        measured: new Float64Array(samples),
        before: new Float64Array(samples),
        after: new Float64Array(samples),
        windows: [] as number[],
      }
      let at = 0
      let last = Number.NEGATIVE_INFINITY
      for (const s of own) {
        const { time, measured } = objective.samples(s.begin, s.end)
        // overlapping windows: a trace shows each moment once
        let skip = 0
        while (skip < time.length && time[skip] <= last) skip++
        if (skip === time.length) continue
        trace.windows.push(at)
        for (let i = skip; i < time.length; i++, at++) {
          trace.time[at] = time[i]
          trace.measured[at] = measured[i]
          trace.before[at] = measured[i] + before[s.begin + i]
          trace.after[at] = measured[i] + after[s.begin + i]
        }
        last = time[time.length - 1]
      }
      for (const key of ['time', 'measured', 'before', 'after'] as const) trace[key] = trace[key].slice(0, at)
      traces.push(trace)
    })
  })
  return { cost, errors, traces, filters: objective.initial.filters }
}
