/**
 * Runs functions of both engines on identical seeded buffers and compares what they leave.
 *
 * The CPU side is a test build of the assembly that exports the functions asked for. Every world is copied to all four lanes
 * of a block of its own, with scratch of its own, so that records of rows and contacts line up with those of one world.
 */
import './swiftshader.js'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Batch } from '../../bindings/engine/batch.js'
import { type Layout, layOut, topology } from '../../bindings/engine/layout.js'
import { Store } from '../../bindings/engine/store.js'
import { Engine } from '../../bindings/engine/wasm/engine.js'
import { describeAdapter } from '../../bindings/engine/webgpu/device.js'
import {
  bindingText,
  CALL_WORDS,
  type GpuLayout,
  layOutGpu,
  modelConstants,
  modelWords,
  STORAGE,
} from '../../bindings/engine/webgpu/layout.js'
import { type Constants, link } from '../../bindings/engine/webgpu/link.js'
import {
  constantFields,
  type Field,
  fieldSize,
  headerSlots,
  kernelModelFields,
  scratchFields,
  snapshotFields,
  worldFields,
} from '../../bindings/fields.js'
import { readKernels } from '../../bindings/generate-kernels.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** exported functions of a test build */
export type Stages = Readonly<Record<string, (...args: number[]) => number>>

/** Test build of the assembly: `wanted` maps a name to the file below assembly/ that exports it. */
export function buildStages(wanted: Readonly<Record<string, string>>): WebAssembly.Module {
  const folder = path.join(root, 'build/stages')
  mkdirSync(folder, { recursive: true })
  const source = Object.entries(wanted)
    .map(([name, file]) => `export { ${name.split('__').pop()} as ${name} } from '../../assembly/${file}'`)
    .join('\n')
  const sources = execFileSync('sh', ['-c', 'cat $(find assembly -name "*.ts" | sort)'], { cwd: root, maxBuffer: 1e8 })
  const hash = createHash('sha256').update(source).update(sources).digest('hex').slice(0, 16)
  const out = path.join(folder, `${hash}.wasm`)
  if (!existsSync(out)) {
    const entry = path.join(folder, `${hash}.ts`)
    writeFileSync(entry, `${source}\n`)
    const asc = path.join(root, 'node_modules/.bin/asc')
    const flags =
      '--runtime stub --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --noExportMemory'
    const enable = ['simd', 'threads', 'bulk-memory'].flatMap(x => ['--enable', x])
    const args = [
      `build/stages/${hash}.ts`,
      '-O1',
      '--noAssert',
      ...flags.split(' '),
      ...enable,
      '--outFile',
      `${out}.new`,
    ]
    execFileSync(asc, [...args, '--disableWarning', '112', '--config', 'none'], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    renameSync(`${out}.new`, out)
  }
  return new WebAssembly.Module(readFileSync(out))
}

const models = new Map<string, Promise<Model>>()

/** loadModel of a path or a text, each once in a process: MuJoCo starts anew every time. */
export function modelOf(source: string): Promise<Model> {
  let known = models.get(source)
  if (known === undefined) {
    known = loadModel(source)
    models.set(source, known)
  }
  return known
}

let opened: Promise<{ gpu: GPU; device: GPUDevice }> | undefined

/** Without Dawn's clamping of indices, which is a third of what compilers have to do; what is out of bounds may crash here. */
async function openWithoutClamps(): Promise<{ gpu: GPU; device: GPUDevice }> {
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const gpu = create(['enable-dawn-features=disable_robustness'])
  const adapter = await gpu.requestAdapter()
  if (!adapter) throw new Error('there is no adapter')
  return { gpu, device: await adapter.requestDevice({ requiredLimits: { ...describeAdapter(adapter).limits } }) }
}

/** The device of all tests of this process. */
export async function device(): Promise<GPUDevice> {
  opened ??= openWithoutClamps()
  return (await opened).device
}

/** Compile a module, with the messages of the compiler as the error. */
export async function compile(code: string): Promise<GPUShaderModule> {
  const dev = await device()
  dev.pushErrorScope('validation')
  const module = dev.createShaderModule({ code })
  const info = await module.getCompilationInfo()
  await dev.popErrorScope()
  const errors = info.messages.filter(m => m.type === 'error')
  if (errors.length > 0) {
    const lines = code.split('\n')
    const text = errors.map(m => `${m.message}\n    ${m.lineNum}: ${(lines[m.lineNum - 1] ?? '').slice(0, 200)}`)
    throw new Error(`WGSL: ${text.slice(0, 12).join('\n')}`)
  }
  return module
}

/** the layout of all bind groups of this process */
let layoutOfAll: GPUBindGroupLayout | undefined

function bindGroupLayout(dev: GPUDevice): GPUBindGroupLayout {
  layoutOfAll ??= dev.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: 4, buffer: { type: 'uniform' } },
      ...STORAGE.map(([, access], i) => ({
        binding: i + 1,
        visibility: 4,
        buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
      })),
    ],
  })
  return layoutOfAll
}

