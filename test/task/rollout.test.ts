/** A policy through whole episodes of a task, and what its return depends on. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { ParameterDistribution } from '../../bindings/model/distribution.js'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { initialTheta, linear, makeNetwork, Policy } from '../../bindings/policy/index.js'
import { END } from '../../bindings/program.js'
import { evaluate, summarise } from '../../bindings/task/evaluate.js'
import { type ActionMap, defineTask, type Task, type Vec } from '../../bindings/task/index.js'
import { rollout } from '../../bindings/task/rollout.js'
import { refusal } from '../support/refuse.js'

/** refused with this code, in these words */
async function refused(run: () => Promise<unknown>, code: string, words: RegExp): Promise<void> {
  assert.match((await refusal(run(), code)).message, words)
}

const XML = `<mujoco><option timestep="0.01"/><worldbody><body name="arm"><joint name="hinge" axis="0 1 0" damping=".05"/>
  <geom name="rod" type="capsule" fromto="0 0 0 0 0 -.5" size=".03" mass="1"/></body></worldbody>
  <actuator><motor name="motor" joint="hinge" gear="5" ctrlrange="-1 1" ctrllimited="true"/></actuator></mujoco>`

/** hold the arm near an angle given from outside; over when it swings beyond 2 rad */
const hold: Task = defineTask({
  name: 'hold',
  model: XML,
  frameSkip: 2,
  episodeLength: 30,
  solved: -1,
  define: s => {
    const goal = s.input('goal', undefined, 0.5)
    const error = s.jointPos('hinge').sub(goal.as('rad'))
    return {
      observation: { error, rate: s.jointVel('hinge') },
      action: { kind: 'torque' },
      reward: { tracking: error.square().neg(), effort: s.actions.squared().mul(-0.01) },
      terminated: { away: s.jointPos('hinge').abs().gt(2) },
      metrics: { error: error.abs() },
      reset: { qpos: [s.initial.qpos[0].add(s.uniform(-0.1, 0.1))] },
    }
  },
})

async function servo(gains: readonly [number, number] = [-2, -0.4]): Promise<Policy> {
  const network = makeNetwork(linear(), 2, 1)
  return new Policy({ network, theta: network.nparam === 2 ? gains : [...gains, 0] })
}

test('a recorded episode is the one that Batch makes of its controls', async () => {
  const policy = await servo()
  const { record, lengths, terms, returns, metrics } = await rollout(hold, policy, {
    episodes: 3,
    record: ['observation', 'action', 'reward', 'qpos', 'qvel', 'time'],
  })
  const model = await loadModel(XML)
  const T = hold.episodeLength
  for (let i = 0; i < 3; i++) {
    assert.is(lengths[i], T)
    const batch = await createBatch(model, { nworld: 1 })
    batch.set('qpos', [record.qpos[i * T]])
    let [tracking, error] = [0, 0]
    for (let t = 0; t < T; t++) {
      const k = i * T + t
      const [q] = await batch.get('qpos')
      assert.ok(Math.abs(record.qpos[k] - q) < 1e-6)
      assert.is(record.observation[2 * k], Math.fround(record.qpos[k] - 0.5))
      assert.is(record.observation[2 * k + 1], record.qvel[k])
      assert.ok(Math.abs(record.time[k] - 0.02 * t) < 1e-6)
      const [action] = policy.act(record.observation.subarray(2 * k, 2 * k + 2))
      assert.is(record.action[k], action)
      batch.set('ctrl', [Math.min(Math.max(action, -1), 1)])
      await batch.step(2)
      const next = (await batch.get('qpos'))[0] - 0.5
      assert.ok(Math.abs(record.reward[2 * k] + next * next) < 1e-5)
      tracking -= next * next
      error += Math.abs(next) / T
    }
    assert.ok(Math.abs(terms.tracking[i] - tracking) < 1e-4)
    assert.ok(Math.abs(returns[i] - terms.tracking[i] - terms.effort[i]) < 1e-5)
    assert.ok(Math.abs(metrics.error[i] - error) < 1e-5)
    batch.dispose()
  }
})

