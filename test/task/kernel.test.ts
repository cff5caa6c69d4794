/** The compiled program in the kernels, against the interpreter and against MuJoCo. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { END } from '../../bindings/program.js'
import { defineTask, type Task } from '../../bindings/task/index.js'
import { HOPPER } from '../../bindings/tasks/models/hopper.js'
import { openOracle, rng } from '../support/oracle.js'
import { everything } from './everything.js'
import { inInterpreter, inKernel } from './kernel.js'
import { WALKER, walkerModel } from './models.js'

const SEED = 11

test('the interpreter computes the bits of the kernel', async () => {
  const model = await everything.load()
  const episodes = 12
  const inputs = Float32Array.from({ length: 2 * episodes }, (_, i) => Math.fround(i / 10 - 1))
  const theta = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.fround(((i * 37) % 19) / 40 - 0.225))
  const run = await inKernel(everything, model, { episodes, seed: SEED, inputs, theta })
  let [redrawn, ended] = [0, 0]
  for (const [e, kernel] of run.episodes.entries()) {
    const twin = inInterpreter(everything, model, kernel.actions, SEED, e, inputs.subarray(2 * e, 2 * e + 2))
    for (const [t, observation] of kernel.observations.entries()) {
      const { names } = run.compiled
      for (const [k, x] of observation.entries()) {
        assert.ok(
          Object.is(x + 0, twin.observations[t][k] + 0),
          `${names.observation[k]}, episode ${e}, step ${t}: ${x} ${twin.observations[t][k]}`,
        )
      }
      for (const [k, x] of kernel.terms[t].entries())
        assert.ok(
          Object.is(x + 0, twin.terms[t][k] + 0),
          `${names.terms[k]}, episode ${e}, step ${t}: ${x} ${twin.terms[t][k]}`,
        )
    }
    const command = run.compiled.names.observation.indexOf('command[0]')
    for (let t = 1; t < kernel.observations.length; t++)
      if (kernel.observations[t][command] !== kernel.observations[t - 1][command]) {
        redrawn++
        assert.is(t % 15, 0, 'a command is drawn anew every 0.3 s')
      }
    if (run.ends[e] & END.TERMINATED) ended++
  }
  assert.ok(redrawn > 10, 'commands were drawn anew')
  assert.ok(ended > 0 && ended < episodes, `${ended} of ${episodes} episodes ended early`)
})

/** every quantity of the model that a task can read, of a state given from outside */
const everywhere = (model: Model): Task =>
  defineTask({
    name: 'everywhere',
    model,
    frameSkip: 1,
    episodeLength: 1,
    define(s) {
      const qpos = s.input('qpos', model.nq)
      const qvel = s.input('qvel', model.nv)
      const [torso, thigh, foot, post] = ['torso', 'thigh', 'foot', 'post'].map(name => s.body(name))
      return {
        observation: {
          qpos: s.qpos,
          qvel: s.qvel,
          torso: [torso.xpos, torso.xquat, torso.xmat, torso.xipos],
          foot: [foot.xpos, foot.xquat, foot.xmat, foot.xipos],
          velocity: [torso.xvel, torso.angvel, thigh.xvel, foot.xvel, foot.angvel],
          comVel: [thigh.comVel, foot.comVel],
          still: [post.xvel, post.angvel, post.xpos, s.body('world').xpos, s.body('world').xvel],
          site: [s.site('imu').xpos, s.site('toe').xpos],
          siteVel: [s.site('imu').xvel, s.site('toe').xvel],
          geom: [s.geom('foot').xpos, s.geom('thigh').xmat],
          target: s.body('target').xpos,
          com: s.centerOfMass(),
          comVelocity: s.comVelocity(),
          sensors: [s.sensor('gyro'), s.sensor('toe'), s.sensor('attitude'), s.sensor('hip')],
          contact: [foot.cfrc_ext, thigh.cfrc_ext],
          qacc: s.qacc,
          actuator: [s.actuator('hip').length, s.actuator('hip').velocity, s.actuator('ankle').force],
          local: torso.toLocal(torso.xvel),
          gravity: torso.projectedGravity,
          upright: [s.up('torso'), thigh.up],
          parameters: [s.param('body/torso/mass'), s.param('actuator/ankle/kp'), s.param('joint/hip/ref'), foot.mass],
        },
        action: { kind: 'torque', scale: 0 },
        reward: { none: 0 },
        reset: { qpos, qvel },
      }
    },
  })

