import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { type AdapterSummary, describeAdapter, openGpu, requestAdapter } from '../engine/webgpu/device.js'
import {
  bytesInWords,
  type GpuNeeds,
  gpuNeeds,
  largestBinding,
  largestNworld,
  STORAGE_BUFFERS,
  smaller,
} from '../engine/webgpu/needs.js'
import { SimcrankError } from '../errors.js'
import { loadModel } from '../model/load.js'
import { openMujoco } from '../model/mujoco.js'
import { Failure, type Io, packageManifest, toJson } from './io.js'
import { textTable } from './table.js'

interface Finding {
  readonly name: string
  readonly value: string
  /** true: fine; false: simcrank does not work; undefined: something optional is absent */
  readonly ok: boolean | undefined
  remedy?: string
}

const LEAST_NODE = [20, 19] as const

/** one function that returns an i8x16 splat: valid only where SIMD is */
const SIMD = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  10,
  1,
  8,
  0,
  65,
  0,
  253,
  15,
  253,
  98,
  11,
)

function node(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const ok = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  return { name: 'Node', value: process.version, ok, remedy: `install Node ${LEAST_NODE.join('.')} or later` }
}

/** The engine's module: there, and accepted by this WebAssembly. */
async function engine(): Promise<Finding> {
  const url = new URL('../engine/wasm/simcrank.wasm', import.meta.url)
  try {
    const bytes = await readFile(url)
    await WebAssembly.compile(bytes)
    return { name: 'WASM engine', value: `${(bytes.length / 1000).toFixed(1)} kB`, ok: true }
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const value = absent ? 'not found' : `does not compile: ${(error as Error).message}`
    return {
      name: 'WASM engine',
      value,
      ok: false,
      remedy: 'install simcrank again; in the repository, `npm run build:wasm`',
    }
  }
}

/** MuJoCo, the peer that compiles models: installed, of the version we know, and starting. */
async function mujoco(): Promise<Finding> {
  const name = '@mujoco/mujoco'
  const wanted = packageManifest().peerDependencies?.[name] ?? ''
  try {
    const version = (await openMujoco()).mj_versionString()
    const ok = version === wanted ? true : undefined
    return { name: 'MuJoCo', value: version, ok, remedy: `tested with ${wanted}: npm install ${name}@${wanted}` }
  } catch (error) {
    const absent = error instanceof SimcrankError
    return {
      name: 'MuJoCo',
      value: absent ? 'not installed' : `does not start: ${(error as Error).message}`,
      ok: undefined,
      remedy: `only saved Models load without it: npm install ${name}@${wanted}`,
    }
  }
}

/** GPU and what a model needs of it, as `--json` has them. */
interface GpuReport {
  adapter?: AdapterSummary
  /** storage buffers that the kernels bind */
  readonly storageBuffers: number
  model?: GpuNeeds & { readonly name: string; largestNworld?: number }
}

/** The optional GPU: the package that reaches it, the adapter, its limits. */
async function gpu(report: GpuReport): Promise<Finding[]> {
  try {
    await openGpu()
  } catch (error) {
    const { message, cause } = error as Error
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : message
    return [{ name: 'WebGPU', value: `does not load: ${reason}`, ok: undefined, remedy: message }]
  }
  const loaded: Finding = { name: 'WebGPU', value: 'loads', ok: true }
  try {
    const adapter = describeAdapter(await requestAdapter())
    report.adapter = adapter
    const { limits } = adapter
    const words = [adapter.description, adapter.vendor, adapter.architecture].filter(word => word !== '')
    const buffers = limits.maxStorageBuffersPerShaderStage
    return [
      loaded,
      { name: 'GPU', value: words.join(', ') || 'an adapter without a name', ok: true },
      {
        name: 'GPU buffers',
        value: `up to ${bytesInWords(largestBinding(limits))} each, ${buffers} a kernel (${report.storageBuffers} are needed)`,
        ok: buffers >= report.storageBuffers ? true : undefined,
        remedy: "this adapter binds too few buffers for our kernels: use backend: 'wasm', or a newer driver",
      },
    ]
  } catch (error) {
    return [loaded, { name: 'GPU', value: 'no adapter', ok: undefined, remedy: (error as Error).message }]
  }
}

/** What a model needs of the GPU, and how many worlds of it fit. */
async function needs(report: GpuReport, { model: file, nworld = 1, nconmax }: DoctorOptions): Promise<Finding[]> {
  if (file === undefined) return []
  const model = await loadModel(file)
  const needed = gpuNeeds(model, nworld, nconmax)
  const { worldBytes, parameterBytes, total } = needed
  report.model = { name: model.name, ...needed }
  const found: Finding[] = [
    {
      name: 'a world of it',
      value: `${bytesInWords(worldBytes)} on the GPU with nconmax ${needed.nconmax}; ${bytesInWords(parameterBytes)} more where its physics is its own`,
      ok: true,
    },
  ]
  const limits = report.adapter?.limits
  if (limits) {
    const most = largestNworld(needed, limits)
    report.model.largestNworld = most
    const worlds = nworld === 1 ? 'world' : 'worlds'
    found.push({
      name: `${nworld} ${worlds}`,
      value: `${bytesInWords(total)} with physics of their own; at most ${most} fit a buffer`,
      ok: nworld <= most ? true : undefined,
      remedy: smaller(model, needed, limits),
    })
  }
  return found
}

export interface DoctorOptions {
  readonly json?: boolean
  /** a model file whose needs are told */
  readonly model?: string
  /** default 1 */
  readonly nworld?: number
  /** default from the model */
  readonly nconmax?: number
}

/**
 * `simcrank doctor`: what this machine offers, and what a model needs of its GPU. A GPU that is absent is no failure.
 *
 * @throws {Failure} 1 when simcrank cannot work here; @throws {ModelError} of the model
 */
export async function doctor(io: Io, options: DoctorOptions): Promise<void> {
  const report: GpuReport = { storageBuffers: STORAGE_BUFFERS }
  const shared = typeof SharedArrayBuffer === 'function'
  const findings: Finding[] = [
    { name: 'simcrank', value: packageManifest().version, ok: true },
    node(),
    {
      name: 'system',
      value: `${platform()} ${process.arch}, ${release()}, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
      ok: true,
    },
    { name: 'CPU', value: `${cpus()[0]?.model.trim() || 'unknown'}, ${availableParallelism()} cores`, ok: true },
    {
      name: 'SharedArrayBuffer',
      value: shared ? 'yes' : 'no',
      ok: shared ? true : undefined,
      remedy: 'without it the engine runs on one thread',
    },
    {
      name: 'WASM SIMD',
      value: WebAssembly.validate(SIMD) ? 'yes' : 'no',
      ok: WebAssembly.validate(SIMD),
      remedy: 'this CPU or Node lacks it',
    },
    await engine(),
    await mujoco(),
    ...(await gpu(report)),
    ...(await needs(report, options)),
  ]
  for (const it of findings) if (it.ok === true) delete it.remedy
  const healthy = findings.every(it => it.ok !== false)
  if (options.json === true) io.out(toJson({ healthy, findings, gpu: report }))
  else {
    const rows = findings.map(it => [
      it.ok === true ? '✓' : it.ok === false ? '✘' : '–',
      it.name,
      it.value,
      it.remedy ?? '',
    ])
    const heads = ['', '', '', ''].map(head => ({ head }))
    io.out(`${textTable(heads, rows, '').trimStart()}\n`)
  }
  if (!healthy) throw new Failure(1)
}
