/** The timestep and its smooth forces on both engines, from kicked, moving states. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Batch } from '../../bindings/engine/batch.js'
import { bindingText } from '../../bindings/engine/webgpu/layout.js'
import { link } from '../../bindings/engine/webgpu/link.js'
import { snapshotFields, worldFields } from '../../bindings/fields.js'
import { SCENES } from '../engine/scenes.js'
import { assertClose, compile, kernels, modelOf, Scene, type SceneOptions } from './harness.js'
import { stages } from './stages.js'
import { modelText, together } from './together.js'

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

const delays = ['zoh', 'linear', 'cubic'].map(
  interp =>
    `<mujoco><worldbody><body><joint name="a" axis="0 1 0"/><geom type="capsule" size=".05" fromto="0 0 0 .3 0 0"/>
      <body pos=".3 0 0"><joint name="b" axis="0 1 0" damping=".1"/><geom type="capsule" size=".05" fromto="0 0 0 .3 0 0"/></body></body></worldbody>
      <actuator><position joint="a" kp="5" delay=".0053" nsample="12" interp="${interp}"/><motor joint="b" delay=".004" nsample="3" interp="${interp}"/></actuator>
      <sensor><jointpos joint="a" delay="0.0075" nsample="9" interp="linear"/><jointvel joint="a" delay="0.0075" nsample="9" interp="${interp}"/></sensor></mujoco>`,
)

// without constraints, for a solver is most of a step's text
const option = (integrator: string, more = ''): string =>
  `<option timestep="0.002" integrator="${integrator}" ${more}><flag constraint="disable"/></option>`
/** models of test/engine/scenes.ts and of test/models in one */
const merge = (integrator: string, names: readonly string[], more = ''): string =>
  together(
    names.map(name => SCENES[name] ?? modelText(name)),
    option(integrator, more),
  )

const ACTUATORS = [
  ...Object.keys(SCENES).slice(Object.keys(SCENES).indexOf('motor')),
  'actuator_actlimited',
  'actuator_damper',
  'actuator_frcrange',
  'actuator_joint_multi',
  'actuator_jointinparent',
  'actuator_site',
  'actuator_site_ref',
  'gravcomp_actuated',
]
const ALL = 'implicitfast, in a fluid: joints, springs, actuators'
const MODELS: Readonly<Record<string, string>> = {
  [ALL]: merge(
    'implicitfast',
    [
      'hinge and slide chain',
      'free base with arms',
      'ball chain',
      'free joint with springs',
      'polynomial springs and dampers',
      'gravcomp',
      'fluid_implicitfast',
      ...ACTUATORS,
    ],
    'density="800" viscosity=".2"',
  ),
  'implicit, in a fluid': merge(
    'implicit',
    [
      'ball chain',
      'fluid_implicit',
      'implicit_gyroscopic',
      'polynomial springs and dampers',
      'position, velocity, damper',
    ],
    'density="800" viscosity=".2" wind="5 2 -1"',
  ),
  'Runge-Kutta': together([...['free base with arms', 'filters'].map(name => SCENES[name]), delays[2]], option('RK4')),
  'Euler: free bodies, ball joints, delays': together([...delays, SCENES['free base with arms']], option('Euler')),
  tendons: merge('implicitfast', ['tendon_armature_implicit', 'tendon_actuatorfrcrange', 'tendon_spring']),
  'in a plane': merge('Euler', ['planar hopper']),
  'everything at once': SCENES['everything at once'],
}

/** one text for all, for it is built once */
const STEP = 'step(true, call.a0 != 0u);'

/** forces applied to bodies */
function push(batch: Batch): void {
  const n = 6 * batch.model.nbody
  batch.set(
    'xfrc_applied',
    Float32Array.from({ length: 16 * n }, (_, i) => Math.sin(Math.floor(i / (4 * n)) + (i % n))),
  )
}

const open = async (xml: string, seed: number, options: SceneOptions = {}): Promise<Scene> =>
  Scene.open(await modelOf(xml), stages, seed, { nworld: 4, kick: 2, ...options })

