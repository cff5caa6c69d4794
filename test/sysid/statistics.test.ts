import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { autocorrelationTime, fitStatistics } from '../../bindings/sysid/statistics.js'
import { weakestDirection } from '../../bindings/sysid/words.js'
import { rng } from '../support/oracle.js'

/** Least-squares line a + b x in z coordinates: columns 1 and x. */
function line(n: number): { columns: Float64Array; x: Float64Array } {
  const x = Float64Array.from({ length: n }, (_, i) => (2 * i) / (n - 1) - 1)
  const columns = new Float64Array(2 * n)
  columns.fill(1, 0, n)
  columns.set(x, n)
  return { columns, x }
}

/** Residuals data - fit of the ordinary least-squares line, and the fit. */
function fitLine(x: Float64Array, y: Float64Array): { residuals: Float64Array; fit: [number, number] } {
  const n = x.length
  let [sx, sy, sxx, sxy] = [0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    sx += x[i]
    sy += y[i]
    sxx += x[i] * x[i]
    sxy += x[i] * y[i]
  }
  const b = (n * sxy - sx * sy) / (n * sxx - sx * sx)
  const a = (sy - b * sx) / n
  return { residuals: x.map((v, i) => a + b * v - y[i]), fit: [a, b] }
}

const whole = (n: number) => [{ channel: 0, begin: 0, end: n }]

test('a direction whose derivatives change with their step is open, however steep it looks', () => {
  const n = 400
  const { columns, x } = line(n)
  // the second column is the first and a little of x, and that little is gone with a wider step
  for (let i = 0; i < n; i++) columns[n + i] = 1 + 0.05 * x[i]
  const random = rng(4)
  const residuals = x.map(() => 1e-4 * random.normal())
  const input = { columns, residuals, series: whole(n), nchannel: 1, rounding: new Float64Array(2) }
  const error = new Float64Array(2 * n)
  for (let i = 0; i < n; i++) error[n + i] = -0.05 * x[i]
  const steady = fitStatistics({ ...input, error: error.map(v => 0.01 * v) })
  assert.equal(steady.gauge, [])
  assert.ok(steady.stderr[1] < 0.01)
  const jumpy = fitStatistics({ ...input, error })
  assert.equal(jumpy.gauge, [0])
  assert.ok(jumpy.stderr[1] > 0.3, `${jumpy.stderr[1]}`)
})

test('white residuals: the textbook standard errors of a straight line', () => {
  const n = 400
  const { columns, x } = line(n)
  const random = rng(3)
  const y = x.map(v => 0.1 + 0.2 * v + 0.05 * random.normal())
  const { residuals } = fitLine(x, y)
  const s = fitStatistics({ columns, residuals, series: whole(n), nchannel: 1, rounding: new Float64Array(2) })
  let squares = 0
  let sxx = 0
  for (let i = 0; i < n; i++) {
    squares += residuals[i] * residuals[i]
    sxx += x[i] * x[i]
  }
  const sigma = Math.sqrt(squares / (n - 2))
  const tau = Math.sqrt(s.channels[0].correlationTime)
  assert.ok(tau < 1.1, `${tau}`)
  assert.ok(Math.abs(s.stderr[0] / ((tau * sigma) / Math.sqrt(n)) - 1) < 1e-3)
  assert.ok(Math.abs(s.stderr[1] / ((tau * sigma) / Math.sqrt(sxx)) - 1) < 1e-3)
  assert.ok(Math.abs(s.correlation[1]) < 1e-10)
  // columns 1 and x are orthogonal
  assert.ok(Math.abs(s.condition - 1) < 1e-9)
  assert.ok(Math.abs(s.t95 - 1.966) < 0.003, `${s.t95}`)
})

