import { defineTask, type Scope, type Task, type TaskTerms } from '../task/index.js'
import { CARTPOLE } from './models/cartpole.js'
import { quadraticTolerance, tolerance } from './tolerance.js'

/** What balancing and swinging up share: all but the start. */
function cartpole(s: Scope, reset: TaskTerms['reset']): TaskTerms {
  const [x, angle] = [s.jointPos('slider'), s.jointPos('hinge')]
  const upright = angle.cos().add(1).div(2)
  const centred = tolerance(x, { margin: 2 }).add(1).div(2)
  const gentle = quadraticTolerance(s.action(0), { margin: 1 }).add(4).div(5)
  const slow = tolerance(s.jointVel('hinge'), { margin: 5 }).add(1).div(2)
  return {
    observation: { x, cos: angle.cos(), sin: angle.sin(), qvel: s.qvel },
    action: { kind: 'torque' },
    reward: { upright: upright.mul(centred).mul(gentle).mul(slow) },
    metrics: { upright },
    reset,
  }
}

/** A small velocity in any direction, m/s and rad/s. */
const nudge = (s: Scope) => ({ slider: s.normal(0, 0.01), hinge: s.normal(0, 0.01) })

/**
 * Keep a pole upright on our own cart-pole.
 *
 *   reward       upright  in [0, 1]: (1 + cos) / 2 of the pole's angle, times factors for being in the middle (down to 1/2),
 *                         for little force (down to 4/5) and for a slow pole (down to 1/2)
 *   observation  cart x (m), cosine and sine of the pole's angle from upright, velocities of cart (m/s) and pole (rad/s)
 *   action       force on the cart, 1 being 10 N
 *   start        cart within 0.1 m of the middle, pole within 0.034 rad of upright, velocities N(0, 0.01^2)
 *   control      every 10 ms; 1000 control steps, never terminated
 *
 * Solved at 950 of 1000. Source of reward and start: dm_control, dm_control/suite/cartpole.py, `balance` (Tassa et al.,
 * DeepMind Control Suite, 2018). The cart-pole is ours, so scores are not the suite's.
 */
export const cartpoleBalance: Task = defineTask({
  name: 'cartpole-balance',
  model: CARTPOLE,
  frameSkip: 1,
  episodeLength: 1000,
  solved: 950,
  define: s =>
    cartpole(s, {
      qpos: { slider: s.uniform(-0.1, 0.1), hinge: s.uniform(-0.034, 0.034) },
      qvel: nudge(s),
    }),
})

/**
 * Swing a hanging pole up and keep it there. The force is too weak to do it in one go.
 *
 *   start        cart in the middle and pole hanging, both N(0, 0.01^2) off (m, rad), velocities N(0, 0.01^2)
 *   the rest     as in `cartpoleBalance`
 *
 * Source of reward and start: dm_control, dm_control/suite/cartpole.py, `swingup` (Tassa et al. 2018).
 */
export const cartpoleSwingup: Task = defineTask({
  name: 'cartpole-swingup',
  model: CARTPOLE,
  frameSkip: 1,
  episodeLength: 1000,
  solved: 800,
  define: s =>
    cartpole(s, {
      qpos: { slider: s.normal(0, 0.01), hinge: s.normal(Math.PI, 0.01) },
      qvel: nudge(s),
    }),
})
