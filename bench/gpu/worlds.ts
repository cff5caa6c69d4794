/** Steps of many worlds on either engine: contacts and all, controls anew at every step, nothing read back meanwhile. */
import { readFileSync } from 'node:fs'
import { Batch, createBatch } from '../../bindings/engine/batch.js'
import type { CallWords, Kernel } from '../../bindings/engine/webgpu/engine.js'
import { gpuNeeds } from '../../bindings/engine/webgpu/needs.js'
import { GpuStore } from '../../bindings/engine/webgpu/store.js'
import { STATUS } from '../../bindings/fields.js'
import type { Model } from '../../bindings/model/model.js'
import { median, quantile, seconds } from '../timing.js'

export interface GpuScene {
  readonly id: string
  /** part of the control range that controls are drawn from */
  readonly cs: number
  /** keyframe to start from */
  readonly key?: number
  /** room for contacts, on both engines; default the model's */
  readonly nconmax?: number
}

/** What is asked of a measurement. */
export interface Measure {
  /** seconds of all repeats together */
  readonly seconds: number
  readonly repeats: number
}

export interface WorldRow {
  readonly model: string
  readonly backend: 'webgpu' | 'wasm'
  readonly workers: number
  readonly nworld: number
  readonly nconmax: number
  /** world-steps a second: median of the repeats, and quartiles */
  readonly rate: number
  readonly quartiles: readonly [number, number]
  /** ms of one step of all worlds */
  readonly stepMs: number
  /** dispatches of a step and ms of one, those of controls not counted; GPU only */
  readonly dispatches?: number
  readonly dispatchMs?: number
  /** bytes of a world on the GPU */
  readonly worldBytes?: number
  /** mean contacts of a world at the end, and worlds that stand still */
  readonly contacts: number
  readonly stopped: number
}

const SEED = 12345
/** worlds whose states all others copy: they come from the CPU engine */
const WARM_WORLDS = 256

/** (nu) middle and (nu) width of the controls of a scene */
function controlRange(model: Model, { cs, key }: GpuScene): { centre: number[]; spread: number[] } {
  const range = model.field.actuator_ctrlrange as Float64Array
  const limited = model.field.actuator_ctrllimited as Int32Array
  const keys = model.field.key_ctrl as Float64Array
  const bounds = Array.from({ length: model.nu }, (_, i) => (limited[i] ? [range[2 * i], range[2 * i + 1]] : [-1, 1]))
  return {
    centre: bounds.map(([low, high], i) => (key === undefined ? (low + high) / 2 : keys[key * model.nu + i])),
    spread: bounds.map(([low, high]) => cs * (high - low)),
  }
}

/** (n, nu) controls by a plain generator: which ones does not matter here */
export function controlTable(model: Model, scene: GpuScene, rows: number): Float32Array {
  const { centre, spread } = controlRange(model, scene)
  let x = 1
  return Float32Array.from({ length: rows * model.nu }, (_, k) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    const i = k % model.nu
    return centre[i] + spread[i] * ((x >>> 0) / 2 ** 32 - 0.5)
  })
}

/** States with the robot on its feet, or down: so many steps after the start. (WARM_WORLDS, stateSize) */
export async function warmStates(model: Model, scene: GpuScene, steps: number): Promise<Float32Array> {
  using batch = await createBatch(model, { nworld: WARM_WORLDS, nconmax: scene.nconmax })
  if (scene.key !== undefined) batch.reset({ keyframe: scene.key })
  const table = controlTable(model, scene, WARM_WORLDS + steps)
  for (let k = 0; k < steps; k++) {
    batch.set('ctrl', table.subarray(k * model.nu, (k + WARM_WORLDS) * model.nu))
    await batch.step()
  }
  return batch.getState()
}

/** the same states again and again */
function tiled(states: Float32Array, nworld: number): Float32Array {
  const size = states.length / WARM_WORLDS
  const out = new Float32Array(nworld * size)
  for (let w = 0; w < nworld; w += WARM_WORLDS)
    out.set(states.subarray(0, Math.min(WARM_WORLDS, nworld - w) * size), w * size)
  return out
}

/** Repeats of some steps each, as many as fill the time. */
async function timed(
  nworld: number,
  { seconds: budget, repeats }: Measure,
  run: (steps: number) => Promise<void>,
): Promise<{ rates: number[]; steps: number }> {
  const time = async (steps: number): Promise<number> => {
    const begin = seconds()
    await run(steps)
    return seconds() - begin
  }
  const target = budget / repeats
  let steps = 1
  // the first steps also find out how long a dispatch may be
  for (let spent = await time(1); spent < 0.7 * target && steps < 1e6; spent = await time(steps))
    steps = Math.ceil(steps * Math.min(8, Math.max(1.4, target / spent)))
  const rates: number[] = []
  for (let turn = 0; turn < repeats; turn++) rates.push((nworld * steps) / (await time(steps)))
  return { rates, steps }
}

