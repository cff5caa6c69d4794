/** Recorded inputs through the engine, against MuJoCo stepped by hand with the same inputs. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { type Oracle, openOracle } from '../support/oracle.js'

const XML = `<mujoco><option timestep="0.002" integrator="INTEGRATOR"><flag contact="disable"/></option><worldbody>
  <body><joint name="a" axis="0 1 0" damping=".05"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/>
  <body pos=".3 0 0"><joint name="b" axis="0 1 0" damping=".02" frictionloss=".05"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".02" mass=".2"/></body></body></worldbody>
  <actuator><position name="pa" joint="a" kp="6"/><motor name="mb" joint="b"/></actuator>
  <sensor><jointpos joint="a"/><jointvel joint="b"/></sensor></mujoco>`
const euler = XML.replace('INTEGRATOR', 'Euler')

const T = 40
const NSTEP = 5
const H = 0.002
const u = Float32Array.from({ length: T * 2 }, (_, i) => (i % 2 ? 0.2 : 1) * ((((i * 7919) % 17) - 8) / 8))

/** input column c at time t of the table, linear or held; before the first row the first value */
function linear(c: number, t: number): number {
  const x = Math.min(Math.max(t / (NSTEP * H), 0), T - 1)
  const k = Math.min(Math.floor(x), T - 2)
  return u[2 * k + c] + (x - k) * (u[2 * k + 2 + c] - u[2 * k + c])
}
function held(c: number, t: number): number {
  const k = Math.min(Math.max(Math.floor(t / (NSTEP * H) + 1e-9), 0), T - 1)
  return u[2 * k + c]
}

/** MuJoCo with inputs written before every step; rows of one field */
function byHand(
  oracle: Oracle,
  input: (c: number, t: number, actuator: number) => number,
  field: string,
  q0: readonly number[],
): Float64Array[] {
  oracle.reset()
  oracle.write('qpos', q0)
  const rows: Float64Array[] = []
  for (let t = 0; t < T; t++) {
    for (let k = 0; k < NSTEP; k++) {
      const now = (t * NSTEP + k) * H
      oracle.write('ctrl', [input(0, now, 0), input(1, now, 1)])
      if (k === 0) {
        oracle.forward()
        rows.push(oracle.get(field))
      }
      if (t < T - 1) oracle.step()
    }
  }
  return rows
}

const worst = (rows: readonly Float64Array[], out: Float32Array, w: number): number => {
  const n = rows[0].length
  let error = 0
  rows.forEach((row, t) => {
    row.forEach((x, i) => {
      error = Math.max(error, Math.abs(x - out[(w * T + t) * n + i]))
    })
  })
  return error
}

for (const integrator of ['Euler', 'RK4', 'implicitfast']) {
  test(`linear inputs, states and results at every row, ${integrator}`, async () => {
    const xml = XML.replace('INTEGRATOR', integrator)
    const oracle = await openOracle(xml)
    const batch = await createBatch(await loadModel(xml), { nworld: 5 })
    const starts = [0, 0.3, -0.4, 1, -1].map(x => [x, -x / 2])
    batch.set('qpos', starts.flat())
    const out = await batch.replay({
      inputs: u,
      nset: 1,
      nstep: NSTEP,
      record: ['qpos', 'sensordata', 'actuator_force', 'qacc'],
    })
    starts.forEach((q0, w) => {
      for (const [field, limit] of [
        ['qpos', 2e-5],
        ['sensordata', 2e-4],
        ['actuator_force', 2e-4],
        ['qacc', 2e-2],
      ] as const) {
        const error = worst(
          byHand(oracle, (c, t) => linear(c, t), field, q0),
          out[field],
          w,
        )
        assert.ok(error < limit, `world ${w}, ${field}: ${error}`)
      }
    })
    batch.dispose()
    oracle.dispose()
  })
}

test('delays differ by world and fall between timesteps', async () => {
  const oracle = await openOracle(euler)
  const batch = await createBatch(await loadModel(euler), { nworld: 4 })
  const delays = [0, 0.0031, 0.0127, 0.04]
  batch.set(
    'actuator_delay',
    delays.flatMap(d => [d, d / 2]),
  )
  const out = await batch.replay({ inputs: u, nset: 1, nstep: NSTEP, record: ['qpos'] })
  delays.forEach((delay, w) => {
    const rows = byHand(oracle, (c, t, a) => linear(c, t - (a ? delay / 2 : delay)), 'qpos', [0, 0])
    assert.ok(worst(rows, out.qpos, w) < 2e-5, `world ${w}: ${worst(rows, out.qpos, w)}`)
  })
  batch.dispose()
  oracle.dispose()
})

test('held inputs: exact on whole steps, continuous in the delay between them', async () => {
  const oracle = await openOracle(euler)
  const batch = await createBatch(await loadModel(euler), { nworld: 5 })
  const delays = [0, 0.004, 0.006, 0.005, 0.0050001]
  batch.set(
    'actuator_delay',
    delays.flatMap(d => [d, d]),
  )
  const out = await batch.replay({
    inputs: u,
    nset: 1,
    nstep: NSTEP,
    record: ['qpos'],
    interpolation: ['hold', 'hold'],
  })
  for (const w of [0, 1, 2]) {
    const rows = byHand(oracle, (c, t) => held(c, t - delays[w]), 'qpos', [0, 0])
    assert.ok(worst(rows, out.qpos, w) < 2e-5, `world ${w}: ${worst(rows, out.qpos, w)}`)
  }
  const at = (w: number): Float32Array => out.qpos.subarray(w * T * 2, (w + 1) * T * 2)
  const gap = (a: number, b: number): number => at(a).reduce((m, x, i) => Math.max(m, Math.abs(x - at(b)[i])), 0)
  assert.ok(gap(1, 2) > 1e-3, 'a timestep of delay shows')
  assert.ok(gap(3, 4) < 1e-4, 'a ten-thousandth of it does not jump')
  // half way between two whole delays lies half way between their motions, to second order
  const half = at(3).reduce((m, x, i) => Math.max(m, Math.abs(x - (at(1)[i] + at(2)[i]) / 2)), 0)
  assert.ok(half < 0.1 * gap(1, 2), String(half / gap(1, 2)))
  batch.dispose()
  oracle.dispose()
})