test('episodes depend on the seed alone: not on how many there are, nor on threads', async () => {
  const policy = await servo()
  const few = await rollout(hold, policy, { episodes: 5, seed: 3 })
  const many = await rollout(hold, policy, { episodes: 23, seed: 3, workers: 3 })
  assert.equal(many.returns.subarray(0, 5), few.returns)
  assert.is.not((await rollout(hold, policy, { episodes: 5, seed: 4 })).returns[0], few.returns[0])
  assert.is(new Set(many.returns).size, 23)
})

test('numbers from outside reach their episodes; an end is an end', async () => {
  const policy = await servo()
  const { returns, ends, lengths, record } = await rollout(hold, policy, {
    episodes: 3,
    inputs: { goal: [0.5, 0, 9] },
    record: ['observation', 'qpos'],
  })
  const T = hold.episodeLength
  assert.ok(returns[1] > returns[0])
  assert.is(record.observation[2 * T], record.qpos[T])
  assert.equal([...ends], [END.TRUNCATED, END.TRUNCATED, END.TERMINATED])
  assert.ok(lengths[2] < T && Number.isNaN(record.qpos[2 * T + lengths[2]]) && Number.isFinite(record.qpos[2 * T]))
  await refused(() => rollout(hold, policy, { inputs: { gaol: [1] } }), 'NAME_UNKNOWN', /no input 'gaol'.*goal/)
  await refused(() => rollout(hold, policy, { inputs: { goal: [1, 2] } }), 'SIZE', /length 2/)
})

test('evaluate says what the return depends on, parameter by parameter', async () => {
  const model = await loadModel(XML)
  const space = ParameterSpace.from(model, [
    { path: 'body/arm/mass', min: 0.2, max: 6 },
    { path: 'joint/hinge/damping', min: 0.0499, max: 0.0501 },
  ])
  const policy = await servo()
  const result = await evaluate(policy, hold, { episodes: 64, distribution: ParameterDistribution.uniform(space) })
  const [mass, damping] = result.parameters
  assert.is(mass.name, space.names[0])
  assert.ok(mass.correlation < -0.9, `a heavy arm sags: ${mass.correlation}`)
  assert.ok(Math.abs(damping.correlation) < 0.4, `${damping.correlation}`)
  assert.equal(
    mass.groups.map(g => g.episodes),
    [16, 16, 16, 16],
  )
  for (let g = 1; g < 4; g++) {
    assert.ok(mass.groups[g].low >= mass.groups[g - 1].high)
    assert.ok(mass.groups[g].meanReturn < mass.groups[g - 1].meanReturn)
  }
  const drawn = Float64Array.from({ length: 64 }, (_, i) => result.rollout.parameters[2 * i])
  assert.is(mass.groups[0].low, Math.min(...drawn))
  assert.is(mass.groups[3].high, Math.max(...drawn))
  // each episode's physics is what was drawn for it
  const one = await rollout(hold, policy, {
    episodes: 1,
    distribution: ParameterDistribution.point(space, result.rollout.parameters.subarray(0, 2)),
  })
  assert.is(one.returns[0], result.rollout.returns[0])
  assert.is(result.returns.mean, summarise(result.rollout.returns).mean)
  assert.is(result.solved, result.returns.mean >= -1)
})

test('summaries by hand', () => {
  assert.equal(summarise([1, 2, 6]), { mean: 3, std: Math.sqrt(7), min: 1, max: 6 })
  assert.equal(summarise([4]), { mean: 4, std: 0, min: 4, max: 4 })
})

test('a reward that is not a number is refused with the name of its term', async () => {
  const bad = defineTask({
    ...hold.options,
    name: 'bad',
    define: s => ({
      ...hold.options.define(s),
      reward: { fine: 1, root: s.jointPos('hinge').sub(0.05).unitless().sqrt() },
    }),
  })
  await refused(
    async () => rollout(bad, await servo()),
    'REWARD_NOT_FINITE',
    /reward\.root: is NaN in episode \d+, at control step/,
  )
})

/** a hold task whose action is this one */
const acting = (action: ActionMap, model: string = XML): Task =>
  defineTask({ ...hold.options, model, define: s => ({ ...hold.options.define(s), action }) })

