/**
 * Rewards and features written as plain JavaScript, over the fields of many worlds at once, by gpu.js. An entry of its own:
 * gpu.js makes functions from text, which pages with a strict content security policy forbid.
 */
import { openGpu, requestAdapter } from '../engine/webgpu/device.js'
import { BackendError, SizeError } from '../errors.js'

/** where a feature runs: the GPU, WebAssembly SIMD, or JavaScript */
export type FeatureMode = 'webgpu' | 'webasm' | 'cpu'
const MODES: readonly string[] = ['webgpu', 'webasm', 'cpu']

/** a field of worlds, (nworld, size), as the function sees it: qpos[world][i] */
export type WorldField = readonly (readonly number[])[]
/** a field of trajectories, (nworld, T, size): qpos[world][step][i] */
export type StepField = readonly WorldField[]

/** what `this` is in a feature */
export interface FeatureThread {
  /** which number of the output this is: x counts the last axis of `output`, y the one before, z the first of three */
  readonly thread: { readonly x: number; readonly y: number; readonly z: number }
  /** the option `constants`, with nworld and T */
  readonly constants: Readonly<Record<string, number>>
}

export interface FeatureOptions {
  /** always named: what gpu.js would choose differs by host */
  readonly mode: FeatureMode
  /** arrays that run() takes, in the order of the function's arguments */
  readonly fields: readonly string[]
  /** worlds, or episodes, of every array */
  readonly nworld: number
  /** shape of what comes out, row-major: 'nworld', 'T' where fields are trajectories, counts; three axes at most. Default ['nworld'] */
  readonly output?: readonly ('nworld' | 'T' | number)[]
  /** numbers that the function reads as this.constants.NAME */
  readonly constants?: Readonly<Record<string, number>>
  /** threads of 'webasm'; default 1. Results do not depend on it. */
  readonly workers?: number
}

export interface StepOptions extends FeatureOptions {
  /** steps of every trajectory: fields are (nworld, T, size) */
  readonly T: number
}

/** A feature's function, or its source where a build step rewrites functions. */
export type FeatureFunction<F> = ((this: FeatureThread, ...fields: F[]) => number) | string

interface Shortcut {
  (...args: unknown[]): unknown
  readonly kernel: object & { readonly fallbackReason?: string | null }
}
interface GpuJs {
  readonly GPU: new (
    settings: object,
  ) => {
    createKernel(source: unknown, settings: object): Shortcut
    destroy(): unknown
  }
  readonly CPUKernel: new () => object
  input(values: Float32Array, size: number[]): unknown
}

/**
 * A function over the fields of every world. Create with openFeatures, dispose when done.
 */
export class Features {
  /** shape of what run() gives */
  readonly shape: readonly number[]
  readonly #library: GpuJs
  readonly #gpu: InstanceType<GpuJs['GPU']>
  readonly #kernel: Shortcut
  /** numbers of a row of each field, known from the first run on */
  readonly #sizes = new Map<string, number>()
  /** settles when no run is under way */
  #running: Promise<unknown> = Promise.resolve()
  #disposed = false

