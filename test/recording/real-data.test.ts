import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  deriveVelocity,
  estimateDelay,
  type RecordingMap,
  readRecording,
  writeCsv,
  writeMcap,
} from '../../bindings/recording/index.js'
import { skippable } from '../support/skip.js'
import { bytes, fails, near, same } from './support.js'

const data = path.resolve(import.meta.dirname, '../../../shared/data')
const here = skippable(test, existsSync(data), 'the recordings of ../shared/data are not here')

/** Another reading of a CSV file: lines and cells by split, lists by JSON. */
function table(file: string): Record<string, (number | number[])[]> {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/)
  const columns: Record<string, (number | number[])[]> = {}
  const names = head.split(',')
  for (const name of names) columns[name] = []
  for (const line of lines) {
    const cells = [...line.matchAll(/"([^"]*)"|([^,]+)|(?<=,|^)(?=,|$)/g)].map(m => m[1] ?? m[2] ?? '')
    for (const [i, name] of names.entries()) {
      columns[name].push(cells[i]?.startsWith('[') ? (JSON.parse(cells[i]) as number[]) : Number.parseFloat(cells[i]))
    }
  }
  return columns
}
const plain = (column: (number | number[])[]) => column as number[]
const element = (column: (number | number[])[], i: number) => (column as number[][]).map(list => list[i])

here('bam-xl330: twelve documents, signed load, torque as an event, constants', async () => {
  const folder = path.join(data, 'bam-xl330/raw')
  const map: RecordingMap = {
    entries: '/entries',
    time: { field: 'timestamp', unit: 's' },
    channels: {
      position: { unit: 'rad', measures: 'joint/pendulum/qpos' },
      speed: { unit: 'rad/s', measures: 'joint/pendulum/qvel', weight: 0 },
      goal: { field: 'goal_position', unit: 'rad', drives: 'actuator/servo/ctrl' },
      duty: { field: 'load', signed16: true, scale: 1 / 885, unit: '1' },
      supply: { field: 'input_volts', unit: 'V', drives: 'actuator/servo/supply' },
      torque: { field: 'torque_enable', drives: 'actuator/servo/enable' },
      temperature: { field: 'temp', unit: 'degC' },
    },
    constants: { kp: '/kp', mass: '/mass', length: '/length', vin: '/vin', armature: 0.0016 },
  }
  const files = readdirSync(folder)
  assert.is(files.length, 12)
  for (const file of files) {
    const log = JSON.parse(readFileSync(path.join(folder, file), 'utf8'))
    const r = await readRecording(path.join(folder, file), { map })
    type Entry = Record<string, number> & { torque_enable: boolean }
    const entries: Entry[] = log.entries
    const expected = (f: (e: Entry) => number) => entries.map(f)
    assert.is(r.name, file.replace('.json', ''))
    assert.equal(r.constants, { kp: log.kp, mass: 0.49, length: 0.1, vin: 7.4, armature: 0.0016 })
    near(r.channel('position').time, expected(e => e.timestamp), 0) // biome-ignore format: short
    near(r.channel('position').values, expected(e => e.position), 0) // biome-ignore format: short
    near(r.channel('goal').values, expected(e => e.goal_position), 0) // biome-ignore format: short
    near(
      r.channel('duty').values,
      expected(e => (e.load > 32767 ? e.load - 65536 : e.load) / 885),
      1e-15,
    )
    near(r.channel('supply').values, expected(e => e.input_volts), 0) // biome-ignore format: short
    near(r.channel('torque').values, expected(e => (e.torque_enable ? 1 : 0)), 0) // biome-ignore format: short
    near(
      r.channel('temperature').values,
      expected(e => e.temp + 273.15),
      1e-12,
    )
    assert.is(r.channel('torque').interpolation, 'hold')
    if (log.trajectory === 'lift_and_drop') assert.is(r.sample('torque', Float64Array.of(1.9, 2.1)).join(), '1,0')
    assert.ok(Math.max(...r.channel('duty').values.map(Math.abs)) <= 1.001, 'full scale is 885 counts')
    assert.equal(r.warnings, [])
  }
})

