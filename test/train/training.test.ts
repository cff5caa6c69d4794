import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SimcrankError, TaskError } from '../../bindings/errors.js'
import { judge } from '../../bindings/train/judge.js'
import { checkLimits, reached, timeLeft } from '../../bindings/train/limits.js'
import type { Progress } from '../../bindings/train/metrics.js'
import { pack } from '../../bindings/train/pack.js'
import { quadratic } from './quadratic.js'

async function errorOf(work: Promise<unknown>): Promise<SimcrankError> {
  try {
    await work
  } catch (error) {
    if (error instanceof SimcrankError) return error
    throw error
  }
  throw new Error('expected an error')
}

test('learns, and says what happens', async () => {
  const seen: Progress[] = []
  const outcome = await quadratic({ generations: 100, onProgress: it => seen.push(it) }).finish()
  assert.equal(
    seen.map(it => it.generation),
    Array.from({ length: 100 }, (_, i) => i + 1),
  )
  assert.equal(outcome.history, seen)
  assert.equal(outcome.stopped, { code: 'generations', message: '100 generations of 100' })
  // noise of the episodes alone: 0.1 a piece
  const first = seen[4].evalReturn as number
  assert.ok(first < -0.7, String(first))
  assert.ok((outcome.best.evalReturn as number) > -0.15, String(outcome.best.evalReturn))
  for (const it of seen) {
    assert.is(it.evalReturn !== undefined, it.generation % 5 === 0)
    assert.ok(it.meanReturn <= it.bestReturn && it.stdReturn > 0)
    assert.is(it.steps, it.generation * 24 * 2 * 11)
    assert.is(it.sigma, 0.1)
    assert.ok(it.seconds > 0 && it.stepsPerSecond > 0 && (it.timeLeft as number) >= 0)
  }
  assert.is(seen.at(-1)?.timeLeft, 0)
  assert.equal(outcome.warnings, [])
})

test('every kind of strategy goes through the same loop', async () => {
  for (const method of ['openai-es', 'cma-es', 'pgpe', 'snes', 'ars'] as const) {
    const { history } = await quadratic({ generations: 60, method }).finish()
    const evals = history.flatMap(it => it.evalReturn ?? [])
    assert.ok(evals[evals.length - 1] > evals[0], `${method}: ${evals}`)
  }
})

test('rewards change their sign here: the best return is the least fitness, what failed is NaN', () => {
  const merged = {
    returns: Float64Array.of(3, -1, Number.NaN, 7, 5),
    steps: new Float64Array(5),
    ends: Int32Array.of(2, 1, 2, 8, 2),
    badTerms: Int32Array.of(0, 0, 0b101, 0, 0),
  }
  const it = judge(merged, ['a', 'b', 'c'], 4)
  assert.equal(Array.from(it.fitness), [-3, 1, Number.NaN, Number.NaN, -5])
  assert.is(it.bestReturn, 5)
  assert.is(it.meanReturn, 7 / 3)
  assert.ok(Math.abs(it.stdReturn - Math.sqrt(56 / 9)) < 1e-15, String(it.stdReturn))
  assert.is(it.failed, 2)
  assert.equal(
    [...it.failedTerms],
    [
      ['a', 1],
      ['c', 1],
    ],
  )
})

