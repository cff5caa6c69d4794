/** The timestep and its smooth forces on both engines, from kicked, moving states. */
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bindingText } from '../../bindings/engine/webgpu/layout.js'
import { link } from '../../bindings/engine/webgpu/link.js'
import { snapshotFields, worldFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import { SCENES } from '../engine/scenes.js'
import { assertClose, buildStages, compile, kernels, Scene, type SceneOptions } from './harness.js'

const stages = buildStages({
  smoothForces: 'sim/forward',
  derive: 'sim/forward',
  contacts: 'sim/forward',
  forward: 'sim/forward',
  step: 'sim/forward',
})
const FORWARD = {
  smoothForces: 'sim/forward',
  derive: 'sim/forward',
  contacts: 'sim/forward',
  forward: 'sim/forward',
  step: 'sim/forward',
}
const STAGES = {
  smoothStage: 'sim/forward',
  collideStage: 'sim/forward',
  constraintStage: 'sim/forward',
  solveStage: 'sim/forward',
  advanceStage: 'sim/forward',
}

const folder = new URL('../models/', import.meta.url)
const MODELS: Record<string, string> = { ...SCENES }
for (const name of readdirSync(folder)) {
  if (/^(actuator|tendon|fluid|gravcomp|joint|integrator|implicit|planar|limit)_?.*\.xml$/.test(name))
    MODELS[name] = readFileSync(new URL(name, folder), 'utf8')
}
for (const interp of ['zoh', 'linear', 'cubic'])
  MODELS[`delay, ${interp}`] =
    `<mujoco><option timestep=".002"/><worldbody><body><joint name="a" axis="0 1 0"/><geom type="capsule" size=".05" fromto="0 0 0 .3 0 0"/>
      <body pos=".3 0 0"><joint name="b" axis="0 1 0" damping=".1"/><geom type="capsule" size=".05" fromto="0 0 0 .3 0 0"/></body></body></worldbody>
      <actuator><position joint="a" kp="5" delay=".0053" nsample="12" interp="${interp}"/><motor joint="b" delay=".004" nsample="3" interp="${interp}"/></actuator>
      <sensor><jointpos joint="a" delay="0.0075" nsample="9" interp="linear"/><jointvel joint="a" delay="0.0075" nsample="9" interp="${interp}"/></sensor></mujoco>`

/** SCENE=pattern: only these */
const only = process.env.SCENE === undefined ? undefined : new RegExp(process.env.SCENE)

const open = async (xml: string, seed: number, options: SceneOptions = {}): Promise<Scene> =>
  Scene.open(await loadModel(xml), stages, seed, { nworld: 4, kick: 2, ...options })

/**
 * What a step leaves. Accelerations come of a solve: a rod of 2e-4 kg m^2 about its axis makes 1e-3 of a rounding of 1e-7 in
 * its torque. Velocities, which may cancel, have timestep times that.
 */
const STEPPED = {
  qpos: 1e-5,
  qvel: 1e-4,
  act: 1e-5,
  time: 0,
  time_carry: 0,
  history: 1e-5,
  status: 0,
  ncon: 0,
  nefc: 0,
  qacc: 5e-3,
  qacc_warmstart: 5e-3,
  qfrc_constraint: 1e-4,
  qpos_prev: 0,
  qvel_prev: 0,
  sensordata: 1e-4,
}

/** forces that do not come of constraints, and what they are made of */
const SMOOTH = {
  qfrc_bias: 1e-5,
  qfrc_passive: 1e-5,
  qfrc_gravcomp: 1e-5,
  qfrc_actuator: 1e-5,
  qfrc_smooth: 1e-5,
  act_dot: 1e-5,
  actuator_force: 1e-5,
  act_dvel: 1e-5,
  actuator_length: 1e-5,
  actuator_velocity: 1e-5,
  moment: 1e-5,
  ten_length: 1e-5,
  ten_velocity: 1e-5,
  lnk_coriolis: 1e-5,
}

const CONSTRAINED =
  /friction|joint limits|limits of|ball limit|equality|everything|gyroscopic|integrator_|limit_|planar.xml|tendon_/
/** models with constraints whose whole step is looked at: compiling a solver takes SwiftShader seconds */
const SOLVED = /everything at once|joint limits|integrator_|tendon_limit.xml/

for (const [name, xml] of Object.entries(MODELS)) {
  if (only && !only.test(name)) continue
  test(`smooth forces${CONSTRAINED.test(name) ? '' : ' and step'}: ${name}`, async () => {
    const scene = await open(xml, 5)
    await scene.seed()
    if (CONSTRAINED.test(name)) {
      scene.cpu((x, { m, p, d, s }) => x.smoothForces(m, p, d, s, 0.5))
      await scene.gpu('smoothForces(0.5);', FORWARD)
      scene.compare({ ...SMOOTH, qM: 1e-5 })
    } else {
      scene.cpu((x, { m, p, d, s }) => x.step(m, p, d, s, 1, 1))
      await scene.gpu('step(true, true);', FORWARD)
      scene.compare({ ...SMOOTH, ...STEPPED })
    }
    scene.release()
  })
  if (!SOLVED.test(name)) continue
  test(`step: ${name}`, async () => {
    const scene = await open(xml, 6)
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => x.step(m, p, d, s, 1, 1))
    await scene.gpu('step(true, true);', FORWARD)
    scene.compare(STEPPED)
    scene.release()
  })
}

