/** Every kind of sensor against MuJoCo, from random moving states. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openOracle, randomStates } from '../support/oracle.js'
import { agree, compare, frames, type Inputs, scene, sites } from './sensed.js'

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

test('force and torque of the world: its trees, each about its own centre of mass', async () => {
  const world = `<worldbody><geom type="plane" size="0 0 1"/><site name="base" pos=".1 -.2 .3" euler="20 30 40"/>
    <body pos="-.5 0 .4"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/>
      <body pos=".3 0 0"><joint axis="0 0 1"/><geom type="capsule" fromto="0 0 0 .2 0 0" size=".03" mass=".5"/></body></body>
    <body name="still" pos="2 0 1"><geom size=".1" mass="1"/></body>
    <body pos="1 .1 .2"><freejoint/><geom type="box" size=".1 .1 .1" mass=".4"/></body></worldbody>`
  await agree(scene('<force site="base"/><torque site="base"/>', '', world), 1e-3)
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

test('a mocap target beside a tree that moves in a plane', async () => {
  const world = `<worldbody><body name="target" mocap="true" pos=".1 0 .3"><geom name="aim" size=".05" contype="0" conaffinity="0"/><site name="aim" pos=".02 0 0"/></body>
    <body><joint name="a" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/><body pos=".3 0 0"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .2 0 0" size=".03" mass=".3"/><site name="tip" pos=".2 0 0"/></body></body></worldbody>`
  const sensors = `<framepos objtype="site" objname="tip" reftype="site" refname="aim"/><framequat objtype="body" objname="target"/><framelinvel objtype="site" objname="tip" reftype="body" refname="target"/>
    <rangefinder site="tip"/><subtreecom body="target"/>`
  await agree(scene(sensors, '', world), 1e-4, {
    prepare: (state, w) => ({
      ...(state as unknown as Inputs),
      mocap_pos: Float64Array.of(0.3 * Math.sin(w), 0, 0.3 * Math.cos(2 * w)),
      mocap_quat: Float64Array.of(Math.cos(w), 0.6 * Math.sin(w), 0, 0.8 * Math.sin(w)),
    }),
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

test.run()
