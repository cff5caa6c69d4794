import { rmSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CheckpointError, ParameterError, SimcrankError, TaskError } from '../../bindings/errors.js'
import { METHODS } from '../../bindings/es/method.js'
import { ParameterDistribution } from '../../bindings/model/distribution.js'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { linear, makeNetwork, Policy } from '../../bindings/policy/index.js'
import { evaluate } from '../../bindings/task/evaluate.js'
import { defineTask } from '../../bindings/task/index.js'
import { rollout } from '../../bindings/task/rollout.js'
import { pack } from '../../bindings/train/pack.js'
import { resume, type TrainOptions, type TrainResult, train } from '../../bindings/train/run.js'
import { bitsOf, Folder, metricsOf } from './folder.js'

/** a cart on a rail with a pole; small enough that a generation takes milliseconds */
const CART = `<mujoco model="cart">
  <option timestep="0.01" integrator="implicitfast"><flag contact="disable"/></option>
  <worldbody>
    <body name="cart">
      <joint name="slide" type="slide" axis="1 0 0" damping="0.5"/>
      <geom type="box" size=".1 .05 .05" mass="1"/>
      <body name="pole">
        <joint name="hinge" axis="0 1 0" damping="0.01"/>
        <geom type="capsule" fromto="0 0 0 0 0 .6" size=".02" mass=".2"/>
      </body>
    </body>
  </worldbody>
  <actuator><motor joint="slide" gear="10" ctrlrange="-1 1"/></actuator>
</mujoco>`

const cart = await loadModel(CART)

const balance = defineTask({
  name: 'balance',
  model: cart,
  frameSkip: 2,
  episodeLength: 100,
  solved: 95,
  define: s => ({
    observation: { qpos: s.qpos, qvel: s.qvel },
    action: { kind: 'torque', noise: 0.05 },
    reward: { upright: s.jointPos('hinge').cos(), effort: s.actions.squared().mul(-0.01) },
    terminated: { fell: s.jointPos('hinge').abs().gt(1), far: s.jointPos('slide').abs().gt(1) },
    reset: { qpos: s.initial.qpos.map(q => q.add(s.uniform(-0.2, 0.2))) },
  }),
})

/** without physics: the action is to be what is seen */
const echo = defineTask({
  name: 'echo',
  frameSkip: 0,
  episodeLength: 20,
  define: s => {
    const goal = s.variable('goal', { reset: s.uniform(-1, 1), every: 0.05, unit: '' })
    return {
      observation: { goal },
      action: { kind: 'custom', size: 1, command: () => [] },
      reward: { near: s.action(0).sub(goal).square().neg() },
    }
  },
})

const OPTIONS: TrainOptions = {
  policy: 'mlp:8',
  methodOptions: { popsize: 20, sigma: 0.1 },
  evaluation: { every: 4, episodes: 8 },
  generations: 9,
  seed: 5,
  workers: 0,
}

/** What a run leaves, but for the clock. */
function bits({ state, history, policy, lastPolicy }: TrainResult): Uint8Array {
  const lines = history.map(it => ({ ...it, seconds: 0, stepsPerSecond: 0, timeLeft: 0, lost: 0 }))
  return pack({ state: { ...state, seconds: 0 }, lines, theta: policy.theta, last: lastPolicy.theta })
}

async function errorOf(work: () => Promise<unknown>): Promise<SimcrankError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof SimcrankError) return error
    throw error
  }
  throw new Error('expected an error')
}

const reference = await train(balance, OPTIONS).finish()

test('the same bits in this thread and in 1, 2 and 3 workers', async () => {
  for (const workers of [1, 2, 3]) {
    const result = await train(balance, { ...OPTIONS, workers }).finish()
    assert.equal(bits(result), bits(reference), `${workers} workers`)
  }
})

test('the result is a policy with names, units and what became of it', () => {
  const { policy, lastPolicy, stopped, best, config } = reference
  assert.instance(policy, Policy)
  assert.is(stopped.code, 'generations')
  assert.equal(policy.observation, ['qpos[0]', 'qpos[1]', 'qvel[0]', 'qvel[1]'])
  assert.is(policy.meta.task, 'balance')
  assert.is(policy.meta.controlPeriod, 0.02)
  assert.is(policy.meta.notes?.generation, best.generation)
  assert.is(lastPolicy.normalizer.count, reference.state.steps)
  assert.equal(config.task.name, 'balance')
  assert.equal(config.settings.method, 'openai-es')
  assert.equal(config.settings.normalizer, 'floor')
  assert.equal(config.limits, { generations: 9 })
  // JSON holds it
  assert.equal(JSON.parse(JSON.stringify(config)), config)
})

