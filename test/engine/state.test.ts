/** Whole states in and out in MuJoCo's layout, snapshots to the bit, worlds by mask or list. */
import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Batch, createBatch, STATE } from '../../bindings/engine/index.js'
import { SimcrankError } from '../../bindings/errors.js'
import { worldFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, rng } from '../support/oracle.js'

// a state of every kind: free and ball joints, activation, delays, equality, mocap, contacts
const XML = `<mujoco><option timestep="0.004"/>
  <worldbody><geom type="plane" size="2 2 1"/>
    <body name="hand" mocap="true" pos="1 0 2" quat="0.6 0 0.8 0"><geom size="0.05" contype="0" conaffinity="0"/></body>
    <body pos="0 0 0.3"><freejoint/><geom type="box" size="0.1 0.2 0.1" mass="1"/>
      <body pos="0.2 0 0"><joint name="arm" axis="0 1 0" damping="0.1" range="-60 60"/>
        <geom type="capsule" size="0.03" fromto="0 0 0 0.3 0 0" mass="0.2"/>
        <body pos="0.3 0 0"><joint name="wrist" type="ball" damping="0.05"/><geom size="0.05" pos="0.1 0 0" mass="0.1"/></body></body></body>
    <body name="cart" pos="0 1 0.5"><joint name="rail" type="slide" axis="1 0 0"/><joint name="spin" axis="0 0 1"/><geom size="0.1"/></body>
  </worldbody>
  <equality><joint joint1="rail" joint2="spin" active="false"/><joint joint1="arm" polycoef="0.1 0 0 0 0"/></equality>
  <actuator><motor joint="arm" ctrlrange="-1 1"/><position joint="rail" kp="5" delay="0.012" nsample="5"/>
    <general joint="spin" dyntype="filter" dynprm="0.1" gainprm="2"/></actuator>
  <sensor><jointpos joint="arm" delay="0.008" nsample="4"/></sensor>
</mujoco>`

/** the code and message of what an act throws */
async function thrown(act: () => unknown): Promise<string> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof SimcrankError)) throw error
    return `${error.code}: ${error.message}`
  }
  return 'nothing thrown'
}

function noise(n: number, seed: number, scale: number): Float64Array {
  const random = rng(seed)
  return Float64Array.from({ length: n }, () => scale * random.uniform(-1, 1))
}

/** every world on its way, with inputs and physics of its own */
async function started(nworld: number, workers = 1): Promise<Batch> {
  const model = await loadModel(XML)
  const batch = await createBatch(model, { nworld, workers, seed: 7 })
  batch.set('qvel', noise(nworld * model.nv, 1, 0.5))
  batch.set('ctrl', noise(nworld * model.nu, 2, 1))
  batch.set('qfrc_applied', noise(nworld * model.nv, 3, 0.1))
  batch.set(
    'dof_damping',
    noise(nworld * model.nv, 4, 0.1).map(x => x + 0.2),
  )
  return batch
}

async function everything(batch: Batch): Promise<string> {
  const hash = createHash('sha256')
  const names = worldFields.map(f => f.name)
  for (const name of [...names, 'xpos', 'qacc_smooth', 'dof_damping', 'dof_M0', 'body_mass'])
    hash.update(await batch.get(name))
  return hash.digest('hex')
}

test('a snapshot brings everything back to the bit, for any number of workers', async () => {
  const ends: string[] = []
  for (const workers of [1, 3]) {
    const batch = await started(11, workers)
    await batch.step(50)
    const snapshot = batch.snapshot()
    const before = await everything(batch)
    await batch.step(50)
    const after = await everything(batch)
    assert.is.not(after, before)
    // whatever happens in between
    batch.set(
      'body_mass',
      noise(11 * batch.model.nbody, 5, 0.1).map(x => x + 1),
    )
    batch.set('opt_timestep', [0.001])
    batch.reset({ worlds: [3, 4] })
    await batch.step(7)
    batch.restore(snapshot)
    assert.is(await everything(batch), before, `${workers} workers`)
    await batch.step(50)
    assert.is(await everything(batch), after, `${workers} workers`)
    ends.push(after)
    batch.dispose()
    assert.ok(snapshot.bytes > 0)
  }
  assert.is(ends[0], ends[1])
})

test('a snapshot goes into another batch of the same model, and keeps the random numbers to come', async () => {
  const batch = await started(6)
  await batch.step(20)
  batch.reset({ worlds: [2] })
  const snapshot = batch.snapshot()
  const draw = { distribution: { qpos: { kind: 'normal', std: 0.1 } } } as const
  batch.reset(draw)
  await batch.step(3)
  const expected = await everything(batch)
  batch.dispose()

  const other = await createBatch(await loadModel(XML), { nworld: 6, seed: 99 })
  other.restore(snapshot)
  other.reset(draw)
  await other.step(3)
  assert.is(await everything(other), expected)
  other.dispose()
})

