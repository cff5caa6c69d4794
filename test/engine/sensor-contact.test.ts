/** Sensors of contacts against MuJoCo: touch, force, contact sensors. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, randomStates } from '../support/oracle.js'
import { compare, type Inputs } from './sensed.js'

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

test('contacts: a world reads the same whatever its neighbours touch', async () => {
  const model = await loadModel(TOUCHING(''))
  const pose = (w: number): number[] => {
    const qpos = Float64Array.from(model.field.qpos0)
    qpos.set([0.1 * Math.sin(w), 0.1 * Math.cos(3 * w), 0.1 + 0.08 * Math.sin(2.3 * w)], 0)
    return [...qpos]
  }
  const read = async (order: readonly number[]): Promise<Float32Array> => {
    const batch = await createBatch(model, { nworld: order.length })
    batch.set('qpos', order.flatMap(pose))
    await batch.step(5)
    const data = await batch.get('sensordata')
    batch.dispose()
    return data
  }
  for (const world of [1, 2, 5]) {
    const alone = await read([world])
    const order = [7, world, 4, 9]
    const data = await read(order)
    assert.equal([...data.subarray(alone.length, 2 * alone.length)], [...alone])
  }
})

test.run()