test('evaluations are those of rollout: the same episodes, without noise', async () => {
  const result = await rollout(balance, reference.lastPolicy, { episodes: 8, seed: 5 })
  let mean = 0
  for (const value of result.returns) mean += value / 8
  assert.ok(Math.abs((reference.last.evalReturn as number) - mean) < 1e-12 * Math.abs(mean))
  const noisy = await rollout(balance, reference.lastPolicy, { episodes: 8, seed: 5, actionNoise: true })
  assert.not.equal(noisy.returns, result.returns)
})

test('every method trains, and balances better than it began', async () => {
  for (const method of METHODS) {
    const options = { ...OPTIONS, method, policy: 'linear', generations: 24, episodes: 2 }
    const { history, best } = await train(balance, options).finish()
    const first = history[0].meanReturn
    assert.ok((best.evalReturn as number) > first + 10, `${method}: ${first} to ${best.evalReturn}`)
  }
})

test('a task without physics', async () => {
  const options: TrainOptions = {
    ...OPTIONS,
    policy: 'linear:bias',
    generations: 60,
    methodOptions: { popsize: 20, sigma: 0.05 },
  }
  const { history, best } = await train(echo, options).finish()
  assert.ok(history[0].meanReturn < -4, String(history[0].meanReturn))
  assert.ok((best.evalReturn as number) > -2, String(best.evalReturn))
})

test('low rank, orthogonal directions and recurrent policies go through workers with the same bits', async () => {
  for (const options of [
    { policy: 'gru:4', methodOptions: { popsize: 12, rank: 1 } },
    { policy: 'linear', methodOptions: { popsize: 8, estimator: 'orthogonal' } },
    { policy: 'lstm:3', method: 'pgpe', methodOptions: { popsize: 12 } },
    { policy: 'linear', method: 'cma-es', methodOptions: { popsize: 9 } },
  ] as const) {
    const all: TrainOptions = { ...OPTIONS, ...options, generations: 4 }
    const [a, b] = [await train(balance, all).finish(), await train(balance, { ...all, workers: 2 }).finish()]
    assert.equal(bits(a), bits(b), options.policy)
  }
})

const RANDOMIZE = {
  space: { parameters: [{ path: 'body/pole/mass', min: 0.05, max: 0.6, transform: 'log' as const }] },
}

test('randomised physics: a draw for each episode, shared by a pair, evaluated on the same draws as rollout', async () => {
  const options: TrainOptions = { ...OPTIONS, randomize: RANDOMIZE, generations: 5 }
  const result = await train(balance, options).finish()
  assert.not.equal(result.history[0].meanReturn, reference.history[0].meanReturn)
  const pooled = await train(balance, { ...options, workers: 2, rangeSize: 8 }).finish()
  assert.equal(bits(pooled), bits(result))
  const distribution = ParameterDistribution.uniform(ParameterSpace.from(cart, RANDOMIZE.space))
  const { returns } = await rollout(balance, result.lastPolicy, { episodes: 8, seed: 5, distribution })
  const mean = returns.reduce((a, b) => a + b, 0) / 8
  assert.ok(Math.abs((result.last.evalReturn as number) - mean) < 1e-12 * Math.abs(mean))
  const wrong = { space: { parameters: [{ path: 'body/pool/mass', min: 0, max: 1 }] } }
  assert.instance(await errorOf(() => train(balance, { ...options, randomize: wrong }).finish()), ParameterError)
})

test('a reward that is NaN in some worlds names its term', async () => {
  const sometimes = defineTask({
    ...balance.options,
    define: s => {
      const terms = balance.options.define(s)
      return { ...terms, reward: { ...terms.reward, root: s.jointPos('slide').unitless().add(0.15).sqrt() } }
    },
  })
  const words: string[] = []
  const { history } = await train(sometimes, { ...OPTIONS, generations: 3, onWarning: it => words.push(it) }).finish()
  assert.ok(history[0].failed > 0 && history[0].failed < 20, String(history[0].failed))
  assert.equal(history[0].failedTerms, ['root'])
  assert.match(words[0], /^generation 1: reward term 'root' was not finite in a member: it ranks worst/)
  assert.ok(Number.isFinite(history[2].meanReturn))

  const always = defineTask({
    ...balance.options,
    define: s => ({ ...balance.options.define(s), reward: { root: s.action(0).mul(0).sub(1).sqrt() } }),
  })
  const error = await errorOf(() => train(always, OPTIONS).finish())
  assert.is(error.code, 'TASK_FAILED')
  assert.is(error.place, 'reward.root')
})

