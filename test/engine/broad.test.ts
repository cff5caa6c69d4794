/** Contacts of many geoms, worlds beside each other, geometry that differs by world. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Contact } from '../../bindings/engine/contacts.js'
import { type Batch, createBatch } from '../../bindings/engine/index.js'
import { extractModel } from '../../bindings/model/extract.js'
import type { Model } from '../../bindings/model/model.js'
import { assembleModel } from '../../bindings/model/support.js'
import { type Oracle, openOracle, rng } from '../support/oracle.js'
import { difference, mujocoContacts, sideBySide } from './contact-lists.js'
import { contactsOf } from './contacts-of.js'

const modelOf = (oracle: Oracle): Model =>
  assembleModel(extractModel(oracle.model, Number.MAX_SAFE_INTEGER), 'broad', '', [])

type Random = ReturnType<typeof rng>

/** round geoms of all sizes in a box of space, some fixed, some that see only some others, a floor, pairs */
function scene(ngeom: number, random: Random): string {
  const size = 1.2 * Math.cbrt(ngeom / 100)
  const at = () => [0, 1, 2].map(() => random.uniform(-size, size).toFixed(4)).join(' ')
  let bodies = ''
  for (let i = 0; i < ngeom; i++) {
    const shape =
      random.next() < 0.5 ? `sphere" size="${random.uniform(0.05, 0.3).toFixed(3)}` : 'capsule" size="0.1 0.15'
    const bits = random.next() < 0.2 ? 'contype="2" conaffinity="3"' : ''
    const margin = random.next() < 0.2 ? 'margin="0.1" gap="0.05"' : ''
    const geom = `<geom name="g${i}" type="${shape}" ${bits} ${margin}/>`
    bodies +=
      random.next() < 0.1 ? `<body pos="${at()}">${geom}</body>` : `<body pos="${at()}"><freejoint/>${geom}</body>`
  }
  const pairs =
    '<pair geom1="g3" geom2="g70" margin="3"/><pair geom1="g100" geom2="g2"/><pair geom1="floor" geom2="g5" margin="1"/>'
  return `<mujoco><size memory="200M"/><worldbody><geom name="floor" type="plane" size="1 1 1" pos="0 0 ${-0.8 * size}"/>${bodies}</worldbody><contact>${pairs}</contact></mujoco>`
}

/** positions of a world of free bodies about their places in the model */
function shaken(model: Model, random: Random, spread: number): Float64Array {
  const qpos = Float64Array.from(model.field.qpos0)
  for (let i = 0; i < qpos.length; i += 7) {
    for (let k = 0; k < 3; k++) qpos[i + k] += random.uniform(-spread, spread)
    const q = [random.normal(), random.normal(), random.normal(), random.normal()]
    const norm = Math.sqrt(q.reduce((s, x) => s + x * x, 0))
    for (let k = 0; k < 4; k++) qpos[i + 3 + k] = q[k] / norm
  }
  return qpos
}

const flat = (rows: readonly ArrayLike<number>[]): Float64Array => Float64Array.from(rows.flatMap(r => Array.from(r)))

for (const ngeom of [110, 200]) {
  test(`${ngeom} geoms in a heap`, async () => {
    const random = rng(ngeom)
    const oracle = await openOracle(scene(ngeom, random))
    const model = modelOf(oracle)
    using batch = await createBatch(model, { nworld: 6 })
    const { sizes } = batch.wasmStore.layout
    assert.is(sizes.nsweep > 0, ngeom > 150, `${sizes.ncand} candidates, ${sizes.nsweep} geoms swept`)
    // worlds of different extent along different axes
    batch.set(
      'qpos',
      flat(
        Array.from({ length: 6 }, (_, w) => {
          const qpos = shaken(model, random, 0.3 * w)
          for (let i = w % 3; i < qpos.length; i += 7) qpos[i] *= 1 + 0.5 * w
          return qpos
        }),
      ),
    )
    let contacts = 0
    for (const side of await sideBySide(batch, oracle)) {
      const found = new Map<string, Contact[]>()
      // margins differ by pair: every list is compared with the limit of its own
      for (const c of [...side.theirs, ...side.ours]) found.set(c.geom.join(), [])
      const ids = (list: Contact[]) => list.map(c => `${c.geom.join()} ${c.dim}`)
      assert.equal(ids(side.ours), ids(side.theirs))
      const worst = difference(side, 0)
      assert.ok(worst && worst.dist < 1e-5 && worst.pos < 1e-4, JSON.stringify(worst))
      contacts += side.theirs.length
    }
    assert.ok(contacts > 3 * ngeom, `${contacts} contacts`)
    oracle.dispose()
  })
}

