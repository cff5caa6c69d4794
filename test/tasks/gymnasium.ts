/**
 * Gymnasium's MuJoCo v5 environments (Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/*_v5.py and mujoco_env.py, read at
 * version 1.3) written anew on MuJoCo itself, in double precision: what our tasks are held against, and what trained
 * policies are scored with again. `gymnasium.test.ts` compares it with Gymnasium's own numbers.
 *
 * As there, a step is mj_step frameSkip times, then mj_rnePostConstraint; poses, forces and inertias are read as mj_step
 * leaves them: those of its last evaluation of the dynamics, not of the state it ends in.
 */
import type { MainModule } from '@mujoco/mujoco'
import { ANT } from '../../bindings/tasks/models/ant.js'
import { HALF_CHEETAH } from '../../bindings/tasks/models/half-cheetah.js'
import { HOPPER } from '../../bindings/tasks/models/hopper.js'
import { HUMANOID } from '../../bindings/tasks/models/humanoid.js'
import { INVERTED_PENDULUM } from '../../bindings/tasks/models/inverted-pendulum.js'
import { REACHER } from '../../bindings/tasks/models/reacher.js'
import { SWIMMER } from '../../bindings/tasks/models/swimmer.js'
import { WALKER2D } from '../../bindings/tasks/models/walker2d.js'
import { type Oracle, OracleError, openOracle, rng } from '../support/oracle.js'

/** Parts of an observation that Gymnasium's `include_*_in_observation` switch; in its order. */
export const PARTS = ['cinert', 'cvel', 'qfrc_actuator', 'cfrc_ext'] as const
export type Part = (typeof PARTS)[number]

/** What a step is worth. */
interface Judgement {
  /** the reward is their sum */
  readonly terms: Readonly<Record<string, number>>
  readonly terminated: boolean
}

export interface Step extends Judgement {
  readonly observation: Float64Array
  readonly reward: number
}

interface Start {
  readonly qpos: Float64Array
  readonly qvel: Float64Array
}

interface Definition {
  readonly xml: string
  readonly frameSkip: number
  /** the time limit that Gymnasium registers, control steps */
  readonly episodeLength: number
  start(random: Random, qpos0: Float64Array, nv: number): Start
  observe(world: World, include: readonly Part[]): number[]
  /** the point whose displacement over dt is `velocity` of `judge`, m */
  position(world: World): ArrayLike<number>
  judge(world: World, action: ArrayLike<number>, velocity: ArrayLike<number>): Judgement
}

/** reads of one MuJoCo world, copies */
class World {
  constructor(
    private readonly oracle: Oracle,
    private readonly mj: MainModule,
  ) {}
  get(field: string): number[] {
    return Array.from(this.oracle.get(field))
  }
  /** position of a body's frame, m */
  xpos(body: string): number[] {
    const id = this.mj.mj_name2id(this.oracle.model, this.mj.mjtObj.mjOBJ_BODY.value, body)
    if (id < 0) throw new OracleError(`no body '${body}'`)
    return this.get('xpos').slice(3 * id, 3 * id + 3)
  }
}

type Random = ReturnType<typeof randomOf>

/** Seeded uniform and (Box and Muller's) normal numbers. */
function randomOf(seed: number) {
  const source = rng(seed)
  const uniform = (n: number, half: number): Float64Array =>
    Float64Array.from({ length: n }, () => source.uniform(-half, half))
  const normal = (n: number, std: number): Float64Array =>
    Float64Array.from(
      { length: n },
      () => std * Math.sqrt(-2 * Math.log(1 - source.next())) * Math.cos(2 * Math.PI * source.next()),
    )
  return { uniform, normal }
}

const squares = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x * x, 0)
const clip = (x: number, bound: number): number => Math.min(bound, Math.max(-bound, x))
const add = (a: ArrayLike<number>, b: ArrayLike<number>): Float64Array => Float64Array.from(a, (x, i) => x + b[i])
const between = (x: number, low: number, high: number): boolean => low < x && x < high

