/** Whole steps on the GPU beside the CPU engine, from the same states. */
import '../kernels/swiftshader.js'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Batch, createBatch } from '../../bindings/engine/index.js'
import { requestAdapter } from '../../bindings/engine/webgpu/device.js'
import { STATUS } from '../../bindings/fields.js'
import { JOINT } from '../../bindings/model/enums.js'
import { loadModel } from '../../bindings/model/load.js'
import { TOLERANCES } from '../kernels/tolerances.js'
import { hasChromium } from '../support/chromium.js'
import { skippable } from '../support/skip.js'
import { contents, noise, peak, pick } from './host.js'
import { MODELS } from './models.js'

const adapter = await requestAdapter().catch(() => undefined)
const here = adapter !== undefined || hasChromium
const standard = fileURLToPath(new URL('../../../shared/models/', import.meta.url))

const file = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined)

/** models, and whether they stand on a floor; robot has activations, sensors, delays, a ball joint, a tendon, an equality */
const CASES: readonly (readonly [name: string, xml: string | undefined, floor: boolean])[] = [
  ...['cartpole', 'acrobot', 'reacher', 'panda'].map(name => [name, file(`${standard}${name}.xml`), false] as const),
  ...['half_cheetah', 'hopper', 'ant', 'humanoid'].map(name => [name, file(`${standard}${name}.xml`), true] as const),
  ['eq_weld', file(fileURLToPath(new URL('../models/eq_weld.xml', import.meta.url))), false],
  ['robot', MODELS.robot, true],
]

const WORLDS = 32
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
/** of the range: at full force a humanoid is soon in knots */
const CONTROL = 0.3
/** m: further than anything falls in a hundred steps */
const LIFT = 8

/** random states about the reference pose; `lift` raises what floats */
function scatter(batch: Batch, seed: number, lift: number): void {
  const { nworld } = batch
  const { nq, nv, nu, njnt, field } = batch.model
  const moved = noise(nworld * nq, seed, 0.2)
  const qpos = Float64Array.from({ length: nworld * nq }, (_, i) => field.qpos0[i % nq])
  for (let j = 0; j < njnt; j++) {
    const q = field.jnt_qposadr[j]
    const type = field.jnt_type[j]
    for (let at = q; at < nworld * nq; at += nq) {
      if (type === JOINT.FREE) qpos[at + 2] += lift
      else if (type >= JOINT.SLIDE) qpos[at] += moved[at]
      if (type === JOINT.SLIDE && Math.abs(field.jnt_axis[3 * j + 2]) > 0.9 && field.jnt_limited[j] === 0)
        qpos[at] += lift
    }
  }
  batch.set('qpos', qpos)
  batch.set('qvel', noise(nworld * nv, seed + 1))
  if (field.eq_active0.length > 0) batch.set('eq_active', new Float64Array(field.eq_active0.length).fill(1))
  const bounds = field.actuator_ctrlrange
  batch.set(
    'ctrl',
    noise(nworld * nu, seed + 2, CONTROL).map((x, i) => {
      const a = i % nu
      if (field.actuator_ctrllimited[a] === 0) return x
      const [low, high] = [bounds[2 * a], bounds[2 * a + 1]]
      return (low + high + x * (high - low)) / 2
    }),
  )
}

/** asserts that two batches agree in some worlds, field by field */
async function agree(gpu: Batch, cpu: Batch, kind: 'free' | 'contact', worlds: readonly number[]): Promise<void> {
  const names = Object.keys(TOLERANCES)
  const [ours, theirs] = [await contents(gpu, names), await contents(cpu, names)].map(all => pick(all, WORLDS, worlds))
  for (const [name, { [kind]: tolerance, reason }] of Object.entries(TOLERANCES)) {
    const [x, y] = [ours, theirs].map(fields => fields.get(name) as Float32Array)
    const error = peak(y.map((value, i) => value - x[i])) / Math.max(peak(y), 1e-6)
    assert.ok(error <= tolerance, `${name}: ${error} > ${tolerance} (${reason})`)
    assert.ok(x.every(Number.isFinite), name)
  }
}

/** worlds of a model on both backends */
async function both(xml: string, act: (gpu: Batch, cpu: Batch) => Promise<void>): Promise<void> {
  const model = await loadModel(xml)
  const gpu = await createBatch(model, { nworld: WORLDS, backend: 'webgpu' })
  const cpu = await createBatch(model, { nworld: WORLDS })
  await act(gpu, cpu)
  gpu.dispose()
  cpu.dispose()
}

for (const [name, xml = '', floor] of CASES) {
  const missing = xml === '' ? 'the robot models in ../shared/models are not here' : 'no WebGPU adapter on this machine'
  const compared = skippable(test, here && xml !== '', missing)

  compared(`${name}: 100 steps without contacts`, () =>
    both(xml, async (gpu, cpu) => {
      for (const b of [gpu, cpu]) scatter(b, 1, LIFT)
      await gpu.step(100)
      // some may touch themselves
      const touched = new Uint8Array(WORLDS)
      for (let k = 0; k < 100; k++) {
        await cpu.step()
        for (const [w, n] of (await cpu.get('ncon')).entries()) if (n > 0) touched[w] = 1
      }
      const alone = range(WORLDS).filter(w => touched[w] === 0)
      assert.ok(alone.length >= WORLDS / 2, `${alone.length} worlds without contacts`)
      await agree(gpu, cpu, 'free', alone)
    }),
  )

  if (!floor) continue
  compared(`${name}: single steps with contacts, from moving states`, () =>
    both(xml, async (gpu, cpu) => {
      // a batch that only makes states: what befalls it on the way is not the others'
      using way = await createBatch(cpu.model, { nworld: WORLDS })
      scatter(way, 7, 0)
      let touching = 0
      for (let round = 0; round < 8; round++) {
        await way.step(25)
        const [state, status] = [await way.getState(), await way.get('status')]
        // some starts are unlucky: joints far beyond their limits tear a world apart
        const sound = range(WORLDS).filter(w => (status[w] & STATUS.BADSTATE) === 0)
        for (const b of [gpu, cpu]) {
          b.setState(state)
          await b.step()
        }
        const ncon = await cpu.get('ncon')
        touching += sound.filter(w => ncon[w] > 0).length
        await agree(gpu, cpu, 'contact', sound)
      }
      assert.ok(touching > 3 * WORLDS, `${touching} states with contacts`)
    }),
  )
}

test.run()