/**
 * What a step leaves. Accelerations come of a solve: a limb of 2e-4 kg m^2 about its axis makes 1e-3 of a rounding of 1e-7 in
 * its torque. Of 32 states of 'free base with arms', with the same forces to 7e-7, that joint's acceleration is off from
 * MuJoCo's in double precision by at most 4.0e-3 on the CPU and 2.7e-3 here (3.8e-3 between them), root mean squares of all
 * joints 4.5e-4 and 3.6e-4; every other joint keeps to 1.2e-4 on both sides. Velocities have timestep times that.
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

for (const [name, xml] of Object.entries(MODELS)) {
  test(`step: ${name}`, async () => {
    const scene = await open(xml, 5, name === ALL ? { prepare: push } : {})
    await scene.seed()
    scene.cpu((x, { m, p, d, s }) => x.step(m, p, d, s, 1, 1))
    await scene.gpu(STEP, FORWARD, { a0: 1 })
    // a solver uses scratch of the smooth forces
    scene.compare(name === 'everything at once' ? STEPPED : { ...SMOOTH, ...STEPPED })
    scene.release()
  })
}

test('the stages of a step make the step', async () => {
  const scene = await open(SCENES['everything at once'], 7)
  await scene.seed()
  await scene.gpu(STEP, FORWARD)
  const whole = [...worldFields, ...snapshotFields].map(f => [f.name, scene.values(f.name).gpu] as const)
  await scene.seed()
  await scene.gpu('smoothStage(0, true);', STAGES)
  await scene.gpu('collideStage();', STAGES)
  await scene.gpu('constraintStage();', STAGES)
  await scene.gpu('solveStage(true);', STAGES)
  await scene.gpu('advanceStage(0, true);', STAGES)
  for (const [field, values] of whole) assert.equal(scene.values(field).gpu, values, field)
  scene.release()
})

const shared = async (name: string, seed: number): Promise<Scene> => {
  const path = new URL(`../../../shared/models/${name}.xml`, import.meta.url).pathname
  return await Scene.open(await modelOf(path), stages, seed, { nworld: 4 })
}

test('forward', async () => {
  const scene = await shared('cartpole', 8)
  await scene.seed()
  scene.cpu((x, { m, p, d, s }) => x.forward(m, p, d, s))
  await scene.gpu('forward();', FORWARD)
  scene.compare({ qacc: 1e-3, qfrc_constraint: 1e-3, ncon: 0, nefc: 0, status: 0, qpos_prev: 0, qvel_prev: 0 })
  scene.release()
})

for (const name of ['cartpole', 'ant']) {
  test(`derived quantities, contacts: ${name}`, async () => {
    const scene = await shared(name, 8)
    await scene.seed()
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
  const scene = await open(MODELS[ALL], 9, { prepare: push })
  const f32 = new Float32Array(scene.engine.memory.buffer)
  const bad = scene.block(1).d + (scene.layout.d.get('qvel') as number)
  for (let lane = 0; lane < 4; lane++) f32[bad / 4 + lane] = Number.NaN
  const full = scene.block(2).d + (scene.layout.d.get('status') as number)
  for (let lane = 0; lane < 4; lane++) f32[full / 4 + lane] = 4
  await scene.seed()
  scene.cpu((x, { m, p, d, s }) => x.step(m, p, d, s, 1, 0))
  await scene.gpu(STEP, FORWARD)
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

/** constants of the parameters that a function makes: overwritten with another number first */
for (const [name, field, run, file] of [
  ['actuator_site', 'site_frame', 'siteConstants', 'sim/transmission'],
  ['fluid_density', 'fluid_const', 'fluidConstants', 'sim/fluid'],
  ['tendon_armature', 'ten_J', 'tendonConstants', 'sim/tendon'],
  ['tendon_armature', 'ten_drag', 'tendonConstants', 'sim/tendon'],
  ['tendon_armature', 'ten_inertia', 'tendonConstants', 'sim/tendon'],
] as const) {
  test(`${run}: ${field}`, async () => {
    const scene = await open(modelText(name), 11, { nworld: 1, nstep: 0 })
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
  const scene = await open(modelText('integrator_rk4'), 1, { nworld: 1, nstep: 0 })
  const names = ['step', 'forward', 'setConst', 'derive', 'collide', 'rows', ...Object.keys(STAGES)]
  for (const name of names) {
    await compile(link(kernels, [{ path: 'index', name }], scene.constants, bindingText()))
  }
  scene.release()
})

test.run()
