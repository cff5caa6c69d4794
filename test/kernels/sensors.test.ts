/** Sensors of both engines, from identical states. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Batch } from '../../bindings/engine/batch.js'
import { topology } from '../../bindings/engine/layout.js'
import { layOutGpu, modelConstants } from '../../bindings/engine/webgpu/layout.js'
import { headerSlots } from '../../bindings/fields.js'
import { seedWords } from '../../bindings/math/index.js'
import { frames, scene as robot, sites } from '../engine/sensed.js'
import { assertClose, compile, modelOf, random, Scene, type SceneOptions, statementModule } from './harness.js'
import { stages } from './stages.js'
import { modelText, together } from './together.js'

const USES = {
  sensors: 'sim/sensor',
  advanceHistory: 'sim/sensor',
  ld: 'math/v4',
  st: 'math/v4',
}
/** what the CPU has left there must not pass for a result */
const CLEAR = 'for (var k = 0; k < f_nsensordata; k++) { st(f_sensordata + k, 77.0); st(f_sens_now + k, 77.0); }'
/** one text for all tests of a model, for it is built once: whether worlds go on, whether histories do, whether to clear */
const SENSORS = `if (call.a2 == 0u) { ${CLEAR} }
  sensors(call.a0 == 0u);
  if (call.a1 != 0u) { advanceHistory(call.a0 == 0u); }`
const LIMIT = 1e-5

/** readings of each sensor; relative to the largest of that sensor */
function compareReadings(scene: Scene): void {
  const { cpu, gpu } = scene.values('sensordata')
  const { sensor_adr: adr, sensor_dim: dim, sensor_type: type } = scene.model.field
  for (let i = 0; i < adr.length; i++) {
    const of = (rows: readonly number[][]) => rows.map(row => row.slice(adr[i], adr[i] + dim[i]))
    assertClose(`sensor ${i} (type ${type[i]})`, of(cpu), of(gpu), LIMIT)
  }
}

interface Case extends SceneOptions {
  readonly seed?: number
  /** how far qpos is from the reference pose, default 0.4: quaternions are made unit by the engine */
  readonly spread?: number
  /** inputs that are written at random, of this size */
  readonly inputs?: Readonly<Record<string, number>>
  /** sensors that may read 0 in every world */
  readonly silent?: readonly number[]
}

/** a field at random about values, the same for the four lanes of a world */
function scatter(batch: Batch, name: string, about: ArrayLike<number>, size: number, next: () => number): void {
  const rows = Array.from({ length: batch.nworld / 4 }, () => Array.from(about, x => x + size * next()))
  batch.set(
    name,
    rows.flatMap(row => [row, row, row, row].flat()),
  )
}

async function open(source: string, options: Case = {}): Promise<Scene> {
  const { seed = 3, spread = 0.4, inputs = {}, ...rest } = options
  const model = await modelOf(source)
  const next = random(seed + 100)
  const prepare = (batch: Batch): void => {
    scatter(batch, 'qpos', model.field.qpos0, spread, next)
    for (const [name, size] of Object.entries(inputs)) {
      scatter(batch, name, new Float64Array(batch.size(name)), size, next)
    }
  }
  const scene = await Scene.open(model, stages, seed, { nstep: 3, nworld: 16, ...rest, prepare })
  return scene.cpu((x, { m, p, d, s }) => x.forward(m, p, d, s))
}

/** all sensors of a model after some steps of kicked worlds; none of them reads 0 in every world */
async function agree(source: string, options: Case = {}): Promise<void> {
  const scene = await open(source, options)
  await scene.seed()
  await scene.gpu(SENSORS, USES)
  compareReadings(scene)
  const { gpu } = scene.values('sensordata')
  const { sensor_adr: adr, sensor_dim: dim } = scene.model.field
  adr.forEach((a: number, i: number) => {
    assert.ok(
      options.silent?.includes(i) || gpu.some(row => row.slice(a, a + dim[i]).some(x => x !== 0)),
      `sensor ${i} reads 0 everywhere`,
    )
  })
  scene.release()
}

