/** What a batch promises beyond physics: independence of threads and neighbours, typed refusals, memory given back. */
import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { controlOf, DONE, GENERATION } from '../../bindings/engine/wasm/control.js'
import { Engine } from '../../bindings/engine/wasm/engine.js'
import { loadModel } from '../../bindings/model/load.js'
import { SCENES } from './scenes.js'

const XML = SCENES['everything at once']

function numbers(n: number, seed = 1): Float64Array {
  let x = seed
  return Float64Array.from({ length: n }, () => {
    x ^= x << 13
    x >>>= 0
    x ^= x >>> 17
    x ^= x << 5
    x >>>= 0
    return x / 2147483648 - 1
  })
}

/** hash of everything a run leaves behind */
async function run(nworld: number, workers: number, seed = 1): Promise<{ hash: string; qpos: Float32Array }> {
  const model = await loadModel(XML)
  const batch = await createBatch(model, { nworld, workers })
  batch.set(
    'qpos',
    numbers(nworld * model.nq, seed).map(x => 0.5 * x),
  )
  batch.set('qvel', numbers(nworld * model.nv, seed + 1))
  batch.set('dof_frictionloss', numbers(nworld * model.nv, seed + 2).map(Math.abs))
  batch.set(
    'body_mass',
    numbers(nworld * model.nbody, seed + 3).map(x => 1.5 + x),
  )
  for (let k = 0; k < 5; k++) {
    batch.set('ctrl', numbers(nworld * model.nu, seed + 10 + k))
    await batch.step(20)
  }
  const hash = createHash('sha256')
  for (const field of ['qpos', 'qvel', 'qacc', 'qfrc_constraint', 'time', 'status']) hash.update(await batch.get(field))
  const qpos = await batch.get('qpos')
  batch.dispose()
  return { hash: hash.digest('hex'), qpos }
}

test('the same bits for 1, 2, 3 and 8 workers', async () => {
  const one = await run(203, 1)
  for (const workers of [2, 3, 8]) assert.is((await run(203, workers)).hash, one.hash, `${workers} workers`)
})

test('a world does not feel its neighbours or the size of the batch', async () => {
  const many = await run(64, 1)
  const model = await loadModel(XML)
  for (const w of [0, 1, 6, 63]) {
    const batch = await createBatch(model, { nworld: 1 })
    const pick = (n: number, seed: number): Float64Array => numbers(64 * n, seed).slice(w * n, (w + 1) * n)
    batch.set(
      'qpos',
      pick(model.nq, 1).map(x => 0.5 * x),
    )
    batch.set('qvel', pick(model.nv, 2))
    batch.set('dof_frictionloss', pick(model.nv, 3).map(Math.abs))
    batch.set(
      'body_mass',
      pick(model.nbody, 4).map(x => 1.5 + x),
    )
    for (let k = 0; k < 5; k++) {
      batch.set('ctrl', pick(model.nu, 11 + k))
      await batch.step(20)
    }
    assert.equal([...(await batch.get('qpos'))], [...many.qpos.slice(w * model.nq, (w + 1) * model.nq)], `world ${w}`)
    batch.dispose()
  }
})

test('one call of n steps and n calls of one step end in the same bits', async () => {
  const model = await loadModel(XML)
  const ends: string[] = []
  for (const [calls, n] of [
    [1, 30],
    [30, 1],
  ]) {
    const batch = await createBatch(model, { nworld: 7 })
    batch.set('qvel', numbers(7 * model.nv))
    for (let k = 0; k < calls; k++) await batch.step(n)
    ends.push(
      createHash('sha256')
        .update(await batch.get('qpos'))
        .update(await batch.get('qacc'))
        .digest('hex'),
    )
    batch.dispose()
  }
  assert.is(ends[0], ends[1])
})

test('qacc after a step is that of the state the step began with', async () => {
  const model = await loadModel(SCENES['hinge and slide chain'])
  const batch = await createBatch(model, { nworld: 5 })
  batch.set('qvel', numbers(5 * model.nv))
  await batch.forward()
  const before = await batch.get('qacc')
  await batch.step()
  assert.equal([...(await batch.get('qacc'))], [...before])
  batch.dispose()
})

