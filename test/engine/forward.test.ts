/** The engine against MuJoCo: accelerations from random moving states, stage by stage, integrators, sensors, delays. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, randomStates } from '../support/oracle.js'
import { skippable } from '../support/skip.js'
import { SCENES } from './scenes.js'

const flat = (states: readonly Record<string, Float64Array>[], field: string): Float64Array =>
  Float64Array.from(states.flatMap(s => [...s[field]]))
const peak = (values: ArrayLike<number>): number =>
  Array.prototype.reduce.call(values, (a, x) => Math.max(a as number, Math.abs(x as number)), 0) as number
const percentile = (values: number[], p: number): number =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(p * values.length))]

/** largest difference relative to the largest value of the field over all states: entries near 0 have no digits of their own */
const STAGES: Readonly<Record<string, number>> = {
  xpos: 2e-6,
  xquat: 2e-6,
  xipos: 2e-6,
  xanchor: 2e-6,
  xaxis: 2e-6,
  cdof: 3e-6,
  cvel: 1e-5,
  cdof_dot: 3e-5,
  qM: 1e-5,
  qfrc_bias: 3e-5,
  qfrc_passive: 1e-5,
  qfrc_actuator: 1e-5,
  actuator_force: 1e-5,
  actuator_length: 1e-5,
  actuator_velocity: 1e-5,
  act_dot: 1e-5,
  sensordata: 1e-5,
}
/** the relative error of qacc that 99 of 100 random moving states must keep */
const QACC = 1e-4
const STATES = 1000

async function compare(xml: string, states = STATES): Promise<{ qacc: number; stages: Record<string, number> }> {
  const model = await loadModel(xml)
  const oracle = await openOracle(xml)
  const moving = randomStates(oracle, states, 7) as unknown as Record<string, Float64Array>[]
  const batch = await createBatch(model, { nworld: states })
  for (const field of ['qpos', 'qvel', 'ctrl', 'act']) if (batch.size(field) > 0) batch.set(field, flat(moving, field))
  await batch.forward()
  const names = Object.keys(STAGES).filter(f => batch.size(f) > 0)
  const ours: Record<string, Float32Array> = {}
  for (const field of [...names, 'qacc']) ours[field] = await batch.get(field)
  const error: Record<string, number> = {}
  const size: Record<string, number> = {}
  const qacc: number[] = []
  moving.forEach((state, w) => {
    oracle.reset()
    for (const field of ['qpos', 'qvel', 'ctrl', 'act']) if (batch.size(field) > 0) oracle.write(field, state[field])
    oracle.forward()
    const difference = (field: string): number => {
      const theirs = oracle.get(field)
      const n = ours[field].length / states
      assert.is(theirs.length, n, `${field}: length`)
      return peak(theirs.map((x, i) => x - ours[field][w * n + i]))
    }
    for (const field of names) {
      error[field] = Math.max(error[field] ?? 0, difference(field))
      size[field] = Math.max(size[field] ?? 0, peak(oracle.get(field)))
    }
    const scale = Math.max(peak(oracle.get('qacc')), peak(oracle.get('qacc_smooth')), 1e-9)
    qacc.push(difference('qacc') / scale)
  })
  batch.dispose()
  oracle.dispose()
  return {
    qacc: percentile(qacc, 0.99),
    stages: Object.fromEntries(names.map(f => [f, error[f] / Math.max(size[f], 1e-6)])),
  }
}

for (const [name, xml] of Object.entries(SCENES)) {
  test(`qacc and its stages: ${name}`, async () => {
    const { qacc, stages } = await compare(xml)
    for (const [field, limit] of Object.entries(STAGES)) {
      if (field in stages) assert.ok(stages[field] <= limit, `${field}: ${stages[field]} > ${limit}`)
    }
    assert.ok(qacc <= QACC, `qacc: ${qacc} > ${QACC}`)
  })
}

const models = fileURLToPath(new URL('../../../shared/models/', import.meta.url))
const standard = skippable(test, existsSync(models), 'the robot models in ../shared/models are not here')
/** what 99 of 100 states must keep; seven joints in series lose more to rounding than two */
const STANDARD = { cartpole: QACC, double_pendulum_cart: QACC, acrobot: QACC, reacher: QACC, panda: 3e-4 }

for (const [name, limit] of Object.entries(STANDARD)) {
  standard(`qacc of a standard robot: ${name}`, async () => {
    const xml = readFileSync(`${models}${name}.xml`, 'utf8')
    const { qacc } = await compare(xml.replace('</mujoco>', '<option><flag contact="disable"/></option></mujoco>'))
    assert.ok(qacc <= limit, `${qacc} > ${limit}`)
  })
}

