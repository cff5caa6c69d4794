/**
 * Steps of many worlds on the GPU and on the CPU engine, beside the peaks of the adapter measured in the same run.
 *
 *   tsx bench/gpu.ts [--quick] [--models a,b] [--nworld 1,64,4096] [--seconds S] [--json FILE] [--write-docs] [--from FILE]
 *
 * `--quick` goes up to 4,096 worlds, in short turns, and no further up than a step takes two seconds. `--from` reads saved
 * figures instead of measuring. `npm run build:bench` makes a copy under build/gpu that needs Node, the package webgpu and a
 * driver: `node build/gpu/bench/gpu.js`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { GpuEngine } from '../bindings/engine/webgpu/engine.js'
import { gpuNeeds, largestNworld } from '../bindings/engine/webgpu/needs.js'
import { BackendError, SimcrankError } from '../bindings/errors.js'
import { loadModel } from '../bindings/model/load.js'
import type { Model } from '../bindings/model/model.js'
import { measureOperations } from './gpu/operations.js'
import { type Cost, type Figures, renewGpu, tables } from './gpu/report.js'
import { measureRoofline } from './gpu/roofline.js'
import { bytesPerStep, measureTraffic } from './gpu/traffic.js'
import { controlTable, type GpuScene, GpuWorlds, measureCpu, type WorldRow, warmStates } from './gpu/worlds.js'
import { seconds } from './timing.js'

/** the physics bench's scenes: integrator Euler, controls over this part of their range; room for 32 contacts where the model asks for hundreds */
export const SCENES: readonly GpuScene[] = [
  { id: 'cartpole', cs: 1 },
  { id: 'half_cheetah', cs: 1 },
  { id: 'ant', cs: 1 },
  { id: 'humanoid_mjwarp', cs: 0.4, key: 0, nconmax: 32 },
  { id: 'go2', cs: 0.2, key: 0, nconmax: 32 },
  { id: 'panda', cs: 0.3 },
]

const NWORLD = [1, 64, 1024, 4096, 16384, 65536, 262144]
const QUICK = [64, 1024, 4096]
/** the CPU engine has its full speed long before */
const MOST_CPU = 16384
/** steps after which the robots of all scenes touch the ground */
const WARM_STEPS = 200
/** with --quick, ms of a step from which more worlds say no more */
const SLOW_MS = 2000
/** worlds that are counted */
const COUNTED = 16

const root = fileURLToPath(new URL('..', import.meta.url))

/** A scene's model: saved beside a built bench, else compiled. */
export async function sceneModel(id: string): Promise<Model> {
  const saved = new URL(`./models/${id}.simcrank`, import.meta.url)
  if (existsSync(saved)) return loadModel(new Uint8Array(readFileSync(saved)))
  const xml = readFileSync(new URL(`../../shared/models/${id}.xml`, import.meta.url), 'utf8')
  return loadModel(xml.replace('</mujoco>', '<option integrator="Euler"/></mujoco>'))
}

export interface GpuBenchOptions {
  readonly quick?: boolean
  readonly models?: readonly string[]
  readonly nworld?: readonly number[]
  /** of each row */
  readonly seconds?: number
}

