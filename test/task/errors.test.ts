/** What makes no sense in a task, and how the error names it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TaskError } from '../../bindings/errors.js'
import type { Model } from '../../bindings/model/model.js'
import {
  add,
  clip,
  cross,
  defineTask,
  exp,
  type Scope,
  sqrt,
  type TaskOptions,
  type TaskTerms,
  vec,
  where,
} from '../../bindings/task/index.js'
import { walkerModel } from './models.js'
import { compileOn } from './support.js'

let model: Model

test.before(async () => {
  model = await walkerModel()
})

type Define = (s: Scope) => Partial<TaskTerms>

interface Case {
  readonly what: string
  readonly define: Define
  readonly options?: Partial<TaskOptions>
  readonly code: string
  readonly place: string
  /** part of the message */
  readonly says: string
}

function refuses({ what, define, options, code, place, says }: Case): void {
  test(what, () => {
    try {
      compileOn(model, define, options)
    } catch (error) {
      assert.instance(error, TaskError)
      const { code: got, place: where, message } = error as TaskError
      assert.is(got, code, message)
      assert.is(where, place, message)
      assert.ok(message.startsWith(`${place}: `) && message.includes(says), message)
      return
    }
    assert.unreachable('it was taken')
  })
}

const reward =
  (of: (s: Scope) => unknown): Define =>
  s => ({ reward: { forward: of(s) as never } })
const observation =
  (of: (s: Scope) => unknown): Define =>
  s => ({ observation: { hip: of(s) as never } })
const custom =
  (command: (s: Scope) => unknown): Define =>
  s => ({
    action: { kind: 'custom', size: 2, command: () => command(s) as never },
  })

