import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RecordingError } from '../../bindings/errors.js'
import { loadModel } from '../../bindings/model/load.js'
import { type Channel, Recording } from '../../bindings/recording/recording.js'
import { initialActivation } from '../../bindings/sysid/activation.js'
import { curriculumWindows } from '../../bindings/sysid/curriculum.js'
import { buildGrid } from '../../bindings/sysid/grid.js'
import { outputPort } from '../../bindings/sysid/ports.js'
import { cutSegments, initialStates, moveState } from '../../bindings/sysid/segments.js'
import { openOracle, rng } from '../support/oracle.js'

const BALL = `
<mujoco>
  <option timestep="0.001"><flag contact="disable"/></option>
  <worldbody>
    <body name="top"><joint name="ball" type="ball"/><geom type="box" size="0.1 0.2 0.3" mass="1" pos="0 0 0.1"/></body>
  </worldbody>
</mujoco>`

const GRIPPER = `
<mujoco>
  <option timestep="0.001"><flag contact="disable"/></option>
  <worldbody>
    <body name="a"><joint name="left" type="hinge"/><geom size="0.1" mass="1" pos="0.1 0 0"/></body>
    <body name="b"><joint name="right" type="hinge"/><geom size="0.1" mass="1" pos="0.1 0 0"/></body>
  </worldbody>
  <equality><joint joint1="left" joint2="right" polycoef="0.1 -1 0.2 0 0"/></equality>
  <actuator>
    <general name="lag" joint="right" dyntype="filterexact" dynprm="0.05" gainprm="2"/>
    <intvelocity name="walk" joint="right" kp="20" actrange="-3 3"/>
  </actuator>
  <sensor><jointpos name="encoder" joint="right"/></sensor>
</mujoco>`

const line = (name: string, time: Float64Array, values: Float64Array, over: Partial<Channel>): Channel => ({
  name,
  unit: '',
  time,
  values,
  interpolation: 'linear',
  ...over,
})

test('a measured orientation gives the angular velocity MuJoCo integrates', async () => {
  const oracle = await openOracle(BALL)
  const model = await loadModel(BALL)
  oracle.write('qvel', [2, -1, 3])
  const n = 200
  const time = Float64Array.from({ length: n }, (_, k) => 0.001 * k)
  const parts = [0, 1, 2, 3].map(() => new Float64Array(n))
  const spin: Float64Array[] = []
  for (let k = 0; k < n; k++) {
    const q = oracle.get('qpos')
    spin.push(oracle.get('qvel'))
    for (let c = 0; c < 4; c++) parts[c][k] = q[c]
    oracle.step()
  }
  oracle.dispose()
  const recording = new Recording({
    name: 'spin',
    channels: parts.map((values, c) => line(`q${c}`, time, values, { measures: `joint/ball/qpos/${c}` })),
  })
  const grid = buildGrid(model, [recording])
  const segments = cutSegments(grid, { window: 0.05 })
  const { qvel } = initialStates(model, grid, segments, { filter: { width: 0.01 } })
  segments.forEach(({ start }, s) => {
    // a step moves the orientation with the velocity after it: the slope at a sample lies half a step on
    for (let c = 0; c < 3; c++)
      assert.ok(Math.abs(qvel[3 * s + c] - spin[start][c]) < 0.02, `${s}: ${qvel[3 * s + c]} ${spin[start][c]}`)
  })
})

test('a turn of a start moves the orientation in the frame of its body, as mj_integratePos does', async () => {
  const oracle = await openOracle(BALL)
  const start = [0.5, -0.1, 0.7, 0.2].map(v => v / Math.sqrt(0.79))
  for (const axis of [0, 1, 2] as const) {
    const [qpos, qvel] = [Float64Array.from(start), new Float64Array(3)]
    moveState(qpos, qvel, 0, 0, { qpos: 0, dof: axis, axis }, 0.002, 0.5)
    oracle.write('qpos', start)
    // far from forces, a step of 1 ms at 2 rad/s turns by 0.002 rad
    oracle.write(
      'qvel',
      [0, 1, 2].map(k => (k === axis ? 2 : 0)),
    )
    oracle.step()
    const turned = oracle.get('qpos')
    for (let k = 0; k < 4; k++) assert.ok(Math.abs(qpos[k] - turned[k]) < 2e-5, `${axis} ${k}: ${qpos[k]} ${turned[k]}`)
    assert.is(qvel[axis], 0.5)
  }
  oracle.dispose()
})

test('the start of a ball joint is as uncertain as its quaternion says', async () => {
  const model = await loadModel(BALL)
  const n = 400
  const time = Float64Array.from({ length: n }, (_, k) => 0.001 * k)
  const random = rng(5)
  const channels = [1, 0, 0, 0].map((v, c) =>
    line(
      `q${c}`,
      time,
      time.map(() => v + 0.003 * random.normal()),
      { measures: `joint/ball/qpos/${c}` },
    ),
  )
  const grid = buildGrid(model, [new Recording({ name: 'still', channels })])
  const segments = cutSegments(grid, { window: 0.02 })
  const { coordinates, covariance, qvel } = initialStates(model, grid, segments, {})
  assert.is(coordinates.length, 3)
  let seen = 0
  let told = 0
  segments.forEach((_, s) => {
    for (let c = 0; c < 3; c++) {
      seen += qvel[3 * s + c] * qvel[3 * s + c]
      told += covariance[(3 * s + c) * 3 + 2]
    }
  })
  assert.ok(seen / told > 0.4 && seen / told < 2.5, `velocities vary by ${seen}, told ${told}`)
})

