/** One GPU device, shared by all batches of a process: its pipelines, dispatches cut short, and what is read back. */
import { BackendError, DeviceLostError } from '../../errors.js'
import { type AdapterSummary, openDevice } from './device.js'
import { type BufferName, bindingText, CALL_WORDS, STORAGE } from './layout.js'
import { type Constants, type Entry, type KernelFiles, link, type Text } from './link.js'
import { bytesInWords, largestBinding } from './needs.js'

/** flags of buffers (GPUBufferUsage), which Node has only once the package is loaded */
const USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128 } as const
const COMPUTE = 4
const READ = 1

/** invocations of a workgroup: @workgroup_size of every kernel */
export const WORKGROUP = 64
/** a dispatch is planned to take this long, ms: drivers reset a GPU that answers nothing else for a second or two */
const PLANNED_MS = 80
/** how much more, or less, than the last one a dispatch may be asked to do */
const GROWTH = 8
/** world-steps of the first dispatch of a kernel nobody has measured */
const FIRST_WORK = 64
/** part of the expected time that is slept through before the device is asked: asking keeps a processor busy */
const ASLEEP = 0.7
/** ms, below which a timer is not worth it */
const NAP = 4
/** ms that are slept between two questions of the package `webgpu` whether a compiler is done */
const COMPILING_NAP = 2
/** bytes from one record of call words to the next: minUniformBufferOffsetAlignment that every device has */
const RECORD = 256
/** records of call words that a command buffer may have */
const MOST_RECORDS = 256
/** records of call words: four stages of Runge-Kutta, in a timestep that others follow and in the last one */
const RECORDS = 8
/** timesteps of one command buffer */
const MOST_STEPS = 256

export type Buffers = Readonly<Record<BufferName, GPUBuffer>>
export type CallWords = Partial<Record<(typeof CALL_WORDS)[number], number>>

/** A kernel ready to run. */
export interface Kernel {
  readonly pipeline: GPUComputePipeline
  /** world-steps that the next dispatch may have, so that it takes as long as planned */
  room: number
}

/** One kernel among those that make a timestep; a0: that word of its call, less than 4. */
export interface Stage {
  readonly kernel: Kernel
  readonly a0: number
}

/** Kernels that make one timestep together, each over all worlds. */
export interface Timestep {
  readonly stages: readonly Stage[]
  /** the one whose room is that of all together */
  readonly timed: Kernel
}

/** One kernel over all worlds among others, with the words of its call that are its own. */
export interface Part {
  readonly kernel: Kernel
  readonly words: CallWords
}

export class GpuEngine {
  static #instance: Promise<GpuEngine> | undefined
  readonly #layout: GPUBindGroupLayout
  readonly #pipelineLayout: GPUPipelineLayout
  readonly #kernels = new Map<string, Promise<Kernel>>()
  /** the same by what they are linked with, which takes its time too */
  readonly #linked = new WeakMap<Constants, Map<string, Promise<Kernel>>>()
  /** kernels that compilers are at work on */
  #compiling = 0
  readonly #uniform: GPUBuffer
  /** what was done so far, for benches */
  readonly stats = { dispatches: 0 }
  #lost: DeviceLostError | undefined
  #failed: BackendError | undefined
  #staging: GPUBuffer | undefined
  #reading: Promise<unknown> = Promise.resolve()
  /** world-steps that nobody has waited for, as parts of what a dispatch may have */
  #ahead = 0

