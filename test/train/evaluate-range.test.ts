import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SimcrankError } from '../../bindings/errors.js'
import { initialTheta, Policy } from '../../bindings/policy/index.js'
import { END } from '../../bindings/program.js'
import { defineTask } from '../../bindings/task/index.js'
import { rollout } from '../../bindings/task/rollout.js'
import { evaluateRange, type RolloutProblem } from '../../bindings/train/evaluate-range.js'
import { LocalEvaluator, type RangeAnswer, type RangeJob } from '../../bindings/train/evaluator.js'
import { mergeRanges } from '../../bindings/train/merge.js'
import { pack } from '../../bindings/train/pack.js'
import { type TrainOptions, train } from '../../bindings/train/run.js'

/** what is to be guessed stands still, plainly seen; guessing wildly is punished by NaN */
const guess = defineTask({
  name: 'guess',
  frameSkip: 0,
  episodeLength: 12,
  define: s => {
    const goal = s.variable('goal', { reset: s.uniform(-1, 1), unit: '' })
    const miss = s.action(0).sub(goal)
    return {
      observation: { goal, last: s.lastAction(0) },
      action: { kind: 'custom', size: 1, command: () => [], clip: [-100, 100], noise: 0.1 },
      reward: { near: miss.square().neg(), sane: s.action(0).abs().neg().add(3).sqrt() },
      terminated: { close: miss.abs().lt(0.01) },
    }
  },
})

/** The jobs that a training run asks for. */
async function jobsOf(options: TrainOptions): Promise<RangeJob[]> {
  const jobs: RangeJob[] = []
  const local = new LocalEvaluator(evaluateRange)
  const evaluator = {
    lost: 0,
    evaluate: (job: RangeJob, signal?: AbortSignal) => {
      jobs.push(structuredClone(job))
      return local.evaluate(job, signal)
    },
    dispose: () => {},
  }
  await train(guess, { evaluator, ...options }).finish()
  return jobs
}

const OPTIONS: TrainOptions = {
  policy: 'mlp:4',
  methodOptions: { popsize: 16, sigma: 0.3 },
  evaluation: { every: 2, episodes: 6 },
  rangeSize: 4,
  episodes: 3,
  generations: 3,
  seed: 8,
}
const jobs = await jobsOf(OPTIONS)
const answers: RangeAnswer[] = []
for (const job of jobs) answers.push(await evaluateRange(job))

test('a pure function of plain data: in any order, again and again, as it comes out of a message', async () => {
  // 4 ranges in each of 3 generations, and 2 of the evaluations after 2 and at the end
  assert.is(jobs.length, 3 * 4 + 2 * 2)
  for (const i of [...jobs.keys(), ...jobs.keys()].reverse()) {
    const answer = await evaluateRange(structuredClone(jobs[i]))
    assert.equal(pack(structuredClone(answer)), pack(answers[i]), `job ${i}`)
  }
})

test('runs take turns in one thread', async () => {
  const others = await Promise.all([1, 2, 3].map(seed => jobsOf({ ...OPTIONS, seed, generations: 1 })))
  const first = await Promise.all(others.map(([job]) => evaluateRange(job)))
  for (let round = 0; round < 3; round++)
    for (const [i, [job]] of others.entries()) assert.equal(pack(await evaluateRange(job)), pack(first[i]))
  assert.not.equal(first[0].returns, first[1].returns)
  assert.equal(pack(await evaluateRange(jobs[0])), pack(answers[0]))
})

test('a member is the same whatever range it is in; sums add up to those of the whole', async () => {
  const job = jobs[0]
  const whole = await evaluateRange({ ...job, begin: 0, end: 16 })
  const parts: RangeAnswer[] = []
  for (const [begin, end] of [
    [0, 1],
    [1, 6],
    [6, 16],
  ])
    parts.push(await evaluateRange({ ...job, begin, end }))
  const merged = mergeRanges(16, 2, parts)
  for (const name of ['returns', 'steps', 'ends', 'badTerms'] as const) assert.equal(merged[name], whole[name], name)
  assert.is(merged.obs?.count, whole.obs?.count)
  for (const name of ['sum', 'sumsq'] as const)
    for (let j = 0; j < 2; j++) {
      const [a, b] = [merged.obs?.[name][j] as number, whole.obs?.[name][j] as number]
      assert.ok(Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b)), `${name} ${a} ${b}`)
    }
})