function machine(): Record<string, string> {
  const version = (): string => {
    for (let folder = root; ; folder = path.dirname(folder)) {
      const file = path.join(folder, 'node_modules/webgpu/package.json')
      if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')).version
      if (folder === path.dirname(folder)) return 'absent'
    }
  }
  const commit = (): string => {
    try {
      const git = (...args: string[]): string =>
        execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
      return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' and changes'}`
    } catch {
      return 'unknown'
    }
  }
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: String(availableParallelism()),
    platform: `${platform()} ${arch()}`,
    node: process.version,
    webgpu: version(),
    commit: commit(),
  }
}

/** World counts of a model: those asked for that fit, and the most that fit where the list goes beyond. */
export function worldCounts(asked: readonly number[], most: number): number[] {
  const fit = asked.filter(n => n <= most)
  const whole = Math.floor(most / 64) * 64
  if (fit.length < asked.length && whole > (fit.at(-1) ?? 0)) fit.push(whole)
  return fit
}

/** Every figure of a run. */
export async function benchGpu(
  options: GpuBenchOptions = {},
  say: (line: string) => void = () => {},
): Promise<Figures> {
  const { quick = false, models = SCENES.map(({ id }) => id) } = options
  const asked = options.nworld ?? (quick ? QUICK : NWORLD)
  const measure = { seconds: options.seconds ?? (quick ? 0.6 : 5), repeats: quick ? 3 : 5 }
  const begin = seconds()
  const engine = await GpuEngine.open()
  const { limits, description, vendor, architecture } = engine.adapter
  const adapter = [description, vendor, architecture].filter(word => word !== '').join(', ')
  say(adapter)
  const roofline = await measureRoofline(engine.device, quick)
  const costs: Cost[] = []
  const rows: WorldRow[] = []
  const skipped: string[] = []
  const add = (row: WorldRow): void => {
    rows.push(row)
    say(`${row.model} ${row.backend} ${row.nworld} worlds: ${Math.round(row.rate)} steps/s`)
  }
  for (const id of models) {
    const scene = SCENES.find(it => it.id === id)
    if (!scene) throw new Error(`no model '${id}': there are ${SCENES.map(it => it.id).join(', ')}`)
    const model = await sceneModel(id)
    const states = await warmStates(model, scene, WARM_STEPS)
    const needs = gpuNeeds(model, 1, scene.nconmax)
    let compileSeconds: number | undefined
    for (const nworld of worldCounts(asked, largestNworld(needs, limits))) {
      const last = rows.at(-1)
      if (quick && last?.model === id && last.stepMs * (nworld / last.nworld) > SLOW_MS) {
        skipped.push(`${id} with ${nworld} worlds, too slow for --quick`)
        continue
      }
      let worlds: GpuWorlds
      try {
        worlds = await GpuWorlds.open(model, scene, nworld, states)
      } catch (error) {
        if (!(error instanceof BackendError) || error.code !== 'OUT_OF_MEMORY') throw error
        skipped.push(`${id} with ${nworld} worlds: ${error.message}`)
        continue
      }
      try {
        const compile = await worlds.compile()
        if (compileSeconds === undefined) {
          compileSeconds = compile
          const traffic = await measureTraffic(model, scene, states)
          const ctrl = controlTable(model, scene, COUNTED)
          costs.push({
            model: id,
            nconmax: needs.nconmax,
            worldBytes: needs.worldBytes,
            compileSeconds,
            traffic,
            bytes: bytesPerStep(traffic),
            operations: await measureOperations(model, scene.nconmax, states, ctrl, COUNTED),
          })
        }
        add(await worlds.measure(measure))
      } catch (error) {
        if (!(error instanceof BackendError) || error.code !== 'OUT_OF_MEMORY') throw error
        skipped.push(`${id} with ${nworld} worlds: ${error.message}`)
      } finally {
        await worlds.close()
      }
    }
    const threads = [...new Set([1, availableParallelism()])]
    for (const nworld of asked.filter(n => n <= MOST_CPU))
      for (const workers of threads) add(await measureCpu(model, scene, nworld, workers, states, measure))
  }
  return {
    machine: machine(),
    adapter,
    limits: { ...limits },
    roofline,
    costs,
    rows,
    skipped,
    seconds: seconds() - begin,
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      models: { type: 'string' },
      nworld: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'string' },
      from: { type: 'string' },
      'write-docs': { type: 'boolean' },
    },
  })
  const count = (name: string, text: string, whole = true): number => {
    const value = Number(text)
    if (!(value > 0 && Number.isFinite(value)) || (whole && !Number.isInteger(value)))
      throw new Error(`--${name}: got '${text}', expected a positive ${whole ? 'integer' : 'number'}`)
    return value
  }
  const figures =
    values.from !== undefined
      ? (JSON.parse(readFileSync(values.from, 'utf8')) as Figures)
      : await benchGpu(
          {
            quick: values.quick,
            models: values.models?.split(','),
            nworld: values.nworld
              ?.split(',')
              .map(text => count('nworld', text))
              .sort((a, b) => a - b),
            seconds: values.seconds === undefined ? undefined : count('seconds', values.seconds, false),
          },
          line => console.error(line),
        )
  console.log(`${figures.adapter}\n\n${tables(figures)}`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, undefined, 2)}\n`)
  if (values['write-docs']) {
    const file = path.join(root, 'docs', 'benchmarks.md')
    writeFileSync(file, renewGpu(readFileSync(file, 'utf8'), figures))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main().catch(error => {
    console.error(error instanceof SimcrankError ? error.message : error)
    process.exitCode = 1
  })