const cases: readonly Case[] = [
  // names
  {
    what: 'a joint of another name',
    define: reward(s => s.jointPos('hpi')),
    code: 'NAME_UNKNOWN',
    place: 'reward.forward',
    says: "no joint 'hpi'; nearest: 'hip'",
  },
  {
    what: 'a body of another name, whatever is done with it',
    define: observation(s => s.body('torsoo').xvel.slice(0, 2).norm().mul(2).add(s.qvel[0])),
    code: 'NAME_UNKNOWN',
    place: 'observation.hip',
    says: "no body 'torsoo'; nearest: 'torso'",
  },
  {
    what: 'a wrong name taken apart',
    define: reward(s => {
      const [x, y] = s.body('leg').xpos
      return add(x, y)
    }),
    code: 'NAME_UNKNOWN',
    place: 'reward.forward',
    says: "no body 'leg'",
  },
  {
    what: 'a wrong name that nothing comes of',
    define: s => {
      s.sensor('compass')
      return {}
    },
    code: 'NAME_UNKNOWN',
    place: 'define',
    says: "no sensor 'compass'",
  },
  {
    what: 'a wrong name that makes the definition fail',
    define: s => ({
      reward: {
        x: [...s.site('tip').xpos].find(() => false)?.node as never,
        ...(s.site('tip').xpos.length === 3 ? {} : JSON.parse('{')),
      },
    }),
    code: 'NAME_UNKNOWN',
    place: 'define',
    says: "no site 'tip'",
  },
  {
    what: 'a geom, site, actuator, tendon of another name',
    define: s => ({ metrics: { a: s.geom('x').xpos.z }, terminated: s.site('y').xpos.z.lt(0) }),
    code: 'NAME_UNKNOWN',
    place: 'metrics.a',
    says: "no geom 'x'",
  },
  {
    what: 'an actuator of a termination',
    define: s => ({ terminated: { lost: s.actuator('knee').force.gt(3) } }),
    code: 'NAME_UNKNOWN',
    place: 'terminated.lost',
    says: "no actuator 'knee'",
  },
  {
    what: 'a tendon where there is none',
    define: reward(s => s.tendon('cable').length),
    code: 'NAME_UNKNOWN',
    place: 'reward.forward',
    says: 'the model has no tendon',
  },
  {
    what: 'a field of another name',
    define: reward(s => s.field('qvell')[0]),
    code: 'NAME_UNKNOWN',
    place: 'reward.forward',
    says: "nearest: 'qvel'",
  },
  {
    what: 'a field that only a batch keeps',
    define: reward(s => s.field('ncon')[0]),
    code: 'NAME_UNKNOWN',
    place: 'reward.forward',
    says: "no field 'ncon' that a task can read",
  },
  {
    what: 'a parameter path',
    define: observation(s => s.param('body/torsoo/mass')),
    code: 'NAME_UNKNOWN',
    place: 'observation.hip',
    says: 'body/torso/mass',
  },
  {
    what: 'a keyframe',
    define: () => ({}),
    options: { keyframe: 'sitting' },
    code: 'NAME_UNKNOWN',
    place: 'keyframe',
    says: "nearest: 'home'",
  },
  {
    what: 'the keyframe of a pose',
    define: () => ({ action: { kind: 'position', pose: 'hone', scale: 1 } }),
    code: 'NAME_UNKNOWN',
    place: 'action',
    says: "no keyframe 'hone'; nearest: 'home'",
  },
  {
    what: 'an actuator of the action',
    define: () => ({ action: { kind: 'torque', actuators: ['hpi'] } }),
    code: 'NAME_UNKNOWN',
    place: 'action',
    says: "nearest: 'hip'",
  },
  {
    what: 'a field that an episode cannot begin with',
    define: () => ({ reset: { qacc: 0 } as never }),
    code: 'NAME_UNKNOWN',
    place: 'reset.qacc',
    says: "nearest: 'act'",
  },
  {
    what: 'a joint of a start',
    define: () => ({ reset: { qpos: { hipp: 0 } } }),
    code: 'NAME_UNKNOWN',
    place: 'reset.qpos.hipp',
    says: "nearest: 'hip'",
  },
  // units
  {
    what: 'metres and radians',
    define: reward(s => s.jointPos('hip').add(s.jointPos('ankle'))),
    code: 'UNIT_MISMATCH',
    place: 'reward.forward',
    says: 'cannot add rad and m',
  },
  {
    what: 'a speed below a length',
    define: s => ({ terminated: { low: s.body('torso').xvel.x.lt(s.body('torso').xpos.z) } }),
    code: 'UNIT_MISMATCH',
    place: 'terminated.low',
    says: 'cannot compare m/s and m',
  },
  {
    what: 'a choice of seconds or metres',
    define: observation(s => where(s.qpos[0].lt(1), s.time, s.qpos[1])),
    code: 'UNIT_MISMATCH',
    place: 'observation.hip',
    says: 'cannot choose between s and m',
  },
  {
    what: 'the exponential of metres',
    define: reward(s => exp(s.qpos[0])),
    code: 'UNIT_MISMATCH',
    place: 'reward.forward',
    says: 'exp takes a number without unit, not m',
  },
  {
    what: 'clipping between units',
    define: reward(s => clip(s.qpos[0], s.const(-1, 's'), 1)),
    code: 'UNIT_MISMATCH',
    place: 'reward.forward',
    says: 'cannot clip between m, s and a number',
  },
  {
    what: 'a start in another unit',
    define: s => ({ reset: { qpos: { hip: s.const(1, 'm') } } }),
    code: 'UNIT_MISMATCH',
    place: 'reset.qpos.hip',
    says: 'in rad, got m',
  },
  {
    what: 'a variable declared in another unit',
    define: s => ({ reward: { x: s.variable('goal', { reset: s.const(1, 'm'), unit: 'rad' }) } }),
    code: 'UNIT_MISMATCH',
    place: 'variable.goal',
    says: 'got m, expected rad',
  },
  {
    what: 'a state that changes its unit',
    define: s => ({ reward: { x: s.state('at', { reset: s.const(0, 'm'), next: x => x.square() }) } }),
    code: 'UNIT_MISMATCH',
    place: 'state.at',
    says: 'got m^2, expected m',
  },
  {
    what: 'the sine of seconds',
    define: reward(s => s.time.sin()),
    code: 'UNIT_MISMATCH',
    place: 'reward.forward',
    says: 'sin takes a number without unit, not s',
  },
  // shapes
  {
    what: 'vectors of different lengths',
    define: reward(s => s.qpos.add(s.qvel).sum()),
    code: 'SHAPE',
    place: 'reward.forward',
    says: 'vectors of 9 and 8',
  },
  {
    what: 'a vector as a reward',
    define: reward(s => s.qpos),
    code: 'SHAPE',
    place: 'reward.forward',
    says: 'a vector of 9',
  },
  {
    what: 'an element that is not there',
    define: observation(s => s.qpos.at(9)),
    code: 'SHAPE',
    place: 'observation.hip',
    says: 'no element 9',
  },
  {
    what: 'the position of a free joint',
    define: observation(s => s.jointPos('root')),
    code: 'SHAPE',
    place: 'observation.hip',
    says: 'has 7 coordinates: use s.joint(…).qpos',
  },
  {
    what: 'a cross product in the plane',
    define: reward(s => cross(s.qpos.slice(0, 2), s.qpos.slice(0, 3)).x),
    code: 'SHAPE',
    place: 'reward.forward',
    says: 'vectors of 2 and 3',
  },
  {
    what: 'a start of another length',
    define: s => ({ reset: { qpos: s.qvel } }),
    code: 'SHAPE',
    place: 'reset.qpos',
    says: 'got 8 numbers, expected 9',
  },
  {
    what: 'something that is no number',
    define: reward(() => 'much'),
    code: 'SHAPE',
    place: 'reward.forward',
    says: 'expected one number, got much',
  },
  {
    what: 'gains for another number of joints',
    define: () => ({ action: { kind: 'pd', pose: [0, 0], scale: [1, 1, 1], kp: 1, kd: 1 } }),
    code: 'SHAPE',
    place: 'action',
    says: 'scale: got 3 numbers, expected 1 or 2',
  },
  {
    what: 'a mocap body that is none',
    define: () => ({ reset: { mocap_pos: { torso: [0, 0, 0] } } }),
    code: 'SHAPE',
    place: 'reset.mocap_pos.torso',
    says: 'no mocap body',
  },
  // moments
  {
    what: 'the action in an observation',
    define: observation(s => s.action(0)),
    code: 'SEGMENT',
    place: 'observation.hip',
    says: 'use lastAction',
  },
  {
    what: 'the past of the action',
    define: reward(s => s.prev(s.action(0))),
    code: 'SEGMENT',
    place: 'reward.forward',
    says: 'use lastAction',
  },
  {
    what: 'a pose in the start',
    define: s => ({ reset: { qpos: { hip: s.body('foot').xpos.z.unitless() } } }),
    code: 'SEGMENT',
    place: 'reset.qpos.hip',
    says: 'xpos[',
  },
  {
    what: 'a variable of poses in the start',
    define: s => ({ reset: { qpos: { hip: s.variable('z', { reset: s.body('foot').xpos.z }).unitless() } } }),
    code: 'SEGMENT',
    place: 'reset.qpos.hip',
    says: 'variable.z needs poses',
  },
  {
    what: 'a pose in the dynamics',
    define: s => ({
      reward: { x: s.state('chase', { reset: 0, next: x => x.add(s.body('foot').xpos.x.unitless()) }) },
    }),
    code: 'SEGMENT',
    place: 'state.chase',
    says: 'use prev',
  },
  {
    what: 'a random number in a control',
    define: s => ({ action: { kind: 'custom', size: 2, control: d => d.map(x => x.add(s.normal())) } }),
    code: 'SEGMENT',
    place: 'action',
    says: 'draw it in the command',
  },
  {
    what: 'one random number in two moments',
    define: s => {
      const x = s.normal()
      return { observation: { x }, reward: { x } }
    },
    code: 'SEGMENT',
    place: 'reward.x',
    says: 'keep it in a variable',
  },
  {
    what: 'one random number in the start and in a variable that waits for poses',
    define: s => {
      const x = s.uniform(0, 1)
      const high = s.variable('high', { reset: s.body('foot').xpos.z.unitless().add(x) })
      return { observation: { high }, reset: { qpos: { hip: x } } }
    },
    code: 'SEGMENT',
    place: 'variable.high',
    says: 'keep it in a variable',
  },
  {
    what: 'one random number in a variable that waits for poses and in one that does not',
    define: s => {
      const x = s.uniform(0, 1)
      const high = s.variable('high', { reset: s.body('foot').xpos.z.unitless().add(x) })
      return { observation: { high, low: s.variable('low', { reset: x }) } }
    },
    code: 'SEGMENT',
    place: 'variable.low',
    says: 'keep it in a variable',
  },
  {
    what: 'a delayed command kept for later',
    define: s => {
      let kept = s.qpos[0]
      return {
        action: {
          kind: 'custom',
          size: 2,
          control: d => {
            kept = d[0]
            return d
          },
        },
        reward: {
          get x() {
            return kept
          },
        },
      }
    },
    code: 'SEGMENT',
    place: 'reward.x',
    says: 'known in controls only',
  },
  {
    what: 'a start that needs itself',
    define: s => {
      const goal = s.variable('goal', { reset: s.qpos[0] })
      return { observation: { goal }, reset: { qpos: { root: vec(goal, s.initial.qpos.slice(1, 7)) } } }
    },
    code: 'CYCLE',
    place: 'reset.qpos.root',
    says: 'needs itself',
  },
  // names given twice
  {
    what: 'two variables of a name',
    define: s => {
      s.variable('goal', { reset: 0 })
      s.state('goal', { reset: 0, next: x => x })
      return {}
    },
    code: 'DUPLICATE',
    place: 'state.goal',
    says: "'goal' is taken",
  },
  {
    what: 'a joint whose start is written twice',
    define: s => ({ reset: { qpos: { hip: s.normal(), '#1': 0 } } }),
    code: 'DUPLICATE',
    place: 'reset.qpos.#1',
    says: 'qpos[7] is written twice',
  },
  {
    what: 'an actuator twice in an action',
    define: () => ({ action: { kind: 'torque', actuators: ['hip', 'hip'] } }),
    code: 'DUPLICATE',
    place: 'action',
    says: 'twice',
  },
  // values
  {
    what: 'a number that is none',
    define: reward(s => s.qpos[0].mul(Number.NaN)),
    code: 'VALUE',
    place: 'reward.forward',
    says: 'NaN',
  },
  {
    what: 'a unit that is none',
    define: reward(s => s.const(1, 'furlong')),
    code: 'VALUE',
    place: 'reward.forward',
    says: "'furlong' is no unit",
  },
  {
    what: 'a history of nothing',
    define: observation(s => s.history(s.qpos, 0)),
    code: 'VALUE',
    place: 'observation.hip',
    says: 'got 0 steps',
  },
  {
    what: 'a delay without end',
    define: observation(s => s.delayed(s.qpos, s.timestep)),
    code: 'VALUE',
    place: 'observation.hip',
    says: 'longest delay',
  },
  {
    what: 'an input of no numbers',
    define: s => ({ observation: { x: s.input('x', 0) } }),
    code: 'VALUE',
    place: 'input.x',
    says: 'got 0',
  },
  {
    what: 'an input with too few defaults',
    define: s => ({ observation: { x: s.input('x', 3, [1, 2]) } }),
    code: 'SHAPE',
    place: 'input.x',
    says: 'got 2 numbers, expected 3',
  },
  // what cannot be had
  {
    what: 'a parameter that is no number of the model',
    define: reward(s => s.param('body/torso/pseudo_inertia/alpha')),
    code: 'UNSUPPORTED',
    place: 'reward.forward',
    says: 'no single number',
  },
  // terms and actions
  {
    what: 'nothing to observe',
    define: () => ({ observation: {} }),
    code: 'TERM',
    place: 'observation',
    says: 'something to observe',
  },
  { what: 'no reward', define: () => ({ reward: {} }), code: 'TERM', place: 'reward', says: 'needs a reward' },
  {
    what: 'a reward without name',
    define: s => ({ reward: s.qpos[0] as never }),
    code: 'TERM',
    place: 'reward',
    says: 'named expressions',
  },
  {
    what: 'no action',
    define: () => ({ action: undefined as never }),
    code: 'ACTION',
    place: 'action',
    says: 'needs an action',
  },
  {
    what: 'an action of an unknown kind',
    define: () => ({ action: { kind: 'thought' } as never }),
    code: 'ACTION',
    place: 'action',
    says: "no action 'thought'",
  },
  {
    what: 'a control without range',
    define: () => ({ action: { kind: 'torque' } }),
    code: 'ACTION',
    place: 'action',
    says: "actuator 'ankle' has no control range: give a scale",
  },
  {
    what: 'too few commands',
    define: custom(s => s.actions.slice(0, 1)),
    code: 'ACTION',
    place: 'action',
    says: 'got 1 numbers, expected one for each control: 2',
  },
  {
    what: 'bounds the wrong way round',
    define: () => ({ action: { kind: 'torque', clip: [1, -1] } }),
    code: 'ACTION',
    place: 'action',
    says: 'clip: got [1, -1]',
  },
  {
    what: 'negative noise',
    define: () => ({ action: { kind: 'torque', noise: -1 } }),
    code: 'ACTION',
    place: 'action',
    says: 'noise: got -1',
  },
  {
    what: 'a delay into the future',
    define: () => ({ action: { kind: 'torque', delay: -0.1 } }),
    code: 'ACTION',
    place: 'action',
    says: 'delay: got -0.1',
  },
  {
    what: "the delay of commands that are not the actuators'",
    define: () => ({
      action: { kind: 'custom', size: 1, command: a => a, control: d => [d[0], d[0]], delay: 'actuator_delay' },
    }),
    code: 'ACTION',
    place: 'action',
    says: 'one command for each control',
  },
  {
    what: 'an error in a metric',
    define: s => ({ metrics: { height: sqrt(s.qpos[2].add(s.time)) } }),
    code: 'UNIT_MISMATCH',
    place: 'metrics.height',
    says: 'cannot add m and s',
  },
]
cases.forEach(refuses)

