/** Points in the plane that actions move: no physics, only hidden goals and turns. What meta-learning is tried on first. */
import {
  type ActionMap,
  defineTask,
  type Expr,
  type Scalar,
  type Scope,
  type Task,
  type Vec,
  vec,
} from '../task/index.js'
import { type FamilyOptions, familyName, hidden } from './family.js'

/** A point that begins in (0, 0) and moves by `step`, within `bound` of its start along either axis. */
const walker = (s: Scope, bound: number, step: Vec): Vec =>
  s.state('at', { reset: [0, 0], next: at => at.add(step).clip(-bound, bound) })

const squareDistance = (a: Vec, b: Vec): Expr => a.sub(b).squared()

/** Actions are steps along x and y, each at most `longest`; they command nothing. */
const steps = (longest?: number): ActionMap => ({
  kind: 'custom',
  size: 2,
  command: () => [],
  clip: longest === undefined ? false : [-longest, longest],
})

/**
 * Walk to a goal that is not seen.
 *
 *   reward       near  minus the square of the distance from the goal
 *   terminated   there: within 0.1 of the goal
 *   observation  position (2)
 *   action       steps along x and y, clipped to ±0.1; the position stays within ±1
 *   hidden       goal (2), uniform in the square of ±1
 *   start        (0, 0); 100 steps at most
 *
 * Source: Song et al., ES-MAML (ICLR 2020): google-research/es_maml, task.py, NavigationTask2d; after Finn, Abbeel and
 * Levine 2017.
 */
export const navigation2dWith = (options: FamilyOptions = {}): Task =>
  defineTask({
    name: familyName('nav-2d', options),
    frameSkip: 0,
    episodeLength: 100,
    define: s => {
      const goal = hidden(s, 'goal', options, [s.uniform(-1, 1), s.uniform(-1, 1)], [1, 1])
      const at = walker(s, 1, s.actions)
      const near = squareDistance(at, goal).neg()
      return {
        observation: { at },
        action: steps(0.1),
        reward: { near },
        terminated: { there: near.ge(-0.01) },
      }
    },
  })

export const navigation2d: Task = navigation2dWith()

/**
 * Find the corner with the goal, which shows only from within 2 of it.
 *
 *   reward       near  -4 + max(0, 4 - square of the distance from the goal): -400 in all means that nothing was found
 *   observation  position (2)
 *   action       steps along x and y, clipped to ±0.1; the position stays within ±5
 *   hidden       goal (2), one of (±2, ±2)
 *   start        (0, 0); 100 steps
 *
 * Source: Song et al., ES-MAML (ICLR 2020): google-research/es_maml, task.py, NavigationTask4corner.
 */
export const fourCornersWith = (options: FamilyOptions = {}): Task =>
  defineTask({
    name: familyName('four-corners', options),
    frameSkip: 0,
    episodeLength: 100,
    define: s => {
      const side = (): Expr => s.uniform(-1, 1).lt(0).where(-2, 2)
      const goal = hidden(s, 'goal', options, [side(), side()], [2, 2])
      const at = walker(s, 5, s.actions)
      return {
        observation: { at },
        action: steps(0.1),
        reward: { near: squareDistance(at, goal).neg().add(4).max(0).sub(4) },
      }
    },
  })

export const fourCorners: Task = fourCornersWith()

/** What the two rotated points share: everything but the reward of a step and their number. */
function rotatedPoint(
  name: string,
  episodeLength: number,
  options: FamilyOptions,
  near: (distance: Expr) => Scalar,
): Task {
  return defineTask({
    name: familyName(name, options),
    frameSkip: 0,
    episodeLength,
    define: s => {
      const rotation = hidden(s, 'rotation', options, [s.uniform(-Math.PI, Math.PI)], [0]).at(0)
      const [sin, cos] = [rotation.sin(), rotation.cos()]
      const { x, y } = s.actions
      const at = walker(s, 2, vec(cos.mul(x).sub(sin.mul(y)), sin.mul(x).add(cos.mul(y))))
      const distance = squareDistance(at, vec(1, 0)).sqrt()
      return {
        observation: { at },
        action: steps(),
        reward: { near: near(distance) },
        terminated: { there: distance.lt(0.1) },
        metrics: { distance },
      }
    },
  })
}

/**
 * Walk to (1, 0) while every step is turned by an angle that is not seen.
 *
 *   reward       near  minus the distance from (1, 0)
 *   terminated   there: within 0.1 of it
 *   observation  position (2)
 *   action       steps along x and y of any length, then turned; the position stays within ±2
 *   hidden       rotation (1), rad, uniform in ±pi
 *   start        (0, 0); 10 steps at most
 *
 * Source: Yang et al., NoRML (AAMAS 2019): google-research/norml, envs/move_point_env.py.
 */
export const rotatedPointWith = (options: FamilyOptions = {}): Task =>
  rotatedPoint('rotated-point', 10, options, distance => distance.neg())

export const rotatedPointDense: Task = rotatedPointWith()

/** `rotatedPointWith`, but a step costs 1 wherever it leads, and there are 100 of them. */
export const rotatedPointSparseWith = (options: FamilyOptions = {}): Task =>
  rotatedPoint('rotated-point-sparse', 100, options, () => -1)

export const rotatedPointSparse: Task = rotatedPointSparseWith()
