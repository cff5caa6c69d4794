/**
 * Physics steps per second against the official MuJoCo in the same run: the same model text, integrator Euler, contacts
 * disabled by MuJoCo's own flag on both sides, controls redrawn and worlds reset as the protocol file says.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Batch, createBatch } from '../bindings/engine/index.js'
import { loadModel } from '../bindings/model/load.js'
import { openOracle } from '../test/support/oracle.js'
import type { Row } from './run.js'
import { median, seconds } from './timing.js'

export interface Scene {
  readonly id: string
  readonly file: string
  /** physics steps a control */
  readonly fs: number
  /** part of the control range that controls are drawn from */
  readonly cs: number
  /** physics steps between resets */
  readonly reset: number
}

/** the protocol's scenes */
export const scenes = (): Scene[] => JSON.parse(readFileSync(`${models}protocol.json`, 'utf8')) as Scene[]

const models = fileURLToPath(new URL('../../shared/models/', import.meta.url))
const TARGETS: Readonly<Record<string, number>> = { cartpole: 50, acrobot: 25, reacher: 20, panda: 15 }
/** counted operations of one step, generic algorithms, kflop (README of the models) */
const KFLOP: Readonly<Record<string, number>> = { cartpole: 1.2, acrobot: 1.3, reacher: 2.4, panda: 6.3 }

/** XML of a scene with the two settings the protocol fixes */
export function sceneXml(scene: Scene): string {
  const xml = readFileSync(`${models}${scene.file}.xml`, 'utf8')
  return xml.replace('</mujoco>', '<option integrator="Euler"><flag contact="disable"/></option></mujoco>')
}

/** deterministic uniform numbers in [0, 1); both sides read the same table */
export function uniformTable(n: number, seed = 1): Float64Array {
  let x = seed >>> 0 || 1
  return Float64Array.from({ length: n }, () => {
    x ^= x << 13
    x >>>= 0
    x ^= x >>> 17
    x ^= x << 5
    x >>>= 0
    return x / 4294967296
  })
}

/** world-steps per second of one side over a time */
interface Side {
  run(target: number): Promise<number>
}

const DRAWS = 32

/** our side of a scene: controls from a table, resets as the protocol says */
export async function ours(
  xml: string,
  scene: Scene,
  nworld: number,
  workers: number,
): Promise<Side & { batch: Batch }> {
  const model = await loadModel(xml)
  const batch = await createBatch(model, { nworld, workers })
  const range = model.field.actuator_ctrlrange as Float64Array
  const u = uniformTable(DRAWS * nworld * model.nu)
  const tables = Array.from({ length: DRAWS }, (_, t) =>
    Float32Array.from({ length: nworld * model.nu }, (_, i) => {
      const k = i % model.nu
      return scene.cs * (range[2 * k] + (range[2 * k + 1] - range[2 * k]) * u[t * nworld * model.nu + i])
    }),
  )
  let count = 0
  let sinceReset = 0
  return {
    batch,
    async run(target) {
      const start = seconds()
      let steps = 0
      while (seconds() - start < target) {
        if (sinceReset >= scene.reset) {
          batch.reset()
          sinceReset = 0
        }
        if (model.nu > 0) batch.set('ctrl', tables[count++ % DRAWS])
        await batch.step(scene.fs)
        steps += scene.fs * nworld
        sinceReset += scene.fs
      }
      return steps / (seconds() - start)
    },
  }
}

async function mujocoSide(xml: string, scene: Scene): Promise<Side & { dispose(): void }> {
  const oracle = await openOracle(xml)
  const range = oracle.get('actuator_ctrlrange')
  const nu = oracle.nu
  const u = uniformTable(DRAWS * nu)
  const tables = Array.from({ length: DRAWS }, (_, t) =>
    Float64Array.from(
      { length: nu },
      (_, k) => scene.cs * (range[2 * k] + (range[2 * k + 1] - range[2 * k]) * u[t * nu + k]),
    ),
  )
  let count = 0
  let sinceReset = 0
  return {
    async run(target) {
      const start = seconds()
      let steps = 0
      while (seconds() - start < target) {
        // look at the clock once in a while, not at every step
        for (let i = 0; i < 64; i++) {
          if (sinceReset >= scene.reset) {
            oracle.reset()
            sinceReset = 0
          }
          if (nu > 0) oracle.data.ctrl.set(tables[count++ % DRAWS])
          oracle.step(scene.fs)
          steps += scene.fs
          sinceReset += scene.fs
        }
      }
      return steps / (seconds() - start)
    },
    dispose: () => oracle.dispose(),
  }
}

/** f32x4 multiply and add in WebAssembly on one core, flop/s: eight independent chains, 64 million operations */
export async function peakFlops(): Promise<number> {
  const { peakModule, PEAK_FLOPS_PER_CALL } = await import('./peak.js')
  const run = await peakModule()
  run()
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const t = seconds()
    run()
    times.push(seconds() - t)
  }
  return PEAK_FLOPS_PER_CALL / median(times)
}

export async function benchPhysics(only?: readonly string[]): Promise<Row[]> {
  const rows: Row[] = []
  const peak = await peakFlops()
  rows.push({ name: 'f32x4 multiply-add peak of one core, WebAssembly', value: peak / 1e9, unit: 'GFLOP/s' })
  for (const scene of scenes()) {
    if (!(scene.id in TARGETS) || (only && !only.includes(scene.id))) continue
    const xml = sceneXml(scene)
    const nworld = 1024
    const us = await ours(xml, scene, nworld, 1)
    const peer = await mujocoSide(xml, scene)
    // MuJoCo's module needs seconds to be compiled by the host's optimizing tier
    await us.run(1)
    await peer.run(2.5)
    const pairs: [number, number][] = []
    for (let i = 0; i < 5; i++) pairs.push([await us.run(0.5), await peer.run(0.5)])
    const value = median(pairs.map(p => p[0]))
    const finite = (await us.batch.get('status')).filter(s => s === 0).length
    rows.push({
      name: `${scene.id}, wasm, nworld ${nworld}, 1 worker`,
      value,
      unit: 'steps/s',
      peer: median(pairs.map(p => p[1])),
      peerName: '@mujoco/mujoco, 1 thread',
      ratio: median(pairs.map(([a, b]) => a / b)),
      target: `≥ ${TARGETS[scene.id]}×`,
      note: `${((100 * value * KFLOP[scene.id] * 1e3) / peak).toFixed(0)} % of the f32x4 peak in counted operations; ${finite}/${nworld} worlds finite`,
    })
    us.batch.dispose()
    peer.dispose()
  }
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const only = process.argv.slice(2)
  console.table(await benchPhysics(only.length ? only : undefined))
}