const OPTIONS: TaskOptions = {
  name: 'test',
  frameSkip: 0,
  episodeLength: 1,
  define: s => ({ observation: { x: s.time }, action: { kind: 'custom', size: 1 }, reward: { x: 0 } }),
}

const options: readonly (readonly [what: string, change: Partial<TaskOptions>, says: string])[] = [
  ['no name', { name: '' }, 'name'],
  ['physics without timesteps', { model: '<mujoco/>' }, 'frameSkip: got 0'],
  ['timesteps without physics', { frameSkip: 2 }, 'frameSkip: got 2'],
  ['half an episode', { episodeLength: 0.5 }, 'episodeLength: got 0.5'],
  [
    'an episode too long to count',
    { episodeLength: 2 ** 20 + 1 },
    'episodeLength: got 1048577, expected a whole number',
  ],
  ['a timestep of a model', { model: '<mujoco/>', frameSkip: 1, timestep: 0.1 }, 'timestep: got 0.1'],
  ['a timestep of nothing', { timestep: 0 }, 'timestep: got 0'],
  ['a score that is none', { solved: Number.NaN }, 'solved: got NaN'],
  ['no definition', { define: undefined as never }, 'define: got undefined'],
]
for (const [what, change, says] of options) {
  test(`options: ${what}`, () => {
    try {
      defineTask({ ...OPTIONS, ...change })
    } catch (error) {
      assert.instance(error, TaskError)
      assert.is((error as TaskError).code, 'VALUE')
      assert.ok((error as TaskError).message.includes(says), (error as TaskError).message)
      return
    }
    assert.unreachable('they were taken')
  })
}

test('errors of the definition itself pass through', () => {
  assert.throws(
    () =>
      compileOn(model, () => {
        throw new RangeError('mine')
      }),
    (error: unknown) => error instanceof RangeError && error.message === 'mine',
  )
})

test.run()