const file = (name: string): string => new URL(`../models/${name}.xml`, import.meta.url).pathname

test('cutoff, force, torque and touch of a robot on the floor', () => {
  const more = ['sensor_force_torque', 'sensor_touch'].map(
    name => /<sensor>[\s\S]*<\/sensor>/.exec(modelText(name))?.[0],
  )
  const source = modelText('sensor_cutoff').replace('</mujoco>', `${more.join('')}</mujoco>`)
  return agree(source, { spread: 0.2, nworld: 32 })
})

test('models with sensors of one kind link without the others', async () => {
  const sizes: Record<string, number> = {}
  for (const kind of ['clock', 'joint', 'tendon', 'rangefinder', 'delay']) {
    const model = await modelOf(file(`sensor_${kind}`))
    const top = topology(model, new Set(), undefined, 1)
    const constants = modelConstants(model, top, layOutGpu(top.sizes)).set('f_sensornoise', 0)
    const code = statementModule('sensors(true); advanceHistory(true);', USES, constants)
    await compile(code)
    sizes[kind] = code.length
  }
  assert.ok(sizes.clock < 8000, `${sizes.clock} characters for a clock`)
  assert.ok(sizes.joint < 10000, `${sizes.joint} characters for joints`)
})

const LIMITS = ['hip', 'slide', 'ball']
  .map(j => `<jointlimitpos joint="${j}"/><jointlimitvel joint="${j}"/><jointlimitfrc joint="${j}"/>`)
  .join('')
/** models in one, where nothing touches */
const apart = (...models: readonly string[]): string =>
  together(models, '<option timestep="0.002" magnetic=".1 .2 -.4"><flag contact="disable"/></option>')

test('frames, sites, joints, actuators, subtrees, energy, cutoff', () =>
  agree(
    robot(`${frames(['framepos', 'framequat', 'framexaxis', 'frameyaxis', 'framezaxis', 'framelinvel', 'frameangvel'])}
     ${frames(['framelinacc', 'frameangacc'], ['', '', ''])}${sites(['accelerometer', 'velocimeter', 'gyro', 'magnetometer'])}
     <jointpos joint="hip"/><jointvel joint="slide"/><ballquat joint="ball"/><ballangvel joint="ball"/>
     <actuatorpos actuator="m"/><actuatorvel actuator="m"/><actuatorfrc actuator="p"/><actuatorvel actuator="f"/>
     <jointactuatorfrc joint="knee"/>${LIMITS}
     ${['base', 'thigh', 'shin', 'arm', 'world']
       .map(b => `<subtreecom body="${b}"/><subtreelinvel body="${b}"/><subtreeangmom body="${b}"/>`)
       .join('')}<e_potential/><e_kinetic/><accelerometer site="imu" cutoff="8"/><gyro site="tip" cutoff="1"/>
     <framelinvel objtype="body" objname="arm" cutoff=".5"/><rangefinder site="imu" cutoff=".6"/>`),
    { spread: 1.3, perWorld: true },
  ))

const TENDONS = `<worldbody><body><joint name="a" axis="0 1 0" damping=".2"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/>
  <body pos=".3 0 0"><joint name="b" type="slide" axis="1 0 0"/><geom type="sphere" size=".05" mass=".3"/></body></body></worldbody>
  <tendon><fixed name="t" limited="true" range="-.3 .4" stiffness="5" springlength="-.1 .1"><joint joint="a" coef="1.5"/><joint joint="b" coef="-.7"/></fixed>
    <fixed name="u" limited="true" range="-.1 .2" margin=".05"><joint joint="a" coef="-1"/><joint joint="b" coef="2"/></fixed></tendon>
  <actuator><motor name="m" tendon="t" gear="2"/><position name="p" tendon="t" kp="3"/><motor name="j" joint="a"/></actuator>`

