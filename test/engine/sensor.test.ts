/** Every kind of sensor against MuJoCo, from random moving states. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { philox, STREAM, seedWords } from '../../bindings/math/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { type Oracle, openOracle, randomStates, type State } from '../support/oracle.js'

const INPUTS = ['qpos', 'qvel', 'ctrl', 'act', 'xfrc_applied', 'mocap_pos', 'mocap_quat'] as const
type Inputs = Partial<Record<(typeof INPUTS)[number], Float64Array>>

/** readings near 0 have no digits of their own: errors count relative to the sensor's largest reading over all states */
interface Compared {
  /** 99th percentile of the relative error of each sensor, over states */
  readonly error: readonly number[]
  /** largest reading of each sensor */
  readonly size: readonly number[]
  readonly type: readonly string[]
}

const put = (oracle: Oracle, inputs: Inputs): void => {
  oracle.reset()
  for (const name of INPUTS) {
    const values = inputs[name]
    if (values && values.length > 0) oracle.write(name, values)
  }
}

async function compare(xml: string, states: readonly Inputs[], oracle: Oracle): Promise<Compared> {
  const model = await loadModel(xml)
  const batch = await createBatch(model, { nworld: states.length })
  for (const name of INPUTS) {
    if (batch.size(name) === 0 || !states[0][name]) continue
    batch.set(name, Float64Array.from(states.flatMap(s => [...(s[name] as Float64Array)])))
  }
  await batch.forward()
  const ours = await batch.get('sensordata')
  batch.dispose()
  const { sensor_adr: adr, sensor_dim: dim, sensor_type: type } = model.field
  const size = Array.from(adr, () => 0)
  const errors: number[][] = Array.from(adr, () => [])
  states.forEach((state, w) => {
    put(oracle, state)
    oracle.forward()
    const theirs = oracle.get('sensordata')
    for (let i = 0; i < adr.length; i++) {
      let worst = 0
      for (let k = adr[i]; k < adr[i] + dim[i]; k++) {
        const difference = Math.abs(theirs[k] - ours[w * theirs.length + k])
        if (!(difference <= worst)) worst = difference
        size[i] = Math.max(size[i], Math.abs(theirs[k]))
      }
      errors[i].push(worst)
    }
  })
  const error = errors.map(
    (list, i) => list.sort((a, b) => a - b)[Math.floor(0.99 * (list.length - 1))] / Math.max(size[i], 1e-6),
  )
  return { error, size, type: Array.from(type, (t, i) => `${i} (type ${t}) ${model.names.sensor[i]}`) }
}

async function agree(
  xml: string,
  limit: number,
  options: { states?: number; prepare?: (s: State, w: number) => Inputs } = {},
): Promise<void> {
  const oracle = await openOracle(xml)
  const states = randomStates(oracle, options.states ?? 220, 5).map(options.prepare ?? (s => s as unknown as Inputs))
  const { error, size, type } = await compare(xml, states, oracle)
  oracle.dispose()
  for (let i = 0; i < error.length; i++) {
    assert.ok(error[i] <= limit, `sensor ${type[i]}: ${error[i]} > ${limit}`)
    assert.ok(size[i] > 0, `sensor ${type[i]}: reads 0 in every state`)
  }
}

const ROBOT = `<worldbody>
  <geom name="floor" type="plane" size="5 5 .1"/><site name="fixed" pos=".4 .1 .2" euler="10 20 30"/>
  <body name="base" pos="0 0 1" euler="10 20 30"><freejoint name="free"/><geom name="trunk" type="box" size=".2 .1 .05" pos=".02 0 .01" euler="0 10 0" mass="3"/>
    <site name="imu" pos=".05 .02 .1" euler="20 -30 50"/>
    <body name="thigh" pos=".2 0 0" euler="0 0 20"><joint name="hip" axis="0 1 .3" damping=".2" range="-40 50"/><geom name="thigh" type="capsule" fromto="0 0 0 .3 0 -.1" size=".03" mass=".5"/>
      <body name="shin" pos=".3 0 -.1"><joint name="knee" axis="1 .2 0" pos="0 .01 0" armature=".01" range="-60 60"/><joint name="slide" type="slide" axis="0 0 1" stiffness="30" range="-.1 .2"/>
        <geom name="shin" type="cylinder" size=".03 .12" pos="0 0 -.1" mass=".4"/><site name="shin" pos=".01 .02 -.2" euler="0 0 70"/>
        <body name="sensor" pos="0 0 -.2" euler="0 30 0"><geom name="tip" type="sphere" size=".04" mass=".2"/><site name="tip" pos="0 .01 -.03" euler="40 0 0"/></body></body></body>
    <body name="arm" pos="-.2 0 0"><joint name="ball" type="ball" damping=".05" range="0 100"/><geom name="arm" type="capsule" fromto="0 0 0 0 .3 0" size=".03" mass=".5"/><site name="arm" pos="0 .2 0"/></body>
  </body></worldbody>
  <actuator><motor name="m" joint="knee" gear="3"/><position name="p" joint="hip" kp="5"/><general name="f" joint="free" gear="1 2 3 .1 .2 .3"/></actuator>`

