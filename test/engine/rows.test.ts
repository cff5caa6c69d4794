/** Contacts with forces and constraint rows, as a batch shows them, against MuJoCo's. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { type Oracle, openOracle } from '../support/oracle.js'

const xml = (option: string): string => `<mujoco><option timestep="0.002" ${option}/>
  <default><geom solref="0.02 1" condim="3"/></default>
  <worldbody><geom name="floor" type="plane" size="2 2 1" friction="0.7 0.01 0.001"/>
    <body pos="0 0 0.3" euler="10 20 30"><freejoint/><geom name="brick" type="box" size="0.1 0.2 0.1" mass="1"/>
      <body pos="0.25 0 0"><joint name="arm" axis="0 1 0" range="-20 20" frictionloss="0.1"/>
        <geom name="rod" type="capsule" size="0.03" fromto="0 0 0 0.3 0 0" mass="0.2" condim="4"/></body></body>
    <body pos="1 0 0.09"><freejoint/><geom name="ball" size="0.1" mass="0.5" condim="6"/></body>
    <body pos="-1 0 0.09"><joint type="slide" axis="0 0 1"/><joint type="slide" axis="1 0 0"/><geom name="ice" size="0.1" mass="0.5" condim="1"/></body>
    <body pos="0 1 0.5"><joint name="rail" type="slide" axis="1 0 0"/><joint name="spin" axis="0 0 1" damping="0.1"/><geom size="0.1" mass="0.3"/></body>
  </worldbody>
  <equality><joint joint1="rail" joint2="spin" polycoef="0 0.1 0 0 0"/></equality>
  <actuator><motor joint="arm" gear="3"/></actuator>
</mujoco>`

/** mj_contactForce and what else a contact shows */
function oracleContacts(oracle: Oracle) {
  const { mj, model, data } = oracle
  const list = data.contact
  const out = []
  for (let i = 0; i < list.size(); i++) {
    const c = list.get(i)
    if (c === undefined) continue
    const buffer = new mj.DoubleBuffer(6)
    mj.mj_contactForce(model, data, i, buffer)
    const force = Float64Array.from(buffer.GetView() as Float64Array)
    buffer.delete()
    const [geom1, geom2] = c.geom as Int32Array
    out.push({ geom1, geom2, dist: c.dist, pos: [...c.pos], frame: [...c.frame], dim: c.dim, force })
    c.delete()
  }
  list.delete()
  return out
}

const peak = (x: ArrayLike<number>): number =>
  Array.prototype.reduce.call(x, (a, b) => Math.max(a as number, Math.abs(b as number)), 0) as number

/** largest difference over the largest number */
function close(name: string, got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.is(got.length, expected.length, name)
  const scale = Math.max(peak(expected), 1e-3)
  for (let i = 0; i < got.length; i++)
    assert.ok(Math.abs(got[i] - expected[i]) <= tolerance * scale, `${name}[${i}]: ${got[i]}, MuJoCo ${expected[i]}`)
}

/** what an act is refused with */
const refused = (act: () => Promise<unknown>): Promise<string> =>
  act().then(
    () => 'not refused',
    (error: Error) => error.message,
  )