async function ends(batch: Batch): Promise<{ contacts: number; stopped: number }> {
  const [ncon, status] = [await batch.get('ncon'), await batch.get('status')]
  let [contacts, stopped] = [0, 0]
  for (let w = 0; w < batch.nworld; w++) {
    contacts += ncon[w]
    if (status[w] & (STATUS.BADSTATE | STATUS.CONTACTS)) stopped++
  }
  return { contacts: contacts / batch.nworld, stopped }
}

const summary = (rates: readonly number[], nworld: number) => ({
  rate: median(rates),
  quartiles: [quantile(rates, 0.25), quantile(rates, 0.75)] as const,
  stepMs: (1000 * nworld) / median(rates),
})

/** Worlds of a scene on the GPU, warm. */
export class GpuWorlds {
  private constructor(
    readonly store: GpuStore,
    readonly batch: Batch,
    readonly scene: GpuScene,
    private readonly controls: Kernel,
    private step = 0,
  ) {}

  static async open(model: Model, scene: GpuScene, nworld: number, states: Float32Array): Promise<GpuWorlds> {
    const store = await GpuStore.open(model, nworld, scene.nconmax)
    const batch = new Batch(store, 1, 0)
    try {
      batch.setState(tiled(states, nworld))
      const { engine, constants } = await store.attach()
      const { centre, spread } = controlRange(model, scene)
      const list = (name: string, values: number[]): string =>
        `const ${name}: array<f32, ${values.length}> = array<f32, ${values.length}>(${values.map(x => x.toFixed(9)).join(', ')});\n`
      const file = readFileSync(new URL('./controls.wgsl', import.meta.url), 'utf8')
      const text = file.replace('\n\n', `\n\n${list('CENTRE', centre)}${list('SPREAD', spread)}`)
      const controls = await engine.kernel({ path: 'bench/controls', name: 'randomControls' }, constants, [
        { path: 'bench/controls', text },
      ])
      return new GpuWorlds(store, batch, scene, controls)
    } catch (error) {
      batch.dispose()
      throw error
    }
  }

  /** s that the first step takes more than the second: kernels are compiled then, where they were not before */
  async compile(): Promise<number> {
    const time = async (): Promise<number> => {
      const begin = seconds()
      await this.advance(1)
      return seconds() - begin
    }
    const first = await time()
    return Math.max(0, first - (await time()))
  }

  /** steps of all worlds, done when it returns */
  async advance(steps: number): Promise<void> {
    const { nworld } = this.batch
    const { engine, group, call } = await this.store.attach()
    const words: CallWords = { ...call, count: nworld, seedlo: SEED }
    for (let k = 0; k < steps; k++) {
      engine.dispatch(this.controls, group, { ...words, a0: this.step++ }, nworld)
      await this.batch.step()
    }
    await engine.finished()
  }

  async measure(measure: Measure): Promise<WorldRow> {
    const { batch, scene } = this
    const { nworld, model, nconmax } = batch
    const { engine } = await this.store.attach()
    let dispatches = 0
    const { rates, steps } = await timed(nworld, measure, async n => {
      const before = engine.stats.dispatches
      await this.advance(n)
      dispatches = (engine.stats.dispatches - before - n) / n
    })
    const { worldBytes } = gpuNeeds(model, nworld, scene.nconmax)
    const numbers = summary(rates, nworld)
    if (steps < 1) throw new Error('nothing was measured')
    return {
      model: scene.id,
      backend: 'webgpu',
      workers: 1,
      nworld,
      nconmax,
      ...numbers,
      dispatches,
      dispatchMs: numbers.stepMs / dispatches,
      worldBytes,
      ...(await ends(batch)),
    }
  }

  /** Resolves when the memory is back. */
  async close(): Promise<void> {
    const { engine } = await this.store.attach()
    this.batch.dispose()
    await engine.finished()
  }
}

/** The same on the CPU engine. */
export async function measureCpu(
  model: Model,
  scene: GpuScene,
  nworld: number,
  workers: number,
  states: Float32Array,
  measure: Measure,
): Promise<WorldRow> {
  using batch = await createBatch(model, { nworld, workers, nconmax: scene.nconmax })
  batch.setState(tiled(states, nworld))
  const periods = 61
  const table = controlTable(model, scene, nworld + periods)
  let step = 0
  const { rates } = await timed(nworld, measure, async n => {
    for (let k = 0; k < n; k++) {
      const at = (step++ % periods) * model.nu
      batch.set('ctrl', table.subarray(at, at + nworld * model.nu))
      await batch.step()
    }
  })
  const { nconmax } = batch
  return {
    model: scene.id,
    backend: 'wasm',
    workers,
    nworld,
    nconmax,
    ...summary(rates, nworld),
    ...(await ends(batch)),
  }
}