test('a world that diverges is marked and stands still; the others go on', async () => {
  const model = await loadModel(SCENES['hinge and slide chain'])
  const batch = await createBatch(model, { nworld: 6 })
  const qvel = new Float64Array(6 * model.nv)
  qvel.fill(1e9, 2 * model.nv, 3 * model.nv)
  batch.set('qvel', qvel)
  await batch.step(50)
  const status = await batch.get('status')
  assert.equal([...status], [0, 0, 1, 0, 0, 0])
  const qpos = await batch.get('qpos')
  assert.ok(qpos.every(Number.isFinite))
  assert.is((await batch.get('time'))[2] < 0.1, true)
  assert.match((await batch.report())[0], /world 2 diverged/)
  batch.reset([0, 0, 1, 0, 0, 0])
  assert.is((await batch.get('status'))[2], 0)
  await batch.step()
  assert.equal([...(await batch.get('status'))], [0, 0, 0, 0, 0, 0])
  batch.dispose()
})

test('forward marks a world whose acceleration is not a number', async () => {
  const model = await loadModel(SCENES['hinge and slide chain'])
  const batch = await createBatch(model, { nworld: 3 })
  const mass = Float64Array.from({ length: 3 * model.nbody }, (_, i) =>
    i >= model.nbody && i < 2 * model.nbody ? 0 : 1,
  )
  batch.set('body_mass', mass)
  batch.set(
    'body_inertia',
    Float64Array.from({ length: 9 * model.nbody }, (_, i) => mass[Math.floor(i / 3)]),
  )
  await batch.forward()
  assert.equal([...(await batch.get('status'))], [0, 1, 0])
  batch.dispose()
})

test('a million milliseconds add up', async () => {
  const model = await loadModel(SCENES['trees beside each other'])
  const batch = await createBatch(model, { nworld: 1 })
  batch.set('opt_timestep', [0.001])
  for (let k = 0; k < 10; k++) await batch.step(10000)
  assert.ok(Math.abs((await batch.get('time'))[0] - 100) < 1e-4)
  batch.dispose()
})

test('refusals are typed and say both numbers', async () => {
  const model = await loadModel(XML)
  const batch = await createBatch(model, { nworld: 4 })
  const code = async (act: () => unknown): Promise<string> => {
    try {
      await act()
    } catch (error) {
      return `${(error as { code: string }).code}: ${(error as Error).message}`
    }
    return 'nothing thrown'
  }
  assert.match(
    await code(() => batch.set('qvel', [1, 2])),
    /^SIZE: qvel: got length 2, expected nworld \* size = 4 \* 3, or 3/,
  )
  assert.match(await code(() => batch.set('qvel', [1, Number.NaN, 0])), /^NOT_FINITE: element 1: qvel: NaN/)
  assert.match(await code(() => batch.set('qvle', [1])), /^FIELD_UNKNOWN/)
  assert.match(await code(() => batch.set('xpos', new Float64Array(3 * model.nbody))), /^FIELD_READONLY/)
  for (const field of ['qacc', 'status', 'dof_M0', 'body_subtreemass']) {
    assert.match(await code(() => batch.set(field, new Float64Array(batch.size(field)))), /^FIELD_READONLY/, field)
  }
  assert.match(await code(() => batch.set('qvel', [1e39, 0, 0])), /^NOT_FINITE: element 0.*single precision/)
  assert.match(await code(() => batch.set('opt_timestep', [0])), /^TIMESTEP/)
  assert.match(await code(() => batch.step(0)), /^NSTEP: nstep: got 0/)
  assert.match(await code(() => batch.step(1.5)), /^NSTEP/)
  assert.match(await code(() => createBatch(model, { nworld: 0 })), /^NWORLD/)
  assert.match(await code(() => batch.reset([1])), /^SIZE: mask: got length 1, expected nworld = 4/)
  batch.set('actuator_delay', [0.01])
  assert.match(await code(() => batch.step()), /^DELAY_NO_HISTORY: actuator 0/)
  batch.dispose()
  assert.match(await code(() => batch.step()), /^DISPOSED/)
})

