import { defineTask, type Expr, type Scope, type Task } from '../task/index.js'

/** m, beyond which the cart is lost */
const FARTHEST = 2.4

interface Start {
  readonly x: Expr
  readonly v: Expr
  readonly angle: Expr
  readonly rate: Expr
}

/**
 * Cart-pole swing-up in closed form. No engine, only the equations of motion: a rod of m = 0.5 kg and l = 0.6 m on a cart, M =
 * 1 kg together, friction b = 0.1 N s/m under the cart, g = 9.82 m/s^2; s and c are sine and cosine of the rod's angle theta
 * from upright, u the force:
 *
 *   x''     = (-2 m l theta'^2 s + 3 m g s c + 4 u - 4 b x') / (4 M - 3 m c^2)
 *   theta'' = (-3 m l theta'^2 s c + 6 M g s + 6 (u - b x') c) / (4 l M - 3 m l c^2)
 *
 * by explicit Euler steps of 10 ms, one a control step.
 *
 *   reward       upright  (c + 1) / 2 cos(pi x / 4.8), of the state after the step
 *   terminated   lost: |x| above 2.4 m (the reward of that step counts)
 *   observation  x (m), x' (m/s), c, s, theta' (rad/s)
 *   action       u, 1 being 10 N
 *   control      1000 steps at most
 *
 * Source: EvoJAX (Tang, Tian and Ha 2022), evojax/task/cartpole.py, with the cart-pole of Deisenroth, Efficient Reinforcement
 * Learning using Gaussian Processes (2010), appendix C. EvoJAX's benchmark table has PGPE at 935 (easy) and 631 (hard).
 */
function closedForm(name: string, solved: number, start: (s: Scope) => Start): Task {
  return defineTask({
    name,
    frameSkip: 0,
    timestep: 0.01,
    episodeLength: 1000,
    solved,
    define: s => {
      const [m, M] = [s.const(0.5, 'kg'), s.const(1, 'kg')]
      const [l, g, b] = [s.const(0.6, 'm'), s.const(9.82, 'm/s^2'), s.const(0.1, 'N*s/m')]
      const { dt } = s
      const first = start(s)

      const x: Expr = s.state('x', { reset: first.x, unit: 'm', next: x => x.add(v.mul(dt)) })
      const v: Expr = s.state('v', { reset: first.v, unit: 'm/s', next: v => v.add(acceleration().x.mul(dt)) })
      const angle: Expr = s.state('angle', { reset: first.angle, unit: 'rad', next: q => q.add(rate.mul(dt)) })
      const rate: Expr = s.state('rate', {
        reset: first.rate,
        unit: 'rad/s',
        next: w => w.add(acceleration().angle.mul(dt)),
      })

      const [sin, cos] = [angle.sin(), angle.cos()]
      const acceleration = (): { readonly x: Expr; readonly angle: Expr } => {
        const centrifugal = m.mul(l).mul(rate.square()).mul(sin)
        const force = s.const(10, 'N').mul(s.action(0)).sub(b.mul(v))
        const inertia = M.mul(4).sub(m.mul(3).mul(cos.square()))
        const along = centrifugal.mul(-2).add(m.mul(g).mul(3).mul(sin).mul(cos)).add(force.mul(4))
        const about = centrifugal.mul(-3).mul(cos).add(M.mul(g).mul(6).mul(sin)).add(force.mul(6).mul(cos))
        return { x: along.div(inertia), angle: about.div(l.mul(inertia)) }
      }
      return {
        observation: { x, v, cos, sin, rate },
        action: { kind: 'custom', size: 1, command: () => [] },
        reward: {
          upright: cos
            .add(1)
            .div(2)
            .mul(x.mul(Math.PI / (2 * FARTHEST)).cos()),
        },
        terminated: { lost: x.abs().gt(FARTHEST) },
      }
    },
  })
}

/** `closedForm` that begins hanging, all four numbers of the state with a standard deviation of 0.2. Solved at 900. */
export const swingupEasy: Task = closedForm('swingup-easy', 900, s => ({
  x: s.normal(0, 0.2),
  v: s.normal(0, 0.2),
  angle: s.normal(Math.PI, 0.2),
  rate: s.normal(0, 0.2),
}))

/** `closedForm` that begins anywhere: |x| <= 2.4 m, 10 m/s, pole in the lower half, 10 rad/s. Solved at 600. */
export const swingupHard: Task = closedForm('swingup-hard', 600, s => ({
  x: s.uniform(-FARTHEST, FARTHEST),
  v: s.uniform(-10, 10),
  angle: s.uniform(Math.PI / 2, (3 * Math.PI) / 2),
  rate: s.uniform(-10, 10),
}))
