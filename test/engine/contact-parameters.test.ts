/** Contact parameters of one world equal writing them in MuJoCo: one field a world, all in one batch. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { modelFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, rng } from '../support/oracle.js'

const xml = (cone: string): string => `<mujoco><option timestep="0.002" cone="${cone}" impratio="1.5"/>
  <worldbody><geom name="floor" type="plane" size="2 2 1" friction="0.5 0.01 0.001" solmix="2"/>
    <body pos="0 0 0.1"><freejoint/><geom name="ball" size="0.1" mass="0.5" condim="6" margin="0.01" gap="0.002" friction="0.6 0.02 0.002"/></body>
    <body pos="1 0 0.1"><freejoint/><geom name="brick" type="box" size="0.1 0.1 0.1" mass="1" condim="4" solref="0.03 0.8"/></body>
    <body pos="-1 0 0.1"><freejoint/><geom name="rod" type="capsule" size="0.1 0.2" euler="0 90 0" mass="1"/></body>
  </worldbody>
  <contact><pair geom1="floor" geom2="rod" condim="3" friction="0.4 0.3 0.01 0.001 0.001" solref="0.025 1" solreffriction="0.03 1"
    margin="0.005" gap="0.001"/></contact>
</mujoco>`

// sizes and poses of geoms have their own constants; what decides whether they touch stays as it is
const FIELDS = modelFields
  .filter(f => f.perWorld && /^(geom_(friction|sol|margin|gap)|pair_|opt_impratio)/.test(f.name))
  .map(f => f.name)
/** rounding of positions near 1 m against a penetration of 1 mm */
const TOLERANCE = 2e-3

for (const cone of ['pyramidal', 'elliptic']) {
  test(`contact parameters of one world, ${cone} cones`, async () => {
    const model = await loadModel(xml(cone))
    const oracle = await openOracle(xml(cone))
    oracle.write(
      'qvel',
      oracle.get('qvel').map((_, i) => 0.3 * Math.sin(i)),
    )
    oracle.step(30)
    const state = ['qpos', 'qvel', 'qacc_warmstart'].map(name => [name, oracle.get(name).map(Math.fround)] as const)
    const random = rng(5)
    const changed = FIELDS.map(name =>
      Array.from(model.field[name], (x, i) => {
        if (!name.endsWith('solimp')) return x * (0.7 + 0.6 * random.next())
        return i % 5 < 2 ? Math.min(0.98, x * (0.95 + 0.1 * random.next())) : x
      }),
    )
    const batch = await createBatch(model, { nworld: FIELDS.length })
    for (const [name, values] of state) batch.set(name, values)
    FIELDS.forEach((name, w) => {
      batch.set(name, changed[w], { worlds: [w] })
    })
    await batch.forward()
    const qacc = await batch.get('qacc')
    const forward = (): Float64Array => {
      oracle.reset()
      for (const [name, values] of state) oracle.write(name, values)
      return oracle.forward().get('qacc')
    }
    const before = forward()
    const peak = before.reduce((a, x) => Math.max(a, Math.abs(x)), 0)
    const felt: string[] = []
    FIELDS.forEach((name, w) => {
      oracle.write(name, changed[w])
      const expected = forward()
      if (expected.some((x, i) => Math.abs(x - before[i]) > 3 * TOLERANCE * peak)) felt.push(name)
      expected.forEach((x, i) => {
        const got = qacc[w * model.nv + i]
        assert.ok(Math.abs(got - x) <= TOLERANCE * peak, `${name}, qacc[${i}]: ${got}, MuJoCo ${x}`)
      })
      oracle.write(name, model.field[name])
    })
    // the comparison can fail: most changes move something
    assert.ok(felt.length >= FIELDS.length - 6, felt.join(' '))
    batch.dispose()
    oracle.dispose()
  })
}

test.run()
