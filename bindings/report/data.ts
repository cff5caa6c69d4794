/**
 * What a report shows. Plain data, so that anything that fits a model to a log can be shown, and tests can make one up.
 */
export interface ReportData {
  /** what was done, in a few words: 'Identification of xl330' */
  readonly title: string
  /** when, ISO 8601; given by the caller */
  readonly date: string
  /** facts of the run for the header: model, method, seed, window … */
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly recordings: readonly ReportRecording[]
  readonly parameters: readonly ReportParameter[]
  readonly errors: readonly ReportError[]
  /** identifiability and data warnings, in words */
  readonly warnings: readonly string[]
  readonly convergence: readonly ReportStage[]
  /** (p, p) correlation of the estimates, row-major, in the order of `parameters`; NaN where it has no meaning */
  readonly correlation?: ArrayLike<number>
  /** condition number of the normalised normal equations */
  readonly condition?: number
  readonly traces: readonly ReportTrace[]
  /** last line: what made this, and with which command */
  readonly footer: string
}

export type Role = 'fit' | 'holdout'

export interface ReportRecording {
  readonly name: string
  readonly role: Role
  /** s */
  readonly duration: number
}

export interface ReportParameter {
  readonly name: string
  readonly unit: string
  readonly start: number
  readonly value: number
  /** 95 % interval, natural units; undefined when the data does not determine it */
  readonly interval?: readonly [number, number]
  readonly lower: number
  readonly upper: number
  /** words beside the name: 'no effect', 'on its upper bound' */
  readonly flags: readonly string[]
}

/** Errors of one channel of one recording, with the start values and with the found ones. */
export interface ReportError {
  readonly recording: string
  readonly role: Role
  readonly channel: string
  readonly unit: string
  readonly before: { readonly rmse: number; readonly mae: number }
  readonly after: { readonly rmse: number; readonly mae: number }
}

/** Best cost against evaluations, one optimiser after the other. */
export interface ReportStage {
  readonly name: string
  readonly evaluations: ArrayLike<number>
  readonly cost: ArrayLike<number>
}

/** Measured and simulated values of one channel at common times (s, increasing); NaN where there is none. */
export interface ReportTrace {
  readonly recording: string
  readonly role: Role
  readonly channel: string
  readonly unit: string
  readonly time: ArrayLike<number>
  readonly measured: ArrayLike<number>
  /** simulated with the start values; absent when start and found values are the same */
  readonly before?: ArrayLike<number>
  /** simulated with the found values */
  readonly after: ArrayLike<number>
}
