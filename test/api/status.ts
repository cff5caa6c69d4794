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
  const room = 3
  const batch = await create(host, 'rain', { nworld: 4, nconmax: room })
  const roomy = await create(host, 'rain', { nworld: 4 })
  // of every second world the upper balls are out of reach
  const qpos = Float64Array.from({ length: 4 * 10 }, (_, i) => {
    const [w, ball] = [Math.floor(i / 10), Math.floor(i / 2) % 5]
    return i % 2 === 0 && w % 2 === 1 && ball >= room ? 50 : 0.001 * w
  })
  for (const b of [batch, roomy]) {
    b.set('qpos', qpos)
    // sliding, so that one iteration of a cone is not enough
    b.set(
      'qvel',
      Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 0 : 1)),
    )
  }
  const marked = async (): Promise<number[]> => [...(await batch.get('status'))].map(bits => bits & STATUS.CONTACTS)
  let last = await contents(roomy, MOVING)
  let solver = false
  let k = 0
  for (; k < 100 && (await marked())[0] === 0; k++) {
    last = await contents(roomy, MOVING)
    for (const b of [batch, roomy]) await b.step()
    solver ||= ((await batch.get('status'))[1] & STATUS.SOLVER) !== 0
    if (solver)
      assert.match(
        (await batch.report()).join(),
        /world 1: the constraint solver ran out of iterations; raise opt_iterations/,
      )
    const [status, needed] = [await batch.get('status'), await roomy.get('ncon')]
    for (const w of [0, 1, 2, 3])
      assert.is((status[w] & STATUS.CONTACTS) !== 0, needed[w] > room, `world ${w}, step ${k}: marked within the step`)
  }
  assert.ok(solver, 'the solver ran out of iterations')
  assert.ok(k < 100, 'out of room')
  // the state before the step
  sameBits(pick(await contents(batch, MOVING), 4, [0]), pick(last, 4, [0]), 'frozen')
  const needed = (await batch.get('ncon'))[0]
  assert.ok(needed > room)
  assert.is(needed, (await roomy.get('ncon'))[0])
  assert.match(
    (await batch.report()).join(),
    new RegExp(`world 0 has ${needed} contacts, more than nconmax = 3, and stands still; .*nconmax: ${needed} or more`),
  )
  const frozen = pick(await contents(batch, MOVING), 4, [0])
  for (const b of [batch, roomy]) await b.step(5)
  sameBits(pick(await contents(batch, MOVING), 4, [0]), frozen, 'frozen for good')
  sameBits(pick(await contents(batch), 4, [1, 3]), pick(await contents(roomy), 4, [1, 3]), 'worlds with room enough')
  batch.reset({ worlds: [0] })
  batch.set('qpos', qpos.subarray(10, 20), { worlds: [0] })
  await batch.step(5)
  assert.is((await marked())[0], 0)
  batch.dispose()
  roomy.dispose()
})