/** the lists of some worlds, with every bit */
const listsOf = (batch: Batch, worlds: readonly number[]): string[] =>
  worlds.map(w => JSON.stringify(contactsOf(batch, w)))

const MIXED = `<mujoco><worldbody><geom type="plane" size="1 1 1" quat="1 0.1 0.05 0"/>
  ${[
    'sphere" size="0.2',
    'capsule" size="0.1 0.3',
    'capsule" size="0.15 0.1',
    'box" size="0.1 0.3 0.2',
    'box" size="0.2 0.2 0.2',
    'cylinder" size="0.2 0.1',
    'ellipsoid" size="0.3 0.2 0.1',
  ]
    .map(shape => `<body><freejoint/><geom type="${shape}" margin="0.02"/></body>`)
    .join('')}</worldbody></mujoco>`

for (const what of ['mixed', 'heap']) {
  test(`contacts of a world are the same bits beside any others: ${what}`, async () => {
    const random = rng(17)
    const oracle = await openOracle(what === 'mixed' ? MIXED : scene(160, random))
    const model = modelOf(oracle)
    oracle.dispose()
    const states = Array.from({ length: 9 }, (_, w) => shaken(model, random, 0.1 + 0.1 * (w % 3)))
    const build = async (order: readonly number[]): Promise<Map<number, string>> => {
      using batch = await createBatch(model, { nworld: order.length })
      batch.set('qpos', flat(order.map(w => states[w])))
      await batch.forward()
      const lists = listsOf(
        batch,
        order.map((_, i) => i),
      )
      return new Map(order.map((w, i) => [w, lists[i]]))
    }
    const all = await build([0, 1, 2, 3, 4, 5, 6, 7, 8])
    for (const order of [[8, 7, 6, 5, 4, 3, 2, 1, 0], [4], [2, 5], [1, 1, 1, 6, 6, 0]]) {
      const some = await build(order)
      for (const [w, list] of some) assert.is(list, all.get(w), `world ${w} in ${order}`)
    }
    assert.ok((all.get(0) as string).length > 100)
  })
}

test('a world without room for its contacts takes none from its neighbours', async () => {
  const oracle = await openOracle(MIXED)
  const model = modelOf(oracle)
  oracle.dispose()
  const random = rng(5)
  const states = Array.from({ length: 4 }, (_, w) => shaken(model, random, w === 1 ? 0.05 : 0.6))
  const build = async (nconmax?: number) => {
    const batch = await createBatch(model, nconmax === undefined ? { nworld: 4 } : { nworld: 4, nconmax })
    batch.set('qpos', flat(states))
    await batch.forward()
    return batch
  }
  using roomy = await build()
  const ncon = await roomy.get('ncon')
  const room = Math.max(...[0, 2, 3].map(w => ncon[w]))
  assert.ok(ncon[1] > room, `${ncon}`)
  using tight = await build(room)
  assert.equal([...(await tight.get('ncon'))], [...ncon])
  assert.equal(listsOf(tight, [0, 2, 3]), listsOf(roomy, [0, 2, 3]))
  assert.is(contactsOf(tight, 1).length, room)
})

