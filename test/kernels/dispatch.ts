/** Runs entry points of kernels on buffers of their own: what tests of strategies and rollouts share. */
import { bindingText, CALL_WORDS, STORAGE } from '../../bindings/engine/webgpu/layout.js'
import { type Constants, type Entry, type KernelFiles, link } from '../../bindings/engine/webgpu/link.js'
import { device, kernels, pipelineOf } from './harness.js'

export type Call = Partial<Record<(typeof CALL_WORDS)[number], number>>

/** Bits of any numbers as words. */
export function words(values: Float32Array | Int32Array | Uint32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length)
}

/** Numbers one behind the other, each part at an address; address 0 is nobody's. */
export class Table {
  #parts: Uint32Array[] = [new Uint32Array(4)]
  #length = 4

  put(values: Float32Array | Int32Array | Uint32Array): number {
    const at = this.#length
    // the table may be long, and what follows it must not be read as part of it
    this.#parts.push(words(values).slice(), new Uint32Array(4))
    this.#length += values.length + 4
    return at
  }

  get words(): Uint32Array<ArrayBuffer> {
    const out = new Uint32Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      out.set(part, at)
      at += part.length
    }
    return out
  }
}

/** Buffers and pipelines of some entry points. */
export class Kernels {
  readonly #pipelines = new Map<string, GPUComputePipeline>()
  readonly #buffers = new Map<string, GPUBuffer>()
  readonly #uniform: GPUBuffer
  readonly #group: GPUBindGroup

  private constructor(
    readonly device: GPUDevice,
    layout: GPUBindGroupLayout,
    buffers: Readonly<Record<string, Uint32Array<ArrayBuffer> | number>>,
  ) {
    for (const [name] of STORAGE) {
      const content = buffers[name] ?? 4
      const size = Math.max(16, 4 * (typeof content === 'number' ? content : content.length))
      const buffer = device.createBuffer({ size, usage: 0x8c })
      if (typeof content !== 'number') device.queue.writeBuffer(buffer, 0, content)
      this.#buffers.set(name, buffer)
    }
    this.#uniform = device.createBuffer({ size: 4 * CALL_WORDS.length, usage: 0x48 })
    this.#group = device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: this.#uniform } },
        ...STORAGE.map(([name], i) => ({ binding: i + 1, resource: { buffer: this.#buffers.get(name) as GPUBuffer } })),
      ],
    })
  }

  /** @param buffers content of each buffer, or its words when they are 0 */
  static async open(
    entries: readonly Entry[],
    constants: Constants,
    buffers: Readonly<Record<string, Uint32Array<ArrayBuffer> | number>>,
    files: KernelFiles = kernels,
  ): Promise<Kernels> {
    const built = entries.map(entry => pipelineOf(link(files, [entry], constants, bindingText()), entry.name))
    const pipelines = await Promise.all(built)
    const out = new Kernels(await device(), pipelines[0].layout, buffers)
    for (const [i, entry] of entries.entries()) out.#pipelines.set(entry.name, pipelines[i].pipeline)
    return out
  }

  run(entry: string, call: Call): void {
    this.device.queue.writeBuffer(
      this.#uniform,
      0,
      Uint32Array.from(CALL_WORDS, name => call[name] ?? 0),
    )
    const encoder = this.device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(this.#pipelines.get(entry) as GPUComputePipeline)
    pass.setBindGroup(0, this.#group)
    pass.dispatchWorkgroups(Math.ceil((call.count ?? 1) / 64))
    pass.end()
    this.device.queue.submit([encoder.finish()])
  }

  async read(name: string): Promise<Uint32Array<ArrayBuffer>> {
    const source = this.#buffers.get(name) as GPUBuffer
    const staging = this.device.createBuffer({ size: source.size, usage: 0x9 })
    const encoder = this.device.createCommandEncoder()
    encoder.copyBufferToBuffer(source, 0, staging, 0, source.size)
    this.device.queue.submit([encoder.finish()])
    await staging.mapAsync(1)
    const out = new Uint32Array(staging.getMappedRange().slice(0))
    staging.destroy()
    return out
  }

  release(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy()
    this.#uniform.destroy()
  }
}