here('dfki-simple-pendulum: measured and desired make one recording', async () => {
  const map: RecordingMap = {
    name: '{folder}',
    files: [
      {
        channels: {
          position: { unit: 'rad', measures: 'joint/pendulum/qpos' },
          velocity: { unit: 'rad/s', measures: 'joint/pendulum/qvel' },
          torque: { unit: 'N*m', drives: 'actuator/motor/ctrl' },
        },
      },
      {
        replace: ['measured', 'desired'],
        channels: { desired: { column: 'position', unit: 'rad' }, feedforward: { column: 'torque', unit: 'Nm' } },
      },
    ],
  }
  for (const run of ['ddp', 'system_identification']) {
    const folder = path.join(data, 'dfki-simple-pendulum', run)
    const r = await readRecording(path.join(folder, 'data_measured.csv'), { map })
    const measured = table(path.join(folder, 'data_measured.csv'))
    const desired = table(path.join(folder, 'data_desired.csv'))
    assert.is(r.name, run)
    for (const name of ['position', 'velocity', 'torque']) near(r.channel(name).values, plain(measured[name]), 0)
    near(r.channel('torque').time, plain(measured.time), 0)
    near(r.channel('desired').time, plain(desired.time), 0)
    near(r.channel('desired').values, plain(desired.position), 0)
    near(r.channel('feedforward').values, plain(desired.torque), 0)
    assert.equal([r.channel('torque').unit, r.channel('feedforward').unit], ['N*m', 'N*m'])
    // the arm follows its reference by some milliseconds
    const { delay, correlation } = estimateDelay(r.channel('desired'), r.channel('position'), { max: 0.2 })
    assert.ok(correlation > 0.9 && Math.abs(delay) < 0.1, `${delay} ${correlation}`)
  }
})

here('dfki-double-pendulum: designs C.1 and A.0', async () => {
  const joints = ([position, velocity, torque]: readonly string[]): RecordingMap['channels'] =>
    Object.fromEntries(
      [1, 2].flatMap(i => [
        [`q${i}`, { column: `${position}${i}`, unit: 'rad', measures: `joint/joint${i}/qpos` }],
        [`v${i}`, { column: `${velocity}${i}`, unit: 'rad/s', measures: `joint/joint${i}/qvel` }],
        [`tau${i}`, { column: `${torque}${i}`, unit: 'N*m', drives: `actuator/motor${i}/ctrl` }],
      ]),
    )
  let files = 0
  for (const [design, names] of [
    ['design_C.1', ['pos_meas', 'vel_meas', 'tau_meas']],
    ['design_A.0', ['pos', 'vel', 'tau']],
  ] as const) {
    const folder = path.join(data, 'dfki-double-pendulum', design)
    for (const file of readdirSync(folder).filter(f => f.endsWith('.csv'))) {
      files++
      const r = await readRecording(path.join(folder, file), { map: { channels: joints(names) } })
      const t = table(path.join(folder, file))
      assert.is(r.channels.length, 6)
      names.forEach((name, k) => {
        for (const i of [1, 2]) near(r.channel(`${'qv'[k] ?? 'tau'}${i}`).values, plain(t[`${name}${i}`]), 0)
      })
      near(r.channels[0].time, plain(t.time), 0)
      // the reported velocity is the derivative of the position
      const v = deriveVelocity(r, {
        from: 'q1',
        name: 'rate',
        filter: { kind: 'savitzky-golay', order: 2, width: 0.03 },
      }).channel('rate').values
      const reported = r.channel('v1').values
      const rms = (x: Float64Array) => Math.sqrt(x.reduce((s, e) => s + e * e, 0) / x.length)
      assert.ok(rms(v.map((x, i) => x - reported[i])) < 0.25 * rms(reported), file)
    }
  }
  assert.is(files, 6)
})

here('quanser-qube: the last row has no action', async () => {
  const folder = path.join(data, 'quanser-qube')
  const map: RecordingMap = {
    channels: {
      voltage: { column: 'u_applied_V', unit: 'V', drives: 'actuator/motor/ctrl', onNaN: 'drop' },
      theta: { unit: 'rad', measures: 'joint/arm/qpos' },
      alpha: { unit: 'rad', measures: 'joint/pendulum/qpos' },
      theta_dot: { unit: 'rad/s' },
    },
  }
  const files = readdirSync(folder).filter(f => f.endsWith('.csv'))
  assert.is(files.length, 5)
  for (const file of files) {
    const r = await readRecording(path.join(folder, file), { map })
    const t = table(path.join(folder, file))
    const n = t.time.length
    near(r.channel('voltage').values, plain(t.u_applied_V).slice(0, n - 1), 0)
    near(r.channel('alpha').values, plain(t.alpha), 0)
    near(r.channel('alpha').time, plain(t.time), 0)
    near([r.end], [plain(t.time)[n - 2]], 0)
    assert.match(r.warnings.join(), new RegExp(`channels\\.voltage: NaN, blank or infinite at line ${n + 1}; left out`))
    const error = await fails(() => readRecording(path.join(folder, file)), 'RECORDING_NAN', /onNaN/)
    assert.is(error.place, `${path.join(folder, file)}:${n + 1}`)
  }
})

