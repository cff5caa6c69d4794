import { significant } from './format.js'
import { type Html, html } from './html.js'
import type { TrainParameter, TrainReportData } from './train-data.js'

/** parameters shown; the others have less effect */
const SHOWN = 24
/** points of one plot; more hide each other */
const POINTS = 600
/** groups of equally many episodes whose mean return is the line */
const GROUPS = 8
/** episodes without which a group says nothing */
const GROUP_LEAST = 4
const BOX = { width: 260, height: 150, left: 6, right: 6, top: 8, bottom: 8 }

interface Group {
  readonly value: number
  readonly mean: number
}

/** Mean return of groups of neighbouring values, ascending. */
function groups(values: ArrayLike<number>, returns: ArrayLike<number>): Group[] {
  const order = Array.from({ length: values.length }, (_, i) => i)
    .filter(i => Number.isFinite(values[i]) && Number.isFinite(returns[i]))
    .sort((a, b) => values[a] - values[b] || a - b)
  const number = Math.min(GROUPS, Math.floor(order.length / GROUP_LEAST))
  return Array.from({ length: number }, (_, g) => {
    const members = order.slice(Math.floor((g * order.length) / number), Math.floor(((g + 1) * order.length) / number))
    const mean = (of: ArrayLike<number>): number => members.reduce((sum, i) => sum + of[i], 0) / members.length
    return { value: mean(values), mean: mean(returns) }
  })
}

/** largest less smallest mean return of the groups; 0 with fewer than two */
const effect = (list: readonly Group[]): number =>
  list.length < 2 ? 0 : Math.max(...list.map(it => it.mean)) - Math.min(...list.map(it => it.mean))

function bounds(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue
    low = Math.min(low, values[i])
    high = Math.max(high, values[i])
  }
  return [low, high]
}

function plot(
  parameter: TrainParameter,
  returns: ArrayLike<number>,
  [low, high]: [number, number],
  line: Group[],
): Html {
  const { values, nominal } = parameter
  const unit = parameter.unit === '1' ? '' : parameter.unit
  // the model's own value is in the picture even when nothing was drawn around it
  const [first, last] = bounds(nominal === undefined ? values : [...Array.from(values), nominal])
  const scale = (from: number, to: number, a: number, b: number) => (v: number) =>
    (to > from ? a + ((v - from) / (to - from)) * (b - a) : (a + b) / 2).toFixed(1)
  const x = scale(first, last, BOX.left, BOX.width - BOX.right)
  const y = scale(low, high, BOX.height - BOX.bottom, BOX.top)
  const every = Math.max(1, Math.ceil(values.length / POINTS))
  let points = ''
  for (let i = 0; i < values.length; i += every)
    if (Number.isFinite(values[i]) && Number.isFinite(returns[i])) points += `M${x(values[i])} ${y(returns[i])}h0`
  const path = line.map((it, i) => `${i === 0 ? 'M' : 'L'}${x(it.value)} ${y(it.mean)}`).join('')
  const own =
    nominal !== undefined && Number.isFinite(nominal)
      ? html`<line class="start" x1="${x(nominal)}" x2="${x(nominal)}" y1="0" y2="${BOX.height}"/>`
      : html``
  return html`<figure class="scatter"><h3><code>${parameter.name}</code></h3>
<svg viewBox="0 0 ${BOX.width} ${BOX.height}" role="img" aria-label="return against ${parameter.name}">${own}<path class="points" d="${points}"/><path class="trend" d="${path}"/></svg>
<p class="ends"><span>${significant(first, 3)}</span><span>${unit}</span><span>${significant(last, 3)}</span></p></figure>\n`
}

/** Return against the value of each randomised parameter, those with the largest effect first. */
export function breakdown({ randomised }: TrainReportData): Html {
  if (randomised === undefined || randomised.parameters.length === 0) return html``
  const { returns, parameters } = randomised
  const range = bounds(returns)
  const ranked = parameters
    .map(parameter => ({ parameter, line: groups(parameter.values, returns) }))
    .sort((a, b) => effect(b.line) - effect(a.line))
  const figures = ranked.slice(0, SHOWN).map(({ parameter, line }) => plot(parameter, returns, range, line))
  const rest =
    parameters.length > SHOWN ? ` ${parameters.length - SHOWN} more parameters with less effect are not shown.` : ''
  return html`<section id="breakdown"><h2>Return against randomised parameters</h2>
<p>${returns.length} episodes of the final policy, each with physics drawn anew; returns from ${significant(range[0])} to ${significant(range[1])} on every vertical axis.</p>
<div class="scatters">${figures}</div>
<p class="caption">Ordered by effect. <svg class="bar" width="22" height="12"><path class="trend" d="M1 9L21 3"/></svg> mean return of neighbouring values, <svg class="bar" width="8" height="14"><line class="start" x1="4" x2="4" y1="0" y2="14"/></svg> the model's own value.${rest}</p></section>`
}
