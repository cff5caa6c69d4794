/** Whole states in and out in MuJoCo's layout, snapshots to the bit. */
import * as assert from 'uvu/assert'
import { type Batch, STATE } from '../../bindings/engine/index.js'
import { type Contents, contents, create, difference, type Host, noise, sameBits, testList, thrown } from './host.js'

const { list, test } = testList()
export const stateTests = list

/** every world on its way, with inputs and physics of its own */
async function started(host: Host, nworld: number, workers = 1): Promise<Batch> {
  const batch = await create(host, 'robot', { nworld, workers, seed: 7 })
  const { nv, nu } = batch.model
  batch.set('qvel', noise(nworld * nv, 1, 0.5))
  batch.set('ctrl', noise(nworld * nu, 2))
  batch.set('qfrc_applied', noise(nworld * nv, 3, 0.1))
  batch.set(
    'dof_damping',
    noise(nworld * nv, 4, 0.1).map(x => x + 0.2),
  )
  return batch
}

test('a snapshot brings everything back to the bit', async host => {
  const ends: Contents[] = []
  for (const workers of host.workers) {
    const batch = await started(host, 11, workers)
    await batch.step(50)
    const snapshot = batch.snapshot()
    assert.ok(snapshot.bytes > 0)
    const before = await contents(batch)
    await batch.step(50)
    const after = await contents(batch)
    assert.ok(difference(before, after) !== undefined)
    // whatever happens in between
    batch.set(
      'body_mass',
      noise(11 * batch.model.nbody, 5, 0.1).map(x => x + 1),
    )
    batch.set('opt_timestep', [0.001])
    batch.reset({ worlds: [3, 4] })
    await batch.step(7)
    batch.restore(snapshot)
    sameBits(await contents(batch), before, `restored, ${workers} workers`)
    await batch.step(50)
    sameBits(await contents(batch), after, `50 steps on, ${workers} workers`)
    // a snapshot may be gone back to again
    batch.restore(snapshot)
    sameBits(await contents(batch), before, `restored again, ${workers} workers`)
    ends.push(after)
    batch.dispose()
    snapshot[Symbol.dispose]()
  }
  for (const end of ends) sameBits(end, ends[0], 'any number of workers')
})

test('a snapshot goes into another batch of the same model, and keeps the random numbers to come', async host => {
  const batch = await started(host, 6)
  await batch.step(20)
  batch.reset({ worlds: [2] })
  const snapshot = batch.snapshot()
  const draw = { distribution: { qpos: { kind: 'normal', std: 0.1 } } } as const
  batch.reset(draw)
  await batch.step(3)
  const expected = await contents(batch)
  batch.dispose()

  const other = await create(host, 'robot', { nworld: 6, seed: 99 })
  other.restore(snapshot)
  assert.is(other.seed, 7)
  other.reset(draw)
  await other.step(3)
  sameBits(await contents(other), expected, 'the other batch')
  other.dispose()
})

test('a snapshot keeps the noise of sensors', async host => {
  const batch = await create(host, 'noisy', { nworld: 3, seed: 4, sensorNoise: true })
  await batch.step(2)
  const snapshot = batch.snapshot()
  await batch.step()
  const expected = await batch.get('sensordata')
  const other = await create(host, 'noisy', { nworld: 3, seed: 5, sensorNoise: true })
  const quiet = await create(host, 'noisy', { nworld: 3 })
  for (const b of [other, quiet]) {
    b.restore(snapshot)
    await b.step()
    assert.equal(await b.get('sensordata'), expected)
    b.dispose()
  }
  batch.dispose()
})

test('a snapshot from before worlds had physics of their own takes it away again', async host => {
  const batch = await create(host, 'swing', { nworld: 5 })
  batch.set('qvel', noise(5, 2))
  const snapshot = batch.snapshot()
  await batch.step(30)
  const expected = await contents(batch)
  batch.set('jnt_stiffness', noise(5, 1).map(Math.abs))
  batch.set('dof_frictionloss', noise(5, 1).map(Math.abs))
  await batch.step(10)
  assert.ok((await batch.get('nefc')).every(n => n === 1))
  batch.restore(snapshot)
  await batch.step(30)
  sameBits(await contents(batch), expected, 'as before')
  batch.dispose()
})

test('friction loss given to worlds under way acts as if they had had it from the start', async host => {
  const ends: Contents[] = []
  for (const late of [false, true]) {
    const batch = await create(host, 'swing', { nworld: 5 })
    // physics of their own, and constants made, before
    batch.set('dof_damping', noise(5, 4, 0.1).map(Math.abs))
    if (late) await batch.step(2)
    batch.set('dof_frictionloss', noise(5, 1).map(Math.abs))
    batch.reset()
    batch.set('qvel', noise(5, 2))
    await batch.step(10)
    ends.push(await contents(batch, ['qpos', 'qvel', 'qfrc_constraint', 'nefc']))
    assert.ok(ends[0].get('nefc')?.every(n => n === 1))
    batch.dispose()
  }
  sameBits(ends[1], ends[0], 'late')
})

test('a snapshot of another model, size or backend is refused', async host => {
  const batch = await create(host, 'robot', { nworld: 3 })
  const snapshot = batch.snapshot()
  const wide = await create(host, 'robot', { nworld: 4 })
  assert.match(await thrown(() => wide.restore(snapshot)), /^SNAPSHOT: .*nworld 3, the batch 4/)
  const heavy = await create(host, 'robot, heavier', { nworld: 3 })
  assert.match(await thrown(() => heavy.restore(snapshot)), /^SNAPSHOT: .*another model: \w+ differs/)
  const roomy = await create(host, 'robot', { nworld: 3, nconmax: 17 })
  assert.match(await thrown(() => roomy.restore(snapshot)), /^SNAPSHOT: .*nconmax .*the batch 17/)
  assert.match(await thrown(() => batch.restore({} as never)), /^SNAPSHOT/)
  const other = host.backend === 'wasm' ? 'webgpu' : 'wasm'
  Object.assign(snapshot.image, { backend: other })
  assert.match(
    await thrown(() => batch.restore(snapshot)),
    new RegExp(`^SNAPSHOT: .*'${other}', this one is on '${host.backend}'`),
  )
  for (const b of [batch, wide, heavy, roomy]) b.dispose()
})

test('states have the layout of mj_getState', async host => {
  const { specs, state, fields } = host.answers.states
  const batch = await create(host, 'robot', { nworld: 2 })
  assert.ok(specs.length > 15)
  for (const { name, bit, size } of specs) {
    assert.is(STATE[name as keyof typeof STATE], bit, name)
    assert.is(batch.stateSize(bit), size, name)
  }
  batch.setState(state, { spec: 'INTEGRATION' })
  assert.equal(await batch.getState('INTEGRATION'), Float32Array.from([...state, ...state]))
  for (const [name, values] of Object.entries(fields))
    assert.equal(await batch.get(name), Float32Array.from([...values, ...values]), name)
  // what is ours stands behind
  const { nactuator } = batch.model
  assert.is(batch.stateSize(), state.length + 2 * nactuator)
  assert.equal(
    [...(await batch.getState()).subarray(state.length, batch.stateSize())],
    new Array(2 * nactuator).fill(1),
  )
  batch.dispose()
})

test('a state put back takes the same way again, worlds in another order too', async host => {
  const batch = await started(host, 9)
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

test('one state for all worlds; parts of a state; refusals with both numbers and the place', async host => {
  const batch = await started(host, 4)
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
