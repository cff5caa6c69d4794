// draws the plots of an identification's report; inlined into the page after chart.mjs
;(() => {
  const data = JSON.parse(document.getElementById('data').textContent)
  const { draw } = charts
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
    charts.clear()
    for (const figure of document.querySelectorAll('figure[data-trace]')) {
      if (everything || figure.closest('details').open) drawTrace(figure)
    }
    const convergence = document.querySelector('#convergence .plot')
    if (convergence !== null) drawConvergence(convergence)
  }

  drawAll(false)
  for (const details of document.querySelectorAll('details')) {
    details.addEventListener('toggle', () => {
      const figures = [...details.querySelectorAll('figure[data-trace]')]
      if (details.open) for (const figure of figures) if (figure.querySelector('.uplot') === null) drawTrace(figure)
    })
  }
  charts.onTheme(() => drawAll(false))
  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details')) details.open = true
    drawAll(true)
  })
})()