const scene = (sensors: string, option = '', world = ROBOT): string =>
  `<mujoco><option timestep="0.002" magnetic=".1 .2 -.4" ${option}><flag contact="disable"/></option>${world}<sensor>${sensors}</sensor></mujoco>`

const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  body: ['sensor', 'arm', 'base'],
  xbody: ['sensor', 'base', 'shin'],
  geom: ['thigh', 'arm', 'trunk'],
  site: ['shin', 'imu', 'tip'],
}
const REFERENCES = [
  '',
  'reftype="body" refname="thigh"',
  'reftype="xbody" refname="arm"',
  'reftype="geom" refname="trunk"',
  'reftype="site" refname="shin"',
  'reftype="site" refname="fixed"',
]
const SITES = ['imu', 'shin', 'tip', 'arm']

const frames = (kinds: readonly string[], references = REFERENCES): string =>
  kinds
    .flatMap(kind =>
      Object.entries(OBJECTS).flatMap(([type, names]) =>
        references.map((ref, r) => `<${kind} objtype="${type}" objname="${names[r % names.length]}" ${ref}/>`),
      ),
    )
    .join('')
const sites = (kinds: readonly string[]): string =>
  kinds.flatMap(kind => SITES.map(site => `<${kind} site="${site}"/>`)).join('')

for (const [name, sensors, limit] of [
  ['frame places', frames(['framepos', 'framequat', 'framexaxis', 'frameyaxis', 'framezaxis']), 1e-5],
  ['frame velocities', frames(['framelinvel', 'frameangvel']), 1e-4],
  ['frame accelerations', frames(['framelinacc', 'frameangacc'], ['', '', '']), 1e-4],
  ['sites: inertial unit', sites(['accelerometer', 'velocimeter', 'gyro', 'magnetometer']), 1e-4],
  ['sites: force and torque', sites(['force', 'torque']), 1e-3],
  [
    'joints and actuators',
    `<jointpos joint="hip"/><jointvel joint="slide"/><ballquat joint="ball"/><ballangvel joint="ball"/>
     <jointlimitpos joint="hip"/><jointlimitvel joint="hip"/><jointlimitpos joint="slide"/><jointlimitvel joint="slide"/>
     <jointlimitpos joint="ball"/><jointlimitvel joint="ball"/>
     <actuatorpos actuator="m"/><actuatorvel actuator="m"/><actuatorfrc actuator="p"/><actuatorvel actuator="f"/><jointactuatorfrc joint="knee"/>`,
    1e-4,
  ],
  ['limit forces', '<jointlimitfrc joint="hip"/><jointlimitfrc joint="slide"/><jointlimitfrc joint="ball"/>', 1e-3],
  [
    'subtrees and energy',
    `${['base', 'thigh', 'shin', 'arm', 'world']
      .map(b => `<subtreecom body="${b}"/><subtreelinvel body="${b}"/><subtreeangmom body="${b}"/>`)
      .join('')}<e_potential/><e_kinetic/>`,
    1e-4,
  ],
] as const) {
  test(name, () => agree(scene(sensors), limit))
}

const PLANAR = `<worldbody><site name="fixed" pos=".4 .1 .2" euler="10 20 30"/>
  <body name="base" pos="0 0 1"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1" ref="1"/><joint axis="0 1 0"/>
    <geom name="trunk" type="capsule" fromto="0 0 0 0 0 .4" size=".05" mass="3"/><site name="imu" pos=".05 .02 .1" euler="20 -30 50"/>
    <body name="thigh"><joint name="hip" axis="0 -1 0" armature=".1" damping="1"/><geom name="thigh" type="capsule" fromto="0 0 0 .1 0 -.4" size=".04" mass="2"/>
      <body name="shin" pos=".1 0 -.4"><joint name="knee" axis="0 -1 0"/><geom type="capsule" fromto="0 0 0 0 0 -.4" size=".03" mass="1"/><site name="shin" pos=".01 .02 -.2" euler="0 0 70"/></body></body></body></worldbody>
  <actuator><motor name="m" joint="knee" gear="3"/></actuator>`
