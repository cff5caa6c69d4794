// draws the plots of a report; inlined into the page after uPlot, which is a global there
;(() => {
  const data = JSON.parse(document.getElementById('data').textContent)
  const root = document.documentElement
  const colour = name => getComputedStyle(root).getPropertyValue(`--${name}`).trim()
  const font = '12px system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif'
  let plots = []

  const number = (_, value) => (value === null || value === undefined ? '–' : String(Number(value.toPrecision(5))))

  function axis(label, options) {
    return {
      stroke: colour('faint'),
      font,
      labelFont: font,
      label,
      labelSize: 20,
      grid: { stroke: colour('line'), width: 1 },
      ticks: { stroke: colour('line'), width: 1 },
      ...options,
    }
  }

  /** one chart in an element; series are { label, colour, values, width } over x */
  function draw(element, { x, xLabel, xFormat, yLabel, height, series, sync, log, legend }) {
    const options = {
      width: Math.max(280, element.clientWidth),
      height,
      legend: { show: legend },
      cursor: {
        y: false,
        points: { size: 5 },
        drag: { x: true, y: false },
        ...(sync ? { sync: { key: sync, setSeries: false } } : {}),
      },
      scales: { x: { time: false }, y: log ? { distr: 3 } : {} },
      axes: [
        axis(xLabel, { size: xLabel ? 40 : 28 }),
        axis(yLabel, { size: 68, space: 24, values: log ? powers : ticks }),
      ],
      series: [
        {
          label: xFormat.label,
          value: (_, value) => (value === null || value === undefined ? '–' : xFormat.text(value)),
        },
        ...series.map(it => ({
          label: it.label,
          stroke: colour(it.colour),
          width: it.width ?? 1.5,
          dash: it.dash,
          spanGaps: it.spanGaps ?? false,
          points: { show: false },
          value: number,
        })),
      ],
    }
    const plot = new uPlot(options, [x, ...series.map(it => it.values)], element)
    plots.push({ plot, element, height })
  }

  const ticks = (_, splits) => splits.map(value => (value === null ? '' : String(Number(value.toPrecision(6)))))
  // uPlot hides the ticks between powers of ten by null
  const powers = (_, splits) =>
    splits.map(value =>
      value === null
        ? ''
        : value >= 1e-3 && value < 1e5
          ? String(Number(value.toPrecision(3)))
          : value.toExponential(0),
    )
  const seconds = { label: 'time', text: value => `${value.toFixed(3)} s` }
  const count = { label: 'evaluations', text: value => String(value) }

  function drawTrace(figure) {
    const trace = data.traces[Number(figure.dataset.trace)]
    const minus = simulated =>
      trace.measured.map((value, i) => (value === null || simulated[i] === null ? null : value - simulated[i]))
    const before = trace.before !== undefined
    const sync = `trace ${figure.dataset.trace}`
    draw(figure.querySelector('.plot'), {
      x: trace.time,
      xFormat: seconds,
      yLabel: trace.unit,
      height: 220,
      sync,
      legend: true,
      series: [
        ...(before ? [{ label: 'simulated before', colour: 'before', values: trace.before, dash: [5, 3] }] : []),
        { label: 'measured', colour: 'measured', values: trace.measured, width: 2 },
        { label: 'simulated after', colour: 'after', values: trace.after },
      ],
    })
    // on its own scale: what is left of the error is smaller than what was there
    draw(figure.querySelector('.residual'), {
      x: trace.time,
      xFormat: seconds,
      xLabel: 'time, s',
      yLabel: 'residual',
      height: 150,
      sync,
      legend: false,
      series: [{ label: 'residual after', colour: 'after', values: minus(trace.after), width: 1 }],
    })
  }

  function drawConvergence(element) {
    const { evaluations, stages } = data.convergence
    const positive = stages.every(stage => stage.cost.every(value => value === null || value > 0))
    const colours = ['after', 'before', 'measured', 'faint']
    draw(element, {
      x: evaluations,
      xFormat: count,
      xLabel: 'evaluations',
      yLabel: 'cost',
      height: 240,
      legend: true,
      log: positive,
      series: stages.map((stage, k) => ({
        label: stage.name,
        colour: colours[k % colours.length],
        values: stage.cost,
        width: 2,
        spanGaps: true,
      })),
    })
  }

  function drawAll(everything) {
    for (const { plot } of plots) plot.destroy()
    plots = []
    for (const figure of document.querySelectorAll('figure[data-trace]')) {
      if (everything || figure.closest('details').open) drawTrace(figure)
    }
    const convergence = document.querySelector('#convergence .plot')
    if (convergence !== null) drawConvergence(convergence)
    root.dataset.plots = String(plots.length)
  }

  drawAll(false)
  let width = document.querySelector('main').clientWidth
  new ResizeObserver(() => {
    const now = document.querySelector('main').clientWidth
    if (now === width) return
    width = now
    for (const { plot, element, height } of plots) plot.setSize({ width: Math.max(280, element.clientWidth), height })
  }).observe(document.querySelector('main'))
  for (const details of document.querySelectorAll('details')) {
    details.addEventListener('toggle', () => {
      const figures = [...details.querySelectorAll('figure[data-trace]')]
      if (details.open) for (const figure of figures) if (figure.querySelector('.uplot') === null) drawTrace(figure)
    })
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawAll(false))
  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details')) details.open = true
    drawAll(true)
  })
})()