/** qpos0 and rest, every number off by uniform noise of ±half */
const uniformStart =
  (half: number): Definition['start'] =>
  (random, qpos0, nv) => ({ qpos: add(qpos0, random.uniform(qpos0.length, half)), qvel: random.uniform(nv, half) })

/** positions off by uniform noise, velocities by normal noise */
const normalStart =
  (scale: number): Definition['start'] =>
  (random, qpos0, nv) => ({ qpos: add(qpos0, random.uniform(qpos0.length, scale)), qvel: random.normal(nv, scale) })

const qposFrom =
  (skipped: number): Definition['observe'] =>
  world => [...world.get('qpos').slice(skipped), ...world.get('qvel')]

/** hopper and walker2d observe clipped velocities */
const clippedState: Definition['observe'] = world => [
  ...world.get('qpos').slice(1),
  ...world.get('qvel').map(v => clip(v, 10)),
]

const rootX: Definition['position'] = world => world.get('qpos').slice(0, 1)

/** what cfrc_ext and its kin add to an observation: all bodies but the world, all dofs but the free joint's */
function parts(world: World, include: readonly Part[], bound: number): number[] {
  const width = { cinert: 10, cvel: 6, qfrc_actuator: 6, cfrc_ext: 6 }
  return PARTS.filter(part => include.includes(part)).flatMap(part => {
    const values = world.get(part).slice(width[part])
    return part === 'cfrc_ext' ? values.map(x => clip(x, bound)) : values
  })
}

/** mass_center of humanoid_v5.py */
function massCenter(world: World): number[] {
  const [mass, xipos] = [world.get('body_mass'), world.get('xipos')]
  const total = mass.reduce((sum, m) => sum + m, 0)
  return [0, 1].map(k => mass.reduce((sum, m, b) => sum + m * xipos[3 * b + k], 0) / total)
}

