import { defineTask, type Task } from '../task/index.js'
import { type GoalOptions, goalOf, goalTraits } from './goal.js'
import { HALF_CHEETAH } from './models/half-cheetah.js'
import { scatteredStart } from './shared.js'

/** m/s: goal velocities are uniform from 0 to here (Finn, Abbeel and Levine 2017) */
const TOP_SPEED = 2

/**
 * Run forward in the plane: Gymnasium's HalfCheetah-v5.
 *
 *   reward       forward  x velocity of the torso over the control step, m/s
 *                control  -0.1 sum of squared controls
 *   observation  positions without x (8), velocities (9)
 *   start        at rest, positions off by U(-0.1, 0.1), velocities by 0.1 N(0, 1)
 *   control      every 50 ms; 1000 control steps, never terminated
 *
 * With a `goal` the forward term is the goal's (goal.ts) and episodes have 200 control steps.
 * Solved at 4800, Gymnasium's reward_threshold.
 * Source: Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/half_cheetah_v5.py, default arguments.
 */
export const halfCheetahWith = (options: GoalOptions<'velocity' | 'forward-backward'> = {}): Task =>
  defineTask({
    ...goalTraits({ name: 'half-cheetah', episodeLength: 1000, solved: 4800 }, options),
    model: HALF_CHEETAH,
    frameSkip: 5,
    define: s => {
      const goal = goalOf(s, options, TOP_SPEED)
      return {
        observation: { qpos: s.qpos.slice(1), qvel: s.qvel, ...goal.observation },
        action: { kind: 'torque' },
        reward: {
          forward: goal.reward(s.rate(s.qpos.slice(0, 1))),
          control: s.ctrl.squared().mul(-0.1),
        },
        reset: scatteredStart(s, 0.1),
      }
    },
  })

export const halfCheetah: Task = halfCheetahWith()
/** Run at a velocity that every episode draws anew. */
export const halfCheetahVelocity: Task = halfCheetahWith({ goal: 'velocity' })
/** Run forward or backward, as every episode draws anew. */
export const halfCheetahForwardBackward: Task = halfCheetahWith({ goal: 'forward-backward' })