test('a snapshot from before worlds had physics of their own takes it away again', async () => {
  const model = await loadModel(XML)
  const batch = await createBatch(model, { nworld: 5 })
  const snapshot = batch.snapshot()
  await batch.step(30)
  const expected = await everything(batch)
  batch.set('jnt_stiffness', noise(5 * model.njnt, 1, 1).map(Math.abs))
  batch.set('dof_frictionloss', noise(5 * model.nv, 1, 1).map(Math.abs))
  await batch.step(10)
  batch.restore(snapshot)
  await batch.step(30)
  assert.is(await everything(batch), expected)
  batch.dispose()
})

test('a snapshot of another model or size is refused', async () => {
  const batch = await started(3)
  const snapshot = batch.snapshot()
  const model = await loadModel(XML)
  const wide = await createBatch(model, { nworld: 4 })
  assert.match(await thrown(() => wide.restore(snapshot)), /^SNAPSHOT: .*nworld 3, the batch 4/)
  const heavy = await createBatch(await loadModel(XML.replace('mass="1"', 'mass="2"')), { nworld: 3 })
  assert.match(await thrown(() => heavy.restore(snapshot)), /^SNAPSHOT: .*another model: \w+ differs/)
  const roomy = await createBatch(model, { nworld: 3, nconmax: 5 })
  assert.match(await thrown(() => roomy.restore(snapshot)), /^SNAPSHOT: .*nconmax .*the batch 5/)
  assert.match(await thrown(() => batch.restore({} as never)), /^SNAPSHOT/)
  for (const b of [batch, wide, heavy, roomy]) b.dispose()
})

test('states have the layout of mj_getState', async () => {
  const oracle = await openOracle(XML)
  const batch = await createBatch(await loadModel(XML), { nworld: 1 })
  oracle.write('qvel', noise(oracle.nv, 1, 1)).write('ctrl', [0.1, 0.2, 0.3])
  oracle.write('xfrc_applied', noise(6 * batch.model.nbody, 2, 1)).write('mocap_pos', [1, 2, 3])
  oracle.step(10)
  const { mj, model, data } = oracle
  const bits = mj as unknown as { mjtState: Record<string, { value: number }> }
  for (const [name, bit] of Object.entries(STATE)) {
    if (name === 'ALL' || name.startsWith('ACTUATOR_')) continue
    assert.is(bits.mjtState[`mjSTATE_${name}`].value, bit, name)
    assert.is(batch.stateSize(bit), mj.mj_stateSize(model, bit), name)
  }
  const n = mj.mj_stateSize(model, STATE.INTEGRATION)
  const buffer = new mj.DoubleBuffer(n)
  mj.mj_getState(model, data, buffer, STATE.INTEGRATION)
  const state = Float64Array.from(buffer.GetView() as Float64Array)
  buffer.delete()
  batch.setState(state, { spec: 'INTEGRATION' })
  assert.equal(await batch.getState('INTEGRATION'), Float32Array.from(state))
  for (const name of ['qpos', 'qvel', 'act', 'ctrl', 'mocap_pos', 'mocap_quat', 'eq_active', 'time', 'xfrc_applied'])
    assert.equal(await batch.get(name), Float32Array.from(oracle.get(name)), name)
  // what is ours stands behind
  assert.is(batch.stateSize(), n + 2 * batch.model.nactuator)
  assert.equal([...(await batch.getState()).subarray(n)], new Array(2 * batch.model.nactuator).fill(1))
  batch.dispose()
  oracle.dispose()
})

test('a state put back takes the same way again, worlds in another order too', async () => {
  const batch = await started(9)
  await batch.step(25)
  const state = await batch.getState()
  await batch.step(20)
  const expected = await batch.get('qpos')
  batch.setState(state)
  await batch.step(20)
  assert.equal(await batch.get('qpos'), expected)

  // the state of world w goes to world 8 - w, with the damping it belongs to; delay buffers have other cursors there
  const { nq, nv } = batch.model
  const damping = await batch.get('dof_damping')
  const worlds = Array.from({ length: 9 }, (_, w) => 8 - w)
  batch.setState(state, { worlds })
  batch.set('dof_damping', damping, { worlds })
  await batch.step(20)
  const turned = await batch.get('qpos')
  for (const w of worlds)
    assert.equal(turned.slice((8 - w) * nq, (9 - w) * nq), expected.slice(w * nq, (w + 1) * nq), `world ${w}`)
  assert.is(damping.length, 9 * nv)
  batch.dispose()
})