const DEFINITIONS = {
  hopper: {
    xml: HOPPER,
    frameSkip: 4,
    episodeLength: 1000,
    start: uniformStart(5e-3),
    observe: clippedState,
    position: rootX,
    judge(world, action, velocity) {
      const [qpos, qvel] = [world.get('qpos'), world.get('qvel')]
      const bounded = [...qpos.slice(2), ...qvel].every(x => between(x, -100, 100))
      const healthy = bounded && qpos[1] > 0.7 && between(qpos[2], -0.2, 0.2)
      return {
        terms: { forward: velocity[0], control: -1e-3 * squares(action), healthy: healthy ? 1 : 0 },
        terminated: !healthy,
      }
    },
  },
  'half-cheetah': {
    xml: HALF_CHEETAH,
    frameSkip: 5,
    episodeLength: 1000,
    start: normalStart(0.1),
    observe: qposFrom(1),
    position: rootX,
    judge(_, action, velocity) {
      return { terms: { forward: velocity[0], control: -0.1 * squares(action) }, terminated: false }
    },
  },
  walker2d: {
    xml: WALKER2D,
    frameSkip: 4,
    episodeLength: 1000,
    start: uniformStart(5e-3),
    observe: clippedState,
    position: rootX,
    judge(world, action, velocity) {
      const [, z, angle] = world.get('qpos')
      const healthy = between(z, 0.8, 2) && between(angle, -1, 1)
      return {
        terms: { forward: velocity[0], control: -1e-3 * squares(action), healthy: healthy ? 1 : 0 },
        terminated: !healthy,
      }
    },
  },
  ant: {
    xml: ANT,
    frameSkip: 5,
    episodeLength: 1000,
    start: normalStart(0.1),
    observe: (world, include) => [...qposFrom(2)(world, []), ...parts(world, include, 1)],
    position: world => world.xpos('torso'),
    judge(world, action, velocity) {
      const state = [...world.get('qpos'), ...world.get('qvel')]
      const healthy = state.every(Number.isFinite) && state[2] >= 0.2 && state[2] <= 1
      const forces = world.get('cfrc_ext').map(x => clip(x, 1))
      return {
        terms: {
          forward: velocity[0],
          control: -0.5 * squares(action),
          contact: -5e-4 * squares(forces),
          healthy: healthy ? 1 : 0,
        },
        terminated: !healthy,
      }
    },
  },
  swimmer: {
    xml: SWIMMER,
    frameSkip: 4,
    episodeLength: 1000,
    start: uniformStart(0.1),
    observe: qposFrom(2),
    position: rootX,
    judge(_, action, velocity) {
      return { terms: { forward: velocity[0], control: -1e-4 * squares(action) }, terminated: false }
    },
  },
  humanoid: {
    xml: HUMANOID,
    frameSkip: 5,
    episodeLength: 1000,
    start: uniformStart(1e-2),
    observe: (world, include) => [...qposFrom(2)(world, []), ...parts(world, include, Number.POSITIVE_INFINITY)],
    position: massCenter,
    judge(world, _, velocity) {
      const healthy = between(world.get('qpos')[2], 1, 2)
      return {
        terms: {
          forward: 1.25 * velocity[0],
          control: -0.1 * squares(world.get('ctrl')),
          contact: -Math.min(10, 5e-7 * squares(world.get('cfrc_ext'))),
          healthy: healthy ? 5 : 0,
        },
        terminated: !healthy,
      }
    },
  },
  reacher: {
    xml: REACHER,
    frameSkip: 2,
    episodeLength: 50,
    start(random, qpos0, nv) {
      const qpos = add(qpos0, random.uniform(qpos0.length, 0.1))
      let goal = random.uniform(2, 0.2)
      while (!(Math.sqrt(squares(goal)) < 0.2)) goal = random.uniform(2, 0.2)
      const qvel = random.uniform(nv, 0.005)
      qpos.set(goal, 2)
      qvel.fill(0, 2)
      return { qpos, qvel }
    },
    observe(world) {
      const [qpos, qvel] = [world.get('qpos'), world.get('qvel')]
      const [tip, target] = [world.xpos('fingertip'), world.xpos('target')]
      const angles = qpos.slice(0, 2)
      return [
        ...angles.map(Math.cos),
        ...angles.map(Math.sin),
        ...qpos.slice(2),
        ...qvel.slice(0, 2),
        tip[0] - target[0],
        tip[1] - target[1],
      ]
    },
    position: () => [],
    judge(world, action) {
      const [tip, target] = [world.xpos('fingertip'), world.xpos('target')]
      const distance = Math.sqrt(squares(tip.map((x, k) => x - target[k])))
      return { terms: { distance: -distance, control: -squares(action) }, terminated: false }
    },
  },
  'inverted-pendulum': {
    xml: INVERTED_PENDULUM,
    frameSkip: 2,
    episodeLength: 1000,
    start: uniformStart(0.01),
    observe: qposFrom(0),
    position: () => [],
    judge(world) {
      const state = [...world.get('qpos'), ...world.get('qvel')]
      const terminated = !state.every(Number.isFinite) || Math.abs(state[1]) > 0.2
      return { terms: { healthy: terminated ? 0 : 1 }, terminated }
    },
  },
} satisfies Record<string, Definition>

export type EnvName = keyof typeof DEFINITIONS
export const ENV_NAMES = Object.keys(DEFINITIONS) as readonly EnvName[]

export interface EnvOptions {
  /** parts of the observation that ant and humanoid may have; default none, where Gymnasium's default is all it has */
  readonly include?: readonly Part[]
}

/** One environment. `dispose()` frees MuJoCo's memory. */
export class GymnasiumEnv {
  readonly frameSkip: number
  /** control steps after which Gymnasium's wrapper truncates; `step` does not */
  readonly episodeLength: number
  /** seconds a step takes */
  readonly dt: number
  private readonly world: World
  private readonly range: Float64Array

  private constructor(
    readonly oracle: Oracle,
    private readonly definition: Definition,
    private readonly include: readonly Part[],
  ) {
    this.world = new World(oracle, oracle.mj)
    this.frameSkip = definition.frameSkip
    this.episodeLength = definition.episodeLength
    this.dt = oracle.get('opt_timestep')[0] * definition.frameSkip
    this.range = oracle.get('actuator_ctrlrange')
  }

