import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BackendError, SimcrankError, TaskError } from '../../bindings/errors.js'
import { materialise } from '../../bindings/es/strategy.js'
import { PERTURB } from '../../bindings/program.js'
import type { Evaluator, RangeAnswer } from '../../bindings/train/evaluator.js'
import { LocalEvaluator, partition } from '../../bindings/train/evaluator.js'
import { mergeRanges } from '../../bindings/train/merge.js'
import { pack } from '../../bindings/train/pack.js'
import { PoolEvaluator } from '../../bindings/train/pool.js'
import type { Question } from '../../bindings/train/serve.js'
import { type StartWorker, startWorker } from '../../bindings/train/start-worker.js'
import { Folder } from './folder.js'
import { evaluateRange, MODULE, NOBS, type QuadraticOptions, quadratic, quadraticParts } from './quadratic.js'

const GENERATIONS = 12

/** Everything a run leaves, as hexadecimal text, but for the clock. */
async function bits(options: QuadraticOptions): Promise<{ text: string; lost: number }> {
  const { state, history, best, lost } = await quadratic({ generations: GENERATIONS, ...options }).finish()
  const lines = history.map(({ seconds: _, stepsPerSecond: __, ...rest }) => ({ ...rest, timeLeft: 0, lost: 0 }))
  const text = Buffer.from(pack({ state: { ...state, seconds: 0 }, lines, best })).toString('hex')
  return { text, lost }
}

const pool = (workers: number): Evaluator => new PoolEvaluator({ workers, module: MODULE })

const reference = (await bits({})).text

async function errorOf(work: Promise<unknown>): Promise<SimcrankError> {
  try {
    await work
  } catch (error) {
    if (error instanceof SimcrankError) return error
    throw error
  }
  throw new Error('expected an error')
}

test('the same bits from this thread and from 1, 2 and 3 workers', async () => {
  for (const workers of [1, 2, 3]) {
    const { text, lost } = await bits({ evaluator: pool(workers) })
    assert.is(text, reference, `${workers} workers`)
    assert.is(lost, 0)
  }
})

test('the partition decides how sums are rounded, and nothing else does', async () => {
  assert.not.equal((await bits({ rangeSize: 6 })).text, reference)
  assert.equal(partition(10, 4), [
    { begin: 0, end: 4 },
    { begin: 4, end: 8 },
    { begin: 8, end: 10 },
  ])
})

test('many ranges at once: nothing that Node warns of', async () => {
  const warnings: Error[] = []
  const hear = (warning: Error): void => void warnings.push(warning)
  process.on('warning', hear)
  // 12 ranges: more than the listeners that one signal may have
  await bits({ evaluator: pool(2), rangeSize: 2 })
  await new Promise(resolve => setTimeout(resolve, 10))
  process.off('warning', hear)
  assert.equal(warnings, [])
})

test('a worker that ends in the middle of a generation: its range is done by another, the bits are the same', async () => {
  for (const workers of [1, 2, 3]) {
    using folder = new Folder()
    const file = folder.at('died')
    const trouble = [{ generation: 5, member: 13, kind: 'exit-once', file }] as const
    // what a run is about is part of its state's bits nowhere: only its ids differ
    const { text, lost } = await bits({ evaluator: pool(workers), trouble })
    assert.ok(existsSync(file), 'no worker met the trouble')
    assert.is(lost, 1, `${workers} workers`)
    assert.is(text, reference, `${workers} workers`)
  }
})

