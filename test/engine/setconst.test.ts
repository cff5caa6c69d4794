/** Writing a model field in some worlds equals writing it in MuJoCo and calling mj_setConst. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { MODELS } from '../api/models.js'
import { changed, writtenFields } from '../support/changes.js'
import { openOracle, randomStates } from '../support/oracle.js'

const XML = MODELS.written
const WORLDS = 16
const peak = (values: ArrayLike<number>): number =>
  Array.prototype.reduce.call(values, (a, x) => Math.max(a as number, Math.abs(x as number)), 0) as number

/** where quaternions begin: 3 hinges and slides, then free (7), then ball (4) */
const QUATERNIONS = [6, 10]
/** what only touch sensors and rays read */
const UNSEEN = new Set(['site_size'])

for (const field of writtenFields) {
  test(`per world: ${field}`, async () => {
    const model = await loadModel(XML)
    const size = model.field[field].length
    if (size === 0) throw new Error(`the model of this test has no ${field}`)
    let seed = 12345
    const random = (): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
      return seed / 0x7fffffff
    }
    const oracle = await openOracle(XML)
    const states = randomStates(oracle, WORLDS, 3, { control: 2 })
    const batch = await createBatch(model, { nworld: WORLDS })
    const values = states.map(() => changed(field, model.field[field] as Float64Array, QUATERNIONS, random))
    batch.set(field, Float64Array.from(values.flatMap(v => [...v])))
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
      oracle.write(field, values[w]).setConst()
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
    if (!UNSEEN.has(field)) assert.ok(effect > 0, `the change has no effect in this model: ${effect}`)
    batch.dispose()
    oracle.dispose()
  })
}

for (const [name, value, attribute] of [
  ['opt_viscosity', 0.5, 'viscosity="0.5"'],
  ['tendon_armature', 0.25, 'armature="0.25"'],
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
