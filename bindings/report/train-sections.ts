import { count, duration, significant, withHalfWidth } from './format.js'
import { type Html, html } from './html.js'
import type { Packed } from './rollout.js'
import type { TrainEvaluation, TrainReportData, TrainTerm } from './train-data.js'

/** `3120 ± 85` */
function plusMinus({ mean, std }: Pick<TrainTerm, 'mean' | 'std'>): string {
  const { value, half } = withHalfWidth(mean, std)
  return half === '' ? value : `${value} ± ${half}`
}

type Outcome = 'solved' | 'not solved' | 'trained' | 'not evaluated'

/** The final evaluation judges where there is one: the best of many chose the policy, and flatters it. */
function outcome({ best, final, solved }: TrainReportData): Outcome {
  const judged = final ?? best
  if (judged === undefined) return 'not evaluated'
  if (solved === undefined) return 'trained'
  return judged.mean >= solved && final?.solved !== false ? 'solved' : 'not solved'
}

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1)

/** title, the run in one sentence, facts */
export function trainHeader(data: TrainReportData): Html {
  const { solved, envSteps, seconds } = data
  const judged = data.final ?? data.best
  const word = outcome(data)
  const score =
    judged === undefined
      ? 'the run ended before its first evaluation'
      : `${data.final === undefined ? 'best' : 'final'} evaluation return ${plusMinus(judged)}${solved === undefined ? '' : ` (${significant(solved)} counts as solved)`}`
  const effort = `after ${count(envSteps)} environment steps in ${duration(seconds)}, ${speed(data)} steps/s`
  const how = `by ${data.method} with ${data.policy}, seed ${data.seed}, on ${data.machine}`
  const date = data.date.slice(0, 16).replace('T', ' ')
  const facts = [...data.facts, ['date', date]].map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )
  return html`<header>
<p class="brand">simcrank</p>
<h1>${data.title}</h1>
<p class="verdict" data-outcome="${word}"><b>${capital(word)}</b>: ${score}, ${effort}, ${how}.</p>
<dl class="facts">${facts}</dl>
</header>`
}

const speed = ({ envSteps, seconds }: TrainReportData): string => (seconds > 0 ? count(envSteps / seconds) : 'n/a')

export function trainTiles(data: TrainReportData): Html {
  const tile = (label: string, value: string, note: string): Html =>
    html`<div class="tile"><span>${label}</span><strong>${value}</strong><em>${note}</em></div>`
  const evaluation = (label: string, it: TrainEvaluation): Html =>
    tile(label, plusMinus(it), `generation ${it.generation}, ${it.episodes} episode${it.episodes === 1 ? '' : 's'}`)
  const { best, final, curve } = data
  return html`<div class="tiles">${[
    ...(best === undefined ? [] : [evaluation('Best evaluation', best)]),
    ...(final === undefined ? [] : [evaluation('Final evaluation', final)]),
    tile('Environment steps', count(data.envSteps), `${curve.generation.length} generations`),
    tile('Steps per second', speed(data), `${duration(data.seconds)} of wall time`),
  ]}</div>`
}

/** a control that turns the x axis of the learning curves */
const AXES = [
  ['generation', 'generations'],
  ['envSteps', 'environment steps'],
  ['seconds', 'seconds'],
] as const

export function curves(data: TrainReportData): Html {
  if (data.curve.generation.length === 0) return html``
  const choices = AXES.map(
    ([id, label], i) =>
      html`<label><input type="radio" name="axis" value="${id}"${i === 0 ? html` checked` : html``}><span>${label}</span></label>`,
  )
  return html`<section id="curves"><h2>Learning curves</h2>
<div class="choice" role="radiogroup" aria-label="against">${choices}</div>
<div class="plot"></div>
<p class="caption">Return of an episode. Evaluations are of the mean policy without exploration${data.curve.evaluationStd === undefined ? '' : ', with one standard deviation between their episodes'}. Drag to zoom, double click to see all.</p></section>`
}

const BAR = { width: 240, height: 18, margin: 4 }

/** A value from zero to the left or right, with its standard deviation as a whisker, on a scale shared by a table. */
function signedBar({ mean, std }: TrainTerm, low: number, high: number): Html {
  const at = (x: number): number => {
    const share = high > low ? Math.min(1, Math.max(0, (x - low) / (high - low))) : 0.5
    return BAR.margin + share * (BAR.width - 2 * BAR.margin)
  }
  const [zero, end] = [at(0), at(mean)]
  const middle = BAR.height / 2
  const whisker = Number.isFinite(std) && std > 0
  return html`<svg class="bar" viewBox="0 0 ${BAR.width} ${BAR.height}" width="${BAR.width}" height="${BAR.height}" aria-hidden="true"><rect class="${mean < 0 ? 'cost' : 'gain'}" x="${Math.min(zero, end).toFixed(1)}" y="4" width="${Math.abs(end - zero).toFixed(1)}" height="10" rx="1"/>${
    whisker
      ? html`<line class="whisker" x1="${at(mean - std).toFixed(1)}" x2="${at(mean + std).toFixed(1)}" y1="${middle}" y2="${middle}"/>`
      : html``
  }<line class="zero" x1="${zero.toFixed(1)}" x2="${zero.toFixed(1)}" y1="0" y2="${BAR.height}"/></svg>`
}

