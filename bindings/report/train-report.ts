import { SizeError } from '../errors.js'
import { decimate } from './decimate.js'
import { compact } from './format.js'
import { html } from './html.js'
import { packRollout } from './rollout.js'
import { breakdown } from './scatter.js'
import { warnings } from './sections.js'
import { renderPage } from './shell.js'
import type { TrainCurve, TrainReportData } from './train-data.js'
import { config, curves, player, terms, trainHeader, trainTiles } from './train-sections.js'

/** intervals of the learning curves: more than the pixels of a screen show nothing */
const INTERVALS = 800

/** lengths that do not fit together */
function check({ curve, randomised }: TrainReportData): void {
  const same = (what: string, length: number, expected: number): void => {
    if (length !== expected) throw new SizeError('SIZE', `${what}: got length ${length}, expected ${expected}`)
  }
  for (const [name, values] of Object.entries(curve))
    if (values !== undefined) same(`curve.${name}`, values.length, curve.generation.length)
  for (const { name, values } of randomised?.parameters ?? [])
    same(`randomised values of ${name}`, values.length, randomised?.returns.length ?? 0)
}

/** The curves as the page draws them: rows enough for a screen, every evaluation's edges kept. */
function drawnCurve(curve: TrainCurve): Record<keyof TrainCurve, (number | null)[] | undefined> {
  const { evaluation, evaluationStd } = curve
  const rows = decimate(curve.generation, [curve.mean, curve.best, evaluation], INTERVALS)
  const column = (values: ArrayLike<number>): (number | null)[] => compact(values, rows)
  return {
    generation: compact(curve.generation, rows, 12),
    envSteps: compact(curve.envSteps, rows, 12),
    seconds: compact(curve.seconds, rows, 9),
    mean: column(curve.mean),
    best: column(curve.best),
    evaluation: column(evaluation),
    evaluationStd: evaluationStd === undefined ? undefined : column(evaluationStd),
  }
}

/**
 * A report of a training run as one self-contained HTML page, without network: what came of it, learning curves, what
 * the final return is made of, how it depends on randomised physics, and a rollout to look at. Texts and tables are
 * plain HTML; curves and player need JavaScript.
 *
 * @returns the text of the page
 * @throws {SizeError} when lengths of the data do not fit together
 */
export function trainReport(data: TrainReportData): string {
  check(data)
  const packed = data.rollout === undefined ? undefined : packRollout(data.rollout)
  const body = html`${trainHeader(data)}
${trainTiles(data)}
${warnings(data)}
${player(data, packed)}
${curves(data)}
${terms(data)}
${breakdown(data)}
${config(data)}
<footer>${data.footer}</footer>`
  return renderPage({
    title: data.title,
    styles: ['page.css', 'train.css'],
    scripts: ['chart.mjs', 'train.mjs', ...(packed === undefined ? [] : ['scene.mjs', 'player.mjs'])],
    data: {
      data: { curve: drawnCurve(data.curve), solved: data.solved },
      ...(packed === undefined ? {} : { rollout: packed.rollout }),
    },
    body,
  })
}
