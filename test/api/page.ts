/** The API suite as a web page runs it: models saved in Node, MuJoCo's answers as JSON. */
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import type { Answers } from './host.js'
import type { ModelName } from './models.js'
import { API_TESTS, type Host } from './suite.js'

/** What a page is given. */
export interface Setting extends Pick<Host, 'backend' | 'workers'> {
  readonly answers: Answers
  /** the file of each model */
  readonly models: Readonly<Record<ModelName, string>>
}

/** How one test ended; without `error` it passed. */
export interface Outcome {
  readonly name: string
  readonly error?: string
}

/** All tests, one after the other. @public chromium.test.ts writes who calls it */
export async function runSuite(
  { backend, workers, answers, models }: Setting,
  read: (file: string) => Promise<Uint8Array>,
): Promise<readonly Outcome[]> {
  const loaded = new Map<ModelName, Promise<Model>>()
  const model = (name: ModelName): Promise<Model> => {
    const known = loaded.get(name) ?? read(models[name]).then(loadModel)
    loaded.set(name, known)
    return known
  }
  const outcomes: Outcome[] = []
  for (const { name, run } of API_TESTS) {
    try {
      await run({ backend, workers, answers, model })
      outcomes.push({ name })
    } catch (error) {
      const { message, stack } = error as Error
      outcomes.push({ name, error: `${message}\n${stack}` })
    }
  }
  return outcomes
}