/** pipelines by their text: many calls have the same one */
const built = new Map<string, Promise<GPUComputePipeline>>()

/** A pipeline and the layout of its bind group; compilers take seconds, so each text is built once. */
export async function pipelineOf(
  code: string,
  entryPoint = 'main',
): Promise<{ layout: GPUBindGroupLayout; pipeline: GPUComputePipeline }> {
  const dev = await device()
  const layout = bindGroupLayout(dev)
  const key = `${entryPoint}\n${code}`
  let known = built.get(key)
  if (known === undefined) {
    known = compile(code).then(module =>
      dev.createComputePipelineAsync({
        layout: dev.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint },
      }),
    )
    built.set(key, known)
  }
  return { layout, pipeline: await known }
}

export const kernels = readKernels()

/** A module that runs statements for one world: `uses` maps the names in it to files below kernels/. */
export function statementModule(
  statements: string,
  uses: Readonly<Record<string, string>>,
  constants: Constants,
): string {
  const imports = Object.entries({ lane: 'math/v4', nlane: 'math/v4', plane: 'math/v4', npar: 'math/v4', ...uses })
  const text = `${imports.map(([name, file]) => `// import { ${name} } from './${file}'`).join('\n')}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= call.count) { return; }
  lane = i32(call.first + id.x);
  nlane = i32(call.nlane);
  npar = i32(call.npar);
  plane = select(0, lane, call.npar > 1u);
  ${statements}
}`
  return link(kernels, [{ path: 'probe', name: 'main' }], constants, bindingText(), [{ path: 'probe', text }])
}

export interface SceneOptions {
  /** default 8 */
  readonly nworld?: number
  /** timesteps from a kicked state before the comparison; default 20 */
  readonly nstep?: number
  /** size of the random velocities; default 1 */
  readonly kick?: number
  /** size of the random controls, in units of their range; default 1 */
  readonly control?: number
  readonly nconmax?: number
  /** writes of fields before the first step; values per world */
  readonly prepare?: (batch: Batch) => void | Promise<void>
  /** spread parameters: each world has its own (default: all share them) */
  readonly perWorld?: boolean
}

/** numbers in [-1, 1) that follow from a seed */
export function random(seed: number): () => number {
  let x = (seed * 2654435761 + 12345) >>> 0
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2147483648 - 1
  }
}

/** Worlds of one model on both sides. */
export class Scene {
  readonly gpuLayout: GpuLayout
  readonly constants: Map<string, number | { type: 'f32' | 'u32'; value: number }>
  /** scratch address of each block */
  readonly #scratch: number[] = []
  #buffers: Map<string, GPUBuffer> | undefined
  /** words of P and W after the last read */
  words = new Uint32Array(0)
  readonly layout: Layout
  readonly header: Map<string, number>

  private constructor(
    readonly engine: Engine,
    readonly stages: Stages,
    readonly model: Model,
    readonly batch: Batch,
    readonly nworld: number,
    nconmax: number | undefined,
    readonly perWorld: boolean,
  ) {
    this.layout = batch.wasmStore.layout
    const names = headerSlots().map(
      (slot, i) => [slot.kind === 'size' ? slot.name : `${slot.kind}.${slot.name}`, i] as const,
    )
    const i32 = new Int32Array(engine.memory.buffer)
    this.header = new Map(names.map(([name, i]) => [name, i32[this.m / 4 + i]]))
    const top = topology(model, new Set(), nconmax, 1)
    // shortcuts and counts as the batch has them now
    const sizes = { ...top.sizes } as Record<string, number>
    for (const name of Object.keys(sizes)) {
      if (!['nconblock', 'nctc', 'nJmax', 'npgsB', 'npgsA', 'npgsf'].includes(name))
        sizes[name] = this.header.get(name) as number
    }
    // the table of dofs that have friction keeps its room, however many have it now
    this.gpuLayout = layOutGpu({ ...sizes, nfriction: top.sizes.nfriction } as never)
    this.constants = modelConstants(model, { sizes: sizes as never, tables: top.tables }, this.gpuLayout)
    this.constants.set('f_nfriction', sizes.nfriction)
    this.constants.set('f_sensornoise', this.header.get('sensornoise') as number)
    for (let w = 0; w < nworld; w++) this.#scratch.push(engine.arena.alloc(this.layout.sbytes))
  }

  static async open(model: Model, stages: WebAssembly.Module, seed = 1, options: SceneOptions = {}): Promise<Scene> {
    const { nworld = 8, nstep = 20, kick = 1, control = 1, nconmax, prepare, perWorld = false } = options
    const engine = await Engine.start(true)
    const instance = new WebAssembly.Instance(stages, { env: { memory: engine.memory } })
    const batch = new Batch(new Store(engine, model, 4 * nworld, 1, nconmax), 1, seed)
    const next = random(seed)
    const rows = (n: number, make: (i: number) => number): Float32Array => {
      const one = Array.from({ length: nworld }, () => Array.from({ length: n }, (_, i) => make(i)))
      return Float32Array.from(one.flatMap(row => [row, row, row, row]).flat())
    }
    if (perWorld) {
      batch.set(
        'body_mass',
        rows(model.nbody, i => model.field.body_mass[i] * (1 + 0.2 * next())),
      )
    }
    await prepare?.(batch)
    if (kick > 0)
      batch.set(
        'qvel',
        rows(model.nv, () => kick * next()),
      )
    if (model.nu > 0) {
      const range = model.field.actuator_ctrlrange
      const limited = model.field.actuator_ctrllimited
      batch.set(
        'ctrl',
        rows(model.nu, i => {
          const [lo, hi] = limited[i] ? [range[2 * i], range[2 * i + 1]] : [-1, 1]
          return (lo + hi) / 2 + (control * next() * (hi - lo)) / 2
        }),
      )
    }
    if (nstep > 0) await batch.step(nstep)
    else await batch.forward()
    return new Scene(engine, instance.exports as never, model, batch, nworld, nconmax, perWorld)
  }

  get m(): number {
    return this.batch.wasmStore.m
  }

  /** addresses of a world's block */
  block(w: number): { m: number; p: number; d: number; s: number } {
    const word = (name: string) => new Int32Array(this.engine.memory.buffer)[this.m / 4 + HEADER.get(name)!] >>> 0
    return {
      m: this.m,
      p: word('pbase') + word('pstride') * w,
      d: word('dbase') + word('dstride') * w,
      s: this.#scratch[w],
    }
  }

  /** Run functions of the CPU side for every world. */
  cpu(run: (stages: Stages, block: { m: number; p: number; d: number; s: number }, w: number) => void): this {
    for (let w = 0; w < this.nworld; w++) run(this.stages, this.block(w), w)
    return this
  }

  /** Copy state, parameters and scratch of the CPU to the GPU. */
  async seed(): Promise<this> {
    const dev = await device()
    const { nworld, gpuLayout: g } = this
    const W = new Uint32Array(g.wsize * nworld)
    const npar = this.perWorld ? nworld : 1
    const P = new Uint32Array(Math.max(1, g.psize) * npar)
    const u32 = new Uint32Array(this.engine.memory.buffer)
    for (let w = 0; w < nworld; w++) {
      const { p, d, s } = this.block(w)
      const put = (
        field: Field,
        base: number,
        map: ReadonlyMap<string, number>,
        n = fieldSize(field, this.gpuLayout.sizes),
      ) => {
        const to = (w_: number, at: number) => {
          W[at * nworld + w] = w_
        }
        const from = base / 4 + (map.get(field.name) as number) / 4
        const at = g.w.get(field.name) as number
        const step = field.type === 'f' ? 4 : 1
        for (let e = 0; e < n; e++) to(u32[from + step * e], at + e)
      }
      for (const field of [...worldFields, ...snapshotFields]) put(field, d, this.layout.d)
      for (const field of scratchFields) {
        if (field.name === 'ccd' || field.name === 'hits') continue
        if (field.name === 'efc' || field.name === 'con') {
          this.#putRecords(field.name, s, w, W, u32)
        } else if (field.name === 'ctc') {
          this.#putContacts(s, w, W, u32)
        } else put(field, s, this.layout.s)
      }
      // an address of this side
      W[((g.w.get('cursor') as number) + 3) * nworld + w] = this.#contactsEnd
      if (w < npar)
        for (const field of [...kernelModelFields.filter(f => f.perWorld), ...constantFields]) {
          const from = (p + (this.layout.p.get(field.name) as number)) / 4
          const at = g.p.get(field.name) as number
          for (let e = 0; e < fieldSize(field, g.sizes); e++) P[(at + e) * npar + w] = u32[from + 4 * e]
        }
    }
    const top = topology(this.model, new Set(), undefined, 1)
    const M = modelWords(this.model, top, g)
    // tables that follow the batch
    for (const name of ['lnk_flags', 'lnk_axis', 'friction_dof'])
      M.set(
        u32.subarray(this.m / 4 + this.layout.m.get(name)! / 4).subarray(0, top.tables.get(name)!.length),
        g.m.get(name)!,
      )
    const empty = new Uint32Array(1024)
    const content: Record<string, Uint32Array<ArrayBuffer>> = { M, P, W, T: empty, E: empty, O: empty }
    for (const buffer of this.#buffers?.values() ?? []) buffer.destroy()
    this.#buffers = new Map()
    for (const [name] of STORAGE) {
      const words = content[name]
      const buffer = dev.createBuffer({ size: Math.max(16, words.byteLength), usage: STORAGE_USAGE })
      dev.queue.writeBuffer(buffer, 0, words)
      this.#buffers.set(name, buffer)
    }
    return this
  }

  #contactsEnd = 0

  #putRecords(name: 'efc' | 'con', s: number, w: number, W: Uint32Array, u32: Uint32Array): void {
    const { gpuLayout: g, nworld } = this
    const [stride, floats, ours] = name === 'efc' ? [9, 8, 11] : [16, 14, 18]
    const count = name === 'efc' ? g.sizes.njmax : g.sizes.nconblock
    for (let r = 0; r < count; r++) {
      const from = (s + this.layout.s.get(name)!) / 4 + 4 * stride * r
      const at = g.w.get(name)! + ours * r
      for (let e = 0; e < floats; e++) W[(at + e) * nworld + w] = u32[from + 4 * e]
      for (let e = 0; e < ours - floats; e++) W[(at + floats + e) * nworld + w] = u32[from + 4 * floats + e]
    }
  }

  /** records of the solver's contacts: seven integers share two quantities on the CPU */
  #putContacts(s: number, w: number, W: Uint32Array, u32: Uint32Array): void {
    const { gpuLayout: g, nworld } = this
    const start = s + this.layout.s.get('ctc')!
    const con = s + this.layout.s.get('con')!
    const end = u32[(s + this.layout.s.get('cursor')!) / 4 + 3]
    let at = g.w.get('ctc')!
    for (let e = start; e < end && e >= start && u32[e / 4 + 4] > 0; e += u32[e / 4 + 4]) {
      const dim = u32[e / 4]
      const size = 11 + 5 * dim
      const ints = [...u32.subarray(e / 4, e / 4 + 7)]
      ints[4] = size
      ints[5] = ints[5] >= con ? g.w.get('con')! + (18 * (ints[5] - con)) / 256 : ints[5]
      ints.forEach((x, i) => {
        W[(at + i) * nworld + w] = x
      })
      for (let k = 0; k < size - 7; k++) W[(at + 7 + k) * nworld + w] = u32[e / 4 + 8 + 4 * k]
      at += size
    }
    this.#contactsEnd = at
  }

  /** Run statements for every world on the GPU; `uses` maps the functions in them to files below kernels/. */
  async gpu(
    statements: string,
    uses: Readonly<Record<string, string>>,
    call: Partial<Record<string, number>> = {},
  ): Promise<this> {
    const dev = await device()
    const buffers = this.#buffers
    if (!buffers) throw new Error('seed() first')
    const code = statementModule(statements, uses, this.constants)
    const { layout, pipeline } = await pipelineOf(code)
    const words: Record<string, number> = {
      nworld: this.nworld,
      first: 0,
      count: this.nworld,
      nstep: 1,
      nlane: this.nworld,
      npar: this.perWorld ? this.nworld : 1,
      seedlo: this.header.get('seedlo')! >>> 0,
      seedhi: this.header.get('seedhi')! >>> 0,
      ...call,
    }
    const uniform = dev.createBuffer({ size: 4 * CALL_WORDS.length, usage: 0x48 })
    dev.queue.writeBuffer(
      uniform,
      0,
      Uint32Array.from(CALL_WORDS, name => words[name] ?? 0),
    )
    const group = dev.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: uniform } },
        ...STORAGE.map(([name], i) => ({ binding: i + 1, resource: { buffer: buffers.get(name) as GPUBuffer } })),
      ],
    })
    const encoder = dev.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(Math.ceil(this.nworld / 64))
    pass.end()
    dev.queue.submit([encoder.finish()])
    this.words = await this.read('W')
    return this
  }

  /** All words of a buffer. */
  async read(name: string): Promise<Uint32Array<ArrayBuffer>> {
    const dev = await device()
    const source = this.#buffers!.get(name) as GPUBuffer
    const staging = dev.createBuffer({ size: source.size, usage: 0x9 })
    const encoder = dev.createCommandEncoder()
    encoder.copyBufferToBuffer(source, 0, staging, 0, source.size)
    dev.queue.submit([encoder.finish()])
    await staging.mapAsync(1)
    const out = new Uint32Array(staging.getMappedRange().slice(0))
    staging.destroy()
    return out
  }

  /** Values of a field of W on both sides: (nworld, n). Integers as such. */
  values(name: string, n?: number): { cpu: number[][]; gpu: number[][] } {
    const g = this.gpuLayout
    const all = [...worldFields, ...snapshotFields, ...scratchFields]
    const field = all.find(f => f.name === name)
    if (!field) throw new Error(`no field '${name}'`)
    const inState = this.layout.d.has(name)
    const size = n ?? fieldSize(field, g.sizes)
    const view = (words: Uint32Array<ArrayBuffer> | Uint32Array) =>
      field.type === 'f' ? new Float32Array(words.buffer) : new Int32Array(words.buffer)
    const theirs = view(new Uint32Array(this.engine.memory.buffer))
    const ours = view(this.words)
    const cpu: number[][] = []
    const gpu: number[][] = []
    for (let w = 0; w < this.nworld; w++) {
      const { d, s } = this.block(w)
      const from = (inState ? d + this.layout.d.get(name)! : s + this.layout.s.get(name)!) / 4
      const at = g.w.get(name)!
      const step = field.type === 'f' ? 4 : 1
      cpu.push(Array.from({ length: size }, (_, e) => theirs[from + step * e]))
      gpu.push(Array.from({ length: size }, (_, e) => ours[(at + e) * this.nworld + w]))
    }
    return { cpu, gpu }
  }

  /** Values of numbers [from, end) of records efc or con on both sides, for the first `count` records of each world. */
  records(name: 'efc' | 'con', count: (w: number) => number): { cpu: number[][]; gpu: number[][] } {
    const g = this.gpuLayout
    const [stride, floats, ours] = name === 'efc' ? [9, 8, 11] : [16, 14, 18]
    const buffer = this.engine.memory.buffer
    const [f32, i32] = [new Float32Array(buffer), new Int32Array(buffer)]
    const [gf, gi] = [new Float32Array(this.words.buffer), new Int32Array(this.words.buffer)]
    const cpu: number[][] = []
    const gpu: number[][] = []
    for (let w = 0; w < this.nworld; w++) {
      for (let r = 0; r < count(w); r++) {
        const from = (this.block(w).s + this.layout.s.get(name)!) / 4 + 4 * stride * r
        const at = g.w.get(name)! + ours * r
        cpu.push(
          Array.from({ length: ours }, (_, e) =>
            e < floats ? f32[from + 4 * e] : i32[from + 4 * floats + e - floats],
          ),
        )
        gpu.push(Array.from({ length: ours }, (_, e) => (e < floats ? gf : gi)[(at + e) * this.nworld + w]))
      }
    }
    return { cpu, gpu }
  }

  /** Fields agree: |a - b| <= tolerance * (|a| + the field's size / 100 + 1e-6). */
  compare(tolerances: Readonly<Record<string, number>>): this {
    for (const [name, tolerance] of Object.entries(tolerances)) {
      const { cpu, gpu } = this.values(name)
      assertClose(name, cpu, gpu, tolerance)
    }
    return this
  }

  release(): void {
    this.batch.dispose()
    for (const buffer of this.#buffers?.values() ?? []) buffer.destroy()
  }
}

const STORAGE_USAGE = 0x8c
const HEADER = new Map(
  headerSlots().map((slot, i) => [slot.kind === 'size' ? slot.name : `${slot.kind}.${slot.name}`, i] as const),
)

/** |a - b| <= tolerance * (|a| + largest / 100 + 1e-6), every pair; NaN agrees with nothing */
export function assertClose(name: string, cpu: readonly number[][], gpu: readonly number[][], tolerance: number): void {
  let largest = 0
  for (const row of cpu) for (const x of row) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x))
  let worst = { ratio: 0, text: '' }
  cpu.forEach((row, w) => {
    row.forEach((a, e) => {
      const b = gpu[w][e]
      const ratio = Object.is(a, b) ? 0 : Math.abs(a - b) / (Math.abs(a) + largest / 100 + 1e-6)
      if (!(ratio <= worst.ratio))
        worst = { ratio: Number.isNaN(ratio) ? Infinity : ratio, text: `world ${w}, number ${e}: CPU ${a}, GPU ${b}` }
    })
  })
  if (worst.ratio > tolerance)
    throw new Error(`${name}: off by ${worst.ratio.toExponential(2)}, allowed ${tolerance}: ${worst.text}`)
}

export { layOut }
