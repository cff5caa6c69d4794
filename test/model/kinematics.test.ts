import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SizeError } from '../../bindings/errors.js'
import { geomPoses } from '../../bindings/model/kinematics.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, randomStates } from '../support/oracle.js'
import { skippable } from '../support/skip.js'

const folder = fileURLToPath(new URL('../../../shared/models/', import.meta.url))
const standard = skippable(test, existsSync(folder), 'the robot models in ../shared/models are not here')

/** states per model */
const STATES = 20
/** m, or 1: double precision over the longest chain of bodies, far below what a picture shows */
const TOLERANCE = 1e-9

/** a free body with hinge, ball and slide below it, anchors off the origin, several joints on one body, reference poses */
const ZOO = `<mujoco>
  <compiler angle="radian"/>
  <worldbody>
    <geom type="plane" size="0 0 .1"/>
    <geom size=".1" pos="3 0 0"/>
    <body pos=".1 .2 1" euler=".3 -.2 .5"><freejoint/><geom type="box" size=".1 .2 .3" pos=".05 0 0" euler="0 .4 0"/>
      <body pos="0 .3 0" quat=".9 .1 .2 .3">
        <joint type="hinge" axis="1 2 3" pos=".1 -.2 .05" ref=".7"/>
        <joint type="slide" axis="0 1 1" ref="-.2"/>
        <joint type="hinge" axis="0 0 1" pos="0 .1 0"/>
        <geom type="capsule" fromto="0 0 0 .3 .1 .2" size=".05"/>
        <body pos=".3 0 0"><joint type="ball" pos=".02 .03 -.04"/><geom type="cylinder" size=".1 .2"/>
          <body pos="0 0 -.1"><geom type="ellipsoid" size=".1 .2 .3" euler=".1 .2 .3"/></body>
        </body>
      </body>
    </body>
    <body pos="-1 0 .5" euler="0 1 0"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/><geom size=".1"/></body>
  </worldbody>
</mujoco>`

/** every geom pose of random states, and of qpos with quaternions of other lengths, against mj_kinematics */
async function agrees(xml: string): Promise<void> {
  const [model, oracle] = [await loadModel(xml, { allowUnsupported: true }), await openOracle(xml)]
  const { nq, ngeom } = model
  const states = randomStates(oracle, STATES, 1).map(it => it.qpos)
  states.push(oracle.get('qpos0'))
  // twice as long a quaternion, and one of no length
  const { jnt_type, jnt_qposadr } = model.field
  for (const factor of [2, 0]) {
    const qpos = Float64Array.from(states[0])
    for (let j = 0; j < model.njnt; j++) {
      if (jnt_type[j] > 1) continue
      const at = jnt_qposadr[j] + (jnt_type[j] === 0 ? 3 : 0)
      for (let k = at; k < at + 4; k++) qpos[k] *= factor
    }
    states.push(qpos)
  }
  const qpos = new Float64Array(states.length * nq)
  for (const [frame, state] of states.entries()) qpos.set(state, frame * nq)
  const { xpos, xmat } = geomPoses(model, qpos)
  assert.is(xpos.length, states.length * ngeom * 3)
  assert.is(xmat.length, states.length * ngeom * 9)
  let moved = 0
  for (const [frame, state] of states.entries()) {
    oracle.write('qpos', state)
    oracle.mj.mj_kinematics(oracle.model, oracle.data)
    const expected = { xpos: oracle.get('geom_xpos'), xmat: oracle.get('geom_xmat') }
    for (const [name, ours, width] of [
      ['geom_xpos', xpos, 3],
      ['geom_xmat', xmat, 9],
    ] as const) {
      const theirs = name === 'geom_xpos' ? expected.xpos : expected.xmat
      for (let i = 0; i < ngeom * width; i++) {
        const got = ours[frame * ngeom * width + i]
        if (!(Math.abs(got - theirs[i]) <= TOLERANCE))
          assert.unreachable(`frame ${frame}: ${name}[${i}] is ${got}, MuJoCo has ${theirs[i]}`)
        if (frame > 0 && Math.abs(got - ours[i]) > 0.01) moved++
      }
    }
  }
  assert.ok(moved > 0, 'nothing moved')
  oracle.dispose()
}

test('as MuJoCo: every kind of joint', () => agrees(ZOO))

/** the models are not ours to count: these at least must be there */
const EXPECTED = ['ant.xml', 'go2.xml', 'hopper.xml', 'humanoid.xml', 'panda.xml', 'puck.xml', 'swimmer.xml']
const files = existsSync(folder) ? readdirSync(folder).filter(file => file.endsWith('.xml')) : EXPECTED
for (const file of new Set([...EXPECTED, ...files]))
  standard(`as MuJoCo: ${file}`, () => agrees(readFileSync(path.join(folder, file), 'utf8')))

test('a mocap body stays where the model has it', async () => {
  const model = await loadModel(`<mujoco><worldbody>
    <body mocap="true" pos="1 2 3" quat="0 1 0 0"><geom size=".1" pos="0 0 .5"/></body>
    <body><joint type="slide"/><geom size=".1"/></body>
  </worldbody></mujoco>`)
  const { xpos } = geomPoses(model, [0, 0.5])
  assert.equal(Array.from(xpos.subarray(0, 3)), [1, 2, 2.5])
  assert.equal(Array.from(xpos.subarray(6, 9)), [1, 2, 2.5])
  assert.is(xpos[11], 0.5)
})

test('no frames, and frames cut short', async () => {
  const model = await loadModel(ZOO)
  assert.is(geomPoses(model, []).xpos.length, 0)
  assert.throws(
    () => geomPoses(model, new Float64Array(model.nq + 1)),
    (error: Error) => error instanceof SizeError && error.message.includes(`nq = ${model.nq}`),
  )
})

test.run()
