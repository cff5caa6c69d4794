import { defineTask, type Task } from '../task/index.js'
import { WALKER2D } from './models/walker2d.js'
import { disturbedStart } from './shared.js'

/**
 * Walk forward on two legs in the plane: Gymnasium's Walker2d-v5.
 *
 *   reward       forward  x velocity of the torso over the control step, m/s
 *                control  -0.001 sum of squared controls
 *                healthy  1 while healthy
 *   terminated   unhealthy: z not within (0.8, 2) m or pitch not within (-1, 1) rad
 *   observation  positions without x (8), velocities clipped to ±10 (9)
 *   start        upright at rest, every number off by U(-0.005, 0.005)
 *   control      every 8 ms; 1000 control steps at most
 *
 * Gymnasium registers no threshold; solved at 4390, that of Mania et al. 2018, table 1.
 * Source: Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/walker2d_v5.py, default arguments.
 */
export const walker2d: Task = defineTask({
  name: 'walker2d',
  model: WALKER2D,
  frameSkip: 4,
  episodeLength: 1000,
  solved: 4390,
  define: s => {
    const z = s.jointPos('rootz')
    const healthy = z.gt(0.8).and(z.lt(2)).and(s.jointPos('rooty').abs().lt(1))
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
