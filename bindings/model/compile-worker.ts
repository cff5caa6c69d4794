/**
 * The throw-away worker that runs MuJoCo's compiler: a model can hang it, abort it or fill its memory, and only this
 * thread dies. It owns no file access: files that MuJoCo asks for are requested from the thread that started it.
 */

import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { MainModule } from '@mujoco/mujoco'
import { SimcrankError } from '../errors.js'
import { compileAndExtract, type Extracted } from './extract.js'
import { checkFinite } from './finite.js'
import { openMujoco, type StackGuard } from './mujoco.js'
import { findUnsupported } from './support.js'

/** What the worker is started with. */
export interface CompileTask {
  /** absolute path, with forward slashes, of the main file in MuJoCo's file system; includes resolve against it */
  readonly path: string
  readonly bytes: Uint8Array
  /** limits, bytes: MuJoCo's heap, and the numbers of the compiled model */
  readonly memory: number
  readonly maxModelBytes: number
  /** files: the worker posts a path, waits for `signal` to rise, then takes `FileReply` from the port */
  readonly port: MessagePort
  readonly signal: Int32Array
}

/** The bytes of a wanted file, or nothing when there is none. */
export interface FileReply {
  readonly bytes: Uint8Array | undefined
}

/** What the worker says at the end. */
export type CompileReply =
  | { readonly ok: true; readonly model: Extracted; readonly unsupported: readonly string[] }
  | {
      readonly ok: false
      readonly code: string
      readonly message: string
      /** paths that MuJoCo wanted and nobody had, when that is why */
      readonly missing?: readonly string[]
    }

/** Let MuJoCo find the files it wants: on a first look at a path that is not there yet, ask for it. */
function serveFiles(mj: MainModule, task: CompileTask): string[] {
  const missing: string[] = []
  const asked = new Set<string>()
  const { FS } = mj
  const stat = FS.stat
  FS.stat = (path: unknown, dontFollow?: unknown) => {
    if (typeof path === 'string' && !asked.has(path) && !FS.analyzePath(path, false).exists) {
      asked.add(path)
      const bytes = request(task, path)
      if (bytes === undefined) missing.push(path)
      else {
        FS.mkdirTree(path.slice(0, path.lastIndexOf('/')), 0o777)
        FS.writeFile(path, bytes)
      }
    }
    return stat(path, dontFollow)
  }
  return missing
}

/** Block until the starting thread has answered. */
function request(task: CompileTask, path: string): Uint8Array | undefined {
  Atomics.store(task.signal, 0, 0)
  task.port.postMessage(path)
  Atomics.wait(task.signal, 0, 0)
  return (receiveMessageOnPort(task.port)?.message as FileReply | undefined)?.bytes
}

/** MuJoCo's message without the words in front that say nothing. */
function cleanMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text
    .replace(/^MuJoCo Error:\s*/, '')
    .replace(/^Loading error:\s*/, '')
    .replace(/:\s*\n\s*/g, ': ')
    .replace(/\s*\n\s*/g, '; ')
    .replace(/(; )+$/, '')
}

/** MuJoCo's compiler went where no result can be trusted. */
function aborted(why: string): CompileReply {
  const message = `MuJoCo's compiler aborted (${why}): bodies nested more than about 100 deep do that; flatten the tree`
  return { ok: false, code: 'MODEL_ABORT', message }
}

/** Compile, or say why not. */
async function compile(task: CompileTask): Promise<CompileReply> {
  let outOfMemory = false
  let stack: StackGuard | undefined
  const mj = await openMujoco({
    memory: task.memory,
    onMemory: () => {
      outOfMemory = true
    },
    onStack: guard => {
      stack = guard
    },
  })
  let missing: readonly string[] = []
  try {
    mj.FS.mkdirTree(task.path.slice(0, task.path.lastIndexOf('/')) || '/', 0o777)
    mj.FS.writeFile(task.path, task.bytes)
    missing = serveFiles(mj, task)
    const model = compileAndExtract(mj, task.path, task.maxModelBytes)
    if (stack?.overflowed()) return aborted('its stack is full')
    checkFinite(model)
    return { ok: true, model, unsupported: findUnsupported(model, model.facts) }
  } catch (error) {
    if (outOfMemory) {
      const remedy = 'make meshes and textures smaller, or the memory attribute of <size> if it has one'
      return { ok: false, code: 'MODEL_SIZE', message: `compiling takes more than ${task.memory} bytes: ${remedy}` }
    }
    if (stack?.overflowed()) return aborted('its stack is full')
    if (error instanceof SimcrankError) throw error
    const message = cleanMessage(error)
    if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return aborted(message)
    if (missing.length > 0 && message.includes('opening file')) {
      return { ok: false, code: 'MODEL_FILE', message, missing }
    }
    return { ok: false, code: 'MODEL_XML', message }
  }
}

const task = workerData as CompileTask
compile(task)
  .catch((error: unknown): CompileReply => {
    if (error instanceof SimcrankError) return { ok: false, code: error.code, message: error.message }
    return { ok: false, code: 'MODEL_COMPILER', message: error instanceof Error ? error.message : String(error) }
  })
  .then(reply => parentPort?.postMessage(reply))
