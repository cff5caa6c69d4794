import { readFile } from 'node:fs/promises'
import type { MainModule } from '@mujoco/mujoco'
import { ModelError } from '../errors.js'

/** The embind calls we pass through on their way to MuJoCo's module. */
interface EmbindImports {
  _embind_register_memory_view(rawType: number, dataTypeIndex: number, name: number): void
  _emval_take_value(type: number, arg: number): number
  emscripten_resize_heap(bytes: number): number
}

/** What one instance of MuJoCo may use. */
export interface MujocoLimits {
  /** most bytes of heap; beyond it MuJoCo's own allocations fail. Default: MuJoCo's limit */
  readonly memory?: number
  /** called when an allocation was refused because of `memory` */
  readonly onMemory?: () => void
  /** called with the stack's guard once the instance runs */
  readonly onStack?: (guard: StackGuard) => void
}

/** Tells whether MuJoCo came near the end of its stack, which WebAssembly does not protect. */
export interface StackGuard {
  /** true when the last bytes of the stack were written: what lies beyond it may be too, so no result can be trusted */
  overflowed(): boolean
}

// more than a level of MuJoCo's recursion takes (350 bytes a nested body); ordinary models leave 45 kB of 64 untouched
const GUARD_BYTES = 4096
const GUARD_BYTE = 0xa5

/** Paint the last bytes of the stack: deep recursion writes over them long before it traps, if it traps at all. */
function guardStack(exports: WebAssembly.Exports): StackGuard {
  const memory = exports.memory as WebAssembly.Memory
  const end = (exports.emscripten_stack_get_end as () => number)()
  // memory moves when it grows: a view lives for one use
  const paint = (): Uint8Array => new Uint8Array(memory.buffer, end, GUARD_BYTES)
  // emscripten keeps its own mark in the first 16 bytes
  paint().fill(GUARD_BYTE, 16)
  return {
    overflowed: () =>
      paint()
        .subarray(16)
        .some(byte => byte !== GUARD_BYTE),
  }
}

// dataTypeIndex of Uint8Array in embind's table of memory views
const UINT8_VIEW = 1

/**
 * Let bool arrays be read: MuJoCo 3.14.0 registers no embind view for them, so that `model.jnt_limited` throws.
 * They are bytes, and the view registered for bytes reads them. Inert once MuJoCo registers its own.
 */
function allowBoolViews(imports: EmbindImports): void {
  const register = imports._embind_register_memory_view
  const take = imports._emval_take_value
  let bytes: number | undefined
  imports._embind_register_memory_view = (rawType, dataTypeIndex, name) => {
    if (dataTypeIndex === UINT8_VIEW) bytes = rawType
    register(rawType, dataTypeIndex, name)
  }
  imports._emval_take_value = (type, arg) => {
    try {
      return take(type, arg)
    } catch (error) {
      // 'N10emscripten11memory_viewIbEE' is how C++ spells memory_view<bool>
      const unregistered = error instanceof Error && error.message.includes('memory_viewIbE')
      if (!unregistered || bytes === undefined) throw error
      return take(bytes, arg)
    }
  }
}

/** Refuse heap growth beyond the limit; malloc then fails. */
function limitMemory(imports: EmbindImports, limit: number, onMemory?: () => void): void {
  const grow = imports.emscripten_resize_heap
  imports.emscripten_resize_heap = bytes => {
    // the argument is a wasm i32: sizes from 2 GiB up arrive negative
    if (bytes >>> 0 <= limit) return grow(bytes)
    onMemory?.()
    return 0
  }
}

/**
 * A fresh instance of the official MuJoCo (10 MB of WebAssembly, about 0.1 s). The only place that imports
 * `@mujoco/mujoco`, an optional peer. An instance that aborted is dead for good: open another.
 *
 * @throws {ModelError} MODEL_NO_COMPILER when the peer is not installed
 */
export async function openMujoco(limits: MujocoLimits = {}): Promise<MainModule> {
  const { default: factory } = await import('@mujoco/mujoco').catch(cause => {
    if (!(cause instanceof Error) || !cause.message.includes('@mujoco/mujoco')) throw cause
    throw new ModelError(
      'MODEL_NO_COMPILER',
      'compiling MJCF or URDF needs the optional peer package @mujoco/mujoco: run `npm install @mujoco/mujoco`, ' +
        'or load a Model saved with saveModel',
      { cause },
    )
  })
  const wasm = await readFile(new URL(import.meta.resolve('@mujoco/mujoco/mujoco.wasm')))
  let exports: WebAssembly.Exports | undefined
  const mj = await new Promise<MainModule>((resolve, reject) => {
    factory({
      print: () => {},
      printErr: () => {},
      instantiateWasm: (info: { env: EmbindImports }, done: (instance: WebAssembly.Instance) => void) => {
        allowBoolViews(info.env)
        if (limits.memory !== undefined) limitMemory(info.env, limits.memory, limits.onMemory)
        WebAssembly.instantiate(wasm, info as unknown as WebAssembly.Imports).then(({ instance }) => {
          exports = instance.exports
          done(instance)
        }, reject)
      },
    }).then(resolve, reject)
  })
  if (exports !== undefined) limits.onStack?.(guardStack(exports))
  return mj
}