test('correlated residuals: the integrated time of an AR(1) process is (1 + a) / (1 - a)', () => {
  const random = rng(5)
  const n = 200000
  for (const a of [0, 0.5, 0.9]) {
    const r = new Float64Array(n)
    for (let i = 1; i < n; i++) r[i] = a * r[i - 1] + random.normal()
    const expected = (1 + a) / (1 - a)
    const time = autocorrelationTime(r, [{ begin: 0, end: n }])
    assert.ok(Math.abs(time / expected - 1) < 0.1, `${a}: ${time} ${expected}`)
  }
})

test('intervals cover the truth at the stated rate, with white and with correlated noise', () => {
  const n = 300
  const { columns, x } = line(n)
  for (const a of [0, 0.8]) {
    const random = rng(11)
    const covered = [0, 0]
    const trials = 400
    for (let k = 0; k < trials; k++) {
      let noise = 0
      for (let i = 0; i < 50; i++) noise = a * noise + 0.05 * random.normal()
      const y = x.map(v => {
        noise = a * noise + 0.05 * random.normal()
        return 0.1 + 0.2 * v + noise
      })
      const { residuals, fit } = fitLine(x, y)
      const s = fitStatistics({ columns, residuals, series: whole(n), nchannel: 1, rounding: new Float64Array(2) })
      if (Math.abs(fit[0] - 0.1) <= s.t95 * s.stderr[0]) covered[0]++
      if (Math.abs(fit[1] - 0.2) <= s.t95 * s.stderr[1]) covered[1]++
    }
    for (const c of covered) assert.ok(c / trials >= 0.91 && c / trials <= 0.985, `a = ${a}: ${c / trials}`)
  }
})

test('channels of different noise: the sandwich covers where one common variance would not', () => {
  // both channels see the same slope, the second with ten times the noise
  const n = 200
  const random = rng(17)
  const columns = Float64Array.from({ length: 2 * n }, () => 1)
  let covered = 0
  const trials = 400
  for (let k = 0; k < trials; k++) {
    const y = Float64Array.from({ length: 2 * n }, (_, i) => (i < n ? 0.01 : 0.1) * random.normal())
    const fit = y.reduce((sum, v) => sum + v, 0) / (2 * n)
    const series = [
      { channel: 0, begin: 0, end: n },
      { channel: 1, begin: n, end: 2 * n },
    ]
    const s = fitStatistics({
      columns,
      residuals: y.map(v => fit - v),
      series,
      nchannel: 2,
      rounding: new Float64Array(1),
    })
    if (Math.abs(fit) <= s.t95 * s.stderr[0]) covered++
  }
  assert.ok(covered / trials >= 0.91, `${covered / trials}`)
})

test('the error of a measured initial state widens the interval as it must', () => {
  // y = c + theta t from a start c known to 0.1 only; residuals are otherwise white, 0.01
  const n = 100
  const t = Float64Array.from({ length: n }, (_, i) => i / n)
  const random = rng(23)
  let covered = 0
  let naive = 0
  const trials = 400
  let tt = 0
  for (let i = 0; i < n; i++) tt += t[i] * t[i]
  for (let k = 0; k < trials; k++) {
    const c = 0.1 * random.normal()
    const y = t.map(v => 0.3 * v + 0.01 * random.normal())
    let slope = 0
    for (let i = 0; i < n; i++) slope += (t[i] * (y[i] - c)) / tt
    const residuals = t.map((v, i) => c + slope * v - y[i])
    const common = {
      columns: t,
      residuals: Float64Array.from({ length: n }, () => 0.01 * random.normal()),
      series: whole(n),
      nchannel: 1,
      rounding: new Float64Array(1),
    }
    assert.is(residuals.length, n)
    const initial = {
      columns: new Float64Array(n).fill(1),
      segments: [{ begin: 0, end: n }],
      covariance: Float64Array.of(0.01),
    }
    const honest = fitStatistics({ ...common, initial })
    const plain = fitStatistics(common)
    if (Math.abs(slope - 0.3) <= honest.t95 * honest.stderr[0]) covered++
    if (Math.abs(slope - 0.3) <= plain.t95 * plain.stderr[0]) naive++
  }
  assert.ok(covered / trials > 0.92 && covered / trials < 0.98, `${covered / trials}`)
  assert.ok(naive / trials < 0.3)
})

