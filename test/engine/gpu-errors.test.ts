/** What goes wrong with a GPU is a typed error at once: no adapter, no room, a driver that refuses, a device that goes away. */
import '../kernels/swiftshader.js'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { GpuEngine } from '../../bindings/engine/webgpu/engine.js'
import { BackendError, DeviceLostError, type SimcrankError } from '../../bindings/errors.js'
import { loadModel } from '../../bindings/model/load.js'

const XML = `<mujoco><worldbody><body><joint name="a" type="hinge" axis="0 1 0" damping=".1"/><geom size=".1" pos=".3 0 0"/></body></worldbody>
  <actuator><motor joint="a"/></actuator></mujoco>`

const refused = async (act: () => Promise<unknown>): Promise<SimcrankError> => {
  try {
    await act()
  } catch (error) {
    return error as SimcrankError
  }
  throw new Error('not refused')
}

/** a program in a process of its own, with this environment */
function run(
  program: string,
  env: Readonly<Record<string, string>>,
): { status: number | null; stdout: string; stderr: string } {
  const tsx = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url))
  return spawnSync(process.execPath, [tsx, '--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 60_000,
  })
}

test('without an adapter it says so, and never falls back', () => {
  const program = `
    import { createBatch } from './bindings/engine/index.js'
    import { loadModel } from './bindings/model/load.js'
    const model = await loadModel(${JSON.stringify(XML)})
    try { await createBatch(model, { nworld: 4, backend: 'webgpu' }); console.log('a batch') }
    catch (error) { console.log(error.name, error.code, error.message) }
    process.exit(0)`
  const { status, stdout, stderr } = run(program, {
    VK_ICD_FILENAMES: '/nowhere.json',
    VK_DRIVER_FILES: '/nowhere.json',
  })
  assert.is(status, 0, stderr)
  assert.match(stdout, /^BackendError NO_ADAPTER .*driver.*docs\/gpu\.md.*'wasm'/)
})

test('more worlds than a buffer holds', async () => {
  const model = await loadModel(XML)
  const error = await refused(() => createBatch(model, { nworld: 50_000_000, backend: 'webgpu' }))
  assert.instance(error, BackendError)
  assert.is(error.code, 'OUT_OF_MEMORY')
  assert.match(error.message, /50000000 worlds.*needs .*GiB.*holds at most .*fewer worlds, at most \d+$/)
})

test('a kernel that the driver refuses', async () => {
  const engine = await GpuEngine.open()
  const text = '@compute @workgroup_size(64) fn broken() { W[0] = 1.5; }'
  const error = await refused(() =>
    engine.kernel({ path: 'extra', name: 'broken' }, new Map(), [{ path: 'extra', text }]),
  )
  assert.is(error.code, 'KERNEL_COMPILE')
  assert.match(error.message, /'broken'.*line/)
})

test('a kernel that imports what is not there', async () => {
  const engine = await GpuEngine.open()
  const text = "// import { nothing } from './math/v4'\n@compute @workgroup_size(64) fn broken() { nothing(); }"
  const error = await refused(async () =>
    engine.kernel({ path: 'extra', name: 'broken' }, new Map(), [{ path: 'extra', text }]),
  )
  assert.is(error.code, 'KERNEL_LINK')
  assert.match(error.message, /math\/v4\.wgsl has no 'nothing'/)
})

test('what is written while steps are under way', async () => {
  const model = await loadModel(XML)
  const batch = await createBatch(model, { nworld: 4, backend: 'webgpu' })
  const stepping = batch.step(50)
  for (const act of [() => batch.set('ctrl', [1]), () => batch.reset(), () => batch.snapshot()]) {
    const error = await refused(async () => act())
    assert.is(error.code, 'BUSY')
  }
  await stepping
  batch.set('ctrl', [1])
  batch.dispose()
})

test('a device that goes away in the middle of steps; recover', async () => {
  const model = await loadModel(XML)
  const batch = await createBatch(model, { nworld: 8, backend: 'webgpu', seed: 3 })
  const other = await createBatch(model, { nworld: 4, backend: 'webgpu' })
  const masses = Float32Array.from({ length: 8 * model.nbody }, (_, i) => 1 + i / 10)
  batch.set('body_mass', masses)
  await batch.step(3)
  const engine = await GpuEngine.open()
  const stepping = batch.step(1_000_000)
  setTimeout(() => engine.device.destroy(), 30)
  const error = await refused(() => stepping)
  assert.instance(error, DeviceLostError)
  assert.is(error.code, 'DEVICE_LOST')
  assert.match(error.message, /recover\(\)/)
  // and again, by whatever is called next, and by every batch that was there
  for (const act of [() => batch.get('qpos'), () => batch.step(), () => other.forward()])
    assert.instance(await refused(act), DeviceLostError)

  await batch.recover()
  assert.equal([...(await batch.get('qpos'))], new Array(8).fill(0))
  assert.equal([...(await batch.get('body_mass'))], [...masses])
  batch.set('ctrl', [1])
  await batch.step(20)
  const cpu = await createBatch(model, { nworld: 8 })
  cpu.set('body_mass', masses)
  cpu.set('ctrl', [1])
  await cpu.step(20)
  const [ours, theirs] = [await batch.get('qpos'), await cpu.get('qpos')]
  for (let w = 0; w < 8; w++) assert.ok(Math.abs(ours[w] - theirs[w]) <= 1e-5 * Math.abs(theirs[w]), `world ${w}`)
  other.dispose()
  batch.dispose()
})

test.run()
