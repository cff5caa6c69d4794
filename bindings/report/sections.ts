import type { ReportData, ReportError, ReportParameter } from './data.js'
import { change, significant, withHalfWidth } from './format.js'
import { type Html, html } from './html.js'

/** Half of the wider side of an interval; undefined without one. */
export function halfWidth(parameter: Pick<ReportParameter, 'value' | 'interval'>): number | undefined {
  const { value, interval } = parameter
  return interval === undefined ? undefined : Math.max(value - interval[0], interval[1] - value)
}

export function header(data: ReportData): Html {
  const facts = data.facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  return html`<header>
<p class="brand">simcrank</p>
<h1>${data.title}</h1>
<dl class="facts">${facts}</dl>
</header>`
}

/** RMSE after over RMSE before, pooled over the recordings of each channel; the mean over channels. */
function reduction(errors: readonly ReportError[], role: string): number | undefined {
  const sums = new Map<string, { before: number; after: number }>()
  for (const { channel, before, after } of errors.filter(it => it.role === role)) {
    const sum = sums.get(channel) ?? { before: 0, after: 0 }
    sums.set(channel, { before: sum.before + before.rmse * before.rmse, after: sum.after + after.rmse * after.rmse })
  }
  const ratios = [...sums.values()].filter(it => it.before > 0).map(it => Math.sqrt(it.after / it.before))
  return ratios.length === 0 ? undefined : ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
}

export function tiles(data: ReportData): Html {
  const tile = (label: string, value: string, note: string): Html =>
    html`<div class="tile"><span>${label}</span><strong>${value}</strong><em>${note}</em></div>`
  const list: Html[] = []
  for (const [role, label] of [
    ['fit', 'Error on the fitted recordings'],
    ['holdout', 'Error on held-out recordings'],
  ]) {
    const ratio = reduction(data.errors, role)
    if (ratio !== undefined)
      list.push(tile(label, `${significant(100 * ratio, 2)} %`, 'of the error with the start values'))
  }
  const sharp = data.parameters.filter(it => {
    const half = halfWidth(it)
    return half !== undefined && half <= 0.1 * Math.abs(it.value)
  }).length
  list.push(tile('Parameters', `${sharp} of ${data.parameters.length}`, 'known to within ±10 %'))
  if (data.condition !== undefined)
    list.push(tile('Condition number', significant(data.condition, 2), 'of the normalised estimate'))
  return html`<div class="tiles">${list}</div>`
}

export function warnings(data: Pick<ReportData, 'warnings'>): Html {
  if (data.warnings.length === 0) return html``
  const items = data.warnings.map(text => html`<li>${text}</li>`)
  return html`<section class="warnings" id="warnings"><h2>Read before use</h2><ul>${items}</ul></section>`
}

const BAR = { width: 240, height: 22, margin: 5 }

/** Bounds as a track, start as a tick, 95 % interval as a band, value as a dot; logarithmic over more than two decades. */
function intervalBar(parameter: ReportParameter): Html {
  const { lower, upper, start, value, interval } = parameter
  const logarithmic = lower > 0 && upper / lower > 100
  const scale = (x: number): number => (logarithmic ? Math.log(Math.max(x, lower)) : x)
  const span = scale(upper) - scale(lower)
  const at = (x: number): string => {
    const share = span > 0 ? Math.min(1, Math.max(0, (scale(x) - scale(lower)) / span)) : 0.5
    return (BAR.margin + share * (BAR.width - 2 * BAR.margin)).toFixed(1)
  }
  const middle = BAR.height / 2
  const words = `from ${significant(lower)} to ${significant(upper)}${logarithmic ? ', logarithmic' : ''}; started at ${significant(start)}`
  const band =
    interval === undefined
      ? html``
      : html`<rect class="band" x="${at(interval[0])}" y="${middle - 4}" width="${Math.max(1.5, Number(at(interval[1])) - Number(at(interval[0]))).toFixed(1)}" height="8" rx="2"/>`
  return html`<svg class="bar" viewBox="0 0 ${BAR.width} ${BAR.height}" width="${BAR.width}" height="${BAR.height}" role="img" aria-label="${words}"><title>${words}</title><line class="track" x1="${BAR.margin}" x2="${BAR.width - BAR.margin}" y1="${middle}" y2="${middle}"/>${band}<line class="start" x1="${at(start)}" x2="${at(start)}" y1="${middle - 7}" y2="${middle + 7}"/><circle class="value" cx="${at(value)}" cy="${middle}" r="4"/></svg>`
}

