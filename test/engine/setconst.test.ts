/** Writing a model field in some worlds equals writing it in MuJoCo and calling mj_setConst. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { modelFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import { COMPUTED } from '../../bindings/model/property.js'
import { openOracle, randomStates } from '../support/oracle.js'

const XML =
  `<mujoco><option timestep="0.002" density="30" viscosity=".1" wind="1 .5 -.3"><flag contact="disable"/></option><worldbody>
  <body name="base" pos="0 0 1" quat="1 .2 .1 -.3" gravcomp=".3"><joint name="a" axis="0 1 .2" damping=".1" stiffness="2 .1 .2" springref="20" frictionloss="1.2" limited="true" range="-20 20" armature=".01"/>
    <geom type="box" size=".1 .05 .2" pos=".1 0 .05" euler="0 40 0" mass="1"/>
    <body name="fore" pos=".3 .1 0" euler="10 0 30"><joint name="b" pos=".01 .02 0" axis="1 0 0" damping=".2 .1 .05" margin=".1" limited="true" range="-20 5" actuatorfrcrange="-2 2" actuatorfrclimited="true"/>
      <joint name="c" type="slide" axis="0 0 1" stiffness="30"/>
      <geom type="capsule" fromto="0 0 0 .3 0 .1" size=".03" mass=".5"/><site name="tip" pos=".3 0 .1" euler="0 0 70"/></body></body>
  <body name="free" pos="1 0 0"><freejoint/><geom name="g" type="box" size=".1 .2 .3" pos=".05 0 .02" mass="2"/>
    <body name="on" pos=".2 0 0" gravcomp="1"><joint name="ball" type="ball" damping=".05" stiffness="1"/><geom type="capsule" fromto="0 0 0 0 .3 0" size=".03" mass=".5"/></body></body></worldbody>
  <equality><joint joint1="b" joint2="c" polycoef="0 .1 0 0 0"/></equality>
  <tendon><fixed name="t" stiffness="3 1 .5" damping=".2 .1 .05" springlength="-.2 .1" limited="true" range="-.3 .3" margin=".02" frictionloss="3" armature=".01"
    actuatorfrclimited="true" actuatorfrcrange="-.4 .5"><joint joint="a" coef="1"/><joint joint="b" coef="-.6"/></fixed></tendon>
  <actuator><motor name="m" joint="a" gear="3" ctrllimited="true" ctrlrange="-.5 .5" damping=".01" armature=".002"/>
    <position name="p" joint="b" kp="5" kv=".2" forcelimited="true" forcerange="-4 4"/>
    <general name="i" joint="c" dyntype="filter" dynprm=".05" gainprm="4" actlimited="true" actrange="-1 1"/>
    <motor name="w" joint="ball" gear="1 .2 .1"/><motor name="s" site="tip" gear="1 .5 .2 .1 .3 .2"/>
    <general name="q" site="tip" refsite="ground" gear="1 .5 .2 0 0 0" biastype="affine" biasprm="0 -1 -.2"/>
    <position name="u" tendon="t" kp="3" gear="1.5" armature=".01" damping=".1"/></actuator>
  <sensor><framepos objtype="site" objname="tip"/><framequat objtype="geom" objname="g"/><framepos objtype="geom" objname="g"/><framepos objtype="body" objname="on"/><jointpos joint="a" cutoff=".3"/><magnetometer site="tip"/></sensor></mujoco>`.replace(
    '<worldbody>',
    '<worldbody><site name="ground" pos=".1 .2 .3" euler="10 20 30"/>',
  )

const WORLDS = 16
const peak = (values: ArrayLike<number>): number =>
  Array.prototype.reduce.call(values, (a, x) => Math.max(a as number, Math.abs(x as number)), 0) as number

/** a physically sensible change of one field in one world */
function changed(name: string, values: Float64Array, random: () => number): Float64Array {
  if (/quat$/.test(name) || name === 'qpos0' || name === 'qpos_spring') {
    const out = values.map(x => x + 0.1 * (random() - 0.5))
    // coordinates of quaternions stay unit: here 3 hinges and slides, then free (7), then ball (4)
    const start = /quat$/.test(name) ? Array.from({ length: values.length / 4 }, (_, i) => 4 * i) : [6, 10]
    for (const i of start) {
      const n = Math.sqrt(out[i] ** 2 + out[i + 1] ** 2 + out[i + 2] ** 2 + out[i + 3] ** 2)
      for (let k = 0; k < 4; k++) out[i + k] /= n
    }
    return out
  }
  if (name === 'jnt_axis') {
    const out = values.map(x => x + 0.3 * (random() - 0.5))
    for (let i = 0; i < out.length; i += 3) {
      const n = Math.sqrt(out[i] ** 2 + out[i + 1] ** 2 + out[i + 2] ** 2)
      for (let k = 0; k < 3; k++) out[i + k] /= n
    }
    return out
  }
  if (name === 'opt_timestep') return values.map(x => x * (0.5 + random()))
  if (/solimp/.test(name)) {
    return values.map((x, i) =>
      i % 5 === 0
        ? 0.7 + 0.2 * random()
        : i % 5 === 1
          ? 0.92 + 0.06 * random()
          : i % 5 === 3
            ? 0.2 + 0.6 * random()
            : x * (1 + random()),
    )
  }
  // narrower, so that they bind
  if (name.endsWith('range')) return values.map(x => x * (0.2 + 0.3 * random()))
  // a mass or an inertia in proportion, anything else by up to a third, and zeros become small numbers
  return values.map(x => (x === 0 ? 0.02 * random() : x * (1 + 0.3 * (random() - 0.5))))
}

