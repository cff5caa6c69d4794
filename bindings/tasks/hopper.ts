import { defineTask, type Task, vec } from '../task/index.js'
import { HOPPER } from './models/hopper.js'
import { disturbedStart, largest } from './shared.js'

/**
 * Hop forward: Gymnasium's Hopper-v5.
 *
 *   reward       forward  x velocity of the torso over the control step, m/s
 *                control  -0.001 sum of squared controls
 *                healthy  1 while healthy
 *   terminated   unhealthy: z not above 0.7 m, |pitch| not below 0.2 rad, or any later position or any velocity not
 *                within ±100
 *   observation  positions without x (5), velocities clipped to ±10 (6)
 *   start        upright at rest, every number off by U(-0.005, 0.005)
 *   control      every 8 ms; 1000 control steps at most
 *
 * Solved at 3800, Gymnasium's reward_threshold.
 * Source: Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/hopper_v5.py, default arguments.
 */
export const hopper: Task = defineTask({
  name: 'hopper',
  model: HOPPER,
  frameSkip: 4,
  episodeLength: 1000,
  solved: 3800,
  define: s => {
    const healthy = s
      .jointPos('rootz')
      .gt(0.7)
      .and(s.jointPos('rooty').abs().lt(0.2))
      .and(largest(vec(s.qpos.slice(2), s.qvel).unitless().abs()).lt(100))
    return {
      observation: { qpos: s.qpos.slice(1), qvel: s.qvel.clip(-10, 10) },
      action: { kind: 'torque' },
      reward: {
        forward: s.rate(s.jointPos('rootx')),
        control: s.ctrl.squared().mul(-1e-3),
        healthy,
      },
      terminated: { unhealthy: healthy.not() },
      reset: disturbedStart(s, 5e-3),
    }
  },
})
