/**
 * Worlds that go wrong go wrong alone: flagged within the step, standing still from then on, named in the report, while
 * the bits of all other worlds are those of a batch in which nothing went wrong.
 */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Batch, createBatch } from '../../bindings/engine/index.js'
import { STATUS, worldFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { openOracle } from '../support/oracle.js'

const STATE = ['time', 'qpos', 'qvel', 'act', 'qacc_warmstart'] as const

const QUADRUPED = readFileSync(new URL('../../examples/robots/quadruped.xml', import.meta.url), 'utf8')
const INTEGRATORS = ['Euler', 'implicitfast', 'implicit', 'RK4']
const integrated = (xml: string, integrator: string): Promise<Model> =>
  loadModel(xml.replace('<option ', `<option integrator="${integrator}" `))

type Fields = ReadonlyMap<string, Float32Array>

async function read(batch: Batch, names: readonly string[] = worldFields.map(f => f.name)): Promise<Fields> {
  const fields = new Map<string, Float32Array>()
  for (const name of names) fields.set(name, await batch.get(name))
  return fields
}

/** the bits of one world */
function bits(fields: Fields, nworld: number, w: number): string[] {
  return [...fields].map(([name, values]) => {
    const size = values.length / nworld
    return `${name} ${new Uint32Array(values.slice(w * size, (w + 1) * size).buffer).join(' ')}`
  })
}

function sameWorlds(a: Fields, b: Fields, nworld: number, worlds: readonly number[], what: string): void {
  for (const w of worlds) assert.equal(bits(a, nworld, w), bits(b, nworld, w), `${what}: world ${w}`)
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** every world at the first keyframe, each falling at a speed of its own */
function start(batch: Batch, model: Model): void {
  const { nq, nv, nu, field } = model
  batch.set('qpos', field.key_qpos.subarray(0, nq))
  batch.set('ctrl', field.key_ctrl.subarray(0, nu))
  const qvel = new Float64Array(batch.nworld * nv)
  for (let w = 0; w < batch.nworld; w++) qvel[w * nv + 2] = -0.1 * w
  batch.set('qvel', qvel)
}

/** one value of one world, the other worlds as they were */
async function put(batch: Batch, field: string, world: number, element: number, value: number): Promise<void> {
  const values = await batch.get(field)
  values[(world * values.length) / batch.nworld + element] = value
  batch.set(field, values)
}

const HARM: Readonly<Record<string, (batch: Batch, world: number) => Promise<void>>> = {
  'a velocity beyond all bounds': (batch, w) => put(batch, 'qvel', w, 3, 1e12),
  'a velocity whose square is infinite': (batch, w) => put(batch, 'qvel', w, 8, 1e30),
  'the largest velocity there is': (batch, w) => put(batch, 'qvel', w, 2, -3.4e38),
  'a position beyond all bounds': (batch, w) => put(batch, 'qpos', w, 2, -1e11),
  'a joint angle whose turns cannot be counted': (batch, w) => put(batch, 'qpos', w, 9, 1e30),
  'a force beyond all bounds': (batch, w) => put(batch, 'qfrc_applied', w, 2, 1e38),
  'an orientation of nothing, and an infinite torque': async (batch, w) => {
    for (let i = 3; i < 7; i++) await put(batch, 'qpos', w, i, 0)
    await put(batch, 'xfrc_applied', w, 6 + 4, 3e38)
  },
}

async function aloneInTrouble(model: Model, harm: (batch: Batch, world: number) => Promise<void>): Promise<void> {
  const nworld = 11
  const ill = [2, 7]
  const healthy = range(nworld).filter(w => !ill.includes(w))
  const batch = await createBatch(model, { nworld })
  const reference = await createBatch(model, { nworld })
  for (const b of [batch, reference]) {
    start(b, model)
    await b.step(30)
  }
  for (const w of ill) await harm(batch, w)
  const before = await read(batch, ['time', 'qpos', 'qvel', 'act'])
  for (const b of [batch, reference]) await b.step()
  const status = await batch.get('status')
  for (const w of range(nworld)) assert.is(status[w] & STATUS.BADSTATE, ill.includes(w) ? STATUS.BADSTATE : 0, `${w}`)
  sameWorlds(await read(batch, ['time', 'qpos', 'qvel', 'act']), before, nworld, ill, 'frozen in the state it had')

  const frozen = await read(batch, STATE)
  for (const b of [batch, reference]) {
    await b.step(20)
    await b.forward()
    await b.step(3)
  }
  sameWorlds(await read(batch, STATE), frozen, nworld, ill, 'frozen for good')
  sameWorlds(await read(batch), await read(reference), nworld, healthy, 'undisturbed')
  const report = await batch.report()
  assert.is(report.length, ill.length)
  for (const [i, w] of ill.entries()) assert.match(report[i], new RegExp(`^world ${w} diverged`))

  // reset, a world is as good as new
  const mask = range(nworld).map(w => (ill.includes(w) ? 1 : 0))
  for (const b of [batch, reference]) {
    b.reset(mask)
    b.set('qfrc_applied', new Float64Array(model.nv))
    b.set('xfrc_applied', new Float64Array(6 * model.nbody))
    await b.step(10)
  }
  sameWorlds(await read(batch), await read(reference), nworld, range(nworld), 'after the reset')
  batch.dispose()
  reference.dispose()
}

for (const integrator of INTEGRATORS) {
  test(`${integrator}: a world in trouble is flagged within the step and frozen, and nobody else notices`, async () => {
    const model = await integrated(QUADRUPED, integrator)
    for (const [what, harm] of Object.entries(HARM)) {
      try {
        await aloneInTrouble(model, harm)
      } catch (cause) {
        if (cause instanceof assert.Assertion) cause.message = `${what}: ${cause.message}`
        throw cause
      }
    }
  })
}

/** a box that just does not fit between floor and ceiling: stiff contacts and long steps pump it up */
const SQUEEZED = `<mujoco>
  <option timestep="0.01"/>
  <worldbody>
    <geom type="plane" size="5 5 .1"/>
    <geom type="box" size="1 1 .1" pos="0 0 .295"/>
    <body pos="0 0 .1"><freejoint/><geom name="box" type="box" size=".1 .1 .1" density="500"/></body>
  </worldbody>
</mujoco>`

test('penetration that blows up: the worlds that diverge are those that diverge in MuJoCo', async () => {
  const model = await loadModel(SQUEEZED)
  // stiffness and damping of the box's contacts, and its timestep; -k -b is MuJoCo's direct form
  const worlds: readonly [solref: readonly [number, number], timestep: number][] = [
    [[0.02, 1], 0.002],
    [[-1e9, -1e3], 0.05],
    [[0.02, 1], 0.01],
    [[-1e12, -1], 0.01],
    [[-1e5, -600], 0.002],
    [[-1e14, 0], 0.002],
    [[0.1, 1], 0.01],
  ]
  const nworld = worlds.length
  const steps = 300
  const solref = worlds.flatMap(([own]) => [own, own, own].flat())
  const batch = await createBatch(model, { nworld })
  batch.set('geom_solref', solref)
  batch.set(
    'opt_timestep',
    worlds.map(([, timestep]) => timestep),
  )
  let last = await read(batch, STATE)
  let flagged = range(nworld).map(() => false)
  for (let k = 0; k < steps; k++) {
    await batch.step()
    const now = await read(batch, STATE)
    const status = await batch.get('status')
    for (const w of range(nworld)) {
      if (flagged[w]) assert.equal(bits(now, nworld, w), bits(last, nworld, w), `world ${w} stands still, step ${k}`)
    }
    assert.ok(
      [...now.values()].every(values => values.every(x => Number.isFinite(x) && Math.abs(x) <= 1e10)),
      `step ${k}: no number that is none`,
    )
    flagged = range(nworld).map(w => (status[w] & STATUS.BADSTATE) !== 0)
    last = now
  }

  const expected: boolean[] = []
  for (const [own, timestep] of worlds) {
    const oracle = await openOracle(SQUEEZED)
    oracle.write('geom_solref', [own, own, own].flat())
    oracle.write('opt_timestep', timestep)
    oracle.reset()
    oracle.step(steps)
    expected.push(oracle.warned())
    oracle.dispose()
  }
  assert.equal(flagged, expected)
  assert.ok(expected.includes(true) && expected.includes(false))

  // the others do not feel it
  const healthy = range(nworld).filter(w => !flagged[w])
  const alone = await createBatch(model, { nworld: healthy.length })
  alone.set(
    'geom_solref',
    healthy.flatMap(w => solref.slice(6 * w, 6 * w + 6)),
  )
  alone.set(
    'opt_timestep',
    healthy.map(w => worlds[w][1]),
  )
  for (let k = 0; k < steps; k++) await alone.step()
  const [all, few] = [await read(batch), await read(alone)]
  for (const [i, w] of healthy.entries()) assert.equal(bits(few, healthy.length, i), bits(all, nworld, w), `world ${w}`)
  batch.dispose()
  alone.dispose()
})

const BALLS = 8
/** balls on vertical rails; the floor catches them one after the other */
const RAIN = `<mujoco>
  <option timestep="0.004"/>
  <worldbody>
    <geom type="plane" size="5 5 .1"/>
    ${range(BALLS)
      .map(
        i => `<body pos="${0.3 * i} 0 ${0.1 + 0.05 * (i + 1)}"><joint type="slide" axis="0 0 1" damping=".1"/>
    <geom type="sphere" size=".1"/></body>`,
      )
      .join('\n    ')}
  </worldbody>
</mujoco>`

for (const integrator of INTEGRATORS) {
  test(`${integrator}: more contacts than room: frozen before the step, with the size that would do`, () =>
    outOfRoom(integrator))
}

async function outOfRoom(integrator: string): Promise<void> {
  const model = await integrated(RAIN, integrator)
  const nworld = 9
  const room = 4
  // worlds of odd number hold their upper balls out of reach
  const ill = range(nworld).filter(w => w % 2 === 0)
  const healthy = range(nworld).filter(w => w % 2 === 1)
  const qpos = Float64Array.from({ length: nworld * BALLS }, (_, i) => {
    const [w, ball] = [Math.floor(i / BALLS), i % BALLS]
    return 0.01 * w + (w % 2 === 1 && ball >= room ? 50 : 0)
  })
  const small = await createBatch(model, { nworld, nconmax: room })
  const large = await createBatch(model, { nworld })
  for (const b of [small, large]) b.set('qpos', qpos)

  let last = await read(large, STATE)
  const need = new Map<number, number>()
  for (let k = 0; k < 120; k++) {
    await small.step()
    await large.step()
    const [status, ncon, detected] = [await small.get('status'), await small.get('ncon'), await large.get('ncon')]
    for (const w of range(nworld)) {
      if (need.has(w)) continue
      assert.is(
        (status[w] & STATUS.CONTACTS) !== 0,
        detected[w] > room,
        `world ${w}, step ${k}: flagged within the step`,
      )
      if (detected[w] <= room) continue
      need.set(w, ncon[w])
      assert.is(ncon[w], detected[w], 'ncon names the size that would do')
      sameWorlds(await read(small, STATE), last, nworld, [w], 'the state before the step')
    }
    last = await read(large, STATE)
  }
  assert.equal([...need.keys()].sort(), ill)
  sameWorlds(await read(small), await read(large), nworld, healthy, 'undisturbed')
  assert.is((await large.report()).length, 0)
  const report = await small.report()
  assert.is(report.length, ill.length)
  for (const [i, w] of ill.entries())
    assert.match(report[i], new RegExp(`^world ${w} has ${need.get(w)} contacts.*nconmax: ${need.get(w)} or more`))

  // stepping on changes nothing for those that stand still
  const frozen = await read(small, STATE)
  await small.step(10)
  sameWorlds(await read(small, STATE), frozen, nworld, ill, 'frozen for good')

  // what they had, in a batch with room: the run they would have had
  const enough = Math.max(...need.values())
  const roomy = await createBatch(model, { nworld, nconmax: enough })
  const replayed = await createBatch(model, { nworld })
  for (const b of [roomy, replayed]) {
    for (const [name, values] of frozen) b.set(name, values)
    await b.step()
    assert.equal(await b.report(), [])
  }
  sameWorlds(await read(roomy), await read(replayed), nworld, range(nworld), 'with room enough')
  for (const b of [small, large, roomy, replayed]) b.dispose()
}

/** a paddle that slides along a wall, beside a puck at rest: elliptic cones on both */
const PUCK = readFileSync(new URL('../../examples/robots/puck-pusher.xml', import.meta.url), 'utf8')

for (const solver of ['Newton', 'CG', 'PGS']) {
  test(`a warm start at the minimum stays there: elliptic cones, ${solver}`, async () => {
    const model = await loadModel(PUCK.replace('<option ', `<option solver="${solver}" `))
    const nworld = 64
    using batch = await createBatch(model, { nworld })
    batch.set(
      'qpos',
      Float64Array.from(range(nworld).flatMap(w => [-0.3577 - 5e-5 * w, -0.2 + 3e-3 * w, 0, 0, 0.01496, 1, 0, 0, 0])),
    )
    batch.set(
      'qvel',
      Float64Array.from(range(nworld).flatMap(w => [-0.3 + 0.01 * w, 1.3 - 0.04 * w, 0, 0, 0, 0, 0, 0])),
    )
    for (let k = 0; k < 20; k++) {
      await batch.forward()
      const gone = (await batch.get('status')).filter(bits => (bits & STATUS.BADSTATE) !== 0)
      assert.is(gone.length, 0, `round ${k}`)
      batch.set('qacc_warmstart', await batch.get('qacc'))
    }
  })
}
test('a world that starts at its very minimum stays there: a step of no length is no 0 / 0', async () => {
  const model =
    await loadModel(`<mujoco><option cone="elliptic" timestep="0.004"/><worldbody><geom type="plane" size="0 0 1"/>
    <body pos="0 0 0.09"><joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/>
      <geom size="0.1" friction="0.3 0.01 0.001"/></body>
    <body pos="1 0 0.09"><freejoint/><geom size="0.1" condim="6"/></body></worldbody></mujoco>`)
  const batch = await createBatch(model, { nworld: 256 })
  batch.set(
    'qvel',
    Float32Array.from({ length: 256 * model.nv }, (_, i) => 2 * Math.sin(i * 12.9898)),
  )
  for (let k = 0; k < 20; k++) {
    await batch.forward()
    assert.ok((await batch.get('status')).every(s => s === 0))
    batch.set('qacc_warmstart', await batch.get('qacc'))
  }
  batch.dispose()
})

test.run()
