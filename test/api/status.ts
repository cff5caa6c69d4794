/** Worlds that go wrong, alone. */
import * as assert from 'uvu/assert'
import { STATUS } from '../../bindings/fields.js'
import { contents, create, noise, pick, sameBits, testList } from './host.js'

const { list, test } = testList()
export const statusTests = list

const MOVING = ['time', 'qpos', 'qvel', 'act', 'qacc_warmstart']

test('a world that diverges is marked within the step and stands still; its neighbours go on as if nothing had been', async host => {
  const batch = await create(host, 'robot', { nworld: 6 })
  const reference = await create(host, 'robot', { nworld: 6 })
  const { nv } = batch.model
  for (const b of [batch, reference]) {
    b.set('qvel', noise(6 * nv, 1, 0.3))
    await b.step(10)
  }
  const healthy = [0, 1, 3, 4]
  const bad = new Float64Array(nv)
  for (const [w, dof, value] of [
    [2, 0, 1e12],
    [5, 10, 1e30],
  ]) {
    bad.fill(0)
    bad[dof] = value
    batch.set('qvel', bad, { worlds: [w] })
  }
  const before = pick(await contents(batch, ['time', 'qpos', 'qvel', 'act']), 6, [2, 5])
  for (const b of [batch, reference]) await b.step()
  assert.equal([...(await batch.get('status'))], [0, 0, 1, 0, 0, 1])
  sameBits(pick(await contents(batch, ['time', 'qpos', 'qvel', 'act']), 6, [2, 5]), before, 'the state it had')
  const frozen = pick(await contents(batch, MOVING), 6, [2, 5])
  for (const b of [batch, reference]) await b.step(20)
  sameBits(pick(await contents(batch, MOVING), 6, [2, 5]), frozen, 'frozen for good')
  sameBits(pick(await contents(batch), 6, healthy), pick(await contents(reference), 6, healthy), 'undisturbed')
  const report = await batch.report()
  assert.is(report.length, 2)
  assert.match(report[0], /^world 2 diverged and stands still; reset it/)
  assert.match(report[1], /^world 5 diverged/)
  assert.equal(await reference.report(), [])

  // reset, a world is as good as new
  for (const b of [batch, reference]) {
    b.reset([0, 0, 1, 0, 0, 1])
    assert.equal([...(await b.get('status'))], [0, 0, 0, 0, 0, 0])
    await b.step(10)
  }
  sameBits(await contents(batch), await contents(reference), 'after the reset')
  batch.dispose()
  reference.dispose()
})

test('a state written into a world that stands still does not wake it; a reset does', async host => {
  const batch = await create(host, 'robot', { nworld: 2 })
  const state = await batch.getState()
  const bad = new Float64Array(batch.model.nv)
  bad[0] = 1e12
  batch.set('qvel', bad, { worlds: [1] })
  await batch.step()
  batch.setState(state)
  await batch.step()
  assert.equal([...(await batch.get('status'))], [0, 1])
  const [time, still] = await batch.get('time')
  assert.ok(time > 0)
  assert.is(still, 0)
  batch.reset({ worlds: [1] })
  await batch.step()
  assert.ok((await batch.get('time'))[1] > 0)
  batch.dispose()
})

test('forward marks a world whose acceleration is not a number', async host => {
  const batch = await create(host, 'swing', { nworld: 3 })
  batch.set('body_mass', [1, 0], { worlds: [1] })
  batch.set('body_inertia', new Float64Array(6), { worlds: [1] })
  await batch.forward()
  assert.equal([...(await batch.get('status'))], [0, 1, 0])
  batch.dispose()
})

test('more contacts than room, and a solver out of iterations: each says so, and what would do', async host => {
  const [nworld, room, nq] = [4, 1, 6]
  const batch = await create(host, 'rain', { nworld, nconmax: room })
  const reference = await create(host, 'rain', { nworld, nconmax: room })
  /** the upper balls of some worlds are out of reach; x and z of each ball */
  const start = (reach: (w: number) => boolean): Float64Array =>
    Float64Array.from({ length: nworld * nq }, (_, i) => {
      const [w, ball] = [Math.floor(i / nq), Math.floor(i / 2) % 3]
      return i % 2 === 0 && ball >= room && !reach(w) ? 50 : 0.001 * w
    })
  const qpos = start(w => w % 2 === 0)
  batch.set('qpos', qpos)
  reference.set(
    'qpos',
    start(() => false),
  )
  // sliding, so that one iteration of a cone is not enough
  for (const b of [batch, reference])
    b.set(
      'qvel',
      Float64Array.from({ length: nworld * nq }, (_, i) => i % 2),
    )

  let solver = false
  let k = 0
  for (let full = false; !full && k < 100; k++) {
    const before = await contents(batch, MOVING)
    for (const b of [batch, reference]) await b.step()
    const [status, ncon] = [await batch.get('status'), await batch.get('ncon')]
    const report = (await batch.report()).join()
    solver ||= (status[1] & STATUS.SOLVER) !== 0
    assert.is(
      /world 1: the constraint solver ran out of iterations; raise opt_iterations/.test(report),
      (status[1] & STATUS.SOLVER) !== 0,
    )
    for (let w = 0; w < nworld; w++)
      assert.is((status[w] & STATUS.CONTACTS) !== 0, ncon[w] > room, `world ${w}, step ${k}: marked within the step`)
    if (ncon[0] <= room) continue
    full = true
    sameBits(pick(await contents(batch, MOVING), nworld, [0]), pick(before, nworld, [0]), 'the state before the step')
    assert.match(
      report,
      new RegExp(
        `world 0 has ${ncon[0]} contacts, more than nconmax = 1, and stands still; .*nconmax: ${ncon[0]} or more`,
      ),
    )
  }
  assert.ok(solver, 'the solver ran out of iterations')
  assert.ok(k < 100, 'out of room')
  const frozen = pick(await contents(batch, MOVING), nworld, [0])
  for (const b of [batch, reference]) await b.step(5)
  sameBits(pick(await contents(batch, MOVING), nworld, [0]), frozen, 'frozen for good')
  const free = [1, 3]
  sameBits(pick(await contents(batch), nworld, free), pick(await contents(reference), nworld, free), 'undisturbed')
  assert.is(((await batch.get('status'))[1] & STATUS.CONTACTS) !== 0, false)
  batch.reset({ worlds: [0] })
  batch.set('qpos', qpos.subarray(nq, 2 * nq), { worlds: [0] })
  await batch.step(5)
  assert.is((await batch.get('status'))[0] & STATUS.CONTACTS, 0)
  assert.ok((await batch.get('time'))[0] > 0)
  batch.dispose()
  reference.dispose()
})
