/**
 * The standard robots against MuJoCo, from 1,000 states each along the protocol's trajectories: accelerations, numbers of
 * contacts and rows, constraint costs, sensors, and 100 steps from settled states.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import { skippable } from '../support/skip.js'
import { agrees, verdicts } from './agree.js'

const folder = fileURLToPath(new URL('../../../shared/models/', import.meta.url))
const here = existsSync(folder)
const found = here ? await verdicts(folder, 1000) : []

/** the models are not ours to count: these at least must be there */
const EXPECTED = [
  'acrobot.xml',
  'ant.xml',
  'boxes16.xml',
  'boxes64.xml',
  'cartpole.xml',
  'double_pendulum_cart.xml',
  'go2.xml',
  'half_cheetah.xml',
  'hopper.xml',
  'humanoid.xml',
  'humanoid_dm.xml',
  'humanoid_mjwarp.xml',
  'panda.xml',
  'puck.xml',
  'reacher.xml',
  'scene_ant.xml',
  'scene_cartpole.xml',
  'scene_double_pendulum.xml',
  'swimmer.xml',
  'walker2d.xml',
]

const standard = skippable(test, here, 'the robot models in ../shared/models are not here')
for (const file of EXPECTED) standard(`as MuJoCo: ${file}`, () => agrees(found, file, 1000))

test.run()
