/** What the tests of the library share: models loaded once, tasks in plain TypeScript, comparisons. */
import * as assert from 'uvu/assert'
import { layOut, topology } from '../../bindings/engine/layout.js'
import type { Model } from '../../bindings/model/model.js'
import { type CompiledTask, Interpreter, type Task } from '../../bindings/task/index.js'

const models = new Map<unknown, Promise<Model>>()

/** the model of a task; tasks of the same XML share it */
export function modelOf(task: Task): Promise<Model> {
  const key = task.options.model
  const model = models.get(key) ?? task.load()
  models.set(key, model)
  return model
}

/** a task and a world to run it in, without an engine */
export async function interpreted(task: Task): Promise<{ compiled: CompiledTask; world: Interpreter }> {
  const model = await modelOf(task)
  const layout = layOut(topology(model, new Set()).sizes)
  const compiled = task.compile(model, layout)
  return { compiled, world: new Interpreter(compiled.program, model, layout) }
}

/** Numbers agree: off by at most `tolerance` times max(scale, |expected|). */
export function near(
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  scale = 1,
): void {
  assert.is(got.length, expected.length, `${what}: length`)
  for (let i = 0; i < expected.length; i++) {
    const most = tolerance * Math.max(scale, Math.abs(expected[i]))
    assert.ok(Math.abs(got[i] - expected[i]) <= most, `${what}[${i}]: ${got[i]}, expected ${expected[i]}`)
  }
}