const TENDON_SENSORS = `${['t', 'u']
  .flatMap(t =>
    ['tendonpos', 'tendonvel', 'tendonlimitpos', 'tendonlimitvel', 'tendonlimitfrc'].map(
      kind => `<${kind} tendon="${t}"/>`,
    ),
  )
  .join('')}<tendonactuatorfrc tendon="t"/><actuatorpos actuator="m"/><actuatorvel actuator="p"/><e_potential/>`

const PLANAR = `<worldbody><site name="fixed" pos=".4 .1 .2" euler="10 20 30"/>
  <body name="base" pos="0 0 1"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1" ref="1"/><joint axis="0 1 0"/>
    <geom name="trunk" type="capsule" fromto="0 0 0 0 0 .4" size=".05" mass="3"/><site name="imu" pos=".05 .02 .1" euler="20 -30 50"/>
    <body name="thigh"><joint name="hip" axis="0 -1 0" armature=".1" damping="1"/><geom name="thigh" type="capsule" fromto="0 0 0 .1 0 -.4" size=".04" mass="2"/>
      <body name="shin" pos=".1 0 -.4"><joint name="knee" axis="0 -1 0"/><geom type="capsule" fromto="0 0 0 0 0 -.4" size=".03" mass="1"/><site name="shin" pos=".01 .02 -.2" euler="0 0 70"/></body></body></body></worldbody>
  <actuator><motor name="m" joint="knee" gear="3"/></actuator>`

test('trees in a plane', () =>
  agree(
    robot(
      `<framepos objtype="site" objname="shin" reftype="site" refname="imu"/><framequat objtype="body" objname="shin"/><accelerometer site="imu"/>
       <gyro site="shin"/><framelinacc objtype="body" objname="thigh"/><subtreecom body="base"/>
       <subtreelinvel body="base"/><subtreeangmom body="thigh"/><actuatorpos actuator="m"/><actuatorvel actuator="m"/><e_potential/><e_kinetic/>`,
      '',
      PLANAR,
    ),
  ))

const HELD = `<worldbody><body><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/><site name="root" pos=".1 0 0"/>
  <body name="far" pos=".3 0 0"><joint axis="0 0 1"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/><site name="imu" pos=".1 .02 0"/>
    <body name="end" pos=".3 0 0"><joint type="ball"/><geom type="box" size=".1 .05 .03" mass=".3"/><site name="tip" pos=".1 0 .01"/></body></body></body>
  <body name="other" pos=".6 .1 .1"><freejoint/><geom type="box" size=".1 .1 .1" mass=".4"/><site name="grip" pos="0 .05 0"/></body></worldbody>
  <equality><connect body1="end" body2="other" anchor=".05 0 0"/><weld body1="far" body2="other" torquescale=".7"/><connect site1="imu" site2="grip" active="false"/><weld site1="tip" site2="grip"/></equality>`

const TREES = `<worldbody><geom type="plane" size="0 0 1"/><site name="base" pos=".1 -.2 .3" euler="20 30 40"/>
  <body pos="-.5 0 .4"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/>
    <body pos=".3 0 0"><joint axis="0 0 1"/><geom type="capsule" fromto="0 0 0 .2 0 0" size=".03" mass=".5"/></body></body>
  <body name="still" pos="2 0 1"><geom size=".1" mass="1"/></body>
  <body pos="1 .1 .2"><freejoint/><geom type="box" size=".1 .1 .1" mass=".4"/></body></worldbody>`

test('force and torque: trees, the world, connect and weld that hold on to bodies beyond', () =>
  agree(
    apart(
      robot(sites(['force', 'torque'])),
      robot(
        '<force site="root"/><torque site="root"/><force site="imu"/><torque site="imu"/><force site="tip"/><torque site="tip"/>',
        '',
        HELD,
      ),
      robot('<force site="base"/><torque site="base"/>', '', TREES),
    ),
    { spread: 0.1, inputs: { xfrc_applied: 3 }, perWorld: true },
  ))