export function parameters(data: ReportData): Html {
  const rows = data.parameters.map(parameter => {
    const text = withHalfWidth(parameter.value, halfWidth(parameter))
    const flags = parameter.flags.map(flag => html` <span class="flag">${flag}</span>`)
    return html`<tr><th scope="row"><code>${parameter.name}</code>${flags}</th><td class="n">${significant(parameter.start)}</td><td class="n found">${text.value}</td><td class="n">${text.half === '' ? '' : `± ${text.half}`}</td><td class="unit">${parameter.unit}</td><td class="n faint">${significant(parameter.lower)}</td><td>${intervalBar(parameter)}</td><td class="n faint left">${significant(parameter.upper)}</td></tr>\n`
  })
  return html`<section id="parameters"><h2>Parameters</h2>
<div class="scroll"><table><thead><tr><th>parameter</th><th class="n">start</th><th class="n">found</th><th class="n">95 %</th><th>unit</th><th class="n">lower</th><th>between its bounds</th><th class="left">upper</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="caption"><svg class="bar" width="12" height="12"><circle class="value" cx="6" cy="6" r="4"/></svg> found <svg class="bar" width="22" height="12"><rect class="band" x="1" y="2" width="20" height="8" rx="2"/></svg> 95 % interval <svg class="bar" width="8" height="14"><line class="start" x1="4" x2="4" y1="0" y2="14"/></svg> start. Intervals assume that the model can explain the log up to noise; where it cannot, the truth may lie outside.</p></section>`
}

export function errors(data: ReportData): Html {
  const rows = data.errors.map(
    it =>
      html`<tr><th scope="row">${it.recording}</th><td>${it.role === 'fit' ? 'fitted' : html`<span class="held">held out</span>`}</td><td><code>${it.channel}</code></td><td class="n">${significant(it.before.rmse, 3)}</td><td class="n found">${significant(it.after.rmse, 3)}</td><td class="n">${change(it.before.rmse, it.after.rmse)}</td><td class="n">${significant(it.before.mae, 3)}</td><td class="n found">${significant(it.after.mae, 3)}</td><td class="unit">${it.unit}</td></tr>\n`,
  )
  return html`<section id="errors"><h2>Errors</h2>
<div class="scroll"><table><thead><tr><th>recording</th><th></th><th>channel</th><th class="n">RMSE before</th><th class="n">after</th><th class="n"></th><th class="n">MAE before</th><th class="n">after</th><th>unit</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="caption">Before: simulated with the start values; after: with the found ones. RMSE is the root of the mean squared error, MAE the mean absolute error.</p></section>`
}

/** Correlation of the estimates as a coloured table: blue together, orange against each other. */
export function correlation(data: ReportData): Html {
  const p = data.parameters.length
  const r = data.correlation
  if (r === undefined || p < 2) return html``
  const wordy = p <= 16
  const cell = (i: number, j: number): Html => {
    const value = r[i * p + j]
    const title = `${data.parameters[i].name} and ${data.parameters[j].name}: ${significant(value, 3)}`
    if (Number.isNaN(value)) return html`<td class="none" title="${title}">·</td>`
    const colour = value >= 0 ? '--together' : '--against'
    const share = Math.round(Math.min(1, Math.abs(value)) * 85)
    const style =
      i === j ? 'background:var(--line)' : `background:color-mix(in srgb,var(${colour}) ${share}%,transparent)`
    return html`<td style="${style}" title="${title}">${wordy && i !== j ? value.toFixed(2).replace('0.', '.') : ''}</td>`
  }
  const indices = Array.from({ length: p }, (_, i) => i)
  const head = indices.map(i => html`<th title="${data.parameters[i].name}">${i + 1}</th>`)
  const body = indices.map(
    i =>
      html`<tr><th scope="row"><span>${i + 1}</span> <code>${data.parameters[i].name}</code></th>${indices.map(j => cell(i, j))}</tr>\n`,
  )
  return html`<section id="correlation"><h2>Correlation of the estimates</h2>
<div class="scroll"><table class="heat${wordy ? '' : ' dense'}"><thead><tr><th></th>${head}</tr></thead><tbody>${body}</tbody></table></div>
<p class="caption">Near 1 (blue) or −1 (orange) the log tells only a combination of the two, not each of them.</p></section>`
}
