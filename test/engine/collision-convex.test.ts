/** Contacts of boxes with boxes and capsules, and of all that MuJoCo's convex routine does, against MuJoCo's. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Contact } from '../../bindings/engine/contacts.js'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, rng } from '../support/oracle.js'
import { bothContacts, mujocoContacts } from './contact-lists.js'
import { contactsOf } from './contacts-of.js'
import { type Kind, type Pair, type Pose, pairXml, randomPair, randomPoses, type Shape } from './pairs.js'

/** poses of each pair of sizes; two pairs of sizes with and without a margin: 336 poses of each pair of shapes */
const POSES = 84
const DIST = 1e-5
const POS = 1e-3
const NORMAL = 1e-3
/** share of the poses that may differ */
const SHARE = 0.01
const UNSTABLE: Readonly<Record<Kind, number>> = { random: 0.05, nearly: 0.05, stack: 0.4 }
/**
 * what single precision does to a pose: where MuJoCo's own contacts change under it (the end of an iteration, one of
 * several features just as deep), ours may differ too;
 * such poses are left out, and may be no more than UNSTABLE of all
 */
const ROUNDING = 6e-8
const TRIES = 6

const CLOSED: readonly (readonly [Shape, Shape])[] = [
  ['capsule', 'box'],
  ['box', 'box'],
]
const CONVEX: readonly (readonly [Shape, Shape])[] = [
  ['sphere', 'ellipsoid'],
  ['capsule', 'ellipsoid'],
  ['capsule', 'cylinder'],
  ['ellipsoid', 'ellipsoid'],
  ['ellipsoid', 'cylinder'],
  ['ellipsoid', 'box'],
  ['cylinder', 'cylinder'],
  ['cylinder', 'box'],
]

const sub = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x - b[i])
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0)
const cross = (a: readonly number[], b: readonly number[]) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]
const norm = (a: readonly number[]) => Math.sqrt(dot(a, a))
const normal = (c: Contact) => c.frame.slice(0, 3)

const close = (a: Contact, b: Contact): boolean =>
  Math.abs(a.dist - b.dist) < DIST && norm(sub(a.pos, b.pos)) < POS && norm(sub(normal(a), normal(b))) < NORMAL

/** twice the area of the quadrangle of four contacts */
const area = (c: readonly Contact[]): number => norm(cross(sub(c[2].pos, c[0].pos), sub(c[3].pos, c[1].pos)))

/**
 * Four contacts of the same two faces: their distances are one linear function of the place, and they span the same
 * area. Which corners of a cap stand for it is chance where several choices are as large.
 */
function sameFaces(ours: readonly Contact[], theirs: readonly Contact[]): boolean {
  if (ours.length !== 4 || theirs.length !== 4) return false
  if (Math.abs(area(ours) - area(theirs)) > 1e-3 * area(theirs)) return false
  const [o, a, b] = theirs
  const [u, v] = [sub(a.pos, o.pos), sub(b.pos, o.pos)]
  const [uu, uv, vv] = [dot(u, u), dot(u, v), dot(v, v)]
  const det = uu * vv - uv * uv
  return ours.every(c => {
    const w = sub(c.pos, o.pos)
    const s = (dot(u, w) * vv - dot(v, w) * uv) / det
    const t = (dot(v, w) * uu - dot(u, w) * uv) / det
    const dist = o.dist + s * (a.dist - o.dist) + t * (b.dist - o.dist)
    return Math.abs(c.dist - dist) < DIST && norm(sub(normal(c), normal(o))) < NORMAL
  })
}

/** same contacts, in whatever order where faces are exactly as good (stacks) */
function agree(ours: readonly Contact[], theirs: readonly Contact[], kind: Kind): boolean {
  if (ours.length !== theirs.length) return false
  if (ours.every((c, i) => close(c, theirs[i]))) return true
  if (kind !== 'random' && theirs.every(c => ours.some(d => close(c, d)))) return true
  return sameFaces(ours, theirs)
}

