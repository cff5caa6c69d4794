/** Settings that are known to work for tasks of the library; docs/results.md has what came of them. */
import type { PlainMethodOptions, TrainSettings } from './settings.js'

const options = (values: Readonly<Record<string, unknown>>): PlainMethodOptions => values as PlainMethodOptions

/** Linear policies of plain returns or ranks learn gaits best (Mania et al. 2018; Toklu et al. 2020). */
const ars = (npair: number, top: number, sigma: number, stepSize: number): TrainSettings => ({
  policy: 'linear',
  method: 'ars',
  methodOptions: options({ npair, top, sigma, stepSize }),
})
const pgpe = (
  policy: string,
  npair: number,
  sigma: number,
  more: Readonly<Record<string, unknown>> = {},
): TrainSettings => ({
  policy,
  method: 'pgpe',
  methodOptions: options({ npair, sigma, ...more }),
})
/** ranks and Adam, for robots with many joints */
const openES = (npair: number, sigma: number, lr: number): TrainSettings => ({
  policy: 'mlp:32x32',
  method: 'openai-es',
  methodOptions: options({ npair, sigma, optimizer: { kind: 'adam', lr } }),
})
const fast = { optimizer: { kind: 'adam', lr: 0.05 } }
/**
 * A bonus for being alive teaches to stand still (ARS leaves it out too). A gait shows in a third of an episode: shorter ones of
 * training give as many more generations.
 */
const weights = { healthy: 0 }

const SETTINGS: Readonly<Record<string, TrainSettings>> = {
  ant: { ...ars(60, 20, 0.025, 0.015), weights, episodeLength: 300 },
  'cartpole-balance': { ...pgpe('mlp:16:tanh', 16, 0.1, fast), normalizer: 'none' },
  'cartpole-swingup': pgpe('mlp:16:tanh', 16, 0.1, fast),
  'half-cheetah': { ...pgpe('linear', 32, 0.03), episodeLength: 300 },
  hopper: { ...ars(8, 4, 0.025, 0.01), weights },
  'peg-swing': { ...pgpe('mlp:16:tanh', 32, 0.1, fast), episodes: 2 },
  'pendulum-servo': pgpe('mlp:16:tanh', 16, 0.1, fast),
  'puck-push': openES(48, 0.05, 0.02),
  quadruped: openES(64, 0.03, 0.015),
  'quadruped-forward': openES(48, 0.05, 0.02),
  swimmer: ars(4, 4, 0.01, 0.02),
  'swingup-easy': { ...pgpe('mlp:16:tanh', 16, 0.1), normalizer: 'none', episodes: 2, evaluation: { episodes: 64 } },
  'swingup-hard': { ...pgpe('mlp:16:tanh', 32, 0.1), episodes: 8, evaluation: { episodes: 256 } },
  walker2d: { ...openES(50, 0.05, 0.02), weights: { healthy: 0.3 }, episodeLength: 400 },
}

/**
 * Settings for a task of the library, by its name; undefined where none are known.
 *
 * ```ts
 * train(hopper, { ...recommended('hopper'), seconds: 60 })
 * ```
 */
export function recommended(task: string): TrainSettings | undefined {
  return Object.hasOwn(SETTINGS, task) ? SETTINGS[task] : undefined
}
