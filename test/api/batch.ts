/** Batches: made, refused, written and read, stepped, disposed of. */
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { type Contents, contents, create, noise, pick, sameBits, testList, thrown } from './host.js'

const { list, test } = testList()
export const batchTests = list

test('a batch says what it is', async host => {
  const batch = await create(host, 'robot', { nworld: 3, seed: 5, nconmax: 9 })
  assert.is(batch.backend, host.backend)
  assert.is(batch.nworld, 3)
  assert.is(batch.seed, 5)
  assert.is(batch.nconmax, 9)
  assert.is(batch.model, await host.model('robot'))
  assert.is(batch.size('qpos'), batch.model.nq)
  assert.is(batch.size('body_inertia'), 3 * batch.model.nbody)
  batch.dispose()
})

test('what no batch can be made of is refused', async host => {
  const model = await host.model('swing')
  const { backend } = host
  const refused = (options: object): Promise<string> =>
    thrown(() => createBatch(model, { nworld: 1, backend, ...options }))
  for (const nworld of [0, -1, 1.5, Number.NaN]) assert.match(await refused({ nworld }), /^NWORLD: nworld: got /)
  for (const nconmax of [0, -1, 1.5, Number.NaN, 1e9]) assert.match(await refused({ nconmax }), /^NCONMAX/)
  assert.match(await refused({ workers: 0 }), /^WORKERS/)
  assert.match(await refused({ seed: 0.5 }), /^SEED/)
  assert.match(await refused({ backend: 'gpu' }), /^BACKEND: .*'gpu'/)
})

test('refusals are typed and say both numbers and the place', async host => {
  const batch = await create(host, 'robot', { nworld: 4 })
  const { model } = batch
  assert.match(
    await thrown(() => batch.set('qvel', [1, 2])),
    /^SIZE: qvel: got length 2, expected nworld \* size = 4 \* 11, or 11/,
  )
  const broken = [1, Number.NaN, ...new Array(9).fill(0)]
  assert.match(await thrown(() => batch.set('qvel', broken)), /^NOT_FINITE: element 1: qvel: NaN/)
  assert.match(await thrown(() => batch.set('qvel', broken, { worlds: [2] })), /^NOT_FINITE: world 2, element 1/)
  assert.match(await thrown(() => batch.set('ctrl', [1e39, 0, 0])), /^NOT_FINITE: element 0.*single precision/)
  assert.match(await thrown(() => batch.set('qvle', [1])), /^FIELD_UNKNOWN/)
  assert.match(await thrown(() => batch.get('qvle')), /^FIELD_UNKNOWN/)
  assert.match(await thrown(() => batch.get('jnt_type')), /^FIELD_HOST/)
  assert.match(await thrown(() => batch.set('jnt_type', new Array(model.njnt).fill(0))), /^FIELD_READONLY/)
  for (const field of ['xpos', 'qacc', 'status', 'dof_M0', 'body_subtreemass', 'geom_rbound'])
    assert.match(await thrown(() => batch.set(field, new Float64Array(batch.size(field)))), /^FIELD_READONLY/, field)
  assert.match(await thrown(() => batch.set('opt_timestep', [0])), /^TIMESTEP/)
  assert.match(await thrown(() => batch.step(0)), /^NSTEP: nstep: got 0/)
  assert.match(await thrown(() => batch.step(1.5)), /^NSTEP/)
  assert.match(await thrown(() => batch.reset([1])), /^SIZE: mask: got length 1, expected nworld = 4/)
  // the first actuator has no history buffer
  batch.set('actuator_delay', [0.01, 0, 0])
  assert.match(await thrown(() => batch.step()), /^DELAY_NO_HISTORY: actuator 0/)
  batch.dispose()
})