test('a delay that differs by episode delays the commands, whatever the action says of delays or not', async () => {
  const model = await loadModel(XML)
  const space = ParameterSpace.from(model, [{ path: 'actuator/motor/delay', min: 0, max: 0.05 }])
  const T = hold.episodeLength
  const policy = await servo()
  for (const action of [{ kind: 'torque' }, { kind: 'custom', size: 1 }] as const) {
    // control steps of 0.02 s: none, and two late
    for (const [delay, late] of [
      [0, 0],
      [0.04, 2],
    ]) {
      const distribution = ParameterDistribution.point(space, [delay])
      const { record } = await rollout(acting(action), policy, {
        episodes: 1,
        distribution,
        record: ['action', 'ctrl'],
      })
      for (let t = 0; t + 1 < T; t++)
        assert.is(record.ctrl[t + 1], Math.min(Math.max(record.action[Math.max(t - late, 0)], -1), 1), `step ${t}`)
    }
  }
  // between two timesteps as with a delay said by the task
  const said = await rollout(acting({ kind: 'torque', delay: 0.033 }), policy, { episodes: 3 })
  const drawn = await rollout(hold, policy, { episodes: 3, distribution: ParameterDistribution.point(space, [0.033]) })
  assert.equal(drawn.returns, said.returns)
  assert.is.not(drawn.returns[0], (await rollout(hold, policy, { episodes: 3 })).returns[0])
})

test('an actuator with a history delays once', async () => {
  const late = XML.replace('gear="5"', 'gear="5" nsample="6" delay="0.03"')
  const policy = await servo()
  const [plain, none, own] = await Promise.all(
    [undefined, 0, 'actuator_delay' as const].map(delay =>
      rollout(acting({ kind: 'torque', delay }, late), policy, { episodes: 2, record: ['actuator_force', 'ctrl'] }),
    ),
  )
  assert.equal(own.record, none.record)
  assert.equal(plain.record, none.record)
  // three timesteps are one and a half control steps
  const { actuator_force: force, ctrl } = none.record
  assert.is(force[5], ctrl[4])
})

test('delays that would do nothing are refused', async () => {
  const model = await loadModel(XML)
  const space = ParameterSpace.from(model, [{ path: 'actuator/motor/delay', min: 0, max: 0.05 }])
  const distribution = ParameterDistribution.uniform(space)
  const policy = await servo()
  for (const action of [
    { kind: 'torque', delay: 0.01 },
    { kind: 'torque', delay: 0 },
    { kind: 'custom', size: 1, control: (delayed: Vec) => delayed },
  ] as const)
    await refused(() => rollout(acting(action), policy, { distribution }), 'DELAY', /action: .*'motor'/)
  // the model's own is none that differs
  const point = ParameterDistribution.point(space, [0])
  const { returns } = await rollout(acting({ kind: 'torque', delay: 0 }), policy, { distribution: point })
  assert.equal(returns, (await rollout(hold, policy)).returns)
})

test('a distribution over another model is refused', async () => {
  const policy = await servo()
  const over = async (xml: string) => {
    const other = await loadModel(xml)
    const space = ParameterSpace.from(other, [{ path: 'option/gravity/z', min: -10, max: -9 }])
    return { distribution: ParameterDistribution.uniform(space), model: await loadModel(XML) }
  }
  for (const xml of [
    XML.replace('name="rod"', 'name="bar"'),
    XML.replace('<worldbody>', '<worldbody><geom type="plane" size="1 1 1"/>'),
  ]) {
    const options = await over(xml)
    await refused(() => rollout(hold, policy, options), 'MODEL', /distribution: its space is of model/)
  }
  // the same model loaded twice will do
  assert.is((await rollout(hold, policy, await over(XML))).episodes, 16)
})

test('a policy of another size, and options that make no sense', async () => {
  const network = makeNetwork(linear(), 3, 1)
  const policy = new Policy({ network, theta: initialTheta(network, 0) })
  await refused(() => rollout(hold, policy), 'POLICY_SIZE', /3 observations to 1 actions, the task has 2 and 1/)
  await refused(async () => rollout(hold, await servo(), { episodes: 0 }), 'EPISODES', /got 0/)
  await refused(async () => rollout(hold, await servo(), { episodeLength: 2 ** 20 + 1 }), 'EPISODES', /got 1048577/)
  await refused(async () => rollout(hold, await servo(), { record: ['qpso'] }), 'FIELD_UNKNOWN', /qpso/)
})

test.run()