const PLANAR_SENSORS = `<framepos objtype="site" objname="shin" reftype="site" refname="imu"/><framequat objtype="body" objname="shin"/><accelerometer site="imu"/>
  <gyro site="shin"/><velocimeter site="imu"/><force site="shin"/><torque site="shin"/><framelinacc objtype="body" objname="thigh"/><subtreecom body="base"/>
  <subtreelinvel body="base"/><subtreeangmom body="thigh"/><actuatorpos actuator="m"/><actuatorvel actuator="m"/><e_potential/><e_kinetic/>`

for (const integrator of ['Euler', 'implicitfast', 'RK4']) {
  test(`trees in a plane, ${integrator}`, () =>
    agree(scene(PLANAR_SENSORS, `integrator="${integrator}"`, PLANAR), 2e-4))
}

test('force and torque: external forces on the bodies beyond', async () => {
  await agree(scene(sites(['force', 'torque', 'accelerometer'])), 1e-3, {
    prepare: (state, w) => ({
      ...(state as unknown as Inputs),
      xfrc_applied: Float64Array.from({ length: 36 }, (_, i) => (i < 6 ? 0 : 3 * Math.sin(1 + w * 7 + i * 1.7))),
    }),
  })
})

test('tendons, their limits and actuators', async () => {
  const world = `<worldbody><body><joint name="a" axis="0 1 0" damping=".2"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/>
    <body pos=".3 0 0"><joint name="b" type="slide" axis="1 0 0"/><geom type="sphere" size=".05" mass=".3"/></body></body></worldbody>
    <tendon><fixed name="t" limited="true" range="-.3 .4" stiffness="5" springlength="-.1 .1"><joint joint="a" coef="1.5"/><joint joint="b" coef="-.7"/></fixed>
      <fixed name="u" limited="true" range="-.1 .2" margin=".05"><joint joint="a" coef="-1"/><joint joint="b" coef="2"/></fixed></tendon>
    <actuator><motor name="m" tendon="t" gear="2"/><position name="p" tendon="t" kp="3"/><motor name="j" joint="a"/></actuator>`
  const of = (t: string) =>
    ['tendonpos', 'tendonvel', 'tendonlimitpos', 'tendonlimitvel', 'tendonlimitfrc']
      .map(kind => `<${kind} tendon="${t}"/>`)
      .join('')
  await agree(
    scene(
      `${of('t')}${of('u')}<tendonactuatorfrc tendon="t"/><actuatorpos actuator="m"/><actuatorvel actuator="p"/><jointactuatorfrc joint="a"/><e_potential/>`,
      '',
      world,
    ),
    3e-4,
  )
})

test('force and torque: connect and weld hold on to bodies beyond', async () => {
  const world = `<worldbody><body><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/><site name="root" pos=".1 0 0"/>
    <body name="far" pos=".3 0 0"><joint axis="0 0 1"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/><site name="imu" pos=".1 .02 0"/>
      <body name="end" pos=".3 0 0"><joint type="ball"/><geom type="box" size=".1 .05 .03" mass=".3"/><site name="tip" pos=".1 0 .01"/></body></body></body>
    <body name="other" pos=".6 .1 .1"><freejoint/><geom type="box" size=".1 .1 .1" mass=".4"/><site name="grip" pos="0 .05 0"/></body></worldbody>
    <equality><connect body1="end" body2="other" anchor=".05 0 0"/><weld body1="far" body2="other" torquescale=".7"/><connect site1="imu" site2="grip" active="false"/><weld site1="tip" site2="grip"/></equality>`
  await agree(
    scene(
      '<force site="root"/><torque site="root"/><force site="imu"/><torque site="imu"/><force site="tip"/><torque site="tip"/><framelinacc objtype="body" objname="end"/>',
      '',
      world,
    ),
    1e-3,
  )
})