/** For each pose: do MuJoCo's contacts change by changes of the size of rounding? */
async function unstable(xml: string, poses: readonly Pose[], theirs: readonly Contact[][]): Promise<boolean[]> {
  const oracle = await openOracle(xml)
  const random = rng(5)
  const contacts = (qpos: Float64Array) => {
    oracle.write('qpos', qpos)
    oracle.call((mj, m, d) => {
      mj.mj_kinematics(m, d)
      mj.mj_comPos(m, d)
      mj.mj_collision(m, d)
    })
    return mujocoContacts(oracle)
  }
  try {
    return poses.map(({ qpos, kind }, k) => {
      for (let n = 0; n < TRIES; n++) {
        if (!agree(contacts(qpos.map(x => x + random.uniform(-ROUNDING, ROUNDING))), theirs[k], kind)) return true
      }
      return false
    })
  } finally {
    oracle.dispose()
  }
}

/** poses with contacts; of those that are stable how many differ; those that are not */
interface Tally {
  touching: number
  differ: number
  unstable: number
}

async function compare(pair: Pair, margin: number, poses: readonly Pose[], tally: Record<Kind, Tally>, option = '') {
  const xml = pairXml(pair, margin, option)
  const sides = await bothContacts(
    xml,
    poses.map(p => p.qpos),
  )
  const shaky = await unstable(
    xml,
    poses,
    sides.map(s => s.theirs),
  )
  for (const [k, { ours, theirs }] of sides.entries()) {
    const row = tally[poses[k].kind]
    if (ours.length + theirs.length > 0) row.touching++
    if (shaky[k]) row.unstable++
    else if (!agree(ours, theirs, poses[k].kind)) row.differ++
  }
}

const tallies = (): Record<Kind, Tally> => ({
  random: { touching: 0, differ: 0, unstable: 0 },
  stack: { touching: 0, differ: 0, unstable: 0 },
  nearly: { touching: 0, differ: 0, unstable: 0 },
})

for (const [i, shapes] of [...CLOSED, ...CONVEX].entries()) {
  test(`${shapes.join(' and ')}: number, distance, position and normal of the contacts`, async () => {
    const random = rng(100 + i)
    const tally = tallies()
    for (const margin of [0, 0.01]) {
      for (let size = 0; size < 2; size++) {
        const pair = randomPair(shapes, random)
        await compare(pair, margin, randomPoses(pair, random, POSES), tally)
      }
    }
    for (const kind of ['random', 'nearly', 'stack'] as const) {
      const { touching, differ, unstable } = tally[kind]
      assert.ok(touching > 40, `${kind}: only ${touching} poses with contacts`)
      assert.ok(
        differ <= Math.ceil(SHARE * touching),
        `${kind}: ${differ} of ${touching} differ (${unstable} unstable)`,
      )
      assert.ok(unstable <= UNSTABLE[kind] * touching, `${kind}: ${unstable} of ${touching} unstable`)
    }
  })
}

test('equal boxes and cylinders stacked upright: contacts in the order of MuJoCo', async () => {
  for (const shapes of [
    ['box', 'box'],
    ['cylinder', 'box'],
  ] as const) {
    const size = shapes[0] === 'box' ? 0.1 : 0.15
    const pair: Pair = { shapes, sizes: [[0.1, 0.1, 0.1].slice(0, shapes[0] === 'box' ? 3 : 2), [size, size, size]] }
    const qpos = Float64Array.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0.099 + size, 1, 0, 0, 0], Math.fround)
    const [{ ours, theirs }] = await bothContacts(pairXml(pair, 0), [qpos])
    assert.is(ours.length, 4)
    if (shapes[0] === 'box') assert.ok(ours.every((c, k) => close(c, theirs[k])))
    else assert.ok(agree(ours, theirs, 'stack'))
  }
})