test('tables per world, windows that begin inside a table, and lengths of their own', async () => {
  const model = await loadModel(euler)
  const batch = await createBatch(model, { nworld: 6 })
  const two = new Float32Array(2 * u.length)
  two.set(u)
  two.set(
    u.map(x => -x),
    u.length,
  )
  const length = [20, 5, 20, 1, 20, 20]
  const out = await batch.replay({
    inputs: two,
    nset: 2,
    inputOf: [0, 0, 1, 1, 0, 1],
    start: [0, 0, 0, 0, 10, 10],
    length,
    T: 20,
    nstep: NSTEP,
    record: ['qpos'],
  })
  // the same by plain replays of one world
  for (let w = 0; w < 6; w++) {
    const single = await createBatch(model, { nworld: 1 })
    const table = (w === 2 || w === 3 || w === 5 ? two.subarray(u.length) : u).slice(
      w >= 4 ? 20 : 0,
      (w >= 4 ? 20 : 0) + 40,
    )
    const alone = await single.replay({ inputs: table, T: 20, nstep: NSTEP, record: ['qpos'] })
    for (let t = 0; t < 20; t++) {
      for (let i = 0; i < 2; i++) {
        const x = out.qpos[(w * 20 + t) * 2 + i]
        if (t < length[w]) assert.is(x, alone.qpos[t * 2 + i], `world ${w}, row ${t}`)
        else assert.ok(Number.isNaN(x), `world ${w}, row ${t} was not asked for`)
      }
    }
    single.dispose()
  }
  batch.dispose()
})

test('an actuator switched off lets go; its supply scales a dcmotor', async () => {
  const model = await loadModel(euler)
  const batch = await createBatch(model, { nworld: 1 })
  const inputs = Float32Array.from({ length: 3 * 30 }, (_, i) => (i % 3 === 0 ? 1 : i % 3 === 1 ? 0 : i < 45 ? 1 : 0))
  const out = await batch.replay({
    inputs,
    channels: ['actuator/pa/ctrl', 'actuator/mb/ctrl', 'actuator/pa/enable'],
    nstep: NSTEP,
    record: ['actuator_force'],
  })
  assert.ok(Math.abs(out.actuator_force[2 * 10]) > 0.1)
  for (let t = 15; t < 30; t++) assert.is(Math.abs(out.actuator_force[2 * t]), 0)
  batch.dispose()

  const motor = await loadModel(
    euler.replace('<motor name="mb" joint="b"/>', '<dcmotor name="mb" joint="b" motorconst=".1" resistance="2"/>'),
  )
  const b2 = await createBatch(motor, { nworld: 1 })
  const volts = await b2.replay({
    inputs: Float32Array.from({ length: 20 }, (_, i) => (i % 2 ? 0.8 : 5)),
    channels: ['actuator/mb/ctrl', 'actuator/mb/supply'],
    nstep: 1,
    record: ['actuator_force'],
  })
  assert.ok(Math.abs(volts.actuator_force[1] - (0.1 / 2) * 5 * 0.8) < 1e-6)
  b2.dispose()
})

test('shapes that do not fit are refused with the numbers', async () => {
  const batch = await createBatch(await loadModel(euler), { nworld: 2 })
  const refused = async (options: object, code: RegExp): Promise<void> => {
    try {
      await batch.replay({ inputs: u, nset: 1, nstep: 1, record: ['qpos'], ...options })
      assert.unreachable()
    } catch (error) {
      assert.match(`${(error as { code: string }).code}: ${(error as Error).message}`, code)
    }
  }
  await refused({ inputs: u.subarray(1) }, /^REPLAY_SHAPE: inputs: got length 79, expected a multiple of ninput = 2/)
  await refused({ nset: undefined }, /^REPLAY_SHAPE: .*say T or nset/)
  await refused({ nstep: 0 }, /^REPLAY_SHAPE: nstep/)
  await refused({ record: ['qops'] }, /^FIELD_UNKNOWN/)
  await refused({ channels: ['actuator/px/ctrl'] }, /^CHANNEL_UNKNOWN: no input 'actuator\/px\/ctrl'/)
  for (const channel of [
    'joint/a/qfrc_applied/7',
    'joint/a/qfrc_applied/x',
    'actuator/0/ctrl/-1',
    'actuator/0/ctrl/0.5',
  ]) {
    await refused({ channels: [channel, 'actuator/mb/ctrl'] }, /^CHANNEL_UNKNOWN/)
  }
  await refused({ interpolation: ['cubic', 'linear'] }, /^INTERPOLATION: column 0: interpolation: got 'cubic'/)
  await refused({ start: [0, 99] }, /^REPLAY_SHAPE: world 1: start: got 99/)
  await refused({ inputs: u.map((x, i) => (i === 5 ? Number.NaN : x)) }, /^NOT_FINITE: row 2, column 1/)
  batch.dispose()
})

test.run()