/** The final evaluation: what its return is made of, how its episodes ended. */
export function terms({ final }: TrainReportData): Html {
  if (final === undefined) return html``
  const finite = final.terms.filter(it => Number.isFinite(it.mean))
  const whisker = (it: TrainTerm): number => (Number.isFinite(it.std) ? it.std : 0)
  const low = Math.min(0, ...finite.map(it => it.mean - whisker(it)))
  const high = Math.max(0, ...finite.map(it => it.mean + whisker(it)))
  const perStep = (mean: number): string => (final.length > 0 ? significant(mean / final.length, 3) : 'n/a')
  const row = (it: TrainTerm): Html =>
    html`<tr><th scope="row"><code>${it.name}</code></th><td class="n found">${plusMinus(it)}</td><td class="n">${perStep(it.mean)}</td><td>${Number.isFinite(it.mean) ? signedBar(it, low, high) : ''}</td></tr>\n`
  const metric = (it: TrainTerm & { unit: string }): Html =>
    html`<tr><th scope="row"><code>${it.name}</code></th><td class="n found">${plusMinus(it)}</td><td class="unit">${it.unit}</td></tr>\n`
  const ends = final.ends.map(([why, episodes]) => `${episodes} × ${why}`).join(', ')
  const length = `${significant(final.length, 4)} steps or ${significant(final.length * final.dt, 3)} s`
  const about = `${final.episodes} episode${final.episodes === 1 ? '' : 's'} of the policy of generation ${final.generation}, ${length} long on average${ends === '' ? '' : `; ended: ${ends}`}.`
  const metrics =
    final.metrics.length === 0
      ? html``
      : html`<div class="scroll"><table><thead><tr><th>metric</th><th class="n">mean</th><th>unit</th></tr></thead><tbody>${final.metrics.map(metric)}</tbody></table></div>`
  return html`<section id="terms"><h2>Final evaluation</h2>
<p>${about}</p>
<div class="pair"><div class="scroll"><table><thead><tr><th>term of the reward</th><th class="n">per episode</th><th class="n">per step</th><th></th></tr></thead>
<tbody>${final.terms.map(row)}<tr class="sum"><th scope="row">return</th><td class="n found">${plusMinus(final)}</td><td class="n">${perStep(final.mean)}</td><td></td></tr></tbody></table></div>
${metrics}</div>
<p class="caption">± is one standard deviation between episodes.</p></section>`
}

export function config(data: TrainReportData): Html {
  if (data.config.length === 0) return html``
  const rows = data.config.map(([name, value]) => html`<div><dt><code>${name}</code></dt><dd>${value}</dd></div>\n`)
  return html`<section id="config"><h2>Settings</h2><dl class="settings">${rows}</dl></section>`
}

const SPEEDS = [0.25, 0.5, 1, 2, 4]

/** The player of a rollout; without one, nothing. */
export function player(data: TrainReportData, packed: Packed | undefined): Html {
  if (packed === undefined) return html``
  const { given, finite, stride, rollout } = packed
  const notes = [
    finite < given ? `After ${significant(finite * (data.rollout?.dt ?? 0), 3)} s the state is no longer finite.` : '',
    stride > 1 ? `One frame of ${stride} is kept.` : '',
  ].filter(it => it !== '')
  const caption = data.rollout?.caption
  const speeds = SPEEDS.map(it => html`<option value="${it}"${it === 1 ? html` selected` : html``}>${it}×</option>`)
  const views = [
    ['side', 'side'],
    ['front', 'front'],
    ['quarter', 'three-quarter'],
    ['above', 'from above'],
  ].map(([id, label]) => html`<option value="${id}"${id === rollout.view ? html` selected` : html``}>${label}</option>`)
  return html`<section id="player"><h2>A rollout to look at${caption === undefined ? html`` : html`<span class="about">${caption}</span>`}</h2>
<canvas class="stage" role="img" aria-label="animation of the rollout"></canvas>
<div class="strip"><canvas aria-hidden="true"></canvas><i></i></div>
<input class="scrub" type="range" min="0" max="1" step="any" value="0" aria-label="time">
<div class="controls"><button type="button" class="play" aria-label="play">▶\ufe0e</button>
<label><span>speed </span><select class="speed" aria-label="speed">${speeds}</select></label>
<label><span>view </span><select class="view" aria-label="view">${views}</select></label>
<output class="readout"></output></div>
<p class="caption">Drag to look around, Ctrl + wheel to come closer, double click for the chosen view again. The line is the reward of each step.${notes.map(it => html` ${it}`)}</p>
<noscript><p>The player needs JavaScript.</p></noscript></section>`
}