test('frames of mocap bodies and of what hangs on them', async () => {
  const world = `<worldbody><body name="hand" mocap="true" pos=".1 .2 .3" euler="10 20 30"><geom name="palm" type="box" size=".1 .1 .1" contype="0" conaffinity="0"/><site name="nail" pos=".05 .02 .1" euler="20 0 0"/>
    <body name="thumb" pos=".1 0 .2" euler="0 40 0"><geom name="thumb" size=".05" contype="0" conaffinity="0"/></body></body>
    <body name="b"><freejoint/><geom name="g" size=".1" mass="1"/><site name="eye" pos="0 0 .2"/></body></worldbody>`
  const sensors = `<framepos objtype="site" objname="nail"/><framequat objtype="body" objname="thumb"/><framexaxis objtype="geom" objname="thumb"/>
    <framepos objtype="body" objname="b" reftype="site" refname="nail"/><framelinvel objtype="body" objname="b" reftype="geom" refname="thumb"/>
    <framequat objtype="xbody" objname="b" reftype="xbody" refname="hand"/><rangefinder site="eye"/>`
  await agree(scene(sensors, '', world), 1e-4, {
    prepare: (state, w) => {
      const angle = 0.5 * w
      return {
        ...(state as unknown as Inputs),
        mocap_pos: Float64Array.of(Math.sin(w), Math.cos(2 * w), 0.3),
        mocap_quat: Float64Array.of(Math.cos(angle), 0.6 * Math.sin(angle), 0, 0.8 * Math.sin(angle)),
      }
    },
  })
})

const TARGETS = ['sphere', 'capsule', 'cylinder', 'ellipsoid', 'box']
/** a ray that turns in a ring of geoms, some of them transparent */
const RANGES = `<asset><material name="glass" rgba="1 1 1 0"/><material name="stone" rgba="1 1 1 1"/></asset><worldbody><geom type="plane" size="3 3 .1" pos="0 0 -1"/>
  <body><joint type="ball"/><geom type="sphere" size=".1" mass="1"/><site name="eye" pos=".02 .03 .01"/><site name="back" euler="180 0 0"/></body>
  ${Array.from({ length: 30 }, (_, i) => {
    const [a, b] = [i * 2.4, Math.asin((2 * i + 1) / 30 - 1)]
    const pos = [Math.cos(a) * Math.cos(b), Math.sin(a) * Math.cos(b), Math.sin(b)]
      .map(x => (1.2 * x).toFixed(3))
      .join(' ')
    const look =
      i % 7 === 3
        ? 'rgba="1 1 1 0"'
        : i % 7 === 5
          ? 'material="glass"'
          : i % 7 === 6
            ? 'material="stone" rgba="1 1 1 0"'
            : ''
    return `<geom type="${TARGETS[i % 5]}" size=".3 .25 .2" pos="${pos}" euler="${40 * i} ${70 * i} 10" ${look}/>`
  }).join('')}
  <body name="mover"><joint type="slide" axis="1 0 0"/><geom type="box" size=".2 .2 .2"/></body></worldbody>`

test('rangefinder: every kind of geom, all data, transparent geoms', async () => {
  const oracle = await openOracle(
    scene('<rangefinder site="eye" data="dist dir origin point normal depth"/><rangefinder site="back"/>', '', RANGES),
  )
  const xml = scene(
    '<rangefinder site="eye" data="dist dir origin point normal depth"/><rangefinder site="back"/>',
    '',
    RANGES,
  )
  const states = randomStates(oracle, 1000, 5)
  // grazing rays may fall on either side: they are the 1 % left out
  const { error } = await compare(xml, states as unknown as Inputs[], oracle)
  oracle.dispose()
  for (const e of error) assert.ok(e <= 1e-4, String(error))
})

test('insidesite: zones of every shape', async () => {
  const zones = ['sphere', 'capsule', 'ellipsoid', 'cylinder', 'box']
  const world = `<worldbody>${zones.map((z, i) => `<site name="${z}" type="${z}" size=".25 .3 .2" pos="${0.1 * i} .1 0" euler="20 ${30 * i} 0"/>`).join('')}
    <body name="b"><freejoint/><geom name="g" type="sphere" size=".1" pos=".05 0 0" mass="1"/><site name="p" pos="0 .1 0"/></body>
    <body name="empty" pos=".1 .1 0"><joint type="slide" axis="1 0 0" armature="1"/><body><geom type="sphere" size=".05" pos=".2 0 0" mass=".3"/></body></body></worldbody>`
  const sensors = zones
    .map(
      z =>
        `<insidesite objtype="site" objname="p" site="${z}"/><insidesite objtype="geom" objname="g" site="${z}"/><insidesite objtype="body" objname="empty" site="${z}"/>`,
    )
    .join('')
  await agree(scene(sensors, '', world), 1e-6)
})