/** contacts (contact-parameters.test.ts), what the compiler derives bounding volumes from, delays (forward.test.ts), noise that MuJoCo never applies */
const ELSEWHERE = /^(geom_(?!pos|quat)|pair_|opt_impratio|sensor_(delay|interval|noise)|actuator_delay)/
/** what only touch sensors and rays read */
const UNSEEN = new Set(['site_size'])
const fields = modelFields.filter(f => f.perWorld && !COMPUTED.has(f.name) && !ELSEWHERE.test(f.name))

for (const field of fields) {
  test(`per world: ${field.name}`, async () => {
    const model = await loadModel(XML)
    const size = model.field[field.name].length
    if (size === 0) throw new Error(`the model of this test has no ${field.name}`)
    let seed = 12345
    const random = (): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      return seed / 0x7fffffff
    }
    const oracle = await openOracle(XML)
    const states = randomStates(oracle, WORLDS, 3, { control: 2 })
    const batch = await createBatch(model, { nworld: WORLDS })
    const values = states.map(() => changed(field.name, model.field[field.name] as Float64Array, random))
    batch.set(field.name, Float64Array.from(values.flatMap(v => [...v])))
    for (const f of ['qpos', 'qvel', 'ctrl', 'act'] as const)
      batch.set(f, Float64Array.from(states.flatMap(s => [...s[f]])))
    await batch.forward()
    const names = [
      'qacc',
      'sensordata',
      'dof_invweight0',
      'dof_M0',
      'body_invweight0',
      'body_subtreemass',
      'tendon_length0',
      'tendon_invweight0',
      'actuator_acc0',
      'actuator_length0',
    ]
    const ours = new Map<string, Float32Array>()
    for (const name of names) ours.set(name, await batch.get(name))
    await batch.step(3)
    ours.set('qpos', await batch.get('qpos'))
    const look = (state: (typeof states)[number]): Float64Array[] => {
      oracle.reset()
      for (const f of ['qpos', 'qvel', 'ctrl', 'act'] as const) oracle.write(f, state[f])
      oracle.forward()
      const now = ['qacc', 'sensordata'].map(f => oracle.get(f))
      return [...now, oracle.step(3).get('qpos')]
    }
    const unchanged = states.map(look)
    let effect = 0
    states.forEach((state, w) => {
      oracle.write(field.name, values[w]).setConst()
      const after = look(state)
      after.forEach((values, k) => {
        effect = Math.max(effect, peak(values.map((x, i) => x - unchanged[w][k][i])))
      })
      oracle.reset()
      for (const f of ['qpos', 'qvel', 'ctrl', 'act'] as const) oracle.write(f, state[f])
      oracle.forward()
      for (const name of [...names, 'qpos']) {
        if (name === 'qpos') oracle.step(3)
        const theirs = oracle.get(name)
        const mine = ours.get(name) as Float32Array
        const n = mine.length / WORLDS
        const scale = Math.max(peak(theirs), name === 'qacc' ? peak(oracle.get('qacc_smooth')) : 0, 1e-3)
        const error = peak(theirs.map((x, i) => x - mine[w * n + i])) / scale
        assert.ok(error < 2e-4, `world ${w}, ${name}: ${error}`)
      }
    })
    if (!UNSEEN.has(field.name)) assert.ok(effect > 0, `the change has no effect in this model: ${effect}`)
    batch.dispose()
    oracle.dispose()
  })
}

for (const [name, value, attribute] of [
  ['opt_density', 500, 'density="500"'],
  ['opt_viscosity', 0.5, 'viscosity="0.5"'],
  ['tendon_armature', 0.25, 'armature="0.25"'],
  ['tendon_stiffness', 20, 'stiffness="20"'],
  ['body_gravcomp', 0.5, 'gravcomp="0.5"'],
] as const) {
  test(`${name} of a model that had none works at once`, async () => {
    const place = name.startsWith('opt') ? '<option' : name.startsWith('body') ? '<body name="b"' : '<fixed'
    const plain = `<mujoco><option timestep="0.004"/><worldbody>
      <body name="b" pos="0 0 1"><joint name="x" type="slide" axis="1 0 .3"/><joint name="y" axis="0 1 0"/><geom type="box" size=".1 .2 .05" mass="1"/></body></worldbody>
      <tendon><fixed name="t" springlength="0.2"><joint joint="x" coef="1"/><joint joint="y" coef="-.6"/></fixed></tendon></mujoco>`
    const batch = await createBatch(await loadModel(plain), { nworld: 1 })
    const own = await createBatch(await loadModel(plain.replace(place, `${place} ${attribute}`)), { nworld: 1 })
    const values = await batch.get(name)
    batch.set(name, name.startsWith('body') ? [0, value] : [value])
    assert.is.not(values[values.length - 1], value)
    for (const b of [batch, own]) {
      b.set('qvel', [0.5, 2])
      await b.step(50)
    }
    assert.equal(await batch.get('qpos'), await own.get('qpos'))
    for (const b of [batch, own]) b.dispose()
  })
}

test.run()
