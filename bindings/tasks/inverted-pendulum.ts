import { defineTask, type Task } from '../task/index.js'
import { INVERTED_PENDULUM } from './models/inverted-pendulum.js'
import { disturbedStart } from './shared.js'

/**
 * Balance a pole on a cart: Gymnasium's InvertedPendulum-v5.
 *
 *   reward       healthy  1 unless the step ends in a fall
 *   terminated   fallen: the pole leans by more than 0.2 rad
 *   observation  positions (2), velocities (2)
 *   start        upright at rest, every number off by U(-0.01, 0.01)
 *   control      every 40 ms; 1000 control steps at most
 *
 * Solved at 950, Gymnasium's reward_threshold.
 * Source: Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/inverted_pendulum_v5.py, default arguments.
 */
export const invertedPendulum: Task = defineTask({
  name: 'inverted-pendulum',
  model: INVERTED_PENDULUM,
  frameSkip: 2,
  episodeLength: 1000,
  solved: 950,
  define: s => {
    const fallen = s.jointPos('hinge').abs().gt(0.2)
    return {
      observation: { qpos: s.qpos, qvel: s.qvel },
      action: { kind: 'torque' },
      reward: { healthy: fallen.not() },
      terminated: { fallen },
      reset: disturbedStart(s, 0.01),
    }
  },
})
