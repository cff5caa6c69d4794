import { defineTask, type Task } from '../task/index.js'
import { HUMANOID } from './models/humanoid.js'
import { contactForces, disturbedStart } from './shared.js'

export interface HumanoidOptions {
  /** observe the contact forces on every body, cfrc_ext (13 * 6); default false */
  readonly contactForces?: boolean
}

/**
 * Walk forward upright: Gymnasium's Humanoid-v5.
 *
 *   reward       forward  1.25 * x velocity of the centre of mass over the control step, m/s
 *                control  -0.1 sum of squared controls
 *                contact  -5e-7 sum of squared cfrc_ext, at least -10
 *                healthy  5 while healthy
 *   terminated   unhealthy: z of the torso not within (1, 2) m
 *   observation  positions without x and y (22), velocities (23)
 *   start        upright at rest, every number off by U(-0.01, 0.01)
 *   control      every 15 ms; 1000 control steps at most
 *
 * Gymnasium's default observation also has cinert, cvel, qfrc_actuator and cfrc_ext (348 numbers in all); this is the one
 * of its arguments include_cinert_in_observation=False and so on, of which `contactForces` puts the last part back.
 * Gymnasium registers no threshold; solved at 6000, that of Mania et al. 2018, table 1.
 * Source: Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/humanoid_v5.py, else default arguments.
 */
export const humanoidWith = (options: HumanoidOptions = {}): Task =>
  defineTask({
    name: 'humanoid',
    model: HUMANOID,
    frameSkip: 5,
    episodeLength: 1000,
    solved: 6000,
    define: s => {
      const z = s.qpos[2]
      const healthy = z.gt(1).and(z.lt(2))
      const forces = contactForces(s)
      return {
        observation: {
          qpos: s.qpos.slice(2),
          qvel: s.qvel,
          ...(options.contactForces === true ? { cfrc_ext: forces } : {}),
        },
        action: { kind: 'torque' },
        reward: {
          forward: s.rate(s.centerOfMass().x).mul(1.25),
          control: s.ctrl.squared().mul(-0.1),
          contact: forces.squared().mul(-5e-7).max(-10),
          healthy: healthy.mul(5),
        },
        terminated: { unhealthy: healthy.not() },
        reset: disturbedStart(s, 1e-2),
      }
    },
  })

export const humanoid: Task = humanoidWith()