test('a worker terminated from outside while it computes: the same', async () => {
  const evaluator = new PoolEvaluator({ workers: 2, module: MODULE })
  const trouble = [{ generation: 6, member: 2, kind: 'slow' }] as const
  let terminated = 0
  const training = quadratic({
    generations: GENERATIONS,
    evaluator,
    trouble,
    onProgress: ({ generation }) => {
      if (generation !== 5) return
      // by then range 0 … 3 of generation 6 is in the hands of the first worker to ask, and sleeps there
      setTimeout(() => {
        for (const worker of evaluator.workers.slice(0, 1)) {
          worker?.terminate()
          terminated++
        }
      }, 100)
    },
  })
  const { state, lost } = await training.finish()
  const undisturbed = await quadratic({ generations: GENERATIONS }).finish()
  assert.is(terminated, 1)
  assert.is(lost, 1)
  assert.equal(pack(state.strategy), pack(undisturbed.state.strategy))
  assert.equal(pack({ ...state.normalizer }), pack({ ...undisturbed.state.normalizer }))
  assert.is(state.steps, undisturbed.state.steps)
})

test('a range that ends every worker: a typed error that names it, after three', async () => {
  const trouble = [{ generation: 2, member: 9, kind: 'exit' }] as const
  const evaluator = pool(2)
  const error = await errorOf(quadratic({ generations: 4, evaluator, trouble }).finish())
  assert.instance(error, BackendError)
  assert.is(error.code, 'WORKER_LOST')
  assert.match(error.message, /^members 8 to 11 ended 3 worker threads .*ended with code 7$/)
  assert.is(evaluator.lost, 3)
})

test('an error that the evaluation throws arrives as itself, at once', async () => {
  const evaluator = pool(2)
  const trouble = [{ generation: 2, member: 9, kind: 'throw' }] as const
  const error = await errorOf(quadratic({ generations: 4, evaluator, trouble }).finish())
  assert.instance(error, TaskError)
  assert.is(error.code, 'BROKEN')
  assert.is(error.place, 'reward.near')
  assert.is(error.message, 'reward.near: is not what it seems')
  assert.is(evaluator.lost, 0)

  const crash = [{ generation: 1, member: 0, kind: 'crash' }] as const
  const unknown = await errorOf(quadratic({ generations: 4, evaluator: pool(1), trouble: crash }).finish())
  assert.is(unknown.code, 'RANGE_FAILED')
  assert.match(unknown.message, /TypeError/)
})

test('no more workers than ranges, and none that idles is left out', async () => {
  let started = 0
  const start = startWorker(MODULE)
  const counted: StartWorker = events => {
    started++
    return start(events)
  }
  // a population of 24 in ranges of 12; evaluations are two of 4 and 2
  const evaluator = new PoolEvaluator({ workers: 100, start: counted })
  const { text, lost } = await bits({ evaluator, rangeSize: 12 })
  assert.is(started, 2)
  assert.is(lost, 0)
  assert.is(text, (await bits({ rangeSize: 12 })).text)
})

test('a range of rows is sent its own rows alone', async () => {
  const sent: Question[] = []
  const start: StartWorker = ({ reply }) => {
    queueMicrotask(() => reply({ ready: true }))
    return {
      send: question => {
        sent.push(question)
        queueMicrotask(() => reply({ ticket: question.ticket, answer: 'an answer' as unknown as RangeAnswer }))
      },
      hold: () => {},
      terminate: () => {},
    }
  }
  const { run } = quadraticParts({})
  const members = Float32Array.from({ length: 6 * 2 }, (_, i) => i)
  const head = { popsize: 6, perturb: PERTURB.ROWS, theta: new Float32Array(2), sigma: 0, seed: 0, generation: 0 }
  const population = { ...head, members }
  const evaluator = new PoolEvaluator({ workers: 1, start })
  for (const [begin, end] of [
    [0, 4],
    [4, 6],
  ])
    await evaluator.evaluate({ run, generation: 1, purpose: 'train', population, begin, end })
  evaluator.dispose()
  assert.is(sent[0].population?.members, undefined)
  assert.is(sent[1].population, undefined)
  assert.equal(sent[1].members, Float32Array.of(8, 9, 10, 11))
  assert.is(sent[1].members?.buffer.byteLength, 16)
  // and they are the same members
  const part = { ...population, members: sent[1].members, firstRow: 4 }
  for (const m of [4, 5]) assert.equal(materialise(part, m), materialise(population, m))
  assert.throws(() => materialise(part, 3), /members: got 2 rows from member 4 on, expected those of 3 to 3/)
})