const MOCAP = `<worldbody><body name="hand" mocap="true" pos=".1 .2 .3" euler="10 20 30"><geom name="palm" type="box" size=".1 .1 .1" contype="0" conaffinity="0"/><site name="nail" pos=".05 .02 .1" euler="20 0 0"/>
  <body name="thumb" pos=".1 0 .2" euler="0 40 0"><geom name="thumb" size=".05" contype="0" conaffinity="0"/></body></body>
  <body name="b"><freejoint/><geom name="g" size=".1" mass="1"/><site name="eye" pos="0 0 .2"/></body></worldbody>`

const MOCAP_SENSORS = `<framepos objtype="site" objname="nail"/><framequat objtype="body" objname="thumb"/><framexaxis objtype="geom" objname="thumb"/>
  <framepos objtype="body" objname="b" reftype="site" refname="nail"/><framelinvel objtype="body" objname="b" reftype="geom" refname="thumb"/>
  <framequat objtype="xbody" objname="b" reftype="xbody" refname="hand"/><rangefinder site="eye"/>`

const SHAPES = ['sphere', 'capsule', 'cylinder', 'ellipsoid', 'box']
/** a ray that turns in a ring of geoms */
const RANGES = `<worldbody><geom type="plane" size="3 3 .1" pos="0 0 -1"/>
  <body><joint type="ball"/><geom type="sphere" size=".1" mass="1"/><site name="eye" pos=".02 .03 .01"/><site name="back" euler="180 0 0"/></body>
  ${Array.from({ length: 30 }, (_, i) => {
    const [a, b] = [i * 2.4, Math.asin((2 * i + 1) / 30 - 1)]
    const pos = [Math.cos(a) * Math.cos(b), Math.sin(a) * Math.cos(b), Math.sin(b)]
      .map(x => (1.2 * x).toFixed(3))
      .join(' ')
    return `<geom type="${SHAPES[i % 5]}" size=".3 .25 .2" pos="${pos}" euler="${40 * i} ${70 * i} 10" ${i % 7 === 3 ? 'rgba="1 1 1 0"' : ''}/>`
  }).join('')}
  <body name="mover"><joint type="slide" axis="1 0 0"/><geom type="box" size=".2 .2 .2"/></body></worldbody>`

test('rangefinder: every kind of geom, all data', () =>
  agree(
    robot('<rangefinder site="eye" data="dist dir origin point normal depth"/><rangefinder site="back"/>', '', RANGES),
    { spread: 1.5, nworld: 64 },
  ))

const ZONES = `<worldbody>${SHAPES.map((z, i) => `<site name="${z}" type="${z}" size=".25 .3 .2" pos="${0.1 * i} .1 0" euler="20 ${30 * i} 0"/>`).join('')}
  <body name="b"><freejoint/><geom name="g" type="sphere" size=".1" pos=".05 0 0" mass="1"/><site name="p" pos="0 .1 0"/></body>
  <body name="empty" pos=".1 .1 0"><joint type="slide" axis="1 0 0" armature="1"/><body><geom type="sphere" size=".05" pos=".2 0 0" mass=".3"/></body></body></worldbody>`

const ZONE_SENSORS = SHAPES.map(
  z =>
    `<insidesite objtype="site" objname="p" site="${z}"/><insidesite objtype="geom" objname="g" site="${z}"/><insidesite objtype="body" objname="empty" site="${z}"/>`,
).join('')

test('mocap bodies and what hangs on them; zones of every shape; tendons, their limits and actuators', () =>
  agree(apart(robot(MOCAP_SENSORS, '', MOCAP), robot(ZONE_SENSORS, '', ZONES), robot(TENDON_SENSORS, '', TENDONS)), {
    spread: 0.6,
    nworld: 64,
    inputs: { mocap_pos: 1, mocap_quat: 1 },
  }))

