import { cos, defineTask, sin, type Task, vec } from '../task/index.js'
import { ACROBOT } from './models/acrobot.js'
import { tolerance } from './tolerance.js'

/**
 * Swing two rods up by the elbow between them and balance them: dm_control's acrobot swingup.
 *
 *   reward       near  1 while the tip is within 0.2 m of where it is upright, beyond that a Gaussian of the distance from
 *                      there, 0.1 at 1 m
 *   observation  sines and cosines of both rods' angles from upright (4), joint velocities (2, rad/s)
 *   action       torque of the elbow, 1 being 2 N m
 *   start        any angles, at rest
 *   control      every 10 ms; 1000 control steps, never terminated
 *
 * Source: dm_control, dm_control/suite/acrobot.py, `swingup` (Tassa et al., DeepMind Control Suite, 2018; Apache-2.0).
 */
export const acrobotSwingup: Task = defineTask({
  name: 'acrobot-swingup',
  model: ACROBOT,
  frameSkip: 1,
  episodeLength: 1000,
  solved: 100,
  define: s => {
    const upper = s.jointPos('shoulder')
    const rods = vec(upper, upper.add(s.jointPos('elbow')))
    const distance = s.site('tip').xpos.sub(s.site('target').xpos).norm()
    return {
      observation: { sin: sin(rods), cos: cos(rods), qvel: s.qvel },
      action: { kind: 'torque' },
      reward: { near: tolerance(distance, { bounds: [0, 0.2], margin: 1 }) },
      metrics: { distance },
      reset: { qpos: { shoulder: s.uniform(-Math.PI, Math.PI), elbow: s.uniform(-Math.PI, Math.PI) } },
    }
  },
})