/** the stages of the timestep, each a dispatch of its own */
async function inStages(scene: Scene, rk4: boolean): Promise<void> {
  for (let k = 0; k < (rk4 ? 4 : 1); k++) {
    await scene.gpu('smoothStage(i32(call.a0), true);', STAGES, { a0: k })
    await scene.gpu('collideStage();', STAGES)
    await scene.gpu('constraintStage();', STAGES)
    await scene.gpu('solveStage(true);', STAGES)
    await scene.gpu('advanceStage(i32(call.a0), true);', STAGES, { a0: k })
  }
}

for (const name of [
  'integrator_euler',
  'integrator_implicitfast',
  'integrator_implicit',
  'integrator_rk4',
  'stack',
  'sensor_delay',
]) {
  if (only && !only.test(name)) continue
  test(`the stages of a step make the step: ${name}`, async () => {
    const xml = readFileSync(new URL(`${name}.xml`, folder), 'utf8')
    const scene = await open(xml, 7)
    await scene.seed()
    await scene.gpu('step(true, false);', FORWARD)
    const whole = [...worldFields, ...snapshotFields].map(f => [f.name, scene.values(f.name).gpu] as const)
    await scene.seed()
    await inStages(scene, /rk4/.test(name))
    for (const [field, values] of whole) assert.equal(scene.values(field).gpu, values, field)
    scene.release()
  })
}

for (const name of ['cartpole', 'ant', 'panda']) {
  if (only && !only.test(name)) continue
  const path = new URL(`../../../shared/models/${name}.xml`, import.meta.url).pathname
  test(`forward, derived quantities, contacts: ${name}`, async () => {
    const scene = await Scene.open(await loadModel(path), stages, 8, { nworld: 4 })
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => x.forward(m, p, d, s))
    await scene.gpu('forward();', FORWARD)
    scene.compare({ qacc: 1e-3, qfrc_constraint: 1e-3, ncon: 0, nefc: 0, status: 0, qpos_prev: 0, qvel_prev: 0 })
    scene.cpu((x, { m, p, d, s }) => {
      x.derive(m, p, d, s)
      x.contacts(m, p, d, s)
    })
    await scene.gpu('derive(); contacts();', FORWARD)
    scene.compare({
      qM: 1e-5,
      qfrc_bias: 1e-5,
      qfrc_smooth: 1e-5,
      qacc_smooth: 1e-4,
      xpos: 1e-5,
      xquat: 1e-5,
      geoms: 1e-5,
      ncon: 0,
      qpos: 0,
      qvel: 0,
    })
    scene.release()
  })
}

