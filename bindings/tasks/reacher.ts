import { cos, defineTask, sin, type Task, vec } from '../task/index.js'
import { REACHER } from './models/reacher.js'
import { TURN } from './shared.js'

/**
 * Bring the tip of a two-link arm to a target: Gymnasium's Reacher-v5.
 *
 *   reward       distance  minus the distance from fingertip to target, m
 *                control   minus the sum of squared controls
 *   observation  cosines and sines of the joint angles (4), target's slides (2), joint velocities (2), x and y from
 *                target to fingertip (2)
 *   start        arm straight, its angles off by U(-0.1, 0.1) rad, its velocities U(-0.005, 0.005) rad/s; target's slides
 *                uniform on a disc of 0.2 m (where Gymnasium draws from a square until it falls on the disc)
 *   control      every 20 ms; 50 control steps, never terminated
 *
 * Solved at -3.75, Gymnasium's reward_threshold.
 * Source: Farama-Foundation/Gymnasium, gymnasium/envs/mujoco/reacher_v5.py, default arguments.
 */
export const reacher: Task = defineTask({
  name: 'reacher',
  model: REACHER,
  frameSkip: 2,
  episodeLength: 50,
  solved: -3.75,
  define: s => {
    const angles = s.qpos.slice(0, 2).unitless()
    const toTip = s.body('fingertip').xpos.sub(s.body('target').xpos)
    // the square root makes it uniform over the area
    const radius = s.uniform(0, 1).sqrt().mul(0.2)
    const direction = s.uniform(0, TURN)
    const arm = s.initial.qpos.slice(0, 2).map(q => q.add(s.uniform(-0.1, 0.1)))
    return {
      observation: {
        cos: cos(angles),
        sin: sin(angles),
        target: s.qpos.slice(2),
        qvel: s.qvel.slice(0, 2),
        toTip: toTip.slice(0, 2),
      },
      action: { kind: 'torque' },
      reward: {
        distance: toTip.norm().neg(),
        control: s.ctrl.squared().neg(),
      },
      reset: {
        qpos: vec(arm, radius.mul(direction.cos()), radius.mul(direction.sin())),
        qvel: vec(s.uniform(-0.005, 0.005), s.uniform(-0.005, 0.005), 0, 0),
      },
    }
  },
})
