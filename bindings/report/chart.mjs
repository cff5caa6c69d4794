// the charts of a report's page; inlined after uPlot, which is a global there, and before the page's own script
globalThis.charts = (() => {
  const root = document.documentElement
  const main = document.querySelector('main')
  const colour = name => getComputedStyle(root).getPropertyValue(`--${name}`).trim()
  const font = '12px system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif'
  let plots = []

  const number = (_, value) => (value === null || value === undefined ? '–' : String(Number(value.toPrecision(5))))
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

  const widthOf = element => Math.max(280, element.clientWidth)

  /**
   * one chart in an element; series are { label, colour, values, width, dash, spanGaps, points, className } over x,
   * bands { upper, lower, colour } lie between two series by their places in that list
   */
  function draw(element, { x, xLabel, xFormat, yLabel, height, series, bands, sync, log, legend }) {
    const options = {
      width: widthOf(element),
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
        axis(xLabel, { size: xLabel ? 40 : 28, ...(xFormat.ticks ? { values: xFormat.ticks } : {}) }),
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
          class: it.className,
          spanGaps: it.spanGaps ?? false,
          points: { show: it.points ?? false, size: 5, fill: colour(it.colour) },
          value: number,
        })),
      ],
      bands: (bands ?? []).map(it => ({
        series: [it.upper + 1, it.lower + 1],
        // the colours of the page are #rrggbb
        fill: `${colour(it.colour)}2e`,
      })),
    }
    const plot = new uPlot(options, [x, ...series.map(it => it.values)], element)
    plots.push({ plot, element, height })
    root.dataset.plots = String(plots.length)
  }

  /** all charts taken away, to be drawn anew */
  function clear() {
    for (const { plot } of plots) plot.destroy()
    plots = []
    root.dataset.plots = '0'
  }

  /** calls when the reader's system turns light or dark */
  const onTheme = call => matchMedia('(prefers-color-scheme: dark)').addEventListener('change', call)

  let width = main.clientWidth
  new ResizeObserver(() => {
    if (main.clientWidth === width) return
    width = main.clientWidth
    for (const { plot, element, height } of plots) plot.setSize({ width: widthOf(element), height })
  }).observe(main)

  return { draw, clear, colour, font, onTheme }
})()
