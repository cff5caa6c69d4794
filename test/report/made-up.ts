import type { ReportData } from '../../bindings/report/data.js'

/** A report of a pendulum that never was: a damped swing, fitted and held out, with every section in use. */
export function madeUpReport(change: Partial<ReportData> = {}): ReportData {
  const n = 6000
  const time = Float64Array.from({ length: n }, (_, i) => i * 0.001)
  const swing = (damping: number, frequency: number, noise: number): Float64Array =>
    time.map((t, i) => Math.exp(-damping * t) * Math.cos(frequency * t) + noise * Math.sin(1e4 * Math.sin(i)))
  const velocity = (values: Float64Array): Float64Array =>
    values.map((_, i) => (i === 0 || i === n - 1 ? 0 : ((values[i + 1] - values[i - 1]) * 1000) / 2))
  const traces = (['fit', 'holdout'] as const).flatMap((role, k) => {
    const common = { recording: role === 'fit' ? 'swing-1.csv' : 'swing-2.csv', role, time }
    const [measured, before, after] = [
      swing(0.4 + 0.1 * k, 6, 0.01),
      swing(0.15, 5.6, 0),
      swing(0.41 + 0.08 * k, 5.99, 0),
    ]
    return [
      { ...common, channel: 'joint/pendulum/qpos', unit: 'rad', measured, before, after },
      {
        ...common,
        channel: 'joint/pendulum/qvel',
        unit: 'rad/s',
        measured: velocity(swing(0.4, 6, 0.0001)),
        before: velocity(before),
        after: velocity(after),
      },
    ]
  })
  const names = [
    'body/pendulum/mass',
    'joint/pendulum/damping',
    'joint/pendulum/frictionloss',
    'actuator/servo/kp',
    'actuator/servo/delay',
  ]
  const p = names.length
  return {
    title: 'Identification of pendulum',
    date: '2026-03-14T09:26:53.000Z',
    facts: [
      ['model', 'pendulum.xml · 1 joint, 1 actuator'],
      ['date', '2026-03-14 09:26'],
      ['method', 'CMA-ES, then Gauss–Newton'],
      ['seed', '0'],
      ['evaluations', '2,412 in 8.4 s'],
      ['shooting', 'windows of 0.5 s'],
    ],
    recordings: [
      { name: 'swing-1.csv', role: 'fit', duration: 6 },
      { name: 'swing-2.csv', role: 'holdout', duration: 6 },
    ],
    parameters: [
      {
        name: names[0],
        unit: 'kg',
        start: 0.2,
        value: 0.18123,
        interval: [0.1789, 0.18356],
        lower: 0.05,
        upper: 0.5,
        flags: [],
      },
      {
        name: names[1],
        unit: 'N*m*s/rad',
        start: 0.001,
        value: 0.00342,
        interval: [0.00321, 0.00365],
        lower: 1e-5,
        upper: 0.1,
        flags: [],
      },
      {
        name: names[2],
        unit: 'N*m',
        start: 0.01,
        value: 0.0521,
        interval: [0.0488, 0.0554],
        lower: 0,
        upper: 0.2,
        flags: [],
      },
      {
        name: names[3],
        unit: 'N*m/rad',
        start: 5,
        value: 12,
        interval: [8.1, 12],
        lower: 1,
        upper: 12,
        flags: ['on its upper bound'],
      },
      { name: names[4], unit: 's', start: 0, value: 0.0123, lower: 0, upper: 0.05, flags: ['no effect'] },
    ],
    errors: traces.map((trace, k) => ({
      recording: trace.recording,
      role: trace.role,
      channel: trace.channel,
      unit: trace.unit,
      before: { rmse: 0.41 + 0.1 * k, mae: 0.33 + 0.1 * k },
      after: { rmse: 0.0121 * (k + 1), mae: 0.0093 * (k + 1) },
    })),
    warnings: [
      'actuator/servo/kp ended on its upper bound (12 N*m/rad): widen the bounds, or the model lacks what this value stands in for.',
      'actuator/servo/delay has no effect on any measured channel; its value means nothing.',
    ],
    convergence: [
      {
        name: 'CMA-ES',
        evaluations: Array.from({ length: 150 }, (_, i) => 16 * (i + 1)),
        cost: Array.from({ length: 150 }, (_, i) => 0.02 + 30 * Math.exp(-i / 12)),
      },
      { name: 'Gauss–Newton', evaluations: [6, 12, 18, 24], cost: [0.02, 0.012, 0.0101, 0.01] },
    ],
    correlation: Array.from({ length: p * p }, (_, k) => {
      const [i, j] = [Math.floor(k / p), k % p]
      if (i === j) return 1
      return i === 4 || j === 4 ? Number.NaN : Math.cos(3 * (i + j)) * (i + j === 1 ? 0.98 : 0.7)
    }),
    condition: 412,
    traces,
    footer: 'simcrank 0.1.0 · simcrank identify pendulum.xml swing-1.csv --holdout swing-2.csv --space space.json',
    ...change,
  }
}
