/** Contacts with forces and constraint rows of a batch, and equality and tendons, against MuJoCo's. */
import * as assert from 'uvu/assert'
import { type Contents, close, contents, create, noise, sameBits, testList, thrown } from './host.js'

const { list, test } = testList()
export const rowsTests = list

for (const cone of ['pyramidal', 'elliptic'] as const) {
  test(`rows and contacts are MuJoCo's, ${cone}`, async host => {
    const falls = host.answers.falls[cone]
    // worlds at other moments of one fall: rows of one are not the others'
    const batch = await create(host, `fall, ${cone}`, { nworld: falls.length })
    const { nv, names } = batch.model
    falls.forEach(({ state }, w) => {
      for (const [name, values] of Object.entries(state)) batch.set(name, values, { worlds: [w] })
    })
    await batch.forward()
    const qfrc = await batch.get('qfrc_constraint')
    const nefc = await batch.get('nefc')
    let count = 0
    for (const [w, { rows: theirs, contacts }] of falls.entries()) {
      const rows = await batch.rows(w)
      assert.is(rows.nefc, theirs.efc_type.length, `nefc of world ${w}`)
      assert.is(nefc[w], rows.nefc)
      assert.equal([...rows.efc_type], theirs.efc_type)
      close('efc_J', rows.efc_J, theirs.efc_J, 1e-5)
      close('efc_D', rows.efc_D, theirs.efc_D, 1e-3)
      close('efc_aref', rows.efc_aref, theirs.efc_aref, 1e-3)
      close('efc_force', rows.efc_force, theirs.efc_force, 5e-3)
      const got = await batch.contacts(w)
      assert.equal(
        got.map(c => [c.geom1, c.geom2, c.dim]),
        contacts.map(c => [...c.geom, c.dim]),
      )
      got.forEach((c, i) => {
        close('dist', [c.dist], [contacts[i].dist], 1e-3)
        close('pos', c.pos, contacts[i].pos, 1e-5)
        close('frame', c.frame, contacts[i].frame, 1e-5)
        close('force', c.force, contacts[i].force, 5e-3)
        assert.is(c.geom1Name, names.geom[c.geom1])
        assert.is(c.geom2Name, names.geom[c.geom2])
      })
      count += got.length
      // the forces shown are those that act
      const sum = Float64Array.from({ length: nv }, (_, i) =>
        rows.efc_force.reduce((a, force, r) => a + force * rows.efc_J[r * nv + i], 0),
      )
      close('qfrc_constraint', sum, qfrc.subarray(w * nv, (w + 1) * nv), 1e-3)
    }
    assert.ok(count > 6)
    batch.dispose()
  })
}

test('looking changes nothing', async host => {
  const ends: Contents[] = []
  for (const look of [false, true]) {
    const batch = await create(host, 'robot', { nworld: 5 })
    batch.set('qvel', noise(5 * batch.model.nv, 3, 0.2))
    await batch.step(20)
    if (look) for (let w = 0; w < 5; w++) assert.ok((await batch.contacts(w)).length + (await batch.rows(w)).nefc > 0)
    ends.push(await contents(batch))
    await batch.step(20)
    ends.push(await contents(batch))
    batch.dispose()
  }
  sameBits(ends[2], ends[0], 'at once')
  sameBits(ends[3], ends[1], 'later')
})

test('a world without contacts has none; a world that is not there is refused', async host => {
  const batch = await create(host, 'robot', { nworld: 2 })
  const high = Float64Array.from(batch.model.field.qpos0)
  high[2] += 5
  batch.set('qpos', high, { worlds: [1] })
  await batch.step(30)
  assert.ok((await batch.contacts(0)).length > 0)
  assert.equal(await batch.contacts(1), [])
  // friction of the spin alone
  assert.is((await batch.rows(1)).nefc, 1)
  for (const world of [2, -1, 0.5]) {
    assert.match(await thrown(() => batch.contacts(world)), /^WORLDS: .*nworld = 2/)
    assert.match(await thrown(() => batch.rows(world)), new RegExp(`^WORLDS: .*got ${world}`))
  }
  batch.dispose()
})

test('an equality is switched on and off by world; the tendon pulls in both', async host => {
  const batch = await create(host, 'robot', { nworld: 2 })
  const { nq, nv } = batch.model
  const qpos = Float64Array.from(batch.model.field.qpos0)
  qpos[2] += 5
  // rail and spin apart
  qpos[11] = 0.1
  batch.set('qpos', qpos)
  batch.set('eq_active', [1], { worlds: [1] })
  await batch.step()
  assert.equal([...(await batch.get('eq_active'))], [0, 1])
  assert.equal([...(await batch.get('nefc'))], [1, 2])
  const length = await batch.get('ten_length')
  for (const x of length) assert.ok(Math.abs(x - 0.1) < 1e-6, `${x}`)
  await batch.step(400)
  const [end, qvel] = [await batch.get('qpos'), await batch.get('qvel')]
  const apart = [0, 1].map(w => Math.abs(end[w * nq + 11] - end[w * nq + 12]))
  assert.ok(apart[1] < 1e-3 && apart[0] > 0.01, `${apart}`)
  assert.ok(qvel.subarray(nv).every(Number.isFinite))
  batch.dispose()
})