test('one state for all worlds; parts of a state; refusals with both numbers and the place', async () => {
  const batch = await started(4)
  await batch.step(5)
  const state = await batch.getState('PHYSICS')
  const n = batch.stateSize('PHYSICS')
  batch.setState(state.subarray(n, 2 * n), { spec: 'PHYSICS' })
  for (let w = 0; w < 4; w++)
    assert.equal((await batch.getState('PHYSICS')).slice(w * n, (w + 1) * n), state.slice(n, 2 * n))
  assert.equal(
    batch.stateLayout(STATE.QPOS | STATE.ACT).map(p => [p.field, p.offset]),
    [
      ['qpos', 0],
      ['act', batch.model.nq],
    ],
  )
  assert.match(
    await thrown(() => batch.setState([1, 2], { spec: 'QVEL', worlds: [1] })),
    new RegExp(`^SIZE: state: got length 2, expected worlds \\* stateSize = 1 \\* ${batch.model.nv}`),
  )
  const bad = await batch.getState('FULLPHYSICS')
  bad[batch.stateSize('FULLPHYSICS') + 3] = Number.NaN
  assert.match(await thrown(() => batch.setState(bad, { spec: 'FULLPHYSICS' })), /^NOT_FINITE: world 1, qpos\[2\]/)
  assert.match(await thrown(() => batch.getState(0)), /^STATE_SPEC/)
  assert.match(await thrown(() => batch.getState(1 << 20)), /^STATE_SPEC/)
  assert.match(await thrown(() => batch.getState('QPO' as never)), /^STATE_SPEC: .*QPOS/)
  batch.dispose()
})

test('fields of some worlds, by mask or by list', async () => {
  const model = await loadModel(XML)
  const batch = await createBatch(model, { nworld: 6 })
  const { nv } = model
  batch.set('qvel', [...noise(nv, 1, 1), ...noise(nv, 2, 1)], { worlds: [5, 1] })
  const qvel = await batch.get('qvel')
  assert.equal(qvel.slice(5 * nv), Float32Array.from(noise(nv, 1, 1)))
  assert.equal(qvel.slice(nv, 2 * nv), Float32Array.from(noise(nv, 2, 1)))
  assert.ok(qvel.slice(2 * nv, 5 * nv).every(x => x === 0))
  // a model field of one world gives all worlds their own
  batch.set('opt_gravity', [0, 0, -1], { worlds: Uint8Array.of(0, 0, 1, 0, 0, 0) })
  batch.set('opt_gravity', [0, 0, -2], { worlds: [false, true, false, false, false, true] })
  const gravity = await batch.get('opt_gravity')
  assert.equal(
    [...gravity].filter((_, i) => i % 3 === 2).map(x => Math.round(x * 100) / 100),
    [-9.81, -2, -1, -9.81, -9.81, -2],
  )
  batch.set('opt_gravity', [0, 0, -3], { worlds: [] })
  assert.equal(await batch.get('opt_gravity'), gravity)
  assert.match(
    await thrown(() => batch.set('qvel', new Float64Array(nv), { worlds: [6] })),
    /^WORLDS: .*got 6.*nworld = 6/,
  )
  assert.match(await thrown(() => batch.set('qvel', new Float64Array(nv), { worlds: [1, 1] })), /^WORLDS: .*twice/)
  assert.match(await thrown(() => batch.set('qvel', new Float64Array(nv), { worlds: [0.5] })), /^WORLDS/)
  assert.match(await thrown(() => batch.set('qvel', new Float64Array(nv), { worlds: [true] })), /^SIZE: mask/)
  assert.match(await thrown(() => batch.set('qvel', [1, 2], { worlds: [0, 1, 2] })), /^SIZE: .*worlds \* size = 3/)
  assert.match(
    await thrown(() => batch.set('qvel', [Number.NaN, ...new Float64Array(nv - 1)], { worlds: [4] })),
    /^NOT_FINITE/,
  )
  batch.dispose()
})

test('the bounding radius follows the size', async () => {
  const model =
    await loadModel(`<mujoco><worldbody><body><joint/><geom size="0.1"/><geom type="capsule" size="0.1 0.2"/>
    <geom type="cylinder" size="0.1 0.2"/><geom type="box" size="0.1 0.2 0.3"/><geom type="ellipsoid" size="0.1 0.2 0.3"/></body>
    <geom type="plane" size="1 1 1"/></worldbody></mujoco>`)
  const batch = await createBatch(model, { nworld: 2 })
  const radii = await batch.get('geom_rbound')
  batch.set('geom_size', model.field.geom_size)
  assert.equal(await batch.get('geom_rbound'), radii)
  batch.set(
    'geom_size',
    model.field.geom_size.map(x => 2 * x),
    { worlds: [1] },
  )
  const grown = await batch.get('geom_rbound')
  const n = model.ngeom
  for (let g = 0; g < n; g++) {
    assert.is(grown[g], radii[g])
    assert.ok(Math.abs(grown[n + g] - 2 * radii[g]) < 1e-6)
  }
  assert.match(await thrown(() => batch.set('geom_rbound', radii)), /^FIELD_READONLY/)
  batch.dispose()
})

test('room for contacts is a whole number', async () => {
  const model = await loadModel(XML)
  for (const nconmax of [0, -1, 1.5, Number.NaN, 1e9]) {
    const error = await createBatch(model, { nworld: 1, nconmax }).then(
      () => 'nothing thrown',
      cause => (cause as SimcrankError).code,
    )
    assert.is(error, 'NCONMAX', `${nconmax}`)
  }
  const batch = await createBatch(model, { nworld: 1, nconmax: 9 })
  assert.is(batch.nconmax, 9)
  batch.dispose()
})

test.run()