test('a world that has diverged stands still, and its neighbours go on', async () => {
  const scene = await open(SCENES['hinge and slide chain'], 9)
  const f32 = new Float32Array(scene.engine.memory.buffer)
  const bad = scene.block(1).d + (scene.layout.d.get('qvel') as number)
  for (let lane = 0; lane < 4; lane++) f32[bad / 4 + lane] = Number.NaN
  const full = scene.block(2).d + (scene.layout.d.get('status') as number)
  for (let lane = 0; lane < 4; lane++) f32[full / 4 + lane] = 4
  await scene.seed()
  scene.cpu((x, { m, p, d, s }) => x.step(m, p, d, s, 1, 0))
  await scene.gpu('step(true, false);', FORWARD)
  scene.compare({ status: 0, time: 0, time_carry: 0 })
  // on the CPU a velocity that is not finite reaches the position of its world
  for (const name of ['qpos', 'qvel'])
    for (const w of [0, 2, 3]) {
      const { cpu, gpu } = scene.values(name)
      assertClose(`${name} of world ${w}`, [cpu[w]], [gpu[w]], 1e-5)
    }
  assert.equal(scene.values('status').gpu.flat(), [0, 1, 4, 0])
  scene.release()
})

test('forces applied to bodies, actuators switched off', async () => {
  const scene = await open(SCENES['free base with arms'], 10, {
    prepare: batch => {
      const n = 6 * batch.model.nbody
      batch.set(
        'xfrc_applied',
        Float32Array.from({ length: 16 * n }, (_, i) => Math.sin(Math.floor(i / (4 * n)) + (i % n))),
      )
    },
  })
  await scene.seed()
  scene.cpu((x, { m, p, d, s }) => x.step(m, p, d, s, 1, 1))
  await scene.gpu('step(true, true);', FORWARD)
  scene.compare(STEPPED)
  scene.release()
})

/** constants of the parameters that a function makes: overwritten with another number first */
for (const [name, field, run, file] of [
  ['actuator_site.xml', 'site_frame', 'siteConstants', 'sim/transmission'],
  ['fluid_density.xml', 'fluid_const', 'fluidConstants', 'sim/fluid'],
  ['tendon_armature.xml', 'ten_J', 'tendonConstants', 'sim/tendon'],
  ['tendon_armature.xml', 'ten_drag', 'tendonConstants', 'sim/tendon'],
  ['tendon_armature.xml', 'ten_inertia', 'tendonConstants', 'sim/tendon'],
] as const) {
  if (only && !only.test(run)) continue
  test(`${run}: ${field}`, async () => {
    const scene = await open(MODELS[name], 11, { nworld: 1, nstep: 0 })
    await scene.seed()
    const at = scene.gpuLayout.p.get(field) as number
    const words = () => scene.read('P').then(P => [...new Float32Array(P.buffer)])
    const before = await words()
    const n = Math.max(...[...scene.gpuLayout.p.values()].filter(a => a > at).map(a => -a), -before.length) * -1 - at
    // the static body of fluid_const has no constants
    const from = field === 'fluid_const' ? 13 : 0
    await scene.gpu(`for (var i = ${from}; i < ${n}; i++) { setpar(f_${field} + i, 7.0); } ${run}();`, {
      setpar: 'math/v4',
      [run]: file,
    })
    assertClose(field, [before.slice(at, at + n)], [(await words()).slice(at, at + n)], 1e-6)
    scene.release()
  })
}

test('the entry points link and compile', async () => {
  const scene = await open(MODELS['integrator_rk4.xml'], 1, { nworld: 1, nstep: 0 })
  const names = ['step', 'forward', 'setConst', 'derive', 'collide', 'rows', ...Object.keys(STAGES)]
  for (const name of names) {
    await compile(link(kernels, [{ path: 'index', name }], scene.constants, bindingText()))
  }
  scene.release()
})

test.run()
