import type { ReportData, ReportRecording, ReportTrace } from './data.js'
import { decimate } from './decimate.js'
import { compact, duration, significant } from './format.js'
import { Html, html } from './html.js'
import { correlation, errors, header, parameters, tiles, warnings } from './sections.js'
import { renderPage } from './shell.js'

/** rows drawn of all traces together; more would make a page of tens of megabytes */
const ROWS = 250_000

/** intervals of one trace: more than the pixels of a screen show nothing, fewer lose its shape */
const INTERVALS = { most: 600, least: 60 } as const

/** A trace as the page draws it, and how many of its samples that is. */
function drawn(
  trace: ReportTrace,
  intervals: number,
): {
  unit: string
  time: (number | null)[]
  measured: (number | null)[]
  before?: (number | null)[]
  after: (number | null)[]
} {
  const residual = Float64Array.from(trace.after, (value, i) => trace.measured[i] - value)
  const series = [trace.measured, trace.after, residual, ...(trace.before === undefined ? [] : [trace.before])]
  const rows = decimate(trace.time, series, intervals)
  return {
    unit: trace.unit,
    time: compact(trace.time, rows, 9),
    measured: compact(trace.measured, rows),
    ...(trace.before === undefined ? {} : { before: compact(trace.before, rows) }),
    after: compact(trace.after, rows),
  }
}

/** Stages one after the other on one axis of evaluations. */
function joined(stages: ReportData['convergence']): {
  evaluations: number[]
  stages: { name: string; cost: (number | null)[] }[]
} {
  const evaluations: number[] = []
  const rowsOf = stages.map(stage => {
    const last = evaluations.at(-1) ?? 0
    // a stage that counts from its own beginning goes on where the one before ended
    const offset = stage.evaluations.length > 0 && stage.evaluations[0] <= last ? last : 0
    const begin = evaluations.length
    for (let i = 0; i < stage.evaluations.length; i++) evaluations.push(stage.evaluations[i] + offset)
    return begin
  })
  return {
    evaluations,
    stages: stages.map((stage, k) => ({
      name: stage.name,
      cost: evaluations.map((_, row) => {
        const value = stage.cost[row - rowsOf[k]]
        return value !== undefined && Number.isFinite(value) ? value : null
      }),
    })),
  }
}

/** The recordings with their plots; the first fitted and the first held-out one are open. */
function plots(data: ReportData, rowsDrawn: readonly number[]): Html {
  if (data.traces.length === 0) return html``
  const opened = new Set<string>()
  const block = (recording: ReportRecording): Html => {
    const figures = data.traces.flatMap((trace, k) => {
      if (trace.recording !== recording.name || trace.role !== recording.role) return []
      const error = data.errors.find(
        it => it.recording === recording.name && it.role === recording.role && it.channel === trace.channel,
      )
      const total = trace.time.length
      const words = [
        error === undefined
          ? ''
          : `RMSE ${significant(error.before.rmse, 3)} → ${significant(error.after.rmse, 3)} ${error.unit}`,
        rowsDrawn[k] === total ? `${total} samples` : `${rowsDrawn[k]} of ${total} samples drawn, extremes kept`,
      ]
      return [
        html`<figure data-trace="${k}"><h3><code>${trace.channel}</code>${words.filter(it => it !== '').map(it => html`<span>${it}</span>`)}</h3><div class="plot"></div><div class="residual"></div></figure>\n`,
      ]
    })
    const open = figures.length > 0 && !opened.has(recording.role)
    if (open) opened.add(recording.role)
    const role = recording.role === 'fit' ? 'fitted' : html`<b class="held">held out</b>`
    return html`<details${new Html(open ? ' open' : '')}><summary>${recording.name}<span class="about">${role}, ${duration(recording.duration)}</span></summary>${figures}</details>\n`
  }
  const key = (colour: string, label: string): Html =>
    html`<span><i style="background:var(--${colour})"></i>${label}</span>`
  return html`<section id="plots"><h2>Measured and simulated</h2>
<div class="legend">${key('measured', 'measured')}${key('before', 'simulated with the start values')}${key('after', 'simulated with the found values')}</div>
${data.recordings.map(block)}
<p class="caption">Residual: measured minus simulated with the found values, on its own scale. Drag to zoom, double click to see all.</p></section>`
}

/**
 * A report of an identification as one self-contained HTML page. Tables are plain HTML; only the plots need JavaScript.
 *
 * @returns the text of the page
 */
export function renderReport(data: ReportData): string {
  const intervals = Math.round(
    Math.min(INTERVALS.most, Math.max(INTERVALS.least, ROWS / (8 * Math.max(1, data.traces.length)))),
  )
  const traces = data.traces.map(trace => drawn(trace, intervals))
  const convergence = joined(data.convergence)
  const converged =
    convergence.evaluations.length > 0
      ? html`<section id="convergence"><h2>Convergence</h2><div class="plot"></div><p class="caption">Best cost so far against the number of simulated parameter vectors.</p></section>`
      : html``
  const rowsDrawn = traces.map(trace => trace.time.length)
  const body = html`${header(data)}
${tiles(data)}
${warnings(data)}
${parameters(data)}
${errors(data)}
${plots(data, rowsDrawn)}
${converged}
${correlation(data)}
<footer>${data.footer}</footer>`
  return renderPage({
    title: data.title,
    styles: ['page.css'],
    scripts: ['chart.mjs', 'page.mjs'],
    data: { data: { traces, convergence } },
    body,
  })
}
