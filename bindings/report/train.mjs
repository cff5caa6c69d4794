// draws the learning curves of a training run; inlined into the page after chart.mjs
;(() => {
  const { curve, solved } = JSON.parse(document.getElementById('data').textContent)
  const element = document.querySelector('#curves .plot')
  if (element === null) return

  const short = value =>
    [
      [1e9, ' G'],
      [1e6, ' M'],
      [1e3, ' k'],
    ].reduce(
      (text, [unit, name]) => text ?? (value >= unit ? `${Number((value / unit).toPrecision(4))}${name}` : undefined),
      undefined,
    ) ?? String(Number(value.toPrecision(4)))
  const ticks = (_, splits) => splits.map(value => (value === null ? '' : short(value)))
  const AXES = {
    generation: { label: 'generation', title: 'generation', text: String },
    envSteps: { label: 'steps', title: 'environment steps', text: short, ticks },
    seconds: { label: 'time', title: 'wall time, s', text: value => `${value.toFixed(1)} s` },
  }

  function draw() {
    charts.clear()
    const { value } = document.querySelector('#curves input:checked')
    const beside = sign =>
      curve.evaluation.map((mean, i) =>
        mean === null || curve.evaluationStd[i] === null ? null : mean + sign * curve.evaluationStd[i],
      )
    const evaluated = curve.evaluation.filter(mean => mean !== null).length
    const edge = { colour: 'evaluation', width: 0, spanGaps: true, className: 'unsaid' }
    const known = curve.evaluationStd !== undefined
    const series = [
      { label: 'mean of the members', colour: 'before', values: curve.mean },
      { label: 'best member', colour: 'faint', values: curve.best, width: 1 },
      {
        label: 'evaluation',
        colour: 'evaluation',
        values: curve.evaluation,
        width: 2,
        spanGaps: true,
        points: evaluated <= 60,
      },
      ...(solved === undefined
        ? []
        : [{ label: 'solved', colour: 'measured', values: curve.mean.map(() => solved), width: 1, dash: [2, 4] }]),
      ...(known
        ? [
            { ...edge, label: '+1 sd', values: beside(1) },
            { ...edge, label: '-1 sd', values: beside(-1) },
          ]
        : []),
    ]
    charts.draw(element, {
      x: curve[value],
      xLabel: AXES[value].title,
      xFormat: AXES[value],
      yLabel: 'return',
      height: 320,
      legend: true,
      series,
      bands: known ? [{ upper: series.length - 2, lower: series.length - 1, colour: 'evaluation' }] : [],
    })
    element.dataset.axis = value
  }

  draw()
  for (const input of document.querySelectorAll('#curves input')) input.addEventListener('change', draw)
  charts.onTheme(draw)
})()
