import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { localPolynomial, noiseLevel, openFilter, resolveFilter } from '../../bindings/sysid/filter.js'
import { rng } from '../support/oracle.js'

const channel = (time: Float64Array, values: Float64Array) => ({
  name: 'q',
  unit: 'rad',
  time,
  values,
  interpolation: 'linear' as const,
})
const uniform = (n: number, period: number): Float64Array => Float64Array.from({ length: n }, (_, i) => i * period)

test('a polynomial up to the order comes back exactly, at any time, on uneven stamps, and at the ends', () => {
  const random = rng(1)
  let t = 0
  const time = Float64Array.from({ length: 200 }, () => {
    t += 0.002 + 0.006 * random.next()
    return t
  })
  const q = (x: number): number => 0.3 - 2 * x + 1.5 * x * x - 0.7 * x * x * x
  const dq = (x: number): number => -2 + 3 * x - 2.1 * x * x
  const c = channel(
    time,
    time.map(x => q(x)),
  )
  for (const at of [time[0], 0.1234, 0.5, time[199]]) {
    const local = localPolynomial(c, at, { kind: 'savitzky-golay', order: 3, width: 0.06 })
    assert.ok(Math.abs(local.value - q(at)) < 1e-10, `${at}`)
    assert.ok(Math.abs(local.slope - dq(at)) < 1e-8, `${at}: ${local.slope} ${dq(at)}`)
  }
})

test('on uniform samples the coefficients are the published ones (Savitzky and Golay 1964, table I: 5 points, quadratic)', () => {
  const time = uniform(41, 0.01)
  const impulse = new Float64Array(41)
  const smooth = [-3, 12, 17, 12, -3].map(v => v / 35)
  const slope = [-2, -1, 0, 1, 2].map(v => v / 10)
  for (let k = -2; k <= 2; k++) {
    impulse.fill(0)
    impulse[20 + k] = 1
    const local = localPolynomial(channel(time, impulse), time[20], { kind: 'savitzky-golay', order: 2, width: 0.04 })
    assert.ok(Math.abs(local.value - smooth[k + 2]) < 1e-12)
    assert.ok(Math.abs(local.slope * 0.01 - slope[k + 2]) < 1e-12)
  }
})

test('the stated noise gains are those of repeated noise, inside and at the ends', () => {
  const time = uniform(60, 0.005)
  const random = rng(3)
  for (const spec of [{ kind: 'savitzky-golay', order: 2, width: 0.05 } as const, { kind: 'difference' } as const]) {
    for (const at of [time[0], time[30]]) {
      let [vv, ss] = [0, 0]
      let gains: readonly number[] = []
      const n = 4000
      for (let k = 0; k < n; k++) {
        const noise = Float64Array.from(time, () => random.normal())
        const filtered = openFilter(channel(time, noise), spec).at(at)
        vv += filtered.value * filtered.value
        ss += filtered.slope * filtered.slope
        gains = filtered.gains
      }
      assert.ok(Math.abs(vv / n / gains[0] - 1) < 0.1, `${spec.kind} value at ${at}: ${vv / n} ${gains[0]}`)
      assert.ok(Math.abs(ss / n / gains[2] - 1) < 0.1, `${spec.kind} slope at ${at}: ${ss / n} ${gains[2]}`)
    }
  }
})

test('the noise of a noisy swing is found, and the filter has no phase', () => {
  const time = uniform(1000, 0.005)
  const random = rng(5)
  const c = channel(
    time,
    time.map(t => Math.sin(4 * t) + 0.01 * random.normal()),
  )
  for (const spec of [undefined, { kind: 'butterworth', cutoff: 12 } as const]) {
    const filter = openFilter(c, spec)
    assert.ok(Math.abs(filter.noise / 0.01 - 1) < 0.1, `${filter.noise}`)
    let lag = 0
    for (let t = 1; t < 4; t += 0.01) lag += (filter.at(t).slope / 4 - Math.cos(4 * t)) * Math.sin(4 * t)
    // a lag of tau seconds would add 4 tau sin² on average
    assert.ok(Math.abs(lag / 300 / 2) < 1e-3, `${lag / 600} s`)
  }
  assert.ok(
    noiseLevel(
      channel(
        time,
        time.map(t => Math.sin(4 * t)),
      ),
      resolveFilter(undefined, time),
    ) < 1e-4,
  )
})

test.run()
