/** What a Batch asks of whoever holds its worlds: the CPU engine's Store, or the GPU's. */
import type { Model } from '../model/model.js'
import type { Sizes } from './layout.js'
import type { ReplayOptions } from './replay.js'
import type { ScratchView } from './scratch-view.js'

/** Everything that the future and the results of a batch depend on; opaque. */
export interface Image {
  readonly backend: string
  /** bytes it holds */
  readonly bytes: number
  release(): void
}

type Soon<T> = T | Promise<T>

/** Writes are done, or in their place of the queue, when a call returns; reads may have to wait. */
export interface Backend {
  readonly name: 'wasm' | 'webgpu'
  readonly model: Model
  readonly nworld: number
  readonly layout: { readonly sizes: Sizes }
  /** model fields written since the Model's defaults */
  readonly varied: ReadonlySet<string>
  /**
   * Write a world field.
   *
   * @param each values are (worlds, size) rather than (size) for all of them
   */
  writeWorld(name: string, values: ArrayLike<number>, size: number, each: boolean, worlds?: Int32Array): void
  /** Write a per-world model field; what follows from it follows before the next step. */
  writeModel(name: string, values: ArrayLike<number>, size: number, each: boolean, worlds?: Int32Array): void
  /** What hangs on a world field that was written: nothing, or what worlds share. */
  written(name: string): void
  /** A per-world model field as it was last written, (nworld, size), or of the listed worlds. */
  parameter(name: string, size: number, worlds?: Int32Array): Float32Array
  /** A world field, (nworld, size). */
  readWorld(name: string, size: number): Soon<Float32Array>
  /** A per-world model field or constant, (nworld, size); undefined: the same for all worlds. */
  readModel(name: string, size: number): Soon<Float32Array> | undefined
  /** A quantity that is not kept, computed again, (nworld, size). */
  derive(name: string, size: number): Soon<Float32Array>
  /** Which worlds had constraint rows in the last step. */
  constrained(): Soon<Uint8Array>
  /** Contacts and constraint rows of one world, made again. */
  look(world: number): Promise<ScratchView>
  /** Worlds back to qpos0 at rest, without what a keyframe or a draw adds; undefined: all. */
  restart(worlds: Int32Array | undefined): void
  step(nstep: number): Soon<void>
  forward(): Soon<void>
  replay(options: ReplayOptions): Promise<Record<string, Float32Array>>
  /** Have the sensors add their noise from now on. */
  makeNoise(seed: number): void
  /** Open a GPU again that went away: parameters as they were, states to be reset. */
  recover(): Promise<void>
  image(): Image
  adopt(image: Image): void
  release(): void
}
