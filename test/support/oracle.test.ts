import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { OracleError, openOracle, randomStates, rng, setState, stateOf } from './oracle.js'

const ARM = `<mujoco>
  <worldbody>
    <body><freejoint/><geom size="0.1" pos="5 0 0"/></body>
    <body><joint name="limited" axis="0 1 0" range="-20 20"/><geom size="0.1" pos="0 0 1"/>
      <body pos="0 0 1"><joint name="ball" type="ball"/><geom size="0.1" pos="0 0 1"/></body></body>
    <body pos="9 0 0"><joint name="slide" type="slide"/><geom size="0.1"/></body>
  </worldbody>
  <actuator><position joint="limited" kp="5" ctrlrange="0.2 0.4" timeconst="0.1"/><motor joint="slide"/></actuator>
</mujoco>`

test('random states are those of the seed, move, and keep quaternions of length one', async () => {
  const oracle = await openOracle(ARM)
  const states = randomStates(oracle, 30, 1)
  assert.equal(states, randomStates(oracle, 30, 1))
  assert.is.not(states[0].qpos[0], randomStates(oracle, 1, 2)[0].qpos[0])
  for (const { qpos, qvel, ctrl, act, time } of states) {
    assert.ok(qvel.every(x => x !== 0) && time > 0)
    assert.ok(act[0] !== 0 && ctrl[0] >= 0.2 && ctrl[0] <= 0.4)
    for (const at of [3, 8]) assert.ok(Math.abs(qpos.slice(at, at + 4).reduce((sum, x) => sum + x * x, 0) - 1) < 1e-9)
  }
  // the kick goes a little beyond the limits, so limit rows are there to be tested
  let limits = 0
  for (const state of states) {
    setState(oracle, state)
    limits += oracle.forward().get('nefc')[0]
  }
  assert.ok(limits > 0 && limits < 30, `${limits} limit rows`)
  oracle.dispose()
})

test('a state put back gives the trajectory again', async () => {
  const oracle = await openOracle(ARM)
  const [state] = randomStates(oracle, 1, 3)
  setState(oracle, state)
  const first = stateOf(oracle.step(5))
  setState(oracle, state)
  assert.equal(stateOf(oracle.step(5)), first)
  assert.is.not(first.qpos[0], state.qpos[0])
  oracle.dispose()
})

test('reads are copies, writes reach MuJoCo, setConst follows', async () => {
  const oracle = await openOracle(ARM)
  const mass = oracle.get('body_mass')
  const copy = oracle.get('qpos')
  copy[0] = 7
  assert.is(oracle.get('qpos')[0], 0)
  oracle
    .write(
      'body_mass',
      mass.map(m => 2 * m),
    )
    .write('opt_timestep', 0.001)
  assert.is(oracle.get('opt_timestep')[0], 0.001)
  const before = oracle.get('body_subtreemass')[0]
  assert.ok(Math.abs(oracle.setConst().get('body_subtreemass')[0] - 2 * before) < 1e-9 * before)
  assert.throws(
    () => oracle.write('qpos', [1, 2]),
    (error: Error) => error instanceof OracleError,
  )
  assert.throws(
    () => oracle.get('wheel'),
    (error: Error) => error instanceof OracleError,
  )
  oracle.dispose()
})

test('qM and efc_J are dense, whatever MuJoCo keeps', async () => {
  const read: Float64Array[][] = []
  for (const jacobian of ['dense', 'sparse']) {
    const oracle = await openOracle(ARM.replace('<worldbody>', `<option jacobian="${jacobian}"/><worldbody>`))
    oracle
      .write(
        'qpos',
        oracle.get('qpos').map((q, i) => (i === 7 ? 1 : q)),
      )
      .forward()
    const { nv } = oracle
    const [M, J, nefc] = [oracle.get('qM'), oracle.get('efc_J'), oracle.get('nefc')[0]]
    assert.is(M.length, nv * nv)
    for (let i = 0; i < nv; i++) for (let k = 0; k < i; k++) assert.is(M[i * nv + k], M[k * nv + i])
    assert.ok(nefc > 0)
    assert.is(J.length, nefc * nv)
    read.push([M, J])
    oracle.dispose()
  }
  assert.equal(read[0], read[1])
})

test('the generator of the tests: known answers', () => {
  // mulberry32 with seed 1, as published
  const random = rng(1)
  assert.equal([random.next(), random.next()], [0.6270739405881613, 0.002735721180215478])
})

test.run()
