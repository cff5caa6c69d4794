/**
 * The library's locomotion tasks against Gymnasium's environments (gymnasium.ts), shown the same states: observations,
 * every reward term, terminations, controls, starts.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CompiledTask, Interpreter, Task } from '../../bindings/task/index.js'
import { antWith, humanoidWith, tasks } from '../../bindings/tasks/index.js'
import { rng } from '../support/oracle.js'
import { ENV_NAMES, type EnvName, type EnvOptions, GymnasiumEnv, type Step } from './gymnasium.js'
import { interpreted, near } from './support.js'

/** a task beside the environment it follows */
interface Pair {
  readonly label: string
  readonly name: EnvName
  readonly task: Task
  readonly options: EnvOptions
}

const PAIRS: Pair[] = [
  ...ENV_NAMES.map(name => ({ label: name, name, task: tasks[name](), options: {} })),
  { label: 'ant with forces', name: 'ant', task: antWith({ contactForces: true }), options: { include: ['cfrc_ext'] } },
  {
    label: 'humanoid with forces',
    name: 'humanoid',
    task: humanoidWith({ contactForces: true }),
    options: { include: ['cfrc_ext'] },
  },
]

/** what a task may read of a world */
const FIELDS = ['qpos', 'qvel', 'ctrl', 'xpos', 'xipos', 'cfrc_ext']

function show(world: Interpreter, env: GymnasiumEnv): void {
  for (const field of FIELDS) world.set(field, env.oracle.get(field))
}

/** single precision: a position of some metres is known to 2e-7 m, its rate over 8 ms to 3e-5 m/s; relative to 1 */
const ROUNDING = 1e-4
/** of sums of squares, relative to themselves: the smallest terms are of 1e-4 */
const SUMS = 1e-5
/**
 * Gymnasium measures the ant's velocity on xpos, which mj_step leaves at the last stage of its Runge-Kutta step; ours is of
 * the state itself. What one step has too much the next has too little: sums over an episode differ by one stage's lag, m/s
 */
const STALE = 0.05

/** one control step of both from the state they are in */
function stepBoth(
  world: Interpreter,
  compiled: CompiledTask,
  env: GymnasiumEnv,
  action: number[],
  what: string,
): Step & { readonly stale: number } {
  const controls = world.control(world.act(action))
  near(controls, env.control(action), 1e-6, `${what}: control`)
  const [before] = env.oracle.get('qpos')
  const step = env.step(env.control(action))
  show(world, env)
  world.dynamics()
  const { terms, terminated } = world.reward()
  assert.equal([...compiled.names.terms].sort(), Object.keys(step.terms).sort())
  const expected: Record<string, number> = { ...step.terms }
  if (compiled.name === 'ant') expected.forward = (env.oracle.get('qpos')[0] - before) / env.dt
  for (const [i, term] of compiled.names.terms.entries()) {
    const measured = term === 'forward' || term === 'distance'
    near([terms[i]], [expected[term]], measured ? ROUNDING : SUMS, `${what}: ${term}`, measured ? 1 : 0)
  }
  assert.is(terminated, step.terminated, `${what}: terminated`)
  world.update()
  return { ...step, stale: step.terms.forward - expected.forward }
}

/** running mean and deviation of each component */
class Moments {
  private n = 0
  private sum: number[] = []
  private squares: number[] = []

  add(values: readonly number[]): void {
    this.n++
    values.forEach((x, k) => {
      this.sum[k] = (this.sum[k] ?? 0) + x
      this.squares[k] = (this.squares[k] ?? 0) + x * x
    })
  }
  get mean(): number[] {
    return this.sum.map(x => x / this.n)
  }
  std = (k: number): number => Math.sqrt(Math.max(0, this.squares[k] / this.n - this.mean[k] ** 2))
}