  private constructor(
    readonly device: GPUDevice,
    readonly adapter: AdapterSummary,
    readonly files: KernelFiles,
  ) {
    this.#layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
        ...STORAGE.map(([, access], i) => ({
          binding: i + 1,
          visibility: COMPUTE,
          buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
        })),
      ],
    })
    this.#pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.#layout] })
    this.#uniform = device.createBuffer({ size: RECORD * MOST_RECORDS, usage: USAGE.UNIFORM | USAGE.COPY_DST })
    void device.lost.then(({ reason, message }) => {
      this.#lost = new DeviceLostError(
        'DEVICE_LOST',
        `the GPU '${adapter.description}' went away (${reason}${message ? `: ${message}` : ''}); the state on it is lost. ` +
          'recover() opens it again, with the parameters as they were and every world reset',
      )
      if (GpuEngine.#current === this) GpuEngine.#instance = undefined
    })
  }

  static #current: GpuEngine | undefined

  /** The device of this process, opened at the first call and after a loss. @throws {BackendError} WEBGPU_MISSING, NO_ADAPTER, NO_DEVICE */
  static async open(): Promise<GpuEngine> {
    GpuEngine.#instance ??= GpuEngine.#start()
    try {
      return await GpuEngine.#instance
    } catch (error) {
      GpuEngine.#instance = undefined
      throw error
    }
  }

  static async #start(): Promise<GpuEngine> {
    const { device, adapter } = await openDevice()
    const { KERNELS } = await import('./kernels.generated.js')
    GpuEngine.#current = new GpuEngine(device, adapter, KERNELS)
    return GpuEngine.#current
  }

  /** @throws {DeviceLostError} DEVICE_LOST; @throws {BackendError} OUT_OF_MEMORY that came to light since */
  check(): void {
    if (this.#lost) throw this.#lost
    const failed = this.#failed
    this.#failed = undefined
    if (failed) throw failed
  }

  get lost(): boolean {
    return this.#lost !== undefined
  }

  /** The error that a failure of the device stands for. */
  #failure(cause: unknown): unknown {
    return this.#lost ?? cause
  }

  /**
   * A buffer of storage. What the device says of it comes with the next call that waits.
   *
   * @param what for the message
   * @param remedy for the message, where more is known than that it has to be less
   * @throws {BackendError} OUT_OF_MEMORY when it is beyond the adapter's limits; @throws {DeviceLostError}
   */
  buffer(size: number, what: string, remedy = () => 'use fewer worlds, or a smaller nconmax'): GPUBuffer {
    this.check()
    const bytes = Math.max(16, Math.ceil(size / 4) * 4)
    const { description, limits } = this.adapter
    const most = largestBinding(limits)
    const refuse = (why: string) =>
      new BackendError('OUT_OF_MEMORY', `${what} needs ${bytesInWords(bytes)}, ${why}; ${remedy()}`)
    if (bytes > most) throw refuse(`a buffer of '${description}' holds at most ${bytesInWords(most)}`)
    this.device.pushErrorScope('out-of-memory')
    const buffer = this.device.createBuffer({ size: bytes, usage: USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST })
    void this.device.popErrorScope().then(
      error => {
        if (error) this.#failed ??= refuse(`which '${description}' does not have`)
      },
      () => {},
    )
    return buffer
  }

  /**
   * A kernel, compiled at the first call.
   *
   * @param constants are not changed after they were given here
   * @param own files made for the occasion; they take the place of those of the same name
   * @throws {BackendError} KERNEL_COMPILE when the driver refuses the text
   */
  kernel(entry: Entry, constants: Constants, own: readonly Text[] = []): Promise<Kernel> {
    const key = `${entry.path}:${entry.name}:${own.map(({ path, text }) => `${path}:${text}`).join(':')}`
    let linked = this.#linked.get(constants)
    if (!linked) {
      linked = new Map()
      this.#linked.set(constants, linked)
    }
    let known = linked.get(key)
    if (!known) {
      known = this.#build(this.text(entry, constants, own), entry.name)
      linked.set(key, known)
      known.catch(() => linked.delete(key))
    }
    return known
  }

  /** a kernel by its text */
  #build(code: string, name: string): Promise<Kernel> {
    let known = this.#kernels.get(code)
    if (!known) {
      known = this.#compile(code, name)
      this.#kernels.set(code, known)
      known.catch(() => this.#kernels.delete(code))
    }
    return known
  }

  /** The text that a kernel is compiled from. */
  text(entry: Entry, constants: Constants, own: readonly Text[] = []): string {
    return link(this.files, [entry], constants, bindingText(), own)
  }

  async #compile(code: string, entryPoint: string): Promise<Kernel> {
    this.check()
    const refuse = (why: string, cause?: unknown) =>
      new BackendError(
        'KERNEL_COMPILE',
        `'${this.adapter.description}' does not compile the kernel '${entryPoint}': ${why}; please report it, and use backend: 'wasm'`,
        { cause },
      )
    this.device.pushErrorScope('validation')
    const module = this.device.createShaderModule({ code })
    const { messages } = await module.getCompilationInfo()
    await this.device.popErrorScope()
    const error = messages.find(m => m.type === 'error')
    if (error)
      throw refuse(`${error.message} (line ${error.lineNum}: ${code.split('\n')[error.lineNum - 1]?.slice(0, 120)})`)
    if (this.#compiling++ === 0) this.#nap()
    try {
      const pipeline = await this.device.createComputePipelineAsync({
        layout: this.#pipelineLayout,
        compute: { module, entryPoint },
      })
      return { pipeline, room: FIRST_WORK }
    } catch (cause) {
      this.check()
      throw refuse((cause as Error).message, cause)
    } finally {
      this.#compiling--
    }
  }

  /**
   * In Node the package asks whether a compiler is done at every turn of the event loop, with nothing else to do all the
   * time: a processor that the compilers could use. So turns are made slow while they work.
   */
  #nap(): void {
    if (typeof setImmediate !== 'function') return
    const cell = new Int32Array(new SharedArrayBuffer(4))
    const turn = (): void => {
      if (this.#compiling === 0) return
      Atomics.wait(cell, 0, 0, COMPILING_NAP)
      setImmediate(turn)
    }
    setImmediate(turn)
  }

  bind(buffers: Buffers): GPUBindGroup {
    return this.device.createBindGroup({
      layout: this.#layout,
      entries: [
        { binding: 0, resource: { buffer: this.#uniform, size: 4 * CALL_WORDS.length } },
        ...STORAGE.map(([name], i) => ({ binding: i + 1, resource: { buffer: buffers[name] } })),
      ],
    })
  }

  /** Write words, in their place of the queue. */
  write(buffer: GPUBuffer, at: number, words: ArrayBufferView<ArrayBuffer>): void {
    this.check()
    if (words.byteLength > 0) this.device.queue.writeBuffer(buffer, 4 * at, words)
  }

  /** Run a kernel once over some invocations. */
  dispatch(kernel: Kernel, group: GPUBindGroup, words: CallWords, invocations: number): void {
    this.check()
    this.write(this.#uniform, 0, callRecord(words))
    this.stats.dispatches++
    const encoder = this.device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(kernel.pipeline)
    pass.setBindGroup(0, group, [0])
    pass.dispatchWorkgroups(this.#workgroups(invocations))
    pass.end()
    this.device.queue.submit([encoder.finish()])
  }

  /** Run kernels one after the other over the same invocations, so many times. */
  dispatchAll(parts: readonly Part[], group: GPUBindGroup, words: CallWords, count: number, times: number): void {
    this.check()
    if (parts.length > MOST_RECORDS) {
      // their call words may have no room side by side
      for (let k = 0; k < times; k++)
        for (let from = 0; from < parts.length; from += MOST_RECORDS)
          this.dispatchAll(parts.slice(from, from + MOST_RECORDS), group, words, count, 1)
      return
    }
    // words that occur more than once are one record
    const known = new Map<string, number>()
    const records = new Uint32Array((RECORD * MOST_RECORDS) / 4)
    const offsets = parts.map(({ words: own }) => {
      const record = callRecord({ ...words, ...own, count })
      const key = record.join()
      const at = known.get(key) ?? known.size
      known.set(key, at)
      records.set(record, (RECORD / 4) * at)
      return RECORD * at
    })
    this.write(this.#uniform, 0, records.subarray(0, (RECORD / 4) * known.size))
    const encoder = this.device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (let k = 0; k < times; k++)
      for (const [i, { kernel }] of parts.entries()) {
        pass.setPipeline(kernel.pipeline)
        pass.setBindGroup(0, group, [offsets[i]])
        pass.dispatchWorkgroups(this.#workgroups(count))
      }
    pass.end()
    this.device.queue.submit([encoder.finish()])
  }

  #workgroups(invocations: number): number {
    return Math.min(this.adapter.limits.maxComputeWorkgroupsPerDimension, Math.ceil(invocations / WORKGROUP))
  }

  /**
   * Some timesteps of a range of worlds, stage after stage, in one command buffer. Call words that differ from stage to
   * stage are records of their own: a write between two dispatches of a command buffer would come before both.
   *
   * @param last does the last of these timesteps end the run; the stages see nstep, how many are to go
   */
  #dispatchStages(
    stages: readonly Stage[],
    group: GPUBindGroup,
    words: CallWords,
    count: number,
    nstep: number,
    last: boolean,
  ): void {
    this.check()
    const records = new Uint32Array((RECORD * RECORDS) / 4)
    // whether one or more are to go is all that a stage asks
    for (let k = 0; k < RECORDS; k++)
      records.set(
        callRecord({ ...words, count, nstep: k < RECORDS / 2 ? 2 : 1, a0: k % (RECORDS / 2) }),
        (RECORD / 4) * k,
      )
    this.write(this.#uniform, 0, records)
    const encoder = this.device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (let k = 1; k <= nstep; k++) {
      const from = last && k === nstep ? RECORDS / 2 : 0
      for (const { kernel, a0 } of stages) {
        pass.setPipeline(kernel.pipeline)
        pass.setBindGroup(0, group, [RECORD * (from + a0)])
        this.stats.dispatches++
        pass.dispatchWorkgroups(this.#workgroups(count))
      }
    }
    pass.end()
    this.device.queue.submit([encoder.finish()])
  }

  /**
   * Run a kernel, or the stages of a timestep, for nstep steps of some worlds, in dispatches short enough for the driver's
   * watchdog: how long they may be follows from those before.
   *
   * @param words of the call; first, count and nstep are filled in, of stages a0 too
   */
  async run(
    what: Kernel | Timestep,
    group: GPUBindGroup,
    words: CallWords,
    nworld: number,
    nstep: number,
  ): Promise<void> {
    const stages = 'stages' in what ? what.stages : undefined
    const kernel = 'stages' in what ? what.timed : what
    const width = WORKGROUP * this.adapter.limits.maxComputeWorkgroupsPerDimension
    for (let first = 0; first < nworld; ) {
      // as many worlds as one step may have
      const most = Math.max(WORKGROUP, Math.floor(kernel.room / WORKGROUP) * WORKGROUP)
      const count = Math.min(nworld - first, width, most)
      for (let left = nstep; left > 0; ) {
        const steps = Math.max(1, Math.min(left, Math.floor(kernel.room / count), stages ? MOST_STEPS : left))
        if (stages) this.#dispatchStages(stages, group, { ...words, first }, count, steps, steps === left)
        else this.dispatch(kernel, group, { ...words, first, count, nstep: steps }, count)
        await this.#pace(kernel, count * steps)
        left -= steps
      }
      first += count
    }
  }

  /** wait when as much is under way as one dispatch may have; one that was alone tells how much the next may have */
  async #pace(kernel: Kernel, work: number): Promise<void> {
    const alone = this.#ahead === 0
    this.#ahead += work / kernel.room
    if (this.#ahead < 0.9) return
    // clock: to cut dispatches, not to compute
    const started = performance.now()
    const nap = ASLEEP * PLANNED_MS * Math.min(1, this.#ahead)
    if (kernel.room > FIRST_WORK && nap > NAP) await new Promise(resolve => setTimeout(resolve, nap))
    await this.finished()
    // clock: the same
    const took = performance.now() - started
    if (alone) kernel.room = Math.max(1, work * Math.min(GROWTH, Math.max(1 / GROWTH, PLANNED_MS / took)))
  }

  /** Resolves when everything submitted is done. @throws {DeviceLostError} */
  async finished(): Promise<void> {
    this.check()
    await this.device.queue.onSubmittedWorkDone()
    this.#ahead = 0
    this.check()
  }

  /** Words [at, at + n) of a buffer, as they are when everything submitted so far is done. */
  read(buffer: GPUBuffer, at: number, n: number): Promise<Uint32Array<ArrayBuffer>> {
    if (n === 0) return Promise.resolve(new Uint32Array(0))
    // one after the other: there is one staging buffer
    const job = this.#reading.then(async () => {
      this.check()
      const bytes = 4 * n
      if (!this.#staging || this.#staging.size < bytes) {
        this.#staging?.destroy()
        this.#staging = this.device.createBuffer({ size: bytes, usage: USAGE.MAP_READ | USAGE.COPY_DST })
      }
      const staging = this.#staging
      const encoder = this.device.createCommandEncoder()
      encoder.copyBufferToBuffer(buffer, 4 * at, staging, 0, bytes)
      this.device.queue.submit([encoder.finish()])
      try {
        await staging.mapAsync(READ, 0, bytes)
      } catch (cause) {
        await this.device.queue.onSubmittedWorkDone().catch(() => {})
        throw this.#failure(cause)
      }
      this.#ahead = 0
      const words = new Uint32Array(staging.getMappedRange(0, bytes).slice(0))
      staging.unmap()
      return words
    })
    this.#reading = job.catch(() => {})
    return job
  }

  copy(from: GPUBuffer, to: GPUBuffer, words: number): void {
    this.check()
    const encoder = this.device.createCommandEncoder()
    encoder.copyBufferToBuffer(from, 0, to, 0, 4 * words)
    this.device.queue.submit([encoder.finish()])
  }

  clear(buffer: GPUBuffer, words: number): void {
    this.check()
    const encoder = this.device.createCommandEncoder()
    encoder.clearBuffer(buffer, 0, 4 * words)
    this.device.queue.submit([encoder.finish()])
  }
}

const callRecord = (words: CallWords): Uint32Array<ArrayBuffer> =>
  Uint32Array.from(CALL_WORDS, name => words[name] ?? 0)
