/** Roll a ball along a beam to where it is asked for, and keep it there. README.md goes through this file. */
import { defineTask } from 'simcrank/tasks'

/** m, where the beam ends */
const END = 0.25
/** m, how far off the ball earns half the reward */
const NEAR = 0.02
/** s, from the picture to the policy */
const CAMERA_DELAY = 0.02
/** s, over which the policy is told how fast the ball rolls */
const WINDOW = 0.04

export default defineTask({
  name: 'ball-and-beam',
  model: new URL('beam.xml', import.meta.url),
  frameSkip: 5, // timesteps of 4 ms: 50 decisions a second
  episodeLength: 500, // 10 s
  solved: 440,
  define: s => {
    const beam = s.body('beam')
    const position = beam.toLocal(s.body('ball').xpos.sub(beam.xpos)).x
    const goal = s.variable('goal', { reset: s.uniform(-0.15, 0.15), every: 5, unit: 'm' })
    const seen = s.noisy(s.delayed(position, CAMERA_DELAY), { std: s.const(0.5, 'mm') })
    const error = position.sub(goal)
    return {
      observation: {
        ball: seen,
        rate: seen.sub(s.delayed(seen, WINDOW)).div(s.const(WINDOW, 's')),
        goal,
        tilt: s.jointPos('tilt'),
        lastAction: s.lastActions,
      },
      action: { kind: 'torque' }, // -1 to 1: the range of the servo's set-point
      reward: {
        near: error.div(s.const(NEAR, 'm')).square().add(1).pow(-1),
        smooth: s.actions.sub(s.lastActions).squared().mul(-0.02),
      },
      terminated: { off: position.abs().gt(END) },
      metrics: { error: error.abs() },
      reset: { qpos: { ball_x: s.uniform(-0.2, 0.2) } },
    }
  },
})