test('workers that do not start: a typed error', async () => {
  for (const module of [
    new URL('./no-such-module.ts', import.meta.url),
    'data:text/javascript,throw new Error("no")',
  ]) {
    const evaluator = new PoolEvaluator({ workers: 2, module })
    const error = await errorOf(quadratic({ generations: 1, evaluator }).finish())
    assert.is(error.code, 'WORKER_START')
  }
  assert.throws(() => pool(0), /workers: got 0/)
})

test('a signal: what runs is dropped, the pool goes on with the next range', async () => {
  const evaluator = pool(1)
  const { run, strategy } = quadraticParts({ trouble: [{ generation: 1, member: 0, kind: 'slow' }] })
  const job = { run, generation: 1, purpose: 'train', population: strategy.ask(), begin: 0, end: 4 } as const
  const controller = new AbortController()
  const reason = new Error('enough')
  const both = [
    evaluator.evaluate(job, controller.signal),
    evaluator.evaluate({ ...job, begin: 4, end: 8 }, controller.signal),
  ]
  const settled = Promise.allSettled(both)
  setTimeout(() => controller.abort(reason), 50)
  for (const it of await settled) assert.is(it.status === 'rejected' && it.reason, reason)
  const answer = await evaluator.evaluate({ ...job, begin: 8, end: 12 })
  assert.equal(answer, await new LocalEvaluator(evaluateRange).evaluate({ ...job, begin: 8, end: 12 }))
  assert.is(evaluator.lost, 0)
  const last = evaluator.evaluate(job)
  const disposed = errorOf(last)
  evaluator.dispose()
  assert.is((await disposed).code, 'DISPOSED')
  assert.is((await errorOf(evaluator.evaluate(job))).code, 'DISPOSED')
})

/** Answers for 12 members in three ranges. */
function answers(): RangeAnswer[] {
  return partition(12, 5).map(({ begin, end }) => {
    const numbers = Float64Array.from({ length: end - begin }, (_, i) => begin + i)
    return {
      begin,
      end,
      returns: numbers,
      steps: numbers,
      ends: Int32Array.from(numbers),
      badTerms: new Int32Array(end - begin),
      obs: { count: end - begin, sum: Float64Array.of(0.1, 1, begin), sumsq: Float64Array.of(1, 1, 1) },
    }
  })
}

test('merging: order of arrival does not show, sums are added from the first range on', () => {
  const [a, b, c] = answers()
  const merged = mergeRanges(12, NOBS, [a, b, c])
  assert.equal(Array.from(merged.returns), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  assert.is(merged.obs?.count, 12)
  assert.is(merged.obs?.sum[0], 0.1 + 0.1 + 0.1)
  assert.equal(mergeRanges(12, NOBS, [c, a, b]), merged)
})

test('merging refuses what is not every member once', () => {
  const [a, b, c] = answers()
  const code = (list: RangeAnswer[]): string => {
    try {
      mergeRanges(12, NOBS, list)
    } catch (error) {
      return (error as BackendError).code
    }
    return 'merged'
  }
  assert.is(code([a, b]), 'RANGE_MISSING')
  assert.is(code([b, c]), 'RANGE_MISSING')
  assert.is(code([a, c]), 'RANGE_MISSING')
  assert.is(code([]), 'RANGE_MISSING')
  assert.is(code([a, a, b, c]), 'RANGE_TWICE')
  assert.is(code([a, b, { ...c, begin: 9, returns: new Float64Array(3) }]), 'RANGE_TWICE')
  assert.is(code([a, b, { ...c, end: 13 }]), 'RANGE_SHAPE')
  assert.is(code([a, b, { ...c, steps: new Float64Array(1) }]), 'RANGE_SHAPE')
  assert.is(
    code([a, b, { ...c, obs: { count: 1, sum: new Float64Array(2), sumsq: new Float64Array(3) } }]),
    'RANGE_SHAPE',
  )
})

test.run()
