/** The harness itself: what it seeds it reads back, and a difference does not pass. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import { assertClose, Scene } from './harness.js'
import { stages } from './stages.js'

const XML = `<mujoco><worldbody><body pos="0 0 1"><joint name="a" type="hinge" axis="0 1 0"/><geom size=".1" pos=".3 0 0"/>
  <body pos=".6 0 0"><joint type="slide" axis="1 0 0" range="0 1" limited="true"/><geom type="capsule" size=".05 .2"/></body></body></worldbody>
  <actuator><motor joint="a"/></actuator></mujoco>`

test('seeded buffers come back, and statements run for every world', async () => {
  const scene = await Scene.open(await loadModel(XML), stages, 3)
  scene.cpu((x, { m, p, d, s }) => x.kinematics(m, p, d, s))
  await scene.seed()
  await scene.gpu('st(f_qpos, ld(f_qpos));', { ld: 'math/v4', st: 'math/v4' })
  scene.compare({ qpos: 0, qvel: 0, ctrl: 0, lnk: 0, qacc: 0 })
  await scene.gpu('if (lane == 3) { st(f_qpos + 1, 7.0); }', { st: 'math/v4' })
  assert.throws(() => scene.compare({ qpos: 1e-3 }), /qpos: off by .*world 3, number 1/)
  scene.release()
})

test('NaN agrees with nothing', () => {
  assert.throws(() => assertClose('x', [[1]], [[Number.NaN]], 1), /x: off by/)
  assert.throws(() => assertClose('x', [[Number.NaN]], [[1]], 1), /x: off by/)
})

test.run()
