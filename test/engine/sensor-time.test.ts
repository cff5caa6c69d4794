/** Sensors over time: trajectories, delays, sampling intervals, noise; worlds beside each other. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { philox, STREAM, seedWords } from '../../bindings/math/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, randomStates } from '../support/oracle.js'
import { type Inputs, put, scene, sites } from './sensed.js'

const TRAJECTORY =
  '<accelerometer site="imu"/><gyro site="imu"/><framequat objtype="site" objname="tip"/><force site="tip"/><clock/>'
const DELAYED = `<accelerometer site="imu" delay="0.0053" nsample="6" interp="linear"/><framepos objtype="body" objname="arm" delay="0.004" nsample="4"/>
  <gyro site="shin" nsample="3"/>`

for (const [integrator, sensors] of [
  ['Euler', TRAJECTORY + DELAYED],
  ['implicitfast', TRAJECTORY + DELAYED],
  ['RK4', TRAJECTORY],
] as const) {
  test(`a trajectory, ${integrator}: sensors are those of the step's beginning, delayed ones those of their time`, async () => {
    const xml = scene(sensors, `integrator="${integrator}"`)
    const oracle = await openOracle(xml)
    const [start] = randomStates(oracle, 1, 3, { velocity: 1 })
    const batch = await createBatch(await loadModel(xml), { nworld: 1 })
    put(oracle, start as unknown as Inputs)
    for (const name of ['qpos', 'qvel', 'ctrl'] as const) batch.set(name, start[name])
    for (let k = 0; k < 40; k++) {
      oracle.step()
      await batch.step()
      const ours = await batch.get('sensordata')
      const theirs = oracle.get('sensordata')
      for (let i = 0; i < theirs.length; i++) {
        const scale = Math.max(1, Math.abs(theirs[i]))
        assert.ok(
          Math.abs(ours[i] - theirs[i]) <= 1e-3 * scale,
          `step ${k}, number ${i}: ${ours[i]}, MuJoCo ${theirs[i]}`,
        )
      }
    }
    batch.dispose()
    oracle.dispose()
  })
}

for (const interp of ['zoh', 'linear', 'cubic']) {
  test(`sampling intervals with phase and delay, ${interp}`, async () => {
    const world = `<worldbody><body><joint name="a" axis="0 1 0" damping=".2"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/></body></worldbody><actuator><motor name="m" joint="a"/></actuator>`
    // no interval is a multiple of the timestep: there MuJoCo's own rounding decides
    const xml = scene(
      `<jointpos joint="a" interval="0.0071" nsample="3" interp="${interp}"/><jointvel joint="a" interval="0.0113 -0.0031" nsample="4" interp="${interp}"/>
       <actuatorfrc actuator="m" interval="0.0071" delay="0.0093" nsample="5" interp="${interp}"/><jointvel joint="a" interval="0.0031 -0.0017" delay="0.0201" nsample="9" interp="${interp}"/>
       <clock interval="0.0171" nsample="2"/><jointpos joint="a" interval="0.0007" nsample="2"/>`,
      '',
      world,
    )
    const oracle = await openOracle(xml)
    const batch = await createBatch(await loadModel(xml), { nworld: 2 })
    oracle.reset()
    for (let k = 0; k < 80; k++) {
      const ctrl = Math.sin(0.3 * k)
      oracle.write('ctrl', [ctrl])
      batch.set('ctrl', [ctrl])
      oracle.step()
      await batch.step()
      if (k === 30) batch.reset([0, 1])
      const ours = await batch.get('sensordata')
      oracle.get('sensordata').forEach((x, i) => {
        assert.ok(
          Math.abs(x - ours[i]) <= 1e-4 * Math.max(1, Math.abs(x)),
          `step ${k}, sensor ${i}: ${ours[i]}, MuJoCo ${x}`,
        )
      })
    }
    batch.dispose()
    oracle.dispose()
  })
}

test('an interval of whole timesteps samples at each of them', async () => {
  const xml = scene('<clock interval="0.01" nsample="1"/>')
  const batch = await createBatch(await loadModel(xml), { nworld: 1 })
  for (let k = 0; k < 2000; k++) {
    await batch.step()
    assert.ok(Math.abs((await batch.get('sensordata'))[0] - 0.01 * Math.floor(k / 5)) < 1e-5, `step ${k}`)
  }
  batch.dispose()
})

const NOISY = `<mujoco><option timestep="0.002"><flag contact="disable"/></option><worldbody><body pos="0 0 1"><joint name="a" type="slide" axis="1 0 0"/><geom type="sphere" size=".1" mass="1"/><site name="s" euler="10 20 30"/></body></worldbody>
  <sensor><jointpos joint="a" noise=".5"/><gyro site="s" noise="2"/><framezaxis objtype="site" objname="s" noise=".01"/><framequat objtype="site" objname="s" noise=".02"/><touch site="s" noise="1"/><clock/><jointvel joint="a" noise=".3" cutoff=".4"/></sensor></mujoco>`

test('noise: off by default; normal, unit vectors stay unit, the rest as declared', async () => {
  const model = await loadModel(NOISY)
  const nworld = 5000
  const quiet = await createBatch(model, { nworld: 1 })
  const noisy = await createBatch(model, { nworld, sensorNoise: true, seed: 7 })
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

test('noise: the words of Philox, whose twin is in bindings/math', async () => {
  const model = await loadModel(NOISY)
  const batch = await createBatch(model, { nworld: 6, sensorNoise: true, seed: -123456789012 })
  await batch.step(3)
  const clean = await createBatch(model, { nworld: 1 })
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

test('noise: a function of seed, world, reset and step, and nothing else', async () => {
  const model = await loadModel(NOISY)
  const run = async (nworld: number, seed: number, workers = 1): Promise<Float32Array[]> => {
    const batch = await createBatch(model, { nworld, seed, workers, sensorNoise: true })
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

test('a delayed reading under RK4 is the one of the step it comes from', async () => {
  const xml = scene(
    '<accelerometer site="imu"/><accelerometer site="imu" delay="0.004" nsample="4"/>',
    'integrator="RK4"',
  )
  const batch = await createBatch(await loadModel(xml), { nworld: 1 })
  batch.set('ctrl', [0.3, 0.5, 1])
  const readings: number[][] = []
  for (let k = 0; k < 20; k++) {
    await batch.step()
    readings.push([...(await batch.get('sensordata'))])
    if (k >= 2) assert.equal(readings[k].slice(3), readings[k - 2].slice(0, 3))
  }
  batch.dispose()
})
test('a world reads the same whatever its neighbours do', async () => {
  const xml = scene(
    `${sites(['accelerometer', 'gyro', 'force', 'torque'])}<subtreeangmom body="base"/><rangefinder site="imu"/><e_kinetic/><insidesite objtype="body" objname="arm" site="imu"/>`,
  )
  const oracle = await openOracle(xml)
  const states = randomStates(oracle, 4, 9)
  oracle.dispose()
  const model = await loadModel(xml)
  const read = async (order: readonly number[]): Promise<Float32Array> => {
    const batch = await createBatch(model, { nworld: order.length })
    for (const name of ['qpos', 'qvel', 'ctrl'] as const)
      batch.set(name, Float64Array.from(order.flatMap(i => [...states[i][name]])))
    await batch.step(3)
    const data = await batch.get('sensordata')
    batch.dispose()
    return data
  }
  const alone = await read([2])
  for (const order of [
    [0, 2, 1, 3],
    [2, 2, 3, 0],
    [1, 0, 3, 2],
  ]) {
    const data = await read(order)
    const at = order.indexOf(2) * alone.length
    assert.equal([...data.subarray(at, at + alone.length)], [...alone])
  }
})

test('an interval of one world is nothing to its neighbours', async () => {
  const model =
    await loadModel(`<mujoco><option timestep="0.004"/><worldbody><body><joint name="a" axis="0 1 0" damping=".1"/>
    <geom type="capsule" fromto="0 0 0 .3 0 -.4" size=".03"/></body></worldbody><sensor>
    <jointpos joint="a" nsample="8" delay=".013" interp="cubic"/><jointvel joint="a" nsample="5" delay=".011" interp="linear"/>
    <jointpos joint="a" nsample="3"/></sensor></mujoco>`)
  /** sensordata of each world after every step; period: that of each world */
  const shown = async (periods: readonly number[], starts: readonly number[]): Promise<Float32Array[]> => {
    const batch = await createBatch(model, { nworld: periods.length })
    batch.set('sensor_interval', Float64Array.from(periods.flatMap(x => [x, 0, x, 0, x, 0])))
    batch.set('qpos', starts)
    const rows: number[][] = periods.map(() => [])
    for (let k = 0; k < 40; k++) {
      await batch.step()
      const data = await batch.get('sensordata')
      for (const [w, row] of rows.entries()) row.push(...data.subarray(3 * w, 3 * w + 3))
    }
    batch.dispose()
    return rows.map(row => Float32Array.from(row))
  }
  const periods = [0, 0.01, 0, 0.007, 0.003, 0]
  const starts = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
  const together = await shown(periods, starts)
  for (const [w, period] of periods.entries())
    assert.equal(together[w], (await shown([period], [starts[w]]))[0], `world ${w}`)
  assert.is.not(together[1].join(), (await shown([0], [starts[1]]))[0].join())
})

test.run()