test('few iterations of the convex routine, a coarse tolerance, one contact: as MuJoCo', async () => {
  for (const option of ['ccd_iterations="12"', 'ccd_tolerance="1e-3"']) {
    const random = rng(7)
    const tally = tallies()
    const pair = randomPair(['ellipsoid', 'cylinder'], random)
    await compare(pair, 0, randomPoses(pair, random, 120), tally, option)
    const { touching, differ } = tally.random
    assert.ok(differ <= Math.ceil(0.03 * touching), `${option}: ${differ} of ${touching} differ`)
  }
  const random = rng(8)
  const pair = randomPair(['cylinder', 'box'], random)
  const xml = pairXml(pair, 0).replace('<worldbody>', '<option><flag multiccd="disable"/></option><worldbody>')
  const poses = randomPoses(pair, random, 60)
  const sides = await bothContacts(
    xml,
    poses.map(p => p.qpos),
  )
  for (const { ours, theirs } of sides) {
    assert.ok(theirs.length <= 1)
    assert.is(ours.length, theirs.length)
  }
})

test('one iteration, and more than are ever made, leave the memory of the convex routine intact', async () => {
  for (const iterations of [1, 5000]) {
    const random = rng(9)
    const pair = randomPair(['ellipsoid', 'box'], random)
    const poses = randomPoses(pair, random, 40)
    const sides = await bothContacts(
      pairXml(pair, 0, `ccd_iterations="${iterations}" ccd_tolerance="1e-9"`),
      poses.map(p => p.qpos),
    )
    for (const { ours } of sides)
      for (const c of ours) assert.ok(Number.isFinite(c.dist) && c.pos.every(Number.isFinite))
    if (iterations > 1) assert.ok(sides.some(s => s.ours.length > 0))
  }
})

test('a pose that overflows ends, and leaves its neighbours alone', async () => {
  const random = rng(13)
  for (const shapes of [...CLOSED, ...CONVEX]) {
    const pair = randomPair(shapes, random)
    const poses = randomPoses(pair, random, 7).map(p => p.qpos)
    const xml = pairXml(pair, 0)
    const clean = (await bothContacts(xml, poses)).map(s => JSON.stringify(s.ours))
    const model = await createBatch(await loadModel(xml), { nworld: 7 })
    try {
      const qpos = Float64Array.from(poses.flatMap(q => [...q]))
      // its square is no number in single precision
      qpos.fill(3e38, 14 * 2 + 3, 14 * 2 + 7)
      model.set('qpos', qpos)
      await model.forward()
      for (let w = 0; w < 7; w++) {
        const found = JSON.stringify(contactsOf(model, w))
        if (w !== 2) assert.is(found, clean[w], `${shapes}: world ${w}`)
      }
    } finally {
      model.dispose()
    }
  }
})

test('neighbours do not matter: the same bits alone and among others', async () => {
  for (const shapes of [
    ['box', 'box'],
    ['capsule', 'box'],
    ['ellipsoid', 'cylinder'],
    ['cylinder', 'box'],
  ] as const) {
    const random = rng(11)
    const pair = randomPair(shapes, random)
    const xml = pairXml(pair, 0.005)
    const poses = randomPoses(pair, random, 32).map(p => p.qpos)
    const text = (side: { ours: Contact[] }) => JSON.stringify(side.ours)
    const together = (await bothContacts(xml, poses)).map(text)
    // far apart: nobody else touches
    const away = Float64Array.from([0, 0, 0, 1, 0, 0, 0, 9, 9, 9, 1, 0, 0, 0])
    const apart = (
      await bothContacts(
        xml,
        poses.flatMap((q, k) => Array.from({ length: 4 }, (_, lane) => (lane === k % 3 ? q : away))),
      )
    ).filter((_, w) => w % 4 === Math.floor(w / 4) % 3)
    assert.equal(apart.map(text), together)
    const reversed = (await bothContacts(xml, [...poses].reverse())).map(text)
    assert.equal(reversed.reverse(), together)
  }
})

test.run()
