/** Tasks on the walker that differ in a term or two, and their worlds in the interpreter. */
import type { Model } from '../../bindings/model/model.js'
import {
  type CompiledTask,
  defineTask,
  Interpreter,
  type Scope,
  type TaskOptions,
  type TaskTerms,
} from '../../bindings/task/index.js'

type Define = (s: Scope) => Partial<TaskTerms>

/** what a task has when a test does not care */
const PLAIN: (s: Scope) => TaskTerms = s => ({
  observation: { height: s.qpos[2] },
  action: { kind: 'torque', scale: 1 },
  reward: { none: 0 },
})

export function compileOn(model: Model, define: Define, options: Partial<TaskOptions> = {}): CompiledTask {
  const task = defineTask({
    name: 'test',
    model,
    frameSkip: 4,
    episodeLength: 10,
    ...options,
    define: s => ({ ...PLAIN(s), ...define(s) }),
  })
  return task.compile(model)
}

export const worldOf = (compiled: CompiledTask, model: Model, env = 0): Interpreter =>
  new Interpreter(compiled.program, model, compiled.layout, { seed: 4, env, generation: 0 })

/** observations by name */
export function observed(compiled: CompiledTask, world: Interpreter): Record<string, number> {
  const values = world.observe()
  return Object.fromEntries(compiled.names.observation.map((name, i) => [name, values[i]]))
}

/** reward terms by name */
export function rewarded(compiled: CompiledTask, world: Interpreter): Record<string, number> {
  const { terms } = world.reward()
  return Object.fromEntries(compiled.names.terms.map((name, i) => [name, terms[i]]))
}