  static async open(name: EnvName, options: EnvOptions = {}): Promise<GymnasiumEnv> {
    const definition = DEFINITIONS[name]
    return new GymnasiumEnv(await openOracle(definition.xml), definition, options.include ?? [])
  }

  /** The first observation of an episode; the same seed gives the same state. */
  reset(seed: number): Float64Array {
    const { qpos, qvel } = this.definition.start(randomOf(seed), this.oracle.get('qpos0'), this.oracle.nv)
    return this.setState(qpos, qvel)
  }

  /** Begin at a state: mj_resetData, then mj_forward there. */
  setState(qpos: ArrayLike<number>, qvel: ArrayLike<number>): Float64Array {
    this.oracle.reset().write('qpos', qpos).write('qvel', qvel).forward()
    return this.observe()
  }

  /** a policy's action, clipped to ±1, as Gymnasium's: within the motors' control ranges */
  control(policyAction: ArrayLike<number>): Float64Array {
    const { range } = this
    return Float64Array.from({ length: range.length / 2 }, (_, i) => {
      const [low, high] = [range[2 * i], range[2 * i + 1]]
      return low + ((clip(policyAction[i], 1) + 1) / 2) * (high - low)
    })
  }

  /** @param action (nu) Gymnasium's action: the controls, not clipped */
  step(action: ArrayLike<number>): Step {
    const { definition, oracle, world } = this
    const before = definition.position(world)
    oracle
      .write('ctrl', action)
      .step(definition.frameSkip)
      .call((mj, model, data) => mj.mj_rnePostConstraint(model, data))
    const velocity = Float64Array.from(definition.position(world), (x, k) => (x - before[k]) / this.dt)
    const { terms, terminated } = definition.judge(world, action, velocity)
    const reward = Object.values(terms).reduce((sum, x) => sum + x, 0)
    return { observation: this.observe(), reward, terms, terminated }
  }

  dispose(): void {
    this.oracle.dispose()
  }

  private observe(): Float64Array {
    return Float64Array.from(this.definition.observe(this.world, this.include))
  }
}

/** A policy as `rescore` uses it. */
export interface Actor {
  /** @returns (nact) action, of which ±1 is used */
  act(observation: Float64Array): ArrayLike<number>
  /** an episode begins: forget the last one */
  reset?(): void
}

/** Scores of whole episodes. */
export interface Rescored {
  readonly returns: Float64Array
  /** control steps of each episode */
  readonly lengths: Int32Array
  /** mean over the episodes of each reward term's sum */
  readonly terms: Readonly<Record<string, number>>
}

/**
 * Score a policy in double precision with Gymnasium's rewards and time limit.
 *
 * @param policy sees Gymnasium's observation (with `include`'s parts)
 * @param seed of the first episode's state; the next ones follow
 */
export async function rescore(
  name: EnvName,
  policy: Actor | Actor['act'],
  episodes: number,
  seed: number,
  options: EnvOptions = {},
): Promise<Rescored> {
  const actor = typeof policy === 'function' ? { act: policy } : policy
  const env = await GymnasiumEnv.open(name, options)
  const returns = new Float64Array(episodes)
  const lengths = new Int32Array(episodes)
  const terms: Record<string, number> = {}
  try {
    for (let i = 0; i < episodes; i++) {
      let observation = env.reset(seed + i)
      actor.reset?.()
      for (let terminated = false; !terminated && lengths[i] < env.episodeLength; lengths[i]++) {
        const step = env.step(env.control(actor.act(observation)))
        observation = step.observation
        terminated = step.terminated
        returns[i] += step.reward
        for (const [term, x] of Object.entries(step.terms)) terms[term] = (terms[term] ?? 0) + x / episodes
      }
    }
  } finally {
    env.dispose()
  }
  return { returns, lengths, terms }
}
