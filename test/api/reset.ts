/** Resets: masks, keyframes, draws of states and of physics. */
import * as assert from 'uvu/assert'
import type { ResetOptions } from '../../bindings/engine/index.js'
import { worldFields } from '../../bindings/fields.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import { ParameterDistribution } from '../../bindings/model/distribution.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { create, testList, thrown } from './host.js'

const { list, test } = testList()
export const resetTests = list

// rounding of numbers near 1 to single precision
const near = (a: number, b: number, tolerance = 1e-6): boolean =>
  Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b))

test('keyframes by index, by name and for each world are those of mj_resetDataKeyframe', async host => {
  const batch = await create(host, 'robot', { nworld: 5 })
  const check = async (keys: readonly number[]): Promise<void> => {
    for (const name of Object.keys(host.answers.resets[0])) {
      const size = batch.size(name)
      const values = await batch.get(name)
      keys.forEach((key, w) => {
        const expected = Float32Array.from(host.answers.resets[key + 1][name])
        assert.equal(values.slice(w * size, (w + 1) * size), expected, `${name}, world ${w}`)
      })
    }
  }
  await check([-1, -1, -1, -1, -1])
  await batch.step(3)
  batch.set('eq_active', [1])
  batch.reset({ keyframe: 0 })
  await check([0, 0, 0, 0, 0])
  await batch.step(3)
  batch.set('xfrc_applied', new Float32Array(batch.size('xfrc_applied')).fill(0.1))
  batch.reset({ keyframe: 'away' })
  await check([1, 1, 1, 1, 1])
  batch.reset({ keyframe: [1, -1, 0, 0, -1] })
  await check([1, -1, 0, 0, -1])
  batch.reset({ worlds: [4, 0], keyframe: [0, -1] })
  await check([-1, -1, 0, 0, 0])
  assert.ok((await batch.get('xfrc_applied')).every(x => x === 0))
  assert.match(await thrown(() => batch.reset({ keyframe: 'hom' })), /^KEYFRAME: .*nearest: 'home'/)
  assert.match(await thrown(() => batch.reset({ keyframe: 2 })), /^KEYFRAME: .*got 2, .*nkey - 1 = 1/)
  assert.match(await thrown(() => batch.reset({ keyframe: [0, 1] })), /^SIZE: .*length 2, .*5 worlds/)
  assert.match(await thrown(() => batch.reset({ keyframe: [0, 1, 0.5, 0, 0] })), /^KEYFRAME: world 2/)
  batch.dispose()
})

test('a reset world begins again as a new one does, and its neighbours with their delays do not notice', async host => {
  const fresh = await create(host, 'robot', { nworld: 7 })
  const batch = await create(host, 'robot', { nworld: 7 })
  const alone = await create(host, 'robot', { nworld: 7 })
  const ctrl = Float32Array.from({ length: 7 * 3 }, (_, i) => Math.sin(i))
  for (const b of [fresh, batch, alone]) b.set('ctrl', ctrl)
  await batch.step(6)
  await alone.step(6)
  // the first world of a block, and the last one with those that fill its block up
  batch.reset({ worlds: [0, 2, 6] })
  batch.set('ctrl', ctrl)
  for (const b of [fresh, batch, alone]) {
    await b.step(3)
    b.set(
      'ctrl',
      ctrl.map(x => -x),
    )
    await b.step(6)
  }
  for (const { name } of worldFields) {
    // cursors and slots of delay buffers may stand elsewhere
    if (name === 'history') continue
    const size = batch.size(name)
    const [got, again, through] = [await batch.get(name), await fresh.get(name), await alone.get(name)]
    for (let w = 0; w < 7; w++) {
      const expected = [0, 2, 6].includes(w) ? again : through
      const part = (x: Float32Array): Float32Array => x.slice(w * size, (w + 1) * size)
      assert.equal(part(got), part(expected), `${name}, world ${w}`)
    }
  }
  for (const b of [fresh, batch, alone]) b.dispose()
})

