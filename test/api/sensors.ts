/** Sensors of a batch: noise, delays and sampling intervals; delays of actuators. */
import * as assert from 'uvu/assert'
import { philox, STREAM, seedWords } from '../../bindings/math/index.js'
import { create, SWING, testList } from './host.js'

const { list, test } = testList()
export const sensorTests = list

test('noise: off by default; normal, unit vectors stay unit, the rest as declared', async host => {
  const nworld = 5000
  const quiet = await create(host, 'noisy', { nworld: 1 })
  const noisy = await create(host, 'noisy', { nworld, sensorNoise: true, seed: 7 })
  await quiet.step()
  await noisy.step()
  const clean = await quiet.get('sensordata')
  const data = await noisy.get('sensordata')
  const n = clean.length
  const column = (k: number): number[] => Array.from({ length: nworld }, (_, w) => data[w * n + k] - clean[k])
  const moments = (x: readonly number[]): [number, number, number] => {
    const mean = x.reduce((a, b) => a + b) / x.length
    const central = (p: number): number => x.reduce((a, b) => a + (b - mean) ** p, 0) / x.length
    return [mean, Math.sqrt(central(2)), central(4) / central(2) ** 2]
  }
  for (const [k, std] of [
    [0, 0.5],
    [1, 2],
    [2, 2],
    [3, 2],
  ] as const) {
    const [mean, deviation, kurtosis] = moments(column(k))
    // four standard errors
    assert.ok(Math.abs(mean) < (4 * std) / Math.sqrt(nworld), `${k}: mean ${mean}`)
    assert.ok(Math.abs(deviation / std - 1) < 4 / Math.sqrt(2 * nworld), `${k}: deviation ${deviation}`)
    assert.ok(Math.abs(kurtosis - 3) < 4 * Math.sqrt(24 / nworld), `${k}: kurtosis ${kurtosis}`)
  }
  const correlation = column(1).reduce((a, x, w) => a + x * column(2)[w], 0) / nworld / 4
  assert.ok(Math.abs(correlation) < 4 / Math.sqrt(nworld), `correlation ${correlation}`)
  let turn = 0
  for (let w = 0; w < nworld; w++) {
    const row = data.subarray(w * n, (w + 1) * n)
    assert.ok(Math.abs(Math.hypot(...row.subarray(4, 7)) - 1) < 1e-6)
    assert.ok(Math.abs(Math.hypot(...row.subarray(7, 11)) - 1) < 1e-6)
    const cosine = Math.abs(row[7] * clean[7] + row[8] * clean[8] + row[9] * clean[9] + row[10] * clean[10])
    turn += (2 * Math.acos(Math.min(1, cosine))) ** 2 / nworld
    // what senses nothing says nothing; a cutoff holds for noise too
    assert.is(row[11], 0)
    assert.is(row[12], 0)
    assert.ok(Math.abs(row[13]) <= Math.fround(0.4))
  }
  assert.ok(Math.abs(Math.sqrt(turn / 3) / 0.02 - 1) < 0.05, `turn ${Math.sqrt(turn / 3)}`)
  quiet.dispose()
  noisy.dispose()
})

test('noise: the words of Philox, whose twin is in bindings/math', async host => {
  const batch = await create(host, 'noisy', { nworld: 6, sensorNoise: true, seed: -123456789012 })
  await batch.step(3)
  const clean = await create(host, 'noisy', { nworld: 1 })
  await clean.step(3)
  const [data, truth] = [await batch.get('sensordata'), await clean.get('sensordata')]
  const [lo, hi] = seedWords(-123456789012)
  const words = new Uint32Array(4)
  for (let w = 0; w < 6; w++) {
    // the readings of the third step, at time 2 h; the first four components share a block
    philox(0, w, 2, STREAM.sensor, lo, hi, words)
    const [u, v] = [0, 1].map(k => ((words[k] >>> 9) + 0.5) / 8388608)
    const z = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)
    const at = (w * data.length) / 6
    assert.ok(Math.abs(data[at] - truth[0] - 0.5 * z) < 1e-5, `world ${w}: ${data[at]}, ${truth[0] + 0.5 * z}`)
  }
  batch.dispose()
  clean.dispose()
})

test('noise: a function of seed, world, reset and step, and nothing else', async host => {
  const run = async (nworld: number, seed: number, workers = 1): Promise<Float32Array[]> => {
    const batch = await create(host, 'noisy', { nworld, seed, workers, sensorNoise: true })
    const rows: Float32Array[] = []
    for (let k = 0; k < 3; k++) {
      await batch.step()
      rows.push(await batch.get('sensordata'))
    }
    batch.reset()
    batch.reset()
    await batch.step()
    rows.push(await batch.get('sensordata'))
    batch.dispose()
    return rows
  }
  const [a, b, many, other] = [await run(6, 1), await run(6, 1, 2), await run(9, 1), await run(6, 2)]
  a.forEach((row, k) => {
    assert.equal([...b[k]], [...row])
    assert.equal([...many[k].subarray(0, row.length)], [...row])
    assert.not.equal([...other[k]], [...row])
  })
  // steps and resets differ; so do worlds
  assert.not.equal(a[0][1], a[1][1])
  assert.not.equal(a[0][1], a[3][1])
  assert.not.equal(a[0][1], a[0][15])
})

test('actuators and sensors with delays, sampling intervals and interpolation are those of MuJoCo, before a reset and after', async host => {
  const batch = await create(host, 'swing', { nworld: 2 })
  for (const [k, { ctrl, results }] of host.answers.swing.entries()) {
    batch.set('ctrl', ctrl)
    await batch.step()
    for (const [name, theirs] of Object.entries(results)) {
      const ours = await batch.get(name)
      theirs.forEach((x, i) => {
        for (const w of [0, 1]) {
          const got = ours[w * theirs.length + i]
          assert.ok(
            Math.abs(got - x) <= 1e-4 * Math.max(1, Math.abs(x)),
            `step ${k}, ${name}[${i}]: ${got}, MuJoCo ${x}`,
          )
        }
      })
    }
    if (k === SWING.reset) batch.reset([1, 1])
  }
  batch.dispose()
})

test('an interval of one world is nothing to its neighbours', async host => {
  /** sensordata of each world after every step; period: that of each world */
  const shown = async (periods: readonly number[], starts: readonly number[]): Promise<Float32Array[]> => {
    const batch = await create(host, 'swing', { nworld: periods.length })
    const { nsensor, nsensordata: n } = batch.model
    batch.set('sensor_interval', Float64Array.from(periods.flatMap(x => new Array(nsensor).fill([x, 0]).flat())))
    batch.set('qpos', starts)
    const rows: number[][] = periods.map(() => [])
    for (let k = 0; k < 40; k++) {
      await batch.step()
      const data = await batch.get('sensordata')
      for (const [w, row] of rows.entries()) row.push(...data.subarray(n * w, n * (w + 1)))
    }
    batch.dispose()
    return rows.map(row => Float32Array.from(row))
  }
  const periods = [0, 0.01, 0, 0.007, 0.003, 0]
  const starts = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
  const together = await shown(periods, starts)
  for (const [w, period] of periods.entries())
    assert.equal(together[w], (await shown([period, 0.02], [starts[w], 0]))[0], `world ${w}`)
  assert.not.equal(together[1], (await shown([0, 0], [starts[1], 0]))[0])
})
