/**
 * Whole episodes of the locomotion tasks inside the engine, against Gymnasium's environments on MuJoCo in double precision:
 * every control step of the engine is taken again from the state it began in.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openRollout } from '../../bindings/engine/rollout.js'
import { linear, makeNetwork, Policy } from '../../bindings/policy/index.js'
import { END, PERTURB, TRACK } from '../../bindings/program.js'
import { rollout } from '../../bindings/task/rollout.js'
import type { Task } from '../../bindings/task/task.js'
import { antWith, humanoidWith, tasks } from '../../bindings/tasks/index.js'
import { rng } from '../support/oracle.js'
import { ENV_NAMES, type EnvName, GymnasiumEnv, type Part, rescore } from './gymnasium.js'
import { modelOf, near } from './support.js'

const EPISODES = 24
const T = 100

/** Largest differences after one control step, relative to 1 or the number. Contacts magnify single precision. */
const STEP = { observation: 3e-3, forward: 1e-4, control: 1e-5, contact: 1e-4, healthy: 0, distance: 1e-4 }
/**
 * Gymnasium reads poses that mj_step leaves at the last stage of its Runge-Kutta step; ours are those of the state. Where a
 * joint hits its limit, or the ground is hit, that stage lies this far off: m, or m over a control step.
 */
const STALE: Partial<Record<EnvName, Partial<typeof STEP>>> = {
  ant: { forward: 0.1 },
  humanoid: { forward: 5e-3 },
  reacher: { observation: 0.02, distance: 0.02 },
}
/** such differences are as often positive as negative: their mean over all steps */
const STALE_MEAN = 2e-3

const CASES: { name: EnvName; task: Task; include?: readonly Part[] }[] = [
  ...ENV_NAMES.map(name => ({ name, task: tasks[name]() })),
  { name: 'ant', task: antWith({ contactForces: true }), include: ['cfrc_ext'] },
  { name: 'humanoid', task: humanoidWith({ contactForces: true }), include: ['cfrc_ext'] },
]

for (const { name, task, include } of CASES) {
  test(`a control step of the engine is Gymnasium's: ${[name, ...(include ?? [])].join(' with ')}`, async () => {
    const model = await modelOf(task)
    using engine = await openRollout(model)
    const { program, nobs, nact, names } = task.compile(model, engine.layout)
    const network = makeNetwork(linear({ bias: true, output: 'tanh' }), nobs, nact)
    const random = rng(3)
    const theta = Float32Array.from({ length: network.nparam }, () => random.normal())
    const policy = new Policy({ network, theta })
    const { nq, nv } = model
    const nterm = names.terms.length
    const length = Math.min(T, task.episodeLength)
    const state = (field: string, n: number) =>
      Array.from({ length: n }, (_, i) => ({ kind: TRACK.STATE, index: engine.stateOffset(field, i) }))
    const tracks = [
      ...Array.from(program.observation, index => ({ kind: TRACK.OBSERVE, index })),
      ...Array.from(program.terms, index => ({ kind: TRACK.REWARD, index })),
      ...state('qpos', nq),
      ...state('qvel', nv),
    ]
    engine.load(program, network, { frameSkip: task.frameSkip, T: length, seed: 1 })
    const rows = Int32Array.from({ length: 4 * EPISODES }, (_, i) => [0, i >> 2, 0, -1][i % 4])
    const result = await engine.run({ rows }, { perturb: PERTURB.NONE, theta }, { tracks })

    const env = await GymnasiumEnv.open(name, { include })
    // cfrc_ext is of the step before, and 0 in a state just set
    const nstate = tasks[name]().describe(model).nobs
    const limits = { ...STEP, ...STALE[name] }
    let [steps, bias] = [0, 0]
    for (let e = 0; e < EPISODES; e++) {
      /** what was recorded of control step t: observation, terms, qpos, qvel */
      const recorded = (t: number) => {
        const at = (e * length + t) * tracks.length
        const all = Float64Array.from(result.tracks?.subarray(at, at + tracks.length) ?? [])
        const cut = [0, nobs, nobs + nterm, nobs + nterm + nq, all.length]
        return [0, 1, 2, 3].map(i => all.subarray(cut[i], cut[i + 1]))
      }
      let sum = 0
      for (let t = 0; t < result.lengths[e]; t++) {
        const [observation, terms, qpos, qvel] = recorded(t)
        near(observation.subarray(0, nstate), env.setState(qpos, qvel).subarray(0, nstate), 1e-6, `observation ${t}`)
        const step = env.step(env.control(policy.act(observation)))
        for (const [i, term] of (names.terms as (keyof typeof STEP)[]).entries()) {
          near([terms[i]], [step.terms[term]], limits[term], `${term} ${t}`)
          bias += terms[i] - step.terms[term]
          sum += terms[i]
        }
        const last = t + 1 === result.lengths[e]
        if (!last) near(recorded(t + 1)[0], step.observation, limits.observation, `observation after ${t}`)
        assert.is(last && (result.ends[e] & END.TERMINATED) !== 0, step.terminated, `terminated ${t}`)
        steps++
      }
      near([result.returns[e]], [sum], 1e-5, 'return')
      if ((result.ends[e] & END.TERMINATED) === 0) assert.is(result.ends[e], END.TRUNCATED)
    }
    assert.ok(steps >= 3 * EPISODES)
    assert.ok(Math.abs(bias / steps) <= STALE_MEAN, `rewards differ by ${bias / steps} in the mean`)
    env.dispose()
  })
}

test('a gait of the swimmer earns in the engine what it earns in double precision', async () => {
  const model = await modelOf(tasks.swimmer())
  const { nobs, nact } = tasks.swimmer().describe(model)
  const network = makeNetwork(linear({ output: 'tanh' }), nobs, nact)
  // one of few seeds whose random gains swim
  const random = rng(9)
  const policy = new Policy({ network, theta: Float32Array.from({ length: network.nparam }, () => random.normal()) })
  const ours = await rollout(tasks.swimmer(), policy, { episodes: 20, model })
  const theirs = await rescore('swimmer', observation => policy.act(observation), 20, 1)
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length
  assert.ok(ours.lengths.every(n => n === 1000) && theirs.lengths.every(n => n === 1000))
  assert.ok(mean(theirs.returns) > 100, `${mean(theirs.returns)}`)
  // starts are drawn apart: the deviation of a return is 3 % of it
  near([mean(ours.returns)], [mean(theirs.returns)], 0.03, 'return')
  near([mean(ours.terms.control)], [theirs.terms.control], 0.03, 'control', 0)
})

test('a pole that is balanced stays so for the whole episode', async () => {
  const task = tasks['inverted-pendulum']()
  const network = makeNetwork(linear(), 4, 1)
  const policy = new Policy({ network, theta: [0.05, 1.5, 0.1, 0.3] })
  const { returns, ends } = await rollout(task, policy, { episodes: 8, model: await modelOf(task) })
  assert.equal([...returns], Array(8).fill(1000))
  assert.equal([...ends], Array(8).fill(END.TRUNCATED))
})

test.run()
