import type { Task } from '../task/index.js'
import { acrobotSwingup } from './acrobot.js'
import { ant, antDirection, antForwardBackward, antVelocity } from './ant.js'
import { cartpoleBalance, cartpoleSwingup } from './cartpole.js'
import { cartpoleBias } from './cartpole-bias.js'
import { halfCheetah, halfCheetahForwardBackward, halfCheetahVelocity } from './half-cheetah.js'
import { hopper } from './hopper.js'
import { humanoid } from './humanoid.js'
import { invertedPendulum } from './inverted-pendulum.js'
import { pegSwing } from './peg-swing.js'
import { pendulumServo } from './pendulum-servo.js'
import { fourCorners, navigation2d, rotatedPointDense, rotatedPointSparse } from './points.js'
import { puckPush } from './puck.js'
import { quadruped, quadrupedForward } from './quadruped.js'
import { reacher } from './reacher.js'
import { swimmer, swimmerForwardBackward } from './swimmer.js'
import { swingupEasy, swingupHard } from './swingup.js'
import { walker2d } from './walker2d.js'

/** The tasks of the library by name, as the command line knows them. */
export const tasks: Readonly<Record<string, () => Task>> = {
  'acrobot-swingup': () => acrobotSwingup,
  'ant-direction': () => antDirection,
  'ant-forward-backward': () => antForwardBackward,
  'ant-velocity': () => antVelocity,
  ant: () => ant,
  'cartpole-balance': () => cartpoleBalance,
  'cartpole-bias': () => cartpoleBias,
  'cartpole-swingup': () => cartpoleSwingup,
  'four-corners': () => fourCorners,
  'half-cheetah': () => halfCheetah,
  'half-cheetah-forward-backward': () => halfCheetahForwardBackward,
  'half-cheetah-velocity': () => halfCheetahVelocity,
  hopper: () => hopper,
  humanoid: () => humanoid,
  'inverted-pendulum': () => invertedPendulum,
  'nav-2d': () => navigation2d,
  'peg-swing': () => pegSwing,
  'pendulum-servo': () => pendulumServo,
  'puck-push': () => puckPush,
  'quadruped-forward': () => quadrupedForward,
  quadruped: () => quadruped,
  reacher: () => reacher,
  'rotated-point': () => rotatedPointDense,
  'rotated-point-sparse': () => rotatedPointSparse,
  'swimmer-forward-backward': () => swimmerForwardBackward,
  swimmer: () => swimmer,
  'swingup-easy': () => swingupEasy,
  'swingup-hard': () => swingupHard,
  walker2d: () => walker2d,
}