test('a policy whose world diverges has solved nothing, and is none to keep', async () => {
  // every step costs: a world that breaks at once looks best
  const costly = defineTask({
    name: 'costly',
    model: CART.replace('ctrlrange="-1 1"', '').replace('gear="10"', 'gear="1e6"'),
    frameSkip: 2,
    episodeLength: 50,
    solved: -10,
    define: s => ({
      observation: { x: s.jointPos('slide'), v: s.jointVel('slide') },
      action: { kind: 'torque', scale: 1, clip: false },
      reward: { time: s.jointPos('slide').unitless().mul(0).sub(1) },
      reset: { qpos: { slide: s.uniform(-1, 1) } },
    }),
  })
  const network = makeNetwork(linear(), 2, 1)
  const wild = new Policy({ network, theta: [1e20, 1e20] })
  const judged = await evaluate(wild, costly, { episodes: 8 })
  assert.is(judged.diverged, 1)
  assert.ok(judged.returns.mean > -10, String(judged.returns.mean))
  assert.is(judged.solved, false)
  const run = train(costly, {
    policy: 'linear',
    normalizer: 'none',
    workers: 0,
    start: wild,
    methodOptions: { popsize: 4, sigma: 1e20 },
    evaluation: { every: 1, episodes: 8 },
    generations: 1,
  })
  const error = await errorOf(() => run.finish())
  assert.is(error.code, 'TASK_FAILED')
  assert.match(error.message, /every world diverged, or an observation was not finite/)
})

test('a folder: stopped, resumed with the task found again or given, the same bytes', async () => {
  using whole = new Folder()
  using parts = new Folder()
  const keep = { ...OPTIONS, checkpointEvery: 3, workers: 1 }
  await train(balance, { ...keep, folder: whole.path }).finish()
  await train(balance, { ...keep, folder: parts.path, generations: 4 }).finish()
  assert.is((await errorOf(() => resume(parts.path).finish())).code, 'TASK_UNKNOWN')
  // the limits it began with are reached
  assert.is((await resume(parts.path, { task: balance, workers: 0 }).finish()).history.length, 4)
  const { policy } = await resume(parts.path, {
    task: balance,
    generations: 9,
    workers: 2,
    checkpointEvery: 3,
  }).finish()
  assert.equal(policy.theta, reference.policy.theta)
  assert.equal(metricsOf(parts.at('metrics.jsonl')), metricsOf(whole.at('metrics.jsonl')))
  assert.equal(bitsOf(parts.at('checkpoint-000009.bin')), {
    ...bitsOf(whole.at('checkpoint-000009.bin')),
    // limits are for people
    config: bitsOf(parts.at('checkpoint-000009.bin')).config,
  })
})

test('a checkpoint of another task, model or setting; a folder without a run', async () => {
  using folder = new Folder()
  await train(balance, { ...OPTIONS, folder: folder.path, generations: 2 }).finish()
  const other = defineTask({
    ...balance.options,
    define: s => ({ ...balance.options.define(s), reward: { upright: s.jointPos('hinge').cos() } }),
  })
  const heavier = defineTask({ ...balance.options, model: await loadModel(CART.replace('mass=".2"', 'mass=".3"')) })
  const go = (task: typeof balance, options: TrainOptions = {}) =>
    errorOf(() => train(task, { ...OPTIONS, folder: folder.path, resume: true, ...options }).finish())
  const first = await go(other)
  assert.instance(first, CheckpointError)
  assert.is(first.code, 'CHECKPOINT_TASK')
  assert.is((await go(heavier)).code, 'CHECKPOINT_MODEL')
  // what no program says decides bits too
  const { options } = balance
  const keyed = defineTask({
    ...options,
    model: await loadModel(CART.replace('</mujoco>', `<keyframe><key name="a" qpos=".1 0"/></keyframe></mujoco>`)),
    keyframe: 'a',
  })
  const delayed = defineTask({
    ...options,
    define: s => ({ ...options.define(s), action: { kind: 'torque', noise: 0.05, delay: 0.04 } }),
  })
  for (const [task, words] of [
    [defineTask({ ...options, frameSkip: 3 }), /task\.frameSkip is 2 there and 3 here/],
    [defineTask({ ...options, episodeLength: 99 }), /task\.evaluationLength is 100 there and 99 here/],
    [keyed, /task\.keyframe is not given there and "a" here/],
    [delayed, /task\.delay is .+ there and 0\.0[34]\d* here/],
  ] as const) {
    const error = await go(task, { episodeLength: 100 })
    assert.is(error.code, 'CHECKPOINT_TASK')
    assert.match(error.message, words)
  }
  const second = await go(balance, { seed: 6 })
  assert.is(second.code, 'CHECKPOINT_SETTINGS')
  assert.match(second.message, /settings\.seed is 5 there and 6 here/)
  using empty = new Folder()
  assert.is((await errorOf(() => resume(empty.path).finish())).code, 'CHECKPOINT_NONE')
})