const TOUCHED = `<mujoco><worldbody><geom name="floor" type="plane" size="0 0 .1"/>
  <body name="box" pos="0 0 .1"><freejoint/><geom name="box" type="box" size=".15 .1 .1" mass="1" condim="6"/><site name="zone" type="box" size=".1 .2 .2" pos=".08 0 0"/></body>
  <body name="ball" pos="0 0 .25"><freejoint/><geom name="ball" type="sphere" size=".06" mass=".3"/></body></worldbody>
  <sensor>${['none', 'mindist', 'maxforce', 'netforce']
    .map(
      reduce =>
        `<contact body1="box" num="${reduce === 'netforce' ? 1 : 3}" data="found force torque dist pos normal tangent" reduce="${reduce}"/>
        <contact geom1="floor" geom2="box" num="${reduce === 'netforce' ? 1 : 2}" data="force pos normal" reduce="${reduce}"/>
        <contact geom1="box" geom2="floor" num="${reduce === 'netforce' ? 1 : 2}" data="force torque tangent" reduce="${reduce}"/>`,
    )
    .join('')}
    <contact site="zone" num="4" data="found dist"/><contact subtree1="ball" data="found"/><contact num="1" data="found"/><touch site="zone"/></sensor></mujoco>`

for (const cone of ['pyramidal', 'elliptic']) {
  test(`contacts, sorted and summed, ${cone}`, () =>
    agree(TOUCHED.replace('<worldbody>', `<option cone="${cone}"/><worldbody>`), {
      spread: 0.02,
      kick: 0.3,
      nstep: 30,
      nworld: 32,
    }))
}

/** readings and histories after each of some steps, from the state before it */
async function follow(source: string, steps: number, options: Case = {}): Promise<Scene> {
  const scene = await open(source, { nstep: 0, spread: 0.1, nworld: 4, ...options })
  for (let k = 0; k < steps; k++) {
    scene.cpu((x, { m, p, d, s }) => x.forward(m, p, d, s))
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => x.step(m, p, d, s, 1, 1))
    await scene.gpu(SENSORS, USES, { a1: 1 })
    compareReadings(scene)
    assertClose(`step ${k}: history`, ...both(scene, 'history'), LIMIT)
  }
  return scene
}
const both = (scene: Scene, name: string): [number[][], number[][]] => {
  const { cpu, gpu } = scene.values(name)
  return [cpu, gpu]
}

test('delays: readings and controls go through their histories', async () => {
  ;(await follow(file('sensor_delay'), 12)).release()
})

const SWING = `<worldbody><body><joint name="a" axis="0 1 0" damping=".2"/><geom type="capsule" fromto="0 0 0 .3 0 0" size=".03" mass=".5"/></body></worldbody>
  <actuator><motor name="m" joint="a" delay=".005" nsample="4"/></actuator>`
const INTERVALS = (interp: string): string =>
  `<jointpos joint="a" interval="0.0071" nsample="3" interp="${interp}"/><jointvel joint="a" interval="0.0113 -0.0031" nsample="4" interp="${interp}"/>
   <actuatorfrc actuator="m" interval="0.0071" delay="0.0093" nsample="5" interp="${interp}"/><jointvel joint="a" interval="0.0031 -0.0017" delay="0.0201" nsample="9" interp="${interp}"/>
   <clock interval="0.01" nsample="2"/><jointpos joint="a" interval="0.0007" nsample="2"/><jointvel joint="a" nsample="3"/>`

const SAMPLED = apart(...['zoh', 'linear', 'cubic'].map(interp => robot(INTERVALS(interp), '', SWING)))

test('sampling intervals with phase and delay', async () => {
  ;(await follow(SAMPLED, 24)).release()
})

test('an interval after many ticks', async () => {
  const scene = await follow(SAMPLED, 12, { nstep: 5000 })
  assert.ok(scene.values('time').cpu[0][0] > 10)
  scene.release()
})

