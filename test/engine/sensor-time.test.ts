/** Sensors over time: trajectories, delays, sampling intervals; worlds beside each other. Their noise: test/api/sensors.ts. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
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

test.run()
