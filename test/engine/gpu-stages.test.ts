/** A timestep as one kernel and as one kernel a stage: the same bits. */
import '../kernels/swiftshader.js'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { expandedSize } from '../../bindings/engine/webgpu/size.js'
import { GpuStore } from '../../bindings/engine/webgpu/store.js'
import { fieldSize, snapshotFields, worldFields } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import { random } from '../kernels/harness.js'

/** more than a first dispatch has, and than a workgroup */
const NWORLD = 70

const xml = (name: string): string => readFileSync(new URL(`../models/${name}.xml`, import.meta.url), 'utf8')

const MODELS: Readonly<Record<string, string>> = {
  'Runge-Kutta': xml('integrator_rk4'),
  'Euler and contacts': xml('stack'),
  'delayed sensors': xml('sensor_delay'),
  'Runge-Kutta and contacts': `<mujoco><option integrator="RK4" timestep=".004"/><worldbody><geom type="plane" size="1 1 1"/>
    <body pos="0 0 .18"><freejoint/><geom type="sphere" size=".1"/><site name="s"/>
      <body pos=".2 0 0"><joint name="j" axis="0 1 0" limited="true" range="-20 20"/><geom type="capsule" size=".05" fromto="0 0 0 .3 0 -.1"/></body></body>
    </worldbody><actuator><motor joint="j"/></actuator><sensor><accelerometer site="s"/></sensor></mujoco>`,
}

/** two runs of timesteps from moving states: all that a world then keeps, bit for bit */
async function after(text: string, fused: boolean): Promise<Map<string, Uint32Array>> {
  const model = await loadModel(text)
  const store = await GpuStore.open(model, NWORLD, undefined, fused)
  store.restart(undefined)
  const next = random(3)
  const kick = Float32Array.from({ length: NWORLD * model.nv }, () => 2 * next() - 1)
  store.writeWorld('qvel', kick, model.nv, true)
  if (model.nu > 0) store.writeWorld('ctrl', kick.slice(0, NWORLD * model.nu), model.nu, true)
  await store.step(7)
  await store.step(2)
  const fields = new Map<string, Uint32Array>()
  for (const field of [...worldFields, ...snapshotFields]) {
    const values = await store.readWorld(field.name, fieldSize(field, store.layout.sizes))
    fields.set(field.name, new Uint32Array(values.buffer))
  }
  store.release()
  return fields
}

for (const [name, text] of Object.entries(MODELS)) {
  test(`one kernel, or one a stage: ${name}`, async () => {
    const [whole, parts] = [await after(text, true), await after(text, false)]
    for (const [field, words] of whole) assert.equal(parts.get(field), words, field)
    const velocity = new Float32Array((whole.get('qvel') as Uint32Array).buffer)
    assert.ok(velocity.some(x => x !== 0) && velocity.every(Number.isFinite), 'the worlds move')
  })
}

test('the size of a kernel counts a function as often as it is called', () => {
  const code =
    'fn leaf() -> i32 { return 1; } fn twice() -> i32 { return leaf() + leaf(); } fn main() { if (twice() > leaf()) { } }'
  assert.is(expandedSize(code, 'leaf'), 2)
  assert.is(expandedSize(code, 'twice'), 4 + 2 * 2)
  assert.is(expandedSize(code, 'main'), 4 + 8 + 2)
})

test.run()