test('a window shorter than a step of the grid is refused, not rounded up', async () => {
  const model = await loadModel(GRIPPER)
  const time = Float64Array.from({ length: 50 }, (_, k) => 0.001 * k)
  const recording = new Recording({
    name: 'r',
    channels: [line('q', time, new Float64Array(50), { measures: 'joint/left/qpos' })],
  })
  const grid = buildGrid(model, [recording])
  assert.throws(() => cutSegments(grid, { window: 1e-9 }), /less than one step/)
  assert.throws(() => cutSegments(grid, { window: 0.01, stride: 1e-9 }), /stride: 1e-9 s is less/)
})

test('a hinge logged in metres is refused: the recording does not know the joint', async () => {
  const model = await loadModel(GRIPPER)
  const time = Float64Array.from({ length: 50 }, (_, k) => 0.001 * k)
  const channel = line('q', time, new Float64Array(50), { measures: 'joint/left/qpos', unit: 'm' })
  assert.throws(
    () => buildGrid(model, [new Recording({ name: 'r', channels: [channel] })]),
    /r, channel 'q': its unit 'm' does not fit 'joint\/left\/qpos', which is in rad/,
  )
})

test('unmeasured joints start where an equality puts them; a sensor of a joint is its position', async () => {
  const model = await loadModel(GRIPPER)
  const time = Float64Array.from({ length: 300 }, (_, k) => 0.002 * k)
  const q = time.map(t => 0.4 * Math.sin(3 * t))
  const recording = new Recording({
    name: 'grip',
    channels: [line('encoder', time, q, { measures: 'sensor/encoder' })],
  })
  const grid = buildGrid(model, [recording])
  const segments = cutSegments(grid, { window: 0.2 })
  const states = initialStates(model, grid, segments, {})
  segments.forEach(({ time: t }, s) => {
    const x = 0.4 * Math.sin(3 * t)
    const v = 1.2 * Math.cos(3 * t)
    assert.ok(Math.abs(states.qpos[2 * s + 1] - x) < 1e-4)
    assert.ok(Math.abs(states.qpos[2 * s] - (0.1 - x + 0.2 * x * x)) < 2e-4)
    assert.ok(Math.abs(states.qvel[2 * s] - v * (-1 + 0.4 * x)) < 0.02, `${states.qvel[2 * s]}`)
  })
})

test('activations: a filter has followed its command as MuJoCo would, an integrator makes no force', async () => {
  const model = await loadModel(GRIPPER)
  const time = Float64Array.from({ length: 300 }, (_, k) => 0.002 * k)
  const u = time.map(t => Math.sin(20 * t))
  const recording = new Recording({
    name: 'grip',
    channels: [
      line(
        'q',
        time,
        time.map(t => 0.3 * Math.sin(3 * t)),
        { measures: 'joint/right/qpos' },
      ),
      line('u', time, u, { drives: 'actuator/lag/ctrl', interpolation: 'hold' }),
    ],
  })
  const grid = buildGrid(model, [recording])
  const segments = cutSegments(grid, { window: 0.1 })
  const { qpos } = initialStates(model, grid, segments, {})
  const act = new Float64Array(segments.length * 2)
  initialActivation(model, grid, segments, qpos, new Map(), () => 0, act)

  const oracle = await openOracle(GRIPPER)
  oracle.write('act', [u[0], 0])
  for (let k = 0, s = 0; k < 300 && s < segments.length; k++) {
    if (k === segments[s].start) {
      assert.ok(Math.abs(act[2 * s] - oracle.get('act')[0]) < 1e-6, `${s}: ${act[2 * s]} ${oracle.get('act')[0]}`)
      assert.ok(Math.abs(act[2 * s + 1] - qpos[2 * s + 1]) < 1e-12)
      s++
    }
    oracle.write('ctrl', [u[k], 0]).step(2)
  }
  oracle.dispose()
})

test('a channel that names nothing says what there is', async () => {
  const model = await loadModel(GRIPPER)
  const code = (path: string): string => {
    try {
      outputPort(model, path, 'log')
    } catch (error) {
      assert.ok(error instanceof RecordingError)
      return error.message
    }
    return ''
  }
  assert.match(code('joint/rigth/qpos'), "no joint 'rigth'; nearest: 'right'")
  assert.match(code('sensor/encoder/1'), '1 component')
  assert.match(code('joint/left/qfrc_applied'), 'no output')
  assert.is(code('joint/left/qvel'), '')
  assert.is(outputPort(model, 'joint/1/qvel', '').column, 1)
})

test('curriculum: short windows first, none beyond half of the shortest recording', () => {
  const time = Float64Array.from({ length: 1001 }, (_, k) => 0.01 * k)
  const recording = new Recording({ name: 'r', channels: [line('q', time, time, { measures: 'joint/left/qpos' })] })
  assert.equal(curriculumWindows([recording]), [0.25, 0.75, 2.25])
  const slow = Float64Array.from({ length: 101 }, (_, k) => 0.1 * k)
  const [first] = curriculumWindows([
    new Recording({ name: 's', channels: [line('q', slow, slow, { measures: 'joint/left/qpos' })] }),
  ])
  assert.ok(Math.abs(first - 1.6) < 1e-9)
})

test.run()