test('histories go on while sensors are off', async () => {
  const source = robot('<jointvel joint="a" delay=".004" nsample="4"/><jointpos joint="a"/>', '', SWING)
  const scene = await open(source.replace('contact="disable"', 'contact="disable" sensor="disable"'), { nworld: 4 })
  await scene.seed()
  scene.cpu((x, { m, p, d, s }) => x.step(m, p, d, s, 1, 1))
  await scene.gpu(SENSORS, USES, { a1: 1, a2: 1 })
  scene.compare({ sensordata: 0, history: LIMIT })
  assert.ok(scene.values('history').gpu.some(row => row.some(x => Math.abs(x) > 0.1)))
  scene.release()
})

test('a world that does not go on keeps its readings, and takes no sample at its interval', async () => {
  const scene = await open(SAMPLED, { nworld: 4 })
  await scene.seed()
  await scene.gpu(SENSORS, USES, { a0: 1, a2: 1 })
  scene.compare({ sensordata: 0, history: 0 })
  await scene.gpu(SENSORS, USES, { a0: 1, a1: 1 })
  const { cpu, gpu } = scene.values('history')
  const { sensor_historyadr: adr } = scene.model.field
  for (const [w, row] of gpu.entries()) {
    // the last sensor of each part has no interval
    for (const k of [0, 7, 14]) assert.equal(row.slice(adr[k], adr[k + 6]), cpu[w].slice(adr[k], adr[k + 6]))
  }
  for (const row of scene.values('sensordata').gpu) assert.ok(row.every(x => x === 77))
  scene.release()
})

const NOISY = `<mujoco><option timestep="0.002"><flag contact="disable"/></option><worldbody><body pos="0 0 1"><joint name="a" type="slide" axis="1 0 0"/><joint axis="0 1 0"/>
  <geom type="sphere" size=".1" pos=".1 0 0" mass="1"/><site name="s" euler="10 20 30"/></body></worldbody>
  <sensor><jointpos joint="a" noise=".5"/><gyro site="s" noise="2"/><framezaxis objtype="site" objname="s" noise=".01"/><framequat objtype="site" objname="s" noise=".02"/>
    <rangefinder site="s" noise="1"/><clock/><jointvel joint="a" noise=".3" cutoff=".4"/></sensor></mujoco>`

test('noise: the same numbers of seed, world, reset and step', async () => {
  // four worlds in the same state: on the CPU they are the lanes of the first block, whose numbers differ
  const scene = await open(NOISY, { nworld: 4, nstep: 40, spread: 0, kick: 0 })
  const { memory } = scene.engine
  const [seedlo, seedhi] = seedWords(-123456789012)
  const header: Readonly<Record<string, number>> = { sensornoise: 1, seedlo, seedhi }
  headerSlots().forEach((slot, i) => {
    if (slot.kind === 'size' && slot.name in header) new Int32Array(memory.buffer)[scene.m / 4 + i] = header[slot.name]
  })
  scene.constants.set('f_sensornoise', 1)
  const floats = new Float32Array(memory.buffer)
  const place = (w: number, name: string): number => (scene.block(w).d + (scene.layout.d.get(name) as number)) / 4
  const quiet = floats[place(0, 'sensordata')]
  for (const episode of [0, 1, 70000]) {
    for (let w = 0; w < 4; w++) floats.fill(episode, place(w, 'episode'), place(w, 'episode') + 4)
    scene.cpu((x, { m, p, d, s }) => x.forward(m, p, d, s))
    await scene.seed()
    await scene.gpu(SENSORS, USES, { seedlo, seedhi })
    const { gpu } = scene.values('sensordata')
    const cpu = gpu.map((row, w) => row.map((_, k) => floats[place(0, 'sensordata') + 4 * k + w]))
    const { sensor_adr: adr, sensor_dim: dim } = scene.model.field
    adr.forEach((a: number, i: number) => {
      const of = (rows: readonly number[][]) => rows.map(row => row.slice(a, a + dim[i]))
      assertClose(`sensor ${i}, episode ${episode}`, of(cpu), of(gpu), LIMIT)
    })
    assert.is(new Set(gpu.map(row => row[0])).size, 4)
    assert.ok(Math.abs(gpu[0][0] - quiet) > 1e-3)
  }
  scene.release()
})

test.run()
