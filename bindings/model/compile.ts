import { ModelError, SimcrankError } from '../errors.js'
import { nodeModule } from '../host.js'
import type { CompileReply, CompileTask, FileReply } from './compile-worker.js'
import { workerEntry } from './worker-entry.js'

/** Compilation of one XML in a thread of its own. */
export interface CompileOptions {
  /** absolute path of the main file in MuJoCo's file system */
  readonly path: string
  readonly bytes: Uint8Array
  /** ms until the thread is ended */
  readonly timeoutMs: number
  /** bytes the compiled numbers may take */
  readonly maxModelBytes: number
  /** what MuJoCo finds at a path; undefined: nothing */
  readonly read: (path: string) => Promise<Uint8Array | undefined>
  /** a clause that says where a path was looked for in vain */
  readonly explainMissing: (path: string) => string
  /** for messages */
  readonly place: string | undefined
}

/** Most heap MuJoCo may take; its own ceiling is 2 to 4 GiB, too much to give to a file from anywhere. */
const MAX_HEAP = 1 << 30

/** JavaScript heap of the worker, MiB: the numbers of a large model, and no more. */
const MAX_JS_HEAP_MB = 512

type CompileResult = Extract<CompileReply, { ok: true }>

/**
 * Compile MJCF or URDF with MuJoCo in a worker thread that is ended afterwards, whatever happens.
 *
 * @throws {ModelError} MODEL_XML, MODEL_FILE, MODEL_NOT_FINITE, MODEL_SIZE, MODEL_ABORT, MODEL_TIMEOUT,
 *   MODEL_NO_COMPILER, MODEL_COMPILER
 */
export async function compileModel(options: CompileOptions): Promise<CompileResult> {
  const { MessageChannel, Worker } = nodeModule('node:worker_threads')
  const { port1, port2 } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(4))
  const { path, bytes, maxModelBytes } = options
  const task: CompileTask = { path, bytes, memory: MAX_HEAP, maxModelBytes, port: port2, signal }
  const worker = new Worker(workerEntry('./compile-worker', import.meta.url), {
    workerData: task,
    transferList: [port2],
    // flags like --input-type are not for worker files
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MAX_JS_HEAP_MB },
  })
  const fail = (code: string, message: string, cause?: unknown): ModelError =>
    new ModelError(code, message, { place: options.place, cause })
  let timer: NodeJS.Timeout | undefined
  try {
    const reply = await new Promise<CompileReply>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(
          fail(
            'MODEL_TIMEOUT',
            `MuJoCo did not compile it within ${options.timeoutMs} ms; raise timeoutMs if it should`,
          ),
        )
      }, options.timeoutMs)
      worker.once('message', resolve)
      worker.once('error', error => {
        const full = (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY'
        const message = full
          ? `it takes more than ${MAX_JS_HEAP_MB} MiB`
          : `the compile worker failed: ${error.message}`
        reject(fail(full ? 'MODEL_SIZE' : 'MODEL_COMPILER', message, error))
      })
      worker.once('exit', code => reject(fail('MODEL_COMPILER', `the compile worker ended with code ${code}`)))
      port1.on('message', (wanted: string) => {
        options.read(wanted).then(found => {
          const answer: FileReply = { bytes: found }
          port1.postMessage(answer)
          Atomics.store(signal, 0, 1)
          Atomics.notify(signal, 0)
        }, reject)
      })
    })
    if (!reply.ok) {
      throw fail(reply.code, [reply.message, ...(reply.missing ?? []).map(options.explainMissing)].join('; '))
    }
    return reply
  } catch (error) {
    if (error instanceof SimcrankError) throw error
    throw fail('MODEL_COMPILER', error instanceof Error ? error.message : String(error), error)
  } finally {
    clearTimeout(timer)
    port1.close()
    await worker.terminate()
  }
}