for (const option of ['cone="pyramidal"', 'cone="elliptic" impratio="2"']) {
  test(`rows and contacts are MuJoCo's, ${option}`, async () => {
    const model = await loadModel(xml(option))
    const oracle = await openOracle(xml(option))
    // three worlds at other moments of one fall: rows of one are not the others'
    const worlds = [40, 150, 300]
    const batch = await createBatch(model, { nworld: 3 })
    const states = worlds.map(n => {
      oracle.reset()
      oracle.write('ctrl', [1])
      oracle.step(n)
      return ['qpos', 'qvel', 'ctrl', 'qacc_warmstart'].map(name => [name, oracle.get(name)] as const)
    })
    states.forEach((state, w) => {
      for (const [name, values] of state) batch.set(name, values, { worlds: [w] })
    })
    await batch.forward()
    const qfrc = await batch.get('qfrc_constraint')
    let contacts = 0
    for (const [w, state] of states.entries()) {
      oracle.reset()
      for (const [name, values] of state) oracle.write(name, values.map(Math.fround))
      oracle.forward()
      const rows = await batch.rows(w)
      assert.is(rows.nefc, oracle.get('nefc')[0], `nefc of world ${w}`)
      assert.equal([...rows.efc_type], [...oracle.get('efc_type')])
      close('efc_J', rows.efc_J, oracle.get('efc_J'), 1e-5)
      close('efc_D', rows.efc_D, oracle.get('efc_D'), 1e-3)
      close('efc_aref', rows.efc_aref, oracle.get('efc_aref'), 1e-3)
      close('efc_force', rows.efc_force, oracle.get('efc_force'), 5e-3)
      const expected = oracleContacts(oracle)
      const got = await batch.contacts(w)
      assert.equal(
        got.map(c => [c.geom1, c.geom2, c.dim]),
        expected.map(c => [c.geom1, c.geom2, c.dim]),
      )
      got.forEach((c, i) => {
        close('dist', [c.dist], [expected[i].dist], 1e-3)
        close('pos', c.pos, expected[i].pos, 1e-5)
        close('frame', c.frame, expected[i].frame, 1e-5)
        close('force', c.force, expected[i].force, 5e-3)
        assert.is(c.geom1Name, model.names.geom[c.geom1])
      })
      contacts += got.length
      // the forces shown are those that acted
      const J = rows.efc_J
      const sum = Float64Array.from({ length: model.nv }, (_, i) =>
        rows.efc_force.reduce((a, force, r) => a + force * J[r * model.nv + i], 0),
      )
      close('qfrc_constraint', sum, qfrc.subarray(w * model.nv, (w + 1) * model.nv), 1e-3)
    }
    assert.ok(contacts > 6)
    batch.dispose()
    oracle.dispose()
  })
}

test('looking changes nothing', async () => {
  const model = await loadModel(xml('cone="elliptic"'))
  const ends: Float32Array[] = []
  for (const look of [false, true]) {
    const batch = await createBatch(model, { nworld: 5 })
    await batch.step(60)
    if (look) for (let w = 0; w < 5; w++) assert.ok((await batch.contacts(w)).length + (await batch.rows(w)).nefc > 0)
    for (const name of ['qacc', 'qfrc_constraint', 'ncon', 'nefc', 'qacc_warmstart']) ends.push(await batch.get(name))
    await batch.step(60)
    ends.push(await batch.getState())
    batch.dispose()
  }
  for (let i = 0; i < ends.length / 2; i++) assert.equal(ends[i], ends[i + ends.length / 2])
})

test('a world without contacts has none; a world that is not there is refused', async () => {
  const model = await loadModel('<mujoco><worldbody><body><joint/><geom size="1"/></body></worldbody></mujoco>')
  const batch = await createBatch(model, { nworld: 2 })
  await batch.step()
  assert.equal(await batch.contacts(1), [])
  assert.is((await batch.rows(0)).nefc, 0)
  assert.match(await refused(() => batch.contacts(2)), /nworld = 2/)
  assert.match(await refused(() => batch.rows(-1)), /got -1/)
  batch.dispose()
})

test('too many contacts: the world stands still, says how many it needs, and goes on when it is reset', async () => {
  const model = await loadModel(xml('cone="pyramidal"'))
  const batch = await createBatch(model, { nworld: 3, nconmax: 2 })
  // the second world stays in the air
  const high = Float64Array.from(model.field.qpos0)
  for (const adr of [2, 10, 15]) high[adr] += 5
  batch.set('qpos', high, { worlds: [1] })
  await batch.step(150)
  const status = await batch.get('status')
  assert.equal([...status], [4, 0, 4])
  const needed = (await batch.get('ncon'))[0]
  assert.ok(needed > 2)
  assert.match(
    (await batch.report())[0],
    new RegExp(`world 0 has ${needed} contacts, more than nconmax = 2.*nconmax: ${needed}`),
  )
  const [time] = await batch.get('time')
  await batch.step(5)
  assert.is((await batch.get('time'))[0], time)
  batch.reset({ worlds: [0] })
  batch.set('qpos', high, { worlds: [0] })
  await batch.step(5)
  assert.equal([...(await batch.get('status'))], [0, 0, 4])
  batch.dispose()
  const roomy = await createBatch(model, { nworld: 1 })
  await roomy.step(400)
  assert.is((await roomy.get('status'))[0], 0)
  roomy.dispose()
})

test.run()