test('members of a pair meet the same episodes, or the population, or nobody', async () => {
  // sigma 0: members differ by what they meet alone
  const population = { ...jobs[0].population, sigma: 0 }
  const problem = { ...(jobs[0].run.problem as RolloutProblem), actionNoise: 0 }
  const returnsOf = async (common: 'pair' | 'population' | 'none', generation = 1): Promise<number[]> => {
    const run = { ...jobs[0].run, id: `common ${common}`, common, problem }
    return Array.from((await evaluateRange({ ...jobs[0], run, population, generation, begin: 0, end: 16 })).returns)
  }
  assert.is(new Set(await returnsOf('population')).size, 1)
  assert.is(new Set(await returnsOf('none')).size, 16)
  const pairs = await returnsOf('pair')
  assert.is(new Set(pairs).size, 8)
  for (let i = 0; i < 16; i += 2) assert.is(pairs[i], pairs[i + 1])
  // the first pair is the first group however it is formed, and another generation meets others
  assert.is(pairs[0], (await returnsOf('population'))[0])
  assert.not.equal(await returnsOf('pair', 2), pairs)
})

test('an evaluation is the same in every generation, without noise on actions: the episodes of rollout', async () => {
  const [second, third] = jobs.filter(job => job.purpose === 'evaluate' && job.begin === 0)
  assert.is(second.generation, 3)
  const frozen = { population: second.population, normalizer: second.normalizer }
  const a = await evaluateRange({ ...second, ...frozen, begin: 0, end: 6 })
  assert.equal(pack(await evaluateRange({ ...third, ...frozen, begin: 0, end: 6 })), pack(a))
  assert.is(a.obs, undefined)
  const { network } = second.run.problem as RolloutProblem
  const policy = new Policy({ network, theta: initialTheta(network, 1) })
  const zero = { popsize: 6, perturb: 0, theta: policy.theta, sigma: 0, seed: 0, generation: 0 }
  const b = await evaluateRange({ ...second, population: zero, normalizer: undefined, begin: 0, end: 6 })
  const { returns, lengths } = await rollout(guess, policy, { episodes: 6, seed: 8 })
  assert.equal(b.returns, returns)
  assert.equal(Array.from(b.steps), Array.from(lengths))
})

test('a member whose reward is NaN says which term, and its observations do not count', async () => {
  const linear = (await jobsOf({ ...OPTIONS, policy: 'linear:bias', generations: 1 }))[0]
  const n = (linear.run.problem as RolloutProblem).network.nparam
  // all guess 0, and member 5 guesses 50: its bias is the last of its parameters
  const rows = new Float32Array(16 * n)
  rows[6 * n - 1] = 50
  const bad = await evaluateRange({
    ...linear,
    population: { ...linear.population, perturb: 1, members: rows },
    normalizer: undefined,
    begin: 4,
    end: 8,
  })
  assert.equal(
    Array.from(bad.ends, end => end & END.REWARD),
    [0, END.REWARD, 0, 0],
  )
  assert.equal(Array.from(bad.badTerms), [0, 2, 0, 0])
  assert.is(bad.obs?.count, bad.steps[0] + bad.steps[2] + bad.steps[3])
  assert.ok(bad.obs?.sum.every(Number.isFinite))
})

test('a run of another version of the engine is refused', async () => {
  const problem = { ...(jobs[0].run.problem as RolloutProblem), layout: 'another' }
  try {
    await evaluateRange({ ...jobs[0], run: { ...jobs[0].run, id: 'another', problem } })
    assert.unreachable()
  } catch (error) {
    assert.is((error as SimcrankError).code, 'LAYOUT')
  }
})

test.run()
