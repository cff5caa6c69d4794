/** Tasks in the kernels, with everything that a control step computes brought back. */
import { openRollout } from '../../bindings/engine/rollout.js'
import type { Model } from '../../bindings/model/model.js'
import { linear, makeNetwork } from '../../bindings/policy/index.js'
import { PERTURB, TRACK } from '../../bindings/program.js'
import { type CompiledTask, Interpreter, type Task } from '../../bindings/task/index.js'

export interface Steps {
  /** of each control step (nobs), (nact), (nterm) */
  readonly observations: readonly Float32Array[]
  readonly actions: readonly Float32Array[]
  readonly terms: readonly Float32Array[]
}

export interface KernelRun {
  readonly compiled: CompiledTask
  readonly episodes: readonly Steps[]
  readonly ends: Int32Array
}

export interface KernelOptions {
  readonly episodes: number
  readonly seed: number
  /** weights of a linear policy (nact, nobs); default 0 */
  readonly theta?: (nparam: number) => Float32Array
  /** (episodes, ninput) */
  readonly inputs?: Float32Array
}

/** generation word of the random numbers */
export const GENERATION = 3

/** Run episodes of a task under a linear policy. */
export async function inKernel(task: Task, model: Model, options: KernelOptions): Promise<KernelRun> {
  const { episodes, seed, inputs, theta = n => new Float32Array(n) } = options
  const { keyframe } = task.options
  const engine = await openRollout(model, { keyframe })
  try {
    const compiled = task.compile(model, engine.layout)
    const { program, nobs, nact, frameSkip } = compiled
    const network = makeNetwork(linear({ bias: false }), nobs, nact)
    const T = task.episodeLength
    engine.load(program, network, { frameSkip, T, seed, delay: compiled.delay.seconds, delayOf: compiled.delay.of })
    const rows = Int32Array.from({ length: 4 * episodes }, (_, k) => [0, k >> 2, GENERATION, -1][k & 3])
    const tracks = [
      ...Array.from(program.observation, index => ({ kind: TRACK.OBSERVE, index })),
      ...Array.from({ length: nact }, (_, i) => ({ kind: TRACK.REWARD, index: program.action + i })),
      ...Array.from(program.terms, index => ({ kind: TRACK.REWARD, index })),
    ]
    const members = { perturb: PERTURB.NONE, theta: theta(network.nparam) }
    const result = await engine.run({ rows, inputs }, members, { tracks })
    const recorded = result.tracks as Float32Array
    const n = tracks.length
    return {
      compiled,
      ends: result.ends,
      episodes: Array.from(result.lengths, (length, e) => {
        const row = (t: number) => recorded.subarray((e * T + t) * n, (e * T + t + 1) * n)
        const each = (begin: number, end: number) => Array.from({ length }, (_, t) => row(t).slice(begin, end))
        return {
          observations: each(0, nobs),
          actions: each(nobs, nobs + nact),
          terms: each(nobs + nact, n),
        }
      }),
    }
  } finally {
    engine[Symbol.dispose]()
  }
}

/** The same episode of a task without physics in the interpreter, under the actions of the kernel. */
export function inInterpreter(
  task: Task,
  model: Model,
  actions: readonly Float32Array[],
  seed: number,
  env: number,
  inputs: ArrayLike<number> = [],
): Steps {
  const compiled = task.compile(model)
  const world = new Interpreter(compiled.program, model, compiled.layout, { seed, env, generation: GENERATION })
  world.begin(inputs)
  world.init()
  const observations: Float32Array[] = []
  const terms: Float32Array[] = []
  for (const action of actions) {
    observations.push(world.observe())
    world.act(action)
    world.dynamics()
    terms.push(world.reward().terms)
    world.update()
  }
  return { observations, actions, terms }
}