test('poses, velocities, forces and sensors are those of MuJoCo', async () => {
  const model = await walkerModel()
  const oracle = await openOracle(WALKER)
  const states = 60
  const random = rng(5)
  const inputs = new Float32Array(states * (model.nq + model.nv))
  for (let i = 0; i < states; i++) {
    const quat = Array.from({ length: 4 }, () => random.normal())
    const length = Math.hypot(...quat)
    // half of them with the foot in the floor
    const qpos = [random.normal(), random.normal(), i % 2 ? 0.43 : 2]
    if (i % 2) qpos.push(1, 0, 0, 0, 0.1 * random.normal(), -0.02)
    else qpos.push(...quat.map(x => x / length), random.uniform(-0.9, 0.9), 0.1 * random.normal())
    inputs.set([...qpos, ...Array.from({ length: model.nv }, () => random.normal())], i * (model.nq + model.nv))
  }
  const task = everywhere(model)
  const run = await inKernel(task, model, { episodes: states, seed: 0, inputs })
  const id = (kind: 'body' | 'site' | 'geom', name: string) => model.names[kind].indexOf(name)
  const rows = (field: string, size: number, ...ids: number[]) =>
    ids.flatMap(k => [...oracle.get(field).subarray(size * k, size * k + size)])
  const velocity = (type: number, object: number) => {
    let out: number[] = []
    oracle.call((mj, m, d) => {
      const buffer = new mj.DoubleBuffer(6)
      mj.mj_objectVelocity(m, d, type, object, buffer, 0)
      out = Array.from(buffer.GetView() as Float64Array)
      buffer.delete()
    })
    return { angular: out.slice(0, 3), linear: out.slice(3) }
  }
  const [BODY, XBODY, SITE] = [1, 2, 6]
  const [torso, thigh, foot] = ['torso', 'thigh', 'foot'].map(name => id('body', name))
  const sensor = (name: string) => {
    const k = model.names.sensor.indexOf(name)
    const adr = model.field.sensor_adr[k]
    return [...oracle.get('sensordata').subarray(adr, adr + model.field.sensor_dim[k])]
  }
  let touching = 0
  for (let i = 0; i < states; i++) {
    const input = inputs.subarray(i * (model.nq + model.nv), (i + 1) * (model.nq + model.nv))
    oracle.reset().write('qpos', input.subarray(0, model.nq)).write('qvel', input.subarray(model.nq))
    oracle.forward().call((mj, m, d) => mj.mj_rnePostConstraint(m, d))
    const pose = (b: number) => [
      ...rows('xpos', 3, b),
      ...rows('xquat', 4, b),
      ...rows('xmat', 9, b),
      ...rows('xipos', 3, b),
    ]
    const mass = oracle.get('body_mass')
    const moving = [torso, thigh, foot]
    // of all bodies with mass, those that stand still too
    const all = Array.from(mass.keys()).filter(b => mass[b] > 0)
    const sum = all.reduce((total, b) => total + mass[b], 0)
    const mean = (of: (b: number) => number[]) =>
      [0, 1, 2].map(k => all.reduce((total, b) => total + (mass[b] * of(b)[k]) / sum, 0))
    const xmat = rows('xmat', 9, torso)
    const ownVelocity = velocity(XBODY, torso).linear
    const expected: Record<string, number[]> = {
      qpos: [...oracle.get('qpos')],
      qvel: [...oracle.get('qvel')],
      torso: pose(torso),
      foot: pose(foot),
      velocity: [
        ...velocity(XBODY, torso).linear,
        ...velocity(XBODY, torso).angular,
        ...velocity(XBODY, thigh).linear,
        ...velocity(XBODY, foot).linear,
        ...velocity(XBODY, foot).angular,
      ],
      comVel: [...velocity(BODY, thigh).linear, ...velocity(BODY, foot).linear],
      still: [0, 0, 0, 0, 0, 0, 1, 2, 0.5, 0, 0, 0, 0, 0, 0],
      site: rows('site_xpos', 3, id('site', 'imu'), id('site', 'toe')),
      siteVel: [...velocity(SITE, id('site', 'imu')).linear, ...velocity(SITE, id('site', 'toe')).linear],
      geom: [...rows('geom_xpos', 3, id('geom', 'foot')), ...rows('geom_xmat', 9, id('geom', 'thigh'))],
      target: [2, 0, 1],
      com: mean(b => rows('xipos', 3, b)),
      comVelocity: mean(b => (moving.includes(b) ? velocity(BODY, b).linear : [0, 0, 0])),
      sensors: ['gyro', 'toe', 'attitude', 'hip'].flatMap(sensor),
      contact: rows('cfrc_ext', 6, foot, thigh),
      qacc: [...oracle.get('qacc')],
      actuator: [2 * input[7], 2 * input[model.nq + 6], oracle.get('actuator_force')[1]],
      local: [0, 1, 2].map(k => [0, 1, 2].reduce((total, j) => total + xmat[3 * j + k] * ownVelocity[j], 0)),
      gravity: xmat.slice(6).map(x => -x),
      upright: [xmat[8], ...[2, 5, 8].map(k => rows('xmat', 9, thigh)[k])],
      parameters: [mass[torso], 50, 0, mass[foot]],
    }
    if (expected.contact.some(x => x !== 0)) touching++
    const observed: Record<string, number[]> = {}
    for (const [k, name] of run.compiled.names.observation.entries()) {
      const group = name.replace(/\[.*/, '')
      observed[group] ??= []
      observed[group].push(run.episodes[i].observations[0][k])
    }
    assert.equal(Object.keys(observed), Object.keys(expected))
    for (const [name, values] of Object.entries(expected)) {
      assert.is(observed[name].length, values.length, name)
      // forces of contacts are hundreds of newtons from a penetration of millimetres
      const bound = (['contact', 'qacc', 'sensors'].includes(name) ? 2e-3 : 1e-5) * Math.max(1, ...values.map(Math.abs))
      for (const [k, x] of values.entries())
        assert.ok(
          Math.abs(x - observed[name][k]) <= bound,
          `state ${i}: ${name}[${k}] is ${observed[name][k]}, in MuJoCo ${x}`,
        )
    }
  }
  assert.ok(touching > 20, `${touching} states have contacts`)
  oracle.dispose()
})

test('results in a reward are those of the last timestep', async () => {
  const model = await walkerModel()
  const oracle = await openOracle(WALKER)
  const frameSkip = 3
  const fields = ['qacc', 'actuator_force', 'qfrc_actuator', 'qfrc_constraint', 'sensordata'] as const
  const task = defineTask({
    name: 'results',
    model,
    frameSkip,
    episodeLength: 1,
    define(s) {
      const ctrl = s.input('ctrl', model.nu)
      const terms = fields.flatMap(field => [...s.field(field)].map((x, i) => [`${field} ${i}`, x.unitless()]))
      const contact = [...s.body('foot').cfrc_ext].map((x, i) => [`cfrc_ext ${i}`, x.unitless()])
      return {
        observation: { qpos: s.qpos },
        action: { kind: 'custom', size: 1, command: () => ctrl },
        reward: Object.fromEntries([...terms, ...contact]),
        reset: { qpos: s.input('qpos', model.nq), qvel: s.input('qvel', model.nv) },
      }
    },
  })
  const states = 40
  const random = rng(9)
  const width = model.nu + model.nq + model.nv
  const inputs = new Float32Array(states * width)
  for (let i = 0; i < states; i++) {
    const z = i % 2 ? 0.43 : 2
    const qvel = Array.from({ length: model.nv }, () => 0.3 * random.normal())
    const qpos = [0, 0, z, 1, 0, 0, 0, 0.1 * random.normal(), -0.02]
    inputs.set([random.normal(), 0.1 * random.normal(), ...qpos, ...qvel], i * width)
  }
  const run = await inKernel(task, model, { episodes: states, seed: 0, inputs })
  let constrained = 0
  for (let i = 0; i < states; i++) {
    const [ctrl, qpos, qvel] = [
      [0, model.nu],
      [model.nu, model.nu + model.nq],
      [model.nu + model.nq, width],
    ].map(([begin, end]) => inputs.subarray(i * width + begin, i * width + end))
    oracle.reset().write('qpos', qpos).write('qvel', qvel).write('ctrl', ctrl).step(frameSkip)
    oracle.call((mj, m, d) => mj.mj_rnePostConstraint(m, d))
    if (oracle.data.nefc > 0) constrained++
    const foot = 6 * model.names.body.indexOf('foot')
    const theirs: Record<string, Float64Array> = { cfrc_ext: oracle.get('cfrc_ext').subarray(foot, foot + 6) }
    for (const field of fields) theirs[field] = oracle.get(field)
    for (const [k, name] of run.compiled.names.terms.entries()) {
      const [field, element] = name.split(' ')
      const bound = 5e-3 * Math.max(1, ...theirs[field].map(Math.abs))
      const [ours, x] = [run.episodes[i].terms[0][k], theirs[field][Number(element)]]
      assert.ok(Math.abs(ours - x) <= bound, `state ${i}: ${name} is ${ours}, in MuJoCo ${x}`)
    }
  }
  assert.ok(constrained > 10 && constrained < states, `${constrained} states have constraints`)
  oracle.dispose()
})

test('contact forces of a model that moves in a plane, whose timesteps leave out what they do not need', async () => {
  const xml = HOPPER.replace('integrator="RK4"', '')
  const model = await loadModel(xml)
  const oracle = await openOracle(xml)
  const task = defineTask({
    name: 'planar',
    model,
    frameSkip: 2,
    episodeLength: 1,
    define(s) {
      const ctrl = s.input('ctrl', model.nu)
      return {
        observation: { qpos: s.qpos },
        action: { kind: 'custom', size: 1, command: () => ctrl },
        reward: Object.fromEntries([...s.body('foot').cfrc_ext].map((x, i) => [`cfrc_ext ${i}`, x.unitless()])),
        reset: { qpos: s.input('qpos', model.nq), qvel: s.input('qvel', model.nv) },
      }
    },
  })
  const states = 30
  const random = rng(4)
  const width = model.nu + model.nq + model.nv
  const inputs = Float32Array.from({ length: states * width }, (_, k) => {
    const j = (k % width) - model.nu
    return j === 1
      ? Math.floor(k / width) % 3 === 0
        ? 2
        : 1.2
      : j === 0
        ? 3 * random.normal()
        : (j < 0 ? 0.3 : 0.05) * random.normal()
  })
  const run = await inKernel(task, model, { episodes: states, seed: 0, inputs })
  let touching = 0
  for (let i = 0; i < states; i++) {
    const part = (begin: number, n: number) => inputs.subarray(i * width + begin, i * width + begin + n)
    oracle
      .reset()
      .write('qpos', part(model.nu, model.nq))
      .write('qvel', part(model.nu + model.nq, model.nv))
    oracle.write('ctrl', part(0, model.nu)).step(2)
    oracle.call((mj, m, d) => mj.mj_rnePostConstraint(m, d))
    const foot = 6 * model.names.body.indexOf('foot')
    const theirs = oracle.get('cfrc_ext').subarray(foot, foot + 6)
    const size = Math.max(...theirs.map(Math.abs))
    if (size > 0) touching++
    for (let k = 0; k < 6; k++) {
      const ours = run.episodes[i].terms[0][k]
      assert.ok(
        Math.abs(ours - theirs[k]) <= 5e-3 * Math.max(1, size),
        `state ${i}: cfrc_ext[${k}] is ${ours}, in MuJoCo ${theirs[k]}`,
      )
    }
  }
  assert.ok(touching > 5 && touching < states, `${touching} states have contacts`)
  oracle.dispose()
})

test.run()
