/** What physics promises whatever MuJoCo says: rest, conservation, friction cones. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Batch, createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { openOracle, rng } from '../support/oracle.js'

const largest = (values: ArrayLike<number>): number =>
  Array.prototype.reduce.call(values, (a, x) => Math.max(a as number, Math.abs(x as number)), 0) as number

const stack = (n: number, cone: string): string =>
  `<mujoco><option timestep="0.002" cone="${cone}"/><worldbody><geom type="plane" size="0 0 .1"/>${Array.from(
    { length: n },
    (_, k) =>
      `<body pos="0 0 ${0.1 + 0.2 * k}"><freejoint/><geom type="box" size=".1 .1 .1" mass="1" friction=".8"/></body>`,
  ).join('')}</worldbody></mujoco>`

for (const cone of ['pyramidal', 'elliptic']) {
  test(`a stack of boxes rests, ${cone}`, async () => {
    const model = await loadModel(stack(4, cone))
    using batch = await createBatch(model, { nworld: 4 })
    // soft contacts give way by a few tenths of a millimetre first
    await batch.step(500)
    const settled = await batch.get('qpos')
    await batch.step(1000)
    const later = await batch.get('qpos')
    assert.ok(largest(later.map((x, i) => x - settled[i])) < 1e-3, 'drift in 2 s')
    assert.ok(
      largest(later.subarray(0, model.nq).map((x, i) => (i % 7 === 2 ? x - (0.1 + 0.2 * Math.floor(i / 7)) : 0))) <
        2e-3,
    )
    assert.ok(largest(await batch.get('qvel')) < 1e-3)
  })
}

test('a box on a slope below its friction angle stays, above it slides', async () => {
  const slope = (friction: number): string =>
    `<mujoco><option timestep="0.002" cone="elliptic" impratio="10"/><worldbody><body pos="0 0 0" euler="0 20 0"><geom type="plane" size="0 0 .1" friction="${friction}"/></body>
     <body pos="0 0 .1" euler="0 20 0"><freejoint/><geom type="box" size=".1 .1 .1" mass="1" friction="${friction}"/></body></worldbody></mujoco>`
  const moved = async (friction: number): Promise<number> => {
    using batch = await createBatch(await loadModel(slope(friction)), { nworld: 1 })
    await batch.step(500)
    const [x, , z] = await batch.get('qpos')
    return Math.hypot(x, z - 0.1)
  }
  // tan 20 degrees is 0.364
  assert.ok((await moved(0.5)) < 0.01)
  assert.ok((await moved(0.25)) > 0.2)
})

const freeFlight = `<mujoco><option timestep="0.001" gravity="0 0 0" integrator="RK4"/><worldbody>
  <body pos="0 0 1"><freejoint/><geom type="box" size=".1 .2 .05" mass="2"/>
    <body pos=".2 0 0"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .4 0 0" size=".03" mass=".6" contype="0" conaffinity="0"/>
      <body pos=".4 0 0"><joint axis="1 0 .5"/><geom type="capsule" fromto="0 0 0 0 .3 0" size=".03" mass=".4" contype="0" conaffinity="0"/></body></body></body>
  </worldbody></mujoco>`

/** kinetic and potential energy, and momentum about the centre of mass, in double precision by MuJoCo */
async function invariants(xml: string, qpos: Float32Array, qvel: Float32Array) {
  const oracle = await openOracle(xml)
  try {
    oracle.write('qpos', qpos).write('qvel', qvel)
    oracle.call((mj, model, data) => {
      mj.mj_forward(model, data)
      mj.mj_energyPos(model, data)
      mj.mj_energyVel(model, data)
      mj.mj_subtreeVel(model, data)
    })
    const mass = oracle.get('body_subtreemass')[0]
    const linear = oracle.get('subtree_linvel').subarray(0, 3)
    return {
      energy: oracle.get('energy').reduce((a, b) => a + b, 0),
      linear: linear.map(v => v * mass),
      angular: oracle.get('subtree_angmom').subarray(0, 3),
    }
  } finally {
    oracle.dispose()
  }
}

test('free flight keeps energy, linear and angular momentum', async () => {
  const model = await loadModel(freeFlight)
  using batch = await createBatch(model, { nworld: 1 })
  const random = rng(3)
  batch.set(
    'qvel',
    Float32Array.from({ length: model.nv }, () => 2 * random.normal()),
  )
  const before = await invariants(freeFlight, await batch.get('qpos'), await batch.get('qvel'))
  await batch.step(1000)
  const after = await invariants(freeFlight, await batch.get('qpos'), await batch.get('qvel'))
  assert.ok(Math.abs(after.energy - before.energy) < 1e-4 * before.energy, `${before.energy} ${after.energy}`)
  for (const kind of ['linear', 'angular'] as const) {
    const size = largest(before[kind])
    assert.ok(size > 0.1)
    assert.ok(largest(after[kind].map((x, i) => x - before[kind][i])) < 1e-4 * size, kind)
  }
})