test('a member whose reward is NaN ranks worst, is counted, and the term is named', async () => {
  const words: string[] = []
  const trouble = [
    { generation: 2, member: 7, kind: 'nan' },
    { generation: 4, member: 3, kind: 'nan' },
    { generation: 5, member: 3, kind: 'diverge' },
  ] as const
  const outcome = await quadratic({ generations: 12, trouble, onWarning: it => words.push(it) }).finish()
  assert.equal(
    outcome.history.map(it => it.failed),
    [0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  )
  assert.equal(outcome.history[1].failedTerms, ['noise'])
  assert.equal(outcome.history[4].failedTerms, [])
  assert.ok(Number.isFinite(outcome.history[1].meanReturn))
  // once a term, once for worlds that diverge
  assert.equal(words, [
    "generation 2: reward term 'noise' was not finite in a member: it ranks worst (1 of 24)",
    'generation 5: the world of a member diverged, or an observation was not finite: it ranks worst (1 of 24)',
  ])
  assert.equal(outcome.warnings, [
    "3 members failed over the run and ranked worst; reward term 'noise' was not finite in 2",
  ])
  assert.is(outcome.state.failed, 3)
})

test('an evaluation with an episode that failed counts for nothing: neither best nor target', async () => {
  const words: string[] = []
  const whole = await quadratic({ generations: 20 }).finish()
  const evals = whole.history.flatMap(it => it.evalReturn ?? [])
  const trouble = [{ generation: 20, member: 2, kind: 'bad-evaluation' }] as const
  // the last evaluation is the best, and it is the broken one
  assert.is(Math.max(...evals), evals[3])
  const outcome = await quadratic({
    generations: 20,
    target: evals[3],
    trouble,
    onWarning: it => words.push(it),
  }).finish()
  const [last] = outcome.history.slice(-1)
  assert.is(last.evalFailed, 1)
  assert.ok(Number.isNaN(last.evalReturn))
  assert.is(last.bestEval, Math.max(...evals.slice(0, 3)))
  assert.is(outcome.stopped.code, 'generations')
  assert.is(outcome.best.generation, 15)
  assert.equal(words, ['generation 20: 1 of 6 evaluation episodes failed: it counts for nothing'])
  assert.match(outcome.warnings.join(), /1 evaluations had episodes that failed/)
  const only = await quadratic({ generations: 5, trouble: [{ ...trouble[0], generation: 5 }] }).finish()
  assert.is(only.state.best, undefined)
  assert.ok(Number.isNaN(only.best.evalReturn))
  assert.match(only.warnings.join(), /no evaluation was sound/)
})

test('all members fail: a typed error that names the term, and the same from then on', async () => {
  const training = quadratic({ generations: 5, trouble: [{ generation: 3, member: 0, kind: 'all-nan' }] })
  const error = await errorOf(training.finish())
  assert.instance(error, TaskError)
  assert.is(error.code, 'TASK_FAILED')
  assert.is(error.place, 'reward.noise')
  assert.match(
    error.message,
    /all 24 members of generation 3 failed: reward terms that were not finite: 'noise' \(24 of 24\)/,
  )
  assert.is(await errorOf(training.next()), error)
  assert.is(await errorOf(training.stop()), error)
})

test('limits: steps, seconds, a target; the first that is reached', async () => {
  const perGeneration = 24 * 2 * 11
  const steps = await quadratic({ steps: 3 * perGeneration + 1 }).finish()
  assert.is(steps.stopped.code, 'steps')
  assert.is(steps.history.length, 4)
  const seconds = await quadratic({ seconds: 0.2, generations: 1e9 }).finish()
  assert.is(seconds.stopped.code, 'seconds')
  assert.ok(seconds.state.seconds >= 0.2 && seconds.state.seconds < 2)
  const target = await quadratic({ target: -0.6, generations: 1000 }).finish()
  assert.is(target.stopped.code, 'target')
  assert.ok((target.best.evalReturn as number) >= -0.6)
  assert.is(target.history.length % 5, 0)
  assert.ok(target.history.slice(0, -1).every(it => (it.evalReturn ?? -1) < -0.6))
})

test('limits that are none are refused; time left is that of the nearest', () => {
  for (const limits of [{ generations: 0 }, { steps: -1 }, { seconds: Number.NaN }, { target: Number.NaN }])
    assert.throws(
      () => checkLimits(limits),
      (error: unknown) => error instanceof TaskError && error.code === 'LIMIT',
    )
  checkLimits({ generations: 1, target: -5 })
  const at = { generation: 10, steps: 1000, seconds: 5 }
  const pace = { seconds: 0.5, steps: 100 }
  assert.is(reached({ target: 3 }, { ...at, bestEval: 2.9 }), undefined)
  assert.is(reached({ target: 3, generations: 10 }, { ...at, bestEval: 3 })?.code, 'target')
  assert.is(timeLeft({ generations: 20 }, at, pace), 5)
  assert.is(timeLeft({ generations: 20, steps: 1200 }, at, pace), 1)
  assert.is(timeLeft({ seconds: 5.25, generations: 20 }, at, pace), 0.25)
  assert.is(timeLeft({ target: 3 }, at, pace), undefined)
})

test('an iteration that is left ends the run in good order; more may be asked of it, nothing happens', async () => {
  const checkpoints: number[] = []
  const training = quadratic({
    generations: 100,
    keep: { onCheckpoint: (_, generation) => void checkpoints.push(generation), checkpointEvery: 4 },
  })
  for await (const { generation } of training) if (generation === 6) break
  const { stopped, state, last, best } = await training.finish()
  assert.is(stopped.code, 'aborted')
  assert.is(state.generation, 6)
  assert.equal(checkpoints, [4, 6])
  assert.is(best.generation, 5)
  assert.is(last.generation, 6)
  assert.is(await training.next(), undefined)
  for await (const _ of training) assert.unreachable()
})

test('a look at a run changes nothing: what it shows is the last generation', async () => {
  const plain = await quadratic({ generations: 12 }).finish()
  const run = quadratic({ generations: 12 })
  const before = await run.peek()
  assert.is(before.state.generation, 0)
  assert.equal(before.stopped.code, 'running')
  for await (const { generation, evalReturn } of run) {
    const { last, best, history, state } = await run.peek()
    assert.is(state.generation, generation)
    assert.is(last.generation, generation)
    assert.is(last.evalReturn, evalReturn)
    assert.is(best.generation, generation < 5 ? generation : generation < 10 ? 5 : 10)
    assert.is(history.length, generation)
  }
  const after = await run.finish()
  assert.equal(after.state.strategy, plain.state.strategy)
  assert.equal(await run.peek(), after)
})

test('a signal in the middle of a generation: what is kept is that of the generation before', async () => {
  const controller = new AbortController()
  const kept: { bytes: Uint8Array; generation: number }[] = []
  const training = quadratic({
    generations: 100,
    trouble: [{ generation: 8, member: 12, kind: 'slow' }],
    signal: controller.signal,
    keep: { onCheckpoint: (bytes, generation) => void kept.push({ bytes, generation }), checkpointEvery: 1000 },
    onProgress: ({ generation }) => void (generation === 7 && setTimeout(() => controller.abort(), 100)),
  })
  const { stopped, state } = await training.finish()
  assert.is(stopped.code, 'aborted')
  assert.is(state.generation, 7)
  assert.equal(
    kept.map(it => it.generation),
    [7],
  )
  // and from there on the run is what it would have been
  const whole = await quadratic({ generations: 20 }).finish()
  const resumed = await quadratic({ generations: 20, keep: { checkpoint: kept[0].bytes } }).finish()
  assert.equal(pack(resumed.state.strategy), pack(whole.state.strategy))
  assert.equal(pack({ ...resumed.best }), pack({ ...whole.best }))
  assert.equal(
    resumed.history.map(it => it.meanReturn),
    whole.history.slice(7).map(it => it.meanReturn),
  )
  const before = new AbortController()
  before.abort()
  const none = await quadratic({ generations: 5, signal: before.signal }).finish()
  assert.is(none.state.generation, 0)
  assert.is(none.stopped.code, 'aborted')
})

test('the evaluation at the end is no part of the state', async () => {
  const seven = await quadratic({ generations: 7 }).finish()
  assert.is(seven.state.best?.generation, 5)
  assert.is(seven.last.generation, 7)
  assert.type(seven.last.evalReturn, 'number')
  assert.is(seven.best.generation, 7)
  assert.is(seven.history.at(-1)?.evalReturn, undefined)
})

test.run()
