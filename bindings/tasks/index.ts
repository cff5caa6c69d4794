/**
 * simcrank/tasks: what a policy is to do, and policies that do it.
 *
 * defineTask and the functions of its expressions; policies; rollout and evaluate; and the library: `tasks` by name, and each
 * of them. Training is `simcrank/train`.
 */
export {
  type Block,
  describeNetwork,
  formatSpec,
  generatePolicy,
  gru,
  initialTheta,
  type LayerShape,
  type LinearSpec,
  linear,
  lstm,
  type MlpSpec,
  makeNetwork,
  memorySize,
  mlp,
  NORMALIZER_RULES,
  Normalizer,
  type NormalizerRule,
  type Output,
  Policy,
  type PolicyInit,
  type PolicyMeta,
  type PolicySpec,
  parameterBlocks,
  parseSpec,
  type RecurrentSpec,
  readPolicy,
  type Statistics,
  savePolicy,
  stackLayers,
} from '../policy/index.js'
export { ACTIVATION, type Activation, END, LAYER, type Layer, type Network } from '../program.js'
export { type Evaluation, evaluate, type ParameterBreakdown, type Summary } from '../task/evaluate.js'
export * from '../task/functions.js'
export {
  type ActionMap,
  type ActuatorView,
  type BodyView,
  type CompiledTask,
  type CustomAction,
  defineTask,
  Expr,
  type ExprLike,
  emptyModel,
  type GeomView,
  type Initial,
  type JointView,
  type Noise,
  type Operand,
  type PdAction,
  type PositionAction,
  Quat,
  type Reading,
  type Resettable,
  type Scalar,
  type Scope,
  type SiteView,
  type StateOptions,
  type Task,
  type TaskDescription,
  type TaskInput,
  type TaskNames,
  type TaskOptions,
  type TaskTerms,
  type TaskUnits,
  type TendonView,
  type TorqueAction,
  type VariableOptions,
  Vec,
  vec,
} from '../task/index.js'
export { rollout, type TaskRollout, type TaskRolloutOptions } from '../task/rollout.js'
export * from './acrobot.js'
export * from './ant.js'
export * from './cartpole.js'
export * from './cartpole-bias.js'
export type { FamilyOptions } from './family.js'
export type { Goal, GoalOptions } from './goal.js'
export * from './half-cheetah.js'
export * from './hopper.js'
export * from './humanoid.js'
export * from './inverted-pendulum.js'
export * from './peg-swing.js'
export * from './pendulum-servo.js'
export * from './points.js'
export * from './puck.js'
export * from './quadruped.js'
export * from './reacher.js'
export { tasks } from './registry.js'
export * from './swimmer.js'
export * from './swingup.js'
export * from './tolerance.js'
export * from './walker2d.js'
