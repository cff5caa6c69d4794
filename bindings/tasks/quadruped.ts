import {
  defineTask,
  type Expr,
  type Scalar,
  type Scope,
  type Task,
  type TaskTerms,
  type Vec,
  vec,
} from '../task/index.js'
import { QUADRUPED, QUADRUPED_HOLD } from './models/quadruped.js'

const LEGS = ['FL', 'FR', 'RL', 'RR'] as const
/** phase of each leg in turns: diagonal legs step together, a trot */
const PHASE = [0, 0.5, 0.5, 0]
/** Hz, steps of each leg */
const STEP_RATE = 2.5
/** rad that an action of 1 moves a set-point: hip, thigh, calf */
const SCALE = [0.25, 0.5, 0.5]
/** rad that the set-points of a stepping leg bend it by: straight up, as thigh and calf are equally long */
const LIFT = [0, 0.2, -0.4]
/** m: the trunk standing, a foot's centre on the floor, and how far a foot shall rise */
const [STANDING, FOOT, RISE] = [0.28, 0.022, 0.06]

/** What is asked of the robot, seen from above in its own heading. */
interface Command {
  /** m/s */
  readonly forward: Expr
  /** m/s */
  readonly left: Expr
  /** rad/s, counter-clockwise */
  readonly turn: Expr
}

/** Angle of a leg's clock, rad. The leg steps while its sine is positive. */
const clock = (s: Scope, leg: number, ahead: Scalar = 0): Expr =>
  s.time
    .add(ahead)
    .unitless()
    .mul(STEP_RATE)
    .add(PHASE[leg])
    .mul(2 * Math.PI)

/** How far a leg is through the air, as its clock has it: 0 on the floor, 1 at the top. */
const inTheAir = (s: Scope, leg: number, ahead: Scalar = 0): Expr => clock(s, leg, ahead).sin().max(0)

/** Velocity of the trunk along its heading and to the left of it, level with the floor (2), m/s. */
function groundVelocity(s: Scope): Vec {
  const { xmat, xvel } = s.body('trunk')
  const forward = vec(xmat[0], xmat[3])
  const heading = forward.div(forward.norm().max(0.1))
  return vec(xvel.x.mul(heading.x).add(xvel.y.mul(heading.y)), xvel.y.mul(heading.x).sub(xvel.x.mul(heading.y)))
}

/** 1 where the error is 0, 1/e where it is half a unit (legged_gym's tracking rewards, sigma 0.25). */
const tracking = (squaredError: Expr): Expr => squaredError.unitless().div(-0.25).exp()

function walk(s: Scope, command: Command): TaskTerms {
  const trunk = s.body('trunk')
  const { up } = trunk
  const rates = trunk.toLocal(trunk.angvel)
  const velocity = groundVelocity(s)
  const errors = velocity.sub(vec(command.forward, command.left))
  const error = errors.norm()
  const turnError = trunk.angvel.z.sub(command.turn)

  const angles = s.qpos.slice(7).sub(s.initial.qpos.slice(7))
  const hips = vec(...LEGS.map((_, leg) => angles[3 * leg]))
  const knees = LEGS.map(leg => s.body(`${leg}_calf`).xpos.z)
  // the time in a reward is still that of the observation
  const wanted = LEGS.map((_, leg) => inTheAir(s, leg, s.dt).mul(RISE).add(FOOT).as('m'))
  const feet = vec(...LEGS.map((leg, i) => s.site(`${leg}_foot`).xpos.z.sub(wanted[i])))
  return {
    observation: {
      gravity: trunk.projectedGravity,
      rates,
      velocity: trunk.toLocal(trunk.xvel),
      command: [command.forward, command.left, command.turn],
      angles,
      jointRates: s.qvel.slice(6),
      lastAction: s.lastActions,
      clock: [clock(s, 0).sin(), clock(s, 0).cos()],
    },
    action: {
      kind: 'custom',
      size: QUADRUPED_HOLD.length,
      command: action =>
        action.map((a, i) => {
          const step = inTheAir(s, Math.floor(i / 3)).mul(LIFT[i % 3])
          return a
            .mul(SCALE[i % 3])
            .add(step)
            .add(QUADRUPED_HOLD[i])
        }),
    },
    reward: {
      alive: 1,
      velocity: tracking(error.square()).sub(error.unitless().div(2)),
      turn: tracking(turnError.square()).sub(turnError.abs().unitless().div(2)),
      tilt: up.x.square().add(up.y.square()).neg(),
      height: trunk.xpos.z.sub(STANDING).square().mul(-20),
      bounce: trunk.xvel.z.square().mul(-0.5),
      roll: rates.slice(0, 2).squared().mul(-0.02),
      hips: hips.squared().mul(-0.5),
      torque: s.actuatorForce.squared().mul(-1e-4),
      change: s.actions.sub(s.lastActions).squared().mul(-0.1),
      feet: feet.abs().sum().mul(-2),
    },
    terminated: {
      low: trunk.xpos.z.lt(0.16),
      tilted: up.z.lt(0.5),
      kneeling: knees.reduce((low, z) => low.min(z)).lt(0.025),
    },
    metrics: { error, turnError: turnError.abs(), speed: velocity.x },
    reset: {
      qpos: vec(
        s.initial.qpos.slice(0, 7),
        s.initial.qpos.slice(7).map(q => q.add(s.uniform(-0.05, 0.05))),
      ),
      qvel: vec(
        s.initial.qvel.slice(0, 6).map(v => v.add(s.uniform(-0.1, 0.1))),
        s.initial.qvel.slice(6),
      ),
    },
  }
}