test('fields of some worlds, by mask or by list, one row for all or one for each', async host => {
  const batch = await create(host, 'robot', { nworld: 6 })
  const { nv } = batch.model
  const [one, other] = [noise(nv, 1), noise(nv, 2)]
  batch.set('qvel', [...one, ...other], { worlds: [5, 1] })
  const qvel = await batch.get('qvel')
  assert.equal(qvel.slice(5 * nv), Float32Array.from(one))
  assert.equal(qvel.slice(nv, 2 * nv), Float32Array.from(other))
  assert.ok(qvel.slice(2 * nv, 5 * nv).every(x => x === 0))
  batch.set('qvel', one, { worlds: [0, 3] })
  for (const [w, values] of [
    [0, one],
    [1, other],
    [3, one],
  ] as const)
    assert.equal((await batch.get('qvel')).slice(w * nv, (w + 1) * nv), Float32Array.from(values), `world ${w}`)
  batch.set('qvel', other)
  assert.equal(
    await batch.get('qvel'),
    Float32Array.from({ length: 6 * nv }, (_, i) => other[i % nv]),
  )
  const all = noise(6 * nv, 3)
  batch.set('qvel', all)
  assert.equal(await batch.get('qvel'), Float32Array.from(all))
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
  batch.set('opt_gravity', [0, 0, -4])
  assert.ok((await batch.get('opt_gravity')).every((x, i) => x === (i % 3 === 2 ? -4 : 0)))
  const row = new Float64Array(nv)
  assert.match(await thrown(() => batch.set('qvel', row, { worlds: [6] })), /^WORLDS: .*got 6.*nworld = 6/)
  assert.match(await thrown(() => batch.set('qvel', row, { worlds: [1, 1] })), /^WORLDS: .*twice/)
  assert.match(await thrown(() => batch.set('qvel', row, { worlds: [0.5] })), /^WORLDS/)
  assert.match(await thrown(() => batch.set('qvel', row, { worlds: [true] })), /^SIZE: mask/)
  assert.match(await thrown(() => batch.set('qvel', [1, 2], { worlds: [0, 1, 2] })), /^SIZE: .*worlds \* size = 3/)
  batch.dispose()
})

test('model fields are read back, shared and per world', async host => {
  const batch = await create(host, 'robot', { nworld: 3 })
  const { field, nbody } = batch.model
  const row = Float32Array.from(field.body_mass)
  assert.equal(await batch.get('body_mass'), Float32Array.of(...row, ...row, ...row))
  const heavier = row.map(x => 2 * x)
  batch.set('body_mass', heavier)
  assert.equal(await batch.get('body_mass'), Float32Array.of(...heavier, ...heavier, ...heavier))
  batch.set('body_mass', row, { worlds: [1] })
  assert.equal(await batch.get('body_mass'), Float32Array.of(...heavier, ...row, ...heavier))
  // what follows from it
  const total = await batch.get('body_subtreemass')
  const sum = (x: Float32Array): number => x.subarray(1).reduce((a, b) => a + b, 0)
  for (const [w, masses] of [heavier, row, heavier].entries())
    assert.ok(Math.abs(total[w * nbody] - sum(masses)) < 1e-5, `world ${w}: ${total[w * nbody]}`)
  batch.dispose()
})

