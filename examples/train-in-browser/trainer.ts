/** The worker that trains. The page stays free for people; this one waits for the workers that evaluate. */
import { loadModel } from 'simcrank'
import { cartpoleSwingup, rollout, savePolicy } from 'simcrank/tasks'
import {
  evaluateRange,
  fromWeb,
  LocalEvaluator,
  PoolEvaluator,
  recommended,
  type Training,
  type TrainResult,
  train,
} from 'simcrank/train'
import type { News, Order } from './messages.js'

const task = cartpoleSwingup
// compiled when the page was built: the compiler stays at home
const model = await loadModel(new URL('cartpole.simcrank', import.meta.url))

const tell = (news: News): void => postMessage(news)
const stop = new AbortController()
let run: Training<TrainResult> | undefined
let episodes = 0

/** Workers of the page's own, so that any bundler sees them. They need no shared memory, and so no isolated page. */
const pool = (workers: number): PoolEvaluator =>
  new PoolEvaluator({
    workers,
    start: events => fromWeb(new Worker(new URL('./evaluator.js', import.meta.url), { type: 'module' }), events),
  })

async function learn({ seed, workers }: Extract<Order, { kind: 'train' }>): Promise<void> {
  run = train(task, {
    ...recommended('cartpole-swingup'),
    model,
    seed,
    evaluator: workers > 0 ? pool(workers) : new LocalEvaluator(evaluateRange),
    signal: stop.signal,
    reference: 'cartpole-swingup',
  })
  for await (const { generation, steps, stepsPerSecond, evalReturn } of run)
    tell({ kind: 'generation', generation, steps, stepsPerSecond, evalReturn })
  const { policy, best, stopped } = await run.finish()
  const { generation, evalReturn = Number.NaN } = best
  const how = stopped.code === 'target' ? 'solved' : 'stopped'
  const words = `${how}: the best policy is that of generation ${generation}, return ${evalReturn.toFixed(0)}`
  tell({ kind: 'done', words, policy: savePolicy(policy) })
}

/** One episode of the policy as it is, each from another start. */
async function show(): Promise<void> {
  if (run === undefined) return
  const { lastPolicy, state } = await run.peek()
  const {
    returns,
    record,
    task: compiled,
  } = await rollout(task, lastPolicy, {
    model,
    episodes: 1,
    seed: ++episodes,
    record: ['qpos'],
  })
  tell({ kind: 'episode', generation: state.generation, return: returns[0], dt: compiled.dt, qpos: record.qpos })
}

const failed = (error: unknown): void => tell({ kind: 'failed', words: String(error) })
addEventListener('message', ({ data }: MessageEvent<Order>) => {
  if (data.kind === 'train') learn(data).catch(failed)
  if (data.kind === 'show') show().catch(failed)
  if (data.kind === 'stop') stop.abort()
})
tell({ kind: 'ready', solved: task.solved ?? 0 })