here('sage-so101: two files, lists, microseconds', async () => {
  const joints = ['Rotation', 'Pitch', 'Elbow', 'Wrist_Pitch', 'Wrist_Roll']
  const each = (make: (joint: string, i: number) => [string, object][]) => Object.fromEntries(joints.flatMap(make))
  const map: RecordingMap = {
    time: { unit: 'us', origin: 'zero' },
    files: [
      {
        file: 'control.csv',
        rows: { type: 'CONTROL' },
        channels: each((j, i) => [
          [`${j} goal`, { column: `positions[${i}]`, unit: 'rad', drives: `actuator/${j}/ctrl` }],
        ]),
      },
      {
        file: 'state_motor.csv',
        rows: { type: 'STATE_MOTOR' },
        channels: each((j, i) => [
          [j, { column: `positions[${i}]`, unit: 'rad', measures: `joint/${j}/qpos` }],
          [`${j} current`, { column: `torques[${i}]`, scale: 1 / 0.022814, unit: '1' }],
        ]),
      },
    ],
  }
  const motions = readdirSync(path.join(data, 'sage-so101'), { withFileTypes: true }).filter(d => d.isDirectory()).map(d => d.name) // biome-ignore format: short
  assert.is(motions.length, 6)
  for (const motion of motions) {
    const folder = path.join(data, 'sage-so101', motion)
    const r = await readRecording(folder, { map })
    const control = table(path.join(folder, 'control.csv'))
    const state = table(path.join(folder, 'state_motor.csv'))
    const first = Math.min(plain(control.timestamp)[0], plain(state.timestamp)[0])
    assert.is(r.name, motion)
    joints.forEach((j, i) => {
      near(r.channel(`${j} goal`).values, element(control.positions, i), 0)
      near(r.channel(j).values, element(state.positions, i), 0)
      near(
        r.channel(`${j} current`).values,
        element(state.torques, i).map(v => v / 0.022814),
        1e-9,
      )
    })
    near(
      r.channel('Elbow goal').time,
      plain(control.timestamp).map(t => (t - first) / 1e6),
      1e-12,
    )
    near(
      r.channel('Elbow').time,
      plain(state.timestamp).map(t => (t - first) / 1e6),
      1e-12,
    )
    assert.is(r.start, 0)
  }
  // the page of these recordings: 4 to 6 cycles of 20 ms from command to motion at small amplitude
  const r = await readRecording(path.join(data, 'sage-so101/multisine'), { map })
  const { delay } = estimateDelay(r.channel('Pitch goal'), r.channel('Pitch'))
  assert.ok(delay > 0.04 && delay < 0.16, String(delay))
})

here('contactnets-cube: one toss of many, lengths scaled, time by counting', async () => {
  const file = path.join(data, 'contactnets-cube/tosses.csv')
  const t = table(file)
  const length = { unit: 'm', scale: 0.0524 }
  const map = (toss: number): RecordingMap => ({
    name: `toss ${toss}`,
    time: { column: 'step', rate: 148 },
    rows: { toss },
    channels: {
      x: { ...length, measures: 'joint/cube/qpos/0' },
      z: { ...length, measures: 'joint/cube/qpos/2' },
      qw: { unit: '1', measures: 'joint/cube/qpos/3' },
      vz: { unit: 'm/s', scale: 0.0524, measures: 'joint/cube/qvel/2' },
      wx: { unit: 'rad/s', measures: 'joint/cube/qvel/3' },
    },
  })
  for (const toss of [0, 57, 119]) {
    const r = await readRecording(file, { map: map(toss) })
    const rows = plain(t.toss).flatMap((v, i) => (v === toss ? [i] : []))
    assert.is(r.name, `toss ${toss}`)
    assert.ok(rows.length >= 80)
    near(
      r.channel('z').time,
      rows.map(i => plain(t.step)[i] / 148),
      1e-15,
    )
    near(
      r.channel('z').values,
      rows.map(i => plain(t.z)[i] * 0.0524),
      0,
    )
    near(
      r.channel('qw').values,
      rows.map(i => plain(t.qw)[i]),
      0,
    )
    near(
      r.channel('wx').values,
      rows.map(i => plain(t.wx)[i]),
      0,
    )
  }
  await fails(() => readRecording(file, { map: map(500) }), 'RECORDING_EMPTY', /no row passes/)
})

here('real recordings go through our own formats unchanged', async () => {
  const r = await readRecording(path.join(data, 'dfki-double-pendulum/design_C.1/20230629-154220.csv'))
  assert.is(r.channels.length, 20)
  same(await readRecording(bytes(writeCsv(r))), r)
  same(await readRecording(await writeMcap(r.slice(0, 0.5))), r.slice(0, 0.5))
})

test.run()
