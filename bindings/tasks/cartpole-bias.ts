import { defineTask, type Expr, type Task } from '../task/index.js'
import { type FamilyOptions, familyName, hidden } from './family.js'

/** rad */
const LARGEST_BIAS = (10 * Math.PI) / 180
/** m, and rad of the true angle */
const [FARTHEST, STEEPEST] = [2.4, (12 * Math.PI) / 180]

/**
 * Balance a pole by an angle sensor that is wrong by a constant. No engine: the equations of Gym's CartPole, a pole of
 * 0.1 kg and half-length 0.5 m on a cart of 1 kg, g = 9.8 m/s^2, by explicit Euler steps of 20 ms.
 *
 *   reward       alive  1 while the pole stands
 *   terminated   lost: cart 2.4 m from the middle, or the pole's true angle 12 degrees
 *   observation  cart x (m), its velocity (m/s), pole angle (rad) + bias, its rate (rad/s)
 *   action       the force on the cart, N, of any size
 *   hidden       bias (1), rad, uniform in ±10 degrees
 *   start        every number uniform in ±0.05; 500 steps at most
 *
 * Source: Yang et al., NoRML (AAMAS 2019): google-research/norml, envs/cartpole_sensor_bias_env.py; equations after Barto,
 * Sutton and Anderson 1983, corrected by Florian 2007 for a cart without friction.
 */
export const cartpoleBiasWith = (options: FamilyOptions = {}): Task =>
  defineTask({
    name: familyName('cartpole-bias', options),
    frameSkip: 0,
    timestep: 0.02,
    episodeLength: 500,
    solved: 475,
    define: s => {
      const [g, half, m, M] = [s.const(9.8, 'm/s^2'), s.const(0.5, 'm'), s.const(0.1, 'kg'), s.const(1.1, 'kg')]
      const { dt } = s
      const bias = hidden(s, 'bias', options, [s.uniform(-LARGEST_BIAS, LARGEST_BIAS)], [0]).at(0)
      const start = (): Expr => s.uniform(-0.05, 0.05)

      const x: Expr = s.state('x', { reset: start(), unit: 'm', next: x => x.add(v.mul(dt)) })
      const v: Expr = s.state('v', { reset: start(), unit: 'm/s', next: v => v.add(acceleration().x.mul(dt)) })
      const angle: Expr = s.state('angle', { reset: start(), unit: 'rad', next: q => q.add(rate.mul(dt)) })
      const rate: Expr = s.state('rate', {
        reset: start(),
        unit: 'rad/s',
        next: w => w.add(acceleration().angle.mul(dt)),
      })

      const acceleration = (): { readonly x: Expr; readonly angle: Expr } => {
        const [sin, cos] = [angle.sin(), angle.cos()]
        const push = s.action(0).as('N').add(m.mul(half).mul(rate.square()).mul(sin)).div(M)
        const inertia = half.mul(
          m
            .mul(cos.square())
            .div(M)
            .neg()
            .add(4 / 3),
        )
        const turn = g.mul(sin).sub(cos.mul(push)).div(inertia)
        return { x: push.sub(m.mul(half).mul(turn).mul(cos).div(M)), angle: turn }
      }
      const lost = x.abs().ge(FARTHEST).or(angle.abs().ge(STEEPEST))
      return {
        observation: { x, v, angle: angle.add(bias), rate },
        action: { kind: 'custom', size: 1, command: () => [], clip: false },
        reward: { alive: lost.not() },
        terminated: { lost },
      }
    },
  })

export const cartpoleBias: Task = cartpoleBiasWith()
