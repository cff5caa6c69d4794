import {
  atan2,
  clip,
  defineTask,
  max,
  min,
  mod,
  pow,
  type Task,
  vec,
  where,
  wrapAngle,
} from '../../bindings/task/index.js'

/** every operation, every kind of memory, without physics */
export const everything: Task = defineTask({
  name: 'everything',
  frameSkip: 0,
  timestep: 0.02,
  episodeLength: 60,
  define(s) {
    const wish = s.input('wish', 2, [0.5, -0.5])
    const command = s.variable('command', { reset: [s.uniform(-1, 1), s.normal(0.2, 0.5)], every: 0.3 })
    const drift = s.variable('drift', { reset: command.x.mul(2), update: x => x.add(0.125) })
    const at = s.state('at', {
      reset: vec(s.normal(), command.y),
      next: x => x.add(s.actions.mul(s.dt.unitless())).add(s.normal(0, 0.01)),
    })
    const turn = s.state('turn', { reset: 0, next: x => x.add(at.x.mul(0.3)).sub(command.x) })
    const x = at.x.add(command.y)
    const y = at.y.sub(turn)
    return {
      observation: {
        at,
        command,
        drift,
        turn,
        wish,
        time: s.time,
        phase: s.phase(0.5).sin(),
        noisy: s.noisy(at, { std: [0.1, 0.2] }),
        shaken: s.noisy(x, { uniform: 0.3 }),
        biased: s.biased(at, { std: 0.5 }),
        before: s.prev(at),
        rate: s.rate(y),
        history: s.history(turn, 4),
        late: s.delayed(at, 0.05),
        later: s.delayed(x, command.x.abs().mul(0.1).as('s'), 0.1),
        last: s.lastActions,
        arithmetic: [
          x.add(y),
          x.sub(y),
          x.mul(y),
          x.div(y),
          x.neg(),
          x.abs(),
          y.square(),
          x.floor(),
          min(x, y),
          max(x, y),
        ],
        functions: [
          x.exp(),
          x.abs().log(),
          x.tanh(),
          x.mul(40).sin(),
          y.mul(40).cos(),
          atan2(x, y),
          pow(x.abs(), y),
          pow(x, 3),
        ],
        choices: [
          x.lt(y),
          x.le(y),
          x.gt(y),
          x.eq(y),
          x.lt(y).and(y.lt(0)),
          x.lt(y).or(y),
          x.not(),
          where(x.lt(0), y, x),
        ],
        rounds: [clip(x, -0.5, 0.5), mod(x, 0.7), wrapAngle(turn), x.abs().sqrt()],
      },
      action: { kind: 'custom', size: 2, clip: [-0.5, 0.5] },
      reward: {
        near: at.sub(wish).squared().neg(),
        smooth: s.actions.sub(s.lastActions).abs().sum().neg(),
        moved: at.sub(s.prev(at)).norm(),
        raw: s.rawActions.sum(),
        command: command.sum().add(drift),
      },
      terminated: { far: at.norm().gt(1.6), turned: turn.abs().gt(40) },
      metrics: { turn },
    }
  },
})