for (const { label, name, task, options } of PAIRS) {
  test(`as Gymnasium, along trajectories: ${label}`, async () => {
    const env = await GymnasiumEnv.open(name, options)
    const { compiled, world } = await interpreted(task)
    const random = rng(11)
    for (let episode = 0; episode < 4; episode++) {
      let observation = env.reset(episode)
      show(world, env)
      world.begin()
      show(world, env)
      world.init()
      let stale = 0
      for (let t = 0; t < 60; t++) {
        near(world.observe(), observation, 1e-6, `observation ${t}`)
        const action = Array.from({ length: compiled.nact }, () => random.uniform(-1.5, 1.5))
        const step = stepBoth(world, compiled, env, action, `step ${t}`)
        observation = step.observation
        stale += step.stale
      }
      if (name === 'ant') assert.ok(Math.abs(stale) < STALE, `forward rewards differ by ${stale}`)
    }
    env.dispose()
  })

  test(`as Gymnasium, from states near the end: ${label}`, async () => {
    const env = await GymnasiumEnv.open(name, options)
    const { compiled, world } = await interpreted(task)
    const random = rng(12)
    const ends = [0, 0]
    const qpos0 = env.oracle.get('qpos0')
    for (let i = 0; i < 300; i++) {
      const width = random.uniform(0, 1)
      // only the hopper ends for its speed; MuJoCo itself loses some of the others at 130 rad/s
      const fast = name === 'hopper' && random.next() < 0.1 ? 130 : 5
      env.setState(
        qpos0.map(q => q + random.uniform(-width, width)),
        Array.from({ length: env.oracle.nv }, () => random.uniform(-fast, fast)),
      )
      world.begin()
      show(world, env)
      world.init()
      world.observe()
      const action = Array.from({ length: compiled.nact }, () => random.uniform(-1.5, 1.5))
      if (stepBoth(world, compiled, env, action, `state ${i}`).terminated) ends[1]++
      else ends[0]++
    }
    assert.ok(ends[0] >= 30, 'some go on')
    if (compiled.names.terminated.length > 0) assert.ok(ends[1] >= 30, 'some end')
    env.dispose()
  })
}

/** fields of Gymnasium's registration and spaces */
const REGISTERED: Record<EnvName, { nobs: number; nact: number; solved?: number }> = {
  hopper: { nobs: 11, nact: 3, solved: 3800 },
  'half-cheetah': { nobs: 17, nact: 6, solved: 4800 },
  walker2d: { nobs: 17, nact: 6 },
  // without cfrc_ext (78), cinert (130), cvel (78), qfrc_actuator (17)
  ant: { nobs: 105 - 78, nact: 8, solved: 6000 },
  swimmer: { nobs: 8, nact: 2, solved: 360 },
  humanoid: { nobs: 348 - 78 - 130 - 78 - 17, nact: 17 },
  reacher: { nobs: 10, nact: 2, solved: -3.75 },
  'inverted-pendulum': { nobs: 4, nact: 1, solved: 950 },
}

for (const name of ENV_NAMES) {
  test(`as registered, and from the same starts: ${name}`, async () => {
    const task = tasks[name]()
    const { compiled, world } = await interpreted(task)
    const { nobs, nact, solved } = REGISTERED[name]
    assert.is(compiled.nobs, nobs)
    assert.is(compiled.nact, nact)
    if (solved !== undefined) assert.is(task.solved, solved)
    const env = await GymnasiumEnv.open(name)
    assert.is(task.episodeLength, env.episodeLength)
    near([compiled.dt], [env.dt], 1e-12, 'dt')

    const n = 400
    const [ours, theirs] = [new Moments(), new Moments()]
    for (let i = 0; i < n; i++) {
      world.chance = { seed: 3, env: i, generation: 0 }
      world.set('qpos', env.oracle.get('qpos0'))
      world.set('qvel', new Float64Array(env.oracle.nv))
      world.begin()
      ours.add([...world.get('qpos'), ...world.get('qvel')])
      env.reset(i)
      theirs.add([...env.oracle.get('qpos'), ...env.oracle.get('qvel')])
    }
    // five standard errors of a mean, and more of a deviation
    const error = 5 / Math.sqrt(n)
    for (let k = 0; k < ours.mean.length; k++) {
      const { std } = theirs
      assert.ok(
        Math.abs(ours.mean[k] - theirs.mean[k]) <= Math.SQRT2 * error * std(k) + 1e-7,
        `mean ${k}: ${ours.mean[k]}, ${theirs.mean[k]}`,
      )
      assert.ok(Math.abs(ours.std(k) - std(k)) <= error * std(k) + 1e-9, `deviation ${k}: ${ours.std(k)}, ${std(k)}`)
    }
    env.dispose()
  })
}

test.run()
