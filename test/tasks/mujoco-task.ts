/**
 * A task with MuJoCo, in double precision, as its physics: the program runs in the interpreter, mj_step moves the world. What
 * tasks are tested in, and what policies trained in our engine are scored with again.
 */

import { bodyGroups, bodyLinks, type Layout, layOut, topology, V } from '../../bindings/engine/layout.js'
import type { Model } from '../../bindings/model/model.js'
import { type CompiledTask, Interpreter, type Task } from '../../bindings/task/index.js'
import { type Oracle, openOracle } from '../support/oracle.js'

export interface TaskStep {
  readonly observation: Float32Array
  readonly reward: number
  readonly terms: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, number>>
  readonly terminated: boolean
}

const named = (names: readonly string[], values: ArrayLike<number>): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]]))

/** what tasks read of the present state, by MuJoCo's names */
const POSES = ['xpos', 'xquat', 'xmat', 'xipos', 'xanchor', 'xaxis', 'cvel', 'geom_xpos', 'geom_xmat']

export class MujocoTask {
  readonly compiled: CompiledTask
  readonly interpreter: Interpreter
  readonly #layout: Layout

  private constructor(
    readonly task: Task,
    readonly model: Model,
    readonly oracle: Oracle | undefined,
  ) {
    this.#layout = layOut(topology(model, new Set()).sizes)
    this.compiled = task.compile(model, this.#layout)
    this.interpreter = new Interpreter(this.compiled.program, model, this.#layout)
  }

  static async open(task: Task): Promise<MujocoTask> {
    const model = await task.load()
    const oracle = task.frameSkip === 0 ? undefined : await openOracle(model.xml)
    return new MujocoTask(task, model, oracle)
  }

  /** A new episode: its first observation. */
  reset({ env = 0, seed = 0, inputs = [] as readonly number[] } = {}): Float32Array {
    const { interpreter, oracle, compiled } = this
    interpreter.chance = { seed, env, generation: 0 }
    if (oracle !== undefined) {
      oracle.reset(compiled.keyframe < 0 ? undefined : compiled.keyframe)
      this.#read(['qpos', 'qvel', 'ctrl'])
    }
    interpreter.begin(inputs)
    if (oracle !== undefined) {
      for (const field of ['qpos', 'qvel']) oracle.write(field, interpreter.get(field))
      oracle.forward()
      this.#read(['qpos', 'qvel', 'actuator_force'])
      this.#poses()
    }
    interpreter.init()
    return interpreter.observe()
  }

  /** Put the world into a state, an observation begun. */
  setState(qpos: ArrayLike<number>, qvel: ArrayLike<number>): Float32Array {
    if (this.oracle === undefined) throw new Error('no physics')
    this.oracle.write('qpos', qpos).write('qvel', qvel).forward()
    this.#read(['qpos', 'qvel', 'actuator_force'])
    this.#poses()
    return this.interpreter.observe()
  }

  /** One control step, begun with an observation. */
  step(action: ArrayLike<number>): TaskStep {
    const { interpreter, oracle, compiled } = this
    const command = interpreter.act(action)
    if (oracle !== undefined) {
      oracle.write('ctrl', interpreter.control(command)).step(this.task.frameSkip)
      this.#read(['qpos', 'qvel', 'ctrl', 'actuator_force'])
      this.#poses()
    }
    interpreter.dynamics()
    const { terms, metrics, terminated } = interpreter.reward()
    interpreter.update()
    return {
      observation: interpreter.observe(),
      reward: terms.reduce((sum, x) => sum + x, 0),
      terms: named(compiled.names.terms, terms),
      metrics: named(compiled.names.metrics, metrics),
      terminated,
    }
  }

  dispose(): void {
    this.oracle?.dispose()
  }

  #read(fields: readonly string[]): void {
    for (const field of fields) this.interpreter.set(field, this.oracle?.get(field) ?? [])
  }

  /** poses and velocities of the present state, which mj_step leaves one timestep old */
  #poses(): void {
    const { oracle, interpreter, model } = this
    oracle?.call((mj, m, d) => {
      mj.mj_kinematics(m, d)
      mj.mj_comPos(m, d)
      mj.mj_comVel(m, d)
    })
    this.#read(POSES)
    const at = this.#layout.s.get('grp_com') as number
    const com = oracle?.get('subtree_com') ?? []
    for (const [root, group] of bodyGroups(model, bodyLinks(model)).roots) {
      for (let k = 0; k < 3; k++) interpreter.memory.s[at / V + 4 * group + k] = com[3 * root + k]
    }
  }
}