test('geom frames, sizes and margins may differ by world', async () => {
  const xml = `<mujoco><worldbody><geom type="plane" size="1 1 1"/>
    <body pos="0 0 0.3" quat="1 0.2 0 0.1"><geom type="box" size="0.2 0.1 0.1" pos="0.1 0 0"/>
      <body pos="0 0 0.2"><joint axis="0 1 0"/><joint type="slide" axis="1 0 0"/><geom type="capsule" size="0.1 0.2" pos="0 0.1 0" quat="1 0.5 0.2 0"/><geom size="0.15" pos="0.3 0 0"/></body></body>
    <body pos="0.2 0 0.4"><freejoint/><geom type="cylinder" size="0.1 0.2"/><geom type="ellipsoid" size="0.1 0.2 0.1" pos="0 0 0.3"/></body></worldbody></mujoco>`
  const oracle = await openOracle(xml)
  const model = modelOf(oracle)
  const nworld = 7
  using batch = await createBatch(model, { nworld })
  const random = rng(3)
  const vary = (name: string, by: number) => {
    const values = model.field[name] as Float64Array
    const rows = Array.from({ length: nworld }, () => Array.from(values, x => Math.fround(x + by * random.next())))
    batch.set(name, flat(rows))
    return [name, rows] as const
  }
  const fields = [
    vary('geom_pos', 0.1),
    vary('geom_quat', 0.2),
    vary('geom_size', 0.05),
    vary('geom_margin', 0.05),
    vary('geom_gap', 0.05),
  ]
  await batch.forward()
  const [xpos, xmat] = [await batch.get('geom_xpos'), await batch.get('geom_xmat')]
  let contacts = 0
  for (let w = 0; w < nworld; w++) {
    for (const [name, rows] of fields) oracle.write(name, rows[w])
    // ours follow the sizes
    oracle.write(
      'geom_rbound',
      (model.field.geom_rbound as Float64Array).map(r => (r > 0 ? r + 0.1 : 0)),
    )
    const quats = oracle.get('geom_quat')
    for (let g = 0; g < quats.length; g += 4) {
      const norm = Math.sqrt(quats.subarray(g, g + 4).reduce((s, x) => s + x * x, 0))
      for (let k = 0; k < 4; k++) quats[g + k] /= norm
    }
    oracle.write('geom_quat', quats)
    // MuJoCo takes the frame of the body or of its inertia where the compiler found it to be the same
    oracle.write('geom_sameframe', new Float64Array(model.ngeom))
    oracle.forward()
    const close = (ours: Float32Array, theirs: Float64Array) =>
      theirs.every((x, i) => Math.abs(x - ours[w * theirs.length + i]) < 1e-5)
    assert.ok(close(xpos, oracle.get('geom_xpos')), `geom_xpos of world ${w}`)
    assert.ok(close(xmat, oracle.get('geom_xmat')), `geom_xmat of world ${w}`)
    const mine = (list: Contact[]) =>
      list.filter(c => !CONVEX.has(`${model.field.geom_type[c.geom[0]]} ${model.field.geom_type[c.geom[1]]}`))
    const side = {
      ours: mine(contactsOf(batch, w)),
      theirs: mine(mujocoContacts(oracle)),
      qpos: new Float32Array(0),
    }
    const worst = difference(side, 0)
    assert.ok(
      worst && worst.dist < 1e-5 && worst.pos < 1e-4,
      `world ${w}: ${JSON.stringify(worst)} ${JSON.stringify(side)}`,
    )
    contacts += side.theirs.length
  }
  assert.ok(contacts > nworld, `${contacts} contacts`)
  oracle.dispose()
})

