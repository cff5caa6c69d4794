/** What threads and memory of the CPU engine promise; what any batch does is in test/api. */
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
async function run(nworld: number, workers: number, seed = 1): Promise<string> {
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
  batch.dispose()
  return hash.digest('hex')
}

test('the same bits for 1, 2, 3 and 8 workers', async () => {
  const one = await run(203, 1)
  for (const workers of [2, 3, 8]) assert.is(await run(203, workers), one, `${workers} workers`)
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
