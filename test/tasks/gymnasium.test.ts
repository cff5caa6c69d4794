/** The environments of gymnasium.ts against Gymnasium's own numbers (gymnasium-golden.py), and the scoring of policies. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ENV_NAMES, type EnvName, GymnasiumEnv, PARTS, rescore } from './gymnasium.js'
import { near } from './support.js'

interface Golden {
  readonly mujoco: string
  readonly envs: Record<
    EnvName,
    {
      readonly qpos: number[]
      readonly qvel: number[]
      readonly episode_length: number
      readonly dt: number
      readonly observation: Record<string, number[]>
      readonly fast: number[]
      readonly steps: { action: number[]; reward: number; terms: Record<string, number>; terminated: boolean }[]
    }
  >
}
const golden: Golden = JSON.parse(readFileSync(new URL('gymnasium-golden.json', import.meta.url), 'utf8'))

/** MuJoCo's WebAssembly and native builds differ in last bits, which contacts magnify over 40 steps; relative to 1 */
const TOLERANCE = 1e-6

for (const name of ENV_NAMES) {
  test(`as Gymnasium: ${name}`, async () => {
    const expected = golden.envs[name]
    const env = await GymnasiumEnv.open(name, { include: name === 'ant' ? ['cfrc_ext'] : PARTS })
    assert.is(env.episodeLength, expected.episode_length)
    near([env.dt], [expected.dt], TOLERANCE, 'dt')
    near(env.setState(expected.qpos, expected.qvel), expected.observation[0], TOLERANCE, 'first observation')
    for (const [i, { action, reward, terms, terminated }] of expected.steps.entries()) {
      const step = env.step(action)
      near([step.reward], [reward], TOLERANCE, `reward ${i}`)
      assert.equal(Object.keys(step.terms).sort(), Object.keys(terms).sort())
      for (const term of Object.keys(terms)) near([step.terms[term]], [terms[term]], TOLERANCE, `${term} ${i}`)
      assert.is(step.terminated, terminated, `terminated ${i}`)
      const observation = expected.observation[i + 1]
      if (observation !== undefined) near(step.observation, observation, TOLERANCE, `observation ${i + 1}`)
    }
    const { nv } = env.oracle
    const fast = Float64Array.from({ length: nv }, (_, i) => -15 + (30 * i) / (nv - 1))
    near(env.setState(expected.qpos, fast), expected.fast, TOLERANCE, 'observation of a fast state')
    env.dispose()
  })
}

test('the golden episodes have falls, contact costs and clipped velocities in them', () => {
  const { envs } = golden
  for (const name of ['hopper', 'walker2d', 'humanoid', 'inverted-pendulum'] as const) {
    assert.ok(envs[name].steps.some(step => step.terminated) && !envs[name].steps[0].terminated, name)
  }
  for (const name of ['ant', 'humanoid'] as const) {
    assert.ok(
      envs[name].steps.some(step => step.terms.contact < 0),
      name,
    )
  }
  for (const name of ['hopper', 'walker2d'] as const) assert.ok(envs[name].fast.includes(10), name)
})

test('start states have the noise of each environment', async () => {
  const noise: Record<EnvName, [position: number, velocity: number]> = {
    hopper: [0.005, 0.005],
    'half-cheetah': [0.1, Number.POSITIVE_INFINITY],
    walker2d: [0.005, 0.005],
    ant: [0.1, Number.POSITIVE_INFINITY],
    swimmer: [0.1, 0.1],
    humanoid: [0.01, 0.01],
    reacher: [0.2, 0.005],
    'inverted-pendulum': [0.01, 0.01],
  }
  for (const name of ENV_NAMES) {
    const env = await GymnasiumEnv.open(name)
    const qpos0 = env.oracle.get('qpos0')
    // a goal stands for itself, not beside its reference
    if (name === 'reacher') qpos0.fill(0, 2)
    let [position, velocity, square, n] = [0, 0, 0, 0]
    for (let seed = 0; seed < 200; seed++) {
      env.reset(seed)
      env.oracle.get('qpos').forEach((x, i) => {
        position = Math.max(position, Math.abs(x - qpos0[i]))
      })
      for (const v of env.oracle.get('qvel')) {
        velocity = Math.max(velocity, Math.abs(v))
        square += v * v
        n++
      }
    }
    const [most, fastest] = noise[name]
    assert.ok(position <= most && position > 0.9 * most, `${name}: positions up to ${position}`)
    if (Number.isFinite(fastest)) {
      assert.ok(velocity <= fastest && velocity > 0.9 * fastest, `${name}: velocities up to ${velocity}`)
    } else {
      const std = Math.sqrt(square / n)
      assert.ok(std > 0.09 && std < 0.11 && velocity > 0.2, `${name}: velocities of deviation ${std}`)
    }
    env.dispose()
  }
})

test('rescore adds up what a policy earns, maps actions to controls and is seeded', async () => {
  let begun = 0
  const actor = {
    act: (o: Float64Array) => [1.5 * o[1] + 0.3 * o[3] + 0.05 * o[0] + 0.1 * o[2]],
    reset: () => {
      begun++
    },
  }
  const good = await rescore('inverted-pendulum', actor, 2, 1)
  assert.equal(Array.from(good.lengths), [1000, 1000])
  assert.equal(Array.from(good.returns), [1000, 1000])
  assert.equal(good.terms, { healthy: 1000 })
  assert.is(begun, 2)
  const fallen = await rescore('hopper', () => [2, 2, 2], 3, 5)
  const again = await rescore('hopper', () => [1, 1, 1], 3, 5)
  assert.ok(fallen.lengths.every(length => length > 2 && length < 1000))
  assert.equal(fallen, again)
  const sum = fallen.terms.forward + fallen.terms.control + fallen.terms.healthy
  assert.ok(Math.abs(sum - (fallen.returns[0] + fallen.returns[1] + fallen.returns[2]) / 3) < 1e-9)
  assert.not.equal(Array.from((await rescore('hopper', () => [1, 1, 1], 3, 50)).returns), Array.from(again.returns))
  const half = await rescore('humanoid', () => new Float64Array(17).fill(0.5), 1, 1)
  assert.ok(Math.abs(half.terms.control + 0.1 * 17 * 0.04 * half.lengths[0]) < 1e-9)
})

test.run()
