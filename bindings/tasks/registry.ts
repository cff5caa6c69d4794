import type { Task } from '../task/index.js'
import { ant, antDirection, antForwardBackward, antVelocity } from './ant.js'
import { halfCheetah, halfCheetahForwardBackward, halfCheetahVelocity } from './half-cheetah.js'
import { hopper } from './hopper.js'
import { humanoid } from './humanoid.js'
import { invertedPendulum } from './inverted-pendulum.js'
import { reacher } from './reacher.js'
import { swimmer, swimmerForwardBackward } from './swimmer.js'
import { walker2d } from './walker2d.js'

/** The tasks of the library by name, as the command line knows them. */
export const tasks: Readonly<Record<string, () => Task>> = {
  ant: () => ant,
  'ant-direction': () => antDirection,
  'ant-forward-backward': () => antForwardBackward,
  'ant-velocity': () => antVelocity,
  'half-cheetah': () => halfCheetah,
  'half-cheetah-forward-backward': () => halfCheetahForwardBackward,
  'half-cheetah-velocity': () => halfCheetahVelocity,
  hopper: () => hopper,
  humanoid: () => humanoid,
  'inverted-pendulum': () => invertedPendulum,
  reacher: () => reacher,
  swimmer: () => swimmer,
  'swimmer-forward-backward': () => swimmerForwardBackward,
  walker2d: () => walker2d,
}