const pendulum = (timestep: number, integrator: string): string =>
  `<mujoco><option timestep="${timestep}" integrator="${integrator}"/><worldbody>
   <body pos="0 0 2"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .5 0 0" size=".04" mass="1" contype="0" conaffinity="0"/>
   <body pos=".5 0 0"><joint axis="0 1 0"/><geom type="capsule" fromto="0 0 0 .4 0 .1" size=".04" mass=".7" contype="0" conaffinity="0"/></body></body></worldbody></mujoco>`

/** energy lost or gained by an undamped double pendulum in 0.4 s, relative to what it turns over */
async function energyError(timestep: number, integrator: string): Promise<number> {
  const xml = pendulum(timestep, integrator)
  const model = await loadModel(xml)
  using batch = await createBatch(model, { nworld: 1 })
  const start = await invariants(xml, await batch.get('qpos'), await batch.get('qvel'))
  await batch.step(Math.round(0.4 / timestep))
  const end = await invariants(xml, await batch.get('qpos'), await batch.get('qvel'))
  return Math.abs(end.energy - start.energy) / 10
}

test('the energy error of an undamped system falls with the order of the integrator', async () => {
  const [coarse, fine] = [await energyError(0.004, 'Euler'), await energyError(0.001, 'Euler')]
  assert.ok(coarse / fine > 3 && coarse / fine < 5.5, `Euler: ${coarse} ${fine}`)
  assert.ok((await energyError(0.002, 'RK4')) < 1e-5)
  assert.ok(coarse > 1e-4)
})

test('a ball on an undamped contact bounces as high as it fell', async () => {
  // stiffness without damping, in the direct form of solref, and an impedance that does not vary
  const xml = `<mujoco><option timestep="0.0002" integrator="RK4"/><worldbody><geom type="plane" size="0 0 .1" solref="-20000 0" solimp=".95 .95 .001"/>
    <body pos="0 0 .5"><joint type="slide" axis="0 0 1"/><geom size=".1" mass="1" condim="1" solref="-20000 0" solimp=".95 .95 .001"/></body></worldbody></mujoco>`
  using batch = await createBatch(await loadModel(xml), { nworld: 1 })
  let apex = Number.NEGATIVE_INFINITY
  let low = 0
  for (let t = 0; t < 600; t++) {
    await batch.step(5)
    const [z] = await batch.get('qpos')
    low = Math.min(low, z)
    if (low < -0.39) apex = Math.max(apex, z)
  }
  assert.ok(low < -0.39, `it fell to ${low}`)
  assert.ok(Math.abs(apex) < 0.02, `it came back to ${apex}`)
})

const sliding = (cone: string, condim: number): string =>
  readFileSync(new URL(`../models/condim_${condim}_${cone}.xml`, import.meta.url), 'utf8')

/** rounding of a force against its cone, relative to the normal force, and forces too small to be judged, N */
const CONE = { relative: 2e-5, smallest: 1e-3 } as const

/** asserts that every contact force of a world lies in its friction cone; how many were large enough to judge */
async function inCone(batch: Batch, world: number, elliptic: boolean): Promise<number> {
  const { geom_friction } = batch.model.field
  let judged = 0
  for (const { geom1, geom2, dim, force } of await batch.contacts(world)) {
    const [normal] = force
    assert.ok(normal >= -CONE.smallest, `normal force ${normal}`)
    if (normal < CONE.smallest) continue
    const mixed = [0, 0, 1, 2, 2].map(k => Math.max(geom_friction[3 * geom1 + k], geom_friction[3 * geom2 + k]))
    const shares = mixed.slice(0, dim - 1).map((friction, k) => force[k + 1] / friction)
    const size = elliptic ? Math.hypot(...shares) : shares.reduce((sum, x) => sum + Math.abs(x), 0)
    assert.ok(size <= normal * (1 + CONE.relative) + CONE.smallest, `${size} > ${normal}, condim ${dim}`)
    judged++
  }
  return judged
}

for (const cone of ['pyramidal', 'elliptic']) {
  for (const condim of [3, 4, 6]) {
    test(`contact forces stay in their cone: ${cone}, condim ${condim}`, async () => {
      const xml = sliding(cone, condim)
      const model = await loadModel(xml)
      const nworld = 32
      using batch = await createBatch(model, { nworld })
      const random = rng(11)
      batch.set(
        'qvel',
        Float32Array.from({ length: nworld * model.nv }, () => random.normal()),
      )
      let judged = 0
      for (let t = 0; t < 20; t++) {
        await batch.step(5)
        await batch.forward()
        for (let w = 0; w < nworld; w++) judged += await inCone(batch, w, cone === 'elliptic')
      }
      assert.ok(judged > 1000, `${judged} contacts`)
    })
  }
}

test.run()