/** error of qpos and qvel after some steps from random states, relative to how far the state moves */
async function trajectory(xml: string, nstep: number, states = 40): Promise<number> {
  const model = await loadModel(xml)
  const oracle = await openOracle(xml)
  const moving = randomStates(oracle, states, 11, { velocity: 1 }) as unknown as Record<string, Float64Array>[]
  const batch = await createBatch(model, { nworld: states })
  const fields = ['qpos', 'qvel', 'ctrl', 'act'].filter(f => batch.size(f) > 0)
  for (const field of fields) batch.set(field, flat(moving, field))
  await batch.step(nstep)
  const errors: number[] = []
  const ours = { qpos: await batch.get('qpos'), qvel: await batch.get('qvel'), act: await batch.get('act') }
  moving.forEach((state, w) => {
    oracle.reset()
    for (const field of fields) oracle.write(field, state[field])
    oracle.step(nstep)
    let worst = 0
    for (const field of ['qpos', 'qvel', 'act'] as const) {
      const n = batch.size(field)
      if (n === 0) continue
      const theirs = oracle.get(field)
      worst = Math.max(worst, peak(theirs.map((x, i) => x - ours[field][w * n + i])) / Math.max(1, peak(theirs)))
    }
    errors.push(worst)
  })
  batch.dispose()
  oracle.dispose()
  return percentile(errors, 0.95)
}

/** bristles of LuGre friction are stiff: the explicit stages of RK4 overflow in MuJoCo as they do here */
const UNSTABLE = new Set(['RK4: dcmotor, LuGre'])

for (const integrator of ['Euler', 'implicitfast', 'RK4']) {
  for (const [name, xml] of Object.entries(SCENES)) {
    if (UNSTABLE.has(`${integrator}: ${name}`)) continue
    test(`20 steps, ${integrator}: ${name}`, async () => {
      const error = await trajectory(xml.replace('<option ', `<option integrator="${integrator}" `), 20)
      assert.ok(error <= 1e-4, `${error} > 1e-4`)
    })
  }
}

const SENSED = `<mujoco><option timestep="0.002"><flag contact="disable"/></option><worldbody>
  <body name="base" pos="0 0 1" euler="10 20 30"><joint name="a" axis="0 1 .2" damping=".1"/><geom name="g" type="box" size=".1 .05 .2" pos=".1 0 .05" euler="0 40 0" mass="1"/>
  <body name="fore" pos=".3 0 0"><joint name="b" axis="1 0 0" damping=".1"/><geom type="capsule" fromto="0 0 0 .3 0 .1" size=".03" mass=".5"/><site name="tip" pos=".3 0 .1" euler="0 0 70"/></body></body></worldbody>
  <actuator><motor name="m" joint="a" gear="3"/><position name="p" joint="b" kp="5"/></actuator>
  <sensor><jointpos joint="a"/><jointvel joint="b"/><actuatorfrc actuator="p"/>
  <framepos objtype="xbody" objname="fore"/><framepos objtype="body" objname="fore"/><framequat objtype="body" objname="base"/>
  <framepos objtype="geom" objname="g"/><framequat objtype="geom" objname="g"/>
  <framepos objtype="site" objname="tip" reftype="xbody" refname="base"/><framequat objtype="site" objname="tip" reftype="geom" refname="g"/>
  <jointpos joint="b" cutoff=".2"/></sensor></mujoco>`

test('sensors: joints, actuators, frames of every kind of object, with references and cutoff', async () => {
  const { stages } = await compare(SENSED, 300)
  assert.ok(stages.sensordata <= STAGES.sensordata, String(stages.sensordata))
})

const delayed = (
  interp: string,
  delay: string,
): string => `<mujoco><option timestep="0.002"><flag contact="disable"/></option><worldbody>
  <body><joint name="a" axis="0 1 0" damping=".2"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/></body></worldbody>
  <actuator><position joint="a" kp="5" delay="${delay}" nsample="12" interp="${interp}"/></actuator>
  <sensor><jointpos joint="a" delay="0.0075" nsample="9" interp="linear"/><jointvel joint="a" delay="0.0075" nsample="9" interp="${interp}"/><framepos objtype="xbody" objname="world"/></sensor></mujoco>`

for (const interp of ['zoh', 'linear', 'cubic']) {
  for (const delay of ['0.0053', '0.001', '0.0219', '0.05']) {
    test(`actuator and sensor delay ${delay} s, ${interp}`, async () => {
      const xml = delayed(interp, delay)
      const oracle = await openOracle(xml)
      const batch = await createBatch(await loadModel(xml), { nworld: 1 })
      oracle.reset()
      let worst = 0
      for (let k = 0; k < 60; k++) {
        // a control that changes at every step, and never smoothly
        const ctrl = (((k * 7919) % 13) - 6) / 3
        oracle.write('ctrl', [ctrl])
        batch.set('ctrl', [ctrl])
        oracle.step()
        await batch.step()
        for (const field of ['qpos', 'qvel', 'sensordata', 'actuator_force']) {
          const ours = await batch.get(field)
          worst = Math.max(worst, peak(oracle.get(field).map((x, i) => x - ours[i])))
        }
      }
      assert.ok(worst < 2e-5, String(worst))
      batch.dispose()
      oracle.dispose()
    })
  }
}

test.run()
