import { defineTask, type Expr, type Scalar, type Scope, type Task } from '../task/index.js'
import { PENDULUM_SERVO } from './models/pendulum-servo.js'
import { tolerance } from './tolerance.js'

/** s, how far ahead the policy sees where the arm shall be */
const AHEAD = 0.1

/** A sine wave with amplitude (rad), frequency (Hz) and phase drawn for the episode: its angle and rate at a time. */
function wave(s: Scope, name: string, amplitude: readonly [number, number], frequency: readonly [number, number]) {
  const drawn = (what: string, lo: number, hi: number, unit: string): Expr =>
    s.variable(`${name}_${what}`, { reset: s.uniform(lo, hi), unit })
  const a = drawn('amplitude', ...amplitude, 'rad')
  const omega = drawn('frequency', 2 * Math.PI * frequency[0], 2 * Math.PI * frequency[1], 'rad/s')
  const phase = drawn('phase', 0, 2 * Math.PI, 'rad')
  const argument = (time: Expr): Expr => omega.mul(time).add(phase)
  return {
    angle: (time: Expr): Expr => a.mul(argument(time).sin()),
    rate: (time: Expr): Expr => a.mul(omega).mul(argument(time).cos()),
  }
}

/**
 * Make a hobby servo's arm follow a motion behind which it would lag and sag. Ours.
 *
 *   reward       track   1 on the motion, a Gaussian of the error, 0.1 at 0.05 rad (3 degrees)
 *                smooth  minus the square of the action's change
 *   observation  angle (rad) and rate (rad/s) of the arm; angle and rate of the motion now, its angle in 50 and 100 ms; last
 *                action
 *   action       the servo's set-point, 1 being 1.7 rad
 *   motion       two sine waves, drawn for the episode: 0.2 to 0.8 rad at 0.2 to 0.6 Hz, up to 0.3 rad at 0.6 to 1.2 Hz
 *   start        within 0.3 rad of hanging, at rest
 *   control      every 20 ms; 250 control steps, never terminated
 *   metrics      error  |angle - motion|, rad
 */
export const pendulumServo: Task = defineTask({
  name: 'pendulum-servo',
  model: PENDULUM_SERVO,
  frameSkip: 4,
  episodeLength: 250,
  solved: 220,
  define: s => {
    const waves = [wave(s, 'slow', [0.2, 0.8], [0.2, 0.6]), wave(s, 'fast', [0, 0.3], [0.6, 1.2])]
    const motion = (ahead: Scalar): Expr => waves[0].angle(s.time.add(ahead)).add(waves[1].angle(s.time.add(ahead)))
    const angle = s.jointPos('servo')
    // the time in a reward is still that of the observation
    const error = angle.sub(motion(s.dt))
    return {
      observation: {
        angle,
        rate: s.jointVel('servo'),
        motion: [motion(0), motion(AHEAD / 2), motion(AHEAD)],
        motionRate: waves[0].rate(s.time).add(waves[1].rate(s.time)),
        lastAction: s.lastActions,
      },
      action: { kind: 'torque' },
      reward: {
        track: tolerance(error, { margin: 0.05 }),
        smooth: s.action(0).sub(s.lastAction(0)).square().neg(),
      },
      metrics: { error: error.abs() },
      reset: { qpos: { servo: s.uniform(-0.3, 0.3) } },
    }
  },
})