test('cutoff of vectors and positive quantities', () =>
  agree(
    scene(`<accelerometer site="imu" cutoff="8"/><gyro site="tip" cutoff="1"/><framelinvel objtype="body" objname="arm" cutoff=".5"/><framepos objtype="body" objname="arm" cutoff=".3"/>
    <rangefinder site="imu" cutoff=".6"/>`),
    1e-4,
  ))

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

const TOUCHING = (option: string): string => `<mujoco><option timestep="0.002" ${option}/><worldbody>
  <geom name="floor" type="plane" size="5 5 .1"/><geom name="wall" type="sphere" size=".3" pos=".5 0 .1"/>
  <site name="zone" type="box" size=".3 .3 .3" pos="-.1 0 0"/>
  <body name="base" pos="0 0 .2"><freejoint/><geom name="trunk" type="sphere" size=".15" mass="2"/><site name="imu" pos=".05 .02 .1" euler="20 -30 50"/><site name="sole" type="sphere" size=".1" pos="0 0 -.1"/>
    <body name="arm" pos=".1 0 0"><joint name="hip" axis="0 1 0" damping=".2" range="-40 50"/><geom name="arm" type="capsule" fromto=".1 0 0 .3 0 -.05" size=".06" mass=".5" condim="4"/><site name="skin" type="capsule" size=".07 .15" pos=".2 0 -.02" euler="0 90 0"/>
      <body name="hand" pos=".35 0 -.05"><joint name="wrist" axis="0 1 0"/><geom name="hand" type="sphere" size=".08" pos=".05 0 0" mass=".3" condim="6"/><site name="tip" pos="0 .01 -.03" euler="40 0 0" size=".2"/></body></body></body>
  <body name="ball" pos="-.3 0 .1"><freejoint/><geom name="ball" type="sphere" size=".12" mass="1" condim="1"/></body></worldbody>
  <sensor>${[
    '<touch site="sole"/><touch site="skin"/><touch site="tip"/>',
    // the free base has nothing to hold on to: no force there
    '<force site="skin"/><torque site="skin"/><force site="tip"/><torque site="tip"/><accelerometer site="imu"/>',
    '<framelinacc objtype="body" objname="ball"/>',
    ...['none', 'mindist', 'maxforce', 'netforce'].flatMap(reduce =>
      [
        '',
        'geom1="trunk"',
        'body1="arm" geom2="floor"',
        'geom1="floor" subtree2="base"',
        'subtree1="base"',
        'subtree1="base" subtree2="ball"',
        'site="zone"',
        'site="zone" body2="ball"',
        'body2="hand"',
      ].map(what => `<contact ${what} num="2" reduce="${reduce}" data="found force torque dist pos normal tangent"/>`),
    ),
    '<contact subtree1="base" data="found"/><contact geom1="ball" num="3" reduce="maxforce" data="force pos"/>',
  ].join('')}</sensor></mujoco>`

for (const cone of ['pyramidal', 'elliptic']) {
  test(`contacts: touch, force, contact sensors of every kind, ${cone}`, async () => {
    const xml = TOUCHING(`cone="${cone}"`)
    const oracle = await openOracle(xml)
    // a little above, in and beside the floor, wall and ball
    const states = randomStates(oracle, 400, 5, { velocity: 0.5, steps: 1 }).map((s, w) => {
      const qpos = Float64Array.from(s.qpos)
      qpos.set([0.1 * Math.sin(w), 0.1 * Math.cos(3 * w), 0.1 + 0.08 * Math.sin(2.3 * w)], 0)
      qpos.set([-0.2 + 0.1 * Math.sin(5 * w), 0.1 * Math.cos(7 * w), 0.1 + 0.02 * Math.sin(w)], 9)
      return { qpos, qvel: s.qvel } as Inputs
    })
    const { error, size, type } = await compare(xml, states, oracle)
    oracle.dispose()
    for (let i = 0; i < error.length; i++) {
      assert.ok(error[i] <= 2e-3, `sensor ${type[i]}: ${error[i]}`)
      assert.ok(size[i] > 0, `sensor ${type[i]}: reads 0 in every state`)
    }
  })
}

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
