/**
 * What the report of a training run shows. Plain data, as `ReportData` is: a driver fills it, tests can make one up.
 * Returns are sums of rewards over an episode, higher is better, in the task's own unit. Lengths that do not fit
 * together are a SizeError.
 */
export interface TrainReportData {
  /** what was done, in a few words: 'Training of hopper' */
  readonly title: string
  /** when the run began, ISO 8601; given by the caller */
  readonly date: string
  /** how the policy was trained, as a person says it: 'OpenAI-ES, antithetic, 256 members' */
  readonly method: string
  /** what was trained: 'MLP 11-32-32-3, tanh' */
  readonly policy: string
  readonly seed: number
  /** where: '4 threads of AMD EPYC 7B13' */
  readonly machine: string
  /** more facts for the header: task, model, generations, members, why the run ended … */
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** mean return that counts as solved; absent when the task names none */
  readonly solved?: number
  /** the evaluation with the highest mean return; absent when the run ended before its first */
  readonly best?: TrainEvaluation
  /** the evaluation of the final policy, with what it is made of; the verdict is by it; absent when there was none */
  readonly final?: TrainFinal
  /** control steps of all worlds, those of evaluations left out */
  readonly envSteps: number
  /** wall-clock time of the run, s, over all resumptions */
  readonly seconds: number
  readonly curve: TrainCurve
  /** the final policy on randomised physics; absent when nothing was randomised */
  readonly randomised?: TrainRandomised
  /** settings of the run for the closing table, in the order shown: 'sigma' → '0.05' */
  readonly config: readonly (readonly [name: string, value: string])[]
  /** what a reader must know before use, in words */
  readonly warnings: readonly string[]
  /** one episode of the final policy to look at; absent for a task without geoms */
  readonly rollout?: TrainRollout
  /** last line: what made this, and with which command */
  readonly footer: string
}

/** Returns of one policy over some episodes. */
export interface TrainEvaluation {
  /** generation whose policy this is, counted from 1; 0: the policy before training */
  readonly generation: number
  readonly episodes: number
  /** mean of the returns */
  readonly mean: number
  /** standard deviation of the returns between episodes */
  readonly std: number
}

export interface TrainFinal extends TrainEvaluation {
  /** false: not solved, whatever the mean says, as worlds diverged */
  readonly solved?: boolean
  /** mean length of an episode, control steps */
  readonly length: number
  /** duration of a control step, s */
  readonly dt: number
  /** how many episodes ended how, most frequent first: 'time limit' → 18, 'fell' → 2 */
  readonly ends: readonly (readonly [why: string, episodes: number])[]
  /** the terms of the reward, in the task's order; their means sum to `mean` */
  readonly terms: readonly TrainTerm[]
  /** the metrics of the task, means over an episode; may be empty */
  readonly metrics: readonly (TrainTerm & { readonly unit: string })[]
}

export interface TrainTerm {
  readonly name: string
  /** of a reward term: mean over episodes of its sum over an episode; of a metric: mean over episodes of its mean */
  readonly mean: number
  /** standard deviation between episodes */
  readonly std: number
}

/** What happened in each generation; all of one length (ngeneration), in the order of time. */
export interface TrainCurve {
  /** counted from 1, increasing */
  readonly generation: ArrayLike<number>
  /** control steps so far, increasing */
  readonly envSteps: ArrayLike<number>
  /** wall-clock time so far, s, increasing */
  readonly seconds: ArrayLike<number>
  /** mean return of the members */
  readonly mean: ArrayLike<number>
  /** return of the best member */
  readonly best: ArrayLike<number>
  /** mean return of the evaluation after this generation; NaN where there was none */
  readonly evaluation: ArrayLike<number>
  /** its standard deviation between episodes; NaN where there was none */
  readonly evaluationStd?: ArrayLike<number>
}

/** Episodes of one policy, each with physics drawn anew. */
export interface TrainRandomised {
  /** return of each episode (nepisode) */
  readonly returns: ArrayLike<number>
  readonly parameters: readonly TrainParameter[]
}

export interface TrainParameter {
  /** path as in the space: 'body/torso/mass' */
  readonly name: string
  readonly unit: string
  /** value in each episode (nepisode), natural units */
  readonly values: ArrayLike<number>
  /** the model's own value, natural units */
  readonly nominal?: number
}

/** Poses of all geoms over one episode; `geomPoses` and `rolloutGeoms` make them of a model and recorded qpos. */
export interface TrainRollout {
  /** time from frame to frame, s */
  readonly dt: number
  readonly nframe: number
  readonly geoms: readonly RolloutGeom[]
  /** (nframe, ngeom, 3), m; frames from the first that is not finite are left out, and the page says so */
  readonly xpos: ArrayLike<number>
  /** (nframe, ngeom, 9), row-major */
  readonly xmat: ArrayLike<number>
  /** reward of the step that led to a frame (nframe); 0 for the first when that is the start */
  readonly reward: ArrayLike<number>
  /** sum of the rewards up to a frame (nframe) */
  readonly returnSoFar: ArrayLike<number>
  /** what is shown, in a few words: 'final policy, first episode of the evaluation' */
  readonly caption?: string
}

export interface RolloutGeom {
  /** mjtGeom */
  readonly type: number
  /** (3), m, as MuJoCo's geom_size */
  readonly size: ArrayLike<number>
  /** (4), 0 to 1; an alpha of 0 is not drawn */
  readonly rgba: ArrayLike<number>
  readonly name: string
}