test('huber: intervals of a contaminated line cover', () => {
  const n = 300
  const { columns, x } = line(n)
  const random = rng(29)
  let covered = 0
  const trials = 200
  for (let k = 0; k < trials; k++) {
    const y = x.map(v => 0.1 + 0.2 * v + (random.next() < 0.1 ? 1.0 : 0.02) * random.normal())
    const delta = 0.03
    // huber by reweighting
    let fit: [number, number] = [0, 0]
    for (let it = 0; it < 60; it++) {
      let [sw, sx, sxx, sy, sxy] = [0, 0, 0, 0, 0]
      for (let i = 0; i < n; i++) {
        const r = Math.abs(fit[0] + fit[1] * x[i] - y[i])
        const w = r <= delta ? 1 : delta / r
        sw += w
        sx += w * x[i]
        sxx += w * x[i] * x[i]
        sy += w * y[i]
        sxy += w * x[i] * y[i]
      }
      const d = sw * sxx - sx * sx
      fit = [(sy * sxx - sx * sxy) / d, (sw * sxy - sx * sy) / d]
    }
    const residuals = x.map((v, i) => fit[0] + fit[1] * v - y[i])
    const huber = new Float64Array(n).fill(delta)
    const s = fitStatistics({ columns, residuals, series: whole(n), nchannel: 1, huber, rounding: new Float64Array(2) })
    if (Math.abs(fit[1] - 0.2) <= s.t95 * s.stderr[1]) covered++
    assert.ok(s.stderr[1] < 0.01)
  }
  assert.ok(covered / trials >= 0.9, `${covered / trials}`)
})

test('a gauge direction is found, bounded by the box, and said in words', () => {
  // residuals depend on b / m only: in log coordinates the columns are equal and opposite
  const n = 200
  const random = rng(31)
  const base = Float64Array.from({ length: n }, () => random.normal())
  const columns = new Float64Array(3 * n)
  for (let i = 0; i < n; i++) {
    columns[i] = base[i]
    columns[n + i] = -base[i]
    columns[2 * n + i] = random.normal()
  }
  const residuals = Float64Array.from({ length: n }, () => 0.01 * random.normal())
  const s = fitStatistics({
    columns,
    residuals,
    series: whole(n),
    nchannel: 1,
    rounding: Float64Array.of(1e-4, 1e-4, 1e-4),
  })
  assert.equal(s.gauge, [0])
  assert.ok(s.stderr[0] > 0.3 && s.stderr[0] < 0.6, `${s.stderr}`)
  assert.ok(s.stderr[2] < 0.002)
  assert.ok(s.correlation[1] > 0.99)
  // log transform: relative change = slope / value equal for both
  const words = weakestDirection(s, ['gear', 'mass', 'damping'], Float64Array.of(3, 2, 1), Float64Array.of(3, 2, 1))
  assert.ok(words?.includes('only their ratio gear / mass') || words?.includes('only their ratio mass / gear'), words)
  assert.not.ok(words?.includes('damping'))
})

test('a parameter without effect is named and does not spoil the others', () => {
  const n = 100
  const { columns, x } = line(n)
  const three = new Float64Array(3 * n)
  three.set(columns)
  for (let i = 0; i < n; i++) three[2 * n + i] = 1e-9 * x[i] * x[i]
  const random = rng(37)
  const residuals = Float64Array.from({ length: n }, () => 0.01 * random.normal())
  const s = fitStatistics({
    columns: three,
    residuals,
    series: whole(n),
    nchannel: 1,
    rounding: Float64Array.of(1e-5, 1e-5, 100),
  })
  assert.equal([...s.effect], [true, true, false])
  assert.ok(s.stderr[0] < 0.003)
  assert.ok(Math.abs(s.stderr[2] - Math.sqrt(1 / 3)) < 0.01)
})

test.run()