test('memory comes back: 10,000 batches leave the arena as it was', async () => {
  const model = await loadModel(SCENES.motor)
  const cycle = async (): Promise<void> => {
    const batch = await createBatch(model, { nworld: 8 })
    batch.set(
      'body_mass',
      numbers(8 * model.nbody).map(x => 2 + x),
    )
    await batch.step()
    batch.dispose()
  }
  for (let k = 0; k < 10; k++) await cycle()
  const engine = await Engine.open()
  const before = engine.memory.buffer.byteLength
  for (let k = 0; k < 10_000; k++) await cycle()
  assert.ok(engine.memory.buffer.byteLength <= 1.05 * before)
})

test('threads join while commands run, and batches may ask for them at the same time', async () => {
  const engine = await Engine.start(true)
  const model = await loadModel(XML)
  const { Batch } = await import('../../bindings/engine/batch.js')
  const { Store } = await import('../../bindings/engine/store.js')
  await engine.ensure(2)
  const batch = new Batch(new Store(engine, model, 40, 2, undefined), 2, 0)
  let hired = false
  const hiring = Promise.all([engine.ensure(4), engine.ensure(3), engine.ensure(5)]).then(() => {
    hired = true
  })
  while (!hired) {
    await batch.step(2)
    await new Promise(resolve => setImmediate(resolve))
  }
  await hiring
  assert.is(engine.threads.length, 4)
  for (let k = 0; k < 200; k++) await batch.step()
  assert.equal(await batch.report(), [])
  for (const thread of engine.threads) thread.terminate()
})

test('a worker that wakes up for nothing is counted once', async () => {
  const engine = await Engine.start(true)
  const model = await loadModel(XML)
  const { Batch } = await import('../../bindings/engine/batch.js')
  const { Store } = await import('../../bindings/engine/store.js')
  await engine.ensure(3)
  const batch = new Batch(new Store(engine, model, 40, 3, undefined), 3, 0)
  const control = controlOf(engine.memory)
  for (let k = 0; k < 20; k++) {
    await batch.step()
    assert.ok(Atomics.notify(control, GENERATION) <= 2)
    await new Promise(resolve => setTimeout(resolve, 2))
    assert.is(Atomics.load(control, DONE), 2)
  }
  for (const thread of engine.threads) thread.terminate()
})

test('a worker that was killed is reported; one thread goes on alone', async () => {
  const engine = await Engine.start(true)
  const model = await loadModel(SCENES.motor)
  const { Batch } = await import('../../bindings/engine/batch.js')
  const { Store } = await import('../../bindings/engine/store.js')
  await engine.ensure(3)
  const many = new Batch(new Store(engine, model, 40, 3, undefined), 3, 0)
  const one = new Batch(new Store(engine, model, 5, 1, undefined), 1, 0)
  await many.step()
  engine.threads[0].terminate()
  // the second time it is known already
  for (let k = 0; k < 2; k++) {
    let code = ''
    try {
      await many.step()
    } catch (error) {
      code = (error as { code: string }).code
    }
    assert.is(code, 'WORKER_LOST')
  }
  await one.step()
  assert.equal(await one.report(), [])
  engine.threads[1].terminate()
})

test('without SharedArrayBuffer the same module runs on one thread, to the same bits', async () => {
  const single = await Engine.start(false)
  assert.not.ok(single.memory.buffer instanceof SharedArrayBuffer)
  const model = await loadModel(XML)
  const { Batch } = await import('../../bindings/engine/batch.js')
  const { Store } = await import('../../bindings/engine/store.js')
  const ends: Float32Array[] = []
  for (const engine of [single, await Engine.open()]) {
    const batch = new Batch(new Store(engine, model, 5, 1, undefined), 1, 0)
    batch.set('qvel', numbers(5 * model.nv))
    await batch.step(25)
    ends.push(await batch.get('qpos'))
    batch.dispose()
  }
  assert.equal([...ends[0]], [...ends[1]])
  let code = ''
  try {
    await single.ensure(2)
  } catch (error) {
    code = (error as { code: string }).code
  }
  assert.is(code, 'NO_THREADS')
})

test.run()
