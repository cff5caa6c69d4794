import { defineTask, type Task } from '../task/index.js'
import { type GoalOptions, goalOf, goalTraits } from './goal.js'
import { ANT } from './models/ant.js'
import { contactForces, scatteredStart } from './shared.js'

/** m/s: goal velocities are uniform from 0 to here (Finn, Abbeel and Levine 2017) */
const TOP_SPEED = 3

export interface AntOptions extends GoalOptions {
  /** observe the contact forces on every body, cfrc_ext (13 * 6) clipped to ±1, as Gymnasium's default does; default false */
  readonly contactForces?: boolean
}

/**
 * Run forward on four legs: Gymnasium's Ant-v5.
 *
 *   reward       forward  x velocity of the torso over the control step, m/s
 *                control  -0.5 sum of squared controls
 *                contact  -0.0005 sum of squared cfrc_ext, each clipped to ±1
 *                healthy  1 while healthy
 *   terminated   unhealthy: z of the torso not within [0.2, 1] m
 *   observation  positions without x and y (13), velocities (14)
 *   start        standing at rest, positions (the quaternion too) off by U(-0.1, 0.1), velocities by 0.1 N(0, 1)
 *   control      every 50 ms; 1000 control steps at most
 *
 * Without `contactForces` this is Gymnasium's include_cfrc_ext_in_observation=False. With a `goal` the forward term is the
 * goal's (goal.ts) and episodes have 200 control steps.
 * Solved at 6000, Gymnasium's reward_threshold.
 * Source: Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/ant_v5.py, else default arguments.
 */
export const antWith = (options: AntOptions = {}): Task =>
  defineTask({
    ...goalTraits({ name: 'ant', episodeLength: 1000, solved: 6000 }, options),
    model: ANT,
    frameSkip: 5,
    define: s => {
      const goal = goalOf(s, options, TOP_SPEED)
      const z = s.qpos[2]
      const healthy = z.ge(0.2).and(z.le(1))
      const forces = contactForces(s).clip(-1, 1)
      return {
        observation: {
          qpos: s.qpos.slice(2),
          qvel: s.qvel,
          ...(options.contactForces === true ? { cfrc_ext: forces } : {}),
          ...goal.observation,
        },
        action: { kind: 'torque' },
        reward: {
          forward: goal.reward(s.rate(s.qpos.slice(0, 2))),
          control: s.ctrl.squared().mul(-0.5),
          contact: forces.squared().mul(-5e-4),
          healthy,
        },
        terminated: { unhealthy: healthy.not() },
        reset: scatteredStart(s, 0.1),
      }
    },
  })

export const ant: Task = antWith()
/** Run in a direction that every episode draws anew. */
export const antDirection: Task = antWith({ goal: 'direction' })
/** Run at a velocity that every episode draws anew. */
export const antVelocity: Task = antWith({ goal: 'velocity' })
/** Run forward or backward, as every episode draws anew. */
export const antForwardBackward: Task = antWith({ goal: 'forward-backward' })