test('from another policy on', async () => {
  const start = reference.lastPolicy
  const { history } = await train(balance, { ...OPTIONS, start, generations: 1 }).finish()
  assert.ok(history[0].meanReturn > reference.history[0].meanReturn)
  const error = await errorOf(() => train(balance, { ...OPTIONS, policy: 'mlp:9', start }).finish())
  assert.is(error.code, 'SETTING')
  // it goes on without that policy once it is on its way, and not before
  using whole = new Folder()
  using parts = new Folder()
  const options = { ...OPTIONS, generations: 4 }
  await train(balance, { ...options, start, folder: whole.path }).finish()
  await train(balance, { ...options, start, folder: parts.path, generations: 2 }).finish()
  await train(balance, { ...options, folder: parts.path, resume: true }).finish()
  assert.equal(bitsOf(parts.at('checkpoint-000004.bin')), bitsOf(whole.at('checkpoint-000004.bin')))
  for (const name of ['checkpoint-000002.bin', 'checkpoint-000004.bin']) rmSync(parts.at(name))
  const again = await errorOf(() => train(balance, { ...options, folder: parts.path, resume: true }).finish())
  assert.is(again.code, 'CHECKPOINT_SETTINGS')
  assert.match(again.message, /config\.json: .*settings\.start is "[0-9a-f]+… there and not given here/)
})

test('settings that make no sense are named', async () => {
  for (const [options, code, words] of [
    [{ episodes: 0 }, 'SETTING', /episodes: got 0, expected a whole number/],
    [{ evaluation: { every: 1.5 } }, 'SETTING', /evaluation\.every/],
    [{ method: 'sgd' as 'ars' }, 'ES_METHOD', /^method: got 'sgd'/],
    [{ methodOptions: { popsize: 7 } }, 'ES_OPTION', /popsize.*even/],
    [{ methodOptions: { speed: 7 } }, 'ES_OPTION', /speed/],
    [{ policy: 'mlp:x' }, 'POLICY_SPEC', /mlp/],
    [{ normalizer: 'zscore' as 'ars' }, 'SETTING', /normalizer/],
    [{ generations: -1 }, 'LIMIT', /generations: got -1/],
    [{ inputs: { z: [1] } }, 'NAME_UNKNOWN', /z/],
    [{ workers: -1 }, 'WORKERS', /workers: got -1/],
    [{ workers: 129 }, 'WORKERS', /workers: got 129, expected a whole number from 0 to 128/],
    [{ workers: 1.5 }, 'WORKERS', /workers: got 1\.5/],
    [{ popsize: 3 } as TrainOptions, 'SETTING', /popsize: there is no such option; nearest: /],
    [{ generation: 3 } as TrainOptions, 'SETTING', /generation: there is no such option; nearest: 'generations'/],
    [{ checkpointEvery: 0 }, 'SETTING', /checkpointEvery: got 0/],
    [
      { episodeLength: 2 ** 20 + 1 },
      'SETTING',
      /episodeLength: got 1048577, expected a whole number from 1 to 1048576/,
    ],
    [{ methodOptions: 5 as never }, 'SETTING', /methodOptions: got 5, expected an object/],
    [{ methodOptions: [1] as never }, 'SETTING', /methodOptions: got \[1\], expected an object/],
    [{ methodOptions: { seed: 5 } as never }, 'SETTING', /methodOptions\.seed: got 5, expected nothing: option 'seed'/],
    [{ methodOptions: { mean: [1] } as never }, 'SETTING', /methodOptions\.mean/],
    [{ methodOptions: { kernel: {} } as never }, 'SETTING', /methodOptions\.kernel/],
    [{ methodOptions: { popsize: 1_000_002 } }, 'ES_OPTION', /popsize: got 1000002, expected .* 1000000/],
    [{ methodOptions: { npair: 500_001 } }, 'ES_OPTION', /npair: got 500001/],
  ] as const) {
    const error = await errorOf(() => train(balance, { ...OPTIONS, ...(options as TrainOptions) }).finish())
    assert.is(error.code, code)
    assert.match(error.message, words)
  }
  const error = await errorOf(() => train(echo, { ...OPTIONS, generations: undefined }).finish())
  assert.instance(error, TaskError)
  assert.is(error.code, 'LIMIT')
  assert.match(error.message, /'echo' does not say when it is solved/)
})

test.run()