test('draws depend on seed, world and count of resets, on nothing else', async host => {
  const model = await host.model('robot')
  const draw: ResetOptions = {
    distribution: {
      qpos: { kind: 'uniform', scale: 0.1 },
      qvel: { kind: 'normal', std: 0.5 },
      act: { kind: 'uniform', low: 1, high: 2 },
    },
  }
  const state = async (
    nworld: number,
    workers: number,
    seed: number,
    act: (reset: (o: ResetOptions) => void) => void,
  ) => {
    const batch = await create(host, 'robot', { nworld, workers, seed })
    act(options => batch.reset(options))
    const out = await batch.getState('PHYSICS')
    const n = batch.stateSize('PHYSICS')
    batch.dispose()
    return (w: number): Float32Array => out.slice(w * n, (w + 1) * n)
  }
  const all = await state(9, 1, 3, reset => reset(draw))
  const threads = await state(9, 2, 3, reset => reset(draw))
  const some = await state(5, 1, 3, reset => reset({ ...draw, worlds: [4, 1] }))
  for (let w = 0; w < 9; w++) assert.equal(threads(w), all(w))
  for (const w of [4, 1]) assert.equal(some(w), all(w), `world ${w}`)
  assert.not.equal(all(0), all(1))
  const second = await state(9, 1, 3, reset => {
    reset(draw)
    reset({ ...draw, worlds: [2] })
  })
  assert.not.equal(second(2), all(2))
  assert.equal(second(3), all(3))
  const other = await state(9, 1, 3, reset => reset({ ...draw, seed: 4 }))
  const same = await state(9, 1, 4, reset => reset(draw))
  assert.not.equal(other(0), all(0))
  assert.equal(other(0), same(0))
  // the numbers are those of the stream for initial states: number nv + e of (world, earlier resets) for qvel
  const random = new Philox(3, STREAM.reset)
  assert.ok(near(all(6)[model.nq + 2], 0.5 * random.normal(model.nv + 2, 6, 0)))
  assert.ok(near(second(2)[model.nq + 2], 0.5 * random.normal(model.nv + 2, 2, 1)))
  // one field's noise moves no other's
  const velocity = await state(9, 1, 3, reset => reset({ distribution: { qvel: draw.distribution?.qvel } }))
  assert.equal(velocity(5).subarray(model.nq, model.nq + model.nv), all(5).subarray(model.nq, model.nq + model.nv))
})

test('draws have the distribution they say, and quaternions stay on their sphere', async host => {
  const model = await host.model('robot')
  const nworld = 4000
  const batch = await create(host, 'robot', { nworld })
  const { nq, nv } = model
  const std = Float64Array.from({ length: nv }, (_, i) => 0.01 * (i + 1))
  batch.reset({
    keyframe: 'away',
    distribution: { qpos: { kind: 'normal', std }, qvel: { kind: 'uniform', low: -1, high: 3 } },
  })
  const [qpos, qvel] = [await batch.get('qpos'), await batch.get('qvel')]
  // the rotation vector that led from the keyframe's quaternion, which is 1, to this one
  const turned = (w: number, q: number): number[] => {
    const [w0, ...xyz] = qpos.subarray(w * nq + q, w * nq + q + 4)
    const sine = Math.hypot(...xyz)
    assert.ok(near(sine * sine + w0 * w0, 1))
    const angle = 2 * Math.atan2(sine, w0)
    return xyz.map(x => (sine === 0 ? 0 : (x * angle) / sine))
  }
  const key = model.field.key_qpos.slice(nq)
  const columns = Array.from({ length: nv }, () => [] as number[])
  for (let w = 0; w < nworld; w++) {
    const at = (q: number): number => qpos[w * nq + q] - key[q]
    const delta = [at(0), at(1), at(2), ...turned(w, 3), ...turned(w, 7), at(11), at(12)]
    delta.forEach((x, i) => {
      columns[i].push(x)
    })
  }
  columns.forEach((column, i) => {
    const mean = column.reduce((a, b) => a + b, 0) / nworld
    const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / nworld
    // four standard errors of mean and of variance
    assert.ok(Math.abs(mean) < (4 * std[i]) / Math.sqrt(nworld), `mean of dof ${i}: ${mean}`)
    assert.ok(
      Math.abs(variance / std[i] ** 2 - 1) < 4 * Math.sqrt(2 / nworld),
      `std of dof ${i}: ${Math.sqrt(variance)}`,
    )
  })
  assert.ok(qvel.every(x => x > -1 && x < 3))
  const mean = qvel.reduce((a, b) => a + b, 0) / qvel.length
  assert.ok(Math.abs(mean - 1) < (4 * (4 / Math.sqrt(12))) / Math.sqrt(qvel.length))
  batch.dispose()
})

