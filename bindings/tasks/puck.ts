import { defineTask, type Task, vec } from '../task/index.js'
import { PUCK } from './models/puck.js'
import { tolerance } from './tolerance.js'

/** m: a paddle and a puck that touch are this far apart */
const TOUCH = 0.08
/** m, from the middle of the table to its edges */
const EDGE = 0.5

/**
 * Push a puck to a goal and leave it there. Ours.
 *
 *   reward       near   0.8 with the puck within 2 cm of the goal, beyond that 0.8 times a Gaussian of the distance, 0.1 at
 *                       0.3 m
 *                ready  0.2 times the same of the paddle's distance from the far side of the puck as seen from the goal,
 *                       where one pushes from
 *   terminated   lost: the puck left the table, 0.5 m from its middle
 *   observation  paddle (2, m), puck from paddle (2), goal from puck (2), velocities of paddle and puck (2 + 2, m/s)
 *   action       velocity of the paddle, 1 being 0.6 m/s
 *   start        puck within 0.1 m of the middle along both axes, goal 0.15 to 0.35 m along x and within 0.25 m along y,
 *                paddle within 0.05 and 0.1 m of (-0.3, 0), all at rest
 *   control      every 20 ms; 250 control steps at most
 *   metrics      distance  of the puck from the goal, m
 */
export const puckPush: Task = defineTask({
  name: 'puck-push',
  model: PUCK,
  frameSkip: 4,
  episodeLength: 250,
  solved: 200,
  define: s => {
    const goal = s.variable('goal', { reset: [s.uniform(0.15, 0.35), s.uniform(-0.25, 0.25)], unit: 'm' })
    const paddle = s.body('paddle').xpos.slice(0, 2)
    const puck = s.body('puck').xpos.slice(0, 2)
    const toGoal = goal.sub(puck)
    const distance = toGoal.norm()
    const pushFrom = puck.sub(toGoal.div(distance.max(0.02)).mul(TOUCH).as('m'))
    const near = tolerance(distance, { bounds: [0, 0.02], margin: 0.3 })
    const ready = tolerance(paddle.sub(pushFrom).norm(), { bounds: [0, 0.02], margin: 0.3 })
    return {
      observation: {
        paddle,
        puck: puck.sub(paddle),
        goal: toGoal,
        paddleVelocity: s.body('paddle').xvel.slice(0, 2),
        puckVelocity: s.body('puck').xvel.slice(0, 2),
      },
      action: { kind: 'torque' },
      reward: { near: near.mul(0.8), ready: ready.mul(0.2) },
      terminated: { lost: puck.x.abs().max(puck.y.abs()).gt(EDGE) },
      metrics: { distance },
      reset: {
        qpos: vec(
          [s.uniform(-0.05, 0.05), s.uniform(-0.1, 0.1)],
          [s.uniform(-0.1, 0.1), s.uniform(-0.1, 0.1)],
          s.initial.qpos.slice(4),
        ),
      },
    }
  },
})
