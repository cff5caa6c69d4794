import { defineTask, type Task } from '../task/index.js'
import { type GoalOptions, goalOf, goalTraits } from './goal.js'
import { SWIMMER } from './models/swimmer.js'
import { disturbedStart } from './shared.js'

/**
 * Swim forward in the plane: Gymnasium's Swimmer-v5.
 *
 *   reward       forward  x velocity of the first link's front over the control step, m/s
 *                control  -0.0001 sum of squared controls
 *   observation  heading and joint angles (3), velocities (5)
 *   start        stretched at rest, every number off by U(-0.1, 0.1)
 *   control      every 40 ms; 1000 control steps, never terminated
 *
 * With a `goal` the forward term is the goal's (goal.ts) and episodes have 200 control steps.
 * Solved at 360, Gymnasium's reward_threshold.
 * Source: Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/swimmer_v5.py, default arguments.
 */
export const swimmerWith = (options: GoalOptions<'direction' | 'forward-backward'> = {}): Task =>
  defineTask({
    ...goalTraits({ name: 'swimmer', episodeLength: 1000, solved: 360 }, options),
    model: SWIMMER,
    frameSkip: 4,
    define: s => {
      const goal = goalOf(s, options, 0)
      return {
        observation: { qpos: s.qpos.slice(2), qvel: s.qvel, ...goal.observation },
        action: { kind: 'torque' },
        reward: {
          forward: goal.reward(s.rate(s.qpos.slice(0, 2))),
          control: s.ctrl.squared().mul(-1e-4),
        },
        reset: disturbedStart(s, 0.1),
      }
    },
  })

export const swimmer: Task = swimmerWith()
/** Swim forward or backward, as every episode draws anew. */
export const swimmerForwardBackward: Task = swimmerWith({ goal: 'forward-backward' })