/**
 * Walk at a commanded velocity on flat ground, on the model of our own in models/quadruped.ts.
 *
 *   reward       alive     1
 *                velocity  exp(-e^2 / 0.25) - e / 2, e the length of the error of the trunk's velocity along and across its
 *                          heading, m/s
 *                turn      the same of the error of its yaw rate, rad/s
 *                tilt      minus the squared sine of the trunk's tilt
 *                height    -20 times the square of the trunk's height less 0.28 m
 *                bounce    -0.5 times the square of its vertical velocity, m/s
 *                roll      -0.02 times the sum of its squared roll and pitch rates, rad/s
 *                hips      -0.5 times the sum of the hips' squared angles, rad
 *                torque    -0.0001 times the sum of squared torques, N m
 *                change    -0.1 times the sum of the action's squared changes
 *                feet      -2 times the sum of the feet's distances (m) from the height that the clock asks for: 6 cm at the
 *                          top of a step
 *   terminated   low: trunk under 0.16 m; tilted: by more than 60 degrees; kneeling: a knee under 2.5 cm
 *   observation  gravity's direction (3), angular (3, rad/s) and linear velocity (3, m/s) in the trunk's axes; command (3);
 *                joint angles from home (12, rad), joint velocities (12, rad/s), last action (12), sine and cosine of the clock
 *   action       offsets (12) of the servos' set-points, 1 being 0.25 rad in hips and 0.5 rad in thighs and calves, from a
 *                trot on the spot: `home`, with diagonal legs lifted in turn, 2.5 steps a second
 *   command      drawn at the start and every 4 s: 0 to 1.2 m/s forward, up to 0.4 m/s sideways, up to 0.8 rad/s of turning
 *   start        `home`, joints off by U(-0.05, 0.05) rad, trunk's velocities by U(-0.1, 0.1)
 *   control      every 20 ms; 500 control steps at most
 *   metrics      error      length of the velocity's error, m/s
 *                turnError  of the yaw rate, rad/s
 *                speed      along the heading, m/s
 *
 * Form of the tracking rewards: legged_gym (Rudin et al., Learning to Walk in Minutes Using Massively Parallel Deep
 * Reinforcement Learning, CoRL 2021). Actions added to a stepping motion: Iscen et al., Policies Modulating Trajectory
 * Generators (CoRL 2018), with a generator that nothing modulates. Without it the same rewards end in tapping the floor at 12 Hz.
 */
export const quadruped: Task = defineTask({
  name: 'quadruped',
  model: QUADRUPED,
  frameSkip: 4,
  episodeLength: 500,
  keyframe: 'home',
  solved: 1100,
  define: s => {
    const drawn = (name: string, lo: number, hi: number, unit: string): Expr =>
      s.variable(name, { reset: s.uniform(lo, hi), every: 4, unit })
    return walk(s, {
      forward: drawn('forward', 0, 1.2, 'm/s'),
      left: drawn('left', -0.4, 0.4, 'm/s'),
      turn: drawn('turn', -0.8, 0.8, 'rad/s'),
    })
  },
})

/** `quadruped` at 1 m/s straight ahead for 10 s. Done well: metric `error` at most 0.15 m/s, start included, without a fall. */
export const quadrupedForward: Task = defineTask({
  name: 'quadruped-forward',
  model: QUADRUPED,
  frameSkip: 4,
  episodeLength: 500,
  keyframe: 'home',
  solved: 1250,
  define: s => walk(s, { forward: s.const(1, 'm/s'), left: s.const(0, 'm/s'), turn: s.const(0, 'rad/s') }),
})