test('noise turns a body in its own frame, as mj_integratePos does', async host => {
  const { by, qpos } = host.answers.moved
  const batch = await create(host, 'robot', { nworld: 1 })
  batch.reset({ keyframe: 'home', distribution: { qpos: { kind: 'uniform', low: by, high: by } } })
  const got = await batch.get('qpos')
  qpos.forEach((x, i) => {
    assert.ok(near(got[i], x), `qpos[${i}]: ${got[i]}, MuJoCo ${x}`)
  })
  batch.dispose()
})

test('physics is drawn with the state, for the worlds that are reset', async host => {
  const model = await host.model('robot')
  const space = ParameterSpace.from(model, [
    { path: 'body/#3/mass', min: 0.05, max: 0.2 },
    { path: 'joint/rail/ref', min: -1, max: 1 },
  ])
  const parameters = ParameterDistribution.uniform(space)
  const batch = await create(host, 'robot', { nworld: 6, seed: 11 })
  batch.reset({ worlds: [1, 5], distribution: { parameters } })
  const mass = await batch.get('body_mass')
  const drawn = Array.from({ length: 6 }, (_, w) => mass[w * model.nbody + 3])
  for (const w of [0, 2, 3, 4]) assert.ok(near(drawn[w], 0.1))
  for (const w of [1, 5]) {
    const theta = parameters.sample(1, 11, w)
    assert.ok(near(drawn[w], theta[0]), `world ${w}`)
    // the pose begins at the reference that was drawn
    assert.ok(near((await batch.get('qpos'))[w * model.nq + 11], theta[1]))
  }
  // the next reset draws anew, for those it resets
  batch.reset({ worlds: [5], distribution: { parameters } })
  const again = await batch.get('body_mass')
  assert.is(again[1 * model.nbody + 3], drawn[1])
  assert.not(near(again[5 * model.nbody + 3], drawn[5]))
  // and constants follow
  assert.not(near((await batch.get('body_subtreemass'))[5 * model.nbody], (await batch.get('body_subtreemass'))[0]))
  batch.dispose()
})

test('distributions that make no sense are refused before anything is written', async host => {
  const model = await host.model('robot')
  const batch = await create(host, 'robot', { nworld: 2 })
  batch.set('qvel', new Float32Array(model.nv).fill(1))
  const refused = (distribution: unknown): Promise<string> =>
    thrown(() => batch.reset({ keyframe: 0, distribution: distribution as ResetOptions['distribution'] }))
  assert.match(await refused({ qvel: { kind: 'normal', std: -1 } }), /^NOISE: qvel.std: got -1/)
  assert.match(await refused({ qvel: { kind: 'normal' } }), /^NOISE: .*needs 'std'/)
  assert.match(await refused({ qvel: { kind: 'uniform', low: 1, high: 0 } }), /^NOISE: .*low is 1, above high, 0/)
  assert.match(await refused({ qvel: { kind: 'cauchy', scale: 1 } }), /^NOISE: .*'cauchy'/)
  assert.match(
    await refused({ qvel: { kind: 'uniform', scale: [1, 2] } }),
    /^SIZE: qvel.scale: got length 2, expected 11/,
  )
  assert.match(await refused({ qvel: { kind: 'uniform', scale: Number.NaN } }), /^NOT_FINITE/)
  assert.match(await refused({ qvl: { kind: 'uniform', scale: 1 } }), /^NOISE: .*nearest: 'qvel'/)
  assert.match(await thrown(() => batch.reset({ seed: 0.5, distribution: {} })), /^SEED/)
  assert.ok((await batch.get('qvel')).every(x => x === 1))
  batch.dispose()
})