  /** @internal */
  constructor(
    library: GpuJs,
    readonly options: FeatureOptions & { readonly T?: number },
    shape: readonly number[],
    source: unknown,
  ) {
    const { mode, nworld, T, workers = 1, constants } = options
    this.shape = shape
    this.#library = library
    this.#gpu = new library.GPU({ mode })
    this.#kernel = this.#gpu.createKernel(source, {
      output: [...shape].reverse(),
      constants: { ...constants, nworld, ...(T === undefined ? {} : { T }) },
      asyncMode: mode !== 'cpu' && (mode === 'webgpu' || workers > 1),
      poolSize: workers,
    })
  }

  /**
   * Compute the feature.
   *
   * @param fields (nworld, size) each, or (nworld, T, size), as Batch.get, Batch.replay and rollout's record give them
   * @returns numbers in the shape of `output`, row-major
   * @throws {SizeError} FIELDS, SIZE; @throws {BackendError} GPUJS_FUNCTION when gpu.js cannot translate the function,
   *   GPUJS_FALLBACK when it would run elsewhere than `mode` says
   */
  async run(fields: Readonly<Record<string, Float32Array>>): Promise<Float32Array> {
    if (this.#disposed) throw new BackendError('DISPOSED', 'these features have been disposed')
    const { mode } = this.options
    const args = this.options.fields.map(name => this.#argument(name, fields[name]))
    let out: unknown
    try {
      const running = Promise.resolve(this.#kernel(...args))
      this.#running = Promise.allSettled([this.#running, running])
      out = await running
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new BackendError('GPUJS_FUNCTION', `gpu.js does not run the function in mode '${mode}': ${why}`, { cause })
    }
    const { kernel } = this.#kernel
    if (mode !== 'cpu' && kernel instanceof this.#library.CPUKernel)
      throw new BackendError(
        'GPUJS_FALLBACK',
        `gpu.js ran the function in mode 'cpu', not '${mode}': ${kernel.fallbackReason ?? 'it gives no reason'}; ` +
          "write it with numbers and loops alone, or say mode: 'cpu'",
      )
    return flat(out, this.shape)
  }

  #argument(name: string, values: Float32Array | undefined): unknown {
    const { nworld, T } = this.options
    if (!(values instanceof Float32Array))
      throw new SizeError(
        'FIELDS',
        `${name}: got ${values === undefined ? 'nothing' : typeof values}, expected a Float32Array`,
      )
    const rows = nworld * (T ?? 1)
    const known = this.#sizes.get(name)
    const size = known ?? values.length / rows
    const words = T === undefined ? 'nworld' : 'nworld * T'
    if (!Number.isInteger(size) || size < 1 || values.length !== rows * size)
      throw new SizeError(
        'SIZE',
        `${name}: got length ${values.length}, expected ${words} * ${known ?? 'size'} = ${rows} * ${known ?? 'a whole number from 1 on'}`,
      )
    this.#sizes.set(name, size)
    return this.#library.input(values, T === undefined ? [size, nworld] : [size, T, nworld])
  }

  /** Give the memory back, after the runs that are under way. Further calls throw. */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    void this.#running.then(() => this.#gpu.destroy())
  }

  /** same as disposing */
  dispose(): void {
    this[Symbol.dispose]()
  }
}

/** nested rows as one array */
function flat(values: unknown, shape: readonly number[]): Float32Array {
  if (shape.length === 1) return values as Float32Array
  const out = new Float32Array(shape.reduce((n, k) => n * k, 1))
  const rows = shape.length === 2 ? (values as Float32Array[]) : (values as Float32Array[][]).flat()
  const size = shape[shape.length - 1]
  rows.forEach((row, i) => {
    out.set(row, i * size)
  })
  return out
}

/**
 * A reward, a feature or any other function of each world's fields, in plain JavaScript: numbers, arithmetic, loops of a known
 * length, Math. It gives one number of the output, the one that `this.thread` names.
 *
 * With T, fields are trajectories (nworld, T, size) and arguments are read as qpos[world][step][i]; without, (nworld, size)
 * and qpos[world][i].
 *
 * @throws {BackendError} GPUJS_MODE without a mode; GPUJS_MISSING where gpu.js is not installed; with 'webgpu' WEBGPU_MISSING,
 *   NO_ADAPTER
 * @throws {SizeError} NWORLD, T, OUTPUT, FIELDS, WORKERS
 */
export function openFeatures(options: StepOptions, feature: FeatureFunction<StepField>): Promise<Features>
export function openFeatures(options: FeatureOptions, feature: FeatureFunction<WorldField>): Promise<Features>
export async function openFeatures(
  options: FeatureOptions & { readonly T?: number },
  feature: FeatureFunction<StepField> | FeatureFunction<WorldField>,
): Promise<Features> {
  const { mode, fields } = options
  if (!MODES.includes(mode))
    throw new BackendError(
      'GPUJS_MODE',
      `mode: got ${mode === undefined ? 'none' : `'${mode}'`}, expected '${MODES.join("', '")}'`,
    )
  const shape = checkShape(options)
  if (fields.length === 0 || (typeof feature === 'function' && feature.length !== fields.length))
    throw new SizeError(
      'FIELDS',
      `fields: got ${fields.length} (${fields.join(', ')}), expected one for each of the function's ${feature.length} arguments`,
    )
  const library = await load()
  if (mode === 'webgpu') await offerGpu()
  return new Features(library, options, shape, feature)
}

const AXES = 3

/** @throws {SizeError} */
function checkShape({
  nworld,
  T,
  output = ['nworld'],
  workers = 1,
}: FeatureOptions & { readonly T?: number }): number[] {
  const count = (code: string, name: string, value: number): void => {
    if (!Number.isInteger(value) || value < 1)
      throw new SizeError(code, `${name}: got ${value}, expected a positive integer`)
  }
  count('NWORLD', 'nworld', nworld)
  if (T !== undefined) count('T', 'T', T)
  count('WORKERS', 'workers', workers)
  if (output.length < 1 || output.length > AXES)
    throw new SizeError('OUTPUT', `output: got ${output.length} axes, expected 1 to ${AXES}`)
  return output.map(axis => {
    const size = axis === 'nworld' ? nworld : axis === 'T' ? T : axis
    if (size === undefined) throw new SizeError('OUTPUT', "output: got 'T', and fields have no steps: give T")
    count('OUTPUT', 'output', size)
    return size
  })
}

/** @throws {BackendError} GPUJS_MISSING */
async function load(): Promise<GpuJs> {
  try {
    const { default: library } = await import('gpu.js')
    return library as unknown as GpuJs
  } catch (cause) {
    throw new BackendError('GPUJS_MISSING', "the package 'gpu.js' does not load: npm install gpu.js@2.24.1", { cause })
  }
}

/**
 * gpu.js takes the GPU from navigator.gpu: in Node that is the package webgpu's.
 *
 * @throws {BackendError} WEBGPU_MISSING, NO_ADAPTER
 */
async function offerGpu(): Promise<void> {
  const gpu = await openGpu()
  await requestAdapter()
  const host = globalThis as { navigator?: object }
  if (host.navigator === undefined)
    Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true, writable: true })
  const navigator = host.navigator as { gpu?: GPU }
  if (navigator.gpu === undefined) Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true })
}
