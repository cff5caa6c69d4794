import { defineTask, type Task, type Vec, vec } from '../task/index.js'
import { PEG_SWING } from './models/peg-swing.js'
import { tolerance } from './tolerance.js'

/** m */
const PEG_LENGTH = 0.1
/** m: the tip so near the bottom has two thirds of the peg inside the socket's shorter wall */
const INSIDE = 0.03

/**
 * Swing a peg on a cord into a slanting socket, out of the arm's reach, and leave it there. Model and reward are ours.
 *
 *   reward       near    (1 + a) / 4, a the cosine of the peg's angle to the socket's axis, times a Gaussian of the tip's
 *                        distance from the bottom, 0.1 at 0.3 m
 *                inside  1/2 while that distance is below 3 cm
 *   observation  shoulder and elbow (2, rad); wrist, tip and tail of the peg from the bottom of the socket (x, z each, m);
 *                joint velocities (6, rad/s); last action (2)
 *   action       set-points of shoulder and elbow, 1 being 0.9 rad from `home`
 *   start        `home`, the cord's upper and lower joint within 0.1 rad of hanging, at rest
 *   control      every 20 ms; 200 control steps, never terminated
 *   metrics      distance  of the tip from the bottom, m
 *                inside    part of the episode in which the peg was inside
 *
 * After the swing-peg-in-hole task of Chebotar et al., Closing the Sim-to-Real Loop (ICRA 2019).
 */
export const pegSwing: Task = defineTask({
  name: 'peg-swing',
  model: PEG_SWING,
  frameSkip: 5,
  episodeLength: 200,
  keyframe: 'home',
  solved: 140,
  define: s => {
    const bottom = s.site('socket').xpos
    const from = (name: string): Vec => {
      const offset = s.site(name).xpos.sub(bottom)
      return vec(offset.x, offset.z)
    }
    const [tip, tail] = [from('tip'), from('tail')]
    const distance = tip.norm()
    // the socket's axis is (1, -1) / sqrt 2 in x and z
    const peg = tip.sub(tail)
    const aligned = peg[0]
      .sub(peg[1])
      .unitless()
      .div(PEG_LENGTH * Math.SQRT2)
    const inside = distance.lt(INSIDE)
    return {
      observation: {
        arm: [s.jointPos('shoulder'), s.jointPos('elbow')],
        wrist: from('wrist'),
        tip,
        tail,
        qvel: s.qvel,
        lastAction: s.lastActions,
      },
      action: { kind: 'position', pose: 'home', scale: 0.9 },
      reward: {
        near: aligned
          .add(1)
          .div(4)
          .mul(tolerance(distance, { margin: 0.3 })),
        inside: inside.div(2),
      },
      metrics: { distance, inside },
      reset: {
        qpos: {
          cord1: s.initial.qpos[2].add(s.uniform(-0.1, 0.1)),
          peg: s.uniform(-0.1, 0.1),
        },
      },
    }
  },
})
