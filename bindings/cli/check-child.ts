/** The process in which `simcrank check --corpus` looks at models, one after the other; it may hang, crash or be killed. */
import { SimcrankError } from '../errors.js'
import { loadModel } from '../model/load.js'
import { unsupported } from '../model/support.js'
import { type CompareOptions, type Comparison, compare, statesOf } from './check-compare.js'
import { MujocoWorld } from './mujoco-world.js'

/** What the parent sends. */
export interface CorpusTask extends CompareOptions {
  readonly file: string
}

/** What became of one model. */
export type Outcome =
  /** compared; `disagreements` are in the comparison */
  | { readonly verdict: 'same' | 'differs'; readonly comparison: Comparison }
  /** our loader refuses it */
  | { readonly verdict: 'refused'; readonly reasons: readonly string[] }
  /** no model for MuJoCo either */
  | { readonly verdict: 'invalid'; readonly code: string; readonly message: string }
  /** supported, and the comparison did not end */
  | { readonly verdict: 'failed'; readonly code: string; readonly message: string }

const failure = (verdict: 'invalid' | 'failed', error: unknown): Outcome => ({
  verdict,
  code: error instanceof SimcrankError ? error.code : 'CRASH',
  message: error instanceof Error ? error.message : String(error),
})

async function outcome({ file, ...options }: CorpusTask): Promise<Outcome> {
  let model: Awaited<ReturnType<typeof loadModel>>
  try {
    model = await loadModel(file, { allowUnsupported: true })
  } catch (error) {
    return failure('invalid', error)
  }
  const reasons = unsupported(model)
  if (reasons.length > 0) return { verdict: 'refused', reasons }
  let opened: MujocoWorld
  try {
    opened = await MujocoWorld.open(model, file)
  } catch (error) {
    return failure('invalid', error)
  }
  try {
    using world = opened
    const comparison = await compare(model, world, file, statesOf(model, world, file, options), options)
    return { verdict: comparison.disagreements.length === 0 ? 'same' : 'differs', comparison }
  } catch (error) {
    return failure('failed', error)
  }
}

// Ctrl-C reaches the whole process group; the parent decides what it means
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit(0))
process.on('message', (task: CorpusTask) => {
  outcome(task).then(found => process.send?.(found))
})