test('geoms of mocap bodies, of bodies fixed to them and of static bodies touch where MuJoCo has them', async () => {
  const xml = `<mujoco><worldbody><geom type="plane" size="1 1 1"/>
    <body mocap="true" pos="0.3 0 0.5" quat="1 0.3 0 0"><geom size="0.2"/>
      <body pos="0 0.4 0" quat="1 0 0.4 0"><geom type="capsule" size="0.1 0.2"/></body>
      <body pos="0 0 0.4"><joint axis="0 1 0"/><geom type="box" size="0.1 0.2 0.1" pos="0.1 0 0"/></body></body>
    <body pos="0 -0.2 0.3" quat="1 0 0.2 0.5"><geom type="box" size="0.2 0.1 0.3"/><body pos="0.2 0 0"><geom size="0.2" contype="3"/></body></body>
    <body pos="0.2 0 0.4"><freejoint/><geom type="box" size="0.3 0.2 0.2"/><geom size="0.3" pos="0.3 0 0"/></body></worldbody></mujoco>`
  const oracle = await openOracle(xml)
  const model = modelOf(oracle)
  const nworld = 9
  using batch = await createBatch(model, { nworld })
  const random = rng(11)
  const some = (n: number, by: number) => Array.from({ length: n }, () => Math.fround(random.uniform(-by, by)))
  const mocap = Array.from({ length: nworld }, () => ({ pos: some(3, 0.4), quat: some(4, 1) }))
  batch.set('mocap_pos', flat(mocap.map(m => m.pos)))
  batch.set('mocap_quat', flat(mocap.map(m => m.quat)))
  const qpos = mocap.map(() => Float64Array.from([...some(1, 2), ...some(3, 0.5), ...some(4, 1)]))
  batch.set('qpos', flat(qpos))
  let contacts = 0
  await batch.forward()
  for (let w = 0; w < nworld; w++) {
    oracle
      .write('mocap_pos', mocap[w].pos)
      .write('mocap_quat', mocap[w].quat)
      .write('qpos', qpos[w].map(Math.fround))
      .forward()
    const side = { ours: contactsOf(batch, w), theirs: mujocoContacts(oracle), qpos: new Float32Array(0) }
    const worst = difference(side, 0)
    assert.ok(
      worst && worst.dist < 1e-5 && worst.pos < 1e-4,
      `world ${w}: ${JSON.stringify(worst)} ${JSON.stringify(side)}`,
    )
    contacts += side.theirs.length
  }
  assert.ok(contacts > 2 * nworld, `${contacts} contacts`)
  oracle.dispose()
})

test('the step of a planar model sees the contacts that MuJoCo sees', async () => {
  const xml = `<mujoco><worldbody><geom type="plane" size="5 5 1"/><geom type="box" size="0.2 0.2 0.1" pos="0.5 0 0.1"/>
    <body pos="0 0 0.5"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/><joint axis="0 1 0"/>
      <geom type="capsule" size="0.1 0.2" contype="3" conaffinity="3"/><body pos="0 0 -0.3"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0.1 0 -0.4" size="0.06"/>
      <body pos="0.1 0 -0.4"><joint axis="0 -1 0" pos="0.05 0 0.05"/><geom size="0.1"/><geom type="box" size="0.2 0.05 0.04" quat="1 0 0.2 0"/></body></body></body></worldbody></mujoco>`
  const oracle = await openOracle(xml)
  const model = modelOf(oracle)
  const random = rng(2)
  const nworld = 40
  using batch = await createBatch(model, { nworld })
  assert.ok(batch.wasmStore.layout.sizes.planar > 0)
  batch.set(
    'qpos',
    Float64Array.from({ length: nworld * model.nq }, (_, i) => random.uniform(-1, 1) * (i % model.nq === 1 ? 0.3 : 1)),
  )
  let contacts = 0
  const sides = await sideBySide(batch, oracle)
  const ncon = await batch.get('ncon')
  sides.forEach((side, w) => {
    const worst = difference(side, 0)
    assert.ok(
      worst && worst.dist < 1e-5 && worst.pos < 1e-4,
      `world ${w}: ${JSON.stringify(worst)} ${JSON.stringify(side)}`,
    )
    assert.is(ncon[w], side.ours.length, `ncon of world ${w}`)
    contacts += side.theirs.length
  })
  assert.ok(contacts > nworld, `${contacts} contacts`)
  oracle.dispose()
})

/** pairs of types that the convex routine answers; its tests are its own */
const CONVEX = new Set(['4 4', '3 4', '2 4', '4 5', '4 6', '3 5', '5 5', '5 6'])

test.run()