/** nworld worlds, each with physics and states of its own, under way; the places of some in a batch of 40 */
async function run(
  host: Parameters<typeof create>[0],
  worlds: readonly number[],
  workers = 1,
  seed = 1,
): Promise<Contents> {
  const batch = await create(host, 'robot', { nworld: worlds.length, workers })
  const { nq, nv, nu, nbody, field } = batch.model
  const rows = (n: number, of: number, make: (x: number, e: number) => number): Float64Array => {
    const all = noise(40 * n, of)
    return Float64Array.from({ length: worlds.length * n }, (_, i) =>
      make(all[worlds[Math.floor(i / n)] * n + (i % n)], i % n),
    )
  }
  batch.set(
    'qpos',
    rows(nq, seed, (x, e) => field.qpos0[e] + 0.05 * x),
  )
  batch.set(
    'qvel',
    rows(nv, seed + 1, x => x),
  )
  batch.set(
    'body_mass',
    rows(nbody, seed + 3, (x, e) => field.body_mass[e] * (1.5 + x)),
  )
  for (let k = 0; k < 5; k++) {
    batch.set(
      'ctrl',
      rows(nu, seed + 10 + k, x => x),
    )
    await batch.step(20)
  }
  const out = await contents(batch)
  batch.dispose()
  return out
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

test('the same bits from run to run, and for any number of workers', async host => {
  const first = await run(host, range(40))
  assert.ok(first.get('ncon')?.some(x => x > 0))
  for (const workers of [1, ...host.workers]) sameBits(await run(host, range(40), workers), first, `${workers} workers`)
})

test('a world does not feel its neighbours or the size of the batch', async host => {
  const many = await run(host, range(40))
  for (const worlds of [[0, 39], [6, 1, 2], range(40).reverse(), [39, 1, 6, 22, 0]])
    sameBits(await run(host, worlds), pick(many, 40, worlds), `worlds ${worlds}`)
})

test('one call of n steps and n calls of one step end in the same bits', async host => {
  const ends: Contents[] = []
  for (const [calls, n] of [
    [1, 30],
    [30, 1],
    [3, 10],
  ]) {
    const batch = await create(host, 'robot', { nworld: 7 })
    batch.set('qvel', noise(7 * batch.model.nv, 1))
    for (let k = 0; k < calls; k++) await batch.step(n)
    ends.push(await contents(batch))
    batch.dispose()
  }
  sameBits(ends[1], ends[0], '30 calls of 1')
  sameBits(ends[2], ends[0], '3 calls of 10')
})

test('forward moves nothing, and qacc after a step is that of the state the step began with', async host => {
  const batch = await create(host, 'swing', { nworld: 5 })
  batch.set('qvel', noise(5, 1))
  const state = await batch.getState('PHYSICS')
  await batch.forward()
  assert.equal(await batch.getState('PHYSICS'), state)
  const before = await batch.get('qacc')
  assert.ok(before.every(x => x !== 0))
  await batch.step()
  assert.equal(await batch.get('qacc'), before)
  assert.not.equal(await batch.getState('PHYSICS'), state)
  batch.dispose()
})

test('twenty thousand milliseconds add up', async host => {
  const batch = await create(host, 'swing', { nworld: 1 })
  batch.set('opt_timestep', [0.001])
  for (let k = 0; k < 4; k++) await batch.step(5000)
  // a clock that forgets what it rounds off is two orders further away
  assert.ok(Math.abs((await batch.get('time'))[0] - 20) < 1e-5, `${await batch.get('time')}`)
  batch.dispose()
})

test('forces applied from outside move what they act on', async host => {
  const batch = await create(host, 'swing', { nworld: 3 })
  const { field } = batch.model
  // the rod's weight, held in one world at the joint, in another at the centre of mass
  const weight = 9.81 * field.body_mass[1]
  batch.set('qfrc_applied', [-weight * field.body_ipos[3]], { worlds: [1] })
  batch.set('xfrc_applied', [...new Array(6).fill(0), 0, 0, weight, 0, 0, 0], { worlds: [2] })
  await batch.step(10)
  const [fallen, held, carried] = await batch.get('qvel')
  assert.ok(fallen > 0.1, `${fallen}`)
  for (const rate of [held, carried]) assert.ok(Math.abs(rate) < 1e-5, `${rate}`)
  batch.dispose()
})

test('many batches one after the other, and a few at a time', async host => {
  const ends: Float32Array[] = []
  for (let k = 0; k < 50; k++) {
    const batch = await create(host, 'swing', { nworld: 8 })
    batch.set(
      'body_mass',
      noise(8 * batch.model.nbody, 1).map(x => 2 + x),
    )
    batch.set('qvel', noise(8, 2))
    await batch.step(3)
    if (k % 10 === 0) ends.push(await batch.get('qpos'))
    batch.dispose()
  }
  const together = await Promise.all(
    [0, 1, 2].map(async () => {
      const batch = await create(host, 'swing', { nworld: 8 })
      batch.set(
        'body_mass',
        noise(8 * batch.model.nbody, 1).map(x => 2 + x),
      )
      batch.set('qvel', noise(8, 2))
      return batch
    }),
  )
  await Promise.all(together.map(batch => batch.step(3)))
  for (const batch of together) ends.push(await batch.get('qpos'))
  for (const end of ends) assert.equal(end, ends[0])
  for (const batch of together) batch.dispose()
})

test('a batch that was disposed of refuses everything; disposing twice is nothing', async host => {
  const batch = await create(host, 'robot', { nworld: 2 })
  const snapshot = batch.snapshot()
  batch.dispose()
  batch.dispose()
  const acts: Record<string, () => unknown> = {
    step: () => batch.step(),
    forward: () => batch.forward(),
    get: () => batch.get('qpos'),
    set: () => batch.set('ctrl', [0, 0, 0]),
    reset: () => batch.reset(),
    getState: () => batch.getState(),
    setState: () => batch.setState([]),
    snapshot: () => batch.snapshot(),
    restore: () => batch.restore(snapshot),
    contacts: () => batch.contacts(0),
    rows: () => batch.rows(0),
    report: () => batch.report(),
  }
  for (const [name, act] of Object.entries(acts)) assert.match(await thrown(act), /^DISPOSED/, name)
})
